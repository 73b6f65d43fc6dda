/* scalar.c - numbers, sizes, frequencies, times and bools as boards write them.
 *
 * Whoever knows another notation is told how it is written here: each refusal that has
 * an obvious meaning comes with the text to write.
 */
#include "parts.h"

#include <inttypes.h>
#include <strings.h>

static u32 digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (u32)(c - 'A') + 10;
	return UINT32_MAX;
}

/* The one of `letters` that c is but for its case, or 0. */
static char meant(const char *letters, char c)
{
	for (; *letters; letters++)
		if (((u8)*letters | 0x20) == ((u8)c | 0x20))
			return *letters;
	return 0;
}

static bool fail(struct wrong *w, const char *text)
{
	snprintf(w->text, sizeof(w->text), "%s", text);
	w->hint[0] = 0;
	return false;
}

#define HINT(w, ...) (snprintf((w)->hint, sizeof((w)->hint), __VA_ARGS__), false)

/* Digits and `_` between them.  Returns what follows. */
static const char *digits(const char *s, u32 base, u64 *v, bool *overflow)
{
	const char *first = s;

	*v = 0;
	for (; digit(*s) < base || (*s == '_' && s > first && digit(s[1]) < base); s++) {
		if (*s == '_')
			continue;
		*overflow |= MUL_OVERFLOWS(*v, base, v);
		*overflow |= ADD_OVERFLOWS(*v, digit(*s), v);
	}
	return s;
}

static bool leading_zero(const char *s, struct wrong *w)
{
	bool overflow = false, octal;
	u64 v;

	octal = !*digits(s, 8, &v, &overflow) && !overflow;
	fail(w, "a number does not begin with 0");
	s += strspn(s, "0");
	if (octal)
		return HINT(w, "write `%.40s`, or `0x%" PRIx64 "` if octal was meant", *s ? s : "0",
			    v);
	return HINT(w, "write `%.40s`", *s ? s : "0");
}

/* The number at the start of s; *rest is what follows. */
static bool number_part(const char *s, u64 *v, const char **rest, struct wrong *w)
{
	bool overflow = false;
	u32 base = s[0] != '0' ? 10 : s[1] == 'x' ? 16 : s[1] == 'b' ? 2 : 10;
	const char *first = base == 10 ? s : s + 2;

	if (s[0] == '0' && s[1] == 'X') {
		fail(w, "not a number");
		return HINT(w, "write `0x%.40s`, with a small x", s + 2);
	}
	if (s[0] == '0' && s[1] == 'o') {
		digits(s + 2, 8, v, &overflow);
		fail(w, "there are no octal numbers here");
		return overflow ? false : HINT(w, "write `0x%" PRIx64 "`", *v);
	}
	if (s[0] == '0' && digit(s[1]) < 10)
		return leading_zero(s, w);
	if (s[0] == '-' && digit(s[1]) < 10)
		return fail(w, "a number here is not negative");
	*rest = digits(first, base, v, &overflow);
	if (*rest == first)
		return fail(w, "not a number");
	if (overflow)
		return fail(w, "more than 64 bits");
	return true;
}

/* 1e3, 1:30, 1,000, 1.5: what follows a number and means something elsewhere. */
static bool other_notation(const char *s, u64 v, const char *rest, struct wrong *w)
{
	bool overflow = false;
	u64 exponent;

	fail(w, "not a number");
	if (*rest == 'e' && *digits(rest + 1, 10, &exponent, &overflow) == 0 && exponent < 19) {
		for (; exponent; exponent--)
			overflow |= MUL_OVERFLOWS(v, 10, &v);
		return overflow ? false : HINT(w, "write `%" PRIu64 "`", v);
	}
	if (*rest == ':')
		return HINT(w,
			    "numbers in base 60 are not read here: write it in seconds or ticks");
	if (digit(*rest) < 16 && s[0] != '0')
		return HINT(w, "if this is hexadecimal, write `0x%.40s`", s);
	return false;
}

bool scalar_number(const char *s, u64 *v, struct wrong *w)
{
	const char *rest;

	if (!number_part(s, v, &rest, w))
		return false;
	return !*rest || other_notation(s, *v, rest, w);
}

/* -- Units -------------------------------------------------------------------- */

struct suffix {
	const char *name;
	u64 times;
};

/* clang-format off */
static const struct suffix sizes[] = {
	{ "", 1 }, { "K", KIB }, { "M", MIB }, { "G", GIB }, { "T", KIB * GIB }, { 0 },
};
static const struct suffix frequencies[] = {
	{ "Hz", 1 }, { "kHz", 1000 }, { "MHz", 1000000 }, { "GHz", 1000000000 }, { 0 },
};
static const struct suffix times[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { 0 },
};
static const struct suffix *const suffixes[] = { NULL, sizes, frequencies, times };
/* clang-format on */

/* "1.5G" is so many of the next smaller letter, if that is a whole number. */
static bool fraction(const char *s, u64 v, const char *rest, struct wrong *w)
{
	static const char letters[] = "KMGT";
	bool overflow = false;
	u64 part, ten = 1;
	const char *end = digits(rest + 1, 10, &part, &overflow);
	const char *letter = *end ? strchr(letters, *end) : NULL;

	for (const char *c = rest + 1; c < end && c < rest + 4; c++)
		ten *= 10;
	fail(w, "a size is a whole number");
	if (overflow || !letter || end[1] || end > rest + 4 || v > MIB || part * 1024 % ten ||
	    letter == letters)
		return HINT(w, "write it with a smaller letter: 1536M and not 1.5G");
	(void)s;
	return HINT(w, "write `%" PRIu64 "%c`", v * 1024 + part * 1024 / ten, letter[-1]);
}

