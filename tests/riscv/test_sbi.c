/* The built-in SBI: each function with legal and illegal arguments, and harts that ask
 * something of each other. */
#include "patience.h"
#include "rig.h"

/* clang-format off */
enum {
	BASE = 0x10, TIME = 0x54494d45, IPI = 0x735049, RFENCE = 0x52464e43, HSM = 0x48534d,
	SRST = 0x53525354, DBCN = 0x4442434e, PMU = 0x504d55
};
enum {
	OK = 0, FAILED = -1, NOT_SUPPORTED = -2, INVALID_PARAM = -3, INVALID_ADDRESS = -5,
	ALREADY_AVAILABLE = -6, ALREADY_STARTED = -7, ALREADY_STOPPED = -8, NO_SHMEM = -9
};
/* clang-format on */

#define ALL    UINT64_MAX
#define BIT(n) ((u64)1 << (n))

static struct rig *sbi_rig(u32 nharts, const struct engine *engine)
{
	struct rig *r = rig_plan(RIG_ISA, nharts);

	r->env.sbi = true;
	return rig_start(r, engine);
}

/* The ecall instruction of a kernel.  a0 is the error, a1 the value. */
static i64 call(struct hart *h, u64 eid, u64 fid, const u64 *args)
{
	const struct op op = { .len = 2, .rd = X_SINK };

	memcpy(&h->x[10], args, 6 * sizeof(u64));
	h->x[16] = fid;
	h->x[17] = eid;
	assert_int_equal(h->priv, PRIV_S);
	assert_true(help_ecall(h, &op, RIG_RAM + 0x100));
	return (i64)h->x[10];
}

#define CALL(h, eid, fid, ...) call(h, eid, fid, (const u64[6]){ __VA_ARGS__ })

/* -- The entry state and the calling convention --------------------------------------------- */

static void s_mode_starts_with_all_that_firmware_gives(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];
	u64 sv39 = BIT(63);

	assert_int_equal(h->priv, PRIV_S);
	assert_int_equal(h->satp, 0);
	assert_int_equal(rig_get(h, 0x100) & MSTATUS_SIE, 0);
	assert_int_equal(h->menvcfg, ENVCFG_STCE | ENVCFG_ADUE | ENVCFG_PBMTE | ENVCFG_CBZE |
					     ENVCFG_CBCFE | ENVCFG_CBIE);
	rig_get(h, 0xc00);
	rig_get(h, 0xc01);
	rig_get(h, 0xc02);
	rig_get(h, 0x14d);
	rig_get(h, 0x003); /* FS is not off */
	rig_set(h, 0x104, ALL);
	assert_int_equal(rig_get(h, 0x104), 0x222);
	rig_set(h, 0x180, sv39);
	assert_int_equal(rig_get(h, 0x180), sv39);
	rig_set(h, 0x180, 0);
	assert_true(pmp_allows(h, RIG_RAM, 8, ACCESS_LOAD, PRIV_U));
	assert_false(rig_csrr(h, 0x300)); /* M-mode's registers are out of reach */
	rig_free(r);
	(void)state;
}

static void svade_alone_gets_no_adue(void **state)
{
	struct rig *r = rig_plan("rv64gc_zicntr_svade", 1);

	r->env.sbi = true;
	rig_start(r, NULL);
	assert_int_equal(r->harts[0]->menvcfg, 0);
	rig_free(r);
	(void)state;
}

static void every_exception_but_ecall_goes_to_s_mode(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	h->stvec = 0x2000;
	for (u32 cause = 0; cause < 16; cause++) {
		if (cause >= CAUSE_ECALL_S && cause <= CAUSE_ECALL_M)
			continue;
		rig_priv(h, PRIV_U);
		trap_raise(h, 0x400, (enum cause)cause, 1);
		assert_int_equal(h->priv, PRIV_S);
		assert_int_equal(h->scause, cause);
		assert_int_equal(h->pc, 0x2000);
	}
	rig_free(r);
	(void)state;
}

static void a_call_changes_a0_and_a1_only_and_returns_behind_the_ecall(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	for (u32 i = 1; i < 32; i++)
		h->x[i] = 100 + i;
	assert_int_equal(CALL(h, BASE, 0, 1, 2, 3, 4, 5, 6), OK);
	assert_int_equal(h->pc, RIG_RAM + 0x104);
	assert_int_equal(h->priv, PRIV_S);
	for (u32 i = 1; i < 32; i++)
		if (i < 10 || i > 17)
			assert_int_equal(h->x[i], 100 + i);
	for (u32 i = 12; i < 16; i++)
		assert_int_equal(h->x[i], i - 9);
	assert_int_equal(h->x[17], BASE);
	rig_free(r);
	(void)state;
}

