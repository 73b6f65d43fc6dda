/* nvme: registers, queues, commands, and drivers that mean harm. */
#include "nvme_bench.h"

#define BLOCKS 256 /* of 512 bytes */

typedef void nvme_test(struct nvme_rig *r);

static void with(const char *settings, bool read_only, bool writeback, nvme_test *test)
{
	struct disk *d = disk_new(BLOCKS);
	struct bench *b = bench_new();
	struct nvme_rig r;

	d->block.read_only = read_only;
	d->block.writeback = writeback;
	nv_init(&r, b, d, settings);
	test(&r);
	bench_end(b);
	free(d);
}

static void on_a_disk(nvme_test *test)
{
	with("", false, true, test);
}

static void identify(struct nvme_rig *r, u32 nsid, u32 what)
{
	memset(at(r, INFO_AT), 0xee, PAGE);
	assert_int_equal(nv_admin(r, IDENTIFY, nsid, what, 0), 0);
}

/* Block `block` of the disk is what lies at `gpa`. */
static void assert_block(struct nvme_rig *r, u64 gpa, u32 block, u32 bytes)
{
	assert_memory_equal(at(r, gpa), r->disk->bytes + (size_t)block * SECTOR, bytes);
}

/* -- Registers -------------------------------------------------------------------------- */

static void check_ready(struct nvme_rig *r)
{
	assert_int_equal(nv_get(r, VS), 0x00010400);
	assert_int_equal(nv_get(r, CAP) & 0x1ffff, 0x103ff); /* 1024 entries, contiguous */
	assert_int_equal(nv_get(r, CAP + 4), 1 << 5);        /* the NVM command set */
	assert_int_equal(nv_get(r, CSTS), 0);
	nv_enable(r);
	assert_int_equal(nv_get(r, CSTS), 1);
	nv_disable(r);
	assert_int_equal(nv_get(r, CSTS), 0);
	assert_int_equal(nv_get(r, ASQ), SQ_AT(0)); /* stay as they were (7.3.2) */
	assert_int_equal(nv_get(r, AQA), 7 << 16 | 7);
}

static void it_is_ready_when_it_is_enabled_and_not_when_it_is_disabled(void **state)
{
	on_a_disk(check_ready);
	(void)state;
}

static void check_wrong_enable(struct nvme_rig *r)
{
	static const struct {
		u64 asq, acq;
		u32 aqa, cc;
	} bad[] = {
		{ HOLE_AT, CQ_AT(0), 0x70007, ENABLED },
		{ SQ_AT(0), HOLE_AT, 0x70007, ENABLED },
		{ ECAM_AT, CQ_AT(0), 0x70007, ENABLED },
		{ SQ_AT(0), BAR_AT, 0x70007, ENABLED },
		{ RAM_END - PAGE, CQ_AT(0), 0x70fff, ENABLED },
		{ ~(u64)0xfff, CQ_AT(0), 0xfff0fff, ENABLED },
		{ SQ_AT(0), CQ_AT(0), 0x70000, ENABLED }, /* one entry */
		{ SQ_AT(0), CQ_AT(0), 7, ENABLED },
		{ SQ_AT(0), CQ_AT(0), 0x70007, ENABLED | 1 << 7 },  /* pages of 8 KiB */
		{ SQ_AT(0), CQ_AT(0), 0x70007, ENABLED | 1 << 4 },  /* another command set */
		{ SQ_AT(0), CQ_AT(0), 0x70007, ENABLED | 1 << 11 }, /* weighted arbitration */
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		nv_put(r, AQA, bad[i].aqa);
		hart_store(r->b, NVME_BAR + ASQ, 8, bad[i].asq);
		hart_store(r->b, NVME_BAR + ACQ, 8, bad[i].acq);
		nv_put(r, CC, bad[i].cc);
		assert_int_equal(nv_get(r, CSTS), 2);
		nv_ring(r, 0, false, 1);
		nv_disable(r);
		assert_int_equal(nv_get(r, CSTS), 0);
	}
	nv_start(r);
	assert_int_equal(nv_io(r, NV_FLUSH, 0, 0, 0, 1), 0);
}

static void what_cannot_be_enabled_is_a_fatal_error_until_it_is_disabled(void **state)
{
	on_a_disk(check_wrong_enable);
	(void)state;
}

static void check_odd_accesses(struct nvme_rig *r)
{
	u64 errors = device_guest_errors(r->dev);

	assert_int_equal(hart_load(r->b, NVME_BAR + VS + 2, 2), 1);
	assert_int_equal(hart_load(r->b, NVME_BAR + VS + 1, 1), 4);
	assert_int_equal(hart_load(r->b, NVME_BAR + CAP, 8),
			 (u64)nv_get(r, CAP + 4) << 32 | nv_get(r, CAP));
	hart_store(r->b, NVME_BAR + CC, 2, 1);
	hart_store(r->b, NVME_BAR + CC, 1, 1);
	nv_put(r, VS, 5);
	nv_put(r, 0x40, 5);
	assert_int_equal(nv_get(r, CC), 0);
	assert_int_equal(nv_get(r, 0x3fc), 0);
	assert_int_equal(nv_get(r, DOORBELL), 0);
	assert_int_equal(device_guest_errors(r->dev), errors + 4);
}

static void registers_are_read_in_any_width_and_written_in_four_or_eight_bytes(void **state)
{
	on_a_disk(check_odd_accesses);
	(void)state;
}

static void check_no_master(struct nvme_rig *r)
{
	nv_start(r);
	hart_store(r->b, ecam(SLOT, 4), 2, 2);
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	assert_int_equal(nv_get(r, CSTS), 3);
	hart_store(r->b, ecam(SLOT, 4), 2, 6);
	nv_disable(r);
	nv_start(r);
	assert_int_equal(nv_io(r, NV_FLUSH, 0, 0, 0, 1), 0);
}

static void without_bus_mastering_it_reads_nothing_and_says_so(void **state)
{
	on_a_disk(check_no_master);
	(void)state;
}

/* -- Identify ------------------------------------------------------------------------------ */

static void check_identity(struct nvme_rig *r)
{
	u8 *p = at(r, INFO_AT);

	nv_enable(r);
	identify(r, 0, 1);
	assert_int_equal(get_le16(p), 0x1b36);
	assert_memory_equal(p + 4, "S3RIAL              ", 20);
	assert_memory_equal(p + 24, "vmbuild NVMe disk                       ", 40);
	assert_int_equal(p[77], 3); /* MDTS */
	assert_int_equal(get_le32(p + 80), nv_get(r, VS));
	assert_int_equal(p[512], 0x66);
	assert_int_equal(p[513], 0x44);
	assert_int_equal(get_le32(p + 516), 1);
	assert_int_equal(p[525], 7); /* a write cache */
	assert_memory_equal(p + 768, "nqn.2014-08.org.nvmexpress:uuid:", 32);
	assert_int_equal(strlen((char *)p + 768), 68);
	assert_int_equal(p[PAGE - 1], 0);
}

static void identify_tells_what_the_controller_is(void **state)
{
	with("serial=S3RIAL mdts=3", false, true, check_identity);
	(void)state;
}

static void check_no_cache(struct nvme_rig *r)
{
	nv_enable(r);
	identify(r, 0, 1);
	assert_int_equal(at(r, INFO_AT)[525], 6);
	assert_int_equal(nv_admin(r, GET_FEATURES, 0, 6, 0), DNR | 2);
}

static void a_disk_that_needs_no_flush_has_no_write_cache(void **state)
{
	with("", false, false, check_no_cache);
	(void)state;
}

static char last_name[80];

static void take_name(struct nvme_rig *r)
{
	nv_enable(r);
	identify(r, 0, 1);
	memcpy(last_name, at(r, INFO_AT + 768), sizeof(last_name));
}

static void disks_with_other_serial_numbers_have_other_names_always_the_same(void **state)
{
	char a[80], b[80];

	with("serial=a", false, true, take_name);
	memcpy(a, last_name, sizeof(a));
	with("serial=b", false, true, take_name);
	memcpy(b, last_name, sizeof(b));
	assert_string_not_equal(a, b);
	with("serial=a", false, true, take_name);
	assert_string_equal(a, last_name);
	(void)state;
}

