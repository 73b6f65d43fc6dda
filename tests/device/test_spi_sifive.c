/* What drivers expect of the SiFive SPI controller, and chips of it. */
#include "spi_bench.h"

#include "spi.h"

/* A chip that remembers what happened to it, and answers with the byte before, inverted. */
struct ear {
	struct device dev;
	char heard[64];
	u32 n;
	u8 last;
};

static void hear(struct device *dev, char what)
{
	struct ear *e = (struct ear *)dev;

	if (e->n + 1 < sizeof(e->heard))
		e->heard[e->n++] = what;
}

static void ear_select(struct device *dev, bool selected)
{
	hear(dev, selected ? '(' : ')');
}

static u8 ear_transfer(struct device *dev, u8 out)
{
	struct ear *e = (struct ear *)dev;
	u8 in = (u8)~e->last;

	hear(dev, (char)out);
	e->last = out;
	return in;
}

/* clang-format off */
#define SELF struct ear
static const struct device_class ear_class = {
	.name = "test-ear", .doc = "hears all", .size = sizeof(SELF), .on = BUS_SPI,
	.spi = &(const struct spi_class){ ear_select, ear_transfer },
};
/* clang-format on */

static struct ear *add_ear(struct device *bus, u32 chip)
{
	struct err e = { 0 };
	struct device_place place = { .parent = bus, .slot = chip };

	return (struct ear *)bench_place(bench_of(bus), &ear_class, NULL, place, &e);
}

static void send(struct device *bus, const char *text)
{
	while (*text) {
		wr(bus, SPI_TXDATA, (u8)*text++);
		rd(bus, SPI_RXDATA);
	}
}

/* -- Promises ------------------------------------------------------------------------------ */

static void a_frame_brings_another_back(void **state)
{
	struct device *bus = bench("spi-sifive");

	add_ear(bus, 0);
	assert_int_equal(rd(bus, SPI_RXDATA), SPI_EMPTY);
	assert_int_equal(spi_exchange(bus, 0x12), 0xff);
	assert_int_equal(spi_exchange(bus, 0x34), 0xed);
	assert_int_equal(rd(bus, SPI_RXDATA), SPI_EMPTY);
	assert_int_equal(rd(bus, SPI_TXDATA), 0); /* there is always room */
	bench_free(bus);
	(void)state;
}

static void in_auto_mode_a_chip_is_selected_for_each_frame(void **state)
{
	struct device *bus = bench("spi-sifive");
	struct ear *e = add_ear(bus, 0);

	send(bus, "ab");
	assert_string_equal(e->heard, "(a)(b)");
	bench_free(bus);
	(void)state;
}

static void in_hold_mode_it_stays_selected_until_the_mode_or_the_chip_changes(void **state)
{
	struct device *bus = bench_with("spi-sifive", "num-cs=2");
	struct ear *e = add_ear(bus, 0), *other = add_ear(bus, 1);

	wr(bus, SPI_CSMODE, SPI_HOLD);
	assert_string_equal(e->heard, ""); /* not before the first frame */
	send(bus, "ab");
	wr(bus, SPI_CSID, 0); /* no change */
	wr(bus, SPI_CSMODE, SPI_HOLD);
	send(bus, "c");
	assert_string_equal(e->heard, "(abc");
	wr(bus, SPI_CSID, 1);
	assert_string_equal(e->heard, "(abc)");
	send(bus, "d");
	wr(bus, SPI_CSMODE, SPI_AUTO);
	assert_string_equal(other->heard, "(d)");
	bench_free(bus);
	(void)state;
}

static void with_selection_off_nobody_hears(void **state)
{
	struct device *bus = bench("spi-sifive");
	struct ear *e = add_ear(bus, 0);

	wr(bus, SPI_CSMODE, SPI_OFF);
	assert_int_equal(spi_exchange(bus, 'x'), 0xff);
	assert_string_equal(e->heard, "");
	bench_free(bus);
	(void)state;
}

static void a_pin_that_idles_low_selects_its_chip_but_during_frames(void **state)
{
	struct device *bus = bench_with("spi-sifive", "num-cs=2");
	struct ear *e = add_ear(bus, 0), *other = add_ear(bus, 1);

	wr(bus, SPI_CSDEF, 2);
	assert_string_equal(e->heard, "(");
	send(bus, "a");
	assert_string_equal(e->heard, "()(");
	wr(bus, SPI_CSDEF, 3);
	assert_string_equal(e->heard, "()()");
	assert_string_equal(other->heard, "");
	bench_free(bus);
	(void)state;
}

