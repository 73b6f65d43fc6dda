/* trap:21 trap:22 - fence.i: code that was written is what runs, also when it was written
 * through another virtual address, into the block that is running, or over the end of a page.
 *
 * Unprivileged manual, "Zifencei".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

/* li a0, n; ret */
#define LI_A0(n) (0x00000513|(n)<<20)
#define RET      0x00008067

TEST
	la	s1, code
	/* the same place again and again, each time with another number */
	li	s2, 0
1:	CHECK
	li	t0, LI_A0(0)
	slli	t1, s2, 20
	add	t0, t0, t1
	sw	t0, 0(s1)
	fence.i
	jalr	s1
	bne	a0, s2, fail
	addi	s2, s2, 1
	li	t0, 300
	bne	s2, t0, 1b

	/* a loop that has run often gets another body */
	CHECK
	li	s2, 1000
	li	a1, 0
	la	s3, hot
1:	jalr	s3
	addi	s2, s2, -1
	bnez	s2, 1b
	EQ(a1, 1000)
	li	t0, 0x00258593		/* addi a1, a1, 2 */
	sw	t0, 0(s3)
	fence.i
	CHECK
	jalr	s3
	EQ(a1, 1002)

	/* the next instructions of this block: new after the fence, old or new before it */
	CHECK
	la	t1, 2f
	li	t0, LI_A0(7)
	sw	t0, 0(t1)
	fence.i
2:	li	a0, 6
	EQ(a0, 7)
	CHECK
	la	t1, 2f
	li	t0, LI_A0(9)
	li	a0, 0
	sw	t0, 0(t1)
2:	li	a0, 8
	addi	a0, a0, -8
	sltiu	a0, a0, 2
	EQ(a0, 1)

	/* by halves: a 32-bit instruction becomes two compressed ones */
	CHECK
	li	t0, 0x00000505		/* c.addi a0, 1 */
	sh	t0, 0(s1)
	sh	t0, 2(s1)
	li	a0, 5
	fence.i
	jalr	s1
	EQ(a0, 7)

	/* over the end of a page: the second half alone changes */
	CHECK
	la	s3, page1 - 2
	li	t0, LI_A0(1)
	sh	t0, 0(s3)
	srli	t0, t0, 16
	sh	t0, 2(s3)
	li	t0, RET
	sh	t0, 4(s3)
	srli	t0, t0, 16
	sh	t0, 6(s3)
	fence.i
	jalr	s3
	EQ(a0, 1)
	li	t0, LI_A0(2)>>16
	sh	t0, 2(s3)
	fence.i
	CHECK
	jalr	s3
	EQ(a0, 2)

	/* Through another virtual address: the window maps the page of `code`. */
	PTE(root, 2, _start, RWX)
	MAP_WINDOW
	PTE(level0, 0, page0, RWX)
	PTE(level0, 1, page0, RWX)
	SATP(8, root)
	sfence.vma
	li	s4, WINDOW
	li	s5, WINDOW+4096
	ENTER(S_MODE)
	li	s2, 0
1:	CHECK
	li	t0, LI_A0(0)
	slli	t1, s2, 20
	add	t0, t0, t1
	sw	t0, 0(s4)
	fence.i
	jalr	s1
	bne	a0, s2, fail
	jalr	s5
	bne	a0, s2, fail
	addi	s2, s2, 1
	li	t0, LI_A0(0)
	slli	t1, s2, 20
	add	t0, t0, t1
	sw	t0, 0(s1)
	fence.i
	jalr	s4
	bne	a0, s2, fail
	addi	s2, s2, 1
	li	t0, 100
	blt	s2, t0, 1b
	LEAVE
PASS

	.data
	.balign	4096
page0:
code:	li	a0, 0
	ret
hot:	addi	a1, a1, 1
	ret
	.balign	4096
page1:	.zero	4096
	TABLES
