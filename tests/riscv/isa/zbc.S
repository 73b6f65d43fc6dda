/* Zbc: multiplication of polynomials over GF(2).
 *
 * Unprivileged manual, "Zbc: Carry-less multiplication".  The product of a and b has 127
 * bits; clmul gives bits 63:0, clmulh 127:64, clmulr 126:63.
 */
#include "isa.h"

#define MIN64 0x8000000000000000

TEST
	RR(clmul, 0, 0, -1)
	RR(clmul, 5, 3, 3)			/* (x + 1)^2 = x^2 + 1 */
	RR(clmul, 0x12, 0x6, 0x7)		/* (x^2 + x)(x^2 + x + 1) = x^4 + x */
	RR(clmul, -1, -1, 1)
	RR(clmul, MIN64, MIN64, 1)
	RR(clmul, 0, MIN64, 2)
	RR(clmul, 0x5555555555555555, -1, -1)	/* a square has even powers only */
	RR(clmulh, 0, 3, 3)
	RR(clmulh, 0x4000000000000000, MIN64, MIN64)	/* x^126 */
	RR(clmulh, 0x5555555555555555, -1, -1)
	RR(clmulh, 1, MIN64, 2)
	RR(clmulh, 0x7fffffffffffffff, MIN64, -1)	/* x^63 .. x^126 */
	RR(clmulr, 0, 3, 3)
	RR(clmulr, MIN64, MIN64, MIN64)		/* x^126 */
	RR(clmulr, 0xaaaaaaaaaaaaaaaa, -1, -1)	/* bits 126:63: even powers */
	RR(clmulr, 1, MIN64, 1)
	RR(clmulr, -1, MIN64, -1)
PASS
