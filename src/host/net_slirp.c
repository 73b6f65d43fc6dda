/* net_slirp.c - the machine's end of the cable to the helper process.
 *
 * The helper is this program again, so that what libslirp may do wrong happens where
 * there is no guest memory, no disk and no key, and a crash of it is a cable that was
 * pulled.  Frames and requests are datagrams on one pair of sockets.  Once the machine runs
 * nothing here waits: who has asked for something looks from time to time whether it is
 * answered.  Forwards are what the helper says that they are, whoever still wants to know.
 */
#define _GNU_SOURCE /* POSIX_SPAWN_SETSID */
#include "netio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS 5000000000 /* for an answer before the machine runs */
#define BUFFER      (1 << 20)
#define ASKED_MOST  64

extern char **environ;

struct asked {
	enum net_msg kind;
	struct forward wanted;      /* as it was asked for */
	struct net_request request; /* the last one: with a `+` the port changes */
	bool sent;                  /* the socket had room for it */
	i32 error;                  /* the helper's; negative: it has not answered */
};

struct slirp_net {
	struct netio io; /* first */
	char *name;
	pid_t pid;
	struct forward *forwards; /* that are there, to be made again by a new helper */
	size_t nforwards, cap_forwards;
	struct asked asked[ASKED_MOST]; /* the oldest first */
	u32 nasked;
	u32 last_id;
	bool was_up;
};

/* -- Messages from the helper ----------------------------------------------------- */

static void send_asked(struct slirp_net *s, struct asked *a)
{
	if (!a->sent && a->error < 0)
		a->sent = !net_put(s->io.fd, a->kind, NULL, &a->request, sizeof(a->request));
}

/* A new helper knows nothing of the forwards, and not what the old one was asked. */
static void on_up(struct slirp_net *s)
{
	for (size_t i = 0; i < s->nforwards; i++) {
		const struct net_request r = { 0, s->forwards[i] };

		net_put(s->io.fd, NET_MSG_ADD, NULL, &r, sizeof(r));
	}
	for (u32 i = 0; i < s->nasked; i++) {
		s->asked[i].sent = false;
		send_asked(s, &s->asked[i]);
	}
	if (s->was_up)
		log_line(LOG_INFO, "%s: the network is back", s->name);
	s->was_up = true;
	netio_plug(&s->io, true);
}

static void on_down(struct slirp_net *s, const u8 *text, u32 n)
{
	char clean[400];

	text_clean(clean, sizeof(clean), (const char *)text, n);
	log_line(LOG_WARNING, "%s: the network's helper ended (%s); the cable is unplugged",
		 s->name, clean);
	netio_plug(&s->io, false);
}

static void on_gone(struct slirp_net *s)
{
	if (s->io.over)
		return;
	log_line(LOG_WARNING, "%s: the network's helper is gone; the cable is unplugged", s->name);
	netio_end(&s->io);
}

static size_t find_forward(const struct slirp_net *s, const struct forward *f)
{
	size_t i = 0;

	while (i < s->nforwards && !forward_same_port(&s->forwards[i], f))
		i++;
	return i;
}

/* It is done. */
static void note(struct slirp_net *s, enum net_msg kind, const struct forward *f)
{
	size_t i = find_forward(s, f);

	if (kind == NET_MSG_ADD) {
		GROW(&s->forwards, s->nforwards, &s->cap_forwards);
		s->forwards[s->nforwards++] = *f;
	} else if (i < s->nforwards) {
		s->forwards[i] = s->forwards[--s->nforwards];
	}
}

static void tell(const struct slirp_net *s, enum net_msg kind, const struct forward *f)
{
	struct str line = { 0 };
	char port[FORWARD_TEXT];

	if (kind == NET_MSG_ADD)
		forward_say(&line, s->name, f);
	else
		str_add(&line, "%s: %s is no longer forwarded", s->name, forward_text(port, f));
	log_line(LOG_INFO, "%s", str_text(&line));
	str_free(&line);
}

static struct asked *find_asked(struct slirp_net *s, u32 id)
{
	for (u32 i = 0; i < s->nasked; i++)
		if (s->asked[i].request.id == id)
			return &s->asked[i];
	return NULL;
}

/* Of a `2222+`: the port after one that is in use. */
static bool has_next(const struct asked *a)
{
	const struct forward *f = &a->request.forward;

	return a->wanted.or_next && f->port < UINT16_MAX &&
	       f->port - a->wanted.port + 1 < FORWARD_TRIES;
}

