/* dtb.c - a plan as a device tree: the whole of it, and the nodes that are no device.
 *
 * Devicetree Specification 0.4, and what guests need beyond it.  Same plan, same bytes:
 * nodes in the plan's order, properties in the order of the rows.
 */
#include "dtb.h"

/* -- Writing ------------------------------------------------------------------------ */

static void note(struct dtb *t, int error)
{
	if (error && !t->bad)
		t->bad = error;
}

u32 slot_of_cpu(const struct dtb *t, u32 hart)
{
	(void)t;
	return hart;
}

u32 slot_of_intc(const struct dtb *t, u32 hart)
{
	return t->p->nharts + hart;
}

u32 slot_of_device(const struct dtb *t, u32 device)
{
	return 2 * t->p->nharts + device;
}

u32 dtb_phandle(struct dtb *t, u32 slot)
{
	t->wanted[slot] = true;
	return t->phandle[slot];
}

void dtb_begin(struct dtb *t, const char *name, u32 slot)
{
	note(t, fdt_begin_node(t->fdt, name));
	if (slot != SLOT_NONE)
		t->order[t->norder++] = slot;
}

void dtb_end(struct dtb *t)
{
	note(t, fdt_end_node(t->fdt));
}

/* The hatch of this device leaves it out, or has another in its place. */
static bool is_dropped(const struct dtb *t, const char *name)
{
	for (u32 i = 0; t->hatch && i < t->hatch->ndrop; i++)
		if (!strcmp(t->hatch->drop[i], name))
			return true;
	for (u32 i = 0; t->hatch && i < t->hatch->nset; i++)
		if (!strcmp(t->hatch->set[i].name, name))
			return true;
	return false;
}

void dtb_bytes(struct dtb *t, const char *name, const void *bytes, size_t n)
{
	if (is_dropped(t, name))
		return;
	note(t, fdt_property(t->fdt, name, bytes, (int)n));
}

void dtb_flag(struct dtb *t, const char *name)
{
	dtb_bytes(t, name, NULL, 0);
}

void dtb_text(struct dtb *t, const char *name, const char *text)
{
	dtb_bytes(t, name, text, strlen(text) + 1);
}

void dtb_texts(struct dtb *t, const char *name, const char *const *list, u32 n, const char *last)
{
	struct str s = { 0 };

	for (u32 i = 0; i < n; i++)
		str_bytes(&s, list[i], strlen(list[i]) + 1);
	if (last)
		str_bytes(&s, last, strlen(last) + 1);
	dtb_bytes(t, name, s.p, s.n);
	str_free(&s);
}

void dtb_cells(struct dtb *t, const char *name, const u32 *cells, u32 n)
{
	void *to = NULL;

	if (is_dropped(t, name))
		return;
	note(t, fdt_property_placeholder(t->fdt, name, (int)(n * sizeof(cells[0])), &to));
	for (u32 i = 0; !t->bad && i < n; i++) {
		fdt32_t v = cpu_to_fdt32(cells[i]);

		memcpy((u8 *)to + i * sizeof(v), &v, sizeof(v));
	}
}

void dtb_u32(struct dtb *t, const char *name, u32 v)
{
	dtb_cells(t, name, &v, 1);
}

void dtb_u64s(struct dtb *t, const char *name, const u64 *v, u32 n)
{
	u32 cells[8], *c = cells;

	assert(n <= ARRAY_LEN(cells) / 2);
	for (u32 i = 0; i < n; i++) {
		*c++ = (u32)(v[i] >> 32);
		*c++ = (u32)v[i];
	}
	dtb_cells(t, name, cells, 2 * n);
}

void dtb_own_phandle(struct dtb *t, u32 slot)
{
	if (t->wanted[slot])
		dtb_u32(t, "phandle", t->phandle[slot]);
}

/* -- The hatch ------------------------------------------------------------------------- */

void dtb_prop(struct dtb *t, const struct plan_dt_prop *p)
{
	u8 *bytes = NEW_N(&t->arena, u8, p->len + 1);

	memcpy(bytes, p->bytes, p->len);
	for (u32 i = 0; i < p->nrefs; i++)
		put_be32(bytes + p->refs[i].at,
			 dtb_phandle(t, slot_of_device(t, p->refs[i].device)));
	dtb_bytes(t, p->name, bytes, p->len);
}

