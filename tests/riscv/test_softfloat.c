/* test_softfloat.c - softfloat against the host's FPU and against exact arithmetic
 *
 * The host does four of the five rounding modes and has NaNs and infinities; the
 * exact reference does all five, all formats, and finite numbers only.
 */
#include "check.h"

#include "fp_exact.h"
#include "fp_ops.h"

#include <fenv.h>
#include <inttypes.h>
#include <math.h>

static const struct fp_format *const formats[] = { &f16, &f32, &f64 };

/* -- Operands ----------------------------------------------------------------- */

static u64 dice(u64 sides)
{
	static u64 s = 0x9e3779b97f4a7c15;

	assert(sides);
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (s * 0x2545f4914f6cdd1d >> 8) % sides;
}

static u64 any_bits(void)
{
	return dice((u64)1 << 32) << 32 | dice((u64)1 << 32);
}

/* A run of ones, a single bit, its complement, few bits at either end, or anything. */
static u64 a_fraction(u32 bits)
{
	u64 at = dice(bits);

	switch (dice(7)) {
	case 0:
		return LOW_BITS(at);
	case 1:
		return LOW_BITS(bits) & ~LOW_BITS(at);
	case 2:
		return (u64)1 << at;
	case 3:
		return LOW_BITS(bits) & ~((u64)1 << at);
	case 4:
		return dice(4);
	default:
		return any_bits() & LOW_BITS(bits);
	}
}

/* Of a biased exponent: at both ends, around one, around the steps of rounding. */
static u64 an_exponent(const struct fp_format *f)
{
	u64 max = LOW_BITS(f->width - 1 - f->frac), one = (u64)f->bias;

	switch (dice(6)) {
	case 0:
		return dice(3);
	case 1:
		return max - dice(3);
	case 2:
		return one - 2 + dice(5);
	case 3:
		return MIN(one - 2 + f->frac + dice(5), max);
	default:
		return dice(max + 1);
	}
}

static u64 a_value(const struct fp_format *f)
{
	return dice(2) << (f->width - 1) | an_exponent(f) << f->frac | a_fraction(f->frac);
}

static bool is_finite(const struct fp_format *f, u64 bits)
{
	return (bits >> f->frac & LOW_BITS(f->width - 1 - f->frac)) <
	       LOW_BITS(f->width - 1 - f->frac);
}

/* Like `near`, give or take some bits at the end and some exponents. */
static u64 a_neighbor(const struct fp_format *f, u64 near)
{
	u64 bits = near ^ dice(2) << (f->width - 1);

	bits += dice(5) - 2;
	bits += (dice(2 * (u64)f->frac) - f->frac) << f->frac;
	return bits & LOW_BITS(f->width);
}

/* Operands that have something to do with each other: sums that cancel. */
static void some_operands(const struct fp_format *f, u64 *in)
{
	u32 flags = 0;

	in[0] = a_value(f);
	in[1] = dice(3) ? a_value(f) : a_neighbor(f, in[0]);
	in[2] = a_value(f);
	if (dice(2)) {
		in[2] = f == &f16   ? f16_mul(in[0], in[1], 0, &flags)
			: f == &f32 ? f32_mul(in[0], in[1], 0, &flags)
				    : f64_mul(in[0], in[1], 0, &flags);
		in[2] ^= (u64)1 << (f->width - 1);
		in[2] = dice(2) ? a_neighbor(f, in[2]) : (in[2] + dice(3) - 1) & LOW_BITS(f->width);
	}
}

static void finite_operands(const struct fp_format *f, u64 *in)
{
	do {
		some_operands(f, in);
	} while (!is_finite(f, in[0]) || !is_finite(f, in[1]) || !is_finite(f, in[2]));
}

/* -- Comparing ---------------------------------------------------------------- */

struct outcome {
	u64 bits;
	u32 flags;
};

