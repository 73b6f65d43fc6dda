/* diag.c - what is wrong with a board file, collected, and said to its author. */
#include "board.h"

#define DIAG_LIMIT 1000 /* beyond it they are only counted: a hostile file has millions */

const struct diag_row diag_rows[DIAG_COUNT] = {
#define E(code, name, title, page) { #code, title, page },
#include "diag.def"
#undef E
};

/* -- Collecting --------------------------------------------------------------- */

/* Texts quote the file, which may hold escape sequences: no control character stays. */
static char *clean_text(const char *fmt, va_list ap)
{
	char text[1024];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	for (char *c = text; *c; c++)
		if ((u8)*c < 0x20 || *c == 0x7f || ((u8)*c == 0xc2 && (u8)c[1] < 0xa0))
			*c = '?';
		else if ((u8)*c == 0xe2 && ((u8)c[1] == 0x80 || (u8)c[1] == 0x81) &&
			 (u8)c[2] >= 0xa0)
			memset(c, '?', 3); /* breaks of lines, and what turns text round */
	return xstrdup(text);
}

bool diag_report(struct diags *ds, struct pos at, enum diag_code code, const char *fmt, ...)
{
	struct diag *d;
	va_list ap;

	if (ds->mild || diag_rows[code].code[0] == 'W')
		ds->warnings++;
	else
		ds->errors++;
	ds->full = ds->n >= DIAG_LIMIT;
	if (ds->full)
		return false;
	GROW(&ds->list, ds->n, &ds->cap);
	d = &ds->list[ds->n++];
	*d = (struct diag){ .at = at, .code = code, .mild = ds->mild };
	va_start(ap, fmt);
	d->text = clean_text(fmt, ap);
	va_end(ap);
	return false;
}

static struct diag *last_diag(struct diags *ds)
{
	assert(ds->n > 0);
	return ds->full ? NULL : &ds->list[ds->n - 1];
}

bool diag_hint(struct diags *ds, const char *fmt, ...)
{
	struct diag *d = last_diag(ds);
	va_list ap;

	if (!d)
		return false;
	free(d->hint);
	va_start(ap, fmt);
	d->hint = clean_text(fmt, ap);
	va_end(ap);
	return false;
}

bool diag_label(struct diags *ds, const char *fmt, ...)
{
	struct diag *d = last_diag(ds);
	va_list ap;

	if (!d)
		return false;
	free(d->label);
	va_start(ap, fmt);
	d->label = clean_text(fmt, ap);
	va_end(ap);
	return false;
}

static void add_note(struct diag *d, struct pos at, bool shown, const char *fmt, va_list ap)
{
	if (d->nnotes < DIAG_NOTES)
		d->notes[d->nnotes++] = (struct diag_note){ at, clean_text(fmt, ap), shown };
}

bool diag_note(struct diags *ds, struct pos at, const char *fmt, ...)
{
	struct diag *d = last_diag(ds);
	va_list ap;

	va_start(ap, fmt);
	if (d)
		add_note(d, at, true, fmt, ap);
	va_end(ap);
	return false;
}

void diag_add_note(struct diag *d, struct pos at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(d, at, false, fmt, ap);
	va_end(ap);
}

static void diag_fini(struct diag *d)
{
	free(d->text);
	free(d->hint);
	free(d->label);
	for (u32 i = 0; i < d->nnotes; i++)
		free(d->notes[i].text);
}

void diags_free(struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		diag_fini(&ds->list[i]);
	free(ds->list);
	*ds = (struct diags){ 0 };
}

/* -- Order -------------------------------------------------------------------- */

static int compare_u32(u32 a, u32 b)
{
	return (a > b) - (a < b);
}

/* The file itself, then others by name, then what has no place. */
static int compare_files(const char *a, const char *b, const char *first)
{
	bool a_first, b_first;

	if (!a || !b)
		return !a - !b;
	a_first = first && !strcmp(a, first);
	b_first = first && !strcmp(b, first);
	if (a_first != b_first)
		return b_first - a_first;
	return strcmp(a, b);
}

