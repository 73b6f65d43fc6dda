/* What the PC16550D data sheet promises, and what drivers have tripped over. */
#include "bench.h"

enum {
	RBR = 0,
	THR = 0,
	DLL = 0,
	IER = 1,
	DLM = 1,
	IIR = 2,
	FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
	SCR = 7
};
enum { NONE = 0x01, THRE = 0x02, RDA = 0x04, LINE = 0x06, TIMEOUT = 0x0c, MODEM = 0x00 };

static bool irq(struct device *uart)
{
	return device_wire(uart, "interrupts", 0)->level;
}

/* What IIR says, without the FIFO bits. */
static u8 iir(struct device *uart)
{
	return rd8(uart, IIR) & 0x0f;
}

static const char *sent(struct device *uart)
{
	struct bench *b = bench_of(uart);

	b->out[b->nout] = 0;
	return (const char *)b->out;
}

static void what_is_written_goes_out_in_order(void **state)
{
	struct device *uart = bench("uart-16550");

	for (const char *s = "hello"; *s; s++)
		wr8(uart, THR, (u8)*s);
	assert_string_equal(sent(uart), "hello");
	assert_int_equal(rd8(uart, LSR), 0x60);
	bench_free(uart);
	(void)state;
}

static void what_arrives_is_read_in_order(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x01);
	assert_int_equal(bench_type(uart, "abc"), 3);
	assert_int_equal(rd8(uart, LSR) & 0x01, 0x01);
	assert_int_equal(rd8(uart, RBR), 'a');
	assert_int_equal(rd8(uart, RBR), 'b');
	assert_int_equal(rd8(uart, RBR), 'c');
	assert_int_equal(rd8(uart, LSR) & 0x01, 0);
	bench_free(uart);
	(void)state;
}

static void the_fifo_holds_sixteen_and_without_it_one(void **state)
{
	struct device *uart = bench("uart-16550");

	assert_int_equal(bench_type(uart, "0123456789abcdefghij"), 1);
	assert_int_equal(rd8(uart, RBR), '0');
	wr8(uart, FCR, 0x01);
	assert_int_equal(bench_type(uart, "0123456789abcdefghij"), 16);
	assert_int_equal(bench_type(uart, "x"), 0);
	bench_free(uart);
	(void)state;
}

static void the_far_end_hears_that_there_is_room_again(void **state)
{
	struct device *uart = bench("uart-16550");
	u32 before;

	bench_type(uart, "a");
	before = bench_of(uart)->ready;
	rd8(uart, RBR);
	assert_int_equal(bench_of(uart)->ready, before + 1);
	bench_free(uart);
	(void)state;
}

static void iir_says_that_there_are_fifos_only_while_they_are_on(void **state)
{
	struct device *uart = bench("uart-16550");

	assert_int_equal(rd8(uart, IIR), 0x01);
	wr8(uart, FCR, 0x01);
	assert_int_equal(rd8(uart, IIR), 0xc1);
	wr8(uart, FCR, 0x00);
	assert_int_equal(rd8(uart, IIR), 0x01);
	bench_free(uart);
	(void)state;
}

static void received_data_interrupts_at_the_trigger_level(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x81); /* eight */
	wr8(uart, IER, 0x01);
	bench_type(uart, "1234567");
	assert_false(irq(uart));
	assert_int_equal(iir(uart), NONE);
	bench_type(uart, "8");
	assert_true(irq(uart));
	assert_int_equal(iir(uart), RDA);
	rd8(uart, RBR);
	assert_false(irq(uart));
	bench_free(uart);
	(void)state;
}

