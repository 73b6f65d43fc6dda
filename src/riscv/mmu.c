/* mmu.c - how harts see memory: contexts, TLBs, page tables, and accesses that miss.
 *
 * Privileged manual, chapters "Supervisor-Level ISA" (Sv39, Sv48, Sv57), Svnapot, Svpbmt, Svadu.
 *
 * A context belongs to one mode (privilege of data and of code, SUM, MXR) and one satp.  Those
 * of S-mode outlive a satp write, because most of what a kernel touches is global: only the
 * pages that are not are dropped.  All others are found again by their satp.  A TLB entry says
 * nothing about levels, so a fence of one address looks for the other parts of a large leaf.
 *
 * What PMP or the memory map divide within a page is never kept in a TLB.
 */
#include "hart.h"

#include "access.h"

#include <stdlib.h>

/* Where the entries for 512 pages are: a table of the last level. */
struct table {
	u64 key; /* gva / TABLE_SPAN of these */
	u64 epoch;
	u64 gpa;
	u8 *bytes;
	bool global;
};

#define TABLE_SPAN (512 * (u64)PAGE_SIZE)

/* Bits of context.mode. */
enum { MODE_DATA = 3, MODE_CODE = 3 << 2, MODE_SUM = 1 << 4, MODE_MXR = 1 << 5, MODES = 1 << 6 };

struct mmu {
	struct context *contexts[CONTEXTS];
	u32 n;
	struct context *last[MODES]; /* used in each mode, and perhaps taken over since */
	/* Those of one satp, in whatever mode; good if the epoch is theirs. */
	struct table tables[LAST_TABLES];
	u64 tables_epoch, tables_satp;
	u64 clock;        /* of context switches */
	u64 watched_gpa;  /* where mem_atomic() let a store pass that is watched, ... */
	u32 watched_size; /* ... or 0 */
};

struct mmu *mmu_new(void)
{
	struct mmu *m = xzalloc(sizeof(struct mmu));

	m->tables_epoch = 1;
	return m;
}

void mmu_free(struct mmu *m)
{
	for (u32 i = 0; m && i < m->n; i++)
		free(m->contexts[i]);
	free(m);
}

/* -- Contexts ------------------------------------------------------------------------ */

static enum priv data_priv(const struct context *ctx)
{
	return (enum priv)(ctx->mode & MODE_DATA);
}

static enum priv code_priv(const struct context *ctx)
{
	return (enum priv)(ctx->mode >> 2 & 3);
}

static u32 mode_of(const struct hart *h)
{
	u32 data = h->mstatus & MSTATUS_MPRV ? (u32)(h->mstatus >> MSTATUS_MPP_SHIFT & 3) : h->priv;
	u32 mode = data | (u32)h->priv << 2;

	if (data == PRIV_S && h->mstatus & MSTATUS_SUM)
		mode |= MODE_SUM;
	if (data != PRIV_M && h->mstatus & MSTATUS_MXR)
		mode |= MODE_MXR;
	return mode;
}

/* Code and data of S-mode: satp is not part of the key. */
static bool is_s(u32 mode)
{
	return (mode & (MODE_DATA | MODE_CODE)) == (PRIV_S | PRIV_S << 2);
}

static bool is_m(u32 mode)
{
	return (mode & (MODE_DATA | MODE_CODE)) == (PRIV_M | PRIV_M << 2);
}

void mmu_forget_targets(struct context *ctx)
{
	bool some = false;

	for (u32 i = 0; i < ARRAY_LEN(ctx->target_pages); i++)
		some |= ctx->target_pages[i];
	if (!some)
		return;
	for (u32 i = 0; i < TARGETS; i++)
		ctx->targets[i].pc = TLB_NONE;
	memset(ctx->target_pages, 0, sizeof(ctx->target_pages));
}

static void forget_guesses(struct context *ctx)
{
	if (!ctx->guessed)
		return;
	for (u32 i = 0; i < JIT_GUESSES; i++)
		ctx->guesses[0][i].page = ctx->guesses[1][i].page = TLB_NONE;
	ctx->guessed = 0;
}

void mmu_forget_targets_of(struct context *ctx, u64 page)
{
	if (page < ctx->natives_lo || page > ctx->natives_hi ||
	    !bits_has(ctx->target_pages, page / PAGE_SIZE % TARGET_PAGES))
		return;
	for (u32 i = 0; i < TARGETS; i++)
		if (align_down(ctx->targets[i].pc, PAGE_SIZE) == page)
			ctx->targets[i].pc = TLB_NONE;
}

void mmu_set_jump(struct context *ctx, u64 gva, const struct op *ops)
{
	struct jump *j = jump_of(ctx, gva);

	sparse_put(&ctx->jumps_used, (u32)(j - ctx->jumps));
	j->page = align_down(gva, PAGE_SIZE);
	j->ops = ops;
}

