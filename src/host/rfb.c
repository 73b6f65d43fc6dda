/* rfb.c - the RFB protocol, 3.3 to 3.8 (RFC 6143), with one client.
 *
 * A client asks for an update; it gets one when there is something to see and all that was
 * sent before is on its way.  So a slow client gets fewer frames, nothing piles up, and
 * nobody waits for it.  Pixels are sent in the format that the client wants, raw or as ZRLE.  What
 * a client says is hostile: messages are taken apart byte by byte, and nothing of a size that it
 * names is kept.
 *
 * Beyond the RFC, as other servers have it: ExtendedDesktopSize, by which a client's window
 * becomes the guest's monitor, and QEMU's key events, which name keys instead of characters.
 *
 * Not modeled: other encodings, passwords, clipboards, more than the first scanout.
 */
#include "rfb.h"

#include <stdlib.h>

#define EMPTY_WIDTH  640u /* what a scanout that is off looks like */
#define EMPTY_HEIGHT 400u
#define UPDATE_BYTES MIB         /* of an update, about; the rest comes with the next one */
#define ZRLE_BYTES   (256 * KIB) /* the same before they become fewer, which takes its time */

enum state {
	/* what is read next      bytes */
	READ_VERSION,  /* 12 */
	READ_SECURITY, /* 1 */
	READ_INIT,     /* 1 */
	READ_TYPE,     /* 1: of a message */
	READ_MESSAGE,  /* what its type has */
	READ_ENCODING, /* 4, `left` times */
	READ_LAYOUT,   /* 16, `left` times */
	READ_TEXT,     /* 1, `left` times: not kept */
};

/* RFC 6143 section 7.5 */
enum {
	SET_PIXEL_FORMAT = 0,
	SET_ENCODINGS = 2,
	UPDATE_REQUEST = 3,
	KEY_EVENT = 4,
	POINTER_EVENT = 5,
	CLIENT_CUT_TEXT = 6,
	SET_DESKTOP_SIZE = 251,
	QEMU = 255,
};

#define ENCODING_RAW       0
#define ENCODING_ZRLE      16
#define ENCODING_CURSOR    (-239)
#define ENCODING_SIZE      (-223)
#define ENCODING_QEMU_KEYS (-258)
#define ENCODING_EXTENDED  (-308)

struct rfb {
	struct viewer viewer;
	struct surface surface;
	struct cursor cursor;
	struct input *machine;
	struct input_source *input;
	char name[64];
	void (*woken)(void *ctx);
	void *ctx;

	enum state state;
	u32 need, have, left;
	u8 in[20];
	u32 version;        /* 3, 7 or 8 */
	struct str pending; /* answers of the handshake */

	struct rfb_format format;
	bool has_cursor, has_size, has_extended, has_keys;
	bool has_raw, has_zrle; /* the first of the two that it names is what it gets */
	struct zrle *zrle;
	u32 width, height; /* as the client knows */
	bool asked;        /* for an update */
	bool tell_size;    /* although it may be the same */
	u32 size_reason;   /* 1: a client wanted it */
	bool tell_cursor, tell_keys;
	struct rect damage[DISPLAY_RECTS];
	u32 ndamage;

	u32 buttons;
	bool shifts[2]; /* left and right, as the client has them */
};

/* -- Life ---------------------------------------------------------------------------------- */

static void read_next(struct rfb *r, enum state state, u32 need)
{
	r->state = state;
	r->need = need;
	r->have = 0;
}

static void on_changed(void *ctx)
{
	struct rfb *r = ctx;

	r->woken(r->ctx);
}

struct rfb *rfb_new(const struct host_view *view, void (*woken)(void *ctx), void *ctx)
{
	struct rfb *r = xzalloc(sizeof(*r));

	snprintf(r->name, sizeof(r->name), "%s", view->title);
	r->woken = woken;
	r->ctx = ctx;
	r->machine = view->input;
	r->input = input_source_new(view->input);
	r->width = EMPTY_WIDTH;
	r->height = EMPTY_HEIGHT;
	r->format = (struct rfb_format){
		.bytes = 4, .depth = 24, .max = { 255, 255, 255 }, .shift = { 16, 8, 0 }
	};
	str_bytes(&r->pending, "RFB 003.008\n", 12);
	read_next(r, READ_VERSION, 12);
	r->viewer.changed = on_changed;
	r->viewer.ctx = r;
	display_watch(view->displays[0], &r->viewer);
	return r;
}

void rfb_free(struct rfb *r)
{
	if (!r)
		return;
	display_unwatch(&r->viewer);
	input_source_free(r->input);
	surface_free(&r->surface);
	str_free(&r->pending);
	zrle_free(r->zrle);
	free(r);
}

