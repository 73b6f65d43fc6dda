/* emit_x64.c - nodes to code of an x86-64 host.
 *
 * Wants what CPUs have since 2013: AVX2, BMI1, BMI2, FMA, LZCNT, POPCNT ("x86-64-v3").
 *
 *   rbp       struct hart, 128 bytes in, so that displacements of x[] are bytes
 *   r15       hart.ctx: the TLB and the jump cache
 *   r14       hart.left
 *   r13       where the group of accesses last used is: host address less displacement
 *   rbx r12 rsi rdi r8-r11    guest registers, see `pins`
 *   rax rcx rdx               values for a moment; rcx the addend of a TLB entry
 *   rsp       a frame with the addresses of other groups
 *   xmm2-15   copies of f registers, which memory has too
 *
 * Memory is reached through the TLB by the 10 instructions of lookup().  Loads and stores off
 * one base register share one lookup as long as nothing else can happen in between: a
 * translation only goes away where a block ends.  What misses is done in C and comes back.
 *
 * Floating point runs under the guest's rounding mode, and MXCSR keeps the flags: x86 finds
 * tininess after rounding, as RISC-V does.  NaN results are interpreted, for the canonical NaN.
 */
#include "jit.h"

#include "csr.h"
#include "x64.h"

#include <cpuid.h>

#define BIAS   128
#define H(m)   rm_mem(RBP, (i32)offsetof(struct hart, m) - BIAS)
#define FRAME  (8 * GROUPS + 8)
#define GROUPS 16

#define TLB(tag) ((i32)(offsetof(struct context, tlb) + offsetof(struct tlb_entry, tag)))
#define JUMP(m)  ((i32)(offsetof(struct context, jumps) + offsetof(struct jump, m)))
#define PAGE_KEY (-(i32)PAGE_SIZE)

_Static_assert(sizeof(struct tlb_entry) == 32 && sizeof(struct jump) == 32, "index shifts");

/* Host registers of guest registers: those that compilers use most.  rax, which is 0, is none. */
static const u8 pins[33] = {
	[2] = RBX, [8] = R12, [10] = RSI, [11] = RDI, [12] = R8, [13] = R9, [14] = R10, [15] = R11,
};

static u8 pin(i64 r)
{
	return pins[r] ? pins[r] : NO_REG;
}

enum common {
	EXIT,             /* eax: enum jit_exit */
	EXIT_DONE,        /* the same, and all registers are in memory */
	EXIT_MISS,        /* h->pc is set */
	EXIT_STEP,        /* eax: offset in the page */
	EXIT_LINK,        /* eax: offset in the page, ecx: site */
	POLL,             /* eax: offset in the page to go on at */
	POLL_PC,          /* the same, by h->pc */
	FAULT,            /* hart.where and hart.fault */
	STEP,             /* ecx: where */
	CSR_ACCESS,       /* ecx: where; rdx: the op; rax: the helper */
	CSR_FP,           /* the same for fflags, frm, fcsr */
	IMPATIENT,        /* ecx: where */
	GROUP,            /* rax: first, rdx: last, ecx: where, and flags of jit_group() */
	LOAD,             /* + log2 size; rax: address, ecx: where */
	STORE = LOAD + 4, /* the same; rdx: value */
	SIGN64 = STORE + 4,
	SIGN32,
	ABS64,
	ABS32, /* constants, 16 bytes each */
	MXCSR, /* of C code */
	COMMONS
};

_Static_assert(COMMONS <= ARRAY_LEN(((struct jit_code *)0)->common), "room");

/* -- State while a block is made ------------------------------------------------------ */

enum stub_kind { STUB_LOAD, STUB_STORE, STUB_GROUP, STUB_GUESS, STUB_REDO, STUB_LEAVE, STUB_EXIT };

/* Code that is out of the way, made at the end. */
struct stub {
	u8 kind, size, dest, dest_kind, ngroup;
	u32 site;           /* that jumps here */
	u32 back;           /* where it goes on */
	u32 where;          /* WHERE() */
	u16 address, value; /* nodes */
	u16 count;          /* STUB_EXIT: instructions that are done */
	u32 target;         /* STUB_EXIT: offset in the page */
	i8 xmm_of[16];
};

/* Accesses whose addresses differ by constants: from `lo` to `last`, as displacements from what
 * the register `base` had when the first of them was made. */
struct group {
	u8 base;
	bool writes, first_writes, looked_up, saved;
	i32 lo, last;
	i32 offset; /* of base, then, from the origin */
	u32 uses;
};

struct gen {
	struct code_buf c;
	struct jit_code *code;
	const struct ir_block *b;
	const struct hart *h;
	const struct jit_page *page;
	struct jit_made *out;

	u32 at, len, index; /* the instruction */
	u32 busy;           /* bit set of rax, rcx, rdx */
	u32 jump;           /* the statement that ends the block, once its instruction is done; 0 */
	u32 redos;          /* stubs from here on may be of this instruction */

	/* What is known of the guest here. */
	bool fp_on;
	u8 frm; /* 0: nothing; 1: no more than 3; 2: it is 0 */

	/* f registers in xmm registers: number, whether all 64 bits are there, whether it is known
	 * to be a boxed float */
	i8 f_in[32]; /* xmm of a register, or -1 */
	i8 xmm_of[16];
	bool full[32], boxed[32];
	u32 next_xmm, xmm_busy; /* busy: bit set of operands of this instruction */

	/* A block that jumps to its own start goes on behind its entry, where f registers are in
	 * the xmm registers that they keep all through it, and what was checked is known. */
	u32 loop_head; /* 0: no such block */
	i8 fixed[32];  /* xmm register, or -1 */

	u8 group_of[IR_MAX];
	i32 disp_of[IR_MAX]; /* of an access in a group, from the group's base */
	struct group groups[GROUPS + 1];
	u32 ngroups, current; /* 0: none */
	bool guesses;         /* see guess() */
	u32 paired_sc;        /* node of the SC whose LR has put the address into r13; or 0 */

	struct stub stubs[JIT_INSNS * 6 + 8];
	u32 nstubs;

	/* Decoded CSR instructions, behind the code. */
	struct {
		u32 site;
		struct op op;
	} ops[JIT_INSNS];
	u32 nops;
};

static const struct ir *ir(const struct gen *g, u32 n)
{
	return &g->b->ir[n];
}

static bool is_op(const struct gen *g, u32 n, enum ir_op op)
{
	return ir(g, n)->op == op;
}

static bool is_imm(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_K) && fits32(ir(g, n)->k);
}

static bool is_const(const struct gen *g, u32 n, i64 k)
{
	return is_op(g, n, IR_K) && ir(g, n)->k == k;
}

static struct rm x_memory(u32 r)
{
	return rm_mem(RBP, (i32)(offsetof(struct hart, x) + 8 * r) - BIAS);
}

static struct rm x_at(u32 r)
{
	return pin(r) != NO_REG ? rm_reg(pin(r)) : x_memory(r);
}

static struct rm f_at(u32 r)
{
	return rm_mem(RBP, (i32)(offsetof(struct hart, f) + 8 * r) - BIAS);
}

/* -- Temporary registers -------------------------------------------------------------- */

static u8 temp(struct gen *g)
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

static void release(struct gen *g, u8 r)
{
	if (is_temp(r))
		g->busy &= ~(1u << r);
}

static void take(struct gen *g, u8 r)
{
	assert(!(g->busy >> r & 1));
	g->busy |= 1u << r;
}

/* -- Values --------------------------------------------------------------------------------------
 */

static void into(struct gen *g, u32 n, u8 d);

/* The value is in the host register `d` now, or is made from it. */
static bool mentions(const struct gen *g, u32 n, u8 d)
{
	const struct ir *i = ir(g, n);

	switch (i->op) {
	case IR_K:
	case IR_PC:
	case IR_F:
		return false;
	case IR_X:
		return pin(i->k) == d;
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

/* A register with the value, not to be changed; release() it. */
static u8 reg_of(struct gen *g, u32 n)
{
	u8 r;

	if (is_op(g, n, IR_X) && pin(ir(g, n)->k) != NO_REG)
		return pin(ir(g, n)->k);
	r = temp(g);
	into(g, n, r);
	return r;
}

/* The same, or memory. */
static struct rm rm_of(struct gen *g, u32 n)
{
	if (is_op(g, n, IR_X))
		return x_at((u32)ir(g, n)->k);
	return rm_reg(reg_of(g, n));
}

static void release_rm(struct gen *g, struct rm rm)
{
	if (!rm.mem)
		release(g, rm.base);
}

static void move(struct gen *g, u8 d, u8 s)
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
			t = temp(g);
		}
	}
	into(g, a, t);
	s = rm_of(g, c);
	x64_op(&g->c, op, t, s, 0);
	release_rm(g, s);
	if (t != d) {
		move(g, d, t);
		release(g, t);
	}
}

static void alu_into(struct gen *g, enum alu op, u32 w, u32 a, u32 c, u8 d)
{
	if (is_imm(g, c)) {
		into(g, a, d);
		x64_alu_imm(&g->c, op, w, rm_reg(d), (i32)ir(g, c)->k);
	} else {
		binary_into(g, ((u32)op << 3 | 3) | w, op != ALU_SUB, a, c, d);
	}
}

static void mul_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm s;

	if (!is_imm(g, i->b)) {
		binary_into(g, OP_IMUL | W, true, i->a, i->b, d);
		return;
	}
	s = rm_of(g, i->a);
	x64_op(&g->c, 0x69 | W, d, s, 4);
	put4(&g->c, (u32)ir(g, i->b)->k);
	release_rm(g, s);
}

/* A leaf in a host register: what lea can take. */
static u8 pinned(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_X) ? pin(ir(g, n)->k) : NO_REG;
}

