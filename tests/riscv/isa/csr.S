/* trap:37 trap:38 trap:39 trap:41 trap:42 trap:46 trap:49 trap:50 trap:51 trap:52 - control and
 * status registers: what reads, what writes, what is not there; views; fields that take no
 * illegal value.
 *
 * Unprivileged manual, "Zicsr"; privileged manual, "CSR Field Specifications", "Machine-Level
 * CSRs", "Supervisor CSRs".
 */
#include "isa.h"

#define M_FIELDS (MSTATUS_MIE|MSTATUS_MPIE|MSTATUS_MPP|MSTATUS_MPRV|MSTATUS_TVM|MSTATUS_TW| \
		  MSTATUS_TSR)

TEST
	/* the six forms */
	CHECK
	li	a0, 0x123456789abcdef0
	csrw	mscratch, a0
	li	a1, 0xff
	csrrw	a2, mscratch, a1
	EQR(a2, a0)
	csrr	a2, mscratch
	EQ(a2, 0xff)
	CHECK
	li	a1, 0xf00
	csrrs	a2, mscratch, a1
	EQ(a2, 0xff)
	csrrc	a2, mscratch, a1
	EQ(a2, 0xfff)
	csrr	a2, mscratch
	EQ(a2, 0xff)
	CHECK
	csrrwi	a2, mscratch, 31
	EQ(a2, 0xff)
	csrrsi	a2, mscratch, 0
	EQ(a2, 31)
	csrrci	a2, mscratch, 5
	EQ(a2, 31)
	csrrsi	a2, mscratch, 1
	EQ(a2, 26)
	csrr	a2, mscratch
	EQ(a2, 27)
	CHECK				/* rd = rs1, rd = x0 */
	li	a0, 0x55
	csrrw	a0, mscratch, a0
	EQ(a0, 27)
	csrrw	zero, mscratch, a0
	EQ(zero, 0)
	csrr	a2, mscratch
	EQ(a2, 27)

	/* csrrs and csrrc of x0 or 0 do not write: legal on what is read-only */
	CHECK
	csrrs	a0, mhartid, zero
	csrrc	a0, mhartid, zero
	csrrsi	a0, mhartid, 0
	csrrci	a0, mhartid, 0
	EQ(a0, 0)
	li	a1, 0			/* a register that is 0 is not x0 */
	ILLEGAL(csrrs a0, mhartid, a1)
	ILLEGAL(csrrc a0, mvendorid, a1)
	ILLEGAL(csrrw a0, mhartid, zero)
	ILLEGAL(csrrwi a0, mimpid, 0)
	ILLEGAL(csrrsi a0, marchid, 1)
	ILLEGAL(csrw cycle, zero)
	ILLEGAL(csrw mconfigptr, zero)

	/* a trap leaves rd alone */
	CHECK
	li	a0, 77
	ILLEGAL(csrr a0, 0x5c0)
	EQ(a0, 77)

	/* not there */
	ILLEGAL(csrr a0, 0x004)
	ILLEGAL(csrr a0, 0x008)		/* vstart */
	ILLEGAL(csrr a0, 0x015)		/* seed */
	ILLEGAL(csrr a0, 0x200)		/* vsstatus */
	ILLEGAL(csrr a0, 0x600)		/* hstatus */
	ILLEGAL(csrr a0, 0x7b0)		/* dcsr, outside debug mode */
	ILLEGAL(csrr a0, 0x150)		/* siselect */
	ILLEGAL(csrr a0, 0xc80)		/* cycleh: RV32 */
	ILLEGAL(csrr a0, 0xb80)
	ILLEGAL(csrr a0, 0x310)		/* mstatush */
	ILLEGAL(csrr a0, 0xfff)
	ILLEGAL(csrw 0x800, zero)
	/* RV64 has only the even pmpcfg */
	ILLEGAL(csrr a0, pmpcfg1)
	ILLEGAL(csrr a0, pmpcfg3)
	ILLEGAL(csrw pmpcfg1, zero)
	ILLEGAL(csrr a0, 0x3a5)
	CHECK
	csrr	a0, pmpcfg0
	csrr	a0, pmpcfg2
	csrr	a0, pmpaddr15

	/* the privilege of the number */
	ENTER(S_MODE)
	ILLEGAL(csrr a0, mstatus)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, mhartid)
	ENTER(S_MODE)
	ILLEGAL(csrr a0, menvcfg)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, sstatus)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, mscratch)
	ENTER(U_MODE)
	ILLEGAL(csrr a0, satp)
	ENTER(U_MODE)
	ILLEGAL(mret)
	ENTER(S_MODE)
	ILLEGAL(mret)
	ENTER(U_MODE)
	ILLEGAL(sret)
	ENTER(U_MODE)
	ILLEGAL(sfence.vma)
	ENTER(U_MODE)
	ILLEGAL(sinval.vma a0, a1)
	ENTER(U_MODE)
	ILLEGAL(sfence.w.inval)
	ENTER(U_MODE)
	ILLEGAL(sfence.inval.ir)
	ENTER(S_MODE)
	CHECK
	sfence.w.inval
	sinval.vma a0, a1
	sinval.vma zero, zero
	sfence.inval.ir
	LEAVE
	CHECK
	sfence.w.inval
	sfence.inval.ir

	/* misa: 64 bits, and what it says of the letters; a write changes nothing, or all of it */
	CHECK
	csrr	a0, misa
	srli	a1, a0, 62
	EQ(a1, 2)
	li	a1, 1<<0|1<<2|1<<3|1<<5|1<<8|1<<12|1<<18|1<<20	/* A C D F I M S U */
	and	a2, a0, a1
	EQR(a2, a1)
	CHECK
	li	a1, 1<<3			/* without D: F and D or neither */
	csrc	misa, a1
	csrr	a2, misa
	csrw	misa, a0
	li	a1, 1<<62			/* no width is stored but ours */
	csrw	misa, a1
	csrr	a2, misa
	srli	a2, a2, 62
	EQ(a2, 2)
	csrw	misa, a0

	/* mstatus: MPP = 2 is not stored, UXL and SXL are 2, WPRI bits are 0 */
	CHECK
	set_mpp	S_MODE
	csrr	a0, mstatus
	li	t0, MSTATUS_MPP
	or	a1, a0, t0
	li	t0, 1<<11
	xor	a1, a1, t0
	csrw	mstatus, a1
	csrr	a2, mstatus
	srli	a2, a2, 11
	andi	a2, a2, 3
	NE(a2, 2)
	CHECK
	li	a1, 15<<32
	csrc	mstatus, a1
	csrr	a2, mstatus
	srli	a2, a2, 32
	andi	a2, a2, 15
	EQ(a2, 10)
	csrs	mstatus, a1
	csrr	a2, mstatus
	srli	a2, a2, 32
	andi	a2, a2, 15
	EQ(a2, 10)
	CHECK
	csrr	a0, mstatus
	li	a1, 1<<62|1<<4|1<<2|1<<0
	csrs	mstatus, a1
	csrr	a2, mstatus
	and	a2, a2, a1
	EQ(a2, 0)
	csrw	mstatus, a0

	/* sstatus is a view: M's fields are not seen and not written */
	CHECK
	set_mpp	M_MODE
	li	a0, MSTATUS_MPIE|MSTATUS_TVM
	csrs	mstatus, a0
	csrr	a0, sstatus
	li	a1, M_FIELDS
	and	a0, a0, a1
	EQ(a0, 0)
	csrc	sstatus, a1
	csrr	a0, mstatus
	and	a0, a0, a1
	EQ(a0, MSTATUS_MPIE|MSTATUS_TVM|MSTATUS_MPP)
	csrw	sstatus, zero
	csrr	a0, mstatus
	and	a0, a0, a1
	EQ(a0, MSTATUS_MPIE|MSTATUS_TVM|MSTATUS_MPP)
	CHECK
	li	a1, MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_SUM|MSTATUS_MXR|MSTATUS_FS
	csrr	a0, mstatus
	and	a0, a0, a1
	EQ(a0, 0)
	csrs	sstatus, a1
	csrr	a0, mstatus
	and	a0, a0, a1
	EQR(a0, a1)
	csrr	a0, sstatus
	srli	a0, a0, 63
	EQ(a0, 1)
	csrw	sstatus, zero
	CHECK				/* UXL as in mstatus */
	csrr	a0, sstatus
	srli	a0, a0, 32
	andi	a0, a0, 3
	EQ(a0, 2)
	li	a0, MSTATUS_TVM|MSTATUS_MPIE
	csrc	mstatus, a0
	li	a0, MSTATUS_FS
	csrs	mstatus, a0

	/* mret and sret: xIE from xPIE, xPIE 1, xPP the least mode, MPRV cleared for less than M */
	CHECK
	li	a0, MSTATUS_MPIE|MSTATUS_MPRV
	csrs	mstatus, a0
	la	a0, 1f
	csrw	mepc, a0
	set_mpp	M_MODE
	mret
	j	fail
