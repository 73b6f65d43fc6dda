/* virtio-blk, on a disk that records what it is asked and finishes when told. */
#include "disk_bench.h"
#include "virtio_bench.h"

extern const struct device_class device_virtio_blk;

#define SECTORS 64

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, ZEROES = 13 };

#define HAS_RO      ((u64)1 << 5)
#define HAS_FLUSH   ((u64)1 << 9)
#define HAS_WCE     ((u64)1 << 11)
#define HAS_MQ      ((u64)1 << 12)
#define HAS_DISCARD ((u64)1 << 13)
#define HAS_ZEROES  ((u64)1 << 14)

static struct disk *disk(struct driver *d)
{
	return (struct disk *)d->b->disk;
}

typedef void blk_test(struct driver *d);

static void on_one_disk(const char *settings, bool pci, bool read_only, bool writeback,
			blk_test *test)
{
	struct disk *d = disk_new(SECTORS);
	struct bench *b = bench_new();
	struct driver driver;

	d->block.read_only = read_only;
	d->block.writeback = writeback;
	b->disk = &d->block;
	driver_init(&driver, b, &device_virtio_blk, settings, pci);
	test(&driver);
	bench_end(b);
	free(d);
}

static void on_disks(blk_test *test)
{
	on_one_disk("", false, false, true, test);
	on_one_disk("", true, false, true, test);
}

/* -- Requests -------------------------------------------------------------------------- */

#define HEADER_AT DATA_AT
#define STATUS_AT (DATA_AT + 0x800u)
#define RANGE_AT  (DATA_AT + 0x200u)
#define BYTES_AT  (DATA_AT + 0x1000u)
#define UNTOUCHED 0xee

static void header(struct driver *d, u64 at, u32 type, u64 sector)
{
	put_le32(ram(d, at), type);
	put_le32(ram(d, at + 4), 0);
	put_le64(ram(d, at + 8), sector);
}

/* Header, data, status: three descriptors, as Linux does it. */
static void ask(struct driver *d, u32 type, u64 sector, u64 data, u32 len, bool in)
{
	const struct buffer with[] = { { HEADER_AT, 16, false },
				       { data, len, in },
				       { STATUS_AT, 1, true } };
	const struct buffer without[] = { { HEADER_AT, 16, false }, { STATUS_AT, 1, true } };

	header(d, HEADER_AT, type, sector);
	*ram(d, STATUS_AT) = UNTOUCHED;
	if (len)
		add_chain(d, 0, with, 3);
	else
		add_chain(d, 0, without, 2);
	driver_kick(d, 0);
}

/* All of it, with the disk finishing at once: the status; *written if asked. */
static u32 result(struct driver *d, u32 *written)
{
	u32 head, w;

	finish(disk(d));
	assert_true(take_used(d, 0, &head, &w));
	if (written)
		*written = w;
	return *ram(d, STATUS_AT);
}

static u32 run(struct driver *d, u32 type, u64 sector, u32 len, bool in)
{
	ask(d, type, sector, BYTES_AT, len, in);
	return result(d, NULL);
}

/* -- Reading and writing ------------------------------------------------------------------ */

static void check_read(struct driver *d)
{
	u32 written;

	driver_start(d, 0, 1, 16);
	ask(d, IN, 3, BYTES_AT, 2 * SECTOR, true);
	assert_int_equal(*ram(d, STATUS_AT), UNTOUCHED); /* not before it is done */
	assert_int_equal(used_index(d, 0), 0);
	assert_int_equal(result(d, &written), 0);
	assert_int_equal(written, 2 * SECTOR + 1);
	assert_memory_equal(ram(d, BYTES_AT), disk(d)->bytes + 3 * SECTOR, 2 * SECTOR);
	assert_true(driver_line(d));
}

static void a_read_brings_its_sectors_and_the_status_last(void **state)
{
	on_disks(check_read);
	(void)state;
}

static void check_write(struct driver *d)
{
	u32 written;

	driver_start(d, 0, 1, 16);
	memset(ram(d, BYTES_AT), 0x5a, SECTOR);
	ask(d, OUT, 63, BYTES_AT, SECTOR, false);
	assert_int_equal(result(d, &written), 0);
	assert_int_equal(written, 1);
	assert_memory_equal(ram(d, BYTES_AT), disk(d)->bytes + 63 * SECTOR, SECTOR);
	assert_int_equal(disk(d)->bytes[62 * SECTOR + 511], (u8)(62 + 511));
}

