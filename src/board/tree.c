/* tree.c - YAML text to a tree with places.
 *
 * libyaml's events, not its documents: only events show anchors, duplicate keys and
 * where a thing ends.  A mistake of language is repaired as its hint says and reading
 * goes on; where libyaml itself gives up, its words are put into the author's.
 */
#include "parts.h"

#include <yaml.h>

struct reader {
	yaml_parser_t yaml;
	yaml_event_t event;
	struct arena *arena;
	struct diags *ds;
	const char *file, *text; /* text: what places show; yaml reads from `input` on */
	const char *input;
	size_t input_len;
	u32 col0; /* characters before `input` */
	bool file_place;
	u32 in_dt;   /* levels of `dt:` around: there, values have types */
	bool failed; /* there are no more events */
};

/* -- Places ------------------------------------------------------------------- */

static struct pos place(const struct reader *r, yaml_mark_t from, yaml_mark_t to)
{
	struct pos at = { r->file, r->text, 0, (u32)from.column + 1 + r->col0, 1 };

	if (r->file_place)
		at.line = (u32)from.line + 1;
	if (to.line == from.line && to.column > from.column)
		at.len = (u32)(to.column - from.column);
	return at;
}

static struct pos event_place(const struct reader *r)
{
	return place(r, r->event.start_mark, r->event.end_mark);
}

/* The bytes at a mark, which counts characters. */
static const char *at_mark(const struct reader *r, yaml_mark_t mark)
{
	const char *s = r->input, *end = r->input + r->input_len;

	for (size_t i = 0; i < mark.index && s < end; i++)
		do
			s++;
		while (s < end && ((u8)*s & 0xc0) == 0x80);
	return s;
}

/* -- libyaml's words ------------------------------------------------------------ */

static bool says(const char *text, const char *part)
{
	return text && strstr(text, part);
}

/* `${ram}` inside brackets: to YAML the brace begins a map. */
static bool report_braces(struct reader *r)
{
	const char *from = at_mark(r, r->yaml.context_mark), *to = at_mark(r, r->yaml.problem_mark);
	const char *line = to;
	struct pos at = place(r, r->yaml.problem_mark, r->yaml.problem_mark);

	while (to > from && strncmp(to, "${", 2) != 0)
		to--;
	if (strncmp(to, "${", 2) != 0 || memchr(to, '\n', (size_t)(line - to)))
		return false;
	at.col -= (u32)(line - to);
	at.len = 2;
	diag_report(r->ds, at, DIAG_expression, "`${` begins nothing here");
	diag_hint(r->ds, "write `$(%.*s)`", (int)strcspn(to + 2, "}\n"), to + 2);
	return true;
}

/* A scalar or a bracket that was opened and not closed: the place to show is its start. */
static bool report_open(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	struct pos at = place(r, y->context_mark, y->context_mark);
	char c = *at_mark(r, y->context_mark);

	if (says(y->context, "quoted scalar") && says(y->problem, "end of stream")) {
		diag_report(r->ds, at, DIAG_unterminated, "this quote is never closed");
		diag_hint(r->ds, "add a second `%c` at the end of the text", c);
		return true;
	}
	if (says(y->context, "flow ") && report_braces(r))
		return true;
	if (says(y->context, "flow mapping") || says(y->context, "flow sequence")) {
		diag_report(r->ds, at, DIAG_unterminated,
			    "this `%c` is not closed where it should be", c);
		diag_note(r->ds, place(r, y->problem_mark, y->problem_mark),
			  "a `,` or `%c` was expected at the latest here", c == '{' ? '}' : ']');
		diag_hint(r->ds,
			  "close it with `%c`, or quote a text that has one of `,[]{}` in it",
			  c == '{' ? '}' : ']');
		return true;
	}
	return false;
}

static bool report_character(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	struct pos at = place(r, y->problem_mark, y->problem_mark);
	char c = *at_mark(r, y->problem_mark);

	if (c == '\t') {
		diag_report(r->ds, at, DIAG_yaml, "a TAB cannot stand here");
		return diag_hint(r->ds, "indent with spaces");
	}
	diag_report(r->ds, at, DIAG_yaml, "no value can begin with `%c`", c);
	return diag_hint(r->ds, "quote the whole value: \"%c...\"", c);
}

