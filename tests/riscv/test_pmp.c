/* Physical memory protection: which entry decides, and for whom. */
#include "rig.h"

enum { CFG0 = 0x3a0, CFG2 = 0x3a2, ADDR0 = 0x3b0 };
enum { R = 1, W = 2, X = 4, OFF = 0 << 3, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, L = 1 << 7 };

static void cfg(struct hart *h, u32 entry, u64 v)
{
	u32 num = CFG0 + entry / 8 * 2, shift = entry % 8 * 8;

	rig_set(h, num, (rig_get(h, num) & ~((u64)0xff << shift)) | v << shift);
}

static u64 cfg_of(struct hart *h, u32 entry)
{
	return rig_get(h, CFG0 + entry / 8 * 2) >> entry % 8 * 8 & 0xff;
}

static void addr(struct hart *h, u32 entry, u64 v)
{
	rig_set(h, ADDR0 + entry, v);
}

/* A naturally aligned range of `size` bytes, 8 or more. */
static u64 napot(u64 gpa, u64 size)
{
	return gpa >> 2 | (size / 8 - 1);
}

static bool allowed(const struct hart *h, u64 gpa, u64 len, enum priv priv)
{
	bool r = pmp_allows(h, gpa, len, ACCESS_LOAD, priv);
	bool w = pmp_allows(h, gpa, len, ACCESS_STORE, priv);
	bool x = pmp_allows(h, gpa, len, ACCESS_FETCH, priv);

	assert_int_equal(r, w);
	assert_int_equal(r, x);
	return r;
}

static void each_right_is_checked_for_its_own_access(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	addr(h, 0, napot(0x80000000, 0x1000));
	for (u32 rights = 0; rights < 8; rights++) {
		bool w = (rights & (R | W)) == (R | W); /* W without R is reserved: not stored */

		cfg(h, 0, NAPOT | rights);
		for (u32 p = PRIV_U; p <= PRIV_S; p++) {
			enum priv priv = (enum priv)p;

			assert_int_equal(pmp_allows(h, 0x80000ff8, 8, ACCESS_LOAD, priv),
					 rights & R);
			assert_int_equal(pmp_allows(h, 0x80000ff8, 8, ACCESS_STORE, priv), w);
			assert_int_equal(pmp_allows(h, 0x80000ff8, 4, ACCESS_FETCH, priv),
					 !!(rights & X));
		}
	}
	rig_free(r);
	(void)state;
}

/* trap:33 */
static void the_lowest_entry_decides_and_must_cover_all_bytes(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	addr(h, 0, 0x80000100 >> 2); /* these four bytes: nothing */
	cfg(h, 0, NA4);
	addr(h, 1, 0x80000200 >> 2); /* these: all */
	cfg(h, 1, NA4 | R | W | X);
	addr(h, 2, napot(0x80000000, 0x1000));
	cfg(h, 2, NAPOT | R | W | X);

	assert_true(allowed(h, 0x800000fc, 4, PRIV_S));
	assert_false(allowed(h, 0x80000100, 4, PRIV_S));
	assert_false(allowed(h, 0x80000103, 1, PRIV_S));
	assert_true(allowed(h, 0x80000104, 4, PRIV_S));
	assert_false(allowed(h, 0x800000fc, 8, PRIV_S));
	assert_false(allowed(h, 0x80000103, 2, PRIV_S));
	/* Entry 1 touches the access but does not cover it; that entry 2 would allows nothing. */
	assert_true(allowed(h, 0x80000200, 4, PRIV_S));
	assert_false(allowed(h, 0x80000200, 8, PRIV_S));
	assert_false(allowed(h, 0x800001fc, 8, PRIV_S));
	/* An entry that is on but not locked lets M pass; a part of it never does. */
	assert_true(allowed(h, 0x80000100, 4, PRIV_M));
	assert_false(allowed(h, 0x80000100, 8, PRIV_M));
	rig_free(r);
	(void)state;
}

/* trap:34 */
static void without_a_match_m_passes_and_s_and_u_pass_only_if_there_is_no_entry(void **state)
{
	static const u32 entries[] = { 0, 16, 64 };

	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct rig *r = rig_plan(RIG_ISA, 1);
		struct hart *h;

		r->config[0].pmp_entries = entries[i];
		h = rig_start(r, NULL)->harts[0];
		assert_true(allowed(h, 0x80000000, 8, PRIV_M));
		assert_int_equal(allowed(h, 0x80000000, 8, PRIV_S), !entries[i]);
		assert_int_equal(allowed(h, 0x80000000, 8, PRIV_U), !entries[i]);
		rig_free(r);
	}
	(void)state;
}

