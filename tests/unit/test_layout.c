/* Pictures in windows: src/host/layout.c. */
#include "check.h"

#include "layout.h"

static void assert_rect(struct rect r, u32 x, u32 y, u32 width, u32 height)
{
	assert_int_equal(r.x, x);
	assert_int_equal(r.y, y);
	assert_int_equal(r.width, width);
	assert_int_equal(r.height, height);
}

static void a_picture_that_fits_is_shown_a_whole_number_of_times_as_large(void **state)
{
	struct layout l = layout_of(640, 480, 1300, 1000);

	assert_int_equal(l.scale, 2);
	assert_rect(l.at, 10, 20, 1280, 960);
	assert_int_equal(layout_of(640, 480, 1300, 500).scale, 1);
	l = layout_of(640, 480, 640, 480);
	assert_int_equal(l.scale, 1);
	assert_rect(l.at, 0, 0, 640, 480);
	(void)state;
}

static void a_larger_one_is_shrunk_and_keeps_its_shape(void **state)
{
	struct layout l = layout_of(1280, 720, 640, 480);

	assert_int_equal(l.scale, 0);
	assert_rect(l.at, 0, 60, 640, 360);
	l = layout_of(720, 1280, 640, 640);
	assert_rect(l.at, 140, 0, 360, 640);
	l = layout_of(4096, 1, 10, 10);
	assert_rect(l.at, 0, 4, 10, 1);
	(void)state;
}

/* Each pixel of the window shows the pixel that it is said to. */
static void the_pointer_points_at_what_is_shown_at_every_scale(void **state)
{
	for (u32 scale = 1; scale <= 5; scale++) {
		struct layout l = layout_of(97, 31, 97 * scale + 3, 31 * scale + 1);

		assert_int_equal(l.scale, scale);
		for (u32 x = 0; x < 97 * scale; x++)
			for (u32 y = 0; y < 31 * scale; y++) {
				u32 px, py;

				layout_point(&l, (i32)(l.at.x + x), (i32)(l.at.y + y), &px, &py);
				assert_int_equal(px, x / scale);
				assert_int_equal(py, y / scale);
			}
	}
	(void)state;
}

/* Else one edge of the picture could not be reached as well as the other. */
static void the_middle_of_a_pixel_decides_in_a_shrunk_picture(void **state)
{
	struct layout l = layout_of(1001, 701, 333, 300);

	assert_int_equal(l.scale, 0);
	for (u32 x = 0; x < l.at.width; x++) {
		u32 left, right, y;

		layout_point(&l, (i32)(l.at.x + x), (i32)l.at.y, &left, &y);
		layout_point(&l, (i32)(l.at.x + l.at.width - 1 - x), (i32)l.at.y, &right, &y);
		assert_int_equal(left + right, 1000);
		assert_int_equal(y, 1);
	}
	(void)state;
}

static void beside_the_picture_is_its_nearest_pixel(void **state)
{
	struct layout l = layout_of(100, 50, 250, 200);
	u32 x, y;

	layout_point(&l, 0, 0, &x, &y);
	assert_int_equal(x, 0);
	assert_int_equal(y, 0);
	layout_point(&l, -5, 1000, &x, &y);
	assert_int_equal(x, 0);
	assert_int_equal(y, 49);
	layout_point(&l, 249, 100, &x, &y);
	assert_int_equal(x, 99);
	(void)state;
}

static void damage_is_where_it_is_shown(void **state)
{
	struct layout l = layout_of(100, 50, 304, 160);

	assert_rect(layout_part(&l, (struct rect){ 1, 2, 3, 4 }), 5, 11, 9, 12);
	l = layout_of(100, 50, 50, 50);
	assert_rect(layout_part(&l, (struct rect){ 1, 2, 3, 4 }), 0, 12, 50, 25);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_that_fits_is_shown_a_whole_number_of_times_as_large),
		cmocka_unit_test(a_larger_one_is_shrunk_and_keeps_its_shape),
		cmocka_unit_test(the_pointer_points_at_what_is_shown_at_every_scale),
		cmocka_unit_test(the_middle_of_a_pixel_decides_in_a_shrunk_picture),
		cmocka_unit_test(beside_the_picture_is_its_nearest_pixel),
		cmocka_unit_test(damage_is_where_it_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
