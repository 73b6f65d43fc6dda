/* virtio_bench.h - a virtio driver for the bench, over either transport.
 *
 * It knows the registers by the offsets of the specification, not by the engine's
 * tables, and reaches them as a hart does, through mem/.  Rings are in the bench's
 * RAM; a test may also write them by hand.
 */
#ifndef VIRTIO_BENCH_H
#define VIRTIO_BENCH_H

#include "bench.h"

#include "pci_core.h"
#include "virtio_core.h"

#define ECAM_AT 0x30000000u
#define BAR_AT  0x40000000u
#define MSIX_AT 0x40010000u
#define SLOT    2u
#define DATA_AT (BENCH_RAM_BASE + 0x80000u)
#define RAM_END (BENCH_RAM_BASE + (u64)BENCH_RAM_SIZE)
#define HOLE_AT 0x70000000u

#define F_INDIRECT  ((u64)1 << 28)
#define F_EVENT_IDX ((u64)1 << 29)
#define F_VERSION_1 ((u64)1 << 32)

struct driver_queue {
	u16 size, avail_index, seen, next_desc;
	u64 desc, avail, used;
};

struct driver {
	struct bench *b;
	struct device *dev, *bridge;
	struct virtio *v;
	bool pci;
	u64 features;
	struct driver_queue q[VIRTIO_QUEUES];
	struct bench_values values;
};

/* -- The registers: offset and width on MMIO (to read, to write) and on PCI --------- */

struct driver_reg {
	u32 mmio_read, mmio_write, pci, pci_width;
};

static inline struct driver_reg driver_reg(enum virtio_reg reg)
{
	switch (reg) {
	case VIRTIO_REG_DEVICE_FEATURES_SEL:
		return (struct driver_reg){ 0, 0x14, 0x00, 4 };
	case VIRTIO_REG_DEVICE_FEATURES:
		return (struct driver_reg){ 0x10, 0, 0x04, 4 };
	case VIRTIO_REG_DRIVER_FEATURES_SEL:
		return (struct driver_reg){ 0, 0x24, 0x08, 4 };
	case VIRTIO_REG_DRIVER_FEATURES:
		return (struct driver_reg){ 0, 0x20, 0x0c, 4 };
	case VIRTIO_REG_STATUS:
		return (struct driver_reg){ 0x70, 0x70, 0x14, 1 };
	case VIRTIO_REG_CONFIG_GENERATION:
		return (struct driver_reg){ 0xfc, 0, 0x15, 1 };
	case VIRTIO_REG_CONFIG_VECTOR:
		return (struct driver_reg){ 0, 0, 0x10, 2 };
	case VIRTIO_REG_QUEUES:
		return (struct driver_reg){ 0, 0, 0x12, 2 };
	case VIRTIO_REG_QUEUE_SEL:
		return (struct driver_reg){ 0, 0x30, 0x16, 2 };
	case VIRTIO_REG_QUEUE_SIZE_MAX:
		return (struct driver_reg){ 0x34, 0, 0x18, 2 };
	case VIRTIO_REG_QUEUE_SIZE:
		return (struct driver_reg){ 0, 0x38, 0x18, 2 };
	case VIRTIO_REG_QUEUE_VECTOR:
		return (struct driver_reg){ 0, 0, 0x1a, 2 };
	case VIRTIO_REG_QUEUE_ENABLE:
		return (struct driver_reg){ 0x44, 0x44, 0x1c, 2 };
	case VIRTIO_REG_QUEUE_DESC_LOW:
		return (struct driver_reg){ 0, 0x80, 0x20, 4 };
	case VIRTIO_REG_QUEUE_DESC_HIGH:
		return (struct driver_reg){ 0, 0x84, 0x24, 4 };
	case VIRTIO_REG_QUEUE_AVAIL_LOW:
		return (struct driver_reg){ 0, 0x90, 0x28, 4 };
	case VIRTIO_REG_QUEUE_AVAIL_HIGH:
		return (struct driver_reg){ 0, 0x94, 0x2c, 4 };
	case VIRTIO_REG_QUEUE_USED_LOW:
		return (struct driver_reg){ 0, 0xa0, 0x30, 4 };
	case VIRTIO_REG_QUEUE_USED_HIGH:
		return (struct driver_reg){ 0, 0xa4, 0x34, 4 };
	default:
		fail_msg("no such register");
		return (struct driver_reg){ 0, 0, 0, 0 };
	}
}

