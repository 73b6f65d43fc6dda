/* Zcb: loads and stores of bytes and halfwords, extensions, not and mul in 16 bits.
 *
 * Unprivileged manual, "Zc* Extensions", Zcb.  Registers are numbers here: 0 is x8 (s0), 1 is s1,
 * 2 is a0, 7 is a5.
 */
#include "isa.h"

TEST
	.option	rvc
	la	s1, bytes
	CHECK
	c.lbu.n	2, 0, 1
	EQ(a0, 0x81)
	c.lbu.n	2, 1, 1
	EQ(a0, 0x92)
	c.lbu.n	7, 2, 1
	EQ(a5, 0xa3)
	c.lbu.n	0, 3, 1
	EQ(s0, 0xb4)
	c.lhu.n	2, 0, 1
	EQ(a0, 0x9281)
	c.lhu.n	2, 2, 1
	EQ(a0, 0xb4a3)
	c.lh.n	2, 0, 1
	EQ(a0, 0xffffffffffff9281)
	c.lh.n	7, 2, 1
	EQ(a5, 0xffffffffffffb4a3)

	CHECK
	la	s0, room
	li	a0, 0x1234
	c.sb.n	2, 0, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x34)
	c.sb.n	2, 1, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x3434)
	c.sb.n	2, 3, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x34003434)
	c.sb.n	2, 2, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x34343434)
	c.sh.n	2, 0, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x34341234)
	c.sh.n	2, 2, 0
	lwu	a1, 0(s0)
	EQ(a1, 0x12341234)

	CHECK
	li	a0, 0x8181818181818181
	c.zext.b.n 2
	EQ(a0, 0x81)
	c.sext.b.n 2
	EQ(a0, 0xffffffffffffff81)
	c.zext.h.n 2
	EQ(a0, 0xff81)
	c.sext.h.n 2
	EQ(a0, 0xffffffffffffff81)
	c.zext.w.n 2
	EQ(a0, 0xffffff81)
	c.not.n	2
	EQ(a0, 0xffffffff0000007e)
	li	a5, 3
	c.mul.n	2, 7
	EQ(a0, 0xfffffffd0000017a)
	c.mul.n	7, 7
	EQ(a5, 9)

	/* faults are those of the access */
	li	s1, 8
	TRAP(CAUSE_LOAD_ACCESS, c.lhu.n 2, 0, 1)
	EQ(s10, 8)
	TRAP(CAUSE_STORE_ACCESS, c.sb.n 2, 1, 1)
	EQ(s10, 9)
	.option	norvc
PASS

	.data
	.balign	8
bytes:	.byte	0x81, 0x92, 0xa3, 0xb4, 0, 0, 0, 0
room:	.dword	0
