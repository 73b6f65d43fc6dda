/* What becomes of several files: extends, overlays, tags, the command line. */
#include "loading.h"

static const struct fake_file none[] = { { NULL, NULL } };

static struct loaded load_two(const char *base, const char *board,
			      const struct board_options *options)
{
	const struct fake_file files[] = { { "base.yaml", base },
					   { "t.yaml", board },
					   { NULL, NULL } };

	return load_with("t.yaml", options, files);
}

#define BASE  "vmbuild: 1\nkind: machine\nname: base\nextends: machines/riscv-virt.yaml\n"
#define BOARD "vmbuild: 1\nkind: board\nname: t\nextends: base.yaml\n"

static const struct plan_device *must_find(const struct loaded *l, const char *name)
{
	const struct plan_device *d = find_planned(l, name);

	if (!d)
		fail_msg("no device `%s`", name);
	return d;
}

static void maps_merge_and_scalars_and_lists_replace(void **state)
{
	struct loaded l = load_two(BASE "compatible: [a, b]\nmodel: one\n",
				   BOARD "compatible: [c]\n"
					 "devices: {uart0: {clock-frequency: 1MHz}}\n",
				   NULL);
	const struct plan_device *uart = must_find(&l, "uart0");

	assert_int_equal(l.plan->ncompatible, 1);
	assert_string_equal(l.plan->compatible[0], "c");
	assert_string_equal(l.plan->model, "one");
	assert_int_equal(uart->base, 0x10000000);
	assert_int_equal(uart->values[0].num, 1000000);
	loaded_free(&l);
	(void)state;
}

static void tags_append_prepend_replace_and_delete(void **state)
{
	struct loaded l =
		load_two(BASE "compatible: [a, b]\nmodel: one\n",
			 BOARD "compatible: !prepend [c]\nmodel: !delete\n"
			       "devices:\n"
			       "  rtc0: !delete\n"
			       "  uart0: !replace {device: uart-16550, reg: 0x1000_0100}\n",
			 NULL);

	assert_int_equal(must_find(&l, "uart0")->base, 0x10000100);
	assert_int_equal(l.plan->ncompatible, 3);
	assert_string_equal(l.plan->compatible[0], "c");
	assert_null(l.plan->model);
	assert_int_equal(plan_find(l.plan, "rtc0"), PLAN_NONE);
	loaded_free(&l);

	l = load_two(BASE "compatible: [a, b]\n", BOARD "compatible: !append [c]\n", NULL);
	assert_non_null(l.plan);
	assert_int_equal(l.plan->ncompatible, 3);
	assert_string_equal(l.plan->compatible[0], "a");
	assert_string_equal(l.plan->compatible[2], "c");
	loaded_free(&l);
	(void)state;
}

static void a_device_is_found_wherever_it_is_nested(void **state)
{
	struct loaded l = load_with(
		"t.yaml", NULL,
		(const struct fake_file[]){ { "t.yaml", "vmbuild: 1\nkind: board\nname: t\n"
							"extends: boards/virt.yaml\n"
							"devices:\n"
							"  disk0: {slot: 9, serial: s1}\n"
							"  rng0: !delete\n" },
					    { NULL, NULL } });

	assert_int_equal(must_find(&l, "disk0")->slot, 9);
	assert_int_equal(plan_find(l.plan, "rng0"), PLAN_NONE);
	loaded_free(&l);
	(void)state;
}

static void a_bus_takes_along_what_is_nested_in_it(void **state)
{
	struct loaded l = load_with("boards/virt-mmio.yaml", NULL, none);
	const struct plan_device *rng = must_find(&l, "rng0"), *disk = must_find(&l, "disk0");

	assert_int_equal(plan_find(l.plan, "pcie0"), PLAN_NONE);
	assert_int_equal(rng->parent, PLAN_NONE);
	assert_int_equal(rng->base, 0x10001000);
	assert_int_equal(disk->base, 0x10002000);
	loaded_free(&l);
	(void)state;
}

static void replace_moves_a_device_to_another_bus(void **state)
{
	struct loaded l =
		load_with("t.yaml", NULL,
			  (const struct fake_file[]){
				  { "t.yaml", "vmbuild: 1\nkind: board\nname: t\n"
					      "extends: boards/virt.yaml\n"
					      "devices: {rng0: !replace {device: virtio-rng}}\n" },
				  { NULL, NULL } });

	assert_int_equal(must_find(&l, "rng0")->parent, PLAN_NONE);
	loaded_free(&l);
	(void)state;
}

