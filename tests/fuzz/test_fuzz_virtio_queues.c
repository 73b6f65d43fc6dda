/* The fuzz target of the queues of virtio devices without a fuzzer: random lives, the same each
 * time. */
#include "fuzz_virtio_queues.c"
#include "lives.h"

static void whatever_is_in_the_queues_a_reset_leaves_nothing_behind(void **state)
{
	random_lives(29, 3000, 1000);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_in_the_queues_a_reset_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
