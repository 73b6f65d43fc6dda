/* virtio_input.c - what virtio-keyboard, virtio-tablet and virtio-mouse have in common.
 *
 * Spec: virtio 1.2 section 5.8.  The driver selects what configuration space shows, and learns
 * what there is in Linux's words.  Queue 0 takes events to it, eight bytes each, those of
 * one moment ended by a SYN; queue 1 brings what it sets: lamps.
 *
 * A tablet's axes have no resolution: the picture has none.
 */
#include "virtio_input.h"

#define EVENTS 0
#define STATUS 1

#define EVENT_BYTES 8

/* Linux's input-event-codes.h */
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11, EV_REP = 0x14 };
enum { REL_X = 0, REL_Y = 1, REL_HWHEEL = 6, REL_WHEEL = 8 };
enum { ABS_X = 0, ABS_Y = 1 };
enum { LED_NUML = 0, LED_CAPSL = 1, LED_SCROLLL = 2 };
enum { REP_DELAY = 0, REP_PERIOD = 1 };
enum { BUS_VIRTUAL = 6 };

/* Section 5.8.4 */
enum {
	CONFIG_SELECT = 0,
	CONFIG_SUBSEL = 1,
	CONFIG_SIZE = 2,
	CONFIG_DATA = 8,
};
enum {
	ID_NAME = 1,
	ID_SERIAL = 2,
	ID_DEVIDS = 3,
	EV_BITS = 0x11,
	ABS_INFO = 0x12,
};
#define DATA_BYTES 128

static const struct input_sink *sink_of(const struct virtio_input *in)
{
	return in->v.dev.class->sink;
}

bool virtio_input_has_key(const struct device *dev, u32 code)
{
	(void)dev;
	for (const struct input_key *k = input_keys; k->name; k++)
		if (k->code == code)
			return true;
	return false;
}

bool virtio_input_has_button(const struct device *dev, u32 code)
{
	(void)dev;
	return code >= BTN_LEFT && code <= BTN_EXTRA;
}

/* -- Configuration: each function fills the data and says how much of it there is -------- */

static u8 text(u8 *data, const char *s)
{
	size_t n = MIN(strlen(s), DATA_BYTES);

	memcpy(data, s, n);
	return (u8)n;
}

static u8 ids(const struct virtio_input *in, u8 *data)
{
	put_le16(data, BUS_VIRTUAL);
	put_le16(data + 4, (u16)(1 + sink_of(in)->pointer)); /* products of vendor 0 */
	return 8;
}

static void bit(u8 *data, u8 *size, u32 i)
{
	data[i / 8] |= (u8)(1 << i % 8);
	*size = (u8)MAX(*size, i / 8 + 1);
}

static u8 keys(const struct virtio_input *in, u8 *data)
{
	u8 size = 0;

	for (u32 i = 1; i < INPUT_CODES; i++)
		if (sink_of(in)->has(&in->v.dev, i))
			bit(data, &size, i);
	return size;
}

/* Bits of a type of event. */
static u8 event_bits(const struct virtio_input *in, u8 *data)
{
	u32 pointer = sink_of(in)->pointer;
	u8 size = 0;

	switch (in->subsel) {
	case EV_KEY:
		return keys(in, data);
	case EV_REL:
		if (pointer & INPUT_RELATIVE)
			bit(data, &size, REL_X), bit(data, &size, REL_Y);
		if (pointer & INPUT_WHEELS)
			bit(data, &size, REL_HWHEEL), bit(data, &size, REL_WHEEL);
		return size;
	case EV_ABS:
		if (pointer & INPUT_ABSOLUTE)
			bit(data, &size, ABS_X), bit(data, &size, ABS_Y);
		return size;
	case EV_LED:
		if (!pointer)
			for (u32 i = LED_NUML; i <= LED_SCROLLL; i++)
				bit(data, &size, i);
		return size;
	case EV_REP:
		if (!pointer)
			bit(data, &size, REP_DELAY), bit(data, &size, REP_PERIOD);
		return size;
	default:
		return 0;
	}
}

/* le32 min, max, fuzz, flat, resolution */
static u8 axis(const struct virtio_input *in, u8 *data)
{
	if (!(sink_of(in)->pointer & INPUT_ABSOLUTE) || in->subsel > ABS_Y)
		return 0;
	put_le32(data + 4, INPUT_MAX);
	return 20;
}

static u8 selected(const struct virtio_input *in, u8 *data)
{
	if (in->select == EV_BITS)
		return event_bits(in, data);
	if (in->select == ABS_INFO)
		return axis(in, data);
	if (in->subsel)
		return 0;
	switch (in->select) {
	case ID_NAME:
		return text(data, in->v.dev.class->name);
	case ID_SERIAL:
		return text(data, in->v.dev.name);
	case ID_DEVIDS:
		return ids(in, data);
	default:
		return 0;
	}
}

