/* Control and status registers: which there are, who may access them, what they keep. */
#include "rig.h"

/* clang-format off */
enum {
	FFLAGS = 0x001, FRM = 0x002, FCSR = 0x003,
	SSTATUS = 0x100, SIE = 0x104, STVEC = 0x105, SCOUNTEREN = 0x106, SENVCFG = 0x10a,
	SSCRATCH = 0x140, SEPC = 0x141, SCAUSE = 0x142, STVAL = 0x143, SIP = 0x144,
	STIMECMP = 0x14d, SATP = 0x180,
	MSTATUS = 0x300, MISA = 0x301, MEDELEG = 0x302, MIDELEG = 0x303, MIE = 0x304,
	MTVEC = 0x305, MCOUNTEREN = 0x306, MENVCFG = 0x30a, MCOUNTINHIBIT = 0x320,
	MSCRATCH = 0x340, MEPC = 0x341, MCAUSE = 0x342, MTVAL = 0x343, MIP = 0x344,
	PMPCFG0 = 0x3a0, PMPADDR0 = 0x3b0,
	MCYCLE = 0xb00, MINSTRET = 0xb02, CYCLE = 0xc00, TIME = 0xc01, INSTRET = 0xc02,
	HPMCOUNTER3 = 0xc03, MHARTID = 0xf14
};
/* clang-format on */

#define BIT(n) ((u64)1 << (n))
#define ONES   UINT64_MAX

/* -- Which exist ---------------------------------------------------------------------- */

/* Written from the manual's listing, not from csr.def. */
struct span {
	u32 first, last, step;
};

static const struct span always[] = {
	{ 0x300, 0x301, 1 }, { 0x304, 0x305, 1 }, { 0x320, 0x320, 1 },
	{ 0x323, 0x33f, 1 }, { 0x340, 0x344, 1 }, { 0x7a0, 0x7a2, 1 },
	{ 0xb00, 0xb00, 1 }, { 0xb02, 0xb1f, 1 }, { 0xf11, 0xf15, 1 },
};
static const struct span with_s[] = {
	{ 0x100, 0x100, 1 }, { 0x104, 0x106, 1 }, { 0x10a, 0x10a, 1 }, { 0x140, 0x144, 1 },
	{ 0x180, 0x180, 1 }, { 0x302, 0x303, 1 }, { 0x306, 0x306, 1 }, { 0x30a, 0x30a, 1 },
};
static const struct span with_f[] = { { 0x001, 0x003, 1 } };
static const struct span with_zicntr[] = { { 0xc00, 0xc02, 1 } };
static const struct span with_zihpm[] = { { 0xc03, 0xc1f, 1 } };
static const struct span with_sstc[] = { { 0x14d, 0x14d, 1 } };
static const struct span with_16_pmp[] = { { 0x3a0, 0x3a2, 2 }, { 0x3b0, 0x3bf, 1 } };
static const struct span with_64_pmp[] = { { 0x3a0, 0x3ae, 2 }, { 0x3b0, 0x3ef, 1 } };

static void add(bool *set, const struct span *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (u32 num = s[i].first; num <= s[i].last; num += s[i].step)
			set[num] = true;
}

#define ADD(set, spans) add(set, spans, ARRAY_LEN(spans))

static void expect_exactly(struct rig *r, const bool *set)
{
	struct hart *h;

	rig_start(r, NULL);
	h = r->harts[0];
	h->mstatus |= MSTATUS_FS;
	for (u32 num = 0; num < 4096; num++)
		if (rig_csrr(h, num) != set[num])
			fail_msg("CSR %#x: expected %d", num, set[num]);
	rig_free(r);
}

/* trap:39 trap:37 - absent numbers are illegal, odd pmpcfg among them. */
static void a_hart_has_the_csrs_of_its_extensions_and_no_others(void **state)
{
	bool all[4096] = { false }, least[4096] = { false };
	struct rig *r = rig_plan("rv64i_zicsr", 1);

	ADD(least, always);
	r->config[0].s_mode = false;
	r->config[0].mmu = MMU_NONE;
	r->config[0].pmp_entries = 0;
	expect_exactly(r, least);

	ADD(all, always);
	ADD(all, with_s);
	ADD(all, with_f);
	ADD(all, with_zicntr);
	ADD(all, with_zihpm);
	ADD(all, with_sstc);
	ADD(all, with_16_pmp);
	expect_exactly(rig_plan(RIG_ISA, 1), all);

	ADD(all, with_64_pmp);
	r = rig_plan(RIG_ISA, 1);
	r->config[0].pmp_entries = 64;
	expect_exactly(r, all);
	(void)state;
}

