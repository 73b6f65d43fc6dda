/* rfb_zrle.c - pictures for VNC clients that ask for fewer bytes: ZRLE
 *
 * Spec: RFC 6143 section 7.7.6.  A rectangle is cut into tiles of 64 x 64 pixels.  Each is one
 * color, or a palette with few bits a pixel, or runs of one color, or plain, whatever is least; all
 * go through one zlib stream, which lasts as long as the client.
 *
 * Not modeled: palettes of more than 16 colors, runs of palette entries.
 */
#include "rfb.h"

#include <stdlib.h>
#include <zlib.h>

#define TILE   64u
#define COLORS 16u /* of a palette */
#define PLAIN  0
#define ONE    1
#define RUNS   128

struct zrle {
	z_stream stream;
	struct str plain;
};

/* What a pixel is in here: without the byte that means nothing. */
struct cpixel {
	u32 bytes, drop; /* lowest bits that are left out */
	bool big_endian;
};

struct tile {
	u32 width, height;
	u32 pixels[TILE * TILE];
	u32 colors[COLORS + 1], ncolors; /* COLORS + 1: more than that */
	u32 run_bytes;                   /* as runs */
};

struct zrle *zrle_new(void)
{
	struct zrle *z = xzalloc(sizeof(*z));

	if (deflateInit(&z->stream, Z_BEST_SPEED) == Z_OK)
		return z;
	free(z);
	return NULL;
}

void zrle_free(struct zrle *z)
{
	if (!z)
		return;
	deflateEnd(&z->stream);
	str_free(&z->plain);
	free(z);
}

/* -- Pixels -------------------------------------------------------------------------------- */

static struct cpixel cpixel_of(const struct rfb_format *f)
{
	bool low = true, high = true;

	for (u32 i = 0; i < 3; i++) {
		low &= (u64)f->max[i] << f->shift[i] <= LOW_BITS(24);
		high &= f->shift[i] >= 8;
	}
	if (f->bytes != 4 || f->depth > 24 || !(low || high))
		return (struct cpixel){ f->bytes, 0, f->big_endian };
	return (struct cpixel){ 3, low ? 0 : 8, f->big_endian };
}

static void put_cpixel(const struct cpixel *c, u32 v, struct str *out)
{
	u8 bytes[4];

	v >>= c->drop;
	for (u32 i = 0; i < c->bytes; i++)
		bytes[c->big_endian ? c->bytes - 1 - i : i] = (u8)(v >> 8 * i);
	str_bytes(out, bytes, c->bytes);
}

/* -- Tiles --------------------------------------------------------------------------------- */

static u32 find_color(const struct tile *t, u32 v)
{
	u32 i = 0;

	while (i < t->ncolors && t->colors[i] != v)
		i++;
	return i;
}

static void add_color(struct tile *t, u32 v)
{
	u32 i = find_color(t, v);

	if (i == t->ncolors && i <= COLORS)
		t->colors[t->ncolors++] = v;
}

/* From `i` on. */
static u32 run_length(const struct tile *t, u32 i)
{
	u32 end = i;

	while (end < t->width * t->height && t->pixels[end] == t->pixels[i])
		end++;
	return end - i;
}

static void judge(struct tile *t, const struct cpixel *c)
{
	t->ncolors = t->run_bytes = 0;
	for (u32 i = 0, n; i < t->width * t->height; i += n) {
		n = run_length(t, i);
		t->run_bytes += c->bytes + (n - 1) / 255 + 1;
		add_color(t, t->pixels[i]);
	}
}

static u32 palette_bits(const struct tile *t)
{
	return t->ncolors <= 2 ? 1 : t->ncolors <= 4 ? 2 : 4;
}

static u32 palette_bytes(const struct tile *t, const struct cpixel *c)
{
	return t->ncolors * c->bytes + (t->width * palette_bits(t) + 7) / 8 * t->height;
}

