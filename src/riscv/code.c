/* code.c - code pages: the guest's code as copied, decoded and run.
 *
 * A page is found by the address of its bytes in RAM or ROM, so all virtual and physical names
 * of it share one.  Code that cannot be kept as a page (its page is only partly RAM, or partly
 * executable by PMP) and instructions over a page end are decoded each time they run, to an
 * array of their own.
 *
 * fence.i only sets hart.code_epoch and empties the jump caches; then the next jump to each
 * page comes here and compares ("Zifencei" leaves all else to the implementation).  To compare a
 * page is a lot for code that runs once until it is changed again, as compilers patch it: the first
 * few runs through a page that was written are decoded from where it stands.
 */
#include "hart.h"

#include "access.h"

#include <stdlib.h>

#define BUCKETS 1024

/* What a single op was decoded from. */
struct single {
	u32 word; /* 0: nothing that is kept */
	bool jumps;
};

struct code {
	struct code_page *table[BUCKETS];
	struct code_page *pages[CODE_PAGES];
	u32 npages, hand;
	struct op *singles;
	struct single kept[PAGE_SLOTS + 2];
};

struct code *code_new(void)
{
	struct code *c = xzalloc(sizeof(*c));

	c->singles = xaligned(OPS_ALIGN, sizeof(struct op) * (PAGE_SLOTS + 2));
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

static bool take_over64(u8 *bytes, const u8 *live, u32 from, void (*changed)(void *ctx, u32 at),
			void *ctx)
{
	bool any = false;

	for (u32 i = from; i < from + 64; i += 8) {
		u64 now = ram_load8(live + i);

		if (now == get_le64(bytes + i))
			continue;
		put_le64(bytes + i, now);
		changed(ctx, i);
		any = true;
	}
	return any;
}

bool code_take_over(u8 *bytes, const u8 *live, void (*changed)(void *ctx, u32 at), void *ctx)
{
	bool any = false;

	for (u32 i = 0; i < PAGE_SIZE; i += 64)
		if (!ram_same64(live + i, bytes + i))
			any |= take_over64(bytes, live, i, changed, ctx);
	return any;
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
	page->doubt = (struct doubt){ 0 };
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
	c->pages[c->npages] = xaligned(OPS_ALIGN, sizeof(struct code_page));
	return c->pages[c->npages++];
}

/* Nobody wrote to it since it was compared. */
static bool is_unwritten(const struct code_page *page)
{
	return code_is_unwritten(page->written) && page->trusted == atomic_load(&trusts);
}

/* It has not been compared since the hart's last fence.i, nor need it be the same. */
static bool may_differ(const struct hart *h, const struct code_page *page)
{
	return page->validated != h->code_epoch && !is_unwritten(page);
}

/* -- Doubt ----------------------------------------------------------------------------
 *
 * A page is in doubt if it was written and had changed when it was last compared.  That goes on for
 * a few runs after each fence.i, and for many of all; a page that was run more often once is
 * compared for some time.
 */
enum { FEW = 4, MANY = 1024, SURE = 16 };

static bool is_in_doubt(const struct hart *h, const struct code_page *page)
{
	const struct doubt *d = &page->doubt;

	return may_differ(h, page) && d->changes && !d->sure && d->all < MANY &&
	       (d->runs < FEW || d->epoch != h->code_epoch);
}

static void run_in_doubt(const struct hart *h, struct doubt *d)
{
	d->runs = d->epoch == h->code_epoch ? d->runs + 1 : 1;
	d->epoch = h->code_epoch;
	d->all++;
}

static void was_compared(const struct hart *h, struct doubt *d, bool changes)
{
	if (d->runs == FEW && d->epoch == h->code_epoch)
		d->sure = SURE;
	else if (d->sure)
		d->sure--;
	d->changes = changes;
	d->runs = d->all = 0;
}

static struct code_page *find(const struct hart *h, const u8 *live)
{
	struct code_page *page = *bucket(h->code, live);

