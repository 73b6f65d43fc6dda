/* asm.h - words of RV64I for programs in tests; registers by number. */
#ifndef ASM_H
#define ASM_H

#include "base.h"

enum { ZERO, T0 = 5, T1, T2, S0, S1, S2 = 18, S3, S4 };

static inline u32 asm_i(u32 opcode, u32 f3, u32 rd, u32 rs1, i32 imm)
{
	return (u32)imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | opcode;
}

static inline u32 asm_r(u32 opcode, u32 f7, u32 f3, u32 rd, u32 rs1, u32 rs2)
{
	return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | opcode;
}

static inline u32 asm_s(u32 f3, u32 rs2, u32 rs1, i32 imm)
{
	u32 k = (u32)imm;

	return (k >> 5 & 127) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (k & 31) << 7 | 0x23;
}

/* `offset` in bytes from the branch. */
static inline u32 asm_b(u32 f3, u32 rs1, u32 rs2, i32 offset)
{
	u32 k = (u32)offset;

	return (k >> 12 & 1) << 31 | (k >> 5 & 63) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 |
	       (k >> 1 & 15) << 8 | (k >> 11 & 1) << 7 | 0x63;
}

static inline u32 asm_jal(u32 rd, i32 offset)
{
	u32 k = (u32)offset;

	return (k >> 20 & 1) << 31 | (k >> 1 & 0x3ff) << 21 | (k >> 11 & 1) << 20 |
	       (k >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
}

#define ADDI(rd, rs1, imm)   asm_i(0x13, 0, rd, rs1, imm)
#define ADDIW(rd, rs1, imm)  asm_i(0x1b, 0, rd, rs1, imm)
#define XORI(rd, rs1, imm)   asm_i(0x13, 4, rd, rs1, imm)
#define ANDI(rd, rs1, imm)   asm_i(0x13, 7, rd, rs1, imm)
#define SLLI(rd, rs1, k)     asm_i(0x13, 1, rd, rs1, k)
#define SRLI(rd, rs1, k)     asm_i(0x13, 5, rd, rs1, k)
#define SRAI(rd, rs1, k)     asm_i(0x13, 5, rd, rs1, (k) | 0x400)
#define LOAD_W(rd, rs1, imm) asm_i(0x03, 2, rd, rs1, imm)
#define LOAD_D(rd, rs1, imm) asm_i(0x03, 3, rd, rs1, imm)
#define ADD(rd, rs1, rs2)    asm_r(0x33, 0, 0, rd, rs1, rs2)
#define ADDW(rd, rs1, rs2)   asm_r(0x3b, 0, 0, rd, rs1, rs2)
#define XOR(rd, rs1, rs2)    asm_r(0x33, 0, 4, rd, rs1, rs2)
#define STORE_W(rs2, rs1, k) asm_s(2, rs2, rs1, k)
#define STORE_D(rs2, rs1, k) asm_s(3, rs2, rs1, k)
#define BEQ(a, b, offset)    asm_b(0, a, b, offset)
#define BNE(a, b, offset)    asm_b(1, a, b, offset)
#define BLT(a, b, offset)    asm_b(4, a, b, offset)
#define JALR(rd, rs1, imm)   asm_i(0x67, 0, rd, rs1, imm)
#define LUI(rd, k)           ((u32)(k) << 12 | (u32)(rd) << 7 | 0x37)
#define AUIPC(rd, k)         ((u32)(k) << 12 | (u32)(rd) << 7 | 0x17)
#define RET                  JALR(ZERO, 1, 0)
#define FENCE_I              0x0000100f

#endif
