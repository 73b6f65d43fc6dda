/* trap:17 trap:18 - two harts count with AMOs, with LR/SC loops and with compare-and-swap: no
 * count is lost; a store of the other hart ends a reservation.
 *
 * Unprivileged manual, "A Extension", "Zacas".
 */
#define SMP
#include "isa.h"

#define ROUNDS 10000

/* On both harts. */
	.macro	count_all
	la	s1, words
	li	s2, ROUNDS
	li	s3, 1
1:	amoadd.w zero, s3, (s1)
	addi	a1, s1, 64
2:	lr.d	a0, (a1)
	addi	a0, a0, 1
	sc.d	a2, a0, (a1)
	bnez	a2, 2b
	addi	a1, s1, 128
	ld	a0, 0(a1)
3:	mv	a3, a0
	addi	a4, a0, 1
	amocas.d a0, a4, a1, 3
	bne	a0, a3, 3b
	addi	a1, s1, 192
4:	li	a0, 1			/* a spin lock around a plain count */
	amoswap.w.aq a0, a0, (a1)
	bnez	a0, 4b
	lw	a0, 4(a1)
	addi	a0, a0, 1
	sw	a0, 4(a1)
	amoswap.w.rl zero, zero, (a1)
	addi	s2, s2, -1
	bnez	s2, 1b
	.endm

/* The two meet: each adds 1, and waits for 2 * the number of the meeting. */
	.macro	meet n
	fence
	la	t0, meeting
	li	t1, 1
	amoadd.w.aqrl zero, t1, (t0)
9:	lw	t1, 0(t0)
	li	t2, 2*\n
	blt	t1, t2, 9b
	fence
	.endm

TEST
	CHECK
	meet	1
	count_all
	meet	2
	lw	a0, 0(s1)
	EQ(a0, 2*ROUNDS)
	ld	a0, 64(s1)
	EQ(a0, 2*ROUNDS)
	ld	a0, 128(s1)
	EQ(a0, 2*ROUNDS)
	lw	a0, 196(s1)
	EQ(a0, 2*ROUNDS)

	/* LR, then the other hart stores another value, then SC: it must fail */
	la	s2, mine
	li	s3, 100
	li	s4, 2
	la	s5, meeting
again:	CHECK
	lr.w	a0, (s2)
	fence
	addi	s4, s4, 1
	li	t1, 1
	amoadd.w zero, t1, (s5)
	slli	t2, s4, 1
1:	lw	t1, 0(s5)
	blt	t1, t2, 1b
	sc.w	a1, zero, (s2)
	beqz	a1, fail
	lw	a0, 0(s2)
	sub	a1, s4, a0		/* what the other stored stays */
	EQ(a1, 0)
	addi	s3, s3, -1
	bnez	s3, again
PASS

others:	li	t0, 1
	bne	s0, t0, asleep
	meet	1
	count_all
	meet	2
	la	s2, mine
	li	s4, 2
	la	s5, meeting
1:	addi	s4, s4, 1
	slli	t2, s4, 1
	addi	t2, t2, -1
2:	lw	t1, 0(s5)
	blt	t1, t2, 2b		/* the other is there */
	fence
	sw	s4, 0(s2)
	fence
	li	t1, 1
	amoadd.w zero, t1, (s5)
	j	1b

	.data
	.balign	64
words:	.zero	256
meeting:
	.word	0
	.balign	64
mine:	.word	0
