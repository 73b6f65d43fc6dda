/* test_jit_fp.c - floating point compiled, against the interpreter
 *
 * Each row of F and D, in each rounding mode, static and dynamic: the same operands through both
 * engines, and all that the loop could see must be the same.  What the interpreter does is
 * test_softfloat.c's subject.
 */
#include "fp_loop.h"
#include "fp_operands.h"

#include <inttypes.h>

#define ROUNDS (FP_CASES / 4)

enum { RMM = 4, DYNAMIC = 7 };

static void fill(struct fp_case *c, bool is_double)
{
	for (u32 i = 0; i < ROUNDS; i++)
		c[i] = (struct fp_case){
			.a = an_integer(),
			.b = an_integer(),
			.fa = an_operand(is_double),
			.fb = an_operand(is_double),
			.fc = an_operand(is_double),
		};
}

static void expect_same(const char *name, u32 word, u32 frm, const struct fp_case *in,
			const struct fp_case *want, const struct fp_case *got)
{
	if (!memcmp(want, got, sizeof(*want)))
		return;
	print_error("%s, %08x, frm %u: a %" PRIx64 " fa %" PRIx64 " fb %" PRIx64 " fc %" PRIx64
		    "\n",
		    name, word, frm, in->a, in->fa, in->fb, in->fc);
	print_error("got  x %" PRIx64 " f %" PRIx64 " moved %" PRIx64 " flags %" PRIx64 "\n",
		    got->x, got->f, got->moved, got->flags);
	print_error("want x %" PRIx64 " f %" PRIx64 " moved %" PRIx64 " flags %" PRIx64 "\n",
		    want->x, want->f, want->moved, want->flags);
	fail();
}

static void compare(struct pair p, const char *name, u32 word, struct fp_registers reg, u32 frm,
		    bool narrow)
{
	static struct fp_case in[ROUNDS], want[ROUNDS], got[ROUNDS];
	i64 cause;

	fill(in, word >> 25 & 1 && !narrow);
	memcpy(want, in, sizeof(in));
	memcpy(got, in, sizeof(in));
	fp_loop(p.interp, word, reg, frm, narrow);
	fp_loop(p.jit, word, reg, frm, narrow);
	cause = fp_run(p.interp, want, ROUNDS);
	if (fp_run(p.jit, got, ROUNDS) != cause)
		fail_msg("%s, %08x, frm %u: cause differs", name, word, frm);
	assert_int_equal(cause, -1);
	for (u32 i = 0; i < ROUNDS; i++)
		expect_same(name, word, frm, &in[i], &want[i], &got[i]);
}

/* All different, and each way to be the same. */
static const struct fp_registers registers[] = {
	{ 10, 11, 12, 13 }, { 11, 11, 12, 13 }, { 12, 11, 12, 13 },
	{ 13, 11, 12, 13 }, { 10, 11, 11, 11 }, { 11, 11, 11, 11 },
};

static void compare_all(struct pair p, const struct pattern *row, u32 rm, u32 frm)
{
	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		u32 word = fp_word(row, registers[i], rm);

		compare(p, row->name, word, registers[i], frm, false);
		compare(p, row->name, word, registers[i], frm, true);
	}
}

static void each_row_does_compiled_what_it_does_interpreted(void **state)
{
	struct pair p = pair_new();
	struct pattern row;
	u32 rows = 0;

	for (u32 i = 0; decoder_pattern(p.interp->harts[0]->decoder, i, &row); i++) {
		if (!is_of_f_or_d(&row))
			continue;
		rows++;
		if (!fp_has_mode(&row)) {
			compare_all(p, &row, 0, 0);
			continue;
		}
		for (u32 rm = 0; rm <= RMM; rm++) {
			compare_all(p, &row, rm, (u32)dice(5));
			compare_all(p, &row, DYNAMIC, rm);
		}
	}
	assert_true(rows >= 58); /* F and D of RV64 have so many */
	assert_true(exec_stat(p.jit, "jit-blocks ") >= rows);
	pair_free(p);
	(void)state;
}

/* Nothing in this loop looks at the flags, so a compiler may keep f registers from turn to turn:
 * f12 and f13 are carried, and f14 adds up what rd has behind the instruction, or before it. */
static void put_plain_loop(struct rig *r, u32 word, u32 rd, bool before)
{
	const u32 add = 0x00077753 | rd << 20 | (word & 3u << 25); /* fadd fa4, fa4, rd */
	const u32 code[] = {
		0x010a3587, /* fld fa1, 16(s4) */
		before ? add : word,
		before ? word : add,
		0x020a3827 | rd << 20,                                     /* fsd rd, 48(s4) */
		0x02aa3423,                                                /* sd a0, 40(s4) */
		0x00000a13 | 20 << 15 | (u32)sizeof(struct fp_case) << 20, /* addi s4, s4, */
		0xff5a14e3,                                                /* bne s4, s5, -24 */
		EBREAK,
	};

	exec_put(r, CODE, code, ARRAY_LEN(code));
}

static void run_plain(struct rig *r, struct fp_case *cases, const struct fp_case *first)
{
	struct hart *h = r->harts[0];

	assert_true(mem_write(r->env.mem, RIG_RAM + FP_AT, cases, ROUNDS * sizeof(*cases)));
	memset(h->f, 0, sizeof(h->f));
	memset(h->x, 0, sizeof(h->x));
	h->f[12] = first->fb;
	h->f[13] = first->fc;
	h->x[11] = first->a;
	h->x[20] = RIG_RAM + FP_AT;
	h->x[21] = h->x[20] + ROUNDS * sizeof(*cases);
	h->fflags = 0;
	h->mstatus |= MSTATUS_FS;
	exec_from(r, RIG_RAM + CODE);
	assert_true(mem_read(r->env.mem, RIG_RAM + FP_AT, cases, ROUNDS * sizeof(*cases)));
}

