/* memory.c - loads and stores: lookups in the TLB, and groups of accesses that share one */
#include "gen.h"

struct address gen_address_of(const struct gen *g, u32 n)
{
	struct address a = { .node = n };
	const struct ir *i = ir(g, n);

	if (i->op == IR_X) {
		a.base = (u32)i->k;
	} else if (i->op == IR_ADD && is_op(g, i->a, IR_X) && is_op(g, i->b, IR_K) &&
		   ir(g, i->b)->k == (i16)ir(g, i->b)->k) {
		a.base = (u32)ir(g, i->a)->k;
		a.disp = (i32)ir(g, i->b)->k;
	}
	return a;
}

/* rax = the address of the first byte. */
void gen_address_into_rax(struct gen *g, struct address a)
{
	if (!a.base) {
		gen_into(g, a.node, RAX);
	} else if (pin(g, a.base) != NO_REG) {
		if (a.disp)
			x64_lea(&g->c, W, RAX, rm_mem(pin(g, a.base), a.disp));
		else
			x64_mov(&g->c, W, RAX, rm_reg(pin(g, a.base)));
	} else {
		gen_x_into(g, a.base, RAX);
		if (a.disp)
			x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(RAX), a.disp);
	}
}

/* rcx = index of the TLB entry of the address in r. */
static void tlb_index_into_rcx(struct gen *g, u8 r)
{
	x64_rorx(&g->c, 0, RCX, rm_reg(r), 7);
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RCX), (TLB_ENTRIES - 1) * 32);
}

/* Tests let each so many-th comparison with the page or addend in r fail: none has a low bit set.
 */
static void spoil(struct gen *g, u32 each, i32 which, u8 r)
{
	struct rm count = FAULT_COUNTS;
	u32 over;

	if (!each)
		return;
	count.disp += 4 * which;
	x64_alu_imm(&g->c, ALU_SUB, 0, count, 1);
	over = x64_jcc_short(&g->c, CC_NS);
	x64_store_imm(&g->c, 0, count, (i32)each - 1);
	x64_alu_imm(&g->c, ALU_OR, W, rm_reg(r), 1);
	x64_bind_short(&g->c, over);
}

/* d = the addend of the span's page, rdx = the page, by the TLB; or a jump, whose displacement is
 * returned.  The entry is found by the first byte and checked by the last, or by the first with
 * the bits that must be 0. */
static u32 tlb_lookup(struct gen *g, struct span s, u8 d)
{
	u32 miss;

	if (s.disp && (s.size == 1 || s.aligned)) {
		x64_lea(&g->c, W, RDX, rm_mem(s.r, s.disp));
		tlb_index_into_rcx(g, RDX);
	} else if (s.disp) {
		x64_lea(&g->c, 0, RCX, rm_mem(s.r, s.disp));
		tlb_index_into_rcx(g, RCX);
	} else {
		tlb_index_into_rcx(g, s.r);
	}
	if (s.size > 1 && !s.aligned)
		x64_lea(&g->c, W, RDX, rm_mem(s.r, s.disp + (i32)s.size - 1));
	else if (!s.disp)
		x64_mov(&g->c, W, RDX, rm_reg(s.r));
	x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RDX), PAGE_KEY | (s.aligned ? (i32)s.size - 1 : 0));
	spoil(g, JIT_MISSES, 0, RDX);
	x64_alu_to(&g->c, ALU_CMP, W, rm_index(R15, RCX, 0, s.writes ? TLB(w) : TLB(r)), RDX);
	miss = x64_jcc(&g->c, CC_NE);
	x64_mov(&g->c, W, d, rm_index(R15, RCX, 0, TLB(addend)));
	return miss;
}

static bool guesses_page(const struct gen *g)
{
	return !bits_has(g->page->pages_wrong, g->at / 2);
}

/* If not the page.  Stores need not: nobody waits for them. */
static bool guesses_addend(const struct gen *g, struct span s)
{
	return !bits_has(g->page->addends_wrong, g->at / 2) && !s.writes;
}

