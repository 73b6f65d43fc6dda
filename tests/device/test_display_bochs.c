/* display-bochs, through its BARs as a hart does. */
#include "virtio_bench.h"

#include "display.h"

extern const struct device_class device_display_bochs;

#define MEMORY_AT    0x40000000u
#define REGISTERS_AT 0x41000000u

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, MEMORY };
enum { ENABLED = 1, LIMITS = 2, LINEAR = 0x40, NO_CLEAR = 0x80 };

struct rig {
	struct driver d; /* for its bridge and configuration space */
	struct viewer v;
	struct surface s;
	struct display_frame f;
};

static void nothing(void *ctx)
{
	(void)ctx;
}

static struct display *display(struct rig *r)
{
	const struct prop *p;

	for_each(p, device_display_bochs.props)
		if (p->kind == PROP_KIND_DISPLAY)
			return *(struct display **)device_member(r->d.dev, p->at);
	return NULL;
}

static void place(struct rig *r)
{
	set_cfg(&r->d, 0x10, 4, MEMORY_AT);
	set_cfg(&r->d, 0x18, 4, REGISTERS_AT);
	set_cfg(&r->d, 0x04, 2, 2);
}

static void start(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->d.b = bench_new();
	bench_parse(&r->d.values, &device_display_bochs, "width=800 height=600");
	driver_on_pci(&r->d, &device_display_bochs);
	place(r);
	r->v.changed = nothing;
	display_watch(display(r), &r->v);
}

static void end(struct rig *r)
{
	display_unwatch(&r->v);
	surface_free(&r->s);
	bench_end(r->d.b);
}

static void look(struct rig *r)
{
	display_look(&r->v, 0, &r->s, &r->f);
}

static void put(struct rig *r, u32 reg, u32 v)
{
	hart_store(r->d.b, REGISTERS_AT + 0x500 + 2 * reg, 2, v);
}

static u32 get(struct rig *r, u32 reg)
{
	return (u32)hart_load(r->d.b, REGISTERS_AT + 0x500 + 2 * reg, 2);
}

static void set_mode(struct rig *r, u32 width, u32 height, u32 bits, u32 how)
{
	put(r, ENABLE, 0);
	put(r, XRES, width);
	put(r, YRES, height);
	put(r, BPP, bits);
	put(r, VIRT_WIDTH, width);
	put(r, ENABLE, ENABLED | LINEAR | how);
}

static void store(struct rig *r, u32 off, u32 width, u64 v)
{
	hart_store(r->d.b, MEMORY_AT + off, width, v);
}

static u32 pixel(const struct rig *r, u32 x, u32 y)
{
	return r->s.pixels[y * r->s.width + x] & 0xffffff;
}

/* -- Tests -------------------------------------------------------------------------- */

static void drivers_find_what_they_look_for(void **state)
{
	struct rig r;

	start(&r);
	assert_int_equal(cfg(&r.d, 0, 4), 0x11111234);
	assert_int_equal(get(&r, ID) & 0xfff0, 0xb0c0);
	assert_int_equal(get(&r, MEMORY), 16 * 1024 / 64);
	assert_int_equal(hart_load(r.d.b, REGISTERS_AT, 8), 0x00ffffffffffff00);
	assert_int_equal(hart_load(r.d.b, REGISTERS_AT + 56, 1), 800 & 0xff);
	assert_int_equal(hart_load(r.d.b, REGISTERS_AT + 0x600, 4), 8);
	put(&r, ENABLE, LIMITS);
	assert_int_equal(get(&r, XRES), 4096);
	assert_int_equal(get(&r, BPP), 32);
	end(&r);
	(void)state;
}

