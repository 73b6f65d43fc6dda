/* jump.c - from block to block */
#include "gen.h"

void gen_count(struct gen *g, u32 n)
{
	if (n)
		x64_alu_imm(&g->c, ALU_SUB, W, rm_reg(R14), (i32)n);
}

static u32 code_at_offset(const struct gen *g, u32 target)
{
	u32 entry = atomic_load_explicit(&g->page->entry[target / 2], memory_order_relaxed);

	if (target == g->b->start)
		return g->loop_head ? g->loop_head : g->out->code;
	return entry == g->code->miss ? 0 : entry;
}

/* The displacement at `site` leads to the code of an offset in the page, once there is some. */
static void link_to(struct gen *g, u32 site, u32 target)
{
	u32 code = g->code->chains ? code_at_offset(g, target) : 0;
	struct jit_link *l = &g->out->links[g->out->nlinks++];

	assert(g->out->nlinks <= JIT_LINKS);
	*l = (struct jit_link){ .site = site, .target = (u16)target, .bound = code };
	if (code)
		x64_bind_to(&g->c, site, code);
}

/* To another offset in the page; where that is back, a slice may be over. */
void gen_jump_in_page(struct gen *g, u32 target, u32 done, bool back)
{
	bool again = gen_is_loop(g, target);
	u32 raw = g->raw;

	if (again)
		gen_end_round(g);
	else
		gen_leave_loop(g);
	gen_count(g, done);
	if (back) {
		x64_align_before(&g->c, 6);
		link_to(g, x64_jcc(&g->c, CC_G), target);
		if (again)
			gen_leave_loop(g);
		x64_const(&g->c, RAX, target);
		x64_jmp_to(&g->c, g->code->common[POLL]);
	} else {
		x64_align_before(&g->c, 5);
		link_to(g, x64_jmp(&g->c), target);
	}
	g->raw = raw; /* for those who have not jumped */
}

/* Done with the block, and rax is next. */
static void count_jump(struct gen *g, u32 done)
{
	gen_leave_loop(g);
	gen_count(g, done);
	x64_bind_to(&g->c, x64_jcc(&g->c, CC_LE), g->code->common[POLL_PC]);
}

/* edx = where the target of the address in rax is, in units of half its size.  Functions often
 * begin at multiples of a power of two, so that the bits above matter as much. */
void gen_target_of_rax(struct code_buf *c)
{
	x64_rorx(c, 0, RDX, rm_reg(RAX), 9);
	x64_alu(c, ALU_XOR, 0, RDX, rm_reg(RAX));
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RDX), 2 * TARGETS - 2);
}

void gen_jump_to_target(struct code_buf *c, struct rm target, u32 look_up)
{
	struct rm code = target;

	code.disp += TARGET(code) - TARGET(pc);
	x64_alu(c, ALU_CMP, W, RAX, target);
	x64_bind_to(c, x64_jcc(c, CC_NE), look_up);
	x64_alu_imm(c, ALU_AND, W, rm_reg(RAX), PAGE_KEY);
	x64_store(c, W, H(base), RAX);
	x64_jmp_rm(c, code);
}

static void jump_to_target(struct gen *g, struct rm target)
{
	gen_jump_to_target(&g->c, target, g->code->common[LOOK_UP]);
}

static void jump_far(struct gen *g, u32 done)
{
	count_jump(g, done);
	gen_target_of_rax(&g->c);
	jump_to_target(g, rm_index(R15, RDX, 3, TARGET(pc)));
}

/* To the address in rax, always the same in one mapping of this page: a target of its own. */
static void jump_far_direct(struct gen *g, u32 done)
{
	u32 place = offset_of(&g->c) / 16 % TARGETS;

	count_jump(g, done);
	x64_const(&g->c, RDX, (u64)2 * place);
	jump_to_target(g, rm_mem(R15, TARGET(pc) + (i32)(16 * place)));
}

/* A switch, where rax is the address that its target was loaded from: the place is found by that,
 * so that the host need not wait for the load to know where to go on.  Any place will do. */
static void jump_by_table(struct gen *g, u32 target, u32 done)
{
	x64_rorx(&g->c, 0, RDX, rm_reg(RAX), 1);
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RDX), 2 * TARGETS - 2);
	gen_into(g, target, RAX);
	count_jump(g, done);
	jump_to_target(g, rm_index(R15, RDX, 3, TARGET(pc)));
}

static bool in_page(i64 target)
{
	return target >= 0 && target < PAGE_SIZE;
}

void gen_jump_to_offset(struct gen *g, i64 target, u32 done)
{
	if (in_page(target)) {
		gen_jump_in_page(g, (u32)target, done, (u32)target <= g->at);
	} else {
		x64_mov(&g->c, W, RAX, H(base));
		x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(RAX), (i32)target);
		jump_far_direct(g, done);
	}
}