static void a_write_reaches_its_sector_and_no_other(void **state)
{
	on_disks(check_write);
	(void)state;
}

static void check_layouts(struct driver *d)
{
	/* the header in pieces, data in odd pieces, data and status in one */
	const struct buffer read[] = { { HEADER_AT, 7, false },
				       { HEADER_AT + 7, 9, false },
				       { BYTES_AT, 100, true },
				       { BYTES_AT + 200, 411, true },
				       { BYTES_AT + 700, 2, true } };
	const struct buffer write[] = { { HEADER_AT, 16 + 300, false },
					{ BYTES_AT, 212, false },
					{ STATUS_AT, 1, true } };
	u8 want[SECTOR];
	u32 head, written;

	driver_start(d, 0, 1, 16);
	header(d, HEADER_AT, IN, 9);
	add_chain(d, 0, read, 5);
	driver_kick(d, 0);
	finish(disk(d));
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(written, SECTOR + 1);
	assert_memory_equal(ram(d, BYTES_AT), disk(d)->bytes + 9 * SECTOR, 100);
	assert_memory_equal(ram(d, BYTES_AT + 200), disk(d)->bytes + 9 * SECTOR + 100, 411);
	assert_int_equal(*ram(d, BYTES_AT + 700), disk(d)->bytes[9 * SECTOR + 511]);
	assert_int_equal(*ram(d, BYTES_AT + 701), 0);

	header(d, HEADER_AT, OUT, 10);
	memset(ram(d, HEADER_AT + 16), 1, 300);
	memset(ram(d, BYTES_AT), 2, 212);
	memset(want, 1, 300);
	memset(want + 300, 2, 212);
	*ram(d, STATUS_AT) = UNTOUCHED;
	add_chain(d, 0, write, 3);
	driver_kick(d, 0);
	assert_int_equal(result(d, NULL), 0);
	assert_memory_equal(disk(d)->bytes + 10 * SECTOR, want, SECTOR);
}

static void the_layout_of_a_request_does_not_matter(void **state)
{
	on_disks(check_layouts);
	(void)state;
}

static void check_limits(struct driver *d)
{
	static const u64 bad[][2] = { { 64, 512 },
				      { 63, 1024 },
				      { 0, 65 * 512 },
				      { 65, 512 },
				      { 1u << 31, 512 },
				      { UINT64_MAX, 512 },
				      { UINT64_MAX, 1024 },
				      { (u64)1 << 55, 512 },
				      { ((u64)1 << 55) - 1, 1024 },
				      { UINT64_MAX / 512, 512 },
				      { 0, 511 },
				      { 0, 513 },
				      { 0, 1 } };

	driver_start(d, 0, 1, 16);
	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(run(d, IN, bad[i][0], (u32)bad[i][1], true), 1);
		assert_int_equal(run(d, OUT, bad[i][0], (u32)bad[i][1], false), 1);
	}
	assert_int_equal(disk(d)->nlog, 0);
	assert_int_equal(run(d, IN, 0, 64 * 512, true), 0);
	assert_int_equal(run(d, IN, 64, 0, true), 0);
}

static void what_is_not_whole_sectors_of_the_disk_is_an_error(void **state)
{
	on_disks(check_limits);
	(void)state;
}

static void check_failure(struct driver *d)
{
	u32 written;

	driver_start(d, HAS_FLUSH, 1, 16);
	disk(d)->fail = BLOCK_IOERR;
	ask(d, IN, 0, BYTES_AT, SECTOR, true);
	assert_int_equal(result(d, &written), 1);
	assert_int_equal(written, 1);
	assert_int_equal(run(d, OUT, 0, SECTOR, false), 1);
	assert_int_equal(run(d, FLUSH, 0, 0, false), 1);
	disk(d)->fail = BLOCK_OK;
	assert_int_equal(run(d, IN, 0, SECTOR, true), 0);
}

