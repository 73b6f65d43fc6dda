/* gen.h - nodes to code of an x86-64 host: what the files of this back end share.
 *
 * Wants what CPUs have since 2013: AVX2, BMI1, BMI2, FMA, LZCNT, POPCNT ("x86-64-v3").
 *
 *   rbp       struct hart, 128 bytes in, so that displacements of x[] are bytes
 *   r15       hart.ctx: the TLB and the jump cache
 *   r14       hart.left
 *   r13       where the group of accesses last used is: host address less displacement
 *   rbx r12 rsi rdi r8-r11    guest registers: `usual_pins`, and in loops others (loop.c)
 *   rax rcx rdx               values for a moment; rcx the addend of a TLB entry
 *   rsp       a frame with the addresses of other groups
 *   xmm2-15   f registers; memory has them too, but in loops (loop.c)
 *
 * Memory is reached through the TLB by the 10 instructions of lookup().  Loads and stores off
 * one base register share one lookup as long as nothing else can happen in between: a
 * translation only goes away where a block ends.  What misses is done in C and comes back.
 *
 * Floating point runs under the guest's rounding mode, and MXCSR keeps the flags: x86 finds
 * tininess after rounding, as RISC-V does.  Where x86 would hand on an operand's NaN, the
 * canonical one takes its place.
 */
#ifndef GEN_H
#define GEN_H

#include "jit.h"

#include "x64.h"

#define BIAS   128
#define H(m)   rm_mem(RBP, (i32)offsetof(struct hart, m) - BIAS)
#define FRAME  (8 * GROUPS + 8)
#define GROUPS 16

/* What aligns the frame: in tests, lookups and guesses until one of them misses. */
#define FAULT_COUNTS rm_mem(RSP, 8 * GROUPS)

#define TLB(tag)  ((i32)(offsetof(struct context, tlb) + offsetof(struct tlb_entry, tag)))
#define JUMP(m)   ((i32)(offsetof(struct context, jumps) + offsetof(struct jump, m)))
#define TARGET(m) ((i32)(offsetof(struct context, targets) + offsetof(struct target, m)))
#define GUESS(m)  ((i32)(offsetof(struct context, guesses) + offsetof(struct guess, m)))
#define PAGE_KEY  (-(i32)PAGE_SIZE)

_Static_assert(sizeof(struct tlb_entry) == 32 && sizeof(struct jump) == 32 &&
		       sizeof(struct target) == 16,
	       "index shifts");

/* Host registers of guest registers: those that compilers use most.  rax, which is 0, is none. */
static const u8 usual_pins[33] = {
	[2] = RBX, [8] = R12, [10] = RSI, [11] = RDI, [12] = R8, [13] = R9, [14] = R10, [15] = R11,
};

static inline u32 log2_of(u32 n)
{
	return (u32)CTZ64(n);
}

enum common {
	EXIT,             /* eax: enum jit_exit */
	EXIT_DONE,        /* the same, and all registers are in memory */
	EXIT_MISS,        /* h->pc is set */
	EXIT_STEP,        /* eax: offset in the page */
	EXIT_STALE,       /* the same */
	EXIT_LINK,        /* eax: offset in the page, ecx: site */
	POLL,             /* eax: offset in the page to go on at */
	POLL_PC,          /* the same; rax: address */
	LOOK_UP,          /* rax: address to go on at; edx: its target, half the size, is another */
	FAULT,            /* hart.where and hart.fault */
	STEP,             /* ecx: where */
	RESUME,           /* C has done what it was asked for: at hart.pc, if nothing else is up */
	HELP,             /* ecx: where; rdx: the op; rax: the helper */
	HELP_FP,          /* the same for fflags, frm, fcsr */
	IMPATIENT,        /* ecx: where */
	GROUP,            /* rax: first, rdx: last, ecx: where, and flags of jit_group() */
	LOAD,             /* + log2 size; rax: address, ecx: where */
	STORE = LOAD + 4, /* the same; rdx: value */
	SIGN64 = STORE + 4, /* constants, 16 bytes each */
	SIGN32,
	ABS64,
	ABS32,
	NAN64, /* the canonical ones */
	NAN32,
	BOX,   /* what a float has above it */
	MXCSR, /* of C code */
	COMMONS
};

