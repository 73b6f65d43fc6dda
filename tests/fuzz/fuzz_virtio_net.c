/* fuzz_virtio_net.c - any bytes as what a driver, the cable and time do to a virtio-net card.
 *
 * The first bytes choose the transport and the features; then each operation takes its
 * arguments from what follows.  The driver writes anything into its rings, and into the
 * registers.  Whatever it does: no chain stays behind in the device, and what goes out is a
 * frame.
 */
#include "virtio_life.h"

extern const struct device_class device_virtio_net;

#define QUEUES 5 /* two pairs and the commands */

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

static void step(struct driver *d, struct input *in)
{
	switch (take(in, 1) % 12) {
	case 0:
	case 1:
	case 2:
		life_chain(d, QUEUES, in);
		break;
	case 3:
		life_bytes(d, in);
		break;
	case 4:
		life_poke(d, QUEUES, in);
		break;
	case 5:
	case 6:
		driver_kick(d, take(in, 1) % QUEUES);
		break;
	case 7:
		arrive(d, in);
		break;
	case 8:
		life_touch(d, in);
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
			life_reset(d);
		else
			life_start(d, QUEUES, take(in, 4));
	}
}

static void look(const struct driver *d)
{
	life_look(d);
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
	life_start(&d, QUEUES, take(&in, 4));
	for (u32 steps = 0; in.left && steps < 200; steps++) {
		step(&d, &in);
		look(&d);
	}
	bench_end(b);
	return 0;
}