static void when_drops_an_entry_with_all_that_is_in_it(void **state)
{
	static const char yaml[] =
		MACHINE "params: {gui: {type: bool, default: true}}\n"
			"devices:\n"
			"  uart1: {device: uart-16550, reg: auto, when: $(gui)}\n";
	static const char *const params[] = { "gui=false" };
	const struct board_options o = { .params = params, .nparams = 1 };
	struct loaded l = load_text(yaml);

	must_find(&l, "uart1");
	loaded_free(&l);
	l = load_options(yaml, &o);
	assert_null(find_planned(&l, "uart1"));
	loaded_free(&l);
	(void)state;
}

static void later_wins_from_file_to_overlay_to_option_to_set(void **state)
{
	static const struct fake_file files[] = {
		{ "t.yaml", MACHINE "params: {ram: 32M}\nmodel: file\n" },
		{ "a.yaml", "vmbuild: 1\nkind: overlay\nname: a\nparams: {ram: 64M}\nmodel: a\n" },
		{ "b.yaml", "vmbuild: 1\nkind: overlay\nname: b\nmodel: b\n" },
		{ NULL, NULL },
	};
	static const char *const overlays[] = { "a.yaml", "b.yaml" }, *const params[] = {
		"ram=128M"
	};
	static const char *const sets[] = { "devices.uart0.clock-frequency=2MHz",
					    "model=\"it is set\"", "devices.rtc0=!delete" };
	struct board_options o = { .overlays = overlays, .noverlays = 2 };
	struct loaded l = load_with("t.yaml", &o, files);

	must_find(&l, "rtc0");
	assert_int_equal(l.plan->memory[0].size, 64 * MIB);
	assert_string_equal(l.plan->model, "b");
	loaded_free(&l);

	o.params = params;
	o.nparams = 1;
	o.sets = sets;
	o.nsets = 3;
	l = load_with("t.yaml", &o, files);
	assert_null(find_planned(&l, "rtc0"));
	assert_int_equal(l.plan->memory[0].size, 128 * MIB);
	assert_string_equal(l.plan->model, "it is set");
	assert_int_equal(must_find(&l, "uart0")->values[0].num, 2000000);
	loaded_free(&l);
	(void)state;
}

/* Three rows of a list of files; the list of these. */
#define LEFT_RIGHT_FILES(left, right, board)                                                       \
	{ "l.yaml",                                                                                \
	  "vmbuild: 1\nkind: board\nname: l\nextends: machines/riscv-virt.yaml\n" left },          \
		{ "r.yaml",                                                                        \
		  "vmbuild: 1\nkind: board\nname: r\nextends: machines/riscv-virt.yaml\n" right }, \
	{                                                                                          \
		"t.yaml", "vmbuild: 1\nkind: board\nname: t\nextends: [l.yaml, r.yaml]\n" board    \
	}
#define LEFT_RIGHT(left, right, board)                                                             \
	(const struct fake_file[])                                                                 \
	{                                                                                          \
		LEFT_RIGHT_FILES(left, right, board), { NULL, NULL },                              \
	}

static void two_bases_add_up_where_they_change_different_things(void **state)
{
	struct loaded l = load_with("t.yaml", NULL,
				    LEFT_RIGHT("params: {ram: 32M}\ndevices: {rtc0: !delete }\n",
					       "model: right\n", ""));

	assert_null(find_planned(&l, "rtc0"));
	assert_int_equal(l.plan->memory[0].size, 32 * MIB);
	assert_string_equal(l.plan->model, "right");
	loaded_free(&l);

	/* what only one of them changed is changed, whichever comes first */
	l = load_with("t.yaml", NULL,
		      LEFT_RIGHT("model: left\n",
				 "params: {ram: 32M}\ndevices: {fw_cfg: !delete }\n", ""));
	assert_null(find_planned(&l, "fw_cfg"));
	assert_string_equal(l.plan->model, "left");
	assert_int_equal(l.plan->memory[0].size, 32 * MIB);
	loaded_free(&l);
	(void)state;
}

