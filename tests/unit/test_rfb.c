/* RFB, WebSocket, and the server that speaks both: rfb.c, websocket.c, rfb_server.c. */
#define DESK_MOST 1000u
#include "desk.h"
#include "patience.h"

#include "rfb.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#define WIDE 30u
#define HIGH 20u

/* -- What a client sees, and what becomes of what it says ------------------------------------- */

struct rig {
	struct desk *desk;
	struct rfb *rfb;
	struct host_view view;
	u32 woken;
	struct str out;
	/* what a client has made of it */
	u32 width, height, picture[DESK_MOST * DESK_MOST];
	u32 nrects, nsizes, cursor_bytes;
	struct inflater *inflater; /* for ZRLE; NULL: it has not come yet */
};

static void woken(void *ctx)
{
	((struct rig *)ctx)->woken++;
}

static struct bench *bench_of_rig(const struct rig *r)
{
	return bench_of(&r->desk->dev);
}

static void show(struct rig *r, u32 width, u32 height)
{
	desk_show(r->desk, width, height);
}

static void put(struct rig *r, u32 x, u32 y, u32 v)
{
	desk_put(r->desk, x, y, v);
}

static struct rig *make(u32 width, u32 height)
{
	struct rig *r = xzalloc(sizeof(*r));

	r->desk = desk_new(bench_new());
	show(r, width, height);
	r->view = (struct host_view){ .name = "display",
				      .title = "mine",
				      .displays = &r->desk->host,
				      .ndisplays = 1,
				      .input = bench_of_rig(r)->machine.input };
	r->rfb = rfb_new(&r->view, woken, r);
	return r;
}

/* -- ZRLE as a client reads it: RFC 6143 section 7.7.6 ------------------------------------------
 */

struct inflater {
	z_stream stream;
	u32 kinds[256]; /* how many tiles there were of each */
	u8 plain[8 * MIB];
	const u8 *at, *end;
};

static struct inflater *inflater_new(void)
{
	struct inflater *f = xzalloc(sizeof(*f));

	assert_int_equal(inflateInit(&f->stream), Z_OK);
	return f;
}

static void inflater_free(struct inflater *f)
{
	if (!f)
		return;
	inflateEnd(&f->stream);
	free(f);
}

static u32 take_byte(struct inflater *f)
{
	assert_true(f->at < f->end);
	return *f->at++;
}

/* The client wrote the format, so it knows what fits in three bytes. */
static u32 take_cpixel(struct inflater *f, const struct rfb_format *format, u32 bytes, u32 drop)
{
	u32 v = 0;

	for (u32 i = 0; i < bytes; i++)
		v |= take_byte(f) << 8 * (format->big_endian ? bytes - 1 - i : i);
	return v << drop;
}

struct cpixels {
	struct rfb_format format;
	u32 bytes, drop;
};

static void take_tile(struct inflater *f, const struct cpixels *c, u32 width, u32 height, u32 *tile)
{
	u32 kind = take_byte(f), n = width * height, colors[16], bits;

	f->kinds[kind]++;
	if (kind == 0) {
		for (u32 i = 0; i < n; i++)
			tile[i] = take_cpixel(f, &c->format, c->bytes, c->drop);
	} else if (kind <= 16) {
		for (u32 i = 0; i < kind; i++)
			colors[i] = take_cpixel(f, &c->format, c->bytes, c->drop);
		bits = kind == 1 ? 0 : kind == 2 ? 1 : kind <= 4 ? 2 : 4;
		for (u32 y = 0; y < height; y++)
			for (u32 x = 0, byte = 0, left = 0; x < width; x++) {
				if (bits && !left) {
					byte = take_byte(f);
					left = 8;
				}
				left -= bits;
				tile[y * width + x] = colors[byte >> left & ((1u << bits) - 1)];
			}
	} else {
		assert_int_equal(kind, 128);
		for (u32 i = 0; i < n;) {
			u32 v = take_cpixel(f, &c->format, c->bytes, c->drop), run = 1, more;

			do {
				more = take_byte(f);
				run += more;
			} while (more == 255);
			assert_true(i + run <= n);
			while (run--)
				tile[i++] = v;
		}
	}
}

