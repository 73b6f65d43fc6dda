/* The fuzz target of the virtio keyboard, tablet and mouse without a fuzzer: random lives, the same
 * each time. */
#include "fuzz_virtio_input.c"
#include "lives.h"

static void whatever_a_driver_does_no_key_stays_down(void **state)
{
	random_lives(41, 1000, 1000);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_no_key_stays_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
