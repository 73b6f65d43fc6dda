/* read.c - rv.def read with IR nodes for values.
 *
 * What is known while reading is done while reading: constants are folded, and a register that
 * holds one is one, so lui and addi, or auipc and a jump, become what they mean together.  What is
 * extended from 32 bits already is not extended again; a shift that only the next instruction sees
 * becomes a part of that.
 */
#include "ir.h"

static u32 node(struct ir_block *b, struct ir n)
{
	assert(b->n < IR_MAX); /* ir_read() leaves room for the longest row */
	b->ir[b->n] = n;
	return b->n++;
}

static u32 constant(struct ir_block *b, u64 k)
{
	return node(b, (struct ir){ .op = IR_K, .k = (i64)k });
}

static u32 at_page(struct ir_block *b, u64 offset)
{
	return node(b, (struct ir){ .op = IR_PC, .k = (i64)offset });
}

static bool is_k(const struct ir_block *b, u32 a)
{
	return b->ir[a].op == IR_K;
}

/* Compilers patch these. */
static u32 immediate(struct ir_block *b, i32 imm)
{
	if (b->loads_imm)
		return node(b, (struct ir){ .op = IR_IMM, .k = b->at });
	return constant(b, (u64)(i64)imm);
}

static bool is_k0(const struct ir_block *b, u32 a)
{
	return is_k(b, a) && !b->ir[a].k;
}

static bool is_k_of(const struct ir_block *b, u32 a, i64 least, i64 most)
{
	return is_k(b, a) && b->ir[a].k >= least && b->ir[a].k <= most;
}

/* The value is the sign-extension of its low 32 bits. */
static bool is_narrow(const struct ir_block *b, u32 n)
{
	const struct ir *i = &b->ir[n];

	if (i->op >= IR_EQ && i->op <= IR_GEU)
		return true;
	switch (i->op) {
	case IR_K:
		return i->k == (i32)i->k;
	case IR_X:
		return b->narrow >> i->k & 1;
	case IR_LOAD:
		return i->k < 4;
	case IR_IMM:
	case IR_SX8:
	case IR_SX16:
	case IR_SX32:
	case IR_CLZ:
	case IR_CTZ:
	case IR_CLZ32:
	case IR_CTZ32:
	case IR_POPCNT:
		return true;
	case IR_AND:
		if (is_k_of(b, i->b, 0, INT32_MAX))
			return true;
		return is_narrow(b, i->a) && is_narrow(b, i->b);
	case IR_OR:
	case IR_XOR:
		return is_narrow(b, i->a) && is_narrow(b, i->b);
	case IR_NOT:
		return is_narrow(b, i->a);
	case IR_SHR:
		return is_k_of(b, i->b, b->ir[i->a].op == IR_ZX32 ? 1 : 33, 63);
	case IR_SAR:
		return is_k_of(b, i->b, 32, 63) || is_narrow(b, i->a);
	default:
		return false;
	}
}

static u32 unary(struct ir_block *b, enum ir_op op, u32 a)
{
	u64 k = (u64)b->ir[a].k;

	if (op == IR_SX32 && is_narrow(b, a))
		return a;
	if (is_k(b, a)) {
		switch (op) {
		case IR_NOT:
			return constant(b, ~k);
		case IR_SX8:
			return constant(b, (u64)(i64)(i8)k);
		case IR_SX16:
			return constant(b, (u64)(i64)(i16)k);
		case IR_SX32:
			return constant(b, (u64)(i64)(i32)k);
		case IR_ZX32:
			return constant(b, (u32)k);
		default:
			break;
		}
	}
	return node(b, (struct ir){ .op = (u8)op, .a = (u16)a });
}

static bool folds(enum ir_op op, u64 x, u64 y, u64 *v)
{
	switch (op) {
	case IR_ADD:
		*v = x + y;
		return true;
	case IR_SUB:
		*v = x - y;
		return true;
	case IR_AND:
		*v = x & y;
		return true;
	case IR_OR:
		*v = x | y;
		return true;
	case IR_XOR:
		*v = x ^ y;
		return true;
	case IR_SHL:
		*v = x << (y & 63);
		return true;
	case IR_SHR:
		*v = x >> (y & 63);
		return true;
	case IR_SAR:
		*v = (u64)((i64)x >> (y & 63));
		return true;
	case IR_EQ:
		*v = x == y;
		return true;
	case IR_NE:
		*v = x != y;
		return true;
	case IR_LT:
		*v = (i64)x < (i64)y;
		return true;
	case IR_GE:
		*v = (i64)x >= (i64)y;
		return true;
	case IR_LTU:
		*v = x < y;
		return true;
	case IR_GEU:
		*v = x >= y;
		return true;
	default:
		return false;
	}
}

