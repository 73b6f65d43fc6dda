/* display-bochs.c - a frame buffer on PCI, for guests without virtio
 *
 * Spec: QEMU docs/specs/standard-vga.rst; the registers are those of Bochs' VBE extension
 * (DISPI), reached in BAR 2.  The guest chooses a mode and draws into the memory of BAR 0.
 *
 *	BAR 2	0x000  EDID          0x400  VGA ports from 0x3c0 on
 *		0x500  DISPI, 16 bits each    0x600  size of what follows, byte order
 *
 * Of VGA there is the bit that blanks the screen, which drivers use, and nothing else: no
 * text, no planes, no palette.  A snapshot carries no pixels.
 *
 * Not modeled: VGA, 8-bit modes, banks, the other byte order, I/O ports.
 */
#include "display.h"
#include "pci.h"

#include <stdlib.h>

#define MEMORY        (16 * MIB)
#define BAR_MEMORY    0
#define BAR_REGISTERS 2

enum { AT_EDID = 0, AT_VGA = 0x400, AT_DISPI = 0x500, AT_EXTENDED = 0x600, REGISTERS = 0x1000 };
#define VGA_BYTES 0x20
#define EDID_ROOM 0x400

/* VGA ports, from 0x3c0 on */
enum { VGA_ATTRIBUTE = 0, VGA_STATUS = 0x1a };
#define ATTRIBUTE_ON 0x20 /* the screen shows what is in memory */

#define LITTLE_ENDIAN_MODE 0x1e1e1e1e

enum dispi {
	DISPI_ID,
	DISPI_XRES,
	DISPI_YRES,
	DISPI_BPP,
	DISPI_ENABLE,
	DISPI_BANK,
	DISPI_VIRT_WIDTH,
	DISPI_VIRT_HEIGHT,
	DISPI_X_OFFSET,
	DISPI_Y_OFFSET,
	DISPI_MEMORY,
	DISPI_COUNT
};

#define ID_NEWEST  0xb0c5
#define ENABLED    0x01
#define GET_LIMITS 0x02
#define NO_CLEAR   0x80
#define MOST_BITS  32

struct bochs {
	struct device dev;

	/* properties */
	struct display *host;
	u32 width, height;

	u16 dispi[DISPI_COUNT];
	bool attribute_data; /* of the next write to VGA_ATTRIBUTE; else it is an index */
	bool on;

	u8 *memory; /* no state */
	struct {
		u32 width, height;
	} monitor;
};

/* Columns: bits of a pixel, and how it is read. */
static const struct depth {
	u32 bits;
	enum pixel_format format;
} depths[] = {
	{ 15, PIXEL_X1R5G5B5 },
	{ 16, PIXEL_R5G6B5 },
	{ 24, PIXEL_R8G8B8 },
	{ 32, PIXEL_X8R8G8B8 },
};

static const struct depth *find_depth(u32 bits)
{
	for (u32 i = 0; i < ARRAY_LEN(depths); i++)
		if (depths[i].bits == bits)
			return &depths[i];
	return NULL;
}

/* -- The picture ------------------------------------------------------------------------- */

static u32 pitch(const struct bochs *b, u32 bytes)
{
	return MAX(b->dispi[DISPI_VIRT_WIDTH], b->dispi[DISPI_XRES]) * bytes;
}

static bool find_picture(const struct bochs *b, struct picture *p)
{
	const struct depth *depth = find_depth(b->dispi[DISPI_BPP]);
	u64 at, end;
	u32 bytes;

	if (!(b->dispi[DISPI_ENABLE] & ENABLED) || !b->on || !depth)
		return false;
	bytes = pixel_layouts[depth->format].bytes;
	*p = (struct picture){ .width = b->dispi[DISPI_XRES],
			       .height = b->dispi[DISPI_YRES],
			       .stride = pitch(b, bytes),
			       .format = depth->format };
	at = (u64)b->dispi[DISPI_Y_OFFSET] * p->stride + (u64)b->dispi[DISPI_X_OFFSET] * bytes;
	end = at + (u64)p->stride * MAX(p->height, 1) - p->stride + (u64)p->width * bytes;
	p->pixels = b->memory + MIN(at, MEMORY);
	return p->width && p->height && p->width <= DISPLAY_MOST && p->height <= DISPLAY_MOST &&
	       end <= MEMORY;
}