static void add_into(struct gen *g, u32 w, u32 a, u32 c, u8 d)
{
	u8 ra = pinned(g, a), rc = pinned(g, c);

	if (ra != NO_REG && is_imm(g, c) && ra != d) {
		x64_lea(&g->c, w, d, rm_mem(ra, (i32)ir(g, c)->k));
	} else if (ra != NO_REG && rc != NO_REG && ra != d && rc != d) {
		x64_lea(&g->c, w, d, rm_index(ra, rc, 0, 0));
	} else if (is_op(g, a, IR_SHL) && is_op(g, ir(g, a)->b, IR_K) &&
		   ir(g, ir(g, a)->b)->k <= 3 && rc != NO_REG) {
		u8 s = reg_of(g, ir(g, a)->a);

		x64_lea(&g->c, w, d, rm_index(rc, s, (u8)ir(g, ir(g, a)->b)->k, 0));
		release(g, s);
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
		into(g, a, d);
		x64_shift_imm(&g->c, op, w, rm_reg(d), (u32)ir(g, n)->k & (w ? 63 : 31));
	} else {
		u8 by = reg_of(g, n);

		if (is_op(g, a, IR_K) && by != d) { /* bclr has no register to spare */
			into(g, a, d);
			x64_shiftx(&g->c, op, w, d, rm_reg(d), by);
		} else {
			struct rm s = rm_of(g, a);

			x64_shiftx(&g->c, op, w, d, s, by);
			release_rm(g, s);
		}
		release(g, by);
	}
}

static void rotate_into(struct gen *g, u32 w, u32 a, u32 n, u8 d)
{
	n = amount(g, n, w ? 63 : 31);
	if (is_op(g, n, IR_K)) {
		struct rm s = rm_of(g, a);

		x64_rorx(&g->c, w, d, s, (u32)ir(g, n)->k & (w ? 63 : 31));
		release_rm(g, s);
	} else {
		take(g, RCX);
		into(g, n, RCX);
		into(g, a, d);
		x64_shift_cl(&g->c, SH_ROR, w, rm_reg(d));
		release(g, RCX);
	}
}

/* -- Comparisons ---------------------------------------------------------------------- */

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

/* Sets the flags; the condition under which n is 1. */
static enum cc compare(struct gen *g, u32 n)
{
	const struct ir *i = ir(g, n);
	struct rm a;
	enum cc cc;

	if (!condition_of(i->op, &cc)) {
		u8 r = reg_of(g, n);

		x64_op(&g->c, 0x85 | W, r, rm_reg(r), 0);
		release(g, r);
		return CC_NE;
	}
	a = is_op(g, i->a, IR_X) ? x_at((u32)ir(g, i->a)->k) : rm_reg(reg_of(g, i->a));
	if (!a.mem && is_const(g, i->b, 0) &&
	    (cc == CC_E || cc == CC_NE || cc == CC_L || cc == CC_GE)) {
		x64_op(&g->c, 0x85 | W, a.base, a, 0);
		if (cc == CC_L)
			cc = CC_S;
		else if (cc == CC_GE)
			cc = CC_NS;
	} else if (is_imm(g, i->b)) {
		x64_alu_imm(&g->c, ALU_CMP, W, a, (i32)ir(g, i->b)->k);
	} else if (!a.mem) {
		struct rm b = rm_of(g, i->b);

		x64_alu(&g->c, ALU_CMP, W, a.base, b);
		release_rm(g, b);
	} else {
		u8 r = reg_of(g, i->b);

		x64_alu_to(&g->c, ALU_CMP, W, a, r);
		release(g, r);
	}
	release_rm(g, a);
	return cc;
}

static void bool_into(struct gen *g, u32 n, u8 d)
{
	enum cc cc = compare(g, n);

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
	u8 t = is_temp(d) ? d : temp(g);

	if (compares_constants(g, i->a)) {
		u32 over;

		into(g, i->c, t);
		over = x64_jcc_short(&g->c, compare(g, i->a) ^ 1);
		into(g, i->b, t);
		x64_bind_short(&g->c, over);
	} else {
		u8 s = reg_of(g, i->b);
		enum cc cc;

		into(g, i->c, t);
		cc = compare(g, i->a);
		x64_cmov(&g->c, cc, W, t, rm_reg(s));
		release(g, s);
	}
	move(g, d, t);
	if (t != d)
		release(g, t);
}

/* -- Multiplication and division ------------------------------------------------------ */

static void claim_pair(struct gen *g, u8 d)
{
	if (d != RAX)
		take(g, RAX);
	if (d != RDX)
		take(g, RDX);
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
		return x_at((u32)ir(g, n)->k);
	take(g, RCX);
	into(g, n, RCX);
	return rm_reg(RCX);
}

static void mul_high_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm s;

	claim_pair(g, d);
	s = in_rcx(g, i->b);
	into(g, i->a, RAX);
	if (i->op == IR_MULHSU) {
		/* As unsigned, less b where a is negative. */
		if (s.mem || s.base != RCX) {
			take(g, RCX);
			x64_mov(&g->c, W, RCX, s);
		}
		x64_group3(&g->c, G3_MUL, W, rm_reg(RCX));
		into(g, i->a, RAX);
		x64_shift_imm(&g->c, SH_SAR, W, rm_reg(RAX), 63);
		x64_alu(&g->c, ALU_AND, W, RCX, rm_reg(RAX));
		x64_alu(&g->c, ALU_SUB, W, RDX, rm_reg(RCX));
		s = rm_reg(RCX);
	} else {
		x64_group3(&g->c, i->op == IR_MULH ? G3_IMUL : G3_MUL, W, s);
	}
	move(g, d, RDX);
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
	take(g, RCX);
	into(g, b, RCX);
	into(g, a, RAX);
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
	move(g, d, rem ? RDX : RAX);
	g->busy &= ~(1u << RCX);
	release_pair(g, d);
}

/* -- Bits ----------------------------------------------------------------------------- */

enum {
	OP_LZCNT = 0xbd | MAP_0F | P_F3,
	OP_TZCNT = 0xbc | MAP_0F | P_F3,
	OP_POPCNT = 0xb8 | MAP_0F | P_F3
};

static void count_into(struct gen *g, u32 op, u32 w, u32 a, u8 d)
{
	struct rm s = rm_of(g, a);

	x64_op(&g->c, op | w, d, s, 0);
	release_rm(g, s);
}

/* 0xff for each byte that is not 0: (((a & 7f) + 7f) | a) >> 7 & 01, times ff */
static void orcb_into(struct gen *g, u32 a, u8 d)
{
	u8 t = is_temp(d) ? d : temp(g), k = temp(g), v = temp(g);

	into(g, a, t);
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
	release(g, v);
	release(g, k);
	move(g, d, t);
	if (t != d)
		release(g, t);
}

/* Between an x register and the low half of an xmm register. */
static void to_xmm(struct gen *g, u8 xmm, struct rm s)
{
	x64_vex(&g->c, 0x6e | MAP_0F | P_66 | W, xmm, 0, s, 0);
}

static void from_xmm(struct gen *g, struct rm d, u8 xmm)
{
	x64_vex(&g->c, 0x7e | MAP_0F | P_66 | W, xmm, 0, d, 0);
}

static void clmul_into(struct gen *g, const struct ir *i, u8 d)
{
	struct rm a = rm_of(g, i->a), b;

	to_xmm(g, 0, a);
	release_rm(g, a);
	b = rm_of(g, i->b);
	to_xmm(g, 1, b);
	release_rm(g, b);
	x64_vex(&g->c, 0x44 | MAP_0F3A | P_66, 0, 0, rm_reg(1), 1);
	put1(&g->c, 0);
	if (i->op == IR_CLMUL) {
		from_xmm(g, rm_reg(d), 0);
		return;
	}
	x64_vex(&g->c, 0x16 | MAP_0F3A | P_66 | W, 0, 0, rm_reg(d), 1);
	put1(&g->c, 1);
	if (i->op == IR_CLMULR) {
		u8 low = temp(g);

		from_xmm(g, rm_reg(low), 0);
		x64_op(&g->c, 0xa4 | MAP_0F | W, low, rm_reg(d), 1); /* shld */
		put1(&g->c, 1);
		release(g, low);
	}
}

static void into(struct gen *g, u32 n, u8 d)
{
	const struct ir *i = ir(g, n);

	switch ((enum ir_op)i->op) {
	case IR_K:
		x64_const(&g->c, d, (u64)i->k);
		break;
	case IR_X: {
		struct rm s = x_at((u32)i->k);

		if (s.mem || s.base != d)
			x64_mov(&g->c, W, d, s);
		break;
	}
	case IR_PC:
		x64_mov(&g->c, W, d, H(base));
		if (i->k)
			x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(d), (i32)i->k);
		break;
	case IR_F:
		x64_mov(&g->c, W, d, f_at((u32)i->k));
		break;
	case IR_ADD:
		add_into(g, W, i->a, i->b, d);
		break;
	case IR_SUB:
		alu_into(g, ALU_SUB, W, i->a, i->b, d);
		break;
	case IR_AND:
		alu_into(g, ALU_AND, W, i->a, i->b, d);
		break;
	case IR_OR:
		alu_into(g, ALU_OR, W, i->a, i->b, d);
		break;
	case IR_XOR:
		alu_into(g, ALU_XOR, W, i->a, i->b, d);
		break;
	case IR_NOT:
		into(g, i->a, d);
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
		u8 s = reg_of(g, i->a);

		x64_op(&g->c, OP_MOVSX8, d, rm_reg(s), 0);
		release(g, s);
		break;
	}
	case IR_SX16: {
		struct rm s = rm_of(g, i->a);

		x64_op(&g->c, OP_MOVSX16, d, s, 0);
		release_rm(g, s);
		break;
	}
	case IR_SX32: {
		struct rm s;

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
			s = x_at((u32)ir(g, i->a)->k);
		} else if (is_op(g, i->a, IR_F)) {
			s = f_at((u32)ir(g, i->a)->k);
		} else {
			into(g, i->a, d);
			s = rm_reg(d);
		}
		x64_op(&g->c, OP_MOVSXD, d, s, 0);
		break;
	}
	case IR_ZX32: {
		struct rm s = rm_of(g, i->a);

		x64_mov(&g->c, 0, d, s);
		release_rm(g, s);
		break;
	}
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
		into(g, i->a, d);
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

