/* net_helper.c - the network's helper process: libslirp, and one who keeps it.
 *
 * The keeper does nothing but start a worker and wait for it.  If the worker dies, which
 * only a broken libslirp can make it do, the keeper tells the machine and starts another,
 * at most one a minute: the machine itself may not start processes any more.  When the
 * machine has gone the socket says so, and both end.
 *
 * The worker is single-threaded: frames from the machine go through the guard
 * (net_sanitize.c) into libslirp; frames from libslirp go out, or wait in a bounded queue,
 * or are lost.
 */
#include "netio.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "config.h"

#if HAVE_SLIRP
#include <slirp/libslirp.h>

#define RESTART_NS  60000000000
#define MOST_FDS    1024 /* connections of a guest, and a few of our own */
#define MOST_MEMORY (256u << 20)
#define QUEUE_BYTES (4u << 20)
#define QUEUE_MOST  4096 /* frames */
#define AT_ONCE     256
#define LAST_WORDS  300 /* of what the worker says before it dies */

/* -- The queue to the machine ------------------------------------------------------- */

struct queued {
	struct queued *next;
	struct net_work work;
	u32 n;
	u8 bytes[];
};

struct timer {
	SlirpTimerCb fn;
	void *ctx;
	i64 ms; /* when; negative: not set */
	struct timer *next;
};

struct worker {
	Slirp *slirp;
	struct net_rules rules;
	struct in_addr guest; /* whom DHCP gives the first address: where forwards lead */
	struct queued *first, **last;
	u32 nqueued, bytes;
	struct net_join to_machine, to_slirp; /* what may go on */
	struct timer *timers;
	struct pollfd *polled; /* [0] is the machine */
	size_t npolled, cap_polled;
	bool ended;
};

static bool put_frame(const u8 *bytes, u32 n, const struct net_work *work)
{
	return net_put(HOST_NET_FD, NET_MSG_FRAME, work, bytes, n) != EAGAIN;
}

static void flush_queue(struct worker *w)
{
	while (w->first && put_frame(w->first->bytes, w->first->n, &w->first->work)) {
		struct queued *q = w->first;

		w->first = q->next;
		w->nqueued--;
		w->bytes -= q->n;
		free(q);
	}
	if (!w->first)
		w->last = &w->first;
}

static void enqueue(struct worker *w, const u8 *bytes, u32 n, const struct net_work *work)
{
	struct queued *q;

	if (w->nqueued == QUEUE_MOST || w->bytes + n > QUEUE_BYTES)
		return;
	q = malloc(sizeof(*q) + n);
	if (!q)
		return;
	q->next = NULL;
	q->work = *work;
	q->n = n;
	memcpy(q->bytes, bytes, n);
	*w->last = q;
	w->last = &q->next;
	w->nqueued++;
	w->bytes += n;
}

static void send_frame(struct worker *w, const u8 *bytes, u32 n, const struct net_work *work)
{
	if (w->first || !put_frame(bytes, n, work))
		enqueue(w, bytes, n, work);
}

static void end_join(struct worker *w)
{
	struct net_work work;
	u32 n = net_join_end(&w->to_machine, &work);

	if (n)
		send_frame(w, w->to_machine.frame, n, &work);
}

static ssize_t on_packet(const void *bytes, size_t n, void *ctx)
{
	static const struct net_work good = { .good = true };
	struct worker *w = ctx;

	if (n > NET_FRAME_MAX || net_join(&w->to_machine, bytes, (u32)n, &good))
		return (ssize_t)n;
	end_join(w);
	if (!net_join(&w->to_machine, bytes, (u32)n, &good))
		send_frame(w, bytes, (u32)n, &good);
	return (ssize_t)n;
}

/* -- What libslirp asks for ------------------------------------------------------------ */

static void on_guest_error(const char *text, void *ctx)
{
	(void)text, (void)ctx;
}

static int64_t on_clock(void *ctx)
{
	(void)ctx;
	return (int64_t)now_ns();
}

