/* param.c - parameters: declared, typed, given values; and what they do to the tree. */
#include "parts.h"

const char *const param_types[] = {
	[PARAM_INT] = "int",
	[PARAM_SIZE] = "size",
	[PARAM_BOOL] = "bool",
	[PARAM_TEXT] = "text",
	[PARAM_PATH] = "path",
	[PARAM_ISA] = "isa",
	[PARAM_GUEST] = "guest",
	[PARAM_ENUM] = "enum",
	[PARAM_FREQUENCY] = "frequency",
	NULL,
};

/* -- Declarations ----------------------------------------------------------------- */

static enum unit type_unit(enum param_type type)
{
	return type == PARAM_SIZE ? UNIT_SIZE : type == PARAM_FREQUENCY ? UNIT_HZ : UNIT_NONE;
}

static bool is_number(enum param_type type)
{
	return type == PARAM_INT || type == PARAM_SIZE || type == PARAM_FREQUENCY;
}

static void read_limit(struct board *b, const struct param *p, const struct node *decl,
		       const char *key, u64 *limit)
{
	const struct node *n = map_get(decl, key);

	if (!n)
		return;
	if (is_number(p->type))
		check_unit(b, n, key, type_unit(p->type), limit);
	else
		diag_report(b->ds, n->at, DIAG_wrong_form, "`%s:` is for numbers, and `%s` is %s",
			    key, p->name, param_types[p->type]);
}

static void read_type(struct board *b, struct param *p, const struct node *decl)
{
	const struct node *n = map_get(decl, "type");
	i32 type;

	p->type = PARAM_TEXT;
	if (!n) {
		diag_report(b->ds, p->at, DIAG_missing, "the parameter `%s` has no `type:`",
			    p->name);
		diag_hint(b->ds, "the types are %s", words_text(&b->arena, param_types, ", "));
		return;
	}
	type = check_word(b, n, "type", param_types);
	p->type_known = type >= 0;
	if (type >= 0)
		p->type = (enum param_type)type;
}

/* Words with parts: `values: {none: {irqchip: plic}, ...}`, for $(aia.irqchip). */
static void read_choices(struct board *b, struct param *p, const struct node *choices)
{
	const struct node *parts;
	const char **words;
	struct pair *c, *part;
	u32 n = 0, count;

	if (choices->kind != NODE_MAP) {
		check_texts(b, choices, "values", &p->words, &count);
		return;
	}
	words = NEW_N(&b->arena, const char *, choices->n + 1);
	for_pairs(c, choices) {
		words[n++] = c->key;
		parts = check_map(b, c->value, c->key);
		if (!parts)
			continue;
		for_pairs(part, parts)
			check_text(b, part->value, part->key);
	}
	p->words = words;
	p->parts = choices;
}

static void read_param(struct board *b, struct param *p, const struct pair *pair)
{
	const struct node *decl = pair->value, *n;
	const struct pair *value;

	*p = (struct param){ .name = pair->key, .at = pair->key_at, .max = UINT64_MAX };
	if (!is_kebab(p->name)) {
		diag_report(b->ds, p->at, DIAG_name, "`%s` is no name for a parameter", p->name);
		diag_hint(b->ds, "names have small letters, digits and `-`");
	}
	if (decl->kind != NODE_MAP) {
		diag_report(b->ds, decl->at, DIAG_wrong_form, "a parameter is declared by a map");
		diag_hint(b->ds, "write `%s: {type: text, default: ...}`", p->name);
		p->state = PARAM_DONE;
		p->val.absent = ABSENT_WRONG;
		return;
	}
	check_keys(b, decl, "a parameter", lang_params);
	read_type(b, p, decl);
	read_limit(b, p, decl, "min", &p->min);
	read_limit(b, p, decl, "max", &p->max);
	if ((n = map_get(decl, "doc")))
		p->doc = check_text(b, n, "doc");
	if ((n = map_get(decl, "required")))
		check_bool(b, n, "required", &p->required);
	if ((n = map_get(decl, "values")))
		read_choices(b, p, n);
	value = map_pair(decl, "default");
	p->value = value ? value->value : NULL;
}

void params_read(struct board *b)
{
	const struct node *params = map_get(b->root, "params");
	struct pair *p;

	if (params)
		params = check_map(b, params, "params");
	if (!params)
		return;
	b->params = NEW_N(&b->arena, struct param, params->n);
	for_pairs(p, params)
		read_param(b, &b->params[b->nparams++], p);
}

struct param *param_find(struct board *b, const char *name)
{
	for (u32 i = 0; i < b->nparams; i++)
		if (!strcmp(b->params[i].name, name))
			return &b->params[i];
	return NULL;
}

/* -- Values ------------------------------------------------------------------------ */

static bool check_type(struct board *b, struct param *p, struct node *n, struct val *v)
{
	struct isa isa;
	bool yes;

	switch (p->type) {
	case PARAM_INT:
	case PARAM_SIZE:
	case PARAM_FREQUENCY:
		v->kind = VAL_NUMBER;
		v->unit = type_unit(p->type);
		return check_unit(b, n, p->name, v->unit, &v->num) &&
		       check_range(b, n, p->name, v->unit, v->num, p->min, p->max);
	case PARAM_BOOL:
		return check_bool(b, n, p->name, &yes);
	case PARAM_ISA:
		return check_isa(b, n, p->name, &isa);
	case PARAM_PATH:
		if (!n->text[0])
			return diag_report(b->ds, n->at, DIAG_wrong_form, "%s: no file is named",
					   p->name);
		v->text = node_path(&b->arena, n);
		v->is_path = true;
		return true;
	case PARAM_GUEST:
	case PARAM_ENUM:
	case PARAM_TEXT:
		return true;
	}
	return true;
}