/* -- Copies of f registers ----------------------------------------------------------------------
 */

enum { XMM_FIRST = 2 };

static void f_forget(struct gen *g, u32 r)
{
	if (g->f_in[r] >= 0)
		g->xmm_of[g->f_in[r]] = -1;
	g->f_in[r] = -1;
	g->full[r] = g->boxed[r] = false;
}

static void f_forget_all(struct gen *g)
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

/* After calls, which keep no xmm register. */
static void f_reload(struct gen *g, const i8 xmm_of[16])
{
	for (u32 x = XMM_FIRST; x < 16; x++)
		if (xmm_of[x] >= 0)
			x64_vex(&g->c, 0x7e | MAP_0F | P_F3, x, 0, f_at((u32)xmm_of[x]), 0);
}

/* -- Stubs ---------------------------------------------------------------------------- */

static u32 where_now(const struct gen *g)
{
	return WHERE(g->at, g->len, g->index);
}

static struct stub *stub(struct gen *g, enum stub_kind kind, u32 site)
{
	struct stub *s = &g->stubs[g->nstubs++];

	assert(g->nstubs <= ARRAY_LEN(g->stubs));
	memset(s, 0, sizeof(*s));
	s->kind = (u8)kind;
	s->site = site;
	s->where = where_now(g);
	memcpy(s->xmm_of, g->xmm_of, sizeof(s->xmm_of));
	return s;
}

/* The jump at `site` has the interpreter do this instruction and, if it does not go elsewhere,
 * comes back behind it: finish_redos(). */
static void redo(struct gen *g, u32 site)
{
	stub(g, STUB_REDO, site);
}

static void finish_redos(struct gen *g)
{
	for (; g->redos < g->nstubs; g->redos++) {
		struct stub *s = &g->stubs[g->redos];

		if (s->kind != STUB_REDO)
			continue;
		s->back = offset_of(&g->c);
		memcpy(s->xmm_of, g->xmm_of, sizeof(s->xmm_of));
	}
}

/* The jump at `site` leaves the block, so that what follows in it may rely on the contrary. */
static void leave(struct gen *g, u32 site)
{
	stub(g, STUB_LEAVE, site);
}

/* -- Memory --------------------------------------------------------------------------- */

/* Most addresses are a register and a displacement. */
struct address {
	u32 node;
	u32 base; /* guest register, or 0 */
	i32 disp;
};

static struct address address_of(const struct gen *g, u32 n)
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
static void address_into_rax(struct gen *g, struct address a)
{
	if (!a.base) {
		into(g, a.node, RAX);
	} else if (pin(a.base) != NO_REG) {
		if (a.disp)
			x64_lea(&g->c, W, RAX, rm_mem(pin(a.base), a.disp));
		else
			x64_mov(&g->c, W, RAX, rm_reg(pin(a.base)));
	} else {
		x64_mov(&g->c, W, RAX, x_memory(a.base));
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

static struct rm guess_at(u32 slot)
{
	return rm_mem(RBP, (i32)(offsetof(struct hart, guess) + 8 * slot) - BIAS);
}

/* rcx = the addend of the TLB entry at rcx.  In a loop it is likely what it was last time, in the
 * same page or one that lies next to it in memory too.  Then the host need not wait for the
 * entry, as the comparison is only predicted: a load that follows a load takes half the time. */
static void guess(struct gen *g)
{
	u32 slot = (g->at / 2) % JIT_GUESSES;
	struct stub *s;

	x64_mov(&g->c, W, RDX, guess_at(slot));
	x64_alu(&g->c, ALU_CMP, W, RDX, rm_index(R15, RCX, 0, TLB(addend)));
	s = stub(g, STUB_GUESS, x64_jcc(&g->c, CC_NE));
	s->value = (u16)slot;
	s->back = offset_of(&g->c);
	x64_mov(&g->c, W, RCX, rm_reg(RDX));
}

/* A lookup of `size` bytes: the displacement of the jump that is taken if they are not all in a
 * page that is in the TLB.  Then the bytes are at the operand; of rax, rcx and rdx, the last is
 * free.  The entry is found by the first byte and checked by the last, or for atomics by the
 * first with the bits that must be 0. */
static u32 lookup(struct gen *g, struct address a, u32 size, bool writes, bool aligned,
		  struct rm *out)
{
	i32 tag = writes ? TLB(w) : TLB(r);
	u8 first = a.base ? pin(a.base) : NO_REG;
	u32 miss;

	if (first == NO_REG) {
		address_into_rax(g, a);
		*out = rm_index(RCX, RAX, 0, 0);
		first = RAX;
		a.disp = 0;
	} else {
		*out = rm_index(RCX, first, 0, a.disp);
	}
	if (a.disp && (size == 1 || aligned)) {
		x64_lea(&g->c, W, RDX, rm_mem(first, a.disp));
		tlb_index_into_rcx(g, RDX);
	} else if (a.disp) {
		x64_lea(&g->c, 0, RCX, rm_mem(first, a.disp));
		tlb_index_into_rcx(g, RCX);
	} else {
		tlb_index_into_rcx(g, first);
	}
	if (aligned) {
		if (!a.disp)
			x64_mov(&g->c, W, RDX, rm_reg(first));
		x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RDX), PAGE_KEY | (i32)(size - 1));
	} else {
		if (size > 1)
			x64_lea(&g->c, W, RDX, rm_mem(first, a.disp + (i32)size - 1));
		else if (!a.disp)
			x64_mov(&g->c, W, RDX, rm_reg(first));
		x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RDX), PAGE_KEY);
	}
	x64_alu_to(&g->c, ALU_CMP, W, rm_index(R15, RCX, 0, tag), RDX);
	miss = x64_jcc(&g->c, CC_NE);
	if (g->guesses && !writes)
		guess(g);
	else
		x64_mov(&g->c, W, RCX, rm_index(R15, RCX, 0, TLB(addend)));
	return miss;
}

/* -- Groups: accesses off one base that one lookup is enough for ---------------------- */

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
	struct address a = address_of(g, value);
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
	struct address a = address_of(g, i->a);
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
static void find_groups(struct gen *g)
{
	struct origins o;

	forget_origins(&o);
	memset(g->group_of, 0, sizeof(g->group_of[0]) * g->b->n);
	g->ngroups = g->current = 0;
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
static void make_current(struct gen *g, u32 n)
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
	u8 base = pin(gr->base);
	u32 miss;
	struct stub *s;

	make_current(g, n);
	if (base == NO_REG) {
		x64_mov(&g->c, W, RAX, x_memory(gr->base));
		base = RAX;
	}
	if (gr->lo) {
		x64_lea(&g->c, 0, RCX, rm_mem(base, gr->lo));
		tlb_index_into_rcx(g, RCX);
	} else {
		tlb_index_into_rcx(g, base);
	}
	x64_lea(&g->c, W, RDX, rm_mem(base, gr->last));
	x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RDX), PAGE_KEY);
	x64_alu_to(&g->c, ALU_CMP, W, rm_index(R15, RCX, 0, gr->writes ? TLB(w) : TLB(r)), RDX);
	miss = x64_jcc(&g->c, CC_NE);
	x64_mov(&g->c, W, R13, rm_index(R15, RCX, 0, TLB(addend)));
	x64_alu(&g->c, ALU_ADD, W, R13, rm_reg(base));
	s = stub(g, STUB_GROUP, miss);
	s->ngroup = (u8)n;
	s->back = offset_of(&g->c);
	gr->looked_up = true;
}

/* The operand of a grouped access; rax, rcx and rdx are free then. */
static struct rm grouped(struct gen *g, u32 node)
{
	u32 n = g->group_of[node];
	struct group *gr = &g->groups[n];

	if (!gr->looked_up) {
		group_lookup(g, n);
	} else if (g->current != n) {
		make_current(g, n);
		x64_mov(&g->c, W, R13, group_slot(n));
	}
	gr->uses--;
	return rm_mem(R13, g->disp_of[node]);
}

/* One access alone is quicker without, and comes back from devices. */
static bool in_group(const struct gen *g, u32 node)
{
	const struct group *gr = &g->groups[g->group_of[node]];

	return g->group_of[node] && (gr->looked_up || gr->uses > 1);
}

/* -- Loads and stores ----------------------------------------------------------------- */

enum extension { ZERO_EXTEND, SIGN_EXTEND };

static u32 load_op(u32 size, enum extension e)
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

/* dest_kind of a load's stub: how rax gets to where the value belongs. */
enum { DEST_ZERO, DEST_SIGN, DEST_XMM };

static void access_misses(struct gen *g, enum stub_kind kind, u32 miss, u32 node, u8 dest, u8 how)
{
	struct stub *s = stub(g, kind, miss);

	s->address = ir(g, node)->a;
	s->value = ir(g, node)->b;
	s->size = (u8)ir(g, node)->k;
	s->dest = dest;
	s->dest_kind = how;
	s->back = offset_of(&g->c);
}

static void load_into(struct gen *g, u32 node, enum extension e, u8 d)
{
	struct address a = address_of(g, ir(g, node)->a);
	u32 size = (u32)ir(g, node)->k;
	struct rm at;
	u32 miss;

	if (in_group(g, node)) {
		x64_op(&g->c, load_op(size, e), d, grouped(g, node), 0);
		return;
	}
	miss = lookup(g, a, size, false, false, &at);
	x64_op(&g->c, load_op(size, e), d, at, 0);
	access_misses(g, STUB_LOAD, miss, node, d, e == SIGN_EXTEND ? DEST_SIGN : DEST_ZERO);
}

