/* ps2-keyboard.c - a PS/2 keyboard
 *
 * Spec: IBM PS/2 Hardware Technical Reference, "Keyboard (101- and 102-key)", commands and
 * scan code set 2; the codes are in keys.def.
 *
 * Keys come as codes when the host has let it scan; the last one that went down repeats
 * until it goes up.  A command is acknowledged, and so is its argument.
 *
 * Not modeled: scan code sets 1 and 3 (they are refused), the line to the host being held.
 */
#include "clock.h"
#include "device.h"
#include "input.h"
#include "ps2.h"

#define LONGEST 8 /* bytes of a key */
#define ANSWER  3 /* of an answer, for which there is always room */

enum {
	SET_LEDS = 0xed,
	ECHO = 0xee,
	SET_SCAN_SET = 0xf0,
	IDENTIFY = 0xf2,
	SET_RATE = 0xf3,
	ENABLE = 0xf4,
	DISABLE = 0xf5,
	DEFAULTS = 0xf6,
	KEY_TYPES = 0xf7, /* to 0xfd: of set 3 */
	RESEND = 0xfe,
	RESET = 0xff,
};

#define RATE_DEFAULT 0x2b /* 500 ms, then 10.9 a second */

struct keyboard {
	struct device dev;

	struct ps2_queue queue;
	struct input_port port;
	u8 command; /* whose argument comes next, or 0 */
	u8 last;    /* byte of an answer, for RESEND */
	u8 rate;
	bool scanning;
	bool known;     /* the host has a driver: it has spoken */
	u32 repeated;   /* the key that repeats, or 0 */
	u64 repeats_ns; /* when */
};

/* -- Keys ------------------------------------------------------------------------- */

static const struct input_key *key_of(u32 code)
{
	for (const struct input_key *k = input_keys; k->name; k++)
		if (k->code == code)
			return k->set2 ? k : NULL;
	return NULL;
}

static bool keyboard_has(const struct device *dev, u32 code)
{
	(void)dev;
	return key_of(code);
}

/* Pause has no end: all of it comes when it goes down. */
static void put_pause(struct keyboard *k, bool down)
{
	static const u8 pause[] = { 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77 };

	if (down)
		ps2_put(&k->queue, pause, sizeof(pause));
}

static void put_key(struct keyboard *k, u32 code, bool down)
{
	const struct input_key *key = key_of(code);

	if (!key)
		return;
	if (code == KEY_PAUSE) {
		put_pause(k, down);
		return;
	}
	if (key->set2 >> 8)
		ps2_put_byte(&k->queue, (u8)(key->set2 >> 8));
	if (!down)
		ps2_put_byte(&k->queue, 0xf0);
	ps2_put_byte(&k->queue, (u8)key->set2);
}

/* -- Repeating ------------------------------------------------------------------------- */

/* Bits 6..5 are the delay in quarters of a second, from 1; bits 4..0 the period. */
static u64 delay_ns(const struct keyboard *k)
{
	return ((k->rate >> 5 & 3) + 1) * (u64)250000000;
}

static u64 period_ns(const struct keyboard *k)
{
	return ((u64)(8 + (k->rate & 7)) << (k->rate >> 3 & 3)) * 4170000;
}

static void repeat_from(struct keyboard *k, u32 code, bool down)
{
	if (down && code != KEY_PAUSE) {
		k->repeated = code;
		k->repeats_ns = clock_ns(&k->dev) + delay_ns(k);
	} else if (!down && code == k->repeated) {
		k->repeated = 0;
	}
}

static void keyboard_timer(struct device *dev)
{
	struct keyboard *k = (struct keyboard *)dev;

	if (!k->repeated || clock_ns(dev) < k->repeats_ns)
		return;
	k->repeats_ns = clock_ns(dev) + period_ns(k);
	if (k->scanning && !k->queue.n) /* a host that does not keep up gets fewer */
		put_key(k, k->repeated, true);
}

static void keyboard_update(struct device *dev)
{
	struct keyboard *k = (struct keyboard *)dev;
	struct input_event e;

	while (k->scanning && ps2_room(&k->queue) >= LONGEST + ANSWER && input_next(&k->port, &e)) {
		put_key(k, e.code, e.x);
		repeat_from(k, e.code, e.x);
	}
	if (k->repeated)
		timer_at(dev, k->repeats_ns);
	else
		timer_off(dev);
}

