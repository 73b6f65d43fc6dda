/* CSRs in code that runs so often that an engine may compile it: the six forms, sstatus, an
 * interrupt that SIE lets in, the same code in a mode that may not, floating point that is off.
 *
 * Unprivileged manual, "Zicsr"; privileged manual, "Supervisor Status (sstatus) Register".
 */
#include "isa.h"

#define SD      (1<<63)
#define UXL_64  (2<<32)
#define INITIAL (1<<13)
#define STATUS  (MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_FS|MSTATUS_SUM|MSTATUS_MXR)

/* sstatus is this. */
#define IS(value) csrr a5, sstatus; EQ(a5, UXL_64|value)

TEST
	li	s1, 100
	ENTER(S_MODE)
again:
	li	a0, 0x123456789abcdef0
	csrw	sscratch, a0
	add	a1, a0, s1
	csrrw	a2, sscratch, a1
	EQR(a2, a0)
	mv	a2, s1			/* rd = rs1 */
	csrrw	a2, sscratch, a2
	EQR(a2, a1)
	csrr	a2, sscratch
	EQR(a2, s1)
	csrrwi	a2, sscratch, 5
	EQR(a2, s1)
	csrrsi	a2, sscratch, 18
	EQ(a2, 5)
	csrrci	a2, sscratch, 4
	EQ(a2, 23)
	li	a1, 0xf0
	csrrs	a2, sscratch, a1
	EQ(a2, 19)
	csrrc	s2, sscratch, a1
	EQ(s2, 0xf3)
	csrrs	s2, sscratch, zero
	EQ(s2, 3)
	csrw	sscratch, zero
	csrr	a2, sscratch
	EQ(a2, 0)

	li	a0, -1			/* an address of code is even */
	csrw	sepc, a0
	csrr	a1, sepc
	EQ(a1, -2)
	csrrsi	a1, sepc, 31
	EQ(a1, -2)
	csrrci	a1, sepc, 7
	EQ(a1, -2)
	csrrw	a1, sepc, zero
	EQ(a1, -8)
	csrsi	sepc, 7
	csrr	a1, sepc
	EQ(a1, 6)
	csrw	stval, s1
	csrw	scause, a0
	csrr	a1, stval
	EQR(a1, s1)
	csrr	a1, scause
	EQ(a1, -1)

	/* each field of sstatus, and what S-mode does not see */
	csrw	sstatus, zero
	IS(0)
	li	a0, INITIAL
	csrs	sstatus, a0
	IS(INITIAL)
	li	a0, MSTATUS_FS
	csrs	sstatus, a0
	IS((SD|MSTATUS_FS))
	li	a0, INITIAL
	csrrc	a1, sstatus, a0
	EQ(a1, SD|UXL_64|MSTATUS_FS)
	IS((2<<13))
	li	a0, -1
	csrw	sstatus, a0
	IS((SD|STATUS))
	li	a0, MSTATUS_SUM|MSTATUS_MXR
	csrc	sstatus, a0
	li	a0, MSTATUS_SPP|MSTATUS_SPIE
	csrrw	a1, sstatus, a0
	EQ(a1, SD|UXL_64|MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_FS)
	IS((MSTATUS_SPP|MSTATUS_SPIE))
	csrrsi	a1, sstatus, MSTATUS_SIE
	EQ(a1, UXL_64|MSTATUS_SPP|MSTATUS_SPIE)
	csrrci	a1, sstatus, MSTATUS_SIE
	EQ(a1, UXL_64|MSTATUS_SPP|MSTATUS_SPIE|MSTATUS_SIE)
	csrrci	s2, sstatus, 0
	EQ(s2, UXL_64|MSTATUS_SPP|MSTATUS_SPIE)

	addi	s1, s1, -1
	bnez	s1, again
	LEAVE
	csrr	a0, mstatus		/* the fields of M-mode stayed */
	li	a1, MSTATUS_MPRV|MSTATUS_TVM|MSTATUS_TW|MSTATUS_TSR
	and	a0, a0, a1
	EQ(a0, 0)

	/* SIE, with nothing to let in; at last with something */
	li	a0, SSIP
	csrw	mideleg, a0
	csrw	mie, a0
	la	a0, taken
	csrw	stvec, a0
	li	s1, 100
	li	s2, 1
	ENTER(S_MODE)
1:	CHECK
	csrsi	sstatus, MSTATUS_SIE
	csrci	sstatus, MSTATUS_SIE
	addi	s1, s1, -1
	bne	s1, s2, 1b
	csrsi	sip, SSIP
	j	1b
	.align	2
taken:
	csrr	a0, sepc		/* behind the one that let it in */
	la	a1, 1b
	sub	a0, a0, a1
	EQ(s1, 1)
	csrr	a0, scause
	EQ(a0, INTERRUPT|1)
	csrr	a0, sstatus
	andi	a0, a0, MSTATUS_SIE
	EQ(a0, 0)
	csrci	sip, SSIP

	/* what S-mode has run is illegal in U-mode */
	CHECK
	li	s1, 100
2:	la	a1, reads
	jalr	ra, 0(a1)
	addi	s1, s1, -1
	bnez	s1, 2b
	LEAVE
	la	a1, reads
	RUN(U_MODE, a1)
	EQ(s8, CAUSE_ILLEGAL)
	EQA(s9, reads)

	/* SIE lets in the supervisor's timer, too, which is no line, and so does a write */
	li	a0, STIP
	csrw	mideleg, a0
	csrw	mie, a0
	li	a0, 1<<63
	csrs	menvcfg, a0
	csrsi	mcounteren, 2
	li	a0, -1
	csrw	stimecmp, a0
	la	a0, in_time
	csrw	stvec, a0
	li	a2, MSTATUS_SIE
	li	s1, 100
	li	s2, 1
	ENTER(S_MODE)
3:	CHECK
	csrw	sstatus, a2
	csrci	sstatus, MSTATUS_SIE
	addi	s1, s1, -1
	bne	s1, s2, 3b
	csrw	stimecmp, zero
	j	3b
	.align	2
in_time:
	EQ(s1, 1)
	csrr	a0, scause
	EQ(a0, INTERRUPT|5)
	LEAVE

	/* floating point is on, and off behind what turns it off */
	li	a0, MSTATUS_FS
	csrs	mstatus, a0
	li	s1, 100
	li	a1, 0
	ENTER(S_MODE)
4:	la	a2, turns_off
	jalr	ra, 0(a2)
	addi	s1, s1, -1
	bnez	s1, 4b
	LEAVE
	li	a1, MSTATUS_FS
	la	a2, turns_off
	RUN(S_MODE, a2)
	EQ(s8, CAUSE_ILLEGAL)
	EQA(s9, off)
	PASS

	.align	2
reads:
	csrr	a0, scause
	ret

	.align	2
turns_off:
	fadd.d	fa0, fa0, fa1
	csrc	sstatus, a1
off:
	fadd.d	fa0, fa0, fa1
	ret
