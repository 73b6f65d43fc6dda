/* loop.c - the event loop: descriptors, signals, calls from other threads, deadlines.
 *
 * poll() and a pipe to oneself: a machine has a dozen descriptors, and every POSIX
 * host has both.  A wake is one byte in the pipe, written only if none is there yet,
 * so that harts may ask as often as they like.
 */
#define _GNU_SOURCE /* ppoll, pipe2, accept4 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#define SIGNALS 65 /* numbers 1 .. 64 */
#define REST_NS 1000000000

struct loop_fd {
	struct loop *loop;
	struct loop_fd *next;
	int fd;
	u32 events;
	u64 rest_ns;  /* not polled before that */
	bool removed; /* freed when nobody is walking the list */
	loop_fn *fn;
	void *ctx;
};

struct loop_call {
	struct loop *loop;
	struct loop_call *next;
	_Atomic bool asked;
	bool removed;
	void (*fn)(void *ctx);
	void *ctx;
};

struct handler {
	void (*fn)(void *ctx, int signal);
	void *ctx;
	struct sigaction before;
};

struct loop {
	int wake[2];
	_Atomic bool woken, quit;
	struct loop_fd *fds;
	struct loop_call *calls;
	struct handler handlers[SIGNALS];
	struct rate log;
	struct pollfd *polled; /* [0] is the wake pipe */
	struct loop_fd **owners;
	size_t npolled, cap_polled, cap_owners;
};

/* A signal handler is given no context, so this one thing is the process's. */
static struct {
	struct loop *_Atomic loop;
	_Atomic bool raised;
} signals[SIGNALS];

struct loop *loop_new(struct err *e)
{
	struct loop *l = xzalloc(sizeof(*l));

	if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK)) {
		err_set(e, "no pipe for the event loop: %s", strerror(errno));
		free(l);
		return NULL;
	}
	l->log = RATE(1, 60 * (u64)REST_NS);
	return l;
}

