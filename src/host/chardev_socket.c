/* chardev_socket.c - a UNIX socket that one client at a time may connect to.
 *
 * The next client waits in the backlog until the first has gone.  Bytes for nobody are
 * dropped, as on a cable that is not plugged in.
 */
#define _GNU_SOURCE /* accept4 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct socket_chr {
	struct chardev chr;
	struct inlet *in;
	struct outlet *out;
	struct loop_fd *watch;
	int listener, client;
	char *path;
	dev_t dev; /* of what we made at `path` */
	ino_t ino;
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

	s->client = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (s->client < 0)
		return; /* it has left already */
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

/* Somebody may have put another file there meanwhile. */
static void unlink_ours(const struct socket_chr *s)
{
	struct stat st;

	if (!lstat(s->path, &st) && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
}

static void socket_free(struct chardev *c)
{
	struct socket_chr *s = (struct socket_chr *)c;

	inlet_free(s->in);
	outlet_free(s->out);
	if (s->client >= 0)
		close(s->client);
	if (s->ino)
		unlink_ours(s);
	loop_remove(s->watch);
	if (s->listener >= 0)
		close(s->listener);
	free(s->path);
	free(s);
}

static const struct chardev_ops socket_ops = {
	.write = socket_write,
	.ready = socket_ready,
	.size = socket_size,
	.free = socket_free,
};

static bool fill_address(struct sockaddr_un *a, const char *path, struct err *e)
{
	size_t n = strlen(path);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof(a->sun_path)) {
		err_set(e, "socket path of %zu bytes is longer than the host's limit, %zu: `%s`", n,
			sizeof(a->sun_path) - 1, path);
		return err_hint(e, "a path relative to the current folder may be short enough");
	}
	memcpy(a->sun_path, path, n);
	return true;
}

/* A run that was killed leaves its socket behind: nobody answers there. */
static bool clear_stale(const struct sockaddr_un *a, struct err *e)
{
	struct stat st;
	int fd, error;

	if (lstat(a->sun_path, &st))
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		err_set(e, "`%s` is there already, and is no socket", a->sun_path);
		return err_hint(e, "give another path: vmbuild does not delete it");
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	error = connect(fd, (const struct sockaddr *)a, sizeof(*a)) ? errno : 0;
	close(fd);
	if (error == ECONNREFUSED)
		return !unlink(a->sun_path) || host_err_file(e, "replace", a->sun_path, errno);
	err_set(e, "socket `%s` is in use by another program", a->sun_path);
	return err_hint(e, "give another path");
}

/* The mode is set before the name exists: no moment in which others could connect. */
static bool listen_at(struct socket_chr *s, const struct sockaddr_un *a, struct err *e)
{
	struct stat st;
	mode_t before = umask(0177);
	int failed = bind(s->listener, (const struct sockaddr *)a, sizeof(*a)) ? errno : 0;

	umask(before);
	if (failed)
		return host_err_file(e, "make socket", a->sun_path, failed);
	if (!lstat(a->sun_path, &st)) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	return !listen(s->listener, 1) || host_err_file(e, "listen at", a->sun_path, errno);
}

static bool start(struct socket_chr *s, struct err *e)
{
	struct sockaddr_un a;

	if (!fill_address(&a, s->path, e) || !clear_stale(&a, e))
		return false;
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return err_set(e, "the host gives no socket: %s", strerror(errno));
	if (!listen_at(s, &a, e))
		return false;
	s->out = outlet_new(-1, s->path, e);
	return s->out;
}

struct chardev *host_socket(struct loop *l, const char *path, struct err *e)
{
	struct socket_chr *s = xzalloc(sizeof(*s));
	struct inlet_options options = { .to = &s->chr, .ended = client_gone, .ctx = s };

	s->chr.ops = &socket_ops;
	s->listener = s->client = -1;
	s->path = xstrdup(path);
	if (!start(s, e)) {
		socket_free(&s->chr);
		return NULL;
	}
	s->in = inlet_new(l, &options);
	s->watch = loop_add(l, s->listener, LOOP_READ, on_client, s);
	return &s->chr;
}