/* `reg:0x10` in a block: libyaml sees a line without a colon. */
static bool report_no_colon(struct reader *r)
{
	const char *key = at_mark(r, r->yaml.context_mark);
	size_t line = strcspn(key, "\r\n"), n = strcspn(key, ": \t\r\n");
	struct pos at = place(r, r->yaml.context_mark, r->yaml.context_mark);

	at.len = (u32)MAX(n, 1);
	if (n < line && key[n] == ':') {
		diag_report(r->ds, at, DIAG_no_space, "no space after `%.*s:`", (int)n, key);
		return diag_hint(r->ds, "write `%.*s: %.*s`", (int)n, key, (int)(line - n - 1),
				 key + n + 1);
	}
	diag_report(r->ds, at, DIAG_yaml, "this line is neither `key: value` nor `- item`");
	return diag_hint(r->ds, "put a `: ` after the key, or quote a text of several lines");
}

static bool report_yaml(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	struct pos at = place(r, y->problem_mark, y->problem_mark);

	r->failed = true;
	if (says(y->problem, "cannot start any token"))
		return report_character(r);
	if (says(y->problem, "could not find expected ':'"))
		return report_no_colon(r);
	if (report_open(r))
		return false;
	if (says(y->problem, "expected <document start>")) {
		diag_report(r->ds, at, DIAG_document, "the document has ended before this line");
		return diag_hint(r->ds,
				 "one file is one board: delete what ends it, a `...` perhaps");
	}
	if (says(y->problem, "mapping values are not allowed")) {
		diag_report(r->ds, at, DIAG_yaml, "a second `: ` in one value");
		return diag_hint(r->ds, "quote the value, or begin a new line for the new key");
	}
	if (says(y->problem, "did not find expected key") && *at_mark(r, y->problem_mark) == '-') {
		diag_report(r->ds, at, DIAG_yaml, "a `- item` among the keys of a map");
		return diag_hint(r->ds, "write `key: value`, or `key: [item]`");
	}
	if (says(y->problem, "did not find expected key")) {
		diag_report(r->ds, at, DIAG_yaml,
			    "this line's indentation fits none of the maps above it");
		return diag_hint(r->ds, "keys of one map begin in one column");
	}
	if (says(y->problem, "did not find expected '-' indicator")) {
		diag_report(r->ds, at, DIAG_yaml,
			    "a list is going on here, but this is no `- item`");
		return diag_hint(r->ds, "indent less to end the list");
	}
	if (says(y->problem, "expected whitespace or line break")) {
		diag_report(r->ds, at, DIAG_tag, "no space after this tag");
		return diag_hint(r->ds, "inside `{ }` and `[ ]` write one: `!delete }`");
	}
	if (says(y->problem, "block sequence entries are not allowed")) {
		diag_report(r->ds, at, DIAG_yaml, "a `- item` cannot stand here");
		return diag_hint(r->ds, "begin the list on a line of its own, or write `[a, b]`");
	}
	if (says(y->problem, "unknown escape character")) {
		diag_report(r->ds, at, DIAG_yaml, "no such escape in a \"double-quoted\" text");
		return diag_hint(r->ds, "in 'single quotes' a `\\` is just a `\\`");
	}
	if (says(y->problem, "tab character")) {
		diag_report(r->ds, at, DIAG_yaml, "a TAB cannot stand here");
		return diag_hint(r->ds, "indent with spaces");
	}
	if (says(y->problem, "control characters"))
		return diag_report(r->ds, at, DIAG_not_text, "a control character is no text");
	return diag_report(r->ds, at, DIAG_yaml, "this is not YAML: %s", y->problem);
}

/* Replaces the event by the next one. */
static bool next(struct reader *r)
{
	if (r->failed)
		return false;
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->yaml, &r->event))
		return true;
	return report_yaml(r);
}

static bool skip(struct reader *r, u32 n)
{
	while (n && next(r))
		n--;
	return !n;
}

/* -- Mistakes of language ------------------------------------------------------- */

static void check_anchor(struct reader *r, const yaml_char_t *name, char sign)
{
	struct pos at = event_place(r);

	if (!name)
		return;
	at.len = (u32)strlen((const char *)name) + 1;
	diag_report(r->ds, at, DIAG_anchor, "`%c%s` is a YAML %s, and boards have none", sign, name,
		    sign == '&' ? "anchor" : "alias");
	diag_hint(r->ds, "a reference is the bare name: write `%s`", name);
}

static enum node_tag read_tag(struct reader *r, const yaml_char_t *tag, enum node_type *type)
{
	static const char *const types[] = { "", "!u64", "!bytes", "!phandle" };
	static const char *const names[] = { "", "!delete", "!replace", "!append", "!prepend" };
	static const char yaml_own[] = "tag:yaml.org,2002:";
	struct pos at = event_place(r);
	const char *shown;

