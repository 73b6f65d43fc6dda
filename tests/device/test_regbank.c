/* Registers as a board file describes them. */
#include "bench.h"

enum { OFFSET, RESET, MASK, READ_SET, W1C_BITS, WIDTH, SEQUENCE, COLUMNS };

struct row {
	struct value columns[COLUMNS];
	struct value_row row;
};

static struct row row(const char *name, u64 offset)
{
	struct row r = { .row = { .name = name } };

	r.columns[OFFSET] = (struct value){ .given = true, .num = offset };
	r.columns[MASK].num = UINT64_MAX;
	r.columns[WIDTH].num = 4;
	return r;
}

static struct device *try_bank(struct bench *b, struct row *rows, u32 n, struct err *e)
{
	struct value values[4] = { 0 };
	struct value_row list[8];

	for (u32 i = 0; i < n; i++) {
		list[i] = rows[i].row;
		list[i].values = rows[i].columns;
	}
	values[0] = (struct value){ .given = true, .n = n, .rows = list };
	return bench_make(b, "regbank", values,
			  (struct device_place){ BENCH_BASE, 0x1000, NULL, 0 }, e);
}

static struct device *bank(struct row *rows, u32 n)
{
	struct err e = { 0 };
	struct device *dev = try_bank(bench_new(), rows, n, &e);

	if (!dev)
		fail_msg("%s", e.text);
	return dev;
}

static void a_register_keeps_what_is_written_under_its_mask(void **state)
{
	struct row r = row("pll", 4);
	struct device *dev;

	r.columns[RESET].num = 0x02030d81;
	r.columns[MASK].num = 0x0000ffff;
	dev = bank(&r, 1);
	assert_int_equal(rd(dev, 4), 0x02030d81);
	wr(dev, 4, 0xffffffff);
	assert_int_equal(rd(dev, 4), 0x0203ffff);
	device_reset(dev);
	assert_int_equal(rd(dev, 4), 0x02030d81);
	bench_free(dev);
	(void)state;
}

static void bits_of_read_set_always_read_as_one(void **state)
{
	struct row r = row("pll", 4);
	struct device *dev;

	r.columns[READ_SET].num = 0x80000000;
	dev = bank(&r, 1);
	wr(dev, 4, 1);
	assert_int_equal(rd(dev, 4), 0x80000001);
	bench_free(dev);
	(void)state;
}

static void writing_one_clears_bits_of_w1c_and_only_those(void **state)
{
	struct row r = row("status", 8);
	struct device *dev;

	r.columns[RESET].num = 0xff;
	r.columns[W1C_BITS].num = 0x0f;
	dev = bank(&r, 1);
	wr(dev, 8, 0xf3); /* clears two; the upper half is plain */
	assert_int_equal(rd(dev, 8), 0xfc);
	bench_free(dev);
	(void)state;
}

static void a_sequence_is_read_value_by_value_and_its_last_stays(void **state)
{
	static const char *const steps[] = { "0", "0x10", "7" };
	struct row r = row("lock", 0);
	struct device *dev;

	r.columns[SEQUENCE] = (struct value){ .given = true, .n = 3, .list = steps };
	dev = bank(&r, 1);
	for (u32 round = 0; round < 2; round++) {
		assert_int_equal(rd(dev, 0), 0);
		assert_int_equal(rd(dev, 0), 0x10);
		assert_int_equal(rd(dev, 0), 7);
		assert_int_equal(rd(dev, 0), 7);
		device_reset(dev);
	}
	bench_free(dev);
	(void)state;
}

static void registers_may_be_of_any_width(void **state)
{
	struct row r[] = { row("byte", 0), row("half", 2), row("long", 8) };
	struct device *dev;

	r[0].columns[WIDTH].num = 1;
	r[1].columns[WIDTH].num = 2;
	r[2].columns[WIDTH].num = 8;
	dev = bank(r, 3);
	device_write(dev, 0, 1, 0xab);
	device_write(dev, 2, 2, 0xcdef);
	device_write(dev, 8, 8, 0x1122334455667788);
	assert_int_equal(device_read(dev, 0, 1), 0xab);
	assert_int_equal(device_read(dev, 2, 2), 0xcdef);
	assert_true(device_read(dev, 8, 8) == 0x1122334455667788);
	assert_int_equal(device_guest_errors(dev), 0);
	assert_int_equal(rd(dev, 8), 0);
	assert_int_equal(rd(dev, 0x10), 0);
	assert_int_equal(device_guest_errors(dev), 2);
	bench_free(dev);
	(void)state;
}

static void assert_refused(struct row *rows, u32 n, const char *why)
{
	struct bench *b = bench_new();
	struct err e = { 0 };

	assert_null(try_bank(b, rows, n, &e));
	assert_string_equal(e.text, why);
	bench_end(b);
}

static void rows_that_cannot_be_are_refused_by_name(void **state)
{
	static const char *const bad[] = { "1", "two" };
	struct row two[] = { row("a", 0), row("b", 0) };
	struct row r;

	assert_refused(two, 2, "dut: registers: b overlaps a");
	r = row("x", 0x1000);
	assert_refused(&r, 1, "dut: registers: x: offset: it is misaligned or outside of `reg`");
	r = row("x", 2);
	assert_refused(&r, 1, "dut: registers: x: offset: it is misaligned or outside of `reg`");
	r = row("x", 0);
	r.columns[WIDTH].num = 3;
	assert_refused(&r, 1, "dut: registers: x: width: 3 is not 1, 2, 4 or 8");
	r = row("x", 0);
	r.columns[RESET].num = (u64)1 << 32;
	assert_refused(&r, 1, "dut: registers: x: a value does not fit 4 bytes");
	r = row("x", 0);
	r.columns[SEQUENCE] = (struct value){ .given = true, .n = 2, .list = bad };
	assert_refused(&r, 1, "dut: registers: x: sequence: `two` is no number of 4 bytes");
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_register_keeps_what_is_written_under_its_mask),
		cmocka_unit_test(bits_of_read_set_always_read_as_one),
		cmocka_unit_test(writing_one_clears_bits_of_w1c_and_only_those),
		cmocka_unit_test(a_sequence_is_read_value_by_value_and_its_last_stays),
		cmocka_unit_test(registers_may_be_of_any_width),
		cmocka_unit_test(rows_that_cannot_be_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