static inline u64 hart_load(struct bench *b, u64 gpa, u32 width)
{
	u64 v = 0;

	if (!mem_io_read(b->machine.mem, NULL, gpa, width, &v))
		fail_msg("nothing at 0x%llx", (unsigned long long)gpa);
	return v;
}

static inline void hart_store(struct bench *b, u64 gpa, u32 width, u64 v)
{
	if (!mem_io_write(b->machine.mem, NULL, gpa, width, v))
		fail_msg("nothing at 0x%llx", (unsigned long long)gpa);
}

static inline u32 driver_get(struct driver *d, enum virtio_reg reg)
{
	struct driver_reg r = driver_reg(reg);

	return (u32)(d->pci ? hart_load(d->b, BAR_AT + r.pci, r.pci_width)
			    : hart_load(d->b, BENCH_BASE + r.mmio_read, 4));
}

static inline void driver_put(struct driver *d, enum virtio_reg reg, u32 v)
{
	struct driver_reg r = driver_reg(reg);

	if (d->pci)
		hart_store(d->b, BAR_AT + r.pci, r.pci_width, v);
	else
		hart_store(d->b, BENCH_BASE + r.mmio_write, 4, v);
}

static inline u32 driver_status(struct driver *d)
{
	return driver_get(d, VIRTIO_REG_STATUS);
}

static inline void driver_set_status(struct driver *d, u32 v)
{
	driver_put(d, VIRTIO_REG_STATUS, v);
}

static inline void driver_kick(struct driver *d, u32 q)
{
	if (d->pci)
		hart_store(d->b, BAR_AT + 0x3000 + 4 * q, 2, q);
	else
		hart_store(d->b, BENCH_BASE + 0x50, 4, q);
}

static inline u64 driver_config(struct driver *d, u32 off, u32 width)
{
	return hart_load(d->b, (d->pci ? BAR_AT + 0x2000 : BENCH_BASE + 0x100) + off, width);
}

static inline void driver_set_config(struct driver *d, u32 off, u32 width, u64 v)
{
	hart_store(d->b, (d->pci ? BAR_AT + 0x2000 : BENCH_BASE + 0x100) + off, width, v);
}

/* Reads and acknowledges the interrupt status. */
static inline u32 driver_take_isr(struct driver *d)
{
	u32 isr;

	if (d->pci)
		return (u32)hart_load(d->b, BAR_AT + 0x1000, 1);
	isr = (u32)hart_load(d->b, BENCH_BASE + 0x60, 4);
	hart_store(d->b, BENCH_BASE + 0x64, 4, isr);
	return isr;
}

static inline bool driver_line(struct driver *d)
{
	return d->pci ? device_wire(d->bridge, "interrupts", SLOT % 4)->level
		      : device_wire(d->dev, "interrupts", 0)->level;
}

/* -- Configuration space ----------------------------------------------------------- */

static inline u64 ecam(u32 slot, u32 off)
{
	return ECAM_AT + ((u64)slot << 15) + off;
}

static inline u32 cfg(struct driver *d, u32 off, u32 width)
{
	return (u32)hart_load(d->b, ecam(SLOT, off), width);
}

static inline void set_cfg(struct driver *d, u32 off, u32 width, u32 v)
{
	hart_store(d->b, ecam(SLOT, off), width, v);
}

/* -- Making ------------------------------------------------------------------------- */

