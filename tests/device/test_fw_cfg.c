/* What firmware does with fw_cfg, and what a hostile guest might. */
#include "fw_cfg_bench.h"

#include "fw_cfg.h"

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

/* -- A device that offers two items ------------------------------------------------- */

struct owner {
	struct device dev;
	struct ref fw_cfg;
	u8 small[4], large[FW_CFG_ITEM_MOST];
	u32 written, updates;
	struct fw_cfg_item items[2];
};

static void owner_written(struct device *dev)
{
	((struct owner *)dev)->written++;
}

static void owner_update(struct device *dev)
{
	((struct owner *)dev)->updates++;
}

static bool owner_init(struct device *dev, struct err *e)
{
	struct owner *o = (struct owner *)dev;

	o->items[0] = (struct fw_cfg_item){ "etc/small", o->small, 4, owner_written, NULL, NULL };
	o->items[1] = (struct fw_cfg_item){ "etc/large",   o->large, FW_CFG_ITEM_MOST,
					    owner_written, NULL,     NULL };
	return fw_cfg_offer(dev, o->fw_cfg.dev, &o->items[0], e) &&
	       fw_cfg_offer(dev, o->fw_cfg.dev, &o->items[1], e);
}

#define SELF struct owner
static const struct device_class owner_class = {
	.name = "owner",
	.size = sizeof(SELF),
	.init = owner_init,
	.update = owner_update,
	.props = PROPS(PROP_REF(fw_cfg, .wants = PROVIDES_FW_CFG, .doc = "where")),
	.state = STATE(FIELD(small), FIELD(large)),
};
#undef SELF

static struct owner *offer(struct device *fw)
{
	struct err e = { 0 };
	struct device *dev;

	bench_of(fw)->ref = fw;
	dev = bench_class(bench_of(fw), &owner_class, "", &e);
	if (!dev)
		fail_msg("%s", e.text);
	return (struct owner *)dev;
}

/* -- Promises ------------------------------------------------------------------------- */

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

static void a_file_of_the_board_cannot_be_written(void **state)
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

static void what_a_device_offers_stands_in_the_directory_after_the_files(void **state)
{
	struct device *fw = fw_cfg();
	const u8 *bytes = ram(fw, BUFFER_AT);

	offer(fw);
	assert_int_equal(dma(fw, 0x19u << 16 | SELECT | READ, 4 + 4 * 64, BUFFER_AT), 0);
	assert_int_equal(get_be32(bytes), 4);
	assert_string_equal((const char *)bytes + 4 + 1 * 64 + 8, "opt/empty");
	assert_string_equal((const char *)bytes + 4 + 2 * 64 + 8, "etc/small");
	assert_int_equal(get_be32(bytes + 4 + 2 * 64), 4);
	assert_int_equal(get_be16(bytes + 4 + 2 * 64 + 4), FIRST_FILE + 2);
	assert_string_equal((const char *)bytes + 4 + 3 * 64 + 8, "etc/large");
	assert_int_equal(dma(fw, 0x19u << 16 | SELECT | SKIP, 10, 0), 0); /* in the first row */
	assert_int_equal(dma(fw, READ, 4 + 4 * 64 - 10, BUFFER_AT + 0x1000), 0);
	assert_memory_equal(bytes + 0x1000, bytes + 10, 4 + 4 * 64 - 10);
	choose(fw, 0x19);
	for (u32 i = 0; i < 4 + 4 * 64; i++)
		assert_int_equal(rd8(fw, DATA), bytes[i]);
	assert_int_equal(rd8(fw, DATA), 0);
	bench_free(fw);
	(void)state;
}