static void unknown_extensions_and_functions_are_not_supported(void **state)
{
	static const u64 known[] = { BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, PMU };
	static const u64 unknown[] = {
		3, 4, 5, 9, 15, 0x53555350, 0x43505043, 0x53544100, BIT(40) | BASE, ALL
	};
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		assert_int_equal(CALL(h, unknown[i], 0, 0), NOT_SUPPORTED);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		assert_int_equal(CALL(h, known[i], 100, 0), NOT_SUPPORTED);
		assert_int_equal(CALL(h, known[i], ALL, 0), NOT_SUPPORTED);
		assert_int_equal(CALL(h, known[i], BIT(32), 0), NOT_SUPPORTED);
	}
	rig_free(r);
	(void)state;
}

/* -- BASE ------------------------------------------------------------------------------------ */

static void base_says_version_2_0_and_what_there_is(void **state)
{
	static const struct {
		u64 id;
		bool there;
	} t[] = {
		{ BASE, true }, { TIME, true },        { IPI, true },  { RFENCE, true },
		{ HSM, true },  { SRST, true },        { DBCN, true }, { PMU, true },
		{ 0, true },    { 1, true },           { 2, true },    { 8, true },
		{ 4, false },   { 0x53555350, false }, { ALL, false },
	};
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	assert_int_equal(CALL(h, BASE, 0, 0), OK);
	assert_int_equal(h->x[11], 0x02000000);
	assert_int_equal(CALL(h, BASE, 1, 0), OK);
	assert_true(h->x[11] > 11); /* none of the numbers given out */
	assert_int_equal(CALL(h, BASE, 2, 0), OK);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(CALL(h, BASE, 3, t[i].id), OK);
		assert_int_equal(h->x[11], t[i].there);
	}
	for (u64 fid = 4; fid <= 6; fid++) {
		assert_int_equal(CALL(h, BASE, fid, 0), OK);
		assert_int_equal(h->x[11], 0);
	}
	rig_free(r);
	(void)state;
}

/* -- TIME ------------------------------------------------------------------------------------ */

static void set_timer(const char *isa)
{
	struct rig *r = rig_plan(isa, 1);
	struct hart *h;
	u64 at;

	r->env.sbi = true;
	h = rig_start(r, NULL)->harts[0];
	assert_int_equal(rig_get(h, 0x144), 0);
	assert_int_equal(CALL(h, TIME, 0, 0), OK);
	assert_int_equal(rig_get(h, 0x144), BIT(IRQ_STI));
	at = timebase_ticks(&r->time) + 10000000;
	assert_int_equal(CALL(h, TIME, 0, at), OK);
	assert_int_equal(rig_get(h, 0x144), 0);
	assert_int_equal(r->deadline[0], timebase_ns_at(&r->time, at));
	assert_int_equal(CALL(h, TIME, 0, ALL), OK);
	assert_int_equal(r->deadline[0], NEVER_NS);

	h->x[11] = 77;
	assert_int_equal(CALL(h, 0, 9, 0, 77), OK); /* legacy: a1 stays */
	assert_int_equal(h->x[11], 77);
	assert_int_equal(rig_get(h, 0x144), BIT(IRQ_STI));
	rig_free(r);
}

static void set_timer_works_with_and_without_sstc(void **state)
{
	set_timer(RIG_ISA);
	set_timer("rv64gc_zicntr");
	(void)state;
}

static void a_timer_in_the_past_interrupts_right_after_the_call(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	h->stvec = 0x2000;
	rig_set(h, 0x104, BIT(IRQ_STI));
	h->mstatus |= MSTATUS_SIE;
	CALL(h, TIME, 0, 0);
	assert_true(atomic_load(&h->event));
	hart_poll(h);
	assert_int_equal(h->scause, BIT(63) | IRQ_STI);
	assert_int_equal(h->sepc, RIG_RAM + 0x104);
	rig_free(r);
	(void)state;
}

/* -- Hart masks, with IPI ---------------------------------------------------------------------- */

static u32 with_ssip(struct rig *r)
{
	u32 got = 0;

	for (u32 i = 0; i < r->env.nharts; i++)
		if (atomic_exchange(&r->harts[i]->mip, 0) & BIT(IRQ_SSI))
			got |= 1u << i;
	return got;
}

static void hart_masks_count_from_their_base(void **state)
{
	static const struct {
		u64 mask, base;
		i64 error;
		u32 got;
	} t[] = {
		{ 5, 0, OK, 5 },
		{ 1, 3, OK, 8 },
		{ 3, 1, OK, 6 },
		{ 0, 0, OK, 0 },
		{ 0, ALL, OK, 15 },
		{ 2, ALL, OK, 15 }, /* the mask does not count */
		{ 16, 0, INVALID_PARAM, 0 },
		{ 2, 3, INVALID_PARAM, 0 },
		{ 1, 4, INVALID_PARAM, 0 },
		{ BIT(63), 0, INVALID_PARAM, 0 },
		{ 3, ALL - 1, INVALID_PARAM, 0 },
		{ BIT(2), ALL - 1, INVALID_PARAM, 0 }, /* wraps to hart 0 */
	};
	struct rig *r = sbi_rig(4, NULL);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(CALL(r->harts[0], IPI, 0, t[i].mask, t[i].base), t[i].error);
		assert_int_equal(with_ssip(r), t[i].got);
	}
	rig_free(r);
	(void)state;
}

