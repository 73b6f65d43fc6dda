/* What the PLIC specification promises, and where emulators went wrong. */
#include "bench.h"

enum { S_EXT = 9, M_EXT = 11, PENDING = 0x1000 };

static u64 enable(u32 context, u32 word)
{
	return 0x2000 + 0x80 * (u64)context + 4 * word;
}

static u64 threshold(u32 context)
{
	return 0x200000 + 0x1000 * (u64)context;
}

static u64 claim(u32 context)
{
	return threshold(context) + 4;
}

static bool line(struct device *plic, u32 hart, u32 irq)
{
	return bench_of(plic)->line[hart][irq];
}

/* Source `id` has a priority and is enabled for context 0, hart 0 in M-mode. */
static struct device *ready(u32 id, u32 priority)
{
	struct device *plic = bench("plic");

	wr(plic, 4 * id, priority);
	wr(plic, enable(0, id / 32), 1u << id % 32);
	return plic;
}

static void a_line_interrupts_the_context_that_enabled_it(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	assert_true(line(plic, 0, M_EXT));
	assert_false(line(plic, 0, S_EXT));
	assert_false(line(plic, 1, M_EXT));
	bench_free(plic);
	(void)state;
}

static void contexts_are_m_then_s_of_each_hart(void **state)
{
	struct device *plic = bench("plic");

	wr(plic, 4 * 5, 1);
	device_input(plic, 5, true);
	for (u32 c = 0; c < 2 * BENCH_HARTS; c++) {
		wr(plic, enable(c, 0), 1u << 5);
		for (u32 h = 0; h < BENCH_HARTS; h++) {
			assert_int_equal(line(plic, h, M_EXT), c == 2 * h);
			assert_int_equal(line(plic, h, S_EXT), c == 2 * h + 1);
		}
		wr(plic, enable(c, 0), 0);
	}
	bench_free(plic);
	(void)state;
}

static void a_hart_without_s_mode_has_one_context(void **state)
{
	struct bench *b = bench_new();
	struct device *plic;

	b->harts[0].s_mode = false; /* like hart 0 of the FU540 */
	plic = bench_add(b, "plic", "");
	wr(plic, 4, 1);
	wr(plic, enable(2, 0), 1u << 1);
	device_input(plic, 1, true);
	assert_true(b->line[1][S_EXT]);
	bench_end(b);
	(void)state;
}

static void contexts_can_be_given(void **state)
{
	struct bench *b = bench_new();
	struct device *plic;

	b->machine.nharts = 3;
	plic = bench_add(b, "plic", "contexts=M,S,MS");
	wr(plic, 4, 1);
	wr(plic, enable(1, 0), 1u << 1);
	device_input(plic, 1, true);
	assert_true(b->line[1][S_EXT]);
	wr(plic, enable(1, 0), 0);
	wr(plic, enable(2, 0), 1u << 1);
	assert_true(b->line[2][M_EXT]);
	bench_end(b);
	(void)state;
}

static void assert_refused(struct bench *b, const char *settings, const char *why)
{
	struct err e = { 0 };

	assert_null(bench_try(b, "plic", settings, &e));
	assert_string_equal(e.text, why);
}

static void contexts_that_do_not_fit_the_harts_are_refused(void **state)
{
	struct bench *b = bench_new();

	b->machine.nharts = 2;
	b->harts[0].s_mode = false;
	assert_refused(b, "contexts=M", "dut: contexts: 1 entries for 2 harts");
	assert_refused(b, "contexts=M,X", "dut: contexts: `X` is not M, S, MS or \"\"");
	assert_refused(b, "contexts=MS,MS", "dut: contexts: `MS` for hart 0, which has no S-mode");
	assert_refused(b, "reg=0xc000000:0x201000", "dut: reg: 3 contexts need 0x203000 bytes");
	bench_end(b);
	(void)state;
}

static void claim_returns_zero_when_nothing_is_pending(void **state)
{
	struct device *plic = ready(10, 1);

	assert_int_equal(rd(plic, claim(0)), 0);
	bench_free(plic);
	(void)state;
}

