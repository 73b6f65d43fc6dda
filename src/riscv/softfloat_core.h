/* softfloat_core.h - a number taken apart, and put together again; for softfloat*.c only.
 *
 * Each algorithm is written once.  Its first parameter is the format, a constant
 * wherever the public functions call it, so that inlining leaves the code of one.
 *
 *	63 62                        bit of num.sig
 *	 0  1 fraction 0 0 0 ...     magnitude = sig * 2^(exp - 62)
 *
 * What no longer fits below is OR-ed into bit 0 ("jammed").  That is exact enough:
 * rounding asks only whether anything is there (IEEE 754-2019, section 4.3).
 */
#ifndef SOFTFLOAT_CORE_H
#define SOFTFLOAT_CORE_H

#include "softfloat.h"

enum format { F16 = 16, F32 = 32, F64 = 64 }; /* the value is the width */

static ALWAYS_INLINE u32 frac_bits(enum format f)
{
	return f == F16 ? 10 : f == F32 ? 23 : 52;
}

/* The biased exponent of infinities and NaNs: all ones. */
static ALWAYS_INLINE u32 exp_max(enum format f)
{
	return f == F16 ? 0x1f : f == F32 ? 0xff : 0x7ff;
}

static ALWAYS_INLINE i32 exp_bias(enum format f)
{
	return (i32)(exp_max(f) >> 1);
}

static ALWAYS_INLINE u64 zero_bits(enum format f, bool sign)
{
	return sign ? (u64)1 << (f - 1) : 0;
}

static ALWAYS_INLINE u64 inf_bits(enum format f, bool sign)
{
	return zero_bits(f, sign) | (u64)exp_max(f) << frac_bits(f);
}

static ALWAYS_INLINE u64 quiet_bit(enum format f)
{
	return (u64)1 << (frac_bits(f) - 1);
}

static ALWAYS_INLINE u64 nan_bits(enum format f)
{
	return inf_bits(f, false) | quiet_bit(f);
}

static ALWAYS_INLINE u64 magnitude(enum format f, u64 bits)
{
	return bits & LOW_BITS((u32)f - 1);
}

static ALWAYS_INLINE bool is_nan(enum format f, u64 bits)
{
	return magnitude(f, bits) > inf_bits(f, false);
}

static ALWAYS_INLINE bool is_signaling(enum format f, u64 bits)
{
	return is_nan(f, bits) && !(bits & quiet_bit(f));
}

/* v != 0 */
static ALWAYS_INLINE u32 leading_zeros(u64 v)
{
	return (u32)CLZ64(v);
}

/* v != 0, n >= 0 */
static ALWAYS_INLINE u64 shift_right_jam(u64 v, i32 n)
{
	return n > 63 ? 1 : v >> n | ((v & (((u64)1 << n) - 1)) != 0);
}

static ALWAYS_INLINE u128 shift_right_jam_128(u128 v, i32 n)
{
	return n > 127 ? 1 : v >> n | ((v & (((u128)1 << n) - 1)) != 0);
}

/* -- Taking apart ------------------------------------------------------------ */

#define LEADING_ONE ((u64)1 << 62)

/* Ordered: the larger of two kinds is the one that decides, and NaNs are last. */
enum kind { FINITE, ZERO, INF, QUIET_NAN, SIGNALING_NAN };

struct num {
	u64 sig;
	i32 exp;
	bool sign;
	u8 kind; /* enum kind; sig and exp count only if FINITE */
};

/* What unpack() saw an exponent of all zeroes or all ones of.  `exp` is still the
 * biased exponent minus the bias, so negative for zeroes. */
static inline struct num unpack_odd(struct num n)
{
	u64 frac = n.sig ^ LEADING_ONE;
	u32 shift;

	if (n.exp > 0) {
		n.kind = !frac ? INF : frac >> 61 ? QUIET_NAN : SIGNALING_NAN;
	} else if (!frac) {
		n.kind = ZERO;
	} else {
		shift = leading_zeros(frac) - 1;
		n.sig = frac << shift;
		n.exp += 1 - (i32)shift;
	}
	return n;
}

static ALWAYS_INLINE struct num unpack(enum format f, u64 bits)
{
	u32 e = (u32)(bits >> frac_bits(f)) & exp_max(f);
	struct num n = {
		.sig = (bits << (62 - frac_bits(f)) & (LEADING_ONE - 1)) | LEADING_ONE,
		.exp = (i32)e - exp_bias(f),
		.sign = bits >> (f - 1) & 1,
		.kind = FINITE,
	};

	if (LIKELY(e - 1 < exp_max(f) - 1))
		return n;
	return unpack_odd(n);
}

/* -- Putting together -------------------------------------------------------- */

#define HALF ((u64)1 << 63)

