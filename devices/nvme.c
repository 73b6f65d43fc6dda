/* nvme.c - a disk that speaks NVMe
 *
 * Spec: NVM Express Base Specification 1.4; numbers in brackets are its sections.  One
 * controller with one namespace.  A command is copied out of its queue once and judged from
 * the copy, and so is each page of a PRP list; data stays where it is, in RAM, and goes to
 * the back end as it lies there.  Requests are made at start: a driver that has more of them
 * waits in its queue, and so does one whose completion queue has no room.
 *
 * A command that fails is in the error log, and its status says so (More); it says, too, that
 * trying again is no use (DNR), but for what the host's disk may get over and for one Asynchronous
 * Event Request too many.
 *
 * A reset by CC.EN waits for what the disk is doing and drops it, so a queue's memory is the
 * driver's again when the write returns.  Deleting a queue waits for its commands alone.
 *
 * Not modeled: namespace management, Format, Compare, Copy, metadata, SGLs, a memory buffer
 * in the controller, doorbell buffers, interrupt coalescing (the values are kept), Abort (it
 * answers that it came too late), power states, a temperature other than 27 degrees.
 */
#include "block.h"
#include "clock.h"
#include "pci.h"

#include <inttypes.h>

#define QUEUES        16   /* pairs for I/O */
#define ENTRIES       1024 /* of a queue, at most */
#define PAGE          4096
#define REQUESTS      64
#define MDTS_MOST     7      /* 2^7 pages */
#define BURST         64     /* commands served at once before others get a turn */
#define EVENTS        4      /* Asynchronous Event Requests held */
#define ERRORS        8      /* entries of the error log */
#define NO_COMMAND    0xffff /* in the log: the error is that of none (5.14.1.1) */
#define RANGES        256
#define RANGE_BYTES   16
#define FIRMWARE      "1.0"
#define NSID          1
#define NSID_ALL      UINT32_MAX
#define ENTRY_SQ      (1u << ENTRY_SQ_BITS)
#define ENTRY_CQ      (1u << ENTRY_CQ_BITS)
#define ENTRY_SQ_BITS 6
#define ENTRY_CQ_BITS 4
#define KELVIN        300
#define KELVIN_HOT    343 /* where its warning begins */

#define PAGES_MOST ((1u << MDTS_MOST) + 1) /* the first may begin anywhere */

_Static_assert(PAGES_MOST <= BLOCK_SEGMENTS, "the pages of a command fit a request");

/* 3.1 */
enum {
	REG_CAP = 0x00,
	REG_VS = 0x08,
	REG_INTMS = 0x0c,
	REG_INTMC = 0x10,
	REG_CC = 0x14,
	REG_CSTS = 0x1c,
	REG_AQA = 0x24,
	REG_ASQ = 0x28,
	REG_ACQ = 0x30,
	REG_DOORBELLS = 0x1000,
	BAR_BYTES = 0x4000,
};

#define VERSION    0x00010400
#define CAP_LOW    ((ENTRIES - 1) | 1u << 16 /* contiguous queues */ | 30u << 24 /* timeout */)
#define CAP_HIGH   (1u << 5) /* the NVM command set; pages of 4 KiB */
#define CC_EN      1u
#define CC_SHN     (3u << 14)
#define CC_OTHER   0x3ff0u /* page size, command set, arbitration: all 0 here */
#define CC_ENTRIES (ENTRY_CQ_BITS << 20 | ENTRY_SQ_BITS << 16)
#define CC_SIZES   0xff0000u
#define CSTS_RDY   1u
#define CSTS_CFS   2u
#define CSTS_SHST  (3u << 2)
#define CSTS_ENDS  (1u << 2) /* shutting down */
#define CSTS_ENDED (2u << 2)

/* 4.6.1: type and code */
enum {
	OK = 0,
	INVALID_OPCODE = 0x01,
	INVALID_FIELD = 0x02,
	DATA_TRANSFER = 0x04,
	INVALID_NAMESPACE = 0x0b,
	WRONG_SEQUENCE = 0x0c,
	PRP_OFFSET = 0x13,
	WRITE_PROTECTED = 0x20,
	LBA_RANGE = 0x80,
	CAPACITY = 0x81,
	CQ_INVALID = 0x100,
	QUEUE_ID = 0x101,
	QUEUE_SIZE = 0x102,
	TOO_MANY_EVENTS = 0x105,
	INTERRUPT_VECTOR = 0x108,
	LOG_PAGE = 0x109,
	QUEUE_DELETION = 0x10c,
	NOT_SAVEABLE = 0x10d,
	WRITE_FAULT = 0x280,
	READ_ERROR = 0x281,
	MORE = 0x2000,
	DO_NOT_RETRY = 0x4000,
	LATER = -1, /* not a status: it is answered when it is done */
};

/* 5.21.1 */
enum {
	ARBITRATION = 1,
	POWER,
	RANGE_TYPE,
	TEMPERATURE,
	ERROR_RECOVERY,
	WRITE_CACHE,
	QUEUE_COUNT,
	COALESCING,
	VECTOR_CONFIG,
	ATOMICITY,
	EVENT_CONFIG,
	FEATURES,
};

/* 5.2, figure 144: type and the log page that says more */
enum event { EVENT_ERROR, EVENT_HEALTH, EVENT_TYPES };
enum { LOG_ERRORS = 1, LOG_HEALTH, LOG_FIRMWARE, LOG_EFFECTS = 5 };
enum { DOORBELL_REGISTER, DOORBELL_VALUE }; /* what EVENT_ERROR tells */
enum { TOO_HOT = 1 };                       /* what EVENT_HEALTH tells */

struct command {
	u32 dw[16];
	u32 sq;
	u32 result;
};

struct sq {
	u64 gpa;
	u32 size; /* 0: there is no such queue */
	u32 head, tail, cq;
	u32 under_way;
	u32 deletion; /* 1 + the id of the command that waits to delete it, or 0 */
};

struct cq {
	u64 gpa;
	u32 size;
	u32 head, tail, phase;
	u32 promised; /* entries of commands under way */
	u32 interrupts, vector;
};

struct error {
	u64 number, lba;
	u32 sq, id, parameter, status, nsid;
};

struct request {
	struct block_req block; /* first: done() gets it */
	u32 sq, id;
	bool then_read;                /* a read that must not come from a cache (FUA) */
	u32 range, ranges;             /* Dataset Management: the next, and how many */
	u8 list[RANGES * RANGE_BYTES]; /* those */
};

struct nvme {
	struct device dev;

	/* properties */
	struct block *host;
	u32 queues, mdts, block_size;
	const char *serial;

	bool can_flush; /* what the back end was made as */
	struct request *requests;
	struct block_req shutdown;