/* trap:39 - bits 9:8 of the number are the least privilege, 11:10 = 3 is read-only. */
static void privilege_and_read_only_follow_from_the_number(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	h->mcounteren = h->scounteren = ONES;
	h->menvcfg = ENVCFG_STCE;
	h->mstatus |= MSTATUS_FS;
	for (u32 num = 0; num < 4096; num++) {
		bool exists = h->csr_rows[num];

		rig_priv(h, PRIV_M);
		assert_int_equal(rig_csrr(h, num), exists);
		rig_priv(h, PRIV_S);
		assert_int_equal(rig_csrr(h, num), exists && (num >> 8 & 3) <= PRIV_S);
		rig_priv(h, PRIV_U);
		assert_int_equal(rig_csrr(h, num), exists && (num >> 8 & 3) == PRIV_U);
		rig_priv(h, PRIV_M);
		if (num >> 10 == 3)
			assert_false(rig_csrw(h, num, 0));
	}
	rig_free(r);
	(void)state;
}

/* trap:38 */
static void csrrs_and_csrrc_of_x0_do_not_write(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	assert_true(rig_csr(h, help_csrrs, MHARTID, 0));
	assert_true(rig_csr(h, help_csrrc, MHARTID, 0));
	assert_true(rig_csr(h, help_csrrsi, MHARTID, 0));
	assert_true(rig_csr(h, help_csrrci, MHARTID, 0));
	assert_false(rig_csr(h, help_csrrw, MHARTID, 0));
	assert_false(rig_csr(h, help_csrrwi, MHARTID, 0));
	h->x[5] = 0; /* a register that holds 0 is a write all the same */
	assert_false(rig_csr(h, help_csrrs, MHARTID, 5));
	assert_false(rig_csr(h, help_csrrci, MHARTID, 1));
	rig_free(r);
	(void)state;
}

/* trap:53 - an illegal access traps with cause 2 and changes no register. */
static void an_illegal_access_leaves_rd_alone(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	const u32 word = 0x7a8312f3; /* csrrw t0,mcontext,t1: there are no triggers */
	struct op op = { .rd = 5, .rs1 = 6, .len = 2, .imm = (i32)word };

	memcpy(r->ram, &word, 4);
	h->x[5] = 55;
	h->mtvec = RIG_RAM + 0x100;
	assert_true(help_csrrw(h, &op, RIG_RAM));
	assert_int_equal(h->x[5], 55);
	assert_int_equal(h->mcause, CAUSE_ILLEGAL);
	assert_int_equal(h->mepc, RIG_RAM);
	assert_int_equal(h->mtval, word);
	assert_int_equal(h->pc, RIG_RAM + 0x100);
	rig_free(r);
	(void)state;
}

static void the_six_forms_swap_set_and_clear(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MSCRATCH, 0xf0);
	h->x[5] = 0x0f;
	assert_true(rig_csr(h, help_csrrs, MSCRATCH, 5));
	assert_int_equal(h->x[6], 0xf0);
	assert_int_equal(rig_get(h, MSCRATCH), 0xff);
	assert_true(rig_csr(h, help_csrrci, MSCRATCH, 0x11));
	assert_int_equal(rig_get(h, MSCRATCH), 0xee);
	assert_true(rig_csr(h, help_csrrsi, MSCRATCH, 0x01));
	assert_int_equal(rig_get(h, MSCRATCH), 0xef);
	assert_true(rig_csr(h, help_csrrwi, MSCRATCH, 0x1f));
	assert_int_equal(rig_get(h, MSCRATCH), 0x1f);
	assert_true(rig_csrc(h, MSCRATCH, ONES));
	assert_int_equal(h->x[6], 0x1f);
	assert_int_equal(rig_get(h, MSCRATCH), 0);
	/* rd = rs1: the old value is swapped in */
	h->x[6] = 7;
	assert_true(rig_csr(h, help_csrrw, MSCRATCH, 6));
	assert_int_equal(h->x[6], 0);
	assert_int_equal(rig_get(h, MSCRATCH), 7);
	rig_free(r);
	(void)state;
}

