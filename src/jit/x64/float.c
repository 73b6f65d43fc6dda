/* float.c - floating point in xmm registers */
#include "gen.h"

#include "csr.h"

/* -- Copies of f registers ---------------------------------------------------------- */

static void f_forget(struct gen *g, u32 r)
{
	if (g->f_in[r] >= 0)
		g->xmm_of[g->f_in[r]] = -1;
	g->f_in[r] = -1;
	g->boxed[r] = false;
}

void gen_f_forget_all(struct gen *g)
{
	for (u32 r = 0; r < 32; r++)
		f_forget(g, r);
}

/* An xmm register for f register r, whose old value is done with. */
static u8 f_claim(struct gen *g, u32 r)
{
	u32 x;

	if (g->fixed[r] >= 0) {
		g->xmm_of[g->fixed[r]] = (i8)r;
		return (u8)(g->f_in[r] = g->fixed[r]);
	}
	assert(!g->loop_head); /* usage has all of a loop's */
	f_forget(g, r);
	do
		x = XMM_FIRST + g->next_xmm++ % (16 - XMM_FIRST);
	while (g->xmm_busy >> x & 1);
	if (g->xmm_of[x] >= 0)
		f_forget(g, (u32)g->xmm_of[x]);
	g->xmm_of[x] = (i8)r;
	g->f_in[r] = (i8)x;
	return (u8)x;
}

void gen_f_load(struct gen *g, u32 r, u32 x)
{
	x64_vex(&g->c, 0x7e | MAP_0F | P_F3, x, 0, f_at(r), 0);
}

void gen_f_store(struct gen *g, u32 r)
{
	x64_vex(&g->c, 0x11 | MAP_0F | P_F2, (u32)g->f_in[r], 0, f_at(r), 0);
}

/* -- Floating point: values --------------------------------------------------------- */

u8 gen_f_operand(struct gen *g, u32 r)
{
	if (g->f_in[r] < 0)
		gen_f_load(g, r, f_claim(g, r));
	g->xmm_busy |= 1u << g->f_in[r];
	return (u8)g->f_in[r];
}

static u32 f_register(const struct gen *g, u32 n)
{
	if (is_op(g, n, IR_UNBOX32))
		n = ir(g, n)->a;
	assert(is_op(g, n, IR_F));
	return (u32)ir(g, n)->k;
}

/* What is no boxed float is a NaN, and the interpreter's. */
void gen_require_boxed(struct gen *g, u32 r)
{
	struct rm high_half = f_at(r);

	if (g->boxed[r])
		return;
	high_half.disp += 4;
	x64_alu_imm(&g->c, ALU_CMP, 0, high_half, -1);
	gen_leave(g, x64_jcc(&g->c, CC_NE));
	g->boxed[r] = true;
}

static u8 f_value(struct gen *g, u32 n, bool is_double)
{
	u32 r = f_register(g, n);
	u8 x = gen_f_operand(g, r);

	if (!is_double)
		gen_require_boxed(g, r);
	return x;
}

/* The operations come in two: of floats, and of doubles. */
static u32 scalar(bool is_double)
{
	return MAP_0F | (is_double ? P_F2 : P_F3);
}

static u32 ucomis(bool is_double)
{
	return 0x2e | MAP_0F | (is_double ? P_66 : 0);
}

static void f_constant_op(struct gen *g, u32 op, u32 d, u32 s, enum common k)
{
	x64_vex(&g->c, op | MAP_0F, d, s, rm_rip((i32)g->code->common[k]), 0);
}

/* f[r] is what its xmm register holds now: a float has its box already, from an operand. */
static void f_is_set(struct gen *g, u32 r, bool is_double)
{
	g->boxed[r] = !is_double;
	g->raw &= ~(1u << g->f_in[r]);
	if (!g->loop_head)
		gen_f_store(g, r);
}

/* The same of bits from elsewhere, above which a float has zeros yet. */
static void f_is_bits(struct gen *g, u32 r, bool is_double)
{
	u32 x = (u32)g->f_in[r];

	if (!is_double)
		f_constant_op(g, 0x56, x, x, BOX); /* vorps */
	f_is_set(g, r, is_double);
}