/* trap:35 */
static void a_locked_entry_binds_m_and_cannot_be_changed_until_reset(void **state)
{
	const struct hart_start start = { .pc = RIG_RAM, .priv = PRIV_M };
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	u64 range = napot(0x80000000, 0x1000);

	addr(h, 3, range);
	cfg(h, 3, L | NAPOT | R);
	assert_true(pmp_allows(h, 0x80000000, 8, ACCESS_LOAD, PRIV_M));
	assert_false(pmp_allows(h, 0x80000000, 8, ACCESS_STORE, PRIV_M));
	assert_false(pmp_allows(h, 0x80000000, 4, ACCESS_FETCH, PRIV_M));

	cfg(h, 3, R | W | X);
	assert_int_equal(cfg_of(h, 3), L | NAPOT | R);
	addr(h, 3, 0);
	assert_int_equal(rig_get(h, ADDR0 + 3), range);
	cfg(h, 2, NAPOT | R); /* its neighbors in the register are free */
	assert_int_equal(cfg_of(h, 2), NAPOT | R);

	hart_reset(h, &start);
	assert_int_equal(cfg_of(h, 3), 0);
	addr(h, 3, 5);
	assert_int_equal(rig_get(h, ADDR0 + 3), 5);
	rig_free(r);
	(void)state;
}

/* trap:35 */
static void a_locked_tor_entry_locks_the_address_below_it(void **state)
{
	static const struct {
		u64 cfg;
		bool locks;
	} t[] = { { L | TOR, true }, { TOR, false }, { L | NAPOT, false }, { L | OFF, false } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct rig *r = rig_one();
		struct hart *h = r->harts[0];

		addr(h, 7, 0x100);
		cfg(h, 8, t[i].cfg);
		addr(h, 7, 0x200);
		assert_int_equal(rig_get(h, ADDR0 + 7), t[i].locks ? 0x100 : 0x200);
		addr(h, 6, 0x300);
		assert_int_equal(rig_get(h, ADDR0 + 6), 0x300);
		rig_free(r);
	}
	(void)state;
}

/* trap:36 - G is 0: NA4 exists and every bit of an address reads back in every mode. */
static void the_granularity_is_four_bytes(void **state)
{
	static const u64 modes[] = { OFF, TOR, NA4, NAPOT };
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		cfg(h, 0, modes[i] | R);
		assert_int_equal(cfg_of(h, 0), modes[i] | R);
		addr(h, 0, 0x2aaaaaaaaaaaaa);
		assert_int_equal(rig_get(h, ADDR0), 0x2aaaaaaaaaaaaa);
		addr(h, 0, 0x15555555555555);
		assert_int_equal(rig_get(h, ADDR0), 0x15555555555555);
	}
	cfg(h, 0, 0x60); /* bits 6:5 are 0 */
	assert_int_equal(cfg_of(h, 0), 0);
	rig_free(r);
	(void)state;
}

/* trap:36 */
static void a_napot_entry_of_all_ones_is_all_of_memory(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	addr(h, 0, UINT64_MAX);
	cfg(h, 0, NAPOT | R | W | X);
	assert_true(allowed(h, 0, 8, PRIV_U));
	assert_true(allowed(h, 0x80000000, 8, PRIV_U));
	assert_true(allowed(h, ((u64)1 << 56) - 8, 8, PRIV_U));
	rig_free(r);
	(void)state;
}

static void napot_sizes_from_8_bytes_up_have_exact_ends(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	cfg(h, 0, NAPOT | R | W | X);
	for (u64 size = 8; size <= (u64)1 << 40; size *= 2) {
		u64 base = (u64)3 << 41; /* a multiple of all of them */

		addr(h, 0, napot(base, size));
		assert_true(allowed(h, base, 1, PRIV_S));
		assert_true(allowed(h, base + size - 1, 1, PRIV_S));
		assert_false(allowed(h, base - 1, 1, PRIV_S));
		assert_false(allowed(h, base + size, 1, PRIV_S));
	}
	rig_free(r);
	(void)state;
}

