/* expr.c - $(...): parameters, numbers with units, + - * / << and parentheses.
 *
 *   sum     = product { ("+" | "-") product }        shift binds least, as in C
 *   product = primary { ("*" | "/") primary }
 *   primary = number | name [ "." part ] | "(" shift ")"
 *
 * Numbers are of 64 bits and never negative; whatever does not fit is an error.
 */
#include "parts.h"

#include <inttypes.h>

struct expr {
	struct board *b;
	const struct node *node;
	const char *text;
	size_t at;
	u32 depth;
	bool failed;
};

static const struct val no_value = { .absent = ABSENT_WRONG };

static struct val fail(struct expr *x, size_t from, size_t len, const char *what)
{
	if (!x->failed)
		diag_report(x->b->ds, node_part(x->node, from, len), DIAG_expression, "%s", what);
	x->failed = true;
	return no_value;
}

static void skip_spaces(struct expr *x)
{
	x->at += strspn(x->text + x->at, " \t\n");
}

/* -- Numbers ------------------------------------------------------------------ */

static struct val number(u64 num, enum unit unit)
{
	return (struct val){ .kind = VAL_NUMBER, .num = num, .unit = unit };
}

static struct val literal(struct expr *x)
{
	size_t n = strspn(x->text + x->at, "0123456789abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	const char *s = arena_text(&x->b->arena, x->text + x->at, n);
	static const enum unit units[] = { UNIT_NONE, UNIT_SIZE, UNIT_HZ, UNIT_NS };
	struct wrong w;
	struct val v;

	x->at += n;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		v = number(0, units[i]);
		if (scalar_unit(s, units[i], &v.num, &w))
			return v;
	}
	scalar_number(s, &v.num, &w);
	v = fail(x, x->at - n, n, arena_printf(&x->b->arena, "`%s`: %s", s, w.text));
	if (w.hint[0])
		diag_hint(x->b->ds, "%s", w.hint);
	return v;
}

/* A size is a number of bytes; other units do not mix. */
static bool plain(enum unit u)
{
	return u == UNIT_NONE || u == UNIT_SIZE;
}

static struct val apply(struct expr *x, char op, struct val a, struct val b, size_t at)
{
	enum unit unit = a.unit == UNIT_NONE ? b.unit : a.unit;
	bool overflow = false;
	u64 r = 0;

	if (x->failed)
		return no_value;
	if (a.absent || b.absent)
		return fail(x, at, 1, "a parameter here has no value");
	if (a.kind != VAL_NUMBER || b.kind != VAL_NUMBER)
		return fail(x, at, 1, "only numbers can be calculated with");
	if ((op == '+' || op == '-') && a.unit != b.unit && !(plain(a.unit) && plain(b.unit)))
		return fail(x, at, 1, "the two sides have different units");
	if (op == '*' && !plain(a.unit) && !plain(b.unit))
		return fail(x, at, 1, "one side of `*` must be a plain number");
	if (op == '/' && b.num == 0)
		return fail(x, at, 1, "division by zero");
	if (op == '/' && !plain(b.unit))
		unit = a.unit == b.unit ? UNIT_NONE : unit;
	switch (op) {
	case '+':
		overflow = ADD_OVERFLOWS(a.num, b.num, &r);
		break;
	case '-':
		if (b.num > a.num)
			return fail(x, at, 1, "the difference is negative");
		r = a.num - b.num;
		break;
	case '*':
		overflow = MUL_OVERFLOWS(a.num, b.num, &r);
		break;
	case '/':
		r = a.num / b.num;
		break;
	case '<':
		overflow = b.num > 63 || a.num << b.num >> b.num != a.num;
		r = overflow ? 0 : a.num << b.num;
		break;
	}
	return overflow ? fail(x, at, 1, "the result has more than 64 bits") : number(r, unit);
}

/* -- Names -------------------------------------------------------------------- */

static void unknown_name(struct expr *x, const char *name, size_t from)
{
	struct nearest near = { 0 };
	const char *minus = strchr(name, '-');

	fail(x, from, strlen(name), arena_printf(&x->b->arena, "no parameter `%s`", name));
	for (u32 i = 0; i < x->b->nparams; i++)
		nearest_try(&near, name, x->b->params[i].name);
	if (near.word)
		diag_hint(x->b->ds, "did you mean `%s`?", near.word);
	else if (minus)
		diag_hint(x->b->ds, "to subtract, put spaces round the `-`");
	else
		diag_hint(x->b->ds, "declare it under `params:`");
}

