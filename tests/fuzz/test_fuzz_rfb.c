/* The fuzz target of RFB without a fuzzer: random lives, the same each time. */
#include "fuzz_rfb.c"
#include "lives.h"

static void whatever_a_client_says_updates_can_be_taken_apart(void **state)
{
	random_lives(59, 1000, 600);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_client_says_updates_can_be_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