static int compare(const struct diag *a, const struct diag *b, const char *first)
{
	int c = compare_files(a->at.file, b->at.file, first);

	if (!c)
		c = compare_u32(a->at.line, b->at.line);
	return c ? c : compare_u32(a->at.col, b->at.col);
}

/* Merge sort: stable, and qsort has no room for `first`. */
static void sort(struct diag *list, struct diag *spare, size_t n, const char *first)
{
	size_t half = n / 2, i = 0, j = half, k = 0;

	if (n < 2)
		return;
	sort(list, spare, half, first);
	sort(list + half, spare, n - half, first);
	while (i < half && j < n)
		spare[k++] = compare(&list[i], &list[j], first) <= 0 ? list[i++] : list[j++];
	while (i < half)
		spare[k++] = list[i++];
	while (j < n)
		spare[k++] = list[j++];
	memcpy(list, spare, n * sizeof(*list));
}

static bool is_error(const struct diag *d)
{
	return !d->mild && diag_rows[d->code].code[0] == 'E';
}

void diags_sort(struct diags *ds, const char *first)
{
	struct diag *spare = xcalloc(ds->n + 1, sizeof(*spare));
	size_t kept = 0;

	sort(ds->list, spare, ds->n, first);
	free(spare);
	for (size_t i = 0; i < ds->n; i++) {
		struct diag *d = &ds->list[i];

		if (kept && !compare(&ds->list[kept - 1], d, first) &&
		    ds->list[kept - 1].code == d->code &&
		    !strcmp(ds->list[kept - 1].text, d->text)) {
			*(is_error(d) ? &ds->errors : &ds->warnings) -= 1;
			diag_fini(d);
		} else {
			ds->list[kept++] = *d;
		}
	}
	ds->n = kept;
}

/* -- Words for a person ------------------------------------------------------- */

struct paint {
	const char *place, *error, *warning, *note, *caret, *off;
};

/* clang-format off */
static const struct paint plain = { "", "", "", "", "", "" };
static const struct paint color = { "\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m", "\033[0m" };
/* clang-format on */

static void add_place(struct str *out, const struct pos *at, const struct paint *paint)
{
	if (!at->file)
		return;
	str_add(out, "%s%s:", paint->place, at->file);
	if (at->line)
		str_add(out, "%u:%u:", at->line, at->col);
	str_add(out, "%s ", paint->off);
}

/* The bytes of the line that `at` is in. */
static const char *source_line(const struct pos *at, size_t *len)
{
	const char *line = at->text;

	for (u32 i = 1; i < at->line; i++) {
		const char *end = strchr(line, '\n');

		if (!end)
			break;
		line = end + 1;
	}
	*len = strcspn(line, "\r\n");
	return line;
}

static bool starts_character(char c)
{
	return ((u8)c & 0xc0) != 0x80;
}

#define SHOWN 110 /* characters of a source line; of a longer one a window round the caret */

static void add_source(struct str *out, const struct pos *at, const char *label,
		       const struct paint *paint)
{
	u32 from = at->col > SHOWN - 10 ? at->col - 60 : 1, col = 0, marks = 0;
	struct str carets = { 0 };
	const char *line;
	size_t len;

	if (!at->text)
		return;
	line = source_line(at, &len);
	if (at->line)
		str_add(out, "%5u | ", at->line);
	else
		str_add(out, "      | ");
	if (from > 1) {
		str_add(out, "...");
		str_add(&carets, "   ");
	}
	for (size_t i = 0; i < len; i++) {
		u8 c = (u8)line[i];

		col += starts_character(line[i]);
		if (col < from)
			continue;
		if (col >= from + SHOWN) {
			str_add(out, "...");
			break;
		}
		if (!starts_character(line[i])) {
			str_bytes(out, &line[i], 1);
			continue;
		}
		str_add(out, "%c", c < 0x20 && c != '\t' ? '?' : line[i]);
		if (col < at->col)
			str_add(&carets, "%c", c == '\t' ? '\t' : ' ');
		else if (col < at->col + at->len)
			marks++;
	}
	/* The place may be just behind the line: something is missing there. */
	for (; col + 1 < at->col && col + 1 < from + SHOWN; col++)
		str_add(&carets, " ");
	str_add(out, "\n      | %s%s", str_text(&carets), paint->caret);
	for (u32 i = 0; i < MAX(marks, 1); i++)
		str_add(out, "^");
	str_add(out, "%s", paint->off);
	if (label)
		str_add(out, " %s", label);
	str_add(out, "\n");
	str_free(&carets);
}

