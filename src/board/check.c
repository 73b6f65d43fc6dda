/* check.c - one complaint for each way a value can be wrong, in the same words everywhere. */
#include "parts.h"

#include <inttypes.h>

/* `device:uart-16550` where a map should be: a key without a space. */
static bool is_glued(const struct node *n)
{
	size_t key = strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return key && n->text[key] == ':' && n->text[key + 1];
}

static bool report_glued(struct board *b, const struct node *n)
{
	size_t key = strcspn(n->text, ":");

	diag_report(b->ds, n->at, DIAG_no_space, "no space after `%.*s:`", (int)key, n->text);
	return diag_hint(b->ds, "write `%.*s: %s`", (int)key, n->text, n->text + key + 1);
}

static const char *kind_text(const struct node *n)
{
	switch (n->kind) {
	case NODE_MAP:
		return "a map";
	case NODE_LIST:
		return "a list";
	case NODE_SCALAR:
		return n->text[0] ? n->text : "nothing";
	}
	return "";
}

/* What other readers of YAML take for nothing. */
static bool is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted &&
	       (!strcmp(n->text, "~") || !strcmp(n->text, "null"));
}

static bool report_null(struct board *b, const struct node *n, const char *what)
{
	const char *dot = strrchr(what, '.');

	diag_report(b->ds, n->at, DIAG_wrong_form, "%s: `%s` means nothing here", what, n->text);
	return diag_hint(b->ds, "leave `%s:` out", dot ? dot + 1 : what);
}

/* Of what is absent its own mistake has been told. */
static bool report_form(struct board *b, const struct node *n, const char *what, const char *want)
{
	if (n->absent)
		return false;
	if (n->kind == NODE_SCALAR && n->text[0])
		return diag_report(b->ds, n->at, DIAG_wrong_form, "%s: `%s` is not %s", what,
				   n->text, want);
	return diag_report(b->ds, n->at, DIAG_wrong_form, "%s: %s is here, and should be %s", what,
			   kind_text(n), want);
}

static void note_origin(struct board *b, const struct node *n)
{
	if (n->from)
		diag_note(b->ds, n->from->at, "that is `%s` from here", n->from->text);
}

bool report_missing(struct board *b, struct pos at, const char *what, const char *doc)
{
	if (doc)
		return diag_report(b->ds, at, DIAG_missing, "%s is missing (%s)", what, doc);
	return diag_report(b->ds, at, DIAG_missing, "%s is missing", what);
}

bool report_absent(struct board *b, const struct pair *p, const char *what)
{
	const struct node *n = p->value;

	if (n->absent != ABSENT_UNSET)
		return false; /* reported already, or nobody's mistake */
	diag_report(b->ds, n->at, DIAG_missing, "%s: `%s` has no value", what, n->text);
	return diag_hint(b->ds, "give the parameter a value: `-p %.*s=...`",
			 (int)strcspn(n->text + 2, " .)"), n->text + 2);
}

/* A key of someone's own, "x-notes": not ours to read. */
static bool scratch(const char *key)
{
	return text_starts(key, "x-");
}

bool check_words(struct board *b, const struct node *map, const char *what, const char *const *keys)
{
	bool good = true;
	struct pair *p;

	for_pairs(p, map) {
		const char *near;
		u32 i = 0;

		while (keys[i] && strcmp(keys[i], p->key) != 0)
			i++;
		if (keys[i] || scratch(p->key))
			continue;
		good = diag_report(b->ds, p->key_at, DIAG_unknown_key, "%s has no key `%s`", what,
				   p->key);
		near = nearest_word(p->key, keys);
		if (near) {
			diag_hint(b->ds, "did you mean `%s`?", near);
			if (!map_pair(map, near))
				p->key = near;
		} else {
			diag_hint(b->ds, "it has %s", words_text(&b->arena, keys, " and "));
		}
	}
	return good;
}

bool check_keys(struct board *b, const struct node *map, const char *what,
		const struct lang_key *keys)
{
	return check_words(b, map, what, lang_words(&b->arena, keys));
}

const struct node *check_map(struct board *b, const struct node *n, const char *what)
{
	if (n->kind == NODE_MAP && !n->absent)
		return n;
	/* `devices:` with nothing under it is an empty map */
	if (n->kind == NODE_SCALAR && !n->text[0] && !n->quoted && !n->absent)
		return node_new(&b->arena, NODE_MAP, n->at);
	if (n->kind == NODE_SCALAR && !n->absent && !n->quoted && is_glued(n)) {
		report_glued(b, n);
		return NULL;
	}
	report_form(b, n, what, "a map of keys");
	if (n->kind == NODE_LIST && n->n && n->items[0]->kind == NODE_MAP &&
	    map_next(n->items[0], NULL))
		diag_hint(b->ds, "write `%s:` without the `- `", map_next(n->items[0], NULL)->key);
	return NULL;
}

