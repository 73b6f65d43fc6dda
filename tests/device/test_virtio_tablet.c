/* virtio-tablet */
#include "virtio_input_bench.h"

extern const struct device_class device_virtio_tablet;

static void on_tablets(driver_test *test)
{
	on_both(&device_virtio_tablet, "", test);
}

static void check_config(struct driver *d)
{
	assert_text(d, ID_NAME, "virtio-tablet");
	assert_bits(d, EV_KEY, (i32[]){ 0x110, 0x111, 0x112, 0x113, 0x114, -1 });
	assert_bits(d, EV_ABS, (i32[]){ 0, 1, -1 });
	assert_bits(d, EV_REL, (i32[]){ 6, 8, -1 });
	assert_int_equal(look_at(d, EV_BITS, EV_LED), 0);
	assert_int_equal(look_at(d, EV_BITS, EV_REP), 0);
	for (u32 axis = 0; axis < 2; axis++) {
		assert_int_equal(look_at(d, ABS_INFO, axis), 20);
		assert_int_equal(driver_config(d, 8, 4), 0);
		assert_int_equal(driver_config(d, 12, 4), INPUT_MAX);
	}
	assert_int_equal(look_at(d, ABS_INFO, 2), 0);
}

static void it_has_two_axes_two_wheels_and_five_buttons(void **state)
{
	on_tablets(check_config);
	(void)state;
}

static void check_place(struct driver *d)
{
	start_input(d);
	assert_true(input_place(d->b->hands, 0, 799, 1280, 800));
	assert_event(d, EV_ABS, 0, 12);
	assert_event(d, EV_ABS, 1, 32747);
	assert_event(d, EV_SYN, 0, 0);
	input_key(d->b->hands, BTN_RIGHT, true);
	assert_event(d, EV_KEY, 0x111, 1);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void it_says_where_it_is_and_then_what_is_pressed(void **state)
{
	on_tablets(check_place);
	(void)state;
}

static void check_wheel(struct driver *d)
{
	start_input(d);
	input_wheel(d->b->hands, 0, -2);
	assert_event(d, EV_REL, 8, -2);
	assert_event(d, EV_SYN, 0, 0);
	input_wheel(d->b->hands, 1, 1);
	assert_event(d, EV_REL, 6, 1);
	assert_event(d, EV_REL, 8, 1);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void wheels_turn(void **state)
{
	on_tablets(check_wheel);
	(void)state;
}

static void check_slow(struct driver *d)
{
	driver_start(d, 0, 2, 64);
	for (u32 i = 0; i < 1000; i++)
		input_place(d->b->hands, i % 100, 0, 100, 100);
	give_buffers(d, 6);
	assert_event(d, EV_ABS, 0, 163); /* it was under way */
	assert_event(d, EV_ABS, 1, 163);
	assert_event(d, EV_SYN, 0, 0);
	assert_event(d, EV_ABS, 0, 32604);
	assert_event(d, EV_ABS, 1, 163);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void a_slow_driver_hears_of_the_last_place(void **state)
{
	on_tablets(check_slow);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_two_axes_two_wheels_and_five_buttons),
		cmocka_unit_test(it_says_where_it_is_and_then_what_is_pressed),
		cmocka_unit_test(wheels_turn),
		cmocka_unit_test(a_slow_driver_hears_of_the_last_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
