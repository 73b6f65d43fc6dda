/* test_softfloat_facts.c - what softfloat gives, worked out by hand from the manual
 *
 * The trap numbers are those of the list of known mistakes of other emulators.
 */
#include "check.h"

#include "softfloat.h"

#include <fenv.h>

/* clang-format off */
#define D_ONE   0x3ff0000000000000
#define D_INF   0x7ff0000000000000
#define D_SNAN  0x7ff0000000000001
#define D_QNAN  0xfff8000000001234 /* not the canonical one */
#define D_MIN   0x0010000000000000 /* the smallest normal number */
#define D_MAX   0x7fefffffffffffff
#define D_ZERO  0x0000000000000000
#define D_MINUS 0x8000000000000000 /* the sign alone: -0 */
#define S_ONE   0x3f800000
#define S_INF   0x7f800000
#define S_SNAN  0xff800001
#define S_QNAN  0x7fc00001
#define S_MINUS 0x80000000
/* clang-format on */

#define GIVES(call, want_bits, want_flags)                                                         \
	do {                                                                                       \
		u32 flags = 0;                                                                     \
		u64 bits = call;                                                                   \
                                                                                                   \
		assert_int_equal(bits, want_bits);                                                 \
		assert_int_equal(flags, want_flags);                                               \
	} while (0)

/* Trap 59 */
static void min_and_max_prefer_numbers_to_nans(void **state)
{
	GIVES(f64_min(D_ONE, D_QNAN, &flags), D_ONE, 0);
	GIVES(f64_max(D_QNAN, D_ONE, &flags), D_ONE, 0);
	GIVES(f64_min(D_SNAN, D_ONE, &flags), D_ONE, FFLAG_NV);
	GIVES(f64_max(D_ONE, D_SNAN, &flags), D_ONE, FFLAG_NV);
	GIVES(f64_min(D_QNAN, D_QNAN, &flags), F64_NAN, 0);
	GIVES(f64_max(D_SNAN, D_QNAN, &flags), F64_NAN, FFLAG_NV);
	GIVES(f32_min(S_SNAN, S_ONE, &flags), S_ONE, FFLAG_NV);
	GIVES(f32_max(S_QNAN, S_QNAN, &flags), F32_NAN, 0);
	GIVES(f16_max(0xfc01, 0x3c00, &flags), 0x3c00, FFLAG_NV);
	(void)state;
}

static void minus_zero_is_below_plus_zero_for_min_and_max(void **state)
{
	GIVES(f64_min(D_ZERO, D_MINUS, &flags), D_MINUS, 0);
	GIVES(f64_min(D_MINUS, D_ZERO, &flags), D_MINUS, 0);
	GIVES(f64_max(D_ZERO, D_MINUS, &flags), D_ZERO, 0);
	GIVES(f64_max(D_MINUS, D_ZERO, &flags), D_ZERO, 0);
	GIVES(f64_max(D_MINUS, D_MINUS, &flags), D_MINUS, 0);
	GIVES(f32_minm(0, S_MINUS, &flags), S_MINUS, 0);
	GIVES(f32_maxm(S_MINUS, 0, &flags), 0, 0);
	GIVES(f32_eq(S_MINUS, 0, &flags), true, 0);
	GIVES(f32_lt(S_MINUS, 0, &flags), false, 0);
	GIVES(f32_le(0, S_MINUS, &flags), true, 0);
	(void)state;
}

static void min_and_max_order_numbers_of_both_signs(void **state)
{
	static const u64 rising[] = { 0xff800000, 0xff7fffff, 0xc0000000, 0xbf800000, 0x80000001,
				      0x80000000, 0x00000000, 0x00000001, 0x3f800000, 0x7f800000 };

	for (size_t i = 0; i < ARRAY_LEN(rising); i++) {
		for (size_t k = i; k < ARRAY_LEN(rising); k++) {
			GIVES(f32_min(rising[i], rising[k], &flags), rising[i], 0);
			GIVES(f32_min(rising[k], rising[i], &flags), rising[i], 0);
			GIVES(f32_max(rising[i], rising[k], &flags), rising[k], 0);
			GIVES(f32_max(rising[k], rising[i], &flags), rising[k], 0);
		}
	}
	(void)state;
}

