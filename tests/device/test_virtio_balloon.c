/* virtio-balloon: the test plays the host, to whom pages go back. */
#include "virtio_bench.h"

extern const struct device_class device_virtio_balloon;

#define PAGE      4096u
#define F_STATS   ((u64)1 << 1)
#define F_REPORTS ((u64)1 << 5)

static struct {
	u64 gpa, n;
} gone[16];
static u32 ngone;
static struct bench *home;

static void discard(u8 *bytes, u64 n)
{
	assert_true(ngone < ARRAY_LEN(gone));
	gone[ngone].gpa = BENCH_RAM_BASE + (u64)(bytes - home->ram);
	gone[ngone++].n = n;
}

static void on_balloons(const char *settings, driver_test *test)
{
	for (u32 pci = 0; pci < 2; pci++) {
		struct bench *b = bench_new();
		struct driver d;

		ngone = 0;
		home = b;
		mem_on_discard(b->machine.mem, discard);
		driver_init(&d, b, &device_virtio_balloon, settings, pci);
		test(&d);
		bench_end(b);
	}
}

static void assert_gone(u32 i, u64 gpa, u64 n)
{
	assert_true(i < ngone);
	assert_int_equal(gone[i].gpa, gpa);
	assert_int_equal(gone[i].n, n);
}

/* Gives pages by number; they are relative to the RAM's first. */
static void inflate(struct driver *d, const u32 *pages, u32 n)
{
	for (u32 i = 0; i < n; i++)
		put_le32(ram(d, DATA_AT + 4 * (u64)i), BENCH_RAM_BASE / PAGE + pages[i]);
	add_chain(d, 0, &(struct buffer){ DATA_AT, 4 * n, false }, 1);
	driver_kick(d, 0);
}

static void check_inflate(struct driver *d)
{
	static const u32 pages[] = { 130, 131, 132, 200, 199, 198, 150 };
	u32 head, written;

	driver_start(d, 0, 2, 16);
	inflate(d, pages, ARRAY_LEN(pages));
	assert_int_equal(ngone, 3);
	assert_gone(0, BENCH_RAM_BASE + 130 * PAGE, 3 * PAGE);
	assert_gone(1, BENCH_RAM_BASE + 198 * PAGE, 3 * PAGE);
	assert_gone(2, BENCH_RAM_BASE + 150 * PAGE, PAGE);
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(written, 0);
	add_chain(d, 1, &(struct buffer){ DATA_AT, 4, false }, 1);
	driver_kick(d, 1);
	assert_true(take_used(d, 1, &head, &written)); /* taken back: nothing to do */
	assert_int_equal(ngone, 3);
}

static void pages_that_a_guest_gives_go_back_together(void **state)
{
	on_balloons("", check_inflate);
	(void)state;
}

static void check_outside(struct driver *d)
{
	static const u32 pages[] = { BENCH_RAM_SIZE / PAGE, 0u - BENCH_RAM_BASE / PAGE,
				     BENCH_BASE / PAGE - BENCH_RAM_BASE / PAGE,
				     0xffffffff - BENCH_RAM_BASE / PAGE, 255 };

	driver_start(d, 0, 2, 16);
	inflate(d, pages, ARRAY_LEN(pages));
	assert_int_equal(ngone, 1); /* the one that is RAM */
	assert_gone(0, BENCH_RAM_BASE + 255 * PAGE, PAGE);
	assert_int_equal(device_guest_errors(d->dev), 4);
	assert_int_equal(driver_status(d) & 0x40, 0);
}

static void a_page_that_is_no_ram_changes_nothing(void **state)
{
	on_balloons("", check_outside);
	(void)state;
}

static void report(struct driver *d, u32 q, u64 gpa, u32 n)
{
	add_chain(d, q, &(struct buffer){ gpa, n, true }, 1);
	driver_kick(d, q);
}

static void check_reports(struct driver *d)
{
	u32 head, written;

	driver_start(d, F_STATS | F_REPORTS, 5, 16);
	report(d, 3, DATA_AT + 100, 3 * PAGE); /* two whole pages lie in it */
	assert_int_equal(ngone, 1);
	assert_gone(0, DATA_AT + PAGE, 2 * PAGE);
	report(d, 3, DATA_AT + 1, PAGE);
	assert_int_equal(ngone, 1);
	assert_true(take_used(d, 3, &head, &written));
	assert_int_equal(written, 0);
	report(d, 4, DATA_AT, PAGE);
	assert_int_equal(ngone, 2);
	report(d, 2, DATA_AT, PAGE); /* that is where it says how it is */
	assert_int_equal(ngone, 2);
	driver_start(d, F_REPORTS, 5, 16);
	report(d, 2, DATA_AT, PAGE);
	assert_int_equal(ngone, 3);
	report(d, 3, DATA_AT, PAGE);
	assert_int_equal(ngone, 3);
	driver_start(d, 0, 5, 16);
	for (u32 q = 2; q < 5; q++)
		report(d, q, DATA_AT, PAGE);
	assert_int_equal(ngone, 3);
}