/* -- Floating point: NaNs ------------------------------------------------------------------
 *
 * A result that is one is the canonical one, where x86 keeps the bits of an operand's.  The flags
 * are the same, so there is nothing to do again.
 */

static void canonical_nan(struct gen *g, u32 x, bool is_double)
{
	f_constant_op(g, 0x7e | P_F3, x, 0, is_double ? NAN64 : NAN32);
}

/* If it is a NaN. */
void gen_make_canonical(struct gen *g, u32 x, bool is_double)
{
	u32 over;

	x64_vex(&g->c, ucomis(is_double), x, 0, rm_reg((u8)x), 0);
	over = x64_jcc_short(&g->c, CC_NP);
	canonical_nan(g, x, is_double);
	x64_bind_short(&g->c, over);
}

/* Looks at two of the same size at once. */
static void look_for_nans(struct gen *g, u32 x, u32 y, bool is_double)
{
	struct stub *s;

	assert(x < 16 && y < 16);
	x64_vex(&g->c, ucomis(is_double), x, 0, rm_reg((u8)y), 0);
	s = gen_stub(g, STUB_NAN, x64_jcc(&g->c, CC_P));
	s->raw = 1u << x | 1u << y;
	s->size = is_double ? 8 : 4;
	s->back = offset_of(&g->c);
	g->raw &= ~s->raw;
}

void gen_nan_stub(struct gen *g, const struct stub *s)
{
	bool is_double = s->size == 8, one = !(s->raw & (s->raw - 1));

	for (u32 x = XMM_FIRST; x < 16; x++) {
		if (!(s->raw >> x & 1))
			continue;
		if (one)
			canonical_nan(g, x, is_double);
		else
			gen_make_canonical(g, x, is_double);
	}
}

/* Before anybody sees the bits of f[r]. */
void gen_f_canonical(struct gen *g, u32 r)
{
	u32 x, with;

	if (g->f_in[r] < 0 || !(g->raw >> g->f_in[r] & 1))
		return;
	x = with = (u32)g->f_in[r];
	for (u32 y = XMM_FIRST; y < 16; y++)
		if (y != x && g->raw >> y & 1 && g->boxed[g->xmm_of[y]] == g->boxed[r])
			with = y;
	look_for_nans(g, x, with, !g->boxed[r]);
}

/* d = the bits of f[r]. */
void gen_f_bits(struct gen *g, u32 r, u8 d)
{
	gen_f_canonical(g, r);
	if (g->f_in[r] >= 0)
		x64_vex(&g->c, 0x7e | MAP_0F | P_66 | W, (u32)g->f_in[r], 0, rm_reg(d), 0);
	else
		x64_mov(&g->c, W, d, f_at(r));
}

/* f[r] = the result in its xmm register.  In a loop a NaN may stay as it is while only arithmetic
 * sees it, which makes another of it. */
static void f_is_result(struct gen *g, u32 r, bool is_double)
{
	u32 x = (u32)g->f_in[r];

	if (!g->loop_head)
		look_for_nans(g, x, x, is_double);
	f_is_set(g, r, is_double);
	if (g->loop_head)
		g->raw |= 1u << x;
}

/* -- Floating point: arithmetic -------------------------------------------------------------- */

static void f_arithmetic(struct gen *g, u32 r, u32 op, const struct ir *i, bool is_double)
{
	u8 a = f_value(g, i->a, is_double), b = f_value(g, i->b, is_double), d = f_claim(g, r);

	x64_vex(&g->c, op | scalar(is_double), d, a, rm_reg(b), 0);
	f_is_result(g, r, is_double);
}

static void f_sqrt(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	u8 a = f_value(g, i->a, is_double), d = f_claim(g, r);

	x64_vex(&g->c, SSE_SQRT | scalar(is_double), d, a, rm_reg(a), 0);
	f_is_result(g, r, is_double);
}

static void f_copy(struct gen *g, u8 d, u8 s)
{
	x64_vex(&g->c, 0x28 | MAP_0F, d, 0, rm_reg(s), 0); /* vmovaps */
}

