/* virtio-gpu, as its driver and its viewers see it. */
#include "virtio_bench.h"

#include "display.h"

extern const struct device_class device_virtio_gpu;

#define HAS_EDID ((u64)1 << 1)

enum { CONTROL = 0, CURSOR = 1 };

/* Section 5.7.6.7 */
enum {
	GET_DISPLAY_INFO = 0x100,
	CREATE,
	UNREF,
	SET_SCANOUT,
	FLUSH,
	TRANSFER,
	ATTACH,
	DETACH,
	GET_EDID = 0x10a,
	UPDATE_CURSOR = 0x300,
	MOVE_CURSOR,
	OK = 0x1100,
	OK_DISPLAY_INFO,
	OK_EDID = 0x1104,
	UNSPEC = 0x1200,
	OUT_OF_MEMORY,
	BAD_SCANOUT,
	BAD_RESOURCE,
	BAD_CONTEXT,
	BAD_PARAMETER,
};

#define COMMAND_AT DATA_AT
#define REPLY_AT   (DATA_AT + 0x2000)
#define REPLY_MOST 0x800u
#define PIXELS_AT  (DATA_AT + 0x4000) /* the guest's memory for pictures */
#define WIDE       20u
#define HIGH       10u
#define BGRX       2u

static struct display *display(struct driver *d)
{
	const struct prop *p;

	for_each(p, device_virtio_gpu.props)
		if (p->kind == PROP_KIND_DISPLAY)
			return *(struct display **)device_member(d->dev, p->at);
	return NULL;
}

/* -- Commands ------------------------------------------------------------------------------ */

/* The 32-bit words after the header; returns the type of the response. */
static u32 send_on(struct driver *d, u32 queue, u32 type, const u32 *words, u32 n)
{
	struct buffer chain[] = { { COMMAND_AT, 24 + 4 * n, false },
				  { REPLY_AT, REPLY_MOST, true } };
	u32 head, written;

	memset(ram(d, COMMAND_AT), 0, 24);
	memset(ram(d, REPLY_AT), 0xee, REPLY_MOST);
	put_le32(ram(d, COMMAND_AT), type);
	for (u32 i = 0; i < n; i++)
		put_le32(ram(d, COMMAND_AT + 24 + 4 * (u64)i), words[i]);
	add_chain(d, queue, chain, 2);
	driver_kick(d, queue);
	assert_true(take_used(d, queue, &head, &written));
	assert_true(written >= 24);
	return get_le32(ram(d, REPLY_AT));
}

#define send(d, type, ...)                                                                         \
	send_on(d, (type) >= UPDATE_CURSOR ? CURSOR : CONTROL, type, (const u32[]){ __VA_ARGS__ }, \
		sizeof((const u32[]){ __VA_ARGS__ }) / 4)

static u32 reply(struct driver *d, u32 off)
{
	return get_le32(ram(d, REPLY_AT + off));
}

static u32 create(struct driver *d, u32 id, u32 format, u32 width, u32 height)
{
	return send(d, CREATE, id, format, width, height);
}

static u32 attach(struct driver *d, u32 id, u64 gpa, u32 len)
{
	return send(d, ATTACH, id, 1, (u32)gpa, (u32)(gpa >> 32), len, 0);
}

static u32 transfer(struct driver *d, u32 id, struct rect r, u64 off)
{
	return send(d, TRANSFER, r.x, r.y, r.width, r.height, (u32)off, (u32)(off >> 32), id, 0);
}

static u32 flush(struct driver *d, u32 id, struct rect r)
{
	return send(d, FLUSH, r.x, r.y, r.width, r.height, id, 0);
}

static u32 set_scanout(struct driver *d, u32 scanout, u32 id, struct rect r)
{
	return send(d, SET_SCANOUT, r.x, r.y, r.width, r.height, scanout, id);
}

static const struct rect all = { 0, 0, WIDE, HIGH };

/* Resource 1, in one piece of guest memory, on scanout 0. */
static void start_picture(struct driver *d)
{
	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(create(d, 1, BGRX, WIDE, HIGH), OK);
	assert_int_equal(attach(d, 1, PIXELS_AT, 4 * WIDE * HIGH), OK);
	assert_int_equal(set_scanout(d, 0, 1, all), OK);
}