static void harts_without_s_mode_are_not_in_any_mask(void **state)
{
	struct rig *r = rig_plan(RIG_ISA, 2);

	r->env.sbi = true;
	rig_start(r, NULL);
	r->config[1].s_mode = false; /* a monitor core, as the FU540 has */
	assert_int_equal(CALL(r->harts[0], IPI, 0, 2, 0), INVALID_PARAM);
	assert_int_equal(CALL(r->harts[0], IPI, 0, 0, ALL), OK);
	assert_int_equal(with_ssip(r), 1);
	assert_int_equal(CALL(r->harts[0], HSM, 2, 1), INVALID_PARAM);
	assert_int_equal(CALL(r->harts[0], HSM, 0, 1, RIG_RAM, 0), INVALID_PARAM);
	rig_free(r);
	(void)state;
}

/* -- SRST -------------------------------------------------------------------------------------- */

static void system_reset_tells_the_machine_and_does_not_return(void **state)
{
	static const struct {
		u64 type, reason;
		enum stop why;
	} t[] = {
		{ 0, 0, STOP_POWEROFF }, { 1, 0, STOP_REBOOT }, { 2, 0, STOP_REBOOT },
		{ 0, 1, STOP_FAIL },     { 1, 1, STOP_REBOOT },
	};
	static const u64 bad[][2] = { { 3, 0 }, { 0xf0000000, 0 }, { 0, 2 }, { 0, 0xe0000000 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct rig *r = sbi_rig(1, NULL);

		CALL(r->harts[0], SRST, 0, t[i].type, t[i].reason);
		assert_int_equal(r->stops, 1);
		assert_int_equal(r->why, t[i].why);
		atomic_store(&r->harts[0]->stopping,
			     false); /* even if the machine takes its time */
		assert_false(hart_poll(r->harts[0]));
		rig_free(r);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct rig *r = sbi_rig(1, NULL);

		assert_int_equal(CALL(r->harts[0], SRST, 0, bad[i][0], bad[i][1]), INVALID_PARAM);
		assert_int_equal(r->stops, 0);
		rig_free(r);
	}
	(void)state;
}

static void legacy_shutdown_powers_off(void **state)
{
	struct rig *r = sbi_rig(1, NULL);

	CALL(r->harts[0], 8, 0, 0);
	assert_int_equal(r->stops, 1);
	assert_int_equal(r->why, STOP_POWEROFF);
	rig_free(r);
	(void)state;
}

/* -- DBCN and the legacy console ------------------------------------------------------------------
 */

static void the_debug_console_writes_ram(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	for (u32 i = 0; i < 2000; i++)
		r->ram[i] = (u8)('a' + i % 23);
	assert_int_equal(CALL(h, DBCN, 0, 1000, RIG_RAM, 0), OK);
	assert_int_equal(h->x[11], 1000);
	assert_int_equal(r->nout, 1000);
	assert_memory_equal(r->out, r->ram, 1000);
	assert_int_equal(CALL(h, DBCN, 0, 0, RIG_RAM, 0), OK);
	assert_int_equal(h->x[11], 0);
	assert_int_equal(CALL(h, DBCN, 2, 0x1ff), OK);
	assert_int_equal(h->x[11], 0);
	assert_int_equal(r->nout, 1001);
	assert_int_equal((u8)r->out[1000], 0xff);
	rig_free(r);
	(void)state;
}

static void a_long_write_is_partial(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	assert_int_equal(CALL(h, DBCN, 0, RIG_SIZE, RIG_RAM, 0), OK);
	assert_in_range(h->x[11], 1, RIG_SIZE - 1);
	rig_free(r);
	(void)state;
}

static void the_debug_console_refuses_what_is_not_ram(void **state)
{
	static const struct {
		u64 n, lo, hi;
	} t[] = {
		{ 1, 0, 0 },           { 1, RIG_RAM - 1, 0 },
		{ 2, RIG_RAM - 1, 0 }, { 2, RIG_RAM + RIG_SIZE - 1, 0 },
		{ 1, RIG_RAM, 1 },     { ALL, RIG_RAM, 0 },
		{ 2, ALL, 0 },         { BIT(63), BIT(63), 0 },
	};
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	r->in = "input";
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (u64 fid = 0; fid < 2; fid++) {
			i64 e = CALL(h, DBCN, fid, t[i].n, t[i].lo, t[i].hi);

			assert_int_equal(e, INVALID_PARAM);
		}
	assert_int_equal(r->nout, 0);
	assert_string_equal(r->in, "input");
	rig_free(r);
	(void)state;
}

static void the_debug_console_reads_what_there_is(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	r->in = "hello";
	assert_int_equal(CALL(h, DBCN, 1, 3, RIG_RAM + 8, 0), OK);
	assert_int_equal(h->x[11], 3);
	assert_int_equal(CALL(h, DBCN, 1, 1000, RIG_RAM + 11, 0), OK);
	assert_int_equal(h->x[11], 2);
	assert_memory_equal(r->ram + 8, "hello\0", 6);
	assert_int_equal(CALL(h, DBCN, 1, 1000, RIG_RAM, 0), OK);
	assert_int_equal(h->x[11], 0);
	rig_free(r);
	(void)state;
}

static void the_legacy_console_reads_and_writes_a_byte(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	r->in = "x";
	assert_int_equal(CALL(h, 1, 0, 'A'), 0);
	assert_memory_equal(r->out, "A", 1);
	assert_int_equal(CALL(h, 2, 0, 0), 'x');
	assert_int_equal(CALL(h, 2, 0, 0), -1);
	rig_free(r);
	(void)state;
}

/* -- PMU ------------------------------------------------------------------------------------------
 */

enum { CYCLES_EVENT = 1, INSNS_EVENT = 2, SKIP = 1, CLEAR = 2, AUTO = 4 };

static void the_pmu_has_cycle_and_instret(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	assert_int_equal(CALL(h, PMU, 0, 0), OK);
	assert_int_equal(h->x[11], 3);
	assert_int_equal(CALL(h, PMU, 1, 0), OK);
	assert_int_equal(h->x[11], 0xc00 | 63 << 12);
	assert_int_equal(CALL(h, PMU, 1, 2), OK);
	assert_int_equal(h->x[11], 0xc02 | 63 << 12);
	assert_int_equal(CALL(h, PMU, 1, 1), INVALID_PARAM); /* time is no counter */
	assert_int_equal(CALL(h, PMU, 1, 3), INVALID_PARAM);
	assert_int_equal(CALL(h, PMU, 1, ALL), INVALID_PARAM);
	assert_int_equal(CALL(h, PMU, 5, 0), INVALID_PARAM); /* no firmware counters */
	assert_int_equal(CALL(h, PMU, 6, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, PMU, 7, 0), NOT_SUPPORTED);
	rig_free(r);
	(void)state;
}

/* As Linux does it: stop all, find, start at a value, read, stop. */
static void a_counter_is_found_started_at_a_value_and_stopped(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];
	u64 was;

	assert_int_equal(CALL(h, PMU, 4, 0, 5, 1), OK);
	assert_int_equal(CALL(h, PMU, 4, 0, 5, 1), ALREADY_STOPPED);
	assert_int_equal(CALL(h, PMU, 2, 0, 5, 0, INSNS_EVENT, 0), OK);
	assert_int_equal(h->x[11], 2);
	assert_int_equal(CALL(h, PMU, 2, 0, 5, 0, INSNS_EVENT, 0), NOT_SUPPORTED); /* taken */
	assert_int_equal(CALL(h, PMU, 3, 2, 1, 1, 1000), OK);
	assert_int_equal(CALL(h, PMU, 3, 2, 1, 1, 2000), ALREADY_STARTED);
	was = rig_get(h, 0xc02);
	assert_in_range(was, 1000, 1010);
	h->left -= 10;
	assert_int_equal(rig_get(h, 0xc02), was + 10);
	assert_int_equal(CALL(h, PMU, 4, 2, 1, 0), OK);
	was = rig_get(h, 0xc02);
	h->left -= 10;
	assert_int_equal(rig_get(h, 0xc02), was);
	rig_free(r);
	(void)state;
}

