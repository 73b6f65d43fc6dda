/* virtio-keyboard, and what the virtio input devices have in common */
#include "virtio_input_bench.h"

extern const struct device_class device_virtio_keyboard;

static void on_keyboards(driver_test *test)
{
	on_both(&device_virtio_keyboard, "", test);
}

/* -- Configuration ------------------------------------------------------------------------- */

static void check_names(struct driver *d)
{
	assert_text(d, ID_NAME, "virtio-keyboard");
	assert_text(d, ID_SERIAL, "dut");
	assert_int_equal(look_at(d, ID_DEVIDS, 0), 8);
	assert_int_equal(driver_config(d, 8, 2), 6);
	assert_int_equal(look_at(d, PROP_BITS, 0), 0);
}

static void it_says_its_names(void **state)
{
	on_keyboards(check_names);
	(void)state;
}

static void check_keys(struct driver *d)
{
	i32 keys[INPUT_CODES], n = 0;

	for (const struct input_key *k = input_keys; k->name; k++)
		keys[n++] = k->code;
	keys[n] = -1;
	assert_bits(d, EV_KEY, keys);
	assert_bits(d, EV_LED, (i32[]){ 0, 1, 2, -1 });
	assert_true(look_at(d, EV_BITS, EV_REP));
	assert_int_equal(look_at(d, EV_BITS, EV_REL), 0);
	assert_int_equal(look_at(d, EV_BITS, EV_ABS), 0);
	assert_int_equal(look_at(d, ABS_INFO, 0), 0);
}

static void it_has_the_keys_of_the_table_three_lamps_and_no_axes(void **state)
{
	on_keyboards(check_keys);
	(void)state;
}

static void check_unknown(struct driver *d)
{
	static const u8 there[] = { ID_NAME, ID_SERIAL, ID_DEVIDS, EV_BITS };
	u64 errors = device_guest_errors(d->dev);

	for (u32 select = 0; select < 256; select++)
		for (u32 subsel = 0; subsel < 256; subsel++)
			if (!memchr(there, (int)select, sizeof(there)) ||
			    (select != EV_BITS && subsel))
				assert_int_equal(look_at(d, select, subsel), 0);
	assert_int_equal(device_guest_errors(d->dev), errors);
	look_at(d, ID_NAME, 0);
	driver_set_config(d, 2, 1, 5);
	driver_set_config(d, 8, 4, 5);
	driver_set_config(d, 0, 2, 0);
	assert_int_equal(device_guest_errors(d->dev), errors + 3);
	assert_text(d, ID_NAME, "virtio-keyboard");
}

static void what_is_not_there_has_size_0_and_only_two_bytes_can_be_written(void **state)
{
	on_keyboards(check_unknown);
	(void)state;
}

/* -- Keys ---------------------------------------------------------------------------------- */

