/* resolve.c - a board as it is when files, parameters and automatic places are put in:
 * one file that extends nothing and loads to the same plan; and what two boards differ in.
 */
#include "parts.h"

/* -- Automatic places, written down ------------------------------------------------- */

static const struct pos automatic = { .file = "auto" };

static void pin(struct board *b, struct node *device, const char *key, const char *text)
{
	struct pair *p = map_pair(device, key);
	struct node *n = node_text(&b->arena, text, automatic);

	if (p)
		p->value = n;
	else
		map_put(&b->arena, device, key, automatic, n);
}

static const char *irqs_text(struct arena *a, const struct value *v)
{
	const char *text = arena_printf(a, "%u", v->irqs[0].line);

	for (u32 i = 1; i < v->n; i++)
		text = arena_printf(a, "%s, %u", text, v->irqs[i].line);
	return v->n == 1 ? text : arena_printf(a, "[%s]", text);
}

static void pin_device(struct board *b, u32 i)
{
	const struct plan_device *d = &b->plan.devices[i];
	struct draft *draft = &b->drafts[i];
	const struct prop *r;
	u32 row = 0;
	char buf[32];

	if (draft->automatic && draft->bus == BUS_MMIO)
		pin(b, draft->node, "reg",
		    arena_printf(&b->arena, "%s", address_text(buf, sizeof(buf), d->base)));
	else if (draft->automatic)
		pin(b, draft->node, "slot", arena_printf(&b->arena, "%u", d->slot));
	for_rows(r, d->class->props) {
		if (planned_automatic_irqs(b, i, row) && d->values[row].n)
			pin(b, draft->node, row_key(&b->arena, r),
			    irqs_text(&b->arena, &d->values[row]));
		row++;
	}
}

static void pin_all(struct board *b)
{
	for (u32 i = 0; i < b->plan.ndevices; i++)
		pin_device(b, i);
}

/* -- YAML --------------------------------------------------------------------------- */

/* Plain text that reads back as the same text, also in brackets. */
static bool is_plain(const char *s)
{
	if (!*s || strchr("!&*?|>%@`'\"#-:", *s) || s[strlen(s) - 1] == ' ' || *s == ' ')
		return *s == '-' && s[1] && s[1] != ' ' && is_plain(s + 1);
	for (; *s; s++)
		if (strchr(",[]{}\\\"", *s) || (u8)*s < 0x20 || (u8)*s >= 0x7f ||
		    (*s == ':' && (!s[1] || s[1] == ' ')) || (*s == '#' && s[-1] == ' '))
			return false;
	return true;
}

static void add_scalar(struct str *out, const struct node *n)
{
	static const char *const types[] = { "", "!u64 ", "!bytes ", "!phandle " };

	str_add(out, "%s", types[n->type]);
	if (n->at.file == automatic.file || (is_plain(n->text) && !n->quoted))
		str_add(out, "%s", n->text);
	else
		str_json(out, n->text);
}

static void add_key(struct str *out, const char *key)
{
	if (is_plain(key) && key[0] != '-')
		str_add(out, "%s: ", key);
	else
		str_json(out, key), str_add(out, ": ");
}

void node_flow(struct str *out, const struct node *n)
{
	const char *sep = "";
	struct pair *p;

	if (n->kind == NODE_SCALAR) {
		add_scalar(out, n);
	} else if (n->kind == NODE_LIST) {
		str_add(out, "%s[", n->type == TYPE_BYTES ? "!bytes " : "");
		for (u32 i = 0; i < n->n; i++) {
			str_add(out, i ? ", " : "");
			node_flow(out, n->items[i]);
		}
		str_add(out, "]");
	} else {
		str_add(out, "{");
		for_pairs(p, n) {
			if (p->value->absent)
				continue;
			str_add(out, "%s", sep);
			add_key(out, p->key);
			node_flow(out, p->value);
			sep = ", ";
		}
		str_add(out, "}");
	}
}

/* "# machines/riscv-virt.yaml:31", behind what the line has */
static void add_origin(struct str *out, size_t line, const struct pos *at)
{
	size_t wide = out->n - line;

	str_add(out, "%*s # %s", wide < 56 ? (int)(56 - wide) : 0, "", at->file);
	if (at->line)
		str_add(out, ":%u", at->line);
}

static bool is_empty(const struct node *map)
{
	struct pair *p;

	for_pairs(p, map)
		if (!p->value->absent)
			return false;
	return true;
}