static void guest_put(struct driver *d, u32 x, u32 y, u32 pixel)
{
	put_le32(ram(d, PIXELS_AT + 4 * ((u64)y * WIDE + x)), pixel);
}

/* -- Looking --------------------------------------------------------------------------------- */

struct eye {
	struct viewer v;
	struct surface s;
	struct display_frame f;
	struct cursor c;
};

static void nothing(void *ctx)
{
	(void)ctx;
}

static void open_eye(struct driver *d, struct eye *eye)
{
	*eye = (struct eye){ .v = { .changed = nothing } };
	display_watch(display(d), &eye->v);
}

static void look(struct eye *eye, u32 scanout)
{
	display_look(&eye->v, scanout, &eye->s, &eye->f);
	display_cursor(&eye->v, scanout, &eye->c);
}

static void close_eye(struct eye *eye)
{
	display_unwatch(&eye->v);
	surface_free(&eye->s);
}

static u32 pixel(const struct eye *eye, u32 x, u32 y)
{
	return eye->s.pixels[y * eye->s.width + x] & 0xffffff;
}

/* -- Pictures --------------------------------------------------------------------------------- */

static void what_is_transferred_and_flushed_is_seen(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	look(&eye, 0);
	assert_int_equal(eye.s.width, WIDE);
	guest_put(d, 3, 4, 0x112233);
	look(&eye, 0);
	assert_int_equal(pixel(&eye, 3, 4), 0); /* the guest's memory is its own until it says so */
	assert_int_equal(transfer(d, 1, all, 0), OK);
	look(&eye, 0);
	assert_int_equal(eye.f.ndamage, 0);
	assert_int_equal(flush(d, 1, (struct rect){ 2, 3, 4, 5 }), OK);
	look(&eye, 0);
	assert_int_equal(eye.f.ndamage, 1);
	assert_int_equal(eye.f.damage[0].x, 2);
	assert_int_equal(eye.f.damage[0].height, 5);
	assert_int_equal(pixel(&eye, 3, 4), 0x112233);
	close_eye(&eye);
}

static void a_part_is_transferred_from_where_the_driver_says(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	for (u32 y = 0; y < HIGH; y++)
		for (u32 x = 0; x < WIDE; x++)
			guest_put(d, x, y, y << 8 | x);
	assert_int_equal(transfer(d, 1, (struct rect){ 5, 2, 3, 4 }, 4 * (2 * WIDE + 5)), OK);
	look(&eye, 0);
	for (u32 y = 0; y < HIGH; y++)
		for (u32 x = 0; x < WIDE; x++) {
			bool in = x >= 5 && x < 8 && y >= 2 && y < 6;

			assert_int_equal(pixel(&eye, x, y), in ? y << 8 | x : 0);
		}
	close_eye(&eye);
}

/* Pieces of 12 bytes, in the wrong order in memory: a row is in several of them. */
static void a_backing_may_be_in_pieces(struct driver *d)
{
	u32 words[2 + 4 * 68] = { 1, 67 }, bytes = 4 * WIDE * HIGH;
	struct eye eye;

	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(create(d, 1, BGRX, WIDE, HIGH), OK);
	for (u32 i = 0; i < 67; i++) {
		u32 *entry = words + 2 + 4 * i;

		entry[0] = PIXELS_AT + 16 * (66 - i);
		entry[2] = 12;
		for (u32 k = 0; k < 3; k++)
			put_le32(ram(d, entry[0] + 4 * k), 3 * i + k);
	}
	assert_true(67 * 12 >= bytes);
	assert_int_equal(send_on(d, CONTROL, ATTACH, words, 2 + 4 * 67), OK);
	assert_int_equal(set_scanout(d, 0, 1, all), OK);
	assert_int_equal(transfer(d, 1, all, 0), OK);
	open_eye(d, &eye);
	look(&eye, 0);
	for (u32 i = 0; i < WIDE * HIGH; i++)
		assert_int_equal(pixel(&eye, i % WIDE, i / WIDE), i);
	close_eye(&eye);
}

