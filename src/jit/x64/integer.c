/* integer.c - integers: values in host registers */
#include "gen.h"

/* -- Temporary registers ------------------------------------------------------------ */

u8 gen_temp(struct gen *g)
{
	static const u8 order[] = { RAX, RDX, RCX };

	for (u32 i = 0; i < ARRAY_LEN(order); i++)
		if (!(g->busy >> order[i] & 1)) {
			g->busy |= 1u << order[i];
			return order[i];
		}
	assert(false && "three are enough for every row");
	return RAX;
}

static bool is_temp(u8 r)
{
	return r <= RDX;
}

void gen_release(struct gen *g, u8 r)
{
	if (is_temp(r))
		g->busy &= ~(1u << r);
}

void gen_take(struct gen *g, u8 r)
{
	assert(!(g->busy >> r & 1));
	g->busy |= 1u << r;
}

/* -- Flags of the host, as the last instruction left them ----------------------------------- */

/* They are those of the value that was just made, in whatever register. */
void gen_note_flags(struct gen *g)
{
	g->flags_end = offset_of(&g->c);
	g->flags_of = 0;
}

bool gen_has_flags(const struct gen *g)
{
	return g->flags_end == offset_of(&g->c);
}

/* -- Sums: what lea has just made, of registers that are still there ------------------------- */

static void note_sum(struct gen *g, u8 d, u32 base, u8 index, u8 scale)
{
	if (is_temp(d) || d == pin(g, base) || d == index)
		return;
	g->sum_end = offset_of(&g->c);
	g->sum = (struct sum){ .of = d, .index = index, .scale = scale, .base = (u8)base };
}

bool gen_is_sum(const struct gen *g, u8 r)
{
	return g->sum_end == offset_of(&g->c) && g->sum.of == r;
}

/* -- What was stored just now is still in the host's register -------------------------------- */

void gen_note_held(struct gen *g, u32 r, u8 in)
{
	g->held_end = offset_of(&g->c);
	g->held = (struct held){ (u8)r, in };
}

static bool holds(const struct gen *g, u32 r)
{
	return g->held_end == offset_of(&g->c) && g->held.x == r;
}

static bool is_free_to_take(const struct gen *g, u32 r)
{
	return holds(g, r) && !(g->busy >> g->held.in & 1);
}

/* d = x[r] */
void gen_x_into(struct gen *g, u32 r, u8 d)
{
	struct rm s = holds(g, r) ? rm_reg(g->held.in) : x_at(g, r);

	if (s.mem || s.base != d)
		x64_mov(&g->c, W, d, s);
}

/* -- Values ------------------------------------------------------------------------- */

void gen_into(struct gen *g, u32 n, u8 d);

/* The value is in the host register `d` now, or is made from it. */
static bool mentions(const struct gen *g, u32 n, u8 d)
{
	const struct ir *i = ir(g, n);

	switch (i->op) {
	case IR_K:
	case IR_PC:
	case IR_F:
	case IR_IMM:
		return false;
	case IR_X:
		return pin(g, i->k) == d;
	case IR_SEL:
		return mentions(g, i->a, d) || mentions(g, i->b, d) || mentions(g, i->c, d);
	case IR_NOT:
	case IR_SX8:
	case IR_SX16:
	case IR_SX32:
	case IR_ZX32:
	case IR_CLZ:
	case IR_CTZ:
	case IR_CLZ32:
	case IR_CTZ32:
	case IR_POPCNT:
	case IR_REV8:
	case IR_ORCB:
		return mentions(g, i->a, d);
	default:
		return mentions(g, i->a, d) || mentions(g, i->b, d);
	}
}

/* A register with the value, not to be changed; gen_release() it. */
u8 gen_reg_of(struct gen *g, u32 n)
{
	u8 r;

	if (is_op(g, n, IR_X) && pin(g, ir(g, n)->k) != NO_REG)
		return pin(g, ir(g, n)->k);
	if (is_op(g, n, IR_X) && is_free_to_take(g, (u32)ir(g, n)->k)) {
		gen_take(g, g->held.in);
		return g->held.in;
	}
	r = gen_temp(g);
	gen_into(g, n, r);
	return r;
}

