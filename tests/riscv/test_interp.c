/* What instructions do, by values worked out by hand: the quick and the slow handler of each. */
#include "exec.h"

#include <inttypes.h>

#define MIN64 ((u64)1 << 63)
#define ONES  UINT64_MAX

struct alu {
	const char *what;
	u32 word;
	u64 a, b, want;
};

/* In the last two bytes of a page it takes the slow handler, elsewhere the quick one. */
static void check_both(struct rig *r, const struct alu *t)
{
	static const u64 places[] = { CODE, CODE + PAGE_SIZE - 2 };
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		h->x[A0] = 0x5555;
		h->x[A1] = t->a;
		h->x[A2] = t->b;
		if (exec_at(r, places[i], t->word) != -1)
			fail_msg("%s traps", t->what);
		if (h->x[A0] != t->want)
			fail_msg("%s: %#" PRIx64 ", expected %#" PRIx64, t->what, h->x[A0],
				 t->want);
	}
}

static void check_all(const struct alu *t, size_t n)
{
	struct rig *r = exec_rig(ALL_ISA);

	for (size_t i = 0; i < n; i++)
		check_both(r, &t[i]);
	rig_free(r);
}

#define CHECK(table) check_all(table, ARRAY_LEN(table))

/* clang-format off */
#define OP    0x33
#define OP32  0x3b
#define OPI   0x13
#define OPI32 0x1b

/* trap:3 */
static void integers_are_computed_as_the_manual_says(void **state)
{
	static const struct alu t[] = {
		{ "add wraps", R_TYPE(0, 0, OP), ONES, 2, 1 },
		{ "sub", R_TYPE(0x20, 0, OP), 1, 2, ONES },
		{ "sll uses 6 bits", R_TYPE(0, 1, OP), 1, 0xffffffffffffffc4, 16 },
		{ "slt", R_TYPE(0, 2, OP), ONES, 0, 1 },
		{ "sltu", R_TYPE(0, 3, OP), ONES, 0, 0 },
		{ "xor", R_TYPE(0, 4, OP), 0xf0, 0xff, 0x0f },
		{ "srl", R_TYPE(0, 5, OP), MIN64, 63, 1 },
		{ "sra", R_TYPE(0x20, 5, OP), MIN64, 63, ONES },
		{ "or", R_TYPE(0, 6, OP), 0xf0, 0x0f, 0xff },
		{ "and", R_TYPE(0, 7, OP), 0xf0, 0xff, 0xf0 },
		{ "addw", R_TYPE(0, 0, OP32), 0x7fffffff, 1, 0xffffffff80000000 },
		{ "subw", R_TYPE(0x20, 0, OP32), 0x100000000, 1, ONES },
		{ "sllw uses 5 bits", R_TYPE(0, 1, OP32), 1, 0x3f, 0xffffffff80000000 },
		{ "srlw", R_TYPE(0, 5, OP32), 0xffffffff80000000, 32 + 31, 1 },
		{ "sraw", R_TYPE(0x20, 5, OP32), 0x80000000, 31, ONES },
		{ "addi", I_TYPE(-1, 0, OPI), 0, 0, ONES },
		{ "slti", I_TYPE(-1, 2, OPI), MIN64, 0, 1 },
		{ "sltiu against the sign-extended", I_TYPE(-1, 3, OPI), 5, 0, 1 },
		{ "xori", I_TYPE(-1, 4, OPI), 5, 0, ~(u64)5 },
		{ "slli", I_TYPE(63, 1, OPI), 3, 0, MIN64 },
		{ "srai", I_TYPE(0x400 | 60, 5, OPI), MIN64, 0, 0xfffffffffffffff8 },
		{ "addiw", I_TYPE(0, 0, OPI32), 0x80000000, 0, 0xffffffff80000000 },
		{ "srliw", I_TYPE(4, 5, OPI32), 0xffffffff80000000, 0, 0x08000000 },
		{ "sraiw", I_TYPE(0x400 | 4, 5, OPI32), 0x80000000, 0, 0xfffffffff8000000 },
	};

	CHECK(t);
	(void)state;
}

/* trap:2 */
static void division_by_zero_and_overflow_have_values(void **state)
{
	static const struct alu t[] = {
		{ "div by 0", R_TYPE(1, 4, OP), 7, 0, ONES },
		{ "div overflow", R_TYPE(1, 4, OP), MIN64, ONES, MIN64 },
		{ "div rounds to zero", R_TYPE(1, 4, OP), (u64)-7, 2, (u64)-3 },
		{ "divu by 0", R_TYPE(1, 5, OP), 7, 0, ONES },
		{ "rem by 0", R_TYPE(1, 6, OP), (u64)-7, 0, (u64)-7 },
		{ "rem overflow", R_TYPE(1, 6, OP), MIN64, ONES, 0 },
		{ "rem has the dividend's sign", R_TYPE(1, 6, OP), (u64)-7, 2, ONES },
		{ "remu by 0", R_TYPE(1, 7, OP), 7, 0, 7 },
		{ "divw by 0", R_TYPE(1, 4, OP32), 7, 0x100000000, ONES },
		{ "divw overflow", R_TYPE(1, 4, OP32), 0x80000000, ONES, 0xffffffff80000000 },
		{ "divuw", R_TYPE(1, 5, OP32), 0xffffffff80000000, 1, 0xffffffff80000000 },
		{ "divuw by 0", R_TYPE(1, 5, OP32), 5, 0, ONES },
		{ "remw by 0", R_TYPE(1, 6, OP32), 0x180000000, 0, 0xffffffff80000000 },
		{ "remw overflow", R_TYPE(1, 6, OP32), 0x80000000, ONES, 0 },
		{ "remuw by 0", R_TYPE(1, 7, OP32), 0x80000000, 0, 0xffffffff80000000 },
		{ "mul", R_TYPE(1, 0, OP), (u64)-3, 5, (u64)-15 },
		{ "mulh", R_TYPE(1, 1, OP), MIN64, MIN64, (u64)1 << 62 },
		{ "mulhsu", R_TYPE(1, 2, OP), ONES, ONES, ONES },
		{ "mulhu", R_TYPE(1, 3, OP), ONES, ONES, ONES - 1 },
		{ "mulw", R_TYPE(1, 0, OP32), 0x10000, 0x8000, 0xffffffff80000000 },
	};

	CHECK(t);
	(void)state;
}

