/* pixels.c - pixel formats as data, and the one place that converts them. */
#include "core.h"

#define P(id, text, bytes, rs, rw, gs, gw, bs, bw, as, aw)                                         \
	[PIXEL_##id] = { text, bytes, { rs, rw }, { gs, gw }, { bs, bw }, { as, aw } },
const struct pixel_layout pixel_layouts[PIXEL_FORMAT_COUNT] = { PIXEL_FORMATS(P) };
#undef P

#define P(id, text, ...) [PIXEL_##id] = text,
const char *const pixel_words[PIXEL_FORMAT_COUNT + 1] = { PIXEL_FORMATS(P) };
#undef P

/* -- Rectangles ------------------------------------------------------------------ */

struct rect rect_clip(struct rect r, u32 width, u32 height)
{
	if (r.x >= width || r.y >= height || rect_empty(r))
		return (struct rect){ 0, 0, 0, 0 };
	r.width = MIN(r.width, width - r.x);
	r.height = MIN(r.height, height - r.y);
	return r;
}

struct rect rect_join(struct rect a, struct rect b)
{
	u32 right = MAX(a.x + a.width, b.x + b.width), low = MAX(a.y + a.height, b.y + b.height);
	u32 x = MIN(a.x, b.x), y = MIN(a.y, b.y);

	if (rect_empty(a) || rect_empty(b))
		return rect_empty(a) ? b : a;
	return (struct rect){ x, y, right - x, low - y };
}

static u64 area(struct rect r)
{
	return (u64)r.width * r.height;
}

void rect_add(struct rect *list, u32 *n, struct rect r)
{
	for (u32 i = 0; i < *n; i++) {
		struct rect joined = rect_join(list[i], r);

		if (area(joined) <= area(list[i]) + area(r)) {
			list[i] = joined;
			return;
		}
	}
	if (*n == DISPLAY_RECTS)
		while (*n)
			r = rect_join(list[--*n], r);
	list[(*n)++] = r;
}

/* -- Conversion --------------------------------------------------------------------
 *
 * A live picture changes while it is read, as a screen does: torn, and never harmful.
 */

/* `width` bits to 8, so that all ones stay all ones; at least one bit. */
static u32 widen(u32 v, u32 width)
{
	u32 wide = 0;

	v &= (1u << width) - 1;
	for (i32 at = 8 - (i32)width; at > -(i32)width; at -= (i32)width)
		wide |= at >= 0 ? v << at : v >> -at;
	return wide;
}

static u32 convert(const struct pixel_layout *l, u32 v)
{
	u32 alpha = l->alpha.width ? widen(v >> l->alpha.shift, l->alpha.width) : 0xff;

	return alpha << 24 | widen(v >> l->red.shift, l->red.width) << 16 |
	       widen(v >> l->green.shift, l->green.width) << 8 |
	       widen(v >> l->blue.shift, l->blue.width);
}

NO_TSAN static void row_of_any(const struct pixel_layout *l, const u8 *from, u32 *to, u32 n)
{
	for (u32 i = 0; i < n; i++, from += l->bytes) {
		u32 v = 0;

		for (u32 k = 0; k < l->bytes; k++)
			v |= (u32)from[k] << 8 * k;
		to[i] = convert(l, v);
	}
}

/* 32 bits, 8 each: all that virtio-gpu has. */
NO_TSAN static void row_of_words(const struct pixel_layout *l, const u8 *from, u32 *to, u32 n)
{
	u32 red = l->red.shift, green = l->green.shift, blue = l->blue.shift;
	u32 alpha = l->alpha.shift, opaque = l->alpha.width ? 0 : 0xff;

	for (u32 i = 0; i < n; i++) {
		u32 v = get_le32(from + 4 * (size_t)i);

		to[i] = ((v >> alpha & 0xff) | opaque) << 24 | (v >> red & 0xff) << 16 |
			(v >> green & 0xff) << 8 | (v >> blue & 0xff);
	}
}

void picture_convert(const struct picture *p, struct rect r, u32 *to, u32 to_stride)
{
	const struct pixel_layout *l = &pixel_layouts[p->format];
	const u8 *from = p->pixels + (size_t)r.y * p->stride + (size_t)r.x * l->bytes;

	assert(range_inside(r.x, r.width, 0, p->width) &&
	       range_inside(r.y, r.height, 0, p->height));
	for (u32 y = 0; y < r.height; y++, from += p->stride, to += to_stride)
		if (l->bytes == 4)
			row_of_words(l, from, to, r.width);
		else
			row_of_any(l, from, to, r.width);
}
