/* test_lockstep.c - what the engine `lockstep` compares, and that it finds what is wrong there.
 *
 * A program is run, and so compiled and compared without a difference.  Then its code is damaged
 * in the cache, and it is run again.
 */
#include "../riscv/exec.h"
#include "../riscv/pages.h"

#include "asm.h"
#include "jit.h"

#include <inttypes.h>

enum {
	THERE = 0x3000, /* where returns lead: an ebreak */
	ECALL = 0x00000073,
	MRET = 0x30200073,
	SRET = 0x10200073,
	WFI = 0x10500073,
	SFENCE_VMA = 0x12000073,
	NOTHING = 0x00000013
};

#define CSRRW(num) ((u32)(num) << 20 | A0 << 15 | 1u << 12 | T0 << 7 | 0x73)
#define CSRR(num)  ((u32)(num) << 20 | 2u << 12 | T0 << 7 | 0x73)

/* -- Programs of one instruction -------------------------------------------------------- */

static struct rig *rig(void)
{
	static const u32 ebreak = EBREAK;
	struct rig *r = exec_rig_on(ALL_ISA "_smaia_ssaia", engine_find("lockstep"));
	struct hart *h = r->harts[0];

	hart_add_imsic(h, IRQ_MEI, 63);
	hart_add_imsic(h, IRQ_SEI, 63);
	exec_put(r, THERE, &ebreak, 1);
	pmp_set_addr(h, 0, UINT64_MAX >> 10);
	pmp_set_cfg(h, 0, 0x1f);
	pmp_changed(h);
	h->stvec = RIG_RAM + HANDLER;
	h->mstatus = MSTATUS_MPP | MSTATUS_SPP;
	return r;
}

/* How many instructions were interpreted, and no more: of the handler, for one. */
static u64 interpreted_in(struct rig *r, u32 word, enum priv priv)
{
	const u32 code[] = { word, EBREAK };
	u64 before = exec_stat(r, "lockstep-interpreted ");
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	h->mepc = h->sepc = RIG_RAM + THERE;
	rig_priv(h, priv);
	exec_from(r, RIG_RAM + CODE);
	return exec_stat(r, "lockstep-interpreted ") - before;
}

static const struct ending {
	u32 word;
	enum priv priv;
	help_fn *help;
} endings[] = {
	{ ECALL, PRIV_U, help_ecall },     { MRET, PRIV_M, help_mret },
	{ SRET, PRIV_S, help_sret },       { SFENCE_VMA, PRIV_S, help_sfence_vma },
	{ FENCE_I, PRIV_M, help_fence_i }, { CSRRW(0x180), PRIV_S, help_csrrw }, /* satp */
};

static void an_instruction_that_ends_a_block_is_compared(void **state)
{
	struct rig *r = rig();
	u64 least = interpreted_in(r, NOTHING, PRIV_M);

	for (u32 i = 0; i < ARRAY_LEN(endings); i++) {
		assert_in_range(interpreted_in(r, endings[i].word, endings[i].priv), 0, least);
		assert_int_equal(r->stops, 0);
	}
	assert_int_equal(exec_stat(r, "lockstep-ends "), ARRAY_LEN(endings) - 1); /* satp */
	rig_free(r);
	(void)state;
}

static void csrs_that_others_change_are_compared(void **state)
{
	/* mip, sip, stimecmp, menvcfg, mvip, sireg, stopei, mireg, mtopei, stopi, mtopi */
	static const u16 csrs[] = { 0x344, 0x144, 0x14d, 0x30a, 0x309, 0x151,
				    0x15c, 0x351, 0x35c, 0xdb0, 0xfb0 };
	struct rig *r = rig();
	struct hart *h = r->harts[0];
	u64 least = interpreted_in(r, NOTHING, PRIV_M);

	h->miselect = h->siselect = ISELECT_EIP;
	h->x[A0] = UINT64_MAX;
	for (u32 i = 0; i < ARRAY_LEN(csrs); i++) {
		assert_true(hart_msi(h, IRQ_SEI, 9));
		assert_int_equal(interpreted_in(r, CSRR(csrs[i]), PRIV_M), least);
		if (csrs[i] >> 10 != 3)
			assert_int_equal(interpreted_in(r, CSRRW(csrs[i]), PRIV_M), least);
		assert_int_equal(r->stops, 0);
	}
	rig_free(r);
	(void)state;
}

/* The list in lockstep.c. */
static void what_is_not_the_same_twice_is_not_compared(void **state)
{
	struct rig *r = rig();
	u64 least = interpreted_in(r, NOTHING, PRIV_M), from_user, from_kernel;

	assert_int_equal(interpreted_in(r, CSRR(CSR_TIME), PRIV_M), least + 1);
	r->harts[0]->mie = (u64)1 << IRQ_SSI;
	r->harts[0]->mip = (u64)1 << IRQ_SSI; /* so that wfi does not wait */
	assert_int_equal(interpreted_in(r, WFI, PRIV_M), least + 1);
	r->harts[0]->mie = 0;
	from_user = interpreted_in(r, ECALL, PRIV_U);
	from_kernel = interpreted_in(r, ECALL, PRIV_S);
	assert_int_equal(from_kernel, from_user + 1);
	rig_free(r);
	(void)state;
}

