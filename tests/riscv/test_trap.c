/* Exceptions, interrupts, the returns from them, and waiting for them. */
#include "patience.h"
#include "rig.h"

#include <time.h>

#define BIT(n) ((u64)1 << (n))
#define IRQ(n) (BIT(63) | (n))
#define MVEC   (RIG_RAM + 0x1000)
#define SVEC   (RIG_RAM + 0x2000)

enum { EPC = 0x400, MS_NS = 1000000 };

static struct rig *trap_rig(void)
{
	struct rig *r = rig_one();

	r->harts[0]->mtvec = MVEC;
	r->harts[0]->stvec = SVEC;
	return r;
}

/* -- Exceptions --------------------------------------------------------------------------- */

static void expect_m(const struct hart *h, enum priv from, u64 cause, u64 epc, u64 tval)
{
	assert_int_equal(h->priv, PRIV_M);
	assert_int_equal(h->mcause, cause);
	assert_int_equal(h->mepc, epc);
	assert_int_equal(h->mtval, tval);
	assert_int_equal((h->mstatus & MSTATUS_MPP) >> 11, from);
}

static void expect_s(const struct hart *h, enum priv from, u64 cause, u64 epc, u64 tval)
{
	assert_int_equal(h->priv, PRIV_S);
	assert_int_equal(h->scause, cause);
	assert_int_equal(h->sepc, epc);
	assert_int_equal(h->stval, tval);
	assert_int_equal(!!(h->mstatus & MSTATUS_SPP), from == PRIV_S);
}

/* trap:49 */
static void an_exception_goes_where_medeleg_says_but_never_down_from_m(void **state)
{
	static const enum priv from[] = { PRIV_U, PRIV_S, PRIV_M };
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	for (u32 cause = 0; cause < 16; cause++)
		for (u32 p = 0; p < 3; p++)
			for (u32 d = 0; d < 2; d++) {
				h->medeleg = d ? BIT(cause) : ~BIT(cause);
				rig_priv(h, from[p]);
				h->mcause = h->scause = 99;
				trap_raise(h, EPC, (enum cause)cause, 0x77);
				if (d && from[p] != PRIV_M) {
					expect_s(h, from[p], cause, EPC, 0x77);
					assert_int_equal(h->pc, SVEC);
					assert_int_equal(h->mcause, 99);
				} else {
					expect_m(h, from[p], cause, EPC, 0x77);
					assert_int_equal(h->pc, MVEC);
					assert_int_equal(h->scause, 99);
				}
			}
	rig_free(r);
	(void)state;
}

static void a_trap_saves_and_clears_the_interrupt_enable_of_its_mode(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	for (u32 on = 0; on < 2; on++) {
		u64 m = on ? MSTATUS_MIE : MSTATUS_MPIE, s = on ? MSTATUS_SIE : MSTATUS_SPIE;

		h->mstatus = m | s;
		rig_priv(h, PRIV_S);
		h->medeleg = 0;
		trap_raise(h, EPC, CAUSE_BREAKPOINT, 0);
		assert_int_equal(h->mstatus & (MSTATUS_MIE | MSTATUS_MPIE), on ? MSTATUS_MPIE : 0);
		assert_int_equal(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE), s);

		h->mstatus = m | s;
		rig_priv(h, PRIV_S);
		h->medeleg = BIT(CAUSE_BREAKPOINT);
		trap_raise(h, EPC, CAUSE_BREAKPOINT, 0);
		assert_int_equal(h->mstatus & (MSTATUS_SIE | MSTATUS_SPIE), on ? MSTATUS_SPIE : 0);
		assert_int_equal(h->mstatus & (MSTATUS_MIE | MSTATUS_MPIE), m);
	}
	rig_free(r);
	(void)state;
}

static void a_trap_ends_the_reservation(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	h->reserved = r->ram;
	trap_raise(h, EPC, CAUSE_BREAKPOINT, 0);
	assert_null(h->reserved);
	rig_free(r);
	(void)state;
}

static const struct op no_operands = { .len = 2, .rd = X_SINK };

