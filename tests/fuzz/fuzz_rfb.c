/* fuzz_rfb.c - any bytes as what a VNC client says, while the picture and its cursor change.
 *
 * Two clients are told the same, one of them byte by byte.  Whatever it is: they get the same
 * answers, a client that is served can take every update apart, and what it held is let go.
 */
#define DESK_MOST 80u
#include "desk.h"
#include "life.h"

#include "rfb.h"

/* WILD: what it has said is anything, so nobody knows what it gets. */
enum { SERVED, WILD, GONE };

struct rig {
	struct desk *desk;
	struct host_view view;
	struct rfb *whole, *cut;
	u32 state, bytes_a_pixel;
};

static void must(bool is)
{
	if (!is)
		abort();
}

static void woken(void *ctx)
{
	(void)ctx;
}

/* -- What is said to both ---------------------------------------------------------------- */

static void say(struct rig *r, const u8 *bytes, size_t n)
{
	bool good = true;

	if (r->state == GONE)
		return;
	for (size_t i = 0; i < n && good; i++)
		good = rfb_take(r->cut, bytes + i, 1);
	must(rfb_take(r->whole, bytes, n) == good);
	if (!good)
		r->state = GONE;
}

static void say_some(struct rig *r, struct input *in, u32 n)
{
	u8 bytes[256];

	for (u32 i = 0; i < n; i++)
		bytes[i] = (u8)take(in, 1);
	r->state = MAX(r->state, WILD);
	say(r, bytes, n);
}

static void shake_hands(struct rig *r, u32 how)
{
	u8 version[] = "RFB 003.008\n";

	version[10] = (u8) "8738"[how & 3];
	say(r, version, 12);
	if (version[10] != '3')
		say(r, (const u8 *)"\1", 1);
	say(r, (const u8 *)"\1", 1);
}

static void choose_pixels(struct rig *r, struct input *in)
{
	static const u8 formats[][17] = {
		{ 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0 },
		{ 16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0 },
		{ 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6 },
		{ 32, 24, 1, 1, 0, 255, 0, 255, 0, 255, 0, 8, 24 },
	};
	u32 which = take(in, 1) % ARRAY_LEN(formats);
	u8 m[20] = { 0 };

	memcpy(m + 4, formats[which], 16);
	say(r, m, sizeof(m));
	r->bytes_a_pixel = formats[which][0] / 8;
}

static void choose_encodings(struct rig *r, struct input *in)
{
	static const i32 known[] = { 0, -239, -223, -258, -308, 7, 16, -1 };
	u32 which = take(in, 1);
	u8 m[4 + 4 * 8] = { 2, 0, 0, 8 };

	for (u32 i = 0; i < 8; i++)
		put_be32(m + 4 + 4 * i, (u32)(which >> i & 1 ? known[i] : 0));
	say(r, m, sizeof(m));
}

static void act(struct rig *r, struct input *in)
{
	u8 m[12] = { 0 };
	u32 what = take(in, 1);

	m[1] = (u8)(what >> 4 & 1);
	switch (what % 8) {
	case 0:
	case 1:
		m[0] = 3;
		say(r, m, 10);
		break;
	case 2: /* a key, by its character or by its scan code */
		m[0] = 4;
		put_be32(m + 4, what & 0x80 ? 0xff00 + take(in, 1) : take(in, 1));
		say(r, m, 8);
		break;
	case 3:
		m[0] = 255;
		m[1] = 0;
		m[3] = (u8)(what >> 4 & 1);
		put_be32(m + 8, take(in, 1));
		say(r, m, 12);
		break;
	case 4:
		m[0] = 5;
		m[1] = (u8)take(in, 1);
		put_be32(m + 2, take(in, 4));
		say(r, m, 6);
		break;
	case 5:
		m[0] = 251;
		put_be32(m + 2, take(in, 4));
		say(r, m, 8);
		break;
	case 6:
		choose_pixels(r, in);
		break;
	default:
		choose_encodings(r, in);
	}
}

