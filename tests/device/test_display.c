/* test_display.c - scanouts, viewers, pixels, EDID: with a device of the test's own. */
#include "bench.h"

#include "display.h"

#define WIDE 100u
#define HIGH 80u

struct screen {
	struct device dev;
	struct display *host;
	u32 monitor_width, monitor_height, monitor_scanout;
	u8 pixels[4 * WIDE * HIGH];
};

static bool screen_init(struct device *dev, struct err *e)
{
	display_scanouts(((struct screen *)dev)->host, 2);
	(void)e;
	return true;
}

static void screen_monitor(struct device *dev, u32 scanout, u32 width, u32 height)
{
	struct screen *s = (struct screen *)dev;

	s->monitor_scanout = scanout;
	s->monitor_width = width;
	s->monitor_height = height;
}

#define SELF struct screen
static const struct device_class screen_class = {
	.name = "screen",
	.size = sizeof(SELF),
	.mmio_size = 0x1000,
	.init = screen_init,
	.monitor = screen_monitor,
	.props = PROPS(PROP_DISPLAY(host, .doc = "where it is shown")),
};

struct eye {
	struct viewer v;
	struct surface s;
	struct display_frame f;
	u32 woken;
};

static void wake(void *ctx)
{
	((struct eye *)ctx)->woken++;
}

static struct screen *make_screen(void)
{
	struct err e = { 0 };
	struct device *dev = bench_class(bench_new(), &screen_class, "", &e);

	assert_non_null(dev);
	return (struct screen *)dev;
}

static void watch(struct screen *s, struct eye *eye)
{
	*eye = (struct eye){ .v = { .changed = wake, .ctx = eye } };
	display_watch(s->host, &eye->v);
}

static void look(struct eye *eye)
{
	display_look(&eye->v, 0, &eye->s, &eye->f);
}

static void end(struct screen *s, struct eye *eye)
{
	display_unwatch(&eye->v);
	surface_free(&eye->s);
	bench_free(&s->dev);
}

/* As a device does it: within a hook, the lock held. */
static void show(struct screen *s, enum pixel_format format, bool live)
{
	const struct picture p = { s->pixels, WIDE, HIGH, 4 * WIDE, format, live };

	device_lock(&s->dev);
	display_show(s->host, 0, &p);
	device_unlock(&s->dev);
}

static void damage(struct screen *s, u32 x, u32 y, u32 width, u32 height)
{
	device_lock(&s->dev);
	display_damage(s->host, 0, (struct rect){ x, y, width, height });
	device_unlock(&s->dev);
}

static void put(struct screen *s, u32 x, u32 y, u32 v)
{
	put_le32(s->pixels + 4 * (y * WIDE + x), v);
}

static u32 at(const struct eye *eye, u32 x, u32 y)
{
	return eye->s.pixels[y * eye->s.width + x] & 0xffffff;
}

/* -- Frames ------------------------------------------------------------------------ */

static void a_new_viewer_sees_all_of_it(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;

	put(s, 99, 79, 0x123456);
	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	assert_int_equal(eye.woken, 1);
	look(&eye);
	assert_true(eye.f.resized);
	assert_int_equal(eye.s.width, WIDE);
	assert_int_equal(eye.s.height, HIGH);
	assert_int_equal(eye.f.ndamage, 1);
	assert_int_equal(eye.f.damage[0].width, WIDE);
	assert_int_equal(at(&eye, 99, 79), 0x123456);
	end(s, &eye);
	(void)state;
}

static void only_what_is_damaged_is_copied(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	put(s, 10, 20, 0xff0000);
	put(s, 50, 50, 0x00ff00);
	damage(s, 8, 16, 4, 8);
	look(&eye);
	assert_false(eye.f.resized);
	assert_int_equal(eye.f.ndamage, 1);
	assert_int_equal(eye.f.damage[0].x, 8);
	assert_int_equal(eye.f.damage[0].height, 8);
	assert_int_equal(at(&eye, 10, 20), 0xff0000);
	assert_int_equal(at(&eye, 50, 50), 0); /* not said, so not seen */
	look(&eye);
	assert_int_equal(eye.f.ndamage, 0);
	end(s, &eye);
	(void)state;
}

static void a_viewer_is_woken_once_until_it_looks(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	eye.woken = 0;
	for (u32 i = 0; i < 10; i++)
		damage(s, i, i, 1, 1);
	assert_int_equal(eye.woken, 1);
	look(&eye);
	damage(s, 0, 0, 1, 1);
	assert_int_equal(eye.woken, 2);
	end(s, &eye);
	(void)state;
}

