/* gen_items.c - random instructions, and what they stand in
 *
 * An item is one thing that happens: an instruction, a group of loads and stores, a loop with
 * items in it.  Each has its own random numbers.
 */
#include "gen.h"

#include <string.h>

static const u32 links[] = { 1, 1, 1, 5, 31 };
enum { SAME_LINK = 3, LEAVES = 4 };
#define LINKS ((u32)(1 << 1 | 1 << 5) | (u32)1 << 31)

/* -- Registers --------------------------------------------------------------------------- */

static bool is_busy(const struct gen *g, u32 x)
{
	return x && g->busy >> x & 1;
}

static u32 target(struct gen *g)
{
	u32 x;

	if (chance(g, 4))
		return 0;
	do
		x = 1 + below(g, 31);
	while (is_busy(g, x));
	return x;
}

/* For address arithmetic: registers that differ from each other and from x0. */
static void temporaries(struct gen *g, u32 *t, u32 n)
{
	u32 busy = g->busy;

	for (u32 i = 0; i < n; i++) {
		do
			t[i] = target(g);
		while (!t[i]);
		g->busy |= (u32)1 << t[i];
	}
	g->busy = busy;
}

static u32 fit(const struct field *f, u32 x)
{
	return f->width == 3 ? 8 + x % 8 : x;
}

/* -- Rows --------------------------------------------------------------------------------- */

/* Names of extensions are subjects, and names of rows. */
static bool row_avoided(const struct gen *g, const struct source *s)
{
	char name[16];

	for (const char *x = s->ext; *x; x += strcspn(x, "_"), x += *x == '_') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(x, "_"), x);
		if (avoids(g, name))
			return true;
	}
	return avoids(g, s->name);
}

static const struct form *some_row(struct gen *g, enum class class)
{
	const struct form *r;

	do
		r = &g->rows[below(g, g->nrows)];
	while (r->class != class || row_avoided(g, r->source));
	return r;
}

static u64 some_imm(struct gen *g)
{
	switch (below(g, 4)) {
	case 0:
		return (u64)below(g, 5) - 2;
	case 1:
		return below(g, 2) ? (u64)1 << below(g, 32) : ~((u64)1 << below(g, 32));
	default:
		return rnd(g);
	}
}

static u32 rounding_mode(struct gen *g)
{
	if (chance(g, 40))
		return 7;
	return chance(g, 3) ? 5 + below(g, 2) : below(g, 5);
}

/* All fields at random; rd often is rs1. */
static u32 some_word(struct gen *g, const struct form *r)
{
	u32 word = r->match, a = below(g, 32), d = r->f_d ? below(g, 32) : target(g);

	if (chance(g, 20) && !r->f_d)
		a = d;
	word = set_field(word, &r->a, fit(&r->a, a));
	word = set_field(word, &r->b, fit(&r->b, chance(g, 10) ? a : below(g, 32)));
	word = set_field(word, &r->d, fit(&r->d, d)); /* after a: one of them in C rows */
	word = set_field(word, &r->r, below(g, 32));
	word = set_field(word, &r->m, rounding_mode(g));
	word = set_field(word, &r->c, (u32)rnd(g));
	return set_imm(r, word, some_imm(g));
}

/* What the word is, all in all, and which registers it writes. */
static bool harmless(const struct gen *g, const struct form *r, u32 word)
{
	struct op op;
	const struct form *is = decoded(g, word, &op);

	if (!is)
		return r->m.width; /* a rounding mode that is none */
	if (is != r && (is->class != r->class || row_avoided(g, is->source)))
		return false;
	if (is->f_d || op.rd == X_SINK)
		return true;
	return !is_busy(g, op.rd) && !(r->source->row == ROW_amocas_q && is_busy(g, op.rd + 1u));
}

static u32 some_plain(struct gen *g, u32 *len)
{
	const struct form *r;
	u32 word;

	do {
		r = some_row(g, CLASS_PLAIN);
		word = some_word(g, r);
	} while (!harmless(g, r, word));
	*len = r->len;
	return word;
}

u32 random_plain4(struct gen *g)
{
	u32 word, len;

	do
		word = some_plain(g, &len);
	while (len != 4);
	return word;
}

