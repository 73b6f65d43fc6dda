/* plan_devices.c - which devices there are: classes, names, nesting, status. */
#include "parts.h"

/* -- Classes -------------------------------------------------------------------- */

static const struct device_class *class_named(const struct device_class *const *classes,
					      const char *name)
{
	for (; *classes; classes++)
		if (!strcmp((*classes)->name, name))
			return *classes;
	return NULL;
}

/* What device trees call it, with or without the vendor. */
static bool is_compatible(const struct device_class *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++) {
		const char *comma = strchr(c->compatible[i], ',');

		if (!strcmp(c->compatible[i], name) || (comma && !strcmp(comma + 1, name)))
			return true;
	}
	for (u32 i = 0; c->similar && c->similar[i]; i++)
		if (!strcmp(c->similar[i], name))
			return true;
	return false;
}

static const struct device_class *class_compatible(const struct device_class *const *classes,
						   const char *name)
{
	for (; *classes; classes++)
		if (is_compatible(*classes, name))
			return *classes;
	return NULL;
}

static const struct device_class *class_of_qemu(const struct device_class *const *classes,
						const char *name)
{
	for (; *classes; classes++)
		if ((*classes)->qemu && !strcmp((*classes)->qemu, name))
			return *classes;
	return NULL;
}

static const struct device_class *class_spelled(const struct device_class *const *classes,
						const char *name)
{
	const struct device_class *const *c;
	struct nearest near = { 0 };

	for (c = classes; *c; c++)
		nearest_try(&near, name, (*c)->name);
	return near.word ? class_named(classes, near.word) : NULL;
}

/* The first of a kind or of a maker: `uart` and `16550` both mean uart-16550. */
static const struct device_class *class_of_word(const struct device_class *const *classes,
						const char *word)
{
	size_t n = strlen(word);

	for (; *classes && n; classes++)
		for (const char *s = (*classes)->name; s; s = strchr(s, '-')) {
			s += *s == '-';
			if (!strncmp(s, word, n) && (!s[n] || s[n] == '-'))
				return *classes;
		}
	return NULL;
}

const char *class_nearest(const struct device_class *const *classes, const char *name)
{
	const struct device_class *c = class_compatible(classes, name);

	if (!c)
		c = class_of_qemu(classes, name);
	if (!c)
		c = class_spelled(classes, name);
	if (!c)
		c = class_of_word(classes, name);
	return c ? c->name : NULL;
}

static const struct device_class *find_class(struct board *b, const struct node *n)
{
	const char *name = check_text(b, n, "device"), *near;
	const struct device_class *c = name ? class_named(b->classes, name) : NULL;

	if (!name || c)
		return c;
	if (class_compatible(b->classes, name))
		diag_report(b->ds, n->at, DIAG_unknown_device,
			    "`%s` is a device-tree name, not a device", name);
	else if (class_of_qemu(b->classes, name))
		diag_report(b->ds, n->at, DIAG_unknown_device, "`%s` is QEMU's name of a device",
			    name);
	else
		diag_report(b->ds, n->at, DIAG_unknown_device, "there is no device `%s`", name);
	near = class_nearest(b->classes, name);
	if (!near) {
		diag_hint(b->ds, "`vmbuild devices` lists them");
		return NULL;
	}
	diag_hint(b->ds, "did you mean `%s`?", near);
	return class_named(b->classes, near);
}

/* -- Nesting -------------------------------------------------------------------- */

static const char *bus_text(enum bus bus)
{
	switch (bus) {
	case BUS_PCI:
		return "a PCI bus";
	case BUS_I2C:
		return "an I2C bus";
	case BUS_SPI:
		return "an SPI bus";
	case BUS_PS2:
		return "a PS/2 port";
	case BUS_MMIO:
	case BUS_NONE:
		break;
	}
	return "the system bus";
}

bool class_is_port(const struct device_class *c)
{
	return c->pci && c->pci->port;
}

static u32 class_on(const struct device_class *c)
{
	return c->on ? c->on : BUS_MMIO;
}

static bool check_bus(struct planner *pl, const struct plan_device *d, const struct node *n,
		      enum bus bus)
{
	u32 on = class_on(d->class);

	if (on & bus)
		return true;
	for (u32 want = BUS_MMIO; want <= BUS_PS2; want <<= 1) {
		if (!(on & want))
			continue;
		diag_report(pl->b->ds, n->at, DIAG_wrong_bus, "`%s` belongs on %s, and this is %s",
			    d->class->name, bus_text((enum bus)want), bus_text(bus));
		if (want == BUS_MMIO)
			return diag_hint(pl->b->ds, "move it to the board's own `devices:`");
		for (u32 i = 0; i < pl->p->ndevices; i++)
			if (pl->p->devices[i].class->bus == want)
				return diag_hint(pl->b->ds, "nest it: `%s: {devices: {%s: ...}}`",
						 pl->p->devices[i].name, d->name);
		return diag_hint(pl->b->ds, "the board needs a device that offers one");
	}
	return false;
}

