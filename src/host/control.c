/* control.c - what other commands say to a running machine.
 *
 * Each run listens on a UNIX socket, named like its board, in a folder that is its user's
 * alone.  A client connects, sends one request, gets one answer, and is gone: text, at most
 * a datagram of it, and with a request perhaps a file, as a descriptor and never as a path.  The
 * first byte of an answer says whether it was done.
 */
#define _GNU_SOURCE /* struct ucred */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS  8
#define RUNS     64 /* of one board */
#define REQUEST  1024
#define ANSWER   16384
#define PATIENCE 10000 /* ms, for an answer */

struct client {
	struct control *control;
	struct loop_fd *watch; /* NULL: free */
	int fd;
};

struct control {
	struct loop *loop;
	struct loop_fd *watch;
	int fd;
	char *folder, *board;
	char name[UNIX_NAME];
	control_fn *fn;
	void *ctx;
	int file; /* of the request that is served, or -1 */
	struct client clients[CLIENTS];
};

/* -- Names ------------------------------------------------------------------------- */

/* $XDG_RUNTIME_DIR/vmbuild, or `run` in the state folder. */
static char *run_folder(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *state, *folder;

	if (runtime && *runtime == '/')
		return xprintf("%s/vmbuild", runtime);
	state = host_state_dir();
	folder = xprintf("%s/run", state);
	free(state);
	return folder;
}

/* virt, virt-2, virt-3 */
static void name_of_run(const struct unix_names *names, u32 i, char *name)
{
	if (i)
		snprintf(name, UNIX_NAME, "%.50s-%u", names->base, i + 1);
	else
		snprintf(name, UNIX_NAME, "%.50s", names->base);
}

/* -- Answering ---------------------------------------------------------------------- */

static void close_client(struct client *c)
{
	loop_remove(c->watch);
	c->watch = NULL;
	close(c->fd);
}

static void reply(struct client *c, bool done, const struct str *answer, const struct err *e)
{
	struct str s = { 0 };

	if (done)
		str_add(&s, "+%s", str_text(answer));
	else
		str_add(&s, "-%s\n%s\n%s", e->code, e->text, e->hint);
	/* Who does not read it goes without. */
	if (send(c->fd, s.p, MIN(s.n, ANSWER), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_line(LOG_DEBUG, "control: no answer sent: %s", strerror(errno));
	str_free(&s);
}

/* Like recv(), with the file that came along in *file, or -1. */
static ssize_t receive(int fd, char *bytes, size_t n, int *file)
{
	union {
		struct cmsghdr align;
		u8 bytes[CMSG_SPACE(sizeof(int))];
	} more;
	struct iovec iov = { bytes, n };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = more.bytes,
			    .msg_controllen = CMSG_LEN(sizeof(int)) }; /* and no more */
	ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*file = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(file, CMSG_DATA(c), sizeof(int));
	return got;
}

static void on_request(void *ctx, u32 events)
{
	struct client *c = ctx;
	char request[REQUEST + 1];
	ssize_t n = receive(c->fd, request, REQUEST, &c->control->file);
	struct str answer = { 0 };
	struct err e = { 0 };
	bool done;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		request[n] = 0;
		done = c->control->fn(c->control->ctx, request, &answer, &e);
		reply(c, done, &answer, &e);
		str_free(&answer);
	}
	if (c->control->file >= 0)
		close(c->control->file);
	c->control->file = -1;
	close_client(c);
}

/* The folder keeps others out; this does, where it cannot. */
static bool is_ours(int fd)
{
#ifdef SO_PEERCRED
	struct ucred who;
	socklen_t n = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) &&
	       (who.uid == geteuid() || who.uid == 0);
#else
	(void)fd;
	return true;
#endif
}

