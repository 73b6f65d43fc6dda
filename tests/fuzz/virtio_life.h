/* virtio_life.h - what fuzz targets of virtio devices share: a driver that does anything.
 *
 * Each operation takes its arguments from the input's bytes; when they have run out, zeros.
 */
#ifndef VIRTIO_LIFE_H
#define VIRTIO_LIFE_H

#include "../device/virtio_bench.h"
#include "life.h"

#define QUEUE_SIZE 16

/* Like driver_start(), but a device that refuses is none to wonder about. */
static inline void life_start(struct driver *d, u32 queues, u64 features)
{
	driver_set_status(d, 0);
	driver_set_status(d, 3);
	driver_accept(d, (driver_offered(d) & features) | F_VERSION_1);
	driver_set_status(d, 0xb);
	for (u32 q = 0; q < queues; q++)
		driver_queue(d, q, QUEUE_SIZE);
	driver_set_status(d, 0xf);
}

/* Descriptors point mostly to buffers, and sometimes anywhere. */
static inline void life_chain(struct driver *d, u32 queues, struct input *in)
{
	u32 q = take(in, 1) % queues, n = 1 + take(in, 1) % 4;
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

static inline void life_bytes(struct driver *d, struct input *in)
{
	u32 n = take(in, 1), at = take(in, 1);

	for (u32 i = 0; i < n && in->left; i++)
		*ram(d, DATA_AT + 0x800 * (u64)(at & 0x1f) + i) = (u8)take(in, 1);
}

/* A ring, a descriptor or anything near them. */
static inline void life_poke(struct driver *d, u32 queues, struct input *in)
{
	u64 at = BENCH_RAM_BASE + take(in, 3) % (0x8000 * queues);

	*ram(d, at) = (u8)take(in, 1);
}

static inline void life_touch(struct driver *d, struct input *in)
{
	u32 off = take(in, 2) % 0x3100, width = 1u << take(in, 1) % 4;

	if (!d->pci)
		device_write(d->dev, off % 0x200, width, take(in, 4));
	else
		mem_io_write(d->b->machine.mem, NULL, BAR_AT + (off & ~(width - 1)), width,
			     take(in, 4));
}

/* The machine's reset; firmware places the function again. */
static inline void life_reset(struct driver *d)
{
	device_reset(d->dev);
	if (!d->pci)
		return;
	set_cfg(d, 0x10, 4, BAR_AT);
	set_cfg(d, 0x14, 4, MSIX_AT);
	set_cfg(d, 0x04, 2, 0x6);
}

/* What a driver of any device does: the first five operations, those that mostly end its life
 * seldom.  False: it is another one. */
static inline bool life_step(struct driver *d, u32 queues, struct input *in, u32 op)
{
	switch (op) {
	case 0:
		if (take(in, 1) < 32)
			life_chain(d, queues, in);
		return true;
	case 1:
		driver_kick(d, take(in, 1) % queues);
		return true;
	case 2:
		if (take(in, 1) < 64)
			life_touch(d, in);
		return true;
	case 3:
		bench_advance(d->b, 1000);
		return true;
	case 4:
		if (take(in, 1) < 32)
			life_poke(d, queues, in);
		else if (take(in, 1) < 32)
			life_reset(d);
		else if (take(in, 1) < 64)
			life_start(d, queues, take(in, 4));
		return true;
	default:
		return false;
	}
}

/* No chain stays behind in the device. */
static inline void life_look(const struct driver *d)
{
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (d->v->q[q].in_flight && !(d->v->status & VIRTIO_NEEDS_RESET))
			abort();
}

#endif
