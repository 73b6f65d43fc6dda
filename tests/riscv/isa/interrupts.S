/* trap:45 trap:46 trap:47 - which interrupt is taken first, who takes it, and what mip shows of
 * software's bits and of the lines.
 *
 * Privileged manual, "Machine Interrupt (mip and mie) Registers".
 */
#include "isa.h"

#define S_ALL (SSIP|STIP|SEIP)

/* An interrupt is taken before label 9, with this cause. */
#define TAKEN(cause)                                                                              \
	CHECK; la s11, 97f; csrsi mstatus, MSTATUS_MIE; nop; j fail;                               \
97:	li t6, INTERRUPT|cause; bne s8, t6, fail; bnez s10, fail; csrci mstatus, MSTATUS_MIE

/* None is, in M-mode. */
#define NONE CHECK; csrsi mstatus, MSTATUS_MIE; nop; nop; csrci mstatus, MSTATUS_MIE

TEST
	li	s1, CLINT
	li	s2, MTIMECMP
	li	t0, -1
	sd	t0, 0(s2)
	li	t0, 1

	/* the order MSI, MTI, SEI, SSI, STI; MEI needs the PLIC, see plic.S */
	sw	t0, 0(s1)
	sd	zero, 0(s2)
	li	a0, S_ALL
	csrs	mip, a0
	CHECK
1:	csrr	a0, mip			/* the lines may take a moment */
	li	a1, MSIP|MTIP|S_ALL
	and	a0, a0, a1
	bne	a0, a1, 1b
	csrw	mie, zero
	NONE
	li	a0, -1
	csrw	mie, a0
	TAKEN(3)
	li	a0, MSIP
	csrc	mie, a0
	TAKEN(7)
	li	a0, MTIP
	csrc	mie, a0
	TAKEN(9)
	li	a0, SEIP
	csrc	mie, a0
	TAKEN(1)
	li	a0, SSIP
	csrc	mie, a0
	TAKEN(5)

	/* M's lines are levels: they fall at once */
	CHECK
	sw	zero, 0(s1)
	li	t0, -1
	sd	t0, 0(s2)
1:	csrr	a0, mip
	andi	a0, a0, MSIP|MTIP
	bnez	a0, 1b
	li	a0, S_ALL
	csrc	mip, a0
	li	a0, -1
	csrw	mie, a0
	NONE

	/* delegated ones are never taken in M, but in S with SIE, and in U always */
	li	a0, S_ALL
	csrw	mideleg, a0
	csrs	mip, a0
	la	a0, in_s
	csrw	stvec, a0
	NONE
	csrci	mstatus, MSTATUS_SIE
	ENTER(S_MODE)
	CHECK
	nop
	la	s7, 2f
	csrsi	sstatus, MSTATUS_SIE
	j	fail
2:	csrr	a0, scause		/* SEI first */
	EQ(a0, INTERRUPT|9)
	csrr	a0, sstatus
	andi	a0, a0, MSTATUS_SPP|MSTATUS_SPIE|MSTATUS_SIE
	EQ(a0, MSTATUS_SPP|MSTATUS_SPIE)
	LEAVE
	CHECK
	li	a0, SEIP
	csrc	mip, a0
	li	a0, MSTATUS_SIE
	csrc	mstatus, a0
	la	s7, 2f
	la	a1, 1f
	csrw	mepc, a1
	set_mpp	U_MODE
	mret
1:	j	fail			/* the interrupt comes before the first instruction */
2:	CHECK
	csrr	a0, scause
	EQ(a0, INTERRUPT|1)
	csrr	a0, sepc
	EQA(a0, 1b)
	csrr	a0, sstatus
	andi	a0, a0, MSTATUS_SPP
	EQ(a0, 0)
	LEAVE

	/* from S, one that is not delegated comes first, whatever the order says, and MIE = 0 */
	CHECK
	li	a0, SSIP|SEIP
	csrw	mideleg, a0
	li	a0, S_ALL
	csrs	mip, a0
	csrsi	mstatus, MSTATUS_SIE
	li	t0, MSTATUS_MPIE		/* mret leaves MIE = 0 */
	csrc	mstatus, t0
	la	s7, fail
	la	s11, 2f
	la	a1, 1f
	csrw	mepc, a1
	set_mpp	S_MODE
	mret
1:	j	fail
2:	EQ(s8, INTERRUPT|5)
	EQA(s9, 1b)
	csrr	a0, mstatus			/* MIE was 0 */
	andi	a0, a0, MSTATUS_MPIE
	EQ(a0, 0)
	csrci	mstatus, MSTATUS_SIE

	/* SEIP: what software wrote, or the line; both read, but one is written */
	CHECK
	li	a0, S_ALL
	csrc	mip, a0
	csrr	a1, mip
	and	a1, a1, a0
	EQ(a1, 0)
	li	a0, SEIP
	csrs	mip, a0
	csrr	a1, mip
	and	a1, a1, a0
	EQ(a1, SEIP)
	csrrc	a1, mip, a0
	and	a1, a1, a0
	EQ(a1, SEIP)
	csrr	a1, mip
	and	a1, a1, a0
	EQ(a1, 0)

	/* sret opens SIE, and what waits is taken before the next instruction */
	CHECK
	li	a0, S_ALL
	csrw	mideleg, a0
	csrs	mip, a0
	li	a0, MSTATUS_SIE
	csrc	mstatus, a0
	ENTER(S_MODE)
	CHECK
	la	s7, 2f
	la	a0, 1f
	csrw	sepc, a0
	li	a0, MSTATUS_SPP|MSTATUS_SPIE
	csrs	sstatus, a0
	sret
1:	j	fail
2:	csrr	a0, sepc
	EQA(a0, 1b)
	CHECK				/* and so does sie */
	csrw	sie, zero
	csrsi	sstatus, MSTATUS_SIE
	nop
	la	s7, 2f
	li	a0, SSIP
	csrw	sie, a0
	j	fail
2:	csrr	a0, scause
	EQ(a0, INTERRUPT|1)
	LEAVE
PASS

	.balign	4
in_s:	jr	s7
