/* lab.c - `kind: lab`: several boards and the wires between them, checked as a whole.
 *
 * Each machine is a board of its own, with parameters and an overlay that stand in the
 * lab.  Running one is not there yet.
 */
#include "parts.h"

static void give_params(struct board *m, const struct node *params)
{
	const struct node *map = check_map(m, params, "params");
	struct pair *p;

	if (!map)
		return;
	for_pairs(p, map)
		if (!p->value->absent)
			load_param(m, p->key, p->key_at, p->value);
}

static bool load_machine(struct board *lab, struct board *m, const struct node *map)
{
	const struct node *params = map_get(map, "params");
	struct node *overlay = map_get(map, "overlay");

	if (!load_files(m, NULL))
		return false;
	if (m->kind == KIND_LAB)
		return diag_report(lab->ds, map_get(map, "board")->at, DIAG_kind,
				   "`%s` is a lab, and a lab consists of boards", m->file);
	if (overlay && check_map(m, overlay, "overlay") == overlay)
		load_overlay(m, overlay);
	if (params)
		give_params(m, params);
	return true;
}

static void check_machine(struct board *lab, const struct pair *p)
{
	const struct node *map = check_map(lab, p->value, p->key);
	struct node *file;
	struct board *m;

	if (!is_kebab(p->key)) {
		diag_report(lab->ds, p->key_at, DIAG_name, "`%s` is no name for a machine", p->key);
		diag_hint(lab->ds, "names have small letters, digits and `-`");
	}
	if (!map)
		return;
	check_keys(lab, map, "a machine of a lab", lang_machines->in);
	file = map_get(map, "board");
	if (!file) {
		report_missing(lab, p->key_at, "`board:`", "the machine's board file");
		return;
	}
	if (!check_text(lab, file, "board"))
		return;
	m = board_new(node_path(&lab->arena, file), lab->classes, lab->host, lab->ds);
	m->next = lab->machines;
	lab->machines = m;
	m->claimed = lab->claimed;
	m->asked = file->at;
	m->altered = true;
	board_make(m, load_machine(lab, m, map));
	lab->nmachines++;
}

/* With nothing behind its name it is as any. */
static void check_network(struct board *lab, const struct pair *p)
{
	const struct node *map = check_map(lab, p->value, p->key);

	if (map)
		check_keys(lab, map, "a network", lang_networks->in);
}

void lab_check(struct board *b)
{
	struct pair *at = map_pair(b->root, "machines"), *p;
	const struct node *networks = map_get(b->root, "networks"), *machines;

	for_pairs(p, b->root) {
		const struct lang_key *k = lang_find(lang_top, p->key);

		if (k && !(k->where & KIND_LAB)) /* an overlay brought it */
			diag_report(b->ds, p->key_at, DIAG_kind, "`%s:` is not for a lab", p->key);
	}
	b->claimed = node_new(&b->arena, NODE_MAP, b->root->at);
	networks = networks ? check_map(b, networks, "networks") : NULL;
	if (networks)
		for_pairs(p, networks)
			check_network(b, p);
	machines = at ? check_map(b, at->value, "machines") : NULL;
	if (!at || (machines && !map_next(machines, NULL))) {
		report_missing(b, at ? at->key_at : b->root->at, "a machine", NULL);
		diag_hint(b->ds, "write `machines: {one: {board: ../boards/virt.yaml}}`");
	}
	if (machines)
		for_pairs(p, machines)
			if (!p->value->absent)
				check_machine(b, p);
}

bool board_is_lab(const struct board *b, u32 *machines)
{
	*machines = b->nmachines;
	return b->kind == KIND_LAB;
}
