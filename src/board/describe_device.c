/* describe_device.c - one device of one board on a page: where it came from, where it is,
 * whom it interrupts, what guests read of it.
 */
#include "parts.h"

#include <libfdt.h>

static void add_fact(struct str *out, const char *what)
{
	str_add(out, "%-14s ", what);
}

static void add_pos(struct str *out, const struct pos *at)
{
	str_add(out, at->line ? "%s:%u" : "%s", at->file, at->line);
}

static void add_place(struct str *out, const struct board *b, u32 i)
{
	const struct plan_device *d = &b->plan.devices[i];
	char lo[32], hi[32], size[32], place[32];

	if (d->parent != PLAN_NONE) {
		place_text(place, sizeof(place), b->drafts[i].bus, d->slot);
		add_fact(out, "place");
		str_add(out, place[0] ? "%s, %s" : "%s", b->plan.devices[d->parent].name, place);
	} else if (d->size) {
		add_fact(out, "registers at");
		str_add(out, "%s..%s (%s)", address_text(lo, sizeof(lo), d->base),
			address_text(hi, sizeof(hi), d->base + (d->size - 1)),
			size_text(size, sizeof(size), d->size));
	} else {
		return;
	}
	str_add(out, "%s\n",
		b->drafts[i].pinned      ? ", pinned by the lock file"
		: b->drafts[i].automatic ? ", chosen by `auto`"
					 : "");
}

static void add_irqs(struct str *out, const struct board *b, const struct plan_device *d)
{
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		for (u32 i = 0; r->kind == PROP_KIND_IRQS && i < v->n; i++) {
			add_fact(out, i ? "" : "interrupts");
			str_add(out, "line %u of %s\n", v->irqs[i].line,
				b->plan.devices[v->irqs[i].controller].name);
		}
	}
}

/* Who has this device in a row of interrupts or references. */
static void add_users(struct str *out, const struct board *b, u32 device)
{
	u32 n = 0;

	for (u32 i = 0; i < b->plan.ndevices; i++) {
		const struct plan_device *d = &b->plan.devices[i];
		const struct prop *r;
		bool uses = d->parent == device;
		u32 row = 0;

		for_rows(r, d->class->props) {
			const struct value *v = &d->values[row++];

			for (u32 k = 0; r->kind == PROP_KIND_IRQS && k < v->n; k++)
				uses |= v->irqs[k].controller == device;
			for (u32 k = 0; r->kind == PROP_KIND_REF && k < v->n; k++)
				uses |= v->ref[k].provider == device;
		}
		if (!uses)
			continue;
		if (!n)
			add_fact(out, "used by");
		str_add(out, n++ ? ", %s" : "%s", d->name);
	}
	str_add(out, n ? "\n" : "");
}

static void add_values(struct str *out, const struct node *map, const char *prefix)
{
	struct pair *p;

	for_pairs(p, map) {
		const struct node *n = p->value;
		struct str text = { 0 };
		char name[96];

		if (n->absent || !strcmp(p->key, "devices"))
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, p->key);
		if (n->kind == NODE_MAP) {
			snprintf(name, sizeof(name), "%s%s.", prefix, p->key);
			add_values(out, n, name);
			continue;
		}
		node_flow(&text, n);
		str_add(out, "  %-22s %-28s ", name, str_text(&text));
		add_pos(out, n->from ? &n->from->at : &n->at);
		str_add(out, "\n");
		str_free(&text);
	}
}

static void add_tree(struct str *out, const struct plan *p, u32 i)
{
	const struct fdt_extra nothing = { 0 };
	struct err e = { 0 };
	size_t len;
	void *fdt = plan_fdt(p, &nothing, &len, &e);
	char *path = plan_device_path(p, i);
	int node = fdt && path ? fdt_path_offset(fdt, path) : -1;

	if (node < 0) {
		str_add(out, "\n%s has no node in the device tree.\n",
			p->devices[i].parent != PLAN_NONE && !p->devices[i].hatch
				? "Guests find it by looking: it"
				: "It");
	} else {
		str_add(out, "\ndevice tree, %s\n", path);
		fdt_node_to_source(fdt, node, out, &e);
	}
	free(path);
	free(fdt);
}

void plan_describe_device(const struct board *b, u32 i, struct str *out)
{
	const struct plan_device *d = &b->plan.devices[i];

	str_add(out, "%s: %s, %s%s\n\n", d->name, d->class->name, d->class->doc,
		d->disabled ? " (disabled: guests see a node, and nothing answers)" : "");
	add_fact(out, "made in");
	add_pos(out, &d->at);
	str_add(out, "\n");
	add_place(out, b, i);
	add_irqs(out, b, d);
	add_users(out, b, i);
	str_add(out, "\nwhat the board says\n");
	add_values(out, b->drafts[i].node, "");
	add_tree(out, &b->plan, i);
	str_add(out, "\n`vmbuild devices %s` lists all that it could be told.\n", d->class->name);
}
