/* A device tree of anyone's becomes a board that loads, whatever is in it. */
#include "loading.h"

#include <libfdt.h>

static const char *no_driver(void *ctx, const char *compatible)
{
	(void)ctx;
	return !strcmp(compatible, "sifive,spi0") ? "spi_sifive" : NULL;
}

struct imported {
	struct str yaml;
	struct import_count n;
	struct loaded l;
};

static struct imported import_tree(const void *fdt, size_t len)
{
	const struct import_options o = { .name = "t",
					  .classes = device_classes,
					  .driver = no_driver };
	struct imported i = { 0 };
	struct err e = { 0 };

	if (!board_import(fdt, len, &o, &i.yaml, &i.n, &e))
		fail_msg("%s", e.text);
	i.l = load_text(str_text(&i.yaml));
	if (!i.l.plan)
		fail_msg("%s\n%s", str_text(&i.yaml), str_text(&i.l.said));
	return i;
}

static void imported_free(struct imported *i)
{
	str_free(&i->yaml);
	loaded_free(&i->l);
}

static void *tree_of(const char *board, size_t *len)
{
	static const struct fdt_extra nothing = { 0 };
	struct loaded l = load_with(board, NULL, NULL);
	struct err e = { 0 };
	void *fdt = plan_fdt(l.plan, &nothing, len, &e);

	assert_non_null(fdt);
	loaded_free(&l);
	return fdt;
}

static void what_was_made_of_a_board_becomes_that_board_again(void **state)
{
	size_t len;
	void *fdt = tree_of("boards/minimal.yaml", &len);
	struct imported i = import_tree(fdt, len);
	struct against_count n;
	struct str said = { 0 };
	struct err e = { 0 };

	assert_true(plan_against(i.l.plan, fdt, len, &said, &n, &e));
	assert_int_equal(n.differ, 0);
	assert_int_equal(n.here, 0);
	assert_int_equal(i.l.plan->nharts, 1);
	assert_int_equal(i.l.plan->timebase_hz, 10000000);
	assert_string_equal(i.l.plan->clusters[0].mmu, "sv39");
	assert_int_equal(i.l.plan->memory[0].size, 256 * MIB);
	assert_string_equal(i.l.plan->devices[i.l.plan->stdout_device].class->name, "uart-16550");
	str_free(&said);
	imported_free(&i);
	free(fdt);
	(void)state;
}

static void a_pci_host_keeps_its_windows_and_interrupts(void **state)
{
	size_t len;
	void *fdt = tree_of("boards/virt.yaml", &len);
	struct imported i = import_tree(fdt, len);
	const struct plan_device *d = find_planned(&i.l, "pcie");
	struct against_count n;
	struct str said = { 0 };
	struct err e = { 0 };

	assert_string_equal(d->class->name, "pcie-ecam");
	assert_true(plan_against(i.l.plan, fdt, len, &said, &n, &e));
	assert_string_equal(str_text(&said), "");
	assert_non_null(strstr(str_text(&i.yaml),
			       "interrupts: [32, 33, 34, 35], windows: {io: [0x0300_0000, "
			       "64K], mem32: [0x4000_0000, 1G], mem64: [0x4_0000_0000, 16G]}"));
	str_free(&said);
	imported_free(&i);
	free(fdt);
	(void)state;
}

static u8 *empty_tree(u8 *buf, size_t size)
{
	assert_int_equal(fdt_create_empty_tree(buf, (int)size), 0);
	return buf;
}

static int add_node(void *fdt, int parent, const char *name, const char *compatible)
{
	int n = fdt_add_subnode(fdt, parent, name);

	assert_true(n >= 0);
	if (compatible)
		fdt_setprop(fdt, n, "compatible", compatible, (int)strlen(compatible) + 1);
	return n;
}

static void set_cells(void *fdt, int n, const char *prop, const u32 *cells, u32 count)
{
	u8 bytes[64];

	for (u32 i = 0; i < count; i++)
		put_be32(bytes + (size_t)4 * i, cells[i]);
	assert_int_equal(fdt_setprop(fdt, n, prop, bytes, (int)count * 4), 0);
}