/* a * b + c, with -a and -c as instructions of their own.  Infinity times 0 is invalid even if c
 * is a NaN, but not to x86: so NaNs are interpreted. */
static void f_fma(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	enum ir_op neg = is_double ? IR_FNEG64 : IR_FNEG32;
	bool minus_a = is_op(g, i->a, neg), minus_c = is_op(g, i->c, neg);
	u32 op = 0xb9 + (minus_c ? 2u : 0) + (minus_a ? 4u : 0); /* vf[n]m{add,sub}231 */
	u8 a = f_value(g, minus_a ? ir(g, i->a)->a : i->a, is_double);
	u8 b = f_value(g, i->b, is_double);
	u8 c = f_value(g, minus_c ? ir(g, i->c)->a : i->c, is_double);

	f_copy(g, 0, c);
	x64_vex(&g->c, op | MAP_0F38 | P_66 | (is_double ? W : 0), 0, a, rm_reg(b), 0);
	x64_vex(&g->c, ucomis(is_double), 0, 0, rm_reg(0), 0);
	gen_redo(g, x64_jcc(&g->c, CC_P));
	f_copy(g, f_claim(g, r), 0);
	f_is_set(g, r, is_double);
}

/* Equal ones may be zeros of different sign: or keeps the minus, and the plus. */
static void f_min_max(struct gen *g, u32 r, const struct ir *i, bool is_double, bool max)
{
	u8 a = f_value(g, i->a, is_double), b = f_value(g, i->b, is_double), d;
	u32 differ, end;

	x64_vex(&g->c, ucomis(is_double), a, 0, rm_reg(b), 0);
	gen_redo(g, x64_jcc(&g->c, CC_P));
	d = f_claim(g, r);
	differ = x64_jcc_short(&g->c, CC_NE);
	x64_vex(&g->c, (max ? 0x54u : 0x56u) | MAP_0F, d, a, rm_reg(b), 0);
	end = x64_jmp_short(&g->c);
	x64_bind_short(&g->c, differ);
	x64_vex(&g->c, (u32)(max ? SSE_MAX : SSE_MIN) | scalar(is_double), d, a, rm_reg(b), 0);
	x64_bind_short(&g->c, end);
	f_is_set(g, r, is_double);
}

static bool same_leaf(const struct gen *g, u32 a, u32 b)
{
	const struct ir *x = ir(g, a), *y = ir(g, b);

	return x->op == y->op &&
	       (x->op == IR_UNBOX32 ? same_leaf(g, x->a, y->a) : x->op == IR_F && x->k == y->k);
}

/* Of one register with itself: a copy, the negative, the magnitude. */
static bool f_sign_of_itself(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	const struct ir *b = ir(g, i->b);
	bool neg = b->op == (is_double ? IR_FNEG64 : IR_FNEG32), abs = b->op == IR_XOR;
	u8 a, d;

	if (!same_leaf(g, i->a, neg || abs ? b->a : i->b) || (abs && !same_leaf(g, i->a, b->b)))
		return false;
	a = f_value(g, i->a, is_double);
	gen_f_canonical(g, f_register(g, i->a));
	d = f_claim(g, r);
	if (neg)
		f_constant_op(g, 0x57, d, a, is_double ? SIGN64 : SIGN32);
	else if (abs)
		f_constant_op(g, 0x54, d, a, is_double ? ABS64 : ABS32);
	else
		f_copy(g, d, a);
	f_is_set(g, r, is_double);
	return true;
}