static void *on_timer_new(SlirpTimerCb fn, void *fn_ctx, void *ctx)
{
	struct worker *w = ctx;
	struct timer *t = xzalloc(sizeof(*t));

	*t = (struct timer){ fn, fn_ctx, -1, w->timers };
	w->timers = t;
	return t;
}

static void on_timer_free(void *timer, void *ctx)
{
	struct worker *w = ctx;

	for (struct timer **at = &w->timers; *at; at = &(*at)->next)
		if (*at == timer) {
			*at = (*at)->next;
			break;
		}
	free(timer);
}

static void on_timer_mod(void *timer, int64_t ms, void *ctx)
{
	((struct timer *)timer)->ms = ms;
	(void)ctx;
}

static void on_fd(int fd, void *ctx)
{
	(void)fd, (void)ctx;
}

static void on_notify(void *ctx)
{
	(void)ctx;
}

static const SlirpCb callbacks = {
	.send_packet = on_packet,
	.guest_error = on_guest_error,
	.clock_get_ns = on_clock,
	.timer_new = on_timer_new,
	.timer_free = on_timer_free,
	.timer_mod = on_timer_mod,
	.register_poll_fd = on_fd,
	.unregister_poll_fd = on_fd,
	.notify = on_notify,
};

/* -- Messages from the machine ------------------------------------------------------------ */

static int forward(struct worker *w, const struct forward *f, bool add)
{
	struct in_addr from;
	int failed;

	memcpy(&from, f->address, sizeof(from));
	errno = 0;
	failed = add ? slirp_add_hostfwd(w->slirp, f->udp, from, f->port, w->guest, f->guest_port)
		     : slirp_remove_hostfwd(w->slirp, f->udp, from, f->port);
	return failed ? errno ? errno : EADDRINUSE : 0;
}

static void answer(struct worker *w, enum net_msg kind, const u8 *bytes, u32 n)
{
	struct net_request r;
	struct net_reply reply;

	if (n != sizeof(r))
		return;
	memcpy(&r, bytes, sizeof(r));
	reply = (struct net_reply){ r.id, forward(w, &r.forward, kind == NET_MSG_ADD) };
	net_put(HOST_NET_FD, NET_MSG_REPLY, NULL, &reply, sizeof(reply));
}

static void give_slirp(struct worker *w, u8 *bytes, u32 n, const struct net_work *work)
{
	if (net_sanitize(&w->rules, bytes, &n, work))
		slirp_input(w->slirp, bytes, (int)n);
}

static void end_row(struct worker *w)
{
	struct net_work work;
	u32 n = net_join_end(&w->to_slirp, &work);

	if (n)
		give_slirp(w, w->to_slirp.frame, n, &work);
}

static void take_frame(struct worker *w, u8 *bytes, u32 n, const struct net_work *work)
{
	if (net_join(&w->to_slirp, bytes, n, work))
		return;
	end_row(w);
	if (!net_join(&w->to_slirp, bytes, n, work))
		give_slirp(w, bytes, n, work);
}

static bool take_message(struct worker *w)
{
	u8 bytes[NET_FRAME_MAX];
	struct net_work work;
	enum net_msg kind;
	i32 got = net_get(HOST_NET_FD, &kind, &work, bytes, sizeof(bytes));

	if (got < 0) {
		w->ended = errno != EAGAIN;
		return false;
	}
	if (kind == NET_MSG_FRAME)
		take_frame(w, bytes, (u32)got, &work);
	else if (kind == NET_MSG_ADD || kind == NET_MSG_REMOVE)
		answer(w, kind, bytes, (u32)got);
	return true;
}

static void take_messages(struct worker *w)
{
	for (u32 i = 0; i < AT_ONCE && take_message(w); i++)
		;
	end_row(w);
	end_join(w);
}

/* -- The worker's loop ------------------------------------------------------------------------ */