static void an_error_of_the_disk_reaches_the_driver(void **state)
{
	on_disks(check_failure);
	(void)state;
}

static void check_order(struct driver *d)
{
	u32 head, written;
	u16 heads[4];

	driver_start(d, 0, 1, 16);
	for (u32 i = 0; i < 4; i++) {
		u64 at = DATA_AT + 0x1000 * (u64)i;

		header(d, at, IN, i);
		heads[i] = add_chain(d, 0,
				     (struct buffer[]){ { at, 16, false },
							{ at + 0x200, SECTOR, true },
							{ at + 0x800, 1, true } },
				     3);
	}
	driver_kick(d, 0);
	assert_int_equal(disk(d)->npending, 4);
	for (u32 i = 4; i-- > 0;) {
		finish_nth(disk(d), i);
		assert_true(take_used(d, 0, &head, &written));
		assert_int_equal(head, heads[i]);
		assert_memory_equal(ram(d, DATA_AT + 0x1000 * (u64)i + 0x200),
				    disk(d)->bytes + i * SECTOR, SECTOR);
	}
}

static void requests_are_answered_in_the_order_they_finish(void **state)
{
	on_disks(check_order);
	(void)state;
}

/* -- Flush and cache ------------------------------------------------------------------------ */

static void check_flush(struct driver *d)
{
	static const enum block_op want[] = { BLOCK_WRITE, BLOCK_FLUSH, BLOCK_WRITE, BLOCK_FLUSH };
	u32 head, written;

	driver_start(d, HAS_FLUSH, 1, 16);
	assert_int_equal(run(d, OUT, 1, SECTOR, false), 0);
	ask(d, FLUSH, 0, 0, 0, false);
	assert_false(take_used(d, 0, &head, &written)); /* only when the disk has flushed */
	assert_int_equal(*ram(d, STATUS_AT), UNTOUCHED);
	assert_int_equal(result(d, &written), 0);
	assert_int_equal(written, 1);
	assert_int_equal(run(d, OUT, 2, SECTOR, false), 0);
	assert_int_equal(run(d, FLUSH, 12345, 0, false), 0); /* its sector means nothing */
	assert_int_equal(disk(d)->nlog, 4);
	assert_memory_equal(disk(d)->log, want, sizeof(want));
}

static void a_flush_is_done_when_the_disk_has_done_it(void **state)
{
	on_disks(check_flush);
	(void)state;
}

static void check_cache(struct driver *d)
{
	struct block *b = d->b->disk;

	assert_true(driver_offered(d) & HAS_FLUSH);
	driver_start(d, HAS_FLUSH, 1, 16);
	assert_true(b->writeback);
	driver_start(d, 0, 1, 16); /* cannot flush: each write is to be durable */
	assert_false(b->writeback);
	assert_int_equal(driver_config(d, 32, 1), 0);
	driver_set_config(d, 32, 1, 1); /* was not agreed on */
	assert_false(b->writeback);
	driver_start(d, HAS_FLUSH | HAS_WCE, 1, 16);
	assert_true(b->writeback);
	assert_int_equal(driver_config(d, 32, 1), 1);
	driver_set_config(d, 32, 1, 0);
	assert_false(b->writeback);
	assert_int_equal(driver_config(d, 32, 1), 0);
	driver_set_config(d, 32, 1, 2);
	assert_false(b->writeback);
	driver_set_config(d, 32, 1, 1);
	assert_true(b->writeback);
	driver_set_config(d, 32, 1, 0);
	driver_set_status(d, 0);
	assert_true(b->writeback);
}

static void a_driver_that_cannot_flush_gets_a_disk_that_writes_through(void **state)
{
	on_disks(check_cache);
	(void)state;
}

static void check_writethrough(struct driver *d)
{
	assert_false(driver_offered(d) & (HAS_FLUSH | HAS_WCE));
	driver_start(d, 0, 1, 16);
	assert_false(d->b->disk->writeback);
	driver_set_status(d, 0);
	assert_false(d->b->disk->writeback);
}

static void a_disk_that_writes_through_offers_no_flush(void **state)
{
	on_one_disk("", false, false, false, check_writethrough);
	on_one_disk("", true, false, false, check_writethrough);
	(void)state;
}

