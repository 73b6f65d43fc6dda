/* isa.h - what every program of the ISA suite needs: start, checks, traps, end.
 *
 *   #include "isa.h"
 *   TEST
 *           RR(div, -1, 7, 0)              div a2, a0, a1 gives -1 for 7 and 0
 *           TRAP(CAUSE_ILLEGAL, .4byte 0)  this traps, and with this cause
 *   PASS
 *
 * The number of a check is its line in the .S file: "FAIL check 17" is line 17.  A trap that
 * nothing waits for fails the check that is running.
 *
 * Registers: gp is the check; s8, s9, s10 are cause, epc and tval of the last trap; s11 is where
 * to go on, in M-mode, after a trap that is expected, and 0 if none is; t4 to t6 are the macros'.
 * PMP entry 15 opens all memory to S and U.  Harts but the first sleep, or start at `others` if
 * SMP is defined; s0 is the hart's number there.
 *
 * The assembler compresses nothing unless a file says `.option rvc`, so that what is
 * written is the row of rv.def that is run.
 */
/* clang-format off */
#ifndef ISA_H
#define ISA_H

#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS     1
#define CAUSE_ILLEGAL          2
#define CAUSE_BREAKPOINT       3
#define CAUSE_LOAD_MISALIGNED  4
#define CAUSE_LOAD_ACCESS      5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS     7
#define CAUSE_ECALL_U          8
#define CAUSE_ECALL_S          9
#define CAUSE_ECALL_M          11
#define CAUSE_FETCH_PAGE       12
#define CAUSE_LOAD_PAGE        13
#define CAUSE_STORE_PAGE       15
#define INTERRUPT              (1<<63)

#define U_MODE 0
#define S_MODE 1
#define M_MODE 3

#define MSTATUS_SIE  (1<<1)
#define MSTATUS_MIE  (1<<3)
#define MSTATUS_SPIE (1<<5)
#define MSTATUS_MPIE (1<<7)
#define MSTATUS_SPP  (1<<8)
#define MSTATUS_MPP  (3<<11)
#define MSTATUS_FS   (3<<13)
#define MSTATUS_MPRV (1<<17)
#define MSTATUS_SUM  (1<<18)
#define MSTATUS_MXR  (1<<19)
#define MSTATUS_TVM  (1<<20)
#define MSTATUS_TW   (1<<21)
#define MSTATUS_TSR  (1<<22)

#define SSIP (1<<1)
#define MSIP (1<<3)
#define STIP (1<<5)
#define MTIP (1<<7)
#define SEIP (1<<9)
#define MEIP (1<<11)

#define FFLAG_NX 1
#define FFLAG_UF 2
#define FFLAG_OF 4
#define FFLAG_DZ 8
#define FFLAG_NV 16

#define PTE_V 1
#define PTE_R 2
#define PTE_W 4
#define PTE_X 8
#define PTE_U 16
#define PTE_G 32
#define PTE_A 64
#define PTE_D 128

/* boards/bare.yaml */
#define CLINT    0x02000000
#define MTIMECMP 0x02004000
#define MTIME    0x0200bff8
#define PLIC     0x0c000000
#define UART     0x10000000
#define FINISHER 0x00100000
#define RAM      0x80000000

/* CSRs and instructions that assemblers may be too old for */
#define menvcfg       0x30a
#define senvcfg       0x10a
#define stimecmp      0x14d
#define mcountinhibit 0x320
#define mconfigptr    0xf15

#ifdef __ASSEMBLER__

	.option norelax
	.option norvc
	.option arch, +zba, +zbb, +zbc, +zbs, +zfhmin, +svinval, +zihintpause

/* -- Start, end ------------------------------------------------------------------ */

	.macro	test_begin
	.text
	.globl	_start
_start:
	li	gp, 0
	li	s11, 0
	la	t6, on_trap
	csrw	mtvec, t6
	csrw	mie, zero
	li	t6, MSTATUS_FS
	csrw	mstatus, t6
	csrw	fcsr, zero
	li	t6, -1                  /* NAPOT of everything, RWX */
	csrw	pmpaddr15, t6
	li	t6, 0x1f<<56
	csrw	pmpcfg2, t6
	csrr	s0, mhartid
	beqz	s0, main
#ifdef SMP
	j	others
#endif
asleep:
	wfi
	j	asleep

	.align	2
on_trap:
	csrr	s8, mcause
	csrr	s9, mepc
	csrr	s10, mtval
	beqz	s11, report
	mv	t6, s11
	li	s11, 0
	jr	t6

/* In any mode: through M. */
fail:
	la	s11, report
	ecall
