/* The fuzz target of sd-card without a fuzzer: random lives, the same each time. */
#include "fuzz_sd_card.c"

static void whatever_a_driver_does_the_card_recovers_with_a_reset(void **state)
{
	u32 seed = 29;

	for (u32 life = 0; life < 1000; life++) {
		u8 bytes[300];

		for (u32 i = 0; i < sizeof(bytes); i++)
			bytes[i] = (u8)(bench_xorshift(&seed) >> 9);
		fuzz_one(bytes, sizeof(bytes));
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_card_recovers_with_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
