/* Messages between harts: a hart that sleeps in wfi wakes for each, also for one that comes at
 * the moment when it claims another.
 *
 * AIA 1.0, "Incoming MSI Controller (IMSIC)".
 */
#define SMP
#include "isa.h"
#include "aia.h"

#define ROUNDS 2000
#define PAGE_OF(hart) (IMSIC_M+0x1000*(hart))

/* Sleeps until a message is there, and claims it. */
	.macro	await
1:	wfi
	csrrw	t0, mtopei, zero
	beqz	t0, 1b
	.endm

	.macro	ready
	PUT(m, EIE0, -1)
	PUT(m, EIDELIVERY, 1)
	li	t0, MEIP
	csrw	mie, t0
	.endm

TEST
	ready
	li	s2, PAGE_OF(1)
	/* one at a time */
	CHECK
	la	t1, go
	li	t0, 1
	fence
	sw	t0, 0(t1)
	li	s3, ROUNDS
	li	s4, 5
round:	sw	s4, 0(s2)
	await
	EQ(t0, 6<<16|6)
	addi	s3, s3, -1
	bnez	s3, round
PASS

others:	li	t0, 1
	bne	s0, t0, asleep
	ready
	li	s2, PAGE_OF(0)
	li	s4, 6
	la	t1, go
1:	lw	t0, 0(t1)
	beqz	t0, 1b
answer:	await
	EQ(t0, 5<<16|5)
	sw	s4, 0(s2)
	j	answer

	.data
	.balign	64
go:	.word	0
