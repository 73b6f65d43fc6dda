/* The bottom layer: errors, text, growing arrays, time. */
#include "check.h"

#include "timebase.h"

static void context_is_put_before_an_error(void **state)
{
	struct err e;

	assert_false(err_set(&e, "%d bytes", 12));
	assert_false(err_in(&e, "gpio0"));
	assert_string_equal(e.text, "gpio0: 12 bytes");
	(void)state;
}

static void context_too_long_cuts_the_tail(void **state)
{
	char long_text[600];
	struct err e;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	err_set(&e, "%s", long_text);
	err_in(&e, "disk0");
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_true(text_starts(e.text, "disk0: xxx"));
	(void)state;
}

static void distance_counts_changes_insertions_and_swaps(void **state)
{
	assert_int_equal(text_distance("memory", "memory"), 0);
	assert_int_equal(text_distance("memry", "memory"), 1);
	assert_int_equal(text_distance("mmeory", "memory"), 1);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	(void)state;
}

static void clean_text_has_no_escapes_and_fits(void **state)
{
	char out[12];

	assert_string_equal(text_clean(out, sizeof(out), "a\033[b", 4), "a\\x1b[b");
	assert_string_equal(text_clean(out, sizeof(out), "\n\n\n\n\n", 5), "\\x0a\\x0a");
	(void)state;
}

static void ranges_never_wrap(void **state)
{
	assert_true(range_inside(10, 5, 10, 5));
	assert_false(range_inside(10, 6, 10, 5));
	assert_false(range_inside(UINT64_MAX, 2, 0, UINT64_MAX));
	assert_false(range_inside(5, UINT64_MAX, 0, 100));
	assert_true(ranges_overlap(0, 10, 9, 1));
	assert_false(ranges_overlap(0, 10, 10, 1));
	assert_true(ranges_overlap(UINT64_MAX - 1, 2, UINT64_MAX, 1));
	assert_false(ranges_overlap(5, 0, 0, 100));
	(void)state;
}

static void a_grown_array_keeps_its_elements_and_is_zero_beyond(void **state)
{
	u32 *a = NULL;
	size_t n = 0, cap = 0;

	for (; n < 1000; n++) {
		GROW(&a, n, &cap);
		assert_int_equal(a[n], 0);
		a[n] = (u32)n;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(a[i], i);
	free(a);
	(void)state;
}

static void a_bucket_lets_a_burst_pass_and_then_one_a_period(void **state)
{
	struct rate r = RATE(3, 1000);
	u32 passed = 0;

	for (u32 i = 0; i < 10; i++)
		passed += rate_pass(&r, 5);
	assert_int_equal(passed, 3);
	assert_int_equal(r.dropped, 7);
	assert_true(rate_pass(&r, 1005));
	assert_false(rate_pass(&r, 1006));
	(void)state;
}

/* Ticks and the time of a tick are inverse to each other, at frequencies that do not
 * divide a second too. */
static void a_deadline_is_never_early_and_at_most_a_tick_late(void **state)
{
	static const u64 hz[] = { 1, 32768, 1000000, 10000000, 24000000, 999999999, 1000000000 };

	for (size_t i = 0; i < ARRAY_LEN(hz); i++) {
		struct timebase tb;

		timebase_init(&tb, hz[i]);
		tb.epoch_ns = 0;
		for (u64 seconds = 10; seconds < 100000000; seconds *= 7) {
			u64 tick = timebase_ticks(&tb) + seconds * hz[i] + 1;
			u64 ns = timebase_ns_at(&tb, tick);
			u64 exact = mul_div(tick, 1000000000, hz[i]);

			assert_in_range(ns, exact, exact + 1);
		}
	}
	(void)state;
}

static void set_ticks_count_on_from_there(void **state)
{
	struct timebase tb;

	timebase_init(&tb, 1000000);
	timebase_set(&tb, 5000000000);
	assert_in_range(timebase_ticks(&tb), 5000000000, 5000000000 + 1000000);
	assert_true(timebase_ns_at(&tb, 4999999999) <= now_ns());
	assert_int_equal(timebase_ns_at(&tb, UINT64_MAX), NEVER_NS);
	(void)state;
}

static void the_sum_of_bytes_is_that_of_rfc_1071(void **state)
{
	static const u8 example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	u8 many[70000];
	u64 plain = 0;

	assert_int_equal(sum16(0, example, 8), 0xddf2); /* section 3 */
	assert_int_equal(sum16(0xddf2, example, 7),
			 sum16(0, (u8[]){ 0xdd, 0xf2, 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6 }, 9));
	assert_int_equal(sum16_end(0xddf2), 0x220d);
	assert_int_equal(sum16_end(0xffff), 0xffff);
	for (u32 i = 0; i < sizeof(many); i++) {
		many[i] = (u8)(255 - i % 7);
		plain += i % 2 ? many[i] : (u32)many[i] << 8;
	}
	assert_int_equal(sum16(0, many, sizeof(many)), (plain - 1) % 0xffff + 1);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_put_before_an_error),
		cmocka_unit_test(context_too_long_cuts_the_tail),
		cmocka_unit_test(distance_counts_changes_insertions_and_swaps),
		cmocka_unit_test(clean_text_has_no_escapes_and_fits),
		cmocka_unit_test(ranges_never_wrap),
		cmocka_unit_test(a_grown_array_keeps_its_elements_and_is_zero_beyond),
		cmocka_unit_test(a_bucket_lets_a_burst_pass_and_then_one_a_period),
		cmocka_unit_test(a_deadline_is_never_early_and_at_most_a_tick_late),
		cmocka_unit_test(the_sum_of_bytes_is_that_of_rfc_1071),
		cmocka_unit_test(set_ticks_count_on_from_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
