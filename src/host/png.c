/* png.c - a surface as a PNG file: PNG, third edition (W3C), sections 5 and 11.
 *
 * 8-bit RGB, one IDAT chunk, each row filtered by the one above: screens repeat themselves.
 */
#include "internal.h"

#include <stdlib.h>
#include <zlib.h>

#define FILTER_UP 2

static void add_chunk(struct str *out, const char *type, const void *bytes, size_t n)
{
	u8 word[4];
	uLong sum = crc32(0, (const Bytef *)type, 4);

	put_be32(word, (u32)n);
	str_bytes(out, word, 4);
	str_bytes(out, type, 4);
	if (n)
		str_bytes(out, bytes, n);
	put_be32(word, (u32)(n ? crc32(sum, bytes, (uInt)n) : sum));
	str_bytes(out, word, 4);
}

/* Row by row: the filter's number, then red, green and blue. */
static u8 *filter(const struct surface *s, size_t *n)
{
	size_t row = 1 + 3 * (size_t)s->width;
	u8 *bytes = xzalloc(*n = row * s->height), *to = bytes;

	for (u32 y = 0; y < s->height; y++) {
		const u32 *at = s->pixels + (size_t)y * s->width;

		*to++ = FILTER_UP;
		for (u32 x = 0; x < s->width; x++)
			for (u32 shift = 24; shift; shift -= 8) {
				u32 above = y ? at[x - (size_t)s->width] >> (shift - 8) : 0;

				*to++ = (u8)((at[x] >> (shift - 8)) - above);
			}
	}
	return bytes;
}

bool host_png(const struct surface *s, struct str *out, struct err *e)
{
	static const u8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	u8 header[13] = { [8] = 8, [9] = 2 }; /* 8 bits, RGB */
	uLongf packed;
	size_t n;
	u8 *bytes = filter(s, &n), *to;
	int status;

	packed = compressBound(n);
	to = xzalloc(packed);
	status = compress2(to, &packed, bytes, n, Z_BEST_SPEED);
	put_be32(header, s->width);
	put_be32(header + 4, s->height);
	str_bytes(out, signature, sizeof(signature));
	add_chunk(out, "IHDR", header, sizeof(header));
	add_chunk(out, "IDAT", to, packed);
	add_chunk(out, "IEND", NULL, 0);
	free(bytes);
	free(to);
	return status == Z_OK || err_set(e, "zlib cannot pack the picture (%d)", status);
}

/* -- What a scanout shows now ------------------------------------------------------ */

static void ignore(void *ctx)
{
	(void)ctx;
}

bool host_screenshot(struct display *d, u32 scanout, struct str *png, struct err *e)
{
	struct viewer *v = xzalloc(sizeof(*v));
	struct cursor *c = xzalloc(sizeof(*c));
	struct surface s = { 0 };
	struct display_frame f;
	bool done;

	v->changed = ignore;
	display_watch(d, v);
	display_look(v, scanout, &s, &f);
	display_cursor(v, scanout, c);
	display_unwatch(v);
	surface_cursor(&s, c);
	done = s.width ? host_png(&s, png, e)
		       : err_set(e, "`%s` shows nothing now", display_name(d));
	surface_free(&s);
	free(c);
	free(v);
	return done;
}
