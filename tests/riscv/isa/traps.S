/* trap:49 trap:53 trap:56 trap:57 - exceptions and their delegation: what is saved, where it
 * goes, that a trap taken in M-mode stays there, and that an exception leaves everything else as
 * it was.
 *
 * Privileged manual, "Machine Trap Delegation Registers", "Machine Cause Register", "Machine
 * Trap Value Register", "Supervisor Trap Vector Base Address Register".
 */
#include "isa.h"

#define DELEGATE(mask) li t6, mask; csrw medeleg, t6
#define SEEN(csr, value) csrr a0, csr; EQ(a0, value)

/* In S-mode: runs the rest in U-mode, from label 1, and comes to 2 through stvec. */
#define STATUS_BITS (MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_MIE|MSTATUS_MPIE|MSTATUS_MPP)

TEST
	/* what M saves, from each mode */
	li	a0, STATUS_BITS
	csrc	mstatus, a0
	csrsi	mstatus, MSTATUS_MIE
	TRAP(CAUSE_ECALL_M, ecall)
	EQ(s10, 0)
	CHECK
	csrr	a0, mstatus
	li	a1, STATUS_BITS
	and	a0, a0, a1
	EQ(a0, MSTATUS_MPIE|MSTATUS_MPP)
	ENTER(S_MODE)
	TRAP(CAUSE_ECALL_S, ecall)
	EQ(s10, 0)
	CHECK
	csrr	a0, mstatus
	li	a1, STATUS_BITS
	and	a0, a0, a1
	EQ(a0, MSTATUS_MPIE|1<<11)	/* mret had set MIE from MPIE, and MPIE */
	ENTER(U_MODE)
	TRAP(CAUSE_ECALL_U, ecall)
	CHECK
	csrr	a0, mstatus
	li	a1, MSTATUS_MPP|MSTATUS_MIE
	and	a0, a0, a1
	EQ(a0, 0)

	/* tval: of an ebreak the address or 0, of an illegal instruction its bits or 0 */
	TRAP(CAUSE_BREAKPOINT, ebreak)
	beqz	s10, 1f
	bne	s10, s9, fail
1:	li	a1, 8
	TRAP(CAUSE_LOAD_ACCESS, ld a0, 0(a1))
	EQ(s10, 8)
	ILLEGAL(.4byte 0xffffffff)	/* and never what was there before */
	TRAP(CAUSE_ECALL_M, ecall)
	EQ(s10, 0)
	/* a fetch from nowhere: epc and tval are the target, the jump itself is done */
	CHECK
	li	a1, 8
	la	s11, 1f
	jalr	a2, 5(a1)		/* bit 0 goes */
2:	j	fail
1:	EQ(s8, CAUSE_FETCH_ACCESS)
	EQ(s9, 12)
	EQ(s10, 12)
	EQA(a2, 2b)

	/* with rd = rs1, and before any write: the base of a load that faults is kept */
	CHECK
	li	a1, 16
	TRAP(CAUSE_LOAD_ACCESS, lw a1, 4(a1))
	EQ(s10, 20)
	EQ(a1, 16)
	TRAP(CAUSE_LOAD_ACCESS, flw fa0, 4(a1))
	TRAP(CAUSE_LOAD_ACCESS, lr.w a1, (a1))
	EQ(a1, 16)
	TRAP(CAUSE_STORE_ACCESS, amoadd.w a1, a1, (a1))
	EQ(a1, 16)
	CHECK
	li	a2, 0x3ff0000000000000
	fmv.d.x	fa0, a2
	csrw	fcsr, zero
	TRAP(CAUSE_LOAD_ACCESS, fld fa0, 0(a1))
	fmv.x.d	a3, fa0
	EQ(a3, 0x3ff0000000000000)
	SEEN(fflags, 0)

	/* in the middle of a block: what was before is done, what comes after is not */
	CHECK
	li	a2, 1
	li	a3, 1
	la	s11, 1f
	addi	a2, a2, 1
	slli	a2, a2, 4
2:	sw	a2, 0(a1)
	addi	a3, a3, 1
	j	fail
1:	EQA(s9, 2b)
	EQ(a2, 32)
	EQ(a3, 1)

	/* delegation: from U and S to S, never from M */
	la	a0, in_s
	csrw	stvec, a0
	DELEGATE(1<<CAUSE_ILLEGAL|1<<CAUSE_BREAKPOINT|1<<CAUSE_LOAD_ACCESS|1<<CAUSE_ECALL_U)
	li	a0, STATUS_BITS
	csrc	mstatus, a0
	csrw	scause, zero
	ILLEGAL(.4byte 0)		/* in M */
	SEEN(scause, 0)
	TRAP(CAUSE_LOAD_ACCESS, lw a0, 0(a1))
	SEEN(scause, 0)

	CHECK
	csrw	mcause, zero
	csrw	mepc, zero
	la	s7, 2f
	ENTER(U_MODE)
1:	ecall
	j	fail
2:	CHECK				/* in S now */
	SEEN(scause, CAUSE_ECALL_U)
	csrr	a0, sepc
	EQA(a0, 1b)
	SEEN(stval, 0)
	csrr	a0, sstatus
	andi	a0, a0, MSTATUS_SPP|MSTATUS_SIE
	EQ(a0, 0)
	/* S to S: SPP, SPIE from SIE */
	CHECK
	csrsi	sstatus, MSTATUS_SIE
	la	s7, 2f
1:	ebreak
	j	fail
2:	SEEN(scause, CAUSE_BREAKPOINT)
	csrr	a0, sepc
	EQA(a0, 1b)
	csrr	a0, sstatus
	andi	a0, a0, MSTATUS_SPP|MSTATUS_SPIE|MSTATUS_SIE
	EQ(a0, MSTATUS_SPP|MSTATUS_SPIE)
	CHECK
	la	s7, 2f
1:	lw	a0, 0(a1)
	j	fail
2:	SEEN(scause, CAUSE_LOAD_ACCESS)
	SEEN(stval, 16)
	CHECK				/* a CSR of M is an illegal instruction of S */
	la	s7, 2f
1:	csrr	a0, mscratch
	j	fail
2:	SEEN(scause, CAUSE_ILLEGAL)
	csrr	a0, stval
	beqz	a0, 1f
	EQ(a0, 0x34002573)
1:	/* what is not delegated goes to M, and leaves S's registers alone */
	CHECK
	TRAP(CAUSE_STORE_ACCESS, sw a0, 0(a1))
	SEEN(scause, CAUSE_ILLEGAL)
	ENTER(S_MODE)
	TRAP(CAUSE_ECALL_S, ecall)
	CHECK
	csrr	a0, mstatus
	li	a1, MSTATUS_MPP
	and	a0, a0, a1
	EQ(a0, 1<<11)

	/* stvec that cannot be fetched from: the second trap takes the place of the first */
	DELEGATE(1<<CAUSE_BREAKPOINT)
	li	a0, 8
	csrw	stvec, a0
	la	a2, 1f
	RUN(S_MODE, a2)			/* the fetch goes to M: S's registers keep the ebreak */
	j	2f
1:	ebreak
2:	EQ(s8, CAUSE_FETCH_ACCESS)
	EQ(s9, 8)
	EQ(s10, 8)
	SEEN(scause, CAUSE_BREAKPOINT)
	csrr	a0, sepc
	EQA(a0, 1b)
	csrr	a0, mstatus
	li	a1, MSTATUS_MPP
	and	a0, a0, a1
	EQ(a0, 1<<11)
	DELEGATE(0)
PASS

	.balign	4
in_s:	jr	s7
