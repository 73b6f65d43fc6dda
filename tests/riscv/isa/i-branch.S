/* trap:04 - branches, jal and jalr; jalr clears bit 0 and reads rs1 before it writes rd.
 *
 * Unprivileged manual, "Control Transfer Instructions".
 */
#include "isa.h"

#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

/* The branch is taken, or not: forward, backward. */
#define TAKEN(insn, a, b) taken __LINE__, insn, a, b
	.macro	taken line, insn, a, b
	li	gp, \line
	li	a0, \a
	li	a1, \b
	\insn	a0, a1, 2f
	j	fail
1:	j	3f
	j	fail
2:	\insn	a0, a1, 1b
	j	fail
3:
	.endm

#define NOT_TAKEN(insn, a, b) not_taken __LINE__, insn, a, b
	.macro	not_taken line, insn, a, b
	li	gp, \line
	li	a0, \a
	li	a1, \b
	\insn	a0, a1, 1f
	\insn	a0, a1, 1f
	j	2f
1:	j	fail
2:
	.endm

TEST
	TAKEN(beq, 0, 0)
	TAKEN(beq, MIN64, MIN64)
	NOT_TAKEN(beq, 0, 1)
	NOT_TAKEN(beq, 0x100000000, 0)
	TAKEN(bne, 0, 1)
	TAKEN(bne, 0x100000000, 0)
	NOT_TAKEN(bne, -1, -1)
	TAKEN(blt, -1, 0)
	TAKEN(blt, MIN64, MAX64)
	NOT_TAKEN(blt, 0, 0)
	NOT_TAKEN(blt, MAX64, MIN64)
	TAKEN(bge, 0, 0)
	TAKEN(bge, MAX64, MIN64)
	TAKEN(bge, -1, -2)
	NOT_TAKEN(bge, -1, 0)
	TAKEN(bltu, 0, -1)
	TAKEN(bltu, MAX64, MIN64)
	NOT_TAKEN(bltu, -1, 0)
	NOT_TAKEN(bltu, 1, 1)
	TAKEN(bgeu, -1, 0)
	TAKEN(bgeu, MIN64, MAX64)
	TAKEN(bgeu, 0, 0)
	NOT_TAKEN(bgeu, 0, 1)

	/* the longest offsets: -4096, and 4094 to an instruction at 2 mod 4 */
	CHECK
	j	far
near:	j	1f
	.zero	4096 - 4
far:	beq	zero, zero, near
	j	fail
1:	CHECK
	beq	zero, zero, 2f
	.zero	4094 - 4
2:	addi	zero, zero, 0
	.option	rvc
	c.nop
	.option	norvc

	/* jal: link is the next instruction */
	CHECK
	jal	ra, 1f
2:	j	fail
1:	EQA(ra, 2b)
	CHECK
	jal	zero, 1f
	j	fail
1:	EQ(zero, 0)

	/* jalr: rd = rs1 */
	CHECK
	la	a0, 1f
	jalr	a0, 0(a0)
2:	j	fail
1:	EQA(a0, 2b)

	/* an odd sum: bit 0 is dropped, from base and offset together */
	CHECK
	la	a0, 1f
	jalr	ra, 1(a0)
	j	fail
1:	CHECK
	la	a0, 1f+1
	jalr	ra, 0(a0)
	j	fail
1:	CHECK
	la	a0, 1f-2046
	jalr	ra, 2047(a0)
	j	fail
1:	CHECK
	la	a0, 1f+2048
	jalr	ra, -2048(a0)
	j	fail
1:
	/* the same into another page: pc itself is even there */
	CHECK
	la	a0, page
	jalr	ra, 1(a0)
2:	EQA(a1, page)
	EQA(a2, page+8)
	EQA(ra, 2b)

	/* rd = x0 writes no link */
	CHECK
	la	a0, 1f
	jalr	zero, 0(a0)
	j	fail
1:	EQ(zero, 0)
PASS

	.balign	4096
page:	auipc	a1, 0
	jal	a2, 1f
1:	ret
