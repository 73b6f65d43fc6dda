/* trap.c - exceptions, interrupts and the returns from them
 *
 * Spec: privileged manual, "Machine-Level ISA" and "Supervisor-Level ISA"; AIA 1.0, "Interrupts
 * for Machine and Supervisor Levels".  An exception is taken by the helper or handler that found
 * it; interrupts are taken between two instructions by hart_poll().  Whoever makes an interrupt
 * possible, by a CSR write or a return, asks trap_due() and leaves the handler, so that it comes
 * before the next instruction.
 */
#include "hart.h"

#define BIT(n)        ((u64)1 << (n))
#define INTERRUPT     BIT(63) /* of xcause */
#define TVEC_VECTORED 1

/* Highest first ("Machine Interrupt Registers"). */
static const enum irq by_priority[] = { IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI };

/* -- Taking a trap ---------------------------------------------------------------- */

static void enter_m(struct hart *h, u64 pc, u64 cause, u64 tval)
{
	u64 s = h->mstatus & ~(MSTATUS_MPIE | MSTATUS_MIE | MSTATUS_MPP);

	if (h->mstatus & MSTATUS_MIE)
		s |= MSTATUS_MPIE;
	h->mstatus = s | (u64)h->priv << MSTATUS_MPP_SHIFT;
	h->mepc = pc;
	h->mcause = cause;
	h->mtval = tval;
	h->priv = PRIV_M;
}

static void enter_s(struct hart *h, u64 pc, u64 cause, u64 tval)
{
	u64 s = h->mstatus & ~(MSTATUS_SPIE | MSTATUS_SIE | MSTATUS_SPP);

	if (h->mstatus & MSTATUS_SIE)
		s |= MSTATUS_SPIE;
	if (h->priv == PRIV_S)
		s |= MSTATUS_SPP;
	h->mstatus = s;
	h->sepc = pc;
	h->scause = cause;
	h->stval = tval;
	h->priv = PRIV_S;
}

static u64 vector(u64 tvec, u64 cause)
{
	u64 base = tvec & ~(u64)3;

	return (tvec & TVEC_VECTORED) && (cause & INTERRUPT) ? base + 4 * (cause & ~INTERRUPT)
							     : base;
}

static void enter(struct hart *h, bool to_s, u64 pc, u64 cause, u64 tval)
{
	h->last_trap.cause = cause;
	h->last_trap.epc = pc;
	h->last_trap.tval = tval;
	h->reserved = NULL;
	if (to_s) {
		enter_s(h, pc, cause, tval);
		h->pc = vector(h->stvec, cause);
	} else {
		enter_m(h, pc, cause, tval);
		h->pc = vector(h->mtvec, cause);
	}
	mmu_mode_changed(h);
}

void trap_raise(struct hart *h, u64 pc, enum cause cause, u64 tval)
{
	bool delegated = h->priv <= PRIV_S && (h->medeleg & BIT(cause));

	hart_count(&h->traps);
	enter(h, delegated, pc, cause, tval);
}

bool trap_illegal(struct hart *h, u64 pc)
{
	trap_raise(h, pc, CAUSE_ILLEGAL, code_word(h, pc));
	return true;
}

/* -- Interrupts ------------------------------------------------------------------- */

/* SEIP of software is a bit of its own where mvien has it. */
static u64 software_bits(const struct hart *h)
{
	return atomic_load(&h->mip) & ~(h->mvien & BIT(IRQ_SEI));
}

static u64 file_bits(const struct hart *h)
{
	return (u64)imsic_signals(&h->imsic[0]) << IRQ_MEI | (u64)imsic_signals(&h->imsic[1])
								     << IRQ_SEI;
}

static u64 with_timer(const struct hart *h, bool expired)
{
	u64 p = software_bits(h) | atomic_load(&h->lines) | file_bits(h);

	if (!hart_timer_runs(h))
		return p;
	return expired ? p | BIT(IRQ_STI) : p & ~BIT(IRQ_STI);
}

u64 trap_pending(const struct hart *h)
{
	return with_timer(h, hart_timer_runs(h) && timebase_ticks(h->env->time) >= h->stimecmp);
}

