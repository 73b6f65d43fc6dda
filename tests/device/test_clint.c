/* What firmware and the privileged manual expect of the CLINT. */
#include "bench.h"

enum { MTIMECMP = 0x4000, MTIME = 0xbff8, SOFT = 3, TIMER = 7 };

static bool line(struct device *clint, u32 hart, u32 irq)
{
	return bench_of(clint)->line[hart][irq];
}

static u64 mtime(struct device *clint)
{
	return device_read(clint, MTIME, 8);
}

static void msip_is_a_level_of_its_own_hart(void **state)
{
	struct device *clint = bench("clint");

	wr(clint, 4 * 2, 1);
	assert_true(line(clint, 2, SOFT));
	assert_false(line(clint, 1, SOFT));
	wr(clint, 4 * 2, 0xfffffffe); /* only bit 0 counts */
	assert_false(line(clint, 2, SOFT));
	assert_int_equal(rd(clint, 4 * 2), 0);
	bench_free(clint);
	(void)state;
}

static void no_timer_fires_before_anyone_asked(void **state)
{
	struct device *clint = bench("clint");

	assert_true(device_read(clint, MTIMECMP, 8) == UINT64_MAX);
	bench_advance(bench_of(clint), (u64)1000 * 1000000000);
	assert_false(line(clint, 0, TIMER));
	bench_free(clint);
	(void)state;
}

static void the_timer_fires_exactly_at_its_tick(void **state)
{
	struct device *clint = bench("clint");
	struct bench *b = bench_of(clint);

	device_write(clint, MTIMECMP, 8, 1000); /* 100 us at 10 MHz */
	bench_advance(b, 99999);
	assert_false(line(clint, 0, TIMER));
	bench_advance(b, 1);
	assert_true(line(clint, 0, TIMER));
	assert_int_equal(mtime(clint), 1000);
	bench_free(clint);
	(void)state;
}

static void each_hart_has_its_own_deadline(void **state)
{
	struct device *clint = bench("clint");
	struct bench *b = bench_of(clint);

	device_write(clint, MTIMECMP + 8 * 1, 8, 300);
	device_write(clint, MTIMECMP + 8 * 0, 8, 200);
	device_write(clint, MTIMECMP + 8 * 7, 8, 100);
	bench_advance(b, 10000);
	assert_true(line(clint, 7, TIMER));
	assert_false(line(clint, 0, TIMER));
	bench_advance(b, 10000);
	assert_true(line(clint, 0, TIMER));
	assert_false(line(clint, 1, TIMER));
	bench_advance(b, 10000);
	assert_true(line(clint, 1, TIMER));
	bench_free(clint);
	(void)state;
}

static void mtip_falls_as_soon_as_mtimecmp_is_ahead_again(void **state)
{
	struct device *clint = bench("clint");

	bench_advance(bench_of(clint), 1000000);
	device_write(clint, MTIMECMP, 8, 5);
	assert_true(line(clint, 0, TIMER));
	device_write(clint, MTIMECMP, 8, mtime(clint) + 1);
	assert_false(line(clint, 0, TIMER));
	bench_free(clint);
	(void)state;
}

static void mtimecmp_can_be_written_in_halves_as_rv32_does(void **state)
{
	struct device *clint = bench("clint");
	u64 tick = (u64)3 << 32 | 7;

	bench_set_ticks(bench_of(clint), tick - 10);
	wr(clint, MTIMECMP, 0xffffffff); /* the manual's order: no smaller value in between */
	wr(clint, MTIMECMP + 4, 3);
	assert_false(line(clint, 0, TIMER));
	wr(clint, MTIMECMP, 7);
	assert_true(device_read(clint, MTIMECMP, 8) == tick);
	assert_int_equal(rd(clint, MTIMECMP), 7);
	assert_int_equal(rd(clint, MTIMECMP + 4), 3);
	assert_false(line(clint, 0, TIMER));
	bench_advance(bench_of(clint), 1000);
	assert_true(line(clint, 0, TIMER));
	bench_free(clint);
	(void)state;
}

static void half_a_write_counts_at_once(void **state)
{
	struct device *clint = bench("clint");

	bench_advance(bench_of(clint), 1000000);
	device_write(clint, MTIMECMP, 8, (u64)1 << 32);
	wr(clint, MTIMECMP + 4, 0); /* now 0, which is in the past */
	assert_true(line(clint, 0, TIMER));
	wr(clint, MTIMECMP, 0x80000000);
	assert_false(line(clint, 0, TIMER));
	bench_free(clint);
	(void)state;
}

static void mtime_counts_and_can_be_read_in_halves(void **state)
{
	struct device *clint = bench("clint");

	bench_set_ticks(bench_of(clint), (u64)5 << 32 | 9);
	assert_int_equal(rd(clint, MTIME), 9);
	assert_int_equal(rd(clint, MTIME + 4), 5);
	bench_advance(bench_of(clint), 200);
	assert_int_equal(rd(clint, MTIME), 11);
	bench_free(clint);
	(void)state;
}

