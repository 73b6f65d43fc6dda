/* display.c - scanouts between a display device and those who look at it.
 *
 * All of it is guarded by the device's lock.  A viewer allocates its surface without it, from
 * a size that was read under it, and looks again whether that is still the size.
 */
#include "core.h"

#include <stdlib.h>

#define TILE  64u
#define TILES (DISPLAY_MOST / TILE)

struct scanout {
	struct picture picture;
	struct cursor cursor;
	u64 *tiles; /* hashes of a live picture; NULL: there was none yet */
};

struct display {
	struct device *dev;
	struct viewer *viewers;
	u32 nscanouts;
	struct scanout scanouts[DISPLAY_SCANOUTS];
};

struct display *display_attach(struct device *dev)
{
	struct display *d = device_alloc(dev, sizeof(*d));

	d->dev = dev;
	d->nscanouts = 1;
	return d;
}

/* -- Damage ------------------------------------------------------------------------ */

static void tell(struct viewer *v)
{
	if (v->told)
		return;
	v->told = true;
	v->changed(v->ctx);
}

static void damage_all(struct display *d, u32 i, struct rect r)
{
	for (struct viewer *v = d->viewers; v; v = v->next)
		rect_add(v->seen[i].damage, &v->seen[i].ndamage, r);
}

static void tell_all(struct display *d)
{
	for (struct viewer *v = d->viewers; v; v = v->next)
		tell(v);
}

static struct rect whole(const struct picture *p)
{
	return (struct rect){ 0, 0, p->width, p->height };
}

/* -- For devices --------------------------------------------------------------------- */

void display_scanouts(struct display *d, u32 n)
{
	assert(n && n <= DISPLAY_SCANOUTS);
	d->nscanouts = n;
}

static bool same_picture(const struct picture *a, const struct picture *b)
{
	return a->pixels == b->pixels && a->width == b->width && a->height == b->height &&
	       a->stride == b->stride && a->format == b->format && a->live == b->live;
}

void display_show(struct display *d, u32 i, const struct picture *p)
{
	static const struct picture off;
	struct scanout *s = &d->scanouts[i];

	assert(i < d->nscanouts);
	if (!p || !p->pixels || !p->width || !p->height)
		p = &off;
	assert(p->width <= DISPLAY_MOST && p->height <= DISPLAY_MOST);
	if (same_picture(&s->picture, p))
		return;
	s->picture = *p;
	if (p->live && !s->tiles)
		s->tiles = device_alloc(d->dev, sizeof(*s->tiles) * TILES * TILES);
	damage_all(d, i, whole(p));
	tell_all(d);
}

void display_damage(struct display *d, u32 i, struct rect r)
{
	const struct picture *p = &d->scanouts[i].picture;

	assert(i < d->nscanouts);
	r = rect_clip(r, p->width, p->height);
	if (rect_empty(r))
		return;
	damage_all(d, i, r);
	tell_all(d);
}

static void cursor_changed(struct display *d, u32 i)
{
	for (struct viewer *v = d->viewers; v; v = v->next) {
		v->seen[i].cursor = true;
		tell(v);
	}
}

void display_cursor_image(struct display *d, u32 i, const struct picture *p, u32 hot_x, u32 hot_y)
{
	struct cursor *c = &d->scanouts[i].cursor;

	assert(i < d->nscanouts);
	if (!p && !c->visible)
		return;
	c->visible = p;
	if (p) {
		assert(p->width <= CURSOR_MOST && p->height <= CURSOR_MOST);
		c->width = p->width;
		c->height = p->height;
		c->hot_x = hot_x;
		c->hot_y = hot_y;
		c->image++;
		picture_convert(p, whole(p), c->pixels, p->width);
	}
	cursor_changed(d, i);
}

void display_cursor_move(struct display *d, u32 i, i32 x, i32 y)
{
	struct cursor *c = &d->scanouts[i].cursor;

	assert(i < d->nscanouts);
	if (c->x == x && c->y == y)
		return;
	c->x = x;
	c->y = y;
	cursor_changed(d, i);
}

/* -- Live pictures ---------------------------------------------------------------------- */

NO_TSAN static u64 hash_row(u64 h, const u8 *p, u32 n)
{
	const u64 odd = 0x9e3779b97f4a7c15u;

	for (; n >= 8; n -= 8, p += 8) {
		h = (h ^ get_le64(p)) * odd;
		h ^= h >> 29;
	}
	for (; n; n--)
		h = (h ^ *p++) * odd;
	return h;
}

static u64 hash_tile(const struct picture *p, struct rect r)
{
	u32 bytes = pixel_layouts[p->format].bytes;
	const u8 *row = p->pixels + (size_t)r.y * p->stride + (size_t)r.x * bytes;
	u64 h = 1;

	for (u32 y = 0; y < r.height; y++, row += p->stride)
		h = hash_row(h, row, r.width * bytes);
	return h;
}

