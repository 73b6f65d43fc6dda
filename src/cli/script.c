#include "script.h"

#include <ctype.h>

#define WORD 64

struct reader {
	struct script *script;
	struct diags *ds;
	struct pos pos; /* of the word, or the character, that was read last */
	const char *line, *at;
	char word[WORD];
};

static struct script_step *step(struct reader *r, enum script_op op)
{
	struct script *s = r->script;

	GROW(&s->steps, s->n, &s->cap);
	s->steps[s->n] = (struct script_step){ .op = op, .line = r->pos.line };
	return &s->steps[s->n++];
}

static void step_to(struct reader *r, enum script_op op, i32 x, i32 y)
{
	struct script_step *s = step(r, op);

	s->x = x;
	s->y = y;
}

/* -- Words ------------------------------------------------------------------------------ */

static u32 characters(const char *from, const char *to)
{
	u32 n = 0;

	for (; from < to; from++)
		n += ((u8)*from & 0xc0) != 0x80;
	return n;
}

static void skip_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t')
		r->at++;
}

static bool at_end(struct reader *r)
{
	skip_blanks(r);
	return !*r->at || *r->at == '\n' || *r->at == '\r' || *r->at == '#';
}

static void stand_at(struct reader *r, const char *from, const char *to)
{
	r->pos.col = 1 + characters(r->line, from);
	r->pos.len = MAX(characters(from, to), 1);
}

/* False: the line has no more; the place is where one should be. */
static bool next_word(struct reader *r)
{
	size_t n;

	if (at_end(r)) {
		stand_at(r, r->at, r->at);
		return false;
	}
	n = strcspn(r->at, " \t\r\n");
	snprintf(r->word, sizeof(r->word), "%.*s", (int)MIN(n, WORD - 1), r->at);
	stand_at(r, r->at, r->at + n);
	r->at += n;
	return true;
}

static bool wrong(struct reader *r, const char *fmt, ...) PRINTF(2, 3);

static bool wrong(struct reader *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_report(r->ds, r->pos, DIAG_input_script, "%s", text);
}

static bool want_word(struct reader *r, const char *what)
{
	return next_word(r) || wrong(r, "here should be %s", what);
}

static bool want_number(struct reader *r, i32 *v, bool *sign)
{
	long n;
	char *end;

	if (!want_word(r, "a number"))
		return false;
	n = strtol(r->word, &end, 10);
	*sign = r->word[0] == '+' || r->word[0] == '-';
	if (end == r->word || *end || n < -INPUT_MAX || n > INPUT_MAX)
		return wrong(r, "`%s` is no whole number up to %d", r->word, INPUT_MAX);
	*v = (i32)n;
	return true;
}

static bool want_time(struct reader *r, u64 *ns)
{
	if (!want_word(r, "a time, as 500ms or 2s"))
		return false;
	return parse_time(r->word, ns) ||
	       wrong(r, "`%s` is no time: write 10s, 500ms or 2m", r->word);
}

/* -- Keys --------------------------------------------------------------------------------- */

static const struct name {
	const char *name;
	u32 code;
} short_names[] = {
	{ "CTRL", KEY_LEFTCTRL }, { "SHIFT", KEY_LEFTSHIFT }, { "ALT", KEY_LEFTALT },
	{ "META", KEY_LEFTMETA }, { "ESCAPE", KEY_ESC },      { "ALTGR", KEY_RIGHTALT },
}, buttons[] = {
	{ "LEFT", BTN_LEFT }, { "RIGHT", BTN_RIGHT }, { "MIDDLE", BTN_MIDDLE },
	{ "SIDE", BTN_SIDE }, { "EXTRA", BTN_EXTRA },
};

/* What somebody wrote, in capitals, and the name that is nearest to it. */
struct guess {
	char word[WORD];
	struct nearest near;
};

static void guess_begin(struct guess *g, const char *word)
{
	size_t n = 0;

	for (; word[n] && n < WORD - 1; n++)
		g->word[n] = (char)toupper((u8)word[n]);
	g->word[n] = 0;
	g->near = (struct nearest){ 0 };
}

/* Each find_ function: 0 is none. */
static u32 find_name(struct guess *g, const struct name *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i].name, g->word))
			return list[i].code;
		nearest_try(&g->near, g->word, list[i].name);
	}
	return 0;
}

static u32 find_key(struct guess *g)
{
	for (const struct input_key *k = input_keys; k->name; k++) {
		if (!strcmp(k->name, g->word))
			return k->code;
		nearest_try(&g->near, g->word, k->name);
	}
	return find_name(g, short_names, ARRAY_LEN(short_names));
}