static bool is_additive(enum ir_op op)
{
	return op == IR_ADD || op == IR_SUB || op == IR_OR || op == IR_XOR || op == IR_SHL ||
	       op == IR_SHR || op == IR_SAR;
}

static bool is_commutative(enum ir_op op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR;
}

static u32 binary(struct ir_block *b, enum ir_op op, u32 a, u32 c)
{
	u64 v;

	if (is_commutative(op) && is_k(b, a)) {
		u32 t = a;

		a = c;
		c = t;
	}
	if (is_k(b, a) && is_k(b, c) && folds(op, (u64)b->ir[a].k, (u64)b->ir[c].k, &v))
		return constant(b, v);
	if (is_k0(b, c) && is_additive(op))
		return a;
	/* Not too far: back ends add what is 32 bits wide. */
	v = (u64)b->ir[a].k + (u64)b->ir[c].k;
	if (op == IR_ADD && b->ir[a].op == IR_PC && is_k(b, c) && v == (u64)(i32)v)
		return at_page(b, v);
	/* Pages begin at even addresses. */
	if (op == IR_AND && b->ir[a].op == IR_PC && is_k(b, c) && b->ir[c].k == -2)
		return at_page(b, (u64)b->ir[a].k & ~(u64)1);
	if (op == IR_ADD && b->ir[a].op == IR_ADD && is_k(b, c) && is_k(b, b->ir[a].b))
		return node(b,
			    (struct ir){ .op = IR_ADD,
					 .a = b->ir[a].a,
					 .b = (u16)constant(b, (u64)b->ir[c].k +
								       (u64)b->ir[b->ir[a].b].k) });
	return node(b, (struct ir){ .op = (u8)op, .a = (u16)a, .b = (u16)c });
}

static u32 choice(struct ir_block *b, u32 condition, u32 yes, u32 no)
{
	if (is_k(b, condition))
		return b->ir[condition].k ? yes : no;
	return node(b,
		    (struct ir){ .op = IR_SEL, .a = (u16)condition, .b = (u16)yes, .c = (u16)no });
}

/* The amount of a 64-bit shift: hosts take it modulo 64 anyway, and say so by SHL and its like. */
static u32 shift_amount(struct ir_block *b, u32 a)
{
	return is_k(b, a) ? constant(b, (u64)b->ir[a].k & 63) : a;
}

static u32 read_x(struct ir_block *b, u32 r)
{
	if (!r)
		return constant(b, 0);
	if (b->known[r])
		return b->value[r];
	return node(b, (struct ir){ .op = IR_X, .k = r });
}

static bool is_constant(const struct ir_block *b, u32 a)
{
	return b->ir[a].op == IR_K || b->ir[a].op == IR_PC;
}

static void forget(struct ir_block *b, u32 r)
{
	b->known[r] = false;
	b->narrow &= ~((u64)1 << r);
}

/* What sets r in the instruction before, if nobody can see that: this one does, too, and nothing
 * can happen in between. */
static struct ir *unseen(struct ir_block *b, u32 r)
{
	u32 i = b->n - 1;
	struct ir *last;

	while (b->ir[i].op != IR_INSN) {
		if (b->ir[i].op >= IR_LOAD && (b->ir[i].op != IR_JUMP || b->jumps_trap))
			return NULL;
		i--;
	}
	if (!i)
		return NULL;
	last = &b->ir[i - 1];
	return last->op == IR_SET && last->k == (i64)r ? last : NULL;
}

static bool is_x(const struct ir_block *b, u32 n, u32 r)
{
	return b->ir[n].op == IR_X && b->ir[n].k == (i64)r;
}

static u32 binary_k(struct ir_block *b, enum ir_op op, u32 a, i64 k)
{
	return node(b, (struct ir){ .op = (u8)op, .a = (u16)a, .b = (u16)constant(b, (u64)k) });
}

