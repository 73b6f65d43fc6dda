/* The fuzz targets of the network without a fuzzer: random input, the same each time. */
#include "chance.h"
#include "check.h"

#include "fuzz_net.c"

/* A start that gets far, and chance behind it. */
static void frames_of_all_kinds_are_dropped_or_sound(void **state)
{
	static const u8 starts[][24] = {
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 },
		{ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0x45, 0, 0, 60, 0, 0, 0, 0 },
		{ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6 },
	};
	u32 seed = 7;

	for (u32 i = 0; i < 100000; i++) {
		u8 bytes[120];
		u32 n = xorshift(&seed) % sizeof(bytes);

		for (u32 k = 0; k < sizeof(bytes); k++)
			bytes[k] = (u8)(xorshift(&seed) >> 11);
		if (i % 4 < 3)
			memcpy(bytes, starts[i % 4], sizeof(starts[0]));
		bytes[24] = (u8)("\1\6\21\72"[xorshift(&seed) % 4]); /* a protocol that passes */
		fuzz_one(bytes, n);
	}
	fuzz_one(NULL, 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_all_kinds_are_dropped_or_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
