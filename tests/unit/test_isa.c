/* ISA strings: "ISA Extension Naming Conventions", unprivileged manual. */
#include "check.h"

#include "isa.h"

static struct isa parse(const char *text)
{
	struct isa_error e;
	struct isa isa;

	if (!isa_parse(text, &isa, &e))
		fail_msg("%s: mistake %d at %u (%s)", text, e.mistake, e.at, e.name);
	return isa;
}

static void assert_formats(const char *text, const char *want)
{
	struct isa isa = parse(text);
	struct str s = { 0 };

	isa_format(&isa, &s);
	assert_string_equal(str_text(&s), want);
	str_free(&s);
}

static void assert_mistake(const char *text, enum isa_mistake m, const char *name, u32 at, u32 len)
{
	struct isa_error e;
	struct isa isa;

	assert_false(isa_parse(text, &isa, &e));
	assert_int_equal(e.mistake, m);
	assert_string_equal(e.name, name);
	assert_int_equal(e.at, at);
	assert_int_equal(e.len, len);
}

static void g_stands_for_imafd_zicsr_zifencei(void **state)
{
	assert_formats("rv64g", "rv64imafd_zicsr_zifencei");
	assert_formats("rv64imafd_zicsr_zifencei", "rv64imafd_zicsr_zifencei");
	(void)state;
}

static void c_brings_zca_and_beside_d_zcd(void **state)
{
	assert_formats("rv64imc", "rv64imc_zca");
	assert_formats("rv64gc", "rv64imafdc_zicsr_zifencei_zca_zcd");
	(void)state;
}

static void order_of_writing_does_not_matter(void **state)
{
	assert_formats("rv64i_zbb_zba_zicsr", "rv64i_zicsr_zba_zbb");
	assert_formats("rv64gczba", "rv64imafdc_zicsr_zifencei_zca_zcd_zba");
	(void)state;
}

static void what_formats_parses_to_the_same(void **state)
{
	struct isa a = parse("rv64gc_zba_zbb_zbc_zbs_zicbom_zicntr_zihpm_sstc_svadu"), b;
	struct str s = { 0 };

	isa_format(&a, &s);
	b = parse(str_text(&s));
	assert_memory_equal(&a, &b, sizeof(a));
	str_free(&s);
	(void)state;
}

static void mistakes_are_placed_on_the_name(void **state)
{
	assert_mistake("riscv", ISA_NO_BASE, "riscv", 0, 5);
	assert_mistake("rv64e", ISA_NO_BASE, "rv64e", 0, 5);
	assert_mistake("rv64gc_zvb", ISA_UNKNOWN, "zvb", 7, 3);
	assert_mistake("rv64ik", ISA_UNKNOWN, "k", 5, 1);
	assert_mistake("rv64gcv", ISA_UNIMPLEMENTED, "v", 6, 1);
	assert_mistake("rv64id", ISA_NEEDS, "d", 5, 1);
	assert_mistake("rv64i_zacas", ISA_NEEDS, "zacas", 6, 5);
	assert_mistake("rv64gc_svadu_svade", ISA_EXCLUDES, "svadu", 7, 5);
	assert_mistake("rv64gc__zba", ISA_UNKNOWN, "", 7, 0);
	(void)state;
}

static void a_misspelt_name_finds_its_neighbor(void **state)
{
	assert_string_equal(isa_nearest("zbbb"), "zbb");
	assert_string_equal(isa_nearest("zicnt"), "zicntr");
	assert_null(isa_nearest("frobnicate"));
	(void)state;
}

static void needs_name_only_extensions_that_exist(void **state)
{
	for (u32 x = 0; x < EXT_COUNT; x++) {
		const char *w = isa_rows[x].needs;

		while (*w) {
			size_t n = strcspn(w, " ");
			bool found = false;

			for (u32 y = 0; y < EXT_COUNT; y++)
				found |= strlen(isa_rows[y].name) == n &&
					 !strncmp(isa_rows[y].name, w, n);
			if (!found)
				fail_msg("%s needs %s", isa_rows[x].name, w);
			w += n + strspn(w + n, " ");
		}
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(g_stands_for_imafd_zicsr_zifencei),
		cmocka_unit_test(c_brings_zca_and_beside_d_zcd),
		cmocka_unit_test(order_of_writing_does_not_matter),
		cmocka_unit_test(what_formats_parses_to_the_same),
		cmocka_unit_test(mistakes_are_placed_on_the_name),
		cmocka_unit_test(a_misspelt_name_finds_its_neighbor),
		cmocka_unit_test(needs_name_only_extensions_that_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
