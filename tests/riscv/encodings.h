/* encodings.h - instructions that binutils 2.40 does not know, as macros of their names.
 *
 * The fields stand as in the unprivileged manual: Zicond, Zawrs, Zicbom, Zicboz, Zicbop,
 * Zacas, Zfa, Zimop, Zcb.  .insn r is opcode, funct3, funct7, rd, rs1, rs2; numbers of
 * registers that are constants of the encoding are written x0 to x31.
 */
/* clang-format off */

/* Zicond */
	.macro	czero.eqz rd, rs1, rs2
	.insn	r 0x33, 5, 7, \rd, \rs1, \rs2
	.endm
	.macro	czero.nez rd, rs1, rs2
	.insn	r 0x33, 7, 7, \rd, \rs1, \rs2
	.endm

/* Zawrs */
	.macro	wrs.nto
	.insn	i 0x73, 0, x0, x0, 0x00d
	.endm
	.macro	wrs.sto
	.insn	i 0x73, 0, x0, x0, 0x01d
	.endm

/* Zicbom, Zicboz, Zicbop: MISC-MEM, and ori with rd = x0 and 12 bits of offset[11:5] and kind */
	.macro	cbo.inval rs1
	.insn	i 0x0f, 2, x0, \rs1, 0
	.endm
	.macro	cbo.clean rs1
	.insn	i 0x0f, 2, x0, \rs1, 1
	.endm
	.macro	cbo.flush rs1
	.insn	i 0x0f, 2, x0, \rs1, 2
	.endm
	.macro	cbo.zero rs1
	.insn	i 0x0f, 2, x0, \rs1, 4
	.endm
	.macro	prefetch.i rs1, offset
	.insn	i 0x13, 6, x0, \rs1, \offset+0
	.endm
	.macro	prefetch.r rs1, offset
	.insn	i 0x13, 6, x0, \rs1, \offset+1
	.endm
	.macro	prefetch.w rs1, offset
	.insn	i 0x13, 6, x0, \rs1, \offset+3
	.endm

/* Zacas: AMO, funct5 00101, then aq and rl.  The address stands without parentheses. */
	.macro	amocas.w rd, rs2, rs1, order=0
	.insn	r 0x2f, 2, 0x14+\order, \rd, \rs1, \rs2
	.endm
	.macro	amocas.d rd, rs2, rs1, order=0
	.insn	r 0x2f, 3, 0x14+\order, \rd, \rs1, \rs2
	.endm
	.macro	amocas.q rd, rs2, rs1, order=0
	.insn	r 0x2f, 4, 0x14+\order, \rd, \rs1, \rs2
	.endm

/* Zfa.  The number of fli is the place of rs1. */
	.macro	fli.s rd, n
	.insn	r 0x53, 0, 0x78, \rd, \n, x1
	.endm
	.macro	fli.d rd, n
	.insn	r 0x53, 0, 0x79, \rd, \n, x1
	.endm
	.macro	fminm.s rd, rs1, rs2
	.insn	r 0x53, 2, 0x14, \rd, \rs1, \rs2
	.endm
	.macro	fminm.d rd, rs1, rs2
	.insn	r 0x53, 2, 0x15, \rd, \rs1, \rs2
	.endm
	.macro	fmaxm.s rd, rs1, rs2
	.insn	r 0x53, 3, 0x14, \rd, \rs1, \rs2
	.endm
	.macro	fmaxm.d rd, rs1, rs2
	.insn	r 0x53, 3, 0x15, \rd, \rs1, \rs2
	.endm
	.macro	fround.s rd, rs1, rm=7
	.insn	r 0x53, \rm, 0x20, \rd, \rs1, x4
	.endm
	.macro	fround.d rd, rs1, rm=7
	.insn	r 0x53, \rm, 0x21, \rd, \rs1, x4
	.endm
	.macro	froundnx.s rd, rs1, rm=7
	.insn	r 0x53, \rm, 0x20, \rd, \rs1, x5
	.endm
	.macro	froundnx.d rd, rs1, rm=7
	.insn	r 0x53, \rm, 0x21, \rd, \rs1, x5
	.endm
	.macro	fcvtmod.w.d rd, rs1
	.insn	r 0x53, 1, 0x61, \rd, \rs1, x8
	.endm
	.macro	fleq.s rd, rs1, rs2
	.insn	r 0x53, 4, 0x50, \rd, \rs1, \rs2
	.endm
	.macro	fleq.d rd, rs1, rs2
	.insn	r 0x53, 4, 0x51, \rd, \rs1, \rs2
	.endm
	.macro	fltq.s rd, rs1, rs2
	.insn	r 0x53, 5, 0x50, \rd, \rs1, \rs2
	.endm
	.macro	fltq.d rd, rs1, rs2
	.insn	r 0x53, 5, 0x51, \rd, \rs1, \rs2
	.endm

/* Zimop: n[4], n[3:2] and n[1:0] are bits 30, 27:26 and 21:20; n[2] and n[1:0] bits 30 and 27:26 */
	.macro	mop.r n, rd, rs1
	.insn	i 0x73, 4, \rd, \rs1, (0x81c|(\n>>4)<<10|(\n>>2&3)<<6|(\n&3))-4096
	.endm
	.macro	mop.rr n, rd, rs1, rs2
	.insn	r 0x73, 4, 0x41|(\n>>2)<<5|(\n&3)<<1, \rd, \rs1, \rs2
	.endm

/* Zcb.  Registers are given as numbers 0 to 7, which are x8 to x15. */
	.macro	c.lbu.n rd, uimm, rs1  /* uimm[0] is bit 6, uimm[1] bit 5 */
	.2byte	0x8000|(\rs1<<7)|((\uimm&1)<<6)|((\uimm>>1)<<5)|(\rd<<2)
	.endm
	.macro	c.lhu.n rd, uimm, rs1
	.2byte	0x8400|(\rs1<<7)|((\uimm>>1)<<5)|(\rd<<2)
	.endm
	.macro	c.lh.n rd, uimm, rs1
	.2byte	0x8440|(\rs1<<7)|((\uimm>>1)<<5)|(\rd<<2)
	.endm
	.macro	c.sb.n rs2, uimm, rs1
	.2byte	0x8800|(\rs1<<7)|((\uimm&1)<<6)|((\uimm>>1)<<5)|(\rs2<<2)
	.endm
	.macro	c.sh.n rs2, uimm, rs1
	.2byte	0x8c00|(\rs1<<7)|((\uimm>>1)<<5)|(\rs2<<2)
	.endm
	.macro	c.zext.b.n rd
	.2byte	0x9c61|(\rd<<7)
	.endm
	.macro	c.sext.b.n rd
	.2byte	0x9c65|(\rd<<7)
	.endm
	.macro	c.zext.h.n rd
	.2byte	0x9c69|(\rd<<7)
	.endm
	.macro	c.sext.h.n rd
	.2byte	0x9c6d|(\rd<<7)
	.endm
	.macro	c.zext.w.n rd
	.2byte	0x9c71|(\rd<<7)
	.endm
	.macro	c.not.n rd
	.2byte	0x9c75|(\rd<<7)
	.endm
	.macro	c.mul.n rd, rs2
	.2byte	0x9c41|(\rd<<7)|(\rs2<<2)
	.endm