/* Parts that every guest may have; a recipe can have more, all of them files. */
static bool is_common_part(const char *part)
{
	static const char *const parts[] = { "kernel", "initrd", "image", "firmware", "bootargs" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strcmp(parts[i], part))
			return true;
	return false;
}

/* Why there is no such part: it is not fetched, or has none, or is no guest at all. */
static struct val missing_part(struct expr *x, const struct val *guest, const char *part,
			       size_t from, const struct err *why)
{
	struct board *b = x->b;
	struct pos at = guest->from->at;

	if (b->host->guest && !why->text[0])
		return (struct val){ .absent = ABSENT_UNSET };
	if (strcmp(why->code, "E0204") != 0) {
		b->plan.guest_why = arena_text(&b->arena, why->text, strlen(why->text));
		return (struct val){ .absent = ABSENT_GUEST };
	}
	if (!is_common_part(part))
		at = node_part(x->node, from, x->at - from);
	diag_report(b->ds, at, DIAG_out_of_range, "%s", why->text);
	if (why->hint[0])
		diag_hint(b->ds, "%s", why->hint);
	return no_value;
}

/* The fetched guest's file or text. */
static struct val guest_part(struct expr *x, struct param *p, const char *part, size_t from)
{
	struct board *b = x->b;
	const struct val *guest = param_val(b, p);
	struct val v = { .kind = VAL_TEXT, .is_path = strcmp(part, "bootargs") != 0 };
	struct err why = { 0 };
	char *text;

	if (guest->absent)
		return (struct val){ .absent = guest->absent };
	b->plan.guest = guest->text;
	text = b->host->guest ? b->host->guest(b->host->ctx, guest->text, part, &why) : NULL;
	if (!text)
		return missing_part(x, guest, part, from, &why);
	v.text = arena_text(&b->arena, text, strlen(text));
	free(text);
	return v;
}

static bool any_has(const struct node *choices, const char *part)
{
	struct pair *c;

	for_pairs(c, choices)
		if (c->value->kind == NODE_MAP && map_get(c->value, part))
			return true;
	return false;
}

/* What `values:` says of the word that was chosen; what it does not say has no value. */
static struct val choice_part(struct expr *x, struct param *p, const char *part, size_t from)
{
	const struct val *word = param_val(x->b, p);
	const struct node *n;

	if (!any_has(p->parts, part))
		return fail(x, from, x->at - from,
			    arena_printf(&x->b->arena, "no value of `%s` has a part `%s`", p->name,
					 part));
	if (word->absent)
		return (struct val){ .absent = word->absent };
	n = map_get(p->parts, word->text);
	n = n && n->kind == NODE_MAP ? map_get(n, part) : NULL;
	if (!n || n->kind != NODE_SCALAR)
		return (struct val){ .absent = ABSENT_UNSET };
	return (struct val){ .kind = VAL_TEXT, .text = n->text };
}

static struct val part_of(struct expr *x, struct param *p, size_t from)
{
	size_t n = strspn(x->text + x->at, "abcdefghijklmnopqrstuvwxyz0123456789-");
	const char *part = arena_text(&x->b->arena, x->text + x->at, n);

	x->at += n;
	if (p->type == PARAM_GUEST)
		return guest_part(x, p, part, from);
	if (p->parts)
		return choice_part(x, p, part, from);
	return fail(x, from, x->at - from, "only a guest and a word with parts have parts");
}

