/* trap:24 - Sv48 and Sv57: one and two more levels, wider addresses, larger superpages.
 *
 * Privileged manual, "Sv48: Page-Based 48-bit Virtual-Memory System", "Sv57".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

TEST
	la	s2, page
	li	a0, 0x1234
	sw	a0, 8(s2)
	PTE(level3, 2, level2, PTE_V)
	PTE(level2, 5, level1, PTE_V)
	PTE(level1, 6, level0, PTE_V)
	PTE(level0, 7, page, RWX)
	PTE(level3, 511, level2, PTE_V)
	PTE(level2, 9, _start, RWX)

	csrw	satp, zero
	SATP(9, level3)
	CHECK
	csrr	a0, satp
	srli	a0, a0, 60
	EQ(a0, 9)
	sfence.vma
	CHECK
	li	s1, 2<<39|5<<30|6<<21|7<<12
	AS(S_MODE, lw a0, 8(s1))
	EQ(a0, 0x1234)
	li	s1, 0xffff<<48|511<<39|5<<30|6<<21|7<<12
	AS(S_MODE, lw a0, 8(s1))
	EQ(a0, 0x1234)
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	CHECK				/* a 1G page */
	li	s1, 2<<39|9<<30
	AS(S_MODE, lw a0, 0(s1))
	lw	a1, _start
	EQR(a0, a1)
	li	s1, 2<<39|5<<30|6<<21|8<<12
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	li	s1, 1<<47|2<<39|5<<30|6<<21|7<<12	/* not canonical */
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	li	s1, 1<<63|2<<39|5<<30|6<<21|7<<12
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	PTE(level3, 3, _start, RWX)		/* a misaligned page of 512G */
	sfence.vma
	li	s1, 3<<39
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))

	csrw	satp, zero
	PTE(level4, 1, level3, PTE_V)
	PTE(level4, 256, level3, PTE_V)
	SATP(10, level4)
	CHECK
	csrr	a0, satp
	srli	a0, a0, 60
	EQ(a0, 10)
	sfence.vma
	CHECK
	li	s1, 1<<48|2<<39|5<<30|6<<21|7<<12
	AS(S_MODE, lw a0, 8(s1))
	EQ(a0, 0x1234)
	li	s1, 0xff<<56|2<<39|5<<30|6<<21|7<<12
	AS(S_MODE, lw a0, 8(s1))
	EQ(a0, 0x1234)
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	li	s1, 1<<56|2<<39|5<<30|6<<21|7<<12
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	li	s1, 1<<48|3<<39			/* misaligned, as before */
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
PASS

	CODE_PAGE(page)
	PAGE(level0)
	PAGE(level1)
	PAGE(level2)
	PAGE(level3)
	PAGE(level4)