static u32 find_button(struct guess *g)
{
	return find_name(g, buttons, ARRAY_LEN(buttons));
}

static bool unknown(struct reader *r, const char *what, const char *word, const struct guess *g)
{
	char lower[WORD];
	size_t n = 0;

	wrong(r, "there is no %s `%s`", what, word);
	if (!g->near.word)
		return false;
	for (; g->near.word[n] && n < WORD - 1; n++)
		lower[n] = (char)tolower((u8)g->near.word[n]);
	lower[n] = 0;
	return diag_hint(r->ds, "did you mean `%s`?", lower);
}

static void press(struct reader *r, u32 code, bool down)
{
	struct script_step *s = step(r, SCRIPT_KEY);

	s->code = code;
	s->x = down;
}

/* ctrl+alt+delete: in this order down, in the other up. */
static bool chord(struct reader *r)
{
	u32 code[8], n = 0;
	struct guess g;

	for (char *key = r->word; key; n++) {
		char *plus = strchr(key, '+');

		if (plus)
			*plus++ = 0;
		if (n == ARRAY_LEN(code))
			return wrong(r, "more than %u keys at once", n);
		guess_begin(&g, key);
		code[n] = find_key(&g);
		if (!code[n])
			return unknown(r, "key", key, &g);
		key = plus;
	}
	for (u32 i = 0; i < n; i++)
		press(r, code[i], true);
	while (n)
		press(r, code[--n], false);
	return true;
}

/* -- Text ----------------------------------------------------------------------------------- */

static const struct {
	char letter, means;
} escapes[] = { { 'n', '\n' }, { 't', '\t' }, { 'b', '\b' }, { '\\', '\\' }, { '"', '"' } };

static void shift(struct reader *r, bool on, bool letter)
{
	struct script_step *s = step(r, SCRIPT_SHIFT);

	s->x = on;
	s->letter = letter;
}

static bool type_character(struct reader *r, char c)
{
	const struct input_key *k = input_keys;

	while (k->name && k->plain != c && k->shifted != c)
		k++;
	if (!k->name || !c)
		return false;
	shift(r, k->plain != c, isalpha((u8)c));
	press(r, k->code, true);
	press(r, k->code, false);
	return true;
}

static bool type_escape(struct reader *r)
{
	stand_at(r, r->at, r->at + 2);
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i].letter == r->at[1]) {
			r->at += 2;
			return type_character(r, escapes[i].means);
		}
	wrong(r, "after `\\` stands one of n, t, b, \\ and \"");
	return diag_hint(r->ds, "`\\\\` types a backslash");
}

/* Up to a character of `ends`. */
static bool type_until(struct reader *r, const char *ends)
{
	while (*r->at && !strchr(ends, *r->at)) {
		const char *from = r->at;

		if (*from == '\\') {
			if (!type_escape(r))
				return false;
			continue;
		}
		do
			r->at++;
		while (((u8)*r->at & 0xc0) == 0x80);
		stand_at(r, from, r->at);
		if (!type_character(r, *from)) {
			wrong(r, "no key of a US keyboard types `%.*s`", (int)(r->at - from), from);
			return diag_hint(r->ds, "text is typed on a US keyboard; the guest's "
						"layout has to be that");
		}
	}
	shift(r, false, false);
	return true;
}

/* -- Statements ----------------------------------------------------------------------------- */

static bool read_key(struct reader *r)
{
	if (!want_word(r, "a key"))
		return false;
	do
		if (!chord(r))
			return false;
	while (next_word(r));
	return true;
}

/* `left` is a key: the button is `button-left`. */
static bool read_hold(struct reader *r, bool down)
{
	static const char button[] = "button-";
	bool is_button;
	struct guess g;
	u32 code;

	if (!want_word(r, "a key or a button"))
		return false;
	is_button = text_starts(r->word, button);
	guess_begin(&g, r->word + (is_button ? strlen(button) : 0));
	code = is_button ? find_button(&g) : find_key(&g);
	if (!code)
		return unknown(r, is_button ? "button" : "key", r->word, &g);
	press(r, code, down);
	return true;
}

static bool read_down(struct reader *r)
{
	return read_hold(r, true);
}

static bool read_up(struct reader *r)
{
	return read_hold(r, false);
}

