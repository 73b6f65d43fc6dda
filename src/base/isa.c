#include "isa.h"

/* clang-format off */
#define HAVE  true
#define LATER false
const struct isa_row isa_rows[EXT_COUNT] = {
#define EXT(id, name, state, needs, doc) { name, state, needs, doc },
#include "isa.def"
#undef EXT
};
#undef HAVE
#undef LATER
/* clang-format on */

/* `g`, and the single letters that stand for more. */
static const struct {
	const char *name, *means;
} groups[] = {
	{ "g", "i m a f d zicsr zifencei" },
	{ "b", "b zba zbb zbs" },
};

static i32 find(const char *name, size_t len)
{
	for (u32 i = 0; i < EXT_COUNT; i++)
		if (strlen(isa_rows[i].name) == len && !strncmp(isa_rows[i].name, name, len))
			return (i32)i;
	return -1;
}

/* Calls the i-th word of a space-separated list; false after the last. */
static bool word(const char *list, u32 i, const char **at, size_t *len)
{
	for (;; i--) {
		list += strspn(list, " ");
		*at = list;
		*len = strcspn(list, " ");
		if (!*len)
			return false;
		if (!i)
			return true;
		list += *len;
	}
}

static bool mistake(struct isa_error *e, enum isa_mistake m, u32 at, u32 len, const char *name,
		    size_t name_len, const char *other)
{
	*e = (struct isa_error){ .mistake = m, .at = at, .len = len };
	snprintf(e->name, sizeof(e->name), "%.*s", (int)name_len, name);
	snprintf(e->other, sizeof(e->other), "%s", other);
	return false;
}

static bool add(struct isa *isa, const char *name, u32 at, u32 len, struct isa_error *e)
{
	i32 x = find(name, len);
	const char *w;
	size_t wn;

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		if (strlen(groups[g].name) != len || strncmp(groups[g].name, name, len))
			continue;
		for (u32 i = 0; word(groups[g].means, i, &w, &wn); i++)
			isa_set(isa, (enum isa_ext)find(w, wn));
		return true;
	}
	if (x < 0)
		return mistake(e, ISA_UNKNOWN, at, len, name, len, "");
	if (!isa_rows[x].implemented)
		return mistake(e, ISA_UNIMPLEMENTED, at, len, name, len, "");
	isa_set(isa, (enum isa_ext)x);
	return true;
}

/* C is Zca, and Zcd beside D ("C" Extension, Zc chapter). */
static void add_implied(struct isa *isa)
{
	if (isa_has(isa, EXT_C))
		isa_set(isa, EXT_Zca);
	if (isa_has(isa, EXT_C) && isa_has(isa, EXT_D))
		isa_set(isa, EXT_Zcd);
}

/* Where the text names extension x, for the caret; else the whole text. */
static void locate(const char *text, const char *name, u32 *at, u32 *len)
{
	const char *p = text + 4;

	*at = 0;
	*len = (u32)strlen(text);
	for (; *p && *p != '_'; p++)
		if (!name[1] && *p == name[0]) {
			*at = (u32)(p - text);
			*len = 1;
			return;
		}
	while (*p) {
		size_t n = strcspn(++p, "_");

		if (n == strlen(name) && !strncmp(p, name, n)) {
			*at = (u32)(p - text);
			*len = (u32)n;
			return;
		}
		p += n;
	}
}

static bool check_needs(const struct isa *isa, const char *text, struct isa_error *e)
{
	const char *w;
	size_t wn;
	u32 at, len;

	for (u32 x = 0; x < EXT_COUNT; x++) {
		if (!isa_has(isa, (enum isa_ext)x))
			continue;
		for (u32 i = 0; word(isa_rows[x].needs, i, &w, &wn); i++)
			if (!isa_has(isa, (enum isa_ext)find(w, wn))) {
				char other[24];

				snprintf(other, sizeof(other), "%.*s", (int)wn, w);
				locate(text, isa_rows[x].name, &at, &len);
				return mistake(e, ISA_NEEDS, at, len, isa_rows[x].name,
					       strlen(isa_rows[x].name), other);
			}
	}
	if (isa_has(isa, EXT_Svade) && isa_has(isa, EXT_Svadu)) {
		locate(text, "svadu", &at, &len);
		return mistake(e, ISA_EXCLUDES, at, len, "svadu", 5, "svade");
	}
	return true;
}

bool isa_parse(const char *text, struct isa *out, struct isa_error *e)
{
	u32 at = 4;

	*out = (struct isa){ 0 };
	*e = (struct isa_error){ .mistake = ISA_OK };
	if (text_starts(text, "rv64"))
		out->xlen = 64;
	else if (text_starts(text, "rv32"))
		out->xlen = 32;
	if (!out->xlen || (text[4] != 'i' && text[4] != 'g'))
		return mistake(e, ISA_NO_BASE, 0, (u32)strlen(text), text, strlen(text), "");
	for (; text[at] && text[at] != '_'; at++) {
		size_t n = strcspn(text + at, "_");

		/* rv64gczba: a long name may follow the letters without `_` */
		if (strchr("zsx", text[at])) {
			if (!add(out, text + at, at, (u32)n, e))
				return false;
			at += (u32)n - 1;
		} else if (!add(out, text + at, at, 1, e)) {
			return false;
		}
	}
	while (text[at]) {
		u32 n = (u32)strcspn(text + ++at, "_");

		if (!add(out, text + at, at, n, e))
			return false;
		at += n;
	}
	add_implied(out);
	return check_needs(out, text, e);
}

const char *isa_nth(const struct isa *isa, u32 i)
{
	for (u32 x = 0; x < EXT_COUNT; x++)
		if (isa_has(isa, (enum isa_ext)x) && !i--)
			return isa_rows[x].name;
	return NULL;
}

void isa_format(const struct isa *isa, struct str *out)
{
	const char *name;

	str_add(out, "rv%u", isa->xlen);
	for (u32 i = 0; (name = isa_nth(isa, i)); i++)
		str_add(out, name[1] ? "_%s" : "%s", name);
}

const char *isa_nearest(const char *name)
{
	struct nearest n = { 0 };

	for (u32 x = 0; x < EXT_COUNT; x++)
		if (isa_rows[x].name[1])
			nearest_try(&n, name, isa_rows[x].name);
	return n.word;
}
