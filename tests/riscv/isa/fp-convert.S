/* trap:61 - conversions saturate; a NaN is the largest number, invalid without inexact; words are
 * sign-extended, unsigned ones too.
 *
 * Unprivileged manual, "Single-Precision Floating-Point Conversion and Move Instructions", table
 * "Domains of float-to-integer conversions"; the same chapter of D.
 */
#include "isa.h"
#include "fp.h"

#define MIN32 0xffffffff80000000
#define MAX32 0x7fffffff
#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

TEST
	/* -1.5, -0.5, 0.5, 2.5 in all modes */
	SXR(fcvt.w.s, rne, NX, -2, 0xbfc00000)
	SXR(fcvt.w.s, rtz, NX, -1, 0xbfc00000)
	SXR(fcvt.w.s, rdn, NX, -2, 0xbfc00000)
	SXR(fcvt.w.s, rup, NX, -1, 0xbfc00000)
	SXR(fcvt.w.s, rmm, NX, -2, 0xbfc00000)
	SXR(fcvt.w.s, rne, NX, 2, 0x40200000)
	SXR(fcvt.w.s, rmm, NX, 3, 0x40200000)
	SXR(fcvt.w.s, rup, NX, 3, 0x40200000)
	SXR(fcvt.w.s, rne, NX, 0, S_HALF)
	SXR(fcvt.w.s, rne, 0, 0, S_NEG)
	SXR(fcvt.w.s, rtz, NV, MAX32, S_QNAN)
	SXR(fcvt.w.s, rtz, NV, MAX32, 0xffc00000)
	SXR(fcvt.w.s, rtz, NV, MAX32, S_SNAN)
	SXR(fcvt.w.s, rtz, NV, MAX32, S_INF)
	SXR(fcvt.w.s, rtz, NV, MIN32, S_NEG|S_INF)
	SXR(fcvt.w.s, rtz, NV, MAX32, 0x4f000000)	/* 2^31 */
	SXR(fcvt.w.s, rtz, 0, MIN32, 0xcf000000)
	SXR(fcvt.w.s, rtz, 0, 0x7fffff80, 0x4effffff)
	SXR(fcvt.wu.s, rne, NX, 0, 0xbf000000)		/* -0.5 */
	SXR(fcvt.wu.s, rtz, NX, 0, 0xbf7fffff)
	SXR(fcvt.wu.s, rdn, NV, 0, 0xbf000000)
	SXR(fcvt.wu.s, rne, NV, 0, 0xbf7fffff)		/* rounds to -1 */
	SXR(fcvt.wu.s, rtz, NV, 0, S_NEG|S_ONE)
	SXR(fcvt.wu.s, rtz, 0, 0, S_NEG)
	SXR(fcvt.wu.s, rtz, 0, MIN32, 0x4f000000)	/* 2^31, sign-extended */
	SXR(fcvt.wu.s, rtz, 0, 0xffffffffffffff00, 0x4f7fffff)
	SXR(fcvt.wu.s, rtz, NV, -1, 0x4f800000)
	SXR(fcvt.wu.s, rtz, NV, -1, S_INF)
	SXR(fcvt.wu.s, rtz, NV, -1, S_QNAN)
	SXR(fcvt.wu.s, rtz, NV, 0, S_NEG|S_INF)
	SXR(fcvt.l.s, rtz, 0, 0x7fffff8000000000, 0x5effffff)
	SXR(fcvt.l.s, rtz, NV, MAX64, 0x5f000000)
	SXR(fcvt.l.s, rtz, 0, MIN64, 0xdf000000)
	SXR(fcvt.l.s, rtz, NV, MIN64, 0xdf000001)
	SXR(fcvt.l.s, rtz, NV, MAX64, S_QNAN)
	SXR(fcvt.l.s, rdn, NX, -2, 0xbfc00000)
	SXR(fcvt.lu.s, rtz, 0, MIN64, 0x5f000000)
	SXR(fcvt.lu.s, rtz, NV, -1, 0x5f800000)
	SXR(fcvt.lu.s, rtz, NV, -1, S_QNAN)
	SXR(fcvt.lu.s, rtz, NX, 0, 0xbf400000)		/* -0.75 */
	SXR(fcvt.lu.s, rne, NV, 0, 0xbf400000)

	XS(fcvt.s.w, 0, S_NEG|S_ONE, -1)
	XS(fcvt.s.w, 0, S_ONE, 0xf00000001)		/* the low word only */
	XS(fcvt.s.w, 0, 0, 0)
	XS(fcvt.s.w, 0, 0xcf000000, 0x80000000)
	XS(fcvt.s.w, NX, 0x4f000000, MAX32)
	XSR(fcvt.s.w, rtz, NX, 0x4effffff, MAX32)
	XS(fcvt.s.wu, NX, 0x4f800000, 0xffffffff)
	XSR(fcvt.s.wu, rdn, NX, 0x4f7fffff, -1)
	XS(fcvt.s.wu, 0, S_ONE, 0xffffffff00000001)
	XS(fcvt.s.l, NX, 0x4b800000, 0x1000001)		/* 2^24 + 1: a tie, to even */
	XSR(fcvt.s.l, rmm, NX, 0x4b800001, 0x1000001)
	XS(fcvt.s.l, NX, 0x5f000000, MAX64)
	XS(fcvt.s.l, 0, 0xdf000000, MIN64)
	XS(fcvt.s.lu, NX, 0x5f800000, -1)
	XSR(fcvt.s.lu, rtz, NX, 0x5f7fffff, -1)
	XS(fcvt.s.lu, 0, 0x5f000000, MIN64)

	/* 2^31 - 0.5 and -2^31 - 0.5 */
	DXR(fcvt.w.d, rtz, NX, MAX32, 0x41dfffffffe00000)
	DXR(fcvt.w.d, rne, NV, MAX32, 0x41dfffffffe00000)
	DXR(fcvt.w.d, rtz, NX, MIN32, 0xc1e0000000100000)
	DXR(fcvt.w.d, rne, NX, MIN32, 0xc1e0000000100000)	/* a tie, to even */
	DXR(fcvt.w.d, rdn, NV, MIN32, 0xc1e0000000100000)
	DXR(fcvt.w.d, rmm, NV, MIN32, 0xc1e0000000100000)
	DXR(fcvt.w.d, rtz, NV, MAX32, D_QNAN)
	DXR(fcvt.w.d, rtz, NV, MIN32, D_NEG|D_INF)
	DXR(fcvt.w.d, rtz, 0, -1, D_NEG|D_ONE)
	/* 2^32 - 0.5 */
	DXR(fcvt.wu.d, rtz, NX, -1, 0x41effffffff00000)
	DXR(fcvt.wu.d, rne, NV, -1, 0x41effffffff00000)
	DXR(fcvt.wu.d, rne, NX, 0, 0xbfe0000000000000)
	DXR(fcvt.wu.d, rtz, NX, 0, 0xbfe0000000000000)
	DXR(fcvt.wu.d, rtz, 0, MIN32, 0x41e0000000000000)
	DXR(fcvt.wu.d, rtz, NV, 0, D_NEG|D_ONE)
	DXR(fcvt.wu.d, rtz, NV, -1, D_SNAN)
	DXR(fcvt.l.d, rtz, 0, 0x7ffffffffffffc00, 0x43dfffffffffffff)
	DXR(fcvt.l.d, rtz, NV, MAX64, 0x43e0000000000000)
	DXR(fcvt.l.d, rtz, 0, MIN64, 0xc3e0000000000000)
	DXR(fcvt.l.d, rtz, NV, MIN64, 0xc3e0000000000001)
	DXR(fcvt.l.d, rtz, NV, MAX64, 0xfff8000000000000)
	DXR(fcvt.lu.d, rtz, 0, 0xfffffffffffff800, 0x43efffffffffffff)
	DXR(fcvt.lu.d, rtz, NV, -1, 0x43f0000000000000)
	DXR(fcvt.lu.d, rne, NX, 0, 0xbfe0000000000000)
	DXR(fcvt.lu.d, rdn, NV, 0, 0xbfe0000000000000)
	DXR(fcvt.lu.d, rtz, NV, -1, D_QNAN)

	XD(fcvt.d.w, 0, D_NEG|D_ONE, 0xffffffff)
	XD(fcvt.d.w, 0, 0x41dfffffffc00000, MAX32)
	XD(fcvt.d.wu, 0, 0x41efffffffe00000, -1)
	XD(fcvt.d.wu, 0, D_ONE, 0xffffffff00000001)
	XD(fcvt.d.l, NX, 0x43e0000000000000, MAX64)
	XD(fcvt.d.l, NX, 0x4340000000000000, 0x20000000000001)	/* 2^53 + 1 */
	XDR(fcvt.d.l, rup, NX, 0x4340000000000001, 0x20000000000001)
	XD(fcvt.d.l, 0, 0xc3e0000000000000, MIN64)
	XD(fcvt.d.lu, NX, 0x43f0000000000000, -1)
	XDR(fcvt.d.lu, rdn, NX, 0x43efffffffffffff, -1)
	XD(fcvt.d.lu, 0, 0x43e0000000000000, MIN64)

	/* float and double */
	FP_IN(fmv.w.x, S_ONE, 0, 0); fcvt.d.s fa3, fa0; FP_OUT(0, D_ONE)
	FP_IN(fmv.w.x, S_MINSUB, 0, 0); fcvt.d.s fa3, fa0; FP_OUT(0, 0x36a0000000000000)
	FP_IN(fmv.w.x, S_NEG|S_INF, 0, 0); fcvt.d.s fa3, fa0; FP_OUT(0, D_NEG|D_INF)
	FP_IN(fmv.d.x, D_ONE, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(0, BOX32|S_ONE)
	FP_IN(fmv.d.x, 0x3ff0000010000000, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(NX, BOX32|S_ONE)
	FP_IN(fmv.d.x, 0x3ff0000010000000, 0, 0);
	fcvt.s.d fa3, fa0, rup; FP_OUT(NX, BOX32|0x3f800001)
	FP_IN(fmv.d.x, D_MAX, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(OF|NX, BOX32|S_INF)
	FP_IN(fmv.d.x, D_MAX, 0, 0); fcvt.s.d fa3, fa0, rtz; FP_OUT(OF|NX, BOX32|S_MAX)
	FP_IN(fmv.d.x, 0x3690000000000000, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(UF|NX, BOX32)
	FP_IN(fmv.d.x, 0x3690000000000000, 0, 0);
	fcvt.s.d fa3, fa0, rup; FP_OUT(UF|NX, BOX32|S_MINSUB)
	FP_IN(fmv.d.x, 0x36a0000000000000, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(0, BOX32|S_MINSUB)
PASS
