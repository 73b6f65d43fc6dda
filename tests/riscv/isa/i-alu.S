/* trap:03 - integer arithmetic of RV32I and RV64I; *W operations use five bits of the shift
 * amount and sign-extend their result.
 *
 * Unprivileged manual, "RV32I Base Integer Instruction Set" 2.4 and "RV64I" 4.2.
 */
#include "isa.h"

#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

TEST
	RI(addi, 2, 1, 1)
	RI(addi, 0, 1, -1)
	RI(addi, 2047, 0, 2047)
	RI(addi, -2048, 0, -2048)
	RI(addi, MIN64, MAX64, 1)
	RI(slti, 1, -1, 0)
	RI(slti, 0, 0, 0)
	RI(slti, 0, 0, -1)
	RI(slti, 1, MIN64, -2048)
	RI(slti, 0, MAX64, 2047)
	RI(sltiu, 0, -1, 0)
	RI(sltiu, 1, 0, 1)
	RI(sltiu, 1, 2047, -1)		/* the immediate is sign-extended, then unsigned */
	RI(sltiu, 0, -1, -1)
	RI(xori, -1, 0, -1)
	RI(xori, 0x5ff, 0x0f0, 0x50f)
	RI(xori, 0xff, -1^0xff, -1)
	RI(ori, -1, 0x123, -1)
	RI(ori, 0x7f3, 0x123, 0x6f2)
	RI(andi, 0x022, 0x123, 0x6f2)
	RI(andi, 0x123, 0x123, -1)
	RI(andi, 0xfffffffffffff800, -1, -2048)
	RI(slli, MIN64, 1, 63)
	RI(slli, 0x123, 0x123, 0)
	RI(slli, 0xfffffffe00000000, 0x7fffffff, 33)
	RI(srli, 1, MIN64, 63)
	RI(srli, 0x0fffffffffffffff, -1, 4)
	RI(srai, -1, MIN64, 63)
	RI(srai, 0xf800000000000000, MIN64, 4)
	RI(srai, 0x07ffffffffffffff, MAX64, 4)

	RR(add, 0, -1, 1)
	RR(add, MIN64, MAX64, 1)
	RR(add, 0x100000000, 0xffffffff, 1)
	RR(sub, -1, 0, 1)
	RR(sub, MAX64, MIN64, 1)
	RR(sub, MIN64, 0, MIN64)
	RR(sll, 0x100000000, 1, 32)
	RR(sll, 2, 1, 65)		/* only bits 5:0 of rs2 */
	RR(sll, MIN64, 1, -1)
	RR(slt, 1, MIN64, MAX64)
	RR(slt, 0, MAX64, MIN64)
	RR(slt, 0, 5, 5)
	RR(slt, 1, -2, -1)
	RR(sltu, 0, MIN64, MAX64)
	RR(sltu, 1, MAX64, MIN64)
	RR(sltu, 1, 0, -1)
	RR(sltu, 0, 0, 0)
	RR(xor, 0xff00ff00ff00ff, 0x0ff00ff00ff00ff0, 0x0f0f0f0f0f0f0f0f)
	RR(srl, 1, MIN64, 63)
	RR(srl, MIN64, MIN64, 64)
	RR(srl, 0x7fffffffffffffff, -1, 0x101)
	RR(sra, -1, MIN64, 63)
	RR(sra, MIN64, MIN64, 64)
	RR(sra, 0x3fffffffffffffff, MAX64, 1)
	RR(or, 0x0fff0fff0fff0fff, 0x0ff00ff00ff00ff0, 0x0f0f0f0f0f0f0f0f)
	RR(and, 0x0f000f000f000f00, 0x0ff00ff00ff00ff0, 0x0f0f0f0f0f0f0f0f)

	RI(addiw, 0xffffffff80000000, 0x7fffffff, 1)
	RI(addiw, 0, 0xffffffff, 1)
	RI(addiw, -1, 0xffffffff, 0)	/* sext.w */
	RI(addiw, 1, 0x7fffffff00000001, 0)
	RI(slliw, 0xffffffff80000000, 1, 31)
	RI(slliw, 0, 0x100000000, 0)
	RI(slliw, 0x60, 0xf00000003, 5)
	RI(srliw, 1, 0xffffffff80000000, 31)
	RI(srliw, 0xffffffff80000000, 0xf80000000, 0)
	RI(srliw, 0x0fffffff, 0xffffffff, 4)
	RI(sraiw, -1, 0x80000000, 31)
	RI(sraiw, 0xfffffffff8000000, 0x80000000, 4)
	RI(sraiw, 0x7ffffff, 0xffffffff7fffffff, 4)
	RR(addw, 0xffffffff80000000, 0x7fffffff, 1)
	RR(addw, 0, 0xffffffff, 1)
	RR(addw, 3, 0x7fffffff00000001, 0x100000002)
	RR(subw, 0x7fffffff, 0x80000000, 1)
	RR(subw, -1, 0, 1)
	RR(subw, 0xffffffff80000000, 0x180000000, 0x300000000)
	RR(sllw, 0xffffffff80000000, 1, 31)
	RR(sllw, 1, 1, 32)		/* bit 5 of the amount counts for nothing */
	RR(sllw, 2, 0xf00000001, 0xffe1)
	RR(srlw, 1, 0xffffffff80000000, 31)
	RR(srlw, 0xffffffff80000000, 0x80000000, 32)
	RR(srlw, 0x7fffffff, 0xffffffff, 0x21)
	RR(sraw, -1, 0x80000000, 31)
	RR(sraw, 0xffffffff80000000, 0x80000000, 32)
	RR(sraw, 0x3fffffff, 0xffffffff7fffffff, 0x21)

	/* shamt[5] = 1 in a *W shift is reserved; we trap */
	ILLEGAL(.4byte 0x0205151b)	/* slliw a0, a0, 32 */
	ILLEGAL(.4byte 0x0205551b)	/* srliw a0, a0, 32 */
	ILLEGAL(.4byte 0x4205551b)	/* sraiw a0, a0, 32 */

	/* lui and auipc sign-extend 32 bits */
	CHECK
	lui	a0, 0x80000
	EQ(a0, 0xffffffff80000000)
	lui	a0, 0x7ffff
	EQ(a0, 0x7ffff000)
	lui	a0, 0
	EQ(a0, 0)
	CHECK
1:	auipc	a0, 0
	EQA(a0, 1b)
	CHECK
1:	auipc	a0, 0x80000		/* pc - 2^31 */
	la	a1, 1b
	li	a2, -1<<31
	add	a1, a1, a2
	EQR(a0, a1)
	CHECK
1:	auipc	a0, 1
	la	a1, 1b+4096
	EQR(a0, a1)
	lui	zero, 0x12345
	auipc	zero, 0x12345
	EQ(zero, 0)
PASS