/* trap:53 trap:54 */
static void ecall_and_ebreak_say_their_cause_and_do_not_retire(void **state)
{
	static const struct {
		enum priv priv;
		u64 cause;
	} t[] = { { PRIV_U, 8 }, { PRIV_S, 9 }, { PRIV_M, 11 } };
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];
	u64 before = hart_instret(h);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		rig_priv(h, t[i].priv);
		h->mtval = 1;
		assert_true(help_ecall(h, &no_operands, EPC));
		expect_m(h, t[i].priv, t[i].cause, EPC, 0);
		rig_priv(h, t[i].priv);
		assert_true(help_ebreak(h, &no_operands, EPC));
		expect_m(h, t[i].priv, 3, EPC, EPC);
	}
	assert_int_equal(hart_instret(h), before);
	rig_free(r);
	(void)state;
}

/* -- Returns --------------------------------------------------------------------------------- */

/* trap:41 */
static void mret_goes_to_mpp_and_leaves_mpie_1_and_mpp_u(void **state)
{
	static const enum priv to[] = { PRIV_U, PRIV_S, PRIV_M };
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	for (u32 p = 0; p < 3; p++)
		for (u32 on = 0; on < 2; on++) {
			u64 mprv = to[p] == PRIV_M ? MSTATUS_MPRV : 0; /* only M keeps it */

			rig_priv(h, PRIV_M);
			h->mstatus = MSTATUS_MPRV | (u64)to[p] << 11;
			h->mstatus |= on ? MSTATUS_MPIE : MSTATUS_MIE;
			h->mepc = 0x1234;
			assert_true(help_mret(h, &no_operands, EPC));
			assert_int_equal(h->priv, to[p]);
			assert_int_equal(h->pc, 0x1234);
			assert_int_equal(h->mstatus, mprv | MSTATUS_MPIE | (on ? MSTATUS_MIE : 0));
		}
	rig_free(r);
	(void)state;
}

/* trap:41 */
static void sret_goes_to_spp_leaves_spie_1_and_spp_u_and_clears_mprv(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	for (u32 s = 0; s < 2; s++)
		for (u32 on = 0; on < 2; on++) {
			rig_priv(h, on ? PRIV_S : PRIV_M); /* M may do it, too */
			h->mstatus = MSTATUS_MPRV | (s ? MSTATUS_SPP : 0);
			h->mstatus |= on ? MSTATUS_SPIE : MSTATUS_SIE;
			h->sepc = 0x1234;
			assert_true(help_sret(h, &no_operands, EPC));
			assert_int_equal(h->priv, s ? PRIV_S : PRIV_U);
			assert_int_equal(h->pc, 0x1234);
			assert_int_equal(h->mstatus, MSTATUS_SPIE | (on ? MSTATUS_SIE : 0));
		}
	rig_free(r);
	(void)state;
}

/* trap:42 */
static void returns_are_illegal_below_their_mode_and_sret_under_tsr(void **state)
{
	static const struct {
		help_fn *f;
		enum priv priv;
		u64 status;
		bool legal;
	} t[] = {
		{ help_mret, PRIV_M, MSTATUS_TSR, true },
		{ help_mret, PRIV_S, 0, false },
		{ help_mret, PRIV_U, 0, false },
		{ help_sret, PRIV_M, MSTATUS_TSR, true },
		{ help_sret, PRIV_S, 0, true },
		{ help_sret, PRIV_U, 0, false },
		{ help_sret, PRIV_S, MSTATUS_TSR, false },
	};
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		u64 traps = hart_stats(h).traps;

		rig_priv(h, t[i].priv);
		h->mstatus = t[i].status;
		assert_true(t[i].f(h, &no_operands, RIG_RAM));
		assert_int_equal(hart_stats(h).traps == traps, t[i].legal);
		if (!t[i].legal)
			expect_m(h, t[i].priv, CAUSE_ILLEGAL, RIG_RAM, 0);
	}
	rig_free(r);
	(void)state;
}

/* -- Interrupts ------------------------------------------------------------------------------ */

static void raise_all(struct hart *h)
{
	static const enum irq lines[] = { IRQ_SSI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_MEI };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		hart_input(h, lines[i], true);
	atomic_fetch_or(&h->mip, BIT(IRQ_STI));
}

static void lower(struct hart *h, enum irq irq)
{
	atomic_fetch_and(&h->lines, ~BIT(irq));
	atomic_fetch_and(&h->mip, ~BIT(irq));
}

