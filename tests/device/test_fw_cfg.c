/* What firmware does with fw_cfg, and what a hostile guest might. */
#include "bench.h"

enum { DATA = 0x00, SELECTOR = 0x08, DMA = 0x10 };
enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };

#define REQUEST_AT (BENCH_RAM_BASE + 0x1000)
#define BUFFER_AT  (BENCH_RAM_BASE + 0x2000)

static struct device *fw_cfg(void)
{
	static const struct value texts[2] = { { .given = true, .text = "hello" },
					       { .given = true, .text = "" } };
	static const struct value_row files[2] = { { "opt/motd", &texts[0] },
						   { "opt/empty", &texts[1] } };
	const struct value value = { .given = true, .n = 2, .rows = files };
	struct err e = { 0 };
	struct device *dev = bench_make(bench_new(), "fw-cfg", &value,
					(struct device_place){ BENCH_BASE, 0x18, NULL, 0 }, &e);

	if (!dev)
		fail_msg("%s", e.text);
	return dev;
}

static void choose(struct device *fw, u32 key)
{
	device_write(fw, SELECTOR, 2, (key & 0xff) << 8 | key >> 8); /* big endian */
}

static void be32(u8 *to, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		to[i] = (u8)(v >> (24 - 8 * i));
}

static u8 *ram(struct device *fw, u64 gpa)
{
	return bench_of(fw)->ram + (gpa - BENCH_RAM_BASE);
}

/* Returns the control word that the device leaves. */
static u32 dma(struct device *fw, u32 control, u32 length, u64 gpa)
{
	u8 *r = ram(fw, REQUEST_AT);
	u8 address[8] = { 0 };

	be32(r, control);
	be32(r + 4, length);
	be32(r + 8, (u32)(gpa >> 32));
	be32(r + 12, (u32)gpa);
	be32(address + 4, REQUEST_AT);
	wr(fw, DMA, get_le32(address));
	wr(fw, DMA + 4, get_le32(address + 4));
	return get_be32(r);
}

static void the_signature_and_features_are_there(void **state)
{
	struct device *fw = fw_cfg();

	choose(fw, 0);
	for (const char *c = "QEMU"; *c; c++)
		assert_int_equal(rd8(fw, DATA), *c);
	assert_int_equal(rd8(fw, DATA), 0); /* past the end */
	choose(fw, 1);
	assert_int_equal(rd(fw, DATA), 3);
	assert_true(device_read(fw, DMA, 8) == get_le64("QEMU CFG"));
	assert_int_equal(rd(fw, DMA + 4), get_le32(" CFG"));
	bench_free(fw);
	(void)state;
}

static void wide_reads_return_bytes_in_memory_order(void **state)
{
	struct device *fw = fw_cfg();

	choose(fw, 0);
	assert_int_equal(rd(fw, DATA), get_le32("QEMU"));
	choose(fw, 0);
	assert_int_equal(device_read(fw, DATA, 2), get_le16("QE"));
	assert_int_equal(device_read(fw, DATA, 8), get_le16("MU"));
	bench_free(fw);
	(void)state;
}

static void the_directory_names_every_file(void **state)
{
	struct device *fw = fw_cfg();
	u8 bytes[4 + 2 * 64];

	choose(fw, 0x19);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = rd8(fw, DATA);
	assert_int_equal(get_be32(bytes), 2);
	assert_int_equal(get_be32(bytes + 4), 5);
	assert_int_equal(bytes[8] << 8 | bytes[9], 0x20);
	assert_string_equal((const char *)bytes + 12, "opt/motd");
	assert_string_equal((const char *)bytes + 12 + 64, "opt/empty");
	choose(fw, 0x20);
	assert_int_equal(rd(fw, DATA), get_le32("hell"));
	bench_free(fw);
	(void)state;
}

static void dma_selects_reads_and_goes_on_where_it_was(void **state)
{
	struct device *fw = fw_cfg();

	assert_int_equal(dma(fw, 0x20u << 16 | SELECT | READ, 3, BUFFER_AT), 0);
	assert_memory_equal(ram(fw, BUFFER_AT), "hel", 3);
	assert_int_equal(dma(fw, SKIP, 1, 0), 0);
	memset(ram(fw, BUFFER_AT), 0xee, 8);
	assert_int_equal(dma(fw, READ, 4, BUFFER_AT), 0);
	assert_memory_equal(ram(fw, BUFFER_AT), "o\0\0\0\xee", 5); /* zeros past the end */
	bench_free(fw);
	(void)state;
}