static void bytes_below_the_trigger_interrupt_after_four_characters_of_silence(void **state)
{
	struct device *uart = bench("uart-16550");
	u64 four = (u64)4 * 10 * 16 * 2 * 1000000000 / 3686400;

	wr8(uart, LCR, 0x83);
	wr8(uart, DLL, 2);
	wr8(uart, LCR, 0x03); /* 115200, eight bits */
	wr8(uart, FCR, 0x81);
	wr8(uart, IER, 0x01);
	bench_type(uart, "ab");
	bench_advance(bench_of(uart), four - 1);
	assert_false(irq(uart));
	bench_advance(bench_of(uart), 1);
	assert_true(irq(uart));
	assert_int_equal(iir(uart), TIMEOUT);
	rd8(uart, RBR); /* starts the wait again */
	assert_false(irq(uart));
	bench_advance(bench_of(uart), four);
	assert_int_equal(iir(uart), TIMEOUT);
	bench_free(uart);
	(void)state;
}

static void enabling_the_transmitter_interrupt_raises_it_at_once(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, IER, 0x02);
	assert_true(irq(uart));
	assert_int_equal(iir(uart), THRE);
	bench_free(uart);
	(void)state;
}

static void reading_iir_clears_the_transmitter_interrupt_if_it_is_reported(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, IER, 0x02);
	assert_int_equal(iir(uart), THRE);
	assert_false(irq(uart));
	assert_int_equal(iir(uart), NONE);
	wr8(uart, THR, 'x'); /* and it is empty again */
	assert_true(irq(uart));
	bench_free(uart);
	(void)state;
}

static void reading_iir_keeps_the_transmitter_interrupt_if_another_is_reported(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, IER, 0x03);
	bench_type(uart, "a");
	assert_int_equal(iir(uart), RDA);
	assert_int_equal(iir(uart), RDA);
	rd8(uart, RBR);
	assert_true(irq(uart));
	assert_int_equal(iir(uart), THRE);
	assert_false(irq(uart));
	bench_free(uart);
	(void)state;
}

static void enabling_receive_interrupts_sees_what_is_already_there(void **state)
{
	struct device *uart = bench("uart-16550");

	bench_type(uart, "a");
	assert_false(irq(uart));
	wr8(uart, IER, 0x01);
	assert_true(irq(uart));
	assert_int_equal(iir(uart), RDA);
	wr8(uart, IER, 0x00);
	assert_false(irq(uart));
	bench_free(uart);
	(void)state;
}

static void toggling_the_transmitter_interrupt_raises_it_again(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, IER, 0x02);
	iir(uart);
	wr8(uart, IER, 0x02); /* no news */
	assert_false(irq(uart));
	wr8(uart, IER, 0x00);
	wr8(uart, IER, 0x02);
	assert_true(irq(uart));
	bench_free(uart);
	(void)state;
}

static void more_bytes_raise_a_line_that_fell_while_it_was_served(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x01);
	wr8(uart, IER, 0x01);
	bench_type(uart, "a");
	assert_int_equal(rd8(uart, RBR), 'a');
	assert_false(irq(uart));
	bench_type(uart, "b");
	assert_true(irq(uart));
	bench_free(uart);
	(void)state;
}

static void dlab_shows_the_divisor_in_place_of_data_and_ier(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, IER, 0x01);
	wr8(uart, LCR, 0x80);
	wr8(uart, DLL, 0x34);
	wr8(uart, DLM, 0x12);
	assert_int_equal(rd8(uart, DLL), 0x34);
	assert_int_equal(rd8(uart, DLM), 0x12);
	wr8(uart, LCR, 0x00);
	assert_int_equal(rd8(uart, IER), 0x01);
	assert_string_equal(sent(uart), "");
	wr8(uart, THR, '!');
	assert_string_equal(sent(uart), "!");
	bench_free(uart);
	(void)state;
}

static void fcr_clears_the_receive_fifo(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x01);
	wr8(uart, IER, 0x01);
	bench_type(uart, "abc");
	wr8(uart, FCR, 0x03);
	assert_int_equal(rd8(uart, LSR) & 0x01, 0);
	assert_false(irq(uart));
	bench_type(uart, "d");
	assert_int_equal(rd8(uart, RBR), 'd');
	bench_free(uart);
	(void)state;
}