report:
	li	t6, MSTATUS_MPRV
	csrc	mstatus, t6
	slli	a0, gp, 1
	ori	a0, a0, 1
halt:
#ifdef HALT_FINISHER
	halt_finisher
#endif
	la	t6, tohost
	sw	a0, 0(t6)
	sw	zero, 4(t6)
1:	j	1b

	.section .tohost, "aw"
	.align	6
	.globl	tohost
	.type	tohost, @object
	.size	tohost, 8
tohost:	.dword	0
	.text
main:
	.endm

/* For emulators that do not know `tohost`: the check goes to the UART as a hexadecimal
 * number, and the end through the test finisher. */
	.macro	halt_finisher
	li	t5, UART
	li	t4, 16
2:	addi	t4, t4, -4
	srl	t6, gp, t4
	andi	t6, t6, 15
	addi	t6, t6, 48
	sb	t6, 0(t5)
	bnez	t4, 2b
	li	t6, 10
	sb	t6, 0(t5)
	li	t5, FINISHER
	li	t6, 0x5555
	li	t4, 1
	beq	a0, t4, 3f
	li	t6, 0x13333
3:	sw	t6, 0(t5)
	.endm

#define TEST test_begin
#define PASS li a0, 1; j halt

/* -- Checks of values ------------------------------------------------------------- */

#define CHECK li gp, __LINE__

/* A register has a value, is equal to another, or is an address. */
#define EQ(reg, value)  li gp, __LINE__; li t6, value; bne reg, t6, fail
#define EQR(reg, other) li gp, __LINE__; bne reg, other, fail
#define EQA(reg, label) li gp, __LINE__; la t6, label; bne reg, t6, fail
#define NE(reg, value)  li gp, __LINE__; li t6, value; beq reg, t6, fail

/* insn rd, rs1, rs2: also with rd = rs1, rd = rs2 and rd = x0. */
#define RR(insn, want, a, b) rr __LINE__, insn, want, a, b
	.macro	rr line, insn, want, a, b
	li	gp, \line
	li	a0, \a
	li	a1, \b
	li	t6, \want
	\insn	a2, a0, a1
	bne	a2, t6, fail
	mv	a2, a0
	\insn	a2, a2, a1
	bne	a2, t6, fail
	mv	a2, a1
	\insn	a2, a0, a2
	bne	a2, t6, fail
	\insn	zero, a0, a1
	bnez	zero, fail
	.endm

/* insn rd, rs1, imm */
#define RI(insn, want, a, imm) ri __LINE__, insn, want, a, imm
	.macro	ri line, insn, want, a, imm
	li	gp, \line
	li	a0, \a
	li	t6, \want
	\insn	a2, a0, \imm
	bne	a2, t6, fail
	mv	a2, a0
	\insn	a2, a2, \imm
	bne	a2, t6, fail
	\insn	zero, a0, \imm
	bnez	zero, fail
	.endm

/* insn rd, rs1 */
#define R1(insn, want, a) r1 __LINE__, insn, want, a
	.macro	r1 line, insn, want, a
	li	gp, \line
	li	a0, \a
	li	t6, \want
	\insn	a2, a0
	bne	a2, t6, fail
	mv	a2, a0
	\insn	a2, a2
	bne	a2, t6, fail
	\insn	zero, a0
	bnez	zero, fail
	.endm

/* -- Traps and modes --------------------------------------------------------------- */

/* The first instruction after `cause` traps with it; s8, s9, s10 say more.  M-mode after. */
#define TRAP(cause, ...)                                                                          \
	li	gp, __LINE__;                                                                      \
	la	s11, 98f;                                                                          \
97:	__VA_ARGS__;                                                                               \
	j	fail;                                                                              \
98:	li	t6, cause;                                                                         \
	bne	s8, t6, fail;                                                                      \
	la	t6, 97b;                                                                           \
	bne	s9, t6, fail

/* ... an illegal instruction: tval is its bits, or 0 ("Machine Trap Value Register"). */
#define ILLEGAL(...)                                                                              \
	TRAP(CAUSE_ILLEGAL, __VA_ARGS__);                                                          \
	beqz	s10, 96f;                                                                          \
	lwu	t6, 0(s9);                                                                         \
	andi	t5, t6, 3;                                                                         \
	addi	t5, t5, -3;                                                                        \
	beqz	t5, 95f;                                                                           \
	slli	t6, t6, 48;                                                                        \
	srli	t6, t6, 48;                                                                        \
95:	bne	s10, t6, fail;                                                                     \
96:

/* From M-mode: goes on with the next instruction in another mode. */
#define ENTER(mode)  enter mode
	.macro	set_mpp mode
	li	t6, MSTATUS_MPP
	csrc	mstatus, t6
	li	t6, \mode<<11
	csrs	mstatus, t6
	.endm
	.macro	enter mode
	set_mpp	\mode
	la	t6, 99f
	csrw	mepc, t6
	mret
99:
	.endm

/* From S or U: goes on in M-mode. */
#define LEAVE la s11, 99f; ecall; 99:

/* Runs what is at the address in `reg`, in a mode, up to its first trap. */
#define RUN(mode, reg)                                                                            \
	li	gp, __LINE__;                                                                      \
	set_mpp	mode;                                                                              \
	la	s11, 99f;                                                                          \
	csrw	mepc, reg;                                                                         \
	mret;                                                                                      \
99:

/* The same, with the cause and tval that it ends with. */
#define RUN_TRAP(mode, reg, cause, tvalreg)                                                       \
	RUN(mode, reg)                                                                             \
	li	t6, cause;                                                                         \
	bne	s8, t6, fail;                                                                      \
	bne	s10, tvalreg, fail

/* A load or store in M-mode with the rights and addresses of another mode (MPRV). */
#define AS(mode, ...)                                                                             \
	set_mpp	mode;                                                                              \
	li	t6, MSTATUS_MPRV;                                                                  \
	csrs	mstatus, t6;                                                                       \
	__VA_ARGS__;                                                                               \
	li	t6, MSTATUS_MPRV;                                                                  \
	csrc	mstatus, t6

/* ... that traps with a cause, at the address in `tvalreg`. */
#define AS_TRAP(mode, cause, tvalreg, ...)                                                        \
	li	gp, __LINE__;                                                                      \
	set_mpp	mode;                                                                              \
	li	t6, MSTATUS_MPRV;                                                                  \
	la	s11, 98f;                                                                          \
	csrs	mstatus, t6;                                                                       \
97:	__VA_ARGS__;                                                                               \
	j	fail;                                                                              \
98:	li	t6, MSTATUS_MPRV;                                                                  \
	csrc	mstatus, t6;                                                                       \
	li	t6, cause;                                                                         \
	bne	s8, t6, fail;                                                                      \
	la	t6, 97b;                                                                           \
	bne	s9, t6, fail;                                                                      \
	bne	s10, tvalreg, fail

/* -- Page tables -------------------------------------------------------------------- */

/* Entry `index` of `table`: a leaf or table at the label `page`. */
#define PTE(table, index, page, flags) la t4, page; set_pte table, index, flags
/* ... at the physical address in a register. */
#define PTE_AT(table, index, reg, flags) mv t4, reg; set_pte table, index, flags
	.macro	set_pte table, index, flags
	srli	t4, t4, 12
	slli	t4, t4, 10
	li	t5, \flags
	or	t4, t4, t5
	la	t5, \table
	li	t6, (\index)*8
	add	t5, t5, t6
	sd	t4, 0(t5)
	.endm
/* The entry's value, into a register. */
#define GET_PTE(reg, table, index) la reg, table; ld reg, (index)*8(reg)

/* satp: mode 8, 9 or 10 for Sv39, 48 or 57 */
#define SATP(mode, table) satp_write mode, 0, table
#define SATP_ASID(mode, asid, table) satp_write mode, asid, table
	.macro	satp_write mode, asid, table
	la	t5, \table
	srli	t5, t5, 12
	li	t6, (\mode<<60)|(\asid<<44)
	or	t5, t5, t6
	csrw	satp, t5
	.endm

/* A page of the data segment, of zeros, or of code that traps at once: PAGE(name) */
#define PAGE(name)      .data; .balign 4096; name: .zero 4096; .text
#define CODE_PAGE(name) .data; .balign 4096; name: ecall; .zero 4092; .text

/* Sv39 tables: page `i` of the 2 MiB at WINDOW is entry `i` of level0, the next 2 MiB are
 * entry 1 of level1.  The macros are for the program and for its data. */
#define WINDOW     0x100000000
#define MAP_WINDOW PTE(root, 4, level1, PTE_V); PTE(level1, 0, level0, PTE_V)
#define TABLES     PAGE(root); PAGE(level1); PAGE(level0)

/* Menvcfg.ADUE: hardware sets A and D (Svadu). */
#define ADUE_ON  li t6, 1<<61; csrs menvcfg, t6
#define ADUE_OFF li t6, 1<<61; csrc menvcfg, t6

#include "encodings.h"

#endif /* __ASSEMBLER__ */
#endif
