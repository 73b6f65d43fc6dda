#include "netio.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64   /* frames, before others get a turn */
#define MAGIC   0x4e /* so that a stray datagram is none of ours */

enum { FLAG_CSUM = 1, FLAG_GOOD = 2, FLAG_ECN = 4 };

/* -- Datagrams ------------------------------------------------------------------- */

/*	0 magic, kind, flags, cut   4 csum_start, csum_offset   8 mss, 0 */
void net_header(u8 *h, enum net_msg kind, const struct net_work *work)
{
	static const struct net_work none;

	if (!work)
		work = &none;
	h[0] = MAGIC;
	h[1] = (u8)kind;
	h[2] = (u8)((work->csum ? FLAG_CSUM : 0) | (work->good ? FLAG_GOOD : 0) |
		    (work->ecn ? FLAG_ECN : 0));
	h[3] = work->cut;
	put_le16(h + 4, work->csum_start);
	put_le16(h + 6, work->csum_offset);
	put_le16(h + 8, work->mss);
	put_le16(h + 10, 0);
}

bool net_read_header(const u8 *h, enum net_msg *kind, struct net_work *work)
{
	*kind = (enum net_msg)h[1];
	*work = (struct net_work){ .csum = h[2] & FLAG_CSUM,
				   .good = h[2] & FLAG_GOOD,
				   .ecn = h[2] & FLAG_ECN,
				   .cut = h[3],
				   .csum_start = get_le16(h + 4),
				   .csum_offset = get_le16(h + 6),
				   .mss = get_le16(h + 8) };
	return h[0] == MAGIC && h[1] >= NET_MSG_FRAME && h[1] <= NET_MSG_REPLY;
}

int net_put(int fd, enum net_msg kind, const struct net_work *work, const void *bytes, u32 n)
{
	u8 header[NET_HEADER];
	struct iovec iov[] = { { header, NET_HEADER }, { (void *)(uintptr_t)bytes, n } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n ? 2 : 1 };
	ssize_t put;

	net_header(header, kind, work);
	do {
		put = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	return put < 0 ? errno : 0;
}

i32 net_get(int fd, enum net_msg *kind, struct net_work *work, u8 *bytes, u32 cap)
{
	u8 header[NET_HEADER];
	struct iovec iov[] = { { header, NET_HEADER }, { bytes, cap } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t got;

	*kind = 0;
	do {
		got = recvmsg(fd, &msg, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		errno = got ? errno : 0;
		return -1;
	}
	if (got < NET_HEADER || (msg.msg_flags & MSG_TRUNC) ||
	    !net_read_header(header, kind, work)) {
		*kind = 0;
		return 0;
	}
	return (i32)(got - NET_HEADER);
}

/* -- A descriptor ------------------------------------------------------------------- */

/* What is kept goes first.  `held` is set before the device is asked: if it makes room
 * while it answers, ready() has something to wake for. */
static bool give(struct netio *io)
{
	atomic_store(&io->held, true);
	if (!io->net.receive || io->net.receive(io->net.ctx, io->frame, io->held_bytes, &io->work))
		atomic_store(&io->held, false);
	return !atomic_load(&io->held);
}

static void watch_again(struct netio *io)
{
	u32 events = (atomic_load(&io->held) ? 0 : LOOP_READ) |
		     (atomic_load(&io->full) ? LOOP_WRITE : 0);

	loop_want(io->watch, io->over ? 0 : events);
}

static void read_some(struct netio *io)
{
	for (u32 i = 0; i < AT_ONCE && !atomic_load(&io->held); i++) {
		i32 n = io->read(io, io->frame, sizeof(io->frame), &io->work);

		if (n < 0)
			return;
		if (!n)
			continue;
		io->held_bytes = (u32)n;
		give(io);
	}
}

static void look(void *ctx)
{
	struct netio *io = ctx;

	if (atomic_load(&io->held))
		give(io);
	watch_again(io);
}

static void on_event(void *ctx, u32 events)
{
	struct netio *io = ctx;

	if (events & LOOP_WRITE && atomic_exchange(&io->full, false) && io->net.changed)
		io->net.changed(io->net.ctx);
	if (events & (LOOP_READ | LOOP_HANGUP))
		read_some(io);
	watch_again(io);
}

void netio_ready(struct net *n)
{
	struct netio *io = (struct netio *)n;

	if (atomic_load(&io->held))
		loop_call(io->look);
}

void netio_plug(struct netio *io, bool in)
{
	atomic_store(&io->net.link, in);
	if (io->net.changed)
		io->net.changed(io->net.ctx);
}

void netio_end(struct netio *io)
{
	io->over = true;
	netio_plug(io, false);
}

bool netio_full(struct netio *io)
{
	atomic_store(&io->full, true);
	loop_call(io->look);
	return false;
}

void netio_open(struct netio *io, struct loop *l, int fd)
{
	io->loop = l;
	io->fd = fd;
	io->look = loop_call_new(l, look, io);
	io->watch = loop_add(l, fd, LOOP_READ, on_event, io);
}

void netio_close(struct netio *io)
{
	loop_remove(io->watch);
	loop_call_free(io->look);
	io->watch = NULL;
	io->look = NULL;
}
