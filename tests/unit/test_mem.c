/* The one guest-memory accessor: hostile addresses, windows that move. */
#include "check.h"

#include "mem.h"

#include <pthread.h>

#define RAM  ((u64)0x80000000)
#define SIZE 0x4000

struct world {
	struct mem *mem;
	u8 ram[SIZE], rom[4096];
};

static int set_up(void **state)
{
	struct world *w = xzalloc(sizeof(*w));
	struct err e;

	w->mem = mem_new();
	assert_true(mem_add_ram(w->mem, "ram0", RAM, SIZE, w->ram, &e));
	assert_true(mem_add_rom(w->mem, "rom0", 0x1000, 4096, w->rom, &e));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	mem_free(w->mem);
	free(w);
	return 0;
}

static void an_access_is_all_in_ram_or_refused(void **state)
{
	struct world *w = *state;
	static const u64 offsets[] = { 0, 1, SIZE - 8, SIZE - 7, SIZE - 1, SIZE, UINT64_MAX };
	u64 v;

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		for (u64 n = 1; n <= 8; n++) {
			bool fits = offsets[i] <= SIZE && n <= SIZE - offsets[i];

			assert_int_equal(mem_read(w->mem, RAM + offsets[i], &v, n), fits);
			assert_int_equal(mem_write(w->mem, RAM + offsets[i], &v, n), fits);
		}
	assert_false(mem_read(w->mem, RAM - 1, &v, 2));
	assert_null(mem_slice(w->mem, RAM, UINT64_MAX));
	assert_null(mem_slice(w->mem, UINT64_MAX - 3, 8));
}

static void rom_is_readable_and_not_ram(void **state)
{
	struct world *w = *state;
	bool rom;
	u32 v;

	assert_false(mem_read(w->mem, 0x1000, &v, 4));
	assert_false(mem_write(w->mem, 0x1000, &v, 4));
	assert_ptr_equal(mem_readable(w->mem, 0x1010, 4, &rom), w->rom + 16);
	assert_true(rom);
	assert_ptr_equal(mem_readable(w->mem, RAM, 4, &rom), w->ram);
	assert_false(rom);
}

static void overlapping_ram_is_refused_with_both_names(void **state)
{
	struct world *w = *state;
	u8 more[16];
	struct err e;

	assert_false(mem_add_ram(w->mem, "ram1", RAM + SIZE - 1, 16, more, &e));
	assert_string_equal(e.text, "ram1 overlaps ram0");
	assert_false(mem_add_ram(w->mem, "ram1", UINT64_MAX - 3, 16, more, &e));
}

static u64 say_name(void *ctx, u64 off, u32 width)
{
	return (u64) * (const char *)ctx << 32 | off << 8 | width;
}

static void count(void *ctx, u64 off, u32 width, u64 value)
{
	(void)ctx, (void)off, (void)width, (void)value;
}

static u32 window(struct world *w, const char *name, u32 rank)
{
	return mem_add_io(w->mem, name, rank, (struct mem_io){ say_name, count, (void *)name });
}

static char who(struct world *w, struct mem_cache *c, u64 gpa)
{
	u64 v;

	return mem_io_read(w->mem, c, gpa, 4, &v) ? (char)(v >> 32) : '-';
}

static void a_window_gets_offset_and_width(void **state)
{
	struct world *w = *state;
	u64 v;

	mem_map_io(w->mem, window(w, "a", MEM_RANK_FIXED), 0x10000, 0x100);
	assert_true(mem_io_read(w->mem, NULL, 0x10010, 2, &v));
	assert_int_equal(v, (u64)'a' << 32 | 0x10 << 8 | 2);
}

static void a_misaligned_or_straddling_access_finds_nothing(void **state)
{
	struct world *w = *state;
	u64 v;

	mem_map_io(w->mem, window(w, "a", MEM_RANK_FIXED), 0x10000, 0x104);
	assert_false(mem_io_read(w->mem, NULL, 0x10001, 2, &v));
	assert_false(mem_io_read(w->mem, NULL, 0x10100, 8, &v));
	assert_true(mem_io_read(w->mem, NULL, 0x10100, 4, &v));
	assert_false(mem_io_read(w->mem, NULL, RAM, 4, &v));
}

