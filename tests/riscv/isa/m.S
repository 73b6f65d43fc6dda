/* trap:02 - multiplication and division; x / 0 is -1 with remainder x, the smallest number by
 * -1 is itself with remainder 0, and neither traps.
 *
 * Unprivileged manual, "M Standard Extension", table "Semantics for division by zero
 * and division overflow".
 */
#include "isa.h"

#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

TEST
	RR(mul, 42, 6, 7)
	RR(mul, -42, -6, 7)
	RR(mul, 1, -1, -1)
	RR(mul, MIN64, MIN64, -1)
	RR(mul, 0, 0x100000000, 0x100000000)
	RR(mul, 0xfffffffe00000001, 0xffffffff, 0xffffffff)
	RR(mulh, 0, -1, -1)
	RR(mulh, -1, -1, 1)
	RR(mulh, 0x4000000000000000, MIN64, MIN64)
	RR(mulh, 0xc000000000000000, MIN64, MAX64)	/* -2^126 + 2^63 */
	RR(mulh, 1, 0x100000000, 0x100000000)
	RR(mulhsu, -1, -1, 1)
	RR(mulhsu, -1, -1, -1)				/* -(2^64 - 1) */
	RR(mulhsu, MIN64, MIN64, -1)			/* -2^127 + 2^63 */
	RR(mulhsu, 0, 1, -1)
	RR(mulhsu, 0x7ffffffffffffffe, MAX64, -1)	/* 2^127 - 2^64 - 2^63 + 1 */
	RR(mulhu, 0xfffffffffffffffe, -1, -1)
	RR(mulhu, 0, -1, 1)
	RR(mulhu, 0x4000000000000000, MIN64, MIN64)
	RR(mulw, -1, 0xffffffff, 1)
	RR(mulw, 0, 0x10000, 0x10000)
	RR(mulw, 1, 0xffffffff, 0xffffffff)
	RR(mulw, 0xffffffff80000000, 0x80000000, 1)

	RR(div, 2, 7, 3)
	RR(div, -2, -7, 3)		/* towards zero */
	RR(div, -2, 7, -3)
	RR(div, 2, -7, -3)
	RR(div, -1, 7, 0)
	RR(div, -1, 0, 0)
	RR(div, MIN64, MIN64, -1)
	RR(div, MIN64, MIN64, 1)
	RR(divu, 2, 7, 3)
	RR(divu, 0x5555555555555553, -7, 3)	/* (2^64 - 7) / 3 */
	RR(divu, -1, 7, 0)
	RR(divu, 0, MIN64, -1)
	RR(rem, 1, 7, 3)
	RR(rem, -1, -7, 3)		/* the sign of the dividend */
	RR(rem, 1, 7, -3)
	RR(rem, -1, -7, -3)
	RR(rem, 7, 7, 0)
	RR(rem, MIN64, MIN64, 0)
	RR(rem, 0, MIN64, -1)
	RR(remu, 1, 7, 3)
	RR(remu, 0, -7, 3)
	RR(remu, 7, 7, 0)
	RR(remu, MIN64, MIN64, -1)

	RR(divw, -2, 0xfffffff9, 3)	/* upper halves count for nothing */
	RR(divw, 2, 0x100000007, 0xf00000003)
	RR(divw, -1, 7, 0)
	RR(divw, -1, 7, 0x100000000)
	RR(divw, 0xffffffff80000000, 0x80000000, -1)
	RR(divw, 0xffffffff80000000, 0x80000000, 0xffffffff)
	RR(divuw, 0x55555553, 0xfffffff9, 3)	/* (2^32 - 7) / 3 = 4294967289 / 3 */
	RR(divuw, -1, 7, 0)
	RR(divuw, -1, 0xffffffff, 1)	/* 2^32 - 1, sign-extended */
	RR(divuw, 0, 0x80000000, -1)
	RR(remw, -1, 0xfffffff9, 3)
	RR(remw, 7, 0x100000007, 0)
	RR(remw, 0xffffffff80000000, 0x80000000, 0)
	RR(remw, 0, 0x80000000, 0xffffffff)
	RR(remuw, 0, 0xfffffff9, 3)
	RR(remuw, 0xffffffff80000000, 0x80000000, 0)
	RR(remuw, 0xffffffff80000000, 0x80000000, 0xffffffff)
	RR(remuw, 1, 0x100000007, 3)
PASS
