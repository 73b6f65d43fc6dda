/* virtio-blk.c - a disk
 *
 * Spec: virtio 1.2 section 5.2.  A request is a chain: a header the device reads,
 * data one way or the other, a status byte the device writes last.  It is checked
 * whole before anything happens, then goes to the back end with the data in place,
 * in RAM, and is answered when that is done.  Requests are made at start: a driver
 * that has more of them waits in the queue.
 *
 * A driver that takes neither FLUSH nor CONFIG_WCE cannot ask for data to be on the
 * disk, so each of its writes is (5.2.6.2).
 *
 * Not modeled: secure erase, zones, lifetime, SCSI pass-through.
 */
#include "block.h"
#include "virtio.h"

#define SECTOR   512
#define PAGE_EXP 3 /* a host writes 2^3 sectors at once: a hint */
#define ID_BYTES 20

#define QUEUES       8
#define REQUESTS     64
#define SEGMENTS     (VIRTIO_SEGMENTS - 2) /* without header and status */
#define DISCARD_MOST (1u << 22)            /* sectors in a request: 2 GiB */
#define ZEROES_MOST  (1u << 16)            /* 32 MiB: the disk may have to write them */

_Static_assert(SEGMENTS + 1 <= BLOCK_SEGMENTS, "a chain's data fit a request");

enum {
	F_SEG_MAX = 2,
	F_RO = 5,
	F_BLK_SIZE = 6,
	F_FLUSH = 9,
	F_TOPOLOGY = 10,
	F_CONFIG_WCE = 11,
	F_MQ = 12,
	F_DISCARD = 13,
	F_WRITE_ZEROES = 14,
};

enum {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,
};

enum { S_OK, S_IOERR, S_UNSUPP };

#define UNMAP 1 /* flag of a range to write zeroes to */

/* Section 5.2.4 */
enum {
	CONFIG_CAPACITY = 0,
	CONFIG_SEG_MAX = 12,
	CONFIG_BLK_SIZE = 20,
	CONFIG_PHYSICAL_EXP = 24,
	CONFIG_MIN_IO = 26,
	CONFIG_OPT_IO = 28,
	CONFIG_WRITEBACK = 32,
	CONFIG_QUEUES = 34,
	CONFIG_DISCARD_SECTORS = 36,
	CONFIG_DISCARD_RANGES = 40,
	CONFIG_DISCARD_ALIGN = 44,
	CONFIG_ZEROES_SECTORS = 48,
	CONFIG_ZEROES_RANGES = 52,
	CONFIG_ZEROES_UNMAP = 56,
	CONFIG_BYTES = 60,
};

/* One under way.  Of its chain only what is needed to answer is kept. */
struct request {
	struct block_req block; /* first: done() gets it */
	struct vchain_key {
		u16 head;
		u32 queue, generation;
	} chain;
	u64 status_gpa;
	u32 data_in; /* bytes the device writes before the status */
	struct request *next;
};

struct blk {
	struct virtio v;

	/* properties */
	struct block *host;
	u32 queues;
	const char *serial;

	bool can_flush; /* what the back end was made as */
	struct request *requests, *idle;

	u32 next_queue; /* whose turn it is when a request becomes idle */
	u32 writeback;
};

/* -- Answers --------------------------------------------------------------------------- */

static void answer(struct blk *b, const struct request *r, u8 status)
{
	struct vchain c = { .head = r->chain.head,
			    .queue = r->chain.queue,
			    .generation = r->chain.generation };
	u32 written = status == S_OK ? r->data_in + 1 : 1;

	dma_write(&b->v.dev, r->status_gpa, &status, 1);
	virtq_push(&b->v, &c, written);
}

static void set_idle(struct blk *b, struct request *r)
{
	r->next = b->idle;
	b->idle = r;
}

static void serve(struct blk *b, u32 q);

