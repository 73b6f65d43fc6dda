/* disk.c - raw images and block devices behind block.h.
 *
 * The path is the user's, so symbolic links in it are followed, once, by realpath();
 * what that names is opened with O_NOFOLLOW.  The image is locked as a whole (OFD lock,
 * shared if read only) and never mapped: a file that shrinks is an I/O error, not a
 * SIGBUS.
 *
 * Two workers take requests in order and may finish them out of order: a guest that
 * wants an order waits for completions.
 */
#define _GNU_SOURCE /* F_OFD_SETLK, O_DIRECT */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
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
	if (d->fd >= 0) {
		if (!d->b.read_only && d->cache != HOST_UNSAFE)
			disk_sync(d);
		close(d->fd); /* and the lock with it */
	}
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->idle);
	pthread_rwlock_destroy(&d->rewrite);
	pthread_mutex_destroy(&d->sync);
	pthread_mutex_destroy(&d->lock);
	free(d->path);
	free(d);
}

static const struct block_ops disk_ops = {
	.submit = disk_submit,
	.drain = disk_drain,
	.free = disk_free,
};

/* -- Opening ------------------------------------------------------------------------- */

static bool in_use(int fd, const char *path, struct err *e)
{
	char holder[160];

	if (holder_of_file(fd, holder, sizeof(holder)))
		err_code(e, "E0602", "disk `%s` is open in %s", path, holder);
	else
		err_code(e, "E0602", "disk `%s` is in use by another program", path);
	return err_hint(e, "stop that one first, or give this run a copy");
}

static bool cannot_open(const struct host_disk *h, int error, struct err *e)
{
	if (error == EBUSY) {
		err_code(e, "E0602",
			 "disk `%s` is mounted on this host, or part of something that is",
			 h->path);
		return err_hint(e, "umount it first, or `read-only: true`");
	}
	if (error == EINVAL && h->cache == HOST_DIRECT) {
		err_code(e, "E0604", "`%s`: its file system cannot do `cache: none`", h->path);
		return err_hint(e, "cache: writeback");
	}
	host_err_file(e, "open disk", h->path, error);
	if ((error == EACCES || error == EROFS) && !h->read_only)
		err_hint(e, "`read-only: true`, if the guest need not write");
	if (!e->hint[0])
		err_hint(e, "give a raw image or a block device");
	return false;
}

/* O_NONBLOCK: a FIFO is to be refused, not waited for.  O_EXCL: Linux then refuses a block
 * device that is mounted. */
static bool open_image(struct disk *d, const struct host_disk *h, struct err *e)
{
	int flags = (h->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		    O_NOFOLLOW | (h->cache == HOST_DIRECT ? O_DIRECT : 0);
	char *real = realpath(h->path, NULL);
	struct stat st;

	if (!real)
		return cannot_open(h, errno, e);
	if (!stat(real, &st) && S_ISBLK(st.st_mode) && !h->read_only)
		flags |= O_EXCL;
	d->fd = open(real, flags);
	free(real);
	if (d->fd < 0)
		return cannot_open(h, errno, e);
	if (fstat(d->fd, &st))
		return cannot_open(h, errno, e);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		err_code(e, "E0604", "disk `%s` is neither a file nor a block device", h->path);
		return err_hint(e, "give a raw image");
	}
	d->is_device = S_ISBLK(st.st_mode);
	return true;
}

static bool lock_image(struct disk *d, const struct host_disk *h, struct err *e)
{
	struct flock lock = { .l_type = h->read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(d->fd, F_OFD_SETLK, &lock))
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return in_use(d->fd, h->path, e);
	log_line(LOG_WARNING, "%s: not locked against other programs: %s", h->path,
		 strerror(errno));
	return true; /* a file system without locks: some network ones */
}

/* The last sector of an odd image is filled up with zeros when read, and kept when written. */
static bool measure(struct disk *d, struct err *e)
{
	off_t end = lseek(d->fd, 0, SEEK_END);

	if (end < 0)
		return host_err_file(e, "measure disk", d->path, errno);
	if (end == 0) {
		err_set(e, "disk `%s` is empty: a disk has at least one sector", d->path);
		return err_hint(e, "truncate -s 4G FILE");
	}
	d->file_size = (u64)end;
	d->b.size = align_up(d->file_size, SECTOR);
	return true;
}

/* What O_DIRECT wants, found by trying. */
static bool find_alignment(struct disk *d, struct err *e)
{
	u8 *buf = d->workers[0].bounce;

	for (d->align = SECTOR; d->align <= 4096; d->align *= 2)
		if (pread(d->fd, buf + d->align, d->align, 0) >= 0)
			break;
	if (d->align > 4096)
		return host_err_file(e, "read disk", d->path, errno);
	if (!d->is_device && d->file_size % d->align) {
		err_set(e,
			"disk `%s`: `cache: none` needs a size in blocks of %" PRIu32
			" bytes, this is %" PRIu64,
			d->path, d->align, d->file_size);
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
			return err_set(e, "disk `%s`: no memory for buffers", d->path);
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

static bool set_up(struct disk *d, const struct host_disk *h, struct err *e)
{
	return open_image(d, h, e) && lock_image(d, h, e) && measure(d, e) && set_up_direct(d, e) &&
	       start_workers(d, e);
}

struct block *host_disk_open(const struct host_disk *h, struct err *e)
{
	struct disk *d = xzalloc(sizeof(*d));

	d->b.ops = &disk_ops;
	d->b.read_only = h->read_only;
	atomic_init(&d->b.writeback, h->cache != HOST_WRITETHROUGH);
	d->fd = -1;
	d->path = xstrdup(h->path);
	d->cache = h->cache;
	d->last = &d->first;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->sync, NULL);
	pthread_rwlock_init(&d->rewrite, NULL);
	host_cond_init(&d->work);
	host_cond_init(&d->idle);
	if (!set_up(d, h, e)) {
		disk_free(&d->b);
		return NULL;
	}
	if (d->cache == HOST_UNSAFE)
		log_line(LOG_WARNING,
			 "%s: `cache: unsafe`: what is not synced is lost if the host stops",
			 d->path);
	return &d->b;
}
