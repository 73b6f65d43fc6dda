/* test_code_cache.c - compiled code that has become stale, or that room was needed of. */
#include "../riscv/exec.h"

#include "asm.h"
#include "jit.h"

#include <inttypes.h>
#include <sched.h>
#include <time.h>

enum {
	FUNCTION = 0x6000,
	FUNCTIONS = 0x20000,
	CALLS = 2 * JIT_HEAT + 8, /* compiled before the last of them */
	REWRITES = 20,
	ALIAS = 0x40000000, /* below RIG_RAM */
	FLAG = DATA + 0x100,
	REPLY = DATA + 0x200
};

static struct rig *jit_rig(u32 nharts)
{
	struct rig *r = rig_plan(ALL_ISA, nharts);
	static const u32 handler[] = { 0x0003ef97, 0x000fa023, 0x0000006f }; /* as in exec.h */

	mem_watch(r->env.mem, RIG_RAM + WATCH, 8, exec_watched, r);
	rig_start(r, engine_find("jit"));
	exec_put(r, HANDLER, handler, ARRAY_LEN(handler));
	for (u32 i = 0; i < nharts; i++)
		r->harts[i]->mtvec = RIG_RAM + HANDLER;
	return r;
}

/* PMP: to S-mode and U-mode. */
static void allow_all(struct hart *h)
{
	pmp_set_addr(h, 0, UINT64_MAX >> 10);
	pmp_set_cfg(h, 0, 0x1f);
	pmp_changed(h);
}

/* S-mode; all of RAM twice: where it is, and ALIAS below. */
static void map_twice(struct rig *r)
{
	const u64 leaf = RIG_RAM >> 2 | 0xcf, at = RIG_RAM / ((u64)1 << 30);
	struct hart *h = r->harts[0];

	assert_true(mem_write(r->env.mem, RIG_RAM + TABLES + 8 * at, &leaf, 8));
	assert_true(mem_write(r->env.mem, RIG_RAM + TABLES + 8 * (at - 1), &leaf, 8));
	h->satp = (u64)SATP_SV39 << 60 | (RIG_RAM + TABLES) >> 12;
	allow_all(h);
	rig_priv(h, PRIV_S);
}

static void no_failure(struct rig *r)
{
	struct hart_view v;

	hart_look(r->harts[0], &v);
	if (v.cause != CAUSE_BREAKPOINT)
		fail_msg("trap %" PRIu64 " at %#" PRIx64, v.cause, v.epc);
	if (r->harts[0]->x[A0] != 0x600d)
		fail_msg("call %" PRIu64 " of rewrite %" PRIu64 " ran old code",
			 CALLS - r->harts[0]->x[S1], r->harts[0]->x[S0]);
}

/* The function says how often it was rewritten.  It is stored through S2 and called through T0. */
static void rewrite_and_call(struct rig *r, u64 call_at, u64 store_at)
{
	const u32 function[] = { ADDI(A0, ZERO, 0), RET };
	const u32 code[] = {
		/* rewrite: */
		STORE_W(T1, S2, 0),
		FENCE_I,
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		BNE(A0, S0, 36),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -12),
		/* on: */
		ADDI(S0, S0, 1),
		ADD(T1, T1, T2),
		BLT(S0, S3, -36),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		/* bad: */ EBREAK,
	};
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, call_at - RIG_RAM, function, ARRAY_LEN(function));
	h->x[T0] = call_at;
	h->x[S2] = store_at;
	h->x[T1] = function[0];
	h->x[T2] = 1u << 20;
	h->x[S0] = 0;
	h->x[S3] = REWRITES;
	exec_from(r, RIG_RAM + CODE);
	no_failure(r);
}

static void code_is_dropped_for_each_rewrite(const struct rig *r)
{
	assert_true(exec_stat(r, "jit-changed ") >= REWRITES - 1);
	assert_true(exec_stat(r, "jit-dropped ") >= REWRITES - 1);
}

/* trap:21 */
static void code_that_a_hart_rewrites_is_new_after_its_fence(void **state)
{
	struct rig *r = jit_rig(1);

	rewrite_and_call(r, RIG_RAM + FUNCTION, RIG_RAM + FUNCTION);
	code_is_dropped_for_each_rewrite(r);
	rig_free(r);
	(void)state;
}

/* trap:21 */
static void so_is_code_that_was_written_at_another_address(void **state)
{
	struct rig *r = jit_rig(1);

	map_twice(r);
	rewrite_and_call(r, RIG_RAM + FUNCTION, RIG_RAM - ALIAS + FUNCTION);
	code_is_dropped_for_each_rewrite(r);
	rig_free(r);
	(void)state;
}

/* What changes is in the second page.  Compiled code goes on behind it, and so may be entered once
 * for each rewrite, and for some calls that come before it is warm. */
