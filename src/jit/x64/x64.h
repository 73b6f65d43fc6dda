/* x64.h - x86-64 machine code, one function per form of instruction.
 *
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2.  An opcode
 * is a number of 32 bits: the byte, and above it what else selects the instruction:
 *
 *	bits 7:0  the opcode
 *	bit 8     W
 *	bits 10:9   its map: 0F, 0F38, 0F3A
 *	bits 12:11  a prefix: 66, F3, F2
 *	bit 13    a register of 8 bits
 *
 * What does not fit is not written, and `full` says so: the caller starts again elsewhere.
 */
#ifndef X64_H
#define X64_H

#include "base.h"

enum reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	NO_REG = 255
};

enum {
	W = 1 << 8,
	MAP_0F = 1 << 9,
	MAP_0F38 = 2 << 9,
	MAP_0F3A = 3 << 9,
	P_66 = 1 << 11,
	P_F3 = 2 << 11,
	P_F2 = 3 << 11,
	BYTE_REG = 1 << 13
};

/* Conditions: the low four bits of jcc, setcc and cmovcc. */
enum cc {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G
};

struct code_buf {
	u8 *start, *p, *end; /* where it is written */
	bool full;
};

/* A register, or memory at base + index * 2^scale + disp. */
struct rm {
	u8 base, index, scale;
	bool mem, rip; /* rip: disp is the distance from `start` of the buffer */
	i32 disp;
};

static inline struct rm rm_reg(u8 r)
{
	return (struct rm){ .base = r, .index = NO_REG };
}

static inline struct rm rm_mem(u8 base, i32 disp)
{
	return (struct rm){ .base = base, .index = NO_REG, .mem = true, .disp = disp };
}

static inline struct rm rm_index(u8 base, u8 index, u8 scale, i32 disp)
{
	return (struct rm){
		.base = base, .index = index, .scale = scale, .mem = true, .disp = disp
	};
}

static inline struct rm rm_rip(i32 offset)
{
	return (struct rm){
		.base = NO_REG, .index = NO_REG, .mem = true, .rip = true, .disp = offset
	};
}

static inline void put1(struct code_buf *c, u32 v)
{
	if (c->p < c->end)
		*c->p++ = (u8)v;
	else
		c->full = true;
}

static inline void put4(struct code_buf *c, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		put1(c, v >> 8 * i);
}

static inline void put8(struct code_buf *c, u64 v)
{
	put4(c, (u32)v);
	put4(c, (u32)(v >> 32));
}

static inline bool fits8(i64 v)
{
	return v == (i8)v;
}

static inline bool fits32(i64 v)
{
	return v == (i32)v;
}

static inline u32 offset_of(const struct code_buf *c)
{
	return (u32)(c->p - c->start);
}

/* ModRM, SIB, displacement; `after` bytes of immediate follow, which rip-relative ones count. */
static inline void put_modrm(struct code_buf *c, u32 reg, struct rm rm, u32 after)
{
	u32 r = (reg & 7) << 3;

	if (!rm.mem) {
		put1(c, 0xc0 | r | (rm.base & 7));
	} else if (rm.rip) {
		put1(c, 0x05 | r);
		put4(c, (u32)rm.disp - (offset_of(c) + 4 + after));
	} else {
		bool sib = rm.index != NO_REG || (rm.base & 7) == RSP;
		u32 mod = !rm.disp && (rm.base & 7) != RBP ? 0 : fits8(rm.disp) ? 0x40 : 0x80;

		put1(c, mod | r | (sib ? 4 : rm.base & 7u));
		if (sib)
			put1(c, (u32)rm.scale << 6 |
					(rm.index == NO_REG ? 4u : rm.index & 7u) << 3 |
					(rm.base & 7u));
		if (mod == 0x40)
			put1(c, (u32)rm.disp);
		else if (mod == 0x80)
			put4(c, (u32)rm.disp);
	}
}

static inline u32 high(u32 r)
{
	return r != NO_REG && r >= 8;
}

/* Any instruction with a ModRM byte. */
static inline void x64_op(struct code_buf *c, u32 op, u32 reg, struct rm rm, u32 after)
{
	static const u8 prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
	u32 rex = (op & W ? 8u : 0) | high(reg) << 2 | high(rm.index) << 1 | high(rm.base);

	if (op >> 11 & 3)
		put1(c, prefixes[op >> 11 & 3]);
	if (rex || (op & BYTE_REG && (reg >= 4 || (!rm.mem && rm.base >= 4))))
		put1(c, 0x40 | rex);
	switch (op & 3 << 9) {
	case MAP_0F:
		put1(c, 0x0f);
		break;
	case MAP_0F38:
		put1(c, 0x0f);
		put1(c, 0x38);
		break;
	case MAP_0F3A:
		put1(c, 0x0f);
		put1(c, 0x3a);
		break;
	default:
		break;
	}
	put1(c, op);
	put_modrm(c, reg, rm, after);
}