	/* state */
	u32 aqa;
	u64 asq, acq;
	/* What a controller reset ends (7.3.2) */
	struct live {
		u32 cc, csts, masked;
		u32 next_sq; /* whose turn it is */
		u32 later;   /* work put off */
		u32 writeback;
		u64 busy; /* requests, one bit each */
		struct sq sq[QUEUES + 1];
		struct cq cq[QUEUES + 1];
		u32 feature[FEATURES];
		u32 hot, cold;          /* thresholds of the temperature */
		u32 not_coalesced;      /* vectors, one bit each */
		u32 held[EVENTS];       /* 1 + the id of an event request, or 0 */
		u32 event[EVENT_TYPES]; /* 1 + what there is to tell, or 0 */
		u32 told[EVENT_TYPES];  /* and the log was not read since */
	} live;
	/* What only power ends */
	struct kept {
		u64 sectors_read, sectors_written, reads, writes, media_errors, errors;
		struct error error[ERRORS]; /* a ring: the n-th is at n % ERRORS */
	} kept;
};

_Static_assert(REQUESTS <= 64, "busy has a bit for each");

static struct nvme *nvme_of(struct device *dev)
{
	return (struct nvme *)dev;
}

static u64 pair(u32 low, u32 high)
{
	return low | (u64)high << 32;
}

static u32 block_shift(const struct nvme *n)
{
	return n->block_size ? 12 : 9;
}

static u64 blocks(const struct nvme *n)
{
	return block_size(n->host) >> block_shift(n);
}

/* Queues in memory that is none: the driver must reset the controller (9.5). */
static void fatal(struct nvme *n, const char *why)
{
	guest_error(&n->dev, "%s; the controller needs a reset", why);
	n->live.csts |= CSTS_CFS;
}

/* -- Completion queues ---------------------------------------------------------------- */

static u32 used(const struct cq *cq)
{
	return (cq->tail + cq->size - cq->head) % cq->size;
}

static bool has_room(const struct cq *cq)
{
	return cq->size && used(cq) + (u64)cq->promised + 1 < cq->size;
}

static struct cq *cq_of(struct nvme *n, u32 sq)
{
	return &n->live.cq[n->live.sq[sq].cq % (QUEUES + 1)];
}

/* The phase tag is what the driver waits for, so it is written last (4.6). */
static void post(struct nvme *n, u32 sq, u32 id, u32 status, u32 result)
{
	struct cq *cq = cq_of(n, sq);
	u64 at = cq->gpa + cq->tail * (u64)ENTRY_CQ;
	u8 e[ENTRY_CQ] = { 0 };

	if (!cq->size)
		return;
	put_le32(e, result);
	put_le16(e + 8, (u16)n->live.sq[sq].head);
	put_le16(e + 10, (u16)sq);
	put_le16(e + 12, (u16)id);
	if (!dma_write(&n->dev, at, e, 14) ||
	    !dma_store16(&n->dev, at + 14, (u16)(status << 1 | (cq->phase & 1)))) {
		fatal(n, "a completion queue cannot be written");
		return;
	}
	if (++cq->tail >= cq->size) {
		cq->tail = 0;
		cq->phase ^= 1;
	}
	if (cq->interrupts && pci_msix_enabled(&n->dev))
		pci_msix_send(&n->dev, cq->vector);
}

/* -- Asynchronous events (5.2) -------------------------------------------------------- */

static u32 *held_event(struct nvme *n)
{
	for (u32 i = 0; i < EVENTS; i++)
		if (n->live.held[i])
			return &n->live.held[i];
	return NULL;
}

/* Told once, and then not again until the log page was read. */
static void tell_events(struct nvme *n)
{
	struct live *l = &n->live;

	for (u32 type = 0; type < EVENT_TYPES; type++) {
		u32 *held = held_event(n);

		if (!held || !l->event[type] || l->told[type] || !has_room(&l->cq[0]))
			continue;
		post(n, 0, *held - 1, OK, type | (l->event[type] - 1) << 8 | (type + 1) << 16);
		*held = 0;
		l->event[type] = 0;
		l->told[type] = 1;
	}
}

static void raise(struct nvme *n, enum event type, u32 what)
{
	n->live.event[type] = what + 1;
	tell_events(n);
}

static void log_read(struct nvme *n, enum event type)
{
	n->live.told[type] = 0;
	tell_events(n);
}

/* What goes wrong is in the error log, which has More.  The same command would fail again, unless
 * it is the disk's failure, which may pass, or an event makes room (4.6.1). */
static u32 status_field(u32 status)
{
	switch (status) {
	case OK:
		return OK;
	case TOO_MANY_EVENTS:
	case CAPACITY:
	case WRITE_FAULT:
	case READ_ERROR:
		return status | MORE;
	default:
		return status | MORE | DO_NOT_RETRY;
	}
}

static void log_error(struct nvme *n, struct error e)
{
	e.number = ++n->kept.errors;
	n->kept.error[e.number % ERRORS] = e;
}

/* -- Commands: beginning and end ------------------------------------------------------ */

static void begin(struct nvme *n, u32 sq)
{
	n->live.sq[sq].under_way++;
	cq_of(n, sq)->promised++;
}

static void end(struct nvme *n, u32 sq)
{
	n->live.sq[sq].under_way--;
	cq_of(n, sq)->promised--;
}

static void answer(struct nvme *n, u32 sq, u32 id, u32 status, u32 result);

/* The last command of a queue that is to be deleted. */
static void delete_if_idle(struct nvme *n, u32 q)
{
	struct sq *sq = &n->live.sq[q];
	u32 deletion = sq->deletion;

	if (!deletion || sq->under_way)
		return;
	memset(sq, 0, sizeof(*sq));
	answer(n, 0, deletion - 1, OK, 0);
}

static void answer(struct nvme *n, u32 sq, u32 id, u32 status, u32 result)
{
	end(n, sq);
	post(n, sq, id, status_field(status), result);
	if (sq)
		delete_if_idle(n, sq);
}

static void answer_command(struct nvme *n, const struct command *c, u32 status)
{
	if (status)
		log_error(n, (struct error){ .lba = c->sq ? pair(c->dw[10], c->dw[11]) : 0,
					     .sq = c->sq,
					     .id = c->dw[0] >> 16,
					     .status = status,
					     .nsid = c->dw[1] });
	answer(n, c->sq, c->dw[0] >> 16, status, c->result);
}

/* -- Physical region pages (4.3) ------------------------------------------------------ */

struct pages {
	u32 n;
	struct {
		u64 gpa;
		u32 len;
	} at[PAGES_MOST];
};