/* The displacement of a guess for a span; 0: it has none. */
static i32 new_guess(struct gen *g, struct span s)
{
	u32 first = g->out->code / 16;

	if (!g->guesses || s.size > 8 || s.size & (s.size - 1) ||
	    !(guesses_page(g) || guesses_addend(g, s)))
		return 0;
	return GUESS(page) +
	       (i32)sizeof(struct guess) *
		       (i32)(s.writes * JIT_GUESSES + (first + g->nguesses++) % JIT_GUESSES);
}

static struct rm guessed_addend(i32 guess)
{
	return rm_mem(R15, guess + GUESS(addend) - GUESS(page));
}

/* In a loop, where the page is likely what it was last time: less to do, and the host need not
 * wait for the address, as the comparison is only predicted: a load that follows a load takes half
 * the time.  What is not aligned is no good guess: it may lie in two pages. */
static void guess_page(struct gen *g, struct lookup *l)
{
	struct span s = l->span;

	if (s.disp)
		x64_lea(&g->c, W, RDX, rm_mem(s.r, s.disp));
	else
		x64_mov(&g->c, W, RDX, rm_reg(s.r));
	x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RDX), PAGE_KEY | (i32)(s.size - 1));
	spoil(g, JIT_WRONG, 1, RDX);
	x64_alu_to(&g->c, ALU_CMP, W, rm_mem(R15, l->guess), RDX);
	l->miss = x64_jcc(&g->c, CC_NE);
	l->hit = offset_of(&g->c);
}

/* Where pages take turns: neighbors of the guest often are neighbors of the host's, too.  The TLB
 * is asked, but the load need not wait for what it says. */
static void guess_addend(struct gen *g, struct lookup *l, u8 d)
{
	l->miss = tlb_lookup(g, l->span, d);
	spoil(g, JIT_WRONG, 1, d);
	x64_alu(&g->c, ALU_CMP, W, d, guessed_addend(l->guess));
	l->wrong = x64_jcc(&g->c, CC_NE);
	l->hit = offset_of(&g->c);
}

/* Not what was guessed.  If the TLB has the page, it is the guess from now on. */
void gen_guess_again(struct gen *g, const struct stub *s)
{
	const struct lookup *l = &s->lookup;
	u32 miss;

	if (!l->guess)
		return;
	if (l->wrong)
		x64_bind(&g->c, l->wrong);
	miss = tlb_lookup(g, l->span, RCX);
	x64_store(&g->c, W, rm_mem(R15, l->guess), RDX);
	x64_store(&g->c, W, guessed_addend(l->guess), RCX);
	x64_store_imm(&g->c, 0, rm_mem(R15, (i32)offsetof(struct context, guessed)), 1);
	x64_alu_imm(&g->c, ALU_SUB, 0, H(patience), 1);
	x64_bind_to(&g->c, x64_jcc(&g->c, CC_NS), l->hit);
	gen_spill(g, s);
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[IMPATIENT]);
	gen_reload(g, s);
	x64_jmp_to(&g->c, l->hit);
	x64_bind(&g->c, miss);
}

/* d = the addend of the span's page. */
static struct lookup look_up(struct gen *g, struct span s, u8 d)
{
	struct lookup l = { .span = s, .guess = new_guess(g, s) };

	if (!l.guess) {
		l.miss = tlb_lookup(g, s, d);
		return l;
	}
	if (guesses_page(g))
		guess_page(g, &l);
	else
		guess_addend(g, &l, d);
	x64_mov(&g->c, W, d, guessed_addend(l.guess));
	return l;
}

/* Then the bytes are at gen_at(); of rax, rcx and rdx, the last is free. */
struct lookup gen_lookup(struct gen *g, u32 address, u32 size, bool writes, bool aligned)
{
	struct address a = gen_address_of(g, address);
	struct span s = { pin(g, a.base), a.disp, size, writes, aligned };