/* -- What comes ---------------------------------------------------------------------------- */

/* One rectangle of an update; where the next is. */
static const u8 *take_part(const struct rig *r, const u8 *p, const u8 *last)
{
	u32 w, h;
	i32 encoding;

	must(last - p >= 12);
	w = get_be16(p + 4);
	h = get_be16(p + 6);
	encoding = (i32)get_be32(p + 8);
	p += 12;
	if (encoding == 0)
		p += (size_t)w * h * r->bytes_a_pixel;
	else if (encoding == -239)
		p += (size_t)w * h * r->bytes_a_pixel + (size_t)(w + 7) / 8 * h;
	else if (encoding == -308)
		p += 20;
	else
		must(encoding == -223 || encoding == -258);
	must(p <= last);
	return p;
}

static void take_update(const struct rig *r, const struct str *said)
{
	const u8 *p = (const u8 *)said->p, *last = p + said->n;
	u32 n;

	if (!said->n)
		return;
	must(said->n >= 4 && p[0] == 0);
	n = get_be16(p + 2);
	for (p += 4; n; n--)
		p = take_part(r, p, last);
	must(p == last);
}

static void hear(struct rig *r, bool update)
{
	struct str whole = { 0 }, cut = { 0 };

	if (r->state == GONE)
		return;
	rfb_answer(r->whole, &whole);
	rfb_answer(r->cut, &cut);
	must(whole.n == cut.n && (!cut.n || !memcmp(whole.p, cut.p, cut.n)));
	if (update && r->state == SERVED)
		take_update(r, &whole);
	str_free(&whole);
	str_free(&cut);
}

/* -- What the guest shows -------------------------------------------------------------------- */

static void set_cursor(struct rig *r, u32 size)
{
	const struct picture p = {
		(const u8 *)r->desk->pixels, size, size, 4 * size, PIXEL_A8R8G8B8, false
	};

	device_lock(&r->desk->dev);
	display_cursor_image(r->desk->host, 0, size ? &p : NULL, size / 2, 0);
	device_unlock(&r->desk->dev);
}

static void draw(struct rig *r, struct input *in)
{
	u32 what = take(in, 1), x = take(in, 1), y = take(in, 1);

	if (what < 0x20)
		desk_show(r->desk, x % DESK_MOST, 1 + y % (DESK_MOST - 1));
	else if (what < 0x30)
		set_cursor(r, x % 65);
	else if (r->desk->width)
		desk_put(r->desk, x % r->desk->width, y % r->desk->height, what * 65793u);
}

static void step(struct rig *r, struct input *in)
{
	u32 what = take(in, 1);

	switch (what % 8) {
	case 0:
		if (what >= 0xf0)
			say_some(r, in, take(in, 1));
		break;
	case 1:
	case 2:
		draw(r, in);
		break;
	case 3:
	case 4:
		hear(r, true);
		break;
	default:
		act(r, in);
	}
}

static void check_keys_are_up(const struct rig *r)
{
	for (u32 i = 0; i < sizeof(r->desk->port.down); i++)
		must(!r->desk->port.down[i]);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct rig r = { .desk = desk_new(bench_new()), .bytes_a_pixel = 4 };
	u32 how = take(&in, 1);

	desk_show(r.desk, how & 8 ? 30 : 0, 20);
	r.view = (struct host_view){ .name = "display",
				     .title = "mine",
				     .displays = &r.desk->host,
				     .ndisplays = 1,
				     .input = bench_of(&r.desk->dev)->machine.input };
	r.whole = rfb_new(&r.view, woken, NULL);
	r.cut = rfb_new(&r.view, woken, NULL);
	if (how & 0xf0)
		shake_hands(&r, how);
	else
		say_some(&r, &in, take(&in, 1));
	hear(&r, false);
	for (u32 steps = 0; in.left && steps < 200; steps++)
		step(&r, &in);
	rfb_free(r.whole);
	rfb_free(r.cut);
	check_keys_are_up(&r);
	bench_free(&r.desk->dev);
	return 0;
}
