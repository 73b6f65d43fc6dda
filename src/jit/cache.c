/* cache.c - code by page of guest memory: found, compiled, linked, dropped.
 *
 * A page keeps a copy of the bytes that its code was made from.  fence.i of a hart makes that
 * hart compare copy and memory when it next jumps to the page; code that overlaps what changed
 * is dropped, whoever wrote it: this hart, another one, a device, through whatever address.
 * Other harts may still be in such code, or jump to it from the same page, until their own
 * fence.i: the architecture lets them.
 *
 * Room comes in segments.  When the last one is full the oldest is emptied: its pages lose all
 * their code, then every other hart is asked for a fence.i, which it does outside of compiled
 * code, so none is left in the segment.
 */
#include "jit.h"

#include "access.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOOP_BYTES = 256 }; /* of code, from the start of a loop to the jump there */

/* -- Pages ---------------------------------------------------------------------------- */

static struct jit_page *_Atomic *bucket(struct jit *j, const u8 *live)
{
	return &j->table[(uintptr_t)live / PAGE_SIZE % ARRAY_LEN(j->table)];
}

static void no_code(struct jit *j, struct jit_page *page)
{
	for (u32 i = 0; i < PAGE_SLOTS; i++)
		atomic_store_explicit(&page->entry[i], j->code.miss, memory_order_relaxed);
	for (u32 i = 0; page->apart && i < PAGE_SLOTS; i++)
		atomic_store_explicit(&page->apart[i], j->code.miss, memory_order_relaxed);
}

static _Atomic u32 *entry_at(struct jit_page *page, u32 start, bool apart)
{
	return apart ? &page->apart[start / 2] : &page->entry[start / 2];
}

/* Nothing is known of what stands there. */
static void cool(struct jit_page *page, u32 first, u32 last)
{
	for (u32 i = first; i <= last && i < PAGE_SLOTS; i++) {
		atomic_store_explicit(&page->heat[i], 0, memory_order_relaxed);
		bits_remove(page->in_loop, i);
		bits_remove(page->pages_wrong, i);
		bits_remove(page->addends_wrong, i);
	}
}

static void unlink_from(struct jit *j, struct jit_page *page, const struct jit_block *b)
{
	for (u32 i = 0; i < page->nlinks; i++) {
		struct jit_link *l = &page->links[i];

		if (l->bound && l->target == b->start) {
			backend.patch(&j->code, l->site, l->stub);
			l->bound = false;
			j->stats.unlinks++;
		}
	}
}

/* The jumps that the block itself has. */
static void drop_links(struct jit_page *page, const struct jit_block *b)
{
	size_t kept = 0;

	for (u32 i = 0; i < page->nlinks; i++)
		if (page->links[i].site - b->code >= b->size)
			page->links[kept++] = page->links[i];
	page->nlinks = kept;
}

static void drop_block(struct jit *j, struct jit_page *page, size_t n)
{
	struct jit_block b = page->blocks[n];

	atomic_store_explicit(entry_at(page, b.start, b.apart), j->code.miss, memory_order_release);
	page->blocks[n] = page->blocks[--page->nblocks];
	if (!b.apart)
		unlink_from(j, page, &b);
	drop_links(page, &b);
	if (!page->nblocks)
		atomic_store(&page->segments, 0);
	j->stats.dropped++;
}

/* Freed, so that what they take is bounded by the code that there is, whatever the guest runs. */
static void forget_lists(struct jit_page *page)
{
	free(page->blocks);
	free(page->links);
	page->blocks = NULL;
	page->links = NULL;
	page->nblocks = page->blocks_cap = page->nlinks = page->links_cap = 0;
}

static void drop_all(struct jit *j, struct jit_page *page)
{
	j->stats.dropped += page->nblocks;
	no_code(j, page);
	cool(page, 0, PAGE_SLOTS);
	forget_lists(page);
	atomic_store(&page->segments, 0);
}

