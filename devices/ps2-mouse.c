/* ps2-mouse.c - a PS/2 mouse with a wheel and five buttons
 *
 * Spec: IBM PS/2 Hardware Technical Reference, "Mouse"; Microsoft, "PS/2 IntelliMouse
 * Support" (the sample rates that turn the wheel and the two buttons more on).
 *
 * A report is three bytes, or four after the knock:
 *
 *	0  YO XO YS XS 1 M R L      signs and overflows of
 *	1  motion to the right
 *	2  motion up
 *	3  wheel towards the user; for a mouse of five buttons, four bits of it, and
 *	   their state in bits 4 and 5
 *
 * In stream mode it reports what happens; in remote mode it is asked.
 *
 * Not modeled: the rate and the resolution themselves (motion comes as it is), scaling.
 */
#include "device.h"
#include "input.h"
#include "ps2.h"

#define REPORT 4
#define ANSWER 4 /* bytes at most, beside a report */

enum {
	SCALE_1_1 = 0xe6,
	SCALE_2_1 = 0xe7,
	SET_RESOLUTION = 0xe8,
	GET_STATUS = 0xe9,
	STREAM = 0xea,
	READ = 0xeb,
	WRAP_END = 0xec,
	WRAP = 0xee,
	REMOTE = 0xf0,
	IDENTIFY = 0xf2,
	SET_RATE = 0xf3,
	ENABLE = 0xf4,
	DISABLE = 0xf5,
	DEFAULTS = 0xf6,
	RESEND = 0xfe,
	RESET = 0xff,
};

enum { PLAIN = 0, WHEEL = 3, FIVE_BUTTONS = 4 };

struct mouse {
	struct device dev;

	struct ps2_queue queue;
	struct input_port port;
	i32 dx, dy, dz; /* not reported yet: right, down, away from the user */
	u8 buttons;     /* bit n is BTN_LEFT + n */
	bool changed;   /* they are not what was reported last */
	u8 id, command, rate, resolution;
	u8 rates[3]; /* the last that were set: a knock */
	bool enabled, remote, wrap, doubled, known;
};

/* -- Reports --------------------------------------------------------------------------- */

static i32 part_of(i32 *sum, i32 most)
{
	i32 part = MAX(-most, MIN(*sum, most));

	*sum -= part;
	return part;
}

static void put_report(struct mouse *m)
{
	i32 dx = part_of(&m->dx, 255), down = part_of(&m->dy, 255), away;
	u8 b[REPORT];

	b[0] = (u8)(8 | (m->buttons & 7) | (dx < 0 ? 0x10 : 0) | (down > 0 ? 0x20 : 0));
	b[1] = (u8)dx;
	b[2] = (u8)-down;
	ps2_put(&m->queue, b, 3);
	m->changed = false;
	if (m->id == PLAIN) {
		m->dz = 0;
		return;
	}
	away = part_of(&m->dz, 7);
	b[3] = (u8)-away;
	if (m->id == FIVE_BUTTONS)
		b[3] = (u8)((b[3] & 0xf) | (m->buttons & 0x18) << 1);
	ps2_put_byte(&m->queue, b[3]);
}

/* What nobody reports does not grow for ever. */
static i32 add(i32 sum, i32 more)
{
	i64 both = (i64)sum + more;

	return (i32)MAX(-INPUT_MAX, MIN(both, INPUT_MAX));
}

static void take(struct mouse *m, const struct input_event *e)
{
	u8 bit = (u8)(1 << (e->code & 7)); /* BTN_LEFT ends in 0 */

	if (e->kind == INPUT_KEY) {
		m->buttons = e->x ? m->buttons | bit : m->buttons & (u8)~bit;
		m->changed = true;
	} else if (e->kind == INPUT_MOVE) {
		m->dx = add(m->dx, e->x);
		m->dy = add(m->dy, e->y);
	} else if (e->kind == INPUT_WHEEL) {
		m->dz = add(m->dz, e->y);
	}
}

static bool has_news(const struct mouse *m)
{
	return m->changed || m->dx || m->dy || (m->dz && m->id != PLAIN);
}

/* A button's event is reported before the next is taken: a click is two reports. */
static void mouse_update(struct device *dev)
{
	struct mouse *m = (struct mouse *)dev;
	struct input_event e;

	while (m->enabled && !m->remote && !m->wrap && ps2_room(&m->queue) >= REPORT + ANSWER) {
		if (has_news(m))
			put_report(m);
		else if (input_next(&m->port, &e))
			take(m, &e);
		else
			break;
	}
}

static void ask(struct mouse *m)
{
	struct input_event e;

	while (input_next(&m->port, &e))
		take(m, &e);
	put_report(m);
}

/* -- Commands -------------------------------------------------------------------------------- */

static void forget(struct mouse *m)
{
	m->dx = m->dy = m->dz = 0;
	m->changed = false;
}

static void defaults(struct mouse *m)
{
	m->rate = 100;
	m->resolution = 2;
	m->enabled = m->remote = m->wrap = m->doubled = false;
	forget(m);
}

