/* softfloat_convert.c - conversions, rounding to integers, comparisons, constants
 *
 * Spec: IEEE 754-2019, sections 5.3.1, 5.4.1, 5.6.1, 5.8 to 5.11 and 9.6; RISC-V
 * unprivileged manual, "F" and "D" Extensions, "Zfa" and "Zfh" Extensions.
 */
#include "softfloat_core.h"

/* -- To integers ------------------------------------------------------------- */

/* The magnitude of n, rounded to an integer; `lost` is what was cut off.  n.exp is at
 * most 63. */
static ALWAYS_INLINE u64 whole(struct num n, u32 rm, u64 *lost)
{
	u128 fixed;
	u64 kept;

	*lost = 0;
	if (n.exp >= 62)
		return n.sig << (n.exp - 62);

	/* What is below a half is all the same: no need to shift further than to there. */
	fixed = ((u128)n.sig << 64) >> MIN(62 - n.exp, 64);
	kept = (u64)(fixed >> 64);
	*lost = (u64)fixed;
	return kept + rounds_up(rm, n.sign, kept, *lost);
}

static ALWAYS_INLINE u64 sign_extend(u64 v, u32 width)
{
	return width == 32 ? (u64)(i64)(i32)(u32)v : v;
}

/* "F" Extension, table Domains of float-to-integer conversions. */
static ALWAYS_INLINE u64 to_int(enum format f, u64 a, u32 rm, u32 *flags, u32 width, bool is_signed)
{
	const u64 highest = LOW_BITS(is_signed ? width - 1 : width);
	struct num n = unpack(f, a);
	bool negative = n.sign && n.kind < QUIET_NAN;
	u64 limit = !negative ? highest : is_signed ? highest + 1 : 0; /* of the magnitude */
	u64 mag, lost;

	if (n.kind == ZERO)
		return 0;
	if (n.kind == FINITE && n.exp <= 63) {
		mag = whole(n, rm, &lost);
		if (mag <= limit) {
			*flags |= lost ? FFLAG_NX : 0;
			return sign_extend(negative ? 0 - mag : mag, width);
		}
	}
	*flags |= FFLAG_NV;
	return sign_extend(negative ? 0 - limit : limit, width);
}

u64 f64_cvtmod_w(u64 a, u32 *flags)
{
	struct num n = unpack(F64, a);
	u64 mag = 0, lost = 0;
	bool fits = n.kind == ZERO;

	if (n.kind == FINITE && n.exp <= 63) {
		mag = whole(n, FRM_RTZ, &lost);
		fits = mag <= LOW_BITS(31) + n.sign;
	} else if (n.kind == FINITE && n.exp < 62 + 32) {
		mag = n.sig << (n.exp - 62);
	}
	*flags |= !fits ? FFLAG_NV : lost ? FFLAG_NX : 0;
	return sign_extend(n.sign ? 0 - mag : mag, 32);
}

/* -- Integers of the same format (Zfa) --------------------------------------- */

static ALWAYS_INLINE u64 round_int(enum format f, u64 a, u32 rm, u32 *flags, u32 inexact)
{
	struct num n = unpack(f, a);
	u64 mag, lost;

	if (n.kind >= QUIET_NAN)
		return nan_result(f, n.kind, flags);
	if (n.kind != FINITE || n.exp >= (i32)frac_bits(f))
		return a & LOW_BITS((u32)f);

	mag = whole(n, rm, &lost);
	*flags |= lost ? inexact : 0;
	if (!mag)
		return zero_bits(f, n.sign);
	return round_pack(f, normalized(n.sign, 0, mag), rm, flags); /* exact */
}

/* -- From integers ----------------------------------------------------------- */

static ALWAYS_INLINE u64 from_mag(enum format f, bool sign, u64 mag, u32 rm, u32 *flags)
{
	return mag ? round_pack(f, normalized(sign, 0, mag), rm, flags) : 0;
}

static ALWAYS_INLINE u64 from_signed(enum format f, i64 x, u32 rm, u32 *flags)
{
	return from_mag(f, x < 0, x < 0 ? 0 - (u64)x : (u64)x, rm, flags);
}

/* -- Between formats --------------------------------------------------------- */

static ALWAYS_INLINE u64 convert(enum format from, enum format to, u64 a, u32 rm, u32 *flags)
{
	struct num n = unpack(from, a);

	if (LIKELY(n.kind == FINITE))
		return round_pack(to, n, rm, flags);
	if (n.kind >= QUIET_NAN)
		return nan_result(to, n.kind, flags);
	return n.kind == INF ? inf_bits(to, n.sign) : zero_bits(to, n.sign);
}

u64 f16_to_f32(u64 a, u32 *flags)
{
	return convert(F16, F32, a, FRM_RNE, flags);
}