static void add_page(struct pages *p, u64 gpa, u64 *left)
{
	u32 len = (u32)MIN(*left, PAGE - gpa % PAGE);

	assert(p->n < PAGES_MOST); /* the length was checked against MDTS */
	p->at[p->n].gpa = gpa;
	p->at[p->n++].len = len;
	*left -= len;
}

static u64 pages_of(u64 bytes)
{
	return (bytes + PAGE - 1) / PAGE;
}

/* A list ends where the data does.  If its page ends before, its last entry is where the list
 * goes on: at the beginning of a page, so that each one brings entries. */
static i32 read_list(struct nvme *n, struct pages *p, u64 list, u64 left)
{
	u8 entries[PAGE];

	while (left) {
		u64 room = (PAGE - list % PAGE) / 8, want = pages_of(left);
		bool more = want > room;
		u64 count = more ? room : want;

		if (list % 8)
			return PRP_OFFSET;
		if (!dma_read(&n->dev, list, entries, count * 8))
			return DATA_TRANSFER;
		for (u64 i = 0; i < count - more; i++) {
			u64 gpa = get_le64(entries + 8 * i);

			if (gpa % PAGE)
				return PRP_OFFSET;
			add_page(p, gpa, &left);
		}
		list = get_le64(entries + 8 * (count - 1));
		if (more && list % PAGE)
			return PRP_OFFSET;
	}
	return OK;
}

static i32 find_pages(struct nvme *n, const struct command *c, u64 bytes, struct pages *p)
{
	u64 first = pair(c->dw[6], c->dw[7]), second = pair(c->dw[8], c->dw[9]);

	p->n = 0;
	if (first % 4)
		return PRP_OFFSET;
	add_page(p, first, &bytes);
	if (bytes > PAGE)
		return read_list(n, p, second, bytes);
	if (bytes && second % PAGE)
		return PRP_OFFSET;
	if (bytes)
		add_page(p, second, &bytes);
	return OK;
}

/* What the controller itself has to say, or wants to know. */
static i32 give(struct nvme *n, const struct command *c, const u8 *from, u32 bytes)
{
	struct pages p;
	i32 status = find_pages(n, c, bytes, &p);

	for (u32 i = 0; status == OK && i < p.n; from += p.at[i++].len)
		if (!dma_write(&n->dev, p.at[i].gpa, from, p.at[i].len))
			status = DATA_TRANSFER;
	return status;
}

static i32 get(struct nvme *n, const struct command *c, u8 *to, u32 bytes)
{
	struct pages p;
	i32 status = find_pages(n, c, bytes, &p);

	for (u32 i = 0; status == OK && i < p.n; to += p.at[i++].len)
		if (!dma_read(&n->dev, p.at[i].gpa, to, p.at[i].len))
			status = DATA_TRANSFER;
	return status;
}

/* Data in place. */
static i32 gather(struct nvme *n, const struct command *c, struct block_req *req)
{
	struct pages p;
	i32 status = find_pages(n, c, req->length, &p);

	for (req->niov = 0; status == OK && req->niov < p.n; req->niov++) {
		u32 len = p.at[req->niov].len;
		u8 *at = dma_slice(&n->dev, p.at[req->niov].gpa, len);

		req->iov[req->niov] = (struct iovec){ at, len };
		if (!at)
			status = DATA_TRANSFER;
	}
	return status;
}

/* -- Requests to the disk ------------------------------------------------------------- */

static struct request *idle_request(struct nvme *n)
{
	for (u32 i = 0; i < REQUESTS; i++)
		if (!(n->live.busy >> i & 1))
			return &n->requests[i];
	return NULL;
}

static u64 bit_of(const struct nvme *n, const struct request *r)
{
	return (u64)1 << (r - n->requests);
}

static i32 disk_status(const struct block_req *req)
{
	if (req->status == BLOCK_OK)
		return OK;
	if (req->status == BLOCK_NOSPACE)
		return CAPACITY;
	return req->op == BLOCK_READ ? READ_ERROR : WRITE_FAULT;
}

/* The next range that is not empty: true if there is one. */
static bool next_range(struct nvme *n, struct request *r)
{
	while (r->range < r->ranges) {
		const u8 *range = r->list + RANGE_BYTES * (size_t)r->range++;

		r->block.length = (u64)get_le32(range + 4) << block_shift(n);
		r->block.offset = get_le64(range + 8) << block_shift(n);
		if (r->block.length)
			return true;
	}
	return false;
}

/* A command may take several requests, one after the other. */
static bool has_more(struct nvme *n, struct request *r)
{
	if (r->then_read) {
		r->then_read = false;
		r->block.op = BLOCK_READ;
		return true;
	}
	return r->block.op == BLOCK_DISCARD && next_range(n, r);
}

static void count(struct nvme *n, const struct block_req *req)
{
	struct kept *k = &n->kept;

	if (req->status != BLOCK_OK)
		k->media_errors++;
	if (req->op == BLOCK_READ) {
		k->reads++;
		k->sectors_read += req->length / 512;
	} else if (req->op == BLOCK_WRITE) {
		k->writes++;
		k->sectors_written += req->length / 512;
	}
}

static void shutdown_done(struct block_req *req)
{
	struct nvme *n = nvme_of(req->dev);

	if (req->status == BLOCK_OK)
		n->live.csts += CSTS_ENDED - CSTS_ENDS;
	else
		n->live.csts |= CSTS_CFS;
}

/* Before it says that it has shut down, all is on the disk (7.6.2): flushed after the last
 * command, for no new one is taken. */
static void flush_if_ending(struct nvme *n)
{
	if ((n->live.csts & CSTS_SHST) != CSTS_ENDS || n->live.busy)
		return;
	n->shutdown.op = BLOCK_FLUSH;
	n->shutdown.done = shutdown_done;
	block_submit(n->host, &n->shutdown);
}

static void serve(struct nvme *n);

static void request_done(struct block_req *req)
{
	struct nvme *n = nvme_of(req->dev);
	struct request *r = (struct request *)req;
	i32 status = disk_status(req);

	if (status == OK && has_more(n, r)) {
		block_submit(n->host, req);
		return;
	}
	count(n, req);
	n->live.busy &= ~bit_of(n, r);
	if (status)
		log_error(n, (struct error){ .lba = req->offset >> block_shift(n),
					     .sq = r->sq,
					     .id = r->id,
					     .status = (u32)status,
					     .nsid = NSID });
	answer(n, r->sq, r->id, (u32)status, 0);
	flush_if_ending(n);
	serve(n);
}

static i32 submit(struct nvme *n, const struct command *c, struct request *r)
{
	r->sq = c->sq;
	r->id = c->dw[0] >> 16;
	r->block.done = request_done;
	n->live.busy |= bit_of(n, r);
	block_submit(n->host, &r->block);
	return LATER;
}