void mmu_set_native(struct context *ctx, u64 gva, struct jit_page *native, bool written)
{
	struct jump *j = jump_of(ctx, gva);
	u32 n = (u32)(j - ctx->jumps);

	sparse_put(&ctx->natives_used, n);
	if (written)
		sparse_put(&ctx->natives_written, n);
	j->native_page = align_down(gva, PAGE_SIZE);
	j->native = native;
	ctx->natives_lo = MIN(ctx->natives_lo, j->native_page);
	ctx->natives_hi = MAX(ctx->natives_hi, j->native_page);
}

static void no_natives(struct context *ctx)
{
	ctx->natives_lo = UINT64_MAX;
	ctx->natives_hi = 0;
}

void mmu_forget_ops(struct context *ctx)
{
	u32 n;

	while (sparse_take(&ctx->jumps_used, &n))
		ctx->jumps[n].page = TLB_NONE;
}

void mmu_forget_natives(struct context *ctx)
{
	u32 n;

	mmu_forget_targets(ctx);
	while (sparse_take(&ctx->natives_used, &n))
		ctx->jumps[n].native_page = TLB_NONE;
	ctx->natives_written = (struct sparse){ 0 };
	no_natives(ctx);
}

static void clear_jumps(struct context *ctx)
{
	mmu_forget_ops(ctx);
	mmu_forget_natives(ctx);
}

static void clear(struct context *ctx)
{
	for (u32 i = 0; i < TLB_ENTRIES; i++)
		ctx->tlb[i] = (struct tlb_entry){ TLB_NONE, TLB_NONE, TLB_NONE, 0 };
	clear_jumps(ctx);
	forget_guesses(ctx);
	ctx->super_lo = UINT64_MAX;
	ctx->super_hi = 0;
	ctx->nlocal = 0;
	ctx->stale = false;
}

static u32 tlb_index(u64 gva)
{
	return gva / PAGE_SIZE % TLB_ENTRIES;
}

static bool holds(const struct tlb_entry *e, u64 page)
{
	return e->r == page || e->w == page || e->x == page;
}

static void drop_page(struct context *ctx, u64 page)
{
	struct tlb_entry *e = &ctx->tlb[tlb_index(page)];
	struct jump *j = jump_of(ctx, page);

	if (holds(e, page))
		*e = (struct tlb_entry){ TLB_NONE, TLB_NONE, TLB_NONE, 0 };
	if (j->page == page)
		j->page = TLB_NONE;
	if (j->native_page == page)
		j->native_page = TLB_NONE;
	mmu_forget_targets_of(ctx, page);
	forget_guesses(ctx);
}

/* The parts of a large leaf around `page`, whatever its page table says now. */
static void drop_leaf(struct context *ctx, u64 page)
{
	if (page < ctx->super_lo || page > ctx->super_hi)
		return;
	clear_jumps(ctx);
	forget_guesses(ctx);
	for (u32 i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *e = &ctx->tlb[i];
		u64 mask = ~LOW_BITS(ctx->order[i]);

		if ((e->r & mask) == (page & mask) || (e->w & mask) == (page & mask) ||
		    (e->x & mask) == (page & mask))
			*e = (struct tlb_entry){ TLB_NONE, TLB_NONE, TLB_NONE, 0 };
	}
}

/* What belongs to one address space. */
static void drop_local(struct context *ctx)
{
	if (ctx->nlocal > ARRAY_LEN(ctx->local)) {
		clear(ctx);
		return;
	}
	for (u32 i = 0; i < ctx->nlocal; i++)
		drop_page(ctx, ctx->local[i]);
	ctx->nlocal = 0;
}

/* An S context goes on under another satp. */
static void retarget(struct context *ctx, u64 satp)
{
	if (ctx->satp == satp)
		return;
	if (SATP_MODE(ctx->satp) != SATP_MODE(satp))
		ctx->stale = true;
	else
		drop_local(ctx);
	ctx->satp = satp;
}

static struct context *new_context(void)
{
	struct context *ctx = xaligned(CACHE_LINE, sizeof(*ctx));

	for (u32 i = 0; i < TARGETS; i++)
		ctx->targets[i].pc = TLB_NONE;
	for (u32 i = 0; i < JUMP_ENTRIES; i++)
		ctx->jumps[i].page = ctx->jumps[i].native_page = TLB_NONE;
	no_natives(ctx);
	ctx->guessed = 1;
	forget_guesses(ctx);
	return ctx;
}

/* Room for a context: a new one, or the one that was away longest. */
static struct context *oldest(struct mmu *m)
{
	struct context *old;

	if (m->n < CONTEXTS)
		return m->contexts[m->n++] = new_context();
	old = m->contexts[0];
	for (u32 i = 1; i < m->n; i++)
		if (m->contexts[i]->last_used < old->last_used)
			old = m->contexts[i];
	return old;
}

static bool is_of(const struct context *ctx, u32 mode, u64 satp)
{
	return ctx->mode == mode && (is_s(mode) || ctx->satp == satp);
}

