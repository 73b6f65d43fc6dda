/* common.c - what all blocks share: entry, exits, polls, calls of C */
#include "gen.h"

/* -- Common code
 * ------------------------------------------------------------------------------------------------
 */

static bool kept_by_calls(u8 r)
{
	return r == RBX || r >= R12;
}

enum which { ALL_PINS, PINS_OF_CALLS };

static bool is_stored(u32 r, enum which which)
{
	return usual_pins[r] && (which == ALL_PINS || !kept_by_calls(usual_pins[r]));
}

static void store_pins(struct code_buf *c, enum which which)
{
	for (u32 r = 0; r < 32; r++)
		if (is_stored(r, which))
			x64_store(c, W, x_memory(r), usual_pins[r]);
}

static void load_pins(struct code_buf *c, enum which which)
{
	for (u32 r = 0; r < 32; r++)
		if (is_stored(r, which))
			x64_mov(c, W, usual_pins[r], x_memory(r));
}

static void mxcsr(struct code_buf *c, bool store, struct rm at)
{
	x64_op(c, 0xae | MAP_0F, store ? 3 : 2, at, 0);
}

/* rdi = the hart; then the rest of the arguments is in place. */
static void call(struct code_buf *c, const void *function)
{
	x64_lea(c, W, RDI, rm_mem(RBP, -BIAS));
	x64_const(c, RAX, (u64)(uintptr_t)function);
	x64_call_reg(c, RAX);
}

static const u8 saved[] = { RBX, RBP, R12, R13, R14, R15 };

static void make_enter(struct code_buf *c)
{
	for (u32 i = 0; i < ARRAY_LEN(saved); i++)
		x64_push(c, saved[i]);
	x64_alu_imm(c, ALU_SUB, W, rm_reg(RSP), FRAME);
	x64_lea(c, W, RBP, rm_mem(RDI, BIAS));
	x64_mov(c, W, RAX, rm_reg(RSI));
	mxcsr(c, false, H(mxcsr));
	if (JIT_MISSES || JIT_WRONG)
		x64_store_imm(c, W, FAULT_COUNTS, 0);
	x64_mov(c, W, R14, H(left));
	x64_mov(c, W, R15, H(ctx));
	load_pins(c, ALL_PINS);
	x64_jmp_rm(c, rm_reg(RAX));
}

/* At the offset in eax. */
static void make_exit_at(struct code_buf *c, u32 *at, enum common which, enum jit_exit why)
{
	at[which] = offset_of(c);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	x64_store(c, W, H(pc), RAX);
	x64_const(c, RAX, why);
	x64_jmp_to(c, at[EXIT]);
}

static void make_exits(struct code_buf *c, u32 *at)
{
	u32 quiet;

	at[EXIT_LINK] = offset_of(c);
	x64_store(c, 0, H(link), RCX);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	x64_store(c, W, H(pc), RAX);
	at[EXIT_MISS] = offset_of(c);
	x64_const(c, RAX, JIT_AGAIN);
	at[EXIT] = offset_of(c);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	at[EXIT_DONE] = offset_of(c);
	x64_alu_imm(c, ALU_CMP, 0, H(fp_live), 0);
	quiet = x64_jcc_short(c, CC_E);
	mxcsr(c, true, H(mxcsr));
	mxcsr(c, false, rm_rip((i32)at[MXCSR]));
	x64_bind_short(c, quiet);
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), FRAME);
	for (u32 i = ARRAY_LEN(saved); i--;)
		x64_pop(c, saved[i]);
	x64_ret(c);

	make_exit_at(c, at, EXIT_STEP, JIT_STEP);
	make_exit_at(c, at, EXIT_STALE, JIT_STALE);
}

/* Where rax leads: by the jump cache, and from now on by the target. */
static void make_look_up(struct code_buf *c, u32 *at)
{
	at[LOOK_UP] = offset_of(c);
	x64_store(c, W, H(pc), RAX);
	x64_store(c, 0, H(where), RDX);
	x64_mov(c, W, RCX, rm_reg(RAX));
	x64_rorx(c, 0, RDX, rm_reg(RAX), 7);
	x64_alu_imm(c, ALU_AND, W, rm_reg(RCX), PAGE_KEY);
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RDX), (JUMP_ENTRIES - 1) * 32);
	x64_alu_to(c, ALU_CMP, W, rm_index(R15, RDX, 0, JUMP(native_page)), RCX);
	x64_bind_to(c, x64_jcc(c, CC_NE), at[EXIT_MISS]);
	x64_store(c, W, H(base), RCX);
	x64_mov(c, W, RDX, rm_index(R15, RDX, 0, JUMP(native)));
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RAX), PAGE_SIZE - 2);
	x64_mov(c, 0, RAX, rm_index(RDX, RAX, 1, 0));
	x64_alu_imm(c, ALU_CMP, 0, rm_reg(RAX), (i32)at[EXIT_MISS]);
	x64_bind_to(c, x64_jcc(c, CC_E), at[EXIT_MISS]);

	x64_alu(c, ALU_ADD, W, RAX, H(code_start));
	x64_shift_imm(c, SH_SHR, W, rm_reg(RCX), 12);
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RCX), TARGET_PAGES - 1);
	x64_op(c, 0xab | MAP_0F | W, RCX, /* bts */
	       rm_mem(R15, (i32)offsetof(struct context, target_pages)), 0);
	x64_mov(c, W, RCX, H(pc));
	x64_mov(c, 0, RDX, H(where));
	x64_store(c, W, rm_index(R15, RDX, 3, TARGET(pc)), RCX);
	x64_store(c, W, rm_index(R15, RDX, 3, TARGET(code)), RAX);
	x64_jmp_rm(c, rm_reg(RAX));
}

