/* trap:62 trap:65 - single precision: arithmetic in five rounding modes, one rounding in fused
 * operations, signs of zeros, overflow, underflow found after rounding.
 *
 * Unprivileged manual, "F Standard Extension"; IEEE 754-2019 4.3, 6.3, 7.  Loads and stores too.
 */
#include "isa.h"
#include "fp.h"

#define TINY 0x33800000	/* 2^-24: half a unit in the last place of 1 */

TEST
	SS(fadd.s, 0, S_THREE, S_ONE, S_TWO)
	SSR(fadd.s, rne, NX, S_ONE, S_ONE, TINY)		/* a tie: to even */
	SSR(fadd.s, rne, NX, 0x3f800002, 0x3f800001, TINY)
	SSR(fadd.s, rtz, NX, S_ONE, S_ONE, TINY)
	SSR(fadd.s, rdn, NX, S_ONE, S_ONE, TINY)
	SSR(fadd.s, rup, NX, 0x3f800001, S_ONE, TINY)
	SSR(fadd.s, rmm, NX, 0x3f800001, S_ONE, TINY)
	SSR(fadd.s, rdn, NX, S_NEG|0x3f800001, S_NEG|S_ONE, S_NEG|TINY)
	SSR(fadd.s, rup, NX, S_NEG|S_ONE, S_NEG|S_ONE, S_NEG|TINY)
	SSR(fadd.s, rmm, NX, S_NEG|0x3f800001, S_NEG|S_ONE, S_NEG|TINY)
	SS(fadd.s, 0, S_INF, S_INF, S_ONE)
	SS(fadd.s, OF|NX, S_INF, S_MAX, S_MAX)
	SSR(fadd.s, rtz, OF|NX, S_MAX, S_MAX, S_MAX)
	SSR(fadd.s, rdn, OF|NX, S_MAX, S_MAX, S_MAX)
	SSR(fadd.s, rup, OF|NX, S_INF, S_MAX, S_MAX)
	SSR(fadd.s, rup, OF|NX, S_NEG|S_MAX, S_NEG|S_MAX, S_NEG|S_MAX)
	SSR(fadd.s, rmm, OF|NX, S_INF, S_MAX, S_MAX)
	SS(fadd.s, 0, 0, S_ONE, S_NEG|S_ONE)
	SSR(fadd.s, rdn, 0, S_NEG, S_ONE, S_NEG|S_ONE)		/* x - x is -0 downwards */
	SS(fadd.s, 0, S_NEG, S_NEG, S_NEG)
	SS(fadd.s, 0, 0x00000002, S_MINSUB, S_MINSUB)		/* subnormals are not flushed */
	SS(fadd.s, 0, S_MIN, 0x007fffff, S_MINSUB)

	SS(fsub.s, 0, S_ONE, S_THREE, S_TWO)
	SS(fsub.s, 0, 0, S_ONE, S_ONE)
	SSR(fsub.s, rdn, 0, S_NEG, S_ONE, S_ONE)
	SS(fsub.s, 0, S_NEG|S_INF, S_ONE, S_INF)
	SS(fsub.s, 0, 0x007fffff, S_MIN, S_MINSUB)

	SS(fmul.s, 0, 0x40c00000, S_TWO, S_THREE)
	SS(fmul.s, 0, S_NEG, S_NEG|S_ONE, 0)
	SS(fmul.s, OF|NX, S_NEG|S_INF, S_MAX, S_NEG|S_TWO)
	SS(fmul.s, UF|NX, 0, S_MINSUB, S_HALF)
	SSR(fmul.s, rup, UF|NX, S_MINSUB, S_MINSUB, S_HALF)
	SSR(fmul.s, rdn, UF|NX, S_NEG|S_MINSUB, S_MINSUB, S_NEG|S_HALF)
	SSR(fmul.s, rmm, UF|NX, S_MINSUB, S_MINSUB, S_HALF)
	SS(fmul.s, 0, 0x00400000, S_MIN, S_HALF)		/* subnormal but exact: no flag */
	/* 2^-126 (1 - 2^-24) is tiny, though it is delivered as 2^-126 */
	SS(fmul.s, UF|NX, S_MIN, S_MIN, 0x3f7fffff)
	/* 2^-126 (1 - 2^-46) rounds to 2^-126 with any exponent range: not tiny */
	SS(fmul.s, NX, S_MIN, 0x00800001, 0x3f7ffffe)

	SS(fdiv.s, 0, S_THREE, 0x40c00000, S_TWO)
	SS(fdiv.s, NX, 0x3eaaaaab, S_ONE, S_THREE)
	SSR(fdiv.s, rtz, NX, 0x3eaaaaaa, S_ONE, S_THREE)
	SSR(fdiv.s, rdn, NX, 0xbeaaaaab, S_NEG|S_ONE, S_THREE)
	SS(fdiv.s, DZ, S_INF, S_ONE, 0)
	SS(fdiv.s, DZ, S_NEG|S_INF, S_ONE, S_NEG)
	SS(fdiv.s, 0, S_INF, S_INF, 0)
	SS(fdiv.s, 0, 0, S_ONE, S_INF)
	SS(fdiv.s, UF|NX, 0, S_MINSUB, S_TWO)

	S1(fsqrt.s, 0, S_TWO, 0x40800000)
	S1(fsqrt.s, NX, 0x3fb504f3, S_TWO)		/* ...11110011|0011 */
	S1R(fsqrt.s, rup, NX, 0x3fb504f4, S_TWO)
	S1(fsqrt.s, 0, S_NEG, S_NEG)
	S1(fsqrt.s, 0, S_INF, S_INF)
	S1(fsqrt.s, 0, 0x1c800000, 0x00000200)			/* 2^-140: a subnormal */

	SSS(fmadd.s, 0, 0x40e00000, S_TWO, S_THREE, S_ONE)
	SSS(fmsub.s, 0, 0x40a00000, S_TWO, S_THREE, S_ONE)
	SSS(fnmsub.s, 0, 0xc0a00000, S_TWO, S_THREE, S_ONE)
	SSS(fnmadd.s, 0, 0xc0e00000, S_TWO, S_THREE, S_ONE)
	/* (1 + 2^-23)^2 - (1 + 2^-22) = 2^-46: nothing is rounded in between */
	SSS(fmsub.s, 0, 0x28800000, 0x3f800001, 0x3f800001, 0x3f800002)
	SSS(fnmsub.s, 0, 0xa8800000, 0x3f800001, 0x3f800001, 0x3f800002)
	SSSR(fmadd.s, rtz, NX, S_ONE, S_ONE, S_ONE, S_MINSUB)
	SSSR(fmadd.s, rup, NX, 0x3f800001, S_ONE, S_ONE, S_MINSUB)
	SSSR(fnmadd.s, rdn, NX, 0xbf800001, S_ONE, S_ONE, S_MINSUB)
	SSSR(fmsub.s, rdn, NX, 0x3f7fffff, S_ONE, S_ONE, S_MINSUB)
	/* -(1 * 0) - -0 = +0, not the negation of 1 * 0 + -0 */
	SSS(fnmadd.s, 0, 0, S_ONE, 0, S_NEG)
	SSS(fnmadd.s, 0, S_NEG, S_ONE, 0, 0)
	SSSR(fnmadd.s, rdn, 0, S_NEG, S_ONE, 0, S_NEG)
	SSS(fnmsub.s, 0, 0, S_ONE, 0, 0)
	SSS(fmsub.s, 0, 0, S_ONE, 0, 0)
	SSS(fmadd.s, NX, S_MIN, 0x00800001, 0x3f7ffffe, 0)	/* tininess as in fmul */
	SSS(fmadd.s, OF|NX, S_INF, S_MAX, S_TWO, S_ONE)
	SSS(fmadd.s, 0, S_MAX, S_MAX, S_TWO, S_NEG|S_MAX)

	/* 0 * inf is invalid, whatever is added, and a NaN with it */
	SSS(fmadd.s, NV, S_QNAN, 0, S_INF, S_ONE)
	SSS(fmadd.s, NV, S_QNAN, 0, S_INF, S_QNAN)
	SSS(fmsub.s, NV, S_QNAN, S_INF, 0, 0x7fc12345)
	SSS(fnmadd.s, NV, S_QNAN, S_INF, S_NEG, 0xffc00000)
	SSS(fnmsub.s, NV, S_QNAN, S_NEG, S_INF, S_QNAN)
	SSS(fmsub.s, NV, S_QNAN, S_INF, S_ONE, S_INF)
	SSS(fmadd.s, 0, S_QNAN, S_ONE, S_ONE, 0xffc00000)
	SSS(fmadd.s, NV, S_QNAN, S_ONE, S_ONE, S_SNAN)

	/* the mode in frm, which `dyn` means */
	li	a5, 3
	csrw	frm, a5
	SS(fadd.s, NX, 0x3f800001, S_ONE, TINY)
	SSR(fadd.s, rtz, NX, S_ONE, S_ONE, TINY)
	csrw	frm, zero

	/* flags stay until they are cleared */
	CHECK
	li	a0, DZ
	csrw	fflags, a0
	li	a0, S_ONE
	fmv.w.x	fa0, a0
	li	a0, TINY
	fmv.w.x	fa1, a0
	fadd.s	fa2, fa0, fa1
	csrr	a0, fcsr
	EQ(a0, DZ|NX)

	/* loads and stores */
	CHECK
	la	s1, float
	flw	fa0, 0(s1)
	fmv.x.d	a0, fa0
	EQ(a0, 0xffffffff3f8ccccd)
	CHECK
	flw	fa0, 1(s1)
	fmv.x.w	a0, fa0
	EQ(a0, 0x553f8ccc)
	CHECK
	flw	fa0, 0(s1)
	fsw	fa0, -4(s1)
	ld	a0, -4(s1)
	EQ(a0, 0x3f8ccccd3f8ccccd)
	CHECK
	fsw	fa0, 9(s1)
	lw	a0, 9(s1)
	EQ(a0, 0x3f8ccccd)
	lbu	a0, 8(s1)
	EQ(a0, 0)
PASS

	.data
	.balign	8
	.word	0, 0, 0
float:	.word	0x3f8ccccd, 0x55, 0, 0, 0
