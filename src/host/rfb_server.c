/* rfb_server.c - who may look: a port or a UNIX socket that VNC clients connect to, or a port that
 * gives a browser a page and then a WebSocket.
 *
 * A socket is this user's alone; ports are open to this computer unless the board says otherwise.
 * Any page in the user's browser can reach a port of this computer, so the WebSocket wants a secret
 * that only the address printed at the start has, and a request that says it comes from that
 * address. A client that does not read costs what one update needs, and no more; of those that say
 * nothing the oldest makes room for the next.
 */
#include "rfb.h"

#include "timebase.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#define CLIENTS   8
#define HEAD_MOST 4096       /* of a request */
#define OUT_MOST  (16 * MIB) /* unsent: no more is read */
#define SECRET    16
#define LIVE_NS   40000000 /* between two looks at a picture that says nothing of changes */

static const u8 page[] = {
#include "page.inc"
};

struct server;

struct client {
	struct server *server;
	struct loop_fd *watch; /* NULL: free */
	int fd;
	u64 since;       /* counts clients */
	struct str head; /* of a request, while it is not whole */
	struct rfb *rfb; /* NULL: there is no more than a request yet */
	struct websocket socket;
	struct str out;
	size_t sent;
	bool heard;  /* it knows the protocol */
	bool ending; /* when all is sent */
};

struct server {
	struct host_viewer viewer;
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_call *look;
	struct host_view view;
	struct display *display;
	char title[64];
	bool web;
	char secret[2 * SECRET + 1];
	struct unix_listener listener; /* its path is NULL where it is a port */
	u64 nclients, live_ns;         /* NEVER_NS: none is live */
	struct client clients[CLIENTS];
};

/* -- Clients ------------------------------------------------------------------------------ */

static void drop(struct client *c)
{
	loop_remove(c->watch);
	c->watch = NULL;
	close(c->fd);
	rfb_free(c->rfb);
	str_free(&c->head);
	str_free(&c->out);
	*c = (struct client){ .server = c->server };
}

/* One that wants answers to pings without reading them is not listened to. */
static bool may_speak(const struct client *c)
{
	return c->out.n < OUT_MOST;
}

/* False: it is gone. */
static bool send_some(struct client *c)
{
	while (c->sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		c->sent += (size_t)n;
	}
	if (c->sent == c->out.n)
		c->sent = c->out.n = 0;
	loop_want(c->watch, (may_speak(c) ? LOOP_READ : 0) | (c->out.n ? LOOP_WRITE : 0));
	return c->out.n || !c->ending;
}

/* What it has asked for, if all before is sent. */
static void answer(struct client *c)
{
	struct server *s = c->server;
	struct str more = { 0 };

	if (c->rfb && !c->out.n) {
		if (rfb_answer(c->rfb, &more))
			s->live_ns = MIN(s->live_ns, now_ns() + LIVE_NS);
		if (more.n && s->web)
			websocket_wrap(more.p, more.n, &c->out);
		else if (more.n)
			str_bytes(&c->out, more.p, more.n);
		str_free(&more);
	}
	if (!send_some(c))
		drop(c);
}

static void on_look(void *ctx)
{
	struct server *s = ctx;

	for (u32 i = 0; i < CLIENTS; i++)
		if (s->clients[i].watch)
			answer(&s->clients[i]);
}

static u64 due(struct host_viewer *v)
{
	struct server *s = (struct server *)v;

	if (s->live_ns <= now_ns()) {
		s->live_ns = NEVER_NS;
		on_look(s);
	}
	return s->live_ns;
}

static void on_changed(void *ctx)
{
	loop_call(((struct server *)ctx)->look);
}

static void begin_rfb(struct client *c)
{
	struct server *s = c->server;

	c->rfb = rfb_new(&s->view, on_changed, s);
}

/* -- HTTP: one request ----------------------------------------------------------------------- */

/* The value of a header, or NULL; `name` has its colon, in small letters. */
static char *header(const char *head, const char *name, char *value, size_t cap)
{
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		size_t n = strlen(name), len;

		line += 2;
		if (strncasecmp(line, name, n) != 0)
			continue;
		line += n + strspn(line + n, " \t");
		len = strcspn(line, "\r\n");
		if (len >= cap)
			return NULL;
		memcpy(value, line, len);
		value[len] = 0;
		return value;
	}
	return NULL;
}