static void check_namespace(struct nvme_rig *r)
{
	u8 *p = at(r, INFO_AT);

	nv_enable(r);
	identify(r, 1, 0);
	assert_int_equal(get_le64(p), BLOCKS / 8);
	assert_int_equal(p[25], 0); /* one format */
	assert_int_equal(p[130], 12);
	assert_int_equal(p[99], 0);
}

static void identify_tells_how_many_blocks_there_are_and_of_what_size(void **state)
{
	with("block-size=4096", false, true, check_namespace);
	(void)state;
}

static void check_lists(struct nvme_rig *r)
{
	u8 *p = at(r, INFO_AT);

	nv_enable(r);
	identify(r, 0, 2);
	assert_int_equal(get_le32(p), 1);
	assert_int_equal(get_le32(p + 4), 0);
	identify(r, 1, 2);
	assert_int_equal(get_le32(p), 0);
	identify(r, 1, 3);
	assert_int_equal(get_le16(p), 0x1003); /* a UUID */
	assert_int_equal(p[4 + 6] >> 4, 8);
	assert_int_equal(p[20], 0);
}

static void there_is_one_namespace_and_it_has_a_name(void **state)
{
	on_a_disk(check_lists);
	(void)state;
}

static void check_refusals(struct nvme_rig *r)
{
	nv_start(r);
	assert_int_equal(nv_admin(r, IDENTIFY, 2, 0, 0), DNR | 0x0b);
	assert_int_equal(nv_admin(r, IDENTIFY, 0xffffffff, 0, 0), DNR | 0x0b);
	assert_int_equal(nv_admin(r, IDENTIFY, 0xffffffff, 2, 0), DNR | 0x0b);
	assert_int_equal(nv_admin(r, IDENTIFY, 1, 0x77, 0), DNR | 2);
	assert_int_equal(nv_admin(r, 0x80, 1, 0, 0), DNR | 1);    /* Format */
	assert_int_equal(nv_io(r, 5, DATA_AT, 0, 0, 1), DNR | 1); /* Compare */
	assert_int_equal(nv_run(r, 1, (struct nv_command){ NV_READ, 2, DATA_AT, 0, 0, 0, 0, 0 }),
			 DNR | 0x0b);
	assert_int_equal(nv_run(r, 1, (struct nv_command){ NV_READ, ~0u, DATA_AT, 0, 0, 0, 0, 0 }),
			 DNR | 0x0b);
	assert_int_equal(nv_io(r, NV_READ | 1 << 14, DATA_AT, 0, 0, 1), DNR | 2); /* SGL */
	assert_int_equal(nv_io(r, NV_READ | 1 << 8, DATA_AT, 0, 0, 1), DNR | 2);  /* fused */
	assert_int_equal(r->disk->nlog, 0);
}

static void what_it_does_not_know_is_refused_for_good(void **state)
{
	on_a_disk(check_refusals);
	(void)state;
}

/* -- Reading and writing -------------------------------------------------------------------- */

static void check_read(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 3, 0, 0, 0 });
	assert_false(nv_see(r, 1, &c));
	assert_int_equal(*at(r, DATA_AT + 1), 0);
	assert_int_equal(nv_answer(r, 1), 0);
	assert_block(r, DATA_AT, 3, SECTOR);
	assert_int_equal(*at(r, DATA_AT + SECTOR), 0); /* one block: the count is from zero */
}

static void a_read_is_answered_when_its_blocks_are_there(void **state)
{
	on_a_disk(check_read);
	(void)state;
}

static void check_write(struct nvme_rig *r)
{
	nv_start(r);
	memset(at(r, DATA_AT), 0x5a, 2 * SECTOR);
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, BLOCKS - 2, 2), 0);
	assert_block(r, DATA_AT, BLOCKS - 2, 2 * SECTOR);
	assert_int_equal(r->disk->log[0], BLOCK_WRITE);
}

static void a_write_goes_to_its_blocks(void **state)
{
	on_a_disk(check_write);
	(void)state;
}

static void check_large_blocks(struct nvme_rig *r)
{
	nv_start(r);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 3, 1), 0);
	assert_block(r, DATA_AT, 24, PAGE);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, BLOCKS / 8, 1), DNR | 0x80);
}

static void blocks_may_be_of_4096_bytes(void **state)
{
	with("block-size=4096", false, true, check_large_blocks);
	(void)state;
}

static void a_disk_is_whole_blocks(void **state)
{
	struct bench *b = bench_new();
	struct disk *d = disk_new(9);
	struct err e = { 0 };
	struct bench_values v;
	struct device *bridge;

	b->disk = &d->block;
	bridge = driver_bridge(b);
	bench_parse(&v, &device_nvme, "block-size=4096");
	assert_null(bench_place(b, &device_nvme, v.values,
				(struct device_place){ .parent = bridge, .slot = SLOT }, &e));
	assert_non_null(strstr(e.text, "4608 bytes"));
	assert_non_null(strstr(e.hint, "block-size: 512"));
	bench_end(b);
	free(d);
	(void)state;
}

static void check_bounds(struct nvme_rig *r)
{
	static const struct {
		u64 block;
		u32 many;
	} bad[] = { { BLOCKS, 1 },  { BLOCKS - 1, 2 },   { ~(u64)0, 1 },
		    { ~(u64)0, 2 }, { (u64)1 << 55, 1 }, { ~(u64)0 - 7, 9 } };

	nv_start(r);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, bad[i].block, bad[i].many),
				 DNR | 0x80);
		assert_int_equal(nv_io(r, NV_ZEROES, 0, 0, bad[i].block, bad[i].many), DNR | 0x80);
	}
	assert_int_equal(r->disk->nlog, 0);
}

static void blocks_beyond_the_end_are_not_touched(void **state)
{
	on_a_disk(check_bounds);
	(void)state;
}

static void check_disk_error(struct nvme_rig *r)
{
	nv_start(r);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0x281);
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, 0, 1), 0x280);
	assert_int_equal(nv_io(r, NV_FLUSH, 0, 0, 0, 1), 0x280);
	r->disk->fail = BLOCK_NOSPACE;
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, 0, 1), 0x81);
	r->disk->fail = BLOCK_OK;
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0);
}

static void an_error_of_the_disk_reaches_the_driver(void **state)
{
	on_a_disk(check_disk_error);
	(void)state;
}

static void check_read_only(struct nvme_rig *r)
{
	nv_start(r);
	put_le32(at(r, DATA_AT + 4), 1);
	identify(r, 1, 0);
	assert_int_equal(at(r, INFO_AT)[99], 1);
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, 0, 1), DNR | 0x20);
	assert_int_equal(nv_io(r, NV_ZEROES, DATA_AT, 0, 0, 1), DNR | 0x20);
	assert_int_equal(nv_run(r, 1, (struct nv_command){ NV_MANAGE, 1, DATA_AT, 0, 0, 4, 0, 0 }),
			 DNR | 0x20);
	assert_int_equal(r->disk->nlog, 0);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0);
}

static void a_read_only_disk_says_so_and_is_not_written(void **state)
{
	with("", true, true, check_read_only);
	(void)state;
}

/* -- Pages ------------------------------------------------------------------------------------- */

static void set_list(struct nvme_rig *r, u64 gpa, u32 i, u64 entry)
{
	put_le64(at(r, gpa + 8 * (u64)i), entry);
}

static void check_offset(struct nvme_rig *r)
{
	nv_start(r);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT + PAGE - 3 * SECTOR, DATA_AT + 5 * PAGE, 1, 4),
			 0);
	assert_block(r, DATA_AT + PAGE - 3 * SECTOR, 1, 3 * SECTOR);
	assert_block(r, DATA_AT + 5 * PAGE, 4, SECTOR);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT + 4, DATA_AT + 2 * PAGE, 7, 8), 0);
	assert_block(r, DATA_AT + 4, 7, PAGE - 4);
	assert_memory_equal(at(r, DATA_AT + 2 * PAGE), r->disk->bytes + 7 * SECTOR + PAGE - 4, 4);
}

static void the_first_page_may_begin_anywhere(void **state)
{
	on_a_disk(check_offset);
	(void)state;
}

