/* virtio-mouse */
#include "virtio_input_bench.h"

extern const struct device_class device_virtio_mouse;

static void on_mice(driver_test *test)
{
	on_both(&device_virtio_mouse, "", test);
}

static void check_config(struct driver *d)
{
	assert_text(d, ID_NAME, "virtio-mouse");
	assert_bits(d, EV_KEY, (i32[]){ 0x110, 0x111, 0x112, 0x113, 0x114, -1 });
	assert_bits(d, EV_REL, (i32[]){ 0, 1, 6, 8, -1 });
	assert_int_equal(look_at(d, EV_BITS, EV_ABS), 0);
	assert_int_equal(look_at(d, ABS_INFO, 0), 0);
}

static void it_moves_by_and_has_no_place(void **state)
{
	on_mice(check_config);
	(void)state;
}

static void check_motion(struct driver *d)
{
	start_input(d);
	assert_true(input_move(d->b->hands, -3, 0));
	assert_event(d, EV_REL, 0, -3);
	assert_event(d, EV_SYN, 0, 0);
	assert_true(input_move(d->b->hands, 1, 2));
	assert_event(d, EV_REL, 0, 1);
	assert_event(d, EV_REL, 1, 2);
	assert_event(d, EV_SYN, 0, 0);
	assert_no_event(d);
}

static void motion_is_told_by_axis(void **state)
{
	on_mice(check_motion);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_moves_by_and_has_no_place),
		cmocka_unit_test(motion_is_told_by_axis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