/* -- What they keep ---------------------------------------------------------------------- */

/* What all ones and all zeros read back as, in M-mode, on the hart with everything. */
static const struct {
	u32 num;
	u64 ones, zeros;
} warl[] = {
	{ FFLAGS, 0x1f, 0 },
	{ FRM, 7, 0 },
	{ FCSR, 0xff, 0 },
	/* trap:50 - SD FS UXL=2 MXR SUM SPP SPIE SIE; the fields of M-mode are not there */
	{ SSTATUS, 0x80000002000c6122, 0x0000000200000000 },
	{ STVEC, 0xfffffffffffffffc, 0 },
	{ SCOUNTEREN, 0xffffffff, 0 },
	{ SENVCFG, 0xf1, 0 },
	{ SSCRATCH, ONES, 0 },
	{ SEPC, 0xfffffffffffffffe, 0 },
	{ SCAUSE, ONES, 0 },
	{ STVAL, ONES, 0 },
	{ STIMECMP, ONES, 0 },
	{ MSTATUS, 0x8000000a007e79aa, 0x0000000a00000000 },
	{ MISA, 0x800000000014112d, 0x800000000014112d }, /* trap:51 - A C D F I M S U */
	{ MEDELEG, 0xb3ff, 0 },                           /* trap:49 - no ecall from M */
	{ MIDELEG, 0x222, 0 },                            /* trap:46 */
	{ MIE, 0xaaa, 0 },
	{ MTVEC, 0xfffffffffffffffc, 0 },
	{ MCOUNTEREN, 0xffffffff, 0 },
	{ MENVCFG, 0xe0000000000000f1, 0 },
	{ MCOUNTINHIBIT, 5, 0 },
	{ 0x323, 0, 0 },
	{ MSCRATCH, ONES, 0 },
	{ MEPC, 0xfffffffffffffffe, 0 }, /* trap:52 */
	{ MCAUSE, ONES, 0 },
	{ MTVAL, ONES, 0 },
	{ 0xb03, 0, 0 },
	{ PMPADDR0, 0x003fffffffffffff, 0 },
};

static void each_register_keeps_its_bits_and_no_more(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(warl); i++) {
		struct rig *r = rig_one();
		struct hart *h = r->harts[0];

		h->mstatus |= MSTATUS_FS;
		rig_set(h, warl[i].num, ONES);
		if (rig_get(h, warl[i].num) != warl[i].ones)
			fail_msg("CSR %#x: ones read %#llx", warl[i].num,
				 (unsigned long long)rig_get(h, warl[i].num));
		h->mstatus |= MSTATUS_FS;
		rig_set(h, warl[i].num, 0);
		if (warl[i].num == SSTATUS || warl[i].num == MSTATUS)
			h->mstatus &= ~MSTATUS_FS;
		if (rig_get(h, warl[i].num) != warl[i].zeros)
			fail_msg("CSR %#x: zeros read %#llx", warl[i].num,
				 (unsigned long long)rig_get(h, warl[i].num));
		rig_free(r);
	}
	(void)state;
}

/* trap:41 */
static void mpp_2_is_not_stored(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MSTATUS, (u64)PRIV_S << 11);
	rig_set(h, MSTATUS, (u64)2 << 11);
	assert_int_equal(h->mstatus & MSTATUS_MPP, (u64)PRIV_S << 11);
	rig_free(r);
	(void)state;
}

/* trap:44 */
static void a_reserved_vector_mode_is_not_stored(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (u32 i = 0; i < 2; i++) {
		u32 num = i ? STVEC : MTVEC;

		rig_set(h, num, 0x1001);
		assert_int_equal(rig_get(h, num), 0x1001);
		rig_set(h, num, 0x2002);
		assert_int_equal(rig_get(h, num), 0x2001);
		rig_set(h, num, 0x3000);
		rig_set(h, num, 0x4003);
		assert_int_equal(rig_get(h, num), 0x4000);
	}
	rig_free(r);
	(void)state;
}

/* trap:52 */
static void without_compressed_code_return_addresses_are_multiples_of_4(void **state)
{
	struct rig *r = rig_start(rig_plan("rv64ima_zicsr", 1), NULL);
	struct hart *h = r->harts[0];

	rig_set(h, MEPC, ONES);
	assert_int_equal(rig_get(h, MEPC), ~(u64)3);
	rig_set(h, SEPC, ONES);
	assert_int_equal(rig_get(h, SEPC), ~(u64)3);
	rig_free(r);
	(void)state;
}

