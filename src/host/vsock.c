/* vsock.c - a guest's ports as UNIX sockets of the host.
 *
 * Of the path F: who connects to F and says "CONNECT 1234\n" gets to the guest's port 1234,
 * and hears "OK PORT\n" when somebody there has accepted, or the end of it if not.  A guest
 * that connects to port 1234 of the host gets to who listens at F_1234.  Both are sockets
 * that the user made or may open, and nothing else.
 *
 * All descriptors are the loop's thread's.  What the device wants is noted under the lock and
 * done there; what it sends waits in a ring of VSOCK_WINDOW bytes, which it never overfills.
 */
#include "internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_BYTES  16384
#define CALLERS   8  /* that have not yet said where they want to */
#define LINE_MOST 32 /* "CONNECT 4294967295\n" */

enum { ASK_OPEN = 1, ASK_ACCEPT = 2, ASK_END = 4, ASK_CLOSE = 8, ASK_FLUSH = 16 };

struct conn {
	struct sockets *all;
	struct loop_fd *watch;
	int fd;     /* -1: there is none */
	bool ended; /* nothing more comes in */
	u32 nin;    /* read, and not taken by the device */
	u8 *in;

	/* with the lock */
	u32 ask, port;
	u32 head, n;
	u8 *ring;
};

struct caller {
	struct sockets *all;
	struct loop_fd *watch;
	int fd;
	u32 n;
	char line[LINE_MOST];
};

struct sockets {
	struct vsock s;
	struct loop *loop;
	struct loop_call *call;
	struct loop_fd *watch;
	struct unix_listener listener;
	char *path;
	u8 *bytes; /* of all rings and inputs */
	struct conn conns[VSOCK_SLOTS];
	struct caller callers[CALLERS];
	u32 next_caller;

	pthread_mutex_t lock;
};

static u32 slot_of(const struct conn *c)
{
	return (u32)(c - c->all->conns);
}

/* -- What the device asks, from any thread ------------------------------------------------- */

static void ask(struct vsock *v, u32 slot, u32 what, u32 port)
{
	struct sockets *s = (struct sockets *)v;

	pthread_mutex_lock(&s->lock);
	s->conns[slot].ask |= what;
	if (what & (ASK_OPEN | ASK_ACCEPT))
		s->conns[slot].port = port;
	pthread_mutex_unlock(&s->lock);
	loop_call(s->call);
}

static void sockets_open(struct vsock *v, u32 slot, u32 port)
{
	ask(v, slot, ASK_OPEN, port);
}

static void sockets_accept(struct vsock *v, u32 slot, u32 port)
{
	ask(v, slot, ASK_ACCEPT, port);
}

static void sockets_end(struct vsock *v, u32 slot)
{
	ask(v, slot, ASK_END, 0);
}

static void sockets_close(struct vsock *v, u32 slot, bool flush)
{
	ask(v, slot, flush ? ASK_FLUSH : ASK_CLOSE, 0);
}

static void sockets_ready(struct vsock *v)
{
	loop_call(((struct sockets *)v)->call);
}

static void put_in_ring(struct conn *c, const u8 *bytes, u32 n)
{
	u32 at = (c->head + c->n) % VSOCK_WINDOW, first = MIN(n, VSOCK_WINDOW - at);

	assert(n <= VSOCK_WINDOW - c->n); /* the device knows its window */
	memcpy(c->ring + at, bytes, first);
	memcpy(c->ring, bytes + first, n - first);
	c->n += n;
}

static void sockets_write(struct vsock *v, u32 slot, const u8 *bytes, u32 n)
{
	struct sockets *s = (struct sockets *)v;

	pthread_mutex_lock(&s->lock);
	put_in_ring(&s->conns[slot], bytes, n);
	pthread_mutex_unlock(&s->lock);
	loop_call(s->call);
}

static void sockets_clear(struct vsock *v, u32 slot)
{
	struct sockets *s = (struct sockets *)v;

	pthread_mutex_lock(&s->lock);
	s->conns[slot].ask = s->conns[slot].n = 0;
	pthread_mutex_unlock(&s->lock);
}

/* -- Connections ------------------------------------------------------------------------------ */

static void attend(struct conn *c);

static void on_conn(void *ctx, u32 events)
{
	(void)events;
	attend(ctx);
}

static void adopt(struct conn *c, int fd)
{
	c->fd = fd;
	c->ended = false;
	c->nin = 0;
	/* Nothing is read before both ends are there. */
	c->watch = loop_add(c->all->loop, fd, 0, on_conn, c);
}

