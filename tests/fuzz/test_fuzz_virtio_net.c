/* The fuzz target of virtio-net without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_net.c"
#include "lives.h"

static void whatever_a_driver_does_the_card_keeps_its_promises(void **state)
{
	random_lives(11, 3000, 600);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_card_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