static void its_owner_hears_what_is_written_and_the_guest_reads_it_back(void **state)
{
	struct device *fw = fw_cfg();
	struct owner *o = offer(fw);
	u32 updates = o->updates;

	memcpy(ram(fw, BUFFER_AT), "\1\2\3\4", 4);
	assert_int_equal(dma(fw, (FIRST_FILE + 2) << 16 | SELECT | WRITE, 4, BUFFER_AT), 0);
	assert_memory_equal(o->small, "\1\2\3\4", 4);
	assert_int_equal(o->written, 1);
	assert_int_equal(o->updates, updates + 1);
	choose(fw, FIRST_FILE + 2);
	assert_int_equal(device_read(fw, DATA, 8), 0x04030201);
	assert_int_equal(dma(fw, (FIRST_FILE + 2) << 16 | SELECT | SKIP, 1, 0), 0);
	assert_int_equal(dma(fw, WRITE, 2, BUFFER_AT), 0);
	assert_memory_equal(o->small, "\1\1\2\4", 4);
	assert_int_equal(rd8(fw, DATA), 4);
	bench_free(fw);
	(void)state;
}

static void what_does_not_fit_or_is_not_in_ram_is_not_written_at_all(void **state)
{
	static const struct {
		u32 at, n;
		u64 gpa;
	} wrong[] = { { 0, 5, BUFFER_AT },          { 2, 3, BUFFER_AT },
		      { 4, 1, BUFFER_AT },          { 0, UINT32_MAX, BUFFER_AT },
		      { 0, 4, BENCH_RAM_BASE - 2 }, { 0, 4, BENCH_RAM_BASE + BENCH_RAM_SIZE - 2 },
		      { 0, 4, BENCH_BASE },         { 0, 4, UINT64_MAX - 1 } };
	struct device *fw = fw_cfg();
	struct owner *o = offer(fw);

	memset(ram(fw, BUFFER_AT), 0xee, 64);
	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		choose(fw, FIRST_FILE + 2);
		dma(fw, SKIP, wrong[i].at, 0);
		assert_int_equal(dma(fw, WRITE, wrong[i].n, wrong[i].gpa), ERROR);
		assert_memory_equal(o->small, "\0\0\0\0", 4);
	}
	assert_int_equal(o->written, 0);
	assert_int_equal(o->large[0], 0);
	choose(fw, FIRST_FILE + 2);
	wr8(fw, DATA, 1); /* writing there has no meaning */
	assert_int_equal(o->small[0], 0);
	bench_free(fw);
	(void)state;
}

static void one_name_is_offered_once(void **state)
{
	struct device *fw = fw_cfg();
	struct err e = { 0 };

	offer(fw);
	assert_null(bench_class(bench_of(fw), &owner_class, "", &e));
	assert_non_null(strstr(e.text, "has an item `etc/small` already"));
	bench_free(fw);
	(void)state;
}

static void any_request_with_items_of_others_answers_without_harm(void **state)
{
	struct device *fw = fw_cfg();
	u32 r = 7;

	offer(fw);
	for (u32 i = 0; i < 20000; i++) {
		u32 key = xorshift(&r) % 8 ? FIRST_FILE + xorshift(&r) % 6 : xorshift(&r) & 0xffff;
		u32 length = xorshift(&r) % 4 ? xorshift(&r) % 80 : xorshift(&r);
		u64 gpa = BENCH_RAM_BASE + xorshift(&r) % (BENCH_RAM_SIZE + 64);

		dma(fw, key << 16 | (xorshift(&r) & 0x1f), length, gpa);
		device_read(fw, DATA, 1u << xorshift(&r) % 4);
	}
	choose(fw, 0);
	assert_int_equal(rd(fw, DATA), get_le32("QEMU"));
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
		cmocka_unit_test(a_file_of_the_board_cannot_be_written),
		cmocka_unit_test(a_request_that_is_not_in_ram_changes_nothing),
		cmocka_unit_test(an_item_that_does_not_exist_reads_zeros),
		cmocka_unit_test(a_request_may_be_its_own_buffer),
		cmocka_unit_test(what_a_device_offers_stands_in_the_directory_after_the_files),
		cmocka_unit_test(its_owner_hears_what_is_written_and_the_guest_reads_it_back),
		cmocka_unit_test(what_does_not_fit_or_is_not_in_ram_is_not_written_at_all),
		cmocka_unit_test(one_name_is_offered_once),
		cmocka_unit_test(any_request_with_items_of_others_answers_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