/* Returns how many bytes of `p` there were. */
static size_t unzrle(struct inflater *f, const struct cpixels *c, const u8 *p, u32 width,
		     u32 height, u32 *to, size_t stride)
{
	u32 n = get_be32(p), tile[64 * 64];

	f->stream.next_in = (u8 *)(uintptr_t)p + 4;
	f->stream.avail_in = n;
	f->stream.next_out = f->plain;
	f->stream.avail_out = sizeof(f->plain);
	assert_int_equal(inflate(&f->stream, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(f->stream.avail_in, 0);
	f->at = f->plain;
	f->end = f->stream.next_out;
	for (u32 y = 0; y < height; y += 64)
		for (u32 x = 0; x < width; x += 64) {
			u32 w = MIN(64, width - x), h = MIN(64, height - y);

			take_tile(f, c, w, h, tile);
			for (u32 row = 0; row < h; row++)
				memcpy(to + (y + row) * stride + x, tile + (size_t)row * w, 4 * w);
		}
	assert_ptr_equal(f->at, f->end);
	return 4 + n;
}

static void end(struct rig *r)
{
	inflater_free(r->inflater);
	rfb_free(r->rfb);
	str_free(&r->out);
	bench_free(&r->desk->dev);
	free(r);
}

static bool say(struct rig *r, const void *bytes, size_t n)
{
	return rfb_take(r->rfb, bytes, n);
}

static const char *hear(struct rig *r)
{
	r->out.n = 0;
	rfb_answer(r->rfb, &r->out);
	return str_text(&r->out);
}

static void shake_hands(struct rig *r)
{
	const u8 *init;

	assert_memory_equal(hear(r), "RFB 003.008\n", 12);
	assert_true(say(r, "RFB 003.008\n", 12));
	assert_memory_equal(hear(r), "\1\1", 2);
	assert_true(say(r, "\1", 1));
	assert_memory_equal(hear(r), "\0\0\0\0", 4);
	assert_true(say(r, "\1", 1));
	init = (const u8 *)hear(r);
	assert_int_equal(r->out.n, 24 + 4);
	r->width = get_be16(init);
	r->height = get_be16(init + 2);
	assert_memory_equal(init + 4, "\40\30\0\1\0\377\0\377\0\377\20\10\0", 13);
	assert_memory_equal(init + 24, "mine", 4);
}

static bool want(struct rig *r, i32 encoding)
{
	u8 m[8] = { 2, 0, 0, 1 };

	put_be32(m + 4, (u32)encoding);
	return say(r, m, sizeof(m));
}

static void ask(struct rig *r, bool incremental)
{
	u8 m[10] = { 3, incremental };

	assert_true(say(r, m, sizeof(m)));
}

/* What a client makes of the next update; false: there is none. */
static bool update(struct rig *r)
{
	const u8 *p = (const u8 *)hear(r), *last = p + r->out.n;

	if (!r->out.n)
		return false;
	assert_int_equal(p[0], 0);
	r->nrects = get_be16(p + 2);
	p += 4;
	for (u32 i = 0; i < r->nrects; i++) {
		u32 x = get_be16(p), y = get_be16(p + 2), w = get_be16(p + 4), h = get_be16(p + 6);
		i32 encoding = (i32)get_be32(p + 8);

		p += 12;
		if (encoding == 0) {
			assert_true(x + w <= r->width && y + h <= r->height);
			if (r->desk->width) /* and nothing but what is shown */
				assert_true(x + w <= r->desk->width && y + h <= r->desk->height);
			for (u32 row = 0; row < h; row++, p += 4 * (size_t)w)
				memcpy(r->picture + (y + row) * r->width + x, p, 4 * (size_t)w);
		} else if (encoding == 16) {
			const struct cpixels native = { { .bytes = 4 }, 3, 0 };

			if (!r->inflater)
				r->inflater = inflater_new();
			p += unzrle(r->inflater, &native, p, w, h, r->picture + y * r->width + x,
				    r->width);
		} else if (encoding == -223 || encoding == -308) {
			r->width = w;
			r->height = h;
			r->nsizes++;
			p += encoding == -308 ? 20 : 0;
		} else if (encoding == -239) {
			r->cursor_bytes = 4 * w * h + (w + 7) / 8 * h;
			p += r->cursor_bytes;
		} else {
			assert_int_equal(encoding, -258);
		}
	}
	assert_ptr_equal(p, last);
	return true;
}

static void check_picture(const struct rig *r)
{
	for (u32 i = 0; i < r->width * r->height; i++)
		assert_int_equal(r->picture[i] & 0xffffff, r->desk->pixels[i] & 0xffffff);
}

/* -- Pictures ---------------------------------------------------------------------------------- */

static void a_client_is_told_size_and_name(void **state)
{
	struct rig *r = make(WIDE, HIGH);

	shake_hands(r);
	assert_int_equal(r->width, WIDE);
	assert_int_equal(r->height, HIGH);
	end(r);
	(void)state;
}

static void older_clients_are_served_too(void **state)
{
	struct rig *r = make(WIDE, HIGH);

	hear(r);
	assert_true(say(r, "RFB 003.003\n", 12));
	assert_memory_equal(hear(r), "\0\0\0\1", 4);
	assert_true(say(r, "\0", 1));
	hear(r);
	assert_int_equal(r->out.n, 28);
	end(r);
	r = make(WIDE, HIGH);
	hear(r);
	assert_true(say(r, "RFB 003.007\n", 12));
	assert_memory_equal(hear(r), "\1\1", 2);
	assert_true(say(r, "\1\0", 2)); /* and no word of whether that was right */
	hear(r);
	assert_int_equal(r->out.n, 28);
	end(r);
	(void)state;
}

static void an_update_comes_when_it_is_asked_for_and_there_is_one(void **state)
{
	struct rig *r = make(WIDE, HIGH);

	put(r, 3, 4, 0x123456);
	shake_hands(r);
	assert_false(update(r));
	ask(r, false);
	assert_true(update(r));
	check_picture(r);
	assert_false(update(r));
	ask(r, true);
	assert_false(update(r)); /* nothing new */
	r->woken = 0;
	put(r, 5, 6, 0xabcdef);
	assert_int_equal(r->woken, 1);
	assert_true(update(r));
	assert_int_equal(r->nrects, 1);
	assert_true(r->out.n < 40);
	check_picture(r);
	put(r, 5, 7, 1);
	assert_false(update(r));
	ask(r, false); /* all of it again */
	assert_true(update(r));
	assert_true(r->out.n > 4 * WIDE * HIGH);
	check_picture(r);
	end(r);
	(void)state;
}

static void a_large_picture_comes_in_parts(void **state)
{
	struct rig *r = make(DESK_MOST, DESK_MOST);
	u32 parts = 0;

	for (u32 i = 0; i < DESK_MOST * DESK_MOST; i++)
		r->desk->pixels[i] = i * 2654435761u;
	shake_hands(r);
	ask(r, false);
	while (update(r)) {
		assert_true(r->out.n < MIB + 8192); /* and a row */
		parts++;
		ask(r, true);
	}
	assert_true(parts >= 4);
	check_picture(r);
	end(r);
	(void)state;
}

/* A region of one color, one of few, one of runs, and one of noise. */
static u32 pattern(u32 i, u32 x, u32 y)
{
	switch (y / 200 % 4) {
	case 0:
		return 0x336699;
	case 1:
		return (x ^ y) % 3 ? 0xffffff : x % 5;
	case 2:
		return x / 40 * 0x1234567u + y;
	default:
		return i * 2654435761u;
	}
}

static void a_client_that_wants_fewer_bytes_sees_the_same(void **state)
{
	struct rig *r = make(DESK_MOST, DESK_MOST);
	size_t bytes = 0;

	for (u32 i = 0; i < DESK_MOST * DESK_MOST; i++)
		r->desk->pixels[i] = pattern(i, i % DESK_MOST, i / DESK_MOST);
	shake_hands(r);
	assert_true(want(r, 16));
	ask(r, false);
	while (update(r)) {
		bytes += r->out.n;
		ask(r, true);
	}
	check_picture(r);
	assert_true(bytes < 4 * DESK_MOST * DESK_MOST / 2);
	assert_true(r->inflater->kinds[0] && r->inflater->kinds[1] && r->inflater->kinds[128]);
	assert_true(r->inflater->kinds[6]); /* white and 0 to 4 */
	put(r, 500, 500, 0xabcdef);         /* the stream goes on */
	assert_true(update(r));
	check_picture(r);
	assert_true(want(r, 0)); /* raw for once, and back */
	put(r, 501, 500, 0x111111);
	ask(r, true);
	assert_true(update(r));
	assert_true(want(r, 16));
	put(r, 502, 500, 0x222222);
	ask(r, true);
	assert_true(update(r));
	check_picture(r);
	end(r);
	(void)state;
}

static void what_a_client_names_first_is_what_it_gets(void **state)
{
	static const u8 raw_first[] = { 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 16 };
	static const u8 raw_last[] = { 2, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 0 };
	struct rig *r = make(WIDE, HIGH);

	shake_hands(r);
	assert_true(say(r, raw_first, sizeof(raw_first)));
	ask(r, false);
	assert_true(update(r));
	assert_null(r->inflater);
	assert_true(say(r, raw_last, sizeof(raw_last)));
	ask(r, false);
	assert_true(update(r));
	assert_non_null(r->inflater);
	check_picture(r);
	end(r);
	(void)state;
}

/* Any part of any size, in any format: which bytes a pixel has follows from the format. */
static void fewer_bytes_are_right_in_every_format_and_size(void **state)
{
	static const struct cpixels all[] = {
		{ { 4, 24, false, { 255, 255, 255 }, { 16, 8, 0 } }, 3, 0 },
		{ { 4, 24, true, { 255, 255, 255 }, { 0, 8, 16 } }, 3, 0 },
		{ { 4, 24, false, { 255, 255, 255 }, { 24, 16, 8 } }, 3, 8 },
		{ { 4, 32, false, { 255, 255, 255 }, { 16, 8, 0 } }, 4, 0 },
		{ { 4, 24, false, { 255, 255, 255 }, { 24, 12, 0 } }, 4, 0 },
		{ { 2, 16, true, { 31, 63, 31 }, { 11, 5, 0 } }, 2, 0 },
		{ { 1, 8, false, { 7, 7, 3 }, { 0, 3, 6 } }, 1, 0 },
	};
	static u32 pixels[200 * 200], got[200 * 200];
	u32 x = 77;

	for (u32 k = 0; k < ARRAY_LEN(all); k++) {
		struct inflater *f = inflater_new();
		struct zrle *z = zrle_new();

		assert_non_null(z);
		for (u32 i = 0; i < 60; i++) {
			u32 w = 1 + xorshift(&x) % 200, h = 1 + xorshift(&x) % 200;
			u32 colors = 1 + xorshift(&x) % 20, runs = 1 + xorshift(&x) % 700, v = 0;
			struct str out = { 0 };

			for (u32 p = 0; p < w * h; p++) {
				if (p % runs == 0)
					v = xorshift(&x) % colors * 0x01357bdfu;
				pixels[p] = v;
			}
			zrle_put(z, &all[k].format, &(struct zrle_part){ pixels, w, w, h }, &out);
			assert_int_equal(unzrle(f, &all[k], (const u8 *)out.p, w, h, got, w),
					 out.n);
			for (u32 p = 0; p < w * h; p++)
				assert_int_equal(got[p], rfb_pixel(&all[k].format, pixels[p]));
			str_free(&out);
		}
		zrle_free(z);
		inflater_free(f);
	}
	(void)state;
}

static void a_client_chooses_its_pixels(void **state)
{
	static const u8 rgb565_be[] = { 0, 0,  0, 0,  16, 16, 1, 1, 0, 31,
					0, 63, 0, 31, 11, 5,  0, 0, 0, 0 };
	struct rig *r = make(1, 1);
	const u8 *p;

	r->desk->pixels[0] = 0xff8000;
	shake_hands(r);
	assert_true(say(r, rgb565_be, sizeof(rgb565_be)));
	ask(r, false);
	p = (const u8 *)hear(r);
	assert_int_equal(r->out.n, 4 + 12 + 2);
	assert_int_equal(get_be16(p + 16), 31 << 11 | 32 << 5);
	end(r);
	(void)state;
}

static void another_mode_is_told_to_those_who_want_to_know(void **state)
{
	static const i32 encodings[] = { -223, -308 };

	for (u32 i = 0; i < ARRAY_LEN(encodings); i++) {
		struct rig *r = make(WIDE, HIGH);

		shake_hands(r);
		assert_true(want(r, encodings[i]));
		ask(r, false);
		assert_true(update(r));
		r->nsizes = 0;
		show(r, 50, 40);
		put(r, 49, 39, 0x777777);
		ask(r, true);
		assert_true(update(r));
		assert_int_equal(r->nsizes, 1);
		assert_int_equal(r->width, 50);
		check_picture(r);
		end(r);
	}
	(void)state;
}

/* They see what fits in what they know, and nothing is read beyond the picture. */
static void others_see_what_fits(void **state)
{
	struct rig *r = make(WIDE, HIGH);

	shake_hands(r);
	ask(r, false);
	assert_true(update(r));
	show(r, 10, 500);
	ask(r, false);
	assert_true(update(r));
	ask(r, false); /* for as much as it knows, which is more than there is */
	assert_true(update(r));
	show(r, 500, 10);
	ask(r, false);
	assert_true(update(r));
	show(r, 0, 0);
	ask(r, false);
	assert_true(update(r));
	assert_int_equal(r->nsizes, 0);
	end(r);
	(void)state;
}

static void a_display_that_is_off_is_black(void **state)
{
	struct rig *r = make(0, 0);

	shake_hands(r);
	assert_int_equal(r->width, 640);
	memset(r->picture, 0xff, sizeof(r->picture));
	ask(r, false);
	assert_true(update(r));
	for (u32 i = 0; i < r->width * r->height; i++)
		assert_int_equal(r->picture[i], 0);
	end(r);
	(void)state;
}

static void a_cursor_comes_with_its_mask(void **state)
{
	static const u32 pixels[9] = { 0xff0000ff, 0, 0xff00ff00 };
	const struct picture p = { (const u8 *)pixels, 3, 3, 12, PIXEL_A8R8G8B8, false };
	struct rig *r = make(WIDE, HIGH);
	const u8 *said;

	shake_hands(r);
	assert_true(want(r, -239));
	ask(r, false);
	assert_true(update(r));
	ask(r, true);
	device_lock(&r->desk->dev);
	display_cursor_image(r->desk->host, 0, &p, 1, 2);
	device_unlock(&r->desk->dev);
	said = (const u8 *)hear(r);
	assert_int_equal(r->out.n, 4 + 12 + 36 + 3);
	assert_memory_equal(said + 4, "\0\1\0\2\0\3\0\3\377\377\377\21", 12);
	assert_int_equal(said[4 + 12 + 36], 0xa0);
	ask(r, true);
	device_lock(&r->desk->dev);
	display_cursor_move(r->desk->host, 0, 9, 9); /* the client moves it by itself */
	device_unlock(&r->desk->dev);
	assert_false(update(r));
	end(r);
	(void)state;
}

/* -- Keys, pointer, monitor
 * -------------------------------------------------------------------------- */

static void key(struct rig *r, u32 keysym, bool down)
{
	u8 m[8] = { 4, down };

	put_be32(m + 4, keysym);
	assert_true(say(r, m, sizeof(m)));
}

/* What has arrived since, as "30+ 30-": codes, down and up. */
static const char *typed(struct rig *r, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = 0;
	for (u32 i = 0; i < r->desk->n && n < cap; i++)
		n += (size_t)snprintf(buf + n, cap - n, "%s%u%c", i ? " " : "",
				      r->desk->seen[i].code, r->desk->seen[i].x ? '+' : '-');
	r->desk->n = 0;
	return buf;
}

static void a_character_is_the_key_that_types_it(void **state)
{
	struct rig *r = make(WIDE, HIGH);
	char buf[200];

	shake_hands(r);
	key(r, 'a', true);
	key(r, 'a', false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "30+ 30-");
	key(r, 0xff0d, true);
	key(r, 0xff0d, false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "28+ 28-");
	key(r, ' ', true);
	key(r, ' ', false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "57+ 57-");
	key(r, 0x20ac, true); /* no key types it */
	assert_string_equal(typed(r, buf, sizeof(buf)), "");
	end(r);
	(void)state;
}

static void shift_is_what_the_character_wants(void **state)
{
	struct rig *r = make(WIDE, HIGH);
	char buf[200];

	shake_hands(r);
	key(r, 0xffe1, true);
	key(r, 'A', true);
	key(r, 'A', false);
	key(r, 0xffe1, false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "42+ 30+ 30- 42-");
	key(r, 'A', true); /* a client that says nothing of shift */
	key(r, 'A', false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "42+ 30+ 42- 30-");
	key(r, 0xffe2, true); /* `/` where it is on 7, as in Germany */
	key(r, '/', true);
	key(r, '/', false);
	key(r, 0xffe2, false);
	assert_string_equal(typed(r, buf, sizeof(buf)), "54+ 54- 53+ 54+ 53- 54-");
	end(r);
	(void)state;
}

static void a_key_may_be_named_by_its_scan_code(void **state)
{
	static const u8 up[] = { 255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xc8 };
	static const u8 q[] = { 255, 0, 0, 0, 0, 0, 0, 'x', 0, 0, 0, 0x10 };
	struct rig *r = make(WIDE, HIGH);
	char buf[200];

	shake_hands(r);
	assert_true(want(r, -258));
	assert_true(say(r, up, sizeof(up)));
	assert_string_equal(typed(r, buf, sizeof(buf)), "103+"); /* 0xe048 */
	assert_true(say(r, q, sizeof(q)));
	assert_string_equal(typed(r, buf, sizeof(buf)), ""); /* it was not down */
	end(r);
	(void)state;
}

static void keys_of_a_client_that_goes_go_up(void **state)
{
	struct rig *r = make(WIDE, HIGH);
	char buf[200];

	shake_hands(r);
	key(r, 0xffe3, true);
	assert_string_equal(typed(r, buf, sizeof(buf)), "29+");
	rfb_free(r->rfb);
	r->rfb = NULL;
	assert_string_equal(typed(r, buf, sizeof(buf)), "29-");
	end(r);
	(void)state;
}

static void the_pointer_is_where_the_client_has_it(void **state)
{
	static const u8 press[] = { 5, 1, 0, 29, 0, 0 }, wheel[] = { 5, 9, 255, 255, 255, 255 };
	struct rig *r = make(WIDE, HIGH);
	const struct input_event *seen = r->desk->seen;

	shake_hands(r);
	assert_true(say(r, press, sizeof(press)));
	assert_int_equal(r->desk->n, 2);
	assert_int_equal(seen[0].kind, INPUT_PLACE);
	assert_int_equal((u64)seen[0].x * WIDE / (INPUT_MAX + 1), 29);
	assert_int_equal(seen[1].code, BTN_LEFT);
	assert_int_equal(seen[1].x, 1);
	r->desk->n = 0;
	assert_true(say(r, wheel, sizeof(wheel))); /* far outside: at the edge */
	assert_int_equal(seen[0].kind, INPUT_PLACE);
	assert_true(seen[0].y <= INPUT_MAX);
	assert_int_equal(seen[r->desk->n - 1].kind, INPUT_WHEEL);
	assert_int_equal(seen[r->desk->n - 1].y, 1);
	end(r);
	(void)state;
}

static void a_clients_window_becomes_the_monitor(void **state)
{
	u8 m[8 + 16] = { 251, 0, 1024 >> 8, 0, 768 >> 8, 0, 1 };
	struct rig *r = make(WIDE, HIGH);

	shake_hands(r);
	assert_true(want(r, -308));
	ask(r, true);
	update(r);
	assert_true(say(r, m, sizeof(m)));
	assert_int_equal(r->desk->monitor_width, 1024);
	assert_int_equal(r->desk->monitor_height, 768);
	put_be16(m + 2, 0);
	put_be16(m + 4, 65535);
	assert_true(say(r, m, sizeof(m)));
	assert_int_equal(r->desk->monitor_width, 64);
	assert_int_equal(r->desk->monitor_height, 4096);
	ask(r, true);
	assert_true(update(r)); /* an answer, though nothing has changed yet */
	end(r);
	(void)state;
}

/* -- Hostile clients
 * ---------------------------------------------------------------------------------- */

static void what_breaks_the_protocol_ends_it(void **state)
{
	static const u8 wrong[][20] = {
		{ 1 },                              /* no such message */
		{ 0, 0, 0, 0, 24, 24, 0, 1 },       /* 24 bits a pixel */
		{ 0, 0, 0, 0, 32, 24, 0, 0 },       /* colors by number */
		{ 0, 0, 0, 0, 32, 24, 0, 1, 1, 0 }, /* more than 8 bits of a color */
		{ 0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 40 }, /* shifted out */
		{ 255, 1 }, /* of QEMU, what we do not offer */
	};
	struct rig *r;

	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		r = make(WIDE, HIGH);
		shake_hands(r);
		assert_false(say(r, wrong[i], sizeof(wrong[i])));
		end(r);
	}
	r = make(WIDE, HIGH);
	assert_false(say(r, "GET / HTTP/1.1\r\n", 16));
	end(r);
	r = make(WIDE, HIGH);
	assert_true(say(r, "RFB 003.008\n", 12));
	assert_false(say(r, "\2", 1)); /* a security that was not offered */
	end(r);
	(void)state;
}

static void whatever_a_client_says_and_however_it_is_cut_does_no_harm(void **state)
{
	u32 seed = 5;

	for (u32 life = 0; life < 300; life++) {
		struct rig *r = make(WIDE, HIGH);
		bool good = true;

		shake_hands(r);
		for (u32 i = 0; i < 200 && good; i++) {
			static const u8 types[] = { 0, 2, 3, 3, 3, 4, 5, 6, 251, 255 };
			u8 bytes[24];
			size_t n = 1 + xorshift(&seed) % sizeof(bytes);

			for (size_t k = 0; k < n; k++)
				bytes[k] = (u8)(xorshift(&seed) % 5 ? 0 : xorshift(&seed));
			bytes[0] = types[xorshift(&seed) % sizeof(types)];
			good = say(r, bytes, n);
			if (i % 3 == 0)
				show(r, xorshift(&seed) % 64, xorshift(&seed) % 64);
			hear(r);
			assert_true(r->out.n < 2 * MIB);
		}
		end(r);
	}
	(void)state;
}

/* -- WebSocket
 * ------------------------------------------------------------------------------------------ */

static void the_handshake_is_that_of_the_rfc(void **state)
{
	char accept[29];

	websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); /* section 1.3 */
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	(void)state;
}