static void bochs_update(struct device *dev)
{
	struct bochs *b = (struct bochs *)dev;
	struct picture p;

	display_show(b->host, 0, find_picture(b, &p) ? &p : NULL);
}

/* -- Memory ---------------------------------------------------------------------------------- */

static u64 read_memory(const struct bochs *b, u64 off, u32 width)
{
	u64 v = 0;

	memcpy(&v, b->memory + off, width);
	return v;
}

/* The pixels of bytes [off, off + width): of one row, or else of all of two. */
static struct rect pixels_at(const struct bochs *b, const struct picture *p, u64 off, u32 width)
{
	u64 start = (u64)(p->pixels - b->memory), first, last;

	if (off + width <= start)
		return (struct rect){ 0, 0, 0, 0 };
	first = off > start ? off - start : 0;
	last = off + width - 1 - start;
	if (first / p->stride != last / p->stride)
		return (struct rect){ 0, (u32)(first / p->stride), p->width, 2 };
	return (struct rect){ (u32)(first % p->stride / pixel_layouts[p->format].bytes),
			      (u32)(first / p->stride), width, 1 };
}

static void write_memory(struct bochs *b, u64 off, u32 width, u64 value)
{
	struct picture p;

	memcpy(b->memory + off, &value, width);
	if (find_picture(b, &p))
		display_damage(b->host, 0, pixels_at(b, &p, off, width));
}

/* -- Registers ------------------------------------------------------------------------------- */

static u16 dispi_read(const struct bochs *b, u32 i)
{
	static const u16 limits[DISPI_COUNT] = {
		[DISPI_XRES] = DISPLAY_MOST, [DISPI_YRES] = DISPLAY_MOST, [DISPI_BPP] = MOST_BITS
	};

	if (i == DISPI_MEMORY)
		return MEMORY / (64 * KIB);
	if (b->dispi[DISPI_ENABLE] & GET_LIMITS && limits[i])
		return limits[i];
	return b->dispi[i];
}

static void clear_picture(struct bochs *b)
{
	const struct depth *depth = find_depth(b->dispi[DISPI_BPP]);
	u64 row = depth ? pitch(b, pixel_layouts[depth->format].bytes) : 0;

	memset(b->memory, 0, MIN(row * b->dispi[DISPI_YRES], MEMORY));
}

/* A mode that begins finds its picture empty, unless that is not wanted. */
static void enable(struct bochs *b, u16 value)
{
	bool begins = value & ~b->dispi[DISPI_ENABLE] & ENABLED;

	b->dispi[DISPI_ENABLE] = value;
	if (!begins)
		return;
	b->dispi[DISPI_X_OFFSET] = b->dispi[DISPI_Y_OFFSET] = b->dispi[DISPI_BANK] = 0;
	if (!(value & NO_CLEAR))
		clear_picture(b);
}

static void dispi_write(struct bochs *b, u32 i, u16 value)
{
	if (i == DISPI_ENABLE)
		enable(b, value);
	else if (i == DISPI_ID && (value < 0xb0c0 || value > ID_NEWEST))
		guest_error(&b->dev, "there is no DISPI version 0x%x", value);
	else if (i != DISPI_MEMORY)
		b->dispi[i] = value;
}

static u64 vga_read(struct bochs *b, u32 port)
{
	if (port == VGA_STATUS)
		b->attribute_data = false;
	return 0;
}

/* Indices and data take turns on one port; the index says whether the screen is on. */
static void vga_write(struct bochs *b, u32 port, u64 value)
{
	if (port != VGA_ATTRIBUTE)
		return;
	if (!b->attribute_data)
		b->on = value & ATTRIBUTE_ON;
	b->attribute_data = !b->attribute_data;
}

static u64 edid_read(const struct bochs *b, u64 off, u32 width)
{
	u8 edid[EDID_BYTES];
	u64 v = 0;

	display_edid(edid, b->dev.name, b->monitor.width, b->monitor.height);
	if (range_inside(off, width, 0, EDID_BYTES))
		memcpy(&v, edid + off, width);
	return v;
}