static void compare_plain(struct pair p, const struct pattern *row, struct fp_registers reg, u32 rm,
			  u32 frm, bool before)
{
	static struct fp_case in[ROUNDS], want[ROUNDS], got[ROUNDS];
	const struct hart *a = p.interp->harts[0], *b = p.jit->harts[0];
	u32 word = fp_word(row, reg, rm);

	fill(in, word >> 25 & 1);
	memcpy(want, in, sizeof(in));
	memcpy(got, in, sizeof(in));
	p.interp->harts[0]->frm = p.jit->harts[0]->frm = frm;
	put_plain_loop(p.interp, word, reg.rd, before);
	put_plain_loop(p.jit, word, reg.rd, before);
	run_plain(p.interp, want, &in[0]);
	run_plain(p.jit, got, &in[0]);
	for (u32 i = 0; i < ROUNDS; i++)
		expect_same(row->name, word, frm, &in[i], &want[i], &got[i]);
	if (memcmp(a->f, b->f, sizeof(a->f)) || memcmp(a->x, b->x, 32 * sizeof(a->x[0])) ||
	    a->fflags != b->fflags)
		fail_msg("%s, %08x, frm %u: other registers, or fflags %x for %x", row->name, word,
			 frm, b->fflags, a->fflags);
}

static void values_are_right_that_a_loop_carries(void **state)
{
	struct pair p = pair_new();
	struct pattern row;

	for (u32 i = 0; decoder_pattern(p.interp->harts[0]->decoder, i, &row); i++) {
		if (!is_of_f_or_d(&row))
			continue;
		for (size_t r = 0; r < ARRAY_LEN(registers); r++)
			for (u32 rm = 0; rm <= RMM; rm++) {
				compare_plain(p, &row, registers[r], rm, (u32)dice(5), false);
				compare_plain(p, &row, registers[r], DYNAMIC, rm, false);
				compare_plain(p, &row, registers[r], rm, (u32)dice(5), true);
				compare_plain(p, &row, registers[r], DYNAMIC, rm, true);
			}
	}
	pair_free(p);
	(void)state;
}

/* trap:63 */
static void reserved_modes_trap_when_compiled_too(void **state)
{
	static const char *const names[] = { "fadd_s",   "fadd_d",  "fcvt_d_w", "fcvt_d_s",
					     "fcvt_w_d", "fsqrt_d", "fcvt_s_l", "fmadd_d" };
	struct pair p = pair_new();
	struct fp_case c = { 0 };
	struct pattern row;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(fp_row(p.jit->harts[0], names[i], &row));
		for (u32 mode = 5; mode <= 7; mode++) {
			/* dynamic, and for 5 and 6 static; warm after so often */
			for (u32 n = 0; n < 2 * JIT_HEAT; n++) {
				fp_loop(p.jit, fp_word(&row, registers[0], DYNAMIC), registers[0],
					mode, false);
				assert_int_equal(fp_run(p.jit, &c, 1), CAUSE_ILLEGAL);
			}
			for (u32 n = 0; mode < 7 && n < 2 * JIT_HEAT; n++) {
				fp_loop(p.jit, fp_word(&row, registers[0], mode), registers[0], 0,
					false);
				assert_int_equal(fp_run(p.jit, &c, 1), CAUSE_ILLEGAL);
			}
		}
	}
	pair_free(p);
	(void)state;
}

/* The loop is warm under another mode; no instruction of it looks at frm or fflags. */
static void a_mode_that_cold_code_sets_holds_in_compiled_code(void **state)
{
	static const u32 loop[] = {
		0x1ac5f553, /* fdiv.d fa0, fa1, fa2, dyn */
		0xfff50513, /* addi a0, a0, -1 */
		0xfe051ce3, /* bnez a0, back */
		EBREAK,
	};
	static const u64 third[] = { 0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555555,
				     0x3fd5555555555556, 0x3fd5555555555555 };
	struct pair p = pair_new();
	struct hart *h = p.jit->harts[0];

	exec_put(p.jit, CODE, loop, ARRAY_LEN(loop));
	h->f[11] = 0x3ff0000000000000;
	h->f[12] = 0x4008000000000000;
	h->mstatus |= MSTATUS_FS;
	for (u32 n = 0; n < 10; n++) {
		u32 mode = n % 5, before = CODE - 8 * (n + 1);
		const u32 cold[] = { 0x00205073 | mode << 15, 0x0000006f | (CODE - before - 4)
										   << 20 };

		exec_put(p.jit, before, cold, ARRAY_LEN(cold));
		h->x[10] = 2 * JIT_HEAT;
		exec_from(p.jit, RIG_RAM + before);
		assert_int_equal(h->frm, mode);
		assert_int_equal(h->f[10], third[mode]);
		assert_int_equal(h->fflags, 1);
	}
	pair_free(p);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_does_compiled_what_it_does_interpreted),
		cmocka_unit_test(values_are_right_that_a_loop_carries),
		cmocka_unit_test(reserved_modes_trap_when_compiled_too),
		cmocka_unit_test(a_mode_that_cold_code_sets_holds_in_compiled_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