/* -- Damage ------------------------------------------------------------------------------- */

/* The first line about a difference, which says in what. */
static void note_line(void *ctx, enum log_level level, const char *line)
{
	char *said = ctx;

	(void)level;
	if (!*said)
		snprintf(said, 200, "%s", line);
}

static void finds(struct rig *r, const char *what)
{
	char said[200] = "", want[80];

	log_sink(note_line, said);
	exec_from(r, RIG_RAM + CODE);
	log_sink(NULL, NULL);
	snprintf(want, sizeof(want), "differs in %s after", what);
	if (r->stops != 1 || r->why != STOP_FAIL || !strstr(said, want))
		fail_msg("no word of %s, but: %s", what, said);
}

/* Replaces a constant in each place where the code has it. */
static u32 replace(u8 *code, u32 size, u64 constant, u64 other)
{
	u32 n = constant >> 32 ? 8 : 4, places = 0;

	for (u32 i = 0; i + n <= size; i++)
		if (!memcmp(code + i, &constant, n)) {
			memcpy(code + i, &other, n);
			places++;
		}
	return places;
}

static void damage(struct rig *r, bool apart, u64 constant, u64 other)
{
	struct jit *j = r->env.jit;
	u32 places = 0;

	for (u32 i = 0; i < j->npages; i++)
		for (u32 n = 0; j->pages[i]->live == r->ram + CODE && n < j->pages[i]->nblocks;
		     n++) {
			const struct jit_block *b = &j->pages[i]->blocks[n];

			if (b->start == CODE % PAGE_SIZE && b->apart == apart)
				places +=
					replace(j->code.write + b->code, b->size, constant, other);
		}
	assert_true(places > 0);
}

/* The pages here lose no code to each other. */
static bool code_stays(void)
{
	return JIT_PAGES > 4 && JIT_BLOCK > 1;
}

/* -- What helpers do wrong ---------------------------------------------------------------- */

static help_fn *right;

static bool wrong_in_status(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	h->mstatus ^= MSTATUS_SPIE;
	return ends;
}

static bool wrong_in_a_register(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	h->x[A1]++;
	return ends;
}

static bool wrong_in_pc(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	h->pc += 4;
	return ends;
}

static bool wrong_in_the_cause(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	h->mcause++;
	return ends;
}

static bool wrong_in_count(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	hart_retire(h);
	return ends;
}

/* The context is another mode's. */
static bool wrong_in_context(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);
	enum priv priv = h->priv;

	rig_priv(h, priv == PRIV_U ? PRIV_S : PRIV_U);
	h->priv = priv;
	return ends;
}

static void what_an_instruction_that_ends_a_block_does_wrong_is_found(void **state)
{
	static const struct {
		help_fn *help;
		const char *what;
	} wrongs[] = {
		{ wrong_in_status, "mstatus" }, { wrong_in_a_register, "x" },
		{ wrong_in_pc, "pc" },          { wrong_in_the_cause, "mcause" },
		{ wrong_in_count, "instret" },  { wrong_in_context, "how memory is seen" },
	};

	if (!code_stays())
		skip();
	for (u32 i = 0; i < ARRAY_LEN(endings) * ARRAY_LEN(wrongs); i++) {
		const struct ending *e = &endings[i % ARRAY_LEN(endings)];
		help_fn *wrong = wrongs[i / ARRAY_LEN(endings)].help;
		struct rig *r = rig();

		right = e->help;
		interpreted_in(r, e->word, e->priv);
		damage(r, false, (uintptr_t)right, (uintptr_t)wrong);
		r->harts[0]->mepc = r->harts[0]->sepc = RIG_RAM + THERE;
		finds(r, wrongs[i / ARRAY_LEN(endings)].what);
		rig_free(r);
	}
	(void)state;
}

/* -- What other threads see --------------------------------------------------------------- */

static bool wrong_in_event(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	atomic_store(&h->event, 0);
	return ends;
}

static bool wrong_in_mip(struct hart *h, const struct op *op, u64 pc)
{
	u64 mip = h->mip;
	bool ends = right(h, op, pc);

	h->mip = mip;
	return ends;
}

static bool wrong_in_a_file(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	hart_msi(h, IRQ_SEI, 9);
	return ends;
}

