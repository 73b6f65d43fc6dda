/* hart.c - the life of a hart: made, reset, run, waiting, stopped
 *
 * A hart that waits spins for a moment and then sleeps.  The moment adapts: it grows while
 * events come soon after the hart fell asleep, and shrinks to nothing while they do not, so
 * an idle hart costs no host CPU.
 */
#include "csr.h"

#include <sched.h>

enum {
	SPIN_MAX_NS = 40000, /* about what a sleep and a wake-up cost */
	SPIN_STEP_NS = 4000,
	PAUSES_ALONE = 64, /* that give up no CPU */
	A0 = 10
};

static const u64 WAITING = (u64)1 << 63; /* in `waits_for`; no interrupt has this number */

/* -- Making ------------------------------------------------------------------------- */

static u64 spin_limit(const struct hart_env *env)
{
	return env->cpus > 1 && env->nharts <= env->cpus ? SPIN_MAX_NS : 0;
}

struct hart *hart_new(const struct hart_config *config, const struct hart_env *env, u32 index,
		      const struct engine *engine)
{
	struct hart *h = xaligned(CACHE_LINE, sizeof(*h));

	assert(config->pmp_entries <= PMP_MAX);
	assert(config->s_mode || (config->mmu == MMU_NONE && !env->sbi));
	h->config = config;
	h->env = env;
	h->index = index;
	h->engine = engine;
	h->decoder = decoder_new(&config->isa);
	h->mmu = mmu_new();
	h->code = code_new();
	h->spin_max_ns = spin_limit(env);
	h->armed_ns = NEVER_NS;
	inbox_init(&h->inbox);
	csr_init(h);
	if (engine && engine->attach)
		engine->attach(h);
	return h;
}

void hart_free(struct hart *h)
{
	if (!h)
		return;
	if (h->engine && h->engine->detach)
		h->engine->detach(h);
	inbox_fini(&h->inbox);
	code_free(h->code);
	mmu_free(h->mmu);
	decoder_free(h->decoder);
	free(h);
}

void hart_power_on(struct hart *h, const struct hart_start *start)
{
	memset(h->x, 0, sizeof(h->x));
	memset(h->f, 0, sizeof(h->f));
	h->pc = start->pc;
	h->x[A0] = start->a0;
	h->x[A0 + 1] = start->a1;
	h->x[A0 + 2] = start->a2;
	h->priv = start->priv;
	h->reserved = NULL;
	memset(&h->last_trap, 0, sizeof(h->last_trap));
	csr_reset(h);
	if (h->env->sbi)
		sbi_reset(h);
	pmp_changed(h); /* drops translations too */
	mmu_mode_changed(h);
	code_fence(h);
	hart_timer_changed(h);
}

void hart_reset(struct hart *h, const struct hart_start *start)
{
	atomic_store(&h->stopping, false);
	atomic_store(&h->lines, 0);
	for (u32 i = 0; i < ARRAY_LEN(h->imsic); i++)
		imsic_reset(&h->imsic[i]);
	hart_power_on(h, start);
	atomic_store(&h->hsm, start->stopped ? HSM_STOPPED : HSM_STARTED);
}

/* -- Harts compared ------------------------------------------------------------------- */

/* The members from one to another, in the order of struct hart. */
#define STATE(first, behind)                                                                       \
	{                                                                                          \
		offsetof(struct hart, first),                                                      \
			offsetof(struct hart, behind) - offsetof(struct hart, first), #first       \
	}

static const struct {
	size_t at, size;
	const char *name;
} states[] = {
	STATE(pc, left),
	STATE(x, f),
	STATE(f, ctx),
	STATE(mstatus, fflags),
	STATE(fflags, frm),
	STATE(frm, pc),
	STATE(reserved, reserved_value),
	STATE(priv, satp),
	STATE(satp, mtvec),
	STATE(mtvec, mscratch),
	STATE(mscratch, mepc),
	STATE(mepc, mcause),
	STATE(mcause, mtval),
	STATE(mtval, medeleg),
	STATE(medeleg, mie),
	STATE(mie, stvec),
	STATE(stvec, sscratch),
	STATE(sscratch, sepc),
	STATE(sepc, scause),
	STATE(scause, stval),
	STATE(stval, menvcfg),
	STATE(menvcfg, minstret_skew),
	STATE(minstret_skew, pmpcfg),
	STATE(pmpcfg, csr_rows),
};