/* What overlaps the offsets [first, last]. */
static void drop_range(struct jit *j, struct jit_page *page, u32 first, u32 last)
{
	for (size_t n = page->nblocks; n--;)
		if (page->blocks[n].start <= last && page->blocks[n].end > first)
			drop_block(j, page, n);
}

struct comparison {
	struct jit *j;
	struct jit_page *page;
};

static void changed(void *ctx, u32 at)
{
	struct comparison *c = ctx;

	drop_range(c->j, c->page, at, at + 7);
	cool(c->page, at / 2 - (at > 0), (at + 7) / 2);
	c->j->stats.changed++;
}

static void compare(struct jit *j, struct jit_page *page)
{
	struct comparison c = { j, page };
	u64 epoch = code_epoch();
	bool any;

	j->stats.compares++;
	any = code_take_over(page->bytes, page->live, changed, &c);
	page->calm = any ? 0 : page->calm + 1;
	atomic_store(&page->validated, epoch);
}

static void fill(struct jit *j, const struct hart *h, struct jit_page *page, const u8 *live)
{
	u64 epoch = code_epoch();

	page->live = live;
	page->written = mem_written(h->env->mem, live);
	for (u32 i = 0; i < PAGE_SIZE; i += 8)
		put_le64(page->bytes + i, ram_load8(live + i));
	no_code(j, page);
	atomic_store(&page->validated, epoch);
}

/* NULL: there are as many as may be. */
static struct jit_page *fresh(struct jit *j, struct hart *h, const u8 *live)
{
	struct jit_page *_Atomic *chain = bucket(j, live);
	struct jit_page *page;

	if (j->npages == JIT_PAGES)
		return NULL;
	page = xzalloc(sizeof(*page));
	fill(j, h, page, live);
	page->config = h->config;
	page->patience = JIT_DOUBTS;
	atomic_store(&page->next, atomic_load(chain));
	atomic_store(chain, page);
	j->pages[j->npages++] = page;
	return page;
}

/* -- Room ----------------------------------------------------------------------------- */

static u32 segment_start(const struct jit *j, u32 segment)
{
	u32 size = ((u32)j->memory.size - j->first) / JIT_SEGMENTS;

	return j->first + segment * size;
}

static void fill_segment(struct jit *j, u32 segment)
{
	j->segment = segment;
	j->code.used = segment_start(j, segment);
	j->code.end = segment_start(j, segment + 1);
}

/* Waits until every other hart has done what is asked of it, which is outside of compiled code.
 * Not under the lock: they may wait for it. */
static void ask_others(struct jit *j, struct hart *h, void (*ask)(struct hart *))
{
	pthread_mutex_unlock(&j->lock);
	inbox_park(h);
	for (u32 i = 0; i < h->env->nharts; i++)
		if (h->env->harts[i] != h) {
			ask(h->env->harts[i]);
			inbox_wait(h->env->harts[i]);
		}
	inbox_unpark(h);
	pthread_mutex_lock(&j->lock);
}

static void ask_for_fence(struct hart *h)
{
	inbox_post(h, NULL);
}

/* Meanwhile nobody compiles. */
static void next_segment(struct jit *j, struct hart *h)
{
	u32 next = (j->segment + 1) % JIT_SEGMENTS;

	j->evicting = true;
	j->stats.evictions++;
	for (u32 i = 0; i < j->npages; i++)
		if (atomic_load(&j->pages[i]->segments) >> next & 1)
			drop_all(j, j->pages[i]);
	atomic_fetch_add(&j->epoch, 1);
	code_fence(h);
	ask_others(j, h, ask_for_fence);
	fill_segment(j, next);
	j->evicting = false;
}

static void free_pages(struct jit *j)
{
	for (u32 i = 0; i < j->npages; i++) {
		forget_lists(j->pages[i]);
		free((void *)(uintptr_t)j->pages[i]->apart);
		free(j->pages[i]);
	}
	j->npages = 0;
}