static void what_it_does_wrong_to_interrupts_is_found(void **state)
{
	static const struct {
		u32 word;
		help_fn *right, *wrong;
		const char *what;
	} rows[] = {
		{ SRET, help_sret, wrong_in_event, "an interrupt that is due" },
		{ CSRRW(0x344), help_csrrw, wrong_in_mip, "mip" },
		{ CSRRW(0x15c), help_csrrw, wrong_in_a_file, "imsic" }, /* stopei */
	};

	if (!code_stays())
		skip();
	for (u32 i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = rig();
		struct hart *h = r->harts[0];

		right = rows[i].right;
		h->mideleg = h->mie = (u64)1 << IRQ_SSI;
		h->mstatus |= MSTATUS_SPIE;
		h->imsic[1].eie[0] = 1 << 9;
		for (u32 run = 0; run < 2; run++) {
			h->mip = (u64)1 << IRQ_SSI;
			hart_msi(h, IRQ_SEI, 9);
			if (run) {
				damage(r, false, (uintptr_t)right, (uintptr_t)rows[i].wrong);
				h->sepc = RIG_RAM + THERE;
				finds(r, rows[i].what);
			} else {
				interpreted_in(r, rows[i].word, i ? PRIV_M : PRIV_S);
				assert_int_equal(r->stops, 0);
			}
		}
		rig_free(r);
	}
	(void)state;
}

static u32 times;

/* As if a device had written there; and then a message comes. */
static bool wrong_once(struct hart *h, const struct op *op, u64 pc)
{
	bool ends = right(h, op, pc);

	if (!times++) {
		h->x[A1]++;
		hart_msi(h, IRQ_SEI, 10);
	}
	return ends;
}

static void what_differs_once_is_undone_but_for_interrupts_that_came(void **state)
{
	static const u16 csrs[] = { 0x344, 0x15c }; /* mip, stopei: what is there is cleared */

	if (!code_stays())
		skip();
	for (u32 i = 0; i < ARRAY_LEN(csrs); i++) {
		struct rig *r = rig();
		struct hart *h = r->harts[0];

		right = help_csrrw;
		times = 0;
		h->imsic[1].eie[0] = 1 << 9;
		interpreted_in(r, CSRRW(csrs[i]), PRIV_M);
		damage(r, false, (uintptr_t)right, (uintptr_t)wrong_once);
		h->mip = (u64)1 << IRQ_SSI;
		hart_msi(h, IRQ_SEI, 9);
		h->x[A1] = 0;
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(r->stops, 0);
		assert_int_equal(times, 2);
		assert_int_equal(h->x[A1], 0);
		assert_int_equal(h->x[T0], i ? 9 << 16 | 9 : 1 << IRQ_SSI);
		assert_int_equal(h->imsic[1].eip[0], i ? 1 << 10 : 1 << 10 | 1 << 9);
		rig_free(r);
	}
	(void)state;
}

/* -- Loads and stores ----------------------------------------------------------------------- */

/* Behind S0 and a page end, as far as no small constant of code is. */
enum { FAR = 0x150 };

static struct rig *rig_of_pages(void)
{
	struct rig *r = rig();
	struct hart *h = r->harts[0];

	h->satp = satp_of(r, ROOT, 0, DATA);
	put_pte(r, TABLE + 8, DATA - PAGE_SIZE, 0xcf);
	h->x[S0] = BEHIND - 8;
	h->x[T0] = 0x1111111111111111;
	h->x[T1] = 0x2222222222222222;
	h->x[A0] = h->satp;
	rig_priv(h, PRIV_S);
	return r;
}

static void code_for_accesses_in_two_pages_is_compared(void **state)
{
	const u32 loads[] = { LOAD_D(T2, S0, 0), LOAD_D(T2, S0, FAR), EBREAK };
	const u32 stores[] = { STORE_D(T0, S0, 0), STORE_D(T1, S0, FAR), EBREAK };

	if (!code_stays())
		skip();
	for (u32 i = 0; i < 2; i++) {
		struct rig *r = rig_of_pages();

		exec_put(r, CODE, i ? stores : loads, 3);
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(r->stops, 0);
		assert_int_equal(exec_stat(r, "jit-call-apart "), 1);
		damage(r, true, FAR, FAR + 8);
		put_le64(r->ram + DATA - PAGE_SIZE - 8 + FAR, 1); /* unlike what is behind it */
		finds(r, i ? "memory" : "x");
		rig_free(r);
	}
	(void)state;
}

/* What the trial stores behind that, to the same bytes, has not happened. */
static void what_was_stored_before_a_block_was_left_is_compared(void **state)
{
	const u32 code[] = { STORE_D(T0, S0, FAR), CSRRW(0x180), STORE_W(T1, S0, FAR),
			     STORE_W(T1, S0, FAR + 2), EBREAK };
	struct rig *r;

	if (!code_stays())
		skip();
	r = rig_of_pages();
	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(r->stops, 0);
	damage(r, false, FAR, FAR + 8);
	finds(r, "memory");
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instruction_that_ends_a_block_is_compared),
		cmocka_unit_test(csrs_that_others_change_are_compared),
		cmocka_unit_test(what_is_not_the_same_twice_is_not_compared),
		cmocka_unit_test(what_an_instruction_that_ends_a_block_does_wrong_is_found),
		cmocka_unit_test(what_it_does_wrong_to_interrupts_is_found),
		cmocka_unit_test(what_differs_once_is_undone_but_for_interrupts_that_came),
		cmocka_unit_test(code_for_accesses_in_two_pages_is_compared),
		cmocka_unit_test(what_was_stored_before_a_block_was_left_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