/* Four pages: the list begins two entries before the end of its page. */
static void check_chain(struct nvme_rig *r)
{
	u64 list = LIST_AT + PAGE - 16;

	nv_start(r);
	set_list(r, list, 0, DATA_AT + 7 * PAGE);
	set_list(r, list, 1, LIST_AT + 2 * PAGE);
	set_list(r, LIST_AT + 2 * PAGE, 0, DATA_AT + 2 * PAGE);
	set_list(r, LIST_AT + 2 * PAGE, 1, DATA_AT + 9 * PAGE);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, list, 0, 32), 0);
	assert_block(r, DATA_AT, 0, PAGE);
	assert_block(r, DATA_AT + 7 * PAGE, 8, PAGE);
	assert_block(r, DATA_AT + 2 * PAGE, 16, PAGE);
	assert_block(r, DATA_AT + 9 * PAGE, 24, PAGE);
	/* Three pages fit: then the last entry is of data. */
	set_list(r, list, 1, DATA_AT + 4 * PAGE);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, list, 40, 24), 0);
	assert_block(r, DATA_AT + 4 * PAGE, 56, PAGE);
	/* The list's page has room for nothing but where it goes on. */
	set_list(r, LIST_AT + PAGE - 8, 0, LIST_AT + 2 * PAGE);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT + 11 * PAGE, LIST_AT + PAGE - 8, 64, 24), 0);
	assert_block(r, DATA_AT + 9 * PAGE, 80, PAGE);
}

static void a_list_goes_on_elsewhere_only_if_its_page_has_no_room(void **state)
{
	on_a_disk(check_chain);
	(void)state;
}

/* As many pages as there can be: 512 KiB that begin in the middle of one. */
static void check_largest(struct nvme_rig *r)
{
	nv_start(r);
	r->disk->block.size = DISK_MOST;
	for (u32 i = 0; i < 128; i++)
		set_list(r, LIST_AT, i, DATA_AT + (1 + i % 8) * (u64)PAGE);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT + 2048, LIST_AT, 0, 1024), 0);
	assert_block(r, DATA_AT + 2048, 0, 2048);
	assert_memory_equal(at(r, DATA_AT + 7 * PAGE), r->disk->bytes + 126 * PAGE + 2048, PAGE);
	assert_memory_equal(at(r, DATA_AT + 8 * PAGE), r->disk->bytes + 127 * PAGE + 2048, 2048);
}

static void the_largest_command_fits_wherever_it_begins(void **state)
{
	on_a_disk(check_largest);
	(void)state;
}

static void check_mdts(struct nvme_rig *r)
{
	nv_start(r);
	set_list(r, LIST_AT, 0, DATA_AT);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, DATA_AT, 0, 16), 0);
	assert_int_equal(nv_io(r, NV_READ, HOLE_AT, HOLE_AT + 1, 0, 17), DNR | 2);
	assert_int_equal(nv_io(r, NV_WRITE, HOLE_AT, HOLE_AT + 1, 0, 65536), DNR | 2);
	assert_int_equal(nv_io(r, NV_ZEROES, 0, 0, 0, BLOCKS), 0); /* moves nothing */
	assert_int_equal(
		nv_run(r, 0,
		       (struct nv_command){ GET_LOG, 0, HOLE_AT, 0, 0xffff0001, 0xffff, 0, 0 }),
		DNR | 2);
}

static void more_than_a_command_may_move_is_refused_before_its_pages_are_looked_at(void **state)
{
	with("mdts=1", false, true, check_mdts);
	(void)state;
}

#define NOT_RAM (DNR | 4)
#define OFFSET  (DNR | 0x13)

static void check_hostile_pages(struct nvme_rig *r)
{
	static const struct {
		u64 prp1, prp2;
		u32 blocks;
		u64 entry[3]; /* of the list at LIST_AT */
		u32 status;
	} bad[] = {
		{ DATA_AT + 2, 0, 1, { 0 }, OFFSET },
		{ DATA_AT + 1, 0, 1, { 0 }, OFFSET },
		{ HOLE_AT, 0, 1, { 0 }, NOT_RAM },
		{ 0, 0, 1, { 0 }, NOT_RAM },
		{ ~(u64)0 - 3, 0, 1, { 0 }, OFFSET }, /* the rest would be at prp2 + 0 */
		{ ~(u64)0xfff, 0, 1, { 0 }, NOT_RAM },
		{ RAM_END, 0, 1, { 0 }, NOT_RAM },
		{ RAM_END - PAGE, RAM_END, 16, { 0 }, NOT_RAM },
		{ DATA_AT, DATA_AT + PAGE + 4, 16, { 0 }, OFFSET },
		{ DATA_AT, 0, 16, { 0 }, NOT_RAM },
		{ DATA_AT, ~(u64)0xfff, 16, { 0 }, NOT_RAM },
		{ DATA_AT, LIST_AT + 4, 24, { DATA_AT, DATA_AT, 0 }, OFFSET },
		{ DATA_AT, HOLE_AT, 24, { 0 }, NOT_RAM },
		{ DATA_AT, ~(u64)7, 24, { 0 }, NOT_RAM },
		{ DATA_AT, RAM_END - 8, 24, { 0 }, NOT_RAM }, /* goes on at 0 */
		{ DATA_AT, LIST_AT, 24, { DATA_AT, DATA_AT + 8, 0 }, OFFSET },
		{ DATA_AT, LIST_AT, 24, { DATA_AT + 4, DATA_AT, 0 }, OFFSET },
		{ DATA_AT, LIST_AT, 24, { DATA_AT, 0, 0 }, NOT_RAM },
		{ DATA_AT, LIST_AT, 24, { ~(u64)0xfff, DATA_AT, 0 }, NOT_RAM },
		{ DATA_AT + 512, LIST_AT, 24, { DATA_AT, DATA_AT, HOLE_AT }, NOT_RAM },
	};

	nv_start(r);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		for (u32 k = 0; k < 3; k++)
			set_list(r, LIST_AT, k, bad[i].entry[k]);
		for (u32 write = 0; write < 2; write++) {
			u32 status = nv_io(r, write ? NV_WRITE : NV_READ, bad[i].prp1, bad[i].prp2,
					   0, bad[i].blocks);

			if (status != (bad[i].prp1 == ~(u64)0 - 3 ? NOT_RAM : bad[i].status))
				fail_msg("case %zu: status 0x%x", i, status);
		}
	}
	assert_int_equal(r->disk->nlog, 0);
}

static void pages_that_break_the_rules_are_refused_and_nothing_is_moved(void **state)
{
	on_a_disk(check_hostile_pages);
	(void)state;
}

/* A list whose pages do nothing but point at each other. */
static void check_list_loop(struct nvme_rig *r)
{
	nv_start(r);
	set_list(r, LIST_AT + PAGE - 8, 0, LIST_AT + PAGE - 8);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, LIST_AT + PAGE - 8, 0, 24), OFFSET);
	set_list(r, LIST_AT + PAGE - 8, 0, LIST_AT);
	for (u32 i = 0; i < 511; i++)
		set_list(r, LIST_AT, i, DATA_AT);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, LIST_AT + PAGE - 8, 0, 24), 0);
	assert_int_equal(r->disk->nlog, 1);
}

static void a_list_that_leads_back_to_itself_ends(void **state)
{
	on_a_disk(check_list_loop);
	(void)state;
}

/* -- Everything that holds an address, aimed at every window ------------------------------------
 */

static void aim_queues(struct nvme_rig *r, u64 window)
{
	assert_int_equal(
		nv_run(r, 0, (struct nv_command){ CREATE_CQ, 0, window, 0, 7 << 16 | 2, 3, 0, 0 }),
		DNR | 2);
	assert_int_equal(nv_run(r, 0,
				(struct nv_command){ CREATE_SQ, 0, window, 0, 7 << 16 | 2,
						     1 << 16 | 1, 0, 0 }),
			 DNR | 2);
}

static void aim_commands(struct nvme_rig *r, u64 window)
{
	struct nv_command info = { IDENTIFY, 1, window, window, 0, 0, 0, 0 };

	assert_int_equal(nv_run(r, 0, info), NOT_RAM);
	info.code = GET_LOG;
	info.dw10 = 2 | 127 << 16;
	info.nsid = 0;
	assert_int_equal(nv_run(r, 0, info), NOT_RAM);
	set_list(r, LIST_AT, 0, window);
	set_list(r, LIST_AT, 1, window);
	for (u32 code = NV_WRITE; code <= NV_READ; code++) {
		assert_int_equal(nv_io(r, code, window, 0, 0, 1), NOT_RAM);
		assert_int_equal(nv_io(r, code, DATA_AT, window, 0, 16), NOT_RAM);
		assert_int_equal(nv_io(r, code, DATA_AT, window, 0, 24), NOT_RAM);
		assert_int_equal(nv_io(r, code, DATA_AT, LIST_AT, 0, 24), NOT_RAM);
	}
	assert_int_equal(nv_run(r, 1, (struct nv_command){ NV_MANAGE, 1, window, 0, 0, 4, 0, 0 }),
			 NOT_RAM);
}

