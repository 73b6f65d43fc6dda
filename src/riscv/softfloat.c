/* softfloat.c - add, multiply, divide, square root
 *
 * Spec: IEEE 754-2019, sections 4.3, 5.4.1, 6 and 7; RISC-V unprivileged manual,
 * "F" and "D" Extensions.
 *
 * unpack, operate on normalized significands, round_pack: each operation has a
 * plain case, all operands finite and not zero, and an _odd one for the others.
 */
#include "softfloat_core.h"

NOINLINE u64 f16_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags)
{
	return round_pack_odd(F16, (struct num){ sig, exp, sign, FINITE }, rm, flags);
}

NOINLINE u64 f32_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags)
{
	return round_pack_odd(F32, (struct num){ sig, exp, sign, FINITE }, rm, flags);
}

NOINLINE u64 f64_round_pack_odd(bool sign, i32 exp, u64 sig, u32 rm, u32 *flags)
{
	return round_pack_odd(F64, (struct num){ sig, exp, sign, FINITE }, rm, flags);
}

/* -- Addition ---------------------------------------------------------------- */

/* A sum that is exactly zero (IEEE 754-2019, section 6.3). */
static ALWAYS_INLINE u64 zero_sum(enum format f, bool xsign, bool ysign, u32 rm)
{
	return zero_bits(f, xsign == ysign ? xsign : rm == FRM_RDN);
}

/* The magnitude of x is not below that of y, and NaNs are above all. */
static ALWAYS_INLINE u64 add_odd(enum format f, struct num x, struct num y, u32 rm, u32 *flags)
{
	if (x.kind >= QUIET_NAN)
		return nan_result(f, MAX(x.kind, y.kind), flags);
	if (x.kind == INF)
		return y.kind == INF && x.sign != y.sign ? invalid(f, flags) : inf_bits(f, x.sign);
	if (x.kind == ZERO)
		return zero_sum(f, x.sign, y.sign, rm);
	return round_pack(f, x, rm, flags); /* y is zero */
}

static ALWAYS_INLINE u64 add(enum format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	bool ordered = magnitude(f, a) >= magnitude(f, b);
	struct num x = unpack(f, ordered ? a : b);
	struct num y = unpack(f, ordered ? b : a);
	u64 big, small, sum;

	if (UNLIKELY(x.kind | y.kind))
		return add_odd(f, x, y, rm, flags);

	big = x.sig >> 1; /* room for the carry; unpacked significands end in zeroes */
	small = shift_right_jam(y.sig, x.exp - y.exp + 1);
	sum = x.sign == y.sign ? big + small : big - small;
	if (UNLIKELY(!sum))
		return zero_sum(f, x.sign, y.sign, rm);
	return round_pack(f, normalized(x.sign, x.exp - 61, sum), rm, flags);
}

static ALWAYS_INLINE u64 sub(enum format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	return add(f, a, b ^ zero_bits(f, true), rm, flags);
}

/* -- Multiplication ---------------------------------------------------------- */

static ALWAYS_INLINE struct num product(struct num x, struct num y)
{
	u128 p = (u128)x.sig * y.sig; /* in [2^124, 2^126) */
	u64 sig = (u64)(p >> 62) | ((p & LOW_BITS(62)) != 0);
	u32 carry = (u32)(sig >> 63);

	return (struct num){
		.sig = sig >> carry | (sig & carry),
		.exp = x.exp + y.exp + (i32)carry,
		.sign = x.sign != y.sign,
	};
}

static ALWAYS_INLINE u64 mul_odd(enum format f, struct num x, struct num y, u32 *flags)
{
	u32 worst = MAX(x.kind, y.kind);
	bool sign = x.sign != y.sign;

	if (worst >= QUIET_NAN)
		return nan_result(f, worst, flags);
	if (worst == ZERO)
		return zero_bits(f, sign);
	return x.kind == ZERO || y.kind == ZERO ? invalid(f, flags) : inf_bits(f, sign);
}

static ALWAYS_INLINE u64 mul(enum format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	struct num x = unpack(f, a), y = unpack(f, b);

	if (UNLIKELY(x.kind | y.kind))
		return mul_odd(f, x, y, flags);
	return round_pack(f, product(x, y), rm, flags);
}

/* -- Fused multiply and add -------------------------------------------------- */

