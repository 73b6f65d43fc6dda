/* Scripts of keys and pointer events: read (src/cli/script.c) and typed (typist.c). */
#include "device/bench.h"

#include "typist.h"

/* -- Reading --------------------------------------------------------------------------------- */

static struct script read_script(const char *text)
{
	struct script s = { 0 };
	struct diags ds = { 0 };

	if (!script_read(&s, "x.input", text, &ds))
		fail_msg("%s", ds.list[0].text);
	return s;
}

static void assert_step(const struct script *s, u32 i, enum script_op op, u32 code, i32 x, i32 y)
{
	assert_true(i < s->n);
	assert_int_equal(s->steps[i].op, op);
	assert_int_equal(s->steps[i].code, code);
	assert_int_equal(s->steps[i].x, x);
	assert_int_equal(s->steps[i].y, y);
}

static void a_chord_goes_down_in_order_and_up_in_the_other(void **state)
{
	struct script s = read_script("key Ctrl+alt+F2\n\n# nothing\r\n  key KPENTER # a comment");

	assert_int_equal(s.n, 8);
	assert_step(&s, 0, SCRIPT_KEY, KEY_LEFTCTRL, 1, 0);
	assert_step(&s, 1, SCRIPT_KEY, KEY_LEFTALT, 1, 0);
	assert_step(&s, 2, SCRIPT_KEY, KEY_F2, 1, 0);
	assert_step(&s, 3, SCRIPT_KEY, KEY_F2, 0, 0);
	assert_step(&s, 4, SCRIPT_KEY, KEY_LEFTALT, 0, 0);
	assert_step(&s, 5, SCRIPT_KEY, KEY_LEFTCTRL, 0, 0);
	assert_step(&s, 6, SCRIPT_KEY, KEY_KPENTER, 1, 0);
	assert_int_equal(s.steps[6].line, 4);
	script_free(&s);
	(void)state;
}

static void each_statement_is_read(void **state)
{
	struct script s = read_script("down left\nup button-left\nmove 640 0\nmove +3 -4\n"
				      "click right 2\nwheel -3\nwheel 1 -2\nwait 500ms\n"
				      "wait keyboard\nwait pointer 2s\npace 20ms\n");

	assert_step(&s, 0, SCRIPT_KEY, KEY_LEFT, 1, 0);
	assert_step(&s, 1, SCRIPT_KEY, BTN_LEFT, 0, 0);
	assert_step(&s, 2, SCRIPT_PLACE, 0, 640, 0);
	assert_step(&s, 3, SCRIPT_MOVE, 0, 3, -4);
	for (u32 i = 0; i < 4; i++)
		assert_step(&s, 4 + i, SCRIPT_KEY, BTN_RIGHT, !(i & 1), 0);
	assert_step(&s, 8, SCRIPT_WHEEL, 0, 0, -3);
	assert_step(&s, 9, SCRIPT_WHEEL, 0, -2, 1);
	assert_step(&s, 10, SCRIPT_WAIT, 0, 0, 0);
	assert_int_equal(s.steps[10].ns, 500000000);
	assert_step(&s, 11, SCRIPT_KEYBOARD, 0, 0, 0);
	assert_int_equal(s.steps[11].ns, NEVER_NS);
	assert_step(&s, 12, SCRIPT_POINTER, 0, 0, 0);
	assert_int_equal(s.steps[12].ns, 2000000000);
	assert_step(&s, 13, SCRIPT_PACE, 0, 0, 0);
	assert_int_equal(s.steps[13].ns, 20000000);
	assert_int_equal(s.n, 14);
	script_free(&s);
	(void)state;
}

/* The place is that of the word, in characters. */
static const struct {
	const char *text, *what;
	u32 line, col, len;
} mistakes[] = {
	{ "kee enter", "there is no statement `kee`", 1, 1, 3 },
	{ "\n key entr", "there is no key `entr`", 2, 6, 4 },
	{ "key a+b+", "there is no key ``", 1, 5, 4 },
	{ "key a+b+c+d+e+f+g+h+i", "more than 8 keys at once", 1, 5, 17 },
	{ "key", "here should be a key", 1, 4, 1 },
	{ "key # none", "here should be a key", 1, 5, 1 },
	{ "down button-lef", "there is no button `button-lef`", 1, 6, 10 },
	{ "type ls", "text to type stands in quotes: type \"ls\\n\"", 1, 6, 1 },
	{ "type \"open\nkey a", "the quote is not closed", 1, 6, 5 },
	{ "type \"a\\x\"", "after `\\` stands one of n, t, b, \\ and \"", 1, 8, 2 },
	{ "type \"ab\xc3\xa9\"", "no key of a US keyboard types `\xc3\xa9`", 1, 9, 1 },
	{ "type \"\xc3\xa9\"", "no key of a US keyboard types `\xc3\xa9`", 1, 7, 1 },
	{ "type \"a\" b", "one word too many: `b`", 1, 10, 1 },
	{ "move 1", "here should be a number", 1, 7, 1 },
	{ "move 1 +1", "both numbers have a sign, to move by, or none, to move to", 1, 8, 2 },
	{ "move 1 40000", "`40000` is no whole number up to 32767", 1, 8, 5 },
	{ "move 1 1.5", "`1.5` is no whole number up to 32767", 1, 8, 3 },
	{ "click left 0", "a click is done 1 to 10 times", 1, 12, 1 },
	{ "wheel", "here should be a number", 1, 6, 1 },
	{ "wait 5", "`5` is no time (10s, 500ms, 2m), nor `keyboard` nor `pointer`", 1, 6, 1 },
	{ "wait keyboard soon", "`soon` is no time: write 10s, 500ms or 2m", 1, 15, 4 },
	{ "pace", "here should be a time, as 500ms or 2s", 1, 5, 1 },
};