static void plain(struct gen *g)
{
	u32 len, word = some_plain(g, &len);

	put_word(g, word, len);
}

/* -- Memory -------------------------------------------------------------------------------- */

/* A place in DATA that is mapped, by the name that pc has. */
static void data_pointer(struct gen *g, u32 x, bool aligned)
{
	put(g, "la x%u,@%x", x, DATA + (data_offset(g) & (aligned ? ~7u : ~0u)));
}

static void pool_pointer(struct gen *g, u32 x, u32 first, u32 end)
{
	put(g, "ld x%u,%d(x%u)", x, (i32)(first + below(g, end - first)) * 8 - 2048, X_POOL);
}

static void set_pointer(struct gen *g)
{
	static const u32 free_ones[] = { 2, 9 };
	u32 x = free_ones[below(g, ARRAY_LEN(free_ones))];

	if (g->mprv && chance(g, 50)) /* a trap leaves MPP as U */
		put(g, "lui x%u,1; addi x%u,x%u,-2048; csrrs x0,mstatus,x%u", x, x, x, x);
	if (chance(g, 30))
		data_pointer(g, X_ALIGNED, true);
	else if (chance(g, g->paged ? 50 : 10))
		pool_pointer(g, x, POOL_DATA, POOL_WILD);
	else if (chance(g, 5))
		pool_pointer(g, x, POOL_WILD, POOL_THUNKS);
	else
		data_pointer(g, x, false);
}

void set_pointers(struct gen *g)
{
	put(g, "la x%u,@%x", X_POOL, POOL + 2048);
	data_pointer(g, X_ALIGNED, true);
	data_pointer(g, 2, false);
	data_pointer(g, 9, false);
}

/* Compressed forms have few registers, or always x2. */
static void access_at(struct gen *g, u32 base, u64 displacement)
{
	const struct form *r;
	u32 word;

	do {
		r = some_row(g, CLASS_MEMORY);
		word = set_field(some_word(g, r), &r->a, base);
		word = set_imm(r, word, displacement);
	} while (!harmless(g, r, word) || fit(&r->a, base) != base);
	put_word(g, word, r->len);
}

static void access(struct gen *g)
{
	static const u32 bases[] = { 8, 9, 2 };
	u32 base = bases[below(g, 3)];

	access_at(g, base, chance(g, 50) ? below(g, 128) - 64 : rnd(g));
}

/* Loads and stores off one base with displacements side by side. */
static void group(struct gen *g)
{
	static const u32 bases[] = { 8, 9, 2 };
	u32 base = bases[below(g, 3)], step = (u32)1 << below(g, 5);
	i32 at = (i32)below(g, 64) - 32;

	for (u32 n = 2 + below(g, 6); n; n--, at += (i32)step)
		access_at(g, base, (u64)(i64)at);
}

/* An element of an array. */
static void indexed(struct gen *g)
{
	static const u32 bases[] = { 8, 9, 2 };
	u32 t[2], base = bases[below(g, 3)], any = below(g, 32);

	temporaries(g, t, 2);
	put(g, "andi x%u,x%u,%u", t[0], any, chance(g, 70) ? 7 : 127);
	if (chance(g, 70))
		put(g, "sh%uadd x%u,x%u,x%u", 1 + below(g, 3), t[1], t[0], base);
	else
		put(g, "add x%u,x%u,x%u", t[1], t[0], base);
	access_at(g, t[1], below(g, 64) - 32u);
}

static void atomic(struct gen *g)
{
	const struct form *r;
	u32 word, base;

	do {
		r = some_row(g, CLASS_ATOMIC);
		base = avoids(g, "atomic-faults") || chance(g, 90) ? X_ALIGNED : 9;
		word = set_field(some_word(g, r), &r->a, base);
	} while (!harmless(g, r, word) || (g->async && r->source->row == ROW_sc_w) ||
		 (g->async && r->source->row == ROW_sc_d));
	put_word(g, word, r->len);
}