static void check_aim(struct nvme_rig *r)
{
	static const u64 windows[] = { ECAM_AT, NVME_BAR, NVME_BAR + PAGE, NVME_MSIX, BENCH_BASE };

	bench_add(r->b, "uart-16550", "reg=0x10000000");
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		u32 command = nv_get(r, 0);

		nv_start(r);
		aim_queues(r, windows[i]);
		aim_commands(r, windows[i]);
		nv_disable(r);
		assert_int_equal(nv_get(r, 0), command);
	}
	assert_int_equal(r->disk->nlog, 0);
}

static void no_pointer_reaches_a_window_of_a_device(void **state)
{
	on_a_disk(check_aim);
	(void)state;
}

/* -- A driver that changes its mind after it has rung ---------------------------------------------
 */

static void check_double_fetch(struct nvme_rig *r)
{
	nv_start(r);
	set_list(r, LIST_AT, 0, DATA_AT + PAGE);
	set_list(r, LIST_AT, 1, DATA_AT + 2 * PAGE);
	nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, LIST_AT, 8, 0, 23, 0 });
	memset(nv_entry(r, 1, 0), 0xff, 64);
	set_list(r, LIST_AT, 0, HOLE_AT);
	set_list(r, LIST_AT, 1, NVME_BAR);
	assert_int_equal(nv_answer(r, 1), 0);
	assert_block(r, DATA_AT, 8, PAGE);
	assert_block(r, DATA_AT + PAGE, 16, PAGE);
	assert_block(r, DATA_AT + 2 * PAGE, 24, PAGE);

	put_le32(at(r, DATA_AT + 4), 1);
	put_le64(at(r, DATA_AT + 8), 0);
	put_le32(at(r, DATA_AT + 20), 1);
	put_le64(at(r, DATA_AT + 24), 1);
	nv_send(r, 1, (struct nv_command){ NV_MANAGE, 1, DATA_AT, 0, 1, 4, 0, 0 });
	memset(at(r, DATA_AT), 0xff, 32);
	assert_int_equal(nv_answer(r, 1), 0); /* the second range was inside, and is */
}

static void what_a_driver_changes_after_it_has_rung_is_not_looked_at(void **state)
{
	on_a_disk(check_double_fetch);
	(void)state;
}

/* -- Queues
 * ---------------------------------------------------------------------------------------- */

static void check_phase(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	for (u32 i = 0; i < 50; i++) {
		nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
		finish(r->disk);
		assert_int_equal(r->q[1].phase, !(i / 8 % 2));
		assert_true(nv_take(r, 1, &c));
		assert_int_equal(c.id, r->id);
		assert_int_equal(c.sq, 1);
		assert_int_equal(c.sq_head, (i + 1) % 8);
		assert_false(nv_see(r, 1, &c));
	}
}

static void the_phase_tag_turns_each_time_the_queue_wraps(void **state)
{
	on_a_disk(check_phase);
	(void)state;
}

static void check_full(struct nvme_rig *r)
{
	struct completion c;

	nv_enable(r);
	assert_int_equal(nv_create_cq(r, 1, 4, 0), 0);
	assert_int_equal(nv_create_sq(r, 1, 16, 1), 0);
	for (u32 i = 0; i < 10; i++)
		nv_push(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	nv_ring(r, 1, false, 10);
	assert_int_equal(r->disk->npending, 3); /* of four entries one stays free */
	finish(r->disk);
	assert_int_equal(r->disk->nlog, 3);
	for (u32 i = 0; i < 10; i++) {
		assert_true(nv_take(r, 1, &c));
		assert_int_equal(c.status, 0);
		finish(r->disk);
	}
	assert_false(nv_see(r, 1, &c));
	assert_int_equal(r->disk->nlog, 10);
}

static void a_full_completion_queue_holds_commands_back_until_it_is_read(void **state)
{
	on_a_disk(check_full);
	(void)state;
}

static void check_shared(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	assert_int_equal(nv_create_sq(r, 2, 8, 1), 0);
	r->q[1].phase = 1;
	nv_send(r, 2, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	finish(r->disk);
	assert_true(nv_take(r, 1, &c));
	assert_int_equal(c.sq, 2);
	assert_int_equal(c.sq_head, 1);
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	finish(r->disk);
	assert_true(nv_take(r, 1, &c));
	assert_int_equal(c.sq, 1);
	assert_int_equal(c.sq_head, 1); /* each has a head of its own */
}

static void queues_may_share_one_for_completions_and_keep_their_own_heads(void **state)
{
	on_a_disk(check_shared);
	(void)state;
}

static void check_queue_errors(struct nvme_rig *r)
{
	static const struct {
		u32 code;
		u64 gpa;
		u32 dw10, dw11, status;
	} bad[] = {
		{ CREATE_CQ, CQ_AT(2), 0x70000, 1, 0x101 }, /* number 0 */
		{ CREATE_CQ, CQ_AT(2), 0x70001, 1, 0x101 }, /* is there */
		{ CREATE_CQ, CQ_AT(2), 0x70003, 1, 0x101 }, /* of two */
		{ CREATE_CQ, CQ_AT(2), 0x7ffff, 1, 0x101 },
		{ CREATE_CQ, CQ_AT(2), 2, 1, 0x102 },         /* one entry */
		{ CREATE_CQ, CQ_AT(2), 0x4000002, 1, 0x102 }, /* 1025 */
		{ CREATE_CQ, CQ_AT(2), 0xffff0002, 1, 0x102 },
		{ CREATE_CQ, CQ_AT(2) + 8, 0x70002, 1, 0x13 },
		{ CREATE_CQ, CQ_AT(2), 0x70002, 0, 2 }, /* in pieces */
		{ CREATE_CQ, HOLE_AT, 0x70002, 1, 2 },
		{ CREATE_CQ, RAM_END - PAGE, 0x3ff0002, 1, 2 },
		{ CREATE_CQ, CQ_AT(2), 0x70002, 1 << 16 | 1, 0x108 }, /* one pin, one vector */
		{ CREATE_SQ, SQ_AT(2), 0x70000, 1 << 16 | 1, 0x101 },
		{ CREATE_SQ, SQ_AT(2), 0x70001, 1 << 16 | 1, 0x101 },
		{ CREATE_SQ, SQ_AT(2), 0x70002, 0 << 16 | 1, 0x101 },
		{ CREATE_SQ, SQ_AT(2), 0x70002, 2 << 16 | 1, 0x100 }, /* none with this number */
		{ CREATE_SQ, SQ_AT(2), 0x70002, 0xffffu << 16 | 1, 0x101 },
		{ CREATE_SQ, SQ_AT(2), 2, 1 << 16 | 1, 0x102 },
		{ CREATE_SQ, SQ_AT(2) + 4, 0x70002, 1 << 16 | 1, 0x13 },
		{ CREATE_SQ, NVME_BAR, 0x70002, 1 << 16 | 1, 2 },
		{ DELETE_SQ, 0, 0, 0, 0x101 },
		{ DELETE_SQ, 0, 2, 0, 0x101 },
		{ DELETE_SQ, 0, 0xffff, 0, 0x101 },
		{ DELETE_CQ, 0, 0, 0, 0x101 },
		{ DELETE_CQ, 0, 2, 0, 0x101 },
		{ DELETE_CQ, 0, 0xffff, 0, 0x101 },
		{ DELETE_CQ, 0, 1, 0, 0x10c }, /* in use */
	};

	nv_start(r);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		u32 status = nv_run(r, 0,
				    (struct nv_command){ bad[i].code, 0, bad[i].gpa, 0, bad[i].dw10,
							 bad[i].dw11, 0, 0 });

		if (status != (DNR | bad[i].status))
			fail_msg("case %zu: status 0x%x", i, status);
	}
	nv_pair(r, 2, 8);
	assert_int_equal(nv_admin(r, DELETE_SQ, 0, 2, 0), 0);
	assert_int_equal(nv_admin(r, DELETE_CQ, 0, 2, 0), 0);
	nv_pair(r, 2, 8);
	nv_disable(r);
	nv_enable(r);
	nv_put(r, CC, ENABLED & ~0xff0000u);
	assert_int_equal(nv_create_cq(r, 1, 8, 0), DNR | 0x102); /* entries of one byte */
}

static void queues_that_cannot_be_are_not_made_or_deleted(void **state)
{
	with("queues=2", false, true, check_queue_errors);
	(void)state;
}

static void check_deletion(struct nvme_rig *r)
{
	struct completion c;
	u16 deletion;

	nv_start(r);
	nv_push(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 0, 0, 0, 0 });
	nv_push(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 1, 0, 0, 0 });
	nv_ring(r, 1, false, 2);
	nv_send(r, 0, (struct nv_command){ .code = DELETE_SQ, .dw10 = 1 });
	deletion = r->id;
	assert_false(nv_see(r, 0, &c));
	nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 2, 0, 0, 0 });
	assert_int_equal(r->disk->npending, 2); /* not this one any more */
	finish_nth(r->disk, 1);
	assert_false(nv_see(r, 0, &c));
	finish(r->disk);
	assert_true(nv_take(r, 0, &c));
	assert_int_equal(c.id, deletion);
	assert_int_equal(c.status, 0);
	assert_true(nv_take(r, 1, &c) && nv_take(r, 1, &c));
	assert_false(nv_see(r, 1, &c));
	assert_int_equal(nv_admin(r, DELETE_CQ, 0, 1, 0), 0);
}

