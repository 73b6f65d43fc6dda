/* fuzz_nvme.c - any bytes as what a driver, the disk and time do to an NVMe controller.
 *
 * Each operation takes its arguments from the bytes that follow.  The driver writes anything
 * into its queues and lists, and into the registers; the disk finishes when it likes, and
 * fails; resets of both kinds come between any two steps.  Whatever happens: the disk is
 * asked for nothing beyond its end or of the wrong size (disk_bench.h looks), what was asked
 * of it is bounded, and after a reset the controller reads a block as if nothing had been.
 */
#include "../device/nvme_bench.h"
#include "life.h"

#define BLOCKS 256
#define PAIRS  3
#define MOST   64 /* requests under way */

/* Mostly a page of data or of a list, and sometimes anything. */
static u64 pointer(struct input *in)
{
	u32 what = take(in, 1);

	if (what < 0xa0)
		return DATA_AT + PAGE * (u64)(what & 0x1f) + (what & 0x20 ? take(in, 2) : 0);
	if (what < 0xd0)
		return LIST_AT + (what & 3) * (u64)PAGE + (what & 0x8 ? PAGE - 8 * (what & 7) : 0);
	if (what < 0xe0)
		return NVME_BAR + PAGE * (u64)(what & 0x1f);
	return (u64)take(in, 4) << (what & 0x1f);
}

static void send(struct nvme_rig *r, struct input *in)
{
	static const u8 io[] = { NV_FLUSH, NV_WRITE, NV_READ, NV_READ, NV_ZEROES, NV_MANAGE };
	static const u8 admin[] = {
		DELETE_SQ, CREATE_SQ, GET_LOG,      DELETE_CQ,    CREATE_CQ,
		IDENTIFY,  ABORT,     SET_FEATURES, GET_FEATURES, EVENT_REQUEST
	};
	u32 what = take(in, 1), q = what % (PAIRS + 1);
	struct nv_command c = { .nsid = what & 0x80 ? take(in, 4) : 1 };

	what = take(in, 1);
	c.code = q ? io[what % ARRAY_LEN(io)] : admin[what % ARRAY_LEN(admin)];
	if (what > 0xf0)
		c.code = take(in, 4) & 0xffff;
	c.prp1 = pointer(in);
	c.prp2 = pointer(in);
	c.dw10 = take(in, 1) | (what & 0x80 ? take(in, 3) << 8 : 0);
	if (!q)
		c.dw10 |= 7 << 16;
	c.dw11 = what & 0x40 ? take(in, 4) : q ? 0 : 1 << 16 | 3;
	c.dw12 = take(in, 1) | (take(in, 1) & 0xc2) << 24;
	if (!r->q[q].sq_entries)
		r->q[q].sq_entries = 8;
	nv_push(r, q, c);
	if (take(in, 1) & 7)
		nv_ring(r, q, false, r->q[q].tail);
}

static void poke(struct nvme_rig *r, struct input *in)
{
	u64 gpa = take(in, 1) & 1 ? LIST_AT : SQ_AT(0);
	u32 off = take(in, 2), n = take(in, 1) & 0x1f;

	for (u32 i = 0; i < n; i++)
		*at(r, gpa + off + i) = (u8)take(in, 1);
}

static void fill_list(struct nvme_rig *r, struct input *in)
{
	u64 gpa = pointer(in) & ~(u64)7;

	for (u32 n = take(in, 1) & 0xf; n; n--, gpa += 8)
		if (gpa >= BENCH_RAM_BASE && gpa <= RAM_END - 8)
			put_le64(at(r, gpa), pointer(in));
}

static void touch(struct nvme_rig *r, struct input *in)
{
	u32 off = take(in, 1), width = 1u << take(in, 1) % 4;

	off = off & 0x80 ? DOORBELL + (off & 0x7f) * 4 : off;
	hart_store(r->b, NVME_BAR + (off & ~(width - 1)), width,
		   take(in, 4) | (u64)take(in, 1) << 32);
	hart_load(r->b, NVME_BAR + (off & ~(width - 1)), width);
}

static void read_answers(struct nvme_rig *r, struct input *in)
{
	u32 q = take(in, 1) % (PAIRS + 1);
	struct completion c;

	if (!r->q[q].cq_entries)
		return;
	for (u32 n = 0; n < 8 && nv_take(r, q, &c); n++)
		;
}

static void let_disk(struct nvme_rig *r, struct input *in)
{
	u32 what = take(in, 1);

	r->disk->fail = (what & 0xf0) == 0xf0;
	if (what & 8)
		finish(r->disk);
	else if (r->disk->npending)
		finish_nth(r->disk, what % r->disk->npending);
}

static void machine_reset(struct nvme_rig *r)
{
	device_reset(r->dev);
	nv_configure(r);
}

/* As far as it gets: the disk may be failing, and queues may be full. */
static void start(struct nvme_rig *r)
{
	nv_put(r, CC, 0);
	nv_enable(r);
	for (u32 q = 1; q <= PAIRS; q++) {
		nv_queue_is(r, q, 8);
		nv_send(r, 0,
			(struct nv_command){ CREATE_CQ, 0, CQ_AT(q), 0, 7 << 16 | q, 3, 0, 0 });
		nv_send(r, 0,
			(struct nv_command){ CREATE_SQ, 0, SQ_AT(q), 0, 7 << 16 | q, q << 16 | 1, 0,
					     0 });
	}
}

static void step(struct nvme_rig *r, struct input *in)
{
	switch (take(in, 1) % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		send(r, in);
		break;
	case 5:
		poke(r, in);
		break;
	case 6:
		fill_list(r, in);
		break;
	case 7:
		touch(r, in);
		break;
	case 8:
	case 9:
		read_answers(r, in);
		break;
	case 10:
	case 11:
		let_disk(r, in);
		break;
	case 12:
		bench_advance(r->b, 1000);
		break;
	case 13:
		hart_store(r->b, ecam(SLOT, 4), 2, take(in, 1) & 0xf ? 6 : 2);
		break;
	case 14:
		nv_put(r, CC, take(in, 1) & 1 ? 0 : ENABLED | 1 << 14);
		break;
	default:
		if (take(in, 1) & 1)
			machine_reset(r);
		else
			start(r);
	}
}

static void look(struct nvme_rig *r)
{
	if (r->disk->npending > MOST + 1) /* and the flush of a shutdown */
		abort();
}

static void check_it_lives(struct nvme_rig *r)
{
	hart_store(r->b, ecam(SLOT, 4), 2, 6);
	r->disk->fail = false;
	nv_disable(r);
	nv_start(r);
	if (r->disk->npending || nv_io(r, NV_READ, DATA_AT, 0, 0, 1) != 0 ||
	    memcmp(at(r, DATA_AT), r->disk->bytes, SECTOR) != 0)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct disk *d = disk_new(BLOCKS);
	struct bench *b = bench_new();
	struct nvme_rig r;
	u32 how = take(&in, 1);

	d->block.writeback = how & 1;
	d->block.read_only = (how & 0xe) == 0xe;
	nv_init(&r, b, d, how & 0x10 ? "mdts=2 queues=3" : "block-size=4096 queues=3");
	start(&r);
	for (u32 steps = 0; in.left && steps < 200; steps++) {
		step(&r, &in);
		look(&r);
	}
	check_it_lives(&r);
	bench_end(b);
	free(d);
	return 0;
}