/* Loads what is not just the result of the last instructions. */
static void fresh(struct gen *g)
{
	i32 at = (i32)below(g, POOL_VALUES) * 8 - 2048;

	if (chance(g, 40))
		put(g, "fld f%u,%d(x%u)", below(g, 32), at, X_POOL);
	else
		put(g, "ld x%u,%d(x%u)", target(g), at, X_POOL);
}

/* As the manual wants it: it succeeds. */
static void reserve(struct gen *g)
{
	char w = chance(g, 50) ? 'w' : 'd';
	u32 x = target(g);

	if (g->async) {
		plain(g);
		return;
	}
	put(g, "lr_%c x%u,(x%u)", w, x, X_ALIGNED);
	for (u32 n = below(g, 4); n; n--) {
		u32 source = below(g, 32);

		x = target(g);
		put(g, "addi x%u,x%u,%u", x, source, below(g, 8));
	}
	x = target(g);
	put(g, "sc_%c x%u,x%u,(x%u)", w, x, below(g, 32), X_ALIGNED);
}

/* -- Flow ---------------------------------------------------------------------------------- */

static void inside(struct gen *g, u32 n)
{
	g->depth++;
	items(g, n);
	g->depth--;
}

static void branch(struct gen *g)
{
	const struct form *r = some_row(g, CLASS_BRANCH);
	u32 over = new_label(g), at = g->at;

	put_to(g, r, some_word(g, r), over);
	inside(g, 1 + below(g, 3));
	place(g, over);
	if (!reaches(g, r, g->at - at))
		wipe_one(g, at, r->len);
}

static void jump(struct gen *g)
{
	u32 over = new_label(g);

	put(g, chance(g, 30) ? "c_j L%u" : "jal x0,L%u", over);
	inside(g, 1);
	place(g, over);
}

static void begin_loop(struct gen *g)
{
	put(g, "addi x%u,x0,%u", g->loop++, chance(g, 10) ? 8 + below(g, 32) : 2 + below(g, 5));
}

static void end_loop(struct gen *g, u32 top)
{
	u32 x = --g->loop;

	if (chance(g, 50))
		put(g, "addi x%u,x%u,-1; bne x%u,x0,L%u", x, x, x, top);
	else
		put(g, "addiw x%u,x%u,-1; blt x0,x%u,L%u", x, x, x, top);
}

static void loop(struct gen *g)
{
	u32 top;

	if (g->loop == g->last_loop) {
		plain(g);
		return;
	}
	top = new_label(g);
	begin_loop(g);
	place(g, top);
	inside(g, 1 + below(g, 4));
	end_loop(g, top);
}

/* A jump to one of four, by the value of a register. */
static void jump_table(struct gen *g)
{
	u32 t[2], table = new_label(g), join = new_label(g);

	temporaries(g, t, 2);
	put(g, "andi x%u,x%u,3; slli x%u,x%u,3; la x%u,L%u; add x%u,x%u,x%u", t[1], below(g, 32),
	    t[1], t[1], t[0], table, t[0], t[0], t[1]);
	put(g, "jalr x0,0(x%u); L%u:", t[0], table);
	for (u32 i = 0; i < 4; i++) {
		put_word(g, random_plain4(g), 4);
		put(g, "jal x0,L%u", join);
	}
	place(g, join);
}

/* -- Page ends -------------------------------------------------------------------------------- */

/* Of doubles mostly, which need no box, and rounding as frm says: what an engine may let the host
 * do, whose flags and whose mode are elsewhere. */
static void arithmetic(struct gen *g, u32 d, u32 a, u32 b)
{
	static const char *const names[] = { "fadd", "fsub", "fmul", "fdiv", "fdiv" };
	const char *name = names[below(g, ARRAY_LEN(names))];
	char size = chance(g, 85) ? 'd' : 's';

	if (chance(g, 10))
		put_word(g, random_plain4(g), 4);
	else
		put(g, "%s_%c f%u,f%u,f%u,m%u", name, size, d, a, b,
		    chance(g, 80) ? 7 : rounding_mode(g));
}

