/* Keys and pointers, from sources to devices: src/dev/input.c. */
#include "bench.h"

/* -- A device that writes down what it is told, and reads only when it may ------------------ */

struct pad {
	struct device dev;
	struct input_port port;
	bool listens;
	u32 room; /* events that it takes now */
	struct input_event seen[256];
	u32 n;
};

static void pad_arrived(struct device *dev)
{
	struct pad *p = (struct pad *)dev;
	struct input_event e;

	for (; p->room && input_next(&p->port, &e); p->room--) {
		assert_true(p->n < ARRAY_LEN(p->seen));
		p->seen[p->n++] = e;
	}
}

static bool pad_listens(const struct device *dev)
{
	return ((const struct pad *)dev)->listens;
}

static bool has_keys(const struct device *dev, u32 code)
{
	(void)dev;
	return code < BTN_LEFT;
}

static bool has_buttons(const struct device *dev, u32 code)
{
	return !has_keys(dev, code);
}

#define SELF struct pad

static const struct input_sink keyboard_sink = { .port = offsetof(SELF, port),
						 .has = has_keys,
						 .listens = pad_listens,
						 .arrived = pad_arrived };
static const struct input_sink tablet_sink = { .port = offsetof(SELF, port),
					       .pointer = INPUT_ABSOLUTE | INPUT_WHEELS,
					       .has = has_buttons,
					       .listens = pad_listens,
					       .arrived = pad_arrived };
static const struct input_sink mouse_sink = { .port = offsetof(SELF, port),
					      .pointer = INPUT_RELATIVE | INPUT_WHEELS,
					      .has = has_buttons,
					      .listens = pad_listens,
					      .arrived = pad_arrived };

/* clang-format off */
#define PAD(s) { .name = "test-pad", .size = sizeof(SELF), .sink = &(s), .state = STATE(INPUT_STATE) }
/* clang-format on */

static const struct device_class keyboard = PAD(keyboard_sink);
static const struct device_class tablet = PAD(tablet_sink);
static const struct device_class mouse = PAD(mouse_sink);

static struct pad *add(struct bench *b, const struct device_class *class)
{
	struct err e = { 0 };
	struct pad *p = (struct pad *)bench_class(b, class, "", &e);

	assert_non_null(p);
	p->listens = true;
	p->room = UINT32_MAX;
	return p;
}

static void read_again(struct pad *p, u32 room)
{
	p->room = room;
	device_lock(&p->dev);
	pad_arrived(&p->dev);
	device_unlock(&p->dev);
}

static void assert_key(const struct input_event *e, u32 code, bool down)
{
	assert_int_equal(e->kind, INPUT_KEY);
	assert_int_equal(e->code, code);
	assert_int_equal(e->x, down);
}

static void assert_motion(const struct input_event *e, enum input_kind kind, i32 x, i32 y)
{
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->x, x);
	assert_int_equal(e->y, y);
}

/* -- The table -------------------------------------------------------------------------------- */

/* Scan codes, usages, characters and keysyms too: who looks one up finds one key. */
static void no_two_keys_are_called_the_same(void **state)
{
	for (const struct input_key *a = input_keys; a->name; a++) {
		assert_true(a->code < BTN_LEFT);
		for (const struct input_key *b = a + 1; b->name; b++) {
			assert_int_not_equal(a->code, b->code);
			assert_int_not_equal(a->hid, b->hid);
			assert_int_not_equal(a->set2, b->set2);
			assert_int_not_equal(a->xt, b->xt);
			assert_true(!a->keysym || a->keysym != b->keysym);
			assert_true(!a->plain || a->plain != b->plain);
			assert_true(!a->shifted || a->shifted != b->shifted);
			assert_string_not_equal(a->name, b->name);
		}
	}
	(void)state;
}