static void a_scanout_shows_a_part_of_a_resource(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	guest_put(d, 10, 5, 0xabcdef);
	assert_int_equal(transfer(d, 1, all, 0), OK);
	assert_int_equal(set_scanout(d, 0, 1, (struct rect){ 8, 4, 6, 3 }), OK);
	look(&eye, 0);
	assert_int_equal(eye.s.width, 6);
	assert_int_equal(eye.s.height, 3);
	assert_int_equal(pixel(&eye, 2, 1), 0xabcdef);
	assert_int_equal(flush(d, 1, (struct rect){ 0, 0, 10, 5 }), OK);
	look(&eye, 0);
	assert_int_equal(eye.f.ndamage, 1); /* what of the flushed part is in it */
	assert_int_equal(eye.f.damage[0].x, 0);
	assert_int_equal(eye.f.damage[0].width, 2);
	assert_int_equal(eye.f.damage[0].height, 1);
	assert_int_equal(flush(d, 1, (struct rect){ 0, 0, 8, 4 }), OK);
	look(&eye, 0);
	assert_int_equal(eye.f.ndamage, 0);
	close_eye(&eye);
}

/* A pixel whose bytes are 1, 2, 3, 4 in the order of the name. */
static void the_eight_formats_have_their_bytes_in_order(struct driver *d)
{
	static const struct {
		u32 number, color;
	} formats[] = { { 1, 0x030201 },  { 2, 0x030201 },  { 3, 0x020304 },   { 4, 0x020304 },
			{ 67, 0x010203 }, { 68, 0x040302 }, { 121, 0x040302 }, { 134, 0x010203 } };
	struct eye eye;

	driver_start(d, HAS_EDID, 2, 16);
	open_eye(d, &eye);
	put_le32(ram(d, PIXELS_AT), 0x04030201);
	for (u32 i = 0; i < ARRAY_LEN(formats); i++) {
		const struct rect one = { 0, 0, 1, 1 };

		assert_int_equal(create(d, i + 1, formats[i].number, 1, 1), OK);
		assert_int_equal(attach(d, i + 1, PIXELS_AT, 4), OK);
		assert_int_equal(transfer(d, i + 1, one, 0), OK);
		assert_int_equal(set_scanout(d, 0, i + 1, one), OK);
		look(&eye, 0);
		assert_int_equal(pixel(&eye, 0, 0), formats[i].color);
	}
	close_eye(&eye);
}

static void a_resource_that_is_gone_is_shown_no_more(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	look(&eye, 0);
	assert_int_equal(send(d, UNREF, 1, 0), OK);
	look(&eye, 0);
	assert_int_equal(eye.s.width, 0);
	assert_int_equal(transfer(d, 1, all, 0), BAD_RESOURCE);
	assert_int_equal(send(d, UNREF, 1, 0), BAD_RESOURCE);
	assert_int_equal(create(d, 1, BGRX, 4, 4), OK); /* its number is free again */
	close_eye(&eye);
}

static void without_backing_a_resource_keeps_what_it_has(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	guest_put(d, 0, 0, 0x777777);
	assert_int_equal(transfer(d, 1, all, 0), OK);
	assert_int_equal(send(d, DETACH, 1, 0), OK);
	assert_int_equal(transfer(d, 1, all, 0), BAD_PARAMETER);
	look(&eye, 0);
	assert_int_equal(pixel(&eye, 0, 0), 0x777777);
	assert_int_equal(attach(d, 1, PIXELS_AT, 4 * WIDE * HIGH), OK);
	assert_int_equal(attach(d, 1, PIXELS_AT, 4 * WIDE * HIGH), BAD_PARAMETER); /* it has one */
	close_eye(&eye);
}

/* The backings of all are in one list: taking one out leaves the others theirs. */
static void backings_do_not_get_into_each_others_way(struct driver *d)
{
	const struct rect one = { 0, 0, 1, 1 };
	struct eye eye;

	driver_start(d, HAS_EDID, 2, 16);
	open_eye(d, &eye);
	for (u32 id = 1; id <= 5; id++) {
		assert_int_equal(create(d, id, BGRX, 1, 1), OK);
		assert_int_equal(attach(d, id, PIXELS_AT + 8 * id, 4), OK);
		put_le32(ram(d, PIXELS_AT + 8 * (u64)id), 0x101010 * id);
	}
	assert_int_equal(send(d, DETACH, 2, 0), OK);
	assert_int_equal(send(d, UNREF, 4, 0), OK);
	for (u32 id = 1; id <= 5; id += 2) {
		assert_int_equal(transfer(d, id, one, 0), OK);
		assert_int_equal(set_scanout(d, 0, id, one), OK);
		look(&eye, 0);
		assert_int_equal(pixel(&eye, 0, 0), 0x101010 * id);
	}
	close_eye(&eye);
}

