/* disk.h - what disk.c (open, queue) and disk_work.c (one request) share. */
#ifndef DISK_H
#define DISK_H

#include "layer.h"

#define DISK_WORKERS 2
#define BOUNCE_BYTES MIB

struct disk;

struct disk_worker {
	struct disk *disk;
	pthread_t thread;
	bool started;
	u8 *bounce; /* cache: none only; BOUNCE_BYTES, aligned */
};

struct disk {
	struct block b;
	struct layer *image;
	enum host_cache cache;
	u32 align; /* of offset, length and memory: 1, or O_DIRECT's */
	/* Direct writes are shared; reading, changing and writing a block whole is not. */
	pthread_rwlock_t rewrite;
	/* qcow2: where bytes lie stays as it is while they are moved. */
	pthread_rwlock_t layout;
	pthread_mutex_t sync; /* held while one is under way */

	_Atomic bool dirty;   /* written to since the last sync */
	_Atomic bool failed;  /* a sync failed: what is on the disk is not known any more */
	_Atomic bool cancel;  /* a drain waits: long work ends with an error */
	_Atomic u64 reported; /* errors of the host that were logged: bit errno % 64 */

	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct block_req *first, **last; /* not begun */
	u32 running;
	bool ending;
	struct disk_worker workers[DISK_WORKERS];
};

/* Does it, whatever it takes.  No lock held. */
enum block_status disk_do(struct disk_worker *w, const struct block_req *req);
/* IOERR: the disk is not what was promised, and `failed` is set. */
enum block_status disk_sync(struct disk *d);

#endif
