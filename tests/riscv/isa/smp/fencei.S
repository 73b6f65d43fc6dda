/* trap:21 - code that another hart wrote: after the message and a fence.i here, the new code
 * runs.
 *
 * Unprivileged manual, "Zifencei": fence.i orders the stores that this hart has seen.
 */
#define SMP
#include "isa.h"

#define ROUNDS 2000
#define LI_A0  0x00000513

/* Looks a while, then pauses: the other may need this CPU of the host, or else a third one has it. */
	.macro	is_soon value, at
7:	li	t1, 1000
8:	lw	t0, \at
	beq	t0, \value, 9f
	addi	t1, t1, -1
	bnez	t1, 8b
	pause
	j	7b
9:
	.endm

TEST
	la	s1, code
	la	s2, turn
	li	s3, 1
	/* the other hart writes `li a0, s3`, then the turn */
1:	CHECK
	sw	s3, 4(s2)		/* asks */
	is_soon	s3, 0(s2)
	fence	r, rw
	fence.i
	jalr	s1
	bne	a0, s3, fail
	addi	s3, s3, 1
	li	t0, ROUNDS
	bne	s3, t0, 1b
PASS

others:	li	t0, 1
	bne	s0, t0, asleep
	la	s1, code
	la	s2, turn
	li	s3, 1
1:	is_soon	s3, 4(s2)
	li	t0, LI_A0
	slli	t1, s3, 20
	add	t0, t0, t1
	sw	t0, 0(s1)
	fence	rw, w
	sw	s3, 0(s2)
	addi	s3, s3, 1
	j	1b

	.data
	.balign	64
turn:	.word	0, 0
	.balign	64
code:	li	a0, 0
	ret
