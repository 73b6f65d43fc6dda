/* tohost.c - how bare-metal test programs report: the ELF symbol `tohost`.
 *
 * The riscv-tests convention: a 64-bit word; 1 is pass, other odd values are a failed
 * check, 0x0101 in the top 16 bits prints a byte.  The word's page is watched, so no
 * engine has a fast path for stores there.
 *
 * Programs for 32-bit harts store it in two halves, in either order.  A half alone is
 * looked at a millisecond later, when the other has had its time.
 */
#include "live.h"

#include <inttypes.h>

enum { PATIENCE_NS = 1000000 };

static void serve(struct machine *m, u64 value)
{
	const u64 zero = 0;

	if (!value)
		return;
	if (value >> 48 == 0x0101) {
		u8 byte = (u8)value;

		m->host->console_write(m->host->ctx, &byte, 1);
		mem_write(m->mem, m->tohost.gpa, &zero, sizeof(zero));
	} else if (value == 1) {
		machine_ask(m, STOP_POWEROFF, 0);
	} else if (value & 1 && value >> 48 == 0) {
		log_line(LOG_ERROR, "guest: FAIL check %" PRIu64 " (tohost)", value >> 1);
		machine_ask(m, STOP_FAIL, value >> 1);
	} else {
		log_line(LOG_ERROR, "guest: unsupported request 0x%" PRIx64 " (tohost)", value);
		machine_ask(m, STOP_FAIL, 0);
	}
}

void tohost_look(struct machine *m)
{
	u64 value;

	if (atomic_exchange(&m->tohost.halves, 0) && mem_read(m->mem, m->tohost.gpa, &value, 8))
		serve(m, value);
}

/* On a hart's thread, after a store that touched the word. */
static void stored(void *ctx, u64 gpa, u32 width)
{
	struct machine *m = ctx;
	u32 half = gpa >= m->tohost.gpa + 4 ? 2 : 1;

	if (width >= 8)
		half = 3;
	if ((atomic_fetch_or(&m->tohost.halves, half) | half) == 3)
		tohost_look(m);
	else
		timers_slot_at(m->timers, m->plan->nharts, now_ns() + PATIENCE_NS);
}

bool tohost_start(struct machine *m, struct diags *ds)
{
	const char *mode = m->options.tohost ? m->options.tohost : "auto";
	u64 gpa;

	if (!strcmp(mode, "off"))
		return true;
	if (!boot_symbol(m->boot, "tohost", &gpa)) {
		if (strcmp(mode, "require"))
			return true;
		return diag_report(ds, m->plan->boot.at, DIAG_no_tohost,
				   "no image of this board has the symbol `tohost`");
	}
	if (gpa % 8 || !mem_slice(m->mem, gpa, 8))
		return diag_report(
			ds, m->plan->boot.at, DIAG_no_tohost,
			"the symbol `tohost`, 0x%" PRIx64 ", is not an aligned word of RAM", gpa);
	m->tohost.gpa = gpa;
	mem_watch(m->mem, gpa, 8, stored, m);
	return true;
}
