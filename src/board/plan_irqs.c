/* plan_irqs.c - interrupts: which line of which controller, and that nobody else has it.
 *
 * What is written is taken first; then `auto`, in the order of the file, takes the
 * lowest free line of what `auto: {irq:}` allows.
 */
#include "parts.h"

#define FIRST_LINE 1 /* 0 means "none" to a PLIC (PLIC specification, chapter 3) */
#define MOST_LINES 4096

/* -- Controllers --------------------------------------------------------------------- */

static u32 highest_line(const struct plan_device *d)
{
	const struct value *v = d->class->irq_limit ? planned_value(d, d->class->irq_limit) : NULL;

	return v ? (u32)MIN(v->num, MOST_LINES) : MOST_LINES;
}

static void allow_lines(struct planner *pl, struct lines *l, const struct node *n, u32 from, u32 to)
{
	if (from < FIRST_LINE || to > l->highest || from > to) {
		diag_report(pl->b->ds, n->at, DIAG_irq_range, "auto.irq: `%s` has lines %d..%u",
			    pl->p->devices[l->controller].name, FIRST_LINE, l->highest);
		return;
	}
	for (u32 i = from; i <= to; i++)
		l->allowed[i] = true;
}

/* "7", or "7-22" */
static bool read_lines(struct board *b, const struct node *n, const char *what, const char *s,
		       u32 *from, u32 *to)
{
	size_t dash = strcspn(s, "-");
	const char *first = arena_text(&b->arena, s, dash);
	struct wrong w;
	u64 lo, hi;

	if (scalar_number(first, &lo, &w) &&
	    (s[dash] ? scalar_number(s + dash + 1, &hi, &w) : (hi = lo, true)) &&
	    hi <= UINT32_MAX && lo <= hi) {
		*from = (u32)lo;
		*to = (u32)hi;
		return true;
	}
	diag_report(b->ds, n->at, DIAG_wrong_form, "%s: `%s` is no line or range of lines", what,
		    s);
	if (s[dash] && scalar_number(first, &lo, &w) && scalar_number(s + dash + 1, &hi, &w))
		return diag_hint(b->ds, "the lower line comes first: `%s-%s`", s + dash + 1, first);
	return diag_hint(b->ds, "lines are written 10, 7-22 or [1, 2, 5]");
}

static void read_allowed(struct planner *pl, struct lines *l, const struct node *n)
{
	u32 count = n->kind == NODE_LIST ? n->n : 1, from = 0, to = 0;

	for (u32 i = 0; i < count; i++) {
		const struct node *item = n->kind == NODE_LIST ? n->items[i] : n;

		if (check_text(pl->b, item, "auto.irq") &&
		    read_lines(pl->b, item, "auto.irq", item->text, &from, &to))
			allow_lines(pl, l, item, from, to);
	}
}

/* What `auto: {irq:}` says of a controller: all of it is about the board's, or a map by name. */
static const struct node *allowed_of(const struct planner *pl, u32 controller)
{
	const struct node *n = pl->autos ? map_get(pl->autos, "irq") : NULL;

	if (n && n->kind == NODE_MAP)
		return map_get(n, pl->p->devices[controller].name);
	return controller == pl->p->irq_parent ? n : NULL;
}

static bool has_child(const struct plan_device *d, u32 child)
{
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind == PROP_KIND_REF && r->wants == PROVIDES_DOMAIN && v->ref &&
		    v->ref->provider == child)
			return true;
	}
	return false;
}

/* The one that delegates to it; PLAN_NONE: nobody does. */
static u32 parent_of(const struct planner *pl, u32 controller)
{
	for (u32 i = 0; i < pl->p->ndevices; i++)
		if (has_child(&pl->p->devices[i], controller))
			return i;
	return PLAN_NONE;
}

static struct lines *find_lines(const struct planner *pl, u32 controller)
{
	for (u32 i = 0; i < pl->nlines; i++)
		if (pl->lines[i].controller == controller)
			return &pl->lines[i];
	return NULL;
}

static struct lines *lines_of(struct planner *pl, u32 controller);

/* Domains of one controller have the same lines, which arrive at the one above the others.  If
 * the board makes them a circle, which is reported, one is found that has none yet. */
static struct lines lines_above(struct planner *pl, u32 controller)
{
	u32 parent = parent_of(pl, controller);

	return parent == PLAN_NONE ? (struct lines){ 0 } : *lines_of(pl, parent);
}

static struct lines *lines_of(struct planner *pl, u32 controller)
{
	const struct node *allowed = allowed_of(pl, controller);
	struct lines *l = find_lines(pl, controller), above;
	u32 index = pl->nlines;