/* -- Read-only -------------------------------------------------------------------------------- */

static u32 run_range(struct driver *d, u32 type, u64 sector, u32 sectors, u32 flags)
{
	put_le64(ram(d, RANGE_AT), sector);
	put_le32(ram(d, RANGE_AT + 8), sectors);
	put_le32(ram(d, RANGE_AT + 12), flags);
	ask(d, type, 0, RANGE_AT, 16, false);
	return result(d, NULL);
}

static void check_read_only(struct driver *d)
{
	assert_true(driver_offered(d) & HAS_RO);
	assert_false(driver_offered(d) & (HAS_DISCARD | HAS_ZEROES));
	for (u32 i = 0; i < 2; i++) {
		driver_start(d, i ? HAS_RO : 0, 1, 16);
		disk(d)->nlog = 0;
		assert_int_equal(run(d, OUT, 0, SECTOR, false), 1);
		assert_int_not_equal(run_range(d, DISCARD, 0, 1, 0), 0);
		assert_int_not_equal(run_range(d, ZEROES, 0, 1, 0), 0);
		assert_int_equal(disk(d)->nlog, 0);
		assert_int_equal(run(d, IN, 0, SECTOR, true), 0);
	}
}

static void a_read_only_disk_is_never_written_agreed_on_or_not(void **state)
{
	on_one_disk("", false, true, true, check_read_only);
	on_one_disk("", true, true, true, check_read_only);
	(void)state;
}

/* -- The rest ------------------------------------------------------------------------------------
 */

static void check_ranges(struct driver *d)
{
	u8 zeros[2 * SECTOR] = { 0 };

	driver_start(d, HAS_DISCARD | HAS_ZEROES, 1, 16);
	assert_int_equal(run_range(d, ZEROES, 4, 2, 0), 0);
	assert_memory_equal(disk(d)->bytes + 4 * SECTOR, zeros, sizeof(zeros));
	assert_int_equal(run_range(d, ZEROES, 6, 1, 1), 0);
	assert_int_equal(run_range(d, DISCARD, 0, 64, 0), 0);
	assert_int_equal(disk(d)->nlog, 3);
	assert_int_equal(run_range(d, DISCARD, 0, 1, 1), 2); /* unmap is for zeroes */
	assert_int_equal(run_range(d, DISCARD, 0, 1, 2), 2);
	assert_int_equal(run_range(d, ZEROES, 0, 1, 2), 2);
	assert_int_equal(run_range(d, ZEROES, 0, 1, 0x80000001), 2);
	assert_int_equal(run_range(d, DISCARD, 1, 64, 0), 1);
	assert_int_equal(run_range(d, DISCARD, UINT64_MAX, 2, 0), 1);
	assert_int_equal(run_range(d, ZEROES, 0, UINT32_MAX, 0), 1);
	ask(d, DISCARD, 0, RANGE_AT, 32, false); /* two ranges: we said one */
	assert_int_equal(result(d, NULL), 1);
	ask(d, DISCARD, 0, RANGE_AT, 15, false);
	assert_int_equal(result(d, NULL), 1);
	assert_int_equal(disk(d)->nlog, 3);
	driver_start(d, 0, 1, 16);
	assert_int_equal(run_range(d, DISCARD, 0, 1, 0), 2); /* not agreed on */
	assert_int_equal(run_range(d, ZEROES, 0, 1, 0), 2);
	assert_int_equal(disk(d)->nlog, 3);
}

static void ranges_are_checked_before_they_are_discarded_or_zeroed(void **state)
{
	on_disks(check_ranges);
	(void)state;
}

static void check_id(struct driver *d)
{
	u32 written;

	driver_start(d, 0, 1, 16);
	memset(ram(d, BYTES_AT), 0xff, 64);
	ask(d, GET_ID, 0, BYTES_AT, 20, true);
	assert_int_equal(result(d, &written), 0);
	assert_int_equal(written, 21);
	assert_memory_equal(ram(d, BYTES_AT), "VB0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", 21);
	memset(ram(d, BYTES_AT), 0xff, 64);
	ask(d, GET_ID, 0, BYTES_AT, 3, true);
	assert_int_equal(result(d, &written), 0);
	assert_memory_equal(ram(d, BYTES_AT), "VB0\xff", 4);
	ask(d, GET_ID, 0, BYTES_AT, 512, true);
	assert_int_equal(result(d, &written), 0);
	assert_int_equal(*ram(d, BYTES_AT + 20), 0xff);
}

