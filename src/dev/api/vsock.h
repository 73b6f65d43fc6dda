/* vsock.h - connections between a guest and sockets of the host, for virtio-vsock.
 *
 * The device counts them by slots: it takes one that is free for a new connection, and the
 * slot is free again when closed() has come, however the connection ended.  Nothing here
 * blocks.  Each direction is bounded: the host takes VSOCK_WINDOW bytes that have not gone
 * out yet, and what the device does not take waits in the host's socket.
 */
#ifndef VSOCK_H
#define VSOCK_H

#include "device.h"

#define VSOCK_SLOTS  64
#define VSOCK_WINDOW (128 * (u32)KIB)

struct vsock;

/* What comes of a connection; the device's lock is held. */
struct vsock_events {
	/* The host's program is there. */
	void (*opened)(struct device *dev, u32 slot);
	/* Somebody at the host wants the guest's port: a free slot, or -1. */
	i32 (*incoming)(struct device *dev, u32 port);
	/* Returns how many of the bytes it has taken; vsock_ready() brings the rest. */
	u32 (*receive)(struct device *dev, u32 slot, const u8 *bytes, u32 n);
	void (*sent)(struct device *dev, u32 slot, u32 n); /* so many bytes have gone out */
	void (*ended)(struct device *dev, u32 slot);       /* no more will come from the host */
	void (*closed)(struct device *dev, u32 slot);
};

void vsock_on(struct vsock *s, const struct vsock_events *events); /* in init() */
/* To the host's program that listens for this port: opened() comes, or closed(). */
void vsock_open(struct vsock *s, u32 slot, u32 port);
/* The guest has accepted what came in; `port` is what it calls the host's end. */
void vsock_accept(struct vsock *s, u32 slot, u32 port);
/* At most VSOCK_WINDOW bytes without a sent(). */
void vsock_write(struct vsock *s, u32 slot, const u8 *bytes, u32 n);
void vsock_end(struct vsock *s, u32 slot); /* the guest sends no more */
/* closed() comes; `flush`: when what was written has gone out. */
void vsock_close(struct vsock *s, u32 slot, bool flush);
void vsock_ready(struct vsock *s); /* more can be taken */

/* -- For host/, which implements one --------------------------------------- */

struct vsock_ops {
	void (*open)(struct vsock *s, u32 slot, u32 port);
	void (*accept)(struct vsock *s, u32 slot, u32 port);
	void (*write)(struct vsock *s, u32 slot, const u8 *bytes, u32 n);
	void (*end)(struct vsock *s, u32 slot);
	void (*close)(struct vsock *s, u32 slot, bool flush);
	void (*ready)(struct vsock *s);
	/* The slot is free: what was asked for it counts no more. */
	void (*clear)(struct vsock *s, u32 slot);
	void (*free)(struct vsock *s);
};

struct vsock {
	const struct vsock_ops *ops;
	const struct vsock_events *events; /* the device's */
	/* Set by the engine: what happens to a slot; from one thread, not under ops. */
	const struct vsock_engine *engine;
	struct device *dev;
};

struct vsock_engine {
	void (*opened)(struct vsock *s, u32 slot);
	i32 (*incoming)(struct vsock *s, u32 port);
	u32 (*receive)(struct vsock *s, u32 slot, const u8 *bytes, u32 n);
	void (*sent)(struct vsock *s, u32 slot, u32 n);
	void (*ended)(struct vsock *s, u32 slot);
	void (*closed)(struct vsock *s, u32 slot);
};

#endif