	if (l)
		return l;
	ARENA_GROW(&pl->b->arena, &pl->lines, pl->nlines, &pl->lines_cap);
	pl->lines[pl->nlines++] = (struct lines){ .controller = controller };
	above = lines_above(pl, controller);
	l = &pl->lines[index];
	l->next = FIRST_LINE;
	l->highest = above.owner ? above.highest : highest_line(&pl->p->devices[controller]);
	l->owner = above.owner ? above.owner : NEW_N(&pl->b->arena, u32, l->highest + 1);
	l->at = above.owner ? above.at : NEW_N(&pl->b->arena, struct pos, l->highest + 1);
	l->allowed = NEW_N(&pl->b->arena, bool, l->highest + 1);
	if (allowed)
		read_allowed(pl, l, allowed);
	else
		memset(l->allowed + FIRST_LINE, true, l->highest);
	return l;
}

static void check_auto_irq(struct planner *pl)
{
	const struct node *n = pl->autos ? map_get(pl->autos, "irq") : NULL;
	struct pair *p;

	if (n && n->kind != NODE_MAP && pl->p->irq_parent != PLAN_NONE)
		lines_of(pl, pl->p->irq_parent);
	if (!n || n->kind != NODE_MAP)
		return;
	for_pairs(p, n) {
		struct node name = { .kind = NODE_SCALAR, .at = p->key_at, .text = p->key };
		u32 i = planner_ref(pl, &name, 0, strlen(p->key), "auto.irq");

		if (i != PLAN_NONE && pl->p->devices[i].class->irq_cells)
			lines_of(pl, i);
		else if (i != PLAN_NONE)
			report_no_irqs(pl, p->key_at, "auto.irq", i);
	}
}

/* -- Taking a line ----------------------------------------------------------------------- */

#define MOST_TEXT 100 /* of a list in a sentence */

/* "1-9, 12-31, 56-96" */
static const char *free_text(struct planner *pl, const struct lines *l)
{
	struct str s = { 0 };
	const char *text;

	for (u32 i = FIRST_LINE, end; i <= l->highest && s.n < MOST_TEXT; i = end + 1) {
		for (end = i; end <= l->highest && !l->owner[end]; end++)
			;
		if (end == i)
			continue;
		str_add(&s, s.n ? ", %u" : "%u", i);
		if (end - i > 1)
			str_add(&s, "-%u", end - 1);
	}
	text = s.n ? arena_text(&pl->b->arena, s.p, s.n) : "none";
	str_free(&s);
	return text;
}

static bool may_share(const struct planner *pl, u32 a, u32 b)
{
	return pl->p->devices[a].class->shareable_irq && pl->p->devices[b].class->shareable_irq;
}

static void take_line(struct planner *pl, u32 i, struct lines *l, u32 line, struct pos at)
{
	const struct plan_device *c = &pl->p->devices[pl->p->devices[i].irq_parent];
	u32 owner;

	if (line < FIRST_LINE || line > l->highest) {
		diag_report(pl->b->ds, at, DIAG_irq_range, "interrupt %u: `%s` has lines %d..%u",
			    line, c->name, FIRST_LINE, l->highest);
		diag_note(pl->b->ds, c->at, "`%s` is here", c->name);
		return;
	}
	if (pl->p->devices[i].disabled)
		return;
	owner = l->owner[line];
	if (!owner) {
		l->owner[line] = i + 1;
		l->at[line] = at;
		return;
	}
	if (may_share(pl, owner - 1, i))
		return;
	diag_report(pl->b->ds, at, DIAG_irq_used, "interrupt %u of `%s` is already used by `%s`",
		    line, c->name, pl->p->devices[owner - 1].name);
	diag_note(pl->b->ds, l->at[line], "`%s` has it here", pl->p->devices[owner - 1].name);
	diag_hint(pl->b->ds, "free: %s", free_text(pl, l));
}

/* -- One property ------------------------------------------------------------------------- */

struct irqs {
	struct planner *pl;
	u32 device;
	const struct prop *row;
	const char *what;
	struct value_irq *list;
	u32 n, cap, most;
};

static void add_line(struct irqs *q, u32 controller, u32 line, u32 flags)
{
	ARENA_GROW(&q->pl->b->arena, &q->list, q->n, &q->cap);
	q->list[q->n++] = (struct value_irq){ controller, line, flags };
}

