/* What a HID driver reads of a keyboard and a touch screen on I2C. */
#include "i2c_bench.h"

#include "hid_i2c.h"
#include "input.h"

#define ADDRESS 0x2c

struct desk {
	struct device *bus, *dev;
	struct input_source *user;
	u16 report_descriptor, input, output, command, data;
	u16 report_bytes, descriptor_bytes;
	u8 descriptor[HID_ANSWER];
};

static void ask(struct desk *d, const u8 *what, u32 n, u8 *bytes, u32 len)
{
	assert_true(i2c_begin(d->bus, ADDRESS, false));
	for (u32 i = 0; i < n; i++)
		assert_true(i2c_put(d->bus, what[i], 0));
	assert_true(i2c_receive(d->bus, ADDRESS, bytes, len));
}

static void ask_register(struct desk *d, u16 which, u8 *bytes, u32 len)
{
	const u8 what[] = { (u8)which, (u8)(which >> 8) };

	ask(d, what, sizeof(what), bytes, len);
}

static void command(struct desk *d, u8 opcode, u8 argument)
{
	const u8 b[] = { (u8)d->command, (u8)(d->command >> 8), argument, opcode };

	assert_true(i2c_send(d->bus, ADDRESS, b, sizeof(b)));
}

static bool irq(struct desk *d)
{
	return device_wire(d->dev, "interrupts", 0)->level;
}

/* As a driver begins: its descriptor, that of its reports, power on, reset. */
static void desk_start(struct desk *d, const char *class)
{
	u8 b[30];

	memset(d, 0, sizeof(*d));
	d->bus = i2c_bench();
	d->dev = bench_nest(d->bus, class, ADDRESS, "hid-descr-addr=0x20");
	d->user = input_source_new(bench_of(d->bus)->machine.input);
	ask_register(d, 0x20, b, sizeof(b));
	assert_int_equal(get_le16(b), 30);
	assert_int_equal(get_le16(b + 2), 0x0100);
	d->descriptor_bytes = get_le16(b + 4);
	d->report_descriptor = get_le16(b + 6);
	d->input = get_le16(b + 8);
	d->report_bytes = get_le16(b + 10);
	d->output = get_le16(b + 12);
	d->command = get_le16(b + 16);
	d->data = get_le16(b + 18);
	ask_register(d, d->report_descriptor, d->descriptor, d->descriptor_bytes);
	command(d, 8, 0);
	command(d, 1, 0);
	assert_true(irq(d));
	assert_true(i2c_receive(d->bus, ADDRESS, b, 2));
	assert_int_equal(get_le16(b), 0);
	assert_false(irq(d));
}

static void desk_end(struct desk *d)
{
	input_source_free(d->user);
	bench_free(d->bus);
}

static void assert_report(struct desk *d, const u8 *report, u32 n)
{
	u8 b[2 + HID_REPORT];

	assert_int_equal(d->report_bytes, n + 2);
	assert_true(irq(d));
	assert_true(i2c_receive(d->bus, ADDRESS, b, d->report_bytes));
	assert_int_equal(get_le16(b), n + 2);
	assert_memory_equal(b + 2, report, n);
}