static void claim_clears_pending_and_lowers_the_line(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	assert_int_equal(rd(plic, PENDING), 1u << 10);
	assert_int_equal(rd(plic, claim(0)), 10);
	assert_int_equal(rd(plic, PENDING), 0);
	assert_false(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 0);
	bench_free(plic);
	(void)state;
}

static void a_line_still_high_pends_again_after_completion(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	rd(plic, claim(0));
	assert_false(line(plic, 0, M_EXT));
	wr(plic, claim(0), 10);
	assert_true(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 10);
	device_input(plic, 10, false);
	wr(plic, claim(0), 10);
	assert_false(line(plic, 0, M_EXT));
	bench_free(plic);
	(void)state;
}

static void a_line_raised_again_while_served_is_not_lost(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	rd(plic, claim(0));
	device_input(plic, 10, false);
	device_input(plic, 10, true);
	assert_int_equal(rd(plic, claim(0)), 0); /* not before completion */
	wr(plic, claim(0), 10);
	assert_int_equal(rd(plic, claim(0)), 10);
	bench_free(plic);
	(void)state;
}

static void a_line_that_fell_before_the_claim_stays_pending(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	device_input(plic, 10, false);
	assert_true(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 10);
	wr(plic, claim(0), 10);
	assert_false(line(plic, 0, M_EXT));
	bench_free(plic);
	(void)state;
}

static void completion_of_what_is_not_enabled_is_ignored(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	rd(plic, claim(0));
	wr(plic, enable(0, 0), 0);
	wr(plic, claim(0), 10); /* ignored: still being served */
	wr(plic, enable(0, 0), 1u << 10);
	assert_int_equal(rd(plic, claim(0)), 0);
	wr(plic, claim(1), 10); /* another context, which has not enabled it */
	assert_int_equal(rd(plic, claim(0)), 0);
	wr(plic, claim(0), 10);
	assert_int_equal(rd(plic, claim(0)), 10);
	bench_free(plic);
	(void)state;
}

static void completion_of_what_does_not_exist_is_ignored(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	rd(plic, claim(0));
	wr(plic, claim(0), 0);
	wr(plic, claim(0), 97);
	wr(plic, claim(0), 1023);
	wr(plic, claim(0), 0xffffffff);
	assert_int_equal(rd(plic, claim(0)), 0);
	assert_int_equal(device_guest_errors(plic), 4);
	bench_free(plic);
	(void)state;
}

static void the_threshold_compares_strictly(void **state)
{
	struct device *plic = ready(10, 3);

	device_input(plic, 10, true);
	wr(plic, threshold(0), 3);
	assert_false(line(plic, 0, M_EXT));
	wr(plic, threshold(0), 2);
	assert_true(line(plic, 0, M_EXT));
	bench_free(plic);
	(void)state;
}

static void a_claim_does_not_look_at_the_threshold(void **state)
{
	struct device *plic = ready(10, 3);

	wr(plic, threshold(0), 7);
	device_input(plic, 10, true);
	assert_false(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 10);
	bench_free(plic);
	(void)state;
}

static void the_line_also_falls_when_threshold_enable_or_priority_change(void **state)
{
	struct device *plic = ready(10, 3);

	device_input(plic, 10, true);
	assert_true(line(plic, 0, M_EXT));
	wr(plic, threshold(0), 7);
	assert_false(line(plic, 0, M_EXT));
	wr(plic, threshold(0), 0);
	assert_true(line(plic, 0, M_EXT));
	wr(plic, enable(0, 0), 0);
	assert_false(line(plic, 0, M_EXT));
	wr(plic, enable(0, 0), 1u << 10);
	assert_true(line(plic, 0, M_EXT));
	wr(plic, 4 * 10, 0);
	assert_false(line(plic, 0, M_EXT));
	bench_free(plic);
	(void)state;
}

static void priority_zero_never_interrupts(void **state)
{
	struct device *plic = ready(10, 0);

	device_input(plic, 10, true);
	assert_false(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 0);
	assert_int_equal(rd(plic, PENDING), 1u << 10);
	bench_free(plic);
	(void)state;
}