static ALWAYS_INLINE u64 fma_odd(enum format f, struct num x, struct num y, struct num z, u32 rm,
				 u32 *flags)
{
	u32 factor = MAX(x.kind, y.kind), worst = MAX(factor, z.kind);
	bool sign = x.sign != y.sign;
	bool zero = x.kind == ZERO || y.kind == ZERO;

	/* inf * 0 + NaN raises NV although IEEE leaves it open ("F" Extension, section
	 * Single-Precision Floating-Point Computational Instructions). */
	if (zero && factor == INF)
		return invalid(f, flags);
	if (worst >= QUIET_NAN)
		return nan_result(f, worst, flags);
	if (factor == INF)
		return z.kind == INF && z.sign != sign ? invalid(f, flags) : inf_bits(f, sign);
	if (z.kind == INF)
		return inf_bits(f, z.sign);
	if (!zero)
		return round_pack(f, product(x, y), rm, flags); /* z is zero */
	if (z.kind == ZERO)
		return zero_sum(f, sign, z.sign, rm);
	return round_pack(f, z, rm, flags);
}

/* All bits of the product take part: 126 of 128, so the sum has room for a carry.
 * The low 20 bits of both addends are zero; jamming meets only the smaller one. */
static ALWAYS_INLINE u64 fma_plain(enum format f, struct num x, struct num y, struct num z, u32 rm,
				   u32 *flags)
{
	u128 p = (u128)x.sig * y.sig, c = (u128)z.sig << 62, sum;
	i32 exp = x.exp + y.exp, ahead = exp - z.exp;
	bool sign = x.sign != y.sign, flip;
	u64 high;
	u32 zeros;

	if (ahead >= 0) {
		c = shift_right_jam_128(c, ahead);
	} else {
		p = shift_right_jam_128(p, -ahead);
		exp = z.exp;
	}
	flip = sign != z.sign && p < c;
	sum = sign == z.sign ? p + c : flip ? c - p : p - c;
	if (UNLIKELY(!sum))
		return zero_sum(f, sign, z.sign, rm);

	zeros = sum >> 64 ? leading_zeros((u64)(sum >> 64)) : 64 + leading_zeros((u64)sum);
	sum <<= zeros - 1;
	high = (u64)(sum >> 64) | ((u64)sum != 0);
	return round_pack(f, (struct num){ high, exp + 3 - (i32)zeros, sign != flip, FINITE }, rm,
			  flags);
}

static ALWAYS_INLINE u64 multiply_add(enum format f, u64 a, u64 b, u64 c, u32 rm, u32 *flags)
{
	struct num x = unpack(f, a), y = unpack(f, b), z = unpack(f, c);

	if (UNLIKELY(x.kind | y.kind | z.kind))
		return fma_odd(f, x, y, z, rm, flags);
	return fma_plain(f, x, y, z, rm, flags);
}

/* -- Division ---------------------------------------------------------------- */

/* n / d in [1, 2), with its leading one in bit 62.  Formats other than F64 are
 * narrow enough for a quotient of 64-bit numbers. */
static ALWAYS_INLINE u64 quotient(enum format f, u64 n, u64 d)
{
	const u32 cut = 62 - frac_bits(f);
	u64 q;

	if (f == F64) {
		q = (u64)(((u128)n << 62) / d);
		return q | ((n << 62) - q * d != 0);
	}
	d >>= cut;
	q = n / d;
	return q << frac_bits(f) | (n - q * d != 0);
}

static ALWAYS_INLINE u64 div_odd(enum format f, struct num x, struct num y, u32 *flags)
{
	u32 worst = MAX(x.kind, y.kind);
	bool sign = x.sign != y.sign;

	if (worst >= QUIET_NAN)
		return nan_result(f, worst, flags);
	if (x.kind == y.kind)
		return invalid(f, flags); /* 0 / 0 or inf / inf */
	if (x.kind == ZERO || y.kind == INF)
		return zero_bits(f, sign);
	if (x.kind != INF)
		*flags |= FFLAG_DZ;
	return inf_bits(f, sign);
}

static ALWAYS_INLINE u64 divide(enum format f, u64 a, u64 b, u32 rm, u32 *flags)
{
	struct num x = unpack(f, a), y = unpack(f, b), q;
	u32 less;

	if (UNLIKELY(x.kind | y.kind))
		return div_odd(f, x, y, flags);

	less = x.sig < y.sig;
	q.sig = quotient(f, x.sig << less, y.sig);
	q.exp = x.exp - y.exp - (i32)less;
	q.sign = x.sign != y.sign;
	return round_pack(f, q, rm, flags);
}