static int add_poll(int fd, int events, void *ctx)
{
	struct worker *w = ctx;
	int wanted = (events & SLIRP_POLL_IN ? POLLIN : 0) |
		     (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
		     (events & SLIRP_POLL_PRI ? POLLPRI : 0);

	GROW(&w->polled, w->npolled, &w->cap_polled);
	w->polled[w->npolled] = (struct pollfd){ .fd = fd, .events = (short)wanted };
	return (int)w->npolled++;
}

static int get_events(int i, void *ctx)
{
	const struct worker *w = ctx;
	int got = w->polled[i].revents;

	return (got & POLLIN ? SLIRP_POLL_IN : 0) | (got & POLLOUT ? SLIRP_POLL_OUT : 0) |
	       (got & POLLPRI ? SLIRP_POLL_PRI : 0) | (got & POLLERR ? SLIRP_POLL_ERR : 0) |
	       (got & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static i64 now_ms(void)
{
	return (i64)(now_ns() / 1000000);
}

/* Milliseconds until the next timer, at most `most`. */
static u32 until_timer(const struct worker *w, u32 most)
{
	i64 now = now_ms();

	for (const struct timer *t = w->timers; t; t = t->next)
		if (t->ms >= 0)
			most = (u32)MIN((i64)most, MAX(t->ms - now, 0));
	return most;
}

static void run_timers(struct worker *w)
{
	i64 now = now_ms();

	for (struct timer *t = w->timers; t; t = t->next)
		if (t->ms >= 0 && t->ms <= now) {
			t->ms = -1;
			t->fn(t->ctx);
		}
}

/* The guest's frames come before libslirp's own turn, at whose end it sends what has waited for a
 * neighbor to say who he is: for a second, then it is lost. */
static void turn(struct worker *w)
{
	u32 wait = UINT32_MAX;
	int failed;

	w->npolled = 0;
	add_poll(HOST_NET_FD, SLIRP_POLL_IN | (w->first ? SLIRP_POLL_OUT : 0), w);
	slirp_pollfds_fill(w->slirp, &wait, add_poll, w);
	wait = until_timer(w, MIN(wait, 60000));
	failed = poll(w->polled, (nfds_t)w->npolled, (int)wait) < 0;
	if (w->polled[0].revents)
		take_messages(w);
	slirp_pollfds_poll(w->slirp, failed, get_events, w);
	run_timers(w);
	end_join(w);
	flush_queue(w);
}

/* -- Starting a worker ---------------------------------------------------------------------------
 */

static struct in_addr ip4(u32 subnet, u32 host)
{
	struct in_addr a;
	u8 bytes[] = { 10, 0, (u8)(2 + subnet), (u8)host };

	memcpy(&a, bytes, sizeof(a));
	return a;
}

/* fec0:0:0:N::HOST, as guests of QEMU know it. */
static struct in6_addr ip6(u32 subnet, u32 host)
{
	struct in6_addr a = { .s6_addr = { 0xfe, 0xc0 } };

	a.s6_addr[7] = (u8)subnet;
	a.s6_addr[15] = (u8)host;
	return a;
}

static void limit(int what, rlim_t most)
{
	const struct rlimit r = { most, most };

	setrlimit(what, &r);
}

/* Beyond what is there now, which under a sanitizer is a lot. */
static void limit_memory(rlim_t more)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages;

	if (f && fscanf(f, "%*u %*u %*u %*u %*u %lu", &pages) == 1)
		limit(RLIMIT_DATA, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + more);
	if (f)
		fclose(f);
}

static void give_up_rights(void)
{
	limit_memory(MOST_MEMORY);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, MOST_FDS);
	limit(RLIMIT_FSIZE, 0);
#ifdef __linux__
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
}

struct role {
	u32 subnet;
	bool ipv6, host_loopback;
};

/* What it never does: emulate old protocols, serve files, reach our own loopback. */
static Slirp *make_slirp(const struct role *r, struct worker *w)
{
	const SlirpConfig config = {
		.version = 4,
		.in_enabled = true,
		.vnetwork = ip4(r->subnet, 0),
		.vnetmask = { .s_addr = htonl(0xffffff00) },
		.vhost = ip4(r->subnet, 2),
		.vdhcp_start = w->guest,
		.vnameserver = ip4(r->subnet, 3),
		.in6_enabled = r->ipv6,
		.vprefix_addr6 = ip6(r->subnet, 0),
		.vprefix_len = 64,
		.vhost6 = ip6(r->subnet, 2),
		.vnameserver6 = ip6(r->subnet, 3),
		.disable_host_loopback = !r->host_loopback,
	};

	return slirp_new(&config, &callbacks, w);
}

static int work(const struct role *r)
{
	struct worker w = { .guest = ip4(r->subnet, 15), .rules = { .ipv6 = r->ipv6 } };
	const char *version = slirp_version_string();
	struct in_addr host = ip4(r->subnet, 2);

	give_up_rights();
	w.last = &w.first;
	memcpy(w.rules.host, &host, sizeof(host));
	w.slirp = make_slirp(r, &w);
	if (!w.slirp)
		return 1;
	net_put(HOST_NET_FD, NET_MSG_UP, NULL, version, (u32)strlen(version));
	while (!w.ended)
		turn(&w);
	return 0;
}

/* -- The keeper --------------------------------------------------------------------------- */

/* The machine's end is closed, or nothing happened in that time. */
static bool machine_left(u64 ns)
{
	struct pollfd p = { .fd = HOST_NET_FD };

	return poll(&p, 1, (int)(ns / 1000000)) > 0 && p.revents & (POLLHUP | POLLERR);
}

/* Reads what the worker says until it has ended; the last of it stays. */
static size_t listen_to(int fd, char *tail)
{
	char bytes[1024];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))
		for (ssize_t i = 0; i < got; i++) {
			if (n == LAST_WORDS)
				memmove(tail, tail + 1, --n);
			tail[n++] = bytes[i] == '\n' ? ' ' : bytes[i];
		}
	return n;
}

