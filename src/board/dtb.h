/* dtb.h - what the files that write a device tree share.
 *
 * The tree is written twice from the same plan with libfdt's sequential functions: the
 * first time shows which nodes are referred to, the second has their phandles, which
 * count up from 1 in the order of the tree.
 */
#ifndef DTB_H
#define DTB_H

#include "parts.h"

#include "dt.h"

#include <libfdt.h>

/* A node that may have a phandle: cpus, then their interrupt controllers, then devices. */
#define SLOT_NONE UINT32_MAX

struct root_node {
	const char *name;
	void (*fill)(struct dt_node *root_node, u32 back_phandle);
	u32 back; /* slot */
};

struct dtb {
	const struct plan *p;
	const struct fdt_extra *extra;
	struct arena arena;
	void *fdt;
	int bad; /* libfdt's first error */

	u32 nslots;
	u32 *phandle; /* by slot; 0 in the first round */
	bool *wanted;
	u32 *order; /* slots in the order of the tree */
	u32 norder;

	struct node *names; /* of nodes at the root, so that none comes twice */
	const char **name;  /* by device: its node's name, or NULL: it has none */
	/* By device: what has no address is no child of the bus. */
	enum dtb_place { ON_BUS, AT_ROOT, IN_CHOSEN } * place;

	const struct plan_hatch *hatch; /* of the device whose properties are written, or NULL */
	struct root_node *roots;
	u32 nroots, roots_cap;
};

/* The node that a class's hook adds to. */
struct dt_node {
	struct dtb *t;
	u32 device; /* PLAN_NONE: a node at the root that a hook asked for */
};

u32 slot_of_cpu(const struct dtb *t, u32 hart);
u32 slot_of_intc(const struct dtb *t, u32 hart);
u32 slot_of_device(const struct dtb *t, u32 device);
u32 dtb_phandle(struct dtb *t, u32 slot); /* makes it have one */

void dtb_begin(struct dtb *t, const char *name, u32 slot);
void dtb_flag(struct dtb *t, const char *name);
void dtb_text(struct dtb *t, const char *name, const char *text);
void dtb_texts(struct dtb *t, const char *name, const char *const *list, u32 n, const char *last);
void dtb_cells(struct dtb *t, const char *name, const u32 *cells, u32 n);
void dtb_u32(struct dtb *t, const char *name, u32 v);
void dtb_u64s(struct dtb *t, const char *name, const u64 *v, u32 n);
void dtb_bytes(struct dtb *t, const char *name, const void *bytes, size_t n);
void dtb_own_phandle(struct dtb *t, u32 slot);
void dtb_end(struct dtb *t);
void dtb_prop(struct dtb *t, const struct plan_dt_prop *p); /* of a hatch */

void dtb_name_devices(struct dtb *t); /* fills name and place */
const char *dtb_path(struct dtb *t, u32 device);
void dtb_harts(struct dtb *t); /* /cpus */
void dtb_devices(struct dtb *t, enum dtb_place place);

#endif
