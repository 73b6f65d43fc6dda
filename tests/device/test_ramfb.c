/* ramfb: a picture in RAM, where an item of fw_cfg says. */
#include "fw_cfg_bench.h"

#include "display.h"

#define PIXELS_AT (BENCH_RAM_BASE + 0x10000)
#define XR24      0x34325258u
#define RG16      0x36314752u

extern const struct device_class device_ramfb;

struct config {
	u64 gpa;
	u32 fourcc, flags, width, height, stride;
};

static void nothing(void *ctx)
{
	(void)ctx;
}

static struct display *display(struct device *fb)
{
	const struct prop *p;

	for_each(p, device_ramfb.props)
		if (p->kind == PROP_KIND_DISPLAY)
			return *(struct display **)device_member(fb, p->at);
	return NULL;
}

static struct device *ramfb(struct device **fw)
{
	*fw = bench("fw-cfg");
	bench_of(*fw)->ref = *fw;
	return bench_add(bench_of(*fw), "ramfb", "");
}

/* As firmware does it; what the request ends with. */
static u32 configure(struct device *fw, const struct config *c)
{
	u8 *b = ram(fw, BUFFER_AT);

	be32(b, (u32)(c->gpa >> 32));
	be32(b + 4, (u32)c->gpa);
	be32(b + 8, c->fourcc);
	be32(b + 12, c->flags);
	be32(b + 16, c->width);
	be32(b + 20, c->height);
	be32(b + 24, c->stride);
	return dma(fw, FIRST_FILE << 16 | SELECT | WRITE, 28, BUFFER_AT);
}

static bool is_on(struct device *fb)
{
	u32 width, height;

	return display_size(display(fb), 0, &width, &height);
}

/* -- Promises ------------------------------------------------------------------------- */

static void firmware_finds_it_by_name(void **state)
{
	struct device *fw, *fb = ramfb(&fw);
	const u8 *row = ram(fw, BUFFER_AT) + 4;

	assert_int_equal(dma(fw, 0x19u << 16 | SELECT | READ, 4 + 64, BUFFER_AT), 0);
	assert_int_equal(get_be32(row), 28);
	assert_string_equal((const char *)row + 8, "etc/ramfb");
	assert_false(is_on(fb));
	bench_free(fw);
	(void)state;
}

static void what_a_hart_stores_where_firmware_said_is_seen(void **state)
{
	const struct config c = { PIXELS_AT, XR24, 0, 50, 40, 256 };
	struct device *fw, *fb = ramfb(&fw);
	struct viewer v = { .changed = nothing };
	struct surface s = { 0 };
	struct display_frame f;

	assert_int_equal(configure(fw, &c), 0);
	display_watch(display(fb), &v);
	display_look(&v, 0, &s, &f);
	assert_true(f.live);
	assert_int_equal(s.width, 50);
	assert_int_equal(s.height, 40);
	put_le32(ram(fw, PIXELS_AT) + 7 * 256 + 4 * 3, 0x00ff8001);
	display_look(&v, 0, &s, &f);
	assert_int_equal(f.ndamage, 1);
	assert_int_equal(s.pixels[7 * 50 + 3] & 0xffffff, 0xff8001);
	display_unwatch(&v);
	surface_free(&s);
	assert_int_equal(device_guest_errors(fb), 0);
	bench_free(fw);
	(void)state;
}

static void rows_follow_without_a_gap_if_no_stride_is_said(void **state)
{
	const struct config c = { PIXELS_AT, RG16, 0, 10, 10, 0 };
	struct device *fw, *fb = ramfb(&fw);
	struct viewer v = { .changed = nothing };
	struct surface s = { 0 };
	struct display_frame f;

	put_le16(ram(fw, PIXELS_AT) + 2 * (3 * 10 + 4), 0x07e0);
	assert_int_equal(configure(fw, &c), 0);
	display_watch(display(fb), &v);
	display_look(&v, 0, &s, &f);
	assert_int_equal(s.pixels[3 * 10 + 4] & 0xffffff, 0x00ff00);
	display_unwatch(&v);
	surface_free(&s);
	bench_free(fw);
	(void)state;
}

/* The last row ends with its pixels, so a picture may end with RAM. */
static void a_picture_may_end_where_ram_ends_and_not_later(void **state)
{
	struct config c = {
		BENCH_RAM_BASE + BENCH_RAM_SIZE - (3 * 0x200 + 64 * 4), XR24, 0, 64, 4, 0x200
	};
	struct device *fw, *fb = ramfb(&fw);

	configure(fw, &c);
	assert_true(is_on(fb));
	c.gpa += 4;
	configure(fw, &c);
	assert_false(is_on(fb));
	assert_int_equal(device_guest_errors(fb), 1);
	bench_free(fw);
	(void)state;
}

