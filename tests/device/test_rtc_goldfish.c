/* What drivers expect of the Goldfish clock. */
#include "bench.h"

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c
};

static bool irq(struct device *rtc)
{
	return device_wire(rtc, "interrupts", 0)->level;
}

/* As Linux reads it: low first. */
static u64 now(struct device *rtc)
{
	u64 low = rd(rtc, TIME_LOW);

	return low | (u64)rd(rtc, TIME_HIGH) << 32;
}

static void set_alarm(struct device *rtc, u64 at)
{
	wr(rtc, ALARM_HIGH, (u32)(at >> 32));
	wr(rtc, ALARM_LOW, (u32)at);
	wr(rtc, IRQ_ENABLED, 1);
}

static void it_shows_the_time_of_the_host(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	assert_true(now(rtc) == bench_of(rtc)->wall);
	bench_advance(bench_of(rtc), 12345);
	assert_true(now(rtc) == bench_of(rtc)->wall + 12345);
	bench_free(rtc);
	(void)state;
}

static void reading_the_low_half_keeps_the_high_half_that_belongs_to_it(void **state)
{
	struct device *rtc = bench("rtc-goldfish");
	struct bench *b = bench_of(rtc);

	b->wall = ((u64)7 << 32) - 1;
	assert_int_equal(rd(rtc, TIME_LOW), 0xffffffff);
	bench_advance(b, 1); /* the carry */
	assert_int_equal(rd(rtc, TIME_HIGH), 6);
	assert_int_equal(rd(rtc, TIME_LOW), 0);
	assert_int_equal(rd(rtc, TIME_HIGH), 7);
	bench_free(rtc);
	(void)state;
}

static void the_guest_can_set_the_time(void **state)
{
	struct device *rtc = bench("rtc-goldfish");
	u64 then = (u64)946684800 * 1000000000;

	wr(rtc, TIME_HIGH, (u32)(then >> 32));
	wr(rtc, TIME_LOW, (u32)then);
	assert_true(now(rtc) == then);
	bench_advance(bench_of(rtc), 500);
	assert_true(now(rtc) == then + 500);
	bench_free(rtc);
	(void)state;
}

static void the_alarm_interrupts_at_its_time(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	set_alarm(rtc, now(rtc) + 1000);
	assert_int_equal(rd(rtc, ALARM_STATUS), 1);
	bench_advance(bench_of(rtc), 999);
	assert_false(irq(rtc));
	bench_advance(bench_of(rtc), 1);
	assert_true(irq(rtc));
	assert_int_equal(rd(rtc, ALARM_STATUS), 0);
	wr(rtc, CLEAR_INTERRUPT, 1);
	assert_false(irq(rtc));
	bench_free(rtc);
	(void)state;
}

static void an_alarm_in_the_past_fires_at_once(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	set_alarm(rtc, now(rtc) - 1);
	assert_true(irq(rtc));
	assert_int_equal(rd(rtc, ALARM_STATUS), 0);
	bench_free(rtc);
	(void)state;
}

static void a_cleared_alarm_does_not_fire(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	set_alarm(rtc, now(rtc) + 1000);
	wr(rtc, CLEAR_ALARM, 1);
	assert_int_equal(rd(rtc, ALARM_STATUS), 0);
	bench_advance(bench_of(rtc), 5000);
	assert_false(irq(rtc));
	bench_free(rtc);
	(void)state;
}

static void the_interrupt_waits_for_its_enable(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	set_alarm(rtc, now(rtc) + 10);
	wr(rtc, IRQ_ENABLED, 0);
	bench_advance(bench_of(rtc), 10);
	assert_false(irq(rtc));
	wr(rtc, IRQ_ENABLED, 1);
	assert_true(irq(rtc));
	bench_free(rtc);
	(void)state;
}

static void an_alarm_follows_a_clock_that_the_guest_sets(void **state)
{
	struct device *rtc = bench("rtc-goldfish");

	set_alarm(rtc, now(rtc) + ((u64)10 << 32));
	wr(rtc, TIME_HIGH, rd(rtc, TIME_HIGH) + 11);
	assert_true(irq(rtc));
	bench_free(rtc);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_shows_the_time_of_the_host),
		cmocka_unit_test(reading_the_low_half_keeps_the_high_half_that_belongs_to_it),
		cmocka_unit_test(the_guest_can_set_the_time),
		cmocka_unit_test(the_alarm_interrupts_at_its_time),
		cmocka_unit_test(an_alarm_in_the_past_fires_at_once),
		cmocka_unit_test(a_cleared_alarm_does_not_fire),
		cmocka_unit_test(the_interrupt_waits_for_its_enable),
		cmocka_unit_test(an_alarm_follows_a_clock_that_the_guest_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
