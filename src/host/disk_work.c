/* disk_work.c - one request, on a worker's thread: the system calls and what their
 * errors mean to a guest.
 *
 * Each request is cut into pieces, lists of at most PIECE bytes, so that a drain never
 * waits for a whole disk of zeros.  With O_DIRECT a piece whose memory is not aligned goes
 * through the worker's bounce buffer, and a piece whose ends are not through whole blocks.
 *
 * In a qcow2 image bytes are moved in place while `layout` is shared; who gives them another
 * place has it alone.
 */
#define _GNU_SOURCE /* pwritev2, fallocate */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define PIECE BOUNCE_BYTES

/* -- Errors ---------------------------------------------------------------------------- */

/* The guest hears of each; the user of the first of its kind, for a guest can make many. */
static enum block_status failed(struct disk *d, const char *what, int error)
{
	bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
	u64 bit = (u64)1 << error % 64;

	if (error == ECANCELED)
		return BLOCK_IOERR;
	if (!(atomic_fetch_or(&d->reported, bit) & bit))
		log_line(LOG_ERROR, "disk `%s`: %s: %s; the guest gets I/O errors%s",
			 d->image->path, what,
			 error == EUCLEAN ? "its tables are damaged" : strerror(error),
			 full ? " until there is room" : "");
	return full ? BLOCK_NOSPACE : BLOCK_IOERR;
}

/* After a failed sync the kernel may have dropped what it could not write, and the next
 * sync would succeed.  So there is no next one. */
static void poison(struct disk *d, int error)
{
	if (!atomic_exchange(&d->failed, true))
		log_line(LOG_ERROR,
			 "disk `%s`: sync failed: %s; all writes fail until this machine is "
			 "started again",
			 d->image->path, strerror(error));
}

static int flush_image(struct disk *d)
{
	int error;

	pthread_rwlock_wrlock(&d->layout);
	error = layer_flush(d->image);
	pthread_rwlock_unlock(&d->layout);
	return error;
}

/* One at a time: the second would else find nothing dirty and promise what the first has
 * not done yet.  A table that finds no room can be written later. */
enum block_status disk_sync(struct disk *d)
{
	enum block_status status = BLOCK_OK;
	int error = 0;

	pthread_mutex_lock(&d->sync);
	if (atomic_exchange(&d->dirty, false) && !atomic_load(&d->failed))
		error = flush_image(d);
	if (error && !atomic_load(&d->image->sync_failed)) {
		atomic_store(&d->dirty, true);
		status = failed(d, "write", error);
	} else if (error) {
		poison(d, error);
	}
	pthread_mutex_unlock(&d->sync);
	return atomic_load(&d->failed) ? BLOCK_IOERR : status;
}

/* The host or its file system has no such operation. */
static bool can_not(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV;
}

/* -- Lists of buffers -------------------------------------------------------------------- */

/* What is left of a request: the first buffer may be begun. */
struct rest {
	struct iovec iov[BLOCK_SEGMENTS];
	u32 at, n;
	u64 offset, length;
};

static void advance(struct rest *r, size_t done)
{
	r->offset += done;
	r->length -= done;
	while (done) {
		struct iovec *v = &r->iov[r->at];
		size_t n = MIN(done, v->iov_len);

		v->iov_base = (u8 *)v->iov_base + n;
		v->iov_len -= n;
		done -= n;
		if (!v->iov_len)
			r->at++;
	}
	while (r->at < r->n && !r->iov[r->at].iov_len)
		r->at++;
}

/* The first `n` bytes as a list of their own. */
static u32 head_of(const struct rest *r, size_t n, struct iovec *out)
{
	u32 count = 0;

	for (u32 i = r->at; n && i < r->n; i++) {
		out[count] = r->iov[i];
		out[count].iov_len = MIN(n, r->iov[i].iov_len);
		n -= out[count++].iov_len;
	}
	return count;
}

/* Copies between a flat buffer and the next `n` bytes. */
static void copy_out(const struct rest *r, const u8 *from, size_t n)
{
	for (u32 i = r->at; n; i++) {
		size_t k = MIN(n, r->iov[i].iov_len);

		memcpy(r->iov[i].iov_base, from, k);
		from += k;
		n -= k;
	}
}

