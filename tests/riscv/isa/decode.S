/* trap:07 - an encoding that is none traps also inside a valid major opcode, in every mode.
 *
 * Unprivileged manual, "RV32/64G Instruction Set Listings", and the listings of each extension
 * that vmbuild has. A check that fails is one of the table: its number is 1000 and the row.
 */
#include "isa.h"

TEST
	la	s1, words
	la	s3, room
	li	s2, 0
next:	li	gp, 1000
	add	gp, gp, s2
	slli	t0, s2, 2
	add	t0, t0, s1
	lwu	s4, 0(t0)
	beqz	s4, done
	sw	s4, 0(s3)
	fence.i
	la	s11, 1f
	jr	s3
1:	li	t0, CAUSE_ILLEGAL
	bne	s8, t0, fail
	bne	s9, s3, fail
	beqz	s10, 2f
	bne	s10, s4, fail
2:	addi	s2, s2, 1
	j	next
done:
PASS

	.data
	.balign	8
room:	.word	0
	j	fail
words:
	/* major opcodes that nothing here has: custom-0 to 3, OP-V, reserved, 48 bits and longer */
	.word	0x00a5050b	/* custom-0 */
	.word	0x00a5052b	/* custom-1 */
	.word	0x00a5055b	/* custom-2 */
	.word	0x00a5057b	/* custom-3 */
	.word	0x00a50557	/* OP-V */
	.word	0x00a5056b	/* reserved */
	.word	0x00a50577	/* OP-VE */
	.word	0x00a5051f	/* 48 bits */
	.word	0x00a5053f	/* 64 bits */
	.word	0x00a5057f	/* 80 bits and more */
	.word	0x00a5055f	/* 48 bits */
	.word	0xffffffff	/* all ones */
	/* LOAD, STORE, BRANCH, JALR */
	.word	0x00057503	/* load, funct3 7 */
	.word	0x00a54523	/* store, funct3 4 */
	.word	0x00a55523	/* store, funct3 5 */
	.word	0x00a56523	/* store, funct3 6 */
	.word	0x00a57523	/* store, funct3 7 */
	.word	0x00a52563	/* branch, funct3 2 */
	.word	0x00a53563	/* branch, funct3 3 */
	.word	0x00051567	/* jalr, funct3 1 */
	.word	0x00052567	/* jalr, funct3 2 */
	.word	0x00053567	/* jalr, funct3 3 */
	.word	0x00054567	/* jalr, funct3 4 */
	.word	0x00055567	/* jalr, funct3 5 */
	.word	0x00056567	/* jalr, funct3 6 */
	.word	0x00057567	/* jalr, funct3 7 */
	/* MISC-MEM: funct3 3 to 7, cache-block operations that are none */
	.word	0x0005300f	/* funct3 3 */
	.word	0x0005400f	/* funct3 4 */
	.word	0x0005500f	/* funct3 5 */
	.word	0x0005600f	/* funct3 6 */
	.word	0x0005700f	/* funct3 7 */
	.word	0x0035200f	/* cbo 3 */
	.word	0x0055200f	/* cbo 5 */
	.word	0x0065200f	/* cbo 6 */
	.word	0x0075200f	/* cbo 7 */
	.word	0x0085200f	/* cbo 8 */
	.word	0x7ff5200f	/* cbo 2047 */
	.word	0x8005200f	/* cbo 2048 */
	.word	0x0045250f	/* cbo.zero with rd */
	/* OP-IMM: shifts with unknown upper bits, unary operations that are none */
	.word	0x20351513	/* slli, funct6 0x8 */
	.word	0x40351513	/* slli, funct6 0x10 */
	.word	0x50351513	/* slli, funct6 0x14 */
	.word	0xfc351513	/* slli, funct6 0x3f */
	.word	0x20355513	/* srli, funct6 0x8 */
	.word	0x30355513	/* srli, funct6 0xc */
	.word	0x80355513	/* srli, funct6 0x20 */
	.word	0xfc355513	/* srli, funct6 0x3f */
	.word	0x60351513	/* unary 0x603 */
	.word	0x60651513	/* unary 0x606 */
	.word	0x60f51513	/* unary 0x60f */
	.word	0x61f51513	/* unary 0x61f */
	.word	0x28055513	/* orc.b, rev8: 0x280 */
	.word	0x28655513	/* orc.b, rev8: 0x286 */
	.word	0x28855513	/* orc.b, rev8: 0x288 */
	.word	0x6b755513	/* orc.b, rev8: 0x6b7 */
	.word	0x6b955513	/* orc.b, rev8: 0x6b9 */
	/* OP: funct7 */
	.word	0x04a50533	/* funct7 0x2, funct3 0 */
	.word	0x04a52533	/* funct7 0x2, funct3 2 */
	.word	0x04a55533	/* funct7 0x2, funct3 5 */
	.word	0x0ca50533	/* funct7 0x6, funct3 0 */
	.word	0x0ca52533	/* funct7 0x6, funct3 2 */
	.word	0x0ca55533	/* funct7 0x6, funct3 5 */
	.word	0x10a50533	/* funct7 0x8, funct3 0 */
	.word	0x10a52533	/* funct7 0x8, funct3 2 */
	.word	0x10a55533	/* funct7 0x8, funct3 5 */
	.word	0x18a50533	/* funct7 0xc, funct3 0 */
	.word	0x18a52533	/* funct7 0xc, funct3 2 */
	.word	0x18a55533	/* funct7 0xc, funct3 5 */
	.word	0x22a50533	/* funct7 0x11, funct3 0 */
	.word	0x22a52533	/* funct7 0x11, funct3 2 */
	.word	0x22a55533	/* funct7 0x11, funct3 5 */
	.word	0x3ea50533	/* funct7 0x1f, funct3 0 */
	.word	0x3ea52533	/* funct7 0x1f, funct3 2 */
	.word	0x3ea55533	/* funct7 0x1f, funct3 5 */
	.word	0x42a50533	/* funct7 0x21, funct3 0 */
	.word	0x42a52533	/* funct7 0x21, funct3 2 */
	.word	0x42a55533	/* funct7 0x21, funct3 5 */
	.word	0x7ea50533	/* funct7 0x3f, funct3 0 */
	.word	0x7ea52533	/* funct7 0x3f, funct3 2 */
	.word	0x7ea55533	/* funct7 0x3f, funct3 5 */
	.word	0x80a50533	/* funct7 0x40, funct3 0 */
	.word	0x80a52533	/* funct7 0x40, funct3 2 */
	.word	0x80a55533	/* funct7 0x40, funct3 5 */
	.word	0x82a50533	/* funct7 0x41, funct3 0 */
	.word	0x82a52533	/* funct7 0x41, funct3 2 */
	.word	0x82a55533	/* funct7 0x41, funct3 5 */
	.word	0xfea50533	/* funct7 0x7f, funct3 0 */
	.word	0xfea52533	/* funct7 0x7f, funct3 2 */
	.word	0xfea55533	/* funct7 0x7f, funct3 5 */
	.word	0x40a51533	/* sub, funct3 1 */
	.word	0x40a52533	/* sub, funct3 2 */
	.word	0x40a53533	/* sub, funct3 3 */
	.word	0x0aa50533	/* min, funct3 0 */
	.word	0x0ea50533	/* czero, funct3 0 */
	.word	0x0ea51533	/* czero, funct3 1 */
	.word	0x0ea52533	/* czero, funct3 2 */
	.word	0x0ea53533	/* czero, funct3 3 */
	.word	0x0ea54533	/* czero, funct3 4 */
	.word	0x0ea56533	/* czero, funct3 6 */
	.word	0x20a50533	/* sh1add, funct3 0 */
	.word	0x20a51533	/* sh1add, funct3 1 */
	.word	0x20a53533	/* sh1add, funct3 3 */
	.word	0x20a55533	/* sh1add, funct3 5 */
	.word	0x20a57533	/* sh1add, funct3 7 */
	/* OP-IMM-32, OP-32 */
	.word	0x0015251b	/* OP-IMM-32, funct3 2 */
	.word	0x0015351b	/* OP-IMM-32, funct3 3 */
	.word	0x0015451b	/* OP-IMM-32, funct3 4 */
	.word	0x0015651b	/* OP-IMM-32, funct3 6 */
	.word	0x0015751b	/* OP-IMM-32, funct3 7 */
	.word	0x6035151b	/* unary 0x603 */
	.word	0x6045151b	/* unary 0x604 */
	.word	0x6055151b	/* unary 0x605 */
	.word	0x6065151b	/* unary 0x606 */
	.word	0x0205551b	/* srliw, shamt[5]: 0x20 */
	.word	0x1205551b	/* srliw, shamt[5]: 0x120 */
	.word	0x4205551b	/* srliw, shamt[5]: 0x420 */
	.word	0x6205551b	/* srliw, shamt[5]: 0x620 */
	.word	0x0205151b	/* slliw, shamt[5] */
	.word	0x00a5253b	/* OP-32, funct3 2 */
	.word	0x00a5353b	/* OP-32, funct3 3 */
	.word	0x00a5453b	/* OP-32, funct3 4 */
	.word	0x00a5653b	/* OP-32, funct3 6 */
	.word	0x00a5753b	/* OP-32, funct3 7 */
	.word	0x02a5153b	/* mulw, funct3 1 */
	.word	0x02a5253b	/* mulw, funct3 2 */
	.word	0x02a5353b	/* mulw, funct3 3 */
	.word	0x40a5153b	/* subw, funct3 1 */
	.word	0x40a5253b	/* subw, funct3 2 */
	.word	0x40a5353b	/* subw, funct3 3 */
	.word	0x40a5453b	/* subw, funct3 4 */
	.word	0x40a5653b	/* subw, funct3 6 */
	.word	0x40a5753b	/* subw, funct3 7 */
	.word	0x08a5153b	/* add.uw, funct3 1 */
	.word	0x08a5253b	/* add.uw, funct3 2 */
	.word	0x08a5353b	/* add.uw, funct3 3 */
	.word	0x08a5453b	/* add.uw, funct3 4 */
	.word	0x08a5553b	/* add.uw, funct3 5 */
	.word	0x08a5653b	/* add.uw, funct3 6 */
	.word	0x08a5753b	/* add.uw, funct3 7 */
	.word	0x20a5053b	/* sh1add.uw, funct3 0 */
	.word	0x20a5153b	/* sh1add.uw, funct3 1 */
	.word	0x20a5353b	/* sh1add.uw, funct3 3 */
	.word	0x20a5553b	/* sh1add.uw, funct3 5 */
	.word	0x20a5753b	/* sh1add.uw, funct3 7 */
	.word	0x0aa5053b	/* funct7 0x5 */
	.word	0x0ea5053b	/* funct7 0x7 */
	.word	0x80a5053b	/* funct7 0x40 */
	.word	0xfea5053b	/* funct7 0x7f */
	/* AMO: widths and operations that are none, lr with rs2 */
	.word	0x00a5052f	/* funct3 0 */
	.word	0x00a5152f	/* funct3 1 */
	.word	0x00a5552f	/* funct3 5 */
	.word	0x00a5652f	/* funct3 6 */
	.word	0x00a5752f	/* funct3 7 */
	.word	0x00a5452f	/* amoadd.q */
	.word	0x30a5352f	/* funct5 0x6 */
	.word	0x38a5352f	/* funct5 0x7 */
	.word	0x48a5352f	/* funct5 0x9 */
	.word	0x50a5352f	/* funct5 0xa */
	.word	0x68a5352f	/* funct5 0xd */
	.word	0x78a5352f	/* funct5 0xf */
	.word	0x88a5352f	/* funct5 0x11 */
	.word	0xf8a5352f	/* funct5 0x1f */
	.word	0x10a5252f	/* lr.w with rs2 */
	.word	0x10a5352f	/* lr.d with rs2 */
	/* LOAD-FP, STORE-FP: quad and vector widths */
	.word	0x00050507	/* load, funct3 0 */
	.word	0x00a50527	/* store, funct3 0 */
	.word	0x00054507	/* load, funct3 4 */
	.word	0x00a54527	/* store, funct3 4 */
	.word	0x00055507	/* load, funct3 5 */
	.word	0x00a55527	/* store, funct3 5 */
	.word	0x00056507	/* load, funct3 6 */
	.word	0x00a56527	/* store, funct3 6 */
	.word	0x00057507	/* load, funct3 7 */
	.word	0x00a57527	/* store, funct3 7 */
	/* OP-FP and fused: half and quad arithmetic, fields that must be 0 */
	.word	0x04a50553	/* funct7 0x2 */
	.word	0x06a50553	/* funct7 0x3 */
	.word	0x0ca50553	/* funct7 0x6 */
	.word	0x14a50553	/* funct7 0xa */
	.word	0x1ea50553	/* funct7 0xf */
	.word	0x04a50543	/* fused 0x43, format 2 */
	.word	0x06a50543	/* fused 0x43, format 3 */
	.word	0x04a50547	/* fused 0x47, format 2 */
	.word	0x06a50547	/* fused 0x47, format 3 */
	.word	0x04a5054b	/* fused 0x4b, format 2 */
	.word	0x06a5054b	/* fused 0x4b, format 3 */
	.word	0x04a5054f	/* fused 0x4f, format 2 */
	.word	0x06a5054f	/* fused 0x4f, format 3 */
	.word	0x58a50553	/* fsqrt.s with rs2 */
	.word	0x5a150553	/* fsqrt.d with rs2 */
	.word	0x20a53553	/* fsgnj.s, funct3 3 */
	.word	0x28a54553	/* fmin.s, funct3 4 */
	.word	0xa0a53553	/* feq.s, funct3 3 */
	.word	0xa2a56553	/* fle.d, funct3 6 */
	.word	0xc0450553	/* fcvt to no integer */
	.word	0xd0450553	/* fcvt from no integer */
	.word	0xc2950553	/* fcvt.?.d */
	.word	0x40050553	/* fcvt.s.s */
	.word	0x40350553	/* fcvt.s.q */
	.word	0x42150553	/* fcvt.d.d */
	.word	0x40650553	/* fcvt.s.bf16 */
	.word	0x44250553	/* fcvt.h.h */
	.word	0xe0052553	/* fmv.x.w, funct3 2 */
	.word	0xe0250553	/* fmv.x.w with rs2 */
	.word	0xe2151553	/* fclass.d with rs2 */
	.word	0xe4051553	/* fclass.h */
	.word	0xf0051553	/* fmv.w.x, funct3 1 */
	.word	0xf0250553	/* fmv.w.x with rs2 */
	.word	0xe2150553	/* fmvh.x.d: RV32 alone */
	.word	0xb2a50553	/* fmvp.d.x: RV32 alone */
	.word	0xfea50553	/* funct7 0x7f */
	/* SYSTEM: fields that must be 0, what is absent */
	.word	0x00000573	/* ecall with rd */
	.word	0x00150073	/* ebreak with rs1 */
	.word	0x00200073	/* uret */
	.word	0x20200073	/* hret */
	.word	0x30200573	/* mret with rd */
	.word	0x10250073	/* sret with rs1 */
	.word	0x10500573	/* wfi with rd */
	.word	0x7b200073	/* dret */
	.word	0x70200073	/* mnret */
	.word	0x12a50573	/* sfence.vma with rd */
	.word	0x16a50573	/* sinval.vma with rd */
	.word	0x18200073	/* sfence.?.inval */
	.word	0x22a50073	/* hfence.vvma */
	.word	0x62a50073	/* hfence.gvma */
	.word	0x60054573	/* hlv.b */
	.word	0x00e00073	/* next to wrs.nto */
	.word	0x00054573	/* funct3 4 */
	.word	0