/* -- Square root ------------------------------------------------------------- */

/*
 * The root of n, rounded down, and what is left of n.  n is in [2^62, 2^64).
 *
 * A parabola gives ten bits (the two rows are a + b*x - c*x*x in units of 2^-31, for
 * roots of x and of 2*x, x in [1, 2)); each step of Heron's doubles them.  From any
 * start the steps end at the root or above, by less than one: hence the last line.
 */
static ALWAYS_INLINE u64 root32(u64 n, u64 *left)
{
	static const u64 parabola[2][3] = {
		{ 0x3967f244, 0x4fa926b2, 0x08f2536a },
		{ 0x512f34e6, 0x70a8455d, 0x0ca70287 },
	};
	u32 twice = (u32)(n >> 63);
	const u64 *p = parabola[twice];
	u64 x = n >> (32 + twice); /* units of 2^-30 */
	u64 root = p[0] + ((p[1] - (p[2] * x >> 30)) * x >> 30);

	root = (root + n / root) >> 1;
	root = (root + n / root) >> 1;
	root -= (i64)(n - root * root) < 0;
	*left = n - root * root;
	return root;
}

/*
 * The root of n * 2^62, with its leading one in bit 62.
 *
 * F64 needs more than the 32 bits of root32.  By hand one would go on with single
 * digits: from n = s^2 + r, r <= 2s, and B = 2^24, the next digit in base B is
 * t = rB / 2s, or one less if its square does not fit into what is left.
 */
static ALWAYS_INLINE u64 root(enum format f, u64 n)
{
	u64 r, s = root32(n, &r), t, low;
	i64 left;

	if (f != F64)
		return s << 31 | (r != 0);

	t = (r << 24) / (2 * s);
	low = (r << 24) - t * 2 * s;
	left = (i64)(low << 24) - (i64)(t * t);
	return ((s << 24) + t - (left < 0)) << 7 | (left != 0);
}

static ALWAYS_INLINE u64 sqrt_odd(enum format f, struct num x, u32 *flags)
{
	if (x.kind >= QUIET_NAN)
		return nan_result(f, x.kind, flags);
	if (x.kind == ZERO)
		return zero_bits(f, x.sign);
	return x.sign ? invalid(f, flags) : inf_bits(f, false);
}

static ALWAYS_INLINE u64 square_root(enum format f, u64 a, u32 rm, u32 *flags)
{
	struct num x = unpack(f, a);
	u32 odd = (u32)x.exp & 1;

	if (UNLIKELY(x.kind || x.sign))
		return x.kind ? sqrt_odd(f, x, flags) : invalid(f, flags);

	x.sig = root(f, x.sig << odd);
	x.exp = (x.exp - (i32)odd) / 2;
	return round_pack(f, x, rm, flags);
}

/* -- One of each for every format -------------------------------------------- */

/* clang-format off */
#define ARITHMETIC(f, format)                                       \
u64 f##_add(u64 a, u64 b, u32 rm, u32 *flags)                       \
{                                                                   \
	return add(format, a, b, rm, flags);                        \
}                                                                   \
u64 f##_sub(u64 a, u64 b, u32 rm, u32 *flags)                       \
{                                                                   \
	return sub(format, a, b, rm, flags);                        \
}                                                                   \
u64 f##_mul(u64 a, u64 b, u32 rm, u32 *flags)                       \
{                                                                   \
	return mul(format, a, b, rm, flags);                        \
}                                                                   \
u64 f##_div(u64 a, u64 b, u32 rm, u32 *flags)                       \
{                                                                   \
	return divide(format, a, b, rm, flags);                     \
}                                                                   \
u64 f##_sqrt(u64 a, u32 rm, u32 *flags)                             \
{                                                                   \
	return square_root(format, a, rm, flags);                   \
}                                                                   \
u64 f##_fma(u64 a, u64 b, u64 c, u32 rm, u32 *flags)                \
{                                                                   \
	return multiply_add(format, a, b, c, rm, flags);            \
}

ARITHMETIC(f16, F16)
ARITHMETIC(f32, F32)
ARITHMETIC(f64, F64)
