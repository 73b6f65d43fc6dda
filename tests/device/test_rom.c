/* A window that is memory. */
#include "bench.h"

static const struct mem_ram *rom_of(struct device *rom)
{
	const struct mem_ram *r;

	for (u32 i = 0; (r = mem_ram(bench_of(rom)->machine.mem, i)); i++)
		if (r->rom)
			return r;
	return NULL;
}

static void it_lies_where_the_board_says_and_holds_what_is_loaded(void **state)
{
	struct device *rom = bench_with("rom", "reg=0x1000:32K");
	const struct mem_ram *r = rom_of(rom);
	bool is_rom = false;
	const u8 *bytes;

	assert_non_null(r);
	assert_int_equal(r->gpa, 0x1000);
	assert_int_equal(r->size, 32 << 10);
	memcpy(r->bytes, "boot", 4); /* as the loader does */
	bytes = mem_readable(bench_of(rom)->machine.mem, 0x1000, 4, &is_rom);
	assert_memory_equal(bytes, "boot", 4);
	assert_true(is_rom);
	bench_free(rom);
	(void)state;
}

static void nobody_in_the_guest_can_write_it(void **state)
{
	struct device *rom = bench_with("rom", "reg=0x1000:32K");
	struct mem *m = bench_of(rom)->machine.mem;

	assert_false(mem_write(m, 0x1000, "x", 1));
	assert_null(mem_slice(m, 0x1000, 4));
	assert_false(mem_io_write(m, NULL, 0x1000, 4, 1));
	assert_false(dma_write(rom, 0x1000, "x", 1));
	assert_int_equal(rom_of(rom)->bytes[0], 0);
	bench_free(rom);
	(void)state;
}

static void its_content_survives_a_reset(void **state)
{
	struct device *rom = bench_with("rom", "reg=0x1000:4K");

	rom_of(rom)->bytes[5] = 77;
	device_reset(rom);
	assert_int_equal(rom_of(rom)->bytes[5], 77);
	bench_free(rom);
	(void)state;
}

static void over_other_memory_it_is_refused(void **state)
{
	struct bench *b = bench_new();
	struct err e = { 0 };

	assert_null(bench_try(b, "rom", "reg=0x80000000:4K", &e));
	assert_true(text_starts(e.text, "dut: "));
	bench_end(b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_lies_where_the_board_says_and_holds_what_is_loaded),
		cmocka_unit_test(nobody_in_the_guest_can_write_it),
		cmocka_unit_test(its_content_survives_a_reset),
		cmocka_unit_test(over_other_memory_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