/* A frame of `n` bytes as a client sends it; returns how many that are. */
static size_t wrap(u8 *to, u8 first, const void *bytes, size_t n)
{
	static const u8 mask[4] = { 0x12, 0x34, 0x56, 0x78 };
	size_t at = 2;

	to[0] = first;
	to[1] = (u8)(0x80 | (n < 126 ? n : 126));
	if (n >= 126) {
		put_be16(to + 2, (u16)n);
		at = 4;
	}
	memcpy(to + at, mask, 4);
	for (size_t i = 0; i < n; i++)
		to[at + 4 + i] = ((const u8 *)bytes)[i] ^ mask[i % 4];
	return at + 4 + n;
}

static void frames_are_what_was_in_them_wherever_they_are_cut(void **state)
{
	u8 frames[700], text[300];
	size_t n = wrap(frames, 0x82, "hello", 5);

	for (u32 i = 0; i < sizeof(text); i++)
		text[i] = (u8)i;
	n += wrap(frames + n, 0x02, text, sizeof(text)); /* in two */
	n += wrap(frames + n, 0x89, "ping", 4);          /* with a ping between */
	n += wrap(frames + n, 0x80, "", 0);
	for (size_t cut = 1; cut < n; cut++) {
		struct websocket w = { .nhead = 0 };
		struct str said = { 0 }, out = { 0 };

		assert_true(websocket_take(&w, frames, cut, &said, &out));
		assert_true(websocket_take(&w, frames + cut, n - cut, &said, &out));
		assert_int_equal(said.n, 5 + sizeof(text));
		assert_memory_equal(said.p, "hello", 5);
		assert_memory_equal(said.p + 5, text, sizeof(text));
		assert_int_equal(out.n, 6);
		assert_memory_equal(out.p, "\212\4ping", 6);
		str_free(&said);
		str_free(&out);
	}
	(void)state;
}

