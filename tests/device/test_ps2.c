/* A PS/2 port, and what a keyboard and a mouse say on it. */
#include "bench.h"

#include "input.h"
#include "ps2.h"

enum { DATA = 0, CONTROL = 4 };

struct desk {
	struct bench *b;
	struct input_source *user;
	struct device *port, *dev;
};

static void desk_start(struct desk *d, const char *class)
{
	d->b = bench_new();
	d->port = bench_add(d->b, "ps2-altera", "");
	d->dev = bench_nest(d->port, class, 0, "");
	d->user = input_source_new(d->b->machine.input);
	wr(d->port, CONTROL, 1);
}

static void desk_end(struct desk *d)
{
	input_source_free(d->user);
	bench_end(d->b);
}

static bool irq(struct desk *d)
{
	return device_wire(d->port, "interrupts", 0)->level;
}

/* All that waits is exactly this. */
static void assert_says(struct desk *d, const u8 *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		assert_true(irq(d));
		assert_int_equal(rd(d->port, DATA), (n - i) << 16 | 0x8000 | bytes[i]);
	}
	assert_false(irq(d));
	assert_int_equal(rd(d->port, DATA), 0);
}

#define SAYS(d, ...)                                                                               \
	assert_says(d, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void send(struct desk *d, u8 byte)
{
	wr(d->port, DATA, byte);
}

/* A driver that takes the keyboard. */
static void keyboard_start(struct desk *d)
{
	desk_start(d, "ps2-keyboard");
	SAYS(d, 0xaa);
	send(d, 0xf4);
	SAYS(d, 0xfa);
}

static void press(struct desk *d, u32 code, bool down)
{
	assert_true(input_key(d->user, code, down));
}

/* -- The port -------------------------------------------------------------------------------- */

static void the_interrupt_waits_for_its_enable(void **state)
{
	struct desk d;

	desk_start(&d, "ps2-keyboard");
	wr(d.port, CONTROL, 0);
	assert_false(irq(&d));
	assert_int_equal(rd(d.port, CONTROL), 0x100);
	wr(d.port, CONTROL, 1);
	assert_true(irq(&d));
	assert_int_equal(rd(d.port, CONTROL), 0x101);
	SAYS(&d, 0xaa);
	assert_int_equal(rd(d.port, CONTROL), 0x001);
	desk_end(&d);
	(void)state;
}

static void a_port_with_nothing_in_it_says_nothing(void **state)
{
	struct device *port = bench("ps2-altera");

	wr(port, CONTROL, 1);
	wr(port, DATA, 0xff);
	assert_int_equal(rd(port, DATA), 0);
	assert_int_equal(rd(port, CONTROL), 1);
	bench_free(port);
	(void)state;
}

/* -- The keyboard ---------------------------------------------------------------------------------
 */

static void a_keyboard_says_who_it_is_and_that_it_is_well(void **state)
{
	struct desk d;

	keyboard_start(&d);
	send(&d, 0xf2);
	SAYS(&d, 0xfa, 0xab, 0x83);
	send(&d, 0xff);
	SAYS(&d, 0xfa, 0xaa);
	send(&d, 0xee);
	SAYS(&d, 0xee);
	send(&d, 0xfe);
	SAYS(&d, 0xee);
	send(&d, 0x12);
	SAYS(&d, 0xfe);
	desk_end(&d);
	(void)state;
}

static void keys_come_in_scan_code_set_2(void **state)
{
	struct desk d;

	keyboard_start(&d);
	press(&d, KEY_A, true);
	press(&d, KEY_A, false);
	SAYS(&d, 0x1c, 0xf0, 0x1c);
	press(&d, KEY_UP, true);
	press(&d, KEY_UP, false);
	SAYS(&d, 0xe0, 0x75, 0xe0, 0xf0, 0x75);
	press(&d, KEY_PAUSE, true);
	press(&d, KEY_PAUSE, false);
	SAYS(&d, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
	send(&d, 0xf0);
	SAYS(&d, 0xfa);
	send(&d, 0);
	SAYS(&d, 0xfa, 2);
	send(&d, 0xf0);
	SAYS(&d, 0xfa);
	send(&d, 3);
	SAYS(&d, 0xfe);
	desk_end(&d);
	(void)state;
}

static void a_key_that_is_held_repeats_as_the_host_wants(void **state)
{
	struct desk d;

	keyboard_start(&d);
	send(&d, 0xf3);
	send(&d, 0x00); /* 250 ms, then every 33.36 */
	SAYS(&d, 0xfa, 0xfa);
	press(&d, KEY_A, true);
	SAYS(&d, 0x1c);
	bench_advance(d.b, 249000000);
	assert_false(irq(&d));
	bench_advance(d.b, 2000000);
	SAYS(&d, 0x1c);
	bench_advance(d.b, 30000000);
	assert_false(irq(&d));
	bench_advance(d.b, 4000000);
	SAYS(&d, 0x1c);
	press(&d, KEY_A, false);
	SAYS(&d, 0xf0, 0x1c);
	bench_advance(d.b, 1000000000);
	assert_false(irq(&d));
	desk_end(&d);
	(void)state;
}

static void lamps_are_told_to_viewers(void **state)
{
	struct desk d;

	keyboard_start(&d);
	send(&d, 0xed);
	send(&d, 0x04); /* caps lock */
	SAYS(&d, 0xfa, 0xfa);
	assert_int_equal(input_leds(d.b->machine.input), 2);
	send(&d, 0xed);
	send(&d, 0x03);
	SAYS(&d, 0xfa, 0xfa);
	assert_int_equal(input_leds(d.b->machine.input), 5);
	desk_end(&d);
	(void)state;
}

static void keys_go_to_a_keyboard_that_scans_for_a_driver(void **state)
{
	struct desk d;

	desk_start(&d, "ps2-keyboard");
	SAYS(&d, 0xaa);
	assert_false(input_key(d.user, KEY_A, true));
	input_key(d.user, KEY_A, false);
	send(&d, 0xf4);
	SAYS(&d, 0xfa);
	assert_true(input_key(d.user, KEY_A, true));
	SAYS(&d, 0x1c);
	send(&d, 0xf5);
	SAYS(&d, 0xfa);
	assert_false(input_key(d.user, KEY_B, true));
	assert_false(irq(&d));
	desk_end(&d);
	(void)state;
}

/* The key that was let go while nobody read is not stuck. */
static void a_host_that_does_not_read_gets_the_keys_later_and_its_answers_now(void **state)
{
	struct desk d;
	u32 n = 0, last = 0;

	keyboard_start(&d);
	for (u32 i = 0; i < 100; i++) {
		press(&d, KEY_A, true);
		press(&d, KEY_A, false);
	}
	send(&d, 0xf2);
	for (u32 v; (v = rd(d.port, DATA)); n++)
		last = v & 0xff;
	assert_true(n > 60);
	assert_int_equal(last, 0x1c);
	assert_false(irq(&d));
	desk_end(&d);
	(void)state;
}

/* -- The mouse
 * --------------------------------------------------------------------------------------- */

static void set_rate(struct desk *d, u8 rate)
{
	send(d, 0xf3);
	SAYS(d, 0xfa);
	send(d, rate);
	SAYS(d, 0xfa);
}

static void mouse_start(struct desk *d)
{
	desk_start(d, "ps2-mouse");
	SAYS(d, 0xaa, 0x00);
	send(d, 0xf4);
	SAYS(d, 0xfa);
}

static void a_mouse_reports_motion_and_buttons(void **state)
{
	struct desk d;

	mouse_start(&d);
	assert_true(input_move(d.user, 5, 3));
	SAYS(&d, 0x28, 5, 0xfd); /* up is positive */
	assert_true(input_move(d.user, -1, -2));
	SAYS(&d, 0x18, 0xff, 2);
	press(&d, BTN_LEFT, true);
	press(&d, BTN_MIDDLE, true);
	press(&d, BTN_LEFT, false);
	SAYS(&d, 0x09, 0, 0, 0x0d, 0, 0, 0x0c, 0, 0);
	desk_end(&d);
	(void)state;
}

static void a_long_way_is_several_reports(void **state)
{
	struct desk d;

	mouse_start(&d);
	assert_true(input_move(d.user, 300, -300));
	SAYS(&d, 0x08, 255, 255, 0x08, 45, 45);
	desk_end(&d);
	(void)state;
}

static void knocks_turn_on_the_wheel_and_the_buttons(void **state)
{
	struct desk d;

	mouse_start(&d);
	assert_false(input_key(d.user, BTN_EXTRA, true));
	input_key(d.user, BTN_EXTRA, false);
	set_rate(&d, 200);
	set_rate(&d, 100);
	set_rate(&d, 80);
	send(&d, 0xf2);
	SAYS(&d, 0xfa, 3);
	assert_true(input_wheel(d.user, 0, 1)); /* away from the user */
	SAYS(&d, 0x08, 0, 0, 0xff);
	set_rate(&d, 200);
	set_rate(&d, 200);
	set_rate(&d, 80);
	send(&d, 0xf2);
	SAYS(&d, 0xfa, 4);
	press(&d, BTN_EXTRA, true);
	SAYS(&d, 0x08, 0, 0, 0x20);
	assert_true(input_wheel(d.user, 0, -1));
	SAYS(&d, 0x08, 0, 0, 0x21);
	send(&d, 0xff);
	SAYS(&d, 0xfa, 0xaa, 0x00);
	send(&d, 0xf2);
	SAYS(&d, 0xfa, 0);
	desk_end(&d);
	(void)state;
}

static void in_remote_mode_it_is_asked(void **state)
{
	struct desk d;

	mouse_start(&d);
	send(&d, 0xf0);
	SAYS(&d, 0xfa);
	assert_true(input_move(d.user, 1, 0));
	assert_true(input_move(d.user, 1, 0));
	assert_false(irq(&d));
	send(&d, 0xeb);
	SAYS(&d, 0xfa, 0x08, 2, 0);
	send(&d, 0xeb);
	SAYS(&d, 0xfa, 0x08, 0, 0);
	send(&d, 0xe9);
	SAYS(&d, 0xfa, 0x60, 2, 100);
	desk_end(&d);
	(void)state;
}

static void a_mouse_that_is_not_enabled_is_silent(void **state)
{
	struct desk d;

	desk_start(&d, "ps2-mouse");
	SAYS(&d, 0xaa, 0x00);
	assert_false(input_move(d.user, 1, 0));
	send(&d, 0xf4);
	SAYS(&d, 0xfa);
	send(&d, 0xf5);
	SAYS(&d, 0xfa);
	assert_false(input_move(d.user, 1, 0));
	assert_false(irq(&d));
	send(&d, 0xf4);
	for (u32 i = 0; i < 40; i++)
		press(&d, BTN_LEFT, !(i & 1));
	send(&d, 0xf5); /* with clicks still to be told */
	SAYS(&d, 0xfa);
	desk_end(&d);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interrupt_waits_for_its_enable),
		cmocka_unit_test(a_port_with_nothing_in_it_says_nothing),
		cmocka_unit_test(a_keyboard_says_who_it_is_and_that_it_is_well),
		cmocka_unit_test(keys_come_in_scan_code_set_2),
		cmocka_unit_test(a_key_that_is_held_repeats_as_the_host_wants),
		cmocka_unit_test(lamps_are_told_to_viewers),
		cmocka_unit_test(keys_go_to_a_keyboard_that_scans_for_a_driver),
		cmocka_unit_test(a_host_that_does_not_read_gets_the_keys_later_and_its_answers_now),
		cmocka_unit_test(a_mouse_reports_motion_and_buttons),
		cmocka_unit_test(a_long_way_is_several_reports),
		cmocka_unit_test(knocks_turn_on_the_wheel_and_the_buttons),
		cmocka_unit_test(in_remote_mode_it_is_asked),
		cmocka_unit_test(a_mouse_that_is_not_enabled_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
