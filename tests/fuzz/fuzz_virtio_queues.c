/* fuzz_virtio_queues.c - any bytes as what a driver puts into the queues of any virtio device.
 *
 * The first byte chooses the device, so that a new one is under test at once.  Most chains have
 * the shape of a request, of a disk's if the device is one; others are anything.  The disk
 * answers late, in any order, and not always well.  Whatever happens: no queue holds more chains
 * than it has room for, nothing but whole sectors of the disk is asked for, and a reset leaves
 * neither a chain nor a request behind.
 */
#include "virtio_life.h"

#include "../device/disk_bench.h"

#define MOST    3 /* queues that are used */
#define SECTORS 64

static const struct device_class *choose(u32 n)
{
	const struct device_class *const *c = device_classes;
	u32 count = 0;

	for (; *c; c++)
		count += !!(*c)->virtio;
	for (c = device_classes, n %= count; n || !(*c)->virtio; c++)
		n -= !!(*c)->virtio;
	return *c;
}

static void look(const struct driver *d)
{
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (d->v->q[q].in_flight > QUEUE_SIZE && !(d->v->status & VIRTIO_NEEDS_RESET))
			abort();
}

/* A head, data either way, and a place for how it went. */
static void request(struct driver *d, u32 queues, struct input *in)
{
	static const u8 types[] = { 0, 0, 1, 1, 4, 8, 11, 13 };
	u32 what = take(in, 1), q = what & 0xc0 ? 0 : take(in, 1) % queues;
	struct buffer chain[] = { { DATA_AT, 16, false },
				  { DATA_AT + 0x800, 1 + take(in, 1) % 8 * 512 - 1,
				    take(in, 1) & 1 },
				  { DATA_AT + 0x2000, 1, true } };

	memset(ram(d, DATA_AT), 0, 16);
	put_le32(ram(d, DATA_AT), what >= 0x20 ? types[what % ARRAY_LEN(types)] : take(in, 4));
	put_le64(ram(d, DATA_AT + 8), take(in, 1) % (SECTORS + 4));
	if (what & 1)
		chain[1].len++;
	add_chain(d, q, chain, 3);
	driver_kick(d, q);
}

static void finish_some(struct disk *disk, struct input *in)
{
	u32 what = take(in, 1);

	disk->fail = what >= 0xe0 ? BLOCK_IOERR : BLOCK_OK;
	for (u32 n = what % 4; n && disk->npending; n--)
		finish_nth(disk, take(in, 1) % disk->npending);
}

static void far_end(struct driver *d, struct input *in)
{
	u8 frame[60 + 255] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (d->b->far.ctx == d->dev)
		bench_type(d->dev, "typed");
	if (d->b->cable.receive)
		bench_frame(d->b, frame, 60 + take(in, 1), &(struct net_work){ .csum = false });
}

static void step(struct driver *d, u32 queues, struct disk *disk, struct input *in)
{
	u32 op = take(in, 1) % 16;

	if (life_step(d, queues, in, op))
		return;
	if (op < 8)
		finish_some(disk, in);
	else if (op == 8)
		far_end(d, in);
	else if (op == 9)
		life_bytes(d, in);
	else
		request(d, queues, in);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct device_class *class = choose(take(&in, 1));
	u32 how = take(&in, 1);
	struct bench *b = bench_new();
	struct disk *disk = disk_new(SECTORS);
	struct driver d;
	u32 queues;

	b->disk = &disk->block;
	driver_init(&d, b, class, "", how & 1);
	queues = MIN(MOST, virtio_queues(d.v));
	life_start(&d, queues, how & 2 ? take(&in, 4) : UINT32_MAX);
	for (u32 steps = 0; in.left && steps < 300; steps++) {
		step(&d, queues, disk, &in);
		look(&d);
	}
	device_reset(d.dev);
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (d.v->q[q].in_flight)
			abort();
	if (disk->npending)
		abort();
	bench_end(b);
	free(disk);
	return 0;
}