static void flags_or_mode(struct gen *g)
{
	u32 x = target(g);
	char how = chance(g, 50) ? 's' : 'w';

	if (chance(g, 40))
		put(g, "csrrwi x%u,frm,%u", x, (1 + below(g, 8)) % 5);
	else if (chance(g, 30))
		put(g, "csrrwi x%u,fcsr,%u", x, below(g, 32));
	else
		put(g, "csrr%c x%u,%s,x0", how, x, chance(g, 50) ? "fflags" : "fcsr");
	put(g, "sd x%u,%u(x%u)", x, below(g, 256) * 8, X_ALIGNED);
}

static void result(struct gen *g, u32 a, u32 b)
{
	u32 d = below(g, 32);

	arithmetic(g, d, a, b);
	put(g, "fsd f%u,%u(x%u)", d, below(g, 256) * 8, X_ALIGNED);
}

/* A loop over the end of a page, which ends amid an instruction; that is what flags or mode are
 * read or written by, or any item has it.  As the page is filled up, nothing may lead over this but
 * a jal. */
static void two_pages(struct gen *g)
{
	bool any = chance(g, 50);
	u32 n = 1 + below(g, 3), len = 4 * (3 + n + (any ? below(g, 4) : 0)) + 2, a = below(g, 32),
	    b = (a + 1 + below(g, 31)) % 32, top = new_label(g), end;

	begin_loop(g);
	put(g, "jal x0,L%u", top);
	end = (u32)align_up(g->at + len, PAGE_SIZE);
	while (g->at < end - len)
		put_word(g, 0x0001, 2);
	put(g, "L%u: %s", top, chance(g, 50) ? "csrrwi x0,fcsr,0" : "csrrw x0,fflags,x0");
	put(g, "fcvt_d_l f%u,x%u,m0; fcvt_d_l f%u,x%u,m7", a, below(g, 32), b, X_POOL);
	while (n--)
		arithmetic(g, below(g, 32), a, b);
	if (any)
		inside(g, 1);
	else
		flags_or_mode(g);
	for (n = 1 + below(g, 3); n; n--)
		result(g, a, b);
	end_loop(g, top);
}

/* -- Functions ------------------------------------------------------------------------------- */

/* Leaves call nothing; the others may call them. */
static void function(struct gen *g, u32 i)
{
	u32 link = links[i];

	g->functions[i].link = link;
	g->functions[i].label = new_label(g);
	place(g, g->functions[i].label);
	g->busy = RESERVED | LINKS;
	g->loop = X_LOOP + (i < LEAVES ? 3 : 2);
	g->last_loop = g->loop + 1;
	g->depth = 1;
	items(g, 2 + below(g, 4));
	put(g, chance(g, 50) ? "jalr x0,0(x%u)" : "c_jr x%u", link);
	g->nfunctions = i + 1;
}

void functions(struct gen *g)
{
	g->nfunctions = 0;
	for (u32 i = 0; i < ARRAY_LEN(links); i++)
		function(g, i);
	g->busy = RESERVED;
	g->loop = X_LOOP;
	g->last_loop = X_LOOP + 2;
	g->depth = 0;
}

static void call(struct gen *g)
{
	bool within = g->busy & LINKS;
	u32 most = within ? MIN(g->nfunctions, LEAVES) : g->nfunctions, i, t;

	if (within && g->nfunctions < LEAVES) {
		plain(g);
		return;
	}
	i = below(g, most);
	if (chance(g, 60)) {
		put(g, "jal x%u,L%u", g->functions[i].link, g->functions[i].label);
		return;
	}
	temporaries(g, &t, 1);
	put(g, "la x%u,L%u", t, g->functions[i].label);
	if (g->functions[i].link == 1 && chance(g, 60))
		put(g, "c_jalr x%u", t);
	else
		put(g, "jalr x%u,0(x%u)", g->functions[i].link, t);
}

/* Through a page whose entry changes: it may be another function now, or none. */
static void thunk(struct gen *g)
{
	u32 t;

	if (g->busy & LINKS || g->mprv) { /* where its load may fault */
		plain(g);
		return;
	}
	temporaries(g, &t, 1);
	if (chance(g, 90))
		pool_pointer(g, t, POOL_THUNKS, POOL_END);
	else
		pool_pointer(g, t, POOL_WILD, POOL_EDGE);
	put(g, "jalr x1,0(x%u)", t);
}