/* -- I/O commands (6) ----------------------------------------------------------------- */

#define FUA        (1u << 30)
#define DEALLOCATE (1u << 25) /* of Write Zeroes; bit 2 of Dataset Management */

static i32 io_flush(struct nvme *n, struct command *c)
{
	struct request *r = idle_request(n);

	r->block.op = BLOCK_FLUSH;
	r->block.offset = r->block.length = 0;
	r->block.niov = 0;
	r->then_read = false;
	return submit(n, c, r);
}

/* Whole blocks inside the namespace. */
static i32 set_range(struct nvme *n, const struct command *c, struct request *r)
{
	u64 first = pair(c->dw[10], c->dw[11]), many = (c->dw[12] & 0xffff) + 1;

	if (!range_inside(first, many, 0, blocks(n)))
		return LBA_RANGE;
	r->block.offset = first << block_shift(n);
	r->block.length = many << block_shift(n);
	r->block.durable = c->dw[12] & FUA;
	r->then_read = false;
	return OK;
}

static bool too_much(const struct nvme *n, u64 bytes)
{
	return bytes > (u64)PAGE << n->mdts;
}

static i32 transfer(struct nvme *n, const struct command *c, struct request *r)
{
	i32 status;

	if (too_much(n, (u64)((c->dw[12] & 0xffff) + 1) << block_shift(n)))
		return INVALID_FIELD;
	status = set_range(n, c, r);
	return status == OK ? gather(n, c, &r->block) : status;
}

/* With FUA it comes from the disk: what is in a cache goes there first (6.9). */
static i32 io_read(struct nvme *n, struct command *c)
{
	struct request *r = idle_request(n);
	i32 status = transfer(n, c, r);

	if (status != OK)
		return status;
	r->then_read = c->dw[12] & FUA;
	r->block.op = r->then_read ? BLOCK_FLUSH : BLOCK_READ;
	return submit(n, c, r);
}

static i32 io_write(struct nvme *n, struct command *c)
{
	struct request *r = idle_request(n);
	i32 status;

	if (block_read_only(n->host))
		return WRITE_PROTECTED;
	status = transfer(n, c, r);
	r->block.op = BLOCK_WRITE;
	return status == OK ? submit(n, c, r) : status;
}

static i32 io_write_zeroes(struct nvme *n, struct command *c)
{
	struct request *r = idle_request(n);
	i32 status;

	if (block_read_only(n->host))
		return WRITE_PROTECTED;
	status = set_range(n, c, r);
	r->block.op = BLOCK_ZERO;
	r->block.unmap = c->dw[12] & DEALLOCATE;
	r->block.niov = 0;
	return status == OK ? submit(n, c, r) : status;
}

static bool ranges_fit(const struct nvme *n, const struct request *r)
{
	for (u32 i = 0; i < r->ranges; i++) {
		const u8 *range = r->list + RANGE_BYTES * (size_t)i;

		if (!range_inside(get_le64(range + 8), get_le32(range + 4), 0, blocks(n)))
			return false;
	}
	return true;
}

/* Of the hints only deallocation is taken (6.7). */
static i32 io_manage(struct nvme *n, struct command *c)
{
	struct request *r = idle_request(n);
	i32 status;

	r->range = 0;
	r->ranges = (c->dw[10] & 0xff) + 1;
	status = get(n, c, r->list, r->ranges * RANGE_BYTES);
	if (status != OK)
		return status;
	if (!ranges_fit(n, r))
		return LBA_RANGE;
	if (!(c->dw[11] & 4))
		return OK;
	if (block_read_only(n->host))
		return WRITE_PROTECTED;
	r->block.op = BLOCK_DISCARD;
	r->block.durable = r->then_read = false;
	r->block.niov = 0;
	return next_range(n, r) ? submit(n, c, r) : OK;
}

/* -- Queues (5.3 to 5.6) -------------------------------------------------------------- */

/* PRP1, and in dword 10 number and size. */
static i32 check_queue(struct nvme *n, const struct command *c, u32 entry, u32 exists)
{
	u32 q = c->dw[10] & 0xffff, last = c->dw[10] >> 16;
	u64 gpa = pair(c->dw[6], c->dw[7]);

	if (!q || q > n->queues || exists)
		return QUEUE_ID;
	if (!last || last >= ENTRIES || (n->live.cc & CC_SIZES) != CC_ENTRIES)
		return QUEUE_SIZE;
	if (gpa % PAGE)
		return PRP_OFFSET;
	if (!(c->dw[11] & 1) || !dma_slice(&n->dev, gpa, (last + 1) * (u64)entry))
		return INVALID_FIELD;
	return OK;
}

static u32 queue_of(const struct command *c)
{
	return MIN(c->dw[10] & 0xffff, QUEUES);
}

static i32 create_cq(struct nvme *n, struct command *c)
{
	struct cq *cq = &n->live.cq[queue_of(c)];
	u32 vector = c->dw[11] >> 16;
	i32 status = check_queue(n, c, ENTRY_CQ, cq->size);

	if (status != OK)
		return status;
	if (vector > (pci_msix_enabled(&n->dev) ? QUEUES : 0))
		return INTERRUPT_VECTOR;
	*cq = (struct cq){ .gpa = pair(c->dw[6], c->dw[7]),
			   .size = (c->dw[10] >> 16) + 1,
			   .phase = 1,
			   .interrupts = c->dw[11] >> 1 & 1,
			   .vector = vector };
	return OK;
}

static i32 create_sq(struct nvme *n, struct command *c)
{
	struct sq *sq = &n->live.sq[queue_of(c)];
	u32 cq = c->dw[11] >> 16;
	i32 status = check_queue(n, c, ENTRY_SQ, sq->size);

	if (status != OK)
		return status;
	if (!cq || cq > n->queues)
		return QUEUE_ID;
	if (!n->live.cq[cq].size)
		return CQ_INVALID;
	*sq = (struct sq){ .gpa = pair(c->dw[6], c->dw[7]),
			   .size = (c->dw[10] >> 16) + 1,
			   .cq = cq };
	return OK;
}

/* After its last command; new ones are not taken any more. */
static i32 delete_sq(struct nvme *n, struct command *c)
{
	struct sq *sq = &n->live.sq[queue_of(c)];

	if (!(c->dw[10] & 0xffff) || (c->dw[10] & 0xffff) > QUEUES || !sq->size || sq->deletion)
		return QUEUE_ID;
	sq->deletion = (c->dw[0] >> 16) + 1;
	delete_if_idle(n, queue_of(c));
	return LATER;
}

