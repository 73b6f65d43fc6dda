/* fp_ops.h - every rounded operation of softfloat.h by name, for tests.
 *
 * Names are those that vector generators print: f64_mulAdd, ui32_to_f16.
 */
#ifndef FP_OPS_H
#define FP_OPS_H

#include "softfloat.h"

/* One of the functions is not NULL. */
struct fp_op {
	const char *name;
	u64 (*one)(u64 a, u32 rm, u32 *flags);
	u64 (*two)(u64 a, u64 b, u32 rm, u32 *flags);
	u64 (*three)(u64 a, u64 b, u64 c, u32 rm, u32 *flags);
	bool (*compare)(u64 a, u64 b, u32 *flags);
	u64 (*widen)(u64 a, u32 *flags);
};

/* clang-format off */
#define FP_OPS(f)                                      \
	{ #f "_add",        .two = f##_add },          \
	{ #f "_sub",        .two = f##_sub },          \
	{ #f "_mul",        .two = f##_mul },          \
	{ #f "_div",        .two = f##_div },          \
	{ #f "_mulAdd",     .three = f##_fma },        \
	{ #f "_sqrt",       .one = f##_sqrt },         \
	{ #f "_roundToInt", .one = f##_roundnx },      \
	{ #f "_to_i32",     .one = f##_to_i32 },       \
	{ #f "_to_ui32",    .one = f##_to_u32 },       \
	{ #f "_to_i64",     .one = f##_to_i64 },       \
	{ #f "_to_ui64",    .one = f##_to_u64 },       \
	{ "i32_to_" #f,     .one = f##_from_i32 },     \
	{ "ui32_to_" #f,    .one = f##_from_u32 },     \
	{ "i64_to_" #f,     .one = f##_from_i64 },     \
	{ "ui64_to_" #f,    .one = f##_from_u64 },     \
	{ #f "_eq",         .compare = f##_eq },       \
	{ #f "_lt",         .compare = f##_lt },       \
	{ #f "_le",         .compare = f##_le },       \
	{ #f "_lt_quiet",   .compare = f##_ltq },      \
	{ #f "_le_quiet",   .compare = f##_leq }

static const struct fp_op fp_ops[] = {
	FP_OPS(f16),
	FP_OPS(f32),
	FP_OPS(f64),
	{ "f16_to_f32", .widen = f16_to_f32 },
	{ "f16_to_f64", .widen = f16_to_f64 },
	{ "f32_to_f64", .widen = f32_to_f64 },
	{ "f32_to_f16", .one = f32_to_f16 },
	{ "f64_to_f16", .one = f64_to_f16 },
	{ "f64_to_f32", .one = f64_to_f32 },
};
/* clang-format on */

static const char *const fp_modes[] = { "rne", "rtz", "rdn", "rup", "rmm" };

static inline const struct fp_op *fp_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fp_ops); i++) {
		if (!strcmp(fp_ops[i].name, name))
			return &fp_ops[i];
	}
	return NULL;
}

static inline u32 fp_operands(const struct fp_op *op)
{
	return op->three ? 3 : op->two || op->compare ? 2 : 1;
}

static inline u64 fp_apply(const struct fp_op *op, const u64 *in, u32 rm, u32 *flags)
{
	if (op->one)
		return op->one(in[0], rm, flags);
	if (op->two)
		return op->two(in[0], in[1], rm, flags);
	if (op->three)
		return op->three(in[0], in[1], in[2], rm, flags);
	if (op->compare)
		return op->compare(in[0], in[1], flags);
	return op->widen(in[0], flags);
}

#endif