/* x << left >> right: what becomes of the low bits of x. */
static u32 extension(struct ir_block *b, u32 x, bool is_signed, i64 left, i64 right, u32 v)
{
	if (left == right && left == 48)
		return is_signed ? node(b, (struct ir){ .op = IR_SX16, .a = (u16)x })
				 : binary_k(b, IR_AND, x, UINT16_MAX);
	if (left == right && left == 56)
		return is_signed ? node(b, (struct ir){ .op = IR_SX8, .a = (u16)x })
				 : binary_k(b, IR_AND, x, UINT8_MAX);
	if (left != 32 || (is_signed && right < 32))
		return v;
	x = node(b, (struct ir){ .op = is_signed ? IR_SX32 : IR_ZX32, .a = (u16)x });
	if (right < 32)
		return binary_k(b, IR_SHL, x, 32 - right);
	return right == 32 ? x : binary_k(b, is_signed ? IR_SAR : IR_SHR, x, right - 32);
}

/* The low bits of a register, or all of them. */
static bool is_part_of_x(const struct ir_block *b, u32 n)
{
	const struct ir *i = &b->ir[n];

	return i->op == IR_X || (i->op == IR_AND && b->ir[i->a].op == IR_X && is_k(b, i->b));
}

/* The value v of r, where r is x << k until then: an index, or an extension. */
static u32 with_shift(struct ir_block *b, u32 r, u32 shift, u32 v)
{
	struct ir s = b->ir[shift], i = b->ir[v];
	u32 other = is_x(b, i.a, r) ? i.b : i.a;

	if (s.op == IR_AND && is_part_of_x(b, shift) && i.op == IR_SHL && is_x(b, i.a, r) &&
	    is_k(b, i.b))
		return node(b, (struct ir){ .op = IR_SHL, .a = (u16)shift, .b = i.b });
	if (s.op != IR_SHL || !is_part_of_x(b, s.a) || !is_k(b, s.b))
		return v;
	if (i.op == IR_ADD && (is_x(b, i.a, r) || is_x(b, i.b, r)) && b->ir[other].op == IR_X &&
	    !is_x(b, other, r) && b->ir[s.b].k <= 3)
		return node(b, (struct ir){ .op = IR_ADD, .a = (u16)shift, .b = (u16)other });
	if ((i.op == IR_SHR || i.op == IR_SAR) && is_x(b, i.a, r) && is_k(b, i.b))
		return extension(b, s.a, i.op == IR_SAR, b->ir[s.b].k, b->ir[i.b].k, v);
	return v;
}

/* Together with the instruction before, if that is not seen. */
static u32 joined(struct ir_block *b, u32 r, u32 v)
{
	struct ir *before = unseen(b, r);
	u32 with;

	if (!before)
		return v;
	with = with_shift(b, r, before->a, v);
	if (with != v || is_constant(b, before->a))
		before->op = IR_DEAD;
	return with;
}

static void set_x(struct ir_block *b, u32 r, u32 v)
{
	enum ir_op op = b->ir[v].op;
	bool narrow;

	if (r == X_SINK && (op == IR_K || op == IR_PC || op == IR_X))
		return;
	if (r != X_SINK) {
		if (is_x(b, v, r))
			return;
		v = joined(b, r, v);
		narrow = is_narrow(b, v);
		forget(b, r);
		b->narrow |= (u64)narrow << r;
		b->known[r] = is_constant(b, v);
		b->value[r] = (u16)v;
	}
	node(b, (struct ir){ .op = IR_SET, .a = (u16)v, .k = r });
}

static void statement(struct ir_block *b, enum ir_op op, u32 a, u32 c, u64 k)
{
	node(b, (struct ir){ .op = (u8)op, .a = (u16)a, .b = (u16)c, .k = (i64)k });
}

static void branch(struct ir_block *b, u32 condition, u64 target)
{
	if (!is_k(b, condition))
		statement(b, IR_BRANCH, condition, 0, target);
	else if (b->ir[condition].k)
		statement(b, IR_JUMP, at_page(b, target), 0, 0);
}

static bool is_csr(help_fn *f)
{
	return f == help_csrrw || f == help_csrrs || f == help_csrrc || f == help_csrrwi ||
	       f == help_csrrsi || f == help_csrrci;
}

/* Helpers that change registers and memory and no more; of all others the next instruction
 * may be anywhere. */
static bool goes_on(help_fn *f)
{
	return f == help_cbo_zero || f == help_cbo_clean || f == help_cbo_inval ||
	       f == help_amocas_q || f == help_sfence_inval || f == help_pause;
}

/* Of the others, those that do not wait, and do nothing for another hart meanwhile. */
static bool is_quick(help_fn *f)
{
	return f == help_ecall || f == help_mret || f == help_sret || f == help_sfence_vma ||
	       f == help_fence_i;
}

