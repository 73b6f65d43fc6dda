/* Loops that leave alone the registers that most code uses, and use others: an engine may have its
 * own ideas of where those are meanwhile.  However such a loop is left, all registers have what
 * the instructions say.
 *
 * Unprivileged manual, "RV64I"; privileged manual, "Machine Trap-Vector Base-Address Register".
 */
#include "isa.h"

/* The registers that no loop below touches have other values in each round: addresses in RAM, but
 * not of what the loops use. */
	.macro	kept_value reg, n
	li	\reg, RAM + 0x200000 + 0x1100 * \n
	add	\reg, \reg, s4
	.endm
	.macro	keep
	.irp	n, 2, 8, 10, 11, 12, 13, 14, 15
	kept_value x\n, \n
	.endr
	.endm
	.macro	kept line
	li	gp, \line
	.irp	n, 2, 8, 10, 11, 12, 13, 14, 15
	kept_value t6, \n
	bne	x\n, t6, fail
	.endr
	.endm
#define KEEP keep
#define KEPT kept __LINE__

/* Each of these has a register to itself, if eight are to be had. */
#define START  li t0, 0; li t1, 0; li t2, 0; li t3, 0; li a6, 0; li a7, 0; li s2, 0; li s3, 0
#define WORK                                                                                       \
	addi t0, t0, 1; add t1, t1, t0; addi t2, t2, 2; add t3, t3, t2; addi a6, a6, 3;            \
	add a7, a7, a6; addi s2, s2, 4; add s3, s3, s2
/* After n passes, where sum is 1 + 2 ... + n. */
#define WORKED(n, sum)                                                                             \
	EQ(t0, n); EQ(t1, sum); EQ(t2, 2*n); EQ(t3, 2*sum); EQ(a6, 3*n); EQ(a7, 3*sum);            \
	EQ(s2, 4*n); EQ(s3, 4*sum)

	.macro	either reg
	beq	\reg, t0, either\@
	bne	\reg, t5, fail
either\@:
	.endm

TEST
	li	s4, 20			/* entered as often as it takes to be compiled */
again:
	/* by its end, after some slices */
	KEEP
	START
	li	s1, 2000
0:	WORK
	addi	s1, s1, -1
	bnez	s1, 0b
	WORKED(2000, 2001000)
	KEPT

	/* at once */
	START
	li	s1, 1
	jal	whole
	WORKED(1, 1)
	KEPT

	/* in the middle, and by a jump that the block has behind the loop */
	START
	la	s1, 1f
	li	s5, 50
	jal	middle
1:	EQ(s5, 50)
	WORKED(50, 1275)
	KEPT
	START
	li	s5, -1
	jal	ra, middle
	WORKED(1000, 500500)
	KEPT

	/* by a trap behind it */
	START
	la	s11, 1f
	li	s1, 100
0:	WORK
	addi	s1, s1, -1
	bnez	s1, 0b
	ecall
1:	EQ(s8, CAUSE_ECALL_M)
	WORKED(100, 5050)
	KEPT

	/* by a load that faults */
	START
	la	s5, chain
	la	s11, 1f
2:	WORK
	ld	s5, 0(s5)
	addi	s6, s5, 8
	ld	s7, -8(s6)
	j	2b
1:	EQ(s8, CAUSE_LOAD_ACCESS)
	EQ(s10, 0)
	EQ(s5, 0)
	EQ(s6, 8)
	WORKED(3, 6)
	KEPT

	/* by a store */
	START
	la	s5, chain
	la	s11, 1f
2:	WORK
	sd	s6, 8(s5)
	ld	s5, 0(s5)
	mv	s6, s5
	j	2b
1:	EQ(s8, CAUSE_STORE_ACCESS)
	EQ(s10, 8)
	WORKED(4, 10)
	KEPT

	/* a device each time */
	START
	li	s5, CLINT
	li	s1, 100
	li	s7, 1
	sw	s7, 0(s5)		/* msip */
0:	addi	t0, t0, 1
	addi	s5, s5, -8
	lw	t1, 8(s5)
	addi	s5, s5, 8
	add	t2, t2, t1
	add	t2, t2, t0
	addi	s1, s1, -1
	bnez	s1, 0b
	EQ(t2, 5150)
	EQ(t1, 1)
	KEPT
	li	s1, 101
0:	addi	t0, t0, 1
	addi	s5, s5, -8
	xori	s7, s7, 1
	sw	s7, 8(s5)
	andi	s7, s7, 3
	addi	s5, s5, 8
	addi	s1, s1, -1
	bnez	s1, 0b
	lw	t1, 0(s5)
	EQ(t1, 0)
	EQ(t0, 201)
	KEPT

	/* accesses that share a page, and then do not */
	START
	la	s5, pages
	li	s1, 600
	li	s6, 0
0:	WORK
	sd	t0, 0(s5)
	ld	s7, 0(s5)
	add	s6, s6, s7
	ld	s7, 8(s5)
	add	s6, s6, s7
	ld	s7, 16(s5)
	sd	zero, 0(s5)
	addi	s5, s5, 12
	addi	s1, s1, -1
	bnez	s1, 0b
	EQ(s6, 180300)
	WORKED(600, 180300)
	KEPT

	addi	s4, s4, -1
	bnez	s4, again

	/* by an interrupt */
	KEEP
	START
	la	s11, 1f
	li	t4, MTIMECMP
	li	t5, MTIME
	ld	t6, 0(t5)
	addi	t6, t6, 1000
	sd	t6, 0(t4)
	li	t4, MTIP
	csrs	mie, t4
	csrsi	mstatus, MSTATUS_MIE
2:	addi	t0, t0, 1
	addi	t1, t1, 1
	addi	t2, t2, 1
	addi	t3, t3, 1
	addi	a6, a6, 1
	addi	a7, a7, 1
	addi	s2, s2, 1
	addi	s3, s3, 1
	j	2b
1:	EQ(s8, INTERRUPT|7)
	addi	t5, t0, -1
	CHECK
	either	t1
	either	t2
	either	t3
	either	a6
	either	a7
	either	s2
	either	s3
	bltu	t1, t2, fail		/* and in order */
	bltu	t2, t3, fail
	bltu	t3, a6, fail
	bltu	a6, a7, fail
	bltu	a7, s2, fail
	bltu	s2, s3, fail
	KEPT
PASS

whole:
	WORK
	addi	s1, s1, -1
	bnez	s1, whole
	ret

middle:
	WORK
	beq	t0, s5, 1f
	li	t4, 1000
	bne	t0, t4, middle
	ret
1:	jr	s1

	.data
	.balign	8
chain:	.dword	1f, 0
1:	.dword	2f, 0
2:	.dword	0, 0
	.balign	4096
pages:	.skip	3*4096
