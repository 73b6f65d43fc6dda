/* vsock.c - joins sockets of the host to a device. */
#include "core.h"

static void opened(struct vsock *s, u32 slot)
{
	device_lock(s->dev);
	s->events->opened(s->dev, slot);
	device_changed(s->dev);
	device_unlock(s->dev);
}

static i32 incoming(struct vsock *s, u32 port)
{
	i32 slot;

	device_lock(s->dev);
	slot = s->events->incoming(s->dev, port);
	device_changed(s->dev);
	device_unlock(s->dev);
	return slot;
}

static u32 receive(struct vsock *s, u32 slot, const u8 *bytes, u32 n)
{
	u32 taken;

	device_lock(s->dev);
	taken = s->events->receive(s->dev, slot, bytes, n);
	device_changed(s->dev);
	device_unlock(s->dev);
	return taken;
}

static void sent(struct vsock *s, u32 slot, u32 n)
{
	device_lock(s->dev);
	s->events->sent(s->dev, slot, n);
	device_changed(s->dev);
	device_unlock(s->dev);
}

static void ended(struct vsock *s, u32 slot)
{
	device_lock(s->dev);
	s->events->ended(s->dev, slot);
	device_changed(s->dev);
	device_unlock(s->dev);
}

/* Between the two nobody can use the slot. */
static void closed(struct vsock *s, u32 slot)
{
	device_lock(s->dev);
	s->ops->clear(s, slot);
	s->events->closed(s->dev, slot);
	device_changed(s->dev);
	device_unlock(s->dev);
}

static const struct vsock_engine engine = { opened, incoming, receive, sent, ended, closed };

/* -- What a model calls -------------------------------------------------------------- */

void vsock_on(struct vsock *s, const struct vsock_events *events)
{
	s->events = events;
}

void vsock_open(struct vsock *s, u32 slot, u32 port)
{
	s->ops->open(s, slot, port);
}

void vsock_accept(struct vsock *s, u32 slot, u32 port)
{
	s->ops->accept(s, slot, port);
}

void vsock_write(struct vsock *s, u32 slot, const u8 *bytes, u32 n)
{
	s->ops->write(s, slot, bytes, n);
}

void vsock_end(struct vsock *s, u32 slot)
{
	s->ops->end(s, slot);
}

void vsock_close(struct vsock *s, u32 slot, bool flush)
{
	s->ops->close(s, slot, flush);
}

void vsock_ready(struct vsock *s)
{
	s->ops->ready(s);
}

/* -- No sockets: nobody listens, nobody comes --------------------------------------------- */

static void null_open(struct vsock *s, u32 slot, u32 port)
{
	(void)port;
	s->events->closed(s->dev, slot);
}

static void null_ready(struct vsock *s)
{
	(void)s;
}

static const struct vsock_ops null_ops = { .open = null_open, .ready = null_ready };

struct vsock *vsock_attach(struct device *dev, struct vsock *s)
{
	if (!s) {
		s = device_alloc(dev, sizeof(*s));
		s->ops = &null_ops;
	}
	s->dev = dev;
	s->engine = &engine;
	return s;
}
