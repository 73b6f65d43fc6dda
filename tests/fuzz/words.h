/* words.h - inputs made of the words of a fuzzer's dictionary, in an order that is the same each
 * time: for targets of text, of which nothing but chance would be refused at its first line.
 *
 * A line of the dictionary is "WORD", with \", \\ and \x0d in it; # begins a comment.
 */
#ifndef WORDS_H
#define WORDS_H

#include "../board/loading.h"
#include "chance.h"

struct word {
	u8 bytes[64];
	u32 n;
};

struct words {
	struct word list[64];
	u32 n;
};

static inline u8 words_byte(const char **at)
{
	const char *p = *at;
	char hex[3];

	*at += p[0] != '\\' ? 1 : p[1] == 'x' ? 4 : 2;
	if (p[0] != '\\')
		return (u8)p[0];
	if (p[1] != 'x')
		return (u8)p[1];
	snprintf(hex, sizeof(hex), "%.2s", p + 2);
	return (u8)strtoul(hex, NULL, 16);
}

static inline void words_read(struct words *w, const char *path)
{
	struct err why = { 0 };
	size_t len;
	char *text = load_real(path, MIB, &len, &why);

	if (!text)
		fail_msg("%s: %s", path, why.text);
	w->n = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		struct word *word = &w->list[w->n];

		line += *line == '\n';
		if (*line != '"')
			continue;
		assert_true(w->n++ < ARRAY_LEN(w->list));
		word->n = 0;
		for (line++; *line != '"';) {
			assert_true(*line && word->n < sizeof(word->bytes));
			word->bytes[word->n++] = words_byte(&line);
		}
	}
	free(text);
}

/* As many words as fit, at most `most`; now and then another byte. */
static inline size_t words_compose(const struct words *w, u32 most, u8 *bytes, size_t cap,
				   u32 *seed)
{
	size_t n = 0;

	for (u32 i = xorshift(seed) % most; i && n < cap; i--) {
		const struct word *word = &w->list[xorshift(seed) % w->n];
		size_t len = MIN(word->n, cap - n);

		memcpy(bytes + n, word->bytes, len);
		n += len;
		if (xorshift(seed) % 16 == 0 && n < cap)
			bytes[n++] = (u8)(xorshift(seed) >> 9);
	}
	return n;
}

#endif
