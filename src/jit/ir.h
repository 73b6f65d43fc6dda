/* ir.h - what guest instructions mean, as nodes: rv.def read for compilers.
 *
 * A block is a list of nodes in program order.  Values are numbers of earlier nodes; a leaf
 * (a register) is read where the statement that uses it stands, and each statement of an
 * instruction reads before it writes.  Nodes that are no statement have no effect, so a
 * back end makes them where they are used.
 *
 * IR_INSN begins an instruction: it may be done again from there, by the interpreter, as long
 * as none of its statements has written.
 */
#ifndef IR_H
#define IR_H

#include "hart.h"

/* clang-format off */
#define IR_OPS(O)                                                                              \
	/* leaves: k is a constant, a register, an offset from the page's address; the         \
	 * immediate of addi or its like at the offset k, as it is when the code runs */       \
	O(K) O(X) O(PC) O(F) O(IMM)                                                            \
	/* integers */                                                                         \
	O(ADD) O(SUB) O(MUL) O(AND) O(OR) O(XOR) O(NOT) O(SHL) O(SHR) O(SAR) O(ROR64) O(ROR32) \
	O(EQ) O(NE) O(LT) O(GE) O(LTU) O(GEU) O(SEL) O(SX8) O(SX16) O(SX32) O(ZX32)            \
	O(MULH) O(MULHSU) O(MULHU) O(DIV) O(REM) O(DIVU) O(REMU)                               \
	O(CLZ) O(CTZ) O(CLZ32) O(CTZ32) O(POPCNT) O(REV8) O(ORCB) O(CLMUL) O(CLMULH) O(CLMULR) \
	/* memory: k is the size.  LOAD extends with zeros. */                                 \
	O(LOAD) O(LR) O(SC) O(CAS)                                                             \
	O(AMO_swap) O(AMO_add) O(AMO_xor) O(AMO_and) O(AMO_or)                                 \
	O(AMO_min) O(AMO_max) O(AMO_minu) O(AMO_maxu)                                          \
	/* floating point: k is the rounding mode, 7 for frm, where there is one */            \
	O(UNBOX32) O(UNBOX16) O(FNEG32) O(FNEG64) O(FSGNJ32) O(FSGNJ64)                        \
	O(FADD32) O(FSUB32) O(FMUL32) O(FDIV32) O(FSQRT32) O(FMA32)                            \
	O(FADD64) O(FSUB64) O(FMUL64) O(FDIV64) O(FSQRT64) O(FMA64)                            \
	O(FMIN32) O(FMAX32) O(FEQ32) O(FLT32) O(FLE32)                                         \
	O(FMIN64) O(FMAX64) O(FEQ64) O(FLT64) O(FLE64)                                         \
	O(F32_TO_i32) O(F32_TO_u32) O(F32_TO_i64) O(F32_TO_u64)                                \
	O(F64_TO_i32) O(F64_TO_u32) O(F64_TO_i64) O(F64_TO_u64)                                \
	O(F32_FROM_i32) O(F32_FROM_u32) O(F32_FROM_i64) O(F32_FROM_u64)                        \
	O(F64_FROM_i32) O(F64_FROM_u32) O(F64_FROM_i64) O(F64_FROM_u64)                        \
	O(F32_TO_F64) O(F64_TO_F32)                                                            \
	/* what no back end does itself: the instruction is interpreted */                     \
	O(OTHER)                                                                               \
	/* statements */                                                                       \
	O(INSN)     /* k: its offset in the page, a: length in bytes, b: its number */         \
	O(SET)      /* x[k] = a */                                                             \
	O(FSET64) O(FSET32) O(FSET16) /* f[k] = a, boxed */                                    \
	O(STORE)    /* k bytes at a = b */                                                     \
	O(BRANCH)   /* if a, to the offset k from the page's address */                        \
	O(JUMP)     /* to a */                                                                 \
	O(FP)       /* floating point must be on */                                            \
	O(ROUND)    /* k: a mode, or 7: frm must be valid */                                   \
	O(FENCE)    /* k: nonzero if it orders stores before loads */                          \
	O(CSR)      /* k: the instruction's word */                                            \
	/* the instruction by its helper, which is k, or by the interpreter if that is NULL */ \
	O(STEP)     /* then on */                                                              \
	O(END)      /* who knows what comes then */                                            \
	O(DEAD)
/* clang-format on */

#define O(name) IR_##name,
enum ir_op { IR_OPS(O) IR_COUNT };
#undef O

struct ir {
	u8 op;
	u16 a, b, c;
	i64 k;
};

enum {
	IR_MAX = 1024,    /* nodes of a block */
	IR_INSN_MAX = 24, /* of one instruction */
};

struct ir_block {
	struct ir ir[IR_MAX];
	u32 n;
	u32 insns;       /* instructions */
	u32 start, end;  /* offsets in the page: what it was made from */
	bool falls;      /* runs on to `end`; else its last statement never does */
	bool jumps_trap; /* without C, to what is no multiple of 4 */
	bool apart;      /* no accesses share a lookup: for the back end */
	bool checks;     /* as it begins it compares what it was made from, but for IMM */
	u32 at, len;     /* of the instruction being read */
	bool loads_imm;  /* its immediate is IMM */

	/* Constants and page offsets that registers hold. */
	bool known[33];
	u16 value[33]; /* node */
	u64 narrow;    /* bit set: registers that are the extension of their low 32 bits */
};

/* Reads instructions from `start` on: to a jump, the end of the page, or of what fits.  `h` says
 * which there are and how they decode; b->checks is set before. */
void ir_read(struct ir_block *b, const struct hart *h, const u8 *page, u32 start, u32 max_insns);

/* It begins with what only the interpreter does. */
static inline bool ir_is_interpreted(const struct ir_block *b)
{
	return b->ir[1].op == IR_END && !b->ir[1].k;
}

/* A line per node, for tests and for people. */
void ir_text(const struct ir_block *b, struct str *out);

#endif