static void a_moved_window_leaves_no_ghost_in_a_cache(void **state)
{
	struct world *w = *state;
	struct mem_cache c = { 0 };
	u32 a = window(w, "a", MEM_RANK_BAR);

	mem_map_io(w->mem, a, 0x10000, 0x100);
	assert_int_equal(who(w, &c, 0x10000), 'a');
	mem_map_io(w->mem, a, 0x20000, 0x100);
	assert_int_equal(who(w, &c, 0x10000), '-');
	assert_int_equal(who(w, &c, 0x20000), 'a');
	mem_map_io(w->mem, a, 0, 0);
	assert_int_equal(who(w, &c, 0x20000), '-');
}

static void a_fixed_window_wins_over_a_bar_even_from_a_cache(void **state)
{
	struct world *w = *state;
	struct mem_cache c = { 0 };

	mem_map_io(w->mem, window(w, "bar", MEM_RANK_BAR), 0x10000, 0x1000);
	mem_map_io(w->mem, window(w, "fixed", MEM_RANK_FIXED), 0x10100, 0x100);
	assert_int_equal(who(w, &c, 0x10000), 'b');
	assert_int_equal(who(w, &c, 0x10100), 'f');
	assert_int_equal(who(w, &c, 0x10200), 'b');
}

static void what_lies_below_an_address_is_named(void **state)
{
	struct world *w = *state;
	const char *name;
	u64 last;

	mem_map_io(w->mem, window(w, "gpio0", MEM_RANK_FIXED), 0x10060000, 0x1000);
	assert_true(mem_nearest(w->mem, 0x10061000, &name, &last));
	assert_string_equal(name, "gpio0");
	assert_int_equal(last, 0x10060fff);
	assert_false(mem_nearest(w->mem, 0xfff, &name, &last));
}

static void ram_rom_and_windows_answer_and_holes_do_not(void **state)
{
	struct world *w = *state;

	mem_map_io(w->mem, window(w, "a", MEM_RANK_FIXED), 0x10000, 0x100);
	assert_true(mem_answers(w->mem, RAM + SIZE - 1));
	assert_true(mem_answers(w->mem, 0x1000));
	assert_true(mem_answers(w->mem, 0x100ff));
	assert_false(mem_answers(w->mem, 0x10100));
	assert_false(mem_answers(w->mem, RAM + SIZE));
}

static void note(void *ctx, u64 gpa, u32 width)
{
	*(u64 *)ctx = gpa << 8 | width;
}

static void only_stores_that_touch_watched_bytes_are_told(void **state)
{
	struct world *w = *state;
	u64 seen = 0;

	mem_watch(w->mem, RAM + 0x1008, 8, note, &seen);
	assert_true(mem_watched_page(w->mem, RAM + 0x1fff));
	assert_false(mem_watched_page(w->mem, RAM + 0x2000));
	mem_stored(w->mem, RAM + 0x1004, 4);
	assert_int_equal(seen, 0);
	mem_stored(w->mem, RAM + 0x1004, 8);
	assert_int_equal(seen, (u64)(RAM + 0x1004) << 8 | 8);
}

static struct {
	const u8 *bytes;
	u64 n;
} gone;

static void discard(u8 *bytes, u64 n)
{
	gone.bytes = bytes;
	gone.n = n;
	memset(bytes, 0, n);
}