/* The node of a load whose extension is n's, or UINT32_MAX. */
static u32 extended_load(const struct gen *g, u32 n, enum extension *e)
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

static void store_node(struct gen *g, u32 node)
{
	const struct ir *i = ir(g, node);
	struct address a = address_of(g, i->a);
	u32 size = (u32)i->k, miss = 0;
	bool alone = !in_group(g, node);
	struct rm at;

	if (alone)
		miss = lookup(g, a, size, true, false, &at);
	else
		at = grouped(g, node);
	if (is_imm(g, i->b)) {
		store_imm(g, size, at, (i32)ir(g, i->b)->k);
	} else if (pinned(g, i->b) != NO_REG) {
		store_op(g, size, at, pinned(g, i->b));
	} else if (is_op(g, i->b, IR_F) && g->f_in[ir(g, i->b)->k] >= 0 &&
		   (size == 4 || (size == 8 && g->full[ir(g, i->b)->k]))) {
		x64_vex(&g->c, 0x11 | MAP_0F | (size == 4 ? P_F3 : P_F2),
			(u32)g->f_in[ir(g, i->b)->k], 0, at, 0);
	} else {
		into(g, i->b, RDX);
		store_op(g, size, at, RDX);
	}
	if (alone)
		access_misses(g, STUB_STORE, miss, node, 0, 0);
}

/* -- Atomics -------------------------------------------------------------------------- */

static void lock(struct gen *g)
{
	if (g->code->smp)
		put1(&g->c, 0xf0);
}

static void nothing_is_current(struct gen *g)
{
	make_current(g, 0);
}

/* rcx = the host address of an aligned access; what misses is interpreted. */
static void atomic_address(struct gen *g, const struct ir *i, bool writes)
{
	struct rm at;

	redo(g, lookup(g, address_of(g, i->a), (u32)i->k, writes, true, &at));
	x64_lea(&g->c, W, RCX, at);
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
		into(g, i->b, g->code->smp ? RAX : RDX);
		if (g->code->smp) {
			x64_op(&g->c, 0x87 | w, RAX, at, 0); /* locks by itself */
		} else {
			x64_mov(&g->c, w, RAX, at);
			x64_store(&g->c, w, at, RDX);
		}
		break;
	case IR_AMO_add:
		into(g, i->b, g->code->smp ? RAX : RDX);
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
		into(g, i->b, R13);
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
	into(g, i->c, RAX);
	into(g, i->b, RDX);
	lock(g);
	x64_op(&g->c, 0xb1 | MAP_0F | w, RDX, rm_mem(RCX, 0), 0);
	if (!w)
		x64_mov(&g->c, 0, RAX, rm_reg(RAX));
}

/* -- A load reserved and its store conditional ---------------------------------------- */

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
	struct address a = address_of(g, lr->a);

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
	struct rm at;

	g->paired_sc = sc_of(g, n);
	if (!g->paired_sc) {
		atomic_address(g, i, false);
		reserve(g, i);
		return;
	}
	nothing_is_current(g);
	leave(g, lookup(g, address_of(g, i->a), (u32)i->k, true, true, &at));
	x64_lea(&g->c, W, RCX, at);
	x64_mov(&g->c, W, R13, rm_reg(RCX));
	reserve(g, i);
}

/* rax = 0 if it stored, else 1.  The reservation is the LR's, and holds: only another hart could
 * have written there. */
static void sc_paired(struct gen *g, const struct ir *i)
{
	u32 w = i->k == 8 ? W : 0;

	into(g, i->b, RDX);
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
	into(g, i->b, RDX);
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

/* -- Atomics as values ---------------------------------------------------------------- */

static bool is_atomic(const struct gen *g, u32 n)
{
	enum ir_op op = ir(g, n)->op;

	return op == IR_LR || op == IR_SC || op == IR_CAS ||
	       (op >= IR_AMO_swap && op <= IR_AMO_maxu);
}

static void atomic_into_rax(struct gen *g, u32 n)
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

/* -- Floating point: values ----------------------------------------------------------- */

static u8 f_operand(struct gen *g, u32 r)
{
	if (g->f_in[r] < 0) {
		x64_vex(&g->c, 0x7e | MAP_0F | P_F3, f_claim(g, r), 0, f_at(r), 0);
		g->full[r] = true;
	}
	g->xmm_busy |= 1u << g->f_in[r];
	return (u8)g->f_in[r];
}

static u8 f_double(struct gen *g, u32 n)
{
	u32 r = (u32)ir(g, n)->k;

	assert(is_op(g, n, IR_F));
	if (g->f_in[r] >= 0 && !g->full[r])
		f_forget(g, r);
	return f_operand(g, r);
}

/* What is no boxed float is a NaN, and the interpreter's. */
static void require_boxed(struct gen *g, u32 r)
{
	struct rm high_half = f_at(r);

	if (g->boxed[r])
		return;
	high_half.disp += 4;
	x64_alu_imm(&g->c, ALU_CMP, 0, high_half, -1);
	leave(g, x64_jcc(&g->c, CC_NE));
	g->boxed[r] = true;
}

static u8 f_single(struct gen *g, u32 n)
{
	u32 r = (u32)ir(g, ir(g, n)->a)->k;
	u8 x;

	assert(is_op(g, n, IR_UNBOX32) && is_op(g, ir(g, n)->a, IR_F));
	x = f_operand(g, r);
	require_boxed(g, r);
	return x;
}

static u8 f_value(struct gen *g, u32 n, bool is_double)
{
	return is_double ? f_double(g, n) : f_single(g, n);
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

/* f[r] = the xmm register, which becomes its copy. */
static void f_store(struct gen *g, u32 r, u8 x, bool is_double)
{
	struct rm at = f_at(r);

	x64_vex(&g->c, 0x11 | scalar(is_double), x, 0, at, 0);
	if (!is_double) {
		at.disp += 4;
		x64_store_imm(&g->c, 0, at, -1);
	}
	g->full[r] = is_double;
	g->boxed[r] = !is_double;
}

static void redo_if_nan(struct gen *g, u8 x, bool is_double)
{
	x64_vex(&g->c, ucomis(is_double), x, 0, rm_reg(x), 0);
	redo(g, x64_jcc(&g->c, CC_P));
}

static void f_arithmetic(struct gen *g, u32 r, u32 op, const struct ir *i, bool is_double)
{
	u8 a = f_value(g, i->a, is_double), b = f_value(g, i->b, is_double), d = f_claim(g, r);

	x64_vex(&g->c, op | scalar(is_double), d, a, rm_reg(b), 0);
	redo_if_nan(g, d, is_double);
	f_store(g, r, d, is_double);
}

static void f_sqrt(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	u8 a = f_value(g, i->a, is_double), d = f_claim(g, r);

	x64_vex(&g->c, SSE_SQRT | scalar(is_double), d, a, rm_reg(a), 0);
	redo_if_nan(g, d, is_double);
	f_store(g, r, d, is_double);
}

/* a * b + c, with -a and -c as instructions of their own. */
static void f_fma(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	enum ir_op neg = is_double ? IR_FNEG64 : IR_FNEG32;
	bool minus_a = is_op(g, i->a, neg), minus_c = is_op(g, i->c, neg);
	u32 op = 0xb8 + (minus_c ? 2u : 0) + (minus_a ? 4u : 0); /* vf[n]m{add,sub}231 */
	u8 a = f_value(g, minus_a ? ir(g, i->a)->a : i->a, is_double);
	u8 b = f_value(g, i->b, is_double);
	u8 c = f_value(g, minus_c ? ir(g, i->c)->a : i->c, is_double), d;

	x64_vex(&g->c, 0x28 | MAP_0F, 0, 0, rm_reg(c), 0); /* vmovaps */
	x64_vex(&g->c, op | 1 | MAP_0F38 | P_66 | (is_double ? W : 0), 0, a, rm_reg(b), 0);
	redo_if_nan(g, 0, is_double);
	d = f_claim(g, r);
	x64_vex(&g->c, 0x28 | MAP_0F, d, 0, rm_reg(0), 0);
	f_store(g, r, d, is_double);
}

/* Equal ones may be zeros of different sign: or keeps the minus, and the plus. */
static void f_min_max(struct gen *g, u32 r, const struct ir *i, bool is_double, bool max)
{
	u8 a = f_value(g, i->a, is_double), b = f_value(g, i->b, is_double), d;
	u32 differ, end;

	x64_vex(&g->c, ucomis(is_double), a, 0, rm_reg(b), 0);
	redo(g, x64_jcc(&g->c, CC_P));
	d = f_claim(g, r);
	differ = x64_jcc_short(&g->c, CC_NE);
	x64_vex(&g->c, (max ? 0x54u : 0x56u) | MAP_0F, d, a, rm_reg(b), 0);
	end = x64_jmp_short(&g->c);
	x64_bind_short(&g->c, differ);
	x64_vex(&g->c, (u32)(max ? SSE_MAX : SSE_MIN) | scalar(is_double), d, a, rm_reg(b), 0);
	x64_bind_short(&g->c, end);
	f_store(g, r, d, is_double);
}

static bool same_leaf(const struct gen *g, u32 a, u32 b)
{
	const struct ir *x = ir(g, a), *y = ir(g, b);

	return x->op == y->op &&
	       (x->op == IR_UNBOX32 ? same_leaf(g, x->a, y->a) : x->op == IR_F && x->k == y->k);
}

static u8 f_constant(struct gen *g, u32 op, u8 d, u8 s, enum common k)
{
	x64_vex(&g->c, op | MAP_0F, d, s, rm_rip((i32)g->code->common[k]), 0);
	return d;
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
	d = f_claim(g, r);
	if (neg)
		f_constant(g, 0x57, d, a, is_double ? SIGN64 : SIGN32);
	else if (abs)
		f_constant(g, 0x54, d, a, is_double ? ABS64 : ABS32);
	else
		x64_vex(&g->c, 0x28 | MAP_0F, d, 0, rm_reg(a), 0);
	f_store(g, r, d, is_double);
	return true;
}

/* In integer registers: of a all but the sign, which is b's, -b's or both's. */
static void f_sign(struct gen *g, u32 r, const struct ir *i, bool is_double)
{
	const struct ir *b = ir(g, i->b);
	bool neg = b->op == (is_double ? IR_FNEG64 : IR_FNEG32), both = b->op == IR_XOR;
	u32 w = is_double ? W : 0, nb = neg ? b->a : both ? b->b : i->b;
	u32 bit = is_double ? 63 : 31;
	u32 fa, fb;
	u8 d;

	if (f_sign_of_itself(g, r, i, is_double))
		return;
	if (!is_double) {
		f_single(g, i->a); /* for their checks */
		f_single(g, nb);
	}
	fa = (u32)ir(g, is_double ? i->a : ir(g, i->a)->a)->k;
	fb = (u32)ir(g, is_double ? nb : ir(g, nb)->a)->k;
	x64_mov(&g->c, w, RAX, f_at(fa));
	x64_mov(&g->c, w, RDX, f_at(fb));
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
	to_xmm(g, d, rm_reg(RAX));
	f_store(g, r, d, is_double);
}

/* -- Floating point: conversions ------------------------------------------------------ */

enum { RM_RNE = 0, RM_RTZ = 1, RM_DYNAMIC = 7 };

struct conversion {
	bool is_double, is_unsigned;
	u32 w;
};

static bool to_integer(enum ir_op op, struct conversion *out)
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
	redo(g, x64_jcc(&g->c, CC_AE));
}

static void f_to_integer(struct gen *g, const struct ir *i, struct conversion v, u8 d)
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
		redo(g, x64_jcc(&g->c, CC_O));
	}
	if (!v.w)
		x64_op(&g->c, OP_MOVSXD, d, rm_reg(d), 0);
}

