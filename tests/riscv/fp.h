/* fp.h - checks of floating-point results, with their flags.
 *
 * Operands are bits; they are put into fa0, fa1, fa2, the result is in fa3 (or a3), and
 * fflags is 0 before.  All 64 bits of fa3 are compared, so a float must come boxed.
 */
/* clang-format off */
#ifndef FP_H
#define FP_H

#define S_ONE    0x3f800000
#define S_TWO    0x40000000
#define S_THREE  0x40400000
#define S_HALF   0x3f000000
#define S_INF    0x7f800000
#define S_QNAN   0x7fc00000
#define S_SNAN   0x7f800001
#define S_MAX    0x7f7fffff
#define S_MINSUB 0x00000001
#define S_MIN    0x00800000
#define S_NEG    0x80000000

#define D_ONE    0x3ff0000000000000
#define D_TWO    0x4000000000000000
#define D_THREE  0x4008000000000000
#define D_HALF   0x3fe0000000000000
#define D_INF    0x7ff0000000000000
#define D_QNAN   0x7ff8000000000000
#define D_SNAN   0x7ff0000000000001
#define D_MAX    0x7fefffffffffffff
#define D_MINSUB 0x0000000000000001
#define D_MIN    0x0010000000000000
#define D_NEG    0x8000000000000000

#define NX FFLAG_NX
#define UF FFLAG_UF
#define OF FFLAG_OF
#define DZ FFLAG_DZ
#define NV FFLAG_NV

#define BOX32 0xffffffff00000000
#define BOX16 0xffffffffffff0000

#define FP_IN(move, a, b, c)                                                                      \
	li	gp, __LINE__;                                                                      \
	li	a0, a;                                                                             \
	move	fa0, a0;                                                                           \
	li	a1, b;                                                                             \
	move	fa1, a1;                                                                           \
	li	a2, c;                                                                             \
	move	fa2, a2;                                                                           \
	csrw	fflags, zero

#define FP_FLAGS(flags)                                                                           \
	csrr	a4, fflags;                                                                        \
	li	t6, flags;                                                                         \
	bne	a4, t6, fail

#define FP_OUT(flags, want)                                                                       \
	fmv.x.d	a3, fa3;                                                                           \
	li	t6, want;                                                                          \
	bne	a3, t6, fail;                                                                      \
	FP_FLAGS(flags)

#define X_OUT(flags, want)                                                                        \
	li	t6, want;                                                                          \
	bne	a3, t6, fail;                                                                      \
	FP_FLAGS(flags)

/* insn fa3, fa0, fa1, ... of floats and of doubles; the R forms name a rounding mode */
#define SS(insn, flags, want, a, b)                                                               \
	FP_IN(fmv.w.x, a, b, 0); insn fa3, fa0, fa1; FP_OUT(flags, (want)|BOX32)
#define SSR(insn, rm, flags, want, a, b)                                                          \
	FP_IN(fmv.w.x, a, b, 0); insn fa3, fa0, fa1, rm; FP_OUT(flags, (want)|BOX32)
#define S1(insn, flags, want, a)                                                                  \
	FP_IN(fmv.w.x, a, 0, 0); insn fa3, fa0; FP_OUT(flags, (want)|BOX32)
#define S1R(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.w.x, a, 0, 0); insn fa3, fa0, rm; FP_OUT(flags, (want)|BOX32)
#define SSS(insn, flags, want, a, b, c)                                                           \
	FP_IN(fmv.w.x, a, b, c); insn fa3, fa0, fa1, fa2; FP_OUT(flags, (want)|BOX32)
#define SSSR(insn, rm, flags, want, a, b, c)                                                      \
	FP_IN(fmv.w.x, a, b, c); insn fa3, fa0, fa1, fa2, rm; FP_OUT(flags, (want)|BOX32)

#define DD(insn, flags, want, a, b)                                                               \
	FP_IN(fmv.d.x, a, b, 0); insn fa3, fa0, fa1; FP_OUT(flags, want)
#define DDR(insn, rm, flags, want, a, b)                                                          \
	FP_IN(fmv.d.x, a, b, 0); insn fa3, fa0, fa1, rm; FP_OUT(flags, want)
#define D1(insn, flags, want, a)                                                                  \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, fa0; FP_OUT(flags, want)
#define D1R(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, fa0, rm; FP_OUT(flags, want)
#define DDD(insn, flags, want, a, b, c)                                                           \
	FP_IN(fmv.d.x, a, b, c); insn fa3, fa0, fa1, fa2; FP_OUT(flags, want)
#define DDDR(insn, rm, flags, want, a, b, c)                                                      \
	FP_IN(fmv.d.x, a, b, c); insn fa3, fa0, fa1, fa2, rm; FP_OUT(flags, want)

/* insn a3, fa0, fa1: comparisons */
#define SX2(insn, flags, want, a, b)                                                              \
	FP_IN(fmv.w.x, a, b, 0); insn a3, fa0, fa1; X_OUT(flags, want)
#define DX2(insn, flags, want, a, b)                                                              \
	FP_IN(fmv.d.x, a, b, 0); insn a3, fa0, fa1; X_OUT(flags, want)
/* insn a3, fa0: classes, moves, conversions to integers */
#define SX(insn, flags, want, a)                                                                  \
	FP_IN(fmv.w.x, a, 0, 0); insn a3, fa0; X_OUT(flags, want)
#define DX(insn, flags, want, a)                                                                  \
	FP_IN(fmv.d.x, a, 0, 0); insn a3, fa0; X_OUT(flags, want)
#define SXR(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.w.x, a, 0, 0); insn a3, fa0, rm; X_OUT(flags, want)
#define DXR(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.d.x, a, 0, 0); insn a3, fa0, rm; X_OUT(flags, want)
/* insn fa3, a0: moves and conversions from integers, to floats and to doubles */
#define XS(insn, flags, want, a)                                                                  \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, a0; FP_OUT(flags, (want)|BOX32)
#define XSR(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, a0, rm; FP_OUT(flags, (want)|BOX32)
#define XD(insn, flags, want, a)                                                                  \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, a0; FP_OUT(flags, want)
#define XDR(insn, rm, flags, want, a)                                                             \
	FP_IN(fmv.d.x, a, 0, 0); insn fa3, a0, rm; FP_OUT(flags, want)

#endif
