/* hid-i2c-keyboard.c - a keyboard on I2C
 *
 * Spec: HID 1.11 appendix B.1 (the report of a boot keyboard), HID over I2C 1.0.
 *
 *	0  modifiers, a bit each        2..7  up to six keys that are down; more than six
 *	1  0                                  and all are 1, "roll over"
 */
#include "hid_i2c.h"
#include "input.h"

#define KEYS      6
#define MODIFIERS 0xe0 /* usages of the eight */
#define ROLL_OVER 1

struct keyboard {
	struct device dev;
	struct hid hid;
	struct input_port port;
	u8 down[32]; /* a bit for each usage of page 7 */
};

/* clang-format off */
static const u8 descriptor[] = {
	0x05, 0x01,             /* usage page: generic desktop */
	0x09, 0x06,             /* usage: keyboard */
	0xa1, 0x01,             /* collection: application */
	0x05, 0x07,             /*   usage page: keyboard */
	0x19, 0xe0, 0x29, 0xe7, /*   usages: the modifiers */
	0x15, 0x00, 0x25, 0x01, /*   0 or 1 */
	0x75, 0x01, 0x95, 0x08, /*   eight of one bit */
	0x81, 0x02,             /*   input: variable */
	0x75, 0x08, 0x95, 0x01, /*   one of eight bits */
	0x81, 0x01,             /*   input: constant */
	0x05, 0x08,             /*   usage page: LEDs */
	0x19, 0x01, 0x29, 0x05, /*   usages: num, caps, scroll lock, compose, kana */
	0x75, 0x01, 0x95, 0x05, /*   five of one bit */
	0x91, 0x02,             /*   output: variable */
	0x75, 0x03, 0x95, 0x01, /*   one of three bits */
	0x91, 0x01,             /*   output: constant */
	0x05, 0x07,             /*   usage page: keyboard */
	0x19, 0x00, 0x29, 0xdf, /*   usages: all but the modifiers */
	0x15, 0x00, 0x26, 0xdf, 0x00, /* 0 to 0xdf */
	0x75, 0x08, 0x95, 0x06, /*   six of eight bits */
	0x81, 0x00,             /*   input: array */
	0xc0,                   /* end */
};
/* clang-format on */

static u8 usage_of(u32 code)
{
	for (const struct input_key *k = input_keys; k->name; k++)
		if (k->code == code)
			return k->hid;
	return 0;
}

static bool keyboard_has(const struct device *dev, u32 code)
{
	(void)dev;
	return usage_of(code);
}

static void keyboard_now(struct device *dev, u8 *report)
{
	const struct keyboard *k = (struct keyboard *)dev;
	u32 n = 0;

	report[0] = k->down[MODIFIERS / 8];
	memset(report + 1, 0, 1 + KEYS);
	for (u32 u = 0; u < MODIFIERS; u++) {
		if (!(k->down[u / 8] >> u % 8 & 1))
			continue;
		if (n < KEYS)
			report[2 + n] = (u8)u;
		n++;
	}
	if (n > KEYS)
		memset(report + 2, ROLL_OVER, KEYS);
}

static bool keyboard_next(struct device *dev, u8 *report)
{
	struct keyboard *k = (struct keyboard *)dev;
	struct input_event e;
	u8 usage, bit;

	if (!input_next(&k->port, &e))
		return false;
	usage = usage_of(e.code);
	bit = (u8)(1 << usage % 8);
	k->down[usage / 8] = e.x ? k->down[usage / 8] | bit : k->down[usage / 8] & (u8)~bit;
	keyboard_now(dev, report);
	return true;
}

static void keyboard_output(struct device *dev, const u8 *report)
{
	((struct keyboard *)dev)->port.leds = report[0] & 7; /* the same order */
}

/* clang-format off */
#define SELF struct keyboard

DEVICE(hid_i2c_keyboard) = {
	.name         = "hid-i2c-keyboard",
	.doc          = "a HID keyboard on I2C",
	.compatible   = { "hid-over-i2c" },
	.node         = "keyboard",
	.binding      = "input/hid-over-i2c.yaml",
	.linux_driver = "i2c_hid_of",
	.linux_config = "I2C_HID_OF",
	.size         = sizeof(SELF),
	.on           = BUS_I2C,
	.example      = "keyboard0: {device: hid-i2c-keyboard, reg: 0x2c, interrupts: auto}",
	.update       = hid_update,
	.i2c          = &hid_on_i2c,

	.hid = &(const struct hid_class){
		.hid = offsetof(SELF, hid),
		.descriptor = descriptor, .descriptor_bytes = sizeof(descriptor),
		.input_bytes = 2 + KEYS, .output_bytes = 1, .product = 1,
		.next = keyboard_next, .now = keyboard_now, .output = keyboard_output,
	},
	.sink = &(const struct input_sink){
		.port = offsetof(SELF, port),
		.has = keyboard_has, .listens = hid_listens, .arrived = hid_arrived,
	},

	.props = PROPS(HID_PROPS),
	.state = STATE(HID_STATE, INPUT_STATE, FIELD(down)),
};
