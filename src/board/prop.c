/* prop.c - what a board file says of a device, against the rows of its class. */
#include "parts.h"

/* -- Rows ----------------------------------------------------------------------- */

u32 rows_count(const struct prop *rows)
{
	u32 n = 0;

	while (rows && rows[n].name)
		n++;
	return n;
}

const char *prop_key(const struct prop *p, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", p->key ? p->key : p->name);
	for (char *c = buf; !p->key && *c; c++)
		if (*c == '_')
			*c = '-';
	return buf;
}

const char *row_key(struct arena *a, const struct prop *p)
{
	char buf[64];

	if (p->key)
		return p->key;
	prop_key(p, buf, sizeof(buf));
	return arena_text(a, buf, strlen(buf));
}

/* Whether `key` is the row's; of "windows.mem32" in the map `windows` only "mem32". */
static bool is_row(const struct prop *p, const char *prefix, const char *key)
{
	const char *name = p->key ? p->key : p->name;
	size_t n = strlen(prefix);

	if (strncmp(name, prefix, n) != 0)
		return false;
	for (name += n; *key && *name; key++, name++)
		if (*key != *name && !(*name == '_' && *key == '-' && !p->key))
			return false;
	return *key == *name;
}

static bool has_prefix(const struct prop *rows, const char *prefix)
{
	const struct prop *r;

	for_rows(r, rows)
		if (r->key && text_starts(r->key, prefix))
			return true;
	return false;
}

const struct value *planned_value(const struct plan_device *d, const char *name)
{
	const struct prop *r;
	u32 i = 0;

	for_rows(r, d->class->props) {
		if (!strcmp(r->name, name))
			return &d->values[i];
		i++;
	}
	return NULL;
}

/* -- Values --------------------------------------------------------------------- */

static void read_values(struct planner *pl, const char *owner, const struct prop *rows,
			struct node *const *nodes, struct value *values, bool refs);

static void read_number(struct board *b, const struct prop *p, const struct node *n,
			const char *what, struct value *v)
{
	bool wide =
		p->kind == PROP_KIND_U64 || p->kind == PROP_KIND_SIZE || p->kind == PROP_KIND_TIME;
	enum unit unit = p->kind == PROP_KIND_SIZE   ? UNIT_SIZE
			 : p->kind == PROP_KIND_HZ   ? UNIT_HZ
			 : p->kind == PROP_KIND_TIME ? UNIT_NS
						     : UNIT_NONE;
	u64 max = p->max ? p->max : wide ? UINT64_MAX : UINT32_MAX, number;

	if (check_unit(b, n, what, unit, &number) &&
	    check_range(b, n, what, unit, number, p->min, max))
		v->num = number;
}

static u32 hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 : 16;
}

static void claim_mac(struct planner *pl, const struct node *n, const u8 *mac)
{
	char text[32];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	plan_claim(pl, DIAG_mac_twice, text,
		   arena_printf(&pl->b->arena, "two cards have the address %s", text), n->at);
}

static bool read_mac(struct planner *pl, const struct node *n, const char *what, struct value *v)
{
	struct board *b = pl->b;
	const char *s = check_text(b, n, what);
	bool good = s && strlen(s) == 17;

	for (u32 i = 0; good && i < 6; i++) {
		const char *pair = s + (size_t)i * 3;
		u32 hi = hex_digit(pair[0]), lo = hex_digit(pair[1]);

		good = hi < 16 && lo < 16 && (i == 5 || pair[2] == ':');
		v->mac[i] = (u8)(hi << 4 | lo);
	}
	if (!good && s) {
		diag_report(b->ds, n->at, DIAG_wrong_form, "%s: `%s` is no MAC address", what, s);
		return diag_hint(b->ds, "write six pairs in quotes: \"52:54:00:12:34:56\"");
	}
	if (good && v->mac[0] & 1) {
		diag_report(b->ds, n->at, DIAG_out_of_range,
			    "%s: `%s` is a group's address, not one card's", what, s);
		return diag_hint(b->ds, "the first pair is even: \"52:...\"");
	}
	if (good && !memcmp(v->mac, (const u8[6]){ 0 }, 6))
		return diag_report(b->ds, n->at, DIAG_out_of_range, "%s: `%s` is no card's address",
				   what, s);
	if (good)
		claim_mac(pl, n, v->mac);
	return good;
}