/* The end of a slice: as hart_slice(), then on by hart.pc. */
static void make_poll(struct code_buf *c, u32 *at)
{
	at[POLL] = offset_of(c);
	x64_alu(c, ALU_ADD, W, RAX, H(base));
	at[POLL_PC] = offset_of(c);
	x64_store(c, W, H(pc), RAX);
	x64_alu_imm(c, ALU_CMP, 0, H(event), 0);
	x64_bind_to(c, x64_jcc(c, CC_NE), at[EXIT_MISS]);
	x64_mov(c, W, RAX, H(until));
	x64_alu(c, ALU_SUB, W, RAX, rm_reg(R14));
	x64_store(c, W, H(retired), RAX);
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RAX), JIT_SLICE);
	x64_store(c, W, H(until), RAX);
	x64_const(c, R14, JIT_SLICE);
	x64_store_imm(c, 0, H(patience), JIT_PATIENCE);
	x64_mov(c, W, RAX, H(pc));
	gen_target_of_rax(c);
	x64_jmp_to(c, at[LOOK_UP]);
}

/* All is in memory.  Traps and what returns from them end up here. */
static void make_resume(struct code_buf *c, u32 *at)
{
	u32 nothing_up;

	at[RESUME] = offset_of(c);
	x64_alu_imm(c, ALU_CMP, 0, H(event), 0);
	nothing_up = x64_jcc_short(c, CC_E);
	x64_const(c, RAX, JIT_AGAIN);
	x64_jmp_to(c, at[EXIT_DONE]);
	x64_bind_short(c, nothing_up);
	load_pins(c, ALL_PINS);
	x64_mov(c, W, R15, H(ctx));
	x64_mov(c, W, R14, H(left));
	x64_mov(c, W, RAX, H(pc));
	x64_op(c, 0x85 | W, R14, rm_reg(R14), 0);
	x64_bind_to(c, x64_jcc(c, CC_LE), at[POLL_PC]);
	gen_target_of_rax(c);
	gen_jump_to_target(c, rm_index(R15, RDX, 3, TARGET(pc)), at[LOOK_UP]);
}

/* Calls `function` for the instruction at hart.where.  The stack has the return address, and one
 * more word keeps MXCSR. */
static void begin_call(struct code_buf *c)
{
	x64_store(c, 0, H(where), RCX);
	x64_alu_imm(c, ALU_SUB, W, rm_reg(RSP), 8);
	mxcsr(c, true, rm_mem(RSP, 0));
}

static void end_call(struct code_buf *c)
{
	mxcsr(c, false, rm_mem(RSP, 0));
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
}

/* A leaf that is not coming back drops its return address. */
static void drop_return(struct code_buf *c)
{
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
}

static void make_fault(struct code_buf *c, u32 *at)
{
	at[FAULT] = offset_of(c);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	call(c, (const void *)(uintptr_t)jit_fault);
	x64_jmp_to(c, at[RESUME]);
}

static void make_access(struct code_buf *c, u32 *at, u32 kind, u32 log2_size)
{
	u32 fine;

	at[kind + log2_size] = offset_of(c);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	x64_mov(c, W, RSI, rm_reg(RAX));
	if (kind == STORE)
		x64_mov(c, W, RCX, rm_reg(RDX));
	x64_const(c, RDX, (u64)1 << log2_size);
	call(c,
	     kind == LOAD ? (const void *)(uintptr_t)mem_load : (const void *)(uintptr_t)mem_store);
	end_call(c);
	load_pins(c, PINS_OF_CALLS);
	x64_op(c, 0x85 | W, RDX, rm_reg(RDX), 0);
	fine = x64_jcc_short(c, CC_E);
	drop_return(c);
	x64_jmp_to(c, at[FAULT]);
	x64_bind_short(c, fine);
	x64_ret(c);
}

