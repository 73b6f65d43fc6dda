/* The fuzz target of virtio-gpu without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_gpu.c"

static void whatever_a_driver_does_the_display_keeps_its_promises(void **state)
{
	u32 seed = 17;

	for (u32 life = 0; life < 1000; life++) {
		u8 bytes[3000];

		for (u32 i = 0; i < sizeof(bytes); i++)
			bytes[i] = (u8)(bench_xorshift(&seed) >> 9);
		fuzz_one(bytes, sizeof(bytes));
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_the_display_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
