/* trap:16 trap:18 trap:19 - load-reserved and store-conditional: words are sign-extended, an SC
 * ends the reservation whether it succeeds or not, and constrained loops make progress.
 *
 * Unprivileged manual, "A Extension", Load-Reserved/Store-Conditional Instructions and Eventual
 * Success of Store-Conditional Instructions.
 */
#include "isa.h"

TEST
	la	s1, word
	la	s2, other

	CHECK
	li	a0, 0x80000000
	sw	a0, 0(s1)
	lr.w	a1, (s1)
	EQ(a1, 0xffffffff80000000)
	CHECK
1:	lr.w	a1, (s1)
	addi	a1, a1, 1
	sc.w	a2, a1, (s1)
	bnez	a2, 1b
	lwu	a0, 0(s1)
	EQ(a0, 0x80000001)
	CHECK
	lw	a0, 4(s1)			/* the word beside it */
	EQ(a0, 0x55)

	/* the second SC has no reservation */
	CHECK
	li	a3, 7
	sc.w	a2, a3, (s1)
	beqz	a2, fail
	lwu	a0, 0(s1)
	EQ(a0, 0x80000001)

	/* an SC that fails, elsewhere, ends it too */
	CHECK
	li	a3, 7
	lr.w	a1, (s1)
	sc.w	a2, a3, (s2)
	li	a3, 8
	sc.w	a2, a3, (s1)
	beqz	a2, fail
	lwu	a0, 0(s1)
	EQ(a0, 0x80000001)

	/* without any LR: fails with a value that is not 0, and stores nothing */
	CHECK
	li	a3, 9
	sc.d	a2, a3, (s2)
	beqz	a2, fail
	ld	a0, 0(s2)
	EQ(a0, 0)

	CHECK
	li	a0, 0x123456789abcdef0
	sd	a0, 0(s2)
1:	lr.d.aq	a1, (s2)
	not	a3, a1
	sc.d.rl	a2, a3, (s2)
	bnez	a2, 1b
	EQ(a1, 0x123456789abcdef0)
	ld	a0, 0(s2)
	EQ(a0, 0xedcba9876543210f)

	/* rd = rs2, rd = rs1, rd = x0 */
	CHECK
1:	lr.d	a1, (s2)
	li	a2, 3
	sc.d	a2, a2, (s2)
	bnez	a2, 1b
	ld	a0, 0(s2)
	EQ(a0, 3)
	CHECK
1:	mv	a2, s2
	lr.d	a2, (a2)
	EQ(a2, 3)
	mv	a2, s2
	lr.d	zero, (a2)
	sc.d	a2, a2, (a2)
	bnez	a2, 1b
	ld	a0, 0(s2)
	EQR(a0, s2)
	CHECK
	lr.w	a1, (s1)
	sc.w	zero, zero, (s1)
	EQ(zero, 0)

	/* a load in between breaks nothing: 100 rounds, at most 1,000 attempts */
	CHECK
	li	s3, 100
	li	s4, 1000
	sw	zero, 0(s1)
1:	addi	s4, s4, -1
	beqz	s4, fail
	lr.w	a1, (s1)
	addi	a1, a1, 1
	j	2f				/* out of the block */
2:	sc.w	a2, a1, (s1)
	bnez	a2, 1b
	addi	s3, s3, -1
	bnez	s3, 1b
	lw	a0, 0(s1)
	EQ(a0, 100)
	CHECK
	li	s3, 100
	li	s4, 1000
1:	addi	s4, s4, -1
	beqz	s4, fail
	lr.w	a1, (s1)
	lw	a3, 8(s1)
	addi	a1, a1, 1
	sc.w	a2, a1, (s1)
	bnez	a2, 1b
	addi	s3, s3, -1
	bnez	s3, 1b
	lw	a0, 0(s1)
	EQ(a0, 200)

	/* A trap between the two may end it; the loop around does its work. */
	CHECK
	li	s4, 100
1:	addi	s4, s4, -1
	beqz	s4, fail
	lr.w	a1, (s1)
	la	s11, 2f
	li	a3, 99
	beq	s4, a3, 3f
	j	4f
3:	ecall
2:	CHECK
4:	addi	a1, a1, 1
	sc.w	a2, a1, (s1)
	bnez	a2, 1b
	li	s11, 0
	lw	a0, 0(s1)
	EQ(a0, 201)
PASS

	.data
	.balign	64
word:	.word	0, 0x55
	.dword	0
	.balign	64
other:	.dword	0