static void config_matching_clears_and_starts_as_told(void **state)
{
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	h->left -= 500;
	assert_int_equal(CALL(h, PMU, 2, 0, 5, CLEAR, CYCLES_EVENT, 0), OK);
	assert_int_equal(h->x[11], 0);
	h->left -= 10;
	assert_int_equal(rig_get(h, 0xc00), 0);
	assert_int_equal(CALL(h, PMU, 2, 2, 1, CLEAR | AUTO, INSNS_EVENT, 0), OK);
	assert_int_equal(rig_get(h, 0xc02), 0);
	h->left -= 10;
	assert_int_equal(rig_get(h, 0xc02), 10);
	assert_int_equal(CALL(h, PMU, 2, 0, 5, SKIP, 99, 0), OK);
	assert_int_equal(h->x[11], 0);
	rig_free(r);
	(void)state;
}

static void the_pmu_refuses_other_counters_events_and_snapshots(void **state)
{
	static const u64 sets[][2] = { { 0, 2 },   { 0, 8 },          { 1, 1 },       { 3, 1 },
				       { 0, ALL }, { ALL, 1 },        { 2, BIT(63) }, { 64, 1 },
				       { 0, 0 },   { 2, BIT(62) | 1 } };
	struct rig *r = sbi_rig(1, NULL);
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		u64 base = sets[i][0], mask = sets[i][1];

		assert_int_equal(CALL(h, PMU, 2, base, mask, 0, CYCLES_EVENT, 0), INVALID_PARAM);
		assert_int_equal(CALL(h, PMU, 3, base, mask, 0, 0), INVALID_PARAM);
		assert_int_equal(CALL(h, PMU, 4, base, mask, 0), INVALID_PARAM);
	}
	assert_int_equal(CALL(h, PMU, 2, 0, 5, 0, 3, 0), NOT_SUPPORTED);       /* cache misses */
	assert_int_equal(CALL(h, PMU, 2, 0, 5, 0, 0xf0005, 0), NOT_SUPPORTED); /* firmware */
	assert_int_equal(CALL(h, PMU, 2, 2, 1, 0, CYCLES_EVENT, 0), NOT_SUPPORTED);
	assert_int_equal(CALL(h, PMU, 2, 0, 5, 0x100, CYCLES_EVENT, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, PMU, 3, 0, 1, 2, 0), NO_SHMEM);
	assert_int_equal(CALL(h, PMU, 4, 0, 1, 2), NO_SHMEM);
	rig_free(r);
	(void)state;
}