static void mistakes_are_told_with_their_place(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct script s = { 0 };
		struct diags ds = { 0 };

		assert_false(script_read(&s, "x.input", mistakes[i].text, &ds));
		assert_int_equal(ds.n, 1);
		assert_string_equal(ds.list[0].text, mistakes[i].what);
		assert_string_equal(ds.list[0].at.file, "x.input");
		assert_int_equal(ds.list[0].at.line, mistakes[i].line);
		assert_int_equal(ds.list[0].at.col, mistakes[i].col);
		assert_int_equal(ds.list[0].at.len, mistakes[i].len);
		script_free(&s);
		diags_free(&ds);
	}
	(void)state;
}

static void all_mistakes_are_told_at_once(void **state)
{
	struct script s = { 0 };
	struct diags ds = { 0 };

	assert_false(script_read(&s, "x.input", "kee a\nkey a\nkey entre\n", &ds));
	assert_int_equal(ds.n, 2);
	assert_string_equal(ds.list[0].hint, "did you mean `key`?");
	assert_string_equal(ds.list[1].hint, "did you mean `enter`?");
	script_free(&s);
	diags_free(&ds);
	(void)state;
}

/* -- Typing ------------------------------------------------------------------------------------ */

struct desk {
	struct device dev;
	struct input_port port;
	bool listens, busy;
	char text[64]; /* a letter for each event: lower case is up, capitals are down; ^ v shift */
	u32 n;
};

static void desk_arrived(struct device *dev)
{
	struct desk *d = (struct desk *)dev;
	struct input_event e;

	while (!d->busy && input_next(&d->port, &e)) {
		const struct input_key *k = input_keys;

		while (k->code != e.code)
			k++;
		assert_true(d->n < sizeof(d->text) - 1);
		d->text[d->n++] = k->code == KEY_LEFTSHIFT ? (e.x ? 'v' : '^')
				  : e.x                    ? k->name[0]
							   : k->plain;
		d->text[d->n] = 0;
	}
}

static bool desk_listens(const struct device *dev)
{
	return ((const struct desk *)dev)->listens;
}

static bool desk_has(const struct device *dev, u32 code)
{
	(void)dev;
	return code < BTN_LEFT;
}

#define SELF struct desk

static const struct input_sink desk_sink = { .port = offsetof(SELF, port),
					     .has = desk_has,
					     .listens = desk_listens,
					     .arrived = desk_arrived };
static const struct device_class desk_class = {
	.name = "test-desk", .size = sizeof(SELF), .sink = &desk_sink, .state = STATE(INPUT_STATE)
};

struct room {
	struct bench *b;
	struct desk *desk;
	struct screens screens;
	struct typists typists;
	u64 now;
};

static void enter(struct room *r)
{
	struct err e = { 0 };

	*r = (struct room){ .b = bench_new(), .now = 1 };
	r->desk = (struct desk *)bench_class(r->b, &desk_class, "", &e);
	r->desk->listens = true;
	r->typists.in = r->b->machine.input;
	r->typists.screens = &r->screens;
}

static void leave(struct room *r)
{
	typists_free(&r->typists);
	bench_end(r->b);
}

static u32 hand_in(struct room *r, const char *text)
{
	struct script s = read_script(text);
	struct err e = { 0 };

	return typists_start(&r->typists, &s, "x.input", r->now, &e);
}

/* Goes on for so long; returns what the typist says of the script then. */
static const char *go_on(struct room *r, u32 number, u64 ns)
{
	static char said[600];
	u64 end = r->now + ns, next;
	struct str answer = { 0 };
	struct err e = { 0 };
	char request[32];

	while ((next = typists_due(&r->typists, r->now)) <= end)
		r->now = MAX(next, r->now);
	r->now = end;
	snprintf(request, sizeof(request), "input %u", number);
	snprintf(said, sizeof(said), "%s",
		 typists_request(&r->typists, request, -1, &answer, &e) ? str_text(&answer)
									: e.text);
	str_free(&answer);
	return said;
}

#define MS 1000000ull

