/* The fuzz target of the web page without a fuzzer: requests and frames that are nearly right. */
#include "fuzz_web.c"
#include "words.h"

static void whatever_a_browser_sends_the_page_is_served(void **state)
{
	static struct words w;
	u8 bytes[512];
	u32 seed = 61;

	words_read(&w, "tests/fuzz/web.dict");
	for (u32 i = 0; i < 2000; i++) {
		bytes[0] = (u8)i;
		fuzz_one(bytes, 1 + words_compose(&w, 8, bytes + 1, sizeof(bytes) - 1, &seed));
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_browser_sends_the_page_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