/* -- What is to be told ------------------------------------------------------------------------ */

static void damage(struct rfb *r, struct rect part)
{
	rect_add(r->damage, &r->ndamage, part);
}

static u32 shown_width(const struct rfb *r)
{
	return r->surface.width ? r->surface.width : EMPTY_WIDTH;
}

static u32 shown_height(const struct rfb *r)
{
	return r->surface.height ? r->surface.height : EMPTY_HEIGHT;
}

static void damage_all(struct rfb *r)
{
	r->ndamage = 0;
	damage(r, (struct rect){ 0, 0, shown_width(r), shown_height(r) });
}

/* Brings the copy up to date; true: it has to be asked again. */
static bool look(struct rfb *r)
{
	struct display_frame f;
	u32 image = r->cursor.image;
	bool visible = r->cursor.visible;

	display_look(&r->viewer, 0, &r->surface, &f);
	for (u32 i = 0; i < f.ndamage; i++)
		damage(r, f.damage[i]);
	if (f.resized)
		damage_all(r);
	if (f.cursor) {
		display_cursor(&r->viewer, 0, &r->cursor);
		r->tell_cursor |= image != r->cursor.image || visible != r->cursor.visible;
	}
	return f.live;
}

static void put_rect(struct str *out, struct rect part, i32 encoding)
{
	u8 head[12];

	put_be16(head, (u16)part.x);
	put_be16(head + 2, (u16)part.y);
	put_be16(head + 4, (u16)part.width);
	put_be16(head + 6, (u16)part.height);
	put_be32(head + 8, (u32)encoding);
	str_bytes(out, head, sizeof(head));
}

static bool is_native(const struct rfb_format *f)
{
	return f->bytes == 4 && !f->big_endian && f->shift[0] == 16 && f->shift[1] == 8 &&
	       f->shift[2] == 0 && f->max[0] == 255 && f->max[1] == 255 && f->max[2] == 255;
}

u32 rfb_pixel(const struct rfb_format *f, u32 pixel)
{
	u32 v = 0;

	if (is_native(f))
		return pixel & 0xffffff;
	for (u32 i = 0; i < 3; i++)
		v |= ((pixel >> (16 - 8 * i) & 0xff) * f->max[i] + 127) / 255 << f->shift[i];
	return v;
}

static void put_pixel(const struct rfb *r, u32 pixel, u8 *to)
{
	const struct rfb_format *f = &r->format;
	u32 v = rfb_pixel(f, pixel);

	for (u32 i = 0; i < f->bytes; i++)
		to[f->big_endian ? f->bytes - 1 - i : i] = (u8)(v >> 8 * i);
}

static void put_pixels(const struct rfb *r, const u32 *pixels, u32 n, struct str *out)
{
	u8 bytes[256 * 4];

	if (is_native(&r->format)) {
		str_bytes(out, pixels, (size_t)n * 4);
		return;
	}
	while (n) {
		u32 part = MIN(n, 256);

		for (u32 i = 0; i < part; i++)
			put_pixel(r, pixels[i], bytes + (size_t)i * r->format.bytes);
		str_bytes(out, bytes, (size_t)part * r->format.bytes);
		pixels += part;
		n -= part;
	}
}

/* The stream lasts, also while the client wants it otherwise. */
static struct zrle *squeezer(struct rfb *r)
{
	if (r->has_zrle && !r->zrle)
		r->zrle = zrle_new();
	return r->has_zrle ? r->zrle : NULL;
}

static void put_picture(const struct rfb *r, struct rect part, struct zrle *z, struct str *out)
{
	static const u32 black[EMPTY_WIDTH];
	const struct surface *s = &r->surface;
	size_t stride = s->width;
	const u32 *pixels = s->width ? s->pixels + part.y * stride + part.x : black;

	put_rect(out, part, z ? ENCODING_ZRLE : ENCODING_RAW);
	if (z)
		zrle_put(z, &r->format,
			 &(struct zrle_part){ pixels, stride, part.width, part.height }, out);
	for (u32 y = 0; y < part.height && !z; y++)
		put_pixels(r, pixels + y * stride, part.width, out);
}