#define CELLS(fdt, n, prop, ...)                                                                   \
	set_cells(fdt, n, prop, (const u32[]){ __VA_ARGS__ },                                      \
		  sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

static void an_empty_tree_is_a_computer_that_says_what_it_lacks(void **state)
{
	u8 buf[4096];
	struct imported i = import_tree(empty_tree(buf, sizeof(buf)), sizeof(buf));

	assert_non_null(strstr(str_text(&i.yaml), "the tree leaves it to firmware"));
	assert_non_null(strstr(str_text(&i.yaml), "no CLINT"));
	imported_free(&i);
	(void)state;
}

/* A bus that moves addresses, a block that nobody models, two at one place. */
static void blocks_become_regbanks_where_their_bus_puts_them(void **state)
{
	u8 buf[8192];
	void *fdt = empty_tree(buf, sizeof(buf));
	int soc = add_node(fdt, 0, "soc", "simple-bus"), n;
	const struct plan_device *d;
	struct imported i;

	CELLS(fdt, soc, "#address-cells", 1);
	CELLS(fdt, soc, "#size-cells", 1);
	CELLS(fdt, soc, "ranges", 0, 0, 0x10000000, 0x100000);
	n = add_node(fdt, soc, "spi@40000", "sifive,spi0");
	CELLS(fdt, n, "reg", 0x40000, 0x1000);
	n = add_node(fdt, fdt_path_offset(fdt, "/soc"), "pwm@40800", "who,pwm");
	CELLS(fdt, n, "reg", 0x40800, 0x800);
	n = add_node(fdt, fdt_path_offset(fdt, "/soc"), "clk@50000", "who,clk");
	CELLS(fdt, n, "reg", 0x50000, 0x1000);
	CELLS(fdt, n, "#clock-cells", 1);
	n = add_node(fdt, fdt_path_offset(fdt, "/soc"), "far@900000", "who,far");
	CELLS(fdt, n, "reg", 0x900000, 0x1000);
	i = import_tree(buf, sizeof(buf));
	assert_int_equal(i.n.stubbed, 2);
	assert_int_equal(i.n.missing, 2);
	d = find_planned(&i.l, "clk");
	assert_int_equal(d->base, 0x10050000);
	assert_non_null(strstr(str_text(&i.yaml), "cells: {clock: 1}"));
	assert_non_null(strstr(str_text(&i.yaml), "(Linux: spi_sifive)"));
	assert_non_null(strstr(str_text(&i.yaml), "something else is there already"));
	imported_free(&i);
	(void)state;
}

/* Its bus is a regbank, so that there is no place for it. */
static void a_card_on_a_bus_that_is_not_made_is_missing(void **state)
{
	u8 buf[8192];
	void *fdt = empty_tree(buf, sizeof(buf));
	int spi = add_node(fdt, 0, "spi@10040000", "sifive,spi0"), card;
	struct imported i;

	CELLS(fdt, spi, "reg", 0, 0x10040000, 0, 0x1000);
	CELLS(fdt, spi, "#address-cells", 1);
	CELLS(fdt, spi, "#size-cells", 0);
	card = add_node(fdt, spi, "mmc@0", "mmc-spi-slot");
	CELLS(fdt, card, "reg", 0);
	i = import_tree(buf, sizeof(buf));
	assert_non_null(i.l.plan);
	assert_int_equal(i.n.modeled, 0);
	imported_free(&i);
	(void)state;
}

/* A text in the tree cannot write YAML. */
static void a_hostile_tree_stays_in_its_quotes(void **state)
{
	static const char evil[] = "a\"]\nboot: {kernel: /etc/passwd}\n#";
	u8 buf[4096];
	void *fdt = empty_tree(buf, sizeof(buf));
	struct imported i;
	int n;

	fdt_setprop(fdt, 0, "model", evil, sizeof(evil));
	fdt_setprop(fdt, 0, "compatible", evil, sizeof(evil));
	n = add_node(fdt, 0, "x@1000", evil);
	CELLS(fdt, n, "reg", 0, 0x1000, 0x1000);
	i = import_tree(buf, sizeof(buf));
	assert_null(i.l.plan->boot.kernel.path);
	assert_null(strstr(str_text(&i.yaml), "\nboot:"));
	imported_free(&i);
	(void)state;
}

/* Whatever is cut off or changed, it is refused or becomes a board that loads. */
static void a_damaged_tree_is_refused_or_loads(void **state)
{
	size_t len;
	u8 *fdt = tree_of("boards/virt-mmio.yaml", &len), *copy = xzalloc(len);
	const struct import_options o = { .name = "t", .classes = device_classes };
	u32 seed = 1;

	for (u32 round = 0; round < 2000; round++) {
		struct str yaml = { 0 };
		struct import_count n;
		struct err e = { 0 };

		memcpy(copy, fdt, len);
		for (u32 k = 0; k < 4; k++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % len] = (u8)(seed >> 3);
		}
		if (board_import(copy, len, &o, &yaml, &n, &e)) {
			struct loaded l = load_text(str_text(&yaml));

			if (!l.plan)
				fail_msg("round %u: %s", round, str_text(&l.said));
			loaded_free(&l);
		}
		str_free(&yaml);
	}
	free(copy);
	free(fdt);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_of_a_board_becomes_that_board_again),
		cmocka_unit_test(a_pci_host_keeps_its_windows_and_interrupts),
		cmocka_unit_test(an_empty_tree_is_a_computer_that_says_what_it_lacks),
		cmocka_unit_test(blocks_become_regbanks_where_their_bus_puts_them),
		cmocka_unit_test(a_card_on_a_bus_that_is_not_made_is_missing),
		cmocka_unit_test(a_hostile_tree_stays_in_its_quotes),
		cmocka_unit_test(a_damaged_tree_is_refused_or_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