/* Jump caches name pages, so all of them are emptied: ours by the fence that others do too. */
static void forget_pages(struct jit *j, struct hart *h)
{
	j->evicting = true;
	j->stats.evictions++;
	for (u32 i = 0; i < j->npages; i++)
		drop_all(j, j->pages[i]);
	for (u32 i = 0; i < ARRAY_LEN(j->table); i++)
		atomic_store(&j->table[i], NULL);
	atomic_fetch_add(&j->epoch, 1);
	code_fence(h);
	ask_others(j, h, ask_for_fence);
	free_pages(j);
	fill_segment(j, 0);
	j->evicting = false;
}

void cache_init(struct jit *j)
{
	pthread_mutex_init(&j->lock, NULL);
	j->first = j->code.used;
	j->pages = xcalloc(JIT_PAGES, sizeof(struct jit_page *));
	no_code(j, &j->none);
	fill_segment(j, 0);
}

void cache_fini(struct jit *j)
{
	free_pages(j);
	free(j->pages);
	pthread_mutex_destroy(&j->lock);
}

/* -- Pages that are written no more ------------------------------------------------------------
 *
 * Kernels write to all of their code once, as they start.  Pages that were compared often, and
 * never differed, get another chance: their flags are cleared, and then all harts forget what
 * they may write without saying so.  Who did meanwhile is found out by comparing once more.
 */
enum { CALM = 8, CALM_COMPARES = 200 };

static bool is_calm(const struct jit_page *page)
{
	return page->calm >= CALM && *page->written;
}

static void trust_calm_pages(struct jit *j, struct hart *h)
{
	j->evicting = true; /* so that no page goes away */
	code_trust_begins();
	for (u32 i = 0; i < j->npages; i++)
		if (is_calm(j->pages[i]))
			mem_trust(h->env->mem, j->pages[i]->live);
	ask_others(j, h, inbox_post_forget);
	mmu_forget(h);
	for (u32 i = 0; i < j->npages; i++) {
		struct jit_page *page = j->pages[i];

		/* Calm or not: it changed meanwhile, or the same bytes are code of another ISA. */
		if (!*page->written)
			compare(j, page);
		if (page->calm >= CALM)
			page->calm = 0;
	}
	code_trust_ends();
	j->calm_compares = 0;
	j->evicting = false;
}

static void check(struct jit *j, struct hart *h, struct jit_page *page)
{
	if (code_is_unwritten(page->written))
		return;
	compare(j, page);
	if (page->calm >= CALM && !j->evicting && ++j->calm_compares >= CALM_COMPARES)
		trust_calm_pages(j, h);
}

/* -- Code that checks itself --------------------------------------------------------------------
 *
 * What is written, run once or twice and written again is not worth a comparison of its page: it is
 * run where it stands.  Where that goes on, code is made that compares the bytes it was made from
 * whenever it is entered, but for the immediates that compilers patch, which it loads.  No fence.i
 * makes it old.  That ends when it has run for long, as all other code is faster; and when it
 * was old so often that it is not worth being made: then it takes longer until it is tried again.
 */
enum { STALE = 16, MOST_PATIENCE = 1 << 20 };

/* Jump caches may have code that was dropped, and pages that no fence.i concerns, or that one does:
 * all is found again after the next. */
static void set_checks(struct jit *j, struct jit_page *page, bool checks)
{
	atomic_store(&page->checks, checks);
	atomic_fetch_add(&j->epoch, 1);
}

static void begin_checks(struct jit *j, struct jit_page *page)
{
	pthread_mutex_lock(&j->lock);
	if (!page->checks && !page->segments) {
		page->runs_left = JIT_RUNS;
		page->stale = 0;
		set_checks(j, page, true);
	}
	pthread_mutex_unlock(&j->lock);
}

/* Until that fence.i the page must be as new as the last one wants it. */
static void end_checks(struct jit *j, struct jit_page *page)
{
	drop_all(j, page);
	compare(j, page);
	atomic_store(&page->doubts, 0);
	set_checks(j, page, false);
}