	if (s.r == NO_REG) {
		gen_address_into_rax(g, a);
		s.r = RAX;
		s.disp = 0;
	}
	return look_up(g, s, RCX);
}

struct rm gen_at(struct lookup l)
{
	return rm_index(RCX, l.span.r, 0, l.span.disp);
}

/* -- Groups: accesses off one base that one lookup is enough for -------------------- */

/* Where the values of registers come from: some value that is not known, and a constant. */
struct origins {
	u8 of[33];
	i32 offset[33];
	u32 n;
	u8 open[33 + JIT_INSNS]; /* by origin: the group that more may join */
};

static void new_origin(struct origins *o, u32 r)
{
	o->of[r] = (u8)o->n++;
	o->offset[r] = 0;
}

static void set_origin(const struct gen *g, struct origins *o, u32 r, u32 value)
{
	struct address a = gen_address_of(g, value);
	i64 offset = (i64)o->offset[a.base] + a.disp;

	if (!a.base || offset != (i16)offset) {
		new_origin(o, r);
	} else {
		o->of[r] = o->of[a.base];
		o->offset[r] = (i32)offset;
	}
}

static void close_groups(struct origins *o)
{
	memset(o->open, 0, sizeof(o->open));
}

static void forget_origins(struct origins *o)
{
	o->n = 0;
	for (u32 r = 0; r < 33; r++)
		new_origin(o, r);
	close_groups(o);
}

static bool joins(struct group *gr, i32 disp, u32 size, bool writes)
{
	i32 lo = MIN(gr->lo, disp), last = MAX(gr->last, disp + (i32)size - 1);

	if (last - lo >= 512)
		return false;
	gr->lo = lo;
	gr->last = last;
	gr->writes |= writes;
	gr->uses++;
	return true;
}

static void find_group(struct gen *g, struct origins *o, u32 n)
{
	const struct ir *i = ir(g, n);
	struct address a = gen_address_of(g, i->a);
	bool writes = i->op == IR_STORE;
	u8 *open = &o->open[o->of[a.base]];
	struct group *gr = &g->groups[*open];
	i32 disp = a.disp;

	if (!a.base || a.disp != (i16)a.disp)
		return;
	if (*open)
		disp += o->offset[a.base] - gr->offset;
	if (!*open || !joins(gr, disp, (u32)i->k, writes)) {
		if (g->ngroups == GROUPS)
			return;
		disp = a.disp;
		*open = (u8)++g->ngroups;
		g->groups[*open] = (struct group){
			.base = (u8)a.base,
			.writes = writes,
			.first_writes = writes,
			.lo = disp,
			.last = disp + (i32)i->k - 1,
			.offset = o->offset[a.base],
			.uses = 1,
		};
	}
	g->group_of[n] = *open;
	g->disp_of[n] = disp;
}

/* Finds the groups of the block.  What may change translations ends them, and a branch, behind
 * which nothing is sure to happen. */
void gen_find_groups(struct gen *g)
{
	struct origins o;

	forget_origins(&o);
	memset(g->group_of, 0, sizeof(g->group_of[0]) * g->b->n);
	g->ngroups = g->current = 0;
	if (g->b->apart)
		return;
	for (u32 n = 0; n < g->b->n; n++) {
		const struct ir *i = ir(g, n);

		switch (i->op) {
		case IR_SET:
			set_origin(g, &o, (u32)i->k, i->a);
			break;
		case IR_BRANCH:
			close_groups(&o);
			break;
		case IR_STEP:
		case IR_CSR:
			forget_origins(&o);
			break;
		case IR_LOAD:
		case IR_STORE:
			find_group(g, &o, n);
			break;
		default:
			break;
		}
	}
}

static struct rm group_slot(u32 gr)
{
	return rm_mem(RSP, (i32)(8 * (gr - 1)));
}

