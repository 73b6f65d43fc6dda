/* jit.c - the engine that compiles
 *
 * Code is interpreted until it is warm, a jump at a time, and compiled then.  Compiled code runs
 * on from block to block; it returns here for what it has not, for events, and for instructions
 * that change how memory or the hart is seen.
 */
#include "jit.h"

#include <inttypes.h>
#include <stdlib.h>

typedef enum jit_exit enter_fn(struct hart *h, const u8 *code);

/* -- Asked by compiled code ----------------------------------------------------------- */

static u32 where_offset(const struct hart *h)
{
	return h->where & (PAGE_SIZE - 1);
}

static u64 where_pc(const struct hart *h)
{
	return h->base + where_offset(h);
}

static u32 where_len(const struct hart *h)
{
	return h->where >> 12 & 7;
}

/* Instructions that the block has done: `left` counts at its exits only. */
static u32 where_done(const struct hart *h)
{
	return h->where >> 16 & 0x7fff;
}

void jit_fault(struct hart *h)
{
	h->left -= where_done(h);
	trap_raise(h, where_pc(h), h->fault.cause, h->fault.tval);
}

bool jit_help(struct hart *h, const struct op *op, help_fn *f)
{
	jit_count(h, JIT_call_help, 1);
	h->left -= where_done(h);
	return !f(h, op, where_pc(h));
}

void jit_impatient(struct hart *h)
{
	h->patience = JIT_PATIENCE;
	cache_distrust(h->env->jit, h, h->base, where_offset(h));
}

/* Code that goes on at the instruction of hart.where; 0: there is none, or C has to find it.  In
 * lockstep just at the first of a block: it is longer than what is left of another. */
static u64 code_apart(struct hart *h)
{
	const struct jit *j = h->env->jit;
	const struct jump *at = jump_of(h->ctx, h->base);
	const struct jit_page *tried = where_done(h) ? NULL : lockstep_page(h);
	const _Atomic u32 *apart = NULL;
	u32 code = j->code.miss;

	if (j->code.chains && at->native_page == h->base)
		apart = atomic_load_explicit(&at->native->apart, memory_order_acquire);
	else if (tried)
		apart = atomic_load_explicit(&tried->apart, memory_order_acquire);
	if (apart)
		code = atomic_load_explicit(&apart[where_offset(h) / 2], memory_order_acquire);
	h->apart = (j->code.chains || tried) && code == j->code.miss;
	if (code == j->code.miss)
		return 0;
	jit_count(h, JIT_call_apart, 1);
	return (u64)(uintptr_t)(j->memory.run + code);
}

struct got jit_group(struct hart *h, u64 first, u64 last, u32 flags)
{
	jit_count(h, JIT_call_group, 1);
	if ((first ^ last) / PAGE_SIZE) {
		struct got both = mmu_addend_of_both(h, first, last, flags & JIT_WRITES);

		if (both.fault)
			both.value = code_apart(h);
		return both;
	}
	return mmu_addend(h, first, flags & JIT_FIRST_WRITES ? ACCESS_STORE : ACCESS_LOAD,
			  flags & JIT_WRITES);
}

/* -- Floating point: the host's flags and rounding are the guest's -------------------------------
 */

enum { HOST_MASKED = 0x1f80, HOST_FLAGS = 0x3f, HOST_RC_SHIFT = 13 };

/* x86: invalid, denormal, zero divide, overflow, underflow, precision, from bit 0 up. */
static u32 guest_flags(u32 mxcsr)
{
	return (mxcsr & 1) << 4 | (mxcsr & 4) << 1 | (mxcsr & 8) >> 1 | (mxcsr & 16) >> 3 |
	       (mxcsr & 32) >> 5;
}

/* Nearest, down, up, to zero; code does not run under RMM and what is reserved. */
static u32 host_control(const struct hart *h)
{
	static const u32 rounding[8] = { 0, 3, 1, 2 };

	return HOST_MASKED | rounding[h->frm & 7] << HOST_RC_SHIFT;
}

static void fp_begin(struct hart *h)
{
	h->mxcsr = host_control(h);
	h->fp_live = h->mxcsr != HOST_MASKED;
}

