/* dtb_devices.c - a device's node: from the rows of its class, then from its hook (dt.h). */
#include "dtb.h"

/* -- Names -------------------------------------------------------------------------- */

static const struct plan_hatch *hatch_of(const struct dtb *t, const struct plan_device *d)
{
	return t->extra && t->extra->no_hatch ? NULL : d->hatch;
}

/* "serial@10000000", or "clock-33333333" for what has no address. */
static const char *node_name(struct dtb *t, u32 i)
{
	const struct plan_device *d = &t->p->devices[i];
	const struct plan_hatch *hatch = hatch_of(t, d);
	const char *node = hatch && hatch->node_name ? hatch->node_name : d->class->node;
	const char *name = node;
	const struct value *number =
		d->class->node_number ? planned_value(d, d->class->node_number) : NULL;

	if (d->size)
		return arena_printf(&t->arena, "%s@%llx", node, (unsigned long long)d->base);
	if (d->parent != PLAN_NONE)
		return arena_printf(&t->arena, "%s@%x", node, d->slot);
	if (number)
		name = arena_printf(&t->arena, "%s-%llu", node, (unsigned long long)number->num);
	if (map_pair(t->names, name))
		name = arena_printf(&t->arena, "%s-%s", name, d->name);
	map_put(&t->arena, t->names, name, d->at, t->names);
	return name;
}

/* PCI functions are found by looking, and what has no node name has no node. */
static bool has_node(const struct dtb *t, u32 i)
{
	const struct plan_device *d = &t->p->devices[i];

	const struct plan_hatch *hatch = hatch_of(t, d);

	if (!d->class->node || (hatch && hatch->hide))
		return false;
	return d->parent == PLAN_NONE ||
	       (t->p->devices[d->parent].class->bus != BUS_PCI && t->name[d->parent]);
}

static enum dtb_place place_of(const struct dtb *t, const struct plan_device *d)
{
	if (d->parent != PLAN_NONE)
		return t->place[d->parent];
	return d->class->in_chosen ? IN_CHOSEN : d->size ? ON_BUS : AT_ROOT;
}

void dtb_name_devices(struct dtb *t)
{
	for (u32 i = 0; i < t->p->ndevices; i++) {
		const struct plan_device *d = &t->p->devices[i];

		t->name[i] = has_node(t, i) ? node_name(t, i) : NULL;
		t->place[i] = place_of(t, d);
	}
}

const char *dtb_path(struct dtb *t, u32 i)
{
	static const char *const places[] = {
		[ON_BUS] = "/soc", [AT_ROOT] = "", [IN_CHOSEN] = "/chosen"
	};
	const struct plan_device *d = &t->p->devices[i];

	if (d->parent != PLAN_NONE)
		return arena_printf(&t->arena, "%s/%s", dtb_path(t, d->parent), t->name[i]);
	return arena_printf(&t->arena, "%s/%s", places[t->place[i]], t->name[i]);
}

/* -- Properties from rows --------------------------------------------------------------- */

static u32 irq_cells(const struct dtb *t, const struct value_irq *irq, u32 *cells)
{
	u32 n = t->p->devices[irq->controller].class->irq_cells;

	cells[0] = irq->line;
	if (n > 1)
		cells[1] = irq->flags;
	return n;
}

static void write_irqs(struct dtb *t, const char *name, const struct value *v, bool on_bus)
{
	u32 *cells, n = 0;

	if (!v->n)
		return;
	if (!on_bus || v->irqs[0].controller != t->p->irq_parent)
		dtb_u32(t, "interrupt-parent",
			dtb_phandle(t, slot_of_device(t, v->irqs[0].controller)));
	cells = NEW_N(&t->arena, u32, (size_t)2 * v->n);
	for (u32 i = 0; i < v->n; i++)
		n += irq_cells(t, &v->irqs[i], cells + n);
	dtb_cells(t, name, cells, n);
}

static void write_refs(struct dtb *t, const char *name, const struct value *v)
{
	u32 *cells, n = 0;

	if (!v->ref)
		return;
	cells = NEW_N(&t->arena, u32, v->n * (1 + ARRAY_LEN(v->ref->cell)));
	for (u32 i = 0; i < v->n; i++) {
		const struct value_ref *r = &v->ref[i];

		cells[n++] = dtb_phandle(t, slot_of_device(t, r->provider));
		for (u32 k = 0; k < r->n; k++)
			cells[n++] = r->cell[k];
	}
	dtb_cells(t, name, cells, n);
}

