/* plan.c - from a merged tree to a plan: the order of the checks, and the top-level keys. */
#include "parts.h"

u32 plan_find(const struct plan *p, const char *name)
{
	for (u32 i = 0; i < p->ndevices; i++)
		if (!strcmp(p->devices[i].name, name))
			return i;
	return PLAN_NONE;
}

/* -- Names --------------------------------------------------------------------- */

u32 planner_find(const struct planner *pl, const char *name)
{
	struct node *n = map_get(pl->names, name);

	return n ? n->n : PLAN_NONE;
}

bool planner_name(struct planner *pl, const char *name, struct pos at, u32 index)
{
	struct pair *twice = map_pair(pl->names, name);
	struct node *n;

	if (!is_name(name)) {
		diag_report(pl->b->ds, at, DIAG_name, "`%s` is no name for a device or a memory",
			    name);
		diag_hint(pl->b->ds,
			  "names have small letters, digits and `_`, and begin with a letter");
	}
	if (twice) {
		diag_report(pl->b->ds, at, DIAG_name_twice, "there are two things called `%s`",
			    name);
		diag_note(pl->b->ds, twice->key_at, "the other is here");
		return false;
	}
	n = node_new(&pl->b->arena, NODE_SCALAR, at);
	n->n = index;
	map_put(&pl->b->arena, pl->names, name, at, n);
	return true;
}

/* The device that was meant, as far as one can tell. */
static u32 near_device(struct planner *pl, const char *name)
{
	struct nearest near = { 0 };
	struct pair *p;

	for_pairs(p, pl->names)
		if (p->value->n != PLAN_NONE)
			nearest_try(&near, name, p->key);
	if (near.word)
		diag_hint(pl->b->ds, "did you mean `%s`?", near.word);
	return near.word ? planner_find(pl, near.word) : PLAN_NONE;
}

u32 planner_ref(struct planner *pl, const struct node *n, size_t off, size_t len, const char *what)
{
	struct board *b = pl->b;
	const char *name = arena_text(&b->arena, n->text + off, len);
	struct pos at = node_part(n, off, len);
	u32 i = planner_find(pl, name);
	struct pair *dropped = map_pair(b->dropped, name);

	if (i != PLAN_NONE && pl->p->devices[i].disabled) {
		diag_report(b->ds, at, DIAG_no_such_name, "%s: `%s` is disabled", what, name);
		diag_note(b->ds, pl->p->devices[i].at, "it is here");
		diag_hint(b->ds, "write `%s: {status: okay}`", name);
	}
	if (i != PLAN_NONE)
		return i;
	if (map_pair(pl->names, name)) {
		diag_report(b->ds, at, DIAG_no_such_name, "%s: `%s` is memory, not a device", what,
			    name);
		diag_note(b->ds, map_pair(pl->names, name)->key_at, "it is here");
		return PLAN_NONE;
	}
	diag_report(b->ds, at, DIAG_no_such_name, "%s: there is no device `%s`", what, name);
	if (dropped) {
		diag_note(b->ds, dropped->key_at, "its `when:` is false, so it was left out");
		return PLAN_NONE;
	}
	return near_device(pl, name);
}

static u32 read_ref(struct planner *pl, const char *key)
{
	const struct node *n = map_get(pl->b->root, key);
	const char *name = n ? check_text(pl->b, n, key) : NULL;

	return name ? planner_ref(pl, n, 0, strlen(name), key) : PLAN_NONE;
}

/* -- Top-level keys ---------------------------------------------------------------- */

static void plan_compatible(struct planner *pl)
{
	const struct node *n = map_get(pl->b->root, "compatible");
	const struct node *model = map_get(pl->b->root, "model");

	if (n)
		check_texts(pl->b, n, "compatible", &pl->p->compatible, &pl->p->ncompatible);
	if (model)
		pl->p->model = check_text(pl->b, model, "model");
}

static void plan_host(struct planner *pl)
{
	const struct node *n = map_get(pl->b->root, "host"), *engine;

	n = n ? check_map(pl->b, n, "host") : NULL;
	if (!n)
		return;
	check_keys(pl->b, n, "`host:`", lang_host);
	engine = map_get(n, "engine");
	if (engine)
		pl->p->engine = check_text(pl->b, engine, "engine");
}

/* stdout is where a person sees the machine: without one a guest runs, and runs silent. */
static void plan_stdout(struct planner *pl)
{
	const struct node *n = map_get(pl->b->root, "stdout");
	struct pos start = { pl->b->file, pl->b->root->at.text, 1, 1, 1 };
	u32 i = read_ref(pl, "stdout");

	pl->p->stdout_device = i;
	if (!n) {
		diag_report(pl->b->ds, start, DIAG_no_console,
			    "no `stdout:`: firmware and kernel will be silent");
		for (u32 d = 0; d < pl->p->ndevices; d++)
			if (pl->p->devices[d].class->stdout_capable) {
				diag_hint(pl->b->ds, "write `stdout: %s`", pl->p->devices[d].name);
				break;
			}
		return;
	}
	if (i == PLAN_NONE || pl->p->devices[i].class->stdout_capable)
		return;
	diag_report(pl->b->ds, n->at, DIAG_no_console, "`%s` is no console",
		    pl->p->devices[i].name);
	pl->p->stdout_device = PLAN_NONE;
}

