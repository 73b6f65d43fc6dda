/* fb-simple.c - a frame buffer and nothing else: simple-framebuffer
 *
 * Spec: Linux Documentation/devicetree/bindings/display/simple-framebuffer.yaml.
 *
 * The window is memory that harts draw into as they do into RAM; the mode is the board's and
 * does not change.  What has changed is found out by looking, and only while somebody looks.
 * The node stands below /chosen.
 */
#include "display.h"
#include "dt.h"

struct fb {
	struct device dev;

	/* properties */
	struct display *host;
	u32 width, height, stride, format;

	u8 *memory;
};

/* Rows follow each other without a gap if the board does not say how far apart they are. */
static u32 stride_of(u32 stride, u32 width, u32 format)
{
	return stride ? stride : width * pixel_layouts[format].bytes;
}

static bool fb_init(struct device *dev, struct err *e)
{
	struct fb *fb = (struct fb *)dev;
	u32 least = stride_of(0, fb->width, fb->format);
	u64 bytes;

	fb->stride = stride_of(fb->stride, fb->width, fb->format);
	bytes = (u64)fb->stride * fb->height;
	if (fb->stride < least)
		return err_set(e, "stride: %u bytes are less than a row's %u", fb->stride, least);
	if (bytes > device_window(dev))
		return err_set(e, "its window is too small: a picture has %llu bytes",
			       (unsigned long long)bytes);
	fb->memory = device_window_is_ram(dev, e);
	return fb->memory;
}

static void fb_update(struct device *dev)
{
	struct fb *fb = (struct fb *)dev;
	const struct picture p = { fb->memory, fb->width,  fb->height,
				   fb->stride, fb->format, .live = true };

	display_show(fb->host, 0, &p);
}

static void fb_fdt(struct dt_node *n)
{
	dt_add_u32(n, "stride",
		   stride_of((u32)dt_value(n, "stride")->num, (u32)dt_value(n, "width")->num,
			     (u32)dt_value(n, "format")->num));
}

/* clang-format off */
#define SELF struct fb

DEVICE(fb_simple) = {
	.name         = "fb-simple",
	.doc          = "a frame buffer of fixed size, for firmware and bare metal",
	.compatible   = { "simple-framebuffer" },
	.node         = "framebuffer",
	.in_chosen    = true,
	.binding      = "display/simple-framebuffer.yaml",
	.linux_driver = "simple-framebuffer",
	.linux_config = "DRM_SIMPLEDRM",
	.size         = sizeof(SELF),
	.mmio_max     = 64 * MIB,
	.mmio_align   = 0x1000,
	.example      = "fb0: {device: fb-simple, reg: [0x2000_0000, 4M], width: 1024, height: 768}",
	.init         = fb_init,
	.update       = fb_update,
	.fdt_more     = fb_fdt,

	.props = PROPS(
		PROP_DISPLAY(host, .doc = "where it is shown; on the first display, if not given"),
		PROP_U32(width, .def = 640, .min = 1, .max = DISPLAY_MOST, .fdt = "width", .doc = "pixels in a row"),
		PROP_U32(height, .def = 400, .min = 1, .max = DISPLAY_MOST, .fdt = "height", .doc = "rows"),
		PROP_U32(stride, .max = 65536, .doc = "bytes from row to row; if not given, those of a row"),
		PROP_ENUM(format, .def = PIXEL_X8R8G8B8, .words = pixel_words, .fdt = "format", .doc = "how a pixel is read")),
};
