/* trap:62 trap:65 - double precision: arithmetic in five rounding modes, one rounding in fused
 * operations, overflow, underflow found after rounding.
 *
 * Unprivileged manual, "D Standard Extension"; IEEE 754-2019 4.3, 6.3, 7.  Loads and stores too.
 */
#include "isa.h"
#include "fp.h"

#define TINY 0x3ca0000000000000	/* 2^-53 */

TEST
	DD(fadd.d, 0, D_THREE, D_ONE, D_TWO)
	DDR(fadd.d, rne, NX, D_ONE, D_ONE, TINY)
	DDR(fadd.d, rne, NX, D_ONE+2, D_ONE+1, TINY)
	DDR(fadd.d, rtz, NX, D_ONE, D_ONE, TINY)
	DDR(fadd.d, rdn, NX, D_ONE, D_ONE, TINY)
	DDR(fadd.d, rup, NX, D_ONE+1, D_ONE, TINY)
	DDR(fadd.d, rmm, NX, D_ONE+1, D_ONE, TINY)
	DDR(fadd.d, rdn, NX, D_NEG|(D_ONE+1), D_NEG|D_ONE, D_NEG|TINY)
	DDR(fadd.d, rmm, NX, D_NEG|(D_ONE+1), D_NEG|D_ONE, D_NEG|TINY)
	DD(fadd.d, OF|NX, D_INF, D_MAX, D_MAX)
	DDR(fadd.d, rtz, OF|NX, D_MAX, D_MAX, D_MAX)
	DDR(fadd.d, rup, OF|NX, D_NEG|D_MAX, D_NEG|D_MAX, D_NEG|D_MAX)
	DD(fadd.d, 0, 0, D_ONE, D_NEG|D_ONE)
	DDR(fadd.d, rdn, 0, D_NEG, D_ONE, D_NEG|D_ONE)
	DD(fadd.d, 0, 2, D_MINSUB, D_MINSUB)
	DD(fsub.d, 0, D_ONE, D_THREE, D_TWO)
	DD(fsub.d, 0, D_MIN-1, D_MIN, D_MINSUB)
	DD(fsub.d, NV, D_QNAN, D_INF, D_INF)
	DDR(fsub.d, rmm, NX, D_ONE+1, D_ONE, D_NEG|TINY)

	DD(fmul.d, 0, 0x4018000000000000, D_TWO, D_THREE)
	DD(fmul.d, UF|NX, 0, D_MINSUB, D_HALF)
	DDR(fmul.d, rup, UF|NX, D_MINSUB, D_MINSUB, D_HALF)
	DD(fmul.d, 0, 0x0008000000000000, D_MIN, D_HALF)
	DD(fmul.d, UF|NX, D_MIN, D_MIN, 0x3fefffffffffffff)	/* 2^-1022 (1 - 2^-53) */
	DD(fmul.d, NX, D_MIN, D_MIN+1, 0x3feffffffffffffe)	/* 2^-1022 (1 - 2^-104) */
	DD(fdiv.d, NX, 0x3fd5555555555555, D_ONE, D_THREE)
	DDR(fdiv.d, rup, NX, 0x3fd5555555555556, D_ONE, D_THREE)
	DD(fdiv.d, DZ, D_NEG|D_INF, D_NEG|D_ONE, 0)
	DD(fdiv.d, NV, D_QNAN, 0, 0)
	DD(fdiv.d, NV, D_QNAN, D_INF, D_INF)
	D1(fsqrt.d, 0, D_TWO, 0x4010000000000000)
	D1(fsqrt.d, NX, 0x3ff6a09e667f3bcd, D_TWO)		/* ...3bcc|908 */
	D1R(fsqrt.d, rtz, NX, 0x3ff6a09e667f3bcc, D_TWO)
	D1(fsqrt.d, NV, D_QNAN, D_NEG|D_ONE)
	D1(fsqrt.d, 0, D_NEG, D_NEG)

	DDD(fmadd.d, 0, 0x401c000000000000, D_TWO, D_THREE, D_ONE)
	DDD(fmsub.d, 0, 0x4014000000000000, D_TWO, D_THREE, D_ONE)
	DDD(fnmsub.d, 0, 0xc014000000000000, D_TWO, D_THREE, D_ONE)
	DDD(fnmadd.d, 0, 0xc01c000000000000, D_TWO, D_THREE, D_ONE)
	/* (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104 */
	DDD(fmsub.d, 0, 0x3970000000000000, D_ONE+1, D_ONE+1, D_ONE+2)
	DDD(fnmsub.d, 0, 0xb970000000000000, D_ONE+1, D_ONE+1, D_ONE+2)
	DDDR(fmadd.d, rup, NX, D_ONE+1, D_ONE, D_ONE, D_MINSUB)
	DDDR(fnmadd.d, rdn, NX, D_NEG|(D_ONE+1), D_ONE, D_ONE, D_MINSUB)
	DDD(fnmadd.d, 0, 0, D_ONE, 0, D_NEG)
	DDD(fnmsub.d, 0, 0, D_ONE, 0, 0)
	DDD(fmadd.d, NV, D_QNAN, 0, D_INF, D_QNAN)
	DDD(fmadd.d, 0, D_MAX, D_MAX, D_TWO, D_NEG|D_MAX)
	DDD(fmadd.d, NX, D_MIN, D_MIN+1, 0x3feffffffffffffe, 0)

	DD(fsgnj.d, 0, D_NEG|D_ONE, D_ONE, D_NEG|D_TWO)
	DD(fsgnjn.d, 0, D_ONE, D_ONE, D_NEG|D_TWO)
	DD(fsgnjx.d, 0, D_NEG|D_ONE, D_ONE, D_NEG|D_TWO)
	DD(fsgnjx.d, 0, D_ONE, D_NEG|D_ONE, D_NEG|D_TWO)
	DD(fsgnj.d, 0, D_NEG|D_SNAN, D_SNAN, D_NEG)		/* bits, not a value */

	DX(fclass.d, 0, 1, D_NEG|D_INF)
	DX(fclass.d, 0, 2, D_NEG|D_ONE)
	DX(fclass.d, 0, 4, D_NEG|D_MINSUB)
	DX(fclass.d, 0, 8, D_NEG)
	DX(fclass.d, 0, 16, 0)
	DX(fclass.d, 0, 32, D_MIN-1)
	DX(fclass.d, 0, 64, D_MIN)
	DX(fclass.d, 0, 128, D_INF)
	DX(fclass.d, 0, 256, D_SNAN)
	DX(fclass.d, 0, 512, D_NEG|D_QNAN)
	DX(fmv.x.d, 0, D_SNAN, D_SNAN)
	XD(fmv.d.x, 0, 0x123456789abcdef0, 0x123456789abcdef0)

	CHECK
	la	s1, double
	fld	fa0, 0(s1)
	fmv.x.d	a0, fa0
	EQ(a0, 0x3ff199999999999a)
	CHECK
	fld	fa0, -3(s1)
	fmv.x.d	a0, fa0
	EQ(a0, 0x999999999a000000)
	CHECK
	fld	fa0, 0(s1)
	fsd	fa0, 16(s1)
	ld	a0, 16(s1)
	EQ(a0, 0x3ff199999999999a)
	CHECK
	fsd	fa0, 27(s1)
	ld	a0, 27(s1)
	EQ(a0, 0x3ff199999999999a)
PASS

	.data
	.balign	8
	.dword	0
double:	.dword	0x3ff199999999999a, 0, 0, 0, 0, 0