u64 f16_to_f64(u64 a, u32 *flags)
{
	return convert(F16, F64, a, FRM_RNE, flags);
}

u64 f32_to_f64(u64 a, u32 *flags)
{
	return convert(F32, F64, a, FRM_RNE, flags);
}

u64 f32_to_f16(u64 a, u32 rm, u32 *flags)
{
	return convert(F32, F16, a, rm, flags);
}

u64 f64_to_f16(u64 a, u32 rm, u32 *flags)
{
	return convert(F64, F16, a, rm, flags);
}

u64 f64_to_f32(u64 a, u32 rm, u32 *flags)
{
	return convert(F64, F32, a, rm, flags);
}

/* -- Comparisons ------------------------------------------------------------- */

/* Compares as the number does: both zeroes are 0.  Not for NaNs. */
static ALWAYS_INLINE i64 rank(enum format f, u64 bits)
{
	i64 mag = (i64)magnitude(f, bits);

	return bits >> (f - 1) & 1 ? -mag : mag;
}

/* False, and NV if it is due: on any NaN or on signalling ones only. */
static ALWAYS_INLINE bool ordered(enum format f, u64 a, u64 b, bool quiet, u32 *flags)
{
	if (LIKELY(!is_nan(f, a) && !is_nan(f, b)))
		return true;
	if (!quiet || is_signaling(f, a) || is_signaling(f, b))
		*flags |= FFLAG_NV;
	return false;
}

static ALWAYS_INLINE bool equal(enum format f, u64 a, u64 b, u32 *flags)
{
	return ordered(f, a, b, true, flags) && rank(f, a) == rank(f, b);
}

static ALWAYS_INLINE bool less(enum format f, u64 a, u64 b, bool quiet, u32 *flags)
{
	return ordered(f, a, b, quiet, flags) && rank(f, a) < rank(f, b);
}

static ALWAYS_INLINE bool less_equal(enum format f, u64 a, u64 b, bool quiet, u32 *flags)
{
	return ordered(f, a, b, quiet, flags) && rank(f, a) <= rank(f, b);
}

/* Of two numbers; of equal ones, which differ only if zero, -0 is the smaller. */
static ALWAYS_INLINE u64 smaller(enum format f, u64 a, u64 b)
{
	if (rank(f, a) == rank(f, b))
		return (a | b) & LOW_BITS((u32)f);
	return (rank(f, a) < rank(f, b) ? a : b) & LOW_BITS((u32)f);
}

/* `propagate` tells minimum from minimumNumber (IEEE 754-2019, section 9.6). */
static ALWAYS_INLINE u64 min(enum format f, u64 a, u64 b, bool propagate, u32 *flags)
{
	if (LIKELY(ordered(f, a, b, true, flags)))
		return smaller(f, a, b);
	if (propagate || (is_nan(f, a) && is_nan(f, b)))
		return nan_bits(f);
	return (is_nan(f, a) ? b : a) & LOW_BITS((u32)f);
}

static ALWAYS_INLINE u64 max(enum format f, u64 a, u64 b, bool propagate, u32 *flags)
{
	const u64 sign = zero_bits(f, true);
	u64 v = min(f, a ^ sign, b ^ sign, propagate, flags);

	return is_nan(f, v) ? v : v ^ sign;
}

static ALWAYS_INLINE u64 classify(enum format f, u64 a)
{
	u64 mag = magnitude(f, a);
	bool sign = a >> (f - 1) & 1;

	if (is_nan(f, a))
		return is_signaling(f, a) ? 1 << 8 : 1 << 9;
	if (mag == inf_bits(f, false))
		return sign ? 1 << 0 : 1 << 7;
	if (mag >= (u64)1 << frac_bits(f))
		return sign ? 1 << 1 : 1 << 6;
	if (mag)
		return sign ? 1 << 2 : 1 << 5;
	return sign ? 1 << 3 : 1 << 4;
}

/* -- Constants (Zfa, table Immediate values of FLI.S) ------------------------- */

enum { FLI_MIN_NORMAL = 1 }; /* the only one that is not the same number in all formats */

static ALWAYS_INLINE u64 fli_f32(u32 i)
{
	static const u32 bits[32] = {
		0xbf800000, 0x00800000, 0x37800000, 0x38000000, /* -1, min, 2^-16, 2^-15 */
		0x3b800000, 0x3c000000, 0x3d800000, 0x3e000000, /* 2^-8, 2^-7, 2^-4, 2^-3 */
		0x3e800000, 0x3ea00000, 0x3ec00000, 0x3ee00000, /* 0.25 ... 0.4375 */
		0x3f000000, 0x3f200000, 0x3f400000, 0x3f600000, /* 0.5 ... 0.875 */
		0x3f800000, 0x3fa00000, 0x3fc00000, 0x3fe00000, /* 1 ... 1.75 */
		0x40000000, 0x40200000, 0x40400000, 0x40800000, /* 2, 2.5, 3, 4 */
		0x41000000, 0x41800000, 0x43000000, 0x43800000, /* 8, 16, 2^7, 2^8 */
		0x47000000, 0x47800000, 0x7f800000, F32_NAN,    /* 2^15, 2^16, inf, NaN */
	};

	assert(i < ARRAY_LEN(bits));
	return bits[i];
}

