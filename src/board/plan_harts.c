/* plan_harts.c - harts in clusters, what they implement, and the memory they see. */
#include "parts.h"

#define PHYSICAL_BITS 56 /* of Sv39 and wider (privileged manual, "Sv39") */

/* -- ISA ------------------------------------------------------------------------ */

static bool report_isa(struct board *b, const struct node *n, const char *what,
		       const struct isa_error *e)
{
	struct pos at = node_part(n, e->at, e->len);
	const char *near;

	switch (e->mistake) {
	case ISA_OK:
		return true;
	case ISA_NO_BASE:
		diag_report(b->ds, at, DIAG_isa, "%s: `%s` is no RISC-V ISA", what, n->text);
		return diag_hint(b->ds, "it begins with `rv64i` or `rv64g`: `rv64gc_zicntr_sstc`");
	case ISA_UNKNOWN:
		diag_report(b->ds, at, DIAG_isa, "%s: no ISA extension `%s`", what, e->name);
		near = isa_nearest(e->name);
		if (near)
			return diag_hint(b->ds, "did you mean `%s`?", near);
		return diag_hint(b->ds, "`vmbuild devices cpu` lists what a hart can have");
	case ISA_UNIMPLEMENTED:
		diag_report(b->ds, at, DIAG_isa, "%s: no hart of vmbuild implements `%s` yet", what,
			    e->name);
		return diag_hint(b->ds, "leave it out: a guest that uses it would die");
	case ISA_NEEDS:
		diag_report(b->ds, at, DIAG_isa_needs, "%s: `%s` needs `%s`", what, e->name,
			    e->other);
		return diag_hint(b->ds, "add `_%s`", e->other);
	case ISA_EXCLUDES:
		return diag_report(b->ds, at, DIAG_isa_excludes,
				   "%s: `%s` and `%s` exclude each other", what, e->name, e->other);
	}
	return false;
}

bool check_isa(struct board *b, const struct node *n, const char *what, struct isa *isa)
{
	const char *text = check_text(b, n, what);
	struct isa_error e;

	if (!text)
		return false;
	if (!isa_parse(text, isa, &e))
		return report_isa(b, n, what, &e);
	if (isa->xlen == 64)
		return true;
	diag_report(b->ds, node_part(n, 0, 4), DIAG_isa, "%s: there are no %u-bit harts yet", what,
		    isa->xlen);
	return diag_hint(b->ds, "write `rv64...`");
}

/* Extensions that only mean something in S-mode or for its page tables. */
static const enum isa_ext supervisor_only[] = { EXT_Sstc,    EXT_Svade,   EXT_Svadu,
						EXT_Svinval, EXT_Svnapot, EXT_Svpbmt };

static void check_supervisor(struct board *b, const struct plan_cluster *c, const struct node *mmu)
{
	for (size_t i = 0; i < ARRAY_LEN(supervisor_only); i++) {
		const char *name = isa_rows[supervisor_only[i]].name;

		if (!isa_has(&c->isa, supervisor_only[i]))
			continue;
		diag_report(b->ds, mmu->at, DIAG_mmu,
			    "`mmu: none` is a hart without S-mode, but its ISA has `%s`", name);
		diag_hint(b->ds, "take `_%s` out of `cpu:`, or write `mmu: sv39`", name);
		return;
	}
}

/* -- Clusters --------------------------------------------------------------------- */

static void read_mmu(struct board *b, struct plan_cluster *c, const struct node *map)
{
	const struct node *n = map_get(map, "mmu");
	i32 mode = n ? check_word(b, n, "mmu", words_mmu) : 1;

	if (mode < 0)
		mode = 1; /* as if nothing were written */
	c->mmu = words_mmu[mode];
	c->s_mode = mode > 0;
	if (n && mode == 0)
		check_supervisor(b, c, n);
}