static void bit_manipulation_works(void **state)
{
	static const struct alu t[] = {
		{ "sh1add", R_TYPE(0x10, 2, OP), 3, 10, 16 },
		{ "sh2add", R_TYPE(0x10, 4, OP), 3, 10, 22 },
		{ "sh3add", R_TYPE(0x10, 6, OP), 3, 10, 34 },
		{ "add.uw", R_TYPE(4, 0, OP32), ONES, 1, 0x100000000 },
		{ "sh3add.uw", R_TYPE(0x10, 6, OP32), ONES, 0, 0x7fffffff8 },
		{ "slli.uw", I_TYPE(0x80 | 4, 1, OPI32), ONES, 0, 0xffffffff0 },
		{ "andn", R_TYPE(0x20, 7, OP), 0xff, 0x0f, 0xf0 },
		{ "orn", R_TYPE(0x20, 6, OP), 0, ~(u64)1, 1 },
		{ "xnor", R_TYPE(0x20, 4, OP), 5, 5, ONES },
		{ "clz", I_TYPE(0x600, 1, OPI), 1, 0, 63 },
		{ "clz of 0", I_TYPE(0x600, 1, OPI), 0, 0, 64 },
		{ "ctz", I_TYPE(0x601, 1, OPI), MIN64, 0, 63 },
		{ "ctz of 0", I_TYPE(0x601, 1, OPI), 0, 0, 64 },
		{ "cpop", I_TYPE(0x602, 1, OPI), 0xf00000000000000f, 0, 8 },
		{ "cpop of all", I_TYPE(0x602, 1, OPI), ONES, 0, 64 },
		{ "clzw", I_TYPE(0x600, 1, OPI32), 0xffffffff00000001, 0, 31 },
		{ "clzw of 0", I_TYPE(0x600, 1, OPI32), 0xffffffff00000000, 0, 32 },
		{ "ctzw of 0", I_TYPE(0x601, 1, OPI32), 0xffffffff00000000, 0, 32 },
		{ "cpopw", I_TYPE(0x602, 1, OPI32), 0xffffffff0000000f, 0, 4 },
		{ "max", R_TYPE(5, 6, OP), ONES, 1, 1 },
		{ "maxu", R_TYPE(5, 7, OP), ONES, 1, ONES },
		{ "min", R_TYPE(5, 4, OP), ONES, 1, ONES },
		{ "minu", R_TYPE(5, 5, OP), ONES, 1, 1 },
		{ "sext.b", I_TYPE(0x604, 1, OPI), 0x180, 0, 0xffffffffffffff80 },
		{ "sext.h", I_TYPE(0x605, 1, OPI), 0x18000, 0, 0xffffffffffff8000 },
		{ "zext.h", 0x0805c53b, ONES, 0, 0xffff },
		{ "rol", R_TYPE(0x30, 1, OP), MIN64 | 1, 1, 3 },
		{ "rol by 0", R_TYPE(0x30, 1, OP), 7, 64, 7 },
		{ "ror", R_TYPE(0x30, 5, OP), 3, 1, MIN64 | 1 },
		{ "rori", I_TYPE(0x600 | 4, 5, OPI), 0x1f, 0, 0xf000000000000001 },
		{ "rolw", R_TYPE(0x30, 1, OP32), 0x80000000, 1, 1 },
		{ "rorw", R_TYPE(0x30, 5, OP32), 1, 1, 0xffffffff80000000 },
		{ "roriw", I_TYPE(0x600 | 1, 5, OPI32), 1, 0, 0xffffffff80000000 },
		{ "orc.b", I_TYPE(0x287, 5, OPI), 0x0100800000000010, 0, 0xff00ff00000000ff },
		{ "rev8", I_TYPE(0x6b8, 5, OPI), 0x0102030405060708, 0, 0x0807060504030201 },
		{ "clmul", R_TYPE(5, 1, OP), 7, 7, 0x15 },
		{ "clmulh", R_TYPE(5, 3, OP), MIN64, 2, 1 },
		{ "clmulr", R_TYPE(5, 2, OP), MIN64, 3, 3 },
		{ "bclr", R_TYPE(0x24, 1, OP), ONES, 127, ONES >> 1 },
		{ "bext", R_TYPE(0x24, 5, OP), MIN64, 63, 1 },
		{ "binv", R_TYPE(0x34, 1, OP), 1, 64, 0 },
		{ "bset", R_TYPE(0x14, 1, OP), 0, 63, MIN64 },
		{ "bexti", I_TYPE(0x480 | 63, 5, OPI), MIN64, 0, 1 },
		{ "bseti", I_TYPE(0x280 | 40, 1, OPI), 0, 0, (u64)1 << 40 },
		{ "czero.eqz of 0", R_TYPE(7, 5, OP), 9, 0, 0 },
		{ "czero.eqz", R_TYPE(7, 5, OP), 9, 1, 9 },
		{ "czero.nez of 0", R_TYPE(7, 7, OP), 9, 0, 9 },
		{ "czero.nez", R_TYPE(7, 7, OP), 9, 1, 0 },
		{ "mop.r.31", 0xcdf5c573, 9, 1, 0 },
		{ "mop.rr.7", 0xcec5c573, 9, 1, 0 },
	};

	CHECK(t);
	(void)state;
}
/* clang-format on */

