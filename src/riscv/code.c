/* code.c - code pages: the guest's code as copied, decoded and run.
 *
 * A page is found by the address of its bytes in RAM or ROM, so all virtual and physical names
 * of it share one.  Code that cannot be kept as a page (its page is only partly RAM, or partly
 * executable by PMP) and instructions over a page end are decoded each time they run, to an
 * array of their own.
 *
 * fence.i only sets hart.code_epoch and empties the jump caches; then the next jump to each
 * page comes here and compares ("Zifencei" leaves all else to the implementation).
 */
#include "hart.h"

#include "access.h"

#include <stdlib.h>

#define BUCKETS 1024

struct code {
	struct code_page *table[BUCKETS];
	struct code_page *pages[CODE_PAGES];
	u32 npages, hand;
	struct op *singles;
	u32 words[PAGE_SLOTS + 2]; /* that a single was decoded from; 0: none that is kept */
};

/* Aligned so that a slot's address tells its number. */
static void *ops_alloc(size_t size)
{
	void *p = aligned_alloc(OPS_ALIGN, (size_t)align_up(size, OPS_ALIGN));

	if (!p)
		p = xzalloc(SIZE_MAX); /* ends the process as all allocations do */
	return p;
}

struct code *code_new(void)
{
	struct code *c = xzalloc(sizeof(*c));

	c->singles = ops_alloc(sizeof(struct op) * (PAGE_SLOTS + 2));
	return c;
}

void code_free(struct code *c)
{
	if (!c)
		return;
	for (u32 i = 0; i < c->npages; i++)
		free(c->pages[i]);
	free(c->singles);
	free(c);
}

/* Times that flags were cleared; those that are under way. */
static _Atomic u64 trusts, trusting;

/* -- Pages -------------------------------------------------------------------------- */

static struct code_page **bucket(struct code *c, const u8 *live)
{
	return &c->table[(uintptr_t)live / PAGE_SIZE % BUCKETS];
}

static void forget_ops(struct code_page *page, u32 first, u32 last)
{
	for (u32 i = first; i <= last; i++)
		page->ops[i].fn = op_decode;
}

static void take_over64(u8 *bytes, const u8 *live, u32 from, void (*changed)(void *ctx, u32 at),
			void *ctx)
{
	for (u32 i = from; i < from + 64; i += 8) {
		u64 now = ram_load8(live + i);

		if (now == get_le64(bytes + i))
			continue;
		put_le64(bytes + i, now);
		changed(ctx, i);
	}
}

void code_take_over(u8 *bytes, const u8 *live, void (*changed)(void *ctx, u32 at), void *ctx)
{
	for (u32 i = 0; i < PAGE_SIZE; i += 64)
		if (!ram_same64(live + i, bytes + i))
			take_over64(bytes, live, i, changed, ctx);
}

/* The op before may reach into what changed. */
static void decode_again(void *page, u32 at)
{
	forget_ops(page, at / 2 - (at > 0), at / 2 + 3);
}

static void fill(const struct hart *h, struct code_page *page, const u8 *live)
{
	page->live = live;
	page->written = mem_written(h->env->mem, live);
	for (u32 i = 0; i < PAGE_SIZE; i += 8)
		put_le64(page->bytes + i, ram_load8(live + i));
	forget_ops(page, 0, PAGE_SLOTS - 1);
	page->ops[PAGE_SLOTS] = (struct op){ .fn = op_end, .imm = 0 };
	page->ops[PAGE_SLOTS + 1] = (struct op){ .fn = op_end, .imm = 2 };
}

/* A page that was not used since the hand passed it, out of its chain. */
static struct code_page *evict(struct hart *h)
{
	struct code *c = h->code;
	struct code_page *page, **at;

	for (;; c->hand++) {
		page = c->pages[c->hand % CODE_PAGES];
		if (!page->used)
			break;
		page->used = false;
	}
	for (at = bucket(c, page->live); *at != page; at = &(*at)->next)
		;
	*at = page->next;
	mmu_forget_jumps(h);
	return page;
}

static struct code_page *fresh(struct hart *h)
{
	struct code *c = h->code;

	if (c->npages == CODE_PAGES)
		return evict(h);
	c->pages[c->npages] = ops_alloc(sizeof(struct code_page));
	return c->pages[c->npages++];
}

/* Nobody wrote to it since it was compared. */
static bool is_unwritten(const struct code_page *page)
{
	return code_is_unwritten(page->written) && page->trusted == atomic_load(&trusts);
}

static struct code_page *page_of(struct hart *h, const u8 *live)
{
	struct code_page **chain = bucket(h->code, live), *page = *chain;
	u64 trusted = atomic_load(&trusts);