static void f_from_integer(struct gen *g, u32 r, const struct ir *i, struct conversion v)
{
	struct rm s;
	u8 d;

	if (v.is_unsigned) {
		into(g, i->a, RAX);
		if (v.w) {
			x64_op(&g->c, 0x85 | W, RAX, rm_reg(RAX), 0);
			redo(g, x64_jcc(&g->c, CC_S));
		} else {
			x64_mov(&g->c, 0, RAX, rm_reg(RAX));
		}
		s = rm_reg(RAX);
	} else {
		s = rm_of(g, i->a);
	}
	d = f_claim(g, r);
	x64_vex(&g->c, 0x57 | MAP_0F, 0, 0, rm_reg(0), 0); /* nothing to wait for */
	x64_vex(&g->c, 0x2a | scalar(v.is_double) | (v.is_unsigned ? (u32)W : v.w), d, 0, s, 0);
	if (!v.is_unsigned)
		release_rm(g, s);
	f_store(g, r, d, v.is_double);
}

static void f_convert(struct gen *g, u32 r, const struct ir *i, bool to_double)
{
	u8 a = f_value(g, i->a, !to_double), d = f_claim(g, r);

	x64_vex(&g->c, 0x5a | scalar(!to_double), d, a, rm_reg(a), 0);
	redo_if_nan(g, d, to_double);
	f_store(g, r, d, to_double);
}

/* -- Floating point: comparisons ------------------------------------------------------ */

static bool f_compare(struct gen *g, const struct ir *i, u8 d)
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

/* -- Floating point: f registers ------------------------------------------------------ */

static void f_load(struct gen *g, u32 r, u32 node, bool is_double)
{
	struct address a = address_of(g, ir(g, node)->a);
	u32 op = 0x10 | scalar(is_double), miss;
	struct rm at;
	u8 x;

	if (in_group(g, node)) {
		at = grouped(g, node);
		x = f_claim(g, r);
		x64_vex(&g->c, op, x, 0, at, 0);
	} else {
		miss = lookup(g, a, is_double ? 8 : 4, false, false, &at);
		x = f_claim(g, r);
		x64_vex(&g->c, op, x, 0, at, 0);
		access_misses(g, STUB_LOAD, miss, node, x, DEST_XMM);
	}
	f_store(g, r, x, is_double);
}

static void fset(struct gen *g, u32 n, bool is_double)
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
		f_load(g, r, ir(g, n)->a, is_double);
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
		u8 s = reg_of(g, ir(g, n)->a), x = f_claim(g, r);

		to_xmm(g, x, rm_reg(s));
		release(g, s);
		f_store(g, r, x, is_double);
	}
	}
}

static void fset16(struct gen *g, u32 n)
{
	u32 v = ir(g, n)->a, r = (u32)ir(g, n)->k;

	if (is_op(g, v, IR_LOAD))
		load_into(g, v, ZERO_EXTEND, RAX);
	else
		into(g, v, RAX);
	x64_alu_imm(&g->c, ALU_OR, W, rm_reg(RAX), -0x10000);
	x64_store(&g->c, W, f_at(r), RAX);
	f_forget(g, r);
}

/* -- Statements ----------------------------------------------------------------------- */

/* x[k] op= a constant or a pinned register, where x[k] is in memory. */
static bool update_memory(struct gen *g, u32 r, u32 v)
{
	const struct ir *i = ir(g, v);
	enum alu op;

	switch (i->op) {
	case IR_ADD:
		op = ALU_ADD;
		break;
	case IR_SUB:
		op = ALU_SUB;
		break;
	case IR_AND:
		op = ALU_AND;
		break;
	case IR_OR:
		op = ALU_OR;
		break;
	case IR_XOR:
		op = ALU_XOR;
		break;
	default:
		return false;
	}
	if (!is_op(g, i->a, IR_X) || ir(g, i->a)->k != (i64)r)
		return false;
	if (is_imm(g, i->b))
		x64_alu_imm(&g->c, op, W, x_memory(r), (i32)ir(g, i->b)->k);
	else if (pinned(g, i->b) != NO_REG)
		x64_alu_to(&g->c, op, W, x_memory(r), pinned(g, i->b));
	else
		return false;
	return true;
}

/* d = any value. */
static void value_into(struct gen *g, u32 v, u8 d)
{
	const struct ir *i = ir(g, v);
	struct conversion c;
	enum extension e;
	u32 load = extended_load(g, v, &e);

	if (load != UINT32_MAX) {
		load_into(g, load, e, d);
	} else if (is_atomic(g, v)) {
		atomic_into_rax(g, v);
		move(g, d, RAX);
	} else if (i->op == IR_SX32 && is_atomic(g, i->a)) {
		atomic_into_rax(g, i->a);
		x64_op(&g->c, OP_MOVSXD, d, rm_reg(RAX), 0);
	} else if (to_integer((enum ir_op)i->op, &c)) {
		f_to_integer(g, i, c, d);
	} else if (!f_compare(g, i, d)) {
		into(g, v, d);
	}
}

static void set(struct gen *g, u32 n)
{
	u32 r = (u32)ir(g, n)->k, v = ir(g, n)->a;
	u8 d;

	if (r < 32 && pin(r) != NO_REG) {
		value_into(g, v, pin(r));
		return;
	}
	if (r < 32 && is_imm(g, v)) {
		x64_store_imm(&g->c, W, x_memory(r), (i32)ir(g, v)->k);
		return;
	}
	if (r < 32 && update_memory(g, r, v))
		return;
	d = temp(g);
	value_into(g, v, d);
	if (r < 32)
		x64_store(&g->c, W, x_memory(r), d);
	release(g, d);
}

static void count(struct gen *g, u32 n)
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
static void jump_in_page(struct gen *g, u32 target, u32 done, bool back)
{
	count(g, done);
	if (back) {
		x64_align_before(&g->c, 6);
		link_to(g, x64_jcc(&g->c, CC_G), target);
		x64_const(&g->c, RAX, target);
		x64_jmp_to(&g->c, g->code->common[POLL]);
	} else {
		x64_align_before(&g->c, 5);
		link_to(g, x64_jmp(&g->c), target);
	}
}

/* To the code of an offset in a page, both in registers. */
static void jump_to_entry(struct gen *g, u8 page, u8 offset)
{
	x64_mov(&g->c, 0, RAX, rm_index(page, offset, 1, 0));
	x64_alu(&g->c, ALU_ADD, W, RAX, H(code_start));
	x64_jmp_rm(&g->c, rm_reg(RAX));
}

/* Done with the block, and hart.pc = rax is next. */
static void count_jump(struct gen *g, u32 done)
{
	count(g, done);
	x64_store(&g->c, W, H(pc), RAX);
	x64_bind_to(&g->c, x64_jcc(&g->c, CC_LE), g->code->common[POLL_PC]);
}

/* To the address in rax: by the jump cache. */
static void look_up_jump(struct gen *g)
{
	x64_mov(&g->c, W, RCX, rm_reg(RAX));
	x64_rorx(&g->c, 0, RDX, rm_reg(RAX), 7);
	x64_alu_imm(&g->c, ALU_AND, W, rm_reg(RCX), PAGE_KEY);
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RDX), (JUMP_ENTRIES - 1) * 32);
	x64_alu_to(&g->c, ALU_CMP, W, rm_index(R15, RDX, 0, JUMP(native_page)), RCX);
	x64_bind_to(&g->c, x64_jcc(&g->c, CC_NE), g->code->common[EXIT_MISS]);
	x64_store(&g->c, W, H(base), RCX);
	x64_mov(&g->c, W, RDX, rm_index(R15, RDX, 0, JUMP(native)));
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RAX), PAGE_SIZE - 2);
	jump_to_entry(g, RDX, RAX);
}

static void jump_far(struct gen *g, u32 done)
{
	count_jump(g, done);
	look_up_jump(g);
}