static void respond(struct client *c, const char *status, const char *more, const void *body,
		    size_t n)
{
	str_add(&c->out,
		"HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
		"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s\r\n",
		status, n, more);
	str_bytes(&c->out, body, n);
	c->ending = true;
}

/* A page from elsewhere that has made its name an address of ours would say that name. */
static bool is_for_us(const char *head)
{
	char host[64], origin[96], want[96];

	if (!header(head, "host:", host, sizeof(host)))
		return false;
	if (strspn(host, "0123456789.:") != strlen(host) && !text_starts(host, "localhost:"))
		return false;
	snprintf(want, sizeof(want), "http://%s", host);
	return !header(head, "origin:", origin, sizeof(origin)) || !strcmp(origin, want);
}

/* Looks at all of it, wherever the first difference is. */
static bool is_secret(const struct server *s, const char *path)
{
	u8 differs = 0;

	if (strlen(path) != sizeof(s->secret))
		return false;
	for (size_t i = 0; i < sizeof(s->secret) - 1; i++)
		differs |= (u8)(path[1 + i] ^ s->secret[i]);
	return !differs;
}

static void upgrade(struct client *c, const char *key)
{
	char accept[29];

	websocket_accept(key, accept);
	str_add(&c->out,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept);
	begin_rfb(c);
}

static void serve(struct client *c, const char *head)
{
	static const char html[] = "Content-Type: text/html; charset=utf-8\r\n"
				   "Referrer-Policy: no-referrer\r\n"
				   "Content-Security-Policy: default-src 'none'; img-src data:; "
				   "script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
				   "connect-src ws:; frame-ancestors 'none'\r\n";
	char path[64] = "", key[64];

	sscanf(head, "GET %63s HTTP/1.1", path);
	if (!is_for_us(head))
		respond(c, "403 Forbidden", "", "", 0);
	else if (!strcmp(path, "/"))
		respond(c, "200 OK", html, page, sizeof(page));
	else if (is_secret(c->server, path) && header(head, "sec-websocket-key:", key, sizeof(key)))
		upgrade(c, key);
	else
		respond(c, "404 Not Found", "", "", 0);
}

/* -- What comes ----------------------------------------------------------------------------------
 */

static bool take_request(struct client *c, const u8 *bytes, size_t n)
{
	char *end;

	str_bytes(&c->head, bytes, n);
	if (memchr(c->head.p, 0, c->head.n))
		return false;
	end = strstr(c->head.p, "\r\n\r\n");
	if (!end)
		return c->head.n < HEAD_MOST;
	end[2] = 0;
	if (end[4]) /* a client waits for our answer first */
		return false;
	serve(c, c->head.p);
	str_free(&c->head);
	return true;
}

static bool take_frames(struct client *c, const u8 *bytes, size_t n)
{
	struct str said = { 0 };
	bool good = websocket_take(&c->socket, bytes, n, &said, &c->out);

	good = rfb_take(c->rfb, (const u8 *)str_text(&said), said.n) && good;
	str_free(&said);
	c->heard = true;
	return good;
}

static bool take(struct client *c, const u8 *bytes, size_t n)
{
	if (c->ending)
		return true;
	if (!c->rfb)
		return take_request(c, bytes, n);
	if (c->server->web)
		return take_frames(c, bytes, n);
	c->heard = true;
	return rfb_take(c->rfb, bytes, n);
}

static void on_client(void *ctx, u32 events)
{
	struct client *c = ctx;
	u8 bytes[4096];
	ssize_t n = 0;

	if (events & (LOOP_READ | LOOP_HANGUP) && may_speak(c)) {
		n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
		    (n > 0 && !take(c, bytes, (size_t)n))) {
			drop(c);
			return;
		}
	}
	answer(c);
}

/* -- Listening
 * ---------------------------------------------------------------------------------------- */

/* A free place, or that of the oldest of those that have said nothing of use. */
static struct client *place(struct server *s)
{
	struct client *oldest = NULL;