static void a_us_keyboard_types_all_of_ascii(void **state)
{
	for (char c = ' '; c <= '~'; c++) {
		const struct input_key *k = input_keys;

		while (k->name && k->plain != c && k->shifted != c)
			k++;
		assert_non_null(k->name);
	}
	(void)state;
}

/* -- Keys ------------------------------------------------------------------------------------- */

static void a_key_goes_down_once_and_up_once(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *s = b->hands;

	assert_true(input_key(s, KEY_A, true));
	assert_true(input_key(s, KEY_A, true));
	assert_true(input_key(s, KEY_A, false));
	assert_true(input_key(s, KEY_A, false));
	assert_int_equal(p->n, 2);
	assert_key(&p->seen[0], KEY_A, true);
	assert_key(&p->seen[1], KEY_A, false);
	bench_end(b);
	(void)state;
}

static void what_two_viewers_hold_is_up_when_both_have_let_go(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *one = input_source_new(b->machine.input);
	struct input_source *two = input_source_new(b->machine.input);

	input_key(one, KEY_LEFTSHIFT, true);
	input_key(two, KEY_LEFTSHIFT, true);
	input_key(one, KEY_LEFTSHIFT, false);
	assert_int_equal(p->n, 1);
	input_key(two, KEY_LEFTSHIFT, false);
	assert_int_equal(p->n, 2);
	assert_key(&p->seen[1], KEY_LEFTSHIFT, false);
	input_source_free(one);
	input_source_free(two);
	bench_end(b);
	(void)state;
}

static void a_viewer_that_ends_lets_go_of_its_keys(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *s = input_source_new(b->machine.input);

	input_key(s, KEY_LEFTALT, true);
	input_key(s, KEY_TAB, true);
	input_source_free(s);
	assert_int_equal(p->n, 4);
	assert_key(&p->seen[2], KEY_TAB, false);
	assert_key(&p->seen[3], KEY_LEFTALT, false);
	bench_end(b);
	(void)state;
}

static void nobody_hears_what_comes_before_the_driver(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *s = b->hands;

	p->listens = false;
	assert_false(input_key(s, KEY_A, true));
	assert_false(input_key(s, KEY_A, false));
	p->listens = true;
	assert_true(input_key(s, KEY_B, true));
	assert_int_equal(p->n, 1);
	assert_key(&p->seen[0], KEY_B, true);
	bench_end(b);
	(void)state;
}

/* U-Boot may drive one and Linux the other. */
static void keys_go_to_the_first_that_listens_and_come_up_where_they_went_down(void **state)
{
	struct bench *b = bench_new();
	struct pad *one = add(b, &keyboard), *two = add(b, &keyboard);
	struct input_source *s = b->hands;

	one->listens = false;
	input_key(s, KEY_A, true);
	one->listens = true;
	input_key(s, KEY_A, false);
	input_key(s, KEY_B, true);
	assert_int_equal(two->n, 2);
	assert_key(&two->seen[1], KEY_A, false);
	assert_int_equal(one->n, 1);
	assert_key(&one->seen[0], KEY_B, true);
	bench_end(b);
	(void)state;
}

/* -- Guests that are slow ------------------------------------------------------------------------
 */

static void no_key_stays_down_for_a_guest_that_was_slow(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *s = b->hands;
	u8 down[INPUT_CODES] = { 0 };

	input_key(s, KEY_LEFTSHIFT, true);
	p->room = 0;
	for (u32 i = 0; i < 2 * INPUT_BACKLOG; i++) {
		input_key(s, KEY_A, true);
		input_key(s, KEY_A, false);
	}
	input_key(s, KEY_B, true);
	input_key(s, KEY_LEFTSHIFT, false);
	read_again(p, UINT32_MAX);
	assert_true(p->n <= INPUT_BACKLOG + 4);
	for (u32 i = 0; i < p->n; i++) {
		assert_int_not_equal(down[p->seen[i].code], p->seen[i].x);
		down[p->seen[i].code] = (u8)p->seen[i].x;
	}
	assert_int_equal(down[KEY_A], 0);
	assert_int_equal(down[KEY_LEFTSHIFT], 0);
	assert_int_equal(down[KEY_B], 1);
	bench_end(b);
	(void)state;
}