static u64 register_read(struct bochs *b, u64 off, u32 width)
{
	if (off < EDID_ROOM)
		return edid_read(b, off, width);
	if (range_inside(off, width, AT_VGA, VGA_BYTES))
		return vga_read(b, (u32)off - AT_VGA);
	if (range_inside(off, width, AT_DISPI, 2 * DISPI_COUNT) && width == 2)
		return dispi_read(b, ((u32)off - AT_DISPI) / 2);
	if (off == AT_EXTENDED && width == 4)
		return 8;
	if (off == AT_EXTENDED + 4 && width == 4)
		return LITTLE_ENDIAN_MODE;
	guest_error(&b->dev, "no register at 0x%x", (u32)off);
	return 0;
}

static void register_write(struct bochs *b, u64 off, u32 width, u64 value)
{
	if (range_inside(off, width, AT_VGA, VGA_BYTES))
		vga_write(b, (u32)off - AT_VGA, value);
	else if (range_inside(off, width, AT_DISPI, 2 * DISPI_COUNT) && width == 2)
		dispi_write(b, ((u32)off - AT_DISPI) / 2, (u16)value);
	else if (off != AT_EXTENDED + 4 || (u32)value != LITTLE_ENDIAN_MODE)
		guest_error(&b->dev, "no register at 0x%x takes 0x%x", (u32)off, (u32)value);
}

static u64 bochs_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	struct bochs *b = (struct bochs *)dev;

	return bar == BAR_MEMORY ? read_memory(b, off, width) : register_read(b, off, width);
}

static void bochs_write(struct device *dev, u32 bar, u64 off, u32 width, u64 value)
{
	struct bochs *b = (struct bochs *)dev;

	if (bar == BAR_MEMORY)
		write_memory(b, off, width, value);
	else
		register_write(b, off, width, value);
}

/* -- The device ------------------------------------------------------------------------------ */

/* No event tells the guest: it reads the EDID when it looks again. */
static void bochs_monitor(struct device *dev, u32 scanout, u32 width, u32 height)
{
	struct bochs *b = (struct bochs *)dev;

	(void)scanout;
	b->monitor.width = width;
	b->monitor.height = height;
}

static void bochs_reset(struct device *dev)
{
	struct bochs *b = (struct bochs *)dev;

	b->dispi[DISPI_ID] = ID_NEWEST;
	b->on = true;
}

static bool bochs_init(struct device *dev, struct err *e)
{
	struct bochs *b = (struct bochs *)dev;

	(void)e;
	b->memory = xzalloc(MEMORY);
	b->monitor.width = b->width;
	b->monitor.height = b->height;
	return true;
}

static void bochs_fini(struct device *dev)
{
	free(((struct bochs *)dev)->memory);
}

/* clang-format off */
#define SELF struct bochs

DEVICE(display_bochs) = {
	.name         = "display-bochs",
	.doc          = "a frame buffer on PCI, for guests without virtio",
	.linux_driver = "bochs-drm",
	.linux_config = "DRM_BOCHS",
	.qemu         = "bochs-display",
	.size         = sizeof(SELF),
	.on           = BUS_PCI,
	.example      = "vga0: {device: display-bochs, width: 1280, height: 800}",
	.init         = bochs_init,
	.fini         = bochs_fini,
	.reset        = bochs_reset,
	.update       = bochs_update,
	.monitor      = bochs_monitor,

	.props = PROPS(
		PROP_DISPLAY(host, .doc = "where it is shown; on the first display, if not given"),
		PROP_U32(width, .def = 1280, .min = 64, .max = 4095, .doc = "what its monitor prefers"),
		PROP_U32(height, .def = 800, .min = 64, .max = 4095, .doc = "the same downwards")),

	.state = STATE(FIELD(dispi), FIELD(attribute_data), FIELD(on)),

	.pci = &(const struct pci_class){
		.vendor           = 0x1234,
		.device           = 0x1111,
		.subsystem_vendor = 0x1af4,
		.subsystem        = 0x1100,
		.revision         = 2, /* it has what is at 0x600 */
		.class_code       = 0x038000,
		.express          = true,
		.bar = {
			[BAR_MEMORY]    = { .size = MEMORY, .prefetchable = true },
			[BAR_REGISTERS] = { .size = REGISTERS },
		},
		.read  = bochs_read,
		.write = bochs_write,
	},
};
