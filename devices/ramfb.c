/* ramfb.c - a frame buffer in RAM, where firmware puts it
 *
 * Spec: QEMU hw/display/ramfb.c; the fourcc codes are those of Linux's drm_fourcc.h.
 *
 * It has no registers.  Firmware takes some of its RAM and writes into an item of fw_cfg where
 * that is and how it is read:
 *
 *	etc/ramfb	0  address   8  fourcc   12  flags   16  width   20  height
 *			24 stride, or 0: rows without a gap.  All big endian
 *
 * What has changed in the picture is found out by looking, and only while somebody looks.  What
 * cannot be shown, since it is not RAM or too large, switches the screen off.
 *
 * Not modeled: flags, of which none has a meaning.
 */
#include "display.h"
#include "fw_cfg.h"

enum { ADDRESS = 0, FOURCC = 8, WIDTH = 16, HEIGHT = 20, STRIDE = 24, CONFIG_BYTES = 28 };

struct ramfb {
	struct device dev;

	/* properties */
	struct display *host;
	struct ref fw_cfg;

	u8 config[CONFIG_BYTES];
	struct fw_cfg_item item; /* no state */
};

#define FOURCC(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

static const struct {
	u32 fourcc;
	enum pixel_format format;
} formats[] = {
	{ FOURCC('X', 'R', '2', '4'), PIXEL_X8R8G8B8 },
	{ FOURCC('A', 'R', '2', '4'), PIXEL_A8R8G8B8 },
	{ FOURCC('X', 'B', '2', '4'), PIXEL_X8B8G8R8 },
	{ FOURCC('A', 'B', '2', '4'), PIXEL_A8B8G8R8 },
	{ FOURCC('R', 'X', '2', '4'), PIXEL_R8G8B8X8 },
	{ FOURCC('R', 'A', '2', '4'), PIXEL_R8G8B8A8 },
	{ FOURCC('B', 'X', '2', '4'), PIXEL_B8G8R8X8 },
	{ FOURCC('B', 'A', '2', '4'), PIXEL_B8G8R8A8 },
	{ FOURCC('R', 'G', '2', '4'), PIXEL_R8G8B8 },
	{ FOURCC('R', 'G', '1', '6'), PIXEL_R5G6B5 },
	{ FOURCC('X', 'R', '1', '5'), PIXEL_X1R5G5B5 },
	{ FOURCC('A', 'R', '1', '5'), PIXEL_A1R5G5B5 },
};

static bool find_format(u32 fourcc, enum pixel_format *format)
{
	for (u32 i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].fourcc == fourcc) {
			*format = formats[i].format;
			return true;
		}
	return false;
}

/* False: it cannot be shown. */
static bool find_picture(struct ramfb *fb, struct picture *p)
{
	const u8 *c = fb->config;
	u64 gpa = get_be64(c + ADDRESS), row;

	*p = (struct picture){ .width = get_be32(c + WIDTH),
			       .height = get_be32(c + HEIGHT),
			       .stride = get_be32(c + STRIDE),
			       .live = true };
	if (!p->width || p->width > DISPLAY_MOST || !p->height || p->height > DISPLAY_MOST ||
	    !find_format(get_be32(c + FOURCC), &p->format))
		return false;
	row = p->width * pixel_layouts[p->format].bytes;
	if (!p->stride)
		p->stride = (u32)row;
	p->pixels = dma_slice(&fb->dev, gpa, (u64)p->stride * (p->height - 1) + row);
	return p->stride >= row && p->pixels;
}

static void ramfb_update(struct device *dev)
{
	struct ramfb *fb = (struct ramfb *)dev;
	struct picture p;

	display_show(fb->host, 0, find_picture(fb, &p) ? &p : NULL);
}

static void ramfb_written(struct device *dev)
{
	struct picture p;

	if (!find_picture((struct ramfb *)dev, &p))
		guest_error(dev, "a frame buffer of %u x %u that cannot be shown", p.width,
			    p.height);
}

static bool ramfb_init(struct device *dev, struct err *e)
{
	struct ramfb *fb = (struct ramfb *)dev;

	fb->item = (struct fw_cfg_item){ .name = "etc/ramfb",
					 .bytes = fb->config,
					 .size = CONFIG_BYTES,
					 .written = ramfb_written };
	return !fb->fw_cfg.dev || fw_cfg_offer(dev, fb->fw_cfg.dev, &fb->item, e);
}

/* clang-format off */
#define SELF struct ramfb

DEVICE(ramfb) = {
	.name         = "ramfb",
	.doc          = "a frame buffer that firmware puts somewhere in RAM",
	.linux_driver = "efi-framebuffer", /* UEFI firmware leaves it to a system */
	.linux_config = "FB_EFI",
	.qemu         = "ramfb",
	.size         = sizeof(SELF),
	.example      = "fb0: {device: ramfb, fw-cfg: fw_cfg}",
	.init         = ramfb_init,
	.update       = ramfb_update,

	.props = PROPS(
		PROP_DISPLAY(host, .doc = "where it is shown; on the first display, if not given"),
		PROP_REF(fw_cfg, .required = true, .wants = PROVIDES_FW_CFG,
			 .doc = "the device through which firmware says where it is")),

	.state = STATE(FIELD(config)),
};
