/* nvme_bench.h - an NVMe driver for the bench.
 *
 * It knows registers, commands and completions by the numbers of the specification, not by
 * the model's tables, and reaches them as a hart does.  Queues are in the bench's RAM: the
 * admin queues of 8 entries, those for I/O of `entries`.
 */
#ifndef NVME_BENCH_H
#define NVME_BENCH_H

#include "disk_bench.h"
#include "virtio_bench.h"

extern const struct device_class device_nvme;

#define PAGE        4096u
#define NVME_BAR    BAR_AT
#define NVME_MSIX   MSIX_AT
#define NVME_QUEUES 17
#define SQ_AT(q)    (BENCH_RAM_BASE + 0x4000u * (q))
#define CQ_AT(q)    (SQ_AT(q) + 0x2000u)
#define LIST_AT     (BENCH_RAM_BASE + 0x50000u)
#define INFO_AT     (BENCH_RAM_BASE + 0x60000u)

enum { CAP = 0, VS = 8, INTMS = 0xc, INTMC = 0x10, CC = 0x14, CSTS = 0x1c, AQA = 0x24 };
enum { ASQ = 0x28, ACQ = 0x30, DOORBELL = 0x1000 };
enum { DELETE_SQ, CREATE_SQ, GET_LOG, DELETE_CQ = 4, CREATE_CQ, IDENTIFY, ABORT = 8 };
enum { SET_FEATURES = 9, GET_FEATURES, EVENT_REQUEST = 0xc };
enum { NV_FLUSH, NV_WRITE, NV_READ, NV_ZEROES = 8, NV_MANAGE };

#define ENABLED 0x00460001u
#define DNR     0x4000u
#define MORE    0x2000u

struct completion {
	u32 result, sq_head, sq, id, status, phase;
};

struct nvme_queue {
	u32 sq_entries, tail;
	u32 cq_entries, head, phase;
};

struct nvme_rig {
	struct bench *b;
	struct disk *disk;
	struct device *bridge, *dev;
	struct bench_values values;
	struct nvme_queue q[NVME_QUEUES];
	u16 id;     /* of the last command */
	u32 result; /* of the last answer */
};

static inline u8 *at(struct nvme_rig *r, u64 gpa)
{
	assert_true(gpa >= BENCH_RAM_BASE && gpa < RAM_END);
	return r->b->ram + (gpa - BENCH_RAM_BASE);
}

static inline u32 nv_get(struct nvme_rig *r, u32 off)
{
	return (u32)hart_load(r->b, NVME_BAR + off, 4);
}

static inline void nv_put(struct nvme_rig *r, u32 off, u32 v)
{
	hart_store(r->b, NVME_BAR + off, 4, v);
}

/* Firmware's part, also after a reset of the machine. */
static inline void nv_configure(struct nvme_rig *r)
{
	hart_store(r->b, ecam(SLOT, 0x10), 4, NVME_BAR);
	hart_store(r->b, ecam(SLOT, 0x14), 4, 0);
	hart_store(r->b, ecam(SLOT, 0x20), 4, NVME_MSIX);
	hart_store(r->b, ecam(SLOT, 0x04), 2, 6);
}

static inline void nv_init(struct nvme_rig *r, struct bench *b, struct disk *d,
			   const char *settings)
{
	memset(r, 0, sizeof(*r));
	r->b = b;
	r->disk = d;
	b->disk = &d->block;
	bench_parse(&r->values, &device_nvme, settings);
	r->bridge = driver_bridge(b);
	r->dev = driver_device(b, &device_nvme, &r->values,
			       (struct device_place){ .parent = r->bridge, .slot = SLOT });
	nv_configure(r);
}

static inline void nv_queue_is(struct nvme_rig *r, u32 q, u32 entries)
{
	r->q[q] = (struct nvme_queue){ .sq_entries = entries, .cq_entries = entries, .phase = 1 };
	memset(at(r, SQ_AT(q)), 0, 0x4000);
}

static inline void nv_enable(struct nvme_rig *r)
{
	nv_queue_is(r, 0, 8);
	nv_put(r, AQA, 7 << 16 | 7);
	hart_store(r->b, NVME_BAR + ASQ, 8, SQ_AT(0));
	hart_store(r->b, NVME_BAR + ACQ, 8, CQ_AT(0));
	nv_put(r, CC, ENABLED);
}

static inline void nv_disable(struct nvme_rig *r)
{
	nv_put(r, CC, 0);
}

static inline void nv_ring(struct nvme_rig *r, u32 q, bool completions, u32 value)
{
	nv_put(r, DOORBELL + 8 * q + 4 * completions, value);
}