static bool check_items(struct planner *pl, const struct prop *p, const struct node *n,
			const char *what)
{
	bool good = true;

	if (!p->words)
		return true;
	if (n->kind != NODE_LIST)
		return check_word(pl->b, n, what, p->words) >= 0;
	for (u32 i = 0; i < n->n; i++)
		good &= check_word(pl->b, n->items[i], what, p->words) >= 0;
	return good;
}

static void read_list(struct planner *pl, const struct prop *p, const struct node *n,
		      const char *what, struct value *v)
{
	const char *const *list;
	u32 count;

	if (!check_texts(pl->b, n, what, &list, &count) || !check_items(pl, p, n, what))
		return;
	if (p->per_hart && count != pl->p->nharts) {
		diag_report(pl->b->ds, n->at, DIAG_per_hart, "%s: %u for %u hart%s", what, count,
			    pl->p->nharts, pl->p->nharts == 1 ? "" : "s");
		diag_hint(pl->b->ds, "write one for each hart, or leave it out");
		return;
	}
	v->list = list;
	v->n = count;
}

static void read_range(struct board *b, const struct node *n, const char *what, struct value *v)
{
	struct range r;

	if (!check_span(b, n, what, &r))
		return;
	v->num = r.base;
	v->size = r.size;
}

/* {name: {key: value}}: each entry has the columns of p->rows. */
static void read_table(struct planner *pl, const char *owner, const struct prop *p,
		       const struct node *n, const char *what, struct value *v)
{
	const struct node *map = check_map(pl->b, n, what), *entry;
	u32 columns = rows_count(p->rows);
	struct value_row *rows;
	struct pair *q;

	if (!map)
		return;
	v->rows = rows = NEW_N(&pl->b->arena, struct value_row, map->n + 1);
	for_pairs(q, map) {
		const char **keys = NEW_N(&pl->b->arena, const char *, columns + 1);
		struct node **nodes = NEW_N(&pl->b->arena, struct node *, columns + 1);
		struct value *values = NEW_N(&pl->b->arena, struct value, columns + 1);
		const char *name = arena_printf(&pl->b->arena, "%s.%s", owner, q->key);

		entry = check_map(pl->b, q->value, q->key);
		if (!entry)
			continue;
		for (u32 i = 0; i < columns; i++)
			keys[i] = row_key(&pl->b->arena, &p->rows[i]);
		check_words(pl->b, entry, arena_printf(&pl->b->arena, "`%s`", q->key), keys);
		for (u32 i = 0; i < columns; i++) {
			nodes[i] = map_get(entry, keys[i]);
			if (!nodes[i] && p->rows[i].required)
				report_missing(pl->b, q->key_at,
					       arena_printf(&pl->b->arena, "`%s:` of `%s`", keys[i],
							    q->key),
					       p->rows[i].doc);
		}
		read_values(pl, name, p->rows, nodes, values, false);
		read_values(pl, name, p->rows, nodes, values, true);
		rows[v->n++] = (struct value_row){ q->key, values };
	}
}

/* -- References ------------------------------------------------------------------ */

static const char *const provides_text[] = {
	[PROVIDES_CLOCK] = "clocks",
	[PROVIDES_GPIO] = "GPIO lines",
	[PROVIDES_RESET] = "resets",
	[PROVIDES_MSI] = "message-signaled interrupts",
	[PROVIDES_DOMAIN] = "interrupt domains",
	[PROVIDES_FW_CFG] = "items for firmware",
};
_Static_assert(ARRAY_LEN(provides_text) == PROVIDES_COUNT, "a name for each");

/* Cells of a reference of that kind to a device, or -1: it does not provide them.  A class
 * made of data says it in YAML: `cells: {clock: 1}`. */
static i32 provider_cells(const struct plan_device *d, enum provides kind)
{
	static const char *const keys[PROVIDES_COUNT] = { "cells.clock", "cells.gpio",
							  "cells.reset" };
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->key && keys[kind] && !strcmp(r->key, keys[kind]) && v->given)
			return (i32)v->num;
	}
	return d->class->cells[kind] - 1;
}