static void frames_that_break_the_rules_end_it(void **state)
{
	static const u8 wrong[][16] = {
		{ 0x82, 5, 'h', 'e', 'l', 'l', 'o' }, /* not masked */
		{ 0x83, 0x80 },                       /* no such kind */
		{ 0x09, 0x80 },                       /* a ping in parts */
		{ 0x89, 0xfe, 1, 0 },                 /* a long one */
		{ 0x88, 0x80 },                       /* the end */
	};

	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		struct websocket w = { .nhead = 0 };
		struct str said = { 0 }, out = { 0 };

		assert_false(websocket_take(&w, wrong[i], sizeof(wrong[i]), &said, &out));
		assert_int_equal(said.n, 0);
		str_free(&said);
		str_free(&out);
	}
	(void)state;
}

static void a_frame_says_how_long_it_is(void **state)
{
	static const size_t sizes[] = { 0, 125, 126, 65535, 65536 };
	static const size_t heads[] = { 2, 2, 4, 4, 10 };
	u8 *bytes = xzalloc(65536);

	for (u32 i = 0; i < ARRAY_LEN(sizes); i++) {
		struct str out = { 0 };
		const u8 *p;

		websocket_wrap(bytes, sizes[i], &out);
		p = (const u8 *)out.p;
		assert_int_equal(out.n, heads[i] + sizes[i]);
		assert_int_equal(p[0], 0x82);
		assert_int_equal(heads[i] == 2   ? p[1]
				 : heads[i] == 4 ? get_be16(p + 2)
						 : get_be32(p + 6),
				 sizes[i]);
		str_free(&out);
	}
	free(bytes);
	(void)state;
}

