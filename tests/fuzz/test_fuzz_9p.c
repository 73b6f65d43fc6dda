/* The fuzz target of 9P without a fuzzer: random lives, the same each time. */
#include "fuzz_9p.c"
#include "lives.h"

static void whatever_a_client_asks_it_stays_in_its_folder(void **state)
{
	random_lives(9, 600, 2000);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_client_asks_it_stays_in_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
