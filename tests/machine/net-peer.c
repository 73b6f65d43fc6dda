/* net-peer - the host's end of the transfers in long-net.
 *
 *   net-peer source [ADDRESS] <FILE    listens there, sends the file to who connects
 *   net-peer sink [ADDRESS] >FILE      the same, reads until the other end closes
 *   net-peer connect PORT              reads from 127.0.0.1:PORT
 *
 * The address is 127.0.0.1 if none is given.
 * The port that it listens on comes on standard error, and at the end MiB/s.
 */
#include "base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *address = "127.0.0.1";

static struct sockaddr_in local(u16 port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &a.sin_addr);
	return a;
}

static int fail(const char *what)
{
	fprintf(stderr, "net-peer: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Waits for the one connection. */
static int take_one(void)
{
	struct sockaddr_in a = local(0);
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&a, &n))
		exit(fail("listen"));
	fprintf(stderr, "%u\n", ntohs(a.sin_port));
	return accept(fd, NULL, NULL);
}

/* Returns the bytes that passed, or -1. */
static i64 copy(int from, int to)
{
	static u8 piece[65536];
	i64 bytes = 0;
	ssize_t n, put;

	while ((n = read(from, piece, sizeof(piece))) > 0) {
		for (ssize_t at = 0; at < n; at += put) {
			put = write(to, piece + at, (size_t)(n - at));
			if (put <= 0)
				return -1;
		}
		bytes += n;
	}
	return n ? -1 : bytes;
}

static int report(i64 bytes, u64 started)
{
	double seconds = (double)(now_ns() - started) / 1e9;

	if (bytes < 0)
		return fail("copy");
	fprintf(stderr, "%.1f MiB/s\n", (double)bytes / (1 << 20) / seconds);
	return 0;
}

/* Over when the other end, which has all of it, closes. */
static int source(void)
{
	int fd = take_one();
	u64 started = now_ns();
	i64 bytes = copy(STDIN_FILENO, fd);
	char rest;

	shutdown(fd, SHUT_WR);
	while (read(fd, &rest, 1) > 0)
		;
	return report(bytes, started);
}

static int sink(void)
{
	int fd = take_one();
	u64 started = now_ns();

	return report(copy(fd, STDOUT_FILENO), started);
}

static int join(u16 port)
{
	struct sockaddr_in a = local(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fail("connect");
	return copy(fd, STDOUT_FILENO) < 0 ? fail("read") : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "connect"))
		return join((u16)strtoul(argv[2], NULL, 10));
	if (argc == 3)
		address = argv[2];
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "source"))
		return source();
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "sink"))
		return sink();
	fprintf(stderr, "net-peer: source [ADDRESS], sink [ADDRESS], connect PORT\n");
	return 1;
}
