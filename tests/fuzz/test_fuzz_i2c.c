/* The fuzz target of I2C without a fuzzer: random lives, the same each time. */
#include "fuzz_i2c.c"
#include "lives.h"

static void whatever_a_driver_does_on_the_bus_a_reset_mends(void **state)
{
	random_lives(47, 1000, 600);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_on_the_bus_a_reset_mends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