	while (page && page->live != live)
		page = page->next;
	return page;
}

struct code_page *code_in_doubt(const struct hart *h, const u8 *live)
{
	struct code_page *page = find(h, live);

	return page && is_in_doubt(h, page) ? page : NULL;
}

static struct code_page *add(struct hart *h, const u8 *live)
{
	struct code_page *page = fresh(h), **chain = bucket(h->code, live);
	u64 trusted = atomic_load(&trusts);

	fill(h, page, live);
	page->trusted = trusted;
	page->next = *chain;
	*chain = page;
	return page;
}

static void compare(struct hart *h, struct code_page *page)
{
	u64 trusted = atomic_load(&trusts);

	was_compared(h, &page->doubt, code_take_over(page->bytes, page->live, decode_again, page));
	page->trusted = trusted;
}

/* What find() found, made or compared if need be. */
static struct code_page *up_to_date(struct hart *h, struct code_page *page, const u8 *live)
{
	if (!page)
		page = add(h, live);
	else if (may_differ(h, page))
		compare(h, page);
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

/* -- Singles -------------------------------------------------------------------------- */

static void decode_single(struct hart *h, u32 slot, u32 word)
{
	struct op *op = &h->code->singles[slot];
	enum row row = decode(h->decoder, word, op);

	interp_bind(h, op, row, PAGE_SLOTS);
	h->code->kept[slot] = (struct single){ word, interp_jumps(row) };
}

/* Often it is what was there the last time: in a loop that goes over a page end. */
static const struct single *single(struct hart *h, u32 slot, u32 word)
{
	const struct single *kept = &h->code->kept[slot];

	if (!word || kept->word != word)
		decode_single(h, slot, word);
	return kept;
}

static u32 slots_of(u32 word)
{
	return (word & 3) == 3 ? 2 : 1;
}

/* Of two that overlap the later one is there, as the end of one takes the place of the next. */
static void end_singles(struct code *c, u32 slot)
{
	c->singles[slot].fn = op_single_end;
	c->kept[slot].word = 0;
}

enum { RUN = 8 };

/* What stands at `live`, where h->pc is, up to a jump. */
static const struct op *run_in_place(struct hart *h, const u8 *live)
{
	u32 first = h->pc / 2 % PAGE_SLOTS, slot = first;

	for (u32 n = 0; n < RUN && slot < PAGE_SLOTS - 1; n++) {
		const u8 *p = live + (slot - first) * 2;
		u32 word = (u32)ram_load2(p), here = slot;

		slot += slots_of(word);
		if (slot == here + 2)
			word |= (u32)ram_load2(p + 2) << 16;
		if (single(h, here, word)->jumps)
			break;
	}
	end_singles(h->code, slot);
	return &h->code->singles[first];
}

const struct op *code_in_place(struct hart *h, struct code_page *page)
{
	u64 offset = h->pc % PAGE_SIZE;

	run_in_doubt(h, &page->doubt);
	return offset < PAGE_SIZE - 2 ? run_in_place(h, page->live + offset) : code_single(h);
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
	struct code_page *page;
	const u8 *live;
	bool whole;

	if (j->page == align_down(pc, PAGE_SIZE))
		return &j->ops[pc / 2 % PAGE_SLOTS];
	live = mmu_fetch(h, pc, 2, &whole);
	if (!live)
		return fetch_trap(h);
	if (!whole)
		return code_single(h);
	live -= pc % PAGE_SIZE;
	page = find(h, live);
	if (page && is_in_doubt(h, page))
		return code_in_place(h, page);
	page = up_to_date(h, page, live); /* this may empty the jump caches */
	mmu_set_jump(h->ctx, pc, page->ops);
	return &page->ops[pc / 2 % PAGE_SLOTS];
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

const struct op *code_word_at_pc(struct hart *h, u32 word)
{
	u32 slot = h->pc / 2 % PAGE_SLOTS;

	single(h, slot, word);
	end_singles(h->code, slot + slots_of(word));
	return &h->code->singles[slot];
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
