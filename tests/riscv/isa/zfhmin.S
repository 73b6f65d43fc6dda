/* Zfhmin: loads, stores, moves and conversions of half precision.
 *
 * Unprivileged manual, "Zfh and Zfhmin".  A half has 10 bits of fraction, its
 * smallest normal number is 2^-14, its largest 65504.
 */
#include "isa.h"
#include "fp.h"

#define H_ONE  (BOX16|0x3c00)
#define H_INF  (BOX16|0x7c00)
#define H_QNAN (BOX16|0x7e00)

#define HX(insn, flags, want, in) FP_IN(fmv.h.x, in, 0, 0); insn fa3, fa0; FP_OUT(flags, want)
#define SH(flags, want, in)       FP_IN(fmv.w.x, in, 0, 0); fcvt.h.s fa3, fa0; FP_OUT(flags, want)
#define SHR(rm, flags, want, in)                                                                   \
	FP_IN(fmv.w.x, in, 0, 0); fcvt.h.s fa3, fa0, rm; FP_OUT(flags, want)
#define DH(flags, want, in)       FP_IN(fmv.d.x, in, 0, 0); fcvt.h.d fa3, fa0; FP_OUT(flags, want)
#define DHR(rm, flags, want, in)                                                                   \
	FP_IN(fmv.d.x, in, 0, 0); fcvt.h.d fa3, fa0, rm; FP_OUT(flags, want)

TEST
	HX(fcvt.s.h, 0, BOX32|S_ONE, 0x3c00)
	HX(fcvt.s.h, 0, BOX32|0x33800000, 0x0001)	/* 2^-24 */
	HX(fcvt.s.h, 0, BOX32|0x387fc000, 0x03ff)	/* 1023 * 2^-24 */
	HX(fcvt.s.h, 0, BOX32|0x477fe000, 0x7bff)
	HX(fcvt.s.h, 0, BOX32|S_NEG|S_INF, 0xfc00)
	HX(fcvt.s.h, 0, BOX32|S_NEG, 0x8000)
	HX(fcvt.s.h, 0, BOX32|S_QNAN, 0xfe01)
	HX(fcvt.s.h, NV, BOX32|S_QNAN, 0x7c01)
	HX(fcvt.d.h, 0, D_ONE, 0x3c00)
	HX(fcvt.d.h, 0, 0x3e70000000000000, 0x0001)
	HX(fcvt.d.h, NV, D_QNAN, 0x7d00)
	HX(fcvt.d.h, 0, D_NEG|D_INF, 0xfc00)
	/* not boxed: the canonical NaN */
	FP_IN(fmv.d.x, 0x3c00, 0, 0); fcvt.s.h fa3, fa0; FP_OUT(0, BOX32|S_QNAN)
	FP_IN(fmv.d.x, BOX32|0x3c00, 0, 0); fcvt.d.h fa3, fa0; FP_OUT(0, D_QNAN)

	SH(0, H_ONE, S_ONE)
	SH(0, BOX16|0x7bff, 0x477fe000)
	SH(NX, BOX16|0x7bff, 0x477fefff)		/* below 65520 */
	SH(OF|NX, H_INF, 0x477ff000)			/* 65520: half way to 65536 */
	SHR(rtz, OF|NX, BOX16|0x7bff, 0x47800000)
	SH(OF|NX, BOX16|0xfc00, S_NEG|S_MAX)
	SH(NX, H_ONE, 0x3f801000)			/* 1 + 2^-11: a tie */
	SHR(rup, NX, BOX16|0x3c01, 0x3f801000)
	SHR(rmm, NX, BOX16|0x3c01, 0x3f801000)
	SH(0, BOX16|0x0001, 0x33800000)
	SH(UF|NX, BOX16, 0x33000000)			/* 2^-25: a tie with 0 */
	SHR(rup, UF|NX, BOX16|0x0001, 0x33000000)
	SHR(rup, UF|NX, BOX16|0x0001, S_MINSUB)
	SH(NX, BOX16|0x0400, 0x387ff000)		/* 2^-14 (1 - 2^-12): not tiny */
	SH(UF|NX, BOX16|0x0400, 0x387fe000)		/* 2^-14 (1 - 2^-11): tiny, rounds up */
	SH(0, H_INF, S_INF)
	SH(0, H_QNAN, 0xffc00001)
	SH(NV, H_QNAN, S_SNAN)
	FP_IN(fmv.d.x, S_ONE, 0, 0); fcvt.h.s fa3, fa0; FP_OUT(0, H_QNAN)
	DH(0, H_ONE, D_ONE)
	DH(OF|NX, H_INF, D_MAX)
	DH(NX, BOX16|0x3c01, 0x3ff0020000001000)	/* 1 + 2^-11 + 2^-40: rounded once */
	DH(NX, H_ONE, 0x3ff0020000000000)
	DHR(rdn, NX, BOX16|0xbc01, 0xbff0020000000000)
	DH(UF|NX, BOX16, D_MINSUB)
	DH(NV, H_QNAN, D_SNAN)

	FP_IN(fmv.h.x, 0x12348001, 0, 0); fmv.x.d a3, fa0; X_OUT(0, BOX16|0x8001)
	FP_IN(fmv.d.x, 0x1234567800008001, 0, 0); fmv.x.h a3, fa0; X_OUT(0, 0xffffffffffff8001)
	FP_IN(fmv.d.x, BOX16|0x7fff, 0, 0); fmv.x.h a3, fa0; X_OUT(0, 0x7fff)

	CHECK
	la	s1, half
	flh	fa0, 0(s1)
	fmv.x.d	a0, fa0
	EQ(a0, BOX16|0x3555)
	CHECK
	flh	fa0, 1(s1)
	fmv.x.d	a0, fa0
	EQ(a0, BOX16|0x7735)
	CHECK
	li	a0, 0x12345678
	fmv.d.x	fa0, a0
	fsh	fa0, 8(s1)
	ld	a0, 8(s1)
	EQ(a0, 0x5678)

	li	a0, MSTATUS_FS
	csrc	mstatus, a0
	ILLEGAL(flh fa0, 0(s1))
	ILLEGAL(fsh fa0, 0(s1))
	ILLEGAL(fmv.x.h a0, fa0)
	ILLEGAL(fcvt.s.h fa0, fa0)
	li	a0, MSTATUS_FS
	csrs	mstatus, a0
	ILLEGAL(.insn r 0x53, 5, 0x22, fa0, fa0, x0)	/* fcvt.h.s, mode 5 */
PASS

	.data
	.balign	8
half:	.half	0x3555, 0x77, 0, 0
	.dword	0
