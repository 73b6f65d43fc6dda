/* What drivers expect of the OpenCores I2C controller, and its chips of it. */
#include "i2c_bench.h"

#include "i2c.h"

/* A chip that remembers what happened to it. */
struct chip {
	struct device dev;
	char heard[128];
	u32 n;
	bool busy;
	u8 next;
};

static void hear(struct device *dev, char what)
{
	struct chip *c = (struct chip *)dev;

	if (c->n + 1 < sizeof(c->heard))
		c->heard[c->n++] = what;
}

static bool chip_start(struct device *dev, bool read)
{
	hear(dev, read ? 'r' : 'w');
	return !((struct chip *)dev)->busy;
}

static bool chip_write(struct device *dev, u8 byte)
{
	hear(dev, (char)byte);
	return byte != '!';
}

static u8 chip_read(struct device *dev)
{
	hear(dev, '<');
	return ++((struct chip *)dev)->next;
}

static void chip_stop(struct device *dev)
{
	hear(dev, '.');
}

/* clang-format off */
#define SELF struct chip
static const struct device_class chip_class = {
	.name = "test-ear", .doc = "hears all", .size = sizeof(SELF), .on = BUS_I2C,
	.i2c = &(const struct i2c_class){ chip_start, chip_write, chip_read, chip_stop },
};
/* clang-format on */

static struct chip *add_chip(struct device *bus, u32 address)
{
	struct err e = { 0 };
	struct device_place place = { .parent = bus, .slot = address };

	return (struct chip *)bench_place(bench_of(bus), &chip_class, NULL, place, &e);
}

static void a_transfer_reaches_the_chip_byte_by_byte(void **state)
{
	struct device *bus = i2c_bench();
	struct chip *c = add_chip(bus, 0x20);
	u8 got[2];

	assert_true(i2c_send(bus, 0x20, (const u8 *)"ab", 2));
	assert_true(i2c_receive(bus, 0x20, got, 2));
	assert_string_equal(c->heard, "wab.r<<.");
	assert_int_equal(got[0], 1);
	assert_int_equal(got[1], 2);
	bench_free(bus);
	(void)state;
}

static void a_repeated_start_turns_the_direction_without_a_stop(void **state)
{
	struct device *bus = i2c_bench();
	struct chip *c = add_chip(bus, 0x20);
	u8 got;

	i2c_read_at(bus, 0x20, 'a', &got, 1);
	assert_string_equal(c->heard, "war<.");
	bench_free(bus);
	(void)state;
}

static void a_missing_address_is_not_acknowledged(void **state)
{
	struct device *bus = i2c_bench();
	struct chip *c = add_chip(bus, 0x20);

	for (u8 a = 0; a < 0x80; a++) {
		assert_int_equal(i2c_begin(bus, a, true), a == 0x20);
		i2c_end(bus);
	}
	assert_false(i2c_begin(bus, 0x21, true));
	assert_int_equal(i2c_get(bus, true), 0xff);
	assert_string_equal(c->heard, "r.");
	bench_free(bus);
	(void)state;
}

static void a_byte_or_an_address_that_a_chip_refuses_is_not_acknowledged(void **state)
{
	struct device *bus = i2c_bench();
	struct chip *c = add_chip(bus, 0x20);

	assert_false(i2c_send(bus, 0x20, (const u8 *)"a!", 2));
	assert_true(i2c_send(bus, 0x20, (const u8 *)"b", 1));
	c->busy = true;
	assert_false(i2c_begin(bus, 0x20, false));
	assert_false(i2c_put(bus, 'x', 0));
	assert_null(strchr(c->heard, 'x')); /* who has not answered is not spoken to */
	bench_free(bus);
	(void)state;
}

static void the_bus_is_busy_from_start_to_stop(void **state)
{
	struct device *bus = i2c_bench();

	add_chip(bus, 0x20);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_BUSY, 0);
	i2c_begin(bus, 0x20, false);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_BUSY, I2C_BUSY);
	i2c_end(bus);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_BUSY, 0);
	bench_free(bus);
	(void)state;
}

static void the_interrupt_pends_until_it_is_acknowledged(void **state)
{
	struct device *bus = i2c_bench();
	struct wire *irq = device_wire(bus, "interrupts", 0);

	i2c_begin(bus, 0x20, false);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_PENDING, I2C_PENDING);
	assert_false(irq->level);
	wr8(bus, I2C_CONTROL, 0xc0);
	assert_true(irq->level);
	wr8(bus, I2C_COMMAND, 1);
	assert_false(irq->level);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_PENDING, 0);
	i2c_end(bus);
	assert_true(irq->level);
	bench_free(bus);
	(void)state;
}

static void an_acknowledge_with_a_command_leaves_the_new_interrupt(void **state)
{
	struct device *bus = i2c_bench();

	i2c_begin(bus, 0x20, false);
	wr8(bus, I2C_COMMAND, I2C_STOP | 1);
	assert_int_equal(rd8(bus, I2C_COMMAND) & I2C_PENDING, I2C_PENDING);
	bench_free(bus);
	(void)state;
}

static void a_controller_that_is_off_does_nothing(void **state)
{
	struct device *bus = i2c_bench();
	struct chip *c = add_chip(bus, 0x20);

	wr8(bus, I2C_CONTROL, 0);
	i2c_begin(bus, 0x20, false);
	assert_int_equal(rd8(bus, I2C_COMMAND), 0);
	assert_int_equal(c->n, 0);
	bench_free(bus);
	(void)state;
}

static void registers_are_as_far_apart_as_the_board_says(void **state)
{
	struct device *bus = bench_with("i2c-ocores", "reg-shift=2 reg-io-width=4");

	assert_int_equal(rd(bus, 0), 0xff);
	assert_int_equal(rd(bus, 4), 0xff);
	wr(bus, 0, 0x12);
	wr(bus, 8, 0xc0);
	assert_int_equal(rd(bus, 0), 0x12);
	assert_int_equal(rd(bus, 8), 0xc0);
	assert_int_equal(device_guest_errors(bus), 0);
	rd8(bus, 1);
	assert_int_equal(device_guest_errors(bus), 1);
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transfer_reaches_the_chip_byte_by_byte),
		cmocka_unit_test(a_repeated_start_turns_the_direction_without_a_stop),
		cmocka_unit_test(a_missing_address_is_not_acknowledged),
		cmocka_unit_test(a_byte_or_an_address_that_a_chip_refuses_is_not_acknowledged),
		cmocka_unit_test(the_bus_is_busy_from_start_to_stop),
		cmocka_unit_test(the_interrupt_pends_until_it_is_acknowledged),
		cmocka_unit_test(an_acknowledge_with_a_command_leaves_the_new_interrupt),
		cmocka_unit_test(a_controller_that_is_off_does_nothing),
		cmocka_unit_test(registers_are_as_far_apart_as_the_board_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