void virtio_input_config(struct virtio *v, u8 *config)
{
	const struct virtio_input *in = (const struct virtio_input *)v;

	config[CONFIG_SELECT] = in->select;
	config[CONFIG_SUBSEL] = in->subsel;
	config[CONFIG_SIZE] = selected(in, config + CONFIG_DATA);
}

void virtio_input_set_config(struct virtio *v, u32 off, u32 width, u32 value)
{
	struct virtio_input *in = (struct virtio_input *)v;

	if (width == 1 && off == CONFIG_SELECT)
		in->select = (u8)value;
	else if (width == 1 && off == CONFIG_SUBSEL)
		in->subsel = (u8)value;
	else
		guest_error(&v->dev, "configuration is read-only at 0x%x", off);
}

/* -- Events ------------------------------------------------------------------------------ */

static void part(struct virtio_input *in, u16 type, u16 code, i32 value)
{
	in->parts[in->n++] = (struct virtio_input_part){ type, code, (u32)value };
}

/* A motion of 0 is none. */
static void motion(struct virtio_input *in, u16 code, i32 value)
{
	if (value)
		part(in, EV_REL, code, value);
}

static void begin(struct virtio_input *in, const struct input_event *e)
{
	in->at = in->n = 0;
	switch (e->kind) {
	case INPUT_KEY:
		part(in, EV_KEY, (u16)e->code, e->x);
		break;
	case INPUT_PLACE:
		part(in, EV_ABS, ABS_X, e->x);
		part(in, EV_ABS, ABS_Y, e->y);
		break;
	case INPUT_MOVE:
		motion(in, REL_X, e->x);
		motion(in, REL_Y, e->y);
		break;
	case INPUT_WHEEL:
		motion(in, REL_HWHEEL, e->x);
		motion(in, REL_WHEEL, e->y);
		break;
	default: /* a damaged snapshot's */
		break;
	}
	part(in, EV_SYN, 0, 0);
}

static bool something_to_tell(struct virtio_input *in)
{
	struct input_event e;

	if (in->at >= in->n && input_next(&in->port, &e))
		begin(in, &e);
	return in->at < in->n;
}

/* A buffer that is too small comes back empty, and the next is tried. */
static void tell(struct virtio_input *in, const struct vchain *c)
{
	const struct virtio_input_part *p = &in->parts[in->at];
	u8 bytes[EVENT_BYTES];
	u32 written = 0;

	put_le16(bytes, p->type);
	put_le16(bytes + 2, p->code);
	put_le32(bytes + 4, p->value);
	if (c->in_bytes >= EVENT_BYTES) {
		written = (u32)vchain_write(&in->v, c, 0, bytes, EVENT_BYTES);
		in->at++;
	}
	virtq_push(&in->v, c, written);
}

static void tell_all(struct virtio_input *in)
{
	struct vchain c;

	while (something_to_tell(in) && virtq_pop(&in->v, EVENTS, &c))
		tell(in, &c);
	virtq_notify(&in->v, EVENTS);
}

bool virtio_input_listens(const struct device *dev)
{
	const struct virtio_input *in = (const struct virtio_input *)dev;

	return virtio_running(&in->v) && in->v.q[EVENTS].enabled;
}

void virtio_input_arrived(struct device *dev)
{
	tell_all((struct virtio_input *)dev);
}

/* -- What the driver sets -------------------------------------------------------------- */

static void set(struct virtio_input *in, const struct vchain *c)
{
	u8 bytes[EVENT_BYTES];
	u32 code, lamp;

	if (vchain_read(&in->v, c, 0, bytes, EVENT_BYTES) != EVENT_BYTES ||
	    get_le16(bytes) != EV_LED)
		return;
	code = get_le16(bytes + 2);
	if (code > LED_SCROLLL)
		return;
	lamp = (u32)1 << code;
	in->port.leds = get_le32(bytes + 4) ? in->port.leds | lamp : in->port.leds & ~lamp;
}

static void take_status(struct virtio_input *in)
{
	struct vchain c;

	while (virtq_pop(&in->v, STATUS, &c)) {
		set(in, &c);
		virtq_push(&in->v, &c, 0);
	}
	virtq_notify(&in->v, STATUS);
}

void virtio_input_kick(struct virtio *v, u32 queue)
{
	struct virtio_input *in = (struct virtio_input *)v;

	if (queue == EVENTS)
		tell_all(in);
	else
		take_status(in);
}
