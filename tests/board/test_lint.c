/* The lint of a device tree: a good one passes, and each way to break it that some guest was
 * seen to die of is found, by its code and no other.
 */
#include "loading.h"

#include <libfdt.h>

struct tree {
	struct loaded l;
	u8 fdt[64 * 1024];
};

static const char two_harts[] = MACHINE "params: {harts: 2}\n";

static struct tree *good_tree(void)
{
	static const struct fdt_extra nothing = { 0 };
	struct tree *t = xzalloc(sizeof(*t));
	struct err e = { 0 };
	size_t len;
	void *fdt;

	t->l = load_text(two_harts);
	fdt = plan_fdt(t->l.plan, &nothing, &len, &e);
	assert_non_null(fdt);
	assert_int_equal(fdt_open_into(fdt, t->fdt, sizeof(t->fdt)), 0);
	free(fdt);
	return t;
}

static void tree_free(struct tree *t)
{
	loaded_free(&t->l);
	free(t);
}

static int node(struct tree *t, const char *path)
{
	int n = fdt_path_offset(t->fdt, path);

	if (n < 0)
		fail_msg("no node %s", path);
	return n;
}

static void drop(struct tree *t, const char *path, const char *prop)
{
	assert_int_equal(fdt_delprop(t->fdt, node(t, path), prop), 0);
}

static void set_text(struct tree *t, const char *path, const char *prop, const char *text)
{
	assert_int_equal(fdt_setprop(t->fdt, node(t, path), prop, text, (int)strlen(text) + 1), 0);
}

static void set_cell(struct tree *t, const char *path, const char *prop, u32 i, u32 v)
{
	int len;
	u8 *p = fdt_getprop_w(t->fdt, node(t, path), prop, &len);

	assert_true(p && len >= (int)(4 * i + 4));
	put_be32(p + (size_t)4 * i, v);
}

static u32 get_cell(struct tree *t, const char *path, const char *prop, u32 i)
{
	const u8 *p = fdt_getprop(t->fdt, node(t, path), prop, NULL);

	assert_non_null(p);
	return get_be32(p + (size_t)4 * i);
}

#define CPU   "/cpus/cpu@0"
#define UART  "/soc/serial@10000000"
#define PLIC  "/soc/interrupt-controller@c000000"
#define CLINT "/soc/clint@2000000"

/* -- The ways to break it -------------------------------------------------------------- */

static void no_isa(struct tree *t)
{
	drop(t, CPU, "riscv,isa");
	drop(t, CPU, "riscv,isa-base");
	drop(t, CPU, "riscv,isa-extensions");
}

static void isa_forms_that_differ(struct tree *t)
{
	set_text(t, CPU, "riscv,isa", "rv64ima");
}

static void a_false_claim(struct tree *t)
{
	drop(t, CPU, "riscv,isa-base");
	set_text(t, CPU, "riscv,isa", "rv64imafdch");
}

static void no_timebase(struct tree *t)
{
	drop(t, "/cpus", "timebase-frequency");
}

static void another_timebase(struct tree *t)
{
	set_cell(t, "/cpus", "timebase-frequency", 0, 1000000);
}

static void no_cpu_type(struct tree *t)
{
	drop(t, CPU, "device_type");
}

static void a_hart_less_in_the_clint(struct tree *t)
{
	int len;
	const void *p = fdt_getprop(t->fdt, node(t, CLINT), "interrupts-extended", &len);
	u8 half[64];

	memcpy(half, p, (size_t)len / 2);
	fdt_setprop(t->fdt, node(t, CLINT), "interrupts-extended", half, len / 2);
}

static void no_mmu_type(struct tree *t)
{
	drop(t, CPU, "mmu-type");
}

static void more_mmu_than_there_is(struct tree *t)
{
	set_text(t, CPU, "mmu-type", "riscv,sv57");
}

static void no_memory_type(struct tree *t)
{
	drop(t, "/memory@80000000", "device_type");
}

static void more_ram_than_there_is(struct tree *t)
{
	set_cell(t, "/memory@80000000", "reg", 3, 0x40000000);
}

static void contexts_in_another_order(struct tree *t)
{
	set_cell(t, PLIC, "interrupts-extended", 1, 9);
	set_cell(t, PLIC, "interrupts-extended", 3, 11);
}

static void clint_swapped(struct tree *t)
{
	set_cell(t, CLINT, "interrupts-extended", 1, 7);
	set_cell(t, CLINT, "interrupts-extended", 3, 3);
}

static void no_interrupt_parent(struct tree *t)
{
	drop(t, "/soc", "interrupt-parent");
}

static void another_line(struct tree *t)
{
	set_cell(t, UART, "interrupts", 0, 9);
}

static void no_uart_clock(struct tree *t)
{
	drop(t, UART, "clock-frequency");
}

