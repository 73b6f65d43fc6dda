/* NOR flash: memory until a command comes, what commands do, and the file behind it.  What harts
 * see of it is tests/riscv/isa/flash. */
#include "bench.h"

#include "block.h"

#define BASE   0x20000000u
#define SIZE   (64u * 1024)
#define SECTOR (16u * 1024)
#define FLASH  "reg=0x20000000:64K sector-size=16K"

enum { READY = 0x80, ERASE_ERROR = 0x20, PROGRAM_ERROR = 0x10, PROTECTED = 0x02 };

/* A file that finishes when the test says so. */
struct file {
	struct block b;
	u8 bytes[SIZE];
	struct block_req *under_way;
	bool at_once, fails;
	u32 writes;
	bool durable;
};

static void finish(struct file *f)
{
	struct block_req *req = f->under_way;
	u8 *at = f->bytes + req->offset;

	f->under_way = NULL;
	req->status = f->fails ? BLOCK_IOERR : BLOCK_OK;
	if (req->op == BLOCK_READ) {
		memcpy(req->iov[0].iov_base, at, req->length);
	} else if (!f->fails) {
		memcpy(at, req->iov[0].iov_base, req->length);
		f->writes++;
		f->durable = req->durable;
	}
	f->b.complete(f->b.ctx, req);
}

static void submit(struct block *b, struct block_req *req)
{
	struct file *f = (struct file *)b;

	assert_null(f->under_way);
	f->under_way = req;
	if (f->at_once)
		finish(f);
}

static const struct block_ops ops = { .submit = submit };

static struct file *file_new(void)
{
	struct file *f = xzalloc(sizeof(*f));

	f->b = (struct block){ .ops = &ops, .size = SIZE };
	f->at_once = true;
	memset(f->bytes, 0xff, SIZE);
	return f;
}

static struct device *with_file(struct file *f)
{
	struct bench *b = bench_new();

	b->disk = &f->b;
	return bench_add(b, "flash-cfi", FLASH);
}

static void end(struct device *flash, struct file *f)
{
	bench_free(flash);
	free(f);
}

/* A command to both chips of a bank of 4. */
static void command(struct device *flash, u32 off, u32 c)
{
	wr(flash, off, c << 16 | c);
}

static u32 in_both(u32 v)
{
	return v << 16 | v;
}

/* As harts see the array; NULL: they do not. */
static const u8 *array(struct device *flash)
{
	bool rom;

	return mem_readable(bench_of(flash)->machine.mem, BASE, 4096, &rom);
}

static u32 word(struct device *flash, u32 off)
{
	u32 v;

	command(flash, 0, 0xff);
	memcpy(&v, array(flash) + off, 4);
	return v;
}

static void program(struct device *flash, u32 off, u32 v)
{
	command(flash, off, 0x40);
	wr(flash, off, v);
}

static void erase(struct device *flash, u32 off)
{
	command(flash, off, 0x20);
	command(flash, off, 0xd0);
}

static void it_is_memory_while_the_array_is_read(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	assert_non_null(array(flash));
	command(flash, 0, 0x70);
	assert_null(array(flash));
	assert_int_equal(rd(flash, 0), in_both(READY));
	command(flash, 0, 0xff);
	assert_non_null(array(flash));
	command(flash, 0, 0x90);
	assert_null(array(flash));
	assert_int_equal(rd(flash, 0), in_both(0x89));
	device_reset(flash);
	assert_non_null(array(flash));
	bench_free(flash);
	(void)state;
}

static void the_query_stands_in_each_lane(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	command(flash, 0x55 * 4, 0x98);
	assert_int_equal(rd(flash, 0x10 * 4), in_both('Q'));
	assert_int_equal(rd(flash, 0x11 * 4), in_both('R'));
	assert_int_equal(rd(flash, 0x12 * 4), in_both('Y'));
	assert_int_equal(rd8(flash, 0x10 * 4 + 2), 'Q');
	assert_int_equal(rd(flash, 0x13 * 4), in_both(1));
	assert_int_equal(rd(flash, 0x27 * 4), in_both(15)); /* a chip has 32 KiB */
	assert_int_equal(rd(flash, 0x2d * 4), in_both(SIZE / SECTOR - 1));
	assert_int_equal(rd(flash, 0x2f * 4), in_both(SECTOR / 2 / 256));
	assert_int_equal(rd(flash, 0x31 * 4), in_both('P'));
	bench_free(flash);
	(void)state;
}

static void programming_only_takes_bits_away(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	program(flash, 8, 0xffff0ff0);
	program(flash, 8, 0x0ffffff0);
	assert_int_equal(rd(flash, 0), in_both(READY));
	assert_int_equal(word(flash, 8), 0x0fff0ff0);
	assert_int_equal(word(flash, 12), 0xffffffff);
	bench_free(flash);
	(void)state;
}

static void erasing_is_of_one_sector(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	program(flash, SECTOR - 4, 0);
	program(flash, SECTOR, 0);
	program(flash, 2 * SECTOR, 0);
	erase(flash, SECTOR + 100);
	assert_int_equal(word(flash, SECTOR - 4), 0);
	assert_int_equal(word(flash, SECTOR), 0xffffffff);
	assert_int_equal(word(flash, 2 * SECTOR), 0);
	command(flash, 0, 0x20); /* not confirmed */
	command(flash, 0, 0xff);
	assert_int_equal(rd(flash, 0), in_both(READY | ERASE_ERROR | PROGRAM_ERROR));
	assert_int_equal(word(flash, SECTOR - 4), 0);
	bench_free(flash);
	(void)state;
}

