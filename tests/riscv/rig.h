/* rig.h - harts without a machine: memory, a clock and callbacks that take notes. */
#ifndef RIG_H
#define RIG_H

#include "check.h"

#include "access.h"
#include "csr.h"
#include "host.h"

#include <pthread.h>

#define RIG_RAM   ((u64)0x80000000)
#define RIG_SIZE  ((u64)0x40000)
#define RIG_HARTS 4
#define RIG_ISA   "rv64gc_zicbom_zicboz_zicntr_zihpm_zawrs_sstc_svadu_svpbmt_svinval"

struct rig {
	const struct engine *engine;
	struct hart_config config[RIG_HARTS];
	struct hart_env env;
	struct timebase time;
	struct hart *harts[RIG_HARTS];
	u8 *ram;

	/* what the callbacks saw */
	_Atomic u64 deadline[RIG_HARTS];
	_Atomic u32 stops;
	enum stop why;
	u32 code;
	char out[8192];
	size_t nout;
	const char *in; /* for console_read */
};

static inline void rig_write(void *ctx, const u8 *bytes, size_t n)
{
	struct rig *r = ctx;

	n = MIN(n, sizeof(r->out) - r->nout);
	memcpy(r->out + r->nout, bytes, n);
	r->nout += n;
}

static inline size_t rig_read(void *ctx, u8 *bytes, size_t n)
{
	struct rig *r = ctx;

	n = MIN(n, strlen(r->in));
	memcpy(bytes, r->in, n);
	r->in += n;
	return n;
}

static inline void rig_deadline(void *ctx, u32 index, u64 ns)
{
	struct rig *r = ctx;

	atomic_store(&r->deadline[index], ns);
}

static inline void rig_stop(void *ctx, enum stop why, u32 code)
{
	struct rig *r = ctx;

	r->why = why;
	r->code = code;
	atomic_fetch_add(&r->stops, 1);
	for (u32 i = 0; i < r->env.nharts; i++)
		hart_stop(r->harts[i]);
}

/* Change what this gives, then rig_start(). */
static inline struct rig *rig_plan(const char *isa, u32 nharts)
{
	struct rig *r = xzalloc(sizeof(*r));
	struct isa_error bad;

	timebase_init(&r->time, 10000000);
	r->ram = xzalloc(RIG_SIZE);
	r->in = "";
	r->env = (struct hart_env){
		.mem = mem_new(),
		.time = &r->time,
		.harts = r->harts,
		.nharts = nharts,
		.cpus = 2,
		.ctx = r,
		.console_write = rig_write,
		.console_read = rig_read,
		.stop = rig_stop,
		.deadline = rig_deadline,
	};
	assert_true(mem_add_ram(r->env.mem, "ram", RIG_RAM, RIG_SIZE, r->ram, NULL));
	for (u32 i = 0; i < nharts; i++) {
		struct hart_config *c = &r->config[i];

		*c = (struct hart_config){ i, { 0 }, true, MMU_SV39, 16 };
		assert_true(isa_parse(isa, &c->isa, &bad));
	}
	return r;
}

static inline struct rig *rig_start(struct rig *r, const struct engine *engine)
{
	const struct hart_start start = { .pc = RIG_RAM, .priv = r->env.sbi ? PRIV_S : PRIV_M };
	struct err e;

	r->engine = engine;
	if (!r->env.exec)
		r->env.exec = &host_exec;
	if (engine && engine->open && !engine->open(&r->env, &e))
		fail_msg("engine %s: %s", engine->name, e.text);
	for (u32 i = 0; i < r->env.nharts; i++)
		r->harts[i] = hart_new(&r->config[i], &r->env, i, engine);
	for (u32 i = 0; i < r->env.nharts; i++)
		hart_reset(r->harts[i], &start);
	return r;
}

/* One hart with everything, in M-mode; its only hart. */
static inline struct rig *rig_one(void)
{
	return rig_start(rig_plan(RIG_ISA, 1), NULL);
}

static inline void rig_free(struct rig *r)
{
	for (u32 i = 0; i < r->env.nharts; i++)
		hart_free(r->harts[i]);
	if (r->engine && r->engine->close)
		r->engine->close(&r->env);
	mem_free(r->env.mem);
	free(r->ram);
	free(r);
}

static inline void rig_priv(struct hart *h, enum priv priv)
{
	h->priv = priv;
	mmu_mode_changed(h);
}

/* -- CSR instructions: false if they trapped; priv and pc are as before then -------------- */

static inline bool rig_csr(struct hart *h, help_fn *f, u32 num, u8 rs1)
{
	struct op op = { .rd = 6, .rs1 = rs1, .len = 2, .imm = (i32)(num << 20) };
	u64 traps = atomic_load(&h->traps), pc = h->pc, status = h->mstatus;
	enum priv priv = h->priv;

	f(h, &op, pc);
	h->pc = pc;
	if (atomic_load(&h->traps) == traps)
		return true;
	h->mstatus = status;
	rig_priv(h, priv);
	return false;
}

static inline bool rig_csrw(struct hart *h, u32 num, u64 v)
{
	h->x[5] = v;
	return rig_csr(h, help_csrrw, num, 5);
}

static inline bool rig_csrs(struct hart *h, u32 num, u64 v)
{
	h->x[5] = v;
	return rig_csr(h, help_csrrs, num, 5);
}

static inline bool rig_csrc(struct hart *h, u32 num, u64 v)
{
	h->x[5] = v;
	return rig_csr(h, help_csrrc, num, 5);
}

static inline bool rig_csrr(struct hart *h, u32 num)
{
	return rig_csr(h, help_csrrs, num, 0);
}

static inline u64 rig_get(struct hart *h, u32 num)
{
	if (!rig_csrr(h, num))
		fail_msg("CSR %#x cannot be read", num);
	return h->x[6];
}

static inline void rig_set(struct hart *h, u32 num, u64 v)
{
	if (!rig_csrw(h, num, v))
		fail_msg("CSR %#x cannot be written", num);
}

/* A load as engines do it: the TLB first. */
static inline struct got rig_load8(struct hart *h, u64 gva)
{
	const struct tlb_entry *e = &h->ctx->tlb[gva / PAGE_SIZE % TLB_ENTRIES];

	if (e->r != align_down(gva, PAGE_SIZE))
		return mem_load(h, gva, 8);
	return (struct got){ .value = ram_load8((const u8 *)(uintptr_t)(gva + e->addend)) };
}

/* Between two instructions.  False: hart_run() is to return. */
static inline bool rig_goes_on(struct hart *h)
{
	return !atomic_load(&h->event) || hart_poll(h);
}

/* -- Threads --------------------------------------------------------------------------- */

static inline void *rig_thread(void *hart)
{
	hart_run(hart);
	return NULL;
}

static inline pthread_t rig_go(struct hart *h)
{
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, rig_thread, h), 0);
	return t;
}

#endif
