/* start.S - the first instructions: a stack, then main(), then the test finisher.
 *
 * The finisher (`test` in hello-metal.yaml) ends the run: 0x5555 is success, 0x3333 is failure
 * with a code in the upper half.  What main() returns decides.
 */
	.section .text.start, "ax"
	.globl	_start
_start:
	la	sp, stack_top
	call	main
	li	t0, 0x100000
	li	t1, 0x5555
	beqz	a0, 1f
	slli	a0, a0, 16
	li	t1, 0x3333
	or	t1, t1, a0
1:	sw	t1, 0(t0)
2:	j	2b