static void tell_death(int status, const char *tail, size_t n)
{
	char text[LAST_WORDS + 64];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d: %.*s", WTERMSIG(status), (int)n, tail);
	else
		snprintf(text, sizeof(text), "exit code %d: %.*s", WEXITSTATUS(status), (int)n,
			 tail);
	net_put(HOST_NET_FD, NET_MSG_DOWN, NULL, text, (u32)strlen(text));
}

/* False: it ended because there is nothing more to do. */
static bool keep_one(const struct role *r)
{
	char tail[LAST_WORDS];
	int said[2], status = 0;
	size_t n;
	pid_t pid;

	if (pipe(said))
		return false;
	pid = fork();
	if (!pid) {
		dup2(said[1], STDERR_FILENO);
		close(said[0]);
		close(said[1]);
		exit(work(r));
	}
	close(said[1]);
	n = pid > 0 ? listen_to(said[0], tail) : 0;
	close(said[0]);
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!status)
		return false;
	tell_death(status, tail, n);
	return true;
}

int host_net_helper(int argc, char **argv)
{
	struct role r = { 0 };

	if (argc != 3)
		return 1;
	r.subnet = (u32)strtoul(argv[0], NULL, 10);
	r.ipv6 = !strcmp(argv[1], "ipv6");
	r.host_loopback = !strcmp(argv[2], "host-loopback");
	signal(SIGCHLD, SIG_DFL);
	for (;;) {
		u64 started = now_ns(), lived;

		if (!keep_one(&r))
			return 0;
		lived = now_ns() - started;
		if (lived < RESTART_NS && machine_left(RESTART_NS - lived))
			return 0;
	}
}

const char *host_slirp_version(void)
{
	return slirp_version_string();
}

#else

int host_net_helper(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

const char *host_slirp_version(void)
{
	return NULL;
}

#endif