static void x0_takes_no_value_but_the_access_happens(void **state) /* trap:1 */
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	h->x[A1] = 41;
	assert_int_equal(exec(r, 0x00158013), -1); /* addi zero, a1, 1 */
	assert_int_equal(exec(r, 0x00050533), -1); /* add a0, a0, zero */
	assert_int_equal(h->x[0], 0);
	h->x[A1] = 0x1000; /* nothing there */
	assert_int_equal(exec(r, LD(0) & ~(u32)0xf80), CAUSE_LOAD_ACCESS);
	rig_free(r);
	(void)state;
}

static void jalr_clears_bit_0_and_reads_before_it_writes(void **state) /* trap:4 */
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];
	static const u32 ebreak = EBREAK;
	static const u64 places[] = { CODE, CODE + PAGE_SIZE - 2 };

	exec_put(r, DATA, &ebreak, 1);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		h->x[RA] = RIG_RAM + DATA + 1 - 8;
		exec_at(r, places[i], 0x008080e7); /* jalr ra, 8(ra) */
		assert_int_equal(exec_cause(r, RIG_RAM + DATA), -1);
		assert_int_equal(h->x[RA], RIG_RAM + places[i] + 4);
	}
	h->x[A1] = RIG_RAM + DATA;
	exec(r, 0x9582); /* c.jalr a1 */
	assert_int_equal(exec_cause(r, RIG_RAM + DATA), -1);
	assert_int_equal(h->x[RA], RIG_RAM + CODE + 2);
	rig_free(r);
	(void)state;
}

static void without_c_the_jump_traps_not_its_target(void **state) /* trap:5 */
{
	struct rig *r = exec_rig("rv64ima_zicsr");
	struct hart *h = r->harts[0];

	h->x[A1] = RIG_RAM + DATA + 2;
	assert_int_equal(exec(r, 0x00058567), CAUSE_FETCH_MISALIGNED); /* jalr a0, 0(a1) */
	assert_int_equal(h->last_trap.epc, RIG_RAM + CODE);
	assert_int_equal(h->last_trap.tval, RIG_RAM + DATA + 2);
	assert_int_equal(h->x[A0], 0);
	assert_int_equal(exec(r, 0x0060006f), CAUSE_FETCH_MISALIGNED); /* j .+6 */
	assert_int_equal(exec(r, 0x00001363), -1); /* bne zero, zero, .+6: not taken */
	rig_free(r);
	(void)state;
}

/* Sums 1 to n in a loop that leaves its page on each turn. */
static void jumps_link_behind_themselves(void **state)
{
	static const u64 places[] = { CODE, CODE + PAGE_SIZE - 2 };
	struct rig *r = exec_rig(ALL_ISA);

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		assert_int_equal(exec_at(r, places[i], 0x004000ef), -1); /* jal ra, .+4 */
		assert_int_equal(r->harts[0]->x[RA], RIG_RAM + places[i] + 4);
	}
	rig_free(r);
	(void)state;
}

/* Over the next instruction, which is not there if the branch falls through. */
static void each_branch_takes_what_it_names(void **state)
{
	static const struct {
		u32 f3;
		u64 a, b;
		bool taken;
	} t[] = {
		{ 0, 5, 5, true },     { 0, 5, 6, false },    { 1, 5, 6, true },
		{ 1, 5, 5, false },    { 4, ONES, 0, true },  { 4, 0, ONES, false },
		{ 5, 0, ONES, true },  { 5, ONES, 0, false }, { 5, 3, 3, true },
		{ 6, 0, ONES, true },  { 6, ONES, 0, false }, { 7, ONES, 0, true },
		{ 7, 0, ONES, false }, { 7, 3, 3, true },
	};
	static const u64 places[] = { CODE, CODE + PAGE_SIZE - 2 };
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t p = 0; p < ARRAY_LEN(places); p++) {
			/* branch a1, a2, .+8; ebreak; ebreak */
			const u32 code[] = { 0x00c58463 | t[i].f3 << 12, EBREAK, EBREAK };

			h->x[A1] = t[i].a;
			h->x[A2] = t[i].b;
			exec_put(r, places[p], code, ARRAY_LEN(code));
			exec_from(r, RIG_RAM + places[p]);
			assert_int_equal(exec_cause(r, RIG_RAM + places[p] + (t[i].taken ? 8 : 4)),
					 -1);
		}
	rig_free(r);
	(void)state;
}