static i32 delete_cq(struct nvme *n, struct command *c)
{
	u32 q = queue_of(c);
	struct cq *cq = &n->live.cq[q];

	if (!q || (c->dw[10] & 0xffff) > QUEUES || !cq->size)
		return QUEUE_ID;
	for (u32 i = 0; i <= QUEUES; i++)
		if (n->live.sq[i].size && n->live.sq[i].cq == q)
			return QUEUE_DELETION;
	memset(cq, 0, sizeof(*cq));
	return OK;
}

/* -- Identify (5.15) ------------------------------------------------------------------ */

/* ASCII, filled up with spaces. */
static void put_text(u8 *p, const char *text, size_t n)
{
	memset(p, ' ', n);
	memcpy(p, text, MIN(strlen(text), n));
}

static const char *serial(const struct nvme *n)
{
	return n->serial ? n->serial : n->dev.name;
}

/* FNV-1a */
static u64 hash(u64 h, const char *text)
{
	while (*text)
		h = (h ^ (u8)*text++) * 0x100000001b3u;
	return h;
}

/* Version 8 of RFC 9562: made of the device's names, so that it is the same each time. */
static void put_uuid(const struct nvme *n, u8 *p)
{
	u64 h = hash(hash(0xcbf29ce484222325u, n->dev.name), serial(n));

	put_le64(p, h);
	put_le64(p + 8, hash(h, "nvme"));
	p[6] = (u8)((p[6] & 0x0f) | 0x80);
	p[8] = (u8)((p[8] & 0x3f) | 0x80);
}

/* Linux takes two controllers of one name for one subsystem. */
static void put_nqn(const struct nvme *n, u8 *p)
{
	char text[80];
	u8 u[16];

	put_uuid(n, u);
	snprintf(text, sizeof(text),
		 "nqn.2014-08.org.nvmexpress:uuid:%08" PRIx32 "-%04x-%04x-%04x-%04x%08" PRIx32,
		 get_be32(u), get_be16(u + 4), get_be16(u + 6), get_be16(u + 8), get_be16(u + 10),
		 get_be32(u + 12));
	memcpy(p, text, strlen(text));
}

static void identify_controller(const struct nvme *n, u8 *p)
{
	const struct pci_class *pci = n->dev.class->pci;

	put_le16(p, pci->vendor);
	put_le16(p + 2, pci->subsystem_vendor);
	put_text(p + 4, serial(n), 20);
	put_text(p + 24, "vmbuild NVMe disk", 40);
	put_text(p + 64, FIRMWARE, 8);
	p[77] = (u8)n->mdts;
	put_le32(p + 80, VERSION);
	p[111] = 1;          /* an I/O controller */
	p[258] = 3;          /* Abort: four at a time */
	p[259] = EVENTS - 1; /* event requests */
	p[260] = 3;          /* firmware: one slot, read-only */
	p[261] = 6;          /* log pages: effects, and parts of pages */
	p[262] = ERRORS - 1;
	put_le16(p + 266, KELVIN_HOT);
	put_le16(p + 268, KELVIN_HOT + 30);
	p[512] = ENTRY_SQ_BITS << 4 | ENTRY_SQ_BITS;
	p[513] = ENTRY_CQ_BITS << 4 | ENTRY_CQ_BITS;
	put_le32(p + 516, NSID);            /* how many namespaces */
	put_le16(p + 520, 0x0c);            /* Dataset Management, Write Zeroes */
	p[525] = (u8)(0x06 | n->can_flush); /* a write cache; Flush takes NSID_ALL */
	put_nqn(n, p + 768);
}

static void identify_namespace(const struct nvme *n, u8 *p)
{
	put_le64(p, blocks(n));
	put_le64(p + 8, blocks(n));
	put_le64(p + 16, blocks(n));
	p[33] = 9; /* deallocated blocks read 0; Write Zeroes deallocates if asked */
	p[99] = block_read_only(n->host);
	p[130] = (u8)block_shift(n); /* format 0 */
}

static void identify_descriptors(const struct nvme *n, u8 *p)
{
	p[0] = 3; /* a UUID */
	p[1] = 16;
	put_uuid(n, p + 4);
}

enum { OF_NAMESPACE, OF_CONTROLLER, ACTIVE_NAMESPACES, DESCRIPTORS };

static i32 identify(struct nvme *n, struct command *c)
{
	u32 what = c->dw[10] & 0xff, nsid = c->dw[1];
	u8 page[PAGE] = { 0 };

	if ((what == OF_NAMESPACE || what == DESCRIPTORS) && nsid != NSID)
		return INVALID_NAMESPACE;
	switch (what) {
	case OF_NAMESPACE:
		identify_namespace(n, page);
		break;
	case OF_CONTROLLER:
		identify_controller(n, page);
		break;
	case ACTIVE_NAMESPACES: /* those above nsid */
		if (nsid >= NSID_ALL - 1)
			return INVALID_NAMESPACE;
		if (nsid < NSID)
			put_le32(page, NSID);
		break;
	case DESCRIPTORS:
		identify_descriptors(n, page);
		break;
	default:
		return INVALID_FIELD;
	}
	return give(n, c, page, sizeof(page));
}

/* -- Features (5.21) ------------------------------------------------------------------ */

/* Bits that are kept as they are set; the others have a function below. */
static const u32 kept_bits[FEATURES] = {
	[ARBITRATION] = 0xffffff07, [POWER] = 0xe0,  [ERROR_RECOVERY] = 0xffff,
	[COALESCING] = 0xffff,      [ATOMICITY] = 1, [EVENT_CONFIG] = 0xff,
};

static u32 warnings(const struct nvme *n)
{
	return KELVIN >= n->live.hot || KELVIN <= n->live.cold ? 2 : 0;
}

/* The threshold that dword 11 names: of the one sensor, over or under. */
static u32 *threshold(struct nvme *n, const struct command *c)
{
	u32 sensor = c->dw[11] >> 16 & 0xf, type = c->dw[11] >> 20 & 3;

	if ((sensor && sensor != 0xf) || type > 1)
		return NULL;
	return type ? &n->live.cold : &n->live.hot;
}

static i32 set_threshold(struct nvme *n, const struct command *c)
{
	u32 *t = threshold(n, c);

	if (!t)
		return INVALID_FIELD;
	*t = c->dw[11] & 0xffff;
	if (warnings(n) & n->live.feature[EVENT_CONFIG])
		raise(n, EVENT_HEALTH, TOO_HOT);
	return OK;
}

static i32 set_write_cache(struct nvme *n, const struct command *c)
{
	if (!n->can_flush)
		return INVALID_FIELD;
	n->live.writeback = c->dw[11] & 1;
	return OK;
}

static u32 queue_counts(const struct nvme *n)
{
	return (n->queues - 1) * 0x10001;
}