static struct context *found_or_made(struct mmu *m, u32 mode, u64 satp)
{
	struct context *ctx;

	for (u32 i = 0; i < m->n; i++)
		if (is_of(m->contexts[i], mode, satp))
			return m->contexts[i];
	ctx = oldest(m);
	ctx->mode = mode;
	ctx->satp = satp;
	ctx->stale = true;
	return ctx;
}

static struct context *context_of(struct mmu *m, u32 mode, u64 satp)
{
	struct context *ctx = m->last[mode];

	if (!ctx || !is_of(ctx, mode, satp))
		ctx = m->last[mode] = found_or_made(m, mode, satp);
	retarget(ctx, satp);
	return ctx;
}

static void expire_jumps(struct hart *h, struct context *ctx)
{
	if (h->engine && h->engine->expire)
		h->engine->expire(h, ctx);
	else
		clear_jumps(ctx);
}

void mmu_mode_changed(struct hart *h)
{
	u32 mode = mode_of(h);
	u64 satp = is_m(mode) ? 0 : h->satp;
	struct context *ctx = h->ctx;

	if (!ctx || ctx->mode != mode || ctx->satp != satp)
		ctx = context_of(h->mmu, mode, satp);
	ctx->last_used = ++h->mmu->clock;
	if (ctx->stale)
		clear(ctx);
	else if (ctx->jumps_epoch != h->jumps_epoch)
		expire_jumps(h, ctx);
	ctx->jumps_epoch = h->jumps_epoch;
	h->ctx = ctx;
}

bool mmu_is_current(const struct hart *h)
{
	const struct context *ctx = h->ctx;
	u32 mode = mode_of(h);

	return ctx->mode == mode && ctx->satp == (is_m(mode) ? 0 : h->satp) && !ctx->stale;
}

void mmu_forget_jumps(struct hart *h)
{
	h->jumps_epoch++;
	if (h->ctx)
		mmu_mode_changed(h);
}

void mmu_forget(struct hart *h)
{
	for (u32 i = 0; i < h->mmu->n; i++)
		h->mmu->contexts[i]->stale = true;
	h->mmu->tables_epoch++;
	if (h->ctx)
		mmu_mode_changed(h);
}

/* -- Fences -------------------------------------------------------------------------- */

#define FENCE_PAGES 64 /* a fence of more than that is one of all pages */

static void fence_context(struct context *ctx, u64 first, u64 pages, u32 flags)
{
	if (pages <= FENCE_PAGES) {
		for (u64 i = 0; i < pages; i++) {
			drop_page(ctx, first + i * PAGE_SIZE);
			drop_leaf(ctx, first + i * PAGE_SIZE);
		}
	} else if (flags & FENCE_ASID && is_s(ctx->mode)) {
		drop_local(ctx); /* global pages have no ASID */
	} else {
		ctx->stale = true;
	}
}

void mmu_fence_range(struct hart *h, u64 gva, u64 size, u64 asid, u32 flags)
{
	u64 first = align_down(gva, PAGE_SIZE);
	u64 pages = (gva + MAX(size, 1) - 1) / PAGE_SIZE - first / PAGE_SIZE + 1;

	if (!(flags & FENCE_GVA) || size > FENCE_PAGES * PAGE_SIZE)
		pages = UINT64_MAX;
	for (u32 i = 0; i < h->mmu->n; i++) {
		struct context *ctx = h->mmu->contexts[i];
		bool other = flags & FENCE_ASID && SATP_ASID(ctx->satp) != (asid & 0xffff);

		if (!ctx->stale && !is_m(ctx->mode) && !other)
			fence_context(ctx, first, pages, flags);
	}
	/* By itself a fence of one page is of its leaf only; not all software knows. */
	h->mmu->tables_epoch++;
	mmu_mode_changed(h);
}

void mmu_fence(struct hart *h, u64 gva, u64 asid, u32 flags)
{
	mmu_fence_range(h, gva, 1, asid, flags);
}

bool help_sfence_vma(struct hart *h, const struct op *op, u64 pc)
{
	u32 flags = (op->rs1 ? FENCE_GVA : 0) | (op->rs2 ? FENCE_ASID : 0);

	if (!h->config->s_mode || h->priv == PRIV_U ||
	    (h->priv == PRIV_S && h->mstatus & MSTATUS_TVM))
		return trap_illegal(h, pc);
	mmu_fence(h, h->x[op->rs1], h->x[op->rs2], flags);
	h->pc = pc + 4;
	hart_retire(h);
	return true;
}

/* sfence.w.inval and sfence.inval.ir order what sinval.vma does at once anyway. */
bool help_sfence_inval(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	return !h->config->s_mode || h->priv == PRIV_U ? trap_illegal(h, pc) : false;
}

/* -- Page tables ---------------------------------------------------------------------- */

