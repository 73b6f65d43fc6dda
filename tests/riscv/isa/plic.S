/* trap:68 trap:69 - the PLIC with the UART as its source: claim, completion, threshold, a level
 * that pends again, an external interrupt that falls, and MEI before all others.
 *
 * "RISC-V Platform-Level Interrupt Controller Specification". Source 10 is uart0; its line is up
 * while the transmitter is empty and that interrupt is enabled.
 */
#include "isa.h"

#define SOURCE    10
#define PENDING   (PLIC+0x1000)
#define ENABLE_M  (PLIC+0x2000)
#define ENABLE_S  (PLIC+0x2080)
#define CONTEXT_M (PLIC+0x200000)
#define CONTEXT_S (PLIC+0x201000)

#define LINE_UP   li t0, 2; sb t0, 1(s4)
#define LINE_DOWN sb zero, 1(s4)
#define MIP(bit, value) csrr a0, mip; li t0, bit; and a0, a0, t0; EQ(a0, value)
/* lines may take a moment to arrive */
#define MIP_COMES(bit) CHECK; 1: csrr a0, mip; li t0, bit; and a0, a0, t0; beqz a0, 1b
#define MIP_GOES(bit)  CHECK; 1: csrr a0, mip; li t0, bit; and a0, a0, t0; bnez a0, 1b

TEST
	li	s1, PLIC
	li	s2, CONTEXT_M
	li	s3, ENABLE_M
	li	s4, UART
	li	s5, CONTEXT_S
	li	s6, ENABLE_S
	li	s7, PENDING
	LINE_DOWN

	CHECK				/* source 0 is none; nothing pends, nothing is claimed */
	li	t0, 7
	sw	t0, 0(s1)
	lw	a0, 0(s1)
	EQ(a0, 0)
	lw	a0, 4(s2)
	EQ(a0, 0)
	li	t0, -1
	sw	t0, 0(s3)
	lw	a0, 0(s3)
	andi	a0, a0, 1
	EQ(a0, 0)

	CHECK
	li	t0, 3
	sw	t0, 4*SOURCE(s1)
	lw	a0, 4*SOURCE(s1)
	EQ(a0, 3)
	li	t0, 1<<SOURCE
	sw	t0, 0(s3)
	lw	a0, 0(s3)
	EQ(a0, 1<<SOURCE)
	sw	zero, 0(s2)
	LINE_UP
	MIP_COMES(MEIP)
	lw	a0, 0(s7)
	EQ(a0, 1<<SOURCE)

	/* the threshold is strict */
	CHECK
	li	t0, 3
	sw	t0, 0(s2)
	MIP_GOES(MEIP)
	li	t0, 2
	sw	t0, 0(s2)
	MIP_COMES(MEIP)
	/* priority 0 never interrupts */
	sw	zero, 4*SOURCE(s1)
	MIP_GOES(MEIP)
	CHECK
	lw	a0, 4(s2)
	EQ(a0, 0)
	li	t0, 3
	sw	t0, 4*SOURCE(s1)

	/* the interrupt, before all others that pend */
	CHECK
	sw	zero, 0(s2)
	MIP_COMES(MEIP)
	li	t1, CLINT
	li	t0, 1
	sw	t0, 0(t1)
	li	t0, SSIP|STIP|SEIP
	csrs	mip, t0
	MIP_COMES(MSIP)
	li	t0, -1
	csrw	mie, t0
	la	s11, 2f
	csrsi	mstatus, MSTATUS_MIE
	j	fail
2:	EQ(s8, INTERRUPT|11)
	csrw	mie, zero
	sw	zero, 0(t1)
	li	t0, SSIP|STIP|SEIP
	csrc	mip, t0

	/* a claim takes it, though the line is still up; one claim gives it once */
	CHECK
	lw	a0, 4(s2)
	EQ(a0, SOURCE)
	MIP_GOES(MEIP)
	lw	a0, 0(s7)
	EQ(a0, 0)
	lw	a0, 4(s2)
	EQ(a0, 0)
	/* completing what was not claimed, or does not exist, changes nothing */
	CHECK
	li	t0, 9
	sw	t0, 4(s2)
	li	t0, 0
	sw	t0, 4(s2)
	li	t0, 5000
	sw	t0, 4(s2)
	lw	a0, 4(s2)
	EQ(a0, 0)
	/* completion: the line is still up, so it pends again */
	CHECK
	li	t0, SOURCE
	sw	t0, 4(s2)
	MIP_COMES(MEIP)
	CHECK
	lw	a0, 4(s2)
	EQ(a0, SOURCE)
	LINE_DOWN
	li	t0, SOURCE
	sw	t0, 4(s2)
	CHECK
	lw	a0, 0(s7)
	EQ(a0, 0)
	MIP(MEIP, 0)
	/* the line goes down and up again during service: seen after completion */
	LINE_UP
	MIP_COMES(MEIP)
	CHECK
	lw	a0, 4(s2)
	EQ(a0, SOURCE)
	LINE_DOWN
	LINE_UP
	li	t0, SOURCE
	sw	t0, 4(s2)
	MIP_COMES(MEIP)
	CHECK
	lw	a0, 4(s2)
	EQ(a0, SOURCE)
	LINE_DOWN
	li	t0, SOURCE
	sw	t0, 4(s2)

	/* S-mode's context: SEIP rises and falls, apart from software's bit */
	CHECK
	sw	zero, 0(s3)
	li	t0, 1<<SOURCE
	sw	t0, 0(s6)
	sw	zero, 0(s5)
	LINE_UP
	MIP_COMES(SEIP)
	MIP(MEIP, 0)
	/* clearing software's bit does not touch the line */
	CHECK
	li	t0, SEIP
	csrc	mip, t0
	MIP(SEIP, SEIP)
	/* setting another bit while the line is up does not keep SEIP */
	csrsi	mip, SSIP
	lw	a0, 4(s5)
	EQ(a0, SOURCE)
	MIP_GOES(SEIP)
	csrci	mip, SSIP
	LINE_DOWN
	li	t0, SOURCE
	sw	t0, 4(s5)
	MIP(SEIP, 0)
PASS
