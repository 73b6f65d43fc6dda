/* hid-i2c-touch.c - a touch screen on I2C
 *
 * Spec: HID Usage Tables 1.3 chapter 16 (digitizers), HID over I2C 1.0.
 *
 *	0  bit 0: the finger is down; bit 1: it is in reach, which it always is
 *	1  x, 0 to 32767 from the left     3  y, from the top
 *
 * The left button of whoever points is the finger.
 */
#include "hid_i2c.h"
#include "input.h"

#define REPORT 5

enum { TIP = 1, IN_RANGE = 2 };

struct touch {
	struct device dev;
	struct hid hid;
	struct input_port port;
	u16 x, y;
	bool down;
};

/* clang-format off */
static const u8 descriptor[] = {
	0x05, 0x0d,             /* usage page: digitizers */
	0x09, 0x04,             /* usage: touch screen */
	0xa1, 0x01,             /* collection: application */
	0x09, 0x22,             /*   usage: finger */
	0xa1, 0x00,             /*   collection: physical */
	0x09, 0x42, 0x09, 0x32, /*     usages: tip switch, in range */
	0x15, 0x00, 0x25, 0x01, /*     0 or 1 */
	0x75, 0x01, 0x95, 0x02, /*     two of one bit */
	0x81, 0x02,             /*     input: variable */
	0x75, 0x06, 0x95, 0x01, /*     one of six bits */
	0x81, 0x01,             /*     input: constant */
	0x05, 0x01,             /*     usage page: generic desktop */
	0x09, 0x30, 0x09, 0x31, /*     usages: x, y */
	0x26, 0xff, 0x7f,       /*     0 to 32767 */
	0x75, 0x10, 0x95, 0x02, /*     two of sixteen bits */
	0x81, 0x02,             /*     input: variable */
	0xc0,                   /*   end */
	0xc0,                   /* end */
};
/* clang-format on */

static void touch_now(struct device *dev, u8 *report)
{
	const struct touch *t = (struct touch *)dev;

	report[0] = (u8)(IN_RANGE | (t->down ? TIP : 0));
	put_le16(report + 1, t->x);
	put_le16(report + 3, t->y);
}

static bool touch_next(struct device *dev, u8 *report)
{
	struct touch *t = (struct touch *)dev;
	struct input_event e;

	if (!input_next(&t->port, &e))
		return false;
	if (e.kind == INPUT_KEY) {
		t->down = e.x;
	} else if (e.kind == INPUT_PLACE) {
		t->x = (u16)e.x & INPUT_MAX;
		t->y = (u16)e.y & INPUT_MAX;
	}
	touch_now(dev, report);
	return true;
}

static bool touch_has(const struct device *dev, u32 code)
{
	(void)dev;
	return code == BTN_LEFT;
}

/* clang-format off */
#define SELF struct touch

DEVICE(hid_i2c_touch) = {
	.name         = "hid-i2c-touch",
	.doc          = "a HID touch screen on I2C, for one finger",
	.compatible   = { "hid-over-i2c" },
	.node         = "touchscreen",
	.binding      = "input/hid-over-i2c.yaml",
	.linux_driver = "i2c_hid_of",
	.linux_config = "I2C_HID_OF",
	.size         = sizeof(SELF),
	.on           = BUS_I2C,
	.example      = "touch0: {device: hid-i2c-touch, reg: 0x2d, interrupts: auto}",
	.update       = hid_update,
	.i2c          = &hid_on_i2c,

	.hid = &(const struct hid_class){
		.hid = offsetof(SELF, hid),
		.descriptor = descriptor, .descriptor_bytes = sizeof(descriptor),
		.input_bytes = REPORT, .product = 2,
		.next = touch_next, .now = touch_now,
	},
	.sink = &(const struct input_sink){
		.port = offsetof(SELF, port), .pointer = INPUT_ABSOLUTE,
		.has = touch_has, .listens = hid_listens, .arrived = hid_arrived,
	},

	.props = PROPS(HID_PROPS),
	.state = STATE(HID_STATE, INPUT_STATE, FIELD(x), FIELD(y), FIELD(down)),
};
