#include "base.h"

static void *must(void *p)
{
	if (!p) {
		static const char text[] = "vmbuild: out of memory\n";

		fwrite(text, 1, sizeof(text) - 1, stderr);
		abort();
	}
	return p;
}

void *xzalloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1)); /* checks the product */
}

/* What the size is rounded up by stays untouched: nearly half of each decoded page's memory. */
void *xaligned(size_t align, size_t size)
{
	return memset(must(aligned_alloc(align, (size_t)align_up(size, align))), 0, size);
}

void *xrealloc(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	char *p = xzalloc(n + 1);

	memcpy(p, s, n);
	return p;
}

char *xprintf(const char *fmt, ...)
{
	struct str s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vadd(&s, fmt, ap);
	va_end(ap);
	return s.p ? s.p : xstrdup("");
}

void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	size_t want, bytes;

	if (n < *cap)
		return p;
	want = *cap ? *cap * 2 : 8;
	if (MUL_OVERFLOWS(want, size, &bytes))
		return must(NULL);
	p = xrealloc(p, bytes);
	memset((u8 *)p + *cap * size, 0, bytes - *cap * size);
	*cap = want;
	return p;
}
