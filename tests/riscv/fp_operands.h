/* fp_operands.h - numbers worth a try, and two engines to compare */
#ifndef FP_OPERANDS_H
#define FP_OPERANDS_H

#include "exec.h"

/* -- Operands ---------------------------------------------------------------------------- */

static inline u64 dice(u64 sides)
{
	static u64 s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return (s * 0x2545f4914f6cdd1d >> 8) % sides;
}

static inline u64 any_bits(void)
{
	return dice((u64)1 << 32) << 32 | dice((u64)1 << 32);
}

/* Zeros, the least and the largest of each kind, one, infinity, NaNs; what integers end at. */
static const u64 doubles[] = {
	0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000,
	0x0010000000000001, 0x3ff0000000000000, 0x3fefffffffffffff, 0x3fe0000000000000,
	0x3ff8000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
	0x7ff4000000000000, 0x7ff8000000000000, 0x7fffffffffffffff, 0x41dfffffffc00000,
	0x41dfffffffe00000, 0x41e0000000000000, 0x41e0000000100000, 0x41efffffffe00000,
	0x41effffffff00000, 0x41f0000000000000, 0x43dfffffffffffff, 0x43e0000000000000,
	0x43efffffffffffff, 0x43f0000000000000, 0x36a0000000000000, 0x3690000000000001,
	0x380fffffe0000000, 0x380fffffffffffff, 0x47efffffe0000000, 0x47efffffefffffff,
	0x47effffff0000000, 0x1ff0000000000000, 0x2000000000000001, 0x5fe0000000000000,
};
static const u32 floats[] = {
	0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x3f800000, 0x3f7fffff,
	0x3f000000, 0x3fc00000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa00000, 0x7fc00000,
	0x7fffffff, 0x4effffff, 0x4f000000, 0x4f000001, 0x4f7fffff, 0x4f800000, 0x5effffff,
	0x5f000000, 0x5f7fffff, 0x5f800000, 0x1f800000, 0x20000001, 0x5f000001, 0x00ffffff,
};

static inline u64 a_double(void)
{
	u64 sign = dice(2) << 63;

	switch (dice(4)) {
	case 0:
		return any_bits();
	case 1: /* near one, so that sums cancel */
		return sign | (0x3ff - 2 + dice(5)) << 52 | (any_bits() & LOW_BITS(52));
	default:
		return sign | doubles[dice(ARRAY_LEN(doubles))];
	}
}

static inline u64 a_float(void)
{
	u64 sign = dice(2) << 31;

	switch (dice(4)) {
	case 0:
		return dice((u64)1 << 32);
	case 1:
		return sign | (0x7f - 2 + dice(5)) << 23 | dice(1 << 23);
	default:
		return sign | floats[dice(ARRAY_LEN(floats))];
	}
}

/* Of a register: now and then of the other width, or a float that is not boxed well. */
static inline u64 an_operand(bool is_double)
{
	if (!dice(12))
		is_double = !is_double;
	if (is_double)
		return a_double();
	return a_float() | (dice(16) ? LOW_BITS(32) << 32 : dice((u64)1 << 32) << 32);
}

static inline u64 an_integer(void)
{
	static const u64 ends[] = { 0, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff };

	switch (dice(3)) {
	case 0:
		return ends[dice(ARRAY_LEN(ends))] + dice(5) - 2;
	case 1:
		return any_bits() >> dice(64);
	default:
		return any_bits();
	}
}

/* -- Both engines ---------------------------------------------------------------------------- */

struct pair {
	struct rig *interp, *jit;
};

static inline struct pair pair_new(void)
{
	const struct engine *jit = engine_find("jit");
	struct pair p = { 0 };

	if (!jit)
		skip();
	p.interp = exec_rig(ALL_ISA);
	p.jit = exec_rig_on(ALL_ISA, jit);
	return p;
}

static inline void pair_free(struct pair p)
{
	rig_free(p.interp);
	rig_free(p.jit);
}

/* OP-FP and the four of FMA, of formats S and D. */
static inline bool is_of_f_or_d(const struct pattern *p)
{
	u32 opcode = p->match & 0x7f;

	return (opcode == 0x53 || opcode == 0x43 || opcode == 0x47 || opcode == 0x4b ||
		opcode == 0x4f) &&
	       !(p->match >> 26 & 1);
}

#endif
