/* micro.h - what the files of the micro benchmark share. */
#ifndef MICRO_H
#define MICRO_H

#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

u64 bits_plain(void *mem, u64 size, u64 work);
u64 bits_fast(void *mem, u64 size, u64 work);

#endif