static void helper(struct ir_block *b, help_fn *f, const struct op *op)
{
	if (is_csr(f))
		statement(b, IR_CSR, 0, 0, (u32)op->imm);
	else if (goes_on(f))
		statement(b, IR_STEP, 0, 0, (u64)(uintptr_t)f);
	else
		statement(b, IR_END, 0, 0, is_quick(f) ? (u64)(uintptr_t)f : 0);
	if (op->rd < X_SINK)
		forget(b, op->rd);
	if (f == help_amocas_q)
		forget(b, (op->rd + 1u) % 32);
}

static u32 other(struct ir_block *b)
{
	return node(b, (struct ir){ .op = IR_OTHER });
}

/* clang-format off */
#define N1(op, x)       unary(b, IR_##op, x)
#define N2(op, x, y)    binary(b, IR_##op, x, y)
#define N3(op_, x, y, z, k_) node(b, (struct ir){ .op = IR_##op_, .a = (u16)(x), .b = (u16)(y), .c = (u16)(z), .k = (i64)(k_) })

/* Operands are nodes, made where they are used: an unused one costs nothing. */
#define A          read_x(b, op->rs1)
#define B          read_x(b, op->rs2)
#define RD         read_x(b, op->rd % X_SINK)
#define FREG(r)    node(b, (struct ir){ .op = IR_F, .k = (r) })
#define FA         FREG(op->rs1 % 32)
#define FB         FREG(op->rs2 % 32)
#define FC         FREG((u32)op->imm & 31)
#define PC         at_page(b, b->at)
#define NEXT       at_page(b, b->at + b->len)
#define IMM        immediate(b, op->imm)
#define K(k)       constant(b, (u64)(i64)(k))

#define ADD(a, c)  N2(ADD, a, c)
#define SUB(a, c)  N2(SUB, a, c)
#define MUL(a, c)  N2(MUL, a, c)
#define AND(a, c)  N2(AND, a, c)
#define OR(a, c)   N2(OR, a, c)
#define XOR(a, c)  N2(XOR, a, c)
#define NOT(a)     N1(NOT, a)
#define SHAMT(a)   shift_amount(b, a)
#define SHL(a, c)  N2(SHL, a, c)
#define SHR(a, c)  N2(SHR, a, c)
#define SAR(a, c)  N2(SAR, a, c)
#define ROR64(a, c) N2(ROR64, a, c)
#define ROR32(a, c) N2(ROR32, a, c)
#define EQ(a, c)   N2(EQ, a, c)
#define NE(a, c)   N2(NE, a, c)
#define LT(a, c)   N2(LT, a, c)
#define GE(a, c)   N2(GE, a, c)
#define LTU(a, c)  N2(LTU, a, c)
#define GEU(a, c)  N2(GEU, a, c)
#define SEL(x, a, c) choice(b, x, a, c)
#define SX8(a)     N1(SX8, a)
#define SX16(a)    N1(SX16, a)
#define SX32(a)    N1(SX32, a)
#define ZX32(a)    N1(ZX32, a)
#define MULH(a, c)   N2(MULH, a, c)
#define MULHSU(a, c) N2(MULHSU, a, c)
#define MULHU(a, c)  N2(MULHU, a, c)
#define DIV(a, c)  N2(DIV, a, c)
#define REM(a, c)  N2(REM, a, c)
#define DIVU(a, c) N2(DIVU, a, c)
#define REMU(a, c) N2(REMU, a, c)
#define CLZ(a)     N1(CLZ, a)
#define CTZ(a)     N1(CTZ, a)
#define CLZ32(a)   N1(CLZ32, a)
#define CTZ32(a)   N1(CTZ32, a)
#define POPCNT(a)  N1(POPCNT, a)
#define REV8(a)    N1(REV8, a)
#define ORCB(a)    N1(ORCB, a)
#define CLMUL(a, c)  N2(CLMUL, a, c)
#define CLMULH(a, c) N2(CLMULH, a, c)
#define CLMULR(a, c) N2(CLMULR, a, c)

#define LOAD(n, a)     N3(LOAD, a, 0, 0, n)
#define LR(n, a)       N3(LR, a, 0, 0, n)
#define SC(n, a, v)    N3(SC, a, v, 0, n)
#define CAS(n, a, e, v) N3(CAS, a, v, e, n)
#define AMO(name, n, a, v) N3(AMO_##name, a, v, 0, n)