/* Before the first of them is made. */
static i32 set_queue_count(struct nvme *n, struct command *c)
{
	for (u32 q = 1; q <= QUEUES; q++)
		if (n->live.sq[q].size || n->live.cq[q].size)
			return WRONG_SEQUENCE;
	if ((c->dw[11] & 0xffff) == 0xffff || c->dw[11] >> 16 == 0xffff)
		return INVALID_FIELD;
	c->result = queue_counts(n);
	return OK;
}

static i32 set_vector(struct nvme *n, const struct command *c)
{
	u32 vector = c->dw[11] & 0xffff, bit = vector <= QUEUES ? 1u << vector : 0;

	if (!bit)
		return INVALID_FIELD;
	n->live.not_coalesced =
		c->dw[11] >> 16 & 1 ? n->live.not_coalesced | bit : n->live.not_coalesced & ~bit;
	return OK;
}

static i32 set_features(struct nvme *n, struct command *c)
{
	u32 id = c->dw[10] & 0xff;

	if (c->dw[10] >> 31)
		return NOT_SAVEABLE;
	switch (id) {
	case TEMPERATURE:
		return set_threshold(n, c);
	case WRITE_CACHE:
		return set_write_cache(n, c);
	case QUEUE_COUNT:
		return set_queue_count(n, c);
	case VECTOR_CONFIG:
		return set_vector(n, c);
	}
	if (id >= FEATURES || !kept_bits[id] || (id == POWER && c->dw[11] & 0x1f))
		return INVALID_FIELD;
	n->live.feature[id] = c->dw[11] & kept_bits[id];
	return OK;
}

static i32 get_vector(const struct nvme *n, struct command *c)
{
	u32 vector = c->dw[11] & 0xffff;

	if (vector > QUEUES)
		return INVALID_FIELD;
	c->result = vector | (n->live.not_coalesced >> vector & 1) << 16;
	return OK;
}

static i32 get_threshold(struct nvme *n, struct command *c)
{
	const u32 *t = threshold(n, c);

	if (!t)
		return INVALID_FIELD;
	c->result = *t;
	return OK;
}

/* Only what is current: others, which SELECT could ask for, are not kept. */
static i32 get_features(struct nvme *n, struct command *c)
{
	u32 id = c->dw[10] & 0xff;

	if (c->dw[10] >> 8 & 7)
		return INVALID_FIELD;
	switch (id) {
	case TEMPERATURE:
		return get_threshold(n, c);
	case WRITE_CACHE:
		c->result = n->live.writeback;
		return n->can_flush ? OK : INVALID_FIELD;
	case QUEUE_COUNT:
		c->result = queue_counts(n);
		return OK;
	case VECTOR_CONFIG:
		return get_vector(n, c);
	}
	if (id >= FEATURES || !kept_bits[id])
		return INVALID_FIELD;
	c->result = n->live.feature[id];
	return OK;
}

/* -- Log pages (5.14) ----------------------------------------------------------------- */

/* The newest first. */
static void log_errors(const struct nvme *n, u8 *p)
{
	for (u64 i = 0; i < ERRORS && i < n->kept.errors; i++, p += 64) {
		const struct error *e = &n->kept.error[(n->kept.errors - i) % ERRORS];

		put_le64(p, e->number);
		put_le16(p + 8, (u16)e->sq);
		put_le16(p + 10, (u16)e->id);
		put_le16(p + 12, (u16)(status_field(e->status) << 1));
		put_le16(p + 14, (u16)e->parameter);
		put_le64(p + 16, e->lba);
		put_le32(p + 24, e->nsid);
	}
}

static u64 thousands(u64 sectors)
{
	return sectors / 1000 + (sectors % 1000 != 0);
}

static void log_health(const struct nvme *n, u8 *p)
{
	const struct kept *k = &n->kept;

	p[0] = (u8)warnings(n);
	put_le16(p + 1, KELVIN);
	p[3] = 100; /* spare blocks, in percent, and when to worry */
	p[4] = 10;
	put_le64(p + 32, thousands(k->sectors_read));
	put_le64(p + 48, thousands(k->sectors_written));
	put_le64(p + 64, k->reads);
	put_le64(p + 80, k->writes);
	put_le64(p + 112, 1); /* power cycles */
	put_le64(p + 160, k->media_errors);
	put_le64(p + 176, k->errors);
	put_le16(p + 200, KELVIN);
}

static void log_firmware(u8 *p)
{
	p[0] = 1; /* slot 1 is the active one */
	put_text(p + 8, FIRMWARE, 8);
}

static void log_effects(u8 *p);

static i32 get_log_page(struct nvme *n, struct command *c)
{
	u64 bytes = ((c->dw[10] >> 16 | (u64)(c->dw[11] & 0xffff) << 16) + 1) * 4;
	u64 from = pair(c->dw[12], c->dw[13]);
	u32 page = c->dw[10] & 0xff, size = 512;
	bool keep_event = c->dw[10] >> 15 & 1;
	u8 log[PAGE] = { 0 };
	i32 status;

	switch (page) {
	case LOG_ERRORS:
		log_errors(n, log);
		size = ERRORS * 64;
		break;
	case LOG_HEALTH:
		if (c->dw[1] && c->dw[1] != NSID_ALL)
			return INVALID_FIELD;
		log_health(n, log);
		break;
	case LOG_FIRMWARE:
		log_firmware(log);
		break;
	case LOG_EFFECTS:
		log_effects(log);
		size = PAGE;
		break;
	default:
		return LOG_PAGE;
	}
	if (from % 4 || from > size || too_much(n, bytes))
		return INVALID_FIELD;
	status = give(n, c, log + from, (u32)MIN(bytes, size - from));
	if (status == OK && page <= EVENT_TYPES && !keep_event)
		log_read(n, page - 1);
	return status;
}

/* -- The rest of the admin commands --------------------------------------------------- */

/* Bit 0: it was not aborted.  One that waits for the disk would be told so late that it is
 * over anyway. */
static i32 abort_command(struct nvme *n, struct command *c)
{
	(void)n;
	c->result = 1;
	return OK;
}

/* Held until there is something to tell; so it takes no entry of the queue before. */
static i32 event_request(struct nvme *n, struct command *c)
{
	for (u32 i = 0; i < EVENTS; i++) {
		if (n->live.held[i])
			continue;
		n->live.held[i] = (c->dw[0] >> 16) + 1;
		end(n, 0);
		tell_events(n);
		return LATER;
	}
	return TOO_MANY_EVENTS;
}

/* -- Serving -------------------------------------------------------------------------- */

#define SUPPORTED 1u /* effects (5.14.1.5) */
#define CHANGES   2u /* what is in blocks */