/* In integer registers: of a all but the sign, which is b's, -b's or both's. */
static void f_sign(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	const struct ir *b = ir(g, i->b);
	bool neg = b->op == (is_double ? IR_FNEG64 : IR_FNEG32), both = b->op == IR_XOR;
	u32 w = is_double ? W : 0, nb = neg ? b->a : both ? b->b : i->b;
	u32 bit = is_double ? 63 : 31;
	u8 d;

	if (f_sign_of_itself(g, r, i, is_double))
		return;
	f_value(g, i->a, is_double); /* for their checks */
	f_value(g, nb, is_double);
	gen_f_bits(g, f_register(g, i->a), RAX);
	gen_f_bits(g, f_register(g, nb), RDX);
	if (both)
		x64_alu(&g->c, ALU_XOR, w, RDX, rm_reg(RAX));
	if (neg)
		x64_group3(&g->c, G3_NOT, w, rm_reg(RDX));
	x64_shift_imm(&g->c, SH_SHR, w, rm_reg(RDX), bit);
	x64_shift_imm(&g->c, SH_SHL, w, rm_reg(RAX), 1);
	x64_shift_imm(&g->c, SH_SHR, w, rm_reg(RAX), 1);
	x64_shift_imm(&g->c, SH_SHL, w, rm_reg(RDX), bit);
	x64_alu(&g->c, ALU_OR, w, RAX, rm_reg(RDX));
	d = f_claim(g, r);
	gen_to_xmm(g, d, rm_reg(RAX));
	f_is_bits(g, r, is_double);
}

/* -- Floating point: conversions ---------------------------------------------------- */

bool gen_to_integer(enum ir_op op, struct conversion *out)
{
	if (op < IR_F32_TO_i32 || op > IR_F64_TO_u64)
		return false;
	out->is_double = op >= IR_F64_TO_i32;
	op -= out->is_double ? IR_F64_TO_i32 : IR_F32_TO_i32;
	out->is_unsigned = op & 1;
	out->w = op >= 2 ? W : 0;
	return true;
}

static bool from_integer(enum ir_op op, struct conversion *out)
{
	if (op < IR_F32_FROM_i32 || op > IR_F64_FROM_u64)
		return false;
	out->is_double = op >= IR_F64_FROM_i32;
	op -= out->is_double ? IR_F64_FROM_i32 : IR_F32_FROM_i32;
	out->is_unsigned = op & 1;
	out->w = op >= 2 ? W : 0;
	return true;
}

/* Unsigned ones are those of 64 signed bits where that is exact; the rest is interpreted before
 * a flag could be raised that is not due. */
static void redo_unless_below(struct gen *g, u8 x, bool is_double, u32 w)
{
	x64_vex(&g->c, 0x7e | MAP_0F | P_66 | (is_double ? W : 0), x, 0, rm_reg(RAX), 0);
	if (is_double) {
		/* 2^63, or 2^32 - 1, which no rounding makes too large; as integers */
		x64_const(&g->c, RDX, w ? 0x43e0000000000000 : 0x41efffffffe00001);
		x64_alu(&g->c, ALU_CMP, W, RAX, rm_reg(RDX));
	} else {
		x64_alu_imm(&g->c, ALU_CMP, 0, rm_reg(RAX), w ? 0x5f000000 : 0x4f800000);
	}
	gen_redo(g, x64_jcc(&g->c, CC_AE));
}

void gen_f_to_integer(struct gen *g, const struct ir *i, struct conversion v, u8 d)
{
	u8 x = f_value(g, i->a, v.is_double);
	u32 op = (i->k == RM_RTZ ? 0x2cu : 0x2du) | scalar(v.is_double);

	if (v.is_unsigned) {
		redo_unless_below(g, x, v.is_double, v.w);
		x64_vex(&g->c, op | W, d, 0, rm_reg(x), 0);
	} else {
		/* What does not fit is the least number: so that number is looked at again. */
		x64_vex(&g->c, op | v.w, d, 0, rm_reg(x), 0);
		x64_alu_imm(&g->c, ALU_CMP, v.w, rm_reg(d), 1);
		gen_redo(g, x64_jcc(&g->c, CC_O));
	}
	if (!v.w)
		x64_op(&g->c, OP_MOVSXD, d, rm_reg(d), 0);
}

/* xmm0 = what the rest of a result is taken from: its box, or nothing to wait for. */
static void f_box_of(struct gen *g, bool is_double)
{
	if (is_double)
		x64_vex(&g->c, 0x57 | MAP_0F, 0, 0, rm_reg(0), 0);
	else
		f_constant_op(g, 0x7e | P_F3, 0, 0, BOX);
}