/* rax and rdx are kept. */
static void make_impatient(struct code_buf *c, u32 *at)
{
	at[IMPATIENT] = offset_of(c);
	x64_push(c, RAX);
	x64_push(c, RDX);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	call(c, (const void *)(uintptr_t)jit_impatient);
	load_pins(c, PINS_OF_CALLS);
	end_call(c);
	x64_pop(c, RDX);
	x64_pop(c, RAX);
	x64_ret(c);
}

static void make_group(struct code_buf *c, u32 *at)
{
	u32 fine;

	at[GROUP] = offset_of(c);
	begin_call(c);
	store_pins(c, PINS_OF_CALLS);
	x64_mov(c, W, RSI, rm_reg(RAX));
	call(c, (const void *)(uintptr_t)jit_group);
	end_call(c);
	load_pins(c, PINS_OF_CALLS);
	x64_op(c, 0x85 | W, RDX, rm_reg(RDX), 0);
	fine = x64_jcc_short(c, CC_E);
	drop_return(c);
	x64_mov(c, W, RDX, rm_reg(RAX));
	x64_mov(c, 0, RCX, H(where));
	x64_mov(c, 0, RAX, rm_reg(RCX));
	x64_shift_imm(c, SH_SHR, 0, rm_reg(RCX), 16);
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RCX), 0x7fff);
	x64_alu(c, ALU_SUB, W, R14, rm_reg(RCX));
	x64_alu_imm(c, ALU_AND, 0, rm_reg(RAX), PAGE_SIZE - 1);
	x64_op(c, 0x85 | W, RDX, rm_reg(RDX), 0);
	x64_bind_to(c, x64_jcc(c, CC_E), at[EXIT_STEP]);
	x64_jmp_rm(c, rm_reg(RDX));
	x64_bind_short(c, fine);
	x64_ret(c);
}

/* Everything may change in there.  Helpers do no arithmetic of floating point, and but for a few
 * do not look at it: MXCSR stays. */
static void make_step(struct code_buf *c, u32 *at, enum common which, const void *function)
{
	bool sees_fp = which != HELP;
	u32 on;

	at[which] = offset_of(c);
	x64_store(c, 0, H(where), RCX);
	store_pins(c, ALL_PINS);
	x64_store(c, W, H(left), R14);
	x64_mov(c, W, RSI, rm_reg(RDX));
	x64_mov(c, W, RDX, rm_reg(RAX));
	if (sees_fp)
		mxcsr(c, true, H(mxcsr));
	x64_alu_imm(c, ALU_SUB, W, rm_reg(RSP), 8); /* where the return address is */
	call(c, function);
	x64_alu_imm(c, ALU_ADD, W, rm_reg(RSP), 8);
	if (sees_fp)
		mxcsr(c, false, H(mxcsr));
	x64_op(c, 0x84, RAX, rm_reg(RAX), 0);
	on = x64_jcc_short(c, CC_NE);
	drop_return(c);
	x64_jmp_to(c, at[RESUME]);
	x64_bind_short(c, on);
	load_pins(c, ALL_PINS);
	x64_mov(c, W, R15, H(ctx));
	x64_ret(c);
}

static void put_constant(struct code_buf *c, u32 *at, u64 low, u64 high_half)
{
	gen_align(c, 16);
	*at = offset_of(c);
	put8(c, low);
	put8(c, high_half);
}

void gen_common(struct jit_code *code)
{
	struct code_buf buffer = gen_buffer(code), *c = &buffer;
	u32 *at = code->common;

	put_constant(c, &at[SIGN64], (u64)1 << 63, 0);
	put_constant(c, &at[SIGN32], (u64)1 << 31, 0);
	put_constant(c, &at[ABS64], INT64_MAX, ~(u64)0);
	put_constant(c, &at[ABS32], ~((u64)1 << 31), ~(u64)0);
	put_constant(c, &at[NAN64], 0x7ff8000000000000, 0);
	put_constant(c, &at[NAN32], 0xffffffff7fc00000, 0);
	put_constant(c, &at[BOX], 0xffffffff00000000, 0);
	put_constant(c, &at[MXCSR], 0x1f80, 0);
	code->enter = offset_of(c);
	make_enter(c);
	make_exits(c, at);
	code->miss = at[EXIT_MISS];
	make_look_up(c, at);
	make_poll(c, at);
	make_resume(c, at);
	make_fault(c, at);
	for (u32 i = 0; i < 4; i++) {
		make_access(c, at, LOAD, i);
		make_access(c, at, STORE, i);
	}
	make_impatient(c, at);
	make_group(c, at);
	make_step(c, at, STEP, (const void *)(uintptr_t)jit_step);
	make_step(c, at, HELP, (const void *)(uintptr_t)jit_help);
	make_step(c, at, HELP_FP, (const void *)(uintptr_t)jit_help_fp);
	assert(!c->full);
	code->used = offset_of(c);
}