static void damage_beyond_the_picture_is_cut(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	damage(s, WIDE - 1, HIGH - 1, UINT32_MAX, UINT32_MAX);
	damage(s, WIDE, 0, 1, 1);
	damage(s, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
	look(&eye);
	assert_int_equal(eye.f.ndamage, 1);
	assert_int_equal(eye.f.damage[0].x, WIDE - 1);
	assert_int_equal(eye.f.damage[0].width, 1);
	assert_int_equal(eye.f.damage[0].height, 1);
	end(s, &eye);
	(void)state;
}

/* Whatever became of the rectangles, the copy is right. */
static void any_number_of_rectangles_leaves_no_pixel_behind(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;
	u32 seed = 7;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	for (u32 round = 0; round < 50; round++) {
		for (u32 i = 0; i < round; i++) {
			u32 x = xorshift(&seed) % WIDE, y = xorshift(&seed) % HIGH;

			put(s, x, y, xorshift(&seed) & 0xffffff);
			damage(s, x, y, 1, 1);
		}
		look(&eye);
		assert_true(eye.f.ndamage <= DISPLAY_RECTS);
		for (u32 y = 0; y < HIGH; y++)
			for (u32 x = 0; x < WIDE; x++)
				assert_int_equal(at(&eye, x, y),
						 get_le32(s->pixels + 4 * (y * WIDE + x)));
	}
	end(s, &eye);
	(void)state;
}

static void each_viewer_has_an_account_of_its_own(void **state)
{
	struct screen *s = make_screen();
	struct eye a, b;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &a);
	watch(s, &b);
	look(&a);
	put(s, 1, 1, 0xabcdef);
	damage(s, 1, 1, 1, 1);
	look(&a);
	look(&b);
	assert_int_equal(a.f.ndamage, 1);
	assert_int_equal(a.f.damage[0].width, 1);
	assert_int_equal(b.f.damage[0].width, WIDE);
	assert_int_equal(at(&b, 1, 1), 0xabcdef);
	display_unwatch(&b.v);
	surface_free(&b.s);
	damage(s, 1, 1, 1, 1); /* nobody there: nothing happens */
	end(s, &a);
	(void)state;
}

static void another_mode_resizes_the_surface(void **state)
{
	struct screen *s = make_screen();
	const struct picture small = { s->pixels, 20, 10, 80, PIXEL_X8R8G8B8, false };
	struct eye eye;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	put(s, 0, 0, 0x55aa55);
	device_lock(&s->dev);
	display_show(s->host, 0, &small);
	device_unlock(&s->dev);
	look(&eye);
	assert_true(eye.f.resized);
	assert_int_equal(eye.s.width, 20);
	assert_int_equal(at(&eye, 0, 0), 0x55aa55);
	device_lock(&s->dev);
	display_show(s->host, 0, NULL);
	device_unlock(&s->dev);
	look(&eye);
	assert_true(eye.f.resized);
	assert_int_equal(eye.s.width, 0);
	assert_int_equal(eye.f.ndamage, 0);
	end(s, &eye);
	(void)state;
}

static void the_same_picture_again_is_no_news(void **state)
{
	struct screen *s = make_screen();
	struct eye eye;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	eye.woken = 0;
	show(s, PIXEL_X8R8G8B8, false);
	assert_int_equal(eye.woken, 0);
	show(s, PIXEL_X8B8G8R8, false); /* another reading of the same bytes is */
	assert_int_equal(eye.woken, 1);
	look(&eye);
	assert_false(eye.f.resized);
	assert_int_equal(eye.f.damage[0].width, WIDE);
	end(s, &eye);
	(void)state;
}

static void scanouts_do_not_meddle(void **state)
{
	struct screen *s = make_screen();
	struct surface other = { 0 };
	struct eye eye;
	struct display_frame f;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	assert_int_equal(display_scanout_count(s->host), 2);
	display_look(&eye.v, 1, &other, &f);
	assert_int_equal(other.width, 0);
	assert_int_equal(f.ndamage, 0);
	look(&eye);
	assert_int_equal(eye.s.width, WIDE);
	surface_free(&other);
	end(s, &eye);
	(void)state;
}

/* -- Live pictures -------------------------------------------------------------------- */