static void branches_go_within_and_between_pages(void **state)
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];
	static const u32 head[] = {
		0x00b50533, /* add a0, a0, a1 */
		0xfff58593, /* addi a1, a1, -1 */
		0x7f90006f, /* j .+0xff8: to `tail` in the next page */
	};
	static const u32 tail[] = {
		0x80059063, /* bnez a1, .-4096 */
		EBREAK,
	};

	exec_put(r, CODE + 8, head, ARRAY_LEN(head));
	exec_put(r, CODE + 8 + 8 + 0xff8, tail, ARRAY_LEN(tail));
	h->x[A0] = 0;
	h->x[A1] = 5000;
	exec_from(r, RIG_RAM + CODE + 8);
	assert_int_equal(exec_cause(r, RIG_RAM + CODE + 8 + 8 + 0xff8 + 4), -1);
	assert_int_equal(h->x[A0], 5000 * 5001 / 2);
	rig_free(r);
	(void)state;
}

static void only_what_completes_retires(void **state)
{
	static const u32 code[] = {
		0xb0202773,           /* csrr a4, minstret */
		NOP, NOP, 0x00000073, /* ecall */
	};
	static const u32 handler[] = {
		0xb02027f3, /* csrr a5, minstret */
		EBREAK,
	};
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, DATA, handler, ARRAY_LEN(handler));
	h->mtvec = RIG_RAM + DATA; /* the ebreak comes here, too */
	h->pc = RIG_RAM + CODE;
	for (u32 i = 0; i < 2; i++) { /* up to the ecall, and up to the ebreak */
		hart_slice(h, 16);
		h->left = code_at(h)->fn(code_at(h), h, align_down(h->pc, PAGE_SIZE), h->left);
	}
	assert_int_equal(h->x[A5] - h->x[A4], 3);
	rig_free(r);
	(void)state;
}

/* -- Memory ------------------------------------------------------------------------------ */

static void loads_extend_and_stores_cut(void **state)
{
	static const struct {
		u32 word;
		u64 want;
	} t[] = {
		{ I_TYPE(0, 0, 0x03), 0xffffffffffffff88 },
		{ I_TYPE(0, 1, 0x03), 0xffffffffffff8788 },
		{ I_TYPE(0, 2, 0x03), 0xffffffff85868788 },
		{ I_TYPE(0, 3, 0x03), 0x8182838485868788 },
		{ I_TYPE(0, 4, 0x03), 0x88 },
		{ I_TYPE(0, 5, 0x03), 0x8788 },
		{ I_TYPE(0, 6, 0x03), 0x85868788 },
	};
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (u32 miss = 0; miss < 2; miss++)
		for (size_t i = 0; i < ARRAY_LEN(t); i++) {
			put_le64(r->ram + DATA, 0x8182838485868788);
			if (miss)
				mmu_forget(h);
			h->x[A1] = RIG_RAM + DATA;
			assert_int_equal(exec(r, t[i].word), -1);
			assert_int_equal(h->x[A0], t[i].want);
		}
	h->x[A2] = 0x1112131415161718;
	for (u32 f3 = 0; f3 < 4; f3++) {
		put_le64(r->ram + DATA, 0);
		assert_int_equal(exec(r, S_TYPE(0, f3, 0x23)), -1);
		assert_int_equal(get_le64(r->ram + DATA), h->x[A2] & LOW_BITS(8 << f3));
	}
	rig_free(r);
	(void)state;
}

static void misaligned_accesses_work_within_and_across_pages(void **state) /* trap:11 */
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (u64 at = DATA + PAGE_SIZE - 8; at < DATA + PAGE_SIZE + 8; at++)
		for (u32 f3 = 0; f3 < 4; f3++)
			for (u32 turn = 0; turn < 2; turn++) {
				u64 mask = LOW_BITS(8 << f3);

				put_le64(r->ram + at - 8, 0x7777777777777777);
				put_le64(r->ram + at, 0x7777777777777777);
				put_le64(r->ram + at + 8, 0x7777777777777777);
				h->x[A1] = RIG_RAM + at;
				h->x[A2] = 0xf1f2f3f4f5f6f7f8;
				assert_int_equal(exec(r, S_TYPE(0, f3, 0x23)), -1);
				assert_int_equal(get_le64(r->ram + at),
						 (0x7777777777777777 & ~mask) | (h->x[A2] & mask));
				assert_int_equal(get_le64(r->ram + at - 8), 0x7777777777777777);
				assert_int_equal(get_le64(r->ram + at + 8), 0x7777777777777777);
				assert_int_equal(exec(r, I_TYPE(0, f3 == 3 ? 3 : f3 | 4, 0x03)),
						 -1);
				assert_int_equal(h->x[A0], h->x[A2] & mask);
			}
	rig_free(r);
	(void)state;
}

/* -- Atomics -------------------------------------------------------------------------------- */

#define AMO(f5, f3) R_TYPE((f5) << 2, f3, 0x2f)

