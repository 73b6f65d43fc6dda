/* trap:54 trap:55 - counters: what retires, what a write does, mcountinhibit, overflow, and who
 * may read them; time runs.
 *
 * Unprivileged manual, "Zicntr and Zihpm"; privileged manual, "Hardware Performance Monitor",
 * "Machine Counter-Inhibit", "Machine Counter-Enable", "Supervisor Counter-Enable".
 */
#include "isa.h"

TEST
	/* the write takes the place of that instruction's increment */
	CHECK
	li	a0, 100
	csrw	minstret, a0
	csrr	a1, minstret
	csrr	a2, minstret
	EQ(a1, 100)
	EQ(a2, 101)
	/* each instruction counts one, jumps and taken branches too */
	CHECK
	csrw	minstret, zero
	nop				/* 0: what the next instruction would read */
	j	1f
	nop
1:	beq	zero, zero, 2f
	nop
2:	csrr	a1, minstret
	EQ(a1, 3)
	/* ecall and ebreak do not retire, and what traps does not */
	CHECK
	la	s11, 1f
	csrw	minstret, zero
	ecall
1:	csrr	a1, minstret
	/* the handler: csrr, csrr, csrr, beqz, mv, li, jr */
	EQ(a1, 7)
	CHECK
	la	s11, 1f
	csrw	minstret, zero
	nop
	ebreak
1:	csrr	a1, minstret
	EQ(a1, 8)
	CHECK
	la	s11, 1f
	csrw	minstret, zero
	.4byte	0
1:	csrr	a1, minstret
	EQ(a1, 7)
	CHECK
	la	a0, 1f
	csrw	mepc, a0
	set_mpp	M_MODE
	csrw	minstret, zero
	mret
1:	csrr	a1, minstret
	EQ(a1, 1)
	CHECK
	csrw	minstret, zero
	fence.i
	sfence.vma
	csrw	satp, zero
	csrw	mscratch, zero
	fence
	csrr	a1, minstret
	EQ(a1, 5)

	/* all ones, then 0 */
	CHECK
	li	a0, -1
	csrw	minstret, a0
	csrr	a1, minstret
	csrr	a2, minstret
	EQ(a1, -1)
	EQ(a2, 0)
	/* set and clear bits */
	CHECK
	li	a0, 0x1000000000
	csrw	minstret, zero
	csrs	minstret, a0
	csrr	a1, instret
	EQ(a1, 0x1000000000)

	/* inhibited: stands still, can be written */
	CHECK
	li	a0, 4
	csrw	mcountinhibit, a0
	csrr	a1, minstret
	nop
	csrr	a2, minstret
	EQR(a1, a2)
	li	a0, 55
	csrw	minstret, a0
	nop
	csrr	a1, minstret
	EQ(a1, 55)
	CHECK
	csrr	a1, mcountinhibit
	andi	a1, a1, 7
	EQ(a1, 4)
	li	a0, 1
	csrw	mcountinhibit, a0
	csrr	a1, cycle
	nop
	csrr	a2, cycle
	EQR(a1, a2)
	csrr	a1, instret
	NE(a1, 55)
	li	a0, 2			/* TM cannot be inhibited */
	csrw	mcountinhibit, a0
	csrr	a1, mcountinhibit
	EQ(a1, 0)

	/* cycles go up and never back, so does time, at 10 MHz */
	CHECK
	csrr	a1, cycle
	nop
	csrr	a2, cycle
	bgeu	a1, a2, fail
	CHECK
	csrw	mcycle, zero
	csrr	a1, mcycle
	sltiu	a1, a1, 1000
	EQ(a1, 1)
	CHECK
	li	s1, MTIME
	csrr	a1, time
	ld	a2, 0(s1)
	csrr	a3, time
	bltu	a2, a1, fail
	bltu	a3, a2, fail
1:	csrr	a4, time
	beq	a4, a3, 1b
	bltu	a4, a3, fail

	/* the other counters are there and read 0, or count something */
	CHECK
	csrr	a1, mhpmcounter3
	csrr	a1, mhpmcounter31
	csrr	a1, hpmcounter3
	csrr	a1, hpmcounter31
	csrr	a1, mhpmevent3
	csrw	mhpmevent31, zero
	csrw	mhpmcounter3, zero

	/* S needs mcounteren, U scounteren as well */
	csrw	mcounteren, zero
	li	a0, 7
	csrw	scounteren, a0
	ENTER(S_MODE)
	ILLEGAL(csrr a0, cycle)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, time)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, instret)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, hpmcounter3)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, time)
	li	a0, 2
	csrw	mcounteren, a0
	ENTER(S_MODE)
	CHECK
	csrr	a0, time
	ILLEGAL(csrr a0, cycle)
	ENTER(U_MODE)
	CHECK
	csrr	a0, time
	ILLEGAL(csrr a0, instret)
	csrw	scounteren, zero
	ENTER(S_MODE)
	CHECK
	csrr	a0, time
	LEAVE
	ENTER(U_MODE)
	ILLEGAL(csrr a0, time)
	li	a0, 7
	csrw	mcounteren, a0
	li	a0, 5
	csrw	scounteren, a0
	ENTER(U_MODE)
	CHECK
	csrr	a0, cycle
	csrr	a0, instret
	ILLEGAL(csrr a0, time)
	/* read-only in all modes */
	ILLEGAL(csrw instret, zero)
	ILLEGAL(csrw time, zero)
PASS