/* A request has become idle: each queue in turn may use it. */
static void serve_all(struct blk *b)
{
	for (u32 i = 0; i < b->queues && b->idle; i++) {
		b->next_queue = (b->next_queue + 1) % b->queues;
		serve(b, b->next_queue);
	}
}

static void blk_done(struct block_req *req)
{
	struct request *r = (struct request *)req;
	struct blk *b = (struct blk *)req->dev;

	answer(b, r, req->status == BLOCK_OK ? S_OK : S_IOERR);
	virtq_notify(&b->v, r->chain.queue);
	set_idle(b, r);
	serve_all(b);
}

/* -- Requests ---------------------------------------------------------------------------- */

/* The data in place.  They were found in RAM when the chain was popped. */
static bool gather(struct blk *b, struct request *r, const struct vchain *c, u32 first, u64 skip,
		   u64 bytes)
{
	struct block_req *req = &r->block;

	req->niov = 0;
	for (u32 i = first; bytes; i++) {
		u64 len = c->seg[i].len, n;
		void *at;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		n = MIN(len - skip, bytes);
		at = dma_slice(&b->v.dev, c->seg[i].gpa + skip, n);
		if (!at)
			return false;
		req->iov[req->niov++] = (struct iovec){ at, n };
		bytes -= n;
		skip = 0;
	}
	return true;
}

/* Whole sectors inside the disk, and not more than `most` of them. */
static bool set_range(struct blk *b, struct request *r, u64 sector, u64 sectors, u64 most)
{
	u64 capacity = block_size(b->host) / SECTOR;

	if (sectors > most || !range_inside(sector, sectors, 0, capacity))
		return false;
	r->block.offset = sector * SECTOR;
	r->block.length = sectors * SECTOR;
	return true;
}

/* Each start_ function: -1 if the back end has it now, else the status. */
#define SUBMITTED (-1)

static int submit(struct blk *b, struct request *r, enum block_op op)
{
	r->block.op = op;
	r->block.durable = false;
	r->block.done = blk_done;
	block_submit(b->host, &r->block);
	return SUBMITTED;
}

static int start_read(struct blk *b, struct request *r, const struct vchain *c, u64 sector)
{
	u64 bytes = c->in_bytes - 1;

	if (bytes % SECTOR || !set_range(b, r, sector, bytes / SECTOR, UINT32_MAX) ||
	    !gather(b, r, c, c->nout, 0, bytes))
		return S_IOERR;
	r->data_in = (u32)bytes;
	return submit(b, r, BLOCK_READ);
}

static int start_write(struct blk *b, struct request *r, const struct vchain *c, u64 sector)
{
	u64 bytes = c->out_bytes - 16;

	if (block_read_only(b->host) || bytes % SECTOR ||
	    !set_range(b, r, sector, bytes / SECTOR, UINT32_MAX) || !gather(b, r, c, 0, 16, bytes))
		return S_IOERR;
	return submit(b, r, BLOCK_WRITE);
}

static int start_flush(struct blk *b, struct request *r)
{
	r->block.offset = r->block.length = 0;
	r->block.niov = 0;
	return submit(b, r, BLOCK_FLUSH);
}

/* A range: le64 sector, le32 sectors, le32 flags.  One in a request, as we say. */
static int start_range(struct blk *b, struct request *r, const struct vchain *c, bool zero)
{
	u8 range[16];
	u32 flags;

	if (!virtio_has(&b->v, zero ? F_WRITE_ZEROES : F_DISCARD))
		return S_UNSUPP;
	if (c->out_bytes != 16 + sizeof(range) ||
	    vchain_read(&b->v, c, 16, range, sizeof(range)) != sizeof(range))
		return S_IOERR;
	flags = get_le32(range + 12);
	if (flags & ~(zero ? (u32)UNMAP : 0))
		return S_UNSUPP;
	if (block_read_only(b->host) || !set_range(b, r, get_le64(range), get_le32(range + 8),
						   zero ? ZEROES_MOST : DISCARD_MOST))
		return S_IOERR;
	r->block.unmap = flags & UNMAP;
	r->block.niov = 0;
	return submit(b, r, zero ? BLOCK_ZERO : BLOCK_DISCARD);
}