static void text_is_typed_at_its_pace_with_the_shift_key_held(void **state)
{
	struct room r;
	u32 number;

	enter(&r);
	number = hand_in(&r, "type \"aBC d\"");
	assert_string_equal(go_on(&r, number, 25 * MS), "typing");
	assert_string_equal(r.desk->text, "Aav");
	assert_string_equal(go_on(&r, number, 200 * MS), "done");
	assert_string_equal(r.desk->text, "AavBbCc^S Dd");
	leave(&r);
	(void)state;
}

static void caps_lock_turns_letters_round_and_nothing_else(void **state)
{
	struct room r;

	enter(&r);
	r.desk->port.leds = INPUT_CAPS_LOCK | INPUT_NUM_LOCK;
	go_on(&r, hand_in(&r, "type \"aB1\""), 1000 * MS);
	assert_string_equal(r.desk->text, "vAa^Bb11");
	leave(&r);
	(void)state;
}

static void a_script_waits_for_a_keyboard_as_long_as_it_says(void **state)
{
	struct room r;
	u32 number;

	enter(&r);
	r.desk->listens = false;
	number = hand_in(&r, "wait keyboard 2s\nkey a");
	assert_string_equal(go_on(&r, number, 1500 * MS), "typing");
	r.desk->listens = true;
	assert_string_equal(go_on(&r, number, 100 * MS), "done");
	assert_string_equal(r.desk->text, "Aa");
	r.desk->listens = false;
	number = hand_in(&r, "wait keyboard 2s\nkey a");
	assert_string_equal(go_on(&r, number, 2100 * MS),
			    "x.input:1: no guest listens within that time");
	leave(&r);
	(void)state;
}

static void without_a_guest_that_listens_it_fails_at_its_line(void **state)
{
	struct room r;
	u32 number;

	enter(&r);
	number = hand_in(&r, "key a\nclick\n");
	assert_string_equal(go_on(&r, number, 1000 * MS), "x.input:2: no guest listens for it");
	number = hand_in(&r, "move 1 1\n");
	assert_string_equal(go_on(&r, number, 1000 * MS),
			    "x.input:1: the machine shows no picture to move in");
	leave(&r);
	(void)state;
}

static void a_slow_guest_is_waited_for_and_a_dead_one_given_up(void **state)
{
	struct room r;
	u32 number;

	enter(&r);
	r.desk->busy = true;
	number = hand_in(&r, "type \"abc\"");
	assert_string_equal(go_on(&r, number, 5000 * MS), "typing");
	assert_int_equal(r.desk->port.n, 1);
	r.desk->busy = false;
	device_lock(&r.desk->dev);
	desk_arrived(&r.desk->dev);
	device_unlock(&r.desk->dev);
	assert_string_equal(go_on(&r, number, 1000 * MS), "done");
	assert_string_equal(r.desk->text, "AaBbCc");
	r.desk->busy = true;
	number = hand_in(&r, "type \"abc\"");
	assert_string_equal(go_on(&r, number, 11000 * MS),
			    "x.input:1: the guest takes no more keys");
	leave(&r);
	(void)state;
}

static void a_script_that_ends_lets_go_of_its_keys(void **state)
{
	struct room r;

	enter(&r);
	go_on(&r, hand_in(&r, "down a\ndown shift"), 1000 * MS);
	assert_string_equal(r.desk->text, "Ava^");
	leave(&r);
	(void)state;
}

static void many_scripts_are_refused_and_those_done_are_forgotten(void **state)
{
	struct script s;
	struct err e = { 0 };
	struct room r;

	enter(&r);
	for (u32 i = 0; i < TYPISTS; i++)
		assert_int_equal(hand_in(&r, "wait 1s"), i + 1);
	s = read_script("key a");
	assert_int_equal(typists_start(&r.typists, &s, "x.input", r.now, &e), 0);
	assert_string_equal(e.text, "8 scripts are being typed already");
	script_free(&s);
	assert_string_equal(go_on(&r, 1, 2000 * MS), "done");
	assert_int_equal(hand_in(&r, "key a"), TYPISTS + 1);
	assert_string_equal(go_on(&r, 1, MS), "nobody types that script");
	assert_string_equal(go_on(&r, TYPISTS + 1, 100 * MS), "done");
	leave(&r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chord_goes_down_in_order_and_up_in_the_other),
		cmocka_unit_test(each_statement_is_read),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(text_is_typed_at_its_pace_with_the_shift_key_held),
		cmocka_unit_test(caps_lock_turns_letters_round_and_nothing_else),
		cmocka_unit_test(a_script_waits_for_a_keyboard_as_long_as_it_says),
		cmocka_unit_test(without_a_guest_that_listens_it_fails_at_its_line),
		cmocka_unit_test(a_slow_guest_is_waited_for_and_a_dead_one_given_up),
		cmocka_unit_test(a_script_that_ends_lets_go_of_its_keys),
		cmocka_unit_test(many_scripts_are_refused_and_those_done_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
