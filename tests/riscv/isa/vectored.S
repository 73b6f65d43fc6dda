/* trap:44 - vectored mode is for interrupts only; a reserved mode is not stored.
 *
 * Privileged manual, "Machine Trap-Vector Base-Address Register", "Supervisor Trap Vector Base
 * Address Register".
 */
#include "isa.h"

/* A table of 16: entry n puts n into a5. */
	.macro	table name
	.balign	256
\name:
	.set	n, 0
	.rept	16
	j	\name\()_entries+8*n
	.set	n, n+1
	.endr
\name\()_entries:
	.set	n, 0
	.rept	16
	li	a5, n
	j	\name\()_end
	.set	n, n+1
	.endr
	.endm

TEST
	/* MODE 2 and 3 are reserved */
	CHECK
	la	a0, on_trap
	csrw	mtvec, a0
	ori	a1, a0, 2
	csrw	mtvec, a1
	csrr	a1, mtvec
	andi	a1, a1, 2
	EQ(a1, 0)
	ori	a1, a0, 3
	csrw	stvec, a1
	csrr	a1, stvec
	andi	a1, a1, 2
	EQ(a1, 0)

	/* M: an exception at BASE, an interrupt at BASE + 4 * cause */
	CHECK
	la	a0, m_table
	ori	a0, a0, 1
	csrw	mtvec, a0
	csrr	a1, mtvec
	EQR(a1, a0)
	li	a5, -1
	la	s7, 2f
1:	ebreak
	j	fail
2:	EQ(a5, 0)
	csrr	a0, mcause
	EQ(a0, CAUSE_BREAKPOINT)
	li	s6, 1
1:	CHECK				/* causes 1, 5 and 9: mip's S bits can be set */
	li	t0, 1
	sll	t0, t0, s6
	csrw	mie, t0
	csrs	mip, t0
	la	s7, 2f
	csrsi	mstatus, MSTATUS_MIE
	j	fail
2:	csrw	mip, zero
	bne	a5, s6, fail
	csrr	a0, mcause
	slli	a0, a0, 1
	srli	a0, a0, 1
	bne	a0, s6, fail
	addi	s6, s6, 4
	li	t0, 13
	bne	s6, t0, 1b
	CHECK				/* 3: msip of the CLINT */
	li	t0, MSIP
	csrw	mie, t0
	la	s7, 2f
	li	t1, CLINT
	li	t2, 1
	sw	t2, 0(t1)
	csrsi	mstatus, MSTATUS_MIE
1:	j	1b
2:	sw	zero, 0(t1)
	EQ(a5, 3)
	csrw	mie, zero

	/* S the same */
	la	a0, on_trap
	csrw	mtvec, a0
	la	a0, s_table
	ori	a0, a0, 1
	csrw	stvec, a0
	li	a0, 1<<CAUSE_BREAKPOINT
	csrw	medeleg, a0
	li	a0, SSIP|STIP|SEIP
	csrw	mideleg, a0
	csrw	mie, a0
	CHECK
	ENTER(S_MODE)
	li	a5, -1
	la	s7, 2f
	ebreak
	j	fail
2:	EQ(a5, 0)
	CHECK
	la	s7, 2f
	csrsi	sip, SSIP
	csrsi	sstatus, MSTATUS_SIE
1:	j	1b
2:	csrci	sip, SSIP
	EQ(a5, 1)
	csrr	a0, scause
	EQ(a0, INTERRUPT|1)
	csrr	a0, stval
	EQ(a0, 0)
	LEAVE
PASS

m_table_end:
s_table_end:
	jr	s7
	table	m_table
	table	s_table
