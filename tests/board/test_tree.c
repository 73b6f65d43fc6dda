/* YAML as this project reads it: places, limits, and what is refused. */
#include "loading.h"

#include "parts.h"

struct read {
	struct arena arena;
	struct diags ds;
	struct node *root;
};

static struct read read_yaml(const char *text)
{
	struct read r = { 0 };

	r.root = tree_new_file(&r.arena, "t.yaml", text, strlen(text), &r.ds);
	return r;
}

static void read_free(struct read *r)
{
	arena_free(&r->arena);
	diags_free(&r->ds);
}

static void assert_place(struct pos at, u32 line, u32 col, u32 len)
{
	assert_int_equal(at.line, line);
	assert_int_equal(at.col, col);
	assert_int_equal(at.len, len);
}

static void each_key_and_value_knows_its_place(void **state)
{
	struct read r = read_yaml("one: 1\n"
				  "two: {three: [four, \"five\"], six: 7}\n"
				  "eight:\n"
				  "  nine: ten\n");
	struct node *two = map_get(r.root, "two"), *list = map_get(two, "three");
	struct node *eight = map_get(r.root, "eight");

	assert_place(map_pair(r.root, "one")->key_at, 1, 1, 3);
	assert_place(map_get(r.root, "one")->at, 1, 6, 1);
	assert_place(two->at, 2, 6, 31);
	assert_place(list->at, 2, 14, 14);
	assert_place(list->items[1]->at, 2, 21, 6);
	assert_place(map_get(eight, "nine")->at, 4, 9, 3);
	assert_place(eight->at, 4, 3, 4);
	read_free(&r);
	(void)state;
}

static void columns_count_characters_and_not_bytes(void **state)
{
	struct read r = read_yaml("caf\xc3\xa9: {\xe2\x82\xac: 1, b: 2}\n");
	struct node *map = map_get(r.root, "caf\xc3\xa9");

	assert_place(map->at, 1, 7, 12);
	assert_place(map_get(map, "b")->at, 1, 17, 1);
	read_free(&r);
	(void)state;
}

static void a_byte_order_mark_and_crlf_change_no_place(void **state)
{
	struct read r = read_yaml("\xef\xbb\xbf"
				  "one: 1\r\ntwo: 2\r\n");

	assert_int_equal(r.ds.errors, 0);
	assert_place(map_pair(r.root, "one")->key_at, 1, 1, 3);
	assert_place(map_get(r.root, "two")->at, 2, 6, 1);
	assert_string_equal(map_get(r.root, "two")->text, "2");
	read_free(&r);
	(void)state;
}

static void a_part_of_a_scalar_has_a_place_of_its_own(void **state)
{
	struct read r = read_yaml("a: plic 3\nb: \"plic 3\"\nc: \"pl\\x69c 3\"\n");

	assert_place(node_part(map_get(r.root, "a"), 5, 1), 1, 9, 1);
	assert_place(node_part(map_get(r.root, "b"), 5, 1), 2, 10, 1);
	/* escapes: nobody knows where, so it is the whole */
	assert_place(node_part(map_get(r.root, "c"), 5, 1), 3, 4, 11);
	read_free(&r);
	(void)state;
}

static void nothing_is_guessed_from_how_a_scalar_looks(void **state)
{
	static const char *const texts[] = { "yes", "on", "null", "~x", "1e3", "0x10", "1:30" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char *yaml = xprintf("a: %s\n", texts[i]);
		struct read r = read_yaml(yaml);

		assert_string_equal(map_get(r.root, "a")->text, texts[i]);
		read_free(&r);
		free(yaml);
	}
	(void)state;
}

static void maps_of_any_size_find_their_keys_and_keep_their_order(void **state)
{
	struct arena a = { 0 };
	struct node *map = node_new(&a, NODE_MAP, (struct pos){ 0 });
	struct pair *p;
	u32 i = 0;

	for (u32 k = 0; k < 1000; k++)
		map_put(&a, map, arena_printf(&a, "k%u", k), (struct pos){ 0 },
			node_text(&a, arena_printf(&a, "%u", k), (struct pos){ 0 }));
	map_pair(map, "k500")->value = NULL;
	assert_null(map_pair(map, "k500"));
	map_put(&a, map, "k500", (struct pos){ 0 }, node_text(&a, "again", (struct pos){ 0 }));
	assert_string_equal(map_get(map, "k500")->text, "again");
	assert_string_equal(map_get(map, "k999")->text, "999");
	assert_null(map_get(map, "k1000"));
	for_pairs(p, map) {
		if (i == 500)
			i++;
		assert_string_equal(p->key, i == 1000 ? "k500" : arena_printf(&a, "k%u", i));
		i++;
	}
	assert_int_equal(i, 1001);
	arena_free(&a);
	(void)state;
}

/* Nine lines of aliases would be 2 * 10^8 nodes if anybody walked them. */
static void an_alias_bomb_is_a_handful_of_errors(void **state)
{
	struct read r = read_yaml("a: &a [x, x, x]\n"
				  "b: &b [*a, *a, *a]\n"
				  "c: &c [*b, *b, *b]\n"
				  "d: [*c, *c, *c]\n");

	assert_int_equal(r.ds.errors, 12);
	for (size_t i = 0; i < r.ds.n; i++)
		assert_int_equal(r.ds.list[i].code, DIAG_anchor);
	read_free(&r);
	(void)state;
}

static void no_file_is_larger_than_a_mebibyte(void **state)
{
	size_t n = MIB + 1;
	char *text = xzalloc(n + 1);
	struct fake_file files[] = { { "t.yaml", text }, { NULL, NULL } };
	struct loaded l;

	memset(text, '#', n);
	l = load_with("t.yaml", NULL, files);
	assert_int_equal(l.ds.list[0].code, DIAG_too_large);
	assert_null(l.plan);
	loaded_free(&l);
	free(text);
	(void)state;
}

static void any_cut_of_a_board_comes_to_a_good_end(void **state)
{
	struct err why = { 0 };
	size_t len = 0;
	char *text = load_real("boards/virt.yaml", MIB, &len, &why);

	assert_non_null(text);
	for (size_t n = 0; n < len; n += 3) {
		char *cut = xstrndup(text, n);
		const struct fake_file files[] = { { "boards/virt.yaml", cut }, { NULL, NULL } };
		struct loaded l = load_with("boards/virt.yaml", NULL, files);

		loaded_free(&l);
		free(cut);
	}
	free(text);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_and_value_knows_its_place),
		cmocka_unit_test(columns_count_characters_and_not_bytes),
		cmocka_unit_test(a_byte_order_mark_and_crlf_change_no_place),
		cmocka_unit_test(a_part_of_a_scalar_has_a_place_of_its_own),
		cmocka_unit_test(nothing_is_guessed_from_how_a_scalar_looks),
		cmocka_unit_test(maps_of_any_size_find_their_keys_and_keep_their_order),
		cmocka_unit_test(an_alias_bomb_is_a_handful_of_errors),
		cmocka_unit_test(no_file_is_larger_than_a_mebibyte),
		cmocka_unit_test(any_cut_of_a_board_comes_to_a_good_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
