/* trap:04 trap:06 - every compressed instruction, and the encodings that are none; c.jalr links
 * to the next halfword.
 *
 * Unprivileged manual, "C Extension for Compressed Instructions", instruction set listings.
 */
#include "isa.h"

#define BOX32 0xffffffff00000000

TEST
	.option	rvc
	la	s1, words
	la	sp, words

	CHECK
	c.addi4spn a0, sp, 4
	addi	a1, sp, 4
	EQR(a0, a1)
	c.addi4spn a5, sp, 1020
	addi	a1, sp, 1020
	EQR(a5, a1)
	c.addi4spn s0, sp, 520
	addi	a1, sp, 520
	EQR(s0, a1)

	CHECK
	c.lw	a0, 0(s1)
	EQ(a0, 0xffffffff89abcdef)
	c.lw	a0, 4(s1)
	EQ(a0, 0x01234567)
	c.lw	a1, 124(s1)
	EQ(a1, 0x77777777)
	c.ld	a0, 0(s1)
	EQ(a0, 0x0123456789abcdef)
	c.ld	a1, 248(s1)
	EQ(a1, 0x8888888888888888)
	c.lwsp	a0, 0(sp)
	EQ(a0, 0xffffffff89abcdef)
	c.lwsp	t0, 252(sp)
	EQ(t0, 0xffffffff88888888)
	c.ldsp	a0, 0(sp)
	EQ(a0, 0x0123456789abcdef)
	c.ldsp	t0, 504(sp)
	EQ(t0, 0x9999999999999999)

	la	a5, room
	CHECK
	li	a0, 0x1122334455667788
	c.sw	a0, 0(a5)
	c.sw	a0, 124(a5)
	lwu	a1, 0(a5)
	EQ(a1, 0x55667788)
	lwu	a1, 124(a5)
	EQ(a1, 0x55667788)
	c.sd	a0, 0(a5)
	c.sd	a0, 248(a5)
	ld	a1, 0(a5)
	EQR(a1, a0)
	ld	a1, 248(a5)
	EQR(a1, a0)
	CHECK
	mv	sp, a5
	li	t0, 0x99aabbccddeeff00
	c.swsp	t0, 8(sp)
	c.swsp	t0, 252(sp)
	lwu	a1, 8(a5)
	EQ(a1, 0xddeeff00)
	lwu	a1, 252(a5)
	EQ(a1, 0xddeeff00)
	c.sdsp	t0, 16(sp)
	c.sdsp	t0, 504(sp)
	ld	a1, 16(a5)
	EQR(a1, t0)
	ld	a1, 504(a5)
	EQR(a1, t0)

	CHECK
	c.fld	fa0, 0(s1)
	fmv.x.d	a0, fa0
	EQ(a0, 0x0123456789abcdef)
	c.fld	fa1, 248(s1)
	fmv.x.d	a0, fa1
	EQ(a0, 0x8888888888888888)
	c.fsd	fa0, 32(a5)
	ld	a1, 32(a5)
	EQ(a1, 0x0123456789abcdef)
	c.fsdsp	fa1, 40(sp)
	c.fsdsp	fa1, 496(sp)
	ld	a1, 40(a5)
	EQ(a1, 0x8888888888888888)
	ld	a1, 496(a5)
	EQ(a1, 0x8888888888888888)
	mv	sp, s1
	c.fldsp	ft0, 504(sp)
	fmv.x.d	a0, ft0
	EQ(a0, 0x9999999999999999)

	CHECK
	li	a0, 10
	c.addi	a0, 31
	EQ(a0, 41)
	c.addi	a0, -32
	EQ(a0, 9)
	c.nop
	li	t0, 0x7fffffff
	c.addiw	t0, 1
	EQ(t0, 0xffffffff80000000)
	c.addiw	t0, 0
	EQ(t0, 0xffffffff80000000)
	c.addiw	t0, -1
	EQ(t0, 0x7fffffff)
	c.li	a0, -32
	EQ(a0, -32)
	c.li	t0, 31
	EQ(t0, 31)
	CHECK
	c.addi16sp sp, -512
	addi	a0, s1, -512
	EQR(sp, a0)
	c.addi16sp sp, 496
	addi	a0, s1, -16
	EQR(sp, a0)
	c.addi16sp sp, 16
	EQR(sp, s1)
	CHECK
	c.lui	a0, 1
	EQ(a0, 0x1000)
	c.lui	a0, 31
	EQ(a0, 0x1f000)
	c.lui	t0, 0xfffe0
	EQ(t0, 0xfffffffffffe0000)
	c.lui	t0, 0xfffff
	EQ(t0, 0xfffffffffffff000)

	CHECK
	li	a0, 0x8000000000000000
	c.srli	a0, 63
	EQ(a0, 1)
	li	a0, 0x8000000000000000
	c.srli	a0, 4
	EQ(a0, 0x0800000000000000)
	li	a0, 0x8000000000000000
	c.srai	a0, 4
	EQ(a0, 0xf800000000000000)
	c.srai	a0, 59
	EQ(a0, -1)
	li	a0, 0x12345678
	c.andi	a0, 31
	EQ(a0, 0x18)
	li	a0, 0x12345678
	c.andi	a0, -16
	EQ(a0, 0x12345670)
	li	t0, 3
	c.slli	t0, 63
	EQ(t0, 0x8000000000000000)
	li	t0, 3
	c.slli	t0, 1
	EQ(t0, 6)

	CHECK
	li	a0, 12
	li	a1, 10
	c.sub	a0, a1
	EQ(a0, 2)
	c.xor	a0, a1
	EQ(a0, 8)
	c.or	a0, a1
	EQ(a0, 10)
	li	a1, 6
	c.and	a0, a1
	EQ(a0, 2)
	li	a0, 0x7fffffff
	c.addw	a0, a1
	EQ(a0, 0xffffffff80000005)
	li	a0, 5
	c.subw	a0, a1
	EQ(a0, -1)
	li	t0, -7
	c.mv	t1, t0
	EQ(t1, -7)
	c.add	t1, t0
	EQ(t1, -14)

	/* jumps: links are two bytes on */
	CHECK
	c.j	1f
	c.j	2f