/* To the address in rax, which is likely in this page. */
static void jump_near(struct gen *g, u32 done)
{
	u32 far;

	count_jump(g, done);
	x64_mov(&g->c, W, RCX, rm_reg(RAX));
	x64_alu(&g->c, ALU_SUB, W, RCX, H(base));
	x64_alu_imm(&g->c, ALU_CMP, W, rm_reg(RCX), PAGE_SIZE);
	far = x64_jcc_short(&g->c, CC_AE);
	x64_const(&g->c, RDX, (u64)(uintptr_t)g->page);
	jump_to_entry(g, RDX, RCX);
	x64_bind_short(&g->c, far);
	look_up_jump(g);
}

static bool in_page(i64 target)
{
	return target >= 0 && target < PAGE_SIZE;
}

static void jump_to_offset(struct gen *g, i64 target, u32 done)
{
	if (in_page(target)) {
		jump_in_page(g, (u32)target, done, (u32)target <= g->at);
	} else {
		x64_mov(&g->c, W, RAX, H(base));
		x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(RAX), (i32)target);
		jump_far(g, done);
	}
}

/* Without C a jump goes to a multiple of 4, or traps. */
static bool misaligned(const struct gen *g, i64 target)
{
	return target & 2 && !hart_has(g->h, EXT_Zca);
}

static void branch(struct gen *g, u32 n)
{
	i64 target = ir(g, n)->k;
	enum cc cc = compare(g, ir(g, n)->a);
	struct stub *s;
	u32 over;

	if (misaligned(g, target)) {
		leave(g, x64_jcc(&g->c, cc));
	} else if (in_page(target) && target > (i64)g->at) {
		s = stub(g, STUB_EXIT, x64_jcc(&g->c, cc));
		s->target = (u32)target;
		s->count = (u16)(g->index + 1);
	} else {
		over = x64_jcc(&g->c, cc ^ 1);
		jump_to_offset(g, target, g->index + 1);
		x64_bind(&g->c, over);
	}
}

/* The target is read before the link is written, and gone to when that is done. */
static void jump(struct gen *g, u32 n)
{
	u32 v = ir(g, n)->a;

	g->jump = n;
	if (is_op(g, v, IR_PC)) {
		if (misaligned(g, ir(g, v)->k))
			leave(g, x64_jmp(&g->c));
		return;
	}
	take(g, RAX);
	into(g, v, RAX);
	if (!hart_has(g->h, EXT_Zca)) {
		x64_test_imm(&g->c, 0, rm_reg(RAX), 2);
		leave(g, x64_jcc(&g->c, CC_NE));
	}
}

/* No call and no return, by the registers that those use: the cases of a switch. */
static bool is_jump_table(const struct gen *g, u32 n)
{
	const struct ir *i = ir(g, n);
	bool links = g->jump + 1 < g->b->n;

	while (i->op == IR_AND || i->op == IR_ADD)
		i = ir(g, i->a);
	return !links && i->op == IR_X && i->k != 1 && i->k != 5;
}

static void finish_jump(struct gen *g)
{
	u32 v = ir(g, g->jump)->a;

	if (is_op(g, v, IR_PC)) {
		jump_to_offset(g, ir(g, v)->k, g->index + 1);
	} else {
		if (is_jump_table(g, v))
			jump_near(g, g->index + 1);
		else
			jump_far(g, g->index + 1);
		release(g, RAX);
	}
}

/* What is known of the guest holds no longer. */
static void forget_state(struct gen *g)
{
	f_forget_all(g);
	g->fp_on = false;
	g->frm = 0;
}

/* fflags, frm and fcsr. */
static bool is_fp_csr(u32 word)
{
	return word >> 20 >= 1 && word >> 20 <= 3;
}

static void csr_access(struct gen *g, u32 word)
{
	static help_fn *const helpers[8] = {
		[1] = help_csrrw,  [2] = help_csrrs,  [3] = help_csrrc,
		[5] = help_csrrwi, [6] = help_csrrsi, [7] = help_csrrci,
	};
	help_fn *f = helpers[word >> 12 & 7]; /* funct3 */

	decode(g->h->decoder, word, &g->ops[g->nops].op);
	x64_const(&g->c, RCX, where_now(g));
	x64_lea(&g->c, W, RDX, rm_rip(0));
	g->ops[g->nops++].site = offset_of(&g->c) - 4;
	x64_const(&g->c, RAX, (u64)(uintptr_t)f);
	x64_call_to(&g->c, g->code->common[is_fp_csr(word) ? CSR_FP : CSR_ACCESS]);
	forget_state(g);
}

static void interpret(struct gen *g)
{
	x64_const(&g->c, RCX, where_now(g));
	x64_call_to(&g->c, g->code->common[STEP]);
	forget_state(g);
}

static void end(struct gen *g)
{
	count(g, g->index);
	x64_const(&g->c, RAX, g->at);
	x64_jmp_to(&g->c, g->code->common[EXIT_STEP]);
}

/* Dirty is what most code finds.  The interpreter does what sets it, and traps if it is off. */
static void fp(struct gen *g)
{
	if (g->fp_on)
		return;
	x64_mov(&g->c, 0, RAX, H(mstatus));
	x64_group3(&g->c, G3_NOT, 0, rm_reg(RAX));
	x64_test_imm(&g->c, 0, rm_reg(RAX), (u32)MSTATUS_FS);
	leave(g, x64_jcc(&g->c, CC_NE));
	g->fp_on = true;
}

/* MXCSR rounds as frm says, where the host can: all but RMM. */
static void round_dynamic(struct gen *g)
{
	if (g->frm >= 1)
		return;
	x64_alu_imm(&g->c, ALU_CMP, 0, H(frm), 3);
	leave(g, x64_jcc(&g->c, CC_A));
	g->frm = 1;
}

static void round_nearest(struct gen *g)
{
	if (g->frm == 2)
		return;
	x64_alu_imm(&g->c, ALU_CMP, 0, H(frm), 0);
	leave(g, x64_jcc(&g->c, CC_NE));
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
static bool host_rounds(const struct gen *g, u32 n)
{
	enum ir_op op = rounded(g, n);
	struct conversion v;

	switch (ir(g, n)->k) {
	case RM_RNE:
	case RM_DYNAMIC:
		return true;
	case RM_RTZ:
		return is_exact(op) || to_integer(op, &v);
	default:
		return is_exact(op);
	}
}

static void round_statement(struct gen *g, u32 n)
{
	if (ir(g, n)->k == RM_DYNAMIC)
		round_dynamic(g);
	else if (ir(g, n)->k == RM_RNE && !is_exact(rounded(g, n)))
		round_nearest(g);
}

static void fence(struct gen *g)
{
	put1(&g->c, 0xf0);
	x64_alu_imm(&g->c, ALU_OR, 0, rm_mem(RSP, 0), 0);
}

static void next_insn(struct gen *g, const struct ir *i)
{
	finish_redos(g);
	g->at = (u32)i->k;
	g->len = i->b;
	g->index++;
	g->xmm_busy = 0;
	assert(!g->busy);
}

/* The instruction from node n on, but its INSN.  Returns the next one's. */
static u32 insn(struct gen *g, u32 n)
{
	for (; n < g->b->n && !is_op(g, n, IR_INSN); n++) {
		const struct ir *i = ir(g, n);

		switch (i->op) {
		case IR_SET:
			set(g, n);
			break;
		case IR_FSET64:
		case IR_FSET32:
			fset(g, n, i->op == IR_FSET64);
			break;
		case IR_FSET16:
			fset16(g, n);
			break;
		case IR_STORE:
			store_node(g, n);
			break;
		case IR_BRANCH:
			branch(g, n);
			break;
		case IR_JUMP:
			jump(g, n);
			break;
		case IR_FP:
			fp(g);
			break;
		case IR_ROUND:
			if (host_rounds(g, n)) {
				round_statement(g, n);
				break;
			}
			interpret(g);
			while (n + 1 < g->b->n && !is_op(g, n + 1, IR_INSN))
				n++;
			break;
		case IR_FENCE:
			if (i->k)
				fence(g);
			break;
		case IR_CSR:
			csr_access(g, (u32)i->k);
			break;
		case IR_STEP:
			interpret(g);
			break;
		case IR_END:
			end(g);
			break;
		default:
			break; /* a value: made where it is used */
		}
	}
	return n;
}

/* -- Loops ---------------------------------------------------------------------------- */

enum { USED_DOUBLE = 1, USED_SINGLE = 2, USED_FIRST = 4 };

/* Of f registers in a block, and what else decides whether it can be entered by the side. */
struct usage {
	u8 f[32];
	bool loops, steps, fp, dynamic;
};

static void note_f(struct usage *u, u32 r, bool is_double)
{
	if (!(u->f[r] & (USED_DOUBLE | USED_SINGLE)))
		u->f[r] |= USED_FIRST;
	u->f[r] |= is_double ? USED_DOUBLE : USED_SINGLE;
}

/* The operands of a value: F is a double but where UNBOX32 takes it. */
static void note_value(const struct gen *g, struct usage *u, u32 n)
{
	const struct ir *i = ir(g, n);

	if (i->op == IR_F) {
		note_f(u, (u32)i->k, true);
	} else if (i->op == IR_UNBOX32) {
		note_f(u, (u32)ir(g, i->a)->k, false);
	} else if (i->op == IR_XOR || (i->op > IR_UNBOX32 && i->op < IR_OTHER)) {
		note_value(g, u, i->a);
		note_value(g, u, i->b);
		if (i->op == IR_FMA32 || i->op == IR_FMA64)
			note_value(g, u, i->c);
	}
}

static bool to_start(const struct gen *g, const struct ir *i)
{
	if (i->op == IR_BRANCH)
		return i->k == (i64)g->b->start;
	return is_op(g, i->a, IR_PC) && ir(g, i->a)->k == (i64)g->b->start;
}

static void note_statement(const struct gen *g, struct usage *u, u32 n)
{
	const struct ir *i = ir(g, n);

	switch (i->op) {
	case IR_BRANCH:
	case IR_JUMP:
		u->loops |= to_start(g, i);
		break;
	case IR_STEP:
	case IR_CSR:
	case IR_FSET16:
		u->steps = true;
		break;
	case IR_FP:
		u->fp = true;
		break;
	case IR_ROUND:
		u->dynamic |= i->k == RM_DYNAMIC;
		u->steps |= !host_rounds(g, n);
		break;
	case IR_STORE:
		if (is_op(g, i->b, IR_F) && i->k == 8)
			note_value(g, u, i->b);
		break;
	case IR_SET:
		note_value(g, u, i->a);
		break;
	case IR_FSET64:
	case IR_FSET32:
		note_value(g, u, i->a);
		u->f[i->k] |= i->op == IR_FSET64 ? USED_DOUBLE : USED_SINGLE;
		break;
	default:
		break;
	}
}

static bool loops(const struct gen *g)
{
	for (u32 n = 0; n < g->b->n; n++)
		if ((is_op(g, n, IR_BRANCH) || is_op(g, n, IR_JUMP)) && to_start(g, ir(g, n)))
			return true;
	return false;
}

/* Each f register that is used has an xmm register, if there are enough. */
static bool fix_registers(struct gen *g, const struct usage *u)
{
	u32 x = XMM_FIRST;

	for (u32 r = 0; r < 32; r++) {
		if (!u->f[r])
			continue;
		if (x == 16 || (u->f[r] & USED_DOUBLE && u->f[r] & USED_SINGLE)) {
			memset(g->fixed, -1, sizeof(g->fixed));
			return false;
		}
		g->fixed[r] = (i8)x++;
	}
	return true;
}

static void load_first(struct gen *g, const struct usage *u)
{
	for (u32 r = 0; r < 32; r++) {
		if (!(u->f[r] & USED_FIRST))
			continue;
		f_operand(g, r);
		if (u->f[r] & USED_SINGLE)
			require_boxed(g, r);
		g->full[r] = u->f[r] & USED_DOUBLE;
	}
}

/* The entry of a block of floating point that loops. */
static void enter_loop(struct gen *g)
{
	struct usage u = { .loops = false };

	for (u32 n = 0; n < g->b->n; n++)
		note_statement(g, &u, n);
	if (!u.loops || u.steps || !u.fp || !fix_registers(g, &u))
		return;
	g->index = 0; /* who leaves here has done nothing */
	fp(g);
	if (u.dynamic)
		round_dynamic(g);
	load_first(g, &u);
	g->loop_head = offset_of(&g->c);
	g->index = UINT32_MAX;
	g->xmm_busy = 0;
}

/* -- Out of the way ------------------------------------------------------------------- */

static u32 log2_of(u32 size)
{
	return (u32)CTZ64(size);
}

static void load_stub(struct gen *g, const struct stub *s)
{
	address_into_rax(g, address_of(g, s->address));
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[LOAD + log2_of(s->size)]);
	f_reload(g, s->xmm_of);
	if (s->dest_kind == DEST_XMM)
		to_xmm(g, s->dest, rm_reg(RAX));
	else if (s->dest_kind == DEST_ZERO)
		move(g, s->dest, RAX);
	else
		x64_op(&g->c, load_op(s->size, SIGN_EXTEND), s->dest, rm_reg(RAX), 0);
}