void cache_stale(struct jit *j, struct hart *h, struct jit_page *page)
{
	u32 at = (u32)(h->pc % PAGE_SIZE);

	pthread_mutex_lock(&j->lock);
	if (page->checks) {
		drop_range(j, page, at, at);
		page->stale++;
		if (page->stale > STALE)
			page->patience = MIN(4 * page->patience, MOST_PATIENCE);
		if (page->stale > STALE || page->runs_left < 0)
			end_checks(j, page);
	}
	pthread_mutex_unlock(&j->lock);
	mmu_forget_targets(h->ctx);
}

/* -- Found and made -----------------------------------------------------------------------------
 */

static bool same_code(const struct jit_page *page, const struct hart *h)
{
	return page->config == h->config || isa_same(&page->config->isa, &h->config->isa);
}

static struct jit_page *find(struct jit *j, const struct hart *h, const u8 *live)
{
	struct jit_page *page = atomic_load(bucket(j, live));

	while (page && (page->live != live || !same_code(page, h)))
		page = atomic_load(&page->next);
	return page;
}

/* Nobody has compared it since the hart's last fence.i. */
static bool is_old(const struct jit_page *page, const struct hart *h)
{
	return atomic_load(&page->validated) < h->code_epoch;
}

/* Its page, made or compared if need be. */
static struct jit_page *make(struct jit *j, struct hart *h, const u8 *live)
{
	struct jit_page *page;

	pthread_mutex_lock(&j->lock);
	page = find(j, h, live);
	if (!page && !j->evicting) {
		page = fresh(j, h, live);
		if (!page)
			forget_pages(j, h);
	}
	if (page && is_old(page, h))
		check(j, h, page);
	pthread_mutex_unlock(&j->lock);
	return page ? page : &j->none;
}

/* Not under the lock: pages only go away when all harts have been elsewhere. */
struct jit_page *cache_page(struct jit *j, struct hart *h, const u8 *live,
			    struct code_page **doubted)
{
	struct jit_page *page = find(j, h, live);

	if (page && (page->checks || !is_old(page, h)))
		return page;
	*doubted = page && !atomic_load(&page->segments) ? code_in_doubt(h, live) : NULL;
	if (!*doubted)
		return make(j, h, live);
	if (!h->tried && atomic_fetch_add(&page->doubts, 1) >= page->patience)
		begin_checks(j, page);
	return NULL;
}

static void keep(struct jit *j, struct jit_page *page, const struct ir_block *b,
		 const struct jit_made *made)
{
	struct jit_block block = { (u16)b->start, (u16)b->end, b->apart, made->code, made->size };

	GROW(&page->blocks, page->nblocks, &page->blocks_cap);
	page->blocks[page->nblocks++] = block;
	for (u32 i = 0; i < made->nlinks; i++) {
		GROW(&page->links, page->nlinks, &page->links_cap);
		page->links[page->nlinks++] = made->links[i];
	}
	atomic_fetch_or(&page->segments, 1u << j->segment);
	j->stats.blocks++;
	j->stats.insns += b->insns;
	j->stats.bytes += made->size;
	j->stats.peak = MAX(j->stats.peak, j->code.used);
}

/* By the address that led here: other processes may have the page elsewhere. */
static void name(const struct jit *j, const struct hart *h)
{
	char text[32];

	if (!j->exec->name)
		return;
	snprintf(text, sizeof(text), "guest 0x%" PRIx64,
		 align_down(h->pc, PAGE_SIZE) + j->ir.start);
	j->exec->name(j->memory.run + j->made.code, j->made.size, text);
}

/* Code that was made before anybody knew is made again. */
static void note_loop(struct jit *j, struct jit_page *page, u32 first, u32 last)
{
	for (size_t n = page->nblocks; n--;) {
		u32 start = page->blocks[n].start;

		if (start >= first && start <= last && !bits_has(page->in_loop, start / 2))
			drop_block(j, page, n);
	}
	for (u32 at = first; at <= last; at += 2)
		bits_put(page->in_loop, at / 2);
}

/* A short jump back makes a loop of what lies in between.  Those of a kernel go over one process'
 * memory, then over another's: there, only a block that jumps to its own start is worth guesses. */