static void status(struct mouse *m)
{
	u8 b[3] = { (u8)((m->remote ? 0x40 : 0) | (m->enabled ? 0x20 : 0) |
			 (m->doubled ? 0x10 : 0) | (m->buttons & 1) << 2 | (m->buttons & 4) >> 1 |
			 (m->buttons & 2) >> 1),
		    m->resolution, m->rate };

	ps2_put(&m->queue, b, sizeof(b));
}

/* 200, 100, 80 asks for a wheel; then 200, 200, 80 for the buttons. */
static void knock(struct mouse *m, u8 rate)
{
	m->rates[0] = m->rates[1];
	m->rates[1] = m->rates[2];
	m->rates[2] = rate;
	if (m->rates[0] != 200 || rate != 80)
		return;
	if (m->rates[1] == 100)
		m->id = MAX(m->id, WHEEL);
	else if (m->rates[1] == 200 && m->id >= WHEEL)
		m->id = FIVE_BUTTONS;
}

static void argument(struct mouse *m, u8 v)
{
	if (m->command == SET_RATE) {
		m->rate = v;
		knock(m, v);
	} else {
		m->resolution = v & 3;
	}
	m->command = 0;
	ps2_put_byte(&m->queue, PS2_ACK);
}

static void reset_now(struct mouse *m)
{
	const u8 b[] = { PS2_PASSED, PLAIN };

	defaults(m);
	m->id = PLAIN;
	memset(m->rates, 0, sizeof(m->rates));
	ps2_put(&m->queue, b, sizeof(b));
}

static void set_mode(struct mouse *m, u8 v)
{
	if (v == SCALE_1_1 || v == SCALE_2_1)
		m->doubled = v == SCALE_2_1;
	else if (v == STREAM || v == REMOTE)
		m->remote = v == REMOTE;
	else if (v == WRAP || v == WRAP_END)
		m->wrap = v == WRAP;
	else
		m->enabled = v == ENABLE;
	forget(m);
}

/* All are acknowledged; what was waiting is gone. */
static void command(struct mouse *m, u8 v)
{
	ps2_clear(&m->queue);
	ps2_put_byte(&m->queue, PS2_ACK);
	switch (v) {
	case SET_RESOLUTION:
	case SET_RATE:
		m->command = v;
		break;
	case GET_STATUS:
		status(m);
		break;
	case READ:
		ask(m);
		break;
	case IDENTIFY:
		ps2_put_byte(&m->queue, m->id);
		break;
	case DEFAULTS:
		defaults(m);
		break;
	case RESET:
		reset_now(m);
		break;
	default:
		set_mode(m, v);
	}
}

static bool is_command(u8 v)
{
	return (v >= SCALE_1_1 && v <= WRAP_END) || v == WRAP || v == REMOTE ||
	       (v >= IDENTIFY && v <= DEFAULTS) || v == RESET;
}

static void mouse_write(struct device *dev, u8 byte)
{
	struct mouse *m = (struct mouse *)dev;

	m->known = true;
	if (m->command)
		argument(m, byte);
	else if (m->wrap && byte != RESET && byte != WRAP_END)
		ps2_put_byte(&m->queue, byte);
	else if (is_command(byte))
		command(m, byte);
	else
		ps2_put_byte(&m->queue, PS2_RESEND);
}

/* -- Life ----------------------------------------------------------------------------------------
 */

static bool mouse_has(const struct device *dev, u32 code)
{
	const struct mouse *m = (const struct mouse *)dev;
	u32 last = m->id == FIVE_BUTTONS ? BTN_EXTRA : BTN_MIDDLE;

	return code >= BTN_LEFT && code <= last;
}

static bool mouse_listens(const struct device *dev)
{
	const struct mouse *m = (const struct mouse *)dev;

	return m->known && (m->enabled || m->remote);
}

static void mouse_arrived(struct device *dev)
{
	(void)dev; /* update() comes next */
}

static void mouse_reset(struct device *dev)
{
	reset_now((struct mouse *)dev);
}

/* clang-format off */
#define SELF struct mouse

DEVICE(ps2_mouse) = {
	.name         = "ps2-mouse",
	.doc          = "PS/2 mouse with a wheel and five buttons",
	.linux_driver = "psmouse",
	.linux_config = "MOUSE_PS2",
	.size         = sizeof(SELF),
	.on           = BUS_PS2,
	.example      = "mouse0: {device: ps2-mouse}",
	.reset        = mouse_reset,
	.update       = mouse_update,

	.sink = &(const struct input_sink){
		.port    = offsetof(SELF, port),
		.pointer = INPUT_RELATIVE | INPUT_WHEELS,
		.has     = mouse_has,
		.listens = mouse_listens,
		.arrived = mouse_arrived,
	},
	.ps2 = &(const struct ps2_class){ .queue = offsetof(SELF, queue), .write = mouse_write },

	.state = STATE(
		PS2_STATE, INPUT_STATE, FIELD(dx), FIELD(dy), FIELD(dz), FIELD(buttons), FIELD(changed),
		FIELD(id), FIELD(command), FIELD(rate), FIELD(resolution), FIELD(rates),
		FIELD(enabled), FIELD(remote), FIELD(wrap), FIELD(doubled), FIELD(known)),
};
