/* Zbb: logic with negation, counts, minimum and maximum, extension, rotation, bytes.
 *
 * Unprivileged manual, "Zbb: Basic bit-manipulation".
 */
#include "isa.h"

#define MIN64 0x8000000000000000
#define MAX64 0x7fffffffffffffff

TEST
	RR(andn, 0x00f000f000f000f0, 0x0ff00ff00ff00ff0, 0x0f0f0f0f0f0f0f0f)
	RR(andn, -1, -1, 0)
	RR(orn, -1, -1, -1)
	RR(orn, 0xfffffffffffffff5, 5, 0xf)
	RR(xnor, -1, 5, 5)
	RR(xnor, 0, -1, 0)
	RR(xnor, 0xfffffffffffffff0, 0xc, 0x3)

	R1(clz, 64, 0)
	R1(clz, 0, -1)
	R1(clz, 63, 1)
	R1(clz, 32, 0xffffffff)
	R1(ctz, 64, 0)
	R1(ctz, 0, -1)
	R1(ctz, 63, MIN64)
	R1(cpop, 0, 0)
	R1(cpop, 64, -1)
	R1(cpop, 32, 0xaaaaaaaaaaaaaaaa)
	R1(clzw, 32, 0)
	R1(clzw, 32, 0xffffffff00000000)
	R1(clzw, 0, 0x80000000)
	R1(clzw, 31, 0xf00000001)
	R1(ctzw, 32, 0)
	R1(ctzw, 32, 0xffffffff00000000)
	R1(ctzw, 31, 0x80000000)
	R1(cpopw, 0, 0xffffffff00000000)
	R1(cpopw, 32, -1)
	R1(cpopw, 1, 0xf80000000)

	RR(max, MAX64, MIN64, MAX64)
	RR(max, 0, -1, 0)
	RR(max, 7, 7, 7)
	RR(maxu, MIN64, MIN64, MAX64)
	RR(maxu, -1, -1, 0)
	RR(min, MIN64, MIN64, MAX64)
	RR(min, -1, 0, -1)
	RR(minu, MAX64, MIN64, MAX64)
	RR(minu, 0, 0, -1)

	R1(sext.b, 0x7f, 0xff7f)
	R1(sext.b, 0xffffffffffffff80, 0x180)
	R1(sext.h, 0x7fff, 0xffff7fff)
	R1(sext.h, 0xffffffffffff8000, 0x18000)
	R1(zext.h, 0xffff, -1)
	R1(zext.h, 0x8000, 0xffff8000)

	RR(rol, 0x3, MIN64+1, 1)
	RR(rol, MIN64, 1, -1)
	RR(rol, 0x0123456789abcdef, 0x0123456789abcdef, 64)
	RR(rol, 0x123456789abcdef0, 0x0123456789abcdef, 4)
	RR(ror, 0xc000000000000000, MIN64+1, 1)
	RR(ror, 2, 1, -1)
	RR(ror, 0xf0123456789abcde, 0x0123456789abcdef, 4)
	RI(rori, MIN64, 1, 1)
	RI(rori, 2, 1, 63)
	RI(rori, 0x123, 0x123, 0)
	RR(rolw, 3, 0x80000001, 1)
	RR(rolw, 0xffffffff80000000, 0xf40000000, 1)
	RR(rolw, 1, 1, 32)
	RR(rolw, 1, 0x80000000, 0x41)
	RR(rorw, 0xffffffffc0000000, 0x80000001, 1)
	RR(rorw, 0xffffffff80000000, 0xf00000001, 0x21)
	RR(rorw, 0x40000000, 0x80000000, 1)
	RI(roriw, 0xffffffff80000000, 1, 1)
	RI(roriw, 2, 0xf00000001, 31)
	RI(roriw, 0xffffffff80000000, 0x80000000, 0)

	R1(orc.b, 0, 0)
	R1(orc.b, 0xff00ff00ff0000ff, 0x0100800040000001)
	R1(orc.b, -1, 0x0102040810204080)
	R1(rev8, 0xefcdab8967452301, 0x0123456789abcdef)
	R1(rev8, 0xff, 0xff00000000000000)
PASS
