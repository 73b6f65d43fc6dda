/* sbi.c - the built-in SBI: base, timer, IPI, reset and legacy extensions
 *
 * Spec: RISC-V Supervisor Binary Interface 2.0.  It takes the place of firmware: an ecall
 * from S-mode is served here and M-mode never runs.  Everything else that traps goes to
 * S-mode, as firmware would send it back anyway.
 *
 * Legacy extensions (0 to 8) are there for old guests: timer, console and shutdown.  Those
 * with hart masks in guest memory are not: kernels that need them have no HSM either.
 * Not modeled: SUSP, CPPC, NACL, STA.
 */
#include "sbi.h"

#include "csr.h"

enum {
	A0 = 10,
	A1 = 11,
	A6 = 16,
	A7 = 17,
	SPEC_VERSION = 2 << 24, /* 2.0 */

	/* Nobody has this number: ids are given out from 0 upwards, to OpenSBI (1), KVM (3)
	 * and so on.  Guests look for known ones and their quirks. */
	IMPL_ID = 0x564d42,
	IMPL_VERSION = 1
};

/* -- Harts ------------------------------------------------------------------------- */

struct hart *sbi_hart(const struct hart *h, u64 id)
{
	for (u32 i = 0; i < h->env->nharts; i++) {
		struct hart *other = h->env->harts[i];

		if (other->config->id == id && other->config->s_mode)
			return other;
	}
	return NULL;
}

bool sbi_harts_valid(const struct hart *h, struct sbi_harts set)
{
	if (set.base == UINT64_MAX)
		return true;
	for (u32 bit = 0; bit < 64; bit++)
		if ((set.mask >> bit & 1) &&
		    (set.base + bit < set.base || !sbi_hart(h, set.base + bit)))
			return false;
	return true;
}

struct hart *sbi_harts_at(const struct hart *h, struct sbi_harts set, u32 i)
{
	struct hart *other = h->env->harts[i];
	u64 id = other->config->id;
	bool in = id >= set.base && id - set.base < 64 && (set.mask >> (id - set.base) & 1);

	return other->config->s_mode && (in || set.base == UINT64_MAX) ? other : NULL;
}

/* -- Timer, IPI, system reset -------------------------------------------------------- */

static struct sbi_ret set_timer(struct hart *h, const u64 *a)
{
	h->stimecmp = a[0];
	hart_timer_changed(h);
	trap_due(h);
	return sbi_ok(0);
}

static struct sbi_ret send_ipi(struct hart *h, const u64 *a)
{
	struct sbi_harts set = { a[0], a[1] };

	if (!sbi_harts_valid(h, set))
		return sbi_error(SBI_INVALID_PARAM);
	for (u32 i = 0; i < h->env->nharts; i++) {
		struct hart *to = sbi_harts_at(h, set, i);

		if (to)
			hart_input(to, IRQ_SSI, true);
	}
	return sbi_ok(0);
}

/* The caller does not come back: it waits like a stopped hart until the machine ends. */
static void stop_machine(struct hart *h, enum stop why, u32 code)
{
	atomic_store(&h->hsm, HSM_STOPPED);
	atomic_store(&h->event, 1);
	h->env->stop(h->env->ctx, why, code);
}

static struct sbi_ret system_reset(struct hart *h, const u64 *a)
{
	enum { SHUTDOWN, COLD_REBOOT, WARM_REBOOT };
	enum { NO_REASON, SYSTEM_FAILURE };
	u32 type = (u32)a[0], reason = (u32)a[1];

	if (type > WARM_REBOOT || reason > SYSTEM_FAILURE)
		return sbi_error(SBI_INVALID_PARAM);
	if (type != SHUTDOWN)
		stop_machine(h, STOP_REBOOT, reason);
	else
		stop_machine(h, reason == SYSTEM_FAILURE ? STOP_FAIL : STOP_POWEROFF, reason);
	return sbi_ok(0);
}

/* -- Base ---------------------------------------------------------------------------- */

static struct sbi_ret spec_version(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_ok(SPEC_VERSION);
}

static struct sbi_ret impl_id(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_ok(IMPL_ID);
}

static struct sbi_ret impl_version(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_ok(IMPL_VERSION);
}