static void sweep(struct loop *l)
{
	for (struct loop_fd **at = &l->fds; *at;) {
		struct loop_fd *f = *at;

		if (!f->removed) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		free(f);
	}
	for (struct loop_call **at = &l->calls; *at;) {
		struct loop_call *c = *at;

		if (!c->removed) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free(c);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (int s = 1; s < SIGNALS; s++)
		loop_signal(l, s, NULL, NULL, NULL);
	for (struct loop_fd *f = l->fds; f; f = f->next)
		f->removed = true;
	for (struct loop_call *c = l->calls; c; c = c->next)
		c->removed = true;
	sweep(l);
	close(l->wake[0]);
	close(l->wake[1]);
	free(l->polled);
	free(l->owners);
	free(l);
}

/* -- Descriptors ---------------------------------------------------------------- */

struct loop_fd *loop_add(struct loop *l, int fd, u32 events, loop_fn *fn, void *ctx)
{
	struct loop_fd *f = xzalloc(sizeof(*f));

	*f = (struct loop_fd){
		.loop = l, .next = l->fds, .fd = fd, .events = events, .fn = fn, .ctx = ctx
	};
	l->fds = f;
	return f;
}

void loop_want(struct loop_fd *f, u32 events)
{
	f->events = events;
}

void loop_remove(struct loop_fd *f)
{
	if (f)
		f->removed = true;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int loop_accept(struct loop_fd *f, int flags)
{
	int fd = accept4(f->fd, NULL, NULL, flags | SOCK_CLOEXEC);

	if (fd < 0 && is_shortage(errno)) {
		f->rest_ns = now_ns() + REST_NS;
		if (rate_pass(&f->loop->log, now_ns()))
			log_line(LOG_WARNING, "who connects has to wait: %s", strerror(errno));
	}
	return fd;
}

/* -- From other threads, and from signal handlers ------------------------------- */

void loop_wake(struct loop *l)
{
	int saved = errno;

	/* A full pipe is as good: it will be read. */
	if (!atomic_exchange(&l->woken, true) && write(l->wake[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

void loop_quit(struct loop *l)
{
	atomic_store(&l->quit, true);
	loop_wake(l);
}

struct loop_call *loop_call_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_call *c = xzalloc(sizeof(*c));

	c->loop = l;
	c->next = l->calls;
	c->fn = fn;
	c->ctx = ctx;
	l->calls = c;
	return c;
}

void loop_call(struct loop_call *c)
{
	if (!atomic_exchange(&c->asked, true))
		loop_wake(c->loop);
}

void loop_call_free(struct loop_call *c)
{
	if (c)
		c->removed = true;
}

static void on_signal(int s)
{
	struct loop *l = atomic_load(&signals[s].loop);

	atomic_store(&signals[s].raised, true);
	if (l)
		loop_wake(l);
}

static void signal_off(struct loop *l, int s)
{
	if (atomic_load(&signals[s].loop) != l)
		return;
	sigaction(s, &l->handlers[s].before, NULL);
	atomic_store(&signals[s].loop, NULL);
	atomic_store(&signals[s].raised, false);
}

bool loop_signal(struct loop *l, int s, void (*fn)(void *ctx, int signal), void *ctx, struct err *e)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct loop *other = NULL;

	assert(s > 0 && s < SIGNALS);
	if (!fn) {
		signal_off(l, s);
		return true;
	}
	if (!atomic_compare_exchange_strong(&signals[s].loop, &other, l) && other != l)
		return err_set(e, "signal %d belongs to another event loop of this process", s);
	l->handlers[s].fn = fn;
	l->handlers[s].ctx = ctx;
	sigfillset(&sa.sa_mask);
	if (!other && sigaction(s, &sa, &l->handlers[s].before)) {
		atomic_store(&signals[s].loop, NULL);
		return err_set(e, "signal %d cannot be handled: %s", s, strerror(errno));
	}
	return true;
}

/* -- Running -------------------------------------------------------------------- */

static void append(struct loop *l, int fd, short events, struct loop_fd *owner)
{
	size_t n = l->npolled++;

	GROW(&l->polled, n, &l->cap_polled);
	GROW(&l->owners, n, &l->cap_owners);
	l->polled[n] = (struct pollfd){ .fd = fd, .events = events };
	l->owners[n] = owner;
}

static bool is_resting(const struct loop_fd *f)
{
	return f->rest_ns && f->rest_ns > now_ns();
}

/* One that wants nothing is left out: poll() would report its hang-up for ever.  Returns when
 * there is something to do that no descriptor tells: at `due`, or when a rest ends. */
static u64 gather(struct loop *l, u64 due)
{
	l->npolled = 0;
	append(l, l->wake[0], POLLIN, NULL);
	for (struct loop_fd *f = l->fds; f; f = f->next) {
		int events = (f->events & LOOP_READ ? POLLIN : 0) |
			     (f->events & LOOP_WRITE ? POLLOUT : 0);

		if (is_resting(f))
			due = MIN(due, f->rest_ns);
		else if (f->events)
			append(l, f->fd, (short)events, f);
	}
	return due;
}

/* Rounded up by nothing: ppoll() takes nanoseconds. */
static int wait_until(struct loop *l, u64 due_ns)
{
	u64 now = now_ns();
	u64 left = due_ns > now ? due_ns - now : 0;
	struct timespec ts = { .tv_sec = (time_t)(left / 1000000000),
			       .tv_nsec = (long)(left % 1000000000) };

	return ppoll(l->polled, (nfds_t)l->npolled, due_ns == UINT64_MAX ? NULL : &ts, NULL);
}

static void dispatch(struct loop *l)
{
	for (size_t i = 1; i < l->npolled; i++) {
		struct loop_fd *f = l->owners[i];
		int got = l->polled[i].revents;
		u32 events = (got & POLLIN ? LOOP_READ : 0) | (got & POLLOUT ? LOOP_WRITE : 0) |
			     (got & (POLLHUP | POLLERR | POLLNVAL) ? LOOP_HANGUP : 0);

		if (events && f->events && !f->removed)
			f->fn(f->ctx, events);
	}
}

/* The exchanges pair with those of loop_wake() and loop_call(): what their callers
 * wrote before is seen by what runs here. */
static void take_wakes(struct loop *l)
{
	char bytes[64];

	while (read(l->wake[0], bytes, sizeof(bytes)) > 0)
		;
	atomic_exchange(&l->woken, false);
	for (int s = 1; s < SIGNALS; s++)
		if (atomic_load(&signals[s].loop) == l &&
		    atomic_exchange(&signals[s].raised, false))
			l->handlers[s].fn(l->handlers[s].ctx, s);
	for (struct loop_call *c = l->calls; c; c = c->next)
		if (!c->removed && atomic_exchange(&c->asked, false))
			c->fn(c->ctx);
}

/* Linux delays a sleeper by 50 us to save wakes; guest timers want less. */
static void be_punctual(void)
{
#ifdef __linux__
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
#endif
}

void loop_run(struct loop *l, u64 (*due)(void *ctx), void *ctx)
{
	be_punctual();
	while (!atomic_exchange(&l->quit, false)) {
		u64 next = due ? due(ctx) : UINT64_MAX;

		next = gather(l, next);
		if (wait_until(l, next) > 0) {
			if (l->polled[0].revents)
				take_wakes(l);
			dispatch(l);
		}
		sweep(l);
	}
}
