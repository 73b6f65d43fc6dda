/* Zacas: compare-and-swap of words, double words and pairs of registers.
 *
 * Unprivileged manual, "Zacas".  rd holds what is expected and gets what was there; in a pair
 * the even register is the low half, and x0 stands for two zeros.
 */
#include "isa.h"

#define CAS(insn, store, load, old, now, was, expect, value)                                      \
	li	gp, __LINE__;                                                                      \
	la	s1, word;                                                                          \
	li	a0, was;                                                                           \
	store	a0, 0(s1);                                                                         \
	li	a0, expect;                                                                        \
	li	a1, value;                                                                         \
	insn	a0, a1, s1;                                                                        \
	li	t6, old;                                                                           \
	bne	a0, t6, fail;                                                                      \
	load	a2, 0(s1);                                                                         \
	li	t6, now;                                                                           \
	bne	a2, t6, fail

TEST
	CAS(amocas.w, sw, lw, 5, 7, 5, 5, 7)
	CAS(amocas.w, sw, lw, 5, 5, 5, 6, 7)
	CAS(amocas.w, sw, lw, 0xffffffff80000000, 7, 0x80000000, 0x80000000, 7)
	CAS(amocas.w, sw, lw, 5, 7, 5, 0xf00000005, 7)		/* 32 bits are compared */
	CAS(amocas.w, sw, lw, 5, 0xffffffff89abcdef, 5, 5, 0x0123456789abcdef)
	CAS(amocas.d, sd, ld, 5, 7, 5, 5, 7)
	CAS(amocas.d, sd, ld, 5, 5, 5, 0xf00000005, 7)
	CAS(amocas.d, sd, ld, -1, 0x0123456789abcdef, -1, -1, 0x0123456789abcdef)

	/* rd = rs2: expects and stores the same */
	CHECK
	li	a0, 5
	sd	a0, 0(s1)
	amocas.d a0, a0, s1, 3
	EQ(a0, 5)
	/* rd = x0: expects 0, the old value is lost */
	CHECK
	li	a1, 9
	amocas.d zero, a1, s1
	ld	a2, 0(s1)
	EQ(a2, 5)
	CHECK
	sd	zero, 0(s1)
	amocas.w zero, a1, s1, 2
	EQ(zero, 0)
	ld	a2, 0(s1)
	EQ(a2, 9)

	/* pairs: a2 a3 is expected, a4 a5 stored */
	CHECK
	li	a2, 0x1111
	li	a3, 0x2222
	sd	a2, 0(s1)
	sd	a3, 8(s1)
	li	a4, 0x3333
	li	a5, 0x4444
	amocas.q a2, a4, s1
	EQ(a2, 0x1111)
	EQ(a3, 0x2222)
	ld	a0, 0(s1)
	EQ(a0, 0x3333)
	ld	a0, 8(s1)
	EQ(a0, 0x4444)
	/* one half differs */
	CHECK
	li	a2, 0x3333
	li	a3, 0x5555
	amocas.q a2, a4, s1
	EQ(a2, 0x3333)
	EQ(a3, 0x4444)
	ld	a0, 8(s1)
	EQ(a0, 0x4444)
	/* x0 as rs2 stores two zeros, as rd expects two */
	CHECK
	amocas.q a2, x0, s1, 1
	ld	a0, 0(s1)
	EQ(a0, 0)
	ld	a0, 8(s1)
	EQ(a0, 0)
	CHECK
	li	ra, 0x77
	amocas.q x0, a4, s1
	EQ(ra, 0x77)
	EQ(zero, 0)
	ld	a0, 0(s1)
	EQ(a0, 0x3333)
	ld	a0, 8(s1)
	EQ(a0, 0x4444)

	/* odd registers are reserved in pairs */
	ILLEGAL(amocas.q a1, a4, s1)
	ILLEGAL(amocas.q a2, a5, s1)

	/* a store that fails the comparison still faults as one */
	li	a1, 16
	TRAP(CAUSE_STORE_ACCESS, amocas.w a0, a2, a1)
	EQ(s10, 16)
PASS

	.data
	.balign	16
word:	.dword	0, 0