static void amos_return_what_was_there_sign_extended(void **state) /* trap:19 */
{
	/* clang-format off */
	static const struct {
		u32 f5;
		u64 was, operand, result;
	} t[] = {
		{ 0x00, 0x80000001, 2, 0x80000003 },          /* add */
		{ 0x01, 0x80000001, 2, 2 },                   /* swap */
		{ 0x04, 0x80000001, 3, 0x80000002 },          /* xor */
		{ 0x08, 0x80000001, 2, 0x80000003 },          /* or */
		{ 0x0c, 0x80000001, 3, 1 },                   /* and */
		{ 0x10, 0x80000001, 2, 0x80000001 },          /* min */
		{ 0x14, 0x80000001, 2, 2 },                   /* max */
		{ 0x18, 0x80000001, 0xffffffff00000002, 2 },  /* minu */
		{ 0x1c, 0x80000001, 0xffffffff00000002, 0x80000001 },
	};
	/* clang-format on */
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (u32 turn = 0; turn < 4; turn++) {
			bool wide = turn & 1; /* the same, in the upper half */
			u32 shift = wide ? 32 : 0;

			if (turn & 2)
				mmu_forget(h);
			put_le64(r->ram + DATA, t[i].was << shift);
			h->x[A1] = RIG_RAM + DATA;
			h->x[A2] = t[i].operand << shift;
			assert_int_equal(exec(r, AMO(t[i].f5, wide ? 3 : 2)), -1);
			assert_int_equal(get_le64(r->ram + DATA), t[i].result << shift);
			assert_int_equal(h->x[A0], wide ? t[i].was << 32 : (u64)(i64)(i32)t[i].was);
		}
	h->x[A1] = RIG_RAM + DATA; /* amoadd.d a1, a1, (a1) */
	put_le64(r->ram + DATA, 1);
	assert_int_equal(exec(r, 0x00b5b5af), -1);
	assert_int_equal(h->x[A1], 1);
	assert_int_equal(get_le64(r->ram + DATA), RIG_RAM + DATA + 1);
	rig_free(r);
	(void)state;
}

#define LR_D 0x1005b52f /* lr.d a0, (a1) */
#define LR_W 0x1005a52f
#define SC_D 0x18c5b52f /* sc.d a0, a2, (a1) */
#define SC_W 0x18c5a52f

static void misaligned_atomics_trap_and_fault_as_their_kind(void **state) /* trap:13 trap:14 */
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (u32 turn = 0; turn < 2; turn++) { /* the second time with the page in the TLB */
		h->x[A1] = RIG_RAM + DATA + 4;
		assert_int_equal(exec(r, LR_D), CAUSE_LOAD_MISALIGNED);
		assert_int_equal(exec(r, SC_D), CAUSE_STORE_MISALIGNED);
		assert_int_equal(exec(r, AMO(0, 3)), CAUSE_STORE_MISALIGNED);
		assert_int_equal(h->last_trap.tval, RIG_RAM + DATA + 4);
		assert_int_equal(exec(r, LR_W), -1);
		h->x[A1]++;
		assert_int_equal(exec(r, LR_W), CAUSE_LOAD_MISALIGNED);
		assert_int_equal(exec(r, AMO(0x10, 2)), CAUSE_STORE_MISALIGNED);
	}
	h->x[A1] = 0x1000;
	assert_int_equal(exec(r, LR_W), CAUSE_LOAD_ACCESS);
	assert_int_equal(exec(r, SC_W), CAUSE_STORE_ACCESS);
	assert_int_equal(exec(r, AMO(1, 2)), CAUSE_STORE_ACCESS);
	rig_free(r);
	(void)state;
}

/* lr.d a0, (a1); <word>; sc.d a0, a2, (a1) */
static u64 lr_then_sc(struct rig *r, u32 between, u32 sc)
{
	const u32 code[] = { LR_D, between, sc, EBREAK };

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(exec_cause(r, RIG_RAM + CODE + 12), -1);
	return r->harts[0]->x[A0];
}

static void sc_succeeds_once_and_only_on_what_lr_saw(void **state) /* trap:16 trap:17 trap:18 */
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	h->x[A1] = RIG_RAM + DATA;
	h->x[A2] = 5;
	h->x[A3] = RIG_RAM + DATA + 64;
	put_le64(r->ram + DATA, 1);
	assert_int_equal(lr_then_sc(r, NOP, SC_D), 0);
	assert_int_equal(get_le64(r->ram + DATA), 5);
	assert_int_equal(exec(r, SC_D), -1); /* no reservation any more */
	assert_int_equal(h->x[A0], 1);
	assert_int_equal(lr_then_sc(r, 0x0006b703, SC_D), 0); /* ld a4, 0(a3) */
	assert_int_equal(lr_then_sc(r, 0x00d5b023, SC_D), 1); /* sd a3, 0(a1): changed */
	assert_int_equal(lr_then_sc(r, NOP, SC_W), 1);        /* another size */
	assert_int_equal(lr_then_sc(r, 0x18d6b72f, SC_D), 1); /* a failed sc in between */
	rig_free(r);
	(void)state;
}

static void compare_and_swap_stores_only_on_a_match(void **state)
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];
	const u32 q = 0x28c5c52f; /* amocas.q a0, a2, (a1) */

	h->x[A1] = RIG_RAM + DATA;
	h->x[A2] = 9;
	put_le64(r->ram + DATA, 0xffffffff80000001);
	h->x[A0] = 0x80000001; /* only the low word counts */
	assert_int_equal(exec(r, AMO(5, 2)), -1);
	assert_int_equal(h->x[A0], 0xffffffff80000001);
	assert_int_equal(get_le64(r->ram + DATA), 0xffffffff00000009);
	assert_int_equal(exec(r, AMO(5, 3)), -1);
	assert_int_equal(get_le64(r->ram + DATA), 0xffffffff00000009);
	assert_int_equal(h->x[A0], 0xffffffff00000009);

	put_le64(r->ram + DATA + 8, 3);
	h->x[A0 + 1] = 4;
	h->x[A0] = 0xffffffff00000009;
	h->x[A2 + 1] = 7;
	h->x[A1 + 0] = RIG_RAM + DATA; /* a1 is the odd half of a0 here */
	put_le64(r->ram + DATA + 8, RIG_RAM + DATA);
	assert_int_equal(exec(r, q), -1);
	assert_int_equal(get_le64(r->ram + DATA), 9);
	assert_int_equal(get_le64(r->ram + DATA + 8), 7);
	assert_int_equal(exec(r, q | 1 << 7), CAUSE_ILLEGAL); /* odd rd */
	h->x[A1] = RIG_RAM + DATA + 8;
	assert_int_equal(exec(r, q), CAUSE_STORE_MISALIGNED);
	rig_free(r);
	(void)state;
}