/* Without C a jump goes to a multiple of 4, or traps. */
static bool misaligned(const struct gen *g, i64 target)
{
	return target & 2 && !hart_has(g->h, EXT_Zca);
}

void gen_branch(struct gen *g, u32 n)
{
	i64 target = ir(g, n)->k;
	enum cc cc = gen_compare(g, ir(g, n)->a);
	struct stub *s;
	u32 over;

	if (misaligned(g, target)) {
		gen_leave(g, x64_jcc(&g->c, cc));
	} else if (in_page(target) && target > (i64)g->at) {
		s = gen_stub(g, STUB_EXIT, x64_jcc(&g->c, cc));
		s->target = (u32)target;
		s->count = (u16)(g->index + 1);
	} else {
		over = x64_jcc(&g->c, cc ^ 1);
		gen_jump_to_offset(g, target, g->index + 1);
		x64_bind(&g->c, over);
	}
}

/* The last statement before node n. */
static u32 statement_before(const struct gen *g, u32 n)
{
	while (n && ir(g, n - 1)->op < IR_INSN)
		n--;
	return n ? n - 1 : 0;
}

/* r += another register, or itself. */
static bool adds_to(const struct gen *g, const struct ir *v, i64 r)
{
	return v->op == IR_ADD && is_op(g, v->a, IR_X) && is_op(g, v->b, IR_X) &&
	       (ir(g, v->a)->k == r || ir(g, v->b)->k == r);
}

/* The load that x[r] comes from where node n is, if all in between adds to it; or 0. */
static u32 load_of(const struct gen *g, u32 n, i64 r)
{
	enum extension e;
	u32 load;

	while (n--) {
		const struct ir *i = ir(g, n);

		if (i->op <= IR_INSN)
			continue;
		if (i->op != IR_SET || i->k != r)
			return 0;
		load = gen_extended_load(g, i->a, &e);
		if (load != UINT32_MAX)
			return load;
		if (!adds_to(g, ir(g, i->a), r))
			return 0;
	}
	return 0;
}

/* The address of the load at node n is a sum that this block has made: an element of an array, and
 * not a part of some object. */
static bool is_indexed(const struct gen *g, u32 n)
{
	u32 base = gen_address_of(g, ir(g, n)->a).base;

	while (n--) {
		const struct ir *i = ir(g, n), *v = ir(g, i->a);

		if (i->op == IR_SET && i->k == base)
			return v->op == IR_ADD && !is_op(g, v->b, IR_K);
	}
	return false;
}

static bool is_in_table(const struct gen *g, u32 load, bool calls)
{
	return load && !gen_in_group(g, load) && (!calls || is_indexed(g, load)) &&
	       pin(g, gen_address_of(g, ir(g, load)->a).base) != NO_REG;
}

/* Of a jump by a register that returns do not use: as compilers write the cases of a switch, and
 * calls of functions in an array. */
void gen_find_table_load(struct gen *g)
{
	u32 jump = statement_before(g, g->b->n), load;
	i64 link = is_op(g, jump, IR_SET) ? ir(g, jump)->k : 0;
	const struct ir *i;

	g->table_load = 0;
	if (link)
		jump = statement_before(g, jump);
	if (!g->code->chains || !is_op(g, jump, IR_JUMP) || !hart_has(g->h, EXT_Zca))
		return;
	i = ir(g, ir(g, jump)->a);
	if (i->op != IR_AND || !is_op(g, i->a, IR_X))
		return;
	i = ir(g, i->a);
	if (i->k == 1 || i->k == 5 || i->k == link || pin(g, i->k) == NO_REG)
		return;
	load = load_of(g, jump, i->k);
	if (is_in_table(g, load, link))
		g->table_load = load;
}

/* The target is read before the link is written, and gone to when that is done. */
void gen_jump(struct gen *g, u32 n)
{
	u32 v = ir(g, n)->a;

	g->jump = n;
	if (is_op(g, v, IR_PC)) {
		if (misaligned(g, ir(g, v)->k))
			gen_leave(g, x64_jmp(&g->c));
		return;
	}
	if (g->table_load)
		return;
	gen_take(g, RAX);
	gen_into(g, v, RAX);
	if (!hart_has(g->h, EXT_Zca)) {
		x64_test_imm(&g->c, 0, rm_reg(RAX), 2);
		gen_leave(g, x64_jcc(&g->c, CC_NE));
	}
}

void gen_finish_jump(struct gen *g)
{
	u32 v = ir(g, g->jump)->a;

	if (is_op(g, v, IR_PC)) {
		gen_jump_to_offset(g, ir(g, v)->k, g->index + 1);
	} else {
		if (g->table_load)
			jump_by_table(g, v, g->index + 1);
		else
			jump_far(g, g->index + 1);
		gen_release(g, RAX);
	}
}