static void on_reply(struct slirp_net *s, const u8 *bytes, u32 n)
{
	struct net_reply reply;
	struct asked *a;

	if (n != sizeof(reply))
		return;
	memcpy(&reply, bytes, n);
	a = find_asked(s, reply.id);
	if (!a || a->error >= 0)
		return;
	if (reply.error == EADDRINUSE && a->kind == NET_MSG_ADD && has_next(a)) {
		a->request.forward.port++;
		a->sent = false;
		send_asked(s, a);
		return;
	}
	a->error = a->kind == NET_MSG_REMOVE ? 0 /* what cannot be removed is not there */
					     : reply.error & INT32_MAX;
	if (a->error)
		return;
	note(s, a->kind, &a->request.forward);
	tell(s, a->kind, &a->request.forward);
}

/* One message: the length of a frame, or -1: it was none, or there is none. */
static i32 take(struct slirp_net *s, u8 *bytes, u32 cap, struct net_work *work, bool *none)
{
	enum net_msg kind;
	i32 n = net_get(s->io.fd, &kind, work, bytes, cap);

	*none = n < 0;
	if (n < 0 && errno != EAGAIN)
		on_gone(s);
	if (n < 0)
		return -1;
	switch (kind) {
	case NET_MSG_FRAME:
		return n;
	case NET_MSG_UP:
		on_up(s);
		return -1;
	case NET_MSG_DOWN:
		on_down(s, bytes, (u32)n);
		return -1;
	case NET_MSG_REPLY:
		on_reply(s, bytes, (u32)n);
		return -1;
	default:
		return -1;
	}
}

static i32 slirp_read(struct netio *io, u8 *frame, u32 cap, struct net_work *work)
{
	bool none = false;
	i32 n = -1;

	while (n < 0 && !none)
		n = take((struct slirp_net *)io, frame, cap, work, &none);
	return n;
}

/* -- The cable ------------------------------------------------------------------------- */

/* Into an unplugged one frames go, and nowhere. */
static bool slirp_send(struct net *n, const u8 *frame, u32 len, const struct net_work *work)
{
	struct slirp_net *s = (struct slirp_net *)n;

	if (!atomic_load(&n->link))
		return true;
	if (net_put(s->io.fd, NET_MSG_FRAME, work, frame, len) == EAGAIN)
		return netio_full(&s->io);
	return true;
}