static void report_required(struct board *b, const struct param *p)
{
	report_missing(b, p->at, arena_printf(&b->arena, "a value for `%s`", p->name), p->doc);
	diag_hint(b->ds, "`-p %s=%s`", p->name, p->type == PARAM_PATH ? "FILE" : "...");
}

static struct val evaluate(struct board *b, struct param *p)
{
	struct val v = { .absent = ABSENT_UNSET };
	struct node n;

	if (p->value && p->value->kind == NODE_SCALAR && (p->value->text[0] || p->value->quoted)) {
		v = expr_scalar(b, p->value);
	} else if (p->value && (p->value->kind != NODE_SCALAR)) {
		diag_report(b->ds, p->value->at, DIAG_wrong_form, "%s: a parameter has one value",
			    p->name);
		v.absent = ABSENT_WRONG;
	}
	if (v.absent == ABSENT_UNSET && p->required) {
		report_required(b, p);
		v.absent = ABSENT_WRONG;
	}
	if (v.absent)
		return v;
	n = *p->value;
	n.text = v.text;
	n.is_path = v.is_path;
	v.kind = VAL_TEXT;
	if (!check_type(b, p, &n, &v) || (p->words && check_word(b, &n, p->name, p->words) < 0))
		return (struct val){ .absent = ABSENT_WRONG };
	if (v.kind == VAL_NUMBER)
		v.text = n.text;
	v.from = p->value;
	return v;
}

/* "a -> b -> a" */
static const char *circle_text(struct board *b, const struct param *p)
{
	const char *text = p->name;

	for (const struct param *q = b->evaluating; q && q != p; q = q->by)
		text = arena_printf(&b->arena, "%s -> %s", q->name, text);
	return arena_printf(&b->arena, "%s -> %s", p->name, text);
}

const struct val *param_val(struct board *b, struct param *p)
{
	if (p->state == PARAM_BUSY) {
		diag_report(b->ds, p->value->at, DIAG_expression,
			    "the value of `%s` depends on itself: %s", p->name, circle_text(b, p));
		p->state = PARAM_DONE;
		p->val = (struct val){ .absent = ABSENT_WRONG };
	}
	if (p->state == PARAM_NEW) {
		struct param *by = b->evaluating;
		struct val v;

		p->state = PARAM_BUSY;
		p->by = by;
		b->evaluating = p;
		v = evaluate(b, p);
		b->evaluating = by;
		if (p->state == PARAM_BUSY)
			p->val = v;
		p->state = PARAM_DONE;
	}
	return &p->val;
}

static void warn_unused(struct board *b)
{
	if (b->altered || b->ds->errors)
		return; /* its only use may be in what is wrong */
	for (u32 i = 0; i < b->nparams; i++) {
		struct param *p = &b->params[i];

		if (p->used || !p->type_known || strcmp(p->at.file, b->file) != 0)
			continue;
		diag_report(b->ds, p->at, DIAG_unused, "the parameter `%s` is used nowhere",
			    p->name);
		diag_hint(b->ds, "write `$(%s)` where its value belongs, or delete it", p->name);
	}
}

/* -- The tree ------------------------------------------------------------------------ */

static void substitute_scalar(struct board *b, struct node *n)
{
	struct val v;

	if (!strchr(n->text, '$'))
		return;
	v = expr_scalar(b, n);
	n->absent = v.absent;
	if (v.absent) {
		b->plan.guest_missing |= v.absent == ABSENT_GUEST;
		return;
	}
	n->text = v.text;
	n->is_path = v.is_path;
	n->from = v.from != n ? v.from : NULL;
}

/* False: `when:` drops this entry. */
static bool keeps(struct board *b, struct node *n)
{
	struct pair *when = n->kind == NODE_MAP ? map_pair(n, "when") : NULL;
	struct node *v = when ? when->value : NULL;
	bool yes = true;

	if (!when)
		return true;
	when->value = NULL;
	if (v->kind == NODE_SCALAR)
		substitute_scalar(b, v);
	if (!v->absent)
		check_bool(b, v, "when", &yes);
	else if (v->absent == ABSENT_UNSET)
		diag_report(b->ds, v->at, DIAG_missing, "when: `%s` has no value", v->text);
	return yes;
}

static void substitute_node(struct board *b, struct node *n);

static void substitute_map(struct board *b, struct node *map)
{
	struct pair *p;

	for_pairs(p, map) {
		if (keeps(b, p->value)) {
			substitute_node(b, p->value);
			continue;
		}
		if (!map_pair(b->dropped, p->key))
			map_put(&b->arena, b->dropped, p->key, p->key_at, p->value);
		p->value = NULL;
	}
}

static void substitute_list(struct board *b, struct node *list)
{
	u32 kept = 0;

	for (u32 i = 0; i < list->n; i++) {
		struct node *item = list->items[i];

		if (!keeps(b, item))
			continue;
		substitute_node(b, item);
		if (item->absent != ABSENT_UNSET)
			list->items[kept++] = item;
	}
	list->n = kept;
}

static void substitute_node(struct board *b, struct node *n)
{
	switch (n->kind) {
	case NODE_SCALAR:
		substitute_scalar(b, n);
		break;
	case NODE_MAP:
		substitute_map(b, n);
		break;
	case NODE_LIST:
		substitute_list(b, n);
		break;
	}
}

void substitute(struct board *b)
{
	struct pair *params = map_pair(b->root, "params");

	if (params)
		params->value = NULL;
	b->dropped = node_new(&b->arena, NODE_MAP, b->root->at);
	substitute_map(b, b->root);
	/* Also what is not used must be right: a default is a promise. */
	for (u32 i = 0; i < b->nparams; i++)
		param_val(b, &b->params[i]);
	warn_unused(b);
}