/* r13 is the group's; another's is kept if it will be asked for again. */
void gen_make_current(struct gen *g, u32 n)
{
	struct group *old = &g->groups[g->current];

	if (g->current == n)
		return;
	if (g->current && old->uses && !old->saved) {
		x64_store(&g->c, W, group_slot(g->current), R13);
		old->saved = true;
	}
	g->current = n;
}

static void group_lookup(struct gen *g, u32 n)
{
	struct group *gr = &g->groups[n];
	u8 base = pin(g, gr->base);
	struct span span;
	struct stub *s;

	gen_make_current(g, n);
	if (base == NO_REG) {
		gen_x_into(g, gr->base, RAX);
		base = RAX;
	}
	span = (struct span){ base, gr->lo, (u32)(gr->last - gr->lo) + 1, gr->writes, false };
	s = gen_miss(g, STUB_GROUP, look_up(g, span, R13));
	s->ngroup = (u8)n;
	x64_alu(&g->c, ALU_ADD, W, R13, rm_reg(base));
	s->back = offset_of(&g->c);
	gr->looked_up = true;
}

/* The operand of a grouped access; rax, rcx and rdx are free then. */
struct rm gen_grouped(struct gen *g, u32 node)
{
	u32 n = g->group_of[node];
	struct group *gr = &g->groups[n];

	if (!gr->looked_up) {
		group_lookup(g, n);
	} else if (g->current != n) {
		gen_make_current(g, n);
		x64_mov(&g->c, W, R13, group_slot(n));
	}
	gr->uses--;
	return rm_mem(R13, g->disp_of[node]);
}

/* One access alone is quicker without, and comes back from devices. */
bool gen_in_group(const struct gen *g, u32 node)
{
	const struct group *gr = &g->groups[g->group_of[node]];

	return g->group_of[node] && (gr->looked_up || gr->uses > 1);
}

/* -- Loads and stores --------------------------------------------------------------- */

u32 gen_load_op(u32 size, enum extension e)
{
	switch (size) {
	case 1:
		return e ? OP_MOVSX8 : OP_MOVZX8;
	case 2:
		return e ? OP_MOVSX16 : OP_MOVZX16;
	case 4:
		return e ? (u32)OP_MOVSXD : 0x8b;
	default:
		return 0x8b | W;
	}
}

void gen_access_misses(struct gen *g, enum stub_kind kind, struct lookup l, u32 node, u8 dest,
		       u8 how)
{
	struct stub *s = gen_miss(g, kind, l);

	s->address = ir(g, node)->a;
	s->value = ir(g, node)->b;
	s->size = (u8)ir(g, node)->k;
	s->dest = dest;
	s->dest_kind = how;
	s->back = offset_of(&g->c);
}

/* The base is added to what was guessed, so that the load waits for the index and no more. */
static struct rm at_sum(struct gen *g, struct lookup l)
{
	x64_alu(&g->c, ALU_ADD, W, RCX, x_at(g, g->sum.base));
	return rm_index(RCX, g->sum.index, g->sum.scale, l.span.disp);
}

/* The address is a sum whose parts outlive the lookup. */
static bool is_sum(const struct gen *g, u32 address)
{
	u32 base = gen_address_of(g, address).base;

	return base && gen_is_sum(g, pin(g, base)) && g->sum.index != RCX && g->sum.index != RDX &&
	       !(g->busy >> g->sum.index & 1);
}

void gen_load_into(struct gen *g, u32 node, enum extension e, u8 d)
{
	u32 size = (u32)ir(g, node)->k;
	bool sum;
	struct lookup l;

	if (node == g->table_load) /* if C does the load, anything is there: jump_by_table() */
		gen_take(g, RAX);
	sum = is_sum(g, ir(g, node)->a);
	if (node == g->table_load)
		x64_mov(&g->c, 0, RAX, rm_reg(pin(g, gen_address_of(g, ir(g, node)->a).base)));
	if (gen_in_group(g, node)) {
		x64_op(&g->c, gen_load_op(size, e), d, gen_grouped(g, node), 0);
		return;
	}
	l = gen_lookup(g, ir(g, node)->a, size, false, false);
	x64_op(&g->c, gen_load_op(size, e), d, sum && l.guess ? at_sum(g, l) : gen_at(l), 0);
	gen_access_misses(g, STUB_LOAD, l, node, d, e == SIGN_EXTEND ? DEST_SIGN : DEST_ZERO);
}