_Static_assert(COMMONS <= ARRAY_LEN(((struct jit_code *)0)->common), "room");

enum stub_kind { STUB_LOAD, STUB_STORE, STUB_GROUP, STUB_REDO, STUB_NAN, STUB_LEAVE, STUB_EXIT };

/* Guest memory at a host register and a displacement. */
struct span {
	u8 r;
	i32 disp;
	u32 size;
	bool writes, aligned; /* aligned: it must be, to its size */
};

/* How code finds a span. */
struct lookup {
	struct span span;
	u32 miss;  /* that jumps to a stub */
	u32 wrong; /* another that does; 0: there is none */
	i32 guess; /* displacement from r15; 0: none */
	u32 hit;   /* where the stub goes back to if the TLB has the page */
};

/* Code that is out of the way, made at the end. */
struct stub {
	u8 kind, size, dest, dest_kind, ngroup;
	u32 site;  /* that jumps here */
	u32 back;  /* where it goes on */
	u32 where; /* WHERE() */
	struct lookup lookup;
	u16 address, value; /* nodes */
	u16 count;          /* STUB_EXIT: instructions that are done */
	u32 target;         /* STUB_EXIT: offset in the page */
	u32 raw;            /* as in struct gen, there */
	bool in_loop;
	i8 xmm_of[16];
};

/* Accesses whose addresses differ by constants: from `lo` to `last`, as displacements from what
 * the register `base` had when the first of them was made. */
struct group {
	u8 base;
	bool writes, first_writes, looked_up, saved;
	i32 lo, last;
	i32 offset; /* of base, then, from the origin */
	u32 uses;
};

struct gen {
	struct code_buf c;
	struct jit_code *code;
	const struct ir_block *b;
	const struct hart *h;
	const struct jit_page *page;
	struct jit_made *out;

	u32 at, len, index; /* the instruction */
	u32 busy;           /* bit set of rax, rcx, rdx */
	u32 jump;           /* the statement that ends the block, once its instruction is done; 0 */
	u32 redos;          /* stubs from here on may be of this instruction */
	u32 flags_end;      /* the host's flags are of x[flags_of], if no code is behind this; */
	u32 flags_of;       /* of another value, if that is x0 */
	u32 held_end;       /* `held` holds, if no code is behind this */
	struct held {
		u8 x, in; /* a register in memory, and of the host: rax, rcx or rdx has it, too */
	} held;
	u32 sum_end; /* `sum` holds, if no code is behind this */
	struct sum {
		u8 of, index, scale; /* registers of the host: of = x[base] + (index << scale) */
		u8 base;
	} sum;

	/* What is known of the guest here. */
	bool fp_on;
	u32 least_privilege;
	u8 frm; /* 0: nothing; 1: no more than 3; 2: it is 0 */

	/* f registers in xmm registers, all 64 bits of them */
	i8 f_in[32]; /* xmm of a register, or -1 */
	i8 xmm_of[16];
	bool boxed[32];         /* known to be a boxed float */
	u32 next_xmm, xmm_busy; /* busy: bit set of operands of this instruction */

	/* Loops: see loop.c. */
	u32 loop_head;     /* 0: no loop, or not yet in it */
	i8 fixed[32];      /* xmm register, or -1 */
	u32 written;       /* bit set of f registers */
	u32 raw;           /* bit set of xmm registers: a NaN there may not be the canonical one */
	u32 spill, reload; /* code: all as other code wants it, and back */
	struct swap {
		u8 in, out; /* guest registers */
	} swaps[ARRAY_LEN(usual_pins)];
	u32 nswaps;
	u8 loop_pins[ARRAY_LEN(usual_pins)];

	const u8 *pins; /* of guest registers at this place */

	u8 group_of[IR_MAX];
	i32 disp_of[IR_MAX]; /* of an access in a group, from the group's base */
	struct group groups[GROUPS + 1];
	u32 ngroups, current; /* 0: none */
	bool guesses;         /* see guess_lookup() */
	u32 nguesses;
	u32 paired_sc;  /* node of the SC whose LR has put the address into r13; or 0 */
	u32 table_load; /* node of the load that gets where a switch jumps to; or 0 */