struct operation {
	u8 code;
	u8 effects;
	i32 (*run)(struct nvme *n, struct command *c); /* a status, or LATER */
};

/* clang-format off */
static const struct operation admin[] = {
	{ 0x00, SUPPORTED, delete_sq },
	{ 0x01, SUPPORTED, create_sq },
	{ 0x02, SUPPORTED, get_log_page },
	{ 0x04, SUPPORTED, delete_cq },
	{ 0x05, SUPPORTED, create_cq },
	{ 0x06, SUPPORTED, identify },
	{ 0x08, SUPPORTED, abort_command },
	{ 0x09, SUPPORTED, set_features },
	{ 0x0a, SUPPORTED, get_features },
	{ 0x0c, SUPPORTED, event_request },
};

#define FLUSH 0x00

static const struct operation io[] = {
	{ FLUSH, SUPPORTED, io_flush },
	{ 0x01, SUPPORTED | CHANGES, io_write },
	{ 0x02, SUPPORTED, io_read },
	{ 0x08, SUPPORTED | CHANGES, io_write_zeroes },
	{ 0x09, SUPPORTED | CHANGES, io_manage },
};
/* clang-format on */

static void log_effects(u8 *p)
{
	for (size_t i = 0; i < ARRAY_LEN(admin); i++)
		put_le32(p + 4 * (size_t)admin[i].code, admin[i].effects);
	for (size_t i = 0; i < ARRAY_LEN(io); i++)
		put_le32(p + 1024 + 4 * (size_t)io[i].code, io[i].effects);
}

static const struct operation *find(const struct operation *ops, size_t n, u32 code)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i].code == code)
			return &ops[i];
	return NULL;
}

static i32 run(struct nvme *n, struct command *c)
{
	u32 code = c->dw[0] & 0xff, nsid = c->dw[1];
	const struct operation *op =
		c->sq ? find(io, ARRAY_LEN(io), code) : find(admin, ARRAY_LEN(admin), code);

	if (!op)
		return INVALID_OPCODE;
	if (c->dw[0] & 0xc300) /* fused; SGLs */
		return INVALID_FIELD;
	if (c->sq && nsid != NSID && !(code == FLUSH && nsid == NSID_ALL))
		return INVALID_NAMESPACE;
	return op->run(n, c);
}

static bool is_running(const struct nvme *n)
{
	return (n->live.csts & (CSTS_RDY | CSTS_CFS | CSTS_SHST)) == CSTS_RDY;
}

static bool fetch(struct nvme *n, u32 q, struct command *c)
{
	struct sq *sq = &n->live.sq[q];
	u8 bytes[ENTRY_SQ];

	if (!is_running(n) || !sq->size || sq->head == sq->tail || sq->deletion ||
	    !has_room(cq_of(n, q)) || (q && !idle_request(n)))
		return false;
	if (!dma_read(&n->dev, sq->gpa + sq->head * (u64)ENTRY_SQ, bytes, sizeof(bytes))) {
		fatal(n, "a submission queue cannot be read");
		return false;
	}
	if (++sq->head >= sq->size)
		sq->head = 0;
	*c = (struct command){ .sq = q };
	for (u32 i = 0; i < ARRAY_LEN(c->dw); i++)
		c->dw[i] = get_le32(bytes + 4 * i);
	return true;
}

/* The admin queue goes first, the others in turn. */
static bool fetch_any(struct nvme *n, struct command *c)
{
	if (fetch(n, 0, c))
		return true;
	for (u32 i = 0; i < QUEUES; i++) {
		n->live.next_sq = n->live.next_sq % QUEUES + 1;
		if (fetch(n, n->live.next_sq, c))
			return true;
	}
	return false;
}

static void serve(struct nvme *n)
{
	struct command c;

	n->live.later = false;
	for (u32 i = 0; i < BURST; i++) {
		i32 status;

		if (!fetch_any(n, &c))
			return;
		begin(n, c.sq);
		status = run(n, &c);
		if (status != LATER)
			answer_command(n, &c, (u32)status);
	}
	n->live.later = true;
}

/* -- Doorbells (3.1.24) --------------------------------------------------------------- */

static void bad_doorbell(struct nvme *n, u32 what, u32 off, u32 value)
{
	guest_error(&n->dev, "doorbell 0x%" PRIx32 ": %" PRIu32 " is ignored", off, value);
	log_error(n, (struct error){ .sq = NO_COMMAND, .id = NO_COMMAND, .parameter = NO_COMMAND });
	raise(n, EVENT_ERROR, what);
}

/* To where the driver has filled its queue; or how far it has read ours. */
static bool ring(struct nvme *n, u32 q, bool completions, u32 value)
{
	struct sq *sq = &n->live.sq[q];
	struct cq *cq = &n->live.cq[q];

	if (!completions && value < sq->size) {
		sq->tail = value;
		return true;
	}
	if (completions && value < cq->size &&
	    (value + cq->size - cq->head) % cq->size <= used(cq)) {
		cq->head = value;
		return true;
	}
	return false;
}

static void doorbell(struct nvme *n, u32 off, u32 value)
{
	u32 q = (off - REG_DOORBELLS) / 8;
	bool completions = off & 4;

	if (!(n->live.csts & CSTS_RDY))
		return;
	if (q > QUEUES || !(completions ? n->live.cq[q].size : n->live.sq[q].size)) {
		bad_doorbell(n, DOORBELL_REGISTER, off, value);
	} else if (!ring(n, q, completions, value & 0xffff)) {
		bad_doorbell(n, DOORBELL_VALUE, off, value);
	} else {
		tell_events(n);
		serve(n);
	}
}

/* -- Controller registers (3.1) ------------------------------------------------------- */

static void set_defaults(struct nvme *n)
{
	memset(&n->live, 0, sizeof(n->live));
	n->live.writeback = n->can_flush;
	n->live.hot = KELVIN_HOT;
}

/* What the disk is doing ends first: then nothing of it can come back. */
static void controller_reset(struct nvme *n)
{
	block_drain(n->host);
	set_defaults(n);
}

static void enable(struct nvme *n)
{
	struct live *l = &n->live;
	u32 sq_size = (n->aqa & 0xfff) + 1, cq_size = (n->aqa >> 16 & 0xfff) + 1;

	if (l->cc & CC_OTHER || sq_size < 2 || cq_size < 2 ||
	    !dma_slice(&n->dev, n->asq, sq_size * (u64)ENTRY_SQ) ||
	    !dma_slice(&n->dev, n->acq, cq_size * (u64)ENTRY_CQ)) {
		fatal(n, "it is enabled with queues or settings that cannot be");
		return;
	}
	l->sq[0] = (struct sq){ .gpa = n->asq, .size = sq_size };
	l->cq[0] = (struct cq){ .gpa = n->acq, .size = cq_size, .phase = 1, .interrupts = 1 };
	l->csts |= CSTS_RDY;
}