/* clang-format off */
#define PTE_V   ((u64)1 << 0)
#define PTE_R   ((u64)1 << 1)
#define PTE_W   ((u64)1 << 2)
#define PTE_X   ((u64)1 << 3)
#define PTE_U   ((u64)1 << 4)
#define PTE_G   ((u64)1 << 5)
#define PTE_A   ((u64)1 << 6)
#define PTE_D   ((u64)1 << 7)
#define PTE_PPN(pte) ((pte) >> 10 & LOW_BITS(44))
#define PTE_RESERVED (LOW_BITS(7) << 54)
#define PTE_PBMT ((u64)3 << 61)
#define PTE_N   ((u64)1 << 63)
/* clang-format on */

/* A translation and who may use it. */
struct leaf {
	u64 gpa;
	u32 rights; /* of this mode, D and A considered */
	u8 order;   /* log2 of its size */
	bool global;
};

enum { FAULT_PAGE, FAULT_ACCESS, FAULT_MISALIGNED };

static bool fault(struct hart *h, u32 kind, enum access access, u64 gva)
{
	static const enum cause causes[][3] = {
		[FAULT_PAGE] = { CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE },
		[FAULT_ACCESS] = { CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS },
		[FAULT_MISALIGNED] = { CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED,
				       CAUSE_FETCH_MISALIGNED },
	};

	h->fault.cause = causes[kind][access];
	h->fault.tval = gva;
	return false;
}

/* Levels of the page table, or 0 if addresses are physical. */
static u32 levels(const struct hart *h, enum priv priv)
{
	if (priv == PRIV_M)
		return 0;
	switch (SATP_MODE(h->satp)) {
	case SATP_SV39:
		return 3;
	case SATP_SV48:
		return 4;
	case SATP_SV57:
		return 5;
	default:
		return 0;
	}
}

static bool canonical(u64 gva, u32 bits)
{
	u64 top = gva >> (bits - 1);

	return !top || top == LOW_BITS(65 - bits);
}

/* Reserved encodings, which fault before their meaning is looked at. */
static bool malformed(const struct hart *h, u64 pte, bool is_leaf, u32 level)
{
	bool pbmt = hart_has(h, EXT_Svpbmt) && h->menvcfg & ENVCFG_PBMTE;

	if (pte & PTE_RESERVED || (pte & PTE_W && !(pte & PTE_R)))
		return true;
	if (pte & PTE_PBMT && (!pbmt || (pte & PTE_PBMT) == PTE_PBMT))
		return true;
	if (pte & PTE_N && !hart_has(h, EXT_Svnapot))
		return true;
	if (!is_leaf)
		return !level || pte & (PTE_A | PTE_D | PTE_U | PTE_N | PTE_PBMT);
	if (pte & PTE_N) /* 64K is the only size there is */
		return level || (PTE_PPN(pte) & 15) != 8;
	return PTE_PPN(pte) & LOW_BITS(9 * level); /* misaligned superpage */
}

/* What the privilege may do with the page, A and D aside. */
static u32 permitted(u64 pte, u32 mode, enum priv priv, bool code)
{
	u32 rights = 0;

	if (code) {
		bool mine = !(pte & PTE_U) == (priv == PRIV_S);

		return mine && pte & PTE_X ? RIGHT_X : 0;
	}
	if (priv == PRIV_U ? !(pte & PTE_U) : (pte & PTE_U && !(mode & MODE_SUM)))
		return 0;
	if (pte & PTE_R || (mode & MODE_MXR && pte & PTE_X))
		rights |= RIGHT_R;
	if (pte & PTE_W)
		rights |= RIGHT_W;
	return rights;
}

static u32 right_of(enum access access)
{
	return access == ACCESS_LOAD ? RIGHT_R : access == ACCESS_STORE ? RIGHT_W : RIGHT_X;
}

/* Before a write of a hart on trial. */
static bool note(struct hart *h, u8 *at, u32 size, u64 gpa)
{
	struct trial *t = h->trial;

	if (t->nwrites == ARRAY_LEN(t->writes) || mem_watched_page(h->env->mem, gpa))
		return !(t->refused = true);
	t->writes[t->nwrites].at = at;
	t->writes[t->nwrites].size = size;
	t->writes[t->nwrites].walked = false;
	memcpy(t->writes[t->nwrites++].was, at, size);
	return true;
}

enum walked { WALKED, WALK_AGAIN, WALK_FAULT };

/* Sets A, and D for a store, if hardware does that here (Svadu). */
static enum walked set_used(struct hart *h, u8 *slot, u64 *pte, u64 gpa, enum access access)
{
	u64 want = *pte | PTE_A | (access == ACCESS_STORE ? PTE_D : 0);