/* The same, or memory. */
struct rm gen_rm_of(struct gen *g, u32 n)
{
	if (is_op(g, n, IR_X) && !is_free_to_take(g, (u32)ir(g, n)->k))
		return x_at(g, (u32)ir(g, n)->k);
	return rm_reg(gen_reg_of(g, n));
}

void gen_release_rm(struct gen *g, struct rm rm)
{
	if (!rm.mem)
		gen_release(g, rm.base);
}

void gen_move(struct gen *g, u8 d, u8 s)
{
	if (d != s)
		x64_mov(&g->c, W, d, rm_reg(s));
}

/* d = a op c.  The opcode has its operands as d, rm. */
static void binary_into(struct gen *g, u32 op, bool commutes, u32 a, u32 c, u8 d)
{
	u8 t = d;
	struct rm s;

	if (mentions(g, c, d)) {
		if (commutes && !mentions(g, a, d)) {
			u32 swap = a;

			a = c;
			c = swap;
		} else {
			t = gen_temp(g);
		}
	}
	gen_into(g, a, t);
	s = gen_rm_of(g, c);
	x64_op(&g->c, op, t, s, 0);
	gen_release_rm(g, s);
	if (t != d) {
		gen_move(g, d, t);
		gen_release(g, t);
	}
}

static void alu_into(struct gen *g, enum alu op, u32 w, u32 a, u32 c, u8 d)
{
	if (is_imm(g, c)) {
		gen_into(g, a, d);
		x64_alu_imm(&g->c, op, w, rm_reg(d), (i32)ir(g, c)->k);
	} else {
		binary_into(g, ((u32)op << 3 | 3) | w, op != ALU_SUB, a, c, d);
	}
	gen_note_flags(g);
}

/* The lowest bytes have an instruction of their own, which other registers get at no cost. */
static void and_into(struct gen *g, u32 a, u32 c, u8 d)
{
	struct rm s;

	if (!is_const(g, c, UINT8_MAX) && !is_const(g, c, UINT16_MAX)) {
		alu_into(g, ALU_AND, W, a, c, d);
		return;
	}
	s = gen_rm_of(g, a);
	x64_op(&g->c, is_const(g, c, UINT8_MAX) ? OP_MOVZX8 : OP_MOVZX16, d, s, 0);
	gen_release_rm(g, s);
}

static void mul_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm s;

	if (!is_imm(g, i->b)) {
		binary_into(g, OP_IMUL | W, true, i->a, i->b, d);
		return;
	}
	s = gen_rm_of(g, i->a);
	x64_op(&g->c, 0x69 | W, d, s, 4);
	put4(&g->c, (u32)ir(g, i->b)->k);
	gen_release_rm(g, s);
}

/* A leaf in a host register: what lea can take. */
u8 gen_pinned(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_X) ? pin(g, ir(g, n)->k) : NO_REG;
}

/* By as much as lea can. */
static bool is_scaled(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_SHL) && is_op(g, ir(g, n)->b, IR_K) && ir(g, ir(g, n)->b)->k <= 3;
}

static void add_into(struct gen *g, u32 w, u32 a, u32 c, u8 d)
{
	u8 ra = gen_pinned(g, a), rc = gen_pinned(g, c);

	if (ra != NO_REG && is_imm(g, c) && ra != d) {
		x64_lea(&g->c, w, d, rm_mem(ra, (i32)ir(g, c)->k));
	} else if (ra != NO_REG && rc != NO_REG && ra != d && rc != d) {
		x64_lea(&g->c, w, d, rm_index(ra, rc, 0, 0));
	} else if (is_scaled(g, a) && is_op(g, c, IR_X)) {
		u8 index = gen_reg_of(g, ir(g, a)->a), base = gen_reg_of(g, c);
		u8 scale = (u8)ir(g, ir(g, a)->b)->k;

		x64_lea(&g->c, w, d, rm_index(base, index, scale, 0));
		if (w)
			note_sum(g, d, (u32)ir(g, c)->k, index, scale);
		gen_release(g, index);
		gen_release(g, base);
	} else {
		alu_into(g, ALU_ADD, w, a, c, d);
	}
}

