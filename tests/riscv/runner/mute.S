/* Has no `tohost`: is skipped. */
	.globl	_start
_start:	j	_start