static void two_chips_at_once_both_hear_and_both_pull_the_line(void **state)
{
	struct device *bus = bench_with("spi-sifive", "num-cs=2");
	struct ear *a = add_ear(bus, 0), *b = add_ear(bus, 1);

	a->last = 0x0f;
	b->last = 0x30;
	wr(bus, SPI_CSDEF, 1); /* the other idles low */
	assert_int_equal(spi_exchange(bus, 'x'), 0xc0);
	assert_string_equal(a->heard, "(x)");
	assert_string_equal(b->heard, "(x");
	bench_free(bus);
	(void)state;
}

static void chip_selects_that_are_not_there_read_zero(void **state)
{
	struct device *bus = bench_with("spi-sifive", "num-cs=3");

	wr(bus, SPI_CSDEF, 0xffffffff);
	assert_int_equal(rd(bus, SPI_CSDEF), 7);
	wr(bus, SPI_CSID, 0xffffffff);
	assert_int_equal(spi_exchange(bus, 1), 0xff);
	bench_free(bus);
	(void)state;
}

static void bits_may_go_the_other_way_round(void **state)
{
	struct device *bus = bench("spi-sifive");
	struct ear *e = add_ear(bus, 0);

	wr(bus, SPI_FMT, 0x80004);
	e->last = 0xf0;
	assert_int_equal(spi_exchange(bus, 0x86), 0xf0); /* 0x0f */
	assert_int_equal(e->last, 0x61);
	bench_free(bus);
	(void)state;
}

static void what_comes_in_is_dropped_if_only_sending_or_if_the_fifo_is_full(void **state)
{
	struct device *bus = bench("spi-sifive");

	add_ear(bus, 0);
	wr(bus, SPI_FMT, 0x80008);
	wr(bus, SPI_TXDATA, 1);
	assert_int_equal(rd(bus, SPI_RXDATA), SPI_EMPTY);
	wr(bus, SPI_FMT, 0x80000);
	for (u32 i = 2; i < 14; i++)
		wr(bus, SPI_TXDATA, i);
	for (u32 i = 2; i < 10; i++)
		assert_int_equal(rd(bus, SPI_RXDATA), (u8) ~(i - 1));
	assert_int_equal(rd(bus, SPI_RXDATA), SPI_EMPTY);
	bench_free(bus);
	(void)state;
}

static void the_interrupt_follows_the_watermarks(void **state)
{
	struct device *bus = bench("spi-sifive");
	struct wire *irq = device_wire(bus, "interrupts", 0);

	wr(bus, SPI_RXMARK, 1);
	wr(bus, SPI_IE, 2);
	wr(bus, SPI_TXDATA, 0);
	assert_int_equal(rd(bus, SPI_IP), 0);
	assert_false(irq->level);
	wr(bus, SPI_TXDATA, 0); /* above the mark */
	assert_int_equal(rd(bus, SPI_IP), 2);
	assert_true(irq->level);
	rd(bus, SPI_RXDATA);
	assert_false(irq->level);
	wr(bus, SPI_TXMARK, 1);
	assert_int_equal(rd(bus, SPI_IP), 1);
	assert_false(irq->level);
	wr(bus, SPI_IE, 1);
	assert_true(irq->level);
	wr(bus, SPI_TXMARK, 0);
	assert_false(irq->level);
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_brings_another_back),
		cmocka_unit_test(in_auto_mode_a_chip_is_selected_for_each_frame),
		cmocka_unit_test(in_hold_mode_it_stays_selected_until_the_mode_or_the_chip_changes),
		cmocka_unit_test(with_selection_off_nobody_hears),
		cmocka_unit_test(a_pin_that_idles_low_selects_its_chip_but_during_frames),
		cmocka_unit_test(two_chips_at_once_both_hear_and_both_pull_the_line),
		cmocka_unit_test(chip_selects_that_are_not_there_read_zero),
		cmocka_unit_test(bits_may_go_the_other_way_round),
		cmocka_unit_test(what_comes_in_is_dropped_if_only_sending_or_if_the_fifo_is_full),
		cmocka_unit_test(the_interrupt_follows_the_watermarks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