/* trap:45 */
static void interrupts_come_in_the_order_mei_msi_mti_sei_ssi_sti(void **state)
{
	static const enum irq order[] = { IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI };
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	raise_all(h);
	h->mie = 0xaaa;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		rig_priv(h, PRIV_M);
		h->mstatus = MSTATUS_MIE;
		h->pc = EPC;
		assert_true(hart_poll(h));
		expect_m(h, PRIV_M, IRQ(order[i]), EPC, 0);
		lower(h, order[i]);
	}
	h->mstatus = MSTATUS_MIE;
	h->pc = EPC;
	assert_true(hart_poll(h));
	assert_int_equal(h->pc, EPC);
	rig_free(r);
	(void)state;
}

/* trap:45 - whatever the order above says: who takes it comes first. */
static void an_interrupt_for_m_comes_before_any_for_s(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	raise_all(h);
	h->mie = BIT(IRQ_SEI) | BIT(IRQ_SSI) | BIT(IRQ_STI);
	h->mideleg = BIT(IRQ_SEI) | BIT(IRQ_SSI);
	rig_priv(h, PRIV_S);
	h->mstatus = MSTATUS_SIE;
	h->pc = EPC;
	hart_poll(h);
	expect_m(h, PRIV_S, IRQ(IRQ_STI), EPC, 0); /* the least, but not delegated */

	lower(h, IRQ_STI);
	rig_priv(h, PRIV_S);
	h->mstatus = MSTATUS_SIE;
	h->pc = EPC;
	hart_poll(h);
	expect_s(h, PRIV_S, IRQ(IRQ_SEI), EPC, 0);
	rig_free(r);
	(void)state;
}

static void an_enable_bit_counts_only_in_its_own_mode(void **state)
{
	/* Is it taken with the enable bit of its mode clear, set? */
	static const struct {
		enum priv priv;
		bool delegated, clear, set;
	} t[] = {
		{ PRIV_U, false, true, true },  { PRIV_S, false, true, true },
		{ PRIV_M, false, false, true }, { PRIV_U, true, true, true },
		{ PRIV_S, true, false, true },  { PRIV_M, true, false, false },
	};
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	atomic_fetch_or(&h->mip, BIT(IRQ_SSI));
	h->mie = BIT(IRQ_SSI);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (u32 on = 0; on < 2; on++) {
			u64 taken = hart_stats(h).interrupts;

			h->mideleg = t[i].delegated ? BIT(IRQ_SSI) : 0;
			h->mstatus = on ? MSTATUS_SIE | MSTATUS_MIE : 0;
			rig_priv(h, t[i].priv);
			hart_poll(h);
			assert_int_equal(hart_stats(h).interrupts - taken,
					 on ? t[i].set : t[i].clear);
		}
	rig_free(r);
	(void)state;
}

/* trap:44 */
static void vectors_are_for_interrupts_only(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	h->mtvec = MVEC | 1;
	h->stvec = SVEC | 1;
	h->mie = 0xaaa;
	hart_input(h, IRQ_MTI, true);
	h->mstatus = MSTATUS_MIE;
	hart_poll(h);
	assert_int_equal(h->pc, MVEC + 4 * IRQ_MTI);
	lower(h, IRQ_MTI);

	h->mideleg = BIT(IRQ_SEI);
	hart_input(h, IRQ_SEI, true);
	rig_priv(h, PRIV_U);
	hart_poll(h);
	assert_int_equal(h->pc, SVEC + 4 * IRQ_SEI);

	trap_raise(h, EPC, CAUSE_LOAD_PAGE, 0);
	assert_int_equal(h->pc, MVEC);
	h->medeleg = BIT(CAUSE_LOAD_PAGE);
	rig_priv(h, PRIV_U);
	trap_raise(h, EPC, CAUSE_LOAD_PAGE, 0);
	assert_int_equal(h->pc, SVEC);
	rig_free(r);
	(void)state;
}

static void writes_that_make_an_interrupt_possible_leave_the_handler(void **state)
{
	static const struct {
		u32 csr;
		u64 value;
	} t[] = { { 0x300, MSTATUS_MIE }, { 0x304, BIT(IRQ_SSI) }, { 0x344, BIT(IRQ_SSI) } };
	const struct op op = { .rd = X_SINK, .rs1 = 5, .len = 2 };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct rig *r = trap_rig();
		struct hart *h = r->harts[0];
		struct op this = op;

		h->mstatus = MSTATUS_MIE;
		h->mie = BIT(IRQ_SSI);
		atomic_store(&h->mip, BIT(IRQ_SSI));
		rig_set(h, t[i].csr, 0);
		this.imm = (i32)(t[i].csr << 20);
		h->x[5] = t[i].value;
		atomic_store(&h->event, 0);
		assert_true(help_csrrw(h, &this, EPC));
		assert_int_equal(h->pc, EPC + 4);
		assert_true(atomic_load(&h->event));
		hart_poll(h);
		expect_m(h, PRIV_M, IRQ(IRQ_SSI), EPC + 4, 0);
		rig_free(r);
	}
	(void)state;
}

