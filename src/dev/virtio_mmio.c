/* virtio_mmio.c - where the registers are on the MMIO transport.
 *
 * Virtio 1.2 section 4.2, version 2.  Registers are 32 bits wide and aligned;
 * device configuration follows at 0x100 and is accessed in the width of its fields.
 */
#include "virtio_core.h"

#include <inttypes.h>

#define MAGIC   0x000
#define VERSION 0x004
#define VENDOR  0x00c
#define NOTIFY  0x050
#define SHARED  0x0b0 /* length and base of the selected region, four words */
#define CONFIG  0x100

/* clang-format off */
static const struct virtio_row rows[] = {
	{ 0x008, 4, VIRTIO_R,  VIRTIO_REG_DEVICE_ID },
	{ 0x010, 4, VIRTIO_R,  VIRTIO_REG_DEVICE_FEATURES },
	{ 0x014, 4, VIRTIO_W,  VIRTIO_REG_DEVICE_FEATURES_SEL },
	{ 0x020, 4, VIRTIO_W,  VIRTIO_REG_DRIVER_FEATURES },
	{ 0x024, 4, VIRTIO_W,  VIRTIO_REG_DRIVER_FEATURES_SEL },
	{ 0x030, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_SEL },
	{ 0x034, 4, VIRTIO_R,  VIRTIO_REG_QUEUE_SIZE_MAX },
	{ 0x038, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_SIZE },
	{ 0x044, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_ENABLE },
	{ 0x060, 4, VIRTIO_R,  VIRTIO_REG_ISR },
	{ 0x064, 4, VIRTIO_W,  VIRTIO_REG_ISR_ACK },
	{ 0x070, 4, VIRTIO_RW, VIRTIO_REG_STATUS },
	{ 0x080, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_DESC_LOW },
	{ 0x084, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_DESC_HIGH },
	{ 0x090, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_AVAIL_LOW },
	{ 0x094, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_AVAIL_HIGH },
	{ 0x0a0, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_USED_LOW },
	{ 0x0a4, 4, VIRTIO_W,  VIRTIO_REG_QUEUE_USED_HIGH },
	{ 0x0fc, 4, VIRTIO_R,  VIRTIO_REG_CONFIG_GENERATION },
};
/* clang-format on */

static bool constant(u64 off, u32 *value)
{
	switch (off) {
	case MAGIC:
		*value = 0x74726976; /* "virt" */
		return true;
	case VERSION:
		*value = 2;
		return true;
	case VENDOR:
		*value = 0x64626d76; /* "vmbd" */
		return true;
	case SHARED:
	case SHARED + 4:
	case SHARED + 8:
	case SHARED + 12:
		*value = UINT32_MAX; /* there is no such region */
		return true;
	default:
		return false;
	}
}

static u32 register_read(struct virtio *v, u64 off, u32 width)
{
	const struct virtio_row *r = virtio_row(rows, ARRAY_LEN(rows), off, width, VIRTIO_R);
	u32 value = 0;

	if (r)
		return virtio_read(v, r->reg);
	if (width != 4 || !constant(off, &value))
		guest_error(&v->dev, "read of %u bytes at offset 0x%" PRIx64, width, off);
	return value;
}

static void register_write(struct virtio *v, u64 off, u32 width, u32 value)
{
	const struct virtio_row *r = virtio_row(rows, ARRAY_LEN(rows), off, width, VIRTIO_W);

	if (r)
		virtio_write(v, r->reg, value);
	else if (off == NOTIFY && width == 4)
		virtio_kick(v, value);
	else
		guest_error(&v->dev, "write of %u bytes at offset 0x%" PRIx64, width, off);
}

static u32 read_one(struct virtio *v, u64 off, u32 width)
{
	return off < CONFIG ? register_read(v, off, width)
			    : virtio_config_read(v, off - CONFIG, width);
}

static void write_one(struct virtio *v, u64 off, u32 width, u32 value)
{
	if (off < CONFIG)
		register_write(v, off, width, value);
	else
		virtio_config_write(v, off - CONFIG, width, value);
}

/* Eight bytes are two registers. */
u64 virtio_mmio_read(struct device *dev, void *object, u64 off, u32 width)
{
	struct virtio *v = object;

	(void)dev;
	if (width < 8)
		return read_one(v, off, width);
	return read_one(v, off, 4) | (u64)read_one(v, off + 4, 4) << 32;
}

void virtio_mmio_write(struct device *dev, void *object, u64 off, u32 width, u64 value)
{
	struct virtio *v = object;

	(void)dev;
	write_one(v, off, MIN(width, 4), (u32)value);
	if (width == 8)
		write_one(v, off + 4, 4, (u32)(value >> 32));
}