static void check_long_id(struct driver *d)
{
	driver_start(d, 0, 1, 16);
	ask(d, GET_ID, 0, BYTES_AT, 20, true);
	assert_int_equal(result(d, NULL), 0);
	assert_memory_equal(ram(d, BYTES_AT), "0123456789012345678901234", 20);
}

static void the_serial_number_is_twenty_bytes(void **state)
{
	on_one_disk("serial=VB0001", false, false, true, check_id);
	on_one_disk("serial=VB0001", true, false, true, check_id);
	on_one_disk("serial=0123456789012345678901234", false, false, true, check_long_id);
	(void)state;
}

static void check_unknown(struct driver *d)
{
	static const u32 types[] = { 2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 16, 24, 26, 0xffffffff };

	driver_start(d, 0, 1, 16);
	for (u32 i = 0; i < ARRAY_LEN(types); i++)
		assert_int_equal(run(d, types[i], 0, SECTOR, true), 2);
	assert_int_equal(disk(d)->nlog, 0);
}

static void an_unknown_request_is_unsupported(void **state)
{
	on_disks(check_unknown);
	(void)state;
}

static void refuse(struct driver *d, const struct buffer *buf, u32 n)
{
	u32 nlog = disk(d)->nlog;

	driver_start(d, 0, 1, 16);
	header(d, HEADER_AT, IN, 0);
	*ram(d, STATUS_AT) = UNTOUCHED;
	add_chain(d, 0, buf, n);
	driver_kick(d, 0);
	assert_int_equal(driver_status(d) & 0x40, 0x40);
	assert_int_equal(used_index(d, 0), 0);
	assert_int_equal(*ram(d, STATUS_AT), UNTOUCHED);
	assert_int_equal(disk(d)->nlog, nlog);
}

static void check_shapeless(struct driver *d)
{
	refuse(d, (struct buffer[]){ { HEADER_AT, 16, false } }, 1);
	refuse(d, (struct buffer[]){ { STATUS_AT, 1, true } }, 1);
	refuse(d, (struct buffer[]){ { HEADER_AT, 15, false }, { STATUS_AT, 1, true } }, 2);
	refuse(d, (struct buffer[]){ { HEADER_AT, 16, false }, { BYTES_AT, 512, false } }, 2);
	driver_start(d, 0, 1, 16);
	assert_int_equal(run(d, IN, 0, SECTOR, true), 0);
}

static void a_chain_that_is_no_request_breaks_the_rules(void **state)
{
	on_disks(check_shapeless);
	(void)state;
}

/* -- Many -----------------------------------------------------------------------------------------
 */

static void offer_reads(struct driver *d, u32 q, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		header(d, HEADER_AT, IN, i % SECTORS);
		add_chain(d, q,
			  (struct buffer[]){ { HEADER_AT, 16, false },
					     { BYTES_AT, SECTOR, true },
					     { STATUS_AT, 1, true } },
			  3);
	}
}

static void check_many(struct driver *d)
{
	driver_start(d, F_EVENT_IDX, 1, 256);
	offer_reads(d, 0, 85);
	driver_kick(d, 0);
	assert_int_equal(disk(d)->npending, 64);
	finish(disk(d));
	assert_int_equal(used_index(d, 0), 85);
	assert_int_equal(disk(d)->nlog, 85);
	assert_int_equal(disk(d)->most_pending, 64);
	offer_reads(d, 0, 85);
	driver_kick(d, 0);
	finish(disk(d));
	assert_int_equal(used_index(d, 0), 170);
}

static void more_requests_than_the_device_holds_wait_in_the_queue(void **state)
{
	on_disks(check_many);
	(void)state;
}