/* Hosts take the amount modulo the width, so the `and` that says so goes. */
static u32 amount(const struct gen *g, u32 n, i64 mask)
{
	const struct ir *i = ir(g, n);

	return i->op == IR_AND && is_const(g, i->b, mask) ? i->a : n;
}

static bool below_32(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_K) ? (u64)ir(g, n)->k < 32
				 : is_op(g, n, IR_AND) && is_const(g, ir(g, n)->b, 31);
}

static void shift_into(struct gen *g, enum shift op, u32 w, u32 a, u32 n, u8 d)
{
	n = amount(g, n, w ? 63 : 31);
	if (is_op(g, n, IR_K)) {
		gen_into(g, a, d);
		x64_shift_imm(&g->c, op, w, rm_reg(d), (u32)ir(g, n)->k & (w ? 63 : 31));
	} else {
		u8 by = gen_reg_of(g, n);

		if (is_op(g, a, IR_K) && by != d) { /* bclr has no register to spare */
			gen_into(g, a, d);
			x64_shiftx(&g->c, op, w, d, rm_reg(d), by);
		} else {
			struct rm s = gen_rm_of(g, a);

			x64_shiftx(&g->c, op, w, d, s, by);
			gen_release_rm(g, s);
		}
		gen_release(g, by);
	}
}

static void rotate_into(struct gen *g, u32 w, u32 a, u32 n, u8 d)
{
	n = amount(g, n, w ? 63 : 31);
	if (is_op(g, n, IR_K)) {
		struct rm s = gen_rm_of(g, a);

		x64_rorx(&g->c, w, d, s, (u32)ir(g, n)->k & (w ? 63 : 31));
		gen_release_rm(g, s);
	} else {
		gen_take(g, RCX);
		gen_into(g, n, RCX);
		gen_into(g, a, d);
		x64_shift_cl(&g->c, SH_ROR, w, rm_reg(d));
		gen_release(g, RCX);
	}
}

/* -- Comparisons -------------------------------------------------------------------- */

static bool condition_of(enum ir_op op, enum cc *cc)
{
	switch (op) {
	case IR_EQ:
		*cc = CC_E;
		return true;
	case IR_NE:
		*cc = CC_NE;
		return true;
	case IR_LT:
		*cc = CC_L;
		return true;
	case IR_GE:
		*cc = CC_GE;
		return true;
	case IR_LTU:
		*cc = CC_B;
		return true;
	case IR_GEU:
		*cc = CC_AE;
		return true;
	default:
		return false;
	}
}

/* The comparison with 0 that is asked for, by the flags of the value itself. */
static bool of_result(enum cc *cc)
{
	if (*cc == CC_L)
		*cc = CC_S;
	else if (*cc == CC_GE)
		*cc = CC_NS;
	return *cc == CC_E || *cc == CC_NE || *cc == CC_S || *cc == CC_NS;
}

/* The register was set just now, and the flags with it. */
static bool has_flags_of(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_X) && gen_has_flags(g) && ir(g, n)->k == (i64)g->flags_of;
}

/* Sets the flags; the condition under which n is 1. */
enum cc gen_compare(struct gen *g, u32 n)
{
	const struct ir *i = ir(g, n);
	struct rm a;
	enum cc cc;

