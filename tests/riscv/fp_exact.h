/* fp_exact.h - floating point done exactly and rounded once, slowly and plainly.
 *
 * A number is an integer of 4608 bits in units of 2^-2240: wide enough for the sum
 * of any number and any product of two.  Nothing here is shared with softfloat.
 */
#ifndef FP_EXACT_H
#define FP_EXACT_H

#include "softfloat.h"

struct fp_format {
	u32 width, frac;
	i32 bias;
};

static const struct fp_format f16 = { 16, 10, 15 };
static const struct fp_format f32 = { 32, 23, 127 };
static const struct fp_format f64 = { 64, 52, 1023 };

enum { EXACT_WORDS = 144, EXACT_ONE = 2240 /* the bit that is worth 1 */ };

struct exact {
	bool sign;
	bool more; /* there is something below the last bit: quotients and roots */
	u32 word[EXACT_WORDS];
};

static inline bool exact_bit(const struct exact *v, i32 i)
{
	return i >= 0 && v->word[i / 32] >> (i % 32) & 1;
}

/* The number of the highest bit, -1 for zero. */
static inline i32 exact_top(const struct exact *v)
{
	i32 i = EXACT_WORDS * 32 - 1;

	while (i >= 0 && !v->word[i / 32])
		i -= 32;
	while (i >= 0 && !exact_bit(v, i))
		i--;
	return i;
}

static inline bool exact_any_below(const struct exact *v, i32 bit)
{
	i32 i = 0;

	for (; i + 32 <= bit; i += 32) {
		if (v->word[i / 32])
			return true;
	}
	for (; i < bit; i++) {
		if (exact_bit(v, i))
			return true;
	}
	return v->more;
}

/* n * 2^exp */
static inline struct exact exact_make(bool sign, u128 n, i32 exp)
{
	struct exact v = { .sign = sign };

	for (i32 i = exp + EXACT_ONE; n; i++, n >>= 1)
		v.word[i / 32] |= (u32)(n & 1) << (i % 32);
	return v;
}

static inline i32 exact_compare(const struct exact *a, const struct exact *b)
{
	for (i32 i = EXACT_WORDS - 1; i >= 0; i--) {
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	}
	return 0;
}

/* A sum of zero is positive; who adds floating-point numbers knows better. */
static inline struct exact exact_add(struct exact a, struct exact b)
{
	bool subtract = a.sign != b.sign;
	struct exact swap = a;
	i64 carry = 0;

	if (exact_compare(&a, &b) < 0) {
		a = b;
		b = swap;
	}
	for (i32 i = 0; i < EXACT_WORDS; i++) {
		carry += (i64)a.word[i] + (subtract ? -(i64)b.word[i] : (i64)b.word[i]);
		a.word[i] = (u32)carry;
		carry >>= 32;
	}
	a.sign = a.sign && exact_top(&a) >= 0;
	return a;
}

/* -- Numbers of a format ------------------------------------------------------ */

/* (-1)^sign * n * 2^exp */
struct parts {
	bool sign;
	u64 n;
	i32 exp;
};

static inline struct parts fp_parts(const struct fp_format *f, u64 bits)
{
	u64 fraction = bits & LOW_BITS(f->frac);
	i32 e = (i32)(bits >> f->frac & LOW_BITS(f->width - 1 - f->frac));
	struct parts p = {
		.sign = bits >> (f->width - 1) & 1,
		.n = e ? fraction | (u64)1 << f->frac : fraction,
		.exp = (e ? e : 1) - f->bias - (i32)f->frac,
	};

	return p;
}

static inline struct exact exact_of(const struct fp_format *f, u64 bits)
{
	struct parts p = fp_parts(f, bits);

	return exact_make(p.sign, p.n, p.exp);
}

static inline struct exact exact_mul(const struct fp_format *f, u64 a, u64 b)
{
	struct parts x = fp_parts(f, a), y = fp_parts(f, b);

	return exact_make(x.sign != y.sign, (u128)x.n * y.n, x.exp + y.exp);
}

