/* The boards that are shipped: right, and each with the device tree and the map that stand
 * in tests/golden/.  UPDATE_GOLDEN=1 writes them anew: look at them before they are
 * committed, the tree beside what guests need.
 */
#include "loading.h"

#include <dirent.h>

/* What a board must be given: files that only have names here.  `more` is another parameter. */
static struct loaded load_given(const char *name, const char *more)
{
	const char *given[2];
	struct board_options o = { .params = given };
	char *path = xprintf("boards/%s.yaml", name);
	struct loaded l;

	if (!strcmp(name, "bare"))
		given[o.nparams++] = "elf=test.elf";
	if (more)
		given[o.nparams++] = more;
	l = load_with(path, &o, NULL);
	free(path);
	if (!l.plan || l.ds.warnings)
		fail_msg("%s", str_text(&l.said));
	return l;
}

static void check_board(const char *board, const char *param, const char *name)
{
	const struct fdt_extra nothing = { 0 };
	struct loaded l = load_given(board, param);
	struct str dts = { 0 }, map = { 0 };
	struct err e = { 0 };
	char *path;
	size_t len;
	void *fdt = plan_fdt(l.plan, &nothing, &len, &e);

	assert_true(fdt && fdt_to_source(fdt, &dts, &e));
	path = xprintf("tests/golden/dts/%s.dts", name);
	compare_golden(path, &dts);
	free(path);
	plan_map(l.plan, &map);
	path = xprintf("tests/golden/dts/%s.map", name);
	compare_golden(path, &map);
	free(path);
	str_free(&dts);
	str_free(&map);
	free(fdt);
	loaded_free(&l);
}

static void every_shipped_board_has_the_tree_and_map_written_down(void **state)
{
	DIR *d = opendir("boards");
	struct dirent *e;
	u32 n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char *name;

		if (!text_ends(e->d_name, ".yaml"))
			continue;
		name = xstrndup(e->d_name, strlen(e->d_name) - 5);
		check_board(name, NULL, name);
		free(name);
		n++;
	}
	closedir(d);
	assert_true(n >= 8);
	(void)state;
}

static void each_way_to_have_interrupts_has_the_tree_and_map_written_down(void **state)
{
	check_board("virt", "aia=aplic", "virt-aplic");
	check_board("virt", "aia=aplic-imsic", "virt-aplic-imsic");
	(void)state;
}

/* Whatever a hart can be, the machine's harts with IMSICs claim, so that tests and guests see it.
 */
static void the_machines_hart_has_all_that_is_implemented(void **state)
{
	struct loaded l = load_given("virt", "aia=aplic-imsic");

	for (u32 x = 0; x < EXT_COUNT; x++) {
		bool claimed = isa_has(&l.plan->clusters[0].isa, (enum isa_ext)x);

		if (x == EXT_Svade) /* excluded by Svadu */
			continue;
		if (claimed != isa_rows[x].implemented)
			fail_msg("%s", isa_rows[x].name);
	}
	loaded_free(&l);
	(void)state;
}

/* A board says which of the UARTs it connects: on the chip all of them are disabled. */
static void every_machine_makes_a_board_that_lacks_at_most_a_console(void **state)
{
	DIR *d = opendir("machines");
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char *yaml;
		struct loaded l;

		if (!text_ends(e->d_name, ".yaml"))
			continue;
		yaml = xprintf("vmbuild: 1\nkind: board\nname: t\nextends: machines/%s\n",
			       e->d_name);
		l = load_text(yaml);
		if (!l.plan || l.ds.warnings > 1 ||
		    (l.ds.n && l.ds.list[0].code != DIAG_no_console))
			fail_msg("%s", str_text(&l.said));
		loaded_free(&l);
		free(yaml);
	}
	closedir(d);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shipped_board_has_the_tree_and_map_written_down),
		cmocka_unit_test(each_way_to_have_interrupts_has_the_tree_and_map_written_down),
		cmocka_unit_test(the_machines_hart_has_all_that_is_implemented),
		cmocka_unit_test(every_machine_makes_a_board_that_lacks_at_most_a_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
