/* Code that is written again before each call, as compilers patch theirs: mostly called once, which
 * is not worth much to an engine, and sometimes often.  Each call runs what was written before the
 * last fence.i, wherever in its page the function is.
 *
 * Unprivileged manual, "Zifencei: Instruction-Fetch Fence".
 */
#include "isa.h"

/* Writes its first instruction anew, and calls it a1 times: a0 is the round and what it adds. */
	.macro	patched function, adds
	la	a2, \function
	slli	t1, s1, 20		/* addi a0, zero, s1 */
	addi	t1, t1, 0x513 & 0x7ff
	sh	t1, 0(a2)
	srli	t1, t1, 16
	sh	t1, 2(a2)
	fence.i
	addi	s3, s1, \adds
	mv	s2, a1
1:	CHECK
	jalr	a2
	bne	a0, s3, fail
	addi	s2, s2, -1
	bnez	s2, 1b
	.endm

TEST
	li	s1, 0
again:
	li	a1, 1
	andi	t0, s1, 63		/* one round in 64 calls until it is compiled */
	li	t1, 40
	bne	t0, t1, 2f
	li	a1, 40
2:
	patched	plain, 1
	patched	long, 20
	patched	branches, 3
	patched	loops, 5
	patched	last, 0
	patched	over_the_end, 7

	/* nothing new in these rounds: what is there is what was last written */
	CHECK
	fence.i
	jal	plain
	addi	t0, s1, 1
	bne	a0, t0, fail
	fence.i
	jal	long
	addi	t0, s1, 20
	bne	a0, t0, fail

	addi	s1, s1, 1
	li	t0, 1500
	bne	s1, t0, again
PASS

	.balign	4096
plain:
	li	a0, 0
	addi	a0, a0, 1
	ret
long:
	li	a0, 0
	.rept	20
	addi	a0, a0, 1
	.endr
	ret
branches:
	li	a0, 0
	bltz	a0, 1f
	addi	a0, a0, 1
	bgez	a0, 2f
1:	addi	a0, a0, 100
2:	addi	a0, a0, 2
	ret
loops:
	li	a0, 0
	li	t1, 5
1:	addi	a0, a0, 1
	addi	t1, t1, -1
	bnez	t1, 1b
	ret
	.org	plain + 4096 - 10
last:					/* its return is the page's last two bytes */
	li	a0, 0
	nop
	.option	push
	.option	rvc
	ret
	.option	pop
	.org	plain + 8192 - 10
over_the_end:
	li	a0, 0
	addi	a0, a0, 3
	addi	a0, a0, 4		/* in two pages */
	ret
