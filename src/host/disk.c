/* disk.c - disk images behind block.h.
 *
 * Two workers take requests in order and may finish them out of order: a guest that
 * wants an order waits for completions.
 */
#include "disk.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* -- Requests ----------------------------------------------------------------------- */

static struct block_req *take(struct disk *d)
{
	struct block_req *req = d->first;

	d->first = req->next;
	if (!d->first)
		d->last = &d->first;
	return req;
}

static void complete(struct disk *d, struct block_req *req, enum block_status status)
{
	req->status = status;
	d->b.complete(d->b.ctx, req);
}

static void *work(void *ctx)
{
	struct disk_worker *w = ctx;
	struct disk *d = w->disk;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		struct block_req *req;
		enum block_status status;

		while (!d->first && !d->ending)
			pthread_cond_wait(&d->work, &d->lock);
		if (!d->first)
			break;
		req = take(d);
		d->running++;
		pthread_mutex_unlock(&d->lock);
		status = disk_do(w, req);
		complete(d, req, status);
		pthread_mutex_lock(&d->lock);
		if (!--d->running)
			pthread_cond_broadcast(&d->idle);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void disk_submit(struct block *b, struct block_req *req)
{
	struct disk *d = (struct disk *)b;

	req->next = NULL;
	pthread_mutex_lock(&d->lock);
	*d->last = req;
	d->last = &req->next;
	pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->lock);
}

/* What has not begun fails at once; what has, stops where it can. */
static void disk_drain(struct block *b)
{
	struct disk *d = (struct disk *)b;

	pthread_mutex_lock(&d->lock);
	atomic_store(&d->cancel, true);
	while (d->first || d->running) {
		if (d->first) {
			struct block_req *req = take(d);

			pthread_mutex_unlock(&d->lock);
			complete(d, req, BLOCK_IOERR);
			pthread_mutex_lock(&d->lock);
		} else {
			pthread_cond_wait(&d->idle, &d->lock);
		}
	}
	atomic_store(&d->cancel, false);
	pthread_mutex_unlock(&d->lock);
}

static void disk_free(struct block *b)
{
	struct disk *d = (struct disk *)b;

	pthread_mutex_lock(&d->lock);
	d->ending = true;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	for (u32 i = 0; i < DISK_WORKERS; i++) {
		if (d->workers[i].started)
			pthread_join(d->workers[i].thread, NULL);
		free(d->workers[i].bounce);
	}
	if (d->image && !d->b.read_only)
		disk_sync(d);
	layer_free(d->image);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->idle);
	pthread_rwlock_destroy(&d->rewrite);
	pthread_rwlock_destroy(&d->layout);
	pthread_mutex_destroy(&d->sync);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static const struct block_ops disk_ops = {
	.submit = disk_submit,
	.drain = disk_drain,
	.free = disk_free,
};

/* -- Opening ------------------------------------------------------------------------- */

/* What O_DIRECT wants, found by trying. */
static bool find_alignment(struct disk *d, struct err *e)
{
	u8 *buf = d->workers[0].bounce;

	for (d->align = SECTOR_BYTES; d->align <= 4096; d->align *= 2)
		if (pread(d->image->fd, buf + d->align, d->align, 0) >= 0)
			break;
	if (d->align > 4096)
		return host_err_file(e, "read disk", d->image->path, errno);
	if (!d->image->is_device && d->image->raw_size % d->align) {
		err_set(e,
			"disk `%s`: `cache: none` needs a size in blocks of %" PRIu32
			" bytes, this is %" PRIu64,
			d->image->path, d->align, d->image->raw_size);
		return err_hint(e, "cache: writeback");
	}
	return true;
}

static bool set_up_direct(struct disk *d, struct err *e)
{
	d->align = 1;
	if (d->cache != HOST_DIRECT)
		return true;
	for (u32 i = 0; i < DISK_WORKERS; i++) {
		void *p;

		if (posix_memalign(&p, 4096, BOUNCE_BYTES))
			return err_set(e, "disk `%s`: no memory for buffers", d->image->path);
		d->workers[i].bounce = p;
	}
	return find_alignment(d, e);
}

static bool start_workers(struct disk *d, struct err *e)
{
	for (u32 i = 0; i < DISK_WORKERS; i++) {
		struct disk_worker *w = &d->workers[i];

		w->disk = d;
		w->started = host_thread(&w->thread, work, w, e);
		if (!w->started)
			return false;
	}
	return true;
}

/* What a run shall not keep goes into a file that nobody else sees. */
static bool open_image(struct disk *d, const struct host_disk *h, struct err *e)
{
	const struct host_layer layer = { h->path, h->format, h->backing };
	const struct layer_options o = {
		.read_only = h->read_only || h->ephemeral,
		.direct = d->cache == HOST_DIRECT,
	};

	d->image = layer_open(&layer, &o, e);
	if (d->image && h->ephemeral && !h->read_only)
		d->image = layer_ephemeral(d->image, e);
	if (!d->image)
		return false;
	d->image->no_sync |= d->cache == HOST_UNSAFE;
	d->b.size = d->image->size;
	d->b.granule = d->image->qcow2 ? (u32)qcow2_cluster(d->image->qcow2) : 0;
	return true;
}

static bool set_up(struct disk *d, const struct host_disk *h, struct err *e)
{
	return open_image(d, h, e) && set_up_direct(d, e) && start_workers(d, e);
}

struct block *host_disk_open(const struct host_disk *h, struct err *e)
{
	struct disk *d = xzalloc(sizeof(*d));

	d->b.ops = &disk_ops;
	d->b.read_only = h->read_only;
	atomic_init(&d->b.writeback, h->cache != HOST_WRITETHROUGH);
	/* O_DIRECT is for raw images that stay. */
	d->cache = h->cache == HOST_DIRECT && (h->format != HOST_RAW || h->ephemeral)
			   ? HOST_WRITEBACK
			   : h->cache;
	d->last = &d->first;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->sync, NULL);
	pthread_rwlock_init(&d->rewrite, NULL);
	pthread_rwlock_init(&d->layout, NULL);
	host_cond_init(&d->work);
	host_cond_init(&d->idle);
	if (!set_up(d, h, e)) {
		disk_free(&d->b);
		return NULL;
	}
	if (d->cache == HOST_UNSAFE && !h->ephemeral)
		log_line(LOG_WARNING,
			 "%s: `cache: unsafe`: what is not synced is lost if the host stops",
			 h->path);
	return &d->b;
}
