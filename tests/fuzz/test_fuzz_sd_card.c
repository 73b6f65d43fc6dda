/* The fuzz target of sd-card without a fuzzer: random lives, the same each time. */
#include "fuzz_sd_card.c"
#include "lives.h"

static void whatever_a_driver_does_the_card_recovers_with_a_reset(void **state)
{
	random_lives(29, 1000, 300);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_card_recovers_with_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