	if (want == *pte)
		return WALKED;
	if (!hart_has(h, EXT_Svadu) || !(h->menvcfg & ENVCFG_ADUE)) {
		fault(h, FAULT_PAGE, access, 0);
		return WALK_FAULT;
	}
	if (!pmp_allows(h, gpa, 8, ACCESS_STORE, PRIV_S)) {
		fault(h, FAULT_ACCESS, access, 0);
		return WALK_FAULT;
	}
	if (h->trial) {
		if (!note(h, slot, 8, gpa))
			return WALK_FAULT;
		h->trial->writes[h->trial->nwrites - 1].walked = true;
	}
	mem_will_write(h->env->mem, gpa);
	if (ram_cas8(slot, *pte, want) != *pte)
		return WALK_AGAIN;
	*pte = want;
	return WALKED;
}

static void leaf_set(const struct context *ctx, struct leaf *out, u64 pte, u64 gva, u32 level)
{
	u64 offset = LOW_BITS(PAGE_SHIFT + 9 * level);
	u64 gpa = PTE_PPN(pte) << PAGE_SHIFT;

	out->order = (u8)(PAGE_SHIFT + 9 * level);
	if (pte & PTE_N) {
		out->order = 16;
		offset = LOW_BITS(16);
		gpa &= ~offset;
	}
	out->gpa = gpa | (gva & offset);
	out->rights = permitted(pte, ctx->mode, data_priv(ctx), false);
	if (!(pte & PTE_D))
		out->rights &= ~(u32)RIGHT_W;
	out->rights |= permitted(pte, ctx->mode, code_priv(ctx), true);
}

/* In RAM; A and D are written by set_used(), which says so. */
static u8 *table_entry(struct hart *h, u64 gpa, u64 size)
{
	bool rom;
	const u8 *slot = mem_readable(h->env->mem, gpa, size, &rom);

	return slot && !rom ? (u8 *)(uintptr_t)slot : NULL;
}

/* Tables of the last level are remembered: most walks begin where they end. */
static struct table *table_of(struct hart *h, u64 gva)
{
	struct mmu *m = h->mmu;

	if (m->tables_satp != h->satp) {
		m->tables_satp = h->satp;
		m->tables_epoch++;
	}
	return &m->tables[gva / TABLE_SPAN % LAST_TABLES];
}

static bool is_table_of(const struct hart *h, const struct table *t, u64 gva)
{
	return t->key == gva / TABLE_SPAN && t->epoch == h->mmu->tables_epoch;
}

/* If all of it may be read. */
static void keep_table(struct hart *h, struct table *t, u64 gva, u64 gpa, bool global)
{
	u8 *bytes = table_entry(h, gpa, PAGE_SIZE);
	u32 rights;

	if (bytes && pmp_page(h, gpa, PRIV_S, &rights) && rights & RIGHT_R)
		*t = (struct table){ gva / TABLE_SPAN, h->mmu->tables_epoch, gpa, bytes, global };
}

static u8 *entry_in_table(struct hart *h, u64 gpa, const struct table *known)
{
	if (known)
		return known->bytes + gpa % PAGE_SIZE;
	return pmp_allows(h, gpa, 8, ACCESS_LOAD, PRIV_S) ? table_entry(h, gpa, 8) : NULL;
}

static enum walked walk(struct hart *h, u64 gva, enum access access, enum priv priv,
			struct leaf *out)
{
	u32 level = levels(h, priv);
	u64 table = SATP_PPN(h->satp) << PAGE_SHIFT;
	struct table *last = table_of(h, gva), *known = NULL;

	if (!canonical(gva, PAGE_SHIFT + 9 * level)) {
		fault(h, FAULT_PAGE, access, 0);
		return WALK_FAULT;
	}
	if (is_table_of(h, last, gva)) {
		known = last;
		level = 1;
		table = known->gpa;
		out->global = known->global;
	}
	while (level--) {
		u64 gpa = table + (gva >> (PAGE_SHIFT + 9 * level) & 0x1ff) * 8;
		u8 *slot = entry_in_table(h, gpa, known);
		u64 pte;
		bool is_leaf;

		if (!slot) {
			fault(h, FAULT_ACCESS, access, 0);
			return WALK_FAULT;
		}
		pte = ram_lr8(slot);
		is_leaf = pte & (PTE_R | PTE_X);
		if (!(pte & PTE_V) || malformed(h, pte, is_leaf, level))
			break;
		out->global |= pte & PTE_G; /* of a table: all below it */
		if (is_leaf) {
			enum walked w;

			if (!(permitted(pte, h->ctx->mode, priv, access == ACCESS_FETCH) &
			      right_of(access)))
				break;
			w = set_used(h, slot, &pte, gpa, access);
			if (w == WALKED)
				leaf_set(h->ctx, out, pte, gva, level);
			return w;
		}
		table = PTE_PPN(pte) << PAGE_SHIFT;
		if (level == 1)
			keep_table(h, last, gva, table, out->global);
	}
	fault(h, FAULT_PAGE, access, 0);
	return WALK_FAULT;
}