#define REPORT(d, ...)                                                                             \
	assert_report(d, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* -- A parser of report descriptors (HID 1.11 section 6.2.2) -------------------------------- */

struct parsed {
	u32 input_bits, output_bits, depth, application;
	bool closed;
};

static u32 item_value(const u8 *item, u32 n)
{
	u32 v = 0;

	for (u32 i = n; i-- > 0;)
		v = v << 8 | item[1 + i];
	return v;
}

static struct parsed parse(const u8 *bytes, u32 n)
{
	struct parsed p = { 0 };
	u32 size = 0, count = 0, page = 0, usage = 0;

	for (u32 at = 0; at < n;) {
		u32 data = (bytes[at] & 3) == 3 ? 4 : bytes[at] & 3, v;

		assert_true(at + 1 + data <= n);
		v = item_value(bytes + at, data);
		switch (bytes[at] & 0xfc) {
		case 0x04:
			page = v;
			break;
		case 0x08:
			usage = v;
			break;
		case 0x74:
			size = v;
			break;
		case 0x94:
			count = v;
			break;
		case 0x80:
			p.input_bits += size * count;
			break;
		case 0x90:
			p.output_bits += size * count;
			break;
		case 0xa0:
			if (!p.depth++)
				p.application = page << 16 | usage;
			break;
		case 0xc0:
			assert_true(p.depth > 0);
			p.closed = !--p.depth;
			break;
		default:
			break;
		}
		at += 1 + data;
	}
	return p;
}

static void what_it_says_of_its_reports_is_what_it_sends(void **state)
{
	static const struct {
		const char *class;
		u32 application, output_bits;
	} all[] = { { "hid-i2c-keyboard", 0x00010006, 8 }, { "hid-i2c-touch", 0x000d0004, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct desk d;
		struct parsed p;

		desk_start(&d, all[i].class);
		p = parse(d.descriptor, d.descriptor_bytes);
		assert_true(p.closed);
		assert_int_equal(p.application, all[i].application);
		assert_int_equal(p.input_bits, 8 * (d.report_bytes - 2));
		assert_int_equal(p.output_bits, all[i].output_bits);
		desk_end(&d);
	}
	(void)state;
}

/* -- The keyboard ----------------------------------------------------------------------------- */

static void press(struct desk *d, u32 code, bool down)
{
	assert_true(input_key(d->user, code, down));
}

static void keys_come_as_a_boot_keyboard_sends_them(void **state)
{
	struct desk d;

	desk_start(&d, "hid-i2c-keyboard");
	press(&d, KEY_A, true);
	REPORT(&d, 0, 0, 4, 0, 0, 0, 0, 0);
	press(&d, KEY_LEFTSHIFT, true);
	REPORT(&d, 2, 0, 4, 0, 0, 0, 0, 0);
	press(&d, KEY_A, false);
	REPORT(&d, 2, 0, 0, 0, 0, 0, 0, 0);
	press(&d, KEY_LEFTSHIFT, false);
	REPORT(&d, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_false(irq(&d));
	desk_end(&d);
	(void)state;
}

static void more_keys_than_six_roll_over(void **state)
{
	static const u32 keys[] = { KEY_A, KEY_B, KEY_C, KEY_D, KEY_E, KEY_F, KEY_G };
	struct desk d;
	u8 b[10];

	desk_start(&d, "hid-i2c-keyboard");
	for (u32 i = 0; i < 6; i++) {
		press(&d, keys[i], true);
		assert_true(i2c_receive(d.bus, ADDRESS, b, sizeof(b)));
	}
	assert_memory_equal(b + 2, ((const u8[]){ 0, 0, 4, 5, 6, 7, 8, 9 }), 8);
	press(&d, keys[6], true);
	REPORT(&d, 0, 0, 1, 1, 1, 1, 1, 1);
	press(&d, KEY_A, false);
	REPORT(&d, 0, 0, 5, 6, 7, 8, 9, 10);
	desk_end(&d);
	(void)state;
}

/* hvisor#129, RVVM#126: a line that is raised again while the guest reads is not lost. */
static void the_line_falls_with_the_last_report_that_waits(void **state)
{
	struct desk d;

	desk_start(&d, "hid-i2c-keyboard");
	press(&d, KEY_A, true);
	press(&d, KEY_A, false);
	REPORT(&d, 0, 0, 4, 0, 0, 0, 0, 0);
	assert_true(irq(&d));
	REPORT(&d, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_false(irq(&d));
	desk_end(&d);
	(void)state;
}

static void lamps_are_set_by_either_way(void **state)
{
	struct desk d;
	struct input *in;

	desk_start(&d, "hid-i2c-keyboard");
	in = bench_of(d.bus)->machine.input;
	assert_true(i2c_send(d.bus, ADDRESS,
			     (const u8[]){ (u8)d.output, (u8)(d.output >> 8), 3, 0, 2 }, 5));
	assert_int_equal(input_leds(in), 2);
	assert_true(i2c_send(d.bus, ADDRESS,
			     (const u8[]){ (u8)d.command, (u8)(d.command >> 8), 0x20, 3, (u8)d.data,
					   (u8)(d.data >> 8), 3, 0, 5 },
			     9));
	assert_int_equal(input_leds(in), 5);
	assert_true(i2c_send(d.bus, ADDRESS,
			     (const u8[]){ (u8)d.output, (u8)(d.output >> 8), 9, 0, 2 }, 5));
	assert_int_equal(input_leds(in), 5);
	desk_end(&d);
	(void)state;
}

static void a_report_can_be_asked_for(void **state)
{
	struct desk d;
	u8 b[10];

	desk_start(&d, "hid-i2c-keyboard");
	press(&d, KEY_B, true);
	ask(&d,
	    (const u8[]){ (u8)d.command, (u8)(d.command >> 8), 0x10, 2, (u8)d.data,
			  (u8)(d.data >> 8) },
	    6, b, sizeof(b));
	assert_memory_equal(b, ((const u8[]){ 10, 0, 0, 0, 5, 0, 0, 0, 0, 0 }), 10);
	assert_true(irq(&d));
	desk_end(&d);
	(void)state;
}

static void asleep_it_is_silent(void **state)
{
	struct desk d;

	desk_start(&d, "hid-i2c-keyboard");
	command(&d, 8, 1);
	assert_false(input_key(d.user, KEY_A, true));
	assert_false(irq(&d));
	command(&d, 8, 0);
	assert_true(input_key(d.user, KEY_B, true));
	assert_true(irq(&d));
	desk_end(&d);
	(void)state;
}

static void nothing_goes_to_one_without_a_driver(void **state)
{
	struct device *bus = i2c_bench();
	struct input_source *user = input_source_new(bench_of(bus)->machine.input);
	u8 b[4] = { 1, 1, 1, 1 };

	bench_nest(bus, "hid-i2c-keyboard", ADDRESS, "");
	assert_false(input_key(user, KEY_A, true));
	assert_true(i2c_receive(bus, ADDRESS, b, 4));
	assert_int_equal(get_le32(b), 0);
	input_source_free(user);
	bench_free(bus);
	(void)state;
}

/* -- The touch screen ------------------------------------------------------------------------- */

static void a_finger_is_where_the_pointer_is_and_down_with_its_button(void **state)
{
	struct desk d;

	desk_start(&d, "hid-i2c-touch");
	assert_true(input_place(d.user, 0, 1, 2, 2));
	REPORT(&d, 2, 0x00, 0x20, 0x00, 0x60);
	press(&d, BTN_LEFT, true);
	REPORT(&d, 3, 0x00, 0x20, 0x00, 0x60);
	assert_true(input_place(d.user, 1, 1, 2, 2));
	REPORT(&d, 3, 0x00, 0x60, 0x00, 0x60);
	press(&d, BTN_LEFT, false);
	REPORT(&d, 2, 0x00, 0x60, 0x00, 0x60);
	desk_end(&d);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_of_its_reports_is_what_it_sends),
		cmocka_unit_test(keys_come_as_a_boot_keyboard_sends_them),
		cmocka_unit_test(more_keys_than_six_roll_over),
		cmocka_unit_test(the_line_falls_with_the_last_report_that_waits),
		cmocka_unit_test(lamps_are_set_by_either_way),
		cmocka_unit_test(a_report_can_be_asked_for),
		cmocka_unit_test(asleep_it_is_silent),
		cmocka_unit_test(nothing_goes_to_one_without_a_driver),
		cmocka_unit_test(a_finger_is_where_the_pointer_is_and_down_with_its_button),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
