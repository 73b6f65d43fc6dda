/* Zbs: one bit is cleared, extracted, inverted or set; its number is taken modulo 64.
 *
 * Unprivileged manual, "Zbs: Single-bit instructions".
 */
#include "isa.h"

#define MIN64 0x8000000000000000

TEST
	RR(bclr, 0xfffffffffffffffe, -1, 0)
	RR(bclr, 0x7fffffffffffffff, -1, 63)
	RR(bclr, 0xfffffffffffffffd, -1, 65)
	RR(bclr, 0, 0, 5)
	RI(bclri, 0xfffffffffffffffe, -1, 0)
	RI(bclri, 0x7fffffffffffffff, -1, 63)
	RR(bext, 1, MIN64, 63)
	RR(bext, 1, MIN64, -1)
	RR(bext, 0, MIN64, 62)
	RR(bext, 1, 2, 65)
	RI(bexti, 1, MIN64, 63)
	RI(bexti, 0, MIN64, 0)
	RI(bexti, 1, 0x100000000, 32)
	RR(binv, 0, 1, 0)
	RR(binv, MIN64, 0, 63)
	RR(binv, 2, 0, 65)
	RI(binvi, 0x100000001, 1, 32)
	RI(binvi, 0, MIN64, 63)
	RR(bset, 1, 0, 64)
	RR(bset, MIN64, 0, 63)
	RR(bset, -1, -1, 7)
	RI(bseti, 0x80000000, 0, 31)
	RI(bseti, MIN64, 0, 63)
PASS
