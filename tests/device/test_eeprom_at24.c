/* What drivers expect of a serial EEPROM. */
#include "i2c_bench.h"

#define EEPROM 0x50

/* A file of the host whose requests wait for run(). */
struct disk {
	struct block block;
	u8 bytes[65536];
	struct block_req *waiting;
	bool broken;
};

static struct disk *disk_of(struct block *b)
{
	return (struct disk *)(void *)b;
}

static void disk_submit(struct block *b, struct block_req *req)
{
	assert_null(disk_of(b)->waiting);
	disk_of(b)->waiting = req;
}

static void run(struct disk *d)
{
	struct block_req *req = d->waiting;

	assert_non_null(req);
	assert_true(range_inside(req->offset, req->length, 0, d->block.size));
	assert_int_equal(req->niov, 1);
	assert_int_equal(req->iov[0].iov_len, req->length);
	d->waiting = NULL;
	req->status = d->broken ? BLOCK_IOERR : BLOCK_OK;
	if (!d->broken && req->op == BLOCK_WRITE)
		memcpy(d->bytes + req->offset, req->iov[0].iov_base, req->length);
	else if (!d->broken)
		memcpy(req->iov[0].iov_base, d->bytes + req->offset, req->length);
	d->block.complete(d->block.ctx, req);
}

/* As host/ does it: what has not begun is canceled. */
static void disk_drain(struct block *b)
{
	struct disk *d = disk_of(b);
	bool broken = d->broken;

	d->broken = true;
	if (d->waiting)
		run(d);
	d->broken = broken;
}

static const struct block_ops disk_ops = { .submit = disk_submit, .drain = disk_drain };

static void disk_make(struct disk *d, u64 size)
{
	*d = (struct disk){ .block = { .ops = &disk_ops, .size = size } };
	memset(d->bytes, '.', sizeof(d->bytes));
}

static struct device *eeprom_bench(struct disk *d, const char *settings)
{
	struct device *bus = i2c_bench();

	bench_of(bus)->disk = d ? &d->block : NULL;
	bench_nest(bus, "eeprom-at24", EEPROM, settings);
	if (d)
		run(d); /* it is read */
	return bus;
}

static void read_at(struct device *bus, u16 at, u8 *bytes, u32 n)
{
	assert_true(i2c_begin(bus, EEPROM, false));
	assert_true(i2c_put(bus, (u8)(at >> 8), 0));
	assert_true(i2c_put(bus, (u8)at, 0));
	assert_true(i2c_receive(bus, EEPROM, bytes, n));
}

static bool write_at(struct device *bus, u16 at, const char *text)
{
	u8 all[300] = { (u8)(at >> 8), (u8)at };

	memcpy(all + 2, text, strlen(text));
	return i2c_send(bus, EEPROM, all, (u32)strlen(text) + 2);
}

static void a_new_chip_is_all_ones_and_remembers(void **state)
{
	struct device *bus = eeprom_bench(NULL, "model=24c32");
	u8 got[4];

	read_at(bus, 0xffe, got, 4);
	assert_memory_equal(got, "\xff\xff\xff\xff", 4);
	assert_true(write_at(bus, 0x123, "abc"));
	read_at(bus, 0x122, got, 4);
	assert_memory_equal(got,
			    "\xff"
			    "abc",
			    4);
	bench_free(bus);
	(void)state;
}

static void small_chips_have_one_byte_of_address(void **state)
{
	struct device *bus = eeprom_bench(NULL, "model=24c02");
	u8 got[2];

	assert_true(i2c_send(bus, EEPROM, (const u8 *)"\x80xy", 3));
	i2c_read_at(bus, EEPROM, 0x80, got, 2);
	assert_memory_equal(got, "xy", 2);
	bench_free(bus);
	(void)state;
}

static void reading_goes_around_at_the_end_and_writing_at_the_page(void **state)
{
	struct device *bus = eeprom_bench(NULL, "model=24c32");
	u8 got[2];

	assert_true(write_at(bus, 0xffe, "yzAB"));
	read_at(bus, 0xfff, got, 2);
	assert_memory_equal(got, "z\xff", 2);
	read_at(bus, 0xfe0, got, 2);
	assert_memory_equal(got, "AB", 2);
	bench_free(bus);
	(void)state;
}

static void the_file_is_the_memory(void **state)
{
	static struct disk d;
	struct device *bus;
	u8 got[4];

	disk_make(&d, 4096);
	memcpy(d.bytes + 100, "file", 4);
	bus = eeprom_bench(&d, "model=24c32");
	read_at(bus, 100, got, 4);
	assert_memory_equal(got, "file", 4);
	assert_true(write_at(bus, 1023, "X"));
	run(&d);
	assert_memory_equal(d.bytes + 1022, ".X.", 3);
	bench_free(bus);
	(void)state;
}

static void it_does_not_answer_until_its_file_is_read(void **state)
{
	static struct disk d;
	struct device *bus = i2c_bench(), *chip;

	disk_make(&d, 4096);
	bench_of(bus)->disk = &d.block;
	chip = bench_nest(bus, "eeprom-at24", EEPROM, "model=24c32");
	assert_false(i2c_begin(bus, EEPROM, false));
	device_reset(chip); /* which cancels it */
	assert_false(i2c_begin(bus, EEPROM, false));
	run(&d);
	assert_true(i2c_begin(bus, EEPROM, false));
	bench_free(bus);
	(void)state;
}

