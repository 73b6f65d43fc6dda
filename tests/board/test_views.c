/* Other views of a board: resolved, compared, drawn.  Pictures are compared with those in
 * tests/golden/views, which UPDATE_GOLDEN=1 writes anew: look at them before they are
 * committed.
 */
#include "loading.h"

static const char *const given[] = { "image=disk.img", "kernel=Image", "initrd=initrd" },
			 *const elf[] = { "elf=test.elf" };

static struct loaded load_board_named(const char *path)
{
	struct board_options o = { .params = given };

	if (strstr(path, "virt"))
		o.nparams = 3;
	if (strstr(path, "bare")) {
		o.params = elf;
		o.nparams = 1;
	}

	return load_with(path, &o, NULL);
}

static char *source_of(const struct plan *p)
{
	static const struct fdt_extra nothing = { 0 };
	struct str dts = { 0 };
	struct err e = { 0 };
	size_t len;
	void *fdt = plan_fdt(p, &nothing, &len, &e);

	assert_true(fdt && fdt_to_source(fdt, &dts, &e));
	free(fdt);
	return dts.p;
}

static void a_resolved_board_is_the_same_board(void **state)
{
	static const char *const boards[] = { "boards/virt.yaml", "boards/virt-mmio.yaml",
					      "boards/minimal.yaml", "boards/bare.yaml" };

	for (size_t i = 0; i < ARRAY_LEN(boards); i++) {
		struct loaded one = load_board_named(boards[i]), two;
		char *before = source_of(one.plan), *after;
		struct str yaml = { 0 }, again = { 0 };

		board_resolve(one.board, false, &yaml);
		two = load_text(str_text(&yaml));
		if (!two.plan)
			fail_msg("%s\n%s", str_text(&yaml), str_text(&two.said));
		after = source_of(two.plan);
		assert_string_equal(before, after);
		board_resolve(two.board, false, &again);
		assert_string_equal(strstr(str_text(&yaml), "vmbuild: 1"),
				    strstr(str_text(&again), "vmbuild: 1"));
		free(before);
		free(after);
		str_free(&yaml);
		str_free(&again);
		loaded_free(&one);
		loaded_free(&two);
	}
	(void)state;
}

static void each_value_says_where_it_came_from(void **state)
{
	static const char *const sets[] = { "devices.uart0.clock-frequency=1MHz" };
	const struct board_options o = { .sets = sets, .nsets = 1 };
	const struct fake_file files[] = { { "t.yaml",
					     MACHINE "params: {ram: 64M}\n"
						     "devices: {r: {device: virtio-rng}}\n" },
					   { NULL, NULL } };
	struct loaded l = load_with("t.yaml", &o, files);
	struct str s = { 0 };

	board_resolve(l.board, true, &s);
	assert_non_null(strstr(str_text(&s), "    reg: [0x8000_0000, 64M]                      "
					     "        # machines/riscv-virt.yaml:30\n"));
	assert_non_null(strstr(str_text(&s),
			       "    clock-frequency: 1MHz                        "
			       "        # --set devices.uart0.clock-frequency=1MHz\n"));
	assert_non_null(strstr(str_text(&s), "    reg: 0x1000_1000                             "
					     "        # auto\n"));
	assert_non_null(strstr(str_text(&s), "    device: virtio-rng                           "
					     "        # t.yaml:6\n"));
	str_free(&s);
	loaded_free(&l);
	(void)state;
}

/* Text that YAML would read otherwise is quoted, and comes back. */
static void a_resolved_text_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = { "plain",  "a: b",      "# c", "a #b", "[x]",
					     "*a",     "- b",       "-b",  "",     " lead",
					     "trail ", "quo\\\"te", "a,b", "$x",   "!t" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char *yaml = xprintf(MACHINE "boot: {kernel: Image, bootargs: \"%s\"}\n"
					     "model: \"%s\"\n",
				     texts[i], texts[i]);
		struct loaded one = load_text(yaml), two;
		struct str s = { 0 };

		board_resolve(one.board, false, &s);
		two = load_text(str_text(&s));
		if (!two.plan)
			fail_msg("%s\n%s", str_text(&s), str_text(&two.said));
		assert_string_equal(one.plan->model, two.plan->model);
		str_free(&s);
		free(yaml);
		loaded_free(&one);
		loaded_free(&two);
	}
	(void)state;
}

static void two_boards_differ_in_what_they_resolve_to(void **state)
{
	struct loaded one = load_text(MACHINE "params: {harts: 2}\ndevices: {rtc0: !delete }\n");
	struct loaded two =
		load_text(MACHINE "devices: {uart1: {device: uart-16550, reg: auto}}\n");
	struct str s = { 0 };

	assert_int_equal(board_diff(one.board, two.board, &s), 4);
	assert_string_equal(
		str_text(&s),
		"- harts.clusters.cluster0.count: 2\n"
		"+ harts.clusters.cluster0.count: 1\n"
		"+ devices.rtc0: {device: rtc-goldfish, reg: 0x0010_1000, interrupts: 11}\n"
		"+ devices.uart1: {device: uart-16550, reg: 0x1000_1000}\n");
	str_free(&s);
	assert_int_equal(board_diff(one.board, one.board, &s), 0);
	loaded_free(&one);
	loaded_free(&two);
	(void)state;
}

static void the_pictures_are_those_that_were_looked_at(void **state)
{
	struct loaded l = load_with("boards/virt.yaml", NULL, NULL);
	struct str s = { 0 };

	plan_svg(l.plan, &s);
	compare_golden("tests/golden/views/virt.svg", &s);
	str_free(&s);
	plan_graph(l.plan, &s);
	compare_golden("tests/golden/views/virt.dot", &s);
	str_free(&s);
	plan_describe_device(l.board, plan_find(l.plan, "uart0"), &s);
	compare_golden("tests/golden/views/virt-uart0.txt", &s);
	str_free(&s);
	loaded_free(&l);
	(void)state;
}

/* What a file says cannot end a tag of the picture. */
static void a_hostile_name_stays_text_in_a_picture(void **state)
{
	struct loaded l = load_text("vmbuild: 1\nkind: board\nname: t\n"
				    "description: \"<script>&\\\"\"\n"
				    "extends: machines/riscv-virt.yaml\n");
	struct str s = { 0 };

	plan_svg(l.plan, &s);
	assert_null(strstr(str_text(&s), "<script"));
	assert_non_null(strstr(str_text(&s), "&lt;script&gt;&amp;&quot;"));
	str_free(&s);
	loaded_free(&l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resolved_board_is_the_same_board),
		cmocka_unit_test(each_value_says_where_it_came_from),
		cmocka_unit_test(a_resolved_text_comes_back_as_it_was),
		cmocka_unit_test(two_boards_differ_in_what_they_resolve_to),
		cmocka_unit_test(the_pictures_are_those_that_were_looked_at),
		cmocka_unit_test(a_hostile_name_stays_text_in_a_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
