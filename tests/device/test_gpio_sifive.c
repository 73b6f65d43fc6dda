/* What the FU540 manual promises of the GPIO block, one promise per test. */
#include "bench.h"

enum {
	INPUT_VAL = 0x00,
	INPUT_EN = 0x04,
	OUTPUT_EN = 0x08,
	OUTPUT_VAL = 0x0c,
	PUE = 0x10,
	RISE_IE = 0x18,
	RISE_IP = 0x1c,
	LOW_IE = 0x30,
	LOW_IP = 0x34
};

static void a_pad_reads_zero_until_input_is_enabled(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=4");

	device_input(gpio, 2, true);
	assert_int_equal(rd(gpio, INPUT_VAL), 0);
	wr(gpio, INPUT_EN, 1 << 2);
	assert_int_equal(rd(gpio, INPUT_VAL), 1 << 2);
	bench_free(gpio);
	(void)state;
}

static void a_rising_edge_stays_pending_until_one_is_written(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=4");

	wr(gpio, INPUT_EN, 1);
	device_input(gpio, 0, true);
	device_input(gpio, 0, false);
	assert_int_equal(rd(gpio, RISE_IP), 1);

	wr(gpio, RISE_IP, 0);
	assert_int_equal(rd(gpio, RISE_IP), 1);
	wr(gpio, RISE_IP, 1);
	assert_int_equal(rd(gpio, RISE_IP), 0);
	bench_free(gpio);
	(void)state;
}

static void an_enabled_edge_raises_the_interrupt_of_its_pad_alone(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=4");

	wr(gpio, INPUT_EN, 0xf);
	wr(gpio, RISE_IE, 0xf);
	device_input(gpio, 1, true);
	assert_false(device_wire(gpio, "interrupts", 0)->level);
	assert_true(device_wire(gpio, "interrupts", 1)->level);
	wr(gpio, RISE_IP, 1 << 1);
	assert_false(device_wire(gpio, "interrupts", 1)->level);
	bench_free(gpio);
	(void)state;
}

static void a_low_level_pends_again_after_it_is_cleared(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=1");

	wr(gpio, LOW_IE, 1);
	assert_true(device_wire(gpio, "interrupts", 0)->level);
	wr(gpio, LOW_IP, 1);
	assert_true(device_wire(gpio, "interrupts", 0)->level);
	bench_free(gpio);
	(void)state;
}

static void an_output_drives_its_wire_once_enabled(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=4");
	const struct wire *led = device_wire(gpio, "out", 3);

	wr(gpio, OUTPUT_VAL, 1 << 3);
	assert_false(led->level);
	wr(gpio, OUTPUT_EN, 1 << 3);
	assert_true(led->level);
	bench_free(gpio);
	(void)state;
}

static void a_pad_that_nothing_drives_follows_its_pull_up(void **state)
{
	struct device *gpio = bench_with("gpio-sifive", "ngpios=4");

	wr(gpio, INPUT_EN, 1);
	wr(gpio, PUE, 1);
	assert_int_equal(rd(gpio, INPUT_VAL), 1);
	device_input(gpio, 0, false);
	assert_int_equal(rd(gpio, INPUT_VAL), 0);
	bench_free(gpio);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pad_reads_zero_until_input_is_enabled),
		cmocka_unit_test(a_rising_edge_stays_pending_until_one_is_written),
		cmocka_unit_test(an_enabled_edge_raises_the_interrupt_of_its_pad_alone),
		cmocka_unit_test(a_low_level_pends_again_after_it_is_cleared),
		cmocka_unit_test(an_output_drives_its_wire_once_enabled),
		cmocka_unit_test(a_pad_that_nothing_drives_follows_its_pull_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