static void a_live_picture_is_looked_through_for_changes(void **state)
{
	struct screen *s = make_screen();
	struct eye a, b;

	show(s, PIXEL_X8R8G8B8, true);
	watch(s, &a);
	watch(s, &b);
	look(&a);
	look(&b);
	assert_true(a.f.live);
	look(&a);
	assert_int_equal(a.f.ndamage, 0);
	put(s, 70, 5, 0x010203);
	look(&a);
	assert_int_equal(a.f.ndamage, 1);
	assert_int_equal(a.f.damage[0].x, 64); /* the tile it is in, cut at the edge */
	assert_int_equal(a.f.damage[0].width, WIDE - 64);
	assert_int_equal(at(&a, 70, 5), 0x010203);
	look(&b); /* what one has found, the other has not seen yet */
	assert_int_equal(b.f.ndamage, 1);
	assert_int_equal(at(&b, 70, 5), 0x010203);
	display_unwatch(&b.v);
	surface_free(&b.s);
	end(s, &a);
	(void)state;
}

/* -- Cursors --------------------------------------------------------------------------- */

static const u8 square[16] = { 0, 0, 255, 255, 0, 255, 0, 255, 255, 0, 0, 255, 0, 0, 0, 0 };
static const struct picture cursor_picture = { square, 2, 2, 8, PIXEL_A8R8G8B8, false };

static void show_cursor(struct screen *s, i32 x, i32 y)
{
	device_lock(&s->dev);
	display_cursor_image(s->host, 0, &cursor_picture, 1, 1);
	display_cursor_move(s->host, 0, x, y);
	device_unlock(&s->dev);
}

static void a_cursor_is_apart_from_the_picture(void **state)
{
	struct screen *s = make_screen();
	struct cursor c;
	struct eye eye;
	u32 image;

	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	look(&eye);
	look(&eye);
	assert_false(eye.f.cursor);
	eye.woken = 0;
	show_cursor(s, 5, 6);
	assert_int_equal(eye.woken, 1);
	look(&eye);
	assert_true(eye.f.cursor);
	assert_int_equal(eye.f.ndamage, 0);
	display_cursor(&eye.v, 0, &c);
	image = c.image;
	assert_true(c.visible);
	assert_int_equal(c.x, 5);
	assert_int_equal(c.hot_x, 1);
	assert_int_equal(c.pixels[0], 0xffff0000);
	assert_int_equal(c.pixels[3], 0);
	device_lock(&s->dev);
	display_cursor_move(s->host, 0, 7, 6);
	device_unlock(&s->dev);
	display_cursor(&eye.v, 0, &c);
	assert_int_equal(c.x, 7);
	assert_int_equal(c.image, image); /* the same picture elsewhere */
	end(s, &eye);
	(void)state;
}

static void a_cursor_is_drawn_where_it_is_on_the_surface(void **state)
{
	static const i32 places[][2] = { { 5, 6 },
					 { -1, -1 },
					 { WIDE - 1, HIGH - 1 },
					 { INT32_MAX, INT32_MAX },
					 { INT32_MIN, INT32_MIN } };
	struct screen *s = make_screen();
	struct cursor c;
	struct eye eye;

	for (u32 i = 0; i < WIDE * HIGH; i++)
		put_le32(s->pixels + 4 * i, 0x404040);
	show(s, PIXEL_X8R8G8B8, false);
	watch(s, &eye);
	for (u32 i = 0; i < ARRAY_LEN(places); i++) {
		show_cursor(s, places[i][0], places[i][1]);
		device_lock(&s->dev);
		display_damage(s->host, 0, (struct rect){ 0, 0, WIDE, HIGH });
		device_unlock(&s->dev);
		look(&eye);
		display_cursor(&eye.v, 0, &c);
		surface_cursor(&eye.s, &c);
		if (i == 0) {
			assert_int_equal(at(&eye, 5, 6), 0xff0000);
			assert_int_equal(at(&eye, 6, 6), 0x00ff00);
			assert_int_equal(at(&eye, 5, 7), 0x0000ff);
			assert_int_equal(at(&eye, 6, 7), 0x404040); /* shows through */
			assert_int_equal(at(&eye, 7, 6), 0x404040);
		}
		if (i == 2)
			assert_int_equal(at(&eye, WIDE - 1, HIGH - 1), 0xff0000);
	}
	end(s, &eye);
	(void)state;
}

/* -- Pixels ----------------------------------------------------------------------------- */

/* The word that a red, a green, a blue or a half-lit pixel is in each format. */
static void each_format_has_its_colors_where_its_name_says(void **state)
{
	for (u32 i = 0; i < PIXEL_FORMAT_COUNT; i++) {
		const struct pixel_layout *l = &pixel_layouts[i];
		const char *name = l->name;
		u32 shift = 8u * l->bytes;

		assert_string_equal(pixel_words[i], name);
		for (; *name; name += 2) { /* "r5": its letter and how many bits, from the top */
			u32 width = (u32)(name[1] - '0');
			u32 want = *name == 'r'   ? 0xff0000
				   : *name == 'g' ? 0x00ff00
				   : *name == 'b' ? 0x0000ff
						  : 0;
			u8 bytes[4];
			struct picture p = { bytes, 1, 1, 4, i, false };
			u32 to = 0;

			shift -= width;
			put_le32(bytes, ((1u << width) - 1) << shift);
			picture_convert(&p, (struct rect){ 0, 0, 1, 1 }, &to, 1);
			if (*name == 'a')
				assert_int_equal(to, 0xff000000);
			else
				assert_int_equal(to & 0xffffff, want);
		}
		assert_int_equal(shift, 0);
	}
	(void)state;
}