	u32 stale[JIT_CHECKED + 2]; /* jumps to EXIT_STALE */
	u32 nstale;

	struct stub stubs[JIT_INSNS * 6 + 8];
	u32 nstubs;

	/* Decoded CSR instructions, behind the code. */
	struct {
		u32 site;
		struct op op;
	} ops[JIT_INSNS];
	u32 nops;
};

static inline const struct ir *ir(const struct gen *g, u32 n)
{
	return &g->b->ir[n];
}

static inline bool is_op(const struct gen *g, u32 n, enum ir_op op)
{
	return ir(g, n)->op == op;
}

static inline bool is_imm(const struct gen *g, u32 n)
{
	return is_op(g, n, IR_K) && fits32(ir(g, n)->k);
}

static inline bool is_const(const struct gen *g, u32 n, i64 k)
{
	return is_op(g, n, IR_K) && ir(g, n)->k == k;
}

static inline struct rm x_memory(u32 r)
{
	return rm_mem(RBP, (i32)(offsetof(struct hart, x) + 8 * r) - BIAS);
}

static inline u8 pin(const struct gen *g, i64 r)
{
	return g->pins[r] ? g->pins[r] : NO_REG;
}

static inline struct rm x_at(const struct gen *g, u32 r)
{
	return pin(g, r) != NO_REG ? rm_reg(pin(g, r)) : x_memory(r);
}

static inline struct rm f_at(u32 r)
{
	return rm_mem(RBP, (i32)(offsetof(struct hart, f) + 8 * r) - BIAS);
}

/* Most addresses are a register and a displacement. */
struct address {
	u32 node;
	u32 base; /* guest register, or 0 */
	i32 disp;
};

enum extension { ZERO_EXTEND, SIGN_EXTEND };

/* dest_kind of a load's stub: how rax gets to where the value belongs. */
enum { DEST_ZERO, DEST_SIGN, DEST_XMM };

struct conversion {
	bool is_double, is_unsigned;
	u32 w;
};

enum { XMM_FIRST = 2 };
enum { RM_RNE = 0, RM_RTZ = 1, RM_DYNAMIC = 7 };

/* -- integer.c ----------------------------------------------------------------------- */

void gen_note_flags(struct gen *g);
bool gen_has_flags(const struct gen *g);
bool gen_is_sum(const struct gen *g, u8 r);
void gen_note_held(struct gen *g, u32 r, u8 in);
void gen_x_into(struct gen *g, u32 r, u8 d);
u8 gen_temp(struct gen *g);
void gen_release(struct gen *g, u8 r);
void gen_take(struct gen *g, u8 r);
void gen_into(struct gen *g, u32 n, u8 d);
u8 gen_reg_of(struct gen *g, u32 n);
struct rm gen_rm_of(struct gen *g, u32 n);
void gen_release_rm(struct gen *g, struct rm rm);
void gen_move(struct gen *g, u8 d, u8 s);
u8 gen_pinned(const struct gen *g, u32 n);
enum cc gen_compare(struct gen *g, u32 n);
void gen_to_xmm(struct gen *g, u8 xmm, struct rm s);

/* -- memory.c ------------------------------------------------------------------------ */

struct address gen_address_of(const struct gen *g, u32 n);
void gen_address_into_rax(struct gen *g, struct address a);
struct lookup gen_lookup(struct gen *g, u32 address, u32 size, bool writes, bool aligned);
struct rm gen_at(struct lookup l);
void gen_guess_again(struct gen *g, const struct stub *s);
void gen_find_groups(struct gen *g);
void gen_make_current(struct gen *g, u32 n);
struct rm gen_grouped(struct gen *g, u32 node);
bool gen_in_group(const struct gen *g, u32 node);
u32 gen_load_op(u32 size, enum extension e);
void gen_access_misses(struct gen *g, enum stub_kind kind, struct lookup l, u32 node, u8 dest,
		       u8 how);
