/* virtio-rng */
#include "virtio_bench.h"

extern const struct device_class device_virtio_rng;

static void on_rngs(driver_test *test)
{
	on_both(&device_virtio_rng, "", test);
}

static u32 ask(struct driver *d, const struct buffer *buf, u32 n)
{
	u32 head, written;

	add_chain(d, 0, buf, n);
	driver_kick(d, 0);
	assert_true(take_used(d, 0, &head, &written));
	return written;
}

static void check_filled(struct driver *d)
{
	u8 zeros[300] = { 0 };
	const struct buffer two[] = { { DATA_AT, 200, true }, { DATA_AT + 0x1000, 300, true } };

	driver_start(d, 0, 1, 8);
	assert_int_equal(ask(d, two, 2), 500);
	assert_memory_not_equal(ram(d, DATA_AT), zeros, 200);
	assert_memory_not_equal(ram(d, DATA_AT + 0x1000), zeros, 300);
	assert_int_equal(*ram(d, DATA_AT + 200), 0);
	assert_int_equal(*ram(d, DATA_AT + 0x1000 + 300), 0);
	assert_memory_not_equal(ram(d, DATA_AT), ram(d, DATA_AT + 0x1000), 200);
	assert_true(driver_line(d));
}

static void buffers_come_back_full_and_nothing_beside_them_changes(void **state)
{
	on_rngs(check_filled);
	(void)state;
}

static void check_cap(struct driver *d)
{
	const struct buffer large = { DATA_AT, 0x20000, true };

	driver_start(d, 0, 1, 8);
	assert_int_equal(ask(d, &large, 1), 0x10000);
	for (u32 i = 0; i < 0x10000; i++)
		assert_int_equal(*ram(d, DATA_AT + 0x10000 + i), 0);
}

static void a_request_gets_at_most_64_kib(void **state)
{
	on_rngs(check_cap);
	(void)state;
}

static void check_readable(struct driver *d)
{
	const struct buffer wrong = { DATA_AT, 64, false };

	driver_start(d, 0, 1, 8);
	assert_int_equal(ask(d, &wrong, 1), 0);
	assert_int_equal(*ram(d, DATA_AT), 0);
}

static void a_buffer_it_may_not_write_comes_back_empty(void **state)
{
	on_rngs(check_readable);
	(void)state;
}

static void check_burst(struct driver *d)
{
	driver_start(d, 0, 1, 64);
	for (u32 i = 0; i < 64; i++)
		add_chain(d, 0, &(struct buffer){ DATA_AT, 0x10000, true }, 1);
	driver_kick(d, 0);
	assert_true(used_index(d, 0) <= 8);
	bench_advance(d->b, 1);
	assert_int_equal(used_index(d, 0), 64);
}

static void a_greedy_driver_gets_it_in_portions(void **state)
{
	on_rngs(check_burst);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_come_back_full_and_nothing_beside_them_changes),
		cmocka_unit_test(a_request_gets_at_most_64_kib),
		cmocka_unit_test(a_buffer_it_may_not_write_comes_back_empty),
		cmocka_unit_test(a_greedy_driver_gets_it_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