static void read_cpu(struct board *b, struct plan_cluster *c, const struct node *map)
{
	struct pair *p = map_pair(map, "cpu");

	if (p && !p->value->absent)
		check_isa(b, p->value, "cpu", &c->isa);
	else if (p)
		report_absent(b, p, "cpu");
	else
		report_missing(b, c->at, "`cpu:`",
			       "the ISA of its harts, as in rv64gc_zicntr_sstc");
}

static bool ids_collide(struct planner *pl, const struct plan_cluster *c)
{
	for (u32 i = 0; i < pl->p->nclusters; i++) {
		const struct plan_cluster *o = &pl->p->clusters[i];

		if (!ranges_overlap(o->first, o->count, c->first, c->count))
			continue;
		diag_report(pl->b->ds, c->at, DIAG_hart_ids,
			    "harts %u..%u of `%s` have ids of `%s`", c->first,
			    c->first + c->count - 1, c->name, o->name);
		diag_note(pl->b->ds, o->at, "`%s` has harts %u..%u", o->name, o->first,
			  o->first + o->count - 1);
		diag_hint(pl->b->ds, "leave `first:` out: ids then follow each other");
		return true;
	}
	return false;
}

static void read_ids(struct planner *pl, struct plan_cluster *c, const struct node *map)
{
	const struct node *count = map_get(map, "count"), *first = map_get(map, "first");
	u32 left = BOARD_MAX_HARTS - pl->p->nharts;
	u64 v = 1;

	if (count && (!check_number(pl->b, count, "count", &v) ||
		      !check_range(pl->b, count, "count", UNIT_NONE, v, 1, BOARD_MAX_HARTS)))
		v = 1;
	else if (v > left) {
		diag_report(pl->b->ds, count ? count->at : c->at, DIAG_out_of_range,
			    "a board has at most %d harts, and only %u are left", BOARD_MAX_HARTS,
			    left);
		v = left;
	}
	c->count = (u32)v;
	for (u32 i = 0; i < pl->p->nclusters; i++)
		c->first = MAX(c->first, pl->p->clusters[i].first + pl->p->clusters[i].count);
	if (first && check_number(pl->b, first, "first", &v) &&
	    check_range(pl->b, first, "first", UNIT_NONE, v, 0, 4095))
		c->first = (u32)v;
}

static void read_cluster(struct planner *pl, const struct pair *p)
{
	struct plan_cluster *c = &pl->p->clusters[pl->p->nclusters];
	const struct node *map = check_map(pl->b, p->value, p->key), *compatible;

	*c = (struct plan_cluster){ .name = p->key, .at = p->key_at, .mmu = "none" };
	if (!map)
		return;
	check_keys(pl->b, map, "a cluster", lang_clusters->in);
	read_ids(pl, c, map);
	read_cpu(pl->b, c, map);
	read_mmu(pl->b, c, map);
	compatible = map_get(map, "compatible");
	if (compatible)
		check_texts(pl->b, compatible, "compatible", &c->compatible, &c->ncompatible);
	if (ids_collide(pl, c))
		return;
	pl->p->nclusters++;
	for (u32 i = 0; i < c->count; i++)
		pl->p->harts[pl->p->nharts++] = (struct hart_info){
			.id = c->first + i,
			.s_mode = c->s_mode,
			.aia = isa_has(&c->isa, EXT_Smaia),
		};
}

static void read_timebase(struct planner *pl, const struct node *harts, struct pos at)
{
	const struct node *n = map_get(harts, "timebase-frequency");
	u64 hz;

	if (!n) {
		diag_report(pl->b->ds, at, DIAG_timebase, "`timebase-frequency` is missing");
		diag_hint(pl->b->ds, "write `timebase-frequency: 10MHz`");
		return;
	}
	if (!check_unit(pl->b, n, "timebase-frequency", UNIT_HZ, &hz))
		return;
	if (hz >= 1 && hz <= 1000000000)
		pl->p->timebase_hz = (u32)hz;
	else
		diag_report(pl->b->ds, n->at, DIAG_timebase,
			    "timebase-frequency: %s is not in 1Hz..1GHz", n->text);
}

