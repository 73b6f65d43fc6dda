/* trap:23 - cache-block instructions: cbo.zero clears the aligned block around an address,
 * faults as a store, and menvcfg and senvcfg allow each of them; prefetches are hints.
 *
 * "Base Cache Management Operation ISA Extensions" 2 to 7. Blocks have 64 bytes, as the device
 * tree says.
 */
#include "isa.h"

#define CBIE_FLUSH (1<<4)
#define CBIE_INVAL (3<<4)
#define CBCFE      (1<<6)
#define CBZE       (1<<7)
#define BLOCK      64
#define R_PAGE     (PTE_R|PTE_A|PTE_D|PTE_V)
#define W_PAGE     (PTE_R|PTE_W|PTE_A|PTE_D|PTE_V)
#define X_PAGE     (PTE_X|PTE_A|PTE_D|PTE_V)
#define ALL        (PTE_X|PTE_R|PTE_W|PTE_A|PTE_D|PTE_V)

/* All ones from 64 bytes before `block` to 64 after. */
fill:
	la	t0, block-BLOCK
	li	t1, 3*BLOCK/8
	li	t2, -1
1:	sd	t2, 0(t0)
	addi	t0, t0, 8
	addi	t1, t1, -1
	bnez	t1, 1b
	ret

/* a0: double words that are 0 among them; a1: the first of these. */
zeros:
	la	t0, block-BLOCK
	li	t1, 3*BLOCK/8
	li	a0, 0
	li	a1, 0
1:	ld	t2, 0(t0)
	bnez	t2, 2f
	addi	a0, a0, 1
	bnez	a1, 2f
	mv	a1, t0
2:	addi	t0, t0, 8
	addi	t1, t1, -1
	bnez	t1, 1b
	ret

TEST
	/* any address in the block will do */
	li	s1, 0
1:	CHECK
	call	fill
	la	a2, block
	add	a2, a2, s1
	cbo.zero a2
	call	zeros
	EQ(a0, 8)
	EQA(a1, block)
	addi	s1, s1, 21
	li	t0, BLOCK
	blt	s1, t0, 1b

	/* the others leave memory as it is */
	CHECK
	call	fill
	la	a2, block+5
	cbo.clean a2
	cbo.flush a2
	cbo.inval a2
	prefetch.i a2, 0
	prefetch.r a2, 32
	prefetch.w a2, -2048
	call	zeros
	EQ(a0, 0)

	/* faults: as stores, at the address given; prefetches never */
	li	a2, 0x21
	TRAP(CAUSE_STORE_ACCESS, cbo.zero a2)
	EQ(s10, 0x21)
	CHECK
	prefetch.i a2, 0
	prefetch.r a2, 0
	prefetch.w a2, 0

	/* S and U need menvcfg, U senvcfg too */
	csrw	menvcfg, zero
	csrw	senvcfg, zero
	la	a2, block
	ENTER(S_MODE)
	ILLEGAL(cbo.zero a2)
	ENTER(S_MODE)
	ILLEGAL(cbo.clean a2)
	ENTER(S_MODE)
	ILLEGAL(cbo.flush a2)
	ENTER(S_MODE)
	ILLEGAL(cbo.inval a2)
	ENTER(S_MODE)
	CHECK
	prefetch.w a2, 0
	LEAVE
	li	t0, CBZE
	csrw	menvcfg, t0
	ENTER(S_MODE)
	CHECK
	cbo.zero a2
	ILLEGAL(cbo.clean a2)
	ENTER(U_MODE)
	ILLEGAL(cbo.zero a2)
	li	t0, CBCFE|CBIE_INVAL
	csrw	menvcfg, t0
	ENTER(S_MODE)
	CHECK
	cbo.clean a2
	cbo.flush a2
	cbo.inval a2
	ILLEGAL(cbo.zero a2)
	ENTER(U_MODE)
	ILLEGAL(cbo.flush a2)
	ENTER(U_MODE)
	ILLEGAL(cbo.inval a2)
	li	t0, CBCFE|CBIE_FLUSH|CBZE
	csrw	menvcfg, t0
	csrw	senvcfg, t0
	ENTER(U_MODE)
	CHECK
	cbo.zero a2
	cbo.clean a2
	cbo.flush a2
	cbo.inval a2
	LEAVE
	/* senvcfg alone is not enough */
	csrw	menvcfg, zero
	ENTER(U_MODE)
	ILLEGAL(cbo.zero a2)
	ENTER(U_MODE)
	ILLEGAL(cbo.clean a2)
	/* CBIE = 2 is reserved: never reads back */
	CHECK
	li	t0, 2<<4
	csrw	menvcfg, t0
	csrr	a0, menvcfg
	andi	a0, a0, 3<<4
	NE(a0, 2<<4)

	/* pages: zero needs W, the others R or W */
	li	t0, CBCFE|CBIE_INVAL|CBZE
	csrw	menvcfg, t0
	PTE(root, 2, _start, ALL)
	MAP_WINDOW
	PTE(level0, 0, page, R_PAGE)
	PTE(level0, 1, page, W_PAGE)
	PTE(level0, 2, page, X_PAGE)
	SATP(8, root)
	sfence.vma
	li	a2, WINDOW+8
	li	a3, 4096
	ENTER(S_MODE)
	TRAP(CAUSE_STORE_PAGE, cbo.zero a2)
	EQR(s10, a2)
	ENTER(S_MODE)
	CHECK
	cbo.clean a2
	cbo.flush a2
	cbo.inval a2
	add	a2, a2, a3
	cbo.zero a2
	cbo.clean a2
	add	a2, a2, a3
	TRAP(CAUSE_STORE_PAGE, cbo.zero a2)
	ENTER(S_MODE)
	add	a2, a2, a3		/* not mapped */
	TRAP(CAUSE_STORE_PAGE, cbo.clean a2)
	EQR(s10, a2)
	ENTER(S_MODE)
	TRAP(CAUSE_STORE_PAGE, cbo.inval a2)
	EQR(s10, a2)
	ENTER(S_MODE)
	TRAP(CAUSE_STORE_PAGE, cbo.flush a2)
	ENTER(S_MODE)
	CHECK
	prefetch.r a2, 0
	LEAVE

	/* where neither a load nor a store may go: nothing is at 0x21 */
	li	a2, 0x21
	TRAP(CAUSE_STORE_ACCESS, cbo.clean a2)
	EQ(s10, 0x21)
	TRAP(CAUSE_STORE_ACCESS, cbo.flush a2)
	TRAP(CAUSE_STORE_ACCESS, cbo.inval a2)
PASS

	.data
	.balign	64
	.zero	BLOCK
block:	.zero	BLOCK
	.zero	BLOCK
	TABLES
	PAGE(page)
