/* net_socket.c - one wire for the machines of a user: a folder of datagram sockets.
 *
 * Each card binds the first free number in the folder.  A frame goes to the number its
 * receiver was last heard from; one for all, or for a stranger, to every number.  So
 * nobody has to know who is there: a socket without a listener is left behind by a machine
 * that ended badly, and its number is free.  Who reads too slowly loses frames, as on any
 * wire.
 */
#include "netio.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PORTS   32
#define LEARNED 256
#define NOBODY  PORTS

struct learned {
	u8 mac[6];
	u8 port;
};

struct socket_net {
	struct netio io; /* first */
	char *folder;
	u32 port;
	/* By hash of the address; a newer one takes the place of an older.  The loop's thread
	 * writes, any thread that sends reads. */
	pthread_mutex_t lock;
	struct learned learned[LEARNED];
};

static void name_of_port(const struct unix_names *names, u32 port, char *name)
{
	snprintf(name, UNIX_NAME, "%u", port);
	(void)names;
}

/* Joining has shown that it is short enough. */
static void address(struct sockaddr_un *a, const char *folder, u32 port)
{
	char name[UNIX_NAME];

	name_of_port(NULL, port, name);
	unix_address(a, folder, name);
}

/* -- Who is where -------------------------------------------------------------------- */

static struct learned *place_of(struct socket_net *s, const u8 *mac)
{
	return &s->learned[(mac[5] ^ mac[4] ^ mac[3] * 7u) % LEARNED];
}

static void learn(struct socket_net *s, const u8 *mac, u32 port)
{
	struct learned *at = place_of(s, mac);

	if (mac[0] & 1)
		return;
	pthread_mutex_lock(&s->lock);
	memcpy(at->mac, mac, sizeof(at->mac));
	at->port = (u8)port;
	pthread_mutex_unlock(&s->lock);
}

static u32 find(struct socket_net *s, const u8 *mac)
{
	const struct learned *at = place_of(s, mac);
	u32 port = NOBODY;

	if (mac[0] & 1)
		return NOBODY;
	pthread_mutex_lock(&s->lock);
	if (!memcmp(at->mac, mac, sizeof(at->mac)))
		port = at->port;
	pthread_mutex_unlock(&s->lock);
	return port;
}

/* The number at the end of a sender's name. */
static u32 port_of(const struct sockaddr_un *a, socklen_t n)
{
	const char *slash;
	char *end;
	unsigned long port;

	if (n <= offsetof(struct sockaddr_un, sun_path) ||
	    !memchr(a->sun_path, 0, sizeof(a->sun_path)))
		return NOBODY;
	slash = strrchr(a->sun_path, '/');
	if (!slash)
		return NOBODY;
	port = strtoul(slash + 1, &end, 10);
	return *end || end == slash + 1 || port >= PORTS ? NOBODY : (u32)port;
}

/* -- The wire ------------------------------------------------------------------------------ */

/* False: there is nobody. */
static bool put(const struct socket_net *s, u32 port, struct iovec *iov)
{
	struct sockaddr_un a;
	struct msghdr msg = {
		.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = iov, .msg_iovlen = 2
	};

	address(&a, s->folder, port);
	return sendmsg(s->io.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != ENOENT && errno != ECONNREFUSED);
}

static bool socket_send(struct net *n, const u8 *frame, u32 len, const struct net_work *work)
{
	struct socket_net *s = (struct socket_net *)n;
	u32 port = find(s, frame);
	u8 header[NET_HEADER];
	struct iovec iov[] = { { header, NET_HEADER }, { (void *)(uintptr_t)frame, len } };

	net_header(header, NET_MSG_FRAME, work);
	if (port != NOBODY && put(s, port, iov))
		return true;
	for (port = 0; port < PORTS; port++)
		if (port != s->port)
			put(s, port, iov);
	return true;
}

static i32 socket_read(struct netio *io, u8 *frame, u32 cap, struct net_work *work)
{
	struct socket_net *s = (struct socket_net *)io;
	struct sockaddr_un from = { .sun_family = AF_UNIX };
	u8 header[NET_HEADER];
	struct iovec iov[] = { { header, NET_HEADER }, { frame, cap } };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = iov, .msg_iovlen = 2
	};
	enum net_msg kind;
	ssize_t got = recvmsg(io->fd, &msg, MSG_DONTWAIT);
	u32 port;

	if (got < 0)
		return -1;
	port = port_of(&from, msg.msg_namelen);
	if (got < NET_HEADER + NET_FRAME_MIN || msg.msg_flags & MSG_TRUNC || port == NOBODY ||
	    !net_read_header(header, &kind, work) || kind != NET_MSG_FRAME)
		return 0;
	learn(s, frame + 6, port);
	return (i32)(got - NET_HEADER);
}

static void socket_free(struct net *n)
{
	struct socket_net *s = (struct socket_net *)n;
	struct sockaddr_un a;

	netio_close(&s->io);
	if (s->port != NOBODY) {
		address(&a, s->folder, s->port);
		unlink(a.sun_path);
	}
	if (s->io.fd >= 0)
		close(s->io.fd);
	pthread_mutex_destroy(&s->lock);
	free(s->folder);
	free(s);
}

static const struct net_ops socket_ops = { socket_send, netio_ready, socket_free };

/* -- Joining ---------------------------------------------------------------------------------- */

/* The folder is this user's alone: whoever can write there is on the wire. */
static bool join(struct socket_net *s, struct err *e)
{
	const struct unix_names names = { s->folder, NULL, PORTS, name_of_port };
	i32 port;

	if (!unix_folder(s->folder, e))
		return false;
	port = unix_bind(s->io.fd, &names, e);
	if (port >= 0)
		s->port = (u32)port;
	return port >= 0;
}

static bool open_socket(struct socket_net *s, struct err *e)
{
	s->io.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return s->io.fd >= 0 || err_set(e, "the host gives no socket: %s", strerror(errno));
}

struct net *host_net_socket(struct loop *l, const char *folder, struct err *e)
{
	struct socket_net *s = xzalloc(sizeof(*s));

	s->folder = xstrdup(folder);
	s->port = NOBODY;
	pthread_mutex_init(&s->lock, NULL);
	s->io.net.ops = &socket_ops;
	s->io.net.takes = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;
	s->io.net.link = true;
	s->io.read = socket_read;
	if (!open_socket(s, e) || !join(s, e)) {
		socket_free(&s->io.net);
		return NULL;
	}
	/* Two runs of one board have the same names: the place on the wire tells them apart. */
	memcpy(s->io.net.mac, (u8[]){ 0x52, 0x54, 0x00, 0x77, 0x77, (u8)(1 + s->port) }, 6);
	netio_open(&s->io, l, s->io.fd);
	return &s->io.net;
}
