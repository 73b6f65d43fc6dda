/* hid_i2c.c - HID over I2C Protocol Specification 1.0: chapters 5 to 7.
 *
 * What the host writes begins with the number of a register, low byte first.  What it
 * reads after a repeated START is the answer to that; a read without a write before it
 * is of the report that waits.
 *
 * Not modeled: the alert of SMBus, idle rates, the boot protocol as one of its own.
 */
#include "hid_i2c.h"

#include "core.h"

#define VENDOR 0x1209 /* pid.codes, for what has no maker */

/* Registers beside that of the descriptor, wherever the board has put it. */
enum { DESCRIPTOR, REPORT_DESCRIPTOR, INPUT, OUTPUT, COMMAND, DATA };

enum { DO_RESET = 1, GET_REPORT, SET_REPORT, GET_PROTOCOL = 6, SET_POWER = 8 };
enum { TYPE_INPUT = 1, TYPE_OUTPUT = 2 };

#define DESCRIPTOR_BYTES 30 /* section 5.1 */

static u16 number_of(const struct hid *h, u32 which)
{
	return (u16)(h->hid_descr_addr + which);
}

/* Which register the host has named; -1: none, or none of ours. */
static i32 named(const struct hid *h)
{
	u32 which;

	if (h->nwritten < 2)
		return -1;
	which = (u16)(get_le16(h->written) - h->hid_descr_addr);
	return which <= DATA ? (i32)which : -1;
}

static struct hid *hid_of(const struct device *dev)
{
	return device_member(dev, dev->class->hid->hid);
}

/* -- Answers -------------------------------------------------------------------------- */

static void answer(struct hid *h, const void *bytes, u32 n)
{
	assert(h->nanswer + n <= HID_ANSWER); /* a class's descriptor is ours */
	memcpy(h->answer + h->nanswer, bytes, n);
	h->nanswer += n;
}

static void answer16(struct hid *h, u32 v)
{
	u8 b[2];

	put_le16(b, (u16)v);
	answer(h, b, sizeof(b));
}

static void answer_descriptor(struct hid *h, const struct hid_class *is)
{
	static const u8 reserved[4];

	answer16(h, DESCRIPTOR_BYTES);
	answer16(h, 0x0100); /* version 1.00 */
	answer16(h, is->descriptor_bytes);
	answer16(h, number_of(h, REPORT_DESCRIPTOR));
	answer16(h, number_of(h, INPUT));
	answer16(h, is->input_bytes + 2u);
	answer16(h, number_of(h, OUTPUT));
	answer16(h, is->output_bytes ? is->output_bytes + 2u : 0);
	answer16(h, number_of(h, COMMAND));
	answer16(h, number_of(h, DATA));
	answer16(h, VENDOR);
	answer16(h, is->product);
	answer16(h, 0x0100); /* its own version */
	answer(h, reserved, sizeof(reserved));
}

static void answer_report(struct hid *h, const struct hid_class *is, const u8 *report)
{
	answer16(h, is->input_bytes + 2u);
	answer(h, report, is->input_bytes);
}

/* Section 7.2.1: after a reset two zeros come first.  Reading lets the line fall. */
static void answer_input(struct hid *h, const struct hid_class *is)
{
	if (h->was_reset || !h->waits)
		answer16(h, 0);
	else
		answer_report(h, is, h->report);
	if (!h->was_reset)
		h->waits = false;
	h->was_reset = false;
}

/* Low byte: type and report; high byte: what to do (section 7.1). */
static void answer_command(struct hid *h, struct device *dev)
{
	u32 opcode = h->nwritten < 4 ? 0 : h->written[3] & 15;
	u8 report[HID_REPORT] = { 0 };

	if (opcode == GET_PROTOCOL) {
		answer16(h, 1); /* the report protocol */
	} else if (opcode == GET_REPORT && (h->written[2] >> 4 & 3) == TYPE_INPUT) {
		dev->class->hid->now(dev, report);
		answer_report(h, dev->class->hid, report);
	}
}

static void answer_named(struct hid *h, struct device *dev)
{
	const struct hid_class *is = dev->class->hid;

	switch (named(h)) {
	case DESCRIPTOR:
		answer_descriptor(h, is);
		break;
	case REPORT_DESCRIPTOR:
		answer(h, is->descriptor, is->descriptor_bytes);
		break;
	case INPUT:
		answer_input(h, is);
		break;
	case COMMAND:
		answer_command(h, dev);
		break;
	default:
		break;
	}
}

/* -- What is written and not asked ----------------------------------------------------------- */

static void reset_now(struct hid *h)
{
	h->waits = h->asleep = false;
	h->was_reset = true;
}

/* Its length, which counts itself, and the report, from byte `at` on. */
static void output_at(struct hid *h, struct device *dev, u32 at)
{
	const struct hid_class *is = dev->class->hid;
	u32 n = is->output_bytes;

	if (n && h->nwritten >= at + 2 + n && get_le16(h->written + at) == n + 2)
		is->output(dev, h->written + at + 2);
}

static void command(struct hid *h, struct device *dev)
{
	if (h->nwritten < 4)
		return;
	h->known = true;
	switch (h->written[3] & 15) {
	case DO_RESET:
		reset_now(h);
		break;
	case SET_POWER:
		h->asleep = h->written[2] & 1;
		break;
	case SET_REPORT: /* then the number of the data register */
		if ((h->written[2] >> 4 & 3) == TYPE_OUTPUT)
			output_at(h, dev, 6);
		break;
	default:
		break;
	}
}

/* -- The bus --------------------------------------------------------------------------------------
 */

static bool hid_start(struct device *dev, bool read)
{
	struct hid *h = hid_of(dev);

	if (read) {
		h->nanswer = h->at = 0;
		if (h->nwritten)
			answer_named(h, dev);
		else
			answer_input(h, dev->class->hid);
	}
	h->nwritten = 0;
	return true;
}

static bool hid_write(struct device *dev, u8 byte)
{
	struct hid *h = hid_of(dev);

	if (h->nwritten < HID_WRITTEN)
		h->written[h->nwritten++] = byte;
	return true;
}

static u8 hid_read(struct device *dev)
{
	struct hid *h = hid_of(dev);

	return h->at < h->nanswer ? h->answer[h->at++] : 0;
}

static void hid_stop(struct device *dev)
{
	struct hid *h = hid_of(dev);

	if (named(h) == COMMAND)
		command(h, dev);
	else if (named(h) == OUTPUT)
		output_at(h, dev, 2);
	h->nwritten = 0;
}

const struct i2c_class hid_on_i2c = { hid_start, hid_write, hid_read, hid_stop };

/* -- For the model ---------------------------------------------------------------------------- */

void hid_update(struct device *dev)
{
	struct hid *h = hid_of(dev);

	if (!h->waits && !h->asleep)
		h->waits = dev->class->hid->next(dev, h->report);
	wire_set(dev, &h->interrupts[0], h->waits || h->was_reset);
}

bool hid_listens(const struct device *dev)
{
	const struct hid *h = hid_of(dev);

	return h->known && !h->asleep;
}

void hid_arrived(struct device *dev)
{
	(void)dev; /* update() comes next */
}
