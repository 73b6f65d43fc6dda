/* The fuzz target of qcow2 without a fuzzer: random lives, the same each time. */
#include "chance.h"
#include "check.h"

#include "fuzz_qcow2.c"

/* Changes at places and of values that tables have: offsets of clusters, flags. */
static void put_change(u8 *at, u32 *seed)
{
	static const u64 flags[] = { 0, (u64)1 << 63, (u64)1 << 62, 1, (u64)1 << 56, 0xff };
	u64 value = flags[xorshift(seed) % 6] | xorshift(seed) % 40 * 512;

	put_be16(at, (u16)(xorshift(seed) % (xorshift(seed) % 2 ? 112 : 5000) & ~7u));
	at[2] = (u8)xorshift(seed);
	put_be64(at + 3, xorshift(seed) % 8 ? value : value << xorshift(seed) % 60);
}

static void lives(u32 seed, u32 rounds, u32 most_changes)
{
	for (u32 i = 0; i < rounds; i++) {
		u8 bytes[2 + 8 * 11 + 240];
		u32 changes = xorshift(&seed) % (most_changes + 1);

		for (u32 k = 0; k < sizeof(bytes); k++)
			bytes[k] = (u8)(xorshift(&seed) >> 11);
		bytes[0] = (u8)(xorshift(&seed) % 100);
		bytes[1] = (u8)changes;
		for (u32 k = 0; k < changes; k++)
			put_change(bytes + 2 + k * 11, &seed);
		fuzz_one(bytes, 2 + changes * 11 + xorshift(&seed) % 240);
	}
}

static void an_image_that_nobody_changed_stays_sound(void **state)
{
	lives(3, 3000, 0);
	(void)state;
}

static void an_image_that_anybody_changed_ends_in_an_errno(void **state)
{
	lives(4, 10000, 8);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_that_nobody_changed_stays_sound),
		cmocka_unit_test(an_image_that_anybody_changed_ends_in_an_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