static bool translate(struct hart *h, u64 gva, enum access access, enum priv priv, struct leaf *out)
{
	enum walked w;

	if (!levels(h, priv)) {
		*out = (struct leaf){ gva, RIGHT_R | RIGHT_W | RIGHT_X, PAGE_SHIFT, false };
		return true;
	}
	do {
		*out = (struct leaf){ .global = false };
		w = walk(h, gva, access, priv, out);
	} while (w == WALK_AGAIN);
	if (w == WALK_FAULT)
		h->fault.tval = gva;
	return w == WALKED;
}

/* -- Filling --------------------------------------------------------------------------- */

static void remember(struct context *ctx, u64 page, const struct leaf *leaf)
{
	u64 size = (u64)1 << leaf->order;

	ctx->order[tlb_index(page)] = leaf->order;
	if (leaf->order > PAGE_SHIFT) {
		ctx->super_lo = MIN(ctx->super_lo, align_down(page, size));
		ctx->super_hi = MAX(ctx->super_hi, page | (size - 1));
	}
	if (is_s(ctx->mode) && !leaf->global && ctx->nlocal <= ARRAY_LEN(ctx->local)) {
		if (ctx->nlocal < ARRAY_LEN(ctx->local))
			ctx->local[ctx->nlocal] = page;
		ctx->nlocal++;
	}
}

/* `rights` hold for all of the page. */
static void fill(struct hart *h, u64 gva, const struct leaf *leaf, u32 rights)
{
	u64 page = align_down(gva, PAGE_SIZE), gpa = align_down(leaf->gpa, PAGE_SIZE);
	struct tlb_entry *e = &h->ctx->tlb[tlb_index(gva)];
	const u8 *bytes;
	bool rom;

	bytes = mem_readable(h->env->mem, gpa, PAGE_SIZE, &rom);
	if (!bytes)
		return;
	if (rom || mem_watched_page(h->env->mem, gpa) || h->trial)
		rights &= ~(u32)RIGHT_W;
	e->r = rights & RIGHT_R ? page : TLB_NONE;
	e->w = rights & RIGHT_W ? page : TLB_NONE;
	if (rights & RIGHT_W)
		mem_will_write(h->env->mem, gpa);
	e->x = rights & RIGHT_X ? page : TLB_NONE;
	e->addend = (u64)(uintptr_t)bytes - page;
	remember(h->ctx, page, leaf);
	hart_count(&h->fills);
}

/* A place in memory, all in one page: `host` is NULL if it is neither RAM nor ROM. */
struct place {
	u64 gpa;
	u8 *host;
	bool rom, whole; /* whole: it went into the TLB, or could have */
};

static bool locate(struct hart *h, u64 gva, u32 size, enum access access, struct place *out)
{
	struct context *ctx = h->ctx;
	enum priv priv = access == ACCESS_FETCH ? code_priv(ctx) : data_priv(ctx);
	u32 rights;
	struct leaf leaf;

	if (!translate(h, gva, access, priv, &leaf))
		return false;
	out->whole = pmp_page(h, align_down(leaf.gpa, PAGE_SIZE), priv, &rights);
	if (out->whole ? !(rights & right_of(access))
		       : !pmp_allows(h, leaf.gpa, size, access, priv))
		return fault(h, FAULT_ACCESS, access, gva);
	/* Where code has another privilege, an entry is for data alone. */
	if (data_priv(ctx) != code_priv(ctx))
		leaf.rights &= ~(u32)RIGHT_X;
	/* Early kernels may write their code, and do not: see mem_written(). */
	if (access == ACCESS_FETCH)
		leaf.rights &= ~(u32)RIGHT_W;
	if (out->whole && (access != ACCESS_FETCH || leaf.rights & RIGHT_X))
		fill(h, gva, &leaf, rights & leaf.rights);
	if (access == ACCESS_STORE)
		mem_will_write(h->env->mem, leaf.gpa);
	out->gpa = leaf.gpa;
	out->host = (u8 *)(uintptr_t)mem_readable(h->env->mem, leaf.gpa, size, &out->rom);
	return true;
}

const u8 *mmu_fetch(struct hart *h, u64 gva, u32 size, bool *whole)
{
	const struct tlb_entry *e = &h->ctx->tlb[tlb_index(gva)];
	struct place at;
	bool rom;

	*whole = true;
	if (e->x == align_down(gva, PAGE_SIZE))
		return (const u8 *)(uintptr_t)(gva + e->addend);
	if (!locate(h, gva, size, ACCESS_FETCH, &at))
		return NULL;
	if (!at.host) {
		fault(h, FAULT_ACCESS, ACCESS_FETCH, gva);
		return NULL;
	}
	*whole = at.whole &&
		 mem_readable(h->env->mem, align_down(at.gpa, PAGE_SIZE), PAGE_SIZE, &rom);
	return at.host;
}

/* -- Loads and stores -------------------------------------------------------------------- */

#define GOT_FAULT ((struct got){ .fault = true })