/* mvendorid, marchid and mimpid are 0 in csr.def as well. */
static struct sbi_ret machine_id(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_ok(0);
}

static struct sbi_ret probe(struct hart *h, const u64 *a);

static sbi_fn *const base_functions[] = { spec_version, impl_id,    impl_version, probe,
					  machine_id,   machine_id, machine_id };
static const struct sbi_extension base = { 0x10, ARRAY_LEN(base_functions), base_functions };

static sbi_fn *const time_functions[] = { set_timer };
static const struct sbi_extension timer = { 0x54494d45, 1, time_functions };

static sbi_fn *const ipi_functions[] = { send_ipi };
static const struct sbi_extension ipi = { 0x735049, 1, ipi_functions };

static sbi_fn *const srst_functions[] = { system_reset };
static const struct sbi_extension srst = { 0x53525354, 1, srst_functions };

static const struct sbi_extension *const extensions[] = {
	&base, &timer, &ipi, &sbi_rfence, &sbi_hsm, &srst, &sbi_dbcn, &sbi_pmu,
};

static const struct sbi_extension *find(u64 id)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (extensions[i]->id == id)
			return extensions[i];
	return NULL;
}

/* -- Legacy: the extension is the function, and a0 alone is the result ------------------- */

static struct sbi_ret legacy_putchar(struct hart *h, const u64 *a)
{
	u8 c = (u8)a[0];

	h->env->console_write(h->env->ctx, &c, 1);
	return sbi_ok(0);
}

static struct sbi_ret legacy_getchar(struct hart *h, const u64 *a)
{
	u8 c;

	(void)a;
	return sbi_ok(h->env->console_read(h->env->ctx, &c, 1) ? c : UINT64_MAX);
}

static struct sbi_ret legacy_shutdown(struct hart *h, const u64 *a)
{
	(void)a;
	stop_machine(h, STOP_POWEROFF, 0);
	return sbi_ok(0);
}

static sbi_fn *const legacy[] = {
	[0] = set_timer, [1] = legacy_putchar, [2] = legacy_getchar, [8] = legacy_shutdown
};

static sbi_fn *find_legacy(u64 id)
{
	return id < ARRAY_LEN(legacy) ? legacy[id] : NULL;
}

static struct sbi_ret probe(struct hart *h, const u64 *a)
{
	(void)h;
	return sbi_ok(find(a[0]) || find_legacy(a[0]));
}

/* -- Calls ---------------------------------------------------------------------------- */

static struct sbi_ret call(struct hart *h, const u64 *a, u64 id, u64 fid)
{
	const struct sbi_extension *ext = find(id);

	if (!ext || fid >= ext->n || !ext->functions[fid])
		return sbi_error(SBI_NOT_SUPPORTED);
	return ext->functions[fid](h, a);
}

void sbi_call(struct hart *h)
{
	u64 id = h->x[A7], a[6];
	sbi_fn *old = find_legacy(id);
	struct sbi_ret r;

	memcpy(a, &h->x[A0], sizeof(a));
	if (old) {
		h->x[A0] = old(h, a).value;
		return;
	}
	r = call(h, a, id, h->x[A6]);
	h->x[A0] = (u64)(i64)r.error;
	h->x[A1] = r.value;
}

/* Everything is delegated, every counter readable, every extension on, all of memory open:
 * what firmware sets before it enters S-mode. */
void sbi_reset(struct hart *h)
{
	enum { NAPOT_RWX = 3 << 3 | RIGHT_R | RIGHT_W | RIGHT_X };

	h->medeleg = UINT64_MAX;
	h->mideleg = (u64)1 << IRQ_SSI | (u64)1 << IRQ_STI | (u64)1 << IRQ_SEI;
	h->menvcfg = csr_envcfg_mask(h) & ~ENVCFG_FIOM;
	h->mcounteren = 0xffffffff;
	h->scounteren = 7; /* cycle, time, instret */
	if (hart_has(h, EXT_F))
		h->mstatus |= MSTATUS_FS & -MSTATUS_FS; /* initial */
	h->pmu_counters = 0;
	if (!h->config->pmp_entries)
		return;
	pmp_set_addr(h, 0, UINT64_MAX);
	pmp_set_cfg(h, 0, NAPOT_RWX);
}
