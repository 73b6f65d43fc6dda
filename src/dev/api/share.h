/* share.h - a folder of the host that guests use, for virtio-9p.
 *
 * host/ speaks the protocol, 9P2000.L: a device hands over a request as bytes, a copy, and
 * gets an answer as bytes.  Requests are answered in order, on a thread of the host's; then
 * the engine takes the device's lock and calls done().  The host sees no guest memory, so
 * a reset has nothing to wait for: the device drops answers that nobody waits for any more.
 */
#ifndef SHARE_H
#define SHARE_H

#include "device.h"

#define SHARE_MESSAGE (512 * KIB) /* the longest request, and the longest answer */

struct share_req {
	u8 *in; /* the request */
	u32 nin;
	u8 *out; /* the answer, at most `room` bytes; `nout` 0: there is none */
	u32 room, nout;
	void (*done)(struct share_req *req); /* dev's lock is held */
	struct device *dev;
	struct share_req *next; /* the back end's, until done */
};

struct share;

void share_submit(struct share *s, struct share_req *req);
/* The guest is another: what it had open is closed, before the next request. */
void share_forget(struct share *s);

/* -- For host/, which implements one --------------------------------------- */

struct share_ops {
	/* Never blocks.  Sooner or later, each request gets to complete(), once, unless the
	 * back end is freed first. */
	void (*submit)(struct share *s, struct share_req *req);
	void (*forget)(struct share *s);
	void (*free)(struct share *s);
};

struct share {
	const struct share_ops *ops;
	/* Set by the engine: call it from any thread, without locks that ops take. */
	void (*complete)(void *ctx, struct share_req *req);
	void *ctx;
};

#endif