static bool read_trigger(struct irqs *q, const struct node *n, size_t off, u32 controller,
			 u32 *flags)
{
	/* as in the bindings: interrupt-controller/interrupts.txt */
	static const char *const words[] = { "edge-rising", "edge-falling", "level-high",
					     "level-low", NULL };
	struct board *b = q->pl->b;
	const struct plan_device *c = &q->pl->p->devices[controller];
	const char *s = n->text + off;

	*flags = c->class->irq_cells > 1 ? 4 : 0;
	if (!*s)
		return true;
	if (c->class->irq_cells < 2) {
		diag_report(b->ds, node_part(n, off, strlen(s)), DIAG_wrong_cells,
			    "%s: an interrupt of `%s` is one number", q->what, c->name);
		return diag_hint(b->ds, "write `%.*s`, or `[1, 2]` for two lines",
				 (int)strcspn(n->text, " "), n->text);
	}
	for (u32 i = 0; words[i]; i++)
		if (!strcmp(words[i], s)) {
			*flags = 1u << i;
			return true;
		}
	diag_report(b->ds, node_part(n, off, strlen(s)), DIAG_wrong_cells,
		    "%s: `%s` is no way to trigger", q->what, s);
	return diag_hint(b->ds, "they are %s", words_text(&b->arena, words, " and "));
}

/* `plic 25`, as references are written. */
static bool names_controller(struct irqs *q, const struct node *n, size_t end, const char *rest)
{
	struct board *b = q->pl->b;
	const char *name = arena_text(&b->arena, n->text, end);
	u32 i = planner_find(q->pl, name);

	if (i == PLAN_NONE)
		return false;
	diag_report(b->ds, node_part(n, 0, end), DIAG_wrong_form,
		    "%s: a line stands here, without its controller", q->what);
	diag_hint(b->ds, "write `%s: %s`, with `interrupt-parent: %s` if that is not the board's",
		  q->what, *rest ? rest : "1", name);
	return true;
}

/* "10", "7-22", "4 level-high" */
static void read_item(struct irqs *q, const struct node *n)
{
	struct plan_device *d = &q->pl->p->devices[q->device];
	struct board *b = q->pl->b;
	const char *s = check_text(b, n, q->what);
	size_t end, off;
	u32 from = 0, to = 0, flags = 0;

	if (!s)
		return;
	end = strcspn(s, " ");
	off = end + strspn(s + end, " ");
	if (names_controller(q, n, end, s + off))
		return;
	if (!read_lines(b, n, q->what, arena_text(&b->arena, s, end), &from, &to) ||
	    !read_trigger(q, n, off, d->irq_parent, &flags))
		return;
	if (to - from >= q->most || q->n + (to - from) >= q->most) {
		diag_report(b->ds, n->at, DIAG_out_of_range, "%s: a %s has at most %u interrupt%s",
			    q->what, d->class->name, q->most, q->most == 1 ? "" : "s");
		return;
	}
	for (u32 i = 0; i <= to - from; i++) {
		take_line(q->pl, q->device, lines_of(q->pl, d->irq_parent), from + i, n->at);
		add_line(q, d->irq_parent, from + i, flags);
	}
}

static bool is_auto(const struct node *n)
{
	return n->kind == NODE_SCALAR && !strcmp(n->text, "auto");
}

static void report_no_controller(struct planner *pl, u32 i, struct pos at)
{
	if (pl->irq_parent_wrong)
		return;
	diag_report(pl->b->ds, at, DIAG_no_controller, "no interrupt controller for `%s`",
		    pl->p->devices[i].name);
	for (u32 k = 0; k < pl->p->ndevices; k++)
		if (pl->p->devices[k].class->irq_cells) {
			diag_hint(pl->b->ds, "write `interrupt-parent: %s` at the top of the file",
				  pl->p->devices[k].name);
			return;
		}
	diag_hint(pl->b->ds, "this board has none: add a `plic`");
}

/* Few lines, or so many as the class cannot do without. */
static u32 fewest(const struct prop *row)
{
	return row->min ? (u32)row->min : 1;
}

static void read_row(struct irqs *q, const struct node *n)
{
	if (q->pl->p->devices[q->device].irq_parent == PLAN_NONE) {
		report_no_controller(q->pl, q->device, n->at);
		return;
	}
	for (u32 i = 0; n->kind == NODE_LIST && i < n->n; i++)
		read_item(q, n->items[i]);
	if (n->kind != NODE_LIST)
		read_item(q, n);
	if (q->n && q->n < fewest(q->row)) {
		diag_report(q->pl->b->ds, n->at, DIAG_out_of_range,
			    "%s: a %s has %u interrupts, not %u", q->what,
			    q->pl->p->devices[q->device].class->name, fewest(q->row), q->n);
	}
}

static bool next_free(struct lines *l, u32 *line)
{
	while (l->next <= l->highest && (l->owner[l->next] || !l->allowed[l->next]))
		l->next++;
	*line = l->next;
	return l->next <= l->highest;
}

