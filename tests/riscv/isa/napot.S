/* trap:25 - Svnapot: 16 entries that are one page of 64K; and Svpbmt: memory types, with
 * menvcfg.PBMTE.
 *
 * Privileged manual, "Svnapot", "Svpbmt".
 */
#include "isa.h"

#define RWX   (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)
#define N     (1<<63)
#define PBMTE (1<<62)

TEST
	MAP_WINDOW
	SATP(8, root)
	sfence.vma

	/* ppn[3:0] = 8 in all of 16 entries */
	la	s2, range
	li	a1, 0x8000
	add	a1, a1, s2
	li	s3, 0
1:	srli	t0, a1, 12
	slli	t0, t0, 10
	li	t1, N|RWX
	or	t0, t0, t1
	la	t1, level0
	slli	t2, s3, 3
	add	t1, t1, t2
	sd	t0, 0(t1)
	addi	s3, s3, 1
	li	t0, 16
	bne	s3, t0, 1b
	/* each page shows its number */
	li	s3, 0
1:	slli	t0, s3, 12
	add	t0, t0, s2
	sw	s3, 8(t0)
	addi	s3, s3, 1
	li	t0, 16
	bne	s3, t0, 1b
	li	s1, WINDOW
	li	s3, 0
1:	CHECK
	slli	a1, s3, 12
	add	a1, a1, s1
	AS(S_MODE, lw a0, 8(a1))
	bne	a0, s3, fail
	addi	s3, s3, 1
	li	t0, 16
	bne	s3, t0, 1b
	/* over the pages' ends */
	CHECK
	li	a1, WINDOW+0x3ffe
	li	a0, 0x11223344
	AS(S_MODE, sw a0, 0(a1))
	li	a1, 0x3ffe
	add	a1, a1, s2
	lw	a0, 0(a1)
	EQ(a0, 0x11223344)

	/* other sizes are reserved, and N above the last level */
	PTE(level0, 16, range, N|RWX)		/* ppn[3:0] = 0 */
	PTE(level0, 17, range+0x4000, N|RWX)
	PTE(level0, 18, range+0x1000, N|RWX)
	PTE(level0, 19, range+0x9000, N|RWX)
	PTE(level1, 1, range_2m, N|RWX)
	sfence.vma
	li	a1, WINDOW+16*4096
1:	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lw a0, 0(a1))
	li	t0, 4096
	add	a1, a1, t0
	li	t0, WINDOW+20*4096
	bne	a1, t0, 1b
	li	a1, WINDOW+0x200000
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lw a0, 0(a1))

	/* after a fence for one address, all of the range is looked up again */
	CHECK
	la	t1, level0
	li	t2, 16
1:	sd	zero, 0(t1)
	addi	t1, t1, 8
	addi	t2, t2, -1
	bnez	t2, 1b
	li	a1, WINDOW+5*4096
	sfence.vma a1, zero
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lw a0, 0(a1))

	/* PBMT: 1 and 2 are types once PBMTE is set, 3 is reserved, in a pointer all are */
	li	t0, PBMTE
	csrs	menvcfg, t0
	PTE(level0, 0, range, RWX|1<<61)
	PTE(level0, 1, range, RWX|2<<61)
	PTE(level0, 2, range, RWX|3<<61)
	sfence.vma
	CHECK
	csrr	a0, menvcfg
	srli	a0, a0, 62
	andi	a0, a0, 1
	EQ(a0, 1)
	AS(S_MODE, lw a0, 8(s1))
	li	a1, WINDOW+4096
	AS(S_MODE, lw a0, 8(a1))
	li	a1, WINDOW+8192
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lw a0, 0(a1))
	PTE(level1, 0, level0, PTE_V|1<<61)
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	PTE(level1, 0, level0, PTE_V)
	li	t0, PBMTE
	csrc	menvcfg, t0
	sfence.vma
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
PASS

	.data
	.balign	0x10000
range:	.zero	0x10000
range_2m:
	.zero	0x10000
	TABLES