static void several_scanouts_show_what_they_are_told(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	assert_int_equal(create(d, 2, BGRX, 5, 6), OK);
	assert_int_equal(set_scanout(d, 2, 2, (struct rect){ 0, 0, 5, 6 }), OK);
	assert_int_equal(set_scanout(d, 3, 1, all), BAD_SCANOUT);
	look(&eye, 2);
	assert_int_equal(eye.s.width, 5);
	look(&eye, 1);
	assert_int_equal(eye.s.width, 0);
	assert_int_equal(set_scanout(d, 2, 0, (struct rect){ 0, 0, 0, 0 }), OK);
	look(&eye, 2);
	assert_int_equal(eye.s.width, 0);
	look(&eye, 0);
	assert_int_equal(eye.s.width, WIDE);
	close_eye(&eye);
}

static void a_fence_comes_back_with_the_response(struct driver *d)
{
	struct buffer chain[] = { { COMMAND_AT, 24, false }, { REPLY_AT, REPLY_MOST, true } };
	u32 head, written;

	driver_start(d, HAS_EDID, 2, 16);
	memset(ram(d, COMMAND_AT), 0, 24);
	put_le32(ram(d, COMMAND_AT), GET_DISPLAY_INFO);
	put_le32(ram(d, COMMAND_AT + 4), 1);
	put_le64(ram(d, COMMAND_AT + 8), 0x123456789abcdef0);
	put_le32(ram(d, COMMAND_AT + 16), 7);
	add_chain(d, CONTROL, chain, 2);
	driver_kick(d, CONTROL);
	assert_true(take_used(d, CONTROL, &head, &written));
	assert_int_equal(written, 24 + 16 * 24);
	assert_int_equal(reply(d, 4), 1);
	assert_int_equal(get_le64(ram(d, REPLY_AT + 8)), 0x123456789abcdef0);
	assert_int_equal(reply(d, 16), 7);
	assert_int_equal(send(d, UNREF, 9, 0), BAD_RESOURCE);
	assert_int_equal(reply(d, 4), 0); /* not asked for */
}

/* -- Cursors ------------------------------------------------------------------------------------
 */

static void a_cursor_is_a_resource_at_a_place(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	look(&eye, 0);
	assert_false(eye.c.visible);
	assert_int_equal(create(d, 2, 1, 64, 64), OK);
	assert_int_equal(attach(d, 2, PIXELS_AT, 64 * 64 * 4), OK);
	put_le32(ram(d, PIXELS_AT), 0x80402010);
	assert_int_equal(transfer(d, 2, (struct rect){ 0, 0, 64, 64 }, 0), OK);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 30, (u32)-4, 0, 2, 3, 5, 0), OK);
	look(&eye, 0);
	assert_true(eye.f.cursor);
	assert_true(eye.c.visible);
	assert_int_equal(eye.c.x, 30);
	assert_int_equal(eye.c.y, -4);
	assert_int_equal(eye.c.hot_x, 3);
	assert_int_equal(eye.c.hot_y, 5);
	assert_int_equal(eye.c.pixels[0], 0x80402010);
	assert_int_equal(send(d, MOVE_CURSOR, 0, 31, 32, 0, 0, 0, 0, 0), OK);
	look(&eye, 0);
	assert_true(eye.c.visible);
	assert_int_equal(eye.c.x, 31);
	assert_int_equal(send(d, UNREF, 2, 0), OK); /* the image was taken */
	look(&eye, 0);
	assert_true(eye.c.visible);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 0, 0, 0, 0, 0, 0, 0), OK);
	look(&eye, 0);
	assert_false(eye.c.visible);
	close_eye(&eye);
}

/* Linux makes all resources of programs without alpha, also those that become cursors. */
static void a_cursor_has_alpha_also_in_a_format_that_has_none(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	assert_int_equal(create(d, 2, 2, 64, 64), OK);
	assert_int_equal(attach(d, 2, PIXELS_AT, 64 * 64 * 4), OK);
	put_le32(ram(d, PIXELS_AT), 0x80402010);
	assert_int_equal(transfer(d, 2, (struct rect){ 0, 0, 64, 64 }, 0), OK);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 0, 0, 0, 2, 0, 0, 0), OK);
	look(&eye, 0);
	assert_int_equal(eye.c.pixels[0], 0x80402010);
	assert_int_equal(eye.c.pixels[1], 0);
	close_eye(&eye);
}