static bool read_type(struct reader *r)
{
	const char *from;

	skip_blanks(r);
	stand_at(r, r->at, r->at + 1);
	if (*r->at != '"')
		return wrong(r, "text to type stands in quotes: type \"ls\\n\"");
	from = r->at++;
	if (!type_until(r, "\"\r\n"))
		return false;
	stand_at(r, from, r->at);
	if (*r->at != '"')
		return wrong(r, "the quote is not closed");
	r->at++;
	return true;
}

static bool read_move(struct reader *r)
{
	bool by_x, by_y;
	i32 x = 0, y = 0;

	if (!want_number(r, &x, &by_x) || !want_number(r, &y, &by_y))
		return false;
	if (by_x != by_y)
		return wrong(r, "both numbers have a sign, to move by, or none, to move to");
	step_to(r, by_x ? SCRIPT_MOVE : SCRIPT_PLACE, x, y);
	return true;
}

static bool read_click(struct reader *r)
{
	u32 code = BTN_LEFT;
	struct guess g;
	i32 times = 1;
	bool sign;

	if (!at_end(r)) {
		next_word(r);
		guess_begin(&g, r->word);
		code = find_button(&g);
		if (!code)
			return unknown(r, "button", r->word, &g);
	}
	if (!at_end(r) && !want_number(r, &times, &sign))
		return false;
	if (times < 1 || times > 10)
		return wrong(r, "a click is done 1 to 10 times");
	while (times--) {
		press(r, code, true);
		press(r, code, false);
	}
	return true;
}

static bool read_wheel(struct reader *r)
{
	i32 x = 0, y = 0;
	bool sign;

	if (!want_number(r, &y, &sign) || (!at_end(r) && !want_number(r, &x, &sign)))
		return false;
	step_to(r, SCRIPT_WHEEL, x, y);
	return true;
}

static bool read_wait(struct reader *r)
{
	u64 ns = NEVER_NS;
	enum script_op op;

	if (!want_word(r, "a time, `keyboard` or `pointer`"))
		return false;
	if (!strcmp(r->word, "keyboard"))
		op = SCRIPT_KEYBOARD;
	else if (!strcmp(r->word, "pointer"))
		op = SCRIPT_POINTER;
	else if (parse_time(r->word, &ns))
		op = SCRIPT_WAIT;
	else
		return wrong(r, "`%s` is no time (10s, 500ms, 2m), nor `keyboard` nor `pointer`",
			     r->word);
	if (op != SCRIPT_WAIT && !at_end(r) && !want_time(r, &ns))
		return false;
	step(r, op)->ns = ns;
	return true;
}

static bool read_pace(struct reader *r)
{
	u64 ns;

	if (!want_time(r, &ns))
		return false;
	step(r, SCRIPT_PACE)->ns = ns;
	return true;
}

static const struct statement {
	const char *name;
	bool (*read)(struct reader *r);
} statements[] = {
	{ "key", read_key },     { "down", read_down }, { "up", read_up },
	{ "type", read_type },   { "move", read_move }, { "click", read_click },
	{ "wheel", read_wheel }, { "wait", read_wait }, { "pace", read_pace },
};

static bool read_statement(struct reader *r)
{
	struct nearest near = { 0 };

	if (at_end(r))
		return true;
	next_word(r);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!strcmp(statements[i].name, r->word))
			return statements[i].read(r) &&
			       (!next_word(r) || wrong(r, "one word too many: `%s`", r->word));
		nearest_try(&near, r->word, statements[i].name);
	}
	wrong(r, "there is no statement `%s`", r->word);
	if (near.word)
		return diag_hint(r->ds, "did you mean `%s`?", near.word);
	return diag_hint(r->ds, "`vmbuild explain E0801` lists them");
}

bool script_read(struct script *s, const char *file, const char *text, struct diags *ds)
{
	struct reader r = { .script = s, .ds = ds, .pos = { .file = file, .text = text } };
	u32 before = ds->errors;

	for (r.line = text; r.line; r.line = r.line ? r.line + 1 : NULL) {
		r.pos.line++;
		r.at = r.line;
		read_statement(&r);
		r.line = strchr(r.at, '\n');
	}
	return ds->errors == before;
}

bool script_type(struct script *s, const char *text, struct diags *ds)
{
	struct reader r = { .script = s,
			    .ds = ds,
			    .pos = { .file = SCRIPT_TEXT, .text = text },
			    .line = text,
			    .at = text };

	return type_until(&r, "");
}

void script_free(struct script *s)
{
	free(s->steps);
	*s = (struct script){ 0 };
}