static void without_s_mode_mpp_is_machine_and_its_fields_are_zero(void **state)
{
	struct rig *r = rig_plan("rv64imac_zicsr", 1);
	struct hart *h;

	r->config[0].s_mode = false;
	r->config[0].mmu = MMU_NONE;
	h = rig_start(r, NULL)->harts[0];
	rig_set(h, MSTATUS, ONES);
	assert_int_equal(rig_get(h, MSTATUS), 0x1888);
	rig_set(h, MSTATUS, 0);
	assert_int_equal(rig_get(h, MSTATUS), 0x1800);
	rig_set(h, MIE, ONES);
	assert_int_equal(rig_get(h, MIE), 0x888);
	rig_free(r);
	(void)state;
}

static void cbie_2_is_not_stored(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MENVCFG, 1 << 4);
	rig_set(h, MENVCFG, 2 << 4);
	assert_int_equal(rig_get(h, MENVCFG), 1 << 4);
	rig_set(h, SENVCFG, 3 << 4);
	rig_set(h, SENVCFG, 2 << 4 | 1 << 7);
	assert_int_equal(rig_get(h, SENVCFG), 3 << 4 | 1 << 7);
	rig_free(r);
	(void)state;
}

static void envcfg_has_the_bits_of_the_extensions(void **state)
{
	static const struct {
		const char *isa;
		u64 bits;
	} t[] = {
		{ "rv64i_zicsr", 1 },
		{ "rv64i_zicsr_zicbom", 0x71 },
		{ "rv64i_zicsr_zicboz", 0x81 },
		{ "rv64i_zicsr_svpbmt", 1 | ENVCFG_PBMTE },
		{ "rv64i_zicsr_svadu", 1 | ENVCFG_ADUE },
		{ "rv64i_zicsr_svade", 1 },
		{ "rv64i_zicsr_zicntr_sstc", 1 | ENVCFG_STCE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct rig *r = rig_start(rig_plan(t[i].isa, 1), NULL);

		rig_set(r->harts[0], MENVCFG, ONES);
		assert_int_equal(rig_get(r->harts[0], MENVCFG), t[i].bits);
		rig_free(r);
	}
	(void)state;
}

/* trap:29 */
static void satp_with_an_unsupported_mode_changes_nothing(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	u64 sv39 = (u64)8 << 60 | (u64)0xabcd << 44 | 0x80001;

	rig_set(h, SATP, sv39);
	assert_int_equal(rig_get(h, SATP), sv39);
	for (u64 mode = 1; mode < 16; mode++) {
		rig_set(h, SATP, mode << 60 | 0x1234);
		if (mode == 8)
			assert_int_equal(rig_get(h, SATP), mode << 60 | 0x1234);
		else
			assert_int_equal(rig_get(h, SATP), sv39);
		rig_set(h, SATP, sv39);
	}
	rig_set(h, SATP, 0);
	assert_int_equal(rig_get(h, SATP), 0);
	rig_free(r);
	(void)state;
}

/* trap:29 - MMU_NONE: only Bare; MMU_SV57: all three. */
static void satp_takes_the_modes_of_the_mmu(void **state)
{
	static const struct {
		enum mmu_mode mmu;
		u32 modes; /* a bit for each MODE */
	} t[] = {
		{ MMU_NONE, 1 << 0 },
		{ MMU_SV39, 1 << 0 | 1 << 8 },
		{ MMU_SV48, 1 << 0 | 1 << 8 | 1 << 9 },
		{ MMU_SV57, 1 << 0 | 1 << 8 | 1 << 9 | 1 << 10 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct rig *r = rig_plan(RIG_ISA, 1);

		r->config[0].mmu = t[i].mmu;
		rig_start(r, NULL);
		for (u64 mode = 1; mode < 16; mode++) {
			rig_set(r->harts[0], SATP, 0);
			rig_set(r->harts[0], SATP, mode << 60);
			assert_int_equal(rig_get(r->harts[0], SATP) != 0, t[i].modes >> mode & 1);
		}
		rig_free(r);
	}
	(void)state;
}

/* -- Views and conditions ------------------------------------------------------------------ */

/* trap:50 */
static void a_write_to_sstatus_leaves_machine_fields_alone(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	u64 machine = MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW |
		      MSTATUS_TSR | (u64)PRIV_S << 11;

	h->mstatus = machine;
	rig_set(h, SSTATUS, ONES);
	assert_int_equal(h->mstatus & machine, machine);
	rig_set(h, SSTATUS, 0);
	assert_int_equal(h->mstatus, machine);
	h->mstatus = 0;
	rig_set(h, SSTATUS, ONES);
	assert_int_equal(h->mstatus & machine, 0);
	rig_free(r);
	(void)state;
}

/* trap:40 */
static void fp_registers_are_illegal_while_fs_is_off_and_writes_dirty_it(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (u32 num = FFLAGS; num <= FCSR; num++) {
		h->mstatus &= ~MSTATUS_FS;
		assert_false(rig_csrr(h, num));
		assert_false(rig_csrw(h, num, 0));
		h->mstatus |= (u64)1 << 13;
		assert_true(rig_csrr(h, num));
		assert_int_equal(h->mstatus & MSTATUS_FS, (u64)1 << 13);
		assert_int_equal(rig_get(h, SSTATUS) >> 63, 0);
		assert_true(rig_csrw(h, num, 0));
		assert_int_equal(h->mstatus & MSTATUS_FS, MSTATUS_FS);
		assert_int_equal(rig_get(h, SSTATUS) >> 63, 1);
	}
	rig_set(h, FCSR, 0xa5);
	assert_int_equal(rig_get(h, FRM), 5);
	assert_int_equal(rig_get(h, FFLAGS), 5);
	rig_set(h, FRM, 2);
	assert_int_equal(rig_get(h, FCSR), 0x45);
	rig_free(r);
	(void)state;
}

/* trap:42 */
static void tvm_makes_satp_illegal_in_s_mode(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	h->mstatus |= MSTATUS_TVM;
	assert_true(rig_csrr(h, SATP));
	rig_priv(h, PRIV_S);
	assert_false(rig_csrr(h, SATP));
	assert_false(rig_csrw(h, SATP, 0));
	h->mstatus &= ~MSTATUS_TVM;
	assert_true(rig_csrr(h, SATP));
	rig_free(r);
	(void)state;
}

/* trap:55 */
static void counters_need_mcounteren_and_in_u_mode_also_scounteren(void **state)
{
	static const u32 nums[] = { CYCLE, TIME, INSTRET, HPMCOUNTER3, 0xc1f };
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(nums); i++)
		for (u32 m = 0; m < 2; m++)
			for (u32 s = 0; s < 2; s++) {
				u64 bit = BIT(nums[i] & 31);

				h->mcounteren = m ? bit : ~bit;
				h->scounteren = s ? bit : ~bit;
				rig_priv(h, PRIV_M);
				assert_true(rig_csrr(h, nums[i]));
				rig_priv(h, PRIV_S);
				assert_int_equal(rig_csrr(h, nums[i]), m);
				rig_priv(h, PRIV_U);
				assert_int_equal(rig_csrr(h, nums[i]), m && s);
			}
	rig_free(r);
	(void)state;
}

/* trap:48 */
static void stimecmp_needs_stce_and_mcounteren_tm_below_m_mode(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (u32 stce = 0; stce < 2; stce++)
		for (u32 tm = 0; tm < 2; tm++) {
			h->menvcfg = stce ? ENVCFG_STCE : 0;
			h->mcounteren = tm ? 2 : ~(u64)2;
			rig_priv(h, PRIV_M);
			assert_true(rig_csrw(h, STIMECMP, ONES));
			rig_priv(h, PRIV_S);
			assert_int_equal(rig_csrw(h, STIMECMP, ONES), stce && tm);
			rig_priv(h, PRIV_U);
			assert_false(rig_csrr(h, STIMECMP));
		}
	rig_free(r);
	(void)state;
}

/* trap:46 */
static void sip_and_sie_show_delegated_bits_only(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MIE, 0xaaa);
	rig_set(h, MIP, 0x222);
	assert_int_equal(rig_get(h, SIE), 0);
	assert_int_equal(rig_get(h, SIP), 0);
	rig_set(h, SIE, 0xaaa); /* nothing is delegated: nothing is written */
	rig_set(h, SIE, 0);
	assert_int_equal(rig_get(h, MIE), 0xaaa);

	rig_set(h, MIDELEG, 0x202);
	assert_int_equal(rig_get(h, SIE), 0x202);
	assert_int_equal(rig_get(h, SIP), 0x202);
	rig_set(h, SIE, 0);
	assert_int_equal(rig_get(h, MIE), 0x8a8);
	rig_set(h, SIP, 0); /* of sip only SSIP can be written */
	assert_int_equal(rig_get(h, MIP), 0x220);
	rig_set(h, SIP, ONES);
	assert_int_equal(rig_get(h, MIP), 0x222);
	rig_free(r);
	(void)state;
}