static void a_cursor_that_is_too_large_or_nowhere_is_refused(struct driver *d)
{
	start_picture(d);
	assert_int_equal(create(d, 2, 1, 65, 64), OK);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 0, 0, 0, 2, 0, 0, 0), BAD_PARAMETER);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 0, 0, 0, 3, 0, 0, 0), BAD_RESOURCE);
	assert_int_equal(send(d, UPDATE_CURSOR, 3, 0, 0, 0, 0, 0, 0, 0), BAD_SCANOUT);
	assert_int_equal(send(d, MOVE_CURSOR, UINT32_MAX, 0, 0, 0, 0, 0, 0, 0), BAD_SCANOUT);
}

/* Without a buffer for it there is no response, as Linux has it. */
static void a_cursor_command_needs_no_room_for_a_response(struct driver *d)
{
	struct buffer chain[] = { { COMMAND_AT, 56, false } };
	u32 head, written;

	start_picture(d);
	memset(ram(d, COMMAND_AT), 0, 56);
	put_le32(ram(d, COMMAND_AT), MOVE_CURSOR);
	add_chain(d, CURSOR, chain, 1);
	driver_kick(d, CURSOR);
	assert_true(take_used(d, CURSOR, &head, &written));
	assert_int_equal(written, 0);
	assert_int_equal(device_guest_errors(d->dev), 0);
}

/* -- Monitors -------------------------------------------------------------------------------------
 */

static void the_board_says_what_monitors_prefer(struct driver *d)
{
	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(driver_config(d, 8, 4), 3);
	assert_int_equal(send_on(d, CONTROL, GET_DISPLAY_INFO, NULL, 0), OK_DISPLAY_INFO);
	for (u32 i = 0; i < 16; i++) {
		u32 there = i < 3;

		assert_int_equal(reply(d, 24 + 24 * i), there * 800 * i); /* side by side */
		assert_int_equal(reply(d, 24 + 24 * i + 8), there * 800);
		assert_int_equal(reply(d, 24 + 24 * i + 12), there * 600);
		assert_int_equal(reply(d, 24 + 24 * i + 16), there);
	}
	assert_int_equal(send(d, GET_EDID, 2, 0), OK_EDID);
	assert_int_equal(reply(d, 24), 128);
	assert_int_equal(*ram(d, REPLY_AT + 32 + 56), 800 & 0xff);
	assert_int_equal(send(d, GET_EDID, 3, 0), BAD_SCANOUT);
}

static void without_the_feature_there_is_no_edid(struct driver *d)
{
	driver_start(d, 0, 2, 16);
	assert_int_equal(send(d, GET_EDID, 0, 0), UNSPEC);
}