	if (!tag)
		return TAG_NONE;
	for (u32 i = 1; i < ARRAY_LEN(names); i++)
		if (!strcmp((const char *)tag, names[i]))
			return (enum node_tag)i;
	for (u32 i = 1; i < ARRAY_LEN(types); i++)
		if (r->in_dt && !strcmp((const char *)tag, types[i]))
			return *type = (enum node_type)i, TAG_NONE;
	shown = (const char *)tag;
	if (text_starts(shown, yaml_own))
		shown = arena_printf(r->arena, "!!%s", shown + strlen(yaml_own));
	at.len = MIN(at.len, (u32)strlen(shown));
	diag_report(r->ds, at, DIAG_tag, "no tag `%s`", shown);
	diag_hint(r->ds, "the tags are `!delete`, `!replace`, `!append` and `!prepend`%s",
		  r->in_dt ? "; in `dt:` also `!u64`, `!bytes` and `!phandle`" : "");
	return TAG_NONE;
}

static const char *copy_scalar(struct reader *r)
{
	size_t len = r->event.data.scalar.length;
	const char *s = (const char *)r->event.data.scalar.value;

	if (len > BOARD_MAX_SCALAR) {
		diag_report(r->ds, event_place(r), DIAG_too_large,
			    "a text of %zu KiB; 64 KiB is the limit", len / 1024);
		len = 0;
	}
	if (memchr(s, 0, len)) {
		diag_report(r->ds, event_place(r), DIAG_not_text, "a NUL character is no text");
		len = strlen(s);
	}
	return arena_text(r->arena, s, len);
}

/* -- Nodes -------------------------------------------------------------------- */

static struct node *read_node(struct reader *r, u32 depth);

/* The place of a typed value is behind its tag; a mistake of merging is at the tag. */
static void skip_tag(struct reader *r, struct pos *at)
{
	const char *s = at_mark(r, r->event.start_mark);
	size_t n = strcspn(s, " \r\n");

	n += strspn(s + n, " ");
	if (*s != '!' || n >= at->len)
		return; /* nothing, or on another line */
	at->col += (u32)n;
	at->len -= (u32)n;
}

static struct node *read_scalar(struct reader *r)
{
	struct node *n = node_new(r->arena, NODE_SCALAR, event_place(r));
	const yaml_char_t *anchor = r->event.data.scalar.anchor;

	check_anchor(r, anchor, '&');
	n->tag = read_tag(r, r->event.data.scalar.tag, &n->type);
	if (n->type)
		skip_tag(r, &n->at);
	n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = copy_scalar(r);
	/* `interrupt-parent: &plic` is an anchor and an empty value. */
	if (anchor && !n->text[0])
		n->text = arena_text(r->arena, (const char *)anchor, strlen((const char *)anchor));
	return n;
}

/* A key glued to its value: `reg:0x10` in { } is a key that has no value. */
static void split_key(struct reader *r, struct pair *p)
{
	char *colon = strchr(p->key, ':');
	struct node *v = p->value;

	if (!colon || v->quoted)
		return;
	diag_report(r->ds, p->key_at, DIAG_no_space, "no space after `%.*s:`",
		    (int)(colon - p->key), p->key);
	if (v->kind == NODE_SCALAR && !v->text[0]) {
		diag_hint(r->ds, "write `%.*s: %s`", (int)(colon - p->key), p->key, colon + 1);
		v->text = colon + 1;
		v->at = p->key_at;
	} else {
		diag_hint(r->ds, "write `%.*s: ` with a space", (int)(colon - p->key), p->key);
		v->absent = ABSENT_WRONG;
	}
	p->key = arena_text(r->arena, p->key, (size_t)(colon - p->key));
}

/* False: this pair is not to be kept. */
static bool check_key(struct reader *r, const struct node *key, struct pair *p)
{
	if (key->kind != NODE_SCALAR || !key->text[0])
		return diag_report(r->ds, key->at, DIAG_key, "a key is one plain word");
	if (!strcmp(key->text, "<<")) {
		diag_report(r->ds, key->at, DIAG_merge_key, "boards have no merge key `<<`");
		return diag_hint(r->ds, "write `extends: FILE` at the top of the file");
	}
	p->key = key->text;
	p->key_at = key->at;
	if (!key->quoted)
		split_key(r, p);
	return true;
}

static void add_pair(struct reader *r, struct node *map, const struct pair *p)
{
	const struct pair *first = map_pair(map, p->key);

	if (first) {
		diag_report(r->ds, p->key_at, DIAG_duplicate_key, "the key `%s` is here twice",
			    p->key);
		diag_note(r->ds, first->key_at, "it was first written here");
		return;
	}
	map_put(r->arena, map, p->key, p->key_at, p->value);
}