/* -- The server
 * ------------------------------------------------------------------------------------------- */

struct service {
	struct rig *r;
	struct loop *l;
	struct host_viewer *v;
	u16 port;
	char secret[64];
	u64 end;
	u32 turns; /* of the loop */
};

static struct service *listening; /* for its log line */

static void on_log(void *ctx, enum log_level level, const char *line)
{
	const char *at = strstr(line, "127.0.0.1:"), *secret = strstr(line, "/#");

	(void)ctx, (void)level;
	if (!at)
		return;
	listening->port = (u16)strtoul(at + 10, NULL, 10);
	snprintf(listening->secret, sizeof(listening->secret), "%s", secret ? secret + 2 : "");
}

static void serve(struct service *s, bool web)
{
	struct err e = { 0 };

	memset(s, 0, sizeof(*s));
	s->r = make(WIDE, HIGH);
	s->l = loop_new(&e);
	s->r->view.listen =
		(struct forward){ .address = { 127, 0, 0, 1 }, .port = 5950, .or_next = true };
	listening = s;
	log_sink(on_log, NULL);
	s->v = web ? host_web(s->l, &s->r->view, &e) : host_vnc(s->l, &s->r->view, &e);
	if (!s->v)
		fail_msg("%s", e.text);
	log_sink(NULL, NULL);
	assert_true(s->port >= 5950);
}