static void the_whole_address_may_be_written_at_once(void **state)
{
	struct device *fw = fw_cfg();
	u8 address[8] = { 0 }, *r = ram(fw, REQUEST_AT);

	be32(r, READ | SELECT);
	be32(r + 4, 4);
	be32(r + 12, BUFFER_AT);
	be32(address + 4, REQUEST_AT);
	device_write(fw, DMA, 8, get_le64(address));
	assert_int_equal(get_be32(r), 0);
	assert_memory_equal(ram(fw, BUFFER_AT), "QEMU", 4);
	bench_free(fw);
	(void)state;
}

static void dma_outside_of_ram_is_an_error(void **state)
{
	static const u64 bad[] = { 0,
				   BENCH_BASE,
				   BENCH_RAM_BASE - 1,
				   BENCH_RAM_BASE + (u64)BENCH_RAM_SIZE - 2,
				   UINT64_MAX,
				   UINT64_MAX - 2 };
	struct device *fw = fw_cfg();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(dma(fw, READ | SELECT, 4, bad[i]), ERROR);
	bench_free(fw);
	(void)state;
}

static void a_huge_length_does_not_make_a_huge_fill(void **state)
{
	struct device *fw = fw_cfg();

	assert_int_equal(dma(fw, READ | SELECT, UINT32_MAX, BENCH_RAM_BASE), ERROR);
	assert_int_equal(dma(fw, READ | SELECT, 0x20000, BUFFER_AT), ERROR);
	assert_int_equal(dma(fw, SKIP, UINT32_MAX, 0), 0);
	assert_int_equal(rd(fw, DATA), 0);
	bench_free(fw);
	(void)state;
}

static void nothing_can_be_written(void **state)
{
	struct device *fw = fw_cfg();

	assert_int_equal(dma(fw, 0x20u << 16 | SELECT | WRITE, 4, BUFFER_AT), ERROR);
	wr8(fw, DATA, 'x');
	choose(fw, 0x20);
	assert_int_equal(rd8(fw, DATA), 'h');
	bench_free(fw);
	(void)state;
}

static void a_request_that_is_not_in_ram_changes_nothing(void **state)
{
	struct device *fw = fw_cfg();

	wr(fw, DMA + 4, 0); /* the request itself is at 0 */
	assert_int_equal(device_guest_errors(fw), 1);
	choose(fw, 0);
	assert_int_equal(rd8(fw, DATA), 'Q');
	bench_free(fw);
	(void)state;
}

static void an_item_that_does_not_exist_reads_zeros(void **state)
{
	struct device *fw = fw_cfg();

	choose(fw, 0x22);
	assert_int_equal(rd(fw, DATA), 0);
	choose(fw, 0xffff);
	assert_int_equal(rd(fw, DATA), 0);
	assert_int_equal(device_guest_errors(fw), 2);
	bench_free(fw);
	(void)state;
}

/* The answer goes over the request: what it says then was read before. */
static void a_request_may_be_its_own_buffer(void **state)
{
	struct device *fw = fw_cfg();

	assert_int_equal(dma(fw, READ | SELECT, 16, REQUEST_AT), 0);
	assert_memory_equal(ram(fw, REQUEST_AT), "\0\0\0\0\0\0\0\0", 8);
	bench_free(fw);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature_and_features_are_there),
		cmocka_unit_test(wide_reads_return_bytes_in_memory_order),
		cmocka_unit_test(the_directory_names_every_file),
		cmocka_unit_test(dma_selects_reads_and_goes_on_where_it_was),
		cmocka_unit_test(the_whole_address_may_be_written_at_once),
		cmocka_unit_test(dma_outside_of_ram_is_an_error),
		cmocka_unit_test(a_huge_length_does_not_make_a_huge_fill),
		cmocka_unit_test(nothing_can_be_written),
		cmocka_unit_test(a_request_that_is_not_in_ram_changes_nothing),
		cmocka_unit_test(an_item_that_does_not_exist_reads_zeros),
		cmocka_unit_test(a_request_may_be_its_own_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
