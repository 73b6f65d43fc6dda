/* Loops of floating point that run so often that an engine may keep f registers elsewhere from
 * one pass to the next: what any instruction writes in one pass, the next one reads.
 *
 * Unprivileged manual, "Single-Precision Floating-Point Computational Instructions", "... Sign
 * Injection".
 */
#include "isa.h"

/* A block that is the loop and no more. */
#define AGAIN addi s1, s1, -1; bnez s1, 0b; j 1f; 1:

TEST
	li	s1, 101			/* a sign from elsewhere: what is added next has it */
	fcvt.d.w fa0, zero
	li	a0, 1
	fcvt.d.w fa1, a0
	fneg.d	fa2, fa1
0:	fadd.d	fa0, fa0, fa1		/* 1 or 0 */
	fsgnj.d	fa0, fa0, fa2
	AGAIN
	fcvt.w.d a0, fa0, rtz
	EQ(a0, -1)

	li	s1, 101
	fcvt.s.w fa0, zero
	li	a0, 1
	fcvt.s.w fa1, a0
0:	fadd.s	fa0, fa0, fa1
	fsgnjn.s fa0, fa0, fa1
	AGAIN
	fcvt.w.s a0, fa0, rtz
	EQ(a0, -1)

	li	s1, 100			/* a rounding mode that is not the host's */
	fcvt.d.w fa0, zero
	fcvt.d.w fa2, zero
	li	a0, 1
	fcvt.d.w fa1, a0
0:	fadd.d	fa2, fa2, fa0
	fadd.d	fa0, fa0, fa1, rtz
	AGAIN
	fcvt.w.d a0, fa0, rtz
	EQ(a0, 100)
	fcvt.w.d a0, fa2, rtz
	EQ(a0, 4950)

	/* a conversion that is out of range, which may be done elsewhere, and is used at once */
	CHECK
	li	s1, 100
	li	a0, 1<<40
	fcvt.d.l fa1, a0
0:	fcvt.w.d t0, fa1, rtz
	addi	t1, t0, 1
	fcvt.lu.d t2, fa1, rtz
	addi	t3, t2, 1
	AGAIN
	EQ(t1, 0x80000000)
	EQ(t3, (1<<40)+1)

	/* flags and rounding mode by instructions that lie on two pages */
	CHECK
	li	s1, 100
	li	a0, 1
	fcvt.d.w fa0, a0
	li	a0, 3
	fcvt.d.w fa1, a0
	fdiv.d	fa4, fa0, fa1, rup
	li	s2, 3			/* RUP */
0:	csrw	fflags, zero
	la	a1, flags_on_two_pages
	jalr	ra, 0(a1)
	EQ(a0, 1)			/* inexact, and */
	csrr	a0, fflags
	EQ(a0, 0)			/* no longer */
	la	a1, mode_on_two_pages
	jalr	ra, 0(a1)
	feq.d	a0, fa2, fa4
	EQ(a0, 1)
	addi	s1, s1, -1
	bnez	s1, 0b
PASS

	.option	push
	.option	norelax
	.balign	4096
	.skip	4096-6
flags_on_two_pages:
	fdiv.d	fa2, fa0, fa1
	csrrw	a0, fflags, zero
	ret
	.balign	4096
	.skip	4096-6
mode_on_two_pages:
	fdiv.d	fa2, fa0, fa1
	csrw	frm, s2
	fdiv.d	fa2, fa0, fa1
	csrw	frm, zero
	ret
	.option	pop
