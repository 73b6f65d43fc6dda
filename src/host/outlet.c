#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#define OUTLET_BYTES MIB
#define PATIENCE_NS  ((u64)1000000000)
#define CHUNK        ((size_t)1024) /* one write: small, so that a slow reader shows */

struct outlet {
	pthread_mutex_t lock;
	pthread_cond_t more; /* the thread's: bytes, another descriptor, the end */
	pthread_cond_t less; /* for those who wait for it */
	pthread_t thread;
	char *name;
	int fd;
	bool writing; /* the thread is at `fd`, without the lock */
	bool asleep;  /* it waits for `more` */
	bool stalled; /* the reader took nothing for PATIENCE_NS */
	bool broken;  /* there is no reader any more */
	bool telling; /* the thread is at that, without the lock */
	bool ending;
	u64 taken, lost; /* bytes */
	u64 told;        /* of those lost */
	size_t head, n;
	u8 ring[OUTLET_BYTES];
};

/* How many of `n` bytes went out; -1 if none ever will.  Cancelled here and only here:
 * a terminal that was stopped may never return. */
static ssize_t put(int fd, const u8 *bytes, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t done;
	int state, error;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	do {
		done = write(fd, bytes, n);
		error = errno;
		if (done < 0 && error == EAGAIN) /* made non-blocking by who gave it to us */
			poll(&p, 1, -1);
	} while (done < 0 && (error == EINTR || error == EAGAIN));
	pthread_setcancelstate(state, NULL);
	errno = error;
	return done;
}

static void failed(struct outlet *o, int error)
{
	o->broken = o->telling = true;
	o->lost += o->n;
	o->n = 0;
	pthread_cond_broadcast(&o->less);
	pthread_mutex_unlock(&o->lock);
	log_line(LOG_WARNING, "%s: output ends here: %s", o->name, strerror(error));
	pthread_mutex_lock(&o->lock);
	o->telling = false;
	pthread_cond_broadcast(&o->less);
}

/* With the lock, which it gives up while it writes. */
static void put_some(struct outlet *o)
{
	u8 chunk[CHUNK];
	size_t n = MIN(MIN(o->n, CHUNK), sizeof(o->ring) - o->head);
	int fd = o->fd, error;
	ssize_t done;

	memcpy(chunk, o->ring + o->head, n);
	o->writing = true;
	pthread_mutex_unlock(&o->lock);
	done = put(fd, chunk, n);
	error = errno;
	pthread_mutex_lock(&o->lock);
	o->writing = false;
	if (fd != o->fd)
		done = 0; /* attached elsewhere meanwhile: the ring was emptied */
	if (done < 0) {
		failed(o, error);
		return;
	}
	o->head = (o->head + (size_t)done) % sizeof(o->ring);
	o->n -= (size_t)done;
	o->taken += (size_t)done;
	o->stalled = false;
	pthread_cond_broadcast(&o->less);
}

static void *run(void *ctx)
{
	struct outlet *o = ctx;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&o->lock);
	while (!o->ending) {
		if (o->n && o->fd >= 0) {
			put_some(o);
			continue;
		}
		o->asleep = true;
		pthread_cond_wait(&o->more, &o->lock);
		o->asleep = false;
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

struct outlet *outlet_new(int fd, const char *name, struct err *e)
{
	struct outlet *o = xzalloc(sizeof(*o));

	o->name = xstrdup(name);
	o->fd = fd;
	pthread_mutex_init(&o->lock, NULL);
	host_cond_init(&o->more);
	host_cond_init(&o->less);
	if (!host_thread(&o->thread, run, o, e)) {
		free(o->name);
		free(o);
		return NULL;
	}
	return o;
}

static bool is_gone(const struct outlet *o)
{
	return o->fd < 0 || o->broken;
}

/* Until the thread has put something out.  False if the reader has not taken a byte for
 * a second: it has stalled. */
static bool wait_for_less(struct outlet *o)
{
	u64 taken = o->taken, until = now_ns() + PATIENCE_NS;
	bool in_time = true;

	while (taken == o->taken && !is_gone(o) && in_time)
		in_time = host_cond_wait_until(&o->less, &o->lock, until);
	o->stalled = !in_time && taken == o->taken;
	return !o->stalled;
}

static size_t put_in_ring(struct outlet *o, const u8 *bytes, size_t n)
{
	size_t at = (o->head + o->n) % sizeof(o->ring);
	size_t fits = MIN(MIN(n, sizeof(o->ring) - o->n), sizeof(o->ring) - at);

	memcpy(o->ring + at, bytes, fits);
	o->n += fits;
	return fits;
}

void outlet_write(struct outlet *o, const u8 *bytes, size_t n)
{
	pthread_mutex_lock(&o->lock);
	while (n && !is_gone(o)) {
		size_t fits = put_in_ring(o, bytes, n);

		bytes += fits;
		n -= fits;
		if (o->asleep)
			pthread_cond_signal(&o->more);
		if (o->n == sizeof(o->ring) && (o->stalled || !wait_for_less(o)))
			break;
	}
	o->lost += n;
	pthread_mutex_unlock(&o->lock);
}

void outlet_attach(struct outlet *o, int fd)
{
	pthread_mutex_lock(&o->lock);
	o->fd = -1;
	o->head = o->n = 0;
	pthread_cond_broadcast(&o->less);
	while (o->writing)
		pthread_cond_wait(&o->less, &o->lock);
	o->fd = fd;
	o->broken = o->stalled = false;
	pthread_mutex_unlock(&o->lock);
}

/* With the lock.  What the thread tells of its end belongs to it. */
static void wait_until_out(struct outlet *o)
{
	while (o->n && !is_gone(o) && !o->stalled && wait_for_less(o))
		;
	while (o->telling)
		pthread_cond_wait(&o->less, &o->lock);
}

void outlet_flush(struct outlet *o)
{
	u64 lost;

	pthread_mutex_lock(&o->lock);
	wait_until_out(o);
	lost = o->lost - o->told;
	o->told = o->lost;
	if (lost) {
		pthread_mutex_unlock(&o->lock);
		log_line(LOG_WARNING, "%s: %" PRIu64 " bytes of output lost", o->name, lost);
		pthread_mutex_lock(&o->lock);
		wait_until_out(o); /* that line may have gone here */
	}
	pthread_mutex_unlock(&o->lock);
}

void outlet_free(struct outlet *o)
{
	if (!o)
		return;
	outlet_flush(o);
	pthread_mutex_lock(&o->lock);
	o->ending = true;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
	pthread_cancel(o->thread);
	pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->more);
	pthread_cond_destroy(&o->less);
	pthread_mutex_destroy(&o->lock);
	free(o->name);
	free(o);
}