static void fp_collect(struct hart *h)
{
	if (h->fp_live)
		h->fflags |= guest_flags(h->mxcsr);
}

/* The same in the midst of code, which has said that it does floating point and need not again. */
static void fp_go_on(struct hart *h)
{
	fp_begin(h);
	h->fp_live = true;
}

bool jit_help_fp(struct hart *h, const struct op *op, help_fn *f)
{
	bool on;

	fp_collect(h);
	on = jit_help(h, op, f);
	fp_go_on(h);
	return on;
}

bool jit_step(struct hart *h)
{
	i64 left;

	jit_count(h, JIT_call_step, 1);
	jit_count(h, JIT_interpreted, 1);
	h->left = left = h->left - where_done(h);
	h->pc = where_pc(h);
	fp_collect(h);
	interp_step(h);
	fp_go_on(h);
	if (atomic_load_explicit(&h->event, memory_order_relaxed))
		return false; /* what it let in comes before the next */
	return h->left == left - 1 && h->pc == where_pc(h) + where_len(h);
}

/* -- Running -------------------------------------------------------------------------- */

/* Where it stands in a page that is in doubt; NULL: h->pc is in another. */
static void interpret(struct hart *h, struct code_page *doubted)
{
	u64 before = hart_instret(h);

	if (doubted)
		interp_in_place(h, doubted);
	else
		interp_trace(h);
	jit_count(h, JIT_interpreted, hart_instret(h) - before);
}

/* It has to be looked at after a fence.i. */
static bool may_be_old(const struct jit_page *page)
{
	return !atomic_load(&page->checks) && !code_is_unwritten(page->written);
}

struct jit_page *jit_page_at_pc(struct hart *h, bool remember)
{
	struct jit *j = h->env->jit;
	const struct jump *at = jump_of(h->ctx, h->pc);
	u64 page = align_down(h->pc, PAGE_SIZE);
	struct code_page *doubted;
	struct jit_page *found;
	const u8 *live;
	bool whole;

	if (at->native_page == page)
		return at->native;
	live = mmu_fetch(h, h->pc, 2, &whole);
	if (!live) {
		trap_raise(h, h->pc, h->fault.cause, h->fault.tval);
		return NULL;
	}
	if (!whole) {
		interp_step(h);
		return NULL;
	}
	found = cache_page(j, h, live - h->pc % PAGE_SIZE, &doubted);
	if (!found) {
		interpret(h, doubted);
		return NULL;
	}
	if (found != &j->none && remember)
		mmu_set_native(h->ctx, page, found, may_be_old(found));
	return found;
}

/* -- After a fence.i --------------------------------------------------------------------------
 *
 * Jumps may go on to what is not written by anybody: most of a kernel, and of a program.
 */

static void find_written(struct context *ctx)
{
	struct sparse used = ctx->natives_used;
	u32 n;

	while (sparse_take(&used, &n)) {
		const struct jump *at = &ctx->jumps[n];

		if (at->native_page != TLB_NONE && may_be_old(at->native))
			sparse_put(&ctx->natives_written, n);
	}
}

enum { FEW = 4 };

static void drop_written(struct context *ctx)
{
	u64 pages[FEW];
	u32 n, dropped = 0;

	while (sparse_take(&ctx->natives_written, &n)) {
		if (dropped < FEW)
			pages[dropped] = ctx->jumps[n].native_page;
		dropped++;
		ctx->jumps[n].native_page = TLB_NONE;
	}
	if (dropped > FEW)
		mmu_forget_targets(ctx);
	else
		while (dropped--)
			mmu_forget_targets_of(ctx, pages[dropped]);
}

static void expire(struct hart *h, struct context *ctx)
{
	u64 epoch = atomic_load(&h->env->jit->epoch), writes = mem_first_writes();

	mmu_forget_ops(ctx);
	if (ctx->native_epoch != epoch) { /* some are not even there: nobody may look at them */
		mmu_forget_natives(ctx);
	} else {
		if (ctx->first_writes != writes || code_trust_is_under_way())
			find_written(ctx);
		drop_written(ctx);
	}
	ctx->native_epoch = epoch;
	ctx->first_writes = writes;
}

