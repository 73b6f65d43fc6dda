/* The fuzz target of scripts without a fuzzer: statements that are nearly right. */
#include "fuzz_script.c"
#include "words.h"

static void whatever_a_script_says_it_ends_with_no_key_down(void **state)
{
	static struct words w;
	u8 bytes[512];
	u32 seed = 67;

	words_read(&w, "tests/fuzz/script.dict");
	for (u32 i = 0; i < 20000; i++)
		fuzz_one(bytes, words_compose(&w, 30, bytes, sizeof(bytes), &seed));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_script_says_it_ends_with_no_key_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