static void check_queues(struct driver *d)
{
	assert_true(driver_offered(d) & HAS_MQ);
	assert_int_equal(driver_config(d, 34, 2), 3);
	driver_put(d, VIRTIO_REG_QUEUE_SEL, 3);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_SIZE_MAX), 0);
	driver_start(d, HAS_MQ, 3, 256);
	for (u32 q = 0; q < 3; q++)
		offer_reads(d, q, 80);
	for (u32 q = 0; q < 3; q++)
		driver_kick(d, q);
	for (u32 i = 0; i < 150; i++)
		finish_nth(disk(d), 0);
	for (u32 q = 0; q < 3; q++)
		assert_true(used_index(d, q) > 20); /* none is starved */
	finish(disk(d));
	for (u32 q = 0; q < 3; q++)
		assert_int_equal(used_index(d, q), 80);
}

static void several_queues_share_the_device_fairly(void **state)
{
	on_one_disk("queues=3", false, false, true, check_queues);
	on_one_disk("queues=3", true, false, true, check_queues);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 drains;

	for (u32 i = 0; i < 20; i++) { /* a request that leaked would be missed soon */
		driver_start(d, 0, 1, 256);
		offer_reads(d, 0, 40);
		driver_kick(d, 0);
		assert_int_equal(disk(d)->npending, 40);
		drains = disk(d)->drains;
		driver_set_status(d, 0);
		assert_true(disk(d)->drains > drains);
		assert_int_equal(disk(d)->npending, 0);
		assert_int_equal(driver_status(d), 0);
		assert_int_equal(used_index(d, 0), 0);
		assert_false(driver_line(d));
	}
	driver_start(d, 0, 1, 256);
	assert_int_equal(run(d, IN, 5, SECTOR, true), 0);
	assert_int_equal(used_index(d, 0), 1);
}

static void a_reset_waits_for_the_disk_and_drops_the_answers(void **state)
{
	on_disks(check_reset);
	(void)state;
}

static void check_machine_reset(struct driver *d)
{
	driver_start(d, 0, 1, 256);
	offer_reads(d, 0, 40);
	driver_kick(d, 0);
	device_reset(d->dev);
	assert_int_equal(disk(d)->npending, 0);
	assert_int_equal(used_index(d, 0), 0);
	assert_int_equal(d->v->status, 0);
}

static void so_does_a_reset_of_the_machine(void **state)
{
	on_disks(check_machine_reset);
	(void)state;
}

static void check_late(struct driver *d)
{
	driver_start(d, 0, 1, 16);
	offer_reads(d, 0, 1);
	driver_kick(d, 0);
	set_cfg(d, 4, 2, 0x2);
	*ram(d, STATUS_AT) = UNTOUCHED;
	finish(disk(d));
	assert_int_equal(*ram(d, STATUS_AT), UNTOUCHED);
	assert_int_equal(used_index(d, 0), 0);
}

static void an_answer_without_bus_mastering_writes_nothing(void **state)
{
	on_one_disk("", true, false, true, check_late);
	(void)state;
}

static void check_config(struct driver *d)
{
	assert_true(driver_config(d, 0, 8) == SECTORS);
	assert_int_equal(driver_config(d, 12, 4), VIRTIO_SEGMENTS - 2);
	assert_int_equal(driver_config(d, 20, 4), 512);
	assert_int_equal(driver_config(d, 34, 2), 1);
	assert_int_equal(driver_config(d, 40, 4), 1);
	assert_int_equal(driver_config(d, 52, 4), 1);
	assert_false(driver_offered(d) & HAS_MQ);
}

static void the_configuration_describes_the_disk(void **state)
{
	on_disks(check_config);
	(void)state;
}

/* Pages of the host, and where there are clusters, those: discards of less would be in vain. */
static void check_granules(struct driver *d)
{
	assert_int_equal(driver_config(d, 24, 1), 3);
	assert_int_equal(driver_config(d, 25, 1), 0);
	assert_int_equal(driver_config(d, 26, 2), 8);
	assert_int_equal(driver_config(d, 28, 4), 8);
	assert_int_equal(driver_config(d, 44, 4), 8);
	disk(d)->block.granule = 65536;
	assert_int_equal(driver_config(d, 24, 1), 3);
	assert_int_equal(driver_config(d, 26, 2), 8);
	assert_int_equal(driver_config(d, 28, 4), 128);
	assert_int_equal(driver_config(d, 44, 4), 128);
}