static inline struct device *driver_bridge(struct bench *b)
{
	struct device *bridge = bench_add(b, "pcie-ecam",
					  "reg=0x30000000:0x10000000 windows.io=0x3000000:64K "
					  "windows.mem32=0x40000000:256M "
					  "windows.mem64=0x400000000:16G");

	return bridge;
}

static inline struct device *driver_device(struct bench *b, const struct device_class *class,
					   struct bench_values *values, struct device_place place)
{
	struct device_config config = { .class = class,
					.name = "dut",
					.values = values->values,
					.place = place,
					.attach = bench_attach,
					.ctx = b };
	struct err e = { .text = "" };
	struct device *dev = device_new(&b->machine, &config, &e);

	if (!dev)
		fail_msg("%s", e.text);
	b->devices[b->ndevices++] = dev;
	return dev;
}

static inline void driver_on_pci(struct driver *d, const struct device_class *class)
{
	d->bridge = driver_bridge(d->b);
	d->dev = driver_device(d->b, class, &d->values,
			       (struct device_place){ .parent = d->bridge, .slot = SLOT });
	set_cfg(d, 0x10, 4, BAR_AT);
	set_cfg(d, 0x14, 4, MSIX_AT);
	set_cfg(d, 0x04, 2, 0x6);
}

static inline void driver_on_mmio(struct driver *d, const struct device_class *class)
{
	d->dev = driver_device(d->b, class, &d->values,
			       (struct device_place){ BENCH_BASE, 0x200, NULL, 0 });
}

/* The bench may have been prepared: a disk, an MSI controller. */
static inline void driver_init(struct driver *d, struct bench *b, const struct device_class *class,
			       const char *settings, bool pci)
{
	memset(d, 0, sizeof(*d));
	d->b = b;
	d->pci = pci;
	bench_parse(&d->values, class, settings);
	if (pci)
		driver_on_pci(d, class);
	else
		driver_on_mmio(d, class);
	d->v = (struct virtio *)d->dev;
}

/* -- Set-up, section 3.1.1 ------------------------------------------------------------- */