void gen_load_into(struct gen *g, u32 node, enum extension e, u8 d);
u32 gen_extended_load(const struct gen *g, u32 n, enum extension *e);
void gen_store(struct gen *g, u32 node);
void gen_zero_at_rax(struct gen *g);

/* -- atomic.c ------------------------------------------------------------------------ */

bool gen_is_atomic(const struct gen *g, u32 n);
void gen_atomic_into_rax(struct gen *g, u32 n);

/* -- float.c ------------------------------------------------------------------------- */

void gen_f_forget_all(struct gen *g);
void gen_f_load(struct gen *g, u32 r, u32 x);
u8 gen_f_operand(struct gen *g, u32 r);
void gen_f_canonical(struct gen *g, u32 r);
void gen_f_bits(struct gen *g, u32 r, u8 d);
void gen_f_store(struct gen *g, u32 r);
void gen_make_canonical(struct gen *g, u32 x, bool is_double);
void gen_nan_stub(struct gen *g, const struct stub *s);
void gen_require_boxed(struct gen *g, u32 r);
bool gen_to_integer(enum ir_op op, struct conversion *out);
void gen_f_to_integer(struct gen *g, const struct ir *i, struct conversion v, u8 d);
bool gen_f_compare(struct gen *g, const struct ir *i, u8 d);
void gen_fset(struct gen *g, u32 n, bool is_double);
void gen_fset16(struct gen *g, u32 n);
void gen_fp(struct gen *g);
void gen_round_dynamic(struct gen *g);
bool gen_host_rounds(const struct gen *g, u32 n);
void gen_round_statement(struct gen *g, u32 n);

/* -- jump.c -------------------------------------------------------------------------- */

void gen_count(struct gen *g, u32 n);
void gen_jump_in_page(struct gen *g, u32 target, u32 done, bool back);
void gen_target_of_rax(struct code_buf *c);

/* To the address in rax, if it is what the target is for; edx is its place. */
void gen_jump_to_target(struct code_buf *c, struct rm target, u32 look_up);

void gen_jump_to_offset(struct gen *g, i64 target, u32 done);
void gen_branch(struct gen *g, u32 n);
void gen_find_table_load(struct gen *g);
void gen_jump(struct gen *g, u32 n);
void gen_finish_jump(struct gen *g);

/* -- stub.c -------------------------------------------------------------------------- */

u32 gen_where_now(const struct gen *g);
struct stub *gen_stub(struct gen *g, enum stub_kind kind, u32 site);
struct stub *gen_miss(struct gen *g, enum stub_kind kind, struct lookup l);
void gen_redo(struct gen *g, u32 site);
void gen_finish_redos(struct gen *g);
void gen_leave(struct gen *g, u32 site);
void gen_make_stubs(struct gen *g);
void gen_make_link_stubs(struct gen *g);

/* -- loop.c -------------------------------------------------------------------------- */

void gen_enter_loop(struct gen *g);
bool gen_is_loop(const struct gen *g, i64 target);
void gen_end_round(struct gen *g);
void gen_leave_loop(struct gen *g);
void gen_make_loop_calls(struct gen *g);
void gen_spill(struct gen *g, const struct stub *s);
void gen_reload(struct gen *g, const struct stub *s);

/* -- check.c ------------------------------------------------------------------------- */

void gen_check(struct gen *g);        /* where a block begins */
void gen_finish_check(struct gen *g); /* behind it */
/* d = IR_IMM */
void gen_imm_into(struct gen *g, u32 at, u8 d);

/* -- help.c -------------------------------------------------------------------------- */

void gen_help(struct gen *g, help_fn *f, enum common how);
void gen_step(struct gen *g, help_fn *f);
void gen_end(struct gen *g, help_fn *f);

/* -- csr.c -------------------------------------------------------------------------- */

void gen_csr(struct gen *g, u32 word);

/* -- block.c ------------------------------------------------------------------------- */

void gen_forget_state(struct gen *g);
void gen_align(struct code_buf *c, u32 to);
struct code_buf gen_buffer(struct jit_code *code);

/* -- common.c ------------------------------------------------------------------------ */

void gen_common(struct jit_code *code);

#endif