static bool report_provider(struct planner *pl, struct pos at, const char *what, u32 provider,
			    enum provides wants)
{
	const struct plan_device *d = &pl->p->devices[provider];
	const char *some[8] = { NULL };
	u32 n = 0;

	diag_report(pl->b->ds, at, DIAG_wrong_provider, "%s: `%s` provides no %s", what, d->name,
		    provides_text[wants]);
	for (u32 i = 0; i < pl->p->ndevices && n + 1 < ARRAY_LEN(some); i++)
		if (provider_cells(&pl->p->devices[i], wants) >= 0)
			some[n++] = pl->p->devices[i].name;
	if (n)
		return diag_hint(pl->b->ds, "%s come from %s", provides_text[wants],
				 words_text(&pl->b->arena, some, ", "));
	return diag_hint(pl->b->ds, "no device of this board provides %s", provides_text[wants]);
}

/* A cell is a number, or of a GPIO line how it is read. */
static bool read_cell(struct board *b, const struct node *n, const char *what, size_t off,
		      size_t len, enum provides wants, u32 *cell)
{
	const char *s = arena_text(&b->arena, n->text + off, len);
	struct wrong w;
	u64 v;

	if (wants == PROVIDES_GPIO && !strcmp(s, "active-high"))
		return *cell = 0, true;
	if (wants == PROVIDES_GPIO && !strcmp(s, "active-low"))
		return *cell = 1, true;
	if (scalar_number(s, &v, &w) && v <= UINT32_MAX)
		return *cell = (u32)v, true;
	diag_report(b->ds, node_part(n, off, len), DIAG_wrong_cells, "%s: `%s` is no cell", what,
		    s);
	return diag_hint(b->ds, wants == PROVIDES_GPIO
					? "cells are numbers, `active-high` or `active-low`"
					: "cells are numbers");
}

static size_t word_end(const char *s, size_t at)
{
	return at + strcspn(s + at, " ");
}

static bool read_cells(struct planner *pl, const struct prop *p, const struct node *n,
		       const char *what, size_t at, struct value_ref *ref)
{
	const struct plan_device *provider = &pl->p->devices[ref->provider];
	u32 want = (u32)provider_cells(provider, p->wants);

	for (size_t end = at; n->text[at]; at = end + strspn(n->text + end, " ")) {
		end = word_end(n->text, at);
		if (ref->n < ARRAY_LEN(ref->cell) &&
		    !read_cell(pl->b, n, what, at, end - at, p->wants, &ref->cell[ref->n]))
			return false;
		ref->n++;
	}
	/* How a GPIO line is read may be left out: it is active high. */
	if (p->wants == PROVIDES_GPIO && want == 2 && ref->n == 1)
		ref->n = 2;
	if (ref->n == want)
		return true;
	diag_report(pl->b->ds, n->at, DIAG_wrong_cells, "%s: `%s` takes %u cell%s, not %u", what,
		    provider->name, want, want == 1 ? "" : "s", ref->n);
	return diag_hint(pl->b->ds,
			 want ? "write `%s N`, N being the line or number there"
			      : "write just `%s`",
			 provider->name);
}

/* A line is there, and nobody else has it. */
static bool claim_gpio(struct planner *pl, const struct node *n, const char *what,
		       const struct value_ref *ref)
{
	const struct plan_device *d = &pl->p->devices[ref->provider];
	const struct value *count =
		d->class->gpio_count ? planned_value(d, d->class->gpio_count) : NULL;
	char *line = arena_printf(&pl->b->arena, "line %u of `%s`", ref->cell[0], d->name);

	if (count && ref->cell[0] >= count->num) {
		diag_report(pl->b->ds, n->at, DIAG_gpio_line, "%s: there is no %s", what, line);
		return diag_hint(pl->b->ds, "it has lines 0..%u", (u32)count->num - 1);
	}
	plan_claim(pl, DIAG_gpio_line, line,
		   arena_printf(&pl->b->arena, "two devices use %s", line), n->at);
	return true;
}

