/* Board files, right, wrong and damaged, the whole way to the device tree. */
#include "corpus.h"

#include "fuzz_board.c"

static void every_board_of_the_corpus_is_answered(void **state)
{
	assert_true(corpus_folder("boards", ".yaml") >= 4);
	assert_true(corpus_folder("machines", ".yaml") >= 1);
	assert_true(corpus_folder("tests/golden/boards", ".yaml") >= 150);
	(void)state;
}

/* 1 MiB of what costs a reader most. */
static void a_large_file_is_refused_or_read_soon(void **state)
{
	static const char *const pieces[] = { "[",     "{a: ", "- ",        "a: [", "? ",
					      "\"",    "&a ",  "x-a: 1\n",  "!a ",  "|\n ",
					      "a:\n ", "$(",   "#-cells:\n" };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct str s = { 0 };
		u64 start = cpu_ns(), took;

		str_add(&s, "vmbuild: 1\nkind: board\nname: t\nx-b: ");
		while (s.n < 900 * 1024)
			str_add(&s, "%s", pieces[i]);
		fuzz_one((const u8 *)s.p, s.n);
		took = (cpu_ns() - start) / 1000000;
		if (took > 5000)
			fail_msg("`%s`: %u ms", pieces[i], (u32)took);
		str_free(&s);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_board_of_the_corpus_is_answered),
		cmocka_unit_test(a_large_file_is_refused_or_read_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