/* 2^16 is infinity in half precision: rounded to nearest. */
static ALWAYS_INLINE u64 fli(enum format f, u32 i)
{
	u32 flags = 0;

	if (i == FLI_MIN_NORMAL)
		return (u64)1 << frac_bits(f);
	return convert(F32, f, fli_f32(i), FRM_RNE, &flags);
}

/* -- One of each for every format -------------------------------------------- */

/* clang-format off */
#define CONVERSIONS(f, format)                                      \
u64 f##_to_i32(u64 a, u32 rm, u32 *flags)                           \
{                                                                   \
	return to_int(format, a, rm, flags, 32, true);              \
}                                                                   \
u64 f##_to_u32(u64 a, u32 rm, u32 *flags)                           \
{                                                                   \
	return to_int(format, a, rm, flags, 32, false);             \
}                                                                   \
u64 f##_to_i64(u64 a, u32 rm, u32 *flags)                           \
{                                                                   \
	return to_int(format, a, rm, flags, 64, true);              \
}                                                                   \
u64 f##_to_u64(u64 a, u32 rm, u32 *flags)                           \
{                                                                   \
	return to_int(format, a, rm, flags, 64, false);             \
}                                                                   \
u64 f##_from_i32(u64 x, u32 rm, u32 *flags)                         \
{                                                                   \
	return from_signed(format, (i32)(u32)x, rm, flags);         \
}                                                                   \
u64 f##_from_u32(u64 x, u32 rm, u32 *flags)                         \
{                                                                   \
	return from_mag(format, false, (u32)x, rm, flags);          \
}                                                                   \
u64 f##_from_i64(u64 x, u32 rm, u32 *flags)                         \
{                                                                   \
	return from_signed(format, (i64)x, rm, flags);              \
}                                                                   \
u64 f##_from_u64(u64 x, u32 rm, u32 *flags)                         \
{                                                                   \
	return from_mag(format, false, x, rm, flags);               \
}                                                                   \
u64 f##_round(u64 a, u32 rm, u32 *flags)                            \
{                                                                   \
	return round_int(format, a, rm, flags, 0);                  \
}                                                                   \
u64 f##_roundnx(u64 a, u32 rm, u32 *flags)                          \
{                                                                   \
	return round_int(format, a, rm, flags, FFLAG_NX);           \
}                                                                   \
u64 f##_fli(u32 i)                                                  \
{                                                                   \
	return fli(format, i);                                      \
}

#define COMPARISONS(f, format)                                      \
bool f##_eq(u64 a, u64 b, u32 *flags)                               \
{                                                                   \
	return equal(format, a, b, flags);                          \
}                                                                   \
bool f##_lt(u64 a, u64 b, u32 *flags)                               \
{                                                                   \
	return less(format, a, b, false, flags);                    \
}                                                                   \
bool f##_le(u64 a, u64 b, u32 *flags)                               \
{                                                                   \
	return less_equal(format, a, b, false, flags);              \
}                                                                   \
bool f##_ltq(u64 a, u64 b, u32 *flags)                              \
{                                                                   \
	return less(format, a, b, true, flags);                     \
}                                                                   \
bool f##_leq(u64 a, u64 b, u32 *flags)                              \
{                                                                   \
	return less_equal(format, a, b, true, flags);               \
}                                                                   \
u64 f##_min(u64 a, u64 b, u32 *flags)                               \
{                                                                   \
	return min(format, a, b, false, flags);                     \
}                                                                   \
u64 f##_max(u64 a, u64 b, u32 *flags)                               \
{                                                                   \
	return max(format, a, b, false, flags);                     \
}                                                                   \
u64 f##_minm(u64 a, u64 b, u32 *flags)                              \
{                                                                   \
	return min(format, a, b, true, flags);                      \
}                                                                   \
u64 f##_maxm(u64 a, u64 b, u32 *flags)                              \
{                                                                   \
	return max(format, a, b, true, flags);                      \
}                                                                   \
u64 f##_class(u64 a)                                                \
{                                                                   \
	return classify(format, a);                                 \
}

CONVERSIONS(f16, F16)
CONVERSIONS(f32, F32)
CONVERSIONS(f64, F64)
COMPARISONS(f16, F16)
COMPARISONS(f32, F32)
COMPARISONS(f64, F64)