/* NAME [CELL ...] */
static bool read_ref(struct planner *pl, const struct prop *p, const struct node *n,
		     const char *what, struct value_ref *ref)
{
	const char *s = check_text(pl->b, n, what);
	size_t at, end;

	if (!s)
		return false;
	at = strspn(s, " ");
	end = word_end(s, at);
	ref->provider = planner_ref(pl, n, at, end - at, what);
	if (ref->provider == PLAN_NONE)
		return false;
	if (provider_cells(&pl->p->devices[ref->provider], p->wants) < 0)
		return report_provider(pl, node_part(n, at, end - at), what, ref->provider,
				       p->wants);
	return read_cells(pl, p, n, what, end + strspn(s + end, " "), ref) &&
	       (p->wants != PROVIDES_GPIO || claim_gpio(pl, n, what, ref));
}

/* One reference, or where the row takes several, a list. */
static void read_refs(struct planner *pl, const struct prop *p, const struct node *n,
		      const char *what, struct value *v)
{
	u32 count = n->kind == NODE_LIST ? n->n : 1, most = MAX((u32)p->max, 1);
	struct value_ref *refs = NEW_N(&pl->b->arena, struct value_ref, count + 1);
	bool good = true;

	if (count > most) {
		diag_report(pl->b->ds, n->at, DIAG_out_of_range, "%s: at most %u reference%s", what,
			    most, most == 1 ? "" : "s");
		return;
	}
	for (u32 i = 0; i < count; i++)
		good &= read_ref(pl, p, n->kind == NODE_LIST ? n->items[i] : n, what, &refs[i]);
	if (good && count) {
		v->ref = refs;
		v->n = count;
	}
}

/* -- One row ------------------------------------------------------------------- */

static void read_value(struct planner *pl, const char *owner, const struct prop *p, struct node *n,
		       struct value *v)
{
	struct board *b = pl->b;
	const char *what = row_key(&b->arena, p);
	bool yes;
	i32 word;

	v->given = true;
	switch (p->kind) {
	case PROP_KIND_U32:
	case PROP_KIND_U64:
	case PROP_KIND_SIZE:
	case PROP_KIND_HZ:
	case PROP_KIND_TIME:
		read_number(b, p, n, what, v);
		break;
	case PROP_KIND_BOOL:
		if (check_bool(b, n, what, &yes))
			v->num = yes;
		break;
	case PROP_KIND_ENUM:
		word = check_word(b, n, what, p->words);
		v->num = (u64)MAX(word, 0);
		break;
	case PROP_KIND_TEXT:
		v->text = check_text(b, n, what);
		break;
	case PROP_KIND_PATH:
		v->text = check_text(b, n, what) ? node_path(&b->arena, n) : NULL;
		break;
	case PROP_KIND_MAC:
		read_mac(pl, n, what, v);
		break;
	case PROP_KIND_RANGE:
		read_range(b, n, what, v);
		break;
	case PROP_KIND_LIST:
		read_list(pl, p, n, what, v);
		break;
	case PROP_KIND_REF:
		read_refs(pl, p, n, what, v);
		break;
	case PROP_KIND_TABLE:
		read_table(pl, owner, p, n, what, v);
		break;
	case PROP_KIND_CHARDEV:
	case PROP_KIND_BLOCK:
	case PROP_KIND_NET:
	case PROP_KIND_DISPLAY:
	case PROP_KIND_SHARE:
	case PROP_KIND_VSOCK:
	case PROP_KIND_AUDIO:
		v->host = plan_host_spec(pl, p, n, owner);
		break;
	case PROP_KIND_OUTPUTS:
		diag_report(b->ds, n->at, DIAG_wrong_form, "%s: an output is not a value", what);
		diag_hint(b->ds, "name it where it is used: `gpios: %s 3`", owner);
		break;
	case PROP_KIND_IRQS: /* plan_irqs() */
		break;
	}
}

/* References come after everything else: what a provider provides may be a value too. */
static void read_values(struct planner *pl, const char *owner, const struct prop *rows,
			struct node *const *nodes, struct value *values, bool refs)
{
	const struct prop *r;
	u32 i = 0;

	for_rows(r, rows) {
		struct value *v = &values[i];
		struct node *n = nodes[i++];

		if ((r->kind == PROP_KIND_REF) != refs)
			continue;
		v->num = r->kind == PROP_KIND_IRQS || r->kind == PROP_KIND_OUTPUTS ? 0 : r->def;
		v->text = r->def_text;
		if (n)
			read_value(pl, owner, r, n, v);
	}
}