static void what_is_stored_is_seen_and_nothing_else_is_new(void **state)
{
	struct rig r;

	start(&r);
	look(&r);
	assert_int_equal(r.s.width, 0);
	set_mode(&r, 64, 48, 32, 0);
	look(&r);
	assert_int_equal(r.s.width, 64);
	assert_int_equal(r.s.height, 48);
	look(&r);
	assert_int_equal(r.f.ndamage, 0);
	store(&r, 4 * (10 * 64 + 3), 4, 0x123456);
	assert_int_equal(hart_load(r.d.b, MEMORY_AT + 4 * (10 * 64 + 3), 4), 0x123456);
	look(&r);
	assert_int_equal(r.f.ndamage, 1);
	assert_int_equal(r.f.damage[0].x, 3);
	assert_int_equal(r.f.damage[0].y, 10);
	assert_int_equal(r.f.damage[0].height, 1);
	assert_int_equal(pixel(&r, 3, 10), 0x123456);
	store(&r, 4 * 64 * 48, 8, UINT64_MAX); /* beyond the picture */
	look(&r);
	assert_int_equal(r.f.ndamage, 0);
	end(&r);
	(void)state;
}

/* Each store, of any width and in any depth, is seen. */
static void no_store_is_missed(void **state)
{
	static const u32 depths[] = { 15, 16, 24, 32 };
	struct surface fresh = { 0 };
	struct display_frame f;
	u32 seed = 3;
	struct rig r;

	start(&r);
	for (u32 i = 0; i < ARRAY_LEN(depths); i++) {
		set_mode(&r, 30, 20, depths[i], 0);
		put(&r, VIRT_WIDTH, 37);
		put(&r, X_OFFSET, 5);
		put(&r, Y_OFFSET, 3);
		for (u32 k = 0; k < 300; k++) {
			u32 width = 1u << xorshift(&seed) % 4;
			struct viewer other = { .changed = nothing };

			store(&r, (xorshift(&seed) % 4000) & ~(width - 1), width,
			      xorshift(&seed) * (u64)0x100000001);
			look(&r);
			display_watch(display(&r), &other);
			display_look(&other, 0, &fresh, &f);
			display_unwatch(&other);
			assert_int_equal(fresh.width, 30);
			assert_memory_equal(fresh.pixels, r.s.pixels, 4 * 30 * 20);
		}
	}
	surface_free(&fresh);
	end(&r);
	(void)state;
}

static void another_start_of_the_picture_shows_another_part(void **state)
{
	struct rig r;

	start(&r);
	set_mode(&r, 64, 48, 32, 0);
	put(&r, VIRT_WIDTH, 100);
	store(&r, 4 * (7 * 100 + 20), 4, 0xfedcba);
	put(&r, X_OFFSET, 20);
	put(&r, Y_OFFSET, 7);
	look(&r);
	assert_int_equal(pixel(&r, 0, 0), 0xfedcba);
	end(&r);
	(void)state;
}

static void a_mode_begins_with_empty_memory_unless_it_is_kept(void **state)
{
	struct rig r;

	start(&r);
	set_mode(&r, 64, 48, 32, 0);
	store(&r, 0, 4, 0x555555);
	set_mode(&r, 64, 48, 32, NO_CLEAR);
	look(&r);
	assert_int_equal(pixel(&r, 0, 0), 0x555555);
	set_mode(&r, 64, 48, 32, 0);
	look(&r);
	assert_int_equal(pixel(&r, 0, 0), 0);
	end(&r);
	(void)state;
}

/* Linux has drawn the picture there before it sets the mode. */
static void a_mode_leaves_the_memory_behind_its_picture_alone(void **state)
{
	struct rig r;

	start(&r);
	set_mode(&r, 64, 48, 32, NO_CLEAR);
	store(&r, 4 * 64 * 48 - 4, 4, 0x555555);
	store(&r, 4 * 64 * 48, 4, 0x666666);
	set_mode(&r, 64, 48, 32, 0);
	look(&r);
	assert_int_equal(pixel(&r, 63, 47), 0);
	put(&r, Y_OFFSET, 48);
	look(&r);
	assert_int_equal(pixel(&r, 0, 0), 0x666666);
	end(&r);
	(void)state;
}