static void expect_same(const char *name, u32 rm, const u64 *in, struct outcome got,
			struct outcome want)
{
	if (got.bits == want.bits && got.flags == want.flags)
		return;
	print_error("%s %s %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n", name, fp_modes[rm],
		    in[0], in[1], in[2]);
	print_error("got %016" PRIx64 " flags %02x, want %016" PRIx64 " flags %02x\n", got.bits,
		    got.flags, want.bits, want.flags);
	fail();
}

static const struct fp_op *op_of(const struct fp_format *f, const char *pattern)
{
	char name[32], format[8];
	const struct fp_op *op;
	size_t before = strcspn(pattern, "@");

	snprintf(format, sizeof(format), "f%u", f->width);
	snprintf(name, sizeof(name), "%.*s%s%s", (int)before, pattern, format,
		 pattern + before + 1);
	op = fp_find(name);
	assert_non_null(op);
	return op;
}

static struct outcome run(const struct fp_op *op, const u64 *in, u32 rm)
{
	struct outcome o = { 0 };

	o.bits = fp_apply(op, in, rm, &o.flags);
	return o;
}

/* -- Against the host --------------------------------------------------------- */

enum { HOST_ROUNDS = 100000 };

static const int host_modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };

static u32 host_flags(void)
{
	int raised = fetestexcept(FE_ALL_EXCEPT);

	return (raised & FE_INEXACT ? (u32)FFLAG_NX : 0) |
	       (raised & FE_UNDERFLOW ? (u32)FFLAG_UF : 0) |
	       (raised & FE_OVERFLOW ? (u32)FFLAG_OF : 0) |
	       (raised & FE_DIVBYZERO ? (u32)FFLAG_DZ : 0) |
	       (raised & FE_INVALID ? (u32)FFLAG_NV : 0);
}

