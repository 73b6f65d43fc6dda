/* Virtual interrupts: what mvien and mvip make of sip, sie, mip and of who is interrupted.
 *
 * AIA 1.0, "Interrupt filtering and virtual interrupts for supervisor level" and "WFI (Wait for
 * Interrupt) instruction".
 */
#include "isa.h"
#include "aia.h"

#define BOTH (SSIP|SEIP)

#define MIP(bits, value) csrr a0, mip; li t6, bits; and a0, a0, t6; EQ(a0, value)

TEST
	/* of the first 13 these two can be filtered */
	li	a0, 0x1fff
	csrw	mvien, a0
	csrr	a0, mvien
	EQ(a0, BOTH)
	csrw	mvien, zero

	/* without mvien, mvip is the bits that software has in mip */
	li	a1, BOTH|STIP
	csrs	mip, a1
	csrr	a0, mvip
	EQ(a0, BOTH|STIP)
	csrw	mvip, zero
	MIP(BOTH|STIP, 0)
	li	a0, -1
	csrw	mvip, a0
	csrr	a0, mvip
	EQ(a0, BOTH|STIP)
	MIP(BOTH|STIP, BOTH|STIP)
	csrc	mip, a1

	/* STIP is no bit of software's while the timer has it */
	li	a0, 1<<63
	csrs	menvcfg, a0
	li	a1, -1
	csrw	stimecmp, a1
	csrw	mvip, a1
	csrr	a1, mvip
	csrc	menvcfg, a0
	EQ(a1, BOTH)
	csrw	mvip, zero

	/* neither delegated nor filtered: nothing in sip and sie */
	li	a1, BOTH
	csrs	mip, a1
	csrw	mie, a1
	csrr	a0, sip
	EQ(a0, 0)
	csrw	sie, a1
	csrr	a0, sie
	EQ(a0, 0)
	csrr	a0, stopi
	EQ(a0, 0)
	csrc	mip, a1
	csrw	mie, zero

	/* filtered: sip is mvip, sie a register of its own, mip and mie have no part in it */
	csrw	mvien, a1
	csrw	mvip, a1
	csrr	a0, sip
	EQ(a0, BOTH)
	MIP(BOTH, 0)
	csrw	sie, a1
	csrr	a0, sie
	EQ(a0, BOTH)
	csrr	a0, mie
	EQ(a0, 0)
	csrr	a0, stopi
	EQ(a0, 9<<16|1)
	csrr	a0, mtopi
	EQ(a0, 0)
	/* ... and SEIP of mip cannot be written */
	li	a0, SEIP
	csrw	mvip, zero
	csrs	mip, a0
	MIP(BOTH, 0)
	csrr	a0, mvip
	EQ(a0, 0)
	/* ... SSIP can, for M-mode alone */
	csrsi	mip, SSIP
	csrr	a0, mvip
	EQ(a0, 0)
	csrr	a0, sip
	EQ(a0, 0)
	csrci	mip, SSIP

	/* mie of M-mode is as it was; sie of a filtered one is 0 when it is not filtered */
	csrw	mvien, zero
	csrr	a0, sie
	EQ(a0, 0)
	csrw	mvien, a1
	csrw	sie, a1

	/* WFI ends for one of S-level, whoever waits */
	CHECK
	csrw	mvip, a1
	wfi

	/* S-mode is interrupted, first by SEI; a real SSI of the same moment goes to M-mode */
	la	a0, in_s
	csrw	stvec, a0
	ENTER(S_MODE)
	CHECK
	la	s7, 2f
	csrsi	sstatus, MSTATUS_SIE
	j	fail
2:	csrr	a0, scause
	EQ(a0, INTERRUPT|9)
	csrr	a0, sip
	EQ(a0, BOTH)
	li	a0, SEIP		/* an alias of mvip: S-mode clears it */
	csrc	sip, a0
	CHECK
	la	s7, 2f
	csrsi	sstatus, MSTATUS_SIE
	j	fail
2:	csrr	a0, scause
	EQ(a0, INTERRUPT|1)
	csrci	sip, SSIP
	csrr	a0, sip
	EQ(a0, 0)
	csrsi	sstatus, MSTATUS_SIE
	nop
	csrci	sstatus, MSTATUS_SIE
	LEAVE
	csrr	a0, mvip
	EQ(a0, 0)

	CHECK
	csrw	mie, a1
	csrw	mvip, a1
	csrsi	mip, SSIP
	csrsi	mstatus, MSTATUS_SIE
	la	s7, fail
	la	s11, 2f
	la	a0, 1f
	csrw	mepc, a0
	set_mpp	S_MODE
	mret
1:	j	fail
2:	EQ(s8, INTERRUPT|1)
	EQA(s9, 1b)
	csrci	mip, SSIP
	csrw	mvip, zero

	/* delegation comes before filtering */
	csrw	mideleg, a1
	csrw	mvip, a1
	csrr	a0, sip
	EQ(a0, 0)
	csrr	a0, sie
	EQ(a0, BOTH)
	csrw	mie, zero
	csrr	a0, sie
	EQ(a0, 0)
PASS

	.balign	4
in_s:	jr	s7
