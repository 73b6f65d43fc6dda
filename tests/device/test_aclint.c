/* The parts of an ACLINT: software interrupts of M-mode and S-mode, and the timer. */
#include "bench.h"

enum { SSIP = 1, MSIP = 3, MTIP = 7, MTIME = 0x7ff8 };

static void msip_is_a_level_of_its_own_hart(void **state)
{
	struct device *mswi = bench("aclint-mswi");
	struct bench *b = bench_of(mswi);

	wr(mswi, 4 * 5, 0xffffffff);
	assert_int_equal(rd(mswi, 4 * 5), 1);
	assert_true(b->line[5][MSIP]);
	assert_false(b->line[4][MSIP]);
	wr(mswi, 4 * 5, 0xfffffffe);
	assert_false(b->line[5][MSIP]);
	bench_free(mswi);
	(void)state;
}

static void registers_of_harts_that_are_not_there_are_counted(void **state)
{
	struct device *mswi = bench("aclint-mswi");

	wr(mswi, 4 * BENCH_HARTS, 1);
	assert_int_equal(rd(mswi, 4 * BENCH_HARTS), 0);
	assert_int_equal(device_guest_errors(mswi), 2);
	bench_free(mswi);
	(void)state;
}

/* The hart's SSIP is software's to clear, so each write is an edge of its own. */
static void each_write_of_setssip_is_an_edge(void **state)
{
	struct device *sswi = bench("aclint-sswi");
	struct bench *b = bench_of(sswi);

	wr(sswi, 4 * 2, 1);
	assert_int_equal(b->rises[2][SSIP], 1);
	assert_int_equal(rd(sswi, 4 * 2), 0);
	wr(sswi, 4 * 2, 2);
	assert_int_equal(b->rises[2][SSIP], 1);
	wr(sswi, 4 * 2, 1);
	assert_int_equal(b->rises[2][SSIP], 2);
	assert_false(b->line[2][SSIP]);
	bench_free(sswi);
	(void)state;
}

static void setssip_counts_the_harts_that_have_s_mode(void **state)
{
	struct bench *b = bench_new();
	struct device *sswi;

	b->harts[0].s_mode = false;
	sswi = bench_add(b, "aclint-sswi", "");
	wr(sswi, 0, 1);
	assert_int_equal(b->rises[0][SSIP], 0);
	assert_int_equal(b->rises[1][SSIP], 1);
	bench_end(b);
	(void)state;
}

static void the_timer_fires_at_its_tick_and_falls_at_once(void **state)
{
	struct device *mtimer = bench("aclint-mtimer");
	struct bench *b = bench_of(mtimer);

	bench_advance(b, 1000);
	assert_int_equal(device_read(mtimer, MTIME, 8), 10);
	device_write(mtimer, 8 * 3, 8, 20);
	bench_advance(b, 999);
	assert_false(b->line[3][MTIP]);
	bench_advance(b, 1);
	assert_true(b->line[3][MTIP]);
	assert_false(b->line[2][MTIP]);
	device_write(mtimer, 8 * 3, 8, 21);
	assert_false(b->line[3][MTIP]);
	bench_free(mtimer);
	(void)state;
}

static void mtimecmp_is_written_in_halves_too(void **state)
{
	struct device *mtimer = bench("aclint-mtimer");

	wr(mtimer, 4, 0);
	wr(mtimer, 0, 0x12345678);
	assert_int_equal(device_read(mtimer, 0, 8), 0x12345678);
	wr(mtimer, 4, 0x9abc);
	assert_int_equal(device_read(mtimer, 0, 8), 0x9abc12345678);
	assert_int_equal(rd(mtimer, 4), 0x9abc);
	bench_free(mtimer);
	(void)state;
}

static void no_timer_is_set_after_a_reset(void **state)
{
	struct device *mtimer = bench("aclint-mtimer");

	device_write(mtimer, 0, 8, 0);
	assert_true(bench_of(mtimer)->line[0][MTIP]);
	device_reset(mtimer);
	device_settle(mtimer);
	assert_false(bench_of(mtimer)->line[0][MTIP]);
	assert_true(device_read(mtimer, 0, 8) == UINT64_MAX);
	bench_free(mtimer);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msip_is_a_level_of_its_own_hart),
		cmocka_unit_test(registers_of_harts_that_are_not_there_are_counted),
		cmocka_unit_test(each_write_of_setssip_is_an_edge),
		cmocka_unit_test(setssip_counts_the_harts_that_have_s_mode),
		cmocka_unit_test(the_timer_fires_at_its_tick_and_falls_at_once),
		cmocka_unit_test(mtimecmp_is_written_in_halves_too),
		cmocka_unit_test(no_timer_is_set_after_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
