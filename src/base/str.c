#include "base.h"

static void room(struct str *s, size_t more)
{
	size_t want = s->n + more + 1;

	if (want <= s->cap)
		return;
	s->cap = MAX(want, s->cap * 2);
	s->p = xrealloc(s->p, s->cap);
}

void str_vadd(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	room(s, 0);
	n = vsnprintf(s->p + s->n, s->cap - s->n, fmt, ap);
	if (n > 0) {
		room(s, (size_t)n);
		vsnprintf(s->p + s->n, (size_t)n + 1, fmt, again);
		s->n += (size_t)n;
	}
	va_end(again);
}

void str_add(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vadd(s, fmt, ap);
	va_end(ap);
}

void str_bytes(struct str *s, const void *p, size_t n)
{
	room(s, n);
	if (n)
		memcpy(s->p + s->n, p, n);
	s->n += n;
	s->p[s->n] = 0;
}

void str_json(struct str *s, const char *text)
{
	if (!text) {
		str_add(s, "null");
		return;
	}
	str_add(s, "\"");
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			str_add(s, "\\%c", *text);
		else if ((u8)*text < 0x20)
			str_add(s, "\\u%04x", (u8)*text);
		else
			str_bytes(s, text, 1);
	str_add(s, "\"");
}

void str_free(struct str *s)
{
	free(s->p);
	*s = (struct str){ 0 };
}

const char *str_text(const struct str *s)
{
	return s->p ? s->p : "";
}

bool text_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

/* Damerau-Levenshtein with adjacent swaps, three rows at a time.  Long words never
 * resemble each other. */
u32 text_distance(const char *a, const char *b)
{
	enum { LONGEST = 64 };
	u32 row[3][LONGEST + 1];
	u32 *before = row[0], *above = row[1], *now = row[2];
	size_t na = strlen(a), nb = strlen(b);

	if (na > LONGEST || nb > LONGEST)
		return UINT32_MAX;
	for (u32 j = 0; j <= nb; j++)
		above[j] = before[j] = j;
	for (u32 i = 1; i <= na; i++) {
		u32 *oldest = before;

		now[0] = i;
		for (u32 j = 1; j <= nb; j++) {
			u32 change = above[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = MIN(change, MIN(above[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		before = above;
		above = now;
		now = oldest;
	}
	return above[nb];
}

void nearest_try(struct nearest *n, const char *wrong, const char *word)
{
	size_t len = strlen(wrong);
	u32 most = len <= 2 ? 0 : len <= 4 ? 1 : 2;
	u32 d = text_distance(wrong, word);

	if (d <= most && (!n->word || d < n->distance))
		*n = (struct nearest){ word, d };
}

const char *text_clean(char *out, size_t cap, const char *s, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 5 <= cap; i++) {
		u8 c = (u8)s[i];

		if (c >= 0x20 && c <= 0x7e)
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, cap - at, "\\x%02x", c);
	}
	if (cap)
		out[at] = 0;
	return out;
}