static void a_key_whose_press_was_left_out_is_not_let_go(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &keyboard);
	struct input_source *s = b->hands;

	p->room = 0;
	for (u32 i = 0; i < INPUT_BACKLOG; i++)
		input_key(s, KEY_A, !(i & 1));
	input_key(s, KEY_B, true);
	read_again(p, 1);
	input_key(s, KEY_B, false);
	read_again(p, UINT32_MAX);
	assert_int_equal(p->n, INPUT_BACKLOG);
	for (u32 i = 0; i < p->n; i++)
		assert_key(&p->seen[i], KEY_A, !(i & 1));
	bench_end(b);
	(void)state;
}

static void motion_adds_up_until_a_button_changes(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &mouse);
	struct input_source *s = b->hands;

	p->room = 0;
	for (u32 i = 0; i < 1000; i++)
		input_move(s, 3, -1);
	input_key(s, BTN_LEFT, true);
	input_move(s, -5, 5);
	input_wheel(s, 0, 1);
	input_wheel(s, 0, 1);
	read_again(p, UINT32_MAX);
	assert_int_equal(p->n, 4);
	assert_motion(&p->seen[0], INPUT_MOVE, 3000, -1000);
	assert_key(&p->seen[1], BTN_LEFT, true);
	assert_motion(&p->seen[2], INPUT_MOVE, -5, 5);
	assert_motion(&p->seen[3], INPUT_WHEEL, 0, 2);
	bench_end(b);
	(void)state;
}

static void the_last_place_is_told_though_the_backlog_was_full(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &tablet);
	struct input_source *s = b->hands;

	p->room = 0;
	for (u32 i = 0; i < INPUT_BACKLOG; i++)
		input_key(s, BTN_LEFT, !(i & 1));
	input_place(s, 7, 9, 10, 10);
	read_again(p, UINT32_MAX);
	assert_motion(&p->seen[p->n - 1], INPUT_PLACE, 24576, 31129);
	bench_end(b);
	(void)state;
}

static void a_reset_forgets_what_was_waiting(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &tablet);
	struct input_source *s = b->hands;

	p->room = 0;
	for (u32 i = 0; i < INPUT_BACKLOG; i++)
		input_key(s, BTN_LEFT, !(i & 1));
	input_place(s, 1, 1, 10, 10);
	device_reset(&p->dev);
	read_again(p, UINT32_MAX);
	assert_int_equal(p->n, 0);
	bench_end(b);
	(void)state;
}

/* -- Pointers
 * --------------------------------------------------------------------------------------- */

/* Three readings of a place: that of libinput and the X server, and two that others could have. */
static void assert_pixel(i32 v, u32 x, u32 size)
{
	u64 range = INPUT_MAX + 1;

	assert_int_equal((u64)v * size / range, x);
	assert_int_equal((u64)(v + 2) * size / range, x);
	assert_int_equal((u64)(v - 2) * size / range, x);
}

static void every_pixel_of_every_size_is_met(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &tablet);
	struct input_source *s = b->hands;

	for (u32 size = 1; size <= 4096; size = size < 64 ? size + 1 : size * 3 / 2)
		for (u32 x = 0; x < size; x++) {
			p->n = 0;
			assert_true(input_place(s, x, size - 1 - x, size, size));
			assert_pixel(p->seen[0].x, x, size);
			assert_pixel(p->seen[0].y, size - 1 - x, size);
		}
	for (u32 x = 0; x < 4096; x++) {
		p->n = 0;
		input_place(s, x, 0, 4096, 1);
		assert_pixel(p->seen[0].x, x, 4096);
	}
	bench_end(b);
	(void)state;
}