static void slirp_free(struct net *n)
{
	struct slirp_net *s = (struct slirp_net *)n;

	netio_close(&s->io);
	if (s->pid > 0) {
		kill(-s->pid, SIGKILL); /* with its worker: it leads a session of its own */
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (s->io.fd >= 0)
		close(s->io.fd);
	free(s->forwards);
	free(s->name);
	free(s);
}

static const struct net_ops slirp_ops = {
	.send = slirp_send,
	.ready = netio_ready,
	.free = slirp_free,
};

/* -- Requests ----------------------------------------------------------------------------- */

/* Waits for one message, whatever it is; a frame is lost, as frames may be. */
static bool take_one(struct slirp_net *s, u64 end, struct err *e)
{
	struct pollfd p = { .fd = s->io.fd, .events = POLLIN };
	u8 bytes[NET_FRAME_MAX];
	struct net_work work;
	u64 now = now_ns();
	bool none;

	if (s->io.over)
		return err_set(e, "the network's helper has ended");
	if (now >= end)
		return err_set(e, "the network's helper does not answer");
	if (poll(&p, 1, (int)((end - now) / 1000000 + 1)) > 0)
		take(s, bytes, sizeof(bytes), &work, &none);
	return true;
}

static bool refused(const struct forward *f, i32 error, struct err *e)
{
	host_err_port(e, "forward", f, error);
	if (error == EADDRINUSE && !f->or_next)
		err_hint(e, "write `%u+:%u` for the first free port from there on", f->port,
			 f->guest_port);
	return false;
}

static void forget(struct slirp_net *s, struct asked *a)
{
	size_t after = (size_t)(&s->asked[s->nasked] - a) - 1;

	memmove(a, a + 1, after * sizeof(*a));
	s->nasked--;
}

/* If need be that of an answer which nobody has fetched. */
static struct asked *place_to_ask(struct slirp_net *s)
{
	for (u32 i = 0; s->nasked == ASKED_MOST && i < s->nasked; i++)
		if (s->asked[i].error >= 0)
			forget(s, &s->asked[i]);
	return s->nasked == ASKED_MOST ? NULL : &s->asked[s->nasked++];
}

u32 host_forward_ask(struct net *n, bool add, const struct forward *f, struct err *e)
{
	struct slirp_net *s = (struct slirp_net *)n;
	char port[FORWARD_TEXT];
	struct asked *a;

	if (!add && find_forward(s, f) == s->nforwards)
		return err_set(e, "%s is not forwarded", forward_text(port, f));
	a = place_to_ask(s);
	if (!a)
		return err_set(e, "the network's helper has %u requests to answer", ASKED_MOST);
	*a = (struct asked){ .kind = add ? NET_MSG_ADD : NET_MSG_REMOVE,
			     .wanted = *f,
			     .request = { ++s->last_id, *f },
			     .error = -1 };
	send_asked(s, a);
	return a->request.id;
}

enum forward_answer host_forward_answer(struct net *n, u32 id, struct forward *f, struct err *e)
{
	struct slirp_net *s = (struct slirp_net *)n;
	struct asked *a = find_asked(s, id), was;

	if (!a || s->io.over) {
		err_set(e, "%s", a ? "the network's helper has ended" : "nobody asked for that");
		return FORWARD_FAILED;
	}
	send_asked(s, a);
	if (a->error < 0)
		return FORWARD_ASKED;
	was = *a;
	forget(s, a);
	*f = was.request.forward;
	if (!was.error)
		return FORWARD_DONE;
	refused(&was.wanted, was.error, e);
	return FORWARD_FAILED;
}

bool host_forward_add(struct net *n, struct forward *f, struct err *e)
{
	struct slirp_net *s = (struct slirp_net *)n;
	u64 end = now_ns() + PATIENCE_NS;
	u32 id = host_forward_ask(n, true, f, e);
	enum forward_answer answer = id ? FORWARD_ASKED : FORWARD_FAILED;

	while (answer == FORWARD_ASKED && take_one(s, end, e))
		answer = host_forward_answer(n, id, f, e);
	return answer == FORWARD_DONE;
}

size_t host_forwards(const struct net *n, const struct forward **list)
{
	const struct slirp_net *s = (const struct slirp_net *)n;

	*list = s->forwards;
	return s->nforwards;
}

/* -- Starting the helper --------------------------------------------------------------------- */

/* Its session is its own: what is typed at the terminal does not reach it. */
static int spawn(struct slirp_net *s, const struct host_slirp *o, int theirs)
{
	char subnet[16];
	const char *argv[] = { "vmbuild",
			       HOST_NET_HELPER,
			       subnet,
			       o->ipv6 ? "ipv6" : "-",
			       o->host_loopback ? "host-loopback" : "-",
			       NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error;

	snprintf(subnet, sizeof(subnet), "%u", o->subnet);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&files, theirs, HOST_NET_FD);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	error = posix_spawn(&s->pid, "/proc/self/exe", &files, &attr, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static bool start(struct slirp_net *s, const struct host_slirp *o, struct err *e)
{
	int pair[2], error, size = BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_set(e, "no sockets for the network's helper: %s", strerror(errno));
	for (u32 i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	s->io.fd = pair[0];
	error = spawn(s, o, pair[1]);
	close(pair[1]);
	return !error || err_set(e, "the network's helper cannot be started: %s", strerror(error));
}

static bool wait_until_up(struct slirp_net *s, struct err *e)
{
	u64 end = now_ns() + PATIENCE_NS;

	while (!atomic_load(&s->io.net.link))
		if (!take_one(s, end, e))
			return false;
	return true;
}

struct net *host_slirp(struct loop *l, const struct host_slirp *o, struct err *e)
{
	struct slirp_net *s = xzalloc(sizeof(*s));

	s->name = xstrdup(o->name);
	s->io.net.ops = &slirp_ops;
	s->io.net.takes = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;
	s->io.read = slirp_read;
	s->io.fd = -1;
	if (start(s, o, e)) {
		netio_open(&s->io, l, s->io.fd);
		if (wait_until_up(s, e))
			return &s->io.net;
	}
	slirp_free(&s->io.net);
	return NULL;
}
