/* atomic.c - atomics, and a load reserved with its store conditional */
#include "gen.h"

static void lock(struct gen *g)
{
	if (g->code->smp)
		put1(&g->c, 0xf0);
}

static void nothing_is_current(struct gen *g)
{
	gen_make_current(g, 0);
}

/* rcx = the host address of an aligned access; what misses is interpreted. */
static void atomic_address(struct gen *g, const struct ir *i, bool writes)
{
	struct lookup l = gen_lookup(g, i->a, (u32)i->k, writes, true);

	gen_miss(g, STUB_REDO, l);
	x64_lea(&g->c, W, RCX, gen_at(l));
}

static void min_max_into_rdx(struct gen *g, enum ir_op op, u32 w, u8 value)
{
	enum cc cc = op == IR_AMO_min    ? CC_L
		     : op == IR_AMO_max  ? CC_G
		     : op == IR_AMO_minu ? CC_B
					 : CC_A;

	x64_mov(&g->c, W, RDX, rm_reg(value));
	x64_alu(&g->c, ALU_CMP, w, RAX, rm_reg(RDX));
	x64_cmov(&g->c, cc, w, RDX, rm_reg(RAX));
}

/* rax = what was there, zero-extended. */
static void amo(struct gen *g, const struct ir *i)
{
	u32 w = i->k == 8 ? W : 0, again;
	struct rm at = rm_mem(RCX, 0);

	if (i->op != IR_AMO_swap && i->op != IR_AMO_add)
		nothing_is_current(g); /* r13 is wanted */
	atomic_address(g, i, true);
	switch (i->op) {
	case IR_AMO_swap:
		gen_into(g, i->b, g->code->smp ? RAX : RDX);
		if (g->code->smp) {
			x64_op(&g->c, 0x87 | w, RAX, at, 0); /* locks by itself */
		} else {
			x64_mov(&g->c, w, RAX, at);
			x64_store(&g->c, w, at, RDX);
		}
		break;
	case IR_AMO_add:
		gen_into(g, i->b, g->code->smp ? RAX : RDX);
		if (g->code->smp) {
			lock(g);
			x64_op(&g->c, 0xc1 | MAP_0F | w, RAX, at, 0);
		} else {
			x64_mov(&g->c, w, RAX, at);
			x64_alu(&g->c, ALU_ADD, w, RDX, rm_reg(RAX));
			x64_store(&g->c, w, at, RDX);
		}
		break;
	default:
		gen_into(g, i->b, R13);
		x64_mov(&g->c, w, RAX, at);
		again = offset_of(&g->c);
		switch (i->op) {
		case IR_AMO_and:
		case IR_AMO_or:
		case IR_AMO_xor:
			x64_mov(&g->c, W, RDX, rm_reg(RAX));
			x64_alu(&g->c,
				i->op == IR_AMO_and  ? ALU_AND
				: i->op == IR_AMO_or ? ALU_OR
						     : ALU_XOR,
				W, RDX, rm_reg(R13));
			break;
		default:
			min_max_into_rdx(g, (enum ir_op)i->op, w, R13);
		}
		if (g->code->smp) {
			lock(g);
			x64_op(&g->c, 0xb1 | MAP_0F | w, RDX, at, 0);
			x64_bind_to(&g->c, x64_jcc(&g->c, CC_NE), again);
		} else {
			x64_store(&g->c, w, at, RDX);
		}
	}
}

static void cas(struct gen *g, const struct ir *i)
{
	u32 w = i->k == 8 ? W : 0;

	atomic_address(g, i, true);
	gen_into(g, i->c, RAX);
	gen_into(g, i->b, RDX);
	lock(g);
	x64_op(&g->c, 0xb1 | MAP_0F | w, RDX, rm_mem(RCX, 0), 0);
	if (!w)
		x64_mov(&g->c, 0, RAX, rm_reg(RAX));
}

/* -- A load reserved and its store conditional -------------------------------------- */

static bool is_between(enum ir_op op)
{
	return op < IR_LOAD || op == IR_INSN || op == IR_SET || op == IR_BRANCH || op == IR_FENCE ||
	       op == IR_DEAD;
}

/* The SC that follows the LR at node n, at the same address and with nothing in between that could
 * end the reservation; or 0.  A branch away leaves the reservation as any LR does. */