u64 trap_virtual(const struct hart *h)
{
	u64 mvip = (h->mvip & BIT(IRQ_SSI)) | (atomic_load(&h->mip) & BIT(IRQ_SEI));

	return mvip & h->mvien & ~h->mideleg;
}

static u64 waiting_for(const struct hart *h, enum priv level, u64 pending)
{
	pending &= h->mie;
	if (level == PRIV_M)
		return pending & ~h->mideleg;
	return (pending & h->mideleg) | (trap_virtual(h) & h->vie);
}

u64 trap_waiting(const struct hart *h, enum priv level)
{
	return waiting_for(h, level, trap_pending(h));
}

/* What comes before the next instruction, and the mode that takes it: M-mode's come first.
 * Does not look at the clock: a timer that expires kicks the hart, which notes it. */
static u64 due(const struct hart *h, enum priv *to)
{
	u64 pending = with_timer(h, h->stip), irqs;

	*to = PRIV_M;
	irqs = waiting_for(h, PRIV_M, pending);
	if (irqs && (h->priv < PRIV_M || (h->mstatus & MSTATUS_MIE)))
		return irqs;
	*to = PRIV_S;
	irqs = waiting_for(h, PRIV_S, pending);
	if (irqs && (h->priv < PRIV_S || (h->priv == PRIV_S && (h->mstatus & MSTATUS_SIE))))
		return irqs;
	return 0;
}

bool trap_due(struct hart *h)
{
	enum priv to;

	if (!due(h, &to))
		return false;
	atomic_store(&h->event, 1);
	return true;
}

u32 trap_first(u64 irqs)
{
	for (size_t i = 0; i < ARRAY_LEN(by_priority); i++)
		if (irqs & BIT(by_priority[i]))
			return by_priority[i];
	return 0;
}

void trap_interrupt(struct hart *h)
{
	enum priv to;
	u64 irqs = due(h, &to);

	if (!irqs)
		return;
	hart_count(&h->interrupts);
	enter(h, to == PRIV_S, h->pc, INTERRUPT | trap_first(irqs), 0);
}

/* -- Instructions ----------------------------------------------------------------- */

bool help_ecall(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	if (h->env->sbi && h->priv == PRIV_S) {
		h->pc = pc + 4; /* first: hart stop and start change it */
		sbi_call(h);
		hart_retire(h); /* one instruction for all that firmware would have run */
	} else {
		trap_raise(h, pc, CAUSE_ECALL_U + h->priv, 0);
	}
	return true;
}

bool help_ebreak(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	trap_raise(h, pc, CAUSE_BREAKPOINT, pc);
	return true;
}

static bool go_back(struct hart *h, enum priv to, u64 pc)
{
	h->priv = to;
	h->pc = pc;
	if (to < PRIV_M)
		h->mstatus &= ~MSTATUS_MPRV;
	mmu_mode_changed(h);
	hart_retire(h);
	trap_due(h);
	return true;
}

bool help_mret(struct hart *h, const struct op *op, u64 pc)
{
	enum priv to = (h->mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
	u64 s = h->mstatus & ~(MSTATUS_MIE | MSTATUS_MPP);

	(void)op;
	if (h->priv < PRIV_M)
		return trap_illegal(h, pc);
	if (h->mstatus & MSTATUS_MPIE)
		s |= MSTATUS_MIE;
	if (!h->config->s_mode)
		s |= MSTATUS_MPP; /* the least mode there is */
	h->mstatus = s | MSTATUS_MPIE;
	return go_back(h, to, h->mepc);
}

bool help_sret(struct hart *h, const struct op *op, u64 pc)
{
	enum priv to = h->mstatus & MSTATUS_SPP ? PRIV_S : PRIV_U;
	u64 s = h->mstatus & ~(MSTATUS_SIE | MSTATUS_SPP);

	(void)op;
	if (!h->config->s_mode || h->priv < PRIV_S ||
	    (h->priv == PRIV_S && (h->mstatus & MSTATUS_TSR)))
		return trap_illegal(h, pc);
	if (h->mstatus & MSTATUS_SPIE)
		s |= MSTATUS_SIE;
	h->mstatus = s | MSTATUS_SPIE;
	return go_back(h, to, h->sepc);
}