static void minm_and_maxm_propagate_nans(void **state)
{
	GIVES(f64_minm(D_ONE, D_QNAN, &flags), F64_NAN, 0);
	GIVES(f64_maxm(D_QNAN, D_ONE, &flags), F64_NAN, 0);
	GIVES(f64_maxm(D_SNAN, D_ONE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f32_minm(S_ONE, S_SNAN, &flags), F32_NAN, FFLAG_NV);
	GIVES(f32_minm(0x40000000, S_ONE, &flags), S_ONE, 0);
	GIVES(f32_maxm(0x40000000, S_ONE, &flags), 0x40000000, 0);
	(void)state;
}

/* Trap 60; x86 makes the first a negative NaN and passes the payload of the second. */
static void a_nan_result_is_the_canonical_one(void **state)
{
	GIVES(f64_sub(D_INF, D_INF, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f64_add(D_QNAN, D_ONE, FRM_RNE, &flags), F64_NAN, 0);
	GIVES(f64_mul(D_ONE, D_SNAN, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f64_div(D_ZERO, D_MINUS, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f64_sqrt(D_ONE | D_MINUS, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f64_sqrt(D_MINUS, FRM_RNE, &flags), D_MINUS, 0);
	GIVES(f64_round(D_QNAN, FRM_RNE, &flags), F64_NAN, 0);
	GIVES(f64_round(D_SNAN, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f32_div(S_ONE, 0, FRM_RNE, &flags), S_INF, FFLAG_DZ);
	GIVES(f32_div(S_INF, 0, FRM_RNE, &flags), S_INF, 0);
	(void)state;
}

/* Trap 61 */
static void conversions_to_integers_saturate(void **state)
{
	GIVES(f64_to_i32(D_SNAN, FRM_RTZ, &flags), 0x7fffffff, FFLAG_NV);
	GIVES(f64_to_i32(D_QNAN, FRM_RTZ, &flags), 0x7fffffff, FFLAG_NV);
	GIVES(f64_to_u32(D_QNAN, FRM_RTZ, &flags), 0xffffffffffffffff, FFLAG_NV);
	GIVES(f64_to_i64(D_QNAN, FRM_RTZ, &flags), 0x7fffffffffffffff, FFLAG_NV);
	GIVES(f64_to_u64(D_QNAN, FRM_RTZ, &flags), 0xffffffffffffffff, FFLAG_NV);
	GIVES(f64_to_i32(D_INF, FRM_RTZ, &flags), 0x7fffffff, FFLAG_NV);
	GIVES(f64_to_i32(D_INF | D_MINUS, FRM_RTZ, &flags), 0xffffffff80000000, FFLAG_NV);
	GIVES(f64_to_u64(D_INF | D_MINUS, FRM_RTZ, &flags), 0, FFLAG_NV);
	GIVES(f64_to_i64(D_INF | D_MINUS, FRM_RTZ, &flags), D_MINUS, FFLAG_NV);
	GIVES(f32_to_u32(0x4f000000, FRM_RTZ, &flags), 0xffffffff80000000, 0); /* 2^31 */
	GIVES(f32_to_i32(0x4f000000, FRM_RTZ, &flags), 0x7fffffff, FFLAG_NV);
	GIVES(f32_to_i32(0xcf000000, FRM_RTZ, &flags), 0xffffffff80000000, 0);
	GIVES(f32_to_u32(0xbf800000, FRM_RTZ, &flags), 0, FFLAG_NV); /* -1 */
	(void)state;
}

static void an_invalid_conversion_is_not_inexact_too(void **state)
{
	GIVES(f64_to_i32(0x41dfffffffe00000, FRM_RNE, &flags), 0x7fffffff, FFLAG_NV); /* 2^31-.5 */
	GIVES(f64_to_i32(0x41dfffffffe00000, FRM_RTZ, &flags), 0x7fffffff, FFLAG_NX);
	GIVES(f64_to_u32(0xbfe0000000000000, FRM_RNE, &flags), 0, FFLAG_NX); /* -0.5 */
	GIVES(f64_to_u32(0xbfe0000000000000, FRM_RTZ, &flags), 0, FFLAG_NX);
	GIVES(f64_to_u32(0xbfe0000000000000, FRM_RUP, &flags), 0, FFLAG_NX);
	GIVES(f64_to_u32(0xbfe0000000000000, FRM_RDN, &flags), 0, FFLAG_NV);
	GIVES(f64_to_u32(0xbfe0000000000000, FRM_RMM, &flags), 0, FFLAG_NV);
	(void)state;
}

/* Trap 62 */
static void infinity_times_zero_plus_a_quiet_nan_is_invalid(void **state)
{
	GIVES(f64_fma(D_INF, D_ZERO, D_QNAN, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f64_fma(D_MINUS, D_INF, D_QNAN, FRM_RNE, &flags), F64_NAN, FFLAG_NV);
	GIVES(f32_fma(0, S_INF, S_QNAN, FRM_RNE, &flags), F32_NAN, FFLAG_NV);
	GIVES(f32_fma(S_ONE, S_INF, S_QNAN, FRM_RNE, &flags), F32_NAN, 0);
	GIVES(f32_fma(S_QNAN, 0, S_INF, FRM_RNE, &flags), F32_NAN, 0);
	GIVES(f32_fma(S_ONE, S_INF, S_INF | S_MINUS, FRM_RNE, &flags), F32_NAN, FFLAG_NV);
	(void)state;
}

/* (1 + e)(1 - e) - 1 = -e*e: a product that was rounded first would give zero. */
static void a_fused_product_is_rounded_once(void **state)
{
	GIVES(f64_fma(0x3ff0000000000001, 0x3feffffffffffffe, D_ONE | D_MINUS, FRM_RNE, &flags),
	      0xb970000000000000, 0);
	(void)state;
}

static void a_fused_sum_of_zero_has_the_sign_of_a_sum(void **state)
{
	const u64 minus_one = D_ONE | D_MINUS;

	GIVES(f64_fma(D_ONE, D_ONE, minus_one, FRM_RNE, &flags), D_ZERO, 0);
	GIVES(f64_fma(D_ONE, D_ONE, minus_one, FRM_RDN, &flags), D_MINUS, 0);
	GIVES(f64_fma(minus_one, D_ZERO, D_MINUS, FRM_RNE, &flags), D_MINUS, 0);
	GIVES(f64_fma(minus_one, D_ZERO, D_ZERO, FRM_RNE, &flags), D_ZERO, 0);
	/* fnmadd(1, 1, -1) = -(1 * 1) - -1, so +0: not the negated sum, which is -0 */
	GIVES(f64_fma(minus_one, D_ONE, D_ONE, FRM_RNE, &flags), D_ZERO, 0);
	(void)state;
}

/* Trap 63's second half: x86 cannot do this one. */
static void ties_go_away_from_zero_in_mode_rmm(void **state)
{
	GIVES(f64_to_i32(0x4004000000000000, FRM_RMM, &flags), 3, FFLAG_NX); /* 2.5 */
	GIVES(f64_to_i32(0x4004000000000000, FRM_RNE, &flags), 2, FFLAG_NX);
	GIVES(f64_to_i32(0xc004000000000000, FRM_RMM, &flags), (u64)-3, FFLAG_NX);
	GIVES(f32_add(S_ONE, 0x33800000, FRM_RMM, &flags), 0x3f800001, FFLAG_NX); /* 1 + 2^-24 */
	GIVES(f32_add(S_ONE, 0x33800000, FRM_RNE, &flags), S_ONE, FFLAG_NX);
	(void)state;
}

/* Trap 64 */
static void less_signals_on_quiet_nans_and_equal_does_not(void **state)
{
	GIVES(f64_eq(D_QNAN, D_ONE, &flags), false, 0);
	GIVES(f64_eq(D_SNAN, D_ONE, &flags), false, FFLAG_NV);
	GIVES(f64_eq(D_QNAN, D_QNAN, &flags), false, 0);
	GIVES(f64_lt(D_QNAN, D_ONE, &flags), false, FFLAG_NV);
	GIVES(f64_le(D_ONE, D_QNAN, &flags), false, FFLAG_NV);
	GIVES(f64_ltq(D_QNAN, D_ONE, &flags), false, 0);
	GIVES(f64_leq(D_ONE, D_QNAN, &flags), false, 0);
	GIVES(f64_ltq(D_SNAN, D_ONE, &flags), false, FFLAG_NV);
	GIVES(f64_leq(D_ONE, D_SNAN, &flags), false, FFLAG_NV);
	GIVES(f64_lt(D_INF | D_MINUS, D_INF, &flags), true, 0);
	GIVES(f64_leq(D_ONE, D_ONE, &flags), true, 0);
	(void)state;
}

/* Trap 65.  All of these are below the smallest normal number and end as it.  Those
 * that fit the precision stay below if only exponents have no end: they are tiny. */
static void tininess_is_detected_after_rounding(void **state)
{
	const u64 above_one = 0x3ff0000000000001, below_one = 0x3fefffffffffffff;

	GIVES(f64_mul(above_one, D_MIN - 1, FRM_RNE, &flags), D_MIN, FFLAG_NX);
	GIVES(f64_mul(above_one, D_MIN - 1, FRM_RUP, &flags), D_MIN, FFLAG_NX);
	GIVES(f64_mul(below_one, D_MIN, FRM_RNE, &flags), D_MIN, FFLAG_UF | FFLAG_NX);
	GIVES(f64_mul(below_one, D_MIN, FRM_RUP, &flags), D_MIN, FFLAG_UF | FFLAG_NX);
	GIVES(f32_mul(0x3f7fffff, 0x00800000, FRM_RNE, &flags), 0x00800000, FFLAG_UF | FFLAG_NX);
	GIVES(f64_to_f32(0x380fffffffffffff, FRM_RNE, &flags), 0x00800000, FFLAG_NX);
	GIVES(f64_to_f32(0x380fffffe0000000, FRM_RNE, &flags), 0x00800000, FFLAG_UF | FFLAG_NX);
	(void)state;
}

static void an_exact_subnormal_does_not_underflow(void **state)
{
	GIVES(f64_mul(0x3fe0000000000000, D_MIN, FRM_RNE, &flags), D_MIN / 2, 0);
	GIVES(f64_sub(D_MIN, 1, FRM_RNE, &flags), D_MIN - 1, 0);
	(void)state;
}

static void overflow_ends_where_the_rounding_mode_says(void **state)
{
	const u32 raised = FFLAG_OF | FFLAG_NX;

	GIVES(f64_add(D_MAX, D_MAX, FRM_RNE, &flags), D_INF, raised);
	GIVES(f64_add(D_MAX, D_MAX, FRM_RMM, &flags), D_INF, raised);
	GIVES(f64_add(D_MAX, D_MAX, FRM_RTZ, &flags), D_MAX, raised);
	GIVES(f64_add(D_MAX, D_MAX, FRM_RDN, &flags), D_MAX, raised);
	GIVES(f64_sub(D_MAX | D_MINUS, D_MAX, FRM_RDN, &flags), D_INF | D_MINUS, raised);
	GIVES(f64_sub(D_MAX | D_MINUS, D_MAX, FRM_RUP, &flags), D_MAX | D_MINUS, raised);
	(void)state;
}

/* The host's modes and flags are somebody else's business, in both directions. */
static void the_host_is_neither_asked_nor_told(void **state)
{
	fesetround(FE_UPWARD);
	feclearexcept(FE_ALL_EXCEPT);
	GIVES(f64_div(D_ONE, 0x4008000000000000, FRM_RNE, &flags), 0x3fd5555555555555, FFLAG_NX);
	GIVES(f64_sqrt(0x4000000000000000, FRM_RDN, &flags), 0x3ff6a09e667f3bcc, FFLAG_NX);
	GIVES(f64_div(D_ONE, D_ZERO, FRM_RNE, &flags), D_INF, FFLAG_DZ);
	assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
	fesetround(FE_TONEAREST);
	(void)state;
}

/* Trap 66 */
static void widening_a_signaling_nan_is_invalid(void **state)
{
	GIVES(f32_to_f64(S_SNAN, &flags), F64_NAN, FFLAG_NV);
	GIVES(f32_to_f64(S_QNAN, &flags), F64_NAN, 0);
	GIVES(f32_to_f64(1, &flags), 0x36a0000000000000, 0);
	GIVES(f64_to_f32(D_SNAN, FRM_RNE, &flags), F32_NAN, FFLAG_NV);
	GIVES(f64_to_f32(D_QNAN, FRM_RNE, &flags), F32_NAN, 0);
	(void)state;
}

static void class_has_one_bit_for_each_of_ten_kinds(void **state)
{
	static const u64 one_of_each[] = { 0xff800000, 0xbf800000, 0x80000001, 0x80000000,
					   0x00000000, 0x007fffff, 0x00800000, 0x7f800000,
					   0x7f800001, 0xffc00000 };

	for (u32 i = 0; i < ARRAY_LEN(one_of_each); i++)
		assert_int_equal(f32_class(one_of_each[i]), 1 << i);
	assert_int_equal(f64_class(D_SNAN), 1 << 8);
	assert_int_equal(f64_class(D_QNAN), 1 << 9);
	assert_int_equal(f64_class(D_MIN | D_MINUS), 1 << 1);
	assert_int_equal(f64_class(D_MIN - 1), 1 << 5);
	assert_int_equal(f16_class(0x8001), 1 << 2);
	(void)state;
}

static void round_keeps_signs_and_never_says_inexact(void **state)
{
	GIVES(f64_round(0xbfd0000000000000, FRM_RNE, &flags), D_MINUS, 0); /* -0.25 */
	GIVES(f64_roundnx(0xbfd0000000000000, FRM_RNE, &flags), D_MINUS, FFLAG_NX);
	GIVES(f64_round(0xbfd0000000000000, FRM_RDN, &flags), D_ONE | D_MINUS, 0);
	GIVES(f64_round(D_MINUS, FRM_RUP, &flags), D_MINUS, 0);
	GIVES(f64_round(D_INF, FRM_RUP, &flags), D_INF, 0);
	GIVES(f64_roundnx(0x432fffffffffffff, FRM_RNE, &flags), 0x4330000000000000, FFLAG_NX);
	GIVES(f64_roundnx(D_MAX, FRM_RNE, &flags), D_MAX, 0);
	GIVES(f32_round(0x3f000000, FRM_RMM, &flags), S_ONE, 0);
	(void)state;
}

static void cvtmod_wraps_and_says_so(void **state)
{
	GIVES(f64_cvtmod_w(0x41efffffffe00000, &flags), (u64)-1, FFLAG_NV); /* 2^32 - 1 */
	GIVES(f64_cvtmod_w(0x41f0000000100000, &flags), 1, FFLAG_NV);       /* 2^32 + 1 */
	GIVES(f64_cvtmod_w(0xc1f0000000100000, &flags), (u64)-1, FFLAG_NV);
	GIVES(f64_cvtmod_w(0x4340000000000001, &flags), 2, FFLAG_NV); /* 2^53 + 2 */
	GIVES(f64_cvtmod_w(0x4520000000000001, &flags), 0xffffffff80000000,
	      FFLAG_NV); /* 2^83 + 2^31 */
	GIVES(f64_cvtmod_w(0x41e0000000000000, &flags), 0xffffffff80000000, FFLAG_NV); /* 2^31 */
	GIVES(f64_cvtmod_w(0xc1e0000000000000, &flags), 0xffffffff80000000, 0);
	GIVES(f64_cvtmod_w(0xc1e0000000100000, &flags), 0xffffffff80000000, FFLAG_NX);
	GIVES(f64_cvtmod_w(0xbff8000000000000, &flags), (u64)-1, FFLAG_NX); /* -1.5 */
	GIVES(f64_cvtmod_w(D_MAX, &flags), 0, FFLAG_NV);
	GIVES(f64_cvtmod_w(D_INF, &flags), 0, FFLAG_NV);
	GIVES(f64_cvtmod_w(D_QNAN, &flags), 0, FFLAG_NV);
	GIVES(f64_cvtmod_w(D_MINUS, &flags), 0, 0);
	(void)state;
}

static u64 bits_of(double v)
{
	u64 bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static void fli_has_the_constants_of_the_manual(void **state)
{
	static const double number[] = { -1,     0,     0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7,
					 0.0625, 0.125, 0.25,    0.3125,  0.375,  0.4375,
					 0.5,    0.625, 0.75,    0.875,   1,      1.25,
					 1.5,    1.75,  2,       2.5,     3,      4,
					 8,      16,    128,     256,     32768,  65536 };

	u32 flags = 0;

	for (u32 i = 0; i < ARRAY_LEN(number); i++) {
		if (i == 1)
			continue;
		assert_int_equal(f64_fli(i), bits_of(number[i]));
		assert_int_equal(f32_to_f64(f32_fli(i), &flags), bits_of(number[i]));
		assert_int_equal(flags, 0);
	}
	assert_int_equal(f16_fli(1), 0x0400);
	assert_int_equal(f32_fli(1), 0x00800000);
	assert_int_equal(f64_fli(1), D_MIN);
	assert_int_equal(f64_fli(30), D_INF);
	assert_int_equal(f64_fli(31), F64_NAN);
	assert_int_equal(f16_fli(2), 0x0100); /* subnormal */
	assert_int_equal(f16_fli(28), 0x7800);
	assert_int_equal(f16_fli(29), 0x7c00); /* 65536 is too much */
	assert_int_equal(f16_fli(31), F16_NAN);
	(void)state;
}

static void bits_above_the_format_are_not_read(void **state)
{
	const u64 junk = (u64)0x9abcdef0 << 32;

	GIVES(f32_add(junk | S_ONE, junk | S_ONE, FRM_RNE, &flags), 0x40000000, 0);
	GIVES(f32_min(junk | S_ONE, junk | 0x40000000, &flags), S_ONE, 0);
	GIVES(f32_max(junk | S_ONE, S_QNAN, &flags), S_ONE, 0);
	GIVES(f32_round(junk | S_INF, FRM_RNE, &flags), S_INF, 0);
	GIVES(f32_eq(junk | S_ONE, S_ONE, &flags), true, 0);
	GIVES(f16_fma(0xffff3c00, 0xffff3c00, 0xffff3c00, FRM_RNE, &flags), 0x4000, 0);
	GIVES(f64_from_i32(junk | 0xffffffff, FRM_RNE, &flags), D_ONE | D_MINUS, 0);
	GIVES(f64_from_u32(junk | 1, FRM_RNE, &flags), D_ONE, 0);
	(void)state;
}

static void flags_accrue(void **state)
{
	u32 flags = FFLAG_DZ;

	f64_add(D_ONE, 1, FRM_RNE, &flags);
	assert_int_equal(flags, FFLAG_DZ | FFLAG_NX);
	f64_add(D_ONE, D_ONE, FRM_RNE, &flags);
	assert_int_equal(flags, FFLAG_DZ | FFLAG_NX);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(min_and_max_prefer_numbers_to_nans),
		cmocka_unit_test(minus_zero_is_below_plus_zero_for_min_and_max),
		cmocka_unit_test(min_and_max_order_numbers_of_both_signs),
		cmocka_unit_test(minm_and_maxm_propagate_nans),
		cmocka_unit_test(a_nan_result_is_the_canonical_one),
		cmocka_unit_test(conversions_to_integers_saturate),
		cmocka_unit_test(an_invalid_conversion_is_not_inexact_too),
		cmocka_unit_test(infinity_times_zero_plus_a_quiet_nan_is_invalid),
		cmocka_unit_test(a_fused_product_is_rounded_once),
		cmocka_unit_test(a_fused_sum_of_zero_has_the_sign_of_a_sum),
		cmocka_unit_test(ties_go_away_from_zero_in_mode_rmm),
		cmocka_unit_test(less_signals_on_quiet_nans_and_equal_does_not),
		cmocka_unit_test(tininess_is_detected_after_rounding),
		cmocka_unit_test(an_exact_subnormal_does_not_underflow),
		cmocka_unit_test(overflow_ends_where_the_rounding_mode_says),
		cmocka_unit_test(the_host_is_neither_asked_nor_told),
		cmocka_unit_test(widening_a_signaling_nan_is_invalid),
		cmocka_unit_test(class_has_one_bit_for_each_of_ten_kinds),
		cmocka_unit_test(round_keeps_signs_and_never_says_inexact),
		cmocka_unit_test(cvtmod_wraps_and_says_so),
		cmocka_unit_test(fli_has_the_constants_of_the_manual),
		cmocka_unit_test(bits_above_the_format_are_not_read),
		cmocka_unit_test(flags_accrue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
