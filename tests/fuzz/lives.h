/* lives.h - a fuzz target without a fuzzer: random lives, the same each time. */
#ifndef LIVES_H
#define LIVES_H

#include "chance.h"
#include "check.h"

static inline void random_lives(u32 seed, u32 lives, size_t size)
{
	u8 *bytes = xzalloc(size);

	for (u32 life = 0; life < lives; life++) {
		for (size_t i = 0; i < size; i++)
			bytes[i] = (u8)(xorshift(&seed) >> 9);
		fuzz_one(bytes, size);
	}
	free(bytes);
}

#endif
