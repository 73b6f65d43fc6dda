/* softfloat.h - IEEE 754-2019 arithmetic in integers, as RISC-V wants it.
 *
 * The host's floating point is not used: not its modes, not its flags.  All of
 * it are pure functions of their arguments; any thread may call them.
 *
 * A value is its bits in a u64.  Of an operand only the bits of its format are
 * read; a result has zeroes above them.  So NaN boxing is the caller's: it
 * replaces an unboxed operand by F32_NAN before, and sets the high bits after.
 *
 * `rm` is 0..4 as in frm; dynamic and reserved modes are resolved before.  Flags
 * are OR-ed into *flags in the order of fflags.  Tininess is detected after
 * rounding, and every NaN result is the canonical one (unprivileged manual, "F"
 * Extension, section NaN Generation and Propagation).
 */
#ifndef SOFTFLOAT_H
#define SOFTFLOAT_H

#include "base.h"

enum { FRM_RNE, FRM_RTZ, FRM_RDN, FRM_RUP, FRM_RMM };
enum { FFLAG_NX = 1, FFLAG_UF = 2, FFLAG_OF = 4, FFLAG_DZ = 8, FFLAG_NV = 16 };

#define F16_NAN 0x7e00
#define F32_NAN 0x7fc00000
#define F64_NAN 0x7ff8000000000000

/*
 * Each format has all of these: f16_add, f32_add, f64_add.
 *
 * fma        a * b + c, rounded once; the negated forms flip sign bits of operands
 * min max    minimumNumber: a number beats a NaN, -0 < +0, only signalling NaNs raise NV
 * minm maxm  minimum of Zfa: any NaN gives NaN, only signalling NaNs raise NV
 * lt le      raise NV on any NaN; eq, ltq, leq (Zfa fltq, fleq) only on a signalling one
 * class      the ten bits of fclass
 * round      to an integer of the same format (Zfa): never NX; roundnx raises it
 * to_*       saturate: NaN is the largest, and NV goes without NX.  The 32-bit
 *            ones, to_u32 too, are sign-extended to 64 bits, ready for rd
 * from_*32   read the low 32 bits of x
 * fli        the constant number `i`, 0..31, of Zfa
 */
#define FLOAT_FUNCTIONS(f)                                                                         \
	u64 f##_add(u64 a, u64 b, u32 rm, u32 *flags);                                             \
	u64 f##_sub(u64 a, u64 b, u32 rm, u32 *flags);                                             \
	u64 f##_mul(u64 a, u64 b, u32 rm, u32 *flags);                                             \
	u64 f##_div(u64 a, u64 b, u32 rm, u32 *flags);                                             \
	u64 f##_sqrt(u64 a, u32 rm, u32 *flags);                                                   \
	u64 f##_fma(u64 a, u64 b, u64 c, u32 rm, u32 *flags);                                      \
                                                                                                   \
	u64 f##_min(u64 a, u64 b, u32 *flags);                                                     \
	u64 f##_max(u64 a, u64 b, u32 *flags);                                                     \
	u64 f##_minm(u64 a, u64 b, u32 *flags);                                                    \
	u64 f##_maxm(u64 a, u64 b, u32 *flags);                                                    \
	bool f##_eq(u64 a, u64 b, u32 *flags);                                                     \
	bool f##_lt(u64 a, u64 b, u32 *flags);                                                     \
	bool f##_le(u64 a, u64 b, u32 *flags);                                                     \
	bool f##_ltq(u64 a, u64 b, u32 *flags);                                                    \
	bool f##_leq(u64 a, u64 b, u32 *flags);                                                    \
	u64 f##_class(u64 a);                                                                      \
                                                                                                   \
	u64 f##_round(u64 a, u32 rm, u32 *flags);                                                  \
	u64 f##_roundnx(u64 a, u32 rm, u32 *flags);                                                \
	u64 f##_to_i32(u64 a, u32 rm, u32 *flags);                                                 \
	u64 f##_to_u32(u64 a, u32 rm, u32 *flags);                                                 \
	u64 f##_to_i64(u64 a, u32 rm, u32 *flags);                                                 \
	u64 f##_to_u64(u64 a, u32 rm, u32 *flags);                                                 \
	u64 f##_from_i32(u64 x, u32 rm, u32 *flags);                                               \
	u64 f##_from_u32(u64 x, u32 rm, u32 *flags);                                               \
	u64 f##_from_i64(u64 x, u32 rm, u32 *flags);                                               \
	u64 f##_from_u64(u64 x, u32 rm, u32 *flags);                                               \
	u64 f##_fli(u32 i);

FLOAT_FUNCTIONS(f16)
FLOAT_FUNCTIONS(f32)
FLOAT_FUNCTIONS(f64)

/* Widening is exact: it has no rounding mode, but a signalling NaN raises NV. */
u64 f16_to_f32(u64 a, u32 *flags);
u64 f16_to_f64(u64 a, u32 *flags);
u64 f32_to_f64(u64 a, u32 *flags);
u64 f32_to_f16(u64 a, u32 rm, u32 *flags);
u64 f64_to_f16(u64 a, u32 rm, u32 *flags);
u64 f64_to_f32(u64 a, u32 rm, u32 *flags);

/* Zfa fcvtmod.w.d: truncated, modulo 2^32, sign-extended; flags as of fcvt.w.d. */
u64 f64_cvtmod_w(u64 a, u32 *flags);

#endif