static void read_pairs(struct reader *r, struct node *map, u32 depth)
{
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
		struct node *key = read_node(r, depth + 1);
		struct pair p = { 0 };
		bool dt;

		if (!next(r))
			return;
		dt = key->kind == NODE_SCALAR && !strcmp(key->text, "dt");
		r->in_dt += dt;
		p.value = read_node(r, depth + 1);
		r->in_dt -= dt;
		if (check_key(r, key, &p))
			add_pair(r, map, &p);
	}
}

static void read_items(struct reader *r, struct node *list, u32 depth)
{
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT)
		list_put(r->arena, list, read_node(r, depth + 1));
}

/* Of a collection in a block, libyaml's end is the next token's line. */
static struct node *read_collection(struct reader *r, u32 depth)
{
	bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
	struct node *n = node_new(r->arena, is_map ? NODE_MAP : NODE_LIST, event_place(r));
	bool flow = is_map ? r->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
			   : r->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	yaml_mark_t from = r->event.start_mark;

	check_anchor(r,
		     is_map ? r->event.data.mapping_start.anchor
			    : r->event.data.sequence_start.anchor,
		     '&');
	n->tag = read_tag(
		r, is_map ? r->event.data.mapping_start.tag : r->event.data.sequence_start.tag,
		&n->type);
	if (depth >= BOARD_MAX_DEPTH) {
		diag_report(r->ds, n->at, DIAG_too_large, "more than %d levels deep",
			    BOARD_MAX_DEPTH);
		r->failed = true;
		return n;
	}
	if (is_map)
		read_pairs(r, n, depth);
	else
		read_items(r, n, depth);
	if (r->failed)
		return n;
	if (flow)
		n->at = place(r, from, r->event.end_mark);
	else if (is_map && n->n)
		n->at = n->pairs[0].key_at;
	return n;
}

/* Of the event that is there.  Never NULL. */
static struct node *read_node(struct reader *r, u32 depth)
{
	struct node *n;

	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return read_collection(r, depth);
	case YAML_ALIAS_EVENT:
		check_anchor(r, r->event.data.alias.anchor, '*');
		n = node_new(r->arena, NODE_SCALAR, event_place(r));
		n->text = arena_text(r->arena, (const char *)r->event.data.alias.anchor,
				     strlen((const char *)r->event.data.alias.anchor));
		return n;
	default: /* only after a failure */
		n = node_new(r->arena, NODE_SCALAR, event_place(r));
		n->text = "";
		return n;
	}
}

/* -- Documents ------------------------------------------------------------------ */

static bool check_directives(struct reader *r)
{
	const yaml_version_directive_t *version = r->event.data.document_start.version_directive;

	if (!version && r->event.data.document_start.tag_directives.start ==
				r->event.data.document_start.tag_directives.end)
		return true;
	diag_report(r->ds, event_place(r), DIAG_document, "a board file has no `%%` directives");
	return diag_hint(r->ds, "delete this line");
}

static struct node *read_document(struct reader *r)
{
	struct node *root;

	/* the stream begins, then a document */
	if (!skip(r, 2))
		return NULL;
	if (r->event.type == YAML_STREAM_END_EVENT) {
		diag_report(r->ds, event_place(r), DIAG_document, "the file is empty");
		diag_hint(r->ds, "a board begins with `vmbuild: 1`");
		return NULL;
	}
	check_directives(r);
	if (!next(r))
		return NULL;
	root = read_node(r, 0);
	if (!skip(r, 2)) /* the document ends, then the stream */
		return root;
	if (r->event.type != YAML_STREAM_END_EVENT) {
		struct pos at = event_place(r);

		at.len = 3;
		diag_report(r->ds, at, DIAG_document, "a second document begins here");
		diag_hint(r->ds, "one file is one board: delete the `---`");
	}
	return root;
}

static struct node *read_yaml(struct reader *r)
{
	struct node *root;

	if (!yaml_parser_initialize(&r->yaml)) {
		diag_report(r->ds, (struct pos){ .file = r->file, .line = 1, .col = 1, .len = 1 },
			    DIAG_yaml, "no memory to read it");
		return NULL;
	}
	yaml_parser_set_encoding(&r->yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->yaml, (const u8 *)r->input, r->input_len);
	root = read_document(r);
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->yaml);
	return r->failed ? NULL : root; /* of half a file, much would seem to be missing */
}