static void copy_own_of_file(struct imsic_file *to, const struct imsic_file *from)
{
	to->words = from->words;
	memcpy(to->eie, from->eie, from->words * sizeof(from->eie[0]));
	to->eidelivery = from->eidelivery;
	to->eithreshold = from->eithreshold;
}

/* What no other thread changes. */
static void copy_own(struct hart *to, const struct hart *from)
{
	u8 *t = (u8 *)to;
	const u8 *f = (const u8 *)from;

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		memcpy(t + states[i].at, f + states[i].at, states[i].size);
	to->left = from->left;
	to->until = from->until;
	to->reserved_value = from->reserved_value;
	to->reserved_size = from->reserved_size;
	to->stip = from->stip;
	to->last_trap = from->last_trap;
	for (size_t i = 0; i < ARRAY_LEN(to->imsic); i++)
		copy_own_of_file(&to->imsic[i], &from->imsic[i]);
}

void hart_copy(struct hart *to, const struct hart *from)
{
	copy_own(to, from);
	atomic_store(&to->mip, atomic_load(&from->mip));
	atomic_store(&to->lines, atomic_load(&from->lines));
	for (size_t i = 0; i < ARRAY_LEN(to->imsic); i++)
		for (u32 w = 0; w < from->imsic[i].words; w++)
			atomic_store(&to->imsic[i].eip[w], atomic_load(&from->imsic[i].eip[w]));
}

/* Of bits that other threads set those that this hart changed. */
static void undo_bits(_Atomic u64 *at, u64 before, u64 after)
{
	u64 changed = before ^ after;

	atomic_fetch_and(at, ~(changed & after));
	atomic_fetch_or(at, changed & before);
}

void hart_undo(struct hart *h, const struct hart *before, const struct hart *after)
{
	copy_own(h, before);
	undo_bits(&h->mip, before->mip, after->mip);
	for (size_t i = 0; i < ARRAY_LEN(h->imsic); i++)
		for (u32 w = 0; w < h->imsic[i].words; w++)
			undo_bits(&h->imsic[i].eip[w], before->imsic[i].eip[w],
				  after->imsic[i].eip[w]);
}

static const char *own_difference(const struct hart *want, const struct hart *h)
{
	const u8 *x = (const u8 *)want, *y = (const u8 *)h;

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		size_t size = states[i].size;

		if (states[i].at == offsetof(struct hart, x))
			size -= sizeof(h->x[0]); /* the sink */
		if (memcmp(x + states[i].at, y + states[i].at, size) != 0)
			return states[i].name;
	}
	return NULL;
}

/* Other threads may have set some since, but nobody else clears any. */
static bool bits_agree(u64 before, u64 want, u64 is)
{
	return !(want & ~is) && !(before & ~want & is);
}

static bool file_agrees(const struct imsic_file *before, const struct imsic_file *want,
			const struct imsic_file *f)
{
	for (u32 w = 0; w < f->words; w++)
		if (want->eie[w] != f->eie[w] ||
		    !bits_agree(before->eip[w], want->eip[w], f->eip[w]))
			return false;
	return want->eidelivery == f->eidelivery && want->eithreshold == f->eithreshold;
}

const char *hart_difference(const struct hart *before, const struct hart *want,
			    const struct hart *h)
{
	const char *what;

	if (hart_instret(want) != hart_instret(h))
		return "instret";
	what = own_difference(want, h);
	if (!what && !bits_agree(before->mip, want->mip, h->mip))
		what = "mip";
	for (size_t i = 0; !what && i < ARRAY_LEN(h->imsic); i++)
		if (!file_agrees(&before->imsic[i], &want->imsic[i], &h->imsic[i]))
			what = "imsic";
	return what;
}

/* -- The supervisor timer ------------------------------------------------------------ */

bool hart_timer_runs(const struct hart *h)
{
	return h->env->sbi || (h->menvcfg & ENVCFG_STCE);
}

