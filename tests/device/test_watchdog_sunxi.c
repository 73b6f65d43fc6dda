/* The D1's watchdog: what it does when nobody restarts it, and what it takes to change it. */
#include "bench.h"

enum { IRQ_EN = 0x00, IRQ_STA = 0x04, SOFT_RST = 0x08, CTRL = 0x10, CFG = 0x14, MODE = 0x18 };

#define KEY     0x16aa0000u
#define RESTART (0xa57u << 1 | 1)
#define ENABLE  1u
#define MS      ((u64)1000000)

static u32 interval(u32 value)
{
	return value << 4;
}

static void nobody_restarts_it_and_the_machine_is_reset(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	wr(wdt, MODE, KEY | interval(3) | ENABLE);
	bench_advance(b, 3000 * MS - 1);
	assert_int_equal(b->reboots, 0);
	bench_advance(b, 1);
	assert_int_equal(b->reboots, 1);
	bench_free(wdt);
	(void)state;
}

static void a_restart_counts_from_then_on(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	wr(wdt, MODE, KEY | interval(1) | ENABLE);
	for (u32 i = 0; i < 10; i++) {
		bench_advance(b, 999 * MS);
		wr(wdt, CTRL, RESTART);
	}
	bench_advance(b, 500 * MS);
	wr(wdt, CTRL, 1); /* without its key it is none */
	assert_int_equal(b->reboots, 0);
	bench_advance(b, 500 * MS);
	assert_int_equal(b->reboots, 1);
	bench_free(wdt);
	(void)state;
}

/* Linux enables it again and again while it waits to be reset. */
static void writing_the_same_mode_again_is_no_restart(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	for (u32 i = 0; i < 100; i++) {
		wr(wdt, MODE, KEY | ENABLE);
		bench_advance(b, 5 * MS);
	}
	assert_int_equal(b->reboots, 1);
	bench_free(wdt);
	(void)state;
}

static void each_interval_is_as_long_as_the_manual_says(void **state)
{
	static const u32 ms[] = { 500,  1000, 2000,  3000,  4000,  5000,
				  6000, 8000, 10000, 12000, 14000, 16000 };

	for (u32 i = 0; i < ARRAY_LEN(ms); i++) {
		struct device *wdt = bench("watchdog-sunxi");
		struct bench *b = bench_of(wdt);

		wr(wdt, MODE, KEY | interval(i) | ENABLE);
		bench_advance(b, ms[i] * MS - 1);
		assert_int_equal(b->reboots, 0);
		bench_advance(b, 1);
		assert_int_equal(b->reboots, 1);
		bench_free(wdt);
	}
	(void)state;
}

static void as_a_mere_timer_it_interrupts(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	wr(wdt, CFG, KEY | 2);
	wr(wdt, IRQ_EN, 1);
	wr(wdt, MODE, KEY | ENABLE);
	bench_advance(b, 500 * MS);
	assert_int_equal(b->reboots, 0);
	assert_true(device_wire(wdt, "interrupts", 0)->level);
	wr(wdt, IRQ_STA, 1);
	assert_false(device_wire(wdt, "interrupts", 0)->level);
	bench_advance(b, 500 * MS);
	assert_true(device_wire(wdt, "interrupts", 0)->level);
	bench_free(wdt);
	(void)state;
}

static void without_the_key_nothing_changes(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	wr(wdt, MODE, ENABLE);
	wr(wdt, CFG, 2);
	wr(wdt, SOFT_RST, 1);
	assert_int_equal(rd(wdt, MODE), 0);
	assert_int_equal(rd(wdt, CFG), 1);
	bench_advance(b, 20000 * MS);
	assert_int_equal(b->reboots, 0);
	wr(wdt, SOFT_RST, KEY | 1);
	assert_int_equal(b->reboots, 1);
	bench_free(wdt);
	(void)state;
}

static void disabled_it_waits_for_ever(void **state)
{
	struct device *wdt = bench("watchdog-sunxi");
	struct bench *b = bench_of(wdt);

	wr(wdt, MODE, KEY | ENABLE);
	wr(wdt, MODE, KEY);
	bench_advance(b, 20000 * MS);
	wr(wdt, MODE, KEY | ENABLE);
	device_reset(wdt);
	bench_advance(b, 20000 * MS);
	assert_int_equal(b->reboots, 0);
	bench_free(wdt);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_restarts_it_and_the_machine_is_reset),
		cmocka_unit_test(a_restart_counts_from_then_on),
		cmocka_unit_test(writing_the_same_mode_again_is_no_restart),
		cmocka_unit_test(each_interval_is_as_long_as_the_manual_says),
		cmocka_unit_test(as_a_mere_timer_it_interrupts),
		cmocka_unit_test(without_the_key_nothing_changes),
		cmocka_unit_test(disabled_it_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