static void a_queue_is_deleted_when_its_last_command_is_done(void **state)
{
	on_a_disk(check_deletion);
	(void)state;
}

static void check_pool(struct nvme_rig *r)
{
	struct completion c;
	u32 answered = 0;

	nv_enable(r);
	assert_int_equal(nv_create_cq(r, 1, 128, 0), 0);
	assert_int_equal(nv_create_sq(r, 1, 128, 1), 0);
	for (u32 i = 0; i < 127; i++)
		nv_push(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	nv_ring(r, 1, false, 127);
	bench_advance(r->b, 1000);
	assert_int_equal(r->disk->npending, 64);
	identify(r, 0, 1); /* which also lets the disk finish */
	finish(r->disk);
	while (nv_take(r, 1, &c))
		answered++;
	assert_int_equal(answered, 127);
	assert_int_equal(r->disk->most_pending, 64);
}

static void a_driver_with_more_commands_than_requests_waits(void **state)
{
	on_a_disk(check_pool);
	(void)state;
}

static void check_burst(struct nvme_rig *r)
{
	struct completion c;
	u32 n = 0;

	nv_enable(r);
	assert_int_equal(nv_create_cq(r, 1, 512, 0), 0);
	assert_int_equal(nv_create_sq(r, 1, 512, 1), 0);
	for (u32 i = 0; i < 300; i++)
		nv_push(r, 1, (struct nv_command){ .code = 0x55, .nsid = 1 });
	nv_ring(r, 1, false, 300);
	while (nv_see(r, 1, &c) && n < 300) {
		r->q[1].head++;
		n++;
	}
	assert_in_range(n, 1, 100);
	bench_advance(r->b, 1000);
	for (; nv_see(r, 1, &c); n++)
		r->q[1].head++;
	assert_int_equal(n, 300);
}

static void others_get_a_turn_between_many_commands(void **state)
{
	on_a_disk(check_burst);
	(void)state;
}

/* -- Flush, FUA, zeroes, deallocation
 * ---------------------------------------------------------------- */

static void check_flush(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 0xffffffff });
	assert_int_equal(r->disk->log[0], BLOCK_FLUSH);
	assert_false(nv_see(r, 1, &c));
	assert_int_equal(nv_answer(r, 1), 0);
}

static void a_flush_is_answered_when_the_disk_has_done_it(void **state)
{
	on_a_disk(check_flush);
	(void)state;
}

static void check_fua(struct nvme_rig *r)
{
	nv_start(r);
	for (u32 fua = 0; fua < 2; fua++) {
		nv_send(r, 1, (struct nv_command){ NV_WRITE, 1, DATA_AT, 0, 0, 0, fua << 30, 0 });
		assert_int_equal(r->disk->pending[0]->durable, fua);
		assert_int_equal(nv_answer(r, 1), 0);
		nv_send(r, 1, (struct nv_command){ NV_ZEROES, 1, 0, 0, 0, 0, fua << 30, 0 });
		assert_int_equal(r->disk->pending[0]->durable, fua);
		assert_int_equal(nv_answer(r, 1), 0);
	}
}

static void a_write_with_fua_is_on_the_disk_before_it_is_answered(void **state)
{
	on_a_disk(check_fua);
	(void)state;
}

static void check_fua_read(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 5, 0, 1 << 30, 0 });
	assert_int_equal(r->disk->log[0], BLOCK_FLUSH);
	finish_nth(r->disk, 0);
	assert_int_equal(r->disk->log[1], BLOCK_READ);
	assert_false(nv_see(r, 1, &c));
	assert_int_equal(nv_answer(r, 1), 0);
	assert_block(r, DATA_AT, 5, SECTOR);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 5, 1), 0x281);
}

static void a_read_with_fua_comes_after_a_flush(void **state)
{
	on_a_disk(check_fua_read);
	(void)state;
}

static void check_zeroes(struct nvme_rig *r)
{
	nv_start(r);
	for (u32 deallocate = 0; deallocate < 2; deallocate++) {
		nv_send(r, 1,
			(struct nv_command){ NV_ZEROES, 1, HOLE_AT, 0, 4 + deallocate, 0,
					     deallocate << 25, 0 });
		assert_int_equal(r->disk->pending[0]->op, BLOCK_ZERO);
		assert_int_equal(r->disk->pending[0]->unmap, deallocate);
		assert_int_equal(nv_answer(r, 1), 0);
	}
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 3, 4), 0);
	assert_block(r, DATA_AT, 3, SECTOR);
	assert_int_equal(*at(r, DATA_AT + SECTOR + 9), 0);
	assert_int_equal(*at(r, DATA_AT + 2 * SECTOR + 9), 0);
	assert_block(r, DATA_AT + 3 * SECTOR, 6, SECTOR);
}

static void write_zeroes_makes_holes_only_if_it_may(void **state)
{
	on_a_disk(check_zeroes);
	(void)state;
}

static void set_trim(struct nvme_rig *r, u32 i, u64 block, u32 many)
{
	put_le32(at(r, DATA_AT + 16 * (u64)i), 0);
	put_le32(at(r, DATA_AT + 16 * (u64)i + 4), many);
	put_le64(at(r, DATA_AT + 16 * (u64)i + 8), block);
}

static u32 manage(struct nvme_rig *r, u32 ranges, u32 what)
{
	return nv_run(r, 1,
		      (struct nv_command){ NV_MANAGE, 1, DATA_AT, 0, ranges - 1, what, 0, 0 });
}

static void check_trim(struct nvme_rig *r)
{
	nv_start(r);
	set_trim(r, 0, 8, 8);
	set_trim(r, 1, 3, 0);
	set_trim(r, 2, 32, BLOCKS - 32);
	nv_send(r, 1, (struct nv_command){ NV_MANAGE, 1, DATA_AT, 0, 2, 4, 0, 0 });
	assert_int_equal(r->disk->pending[0]->op, BLOCK_DISCARD);
	assert_int_equal(r->disk->pending[0]->offset, 8 * SECTOR);
	assert_int_equal(r->disk->pending[0]->length, 8 * SECTOR);
	finish_nth(r->disk, 0);
	assert_int_equal(r->disk->pending[0]->offset, 32 * SECTOR);
	assert_int_equal(nv_answer(r, 1), 0);
	assert_int_equal(r->disk->nlog, 2);

	assert_int_equal(manage(r, 1, 3), 0); /* hints alone */
	set_trim(r, 0, 0, 0);
	assert_int_equal(manage(r, 1, 4), 0);
	assert_int_equal(r->disk->nlog, 2);
	set_trim(r, 2, BLOCKS, 1);
	assert_int_equal(manage(r, 3, 4), DNR | 0x80);
	set_trim(r, 2, ~(u64)0, 2);
	assert_int_equal(manage(r, 3, 4), DNR | 0x80);
	assert_int_equal(r->disk->nlog, 2);
	for (u32 i = 0; i < 256; i++)
		set_trim(r, i, i, 1);
	assert_int_equal(manage(r, 256, 4), 0);
	assert_int_equal(r->disk->nlog, 2 + 256);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(manage(r, 256, 4), 0x280);
	assert_int_equal(r->disk->nlog, 2 + 256 + 1); /* the first error ends it */
}

