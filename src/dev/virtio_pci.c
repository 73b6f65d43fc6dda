/* virtio_pci.c - where the registers are on the PCI transport.
 *
 * Virtio 1.2 section 4.1, modern only.  Four structures share BAR 0, a page each;
 * capabilities say where.  A fifth capability is a window through configuration
 * space for those who cannot reach the BAR (4.1.4.9).  MSI-X has BAR 1.
 */
#include "virtio_core.h"

#include "pci_core.h"

#include <inttypes.h>

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_BASE   0x1040

#define BAR_REGISTERS 0
#define BAR_MSIX      1
#define PAGE          0x1000

#define COMMON 0x0000
#define ISR    0x1000
#define CONFIG 0x2000
#define NOTIFY 0x3000
#define END    0x4000

#define NOTIFY_STEP 4 /* bytes between the doorbells of two queues */

#define CAP_VENDOR 0x09
enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_WINDOW };

/* clang-format off */
static const struct virtio_row rows[] = {
	{ 0x00, 4, VIRTIO_RW, VIRTIO_REG_DEVICE_FEATURES_SEL },
	{ 0x04, 4, VIRTIO_R,  VIRTIO_REG_DEVICE_FEATURES },
	{ 0x08, 4, VIRTIO_RW, VIRTIO_REG_DRIVER_FEATURES_SEL },
	{ 0x0c, 4, VIRTIO_RW, VIRTIO_REG_DRIVER_FEATURES },
	{ 0x10, 2, VIRTIO_RW, VIRTIO_REG_CONFIG_VECTOR },
	{ 0x12, 2, VIRTIO_R,  VIRTIO_REG_QUEUES },
	{ 0x14, 1, VIRTIO_RW, VIRTIO_REG_STATUS },
	{ 0x15, 1, VIRTIO_R,  VIRTIO_REG_CONFIG_GENERATION },
	{ 0x16, 2, VIRTIO_RW, VIRTIO_REG_QUEUE_SEL },
	{ 0x18, 2, VIRTIO_RW, VIRTIO_REG_QUEUE_SIZE },
	{ 0x1a, 2, VIRTIO_RW, VIRTIO_REG_QUEUE_VECTOR },
	{ 0x1c, 2, VIRTIO_RW, VIRTIO_REG_QUEUE_ENABLE },
	{ 0x1e, 2, VIRTIO_R,  VIRTIO_REG_QUEUE_SEL }, /* queue_notify_off: in NOTIFY_STEPs */
	{ 0x20, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_DESC_LOW },
	{ 0x24, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_DESC_HIGH },
	{ 0x28, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_AVAIL_LOW },
	{ 0x2c, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_AVAIL_HIGH },
	{ 0x30, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_USED_LOW },
	{ 0x34, 4, VIRTIO_RW, VIRTIO_REG_QUEUE_USED_HIGH },
};
/* clang-format on */

static void bad_access(struct virtio *v, const char *what, u64 off, u32 width)
{
	guest_error(&v->dev, "%s of %u bytes at offset 0x%" PRIx64, what, width, off);
}

static u32 common_read(struct virtio *v, u64 off, u32 width)
{
	const struct virtio_row *r = virtio_row(rows, ARRAY_LEN(rows), off, width, VIRTIO_R);

	if (r)
		return virtio_read(v, r->reg);
	bad_access(v, "read", off, width);
	return 0;
}

static void common_write(struct virtio *v, u64 off, u32 width, u32 value)
{
	const struct virtio_row *r = virtio_row(rows, ARRAY_LEN(rows), off, width, VIRTIO_W);

	if (r)
		virtio_write(v, r->reg, value);
	else
		bad_access(v, "write", off, width);
}

/* Reading it acknowledges it (section 4.1.4.5). */
static u32 isr_read(struct virtio *v)
{
	u32 isr = virtio_read(v, VIRTIO_REG_ISR);

	virtio_write(v, VIRTIO_REG_ISR_ACK, isr);
	return isr;
}

static u32 read_one(struct virtio *v, u64 off, u32 width)
{
	if (off < ISR)
		return common_read(v, off, width);
	if (off == ISR)
		return isr_read(v);
	if (off >= CONFIG && off < NOTIFY)
		return virtio_config_read(v, off - CONFIG, width);
	return 0;
}

static void write_one(struct virtio *v, u64 off, u32 width, u32 value)
{
	if (off < ISR)
		common_write(v, off, width, value);
	else if (off >= NOTIFY)
		virtio_kick(v, (u32)(off - NOTIFY) / NOTIFY_STEP);
	else if (off >= CONFIG)
		virtio_config_write(v, off - CONFIG, width, value);
	else
		bad_access(v, "write", off, width);
}