/* -- Tables of pointers ------------------------------------------------------------------------
 *
 * As compilers write a switch, or call functions of an array.  Nothing in it can fault, so that the
 * jump leads to where an entry says: tables are where code is, by its name; with mprv there are
 * none.
 */

struct table {
	u32 at, entries;
	u32 size; /* 8: addresses; 4: distances from the table */
};

static bool table_fits(const struct gen *g)
{
	return !g->mprv && g->switches + 64 <= CODE;
}

/* Where the image is, by a name that it has for fetches. */
static u64 image_name(struct gen *g)
{
	if (g->paged && g->mode == PRIV_U)
		return ALIAS_U + RAM;
	return g->paged && g->mode == PRIV_S && chance(g, 10) ? ALIAS_S + RAM : RAM;
}

/* Bit 0 of an entry means nothing. */
static struct table new_table(struct gen *g, const u32 *labels, u32 n)
{
	struct table t = { .at = g->switches };

	t.entries = 2u << below(g, 3);
	t.size = chance(g, 50) ? 8 : 4;
	g->switches += 64;
	for (u32 i = 0; i < t.entries; i++) {
		u64 start = t.size == 8 ? image_name(g) : -(u64)t.at;
		u32 label = labels[below(g, n)];

		put_offset(g, t.at + i * t.size, t.size, label, start + chance(g, 10));
	}
	return t;
}

/* Two entries change places. */
static void exchange(struct gen *g, const struct table *t, const u32 *x)
{
	u32 a = below(g, t->entries) * t->size, b = below(g, t->entries) * t->size;
	char w = t->size == 8 ? 'd' : 'w';

	put(g, "l%c x%u,%u(x%u); l%c x%u,%u(x%u)", w, x[1], a, x[0], w, x[2], b, x[0]);
	put(g, "s%c x%u,%u(x%u); s%c x%u,%u(x%u)", w, x[1], b, x[0], w, x[2], a, x[0]);
}

/* Not always: an instruction, which may trap. */
static void aside(struct gen *g)
{
	static void (*const puts[])(struct gen *) = { plain, access, fresh, atomic };

	if (chance(g, 20))
		puts[below(g, ARRAY_LEN(puts))](g);
}

/* An entry, which one depends on a loop's counter or any register.  Returns the register that has
 * it, mostly one of those that compilers use for that. */
static u32 load_entry(struct gen *g, const struct table *t)
{
	u32 busy = g->busy, x[3];

	if (chance(g, 80))
		g->busy |= ~((u32)63 << 10);
	temporaries(g, x, 3);
	g->busy = busy | (u32)1 << x[0] | (u32)1 << x[1] | (u32)1 << x[2];
	put(g, "la x%u,@%x", x[0], t->at);
	if (chance(g, 30))
		exchange(g, t, x);
	aside(g);
	put(g, "andi x%u,x%u,%u", x[1], chance(g, 50) ? g->loop - 1 : below(g, 32), t->entries - 1);
	aside(g);
	put(g, "sh%uadd x%u,x%u,x%u", t->size == 8 ? 3 : 2, x[2], x[1], x[0]);
	put(g, "l%c x%u,0(x%u)", t->size == 8 ? 'd' : 'w', x[2], x[2]);
	aside(g);
	if (t->size == 4)
		put(g, "add x%u,x%u,x%u", x[2], x[2], x[0]);
	aside(g);
	g->busy = busy;
	return x[2];
}

/* A register with the address of one of the labels.  `again`: label `top` begins a loop. */
static u32 one_of(struct gen *g, const u32 *labels, u32 n, u32 top, bool again)
{
	struct table t = new_table(g, labels, n);

	if (again)
		begin_loop(g);
	place(g, top);
	return load_entry(g, &t);
}

