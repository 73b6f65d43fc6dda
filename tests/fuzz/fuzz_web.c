/* fuzz_web.c - any bytes as what a browser, or what says that it is one, sends to the page of a
 * display: a request, or frames of a WebSocket behind a sound one.
 *
 * The frames are also taken apart at once and byte by byte, with the same outcome.  Whatever it
 * is: only who knows the secret gets a WebSocket, and after it a browser gets the page.
 */
#define DESK_MOST 80u
#include "desk.h"
#include "life.h"

#include "rfb.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* One server for all lives: what a client leaves behind in it would be found. */
static struct server {
	struct desk *desk;
	struct host_view view;
	struct loop *l;
	struct host_viewer *v;
	u16 port;
	char secret[64];
	u32 rounds; /* of the loop, until it ends */
} * server;

static void must(bool is)
{
	if (!is)
		abort();
}

static void on_log(void *ctx, enum log_level level, const char *line)
{
	const char *at = strstr(line, "127.0.0.1:"), *secret = strstr(line, "/#");

	(void)ctx, (void)level;
	if (!at || !secret)
		return;
	server->port = (u16)strtoul(at + 10, NULL, 10);
	snprintf(server->secret, sizeof(server->secret), "%s", secret + 2);
}

static void serve(void)
{
	struct err e = { 0 };

	server = xzalloc(sizeof(*server));
	server->desk = desk_new(bench_new());
	desk_show(server->desk, 30, 20);
	server->l = loop_new(&e);
	server->view = (struct host_view){
		.name = "display",
		.title = "mine",
		.displays = &server->desk->host,
		.ndisplays = 1,
		.input = bench_of(&server->desk->dev)->machine.input,
		.listen = { .address = { 127, 0, 0, 1 }, .port = 5980, .or_next = true }
	};
	log_sink(on_log, NULL);
	server->v = host_web(server->l, &server->view, &e);
	log_sink(NULL, NULL);
	must(server->v && server->port);
}

/* -- A client ------------------------------------------------------------------------------ */

static int dial_from(in_addr_t address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(server->port) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	from.sin_addr.s_addr = htonl(address);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!bind(fd, (struct sockaddr *)&from, sizeof(from)) &&
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

/* Ports are not to run out, though ends of connections linger for a minute: from another address
 * now and then, and where there is none left. */
static int dial(void)
{
	const struct linger at_once = { .l_onoff = 1 };
	static u32 dialed;
	int fd = -1;

	for (u32 tries = 0; fd < 0 && tries < 100; tries++) {
		fd = dial_from(INADDR_LOOPBACK + 1 + dialed / 10000);
		dialed += fd < 0 ? 10000 : 1;
	}
	must(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* Nothing on this computer is on its way: what is not ready now will not be. */
static u64 due(void *ctx)
{
	struct server *s = ctx;

	if (!s->rounds--)
		loop_quit(s->l);
	s->v->due(s->v);
	return now_ns();
}

/* To accept, to read, to answer, and to find no more. */
static void turn(void)
{
	server->rounds = 4;
	loop_run(server->l, due, server);
}

static void say(int fd, const void *bytes, size_t n)
{
	if (send(fd, bytes, n, MSG_NOSIGNAL) > 0)
		turn();
}

/* What has come so far, or what fits. */
static size_t hear(int fd, char *to, size_t cap)
{
	size_t n = 0;
	ssize_t got;

	while (n < cap - 1 && (got = recv(fd, to + n, cap - 1 - n, 0)) > 0)
		n += (size_t)got;
	to[n] = 0;
	return n;
}

static void request(int fd, const char *path)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nSec-WebSocket-Key: "
		 "dGhlIHNhbXBsZSBub25jZQ==\r\nUpgrade: websocket\r\n\r\n",
		 path, server->port);
	say(fd, text, strlen(text));
}

static void check_the_page_is_served(void)
{
	char answer[64];
	int fd = dial();

	request(fd, "/");
	for (u32 i = 0; i < 1000 && !hear(fd, answer, sizeof(answer)); i++)
		turn();
	must(!strncmp(answer, "HTTP/1.1 200 OK", 15));
	close(fd);
	turn();
}

static void say_all(int fd, const struct input *in, size_t piece)
{
	for (size_t at = 0; at < in->left; at += piece)
		say(fd, in->at + at, MIN(piece, in->left - at));
}

/* Chance does not find sixteen bytes. */
static void ask(const struct input *in, size_t piece)
{
	char answer[4096];
	int fd = dial();

	say_all(fd, in, piece);
	hear(fd, answer, sizeof(answer));
	must(!text_starts(answer, "HTTP/1.1 101"));
	close(fd);
	turn();
}

static void speak_frames(const struct input *in, size_t piece)
{
	char path[80], answer[4096];
	int fd = dial();

	snprintf(path, sizeof(path), "/%s", server->secret);
	request(fd, path);
	say_all(fd, in, piece);
	hear(fd, answer, sizeof(answer));
	close(fd);
	turn();
}

/* -- Frames alone ------------------------------------------------------------------------------ */

static void cut_or_not(const u8 *bytes, size_t n)
{
	struct str said[2] = { { 0 }, { 0 } }, out[2] = { { 0 }, { 0 } };
	struct websocket w[2] = { { .nhead = 0 }, { .nhead = 0 } };
	bool good = true;

	for (size_t i = 0; i < n && good; i++)
		good = websocket_take(&w[1], bytes + i, 1, &said[1], &out[1]);
	must(websocket_take(&w[0], bytes, n, &said[0], &out[0]) == good);
	must(said[0].n == said[1].n && out[0].n == out[1].n && said[0].n <= n);
	must(!said[0].n || !memcmp(said[0].p, said[1].p, said[0].n));
	must(!out[0].n || !memcmp(out[0].p, out[1].p, out[0].n));
	for (u32 i = 0; i < 2; i++) {
		str_free(&said[i]);
		str_free(&out[i]);
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 4096, 1, 7, 64 };
	struct input in = { data, size };
	u32 how = take(&in, 1);
	size_t piece = pieces[how >> 1 & 3];

	if (!server)
		serve();
	cut_or_not(in.at, in.left);
	if (how & 1)
		speak_frames(&in, piece);
	else
		ask(&in, piece);
	if (how < 16)
		check_the_page_is_served();
	return 0;
}
