/* The fuzz target of virtio-gpu without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_gpu.c"
#include "lives.h"

static void whatever_a_driver_does_the_display_keeps_its_promises(void **state)
{
	random_lives(17, 1000, 3000);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_display_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
