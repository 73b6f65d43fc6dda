/* The fuzz target of virtio-net without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_net.c"

static void whatever_a_driver_does_the_card_keeps_its_promises(void **state)
{
	u32 seed = 11;

	for (u32 life = 0; life < 3000; life++) {
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
		cmocka_unit_test(whatever_a_driver_does_the_card_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