static void no_stdout(struct tree *t)
{
	drop(t, "/chosen", "stdout-path");
}

static void stdout_to_nothing(struct tree *t)
{
	set_text(t, "/chosen", "stdout-path", "serial7");
}

static void poweroff_without_regmap(struct tree *t)
{
	drop(t, "/poweroff", "regmap");
}

static void no_reboot(struct tree *t)
{
	fdt_del_node(t->fdt, node(t, "/reboot"));
}

static void no_syscon(struct tree *t)
{
	set_text(t, "/soc/test@100000", "compatible", "sifive,test0");
}

static void one_isa_form(struct tree *t)
{
	drop(t, CPU, "riscv,isa");
}

static void fewer_sources(struct tree *t)
{
	set_cell(t, PLIC, "riscv,ndev", 0, 10);
}

static void another_unit_address(struct tree *t)
{
	fdt_set_name(t->fdt, node(t, UART), "serial@10001000");
	drop(t, "/chosen", "stdout-path");
	set_text(t, "/chosen", "stdout-path", "/soc/serial@10001000");
}

static void no_cpu_status(struct tree *t)
{
	drop(t, CPU, "status");
}

static void a_node_without_a_device(struct tree *t)
{
	int n = fdt_add_subnode(t->fdt, node(t, "/soc"), "spi@10040000");
	static const u8 reg[16] = { [4] = 0x10, [5] = 0x04, [14] = 0x10 };

	fdt_setprop(t->fdt, n, "compatible", "sifive,spi0", 12);
	fdt_setprop(t->fdt, n, "reg", reg, sizeof(reg));
}

static void a_device_without_a_node(struct tree *t)
{
	fdt_del_node(t->fdt, node(t, "/soc/rtc@101000"));
}

static const struct {
	const char *code;
	void (*breaks)(struct tree *t);
	const char *how;
} rows[] = {
#define ROW(code, fn)                                                                              \
	{                                                                                          \
		code, fn, #fn                                                                      \
	}
	ROW("E0410", no_isa),
	ROW("E0410", isa_forms_that_differ),
	ROW("E0411", no_timebase),
	ROW("E0411", another_timebase),
	ROW("E0412", no_cpu_type),
	ROW("E0413", a_hart_less_in_the_clint),
	ROW("E0414", no_mmu_type),
	ROW("E0414", more_mmu_than_there_is),
	ROW("E0415", no_memory_type),
	ROW("E0415", more_ram_than_there_is),
	ROW("E0416", contexts_in_another_order),
	ROW("E0417", clint_swapped),
	ROW("E0419", no_interrupt_parent),
	ROW("E0302", another_line),
	ROW("W0411", no_uart_clock),
	ROW("W0412", no_stdout),
	ROW("W0412", stdout_to_nothing),
	ROW("W0413", poweroff_without_regmap),
	ROW("W0413", no_reboot),
	ROW("W0413", no_syscon),
	ROW("W0414", one_isa_form),
	ROW("W0415", fewer_sources),
	ROW("W0416", another_unit_address),
	ROW("W0416", no_cpu_status),
	ROW("E0420", a_node_without_a_device),
	ROW("E0420", a_device_without_a_node),
};

/* -- Tests -------------------------------------------------------------------------------- */

static void lint(struct tree *t, struct diags *ds)
{
	struct err e = { 0 };

	fdt_pack(t->fdt);
	if (!plan_lint(t->l.plan, t->fdt, fdt_totalsize(t->fdt), ds, &e))
		fail_msg("%s", e.text);
}

static void a_generated_tree_has_nothing_to_find(void **state)
{
	static const char *const boards[] = { "boards/virt.yaml", "boards/virt-mmio.yaml",
					      "boards/minimal.yaml" };
	const struct fdt_extra nothing = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(boards); i++) {
		struct loaded l = load_with(boards[i], NULL, NULL);
		struct str said = { 0 };
		struct diags ds = { 0 };
		struct err e = { 0 };
		size_t len;
		void *fdt = plan_fdt(l.plan, &nothing, &len, &e);

		assert_true(plan_lint(l.plan, fdt, len, &ds, &e));
		diags_format(&ds, DIAG_TEXT, 0, &said);
		assert_string_equal(str_text(&said), "");
		str_free(&said);
		diags_free(&ds);
		free(fdt);
		loaded_free(&l);
	}
	(void)state;
}

static void each_break_is_found_by_its_code_and_no_other(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tree *t = good_tree();
		struct diags ds = { 0 };
		struct str said = { 0 };

		rows[i].breaks(t);
		lint(t, &ds);
		diags_format(&ds, DIAG_TEXT, 0, &said);
		if (!ds.n)
			fail_msg("%s is not found", rows[i].how);
		for (size_t k = 0; k < ds.n; k++)
			if (strcmp(diag_rows[ds.list[k].code].code, rows[i].code) != 0)
				fail_msg("%s: wanted %s alone, got\n%s", rows[i].how, rows[i].code,
					 str_text(&said));
		str_free(&said);
		diags_free(&ds);
		tree_free(t);
	}
	(void)state;
}

