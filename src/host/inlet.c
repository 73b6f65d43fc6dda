#include "internal.h"

#include <errno.h>
#include <unistd.h>

/* Read ahead of the device, so that the console's own keys are seen while a guest
 * does not read; a paste longer than this waits in the terminal. */
#define AHEAD (64 * KIB)

struct inlet {
	struct loop *loop;
	struct inlet_options to;
	struct loop_call *ready;
	struct loop_fd *watch; /* NULL: closed, or at its end */
	int fd;
	bool at_end; /* `delivered` is due when all is */
	size_t first, n;
	u8 bytes[AHEAD];
};

static u32 room(struct inlet *in)
{
	struct chardev *c = in->to.to;

	return c->room ? c->room(c->ctx) : 0;
}

/* The device's lock is taken in room() and receive(), and between them only this
 * thread gives it bytes. */
static void deliver(void *ctx)
{
	struct inlet *in = ctx;
	struct chardev *c = in->to.to;
	u32 fits;

	while (in->n && (fits = room(in))) {
		u32 n = (u32)MIN(in->n, fits);

		in->n -= n;
		in->first += n;
		c->receive(c->ctx, in->bytes + in->first - n, n);
	}
	if (!in->n)
		in->first = 0;
	if (in->watch)
		loop_want(in->watch, in->n < AHEAD ? LOOP_READ : 0);
	if (!in->n && in->at_end) {
		in->at_end = false;
		if (in->to.delivered)
			in->to.delivered(in->to.ctx);
	}
}

static void at_end(struct inlet *in)
{
	loop_remove(in->watch);
	in->watch = NULL;
	in->at_end = true;
	if (in->to.ended)
		in->to.ended(in->to.ctx);
}

static void on_input(void *ctx, u32 events)
{
	struct inlet *in = ctx;
	ssize_t got;
	u8 *to;

	memmove(in->bytes, in->bytes + in->first, in->n);
	in->first = 0;
	to = in->bytes + in->n;
	got = read(in->fd, to, AHEAD - in->n);
	if (got > 0)
		in->n += in->to.filter ? in->to.filter(in->to.ctx, to, (size_t)got) : (size_t)got;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		at_end(in);
	deliver(in);
	(void)events;
}

struct inlet *inlet_new(struct loop *l, const struct inlet_options *options)
{
	struct inlet *in = xzalloc(sizeof(*in));

	in->loop = l;
	in->to = *options;
	in->fd = -1;
	in->ready = loop_call_new(l, deliver, in);
	return in;
}

void inlet_open(struct inlet *in, int fd)
{
	assert(!in->watch);
	in->fd = fd;
	in->at_end = false;
	in->watch = loop_add(in->loop, fd, LOOP_READ, on_input, in);
}

void inlet_close(struct inlet *in)
{
	loop_remove(in->watch);
	in->watch = NULL;
	in->fd = -1;
}

void inlet_ready(struct inlet *in)
{
	loop_call(in->ready);
}

void inlet_free(struct inlet *in)
{
	if (!in)
		return;
	inlet_close(in);
	loop_call_free(in->ready);
	free(in);
}
