/* trap:09 trap:10 trap:11 - instructions, loads and stores over the end of a page: both halves
 * are translated, tval is the part that faults, and a store writes nothing if it cannot write
 * all.
 *
 * Privileged manual, "Machine Trap Value Register", "Virtual Address Translation Process".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

TEST
	/* pages 0 and 2 of the window, in reverse order in memory; page 1 is not mapped at first */
	MAP_WINDOW
	PTE(level0, 0, second, RWX)
	PTE(level0, 2, first, RWX)
	SATP(8, root)
	sfence.vma
	li	s1, WINDOW+4096			/* the end of page 0 */
	la	s2, second+4096
	la	s3, first

	/* loads and stores of each width and overlap */
	CHECK
	li	a0, 0x1122334455667788
	sd	a0, -8(s2)
	sd	a0, 0(s3)
	li	s4, 1
1:	sub	a1, s1, s4
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, ld a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sd zero, 0(a1))
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, fld fa0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, fsd fa0, 0(a1))
	addi	s4, s4, 1
	li	t0, 8
	bne	s4, t0, 1b
	addi	a1, s1, -1
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lh a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sh zero, 0(a1))
	addi	a1, s1, -3
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw zero, 0(a1))
	CHECK					/* nothing was written before the fault */
	ld	a0, -8(s2)
	EQ(a0, 0x1122334455667788)
	/* the first half faults, with its own address */
	li	s4, WINDOW+8192
	addi	a1, s4, -3
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, ld a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, sd zero, 0(a1))
	CHECK
	ld	a0, 0(s3)
	EQ(a0, 0x1122334455667788)

	/* read-only second page: loads pass, stores fault there */
	PTE(level0, 1, first, PTE_R|PTE_A|PTE_D|PTE_V)
	sfence.vma
	CHECK
	addi	a1, s1, -3
	AS(S_MODE, ld a0, 0(a1))
	EQ(a0, 0x4455667788112233)
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sd zero, 0(a1))
	ld	a0, -8(s2)
	EQ(a0, 0x1122334455667788)
	/* D clear in the second */
	ADUE_OFF
	PTE(level0, 1, first, PTE_R|PTE_W|PTE_A|PTE_V)
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sd zero, 0(a1))
	CHECK
	ld	a0, -8(s2)
	EQ(a0, 0x1122334455667788)
	PTE(level0, 1, first, RWX)
	sfence.vma
	CHECK
	li	a0, 0x0102030405060708
	AS(S_MODE, sd a0, 0(a1))
	ld	a0, -8(s2)
	EQ(a0, 0x0607084455667788)
	ld	a0, 0(s3)
	EQ(a0, 0x1122330102030405)
	/* each page alone: the byte at the end, the byte at the start */
	CHECK
	PTE(level0, 1, first, 0)
	sfence.vma
	addi	a1, s1, -1
	AS(S_MODE, lb a0, 0(a1))
	EQ(a0, 6)
	addi	a1, s1, -8
	AS(S_MODE, ld a0, 0(a1))
	EQ(a0, 0x0607084455667788)

	/* A 16-bit instruction in the last two bytes does not touch the next page. */
	CHECK
	li	t0, 0x9002			/* c.ebreak */
	sh	t0, -2(s2)
	fence.i
	addi	a1, s1, -2
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_BREAKPOINT)
	EQR(s9, a1)
	/* c.addi a0, 1 there: done, then the fetch of the next page faults */
	CHECK
	li	t0, 0x0505
	sh	t0, -2(s2)
	fence.i
	li	a0, 1
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_FETCH_PAGE)
	EQR(s9, s1)
	EQR(s10, s1)
	EQ(a0, 2)

	/* A 32-bit one: epc is its start, tval the half that faults. */
	CHECK
	li	t0, 0x0513			/* li a0, 5: 0x00500513 */
	sh	t0, -2(s2)
	li	t0, 0x0050
	sh	t0, 0(s3)
	li	t0, 0x00000073			/* ecall */
	sh	t0, 2(s3)
	sh	zero, 4(s3)
	fence.i
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_FETCH_PAGE)
	EQR(s9, a1)
	EQR(s10, s1)
	/* mapped, but not for execution */
	PTE(level0, 1, first, PTE_R|PTE_W|PTE_A|PTE_D|PTE_V)
	sfence.vma
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_FETCH_PAGE)
	EQR(s9, a1)
	EQR(s10, s1)
	/* mapped: both halves are fetched through their own page */
	PTE(level0, 1, first, RWX)
	sfence.vma
	CHECK
	li	a0, 0
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_ECALL_S)
	EQ(a0, 5)
	/* the second page goes elsewhere: another instruction, also when the first stays cached */
	CHECK
	la	t1, third
	li	t0, 0x0060			/* li a0, 6 */
	sh	t0, 0(t1)
	li	t0, 0x00000073
	sh	t0, 2(t1)
	sh	zero, 4(t1)
	PTE(level0, 1, third, RWX)
	sfence.vma s1, zero
	fence.i
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_ECALL_S)
	EQ(a0, 6)
	/* the first half faults */
	PTE(level0, 0, second, PTE_R|PTE_W|PTE_A|PTE_D|PTE_V)
	sfence.vma
	RUN_TRAP(S_MODE, a1, CAUSE_FETCH_PAGE, a1)
	EQR(s9, a1)
PASS

	.data
	.balign	4096
first:	.zero	4096
second:	.zero	4096
third:	.zero	4096
	TABLES