/* Root ports belong to the root: behind one is a link to a device. */
static void check_port(struct planner *pl, const struct plan_device *d, const struct node *n)
{
	const struct plan_device *parent = &pl->p->devices[d->parent];

	if (!class_is_port(parent->class))
		return;
	diag_report(pl->b->ds, n->at, DIAG_wrong_bus,
		    "a %s stands on the host bridge's own bus, and this is behind `%s`",
		    d->class->name, parent->name);
	diag_hint(pl->b->ds, "nest it beside `%s`, not in it", parent->name);
}

static bool is_disabled(struct board *b, const struct node *map)
{
	const struct node *n = map_get(map, "status");

	i32 word = n ? check_word(b, n, "status", words_status) : 0;
	bool yes;
	struct wrong w;

	if (word < 0 && n->kind == NODE_SCALAR && !n->absent) {
		scalar_bool(n->text, &yes, &w);
		if (w.hint[0] || !strcmp(n->text, "true") || !strcmp(n->text, "false"))
			diag_hint(b->ds, "write `%s`",
				  strstr(w.hint, "true") || !strcmp(n->text, "true") ? "okay"
										     : "disabled");
	}
	return word == 1;
}

static void add_devices(struct planner *pl, const struct node *devices, u32 parent);

static void add_nested(struct planner *pl, const struct node *map, u32 i)
{
	const struct device_class *class = pl->p->devices[i].class;
	struct pair *nested = map_pair(map, "devices");
	const struct node *devices;

	if (!nested)
		return;
	if (!class->bus) {
		diag_report(pl->b->ds, nested->key_at, DIAG_wrong_bus,
			    "a %s has no bus: nothing can be nested in it", class->name);
		diag_hint(pl->b->ds, "move these devices to the board's own `devices:`");
		return;
	}
	devices = check_map(pl->b, nested->value, "devices");
	if (devices)
		add_devices(pl, devices, i);
}

static void report_no_class(struct planner *pl, const struct pair *p, const struct node *map)
{
	struct pair *class = map_pair(map, "device");

	if (class && class->value->absent) {
		report_absent(pl->b, class, "device");
		return;
	}
	diag_report(pl->b->ds, p->key_at, DIAG_missing, "`%s` does not say which `device:` it is",
		    p->key);
	diag_hint(pl->b->ds, "write `%s: {device: uart-16550, ...}`", p->key);
}

void hint_class(struct board *b, const struct pair *p)
{
	const char *near = p->value->kind == NODE_SCALAR && !p->value->absent
				   ? class_nearest(b->classes, p->value->text)
				   : NULL;

	if (near)
		diag_hint(b->ds, "write `%s: {device: %s}`", p->key, near);
}

static void add_device(struct planner *pl, struct pair *p, u32 parent)
{
	const struct node *map = check_map(pl->b, p->value, p->key), *class;
	struct plan_device *d;
	struct draft *draft;
	u32 i = pl->p->ndevices;

	if (!map) {
		hint_class(pl->b, p);
		return;
	}
	class = map_get(map, "device");
	if (!class) {
		report_no_class(pl, p, map);
		return;
	}
	ARENA_GROW(&pl->b->arena, &pl->p->devices, i, &pl->devices_cap);
	ARENA_GROW(&pl->b->arena, &pl->drafts, i, &pl->drafts_cap);
	d = &pl->p->devices[i];
	draft = &pl->drafts[i];
	*d = (struct plan_device){ .name = p->key, .at = p->key_at, .parent = parent };
	*draft = (struct draft){ .pair = p, .node = p->value };
	draft->bus = parent == PLAN_NONE ? BUS_MMIO : pl->p->devices[parent].class->bus;
	d->irq_parent = PLAN_NONE;
	d->reg_at = p->key_at;
	d->class = find_class(pl->b, class);
	if (!d->class || !planner_name(pl, p->key, p->key_at, i))
		return;
	d->disabled =
		is_disabled(pl->b, map) || (parent != PLAN_NONE && pl->p->devices[parent].disabled);
	pl->p->ndevices++;
	if (!check_bus(pl, d, class, draft->bus))
		draft->bus =
			(enum bus)(class_on(d->class) & -class_on(d->class)); /* as it would be */
	else if (class_is_port(d->class))
		check_port(pl, d, class);
	add_nested(pl, map, i);
}

static void add_devices(struct planner *pl, const struct node *devices, u32 parent)
{
	struct pair *p;

	for_pairs(p, devices)
		if (!p->value->absent)
			add_device(pl, p, parent);
}

void plan_devices(struct planner *pl)
{
	struct pair *at = map_pair(pl->b->root, "devices");
	const struct node *devices = at ? check_map(pl->b, at->value, "devices") : NULL;

	if (devices)
		add_devices(pl, devices, PLAN_NONE);
}
