/* Interrupt domains: lines that a root hands down, messages and lines to several harts.  What one
 * domain does with one hart is tests/riscv/isa/aia and aplic. */
#include "bench.h"

enum { SEIP = 9, MEIP = 11 };
enum {
	SETIP = 0x1c00,
	SETIPNUM = 0x1cdc,
	IN_CLRIP = 0x1d00,
	SETIENUM = 0x1edc,
	GENMSI = 0x3000,
	TARGET = 0x3000,
	IDELIVERY = 0x4000,
	CLAIMI = 0x401c,
	IE = 1 << 8,
	DELEGATED = 1 << 10,
	DETACHED = 1,
	EDGE1 = 4,
	LEVEL1 = 6,
};

static u32 hart(u32 index)
{
	return index << 18;
}

/* An S-level domain that sends messages. */
static struct device *sender(struct bench *b)
{
	struct device *imsic = bench_add(b, "imsic", "level=S reg=0x28000000:32K"), *s;

	b->ref = imsic;
	b->ref_prop = "msi-parent";
	s = bench_add(b, "aplic", "level=S");
	wr(s, 0, IE);
	return s;
}

/* The root above it, which does not. */
static struct device *root_of(struct device *child)
{
	struct bench *b = bench_of(child);

	b->ref = child;
	b->ref_prop = "children";
	return bench_add(b, "aplic", "level=M");
}

static void activate(struct device *aplic, u32 source, u32 mode, u32 target)
{
	wr(aplic, 4 * source, mode);
	wr(aplic, TARGET + 4 * source, target);
	wr(aplic, SETIENUM, source);
}

static void a_message_goes_to_hart_and_identity_of_the_target(void **state)
{
	struct bench *b = bench_new();
	struct device *s = sender(b);

	activate(s, 40, LEVEL1, hart(6) | 200);
	device_input(s, 40, true);
	assert_int_equal(b->nmsi, 1);
	assert_int_equal(b->msi[0].hart, 6);
	assert_int_equal(b->msi[0].irq, SEIP);
	assert_int_equal(b->msi[0].id, 200);
	device_update(s);
	assert_int_equal(b->nmsi, 1);
	bench_end(b);
	(void)state;
}

static void a_message_to_nobody_is_counted_and_lost(void **state)
{
	struct bench *b = bench_new();
	struct device *s = sender(b);

	activate(s, 1, LEVEL1, hart(8) | 200);
	device_input(s, 1, true);
	wr(s, GENMSI, hart(0) | 256);
	wr(s, GENMSI, hart(0x3fff) | 1);
	assert_int_equal(b->nmsi, 0);
	assert_int_equal(device_guest_errors(s), 3);
	assert_int_equal(rd(s, SETIP), 0);
	bench_end(b);
	(void)state;
}

static void after_a_reset_the_child_has_all_sources(void **state)
{
	struct bench *b = bench_new();
	struct device *s = sender(b), *m = root_of(s);

	assert_int_equal(rd(m, 4 * 96), DELEGATED);
	activate(s, 96, LEVEL1, 7);
	device_input(m, 96, true);
	assert_int_equal(b->nmsi, 1);
	bench_end(b);
	(void)state;
}

static void what_the_root_keeps_the_child_does_not_see(void **state)
{
	struct bench *b = bench_new();
	struct device *s = sender(b), *m = root_of(s);

	activate(s, 5, LEVEL1, 7);
	wr(m, 4 * 5, LEVEL1);
	assert_int_equal(rd(s, 4 * 5), 0);
	assert_int_equal(rd(s, TARGET + 4 * 5), 0);
	activate(s, 5, LEVEL1, 7);
	assert_int_equal(rd(s, 4 * 5), 0);
	device_input(m, 5, true);
	assert_int_equal(b->nmsi, 0);
	assert_int_equal(rd(s, IN_CLRIP), 0);

	wr(m, 4 * 5, DELEGATED);
	assert_int_equal(rd(s, 4 * 5), 0); /* until it is written */
	activate(s, 5, LEVEL1, 7);
	assert_int_equal(b->nmsi, 1);
	bench_end(b);
	(void)state;
}