#define RM         ((u32)op->imm >> 8)
#define FA32       N1(UNBOX32, FA)
#define FB32       N1(UNBOX32, FB)
#define FC32       N1(UNBOX32, FC)
#define FA16       N1(UNBOX16, FA)
#define FNEG32(a)  N1(FNEG32, a)
#define FNEG64(a)  N1(FNEG64, a)
#define FSGNJ32(a, c) N2(FSGNJ32, a, c)
#define FSGNJ64(a, c) N2(FSGNJ64, a, c)
#define FADD32(a, c) N3(FADD32, a, c, 0, RM)
#define FSUB32(a, c) N3(FSUB32, a, c, 0, RM)
#define FMUL32(a, c) N3(FMUL32, a, c, 0, RM)
#define FDIV32(a, c) N3(FDIV32, a, c, 0, RM)
#define FSQRT32(a)   N3(FSQRT32, a, 0, 0, RM)
#define FMA32(a, c, d) N3(FMA32, a, c, d, RM)
#define FADD64(a, c) N3(FADD64, a, c, 0, RM)
#define FSUB64(a, c) N3(FSUB64, a, c, 0, RM)
#define FMUL64(a, c) N3(FMUL64, a, c, 0, RM)
#define FDIV64(a, c) N3(FDIV64, a, c, 0, RM)
#define FSQRT64(a)   N3(FSQRT64, a, 0, 0, RM)
#define FMA64(a, c, d) N3(FMA64, a, c, d, RM)
#define FMIN32(a, c) N2(FMIN32, a, c)
#define FMAX32(a, c) N2(FMAX32, a, c)
#define FEQ32(a, c)  N2(FEQ32, a, c)
#define FLT32(a, c)  N2(FLT32, a, c)
#define FLE32(a, c)  N2(FLE32, a, c)
#define FMIN64(a, c) N2(FMIN64, a, c)
#define FMAX64(a, c) N2(FMAX64, a, c)
#define FEQ64(a, c)  N2(FEQ64, a, c)
#define FLT64(a, c)  N2(FLT64, a, c)
#define FLE64(a, c)  N2(FLE64, a, c)
#define F32_TO(t, a)   F32_TO_##t(a)
#define F64_TO(t, a)   F64_TO_##t(a)
#define F32_TO_i32(a)  N3(F32_TO_i32, a, 0, 0, RM)
#define F32_TO_u32(a)  N3(F32_TO_u32, a, 0, 0, RM)
#define F32_TO_i64(a)  N3(F32_TO_i64, a, 0, 0, RM)
#define F32_TO_u64(a)  N3(F32_TO_u64, a, 0, 0, RM)
#define F64_TO_i32(a)  N3(F64_TO_i32, a, 0, 0, RM)
#define F64_TO_u32(a)  N3(F64_TO_u32, a, 0, 0, RM)
#define F64_TO_i64(a)  N3(F64_TO_i64, a, 0, 0, RM)
#define F64_TO_u64(a)  N3(F64_TO_u64, a, 0, 0, RM)
#define F32_FROM(t, a) N3(F32_FROM_##t, a, 0, 0, RM)
#define F64_FROM(t, a) N3(F64_FROM_##t, a, 0, 0, RM)
#define F32_TO_F64(a)  N1(F32_TO_F64, a)
#define F64_TO_F32(a)  N3(F64_TO_F32, a, 0, 0, RM)

#define FMINM32(a, c)  other(b)
#define FMAXM32(a, c)  other(b)
#define FLTQ32(a, c)   other(b)
#define FLEQ32(a, c)   other(b)
#define FCLASS32(a)    other(b)
#define FROUND32(a)    other(b)
#define FROUNDNX32(a)  other(b)
#define FLI32(i)       other(b)
#define FMINM64(a, c)  other(b)
#define FMAXM64(a, c)  other(b)
#define FLTQ64(a, c)   other(b)
#define FLEQ64(a, c)   other(b)
#define FCLASS64(a)    other(b)
#define FROUND64(a)    other(b)
#define FROUNDNX64(a)  other(b)
#define FLI64(i)       other(b)
#define F16_TO_F32(a)  other(b)
#define F16_TO_F64(a)  other(b)
#define F32_TO_F16(a)  other(b)
#define F64_TO_F16(a)  other(b)
#define F64_MOD_I32(a) other(b)