static void write_raw(struct dtb *t, const struct plan_dt_node *n)
{
	dtb_begin(t, n->name, SLOT_NONE);
	for (u32 i = 0; i < n->nprops; i++)
		dtb_prop(t, &n->props[i]);
	for (u32 i = 0; i < n->nnodes; i++)
		write_raw(t, &n->nodes[i]);
	dtb_end(t);
}

static void write_raw_nodes(struct dtb *t)
{
	for (u32 i = 0; i < t->p->nnodes; i++)
		write_raw(t, &t->p->nodes[i]);
}

/* -- Nodes that are no device ----------------------------------------------------------- */

static void write_root(struct dtb *t)
{
	const struct plan *p = t->p;
	const char *own = arena_printf(&t->arena, "vmbuild,%s", p->name);

	dtb_u32(t, "#address-cells", 2);
	dtb_u32(t, "#size-cells", 2);
	dtb_text(t, "model", p->model ? p->model : own);
	dtb_texts(t, "compatible", p->compatible, p->ncompatible, p->ncompatible ? NULL : own);
}

static bool has_node_called(const struct dtb *t, u32 i, const char *node)
{
	const struct plan_device *d = &t->p->devices[i];

	return t->name[i] && !d->disabled && !strcmp(d->class->node, node);
}

/* serial0 is the console, whatever stands before it. */
static void write_alias_kind(struct dtb *t, const char *kind)
{
	u32 first = t->p->stdout_device, n = 0;
	char alias[32];

	if (first != PLAN_NONE && has_node_called(t, first, kind)) {
		snprintf(alias, sizeof(alias), "%s%u", kind, n++);
		dtb_text(t, alias, dtb_path(t, first));
	}
	for (u32 i = 0; i < t->p->ndevices; i++) {
		if (i == first || !has_node_called(t, i, kind))
			continue;
		snprintf(alias, sizeof(alias), "%s%u", kind, n++);
		dtb_text(t, alias, dtb_path(t, i));
	}
}

static void write_aliases(struct dtb *t)
{
	dtb_begin(t, "aliases", SLOT_NONE);
	write_alias_kind(t, "serial");
	write_alias_kind(t, "rtc");
	dtb_end(t);
}

static bool has_place(const struct dtb *t, enum dtb_place place)
{
	for (u32 i = 0; i < t->p->ndevices; i++)
		if (t->name[i] && t->place[i] == place)
			return true;
	return false;
}

/* Addresses are those of the CPU. */
static void write_bus_cells(struct dtb *t)
{
	dtb_u32(t, "#address-cells", 2);
	dtb_u32(t, "#size-cells", 2);
	dtb_flag(t, "ranges");
}

static void write_chosen(struct dtb *t)
{
	const struct fdt_extra *x = t->extra;
	u32 console = t->p->stdout_device;

	dtb_begin(t, "chosen", SLOT_NONE);
	if (console != PLAN_NONE && has_node_called(t, console, "serial"))
		dtb_text(t, "stdout-path", "serial0:115200n8");
	else if (console != PLAN_NONE && t->name[console])
		dtb_text(t, "stdout-path", dtb_path(t, console));
	if (t->p->boot.bootargs)
		dtb_text(t, "bootargs", t->p->boot.bootargs);
	if (x && x->initrd_end) {
		dtb_u64s(t, "linux,initrd-start", &x->initrd_start, 1);
		dtb_u64s(t, "linux,initrd-end", &x->initrd_end, 1);
	}
	if (x && x->rng_seed_len)
		dtb_bytes(t, "rng-seed", x->rng_seed, x->rng_seed_len);
	if (has_place(t, IN_CHOSEN))
		write_bus_cells(t);
	dtb_devices(t, IN_CHOSEN);
	dtb_end(t);
}

static void write_memory(struct dtb *t)
{
	for (u32 i = 0; i < t->p->nmemory; i++) {
		const struct plan_memory *m = &t->p->memory[i];
		u64 reg[2] = { m->base, m->size };
		char name[32];

		snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)m->base);
		dtb_begin(t, name, SLOT_NONE);
		dtb_text(t, "device_type", "memory");
		dtb_u64s(t, "reg", reg, 2);
		dtb_end(t);
	}
}