static void check_key(struct driver *d)
{
	start_input(d);
	driver_take_isr(d);
	assert_true(input_key(d->b->hands, KEY_A, true));
	assert_true(driver_line(d));
	assert_event(d, EV_KEY, KEY_A, 1);
	assert_event(d, EV_SYN, 0, 0);
	assert_true(input_key(d->b->hands, KEY_A, false));
	assert_event(d, EV_KEY, KEY_A, 0);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void a_key_is_two_events_and_an_interrupt(void **state)
{
	on_keyboards(check_key);
	(void)state;
}

static void check_power(struct driver *d)
{
	assert_false(input_key(d->b->hands, KEY_POWER, true));
	input_key(d->b->hands, KEY_POWER, false);
	start_input(d);
	assert_no_event(d);
	assert_true(input_key(d->b->hands, KEY_POWER, true));
	assert_event(d, EV_KEY, 116, 1);
}

static void the_power_key_is_heard_as_soon_as_there_is_a_driver(void **state)
{
	on_keyboards(check_power);
	(void)state;
}

static void check_set_up(struct driver *d)
{
	driver_negotiate(d, F_VERSION_1);
	driver_queue(d, EVENTS, 64);
	give_buffers(d, 8);
	assert_false(input_key(d->b->hands, KEY_A, true));
	driver_set_status(d, 0xf);
	assert_no_event(d);
}

static void a_driver_that_is_not_done_with_its_set_up_does_not_listen(void **state)
{
	on_keyboards(check_set_up);
	(void)state;
}

static void check_buttons(struct driver *d)
{
	start_input(d);
	assert_false(input_key(d->b->hands, BTN_LEFT, true));
	assert_false(input_place(d->b->hands, 1, 1, 10, 10));
	assert_false(input_move(d->b->hands, 1, 1));
	assert_false(input_wheel(d->b->hands, 1, 1));
	assert_no_event(d);
}

static void it_is_no_pointer(void **state)
{
	on_keyboards(check_buttons);
	(void)state;
}

static void check_slow(struct driver *d)
{
	u8 bytes[8];
	u32 told = 0;
	i32 a = 0;

	driver_start(d, 0, 2, 64);
	for (u32 i = 0; i < 1000; i++) {
		input_key(d->b->hands, KEY_A, true);
		input_key(d->b->hands, KEY_A, false);
	}
	assert_int_equal(used_index(d, EVENTS), 0);
	for (give_buffers(d, 1); next_event(d, bytes); give_buffers(d, 1)) {
		assert_true(++told <= 2 * (INPUT_BACKLOG + 2));
		if (get_le16(bytes) == EV_KEY)
			a += get_le32(bytes + 4) ? 1 : -1;
		assert_in_range(a, 0, 1);
	}
	assert_int_equal(a, 0);
}

static void a_driver_without_buffers_gets_what_waits_and_no_key_stays_down(void **state)
{
	on_keyboards(check_slow);
	(void)state;
}

static void check_halves(struct driver *d)
{
	driver_start(d, 0, 2, 64);
	give_buffers(d, 1);
	input_key(d->b->hands, KEY_A, true);
	assert_event(d, EV_KEY, KEY_A, 1);
	assert_no_event(d);
	give_buffers(d, 1);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void the_rest_of_a_report_comes_with_the_next_buffer(void **state)
{
	on_keyboards(check_halves);
	(void)state;
}

static void check_wrong_buffers(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, 64);
	add_chain(d, EVENTS, &(struct buffer){ DATA_AT + 0x100, 7, true }, 1);
	add_chain(d, EVENTS, &(struct buffer){ DATA_AT + 0x200, 8, false }, 1);
	add_chain(d, EVENTS, (struct buffer[]){ { DATA_AT, 3, true }, { DATA_AT + 3, 5, true } },
		  2);
	driver_kick(d, EVENTS);
	input_key(d->b->hands, KEY_Z, true);
	for (u32 i = 0; i < 2; i++) {
		assert_true(take_used(d, EVENTS, &head, &written));
		assert_int_equal(written, 0);
	}
	assert_true(take_used(d, EVENTS, &head, &written));
	assert_int_equal(written, 8);
	assert_int_equal(get_le16(ram(d, DATA_AT)), EV_KEY);
	assert_int_equal(get_le16(ram(d, DATA_AT + 2)), KEY_Z);
	assert_int_equal(*ram(d, DATA_AT + 0x100), 0);
}

static void buffers_that_hold_no_event_come_back_empty(void **state)
{
	on_keyboards(check_wrong_buffers);
	(void)state;
}

static void check_reset(struct driver *d)
{
	driver_start(d, 0, 2, 64);
	input_key(d->b->hands, KEY_A, true);
	input_key(d->b->hands, KEY_A, false);
	input_key(d->b->hands, KEY_LEFTCTRL, true);
	look_at(d, ID_NAME, 0);
	driver_set_status(d, 0);
	assert_int_equal(driver_config(d, 0, 1), 0);
	start_input(d);
	assert_event(d, EV_KEY, KEY_LEFTCTRL, 1);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
	input_key(d->b->hands, KEY_LEFTCTRL, false);
	assert_event(d, EV_KEY, KEY_LEFTCTRL, 0);
}

static void after_a_reset_the_driver_hears_of_what_is_still_down_and_nothing_else(void **state)
{
	on_keyboards(check_reset);
	(void)state;
}

static void check_reset_and_let_go(struct driver *d)
{
	start_input(d);
	input_key(d->b->hands, KEY_LEFTCTRL, true);
	driver_set_status(d, 0);
	input_key(d->b->hands, KEY_LEFTCTRL, false);
	start_input(d);
	assert_no_event(d);
}

static void a_key_let_go_while_there_was_no_driver_is_up(void **state)
{
	on_keyboards(check_reset_and_let_go);
	(void)state;
}

/* -- Lamps --------------------------------------------------------------------------------- */

static void set_status(struct driver *d, u32 type, u32 code, u32 value, u32 bytes)
{
	u64 at = DATA_AT + 0x1000;
	u32 head, written;

	put16(ram(d, at), type);
	put16(ram(d, at + 2), code);
	put_le32(ram(d, at + 4), value);
	add_chain(d, STATUS, &(struct buffer){ at, bytes, false }, 1);
	driver_kick(d, STATUS);
	assert_true(take_used(d, STATUS, &head, &written));
	assert_int_equal(written, 0);
}

static void check_lamps(struct driver *d)
{
	start_input(d);
	set_status(d, EV_LED, 1, 1, 8);
	assert_int_equal(input_leds(d->b->machine.input), 2);
	set_status(d, EV_LED, 0, 1, 8);
	assert_int_equal(input_leds(d->b->machine.input), 3);
	set_status(d, EV_LED, 1, 0, 8);
	assert_int_equal(input_leds(d->b->machine.input), 1);
}

static void the_driver_lights_the_lamps(void **state)
{
	on_keyboards(check_lamps);
	(void)state;
}

static void check_wrong_status(struct driver *d)
{
	start_input(d);
	set_status(d, EV_LED, 0, 1, 8);
	set_status(d, EV_LED, 3, 1, 8);
	set_status(d, EV_LED, 33, 1, 8);
	set_status(d, EV_LED, 0xffff, 1, 8);
	set_status(d, EV_REP, 1, 1, 8);
	set_status(d, EV_LED, 1, 1, 7);
	assert_int_equal(input_leds(d->b->machine.input), 1);
}

static void a_status_that_is_no_lamp_changes_nothing(void **state)
{
	on_keyboards(check_wrong_status);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_its_names),
		cmocka_unit_test(it_has_the_keys_of_the_table_three_lamps_and_no_axes),
		cmocka_unit_test(what_is_not_there_has_size_0_and_only_two_bytes_can_be_written),
		cmocka_unit_test(a_key_is_two_events_and_an_interrupt),
		cmocka_unit_test(the_power_key_is_heard_as_soon_as_there_is_a_driver),
		cmocka_unit_test(a_driver_that_is_not_done_with_its_set_up_does_not_listen),
		cmocka_unit_test(it_is_no_pointer),
		cmocka_unit_test(a_driver_without_buffers_gets_what_waits_and_no_key_stays_down),
		cmocka_unit_test(the_rest_of_a_report_comes_with_the_next_buffer),
		cmocka_unit_test(buffers_that_hold_no_event_come_back_empty),
		cmocka_unit_test(
			after_a_reset_the_driver_hears_of_what_is_still_down_and_nothing_else),
		cmocka_unit_test(a_key_let_go_while_there_was_no_driver_is_up),
		cmocka_unit_test(the_driver_lights_the_lamps),
		cmocka_unit_test(a_status_that_is_no_lamp_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