/* trap:47 */
static void seip_reads_bit_or_line_and_is_modified_without_the_line(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	hart_input(h, IRQ_SEI, true);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_SEI));
	assert_true(rig_csrs(h, MIP, BIT(IRQ_SSI)));
	assert_int_equal(h->x[6], BIT(IRQ_SEI)); /* what rd gets has the line in it ... */
	hart_input(h, IRQ_SEI, false);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_SSI)); /* ... what was stored has not */

	assert_true(rig_csrs(h, MIP, BIT(IRQ_SEI)));
	hart_input(h, IRQ_SEI, true);
	assert_true(rig_csrc(h, MIP, BIT(IRQ_SEI)));
	assert_int_equal(rig_get(h, MIP) & BIT(IRQ_SEI), BIT(IRQ_SEI));
	hart_input(h, IRQ_SEI, false);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_SSI));
	rig_free(r);
	(void)state;
}

static void machine_interrupt_bits_of_mip_are_the_lines(void **state)
{
	static const enum irq irqs[] = { IRQ_MSI, IRQ_MTI, IRQ_MEI };
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (size_t i = 0; i < ARRAY_LEN(irqs); i++) {
		rig_set(h, MIP, ONES);
		rig_set(h, MIP, 0);
		assert_int_equal(rig_get(h, MIP), 0);
		hart_input(h, irqs[i], true);
		rig_set(h, MIP, 0);
		assert_int_equal(rig_get(h, MIP), BIT(irqs[i]));
		hart_input(h, irqs[i], false);
	}
	rig_free(r);
	(void)state;
}