/* -- Harts on threads
 * -------------------------------------------------------------------------------
 *
 * The engine's guest is a C function for each hart.
 */
typedef void script_fn(struct hart *h);
static script_fn *scripts[RIG_HARTS];

static void run_script(struct hart *h)
{
	scripts[h->index](h);
}

static const struct engine script_engine = { .name = "script", .doc = "runs C", .run = run_script };

static void just_run(struct hart *h)
{
	while (rig_goes_on(h))
		continue;
}

static void await(_Atomic u32 *n, u32 want)
{
	AWAIT(atomic_load(n) == want);
}

struct crowd {
	pthread_t threads[RIG_HARTS];
};

static struct crowd go_all(struct rig *r)
{
	struct crowd c;

	for (u32 i = 0; i < r->env.nharts; i++)
		c.threads[i] = rig_go(r->harts[i]);
	return c;
}

static void stop_all(struct rig *r, const struct crowd *c)
{
	for (u32 i = 0; i < r->env.nharts; i++)
		hart_stop(r->harts[i]);
	for (u32 i = 0; i < r->env.nharts; i++)
		pthread_join(c->threads[i], NULL);
}

/* -- HSM
 * ---------------------------------------------------------------------------------------------- */

static _Atomic u64 seen_pc, seen_a0, seen_a1, seen_satp, seen_sie;
static _Atomic u32 starts;

static void note_start_and_stop(struct hart *h)
{
	atomic_store(&seen_pc, h->pc);
	atomic_store(&seen_a0, h->x[10]);
	atomic_store(&seen_a1, h->x[11]);
	atomic_store(&seen_satp, h->satp);
	atomic_store(&seen_sie, h->mstatus & MSTATUS_SIE);
	h->satp = BIT(63);
	h->mstatus |= MSTATUS_SIE;
	atomic_fetch_add(&starts, 1);
	CALL(h, HSM, 1, 0);
	while (hart_poll(h))
		fail_msg("a stopped hart runs");
}

static struct rig *one_started(u32 nharts)
{
	const struct hart_start stopped = { .priv = PRIV_S, .stopped = true };
	struct rig *r = sbi_rig(nharts, &script_engine);

	for (u32 i = 1; i < nharts; i++)
		hart_reset(r->harts[i], &stopped);
	return r;
}

static void a_hart_is_started_stops_itself_and_is_started_again(void **state)
{
	struct rig *r = one_started(2);
	struct hart *h = r->harts[0];
	pthread_t t = rig_go(r->harts[1]);

	scripts[1] = note_start_and_stop;
	atomic_store(&starts, 0);
	for (u32 i = 1; i <= 100; i++) {
		assert_int_equal(CALL(h, HSM, 2, 1), OK);
		assert_int_equal(h->x[11], HSM_STOPPED);
		assert_int_equal(CALL(h, HSM, 0, 1, RIG_RAM + 4 * i, 1000 + i), OK);
		await(&starts, i);
		assert_int_equal(atomic_load(&seen_pc), RIG_RAM + 4 * i);
		assert_int_equal(atomic_load(&seen_a0), 1);
		assert_int_equal(atomic_load(&seen_a1), 1000 + i);
		assert_int_equal(atomic_load(&seen_satp), 0);
		assert_int_equal(atomic_load(&seen_sie), 0);
		await((_Atomic u32 *)&r->harts[1]->hsm, HSM_STOPPED);
	}
	hart_stop(r->harts[1]);
	pthread_join(t, NULL);
	rig_free(r);
	(void)state;
}

