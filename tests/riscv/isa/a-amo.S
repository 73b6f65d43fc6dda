/* trap:19 - atomic operations on words and double words: words are sign-extended, unsigned
 * minimum and maximum compare 32 bits, rd may be rs1 or rs2.
 *
 * Unprivileged manual, "A Extension", Atomic Memory Operations.
 */
#include "isa.h"

/* insn on `was` in memory with b: rd gets `old`, memory `now`. */
#define AMO(insn, load, store, old, now, was, b)                                                  \
	li	gp, __LINE__;                                                                      \
	la	s1, word;                                                                          \
	li	t6, old;                                                                           \
	li	t5, now;                                                                           \
	li	t4, was;                                                                           \
	li	a1, b;                                                                             \
	store	t4, 0(s1);                                                                         \
	insn	a0, a1, (s1);                                                                      \
	bne	a0, t6, fail;                                                                      \
	load	a2, 0(s1);                                                                         \
	bne	a2, t5, fail;                                                                      \
	store	t4, 0(s1);                                                                         \
	insn	a1, a1, (s1);		/* rd = rs2 */                                             \
	bne	a1, t6, fail;                                                                      \
	load	a2, 0(s1);                                                                         \
	bne	a2, t5, fail;                                                                      \
	li	a1, b;                                                                             \
	store	t4, 0(s1);                                                                         \
	mv	a0, s1;                                                                            \
	insn	a0, a1, (a0);		/* rd = rs1 */                                             \
	bne	a0, t6, fail;                                                                      \
	store	t4, 0(s1);                                                                         \
	insn	zero, a1, (s1);                                                                    \
	bnez	zero, fail;                                                                        \
	load	a2, 0(s1);                                                                         \
	bne	a2, t5, fail

#define W(insn, old, now, was, b) AMO(insn, lw, sw, old, now, was, b)
#define D(insn, old, now, was, b) AMO(insn, ld, sd, old, now, was, b)

#define MIN32 0xffffffff80000000
#define MIN64 0x8000000000000000

TEST
	W(amoswap.w, MIN32, 5, 0x80000000, 5)
	W(amoswap.w, 7, 0xfffffffffedcba98, 7, 0x12345678fedcba98)
	W(amoadd.w, -1, 0, -1, 1)
	W(amoadd.w, 0x7fffffff, MIN32, 0x7fffffff, 0xf00000001)
	W(amoxor.w, 0xff, 0xf0, 0xff, 0xf)
	W(amoxor.w, MIN32, 0, MIN32, MIN32)
	W(amoand.w, -1, 0x0f0f0f0f, -1, 0x0f0f0f0f)
	W(amoor.w, 0x0f, MIN32|0xff, 0x0f, 0x800000f0)
	W(amomin.w, 1, -1, 1, -1)
	W(amomin.w, MIN32, MIN32, MIN32, 0x7fffffff)
	W(amomin.w, 5, -1, 5, 0xffffffff)		/* the low word is -1 */
	W(amomax.w, 1, 1, 1, -1)
	W(amomax.w, MIN32, 0x7fffffff, MIN32, 0x7fffffff)
	W(amomax.w, 5, 5, 5, 0xffffffff)
	W(amominu.w, 1, 1, 1, -1)
	W(amominu.w, -1, 1, -1, 0xf00000001)		/* 32 bits are compared */
	W(amominu.w, MIN32, 0x7fffffff, MIN32, 0x7fffffff)
	W(amomaxu.w, 1, -1, 1, 0xffffffff)
	W(amomaxu.w, -1, -1, -1, 0x100000000)
	W(amomaxu.w, 0x7fffffff, MIN32, 0x7fffffff, 0x80000000)

	D(amoswap.d, MIN64, 5, MIN64, 5)
	D(amoadd.d, -1, 0, -1, 1)
	D(amoadd.d, 0xffffffff, 0x100000000, 0xffffffff, 1)
	D(amoxor.d, 0xff000000ff, 0xff, 0xff000000ff, 0xff00000000)
	D(amoand.d, -1, 0x0f0f0f0f0f0f0f0f, -1, 0x0f0f0f0f0f0f0f0f)
	D(amoor.d, 1, MIN64+1, 1, MIN64)
	D(amomin.d, 1, MIN64, 1, MIN64)
	D(amomin.d, 0xffffffff, 0xfffffffe, 0xffffffff, 0xfffffffe)
	D(amomax.d, 1, 1, 1, MIN64)
	D(amomax.d, -1, 0x80000000, -1, 0x80000000)
	D(amominu.d, 1, 1, 1, MIN64)
	D(amominu.d, -1, 0x80000000, -1, 0x80000000)
	D(amomaxu.d, 1, MIN64, 1, MIN64)
	D(amomaxu.d, -1, -1, -1, 0)

	/* the words beside are left alone, and so is the order of aq and rl */
	CHECK
	la	s1, word
	li	t4, -1
	sd	t4, 0(s1)
	amoswap.w.aqrl zero, zero, (s1)
	ld	a0, 0(s1)
	EQ(a0, 0xffffffff00000000)
	addi	s1, s1, 4
	amoadd.w.aq a0, t4, (s1)
	EQ(a0, -1)
	addi	s1, s1, -4
	ld	a0, 0(s1)
	EQ(a0, 0xfffffffe00000000)
	CHECK
	amoadd.d.rl a0, t4, (s1)
	EQ(a0, 0xfffffffe00000000)
	ld	a0, 0(s1)
	EQ(a0, 0xfffffffdffffffff)
PASS

	.data
	.balign	8
	.dword	-1
word:	.dword	0, 0