	for (u32 i = 0; i < CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (!c->watch)
			return c;
		if (!c->heard && (!oldest || c->since < oldest->since))
			oldest = c;
	}
	if (oldest)
		drop(oldest);
	return oldest;
}

static void on_connection(void *ctx, u32 events)
{
	struct server *s = ctx;
	int fd = loop_accept(s->watch, SOCK_NONBLOCK), on = 1;
	struct client *c = fd < 0 ? NULL : place(s);

	(void)events;
	if (!c) {
		if (fd >= 0)
			close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*c = (struct client){ .server = s, .fd = fd, .since = s->nclients++ };
	c->watch = loop_add(s->loop, fd, LOOP_READ, on_client, c);
	if (!s->web)
		begin_rfb(c);
	answer(c);
}

static bool port_error(const struct forward *f, int error, struct err *e)
{
	host_err_port(e, "listen at", f, error);
	if (error == EADDRINUSE && !f->or_next)
		err_hint(e, "write `listen: %u+` for the first free port from there on", f->port);
	return false;
}

static bool listen_at_port(struct server *s, struct forward *f, struct err *e)
{
	u32 tries = f->or_next ? FORWARD_TRIES : 1;
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, error = EADDRINUSE;

	s->listener.fd = fd;
	if (fd < 0)
		return err_set(e, "the host gives no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	memcpy(&a.sin_addr, f->address, sizeof(f->address));
	for (u32 i = 0; i < tries && error == EADDRINUSE && f->port + i <= UINT16_MAX; i++) {
		a.sin_port = htons((u16)(f->port + i));
		error = bind(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
	}
	if (!error && listen(fd, CLIENTS))
		error = errno;
	if (error)
		return port_error(f, error, e);
	f->port = ntohs(a.sin_port);
	return true;
}

static bool make_secret(struct server *s, struct err *e)
{
	u8 bytes[SECRET];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_set(e, "the host gives no random numbers: %s", strerror(errno));
	for (u32 i = 0; i < SECRET; i++)
		snprintf(s->secret + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return true;
}

static void server_free(struct host_viewer *v)
{
	struct server *s = (struct server *)v;

	for (u32 i = 0; i < CLIENTS; i++)
		if (s->clients[i].watch)
			drop(&s->clients[i]);
	loop_remove(s->watch);
	loop_call_free(s->look);
	unix_unlisten(&s->listener);
	free(s);
}

static void say(const struct server *s, const struct forward *f)
{
	char port[FORWARD_TEXT];

	if (s->view.socket)
		log_line(LOG_NOTICE, "%s: VNC at %s", s->view.name, s->view.socket);
	else if (s->web)
		log_line(LOG_NOTICE, "%s: http://%s/#%s", s->view.name, forward_text(port, f),
			 s->secret);
	else
		log_line(LOG_NOTICE, "%s: VNC at %s", s->view.name, forward_text(port, f));
}

static struct host_viewer *server_new(struct loop *l, const struct host_view *view, bool web,
				      struct err *e)
{
	struct server *s = xzalloc(sizeof(*s));
	struct forward at = view->listen;

	s->viewer = (struct host_viewer){ .due = due, .free = server_free };
	s->loop = l;
	s->web = web;
	s->listener.fd = -1;
	s->live_ns = NEVER_NS;
	s->display = view->displays[0];
	snprintf(s->title, sizeof(s->title), "%s", view->title);
	s->view = *view;
	s->view.title = s->title;
	s->view.displays = &s->display;
	s->view.ndisplays = 1;
	s->look = loop_call_new(l, on_look, s);
	if ((web && !make_secret(s, e)) ||
	    !(view->socket ? unix_listen(&s->listener, view->socket, CLIENTS, e)
			   : listen_at_port(s, &at, e))) {
		server_free(&s->viewer);
		return NULL;
	}
	s->watch = loop_add(l, s->listener.fd, LOOP_READ, on_connection, s);
	say(s, &at);
	return &s->viewer;
}

struct host_viewer *host_vnc(struct loop *l, const struct host_view *view, struct err *e)
{
	return server_new(l, view, false, e);
}

struct host_viewer *host_web(struct loop *l, const struct host_view *view, struct err *e)
{
	return server_new(l, view, true, e);
}