static void copy_in(const struct rest *r, u8 *to, size_t n)
{
	for (u32 i = r->at; n; i++) {
		size_t k = MIN(n, r->iov[i].iov_len);

		memcpy(to, r->iov[i].iov_base, k);
		to += k;
		n -= k;
	}
}

static void clear(const struct rest *r, size_t n)
{
	for (u32 i = r->at; n; i++) {
		size_t k = MIN(n, r->iov[i].iov_len);

		memset(r->iov[i].iov_base, 0, k);
		n -= k;
	}
}

/* -- One piece --------------------------------------------------------------------------- */

/* Past the end of a raw image of odd size, but inside its last sector. */
static bool is_tail(const struct layer_run *run)
{
	return !run->image->qcow2 && run->at >= run->image->raw_size && run->at < run->image->size;
}

static ssize_t read_list(int fd, const struct iovec *iov, u32 n, u64 offset)
{
	ssize_t got;

	do
		got = preadv(fd, iov, (int)n, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got;
}

static ssize_t write_durably(const struct disk *d, const struct iovec *iov, u32 n, u64 offset)
{
#ifdef RWF_DSYNC
	return pwritev2(d->image->fd, iov, (int)n, (off_t)offset, RWF_DSYNC);
#else
	errno = ENOSYS;
	return -1;
#endif
}

/* Some kernels and file systems cannot: then *durable is false, and the caller syncs it
 * all.  Dirty only when it is written: a sync that began before does not cover it. */
static ssize_t write_list(struct disk *d, const struct iovec *iov, u32 n, u64 offset, bool *durable)
{
	ssize_t done = -1;

	do {
		if (*durable) {
			done = write_durably(d, iov, n, offset);
			*durable = done >= 0 || !can_not(errno);
		}
		if (!*durable) {
			done = pwritev(d->image->fd, iov, (int)n, (off_t)offset);
			atomic_store(&d->dirty, true);
		}
	} while (done < 0 && errno == EINTR);
	return done;
}

static bool is_aligned(const struct disk *d, const struct iovec *iov, u32 n, u64 offset)
{
	u64 bits = offset;

	for (u32 i = 0; i < n; i++)
		bits |= (u64)(uintptr_t)iov[i].iov_base | iov[i].iov_len;
	return !(bits & (d->align - 1));
}

/* The blocks around the next bytes, in the bounce buffer; returns how many of the bytes
 * those are, and in *skip where they begin. */
static size_t around(const struct disk *d, const struct rest *r, size_t *skip, size_t *whole)
{
	u64 start = align_down(r->offset, d->align);
	size_t n;

	*skip = (size_t)(r->offset - start);
	n = (size_t)MIN(r->length, BOUNCE_BYTES - *skip);
	*whole = (size_t)align_up(*skip + n, d->align);
	return n;
}

/* A short count cuts off what lies behind it; none at all is the end of the file. */
static ssize_t read_bounced(struct disk_worker *w, const struct rest *r)
{
	size_t skip, whole, n = around(w->disk, r, &skip, &whole);
	struct iovec v = { .iov_base = w->bounce, .iov_len = whole };
	ssize_t got = read_list(w->disk->image->fd, &v, 1, r->offset - skip);

	if (got <= (ssize_t)skip)
		return got < 0 ? got : 0;
	n = MIN(n, (size_t)got - skip);
	copy_out(r, w->bounce + skip, n);
	return (ssize_t)n;
}

static ssize_t rewrite_blocks(struct disk_worker *w, const struct rest *r, bool *durable)
{
	size_t skip, whole, n = around(w->disk, r, &skip, &whole);
	struct iovec v = { .iov_base = w->bounce, .iov_len = whole };
	bool partial = skip || whole != n;
	ssize_t done;

	if (partial) {
		done = read_list(w->disk->image->fd, &v, 1, r->offset - skip);
		if (done != (ssize_t)whole) {
			errno = done < 0 ? errno : EIO;
			return -1;
		}
	}
	copy_in(r, w->bounce + skip, n);
	done = write_list(w->disk, &v, 1, r->offset - skip, durable);
	if (done <= (ssize_t)skip)
		return done < 0 ? done : 0;
	return (ssize_t)MIN(n, (size_t)done - skip);
}

static ssize_t write_bounced(struct disk_worker *w, const struct rest *r, bool *durable)
{
	bool partial = (r->offset | r->length) & (w->disk->align - 1);
	ssize_t done;

	if (partial)
		pthread_rwlock_wrlock(&w->disk->rewrite);
	else
		pthread_rwlock_rdlock(&w->disk->rewrite);
	done = rewrite_blocks(w, r, durable);
	pthread_rwlock_unlock(&w->disk->rewrite);
	return done;
}

static int unpack(const struct rest *r, const struct layer_run *run)
{
	u8 *bytes = xzalloc(run->length);
	int error = layer_unpack(run, bytes, run->length);

	if (!error)
		copy_out(r, bytes, run->length);
	free(bytes);
	return error;
}

static ssize_t read_data(struct disk_worker *w, const struct rest *r, const struct layer_run *run)
{
	struct iovec head[BLOCK_SEGMENTS];
	u32 n = head_of(r, run->length, head);
	ssize_t got;

	if (run->image == w->disk->image && !is_aligned(w->disk, head, n, run->at))
		got = read_bounced(w, r);
	else
		got = read_list(run->image->fd, head, n, run->at);
	if (got || !is_tail(run))
		return got;
	clear(r, run->length);
	return (ssize_t)run->length;
}

static ssize_t read_run(struct disk_worker *w, const struct rest *r, const struct layer_run *run)
{
	int error = 0;

	switch (run->kind) {
	case RUN_ZEROS:
		clear(r, run->length);
		break;
	case RUN_PACKED:
		error = unpack(r, run);
		break;
	case RUN_DATA:
		return read_data(w, r, run);
	}
	errno = error;
	return error ? -1 : (ssize_t)run->length;
}

static ssize_t read_piece(struct disk_worker *w, const struct rest *r)
{
	struct disk *d = w->disk;
	struct layer_run run;
	ssize_t got = -1;
	int error;

	pthread_rwlock_rdlock(&d->layout);
	error = layer_map(d->image, r->offset, MIN(r->length, PIECE), &run);
	if (error)
		errno = error;
	else
		got = read_run(w, r, &run);
	pthread_rwlock_unlock(&d->layout);
	return got;
}

static ssize_t write_raw(struct disk_worker *w, const struct rest *r, bool *durable)
{
	struct iovec head[BLOCK_SEGMENTS];
	u32 n = head_of(r, (size_t)MIN(r->length, PIECE), head);
	ssize_t done;

	if (!is_aligned(w->disk, head, n, r->offset))
		return write_bounced(w, r, durable);
	pthread_rwlock_rdlock(&w->disk->rewrite);
	done = write_list(w->disk, head, n, r->offset, durable);
	pthread_rwlock_unlock(&w->disk->rewrite);
	return done;
}

/* -- One piece of a qcow2 image ------------------------------------------------------------ */

/* All of it, or none: what lies around it in a new cluster is there already. */
static int write_run(struct disk *d, const struct rest *r, u64 length, u64 at)
{
	struct rest part = *r;
	bool durable = false;

	while (length) {
		struct iovec head[BLOCK_SEGMENTS];
		u32 n = head_of(&part, length, head);
		ssize_t done = write_list(d, head, n, at, &durable);

		if (done <= 0)
			return done ? errno : ENOSPC;
		advance(&part, (size_t)done);
		length -= (size_t)done;
		at += (size_t)done;
	}
	return 0;
}

/* 0 with *done 0: it has no place of its own yet. */
static int write_in_place(struct disk *d, const struct rest *r, u64 *done)
{
	struct layer_run run;
	int error;

	*done = 0;
	pthread_rwlock_rdlock(&d->layout);
	error = layer_map(d->image, r->offset, MIN(r->length, PIECE), &run);
	if (!error && run.own) {
		error = write_run(d, r, run.length, run.at);
		*done = run.length;
	}
	pthread_rwlock_unlock(&d->layout);
	return error;
}

static int write_new_place(struct disk *d, const struct rest *r, u64 *done)
{
	struct qcow2 *q = d->image->qcow2;
	struct qcow2_run run;
	int error, ended;

	pthread_rwlock_wrlock(&d->layout);
	error = qcow2_write_begin(q, r->offset, MIN(r->length, PIECE), &run);
	if (!error) {
		error = write_run(d, r, run.length, run.host);
		ended = qcow2_write_end(q, &run, !error);
		error = error ? error : ended;
		*done = run.length;
	}
	atomic_store(&d->dirty, true);
	pthread_rwlock_unlock(&d->layout);
	return error;
}

static ssize_t write_qcow2(struct disk *d, const struct rest *r)
{
	u64 done;
	int error = write_in_place(d, r, &done);

	if (!error && !done)
		error = write_new_place(d, r, &done);
	errno = error;
	return error ? -1 : (ssize_t)done;
}

/* Where a table has to be synced too, the caller does it all. */
static ssize_t write_piece(struct disk_worker *w, const struct rest *r, bool *durable)
{
	if (!w->disk->image->qcow2)
		return write_raw(w, r, durable);
	*durable = false;
	return write_qcow2(w->disk, r);
}

/* -- Requests ---------------------------------------------------------------------------- */

/* False if the list does not hold what the request says. */
static bool begin(struct rest *r, const struct block_req *req)
{
	u64 sum = 0;

	assert(req->niov <= BLOCK_SEGMENTS);
	memcpy(r->iov, req->iov, req->niov * sizeof(req->iov[0]));
	r->at = 0;
	r->n = req->niov;
	r->offset = req->offset;
	r->length = req->length;
	for (u32 i = 0; i < r->n; i++)
		sum += r->iov[i].iov_len;
	advance(r, 0);
	return sum == req->length;
}

static enum block_status do_read(struct disk_worker *w, const struct block_req *req)
{
	struct disk *d = w->disk;
	struct rest r;

	if (!begin(&r, req))
		return BLOCK_IOERR;
	while (r.length && !atomic_load(&d->cancel)) {
		ssize_t got = read_piece(w, &r);

		if (got <= 0)
			return failed(d,
				      got ? "read" : "read behind the end: somebody cut the file",
				      got ? errno : EIO);
		advance(&r, (size_t)got);
	}
	return r.length ? BLOCK_IOERR : BLOCK_OK;
}

static enum block_status write_rest(struct disk_worker *w, struct rest *r, bool *durable)
{
	struct disk *d = w->disk;

	while (r->length && !atomic_load(&d->cancel)) {
		bool wanted = *durable;
		ssize_t done = write_piece(w, r, durable);

		if (done < 0 && wanted && errno == EIO)
			poison(d, errno); /* perhaps it was the sync in it */
		if (done <= 0)
			return failed(d, "write", done ? errno : ENOSPC);
		advance(r, (size_t)done);
	}
	return r->length ? BLOCK_IOERR : BLOCK_OK;
}

static enum block_status do_write(struct disk_worker *w, const struct block_req *req)
{
	bool durable = req->durable || !atomic_load(&w->disk->b.writeback);
	bool each = durable;
	enum block_status status;
	struct rest r;

	if (!begin(&r, req))
		return BLOCK_IOERR;
	status = write_rest(w, &r, &each);
	return status == BLOCK_OK && durable && !each ? disk_sync(w->disk) : status;
}

/* 0, or an errno; a host that cannot says so by can_not(). */
static int allocate(struct disk *d, int mode, u64 offset, u64 length)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	int error;

	do
		error = fallocate(d->image->fd, mode, (off_t)offset, (off_t)length) ? errno : 0;
	while (error == EINTR);
	atomic_store(&d->dirty, true);
	return error;
#else
	return EOPNOTSUPP;
#endif
}

