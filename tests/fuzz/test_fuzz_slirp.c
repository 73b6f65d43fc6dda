/* The guard and libslirp behind it without a fuzzer: random frames, the same each time. */
#include "chance.h"
#include "check.h"

#include "fuzz_slirp.c"

/* Headers that pass, for this host, around chance. */
static u32 put_frame(u8 *f, u32 *seed)
{
	static const u8 v4[] = { 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0,
				 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64 };
	static const u8 v6[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd, 0x60 };
	u32 n = 60 + xorshift(seed) % 400, v = xorshift(seed) % 3;

	for (u32 i = 0; i < n; i++)
		f[i] = (u8)(xorshift(seed) >> 7);
	if (v == 0) {
		memcpy(f, v4, sizeof(v4));
		put_be16(f + 16, (u16)(n - 14));
		f[23] = (u8)("\1\6\21"[xorshift(seed) % 3]);
		memcpy(f + 26, (u8[]){ 10, 0, 2, 15, 10, 0, 2, 2 }, 8);
		if (f[23] == 1)
			f[34] = 8; /* an echo request */
		else
			put_be16(f + 38, (u16)(n - 34));
	} else if (v == 1) {
		memcpy(f, v6, sizeof(v6));
		put_be16(f + 18, (u16)(n - 54));
		f[20] = (u8)("\72\6\21"[xorshift(seed) % 3]);
		f[54] = (u8)(128 + xorshift(seed) % 10);
		put_be16(f + 58, (u16)(n - 54));
	} else {
		memcpy(f + 6, (u8[]){ 0x52, 0x54, 0, 1, 2, 3, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }, 16);
	}
	return n;
}

static void whatever_passes_the_guard_libslirp_survives(void **state)
{
	u32 seed = 5;

	for (u32 i = 0; i < 3000; i++) {
		static u8 bytes[16 * 512];
		u32 n = 0;

		for (u32 k = 0; k < 8; k++) {
			u32 len = put_frame(bytes + n + 2, &seed);

			bytes[n] = (u8)(len >> 8 | (xorshift(&seed) & 0x80));
			bytes[n + 1] = (u8)len;
			n += 2 + len;
		}
		fuzz_one(bytes, n);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_passes_the_guard_libslirp_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
