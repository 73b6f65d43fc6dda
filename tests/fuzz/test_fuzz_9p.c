/* The fuzz target of 9P without a fuzzer: random lives, the same each time. */
#include "fuzz_9p.c"

static u32 xorshift(u32 *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	return *s ^= *s << 5;
}

static void whatever_a_client_asks_it_stays_in_its_folder(void **state)
{
	u32 seed = 9;

	for (u32 life = 0; life < 600; life++) {
		u8 bytes[2000];

		for (u32 i = 0; i < sizeof(bytes); i++)
			bytes[i] = (u8)(xorshift(&seed) >> 9);
		fuzz_one(bytes, sizeof(bytes));
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_client_asks_it_stays_in_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
