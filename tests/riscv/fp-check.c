/* fp-check.c - runs vectors from stdin through softfloat, or through an engine
 *
 *	fp-check f64_mulAdd rne
 *	fp-check --engine jit f64_add rne
 *
 * A line is the operands, the result and the flags, in hexadecimal, in the order
 * of fflags.  An integer of 32 bits is compared in the width that it is printed in.
 * An engine runs a guest's loop, once with the mode in the instruction and once in frm.
 */
#include "fp_loop.h"
#include "fp_ops.h"

#include <inttypes.h>

enum { SHOWN = 10 };

static u64 vectors, mismatches;

struct vector {
	char line[128];
	u64 value[5];
	u32 bits[5];
};

static void mismatch(const struct vector *v, u64 got, u32 flags)
{
	if (++mismatches > SHOWN)
		return;
	fprintf(stderr, "got %" PRIx64 " %02x\nat  %s", got, flags, v->line);
}

static bool find_mode(const char *name, u32 *rm)
{
	for (*rm = 0; *rm < ARRAY_LEN(fp_modes); ++*rm) {
		if (!strcmp(fp_modes[*rm], name))
			return true;
	}
	return false;
}

/* Fields with their widths in bits; how many there were. */
static u32 parse(struct vector *v)
{
	const char *at = v->line;
	u32 n = 0;
	char *end;

	while (n < ARRAY_LEN(v->value)) {
		v->value[n] = strtoull(at, &end, 16);
		if (end == at)
			break;
		at += strspn(at, " ");
		v->bits[n++] = 4 * (u32)(end - at);
		at = end;
	}
	return n;
}

static void judge(const struct fp_op *op, const struct vector *v, u64 got, u32 flags)
{
	u32 operands = fp_operands(op);

	got &= LOW_BITS(v->bits[operands]);
	if (got != v->value[operands] || flags != v->value[operands + 1])
		mismatch(v, got, flags);
}

static void through_softfloat(const struct fp_op *op, u32 rm)
{
	struct vector v;

	while (fgets(v.line, sizeof(v.line), stdin)) {
		u32 flags = 0;
		u64 got;

		vectors++;
		if (parse(&v) != fp_operands(op) + 2) {
			mismatch(&v, 0, 0);
			continue;
		}
		got = fp_apply(op, v.value, rm, &flags);
		judge(op, &v, got, flags);
	}
}

/* -- An engine --------------------------------------------------------------------------- */

/* "f64", "ui32": the letters of the instruction's name, and what the value is of. */
static const struct type {
	const char *name, *letters;
	bool integer;
	u64 box;
} types[] = {
	{ "f16", "h", false, ~LOW_BITS(16) },
	{ "f32", "s", false, ~LOW_BITS(32) },
	{ "f64", "d", false, 0 },
	{ "i32", "w", true, 0 },
	{ "ui32", "wu", true, 0 },
	{ "i64", "l", true, 0 },
	{ "ui64", "lu", true, 0 },
};

static const struct type *type_of(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i].name) == n && !strncmp(types[i].name, name, n))
			return &types[i];
	return NULL;
}

/* f64_mulAdd is fmadd_d, i32_to_f32 is fcvt_s_w. */
static void instruction_of(const char *op, const struct type **from, const struct type **to,
			   char *out, size_t cap)
{
	static const char *const names[][2] = {
		{ "mulAdd", "madd" },
		{ "roundToInt", "roundnx" },
		{ "lt_quiet", "ltq" },
		{ "le_quiet", "leq" },
	};
	size_t n = strcspn(op, "_");
	const char *what = op + n + 1;

	*from = *to = type_of(op, n);
	assert(*from);
	if (!strncmp(what, "to_", 3)) {
		*to = type_of(what + 3, strlen(what + 3));
		assert(*to);
		snprintf(out, cap, "fcvt_%s_%s", (*to)->letters, (*from)->letters);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(what, names[i][0]))
			what = names[i][1];
	snprintf(out, cap, "f%s_%s", what, (*from)->letters);
}

static void load(struct fp_case *c, const struct fp_op *op, const struct type *from,
		 const struct vector *v)
{
	u64 f[3] = { 0 };

	for (u32 i = 0; i < fp_operands(op); i++)
		f[i] = v->value[i] | from->box;
	*c = (struct fp_case){ .a = v->value[0], .fa = f[0], .fb = f[1], .fc = f[2] };
}

static void run_batch(struct rig *r, const struct fp_op *op, const struct type *from, bool integer,
		      const struct vector *v, u32 n)
{
	static struct fp_case cases[FP_CASES];

	for (u32 i = 0; i < n; i++)
		load(&cases[i], op, from, &v[i]);
	if (fp_run(r, cases, n) != -1)
		mismatches++;
	for (u32 i = 0; i < n; i++)
		judge(op, &v[i], integer ? cases[i].x : cases[i].f, (u32)cases[i].flags);
}

static void through_engine(const struct engine *engine, const struct fp_op *op, u32 rm)
{
	static const struct fp_registers registers = { 10, 11, 12, 13 };
	static struct vector v[FP_CASES];
	struct rig *r = exec_rig_on(ALL_ISA, engine);
	const struct type *from, *to;
	struct pattern row;
	char name[32];
	u32 n;

	instruction_of(op->name, &from, &to, name, sizeof(name));
	if (!fp_row(r->harts[0], name, &row)) {
		printf("no instruction %s; ", name);
		rig_free(r);
		return;
	}
	do {
		for (n = 0; n < FP_CASES && fgets(v[n].line, sizeof(v[n].line), stdin); n++)
			if (parse(&v[n]) != fp_operands(op) + 2)
				mismatch(&v[n], 0, 0);
		vectors += n;
		fp_loop(r, fp_word(&row, registers, rm), registers, 0, false);
		run_batch(r, op, from, op->compare || to->integer, v, n);
		if (!fp_has_mode(&row))
			continue;
		fp_loop(r, fp_word(&row, registers, 7), registers, rm, false);
		run_batch(r, op, from, op->compare || to->integer, v, n);
	} while (n == FP_CASES);
	rig_free(r);
}

int main(int argc, char **argv)
{
	bool named = argc == 5 && !strcmp(argv[1], "--engine");
	const struct engine *engine = named ? engine_find(argv[2]) : NULL;
	const char *const *words = (const char *const *)argv + (named ? 3 : 1);
	const struct fp_op *op = argc == 3 || engine ? fp_find(words[0]) : NULL;
	u32 rm;

	if (!op || !find_mode(words[1], &rm)) {
		fprintf(stderr, "usage: fp-check [--engine NAME] OPERATION rne|rtz|rdn|rup|rmm "
				"<VECTORS\n");
		return 2;
	}
	if (engine)
		through_engine(engine, op, rm);
	else
		through_softfloat(op, rm);
	printf("vectors %" PRIu64 ", mismatches %" PRIu64 "\n", vectors, mismatches);
	return mismatches || !vectors;
}