/* Often in a loop, where engines may know the way from the last time. */
static void jump_by_table(struct gen *g)
{
	u32 cases[4], n = 2 + below(g, 3), top = new_label(g), join = new_label(g), x;
	bool again = g->loop != g->last_loop && chance(g, 70);

	if (!table_fits(g)) {
		plain(g);
		return;
	}
	for (u32 i = 0; i < n; i++)
		cases[i] = new_label(g);
	x = one_of(g, cases, n, top, again);
	put(g, chance(g, 50) ? "jalr x0,0(x%u)" : "c_jr x%u", x);
	for (u32 i = 0; i < n; i++) {
		place(g, cases[i]);
		inside(g, 1);
		if (chance(g, 80))
			put(g, "jal x0,L%u", join);
	}
	place(g, join);
	if (again)
		end_loop(g, top);
}

static void call_by_table(struct gen *g)
{
	u32 labels[SAME_LINK], top = new_label(g), x;
	bool again = g->loop != g->last_loop && chance(g, 70);

	if (!table_fits(g) || g->nfunctions < LEAVES) {
		plain(g);
		return;
	}
	for (u32 i = 0; i < SAME_LINK; i++)
		labels[i] = g->functions[i].label;
	x = one_of(g, labels, SAME_LINK, top, again);
	put(g, chance(g, 50) ? "jalr x1,0(x%u)" : "c_jalr x%u", x);
	if (again)
		end_loop(g, top);
}

/* -- What makes code and translations stale ---------------------------------------------------- */

/* An instruction that is another one each time. */
static void modify(struct gen *g)
{
	u32 t[3], slot = new_label(g), a = random_plain4(g), b = random_plain4(g);

	temporaries(g, t, 3);
	put(g, "la x%u,L%u", t[0], slot);
	if (g->paged && g->mode == PRIV_S && chance(g, 50)) /* by its other name */
		put(g, "li x%u,%" PRIi64 "; xor x%u,x%u,x%u", t[1], (i64)ALIAS_S, t[0], t[0], t[1]);
	put(g, "lw x%u,0(x%u); li x%u,%" PRId32 "; xor x%u,x%u,x%u; sw x%u,0(x%u)", t[1], t[0],
	    t[2], (i32)(a ^ b), t[1], t[1], t[2], t[1], t[0]);
	put(g, "fence_i");
	inside(g, below(g, 3));
	place(g, slot);
	put_word(g, a, 4);
}

/* Data beside code. */
static void literal(struct gen *g)
{
	u32 t, x = target(g), over = new_label(g), here = new_label(g);

	temporaries(g, &t, 1);
	put(g, "jal x0,L%u; L%u:", over, here);
	put_word(g, (u32)rnd(g), 4);
	put_word(g, (u32)rnd(g), 4);
	put(g, "L%u: la x%u,L%u; ld x%u,0(x%u); sd x%u,0(x%u)", over, t, here, x, t, below(g, 32),
	    t);
}

static void flush(struct gen *g, u32 space, u64 gva, const u32 *t)
{
	switch (avoids(g, "Svinval") ? below(g, 4) : below(g, 5)) {
	case 0:
		put(g, "sfence_vma x0,x0");
		break;
	case 1:
		put(g, "li x%u,%u; sfence_vma x0,x%u", t[0], space + 1, t[0]);
		break;
	case 2:
		put(g, "li x%u,%u; li x%u,%" PRIi64 "; sfence_vma x%u,x%u", t[0], space + 1, t[1],
		    (i64)gva, t[1], t[0]);
		break;
	case 3:
		put(g, "li x%u,%" PRIi64 "; sfence_vma x%u,x0", t[0], (i64)gva, t[0]);
		break;
	default:
		put(g, "li x%u,%" PRIi64 "; sfence_w_inval; sinval_vma x%u,x0; sfence_inval_ir",
		    t[0], (i64)gva, t[0]);
		break;
	}
}

/* A page table entry gets a new value, or bits that flip each time. */
void edit_entry(struct gen *g)
{
	static const u8 flips[] = { 1, 2, 4, 8, 16, 64, 128, 132, 192 };
	u32 space = below(g, 2), k = below(g, WINDOWS), t[2], at;
	u64 gva;

	window_entry(space, k, &gva, &at);
	temporaries(g, t, 2);
	put(g, "la x%u,@%x", t[0], at);
	if (chance(g, 50))
		put(g, "li x%u,%" PRIi64, t[1], (i64)random_entry(g, k));
	else
		put(g, "ld x%u,0(x%u); xori x%u,x%u,%u", t[1], t[0], t[1], t[1],
		    flips[below(g, ARRAY_LEN(flips))]);
	put(g, "sd x%u,0(x%u)", t[1], t[0]);
	flush(g, space, gva, t);
}

