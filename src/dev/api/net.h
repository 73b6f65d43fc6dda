/* net.h - the cable of a network card, for virtio-net and the like.
 *
 * host/ implements one, a device uses it, the engine stands between.  A frame is an
 * Ethernet frame without its checksum.  What its sender has left to do, a checksum to
 * complete or a large TCP segment to cut, stands beside it; the engine does whatever the
 * receiver has not said that it takes, and drops frames whose work makes no sense.
 * A device whose `host:` is absent has a cable that is not plugged in, never NULL.
 */
#ifndef NET_H
#define NET_H

#include "device.h"

#define NET_FRAME_MIN 14
#define NET_FRAME_MAX (65535 + 14 + 4) /* the largest IP packet behind a VLAN tag */

#define NET_MSS_MIN 64 /* so that a frame becomes a thousand at most */

/* Work that a receiver takes. */
enum { NET_CSUM = 1, NET_TSO4 = 2, NET_TSO6 = 4, NET_ECN = 8 };

struct net_work {
	/* Sum up [csum_start, end) and store it at csum_start + csum_offset, which holds the
	 * sum of the pseudo-header. */
	bool csum;
	u16 csum_start, csum_offset;
	bool good; /* its checksums are known to be right */
	u8 cut;    /* 0, NET_TSO4 or NET_TSO6: cut into segments of `mss` bytes of data */
	bool ecn;  /* and only the first of them has CWR set */
	u16 mss;
};

struct net;

/* Takes the frame; both may be changed.  False: it cannot go now; the class's
 * .net_changed comes when it can, and then it may be given again. */
bool net_send(struct net *n, u8 *frame, u32 len, struct net_work *work);
/* After .frame has returned false, or when the device begins or ends: there is room. */
void net_ready(struct net *n);
void net_takes(struct net *n, u32 work); /* what the device leaves to its driver */
bool net_link(const struct net *n);      /* the cable is plugged in */
/* An address for a card whose board gives it none: the back end's, or one made from the
 * device's name. */
void net_default_mac(const struct net *n, u8 *mac);

/* -- For host/, which implements one --------------------------------------- */

struct net_ops {
	/* Never blocks.  Any thread, with a device's lock held.  False: full; then
	 * changed() when it is not any more. */
	bool (*send)(struct net *n, const u8 *frame, u32 len, const struct net_work *work);
	void (*ready)(struct net *n); /* a frame that was not taken can be given again */
	void (*free)(struct net *n);
};

struct net {
	const struct net_ops *ops;
	u32 takes; /* work that send() takes */
	u8 mac[6]; /* all zero: it does not mind */
	_Atomic bool link;
	/* Set by the engine, NULL before; call from any one thread, not under ops.  Both may
	 * be changed.  False: keep them as they are now until ready(). */
	bool (*receive)(void *ctx, u8 *frame, u32 len, struct net_work *work);
	void (*changed)(void *ctx); /* send() has room again, or `link` is another */
	void *ctx;
};

#endif
