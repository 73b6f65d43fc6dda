/* virtio.h - virtio 1.2 device types, over MMIO and PCI alike.
 *
 * One state machine under both transports (src/dev/virtio.c); a transport
 * translates register names and nothing else.  A model's struct begins with a
 * struct virtio called `v`; its class has VIRTIO_ROWS and a struct virtio_class,
 * and its kick() serves queues.  Section numbers are those of the virtio 1.2
 * specification.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include "device.h"
#include "pci.h"

#define VIRTIO_QUEUES       16
#define VIRTIO_CONFIG_BYTES 256
#define VIRTIO_SEGMENTS     130 /* of one chain, both directions together */

/* A split virtqueue, section 2.7.  While it is enabled its addresses do not change. */
struct virtq {
	u16 size;    /* as the driver set it; checked when the queue is enabled */
	u8 enabled;  /* 0 or 1 */
	u8 stopping; /* the driver disabled it; ends when no chain is in flight */
	u64 desc, avail, used;
	u16 last_avail, used_index, signalled;
	u16 vector;    /* MSI-X, or 0xffff */
	u32 in_flight; /* chains popped and not pushed */
};

/* All of it belongs to the engine, except that models read it. */
struct virtio {
	struct device dev;
	struct wire interrupts[1]; /* MMIO */

	u64 driver_features;
	u32 status, isr, config_generation;
	u32 device_features_sel, driver_features_sel, queue_sel;
	u16 config_vector;
	u32 later;  /* queues with work put off, one bit each */
	u32 budget; /* chains until then */
	struct virtq q[VIRTIO_QUEUES];
	u32 generation; /* counts resets: what is older is dropped */
};

struct virtio_class {
	u16 id;          /* section 5 */
	u16 queues;      /* at most; queues_now may say less */
	u16 size_max;    /* of a queue: power of two, at most 1024 */
	u32 burst;       /* chains served at once before others get a turn */
	u32 most_bytes;  /* of a chain: more is the driver's mistake; 0: below 4 GiB */
	u64 features;    /* beyond VERSION_1, INDIRECT_DESC and EVENT_IDX */
	u32 pci_class;   /* class code on PCI */
	u32 config_size; /* at most VIRTIO_CONFIG_BYTES */

	/* Hooks, optional except kick; the device's lock is held.  A reset by the driver
	 * clears the model's STATE rows and calls the reset hook of its device class, which
	 * first of all waits for work under way. */
	u32 (*queues_now)(const struct virtio *v);
	u64 (*features_now)(const struct virtio *v); /* instead of .features */
	/* Device configuration: fills all `config_size` bytes, zeroed before. */
	void (*config_read)(struct virtio *v, u8 *config);
	void (*config_write)(struct virtio *v, u32 off, u32 width, u32 value);
	void (*driver_ok)(struct virtio *v);
	void (*timer)(struct virtio *v); /* beside the engine's own use of it */
	/* There may be chains on queue `q`: pop until there is none. */
	void (*kick)(struct virtio *v, u32 q);
};

/* One descriptor chain, copied in and checked: each segment lies in RAM. */
struct vchain {
	u16 head;
	u32 nout, nin;           /* seg[0..nout) the device reads, seg[nout..nout+nin) it writes */
	u64 out_bytes, in_bytes; /* their sum fits 32 bits */
	struct {
		u64 gpa;
		u32 len; /* not 0 */
	} seg[VIRTIO_SEGMENTS];
	u32 queue, generation;
};

static inline bool virtio_has(const struct virtio *v, u32 feature)
{
	return v->driver_features >> feature & 1;
}

/* The driver has said DRIVER_OK and nothing has gone wrong since. */
bool virtio_running(const struct virtio *v);

/* The next chain of queue `q`, or false: there is none, or the queue is not running, or
 * the driver broke the rules and the device now needs a reset, or it is the turn of
 * others and kick() will be called again. */
bool virtq_pop(struct virtio *v, u32 q, struct vchain *c);
/* What the last one asked for took as long as that many more: the turn of others is nearer. */
void virtio_spend(struct virtio *v, u32 chains);
/* Gives it back; `written` counts from the first byte of the `in` part.  Of a chain that
 * was kept, head, queue and generation suffice. */
void virtq_push(struct virtio *v, const struct vchain *c, u32 written);
/* Several chains of one queue, popped since the last push or reset: the driver sees all of
 * them or none. */
struct vused {
	u16 head;
	u32 written;
};
void virtq_push_all(struct virtio *v, u32 q, const struct vused *used, u32 n);
/* The last `n` chains popped from it cannot be used now: they come again. */
void virtq_unpop(struct virtio *v, u32 q, u32 n);
/* Interrupts the driver if it wants to know of what was pushed since. */
void virtq_notify(struct virtio *v, u32 q);

/* Copies at a byte offset of the out (in) part; returns how many there were. */
u64 vchain_read(struct virtio *v, const struct vchain *c, u64 off, void *to, u64 n);
u64 vchain_write(struct virtio *v, const struct vchain *c, u64 off, const void *from, u64 n);

void virtio_config_changed(struct virtio *v);
void virtio_broken(struct virtio *v, const char *why); /* DEVICE_NEEDS_RESET */

/* -- A model's constant ---------------------------------------------------------- */

extern const struct pci_class virtio_pci;
void virtio_timer(struct device *dev);

/* clang-format off */
/* The rows that all have.  The register window is 0x200 bytes; each has a page of its
 * own, so that `auto` gives addresses that read well. */
#define VIRTIO_ROWS \
	.compatible = { "virtio,mmio" }, \
	.node       = "virtio", \
	.binding    = "virtio/mmio.yaml", \
	.on         = BUS_MMIO | BUS_PCI, \
	.mmio_size  = 0x200, \
	.mmio_align = 0x1000, \
	.pci        = &virtio_pci, \
	.timer      = virtio_timer

/* A row of .props.  On PCI there is no such key: the slot decides. */
#define VIRTIO_INTERRUPT \
	{ .name = "interrupts", .kind = PROP_KIND_IRQS, .at = WIRE_ARRAY(v.interrupts), .max = 1, \
	  .automatic = true, .fdt = "interrupts", .doc = "on MMIO; on PCI the slot decides" }

#define VIRTIO_DEVICE(id) \
	_Static_assert(offsetof(SELF, v) == 0, "struct virtio must come first"); \
	extern const struct device_class device_##id; \
	const struct device_class device_##id
/* clang-format on */

#endif