/* One that is not there has no pixels. */
static void put_cursor(const struct rfb *r, struct str *out)
{
	const struct cursor *c = &r->cursor;
	u32 width = c->visible ? c->width : 0, height = c->visible ? c->height : 0;

	put_rect(out, (struct rect){ c->hot_x, c->hot_y, width, height }, ENCODING_CURSOR);
	put_pixels(r, c->pixels, width * height, out);
	for (u32 y = 0; y < height; y++)
		for (u32 x = 0; x < width; x += 8) {
			u8 mask = 0;

			for (u32 i = 0; i < 8 && x + i < width; i++)
				if (c->pixels[y * width + x + i] >> 31)
					mask |= (u8)(0x80 >> i);
			str_bytes(out, &mask, 1);
		}
}

/* One screen, as large as all of it. */
static void put_size(struct rfb *r, struct str *out)
{
	u8 screens[4 + 16] = { 1 };

	if (!r->has_extended) {
		put_rect(out, (struct rect){ 0, 0, r->width, r->height }, ENCODING_SIZE);
		return;
	}
	put_rect(out, (struct rect){ r->size_reason, 0, r->width, r->height }, ENCODING_EXTENDED);
	r->size_reason = 0;
	put_be16(screens + 12, (u16)r->width);
	put_be16(screens + 14, (u16)r->height);
	str_bytes(out, screens, sizeof(screens));
}

/* The next rectangle, cut to what the client knows and to what goes at once. */
static bool next_part(struct rfb *r, u64 room, struct rect *part)
{
	while (r->ndamage) {
		struct rect *last = &r->damage[r->ndamage - 1];
		struct rect whole = rect_clip(*last, MIN(r->width, shown_width(r)),
					      MIN(r->height, shown_height(r)));
		u64 rows = rect_empty(whole) ? 0 : MAX(room / (whole.width * r->format.bytes), 1);

		if (!rows) {
			r->ndamage--;
			continue;
		}
		*part = whole;
		part->height = (u32)MIN(whole.height, rows);
		*last = (struct rect){ whole.x, whole.y + part->height, whole.width,
				       whole.height - part->height };
		return true;
	}
	return false;
}

/* The number of rectangles stands before them: it is put in at the end. */
static void put_update(struct rfb *r, struct str *out)
{
	u8 head[4] = { 0 };
	struct zrle *z = squeezer(r);
	u64 room = z ? ZRLE_BYTES : UPDATE_BYTES;
	size_t at = out->n;
	u32 n = 0;
	struct rect part;

	str_bytes(out, head, sizeof(head));
	if (r->tell_size) {
		put_size(r, out);
		n++;
	}
	if (r->tell_keys) {
		put_rect(out, (struct rect){ 0, 0, 0, 0 }, ENCODING_QEMU_KEYS);
		n++;
	}
	if (r->tell_cursor && r->has_cursor) {
		put_cursor(r, out);
		n++;
	}
	while (room && next_part(r, room, &part)) {
		put_picture(r, part, z, out);
		room -= MIN(room, (u64)part.width * part.height * r->format.bytes);
		n++;
	}
	put_be16(out->p + at + 2, (u16)n);
	if (!n)
		out->n = at;
	r->asked = !n;
	r->tell_size = r->tell_keys = r->tell_cursor = false;
}

static void find_size(struct rfb *r)
{
	u32 width = shown_width(r), height = shown_height(r);

	if ((width == r->width && height == r->height) || !(r->has_size || r->has_extended))
		return;
	r->width = width;
	r->height = height;
	r->tell_size = true;
	damage_all(r);
}

bool rfb_answer(struct rfb *r, struct str *out)
{
	bool again;

	str_bytes(out, r->pending.p, r->pending.n);
	str_free(&r->pending);
	if (!r->asked || r->state < READ_TYPE)
		return false;
	again = look(r);
	find_size(r);
	put_update(r, out);
	return again && r->asked;
}

/* -- Keys and pointer
 * -------------------------------------------------------------------------------- */

static void press(struct rfb *r, u32 code, bool down)
{
	if (code == KEY_LEFTSHIFT)
		r->shifts[0] = down;
	if (code == KEY_RIGHTSHIFT)
		r->shifts[1] = down;
	if (code)
		input_key(r->input, code, down);
}

static void set_shifts(struct rfb *r, bool left, bool right)
{
	input_key(r->input, KEY_LEFTSHIFT, left);
	input_key(r->input, KEY_RIGHTSHIFT, right);
}

static bool is_letter(u32 keysym)
{
	return (keysym | 0x20) >= 'a' && (keysym | 0x20) <= 'z';
}

/* The character is what counts, on whatever keyboard it was typed: if it is not the one that
 * the guest would make of the key, shift is another for that moment. */