static void on_client(void *ctx, u32 events)
{
	struct control *control = ctx;
	int fd = loop_accept(control->watch, SOCK_NONBLOCK);

	(void)events;
	for (u32 i = 0; fd >= 0 && is_ours(fd) && i < CLIENTS; i++) {
		struct client *c = &control->clients[i];

		if (c->watch)
			continue;
		*c = (struct client){ .control = control, .fd = fd };
		c->watch = loop_add(control->loop, fd, LOOP_READ, on_request, c);
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* -- Listening ------------------------------------------------------------------------ */

static bool start(struct control *c, struct err *e)
{
	const struct unix_names names = { c->folder, c->board, RUNS, name_of_run };
	i32 taken;

	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return err_set(e, "the host gives no socket: %s", strerror(errno));
	if (!host_mkdirs(c->folder, e) || !unix_folder(c->folder, e))
		return false;
	taken = unix_bind(c->fd, &names, e);
	if (taken < 0)
		return false;
	name_of_run(&names, (u32)taken, c->name);
	return !listen(c->fd, CLIENTS) || host_err_file(e, "listen at", c->name, errno);
}

struct control *control_new(struct loop *l, const char *board, control_fn *fn, void *ctx,
			    struct err *e)
{
	struct control *c = xzalloc(sizeof(*c));

	c->loop = l;
	c->file = -1;
	c->folder = run_folder();
	c->board = xstrdup(board);
	c->fn = fn;
	c->ctx = ctx;
	if (!start(c, e)) {
		control_free(c);
		return NULL;
	}
	c->watch = loop_add(l, c->fd, LOOP_READ, on_client, c);
	return c;
}

const char *control_name(const struct control *c)
{
	return c->name;
}

int control_file(const struct control *c)
{
	return c->file;
}

void control_free(struct control *c)
{
	struct sockaddr_un a;

	if (!c)
		return;
	for (u32 i = 0; i < CLIENTS; i++)
		if (c->clients[i].watch)
			close_client(&c->clients[i]);
	loop_remove(c->watch);
	if (*c->name && unix_address(&a, c->folder, c->name))
		unlink(a.sun_path);
	if (c->fd >= 0)
		close(c->fd);
	free(c->folder);
	free(c->board);
	free(c);
}

/* -- Asking ------------------------------------------------------------------------------- */

/* Connected, or -1. */
static int reach(const char *folder, const char *name)
{
	struct sockaddr_un a;
	int fd;

	if (!unix_address(&a, folder, name))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Those that answer, in a hint. */
static bool nobody(const char *folder, const char *name, struct err *e)
{
	struct dirent *entry;
	struct str running = { 0 };
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		int fd = *entry->d_name == '.' ? -1 : reach(folder, entry->d_name);

		if (fd < 0)
			continue;
		close(fd);
		str_add(&running, "%s%s", running.n ? ", " : "", entry->d_name);
	}
	if (dir)
		closedir(dir);
	err_set(e, "no machine `%s` is running", name);
	if (running.n)
		err_hint(e, "running: %s", str_text(&running));
	str_free(&running);
	return false;
}

static bool read_answer(int fd, struct str *answer, struct err *e)
{
	char bytes[ANSWER + 1], *text, *hint;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, PATIENCE) > 0 ? recv(fd, bytes, ANSWER, 0) : -1;

	if (n <= 0)
		return err_set(e, "the machine does not answer");
	bytes[n] = 0;
	if (bytes[0] == '+') {
		str_add(answer, "%s", bytes + 1);
		return true;
	}
	text = strchr(bytes, '\n');
	hint = text ? strchr(text + 1, '\n') : NULL;
	if (!hint)
		return err_set(e, "the machine's answer is not understood");
	*text++ = *hint++ = 0;
	err_code(e, bytes + 1, "%s", text);
	return *hint ? err_hint(e, "%s", hint) : false;
}

static bool send_request(int fd, const char *request, int file)
{
	union {
		struct cmsghdr align;
		u8 bytes[CMSG_SPACE(sizeof(int))];
	} more = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)request, strlen(request) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (file >= 0) {
		m.msg_control = more.bytes;
		m.msg_controllen = sizeof(more.bytes);
		more.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					       .cmsg_level = SOL_SOCKET,
					       .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&more.align), &file, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) >= 0;
}

bool control_ask(const char *name, const char *request, struct str *answer, struct err *e)
{
	return control_ask_file(name, request, -1, answer, e);
}

bool control_ask_file(const char *name, const char *request, int file, struct str *answer,
		      struct err *e)
{
	char *folder = run_folder();
	int fd = strchr(name, '/') ? -1 : reach(folder, name);
	bool done;

	if (fd < 0)
		done = nobody(folder, name, e);
	else if (!send_request(fd, request, file))
		done = err_set(e, "`%s` takes no request: %s", name, strerror(errno));
	else
		done = read_answer(fd, answer, e);
	if (fd >= 0)
		close(fd);
	free(folder);
	return done;
}
