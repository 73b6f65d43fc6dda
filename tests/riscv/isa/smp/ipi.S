/* Software interrupts between harts through the CLINT, and each hart's own timer: a hart that
 * sleeps in wfi wakes, every time.
 *
 * "RISC-V ACLINT Specification", MSWI and MTIMER; privileged manual, "Wait for Interrupt".
 */
#define SMP
#include "isa.h"

#define ROUNDS 2000

/* Sleeps until its own msip is set, and clears it. */
	.macro	await mine
1:	wfi
	csrr	t0, mip
	andi	t0, t0, MSIP
	beqz	t0, 1b
	sw	zero, 0(\mine)
	.endm

TEST
	li	s1, CLINT
	addi	s2, s1, 4
	li	t0, MSIP
	csrw	mie, t0
	CHECK
	li	s3, ROUNDS
	li	s4, 1
round:	sw	s4, 0(s2)
	await	s1
	addi	s3, s3, -1
	bnez	s3, round
	la	a1, count
	fence
	lw	a0, 0(a1)
	EQ(a0, ROUNDS)
	/* the other hart's timer is its own */
	CHECK
	li	t0, MTIMECMP
	li	t1, -1
	sd	t1, 0(t0)
	sd	zero, 8(t0)
	csrr	a0, mip
	andi	a0, a0, MTIP
	EQ(a0, 0)
	sd	t1, 8(t0)
PASS

others:	li	t0, 1
	bne	s0, t0, asleep
	li	s1, CLINT
	addi	s2, s1, 4
	li	t0, MSIP
	csrw	mie, t0
	la	s3, count
	li	s4, 1
answer:	await	s2
	lw	t0, 0(s3)
	addi	t0, t0, 1
	sw	t0, 0(s3)
	fence
	sw	s4, 0(s1)
	j	answer

	.data
	.balign	64
count:	.word	0
