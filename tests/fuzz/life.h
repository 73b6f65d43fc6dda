/* life.h - for fuzz targets whose input is a life: each step takes its arguments from the bytes,
 * and zeros when they have run out.
 */
#ifndef LIFE_H
#define LIFE_H

#include "base.h"

int fuzz_one(const uint8_t *data, size_t size);

struct input {
	const u8 *at;
	size_t left;
};

static inline u32 take(struct input *in, u32 bytes)
{
	u32 v = 0;

	while (bytes-- && in->left) {
		v = v << 8 | *in->at++;
		in->left--;
	}
	return v;
}

#endif