static void what_is_written_during_a_write_follows_it(void **state)
{
	static struct disk d;
	struct device *bus;
	u8 got[2];

	disk_make(&d, 4096);
	bus = eeprom_bench(&d, "model=24c32");
	assert_true(write_at(bus, 0, "a"));
	assert_true(write_at(bus, 600, "b"));
	assert_true(write_at(bus, 0, "c"));
	read_at(bus, 0, got, 2);
	assert_memory_equal(got, "c.", 2);
	run(&d);
	assert_int_equal(d.bytes[0], 'a');
	run(&d);
	assert_int_equal(d.bytes[0], 'c');
	assert_int_equal(d.bytes[600], 'b');
	assert_null(d.waiting);
	bench_free(bus);
	(void)state;
}

static void a_write_without_a_stop_waits_for_one(void **state)
{
	static struct disk d;
	struct device *bus;

	disk_make(&d, 4096);
	bus = eeprom_bench(&d, "model=24c32");
	i2c_begin(bus, EEPROM, false);
	i2c_put(bus, 2, 0);
	i2c_put(bus, 0, 0);
	i2c_put(bus, 'a', 0);
	assert_null(d.waiting);
	i2c_begin(bus, EEPROM, true);
	assert_null(d.waiting);
	i2c_end(bus);
	run(&d);
	assert_memory_equal(d.bytes + 511, ".a.", 3);
	bench_free(bus);
	(void)state;
}

static void a_protected_chip_refuses_what_is_written(void **state)
{
	static struct disk d;
	struct device *bus = eeprom_bench(NULL, "model=24c32 read-only=true");
	u8 got;

	assert_false(write_at(bus, 0, "a"));
	read_at(bus, 0, &got, 1);
	assert_int_equal(got, 0xff);
	bench_free(bus);

	disk_make(&d, 4096);
	d.block.read_only = true;
	bus = eeprom_bench(&d, "model=24c32");
	assert_false(write_at(bus, 0, "a"));
	assert_null(d.waiting);
	bench_free(bus);
	(void)state;
}

static void a_chip_whose_file_fails_answers_no_more(void **state)
{
	static struct disk d;
	struct device *bus;

	disk_make(&d, 4096);
	bus = eeprom_bench(&d, "model=24c32");
	assert_true(i2c_begin(bus, EEPROM, true));
	i2c_end(bus);
	d.broken = true;
	assert_true(write_at(bus, 0, "a"));
	run(&d);
	assert_false(i2c_begin(bus, EEPROM, true));
	bench_free(bus);

	disk_make(&d, 4096);
	d.broken = true;
	bus = eeprom_bench(&d, "model=24c32");
	assert_false(i2c_begin(bus, EEPROM, true));
	assert_null(d.waiting);
	bench_free(bus);
	(void)state;
}

static void a_reset_during_a_write_loses_nothing(void **state)
{
	static struct disk d;
	struct device *bus;
	u8 got[2];

	disk_make(&d, 4096);
	bus = eeprom_bench(&d, "model=24c32");
	assert_true(write_at(bus, 7, "a"));
	assert_true(write_at(bus, 600, "b")); /* of another sector */
	device_reset(bench_of(bus)->devices[1]);
	assert_int_equal(d.bytes[7], '.');
	run(&d);
	assert_memory_equal(d.bytes + 6, ".a.", 3);
	assert_memory_equal(d.bytes + 599, ".b.", 3);
	read_at(bus, 7, got, 2);
	assert_memory_equal(got, "a.", 2);
	bench_free(bus);
	(void)state;
}

static void a_file_that_is_too_small_is_refused(void **state)
{
	static struct disk d;
	struct device *bus = i2c_bench();
	struct bench_values v = { 0 };
	struct device_place place = { .parent = bus, .slot = EEPROM };
	struct err e = { 0 };

	disk_make(&d, 2048);
	bench_of(bus)->disk = &d.block;
	bench_parse(&v, bench_find("eeprom-at24"), "model=24c32");
	assert_null(bench_make(bench_of(bus), "eeprom-at24", v.values, place, &e));
	assert_non_null(strstr(e.text, "its file has 2048 bytes, and the chip 4096"));
	bench_free(bus);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_chip_is_all_ones_and_remembers),
		cmocka_unit_test(small_chips_have_one_byte_of_address),
		cmocka_unit_test(reading_goes_around_at_the_end_and_writing_at_the_page),
		cmocka_unit_test(the_file_is_the_memory),
		cmocka_unit_test(it_does_not_answer_until_its_file_is_read),
		cmocka_unit_test(what_is_written_during_a_write_follows_it),
		cmocka_unit_test(a_write_without_a_stop_waits_for_one),
		cmocka_unit_test(a_protected_chip_refuses_what_is_written),
		cmocka_unit_test(a_chip_whose_file_fails_answers_no_more),
		cmocka_unit_test(a_reset_during_a_write_loses_nothing),
		cmocka_unit_test(a_file_that_is_too_small_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
