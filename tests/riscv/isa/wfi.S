/* trap:42 trap:43 - wfi wakes on what is pending and enabled, even with MIE = 0 and whatever is
 * delegated; TW makes it illegal below M.
 *
 * Privileged manual, "Wait for Interrupt", "Virtualization Support in mstatus Register".
 */
#include "isa.h"

TEST
	li	s1, CLINT
	li	s2, MTIMECMP
	li	s3, MTIME
	li	t0, -1
	sd	t0, 0(s2)

	/* pending before: no sleep */
	CHECK
	csrci	mstatus, MSTATUS_MIE
	li	t0, SSIP
	csrw	mie, t0
	csrs	mip, t0
	wfi
	li	t0, SSIP			/* delegated, and from M: it still wakes */
	csrw	mideleg, t0
	wfi
	csrw	mip, zero
	csrw	mideleg, zero

	/* the timer in 2 ms, interrupts off: goes on with the next instruction */
	CHECK
	li	t0, MTIP
	csrw	mie, t0
	ld	t0, 0(s3)
	li	t1, 20000
	add	s4, t0, t1
	sd	s4, 0(s2)
1:	wfi
	csrr	a0, mip
	andi	a0, a0, MTIP
	beqz	a0, 1b
	ld	t0, 0(s3)
	bltu	t0, s4, fail

	/* with interrupts on: the trap is taken, epc is behind the wfi */
	CHECK
	ld	t0, 0(s3)
	li	t1, 20000
	add	s4, t0, t1
	sd	s4, 0(s2)
2:	csrr	a0, mip
	andi	a0, a0, MTIP
	bnez	a0, 2b
	la	s11, 3f
	csrsi	mstatus, MSTATUS_MIE
1:	wfi
4:	j	1b
3:	EQ(s8, INTERRUPT|7)
	la	a0, 1b				/* it may be interrupted beside the wfi as well */
	sub	a0, s9, a0
	sltiu	a0, a0, 9
	EQ(a0, 1)
	csrci	mstatus, MSTATUS_MIE

	/* never enabled means never woken by it: a timer wakes for another one */
	CHECK
	li	t0, 1
	sw	t0, 0(s1)			/* MSIP pends, but mie has MTIE only */
	ld	t0, 0(s3)
	li	t1, 20000
	add	s4, t0, t1
	sd	s4, 0(s2)
1:	wfi
	csrr	a0, mip
	andi	a0, a0, MTIP
	beqz	a0, 1b
	sw	zero, 0(s1)
	li	t0, -1
	sd	t0, 0(s2)
	csrw	mie, zero

	/* in S, with a pending interrupt that M takes: the trap comes */
	CHECK
	li	t0, SSIP
	csrw	mie, t0
	csrs	mip, t0
	la	a2, 1f
	RUN(S_MODE, a2)
	EQ(s8, INTERRUPT|1)
	j	2f
1:	wfi
	j	1b
2:	/* delegated, SIE = 0: it wakes, and no trap comes */
	csrw	mideleg, t0
	li	t0, SSIP
	csrw	mideleg, t0
	csrci	mstatus, MSTATUS_SIE
	ENTER(S_MODE)
	CHECK
	wfi
	LEAVE

	/* TW = 1: illegal in S and U, not in M; TW = 0 lets S wait */
	li	t0, MSTATUS_TW
	csrs	mstatus, t0
	CHECK
	wfi
	csrw	mip, zero
	ENTER(S_MODE)
	ILLEGAL(wfi)
	ENTER(U_MODE)
	ILLEGAL(wfi)
	li	t0, MSTATUS_TW
	csrc	mstatus, t0
	/* U without TW: waits no longer than it may, or is illegal (S-mode exists) */
	la	a2, 1f
	RUN(U_MODE, a2)
	li	t0, CAUSE_ILLEGAL
	beq	s8, t0, 2f
	EQ(s8, CAUSE_ECALL_U)
	j	2f
1:	wfi
	ecall
2:
PASS
