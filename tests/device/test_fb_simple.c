/* fb-simple: memory that is a picture. */
#include "bench.h"

#include "display.h"

#define AT 0x20000000u

extern const struct device_class device_fb_simple;

static void nothing(void *ctx)
{
	(void)ctx;
}

static struct display *display(struct device *fb)
{
	const struct prop *p;

	for_each(p, device_fb_simple.props)
		if (p->kind == PROP_KIND_DISPLAY)
			return *(struct display **)device_member(fb, p->at);
	return NULL;
}

static void what_a_hart_stores_in_its_window_is_seen(void **state)
{
	struct device *fb = bench_with("fb-simple", "reg=0x20000000:64K width=50 height=40 "
						    "stride=128 format=r5g6b5");
	struct viewer v = { .changed = nothing };
	struct surface s = { 0 };
	struct display_frame f;
	u8 *memory = mem_slice(bench_of(fb)->machine.mem, AT, 64 * KIB);

	assert_non_null(memory); /* RAM to harts: no device is in the way */
	display_watch(display(fb), &v);
	display_look(&v, 0, &s, &f);
	assert_true(f.live);
	assert_int_equal(s.width, 50);
	assert_int_equal(s.height, 40);
	put_le16(memory + 7 * 128 + 2 * 3, 0xf800);
	display_look(&v, 0, &s, &f);
	assert_int_equal(f.ndamage, 1);
	assert_int_equal(s.pixels[7 * 50 + 3] & 0xffffff, 0xff0000);
	put_le16(memory + 7 * 128 + 2 * 50, 0xffff); /* between the rows */
	display_look(&v, 0, &s, &f);
	assert_int_equal(f.ndamage, 0);
	display_unwatch(&v);
	surface_free(&s);
	bench_free(fb);
	(void)state;
}

static void a_picture_that_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *settings, *why;
	} wrong[] = {
		{ "reg=0x20000000:4K width=32 height=33", "too small" },
		{ "reg=0x20000000:1M width=4096 height=4096", "too small" },
		{ "reg=0x20000000:1M width=100 height=10 stride=399", "less than a row" },
	};

	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		struct bench *b = bench_new();
		struct err e = { 0 };

		assert_null(bench_try(b, "fb-simple", wrong[i].settings, &e));
		assert_non_null(strstr(e.text, wrong[i].why));
		bench_end(b);
	}
	bench_free(bench_with("fb-simple", "reg=0x20000000:4K width=32 height=32")); /* just so */
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_hart_stores_in_its_window_is_seen),
		cmocka_unit_test(a_picture_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
