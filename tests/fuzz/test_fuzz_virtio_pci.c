/* The fuzz target of virtio on PCI without a fuzzer: random lives, the same each time. */
#include "fuzz_virtio_pci.c"
#include "lives.h"

static void whatever_a_driver_does_with_its_place_on_pci_a_reset_starts_it(void **state)
{
	random_lives(31, 400, 1500);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_driver_does_with_its_place_on_pci_a_reset_starts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