/* trap:48 */
static void with_stce_stip_is_the_comparison_and_cannot_be_written(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MIP, BIT(IRQ_STI)); /* without it, it is software's */
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_STI));
	rig_set(h, STIMECMP, ONES);
	rig_set(h, MENVCFG, ENVCFG_STCE);
	assert_int_equal(rig_get(h, MIP), 0);
	rig_set(h, MIP, BIT(IRQ_STI));
	assert_int_equal(rig_get(h, MIP), 0);

	rig_set(h, STIMECMP, 0);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_STI));
	rig_set(h, MIP, 0);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_STI));
	rig_set(h, STIMECMP, ONES);
	assert_int_equal(rig_get(h, MIP), 0);
	rig_set(h, MENVCFG, 0);
	assert_int_equal(rig_get(h, MIP), BIT(IRQ_STI)); /* what software wrote at first */
	rig_free(r);
	(void)state;
}

/* trap:48 */
static void a_write_to_stimecmp_asks_for_a_kick_at_that_time(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];
	u64 now = timebase_ticks(&r->time), at = now + 1000000; /* 0.1 s */

	rig_set(h, MENVCFG, ENVCFG_STCE);
	rig_set(h, STIMECMP, at);
	assert_int_equal(r->deadline[0], timebase_ns_at(&r->time, at));
	rig_set(h, STIMECMP, ONES);
	assert_int_equal(r->deadline[0], NEVER_NS);
	rig_set(h, STIMECMP, at);
	rig_set(h, MENVCFG, 0);
	assert_int_equal(r->deadline[0], NEVER_NS);
	rig_free(r);
	(void)state;
}

/* -- Counters -------------------------------------------------------------------------------- */

static void retire(struct hart *h, i64 n)
{
	h->left -= n;
}

/* trap:54 */
static void a_write_to_minstret_replaces_its_own_increment(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	for (u32 i = 0; i < 2; i++) {
		u32 num = i ? MCYCLE : MINSTRET;

		rig_set(h, num, 100);
		retire(h, 1); /* the write itself */
		assert_int_equal(rig_get(h, num), 100);
		retire(h, 1);
		assert_int_equal(rig_get(h, num), 101);
		rig_set(h, num, ONES); /* overflow */
		retire(h, 2);
		assert_int_equal(rig_get(h, num), 0);
	}
	rig_free(r);
	(void)state;
}