static void store_stub(struct gen *g, const struct stub *s)
{
	address_into_rax(g, address_of(g, s->address));
	into(g, s->value, RDX);
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[STORE + log2_of(s->size)]);
	f_reload(g, s->xmm_of);
}

static void group_stub(struct gen *g, const struct stub *s)
{
	const struct group *gr = &g->groups[s->ngroup];
	struct rm base = x_at(gr->base);

	x64_mov(&g->c, W, RDX, base);
	x64_lea(&g->c, W, RAX, rm_mem(RDX, gr->lo));
	if (gr->last)
		x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(RDX), gr->last);
	x64_const(&g->c, RCX,
		  s->where | (gr->writes ? JIT_WRITES : 0) |
			  (gr->first_writes ? JIT_FIRST_WRITES : 0));
	x64_call_to(&g->c, g->code->common[GROUP]);
	f_reload(g, s->xmm_of);
	x64_mov(&g->c, W, R13, rm_reg(RAX));
	x64_alu(&g->c, ALU_ADD, W, R13, base);
}

/* The right one, and next time too. */
static void guess_stub(struct gen *g, const struct stub *s)
{
	u32 calm;

	x64_mov(&g->c, W, RDX, rm_index(R15, RCX, 0, TLB(addend)));
	x64_store(&g->c, W, guess_at(s->value), RDX);
	x64_alu_imm(&g->c, ALU_SUB, 0, H(patience), 1);
	calm = x64_jcc_short(&g->c, CC_NS);
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[IMPATIENT]);
	f_reload(g, s->xmm_of);
	x64_bind_short(&g->c, calm);
}

static void make_stub(struct gen *g, const struct stub *s)
{
	x64_bind(&g->c, s->site);
	g->at = s->where & 0xfff;
	g->busy = 0;
	switch ((enum stub_kind)s->kind) {
	case STUB_LOAD:
		load_stub(g, s);
		break;
	case STUB_STORE:
		store_stub(g, s);
		break;
	case STUB_GROUP:
		group_stub(g, s);
		break;
	case STUB_GUESS:
		guess_stub(g, s);
		break;
	case STUB_REDO:
		x64_const(&g->c, RCX, s->where);
		x64_call_to(&g->c, g->code->common[STEP]);
		f_reload(g, s->xmm_of);
		break;
	case STUB_LEAVE:
		count(g, s->where >> 16);
		x64_const(&g->c, RAX, g->at);
		x64_jmp_to(&g->c, g->code->common[EXIT_STEP]);
		return;
	case STUB_EXIT:
		jump_in_page(g, s->target, s->count, false);
		return;
	}
	x64_jmp_to(&g->c, s->back);
}

static void make_stubs(struct gen *g)
{
	for (u32 i = 0; i < g->nstubs; i++)
		make_stub(g, &g->stubs[i]);
}

/* Where jumps lead that have no code yet. */
static void make_link_stubs(struct gen *g)
{
	for (u32 i = 0; i < g->out->nlinks; i++) {
		struct jit_link *l = &g->out->links[i];

		l->stub = offset_of(&g->c);
		if (!l->bound)
			x64_bind_to(&g->c, l->site, l->stub);
		x64_const(&g->c, RAX, l->target);
		x64_const(&g->c, RCX, l->site);
		x64_jmp_to(&g->c, g->code->common[EXIT_LINK]);
	}
}

static void align(struct code_buf *c, u32 to)
{
	while (offset_of(c) % to && !c->full)
		put1(c, 0xcc);
}

static void put_ops(struct gen *g)
{
	align(&g->c, 8);
	for (u32 i = 0; i < g->nops; i++) {
		const u8 *bytes = (const u8 *)&g->ops[i].op;

		x64_bind(&g->c, g->ops[i].site);
		for (u32 k = 0; k < sizeof(g->ops[i].op); k++)
			put1(&g->c, bytes[k]);
	}
}

static struct code_buf buffer(struct jit_code *code)
{
	return (struct code_buf){
		.start = code->write,
		.p = code->write + code->used,
		.end = code->write + code->end,
	};
}

static bool block(struct jit_code *code, const struct ir_block *b, const struct hart *h,
		  const struct jit_page *page, struct jit_made *out)
{
	struct gen g;

	g.c = buffer(code);
	g.code = code;
	g.b = b;
	g.h = h;
	g.page = page;
	g.out = out;
	g.paired_sc = g.busy = g.jump = g.redos = g.nstubs = g.nops = g.next_xmm = g.xmm_busy = 0;
	g.at = b->start;
	g.len = 0;
	g.index = UINT32_MAX; /* before the first */
	memset(g.f_in, -1, sizeof(g.f_in));
	memset(g.xmm_of, -1, sizeof(g.xmm_of));
	memset(g.fixed, -1, sizeof(g.fixed));
	g.loop_head = 0;
	memset(&g.groups[0], 0, sizeof(g.groups[0]));
	forget_state(&g);
	find_groups(&g);
	g.guesses = loops(&g) && !(page->guesses_wrong[b->start / 2 / 64] >> b->start / 2 % 64 & 1);

	align(&g.c, 16);
	out->code = offset_of(&g.c);
	out->nlinks = 0;
	enter_loop(&g);
	for (u32 n = 0; n < b->n;) {
		next_insn(&g, &b->ir[n]);
		n = insn(&g, n + 1);
	}
	finish_redos(&g);
	if (g.jump)
		finish_jump(&g);
	else if (b->falls)
		jump_to_offset(&g, b->end, b->insns);
	make_stubs(&g);
	make_link_stubs(&g);
	put_ops(&g);
	if (g.c.full)
		return false;
	code->used = offset_of(&g.c);
	out->size = code->used - out->code;
	return true;
}

static void patch(struct jit_code *code, u32 site, u32 target)
{
	u32 *at = (u32 *)(void *)(code->write + site);

	__atomic_store_n(at, target - (site + 4), __ATOMIC_RELEASE);
}

/* -- Common code
 * ------------------------------------------------------------------------------------------------
 */

static bool kept_by_calls(u8 r)
{
	return r == RBX || r >= R12;
}

enum which { ALL_PINS, PINS_OF_CALLS };

static void store_pins(struct code_buf *c, enum which which)
{
	for (u32 r = 0; r < 32; r++)
		if (pin(r) != NO_REG && (which == ALL_PINS || !kept_by_calls(pin(r))))
			x64_store(c, W, x_memory(r), pin(r));
}

