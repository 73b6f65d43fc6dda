/* bits.h - sets of small numbers, as an array of words. */
#ifndef BITS_H
#define BITS_H

#include "base.h"

#define BITS_WORDS(n) (((n) + 63) / 64) /* that hold 0 to n - 1 */

static inline bool bits_has(const u64 *set, u32 n)
{
	return set[n / 64] >> n % 64 & 1;
}

static inline void bits_put(u64 *set, u32 n)
{
	set[n / 64] |= (u64)1 << n % 64;
}

static inline void bits_remove(u64 *set, u32 n)
{
	set[n / 64] &= ~((u64)1 << n % 64);
}

/* Removes the least, which is *n; false: the set is empty. */
static inline bool bits_take(u64 *set, u32 words, u32 *n)
{
	for (u32 i = 0; i < words; i++) {
		if (!set[i])
			continue;
		*n = i * 64 + (u32)CTZ64(set[i]);
		set[i] &= set[i] - 1;
		return true;
	}
	return false;
}

#endif