/* -- Bytes that are no text ------------------------------------------------------- */

/* Bytes of the UTF-8 character at s, or 0 (RFC 3629, section 4). */
static u32 utf8_length(const u8 *s, size_t left)
{
	u32 n = s[0] < 0x80                   ? 1
		: s[0] >= 0xc2 && s[0] < 0xe0 ? 2
		: s[0] >= 0xe0 && s[0] < 0xf0 ? 3
		: s[0] >= 0xf0 && s[0] < 0xf5 ? 4
					      : 0;

	if (!n || n > left)
		return 0;
	for (u32 i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* U+202A..U+202E and U+2066..U+2069 make a line look otherwise than it is read. */
static bool is_bidi(const u8 *s, u32 n)
{
	return n == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

static bool check_bytes(struct reader *r)
{
	const u8 *s = (const u8 *)r->input, *end = s + r->input_len;
	struct pos at = { r->file, r->text, r->file_place, r->col0 + 1, 1 };

	while (s < end) {
		u32 n = utf8_length(s, (size_t)(end - s));

		if (!n) {
			at.text = NULL; /* do not show what cannot be shown */
			diag_report(r->ds, at, DIAG_not_text, "byte 0x%02x is not UTF-8 text", *s);
			return diag_hint(r->ds, "save the file as UTF-8");
		}
		if (!*s)
			return diag_report(r->ds, at, DIAG_not_text,
					   "a NUL byte: this is no text file");
		if (is_bidi(s, n)) {
			at.text = NULL;
			diag_report(r->ds, at, DIAG_not_text,
				    "an invisible character that changes the order of text");
			return diag_hint(r->ds,
					 "delete it: what is read would not be what is seen");
		}
		if (*s == '\r' && (s + 1 == end || s[1] != '\n')) {
			diag_report(r->ds, at, DIAG_not_text, "a line ends in CR alone");
			return diag_hint(r->ds, "end lines with LF or CR LF");
		}
		at.col++;
		if (*s == '\n') {
			at.line++;
			at.col = 1;
		}
		s += n;
	}
	return true;
}

/* `#address-cells: 2`, without quotes, is a comment, and a silent one. */
static void warn_comments(struct reader *r)
{
	const char *line = r->input;
	struct pos at = { r->file, r->text, 1, 1, 1 };

	for (; line; line = strchr(line, '\n')) {
		const char *s;
		size_t n;

		line += *line == '\n';
		s = line + strspn(line, " ");
		n = strspn(s + (*s == '#'), "abcdefghijklmnopqrstuvwxyz-");
		if (*s == '#' && n > 6 && !strncmp(s + 1 + n - 6, "-cells", 6) && s[1 + n] == ':') {
			at.col = (u32)(s - line) + 1;
			at.len = (u32)n + 1;
			diag_report(r->ds, at, DIAG_comment_key, "`%.*s` is a comment in YAML",
				    (int)n + 1, s);
			diag_hint(r->ds, "vmbuild computes cells itself: delete the line");
		}
		at.line++;
	}
}

struct node *tree_new_file(struct arena *a, const char *name, const char *text, size_t len,
			   struct diags *ds)
{
	struct reader r = { .arena = a, .ds = ds, .file = name, .text = text, .file_place = true };
	struct node *root;

	r.input = text;
	r.input_len = len;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { /* byte order mark */
		r.text = r.input += 3;
		r.input_len -= 3;
	}
	if (!check_bytes(&r))
		return NULL;
	root = read_yaml(&r);
	warn_comments(&r);
	if (root && root->kind != NODE_MAP) {
		diag_report(ds, root->at, DIAG_wrong_form, "a board file is a map of keys");
		diag_hint(ds, "begin with `vmbuild: 1`");
		return NULL;
	}
	return root;
}

struct node *tree_new_arg(struct arena *a, const char *arg, size_t off, struct diags *ds)
{
	struct reader r = { .arena = a, .ds = ds, .file = arg, .text = arg };
	const char *dt;

	r.input = arg + off;
	dt = strstr(arg, ".dt."); /* --set devices.x.dt.set.y=... */
	r.in_dt = dt && dt < r.input;
	r.input_len = strlen(r.input);
	for (size_t i = 0; i < off; i++)
		r.col0 += ((u8)arg[i] & 0xc0) != 0x80;
	if (!check_bytes(&r))
		return NULL;
	if (!r.input_len)
		return node_text(a, "", (struct pos){ arg, arg, 0, r.col0 + 1, 1 });
	return read_yaml(&r);
}