struct nv_command {
	u32 code, nsid;
	u64 prp1, prp2;
	u32 dw10, dw11, dw12, dw13;
};

static inline u8 *nv_entry(struct nvme_rig *r, u32 q, u32 i)
{
	return at(r, SQ_AT(q) + 64 * (u64)i);
}

/* Into the queue, but nobody is told. */
static inline void nv_push(struct nvme_rig *r, u32 q, struct nv_command c)
{
	u8 *p = nv_entry(r, q, r->q[q].tail);

	memset(p, 0, 64);
	put_le32(p, c.code | (u32)++r->id << 16);
	put_le32(p + 4, c.nsid);
	put_le64(p + 24, c.prp1);
	put_le64(p + 32, c.prp2);
	put_le32(p + 40, c.dw10);
	put_le32(p + 44, c.dw11);
	put_le32(p + 48, c.dw12);
	put_le32(p + 52, c.dw13);
	r->q[q].tail = (r->q[q].tail + 1) % r->q[q].sq_entries;
}

static inline void nv_send(struct nvme_rig *r, u32 q, struct nv_command c)
{
	nv_push(r, q, c);
	nv_ring(r, q, false, r->q[q].tail);
}

/* The next completion, if there is one; the device is not told that it was read. */
static inline bool nv_see(struct nvme_rig *r, u32 q, struct completion *c)
{
	const u8 *p = at(r, CQ_AT(q) + 16 * (u64)r->q[q].head);

	*c = (struct completion){ get_le32(p),      get_le16(p + 8),       get_le16(p + 10),
				  get_le16(p + 12), get_le16(p + 14) >> 1, get_le16(p + 14) & 1 };
	return c->phase == r->q[q].phase;
}

static inline bool nv_take(struct nvme_rig *r, u32 q, struct completion *c)
{
	if (!nv_see(r, q, c))
		return false;
	if (++r->q[q].head == r->q[q].cq_entries) {
		r->q[q].head = 0;
		r->q[q].phase ^= 1;
	}
	nv_ring(r, q, true, r->q[q].head);
	return true;
}

/* All of it, with the disk finishing at once; returns the status, of which More is as it should
 * be: what fails is in the log. */
static inline u32 nv_answer(struct nvme_rig *r, u32 q)
{
	struct completion c;

	finish(r->disk);
	if (!nv_take(r, q, &c))
		fail_msg("no answer");
	assert_int_equal(c.id, r->id);
	r->result = c.result;
	assert_int_equal(c.status & MORE, c.status ? MORE : 0);
	return c.status & ~MORE;
}

static inline u32 nv_run(struct nvme_rig *r, u32 q, struct nv_command c)
{
	nv_send(r, q, c);
	return nv_answer(r, q);
}

static inline u32 nv_admin(struct nvme_rig *r, u32 code, u32 nsid, u32 dw10, u32 dw11)
{
	return nv_run(r, 0, (struct nv_command){ code, nsid, INFO_AT, 0, dw10, dw11, 0, 0 });
}

static inline u32 nv_create_cq(struct nvme_rig *r, u32 q, u32 entries, u32 vector)
{
	nv_queue_is(r, q, entries);
	return nv_run(r, 0,
		      (struct nv_command){ CREATE_CQ, 0, CQ_AT(q), 0, (entries - 1) << 16 | q,
					   vector << 16 | 3, 0, 0 });
}

static inline u32 nv_create_sq(struct nvme_rig *r, u32 q, u32 entries, u32 cq)
{
	r->q[q].sq_entries = entries;
	return nv_run(r, 0,
		      (struct nv_command){ CREATE_SQ, 0, SQ_AT(q), 0, (entries - 1) << 16 | q,
					   cq << 16 | 1, 0, 0 });
}

static inline void nv_pair(struct nvme_rig *r, u32 q, u32 entries)
{
	assert_int_equal(nv_create_cq(r, q, entries, 0), 0);
	assert_int_equal(nv_create_sq(r, q, entries, q), 0);
}

/* Enabled, with one pair of queues for I/O. */
static inline void nv_start(struct nvme_rig *r)
{
	nv_enable(r);
	nv_pair(r, 1, 8);
}

static inline u32 nv_io(struct nvme_rig *r, u32 code, u64 prp1, u64 prp2, u64 block, u32 many)
{
	return nv_run(r, 1,
		      (struct nv_command){ code, 1, prp1, prp2, (u32)block, (u32)(block >> 32),
					   many - 1, 0 });
}

static inline bool nv_line(struct nvme_rig *r)
{
	return device_wire(r->bridge, "interrupts", SLOT % 4)->level;
}

#endif