static void an_mret_that_unmasks_an_interrupt_is_followed_by_it(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	hart_input(h, IRQ_MTI, true);
	h->mie = BIT(IRQ_MTI);
	h->mstatus = MSTATUS_MPIE | MSTATUS_MPP;
	h->mepc = 0x1234;
	atomic_store(&h->event, 0);
	assert_true(help_mret(h, &no_operands, EPC));
	assert_true(atomic_load(&h->event));
	hart_poll(h);
	expect_m(h, PRIV_M, IRQ(IRQ_MTI), 0x1234, 0);
	rig_free(r);
	(void)state;
}

static void an_ssi_input_is_an_edge_that_software_clears(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	hart_input(h, IRQ_SSI, true);
	hart_input(h, IRQ_SSI, false);
	assert_int_equal(rig_get(h, 0x344), BIT(IRQ_SSI));
	rig_set(h, 0x344, 0);
	assert_int_equal(rig_get(h, 0x344), 0);
	rig_free(r);
	(void)state;
}

/* -- Waiting, on one thread ------------------------------------------------------------------ */

/* trap:43 - no matter what mstatus and mideleg say. */
static void wfi_ends_at_once_if_an_enabled_interrupt_is_pending(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	hart_input(h, IRQ_SEI, true);
	h->mie = BIT(IRQ_SEI);
	for (u32 deleg = 0; deleg < 2; deleg++) {
		h->mideleg = deleg ? BIT(IRQ_SEI) : 0;
		h->mstatus = 0;
		rig_priv(h, PRIV_M);
		assert_true(help_wfi(h, &no_operands, EPC));
		assert_int_equal(h->pc, EPC + 4);
	}
	assert_int_equal(hart_stats(h).wfi, 0);
	rig_free(r);
	(void)state;
}

/* trap:42 */
static void wfi_that_would_wait_is_illegal_in_u_mode_and_under_tw(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	rig_priv(h, PRIV_U);
	assert_true(help_wfi(h, &no_operands, RIG_RAM));
	expect_m(h, PRIV_U, CAUSE_ILLEGAL, RIG_RAM, 0);
	h->mstatus = MSTATUS_TW;
	rig_priv(h, PRIV_S);
	assert_true(help_wfi(h, &no_operands, RIG_RAM));
	expect_m(h, PRIV_S, CAUSE_ILLEGAL, RIG_RAM, 0);

	hart_input(h, IRQ_MEI, true);
	h->mie = BIT(IRQ_MEI);
	rig_priv(h, PRIV_U);
	assert_true(help_wfi(h, &no_operands, RIG_RAM));
	assert_int_equal(h->pc, RIG_RAM + 4);
	rig_free(r);
	(void)state;
}

static u64 thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static u64 sleep_100_ms(struct hart *h)
{
	u64 start = now_ns(), cpu, slept;

	rig_set(h, 0x14d, timebase_ticks(h->env->time) + 1000000);
	cpu = thread_cpu_ns();
	assert_true(help_wfi(h, &no_operands, EPC));
	cpu = thread_cpu_ns() - cpu;
	slept = now_ns() - start;
	assert_true(rig_get(h, 0x344) & BIT(IRQ_STI));
	assert_true(slept >= 100 * MS_NS);
	assert_in_range(cpu, 0, 5 * MS_NS);
	return slept;
}

/* trap:48 - nobody kicks this hart: it knows when to wake. */
static void wfi_sleeps_until_stimecmp_and_costs_no_cpu(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	rig_set(h, 0x30a, ENVCFG_STCE);
	rig_set(h, 0x304, BIT(IRQ_STI));
	AWAIT(sleep_100_ms(h) < 200 * MS_NS); /* later where others have the CPU */
	rig_free(r);
	(void)state;
}

static u64 wait_for_a_store(struct hart *h)
{
	u64 start = now_ns();

	atomic_store(&h->event, 0);
	assert_true(help_wrs_nto(h, &no_operands, EPC));
	assert_int_equal(h->pc, EPC + 4);
	assert_true(help_wrs_sto(h, &no_operands, EPC));
	return now_ns() - start;
}