/* The host's time at which STIP rises. */
static u64 timer_ns(const struct hart *h)
{
	return hart_timer_runs(h) ? timebase_ns_at(h->env->time, h->stimecmp) : NEVER_NS;
}

void hart_timer_changed(struct hart *h)
{
	u64 ns;

	h->stip = hart_timer_runs(h) && timebase_ticks(h->env->time) >= h->stimecmp;
	if (h->stip || h->trial)
		return; /* an old deadline may still come: one kick too many */
	ns = timer_ns(h);
	if (ns == h->armed_ns)
		return;
	h->armed_ns = ns;
	h->env->deadline(h->env->ctx, h->index, ns);
}

/* -- Waiting -------------------------------------------------------------------------- */

/* Clears `event` before it looks: what comes later sets it again. */
static void look_around(struct hart *h)
{
	atomic_store(&h->event, 0);
	inbox_serve(h);
	hart_timer_changed(h);
}

static bool spin(const struct hart *h, u64 until_ns)
{
	while (now_ns() < until_ns)
		for (int i = 0; i < 100; i++)
			if (atomic_load_explicit(&h->event, memory_order_relaxed))
				return true;
	return false;
}

/* Twice as long as an event took that spinning would have caught; else less each time. */
static void adapt_spin(struct hart *h, u64 slept_ns)
{
	if (slept_ns < h->spin_max_ns)
		h->spin_ns = MIN(2 * slept_ns + SPIN_STEP_NS, h->spin_max_ns);
	else
		h->spin_ns -= MIN(h->spin_ns, SPIN_STEP_NS);
}

static void wait_for_event(struct hart *h, u64 deadline_ns)
{
	u64 start = now_ns(), end = MIN(start + h->spin_ns, deadline_ns);

	if (h->spin_ns && spin(h, end))
		return;
	inbox_sleep(h, deadline_ns);
	adapt_spin(h, now_ns() - start);
}

/* `event` is set at the end, so that hart_poll() looks at all that came meanwhile. */
static void wait_until(struct hart *h, bool (*done)(const struct hart *h), u64 irqs)
{
	atomic_store(&h->waits_for, WAITING | irqs);
	for (;;) {
		look_around(h);
		if (done(h) || atomic_load(&h->stopping))
			break;
		wait_for_event(h, irqs & (u64)1 << IRQ_STI ? timer_ns(h) : NEVER_NS);
	}
	atomic_store(&h->waits_for, 0);
	atomic_store(&h->event, 1);
}

static bool interrupt_waits(const struct hart *h)
{
	return trap_waiting(h, PRIV_M) || trap_waiting(h, PRIV_S);
}

void hart_wait(struct hart *h)
{
	wait_until(h, interrupt_waits, h->mie);
}

static bool start_asked(const struct hart *h)
{
	return atomic_load(&h->hsm) != HSM_STOPPED;
}

static void wait_for_start(struct hart *h)
{
	struct hart_start start;

	wait_until(h, start_asked, 0);
	if (atomic_load(&h->hsm) != HSM_START_PENDING)
		return;
	pthread_mutex_lock(&h->inbox.lock);
	start = h->start;
	pthread_mutex_unlock(&h->inbox.lock);
	hart_power_on(h, &start);
	atomic_store(&h->hsm, HSM_STARTED);
}

/* -- Running -------------------------------------------------------------------------- */

bool hart_poll(struct hart *h)
{
	look_around(h);
	atomic_store_explicit(&h->retired, hart_instret(h), memory_order_relaxed);
	if (atomic_load(&h->stopping) || atomic_load(&h->hsm) != HSM_STARTED)
		return false;
	trap_interrupt(h);
	return true;
}

/* hart_poll() leaves `stopping` set; here it is used up.  A stop that comes before the run
 * ends it at once, so none is lost when a machine stops as it starts. */
void hart_run(struct hart *h)
{
	inbox_unpark(h);
	atomic_store(&h->event, 1);
	while (!atomic_exchange(&h->stopping, false)) {
		if (atomic_load(&h->hsm) == HSM_STARTED)
			h->engine->run(h);
		else
			wait_for_start(h);
	}
	inbox_park(h);
}