static void another_window_is_an_event_until_it_is_cleared(struct driver *d)
{
	driver_start(d, HAS_EDID, 2, 16);
	driver_take_isr(d);
	assert_int_equal(driver_config(d, 0, 4), 0);
	display_monitor(display(d), 1, 1024, 768);
	assert_int_equal(driver_take_isr(d) & 2, 2);
	assert_int_equal(driver_config(d, 0, 4), 1);
	assert_int_equal(send_on(d, CONTROL, GET_DISPLAY_INFO, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(reply(d, 24 + 24 + 8), 1024);
	assert_int_equal(reply(d, 24 + 48), 800 + 1024);
	driver_set_config(d, 4, 4, 1);
	assert_int_equal(driver_config(d, 0, 4), 0);
	driver_take_isr(d);
	display_monitor(display(d), 1, 1024, 768); /* no news */
	assert_int_equal(driver_config(d, 0, 4), 0);
	display_monitor(display(d), 1, 0, 0);
	assert_int_equal(send_on(d, CONTROL, GET_DISPLAY_INFO, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(reply(d, 24 + 24 + 16), 0); /* unplugged */
	display_monitor(display(d), 0, UINT32_MAX, UINT32_MAX);
	assert_int_equal(send_on(d, CONTROL, GET_DISPLAY_INFO, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(reply(d, 24 + 8), 4096);
}

/* -- Hostile drivers
 * --------------------------------------------------------------------------------- */

static void sizes_and_formats_have_limits(struct driver *d)
{
	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(create(d, 0, BGRX, 1, 1), BAD_RESOURCE);
	assert_int_equal(create(d, 1, 0, 1, 1), BAD_PARAMETER);
	assert_int_equal(create(d, 1, 5, 1, 1), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, 0, 1), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, 1, 0), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, 4097, 1), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, UINT32_MAX, UINT32_MAX), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, 0x10000, 0x10000), BAD_PARAMETER);
	assert_int_equal(create(d, 1, BGRX, 1, 1), OK);
	assert_int_equal(create(d, 1, BGRX, 1, 1), BAD_RESOURCE);
}

static void all_resources_together_have_a_limit(struct driver *d)
{
	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(create(d, 1, BGRX, 4096, 4096), OK); /* 64 MiB, which is all */
	assert_int_equal(create(d, 2, BGRX, 1, 1), OUT_OF_MEMORY);
	assert_int_equal(send(d, UNREF, 1, 0), OK);
	for (u32 id = 1; id <= 256; id++)
		assert_int_equal(create(d, id, BGRX, 1, 1), OK);
	assert_int_equal(create(d, 257, BGRX, 1, 1), OUT_OF_MEMORY); /* there are so many at most */
}

static void rectangles_outside_are_refused(struct driver *d)
{
	static const struct rect wrong[] = {
		{ 0, 0, WIDE + 1, 1 },   { 0, 0, 1, HIGH + 1 },   { WIDE, 0, 1, 1 },
		{ 0, HIGH, 1, 1 },       { UINT32_MAX, 0, 1, 1 }, { 0, UINT32_MAX, 1, 1 },
		{ 1, 0, UINT32_MAX, 1 }, { 0, 1, 1, UINT32_MAX }, { 0x80000000, 0, 0x80000001, 1 },
	};

	start_picture(d);
	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(transfer(d, 1, wrong[i], 0), BAD_PARAMETER);
		assert_int_equal(flush(d, 1, wrong[i]), BAD_PARAMETER);
		assert_int_equal(set_scanout(d, 0, 1, wrong[i]), BAD_PARAMETER);
	}
	assert_int_equal(set_scanout(d, 0, 1, (struct rect){ 0, 0, 0, 0 }), BAD_PARAMETER);
}

static void a_transfer_beyond_the_backing_is_refused(struct driver *d)
{
	static const u64 offsets[] = { 61,         4 * WIDE * HIGH, UINT32_MAX,
				       UINT64_MAX, UINT64_MAX - 3,  (u64)1 << 63 };

	start_picture(d);
	for (u32 i = 0; i < ARRAY_LEN(offsets); i++) {
		assert_int_equal(transfer(d, 1, all, offsets[i]), BAD_PARAMETER);
		assert_int_equal(transfer(d, 1, (struct rect){ 0, 0, 5, HIGH }, offsets[i]),
				 BAD_PARAMETER);
	}
	assert_int_equal(transfer(d, 1, (struct rect){ 0, 0, 0, 0 }, UINT64_MAX), OK); /* nothing */
}

static void a_backing_outside_of_ram_gives_nothing(struct driver *d)
{
	static const u64 places[] = { HOLE_AT,        RAM_END - 4, RAM_END,   0,
				      UINT64_MAX - 7, BAR_AT,      BENCH_BASE };

	driver_start(d, HAS_EDID, 2, 16);
	for (u32 i = 0; i < ARRAY_LEN(places); i++) {
		assert_int_equal(create(d, 1, BGRX, WIDE, HIGH), OK);
		assert_int_equal(attach(d, 1, places[i], 4 * WIDE * HIGH), OK);
		assert_int_equal(transfer(d, 1, all, 0), BAD_PARAMETER);
		assert_int_equal(send(d, UNREF, 1, 0), OK);
	}
}

