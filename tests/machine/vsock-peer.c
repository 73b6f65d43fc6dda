/* vsock-peer.c - one end of a connection, for long-virtio: built for this host, where ends are
 * UNIX sockets, and for the guest, where they are AF_VSOCK.
 *
 *	vsock-peer connect PATH | CID:PORT [LINE]     LINE is said first, and its answer read
 *	vsock-peer listen PATH | :PORT                one connection
 *
 * What it reads goes out, what comes in is written; it ends when both have ended.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

static int fail(const char *what)
{
	perror(what);
	exit(1);
}

union address {
	struct sockaddr a;
	struct sockaddr_un un;
	struct sockaddr_vm vm;
};

static socklen_t parse(const char *text, union address *a)
{
	const char *colon = strchr(text, ':');

	memset(a, 0, sizeof(*a));
	if (!colon) {
		a->un.sun_family = AF_UNIX;
		snprintf(a->un.sun_path, sizeof(a->un.sun_path), "%s", text);
		return sizeof(a->un);
	}
	a->vm.svm_family = AF_VSOCK;
	a->vm.svm_cid = colon == text ? VMADDR_CID_ANY : (unsigned int)strtoul(text, NULL, 10);
	a->vm.svm_port = (unsigned int)strtoul(colon + 1, NULL, 10);
	return sizeof(a->vm);
}

static int open_end(bool listening, const char *text)
{
	union address a;
	socklen_t n = parse(text, &a);
	int fd = socket(a.a.sa_family, SOCK_STREAM, 0), got;

	if (fd < 0)
		fail("socket");
	if (!listening)
		return connect(fd, &a.a, n) ? fail("connect") : fd;
	if (bind(fd, &a.a, n) || listen(fd, 1))
		fail("listen");
	got = accept(fd, NULL, NULL);
	return got < 0 ? fail("accept") : got;
}

static void put_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0)
			fail("write");
		bytes += done;
		n -= (size_t)done;
	}
}

/* "CONNECT 7" is answered by "OK 1073741824". */
static void say(int fd, const char *line)
{
	char c = 0;

	put_all(fd, line, strlen(line));
	put_all(fd, "\n", 1);
	while (c != '\n') {
		if (read(fd, &c, 1) != 1)
			exit(2);
		if (write(STDERR_FILENO, &c, 1) != 1)
			exit(1);
	}
}

static void move_all(int from, int to)
{
	static char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		put_all(to, bytes, (size_t)n);
	if (n < 0)
		fail("read");
}

/* Two processes, or two ends that both write would wait for each other to read. */
int main(int argc, char **argv)
{
	pid_t reader;
	int fd, status;

	if (argc < 3)
		return 1;
	fd = open_end(!strcmp(argv[1], "listen"), argv[2]);
	if (argc > 3)
		say(fd, argv[3]);
	reader = fork();
	if (!reader) {
		move_all(fd, STDOUT_FILENO);
		return 0;
	}
	move_all(STDIN_FILENO, fd);
	shutdown(fd, SHUT_WR);
	return waitpid(reader, &status, 0) != reader || status;
}