static void whole_pages_that_are_discarded_go_and_count_as_written(void **state)
{
	struct world *w = *state;
	u8 *ram = mem_slice(w->mem, RAM, 0x4000);

	mem_on_discard(w->mem, discard);
	memset(ram, 7, 0x4000);
	mem_forget_written(w->mem);
	assert_true(mem_discard(w->mem, RAM + 1, 0x3000));
	assert_ptr_equal(gone.bytes, ram + 0x1000);
	assert_int_equal(gone.n, 0x2000);
	assert_int_equal(ram[0xfff], 7);
	assert_int_equal(ram[0x1000], 0);
	assert_int_equal(*mem_written(w->mem, ram), 0);
	assert_int_equal(*mem_written(w->mem, ram + 0x1000), 1); /* code in it is looked at again */
	assert_int_equal(*mem_written(w->mem, ram + 0x2000), 1);
	assert_int_equal(*mem_written(w->mem, ram + 0x3000), 0);
	gone.n = 0;
	assert_true(mem_discard(w->mem, RAM + 1, 0x1ffe)); /* no whole page */
	assert_int_equal(gone.n, 0);
	assert_false(mem_discard(w->mem, RAM - 0x1000, 0x2000));
	assert_false(mem_discard(w->mem, RAM, ~(u64)0));
	assert_false(mem_discard(w->mem, 0x1000, 0x1000));
	assert_int_equal(gone.n, 0);
}

static void who_asks_for_a_slice_or_writes_marks_its_pages(void **state)
{
	struct world *w = *state;
	u8 byte = 0;

	mem_forget_written(w->mem);
	assert_true(mem_read(w->mem, RAM, &byte, 1));
	assert_non_null(mem_slice(w->mem, RAM + 0x1fff, 2));
	assert_true(mem_write(w->mem, RAM + 0x3000, &byte, 1));
	for (u32 page = 0; page < 4; page++)
		assert_int_equal(*mem_written(w->mem, w->ram + page * 0x1000), page != 0);
}

enum { LARGE = 8 * MIB, LAST_PAGE = LARGE - 4096 };

struct trust {
	struct mem *mem;
	u8 *ram;
	_Atomic bool ready;
	bool in_time; /* the last byte came later */
};

static void *trust_the_last_page(void *arg)
{
	struct trust *t = arg;

	t->ready = true;
	while (!*(volatile u8 *)t->ram)
		;
	mem_trust(t->mem, t->ram + LAST_PAGE);
	t->in_time = !*(volatile u8 *)(t->ram + LARGE - 1);
	return NULL;
}

/* A device writes while a hart, which has compared the page often, gives it up as unwritten. */
static void a_page_that_is_trusted_while_it_is_written_counts_as_written(void **state)
{
	struct trust t = { .mem = mem_new(), .ram = xzalloc(LARGE) };
	u8 *from = xzalloc(LARGE);
	u32 seen = 0;
	struct err e;

	memset(from, 1, LARGE);
	assert_true(mem_add_ram(t.mem, "large", RAM, LARGE, t.ram, &e));
	for (u32 i = 0; i < 100 && seen < 3; i++) {
		pthread_t other;

		memset(t.ram, 0, LARGE);
		t.ready = false;
		assert_int_equal(pthread_create(&other, NULL, trust_the_last_page, &t), 0);
		while (!t.ready)
			;
		assert_true(mem_write(t.mem, RAM, from, LARGE));
		pthread_join(other, NULL);
		seen += t.in_time;
		if (t.in_time)
			assert_int_equal(*mem_written(t.mem, t.ram + LAST_PAGE), 1);
	}
	mem_free(t.mem);
	free(t.ram);
	free(from);
	if (!seen) /* one CPU, or a busy one */
		skip();
	(void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_access_is_all_in_ram_or_refused),
		T(rom_is_readable_and_not_ram),
		T(overlapping_ram_is_refused_with_both_names),
		T(a_window_gets_offset_and_width),
		T(a_misaligned_or_straddling_access_finds_nothing),
		T(a_moved_window_leaves_no_ghost_in_a_cache),
		T(a_fixed_window_wins_over_a_bar_even_from_a_cache),
		T(what_lies_below_an_address_is_named),
		T(ram_rom_and_windows_answer_and_holes_do_not),
		T(only_stores_that_touch_watched_bytes_are_told),
		T(whole_pages_that_are_discarded_go_and_count_as_written),
		T(who_asks_for_a_slice_or_writes_marks_its_pages),
		T(a_page_that_is_trusted_while_it_is_written_counts_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