void hart_stop(struct hart *h)
{
	atomic_store(&h->stopping, true);
	hart_kick(h);
}

void hart_remapped(struct hart *h)
{
	atomic_store(&h->remapped, true);
	inbox_post_forget(h);
}

void hart_input(struct hart *h, enum irq irq, bool level)
{
	u64 bit = (u64)1 << irq;

	if (irq == IRQ_SSI) { /* an edge, as software clears SSIP */
		if (level)
			atomic_fetch_or(&h->mip, bit);
	} else if (level) {
		atomic_fetch_or(&h->lines, bit);
	} else {
		atomic_fetch_and(&h->lines, ~bit);
	}
	if (level)
		hart_kick(h);
}

bool hart_waits(const struct hart *h, u64 *irqs)
{
	u64 waits_for = atomic_load(&h->waits_for);

	*irqs = waits_for & ~WAITING;
	return waits_for;
}

struct hart_stats hart_stats(const struct hart *h)
{
	return (struct hart_stats){
		.instructions = atomic_load_explicit(&h->retired, memory_order_relaxed),
		.traps = atomic_load_explicit(&h->traps, memory_order_relaxed),
		.interrupts = atomic_load_explicit(&h->interrupts, memory_order_relaxed),
		.wfi = atomic_load_explicit(&h->wfi, memory_order_relaxed),
		.tlb_fills = atomic_load_explicit(&h->fills, memory_order_relaxed),
		.io = atomic_load_explicit(&h->io_count, memory_order_relaxed),
	};
}

void hart_look(const struct hart *h, struct hart_view *out)
{
	out->pc = h->pc;
	memcpy(out->x, h->x, sizeof(out->x));
	out->priv = h->priv;
	out->cause = h->last_trap.cause;
	out->epc = h->last_trap.epc;
	out->tval = h->last_trap.tval;
}

/* -- Instructions ----------------------------------------------------------------------- */

static bool go_on_behind(struct hart *h, u64 pc)
{
	h->pc = pc + 4;
	hart_retire(h);
	return true;
}

/* With TW, and always in U-mode, a WFI that would wait is illegal: the time limit that the
 * manual leaves to us is 0. */
bool help_wfi(struct hart *h, const struct op *op, u64 pc)
{
	bool limited = h->priv == PRIV_U || (h->priv == PRIV_S && (h->mstatus & MSTATUS_TW));

	(void)op;
	if (interrupt_waits(h))
		return go_on_behind(h, pc);
	if (limited && h->config->s_mode)
		return trap_illegal(h, pc);
	hart_count(&h->wfi);
	hart_wait(h);
	return go_on_behind(h, pc);
}

/* Still what lr saw.  Another hart may be storing to it right now. */
static bool reservation_holds(const struct hart *h)
{
	if (!h->reserved)
		return false;
	if (h->reserved_size == 4)
		return atomic_load((const _Atomic u32 *)(const void *)h->reserved) ==
		       (u32)h->reserved_value;
	return atomic_load((const _Atomic u64 *)(const void *)h->reserved) == h->reserved_value;
}

/* Zawrs: nothing wakes a hart when someone stores to its reservation, so it waits only as
 * long as spinning is worth, and both kinds may end early. */
static bool wait_on_reservation(struct hart *h, u64 pc)
{
	u64 end = now_ns() + h->spin_max_ns / 2;

	if (!h->spin_max_ns)
		sched_yield();
	while (reservation_holds(h) && !atomic_load(&h->event) && now_ns() < end)
		continue;
	return go_on_behind(h, pc);
}

bool help_wrs_nto(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	return wait_on_reservation(h, pc);
}

bool help_wrs_sto(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	return wait_on_reservation(h, pc);
}

/* Zihintpause: the guest waits for another hart, which may have no CPU because this one is on it.
 * Giving it up takes longer than a pause should, so where CPUs suffice it is done now and then. */
bool help_pause(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	(void)pc;
	if (!h->spin_max_ns || ++h->pauses % PAUSES_ALONE == 0)
		sched_yield();
	return false;
}
