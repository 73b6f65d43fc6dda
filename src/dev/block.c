/* block.c - joins a disk of the host to a device, and counts what is under way.
 *
 * A finished request waits in its port's list until somebody holds the device's
 * lock: its worker, or whoever has the lock now, on unlocking.  So no worker ever
 * waits for a device, and a device that drains, with its lock held, waits for
 * workers only.
 */
#include "core.h"

struct block_port {
	struct block_port *next;
	struct device *dev;
	struct block *block;

	pthread_mutex_t lock;
	pthread_cond_t idle;
	u32 under_way; /* requests */
	u32 inside;    /* workers in complete() */
	struct block_req *finished, **finished_end;
	_Atomic u32 nfinished;
};

/* Before anybody is told that it was read, or could drop it unseen. */
static void mark_read(const struct device *dev, const struct block_req *req)
{
	if (req->op != BLOCK_READ)
		return;
	for (u32 i = 0; i < req->niov; i++)
		mem_has_written(dev->engine->machine->mem, req->iov[i].iov_base,
				req->iov[i].iov_len);
}

static void complete(void *ctx, struct block_req *req)
{
	struct block_port *port = ctx;
	struct device *dev = port->dev;

	mark_read(dev, req);
	pthread_mutex_lock(&port->lock);
	port->inside++;
	req->next = NULL;
	*port->finished_end = req;
	port->finished_end = &req->next;
	port->nfinished++;
	if (!--port->under_way)
		pthread_cond_broadcast(&port->idle);
	pthread_mutex_unlock(&port->lock);

	if (!pthread_mutex_trylock(&dev->engine->lock))
		device_unlock(dev);

	pthread_mutex_lock(&port->lock);
	if (!--port->inside)
		pthread_cond_broadcast(&port->idle);
	pthread_mutex_unlock(&port->lock);
}

static struct block_req *take(struct block_port *port)
{
	struct block_req *req;

	pthread_mutex_lock(&port->lock);
	req = port->finished;
	if (req) {
		port->finished = req->next;
		if (!port->finished)
			port->finished_end = &port->finished;
		port->nfinished--;
	}
	pthread_mutex_unlock(&port->lock);
	return req;
}

void block_finish(struct device *dev)
{
	struct block_req *req;

	for (struct block_port *port = dev->engine->ports; port; port = port->next)
		while ((req = take(port))) {
			req->done(req);
			device_changed(dev);
		}
}

/* A read-modify-write, so that it comes after the unlock before it: pairs with the
 * increment before trylock in complete(). */
bool block_waiting(struct device *dev)
{
	for (struct block_port *port = dev->engine->ports; port; port = port->next)
		if (atomic_fetch_add(&port->nfinished, 0))
			return true;
	return false;
}

/* -- What a model calls ------------------------------------------------------ */

u64 block_size(const struct block *b)
{
	return b->size;
}

bool block_read_only(const struct block *b)
{
	return b->read_only;
}

u32 block_granule(const struct block *b)
{
	return MAX(b->granule, 4096);
}

bool block_writeback(const struct block *b)
{
	return b->writeback;
}

void block_set_writeback(struct block *b, bool on)
{
	b->writeback = on;
}

void block_submit(struct block *b, struct block_req *req)
{
	struct block_port *port = b->ctx;

	pthread_mutex_lock(&port->lock);
	port->under_way++;
	pthread_mutex_unlock(&port->lock);
	req->dev = port->dev;
	b->ops->submit(b, req);
}

bool block_idle(struct block *b)
{
	struct block_port *port = b->ctx;
	bool idle;

	pthread_mutex_lock(&port->lock);
	idle = !port->under_way && !port->nfinished;
	pthread_mutex_unlock(&port->lock);
	return idle;
}

/* The device's lock is held, so that no done() comes in between. */
static void wait_until_idle(struct block_port *port)
{
	pthread_mutex_lock(&port->lock);
	while (port->under_way)
		pthread_cond_wait(&port->idle, &port->lock);
	port->finished = NULL;
	port->finished_end = &port->finished;
	port->nfinished = 0;
	pthread_mutex_unlock(&port->lock);
}

void block_drain(struct block *b)
{
	if (b->ops->drain)
		b->ops->drain(b);
	wait_until_idle(b->ctx);
}

bool block_load(struct block *b, void *to, u64 n)
{
	struct block_port *port = b->ctx;
	struct block_req req = { .op = BLOCK_READ, .length = n, .iov = { { to, n } }, .niov = 1 };

	device_lock(port->dev);
	block_submit(b, &req);
	wait_until_idle(port);
	device_unlock(port->dev);
	return req.status == BLOCK_OK;
}

void block_drain_all(struct device *dev)
{
	for (struct block_port *port = dev->engine->ports; port; port = port->next)
		block_drain(port->block);
}

/* -- Ports --------------------------------------------------------------------- */

/* No disk: nothing can be read from it, nothing written. */
static void null_submit(struct block *b, struct block_req *req)
{
	req->status = BLOCK_IOERR;
	b->complete(b->ctx, req);
}

static const struct block_ops null_ops = { .submit = null_submit };

static struct block *null_block(struct device *dev)
{
	struct block *b = device_alloc(dev, sizeof(*b));

	b->ops = &null_ops;
	b->read_only = true;
	return b;
}

struct block *block_attach(struct device *dev, struct block *b)
{
	struct block_port *port = device_alloc(dev, sizeof(*port));

	port->dev = dev;
	port->block = b ? b : null_block(dev);
	port->finished_end = &port->finished;
	pthread_mutex_init(&port->lock, NULL);
	pthread_cond_init(&port->idle, NULL);
	port->block->complete = complete;
	port->block->ctx = port;
	port->next = dev->engine->ports;
	dev->engine->ports = port;
	return port->block;
}

/* The last worker has nothing more to do with the device. */
static void wait_for_workers(struct block_port *port)
{
	pthread_mutex_lock(&port->lock);
	while (port->inside)
		pthread_cond_wait(&port->idle, &port->lock);
	pthread_mutex_unlock(&port->lock);
}

void block_detach_all(struct device *dev)
{
	for (struct block_port *port = dev->engine->ports; port; port = port->next) {
		wait_for_workers(port);
		pthread_mutex_destroy(&port->lock);
		pthread_cond_destroy(&port->idle);
	}
	dev->engine->ports = NULL;
}
