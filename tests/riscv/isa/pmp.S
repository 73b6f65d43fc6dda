/* trap:28 trap:32 trap:33 trap:34 trap:35 trap:36 - physical memory protection: which entry
 * matches, what it must cover, locks, what is read back; page tables under it.
 *
 * Privileged manual, "Physical Memory Protection", and "Page-Based Virtual-Memory": page-table
 * accesses that violate PMP raise an access fault of the original kind.
 * The granularity is 4 bytes.
 */
#include "isa.h"

#define R   1
#define W   2
#define X   4
#define TOR   (1<<3)
#define NA4   (2<<3)
#define NAPOT (3<<3)
#define L   0x80

/* Entry n of the first eight: its configuration. */
#define CFG(n, cfg) li t5, 0xff<<(8*(n)); csrc pmpcfg0, t5; li t5, (cfg)<<(8*(n)); csrs pmpcfg0, t5
/* pmpaddr of an address, and of 2^k bytes at it */
#define ADDR(n, label, add)     la t5, label+add; srli t5, t5, 2; csrw pmpaddr##n, t5
#define RANGE(n, label, add, k) la t5, label+add; srli t5, t5, 2; li t6, (1<<(k-3))-1;             \
				or t5, t5, t6; csrw pmpaddr##n, t5

TEST
	la	s1, page
	li	s2, 0x1234

	/* all eight bytes of this one, read only */
	RANGE(0, page, 8, 3)
	CFG(0, NAPOT|R)
	AS(S_MODE, ld a0, 8(s1))
	addi	a1, s1, 8
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, sd s2, 0(a1))
	AS_TRAP(U_MODE, CAUSE_STORE_ACCESS, a1, sb s2, 0(a1))
	AS_TRAP(U_MODE, CAUSE_STORE_ACCESS, a1, amoadd.w a0, s2, (a1))
	AS_TRAP(U_MODE, CAUSE_STORE_ACCESS, a1, sc.w a0, s2, (a1))
	CHECK
	AS(S_MODE, sw s2, 4(s1))	/* beside it */
	AS(S_MODE, sw s2, 16(s1))
	sd	s2, 8(s1)		/* M-mode is not bound */
	ld	a0, 8(s1)
	EQ(a0, 0x1234)
	/* partly in it: fails though each part would be allowed to be read */
	addi	a1, s1, 4
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, ld a0, 0(a1))
	addi	a1, s1, 14
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	addi	a1, s1, 11
	AS(S_MODE, lw a0, 0(a1))

	/* the lowest entry that matches decides */
	RANGE(1, page, 0, 6)
	CFG(1, NAPOT)
	addi	a1, s1, 16
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	CHECK
	AS(S_MODE, lw a0, 8(s1))
	CFG(0, 0)
	addi	a1, s1, 8
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	addi	a1, s1, 64
	AS(S_MODE, lw a0, 0(a1))
	CFG(1, NAPOT|R|W)		/* a change works at once */
	CHECK
	AS(S_MODE, sw s2, 8(s1))
	CFG(1, NAPOT|X)
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, s1, lw a0, 0(s1))
	CFG(1, 0)

	/* NA4 and TOR */
	ADDR(0, page, 4)
	CFG(0, NA4)
	addi	a1, s1, 4
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, s1, ld a0, 0(s1))
	CHECK
	AS(S_MODE, lw a0, 0(s1))
	AS(S_MODE, lw a0, 8(s1))
	CFG(0, 0)
	ADDR(0, page, 12)
	ADDR(1, page, 20)
	CFG(1, TOR|R)
	addi	a1, s1, 12
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, sw s2, 0(a1))
	addi	a1, s1, 16
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, sw s2, 0(a1))
	CHECK
	AS(S_MODE, sw s2, 8(s1))
	AS(S_MODE, sw s2, 20(s1))
	AS(S_MODE, ld a0, 12(s1))
	/* an empty range matches nothing */
	ADDR(1, page, 12)
	CFG(1, TOR)
	CHECK
	AS(S_MODE, sw s2, 12(s1))
	ADDR(1, page, 8)
	AS(S_MODE, sw s2, 8(s1))
	CFG(1, 0)
	/* entry 0's TOR starts at address 0 */
	ADDR(0, page, 8)
	CFG(0, TOR|R)
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, s1, sw s2, 0(s1))
	CHECK
	AS(S_MODE, sw s2, 8(s1))
	CFG(0, 0)

	/* fetches: at the page's start is `li a0, 5; ecall` */
	RANGE(0, code, 0, 12)
	CFG(0, NAPOT|R|W)
	la	a1, code
	RUN_TRAP(S_MODE, a1, CAUSE_FETCH_ACCESS, a1)
	RUN_TRAP(U_MODE, a1, CAUSE_FETCH_ACCESS, a1)
	CFG(0, NAPOT|X)
	CHECK
	RUN(U_MODE, a1)
	EQ(s8, CAUSE_ECALL_U)
	AS_TRAP(U_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	/* the second instruction alone */
	ADDR(0, code, 4)
	CFG(0, NA4|R)
	RUN(S_MODE, a1)
	EQ(s8, CAUSE_FETCH_ACCESS)
	EQA(s9, code+4)
	EQA(s10, code+4)
	CFG(0, 0)

	/* W without R is reserved: never reads back */
	CHECK
	CFG(0, NAPOT|W)
	csrr	a0, pmpcfg0
	andi	a0, a0, R|W
	NE(a0, W)
	CFG(0, 0)

	/* No match: M passes, the others fail while there is an entry.  16 entries exist. */
	CHECK
	li	t0, 0xff<<56
	csrc	pmpcfg2, t0
	lw	a0, 0(s1)
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, s1, lw a0, 0(s1))
	AS_TRAP(U_MODE, CAUSE_STORE_ACCESS, s1, sw a0, 0(s1))
	la	a1, code
	RUN_TRAP(S_MODE, a1, CAUSE_FETCH_ACCESS, a1)

	/* all ones is the whole address space, also in the range's arithmetic */
	CHECK
	li	t0, -1
	csrw	pmpaddr7, t0
	CFG(7, NAPOT|R)
	AS(S_MODE, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, s1, sw a0, 0(s1))
	CFG(7, 0)
	csrr	a0, pmpaddr7			/* 54 bits are there, and stay */
	li	a1, (1<<54)-1
	EQR(a0, a1)
	li	t0, 0x1f<<56
	csrs	pmpcfg2, t0
	/* granularity 4: addresses read back as written, in all modes */
	CHECK
	li	a1, 0x20000001
	csrw	pmpaddr0, a1
	csrr	a0, pmpaddr0
	EQR(a0, a1)
	CFG(0, NAPOT)
	csrr	a0, pmpaddr0
	EQR(a0, a1)
	CFG(0, NA4)
	csrr	a0, pmpcfg0
	andi	a0, a0, 0x18
	EQ(a0, NA4)
	CFG(0, 0)

	/* page tables: the walk needs to read them, and setting A or D to write them */
	PTE(root, 2, _start, PTE_V|PTE_R|PTE_W|PTE_X|PTE_A|PTE_D)
	MAP_WINDOW
	PTE(level0, 0, page, PTE_V|PTE_R|PTE_W|PTE_X|PTE_A|PTE_D)
	PTE(level0, 1, page, PTE_V|PTE_R|PTE_W|PTE_X)
	SATP(8, root)
	sfence.vma
	li	a1, WINDOW
	li	a2, 0x100001000
	RANGE(0, level0, 0, 12)
	CFG(0, NAPOT|X)
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, sw a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, amoadd.w a0, a0, (a1))
	RUN_TRAP(S_MODE, a1, CAUSE_FETCH_ACCESS, a1)
	CFG(0, NAPOT|R)
	sfence.vma
	CHECK
	AS(S_MODE, lw a0, 0(a1))
	ADUE_ON
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a2, lw a0, 0(a2))
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a2, sw a0, 0(a2))
	CHECK
	GET_PTE(a0, level0, 1)
	andi	a0, a0, PTE_A|PTE_D
	EQ(a0, 0)
	ADUE_OFF
	CFG(0, 0)
	/* a table where no memory is */
	CHECK
	li	t0, 0x10
	PTE_AT(root, 5, t0, PTE_V)
	sfence.vma
	li	a1, 0x140000000
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a1, lw a0, 0(a1))
	AS_TRAP(S_MODE, CAUSE_STORE_ACCESS, a1, sw a0, 0(a1))
	RUN_TRAP(S_MODE, a1, CAUSE_FETCH_ACCESS, a1)
	csrw	satp, zero

	/* locks bind M, and hold the entry and what TOR needs of the one below */
	CHECK
	ADDR(2, page, 128)
	ADDR(3, page, 256)
	CFG(3, L|TOR|R)
	lw	a0, 128(s1)
	addi	a1, s1, 128
	TRAP(CAUSE_STORE_ACCESS, sw a0, 0(a1))
	EQR(s10, a1)
	CHECK
	csrw	pmpaddr3, zero
	csrw	pmpaddr2, zero
	csrr	a0, pmpaddr2
	slli	a0, a0, 2
	EQR(a0, a1)
	csrr	a0, pmpaddr3
	slli	a0, a0, 2
	addi	a1, a1, 128
	EQR(a0, a1)
	CFG(3, 0)
	csrr	a0, pmpcfg0
	srli	a0, a0, 24
	EQ(a0, L|TOR|R)
	TRAP(CAUSE_STORE_ACCESS, sw a0, 128(s1))
	/* the configuration below a locked TOR is free */
	CHECK
	CFG(2, NA4|R)
	csrr	a0, pmpcfg0
	srli	a0, a0, 16
	andi	a0, a0, 0xff
	EQ(a0, NA4|R)
	/* a locked entry that is off holds its address too */
	CHECK
	csrw	pmpaddr5, s2
	CFG(5, L)
	csrw	pmpaddr5, zero
	csrr	a0, pmpaddr5
	EQ(a0, 0x1234)
PASS

	.data
	.balign	4096
page:	.zero	4096
code:	li	a0, 5
	ecall
	TABLES