	if (!condition_of(i->op, &cc)) {
		u8 r = gen_reg_of(g, n);

		x64_op(&g->c, 0x85 | W, r, rm_reg(r), 0);
		gen_release(g, r);
		return CC_NE;
	}
	if (is_const(g, i->b, 0) && has_flags_of(g, i->a) && of_result(&cc))
		return cc;
	a = is_op(g, i->a, IR_X) ? x_at(g, (u32)ir(g, i->a)->k) : rm_reg(gen_reg_of(g, i->a));
	if (!a.mem && is_const(g, i->b, 0) && of_result(&cc)) {
		x64_op(&g->c, 0x85 | W, a.base, a, 0);
	} else if (is_imm(g, i->b)) {
		x64_alu_imm(&g->c, ALU_CMP, W, a, (i32)ir(g, i->b)->k);
	} else if (!a.mem) {
		struct rm b = gen_rm_of(g, i->b);

		x64_alu(&g->c, ALU_CMP, W, a.base, b);
		gen_release_rm(g, b);
	} else {
		u8 r = gen_reg_of(g, i->b);

		x64_alu_to(&g->c, ALU_CMP, W, a, r);
		gen_release(g, r);
	}
	gen_release_rm(g, a);
	return cc;
}

static void bool_into(struct gen *g, u32 n, u8 d)
{
	enum cc cc = gen_compare(g, n);

	x64_setcc(&g->c, cc, d);
	x64_op(&g->c, OP_MOVZX8, d, rm_reg(d), 0);
}

/* Two constants that are compared take a register each: none is left for a third. */
static bool compares_constants(const struct gen *g, u32 n)
{
	enum cc cc;

	return condition_of(ir(g, n)->op, &cc) && !is_op(g, ir(g, n)->a, IR_X) &&
	       !is_op(g, ir(g, n)->b, IR_X);
}

/* a ? b : c */
static void select_into(struct gen *g, const struct ir *i, u8 d)
{
	u8 t = is_temp(d) ? d : gen_temp(g);

	if (compares_constants(g, i->a)) {
		u32 over;

		gen_into(g, i->c, t);
		over = x64_jcc_short(&g->c, gen_compare(g, i->a) ^ 1);
		gen_into(g, i->b, t);
		x64_bind_short(&g->c, over);
	} else {
		u8 s = gen_reg_of(g, i->b);
		enum cc cc;

		gen_into(g, i->c, t);
		cc = gen_compare(g, i->a);
		x64_cmov(&g->c, cc, W, t, rm_reg(s));
		gen_release(g, s);
	}
	gen_move(g, d, t);
	if (t != d)
		gen_release(g, t);
}

/* -- Multiplication and division ---------------------------------------------------- */

static void claim_pair(struct gen *g, u8 d)
{
	if (d != RAX)
		gen_take(g, RAX);
	if (d != RDX)
		gen_take(g, RDX);
}

static void release_pair(struct gen *g, u8 d)
{
	if (d != RAX)
		g->busy &= ~(1u << RAX);
	if (d != RDX)
		g->busy &= ~(1u << RDX);
}

/* The source of a one-operand multiplication or a division: in rcx, or where it is. */
static struct rm in_rcx(struct gen *g, u32 n)
{
	if (is_op(g, n, IR_X))
		return x_at(g, (u32)ir(g, n)->k);
	gen_take(g, RCX);
	gen_into(g, n, RCX);
	return rm_reg(RCX);
}

static void mul_high_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm s;

	claim_pair(g, d);
	s = in_rcx(g, i->b);
	gen_into(g, i->a, RAX);
	if (i->op == IR_MULHSU) {
		/* As unsigned, less b where a is negative. */
		if (s.mem || s.base != RCX) {
			gen_take(g, RCX);
			x64_mov(&g->c, W, RCX, s);
		}
		x64_group3(&g->c, G3_MUL, W, rm_reg(RCX));
		gen_into(g, i->a, RAX);
		x64_shift_imm(&g->c, SH_SAR, W, rm_reg(RAX), 63);
		x64_alu(&g->c, ALU_AND, W, RCX, rm_reg(RAX));
		x64_alu(&g->c, ALU_SUB, W, RDX, rm_reg(RCX));
		s = rm_reg(RCX);
	} else {
		x64_group3(&g->c, i->op == IR_MULH ? G3_IMUL : G3_MUL, W, s);
	}
	gen_move(g, d, RDX);
	if (!s.mem && s.base == RCX)
		g->busy &= ~(1u << RCX);
	release_pair(g, d);
}