static u32 sc_of(const struct gen *g, u32 n)
{
	const struct ir *lr = ir(g, n);
	struct address a = gen_address_of(g, lr->a);

	if (!a.base || a.disp)
		return 0;
	for (n++; n < g->b->n; n++) {
		const struct ir *i = ir(g, n);

		if (i->op == IR_SC && i->k == lr->k && is_op(g, i->a, IR_X) &&
		    ir(g, i->a)->k == (i64)a.base)
			return n;
		if (i->op == IR_SET && i->k == (i64)a.base)
			return 0;
		if (!is_between((enum ir_op)i->op) && i->op != IR_LR)
			return 0;
	}
	return 0;
}

/* rcx = the address, rax = what is there: as hart.reserved has it. */
static void reserve(struct gen *g, const struct ir *i)
{
	x64_mov(&g->c, i->k == 8 ? W : 0, RAX, rm_mem(RCX, 0));
	x64_store(&g->c, W, H(reserved), RCX);
	x64_store(&g->c, W, H(reserved_value), RAX);
	x64_store_imm(&g->c, 0, H(reserved_size), (i32)i->k);
}

/* With its SC in the block the page must be writable now, or this is left to the interpreter. */
static void lr(struct gen *g, u32 n)
{
	const struct ir *i = ir(g, n);
	struct lookup l;

	g->paired_sc = sc_of(g, n);
	if (!g->paired_sc) {
		atomic_address(g, i, false);
		reserve(g, i);
		return;
	}
	nothing_is_current(g);
	l = gen_lookup(g, i->a, (u32)i->k, true, true);
	gen_miss(g, STUB_LEAVE, l);
	x64_lea(&g->c, W, RCX, gen_at(l));
	x64_mov(&g->c, W, R13, rm_reg(RCX));
	reserve(g, i);
}

/* rax = 0 if it stored, else 1.  The reservation is the LR's, and holds: only another hart could
 * have written there. */
static void sc_paired(struct gen *g, const struct ir *i)
{
	u32 w = i->k == 8 ? W : 0;

	gen_into(g, i->b, RDX);
	x64_store_imm(&g->c, W, H(reserved), 0);
	if (g->code->smp) {
		x64_mov(&g->c, W, RAX, H(reserved_value));
		lock(g);
		x64_op(&g->c, 0xb1 | MAP_0F | w, RDX, rm_mem(R13, 0), 0);
		x64_setcc(&g->c, CC_NE, RAX);
		x64_op(&g->c, OP_MOVZX8, RAX, rm_reg(RAX), 0);
	} else {
		x64_store(&g->c, w, rm_mem(R13, 0), RDX);
		x64_const(&g->c, RAX, 0);
	}
}

static void sc_alone(struct gen *g, const struct ir *i)
{
	u32 w = i->k == 8 ? W : 0, other, another;

	atomic_address(g, i, true);
	x64_alu(&g->c, ALU_CMP, W, RCX, H(reserved));
	x64_store_imm(&g->c, W, H(reserved), 0);
	other = x64_jcc_short(&g->c, CC_NE);
	x64_alu_imm(&g->c, ALU_CMP, 0, H(reserved_size), (i32)i->k);
	another = x64_jcc_short(&g->c, CC_NE);
	x64_mov(&g->c, W, RAX, H(reserved_value));
	gen_into(g, i->b, RDX);
	lock(g);
	x64_op(&g->c, 0xb1 | MAP_0F | w, RDX, rm_mem(RCX, 0), 0);
	x64_bind_short(&g->c, other);
	x64_bind_short(&g->c, another);
	x64_setcc(&g->c, CC_NE, RAX);
	x64_op(&g->c, OP_MOVZX8, RAX, rm_reg(RAX), 0);
}

static void sc(struct gen *g, u32 n)
{
	if (n == g->paired_sc)
		sc_paired(g, ir(g, n));
	else
		sc_alone(g, ir(g, n));
	g->paired_sc = 0;
}

/* -- Atomics as values -------------------------------------------------------------- */

bool gen_is_atomic(const struct gen *g, u32 n)
{
	enum ir_op op = ir(g, n)->op;

	return op == IR_LR || op == IR_SC || op == IR_CAS ||
	       (op >= IR_AMO_swap && op <= IR_AMO_maxu);
}

void gen_atomic_into_rax(struct gen *g, u32 n)
{
	const struct ir *i = ir(g, n);

	switch (i->op) {
	case IR_LR:
		lr(g, n);
		break;
	case IR_SC:
		sc(g, n);
		break;
	case IR_CAS:
		cas(g, i);
		break;
	default:
		amo(g, i);
	}
}