static void f_from_integer(struct gen *g, u32 r, const struct ir *i, struct conversion v)
{
	struct rm s;
	u8 d;

	if (v.is_unsigned) {
		gen_into(g, i->a, RAX);
		if (v.w) {
			x64_op(&g->c, 0x85 | W, RAX, rm_reg(RAX), 0);
			gen_redo(g, x64_jcc(&g->c, CC_S));
		} else {
			x64_mov(&g->c, 0, RAX, rm_reg(RAX));
		}
		s = rm_reg(RAX);
	} else {
		s = gen_rm_of(g, i->a);
	}
	d = f_claim(g, r);
	f_box_of(g, v.is_double);
	x64_vex(&g->c, 0x2a | scalar(v.is_double) | (v.is_unsigned ? (u32)W : v.w), d, 0, s, 0);
	if (!v.is_unsigned)
		gen_release_rm(g, s);
	f_is_set(g, r, v.is_double);
}

static void f_convert(struct gen *g, u32 r, const struct ir *i, bool to_double)
{
	u8 a = f_value(g, i->a, !to_double), d = f_claim(g, r);

	f_box_of(g, to_double);
	x64_vex(&g->c, 0x5a | scalar(!to_double), d, 0, rm_reg(a), 0);
	f_is_result(g, r, to_double);
}

/* -- Floating point: comparisons ---------------------------------------------------- */

bool gen_f_compare(struct gen *g, const struct ir *i, u8 d)
{
	bool is_double = i->op >= IR_FMIN64;
	u8 a, b;

	switch (i->op) {
	case IR_FEQ32:
	case IR_FEQ64:
		a = f_value(g, i->a, is_double);
		b = f_value(g, i->b, is_double);
		x64_vex(&g->c, ucomis(is_double), a, 0, rm_reg(b), 0);
		x64_setcc(&g->c, CC_NP, RAX);
		x64_setcc(&g->c, CC_E, RDX);
		x64_alu(&g->c, ALU_AND, 0, RAX, rm_reg(RDX));
		break;
	case IR_FLT32:
	case IR_FLT64:
	case IR_FLE32:
	case IR_FLE64:
		a = f_value(g, i->a, is_double);
		b = f_value(g, i->b, is_double);
		/* The other way round, so that NaNs are neither above nor equal. */
		x64_vex(&g->c, ucomis(is_double) | 1, b, 0, rm_reg(a), 0);
		x64_setcc(&g->c, i->op == IR_FLT32 || i->op == IR_FLT64 ? CC_A : CC_AE, RAX);
		break;
	default:
		return false;
	}
	x64_op(&g->c, OP_MOVZX8, d, rm_reg(RAX), 0);
	return true;
}

/* -- Floating point: f registers ---------------------------------------------------- */

static void f_load_from(struct gen *g, u32 r, u32 node, bool is_double)
{
	u32 op = 0x10 | scalar(is_double);
	u8 x;

	if (gen_in_group(g, node)) {
		struct rm at = gen_grouped(g, node);

		x = f_claim(g, r);
		x64_vex(&g->c, op, x, 0, at, 0);
	} else {
		struct lookup l = gen_lookup(g, ir(g, node)->a, is_double ? 8 : 4, false, false);

		x = f_claim(g, r);
		x64_vex(&g->c, op, x, 0, gen_at(l), 0);
		gen_access_misses(g, STUB_LOAD, l, node, x, DEST_XMM);
	}
	f_is_bits(g, r, is_double);
}

