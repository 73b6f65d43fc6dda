/* code_riscv64.h - what `micro.c` must know of the machine it runs on: RV64GC
 *
 * Included through the build's -include; code_x86_64.h is the same for the host.
 */
#ifndef CODE_H
#define CODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CODE_SIZE 12

/* x = (x + a) ^ b, for a and b below 2048: addi a0,a0,a; xori a0,a0,b; ret */
static inline void code_write(void *at, uint32_t a, uint32_t b)
{
	uint32_t *p = at;

	p[0] = a << 20 | 10 << 15 | 0 << 12 | 10 << 7 | 0x13;
	p[1] = b << 20 | 10 << 15 | 4 << 12 | 10 << 7 | 0x13;
	p[2] = 0x00008067;
}

#define FMA_TARGET

static inline bool has_fma(void)
{
	return true;
}

/* Linux, riscv_hwprobe: key IMA_EXT_0, its bits for Zba, Zbb and Zbs. */
static inline bool has_bit_instructions(void)
{
	struct {
		int64_t key;
		uint64_t value;
	} ext = { 4, 0 };
	const uint64_t want = 1 << 3 | 1 << 4 | 1 << 5;

	return !syscall(258, &ext, 1L, 0L, NULL, 0L) && (ext.value & want) == want;
}

#endif
