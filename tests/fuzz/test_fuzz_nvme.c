/* The fuzz target of nvme without a fuzzer: random lives, the same each time. */
#include "fuzz_nvme.c"
#include "lives.h"

static void whatever_a_driver_does_the_controller_recovers_with_a_reset(void **state)
{
	random_lives(23, 2000, 600);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_controller_recovers_with_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