static void tor_is_from_the_address_below_to_its_own_exclusive(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	addr(h, 0, 0x80001000 >> 2);
	cfg(h, 0, TOR | R | W | X); /* entry 0 starts at 0 */
	assert_true(allowed(h, 0, 8, PRIV_S));
	assert_true(allowed(h, 0x80000ff8, 8, PRIV_S));
	assert_false(allowed(h, 0x80001000, 1, PRIV_S));

	addr(h, 4, 0x80002000 >> 2); /* off, yet its address counts */
	addr(h, 5, 0x80003004 >> 2);
	cfg(h, 5, TOR | R | W | X);
	assert_false(allowed(h, 0x80001fff, 1, PRIV_S));
	assert_true(allowed(h, 0x80002000, 1, PRIV_S));
	assert_true(allowed(h, 0x80003003, 1, PRIV_S));
	assert_false(allowed(h, 0x80003004, 1, PRIV_S));

	addr(h, 5, 0x80002000 >> 2); /* empty */
	assert_false(allowed(h, 0x80002000, 1, PRIV_S));
	addr(h, 5, 0x80001000 >> 2); /* the wrong way round: matches nothing */
	assert_false(allowed(h, 0x80001800, 1, PRIV_S));
	addr(h, 0, 0);
	assert_false(allowed(h, 0, 1, PRIV_S));
	rig_free(r);
	(void)state;
}

static void a_page_has_rights_only_if_all_of_it_has(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	u32 rights = 99;

	assert_true(pmp_page(h, 0x80000123, PRIV_S, &rights));
	assert_int_equal(rights, 0);
	assert_true(pmp_page(h, 0x80000123, PRIV_M, &rights));
	assert_int_equal(rights, RIGHT_R | RIGHT_W | RIGHT_X);

	addr(h, 1, napot(0x80000000, 0x2000));
	cfg(h, 1, NAPOT | R | X);
	assert_true(pmp_page(h, 0x80001ffc, PRIV_U, &rights));
	assert_int_equal(rights, RIGHT_R | RIGHT_X);
	assert_true(pmp_page(h, 0x80002000, PRIV_U, &rights));
	assert_int_equal(rights, 0);

	addr(h, 0, 0x80001800 >> 2);
	cfg(h, 0, NA4 | R);
	assert_false(pmp_page(h, 0x80001000, PRIV_U, &rights));
	assert_true(pmp_page(h, 0x80000000, PRIV_U, &rights));
	cfg(h, 0, L | NA4);
	assert_false(pmp_page(h, 0x80001000, PRIV_M, &rights));
	rig_free(r);
	(void)state;
}

/* trap:37 - eight entries a register; those above 16 are not there. */
static void each_even_register_has_eight_entries(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, CFG0, 0x0f0d0b0907050301);
	rig_set(h, CFG2, 0x1f1d1b1917151311);
	for (u32 i = 0; i < 16; i++)
		assert_int_equal(h->pmpcfg[i], 2 * i + 1);
	assert_false(rig_csrr(h, 0x3a1));
	assert_false(rig_csrr(h, 0x3a3));
	assert_false(rig_csrr(h, 0x3a4));
	assert_false(rig_csrr(h, ADDR0 + 16));
	rig_free(r);
	(void)state;
}

/* trap:32 - what was let in by a TLB before is kept out after. */
static void a_pmp_write_takes_effect_on_cached_pages(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	addr(h, 0, UINT64_MAX);
	cfg(h, 0, NAPOT | R | W | X);
	rig_priv(h, PRIV_S);
	assert_false(mem_load(h, RIG_RAM, 8).fault); /* fills the TLB */
	rig_priv(h, PRIV_M);
	cfg(h, 0, NAPOT);
	rig_priv(h, PRIV_S);
	assert_true(rig_load8(h, RIG_RAM).fault);
	assert_int_equal(h->fault.cause, CAUSE_LOAD_ACCESS);
	assert_int_equal(h->fault.tval, RIG_RAM);
	assert_true(mem_store(h, RIG_RAM + 8, 8, 0).fault);
	assert_int_equal(h->fault.cause, CAUSE_STORE_ACCESS);
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_right_is_checked_for_its_own_access),
		cmocka_unit_test(the_lowest_entry_decides_and_must_cover_all_bytes),
		cmocka_unit_test(
			without_a_match_m_passes_and_s_and_u_pass_only_if_there_is_no_entry),
		cmocka_unit_test(a_locked_entry_binds_m_and_cannot_be_changed_until_reset),
		cmocka_unit_test(a_locked_tor_entry_locks_the_address_below_it),
		cmocka_unit_test(the_granularity_is_four_bytes),
		cmocka_unit_test(a_napot_entry_of_all_ones_is_all_of_memory),
		cmocka_unit_test(napot_sizes_from_8_bytes_up_have_exact_ends),
		cmocka_unit_test(tor_is_from_the_address_below_to_its_own_exclusive),
		cmocka_unit_test(a_page_has_rights_only_if_all_of_it_has),
		cmocka_unit_test(each_even_register_has_eight_entries),
		cmocka_unit_test(a_pmp_write_takes_effect_on_cached_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