/* `volatile` keeps the compiler from computing before the flags are cleared. */
#define HOST_TYPE(f, type, uint, nan)                                                              \
	static type f##_from_bits(u64 bits)                                                        \
	{                                                                                          \
		uint narrow = (uint)bits;                                                          \
		type v;                                                                            \
                                                                                                   \
		memcpy(&v, &narrow, sizeof(v));                                                    \
		return v;                                                                          \
	}                                                                                          \
	static u64 f##_to_bits(type v)                                                             \
	{                                                                                          \
		uint bits;                                                                         \
                                                                                                   \
		memcpy(&bits, &v, sizeof(v));                                                      \
		return isnan(v) ? nan : bits;                                                      \
	}                                                                                          \
	static struct outcome host_##f(const char *name, const u64 *in)                            \
	{                                                                                          \
		volatile type x = f##_from_bits(in[0]);                                            \
		volatile type y = f##_from_bits(in[1]);                                            \
		volatile type z = f##_from_bits(in[2]);                                            \
		volatile type r = 0;                                                               \
                                                                                                   \
		feclearexcept(FE_ALL_EXCEPT);                                                      \
		if (!strcmp(name, "@_add"))                                                        \
			r = x + y;                                                                 \
		else if (!strcmp(name, "@_sub"))                                                   \
			r = x - y;                                                                 \
		else if (!strcmp(name, "@_mul"))                                                   \
			r = x * y;                                                                 \
		else if (!strcmp(name, "@_div"))                                                   \
			r = x / y;                                                                 \
		else if (!strcmp(name, "@_sqrt"))                                                  \
			r = HOST_##f(sqrt)(x);                                                     \
		else if (!strcmp(name, "@_mulAdd"))                                                \
			r = HOST_##f(fma)(x, y, z);                                                \
		else if (!strcmp(name, "i32_to_@"))                                                \
			r = (type)(i32)(u32)in[0];                                                 \
		else if (!strcmp(name, "ui32_to_@"))                                               \
			r = (type)(u32)in[0];                                                      \
		else if (!strcmp(name, "i64_to_@"))                                                \
			r = (type)(i64)in[0];                                                      \
		else                                                                               \
			fail_msg("%s", name);                                                      \
		return (struct outcome){ f##_to_bits(r), host_flags() };                           \
	}

#define HOST_f32(fn) fn##f
#define HOST_f64(fn) fn
HOST_TYPE(f32, float, u32, F32_NAN)
HOST_TYPE(f64, double, u64, F64_NAN)

/* RISC-V and x86 look after rounding, others before: there this product is tiny
 * although it becomes the smallest normal number. */
static bool host_underflow_is_ours(void)
{
	const u64 in[3] = { 0x3ff0000000000001, 0x000fffffffffffff };

	fesetround(FE_TONEAREST);
	return !(host_f64("@_mul", in).flags & FFLAG_UF);
}

static struct outcome on_host(const struct fp_format *f, const char *name, const u64 *in)
{
	struct outcome o = f == &f32 ? host_f32(name, in) : host_f64(name, in);

	/* Trap 62: inf * 0 + quiet NaN raises NV on RISC-V and not on x86. */
	if (!strcmp(name, "@_mulAdd"))
		o.flags |= on_host(f, "@_mul", in).flags & FFLAG_NV;
	return o;
}

static void compare_with_host(const char *name)
{
	u32 known = host_underflow_is_ours() ? 0x1f : 0x1f & ~(u32)FFLAG_UF;
	struct outcome got, want;
	u64 in[3];

	for (size_t i = 1; i < ARRAY_LEN(formats); i++) {
		const struct fp_op *op = op_of(formats[i], name);

		for (u32 n = 0; n < HOST_ROUNDS; n++) {
			u32 rm = n % ARRAY_LEN(host_modes);

			some_operands(formats[i], in);
			fesetround(host_modes[rm]);
			want = on_host(formats[i], name, in);
			got = run(op, in, rm);
			want.flags &= known;
			got.flags &= known;
			expect_same(op->name, rm, in, got, want);
		}
	}
	fesetround(FE_TONEAREST);
}

static void arithmetic_is_that_of_the_host(void **state)
{
	static const char *const names[] = { "@_add",    "@_sub",     "@_mul",
					     "@_div",    "@_sqrt",    "@_mulAdd",
					     "i32_to_@", "ui32_to_@", "i64_to_@" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		compare_with_host(names[i]);
	(void)state;
}

static struct outcome host_narrowed(u64 a)
{
	volatile double x = f64_from_bits(a);
	volatile float r;

	feclearexcept(FE_ALL_EXCEPT);
	r = (float)x;
	return (struct outcome){ f32_to_bits(r), host_flags() };
}

static struct outcome host_widened(u64 a)
{
	volatile float x = f32_from_bits(a);
	volatile double r;

	feclearexcept(FE_ALL_EXCEPT);
	r = x;
	return (struct outcome){ f64_to_bits(r), host_flags() };
}

static void single_and_double_convert_as_on_the_host(void **state)
{
	u32 known = host_underflow_is_ours() ? 0x1f : 0x1f & ~(u32)FFLAG_UF;
	struct outcome got, want;
	u64 in[3] = { 0 };

	for (u32 n = 0; n < HOST_ROUNDS; n++) {
		u32 rm = n % ARRAY_LEN(host_modes);

		/* Half of them near the ends of single precision. */
		in[0] = dice(2) ? a_value(&f64)
				: a_neighbor(&f64, f32_to_f64(a_value(&f32), &got.flags));
		fesetround(host_modes[rm]);
		want = host_narrowed(in[0]);
		got = run(fp_find("f64_to_f32"), in, rm);
		want.flags &= known;
		got.flags &= known;
		expect_same("f64_to_f32", rm, in, got, want);

		in[0] = a_value(&f32);
		expect_same("f32_to_f64", rm, in, run(fp_find("f32_to_f64"), in, rm),
			    host_widened(in[0]));
	}
	fesetround(FE_TONEAREST);
	(void)state;
}

/* -- Against exact arithmetic ------------------------------------------------- */

enum { EXACT_ROUNDS = 8000 };

/* The sign of a sum of two numbers that is zero (IEEE 754-2019, section 6.3). */
static struct exact sum(struct exact x, struct exact y, u32 rm)
{
	struct exact v = exact_add(x, y);

	if (exact_top(&v) < 0)
		v.sign = x.sign == y.sign ? x.sign : rm == FRM_RDN;
	return v;
}

static struct exact exact_result(const struct fp_format *f, const char *name, const u64 *in, u32 rm)
{
	struct exact y = exact_of(f, in[1]);

	if (!strcmp(name, "@_add"))
		return sum(exact_of(f, in[0]), y, rm);
	if (!strcmp(name, "@_mul"))
		return exact_mul(f, in[0], in[1]);
	if (!strcmp(name, "@_div"))
		return exact_div(f, in[0], in[1]);
	if (!strcmp(name, "@_sqrt"))
		return exact_sqrt(f, in[0]);
	if (!strcmp(name, "@_mulAdd"))
		return sum(exact_mul(f, in[0], in[1]), exact_of(f, in[2]), rm);
	assert_string_equal(name, "@_sub");
	y.sign = !y.sign;
	return sum(exact_of(f, in[0]), y, rm);
}

static void compare_with_exact(const struct fp_format *f, const char *name)
{
	const u64 sign = (u64)1 << (f->width - 1);
	const struct fp_op *op = op_of(f, name);
	u64 in[3];

	for (u32 n = 0; n < EXACT_ROUNDS; n++) {
		finite_operands(f, in);
		if (!strcmp(name, "@_sqrt"))
			in[0] &= ~sign;
		else if (!strcmp(name, "@_div") && !(in[1] & ~sign))
			continue;
		for (u32 rm = FRM_RNE; rm <= FRM_RMM; rm++) {
			struct exact v = exact_result(f, name, in, rm);
			struct outcome want = { 0 };

			want.bits = exact_round(f, &v, rm, &want.flags);
			expect_same(op->name, rm, in, run(op, in, rm), want);
		}
	}
}

static void arithmetic_is_exact_and_rounded_once(void **state)
{
	static const char *const names[] = { "@_add", "@_sub",  "@_mul",
					     "@_div", "@_sqrt", "@_mulAdd" };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			compare_with_exact(formats[i], names[k]);
	}
	(void)state;
}

static void formats_convert_exactly_and_round_once(void **state)
{
	static const struct {
		const char *name;
		const struct fp_format *from, *to;
	} rows[] = {
		{ "f16_to_f32", &f16, &f32 }, { "f16_to_f64", &f16, &f64 },
		{ "f32_to_f64", &f32, &f64 }, { "f32_to_f16", &f32, &f16 },
		{ "f64_to_f16", &f64, &f16 }, { "f64_to_f32", &f64, &f32 },
	};
	u64 in[3];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (u32 n = 0; n < EXACT_ROUNDS; n++) {
			struct exact v;
			struct outcome want = { 0 };
			u32 rm = n % 5;

			finite_operands(rows[i].from, in);
			v = exact_of(rows[i].from, in[0]);
			want.bits = exact_round(rows[i].to, &v, rm, &want.flags);
			expect_same(rows[i].name, rm, in, run(fp_find(rows[i].name), in, rm), want);
		}
	}
	(void)state;
}