static void whole_pages_of_what_is_reported_free_go_back(void **state)
{
	on_balloons("", check_reports);
	(void)state;
}

static bool ask(struct driver *d, const char *request, struct str *answer)
{
	struct err e = { 0 };

	str_free(answer);
	return device_ask(d->dev, request, answer, &e);
}

static void check_target(struct driver *d)
{
	struct str answer = { 0 };

	assert_int_equal(driver_config(d, 0, 4), 64 * MIB / PAGE);
	driver_start(d, 0, 2, 16);
	assert_true(ask(d, " 1048576", &answer));
	assert_int_equal(driver_config(d, 0, 4), MIB / PAGE);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 2);
	driver_set_config(d, 4, 4, 128);
	assert_int_equal(driver_config(d, 4, 4), 128);
	driver_set_config(d, 0, 4, 5); /* the guest does not choose */
	assert_int_equal(driver_config(d, 4, 4), 128);
	assert_int_equal(driver_config(d, 0, 4), MIB / PAGE);
	assert_true(ask(d, "", &answer));
	assert_non_null(strstr(str_text(&answer), "0 MiB taken from the guest, 1 MiB asked for"));
	driver_set_status(d, 0);
	assert_int_equal(driver_config(d, 0, 4), MIB / PAGE); /* the user's wish stays */
	assert_int_equal(driver_config(d, 4, 4), 0);
	assert_true(ask(d, "", &answer));
	assert_non_null(strstr(str_text(&answer), "no driver"));
	assert_false(ask(d, " 99999999999999999", &answer));
	str_free(&answer);
}

static void the_user_says_how_much_and_the_guest_hears_of_it(void **state)
{
	on_balloons("take=64M", check_target);
	(void)state;
}

static void tell(struct driver *d, u32 tag, u64 value)
{
	put16(ram(d, DATA_AT), tag);
	put_le64(ram(d, DATA_AT + 2), value);
	put16(ram(d, DATA_AT + 10), 0xffff); /* a tag from the future */
	put_le64(ram(d, DATA_AT + 12), 1);
	add_chain(d, 2, &(struct buffer){ DATA_AT, 20, false }, 1);
	driver_kick(d, 2);
}

static void check_stats(struct driver *d)
{
	struct str answer = { 0 };
	u32 head, written;

	driver_start(d, F_STATS, 3, 16);
	tell(d, 4, 700 * MIB);
	assert_false(take_used(d, 2, &head, &written)); /* kept */
	bench_advance(d->b, (u64)12 * 1000000000);
	assert_true(ask(d, "", &answer));
	assert_non_null(strstr(str_text(&answer), "700 MiB free"));
	assert_non_null(strstr(str_text(&answer), "12 s ago"));
	assert_true(take_used(d, 2, &head, &written)); /* for news */
	tell(d, 4, 500 * MIB);
	tell(d, 4, 400 * MIB); /* a second buffer: the first is not lost */
	assert_true(take_used(d, 2, &head, &written));
	assert_true(ask(d, "", &answer));
	assert_non_null(strstr(str_text(&answer), "400 MiB free"));
	tell(d, 4, 1);
	driver_start(d, F_STATS, 3, 16); /* with the buffer in hand */
	assert_true(ask(d, "", &answer));
	assert_false(take_used(d, 2, &head, &written));
	assert_null(strstr(str_text(&answer), "free"));
	str_free(&answer);
}

static void the_guest_says_how_it_is_when_it_is_asked(void **state)
{
	on_balloons("", check_stats);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_a_guest_gives_go_back_together),
		cmocka_unit_test(a_page_that_is_no_ram_changes_nothing),
		cmocka_unit_test(whole_pages_of_what_is_reported_free_go_back),
		cmocka_unit_test(the_user_says_how_much_and_the_guest_hears_of_it),
		cmocka_unit_test(the_guest_says_how_it_is_when_it_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
