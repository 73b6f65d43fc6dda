/* The fuzz target of virtio-snd without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_snd.c"
#include "lives.h"

static void whatever_a_driver_plays_it_comes_back(void **state)
{
	random_lives(43, 1000, 1500);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_plays_it_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
