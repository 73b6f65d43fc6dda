/* What drivers expect of the DS1307. */
#include "i2c_bench.h"

#define RTC 0x68

static struct device *clock_bench(void)
{
	struct device *bus = i2c_bench();

	bench_nest(bus, "rtc-ds1307", RTC, "");
	return bus;
}

static void assert_shows(struct device *bus, const u8 *want, u32 n)
{
	u8 got[8];

	i2c_read_at(bus, RTC, 0, got, n);
	assert_memory_equal(got, want, n);
}

static void set(struct device *bus, u8 at, const u8 *bytes, u32 n)
{
	u8 all[16] = { at };

	memcpy(all + 1, bytes, n);
	assert_true(i2c_send(bus, RTC, all, n + 1));
}

static void seconds_pass(struct device *bus, u64 n)
{
	bench_advance(bench_of(bus), n * 1000000000);
}

static void it_shows_the_time_of_the_host_in_bcd(void **state)
{
	struct device *bus = clock_bench(); /* 2023-11-14 22:13:20 UTC, a Tuesday */

	assert_shows(bus, (const u8[]){ 0x20, 0x13, 0x22, 3, 0x14, 0x11, 0x23 }, 7);
	seconds_pass(bus, 3600);
	assert_shows(bus, (const u8[]){ 0x20, 0x13, 0x23, 3, 0x14, 0x11, 0x23 }, 7);
	bench_free(bus);
	(void)state;
}

static void a_transfer_sees_one_moment(void **state)
{
	struct device *bus = clock_bench();

	seconds_pass(bus, 39); /* 22:13:59 */
	i2c_begin(bus, RTC, false);
	i2c_put(bus, 0, 0);
	i2c_begin(bus, RTC, true);
	assert_int_equal(i2c_get(bus, false), 0x59);
	seconds_pass(bus, 1);
	assert_int_equal(i2c_get(bus, true), 0x13);
	assert_shows(bus, (const u8[]){ 0x00, 0x14 }, 2);
	bench_free(bus);
	(void)state;
}

static void the_guest_sets_the_time_and_its_day_of_the_week(void **state)
{
	struct device *bus = clock_bench();

	set(bus, 0, (const u8[]){ 0x58, 0x59, 0x23, 7, 0x28, 0x02, 0x24 }, 7);
	assert_shows(bus, (const u8[]){ 0x58, 0x59, 0x23, 7, 0x28, 0x02, 0x24 }, 7);
	seconds_pass(bus, 2);
	assert_shows(bus, (const u8[]){ 0x00, 0x00, 0x00, 1, 0x29, 0x02, 0x24 }, 7);
	bench_free(bus);
	(void)state;
}

static void a_halted_clock_stands_still(void **state)
{
	struct device *bus = clock_bench();

	set(bus, 0, (const u8[]){ 0x80 | 0x20 }, 1);
	seconds_pass(bus, 100);
	assert_shows(bus, (const u8[]){ 0x80 | 0x20, 0x13 }, 2);
	set(bus, 0, (const u8[]){ 0x20 }, 1);
	seconds_pass(bus, 5);
	assert_shows(bus, (const u8[]){ 0x25, 0x13 }, 2);
	bench_free(bus);
	(void)state;
}

static void hours_come_in_two_forms(void **state)
{
	struct device *bus = clock_bench();
	u8 got;

	set(bus, 2, (const u8[]){ 0x40 | 0x20 | 0x11 }, 1); /* 11 PM */
	seconds_pass(bus, 3600);
	i2c_read_at(bus, RTC, 2, &got, 1);
	assert_int_equal(got, 0x40 | 0x12); /* 12 AM is midnight */
	seconds_pass(bus, 12 * 3600);
	i2c_read_at(bus, RTC, 2, &got, 1);
	assert_int_equal(got, 0x40 | 0x20 | 0x12);
	set(bus, 2, (const u8[]){ 0x40 | 0x12 }, 1);
	i2c_read_at(bus, RTC, 2, &got, 1);
	assert_int_equal(got, 0x40 | 0x12);
	set(bus, 2, (const u8[]){ 0x17 }, 1);
	i2c_read_at(bus, RTC, 2, &got, 1);
	assert_int_equal(got, 0x17);
	bench_free(bus);
	(void)state;
}

static void its_ram_keeps_what_is_written_and_the_address_goes_around(void **state)
{
	struct device *bus = clock_bench();
	u8 got[3];

	set(bus, 0x3e, (const u8[]){ 0xaa, 0x55 }, 2);
	i2c_read_at(bus, RTC, 0x3e, got, 3);
	assert_int_equal(got[0], 0xaa);
	assert_int_equal(got[1], 0x55);
	assert_int_equal(got[2], 0x20); /* seconds */

	i2c_begin(bus, RTC, false);
	i2c_put(bus, 0x3f, 0);
	i2c_begin(bus, RTC, true);
	seconds_pass(bus, 1);
	i2c_get(bus, false);
	assert_int_equal(i2c_get(bus, true), 0x21); /* going around takes the time anew */
	set(bus, 0x3f, (const u8[]){ 0x77, 0x30 }, 2);
	i2c_read_at(bus, RTC, 0x3f, got, 2);
	assert_int_equal(got[0], 0x77);
	assert_int_equal(got[1], 0x30);
	bench_free(bus);
	(void)state;
}

static void a_date_that_is_none_counts_on(void **state)
{
	struct device *bus = clock_bench();

	set(bus, 0, (const u8[]){ 0x00, 0x00, 0x00, 1, 0x30, 0x02, 0x23 }, 7);
	assert_shows(bus, (const u8[]){ 0x00, 0x00, 0x00, 1, 0x02, 0x03, 0x23 }, 7);
	set(bus, 0, (const u8[]){ 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 7);
	seconds_pass(bus, 1);
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_shows_the_time_of_the_host_in_bcd),
		cmocka_unit_test(a_transfer_sees_one_moment),
		cmocka_unit_test(the_guest_sets_the_time_and_its_day_of_the_week),
		cmocka_unit_test(a_halted_clock_stands_still),
		cmocka_unit_test(hours_come_in_two_forms),
		cmocka_unit_test(its_ram_keeps_what_is_written_and_the_address_goes_around),
		cmocka_unit_test(a_date_that_is_none_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
