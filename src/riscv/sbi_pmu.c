/* sbi_pmu.c - SBI performance monitoring
 *
 * Spec: SBI 2.0, chapter "Performance Monitoring Unit Extension".  Counter i stands for CSR
 * 0xc00 + i: cycle is 0, instret is 2, and 1, which is time, is no counter.  Each can do one
 * event.
 *
 * Not modeled: other events, firmware counters, the snapshot area, mode filters.
 */
#include "csr.h"
#include "sbi.h"

enum {
	CYCLE,
	INSTRET = 2,
	NCOUNTERS,
	COUNTERS = 1 << CYCLE | 1 << INSTRET,
	CSR_CYCLE = 0xc00,
	CSR_MCYCLE = 0xb00,
	CSR_MCOUNTINHIBIT = 0x320,
	WIDTH = 64,

	EVENT_CYCLES = 1, /* hardware general events */
	EVENT_INSTRUCTIONS = 2,

	CONFIG_SKIP_MATCH = 1 << 0,
	CONFIG_CLEAR_VALUE = 1 << 1,
	CONFIG_AUTO_START = 1 << 2,
	CONFIG_FLAGS = 0xff, /* the rest are hints */
	START_SET_VALUE = 1 << 0,
	START_SNAPSHOT = 1 << 1,
	STOP_RESET = 1 << 0,
	STOP_SNAPSHOT = 1 << 1
};

/* The counters of a base and a mask; 0 if one is none of ours. */
static u32 counters(const u64 *a)
{
	u64 set = a[0] < NCOUNTERS ? a[1] << a[0] : 0;

	if (a[0] >= NCOUNTERS || set >> a[0] != a[1] || (set & ~(u64)COUNTERS))
		return 0;
	return (u32)set;
}

/* The counters are CSRs of M-mode: csr.c says what a write to them means. */
static void write_csr(struct hart *h, u32 num, u64 v)
{
	const struct csr_row *row = &csr_rows[h->csr_rows[num]];

	csr_change(h, row, num, (struct csr_change){ .clear = UINT64_MAX, .set = v });
}

static void set_values(struct hart *h, u32 set, u64 v)
{
	for (u32 i = 0; i < NCOUNTERS; i++)
		if (set >> i & 1)
			write_csr(h, CSR_MCYCLE + i, v);
}

static void inhibit(struct hart *h, u64 set)
{
	write_csr(h, CSR_MCOUNTINHIBIT, h->mcountinhibit | set);
}

static void let_run(struct hart *h, u64 set)
{
	write_csr(h, CSR_MCOUNTINHIBIT, h->mcountinhibit & ~set);
}

static struct sbi_ret num_counters(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_ok(NCOUNTERS);
}

static struct sbi_ret get_info(struct hart *h, const u64 *a)
{
	(void)h;
	if (a[0] >= NCOUNTERS || !(COUNTERS >> a[0] & 1))
		return sbi_error(SBI_INVALID_PARAM);
	return sbi_ok((CSR_CYCLE + a[0]) | (WIDTH - 1) << 12);
}

static u32 counter_of(u64 event)
{
	switch (event) {
	case EVENT_CYCLES:
		return 1 << CYCLE;
	case EVENT_INSTRUCTIONS:
		return 1 << INSTRET;
	default:
		return 0;
	}
}

static u32 lowest(u32 set)
{
	return set & -set;
}

static struct sbi_ret config_matching(struct hart *h, const u64 *a)
{
	u32 set = counters(a), flags = (u32)a[2];
	u32 one =
		flags & CONFIG_SKIP_MATCH ? lowest(set) : set & counter_of(a[3]) & ~h->pmu_counters;

	if (!set || (a[2] & ~(u64)CONFIG_FLAGS))
		return sbi_error(SBI_INVALID_PARAM);
	if (!one)
		return sbi_error(SBI_NOT_SUPPORTED);
	h->pmu_counters |= one;
	inhibit(h, one); /* before it had an event it ran all the time */
	if (flags & CONFIG_CLEAR_VALUE)
		set_values(h, one, 0);
	if (flags & CONFIG_AUTO_START)
		let_run(h, one);
	return sbi_ok(one >> INSTRET & 1 ? INSTRET : CYCLE);
}

static struct sbi_ret start(struct hart *h, const u64 *a)
{
	u32 set = counters(a);

	if (!set)
		return sbi_error(SBI_INVALID_PARAM);
	if (a[2] & START_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	if (set & ~h->mcountinhibit)
		return sbi_error(SBI_ALREADY_STARTED);
	if (a[2] & START_SET_VALUE)
		set_values(h, set, a[3]);
	let_run(h, set);
	return sbi_ok(0);
}

static struct sbi_ret stop(struct hart *h, const u64 *a)
{
	u32 set = counters(a);
	bool stopped = set & h->mcountinhibit;

	if (!set)
		return sbi_error(SBI_INVALID_PARAM);
	if (a[2] & STOP_SNAPSHOT)
		return sbi_error(SBI_NO_SHMEM);
	inhibit(h, set);
	if (a[2] & STOP_RESET)
		h->pmu_counters &= ~set;
	return stopped ? sbi_error(SBI_ALREADY_STOPPED) : sbi_ok(0);
}

/* There are no firmware counters. */
static struct sbi_ret fw_read(struct hart *h, const u64 *a)
{
	(void)h, (void)a;
	return sbi_error(SBI_INVALID_PARAM);
}

static sbi_fn *const functions[] = { num_counters, get_info, config_matching, start,
				     stop,         fw_read,  fw_read };

const struct sbi_extension sbi_pmu = { 0x504d55, ARRAY_LEN(functions), functions };
