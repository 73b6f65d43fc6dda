/* Zawrs: waiting for a reservation ends, at the latest, with an interrupt or after a short time.
 *
 * Unprivileged manual, "Zawrs: Wait-on-Reservation-Set instructions". wrs.nto in U-mode traps
 * with TW = 1 if it does not end; wrs.sto never does.
 */
#include "isa.h"

TEST
	la	s1, word
	/* without a reservation both may go on at once */
	CHECK
	wrs.nto
	wrs.sto
	/* with one, and no store, the short one ends by itself */
	CHECK
	lr.w	a0, (s1)
	wrs.sto
	EQ(a0, 7)
	/* a reservation that is gone: no wait */
	CHECK
	lr.w	a0, (s1)
	sc.w	a1, a0, (s1)
	wrs.nto
	lw	a0, 0(s1)
	EQ(a0, 7)

	/* a pending interrupt that is enabled ends the wait, whatever MIE says */
	CHECK
	li	t0, SSIP
	csrw	mie, t0
	csrs	mip, t0
	lr.w	a0, (s1)
	wrs.nto
	EQ(a0, 7)
	csrw	mie, zero
	csrw	mip, zero

	/* in S and U too */
	ENTER(S_MODE)
	CHECK
	wrs.nto
	wrs.sto
	LEAVE
	ENTER(U_MODE)
	CHECK
	wrs.sto
	wrs.nto
	LEAVE

	/* TW: the short one goes on, the other does or is illegal */
	li	t0, MSTATUS_TW
	csrs	mstatus, t0
	ENTER(U_MODE)
	CHECK
	lr.w	a0, (s1)
	wrs.sto
	LEAVE
	la	s1, word
	la	a2, 1f
	RUN(U_MODE, a2)
	li	t0, CAUSE_ILLEGAL
	beq	s8, t0, 2f
	EQ(s8, CAUSE_ECALL_U)
	j	2f
1:	lr.w	a0, (s1)
	wrs.nto
	ecall
2:
PASS

	.data
	.balign	64
word:	.dword	7