/* -- A whole device ---------------------------------------------------------------- */

/* A key that any device may have on this bus. */
static bool is_common(const char *key, enum bus bus)
{
	const struct lang_key *k = lang_find(lang_device, key);

	return k && (!k->where || k->where & (u32)bus);
}

static void report_unknown(struct planner *pl, u32 i, struct pair *p, const struct node *map,
			   const char *prefix)
{
	const struct plan_device *d = &pl->p->devices[i];
	struct nearest near = { 0 };
	const struct prop *r;
	size_t n = strlen(prefix);

	for_rows(r, d->class->props) {
		const char *key = row_key(&pl->b->arena, r);
		size_t dot = strcspn(key, ".");

		if (!n && key[dot])
			key = arena_text(&pl->b->arena, key, dot);
		if (text_starts(key, prefix))
			nearest_try(&near, p->key, key + n);
	}
	for (const struct lang_key *k = lang_device; !n && k->key; k++)
		if (is_common(k->key, pl->drafts[i].bus))
			nearest_try(&near, p->key, k->key);
	diag_report(pl->b->ds, p->key_at, DIAG_unknown_key,
		    "unknown property `%s%s` of device `%s`", prefix, p->key, d->class->name);
	if (!strcmp(p->key, "reg") && pl->drafts[i].bus == BUS_PCI)
		diag_hint(pl->b->ds, "on a PCI bus it is `slot:`, and may be left out");
	else if (!strcmp(p->key, "slot") && pl->drafts[i].bus == BUS_MMIO)
		diag_hint(pl->b->ds,
			  "a slot is a place on PCI: nest the device there, or write `reg:`");
	else if (near.word)
		diag_hint(pl->b->ds, "did you mean `%s`?", near.word);
	else
		diag_hint(pl->b->ds, "`vmbuild devices %s` lists them", d->class->name);
	if (near.word && !map_pair(map, near.word))
		p->key = near.word;
}

/* The row that this key sets, or NULL. */
static const struct prop *find_row(const struct prop *rows, const char *prefix, const char *key,
				   u32 *i)
{
	const struct prop *r;

	*i = 0;
	for_rows(r, rows) {
		if (is_row(r, prefix, key))
			return r;
		++*i;
	}
	return NULL;
}

/* Puts what is written for each row into draft.prop. */
static void match_keys(struct planner *pl, u32 i, const struct node *map, const char *prefix)
{
	const struct prop *rows = pl->p->devices[i].class->props;
	struct pair *p;
	u32 row;

	for_pairs(p, map) {
		const char *group = arena_printf(&pl->b->arena, "%s%s.", prefix, p->key);

		if ((!*prefix && is_common(p->key, pl->drafts[i].bus)) || text_starts(p->key, "x-"))
			continue;
		if (!find_row(rows, prefix, p->key, &row) && !has_prefix(rows, group))
			report_unknown(pl, i, p, map, prefix);
		if (find_row(rows, prefix, p->key, &row)) {
			pl->drafts[i].prop[row] = p->value;
		} else if (has_prefix(rows, group) && !p->value->absent) {
			const struct node *under = check_map(pl->b, p->value, p->key);

			if (under)
				match_keys(pl, i, under, group);
		}
	}
}

static void check_required(struct planner *pl, u32 i)
{
	const struct plan_device *d = &pl->p->devices[i];
	struct draft *draft = &pl->drafts[i];
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		struct node **n = &draft->prop[row++];
		const char *key = row_key(&pl->b->arena, r);

		if (*n && (*n)->absent) {
			struct pair absent = { key, (*n)->at, *n };

			if (r->required)
				report_absent(pl->b, &absent, key);
			*n = NULL;
		} else if (!*n && r->required) {
			report_missing(pl->b, d->at,
				       arena_printf(&pl->b->arena, "`%s:` of `%s`", key, d->name),
				       r->doc);
		}
	}
}