static void each_range_is_deallocated_and_none_if_one_is_outside(void **state)
{
	on_a_disk(check_trim);
	(void)state;
}

/* -- Features, logs, events
 * ----------------------------------------------------------------------------- */

static u32 feature(struct nvme_rig *r, u32 id, u32 dw11)
{
	assert_int_equal(nv_admin(r, GET_FEATURES, 0, id, dw11), 0);
	return r->result;
}

static void check_features(struct nvme_rig *r)
{
	static const struct {
		u32 id, value, kept;
	} good[] = { { 1, 0x01020305, 0x01020305 },
		     { 5, 0x1234, 0x1234 },
		     { 8, 0x502, 0x502 },
		     { 0xa, 3, 1 },
		     { 0xb, 0x2, 2 },
		     { 2, 0x40, 0x40 } };

	nv_enable(r);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(feature(r, good[i].id, 0), 0);
		assert_int_equal(nv_admin(r, SET_FEATURES, 0, good[i].id, good[i].value), 0);
		assert_int_equal(feature(r, good[i].id, 0), good[i].kept);
	}
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 7, 0x00000007), 0);
	assert_int_equal(r->result, 0x00020002); /* three pairs, whatever was asked for */
	assert_int_equal(feature(r, 7, 0), 0x00020002);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 9, 0x10003), 0);
	assert_int_equal(feature(r, 9, 3), 0x10003);
	assert_int_equal(feature(r, 9, 2), 2);

	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 1u << 31 | 1, 0), DNR | 0x10d);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 2, 1), DNR | 2); /* one power state */
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 3, 0), DNR | 2);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 0xff, 0), DNR | 2);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 7, 0xffff0000), DNR | 2);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 9, 17), DNR | 2);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 4, 1 << 16), DNR | 2); /* one sensor */
	assert_int_equal(nv_admin(r, GET_FEATURES, 0, 0x101, 0), DNR | 2);   /* defaults */
	assert_int_equal(nv_admin(r, GET_FEATURES, 0, 0xff, 0), DNR | 2);
	assert_int_equal(nv_admin(r, GET_FEATURES, 0, 9, 17), DNR | 2);
	nv_pair(r, 1, 8);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 7, 0), DNR | 0x0c);
	nv_disable(r);
	nv_enable(r);
	assert_int_equal(feature(r, 1, 0), 0); /* none is saved */
}

static void features_are_kept_until_a_reset_and_others_are_refused(void **state)
{
	with("queues=3", false, true, check_features);
	(void)state;
}

static void check_write_cache(struct nvme_rig *r)
{
	nv_enable(r);
	assert_int_equal(feature(r, 6, 0), 1);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 6, 0), 0);
	assert_false(r->disk->block.writeback);
	assert_int_equal(feature(r, 6, 0), 0);
	nv_disable(r);
	assert_true(r->disk->block.writeback);
}

static void without_the_write_cache_each_write_is_on_the_disk(void **state)
{
	on_a_disk(check_write_cache);
	(void)state;
}

static u32 get_log(struct nvme_rig *r, u32 page, u32 bytes, u64 from, bool keep)
{
	memset(at(r, INFO_AT), 0xee, PAGE);
	return nv_run(r, 0,
		      (struct nv_command){ GET_LOG, 0xffffffff, INFO_AT, 0,
					   (bytes / 4 - 1) << 16 | (u32)keep << 15 | page, 0,
					   (u32)from, (u32)(from >> 32) });
}

static void check_logs(struct nvme_rig *r)
{
	u8 *p = at(r, INFO_AT);

	nv_start(r);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 8), 0);
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, 0, 8), 0);
	assert_int_equal(nv_io(r, NV_WRITE, DATA_AT, 0, 8, 8), 0);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, BLOCKS + 5, 1), DNR | 0x80);
	assert_int_equal(get_log(r, 1, 512, 0, false), 0);
	assert_int_equal(get_le64(p), 1);
	assert_int_equal(get_le16(p + 8), 1);
	assert_int_equal(get_le16(p + 12), (DNR | MORE | 0x80) << 1);
	assert_int_equal(get_le64(p + 16), BLOCKS + 5);
	assert_int_equal(get_le64(p + 64), 0);
	assert_int_equal(get_log(r, 2, 512, 0, false), 0);
	assert_int_equal(p[0], 0);
	assert_int_equal(get_le16(p + 1), 300);
	assert_int_equal(get_le64(p + 32), 1); /* thousands of sectors, rounded up */
	assert_int_equal(get_le64(p + 64), 1);
	assert_int_equal(get_le64(p + 80), 2);
	assert_int_equal(get_le64(p + 176), 1);
	assert_int_equal(get_log(r, 3, 512, 0, false), 0);
	assert_int_equal(p[0], 1);
	assert_memory_equal(p + 8, "1.0     ", 8);
	assert_int_equal(get_log(r, 5, 4096, 0, false), 0);
	assert_int_equal(get_le32(p + 4 * IDENTIFY), 1);
	assert_int_equal(get_le32(p + 4 * 0x80), 0);
	assert_int_equal(get_le32(p + 1024 + 4 * NV_WRITE), 3);
	assert_int_equal(get_le32(p + 1024 + 4 * NV_READ), 1);
	assert_int_equal(get_log(r, 5, 8, 1024, false), 0); /* a part of it */
	assert_int_equal(get_le32(p + 4), 3);
	assert_int_equal(p[8], 0xee);
	assert_int_equal(get_log(r, 2, 4096, 508, false), 0); /* there is no more */
	assert_int_equal(p[4], 0xee);
	assert_int_equal(get_log(r, 2, 4, 516, false), DNR | 2);
	assert_int_equal(get_log(r, 2, 4, 2, false), DNR | 2);
	assert_int_equal(get_log(r, 2, 4, ~(u64)3, false), DNR | 2);
	assert_int_equal(get_log(r, 0x7f, 4, 0, false), DNR | 0x109);
}

static void log_pages_tell_what_happened(void **state)
{
	on_a_disk(check_logs);
	(void)state;
}

static u16 wait_for_event(struct nvme_rig *r)
{
	nv_send(r, 0, (struct nv_command){ .code = EVENT_REQUEST });
	return r->id;
}

static void assert_event(struct nvme_rig *r, u16 id, u32 what)
{
	struct completion c;

	assert_true(nv_take(r, 0, &c));
	assert_int_equal(c.id, id);
	assert_int_equal(c.status, 0);
	assert_int_equal(c.result, what);
}

static void check_doorbells(struct nvme_rig *r)
{
	static const struct {
		u32 off, value, what;
	} bad[] = {
		{ 8 * 2, 1, 0x010000 }, /* a queue that is not there: register */
		{ 8 * 2 + 4, 1, 0x010000 },  { 8 * 16 + 8, 0, 0x010000 }, { 0x2ff8, 0, 0x010000 },
		{ 8 * 1, 8, 0x010100 }, /* beyond its size: value */
		{ 8 * 1, 0xffff, 0x010100 }, { 8 * 1 + 4, 8, 0x010100 },  { 8 * 1 + 4, 1, 0x010100 }
	}; /* more than was written */

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct completion c;
		u16 id;

		nv_start(r);
		id = wait_for_event(r);
		assert_false(nv_see(r, 0, &c));
		nv_put(r, DOORBELL + bad[i].off, bad[i].value);
		assert_event(r, id, bad[i].what);
		assert_int_equal(get_log(r, 1, 64, 0, false), 0);
		assert_memory_equal(at(r, INFO_AT) + 8, "\xff\xff\xff\xff\0\0\xff\xff", 8);
		assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0);
		nv_disable(r);
		nv_put(r, DOORBELL + bad[i].off, bad[i].value); /* of no interest now */
	}
}

