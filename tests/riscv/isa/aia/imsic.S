/* An interrupt file: what its registers hold, which identity comes first, what claims it, and when
 * it interrupts.
 *
 * AIA 1.0, "Incoming MSI Controller (IMSIC)", and "Control and Status Registers (CSRs) Added to
 * Harts".
 */
#include "isa.h"
#include "aia.h"

/* The pending bit of an identity of 1 to 63 is set: a message may take a moment. */
#define ARRIVES(w, id) CHECK; li t4, 1<<(id); 1: GET(w, a0, EIP0); and a0, a0, t4; beqz a0, 1b

/* An interrupt is taken before label 9, with this cause, in M-mode. */
#define TAKEN(cause)                                                                              \
	CHECK; la s11, 97f; csrsi mstatus, MSTATUS_MIE; nop; j fail;                               \
97:	li t6, INTERRUPT|cause; bne s8, t6, fail; bnez s10, fail; csrci mstatus, MSTATUS_MIE

TEST
	/* miselect holds what there is to select */
	li	a0, 0xff
	csrw	miselect, a0
	csrr	a0, miselect
	EQ(a0, 0xff)
	li	a0, 0xff
	csrw	siselect, a0
	csrr	a0, siselect
	EQ(a0, 0xff)

	/* nothing is at these, and odd ones are of RV32 */
	csrw	miselect, zero
	ILLEGAL(csrr a0, mireg)
	li	a0, 0x6f
	csrw	miselect, a0
	ILLEGAL(csrr a0, mireg)
	li	a0, 0x31
	csrw	miselect, a0
	ILLEGAL(csrr a0, mireg)
	li	a0, EIP0+1
	csrw	miselect, a0
	ILLEGAL(csrw mireg, zero)
	li	a0, EIE0+1
	csrw	siselect, a0
	ILLEGAL(csrr a0, sireg)

	/* priorities are 0; reserved ones read 0 */
	PUT(m, IPRIO0, -1)
	REG(m, IPRIO0, 0)
	REG(s, IPRIO0+14, 0)
	PUT(m, 0x71, -1)
	REG(m, 0x71, 0)
	REG(m, 0x7f, 0)

	/* 255 identities, and no identity 0 */
	PUT(m, EIE0, -1)
	REG(m, EIE0, -2)
	PUT(m, EIE0+6, -1)
	REG(m, EIE0+6, -1)
	PUT(m, EIE0+8, -1)
	REG(m, EIE0+8, 0)
	PUT(m, EIE0+6, 0)
	PUT(m, EIP0, -1)
	REG(m, EIP0, -2)
	PUT(m, EIP0, 0)
	PUT(m, EIP0+8, -1)
	REG(m, EIP0+8, 0)
	PUT(m, EITHRESHOLD, 255)
	REG(m, EITHRESHOLD, 255)
	PUT(m, EITHRESHOLD, 0)

	/* a message is a store of the identity; what is none, and what is read, is nothing */
	PUT(m, EIE0, 1<<5|1<<9)
	STORE(IMSIC_M, 0, 0)
	STORE(IMSIC_M, 0, 256)
	STORE(IMSIC_M, 0, 65536)
	WORD(IMSIC_M, 0, 0)
	STORE(IMSIC_M, 0, 9)
	ARRIVES(m, 9)
	REG(m, EIP0, 1<<9)
	REG(s, EIP0, 0)
	STORE(IMSIC_M, 0, 255)
	CHECK