static void load_pins(struct code_buf *c, enum which which)
{
	for (u32 r = 0; r < 32; r++)
		if (pin(r) != NO_REG && (which == ALL_PINS || !kept_by_calls(pin(r))))
			x64_mov(c, W, pin(r), x_memory(r));
}

static void mxcsr(struct code_buf *c, bool store, struct rm at)
{
	x64_op(c, 0xae | MAP_0F, store ? 3 : 2, at, 0);
}

/* rdi = the hart; then the rest of the arguments is in place. */
static void call(struct code_buf *c, const void *function)
{
	x64_lea(c, W, RDI, rm_mem(RBP, -BIAS));
	x64_const(c, RAX, (u64)(uintptr_t)function);
	x64_call_reg(c, RAX);
}

static const u8 saved[] = { RBX, RBP, R12, R13, R14, R15 };

static void make_enter(struct code_buf *c)
{
	for (u32 i = 0; i < ARRAY_LEN(saved); i++)
		x64_push(c, saved[i]);
	x64_alu_imm(c, ALU_SUB, W, rm_reg(RSP), FRAME);
	x64_lea(c, W, RBP, rm_mem(RDI, BIAS));
	x64_mov(c, W, RAX, rm_reg(RSI));
	mxcsr(c, false, H(mxcsr));
	x64_mov(c, W, R14, H(left));
	x64_mov(c, W, R15, H(ctx));
	load_pins(c, ALL_PINS);
	x64_jmp_rm(c, rm_reg(RAX));
}

static void make_exits(struct code_buf *c, u32 *at)
{
	at[EXIT_LINK] = offset_of(c);
	x64_store(c, 0, H(link), RCX);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	x64_store(c, W, H(pc), RAX);
	at[EXIT_MISS] = offset_of(c);
	x64_const(c, RAX, JIT_AGAIN);
	at[EXIT] = offset_of(c);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	at[EXIT_DONE] = offset_of(c);
	mxcsr(c, true, H(mxcsr));
	mxcsr(c, false, rm_rip((i32)at[MXCSR]));
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), FRAME);
	for (u32 i = ARRAY_LEN(saved); i--;)
		x64_pop(c, saved[i]);
	put1(c, 0xc3);

	at[EXIT_STEP] = offset_of(c);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	x64_store(c, W, H(pc), RAX);
	x64_const(c, RAX, JIT_STEP);
	x64_jmp_to(c, at[EXIT]);
}

/* The end of a slice: as hart_slice(), then on by hart.pc. */
static void make_poll(struct gen *g, u32 *at)
{
	struct code_buf *c = &g->c;

	at[POLL] = offset_of(c);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	x64_store(c, W, H(pc), RAX);
	at[POLL_PC] = offset_of(c);
	x64_alu_imm(c, ALU_CMP, 0, H(event), 0);
	x64_bind_to(c, x64_jcc(c, CC_NE), at[EXIT_MISS]);
	x64_mov(c, W, RAX, H(until));
	x64_alu(c, ALU_SUB, W, RAX, rm_reg(R14));
	x64_store(c, W, H(retired), RAX);
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RAX), JIT_SLICE);
	x64_store(c, W, H(until), RAX);
	x64_const(c, R14, JIT_SLICE);
	x64_store_imm(c, 0, H(patience), JIT_PATIENCE);
	x64_mov(c, W, RAX, H(pc));
	look_up_jump(g);
}

/* Calls `function` for the instruction at hart.where.  The stack has the return address, and one
 * more word keeps MXCSR. */
static void begin_call(struct code_buf *c)
{
	x64_store(c, 0, H(where), RCX);
	x64_alu_imm(c, ALU_SUB, W, rm_reg(RSP), 8);
	mxcsr(c, true, rm_mem(RSP, 0));
}

static void end_call(struct code_buf *c)
{
	mxcsr(c, false, rm_mem(RSP, 0));
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
}

/* A leaf that is not coming back drops its return address. */
static void drop_return(struct code_buf *c)
{
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
}

static void make_fault(struct code_buf *c, u32 *at)
{
	at[FAULT] = offset_of(c);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	call(c, (const void *)(uintptr_t)jit_fault);
	x64_const(c, RAX, JIT_AGAIN);
	x64_jmp_to(c, at[EXIT_DONE]);
}

static void make_access(struct code_buf *c, u32 *at, u32 kind, u32 log2_size)
{
	u32 fine;

	at[kind + log2_size] = offset_of(c);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	x64_mov(c, W, RSI, rm_reg(RAX));
	if (kind == STORE)
		x64_mov(c, W, RCX, rm_reg(RDX));
	x64_const(c, RDX, (u64)1 << log2_size);
	call(c,
	     kind == LOAD ? (const void *)(uintptr_t)mem_load : (const void *)(uintptr_t)mem_store);
	end_call(c);
	load_pins(c, PINS_OF_CALLS);
	x64_op(c, 0x85 | W, RDX, rm_reg(RDX), 0);
	fine = x64_jcc_short(c, CC_E);
	drop_return(c);
	x64_jmp_to(c, at[FAULT]);
	x64_bind_short(c, fine);
	put1(c, 0xc3);
}

/* rax and rdx are kept. */
static void make_impatient(struct code_buf *c, u32 *at)
{
	at[IMPATIENT] = offset_of(c);
	x64_push(c, RAX);
	x64_push(c, RDX);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	call(c, (const void *)(uintptr_t)jit_impatient);
	load_pins(c, PINS_OF_CALLS);
	end_call(c);
	x64_pop(c, RDX);
	x64_pop(c, RAX);
	put1(c, 0xc3);
}

static void make_group(struct code_buf *c, u32 *at)
{
	u32 fine;

	at[GROUP] = offset_of(c);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	x64_mov(c, W, RSI, rm_reg(RAX));
	call(c, (const void *)(uintptr_t)jit_group);
	end_call(c);
	load_pins(c, PINS_OF_CALLS);
	x64_op(c, 0x85 | W, RDX, rm_reg(RDX), 0);
	fine = x64_jcc_short(c, CC_E);
	drop_return(c);
	x64_mov(c, 0, RCX, H(where));
	x64_mov(c, 0, RAX, rm_reg(RCX));
	x64_shift_imm(c, SH_SHR, 0, rm_reg(RCX), 16);
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RCX), 0x7fff);
	x64_alu(c, ALU_SUB, W, R14, rm_reg(RCX));
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RAX), PAGE_SIZE - 1);
	x64_jmp_to(c, at[EXIT_STEP]);
	x64_bind_short(c, fine);
	put1(c, 0xc3);
}

/* Everything may change in there. */
static void make_step(struct code_buf *c, u32 *at, enum common which, const void *function)
{
	u32 on;

	at[which] = offset_of(c);
	begin_call(c);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	if (which != STEP) {
		x64_mov(c, W, RSI, rm_reg(RDX));
		x64_mov(c, W, RDX, rm_reg(RAX));
	}
	if (which == CSR_FP)
		mxcsr(c, true, H(mxcsr));
	call(c, function);
	if (which == CSR_FP) {
		mxcsr(c, false, H(mxcsr));
		x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
	} else {
		end_call(c);
	}
	x64_op(c, 0x84, RAX, rm_reg(RAX), 0);
	on = x64_jcc_short(c, CC_NE);
	drop_return(c);
	x64_const(c, RAX, JIT_AGAIN);
	x64_jmp_to(c, at[EXIT_DONE]);
	x64_bind_short(c, on);
	load_pins(c, ALL_PINS);
	x64_mov(c, W, R15, H(ctx));
	put1(c, 0xc3);
}

static void put_constant(struct code_buf *c, u32 *at, u64 low, u64 high_half)
{
	align(c, 16);
	*at = offset_of(c);
	put8(c, low);
	put8(c, high_half);
}

static void common(struct jit_code *code)
{
	struct gen g;
	struct code_buf *c = &g.c;
	u32 *at = code->common;

	g.c = buffer(code);
	g.code = code;
	put_constant(c, &at[SIGN64], (u64)1 << 63, 0);
	put_constant(c, &at[SIGN32], (u64)1 << 31, 0);
	put_constant(c, &at[ABS64], INT64_MAX, ~(u64)0);
	put_constant(c, &at[ABS32], ~((u64)1 << 31), ~(u64)0);
	put_constant(c, &at[MXCSR], 0x1f80, 0);
	code->enter = offset_of(c);
	make_enter(c);
	make_exits(c, at);
	code->miss = at[EXIT_MISS];
	make_fault(c, at);
	make_poll(&g, at);
	for (u32 i = 0; i < 4; i++) {
		make_access(c, at, LOAD, i);
		make_access(c, at, STORE, i);
	}
	make_impatient(c, at);
	make_group(c, at);
	make_step(c, at, STEP, (const void *)(uintptr_t)jit_step);
	make_step(c, at, CSR_ACCESS, (const void *)(uintptr_t)jit_csr);
	make_step(c, at, CSR_FP, (const void *)(uintptr_t)jit_csr_fp);
	assert(!c->full);
	code->used = offset_of(c);
}

/* -- The host's CPU ------------------------------------------------------------------- */

static bool usable(void)
{
	enum {
		PCLMUL = 1 << 1,
		FMA = 1 << 12,
		POPCNT = 1 << 23,
		OSXSAVE = 1 << 27,
		AVX = 1 << 28,
		BMI1 = 1 << 3,
		AVX2 = 1 << 5,
		BMI2 = 1 << 8,
		LZCNT = 1 << 5
	};
	const u32 first = PCLMUL | FMA | POPCNT | OSXSAVE | AVX, seventh = BMI1 | AVX2 | BMI2;
	u32 a, b, c, d, xcr0;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first)
		return false;
	__asm__("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
	if ((xcr0 & 6) != 6) /* the system keeps xmm and ymm */
		return false;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & seventh) != seventh)
		return false;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & LZCNT);
}

const struct backend backend = {
	.name = "x86-64",
	.usable = usable,
	.common = common,
	.block = block,
	.patch = patch,
};