static void a_doorbell_that_cannot_be_is_ignored_and_told(void **state)
{
	on_a_disk(check_doorbells);
	(void)state;
}

static void check_events(struct nvme_rig *r)
{
	struct completion c;
	u16 first, second;

	nv_enable(r);
	nv_ring(r, 9, false, 0); /* before anybody asks */
	first = wait_for_event(r);
	assert_event(r, first, 0x010000);
	second = wait_for_event(r);
	nv_ring(r, 9, false, 0);
	assert_false(nv_see(r, 0, &c)); /* not again */
	assert_int_equal(get_log(r, 1, 64, 0, true), 0);
	assert_false(nv_see(r, 0, &c)); /* it was read, but is to stay as it is */
	nv_send(r, 0, (struct nv_command){ GET_LOG, 0, INFO_AT, 0, 15 << 16 | 1, 0, 0, 0 });
	assert_event(r, second, 0x010000);
	assert_int_equal(nv_answer(r, 0), 0);
}

static void an_event_is_told_once_until_its_log_page_is_read(void **state)
{
	on_a_disk(check_events);
	(void)state;
}

static void check_temperature(struct nvme_rig *r)
{
	struct completion c;
	u16 id;

	nv_enable(r);
	assert_int_equal(feature(r, 4, 0), 343);
	id = wait_for_event(r);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 4, 290), 0); /* over, but nobody cares */
	assert_false(nv_see(r, 0, &c));
	assert_int_equal(get_log(r, 2, 512, 0, false), 0);
	assert_int_equal(at(r, INFO_AT)[0], 2);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 4, 343), 0);
	assert_int_equal(nv_admin(r, SET_FEATURES, 0, 0xb, 2), 0);
	nv_send(r, 0, (struct nv_command){ SET_FEATURES, 0, 0, 0, 4, 310 | 1 << 20, 0, 0 });
	assert_event(r, id, 0x020101);
	assert_int_equal(nv_answer(r, 0), 0);
}

static void a_temperature_beyond_its_threshold_is_told_to_those_who_ask(void **state)
{
	on_a_disk(check_temperature);
	(void)state;
}

static void check_held(struct nvme_rig *r)
{
	struct completion c;

	nv_queue_is(r, 0, 8);
	r->q[0].cq_entries = 4;
	nv_put(r, AQA, 3 << 16 | 7);
	hart_store(r->b, NVME_BAR + ASQ, 8, SQ_AT(0));
	hart_store(r->b, NVME_BAR + ACQ, 8, CQ_AT(0));
	nv_put(r, CC, ENABLED);
	for (u32 i = 0; i < 4; i++)
		wait_for_event(r);
	assert_false(nv_see(r, 0, &c));
	assert_int_equal(nv_run(r, 0, (struct nv_command){ .code = EVENT_REQUEST }), 0x105);
	for (u32 i = 0; i < 20; i++) /* they take no room */
		identify(r, 0, 1);
	nv_disable(r);
	nv_enable(r);
	assert_false(nv_see(r, 0, &c)); /* gone with the reset */
	assert_int_equal(nv_admin(r, ABORT, 0, 5 << 16 | 1, 0), 0);
	assert_int_equal(r->result, 1); /* not aborted */
}

static void event_requests_are_held_and_a_fifth_is_refused(void **state)
{
	on_a_disk(check_held);
	(void)state;
}

/* -- Interrupts
 * ------------------------------------------------------------------------------------------- */

static void check_pin(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	assert_false(nv_line(r));
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	assert_false(nv_line(r));
	finish(r->disk);
	assert_true(nv_line(r));
	nv_put(r, INTMS, 1);
	assert_int_equal(nv_get(r, INTMC), 1);
	assert_false(nv_line(r));
	nv_put(r, INTMC, 1);
	assert_true(nv_line(r));
	assert_true(nv_take(r, 1, &c));
	assert_true(nv_line(r)); /* one is left */
	assert_true(nv_take(r, 1, &c));
	assert_false(nv_line(r));
	nv_send(r, 1, (struct nv_command){ .code = NV_FLUSH, .nsid = 1 });
	finish(r->disk);
	nv_disable(r);
	assert_false(nv_line(r));
}

static void the_pin_is_high_while_there_is_something_to_read(void **state)
{
	on_a_disk(check_pin);
	(void)state;
}

static u32 messages[NVME_QUEUES];

static void count_message(void *ctx, u64 address, u32 data)
{
	(void)ctx;
	(void)address;
	messages[data]++;
}

static void each_queue_has_its_own_message(void **state)
{
	struct disk *d = disk_new(BLOCKS);
	struct bench *b = bench_new();
	struct nvme_rig r;
	u32 cap;

	memset(messages, 0, sizeof(messages));
	b->machine.msi = count_message;
	nv_init(&r, b, d, "");
	for (u32 i = 0; i < NVME_QUEUES; i++) {
		hart_store(b, NVME_MSIX + 16 * (u64)i + 8, 4, i);
		hart_store(b, NVME_MSIX + 16 * (u64)i + 12, 4, 0);
	}
	for (cap = (u32)hart_load(b, ecam(SLOT, 0x34), 1);
	     cap && hart_load(b, ecam(SLOT, cap), 1) != 0x11;)
		cap = (u32)hart_load(b, ecam(SLOT, cap + 1), 1);
	assert_true(cap);
	hart_store(b, ecam(SLOT, cap + 2), 2, 0x8000);
	nv_enable(&r);
	assert_int_equal(nv_create_cq(&r, 1, 8, 16), 0);
	assert_int_equal(nv_create_sq(&r, 1, 8, 1), 0);
	assert_int_equal(messages[0], 2);
	assert_int_equal(nv_io(&r, NV_FLUSH, 0, 0, 0, 1), 0);
	assert_int_equal(messages[16], 1);
	assert_false(nv_line(&r));
	assert_int_equal(nv_create_cq(&r, 2, 8, 17), DNR | 0x108);
	bench_end(b);
	free(d);
	(void)state;
}

/* -- Shutdown and reset
 * --------------------------------------------------------------------------------------- */

static void check_shutdown(struct nvme_rig *r)
{
	struct completion c;

	nv_start(r);
	nv_send(r, 1, (struct nv_command){ NV_WRITE, 1, DATA_AT, 0, 0, 0, 0, 0 });
	nv_put(r, CC, ENABLED | 1 << 14);
	assert_int_equal(nv_get(r, CSTS), 1 | 1 << 2);
	assert_int_equal(r->disk->nlog, 1); /* the flush comes after what is under way */
	nv_send(r, 1, (struct nv_command){ NV_WRITE, 1, DATA_AT, 0, 0, 0, 0, 0 });
	assert_int_equal(r->disk->nlog, 1); /* and nothing new */
	finish_nth(r->disk, 0);
	assert_true(nv_take(r, 1, &c));
	assert_int_equal(r->disk->log[1], BLOCK_FLUSH);
	assert_int_equal(nv_get(r, CSTS), 1 | 1 << 2);
	finish(r->disk);
	assert_int_equal(nv_get(r, CSTS), 1 | 2 << 2);
	nv_put(r, CC, ENABLED | 1 << 14);
	assert_int_equal(r->disk->nlog, 2);
	nv_disable(r);
	assert_int_equal(nv_get(r, CSTS), 0);
	nv_put(r, CC, 1 << 14); /* nothing to shut down */
	finish(r->disk);
	assert_int_equal(nv_get(r, CSTS), 2 << 2);
	nv_start(r);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0);
}

static void a_shutdown_is_complete_when_all_is_on_the_disk(void **state)
{
	on_a_disk(check_shutdown);
	(void)state;
}

static void check_failed_shutdown(struct nvme_rig *r)
{
	nv_start(r);
	r->disk->fail = BLOCK_IOERR;
	nv_put(r, CC, ENABLED | 1 << 14);
	finish(r->disk);
	assert_int_equal(nv_get(r, CSTS), 1 | 2 | 1 << 2);
}

static void a_shutdown_that_fails_is_not_called_complete(void **state)
{
	on_a_disk(check_failed_shutdown);
	(void)state;
}

