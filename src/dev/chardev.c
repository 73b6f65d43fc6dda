/* chardev.c - joins a stream of the host to a device's .room and .receive. */
#include "core.h"

/* What a chardev calls with: a device may have several. */
struct line {
	struct device *dev;
	struct chardev *chardev;
};

static u32 line_room(void *ctx)
{
	const struct line *l = ctx;
	struct device *dev = l->dev;
	u32 room = 0;

	device_lock(dev);
	if (dev->class->room && dev->class->receive)
		room = dev->class->room(dev, l->chardev);
	device_unlock(dev);
	return room;
}

/* The room may have shrunk since it was asked: a reset came, another thread was faster. */
static void line_receive(void *ctx, const u8 *bytes, u32 n)
{
	const struct line *l = ctx;
	struct device *dev = l->dev;

	device_lock(dev);
	if (dev->class->room && dev->class->receive)
		dev->class->receive(dev, l->chardev, bytes,
				    MIN(n, dev->class->room(dev, l->chardev)));
	device_changed(dev);
	device_unlock(dev);
}

static void line_resized(void *ctx, u32 columns, u32 rows)
{
	const struct line *l = ctx;
	struct device *dev = l->dev;

	device_lock(dev);
	if (dev->class->resized)
		dev->class->resized(dev, l->chardev, columns, rows);
	device_changed(dev);
	device_unlock(dev);
}

static void null_write(struct chardev *c, const u8 *bytes, size_t n)
{
	(void)c;
	(void)bytes;
	(void)n;
}

static const struct chardev_ops null_ops = { .write = null_write };

struct chardev *chardev_attach(struct device *dev, struct chardev *c)
{
	struct line *l = device_alloc(dev, sizeof(*l));

	if (!c) {
		c = device_alloc(dev, sizeof(*c));
		c->ops = &null_ops;
	}
	*l = (struct line){ dev, c };
	c->ctx = l;
	c->room = line_room;
	c->receive = line_receive;
	c->resized = line_resized;
	return c;
}

void chardev_write(struct chardev *c, const u8 *bytes, size_t n)
{
	c->ops->write(c, bytes, n);
	if (c->seen)
		c->seen(c->seen_ctx, bytes, n);
}

void chardev_ready(struct chardev *c)
{
	if (c->ops->ready)
		c->ops->ready(c);
}

bool chardev_size(const struct chardev *c, u32 *columns, u32 *rows)
{
	return c->ops->size && c->ops->size(c, columns, rows);
}
