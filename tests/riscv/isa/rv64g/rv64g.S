/* trap:05 trap:08 trap:52 - a hart without C and what is not in G: a jump to 2 mod 4 traps on the
 * jump, before the link is written; bit 1 of xepc reads 0; compressed codes are illegal, and so are
 * may-be-operations.
 *
 * Unprivileged manual, "Unconditional Jumps", "Conditional Branches", "Zimop"; privileged manual,
 * "Machine Exception Program Counter".
 */
#include "isa.h"

TEST
	CHECK
	csrr	a0, misa
	andi	a0, a0, 1<<2
	EQ(a0, 0)

	CHECK
	la	a4, 1f+2
	li	ra, 5
	TRAP(CAUSE_FETCH_MISALIGNED, jalr ra, 0(a4))
	EQR(s10, a4)
	EQ(ra, 5)
	CHECK
	la	a4, 1f+3		/* bit 0 is cleared first */
	TRAP(CAUSE_FETCH_MISALIGNED, jalr ra, 0(a4))
	addi	a4, a4, -1
	EQR(s10, a4)
	EQ(ra, 5)
	TRAP(CAUSE_FETCH_MISALIGNED, .4byte 0x0060006f)		/* j . + 6 */
	addi	a4, s9, 6
	EQR(s10, a4)
	TRAP(CAUSE_FETCH_MISALIGNED, .4byte 0x00a000ef)		/* jal ra, . + 10 */
	EQ(ra, 5)
	TRAP(CAUSE_FETCH_MISALIGNED, .4byte 0x00000363)		/* beq x0, x0, . + 6 */
	addi	a4, s9, 6
	EQR(s10, a4)
	/* a branch that is not taken does not mind */
	CHECK
	.4byte	0x00001363					/* bne x0, x0, . + 6 */
	la	a4, 1f+1
	jr	a4
1:
	CHECK
	li	a0, -1
	csrw	mepc, a0
	csrr	a0, mepc
	EQ(a0, -4)
	csrw	sepc, a4
	csrr	a0, sepc
	andi	a0, a0, 3
	EQ(a0, 0)

	/* mop.r.0 a0, a0 and mop.rr.0 a0, a0, a0 without Zimop */
	ILLEGAL(.4byte 0x81c54573)
	ILLEGAL(.4byte 0x82a54573)

	/* a word whose lowest bits say "compressed" is no instruction */
	la	a1, codes
	RUN(M_MODE, a1)
	EQ(s8, CAUSE_ILLEGAL)
	EQR(s9, a1)
	ILLEGAL(.4byte 0x00000001)
PASS

	.data
	.balign	8
codes:	.4byte	0x05050505