static void add_map(struct str *out, const struct node *map, u32 depth, bool origins)
{
	struct pair *p;

	for_pairs(p, map) {
		const struct node *n = p->value;
		size_t line = out->n;

		if (n->absent || (n->kind == NODE_MAP && is_empty(n)))
			continue;
		str_add(out, "%*s", (int)depth * 2, "");
		add_key(out, p->key);
		if (n->kind == NODE_MAP) {
			out->p[--out->n] = 0; /* nothing but the colon on this line */
			str_add(out, "\n");
			add_map(out, n, depth + 1, origins);
			continue;
		}
		node_flow(out, n);
		if (origins)
			add_origin(out, line, n->from ? &n->from->at : &n->at);
		str_add(out, "\n");
	}
}

static void add_head(struct board *b, struct str *out)
{
	str_add(out,
		"# %s with its files, parameters and automatic places put in.\n"
		"# Paths are as seen from the folder where `vmbuild resolve` ran.\n",
		b->file);
	if (b->plan.guest_missing)
		str_add(out, "# The guest `%s` is not fetched: what it would give is not here.\n",
			b->plan.guest);
	str_add(out, "vmbuild: 1\nkind: board\n");
	if (b->plan.description) {
		str_add(out, "description: ");
		str_json(out, b->plan.description);
		str_add(out, "\n");
	}
}

void board_resolve(struct board *b, bool origins, struct str *out)
{
	pin_all(b);
	add_head(b, out);
	add_map(out, b->root, 0, origins);
}

/* -- JSON: every scalar is a text, as in the file ------------------------------------- */

static void add_json(struct str *out, const struct node *n)
{
	const char *sep = "";
	struct pair *p;

	if (n->kind == NODE_SCALAR) {
		str_json(out, n->text);
	} else if (n->kind == NODE_LIST) {
		str_add(out, "[");
		for (u32 i = 0; i < n->n; i++) {
			str_add(out, i ? "," : "");
			add_json(out, n->items[i]);
		}
		str_add(out, "]");
	} else {
		str_add(out, "{");
		for_pairs(p, n) {
			if (p->value->absent)
				continue;
			str_add(out, "%s", sep);
			str_json(out, p->key);
			str_add(out, ":");
			add_json(out, p->value);
			sep = ",";
		}
		str_add(out, "}");
	}
}

void board_resolve_json(struct board *b, struct str *out)
{
	pin_all(b);
	add_json(out, b->root);
	str_add(out, "\n");
}

/* -- Differences ------------------------------------------------------------------------ */

struct differ {
	struct arena *a;
	struct str *out;
	u32 n;
};

static bool same(const struct node *a, const struct node *b)
{
	struct str x = { 0 }, y = { 0 };
	bool yes;

	node_flow(&x, a);
	node_flow(&y, b);
	yes = !strcmp(str_text(&x), str_text(&y));
	str_free(&x);
	str_free(&y);
	return yes;
}

static void add_line(struct differ *d, char sign, const char *path, const struct node *n)
{
	str_add(d->out, "%c %s: ", sign, path);
	node_flow(d->out, n);
	str_add(d->out, "\n");
	d->n++;
}

static const char *join(struct arena *a, const char *path, const char *key)
{
	return *path ? arena_printf(a, "%s.%s", path, key) : key;
}

static void differ_maps(struct differ *d, const char *path, const struct node *a,
			const struct node *b)
{
	struct pair *p;

	for_pairs(p, a) {
		const struct node *other = map_get(b, p->key);
		const char *at = join(d->a, path, p->key);

		if (p->value->absent)
			continue;
		if (!other)
			add_line(d, '-', at, p->value);
		else if (p->value->kind == NODE_MAP && other->kind == NODE_MAP)
			differ_maps(d, at, p->value, other);
		else if (!same(p->value, other)) {
			add_line(d, '-', at, p->value);
			add_line(d, '+', at, other);
		}
	}
	for_pairs(p, b)
		if (!p->value->absent && !map_get(a, p->key))
			add_line(d, '+', join(d->a, path, p->key), p->value);
}

u32 board_diff(struct board *a, struct board *b, struct str *out)
{
	struct differ d = { .a = &a->arena, .out = out };

	pin_all(a);
	pin_all(b);
	differ_maps(&d, "", a->root, b->root);
	return d.n;
}