static void edit(struct gen *g)
{
	if (g->fenced && g->mode != PRIV_U)
		edit_entry(g);
	else
		plain(g);
}

/* -- Privileged state ----------------------------------------------------------------------- */

/* Registers whose value has no effect on what the program needs. */
static bool may_write(const struct gen *g, const char *name)
{
	static const char *const always[] = { "fflags", "frm",   "fcsr", "scounteren", "senvcfg",
					      "scause", "stval", "sepc", "mcounteren" },
				 *const in_m[] = { "mepc",     "mcause", "mtval",
						   "sscratch", "stvec",  "medeleg",
						   "minstret", "mcycle", "stimecmp" };

	for (u32 i = 0; i < ARRAY_LEN(always); i++)
		if (!strcmp(name, always[i]))
			return true;
	for (u32 i = 0; i < ARRAY_LEN(in_m) && g->mode == PRIV_M; i++)
		if (!strcmp(name, in_m[i]))
			return true;
	return g->mode == PRIV_S && !g->delegates && !strcmp(name, "sscratch");
}

/* Registers that tell the time; for some oracles, how many instructions there were. */
static bool may_read(const struct gen *g, const char *name)
{
	static const char *const when[] = { "time",    "mip",      "sip",     "cycle",
					    "instret", "minstret", "mcycle",  "mepc",
					    "mcause",  "mtval",    "mstatus", "mie" };
	char subject[24];

	snprintf(subject, sizeof(subject), "csr.%s", name);
	if (avoids(g, subject))
		return false;
	for (u32 i = 0; i < ARRAY_LEN(when); i++)
		if (!strcmp(name, when[i]))
			return i && !g->async;
	return true;
}

static void csr(struct gen *g)
{
	const struct form *r = some_row(g, CLASS_CSR);
	const struct csr_row *c;
	u32 number, word;
	bool set, traps;

	do
		c = &csr_rows[1 + below(g, csr_nrows - 1)];
	while (!may_read(g, c->name));
	number = c->first + below(g, c->last - c->first + 1u);
	set = r->source->row != ROW_csrrw && r->source->row != ROW_csrrwi;
	traps = (number >> 8 & 3) > (u32)g->mode || number >> 10 == 3;
	word = set_field(some_word(g, r), &r->c, number);
	if (!traps && !may_write(g, c->name)) {
		if (!set)
			return;
		word = set_field(word, &r->a, 0);
	}
	if (set && number >> 10 == 3 && avoids(g, "read-only-set"))
		word = set_field(word, &r->a, 0);
	if (harmless(g, r, word))
		put_word(g, word, r->len);
}

static void csrs(struct gen *g)
{
	for (u32 n = chance(g, 70) ? 1 : 4 + below(g, 12); n; n--)
		csr(g);
}

/* FS, and what S-mode may do to pages. */
static void status(struct gen *g)
{
	static const char *const changes[] = { "csrrs", "csrrc" };
	const char *name = g->mode == PRIV_M ? "mstatus" : "sstatus";
	u64 bits = chance(g, 30) ? MSTATUS_FS : chance(g, 50) ? MSTATUS_SUM : MSTATUS_MXR;
	u32 t;

	if (bits == MSTATUS_FS && avoids(g, "fs-dirty") && chance(g, 50))
		bits = MSTATUS_SUM;
	temporaries(g, &t, 1);
	put(g, "li x%u,%" PRIu64 "; %s x0,%s,x%u", t, bits, changes[below(g, 2)], name, t);
}

/* Returns to the next instruction, in the same mode. */
static void xret(struct gen *g)
{
	u32 t[2], next = new_label(g);

	if (g->mode == PRIV_U || g->mprv || g->async) {
		put(g, g->mode == PRIV_U ? "sret" : "ebreak");
		return;
	}
	temporaries(g, t, 2);
	put(g, "la x%u,L%u", t[0], next);
	if (g->mode == PRIV_M)
		put(g, "csrrw x0,mepc,x%u; li x%u,0x1800; csrrs x0,mstatus,x%u; mret; L%u:", t[0],
		    t[1], t[1], next);
	else
		put(g, "csrrw x0,sepc,x%u; li x%u,0x100; csrrs x0,sstatus,x%u; sret; L%u:", t[0],
		    t[1], t[1], next);
}