static const struct {
	const char *to, *from;
	i128 lowest, highest;
} integers[] = {
	{ "@_to_i32", "i32_to_@", INT32_MIN, INT32_MAX },
	{ "@_to_ui32", "ui32_to_@", 0, UINT32_MAX },
	{ "@_to_i64", "i64_to_@", INT64_MIN, INT64_MAX },
	{ "@_to_ui64", "ui64_to_@", 0, UINT64_MAX },
};

/* Results of 32 bits, signed and unsigned, are sign-extended. */
static u64 as_register(u64 v, i128 highest)
{
	return highest > UINT32_MAX ? v : (u64)(i64)(i32)(u32)v;
}

static void to_integer(const struct fp_format *f, size_t row, u32 rm)
{
	const struct fp_op *op = op_of(f, integers[row].to);
	struct outcome want = { 0 };
	struct exact v;
	u64 in[3];

	finite_operands(f, in);
	v = exact_of(f, in[0]);
	want.bits = exact_to_int(&v, integers[row].lowest, integers[row].highest, rm, &want.flags);
	want.bits = as_register(want.bits, integers[row].highest);
	expect_same(op->name, rm, in, run(op, in, rm), want);
}

static void from_integer(const struct fp_format *f, size_t row, u32 rm)
{
	const struct fp_op *op = op_of(f, integers[row].from);
	u64 in[3] = { dice(2) ? a_fraction(64) | dice(2) << 63 : any_bits() >> dice(64) };
	i128 value = integers[row].lowest ? (i64)in[0] : (i128)in[0];
	struct outcome want = { 0 };
	struct exact v;

	if (integers[row].highest <= UINT32_MAX)
		value = integers[row].lowest ? (i32)(u32)in[0] : (i128)(u32)in[0];
	v = exact_make(value < 0, (u128)(value < 0 ? -value : value), 0);
	want.bits = exact_round(f, &v, rm, &want.flags);
	expect_same(op->name, rm, in, run(op, in, rm), want);
}

