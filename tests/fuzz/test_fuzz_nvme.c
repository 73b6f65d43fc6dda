/* The fuzz target of nvme without a fuzzer: random lives, the same each time. */
#include "fuzz_nvme.c"

static void whatever_a_driver_does_the_controller_recovers_with_a_reset(void **state)
{
	u32 seed = 23;

	for (u32 life = 0; life < 2000; life++) {
		u8 bytes[600];

		for (u32 i = 0; i < sizeof(bytes); i++)
			bytes[i] = (u8)(bench_xorshift(&seed) >> 9);
		fuzz_one(bytes, sizeof(bytes));
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_controller_recovers_with_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
