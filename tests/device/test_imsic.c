/* Incoming MSI controllers: which page is whose file, and what reaches it.  What a file then does
 * is tests/riscv/isa/aia. */
#include "bench.h"

enum { SEIP = 9, MEIP = 11 };

static void a_store_of_an_identity_reaches_the_file_of_the_page(void **state)
{
	struct device *imsic = bench_with("imsic", "level=S reg=0x28000000:32K");
	struct bench *b = bench_of(imsic);

	wr(imsic, 3 * 4096, 17);
	assert_int_equal(b->nmsi, 1);
	assert_int_equal(b->msi[0].hart, 3);
	assert_int_equal(b->msi[0].irq, SEIP);
	assert_int_equal(b->msi[0].id, 17);
	assert_int_equal(rd(imsic, 3 * 4096), 0);
	bench_free(imsic);
	(void)state;
}

static void files_of_m_level_stand_behind_meip(void **state)
{
	struct device *imsic = bench_with("imsic", "level=M num-ids=63 reg=0x24000000:32K");
	struct bench *b = bench_of(imsic);

	assert_int_equal(b->ids[5][MEIP], 63);
	wr(imsic, 5 * 4096, 63);
	assert_int_equal(b->msi[0].irq, MEIP);
	bench_free(imsic);
	(void)state;
}

static void what_is_no_identity_is_counted_and_ignored(void **state)
{
	struct device *imsic = bench_with("imsic", "level=S num-ids=63 reg=0x28000000:32K");
	struct bench *b = bench_of(imsic);

	wr(imsic, 0, 0);
	wr(imsic, 0, 64);
	wr(imsic, 0, 0xffffffff);
	wr8(imsic, 0, 5);
	assert_int_equal(b->nmsi, 0);
	assert_int_equal(device_guest_errors(imsic), 4);
	wr(imsic, 4, 5u << 24); /* big-endian messages are ignored, as they may be */
	assert_int_equal(b->nmsi, 0);
	assert_int_equal(device_guest_errors(imsic), 4);
	bench_free(imsic);
	(void)state;
}

static void pages_behind_the_last_file_are_nobodys(void **state)
{
	struct device *imsic = bench_with("imsic", "level=S reg=0x28000000:64K");

	wr(imsic, BENCH_HARTS * 4096, 5);
	assert_int_equal(bench_of(imsic)->nmsi, 0);
	assert_int_equal(device_guest_errors(imsic), 1);
	bench_free(imsic);
	(void)state;
}

static void harts_without_s_mode_have_no_file_of_that_level(void **state)
{
	struct bench *b = bench_new();
	struct device *imsic;

	b->harts[0].s_mode = false;
	imsic = bench_add(b, "imsic", "level=S reg=0x28000000:32K");
	wr(imsic, 0, 5);
	assert_int_equal(b->msi[0].hart, 1);
	assert_int_equal(b->ids[0][SEIP], 0);
	bench_end(b);
	(void)state;
}

static void a_message_stored_by_a_device_goes_by_its_address(void **state)
{
	struct device *imsic = bench_with("imsic", "level=S reg=0x28000000:32K");
	struct bench *b = bench_of(imsic);

	assert_true(msi_store(imsic, 0x28002000, 9));
	assert_int_equal(b->msi[0].hart, 2);
	assert_int_equal(b->msi[0].id, 9);
	assert_false(msi_store(imsic, 0x28002004, 9));
	assert_false(msi_store(imsic, 0x28000000 + BENCH_HARTS * 4096, 9));
	assert_false(msi_store(imsic, 0x27fff000, 9));
	assert_int_equal(b->nmsi, 1);
	bench_free(imsic);
	(void)state;
}

static void refused(const char *settings, bool aia, const char *why)
{
	struct bench *b = bench_new();
	struct err e = { 0 };

	b->harts[1].aia = aia;
	assert_null(bench_try(b, "imsic", settings, &e));
	assert_non_null(strstr(e.text, why));
	bench_end(b);
}

static void files_that_cannot_be_are_refused(void **state)
{
	refused("level=M num-ids=100 reg=0x24000000:32K", true, "multiple of 64");
	refused("level=M reg=0x24000000:16K", true, "need 0x8000 bytes");
	refused("level=M reg=0x24000000:32K", false, "hart 1 has no smaia");
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_of_an_identity_reaches_the_file_of_the_page),
		cmocka_unit_test(files_of_m_level_stand_behind_meip),
		cmocka_unit_test(what_is_no_identity_is_counted_and_ignored),
		cmocka_unit_test(pages_behind_the_last_file_are_nobodys),
		cmocka_unit_test(harts_without_s_mode_have_no_file_of_that_level),
		cmocka_unit_test(a_message_stored_by_a_device_goes_by_its_address),
		cmocka_unit_test(files_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