/* Reading the interrupt status has an effect, so it lowers the pin at once. */
static u64 bar_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	struct virtio *v = (struct virtio *)dev;
	u64 value;

	(void)bar;
	if (width == 8)
		return read_one(v, off, 4) | (u64)read_one(v, off + 4, 4) << 32;
	value = read_one(v, off, width);
	if (off == ISR)
		device_changed(dev);
	return value;
}

static void bar_write(struct device *dev, u32 bar, u64 off, u32 width, u64 value)
{
	struct virtio *v = (struct virtio *)dev;

	(void)bar;
	write_one(v, off, MIN(width, 4), (u32)value);
	if (width == 8)
		write_one(v, off + 4, 4, (u32)(value >> 32));
}

const struct pci_class virtio_pci = {
	.vendor = VENDOR_VIRTIO,
	.subsystem_vendor = VENDOR_VIRTIO,
	.revision = 1,
	.express = true,
	.intx = true,
	.bar = { [BAR_REGISTERS] = { .size = END } },
	.read = bar_read,
	.write = bar_write,
};

/* -- Capabilities --------------------------------------------------------------------
 *
 *	00  length  next  id 9        08  offset in the BAR
 *	04  - - bar type              0c  length there
 */
#define CAP_BAR    4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_DATA   16 /* the window's */

static u32 add_capability(struct pci_function *f, u8 type, u32 offset, u32 length, u8 more)
{
	u8 body[18] = { 0 };

	body[0] = (u8)(CAP_DATA + more);
	body[1] = type;
	body[CAP_BAR - 2] = BAR_REGISTERS;
	put_le32(body + CAP_OFFSET - 2, offset);
	put_le32(body + CAP_LENGTH - 2, length);
	if (type == CAP_NOTIFY)
		put_le32(body + CAP_DATA - 2, NOTIFY_STEP);
	return pci_add_capability(f, CAP_VENDOR, body, CAP_DATA - 2 + more);
}

/* Where the window points now: false if it is not at a register. */
static bool window(const struct pci_function *f, u32 *off, u32 *width)
{
	u32 cap = f->hook_at - CAP_DATA;

	*off = pci_config(f, cap + CAP_OFFSET, 4);
	*width = pci_config(f, cap + CAP_LENGTH, 4);
	return pci_config(f, cap + CAP_BAR, 1) == BAR_REGISTERS &&
	       (*width == 1 || *width == 2 || *width == 4) && *off % *width == 0 && *off < END;
}

static u32 window_read(struct device *dev, u32 at, u32 width)
{
	u32 off, len;

	if (!window(pci_function(dev), &off, &len) || at || width < len)
		return 0;
	return (u32)bar_read(dev, BAR_REGISTERS, off, len);
}

static void window_write(struct device *dev, u32 at, u32 width, u32 value)
{
	u32 off, len;

	if (window(pci_function(dev), &off, &len) && !at && width >= len)
		bar_write(dev, BAR_REGISTERS, off, len, value & LOW_BITS(8 * len));
}

static void add_window(struct pci_function *f)
{
	u32 cap = add_capability(f, CAP_WINDOW, 0, 0, 4);

	f->writable[cap + CAP_BAR] = 0xff;
	put_le32(f->writable + cap + CAP_OFFSET, UINT32_MAX);
	put_le32(f->writable + cap + CAP_LENGTH, UINT32_MAX);
	pci_add_hook(f, cap + CAP_DATA, window_read, window_write);
}

void virtio_pci_attach(struct virtio *v)
{
	struct pci_function *f = pci_function(&v->dev);
	const struct virtio_class *class = v->dev.class->virtio;
	struct pci_class identity = virtio_pci;

	identity.device = (u16)(DEVICE_BASE + class->id);
	identity.subsystem = identity.device;
	identity.class_code = class->pci_class;
	pci_set_identity(f, &identity);
	pci_add_msix(f, class->queues + 1u, BAR_MSIX);
	add_capability(f, CAP_COMMON, COMMON, 0x38, 0);
	add_capability(f, CAP_NOTIFY, NOTIFY, class->queues * NOTIFY_STEP, 4);
	add_capability(f, CAP_ISR, ISR, 1, 0);
	add_capability(f, CAP_DEVICE, CONFIG, PAGE, 0);
	add_window(f);
}