/* What stands in the class too but is everyone's: names and the interrupt controller. */
static void read_common(struct planner *pl, u32 i)
{
	struct plan_device *d = &pl->p->devices[i];
	const struct node *compatible = map_get(pl->drafts[i].node, "compatible");
	const struct node *parent = map_get(pl->drafts[i].node, "interrupt-parent");
	const char *name = parent ? check_text(pl->b, parent, "interrupt-parent") : NULL;

	if (compatible)
		check_texts(pl->b, compatible, "compatible", &d->compatible, &d->ncompatible);
	d->irq_parent =
		d->parent == PLAN_NONE ? pl->p->irq_parent : pl->p->devices[d->parent].irq_parent;
	if (!name)
		return;
	d->irq_parent = planner_ref(pl, parent, 0, strlen(name), "interrupt-parent");
	pl->irq_parent_wrong |= d->irq_parent == PLAN_NONE;
	if (d->irq_parent != PLAN_NONE && !pl->p->devices[d->irq_parent].class->irq_cells) {
		report_no_irqs(pl, parent->at, "interrupt-parent", d->irq_parent);
		d->irq_parent = PLAN_NONE;
	}
}

/* What a device needs to be there before it: edge 0 is its bus, the others the references
 * of its rows.  False: there is no such edge. */
static bool needs(const struct plan_device *d, u32 edge, u32 *other)
{
	const struct prop *r;
	u32 row = 0;

	*other = d->parent;
	if (!edge--)
		return true;
	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind != PROP_KIND_REF)
			continue;
		if (edge < v->n) {
			*other = v->ref[edge].provider;
			return true;
		}
		edge -= v->n;
	}
	return false;
}

/* The row of an edge. */
static const struct node *edge_node(const struct planner *pl, u32 i, u32 edge)
{
	const struct plan_device *d = &pl->p->devices[i];
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		if (r->kind == PROP_KIND_REF && edge && edge <= d->values[row].n)
			return pl->drafts[i].prop[row];
		if (r->kind == PROP_KIND_REF && edge)
			edge -= d->values[row].n;
		row++;
	}
	return NULL;
}

static void report_circle(struct planner *pl, u32 i, u32 edge)
{
	const struct node *n = edge_node(pl, i, edge);

	diag_report(pl->b->ds, n ? n->at : pl->p->devices[i].at, DIAG_ref_cycle,
		    "`%s` needs, through others, itself", pl->p->devices[i].name);
	diag_hint(pl->b->ds,
		  "one of these devices must do without the next: a `clock-fixed` needs none");
}

/* Depth first with a stack of its own: chains of references can be as long as the file. */
static void check_circles(struct planner *pl)
{
	enum { NEW_ONE, OPEN, DONE };
	u32 n = pl->p->ndevices, depth, other;
	u8 *state = NEW_N(&pl->b->arena, u8, n + 1);
	u32 *stack = NEW_N(&pl->b->arena, u32, n + 1), *edge = NEW_N(&pl->b->arena, u32, n + 1);

	for (u32 i = 0; i < n; i++) {
		if (state[i] != NEW_ONE)
			continue;
		depth = 0;
		stack[depth++] = i;
		state[i] = OPEN;
		while (depth) {
			u32 at = stack[depth - 1];

			if (!needs(&pl->p->devices[at], edge[at]++, &other)) {
				state[at] = DONE;
				depth--;
			} else if (other != PLAN_NONE && state[other] == OPEN) {
				report_circle(pl, at, edge[at] - 1);
				return;
			} else if (other != PLAN_NONE && state[other] == NEW_ONE) {
				state[other] = OPEN;
				stack[depth++] = other;
			}
		}
	}
}

void plan_props(struct planner *pl)
{
	for (u32 i = 0; i < pl->p->ndevices; i++) {
		u32 n = rows_count(pl->p->devices[i].class->props);

		pl->drafts[i].values = NEW_N(&pl->b->arena, struct value, n + 1);
		pl->p->devices[i].values = pl->drafts[i].values;
		pl->drafts[i].prop = NEW_N(&pl->b->arena, struct node *, n + 1);
		match_keys(pl, i, pl->drafts[i].node, "");
		check_required(pl, i);
		read_common(pl, i);
	}
	for (u32 refs = 0; refs < 2; refs++)
		for (u32 i = 0; i < pl->p->ndevices; i++)
			read_values(pl, pl->p->devices[i].name, pl->p->devices[i].class->props,
				    pl->drafts[i].prop, pl->drafts[i].values, refs);
	check_circles(pl);
}
