/* virtio-console */
#include "virtio_bench.h"

extern const struct device_class device_virtio_console;

#define RECEIVE  0
#define TRANSMIT 1

static void on_consoles(driver_test *test)
{
	on_both(&device_virtio_console, "", test);
}

static void give_buffer(struct driver *d, u32 len)
{
	u64 at = DATA_AT + 0x1000 * (u64)(d->q[RECEIVE].avail_index % 16);

	add_chain(d, RECEIVE, &(struct buffer){ at, len, true }, 1);
	driver_kick(d, RECEIVE);
}

static void print(struct driver *d, const char *text)
{
	memcpy(ram(d, DATA_AT), text, strlen(text));
	add_chain(d, TRANSMIT, &(struct buffer){ DATA_AT, (u32)strlen(text), false }, 1);
	driver_kick(d, TRANSMIT);
}

static void check_print(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, 16);
	print(d, "hello, ");
	print(d, "world\n");
	assert_int_equal(d->b->nout, 13);
	assert_memory_equal(d->b->out, "hello, world\n", 13);
	assert_true(take_used(d, TRANSMIT, &head, &written));
	assert_int_equal(written, 0);
	assert_true(driver_line(d));
}

static void what_the_driver_prints_goes_out(void **state)
{
	on_consoles(check_print);
	(void)state;
}

static void check_long_print(struct driver *d)
{
	for (u32 i = 0; i < 7000; i++)
		*ram(d, DATA_AT + i) = (u8)(i * 7);
	driver_start(d, 0, 2, 16);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { DATA_AT, 4095, false }, { DATA_AT + 4095, 2905, false } },
		  2);
	driver_kick(d, TRANSMIT);
	assert_int_equal(d->b->nout, 7000);
	assert_memory_equal(d->b->out, ram(d, DATA_AT), 7000);
}

static void a_long_print_is_neither_cut_nor_mixed_up(void **state)
{
	on_consoles(check_long_print);
	(void)state;
}

static void check_too_long(struct driver *d)
{
	driver_start(d, 0, 2, 16);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { BENCH_RAM_BASE, BENCH_RAM_SIZE, false },
				     { BENCH_RAM_BASE, BENCH_RAM_SIZE, false } },
		  2);
	driver_kick(d, TRANSMIT);
	assert_int_equal(d->b->nout, 0);
	assert_int_equal(driver_status(d) & 0x40, 0x40);
}

static void a_print_of_more_than_a_mebibyte_breaks_the_rules(void **state)
{
	on_consoles(check_too_long);
	(void)state;
}

static void check_typing(struct driver *d)
{
	u32 head, written;

	assert_int_equal(bench_type(d->dev, "early"), 0); /* nobody is there to take it */
	driver_start(d, 0, 2, 16);
	assert_true(d->b->ready > 0); /* the far end was told */
	give_buffer(d, 4);
	assert_int_equal(bench_type(d->dev, "abcdefghij"), 10);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 4);
	assert_memory_equal(ram(d, DATA_AT), "abcd", 4);
	assert_false(take_used(d, RECEIVE, &head, &written));
	give_buffer(d, 100);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 6);
	assert_memory_equal(ram(d, DATA_AT + 0x1000), "efghij", 6);
	give_buffer(d, 100);
	assert_false(take_used(d, RECEIVE, &head, &written));
}

static void what_is_typed_fills_the_drivers_buffers_in_order(void **state)
{
	on_consoles(check_typing);
	(void)state;
}

static void check_pressure(struct driver *d)
{
	char text[5000];
	u32 took, ready, head, written, got = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	driver_start(d, 0, 2, 16);
	took = bench_type(d->dev, text);
	assert_true(took > 0 && took < 4999);
	assert_int_equal(bench_type(d->dev, text), 0);
	ready = d->b->ready;
	give_buffer(d, 100);
	assert_int_equal(d->b->ready, ready + 1);
	assert_int_equal(bench_type(d->dev, text), 100);
	for (u32 i = 0; i < 100; i++) {
		while (take_used(d, RECEIVE, &head, &written))
			got += written;
		give_buffer(d, 100);
	}
	assert_int_equal(got, took + 100);
}

static void the_far_end_waits_while_the_driver_takes_nothing(void **state)
{
	on_consoles(check_pressure);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, 16);
	assert_int_equal(bench_type(d->dev, "old"), 3);
	driver_start(d, 0, 2, 16);
	give_buffer(d, 100);
	assert_false(take_used(d, RECEIVE, &head, &written));
}

static void a_reset_drops_what_was_typed_before(void **state)
{
	on_consoles(check_reset);
	(void)state;
}

static void check_resize(struct driver *d)
{
	struct chardev *c = &d->b->far;
	u32 generation;

	assert_int_equal(driver_offered(d) & 1, 1);
	assert_int_equal(driver_config(d, 0, 4), 0); /* the bench's far end is no terminal */
	driver_start(d, 1, 2, 16);
	generation = driver_get(d, VIRTIO_REG_CONFIG_GENERATION);
	c->resized(c->ctx, 132, 43);
	assert_int_equal(driver_config(d, 0, 2), 132);
	assert_int_equal(driver_config(d, 2, 2), 43);
	assert_int_not_equal(driver_get(d, VIRTIO_REG_CONFIG_GENERATION), generation);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 2);
	driver_set_status(d, 0);
	assert_int_equal(driver_config(d, 0, 2), 132); /* the terminal is as large as before */
	c->resized(c->ctx, 100000, 0x20000);
	assert_int_equal(driver_config(d, 0, 4), 0xffffffff);
}

static void a_new_size_reaches_the_driver_as_a_change_of_configuration(void **state)
{
	on_consoles(check_resize);
	(void)state;
}

static void check_restore(struct driver *d)
{
	u8 saved[16384];
	struct err e = { .text = "" };
	u32 head, written;
	size_t n;

	driver_start(d, 0, 2, 16);
	bench_type(d->dev, "kept");
	n = device_save(d->dev, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	device_reset(d->dev);
	assert_true(device_restore(d->dev, saved, n, &e));
	give_buffer(d, 100);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 4);
	assert_memory_equal(ram(d, DATA_AT), "kept", 4);
}

static void a_snapshot_keeps_what_was_typed(void **state)
{
	on_consoles(check_restore);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_driver_prints_goes_out),
		cmocka_unit_test(a_long_print_is_neither_cut_nor_mixed_up),
		cmocka_unit_test(a_print_of_more_than_a_mebibyte_breaks_the_rules),
		cmocka_unit_test(what_is_typed_fills_the_drivers_buffers_in_order),
		cmocka_unit_test(the_far_end_waits_while_the_driver_takes_nothing),
		cmocka_unit_test(a_reset_drops_what_was_typed_before),
		cmocka_unit_test(a_new_size_reaches_the_driver_as_a_change_of_configuration),
		cmocka_unit_test(a_snapshot_keeps_what_was_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
