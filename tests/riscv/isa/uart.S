/* trap:70 - the UART: reading IIR ends the transmitter's interrupt if it is the one reported,
 * enabling it with an empty register raises it at once, and IER is looked at again on each write.
 *
 * TL16C550 data sheet, "Interrupt Identification Register", "Interrupt Enable Register".
 */
#include "isa.h"

#define RBR 0
#define IER 1
#define IIR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define SCR 7

#define LINE(value) lw a0, 0(s7); srli a0, a0, 10; andi a0, a0, 1; EQ(a0, value)

TEST
	li	s4, UART
	li	s7, PLIC+0x1000
	CHECK
	sb	zero, IER(s4)
	lbu	a0, LSR(s4)
	andi	a0, a0, 0x60			/* empty, both */
	EQ(a0, 0x60)
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 1)				/* nothing */
	li	t0, 0x5a
	sb	t0, SCR(s4)
	lbu	a0, SCR(s4)
	EQ(a0, 0x5a)
	CHECK					/* the divisor is behind DLAB */
	li	t0, 0x83
	sb	t0, LCR(s4)
	li	t0, 0x12
	sb	t0, 0(s4)
	lbu	a0, 0(s4)
	EQ(a0, 0x12)
	li	t0, 1
	sb	t0, 0(s4)
	li	t0, 3
	sb	t0, LCR(s4)
	lbu	a0, IER(s4)
	EQ(a0, 0)

	CHECK					/* at once, as the register is empty */
	li	t0, 2
	sb	t0, IER(s4)
	LINE(1)
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 2)
	CHECK					/* reading it was the answer */
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 1)
	CHECK					/* enabled again: again */
	sb	zero, IER(s4)
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 1)
	li	t0, 2
	sb	t0, IER(s4)
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 2)

	/* loopback: what is sent is received; that is reported first and does not end the other */
	CHECK
	sb	zero, IER(s4)
	li	t0, 0x10
	sb	t0, MCR(s4)
	li	t0, 0x41
	sb	t0, RBR(s4)
1:	lbu	a0, LSR(s4)
	andi	a0, a0, 1
	beqz	a0, 1b
	li	t0, 3
	sb	t0, IER(s4)
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 4)
	lbu	a0, RBR(s4)
	EQ(a0, 0x41)
	lbu	a0, LSR(s4)
	andi	a0, a0, 1
	EQ(a0, 0)
	CHECK
	lbu	a0, IIR(s4)
	andi	a0, a0, 0xf
	EQ(a0, 2)
	sb	zero, MCR(s4)
	sb	zero, IER(s4)
PASS