static void hart_start_refuses_bad_harts_and_addresses(void **state)
{
	struct rig *r = one_started(2);
	struct hart *h = r->harts[0];

	assert_int_equal(CALL(h, HSM, 0, 2, RIG_RAM, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, HSM, 0, ALL, RIG_RAM, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, HSM, 0, 0, RIG_RAM, 0), ALREADY_AVAILABLE);
	assert_int_equal(CALL(h, HSM, 0, 1, 0x1000, 0), INVALID_ADDRESS);
	assert_int_equal(CALL(h, HSM, 0, 1, RIG_RAM + RIG_SIZE, 0), INVALID_ADDRESS);
	assert_int_equal(CALL(h, HSM, 0, 1, ALL, 0), INVALID_ADDRESS);
	assert_int_equal(CALL(h, HSM, 0, 1, RIG_RAM, 0), OK);
	assert_int_equal(CALL(h, HSM, 0, 1, RIG_RAM, 0), ALREADY_AVAILABLE); /* pending */
	assert_int_equal(CALL(h, HSM, 2, 1), OK);
	assert_int_equal(h->x[11], HSM_START_PENDING);
	assert_int_equal(CALL(h, HSM, 2, 7), INVALID_PARAM);
	assert_int_equal(CALL(h, HSM, 2, 0), OK);
	assert_int_equal(h->x[11], HSM_STARTED);
	rig_free(r);
	(void)state;
}

static _Atomic u32 resumed;

static void suspend_once(struct hart *h)
{
	h->mie = BIT(IRQ_SSI);
	if (CALL(h, HSM, 3, 0) == OK)
		atomic_fetch_add(&resumed, 1);
	just_run(h);
}

static void a_suspended_hart_resumes_at_an_ipi(void **state)
{
	struct rig *r = sbi_rig(2, &script_engine);
	struct hart *h = r->harts[0];
	pthread_t t;

	atomic_store(&resumed, 0);
	scripts[1] = suspend_once;
	t = rig_go(r->harts[1]);
	await((_Atomic u32 *)&r->harts[1]->hsm, HSM_SUSPENDED);
	assert_int_equal(atomic_load(&resumed), 0);
	assert_int_equal(CALL(h, IPI, 0, 2, 0), OK);
	await(&resumed, 1);
	await((_Atomic u32 *)&r->harts[1]->hsm, HSM_STARTED);
	hart_stop(r->harts[1]);
	pthread_join(t, NULL);
	assert_int_equal(CALL(h, HSM, 3, 1), INVALID_PARAM);
	assert_int_equal(CALL(h, HSM, 3, 0x80000000), INVALID_PARAM);
	rig_free(r);
	(void)state;
}

/* -- RFENCE
 * ---------------------------------------------------------------------------------------------
 *
 * Sv39 tables in RAM: VA 0x1000 is one of two pages.  A round writes its number to the other
 * page, points the PTE there, fences, and then says the round is over.  Who has seen that must
 * not find an older number.
 */
enum { ROOT = 0x10000, MIDDLE = 0x11000, LEAF = 0x12000, PAGES = 0x20000, VA = 0x1000 };
enum { PTE_LEAF = 0xc7, PTE_NODE = 0x01 }; /* D A W R V, not global; V */

static _Atomic u64 rounds_over;
static _Atomic u32 stale, slices, fencer_done;

static _Atomic u64 *word(struct rig *r, u64 off)
{
	return (_Atomic u64 *)(void *)(r->ram + off);
}

static u64 pte(u64 off, u64 flags)
{
	return (RIG_RAM + off) >> 12 << 10 | flags;
}

static void map(struct rig *r)
{
	atomic_store(word(r, ROOT), pte(MIDDLE, PTE_NODE));
	atomic_store(word(r, MIDDLE), pte(LEAF, PTE_NODE));
	atomic_store(word(r, LEAF + 8), pte(PAGES, PTE_LEAF));
	for (u32 i = 0; i < r->env.nharts; i++) {
		r->harts[i]->satp = (u64)8 << 60 | (RIG_RAM + ROOT) >> 12;
		mmu_mode_changed(r->harts[i]);
	}
}

static void read_slice(struct hart *h)
{
	for (u32 i = 0; i < 200; i++) {
		u64 floor = atomic_load(&rounds_over);
		struct got got = rig_load8(h, VA);

		if (got.fault || got.value < floor)
			atomic_fetch_add(&stale, 1);
	}
	atomic_fetch_add(&slices, 1);
}