static void format_text(const struct diag *d, const struct paint *paint, struct str *out)
{
	add_place(out, &d->at, paint);
	str_add(out, "%s%s[%s]:%s %s\n", is_error(d) ? paint->error : paint->warning,
		is_error(d) ? "error" : "warning", diag_rows[d->code].code, paint->off, d->text);
	add_source(out, &d->at, d->label, paint);
	for (u32 i = 0; i < d->nnotes; i++) {
		add_place(out, &d->notes[i].at, paint);
		str_add(out, "%s%snote:%s %s\n", d->notes[i].at.file ? "" : "  ", paint->note,
			paint->off, d->notes[i].text);
		if (d->notes[i].shown && d->notes[i].at.line)
			add_source(out, &d->notes[i].at, NULL, paint);
	}
	if (d->hint)
		str_add(out, "  %shint:%s %s\n", paint->note, paint->off, d->hint);
}

/* -- Words for an editor ------------------------------------------------------ */

static void format_gcc(const struct diag *d, struct str *out)
{
	add_place(out, &d->at, &plain);
	str_add(out, "%s: %s [%s]\n", is_error(d) ? "error" : "warning", d->text,
		diag_rows[d->code].code);
	for (u32 i = 0; i < d->nnotes; i++) {
		add_place(out, d->notes[i].at.file ? &d->notes[i].at : &d->at, &plain);
		str_add(out, "note: %s\n", d->notes[i].text);
	}
	if (d->hint) {
		add_place(out, &d->at, &plain);
		str_add(out, "note: %s\n", d->hint);
	}
}

static void json_text(struct str *out, const char *key, const char *text)
{
	str_add(out, "\"%s\":", key);
	str_json(out, text);
}

static void json_place(struct str *out, const struct pos *at)
{
	json_text(out, "file", at->file);
	str_add(out, ",\"line\":%u,\"column\":%u,\"length\":%u", at->line, at->col, at->len);
}

static void format_json(const struct diag *d, struct str *out)
{
	str_add(out, "{");
	json_text(out, "code", diag_rows[d->code].code);
	str_add(out, ",\"level\":\"%s\",", is_error(d) ? "error" : "warning");
	json_place(out, &d->at);
	str_add(out, ",");
	json_text(out, "text", d->text);
	str_add(out, ",");
	json_text(out, "label", d->label);
	str_add(out, ",");
	json_text(out, "hint", d->hint);
	str_add(out, ",\"notes\":[");
	for (u32 i = 0; i < d->nnotes; i++) {
		str_add(out, "%s{", i ? "," : "");
		json_place(out, &d->notes[i].at);
		str_add(out, ",");
		json_text(out, "text", d->notes[i].text);
		str_add(out, "}");
	}
	str_add(out, "]}");
}

void diags_format(const struct diags *ds, enum diag_style style, u32 most, struct str *out)
{
	size_t shown = most && most < ds->n && style != DIAG_JSON ? most : ds->n;
	size_t all = (size_t)ds->errors + ds->warnings;

	if (style == DIAG_JSON)
		str_add(out, "[");
	for (size_t i = 0; i < shown; i++)
		switch (style) {
		case DIAG_TEXT:
		case DIAG_COLOR:
			format_text(&ds->list[i], style == DIAG_COLOR ? &color : &plain, out);
			break;
		case DIAG_GCC:
			format_gcc(&ds->list[i], out);
			break;
		case DIAG_JSON:
			str_add(out, "%s", i ? ",\n " : "");
			format_json(&ds->list[i], out);
			break;
		}
	if (style == DIAG_JSON)
		str_add(out, "]\n");
	else if (shown < all)
		str_add(out, "and %zu more (--all shows them)\n", all - shown);
}