/* Worth compiling: jumped to so often, and not known to be the interpreter's. */
static bool is_warm(struct jit_page *page, u32 slot)
{
	u8 heat = atomic_load_explicit(&page->heat[slot], memory_order_relaxed);

	if (heat + 1 >= JIT_HEAT) /* no hotter: it may have to wait until there is room */
		return heat != JIT_NEVER;
	atomic_store_explicit(&page->heat[slot], heat + 1, memory_order_relaxed);
	return false;
}

static u32 code_for(struct hart *h, struct jit_page *page, u32 offset)
{
	struct jit *j = h->env->jit;
	_Atomic u32 *entry = &page->entry[offset / 2];
	u32 code = atomic_load_explicit(entry, memory_order_acquire);

	if (code != j->code.miss)
		return code;
	if (!is_warm(page, offset / 2) || !cache_compile(j, h, page, offset, false))
		return 0;
	code = atomic_load_explicit(entry, memory_order_acquire);
	return code == j->code.miss ? 0 : code;
}

enum jit_exit jit_enter(struct hart *h, u32 code)
{
	const struct jit *j = h->env->jit;
	enter_fn *fn = (enter_fn *)(uintptr_t)(j->memory.run + j->code.enter);
	enum jit_exit why;

	h->base = align_down(h->pc, PAGE_SIZE);
	h->link = 0;
	h->apart = false;
	fp_begin(h);
	why = fn(h, j->memory.run + code);
	fp_collect(h);
	return why;
}

static enum jit_count why_left(const struct hart *h, enum jit_exit why, u64 traps)
{
	if (why == JIT_STEP)
		return JIT_exit_step;
	if (why == JIT_STALE)
		return JIT_exit_stale;
	if (h->link)
		return JIT_exit_link;
	if (atomic_load_explicit(&h->traps, memory_order_relaxed) != traps)
		return JIT_exit_trap;
	if (atomic_load_explicit(&h->event, memory_order_relaxed))
		return JIT_exit_event;
	return JIT_exit_lookup;
}

static enum jit_exit enter_counted(struct hart *h, u32 code)
{
	u64 traps = atomic_load_explicit(&h->traps, memory_order_relaxed);
	enum jit_exit why = jit_enter(h, code);

	jit_count(h, why_left(h, why, traps), 1);
	return why;
}

/* Where accesses that share a lookup are often in two pages there is code in which they do not. */
static void part(struct hart *h)
{
	u32 offset = (u32)(h->pc % PAGE_SIZE);
	struct jit_page *page = jit_page_at_pc(h, true);

	if (page && is_warm(page, offset / 2))
		cache_compile(h->env->jit, h, page, offset, true);
}

/* Code that checks itself is not to be run. */
static void make_again(struct hart *h)
{
	struct jit_page *page = jit_page_at_pc(h, true);

	if (page)
		cache_stale(h->env->jit, h, page);
}

static void go(struct hart *h)
{
	u32 link = h->link, offset = (u32)(h->pc % PAGE_SIZE), code;
	struct jit_page *page = jit_page_at_pc(h, h->env->jit->code.chains);

	h->link = 0;
	if (!page)
		return;
	code = page == &h->env->jit->none ? 0 : code_for(h, page, offset);
	if (!code) {
		interpret(h, NULL);
		return;
	}
	if (link)
		cache_link(h->env->jit, page, link, offset);
	if (h->left <= 0)
		hart_slice(h, JIT_SLICE);
	switch (enter_counted(h, code)) {
	case JIT_AGAIN:
		break;
	case JIT_STALE:
		make_again(h);
		break;
	case JIT_STEP:
		if (h->apart)
			part(h);
		interpret(h, NULL);
		break;
	}
}

static void run(struct hart *h)
{
	do {
		if (h->left <= 0)
			hart_slice(h, JIT_SLICE);
		go(h);
	} while (LIKELY(!atomic_load_explicit(&h->event, memory_order_acquire)) || hart_poll(h));
}

/* -- Life ----------------------------------------------------------------------------- */

