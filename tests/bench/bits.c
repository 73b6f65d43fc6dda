/* bits.c - what the bit instructions are good for: Zba, Zbb, Zbs; popcnt and BMI on the host
 *
 * Compiled twice, without and with these instructions; BITS is the function's name.
 */
#include "micro.h"

static u64 rotate(u64 v, u64 by)
{
	by &= 63;
	return v << by | v >> (-by & 63);
}

u64 BITS(void *mem, u64 size, u64 work)
{
	const u64 *words = mem;
	u64 n = size / 8, sum = 0;

	for (u64 w = 0; w < work; w++)
		for (u64 i = 0; i < n; i++) {
			u64 v = words[i] ^ sum;
			int64_t a = (int64_t)v, b = (int64_t)sum;

			sum += (u64)__builtin_popcountll(v);
			sum ^= (u64)__builtin_clzll(v | 1) << 8;
			sum += (u64)__builtin_ctzll(v | (u64)1 << 63) << 16;
			sum = rotate(sum, v) + words[v & (n - 1)];
			sum ^= __builtin_bswap64(v) & ~words[i];
			sum += (u64)(a > b ? a : b) ^ (v | (u64)1 << (i & 63));
		}
	return sum;
}