static void drop(struct conn *c)
{
	loop_remove(c->watch);
	c->watch = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void finish(struct conn *c)
{
	struct vsock *v = &c->all->s;

	drop(c);
	v->engine->closed(v, slot_of(c));
}

static bool connect_out(struct conn *c, u32 port)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s_%u", c->all->path, port);

	if (fd < 0)
		return false;
	if (n >= (int)sizeof(a.sun_path) || connect(fd, (const struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return false;
	}
	adopt(c, fd);
	return true;
}

/* Takes what was asked, but what waits for the ring to be empty. */
static u32 take_asked(struct conn *c, u32 *port)
{
	u32 asked;

	pthread_mutex_lock(&c->all->lock);
	asked = c->ask;
	c->ask &= ASK_END | ASK_FLUSH;
	*port = c->port;
	pthread_mutex_unlock(&c->all->lock);
	return asked;
}

static bool greet(struct conn *c, u32 port)
{
	char line[LINE_MOST];

	snprintf(line, sizeof(line), "OK %u\n", port);
	return send(c->fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

/* False: the slot is free again. */
static bool do_asked(struct conn *c)
{
	struct vsock *v = &c->all->s;
	u32 port, asked = take_asked(c, &port);
	bool good = !(asked & ASK_CLOSE);

	if (good && asked & ASK_OPEN)
		good = connect_out(c, port);
	if (good && asked & ASK_ACCEPT)
		good = greet(c, port);
	if (!good) {
		finish(c);
		return false;
	}
	if (asked & ASK_OPEN)
		v->engine->opened(v, slot_of(c));
	return true;
}

static u32 look_at_ring(struct conn *c, const u8 **bytes)
{
	u32 n;

	pthread_mutex_lock(&c->all->lock);
	*bytes = c->ring + c->head;
	n = MIN(c->n, VSOCK_WINDOW - c->head);
	pthread_mutex_unlock(&c->all->lock);
	return n;
}

static void take_from_ring(struct conn *c, u32 n)
{
	pthread_mutex_lock(&c->all->lock);
	c->head = (c->head + n) % VSOCK_WINDOW;
	c->n -= n;
	pthread_mutex_unlock(&c->all->lock);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* At most what the ring holds now.  The bytes stay where they are until they are taken.
 * False: it is broken. */
static bool send_out(struct conn *c, bool *all)
{
	struct vsock *v = &c->all->s;
	const u8 *bytes;
	u32 n;

	for (u32 turn = 0; turn < 2 && (n = look_at_ring(c, &bytes)); turn++) {
		ssize_t done = send(c->fd, bytes, n, MSG_NOSIGNAL);

		if (done < 0 && !would_block())
			return false;
		if (done < 0)
			break;
		take_from_ring(c, (u32)done);
		v->engine->sent(v, slot_of(c), (u32)done);
	}
	*all = !look_at_ring(c, &bytes);
	return true;
}

static void hand_over(struct conn *c)
{
	struct vsock *v = &c->all->s;
	u32 taken = v->engine->receive(v, slot_of(c), c->in, c->nin);

	c->nin -= taken;
	memmove(c->in, c->in + taken, c->nin);
}

/* Once: others want their turn.  False: it is broken. */
static bool take_in(struct conn *c)
{
	struct vsock *v = &c->all->s;
	ssize_t got;

	if (c->nin)
		hand_over(c);
	if (c->nin || c->ended)
		return true;
	got = recv(c->fd, c->in, IN_BYTES, 0);
	if (got < 0)
		return would_block();
	c->nin = (u32)got;
	c->ended = !got;
	if (got)
		hand_over(c);
	else
		v->engine->ended(v, slot_of(c));
	return true;
}

/* The ring is empty: what was to come after it.  False: the slot is free again. */
static bool end_out(struct conn *c)
{
	u32 asked;

	pthread_mutex_lock(&c->all->lock);
	asked = c->ask & (ASK_END | ASK_FLUSH);
	c->ask &= ~(u32)ASK_END;
	pthread_mutex_unlock(&c->all->lock);
	if (asked & ASK_FLUSH) {
		finish(c);
		return false;
	}
	if (asked & ASK_END)
		shutdown(c->fd, SHUT_WR);
	return true;
}

/* All that there is to do for a connection. */
static void attend(struct conn *c)
{
	bool all;

	if (!do_asked(c) || c->fd < 0)
		return;
	if (!send_out(c, &all) || !take_in(c)) {
		finish(c);
		return;
	}
	if (all && !end_out(c))
		return;
	loop_want(c->watch, (c->nin || c->ended ? 0 : LOOP_READ) | (all ? 0 : LOOP_WRITE));
}

static bool has_work(struct conn *c)
{
	bool yes;

	pthread_mutex_lock(&c->all->lock);
	yes = c->ask || c->n;
	pthread_mutex_unlock(&c->all->lock);
	return yes || c->nin;
}

static void attend_all(void *ctx)
{
	struct sockets *s = ctx;

	for (u32 i = 0; i < VSOCK_SLOTS; i++)
		if (has_work(&s->conns[i]))
			attend(&s->conns[i]);
}

/* -- Who comes from the host ---------------------------------------------------------------------
 */

static void forget_caller(struct caller *k)
{
	loop_remove(k->watch);
	k->watch = NULL;
	k->n = 0;
	k->fd = -1;
}

static void refuse(struct caller *k)
{
	if (k->fd >= 0)
		close(k->fd);
	forget_caller(k);
}

/* "CONNECT 1234" */
static bool parse_line(const char *line, u32 *port)
{
	static const char word[] = "CONNECT ";
	u64 v = 0;

	if (!text_starts(line, word) || !line[strlen(word)])
		return false;
	for (const char *p = line + strlen(word); *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (u64)(*p - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*port = (u32)v;
	return true;
}

static void pass_on(struct caller *k)
{
	struct vsock *v = &k->all->s;
	int fd = k->fd;
	u32 port;
	i32 slot = parse_line(k->line, &port) ? v->engine->incoming(v, port) : -1;

	if (slot < 0) {
		refuse(k);
		return;
	}
	forget_caller(k);
	adopt(&k->all->conns[slot], fd);
	loop_call(k->all->call); /* the guest may have answered already */
}

/* Byte by byte: what is behind the line is the guest's. */
static void on_line(void *ctx, u32 events)
{
	struct caller *k = ctx;
	char c;

	(void)events;
	while (k->fd >= 0) {
		ssize_t got = recv(k->fd, &c, 1, 0);

		if (got < 0 && would_block())
			return;
		if (got <= 0 || k->n == LINE_MOST - 1) {
			refuse(k);
		} else if (c == '\n') {
			k->line[k->n] = 0;
			pass_on(k);
		} else {
			k->line[k->n++] = c;
		}
	}
}

/* Too many that say nothing: the oldest has had its time. */
static void on_caller(void *ctx, u32 events)
{
	struct sockets *s = ctx;
	struct caller *k = &s->callers[s->next_caller];
	int fd = loop_accept(s->watch, SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	s->next_caller = (s->next_caller + 1) % CALLERS;
	refuse(k);
	k->fd = fd;
	k->watch = loop_add(s->loop, fd, LOOP_READ, on_line, k);
}

/* -- Making
 * ------------------------------------------------------------------------------------------ */

static void sockets_free(struct vsock *v)
{
	struct sockets *s = (struct sockets *)v;

	loop_call_free(s->call);
	loop_remove(s->watch);
	for (u32 i = 0; i < CALLERS; i++)
		refuse(&s->callers[i]);
	for (u32 i = 0; i < VSOCK_SLOTS; i++)
		drop(&s->conns[i]);
	unix_unlisten(&s->listener);
	pthread_mutex_destroy(&s->lock);
	free(s->bytes);
	free(s->path);
	free(s);
}

static const struct vsock_ops sockets_ops = {
	.open = sockets_open,
	.accept = sockets_accept,
	.write = sockets_write,
	.end = sockets_end,
	.close = sockets_close,
	.ready = sockets_ready,
	.clear = sockets_clear,
	.free = sockets_free,
};

static void init_slots(struct sockets *s)
{
	s->bytes = xcalloc(VSOCK_SLOTS, VSOCK_WINDOW + IN_BYTES);
	for (u32 i = 0; i < VSOCK_SLOTS; i++) {
		u8 *bytes = s->bytes + i * (size_t)(VSOCK_WINDOW + IN_BYTES);

		s->conns[i] = (struct conn){ .all = s, .fd = -1, .ring = bytes };
		s->conns[i].in = bytes + VSOCK_WINDOW;
	}
	for (u32 i = 0; i < CALLERS; i++)
		s->callers[i] = (struct caller){ .all = s, .fd = -1 };
}

struct vsock *host_vsock(struct loop *l, const char *path, struct err *e)
{
	struct sockets *s = xzalloc(sizeof(*s));

	s->s.ops = &sockets_ops;
	s->loop = l;
	s->path = xstrdup(path);
	pthread_mutex_init(&s->lock, NULL);
	init_slots(s);
	if (!unix_listen(&s->listener, path, CALLERS, e)) {
		sockets_free(&s->s);
		return NULL;
	}
	s->call = loop_call_new(l, attend_all, s);
	s->watch = loop_add(l, s->listener.fd, LOOP_READ, on_caller, s);
	return &s->s;
}