static void write_cc(struct nvme *n, u32 value)
{
	u32 was = n->live.cc;

	if ((was ^ value) & CC_EN)
		controller_reset(n);
	n->live.cc = value;
	if (!(was & CC_EN) && value & CC_EN)
		enable(n);
	if (value & CC_SHN && !(n->live.csts & CSTS_SHST)) {
		n->live.csts |= CSTS_ENDS;
		flush_if_ending(n);
	}
}

static u32 read_register(const struct nvme *n, u64 off)
{
	switch (off) {
	case REG_CAP:
		return CAP_LOW;
	case REG_CAP + 4:
		return CAP_HIGH;
	case REG_VS:
		return VERSION;
	case REG_INTMS:
	case REG_INTMC:
		return n->live.masked;
	case REG_CC:
		return n->live.cc;
	case REG_CSTS:
		return n->live.csts;
	case REG_AQA:
		return n->aqa;
	case REG_ASQ:
		return (u32)n->asq;
	case REG_ASQ + 4:
		return (u32)(n->asq >> 32);
	case REG_ACQ:
		return (u32)n->acq;
	case REG_ACQ + 4:
		return (u32)(n->acq >> 32);
	default:
		return 0;
	}
}

static void write_register(struct nvme *n, u64 off, u32 value)
{
	switch (off) {
	case REG_INTMS:
		n->live.masked |= value;
		break;
	case REG_INTMC:
		n->live.masked &= ~value;
		break;
	case REG_CC:
		write_cc(n, value);
		break;
	case REG_AQA:
		n->aqa = value & 0x0fff0fff;
		break;
	case REG_ASQ:
		n->asq = pair(value & ~(PAGE - 1u), (u32)(n->asq >> 32));
		break;
	case REG_ASQ + 4:
		n->asq = pair((u32)n->asq, value);
		break;
	case REG_ACQ:
		n->acq = pair(value & ~(PAGE - 1u), (u32)(n->acq >> 32));
		break;
	case REG_ACQ + 4:
		n->acq = pair((u32)n->acq, value);
		break;
	default:
		guest_error(&n->dev, "write to register 0x%" PRIx64, off);
	}
}

static u64 bar_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	const struct nvme *n = nvme_of(dev);
	u64 at = align_down(off, 4);

	(void)bar;
	return pair(read_register(n, at), width == 8 ? read_register(n, at + 4) : 0) >>
	       8 * (off - at);
}

static void write_word(struct nvme *n, u64 off, u32 value)
{
	if (off >= REG_DOORBELLS)
		doorbell(n, (u32)off, value);
	else
		write_register(n, off, value);
}

/* Registers are of 4 or 8 bytes, and 8 are 4 twice. */
static void bar_write(struct device *dev, u32 bar, u64 off, u32 width, u64 value)
{
	struct nvme *n = nvme_of(dev);

	(void)bar;
	if (width < 4) {
		guest_error(dev, "write of %" PRIu32 " bytes at 0x%" PRIx64, width, off);
		return;
	}
	write_word(n, off, (u32)value);
	if (width == 8)
		write_word(n, off + 4, (u32)(value >> 32));
}

/* -- The device ----------------------------------------------------------------------- */

static bool wants_interrupt(const struct nvme *n)
{
	for (u32 i = 0; i <= QUEUES; i++) {
		const struct cq *cq = &n->live.cq[i];

		if (cq->size && cq->interrupts && cq->head != cq->tail)
			return !(n->live.masked & 1);
	}
	return false;
}

/* A restored device tells its back end what it was told. */
static void nvme_update(struct device *dev)
{
	struct nvme *n = nvme_of(dev);

	block_set_writeback(n->host, n->live.writeback);
	pci_intx(dev, wants_interrupt(n));
	if (n->live.later)
		timer_at(dev, clock_ns(dev));
}

static void nvme_timer(struct device *dev)
{
	serve(nvme_of(dev));
}

static void nvme_reset(struct device *dev)
{
	set_defaults(nvme_of(dev));
}

static bool nvme_init(struct device *dev, struct err *e)
{
	struct nvme *n = nvme_of(dev);
	u64 size = block_size(n->host);

	if (size & LOW_BITS(block_shift(n))) {
		err_set(e,
			"host: the disk has %" PRIu64 " bytes, which are no whole blocks of 4096",
			size);
		return err_hint(e, "block-size: 512, or `vmbuild image resize`");
	}
	n->can_flush = block_writeback(n->host);
	n->requests = xcalloc(REQUESTS, sizeof(*n->requests));
	return true;
}

static void nvme_fini(struct device *dev)
{
	free(nvme_of(dev)->requests);
}

/* clang-format off */
#define SELF struct nvme

DEVICE(nvme) = {
	.name         = "nvme",
	.doc          = "a disk: /dev/nvme0n1",
	.linux_driver = "nvme",
	.linux_config = "BLK_DEV_NVME",
	.qemu         = "nvme",
	.size         = sizeof(SELF),
	.on           = BUS_PCI,
	.example      = "ssd0: {device: nvme, host: {file: disk.img, format: raw}}",
	.init         = nvme_init,
	.fini         = nvme_fini,
	.reset        = nvme_reset,
	.update       = nvme_update,
	.timer        = nvme_timer,

	.props = PROPS(
		PROP_BLOCK(host, .required = true, .doc = "the image, and how it is kept"),
		PROP_U32(queues, .def = 4, .min = 1, .max = QUEUES,
			 .doc = "pairs of I/O queues, at most; one a hart is best"),
		PROP_ENUM(block_size, .words = WORDS("512", "4096"), .doc = "bytes in a block"),
		PROP_U32(mdts, .def = MDTS_MOST, .min = 1, .max = MDTS_MOST,
			 .doc = "a command moves at most 2^mdts pages of 4 KiB"),
		PROP_TEXT(serial, .doc = "serial number: the first 20 bytes are shown; "
					 "the device's name if not given")),

	.state = STATE(FIELD(aqa), FIELD(asq), FIELD(acq), FIELD(live), FIELD(kept)),

	.pci = &(const struct pci_class){
		.vendor = 0x1b36, .device = 0x0010, .class_code = 0x010802,
		.subsystem_vendor = 0x1af4, .subsystem = 0x1100,
		.revision = 1,
		.express = true,
		.intx = true,
		.bar = { [0] = { .size = BAR_BYTES, .is_64bit = true } },
		.msix_vectors = QUEUES + 1,
		.msix_bar = 4,
		.read = bar_read,
		.write = bar_write,
	},
};