#ifdef FALLOC_FL_PUNCH_HOLE
enum { PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE };
enum { ZERO = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE };
#else
enum { PUNCH, ZERO };
#endif

/* One page of zeros, many times in one list. */
static enum block_status write_zeros(struct disk_worker *w, u64 offset, u64 length)
{
	static _Alignas(4096) const u8 zeros[16384];
	enum block_status status = BLOCK_OK;
	bool durable = false;
	u64 done = 0;

	while (done < length && status == BLOCK_OK) {
		struct rest r = { .offset = offset + done };

		while (r.n < BLOCK_SEGMENTS && done < length) {
			size_t n = (size_t)MIN(length - done, sizeof(zeros));

			r.iov[r.n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)zeros,
						       .iov_len = n };
			r.length += n;
			done += n;
		}
		status = write_rest(w, &r, &durable);
	}
	return status;
}

/* Whole clusters lose their place.  EOPNOTSUPP: the image has no way to say so. */
static int zero_clusters(struct disk *d, u64 offset, u64 end)
{
	int error = 0;
	u64 next;

	for (; !error && offset < end; offset = next) {
		if (atomic_load(&d->cancel))
			return ECANCELED;
		pthread_rwlock_wrlock(&d->layout);
		error = qcow2_zero(d->image->qcow2, offset, end, &next);
		atomic_store(&d->dirty, true);
		pthread_rwlock_unlock(&d->layout);
	}
	return error;
}

