/* doctor.c - says when a guest can never go on again, because nothing else will.
 *
 * A hart whose trap handler traps runs no instruction any more and is silent for ever.
 * That is the guest's affair and it goes on, but the person in front of it is told once.
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

static bool is_stuck(struct live_hart *lh)
{
	struct hart_stats was = lh->seen, now = hart_stats(lh->hart);

	lh->seen = now;
	return now.instructions == was.instructions && now.traps - was.traps > many_traps;
}

/* Harts stop for this: only then can one look into them. */
static void tell(struct machine *m, u32 hart)
{
	struct hart_view view;
	struct err e;
	char at[32];

	machine_pause(m);
	hart_look(m->harts[hart], &view);
	log_line(LOG_WARNING,
		 "hart %u is stuck: its trap handler, %s, traps itself (%s), over and over; was "
		 "mtvec or stvec never set, or nothing loaded there?",
		 m->configs[hart].id, address_text(at, sizeof(at), view.pc),
		 exception_name(view.cause));
	if (machine_start(m, &e))
		return;
	log_line(LOG_ERROR, "%s", e.text);
	m->end = MACHINE_FAIL;
}

u64 doctor_due(struct machine *m)
{
	u64 now = now_ns();
	u32 stuck = 0;

	if (m->doctor_told || !m->running)
		return NEVER_NS;
	if (now < m->doctor_ns)
		return m->doctor_ns;
	m->doctor_ns = now + every_ns;
	for (u32 i = 0; i < m->plan->nharts; i++)
		if (is_stuck(&m->live[i]))
			stuck = 1 + i;
	if (!stuck)
		return m->doctor_ns;
	m->doctor_told = true;
	tell(m, stuck - 1);
	return NEVER_NS;
}
