/* Numbers, units and $(...). */
#include "loading.h"

#include "parts.h"

static void numbers_are_read_as_written_and_no_other_way(void **state)
{
	static const struct {
		const char *text;
		bool good;
		u64 value;
	} t[] = {
		{ "0", true, 0 },
		{ "10", true, 10 },
		{ "0x1000_0000", true, 0x10000000 },
		{ "0b1010", true, 10 },
		{ "1_000", true, 1000 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "0xffff_ffff_ffff_ffff", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "", false, 0 },
		{ "010", false, 0 },
		{ "0o17", false, 0 },
		{ "1e3", false, 0 },
		{ "1:30", false, 0 },
		{ "-1", false, 0 },
		{ "1_", false, 0 },
		{ "_1", false, 0 },
		{ "0x", false, 0 },
		{ "0X10", false, 0 },
		{ "0b2", false, 0 },
		{ "10 ", false, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct wrong w;
		u64 v = 0;

		if (scalar_number(t[i].text, &v, &w) != t[i].good)
			fail_msg("`%s`", t[i].text);
		if (t[i].good)
			assert_int_equal(v, t[i].value);
	}
	(void)state;
}

static void units_are_exact(void **state)
{
	static const struct {
		const char *text;
		enum unit unit;
		bool good;
		u64 value;
	} t[] = {
		{ "4096", UNIT_SIZE, true, 4096 },
		{ "4K", UNIT_SIZE, true, 4096 },
		{ "2G", UNIT_SIZE, true, 2 * GIB },
		{ "1T", UNIT_SIZE, true, KIB * GIB },
		{ "0x10K", UNIT_SIZE, true, 16 * KIB },
		{ "16777216T", UNIT_SIZE, false, 0 },
		{ "4KB", UNIT_SIZE, false, 0 },
		{ "4KiB", UNIT_SIZE, false, 0 },
		{ "4k", UNIT_SIZE, false, 0 },
		{ "4.5K", UNIT_SIZE, false, 0 },
		{ "10MHz", UNIT_HZ, true, 10000000 },
		{ "32768Hz", UNIT_HZ, true, 32768 },
		{ "10", UNIT_HZ, false, 0 },
		{ "10M", UNIT_HZ, false, 0 },
		{ "10mHz", UNIT_HZ, false, 0 },
		{ "10ms", UNIT_NS, true, 10000000 },
		{ "2s", UNIT_NS, true, 2000000000 },
		{ "2", UNIT_NS, false, 0 },
		{ "2m", UNIT_NS, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct wrong w;
		u64 v = 0;

		if (scalar_unit(t[i].text, t[i].unit, &v, &w) != t[i].good)
			fail_msg("`%s`", t[i].text);
		if (t[i].good)
			assert_int_equal(v, t[i].value);
	}
	(void)state;
}

/* `model:` of a board is a text: what an expression becomes can be seen there. */
static void assert_means(const char *expression, const char *text)
{
	char *yaml = xprintf(MACHINE "params:\n"
				     "  n: {type: int, default: 6}\n"
				     "  big: {type: size, default: 1M}\n"
				     "  hz: {type: frequency, default: 10MHz}\n"
				     "  word: {type: text, default: \"a b\"}\n"
				     "  clock-rate: {type: frequency, default: $(hz / 2)}\n"
				     "  yes: {type: bool, default: true}\n"
				     "x-use: [$(n), $(big), $(clock-rate), $(word), $(yes)]\n"
				     "model: %s\n",
			     expression);
	struct loaded l = load_text(yaml);

	if (!l.plan)
		fail_msg("%s", str_text(&l.said));
	assert_string_equal(l.plan->model, text);
	loaded_free(&l);
	free(yaml);
}

static void expressions_mean_what_they_say(void **state)
{
	assert_means("$(n)", "6");
	assert_means("$(n + 2 * 3)", "12");
	assert_means("$((n + 2) * 3)", "24");
	assert_means("$(1 << n + 1)", "128");
	assert_means("$(n - 6)", "0");
	assert_means("$(big)", "1M");
	assert_means("$(big / 2)", "512K");
	assert_means("$(big / 512K)", "2");
	assert_means("$(hz * 2)", "20000000Hz");
	assert_means("$(hz / 10Hz)", "1000000");
	assert_means("$(clock-rate)", "5000000Hz");
	assert_means("x $(n) y $(word)z", "x 6 y a bz");
	assert_means("$(yes)", "true");
	assert_means("\"$5 (n)\"", "$5 (n)");
	(void)state;
}

static void a_value_that_is_only_an_unset_parameter_is_absent(void **state)
{
	struct loaded l = load_text(MACHINE "params: {args: {type: text}}\n"
					    "boot: {kernel: k, bootargs: $(args)}\n");

	assert_non_null(l.plan);
	assert_null(l.plan->boot.bootargs);
	loaded_free(&l);
	(void)state;
}

static void an_empty_text_is_a_value(void **state)
{
	static const char yaml[] = MACHINE "params: {args: {type: text, default: quiet}}\n"
					   "boot: {kernel: k, bootargs: root=/dev/vda $(args)}\n";
	static const char *const params[] = { "args=" };
	const struct board_options o = { .params = params, .nparams = 1 };
	struct loaded l = load_options(yaml, &o);

	assert_non_null(l.plan);
	assert_string_equal(l.plan->boot.bootargs, "root=/dev/vda");
	loaded_free(&l);
	(void)state;
}

static void a_path_is_relative_to_the_file_that_wrote_it(void **state)
{
	static const struct fake_file files[] = {
		{ "m/base.yaml", "vmbuild: 1\nkind: board\nname: base\n"
				 "extends: ../machines/riscv-virt.yaml\n"
				 "params:\n"
				 "  a: {type: path, default: a.img}\n"
				 "  b: {type: path, default: ./x/../b.img}\n"
				 "boot: {kernel: $(a), initrd: $(b), dtb: /abs/c.dtb}\n" },
		{ "n/t.yaml", "vmbuild: 1\nkind: board\nname: t\nextends: ../m/base.yaml\n"
			      "params: {b: mine.img}\n" },
		{ NULL, NULL },
	};
	static const char *const params[] = { "a=../here.img" };
	const struct board_options o = { .params = params, .nparams = 1 };
	struct loaded l = load_with("n/t.yaml", NULL, files);

	assert_non_null(l.plan);
	assert_string_equal(l.plan->boot.kernel.path, "m/a.img");
	assert_string_equal(l.plan->boot.initrd.path, "n/mine.img");
	assert_string_equal(l.plan->boot.dtb.path, "/abs/c.dtb");
	loaded_free(&l);

	l = load_with("n/t.yaml", &o, files);
	assert_non_null(l.plan);
	assert_string_equal(l.plan->boot.kernel.path, "../here.img");
	loaded_free(&l);
	(void)state;
}

static void a_word_gives_the_parts_that_are_declared_for_it(void **state)
{
	static const char *const params[] = { "aia=aplic-imsic" };
	const struct board_options o = { .params = params, .nparams = 1 };
	struct loaded none = load_with("boards/virt.yaml", NULL, NULL);
	struct loaded imsic = load_with("boards/virt.yaml", &o, NULL);

	assert_non_null(find_planned(&none, "plic"));
	assert_null(find_planned(&none, "aplic_s"));
	assert_null(planned_value(find_planned(&none, "pcie0"), "msi_parent")->ref);
	assert_null(find_planned(&imsic, "plic"));
	assert_string_equal(imsic.plan->devices[imsic.plan->irq_parent].name, "aplic_s");
	assert_non_null(planned_value(find_planned(&imsic, "pcie0"), "msi_parent")->ref);
	loaded_free(&imsic);
	loaded_free(&none);
	(void)state;
}

static void a_guest_gives_what_it_has(void **state)
{
	static const char *const params[] = { "guest=tiny" };
	const struct board_options o = { .params = params, .nparams = 1 };
	struct loaded l = load_with("boards/virt.yaml", &o, NULL);

	assert_non_null(l.plan);
	assert_string_equal(l.plan->guest, "tiny");
	assert_false(l.plan->guest_missing);
	assert_string_equal(l.plan->boot.kernel.path, "/guests/tiny/kernel");
	assert_null(l.plan->boot.initrd.path);
	loaded_free(&l);
	(void)state;
}

static void a_guest_that_is_not_fetched_leaves_a_whole_plan(void **state)
{
	struct loaded l = load_with("boards/virt.yaml", NULL, NULL);

	assert_non_null(l.plan);
	assert_string_equal(l.plan->guest, "debian-small");
	assert_true(l.plan->guest_missing);
	assert_non_null(strstr(l.plan->guest_why, "not fetched"));
	assert_null(l.plan->boot.kernel.path);
	assert_non_null(find_planned(&l, "disk0"));
	loaded_free(&l);
	(void)state;
}

static void a_guest_is_not_missed_where_files_take_its_place(void **state)
{
	static const char *const params[] = { "kernel=k", "initrd=i", "image=d" };
	const struct board_options o = { .params = params, .nparams = 3 };
	struct loaded l = load_with("boards/virt.yaml", &o, NULL);

	assert_non_null(l.plan);
	assert_false(l.plan->guest_missing);
	loaded_free(&l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_written_and_no_other_way),
		cmocka_unit_test(units_are_exact),
		cmocka_unit_test(expressions_mean_what_they_say),
		cmocka_unit_test(a_value_that_is_only_an_unset_parameter_is_absent),
		cmocka_unit_test(an_empty_text_is_a_value),
		cmocka_unit_test(a_path_is_relative_to_the_file_that_wrote_it),
		cmocka_unit_test(a_word_gives_the_parts_that_are_declared_for_it),
		cmocka_unit_test(a_guest_gives_what_it_has),
		cmocka_unit_test(a_guest_that_is_not_fetched_leaves_a_whole_plan),
		cmocka_unit_test(a_guest_is_not_missed_where_files_take_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