static void stop(struct service *s)
{
	s->v->free(s->v);
	loop_free(s->l);
	end(s->r);
}

static int dial(const struct service *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(s->port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static u64 due(void *ctx)
{
	struct service *s = ctx;

	s->turns++;
	if (now_ns() >= s->end)
		loop_quit(s->l);
	s->v->due(s->v);
	return s->end;
}

static void turn(struct service *s, u64 ms)
{
	s->end = now_ns() + ms * 1000000;
	loop_run(s->l, due, s);
}

/* What comes, as soon as it has `least` bytes or the other end has closed. */
static size_t get(struct service *s, int fd, char *to, size_t cap, size_t least)
{
	u64 until = now_ns() + PATIENCE_NS;
	size_t n = 0;

	while (n < least && now_ns() < until) {
		ssize_t got = recv(fd, to + n, cap - 1 - n, 0);

		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
		if (got < 0)
			turn(s, 10);
	}
	to[n] = 0;
	return n;
}

static void request(struct service *s, const char *path, const char *host, const char *origin,
		    char *answer, size_t cap, size_t least)
{
	int fd = dial(s);
	char text[512];

	snprintf(text, sizeof(text),
		 "GET %s HTTP/1.1\r\nHost: %s:%u\r\n%s%s%sSec-WebSocket-Key: "
		 "dGhlIHNhbXBsZSBub25jZQ==\r\nUpgrade: websocket\r\n\r\n",
		 path, host, s->port, origin ? "Origin: " : "", origin ? origin : "",
		 origin ? "\r\n" : "");
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	get(s, fd, answer, cap, least);
	close(fd);
}

static void a_browser_gets_the_page(void **state)
{
	struct service s;
	char *answer = xzalloc(65536);

	serve(&s, true);
	request(&s, "/", "localhost", NULL, answer, 65536, 65535);
	assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(answer, "\r\n\r\n<!doctype html>"));
	assert_non_null(strstr(answer, "</html>\n"));
	assert_null(strstr(answer, s.secret)); /* it is in the address, and there only */
	request(&s, "/other", "localhost", NULL, answer, 65536, 65535);
	assert_memory_equal(answer, "HTTP/1.1 404", 12);
	free(answer);
	stop(&s);
	(void)state;
}

static void only_who_has_the_address_gets_in(void **state)
{
	struct service s;
	char answer[4096], path[64], origin[64];

	serve(&s, true);
	assert_int_equal(strlen(s.secret), 32);
	snprintf(path, sizeof(path), "/%s", s.secret);
	snprintf(origin, sizeof(origin), "http://127.0.0.1:%u", s.port);
	request(&s, path, "127.0.0.1", origin, answer, sizeof(answer), 129 + 2 + 12);
	assert_memory_equal(answer, "HTTP/1.1 101 ", 13);
	assert_non_null(strstr(answer, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\202\14RFB "
				       "003.008\n"));
	request(&s, path, "127.0.0.1", "http://elsewhere", answer, sizeof(answer), 4095);
	assert_memory_equal(answer, "HTTP/1.1 403", 12);
	request(&s, path, "elsewhere.example", NULL, answer, sizeof(answer), 4095);
	assert_memory_equal(answer, "HTTP/1.1 403", 12);
	path[5] = path[5] == '0' ? '1' : '0';
	request(&s, path, "127.0.0.1", origin, answer, sizeof(answer), 4095);
	assert_memory_equal(answer, "HTTP/1.1 404", 12);
	stop(&s);
	(void)state;
}

static void a_request_without_end_is_cut_off(void **state)
{
	struct service s;
	char many[8192], answer[16];
	int fd;

	serve(&s, true);
	fd = dial(&s);
	memset(many, 'a', sizeof(many));
	send(fd, many, sizeof(many), MSG_NOSIGNAL);
	assert_int_equal(get(&s, fd, answer, sizeof(answer), 1), 0);
	turn(&s, 20);
	assert_true(recv(fd, answer, 1, 0) <= 0);
	close(fd);
	stop(&s);
	(void)state;
}

static void a_vnc_client_sees_the_picture(void **state)
{
	static const u8 hello[] = "RFB 003.008\n\1\1\3\0\0\0\0\0\0\0\0";
	struct service s;
	char answer[8192];
	size_t before = 12 + 2 + 4 + 28, want_bytes = before + 4 + 12 + 4 * WIDE * HIGH;
	int fd;

	serve(&s, false);
	put(s.r, 0, 0, 0x00112233);
	fd = dial(&s);
	assert_int_equal(send(fd, hello, 12 + 1 + 1 + 10, 0), 24);
	assert_int_equal(get(&s, fd, answer, sizeof(answer), want_bytes), want_bytes);
	assert_memory_equal(answer + before + 16, "\x33\x22\x11", 3);
	close(fd);
	stop(&s);
	(void)state;
}

/* However many connect and say nothing, there is room for who speaks, and who speaks stays. */
static void silent_clients_keep_nobody_out(void **state)
{
	struct service s;
	char answer[64];
	int silent[40], first, last;

	serve(&s, false);
	first = dial(&s);
	send(first, "RFB 003.008\n", 12, 0);
	assert_int_equal(get(&s, first, answer, sizeof(answer), 14), 14);
	for (u32 i = 0; i < ARRAY_LEN(silent); i++) {
		silent[i] = dial(&s);
		turn(&s, 1);
	}
	last = dial(&s);
	send(last, "RFB 003.008\n", 12, 0);
	assert_int_equal(get(&s, last, answer, sizeof(answer), 14), 14);
	send(first, "\1", 1, 0);
	assert_int_equal(get(&s, first, answer, sizeof(answer), 4), 4);
	for (u32 i = 0; i < ARRAY_LEN(silent); i++)
		close(silent[i]);
	close(first);
	close(last);
	stop(&s);
	(void)state;
}

/* It asks for answers, and its socket and our memory for it are full of them. */
static void a_client_that_reads_nothing_does_not_keep_the_loop_busy(void **state)
{
	struct service s;
	char text[400], answer[256];
	u8 pings[4000];
	size_t n = 0;
	u32 full = 0;
	int fd;

	serve(&s, true);
	fd = dial(&s);
	snprintf(text, sizeof(text),
		 "GET /%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nSec-WebSocket-Key: "
		 "dGhlIHNhbXBsZSBub25jZQ==\r\nUpgrade: websocket\r\n\r\n",
		 s.secret, s.port);
	send(fd, text, strlen(text), 0);
	get(&s, fd, answer, sizeof(answer), 100);
	assert_non_null(strstr(answer, " 101 "));
	while (n + 140 < sizeof(pings))
		n += wrap(pings + n, 0x89, answer, 125);
	for (size_t sent = 0, of = 0; full < 10; of = (of + sent) % n) {
		ssize_t put = send(fd, pings + of, n - of, 0);

		sent = put > 0 ? (size_t)put : 0;
		full = put > 0 ? 0 : full + 1;
		if (put < 0)
			turn(&s, 10);
	}
	s.turns = 0;
	turn(&s, 100);
	assert_true(s.turns < 20);
	close(fd);
	stop(&s);
	(void)state;
}

static void a_port_in_use_is_said_or_the_next_one_is_taken(void **state)
{
	struct service s;
	struct host_viewer *v;
	struct host_view view;
	struct err e = { 0 };
	u16 port;

	serve(&s, false);
	view = s.r->view;
	port = s.port;
	view.listen = (struct forward){ .address = { 127, 0, 0, 1 }, .port = port };
	assert_null(host_vnc(s.l, &view, &e));
	assert_string_equal(e.code, "E0601");
	view.listen.or_next = true;
	log_sink(on_log, NULL);
	v = host_vnc(s.l, &view, &e);
	log_sink(NULL, NULL);
	assert_non_null(v);
	assert_true(s.port > port);
	v->free(v);
	stop(&s);
	(void)state;
}

static void a_socket_is_this_users_alone_and_goes_with_the_viewer(void **state)
{
	char folder[] = "/tmp/vmbuild-test.XXXXXX", answer[14];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct service s;
	struct host_view view;
	struct err e = { 0 };
	struct stat st;
	int fd;

	serve(&s, false);
	assert_non_null(mkdtemp(folder));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/vnc", folder);
	view = s.r->view;
	view.socket = a.sun_path;
	s.v->free(s.v);
	s.v = host_vnc(s.l, &view, &e);
	assert_non_null(s.v);
	assert_int_equal(stat(a.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(get(&s, fd, answer, sizeof(answer), 12), 12);
	assert_memory_equal(answer, "RFB 003.008\n", 12);
	close(fd);
	stop(&s);
	assert_int_equal(stat(a.sun_path, &st), -1);
	assert_int_equal(rmdir(folder), 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_told_size_and_name),
		cmocka_unit_test(older_clients_are_served_too),
		cmocka_unit_test(an_update_comes_when_it_is_asked_for_and_there_is_one),
		cmocka_unit_test(a_large_picture_comes_in_parts),
		cmocka_unit_test(a_client_that_wants_fewer_bytes_sees_the_same),
		cmocka_unit_test(what_a_client_names_first_is_what_it_gets),
		cmocka_unit_test(fewer_bytes_are_right_in_every_format_and_size),
		cmocka_unit_test(a_client_chooses_its_pixels),
		cmocka_unit_test(another_mode_is_told_to_those_who_want_to_know),
		cmocka_unit_test(others_see_what_fits),
		cmocka_unit_test(a_display_that_is_off_is_black),
		cmocka_unit_test(a_cursor_comes_with_its_mask),
		cmocka_unit_test(a_character_is_the_key_that_types_it),
		cmocka_unit_test(shift_is_what_the_character_wants),
		cmocka_unit_test(a_key_may_be_named_by_its_scan_code),
		cmocka_unit_test(keys_of_a_client_that_goes_go_up),
		cmocka_unit_test(the_pointer_is_where_the_client_has_it),
		cmocka_unit_test(a_clients_window_becomes_the_monitor),
		cmocka_unit_test(what_breaks_the_protocol_ends_it),
		cmocka_unit_test(whatever_a_client_says_and_however_it_is_cut_does_no_harm),
		cmocka_unit_test(the_handshake_is_that_of_the_rfc),
		cmocka_unit_test(frames_are_what_was_in_them_wherever_they_are_cut),
		cmocka_unit_test(frames_that_break_the_rules_end_it),
		cmocka_unit_test(a_frame_says_how_long_it_is),
		cmocka_unit_test(a_browser_gets_the_page),
		cmocka_unit_test(only_who_has_the_address_gets_in),
		cmocka_unit_test(a_request_without_end_is_cut_off),
		cmocka_unit_test(a_vnc_client_sees_the_picture),
		cmocka_unit_test(silent_clients_keep_nobody_out),
		cmocka_unit_test(a_client_that_reads_nothing_does_not_keep_the_loop_busy),
		cmocka_unit_test(a_port_in_use_is_said_or_the_next_one_is_taken),
		cmocka_unit_test(a_socket_is_this_users_alone_and_goes_with_the_viewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