static void write_soc(struct dtb *t)
{
	dtb_begin(t, "soc", SLOT_NONE);
	dtb_text(t, "compatible", "simple-bus");
	write_bus_cells(t);
	if (t->p->irq_parent != PLAN_NONE)
		dtb_u32(t, "interrupt-parent", dtb_phandle(t, slot_of_device(t, t->p->irq_parent)));
	dtb_devices(t, ON_BUS);
	dtb_end(t);
}

static void write_hook_nodes(struct dtb *t)
{
	for (u32 i = 0; i < t->nroots; i++) {
		const struct root_node *r = &t->roots[i];
		struct dt_node n = { t, PLAN_NONE };

		dtb_begin(t, r->name, SLOT_NONE);
		r->fill(&n, dtb_phandle(t, r->back));
		dtb_end(t);
	}
}

/* -- The tree ------------------------------------------------------------------------------ */

static void name_nodes(struct dtb *t)
{
	for (u32 i = 0; i < t->p->nnodes; i++)
		map_put(&t->arena, t->names, t->p->nodes[i].name, t->p->nodes[i].at, t->names);
	dtb_name_devices(t);
}

/* One round; bad is FDT_ERR_NOSPACE if `size` is too small. */
static void write_tree(struct dtb *t, size_t size)
{
	t->bad = 0;
	t->norder = t->nroots = 0;
	t->names = node_new(&t->arena, NODE_MAP, (struct pos){ 0 });
	name_nodes(t);
	note(t, fdt_create(t->fdt, (int)size));
	note(t, fdt_finish_reservemap(t->fdt));
	dtb_begin(t, "", SLOT_NONE);
	write_root(t);
	write_aliases(t);
	write_chosen(t);
	write_memory(t);
	dtb_harts(t);
	dtb_devices(t, AT_ROOT);
	write_soc(t);
	write_hook_nodes(t);
	if (!t->extra || !t->extra->no_hatch)
		write_raw_nodes(t);
	dtb_end(t);
	note(t, fdt_finish(t->fdt));
}

static void prepare(struct dtb *t)
{
	u32 n = t->p->ndevices + 1;

	t->nslots = 2 * t->p->nharts + t->p->ndevices;
	t->phandle = NEW_N(&t->arena, u32, t->nslots + 1);
	t->wanted = NEW_N(&t->arena, bool, t->nslots + 1);
	t->order = NEW_N(&t->arena, u32, t->nslots + 1);
	t->name = NEW_N(&t->arena, const char *, n);
	t->place = NEW_N(&t->arena, enum dtb_place, n);
}

static void number_phandles(struct dtb *t)
{
	u32 next = 1;

	for (u32 i = 0; i < t->norder; i++)
		if (t->wanted[t->order[i]])
			t->phandle[t->order[i]] = next++;
}

#define FIRST_SIZE ((size_t)64 * KIB)
#define MOST_SIZE  ((size_t)256 * MIB)

char *plan_device_path(const struct plan *p, u32 device)
{
	struct dtb t = { .p = p };
	char *path = NULL;

	prepare(&t);
	t.names = node_new(&t.arena, NODE_MAP, (struct pos){ 0 });
	name_nodes(&t);
	if (t.name[device])
		path = xstrdup(dtb_path(&t, device));
	arena_free(&t.arena);
	return path;
}

void *plan_fdt(const struct plan *p, const struct fdt_extra *extra, size_t *len, struct err *e)
{
	struct dtb t = { .p = p, .extra = extra };
	size_t size = FIRST_SIZE;
	void *fdt = NULL;

	prepare(&t);
	do {
		free(t.fdt);
		t.fdt = xzalloc(size);
		write_tree(&t, size);
		if (!t.bad) {
			number_phandles(&t);
			write_tree(&t, size);
		}
		size *= 2;
	} while (t.bad == -FDT_ERR_NOSPACE && size <= MOST_SIZE);
	if (t.bad) {
		err_set(e, "cannot write the device tree: %s", fdt_strerror(t.bad));
	} else {
		*len = fdt_totalsize(t.fdt);
		fdt = t.fdt;
		t.fdt = NULL;
	}
	free(t.fdt);
	arena_free(&t.arena);
	return fdt;
}
