/* code_x86_64.h - what `micro.c` must know of the machine it runs on: x86-64
 *
 * Included through the build's -include; code_riscv64.h is the same for the guest.
 */
#ifndef CODE_H
#define CODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CODE_SIZE 14

/* x = (x + a) ^ b: lea rax,[rdi+a]; xor rax,b; ret */
static inline void code_write(void *at, uint32_t a, uint32_t b)
{
	uint8_t code[CODE_SIZE] = { 0x48, 0x8d, 0x87, 0, 0, 0, 0, 0x48, 0x35, 0, 0, 0, 0, 0xc3 };

	memcpy(code + 3, &a, 4);
	memcpy(code + 9, &b, 4);
	memcpy(at, code, sizeof(code));
}

/* Without it each fma() of the native row would be a call. */
#define FMA_TARGET __attribute__((target("fma")))

static inline bool has_fma(void)
{
	return __builtin_cpu_supports("fma");
}

static inline bool has_bit_instructions(void)
{
	/* What has BMI2 has LZCNT, which clang cannot ask for. */
	return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

#endif
