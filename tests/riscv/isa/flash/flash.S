/* Flash: a load behind a command gives what the command asked for, also where loads of the array
 * went well just before; code in it runs, and changed code after a fence.i.
 *
 * Intel 28F256J3 data sheet, "Command Set"; unprivileged manual, "Zifencei".
 */
#include "isa.h"

#define FLASH  0x20000000
#define READY  0x00800080
#define BLANK  0xffffffff
#define ROUNDS 2000

#define CMD_ARRAY   0x00ff00ff
#define CMD_STATUS  0x00700070
#define CMD_PROGRAM 0x00400040
#define CMD_ERASE   0x00200020
#define CMD_CONFIRM 0x00d000d0

	.macro	command c
	li	t6, \c
	sw	t6, 0(s1)
	.endm

	/* one instruction, at an offset */
	.macro	burn off, insn
	command	CMD_PROGRAM
	j	2f
1:	\insn
2:	lw	t5, 1b
	sw	t5, \off(s1)
	.endm

	.macro	call_flash
	command	CMD_ARRAY
	fence.i
	jalr	ra, 0(s1)
	.endm

TEST
	li	s1, FLASH
	lwu	a0, 0(s1)
	EQ(a0, BLANK)

	li	s3, ROUNDS
round:	command	CMD_STATUS
	lwu	a0, 0(s1)
	EQ(a0, READY)
	command	CMD_ARRAY
	lwu	a0, 0(s1)
	EQ(a0, BLANK)
	addi	s3, s3, -1
	bnez	s3, round

	/* nothing runs there while it shows its status */
	CHECK
	command	CMD_STATUS
	la	s11, 1f
	jalr	ra, 0(s1)
	j	fail
1:	EQ(s8, CAUSE_FETCH_ACCESS)
	EQR(s10, s1)

	/* two instructions, run until they are hot */
	burn	0, "li a0, 7"
	burn	4, "jr ra"
	command	CMD_ARRAY
	fence.i
	li	s3, ROUNDS
1:	li	a0, 0
	jalr	ra, 0(s1)
	EQ(a0, 7)
	addi	s3, s3, -1
	bnez	s3, 1b

	/* others in their place */
	command	CMD_ERASE
	command	CMD_CONFIRM
	burn	0, "li a0, 9"
	burn	4, "jr ra"
	call_flash
	EQ(a0, 9)

	/* bits are only taken away, and atomics cannot write it */
	burn	0, "li a0, 6"		/* of 9, nothing is left */
	call_flash
	EQ(a0, 0)
	TRAP(CAUSE_STORE_ACCESS, amoadd.w a0, a1, (s1))
PASS