static void write_row(struct dtb *t, const struct prop *p, const struct value *v, bool on_bus)
{
	u64 range[2] = { v->num, v->size };

	switch (p->kind) {
	case PROP_KIND_U32:
	case PROP_KIND_HZ:
		if (v->given || v->num)
			dtb_u32(t, p->fdt, (u32)v->num);
		break;
	case PROP_KIND_U64:
	case PROP_KIND_SIZE:
	case PROP_KIND_TIME:
		if (v->given || v->num)
			dtb_u64s(t, p->fdt, &v->num, 1);
		break;
	case PROP_KIND_BOOL:
		if (v->num)
			dtb_flag(t, p->fdt);
		break;
	case PROP_KIND_ENUM:
		dtb_text(t, p->fdt, p->words[v->num]);
		break;
	case PROP_KIND_TEXT:
	case PROP_KIND_PATH:
		if (v->text)
			dtb_text(t, p->fdt, v->text);
		break;
	case PROP_KIND_MAC:
		if (v->given)
			dtb_bytes(t, p->fdt, v->mac, sizeof(v->mac));
		break;
	case PROP_KIND_RANGE:
		if (v->given)
			dtb_u64s(t, p->fdt, range, 2);
		break;
	case PROP_KIND_LIST:
		if (v->n)
			dtb_texts(t, p->fdt, v->list, v->n, NULL);
		break;
	case PROP_KIND_IRQS:
		write_irqs(t, p->fdt, v, on_bus);
		break;
	case PROP_KIND_REF:
		write_refs(t, p->fdt, v);
		break;
	case PROP_KIND_OUTPUTS:
	case PROP_KIND_TABLE:
	case PROP_KIND_CHARDEV:
	case PROP_KIND_BLOCK:
	case PROP_KIND_NET:
	case PROP_KIND_DISPLAY:
	case PROP_KIND_SHARE:
	case PROP_KIND_VSOCK:
	case PROP_KIND_AUDIO:
		break; /* nothing that a guest is told */
	}
}

static void write_constant(struct dtb *t, const struct fdt_prop *f)
{
	switch (f->kind) {
	case FDT_IS_FLAG:
		dtb_flag(t, f->name);
		break;
	case FDT_IS_U32:
		dtb_u32(t, f->name, f->value);
		break;
	case FDT_IS_TEXT:
		dtb_text(t, f->name, f->text);
		break;
	}
}

static void write_compatible(struct dtb *t, const struct plan_device *d)
{
	u32 n = 0;

	while (n < ARRAY_LEN(d->class->compatible) && d->class->compatible[n])
		n++;
	if (d->compatible)
		dtb_texts(t, "compatible", d->compatible, d->ncompatible, NULL);
	else if (n)
		dtb_texts(t, "compatible", d->class->compatible, n, NULL);
}

static void write_reg(struct dtb *t, const struct plan_device *d)
{
	u64 split = d->class->mmio_split;
	u64 reg[4] = { d->base, split ? split : d->size, d->base + split, d->size - split };

	if (d->parent != PLAN_NONE)
		dtb_u32(t, "reg", d->slot);
	else if (d->size)
		dtb_u64s(t, "reg", reg, split ? 4 : 2);
}

/* What the class says of the device, from its rows, its constants and its hook. */
static void write_facts(struct dtb *t, u32 i)
{
	const struct plan_device *d = &t->p->devices[i];
	struct dt_node node = { t, i };
	const struct fdt_prop *f;
	const struct prop *p;
	u32 row = 0;

	for_rows(p, d->class->props) {
		if (p->fdt)
			write_row(t, p, &d->values[row], t->place[i] == ON_BUS);
		row++;
	}
	for (f = d->class->fdt; f && f->name; f++)
		write_constant(t, f);
	if (d->class->fdt_more)
		d->class->fdt_more(&node);
}

static void write_device(struct dtb *t, u32 i)
{
	const struct plan_device *d = &t->p->devices[i];
	const struct plan_hatch *hatch = hatch_of(t, d);

	dtb_begin(t, t->name[i], slot_of_device(t, i));
	t->hatch = hatch;
	write_compatible(t, d);
	write_reg(t, d);
	if (d->disabled)
		dtb_text(t, "status", "disabled");
	if (!d->class->inner_node)
		write_facts(t, i);
	if (d->class->irq_cells)
		dtb_phandle(t, slot_of_device(t, i));
	dtb_own_phandle(t, slot_of_device(t, i));
	t->hatch = NULL;
	for (u32 k = 0; hatch && k < hatch->nset; k++)
		dtb_prop(t, &hatch->set[k]);
	if (d->class->inner_node) {
		dtb_begin(t, d->class->inner_node, SLOT_NONE);
		write_facts(t, i);
		dtb_end(t);
	}
}