1:	GET(m, a0, EIP0+6)
	beqz	a0, 1b
	EQ(a0, 1<<63)
	PUT(m, EIP0+6, 0)

	/* the least that is enabled comes first, below the threshold */
	csrr	a0, mtopei
	EQ(a0, 9<<16|9)
	STORE(IMSIC_M, 0, 3)
	ARRIVES(m, 3)
	STORE(IMSIC_M, 0, 5)
	ARRIVES(m, 5)
	csrr	a0, mtopei
	EQ(a0, 5<<16|5)
	PUT(m, EITHRESHOLD, 5)
	csrr	a0, mtopei
	EQ(a0, 0)
	PUT(m, EITHRESHOLD, 6)
	csrr	a0, mtopei
	EQ(a0, 5<<16|5)
	PUT(m, EITHRESHOLD, 0)

	/* a read claims nothing; a write does, of whatever value, and says what */
	csrrs	a0, mtopei, zero
	EQ(a0, 5<<16|5)
	csrrw	a0, mtopei, zero
	EQ(a0, 5<<16|5)
	REG(m, EIP0, 1<<3|1<<9)
	csrrsi	a0, mtopei, 1
	EQ(a0, 9<<16|9)
	REG(m, EIP0, 1<<3)
	csrrw	a0, mtopei, zero
	EQ(a0, 0)
	REG(m, EIP0, 1<<3)
	PUT(m, EIP0, 0)

	/* eidelivery keeps the hart from being interrupted, and nothing else */
	PUT(m, EIP0, 1<<5)
	csrr	a0, mtopei
	EQ(a0, 5<<16|5)
	csrr	a0, mip
	li	a1, MEIP
	and	a0, a0, a1
	EQ(a0, 0)
	PUT(m, EIDELIVERY, 1)
	REG(m, EIDELIVERY, 1)
	csrr	a0, mip
	and	a0, a0, a1
	EQ(a0, MEIP)
	csrr	a0, mtopi
	EQ(a0, 0)
	csrw	mie, a1
	csrr	a0, mtopi
	EQ(a0, 11<<16|1)
	TAKEN(11)
	csrw	mtopei, zero
	csrr	a0, mip
	and	a0, a0, a1
	EQ(a0, 0)
	csrr	a0, mtopi
	EQ(a0, 0)
	csrw	mie, zero
	ILLEGAL(csrw mtopi, zero)

	/* a message that comes while the hart sleeps wakes it */
	CHECK
	csrw	mie, a1
	STORE(IMSIC_M, 0, 9)
	wfi
1:	csrr	a0, mtopi
	beqz	a0, 1b
	csrw	mtopei, zero
	csrw	mie, zero

	/* S-level: SEIP is the file's or software's, and mip clears only the latter */
	PUT(s, EIE0, 1<<7)
	PUT(s, EIDELIVERY, 1)
	STORE(IMSIC_S, 0, 7)
	ARRIVES(s, 7)
	REG(m, EIP0, 0)
	li	a1, SEIP
	csrc	mip, a1
	csrr	a0, mip
	and	a0, a0, a1
	EQ(a0, SEIP)
	csrw	mie, a1
	csrr	a0, mtopi
	EQ(a0, 9<<16|1)
	csrr	a0, stopi
	EQ(a0, 0)
	TAKEN(9)
	csrw	mideleg, a1
	csrr	a0, mtopi
	EQ(a0, 0)
	la	a0, in_s
	csrw	stvec, a0
	ENTER(S_MODE)
	CHECK
	csrr	a0, stopi
	EQ(a0, 9<<16|1)
	la	s7, 2f
	csrsi	sstatus, MSTATUS_SIE
	j	fail
2:	csrr	a0, scause
	EQ(a0, INTERRUPT|9)
	csrrw	a0, stopei, zero
	EQ(a0, 7<<16|7)
	csrr	a0, stopi
	EQ(a0, 0)
	REG(s, EIP0, 0)
	/* S-mode reaches its own and no other */
	ILLEGAL(csrr a0, mtopei)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, miselect)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, stopei)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, sireg)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, stopi)

	/* M-mode that has taken SEI with mvien has taken the file as well, but not the priorities */
	csrw	mideleg, zero
	csrw	mvien, a1
	REG(s, EIDELIVERY, 1)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, stopei)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, sireg)
	ENTER(S_MODE)
	CHECK
	REG(s, IPRIO0, 0)
	LEAVE
	csrr	a0, stopei
	EQ(a0, 0)
	csrw	mvien, zero
	ENTER(S_MODE)
	CHECK
	csrr	a0, stopei
	EQ(a0, 0)
	LEAVE
PASS

	.balign	4
in_s:	jr	s7