/* What a driver does in a life, a step at a time. */
static void live(struct nvme_rig *r, u32 step)
{
	struct completion c;

	switch (step) {
	case 0:
		nv_put(r, AQA, 7 << 16 | 7);
		break;
	case 1:
		hart_store(r->b, NVME_BAR + ASQ, 8, SQ_AT(0));
		break;
	case 2:
		hart_store(r->b, NVME_BAR + ACQ, 8, CQ_AT(0));
		break;
	case 3:
		nv_put(r, CC, ENABLED);
		break;
	case 4:
		nv_send(r, 0,
			(struct nv_command){ CREATE_CQ, 0, CQ_AT(1), 0, 7 << 16 | 1, 3, 0, 0 });
		break;
	case 5:
		nv_send(r, 0,
			(struct nv_command){ CREATE_SQ, 0, SQ_AT(1), 0, 7 << 16 | 1, 1 << 16 | 1, 0,
					     0 });
		break;
	case 6:
		nv_send(r, 0, (struct nv_command){ .code = EVENT_REQUEST });
		break;
	case 7:
		nv_push(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 0, 0, 0, 0 });
		break;
	case 8:
		nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 1, 0, 1 << 30, 0 });
		break;
	case 9:
		nv_send(r, 1, (struct nv_command){ NV_MANAGE, 1, DATA_AT, 0, 3, 4, 0, 0 });
		break;
	case 10:
	case 11:
	case 12:
		if (r->disk->npending)
			finish_nth(r->disk, 0);
		break;
	case 13:
		nv_send(r, 0, (struct nv_command){ .code = DELETE_SQ, .dw10 = 1 });
		break;
	case 14:
		nv_ring(r, 5, true, 1);
		break;
	case 15:
		nv_take(r, 1, &c);
		break;
	case 16:
		nv_put(r, CC, ENABLED | 1 << 14);
		break;
	case 17:
		finish(r->disk);
		break;
	}
}

#define STEPS 18

static void reset_after(struct nvme_rig *r, u32 steps, bool machine)
{
	u8 queues[0x8000];

	nv_queue_is(r, 0, 8);
	nv_queue_is(r, 1, 8);
	for (u32 i = 0; i < 4; i++)
		put_le32(at(r, DATA_AT + 16 * (u64)i + 4), 1);
	for (u32 i = 0; i < steps; i++)
		live(r, i);
	if (machine) {
		device_reset(r->dev);
		nv_configure(r);
	} else {
		nv_disable(r);
	}
	assert_int_equal(nv_get(r, CSTS), 0);
	assert_false(nv_line(r));
	memcpy(queues, at(r, SQ_AT(0)), sizeof(queues));
	finish(r->disk);
	bench_advance(r->b, 1000000);
	nv_ring(r, 0, false, 1);
	nv_ring(r, 1, false, 1);
	assert_memory_equal(queues, at(r, SQ_AT(0)), sizeof(queues)); /* nothing came later */
	nv_start(r);
	for (u32 i = 0; i < 20; i++)
		assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, i, 1), 0);
	nv_disable(r);
}

static void check_resets(struct nvme_rig *r)
{
	for (u32 steps = 0; steps <= STEPS; steps++)
		for (u32 machine = 0; machine < 2; machine++)
			reset_after(r, steps, machine);
}

static void a_reset_between_any_two_steps_drops_what_was_and_leaves_it_usable(void **state)
{
	on_a_disk(check_resets);
	(void)state;
}

static void check_twin(struct nvme_rig *r)
{
	size_t n = device_save(r->dev, NULL, 0);
	u8 *bytes = xzalloc(n);
	struct err e;

	nv_start(r);
	assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, 0, 1), 0);
	assert_int_equal(device_save(r->dev, bytes, n), n);
	nv_send(r, 1, (struct nv_command){ NV_READ, 1, DATA_AT, 0, 0, 0, 0, 0 });
	device_reset(r->dev);
	assert_true(device_restore(r->dev, bytes, n, &e));
	r->q[1].tail = 1;
	memset(at(r, CQ_AT(1) + 16), 0, 16);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(nv_io(r, NV_READ, DATA_AT, 0, i, 1), 0);
	free(bytes);
}

static void a_restored_controller_goes_on_with_its_queues(void **state)
{
	on_a_disk(check_twin);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_ready_when_it_is_enabled_and_not_when_it_is_disabled),
		cmocka_unit_test(what_cannot_be_enabled_is_a_fatal_error_until_it_is_disabled),
		cmocka_unit_test(
			registers_are_read_in_any_width_and_written_in_four_or_eight_bytes),
		cmocka_unit_test(without_bus_mastering_it_reads_nothing_and_says_so),
		cmocka_unit_test(identify_tells_what_the_controller_is),
		cmocka_unit_test(a_disk_that_needs_no_flush_has_no_write_cache),
		cmocka_unit_test(disks_with_other_serial_numbers_have_other_names_always_the_same),
		cmocka_unit_test(identify_tells_how_many_blocks_there_are_and_of_what_size),
		cmocka_unit_test(there_is_one_namespace_and_it_has_a_name),
		cmocka_unit_test(what_it_does_not_know_is_refused_for_good),
		cmocka_unit_test(a_read_is_answered_when_its_blocks_are_there),
		cmocka_unit_test(a_write_goes_to_its_blocks),
		cmocka_unit_test(blocks_may_be_of_4096_bytes),
		cmocka_unit_test(a_disk_is_whole_blocks),
		cmocka_unit_test(blocks_beyond_the_end_are_not_touched),
		cmocka_unit_test(an_error_of_the_disk_reaches_the_driver),
		cmocka_unit_test(a_read_only_disk_says_so_and_is_not_written),
		cmocka_unit_test(the_first_page_may_begin_anywhere),
		cmocka_unit_test(a_list_goes_on_elsewhere_only_if_its_page_has_no_room),
		cmocka_unit_test(the_largest_command_fits_wherever_it_begins),
		cmocka_unit_test(
			more_than_a_command_may_move_is_refused_before_its_pages_are_looked_at),
		cmocka_unit_test(pages_that_break_the_rules_are_refused_and_nothing_is_moved),
		cmocka_unit_test(a_list_that_leads_back_to_itself_ends),
		cmocka_unit_test(no_pointer_reaches_a_window_of_a_device),
		cmocka_unit_test(what_a_driver_changes_after_it_has_rung_is_not_looked_at),
		cmocka_unit_test(the_phase_tag_turns_each_time_the_queue_wraps),
		cmocka_unit_test(a_full_completion_queue_holds_commands_back_until_it_is_read),
		cmocka_unit_test(queues_may_share_one_for_completions_and_keep_their_own_heads),
		cmocka_unit_test(queues_that_cannot_be_are_not_made_or_deleted),
		cmocka_unit_test(a_queue_is_deleted_when_its_last_command_is_done),
		cmocka_unit_test(a_driver_with_more_commands_than_requests_waits),
		cmocka_unit_test(others_get_a_turn_between_many_commands),
		cmocka_unit_test(a_flush_is_answered_when_the_disk_has_done_it),
		cmocka_unit_test(a_write_with_fua_is_on_the_disk_before_it_is_answered),
		cmocka_unit_test(a_read_with_fua_comes_after_a_flush),
		cmocka_unit_test(write_zeroes_makes_holes_only_if_it_may),
		cmocka_unit_test(each_range_is_deallocated_and_none_if_one_is_outside),
		cmocka_unit_test(features_are_kept_until_a_reset_and_others_are_refused),
		cmocka_unit_test(without_the_write_cache_each_write_is_on_the_disk),
		cmocka_unit_test(log_pages_tell_what_happened),
		cmocka_unit_test(a_doorbell_that_cannot_be_is_ignored_and_told),
		cmocka_unit_test(an_event_is_told_once_until_its_log_page_is_read),
		cmocka_unit_test(a_temperature_beyond_its_threshold_is_told_to_those_who_ask),
		cmocka_unit_test(event_requests_are_held_and_a_fifth_is_refused),
		cmocka_unit_test(the_pin_is_high_while_there_is_something_to_read),
		cmocka_unit_test(each_queue_has_its_own_message),
		cmocka_unit_test(a_shutdown_is_complete_when_all_is_on_the_disk),
		cmocka_unit_test(a_shutdown_that_fails_is_not_called_complete),
		cmocka_unit_test(a_reset_between_any_two_steps_drops_what_was_and_leaves_it_usable),
		cmocka_unit_test(a_restored_controller_goes_on_with_its_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