static void take_automatic(struct irqs *q, struct pos at)
{
	struct planner *pl = q->pl;
	u32 controller = pl->p->devices[q->device].irq_parent, line;
	struct lines *l;

	if (controller == PLAN_NONE) {
		report_no_controller(pl, q->device, at);
		return;
	}
	l = lines_of(pl, controller);
	for (u32 i = 0; i < fewest(q->row); i++) {
		if (!next_free(l, &line)) {
			diag_report(pl->b->ds, at, DIAG_no_room,
				    "no interrupt of `%s` is left for `%s`",
				    pl->p->devices[controller].name,
				    pl->p->devices[q->device].name);
			diag_hint(pl->b->ds,
				  "free, but not for `auto`: %s; `auto: {irq: {%s: ...}}` says "
				  "which are",
				  free_text(pl, l), pl->p->devices[controller].name);
			return;
		}
		take_line(pl, q->device, l, line, at);
		add_line(q, controller, line,
			 pl->p->devices[controller].class->irq_cells > 1 ? 4 : 0);
	}
}

static bool is_free(const struct lines *l, u64 line)
{
	return line >= FIRST_LINE && line <= l->highest && !l->owner[line] && l->allowed[line];
}

/* Lines that the lock file says, if all of them are to be had. */
static void take_pinned(struct irqs *q)
{
	struct planner *pl = q->pl;
	const struct plan_device *d = &pl->p->devices[q->device];
	const struct node *pin = lock_pin(pl->b, d->name, q->what);
	u32 count = pin && pin->kind == NODE_LIST ? pin->n : 1;
	u64 *lines = NEW_N(&pl->b->arena, u64, count + 1);
	struct lines *l;

	if (!pin || d->irq_parent == PLAN_NONE)
		return;
	l = lines_of(pl, d->irq_parent);
	for (u32 i = 0; i < count; i++) {
		const struct node *n = pin->kind == NODE_LIST ? pin->items[i] : pin;

		if (!check_number(pl->b, n, q->what, &lines[i]))
			return;
		if (count != fewest(q->row) || !is_free(l, lines[i])) {
			lock_report_lost(pl->b, pin, d->name, "its interrupts are taken");
			return;
		}
	}
	for (u32 i = 0; i < count; i++) {
		take_line(pl, q->device, l, (u32)lines[i], pin->at);
		add_line(q, d->irq_parent, (u32)lines[i],
			 pl->p->devices[d->irq_parent].class->irq_cells > 1 ? 4 : 0);
	}
}

static bool is_automatic(const struct draft *draft, const struct plan_device *d, u32 row)
{
	const struct prop *r = &d->class->props[row];

	if (r->kind != PROP_KIND_IRQS || draft->bus == BUS_PCI || d->disabled)
		return false;
	return draft->prop[row] ? is_auto(draft->prop[row]) : r->automatic;
}

bool planned_automatic_irqs(const struct board *b, u32 device, u32 row)
{
	return is_automatic(&b->drafts[device], &b->plan.devices[device], row);
}

/* All passes go over the same rows: first what is written, then what the lock file says,
 * then what is chosen now. */
enum pass { WRITTEN, PINNED, CHOSEN, PASSES };

static void plan_row(struct planner *pl, u32 i, u32 row, enum pass pass)
{
	const struct plan_device *d = &pl->p->devices[i];
	const struct prop *r = &d->class->props[row];
	const struct node *n = pl->drafts[i].prop[row];
	struct value *v = &pl->drafts[i].values[row];
	struct irqs q = { .pl = pl, .device = i, .row = r, .what = row_key(&pl->b->arena, r) };

	q.most = (u32)r->max;
	if (pl->drafts[i].bus == BUS_PCI) {
		if (n && pass == WRITTEN)
			diag_report(pl->b->ds, n->at, DIAG_unknown_key,
				    "%s: on a PCI bus the slot decides", q.what);
		return;
	}
	if (is_automatic(&pl->drafts[i], d, row) ? pass == WRITTEN || v->n
						 : pass != WRITTEN || !n || is_auto(n))
		return;
	if (pass == WRITTEN)
		read_row(&q, n);
	else if (pass == PINNED)
		take_pinned(&q);
	else
		take_automatic(&q, n ? n->at : d->at);
	v->irqs = q.list;
	v->n = q.n;
}

void plan_irqs(struct planner *pl)
{
	check_auto_irq(pl);
	for (u32 pass = WRITTEN; pass < PASSES; pass++)
		for (u32 i = 0; i < pl->p->ndevices; i++) {
			const struct prop *r;
			u32 row = 0;

			for_rows(r, pl->p->devices[i].class->props) {
				if (r->kind == PROP_KIND_IRQS)
					plan_row(pl, i, row, (enum pass)pass);
				row++;
			}
		}
}