/* -- Floating point -------------------------------------------------------------------------- */

#define FP(f7, rm) R_TYPE(f7, rm, 0x53)
#define BOX(v)     ((v) | 0xffffffff00000000)
#define ONE32      ((u64)0x3f800000)
#define ONE64      ((u64)0x3ff0000000000000)

static struct rig *fp_rig(void)
{
	struct rig *r = exec_rig(ALL_ISA);

	r->harts[0]->mstatus |= (u64)1 << 13;
	return r;
}

static void floats_are_boxed_and_unboxed(void **state) /* trap:58 trap:60 */
{
	struct rig *r = fp_rig();
	struct hart *h = r->harts[0];

	h->f[A1] = h->f[A2] = BOX(ONE32);
	assert_int_equal(exec(r, FP(0, 0)), -1); /* fadd.s */
	assert_int_equal(h->f[A0], BOX(0x40000000));
	h->f[A2] = ONE32; /* not boxed: a NaN */
	assert_int_equal(exec(r, FP(0, 0)), -1);
	assert_int_equal(h->f[A0], BOX(0x7fc00000));
	assert_int_equal(exec(r, FP(0x10, 0)), -1); /* fsgnj.s: sign of the canonical NaN */
	assert_int_equal(h->f[A0], BOX(ONE32));
	h->f[A1] = 0x1234567880000001;
	assert_int_equal(exec(r, 0xe0058553), -1); /* fmv.x.w: raw bits */
	assert_int_equal(h->x[A0], 0xffffffff80000001);
	h->x[A1] = RIG_RAM + DATA;
	h->f[A2] = 0x0000000087654321;
	assert_int_equal(exec(r, S_TYPE(0, 2, 0x27)), -1); /* fsw: raw bits */
	assert_int_equal(get_le32(r->ram + DATA), 0x87654321);
	assert_int_equal(exec(r, I_TYPE(0, 2, 0x07)), -1); /* flw */
	assert_int_equal(h->f[A0], BOX(0x87654321));
	assert_int_equal(exec(r, I_TYPE(0, 1, 0x07)), -1); /* flh */
	assert_int_equal(h->f[A0], 0xffffffffffff4321);
	h->f[A1] = h->f[A2] = 0x7ff8000000001234; /* a payload is not passed on */
	assert_int_equal(exec(r, FP(1, 0)), -1);
	assert_int_equal(h->f[A0], 0x7ff8000000000000);
	rig_free(r);
	(void)state;
}

static void rounding_modes_come_from_the_word_or_frm(void **state) /* trap:63 */
{
	struct rig *r = fp_rig();
	struct hart *h = r->harts[0];
	/* clang-format off */
	static const u64 third[] = { /* 1/3: RNE RTZ RDN RUP RMM */
		0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555555,
		0x3fd5555555555556, 0x3fd5555555555555,
	};
	/* clang-format on */

	h->f[A1] = ONE64;
	h->f[A2] = 0x4008000000000000;
	for (u32 rm = 0; rm < 5; rm++) {
		h->frm = 0;
		assert_int_equal(exec(r, FP(0x0d, rm)), -1); /* fdiv.d */
		assert_int_equal(h->f[A0], third[rm]);
		h->f[A0] = 0;
		h->frm = rm;
		assert_int_equal(exec(r, FP(0x0d, 7)), -1);
		assert_int_equal(h->f[A0], third[rm]);
	}
	for (u32 rm = 5; rm < 8; rm++) {
		h->frm = rm;
		assert_int_equal(exec(r, FP(0x0d, 7)), CAUSE_ILLEGAL);
		assert_int_equal(h->last_trap.tval, FP(0x0d, 7));
		assert_int_equal(exec(r, FP(0x0d, 0)), -1); /* a static mode is unaffected */
	}
	h->frm = 0;
	assert_int_equal(exec(r, FP(0x0d, 5)), CAUSE_ILLEGAL);
	assert_int_equal(exec(r, FP(0x0d, 6)), CAUSE_ILLEGAL);
	rig_free(r);
	(void)state;
}

static void fs_off_makes_floating_point_illegal_and_writes_make_it_dirty(void **state)
{
	static const u32 words[] = {
		FP(0, 0),           /* fadd.s */
		FP(0x51, 2),        /* feq.d */
		I_TYPE(0, 3, 0x07), /* fld */
		S_TYPE(0, 3, 0x27), /* fsd */
		0xe2058553,         /* fmv.x.d */
		0x00c5f543          /* fmadd.s */
	};
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];
	struct hart_view v;

	h->x[A1] = RIG_RAM + DATA;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		h->mstatus &= ~MSTATUS_FS;
		assert_int_equal(exec(r, words[i]), CAUSE_ILLEGAL);
		hart_look(h, &v);
		assert_int_equal(v.cause, CAUSE_ILLEGAL);
		h->mstatus |= (u64)2 << 13;
		assert_int_equal(exec(r, words[i]), -1);
	}
	/* exec() puts mstatus back, so look at it from inside: csrr a0, mstatus */
	{
		const u32 code[] = { I_TYPE(0, 3, 0x07), 0x30002573, EBREAK };

		exec_put(r, CODE, code, ARRAY_LEN(code));
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(h->x[A0] & MSTATUS_FS, MSTATUS_FS);
		assert_true(h->x[A0] >> 63);
	}
	rig_free(r);
	(void)state;
}

