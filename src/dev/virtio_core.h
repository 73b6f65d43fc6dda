/* virtio_core.h - the one virtio state machine, as its transports see it.
 *
 * A transport has tables that say at which offset which of these registers is.
 * What a register does is in virtio.c, once.
 */
#ifndef VIRTIO_CORE_H
#define VIRTIO_CORE_H

#include "core.h"
#include "virtio.h"

enum {
	VIRTIO_F_INDIRECT_DESC = 28,
	VIRTIO_F_EVENT_IDX = 29,
	VIRTIO_F_VERSION_1 = 32,
};

/* Section 2.1 */
enum {
	VIRTIO_ACKNOWLEDGE = 1,
	VIRTIO_DRIVER = 2,
	VIRTIO_DRIVER_OK = 4,
	VIRTIO_FEATURES_OK = 8,
	VIRTIO_NEEDS_RESET = 64,
	VIRTIO_FAILED = 128,
};

enum { VIRTIO_ISR_QUEUE = 1, VIRTIO_ISR_CONFIG = 2 };

#define VIRTIO_NO_VECTOR 0xffff

enum virtio_reg {
	VIRTIO_REG_DEVICE_ID,
	VIRTIO_REG_DEVICE_FEATURES_SEL,
	VIRTIO_REG_DEVICE_FEATURES,
	VIRTIO_REG_DRIVER_FEATURES_SEL,
	VIRTIO_REG_DRIVER_FEATURES,
	VIRTIO_REG_STATUS,
	VIRTIO_REG_ISR,
	VIRTIO_REG_ISR_ACK,
	VIRTIO_REG_CONFIG_GENERATION,
	VIRTIO_REG_CONFIG_VECTOR,
	VIRTIO_REG_QUEUES,
	VIRTIO_REG_QUEUE_SEL, /* what follows is of that queue */
	VIRTIO_REG_QUEUE_SIZE_MAX,
	VIRTIO_REG_QUEUE_SIZE,
	VIRTIO_REG_QUEUE_VECTOR,
	VIRTIO_REG_QUEUE_ENABLE,
	VIRTIO_REG_QUEUE_DESC_LOW,
	VIRTIO_REG_QUEUE_DESC_HIGH,
	VIRTIO_REG_QUEUE_AVAIL_LOW,
	VIRTIO_REG_QUEUE_AVAIL_HIGH,
	VIRTIO_REG_QUEUE_USED_LOW,
	VIRTIO_REG_QUEUE_USED_HIGH,
};

u32 virtio_read(struct virtio *v, enum virtio_reg reg);
void virtio_write(struct virtio *v, enum virtio_reg reg, u32 value);
void virtio_kick(struct virtio *v, u32 queue);

/* Device configuration, `off` a multiple of `width`; beyond its end it reads 0. */
u32 virtio_config_read(struct virtio *v, u64 off, u32 width);
void virtio_config_write(struct virtio *v, u64 off, u32 width, u32 value);

/* A row: where a register is, how wide, and how it may be accessed. */
struct virtio_row {
	u32 off, width;
	enum { VIRTIO_R = 1, VIRTIO_W = 2, VIRTIO_RW = 3 } access;
	enum virtio_reg reg;
};

/* The row at exactly this offset and width that has this access, or NULL. */
const struct virtio_row *virtio_row(const struct virtio_row *rows, u32 n, u64 off, u32 width,
				    u32 access);

u32 virtio_queues(const struct virtio *v);
bool virtq_in_ram(struct virtio *v, const struct virtq *q);
void virtio_interrupt(struct virtio *v, u32 isr, u16 vector);

/* -- Transports ------------------------------------------------------------------ */

u64 virtio_mmio_read(struct device *dev, void *object, u64 off, u32 width);
void virtio_mmio_write(struct device *dev, void *object, u64 off, u32 width, u64 value);
void virtio_pci_attach(struct virtio *v);

#endif