static void a_place_outside_of_the_picture_is_none(void **state)
{
	struct bench *b = bench_new();
	struct pad *p = add(b, &tablet);
	struct input_source *s = b->hands;

	assert_false(input_place(s, 10, 0, 10, 10));
	assert_false(input_place(s, 0, 10, 10, 10));
	assert_false(input_place(s, 0, 0, 0, 0));
	assert_int_equal(p->n, 0);
	bench_end(b);
	(void)state;
}

static void a_tablet_is_preferred_and_a_mouse_is_moved_by_the_difference(void **state)
{
	struct bench *b = bench_new();
	struct pad *m = add(b, &mouse), *t = add(b, &tablet);
	struct input_source *s = b->hands;

	assert_int_equal(input_pointers(b->machine.input), INPUT_ABSOLUTE | INPUT_RELATIVE);
	assert_true(input_place(s, 10, 10, 100, 100));
	assert_int_equal(t->n, 1);
	assert_int_equal(m->n, 0);
	t->listens = false;
	assert_int_equal(input_pointers(b->machine.input), INPUT_RELATIVE);
	assert_true(input_place(s, 30, 5, 100, 100));
	assert_int_equal(m->n, 1);
	assert_motion(&m->seen[0], INPUT_MOVE, 20, -5);
	bench_end(b);
	(void)state;
}

/* Else the click would come before the motion that led there. */
static void buttons_and_wheels_go_to_the_pointer_that_moved(void **state)
{
	struct bench *b = bench_new();
	struct pad *m = add(b, &mouse), *t = add(b, &tablet);
	struct input_source *s = b->hands;

	input_place(s, 1, 1, 10, 10);
	input_key(s, BTN_LEFT, true);
	input_wheel(s, 0, -1);
	assert_int_equal(m->n, 0);
	assert_int_equal(t->n, 3);
	input_move(s, 1, 0);
	input_key(s, BTN_RIGHT, true);
	assert_int_equal(m->n, 2);
	bench_end(b);
	(void)state;
}

static void the_lamps_are_those_of_the_keyboard_that_listens(void **state)
{
	struct bench *b = bench_new();
	struct pad *one = add(b, &keyboard), *two = add(b, &keyboard);

	one->listens = false;
	one->port.leds = 4;
	two->port.leds = 2;
	assert_int_equal(input_leds(b->machine.input), 2);
	two->listens = false;
	assert_int_equal(input_leds(b->machine.input), 0);
	bench_end(b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_keys_are_called_the_same),
		cmocka_unit_test(a_us_keyboard_types_all_of_ascii),
		cmocka_unit_test(a_key_goes_down_once_and_up_once),
		cmocka_unit_test(what_two_viewers_hold_is_up_when_both_have_let_go),
		cmocka_unit_test(a_viewer_that_ends_lets_go_of_its_keys),
		cmocka_unit_test(nobody_hears_what_comes_before_the_driver),
		cmocka_unit_test(
			keys_go_to_the_first_that_listens_and_come_up_where_they_went_down),
		cmocka_unit_test(no_key_stays_down_for_a_guest_that_was_slow),
		cmocka_unit_test(a_key_whose_press_was_left_out_is_not_let_go),
		cmocka_unit_test(motion_adds_up_until_a_button_changes),
		cmocka_unit_test(the_last_place_is_told_though_the_backlog_was_full),
		cmocka_unit_test(a_reset_forgets_what_was_waiting),
		cmocka_unit_test(every_pixel_of_every_size_is_met),
		cmocka_unit_test(a_place_outside_of_the_picture_is_none),
		cmocka_unit_test(a_tablet_is_preferred_and_a_mouse_is_moved_by_the_difference),
		cmocka_unit_test(buttons_and_wheels_go_to_the_pointer_that_moved),
		cmocka_unit_test(the_lamps_are_those_of_the_keyboard_that_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