/* trap:54 */
static void mcountinhibit_stops_one_counter_and_loses_nothing(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	rig_set(h, MINSTRET, 1000);
	rig_set(h, MCYCLE, 2000);
	retire(h, 1);
	rig_set(h, MCOUNTINHIBIT, 4);
	retire(h, 50);
	assert_int_equal(rig_get(h, MINSTRET), 1000);
	assert_int_equal(rig_get(h, MCYCLE), 2050);
	rig_set(h, MINSTRET, 7);
	retire(h, 3);
	assert_int_equal(rig_get(h, MINSTRET), 7);
	rig_set(h, MCOUNTINHIBIT, 0);
	retire(h, 1); /* that write */
	assert_int_equal(rig_get(h, MINSTRET), 7);
	retire(h, 5);
	assert_int_equal(rig_get(h, MINSTRET), 12);
	assert_int_equal(rig_get(h, MCYCLE), 2059);
	rig_free(r);
	(void)state;
}

static void slices_do_not_change_the_count(void **state)
{
	struct rig *r = rig_one();
	struct hart *h = r->harts[0];

	assert_int_equal(rig_get(h, MINSTRET), 0);
	for (int i = 0; i < 10; i++) {
		hart_slice(h, 1000);
		retire(h, 300);
	}
	assert_int_equal(rig_get(h, MINSTRET), 3000);
	assert_int_equal(hart_stats(h).instructions, 2700);
	rig_free(r);
	(void)state;
}

static void time_is_the_timebase(void **state)
{
	struct rig *r = rig_one();
	u64 before = timebase_ticks(&r->time), t = rig_get(r->harts[0], TIME);

	assert_true(before <= t && t <= timebase_ticks(&r->time));
	timebase_set(&r->time, BIT(40));
	assert_in_range(rig_get(r->harts[0], TIME), BIT(40), BIT(40) + 100000000);
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hart_has_the_csrs_of_its_extensions_and_no_others),
		cmocka_unit_test(privilege_and_read_only_follow_from_the_number),
		cmocka_unit_test(csrrs_and_csrrc_of_x0_do_not_write),
		cmocka_unit_test(an_illegal_access_leaves_rd_alone),
		cmocka_unit_test(the_six_forms_swap_set_and_clear),
		cmocka_unit_test(each_register_keeps_its_bits_and_no_more),
		cmocka_unit_test(mpp_2_is_not_stored),
		cmocka_unit_test(a_reserved_vector_mode_is_not_stored),
		cmocka_unit_test(without_compressed_code_return_addresses_are_multiples_of_4),
		cmocka_unit_test(without_s_mode_mpp_is_machine_and_its_fields_are_zero),
		cmocka_unit_test(cbie_2_is_not_stored),
		cmocka_unit_test(envcfg_has_the_bits_of_the_extensions),
		cmocka_unit_test(satp_with_an_unsupported_mode_changes_nothing),
		cmocka_unit_test(satp_takes_the_modes_of_the_mmu),
		cmocka_unit_test(a_write_to_sstatus_leaves_machine_fields_alone),
		cmocka_unit_test(fp_registers_are_illegal_while_fs_is_off_and_writes_dirty_it),
		cmocka_unit_test(tvm_makes_satp_illegal_in_s_mode),
		cmocka_unit_test(counters_need_mcounteren_and_in_u_mode_also_scounteren),
		cmocka_unit_test(stimecmp_needs_stce_and_mcounteren_tm_below_m_mode),
		cmocka_unit_test(sip_and_sie_show_delegated_bits_only),
		cmocka_unit_test(seip_reads_bit_or_line_and_is_modified_without_the_line),
		cmocka_unit_test(machine_interrupt_bits_of_mip_are_the_lines),
		cmocka_unit_test(with_stce_stip_is_the_comparison_and_cannot_be_written),
		cmocka_unit_test(a_write_to_stimecmp_asks_for_a_kick_at_that_time),
		cmocka_unit_test(a_write_to_minstret_replaces_its_own_increment),
		cmocka_unit_test(mcountinhibit_stops_one_counter_and_loses_nothing),
		cmocka_unit_test(slices_do_not_change_the_count),
		cmocka_unit_test(time_is_the_timebase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
