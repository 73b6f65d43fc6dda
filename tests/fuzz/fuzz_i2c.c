/* fuzz_i2c.c - any bytes as what a driver does to an I2C controller with a HID keyboard and touch
 * screen, a clock, a sensor and an EEPROM, while somebody types.
 *
 * An operation is a byte: a transfer as drivers make them, cut anywhere, or a register of the
 * controller.  Whatever happens: where no chip is none answers, and after a reset the HID
 * devices say what they are.
 */
#include "../device/i2c_bench.h"
#include "life.h"

#include "hid_i2c.h"
#include "input.h"

enum { KEYBOARD = 0x2c, TOUCH = 0x14, CLOCK = 0x68, SENSOR = 0x48, EEPROM = 0x50, NOBODY = 0x33 };

static const u8 addresses[] = { KEYBOARD, TOUCH, CLOCK, SENSOR, EEPROM, NOBODY };

struct rig {
	struct bench *b;
	struct device *bus;
};

static u8 some_address(struct input *in)
{
	u32 what = take(in, 1);

	return what < 0xf0 ? addresses[what % ARRAY_LEN(addresses)] : what & 0x7f;
}

/* What a HID driver writes: a register of the descriptor's, mostly a command and its operands. */
static void say(struct rig *r, struct input *in)
{
	u32 n = take(in, 1) % 40, hid = take(in, 1);

	if (hid & 0x80) {
		i2c_put(r->bus, (u8)(0x20 + hid % 7), 0);
		i2c_put(r->bus, 0, 0);
		n %= 8;
	}
	while (n-- && i2c_put(r->bus, (u8)take(in, 1), 0))
		;
}

static void transfer(struct rig *r, struct input *in)
{
	u32 how = take(in, 1);
	u8 address = some_address(in);

	if (i2c_begin(r->bus, address, how & 1) && address == NOBODY)
		abort();
	if (!(how & 1) || how & 2)
		say(r, in);
	if (how & 4)
		i2c_begin(r->bus, how & 0x20 ? some_address(in) : address, true);
	if (how & 5)
		for (u32 n = take(in, 1); n; n--)
			i2c_get(r->bus, n == 1 && how & 8);
	if (how & 0x10)
		i2c_end(r->bus);
}

static void use_hands(struct rig *r, struct input *in)
{
	u32 what = take(in, 1);

	if (what % 4 == 0)
		input_place(r->b->hands, take(in, 2), take(in, 2), 800, 600);
	else if (what % 4 == 1)
		input_key(r->b->hands, BTN_LEFT + (what >> 2 & 3), what & 0x80);
	else
		input_key(r->b->hands, take(in, 1), what & 0x80);
}

static void step(struct rig *r, struct input *in)
{
	u32 what = take(in, 1);

	switch (what % 8) {
	case 0:
		device_write(r->bus, what >> 4, 1u << (what >> 3 & 1), take(in, 1));
		break;
	case 1:
		device_read(r->bus, what >> 4, 1u << (what >> 3 & 1));
		break;
	case 2:
		wr8(r->bus, I2C_CONTROL, what & 0x10 ? 0xc0 : what);
		break;
	case 3:
		bench_advance(r->b, take(in, 2) * (u64)1000000);
		break;
	case 4:
		if (what >= 0xf0)
			device_reset(r->b->devices[take(in, 1) % r->b->ndevices]);
		break;
	case 5:
		use_hands(r, in);
		break;
	default:
		wr8(r->bus, I2C_CONTROL, 0x80);
		transfer(r, in);
	}
}

static void check_it_says_what_it_is(struct rig *r, u8 address)
{
	u8 b[30];

	if (!i2c_begin(r->bus, address, false) || !i2c_put(r->bus, 0x20, 0) ||
	    !i2c_put(r->bus, 0, 0) || !i2c_receive(r->bus, address, b, sizeof(b)) ||
	    get_le16(b) != sizeof(b))
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct rig r = { .bus = i2c_bench() };

	r.b = bench_of(r.bus);
	bench_nest(r.bus, "hid-i2c-keyboard", KEYBOARD, "hid-descr-addr=0x20");
	bench_nest(r.bus, "hid-i2c-touch", TOUCH, "hid-descr-addr=0x20");
	bench_nest(r.bus, "rtc-ds1307", CLOCK, "");
	bench_nest(r.bus, "sensor-tmp102", SENSOR, "");
	bench_nest(r.bus, "eeprom-at24", EEPROM, "");
	for (u32 steps = 0; in.left && steps < 200; steps++)
		step(&r, &in);
	for (u32 i = 0; i < r.b->ndevices; i++)
		device_reset(r.b->devices[i]);
	wr8(r.bus, I2C_CONTROL, 0x80);
	check_it_says_what_it_is(&r, KEYBOARD);
	check_it_says_what_it_is(&r, TOUCH);
	bench_end(r.b);
	return 0;
}
