/* chance.h - random numbers that are the same each time. */
#ifndef CHANCE_H
#define CHANCE_H

#include "base.h"

/* The next of those that begin with *s, which is not 0. */
static inline u32 xorshift(u32 *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	return *s ^= *s << 5;
}

#endif