/* Does the magnitude `kept` grow by one?  `lost` is what was cut off below it, a
 * fraction of 2^64 (IEEE 754-2019, section 4.3). */
static ALWAYS_INLINE bool rounds_up(u32 rm, bool sign, u64 kept, u64 lost)
{
	if (LIKELY(rm == FRM_RNE))
		return lost > HALF - (kept & 1); /* a tie goes to even */

	switch (rm) {
	case FRM_RDN:
		return sign && lost;
	case FRM_RUP:
		return !sign && lost;
	case FRM_RMM:
		return lost >= HALF;
	default:
		return false;
	}
}

/* Adding the rounding's carry to packed bits moves into the exponent, and from the
 * largest subnormal to the smallest normal, and from the largest number to infinity. */
static ALWAYS_INLINE u64 round_to_bits(enum format f, struct num n, u32 rm, u64 *lost)
{
	const u32 cut = 62 - frac_bits(f);
	u64 kept = n.sig >> cut; /* with the leading one: it adds the last 1 to the exponent */
	u64 exp_less_one = (u64)(n.exp + exp_bias(f) - 1);

	*lost = n.sig << (64 - cut);
	return (exp_less_one << frac_bits(f)) + kept + rounds_up(rm, n.sign, kept, *lost);
}

static ALWAYS_INLINE u64 overflow(enum format f, bool sign, u32 rm, u32 *flags)
{
	bool away = rounds_up(rm, sign, 0, ~(u64)0);

	*flags |= FFLAG_OF | FFLAG_NX;
	return inf_bits(f, sign) - !away;
}

/* Tininess after rounding (IEEE 754-2019, section 7.5): the number, rounded as if
 * exponents had no end, is still below the smallest normal. */
static ALWAYS_INLINE bool is_tiny(enum format f, struct num n, u32 rm)
{
	i32 e = n.exp + exp_bias(f);
	u64 lost;

	n.exp = 1 - exp_bias(f);
	return e < 0 || (e == 0 && round_to_bits(f, n, rm, &lost) < (u64)2 << frac_bits(f));
}

/* Near or beyond both ends of the exponents. */
static ALWAYS_INLINE u64 round_pack_odd(enum format f, struct num n, u32 rm, u32 *flags)
{
	i32 e = n.exp + exp_bias(f);
	bool tiny = is_tiny(f, n, rm);
	u64 bits, lost;

	if (e >= (i32)exp_max(f))
		return overflow(f, n.sign, rm, flags);

	if (e < 1) {
		n.sig = shift_right_jam(n.sig, 1 - e);
		n.exp = 1 - exp_bias(f);
	}
	bits = round_to_bits(f, n, rm, &lost);
	if (bits == inf_bits(f, false))
		return overflow(f, n.sign, rm, flags);
	if (lost)
		*flags |= tiny ? FFLAG_NX | FFLAG_UF : FFLAG_NX;
	return zero_bits(f, n.sign) | bits;
}

/* One copy of each, in softfloat.c.  Scalars, because a struct num that is passed by
 * value lives in memory in the plain case too (gcc 12: 2 to 4 ns more). */
u64 f16_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags);
u64 f32_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags);
u64 f64_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags);

/* A FINITE number as the bits of `f`. */
static ALWAYS_INLINE u64 round_pack(enum format f, struct num n, u32 rm, u32 *flags)
{
	u32 e = (u32)(n.exp + exp_bias(f));
	u64 bits, lost;

	if (LIKELY(e - 1 < exp_max(f) - 2)) {
		bits = round_to_bits(f, n, rm, &lost);
		*flags |= lost ? FFLAG_NX : 0;
		return zero_bits(f, n.sign) | bits;
	}
	if (f == F16)
		return f16_round_pack_odd(n.sign, n.exp, n.sig, rm, flags);
	if (f == F32)
		return f32_round_pack_odd(n.sign, n.exp, n.sig, rm, flags);
	return f64_round_pack_odd(n.sign, n.exp, n.sig, rm, flags);
}

static ALWAYS_INLINE u64 invalid(enum format f, u32 *flags)
{
	*flags |= FFLAG_NV;
	return nan_bits(f);
}

/* The result of an operation whose operands are `worst` and kinds below it, a NaN. */
static ALWAYS_INLINE u64 nan_result(enum format f, u32 worst, u32 *flags)
{
	*flags |= worst == SIGNALING_NAN ? FFLAG_NV : 0;
	return nan_bits(f);
}

/* The number v * 2^exp, v != 0, with its leading one where it belongs. */
static ALWAYS_INLINE struct num normalized(bool sign, i32 exp, u64 v)
{
	u32 zeros = leading_zeros(v);

	return (struct num){
		.sig = zeros ? v << (zeros - 1) : v >> 1 | (v & 1),
		.exp = exp + 63 - (i32)zeros,
		.sign = sign,
	};
}

#endif