bool report_no_irqs(struct planner *pl, struct pos at, const char *what, u32 i)
{
	pl->irq_parent_wrong = true;
	diag_report(pl->b->ds, at, DIAG_wrong_provider, "%s: `%s` controls no interrupts", what,
		    pl->p->devices[i].name);
	for (u32 k = 0; k < pl->p->ndevices; k++)
		if (pl->p->devices[k].class->irq_cells)
			return diag_hint(pl->b->ds, "`%s` does", pl->p->devices[k].name);
	return false;
}

static void plan_irq_parent(struct planner *pl)
{
	const struct node *n = map_get(pl->b->root, "interrupt-parent");
	u32 i = read_ref(pl, "interrupt-parent");

	pl->p->irq_parent = PLAN_NONE;
	pl->irq_parent_wrong = n && i == PLAN_NONE;
	if (!n || i == PLAN_NONE)
		return;
	if (pl->p->devices[i].class->irq_cells)
		pl->p->irq_parent = i;
	else
		report_no_irqs(pl, n->at, "interrupt-parent", i);
}

static void plan_autos(struct planner *pl)
{
	struct board *b = pl->b;
	const struct node *n = map_get(b->root, "auto"), *mmio;
	bool several;
	u32 count;

	pl->autos = n ? check_map(b, n, "auto") : NULL;
	if (!pl->autos)
		return;
	check_keys(b, pl->autos, "`auto:`", lang_auto);
	mmio = map_get(pl->autos, "mmio");
	if (!mmio)
		return;
	several = mmio->kind == NODE_LIST && mmio->n && mmio->items[0]->kind == NODE_LIST;
	count = several ? mmio->n : 1;
	pl->p->auto_mmio = NEW_N(&b->arena, struct range, count);
	for (u32 i = 0; i < count; i++) {
		struct range *r = &pl->p->auto_mmio[pl->p->nauto_mmio];

		if (check_span(b, several ? mmio->items[i] : mmio, "auto.mmio", r))
			pl->p->nauto_mmio++;
	}
}

/* -- All of it ---------------------------------------------------------------------- */

void plan_make(struct board *b)
{
	struct planner pl = { .b = b, .p = &b->plan };

	pl.names = node_new(&b->arena, NODE_MAP, b->root->at);
	pl.claimed = b->claimed ? b->claimed : node_new(&b->arena, NODE_MAP, b->root->at);
	b->plan.file = b->file;
	plan_compatible(&pl);
	plan_host(&pl);
	plan_displays(&pl);
	plan_harts(&pl);
	plan_autos(&pl);
	plan_devices(&pl);
	plan_irq_parent(&pl);
	plan_stdout(&pl);
	plan_memory(&pl);
	plan_props(&pl);
	plan_place(&pl);
	plan_irqs(&pl);
	plan_dt(&pl);
	plan_boot(&pl);
	b->drafts = pl.drafts;
	lock_check(b);
}

static void add_chain(struct board *b, struct diag *d, const char *file)
{
	for (u32 k = 1; file && k < b->nfiles; k++) {
		if (strcmp(b->files[k].name, file) != 0 || !b->files[k].from.line)
			continue;
		diag_add_note(d, b->files[k].from, "`%s` comes in here", file);
		file = b->files[k].from.file;
		k = 0;
	}
}

/* A mistake in a file that the author did not name: how it came in.  Of two bases that
 * disagree, both. */
static void add_origins(struct board *b)
{
	for (size_t i = b->first_diag; i < b->ds->n; i++) {
		struct diag *d = &b->ds->list[i];
		bool disagree = d->code == DIAG_cycle && d->nnotes;

		add_chain(b, d, d->at.file);
		if (disagree)
			add_chain(b, d, d->notes[0].at.file);
	}
}

struct board *board_new(const char *file, const struct device_class *const *classes,
			const struct board_host *host, struct diags *ds)
{
	struct board *b = xzalloc(sizeof(*b));

	b->file = path_from(&b->arena, NULL, file);
	b->classes = classes;
	b->host = host;
	b->ds = ds;
	b->first_diag = ds->n;
	b->plan.stdout_device = b->plan.irq_parent = PLAN_NONE;
	return b;
}

void board_make(struct board *b, bool loaded)
{
	if (loaded) {
		report_clashes(b);
		params_read(b);
		substitute(b);
	}
	if (loaded && b->kind == KIND_LAB) {
		lab_check(b);
	} else if (loaded) {
		lock_read(b);
		plan_make(b);
	}
	add_origins(b);
	b->host = NULL;
}

struct board *board_load(const char *path, const struct board_options *options,
			 const struct device_class *const *classes, const struct board_host *host,
			 struct diags *ds)
{
	struct board *b = board_new(path, classes, host, ds);
	u32 errors = ds->errors;

	b->locked = options && options->locked;
	b->lint = options && options->lint;
	b->altered = options && (options->noverlays || options->nparams || options->nsets);
	board_make(b, load_files(b, options));
	b->complete = ds->errors == errors && b->kind == KIND_BOARD;
	diags_sort(ds, b->file);
	for (struct board *m = b->machines; m; m = m->next)
		m->ds = NULL;
	b->ds = NULL;
	return b;
}

void board_free(struct board *b)
{
	struct arena arena;

	if (!b)
		return;
	while (b->machines) {
		struct board *m = b->machines;

		b->machines = m->next;
		board_free(m);
	}
	arena = b->arena;
	free(b);
	arena_free(&arena);
}

const struct plan *board_plan(const struct board *b)
{
	return b->complete ? &b->plan : NULL;
}