static void note_loops(struct jit *j, const struct hart *h, struct jit_page *page)
{
	const struct ir_block *b = &j->ir;
	u32 at = 0;

	for (u32 n = 0; n < b->n; n++) {
		const struct ir *i = &b->ir[n];
		i64 target = i->op == IR_JUMP ? b->ir[i->a].k : i->k;

		if (i->op == IR_INSN)
			at = (u32)i->k;
		if (i->op != IR_BRANCH && (i->op != IR_JUMP || b->ir[i->a].op != IR_PC))
			continue;
		if (target >= 0 && target <= at && at - target < LOOP_BYTES &&
		    (target == b->start || h->priv == PRIV_U))
			note_loop(j, page, (u32)target, at);
	}
}

static void ignore(void *ctx, u32 at)
{
	(void)ctx, (void)at;
}

/* False: there is nothing that is not interpreted, or no room. */
static bool compile(struct jit *j, struct hart *h, struct jit_page *page, u32 start, bool apart)
{
	j->ir.checks = page->checks;
	if (page->checks)
		code_take_over(page->bytes, page->live, ignore, NULL);
	ir_read(&j->ir, h, page->bytes, start,
		page->checks ? MIN(JIT_BLOCK, JIT_CHECKED) : JIT_BLOCK);
	j->ir.apart = apart;
	if (ir_is_interpreted(&j->ir)) {
		atomic_store_explicit(&page->heat[start / 2], JIT_NEVER, memory_order_relaxed);
		return false;
	}
	note_loops(j, h, page);
	if (!backend.block(&j->code, &j->ir, h, page, &j->made)) {
		next_segment(j, h);
		return false;
	}
	keep(j, page, &j->ir, &j->made);
	name(j, h);
	atomic_store_explicit(entry_at(page, start, apart), j->made.code, memory_order_release);
	return true;
}

/* Others read it as soon as the page has it. */
static void add_apart(const struct jit *j, struct jit_page *page)
{
	_Atomic u32 *apart = xcalloc(PAGE_SLOTS, sizeof(*apart));

	for (u32 i = 0; i < PAGE_SLOTS; i++)
		atomic_store_explicit(&apart[i], j->code.miss, memory_order_relaxed);
	atomic_store_explicit(&page->apart, apart, memory_order_release);
}

bool cache_compile(struct jit *j, struct hart *h, struct jit_page *page, u32 start, bool apart)
{
	bool there;

	if (page == &j->none)
		return false;
	pthread_mutex_lock(&j->lock);
	if (apart && !page->apart)
		add_apart(j, page);
	there = *entry_at(page, start, apart) != j->code.miss;
	if (!there && !j->evicting)
		there = compile(j, h, page, start, apart);
	pthread_mutex_unlock(&j->lock);
	return there;
}

/* The next guess is the addend, after that there is none. */
static void distrust(struct jit *j, struct jit_page *page, u32 at)
{
	u64 *wrong = bits_has(page->pages_wrong, at / 2) ? page->addends_wrong : page->pages_wrong;

	if (bits_has(wrong, at / 2))
		return;
	drop_range(j, page, at, at);
	bits_put(wrong, at / 2);
}

void cache_distrust(struct jit *j, const struct hart *h, u64 gva, u32 at)
{
	const struct jump *to = jump_of(h->ctx, gva);

	if (to->native_page != gva)
		return;
	pthread_mutex_lock(&j->lock);
	distrust(j, to->native, at);
	pthread_mutex_unlock(&j->lock);
	mmu_forget_targets(h->ctx);
}

void cache_link(struct jit *j, struct jit_page *page, u32 site, u32 target)
{
	u32 entry;

	pthread_mutex_lock(&j->lock);
	entry = page->entry[target / 2];
	for (u32 i = 0; j->code.chains && entry != j->code.miss && i < page->nlinks; i++) {
		struct jit_link *l = &page->links[i];

		if (l->site != site || l->target != target || l->bound)
			continue;
		backend.patch(&j->code, site, entry);
		l->bound = true;
		j->stats.links++;
		break;
	}
	pthread_mutex_unlock(&j->lock);
}