#define SET(v)         set_x(b, op->rd, v);
#define FSET64(v)      statement(b, IR_FSET64, v, 0, op->rd);
#define FSET32(v)      statement(b, IR_FSET32, v, 0, op->rd);
#define FSET16(v)      statement(b, IR_FSET16, v, 0, op->rd);
#define STORE(n, a, v) store(b, a, v, n);
#define BRANCH(c)      branch(b, c, b->at + (u64)(i64)op->imm);
#define JUMP(t)        statement(b, IR_JUMP, t, 0, 0);
#define HELPER(f)      helper(b, help_##f, op);
#define FP             statement(b, IR_FP, 0, 0, 0);
#define ROUND          statement(b, IR_ROUND, 0, 0, RM);
#define FENCE          statement(b, IR_FENCE, 0, 0, (u32)op->imm >> 24 & 5 && (u32)op->imm >> 20 & 10);
#define ORDER          if (op->imm == 3) statement(b, IR_FENCE, 0, 0, 1);
/* clang-format on */

static void store(struct ir_block *b, u32 address, u32 value, u32 size)
{
	statement(b, IR_STORE, address, value, size);
}

typedef void read_fn(struct ir_block *b, const struct op *op);

#define I(name, ext, bits, opnds, sem)                                                             \
	static void read_##name(struct ir_block *b, const struct op *op)                           \
	{                                                                                          \
		(void)b, (void)op;                                                                 \
		sem                                                                                \
	}
#include "rv.def"

static read_fn *const readers[ROW_COUNT] = {
#define I(name, ext, bits, opnds, sem) read_##name,
#include "rv.def"
};

/* -- Blocks --------------------------------------------------------------------------- */

static bool ends(const struct ir_block *b, u32 from)
{
	for (u32 i = from; i < b->n; i++)
		if (b->ir[i].op == IR_JUMP || b->ir[i].op == IR_END)
			return true;
	return false;
}

/* What it lacks the interpreter knows, so the whole instruction is its. */
static bool has_other(const struct ir_block *b, u32 from)
{
	for (u32 i = from; i < b->n; i++)
		if (b->ir[i].op == IR_OTHER)
			return true;
	return false;
}

static void interpret(struct ir_block *b, u32 from, const struct op *op, enum ir_op how)
{
	b->n = from;
	statement(b, how, 0, 0, 0);
	if (op->rd < X_SINK)
		forget(b, op->rd);
}

static void read_one(struct ir_block *b, const struct op *op, enum row row)
{
	u32 from;

	statement(b, IR_INSN, 0, b->len, b->at);
	from = b->n;
	if (row == ROW_ILLEGAL) {
		interpret(b, from, op, IR_END);
		return;
	}
	readers[row](b, op);
	if (has_other(b, from))
		interpret(b, from, op, IR_STEP);
}

/* addi, slti, sltiu, xori, ori, andi: opcode OP-IMM, and no shift. */
static bool has_plain_immediate(u32 word)
{
	return (word & 0x7f) == 0x13 && (word >> 12 & 3) != 1;
}

void ir_read(struct ir_block *b, const struct hart *h, const u8 *page, u32 start, u32 max_insns)
{
	memset(b->known, 0, sizeof(b->known));
	b->narrow = 0;
	b->n = b->insns = 0;
	b->start = b->at = start;
	b->falls = true;
	b->apart = false;
	b->jumps_trap = !hart_has(h, EXT_Zca);
	while (b->falls && b->insns < max_insns && b->n + IR_INSN_MAX < IR_MAX) {
		u32 from = b->n, word;
		struct op op;

		if (b->at + 2 > PAGE_SIZE)
			break;
		word = get_le16(page + b->at);
		b->len = (word & 3) == 3 ? 4 : 2;
		if (b->at + b->len > PAGE_SIZE) {
			/* Its other half lies on the next page, wherever that is. */
			statement(b, IR_INSN, 0, b->len, b->at);
			statement(b, IR_STEP, 0, 0, 0);
			b->insns++;
			b->at += b->len;
			break;
		}
		if (b->len == 4)
			word = get_le32(page + b->at);
		b->loads_imm = b->checks && has_plain_immediate(word);
		read_one(b, &op, decode(h->decoder, word, &op));
		b->falls = !ends(b, from);
		b->insns++;
		b->at += b->len;
	}
	b->end = b->at;
}

/* -- Text ----------------------------------------------------------------------------- */

void ir_text(const struct ir_block *b, struct str *out)
{
	static const char *const names[] = {
#define O(name) #name,
		IR_OPS(O)
#undef O
	};

	for (u32 i = 0; i < b->n; i++)
		str_add(out, "%u %s %u %u %u %lld\n", i, names[b->ir[i].op], b->ir[i].a, b->ir[i].b,
			b->ir[i].c, (long long)b->ir[i].k);
}
