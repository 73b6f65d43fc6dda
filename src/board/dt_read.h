/* dt_read.h - a device tree of whatever origin, read: its nodes with what they say of
 * address, interrupts and kind.  For those who compare or import.
 *
 * The tree may be anyone's file: every offset and length goes through libfdt, which checks
 * them, and a damaged property is as good as none.
 */
#ifndef DT_READ_H
#define DT_READ_H

#include "parts.h"

#define DT_IRQS 64

struct dt_irq {
	int controller; /* node offset */
	u32 line;
};

struct dt_found {
	const char *path, *name; /* name: without its unit address */
	int node;
	int parent;             /* index in the list, or -1 */
	const char *compatible; /* a list of texts, or NULL */
	int compatible_len;
	bool mmio; /* every bus between it and the root passes addresses on */
	u64 base, size;
	u32 ranges; /* how many pairs `reg` has */
	struct dt_irq irqs[DT_IRQS];
	u32 nirqs;
	bool irqs_damaged; /* `interrupts` without a parent, or of the wrong length */
	bool disabled;
};

struct dt_list {
	struct dt_found *p;
	u32 n, cap;
};

/* All nodes but those below /cpus, /chosen, /aliases and the root itself, in order. */
bool dt_read(struct arena *a, const void *fdt, size_t len, struct dt_list *list, struct err *e);

u32 dt_cell(const void *fdt, int node, const char *name, u32 otherwise);
const char *dt_string(const void *fdt, int node, const char *name);
bool dt_is_compatible(const struct dt_found *f, const char *name);
/* Cells of a property; *n is how many. */
const u8 *dt_cells(const void *fdt, int node, const char *name, u32 *n);
static inline u32 dt_nth(const u8 *cells, u32 i)
{
	return get_be32(cells + 4 * (size_t)i);
}

#endif