1:	csrr	a0, mstatus
	li	a1, MSTATUS_MIE|MSTATUS_MPIE|MSTATUS_MPP|MSTATUS_MPRV
	and	a0, a0, a1
	EQ(a0, MSTATUS_MIE|MSTATUS_MPIE|MSTATUS_MPRV)
	CHECK
	li	a0, MSTATUS_MPIE|MSTATUS_MPRV
	csrc	mstatus, a0
	csrs	mstatus, a0		/* MPP is U now */
	li	a0, MSTATUS_MPIE
	csrc	mstatus, a0
	ENTER(S_MODE)
	LEAVE
	csrr	a0, mstatus
	li	a1, MSTATUS_MPRV|MSTATUS_MIE|MSTATUS_MPIE
	and	a0, a0, a1		/* the trap moved MIE, which mret had set to 0 */
	EQ(a0, 0)
	CHECK
	li	a0, MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP
	csrc	mstatus, a0
	li	a0, MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_MPRV
	csrs	mstatus, a0
	set_mpp	M_MODE
	la	a0, 1f
	csrw	sepc, a0
	sret				/* from M to S */
	j	fail
1:	ILLEGAL(csrr a0, mscratch)
	csrr	a0, mstatus
	li	a1, MSTATUS_SIE|MSTATUS_SPIE|MSTATUS_SPP|MSTATUS_MPRV
	and	a0, a0, a1
	EQ(a0, MSTATUS_SIE|MSTATUS_SPIE)
	li	a0, MSTATUS_SIE
	csrc	mstatus, a0

	/* xepc: bit 0 is 0, bit 1 may be set with C */
	CHECK
	li	a0, -1
	csrw	mepc, a0
	csrr	a0, mepc
	EQ(a0, -2)
	li	a0, 0x80000003
	csrw	sepc, a0
	csrr	a0, sepc
	EQ(a0, 0x80000002)

	/* medeleg, mideleg: M's own are 0 */
	CHECK
	li	a0, -1
	csrw	medeleg, a0
	csrr	a0, medeleg
	li	a1, 1<<11
	and	a1, a0, a1
	EQ(a1, 0)
	li	a1, 0xb1ff&~(1<<11)
	and	a0, a0, a1
	EQR(a0, a1)
	csrw	medeleg, zero
	CHECK
	li	a0, -1
	csrw	mideleg, a0
	csrr	a0, mideleg
	EQ(a0, SSIP|STIP|SEIP)
	/* sie, sip: what is delegated */
	CHECK
	csrw	mie, a0
	csrr	a0, sie
	EQ(a0, SSIP|STIP|SEIP)
	li	a0, SSIP
	csrw	mideleg, a0
	csrr	a0, sie
	EQ(a0, SSIP)
	csrw	sie, zero
	csrr	a0, mie
	EQ(a0, STIP|SEIP)
	li	a0, -1
	csrw	mie, a0
	csrr	a0, mie
	EQ(a0, SSIP|STIP|SEIP|MSIP|MTIP|MEIP)
	csrw	mie, zero
	CHECK				/* sip: SSIP can be written, the rest cannot */
	li	a0, SSIP|STIP|SEIP
	csrw	mideleg, a0
	csrs	mip, a0
	csrr	a0, sip
	EQ(a0, SSIP|STIP|SEIP)
	csrw	sip, zero
	csrr	a0, sip
	EQ(a0, STIP|SEIP)
	csrsi	sip, SSIP
	csrr	a0, mip
	andi	a0, a0, SSIP
	EQ(a0, SSIP)
	li	a0, SSIP|STIP|SEIP
	csrc	mip, a0
	csrr	a0, sip
	EQ(a0, 0)
	CHECK
	csrw	mideleg, zero
	csrsi	mip, SSIP
	csrr	a0, sip
	EQ(a0, 0)
	csrw	sip, zero
	csrr	a0, mip
	andi	a0, a0, SSIP
	EQ(a0, SSIP)
	csrci	mip, SSIP
	/* M's bits of mip belong to the CLINT and the PLIC */
	CHECK
	li	a0, MSIP|MTIP|MEIP
	csrr	a1, mip
	csrs	mip, a0
	csrr	a2, mip
	EQR(a2, a1)

	/* scratch registers and causes hold all they are given */
	CHECK
	li	a0, 0xfedcba9876543210
	csrw	sscratch, a0
	csrr	a1, sscratch
	EQR(a1, a0)
	csrw	mtval, a0
	csrr	a1, mtval
	EQR(a1, a0)
	csrw	stval, a0
	csrr	a1, stval
	EQR(a1, a0)
	li	a0, 1<<63|9
	csrw	scause, a0
	csrr	a1, scause
	EQR(a1, a0)
	csrw	mcause, a0
	csrr	a1, mcause
	EQR(a1, a0)

	/* satp: a mode that is not there changes nothing; TVM keeps S out */
	CHECK
	csrw	satp, zero
	li	a0, 7<<60|5
	csrw	satp, a0
	csrr	a0, satp
	EQ(a0, 0)
	li	a0, 15<<60|1
	csrw	satp, a0
	csrr	a0, satp
	EQ(a0, 0)
	li	a0, MSTATUS_TVM
	csrs	mstatus, a0
	ENTER(S_MODE)
	ILLEGAL(csrr a0, satp)
	ENTER(S_MODE)
	ILLEGAL(csrw satp, zero)
	ENTER(S_MODE)
	ILLEGAL(sfence.vma)
	ENTER(S_MODE)
	ILLEGAL(sinval.vma zero, zero)
	CHECK
	csrw	satp, zero		/* M may */
	sfence.vma
	li	a0, MSTATUS_TVM
	csrc	mstatus, a0

	/* TSR */
	li	a0, MSTATUS_TSR
	csrs	mstatus, a0
	ENTER(S_MODE)
	ILLEGAL(sret)
	li	a0, MSTATUS_TSR
	csrc	mstatus, a0
PASS