/* What is new to one viewer is new to all. */
static void find_damage(struct display *d, u32 i)
{
	struct scanout *s = &d->scanouts[i];
	const struct picture *p = &s->picture;

	for (u32 y = 0; y < p->height; y += TILE)
		for (u32 x = 0; x < p->width; x += TILE) {
			struct rect r =
				rect_clip((struct rect){ x, y, TILE, TILE }, p->width, p->height);
			u64 h = hash_tile(p, r), *had = &s->tiles[y / TILE * TILES + x / TILE];

			if (*had == h)
				continue;
			*had = h;
			damage_all(d, i, r);
		}
}

/* -- Surfaces ------------------------------------------------------------------------------ */

static void surface_resize(struct surface *s, u32 width, u32 height)
{
	size_t n = (size_t)width * height;

	if (n > s->cap) {
		s->pixels = xrealloc(s->pixels, n * sizeof(*s->pixels));
		s->cap = n;
	}
	s->width = width;
	s->height = height;
}

void surface_free(struct surface *s)
{
	free(s->pixels);
	*s = (struct surface){ 0 };
}

/* Premultiplied: what is there shows through as far as alpha lets it. */
static u32 blend(u32 under, u32 over)
{
	u32 through = 255 - (over >> 24), mixed = 0;

	for (u32 shift = 0; shift < 24; shift += 8) {
		u32 v = (over >> shift & 0xff) + (under >> shift & 0xff) * through / 255;

		mixed |= MIN(v, 255) << shift;
	}
	return mixed;
}

void surface_cursor(struct surface *s, const struct cursor *c)
{
	if (!c->visible)
		return;
	for (u32 row = 0; row < c->height; row++)
		for (u32 column = 0; column < c->width; column++) {
			i64 x = (i64)c->x + column, y = (i64)c->y + row;
			u32 *at;

			if (x < 0 || y < 0 || x >= s->width || y >= s->height)
				continue;
			at = &s->pixels[(size_t)y * s->width + (size_t)x];
			*at = blend(*at, c->pixels[row * c->width + column]);
		}
}

/* -- For viewers ----------------------------------------------------------------------------- */

const char *display_name(const struct display *d)
{
	return d->dev->name;
}

u32 display_scanout_count(const struct display *d)
{
	return d->nscanouts;
}

bool display_size(struct display *d, u32 i, u32 *width, u32 *height)
{
	assert(i < d->nscanouts);
	device_lock(d->dev);
	*width = d->scanouts[i].picture.width;
	*height = d->scanouts[i].picture.height;
	device_unlock(d->dev);
	return *width;
}

void display_watch(struct display *d, struct viewer *v)
{
	device_lock(d->dev);
	v->display = d;
	v->next = d->viewers;
	d->viewers = v;
	for (u32 i = 0; i < d->nscanouts; i++) {
		rect_add(v->seen[i].damage, &v->seen[i].ndamage, whole(&d->scanouts[i].picture));
		v->seen[i].cursor = true;
	}
	tell(v);
	device_unlock(d->dev);
}

void display_unwatch(struct viewer *v)
{
	struct display *d = v->display;

	if (!d)
		return;
	device_lock(d->dev);
	for (struct viewer **at = &d->viewers; *at; at = &(*at)->next)
		if (*at == v) {
			*at = v->next;
			break;
		}
	device_unlock(d->dev);
	v->display = NULL;
}

/* Takes the lock, with the surface as large as the picture; true: it was not before. */
static bool lock_resized(struct display *d, u32 i, struct surface *s)
{
	const struct picture *p = &d->scanouts[i].picture;
	bool resized = false;

	device_lock(d->dev);
	while (s->width != p->width || s->height != p->height) {
		u32 width = p->width, height = p->height;

		device_unlock(d->dev);
		surface_resize(s, width, height);
		resized = true;
		device_lock(d->dev);
	}
	return resized;
}

void display_look(struct viewer *v, u32 i, struct surface *s, struct display_frame *f)
{
	struct display *d = v->display;
	struct viewer_seen *seen = &v->seen[i];
	const struct picture *p = &d->scanouts[i].picture;

	assert(i < d->nscanouts);
	*f = (struct display_frame){ .resized = lock_resized(d, i, s) };
	v->told = false;
	f->live = p->live;
	f->cursor = seen->cursor;
	if (p->live)
		find_damage(d, i);
	if (f->resized) {
		seen->ndamage = 0;
		rect_add(seen->damage, &seen->ndamage, whole(p));
	}
	for (u32 k = 0; k < seen->ndamage; k++) {
		struct rect r = rect_clip(seen->damage[k], p->width, p->height);

		if (rect_empty(r))
			continue;
		picture_convert(p, r, s->pixels + (size_t)r.y * s->width + r.x, s->width);
		f->damage[f->ndamage++] = r;
	}
	seen->ndamage = 0;
	seen->cursor = false;
	device_unlock(d->dev);
}

void display_cursor(struct viewer *v, u32 i, struct cursor *c)
{
	struct display *d = v->display;

	assert(i < d->nscanouts);
	device_lock(d->dev);
	*c = d->scanouts[i].cursor;
	device_unlock(d->dev);
}

void display_monitor(struct display *d, u32 i, u32 width, u32 height)
{
	struct device *dev = d->dev;

	assert(i < d->nscanouts);
	device_lock(dev);
	if (dev->class->monitor)
		dev->class->monitor(dev, i, width, height);
	device_changed(dev);
	device_unlock(dev);
}