/* Both extended from 32 bits in the same way: then 32 bits are enough, and quicker. */
static bool narrow(const struct gen *g, const struct ir *i, enum ir_op extension)
{
	return is_op(g, i->a, extension) && is_op(g, i->b, extension);
}

/* "M" Extension, Division: by 0 all ones, or the dividend as remainder; the largest negative by
 * -1 itself, or 0. */
static void divide_into(struct gen *g, const struct ir *i, u8 d)
{
	bool is_signed = i->op == IR_DIV || i->op == IR_REM;
	bool rem = i->op == IR_REM || i->op == IR_REMU;
	u32 w = narrow(g, i, is_signed ? IR_SX32 : IR_ZX32) ? 0 : W;
	u32 a = w ? i->a : ir(g, i->a)->a, b = w ? i->b : ir(g, i->b)->a;
	u32 zero, minus_one = 0, end[2] = { 0 };

	claim_pair(g, d);
	gen_take(g, RCX);
	gen_into(g, b, RCX);
	gen_into(g, a, RAX);
	x64_op(&g->c, 0x85 | w, RCX, rm_reg(RCX), 0);
	zero = x64_jcc_short(&g->c, CC_E);
	if (is_signed) {
		x64_alu_imm(&g->c, ALU_CMP, w, rm_reg(RCX), -1);
		minus_one = x64_jcc_short(&g->c, CC_E);
		put1(&g->c, w ? 0x48 : 0x90);
		put1(&g->c, 0x99); /* cqo, or cdq behind a nop */
		x64_group3(&g->c, G3_IDIV, w, rm_reg(RCX));
	} else {
		x64_alu(&g->c, ALU_XOR, 0, RDX, rm_reg(RDX));
		x64_group3(&g->c, G3_DIV, w, rm_reg(RCX));
	}
	end[0] = x64_jmp_short(&g->c);
	if (is_signed) {
		x64_bind_short(&g->c, minus_one);
		x64_alu(&g->c, ALU_XOR, 0, RDX, rm_reg(RDX));
		x64_group3(&g->c, G3_NEG, w, rm_reg(RAX));
		end[1] = x64_jmp_short(&g->c);
	}
	x64_bind_short(&g->c, zero);
	x64_mov(&g->c, w, RDX, rm_reg(RAX));
	x64_const(&g->c, RAX, ~(u64)0);
	x64_bind_short(&g->c, end[0]);
	if (is_signed)
		x64_bind_short(&g->c, end[1]);
	if (!w) /* what is above: an outer SX32 decides */
		x64_op(&g->c, OP_MOVSXD, rem ? RDX : RAX, rm_reg(rem ? RDX : RAX), 0);
	gen_move(g, d, rem ? RDX : RAX);
	g->busy &= ~(1u << RCX);
	release_pair(g, d);
}

/* -- Bits --------------------------------------------------------------------------- */

enum {
	OP_LZCNT = 0xbd | MAP_0F | P_F3,
	OP_TZCNT = 0xbc | MAP_0F | P_F3,
	OP_POPCNT = 0xb8 | MAP_0F | P_F3
};

static void count_into(struct gen *g, u32 op, u32 w, u32 a, u8 d)
{
	struct rm s = gen_rm_of(g, a);

	x64_op(&g->c, op | w, d, s, 0);
	gen_release_rm(g, s);
}

