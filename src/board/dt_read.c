/* dt_read.c - nodes of any device tree, with addresses translated and interrupts resolved.
 *
 * Devicetree Specification 0.4: 2.3.6 reg, 2.3.8 ranges, 2.4 interrupts.
 */
#include "dt_read.h"

#include <libfdt.h>

#define DEPTH 32

/* -- Properties ---------------------------------------------------------------------- */

const u8 *dt_cells(const void *fdt, int node, const char *name, u32 *n)
{
	int len = 0;
	const void *p = fdt_getprop(fdt, node, name, &len);

	*n = p && len > 0 ? (u32)len / 4 : 0;
	return p;
}

u32 dt_cell(const void *fdt, int node, const char *name, u32 otherwise)
{
	u32 n;
	const u8 *p = dt_cells(fdt, node, name, &n);

	return n == 1 ? dt_nth(p, 0) : otherwise;
}

const char *dt_string(const void *fdt, int node, const char *name)
{
	int len = 0;
	const char *p = fdt_getprop(fdt, node, name, &len);

	return p && len > 0 && !p[len - 1] ? p : NULL;
}

bool dt_is_compatible(const struct dt_found *f, const char *name)
{
	for (const char *s = f->compatible; s && s < f->compatible + f->compatible_len;
	     s += strlen(s) + 1)
		if (!strcmp(s, name))
			return true;
	return false;
}

static u64 number(const u8 *p, u32 at, u32 cells)
{
	u64 v = 0;

	for (u32 i = 0; i < cells; i++)
		v = v << 32 | dt_nth(p, at + i);
	return v;
}

/* -- Addresses ------------------------------------------------------------------------- */

/* What is open while the tree is walked. */
struct level {
	int node, index;
	u32 address, size; /* cells of its children */
};

struct walk {
	struct arena *a;
	const void *fdt;
	struct dt_list *list;
	struct level level[DEPTH];
};

/* From the address space below level k to that above.  False: no range covers it. */
static bool translate(const struct walk *w, u32 k, u64 *address)
{
	const struct level *bus = &w->level[k], *above = &w->level[k - 1];
	u32 n, step = bus->address + above->address + bus->size;
	const u8 *p = dt_cells(w->fdt, bus->node, "ranges", &n);

	if (!n)
		return p; /* empty: as it is */
	for (u32 i = 0; step && i + step <= n; i += step) {
		u64 child = number(p, i, MIN(bus->address, 2));
		u64 parent = number(p, i + bus->address, above->address);
		u64 size = number(p, i + bus->address + above->address, bus->size);

		if (bus->address > 2)
			return false; /* PCI's */
		if (*address < child || *address - child >= size)
			continue;
		*address = parent + (*address - child);
		return true;
	}
	return false;
}

static void read_reg(const struct walk *w, u32 depth, struct dt_found *f)
{
	const struct level *bus = &w->level[depth - 1];
	u32 n, step = bus->address + bus->size;
	const u8 *p = dt_cells(w->fdt, f->node, "reg", &n);

	if (!n || !step || n < step || bus->address > 2 || bus->size > 2)
		return;
	f->ranges = n / step;
	f->base = number(p, 0, bus->address);
	f->size = number(p, bus->address, bus->size);
	f->mmio = bus->size > 0;
	for (u32 k = depth - 1; k && f->mmio; k--)
		f->mmio = translate(w, k, &f->base);
}

/* -- Interrupts --------------------------------------------------------------------------- */

static int controller_of(const struct walk *w, u32 depth, int node)
{
	u32 phandle = dt_cell(w->fdt, node, "interrupt-parent", 0);

	for (u32 k = depth; !phandle && k--;)
		phandle = dt_cell(w->fdt, w->level[k].node, "interrupt-parent", 0);
	return phandle ? fdt_node_offset_by_phandle(w->fdt, phandle) : -1;
}

static void add_irq(struct dt_found *f, int controller, u32 line)
{
	if (f->nirqs < DT_IRQS)
		f->irqs[f->nirqs++] = (struct dt_irq){ controller, line };
}

