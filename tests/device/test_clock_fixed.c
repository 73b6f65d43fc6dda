/* A clock is what others may refer to, and a frequency in the device tree. */
#include "bench.h"

static void it_provides_a_clock_without_cells_and_has_no_window(void **state)
{
	struct device *clock = bench_with("clock-fixed", "clock-frequency=33333333");

	assert_int_equal(clock->class->cells[PROVIDES_CLOCK], 1 + 0);
	assert_int_equal(clock->class->cells[PROVIDES_GPIO], 0);
	assert_int_equal(clock->class->mmio_size + clock->class->mmio_max, 0);
	assert_int_equal(device_save(clock, NULL, 0), 0);
	bench_free(clock);
	(void)state;
}

static void its_frequency_is_a_property_that_must_be_given(void **state)
{
	const struct prop *p = device_find("clock-fixed")->props;

	assert_string_equal(p->fdt, "clock-frequency");
	assert_true(p->required);
	assert_int_equal(p->kind, PROP_KIND_HZ);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_provides_a_clock_without_cells_and_has_no_window),
		cmocka_unit_test(its_frequency_is_a_property_that_must_be_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