static void press_character(struct rfb *r, const struct input_key *k, u32 keysym)
{
	bool caps = is_letter(keysym) && input_leds(r->machine) & 2;
	bool shifted = k->plain != k->shifted && keysym == (u8)k->shifted;
	bool right = (shifted != caps) == (r->shifts[0] || r->shifts[1]);

	if (!right)
		set_shifts(r, shifted != caps, false);
	press(r, k->code, true);
	if (!right)
		set_shifts(r, r->shifts[0], r->shifts[1]);
}

static void press_keysym(struct rfb *r, u32 keysym, bool down)
{
	for (const struct input_key *k = input_keys; k->name; k++) {
		bool types = keysym > ' ' && keysym < 0x7f &&
			     (keysym == (u8)k->plain || keysym == (u8)k->shifted);

		if (types && down) {
			press_character(r, k, keysym);
			return;
		}
		if (types || (keysym == ' ' && k->code == KEY_SPACE) ||
		    (k->keysym && k->keysym == keysym)) {
			press(r, k->code, down);
			return;
		}
	}
}

static u32 code_of_xt(u32 xt)
{
	if (xt & 0x80 && xt < 0x100) /* as QEMU writes the prefix */
		xt = 0xe000 | (xt & 0x7f);
	for (const struct input_key *k = input_keys; xt && k->name; k++)
		if (k->xt == xt)
			return k->code;
	return 0;
}

static void take_pointer(struct rfb *r)
{
	static const u32 codes[] = { BTN_LEFT, BTN_MIDDLE, BTN_RIGHT };
	static const i32 wheel[][2] = { { 0, 1 }, { 0, -1 }, { -1, 0 }, { 1, 0 } };
	u32 buttons = r->in[0], changed = buttons ^ r->buttons;
	u32 x = get_be16(r->in + 1), y = get_be16(r->in + 3);

	r->buttons = buttons;
	input_place(r->input, MIN(x, r->width - 1), MIN(y, r->height - 1), r->width, r->height);
	for (u32 i = 0; i < ARRAY_LEN(codes); i++)
		if (changed >> i & 1)
			input_key(r->input, codes[i], buttons >> i & 1);
	for (u32 i = 0; i < ARRAY_LEN(wheel); i++)
		if (changed & buttons & 8u << i)
			input_wheel(r->input, wheel[i][0], wheel[i][1]);
}

/* -- Messages
 * ------------------------------------------------------------------------------------------- */

/* Section 7.4.  False: not one that we can make. */
static bool take_format(struct rfb *r)
{
	const u8 *p = r->in + 3;
	struct rfb_format f = { .bytes = p[0] / 8, .depth = p[1], .big_endian = p[2] };

	if ((p[0] != 8 && p[0] != 16 && p[0] != 32) || !p[3])
		return false; /* colors by number: nobody asks for them any more */
	for (u32 i = 0; i < 3; i++) {
		f.max[i] = get_be16(p + 4 + 2 * i);
		f.shift[i] = p[10 + i];
		if (f.max[i] > 255 || f.shift[i] > 24)
			return false;
	}
	r->format = f;
	damage_all(r);
	return true;
}

static void take_encoding(struct rfb *r, i32 encoding)
{
	switch (encoding) {
	case ENCODING_RAW:
		r->has_raw = true;
		break;
	case ENCODING_ZRLE:
		r->has_zrle |= !r->has_raw;
		break;
	case ENCODING_CURSOR:
		r->tell_cursor |= !r->has_cursor;
		r->has_cursor = true;
		break;
	case ENCODING_SIZE:
		r->has_size = true;
		break;
	case ENCODING_EXTENDED:
		r->tell_size |= !r->has_extended;
		r->has_extended = true;
		break;
	case ENCODING_QEMU_KEYS:
		r->tell_keys |= !r->has_keys;
		r->has_keys = true;
		break;
	default:
		break;
	}
}

/* All of it, or what has changed: which of the two is all that counts of the request. */
static void take_request(struct rfb *r)
{
	r->asked = true;
	if (!r->in[0])
		damage(r, (struct rect){ 0, 0, r->width, r->height });
}

/* The guest decides whether it becomes so; reason 1 is "a client asked". */
static void take_size(struct rfb *r)
{
	u32 width = get_be16(r->in + 1), height = get_be16(r->in + 3);

	display_monitor(r->viewer.display, 0, MIN(MAX(width, 64), DISPLAY_MOST),
			MIN(MAX(height, 64), DISPLAY_MOST));
	r->size_reason = 1;
	r->tell_size = r->has_extended;
}