void plan_harts(struct planner *pl)
{
	struct board *b = pl->b;
	struct pair *at = map_pair(b->root, "harts"), *p;
	struct pos start = { b->file, b->root->at.text, 1, 1, 1 };
	const struct node *harts = at ? check_map(b, at->value, "harts") : NULL, *clusters;

	if (!at) {
		report_missing(b, start, "`harts:`", "a computer needs one");
		diag_hint(b->ds, "extend a machine: `extends: ../machines/riscv-virt.yaml`");
	}
	if (!harts)
		return;
	check_keys(b, harts, "`harts:`", lang_harts);
	read_timebase(pl, harts, at->key_at);
	clusters = map_get(harts, "clusters");
	clusters = clusters ? check_map(b, clusters, "clusters") : NULL;
	if (!clusters || !map_next(clusters, NULL)) {
		report_missing(b, at->key_at, "a cluster of harts", NULL);
		diag_hint(b->ds, "write `clusters: {cluster0: {count: 1, cpu: rv64gc}}`");
		return;
	}
	pl->p->clusters = NEW_N(&b->arena, struct plan_cluster, clusters->n + 1);
	pl->p->harts = NEW_N(&b->arena, struct hart_info, BOARD_MAX_HARTS);
	for_pairs(p, clusters)
		if (!p->value->absent)
			read_cluster(pl, p);
}

/* -- Memory ------------------------------------------------------------------------- */

static bool check_ram(struct board *b, const struct node *n, const struct range *r)
{
	if (r->size == 0)
		return diag_report(b->ds, n->at, DIAG_ram, "a memory of size 0");
	if (r->base % 4096 || r->size % 4096) {
		diag_report(b->ds, n->at, DIAG_misfit, "RAM begins and ends at a multiple of 4K");
		return false;
	}
	if (r->base + r->size > (u64)1 << PHYSICAL_BITS) {
		char end[32];

		address_text(end, sizeof(end), ((u64)1 << PHYSICAL_BITS) - 1);
		diag_report(b->ds, n->at, DIAG_ram, "physical addresses end at %s", end);
		return false;
	}
	return true;
}

static void read_memory(struct planner *pl, const struct pair *p)
{
	const struct node *map = check_map(pl->b, p->value, p->key);
	struct plan_memory *m = &pl->p->memory[pl->p->nmemory];
	struct range r;
	struct pair *reg;

	if (!map)
		return;
	check_keys(pl->b, map, "a memory", lang_memory->in);
	reg = map_pair(map, "reg");
	if (!reg) {
		report_missing(pl->b, p->key_at, "`reg:`", "[base, size]");
		return;
	}
	if (reg->value->absent) {
		report_absent(pl->b, reg, "reg");
		return;
	}
	if (!planner_name(pl, p->key, p->key_at, PLAN_NONE) ||
	    !check_span(pl->b, reg->value, "reg", &r) || !check_ram(pl->b, reg->value, &r))
		return;
	*m = (struct plan_memory){ p->key, r.base, r.size, reg->value->at };
	pl->p->nmemory++;
}

static int compare_memory(const void *a, const void *b)
{
	const struct plan_memory *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base);
}

void plan_memory(struct planner *pl)
{
	struct board *b = pl->b;
	struct pair *at = map_pair(b->root, "memory"), *p;
	struct pos start = { b->file, b->root->at.text, 1, 1, 1 };
	const struct node *memory = at ? check_map(b, at->value, "memory") : NULL;

	if (at && !memory)
		return;
	if (!memory || !map_next(memory, NULL)) {
		diag_report(b->ds, at ? at->key_at : start, DIAG_ram, "this computer has no RAM");
		diag_hint(b->ds, "write `memory: {ram0: {reg: [0x8000_0000, 256M]}}`");
		return;
	}
	pl->p->memory = NEW_N(&b->arena, struct plan_memory, memory->n);
	for_pairs(p, memory)
		read_memory(pl, p);
	qsort(pl->p->memory, pl->p->nmemory, sizeof(pl->p->memory[0]), compare_memory);
}