static void integers_convert_exactly_and_round_once(void **state)
{
	for (u32 n = 0; n < EXACT_ROUNDS; n++) {
		for (size_t row = 0; row < ARRAY_LEN(integers); row++) {
			for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
				to_integer(formats[i], row, n % 5);
				from_integer(formats[i], row, n % 5);
			}
		}
	}
	(void)state;
}

static void rounding_to_an_integer_is_exact_in_all_modes(void **state)
{
	u64 in[3];
	bool inexact;

	for (u32 n = 0; n < EXACT_ROUNDS; n++) {
		for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
			struct outcome want = { 0 };
			u32 rm = n % 5;
			struct exact v;

			finite_operands(formats[i], in);
			v = exact_of(formats[i], in[0]);
			if (exact_top(&v) > EXACT_ONE + 62)
				continue;
			v = exact_make(v.sign, exact_count(&v, EXACT_ONE, rm, &inexact), 0);
			want.bits = exact_round(formats[i], &v, rm, &want.flags);
			want.flags = inexact ? FFLAG_NX : 0;
			expect_same("roundnx", rm, in,
				    run(op_of(formats[i], "@_roundToInt"), in, rm), want);
		}
	}
	(void)state;
}

static void every_half_survives_the_way_to_double_and_back(void **state)
{
	for (u64 h = 0; h <= 0xffff; h++) {
		u32 flags = 0;
		u64 s = f16_to_f32(h, &flags), d = f16_to_f64(h, &flags);
		bool nan = (h & 0x7fff) > 0x7c00;

		assert_int_equal(flags, nan && !(h & 0x0200) ? FFLAG_NV : 0);
		flags = 0;
		assert_int_equal(f32_to_f64(s, &flags), d);
		assert_int_equal(f32_to_f16(s, FRM_RNE, &flags), nan ? F16_NAN : h);
		assert_int_equal(f64_to_f16(d, FRM_RUP, &flags), nan ? F16_NAN : h);
		assert_int_equal(flags, 0);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_is_that_of_the_host),
		cmocka_unit_test(single_and_double_convert_as_on_the_host),
		cmocka_unit_test(arithmetic_is_exact_and_rounded_once),
		cmocka_unit_test(formats_convert_exactly_and_round_once),
		cmocka_unit_test(integers_convert_exactly_and_round_once),
		cmocka_unit_test(rounding_to_an_integer_is_exact_in_all_modes),
		cmocka_unit_test(every_half_survives_the_way_to_double_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
