/* chardev_socket.c - a UNIX socket, or a TCP port of 127.0.0.1, that one client at a time may
 * connect to.
 *
 * The next client waits in the backlog until the first has gone.  Bytes for nobody are
 * dropped, as on a cable that is not plugged in.
 */
#include "internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

struct socket_chr {
	struct chardev chr;
	struct inlet *in;
	struct outlet *out;
	struct loop_fd *watch;
	struct unix_listener listener;
	int client;
	char *name; /* the path, or the port */
};

static void socket_write(struct chardev *c, const u8 *bytes, size_t n)
{
	outlet_write(((struct socket_chr *)c)->out, bytes, n);
}

static void socket_ready(struct chardev *c)
{
	inlet_ready(((struct socket_chr *)c)->in);
}

static bool socket_size(const struct chardev *c, u32 *columns, u32 *rows)
{
	(void)c;
	(void)columns;
	(void)rows;
	return false;
}

static void on_client(void *ctx, u32 events)
{
	struct socket_chr *s = ctx;
	int on = 1;

	s->client = loop_accept(s->watch, 0);
	if (s->client < 0)
		return;                                                   /* it has left already */
	setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* if it is one */
	loop_want(s->watch, 0);
	outlet_attach(s->out, s->client);
	inlet_open(s->in, s->client);
	(void)events;
}

static void client_gone(void *ctx)
{
	struct socket_chr *s = ctx;

	inlet_close(s->in);
	shutdown(s->client, SHUT_RDWR); /* ends a write that is stuck */
	outlet_attach(s->out, -1);
	close(s->client);
	s->client = -1;
	loop_want(s->watch, LOOP_READ);
}

static void socket_free(struct chardev *c)
{
	struct socket_chr *s = (struct socket_chr *)c;

	inlet_free(s->in);
	outlet_free(s->out);
	if (s->client >= 0)
		close(s->client);
	loop_remove(s->watch);
	unix_unlisten(&s->listener);
	free(s->name);
	free(s);
}

static const struct chardev_ops socket_ops = {
	.write = socket_write,
	.ready = socket_ready,
	.size = socket_size,
	.free = socket_free,
};

static bool port_refused(u16 port, int error, struct err *e)
{
	const struct forward f = { .address = { 127, 0, 0, 1 }, .port = port };

	host_err_port(e, "listen at", &f, error);
	if (!e->hint[0])
		err_hint(e, "give another port, or `socket: FILE`, which only this user can open");
	return false;
}

/* Without SO_REUSEADDR the port of a run that just ended would count as in use. */
static bool start_tcp(struct socket_chr *s, u16 port, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	s->listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener.fd < 0)
		return err_set(e, "the host gives no socket: %s", strerror(errno));
	setsockopt(s->listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(s->listener.fd, (const struct sockaddr *)&a, sizeof(a)) &&
	    !listen(s->listener.fd, 1))
		return true;
	return port_refused(port, errno, e);
}

/* `port` 0: the name is a path. */
static struct chardev *make(struct loop *l, char *name, u16 port, struct err *e)
{
	struct socket_chr *s = xzalloc(sizeof(*s));
	struct inlet_options options = { .to = &s->chr, .ended = client_gone, .ctx = s };

	s->chr.ops = &socket_ops;
	s->listener.fd = s->client = -1;
	s->name = name;
	if (port ? start_tcp(s, port, e) : unix_listen(&s->listener, s->name, 1, e))
		s->out = outlet_new(-1, s->name, e);
	if (!s->out) {
		socket_free(&s->chr);
		return NULL;
	}
	s->in = inlet_new(l, &options);
	s->watch = loop_add(l, s->listener.fd, LOOP_READ, on_client, s);
	return &s->chr;
}

struct chardev *host_socket(struct loop *l, const char *path, struct err *e)
{
	return make(l, xstrdup(path), 0, e);
}

struct chardev *host_tcp(struct loop *l, const char *name, u16 port, struct err *e)
{
	struct chardev *c = make(l, xprintf("127.0.0.1:%u", port), port, e);

	if (c)
		log_line(LOG_INFO, "%s: 127.0.0.1:%u", name, port);
	return c;
}
