/* The fuzz target of APLIC and IMSIC without a fuzzer: random lives, the same each time. */
#include "fuzz_aia.c"
#include "lives.h"

static void whatever_software_does_registers_and_lines_agree(void **state)
{
	random_lives(53, 500, 600);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_software_does_registers_and_lines_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
