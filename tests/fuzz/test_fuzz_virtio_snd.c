/* The fuzz target of virtio-snd without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_snd.c"
#include "lives.h"

static void whatever_a_driver_plays_it_comes_back(void **state)
{
	random_lives(43, 1000, 1500);
	(void)state;
}

/* Nothing had happened yet, and the piece is no longer than that. */
static void a_piece_that_is_over_at_time_0_comes_back(void **state)
{
	static const u8 life[] = { 0x1d, 0x3c, 0xde, 0xd9, 0x2c, 0xf3, 0xc3, 0x3c, 0x5f,
				   0x3a, 0x3c, 0x3c, 0x01, 0xff, 0x3c, 0x3c, 0xcd };

	fuzz_one(life, sizeof(life));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_plays_it_comes_back),
		cmocka_unit_test(a_piece_that_is_over_at_time_0_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