/* 0xff for each byte that is not 0: (((a & 7f) + 7f) | a) >> 7 & 01, times ff */
static void orcb_into(struct gen *g, u32 a, u8 d)
{
	u8 t = is_temp(d) ? d : gen_temp(g), k = gen_temp(g), v = gen_temp(g);

	gen_into(g, a, t);
	x64_const(&g->c, k, 0x7f7f7f7f7f7f7f7f);
	x64_mov(&g->c, W, v, rm_reg(t));
	x64_alu(&g->c, ALU_AND, W, v, rm_reg(k));
	x64_alu(&g->c, ALU_ADD, W, v, rm_reg(k));
	x64_alu(&g->c, ALU_OR, W, v, rm_reg(t));
	x64_shift_imm(&g->c, SH_SHR, W, rm_reg(v), 7);
	x64_const(&g->c, k, 0x0101010101010101);
	x64_alu(&g->c, ALU_AND, W, v, rm_reg(k));
	x64_mov(&g->c, W, t, rm_reg(v));
	x64_shift_imm(&g->c, SH_SHL, W, rm_reg(t), 8);
	x64_alu(&g->c, ALU_SUB, W, t, rm_reg(v));
	gen_release(g, v);
	gen_release(g, k);
	gen_move(g, d, t);
	if (t != d)
		gen_release(g, t);
}

/* Between an x register and the low half of an xmm register. */
void gen_to_xmm(struct gen *g, u8 xmm, struct rm s)
{
	x64_vex(&g->c, 0x6e | MAP_0F | P_66 | W, xmm, 0, s, 0);
}

static void from_xmm(struct gen *g, struct rm d, u8 xmm)
{
	x64_vex(&g->c, 0x7e | MAP_0F | P_66 | W, xmm, 0, d, 0);
}

static void clmul_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm a = gen_rm_of(g, i->a), b;

	gen_to_xmm(g, 0, a);
	gen_release_rm(g, a);
	b = gen_rm_of(g, i->b);
	gen_to_xmm(g, 1, b);
	gen_release_rm(g, b);
	x64_vex(&g->c, 0x44 | MAP_0F3A | P_66, 0, 0, rm_reg(1), 1);
	put1(&g->c, 0);
	if (i->op == IR_CLMUL) {
		from_xmm(g, rm_reg(d), 0);
		return;
	}
	x64_vex(&g->c, 0x16 | MAP_0F3A | P_66 | W, 0, 0, rm_reg(d), 1);
	put1(&g->c, 1);
	if (i->op == IR_CLMULR) {
		u8 low = gen_temp(g);

		from_xmm(g, rm_reg(low), 0);
		x64_op(&g->c, 0xa4 | MAP_0F | W, low, rm_reg(d), 1); /* shld */
		put1(&g->c, 1);
		gen_release(g, low);
	}
}

