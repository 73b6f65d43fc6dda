/* Prints through `tohost`, byte by byte, each of which is taken at once, then passes; and leaves
 * a signature: bytes 01 02 03 04 are the line 04030201, the last line is padded.
 */
#include "isa.h"

TEST
	la	a0, text
	la	s1, tohost
1:	CHECK
	lbu	a1, 0(a0)
	beqz	a1, 2f
	li	a2, 0x0101<<48
	or	a1, a1, a2
	sd	a1, 0(s1)
	ld	a2, 0(s1)
	bnez	a2, fail
	addi	a0, a0, 1
	j	1b
2:	/* by halves, the upper one first: read when both are there */
	sw	zero, 4(s1)
	li	a0, 1
	sw	a0, 0(s1)
1:	j	1b

	.data
text:	.asciz	"hello\n"
	.balign	16
	.globl	begin_signature, end_signature
begin_signature:
	.byte	1, 2, 3, 4, 5, 6
end_signature:
