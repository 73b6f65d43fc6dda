/* test_jit_memory.c - how compiled code finds memory
 *
 * Loops guess the page of each access, and accesses off one base share a lookup: none of it is to
 * be seen where rights or translations change.
 */
#include "exec.h"
#include "pages.h"

#include "jit.h"

#include "../jit/asm.h"

enum { ONLY_READ = DATA + 0x2000 };

/* -- Pages that loops guess --------------------------------------------------------------------
 */

enum { LOADERS = 8, GUESSING = 40, LOADER_WORDS = 64, AFTER = CODE + LOADERS * LOADER_WORDS * 4 };

/* Loads all over a page, each too far from the one before to share its lookup. */
static void put_loader(struct rig *r, u64 at)
{
	u32 code[LOADER_WORDS], n = 0;

	for (; n < GUESSING; n++)
		code[n] = LOAD_D(ZERO, T0, (i32)(n % 8 * 512) - 2048);
	code[n++] = ADDI(A0, A0, -1);
	code[n] = BNE(A0, ZERO, -4 * (i32)n);
	code[++n] = EBREAK;
	exec_put(r, at, code, n + 1);
}

static void load_from(struct rig *r, u64 page)
{
	struct hart *h = r->harts[0];

	for (u32 i = 0; i < LOADERS; i++) {
		h->x[T0] = RIG_RAM + page + 2048;
		h->x[A0] = JIT_HEAT + 8;
		exec_from(r, RIG_RAM + CODE + 4 * LOADER_WORDS * i);
	}
}

static void store_to(struct rig *r, u64 page)
{
	struct hart *h = r->harts[0];

	h->x[T0] = RIG_RAM + page;
	h->x[T1] = UINT64_MAX;
	h->x[A0] = JIT_HEAT + 8;
	exec_from(r, RIG_RAM + AFTER);
}

static void all_guesses_of_loads_are(const struct hart *h, u64 page)
{
	bool anew = JIT_MISSES && !JIT_CHAINS; /* each time round, when some miss */

	if (JIT_WRONG || anew || JIT_BLOCK == 1) /* then not all guess, or not for long */
		return;
	for (u32 i = 0; i < JIT_GUESSES; i++)
		assert_int_equal(h->ctx->guesses[0][i].page, page);
}

static void where_loads_went_is_no_place_to_store(void **state)
{
	const u32 storer[] = { STORE_D(T1, T0, 0), ADDI(A0, A0, -1), BNE(A0, ZERO, -8), EBREAK };
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart_view v;

	exec_protect(r, ONLY_READ);
	exec_put(r, AFTER, storer, ARRAY_LEN(storer));
	for (u32 i = 0; i < LOADERS; i++)
		put_loader(r, CODE + 4 * LOADER_WORDS * i);
	store_to(r, DATA);
	load_from(r, ONLY_READ);
	all_guesses_of_loads_are(r->harts[0], RIG_RAM + ONLY_READ);
	store_to(r, ONLY_READ);
	hart_look(r->harts[0], &v);
	assert_int_equal(v.cause, CAUSE_STORE_ACCESS);
	assert_int_equal(v.tval, RIG_RAM + ONLY_READ);
	assert_int_equal(get_le64(r->ram + ONLY_READ), 0);
	rig_free(r);
	(void)state;
}

/* A loop loads from a page, or from it and the next in turn; what the table says of the first is
 * changed, `fence` says so, the loop goes on. */
static void guess_before_and_after(u32 fence, bool turns)
{
	const u32 code[] = {
		/* again: */
		LOAD_D(T0, S0, 0), XOR(S0, S0, S4),    ADDI(S1, S1, -1),   BNE(S1, ZERO, -12),
		BEQ(T1, ZERO, 28), STORE_D(T1, S2, 0), ADDI(T1, ZERO, 0),  fence,
		ADDI(S1, ZERO, 1), ADDI(S4, ZERO, 0),  asm_jal(ZERO, -40), EBREAK,
	};
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];

	exec_protect(r, ONLY_READ);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	put_le64(r->ram + DATA, 1);
	put_le64(r->ram + DATA + PAGE_SIZE, 2);
	h->satp = satp_of(r, ROOT, 0, DATA);
	put_pte(r, TABLE + 8, DATA + PAGE_SIZE, 0xcf);
	h->x[S0] = HERE;
	h->x[S1] = 4 * (JIT_HEAT + JIT_PATIENCE);
	h->x[S2] = RIG_RAM + TABLE;
	h->x[S3] = satp_of(r, OTHER_ROOT, 1, DATA + PAGE_SIZE);
	h->x[S4] = turns ? PAGE_SIZE : 0;
	h->x[T1] = (RIG_RAM + DATA + PAGE_SIZE) >> 2 | 0xcf;
	rig_priv(h, PRIV_S);
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(h->x[T0], 2);
	rig_free(r);
}

static void a_guess_ends_with_its_translation(void **state)
{
	for (u32 turns = 0; turns <= 1; turns++) {
		guess_before_and_after(0x12000073, turns);            /* sfence.vma */
		guess_before_and_after(0x12000073 | S0 << 15, turns); /* sfence.vma s0, zero */
		guess_before_and_after(0x18001073 | S3 << 15, turns); /* csrw satp, s3 */
	}
	(void)state;
}

static void is_a_page_and_its_addend(const struct rig *r, const struct guess *g, u64 second)
{
	const u64 known[][2] = { { RIG_RAM + DATA, DATA }, { HERE, DATA }, { BEHIND, second } };

	for (u32 i = 0; i < ARRAY_LEN(known); i++)
		if (g->page == known[i][0])
			assert_int_equal(g->page + g->addend, (uintptr_t)r->ram + known[i][1]);
}

/* A loop adds what it loads from two pages in turn; the second is where the table says.  There is
 * no place for guesses that others do not have. */
static struct rig *add_in_turn(u64 second)
{
	const u32 code[] = {
		/* again: */
		LOAD_D(T0, S0, 0), ADD(T1, T1, T0),    XOR(S0, S0, S4),
		ADDI(S1, S1, -1),  BNE(S1, ZERO, -16), EBREAK,
	};
	const u32 rounds = 8 * (JIT_HEAT + JIT_PATIENCE);
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];

	exec_protect(r, ONLY_READ);
	for (u32 i = 0; i < LOADERS; i++)
		put_loader(r, CODE + 4 * LOADER_WORDS * i);
	put_le64(r->ram + DATA, 1);
	put_le64(r->ram + second, 1000);
	h->satp = satp_of(r, ROOT, 0, DATA);
	put_pte(r, TABLE + 8, second, 0xcf);
	rig_priv(h, PRIV_S);
	load_from(r, DATA);
	exec_put(r, AFTER, code, ARRAY_LEN(code));
	h->x[S0] = HERE;
	h->x[S1] = rounds;
	h->x[S4] = PAGE_SIZE;
	h->x[T1] = 0;
	exec_from(r, RIG_RAM + AFTER);
	assert_int_equal(h->x[T1], rounds / 2 * 1001);
	for (u32 i = 0; i < JIT_GUESSES; i++)
		is_a_page_and_its_addend(r, &h->ctx->guesses[0][i], second);
	return r;
}

/* What is right already is not guessed again. */
static bool some_load_guesses(struct rig *r)
{
	struct hart *h = r->harts[0];
	bool some = false;

	mmu_forget(h);
	h->x[S1] = 4 * JIT_HEAT;
	exec_from(r, RIG_RAM + AFTER);
	for (u32 i = 0; i < JIT_GUESSES; i++)
		some |= h->ctx->guesses[0][i].page != TLB_NONE;
	return some;
}

static void was_wrong(struct rig *r, bool page, bool addend)
{
	const struct jit *j = r->env.jit;
	const u32 at = AFTER % PAGE_SIZE / 2;

	for (u32 i = 0; i < j->npages; i++) {
		if (j->pages[i]->live != r->ram + CODE)
			continue;
		assert_int_equal(bits_has(j->pages[i]->pages_wrong, at), page);
		assert_int_equal(bits_has(j->pages[i]->addends_wrong, at), addend);
	}
	if (addend)
		assert_false(some_load_guesses(r));
	rig_free(r);
}

static void of_pages_that_are_neighbors_the_addend_is_guessed(void **state)
{
	/* then none is noticed, or it is by chance */
	if (JIT_BLOCK == 1 || !JIT_CHAINS || JIT_PATIENCE >= JIT_SLICE || JIT_MISSES)
		skip();
	was_wrong(add_in_turn(DATA + PAGE_SIZE), true, JIT_WRONG);
	was_wrong(add_in_turn(DATA + 3 * PAGE_SIZE), true, true);
	(void)state;
}

/* -- Accesses that share a lookup --------------------------------------------------------------
 */

/* The page is one that S-mode may read while sstatus has `bit`. */
static void load_with_and_without(u64 bit, u64 rights)
{
	const u32 code[] = {
		0x10002073 | S1 << 15,                        /* csrs sstatus, s1 */
		LOAD_D(T0, S0, 0),     0x10003073 | S1 << 15, /* csrc sstatus, s1 */
		LOAD_D(T1, S0, 8),     EBREAK,
	};
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];
	struct hart_view v;

	exec_protect(r, ONLY_READ);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	h->satp = satp_of(r, ROOT, 0, DATA);
	put_pte(r, TABLE, DATA, rights);
	h->x[S0] = HERE;
	h->x[S1] = bit;
	for (u32 i = 0; i < 2 * JIT_HEAT; i++) {
		rig_priv(h, PRIV_S);
		exec_from(r, RIG_RAM + CODE);
		hart_look(h, &v);
		assert_int_equal(v.cause, CAUSE_LOAD_PAGE);
		assert_int_equal(v.epc, RIG_RAM + CODE + 12);
	}
	rig_free(r);
}

static void accesses_before_and_after_a_csr_share_nothing(void **state)
{
	load_with_and_without(MSTATUS_SUM, 0xdf); /* a page of U-mode */
	load_with_and_without(MSTATUS_MXR, 0xc9); /* only to be executed */
	(void)state;
}

/* HERE is DATA, the page behind it is whatever the entry says. */
static struct rig *two_pages(u64 second, u64 bits)
{
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));

	exec_protect(r, ONLY_READ);
	r->harts[0]->satp = satp_of(r, ROOT, 0, DATA);
	put_pte(r, TABLE + 8, second, bits);
	put_le64(r->ram + DATA + PAGE_SIZE - 8, 1);
	put_le64(r->ram + second + 8, 2);
	rig_priv(r->harts[0], PRIV_S);
	return r;
}

/* Two loads, the second from `from`, and a store around the end of HERE, often enough for compiled
 * code that expects that. */
static struct hart_view access_from(struct rig *r, i32 from)
{
	const u32 code[] = { ADDI(T1, ZERO, 0), LOAD_D(T0, S0, 0), LOAD_D(T1, S0, from),
			     STORE_D(T0, S0, 24), EBREAK };
	struct hart *h = r->harts[0];
	u64 first = 0, retired = 0;
	struct hart_view v;

	exec_put(r, CODE, code, ARRAY_LEN(code));
	h->x[S0] = BEHIND - 8;
	for (u32 i = 0; i < 3 * JIT_HEAT; i++) {
		h->x[T0] = h->x[T1] = 0;
		retired = hart_instret(h);
		exec_from(r, RIG_RAM + CODE);
		retired = hart_instret(h) - retired;
		first = i ? first : retired;
		rig_priv(h, PRIV_S);
	}
	if (JIT_BLOCK > 1) /* else the handler stops an instruction earlier */
		assert_int_equal(retired, first);
	hart_look(h, &v);
	assert_int_equal(h->x[T0], 1);
	return v;
}

static struct hart_view access_both(struct rig *r)
{
	return access_from(r, 16);
}

/* There is code for that: it is not left each time. */
static void accesses_over_a_page_end_are_each_in_their_page(void **state)
{
	static const u64 second[] = { DATA + PAGE_SIZE, DATA - PAGE_SIZE };

	for (u32 i = 0; i < ARRAY_LEN(second); i++) {
		struct rig *r = two_pages(second[i], 0xcf);
		struct hart_view v = access_both(r);

		assert_int_equal(v.cause, CAUSE_BREAKPOINT);
		assert_int_equal(r->harts[0]->x[T1], 2);
		assert_int_equal(get_le64(r->ram + second[i] + 16), 1);
		if (JIT_CHAINS && JIT_BLOCK > 1 && JIT_PAGES > 2)
			/* all while it is cold, what is in two pages for a while, the ebreak */
			assert_in_range(exec_stat(r, "jit-interpreted "), 0,
					(5 + 4 + 2) * JIT_HEAT);
		rig_free(r);
	}
	(void)state;
}

static void so_are_those_of_code_that_was_rewritten(void **state)
{
	struct rig *r = two_pages(DATA - PAGE_SIZE, 0xcf);

	put_le64(r->ram + DATA - PAGE_SIZE, 3);
	for (u32 i = 0; i < 3; i++) {
		access_from(r, 16);
		assert_int_equal(r->harts[0]->x[T1], 2);
		access_from(r, 8);
		assert_int_equal(r->harts[0]->x[T1], 3);
	}
	rig_free(r);
	(void)state;
}

static void what_the_second_page_forbids_traps_where_it_is_reached(void **state)
{
	struct rig *r = two_pages(DATA + PAGE_SIZE, 0);
	struct hart_view v = access_both(r);

	assert_int_equal(v.cause, CAUSE_LOAD_PAGE);
	assert_int_equal(v.epc, RIG_RAM + CODE + 8);
	assert_int_equal(v.tval, BEHIND + 8);
	rig_free(r);
	r = two_pages(DATA + PAGE_SIZE, 0xcb); /* only to be read */
	v = access_both(r);
	assert_int_equal(v.cause, CAUSE_STORE_PAGE);
	assert_int_equal(v.epc, RIG_RAM + CODE + 12);
	assert_int_equal(v.tval, BEHIND + 16);
	assert_int_equal(r->harts[0]->x[T1], 2);
	assert_int_equal(get_le64(r->ram + DATA + PAGE_SIZE + 16), 0);
	rig_free(r);
	(void)state;
}

/* -- Tables ----------------------------------------------------------------------------------
 */

enum { ENTRIES = 2 * PAGE_SIZE / 8 };

enum walk {
	BY_INDEX,
	BY_LOWEST_BYTE,
	BY_INDEX_OFF_S2, /* which is not in a register of the host */
	BY_INDEX_IN_PLACE,
	BY_INDEX_THAT_HAS_GONE_ON,
	FOR_NOTHING, /* the address is made, but it is the element at A3 that counts */
	WALKS
};

/* Loops sum up in A0 the elements A1, A1 + 1, ... of the table 8 behind A4, up to A2: A5 is where
 * an element is, and then what it is. */
static void put_loop(struct rig *r, enum walk how)
{
	const u32 loops[WALKS][8] = {
		{ SLLI(A5, A1, 3), ADD(A5, A5, A4), LOAD_D(A5, A5, 8), ADD(A0, A0, A5),
		  ADDI(A1, A1, 1), BNE(A1, A2, -20), EBREAK },
		{ ANDI(A5, A1, 255), SLLI(A5, A5, 3), ADD(A5, A5, A4), LOAD_D(A5, A5, 8),
		  ADD(A0, A0, A5), ADDI(A1, A1, 1), BNE(A1, A2, -24), EBREAK },
		{ SLLI(A5, A1, 3), ADD(A5, A5, S2), LOAD_D(A5, A5, 8), ADD(A0, A0, A5),
		  ADDI(A1, A1, 1), BNE(A1, A2, -20), EBREAK },
		{ ADDI(A5, A1, 0), SLLI(A5, A5, 3), ADD(A5, A5, A4), LOAD_D(A5, A5, 8),
		  ADD(A0, A0, A5), ADDI(A1, A1, 1), BNE(A1, A2, -24), EBREAK },
		{ SLLI(A5, A1, 3), ADD(A5, A5, A4), ADDI(A1, A1, 1), LOAD_D(A5, A5, 8),
		  ADD(A0, A0, A5), BNE(A1, A2, -20), EBREAK },
		{ SLLI(A5, A1, 3), ADD(A5, A5, A4), LOAD_D(A5, A3, 8), ADD(A0, A0, A5),
		  ADDI(A1, A1, 1), BNE(A1, A2, -20), EBREAK },
	};

	exec_put(r, CODE, loops[how], 8);
}

static struct rig *table_rig(u64 first)
{
	struct rig *r = two_pages(DATA - PAGE_SIZE, 0xcf);

	for (u64 i = 0; i < ENTRIES / 2; i++) {
		put_le64(r->ram + DATA + 8 * i, i);
		put_le64(r->ram + DATA - PAGE_SIZE + 8 * i, ENTRIES / 2 + i);
	}
	r->harts[0]->x[A3] = HERE;
	r->harts[0]->x[A4] = r->harts[0]->x[S2] = HERE + 8 * first - 8;
	return r;
}

static u64 walk(struct rig *r, enum walk how, u64 to)
{
	struct hart *h = r->harts[0];

	put_loop(r, how);
	h->x[A0] = h->x[A1] = 0;
	h->x[A2] = to;
	exec_from(r, RIG_RAM + CODE);
	return h->x[A0];
}

static u64 sum(u64 from, u64 to)
{
	return to * (to - 1) / 2 - from * (from - 1) / 2;
}

static void assert_walk(u64 first, enum walk how, u64 to, u64 want)
{
	struct rig *r = table_rig(first);

	assert_int_equal(walk(r, how, to), want);
	rig_free(r);
}

static void a_table_is_read_where_its_pages_are(void **state)
{
	const u64 first = ENTRIES / 2 - 100; /* of 256 elements around the page end */

	assert_walk(0, BY_INDEX, ENTRIES, sum(0, ENTRIES));
	assert_walk(first, BY_LOWEST_BYTE, 4 * 256, 4 * sum(first, first + 256));
	assert_walk(0, BY_INDEX_OFF_S2, ENTRIES, sum(0, ENTRIES));
	assert_walk(0, BY_INDEX_IN_PLACE, ENTRIES, sum(0, ENTRIES));
	assert_walk(0, BY_INDEX_THAT_HAS_GONE_ON, ENTRIES, sum(0, ENTRIES));
	assert_walk(0, FOR_NOTHING, ENTRIES, ENTRIES);
	(void)state;
}

/* In front of the load, the address is A5's. */
static void behind_the_table(struct rig *r, u64 load)
{
	const u64 end = HERE + 2 * PAGE_SIZE;
	struct hart_view v;

	hart_look(r->harts[0], &v);
	assert_int_equal(v.cause, CAUSE_LOAD_PAGE);
	assert_int_equal(v.epc, RIG_RAM + CODE + load);
	assert_int_equal(v.tval, end);
	assert_int_equal(r->harts[0]->x[A5], end - 8);
	rig_free(r);
}

static void behind_a_table_a_load_traps_with_its_address_made(void **state)
{
	const u64 first = ENTRIES - 200;
	struct rig *r = table_rig(0);

	assert_int_equal(walk(r, BY_INDEX, ENTRIES + 1), sum(0, ENTRIES));
	behind_the_table(r, 8);
	r = table_rig(first);
	assert_int_equal(walk(r, BY_LOWEST_BYTE, 256), sum(first, ENTRIES));
	behind_the_table(r, 12);
	(void)state;
}

/* -- cbo.zero -------------------------------------------------------------------------------- */

/* The cause, of zeroing at an address that is not aligned. */
static u64 zero(enum priv priv, u64 menvcfg, u64 senvcfg, u64 at)
{
	const u32 code[] = { STORE_D(ZERO, S1, 0), /* so that the TLB has the page */
			     0x0040200f | S0 << 15, EBREAK };
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];
	struct hart_view v;
	bool done;

	exec_protect(r, ONLY_READ);
	exec_put(r, CODE, code, ARRAY_LEN(code));
	h->menvcfg = menvcfg;
	h->senvcfg = senvcfg;
	h->x[S0] = RIG_RAM + at + 5;
	h->x[S1] = RIG_RAM + DATA + 512;
	for (u32 i = 0; i < 2 * JIT_HEAT; i++) {
		memset(r->ram + at - 64, 0xff, (size_t)3 * 64);
		rig_priv(h, priv);
		exec_from(r, RIG_RAM + CODE);
		hart_look(h, &v);
		done = v.cause == CAUSE_BREAKPOINT;
		for (u32 k = 0; k < 3 * 64; k++)
			assert_int_equal(r->ram[at - 64 + k], k / 64 == 1 && done ? 0 : 0xff);
	}
	assert_int_equal(v.epc, RIG_RAM + CODE + (done ? 8 : 4));
	assert_int_equal(v.tval, v.cause == CAUSE_STORE_ACCESS ? h->x[S0] : done ? v.epc : code[1]);
	rig_free(r);
	return v.cause;
}

static void a_block_is_zeroed_by_whom_it_may_be(void **state)
{
	const u64 on = ENVCFG_CBZE;

	assert_int_equal(zero(PRIV_M, 0, 0, DATA + 64), CAUSE_BREAKPOINT);
	assert_int_equal(zero(PRIV_S, 0, 0, DATA + 64), CAUSE_ILLEGAL);
	assert_int_equal(zero(PRIV_S, on, 0, DATA + 64), CAUSE_BREAKPOINT);
	assert_int_equal(zero(PRIV_U, on, 0, DATA + 64), CAUSE_ILLEGAL);
	assert_int_equal(zero(PRIV_U, 0, on, DATA + 64), CAUSE_ILLEGAL);
	assert_int_equal(zero(PRIV_U, on, on, DATA + 64), CAUSE_BREAKPOINT);
	assert_int_equal(zero(PRIV_S, on, 0, ONLY_READ + 64), CAUSE_STORE_ACCESS);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_loads_went_is_no_place_to_store),
		cmocka_unit_test(a_guess_ends_with_its_translation),
		cmocka_unit_test(of_pages_that_are_neighbors_the_addend_is_guessed),
		cmocka_unit_test(accesses_before_and_after_a_csr_share_nothing),
		cmocka_unit_test(accesses_over_a_page_end_are_each_in_their_page),
		cmocka_unit_test(so_are_those_of_code_that_was_rewritten),
		cmocka_unit_test(what_the_second_page_forbids_traps_where_it_is_reached),
		cmocka_unit_test(a_table_is_read_where_its_pages_are),
		cmocka_unit_test(behind_a_table_a_load_traps_with_its_address_made),
		cmocka_unit_test(a_block_is_zeroed_by_whom_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
