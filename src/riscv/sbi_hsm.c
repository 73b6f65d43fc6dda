/* sbi_hsm.c - SBI hart state management: start, stop, status, suspend
 *
 * Spec: SBI 2.0, chapter "Hart State Management Extension".  A hart is started by another
 * and does the rest itself, on its own thread; between the two it is START_PENDING.
 *
 * Not modeled: suspend states but the default retentive one, which is a WFI.
 */
#include "sbi.h"

static bool can_fetch(const struct hart *h, u64 gpa)
{
	bool rom;

	return !(gpa & 1) && mem_readable(h->env->mem, gpa, 2, &rom);
}

static struct sbi_ret hart_start(struct hart *h, const u64 *a)
{
	struct hart *to = sbi_hart(h, a[0]);
	bool stopped;

	if (!to)
		return sbi_error(SBI_INVALID_PARAM);
	if (!can_fetch(h, a[1]))
		return sbi_error(SBI_INVALID_ADDRESS);

	pthread_mutex_lock(&to->inbox.lock);
	stopped = atomic_load(&to->hsm) == HSM_STOPPED;
	if (stopped) {
		to->start =
			(struct hart_start){ .pc = a[1], .a0 = a[0], .a1 = a[2], .priv = PRIV_S };
		atomic_store(&to->hsm, HSM_START_PENDING);
	}
	pthread_mutex_unlock(&to->inbox.lock);
	if (!stopped)
		return sbi_error(SBI_ALREADY_AVAILABLE);
	hart_kick(to);
	return sbi_ok(0);
}

static struct sbi_ret stop(struct hart *h, const u64 *a)
{
	(void)a;
	atomic_store(&h->hsm, HSM_STOPPED);
	atomic_store(&h->event, 1); /* hart_poll() leaves the engine */
	return sbi_ok(0);
}

static struct sbi_ret get_status(struct hart *h, const u64 *a)
{
	struct hart *of = sbi_hart(h, a[0]);

	return of ? sbi_ok(atomic_load(&of->hsm)) : sbi_error(SBI_INVALID_PARAM);
}

static struct sbi_ret suspend(struct hart *h, const u64 *a)
{
	enum { RETENTIVE };

	if ((u32)a[0] != RETENTIVE)
		return sbi_error(SBI_INVALID_PARAM);
	atomic_store(&h->hsm, HSM_SUSPENDED);
	hart_wait(h);
	atomic_store(&h->hsm, HSM_STARTED);
	return sbi_ok(0);
}

static sbi_fn *const functions[] = { hart_start, stop, get_status, suspend };

const struct sbi_extension sbi_hsm = { 0x48534d, ARRAY_LEN(functions), functions };
