/* arena.c - memory of one board: many small things that go at the same time. */
#include "parts.h"

#include <stdalign.h>

#define BLOCK_BYTES ((size_t)32 * KIB)

struct arena_block {
	struct arena_block *before;
	size_t used, size;
	alignas(max_align_t) u8 bytes[];
};

void *arena_zalloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->last;
	void *p;

	size = align_up(size, alignof(max_align_t));
	if (!b || size > b->size - b->used) {
		b = xzalloc(sizeof(*b) + MAX(size, BLOCK_BYTES));
		b->size = MAX(size, BLOCK_BYTES);
		b->before = a->last;
		a->last = b;
	}
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
	char *p = arena_zalloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	p = arena_zalloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_grow(struct arena *a, void *p, u32 n, u32 *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 4;
	more = arena_zalloc(a, *cap * size);
	if (n)
		memcpy(more, p, n * size);
	return more;
}

void arena_free(struct arena *a)
{
	while (a->last) {
		struct arena_block *b = a->last;

		a->last = b->before;
		free(b);
	}
}
