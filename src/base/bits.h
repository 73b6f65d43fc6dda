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

/* -- Sets of few out of many: only what is there is looked at ---------------------------------- */

#define SPARSE_MAX (64 * 64)

struct sparse {
	u64 some;      /* bit set: words that are not 0 */
	u64 words[64]; /* holds 0 to SPARSE_MAX - 1 */
};

static inline void sparse_put(struct sparse *set, u32 n)
{
	set->some |= (u64)1 << n / 64;
	bits_put(set->words, n);
}

/* Removes the least, which is *n; false: the set is empty. */
static inline bool sparse_take(struct sparse *set, u32 *n)
{
	u32 i;

	if (!set->some)
		return false;
	i = (u32)CTZ64(set->some);
	*n = i * 64 + (u32)CTZ64(set->words[i]);
	set->words[i] &= set->words[i] - 1;
	if (!set->words[i])
		set->some &= set->some - 1;
	return true;
}

#endif