static int discard(struct disk *d, u64 offset, u64 length)
{
	u64 first, end;

	if (!d->image->qcow2)
		return allocate(d, PUNCH, offset, length);
	qcow2_whole(d->image->qcow2, offset, length, &first, &end);
	return zero_clusters(d, first, end);
}

/* Only a hint: a host that cannot makes no error. */
static enum block_status do_discard(struct disk_worker *w, const struct block_req *req)
{
	int error = discard(w->disk, req->offset, req->length);

	return error && !can_not(error) ? failed(w->disk, "discard", error) : BLOCK_OK;
}

static enum block_status zero_raw(struct disk_worker *w, const struct block_req *req)
{
	int error = EOPNOTSUPP;

	if (req->unmap)
		error = allocate(w->disk, PUNCH, req->offset, req->length);
	if (error && can_not(error))
		error = allocate(w->disk, ZERO, req->offset, req->length);
	if (error && can_not(error))
		return write_zeros(w, req->offset, req->length);
	return error ? failed(w->disk, "zero", error) : BLOCK_OK;
}

/* Clusters of zeros need no room, also where a guest would have them keep it. */
static enum block_status do_zero(struct disk_worker *w, const struct block_req *req)
{
	struct disk *d = w->disk;
	enum block_status status;
	u64 first, end;
	int error;