static struct val name(struct expr *x)
{
	size_t from = x->at, n = strspn(x->text + x->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
	struct param *p;
	const char *s;

	/* clock-hz is one name, `ram - 1` has spaces */
	while (x->text[from + n] == '-' &&
	       strspn(x->text + from + n + 1, "abcdefghijklmnopqrstuvwxyz"))
		n += 1 + strspn(x->text + from + n + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
	s = arena_text(&x->b->arena, x->text + from, n);
	x->at += n;
	p = param_find(x->b, s);
	if (!p) {
		unknown_name(x, s, from);
		return no_value;
	}
	p->used = true;
	if (x->text[x->at] == '.') {
		x->at++;
		return part_of(x, p, from);
	}
	if (param_val(x->b, p)->absent == ABSENT_WRONG)
		x->failed = true;
	return *param_val(x->b, p);
}

/* -- The grammar ---------------------------------------------------------------- */

static struct val shift(struct expr *x);

static struct val primary(struct expr *x)
{
	struct val v;
	char c;

	skip_spaces(x);
	c = x->text[x->at];
	if (c >= '0' && c <= '9')
		return literal(x);
	if (c >= 'a' && c <= 'z')
		return name(x);
	if (c >= 'A' && c <= 'Z')
		return fail(x, x->at, 1, "names of parameters have small letters");
	if (c != '(' || x->depth == BOARD_MAX_DEPTH)
		return fail(x, x->at, 1, "a number, a parameter or `(` should stand here");
	x->at++;
	x->depth++;
	v = shift(x);
	x->depth--;
	skip_spaces(x);
	if (x->text[x->at] != ')')
		return fail(x, x->at, 1, "a `)` is missing here");
	x->at++;
	return v;
}

static struct val product(struct expr *x)
{
	struct val v = primary(x);

	for (;;) {
		size_t at;

		skip_spaces(x);
		at = x->at;
		if (x->failed || (x->text[at] != '*' && x->text[at] != '/'))
			return v;
		x->at++;
		v = apply(x, x->text[at], v, primary(x), at);
	}
}

static struct val sum(struct expr *x)
{
	struct val v = product(x);

	for (;;) {
		size_t at;

		skip_spaces(x);
		at = x->at;
		if (x->failed || (x->text[at] != '+' && x->text[at] != '-'))
			return v;
		x->at++;
		v = apply(x, x->text[at], v, product(x), at);
	}
}

static struct val shift(struct expr *x)
{
	struct val v = sum(x);

	for (;;) {
		size_t at;

		skip_spaces(x);
		at = x->at;
		if (x->failed || strncmp(x->text + at, "<<", 2) != 0)
			return v;
		x->at += 2;
		v = apply(x, '<', v, sum(x), at);
	}
}

/* -- Scalars -------------------------------------------------------------------- */

static const char *val_text(struct arena *a, const struct val *v)
{
	char buf[40];

	if (v->text)
		return v->text;
	if (v->unit == UNIT_SIZE)
		return arena_printf(a, "%s", size_text(buf, sizeof(buf), v->num));
	return arena_printf(a, "%" PRIu64 "%s", v->num,
			    v->unit == UNIT_HZ   ? "Hz"
			    : v->unit == UNIT_NS ? "ns"
						 : "");
}

/* One $(...), from its `$` on. */
static struct val one(struct expr *x)
{
	size_t from = x->at;
	struct val v;

	x->at += 2;
	v = shift(x);
	skip_spaces(x);
	if (!x->failed && x->text[x->at] != ')') {
		if (x->text[x->at]) {
			fail(x, x->at, 1, "an operator or `)` should stand here");
			diag_hint(x->b->ds, "the operators are + - * / <<");
			return no_value;
		}
		return fail(x, from, 2, "this `$(` is not closed");
	}
	x->at++;
	if (!v.absent)
		v.text = val_text(&x->b->arena, &v);
	return v;
}

static bool check_braces(struct board *b, const struct node *n)
{
	const char *brace = strstr(n->text, "${");

	if (!brace)
		return true;
	diag_report(b->ds, node_part(n, (size_t)(brace - n->text), 2), DIAG_expression,
		    "`${` begins nothing here");
	return diag_hint(b->ds, "write `$(%.*s)`", (int)strcspn(brace + 2, "}"), brace + 2);
}

/* Text with expressions in it, into `out`.  Absent parts of it are an error. */
static struct val text_of_parts(struct expr *x, struct str *out)
{
	struct val v = { .kind = VAL_TEXT, .from = x->node };
	const char *dollar;

	while ((dollar = strstr(x->text + x->at, "$("))) {
		size_t start = (size_t)(dollar - x->text);
		struct val part;

		str_bytes(out, x->text + x->at, start - x->at);
		x->at = start;
		part = one(x);
		if (x->failed)
			return no_value;
		if (start == 0 && !x->text[x->at])
			return part;
		if (part.absent == ABSENT_UNSET)
			return fail(x, start, x->at - start,
				    "this has no value, and a text goes round it");
		if (part.absent)
			return part;
		v.is_path |= part.is_path && start == 0;
		str_add(out, "%s", part.text);
		if (out->n > BOARD_MAX_SCALAR) {
			diag_report(x->b->ds, x->node->at, DIAG_too_large,
				    "a text of more than 64 KiB");
			return no_value;
		}
	}
	str_add(out, "%s", x->text + x->at);
	v.text = arena_text(&x->b->arena, out->p, out->n);
	return v;
}

struct val expr_scalar(struct board *b, const struct node *n)
{
	struct expr x = { .b = b, .node = n, .text = n->text };
	struct str text = { 0 };
	struct val v;

	if (!check_braces(b, n))
		return no_value;
	v = text_of_parts(&x, &text);
	str_free(&text);
	return v;
}