const char *check_text(struct board *b, const struct node *n, const char *what)
{
	if (n->kind == NODE_SCALAR && !n->absent && is_null(n)) {
		report_null(b, n, what);
		return NULL;
	}
	if (n->kind == NODE_SCALAR && !n->absent && (n->text[0] || n->quoted))
		return n->text;
	report_form(b, n, what, "a text");
	return NULL;
}

static bool check_scalar(struct board *b, const struct node *n, const char *what, const char *want)
{
	if (!n->absent && is_null(n))
		return report_null(b, n, what);
	return (n->kind == NODE_SCALAR && !n->absent && n->text[0]) ||
	       report_form(b, n, what, want);
}

static bool report_wrong(struct board *b, const struct node *n, const char *what,
			 const struct wrong *w)
{
	diag_report(b->ds, n->at, DIAG_wrong_form, "%s: `%s`: %s", what, n->text, w->text);
	if (w->hint[0])
		diag_hint(b->ds, "%s", w->hint);
	else if (strchr(n->text, '\n'))
		diag_hint(b->ds,
			  "a text in a block ends in a line break: write `%.*s` behind the key",
			  (int)strcspn(n->text, "\n"), n->text);
	note_origin(b, n);
	return false;
}

bool check_number(struct board *b, const struct node *n, const char *what, u64 *v)
{
	return check_unit(b, n, what, UNIT_NONE, v);
}

bool check_unit(struct board *b, const struct node *n, const char *what, enum unit u, u64 *v)
{
	static const char *const want[] = { "a number", "a size like 4K or 256M",
					    "a frequency like 10MHz", "a time like 10ms" };
	struct wrong w;

	if (!check_scalar(b, n, what, want[u]))
		return false;
	return scalar_unit(n->text, u, v, &w) || report_wrong(b, n, what, &w);
}

bool check_bool(struct board *b, const struct node *n, const char *what, bool *v)
{
	struct wrong w;

	if (!check_scalar(b, n, what, "true or false"))
		return false;
	return scalar_bool(n->text, v, &w) || report_wrong(b, n, what, &w);
}

static const char *number_text(char *buf, size_t cap, enum unit u, u64 v)
{
	if (u == UNIT_SIZE)
		return size_text(buf, cap, v);
	snprintf(buf, cap, "%" PRIu64 "%s", v, u == UNIT_HZ ? "Hz" : u == UNIT_NS ? "ns" : "");
	return buf;
}

bool check_range(struct board *b, const struct node *n, const char *what, enum unit u, u64 v,
		 u64 min, u64 max)
{
	char lo[40], hi[40];

	if (v >= min && v <= max)
		return true;
	number_text(lo, sizeof(lo), u, min);
	number_text(hi, sizeof(hi), u, max);
	if (max == UINT64_MAX)
		diag_report(b->ds, n->at, DIAG_out_of_range, "%s: %s is less than %s", what,
			    n->text, lo);
	else
		diag_report(b->ds, n->at, DIAG_out_of_range, "%s: %s is not in %s..%s", what,
			    n->text, lo, hi);
	note_origin(b, n);
	return false;
}

i32 check_word(struct board *b, const struct node *n, const char *what, const char *const *words)
{
	const char *near;

	if (n->kind == NODE_SCALAR && !n->absent && (n->text[0] || n->quoted))
		for (i32 i = 0; words[i]; i++)
			if (!strcmp(words[i], n->text))
				return i;
	if (!check_scalar(b, n, what, "a word"))
		return -1;
	diag_report(b->ds, n->at, DIAG_out_of_range, "%s: `%s` is none of %s", what, n->text,
		    words_text(&b->arena, words, ", "));
	near = nearest_word(n->text, words);
	if (near)
		diag_hint(b->ds, "did you mean `%s`?", near);
	note_origin(b, n);
	return -1;
}

/* `[sifive,e51]` is two items to YAML: nothing stands between them but the comma. */
static void check_cut(struct board *b, const struct node *list, u32 i)
{
	const struct node *one = list->items[i], *two = list->items[i + 1];
	struct pos at = one->at;

	if (one->quoted || two->quoted || at.line != two->at.line ||
	    at.col + at.len + 1 != two->at.col)
		return;
	at.len += 1 + two->at.len;
	diag_report(b->ds, at, DIAG_cut_at_comma, "`%s,%s` is two items: a comma parts them",
		    one->text, two->text);
	diag_hint(b->ds, "write \"%s,%s\", or a space after the comma if two are meant", one->text,
		  two->text);
}

bool check_texts(struct board *b, const struct node *n, const char *what, const char *const **list,
		 u32 *count)
{
	const char **texts;
	bool good = true;

	*count = n->kind == NODE_LIST ? n->n : 1;
	texts = NEW_N(&b->arena, const char *, *count + 1);
	if (n->kind != NODE_LIST) {
		texts[0] = check_text(b, n, what);
		good = texts[0];
	} else {
		for (u32 i = 0; i < n->n; i++) {
			texts[i] = check_text(b, n->items[i], what);
			good &= texts[i] != NULL;
		}
		for (u32 i = 0; good && i + 1 < n->n; i++)
			check_cut(b, n, i);
	}
	*list = texts;
	return good;
}
