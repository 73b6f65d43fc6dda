/* mem.c - the guest physical address space: who answers at which address. */
#include "mem.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PAGE = 4096 };

struct window {
	const char *name;
	u32 rank;
	u64 gpa, size; /* size 0: nowhere */
	struct mem_io io;
};

struct watch {
	u64 gpa, size;
	mem_watch_fn *fn;
	void *ctx;
};

struct mem {
	/* Fixed before harts run: read without a lock. */
	struct mem_ram *ram; /* in address order */
	size_t nram, ram_cap;
	struct watch *watch;
	size_t nwatch, watch_cap;
	void (*discard)(u8 *bytes, u64 n); /* or NULL */

	/* Windows move while harts run; `generation` counts the moves. */
	pthread_mutex_t lock;
	_Atomic u64 generation;
	struct window *window;
	size_t nwindow, window_cap;
};

struct mem *mem_new(void)
{
	struct mem *m = xzalloc(sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	m->generation = 1; /* a zero-filled mem_cache is of none */
	return m;
}

void mem_free(struct mem *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	for (size_t i = 0; i < m->nram; i++)
		free((void *)(uintptr_t)m->ram[i].written);
	free(m->ram);
	free(m->watch);
	free(m->window);
	free(m);
}

/* -- RAM and ROM ------------------------------------------------------------- */

static u64 pages_of(const struct mem_ram *r)
{
	return (r->size + PAGE - 1) / PAGE;
}

static bool add(struct mem *m, struct mem_ram r, struct err *e)
{
	size_t i;

	if (!r.size || r.gpa + (r.size - 1) < r.gpa)
		return err_set(e, "%s: no such range of addresses", r.name);
	for (i = 0; i < m->nram; i++)
		if (ranges_overlap(m->ram[i].gpa, m->ram[i].size, r.gpa, r.size))
			return err_set(e, "%s overlaps %s", r.name, m->ram[i].name);
	if (!r.rom || r.hidden)
		r.written = xcalloc(pages_of(&r), 1);
	GROW(&m->ram, m->nram, &m->ram_cap);
	for (i = m->nram++; i && m->ram[i - 1].gpa > r.gpa; i--)
		m->ram[i] = m->ram[i - 1];
	m->ram[i] = r;
	return true;
}

bool mem_add_ram(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes, struct err *e)
{
	return add(m, (struct mem_ram){ .name = name, .gpa = gpa, .size = size, .bytes = bytes },
		   e);
}

bool mem_add_rom(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes, struct err *e)
{
	return add(m,
		   (struct mem_ram){
			   .name = name, .gpa = gpa, .size = size, .bytes = bytes, .rom = true },
		   e);
}

bool mem_add_flash(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes,
		   const _Atomic bool *hidden, struct err *e)
{
	return add(m,
		   (struct mem_ram){ .name = name,
				     .gpa = gpa,
				     .size = size,
				     .bytes = bytes,
				     .rom = true,
				     .hidden = hidden },
		   e);
}

const struct mem_ram *mem_ram(const struct mem *m, u32 i)
{
	return i < m->nram ? &m->ram[i] : NULL;
}

static const struct mem_ram *ram_at(const struct mem *m, u64 gpa, u64 n)
{
	for (size_t i = 0; i < m->nram; i++)
		if (range_inside(gpa, n, m->ram[i].gpa, m->ram[i].size))
			return &m->ram[i];
	return NULL;
}

static _Atomic u64 first_writes;

static void mark(const struct mem_ram *r, u64 gpa, u64 n)
{
	for (u64 page = (gpa - r->gpa) / PAGE; n && page <= (gpa - r->gpa + n - 1) / PAGE; page++)
		if (!atomic_load_explicit(&r->written[page], memory_order_relaxed)) {
			atomic_store(&r->written[page], 1);
			atomic_fetch_add(&first_writes, 1);
		}
}

u64 mem_first_writes(void)
{
	return atomic_load(&first_writes);
}

/* The one place where a guest's address becomes a host's. */
u8 *mem_slice(const struct mem *m, u64 gpa, u64 n)
{
	const struct mem_ram *r = ram_at(m, gpa, n);

	if (!r || r->rom)
		return NULL;
	mark(r, gpa, n);
	return r->bytes + (gpa - r->gpa);
}

const u8 *mem_readable(const struct mem *m, u64 gpa, u64 n, bool *rom)
{
	const struct mem_ram *r = ram_at(m, gpa, n);

	if (!r || (r->hidden && *r->hidden))
		return NULL;
	*rom = r->rom;
	return r->bytes + (gpa - r->gpa);
}

void mem_will_write(const struct mem *m, u64 gpa)
{
	const struct mem_ram *r = ram_at(m, gpa, 1);

	if (r && !r->rom)
		mark(r, gpa, 1);
}

/* NULL: in nothing that is ever written. */
static const struct mem_ram *ram_of(const struct mem *m, const u8 *bytes)
{
	for (size_t i = 0; i < m->nram; i++) {
		const struct mem_ram *r = &m->ram[i];

		if (r->written && bytes >= r->bytes && bytes < r->bytes + r->size)
			return r;
	}
	return NULL;
}

/* The same. */
static _Atomic u8 *flag_of(const struct mem *m, const u8 *page)
{
	const struct mem_ram *r = ram_of(m, page);

	return r ? &r->written[(u64)(page - r->bytes) / PAGE] : NULL;
}

const _Atomic u8 *mem_written(const struct mem *m, const u8 *page)
{
	static const _Atomic u8 never = 0;
	const _Atomic u8 *flag = flag_of(m, page);

	return flag ? flag : &never;
}

void mem_has_written(const struct mem *m, const u8 *bytes, u64 n)
{
	const struct mem_ram *r = ram_of(m, bytes);

	if (r)
		mark(r, r->gpa + (u64)(bytes - r->bytes), n);
}

void mem_trust(struct mem *m, const u8 *page)
{
	_Atomic u8 *flag = flag_of(m, page);

	if (flag)
		atomic_store(flag, 0);
}

void mem_forget_written(struct mem *m)
{
	for (size_t i = 0; i < m->nram; i++)
		for (u64 page = 0; m->ram[i].written && page < pages_of(&m->ram[i]); page++)
			atomic_store_explicit(&m->ram[i].written[page], 0, memory_order_relaxed);
}

/* Not memcpy: other harts may write meanwhile, which is the guest's affair, and then
 * each aligned word is still old or new. */
NO_TSAN static void guest_copy(void *to, const void *from, u64 n)
{
	volatile u8 *d = to;
	const volatile u8 *s = from;

	if (!(((uintptr_t)d | (uintptr_t)s) & 7))
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(volatile u64 *)(volatile void *)d =
				*(const volatile u64 *)(const volatile void *)s;
	while (n--)
		*d++ = *s++;
}

bool mem_read(const struct mem *m, u64 gpa, void *to, u64 n)
{
	const struct mem_ram *r = ram_at(m, gpa, n);

	if (!r || r->rom)
		return false;
	guest_copy(to, r->bytes + (gpa - r->gpa), n);
	return true;
}

/* Written after it, too: somebody may have compared the page, and trusted it, as the bytes came. */
bool mem_write(struct mem *m, u64 gpa, const void *from, u64 n)
{
	u8 *p = mem_slice(m, gpa, n);

	if (!p)
		return false;
	guest_copy(p, from, n);
	mem_has_written(m, p, n);
	return true;
}

void mem_on_discard(struct mem *m, void (*fn)(u8 *bytes, u64 n))
{
	m->discard = fn;
}

/* Written after it, too: what was made of the bytes before would else be trusted. */
bool mem_discard(struct mem *m, u64 gpa, u64 n)
{
	const struct mem_ram *r = ram_at(m, gpa, n);
	u64 first = align_up(gpa, PAGE), end = align_down(gpa + n, PAGE);

	if (!r || r->rom)
		return false;
	if (!m->discard || first >= end)
		return true;
	mark(r, first, end - first);
	m->discard(r->bytes + (first - r->gpa), end - first);
	mark(r, first, end - first);
	return true;
}

/* -- Windows ----------------------------------------------------------------- */

u32 mem_add_io(struct mem *m, const char *name, u32 rank, struct mem_io io)
{
	pthread_mutex_lock(&m->lock);
	GROW(&m->window, m->nwindow, &m->window_cap);
	m->window[m->nwindow++] = (struct window){ .name = name, .rank = rank, .io = io };
	pthread_mutex_unlock(&m->lock);
	return (u32)(m->nwindow - 1);
}

void mem_map_io(struct mem *m, u32 window, u64 gpa, u64 size)
{
	pthread_mutex_lock(&m->lock);
	assert(window < m->nwindow);
	m->window[window].gpa = gpa;
	m->window[window].size = size;
	atomic_fetch_add(&m->generation, 1);
	pthread_mutex_unlock(&m->lock);
}

static const struct window *find_window(const struct mem *m, u64 gpa, u32 width)
{
	const struct window *best = NULL;

	for (size_t i = 0; i < m->nwindow; i++) {
		const struct window *w = &m->window[i];

		if (range_inside(gpa, width, w->gpa, w->size) && (!best || w->rank < best->rank))
			best = w;
	}
	return best;
}

static bool alone(const struct mem *m, const struct window *w)
{
	for (size_t i = 0; i < m->nwindow; i++)
		if (&m->window[i] != w &&
		    ranges_overlap(w->gpa, w->size, m->window[i].gpa, m->window[i].size))
			return false;
	return true;
}

/* Fills the cache with the window at gpa.  It may move the next moment: then this
 * access was before the move.  Where windows overlap, only this access may use it. */
static bool look_up(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width)
{
	const struct window *w;

	pthread_mutex_lock(&m->lock);
	w = find_window(m, gpa, width);
	if (w)
		*cache = (struct mem_cache){ alone(m, w) ? m->generation : 0, w->gpa, w->size,
					     w->io };
	pthread_mutex_unlock(&m->lock);
	return w;
}

static bool reach(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width)
{
	if (gpa & (width - 1))
		return false;
	if (cache->generation == atomic_load_explicit(&m->generation, memory_order_acquire) &&
	    range_inside(gpa, width, cache->gpa, cache->size))
		return true;
	return look_up(m, cache, gpa, width);
}

bool mem_io_read(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width, u64 *value)
{
	struct mem_cache own = { 0 };

	if (!cache)
		cache = &own;
	if (!reach(m, cache, gpa, width))
		return false;
	assert(cache->io.read); /* generations count from 1: a cache of 0 is empty */
	*value = cache->io.read(cache->io.ctx, gpa - cache->gpa, width);
	return true;
}

bool mem_io_write(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width, u64 value)
{
	struct mem_cache own = { 0 };

	if (!cache)
		cache = &own;
	if (!reach(m, cache, gpa, width))
		return false;
	assert(cache->io.write);
	cache->io.write(cache->io.ctx, gpa - cache->gpa, width, value);
	return true;
}

bool mem_answers(struct mem *m, u64 gpa)
{
	bool rom, yes = mem_readable(m, gpa, 1, &rom);

	if (yes)
		return true;
	pthread_mutex_lock(&m->lock);
	yes = find_window(m, gpa, 1);
	pthread_mutex_unlock(&m->lock);
	return yes;
}

static void nearer(u64 gpa, const char *candidate, u64 base, u64 size, const char **name, u64 *last)
{
	if (size && base <= gpa && (!*name || base + size - 1 > *last)) {
		*name = candidate;
		*last = base + size - 1;
	}
}

bool mem_nearest(struct mem *m, u64 gpa, const char **name, u64 *last)
{
	*name = NULL;
	*last = 0;
	for (size_t i = 0; i < m->nram; i++)
		nearer(gpa, m->ram[i].name, m->ram[i].gpa, m->ram[i].size, name, last);
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->nwindow; i++)
		nearer(gpa, m->window[i].name, m->window[i].gpa, m->window[i].size, name, last);
	pthread_mutex_unlock(&m->lock);
	return *name;
}

/* -- Watched RAM ------------------------------------------------------------- */

void mem_watch(struct mem *m, u64 gpa, u64 size, mem_watch_fn *fn, void *ctx)
{
	GROW(&m->watch, m->nwatch, &m->watch_cap);
	m->watch[m->nwatch++] = (struct watch){ gpa, size, fn, ctx };
}

bool mem_watched_page(const struct mem *m, u64 gpa)
{
	for (size_t i = 0; i < m->nwatch; i++)
		if (ranges_overlap(align_down(gpa, PAGE), PAGE, m->watch[i].gpa, m->watch[i].size))
			return true;
	return false;
}

void mem_stored(struct mem *m, u64 gpa, u32 width)
{
	for (size_t i = 0; i < m->nwatch; i++)
		if (ranges_overlap(gpa, width, m->watch[i].gpa, m->watch[i].size))
			m->watch[i].fn(m->watch[i].ctx, gpa, width);
}
