/* trap:05 - also where a jump without C is compiled: what was written before it, to the register
 * of its link too, is there when it traps.
 *
 * Unprivileged manual, "Unconditional Jumps".
 */
#include "isa.h"

TEST
	li	s1, 200
again:
	CHECK
	la	s11, 0f
	li	ra, 5
	.4byte	0x00a000ef		/* jal ra, . + 10 */
	j	fail
0:	EQ(s8, CAUSE_FETCH_MISALIGNED)
	EQ(ra, 5)

	CHECK
	la	s11, 0f
	li	ra, 7
	li	ra, 1
	jalr	ra, 5(ra)
	j	fail
0:	EQ(s8, CAUSE_FETCH_MISALIGNED)
	EQ(s10, 6)
	EQ(ra, 1)

	addi	s1, s1, -1
	bnez	s1, again
PASS