/* Another address space; or one that there is not, which changes nothing. */
static void switch_space(struct gen *g)
{
	u64 satp = chance(g, 80) ? satp_of(below(g, 2)) : (u64)(1 + below(g, 7)) << 60 | 0x12345;
	u32 t;

	if (g->mode != PRIV_S || !g->paged) {
		plain(g);
		return;
	}
	temporaries(g, &t, 1);
	put(g, "li x%u,%" PRIi64 "; csrrw x%u,satp,x%u", t, (i64)satp, target(g), t);
}

/* Makes an interrupt pending or not, enabled or not: it comes before the next instruction. */
static void interrupt(struct gen *g)
{
	static const char *const changes[] = { "csrrs", "csrrc", "csrrs", "csrrs" };
	static const u32 bits[] = { 2, 0x20, 0x200, 0x222 };
	const char *how = changes[below(g, ARRAY_LEN(changes))];
	u32 which = avoids(g, "interrupt-order") ? 0 : below(g, ARRAY_LEN(bits)), t;

	if (!g->inject || g->mode == PRIV_U) {
		plain(g);
		return;
	}
	temporaries(g, &t, 1);
	put(g, "li x%u,%u; %s x0,%c%s,x%u", t, bits[which], how, g->mode == PRIV_M ? 'm' : 's',
	    chance(g, 50) ? "ip" : "ie", t);
}

static void trap(struct gen *g)
{
	switch (below(g, 5)) {
	case 0:
		put(g, "ecall");
		break;
	case 1:
		put(g, "ebreak");
		break;
	case 2:
		put(g, "c_ebreak");
		break;
	case 3:
		put_word(g, 0, 2);
		break;
	default:
		put_word(g, chance(g, 50) ? 0xffffffff : 0x0000007f, 4);
		break;
	}
}

static void barrier(struct gen *g)
{
	put(g, chance(g, 50) ? "fence_i" : "sfence_vma x0,x0");
}

/* -- Choosing --------------------------------------------------------------------------------- */

static const struct {
	void (*put)(struct gen *g);
	u32 weight;
	u32 depth; /* at most so deep */
} kinds[] = {
	{ plain, 240, 9 },    { access, 60, 9 },       { group, 30, 9 },
	{ fresh, 50, 9 },     { set_pointer, 25, 9 },  { atomic, 15, 9 },
	{ reserve, 4, 9 },    { branch, 30, 2 },       { jump, 6, 2 },
	{ loop, 14, 1 },      { call, 18, 1 },         { jump_table, 6, 2 },
	{ indexed, 30, 9 },   { thunk, 8, 1 },         { modify, 3, 0 },
	{ literal, 2, 1 },    { edit, 8, 1 },          { csrs, 8, 1 },
	{ status, 3, 1 },     { xret, 2, 1 },          { switch_space, 3, 1 },
	{ interrupt, 5, 1 },  { trap, 2, 1 },          { barrier, 1, 0 },
	{ two_pages, 10, 0 }, { jump_by_table, 8, 2 }, { call_by_table, 6, 1 },
};

static void choose(struct gen *g)
{
	u32 sum = 0, n;

	for (u32 i = 0; i < ARRAY_LEN(kinds); i++)
		sum += kinds[i].depth >= g->depth ? kinds[i].weight : 0;
	n = below(g, sum);
	for (u32 i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].depth < g->depth)
			continue;
		if (n < kinds[i].weight) {
			kinds[i].put(g);
			return;
		}
		n -= kinds[i].weight;
	}
}

void items(struct gen *g, u32 n)
{
	for (; n; n--) {
		u32 number = g->item++, at = g->at;

		put(g, "#%u:", number);
		choose(g);
		if (listed(g->nops, number))
			wipe(g, at);
	}
}
