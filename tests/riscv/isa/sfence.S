/* trap:30 trap:32 - sfence.vma in its four forms, for data and code, superpages, address spaces
 * and global pages; sinval.vma the same.
 *
 * Privileged manual, "Supervisor Memory-Management Fence Instruction", "Svinval". What is not
 * fenced may be old or new: only what must be new is checked.
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

/* The window's page, then the other one after a fence. */
#define MOVE(flags, ...)                                                                          \
	li	gp, __LINE__;                                                                      \
	PTE(level0, 0, one, flags);                                                                \
	sfence.vma;                                                                                \
	AS(S_MODE, lw a0, 4(s1));                                                                  \
	EQ(a0, 1);                                                                                 \
	RUN(S_MODE, s1);                                                                           \
	EQ(a7, 1);                                                                                 \
	PTE(level0, 0, two, flags);                                                                \
	__VA_ARGS__;                                                                               \
	AS(S_MODE, lw a0, 4(s1));                                                                  \
	EQ(a0, 2);                                                                                 \
	RUN(S_MODE, s1);                                                                           \
	EQ(a7, 2)

TEST
	PTE(root, 2, _start, RWX)
	MAP_WINDOW
	SATP_ASID(8, 5, root)
	li	s1, WINDOW
	li	s2, 5
	li	s3, WINDOW+0xabc

	MOVE(RWX, sfence.vma)
	MOVE(RWX, sfence.vma s1)
	MOVE(RWX, sfence.vma s3)			/* any address in the page */
	MOVE(RWX, sfence.vma zero, s2)
	MOVE(RWX, sfence.vma s1, s2)
	MOVE(RWX|PTE_G, sfence.vma)
	MOVE(RWX|PTE_G, sfence.vma s1)
	MOVE(RWX, sfence.w.inval; sinval.vma zero, zero; sfence.inval.ir)
	MOVE(RWX, sfence.w.inval; sinval.vma s1, zero; sfence.inval.ir)
	MOVE(RWX, sfence.w.inval; sinval.vma zero, s2; sfence.inval.ir)
	MOVE(RWX, sfence.w.inval; sinval.vma s1, s2; sfence.inval.ir)

	/* rights are taken away, and the page itself */
	CHECK
	PTE(level0, 0, two, RWX)
	sfence.vma
	AS(S_MODE, sw zero, 64(s1))
	PTE(level0, 0, two, PTE_R|PTE_A|PTE_D|PTE_V)
	sfence.vma s1
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw zero, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	PTE(level0, 0, two, 0)
	sfence.vma s1
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	/* a pointer changes: the leaf of an address below it too */
	CHECK
	PTE(level0, 0, one, RWX)
	PTE(other0, 0, two, RWX)
	sfence.vma
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 1)
	PTE(level1, 0, other0, PTE_V)
	sfence.vma
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 2)
	RUN(S_MODE, s1)
	EQ(a7, 2)
	PTE(level1, 0, level0, PTE_V)
	sfence.vma

	/* one address of a superpage drops all of it that contains the address */
	CHECK
	PTE(level1, 1, _start, RWX)
	sfence.vma
	la	a1, one
	la	a2, _start
	sub	a1, a1, a2
	li	a2, WINDOW+0x200000
	add	s4, a1, a2
	AS(S_MODE, lw a0, 4(s4))
	EQ(a0, 1)
	PTE(level1, 1, _start, PTE_V|PTE_W)
	sfence.vma s4
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s4, lw a0, 0(s4))

	/* Two address spaces: the ASID tells them apart without a fence. */
	CHECK
	PTE(level0, 0, one, RWX)
	PTE(root_b, 2, _start, RWX)
	PTE(root_b, 4, level1_b, PTE_V)
	PTE(level1_b, 0, other0, PTE_V)
	PTE(other0, 0, two, RWX)
	sfence.vma
	li	s5, 20
1:	CHECK
	SATP_ASID(8, 5, root)
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 1)
	RUN(S_MODE, s1)
	EQ(a7, 1)
	SATP_ASID(8, 6, root_b)
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 2)
	RUN(S_MODE, s1)
	EQ(a7, 2)
	nop
	addi	s5, s5, -1
	bnez	s5, 1b
	/* the same from S-mode itself, which runs on in a page of both */
	li	s5, 20
	SATP_ASID(8, 5, root)
	ENTER(S_MODE)
1:	CHECK
	SATP_ASID(8, 5, root)
	lw	a0, 4(s1)
	EQ(a0, 1)
	SATP_ASID(8, 6, root_b)
	lw	a0, 4(s1)
	EQ(a0, 2)
	addi	s5, s5, -1
	bnez	s5, 1b
	LEAVE
	/* the same ASID for another table, with the fence that this needs */
	CHECK
	SATP_ASID(8, 5, root_b)
	sfence.vma zero, s2
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 2)

	/* A PMP write takes effect on what is cached, with a fence as the manual asks. */
	CHECK
	AS(S_MODE, lw a0, 4(s1))
	la	t0, two
	srli	t0, t0, 2
	ori	t0, t0, 0x1ff
	csrw	pmpaddr0, t0
	li	t0, 0x18			/* NAPOT, no rights */
	csrw	pmpcfg0, t0
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, s1, lw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_ACCESS, s1)
	csrw	pmpcfg0, zero
	sfence.vma
	CHECK
	AS(S_MODE, lw a0, 4(s1))
	EQ(a0, 2)
PASS

	.data
	.balign	4096
one:	j	. + 8
	.word	1
	li	a7, 1
	ecall
	.balign	4096
two:	j	. + 8
	.word	2
	li	a7, 2
	ecall
	PAGE(root)
	PAGE(root_b)
	PAGE(level1)
	PAGE(level1_b)
	PAGE(level0)
	PAGE(other0)