static int get_id(struct blk *b, struct request *r, const struct vchain *c)
{
	char id[ID_BYTES] = { 0 };
	u32 n = (u32)MIN(c->in_bytes - 1, ID_BYTES);

	if (b->serial)
		memcpy(id, b->serial, MIN(strlen(b->serial), ID_BYTES));
	if (vchain_write(&b->v, c, 0, id, n) != n)
		return S_IOERR;
	r->data_in = n;
	return S_OK;
}

static int start(struct blk *b, struct request *r, const struct vchain *c, const u8 *header)
{
	u64 sector = get_le64(header + 8);

	switch (get_le32(header)) {
	case T_IN:
		return start_read(b, r, c, sector);
	case T_OUT:
		return start_write(b, r, c, sector);
	case T_FLUSH:
		return start_flush(b, r);
	case T_GET_ID:
		return get_id(b, r, c);
	case T_DISCARD:
		return start_range(b, r, c, false);
	case T_WRITE_ZEROES:
		return start_range(b, r, c, true);
	default:
		return S_UNSUPP;
	}
}

static u64 last_byte(const struct vchain *c)
{
	u32 last = c->nout + c->nin - 1;

	return c->seg[last].gpa + c->seg[last].len - 1;
}

/* Without header and status byte there is no request to answer. */
static bool take(struct blk *b, struct request *r, const struct vchain *c, u8 *header)
{
	if (!c->in_bytes || vchain_read(&b->v, c, 0, header, 16) != 16) {
		virtio_broken(&b->v, "a request has no header or no status byte");
		return false;
	}
	r->chain = (struct vchain_key){ c->head, c->queue, c->generation };
	r->status_gpa = last_byte(c);
	r->data_in = 0;
	return true;
}

/* Takes what the queue has while there are idle requests to put it in. */
static void serve(struct blk *b, u32 q)
{
	struct vchain c;
	u8 header[16];

	while (b->idle && virtq_pop(&b->v, q, &c)) {
		struct request *r = b->idle;
		int status;

		if (!take(b, r, &c, header))
			break;
		b->idle = r->next;
		status = start(b, r, &c, header);
		if (status == SUBMITTED)
			continue;
		answer(b, r, (u8)status);
		set_idle(b, r);
	}
	virtq_notify(&b->v, q);
}

static void blk_kick(struct virtio *v, u32 q)
{
	serve((struct blk *)v, q);
}

/* -- The device ------------------------------------------------------------------------------ */

static u32 blk_queues(const struct virtio *v)
{
	return ((const struct blk *)v)->queues;
}

static u64 bit(u32 feature)
{
	return (u64)1 << feature;
}

static u64 blk_features(const struct virtio *v)
{
	const struct blk *b = (const struct blk *)v;
	u64 f = bit(F_SEG_MAX) | bit(F_BLK_SIZE) | bit(F_TOPOLOGY);

	if (b->queues > 1)
		f |= bit(F_MQ);
	if (b->can_flush)
		f |= bit(F_FLUSH) | bit(F_CONFIG_WCE);
	if (block_read_only(b->host))
		f |= bit(F_RO);
	else
		f |= bit(F_DISCARD) | bit(F_WRITE_ZEROES);
	return f;
}

