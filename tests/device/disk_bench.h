/* disk_bench.h - a disk that records what it is asked and finishes when told. */
#ifndef DISK_BENCH_H
#define DISK_BENCH_H

#include "bench.h"

#define SECTOR    512
#define DISK_MOST (1u << 20)
#define PENDING   128

struct disk {
	struct block block;
	u8 bytes[DISK_MOST];
	struct block_req *pending[PENDING];
	u32 npending;
	enum block_op log[1024];
	u32 nlog, most_pending, drains;
	enum block_status fail; /* how requests end, if not BLOCK_OK */
};

static inline void disk_submit(struct block *b, struct block_req *req)
{
	struct disk *d = (struct disk *)b;

	assert_true(d->npending < PENDING);
	assert_true(range_inside(req->offset, req->length, 0, b->size));
	d->pending[d->npending++] = req;
	d->log[d->nlog++ % ARRAY_LEN(d->log)] = req->op;
	d->most_pending = MAX(d->most_pending, d->npending);
}

static inline void transfer(struct disk *d, const struct block_req *req)
{
	u8 *at = d->bytes + req->offset;
	u64 sum = 0;

	for (u32 i = 0; i < req->niov; i++) {
		if (req->op == BLOCK_READ)
			memcpy(req->iov[i].iov_base, at + sum, req->iov[i].iov_len);
		else
			memcpy(at + sum, req->iov[i].iov_base, req->iov[i].iov_len);
		sum += req->iov[i].iov_len;
	}
	assert_int_equal(sum, req->length);
}

/* The i-th that is pending, out of order if the test likes. */
static inline void finish_nth(struct disk *d, u32 i)
{
	struct block_req *req = d->pending[i];

	assert_true(i < d->npending);
	d->npending--;
	memmove(d->pending + i, d->pending + i + 1, (d->npending - i) * sizeof(req));
	req->status = d->fail;
	if (!d->fail && (req->op == BLOCK_READ || req->op == BLOCK_WRITE))
		transfer(d, req);
	if (!d->fail && req->op == BLOCK_ZERO)
		memset(d->bytes + req->offset, 0, req->length);
	d->block.complete(d->block.ctx, req);
}

static inline void finish(struct disk *d)
{
	while (d->npending)
		finish_nth(d, 0);
}

static inline void disk_drain(struct block *b)
{
	((struct disk *)b)->drains++;
	finish((struct disk *)b);
}

static inline const struct block_ops *disk_ops(void)
{
	static const struct block_ops ops = { .submit = disk_submit, .drain = disk_drain };

	return &ops;
}

/* No two of its sectors are alike, nor two bytes beside each other. */
static inline struct disk *disk_new(u32 sectors)
{
	struct disk *d = xzalloc(sizeof(*d));

	assert_true((u64)sectors * SECTOR <= sizeof(d->bytes));
	for (u32 i = 0; i < sizeof(d->bytes); i++)
		d->bytes[i] = (u8)(i / SECTOR + i);
	d->block.ops = disk_ops();
	d->block.size = (u64)sectors * SECTOR;
	return d;
}

#endif
