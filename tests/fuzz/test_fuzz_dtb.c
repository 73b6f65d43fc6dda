/* Device trees, ours and damaged ones, through import, lint and comparison. */
#include "corpus.h"

#include "fuzz_dtb.c"

static void every_tree_is_refused_or_becomes_a_board(void **state)
{
	static const char *const boards[] = { "boards/virt.yaml", "boards/virt-mmio.yaml",
					      "boards/minimal.yaml" };
	static const struct fdt_extra nothing = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(boards); i++) {
		struct loaded l = load_with(boards[i], NULL, NULL);
		struct err e = { 0 };
		size_t len;
		u8 *fdt = plan_fdt(l.plan, &nothing, &len, &e), *copy = xzalloc(len);

		fuzz_one(fdt, len);
		for (u32 round = 0; round < 300; round++) {
			memcpy(copy, fdt, len);
			for (u32 k = 0; k < 6; k++)
				copy[corpus_random((u32)len)] ^= (u8)(1 << corpus_random(8));
			fuzz_one(copy, len - corpus_random(2) * corpus_random((u32)len));
		}
		free(copy);
		free(fdt);
		loaded_free(&l);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tree_is_refused_or_becomes_a_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