static void a_backing_has_as_many_entries_as_were_sent(struct driver *d)
{
	start_picture(d);
	assert_int_equal(create(d, 2, BGRX, 4, 4), OK);
	assert_int_equal(send(d, ATTACH, 2, 2, PIXELS_AT, 0, 64, 0), BAD_PARAMETER);
	assert_int_equal(send(d, ATTACH, 2, UINT32_MAX, PIXELS_AT, 0, 64, 0), BAD_PARAMETER);
	assert_int_equal(send(d, ATTACH, 2, 0), OK); /* none: it has none */
	assert_int_equal(transfer(d, 2, (struct rect){ 0, 0, 4, 4 }, 0), BAD_PARAMETER);
}

static void commands_that_are_short_unknown_or_misplaced_are_errors(struct driver *d)
{
	start_picture(d);
	assert_int_equal(send(d, TRANSFER, 0, 0, 1), BAD_PARAMETER);
	assert_int_equal(send_on(d, CONTROL, CREATE, NULL, 0), BAD_PARAMETER);
	assert_int_equal(send_on(d, CONTROL, 0, NULL, 0), UNSPEC);
	assert_int_equal(send_on(d, CONTROL, 0x108, NULL, 0), UNSPEC); /* no 3D */
	assert_int_equal(send_on(d, CONTROL, MOVE_CURSOR, (u32[8]){ 0 }, 8), UNSPEC);
	assert_int_equal(send_on(d, CURSOR, GET_DISPLAY_INFO, NULL, 0), UNSPEC);
}

static void a_response_is_cut_where_its_room_ends(struct driver *d)
{
	struct buffer chain[] = { { COMMAND_AT, 24, false }, { REPLY_AT, 30, true } };
	u32 head, written;

	driver_start(d, HAS_EDID, 2, 16);
	memset(ram(d, COMMAND_AT), 0, 24);
	memset(ram(d, REPLY_AT), 0xee, 64);
	put_le32(ram(d, COMMAND_AT), GET_DISPLAY_INFO);
	add_chain(d, CONTROL, chain, 2);
	driver_kick(d, CONTROL);
	assert_true(take_used(d, CONTROL, &head, &written));
	assert_int_equal(written, 30);
	assert_int_equal(*ram(d, REPLY_AT + 30), 0xee);
}

/* 64 MiB take the whole turn: what follows waits for the timer. */
static void a_large_transfer_lets_others_have_a_turn(struct driver *d)
{
	u32 head, written;

	driver_start(d, HAS_EDID, 2, 16);
	assert_int_equal(create(d, 1, BGRX, 4096, 2048), OK);
	assert_int_equal(attach(d, 1, PIXELS_AT, 4096), OK);
	for (u32 i = 0; i < 4; i++) {
		const u32 words[] = { 0, 0, 4096, 2048, 0, 0, 1, 0 };
		u64 at = COMMAND_AT + 0x100 * (u64)i;
		struct buffer chain[] = { { at, 56, false }, { REPLY_AT, 24, true } };

		memset(ram(d, at), 0, 24);
		put_le32(ram(d, at), TRANSFER);
		for (u32 k = 0; k < 8; k++)
			put_le32(ram(d, at + 24 + 4 * k), words[k]);
		add_chain(d, CONTROL, chain, 2);
	}
	driver_kick(d, CONTROL);
	for (u32 i = 0; i < 2; i++) /* 32 MiB each, and the chains themselves */
		assert_true(take_used(d, CONTROL, &head, &written));
	assert_false(take_used(d, CONTROL, &head, &written));
	bench_advance(d->b, 1000);
	assert_true(take_used(d, CONTROL, &head, &written));
}

/* -- Life
 * ------------------------------------------------------------------------------------------- */

