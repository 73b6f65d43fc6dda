/* fuzz_virtio_net.c - any bytes as what a driver, the cable and time do to a virtio-net card.
 *
 * The first bytes choose the transport and the features; then each operation takes its
 * arguments from what follows.  The driver writes anything into its rings, and into the
 * registers.  Whatever it does: no chain stays behind in the device, and what goes out is a
 * frame.
 */
#include "../device/virtio_bench.h"

int fuzz_one(const uint8_t *data, size_t size);

extern const struct device_class device_virtio_net;

#define QUEUES     5 /* two pairs and the commands */
#define QUEUE_SIZE 16

struct input {
	const u8 *at;
	size_t left;
};

static u32 take(struct input *in, u32 bytes)
{
	u32 v = 0;

	while (bytes-- && in->left) {
		v = v << 8 | *in->at++;
		in->left--;
	}
	return v;
}

/* Like driver_start(), but a device that refuses is none to wonder about. */
static void start(struct driver *d, u64 features)
{
	driver_set_status(d, 0);
	driver_set_status(d, 3);
	driver_accept(d, (driver_offered(d) & features) | F_VERSION_1);
	driver_set_status(d, 0xb);
	for (u32 q = 0; q < QUEUES; q++)
		driver_queue(d, q, QUEUE_SIZE);
	driver_set_status(d, 0xf);
}

/* Descriptors point mostly to buffers, and sometimes anywhere. */
static void write_chain(struct driver *d, struct input *in)
{
	u32 q = take(in, 1) % QUEUES, n = 1 + take(in, 1) % 4;
	u16 head = d->q[q].next_desc;

	for (u32 i = 0; i < n; i++) {
		u32 what = take(in, 1), slot = d->q[q].next_desc;
		u64 gpa = what & 0x80 ? (u64)take(in, 4) << (what & 4)
				      : DATA_AT + 0x800 * (u64)(what & 0x1f);
		u32 next = (slot + 1) % QUEUE_SIZE;

		set_desc(d, q, slot, gpa, take(in, 2) << (what & 0x20 ? 5 : 0),
			 (what & 0x40 ? D_WRITE : 0) | (i + 1 < n ? D_NEXT : 0) |
				 (what == 0xff ? D_INDIRECT : 0),
			 next);
		d->q[q].next_desc = (u16)next;
	}
	offer(d, q, head);
}

static void write_bytes(struct driver *d, struct input *in)
{
	u32 n = take(in, 1), at = take(in, 1);

	for (u32 i = 0; i < n && in->left; i++)
		*ram(d, DATA_AT + 0x800 * (u64)(at & 0x1f) + i) = (u8)take(in, 1);
}

/* A ring, a descriptor or anything near them. */
static void poke(struct driver *d, struct input *in)
{
	u64 at = BENCH_RAM_BASE + take(in, 3) % (0x8000 * QUEUES);

	*ram(d, at) = (u8)take(in, 1);
}

static void arrive(struct driver *d, struct input *in)
{
	u8 *frame = xzalloc(NET_FRAME_MAX);
	u32 n = take(in, 2);
	struct net_work w = { .csum = n & 1,
			      .csum_start = (u16)take(in, 1),
			      .csum_offset = (u16)take(in, 1),
			      .cut = (u8)take(in, 1),
			      .mss = (u16)take(in, 2) };
	u32 given = take(in, 1);

	for (u32 i = 0; i < given; i++)
		frame[i] = (u8)take(in, 1);
	if (n <= NET_FRAME_MAX)
		bench_frame(d->b, frame, n, &w);
	free(frame);
}

static void touch(struct driver *d, struct input *in)
{
	u32 off = take(in, 2) % 0x3100, width = 1u << take(in, 1) % 4;

	if (!d->pci)
		device_write(d->dev, off % 0x200, width, take(in, 4));
	else
		mem_io_write(d->b->machine.mem, NULL, BAR_AT + (off & ~(width - 1)), width,
			     take(in, 4));
}

/* The machine's reset; firmware places the function again. */
static void reset(struct driver *d)
{
	device_reset(d->dev);
	if (!d->pci)
		return;
	set_cfg(d, 0x10, 4, BAR_AT);
	set_cfg(d, 0x14, 4, MSIX_AT);
	set_cfg(d, 0x04, 2, 0x6);
}

static void step(struct driver *d, struct input *in)
{
	switch (take(in, 1) % 12) {
	case 0:
	case 1:
	case 2:
		write_chain(d, in);
		break;
	case 3:
		write_bytes(d, in);
		break;
	case 4:
		poke(d, in);
		break;
	case 5:
	case 6:
		driver_kick(d, take(in, 1) % QUEUES);
		break;
	case 7:
		arrive(d, in);
		break;
	case 8:
		touch(d, in);
		break;
	case 9:
		d->b->cable_full = !d->b->cable_full;
		d->b->cable.changed(d->b->cable.ctx);
		break;
	case 10:
		bench_advance(d->b, 1000);
		break;
	default:
		if (take(in, 1) & 1)
			reset(d);
		else
			start(d, take(in, 4));
	}
}

static void look(struct driver *d)
{
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (d->v->q[q].in_flight && !(d->v->status & VIRTIO_NEEDS_RESET))
			abort();
	if (d->b->nsent && d->b->sent_bytes < NET_FRAME_MIN)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bench *b = bench_new();
	u32 how = take(&in, 1);
	struct driver d;

	driver_init(&d, b, &device_virtio_net, "queues=2", how & 1);
	b->cable.takes = how >> 1 & 0xf;
	start(&d, take(&in, 4));
	for (u32 steps = 0; in.left && steps < 200; steps++) {
		step(&d, &in);
		look(&d);
	}
	bench_end(b);
	return 0;
}