static void a_guest_that_sets_mtime_moves_every_deadline(void **state)
{
	struct device *clint = bench("clint");
	struct bench *b = bench_of(clint);

	device_write(clint, MTIMECMP, 8, 1000000);
	device_write(clint, MTIME, 8, 999990);
	assert_false(line(clint, 0, TIMER));
	bench_advance(b, 1000);
	assert_true(line(clint, 0, TIMER));
	wr(clint, MTIME, 0); /* the low half alone: back again */
	assert_false(line(clint, 0, TIMER));
	assert_int_equal(mtime(clint), 0);
	bench_free(clint);
	(void)state;
}

static void count_slot(void *ctx, u32 slot)
{
	++*(u32 *)ctx;
	(void)slot;
}

static void a_guest_that_sets_mtime_makes_harts_look_again(void **state)
{
	struct device *clint = bench("clint");
	struct bench *b = bench_of(clint);
	u32 looked = 0;

	timers_slots(b->machine.timers, 1, count_slot, &looked);
	timers_slot_at(b->machine.timers, 0, 1000000);
	device_write(clint, MTIME, 8, 999990);
	timers_run_at(b->machine.timers, b->now);
	assert_int_equal(looked, 1);
	bench_free(clint);
	(void)state;
}

static void reset_stops_timers_but_not_the_time(void **state)
{
	struct device *clint = bench("clint");
	u64 before;

	bench_advance(bench_of(clint), 1000000);
	device_write(clint, MTIMECMP, 8, 1);
	wr(clint, 0, 1);
	before = mtime(clint);
	device_reset(clint);
	assert_false(line(clint, 0, TIMER));
	assert_false(line(clint, 0, SOFT));
	assert_int_equal(mtime(clint), before);
	bench_free(clint);
	(void)state;
}

static void harts_that_are_not_there_have_no_registers(void **state)
{
	struct device *clint = bench("clint");

	wr(clint, 4 * BENCH_HARTS, 1);
	device_write(clint, MTIMECMP + 8 * BENCH_HARTS, 8, 0);
	assert_int_equal(rd(clint, 4 * BENCH_HARTS), 0);
	assert_int_equal(device_read(clint, 0, 8), 0); /* msip is 32 bits wide */
	assert_int_equal(rd8(clint, MTIME), 0);
	assert_int_equal(device_guest_errors(clint), 5);
	bench_free(clint);
	(void)state;
}

static void it_serves_4095_harts_and_no_more(void **state)
{
	struct bench *b = bench_new();
	struct hart_info *many = xcalloc(4096, sizeof(*many));
	struct device *clint;
	struct err e = { 0 };

	b->machine.harts = many;
	b->machine.nharts = 4096;
	assert_null(bench_try(b, "clint", "", &e));
	assert_string_equal(e.text, "dut: 4096 harts; it has registers for 4095");
	b->machine.nharts = 4095;
	b->machine.hart_input = NULL;
	clint = bench_add(b, "clint", "");
	device_write(clint, MTIMECMP + 8 * 4094, 8, 77);
	assert_int_equal(device_read(clint, MTIMECMP + 8 * 4094, 8), 77);
	assert_int_equal(mtime(clint), 0); /* right behind the last mtimecmp */
	bench_end(b);
	free(many);
	(void)state;
}

static void a_restored_timer_fires_when_it_would_have(void **state)
{
	struct device *one = bench("clint"), *two = bench("clint");
	size_t n = device_save(one, NULL, 0);
	u8 *buf = xzalloc(n);
	struct err e;

	device_write(one, MTIMECMP, 8, 1000);
	device_save(one, buf, n);
	assert_true(device_restore(two, buf, n, &e));
	bench_advance(bench_of(two), 99999);
	assert_false(line(two, 0, TIMER));
	bench_advance(bench_of(two), 1);
	assert_true(line(two, 0, TIMER));
	free(buf);
	bench_free(one);
	bench_free(two);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msip_is_a_level_of_its_own_hart),
		cmocka_unit_test(no_timer_fires_before_anyone_asked),
		cmocka_unit_test(the_timer_fires_exactly_at_its_tick),
		cmocka_unit_test(each_hart_has_its_own_deadline),
		cmocka_unit_test(mtip_falls_as_soon_as_mtimecmp_is_ahead_again),
		cmocka_unit_test(mtimecmp_can_be_written_in_halves_as_rv32_does),
		cmocka_unit_test(half_a_write_counts_at_once),
		cmocka_unit_test(mtime_counts_and_can_be_read_in_halves),
		cmocka_unit_test(a_guest_that_sets_mtime_moves_every_deadline),
		cmocka_unit_test(a_guest_that_sets_mtime_makes_harts_look_again),
		cmocka_unit_test(reset_stops_timers_but_not_the_time),
		cmocka_unit_test(harts_that_are_not_there_have_no_registers),
		cmocka_unit_test(it_serves_4095_harts_and_no_more),
		cmocka_unit_test(a_restored_timer_fires_when_it_would_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