static void the_highest_priority_wins_and_ties_go_to_the_lowest_id(void **state)
{
	static const struct {
		u32 id, priority;
	} source[] = { { 3, 2 }, { 40, 5 }, { 41, 5 }, { 64, 5 }, { 90, 6 } };
	static const u32 order[] = { 90, 40, 41, 64, 3, 0 };
	struct device *plic = bench("plic");

	for (u32 w = 0; w < 3; w++)
		wr(plic, enable(0, w), 0xffffffff);
	for (size_t i = 0; i < ARRAY_LEN(source); i++) {
		wr(plic, 4 * source[i].id, source[i].priority);
		device_input(plic, source[i].id, true);
	}
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(rd(plic, claim(0)), order[i]);
	bench_free(plic);
	(void)state;
}

static void two_contexts_never_claim_the_same_interrupt(void **state)
{
	struct device *plic = ready(10, 1);

	wr(plic, enable(1, 0), 1u << 10);
	device_input(plic, 10, true);
	assert_true(line(plic, 0, M_EXT));
	assert_true(line(plic, 0, S_EXT));
	assert_int_equal(rd(plic, claim(1)), 10);
	assert_false(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, claim(0)), 0);
	bench_free(plic);
	(void)state;
}

static void registers_hold_only_the_bits_they_have(void **state)
{
	struct device *plic = bench_with("plic", "sources=40");

	wr(plic, 0, 7);
	assert_int_equal(rd(plic, 0), 0); /* there is no source 0 */
	wr(plic, 4 * 40, 0xff);
	assert_int_equal(rd(plic, 4 * 40), 7);
	wr(plic, 4 * 41, 1);
	assert_int_equal(rd(plic, 4 * 41), 0);
	wr(plic, enable(0, 0), 0xffffffff);
	wr(plic, enable(0, 1), 0xffffffff);
	wr(plic, enable(0, 2), 0xffffffff);
	assert_int_equal(rd(plic, enable(0, 0)), 0xfffffffe);
	assert_int_equal(rd(plic, enable(0, 1)), 0x1ff);
	assert_int_equal(rd(plic, enable(0, 2)), 0);
	wr(plic, threshold(0), 0xff);
	assert_int_equal(rd(plic, threshold(0)), 7);
	wr(plic, PENDING, 0xffffffff);
	assert_int_equal(rd(plic, PENDING), 0);
	bench_free(plic);
	(void)state;
}

static void all_1023_sources_work(void **state)
{
	struct device *plic = bench_with("plic", "sources=1023");

	for (u32 id = 1; id < 1024; id++) {
		wr(plic, 4 * id, 1);
		wr(plic, enable(3, id / 32), 1u << id % 32);
		device_input(plic, id, true);
		assert_int_equal(rd(plic, claim(3)), id);
		device_input(plic, id, false);
		wr(plic, claim(3), id);
		wr(plic, enable(3, id / 32), 0);
	}
	assert_int_equal(device_guest_errors(plic), 0);
	bench_free(plic);
	(void)state;
}

static void accesses_of_other_widths_do_nothing(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	assert_int_equal(device_read(plic, claim(0), 2), 0);
	assert_int_equal(device_read(plic, threshold(0), 8), 0);
	assert_int_equal(rd(plic, claim(0)), 10);
	bench_free(plic);
	(void)state;
}

/* A model of the specification in other words: one struct per source. */
struct source {
	bool level, pending, claimed;
	u32 priority;
	bool enabled[4];
};

static u32 expected(struct source *s, u32 n, u32 context)
{
	u32 best = 0;

	for (u32 id = n; id >= 1; id--)
		if (s[id].pending && s[id].enabled[context] && s[id].priority &&
		    (!best || s[id].priority >= s[best].priority))
			best = id;
	return best;
}