static struct got got_fault(struct hart *h, u32 kind, enum access access, u64 gva)
{
	fault(h, kind, access, gva);
	return GOT_FAULT;
}

struct got mmu_addend(struct hart *h, u64 gva, enum access access, bool writes)
{
	const struct tlb_entry *e = &h->ctx->tlb[tlb_index(gva)];
	u64 page = align_down(gva, PAGE_SIZE);
	struct place at;

	if (!locate(h, gva, 1, access, &at) || (writes ? e->w : e->r) != page)
		return GOT_FAULT;
	return (struct got){ .value = e->addend };
}

struct got mmu_addend_of_both(const struct hart *h, u64 first, u64 second, bool writes)
{
	const struct tlb_entry *a = &h->ctx->tlb[tlb_index(first)];
	const struct tlb_entry *b = &h->ctx->tlb[tlb_index(second)];
	bool has_a = (writes ? a->w : a->r) == align_down(first, PAGE_SIZE);
	bool has_b = (writes ? b->w : b->r) == align_down(second, PAGE_SIZE);

	if (!has_a || !has_b || a->addend != b->addend)
		return GOT_FAULT;
	return (struct got){ .value = a->addend };
}

static u64 ram_load(const u8 *p, u32 size)
{
	switch (size) {
	case 1:
		return ram_load1(p);
	case 2:
		return ram_load2(p);
	case 4:
		return ram_load4(p);
	default:
		return ram_load8(p);
	}
}

static void ram_store(u8 *p, u32 size, u64 v)
{
	switch (size) {
	case 1:
		ram_store1(p, v);
		break;
	case 2:
		ram_store2(p, v);
		break;
	case 4:
		ram_store4(p, v);
		break;
	default:
		ram_store8(p, v);
		break;
	}
}

/* How many of the bytes lie in the first page. */
static u32 before_page_end(u64 gva, u32 size)
{
	return (u32)MIN(size, PAGE_SIZE - gva % PAGE_SIZE);
}

/* Both parts of an access over a page end, in RAM. */
static bool locate_parts(struct hart *h, u64 gva, u32 size, enum access access, struct place at[2])
{
	u32 first = before_page_end(gva, size);

	for (u32 i = 0; i < 2; i++) {
		u64 part = i ? gva + first : gva;

		if (!locate(h, part, i ? size - first : first, access, &at[i]))
			return false;
		if (!at[i].host || (at[i].rom && access == ACCESS_STORE))
			return fault(h, FAULT_ACCESS, access, part);
	}
	return true;
}

/* Devices are not for harts on trial. */
static bool reaches_io(struct hart *h)
{
	hart_count(&h->io_count);
	if (h->trial)
		h->trial->refused = true;
	return !h->trial;
}

static struct got load_parts(struct hart *h, u64 gva, u32 size)
{
	u32 first = before_page_end(gva, size);
	struct place at[2];
	u64 v = 0;

	if (!locate_parts(h, gva, size, ACCESS_LOAD, at))
		return GOT_FAULT;
	for (u32 i = 0; i < size; i++)
		v |= ram_load1(i < first ? at[0].host + i : at[1].host + i - first) << 8 * i;
	return (struct got){ .value = v };
}

static struct got store_parts(struct hart *h, u64 gva, u32 size, u64 v)
{
	u32 first = before_page_end(gva, size);
	struct place at[2];

	if (!locate_parts(h, gva, size, ACCESS_STORE, at))
		return GOT_FAULT;
	if (h->trial && !(note(h, at[0].host, first, at[0].gpa) &&
			  note(h, at[1].host, size - first, at[1].gpa)))
		return GOT_FAULT;
	for (u32 i = 0; i < size; i++)
		ram_store1(i < first ? at[0].host + i : at[1].host + i - first, v >> 8 * i & 0xff);
	mem_stored(h->env->mem, at[0].gpa, first);
	mem_stored(h->env->mem, at[1].gpa, size - first);
	return (struct got){ .value = 0 };
}

struct got mem_load(struct hart *h, u64 gva, u32 size)
{
	struct got got = { 0, 0 };
	struct place at;

	if (before_page_end(gva, size) < size)
		return load_parts(h, gva, size);
	if (!locate(h, gva, size, ACCESS_LOAD, &at))
		return GOT_FAULT;
	if (at.host) {
		got.value = ram_load(at.host, size);
		return got;
	}
	if (!reaches_io(h))
		return GOT_FAULT;
	if (!mem_io_read(h->env->mem, &h->io, at.gpa, size, &got.value))
		return got_fault(h, FAULT_ACCESS, ACCESS_LOAD, gva);
	got.value &= LOW_BITS(8 * size);
	return got;
}

/* The device may have shown or hidden memory: the next instruction sees it. */
static void see_changes(struct hart *h)
{
	if (atomic_exchange_explicit(&h->remapped, false, memory_order_relaxed))
		mmu_forget(h);
}

struct got mem_store(struct hart *h, u64 gva, u32 size, u64 value)
{
	struct place at;

