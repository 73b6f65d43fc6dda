/* trap:40 trap:63 - with FS = Off, F and D and their CSRs are illegal; what changes FP state
 * sets FS to Dirty, and SD with it; reserved rounding modes are illegal.
 *
 * Privileged manual, "Extension Context Status in mstatus Register"; unprivileged manual,
 * "Floating-Point Control and Status Register", table "Rounding mode encoding".
 */
#include "isa.h"
#include "fp.h"

#define FS_INITIAL (1<<13)
#define FS_CLEAN   (2<<13)
#define FS_DIRTY   (3<<13)
#define SD         (1<<63)

#define FS(state) li t6, FS_DIRTY; csrc mstatus, t6; li t6, state; csrs mstatus, t6

/* The instruction makes FS Dirty. */
#define DIRTIES(...)                                                                              \
	FS(FS_CLEAN); CHECK; __VA_ARGS__; csrr a1, mstatus; li t6, SD|FS_DIRTY; and a1, a1, t6;    \
	EQR(a1, t6)

TEST
	la	s1, room
	FS(0)
	ILLEGAL(fadd.s fa0, fa0, fa0)
	ILLEGAL(fadd.d fa0, fa0, fa0)
	ILLEGAL(flw fa0, 0(s1))
	ILLEGAL(fld fa0, 0(s1))
	ILLEGAL(fsw fa0, 0(s1))
	ILLEGAL(fsd fa0, 0(s1))
	ILLEGAL(fmv.x.w a0, fa0)
	ILLEGAL(fmv.d.x fa0, a0)
	ILLEGAL(feq.d a0, fa0, fa0)
	ILLEGAL(fmadd.s fa0, fa0, fa0, fa0)
	ILLEGAL(fclass.d a0, fa0)
	ILLEGAL(csrr a0, fflags)
	ILLEGAL(csrr a0, frm)
	ILLEGAL(csrr a0, fcsr)
	ILLEGAL(csrw fcsr, zero)
	.option	rvc
	ILLEGAL(c.fld fa0, 0(s1))
	ILLEGAL(c.fsd fa0, 0(s1))
	ILLEGAL(c.fldsp fa0, 0(sp))
	ILLEGAL(c.fsdsp fa0, 0(sp))
	.option	norvc
	CHECK
	csrr	a0, mstatus
	srli	a0, a0, 63
	EQ(a0, 0)

	/* Initial and Clean allow everything */
	FS(FS_INITIAL)
	CHECK
	fmv.w.x	fa0, zero
	csrr	a0, mstatus
	li	a1, SD|FS_DIRTY
	and	a0, a0, a1
	EQR(a0, a1)

	DIRTIES(fmv.w.x fa0, zero)
	DIRTIES(fmv.d.x fa0, zero)
	DIRTIES(flw fa0, 0(s1))
	DIRTIES(fld fa0, 0(s1))
	DIRTIES(fadd.d fa0, fa1, fa1)
	DIRTIES(fsgnj.s fa0, fa1, fa1)
	DIRTIES(csrw fcsr, zero)
	DIRTIES(csrwi frm, 0)
	DIRTIES(csrwi fflags, 0)
	.option	rvc
	DIRTIES(c.fld fa0, 0(s1))
	.option	norvc
	/* a comparison writes no f register, but a flag */
	li	a0, D_QNAN
	fmv.d.x	fa0, a0
	DIRTIES(flt.d a0, fa0, fa0)

	/* sstatus shows the same */
	CHECK
	csrr	a0, sstatus
	srli	a0, a0, 63
	EQ(a0, 1)
	FS(FS_CLEAN)
	CHECK
	csrr	a0, sstatus
	li	a1, SD|FS_DIRTY
	and	a0, a0, a1
	EQ(a0, FS_CLEAN)

	/* modes 5 and 6 in the instruction, 5 to 7 in frm */
	FS(FS_DIRTY)
	csrwi	frm, 0
	ILLEGAL(.insn r 0x53, 5, 0, fa0, fa0, fa0)	/* fadd.s */
	ILLEGAL(.insn r 0x53, 6, 0, fa0, fa0, fa0)
	ILLEGAL(.insn r 0x53, 5, 1, fa0, fa0, fa0)	/* fadd.d */
	ILLEGAL(.insn r 0x53, 6, 0x2d, fa0, fa0, x0)	/* fsqrt.d */
	ILLEGAL(.insn r 0x53, 5, 0x60, a0, fa0, x0)	/* fcvt.w.s */
	ILLEGAL(.insn r4 0x43, 5, 0, fa0, fa0, fa0, fa0)	/* fmadd.s */
	CHECK
	csrwi	frm, 4
	fadd.s	fa0, fa0, fa0
	csrwi	frm, 5
	ILLEGAL(fadd.s fa0, fa0, fa0)
	csrwi	frm, 6
	ILLEGAL(fmul.d fa0, fa0, fa0)
	csrwi	frm, 7
	ILLEGAL(fsqrt.s fa0, fa0)
	ILLEGAL(fcvt.l.d a0, fa0)
	ILLEGAL(fmadd.d fa0, fa0, fa0, fa0)
	/* what has a mode of its own, or none, does not mind */
	CHECK
	fadd.s	fa0, fa0, fa0, rtz
	fsgnj.d	fa0, fa0, fa0
	fmin.s	fa0, fa0, fa0
	feq.s	a0, fa0, fa0
	fmv.x.w	a0, fa0
	csrr	a0, frm
	EQ(a0, 7)
	csrwi	frm, 0

	/* fcsr is frm over fflags; upper bits read 0 */
	CHECK
	li	a0, -1
	csrw	fcsr, a0
	csrr	a0, fcsr
	EQ(a0, 0xff)
	csrr	a0, fflags
	EQ(a0, 0x1f)
	csrr	a0, frm
	EQ(a0, 7)
	CHECK
	csrwi	frm, 2
	csrwi	fflags, 5
	csrr	a0, fcsr
	EQ(a0, 0x45)
	csrrci	a0, fcsr, 4
	csrr	a1, fflags
	EQ(a1, 1)
PASS

	.data
	.balign	8
room:	.dword	0, 0