static void a_reset_lets_go_of_all(struct driver *d)
{
	struct eye eye;

	start_picture(d);
	open_eye(d, &eye);
	display_monitor(display(d), 0, 1000, 500);
	look(&eye, 0);
	driver_set_status(d, 0);
	look(&eye, 0);
	assert_int_equal(eye.s.width, 0);
	start_picture(d); /* the numbers are free, and so is the memory */
	assert_int_equal(create(d, 2, BGRX, 4096, 4095), OK);
	assert_int_equal(send_on(d, CONTROL, GET_DISPLAY_INFO, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(reply(d, 24 + 8), 1000); /* the window is what it was */
	close_eye(&eye);
}

static void a_restored_resource_is_what_its_backing_holds(struct driver *d)
{
	size_t n = device_save(d->dev, NULL, 0);
	u8 *state = xzalloc(n);
	struct err e = { 0 };
	struct eye eye;

	start_picture(d);
	guest_put(d, 7, 7, 0x654321);
	assert_int_equal(send(d, MOVE_CURSOR, 0, 12, 13, 0, 0, 0, 0, 0), OK);
	assert_int_equal(device_save(d->dev, state, n), n);
	device_reset(d->dev);
	open_eye(d, &eye);
	assert_true(device_restore(d->dev, state, n, &e));
	look(&eye, 0);
	assert_int_equal(eye.s.width, WIDE);
	assert_int_equal(pixel(&eye, 7, 7), 0x654321);
	assert_int_equal(eye.c.x, 12);
	close_eye(&eye);
	free(state);
}

/* Each byte of a snapshot, whatever it is: refused, or a device that lives. */
static void a_snapshot_with_any_byte_changed_does_no_harm(struct driver *d)
{
	size_t n = device_save(d->dev, NULL, 0), from, step = 1;
	u8 *state = xzalloc(n);
	struct err e = { 0 };

	start_picture(d);
	assert_int_equal(create(d, 2, 1, 64, 64), OK);
	assert_int_equal(send(d, UPDATE_CURSOR, 0, 30, 4, 0, 2, 3, 5, 0), OK);
	assert_int_equal(device_save(d->dev, state, n), n);
	from = n;
	for (size_t i = 0; i < from; i += step) {
		u8 was = state[i];

		step = i > 16 * 1024 ? 997 : 1; /* the backings are all alike */
		state[i] ^= (u8)(1 + i % 255);
		if (device_restore(d->dev, state, n, &e)) {
			struct eye eye;

			open_eye(d, &eye);
			for (u32 k = 0; k < 3; k++)
				look(&eye, k);
			close_eye(&eye);
		}
		state[i] = was;
	}
	assert_true(device_restore(d->dev, state, n, &e));
	free(state);
}

#define SETTINGS "scanouts=3 width=800 height=600 memory=64M"

#define T(name)                                                                                    \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		on_both(&device_virtio_gpu, SETTINGS, name);                                       \
		(void)state;                                                                       \
	}

#define TESTS                                                                                      \
	T(what_is_transferred_and_flushed_is_seen)                                                 \
	T(a_part_is_transferred_from_where_the_driver_says)                                        \
	T(a_backing_may_be_in_pieces)                                                              \
	T(a_scanout_shows_a_part_of_a_resource)                                                    \
	T(the_eight_formats_have_their_bytes_in_order)                                             \
	T(a_resource_that_is_gone_is_shown_no_more)                                                \
	T(without_backing_a_resource_keeps_what_it_has)                                            \
	T(backings_do_not_get_into_each_others_way)                                                \
	T(several_scanouts_show_what_they_are_told)                                                \
	T(a_fence_comes_back_with_the_response)                                                    \
	T(a_cursor_is_a_resource_at_a_place)                                                       \
	T(a_cursor_has_alpha_also_in_a_format_that_has_none)                                       \
	T(a_cursor_that_is_too_large_or_nowhere_is_refused)                                        \
	T(a_cursor_command_needs_no_room_for_a_response)                                           \
	T(the_board_says_what_monitors_prefer)                                                     \
	T(without_the_feature_there_is_no_edid)                                                    \
	T(another_window_is_an_event_until_it_is_cleared)                                          \
	T(sizes_and_formats_have_limits)                                                           \
	T(all_resources_together_have_a_limit)                                                     \
	T(rectangles_outside_are_refused)                                                          \
	T(a_transfer_beyond_the_backing_is_refused)                                                \
	T(a_backing_outside_of_ram_gives_nothing)                                                  \
	T(a_backing_has_as_many_entries_as_were_sent)                                              \
	T(commands_that_are_short_unknown_or_misplaced_are_errors)                                 \
	T(a_response_is_cut_where_its_room_ends)                                                   \
	T(a_large_transfer_lets_others_have_a_turn)                                                \
	T(a_reset_lets_go_of_all)                                                                  \
	T(a_restored_resource_is_what_its_backing_holds)                                           \
	T(a_snapshot_with_any_byte_changed_does_no_harm)

TESTS

#undef T
#define T(name) cmocka_unit_test(test_##name),

int main(void)
{
	const struct CMUnitTest tests[] = { TESTS };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
