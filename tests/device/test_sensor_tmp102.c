/* What drivers expect of the TMP102. */
#include "i2c_bench.h"

#define SENSOR 0x48

enum { TEMPERATURE, CONFIG, LOW, HIGH };

static struct device *sensor_bench(const char *settings)
{
	struct device *bus = i2c_bench();

	bench_nest(bus, "sensor-tmp102", SENSOR, settings);
	return bus;
}

static u16 get(struct device *bus, u8 which)
{
	u8 b[2] = { 0 };

	i2c_read_at(bus, SENSOR, which, b, 2);
	return get_be16(b);
}

static void set(struct device *bus, u8 which, u16 v)
{
	assert_true(i2c_send(bus, SENSOR, (const u8[]){ which, (u8)(v >> 8), (u8)v }, 3));
}

static void it_measures_what_the_board_says(void **state)
{
	struct device *bus = sensor_bench("temperature=21500");

	assert_int_equal(get(bus, TEMPERATURE), 0x1580); /* 21.5 * 16 << 4 */
	bench_free(bus);
	(void)state;
}

static void extended_mode_moves_the_number_and_marks_it(void **state)
{
	struct device *bus = sensor_bench("temperature=130000");

	assert_int_equal(get(bus, TEMPERATURE), 0x7ff0); /* the most that 12 bits show */
	set(bus, CONFIG, get(bus, CONFIG) | 0x10);
	assert_int_equal(get(bus, TEMPERATURE), (130 * 16) << 3 | 1);
	bench_free(bus);
	(void)state;
}

static void its_configuration_is_as_the_data_sheet_says(void **state)
{
	struct device *bus = sensor_bench("");

	assert_int_equal(get(bus, CONFIG), 0x60a0);
	assert_int_equal(get(bus, LOW), 0x4b00);
	assert_int_equal(get(bus, HIGH), 0x5000);
	set(bus, CONFIG, 0xffff);
	assert_int_equal(get(bus, CONFIG), 0xffd0);
	set(bus, CONFIG, 0);
	assert_int_equal(get(bus, CONFIG), 0x6020);
	bench_free(bus);
	(void)state;
}

static void the_alert_stays_until_it_is_below_the_low_limit(void **state)
{
	struct device *bus = sensor_bench("temperature=25000");

	set(bus, LOW, 25 << 8);
	set(bus, HIGH, 25 << 8);
	assert_int_equal(get(bus, CONFIG) & 0x20, 0); /* active low */
	set(bus, HIGH, 30 << 8);
	assert_int_equal(get(bus, CONFIG) & 0x20, 0);
	set(bus, LOW, 26 << 8);
	assert_int_equal(get(bus, CONFIG) & 0x20, 0x20);
	bench_free(bus);
	(void)state;
}

static void the_temperature_cannot_be_written(void **state)
{
	struct device *bus = sensor_bench("temperature=1000");

	set(bus, TEMPERATURE, 0xffff);
	assert_int_equal(get(bus, TEMPERATURE), 0x0100);
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_measures_what_the_board_says),
		cmocka_unit_test(extended_mode_moves_the_number_and_marks_it),
		cmocka_unit_test(its_configuration_is_as_the_data_sheet_says),
		cmocka_unit_test(the_alert_stays_until_it_is_below_the_low_limit),
		cmocka_unit_test(the_temperature_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