static void a_buffer_is_programmed_when_it_is_confirmed(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	command(flash, SECTOR, 0xe8);
	assert_int_equal(rd(flash, SECTOR), in_both(READY));
	command(flash, SECTOR, 3 - 1);
	for (u32 i = 0; i < 3; i++)
		wr(flash, SECTOR + 8 + 4 * i, i);
	command(flash, SECTOR, 0xd0);
	assert_int_equal(rd(flash, SECTOR), in_both(READY));
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(word(flash, SECTOR + 8 + 4 * i), i);
	bench_free(flash);
	(void)state;
}

static void a_buffer_that_is_too_long_or_leaves_its_sector_is_none(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);

	command(flash, 0, 0xe8);
	wr(flash, 0, 0xffff);
	assert_int_equal(rd(flash, 0), in_both(READY | ERASE_ERROR | PROGRAM_ERROR));
	command(flash, 0, 0x50);
	assert_int_equal(rd(flash, 0), in_both(READY));
	command(flash, 0, 0xe8);
	wr(flash, 0, 1);
	wr(flash, SECTOR - 4, 0);
	wr(flash, SECTOR, 0);
	assert_int_equal(rd(flash, 0), in_both(READY | ERASE_ERROR | PROGRAM_ERROR));
	assert_int_equal(word(flash, SECTOR - 4), 0xffffffff);
	bench_free(flash);
	(void)state;
}

static void who_ran_what_was_changed_can_find_out(void **state)
{
	struct device *flash = bench_with("flash-cfi", FLASH);
	struct mem *mem = bench_of(flash)->machine.mem;
	const _Atomic u8 *written = mem_written(mem, array(flash));

	mem_forget_written(mem);
	assert_false(*written);
	program(flash, 0, 0);
	assert_true(*written);
	bench_free(flash);
	(void)state;
}

static void the_file_is_what_is_read(void **state)
{
	struct file *f = file_new();
	struct device *flash;

	put_le32(f->bytes + SIZE - 4, 0x12345678);
	flash = with_file(f);
	assert_int_equal(word(flash, SIZE - 4), 0x12345678);
	device_reset(flash);
	assert_int_equal(word(flash, SIZE - 4), 0x12345678);
	end(flash, f);
	(void)state;
}

static void it_is_busy_until_the_file_has_it(void **state)
{
	struct file *f = file_new();
	struct device *flash = with_file(f);

	f->at_once = false;
	program(flash, 4, 0);
	assert_int_equal(rd(flash, 0), 0);
	command(flash, 0, 0xff); /* is not heard */
	assert_null(array(flash));
	command(flash, 0, 0x70); /* is */
	assert_int_equal(rd(flash, 0), 0);
	finish(f);
	assert_int_equal(rd(flash, 0), in_both(READY));
	assert_int_equal(f->writes, 1);
	assert_true(f->durable);
	assert_int_equal(get_le32(f->bytes + 4), 0);
	assert_int_equal(get_le32(f->bytes), 0xffffffff);
	end(flash, f);
	(void)state;
}

static void what_the_host_cannot_write_is_an_error(void **state)
{
	struct file *f = file_new();
	struct device *flash = with_file(f);

	f->fails = true;
	program(flash, 4, 0);
	assert_int_equal(rd(flash, 0), in_both(READY | PROGRAM_ERROR));
	command(flash, 0, 0x50);
	erase(flash, 0);
	assert_int_equal(rd(flash, 0), in_both(READY | ERASE_ERROR));
	end(flash, f);
	(void)state;
}

static void a_read_only_file_is_protected(void **state)
{
	struct file *f = file_new();
	struct device *flash;

	f->b.read_only = true;
	flash = with_file(f);
	program(flash, 4, 0);
	assert_int_equal(rd(flash, 0), in_both(READY | PROGRAM_ERROR | PROTECTED));
	command(flash, 0, 0x50);
	erase(flash, 0);
	assert_int_equal(rd(flash, 0), in_both(READY | ERASE_ERROR | PROTECTED));
	assert_int_equal(word(flash, 4), 0xffffffff);
	assert_int_equal(f->writes, 0);
	end(flash, f);
	(void)state;
}

static void refused(const char *settings, u64 file, bool fails, const char *why)
{
	struct bench *b = bench_new();
	struct file *f = file_new();
	struct err e = { 0 };

	f->b.size = file;
	f->fails = fails;
	b->disk = file ? &f->b : NULL;
	assert_null(bench_try(b, "flash-cfi", settings, &e));
	if (!strstr(e.text, why))
		fail_msg("%s", e.text);
	bench_end(b);
	free(f);
}

static void banks_that_cannot_be_are_refused(void **state)
{
	refused(FLASH, SIZE / 2, false, "the file has 32768 bytes, the bank 65536");
	refused(FLASH, SIZE, true, "cannot be read");
	refused(FLASH " bank-width=3", 0, false, "3 is not 1, 2 or 4");
	refused("reg=0x20000000:48K sector-size=16K", 0, false, "power of two");
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_memory_while_the_array_is_read),
		cmocka_unit_test(the_query_stands_in_each_lane),
		cmocka_unit_test(programming_only_takes_bits_away),
		cmocka_unit_test(erasing_is_of_one_sector),
		cmocka_unit_test(a_buffer_is_programmed_when_it_is_confirmed),
		cmocka_unit_test(a_buffer_that_is_too_long_or_leaves_its_sector_is_none),
		cmocka_unit_test(who_ran_what_was_changed_can_find_out),
		cmocka_unit_test(the_file_is_what_is_read),
		cmocka_unit_test(it_is_busy_until_the_file_has_it),
		cmocka_unit_test(what_the_host_cannot_write_is_an_error),
		cmocka_unit_test(a_read_only_file_is_protected),
		cmocka_unit_test(banks_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