3:	j	4f
	j	fail
1:	c.j	3b
2:	j	fail
4:	li	a0, 0
	c.beqz	a0, 1f
	j	fail
2:	c.bnez	a0, 1f
	li	a0, 1
	c.beqz	a0, 1f
	c.bnez	a0, 3f
	j	fail
1:	c.beqz	a0, 2b
	j	fail
3:	la	t0, 1f
	c.jr	t0
	j	fail
1:	CHECK
	la	t0, 1f+1
	c.jalr	t0
2:	c.j	2b
	j	fail
1:	EQA(ra, 2b)
	CHECK
	la	ra, 1f
	c.jalr	ra			/* rs1 = rd */
2:	j	fail
1:	EQA(ra, 2b)
	TRAP(CAUSE_BREAKPOINT, c.ebreak)

	/* HINTs change nothing and never trap */
	CHECK
	li	a0, 5
	.2byte	0x0005			/* c.nop 1 */
	.2byte	0x0501			/* c.addi a0, 0 */
	.2byte	0x4005			/* c.li x0, 1 */
	.2byte	0x6005			/* c.lui x0, 1 */
	.2byte	0x802a			/* c.mv x0, a0 */
	.2byte	0x902a			/* c.add x0, a0 */
	.2byte	0x0006			/* c.slli x0, 1 */
	.2byte	0x0502			/* c.slli a0, 0 */
	.2byte	0x8101			/* c.srli a0, 0 */
	.2byte	0x8501			/* c.srai a0, 0 */
	EQ(a0, 5)
	EQ(zero, 0)

	/* none of the instructions */
	ILLEGAL(.2byte 0x0000)
	ILLEGAL(.2byte 0x0008)		/* c.addi4spn s0, 0 */
	ILLEGAL(.2byte 0x001c)
	ILLEGAL(.2byte 0x2001)		/* c.addiw x0, 0 */
	ILLEGAL(.2byte 0x2005)		/* c.addiw x0, 1 */
	ILLEGAL(.2byte 0x4002)		/* c.lwsp x0, 0 */
	ILLEGAL(.2byte 0x6002)		/* c.ldsp x0, 0 */
	ILLEGAL(.2byte 0x8002)		/* c.jr x0 */
	ILLEGAL(.2byte 0x6101)		/* c.addi16sp 0 */
	ILLEGAL(.2byte 0x6501)		/* c.lui a0, 0 */
	ILLEGAL(.2byte 0x6081)		/* c.lui ra, 0: a may-be-operation with Zcmop alone */
	ILLEGAL(.2byte 0x8c00|0x50)	/* quadrant 0, funct3 4: no Zcb code */
	ILLEGAL(.2byte 0x9c79)		/* quadrant 1: after c.not */
	ILLEGAL(.2byte 0x9c7d)
	.option	norvc
PASS

	.data
	.balign	16
words:	.dword	0x0123456789abcdef
	.balign	4
	.zero	116
	.word	0x77777777
	.zero	120
	.dword	0x8888888888888888
	.zero	248
	.dword	0x9999999999999999
	.zero	1024
	.balign	16
room:	.zero	1024
