/* trap:58 trap:59 trap:60 trap:64 trap:66 - NaNs: boxing, the canonical NaN, minimum and maximum,
 * quiet and signaling comparisons, sign injection.
 *
 * Unprivileged manual, "F Standard Extension": NaN Generation and Propagation, Single-Precision
 * Floating-Point Compare; "D Standard Extension": NaN Boxing of Narrower Values.
 */
#include "isa.h"
#include "fp.h"

/* Operands are all 64 bits of the registers. */
#define RAW(insn, flags, want, a, b)                                                              \
	FP_IN(fmv.d.x, a, b, 0); insn fa3, fa0, fa1; FP_OUT(flags, want)

#define BOXED(f)   ((f)|BOX32)
#define LOOSE(f)   (f)			/* upper half 0: no float */
#define NEARLY(f)  ((f)|0xfffffffe00000000)

TEST
	/* the result is canonical whatever payload and sign came in */
	SS(fadd.s, NV, S_QNAN, S_SNAN, S_ONE)
	SS(fadd.s, 0, S_QNAN, 0x7fc12345, S_ONE)
	SS(fadd.s, 0, S_QNAN, S_ONE, 0xffc12345)
	SS(fadd.s, NV, S_QNAN, S_INF, S_NEG|S_INF)
	SS(fsub.s, NV, S_QNAN, S_INF, S_INF)
	SS(fmul.s, NV, S_QNAN, 0, S_INF)
	SS(fmul.s, 0, S_QNAN, 0xffffffff, S_ONE)
	SS(fdiv.s, NV, S_QNAN, 0, S_NEG)
	SS(fdiv.s, NV, S_QNAN, S_INF, S_INF)
	SS(fdiv.s, 0, S_QNAN, 0xffc00000, 0)
	S1(fsqrt.s, NV, S_QNAN, S_NEG|S_ONE)
	S1(fsqrt.s, 0, S_QNAN, 0xffc00001)
	S1(fsqrt.s, NV, S_QNAN, S_SNAN)
	DD(fadd.d, NV, D_QNAN, D_SNAN, D_ONE)
	DD(fadd.d, 0, D_QNAN, 0xfff8000000012345, D_ONE)
	DD(fmul.d, NV, D_QNAN, D_INF, 0)
	DD(fsub.d, 0, D_QNAN, D_ONE, 0x7ff8000000000001)

	/* a source that is not boxed counts as the canonical NaN */
	RAW(fadd.s, 0, BOXED(S_QNAN), LOOSE(S_ONE), BOXED(S_ONE))
	RAW(fadd.s, 0, BOXED(S_QNAN), BOXED(S_ONE), NEARLY(S_ONE))
	RAW(fmul.s, 0, BOXED(S_QNAN), LOOSE(S_SNAN), BOXED(S_ONE))	/* not as signaling */
	RAW(fsgnj.s, 0, BOXED(S_ONE), BOXED(S_NEG|S_ONE), LOOSE(S_NEG|S_ONE))
	RAW(fsgnj.s, 0, BOXED(S_NEG|S_QNAN), LOOSE(S_ONE), BOXED(S_NEG))
	RAW(fsgnjn.s, 0, BOXED(S_NEG|S_ONE), BOXED(S_ONE), LOOSE(S_NEG|S_ONE))
	RAW(fsgnjx.s, 0, BOXED(S_NEG|S_ONE), BOXED(S_NEG|S_ONE), LOOSE(S_NEG|S_ONE))
	RAW(fmin.s, 0, BOXED(S_TWO), LOOSE(S_ONE), BOXED(S_TWO))
	FP_IN(fmv.d.x, LOOSE(S_ONE), 0, 0); fclass.s a3, fa0; X_OUT(0, 512)
	FP_IN(fmv.d.x, LOOSE(S_ONE), LOOSE(S_ONE), 0); feq.s a3, fa0, fa1; X_OUT(0, 0)
	FP_IN(fmv.d.x, LOOSE(S_ONE), 0, 0); fcvt.w.s a3, fa0; X_OUT(NV, 0x7fffffff)
	FP_IN(fmv.d.x, LOOSE(S_ONE), 0, 0); fcvt.d.s fa3, fa0; FP_OUT(0, D_QNAN)
	FP_IN(fmv.d.x, NEARLY(S_ONE), BOXED(S_ONE), BOXED(S_ONE));
	fmadd.s fa3, fa0, fa1, fa2; FP_OUT(0, BOXED(S_QNAN))

	/* moves and stores take the raw bits */
	FP_IN(fmv.d.x, LOOSE(S_NEG|S_ONE), 0, 0); fmv.x.w a3, fa0; X_OUT(0, 0xffffffffbf800000)
	FP_IN(fmv.d.x, 0x123456783f800000, 0, 0); fmv.w.x fa3, a0; FP_OUT(0, BOXED(S_ONE))
	CHECK
	la	s1, room
	fsw	fa0, 0(s1)
	ld	a0, 0(s1)
	EQ(a0, 0x3f800000)
	CHECK
	fld	fa0, 8(s1)		/* a double that is no boxed float */
	fsw	fa0, 0(s1)
	lw	a0, 0(s1)
	EQ(a0, 0x11111111)
	CHECK
	fsd	fa3, 0(s1)		/* and a float stored as a double keeps its box */
	ld	a0, 0(s1)
	EQ(a0, 0xffffffff3f800000)

	/* minimum and maximum: one NaN gives the other operand, two the canonical one */
	SS(fmin.s, 0, S_ONE, S_ONE, S_TWO)
	SS(fmax.s, 0, S_TWO, S_ONE, S_TWO)
	SS(fmin.s, 0, S_NEG, S_NEG, 0)
	SS(fmin.s, 0, S_NEG, 0, S_NEG)
	SS(fmax.s, 0, 0, S_NEG, 0)
	SS(fmax.s, 0, 0, 0, S_NEG)
	SS(fmin.s, 0, S_NEG|S_INF, S_NEG|S_INF, S_ONE)
	SS(fmin.s, 0, S_ONE, S_QNAN, S_ONE)
	SS(fmin.s, 0, S_ONE, S_ONE, 0xffc12345)
	SS(fmax.s, 0, S_ONE, S_QNAN, S_ONE)
	SS(fmin.s, NV, S_ONE, S_SNAN, S_ONE)
	SS(fmax.s, NV, S_ONE, S_ONE, S_SNAN)
	SS(fmin.s, 0, S_QNAN, 0xffc00001, 0x7fc00002)
	SS(fmax.s, NV, S_QNAN, S_SNAN, S_QNAN)
	DD(fmin.d, 0, D_ONE, D_TWO, D_ONE)
	DD(fmin.d, 0, D_NEG, 0, D_NEG)
	DD(fmax.d, 0, 0, D_NEG, 0)
	DD(fmax.d, 0, D_TWO, D_TWO, D_QNAN)
	DD(fmin.d, NV, D_TWO, D_SNAN, D_TWO)
	DD(fmax.d, NV, D_QNAN, D_QNAN, D_SNAN)

	/* comparisons: feq is quiet */
	SX2(feq.s, 0, 1, S_ONE, S_ONE)
	SX2(feq.s, 0, 1, 0, S_NEG)
	SX2(feq.s, 0, 0, S_ONE, S_TWO)
	SX2(feq.s, 0, 0, S_QNAN, S_QNAN)
	SX2(feq.s, NV, 0, S_SNAN, S_ONE)
	SX2(flt.s, 0, 1, S_ONE, S_TWO)
	SX2(flt.s, 0, 0, S_ONE, S_ONE)
	SX2(flt.s, 0, 0, S_NEG, 0)
	SX2(flt.s, 0, 1, S_NEG|S_TWO, S_NEG|S_ONE)
	SX2(flt.s, NV, 0, S_QNAN, S_ONE)
	SX2(flt.s, NV, 0, S_ONE, S_SNAN)
	SX2(fle.s, 0, 1, S_ONE, S_ONE)
	SX2(fle.s, 0, 1, 0, S_NEG)
	SX2(fle.s, 0, 0, S_TWO, S_ONE)
	SX2(fle.s, NV, 0, S_ONE, S_QNAN)
	DX2(feq.d, 0, 1, 0, D_NEG)
	DX2(feq.d, 0, 0, D_QNAN, D_ONE)
	DX2(feq.d, NV, 0, D_ONE, D_SNAN)
	DX2(flt.d, 0, 1, D_NEG|D_ONE, D_ONE)
	DX2(flt.d, NV, 0, D_QNAN, D_ONE)
	DX2(fle.d, 0, 1, D_ONE, D_ONE)
	DX2(fle.d, 0, 0, D_TWO, D_ONE)
	DX2(fle.d, NV, 0, D_ONE, D_QNAN)

	/* sign injection makes no NaN canonical */
	SS(fsgnj.s, 0, S_NEG|S_ONE, S_ONE, S_NEG)
	SS(fsgnjn.s, 0, S_ONE, S_ONE, S_NEG)
	SS(fsgnjx.s, 0, S_NEG|S_ONE, S_ONE, S_NEG)
	SS(fsgnjx.s, 0, S_ONE, S_NEG|S_ONE, S_NEG)
	SS(fsgnj.s, 0, 0xff812345, 0x7f812345, S_NEG)

	SX(fclass.s, 0, 1, S_NEG|S_INF)
	SX(fclass.s, 0, 2, S_NEG|S_ONE)
	SX(fclass.s, 0, 4, S_NEG|S_MINSUB)
	SX(fclass.s, 0, 8, S_NEG)
	SX(fclass.s, 0, 16, 0)
	SX(fclass.s, 0, 32, 0x007fffff)
	SX(fclass.s, 0, 64, S_MIN)
	SX(fclass.s, 0, 128, S_INF)
	SX(fclass.s, 0, 256, S_SNAN)
	SX(fclass.s, 0, 512, 0xffc00000)

	/* a signaling NaN is invalid also where only the width changes */
	FP_IN(fmv.w.x, S_SNAN, 0, 0); fcvt.d.s fa3, fa0; FP_OUT(NV, D_QNAN)
	FP_IN(fmv.w.x, 0xffc12345, 0, 0); fcvt.d.s fa3, fa0; FP_OUT(0, D_QNAN)
	FP_IN(fmv.d.x, D_SNAN, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(NV, BOXED(S_QNAN))
	FP_IN(fmv.d.x, 0xfff8000000012345, 0, 0); fcvt.s.d fa3, fa0; FP_OUT(0, BOXED(S_QNAN))
PASS

	.data
	.balign	8
room:	.dword	0, 0x2222222211111111