static void read_interrupts(const struct walk *w, u32 depth, struct dt_found *f)
{
	u32 n, cells;
	const u8 *p = dt_cells(w->fdt, f->node, "interrupts", &n);
	int controller;

	if (!n)
		return;
	controller = controller_of(w, depth, f->node);
	cells = controller < 0 ? 0 : dt_cell(w->fdt, controller, "#interrupt-cells", 0);
	f->irqs_damaged = !cells || n % cells;
	for (u32 i = 0; !f->irqs_damaged && i < n; i += cells)
		add_irq(f, controller, dt_nth(p, i));
}

/* <&controller line ...>, each with as many cells as its controller wants. */
static void read_extended(const struct walk *w, struct dt_found *f)
{
	u32 n, cells;
	const u8 *p = dt_cells(w->fdt, f->node, "interrupts-extended", &n);

	for (u32 i = 0; i < n; i += cells + 1) {
		int controller = fdt_node_offset_by_phandle(w->fdt, dt_nth(p, i));

		cells = controller < 0 ? 0 : dt_cell(w->fdt, controller, "#interrupt-cells", 0);
		if (!cells || cells > n - i - 1) {
			f->irqs_damaged = true;
			return;
		}
		add_irq(f, controller, dt_nth(p, i + 1));
	}
}

/* -- Nodes ----------------------------------------------------------------------------------- */

static bool is_skipped(const char *name)
{
	static const char *const skipped[] = { "cpus", "chosen", "aliases", "__symbols__", NULL };

	for (u32 i = 0; skipped[i]; i++)
		if (!strcmp(name, skipped[i]))
			return true;
	return false;
}

static void read_one(struct walk *w, u32 depth, int node, const char *name)
{
	struct dt_list *l = w->list;
	const struct level *above = &w->level[depth - 1];
	const char *status = dt_string(w->fdt, node, "status"), *parent;
	struct dt_found *f;

	ARENA_GROW(w->a, &l->p, l->n, &l->cap);
	f = &l->p[l->n];
	*f = (struct dt_found){ .node = node, .parent = above->index };
	parent = f->parent < 0 ? "" : l->p[f->parent].path;
	f->path = arena_printf(w->a, "%s/%s", parent, name);
	f->name = arena_text(w->a, name, strcspn(name, "@"));
	f->compatible = dt_string(w->fdt, node, "compatible");
	if (f->compatible)
		fdt_getprop(w->fdt, node, "compatible", &f->compatible_len);
	f->disabled = (status && strcmp(status, "okay") != 0 && strcmp(status, "ok") != 0) ||
		      (f->parent >= 0 && l->p[f->parent].disabled);
	read_reg(w, depth, f);
	read_interrupts(w, depth, f);
	read_extended(w, f);
	l->n++;
}

static void open_level(struct walk *w, u32 depth, int node, int index)
{
	w->level[depth] =
		(struct level){ node, index, MIN(dt_cell(w->fdt, node, "#address-cells", 2), 4),
				MIN(dt_cell(w->fdt, node, "#size-cells", 1), 4) };
}

static bool read_children(struct walk *w, u32 depth, int node, struct err *e)
{
	int child;

	if (depth >= DEPTH)
		return err_set(e, "the device tree is more than %d levels deep", DEPTH);
	fdt_for_each_subnode(child, w->fdt, node)
	{
		const char *name = fdt_get_name(w->fdt, child, NULL);

		if (!name)
			return err_set(e, "the device tree is damaged");
		if (depth == 1 && is_skipped(name))
			continue;
		read_one(w, depth, child, name);
		open_level(w, depth, child, (int)w->list->n - 1);
		if (!read_children(w, depth + 1, child, e))
			return false;
	}
	return true;
}

bool dt_read(struct arena *a, const void *fdt, size_t len, struct dt_list *list, struct err *e)
{
	struct walk w = { .a = a, .fdt = fdt, .list = list };
	int bad = fdt_check_full(fdt, len);

	if (bad)
		return err_set(e, "this is no device tree: %s", fdt_strerror(bad));
	open_level(&w, 0, 0, -1);
	return read_children(&w, 1, 0, e);
}