static void every_fp_row_reaches_its_function(void **state)
{
	/* f10 <- f11, f12 (2.0, 3.0 and 5.0 in f13); doubles, then floats */
	static const struct {
		const char *what;
		u32 word;
		u64 want;
	} t[] = {
		/* clang-format off */
		{ "fsub.d",    FP(0x05, 0), 0xbff0000000000000 },
		{ "fmul.d",    FP(0x09, 0), 0x4018000000000000 },
		{ "fmin.d",    FP(0x15, 0), 0x4000000000000000 },
		{ "fmax.d",    FP(0x15, 1), 0x4008000000000000 },
		{ "fminm.d",   FP(0x15, 2), 0x4000000000000000 },
		{ "fmaxm.d",   FP(0x15, 3), 0x4008000000000000 },
		{ "fsgnjn.d",  FP(0x11, 1), 0xc000000000000000 },
		{ "fsgnjx.d",  FP(0x11, 2), 0x4000000000000000 },
		{ "fmadd.d",   0x6ac58543 & ~(u32)0x7000, 0x4026000000000000 }, /* 2 * 3 + 5 */
		{ "fmsub.d",   0x6ac58547 & ~(u32)0x7000, 0x3ff0000000000000 },
		{ "fnmsub.d",  0x6ac5854b & ~(u32)0x7000, 0xbff0000000000000 },
		{ "fnmadd.d",  0x6ac5854f & ~(u32)0x7000, 0xc026000000000000 },
		{ "fsqrt.d",   0x5a058553, 0x3ff6a09e667f3bcd },
		{ "fcvt.s.d",  0x40158553, BOX(0x40000000) },
		{ "fcvt.h.d",  0x44158553, 0xffffffffffff4000 },
		{ "fround.d",  0x42458553, 0x4000000000000000 },
		{ "fli.d",     0xf2180553 | 0 << 15, 0x3ff0000000000000 },
		/* clang-format on */
	};
	struct rig *r = fp_rig();
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		h->f[A1] = 0x4000000000000000;
		h->f[A2] = 0x4008000000000000;
		h->f[A3] = 0x4014000000000000;
		if (exec(r, t[i].word) != -1)
			fail_msg("%s traps", t[i].what);
		if (h->f[A0] != t[i].want)
			fail_msg("%s: %#" PRIx64, t[i].what, h->f[A0]);
	}
	h->f[A1] = h->f[A2] = 0xc004000000000000;   /* -2.5 */
	assert_int_equal(exec(r, FP(0x11, 2)), -1); /* fsgnjx.d of itself */
	assert_int_equal(h->f[A0], 0x4004000000000000);
	assert_int_equal(exec(r, 0xc2059553), -1); /* fcvt.w.d rtz */
	assert_int_equal(h->x[A0], (u64)-2);
	assert_int_equal(exec(r, 0xc225a553), -1); /* fcvt.l.d rdn */
	assert_int_equal(h->x[A0], (u64)-3);
	assert_int_equal(exec(r, 0xe2059553), -1); /* fclass.d: a negative normal number */
	assert_int_equal(h->x[A0], 2);
	assert_int_equal(exec(r, 0xc2859553), -1); /* fcvtmod.w.d */
	assert_int_equal(h->x[A0], (u64)-2);
	h->x[A1] = (u64)-7;
	assert_int_equal(exec(r, 0xd2258553), -1); /* fcvt.d.l */
	assert_int_equal(h->f[A0], 0xc01c000000000000);
	assert_int_equal(exec(r, 0xd0258553), -1); /* fcvt.s.l */
	assert_int_equal(h->f[A0], BOX(0xc0e00000));
	rig_free(r);
	(void)state;
}

/* -- Code that changes --------------------------------------------------------------------------
 */

static void fence_i_makes_stores_to_code_seen(void **state) /* trap:21 trap:22 */
{
	/* at CODE: call DATA; sw a2, 0(a1); fence.i; call DATA */
	static const u32 code[] = {
		0x000680e7, /* jalr ra, 0(a3) */
		0x00050713, /* mv a4, a0 */
		0x00c5a023, /* sw a2, 0(a1) */
		0x0000100f, /* fence.i */
		0x000680e7, EBREAK,
	};
	static const u32 callee[] = { 0x00100513 /* li a0, 1 */, 0x00008067 /* ret */ };
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	exec_put(r, CODE, code, ARRAY_LEN(code));
	exec_put(r, DATA, callee, ARRAY_LEN(callee));
	h->x[A1] = h->x[A3] = RIG_RAM + DATA;
	h->x[A2] = 0x00200513; /* li a0, 2 */
	exec_from(r, RIG_RAM + CODE);
	assert_int_equal(exec_cause(r, RIG_RAM + CODE + 20), -1);
	assert_int_equal(h->x[A4], 1);
	assert_int_equal(h->x[A0], 2);
	rig_free(r);
	(void)state;
}

