/* What the FU540 manual promises of its UART (chapter 13). */
#include "bench.h"

enum {
	TXDATA = 0x00,
	RXDATA = 0x04,
	TXCTRL = 0x08,
	RXCTRL = 0x0c,
	IE = 0x10,
	IP = 0x14,
	DIV = 0x18
};
enum { EN = 1, TXWM = 1, RXWM = 2 };
#define FLAG     0x80000000
#define COUNT(n) ((u32)(n) << 16)

static bool irq(struct device *uart)
{
	return device_wire(uart, "interrupts", 0)->level;
}

static const char *sent(struct device *uart)
{
	struct bench *b = bench_of(uart);

	b->out[b->nout] = 0;
	return (const char *)b->out;
}

static void what_is_written_goes_out_in_order(void **state)
{
	struct device *uart = bench("uart-sifive");

	wr(uart, TXCTRL, EN);
	for (const char *s = "hello"; *s; s++)
		wr(uart, TXDATA, (u8)*s);
	assert_string_equal(sent(uart), "hello");
	assert_int_equal(rd(uart, TXDATA), 0);
	bench_free(uart);
	(void)state;
}

static void without_txen_eight_bytes_wait_and_the_ninth_is_lost(void **state)
{
	struct device *uart = bench("uart-sifive");

	for (u32 i = 0; i < 8; i++) {
		assert_int_equal(rd(uart, TXDATA), 0);
		wr(uart, TXDATA, 'a' + i);
	}
	assert_int_equal(rd(uart, TXDATA), FLAG);
	wr(uart, TXDATA, 'X');
	assert_string_equal(sent(uart), "");
	wr(uart, TXCTRL, EN);
	assert_string_equal(sent(uart), "abcdefgh");
	assert_int_equal(rd(uart, TXDATA), 0);
	bench_free(uart);
	(void)state;
}

static void what_arrives_is_read_in_order_and_then_it_is_empty(void **state)
{
	struct device *uart = bench("uart-sifive");

	wr(uart, RXCTRL, EN);
	assert_int_equal(bench_type(uart, "ab"), 2);
	assert_int_equal(rd(uart, RXDATA), 'a');
	assert_int_equal(rd(uart, RXDATA), 'b');
	assert_int_equal(rd(uart, RXDATA), FLAG);
	bench_free(uart);
	(void)state;
}

static void a_receiver_that_is_off_or_full_takes_nothing(void **state)
{
	struct device *uart = bench("uart-sifive");
	u32 ready;

	assert_int_equal(bench_type(uart, "lost?"), 0);
	ready = bench_of(uart)->ready;
	wr(uart, RXCTRL, EN);
	assert_true(bench_of(uart)->ready > ready);
	assert_int_equal(bench_type(uart, "0123456789"), 8);
	assert_int_equal(bench_type(uart, "8"), 0);
	ready = bench_of(uart)->ready;
	assert_int_equal(rd(uart, RXDATA), '0');
	assert_true(bench_of(uart)->ready > ready);
	assert_int_equal(bench_type(uart, "89"), 1);
	bench_free(uart);
	(void)state;
}

static void the_transmit_watermark_is_fewer_than_txcnt(void **state)
{
	struct device *uart = bench("uart-sifive");

	assert_int_equal(rd(uart, IP), 0); /* 0 is not fewer than 0 */
	wr(uart, TXCTRL, COUNT(2));
	assert_int_equal(rd(uart, IP), TXWM);
	assert_false(irq(uart));
	wr(uart, IE, TXWM);
	assert_true(irq(uart));
	wr(uart, TXDATA, 'a');
	assert_true(irq(uart));
	wr(uart, TXDATA, 'b');
	assert_false(irq(uart));
	wr(uart, TXCTRL, COUNT(2) | EN);
	assert_true(irq(uart));
	bench_free(uart);
	(void)state;
}

static void the_receive_watermark_is_more_than_rxcnt(void **state)
{
	struct device *uart = bench("uart-sifive");

	wr(uart, IE, RXWM);
	wr(uart, RXCTRL, EN | COUNT(1));
	bench_type(uart, "a");
	assert_false(irq(uart));
	bench_type(uart, "b");
	assert_int_equal(rd(uart, IP), RXWM);
	assert_true(irq(uart));
	rd(uart, RXDATA);
	assert_false(irq(uart));
	bench_free(uart);
	(void)state;
}

static void pending_bits_cannot_be_written(void **state)
{
	struct device *uart = bench("uart-sifive");

	wr(uart, IP, TXWM | RXWM);
	assert_int_equal(rd(uart, IP), 0);
	bench_free(uart);
	(void)state;
}

static void bits_that_are_not_there_read_0(void **state)
{
	struct device *uart = bench("uart-sifive");

	wr(uart, TXCTRL, 0xffffffff);
	wr(uart, RXCTRL, 0xffffffff);
	wr(uart, IE, 0xffffffff);
	wr(uart, DIV, 0xffffffff);
	assert_int_equal(rd(uart, TXCTRL), 0x70003);
	assert_int_equal(rd(uart, RXCTRL), 0x70001);
	assert_int_equal(rd(uart, IE), 3);
	assert_int_equal(rd(uart, DIV), 0xffff);
	bench_free(uart);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_goes_out_in_order),
		cmocka_unit_test(without_txen_eight_bytes_wait_and_the_ninth_is_lost),
		cmocka_unit_test(what_arrives_is_read_in_order_and_then_it_is_empty),
		cmocka_unit_test(a_receiver_that_is_off_or_full_takes_nothing),
		cmocka_unit_test(the_transmit_watermark_is_fewer_than_txcnt),
		cmocka_unit_test(the_receive_watermark_is_more_than_rxcnt),
		cmocka_unit_test(pending_bits_cannot_be_written),
		cmocka_unit_test(bits_that_are_not_there_read_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
