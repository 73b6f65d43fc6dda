/* trap:30 - one hart takes a page away and asks the other by an interrupt to fence: afterwards
 * the other never sees the old page.
 *
 * Privileged manual, "Supervisor Memory-Management Fence Instruction": sfence.vma is local,
 * software sends an interrupt.
 */
#define SMP
#include "isa.h"

#define RWX    (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)
#define ROUNDS 1000

TEST
	PTE(root, 2, _start, RWX)
	MAP_WINDOW
	PTE(level0, 0, one, RWX)
	fence
	la	s1, state
	li	s2, CLINT
	li	s3, 1
	sw	s3, 0(s1)			/* the tables are ready */
	li	s4, ROUNDS
1:	CHECK
	PTE(level0, 0, two, RWX)
	call	ask
	lw	a0, 8(s1)			/* what the other read after its fence */
	EQ(a0, 2)
	CHECK
	PTE(level0, 0, one, RWX)
	call	ask
	lw	a0, 8(s1)
	EQ(a0, 1)
	addi	s4, s4, -1
	bnez	s4, 1b
PASS

/* Interrupts hart 1 and waits for its answer. */
ask:	sw	zero, 4(s1)
	fence
	sw	s3, 4(s2)
1:	li	t1, 1000
2:	lw	t0, 4(s1)
	bnez	t0, 3f
	addi	t1, t1, -1
	bnez	t1, 2b
	pause				/* the other may need this CPU of the host */
	j	1b
3:	fence
	ret

/* Hart 1 reads the window all the time, in S-mode, and fences when asked, in M-mode. */
others:	li	t0, 1
	bne	s0, t0, asleep
	la	s1, state
1:	lw	t0, 0(s1)
	beqz	t0, 1b
	fence
	SATP(8, root)
	sfence.vma
	la	t0, asked
	csrw	mtvec, t0
	li	t0, MSIP
	csrw	mie, t0
	li	s2, CLINT+4
	li	s3, WINDOW
	ENTER(S_MODE)
1:	li	t1, 1000
2:	lw	a0, 0(s3)
	lw	a1, 0(s3)
	lw	a2, 0(s3)
	addi	t1, t1, -1
	bnez	t1, 2b
	pause				/* and so may the one that waits */
	j	1b

	.balign	4
asked:	sw	zero, 0(s2)
	sfence.vma
	AS(S_MODE, lw a0, 0(s3))
	sw	a0, 8(s1)
	fence
	li	t0, 1
	sw	t0, 4(s1)
	mret

	.data
	.balign	64
state:	.word	0, 0, 0
	.balign	4096
one:	.word	1
	.balign	4096
two:	.word	2
	TABLES
