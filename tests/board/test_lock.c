/* BOARD.lock.yaml: what was chosen once stays. */
#include "loading.h"

#include <time.h>

static const char before[] = MACHINE "devices:\n"
				     "  rng0: {device: virtio-rng}\n"
				     "  rng1: {device: virtio-rng}\n"
				     "  pcie0: {devices: {rng2: {device: virtio-rng}}}\n";

/* Others come before those that are pinned. */
static const char after[] = MACHINE "devices:\n"
				    "  new0: {device: virtio-rng}\n"
				    "  new1: {device: uart-16550, reg: auto, interrupts: auto}\n"
				    "  rng0: {device: virtio-rng}\n"
				    "  rng1: {device: virtio-rng}\n"
				    "  pcie0: {devices: {new2: {device: virtio-rng}, "
				    "rng2: {device: virtio-rng}}}\n";

static const char want[] =
	"# What `auto` chose for t.yaml: places that stay when the board changes.\n"
	"# `vmbuild lock` writes it; without this file `auto` chooses anew.\n"
	"vmbuild: 1\n"
	"kind: lock\n"
	"devices:\n"
	"  rng2: {slot: 1}\n"
	"  rng0: {reg: 0x1000_1000, interrupts: 1}\n"
	"  rng1: {reg: 0x1000_2000, interrupts: 2}\n";

static struct loaded load_locked(const char *yaml, const char *lock,
				 const struct board_options *options)
{
	const struct fake_file files[] = { { "t.yaml", yaml },
					   { "t.lock.yaml", lock },
					   { NULL, NULL } };

	return load_with("t.yaml", options, files);
}

static u32 line_of(const struct loaded *l, const char *name)
{
	const struct plan_device *d = find_planned(l, name);
	u32 i = 0;

	while (strcmp(d->class->props[i].name, "interrupts") != 0)
		i++;
	return d->values[i].irqs[0].line;
}

static void a_lock_file_says_what_was_chosen(void **state)
{
	struct loaded l = load_text(before);
	struct str s = { 0 };

	assert_string_equal(board_lock_path(l.board), "t.lock.yaml");
	assert_int_equal(board_lock_text(l.board, &s), 5);
	assert_string_equal(str_text(&s), want);
	str_free(&s);
	loaded_free(&l);
	(void)state;
}

static void what_is_pinned_stays_when_devices_are_added_before_it(void **state)
{
	struct loaded l = load_locked(after, want, NULL);

	assert_int_equal(find_planned(&l, "rng0")->base, 0x10001000);
	assert_int_equal(find_planned(&l, "rng1")->base, 0x10002000);
	assert_int_equal(find_planned(&l, "rng2")->slot, 1);
	assert_int_equal(line_of(&l, "rng0"), 1);
	assert_int_equal(line_of(&l, "rng1"), 2);
	assert_int_equal(find_planned(&l, "new0")->base, 0x10003000);
	assert_int_equal(find_planned(&l, "new1")->base, 0x10001200);
	assert_int_equal(find_planned(&l, "new2")->slot, 2);
	assert_int_equal(line_of(&l, "new0"), 3);
	assert_int_equal(l.ds.warnings, 0);
	loaded_free(&l);
	(void)state;
}

static void without_a_lock_file_they_are_renumbered(void **state)
{
	struct loaded l = load_text(after);

	assert_int_equal(find_planned(&l, "new0")->base, 0x10001000);
	assert_int_equal(line_of(&l, "rng0"), 3);
	loaded_free(&l);
	(void)state;
}

static void a_lock_that_is_written_again_is_the_same(void **state)
{
	struct loaded l = load_locked(before, want, NULL);
	struct str s = { 0 };

	board_lock_text(l.board, &s);
	assert_string_equal(str_text(&s), want);
	str_free(&s);
	loaded_free(&l);
	(void)state;
}

static void locked_wants_a_place_for_all_that_is_automatic(void **state)
{
	const struct board_options o = { .locked = true };
	struct loaded l = load_locked(before, want, &o);

	assert_non_null(l.plan);
	loaded_free(&l);
	l = load_locked(after, want, &o);
	assert_null(l.plan);
	assert_int_equal(l.ds.errors, 5);
	loaded_free(&l);
	l = load_options(before, &o);
	assert_null(l.plan);
	loaded_free(&l);
	(void)state;
}

static void what_is_written_comes_before_a_pin(void **state)
{
	struct loaded l = load_locked(MACHINE "devices:\n"
					      "  rng0: {device: virtio-rng}\n"
					      "  u: {device: uart-16550, reg: 0x1000_1100}\n",
				      want, NULL);

	assert_int_equal(find_planned(&l, "rng0")->base, 0x10002000);
	assert_int_equal(l.ds.warnings, 1);
	loaded_free(&l);
	(void)state;
}

static void two_pins_of_one_place_are_one(void **state)
{
	struct loaded l = load_locked(before,
				      "vmbuild: 1\nkind: lock\ndevices:\n"
				      "  rng0: {reg: 0x1000_4000}\n"
				      "  rng1: {reg: 0x1000_4000}\n",
				      NULL);

	assert_int_equal(find_planned(&l, "rng0")->base, 0x10004000);
	assert_int_equal(find_planned(&l, "rng1")->base, 0x10001000);
	assert_int_equal(l.ds.warnings, 1);
	loaded_free(&l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_file_says_what_was_chosen),
		cmocka_unit_test(what_is_pinned_stays_when_devices_are_added_before_it),
		cmocka_unit_test(without_a_lock_file_they_are_renumbered),
		cmocka_unit_test(a_lock_that_is_written_again_is_the_same),
		cmocka_unit_test(locked_wants_a_place_for_all_that_is_automatic),
		cmocka_unit_test(what_is_written_comes_before_a_pin),
		cmocka_unit_test(two_pins_of_one_place_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
