/* plan_dt.c - the hatch: what `dt:` adds to the device tree, or takes out of it.
 *
 * It is the one thing in the tree that no device made, so what vmbuild computes cannot be
 * set here, and `vmbuild check` lists each use.
 */
#include "parts.h"

/* -- Names ------------------------------------------------------------------------ */

#define NAME_MOST 31 /* Devicetree Specification 0.4, 2.2.1 and 2.2.4 */

static bool is_dt_name(const char *s, const char *more)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789,._+-";
	size_t n = strlen(s);

	if (!n || n > NAME_MOST)
		return false;
	while (*s && (strchr(letters, *s) || strchr(more, *s)))
		s++;
	return !*s;
}

static bool check_dt_name(struct board *b, const char *s, struct pos at, const char *more)
{
	if (is_dt_name(s, more))
		return true;
	diag_report(b->ds, at, DIAG_name, "`%s` is no name in a device tree", s);
	return diag_hint(b->ds, "names have letters, digits and `,._+-`, and at most %d of them",
			 NAME_MOST);
}

/* What follows from the plan, in any node. */
static bool is_computed(const char *name)
{
	static const char *const names[] = { "reg",
					     "interrupts",
					     "interrupts-extended",
					     "interrupt-parent",
					     "interrupt-map",
					     "interrupt-map-mask",
					     "ranges",
					     "phandle",
					     "linux,phandle",
					     NULL };

	for (u32 i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return true;
	return name[0] == '#' && text_ends(name, "-cells");
}

/* The key of the device that gives this property, or NULL. */
static const char *key_of(struct arena *a, const struct device_class *class, const char *name)
{
	const struct prop *r;

	if (!strcmp(name, "compatible") || !strcmp(name, "status"))
		return name;
	for_rows(r, class->props)
		if (r->fdt && !strcmp(r->fdt, name))
			return row_key(a, r);
	return NULL;
}

/* -- Values ----------------------------------------------------------------------- */

struct bytes {
	struct board *b;
	struct planner *pl;
	const char *what;
	struct str s;
	struct plan_dt_ref *refs;
	u32 nrefs, refs_cap;
	enum { NOTHING, TEXTS, CELLS } kind;
};

/* Texts and numbers do not mix: no reader could tell them apart. */
static bool add_kind(struct bytes *v, const struct node *n, int kind)
{
	if (v->kind != NOTHING && (int)v->kind != kind)
		return diag_report(v->b->ds, n->at, DIAG_wrong_form,
				   "%s: texts and numbers in one list", v->what);
	v->kind = kind == TEXTS ? TEXTS : CELLS;
	return true;
}

static void add_be(struct bytes *v, u64 number, u32 cells)
{
	u8 be[8];

	put_be32(be, (u32)(number >> 32));
	put_be32(be + 4, (u32)number);
	str_bytes(&v->s, be + (2 - cells) * 4, cells * 4);
}

static bool add_number(struct bytes *v, const struct node *n, u32 cells)
{
	u64 number;

	if (!check_number(v->b, n, v->what, &number) || !add_kind(v, n, CELLS))
		return false;
	if (cells == 1 && number > UINT32_MAX) {
		diag_report(v->b->ds, n->at, DIAG_out_of_range, "%s: a cell has 32 bits", v->what);
		return diag_hint(v->b->ds, "write `!u64 %s`", n->text);
	}
	add_be(v, number, cells);
	return true;
}

static bool add_phandle(struct bytes *v, const struct node *n)
{
	const char *name = check_text(v->b, n, v->what);
	u32 device = name ? planner_ref(v->pl, n, 0, strlen(name), v->what) : PLAN_NONE;

	if (device == PLAN_NONE || !add_kind(v, n, CELLS))
		return false;
	ARENA_GROW(&v->b->arena, &v->refs, v->nrefs, &v->refs_cap);
	v->refs[v->nrefs++] = (struct plan_dt_ref){ (u32)v->s.n, device, n->at };
	add_be(v, 0, 1);
	return true;
}

static bool is_number(const struct node *n)
{
	return !n->quoted && n->text[0] >= '0' && n->text[0] <= '9';
}

static bool add_scalar(struct bytes *v, const struct node *n)
{
	if (n->type == TYPE_U64)
		return add_number(v, n, 2);
	if (n->type == TYPE_PHANDLE)
		return add_phandle(v, n);
	if (is_number(n))
		return add_number(v, n, 1);
	if (!check_text(v->b, n, v->what) || !add_kind(v, n, TEXTS))
		return false;
	str_bytes(&v->s, n->text, strlen(n->text) + 1);
	return true;
}

/* [0x12, 0x34], or one number. */
static bool add_bytes(struct bytes *v, const struct node *n)
{
	u32 count = n->kind == NODE_LIST ? n->n : 1;

	for (u32 i = 0; i < count; i++) {
		const struct node *item = n->kind == NODE_LIST ? n->items[i] : n;
		u64 number;
		u8 byte;

		if (!check_number(v->b, item, v->what, &number) ||
		    !check_range(v->b, item, v->what, UNIT_NONE, number, 0, 255))
			return false;
		byte = (u8)number;
		str_bytes(&v->s, &byte, 1);
	}
	return true;
}

static bool add_value(struct bytes *v, const struct node *n)
{
	if (n->type == TYPE_BYTES)
		return add_bytes(v, n);
	if (n->kind == NODE_SCALAR && !n->quoted && !strcmp(n->text, "true"))
		return true; /* a flag: there is nothing in it */
	if (n->kind == NODE_SCALAR && !n->quoted && !strcmp(n->text, "false")) {
		diag_report(v->b->ds, n->at, DIAG_wrong_form,
			    "%s: what is false is not in a device tree", v->what);
		return diag_hint(v->b->ds, "leave `%s` out", v->what);
	}
	if (n->kind == NODE_SCALAR)
		return add_scalar(v, n);
	for (u32 i = 0; n->kind == NODE_LIST && i < n->n; i++) {
		if (n->items[i]->kind != NODE_SCALAR || n->items[i]->type == TYPE_BYTES)
			return diag_report(v->b->ds, n->items[i]->at, DIAG_wrong_form,
					   "%s: one number or text should be here", v->what);
		if (!add_scalar(v, n->items[i]))
			return false;
	}
	return n->kind == NODE_LIST || diag_report(v->b->ds, n->at, DIAG_wrong_form,
						   "%s: a map is no value of a property", v->what);
}

static bool read_prop(struct planner *pl, const struct pair *p, struct plan_dt_prop *prop)
{
	struct bytes v = { .b = pl->b, .pl = pl, .what = p->key };
	bool good = !p->value->absent && check_dt_name(pl->b, p->key, p->key_at, "?#") &&
		    add_value(&v, p->value);

	if (good)
		*prop = (struct plan_dt_prop){
			p->key, (const u8 *)arena_text(&pl->b->arena, str_text(&v.s), v.s.n),
			(u32)v.s.n, v.refs, v.nrefs
		};
	str_free(&v.s);
	return good;
}

/* -- A device's hatch ---------------------------------------------------------------- */

static bool check_settable(struct planner *pl, const struct plan_device *d, const char *name,
			   struct pos at)
{
	const char *key = key_of(&pl->b->arena, d->class, name);

	if (is_computed(name)) {
		diag_report(pl->b->ds, at, DIAG_computed, "`%s` is computed, and cannot be set",
			    name);
		return diag_hint(pl->b->ds, "`vmbuild dts` shows what it is");
	}
	if (!key)
		return true;
	diag_report(pl->b->ds, at, DIAG_computed, "`%s` follows from the device itself", name);
	return diag_hint(pl->b->ds, "write `%s: {%s: ...}`, without `dt:`", d->name, key);
}

static void read_set(struct planner *pl, const struct plan_device *d, struct plan_hatch *h,
		     const struct node *n)
{
	const struct node *map = check_map(pl->b, n, "dt.set");
	struct pair *p;

	if (!map)
		return;
	h->set = NEW_N(&pl->b->arena, struct plan_dt_prop, map->n + 1);
	for_pairs(p, map)
		if (check_settable(pl, d, p->key, p->key_at) && read_prop(pl, p, &h->set[h->nset]))
			h->nset++;
}

static void read_drop(struct planner *pl, struct plan_hatch *h, const struct node *n)
{
	if (!check_texts(pl->b, n, "dt.drop", &h->drop, &h->ndrop))
		return;
	for (u32 i = 0; i < h->ndrop; i++)
		if (!strcmp(h->drop[i], "reg") || !strcmp(h->drop[i], "phandle"))
			diag_report(pl->b->ds, n->kind == NODE_LIST ? n->items[i]->at : n->at,
				    DIAG_computed, "a node cannot do without its `%s`", h->drop[i]);
}

static void read_hatch(struct planner *pl, u32 i)
{
	struct plan_device *d = &pl->p->devices[i];
	struct pair *at = map_pair(pl->drafts[i].node, "dt");
	const struct node *map = at ? check_map(pl->b, at->value, "dt") : NULL, *n;
	struct plan_hatch *h;

	if (!map)
		return;
	check_keys(pl->b, map, "`dt:`", lang_dt);
	d->hatch = h = NEW(&pl->b->arena, struct plan_hatch);
	h->at = at->key_at;
	if ((n = map_get(map, "node-name"))) {
		h->node_name = check_text(pl->b, n, "dt.node-name");
		if (h->node_name && !check_dt_name(pl->b, h->node_name, n->at, ""))
			h->node_name = NULL;
	}
	if ((n = map_get(map, "set")))
		read_set(pl, d, h, n);
	if ((n = map_get(map, "drop")))
		read_drop(pl, h, n);
	if ((n = map_get(map, "hide")))
		check_bool(pl->b, n, "dt.hide", &h->hide);
	if (!pl->b->lint)
		return;
	diag_report(pl->b->ds, at->key_at, DIAG_hatch, "`%s` changes its node of the device tree",
		    d->name);
	diag_hint(pl->b->ds, "`vmbuild dts` shows the result");
}

/* -- Raw nodes ------------------------------------------------------------------------ */

static void read_node(struct planner *pl, const struct pair *at, struct plan_dt_node *node);

static void read_inside(struct planner *pl, const struct node *map, struct plan_dt_node *node)
{
	struct pair *p;

	node->props = NEW_N(&pl->b->arena, struct plan_dt_prop, map->n + 1);
	node->nodes = NEW_N(&pl->b->arena, struct plan_dt_node, map->n + 1);
	for_pairs(p, map) {
		if (p->value->kind == NODE_MAP) {
			read_node(pl, p, &node->nodes[node->nnodes++]);
		} else if (!strcmp(p->key, "phandle") || !strcmp(p->key, "linux,phandle")) {
			diag_report(pl->b->ds, p->key_at, DIAG_computed,
				    "`%s` is computed, and cannot be set", p->key);
			diag_hint(pl->b->ds, "who refers to a device writes `!phandle NAME`");
		} else if (read_prop(pl, p, &node->props[node->nprops])) {
			node->nprops++;
		}
	}
}

static void read_node(struct planner *pl, const struct pair *at, struct plan_dt_node *node)
{
	const char *unit = strchr(at->key, '@');
	const char *name =
		unit ? arena_text(&pl->b->arena, at->key, (size_t)(unit - at->key)) : at->key;

	*node = (struct plan_dt_node){ .name = at->key, .at = at->key_at };
	check_dt_name(pl->b, name, at->key_at, "");
	if (unit)
		check_dt_name(pl->b, unit + 1, at->key_at, "");
	if (at->value->kind == NODE_MAP)
		read_inside(pl, at->value, node);
}

/* Nodes at the root that vmbuild writes. */
static bool is_taken(const char *name)
{
	static const char *const taken[] = { "aliases", "chosen", "cpus", "memory", "soc", NULL };
	size_t n = strcspn(name, "@");

	for (u32 i = 0; taken[i]; i++)
		if (strlen(taken[i]) == n && !strncmp(taken[i], name, n))
			return true;
	return false;
}

static void read_nodes(struct planner *pl, const struct node *n)
{
	const struct node *map = check_map(pl->b, n, "dt.nodes");
	struct plan *plan = pl->p;
	struct pair *p;

	if (!map)
		return;
	plan->nodes = NEW_N(&pl->b->arena, struct plan_dt_node, map->n + 1);
	for_pairs(p, map) {
		if (is_taken(p->key)) {
			diag_report(pl->b->ds, p->key_at, DIAG_computed,
				    "the node `%s` is computed", p->key);
			diag_hint(pl->b->ds, "`vmbuild dts` shows what it is");
		} else if (check_map(pl->b, p->value, p->key)) {
			read_node(pl, p, &plan->nodes[plan->nnodes++]);
		}
	}
	if (pl->b->lint)
		diag_report(pl->b->ds, map->at, DIAG_hatch,
			    "raw nodes in the device tree: no device stands behind them");
}

/* -- What is hidden --------------------------------------------------------------------- */

static void check_seen(struct planner *pl, u32 hidden, const struct plan_device *by)
{
	const struct plan_device *d = &pl->p->devices[hidden];

	if (!d->hatch || !d->hatch->hide || (by->hatch && by->hatch->hide))
		return;
	diag_report(pl->b->ds, d->hatch->at, DIAG_computed,
		    "`%s` cannot be hidden: `%s` refers to it", d->name, by->name);
	diag_note(pl->b->ds, by->at, "`%s` is here", by->name);
}

static void check_hidden(struct planner *pl, const struct plan_device *d)
{
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		for (u32 i = 0; r->fdt && r->kind == PROP_KIND_IRQS && i < v->n; i++)
			check_seen(pl, v->irqs[i].controller, d);
		for (u32 i = 0; r->fdt && r->kind == PROP_KIND_REF && i < v->n; i++)
			check_seen(pl, v->ref[i].provider, d);
	}
}

void plan_dt(struct planner *pl)
{
	struct pair *at = map_pair(pl->b->root, "dt");
	const struct node *map = at ? check_map(pl->b, at->value, "dt") : NULL, *n;

	for (u32 i = 0; i < pl->p->ndevices; i++)
		read_hatch(pl, i);
	for (u32 i = 0; i < pl->p->ndevices; i++)
		check_hidden(pl, &pl->p->devices[i]);
	if (!map)
		return;
	check_keys(pl->b, map, "`dt:`", lang_dt_top);
	if ((n = map_get(map, "nodes")))
		read_nodes(pl, n);
}