/* An instruction that was decoded as the second half of another one. */
static void changed_bytes_are_decoded_anew_from_any_start(void **state)
{
	struct rig *r = exec_rig(ALL_ISA);
	struct hart *h = r->harts[0];

	for (u32 i = 0; i < 64; i += 2) {
		h->x[A0] = 0;
		assert_int_equal(exec_at(r, CODE + i, 0x00750513), -1); /* addi a0, a0, 7 */
		assert_int_equal(exec_at(r, CODE + i, 0x0505), -1);     /* c.addi a0, 1 */
		assert_int_equal(h->x[A0], 8);
		/* only the second half of an instruction changes */
		assert_int_equal(exec_at(r, CODE + i, 0x00500513), -1); /* li a0, 5 */
		assert_int_equal(exec_at(r, CODE + i, 0x00700513), -1);
		assert_int_equal(h->x[A0], 7);
	}
	rig_free(r);
	(void)state;
}

/* A chain through pages that add up their numbers, and back.  None of them takes the place in
 * the jump cache that the caller's page has, so that is the one way back to it. */
static void more_pages_of_code_than_are_kept_still_run(void **state)
{
	enum { KEPT = 1024, PAGES = 2 * KEPT, SKIPPED = CODE / PAGE_SIZE };
	const u64 gpa = 0x90000000;
	static const u32 code[] = {
		0x000580e7, /* jalr ra, 0(a1) */
		0x00450513, /* addi a0, a0, 4 */
		0x00000013,
		EBREAK,
	};
	struct rig *r = exec_rig(ALL_ISA);
	u8 *ram = xzalloc(PAGES * PAGE_SIZE);
	struct hart *h = r->harts[0];
	u64 want = 4;

	assert_true(mem_add_ram(r->env.mem, "more", gpa, PAGES * PAGE_SIZE, ram, NULL));
	for (u32 i = 0; i < PAGES; i++) {
		bool next_is_skipped = (i + 1) % JUMP_ENTRIES == SKIPPED;

		put_le32(ram + i * PAGE_SIZE, 0x00050513 | (i & 0x7ff) << 20); /* addi a0, a0, i */
		/* j .+0xffc or .+0x1ffc: to the next page or over it */
		put_le32(ram + i * PAGE_SIZE + 4, next_is_skipped ? 0x7fd0106f : 0x7fd0006f);
		want += i % JUMP_ENTRIES == SKIPPED ? 0 : i & 0x7ff;
	}
	put_le32(ram + (PAGES - 1) * PAGE_SIZE + 4, 0x00008067); /* ret */
	exec_put(r, CODE, code, ARRAY_LEN(code));
	for (u32 turn = 0; turn < 3; turn++) {
		h->x[A0] = 0;
		h->x[A1] = gpa;
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(exec_cause(r, RIG_RAM + CODE + 12), -1);
		assert_int_equal(h->x[A0], want);
	}
	rig_free(r);
	free(ram);
	(void)state;
}

static void hints_and_odd_fences_do_nothing(void **state) /* trap:8 */
{
	static const u32 words[] = {
		0x0100000f,                         /* pause */
		0x0ff0000f, 0x8330000f, 0xfff0800f, /* fence; fence.tso; reserved fields */
		0x0000150f,                         /* fence.i with rd */
		0x00056013, 0x00156013, 0x00356013, /* prefetch.i, .r, .w */
		0x00100013, 0x4013d013,             /* addi, srai to zero */
		0x0001,     0x0005,     0x4005,
		0x6005, /* c.nop, c.nop 1, c.li zero, c.lui zero */
		0x0002,     0x802e,     0x902e,
		0x8001, /* c.slli, c.mv and c.add zero; c.srli by 0 */
	};
	struct rig *r = exec_rig(ALL_ISA);
	u64 before[32];

	memcpy(before, r->harts[0]->x, sizeof(before) - sizeof(u64));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_int_equal(exec(r, words[i]), -1);
	assert_memory_equal(before, r->harts[0]->x, sizeof(before) - sizeof(u64));
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_computed_as_the_manual_says),
		cmocka_unit_test(division_by_zero_and_overflow_have_values),
		cmocka_unit_test(bit_manipulation_works),
		cmocka_unit_test(x0_takes_no_value_but_the_access_happens),
		cmocka_unit_test(jalr_clears_bit_0_and_reads_before_it_writes),
		cmocka_unit_test(without_c_the_jump_traps_not_its_target),
		cmocka_unit_test(jumps_link_behind_themselves),
		cmocka_unit_test(each_branch_takes_what_it_names),
		cmocka_unit_test(branches_go_within_and_between_pages),
		cmocka_unit_test(only_what_completes_retires),
		cmocka_unit_test(loads_extend_and_stores_cut),
		cmocka_unit_test(misaligned_accesses_work_within_and_across_pages),
		cmocka_unit_test(amos_return_what_was_there_sign_extended),
		cmocka_unit_test(misaligned_atomics_trap_and_fault_as_their_kind),
		cmocka_unit_test(sc_succeeds_once_and_only_on_what_lr_saw),
		cmocka_unit_test(compare_and_swap_stores_only_on_a_match),
		cmocka_unit_test(floats_are_boxed_and_unboxed),
		cmocka_unit_test(rounding_modes_come_from_the_word_or_frm),
		cmocka_unit_test(fs_off_makes_floating_point_illegal_and_writes_make_it_dirty),
		cmocka_unit_test(every_fp_row_reaches_its_function),
		cmocka_unit_test(fence_i_makes_stores_to_code_seen),
		cmocka_unit_test(changed_bytes_are_decoded_anew_from_any_start),
		cmocka_unit_test(more_pages_of_code_than_are_kept_still_run),
		cmocka_unit_test(hints_and_odd_fences_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
