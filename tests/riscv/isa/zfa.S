/* Zfa: constants, NaN-passing minimum and maximum, rounding to integers, modular conversion,
 * quiet comparisons.
 *
 * Unprivileged manual, "Zfa: Additional Floating-Point Instructions", with its table of fli.
 */
#include "isa.h"
#include "fp.h"

#define FLI(n, single, double)                                                                    \
	CHECK; csrw fflags, zero; fli.s fa3, x##n; FP_OUT(0, BOX32|(single));                      \
	fli.d fa3, x##n; FP_OUT(0, double)
#define MOD(flags, want, in) FP_IN(fmv.d.x, in, 0, 0); fcvtmod.w.d a3, fa0; X_OUT(flags, want)
#define SROUND(insn, rm, flags, want, in)                                                         \
	FP_IN(fmv.w.x, in, 0, 0); insn fa3, fa0, rm; FP_OUT(flags, BOX32|(want))
#define DROUND(insn, rm, flags, want, in)                                                         \
	FP_IN(fmv.d.x, in, 0, 0); insn fa3, fa0, rm; FP_OUT(flags, want)

#define RNE 0
#define RTZ 1
#define RDN 2
#define RUP 3
#define RMM 4

TEST
	FLI(0, 0xbf800000, 0xbff0000000000000)	/* -1 */
	FLI(1, S_MIN, D_MIN)
	FLI(2, 0x37800000, 0x3ef0000000000000)	/* 2^-16 */
	FLI(3, 0x38000000, 0x3f00000000000000)
	FLI(4, 0x3b800000, 0x3f70000000000000)	/* 2^-8 */
	FLI(5, 0x3c000000, 0x3f80000000000000)
	FLI(6, 0x3d800000, 0x3fb0000000000000)	/* 2^-4 */
	FLI(7, 0x3e000000, 0x3fc0000000000000)
	FLI(8, 0x3e800000, 0x3fd0000000000000)	/* 0.25 */
	FLI(9, 0x3ea00000, 0x3fd4000000000000)
	FLI(10, 0x3ec00000, 0x3fd8000000000000)
	FLI(11, 0x3ee00000, 0x3fdc000000000000)
	FLI(12, 0x3f000000, 0x3fe0000000000000)	/* 0.5 */
	FLI(13, 0x3f200000, 0x3fe4000000000000)
	FLI(14, 0x3f400000, 0x3fe8000000000000)
	FLI(15, 0x3f600000, 0x3fec000000000000)
	FLI(16, S_ONE, D_ONE)
	FLI(17, 0x3fa00000, 0x3ff4000000000000)
	FLI(18, 0x3fc00000, 0x3ff8000000000000)
	FLI(19, 0x3fe00000, 0x3ffc000000000000)
	FLI(20, S_TWO, D_TWO)
	FLI(21, 0x40200000, 0x4004000000000000)
	FLI(22, S_THREE, D_THREE)
	FLI(23, 0x40800000, 0x4010000000000000)	/* 4, 8, 16, 128, 256 */
	FLI(24, 0x41000000, 0x4020000000000000)
	FLI(25, 0x41800000, 0x4030000000000000)
	FLI(26, 0x43000000, 0x4060000000000000)
	FLI(27, 0x43800000, 0x4070000000000000)
	FLI(28, 0x47000000, 0x40e0000000000000)	/* 2^15, 2^16 */
	FLI(29, 0x47800000, 0x40f0000000000000)
	FLI(30, S_INF, D_INF)
	FLI(31, S_QNAN, D_QNAN)

	SS(fminm.s, 0, S_ONE, S_ONE, S_TWO)
	SS(fminm.s, 0, S_QNAN, 0xffc12345, S_ONE)
	SS(fminm.s, NV, S_QNAN, S_ONE, S_SNAN)
	SS(fminm.s, 0, S_NEG, 0, S_NEG)
	SS(fmaxm.s, 0, S_TWO, S_ONE, S_TWO)
	SS(fmaxm.s, 0, S_QNAN, S_ONE, S_QNAN)
	SS(fmaxm.s, NV, S_QNAN, S_SNAN, S_QNAN)
	SS(fmaxm.s, 0, 0, 0, S_NEG)
	DD(fminm.d, 0, D_NEG, D_NEG, 0)
	DD(fminm.d, 0, D_QNAN, D_ONE, 0xfff8000000000001)
	DD(fminm.d, NV, D_QNAN, D_SNAN, D_ONE)
	DD(fmaxm.d, 0, 0, D_NEG, 0)
	DD(fmaxm.d, 0, D_QNAN, D_QNAN, D_ONE)
	DD(fmaxm.d, 0, D_THREE, D_TWO, D_THREE)

	SROUND(fround.s, RNE, 0, S_TWO, 0x40200000)		/* 2.5 */
	SROUND(fround.s, RMM, 0, S_THREE, 0x40200000)
	SROUND(fround.s, RUP, 0, S_ONE, S_MINSUB)
	SROUND(fround.s, RNE, 0, S_NEG, 0xbe99999a)		/* -0.3 is -0 */
	SROUND(fround.s, RDN, 0, 0xbf800000, 0xbe99999a)
	SROUND(fround.s, RTZ, 0, S_NEG, 0xbf7fffff)
	SROUND(fround.s, RNE, 0, 0x4b7fffff, 0x4b7fffff)	/* integers as they are */
	SROUND(fround.s, RNE, 0, S_NEG|S_MAX, S_NEG|S_MAX)
	SROUND(fround.s, RNE, 0, S_INF, S_INF)
	SROUND(fround.s, RNE, 0, S_QNAN, 0xffc00001)
	SROUND(fround.s, RNE, NV, S_QNAN, S_SNAN)
	SROUND(froundnx.s, RNE, NX, S_TWO, 0x40200000)
	SROUND(froundnx.s, RUP, NX, S_THREE, 0x40200000)
	SROUND(froundnx.s, RNE, 0, S_TWO, S_TWO)
	SROUND(froundnx.s, RNE, 0, S_NEG, S_NEG)
	SROUND(froundnx.s, RNE, NV, S_QNAN, S_SNAN)
	DROUND(fround.d, RNE, 0, D_TWO, 0x4004000000000000)
	DROUND(fround.d, RMM, 0, D_THREE, 0x4004000000000000)
	DROUND(fround.d, RTZ, 0, D_NEG, 0xbfe8000000000000)	/* -0.75 */
	DROUND(fround.d, RNE, 0, 0x4330000000000000, 0x432fffffffffffff)	/* 2^52 - 0.5 */
	DROUND(froundnx.d, RNE, NX, D_TWO, 0x4004000000000000)
	DROUND(froundnx.d, RDN, NX, D_NEG|D_ONE, 0xbfd0000000000000)
	DROUND(froundnx.d, RNE, 0, D_MAX, D_MAX)
	csrwi	frm, RUP
	SROUND(fround.s, 7, 0, S_THREE, 0x40200000)
	DROUND(froundnx.d, 7, NX, D_THREE, 0x4004000000000000)
	csrwi	frm, 0

	MOD(0, 5, 0x4014000000000000)
	MOD(NX, -1, 0xbff8000000000000)				/* -1.5, towards zero */
	MOD(NX, 0, 0xbfe0000000000000)
	MOD(0, 0xffffffff80000000, 0xc1e0000000000000)		/* -2^31 */
	MOD(NV, 0xffffffff80000000, 0x41e0000000000000)		/* 2^31 */
	MOD(NV, 5, 0x41f0000000500000)				/* 2^32 + 5 */
	MOD(NV, -5, 0xc1f0000000500000)
	MOD(NV, 5, 0x41f0000000580000)				/* 2^32 + 5.5 */
	MOD(NV, 0xffffffff80000000, 0x4330000080000000)		/* 2^52 + 2^31 */
	MOD(NV, 0x8, 0x4340000000000004)			/* 2^53 + 8 */
	MOD(NV, 0, 0x4530000000000001)				/* 2^84 + 2^32 */
	MOD(NV, 0, D_MAX)
	MOD(NV, 0, D_INF)
	MOD(NV, 0, D_QNAN)
	MOD(NX, 0x7fffffff, 0x41dfffffffe00000)			/* 2^31 - 0.5 */

	SX2(fleq.s, 0, 1, S_ONE, S_ONE)
	SX2(fleq.s, 0, 0, S_TWO, S_ONE)
	SX2(fleq.s, 0, 0, S_QNAN, S_ONE)
	SX2(fleq.s, NV, 0, S_ONE, S_SNAN)
	SX2(fltq.s, 0, 1, S_ONE, S_TWO)
	SX2(fltq.s, 0, 0, S_ONE, S_ONE)
	SX2(fltq.s, 0, 0, S_ONE, S_QNAN)
	SX2(fltq.s, NV, 0, S_SNAN, S_ONE)
	DX2(fleq.d, 0, 1, 0, D_NEG)
	DX2(fleq.d, 0, 0, D_QNAN, D_QNAN)
	DX2(fleq.d, NV, 0, D_SNAN, D_ONE)
	DX2(fltq.d, 0, 1, D_NEG|D_INF, D_ONE)
	DX2(fltq.d, 0, 0, D_QNAN, D_ONE)
	DX2(fltq.d, NV, 0, D_ONE, D_SNAN)

	/* fcvtmod has one mode, rtz */
	ILLEGAL(.insn r 0x53, 0, 0x61, a0, fa0, x8)
	ILLEGAL(.insn r 0x53, 7, 0x61, a0, fa0, x8)
	ILLEGAL(.insn r 0x53, 5, 0x20, fa0, fa0, x4)	/* fround.s, mode 5 */
PASS
