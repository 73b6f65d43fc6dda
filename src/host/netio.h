/* netio.h - what the back ends of network cards share.
 *
 * Frames between processes of one host are datagrams: a header that says what is left to
 * do on the frame, then the frame.  Both ends are this program, but whoever runs behind
 * the other one is a stranger: sizes are checked here, the rest by the engine.
 */
#ifndef NETIO_H
#define NETIO_H

#include "internal.h"
#include "net.h"
#include "packet.h"

/* -- Datagrams ------------------------------------------------------------------- */

/* Between a machine and its helper also questions and answers. */
enum net_msg {
	NET_MSG_FRAME = 1,
	NET_MSG_UP,     /* from the helper: ready; text: the library's version */
	NET_MSG_DOWN,   /* from its keeper: it died; text: why */
	NET_MSG_ADD,    /* to the helper: a struct net_request */
	NET_MSG_REMOVE, /* the same */
	NET_MSG_REPLY,  /* a struct net_reply */
};

struct net_request {
	u32 id; /* 0: nobody waits for a reply */
	struct forward forward;
};

struct net_reply {
	u32 id;
	i32 error; /* 0, or an errno */
};

#define NET_HEADER 12

void net_header(u8 *h, enum net_msg kind, const struct net_work *work);
/* False: it is no such header. */
bool net_read_header(const u8 *h, enum net_msg *kind, struct net_work *work);
/* One datagram, without waiting: 0, or an errno. */
int net_put(int fd, enum net_msg kind, const struct net_work *work, const void *bytes, u32 n);
/* Bytes after the header, at most `cap`; -1: an errno, or 0 if the other end is gone.
 * What is no datagram of ours has kind 0. */
i32 net_get(int fd, enum net_msg *kind, struct net_work *work, u8 *bytes, u32 cap);

/* -- A descriptor that frames come and go through ---------------------------------- */

/* Reads while the device takes; then one frame is kept until it says that it has room.
 * All on the loop's thread but what the device calls. */
struct netio {
	struct net net; /* first */
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_call *look; /* something has changed */
	int fd;
	/* Bytes of the next frame; 0: it was none; negative: there is nothing now. */
	i32 (*read)(struct netio *io, u8 *frame, u32 cap, struct net_work *work);
	_Atomic bool full; /* send() found no room: changed() when there is */
	_Atomic bool held;
	bool over; /* nothing will ever come or go again */
	u32 held_bytes;
	struct net_work work;
	u8 frame[NET_FRAME_MAX];
};

/* `net.ops` and `read` are set; the descriptor does not block. */
void netio_open(struct netio *io, struct loop *l, int fd);
void netio_close(struct netio *io); /* but not the descriptor; all may be zero */
void netio_ready(struct net *n);    /* for net_ops */
/* The cable is plugged in, or out; the loop's thread. */
void netio_plug(struct netio *io, bool in);
void netio_end(struct netio *io); /* out, for good */
/* For send(): remembers to tell when there is room.  Returns false. */
bool netio_full(struct netio *io);

/* -- Segments that become one frame (net_join.c) ------------------------------------------ */

struct net_join {
	u32 len; /* of the frame so far; 0: there is none */
	struct packet at;
	u32 next; /* the sequence number that goes on */
	u16 mss;
	u32 parts;
	bool whole;           /* nothing can go on */
	struct net_work work; /* of the first, which may stay alone */
	u8 frame[NET_FRAME_MAX];
};

/* False: it is nothing to join, or does not go on with what is there, which must end first. */
bool net_join(struct net_join *j, const u8 *frame, u32 n, const struct net_work *work);
/* What was joined: its bytes, in j->frame, and its work.  0: there is none. */
u32 net_join_end(struct net_join *j, struct net_work *work);

/* -- What a guest may say to libslirp (net_sanitize.c) -------------------------------- */

struct net_rules {
	u8 host[4]; /* the address at which it plays a host: no TFTP there */
	bool ipv6;
};

/* Frames that libslirp needs and has been seen to handle; in them nothing contradicts
 * itself, and nothing is there that only attackers use.  Cuts padding off, completes the
 * checksum that `work` speaks of.  False: drop it.  Doing it twice changes nothing. */
bool net_sanitize(const struct net_rules *rules, u8 *frame, u32 *len, const struct net_work *work);

#endif