	if (before_page_end(gva, size) < size)
		return store_parts(h, gva, size, value);
	if (!locate(h, gva, size, ACCESS_STORE, &at))
		return GOT_FAULT;
	value &= LOW_BITS(8 * size);
	if (at.host && !at.rom) {
		if (h->trial && !note(h, at.host, size, at.gpa))
			return GOT_FAULT;
		ram_store(at.host, size, value);
		mem_stored(h->env->mem, at.gpa, size);
	} else {
		if (!reaches_io(h))
			return GOT_FAULT;
		if (!mem_io_write(h->env->mem, &h->io, at.gpa, size, value))
			return got_fault(h, FAULT_ACCESS, ACCESS_STORE, gva);
		see_changes(h);
	}
	return (struct got){ .value = 0 };
}

/* -- Atomics and cache blocks ------------------------------------------------------------- */

u8 *mem_atomic(struct hart *h, u64 gva, u32 size, enum access access)
{
	struct place at;

	h->mmu->watched_size = 0;
	if (gva % size) {
		fault(h, FAULT_MISALIGNED, access, gva);
		return NULL;
	}
	if (!locate(h, gva, size, access, &at))
		return NULL;
	if (!at.host || (at.rom && access == ACCESS_STORE)) {
		fault(h, FAULT_ACCESS, access, gva);
		return NULL;
	}
	if (h->trial && access == ACCESS_STORE && !note(h, at.host, size, at.gpa))
		return NULL;
	if (access == ACCESS_STORE && mem_watched_page(h->env->mem, at.gpa)) {
		h->mmu->watched_gpa = at.gpa;
		h->mmu->watched_size = size;
	}
	return at.host;
}

void mem_done(struct hart *h)
{
	if (h->mmu->watched_size)
		mem_stored(h->env->mem, h->mmu->watched_gpa, h->mmu->watched_size);
}

/* Zacas: registers in pairs, of which x0's reads as zero and stays so. */
static u128 pair(const struct hart *h, u32 r)
{
	return r ? (u128)h->x[r + 1] << 64 | h->x[r] : 0;
}

bool help_amocas_q(struct hart *h, const struct op *op, u64 pc)
{
	u32 rd = op->rd % X_SINK;
	u8 *p = mem_atomic(h, h->x[op->rs1], 16, ACCESS_STORE);
	u128 was;

	if (!p) {
		trap_raise(h, pc, h->fault.cause, h->fault.tval);
		return true;
	}
	was = cas16(p, pair(h, rd), pair(h, op->rs2));
	mem_done(h);
	if (rd) {
		h->x[rd] = (u64)was;
		h->x[rd + 1] = (u64)(was >> 64);
	}
	return false;
}

/* `bits` of menvcfg, and of senvcfg for U below S, let a cache-block instruction run. */
static bool cbo_enabled(const struct hart *h, u64 bits)
{
	if (h->priv == PRIV_M)
		return true;
	if (!(h->menvcfg & bits))
		return false;
	return h->priv == PRIV_S || !h->config->s_mode || h->senvcfg & bits;
}

#define CBO_BYTES 64

bool help_cbo_zero(struct hart *h, const struct op *op, u64 pc)
{
	u64 gva = h->x[op->rs1];
	u8 *p;

	if (!cbo_enabled(h, ENVCFG_CBZE))
		return trap_illegal(h, pc);
	p = mem_atomic(h, align_down(gva, CBO_BYTES), CBO_BYTES, ACCESS_STORE);
	if (!p) {
		trap_raise(h, pc, h->fault.cause, gva);
		return true;
	}
	for (u32 i = 0; i < CBO_BYTES; i += 8)
		ram_store8(p + i, 0);
	mem_done(h);
	return false;
}

/* A load or a store may go there. */
static bool cbo_allowed(struct hart *h, u64 gva)
{
	struct place at;

	if (!locate(h, gva, 1, ACCESS_LOAD, &at) && !locate(h, gva, 1, ACCESS_STORE, &at))
		return false;
	return mem_answers(h->env->mem, at.gpa) || fault(h, FAULT_ACCESS, ACCESS_STORE, gva);
}

/* There is no cache to manage: only the checks are left.  Either right will do, and faults are
 * those of stores. */
static bool cbo(struct hart *h, const struct op *op, u64 pc, u64 bits)
{
	u64 gva = h->x[op->rs1];

	if (!cbo_enabled(h, bits))
		return trap_illegal(h, pc);
	if (cbo_allowed(h, gva))
		return false;
	trap_raise(h, pc, h->fault.cause, gva);
	return true;
}

bool help_cbo_clean(struct hart *h, const struct op *op, u64 pc)
{
	return cbo(h, op, pc, ENVCFG_CBCFE);
}

bool help_cbo_inval(struct hart *h, const struct op *op, u64 pc)
{
	return cbo(h, op, pc, ENVCFG_CBIE);
}
