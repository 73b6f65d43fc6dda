/* trap:01 - loads and stores of all widths, misaligned ones too; a load into x0 still loads,
 * so it traps and touches devices.
 *
 * Unprivileged manual, "Load and Store Instructions".  That misaligned accesses to
 * RAM succeed is Zicclsm, which vmbuild promises.
 */
#include "isa.h"

#define LOAD(insn, want, offset)                                                                  \
	li	gp, __LINE__;                                                                      \
	li	t6, want;                                                                          \
	insn	a2, offset(s1);                                                                    \
	bne	a2, t6, fail;                                                                      \
	mv	a2, s1;                                                                            \
	insn	a2, offset(a2);                                                                    \
	bne	a2, t6, fail;                                                                      \
	insn	zero, offset(s1);                                                                  \
	bnez	zero, fail

/* Stores the low bytes of `value` over a double word of ones. */
#define STORE(insn, want, value, offset)                                                          \
	li	gp, __LINE__;                                                                      \
	li	t5, -1;                                                                            \
	sd	t5, 0(s2);                                                                         \
	sd	t5, 8(s2);                                                                         \
	li	a0, value;                                                                         \
	insn	a0, offset(s2);                                                                    \
	ld	a1, 0(s2);                                                                         \
	li	t6, want;                                                                          \
	bne	a1, t6, fail

TEST
	la	s1, words
	la	s2, room

	LOAD(lb, 0xffffffffffffff80, 0)
	LOAD(lb, 0x7f, 1)
	LOAD(lb, -1, -1)
	LOAD(lbu, 0x80, 0)
	LOAD(lbu, 0x7f, 1)
	LOAD(lbu, 0xff, -1)
	LOAD(lh, 0x7f80, 0)
	LOAD(lh, 0xfffffffffffffe01, 2)
	LOAD(lhu, 0x7f80, 0)
	LOAD(lhu, 0xfe01, 2)
	LOAD(lw, 0xfffffffffe017f80, 0)
	LOAD(lw, 0x12345678, 4)
	LOAD(lwu, 0xfe017f80, 0)
	LOAD(lwu, 0x12345678, 4)
	LOAD(ld, 0x12345678fe017f80, 0)
	LOAD(ld, -1, -8)

	/* misaligned */
	LOAD(lh, 0x017f, 1)
	LOAD(lhu, 0x78fe, 3)
	LOAD(lw, 0x78fe017f, 1)
	LOAD(lw, 0x5678fe01, 2)
	LOAD(lwu, 0x345678fe, 3)
	LOAD(ld, 0x5678fe017f80ffff, -2)
	LOAD(ld, 0x12345678fe017f80, 0)

	STORE(sb, 0xffffffffffffff12, 0x3412, 0)
	STORE(sb, 0x12ffffffffffffff, 0x3412, 7)
	STORE(sh, 0xffffffffffff3412, 0x563412, 0)
	STORE(sh, 0xffff3412ffffffff, 0x563412, 4)
	STORE(sw, 0xffffffff78563412, 0x9978563412, 0)
	STORE(sw, 0x78563412ffffffff, 0x9978563412, 4)
	STORE(sd, 0x0123456789abcdef, 0x0123456789abcdef, 0)
	STORE(sh, 0xffffffffff3412ff, 0x3412, 1)
	STORE(sw, 0xffff78563412ffff, 0x78563412, 2)
	STORE(sw, 0xff78563412ffffff, 0x78563412, 3)
	STORE(sd, 0x6789abcdefffffff, 0x0123456789abcdef, 3)
	CHECK
	ld	a1, 8(s2)
	EQ(a1, 0xffffffffff012345)

	/* the longest offsets */
	CHECK
	li	a0, 0x55
	addi	a1, s2, -2047
	sb	a0, 2047(a1)
	lbu	a2, 0(s2)
	EQ(a2, 0x55)
	li	a0, 0x66
	addi	a1, s2, 2032
	addi	a1, a1, 16
	sb	a0, -2048(a1)
	lbu	a2, 0(s2)
	EQ(a2, 0x66)

	/* trap:01, nothing is at address 8 */
	li	a1, 8
	TRAP(CAUSE_LOAD_ACCESS, lw zero, 0(a1))
	EQ(s10, 8)
	TRAP(CAUSE_STORE_ACCESS, sw zero, 0(a1))
	EQ(s10, 8)
	/* reading the PLIC's claim register claims, whoever gets the number: see plic.S */
PASS

	.data
	.balign	8
	.dword	-1
words:	.dword	0x12345678fe017f80
	.dword	-1
	.zero	4096
	.balign	16
room:	.zero	4096