static void blk_config(struct virtio *v, u8 *c)
{
	const struct blk *b = (const struct blk *)v;

	put_le64(c + CONFIG_CAPACITY, block_size(b->host) / SECTOR);
	put_le32(c + CONFIG_SEG_MAX, SEGMENTS);
	put_le32(c + CONFIG_BLK_SIZE, SECTOR);
	c[CONFIG_PHYSICAL_EXP] = PAGE_EXP;
	put_le16(c + CONFIG_MIN_IO, 1 << PAGE_EXP);
	put_le32(c + CONFIG_OPT_IO, block_granule(b->host) / SECTOR);
	c[CONFIG_WRITEBACK] = (u8)b->writeback;
	c[CONFIG_QUEUES] = (u8)b->queues;
	put_le32(c + CONFIG_DISCARD_SECTORS, DISCARD_MOST);
	put_le32(c + CONFIG_DISCARD_RANGES, 1);
	put_le32(c + CONFIG_DISCARD_ALIGN, block_granule(b->host) / SECTOR);
	put_le32(c + CONFIG_ZEROES_SECTORS, ZEROES_MOST);
	put_le32(c + CONFIG_ZEROES_RANGES, 1);
	c[CONFIG_ZEROES_UNMAP] = 1;
}

static void set_writeback(struct blk *b, bool on)
{
	b->writeback = on;
	block_set_writeback(b->host, on);
}

static void blk_config_write(struct virtio *v, u32 off, u32 width, u32 value)
{
	struct blk *b = (struct blk *)v;

	if (off == CONFIG_WRITEBACK && width == 1 && value <= 1 && virtio_has(v, F_CONFIG_WCE))
		set_writeback(b, value);
	else
		guest_error(&v->dev, "configuration is read-only at 0x%x", off);
}

static void blk_driver_ok(struct virtio *v)
{
	if (!virtio_has(v, F_FLUSH) && !virtio_has(v, F_CONFIG_WCE))
		set_writeback((struct blk *)v, false);
}

static void blk_reset(struct device *dev)
{
	struct blk *b = (struct blk *)dev;

	b->idle = NULL;
	for (u32 i = 0; i < REQUESTS; i++)
		set_idle(b, &b->requests[i]);
	set_writeback(b, b->can_flush);
}

/* A restored device tells its back end what it was told. */
static void blk_update(struct device *dev)
{
	struct blk *b = (struct blk *)dev;

	block_set_writeback(b->host, b->writeback);
}

static bool blk_init(struct device *dev, struct err *e)
{
	struct blk *b = (struct blk *)dev;

	(void)e;
	b->can_flush = block_writeback(b->host);
	b->requests = xcalloc(REQUESTS, sizeof(*b->requests));
	return true;
}

static void blk_fini(struct device *dev)
{
	free(((struct blk *)dev)->requests);
}

/* clang-format off */
#define SELF struct blk

VIRTIO_DEVICE(virtio_blk) = {
	VIRTIO_ROWS,
	.name         = "virtio-blk",
	.doc          = "a disk: /dev/vda",
	.linux_driver = "virtio_blk",
	.linux_config = "VIRTIO_BLK",
	.linux_name   = "vd",
	.qemu         = "virtio-blk-pci",
	.size         = sizeof(SELF),
	.example      = "disk0: {device: virtio-blk, host: {file: disk.img, format: raw}}",
	.init         = blk_init,
	.fini         = blk_fini,
	.reset        = blk_reset,
	.update       = blk_update,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_BLOCK(host, .required = true, .doc = "the image, and how it is kept"),
		PROP_U32(queues, .def = 1, .min = 1, .max = QUEUES, .doc = "request queues"),
		PROP_TEXT(serial, .doc = "serial number: the first 20 bytes are shown")),

	.state = STATE(FIELD(next_queue), FIELD(writeback)),

	.virtio = &(const struct virtio_class){
		.id            = 2,
		.queues        = QUEUES,
		.size_max      = 256,
		.burst         = 256,
		.pci_class     = 0x018000,
		.config_size   = CONFIG_BYTES,
		.queues_now    = blk_queues,
		.features_now  = blk_features,
		.config_read   = blk_config,
		.config_write  = blk_config_write,
		.driver_ok     = blk_driver_ok,
		.kick          = blk_kick,
	},
};
