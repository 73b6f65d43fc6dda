/* How a guest ends its machine. */
#include "bench.h"

static void each_verdict_does_what_it_says(void **state)
{
	struct device *test = bench("test-sifive");
	struct bench *b = bench_of(test);

	wr(test, 0, 0x5555);
	assert_int_equal(b->poweroffs, 1);
	wr(test, 0, 0x7777);
	assert_int_equal(b->reboots, 1);
	wr(test, 0, 42u << 16 | 0x3333);
	assert_int_equal(b->fails, 1);
	assert_int_equal(b->fail_code, 42);
	bench_free(test);
	(void)state;
}

static void anything_else_is_no_verdict(void **state)
{
	struct device *test = bench("test-sifive");
	struct bench *b = bench_of(test);

	wr(test, 0, 0);
	wr(test, 0, 0x5556);
	wr(test, 4, 0x5555);
	wr8(test, 0, 0x55);
	assert_int_equal(rd(test, 0), 0);
	assert_int_equal(b->poweroffs + b->reboots + b->fails, 0);
	assert_int_equal(device_guest_errors(test), 4);
	bench_free(test);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verdict_does_what_it_says),
		cmocka_unit_test(anything_else_is_no_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
