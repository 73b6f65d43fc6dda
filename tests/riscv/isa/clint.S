/* trap:67 - the CLINT: software interrupts, the timer as a level, its halves, and time that never
 * goes back.
 *
 * "RISC-V ACLINT Specification", MTIMER and MSWI, in the layout of SiFive's CLINT.
 */
#include "isa.h"

TEST
	li	s1, CLINT
	li	s2, MTIMECMP
	li	s3, MTIME
	li	t0, -1
	sd	t0, 0(s2)
	li	s4, MSIP
	li	s5, MTIP

	CHECK				/* msip: one bit, the rest reads 0 */
	li	t0, -1
	sw	t0, 0(s1)
	lwu	a0, 0(s1)
	EQ(a0, 1)
	csrr	a0, mip
	and	a0, a0, s4
	EQR(a0, s4)
	sw	zero, 0(s1)
	csrr	a0, mip
	and	a0, a0, s4
	EQ(a0, 0)

	CHECK				/* mtimecmp reads back, by halves too */
	li	t0, 0xfedcba9876543210
	sd	t0, 0(s2)
	ld	a0, 0(s2)
	EQR(a0, t0)
	lwu	a0, 0(s2)
	EQ(a0, 0x76543210)
	lwu	a0, 4(s2)
	EQ(a0, 0xfedcba98)
	li	t0, -1
	sw	t0, 0(s2)
	ld	a0, 0(s2)
	EQ(a0, 0xfedcba98ffffffff)

	CHECK				/* a level: up at once, down at once */
	sd	zero, 0(s2)
	csrr	a0, mip
	and	a0, a0, s5
	EQR(a0, s5)
	li	t0, -1
	sd	t0, 0(s2)
	csrr	a0, mip
	and	a0, a0, s5
	EQ(a0, 0)
	/* the order that 32-bit guests use: never before its time */
	CHECK
	li	t0, -1
	sw	t0, 4(s2)
	csrr	a0, mip
	and	a0, a0, s5
	EQ(a0, 0)
	ld	a1, 0(s3)
	li	t1, 20000
	add	a1, a1, t1
	sw	a1, 0(s2)
	srli	a2, a1, 32
	sw	a2, 4(s2)
	ld	a0, 0(s2)
	EQR(a0, a1)
	CHECK				/* it comes, and not early */
1:	csrr	a0, mip
	and	a0, a0, s5
	beqz	a0, 1b
	ld	a0, 0(s3)
	bltu	a0, a1, fail
	/* the interrupt */
	CHECK
	csrw	mie, s5
	la	s11, 2f
	csrsi	mstatus, MSTATUS_MIE
1:	j	1b
2:	EQ(s8, INTERRUPT|7)
	EQ(s10, 0)

	CHECK				/* mtime: monotone, and the same as `time` */
	li	s6, 1000
	ld	a0, 0(s3)
1:	csrr	a1, time
	ld	a2, 0(s3)
	bltu	a1, a0, fail
	bltu	a2, a1, fail
	mv	a0, a2
	addi	s6, s6, -1
	bnez	s6, 1b
	lwu	a0, 0(s3)
	lwu	a1, 4(s3)
	/* a hart that is not there: nothing, and no fault */
	CHECK
	li	t0, CLINT+4*4000
	sw	s4, 0(t0)
	lwu	a0, 0(t0)
	EQ(a0, 0)
PASS