/* The same with a VEX prefix, 128 bits, and a third operand. */
static inline void x64_vex(struct code_buf *c, u32 op, u32 reg, u32 other, struct rm rm, u32 after)
{
	u32 pp = op >> 11 & 3, map = op >> 9 & 3, w = op >> 8 & 1;
	u32 x = high(rm.index), b = high(rm.base);

	if (!x && !b && !w && map == 1) {
		put1(c, 0xc5);
		put1(c, (u32)!high(reg) << 7 | (~other & 15) << 3 | pp);
	} else {
		put1(c, 0xc4);
		put1(c, (u32)!high(reg) << 7 | (u32)!x << 6 | (u32)!b << 5 | map);
		put1(c, w << 7 | (~other & 15) << 3 | pp);
	}
	put1(c, op);
	put_modrm(c, reg, rm, after);
}

/* -- Instructions --------------------------------------------------------------------- */

enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum shift { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAL, SH_SAR };

/* `w` is W or 0, for 64 or 32 bits. */
static inline void x64_alu(struct code_buf *c, enum alu op, u32 w, u8 d, struct rm s)
{
	x64_op(c, ((u32)op << 3 | 3) | w, d, s, 0);
}

/* To memory, or a register. */
static inline void x64_alu_to(struct code_buf *c, enum alu op, u32 w, struct rm d, u8 s)
{
	x64_op(c, ((u32)op << 3 | 1) | w, s, d, 0);
}

static inline void x64_alu_imm(struct code_buf *c, enum alu op, u32 w, struct rm d, i32 k)
{
	if (fits8(k)) {
		x64_op(c, 0x83 | w, op, d, 1);
		put1(c, (u32)k);
	} else {
		x64_op(c, 0x81 | w, op, d, 4);
		put4(c, (u32)k);
	}
}

static inline void x64_mov(struct code_buf *c, u32 w, u8 d, struct rm s)
{
	if (s.mem || s.base != d || !w)
		x64_op(c, 0x8b | w, d, s, 0);
}

static inline void x64_store(struct code_buf *c, u32 w, struct rm d, u8 s)
{
	if (d.mem || d.base != s)
		x64_op(c, 0x89 | w, s, d, 0);
}

static inline void x64_store_imm(struct code_buf *c, u32 w, struct rm d, i32 k)
{
	x64_op(c, 0xc7 | w, 0, d, 4);
	put4(c, (u32)k);
}

/* Any constant, shortest form; flags stay. */
static inline void x64_const(struct code_buf *c, u8 d, u64 k)
{
	if (k == (u32)k) {
		if (d >= 8)
			put1(c, 0x41);
		put1(c, 0xb8 | (d & 7u));
		put4(c, (u32)k);
	} else if (fits32((i64)k)) {
		x64_op(c, 0xc7 | W, 0, rm_reg(d), 4);
		put4(c, (u32)k);
	} else {
		put1(c, 0x48 | high(d));
		put1(c, 0xb8 | (d & 7u));
		put8(c, k);
	}
}

static inline void x64_lea(struct code_buf *c, u32 w, u8 d, struct rm s)
{
	x64_op(c, 0x8d | w, d, s, 0);
}

static inline void x64_shift_imm(struct code_buf *c, enum shift op, u32 w, struct rm d, u32 k)
{
	x64_op(c, 0xc1 | w, op, d, 1);
	put1(c, k);
}

static inline void x64_shift_cl(struct code_buf *c, enum shift op, u32 w, struct rm d)
{
	x64_op(c, 0xd3 | w, op, d, 0);
}

/* BMI2: shlx, shrx, sarx: d = s shifted by n */
static inline void x64_shiftx(struct code_buf *c, enum shift op, u32 w, u8 d, struct rm s, u8 n)
{
	u32 prefix = op == SH_SHL ? P_66 : op == SH_SHR ? P_F2 : P_F3;

	x64_vex(c, 0xf7 | MAP_0F38 | prefix | w, d, n, s, 0);
}

static inline void x64_rorx(struct code_buf *c, u32 w, u8 d, struct rm s, u32 k)
{
	x64_vex(c, 0xf0 | MAP_0F3A | P_F2 | w, d, 0, s, 1);
	put1(c, k);
}

/* 0xf6, 0xf7: test with imm, not, neg, mul, imul, div, idiv */
enum group3 { G3_TEST, G3_NOT = 2, G3_NEG, G3_MUL, G3_IMUL, G3_DIV, G3_IDIV };