static void lines_that_a_board_connects_to_the_child_arrive_at_the_root(void **state)
{
	struct bench *b = bench_new();
	struct device *s = sender(b), *m = root_of(s);
	struct device *uart = bench_add(b, "uart-16550", "");

	wire_connect(device_wire(uart, "interrupts", 0), s, 10);
	wr(m, 4 * 10, LEVEL1);
	wr8(uart, 1, 2); /* it is empty, and says so */
	assert_int_equal(rd(m, IN_CLRIP), 1 << 10);
	bench_end(b);
	(void)state;
}

static void each_hart_is_interrupted_by_what_targets_it(void **state)
{
	struct device *m = bench_with("aplic", "level=M");
	struct bench *b = bench_of(m);

	wr(m, 0, IE);
	activate(m, 3, DETACHED, hart(2) | 1);
	activate(m, 4, DETACHED, hart(7) | 1);
	wr(m, IDELIVERY + 2 * 32, 1);
	wr(m, IDELIVERY + 7 * 32, 1);
	wr(m, SETIPNUM, 4);
	assert_false(b->line[2][MEIP]);
	assert_true(b->line[7][MEIP]);
	assert_int_equal(rd(m, CLAIMI + 2 * 32), 0);
	assert_int_equal(rd(m, CLAIMI + 7 * 32), 4 << 16 | 1);
	assert_false(b->line[7][MEIP]);
	bench_free(m);
	(void)state;
}

static void an_edge_is_not_lost_when_the_line_falls(void **state)
{
	struct device *m = bench_with("aplic", "level=M");
	struct bench *b = bench_of(m);

	wr(m, 0, IE);
	activate(m, 9, EDGE1, hart(0) | 1);
	wr(m, IDELIVERY, 1);
	device_input(m, 9, true);
	device_input(m, 9, false);
	assert_true(b->line[0][MEIP]);
	bench_free(m);
	(void)state;
}

static void every_line_of_the_highest_source_works(void **state)
{
	struct device *m = bench_with("aplic", "level=M sources=1023");

	wr(m, 4 * 1023, LEVEL1);
	device_input(m, 1023, true);
	assert_int_equal(rd(m, IN_CLRIP + 4 * 31), 1u << 31);
	assert_int_equal(rd(m, SETIP + 4 * 31), 1u << 31);
	wr(m, SETIPNUM, 1024); /* and none beyond */
	assert_int_equal(rd(m, SETIP), 0);
	bench_free(m);
	(void)state;
}

static void domains_that_do_not_fit_are_refused(void **state)
{
	struct bench *b = bench_new();
	struct err e = { 0 };

	b->ref = bench_add(b, "aplic", "level=S sources=50");
	b->ref_prop = "children";
	assert_null(bench_try(b, "aplic", "level=M sources=96", &e));
	assert_non_null(strstr(e.text, "96, and its child has 50"));
	assert_null(bench_try(b, "aplic", "level=S sources=50", &e));
	assert_non_null(strstr(e.text, "is at level M"));
	bench_end(b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_goes_to_hart_and_identity_of_the_target),
		cmocka_unit_test(a_message_to_nobody_is_counted_and_lost),
		cmocka_unit_test(after_a_reset_the_child_has_all_sources),
		cmocka_unit_test(what_the_root_keeps_the_child_does_not_see),
		cmocka_unit_test(lines_that_a_board_connects_to_the_child_arrive_at_the_root),
		cmocka_unit_test(each_hart_is_interrupted_by_what_targets_it),
		cmocka_unit_test(an_edge_is_not_lost_when_the_line_falls),
		cmocka_unit_test(every_line_of_the_highest_source_works),
		cmocka_unit_test(domains_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
