/* trap:27 - the A and D bits: with menvcfg.ADUE = 0 a page fault asks software to set them, with
 * 1 the hart sets them itself; D for stores and atomics only, and never for an access that
 * faults.
 *
 * Privileged manual, "Addressing and Memory Protection", "Svadu".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_V)

/* The entry has these of A and D. */
#define HAS(bits) GET_PTE(a2, level0, 0); andi a2, a2, PTE_A|PTE_D; EQ(a2, bits)
#define SET(flags) CHECK; PTE(level0, 0, page, flags); sfence.vma

TEST
	MAP_WINDOW
	SATP(8, root)
	li	s1, WINDOW
	la	s2, page

	/* ADUE = 0 */
	ADUE_OFF
	SET(RWX)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lr.w a0, (s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, amoadd.w a0, zero, (s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	HAS(0)
	SET(RWX|PTE_D)				/* D without A is no help */
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	SET(RWX|PTE_A)
	AS(S_MODE, lw a0, 0(s1))
	AS(S_MODE, lr.w a0, (s1))
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, amoor.w a0, zero, (s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sc.w a0, a0, (s1))
	HAS(PTE_A)
	/* software sets D, and after the fence the store works */
	SET(RWX|PTE_A|PTE_D)
	li	a0, 5
	AS(S_MODE, sw a0, 8(s1))
	lw	a1, 8(s2)
	EQ(a1, 5)

	/* ADUE = 1 */
	ADUE_ON
	csrr	a0, menvcfg
	srli	a0, a0, 61
	andi	a0, a0, 1
	EQ(a0, 1)
	SET(RWX)
	AS(S_MODE, lw a0, 8(s1))
	EQ(a0, 5)
	HAS(PTE_A)
	li	a0, 6
	AS(S_MODE, sw a0, 8(s1))		/* after a load: D is still to be set */
	HAS(PTE_A|PTE_D)
	lw	a1, 8(s2)
	EQ(a1, 6)
	SET(RWX)
	AS(S_MODE, sw a0, 8(s1))
	HAS(PTE_A|PTE_D)
	SET(RWX)
	RUN(S_MODE, s1)
	EQ(s8, CAUSE_ECALL_S)
	HAS(PTE_A)
	SET(RWX)
	AS(S_MODE, lr.w a0, (s1))
	HAS(PTE_A)
	SET(RWX)
	AS(S_MODE, amoadd.w a0, zero, (s1))
	HAS(PTE_A|PTE_D)
	SET(RWX|PTE_D)
	AS(S_MODE, lw a0, 0(s1))
	HAS(PTE_A|PTE_D)
	/* the other bits of the entry are as they were */
	SET(RWX|PTE_G|3<<8)
	AS(S_MODE, sw a0, 8(s1))
	GET_PTE(a2, level0, 0)
	la	a3, page
	srli	a3, a3, 12
	slli	a3, a3, 10
	ori	a3, a3, RWX|PTE_G|PTE_A|PTE_D|3<<8
	EQR(a2, a3)

	/* what faults for another reason sets nothing */
	SET(PTE_R|PTE_V)
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	HAS(0)
	SET(PTE_R|PTE_W|PTE_U|PTE_V)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	HAS(0)
	AS(U_MODE, lw a0, 8(s1))
	HAS(PTE_A)

	/* an SC that fails need not, one that succeeds must */
	SET(RWX|PTE_A)
	set_mpp	S_MODE
	li	t6, MSTATUS_MPRV
	csrs	mstatus, t6
1:	lr.w	a0, (s1)
	sc.w	a1, a0, (s1)
	bnez	a1, 1b
	li	t6, MSTATUS_MPRV
	csrc	mstatus, t6
	HAS(PTE_A|PTE_D)

	/* A superpage has its own */
	CHECK
	PTE(level1, 1, _start, RWX)
	sfence.vma
	li	a1, WINDOW+0x200000
	AS(S_MODE, lw a0, 0(a1))
	GET_PTE(a2, level1, 1)
	andi	a2, a2, PTE_A|PTE_D
	EQ(a2, PTE_A)

	/* off again: at once */
	ADUE_OFF
	SET(RWX)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
PASS

	CODE_PAGE(page)
	TABLES