static void wrs_ends_by_itself(void **state)
{
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];

	h->reserved = r->ram;
	h->reserved_size = 8;
	h->reserved_value = 0;
	AWAIT(wait_for_a_store(h) < 500 * MS_NS);
	rig_free(r);
	(void)state;
}

/* -- Threads --------------------------------------------------------------------------------- */

/* An engine whose guest is C: it counts the interrupts that end its WFIs. */
static _Atomic u32 woken;

static void wfi_loop(struct hart *h)
{
	h->mie = BIT(IRQ_MEI);
	do {
		help_wfi(h, &no_operands, EPC);
		if (atomic_load(&h->lines) & BIT(IRQ_MEI)) {
			hart_input(h, IRQ_MEI, false);
			atomic_fetch_add(&woken, 1);
		}
	} while (hart_poll(h));
}

static const struct engine wfi_engine = { .name = "wfi", .doc = "waits", .run = wfi_loop };

static void wake_up_again_and_again(u64 spin_ns)
{
	enum { ROUNDS = 10000 };
	struct rig *r = rig_start(rig_plan(RIG_ISA, 1), &wfi_engine);
	pthread_t t;

	r->harts[0]->spin_max_ns = spin_ns;
	atomic_store(&woken, 0);
	t = rig_go(r->harts[0]);
	for (u32 i = 1; i <= ROUNDS; i++) {
		/* all moments between "runs" and "sleeps" */
		for (volatile u32 wait = i % 97 * 20; wait; wait--)
			continue;
		hart_input(r->harts[0], IRQ_MEI, true);
		AWAIT(atomic_load(&woken) >= i);
	}
	hart_stop(r->harts[0]);
	pthread_join(t, NULL);
	assert_int_equal(atomic_load(&woken), ROUNDS);
	rig_free(r);
}

/* trap:43 - a lost wake-up leaves the hart asleep, and this test stuck. */
static void ten_thousand_wake_ups_and_none_is_lost(void **state)
{
	wake_up_again_and_again(0);
	wake_up_again_and_again(40000);
	(void)state;
}

static void hart_stop_ends_a_wfi_and_the_next_run_goes_on(void **state)
{
	struct rig *r = rig_start(rig_plan(RIG_ISA, 1), &wfi_engine);
	struct hart *h = r->harts[0];

	atomic_store(&woken, 0);
	for (u32 i = 1; i <= 20; i++) {
		pthread_t t = rig_go(h);

		usleep(i % 3 * 1000);
		hart_stop(h);
		pthread_join(t, NULL); /* or this never returns */

		t = rig_go(h);
		hart_input(h, IRQ_MEI, true);
		AWAIT(atomic_load(&woken) >= i);
		hart_stop(h);
		pthread_join(t, NULL);
	}
	rig_free(r);
	(void)state;
}

static void a_stop_before_the_run_is_not_lost(void **state)
{
	struct rig *r = rig_start(rig_plan(RIG_ISA, 1), &wfi_engine);

	hart_stop(r->harts[0]);
	hart_run(r->harts[0]); /* or this never returns */
	rig_free(r);
	(void)state;
}

static void timer_loop(struct hart *h)
{
	h->mie = BIT(IRQ_STI);
	do {
		help_wfi(h, &no_operands, EPC);
		if (h->stip)
			atomic_fetch_add(&woken, 1);
	} while (hart_poll(h));
}

static const struct engine timer_engine = { .name = "timer", .doc = "waits", .run = timer_loop };

/* Someone else sets the clock forward, and kicks. */
static void a_kick_makes_a_sleeping_hart_look_at_the_time_again(void **state)
{
	struct rig *r = rig_start(rig_plan(RIG_ISA, 1), &timer_engine);
	struct hart *h = r->harts[0];
	pthread_t t;

	rig_set(h, 0x30a, ENVCFG_STCE);
	rig_set(h, 0x14d, timebase_ticks(&r->time) + 10000000000); /* 1000 s */
	atomic_store(&woken, 0);
	t = rig_go(h);
	AWAIT(atomic_load(&h->inbox.asleep));
	assert_int_equal(atomic_load(&woken), 0);
	timebase_set(&r->time, timebase_ticks(&r->time) + 20000000000);
	hart_kick(h);
	AWAIT(atomic_load(&woken));
	hart_stop(h);
	pthread_join(t, NULL);
	rig_free(r);
	(void)state;
}

