/* trap:24 trap:25 trap:29 - Sv39 translation: canonical addresses, reserved and malformed
 * entries, superpages, rights, and satp.
 *
 * Privileged manual, "Sv39: Page-Based 39-bit Virtual-Memory System", "Virtual Address
 * Translation Process", "Supervisor Address Translation and Protection (satp) Register".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

/* With this leaf for WINDOW, a load faults, a store, and a fetch. */
#define BAD(flags)                                                                                \
	CHECK; PTE(level0, 0, page, flags); bad __LINE__
/* ... or with this table above it. */
#define BAD_TABLE(table, below, flags)                                                            \
	CHECK; PTE(table##_t, table##_i, below, flags); bad __LINE__;                              \
	PTE(table##_t, table##_i, below, PTE_V)
#define root_t   root
#define root_i   4
#define level1_t level1
#define level1_i 0
	.macro	bad line
	li	gp, \line
	call	all_fault
	.endm

TEST
	PTE(root, 2, _start, RWX)
	MAP_WINDOW
	PTE(level0, 0, page, RWX)
	SATP(8, root)
	sfence.vma
	li	s1, WINDOW

	CHECK
	li	a0, 0x1234
	la	s2, page
	sw	a0, 8(s2)
	AS(S_MODE, lw a1, 8(s1))
	EQ(a1, 0x1234)
	li	a0, 0x5678
	AS(S_MODE, sd a0, 16(s1))
	ld	a1, 16(s2)
	EQ(a1, 0x5678)
	RUN(S_MODE, s1)			/* the page begins with ecall */
	EQ(s8, CAUSE_ECALL_S)
	EQR(s9, s1)

	/* none of these is canonical: page faults, for fetches too */
	li	s3, 1<<38
1:	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s3, sb a0, 0(s3))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s3, amoadd.w a0, a0, (s3))
	RUN_TRAP(S_MODE, s3, CAUSE_FETCH_PAGE, s3)
	slli	s3, s3, 1
	bnez	s3, 1b
	li	s3, 0x4000000000+WINDOW		/* bit 38 alone, over what is mapped */
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	li	s3, 0x8000000100000000
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	RUN_TRAP(S_MODE, s3, CAUSE_FETCH_PAGE, s3)
	li	s3, 0xffffffbfffffffff		/* one below the upper half */
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	/* the ends of both halves: not mapped, then mapped */
	li	s3, 0x3fffffffff
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	li	s3, 0xffffffc000000000
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lb a0, 0(s3))
	CHECK
	PTE(root, 256, _start, RWX)
	PTE(root, 511, _start, RWX)
	PTE(root, 255, _start, RWX)
	sfence.vma
	AS(S_MODE, lw a0, 0(s3))
	lw	a1, _start
	EQR(a0, a1)
	li	s3, 0xffffffffc0000000
	AS(S_MODE, lw a0, 0(s3))
	EQR(a0, a1)
	li	s3, 0x3fc0000000
	AS(S_MODE, lw a0, 0(s3))
	EQR(a0, a1)
	/* the end of the address space is above RAM */
	li	s3, -2
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, s3, lh a0, 0(s3))

	/* entries that are none */
	BAD(0)
	BAD(RWX&~PTE_V)
	BAD(PTE_V)					/* a pointer at the last level */
	BAD(PTE_V|PTE_W|PTE_A|PTE_D)			/* W without R */
	BAD(PTE_V|PTE_W|PTE_X|PTE_A|PTE_D)
	BAD(RWX|1<<54)					/* reserved bits */
	BAD(RWX|1<<60)
	BAD(RWX|1<<57)
	BAD(RWX|3<<61)					/* PBMT = 3 */
	BAD(RWX|1<<61)					/* PBMT without menvcfg.PBMTE */
	BAD(RWX|2<<61)
	PTE(level0, 0, page, RWX)
	BAD_TABLE(level1, level0, PTE_V|PTE_A)
	BAD_TABLE(level1, level0, PTE_V|PTE_D)
	BAD_TABLE(level1, level0, PTE_V|PTE_U)
	BAD_TABLE(root, level1, PTE_V|PTE_U|PTE_A|PTE_D)
	BAD_TABLE(root, level1, 0)
	BAD_TABLE(root, level1, PTE_V|PTE_W)
	BAD_TABLE(root, level1, PTE_V|1<<54)
	BAD_TABLE(level1, level0, PTE_V|1<<63)		/* N in a pointer */
	BAD_TABLE(level1, level0, PTE_V|1<<61)
	/* software's bits and G mean nothing here */
	CHECK
	PTE(level0, 0, page, RWX|PTE_G|3<<8)
	PTE(level1, 0, level0, PTE_V|PTE_G|3<<8)
	sfence.vma
	AS(S_MODE, lw a1, 16(s1))
	EQ(a1, 0x5678)

	/* superpages: 2M and 1G, and misaligned ones */
	CHECK
	PTE(level1, 1, _start, RWX)
	sfence.vma
	li	s3, WINDOW+0x200000
	la	a1, page
	la	a2, _start
	sub	a1, a1, a2
	add	s3, s3, a1
	AS(S_MODE, lw a1, 16(s3))
	EQ(a1, 0x5678)
	PTE(level1, 1, _start+4096, RWX)
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lw a1, 0(s3))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s3, sw a1, 0(s3))
	RUN_TRAP(S_MODE, s3, CAUSE_FETCH_PAGE, s3)
	PTE(level1, 1, _start+0x100000, RWX)
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lw a1, 0(s3))
	li	t0, RAM+0x200000
	PTE_AT(root, 5, t0, RWX)
	sfence.vma
	li	s3, 0x140000000
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lw a1, 0(s3))

	/* rights of a leaf: R, X, RW, RX, each for load, store, fetch */
	CHECK
	PTE(level0, 0, page, PTE_V|PTE_R|PTE_A|PTE_D)
	sfence.vma
	AS(S_MODE, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	PTE(level0, 0, page, PTE_V|PTE_X|PTE_A|PTE_D)
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	PTE(level0, 0, page, PTE_V|PTE_R|PTE_W|PTE_A|PTE_D)
	sfence.vma
	CHECK
	AS(S_MODE, lw a0, 0(s1))
	AS(S_MODE, sw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	PTE(level0, 0, page, PTE_V|PTE_R|PTE_X|PTE_A|PTE_D)
	sfence.vma
	CHECK
	AS(S_MODE, lw a0, 0(s1))
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))

	/* a write of satp with a mode that is none: nothing changes, not even the ASID */
	CHECK
	csrr	a0, satp
	li	a1, 11<<60|5<<44|1
	csrw	satp, a1
	csrr	a2, satp
	EQR(a2, a0)
	li	a1, 1<<60
	csrw	satp, a1
	csrr	a2, satp
	EQR(a2, a0)
	AS(S_MODE, lw a0, 0(s1))
	/* ASIDs have 16 bits */
	CHECK
	SATP_ASID(8, 0xffff, root)
	csrr	a0, satp
	slli	a0, a0, 4
	srli	a0, a0, 48
	EQ(a0, 0xffff)
	/* Bare: virtual is physical, and nothing is checked */
	CHECK
	csrw	satp, zero
	AS(S_MODE, lw a0, 16(s2))
	EQ(a0, 0x5678)
PASS

/* WINDOW faults on all three; gp stays the check of the caller. */
all_fault:
	sfence.vma
	mv	s4, ra
	mv	s5, gp
	la	s11, 1f
	set_mpp	S_MODE
	li	t6, MSTATUS_MPRV
	csrs	mstatus, t6
	lw	a0, 0(s1)
	j	fail
1:	li	t6, CAUSE_LOAD_PAGE
	bne	s8, t6, fail
	la	s11, 1f
	set_mpp	S_MODE
	sw	a0, 0(s1)
	j	fail
1:	li	t6, CAUSE_STORE_PAGE
	bne	s8, t6, fail
	li	t6, MSTATUS_MPRV
	csrc	mstatus, t6
	RUN(S_MODE, s1)
	mv	gp, s5
	li	t6, CAUSE_FETCH_PAGE
	bne	s8, t6, fail
	bne	s10, s1, fail
	jr	s4

	CODE_PAGE(page)
	TABLES
