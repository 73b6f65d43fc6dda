/* block.h - a disk on the host, for virtio-blk, nvme and the like.
 *
 * A request holds copies and RAM slices (dma_slice), never pointers into a queue
 * or ring.  It is finished on a worker thread; then the class's engine takes the
 * device's lock and calls done().  Reset: block_drain() waits until none is under
 * way, and calls no done().
 */
#ifndef BLOCK_H
#define BLOCK_H

#include "device.h"

#include <sys/uio.h>

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_ZERO };
enum block_status { BLOCK_OK, BLOCK_IOERR, BLOCK_NOSPACE };

#define BLOCK_SEGMENTS 130

struct block_req {
	enum block_op op;
	bool durable;                     /* WRITE, ZERO, DISCARD: on the disk before done (FUA) */
	bool unmap;                       /* ZERO: may make a hole */
	u64 offset, length;               /* bytes; inside the disk */
	struct iovec iov[BLOCK_SEGMENTS]; /* READ, WRITE: their sum is `length` */
	u32 niov;

	struct device *dev;
	void (*done)(struct block_req *req); /* dev's lock is held */
	enum block_status status;
	struct block_req *next; /* the back end's, until done */
};

struct block;

u64 block_size(const struct block *b); /* bytes */
bool block_read_only(const struct block *b);
/* Bytes, a power of 2 from 4096: a discard of less gives no room back. */
u32 block_granule(const struct block *b);
bool block_writeback(const struct block *b); /* flushes are needed: cache: writeback */
/* A driver that cannot flush: each write is on the disk before it is done. */
void block_set_writeback(struct block *b, bool on);
void block_submit(struct block *b, struct block_req *req);
/* In init(): the first `n` bytes of it, all of them or false. */
bool block_load(struct block *b, void *to, u64 n);
/* No request is under way, and none has a done() that is still to come. */
bool block_idle(struct block *b);
/* Waits, with the device's lock held, for requests under way; their done() is not called.
 * A reset of the device does it first.  Not from within done(). */
void block_drain(struct block *b);

/* -- For host/, which implements one --------------------------------------- */

struct block_ops {
	/* Sooner or later, each request gets to complete(), once, whatever happens. */
	void (*submit)(struct block *b, struct block_req *req);
	/* Hurry: return when each of them has, or is sure to.  NULL: nothing to hurry. */
	void (*drain)(struct block *b);
	void (*free)(struct block *b); /* after the machine has stopped: flushes, unlocks */
};

struct block {
	const struct block_ops *ops;
	u64 size;
	u32 granule; /* 0: a page of the host */
	bool read_only;
	_Atomic bool writeback;
	/* Set by the engine: call it for each finished request, from any thread, without locks
	 * that submit or drain take.  Never blocks for long; `req` is not yours afterwards. */
	void (*complete)(void *ctx, struct block_req *req);
	void *ctx;
};

#endif