void gen_fset(struct gen *g, u32 n, bool is_double)
{
	const struct ir *i = ir(g, ir(g, n)->a);
	u32 r = (u32)ir(g, n)->k;
	struct conversion v;

	if (from_integer((enum ir_op)i->op, &v)) {
		f_from_integer(g, r, i, v);
		return;
	}
	switch (i->op) {
	case IR_LOAD:
		f_load_from(g, r, ir(g, n)->a, is_double);
		break;
	case IR_FADD32:
	case IR_FADD64:
		f_arithmetic(g, r, SSE_ADD, i, is_double);
		break;
	case IR_FSUB32:
	case IR_FSUB64:
		f_arithmetic(g, r, SSE_SUB, i, is_double);
		break;
	case IR_FMUL32:
	case IR_FMUL64:
		f_arithmetic(g, r, SSE_MUL, i, is_double);
		break;
	case IR_FDIV32:
	case IR_FDIV64:
		f_arithmetic(g, r, SSE_DIV, i, is_double);
		break;
	case IR_FSQRT32:
	case IR_FSQRT64:
		f_sqrt(g, r, i, is_double);
		break;
	case IR_FMA32:
	case IR_FMA64:
		f_fma(g, r, i, is_double);
		break;
	case IR_FMIN32:
	case IR_FMIN64:
		f_min_max(g, r, i, is_double, false);
		break;
	case IR_FMAX32:
	case IR_FMAX64:
		f_min_max(g, r, i, is_double, true);
		break;
	case IR_FSGNJ32:
	case IR_FSGNJ64:
		f_sign(g, r, i, is_double);
		break;
	case IR_F32_TO_F64:
	case IR_F64_TO_F32:
		f_convert(g, r, i, is_double);
		break;
	default: {
		/* Bits of an x register. */
		u8 s = gen_reg_of(g, ir(g, n)->a), x = f_claim(g, r);

		x64_vex(&g->c, 0x6e | MAP_0F | P_66 | (is_double ? W : 0), x, 0, rm_reg(s), 0);
		gen_release(g, s);
		f_is_bits(g, r, is_double);
	}
	}
}

void gen_fset16(struct gen *g, u32 n)
{
	u32 v = ir(g, n)->a, r = (u32)ir(g, n)->k;

	if (is_op(g, v, IR_LOAD))
		gen_load_into(g, v, ZERO_EXTEND, RAX);
	else
		gen_into(g, v, RAX);
	x64_alu_imm(&g->c, ALU_OR, W, rm_reg(RAX), -0x10000);
	x64_store(&g->c, W, f_at(r), RAX);
	f_forget(g, r);
}

/* Dirty is what most code finds.  The interpreter does what sets it, and traps if it is off. */
void gen_fp(struct gen *g)
{
	if (g->fp_on)
		return;
	x64_mov(&g->c, 0, RAX, H(mstatus));
	x64_group3(&g->c, G3_NOT, 0, rm_reg(RAX));
	x64_test_imm(&g->c, 0, rm_reg(RAX), (u32)MSTATUS_FS);
	gen_leave(g, x64_jcc(&g->c, CC_NE));
	x64_store_imm(&g->c, 0, H(fp_live), 1);
	g->fp_on = true;
}

/* MXCSR rounds as frm says, where the host can: all but RMM. */
void gen_round_dynamic(struct gen *g)
{
	if (g->frm >= 1)
		return;
	x64_alu_imm(&g->c, ALU_CMP, 0, H(frm), 3);
	gen_leave(g, x64_jcc(&g->c, CC_A));
	g->frm = 1;
}

static void round_nearest(struct gen *g)
{
	if (g->frm == 2)
		return;
	x64_alu_imm(&g->c, ALU_CMP, 0, H(frm), 0);
	gen_leave(g, x64_jcc(&g->c, CC_NE));
	g->frm = 2;
}

/* The value that the statement behind a ROUND sets. */
static enum ir_op rounded(const struct gen *g, u32 n)
{
	while (ir(g, n)->op < IR_SET || ir(g, n)->op > IR_FSET16)
		n++;
	return ir(g, ir(g, n)->a)->op;
}

static bool is_exact(enum ir_op op)
{
	return op == IR_F64_FROM_i32 || op == IR_F64_FROM_u32 || op == IR_F32_TO_F64;
}

/* Else the interpreter does. */
bool gen_host_rounds(const struct gen *g, u32 n)
{
	enum ir_op op = rounded(g, n);
	struct conversion v;

	switch (ir(g, n)->k) {
	case RM_RNE:
	case RM_DYNAMIC:
		return true;
	case RM_RTZ:
		return is_exact(op) || gen_to_integer(op, &v);
	default:
		return is_exact(op);
	}
}

void gen_round_statement(struct gen *g, u32 n)
{
	if (ir(g, n)->k == RM_DYNAMIC)
		gen_round_dynamic(g);
	else if (ir(g, n)->k == RM_RNE && !is_exact(rounded(g, n)))
		round_nearest(g);
}