static void statistics_can_be_read_while_the_hart_runs(void **state)
{
	struct rig *r = rig_start(rig_plan(RIG_ISA, 1), &wfi_engine);
	struct hart *h = r->harts[0];
	pthread_t t = rig_go(h);
	struct hart_stats s;

	atomic_store(&woken, 0);
	for (u32 i = 1; i <= 100; i++) {
		hart_input(h, IRQ_MEI, true);
		AWAIT(atomic_load(&woken) >= i);
		hart_stats(h);
	}
	hart_stop(h);
	pthread_join(t, NULL);
	s = hart_stats(h);
	assert_in_range(s.instructions, 100, 100000);
	assert_int_equal(s.instructions, hart_instret(h));
	rig_free(r);
	(void)state;
}

static void reset_is_the_power_on_state(void **state)
{
	const struct hart_start start = { .pc = 0x1000, .a0 = 1, .a1 = 2, .a2 = 3, .priv = PRIV_M };
	struct rig *r = trap_rig();
	struct hart *h = r->harts[0];
	struct hart_view v;

	for (u32 i = 1; i < 32; i++)
		h->x[i] = 99;
	raise_all(h);
	h->mie = h->mideleg = h->medeleg = UINT64_MAX;
	h->satp = (u64)8 << 60;
	h->pmpcfg[3] = 0x9f;
	trap_raise(h, EPC, CAUSE_BREAKPOINT, 5);
	hart_look(h, &v);
	assert_int_equal(v.cause, CAUSE_BREAKPOINT);
	assert_int_equal(v.epc, EPC);
	assert_int_equal(v.tval, 5);

	hart_reset(h, &start);
	hart_look(h, &v);
	assert_int_equal(v.pc, 0x1000);
	assert_int_equal(v.priv, PRIV_M);
	for (u32 i = 0; i < 32; i++)
		assert_int_equal(v.x[i], i >= 10 && i <= 12 ? i - 9 : 0);
	assert_int_equal(rig_get(h, 0x300), 0xa00000000);
	assert_int_equal(rig_get(h, 0x344), 0);
	assert_int_equal(h->mie | h->mideleg | h->medeleg | h->satp | h->pmpcfg[3], 0);
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exception_goes_where_medeleg_says_but_never_down_from_m),
		cmocka_unit_test(a_trap_saves_and_clears_the_interrupt_enable_of_its_mode),
		cmocka_unit_test(a_trap_ends_the_reservation),
		cmocka_unit_test(ecall_and_ebreak_say_their_cause_and_do_not_retire),
		cmocka_unit_test(mret_goes_to_mpp_and_leaves_mpie_1_and_mpp_u),
		cmocka_unit_test(sret_goes_to_spp_leaves_spie_1_and_spp_u_and_clears_mprv),
		cmocka_unit_test(returns_are_illegal_below_their_mode_and_sret_under_tsr),
		cmocka_unit_test(interrupts_come_in_the_order_mei_msi_mti_sei_ssi_sti),
		cmocka_unit_test(an_interrupt_for_m_comes_before_any_for_s),
		cmocka_unit_test(an_enable_bit_counts_only_in_its_own_mode),
		cmocka_unit_test(vectors_are_for_interrupts_only),
		cmocka_unit_test(writes_that_make_an_interrupt_possible_leave_the_handler),
		cmocka_unit_test(an_mret_that_unmasks_an_interrupt_is_followed_by_it),
		cmocka_unit_test(an_ssi_input_is_an_edge_that_software_clears),
		cmocka_unit_test(wfi_ends_at_once_if_an_enabled_interrupt_is_pending),
		cmocka_unit_test(wfi_that_would_wait_is_illegal_in_u_mode_and_under_tw),
		cmocka_unit_test(wfi_sleeps_until_stimecmp_and_costs_no_cpu),
		cmocka_unit_test(wrs_ends_by_itself),
		cmocka_unit_test(ten_thousand_wake_ups_and_none_is_lost),
		cmocka_unit_test(hart_stop_ends_a_wfi_and_the_next_run_goes_on),
		cmocka_unit_test(a_stop_before_the_run_is_not_lost),
		cmocka_unit_test(a_kick_makes_a_sleeping_hart_look_at_the_time_again),
		cmocka_unit_test(statistics_can_be_read_while_the_hart_runs),
		cmocka_unit_test(reset_is_the_power_on_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
