/* The fuzz target of virtio-vsock without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_vsock.c"
#include "lives.h"

static void whatever_both_sides_do_slots_are_freed_by_a_reset(void **state)
{
	random_lives(37, 1000, 1500);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_both_sides_do_slots_are_freed_by_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
