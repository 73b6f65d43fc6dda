/* Devices on a bus of another device: found by their place, called one lock at a time. */
#include "bench.h"

#include "spi.h"

/* -- A controller with nothing but a bus, and a chip that returns what it got before ------ */

struct controller {
	struct device dev;
	u32 chip, selected, data;
};

static void set_selected(struct device *dev, u64 value)
{
	spi_select(dev, ((struct controller *)dev)->chip, value);
}

static void send(struct device *dev, u64 value)
{
	struct controller *c = (struct controller *)dev;

	c->data = spi_transfer(dev, c->chip, (u8)value);
}

#define CHIP     0x0
#define SELECTED 0x4
#define DATA     0x8

#define SELF struct controller
static const struct device_class controller_class = {
	.name = "controller",
	.size = sizeof(SELF),
	.mmio_size = 0x1000,
	.bus = BUS_SPI,
	.regs = REGS(REG(CHIP, chip, RW), REG(SELECTED, selected, WO, .on_write = set_selected),
		     REG(DATA, data, RW, .on_write = send)),
};
#undef SELF

struct echo {
	struct device dev;
	struct wire interrupts[1];
	bool selected;
	u8 last;
	u32 updates;
};

static void echo_select(struct device *dev, bool selected)
{
	((struct echo *)dev)->selected = selected;
}

static u8 echo_transfer(struct device *dev, u8 out)
{
	struct echo *e = (struct echo *)dev;
	u8 in = e->last;

	e->last = out;
	return in;
}

static void echo_update(struct device *dev)
{
	struct echo *e = (struct echo *)dev;

	e->updates++;
	wire_set(dev, &e->interrupts[0], e->last);
}

#define SELF struct echo
static const struct device_class echo_class = {
	.name = "echo",
	.size = sizeof(SELF),
	.on = BUS_SPI,
	.update = echo_update,
	.props = PROPS(PROP_IRQS(interrupts, .doc = "it has got something")),
	.spi = &(const struct spi_class){ .select = echo_select, .transfer = echo_transfer },
};
#undef SELF

static struct device *try_chip(struct device *bus, u32 place, struct err *e)
{
	static const struct value values[1];

	return bench_place(bench_of(bus), &echo_class, values,
			   (struct device_place){ .parent = bus, .slot = place }, e);
}

static struct device *controller(void)
{
	struct err e = { 0 };

	return bench_class(bench_new(), &controller_class, "", &e);
}

static struct device *add_chip(struct device *bus, u32 place)
{
	struct err e = { 0 };
	struct device *dev = try_chip(bus, place, &e);

	if (!dev)
		fail_msg("%s", e.text);
	return dev;
}

static u32 exchange(struct device *bus, u32 chip, u32 out)
{
	wr(bus, CHIP, chip);
	wr(bus, DATA, out);
	return rd(bus, DATA);
}

/* -- Promises ----------------------------------------------------------------------------- */

static void a_byte_goes_to_the_chip_that_is_meant_and_another_comes_back(void **state)
{
	struct device *bus = controller(), *a = add_chip(bus, 0), *b = add_chip(bus, 3);

	assert_int_equal(exchange(bus, 0, 0x11), 0);
	assert_int_equal(exchange(bus, 3, 0x22), 0);
	assert_int_equal(exchange(bus, 0, 0x33), 0x11);
	assert_int_equal(((struct echo *)a)->last, 0x33);
	assert_int_equal(((struct echo *)b)->last, 0x22);
	bench_free(bus);
	(void)state;
}

static void only_the_chip_that_is_meant_is_selected(void **state)
{
	struct device *bus = controller(), *a = add_chip(bus, 0), *b = add_chip(bus, 1);

	wr(bus, CHIP, 1);
	wr(bus, SELECTED, 1);
	assert_false(((struct echo *)a)->selected);
	assert_true(((struct echo *)b)->selected);
	bench_free(bus);
	(void)state;
}

static void where_there_is_no_chip_all_bits_read_one(void **state)
{
	struct device *bus = controller();

	assert_int_equal(exchange(bus, 0, 0), 0xff);
	add_chip(bus, 0);
	assert_int_equal(exchange(bus, 1, 0), 0xff);
	assert_int_equal(exchange(bus, 127, 0), 0xff);
	assert_int_equal(exchange(bus, 128, 0), 0xff);
	assert_int_equal(exchange(bus, UINT32_MAX, 0), 0xff);
	wr(bus, SELECTED, 1);
	bench_free(bus);
	(void)state;
}

static void a_chip_is_updated_and_its_wires_heard_before_the_controller_goes_on(void **state)
{
	struct device *bus = controller(), *chip = add_chip(bus, 0);
	u32 before = ((struct echo *)chip)->updates;

	exchange(bus, 0, 1);
	assert_int_equal(((struct echo *)chip)->updates, before + 1);
	assert_true(device_wire(chip, "interrupts", 0)->level);
	assert_false(device_wire(chip, "interrupts", 0)->queued);
	bench_free(bus);
	(void)state;
}

static void two_chips_in_one_place_are_refused(void **state)
{
	struct device *bus = controller();
	struct err e = { 0 };

	add_chip(bus, 5);
	assert_null(try_chip(bus, 5, &e));
	assert_string_equal(e.text, "dut: place 5 is taken by dut");
	assert_null(try_chip(bus, 128, &e));
	assert_string_equal(e.text, "dut: place 128 is not in 0..127");
	assert_int_equal(exchange(bus, 5, 7), 0);
	bench_free(bus);
	(void)state;
}

static void a_chip_does_not_stand_on_another_kind_of_bus(void **state)
{
	struct device_class i2c = controller_class;
	struct device *bus;
	struct err e = { 0 };

	i2c.bus = BUS_I2C;
	bus = bench_class(bench_new(), &i2c, "", &e);
	assert_null(try_chip(bus, 0, &e));
	assert_string_equal(e.text, "dut: dut is not a bus for it");
	bench_free(bus);
	(void)state;
}

static void a_chip_that_is_gone_is_not_found(void **state)
{
	struct device *bus = controller();

	device_free(add_chip(bus, 0));
	bench_of(bus)->ndevices--;
	assert_int_equal(exchange(bus, 0, 1), 0xff);
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_goes_to_the_chip_that_is_meant_and_another_comes_back),
		cmocka_unit_test(only_the_chip_that_is_meant_is_selected),
		cmocka_unit_test(where_there_is_no_chip_all_bits_read_one),
		cmocka_unit_test(
			a_chip_is_updated_and_its_wires_heard_before_the_controller_goes_on),
		cmocka_unit_test(two_chips_in_one_place_are_refused),
		cmocka_unit_test(a_chip_does_not_stand_on_another_kind_of_bus),
		cmocka_unit_test(a_chip_that_is_gone_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