/* By hand, digit after digit, until there are 64 of them. */
static inline struct exact exact_div(const struct fp_format *f, u64 a, u64 b)
{
	struct parts x = fp_parts(f, a), y = fp_parts(f, b);
	u128 quotient = x.n / y.n;
	u64 left = x.n % y.n;
	i32 exp = x.exp - y.exp;
	struct exact v;

	for (; left && quotient >> 64 == 0; exp--) {
		left *= 2;
		quotient = quotient << 1 | (left >= y.n);
		left -= left >= y.n ? y.n : 0;
	}
	v = exact_make(x.sign != y.sign, quotient, exp);
	v.more = left != 0;
	return v;
}

/* Bit by bit, the highest whose square still fits. */
static inline struct exact exact_sqrt(const struct fp_format *f, u64 a)
{
	struct parts x = fp_parts(f, a);
	u128 n = x.n, r = 0;
	struct exact v;

	while (n && (n >> 124 == 0 || (x.exp & 1))) {
		n <<= 1;
		x.exp--;
	}
	for (u32 bit = 64; bit-- > 0;) {
		u128 try = r | (u128)1 << bit;

		if (try * try <= n)
			r = try;
	}
	v = exact_make(false, r, x.exp / 2);
	v.more = r * r != n;
	return v;
}

/* -- Rounding: IEEE 754-2019, section 4.3, word for word ---------------------- */

/* How many times 2^ulp v is. */
static inline u64 exact_count(const struct exact *v, i32 ulp, u32 rm, bool *inexact)
{
	bool half = exact_bit(v, ulp - 1), rest = exact_any_below(v, ulp - 1);
	u64 n = 0;

	for (i32 i = exact_top(v); i >= ulp; i--)
		n = n << 1 | exact_bit(v, i);
	*inexact = half || rest;
	if (!*inexact)
		return n;
	switch (rm) {
	case FRM_RNE:
		return n + (half && (rest || n % 2));
	case FRM_RTZ:
		return n;
	case FRM_RDN:
		return n + v->sign;
	case FRM_RUP:
		return n + !v->sign;
	default:
		return n + half;
	}
}

static inline u64 exact_overflow(const struct fp_format *f, bool sign, u32 rm, u32 *flags)
{
	u64 inf = LOW_BITS(f->width - 1 - f->frac) << f->frac;
	bool finite = rm == FRM_RTZ || rm == (sign ? FRM_RUP : FRM_RDN);

	*flags |= FFLAG_OF | FFLAG_NX;
	return (u64)sign << (f->width - 1) | (finite ? inf - 1 : inf);
}

static inline u64 exact_round(const struct fp_format *f, const struct exact *v, u32 rm, u32 *flags)
{
	const u64 two = (u64)2 << f->frac;
	i32 lowest = EXACT_ONE + 1 - f->bias - (i32)f->frac; /* the smallest subnormal */
	i32 top = exact_top(v), free_ulp = top - (i32)f->frac, ulp = MAX(free_ulp, lowest);
	bool inexact, ignore, tiny;
	u64 n, e;

	if (top < 0)
		return (u64)v->sign << (f->width - 1);

	tiny = top + (exact_count(v, free_ulp, rm, &ignore) == two) < lowest + (i32)f->frac;
	n = exact_count(v, ulp, rm, &inexact);
	if (n == two) {
		n /= 2;
		ulp++;
	}
	e = n < two / 2 ? 0 : (u64)(ulp - lowest + 1);
	if (e >= LOW_BITS(f->width - 1 - f->frac))
		return exact_overflow(f, v->sign, rm, flags);
	if (inexact)
		*flags |= tiny ? FFLAG_NX | FFLAG_UF : FFLAG_NX;
	return (u64)v->sign << (f->width - 1) | e << f->frac | (n & (two / 2 - 1));
}

/* To an integer in lowest..highest, or the nearer of them and NV. */
static inline u64 exact_to_int(const struct exact *v, i128 lowest, i128 highest, u32 rm, u32 *flags)
{
	bool huge = exact_top(v) >= EXACT_ONE + 64, inexact;
	u64 n = huge ? 0 : exact_count(v, EXACT_ONE, rm, &inexact);
	i128 value = v->sign ? -(i128)n : (i128)n;

	if (huge || value < lowest || value > highest) {
		*flags |= FFLAG_NV;
		return (u64)(v->sign ? lowest : highest);
	}
	*flags |= inexact ? FFLAG_NX : 0;
	return (u64)value;
}

#endif