static void the_driver_is_told_what_the_disk_keeps_together(void **state)
{
	on_disks(check_granules);
	(void)state;
}

static void check_wild(struct driver *d)
{
	u32 seed = 5;

	for (u32 round = 0; round < 300; round++) {
		driver_start(d, HAS_DISCARD | HAS_ZEROES | F_INDIRECT, 1, 16);
		for (u32 i = 0; i < 20; i++) {
			u64 at = DATA_AT + (xorshift(&seed) & 0xfff);
			u32 type = xorshift(&seed) % 16;

			header(d, HEADER_AT, type, xorshift(&seed) % 70);
			put_le64(ram(d, HEADER_AT + 16), xorshift(&seed) % 70);
			put_le32(ram(d, HEADER_AT + 24), xorshift(&seed) % 70);
			put_le32(ram(d, HEADER_AT + 28), xorshift(&seed) % 3);
			add_chain(
				d, 0,
				(struct buffer[]){ { HEADER_AT, 16 + (seed >> 8 & 16), false },
						   { at, 1 + (xorshift(&seed) & 0x7ff), seed & 1 },
						   { BYTES_AT, 1 + (xorshift(&seed) & 3), true } },
				3);
			driver_kick(d, 0);
			if (seed & 64)
				finish(disk(d));
		}
		disk(d)->nlog = 0;
	}
	driver_start(d, 0, 1, 16);
	assert_int_equal(run(d, IN, 5, SECTOR, true), 0);
}

static void six_thousand_wild_requests_do_no_harm(void **state)
{
	on_disks(check_wild);
	(void)state;
}

/* Flags are cleared while it is under way; see mem_trust(). */
static void check_written(struct driver *d)
{
	struct mem *mem = d->b->machine.mem;
	const u8 *data = ram(d, BYTES_AT);

	driver_start(d, 0, 1, 16);
	ask(d, IN, 1, BYTES_AT + 0xe00, 2 * SECTOR, true);
	for (u32 i = 0; i < 2; i++)
		mem_trust(mem, data + (size_t)i * 0x1000);
	assert_int_equal(*mem_written(mem, data), 0);
	finish(disk(d));
	assert_int_equal(*mem_written(mem, data), 1);
	assert_int_equal(*mem_written(mem, data + 0x1000), 1);
}

static void pages_that_a_read_fills_are_written_when_it_ends(void **state)
{
	on_disks(check_written);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_brings_its_sectors_and_the_status_last),
		cmocka_unit_test(a_write_reaches_its_sector_and_no_other),
		cmocka_unit_test(the_layout_of_a_request_does_not_matter),
		cmocka_unit_test(pages_that_a_read_fills_are_written_when_it_ends),
		cmocka_unit_test(what_is_not_whole_sectors_of_the_disk_is_an_error),
		cmocka_unit_test(an_error_of_the_disk_reaches_the_driver),
		cmocka_unit_test(requests_are_answered_in_the_order_they_finish),
		cmocka_unit_test(a_flush_is_done_when_the_disk_has_done_it),
		cmocka_unit_test(a_driver_that_cannot_flush_gets_a_disk_that_writes_through),
		cmocka_unit_test(a_disk_that_writes_through_offers_no_flush),
		cmocka_unit_test(a_read_only_disk_is_never_written_agreed_on_or_not),
		cmocka_unit_test(ranges_are_checked_before_they_are_discarded_or_zeroed),
		cmocka_unit_test(the_serial_number_is_twenty_bytes),
		cmocka_unit_test(an_unknown_request_is_unsupported),
		cmocka_unit_test(a_chain_that_is_no_request_breaks_the_rules),
		cmocka_unit_test(more_requests_than_the_device_holds_wait_in_the_queue),
		cmocka_unit_test(several_queues_share_the_device_fairly),
		cmocka_unit_test(a_reset_waits_for_the_disk_and_drops_the_answers),
		cmocka_unit_test(so_does_a_reset_of_the_machine),
		cmocka_unit_test(an_answer_without_bus_mastering_writes_nothing),
		cmocka_unit_test(the_configuration_describes_the_disk),
		cmocka_unit_test(the_driver_is_told_what_the_disk_keeps_together),
		cmocka_unit_test(six_thousand_wild_requests_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