static void two_bases_that_disagree_are_an_error_unless_the_file_decides(void **state)
{
	struct loaded l = load_with("t.yaml", NULL,
				    LEFT_RIGHT("boot: {kernel: l}\n", "boot: {kernel: r}\n", ""));

	assert_null(l.plan);
	assert_int_equal(l.ds.list[0].code, DIAG_cycle);
	assert_int_equal(l.ds.errors, 1);
	loaded_free(&l);

	l = load_with("t.yaml", NULL,
		      LEFT_RIGHT("model: l\n", "model: r\n", "model: it is decided\n"));
	assert_non_null(l.plan);
	assert_string_equal(l.plan->model, "it is decided");
	loaded_free(&l);
	(void)state;
}

static u32 times(const struct loaded *l, const char *what)
{
	u32 n = 0;

	for (const char *at = str_text(&l->said); (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void two_bases_that_disagree_about_a_parameter_are_told_its_name(void **state)
{
	struct loaded l = load_with("t.yaml", NULL,
				    LEFT_RIGHT("params: {ram: 32M}\n", "params: {ram: 64M}\n", ""));

	assert_null(l.plan);
	assert_int_equal(times(&l, "error[E0115]: two bases give `ram` different values"), 1);
	assert_int_equal(times(&l, "write `ram:` in the file"), 1);
	loaded_free(&l);

	l = load_with("t.yaml", NULL,
		      LEFT_RIGHT("params: {own: {type: int, default: 1}}\n",
				 "params: {own: {type: int, default: 2}}\n", ""));
	assert_int_equal(times(&l, "error[E0115]: two bases give `own` different values"), 1);
	loaded_free(&l);
	(void)state;
}

/* The file that extends both, an overlay, -p, --set; and what a lab says of a machine. */
static void whatever_comes_after_two_bases_decides_between_them(void **state)
{
	static const struct fake_file files[] = {
		LEFT_RIGHT_FILES("params: {ram: 32M}\nmodel: l\n", "params: {ram: 64M}\nmodel: r\n",
				 ""),
		{ "o.yaml", "vmbuild: 1\nkind: overlay\nname: o\n"
			    "params: {ram: 96M}\nmodel: overlay\n" },
		{ "lab.yaml", "vmbuild: 1\nkind: lab\nname: lab\nmachines:\n"
			      "  a: {board: t.yaml, params: {ram: 96M}, overlay: {model: a}}\n"
			      "  b: {board: t.yaml, overlay: {params: {ram: 96M}, model: b}}\n" },
		{ NULL, NULL },
	};
	static const char *const overlays[] = { "o.yaml" }, *const params[] = { "ram=96M" },
				 *const sets[] = { "model=\"set\"" };
	const struct board_options by_overlay = { .overlays = overlays, .noverlays = 1 };
	const struct board_options by_words = {
		.params = params, .nparams = 1, .sets = sets, .nsets = 1
	};
	struct loaded l = load_with("t.yaml", &by_overlay, files);

	assert_string_equal(str_text(&l.said), "");
	assert_int_equal(l.plan->memory[0].size, 96 * MIB);
	loaded_free(&l);
	l = load_with("t.yaml", &by_words, files);
	assert_string_equal(str_text(&l.said), "");
	assert_int_equal(l.plan->memory[0].size, 96 * MIB);
	assert_string_equal(l.plan->model, "set");
	loaded_free(&l);
	l = load_with("lab.yaml", NULL, files);
	assert_string_equal(str_text(&l.said), "");
	loaded_free(&l);
	(void)state;
}

static void a_machine_of_a_lab_that_does_not_decide_is_told_once_how_both_came_in(void **state)
{
	static const struct fake_file files[] = {
		LEFT_RIGHT_FILES("model: l\n", "model: r\n", ""),
		{ "lab.yaml", "vmbuild: 1\nkind: lab\nname: lab\nmachines:\n"
			      "  a: {board: t.yaml}\n"
			      "  b: {board: t.yaml, overlay: {model: b}}\n"
			      "  c: {board: t.yaml}\n" },
		{ NULL, NULL },
	};
	struct loaded l = load_with("lab.yaml", NULL, files);

	assert_int_equal(l.ds.errors, 1);
	assert_int_equal(times(&l, "two bases give `model` different values"), 1);
	assert_int_equal(times(&l, "`l.yaml` comes in here"), 1);
	assert_int_equal(times(&l, "`r.yaml` comes in here"), 1);
	loaded_free(&l);
	(void)state;
}

/* A base that takes a bus away and makes its devices anew elsewhere, another that is content
 * with what both build on. */
#define WITH_PCI                                                                                   \
	"vmbuild: 1\nkind: board\nname: b\nextends: machines/riscv-virt.yaml\n"                    \
	"devices: {pcie0: {devices: {rng0: {device: virtio-rng}}}}\n"
#define PLAIN       "vmbuild: 1\nkind: board\nname: l\nextends: b.yaml\nmodel: left\n"
#define OTHER(what) "vmbuild: 1\nkind: board\nname: r\nextends: b.yaml\ndevices: {" what "}\n"
#define T(bases)    "vmbuild: 1\nkind: board\nname: t\nextends: [" bases "]\n"

static void assert_rng_is_the_changed_one(const char *other, const char *bases, const char *class)
{
	const struct fake_file files[] = { { "b.yaml", WITH_PCI },
					   { "l.yaml", PLAIN },
					   { "r.yaml", other },
					   { "t.yaml", bases },
					   { NULL, NULL } };
	struct loaded l = load_with("t.yaml", NULL, files);
	const struct plan_device *rng;

	if (!l.plan)
		fail_msg("%s: %s", bases, str_text(&l.said));
	rng = must_find(&l, "rng0");
	assert_string_equal(rng->class->name, class);
	assert_string_equal(l.plan->model, "left");
	loaded_free(&l);
}

static void a_device_that_one_base_alone_has_moved_or_changed_is_so_in_either_order(void **state)
{
	static const struct {
		const char *other, *class;
	} cases[] = {
		{ OTHER("pcie0: !delete , rng0: {device: virtio-rng}"), "virtio-rng" },
		{ OTHER("rng0: !replace {device: virtio-rng}"), "virtio-rng" },
		{ OTHER("rng0: !replace {device: regbank, reg: [0x1_0000, 0x1000]}"), "regbank" },
		{ OTHER("pcie0: {devices: {rng0: !replace {device: virtio-balloon}}}"),
		  "virtio-balloon" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_rng_is_the_changed_one(cases[i].other, T("l.yaml, r.yaml"), cases[i].class);
		assert_rng_is_the_changed_one(cases[i].other, T("r.yaml, l.yaml"), cases[i].class);
	}
	(void)state;
}

/* Of two that change what both build on, in either order, `said` is said; NULL: a board is made. */
static void assert_disagreement(const char *one, const char *other, const char *file,
				const char *said)
{
	static const char base[] = "vmbuild: 1\nkind: board\nname: b\n"
				   "extends: machines/riscv-virt.yaml\nmodel: b\n"
				   "devices: {pcie0: {devices: {rng0: {device: virtio-rng}}}}\n";
	char *first = xprintf("vmbuild: 1\nkind: board\nname: l\nextends: b.yaml\n%s\n", one);
	char *second = xprintf("vmbuild: 1\nkind: board\nname: r\nextends: b.yaml\n%s\n", other);

	for (u32 turned = 0; turned < 2; turned++) {
		char *top = xprintf("vmbuild: 1\nkind: board\nname: t\nextends: [%s]\n%s\n",
				    turned ? "r.yaml, l.yaml" : "l.yaml, r.yaml", file);
		const struct fake_file files[] = { { "b.yaml", base },
						   { "l.yaml", first },
						   { "r.yaml", second },
						   { "t.yaml", top },
						   { NULL, NULL } };
		struct loaded l = load_with("t.yaml", NULL, files);

		if (said ? l.ds.errors != 1 || l.ds.list[0].code != DIAG_cycle ||
				    !strstr(str_text(&l.said), said)
			 : !l.plan)
			fail_msg("%s | %s | %s: %s", one, other, file, str_text(&l.said));
		loaded_free(&l);
		free(top);
	}
	free(first);
	free(second);
}

static void
what_one_base_changes_and_another_deletes_is_an_error_unless_the_file_decides(void **state)
{
	static const struct {
		const char *deletes, *changes, *said, *decided;
	} cases[] = {
		{ "devices: {rtc0: !delete }", "devices: {rtc0: {status: disabled}}",
		  "r.yaml:5:18: error[E0115]: one base changes `rtc0`, another deletes it\n",
		  "devices: {rtc0: !delete }" },
		{ "devices: {rtc0: !delete }", "devices: {rtc0: {status: disabled}}",
		  "l.yaml:5:11: note: here it deletes it\n",
		  "devices: {rtc0: !replace {device: rtc-goldfish, reg: auto}}" },
		{ "devices: {pcie0: !delete }", "devices: {rng0: {slot: 9}}",
		  "one base changes `pcie0`", "devices: {pcie0: !delete }" },
		{ "devices: {pcie0: !delete }",
		  "devices: {pcie0: {devices: {rng1: {device: virtio-rng}}}}",
		  "one base changes `pcie0`", "devices: {pcie0: !delete }" },
		{ "devices: {rng0: !replace {device: virtio-rng}}", "devices: {rng0: {slot: 9}}",
		  "one base changes `rng0`, another replaces it",
		  "devices: {rng0: !replace {device: virtio-rng}}" },
		{ "devices: {rtc0: !delete }", "devices: {rtc0: {interrupts: !delete }}",
		  "one base changes `rtc0`", "devices: {rtc0: !delete }" },
		{ "devices: {uart0: {clock-frequency: !delete }}",
		  "devices: {uart0: {clock-frequency: 1MHz}}", "one base changes `clock-frequency`",
		  "devices: {uart0: {clock-frequency: 2MHz}}" },
		{ "model: !delete", "model: right", "one base changes `model`", "model: mine" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_disagreement(cases[i].deletes, cases[i].changes, "", cases[i].said);
		assert_disagreement(cases[i].deletes, cases[i].changes, cases[i].decided, NULL);
	}
	(void)state;
}

static void two_bases_that_make_one_device_differently_are_an_error(void **state)
{
	struct loaded l = load_with("t.yaml", NULL,
				    LEFT_RIGHT("devices: {rng0: {device: virtio-rng}}\n",
					       "devices: {rng0: {device: regbank, reg: "
					       "[0x1_0000, 0x1000]}}\n",
					       ""));

	assert_null(l.plan);
	assert_int_equal(l.ds.list[0].code, DIAG_device_clash);
	assert_int_equal(l.ds.errors, 1);
	loaded_free(&l);
	(void)state;
}

static void a_mistake_in_a_base_shows_how_it_came_in(void **state)
{
	struct loaded l = load_two(BASE "devices: {uart0: {colour: red}}\n", BOARD, NULL);

	assert_null(l.plan);
	assert_non_null(strstr(str_text(&l.said), "base.yaml:5:19: error[E0201]"));
	assert_non_null(strstr(str_text(&l.said), "t.yaml:4:10: note: `base.yaml` comes in here"));
	loaded_free(&l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_merge_and_scalars_and_lists_replace),
		cmocka_unit_test(tags_append_prepend_replace_and_delete),
		cmocka_unit_test(a_device_is_found_wherever_it_is_nested),
		cmocka_unit_test(a_bus_takes_along_what_is_nested_in_it),
		cmocka_unit_test(replace_moves_a_device_to_another_bus),
		cmocka_unit_test(when_drops_an_entry_with_all_that_is_in_it),
		cmocka_unit_test(later_wins_from_file_to_overlay_to_option_to_set),
		cmocka_unit_test(two_bases_add_up_where_they_change_different_things),
		cmocka_unit_test(two_bases_that_disagree_are_an_error_unless_the_file_decides),
		cmocka_unit_test(two_bases_that_disagree_about_a_parameter_are_told_its_name),
		cmocka_unit_test(whatever_comes_after_two_bases_decides_between_them),
		cmocka_unit_test(
			a_machine_of_a_lab_that_does_not_decide_is_told_once_how_both_came_in),
		cmocka_unit_test(
			a_device_that_one_base_alone_has_moved_or_changed_is_so_in_either_order),
		cmocka_unit_test(
			what_one_base_changes_and_another_deletes_is_an_error_unless_the_file_decides),
		cmocka_unit_test(two_bases_that_make_one_device_differently_are_an_error),
		cmocka_unit_test(a_mistake_in_a_base_shows_how_it_came_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