static void a_mode_that_does_not_fit_shows_nothing(void **state)
{
	static const struct {
		u32 width, height, bits, y;
	} wrong[] = { { 4096, 4096, 32, 0 }, { 64, 48, 8, 0 },        { 0, 48, 32, 0 },
		      { 64, 0, 32, 0 },      { 65535, 65535, 32, 0 }, { 64, 48, 0, 0 },
		      { 64, 48, 32, 65535 }, { 2048, 2048, 32, 1 } };
	struct rig r;

	start(&r);
	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		set_mode(&r, wrong[i].width, wrong[i].height, wrong[i].bits, 0);
		put(&r, Y_OFFSET, wrong[i].y);
		store(&r, 0, 8, UINT64_MAX);
		store(&r, 0xfffff8, 8, UINT64_MAX);
		look(&r);
		assert_int_equal(r.s.width, 0);
	}
	set_mode(&r, 2048, 2048, 32, 0); /* all of it, to the last byte */
	store(&r, 0xfffffc, 4, 0x424242);
	look(&r);
	assert_int_equal(r.s.width, 2048);
	assert_int_equal(pixel(&r, 2047, 2047), 0x424242);
	end(&r);
	(void)state;
}

static void a_blanked_screen_is_off(void **state)
{
	struct rig r;

	start(&r);
	set_mode(&r, 64, 48, 32, 0);
	hart_load(r.d.b, REGISTERS_AT + 0x41a, 1); /* the next is an index */
	hart_store(r.d.b, REGISTERS_AT + 0x400, 1, 0x00);
	look(&r);
	assert_int_equal(r.s.width, 0);
	hart_store(r.d.b, REGISTERS_AT + 0x400, 1, 0x20); /* data */
	look(&r);
	assert_int_equal(r.s.width, 0);
	hart_store(r.d.b, REGISTERS_AT + 0x400, 1, 0x20);
	look(&r);
	assert_int_equal(r.s.width, 64);
	end(&r);
	(void)state;
}

static void a_reset_ends_the_mode(void **state)
{
	struct rig r;

	start(&r);
	set_mode(&r, 64, 48, 32, 0);
	device_reset(r.d.dev);
	look(&r);
	assert_int_equal(r.s.width, 0);
	place(&r);
	assert_int_equal(get(&r, ENABLE), 0);
	assert_int_equal(get(&r, ID), 0xb0c5);
	end(&r);
	(void)state;
}

static void every_register_takes_anything(void **state)
{
	u32 seed = 9;
	struct rig r;

	start(&r);
	for (u32 i = 0; i < 20000; i++) {
		u32 width = 1u << xorshift(&seed) % 4;
		u32 off = (xorshift(&seed) >> 5) % 0x700 & ~(width - 1);

		if (i % 3)
			off = 0x500 + (off % 22 & ~(width - 1));
		hart_store(r.d.b, REGISTERS_AT + off, width, xorshift(&seed));
		hart_load(r.d.b, REGISTERS_AT + off, width);
		store(&r, xorshift(&seed) % (16 << 20) & ~7u, 8, seed);
		if (i % 100 == 0)
			look(&r);
	}
	end(&r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivers_find_what_they_look_for),
		cmocka_unit_test(what_is_stored_is_seen_and_nothing_else_is_new),
		cmocka_unit_test(no_store_is_missed),
		cmocka_unit_test(another_start_of_the_picture_shows_another_part),
		cmocka_unit_test(a_mode_begins_with_empty_memory_unless_it_is_kept),
		cmocka_unit_test(a_mode_leaves_the_memory_behind_its_picture_alone),
		cmocka_unit_test(a_mode_that_does_not_fit_shows_nothing),
		cmocka_unit_test(a_blanked_screen_is_off),
		cmocka_unit_test(a_reset_ends_the_mode),
		cmocka_unit_test(every_register_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