static void turning_the_fifos_on_or_off_empties_them(void **state)
{
	struct device *uart = bench("uart-16550");

	bench_type(uart, "a");
	wr8(uart, FCR, 0x01);
	assert_int_equal(rd8(uart, LSR) & 0x01, 0);
	bench_type(uart, "abc");
	wr8(uart, FCR, 0x00);
	assert_int_equal(rd8(uart, LSR) & 0x01, 0);
	bench_free(uart);
	(void)state;
}

static void fcr_bits_count_only_together_with_enable(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0xc0); /* a trigger of 14, but not enabled */
	wr8(uart, IER, 0x01);
	bench_type(uart, "a");
	assert_true(irq(uart));
	bench_free(uart);
	(void)state;
}

static void loopback_returns_what_is_sent_and_sends_nothing(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, MCR, 0x10);
	wr8(uart, THR, 'x');
	assert_int_equal(rd8(uart, RBR), 'x');
	assert_string_equal(sent(uart), "");
	assert_int_equal(bench_type(uart, "y"), 0); /* the line in is cut */
	wr8(uart, MCR, 0x00);
	assert_int_equal(bench_type(uart, "y"), 1);
	bench_free(uart);
	(void)state;
}

static void loopback_turns_modem_outputs_into_inputs(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, MCR, 0x1a); /* as Linux probes: LOOP, OUT2, RTS */
	assert_int_equal(rd8(uart, MSR) & 0xf0, 0x90);
	wr8(uart, MCR, 0x15); /* LOOP, OUT1, DTR */
	assert_int_equal(rd8(uart, MSR) & 0xf0, 0x60);
	wr8(uart, MCR, 0x00);
	assert_int_equal(rd8(uart, MSR) & 0xf0, 0xb0);
	bench_free(uart);
	(void)state;
}

static void modem_changes_are_reported_once_and_interrupt(void **state)
{
	struct device *uart = bench("uart-16550");

	assert_int_equal(rd8(uart, MSR), 0xb0);
	wr8(uart, IER, 0x08);
	wr8(uart, MCR, 0x10); /* CTS, DSR and DCD fall */
	assert_true(irq(uart));
	assert_int_equal(iir(uart), MODEM);
	assert_int_equal(rd8(uart, MSR), 0x0b);
	assert_int_equal(rd8(uart, MSR), 0x00);
	assert_false(irq(uart));
	wr8(uart, MCR, 0x14); /* RI rises: no news */
	assert_int_equal(rd8(uart, MSR), 0x40);
	wr8(uart, MCR, 0x10); /* and falls: news */
	assert_int_equal(rd8(uart, MSR), 0x04);
	bench_free(uart);
	(void)state;
}

static void an_overrun_is_the_highest_interrupt_and_clears_on_reading_lsr(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, MCR, 0x10);
	wr8(uart, IER, 0x07);
	wr8(uart, THR, 'a');
	wr8(uart, THR, 'b'); /* overwrites: there is no FIFO */
	assert_int_equal(iir(uart), LINE);
	assert_int_equal(rd8(uart, LSR), 0x63);
	assert_int_equal(rd8(uart, LSR), 0x61);
	assert_int_equal(iir(uart), RDA);
	assert_int_equal(rd8(uart, RBR), 'b');
	assert_int_equal(iir(uart), THRE);
	bench_free(uart);
	(void)state;
}

static void a_full_fifo_keeps_what_it_has(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x01);
	wr8(uart, MCR, 0x10);
	for (u8 i = 0; i < 17; i++)
		wr8(uart, THR, i);
	assert_int_equal(rd8(uart, LSR) & 0x02, 0x02);
	for (u8 i = 0; i < 16; i++)
		assert_int_equal(rd8(uart, RBR), i);
	assert_int_equal(rd8(uart, LSR) & 0x03, 0);
	bench_free(uart);
	(void)state;
}