/* MiB, MB, mb, k, KB: the letter is plain, and a power of 1024. */
static bool wrong_size(const char *s, const char *rest, struct wrong *w)
{
	char c = meant("KMGT", *rest);

	if (*rest == '.') {
		u64 v;
		bool overflow = false;

		digits(s, 10, &v, &overflow);
		return fraction(s, v, rest, w);
	}
	if (s[0] != '0' && !s[strspn(s, "0123456789abcdefABCDEF_")]) {
		fail(w, "not a number");
		return HINT(w, "if this is hexadecimal, write `0x%.40s`", s);
	}
	if (c && (!rest[1] || !strcmp(rest + 1, "B") || !strcmp(rest + 1, "b") ||
		  !strcmp(rest + 1, "iB"))) {
		fail(w, "a size has one letter, K, M, G or T, and means powers of 1024");
		return HINT(w, "write `%.*s%c`", (int)MIN(rest - s, 40), s, c);
	}
	if (!strcmp(rest, "B")) {
		fail(w, "a size in bytes has no letter");
		return HINT(w, "write `%.*s`", (int)MIN(rest - s, 40), s);
	}
	fail(w, "not a size");
	return HINT(w, "sizes are written 4096, 4K, 256M, 2G");
}

/* 24M, 24mhz, 3.6864MHz */
static bool wrong_frequency(const char *s, u64 v, const char *rest, struct wrong *w)
{
	char c = meant("kMG", *rest);
	int n = (int)MIN(rest - s, 40);

	if (!*rest) {
		fail(w, "a frequency has a unit");
		return HINT(w, "write `%" PRIu64 "Hz`", v);
	}
	if (*rest == '.') {
		fail(w, "a frequency is a whole number");
		return HINT(w, "write it with a smaller unit, as in `3686400Hz`");
	}
	if (*rest == ':')
		return other_notation(s, v, rest, w);
	fail(w, "not a frequency");
	if (c)
		return HINT(w, "write `%.*s%cHz`", n, s, c);
	if (*rest == 'h' || *rest == 'H')
		return HINT(w, "write `%.*sHz`", n, s);
	return HINT(w, "frequencies are written 32768Hz, 100kHz, 24MHz");
}

static bool wrong_time(u64 v, const char *rest, struct wrong *w)
{
	if (!*rest) {
		fail(w, "a time has a unit");
		return HINT(w, "write `%" PRIu64 "ms`, or another of ns, us, ms, s", v);
	}
	fail(w, "not a time");
	return HINT(w, "times are written 100ns, 5us, 10ms, 2s");
}

bool scalar_unit(const char *s, enum unit unit, u64 *v, struct wrong *w)
{
	const char *rest;

	if (unit == UNIT_NONE)
		return scalar_number(s, v, w);
	if (!number_part(s, v, &rest, w))
		return false;
	for (const struct suffix *x = suffixes[unit]; x->name; x++)
		if (!strcmp(rest, x->name))
			return !MUL_OVERFLOWS(*v, x->times, v) || fail(w, "more than 64 bits");
	if (unit == UNIT_SIZE && (*rest == 'e' || *rest == ':'))
		return other_notation(s, *v, rest, w);
	if (unit == UNIT_SIZE)
		return wrong_size(s, rest, w);
	if (unit == UNIT_HZ)
		return wrong_frequency(s, *v, rest, w);
	return wrong_time(*v, rest, w);
}

bool scalar_bool(const char *s, bool *v, struct wrong *w)
{
	static const struct {
		const char *text;
		bool value;
	} others[] = {
		{ "true", true }, { "false", false }, { "yes", true }, { "on", true },
		{ "y", true },    { "1", true },      { "no", false }, { "off", false },
		{ "n", false },   { "0", false },
	};

	*v = !strcmp(s, "true");
	if (*v || !strcmp(s, "false"))
		return true;
	fail(w, "neither `true` nor `false`");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!strcasecmp(s, others[i].text))
			return HINT(w, "write `%s`", others[i].value ? "true" : "false");
	return false;
}

/* -- Back to text --------------------------------------------------------------- */

bool size_parse(const char *text, u64 *size, struct err *e)
{
	struct wrong w = { .text = "" };

	if (scalar_unit(text, UNIT_SIZE, size, &w))
		return true;
	err_set(e, "%s", w.text);
	return err_hint(e, "%s", w.hint[0] ? w.hint : "4G, 512M");
}

const char *size_text(char *buf, size_t cap, u64 size)
{
	static const char *const letters[] = { "", "K", "M", "G", "T" };
	u32 i = 0;

	for (; size && size % 1024 == 0 && i + 1 < ARRAY_LEN(letters); i++)
		size /= 1024;
	snprintf(buf, cap, "%" PRIu64 "%s", size, letters[i]);
	return buf;
}

const char *address_text(char *buf, size_t cap, u64 address)
{
	char hex[17];
	size_t at = 0, n;

	snprintf(hex, sizeof(hex), "%08" PRIx64, address);
	n = strlen(hex);
	at += (size_t)snprintf(buf, cap, "0x");
	for (size_t i = 0; i < n && at + 2 < cap; i++) {
		if (i && (n - i) % 4 == 0)
			buf[at++] = '_';
		buf[at++] = hex[i];
	}
	buf[at] = 0;
	return buf;
}