static void so_is_an_instruction_over_a_page_end_which_compiled_code_runs_through(void **state)
{
	const u64 at = RIG_RAM + FUNCTION + PAGE_SIZE - 2;
	struct rig *r = jit_rig(1);

	rewrite_and_call(r, at, at);
	if (JIT_CHAINS && JIT_PAGES > 3) { /* as many as there are here */
		assert_in_range(exec_stat(r, "jit-exit-step "), 0, REWRITES);
		assert_in_range(exec_stat(r, "jit-call-step "), REWRITES * JIT_HEAT,
				REWRITES * CALLS);
	}
	rig_free(r);
	(void)state;
}

/* Functions on so many pages, called until compiled code jumps from one to the next; then they are
 * written for the first time, and after that again. */
static void rewrite_pages(u32 pages)
{
	const u32 function[] = { ADDI(A0, ZERO, 0), RET };
	const u32 code[] = {
		/* calls: */
		ADDI(S1, ZERO, CALLS),
		/* round: */
		ADDI(S4, S2, 0),
		/* call: */
		JALR(RA, S4, 0),
		BNE(A0, S0, 64),
		ADD(S4, S4, A2),
		BNE(S4, A1, -12),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -24),
		ADD(T1, T1, T2),
		ADDI(S4, S2, 0),
		/* rewrite: */
		STORE_W(T1, S4, 0),
		ADD(S4, S4, A2),
		BNE(S4, A1, -8),
		FENCE_I,
		ADDI(S0, S0, 1),
		BLT(S0, S3, -60),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		/* bad: */ EBREAK,
	};
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	for (u32 i = 0; i < pages; i++)
		exec_put(r, FUNCTIONS + i * PAGE_SIZE, function, ARRAY_LEN(function));
	h->x[S0] = 0;
	h->x[S2] = RIG_RAM + FUNCTIONS;
	h->x[S3] = 4;
	h->x[A1] = RIG_RAM + FUNCTIONS + (u64)pages * PAGE_SIZE;
	h->x[A2] = PAGE_SIZE;
	h->x[T1] = function[0];
	h->x[T2] = 1u << 20;
	mem_forget_written(r->env.mem);
	exec_run(r, RIG_RAM + CODE);
	no_failure(r);
	assert_int_equal(h->x[S0], 4);
	rig_free(r);
}

/* trap:21 */
static void code_that_is_written_for_the_first_time_is_new_after_a_fence(void **state)
{
	rewrite_pages(1);
	rewrite_pages(12);
	(void)state;
}

/* Then somebody may write to a page, and not say so. */
static void no_page_counts_as_unwritten_while_pages_are_trusted(void **state)
{
	const u32 function[] = { ADDI(A0, ZERO, 1), RET };
	const u32 code[] = { ADDI(S1, ZERO, CALLS), JALR(RA, S2, 0), ADDI(S1, S1, -1),
			     BNE(S1, ZERO, -8), EBREAK };
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, FUNCTION, function, ARRAY_LEN(function));
	mem_forget_written(r->env.mem);
	h->x[S2] = RIG_RAM + FUNCTION;
	for (u32 i = 0; i < 2; i++) { /* the handler writes, for the first time, too */
		exec_run(r, RIG_RAM + CODE);
		assert_int_equal(h->x[A0], 1);
	}
	code_trust_begins();
	put_le32(r->ram + FUNCTION, ADDI(A0, ZERO, 2));
	exec_run(r, RIG_RAM + CODE);
	code_trust_ends();
	assert_int_equal(h->x[A0], 2);
	rig_free(r);
	(void)state;
}

/* The rewritten code is in the page that runs, and jumps lead straight to it. */
static void call_what_is_rewritten_in_the_page(u32 call, u32 back)
{
	struct rig *r = jit_rig(1);
	/* li a0, 0x600d ends it, as a loop on an old value never would */
	const u32 code[] = {
		STORE_W(T1, S2, 0),
		FENCE_I,
		ADDI(S1, ZERO, CALLS),
		/* call: */
		call,
		BNE(A0, S0, 36),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -12),
		ADDI(S0, S0, 1),
		ADD(T1, T1, T2),
		BLT(S0, S3, -36),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		EBREAK,
	};
	const u32 function[] = { ADDI(A0, ZERO, 0), back };
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, CODE + 0x100, function, ARRAY_LEN(function));
	h->x[S2] = RIG_RAM + CODE + 0x100;
	h->x[T1] = function[0];
	h->x[T2] = 1u << 20;
	h->x[S0] = 0;
	h->x[S3] = REWRITES;
	h->x[A1] = RIG_RAM + CODE + 0x100;
	h->x[A2] = RIG_RAM + CODE + 16;
	exec_from(r, RIG_RAM + CODE);
	no_failure(r);
	assert_true(exec_stat(r, "jit-dropped ") >= REWRITES - 1);
	if (JIT_CHAINS && back == RET)
		assert_true(exec_stat(r, "jit-unlinks ") >= REWRITES - 1);
	rig_free(r);
}

static void jumps_within_a_page_do_not_lead_to_old_code(void **state)
{
	call_what_is_rewritten_in_the_page(asm_jal(RA, 0x100 - 12), RET);
	call_what_is_rewritten_in_the_page(JALR(ZERO, A1, 0), JALR(ZERO, A2, 0));
	(void)state;
}

/* A loop of one case, which is behind the jump. */
static void the_cases_of_a_switch_are_found_by_where_their_address_stands(void **state)
{
	const u32 code[] = { LD(0), JALR(ZERO, A0, 0), ADDI(S1, S1, -1), BNE(S1, ZERO, -12),
			     EBREAK };
	const u64 table = RIG_RAM + CODE + 2 * PAGE_SIZE + 40;
	struct rig *r;
	struct hart *h;

	/* then the load is in another block, or each jump is looked up */
	if (JIT_BLOCK == 1 || JIT_SLICE == 1 || !JIT_CHAINS)
		skip();
	r = jit_rig(1);
	h = r->harts[0];
	exec_put(r, CODE, code, ARRAY_LEN(code));
	put_le64(r->ram + (table - RIG_RAM), RIG_RAM + CODE + 8);
	h->x[A1] = table;
	h->x[S1] = 4 * JIT_HEAT;
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(h->x[S1], 0);
	assert_int_equal(h->ctx->targets[table / 4 % TARGETS].pc, RIG_RAM + CODE + 8);
	rig_free(r);
	(void)state;
}

/* Calls the function so often, after one fence.i or one each. */
static void call_in(struct rig *r, enum priv priv, u32 times, bool fence)
{
	const u32 code[] = {
		FENCE_I, JALR(RA, T0, 0), ADDI(S1, S1, -1), BNE(S1, ZERO, fence ? -12 : -8), EBREAK,
	};
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	h->x[T0] = RIG_RAM + FUNCTION;
	h->x[S1] = times;
	h->pc = RIG_RAM + CODE; /* not exec_from(), which fences */
	rig_priv(h, priv);
	hart_run(h);
}

static void fence_and_call(struct rig *r, u32 times)
{
	call_in(r, PRIV_M, times, true);
}

static void patch_both(struct rig *r, u32 word, u32 behind)
{
	const u32 function[] = { word, behind };

	assert_true(mem_write(r->env.mem, RIG_RAM + FUNCTION, function, sizeof(function)));
}

static void patch(struct rig *r, u32 word)
{
	patch_both(r, word, RET);
}

/* Of patches that come between two comparisons only the last is found. trap:21 */
static void patches_that_are_called_once_are_hardly_compared(void **state)
{
	struct rig *r = jit_rig(1);

	for (u32 i = 0; i < 500; i++) {
		patch(r, ADDI(A0, ZERO, (i32)i));
		fence_and_call(r, 1);
		assert_int_equal(r->harts[0]->x[A0], i);
	}
	if (JIT_PAGES > 3) /* else they came and went */
		assert_in_range(exec_stat(r, "jit-changed "), 1, 20);
	rig_free(r);
	(void)state;
}

static void what_is_patched_no_more_is_compiled(void **state)
{
	struct rig *r;
	u64 before;

	if (JIT_PAGES <= 3) /* then it comes and goes */
		skip();
	r = jit_rig(1);
	for (u32 i = 0; i < 100; i++) {
		patch(r, ADDI(A0, ZERO, (i32)i));
		fence_and_call(r, 1);
	}
	patch(r, ADDI(A0, A0, 1));
	r->harts[0]->x[A0] = 0;
	before = exec_stat(r, "jit-interpreted ");
	fence_and_call(r, 3000);
	assert_int_equal(r->harts[0]->x[A0], 3000);
	assert_in_range(exec_stat(r, "jit-interpreted ") - before, 0, 4500); /* of 6000 */
	rig_free(r);
	(void)state;
}

/* -- Code that checks itself ---------------------------------------------------------- */

/* Writes a function at `at`: x = (a + k) ^ l; calls it, as often as S3 says. */
static void patch_and_call(u64 at)
{
	const u32 function[] = { ADDI(A0, A1, 0), XORI(A0, A0, 0), RET };
	const u32 code[] = {
		/* round: */
		STORE_W(T1, T0, 0),
		STORE_W(A2, T0, 4),
		FENCE_I,
		JALR(RA, T0, 0),
		ADD(T2, A1, S0),
		XOR(T2, T2, S2),
		BNE(A0, T2, 40),
		ADDI(S0, S0, 1),
		ADD(T1, T1, A3),
		ADDI(S2, S2, 1),
		ADD(A2, A2, A3),
		BLT(S0, S3, -44),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		EBREAK,
		/* bad: */
		EBREAK,
	};
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];
	u64 interpreted, lookups;

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, at - RIG_RAM, function, ARRAY_LEN(function));
	h->x[T0] = at;
	h->x[A1] = 0x123456789abcdef0;
	h->x[T1] = ADDI(A0, A1, -1000);
	h->x[S0] = (u64)-1000;
	h->x[A2] = XORI(A0, A0, -900);
	h->x[S2] = (u64)-900;
	h->x[A3] = 1u << 20;
	h->x[S3] = 0;
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(h->x[A0], 0x600d);
	h->x[S3] = 900;
	interpreted = exec_stat(r, "jit-interpreted ");
	lookups = exec_stat(r, "jit-exit-lookup ");
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(h->x[A0], 0x600d);
	assert_int_equal(h->x[S0], 900);
	if (JIT_PAGES > 3 && JIT_SIZE > 1024 * 1024 && JIT_CHAINS) {
		assert_in_range(exec_stat(r, "jit-interpreted ") - interpreted, 0, 900);
		/* the page that calls is compared 200 times, then it is trusted */
		assert_in_range(exec_stat(r, "jit-exit-lookup ") - lookups, 0, 450);
	}
	rig_free(r);
}

/* trap:21 */
static void code_that_checks_itself_sees_patched_immediates(void **state)
{
	patch_and_call(RIG_RAM + FUNCTION);
	patch_and_call(RIG_RAM + FUNCTION + 2);
	patch_and_call(RIG_RAM + FUNCTION + PAGE_SIZE - 12);
	(void)state;
}

static struct jit_page *page_of_function(struct rig *r)
{
	struct code_page *doubted;

	return cache_page(r->env.jit, r->harts[0], r->ram + FUNCTION, &doubted);
}

/* Until the page's code checks itself. */
static void patch_often(struct rig *r)
{
	for (u32 i = 0; i < 200; i++) {
		patch(r, ADDI(A0, ZERO, (i32)i));
		fence_and_call(r, 1);
		assert_int_equal(r->harts[0]->x[A0], i);
	}
}

/* More often than its code is made again. trap:21 */
static void code_that_checks_itself_sees_other_instructions(void **state)
{
	const struct {
		u32 word;
		u64 a0;
	} rows[] = {
		{ ADDI(A0, ZERO, 7), 7 },    { XORI(A0, A1, 1), 0x801 },
		{ LUI(A0, 5), 0x5000 },      { ADDI(A0, A1, -1), 0x7ff },
		{ ADD(A0, A1, A1), 0x1000 }, { SRAI(A0, A1, 4), 0x80 },
		{ SRLI(A0, A1, 3), 0x100 },  { SLLI(A0, A1, 3), 0x4000 },
		{ SLLI(A0, A1, 4), 0x8000 }, { ANDI(A0, A1, -1), 0x800 },
		{ 0x45054501, 1 }, /* c.li a0, 0; c.li a0, 1 */
		{ 0x45014505, 0 },
	};
	const u32 more[] = { ADDI(A0, A0, 1), RET };
	struct rig *r = jit_rig(1);

	exec_put(r, FUNCTIONS, more, ARRAY_LEN(more));
	r->harts[0]->x[A1] = 0x800;
	r->harts[0]->x[T2] = RIG_RAM + FUNCTIONS;
	patch_often(r);
	for (u32 i = 0; i < 600; i++) {
		u32 n = i / 2 * 5 % ARRAY_LEN(rows), behind = i % 2;

		patch_both(r, rows[n].word, behind ? JALR(ZERO, T2, 0) : RET);
		fence_and_call(r, 1 + i % 3);
		if (r->harts[0]->x[A0] != rows[n].a0 + behind)
			fail_msg("round %u, row %u: %#" PRIx64, i, n, r->harts[0]->x[A0]);
	}
	rig_free(r);
	(void)state;
}

/* Another context of the hart has jumped to the page when nobody had written there yet. trap:21 */
static void code_from_before_it_checked_itself_is_old_after_a_fence(void **state)
{
	struct rig *r = jit_rig(1);

	allow_all(r->harts[0]);
	patch(r, ADDI(A0, ZERO, 1000));
	call_in(r, PRIV_M, 1, true); /* writes CODE, and the watched page, for the first time */
	mem_forget_written(r->env.mem);
	call_in(r, PRIV_S, 100, false);
	assert_int_equal(r->harts[0]->x[A0], 1000);
	patch_often(r);
	call_in(r, PRIV_S, 1, true);
	assert_int_equal(r->harts[0]->x[A0], 199);
	rig_free(r);
	(void)state;
}

static void code_that_checks_itself_is_no_longer_made_if_that_is_in_vain(void **state)
{
	struct rig *r;
	u64 blocks;

	if (JIT_PAGES <= 3 || JIT_SIZE < 1024 * 1024 || JIT_DOUBTS == 1)
		skip();
	r = jit_rig(1);
	patch_often(r);
	assert_true(page_of_function(r)->checks);
	for (u32 i = 0; page_of_function(r) && page_of_function(r)->checks && i < 1000; i++) {
		patch(r, LUI(A0, i));
		fence_and_call(r, 1);
	}
	blocks = exec_stat(r, "jit-blocks ");
	for (u32 i = 0; i < 200; i++) {
		patch(r, LUI(A0, i));
		fence_and_call(r, 1);
	}
	assert_int_equal(exec_stat(r, "jit-blocks "), blocks);
	rig_free(r);
	(void)state;
}

/* trap:21 */
static void code_that_checks_itself_is_made_as_others_are_if_it_is_patched_no_more(void **state)
{
	struct rig *r;

	if (JIT_PAGES <= 3 || JIT_SIZE < 1024 * 1024 || JIT_HEAT == 1)
		skip();
	r = jit_rig(1);
	patch_often(r);
	for (u32 i = 1; i <= 3; i++) {
		patch(r, ADDI(A0, A0, (i32)i));
		fence_and_call(r, 20);
	}
	assert_true(page_of_function(r)->checks);
	r->harts[0]->x[A0] = 0;
	call_in(r, PRIV_M, JIT_RUNS + 1000, false);
	assert_int_equal(r->harts[0]->x[A0], 3 * (JIT_RUNS + 1000));
	assert_false(page_of_function(r)->checks);
	for (u32 i = 0; i < 3; i++) {
		patch(r, ADDI(A0, ZERO, (i32)i));
		fence_and_call(r, 1);
		assert_int_equal(r->harts[0]->x[A0], i);
	}
	rig_free(r);
	(void)state;
}

/* trap:21 */
static void code_that_a_device_wrote_is_new_after_a_fence(void **state)
{
	const u32 code[] = {
		FENCE_I,
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		BNE(A0, S0, 24),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -12),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		EBREAK,
	};
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	for (u32 i = 0; i < REWRITES; i++) {
		const u32 function[] = { ADDI(A0, ZERO, (i32)i), RET };

		assert_true(mem_write(r->env.mem, RIG_RAM + FUNCTION, function, sizeof(function)));
		h->x[T0] = RIG_RAM + FUNCTION;
		h->x[S0] = i;
		h->pc = RIG_RAM + CODE; /* not exec_from(), which fences */
		rig_priv(h, PRIV_M);
		hart_run(h);
		no_failure(r);
	}
	if (JIT_PAGES > 3) /* else they came and went */
		assert_true(exec_stat(r, "jit-changed ") >= REWRITES - 1);
	rig_free(r);
	(void)state;
}

/* Hart 1 rewrites, says so, and waits for the answer; hart 0 sees it, fences and calls. trap:21 */
static void code_that_another_hart_wrote_is_new_after_a_fence(void **state)
{
	const u32 caller[] = {
		/* wait: */
		LOAD_D(T1, S2, 0),
		BNE(T1, S0, -4),
		FENCE_I,
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		BNE(A0, S0, 36),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -12),
		STORE_D(S0, S3, 0),
		ADDI(S0, S0, 1),
		BLT(S0, S4, -40),
		LUI(A0, 6),
		ADDI(A0, A0, 0xd),
		EBREAK,
		EBREAK,
	};
	const u32 writer[] = {
		/* rewrite: */
		ADD(T1, T1, T2),
		STORE_W(T1, T0, 0),
		0x0ff0000f,
		STORE_D(S0, S2, 0),
		/* wait: */
		LOAD_D(A0, S3, 0),
		BNE(A0, S0, -4),
		ADDI(S0, S0, 1),
		asm_jal(ZERO, -28),
	};
	const u32 function[] = { ADDI(A0, ZERO, 0), RET };
	struct rig *r = jit_rig(2);
	pthread_t other;

	exec_put(r, CODE, caller, ARRAY_LEN(caller));
	exec_put(r, CODE + PAGE_SIZE, writer, ARRAY_LEN(writer));
	exec_put(r, FUNCTION, function, ARRAY_LEN(function));
	for (u32 i = 0; i < 2; i++) {
		struct hart *h = r->harts[i];

		h->x[T0] = RIG_RAM + FUNCTION;
		h->x[T1] = function[0];
		h->x[T2] = 1u << 20;
		h->x[S0] = 1;
		h->x[S2] = RIG_RAM + FLAG;
		h->x[S3] = RIG_RAM + REPLY;
		h->x[S4] = REWRITES;
	}
	r->harts[1]->pc = RIG_RAM + CODE + PAGE_SIZE;
	other = rig_go(r->harts[1]);
	exec_from(r, RIG_RAM + CODE);
	hart_stop(r->harts[1]);
	pthread_join(other, NULL);
	no_failure(r);
	rig_free(r);
	(void)state;
}

static void is_not_watched_here(void *ctx, u64 gpa, u32 width)
{
	(void)ctx, (void)gpa, (void)width;
}

/* Where something else in the page is watched, as `tohost` is, no store finds it in a TLB: they do
 * not say that they write there by getting into one. trap:21 */
static void code_that_is_written_in_a_watched_page_is_new_after_a_fence(void **state)
{
	const u32 code[] = {
		FENCE_I,
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -8),
		BNE(A0, T2, 16),
		STORE_W(T1, T0, 0),
		ADDI(T2, ZERO, 0),
		asm_jal(ZERO, -32),
		EBREAK,
	};
	const u32 function[] = { ADDI(A0, ZERO, 1), RET };
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];

	mem_watch(r->env.mem, RIG_RAM + FUNCTION + 0x800, 8, is_not_watched_here, NULL);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, FUNCTION, function, ARRAY_LEN(function));
	mem_forget_written(r->env.mem);
	h->x[T0] = RIG_RAM + FUNCTION;
	h->x[T1] = ADDI(A0, ZERO, 2);
	h->x[T2] = 1;
	h->pc = RIG_RAM + CODE; /* not exec_from(), after which all pages count as written */
	rig_priv(h, PRIV_M);
	hart_run(h);
	assert_int_equal(h->x[A0], 2);
	rig_free(r);
	(void)state;
}

/* -- Room ---------------------------------------------------------------------------------------
 */

static bool map_little(struct exec_memory *out, size_t size, struct err *e)
{
	(void)size;
	return host_exec.map(out, 64 * 1024, e);
}

static void unmap_little(struct exec_memory *m)
{
	host_exec.unmap(m);
}

static const struct exec_host little = { .map = map_little, .unmap = unmap_little };

enum { SPACE = 0x1c000, FUNCTION_SIZE = 32 };

/* Each adds its number to a0, and a word of its own besides: a jump in its page. */
static void put_functions(struct rig *r)
{
	for (u32 at = 0; at < SPACE; at += FUNCTION_SIZE) {
		const u32 function[] = {
			BEQ(ZERO, ZERO, 8),
			EBREAK,
			ADDI(A0, A0, (i32)(at / FUNCTION_SIZE % 2000)),
			RET,
		};

		exec_put(r, FUNCTIONS + at, function, ARRAY_LEN(function));
	}
}

static u64 sum_of_functions(void)
{
	u64 sum = 0;

	for (u32 at = 0; at < SPACE; at += FUNCTION_SIZE)
		sum += at / FUNCTION_SIZE % 2000 * CALLS;
	return sum;
}

static void pages_without_code_take_little(const struct jit *j)
{
	u32 without = 0;

	for (u32 i = 0; i < j->npages; i++) {
		if (j->pages[i]->segments)
			continue;
		assert_null(j->pages[i]->blocks);
		assert_null(j->pages[i]->links);
		without++;
	}
	/* Where two pages are all that there may be, both may have code. */
	assert_true(without > 0 || JIT_PAGES == 2);
}

/* Both call all functions, each of them until it is compiled. */
static void harts_go_on_while_code_is_evicted(void **state)
{
	const u32 code[] = {
		/* function: */
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -8),
		ADDI(T0, T0, FUNCTION_SIZE),
		BNE(T0, T2, -20),
		STORE_D(A0, S2, 0),
		BEQ(S3, ZERO, 8),
		asm_jal(ZERO, 0),
		EBREAK,
	};
	struct rig *r = rig_plan(ALL_ISA, 2);
	static const u32 handler[] = { 0x0003ef97, 0x000fa023, 0x0000006f };
	pthread_t other;

	r->env.exec = &little;
	mem_watch(r->env.mem, RIG_RAM + WATCH, 8, exec_watched, r);
	rig_start(r, engine_find("jit"));
	exec_put(r, HANDLER, handler, ARRAY_LEN(handler));
	exec_put(r, CODE, code, ARRAY_LEN(code));
	put_functions(r);
	for (u32 round = 0; round < 2; round++) {
		memset(r->ram + DATA, 0, 16);
		for (u32 i = 0; i < 2; i++) {
			struct hart *h = r->harts[i];

			h->mtvec = RIG_RAM + HANDLER;
			h->x[A0] = 0;
			h->x[T0] = RIG_RAM + FUNCTIONS;
			h->x[T2] = RIG_RAM + FUNCTIONS + SPACE;
			h->x[S2] = RIG_RAM + DATA + 8 * i;
			h->x[S3] = i; /* the second waits at its end */
			h->pc = RIG_RAM + CODE;
		}
		mem_forget_written(r->env.mem); /* no fence forgets jumps to such pages */
		other = rig_go(r->harts[1]);
		exec_run(r, RIG_RAM + CODE);
		while (!ram_load8(r->ram + DATA + 8))
			sched_yield();
		hart_stop(r->harts[1]);
		pthread_join(other, NULL);
		assert_int_equal(r->harts[0]->x[A0], sum_of_functions());
		assert_int_equal(r->harts[1]->x[A0], sum_of_functions());
	}
	assert_true(exec_stat(r, "jit-evictions ") >= 4);
	pages_without_code_take_little(r->env.jit);
	rig_free(r);
	(void)state;
}

/* c.bnez s0 and how far, in bytes: 2 to 254. */
static u16 c_bnez_s0(u32 k)
{
	return (u16)(0xe001 | (k >> 3 & 3) << 10 | (k >> 6 & 3) << 5 | (k >> 1 & 3) << 3 |
		     (k >> 5 & 1) << 2);
}

/* Each of its blocks, but for the last, has as many jumps in the page as a block can have. */
static void put_page_of_jumps(struct rig *r, u32 from)
{
	u16 code[PAGE_SLOTS];

	for (u32 i = 0; i < PAGE_SLOTS; i++)
		code[i] = c_bnez_s0(MIN(from + i % 100 * 2, (PAGE_SLOTS - 1 - i) * 2));
	code[PAGE_SLOTS - 1] = 0x8082; /* ret */
	assert_true(mem_write(r->env.mem, RIG_RAM + FUNCTION, code, sizeof(code)));
}

/* What is dropped is looked for in lists: a guest that makes them as long as they can be waits
 * for it, some tenths of a second, and so does who stops it. */
static void a_page_of_as_many_jumps_as_there_can_be_is_dropped_soon(void **state)
{
	const u32 code[] = {
		/* slot: */
		ADDI(S1, ZERO, CALLS),
		/* call: */
		JALR(RA, T0, 0),
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -8),
		ADDI(T0, T0, -2),
		BLT(T2, T0, -20),
		EBREAK,
	};
	struct rig *r = jit_rig(1);
	struct hart *h = r->harts[0];
	clock_t start = clock(); /* of our own: the computer may be busy */

	exec_put(r, CODE, code, ARRAY_LEN(code));
	for (u32 i = 0; i < 3; i++) {
		put_page_of_jumps(r, 2 + 2 * i);
		h->x[S0] = 0;
		h->x[T0] = RIG_RAM + FUNCTION + PAGE_SIZE - 2;
		h->x[T2] = RIG_RAM + FUNCTION - 2;
		exec_from(r, RIG_RAM + CODE);
	}
	if (JIT_PAGES > 3)
		assert_true(exec_stat(r, "jit-dropped ") >= 2 * (PAGE_SLOTS - 200));
	assert_true(clock() - start < 120 * CLOCKS_PER_SEC); /* with sanitizers */
	rig_free(r);
	(void)state;
}

static bool may_write_unseen(const struct hart *h, u64 page)
{
	return h->ctx->tlb[page / PAGE_SIZE % TLB_ENTRIES].w == page;
}

/* A page of a hart with C and of one without, which is not the one that finds it calm. */
static void code_that_is_trusted_again_is_compared_for_each_isa(void **state)
{
	struct rig *r = rig_plan(ALL_ISA, 2);
	const struct jit_page *mine, *other;
	struct code_page *doubted;
	struct hart *h[2];
	struct isa_error bad;

	assert_true(isa_parse("rv64g", &r->config[1].isa, &bad));
	rig_start(r, engine_find("jit"));
	for (u32 i = 0; i < 2; i++)
		h[i] = r->harts[i];
	exec_put(r, FUNCTION, (const u32[]){ ADDI(A0, ZERO, 1) }, 1);
	mine = cache_page(r->env.jit, h[0], r->ram + FUNCTION, &doubted);
	other = cache_page(r->env.jit, h[1], r->ram + FUNCTION, &doubted);
	assert_ptr_not_equal(mine, other);
	for (u32 i = 0; i < 2; i++) {
		assert_false(mem_store(h[i], RIG_RAM + FUNCTION, 4, 0).fault);
		assert_true(may_write_unseen(h[i], RIG_RAM + FUNCTION));
	}
	exec_put(r, FUNCTION, (const u32[]){ ADDI(A0, ZERO, 2) }, 1);
	for (u32 i = 0; *mine->written && i < 1000; i++) {
		code_fence(h[0]);
		cache_page(r->env.jit, h[0], r->ram + FUNCTION, &doubted);
	}
	assert_false(*mine->written);
	hart_stop(h[1]);
	hart_run(h[1]); /* what it was asked for */
	for (u32 i = 0; i < 2; i++)
		assert_false(may_write_unseen(h[i], RIG_RAM + FUNCTION));
	code_fence(h[1]);
	assert_ptr_equal(cache_page(r->env.jit, h[1], r->ram + FUNCTION, &doubted), other);
	assert_memory_equal(other->bytes, r->ram + FUNCTION, PAGE_SIZE);
	rig_free(r);
	(void)state;
}

/* As while another hart makes room. */
static void code_that_gets_hot_when_nobody_may_compile_is_compiled_later(void **state)
{
	const u32 code[] = {
		ADDI(S1, S1, -1),
		BNE(S1, ZERO, -4),
		EBREAK,
	};
	static const u64 passes[] = { JIT_HEAT / 2, 2 * JIT_NEVER, 2 };
	struct rig *r;

	if (JIT_HEAT == 1) /* there is no pass that leaves it cold */
		skip();
	r = jit_rig(1);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	for (u32 i = 0; i < ARRAY_LEN(passes); i++) {
		r->env.jit->evicting = i == 1;
		r->harts[0]->x[S1] = passes[i];
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(exec_stat(r, "jit-blocks "), i == 2);
	}
	rig_free(r);
	(void)state;
}

/* The block that jumps back says that the other one is in a loop, whose loads guess their page. */
static void a_loop_of_two_blocks_is_made_again_for_programs_only(void **state)
{
	const u32 code[] = {
		LOAD_D(T0, S0, 0), asm_jal(ZERO, 8),   0,
		ADDI(S1, S1, -1),  BNE(S1, ZERO, -16), EBREAK,
	};
	static const enum priv modes[] = { PRIV_M, PRIV_U };

	if (JIT_BLOCK == 1) /* then each jump is a block */
		skip();
	for (u32 i = 0; i < ARRAY_LEN(modes); i++) {
		struct rig *r = jit_rig(1);
		struct hart *h = r->harts[0];

		allow_all(h);
		exec_put(r, CODE, code, ARRAY_LEN(code));
		h->x[S0] = RIG_RAM + DATA;
		h->x[S1] = 4 * JIT_HEAT;
		rig_priv(h, modes[i]);
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(exec_stat(r, "jit-dropped "), modes[i] == PRIV_U);
		assert_int_equal(exec_stat(r, "jit-blocks "), modes[i] == PRIV_U ? 3 : 2);
		rig_free(r);
	}
	(void)state;
}

/* The first load goes from page to page, and is the first instruction of the loop. */
static void a_loop_stays_one_when_an_access_guesses_wrong(void **state)
{
	const u32 code[] = {
		LOAD_D(T0, S0, 0), asm_jal(ZERO, 8),   0,      XOR(S0, S0, S2),
		ADDI(S1, S1, -1),  BNE(S1, ZERO, -20), EBREAK,
	};
	const struct jit_page *page;
	struct rig *r;

	if (JIT_BLOCK == 1 || !JIT_CHAINS || JIT_PATIENCE >= JIT_SLICE) /* then none is noticed */
		skip();
	r = jit_rig(1);
	allow_all(r->harts[0]);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	r->harts[0]->x[S0] = RIG_RAM + DATA;
	r->harts[0]->x[S1] = 4 * (JIT_HEAT + JIT_PATIENCE);
	r->harts[0]->x[S2] = PAGE_SIZE;
	rig_priv(r->harts[0], PRIV_U);
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(r->env.jit->npages, 2); /* the handler's, too */
	page = r->env.jit->pages[0];
	assert_true(bits_has(page->pages_wrong, CODE % PAGE_SIZE / 2));
	assert_true(bits_has(page->in_loop, CODE % PAGE_SIZE / 2));
	rig_free(r);
	(void)state;
}

/* Unless tests/faults.h lets each guess be wrong: then the loop is made again, twice for the load.
 */
static void an_access_to_one_page_keeps_its_guess(void **state)
{
	const u32 code[] = {
		LOAD_D(T0, S0, 0), STORE_D(T0, S2, 0), ADDI(S1, S1, -1), BNE(S1, ZERO, -12), EBREAK,
	};
	struct rig *r;

	if (JIT_BLOCK == 1 || !JIT_CHAINS || JIT_PATIENCE >= JIT_SLICE)
		skip();
	r = jit_rig(1);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	r->harts[0]->x[S0] = RIG_RAM + DATA;
	r->harts[0]->x[S1] = 4 * (JIT_HEAT + JIT_PATIENCE);
	r->harts[0]->x[S2] = RIG_RAM + DATA + PAGE_SIZE;
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(exec_stat(r, "jit-blocks "), JIT_WRONG ? 4 : 1);
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_that_a_hart_rewrites_is_new_after_its_fence),
		cmocka_unit_test(so_is_code_that_was_written_at_another_address),
		cmocka_unit_test(
			so_is_an_instruction_over_a_page_end_which_compiled_code_runs_through),
		cmocka_unit_test(code_that_is_written_for_the_first_time_is_new_after_a_fence),
		cmocka_unit_test(no_page_counts_as_unwritten_while_pages_are_trusted),
		cmocka_unit_test(jumps_within_a_page_do_not_lead_to_old_code),
		cmocka_unit_test(the_cases_of_a_switch_are_found_by_where_their_address_stands),
		cmocka_unit_test(patches_that_are_called_once_are_hardly_compared),
		cmocka_unit_test(what_is_patched_no_more_is_compiled),
		cmocka_unit_test(code_that_checks_itself_sees_patched_immediates),
		cmocka_unit_test(code_that_checks_itself_sees_other_instructions),
		cmocka_unit_test(code_from_before_it_checked_itself_is_old_after_a_fence),
		cmocka_unit_test(code_that_checks_itself_is_no_longer_made_if_that_is_in_vain),
		cmocka_unit_test(
			code_that_checks_itself_is_made_as_others_are_if_it_is_patched_no_more),
		cmocka_unit_test(code_that_a_device_wrote_is_new_after_a_fence),
		cmocka_unit_test(code_that_another_hart_wrote_is_new_after_a_fence),
		cmocka_unit_test(code_that_is_written_in_a_watched_page_is_new_after_a_fence),
		cmocka_unit_test(harts_go_on_while_code_is_evicted),
		cmocka_unit_test(a_page_of_as_many_jumps_as_there_can_be_is_dropped_soon),
		cmocka_unit_test(code_that_is_trusted_again_is_compared_for_each_isa),
		cmocka_unit_test(code_that_gets_hot_when_nobody_may_compile_is_compiled_later),
		cmocka_unit_test(a_loop_of_two_blocks_is_made_again_for_programs_only),
		cmocka_unit_test(a_loop_stays_one_when_an_access_guesses_wrong),
		cmocka_unit_test(an_access_to_one_page_keeps_its_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