static void scratch_keeps_what_is_written_and_ier_its_low_half(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, SCR, 0xa5);
	wr8(uart, IER, 0xff);
	assert_int_equal(rd8(uart, SCR), 0xa5);
	assert_int_equal(rd8(uart, IER), 0x0f);
	bench_free(uart);
	(void)state;
}

static void registers_may_be_four_bytes_apart_and_wide(void **state)
{
	struct device *uart = bench_with("uart-16550", "reg-shift=2 reg-io-width=4");

	wr(uart, SCR * 4, 0x12345678);
	assert_int_equal(rd(uart, SCR * 4), 0x78);
	assert_int_equal(rd8(uart, SCR * 4), 0x78);
	wr(uart, THR, '?');
	assert_string_equal(sent(uart), "?");
	assert_int_equal(device_guest_errors(uart), 0);
	assert_int_equal(rd8(uart, 1), 0); /* between two registers */
	assert_int_equal(device_guest_errors(uart), 1);
	bench_free(uart);
	(void)state;
}

static void a_wide_access_to_close_registers_does_nothing(void **state)
{
	struct device *uart = bench("uart-16550");

	wr(uart, THR, 0x41414141);
	assert_string_equal(sent(uart), "");
	assert_int_equal(device_guest_errors(uart), 1);
	bench_free(uart);
	(void)state;
}

static void reset_lowers_the_line_and_forgets_input(void **state)
{
	struct device *uart = bench("uart-16550");

	wr8(uart, FCR, 0x01);
	wr8(uart, IER, 0x0f);
	bench_type(uart, "abc");
	assert_true(irq(uart));
	device_reset(uart);
	assert_false(irq(uart));
	assert_int_equal(rd8(uart, LSR), 0x60);
	assert_int_equal(rd8(uart, IIR), 0x01);
	bench_free(uart);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_goes_out_in_order),
		cmocka_unit_test(what_arrives_is_read_in_order),
		cmocka_unit_test(the_fifo_holds_sixteen_and_without_it_one),
		cmocka_unit_test(the_far_end_hears_that_there_is_room_again),
		cmocka_unit_test(iir_says_that_there_are_fifos_only_while_they_are_on),
		cmocka_unit_test(received_data_interrupts_at_the_trigger_level),
		cmocka_unit_test(
			bytes_below_the_trigger_interrupt_after_four_characters_of_silence),
		cmocka_unit_test(enabling_the_transmitter_interrupt_raises_it_at_once),
		cmocka_unit_test(reading_iir_clears_the_transmitter_interrupt_if_it_is_reported),
		cmocka_unit_test(
			reading_iir_keeps_the_transmitter_interrupt_if_another_is_reported),
		cmocka_unit_test(enabling_receive_interrupts_sees_what_is_already_there),
		cmocka_unit_test(toggling_the_transmitter_interrupt_raises_it_again),
		cmocka_unit_test(more_bytes_raise_a_line_that_fell_while_it_was_served),
		cmocka_unit_test(dlab_shows_the_divisor_in_place_of_data_and_ier),
		cmocka_unit_test(fcr_clears_the_receive_fifo),
		cmocka_unit_test(turning_the_fifos_on_or_off_empties_them),
		cmocka_unit_test(fcr_bits_count_only_together_with_enable),
		cmocka_unit_test(loopback_returns_what_is_sent_and_sends_nothing),
		cmocka_unit_test(loopback_turns_modem_outputs_into_inputs),
		cmocka_unit_test(modem_changes_are_reported_once_and_interrupt),
		cmocka_unit_test(an_overrun_is_the_highest_interrupt_and_clears_on_reading_lsr),
		cmocka_unit_test(a_full_fifo_keeps_what_it_has),
		cmocka_unit_test(scratch_keeps_what_is_written_and_ier_its_low_half),
		cmocka_unit_test(registers_may_be_four_bytes_apart_and_wide),
		cmocka_unit_test(a_wide_access_to_close_registers_does_nothing),
		cmocka_unit_test(reset_lowers_the_line_and_forgets_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
