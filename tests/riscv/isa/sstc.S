/* trap:48 - Sstc: STIP is time >= stimecmp while menvcfg.STCE is set, and cannot be written; who
 * may use stimecmp.
 *
 * "RISC-V Sstc Extension", and privileged manual, "Supervisor Timer (stimecmp) Register".
 */
#include "isa.h"

#define STCE (1<<63)

TEST
	li	s1, MTIMECMP
	li	t0, -1
	sd	t0, 0(s1)
	csrw	mideleg, zero
	csrw	mie, zero

	/* off: STIP is software's */
	CHECK
	li	s2, STCE
	csrc	menvcfg, s2
	li	t0, STIP
	csrs	mip, t0
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, STIP)
	csrc	mip, t0
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, 0)
	li	t1, 2				/* TM */
	csrw	mcounteren, t1
	ENTER(S_MODE)
	ILLEGAL(csrr a0, stimecmp)
	CHECK					/* M may */
	csrr	a0, stimecmp

	/* on */
	csrs	menvcfg, s2
	CHECK
	csrr	a0, menvcfg
	srli	a0, a0, 63
	EQ(a0, 1)
	li	a1, -1
	csrw	stimecmp, a1
	csrr	a0, stimecmp
	EQ(a0, -1)
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, 0)
	CHECK					/* read-only now */
	li	t0, STIP
	csrs	mip, t0
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, 0)
	CHECK
	csrw	stimecmp, zero			/* in the past: at once */
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, STIP)
	li	t0, STIP
	csrc	mip, t0
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, STIP)
	csrw	stimecmp, a1			/* and falls at once */
	csrr	a0, mip
	andi	a0, a0, STIP
	EQ(a0, 0)

	/* an interrupt in S-mode, 1 ms from now, which wakes wfi */
	CHECK
	li	t0, STIP
	csrw	mideleg, t0
	csrw	mie, t0
	la	t0, in_s
	csrw	stvec, t0
	csrci	mstatus, MSTATUS_SIE
	ENTER(S_MODE)
	CHECK
	la	s7, 2f
	csrr	s4, time
	li	t1, 10000
	add	s4, s4, t1
	csrw	stimecmp, s4
	csrsi	sstatus, MSTATUS_SIE
1:	wfi
	j	1b
2:	csrr	a0, scause
	EQ(a0, INTERRUPT|5)
	csrr	a0, time
	bltu	a0, s4, fail
	csrr	a0, sip
	andi	a0, a0, STIP
	EQ(a0, STIP)
	li	a1, -1
	csrw	stimecmp, a1
	csrr	a0, sip
	andi	a0, a0, STIP
	EQ(a0, 0)
	LEAVE

	/* without mcounteren.TM S may not, U never */
	csrw	mcounteren, zero
	ENTER(S_MODE)
	ILLEGAL(csrw stimecmp, zero)
	li	t1, 7
	csrw	mcounteren, t1
	csrw	scounteren, t1
	ENTER(U_MODE)
	ILLEGAL(csrr a0, stimecmp)
PASS

	.balign	4
in_s:	jr	s7
