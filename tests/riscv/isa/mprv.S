/* trap:26 trap:31 - who may use which page: U pages, SUM, MXR, MPRV; and that what is cached
 * follows each change without a fence.
 *
 * Privileged manual, "Memory Privilege in mstatus Register", "Virtual Address Translation
 * Process".
 */
#include "isa.h"

#define AD     (PTE_A|PTE_D|PTE_V)
#define S_PAGE WINDOW
#define U_PAGE (WINDOW+0x1000)
#define S_CODE (WINDOW+0x2000)
#define U_CODE (WINDOW+0x3000)

#define ON(bits)  li t0, bits; csrs mstatus, t0
#define OFF(bits) li t0, bits; csrc mstatus, t0

TEST
	MAP_WINDOW
	PTE(level0, 0, page, PTE_R|PTE_W|AD)
	PTE(level0, 1, page, PTE_R|PTE_W|PTE_U|AD)
	PTE(level0, 2, page, PTE_X|AD)
	PTE(level0, 3, page, PTE_X|PTE_U|AD)
	SATP(8, root)
	sfence.vma
	li	s1, S_PAGE
	li	s2, U_PAGE
	li	s3, S_CODE
	li	s4, U_CODE
	la	s5, page
	lw	s6, page
	li	s7, 3			/* rounds: the second finds everything cached */

round:	CHECK				/* data of S and U */
	AS(S_MODE, lw a0, 0(s1))
	EQR(a0, s6)
	AS(U_MODE, lw a0, 0(s2))
	EQR(a0, s6)
	AS_TRAP(U_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	AS_TRAP(U_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s2, lw a0, 0(s2))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s2, sw a0, 0(s2))
	ON(MSTATUS_SUM)
	CHECK
	AS(S_MODE, lw a0, 0(s2))
	EQR(a0, s6)
	AS(S_MODE, sw a0, 0(s2))
	AS_TRAP(U_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s4, lw a0, 0(s4))
	OFF(MSTATUS_SUM)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s2, lw a0, 0(s2))

	/* MXR makes X readable, to those who may use the page */
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lw a0, 0(s3))
	ON(MSTATUS_MXR)
	CHECK
	AS(S_MODE, lw a0, 0(s3))
	EQR(a0, s6)
	AS(U_MODE, lw a0, 0(s4))
	EQR(a0, s6)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s4, lw a0, 0(s4))
	AS_TRAP(U_MODE, CAUSE_LOAD_PAGE, s3, lw a0, 0(s3))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s3, sw a0, 0(s3))
	ON(MSTATUS_SUM)
	CHECK
	AS(S_MODE, lw a0, 0(s4))
	EQR(a0, s6)
	OFF(MSTATUS_SUM|MSTATUS_MXR)
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s3, lw a0, 0(s3))

	/* code: S never runs U pages, with SUM neither, and U no others */
	RUN(S_MODE, s3)
	EQ(s8, CAUSE_ECALL_S)
	RUN(U_MODE, s4)
	EQ(s8, CAUSE_ECALL_U)
	RUN_TRAP(S_MODE, s4, CAUSE_FETCH_PAGE, s4)
	RUN_TRAP(U_MODE, s3, CAUSE_FETCH_PAGE, s3)
	ON(MSTATUS_SUM|MSTATUS_MXR)
	RUN_TRAP(S_MODE, s4, CAUSE_FETCH_PAGE, s4)
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	RUN_TRAP(U_MODE, s2, CAUSE_FETCH_PAGE, s2)
	OFF(MSTATUS_SUM|MSTATUS_MXR)

	/* MPRV with MPP = M changes nothing, and never anything for fetches */
	CHECK
	AS(M_MODE, lw a0, 0(s5))
	EQR(a0, s6)
	addi	s7, s7, -1
	bnez	s7, round

	/* S changes its own view by sstatus, between two accesses */
	PTE(root, 2, _start, PTE_R|PTE_W|PTE_X|AD)
	sfence.vma
	ENTER(S_MODE)
	CHECK
	li	t0, MSTATUS_SUM
	csrs	sstatus, t0
	lw	a0, 0(s2)
	EQR(a0, s6)
	csrc	sstatus, t0
	TRAP(CAUSE_LOAD_PAGE, lw a0, 0(s2))
	ENTER(S_MODE)
	CHECK
	li	t0, MSTATUS_MXR
	csrs	sstatus, t0
	lw	a0, 0(s3)
	EQR(a0, s6)
	csrc	sstatus, t0
	TRAP(CAUSE_LOAD_PAGE, lw a0, 0(s3))
PASS

	CODE_PAGE(page)
	TABLES