/* Bytes after the type; 0: there is no such message. */
static u32 message_bytes(u32 type)
{
	switch (type) {
	case SET_PIXEL_FORMAT:
		return 19;
	case SET_ENCODINGS:
		return 3;
	case UPDATE_REQUEST:
		return 9;
	case KEY_EVENT:
	case CLIENT_CUT_TEXT:
	case SET_DESKTOP_SIZE:
		return 7;
	case POINTER_EVENT:
		return 5;
	case QEMU:
		return 11;
	default:
		return 0;
	}
}

/* A list follows, or the next message. */
static void read_list(struct rfb *r, enum state state, u32 size, u32 n)
{
	r->left = n;
	if (n)
		read_next(r, state, size);
	else
		read_next(r, READ_TYPE, 1);
}

static bool take_message(struct rfb *r, u32 type)
{
	read_next(r, READ_TYPE, 1);
	switch (type) {
	case SET_PIXEL_FORMAT:
		return take_format(r);
	case SET_ENCODINGS:
		r->has_raw = r->has_zrle = false;
		read_list(r, READ_ENCODING, 4, get_be16(r->in + 1));
		return true;
	case UPDATE_REQUEST:
		take_request(r);
		return true;
	case KEY_EVENT:
		press_keysym(r, get_be32(r->in + 3), r->in[0]);
		return true;
	case POINTER_EVENT:
		take_pointer(r);
		return true;
	case CLIENT_CUT_TEXT:
		read_list(r, READ_TEXT, 1, get_be32(r->in + 3));
		return true;
	case SET_DESKTOP_SIZE:
		take_size(r);
		read_list(r, READ_LAYOUT, 16, r->in[5]);
		return true;
	default: /* QEMU: key events are all that we offer of it */
		press(r, code_of_xt(get_be32(r->in + 7)), get_be16(r->in + 1));
		return !r->in[0];
	}
}

/* -- The handshake (section 7.1)
 * -------------------------------------------------------------------------- */

static void put_init(struct rfb *r)
{
	u8 init[24] = { 0 };

	look(r);
	r->width = shown_width(r);
	r->height = shown_height(r);
	put_be16(init, (u16)r->width);
	put_be16(init + 2, (u16)r->height);
	init[4] = 32; /* bits */
	init[5] = 24; /* of them in use */
	init[7] = 1;  /* true color */
	for (u32 i = 0; i < 3; i++) {
		put_be16(init + 8 + 2 * i, 255);
		init[14 + i] = (u8)(16 - 8 * i);
	}
	put_be32(init + 20, (u32)strlen(r->name));
	str_bytes(&r->pending, init, sizeof(init));
	str_bytes(&r->pending, r->name, strlen(r->name));
}

/* 3.3 is told what the security is; later ones choose. */
static bool take_version(struct rfb *r)
{
	static const u8 none_of_3[4] = { 0, 0, 0, 1 }, none[2] = { 1, 1 };

	if (memcmp(r->in, "RFB 003.00", 10) != 0 || r->in[11] != '\n')
		return false;
	r->version = r->in[10] == '8' ? 8 : r->in[10] == '7' ? 7 : 3;
	if (r->version == 3) {
		str_bytes(&r->pending, none_of_3, sizeof(none_of_3));
		read_next(r, READ_INIT, 1);
	} else {
		str_bytes(&r->pending, none, sizeof(none));
		read_next(r, READ_SECURITY, 1);
	}
	return true;
}

static bool take_security(struct rfb *r)
{
	static const u8 good[4] = { 0 };

	if (r->in[0] != 1)
		return false;
	if (r->version == 8)
		str_bytes(&r->pending, good, sizeof(good));
	read_next(r, READ_INIT, 1);
	return true;
}

/* What the state wants is there. */
static bool take_step(struct rfb *r)
{
	switch (r->state) {
	case READ_VERSION:
		return take_version(r);
	case READ_SECURITY:
		return take_security(r);
	case READ_INIT:
		put_init(r);
		read_next(r, READ_TYPE, 1);
		return true;
	case READ_TYPE:
		r->left = r->in[0];
		read_next(r, READ_MESSAGE, message_bytes(r->left));
		return r->need;
	case READ_MESSAGE:
		return take_message(r, r->left);
	case READ_ENCODING:
		take_encoding(r, (i32)get_be32(r->in));
		break;
	case READ_LAYOUT:
	case READ_TEXT:
		break;
	}
	read_list(r, r->state, r->need, r->left - 1);
	return true;
}

bool rfb_take(struct rfb *r, const u8 *bytes, size_t n)
{
	while (n) {
		u32 part = (u32)MIN(n, r->need - r->have);

		memcpy(r->in + r->have, bytes, part);
		r->have += part;
		bytes += part;
		n -= part;
		if (r->have == r->need && !take_step(r))
			return false;
	}
	return true;
}