static inline u64 driver_offered(struct driver *d)
{
	u64 low;

	driver_put(d, VIRTIO_REG_DEVICE_FEATURES_SEL, 0);
	low = driver_get(d, VIRTIO_REG_DEVICE_FEATURES);
	driver_put(d, VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
	return low | (u64)driver_get(d, VIRTIO_REG_DEVICE_FEATURES) << 32;
}

static inline void driver_accept(struct driver *d, u64 features)
{
	driver_put(d, VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	driver_put(d, VIRTIO_REG_DRIVER_FEATURES, (u32)features);
	driver_put(d, VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	driver_put(d, VIRTIO_REG_DRIVER_FEATURES, (u32)(features >> 32));
	d->features = features;
}

static inline void driver_place_queue(struct driver *d, u32 q, u64 desc, u64 avail, u64 used)
{
	driver_put(d, VIRTIO_REG_QUEUE_SEL, q);
	driver_put(d, VIRTIO_REG_QUEUE_DESC_LOW, (u32)desc);
	driver_put(d, VIRTIO_REG_QUEUE_DESC_HIGH, (u32)(desc >> 32));
	driver_put(d, VIRTIO_REG_QUEUE_AVAIL_LOW, (u32)avail);
	driver_put(d, VIRTIO_REG_QUEUE_AVAIL_HIGH, (u32)(avail >> 32));
	driver_put(d, VIRTIO_REG_QUEUE_USED_LOW, (u32)used);
	driver_put(d, VIRTIO_REG_QUEUE_USED_HIGH, (u32)(used >> 32));
}

static inline u8 *ram(struct driver *d, u64 gpa)
{
	assert_true(gpa >= BENCH_RAM_BASE && gpa < RAM_END);
	return d->b->ram + (gpa - BENCH_RAM_BASE);
}

static inline void driver_queue(struct driver *d, u32 q, u16 size)
{
	u64 at = BENCH_RAM_BASE + 0x8000 * (u64)q;

	d->q[q] = (struct driver_queue){
		.size = size, .desc = at, .avail = at + 0x5000, .used = at + 0x6000
	};
	memset(ram(d, at), 0, 0x8000);
	driver_place_queue(d, q, at, at + 0x5000, at + 0x6000);
	driver_put(d, VIRTIO_REG_QUEUE_SIZE, size);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 1);
}

static inline void driver_negotiate(struct driver *d, u64 features)
{
	driver_set_status(d, 0);
	driver_set_status(d, 1);
	driver_set_status(d, 3);
	driver_accept(d, features);
	driver_set_status(d, 0xb);
	assert_int_equal(driver_status(d), 0xb);
}

/* Reset to DRIVER_OK with `n` queues of `size`. */
static inline void driver_start(struct driver *d, u64 features, u32 n, u16 size)
{
	driver_negotiate(d, features | F_VERSION_1);
	for (u32 i = 0; i < n; i++)
		driver_queue(d, i, size);
	driver_set_status(d, 0xf);
	assert_int_equal(driver_status(d), 0xf);
}

/* -- Rings ---------------------------------------------------------------------------- */

#define D_NEXT     1
#define D_WRITE    2
#define D_INDIRECT 4

static inline void put16(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

static inline void write_desc(u8 *p, u64 gpa, u32 len, u32 flags, u32 next)
{
	put_le64(p, gpa);
	put_le32(p + 8, len);
	put16(p + 12, flags);
	put16(p + 14, next);
}

static inline void set_desc(struct driver *d, u32 q, u32 i, u64 gpa, u32 len, u32 flags, u32 next)
{
	write_desc(ram(d, d->q[q].desc + 16 * (u64)i), gpa, len, flags, next);
}

/* Makes a head available without a kick. */
static inline void offer(struct driver *d, u32 q, u16 head)
{
	struct driver_queue *dq = &d->q[q];

	put16(ram(d, dq->avail + 4 + 2 * (u64)(dq->avail_index % dq->size)), head);
	dq->avail_index++;
	put16(ram(d, dq->avail + 2), dq->avail_index);
}

struct buffer {
	u64 gpa;
	u32 len;
	bool in; /* the device writes it */
};

/* A chain of buffers from the next free descriptors on; returns its head. */
static inline u16 add_chain(struct driver *d, u32 q, const struct buffer *buf, u32 n)
{
	struct driver_queue *dq = &d->q[q];
	u16 head = dq->next_desc;

	for (u32 i = 0; i < n; i++) {
		u16 next = (u16)((dq->next_desc + 1) % dq->size);

		set_desc(d, q, dq->next_desc, buf[i].gpa, buf[i].len,
			 (buf[i].in ? D_WRITE : 0) | (i + 1 < n ? D_NEXT : 0), next);
		dq->next_desc = next;
	}
	offer(d, q, head);
	return head;
}

static inline u16 used_index(struct driver *d, u32 q)
{
	return get_le16(ram(d, d->q[q].used + 2));
}

/* The next used entry: false if there is none. */
static inline bool take_used(struct driver *d, u32 q, u32 *head, u32 *written)
{
	struct driver_queue *dq = &d->q[q];
	const u8 *p = ram(d, dq->used + 4 + 8 * (u64)(dq->seen % dq->size));

	*head = *written = 0;
	if (dq->seen == used_index(d, q))
		return false;
	*head = get_le32(p);
	*written = get_le32(p + 4);
	dq->seen++;
	return true;
}

/* -- Both transports -------------------------------------------------------------------- */

typedef void driver_test(struct driver *d);

static inline void on_one(const struct device_class *class, const char *settings, bool pci,
			  driver_test *test)
{
	struct bench *b = bench_new();
	struct driver d;

	driver_init(&d, b, class, settings, pci);
	test(&d);
	bench_end(b);
}

static inline void on_both(const struct device_class *class, const char *settings,
			   driver_test *test)
{
	on_one(class, settings, false, test);
	on_one(class, settings, true, test);
}

#endif