static bool open_jit(struct hart_env *env, struct err *e)
{
	struct jit *j;

	if (!env->exec)
		return err_set(e, "no memory for code is given");
	if (!backend.usable())
		return err_set(e, "this CPU lacks what the %s compiler needs", backend.name);
	j = xzalloc(sizeof(*j));
	j->exec = env->exec;
	if (!env->exec->map(&j->memory, JIT_SIZE, e)) {
		free(j);
		return false;
	}
	j->code = (struct jit_code){
		.write = j->memory.write,
		.end = (u32)j->memory.size,
		.smp = env->nharts > 1,
		.chains = JIT_CHAINS,
	};
	backend.common(&j->code);
	if (env->exec->name)
		env->exec->name(j->memory.run, j->code.used, "jit: entry, exits, calls of C");
	cache_init(j);
	env->jit = j;
	return true;
}

static void close_jit(struct hart_env *env)
{
	struct jit *j = env->jit;

	if (!j)
		return;
	cache_fini(j);
	env->exec->unmap(&j->memory);
	free(j);
	env->jit = NULL;
}

static void attach(struct hart *h)
{
	h->code_start = h->env->jit->memory.run;
	h->patience = JIT_PATIENCE;
	h->counts = xzalloc(sizeof(*h->counts));
}

static void detach(struct hart *h)
{
	free(h->counts);
}

static u64 hundredths_of_percent(u64 part, u64 all)
{
	return all ? (u64)((u128)part * 10000 / all) : 0;
}

/* "exit_step" is printed as "jit-exit-step". */
static void add_count(struct str *out, const char *name, u64 n)
{
	char text[32];

	snprintf(text, sizeof(text), "%s", name);
	for (char *c = text; *c; c++)
		if (*c == '_')
			*c = '-';
	str_add(out, "jit-%s %" PRIu64 "\n", text, n);
}

static void count_stats(const struct hart_env *env, struct str *out)
{
	static const char *const names[] = {
#define C(name) #name,
		JIT_COUNTS(C)
#undef C
	};
	u64 sum[JIT_COUNTED] = { 0 }, instructions = 0, exits = 0, share;

	for (u32 i = 0; i < env->nharts; i++) {
		instructions += hart_instret(env->harts[i]);
		for (u32 n = 0; n < JIT_COUNTED; n++)
			sum[n] += env->harts[i]->counts->n[n];
	}
	for (u32 n = 0; n < JIT_COUNTED; n++)
		add_count(out, names[n], sum[n]);
	for (u32 n = 0; n <= JIT_exit_step; n++)
		exits += sum[n];
	share = hundredths_of_percent(sum[JIT_interpreted], instructions);
	str_add(out, "jit-interpreted-percent %" PRIu64 ".%02" PRIu64 "\n", share / 100,
		share % 100);
	if (exits)
		str_add(out, "jit-insns-per-exit %" PRIu64 "\n",
			(instructions - sum[JIT_interpreted]) / exits);
}

static void stats(const struct hart_env *env, struct str *out)
{
	const struct jit *j = env->jit;
	const struct jit_stats *s = &j->stats;

	count_stats(env, out);
	str_add(out, "jit-blocks %llu\njit-insns %llu\njit-bytes %llu\njit-pages %u\n",
		(unsigned long long)s->blocks, (unsigned long long)s->insns,
		(unsigned long long)s->bytes, j->npages);
	str_add(out, "jit-links %llu\njit-unlinks %llu\njit-dropped %llu\njit-evictions %llu\n",
		(unsigned long long)s->links, (unsigned long long)s->unlinks,
		(unsigned long long)s->dropped, (unsigned long long)s->evictions);
	str_add(out, "jit-peak-bytes %llu\n", (unsigned long long)s->peak);
	str_add(out, "jit-compares %llu\njit-changed %llu\n", (unsigned long long)s->compares,
		(unsigned long long)s->changed);
}

const struct engine engine_jit = {
	.name = "jit",
	.doc = "compiles what is run often to code of the host",
	.open = open_jit,
	.close = close_jit,
	.attach = attach,
	.expire = expire,
	.detach = detach,
	.run = run,
	.stats = stats,
};