static inline void x64_group3(struct code_buf *c, enum group3 op, u32 w, struct rm d)
{
	x64_op(c, 0xf7 | w, op, d, 0);
}

static inline void x64_test_imm(struct code_buf *c, u32 w, struct rm d, u32 k)
{
	x64_op(c, 0xf7 | w, 0, d, 4);
	put4(c, k);
}

static inline void x64_setcc(struct code_buf *c, enum cc cc, u8 d)
{
	x64_op(c, 0x90 | (u32)cc | MAP_0F | BYTE_REG, 0, rm_reg(d), 0);
}

static inline void x64_cmov(struct code_buf *c, enum cc cc, u32 w, u8 d, struct rm s)
{
	x64_op(c, 0x40 | (u32)cc | MAP_0F | w, d, s, 0);
}

enum {
	OP_MOVZX8 = 0xb6 | MAP_0F | BYTE_REG,
	OP_MOVZX16 = 0xb7 | MAP_0F,
	OP_MOVSX8 = 0xbe | MAP_0F | W | BYTE_REG,
	OP_MOVSX16 = 0xbf | MAP_0F | W,
	OP_MOVSXD = 0x63 | W,
	OP_IMUL = 0xaf | MAP_0F
};

/* Jumps of 32 bits.  They return where their displacement is, for x64_bind(). */
static inline u32 x64_jmp(struct code_buf *c)
{
	put1(c, 0xe9);
	put4(c, 0);
	return offset_of(c) - 4;
}

static inline u32 x64_jcc(struct code_buf *c, enum cc cc)
{
	put1(c, 0x0f);
	put1(c, 0x80 | (u32)cc);
	put4(c, 0);
	return offset_of(c) - 4;
}

/* The jump whose displacement is at `site` goes to `target`; both are offsets in the buffer. */
static inline void x64_bind_to(struct code_buf *c, u32 site, u32 target)
{
	if (!c->full)
		put_le32(c->start + site, target - (site + 4));
}

static inline void x64_bind(struct code_buf *c, u32 site)
{
	x64_bind_to(c, site, offset_of(c));
}

/* Short forward jumps, over a few instructions. */
static inline u32 x64_jcc_short(struct code_buf *c, enum cc cc)
{
	put1(c, 0x70 | (u32)cc);
	put1(c, 0);
	return offset_of(c) - 1;
}

static inline u32 x64_jmp_short(struct code_buf *c)
{
	put1(c, 0xeb);
	put1(c, 0);
	return offset_of(c) - 1;
}

static inline void x64_bind_short(struct code_buf *c, u32 site)
{
	u32 distance = offset_of(c) - (site + 1);

	assert(distance < 128);
	if (!c->full)
		c->start[site] = (u8)distance;
}

static inline void x64_jmp_to(struct code_buf *c, u32 target)
{
	x64_bind_to(c, x64_jmp(c), target);
}

static inline void x64_call_to(struct code_buf *c, u32 target)
{
	put1(c, 0xe8);
	put4(c, target - (offset_of(c) + 4));
}

static inline void x64_call_reg(struct code_buf *c, u8 r)
{
	x64_op(c, 0xff, 2, rm_reg(r), 0);
}

static inline void x64_ret(struct code_buf *c)
{
	put1(c, 0xc3);
}

static inline void x64_jmp_rm(struct code_buf *c, struct rm rm)
{
	x64_op(c, 0xff, 4, rm, 0);
}

static inline void x64_push(struct code_buf *c, u8 r)
{
	if (r >= 8)
		put1(c, 0x41);
	put1(c, 0x50 | (r & 7u));
}

static inline void x64_pop(struct code_buf *c, u8 r)
{
	if (r >= 8)
		put1(c, 0x41);
	put1(c, 0x58 | (r & 7u));
}

/* So that the next `n` bytes end at a multiple of 4: a displacement that is patched while
 * other threads run it. */
static inline void x64_align_before(struct code_buf *c, u32 n)
{
	static const u8 nops[4][3] = { { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
	u32 gap = (0 - (offset_of(c) + n)) & 3;

	for (u32 i = 0; i < gap; i++)
		put1(c, nops[gap][i]);
}

/* Scalar floating point: `p` is P_F2 for double, P_F3 for single. */
enum {
	SSE_ADD = 0x58,
	SSE_MUL = 0x59,
	SSE_SUB = 0x5c,
	SSE_MIN = 0x5d,
	SSE_DIV = 0x5e,
	SSE_MAX = 0x5f,
	SSE_SQRT = 0x51
};

#endif