/* -- Commands ------------------------------------------------------------------------------ */

static void answer(struct keyboard *k, u8 byte)
{
	ps2_put_byte(&k->queue, byte);
	k->last = byte;
}

static void defaults(struct keyboard *k)
{
	k->rate = RATE_DEFAULT;
	k->command = 0;
	k->repeated = 0;
	ps2_clear(&k->queue);
}

/* Scroll, num, caps lock in PS/2; num, caps, scroll lock in input.h. */
static u32 leds_from(u32 v)
{
	return (v >> 1 & 3u) | (v & 1u) << 2;
}

static void scan_set(struct keyboard *k, u8 set)
{
	if (set > 2 || set == 1) {
		answer(k, PS2_RESEND);
		return;
	}
	answer(k, PS2_ACK);
	if (!set)
		answer(k, 2);
}

static void argument(struct keyboard *k, u8 v)
{
	u8 command = k->command;

	k->command = 0;
	if (command == SET_SCAN_SET) {
		scan_set(k, v);
		return;
	}
	if (command == SET_LEDS)
		k->port.leds = leds_from(v);
	else
		k->rate = v & 0x7f;
	answer(k, PS2_ACK);
}

static void command(struct keyboard *k, u8 v)
{
	k->command = 0;
	switch (v) {
	case SET_LEDS:
	case SET_SCAN_SET:
	case SET_RATE:
		k->command = v;
		answer(k, PS2_ACK);
		break;
	case ECHO:
		answer(k, ECHO);
		break;
	case IDENTIFY:
		answer(k, PS2_ACK);
		answer(k, 0xab);
		answer(k, 0x83);
		break;
	case ENABLE:
	case DISABLE:
	case DEFAULTS:
		defaults(k);
		k->scanning = v != DISABLE;
		answer(k, PS2_ACK);
		break;
	case RESEND:
		answer(k, k->last);
		break;
	case RESET:
		defaults(k);
		k->port.leds = 0;
		k->scanning = true;
		answer(k, PS2_ACK);
		answer(k, PS2_PASSED);
		break;
	default:
		answer(k, v >= KEY_TYPES && v < RESEND ? PS2_ACK : PS2_RESEND);
	}
}

static void keyboard_write(struct device *dev, u8 byte)
{
	struct keyboard *k = (struct keyboard *)dev;

	k->known = true;
	if (k->command && byte < SET_LEDS)
		argument(k, byte);
	else
		command(k, byte);
}

/* -- Life ------------------------------------------------------------------------------------- */

static bool keyboard_listens(const struct device *dev)
{
	const struct keyboard *k = (const struct keyboard *)dev;

	return k->known && k->scanning;
}

static void keyboard_arrived(struct device *dev)
{
	(void)dev; /* update() comes next */
}

/* After power-on it says that it is well. */
static void keyboard_reset(struct device *dev)
{
	struct keyboard *k = (struct keyboard *)dev;

	k->rate = RATE_DEFAULT;
	k->scanning = true;
	ps2_put_byte(&k->queue, PS2_PASSED);
}

/* clang-format off */
#define SELF struct keyboard

DEVICE(ps2_keyboard) = {
	.name         = "ps2-keyboard",
	.doc          = "PS/2 keyboard, scan code set 2",
	.linux_driver = "atkbd",
	.linux_config = "KEYBOARD_ATKBD",
	.size         = sizeof(SELF),
	.on           = BUS_PS2,
	.example      = "keyboard0: {device: ps2-keyboard}",
	.reset        = keyboard_reset,
	.update       = keyboard_update,
	.timer        = keyboard_timer,

	.sink = &(const struct input_sink){
		.port    = offsetof(SELF, port),
		.has     = keyboard_has,
		.listens = keyboard_listens,
		.arrived = keyboard_arrived,
	},
	.ps2 = &(const struct ps2_class){ .queue = offsetof(SELF, queue), .write = keyboard_write },

	.state = STATE(
		PS2_STATE, INPUT_STATE, FIELD(command), FIELD(last), FIELD(rate), FIELD(scanning),
		FIELD(known), FIELD(repeated), FIELD(repeats_ns)),
};
