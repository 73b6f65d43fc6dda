/* desk.h - a display with keys, for tests of who looks and types: what is shown is in `pixels`,
 * what was typed in `seen`.  DESK_MOST is how wide and high it may become.
 */
#ifndef DESK_H
#define DESK_H

#include "device/bench.h"

#include "display.h"

struct desk {
	struct device dev;
	struct input_port port;
	struct display *host;
	u32 monitor_width, monitor_height;
	u32 width, height; /* 0: off */
	u32 pixels[DESK_MOST * DESK_MOST];
	struct input_event seen[256];
	u32 n;
};

static void desk_arrived(struct device *dev)
{
	struct desk *d = (struct desk *)dev;
	struct input_event e;

	while (input_next(&d->port, &e))
		d->seen[d->n++ % ARRAY_LEN(d->seen)] = e;
}

static bool yes(const struct device *dev)
{
	(void)dev;
	return true;
}

static bool has_all(const struct device *dev, u32 code)
{
	(void)dev, (void)code;
	return true;
}

static void desk_monitor(struct device *dev, u32 scanout, u32 width, u32 height)
{
	(void)scanout;
	((struct desk *)dev)->monitor_width = width;
	((struct desk *)dev)->monitor_height = height;
}

#define SELF struct desk
static const struct input_sink desk_sink = { .port = offsetof(SELF, port),
					     .pointer = INPUT_ABSOLUTE | INPUT_WHEELS,
					     .has = has_all,
					     .listens = yes,
					     .arrived = desk_arrived };
static const struct device_class desk_class = {
	.name = "desk",
	.size = sizeof(SELF),
	.mmio_size = 0x1000,
	.sink = &desk_sink,
	.monitor = desk_monitor,
	.props = PROPS(PROP_DISPLAY(host, .doc = "where it is shown")),
	.state = STATE(INPUT_STATE),
};

static inline struct desk *desk_new(struct bench *b)
{
	struct err e = { 0 };
	struct device *dev = bench_class(b, &desk_class, "", &e);

	if (!dev)
		fail_msg("%s", e.text);
	return (struct desk *)dev;
}

static inline void desk_show(struct desk *d, u32 width, u32 height)
{
	const struct picture p = { (const u8 *)d->pixels, width, height, 4 * width,
				   PIXEL_X8R8G8B8,        false };

	d->width = width;
	d->height = height;
	device_lock(&d->dev);
	display_show(d->host, 0, width ? &p : NULL);
	device_unlock(&d->dev);
}

static inline void desk_put(struct desk *d, u32 x, u32 y, u32 v)
{
	d->pixels[y * d->width + x] = v;
	device_lock(&d->dev);
	display_damage(d->host, 0, (struct rect){ x, y, 1, 1 });
	device_unlock(&d->dev);
}

#undef SELF
#endif