/* A claim in one form only: the claim, and that the other form is missing. */
static void an_extension_that_the_hart_lacks_is_named(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { 0 };

	a_false_claim(t);
	lint(t, &ds);
	assert_int_equal(ds.list[0].code, DIAG_isa);
	assert_string_equal(ds.list[0].text, CPU " claims `h`, which hart 0 does not have");
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

/* Nothing below it has an address any more, so its devices have no node either. */
static void a_bus_without_ranges_is_named(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { 0 };
	bool found = false;

	drop(t, "/soc", "ranges");
	lint(t, &ds);
	for (size_t i = 0; i < ds.n; i++)
		found |= ds.list[i].code == DIAG_dt_ranges;
	assert_true(found);
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

static void without_a_clint_harts_cannot_interrupt_each_other(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { 0 };
	bool found = false;

	fdt_del_node(t->fdt, node(t, CLINT));
	lint(t, &ds);
	for (size_t i = 0; i < ds.n; i++)
		found |= ds.list[i].code == DIAG_dt_no_ipi;
	assert_true(found);
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

static void a_placeholder_for_a_context_is_fine(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { 0 };

	set_cell(t, PLIC, "interrupts-extended", 1, UINT32_MAX);
	assert_int_equal(get_cell(t, PLIC, "interrupts-extended", 1), UINT32_MAX);
	lint(t, &ds);
	assert_int_equal(ds.n, 0);
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

static void of_someones_own_tree_all_findings_are_warnings(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { .mild = true };

	no_isa(t);
	lint(t, &ds);
	assert_int_equal(ds.errors, 0);
	assert_int_equal(ds.warnings, 1);
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

static void what_is_no_tree_is_refused(void **state)
{
	struct tree *t = good_tree();
	struct diags ds = { 0 };
	struct err e = { 0 };

	for (u32 len = 0; len < 200; len++)
		assert_false(plan_lint(t->l.plan, t->fdt, len, &ds, &e));
	put_be32(t->fdt + 8, 0x7fffffff);
	assert_false(plan_lint(t->l.plan, t->fdt, sizeof(t->fdt), &ds, &e));
	diags_free(&ds);
	tree_free(t);
	(void)state;
}

/* -- Against another tree -------------------------------------------------------------------- */

static void a_tree_is_like_itself_and_unlike_a_changed_one(void **state)
{
	struct tree *t = good_tree();
	struct against_count n;
	struct str said = { 0 };
	struct err e = { 0 };

	assert_true(plan_against(t->l.plan, t->fdt, sizeof(t->fdt), &said, &n, &e));
	assert_string_equal(str_text(&said), "");
	assert_int_equal(n.differ + n.here + n.there, 0);
	assert_int_equal(n.same, 7);

	another_line(t);
	no_timebase(t);
	a_node_without_a_device(t);
	a_device_without_a_node(t);
	set_text(t, PLIC, "compatible", "thead,c900-plic");
	set_cell(t, CLINT, "reg", 3, 0xc000);
	assert_true(plan_against(t->l.plan, t->fdt, sizeof(t->fdt), &said, &n, &e));
	assert_string_equal(
		str_text(&said),
		"~ /cpus/timebase-frequency           10000000 here, 0 there\n"
		"+ 0x0010_1000   rtc                  \"google,goldfish-rtc\" only here\n"
		"~ 0x0200_0000   clint                size 64K here, 48K there\n"
		"~ 0x0c00_0000   interrupt-controller \"sifive,plic-1.0.0\", \"riscv,plic0\" here, "
		"\"thead,c900-plic\" there\n"
		"~ 0x1000_0000   serial               interrupts 10 here, 9 there\n"
		"- 0x1004_0000   spi                  \"sifive,spi0\" only there\n");
	str_free(&said);
	tree_free(t);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generated_tree_has_nothing_to_find),
		cmocka_unit_test(each_break_is_found_by_its_code_and_no_other),
		cmocka_unit_test(an_extension_that_the_hart_lacks_is_named),
		cmocka_unit_test(a_bus_without_ranges_is_named),
		cmocka_unit_test(without_a_clint_harts_cannot_interrupt_each_other),
		cmocka_unit_test(a_placeholder_for_a_context_is_fine),
		cmocka_unit_test(of_someones_own_tree_all_findings_are_warnings),
		cmocka_unit_test(what_is_no_tree_is_refused),
		cmocka_unit_test(a_tree_is_like_itself_and_unlike_a_changed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