static void read_for_ever(struct hart *h)
{
	do
		read_slice(h);
	while (rig_goes_on(h));
}

static void read_and_sleep(struct hart *h)
{
	do {
		read_slice(h);
		hart_wait(h);
		atomic_fetch_and(&h->mip, ~BIT(IRQ_SSI));
	} while (rig_goes_on(h));
}

enum { ROUNDS = 2000 };

static void remap_and_fence(struct hart *h)
{
	struct rig *r = h->env->ctx;

	while (atomic_load(&slices) < 2) /* the others are there */
		continue;
	for (u64 i = 1; i <= ROUNDS; i++) {
		u64 page = PAGES + (i & 1) * 0x1000;

		atomic_store(word(r, page), i);
		atomic_store(word(r, LEAF + 8), pte(page, PTE_LEAF));
		switch (i % 3) {
		case 0:
			CALL(h, RFENCE, 1, 0, ALL, VA, 0x1000);
			break;
		case 1:
			CALL(h, RFENCE, 1, 0, ALL, 0, 0);
			break;
		case 2:
			CALL(h, RFENCE, 2, 0, ALL, 0, ALL, 0);
			break;
		}
		atomic_store(&rounds_over, i);
		CALL(h, IPI, 0, 0, ALL);
	}
	atomic_store(&fencer_done, 1);
	just_run(h);
}

static void a_remote_fence_is_done_when_the_call_returns(void **state)
{
	struct rig *r = sbi_rig(3, &script_engine);
	struct crowd c;

	atomic_store(&rounds_over, 0);
	atomic_store(&fencer_done, 0);
	atomic_store(&stale, 0);
	map(r);
	atomic_store(&slices, 0);
	r->harts[2]->mie = BIT(IRQ_SSI); /* wakes, but does not interrupt */
	scripts[0] = remap_and_fence;
	scripts[1] = read_for_ever;
	scripts[2] = read_and_sleep;
	c = go_all(r);
	await(&fencer_done, 1);
	stop_all(r, &c);
	assert_int_equal(atomic_load(&stale), 0);
	rig_free(r);
	(void)state;
}

static _Atomic u32 fencers;

static void fence_the_others(struct hart *h)
{
	for (u32 i = 0; i < 1000; i++) {
		if (i & 1)
			assert_int_equal(CALL(h, RFENCE, 0, 0, ALL), OK);
		else
			assert_int_equal(CALL(h, RFENCE, 1, 0, ALL, i * 4096, 4096), OK);
		rig_goes_on(h);
	}
	atomic_fetch_add(&fencers, 1);
	just_run(h);
}

static void harts_that_fence_each_other_all_go_on(void **state)
{
	struct rig *r = sbi_rig(4, &script_engine);
	struct crowd c;

	atomic_store(&fencers, 0);
	for (u32 i = 0; i < 4; i++)
		scripts[i] = fence_the_others;
	c = go_all(r);
	await(&fencers, 4);
	stop_all(r, &c);
	rig_free(r);
	(void)state;
}

static void nobody_waits_for_stopped_sleeping_or_absent_harts(void **state)
{
	struct rig *r = one_started(4);
	struct hart *h = r->harts[0];
	u64 epoch = r->harts[3]->code_epoch;
	pthread_t stopped = rig_go(r->harts[1]), waiting;

	scripts[2] = suspend_once;
	hart_reset(r->harts[2], &(struct hart_start){ .pc = RIG_RAM, .priv = PRIV_S });
	waiting = rig_go(r->harts[2]);
	await((_Atomic u32 *)&r->harts[2]->hsm, HSM_SUSPENDED);
	for (u32 i = 0; i < 100; i++) /* more than an inbox holds */
		assert_int_equal(CALL(h, RFENCE, i % 3, 0, ALL, i * 4096, 4096), OK);
	hart_stop(r->harts[1]);
	hart_stop(r->harts[2]);
	pthread_join(stopped, NULL);
	pthread_join(waiting, NULL);

	/* Hart 3 was not in hart_run(): it does it before its first instruction. */
	assert_int_equal(r->harts[3]->code_epoch, epoch);
	hart_stop(r->harts[3]);
	hart_run(r->harts[3]);
	assert_true(r->harts[3]->code_epoch > epoch);
	rig_free(r);
	(void)state;
}