static void without_alpha_a_pixel_is_opaque(void **state)
{
	static const u8 bytes[4];

	for (u32 i = 0; i < PIXEL_FORMAT_COUNT; i++) {
		struct picture p = { bytes, 1, 1, 4, i, false };
		u32 to = 0;

		picture_convert(&p, (struct rect){ 0, 0, 1, 1 }, &to, 1);
		assert_int_equal(to, pixel_layouts[i].alpha.width ? 0 : 0xff000000);
	}
	(void)state;
}

/* -- Monitors ------------------------------------------------------------------------------ */

static void a_window_that_is_resized_is_another_monitor(void **state)
{
	struct screen *s = make_screen();

	assert_string_equal(display_name(s->host), "dut");
	display_monitor(s->host, 1, 1440, 900);
	assert_int_equal(s->monitor_scanout, 1);
	assert_int_equal(s->monitor_width, 1440);
	assert_int_equal(s->monitor_height, 900);
	bench_free(&s->dev);
	(void)state;
}

/* E-EDID 1.4: header, checksum, and the first detailed timing. */
static void an_edid_prefers_the_size_it_was_made_for(void **state)
{
	static const u32 sizes[][2] = { { 1280, 720 },  { 640, 480 },   { 1920, 1080 },
					{ 3840, 2160 }, { 4096, 4096 }, { 1, 1 } };

	for (u32 i = 0; i < ARRAY_LEN(sizes); i++) {
		u32 x = MIN(MAX(sizes[i][0], 64), 4095), y = MIN(MAX(sizes[i][1], 64), 4095);
		u8 edid[EDID_BYTES], sum = 0;
		const u8 *d = edid + 54;

		display_edid(edid, "a name that is long", sizes[i][0], sizes[i][1]);
		for (u32 k = 0; k < EDID_BYTES; k++)
			sum = (u8)(sum + edid[k]);
		assert_int_equal(sum, 0);
		assert_memory_equal(edid, "\0\377\377\377\377\377\377\0", 8);
		assert_int_equal(d[2] | (d[4] & 0xf0) << 4, x);
		assert_int_equal(d[5] | (d[7] & 0xf0) << 4, y);
		assert_true(get_le16(d));
		assert_memory_equal(edid + 72 + 5, "a name that i", 13);
	}
	(void)state;
}

static void an_edid_has_the_usual_modes_that_are_not_larger(void **state)
{
	u8 edid[EDID_BYTES];

	display_edid(edid, "x", 639, 2000);
	assert_int_equal(edid[35] | edid[36], 0);
	display_edid(edid, "x", 1000, 700);
	assert_int_equal(edid[35], 0x21); /* 640x480, 800x600 */
	assert_int_equal(edid[36], 0);
	display_edid(edid, "x", 1024, 768);
	assert_int_equal(edid[36], 0x08);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_viewer_sees_all_of_it),
		cmocka_unit_test(only_what_is_damaged_is_copied),
		cmocka_unit_test(a_viewer_is_woken_once_until_it_looks),
		cmocka_unit_test(damage_beyond_the_picture_is_cut),
		cmocka_unit_test(any_number_of_rectangles_leaves_no_pixel_behind),
		cmocka_unit_test(each_viewer_has_an_account_of_its_own),
		cmocka_unit_test(another_mode_resizes_the_surface),
		cmocka_unit_test(the_same_picture_again_is_no_news),
		cmocka_unit_test(scanouts_do_not_meddle),
		cmocka_unit_test(a_live_picture_is_looked_through_for_changes),
		cmocka_unit_test(a_cursor_is_apart_from_the_picture),
		cmocka_unit_test(a_cursor_is_drawn_where_it_is_on_the_surface),
		cmocka_unit_test(each_format_has_its_colors_where_its_name_says),
		cmocka_unit_test(without_alpha_a_pixel_is_opaque),
		cmocka_unit_test(a_window_that_is_resized_is_another_monitor),
		cmocka_unit_test(an_edid_prefers_the_size_it_was_made_for),
		cmocka_unit_test(an_edid_has_the_usual_modes_that_are_not_larger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
