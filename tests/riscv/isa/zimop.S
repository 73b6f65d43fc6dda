/* trap:08 - Zimop: each may-be-operation writes 0 into rd, as long as nothing gives it a meaning,
 * and reads no more than its sources.
 *
 * Unprivileged manual, "Zimop: May-Be-Operations".
 */
#include "isa.h"

TEST
	.set	n, 0
	.rept	32
	li	gp, n+1
	li	a0, -1
	li	a1, 5
	mop.r	n, a0, a1
	bnez	a0, fail
	mop.r	n, a1, a1
	bnez	a1, fail
	mop.r	n, zero, s0
	bnez	zero, fail
	.set	n, n+1
	.endr
	.set	n, 0
	.rept	8
	li	gp, 100+n
	li	a0, -1
	li	a1, 5
	mop.rr	n, a0, a1, a0
	bnez	a0, fail
	EQ(a1, 5)
	mop.rr	n, a1, a0, a1
	bnez	a1, fail
	.set	n, n+1
	.endr
PASS
