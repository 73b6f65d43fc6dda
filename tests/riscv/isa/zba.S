/* Zba: shifted additions, and those whose first operand is an unsigned word.
 *
 * Unprivileged manual, "Zba: Address generation".
 */
#include "isa.h"

TEST
	RR(sh1add, 13, 5, 3)
	RR(sh1add, 0, 0x8000000000000000, 0)
	RR(sh2add, 23, 5, 3)
	RR(sh2add, -5, -1, -1)
	RR(sh3add, 43, 5, 3)
	RR(sh3add, -8, -1, 0)
	RR(add.uw, 0x100000000, 0xffffffff, 1)
	RR(add.uw, 0xfffffffe, -1, -1)
	RR(add.uw, 5, 0xf00000005, 0)
	RR(sh1add.uw, 0x1fffffffe, -1, 0)
	RR(sh1add.uw, 0x100000001, 0x180000000, 1)
	RR(sh2add.uw, 0x3fffffffc, -1, 0)
	RR(sh2add.uw, 0x7, 0x100000001, 3)
	RR(sh3add.uw, 0x7fffffff8, -1, 0)
	RR(sh3add.uw, 0x7fffffff7, -1, -1)
	RI(slli.uw, 0xffffffff, -1, 0)
	RI(slli.uw, 0xffffffff0, -1, 4)
	RI(slli.uw, 0x8000000000000000, 0xf00000001, 63)
PASS