static void put_byte(struct str *out, u32 v)
{
	const u8 byte = (u8)v;

	str_bytes(out, &byte, 1);
}

/* Each row begins with a byte of its own; the first pixel has the highest bits. */
static void put_palette(const struct tile *t, const struct cpixel *c, struct str *out)
{
	u32 bits = palette_bits(t);

	put_byte(out, t->ncolors);
	for (u32 i = 0; i < t->ncolors; i++)
		put_cpixel(c, t->colors[i], out);
	for (u32 y = 0; y < t->height; y++) {
		u32 byte = 0, left = 8;

		for (u32 x = 0; x < t->width; x++) {
			left -= bits;
			byte |= find_color(t, t->pixels[y * t->width + x]) << left;
			if (left && x + 1 < t->width)
				continue;
			put_byte(out, byte);
			byte = 0;
			left = 8;
		}
	}
}

/* A length is one more than the sum of bytes, of which all but the last are 255. */
static void put_runs(const struct tile *t, const struct cpixel *c, struct str *out)
{
	put_byte(out, RUNS);
	for (u32 i = 0, n; i < t->width * t->height; i += n) {
		n = run_length(t, i);
		put_cpixel(c, t->pixels[i], out);
		for (u32 left = n - 1;; left -= 255) {
			put_byte(out, MIN(left, 255));
			if (left < 255)
				break;
		}
	}
}

static void put_plain(const struct tile *t, const struct cpixel *c, struct str *out)
{
	put_byte(out, PLAIN);
	for (u32 i = 0; i < t->width * t->height; i++)
		put_cpixel(c, t->pixels[i], out);
}

static void put_tile(struct tile *t, const struct cpixel *c, struct str *out)
{
	u32 plain = t->width * t->height * c->bytes, palette;

	judge(t, c);
	palette = t->ncolors <= COLORS ? palette_bytes(t, c) : plain;
	if (t->ncolors == 1) {
		put_byte(out, ONE);
		put_cpixel(c, t->colors[0], out);
	} else if (palette < plain && palette <= t->run_bytes) {
		put_palette(t, c, out);
	} else if (t->run_bytes < plain) {
		put_runs(t, c, out);
	} else {
		put_plain(t, c, out);
	}
}

/* -- A rectangle ----------------------------------------------------------------------------- */

static void cut_tile(const struct rfb_format *f, const struct zrle_part *p, u32 x, u32 y,
		     struct tile *t)
{
	t->width = MIN(TILE, p->width - x);
	t->height = MIN(TILE, p->height - y);
	for (u32 row = 0; row < t->height; row++)
		for (u32 i = 0; i < t->width; i++)
			t->pixels[row * t->width + i] =
				rfb_pixel(f, p->pixels[(y + row) * p->stride + x + i]);
}

/* All that was put in comes out, so that the client can show it. */
static void squeeze(struct zrle *z, struct str *out)
{
	u8 bytes[4096];

	z->stream.next_in = (u8 *)z->plain.p;
	z->stream.avail_in = (uInt)z->plain.n;
	do {
		z->stream.next_out = bytes;
		z->stream.avail_out = sizeof(bytes);
		deflate(&z->stream, Z_SYNC_FLUSH);
		str_bytes(out, bytes, sizeof(bytes) - z->stream.avail_out);
	} while (!z->stream.avail_out);
}

void zrle_put(struct zrle *z, const struct rfb_format *f, const struct zrle_part *part,
	      struct str *out)
{
	const struct cpixel c = cpixel_of(f);
	size_t at = out->n;
	struct tile t;

	z->plain.n = 0;
	for (u32 y = 0; y < part->height; y += TILE)
		for (u32 x = 0; x < part->width; x += TILE) {
			cut_tile(f, part, x, y, &t);
			put_tile(&t, &c, &z->plain);
		}
	str_bytes(out, "\0\0\0\0", 4); /* the length, when it is known */
	squeeze(z, out);
	put_be32(out->p + at, (u32)(out->n - at - 4));
}