	if (!d->image->qcow2)
		return zero_raw(w, req);
	qcow2_whole(d->image->qcow2, req->offset, req->length, &first, &end);
	error = zero_clusters(d, first, end);
	if (error == EOPNOTSUPP)
		return write_zeros(w, req->offset, req->length);
	if (error)
		return failed(d, "zero", error);
	status = write_zeros(w, req->offset, first - req->offset);
	return status == BLOCK_OK ? write_zeros(w, end, req->offset + req->length - end) : status;
}

/* The same promise as for writes. */
static enum block_status make_durable(struct disk *d, const struct block_req *req,
				      enum block_status status)
{
	bool durable = req->durable || !atomic_load(&d->b.writeback);

	return status == BLOCK_OK && durable ? disk_sync(d) : status;
}

enum block_status disk_do(struct disk_worker *w, const struct block_req *req)
{
	struct disk *d = w->disk;

	if (req->op != BLOCK_FLUSH && !range_inside(req->offset, req->length, 0, d->b.size))
		return BLOCK_IOERR;
	if (req->op != BLOCK_READ && atomic_load(&d->failed))
		return BLOCK_IOERR;
	if (req->op != BLOCK_READ && req->op != BLOCK_FLUSH && (d->b.read_only || !req->length))
		return d->b.read_only ? BLOCK_IOERR : BLOCK_OK;
	switch (req->op) {
	case BLOCK_READ:
		return do_read(w, req);
	case BLOCK_WRITE:
		return do_write(w, req);
	case BLOCK_FLUSH:
		return disk_sync(d);
	case BLOCK_DISCARD:
		return make_durable(d, req, do_discard(w, req));
	case BLOCK_ZERO:
		return make_durable(d, req, do_zero(w, req));
	}
	return BLOCK_IOERR;
}
