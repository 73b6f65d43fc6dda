/* trap:20 - outcomes that RVWMO forbids: store buffering with full fences and with aq.rl atomics,
 * message passing with fences and with release and acquire, coherence of one location.
 *
 * Unprivileged manual, "RVWMO Memory Consistency Model", preserved program order; appendix
 * "RVWMO Explanatory Material", litmus tests.
 */
#define SMP
#include "isa.h"

#ifndef ROUNDS
#define ROUNDS 1000		/* 250000 and more for a night */
#endif

/* A round: both clear nothing, but use fresh values: x and y become the round's number.  The
 * harts meet before it, so that both are in it at about the same time. */
	.macro	meet
	fence
	addi	s8, s8, 2
	li	t1, 1
	amoadd.w.aqrl zero, t1, (s5)
7:	li	t2, 100		/* look a while, then let another have this CPU of the host */
8:	lw	t1, 0(s5)
	bge	t1, s8, 9f
	addi	t2, t2, -1
	bnez	t2, 8b
	pause
	j	7b
9:
	.endm

/* Store to one, load of the other: at least one of the two sees the new value. */
	.macro	store_buffering mine, other, result
	sd	s3, 0(\mine)
	fence	w, r
	ld	a0, 0(\other)
	sd	a0, 0(\result)
	.endm
	.macro	store_buffering_amo mine, other, result
	amoswap.d.aqrl zero, s3, (\mine)
	lr.d.aqrl a0, (\other)
	sd	a0, 0(\result)
	.endm

/* s8 is the meeting place's count: the macros that use traps' registers are not used here. */
	.macro	setup
	la	s1, x
	la	s2, y
	la	s5, meeting
	la	s6, result0
	la	s7, result1
	li	s8, 0
	li	s3, 1
	.endm

TEST
	setup
1:	CHECK
	meet
	store_buffering s1, s2, s6
	meet
	ld	a1, 0(s7)
	ld	a0, 0(s6)
	sub	a0, s3, a0
	sub	a1, s3, a1
	snez	a0, a0
	snez	a1, a1
	and	a0, a0, a1
	bnez	a0, fail		/* both saw the old value */
	addi	s3, s3, 1
	li	t0, ROUNDS
	bne	s3, t0, 1b

2:	CHECK
	meet
	store_buffering_amo s1, s2, s6
	meet
	ld	a1, 0(s7)
	ld	a0, 0(s6)
	sub	a0, s3, a0
	sub	a1, s3, a1
	snez	a0, a0
	snez	a1, a1
	and	a0, a0, a1
	bnez	a0, fail
	addi	s3, s3, 1
	li	t0, 2*ROUNDS
	bne	s3, t0, 2b

	/* message passing: y new means x new */
3:	CHECK
	meet
	ld	a0, 0(s2)
	fence	r, r
	ld	a1, 0(s1)
	bne	a0, s3, 4f
	bne	a1, s3, fail
4:	meet
	addi	s3, s3, 1
	li	t0, 3*ROUNDS
	bne	s3, t0, 3b
5:	CHECK
	meet
	lr.d.aq	a0, (s2)
	ld	a1, 0(s1)
	ld	a2, 0(s1)		/* and a location never goes back */
	bltu	a2, a1, fail
	bne	a0, s3, 6f
	bne	a1, s3, fail
6:	meet
	addi	s3, s3, 1
	li	t0, 4*ROUNDS
	bne	s3, t0, 5b
PASS

others:	li	t0, 1
	bne	s0, t0, asleep
	setup
1:	meet
	store_buffering s2, s1, s7
	meet
	addi	s3, s3, 1
	li	t0, ROUNDS
	bne	s3, t0, 1b
2:	meet
	store_buffering_amo s2, s1, s7
	meet
	addi	s3, s3, 1
	li	t0, 2*ROUNDS
	bne	s3, t0, 2b
3:	meet
	sd	s3, 0(s1)
	fence	w, w
	sd	s3, 0(s2)
	meet
	addi	s3, s3, 1
	li	t0, 3*ROUNDS
	bne	s3, t0, 3b
5:	meet
	sd	s3, 0(s1)
	amoswap.d.rl zero, s3, (s2)
	meet
	addi	s3, s3, 1
	li	t0, 4*ROUNDS
	bne	s3, t0, 5b
	j	asleep

	.data
	.balign	64
x:	.dword	0
	.balign	64
y:	.dword	0
	.balign	64
result0:
	.dword	0
	.balign	64
result1:
	.dword	0
	.balign	64
meeting:
	.word	0