void gen_into(struct gen *g, u32 n, u8 d)
{
	const struct ir *i = ir(g, n);

	switch ((enum ir_op)i->op) {
	case IR_K:
		x64_const(&g->c, d, (u64)i->k);
		break;
	case IR_X:
		gen_x_into(g, (u32)i->k, d);
		break;
	case IR_PC:
		x64_mov(&g->c, W, d, H(base));
		if (i->k)
			x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(d), (i32)i->k);
		break;
	case IR_F:
		gen_f_bits(g, (u32)i->k, d);
		break;
	case IR_IMM:
		gen_imm_into(g, (u32)i->k, d);
		break;
	case IR_ADD:
		add_into(g, W, i->a, i->b, d);
		break;
	case IR_SUB:
		alu_into(g, ALU_SUB, W, i->a, i->b, d);
		break;
	case IR_AND:
		and_into(g, i->a, i->b, d);
		break;
	case IR_OR:
		alu_into(g, ALU_OR, W, i->a, i->b, d);
		break;
	case IR_XOR:
		alu_into(g, ALU_XOR, W, i->a, i->b, d);
		break;
	case IR_NOT:
		gen_into(g, i->a, d);
		x64_group3(&g->c, G3_NOT, W, rm_reg(d));
		break;
	case IR_MUL:
		mul_into(g, i, d);
		break;
	case IR_SHL:
		shift_into(g, SH_SHL, W, i->a, i->b, d);
		break;
	case IR_SHR:
		if (is_op(g, i->a, IR_ZX32) && below_32(g, i->b))
			shift_into(g, SH_SHR, 0, ir(g, i->a)->a, i->b, d);
		else
			shift_into(g, SH_SHR, W, i->a, i->b, d);
		break;
	case IR_SAR:
		shift_into(g, SH_SAR, W, i->a, i->b, d);
		break;
	case IR_ROR64:
		rotate_into(g, W, i->a, i->b, d);
		break;
	case IR_ROR32:
		rotate_into(g, 0, i->a, i->b, d);
		break;
	case IR_EQ:
	case IR_NE:
	case IR_LT:
	case IR_GE:
	case IR_LTU:
	case IR_GEU:
		bool_into(g, n, d);
		break;
	case IR_SEL:
		select_into(g, i, d);
		break;
	case IR_SX8: {
		u8 s = gen_reg_of(g, i->a);

		x64_op(&g->c, OP_MOVSX8, d, rm_reg(s), 0);
		gen_release(g, s);
		break;
	}
	case IR_SX16: {
		struct rm s = gen_rm_of(g, i->a);

		x64_op(&g->c, OP_MOVSX16, d, s, 0);
		gen_release_rm(g, s);
		break;
	}
	case IR_SX32: {
		struct rm s;
		bool flags;

		/* The low half decides: no need to make more. */
		if (is_op(g, i->a, IR_ADD)) {
			add_into(g, 0, ir(g, i->a)->a, ir(g, i->a)->b, d);
			s = rm_reg(d);
		} else if (is_op(g, i->a, IR_SUB)) {
			alu_into(g, ALU_SUB, 0, ir(g, i->a)->a, ir(g, i->a)->b, d);
			s = rm_reg(d);
		} else if (is_op(g, i->a, IR_SHL)) {
			shift_into(g, SH_SHL, 0, ir(g, i->a)->a, ir(g, i->a)->b, d);
			s = rm_reg(d);
		} else if (is_op(g, i->a, IR_X)) {
			s = x_at(g, (u32)ir(g, i->a)->k);
		} else {
			gen_into(g, i->a, d);
			s = rm_reg(d);
		}
		flags = gen_has_flags(g);
		x64_op(&g->c, OP_MOVSXD, d, s, 0);
		if (flags)
			gen_note_flags(g);
		break;
	}
	case IR_ZX32: /* a division has no register to spare */
		if (is_op(g, i->a, IR_X)) {
			x64_mov(&g->c, 0, d, x_at(g, (u32)ir(g, i->a)->k));
		} else {
			gen_into(g, i->a, d);
			x64_mov(&g->c, 0, d, rm_reg(d));
		}
		break;
	case IR_MULH:
	case IR_MULHU:
	case IR_MULHSU:
		mul_high_into(g, i, d);
		break;
	case IR_DIV:
	case IR_REM:
	case IR_DIVU:
	case IR_REMU:
		divide_into(g, i, d);
		break;
	case IR_CLZ:
		count_into(g, OP_LZCNT, W, i->a, d);
		break;
	case IR_CTZ:
		count_into(g, OP_TZCNT, W, i->a, d);
		break;
	case IR_CLZ32:
		count_into(g, OP_LZCNT, 0, i->a, d);
		break;
	case IR_CTZ32:
		count_into(g, OP_TZCNT, 0, i->a, d);
		break;
	case IR_POPCNT:
		count_into(g, OP_POPCNT, W, i->a, d);
		break;
	case IR_REV8:
		gen_into(g, i->a, d);
		put1(&g->c, 0x48 | high(d));
		put1(&g->c, 0x0f);
		put1(&g->c, 0xc8 | (d & 7u));
		break;
	case IR_ORCB:
		orcb_into(g, i->a, d);
		break;
	case IR_CLMUL:
	case IR_CLMULH:
	case IR_CLMULR:
		clmul_into(g, i, d);
		break;
	default:
		assert(false && "no integer");
	}
}