static void random_use_agrees_with_a_plain_model(void **state)
{
	enum { N = 70 };
	struct source s[N + 1] = { 0 };
	u32 limit[4] = { 0 }, seed = 4711;
	struct device *plic = bench_with("plic", "sources=70");

	for (u32 step = 0; step < 20000; step++) {
		u32 what = (xorshift(&seed) >> 8) % 6, id = 1 + xorshift(&seed) % N;
		u32 c = (xorshift(&seed) >> 4) % 4, v = (xorshift(&seed) >> 6) % 8;
		u32 got, word = 0, want;

		switch (what) {
		case 0:
			s[id].level = v & 1;
			device_input(plic, id, v & 1);
			break;
		case 1:
			s[id].priority = v;
			wr(plic, 4 * id, v);
			break;
		case 2:
			s[id].enabled[c] = !s[id].enabled[c];
			for (u32 i = 0; i < 32; i++)
				if (id / 32 * 32 + i <= N && s[id / 32 * 32 + i].enabled[c])
					word |= 1u << i;
			wr(plic, enable(c, id / 32), word);
			break;
		case 3:
			limit[c] = v;
			wr(plic, threshold(c), v);
			break;
		case 4:
			want = expected(s, N, c);
			got = rd(plic, claim(c));
			assert_int_equal(got, want);
			s[want].pending = false;
			s[want].claimed = want;
			break;
		case 5:
			if (s[id].enabled[c])
				s[id].claimed = false;
			wr(plic, claim(c), id);
			break;
		}
		for (u32 i = 1; i <= N; i++)
			s[i].pending |= s[i].level && !s[i].claimed;
		for (c = 0; c < 4; c++) {
			want = expected(s, N, c);
			assert_int_equal(line(plic, c / 2, c % 2 ? S_EXT : M_EXT),
					 want && s[want].priority > limit[c]);
		}
	}
	bench_free(plic);
	(void)state;
}

static void after_a_reset_only_what_is_still_high_is_heard_again(void **state)
{
	struct device *plic = ready(10, 1);

	device_input(plic, 10, true);
	device_reset(plic);
	assert_false(line(plic, 0, M_EXT));
	assert_int_equal(rd(plic, PENDING), 0);
	device_input(plic, 10, true); /* as device_settle() of its owner does */
	assert_int_equal(rd(plic, PENDING), 1u << 10);
	bench_free(plic);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_interrupts_the_context_that_enabled_it),
		cmocka_unit_test(contexts_are_m_then_s_of_each_hart),
		cmocka_unit_test(a_hart_without_s_mode_has_one_context),
		cmocka_unit_test(contexts_can_be_given),
		cmocka_unit_test(contexts_that_do_not_fit_the_harts_are_refused),
		cmocka_unit_test(claim_returns_zero_when_nothing_is_pending),
		cmocka_unit_test(claim_clears_pending_and_lowers_the_line),
		cmocka_unit_test(a_line_still_high_pends_again_after_completion),
		cmocka_unit_test(a_line_raised_again_while_served_is_not_lost),
		cmocka_unit_test(a_line_that_fell_before_the_claim_stays_pending),
		cmocka_unit_test(completion_of_what_is_not_enabled_is_ignored),
		cmocka_unit_test(completion_of_what_does_not_exist_is_ignored),
		cmocka_unit_test(the_threshold_compares_strictly),
		cmocka_unit_test(a_claim_does_not_look_at_the_threshold),
		cmocka_unit_test(the_line_also_falls_when_threshold_enable_or_priority_change),
		cmocka_unit_test(priority_zero_never_interrupts),
		cmocka_unit_test(the_highest_priority_wins_and_ties_go_to_the_lowest_id),
		cmocka_unit_test(two_contexts_never_claim_the_same_interrupt),
		cmocka_unit_test(registers_hold_only_the_bits_they_have),
		cmocka_unit_test(all_1023_sources_work),
		cmocka_unit_test(accesses_of_other_widths_do_nothing),
		cmocka_unit_test(random_use_agrees_with_a_plain_model),
		cmocka_unit_test(after_a_reset_only_what_is_still_high_is_heard_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