/* The node of a load whose extension is n's, or UINT32_MAX. */
u32 gen_extended_load(const struct gen *g, u32 n, enum extension *e)
{
	const struct ir *i = ir(g, n);

	*e = ZERO_EXTEND;
	if (i->op == IR_LOAD)
		return n;
	if ((i->op == IR_SX8 || i->op == IR_SX16 || i->op == IR_SX32) && is_op(g, i->a, IR_LOAD)) {
		*e = SIGN_EXTEND;
		return i->a;
	}
	return UINT32_MAX;
}

static void store_op(struct gen *g, u32 size, struct rm at, u8 s)
{
	static const u32 ops[] = {
		[1] = 0x88 | BYTE_REG, [2] = 0x89 | P_66, [4] = 0x89, [8] = 0x89 | W
	};

	x64_op(&g->c, ops[size], s, at, 0);
}

static void store_imm(struct gen *g, u32 size, struct rm at, i32 k)
{
	switch (size) {
	case 1:
		x64_op(&g->c, 0xc6, 0, at, 1);
		put1(&g->c, (u32)k);
		break;
	case 2:
		x64_op(&g->c, 0xc7 | P_66, 0, at, 2);
		put1(&g->c, (u32)k);
		put1(&g->c, (u32)k >> 8);
		break;
	default:
		x64_store_imm(&g->c, size == 8 ? W : 0, at, k);
	}
}

/* The 64 bytes around the address in rax; what misses is interpreted. */
void gen_zero_at_rax(struct gen *g)
{
	struct span s = { .r = RAX, .size = 64, .writes = true };
	struct lookup l;

	x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RAX), -(i32)s.size);
	l = look_up(g, s, RCX);
	x64_vex(&g->c, 0xef | MAP_0F | P_66, 0, 0, rm_reg(0), 0); /* vpxor xmm0, xmm0, xmm0 */
	for (i32 i = 0; i < (i32)s.size; i += 16)
		x64_vex(&g->c, 0x11 | MAP_0F, 0, 0, rm_index(RCX, RAX, 0, i), 0); /* vmovups */
	gen_miss(g, STUB_REDO, l);
}

void gen_store(struct gen *g, u32 node)
{
	const struct ir *i = ir(g, node);
	bool alone = !gen_in_group(g, node);
	u32 size = (u32)i->k;
	struct lookup l;
	struct rm at;

	if (is_op(g, i->b, IR_F))
		gen_f_canonical(g, (u32)ir(g, i->b)->k);
	if (alone)
		l = gen_lookup(g, i->a, size, true, false);
	at = alone ? gen_at(l) : gen_grouped(g, node);
	if (is_imm(g, i->b)) {
		store_imm(g, size, at, (i32)ir(g, i->b)->k);
	} else if (gen_pinned(g, i->b) != NO_REG) {
		store_op(g, size, at, gen_pinned(g, i->b));
	} else if (is_op(g, i->b, IR_F) && size >= 4 && g->f_in[ir(g, i->b)->k] >= 0) {
		x64_vex(&g->c, 0x11 | MAP_0F | (size == 4 ? P_F3 : P_F2),
			(u32)g->f_in[ir(g, i->b)->k], 0, at, 0);
	} else {
		gen_into(g, i->b, RDX);
		store_op(g, size, at, RDX);
	}
	if (alone)
		gen_access_misses(g, STUB_STORE, l, node, 0, 0);
}