static void what_cannot_be_shown_switches_the_screen_off(void **state)
{
	static const struct config wrong[] = {
		{ 0, XR24, 0, 64, 4, 0 },                          /* not RAM */
		{ BENCH_BASE, XR24, 0, 4, 1, 0 },                  /* a device */
		{ BENCH_RAM_BASE - 4, XR24, 0, 64, 4, 0 },         /* begins before it */
		{ UINT64_MAX - 8, XR24, 0, 64, 4, 0 },             /* wraps */
		{ PIXELS_AT, XR24, 0, 0, 4, 0 },                   /* nothing */
		{ PIXELS_AT, XR24, 0, 64, 0, 0 },                  /* nothing */
		{ PIXELS_AT, XR24, 0, 4097, 1, 0 },                /* too wide */
		{ PIXELS_AT, XR24, 0, 1, 4097, 0 },                /* too high */
		{ PIXELS_AT, XR24, 0, UINT32_MAX, UINT32_MAX, 0 }, /* both */
		{ PIXELS_AT, XR24, 0, 64, 4, 255 },                /* rows on each other */
		{ PIXELS_AT, XR24, 0, 64, 4, UINT32_MAX },         /* too far apart */
		{ PIXELS_AT, 0x20203843, 0, 64, 4, 0 },            /* a palette */
		{ PIXELS_AT, 0, 0, 64, 4, 0 },
	};
	const struct config good = { PIXELS_AT, XR24, 0, 64, 4, 0 };
	struct device *fw, *fb = ramfb(&fw);

	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		configure(fw, &good);
		assert_true(is_on(fb));
		assert_int_equal(configure(fw, &wrong[i]), 0);
		if (is_on(fb))
			fail_msg("row %u is shown", i);
		assert_int_equal(device_guest_errors(fb), i + 1);
	}
	bench_free(fw);
	(void)state;
}

static void a_reset_switches_the_screen_off(void **state)
{
	const struct config c = { PIXELS_AT, XR24, 0, 64, 4, 0 };
	struct device *fw, *fb = ramfb(&fw);

	configure(fw, &c);
	device_reset(fb);
	assert_false(is_on(fb));
	bench_free(fw);
	(void)state;
}

static void a_restored_one_shows_the_same(void **state)
{
	const struct config c = { PIXELS_AT, XR24, 0, 64, 4, 0 };
	struct device *fw, *fb = ramfb(&fw);
	struct err e = { 0 };
	u8 saved[256];
	size_t n;

	configure(fw, &c);
	n = device_save(fb, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	device_reset(fb);
	assert_true(device_restore(fb, saved, n, &e));
	assert_true(is_on(fb));
	bench_free(fw);
	(void)state;
}

/* Looked at by a viewer all the while, as a window would. */
static void any_configuration_does_no_harm(void **state)
{
	static const u32 sizes[] = { 0, 1, 15, 64, 640, 4096, 4097, 0x80000000, UINT32_MAX };
	static const u32 formats[] = { XR24, RG16, 0x34324752, 0x35315258, 0 };
	struct device *fw, *fb = ramfb(&fw);
	struct viewer v = { .changed = nothing };
	struct surface s = { 0 };
	struct display_frame f;
	u32 r = 3, shown = 0;

	display_watch(display(fb), &v);
	for (u32 i = 0; i < 3000; i++) {
		const struct config c = {
			BENCH_RAM_BASE - 64 + xorshift(&r) % (BENCH_RAM_SIZE + 128),
			formats[xorshift(&r) % ARRAY_LEN(formats)],
			xorshift(&r),
			sizes[xorshift(&r) % ARRAY_LEN(sizes)],
			sizes[xorshift(&r) % ARRAY_LEN(sizes)],
			sizes[xorshift(&r) % ARRAY_LEN(sizes)],
		};

		configure(fw, &c);
		display_look(&v, 0, &s, &f);
		shown += is_on(fb);
	}
	assert_true(shown > 100);
	display_unwatch(&v);
	surface_free(&s);
	bench_free(fw);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_finds_it_by_name),
		cmocka_unit_test(what_a_hart_stores_where_firmware_said_is_seen),
		cmocka_unit_test(rows_follow_without_a_gap_if_no_stride_is_said),
		cmocka_unit_test(a_picture_may_end_where_ram_ends_and_not_later),
		cmocka_unit_test(what_cannot_be_shown_switches_the_screen_off),
		cmocka_unit_test(a_reset_switches_the_screen_off),
		cmocka_unit_test(a_restored_one_shows_the_same),
		cmocka_unit_test(any_configuration_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