/* The plan has parents before children: a node stays open while its children follow. */
void dtb_devices(struct dtb *t, enum dtb_place place)
{
	u32 open = PLAN_NONE;

	for (u32 i = 0; i < t->p->ndevices; i++) {
		if (!t->name[i] || t->place[i] != place)
			continue;
		for (; open != t->p->devices[i].parent; open = t->p->devices[open].parent)
			dtb_end(t);
		write_device(t, i);
		open = i;
	}
	for (; open != PLAN_NONE; open = t->p->devices[open].parent)
		dtb_end(t);
}

/* -- What a hook may ask (dt.h) ---------------------------------------------------------------- */

static const struct plan_device *device_of(const struct dt_node *n)
{
	assert(n->device != PLAN_NONE);
	return &n->t->p->devices[n->device];
}

const struct value *dt_value(const struct dt_node *n, const char *prop)
{
	const struct value *v = planned_value(device_of(n), prop);

	assert(v); /* a class that asks for a row it does not have: ours */
	return v;
}

const struct hart_info *dt_harts(const struct dt_node *n, u32 *count)
{
	*count = n->t->p->nharts;
	return n->t->p->harts;
}

u32 dt_hart_intc(const struct dt_node *n, u32 hart)
{
	assert(hart < n->t->p->nharts);
	return dtb_phandle(n->t, slot_of_intc(n->t, hart));
}

u64 dt_reg_base(const struct dt_node *n)
{
	return device_of(n)->base;
}

u64 dt_reg_size(const struct dt_node *n)
{
	return device_of(n)->size;
}

u32 dt_phandle(struct dt_node *n)
{
	return dtb_phandle(n->t, slot_of_device(n->t, n->device));
}

void dt_compatible(struct dt_node *n, const char *name)
{
	if (!device_of(n)->compatible)
		dtb_text(n->t, "compatible", name);
}

u32 dt_ref_phandle(const struct dt_node *n, const char *prop)
{
	const struct value *v = dt_value(n, prop);

	return v->ref ? dtb_phandle(n->t, slot_of_device(n->t, v->ref->provider)) : 0;
}

void dt_add_flag(struct dt_node *n, const char *name)
{
	dtb_flag(n->t, name);
}

void dt_add_text(struct dt_node *n, const char *name, const char *text)
{
	dtb_text(n->t, name, text);
}

void dt_add_texts(struct dt_node *n, const char *name, const char *const *list, u32 count)
{
	dtb_texts(n->t, name, list, count, NULL);
}

void dt_add_cells(struct dt_node *n, const char *name, const u32 *cells, u32 count)
{
	dtb_cells(n->t, name, cells, count);
}

bool dt_is_for_s_mode(const struct dt_node *n)
{
	return n->t->p->boot.firmware == FIRMWARE_BUILTIN;
}

void dt_add_hart_lines(struct dt_node *n, u32 irq)
{
	const struct plan *p = n->t->p;
	u32 *list = NEW_N(&n->t->arena, u32, p->nharts);
	u32 *cells = NEW_N(&n->t->arena, u32, (size_t)2 * p->nharts);
	u32 count = harts_with_line(p->harts, p->nharts, irq, list);

	for (u32 i = 0; i < count; i++) {
		cells[2 * i] = dt_hart_intc(n, list[i]);
		cells[2 * i + 1] = irq;
	}
	dtb_cells(n->t, "interrupts-extended", cells, 2 * count);
}

static const struct value_irq *irq_of(const struct dt_node *n, const char *prop, u32 i)
{
	const struct value *v = dt_value(n, prop);

	assert(i < v->n); /* .min of its row says how many there are at least */
	return &v->irqs[i];
}

u32 dt_irq_parent(const struct dt_node *n, const char *prop, u32 i)
{
	return dtb_phandle(n->t, slot_of_device(n->t, irq_of(n, prop, i)->controller));
}

u32 dt_irq_cells(const struct dt_node *n, const char *prop, u32 i, u32 *cells)
{
	return irq_cells(n->t, irq_of(n, prop, i), cells);
}

u32 dt_irq_address_cells(const struct dt_node *n, const char *prop, u32 i)
{
	return n->t->p->devices[irq_of(n, prop, i)->controller].class->irq_address_cells;
}

void dt_add_root_node(struct dt_node *n, const char *name,
		      void (*fill)(struct dt_node *root_node, u32 back_phandle))
{
	struct dtb *t = n->t;

	if (map_pair(t->names, name))
		name = arena_printf(&t->arena, "%s-%s", name, device_of(n)->name);
	if (!map_pair(t->names, name))
		map_put(&t->arena, t->names, name, device_of(n)->at, t->names);
	ARENA_GROW(&t->arena, &t->roots, t->nroots, &t->roots_cap);
	t->roots[t->nroots++] = (struct root_node){ name, fill, slot_of_device(t, n->device) };
}