/* An inbox holds a few fences; what does not fit must not be lost. */
static void fences_that_overflow_an_inbox_become_one_of_everything(void **state)
{
	struct rig *r = sbi_rig(2, NULL);
	struct hart *h = r->harts[0], *to = r->harts[1];

	map(r);
	for (u32 n = 1; n < 2 * INBOX_FENCES; n++) {
		atomic_store(word(r, LEAF + 8), pte(PAGES, PTE_LEAF));
		assert_false(mem_load(to, VA, 8).fault);
		atomic_store(word(r, LEAF + 8), 0);
		assert_false(rig_load8(to, VA).fault); /* still in its TLB */
		for (u32 i = 1; i < n; i++)
			CALL(h, RFENCE, 1, 2, 0, 0x100000 * i, 0x1000);
		CALL(h, RFENCE, 1, 2, 0, VA, 0x1000);
		inbox_unpark(to);
		assert_true(rig_load8(to, VA).fault);
		inbox_park(to);
	}
	rig_free(r);
	(void)state;
}

static void remote_fences_refuse_bad_masks_and_ranges(void **state)
{
	struct rig *r = sbi_rig(2, NULL);
	struct hart *h = r->harts[0];

	assert_int_equal(CALL(h, RFENCE, 0, 4, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, RFENCE, 1, 4, 0, 0, 0), INVALID_PARAM);
	assert_int_equal(CALL(h, RFENCE, 1, 3, 0, ALL - 4095, 8192), INVALID_ADDRESS);
	assert_int_equal(CALL(h, RFENCE, 2, 3, 0, 4096, ALL - 4095, 1), OK); /* ends at 2^64 */
	assert_int_equal(CALL(h, RFENCE, 2, 3, 0, 0, ALL, 1), OK);
	assert_int_equal(CALL(h, RFENCE, 1, 3, 0, 4096, ALL), OK); /* everything */
	for (u64 fid = 3; fid <= 6; fid++)
		assert_int_equal(CALL(h, RFENCE, fid, 3, 0, 0, 0), NOT_SUPPORTED);
	rig_free(r);
	(void)state;
}

static void a_fence_i_reaches_the_harts_of_the_mask_only(void **state)
{
	struct rig *r = sbi_rig(3, NULL);
	u64 before[3];

	for (u32 i = 0; i < 3; i++) {
		inbox_unpark(r->harts[i]);
		inbox_park(r->harts[i]);
		before[i] = r->harts[i]->code_epoch;
	}
	assert_int_equal(CALL(r->harts[0], RFENCE, 0, 5, 0), OK);
	for (u32 i = 0; i < 3; i++) {
		inbox_unpark(r->harts[i]);
		assert_int_equal(r->harts[i]->code_epoch > before[i], i != 1);
	}
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s_mode_starts_with_all_that_firmware_gives),
		cmocka_unit_test(svade_alone_gets_no_adue),
		cmocka_unit_test(every_exception_but_ecall_goes_to_s_mode),
		cmocka_unit_test(a_call_changes_a0_and_a1_only_and_returns_behind_the_ecall),
		cmocka_unit_test(unknown_extensions_and_functions_are_not_supported),
		cmocka_unit_test(base_says_version_2_0_and_what_there_is),
		cmocka_unit_test(set_timer_works_with_and_without_sstc),
		cmocka_unit_test(a_timer_in_the_past_interrupts_right_after_the_call),
		cmocka_unit_test(hart_masks_count_from_their_base),
		cmocka_unit_test(harts_without_s_mode_are_not_in_any_mask),
		cmocka_unit_test(system_reset_tells_the_machine_and_does_not_return),
		cmocka_unit_test(legacy_shutdown_powers_off),
		cmocka_unit_test(the_debug_console_writes_ram),
		cmocka_unit_test(a_long_write_is_partial),
		cmocka_unit_test(the_debug_console_refuses_what_is_not_ram),
		cmocka_unit_test(the_debug_console_reads_what_there_is),
		cmocka_unit_test(the_legacy_console_reads_and_writes_a_byte),
		cmocka_unit_test(the_pmu_has_cycle_and_instret),
		cmocka_unit_test(a_counter_is_found_started_at_a_value_and_stopped),
		cmocka_unit_test(config_matching_clears_and_starts_as_told),
		cmocka_unit_test(the_pmu_refuses_other_counters_events_and_snapshots),
		cmocka_unit_test(a_hart_is_started_stops_itself_and_is_started_again),
		cmocka_unit_test(hart_start_refuses_bad_harts_and_addresses),
		cmocka_unit_test(a_suspended_hart_resumes_at_an_ipi),
		cmocka_unit_test(a_remote_fence_is_done_when_the_call_returns),
		cmocka_unit_test(harts_that_fence_each_other_all_go_on),
		cmocka_unit_test(nobody_waits_for_stopped_sleeping_or_absent_harts),
		cmocka_unit_test(fences_that_overflow_an_inbox_become_one_of_everything),
		cmocka_unit_test(remote_fences_refuse_bad_masks_and_ranges),
		cmocka_unit_test(a_fence_i_reaches_the_harts_of_the_mask_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
