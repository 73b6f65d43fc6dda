/* Jumps through a table, as compilers write the cases of a switch, so often that an engine may
 * compile them: each goes where the table says now, whatever it said before and wherever that is.
 *
 * Unprivileged manual, "RV64I", "Unconditional Jumps".
 */
#include "isa.h"

	.macro	case number		/* of which a0 tells what came here; to ra */
	li	a0, \number
	ret
	.endm

	.macro	exchange table, n, m
	ld	a0, 8*\n(\table)
	ld	a1, 8*\m(\table)
	sd	a0, 8*\m(\table)
	sd	a1, 8*\n(\table)
	.endm

TEST
	la	a2, addresses
	la	a3, distances
	li	s1, 0
again:
	andi	s2, s1, 7
	mv	a5, s2
	jal	by_address
	EQR(a0, s2)

	mv	a5, s2
	jal	by_distance
	EQR(a0, s2)

	/* the entry is another one: no fence.i, as the table is no code */
	exchange a2, 0, 5
	li	a5, 0
	jal	by_address
	EQ(a0, 5)
	li	a5, 5
	jal	by_address
	EQ(a0, 0)
	exchange a2, 0, 5
	li	a5, 0
	jal	by_address
	EQ(a0, 0)

	/* one place, and each time another target */
	CHECK
	sh3add	t0, s2, a2
	ld	t0, 0(t0)
	la	a4, entry
	sd	t0, 0(a4)
	li	a0, -1
	jal	by_entry
	EQR(a0, s2)

	addi	s1, s1, 1
	li	t0, 400
	bne	s1, t0, again

	/* in short loops, where a program's loads guess; the index in a register of any kind */
	CHECK
	la	a2, steps
	li	a0, 0
	li	a1, 0
	ENTER(U_MODE)
	li	t3, 0
1:	sh3add	a5, t3, a2
	ld	a5, 0(a5)
	jr	a5
step0:	addi	a0, a0, 1
	li	t3, 1
	j	2f
step1:	addi	a0, a0, 3
	li	t3, 2
	j	2f
step2:	addi	a0, a0, 5
	li	t3, 0
2:	addi	a1, a1, 1
	li	t0, 3000
	bne	a1, t0, 1b
	LEAVE
	EQ(a0, 9000)

	CHECK
	li	a0, 0
	li	a1, 0
	ENTER(U_MODE)
	li	t3, 0
1:	sh3add	a5, t3, a2
	ld	a5, 24(a5)
	jalr	a5
	addi	t3, t3, 1
	andi	t3, t3, 1
	addi	a1, a1, 1
	li	t0, 3000
	bne	a1, t0, 1b
	LEAVE
	EQ(a0, 6000)
PASS

add1:	addi	a0, a0, 1
	ret
add3:	addi	a0, a0, 3
	ret

by_address:
	sh3add	a5, a5, a2
	ld	a5, 0(a5)
	jr	a5
by_distance:
	sh2add	a5, a5, a3
	lw	a5, 0(a5)
	add	a5, a5, a3
	jr	a5
by_entry:
	ld	a5, 0(a4)
	jr	a5
case0:	case	0
case1:	case	1
case2:	case	2
case3:	case	3
case4:	case	4
case5:	case	5
	.balign	4096			/* in other pages */
case6:	case	6
	.balign	4096
case7:	case	7

	.data
	.balign	8
addresses:
	.dword	case0, case1, case2 + 1, case3, case4, case5, case6, case7 + 1 /* no jump is odd */
entry:	.dword	0
steps:	.dword	step0, step1, step2, add1, add3
distances:
	.word	case0 - distances, case1 - distances, case2 - distances + 1, case3 - distances
	.word	case4 - distances, case5 - distances, case6 - distances, case7 - distances + 1
