/* trap:05 - misa.C: if it can be cleared, jumps to 2 mod 4 trap on the jump, and clearing it
 * while the next instruction is at 2 mod 4 does nothing; if not, compressed code goes on.
 *
 * Privileged manual, "Machine ISA (misa) Register"; unprivileged manual, "Unconditional Jumps".
 */
#include "isa.h"

#define C (1<<2)

TEST
	/* the next instruction is at 2 mod 4 */
	CHECK
	li	a1, C
	csrr	a2, misa
	.balign	4
	.option	rvc
	c.nop
	csrc	misa, a1
	c.nop
	.option	norvc
	csrr	a0, misa
	EQR(a0, a2)

	CHECK
	csrc	misa, a1
	csrr	a0, misa
	csrw	misa, a2
	beq	a0, a2, 9f		/* it cannot be cleared: the run without C shows the rest */

	li	a3, 0
	la	a4, 1f+2
	csrc	misa, a1
	la	s11, 2f
	li	a0, 5
3:	jalr	a0, 0(a4)
1:	j	fail
2:	EQ(s8, CAUSE_FETCH_MISALIGNED)
	EQA(s9, 3b)
	EQR(s10, a4)
	EQ(a0, 5)
	csrs	misa, a1
9:
PASS
