/* doctor.c - says when a guest can never go on again, because nothing else will.
 *
 * A hart whose trap handler traps runs no instruction any more; harts that all wait, with no
 * interrupt enabled that anything but a hart could raise, wait for ever.  Both are silent.
 * That is the guest's affair and it goes on, but the person in front of it is told once.
 * What a guest says itself is heard in panic.c.
 */
#include "live.h"

enum { FIRST_CODES = 16 };

static const u64 every_ns = 500000000;
static const u64 many_traps = 100000; /* in that time; a stuck hart makes millions */

/* Privileged manual, mcause: exceptions. */
static const char *exception_name(u64 cause)
{
	static const char *const names[FIRST_CODES] = {
		"misaligned instruction",
		"instruction access fault",
		"illegal instruction",
		"breakpoint",
		"misaligned load",
		"load access fault",
		"misaligned store",
		"store access fault",
		"ecall",
		"ecall",
		"trap",
		"ecall",
		"instruction page fault",
		"load page fault",
		"trap",
		"store page fault",
	};

	return cause < FIRST_CODES ? names[cause] : "interrupt";
}

/* What a hart has done since the last look. */
static struct hart_stats done_since(struct live_hart *lh)
{
	struct hart_stats was = lh->seen, now = hart_stats(lh->hart);

	lh->seen = now;
	return (struct hart_stats){ .instructions = now.instructions - was.instructions,
				    .traps = now.traps - was.traps };
}

static bool sleeps_for_good(const struct hart *h)
{
	const u64 by_harts = (u64)1 << IRQ_SSI | (u64)1 << IRQ_MSI;
	u64 irqs;

	return hart_waits(h, &irqs) && !(irqs & ~by_harts);
}

/* Harts stop for this: only then can one look into them. */
static void tell_stuck(struct machine *m, u32 hart)
{
	struct hart_view view;
	struct err what, e;
	char at[32];

	machine_pause(m);
	hart_look(m->harts[hart], &view);
	err_code(&what, diag_rows[DIAG_guest_stuck].code,
		 "hart %u is stuck: its trap handler, %s, traps itself (%s), over and over",
		 m->configs[hart].id, address_text(at, sizeof(at), view.pc),
		 exception_name(view.cause));
	err_hint(&what, "was mtvec or stvec never set, or is nothing loaded there?");
	m->host->finding(m->host->ctx, LOG_WARNING, &what);
	if (machine_start(m, &e))
		return;
	log_line(LOG_ERROR, "%s", e.text);
	m->end = MACHINE_FAIL;
}

static void tell_asleep(struct machine *m)
{
	struct err what;

	err_code(&what, diag_rows[DIAG_guest_asleep].code,
		 "all harts wait (wfi) and have no interrupt enabled that could come: nothing can "
		 "wake this machine");
	err_hint(&what, "a program that is done writes 0x5555 to the test finisher");
	m->host->finding(m->host->ctx, LOG_WARNING, &what);
}

u64 doctor_due(struct machine *m)
{
	u64 now = now_ns(), instructions = 0;
	bool asleep = true;
	u32 stuck = 0;

	if (m->options.no_doctor || m->doctor_told || !m->running)
		return NEVER_NS;
	if (now < m->doctor_ns)
		return m->doctor_ns;
	m->doctor_ns = now + every_ns;
	for (u32 i = 0; i < m->plan->nharts; i++) {
		struct hart_stats done = done_since(&m->live[i]);

		instructions += done.instructions;
		asleep &= sleeps_for_good(m->harts[i]);
		if (!done.instructions && done.traps > many_traps)
			stuck = 1 + i;
	}
	/* Twice, and nothing ran between: no hart was about to wake another. */
	m->doctor_told = stuck || (asleep && m->doctor_doubts && !instructions);
	m->doctor_doubts = asleep;
	if (!m->doctor_told)
		return m->doctor_ns;
	if (stuck)
		tell_stuck(m, stuck - 1);
	else
		tell_asleep(m);
	return NEVER_NS;
}