	while (page && page->live != live)
		page = page->next;
	if (!page) {
		page = fresh(h);
		fill(h, page, live);
		page->trusted = trusted;
		page->next = *chain;
		*chain = page;
	} else if (page->validated != h->code_epoch && !is_unwritten(page)) {
		code_take_over(page->bytes, page->live, decode_again, page);
		page->trusted = trusted;
	}
	page->validated = h->code_epoch;
	page->used = true;
	return page;
}

static _Atomic u64 epochs;

void code_trust_begins(void)
{
	atomic_fetch_add(&trusting, 1);
}

void code_trust_ends(void)
{
	atomic_fetch_add(&trusts, 1);
	atomic_fetch_sub(&trusting, 1);
}

bool code_trust_is_under_way(void)
{
	return atomic_load(&trusting);
}

/* In this order: a flag that was cleared just now is read after `trusting` was set. */
bool code_is_unwritten(const _Atomic u8 *written)
{
	return !atomic_load(written) && !atomic_load(&trusting);
}

u64 code_epoch(void)
{
	return atomic_load(&epochs);
}

void code_fence(struct hart *h)
{
	h->code_epoch = atomic_fetch_add(&epochs, 1) + 1;
	mmu_forget_jumps(h);
}

bool help_fence_i(struct hart *h, const struct op *op, u64 pc)
{
	(void)op;
	code_fence(h);
	h->pc = pc + 4;
	hart_retire(h);
	return true;
}

/* -- From pc to op ------------------------------------------------------------------- */

static const struct op *fetch_trap(struct hart *h)
{
	trap_raise(h, h->pc, h->fault.cause, h->fault.tval);
	return NULL;
}

const struct op *code_at(struct hart *h)
{
	u64 pc = h->pc;
	struct jump *j = jump_of(h->ctx, pc);
	const struct op *ops;
	const u8 *live;
	bool whole;

	if (j->page == align_down(pc, PAGE_SIZE))
		return &j->ops[pc / 2 % PAGE_SLOTS];
	live = mmu_fetch(h, pc, 2, &whole);
	if (!live)
		return fetch_trap(h);
	if (!whole)
		return code_single(h);
	ops = page_of(h, live - pc % PAGE_SIZE)->ops; /* this may empty them all */
	mmu_set_jump(h->ctx, pc, ops);
	return &ops[pc / 2 % PAGE_SLOTS];
}

/* Two bytes of code: from the copy that runs if there is one. */
static bool half_at(struct hart *h, u64 pc, u32 *half)
{
	struct jump *j = jump_of(h->ctx, pc);
	const u8 *live;
	bool whole;

	if (j->page == align_down(pc, PAGE_SIZE)) {
		const struct code_page *page = (const struct code_page *)(const void *)j->ops;

		*half = get_le16(page->bytes + pc % PAGE_SIZE);
		return true;
	}
	live = mmu_fetch(h, pc, 2, &whole);
	if (live)
		*half = (u32)ram_load2(live);
	return live;
}

/* False: h->fault, of the half that it was. */
static bool word_at(struct hart *h, u64 pc, u32 *word)
{
	u32 high;

	if (!half_at(h, pc, word))
		return false;
	if ((*word & 3) != 3)
		return true;
	if (!half_at(h, pc + 2, &high))
		return false;
	*word |= high << 16;
	return true;
}

u32 code_word(struct hart *h, u64 pc)
{
	u32 word;

	return word_at(h, pc, &word) ? word : 0;
}

const struct op *code_single(struct hart *h)
{
	u32 word;

	return word_at(h, h->pc, &word) ? code_word_at_pc(h, word) : fetch_trap(h);
}

/* Often it is what was there the last time: in a loop that goes over a page end.  Of two that
 * overlap the later one is there, as the end of one takes the place of the next. */
const struct op *code_word_at_pc(struct hart *h, u32 word)
{
	u32 slot = h->pc / 2 % PAGE_SLOTS, *words = h->code->words;
	struct op *op = &h->code->singles[slot];

	if (word && words[slot] == word && op[op->len].fn == op_single_end)
		return op;
	interp_bind(h, op, decode(h->decoder, word, op), PAGE_SLOTS);
	op[op->len].fn = op_single_end;
	words[slot] = word;
	words[slot + op->len] = 0; /* its place is the end of this one */
	return op;
}

const struct op *code_singles(const struct hart *h)
{
	return h->code->singles;
}

void code_decode(struct hart *h, const struct op *op)
{
	uintptr_t at = (uintptr_t)op;
	struct code_page *page = (struct code_page *)align_down(at, OPS_ALIGN);
	u32 slot = (u32)(at % OPS_ALIGN / sizeof(*op));
	const u8 *bytes = page->bytes + slot * 2;
	struct op *out = &page->ops[slot];
	u32 word = get_le16(bytes);

	if ((word & 3) == 3 && slot == PAGE_SLOTS - 1) {
		out->fn = op_cross;
		return;
	}
	if ((word & 3) == 3)
		word = get_le32(bytes);
	interp_bind(h, out, decode(h->decoder, word, out), slot);
}
