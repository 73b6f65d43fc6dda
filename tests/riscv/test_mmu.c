/* Translation: page tables, permissions, TLBs and their fences, PMP and devices below them. */
#include "exec.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };

#define ALL    (V | R | W | X | A | D)
#define BIT(n) ((u64)1 << (n))

/* Virtual addresses.  S-mode code runs where its physical address is, U-mode code in an
 * alias; the pages that tests map are in a gigabyte of their own. */
#define U_ALIAS ((u64)0xc0000000)
#define PAGES   ((u64)0x40000000)
#define NOWHERE ((u64)0x1000) /* a physical address where nothing is */

struct vm {
	struct rig *rig;
	struct hart *h;
	u64 next; /* free table, as offset in RAM */
	u32 levels;
};

static u64 *table(struct vm *vm, u64 offset)
{
	return (u64 *)(void *)(vm->rig->ram + offset);
}

static u64 pte(u64 gpa, u64 flags)
{
	return gpa >> 12 << 10 | flags;
}

/* The entry for gva of this level, with tables above it as needed. */
static u64 *entry(struct vm *vm, u64 root, u64 gva, u32 level)
{
	u64 at = root;

	for (u32 i = vm->levels - 1; i > level; i--) {
		u64 *e = &table(vm, at)[gva >> (12 + 9 * i) & 511];

		if (!(*e & V)) {
			*e = pte(RIG_RAM + vm->next, V);
			vm->next += PAGE_SIZE;
		}
		at = (*e >> 10 << 12) - RIG_RAM;
	}
	return &table(vm, at)[gva >> (12 + 9 * level) & 511];
}

static void map(struct vm *vm, u64 gva, u64 flags)
{
	*entry(vm, TABLES, gva, 0) = pte(RIG_RAM + DATA, flags);
}

static u64 satp(const struct vm *vm, u64 root, u64 asid)
{
	return (u64)(vm->levels + 5) << 60 | asid << 44 | (RIG_RAM + root) >> 12;
}

static void set_satp(struct vm *vm, u64 root, u64 asid)
{
	vm->h->satp = satp(vm, root, asid);
	mmu_mode_changed(vm->h);
}

/* A table with S-mode's code, and U-mode's. */
static void add_code(struct vm *vm, u64 root)
{
	*entry(vm, root, RIG_RAM, 2) = pte(RIG_RAM, ALL | G);
	*entry(vm, root, U_ALIAS, 2) = pte(RIG_RAM, ALL | U);
}

static void pmp(struct hart *h, u32 i, u8 cfg, u64 addr)
{
	h->pmpcfg[i] = cfg;
	h->pmpaddr[i] = addr;
	pmp_changed(h);
}

static struct vm *vm_with(const char *isa, u32 levels)
{
	struct vm *vm = xzalloc(sizeof(*vm));

	vm->rig = exec_rig(isa);
	vm->h = vm->rig->harts[0];
	vm->levels = levels;
	vm->next = TABLES + 2 * PAGE_SIZE; /* two roots */
	pmp(vm->h, 15, 0x1f, LOW_BITS(54));
	add_code(vm, TABLES);
	set_satp(vm, TABLES, 0);
	rig_priv(vm->h, PRIV_S);
	return vm;
}

static struct vm *vm_new(void)
{
	return vm_with(ALL_ISA, 3);
}

static void vm_free(struct vm *vm)
{
	rig_free(vm->rig);
	free(vm);
}

/* The instruction with a1 = gva.  -1, or the cause, and *tval. */
static i64 try(struct vm *vm, u32 word, u64 gva)
{
	const u32 code[] = { word, EBREAK };
	u64 pc = (vm->h->priv == PRIV_U ? U_ALIAS : RIG_RAM) + CODE;
	enum priv priv = vm->h->priv;
	i64 cause;

	vm->h->x[A1] = gva;
	exec_put(vm->rig, CODE, code, ARRAY_LEN(code));
	exec_from(vm->rig, pc);
	cause = exec_cause(vm->rig, pc + 4);
	if (cause >= 0)
		assert_int_equal(vm->h->last_trap.epc, pc);
	assert_int_equal(vm->h->priv, priv);
	return cause;
}

#define FETCH  0x00058067 /* jr a1 */
#define AMOADD R_TYPE(0, 3, 0x2f)

/* An ebreak at gva: -1 if it is reached. */
static i64 try_fetch(struct vm *vm, u64 gva)
{
	const u32 ebreak = EBREAK;

	exec_put(vm->rig, CODE, (const u32[]){ FETCH }, 1);
	exec_put(vm->rig, DATA + gva % PAGE_SIZE, &ebreak, 1);
	vm->h->x[A1] = gva;
	exec_from(vm->rig, (vm->h->priv == PRIV_U ? U_ALIAS : RIG_RAM) + CODE);
	return exec_cause(vm->rig, gva);
}

/* Load, store, amo and fetch give these causes; 0: works. */
static void expect(struct vm *vm, u64 gva, i64 load, i64 store, i64 fetch)
{
	assert_int_equal(try(vm, LD(0), gva), load ? load : -1);
	assert_int_equal(try(vm, SD(0), gva), store ? store : -1);
	assert_int_equal(try(vm, AMOADD, gva), store ? store : -1);
	assert_int_equal(try(vm, LD(0), gva), load ? load : -1);
	assert_int_equal(try_fetch(vm, gva), fetch ? fetch : -1);
}

#define LOAD_PF  CAUSE_LOAD_PAGE
#define STORE_PF CAUSE_STORE_PAGE
#define FETCH_PF CAUSE_FETCH_PAGE

static void pages_translate_with_every_level_of_table(void **state)
{
	for (u32 levels = 3; levels <= 5; levels++) {
		struct vm *vm = vm_with(ALL_ISA, levels);

		map(vm, PAGES, ALL);
		put_le64(vm->rig->ram + DATA + 8, 0x1234);
		assert_int_equal(try(vm, LD(8), PAGES), -1);
		assert_int_equal(vm->h->x[A0], 0x1234);
		expect(vm, PAGES, 0, 0, 0);
		/* a leaf of each larger size, and an offset into it */
		for (u32 level = 1; level < levels; level++) {
			u64 gva = BIT(12 + 9 * level) * 5 % BIT(12 + 9 * levels - 1);
			u64 size = BIT(12 + 9 * level);

			if (level >= 2) /* RAM's gigabyte is already there */
				gva = level == 2 ? BIT(30) * 7 : BIT(12 + 9 * level) * 3;
			*entry(vm, TABLES, gva, level) = pte(align_down(RIG_RAM, size), ALL);
			mmu_fence(vm->h, 0, 0, 0);
			assert_int_equal(try(vm, LD(8), gva + RIG_RAM % size + DATA), -1);
		}
		vm_free(vm);
	}
	(void)state;
}

static void addresses_that_are_not_canonical_are_page_faults(void **state) /* trap:24 */
{
	for (u32 levels = 3; levels <= 5; levels++) {
		struct vm *vm = vm_with(ALL_ISA, levels);
		u64 top = BIT(12 + 9 * levels - 1);

		map(vm, PAGES, ALL); /* what the low bits say is there */
		expect(vm, PAGES, 0, 0, 0);
		expect(vm, top, LOAD_PF, STORE_PF, FETCH_PF);
		expect(vm, PAGES | top << 1, LOAD_PF, STORE_PF, FETCH_PF);
		expect(vm, PAGES | BIT(63), LOAD_PF, STORE_PF, FETCH_PF);
		expect(vm, ~top & ~(u64)7, LOAD_PF, STORE_PF, FETCH_PF);
		assert_int_equal(vm->h->last_trap.tval, ~top & ~(u64)7);
		vm_free(vm);
	}
	(void)state;
}

static void malformed_entries_are_page_faults(void **state) /* trap:25 */
{
	static const u64 bad[] = {
		V | W | A | D, V | W | X | A | D, 0,
		V | A | D, /* W without R; invalid; a pointer */
		ALL | BIT(54), ALL | BIT(57),     ALL | BIT(60), /* reserved */
		ALL | BIT(61), ALL | BIT(62),     ALL | BIT(63), /* Svpbmt, Svnapot */
	};
	static const u64 bad_table[] = {
		V | A, V | D, V | U, V | BIT(54), V | BIT(61), V | BIT(63)
	};
	struct vm *vm = vm_with("rv64gc_svadu", 3);
	u64 *middle;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		map(vm, PAGES, bad[i]);
		expect(vm, PAGES, LOAD_PF, STORE_PF, FETCH_PF);
	}
	map(vm, PAGES, ALL);
	expect(vm, PAGES, 0, 0, 0);
	middle = entry(vm, TABLES, PAGES, 1);
	for (size_t i = 0; i < ARRAY_LEN(bad_table); i++) {
		u64 good = *middle;

		*middle |= bad_table[i];
		mmu_fence(vm->h, 0, 0, 0);
		expect(vm, PAGES, LOAD_PF, STORE_PF, FETCH_PF);
		*middle = good;
	}
	*middle = pte(RIG_RAM + PAGE_SIZE, ALL); /* a superpage that is not aligned */
	expect(vm, PAGES, LOAD_PF, STORE_PF, FETCH_PF);
	vm_free(vm);
	(void)state;
}

static void svnapot_and_svpbmt_bits_count_where_they_exist(void **state)
{
	struct vm *vm = vm_new();
	u64 napot = pte(RIG_RAM | 8 << 12, ALL | BIT(63)); /* 64K */

	for (u32 i = 0; i < 16; i++)
		*entry(vm, TABLES, PAGES + i * PAGE_SIZE, 0) = napot;
	put_le64(vm->rig->ram + 9 * PAGE_SIZE, 99);
	assert_int_equal(try(vm, LD(0), PAGES + 9 * PAGE_SIZE), -1);
	assert_int_equal(vm->h->x[A0], 99);
	*entry(vm, TABLES, PAGES, 0) = pte(RIG_RAM | 4 << 12, ALL | BIT(63)); /* 32K: reserved */
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, LD(0), PAGES), LOAD_PF);
	map(vm, PAGES, ALL | BIT(61));
	assert_int_equal(try(vm, LD(0), PAGES), LOAD_PF);
	vm->h->menvcfg |= ENVCFG_PBMTE;
	assert_int_equal(try(vm, LD(0), PAGES), -1);
	map(vm, PAGES, ALL | BIT(61) | BIT(62));
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, LD(0), PAGES), LOAD_PF);
	vm_free(vm);
	(void)state;
}

static void set_status(struct vm *vm, u64 bits, bool on)
{
	vm->h->mstatus = on ? vm->h->mstatus | bits : vm->h->mstatus & ~bits;
	mmu_mode_changed(vm->h);
}

/* No fence anywhere here: what is cached must not outlive a change of mode. */
static void permissions_follow_privilege_sum_mxr_and_mprv(void **state) /* trap:26 trap:31 */
{
	struct vm *vm = vm_new();
	const u64 user = PAGES, kernel = PAGES + PAGE_SIZE, code = PAGES + 2 * PAGE_SIZE;

	map(vm, user, ALL | U);
	map(vm, kernel, ALL);
	map(vm, code, V | X | A | D);
	for (u32 turn = 0; turn < 2; turn++) {
		expect(vm, user, LOAD_PF, STORE_PF, FETCH_PF);
		set_status(vm, MSTATUS_SUM, true);
		expect(vm, user, 0, 0, FETCH_PF);
		set_status(vm, MSTATUS_SUM, false);
		expect(vm, kernel, 0, 0, 0);
		expect(vm, code, LOAD_PF, STORE_PF, 0);
		set_status(vm, MSTATUS_MXR, true);
		expect(vm, code, 0, STORE_PF, 0);
		set_status(vm, MSTATUS_MXR, false);
		rig_priv(vm->h, PRIV_U);
		expect(vm, user, 0, 0, 0);
		expect(vm, kernel, LOAD_PF, STORE_PF, FETCH_PF);
		rig_priv(vm->h, PRIV_M);
		assert_int_equal(try(vm, LD(0), user), CAUSE_LOAD_ACCESS);
		set_status(vm, MSTATUS_MPRV | MSTATUS_MPP, true);
		set_status(vm, MSTATUS_MPP, false); /* data as U, code as M */
		assert_int_equal(try(vm, LD(0), user), -1);
		assert_int_equal(try(vm, LD(0), kernel), LOAD_PF);
		assert_int_equal(try_fetch(vm, user), CAUSE_FETCH_ACCESS);
		set_status(vm, MSTATUS_MPRV, false);
		rig_priv(vm->h, PRIV_S);
	}
	vm_free(vm);
	(void)state;
}

static void a_and_d_fault_or_are_set_as_adue_says(void **state) /* trap:27 */
{
	struct vm *vm = vm_new();
	u64 *e = entry(vm, TABLES, PAGES, 0);

	vm->h->menvcfg &= ~ENVCFG_ADUE;
	map(vm, PAGES, ALL & ~(u64)A);
	expect(vm, PAGES, LOAD_PF, STORE_PF, FETCH_PF);
	map(vm, PAGES, ALL & ~(u64)D);
	expect(vm, PAGES, 0, STORE_PF, 0);

	vm->h->menvcfg |= ENVCFG_ADUE;
	mmu_fence(vm->h, 0, 0, 0);
	map(vm, PAGES, V | R | W | X);
	assert_int_equal(try(vm, LD(0), PAGES), -1);
	assert_int_equal(*e & 0xff, V | R | W | X | A);
	assert_int_equal(try(vm, SD(0), PAGES), -1);
	assert_int_equal(*e & 0xff, ALL);
	map(vm, PAGES, V | R | X);
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, SD(0), PAGES), STORE_PF); /* no right: nothing is set */
	assert_int_equal(*e & 0xff, V | R | X);
	assert_int_equal(try_fetch(vm, PAGES), -1);
	assert_int_equal(*e & 0xff, V | R | X | A);

	/* the update is a store: what was made of the bytes is looked at again; */
	map(vm, PAGES, V | R | W);
	mmu_fence(vm->h, 0, 0, 0);
	mem_forget_written(vm->rig->env.mem);
	assert_false(mem_load(vm->h, PAGES, 8).fault);
	assert_int_equal(*e & 0xff, V | R | W | A);
	assert_int_equal(*mem_written(vm->rig->env.mem, (const u8 *)e), 1);

	/* PMP may forbid it (entry 0: the page of tables, read-only) */
	map(vm, PAGES, V | R | W);
	pmp(vm->h, 0, 0x19, ((RIG_RAM + TABLES) >> 2) | 0x1fff);
	assert_int_equal(try(vm, LD(0), PAGES), CAUSE_LOAD_ACCESS);
	assert_int_equal(*e & 0xff, V | R | W);
	vm_free(vm);
	(void)state;
}

static void tables_out_of_reach_are_access_faults_of_the_kind(void **state) /* trap:28 */
{
	struct vm *vm = vm_new();

	*entry(vm, TABLES, PAGES, 1) = pte(NOWHERE, V);
	expect(vm, PAGES, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS);
	assert_int_equal(vm->h->last_trap.tval, PAGES);
	*entry(vm, TABLES, PAGES, 1) = 0;
	map(vm, PAGES, ALL);
	expect(vm, PAGES, 0, 0, 0);
	/* the last table alone, forbidden: the root must stay readable for the code */
	pmp(vm->h, 0, 0x18, ((RIG_RAM + TABLES + 3 * PAGE_SIZE) >> 2) | 0x1ff);
	expect(vm, PAGES, CAUSE_LOAD_ACCESS, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS);
	vm_free(vm);
	(void)state;
}

static void another_satp_means_another_translation_at_once(void **state) /* trap:29 */
{
	struct vm *vm = vm_new();
	const u64 other = TABLES + PAGE_SIZE;

	add_code(vm, other);
	map(vm, PAGES, ALL | U);
	*entry(vm, other, PAGES, 0) = pte(RIG_RAM + DATA + PAGE_SIZE, ALL | U);
	put_le64(vm->rig->ram + DATA, 1);
	put_le64(vm->rig->ram + DATA + PAGE_SIZE, 2);
	for (u32 turn = 0; turn < 40; turn++) {
		u32 which = turn & 1;

		/* the same table under many ASIDs: more than there are contexts */
		set_satp(vm, which ? other : TABLES, turn);
		set_status(vm, MSTATUS_SUM, true);
		assert_int_equal(try(vm, LD(0), PAGES), -1);
		assert_int_equal(vm->h->x[A0], which + 1);
		rig_priv(vm->h, PRIV_U);
		assert_int_equal(try(vm, LD(0), PAGES), -1);
		assert_int_equal(vm->h->x[A0], which + 1);
		rig_priv(vm->h, PRIV_S);
	}
	vm_free(vm);
	(void)state;
}

/* -- Fences ------------------------------------------------------------------------------- */

#define SFENCE(rs1, rs2) (0x12000073 | (u32)(rs1) << 15 | (u32)(rs2) << 20)

/* Changes what PAGES maps to after it was used, in S and in U; runs the fence; says whether both
 * see the new page. */
static bool fence_works(struct vm *vm, u32 fence, u64 flags)
{
	static const u64 pages[] = { PAGES, PAGES + PAGE_SIZE };

	set_satp(vm, TABLES, 3);
	set_status(vm, MSTATUS_SUM, true);
	for (u32 i = 0; i < 2; i++)
		map(vm, pages[i], ALL | (i ? U : 0) | flags);
	mmu_forget(vm->h);
	assert_int_equal(try(vm, LD(0), pages[0]), -1);
	assert_int_equal(try(vm, LD(0), pages[1]), -1);
	rig_priv(vm->h, PRIV_U);
	assert_int_equal(try(vm, LD(0), pages[1]), -1);
	rig_priv(vm->h, PRIV_S);
	map(vm, pages[0], 0);
	map(vm, pages[1], 0);
	vm->h->x[A2] = 3;
	assert_int_equal(try(vm, fence, pages[0]), -1);
	if (fence >> 15 & 31) /* with an address: one page each */
		assert_int_equal(try(vm, fence, pages[1]), -1);
	if (try(vm, LD(0), pages[0]) != LOAD_PF || try(vm, LD(0), pages[1]) != LOAD_PF)
		return false;
	rig_priv(vm->h, PRIV_U);
	if (try(vm, LD(0), pages[1]) != LOAD_PF)
		return false;
	rig_priv(vm->h, PRIV_S);
	return true;
}

static void all_forms_of_sfence_drop_what_they_name(void **state) /* trap:30 */
{
	struct vm *vm = vm_new();

	assert_true(fence_works(vm, SFENCE(0, 0), 0));
	assert_true(fence_works(vm, SFENCE(0, 0), G));
	assert_true(fence_works(vm, SFENCE(A1, 0), 0));
	assert_true(fence_works(vm, SFENCE(A1, 0), G));
	assert_true(fence_works(vm, SFENCE(0, A2), 0));
	assert_true(fence_works(vm, SFENCE(A1, A2), 0));
	vm_free(vm);
	(void)state;
}

/* Harts remember tables of the last level; PAGES and the next page are in one. */
static void a_table_goes_with_each_form_of_fence(void **state) /* trap:30 */
{
	const u64 next = PAGES + PAGE_SIZE;
	const u32 fences[] = { SFENCE(0, 0), SFENCE(A1, 0), SFENCE(0, A2), SFENCE(A1, A2) };

	for (u32 i = 0; i < ARRAY_LEN(fences); i++) {
		struct vm *vm = vm_new();

		set_satp(vm, TABLES, 3);
		map(vm, PAGES, ALL);
		map(vm, next, ALL);
		assert_int_equal(try(vm, LD(0), PAGES), -1);
		*entry(vm, TABLES, PAGES, 1) = pte(RIG_RAM + vm->next, V);
		vm->next += PAGE_SIZE;
		*entry(vm, TABLES, next, 0) = pte(RIG_RAM + DATA + PAGE_SIZE, ALL);
		put_le64(vm->rig->ram + DATA, 1);
		put_le64(vm->rig->ram + DATA + PAGE_SIZE, 2);
		vm->h->x[A2] = 3;
		assert_int_equal(try(vm, fences[i], next), -1);
		assert_int_equal(try(vm, LD(0), next), -1);
		assert_int_equal(vm->h->x[A0], 2);
		vm_free(vm);
	}
	(void)state;
}

static void a_table_is_read_anew_for_each_page(void **state)
{
	struct vm *vm = vm_new();
	const u64 next = PAGES + PAGE_SIZE;

	map(vm, PAGES, ALL);
	assert_int_equal(try(vm, LD(0), PAGES), -1);
	assert_int_equal(try(vm, LD(0), next), LOAD_PF);
	map(vm, next, V | R | A);
	assert_int_equal(try(vm, LD(0), next), -1);
	assert_int_equal(try(vm, SD(0), next), CAUSE_STORE_PAGE);
	/* the second table behind the roots has the entries; PMP forbids it */
	pmp(vm->h, 0, 0x18, ((RIG_RAM + TABLES + 3 * PAGE_SIZE) >> 2) | 0x1ff);
	assert_int_equal(try(vm, LD(0), next), CAUSE_LOAD_ACCESS);
	vm_free(vm);
	(void)state;
}

/* From a page that is not written meanwhile: what runs only once does not look into the TLB. */
static i64 load(struct vm *vm, u64 gva)
{
	const u64 pc = RIG_RAM + CODE + PAGE_SIZE;

	vm->h->x[A1] = gva;
	exec_from(vm->rig, pc);
	return exec_cause(vm->rig, pc + 4);
}

static void an_entry_stays_until_a_fence_of_its_own(void **state)
{
	struct vm *vm;

	if (TLB_ENTRIES < 16) /* hostile.h: nothing stays */
		skip();
	vm = vm_new();
	exec_put(vm->rig, CODE + PAGE_SIZE, (const u32[]){ LD(0), EBREAK }, 2);
	set_satp(vm, TABLES, 3);
	map(vm, PAGES, ALL);
	assert_int_equal(load(vm, PAGES), -1);
	map(vm, PAGES, 0);
	assert_int_equal(load(vm, PAGES), -1); /* no fence, and nothing else forgets */
	vm->h->x[A2] = 4;
	assert_int_equal(try(vm, SFENCE(0, A2), 0), -1); /* another ASID */
	assert_int_equal(try(vm, SFENCE(A1, 0), PAGES + PAGE_SIZE), -1);
	assert_int_equal(load(vm, PAGES), -1);
	vm_free(vm);
	(void)state;
}

static void an_address_names_all_of_its_superpage(void **state)
{
	struct vm *vm = vm_new();
	const u64 gva = PAGES, last = gva + RIG_SIZE - PAGE_SIZE;

	*entry(vm, TABLES, gva, 1) = pte(RIG_RAM, ALL);
	assert_int_equal(try(vm, LD(0), gva + DATA), -1);
	assert_int_equal(try(vm, LD(0), last), -1);
	assert_int_equal(try_fetch(vm, gva + DATA), -1);
	*entry(vm, TABLES, gva, 1) = 0;
	assert_int_equal(try(vm, SFENCE(A1, 0), gva), -1);
	assert_int_equal(try(vm, LD(0), gva + DATA), LOAD_PF);
	assert_int_equal(try(vm, LD(0), last), LOAD_PF);
	assert_int_equal(try_fetch(vm, gva + DATA), FETCH_PF);
	vm_free(vm);
	(void)state;
}

/* Calls a1, changes an entry, fences a5, and calls again. */
static void call_change_call(struct vm *vm, u64 *e, u64 new_pte)
{
	static const u32 code[] = {
		0x000580e7,                /* jalr ra, 0(a1) */
		0x00050713,                /* mv a4, a0 */
		0x00c6b023,                /* sd a2, 0(a3) */
		SFENCE(A5, 0), 0x000580e7, /* jalr ra, 0(a1) */
		EBREAK,
	};
	static const u32 one[] = { 0x00100513 /* li a0, 1 */, 0x00008067 /* ret */ };
	static const u32 two[] = { 0x00200513, 0x00008067 };

	exec_put(vm->rig, CODE, code, ARRAY_LEN(code));
	exec_put(vm->rig, DATA, one, ARRAY_LEN(one));
	exec_put(vm->rig, DATA + PAGE_SIZE, two, ARRAY_LEN(two));
	vm->h->x[A2] = new_pte;
	vm->h->x[A3] = RIG_RAM + (u64)((u8 *)e - vm->rig->ram);
	exec_from(vm->rig, RIG_RAM + CODE);
	assert_int_equal(exec_cause(vm->rig, RIG_RAM + CODE + 20), -1);
	assert_int_equal(vm->h->x[A4], 1);
	assert_int_equal(vm->h->x[A0], 2);
}

static void a_fence_drops_links_to_code_too(void **state)
{
	struct vm *vm = vm_new();
	u64 *table;

	vm->h->x[A1] = vm->h->x[A5] = PAGES;
	map(vm, PAGES, ALL);
	call_change_call(vm, entry(vm, TABLES, PAGES, 0), pte(RIG_RAM + DATA + PAGE_SIZE, ALL));

	/* of a superpage that becomes a table, by an address that is not the one called */
	vm->h->x[A1] = BIT(21) + DATA;
	vm->h->x[A5] = BIT(21);
	table = entry(vm, TABLES, BIT(21), 1);
	*table = pte(RIG_RAM, ALL);
	*entry(vm, TABLES, PAGES + DATA, 0) = pte(RIG_RAM + DATA + PAGE_SIZE, ALL);
	mmu_fence(vm->h, 0, 0, 0);
	call_change_call(vm, table, *entry(vm, TABLES, PAGES, 1));
	vm_free(vm);
	(void)state;
}

static void fences_have_their_privileges(void **state)
{
	struct vm *vm = vm_new();

	vm->h->mstatus |= MSTATUS_TVM;
	assert_int_equal(try(vm, SFENCE(0, 0), 0), CAUSE_ILLEGAL);
	assert_int_equal(try(vm, 0x16000073, 0), CAUSE_ILLEGAL); /* sinval.vma */
	assert_int_equal(try(vm, 0x18000073, 0), -1);            /* sfence.w.inval */
	vm->h->mstatus &= ~MSTATUS_TVM;
	assert_int_equal(try(vm, 0x16000073, 0), -1);
	rig_priv(vm->h, PRIV_U);
	assert_int_equal(try(vm, SFENCE(0, 0), 0), CAUSE_ILLEGAL);
	assert_int_equal(try(vm, 0x18100073, 0), CAUSE_ILLEGAL); /* sfence.inval.ir */
	vm_free(vm);
	(void)state;
}

/* -- Page ends ------------------------------------------------------------------------------ */

static void an_instruction_over_a_page_end_faults_in_its_half(void **state) /* trap:9 trap:10 */
{
	struct vm *vm = vm_new();
	const u64 end = PAGES + PAGE_SIZE - 2;

	/* Both pages are the same one: its first two bytes follow its last two. */
	map(vm, PAGES, ALL);
	map(vm, PAGES + PAGE_SIZE, 0);
	put_le32(vm->rig->ram + DATA + PAGE_SIZE - 4, 0x05130000); /* addi a0, ... */
	vm->rig->ram[DATA] = 0x50;
	vm->rig->ram[DATA + 1] = 0x00; /* ... zero, 5 */
	put_le32(vm->rig->ram + DATA + 2, EBREAK);
	exec_put(vm->rig, CODE, (const u32[]){ FETCH, EBREAK }, 2);
	for (u32 turn = 0; turn < 2; turn++) {
		vm->h->x[A1] = end;
		vm->h->x[A0] = 0;
		exec_from(vm->rig, RIG_RAM + CODE);
		assert_int_equal(vm->h->last_trap.cause, FETCH_PF);
		assert_int_equal(vm->h->last_trap.epc, end);
		assert_int_equal(vm->h->last_trap.tval, end + 2);
	}
	map(vm, PAGES + PAGE_SIZE, ALL);
	exec_from(vm->rig, RIG_RAM + CODE);
	assert_int_equal(exec_cause(vm->rig, end + 4), -1);
	assert_int_equal(vm->h->x[A0], 5);

	map(vm, PAGES + PAGE_SIZE, 0);
	mmu_fence(vm->h, 0, 0, 0);
	vm->rig->ram[DATA + PAGE_SIZE - 2] = 0x02; /* c.ebreak */
	vm->rig->ram[DATA + PAGE_SIZE - 1] = 0x90;
	exec_from(vm->rig, RIG_RAM + CODE);
	assert_int_equal(exec_cause(vm->rig, end), -1);
	vm_free(vm);
	(void)state;
}

static void a_store_over_a_page_end_writes_both_parts_or_none(void **state) /* trap:11 */
{
	struct vm *vm = vm_new();
	u8 *last = vm->rig->ram + DATA + PAGE_SIZE - 8;

	map(vm, PAGES, ALL);
	map(vm, PAGES + PAGE_SIZE, V | R | A | D);
	for (u32 turn = 0; turn < 2; turn++) {
		put_le64(last, 7);
		assert_int_equal(try(vm, SD(0), PAGES + PAGE_SIZE - 4), STORE_PF);
		assert_int_equal(vm->h->last_trap.tval, PAGES + PAGE_SIZE);
		assert_int_equal(get_le64(last), 7);
		assert_int_equal(try(vm, LD(0), PAGES + PAGE_SIZE - 4), -1);
	}
	map(vm, PAGES + PAGE_SIZE, 0);
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, LW(0), PAGES + PAGE_SIZE - 1), LOAD_PF);
	assert_int_equal(vm->h->last_trap.tval, PAGES + PAGE_SIZE);
	vm_free(vm);
	(void)state;
}

/* -- Devices, ROM and PMP --------------------------------------------------------------------- */

static u64 io_value;

static u64 io_read(void *ctx, u64 off, u32 width)
{
	(*(u32 *)ctx)++;
	return off << 8 | width | 0xffffffff00000000;
}

static void io_write(void *ctx, u64 off, u32 width, u64 value)
{
	(*(u32 *)ctx)++;
	io_value = value << 16 | off << 8 | width;
}

static void device_accesses_are_whole_aligned_and_never_cached(void **state) /* trap:12 */
{
	struct vm *vm = vm_new();
	u32 count = 0;
	u32 window = mem_add_io(vm->rig->env.mem, "io", MEM_RANK_FIXED,
				(struct mem_io){ io_read, io_write, &count });

	mem_map_io(vm->rig->env.mem, window, 0x10000000, 0x1000);
	*entry(vm, TABLES, PAGES, 0) = pte(0x10000000, ALL);
	assert_int_equal(try(vm, LBU(3), PAGES), -1);
	assert_int_equal(vm->h->x[A0], 1); /* the rest of the value is cut off */
	assert_int_equal(try(vm, LW(4), PAGES), -1);
	assert_int_equal(vm->h->x[A0], 0x404);
	vm->h->x[A2] = 0xabc;
	assert_int_equal(try(vm, SW(8), PAGES), -1);
	assert_int_equal(io_value, 0xabc0804);
	assert_int_equal(try(vm, SW(8), PAGES), -1);
	assert_int_equal(count, 4);
	assert_int_equal(try(vm, LW(2), PAGES), CAUSE_LOAD_ACCESS);
	assert_int_equal(try(vm, SW(2), PAGES), CAUSE_STORE_ACCESS);
	assert_int_equal(try(vm, LD(0), PAGES + PAGE_SIZE - 4), CAUSE_LOAD_ACCESS);
	assert_int_equal(vm->h->last_trap.tval, PAGES + PAGE_SIZE - 4);
	assert_int_equal(try(vm, AMOADD, PAGES), CAUSE_STORE_ACCESS);
	assert_int_equal(try_fetch(vm, PAGES), CAUSE_FETCH_ACCESS);
	assert_int_equal(count, 4);
	mem_map_io(vm->rig->env.mem, window, 0x20000000, 0x1000); /* trap:32 */
	assert_int_equal(try(vm, LW(4), PAGES), CAUSE_LOAD_ACCESS);
	vm_free(vm);
	(void)state;
}

static void rom_is_read_and_run_but_not_written(void **state)
{
	static u8 rom[PAGE_SIZE];
	struct rig *r = rig_plan(ALL_ISA, 1);
	struct hart *h;

	put_le32(rom, 0x02a00513); /* li a0, 42 */
	put_le32(rom + 4, EBREAK);
	assert_true(mem_add_rom(r->env.mem, "rom", 0x10000, PAGE_SIZE, rom, NULL));
	mem_watch(r->env.mem, RIG_RAM + WATCH, 8, exec_watched, r);
	rig_start(r, &engine_interp);
	h = r->harts[0];
	exec_put(r, HANDLER, (const u32[]){ 0x0003ef97, 0x000fa023, 0x0000006f }, 3);
	h->mtvec = RIG_RAM + HANDLER;
	exec_from(r, 0x10000);
	assert_int_equal(exec_cause(r, 0x10004), -1);
	assert_int_equal(h->x[A0], 42);
	h->x[A1] = 0x10000;
	for (u32 turn = 0; turn < 2; turn++) {
		assert_int_equal(exec(r, LW(0)), -1);
		assert_int_equal(exec(r, SW(0)), CAUSE_STORE_ACCESS);
		assert_int_equal(exec(r, R_TYPE(0, 2, 0x2f)), CAUSE_STORE_ACCESS);
	}
	rig_free(r);
	(void)state;
}

static void pmp_changes_and_divided_pages_hold_at_once(void **state) /* trap:32 */
{
	struct vm *vm = vm_new();
	const u64 first = (RIG_RAM + DATA) >> 2;

	map(vm, PAGES, ALL);
	expect(vm, PAGES, 0, 0, 0);
	pmp(vm->h, 0, 0x19, first | 0x1ff); /* all of the page: read-only */
	expect(vm, PAGES, 0, CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS);
	pmp(vm->h, 0, 0x18, first | 3); /* 32 bytes: nothing */
	for (u32 turn = 0; turn < 2; turn++) {
		assert_int_equal(try(vm, LD(24), PAGES), CAUSE_LOAD_ACCESS);
		assert_int_equal(try(vm, LD(32), PAGES), -1);
		assert_int_equal(try(vm, LD(28), PAGES), CAUSE_LOAD_ACCESS);
		assert_int_equal(try(vm, SD(32), PAGES), -1);
		assert_int_equal(try_fetch(vm, PAGES + 32), -1);
		assert_int_equal(try_fetch(vm, PAGES + 28), CAUSE_FETCH_ACCESS);
		/* the second half of an instruction may be forbidden, too */
		pmp(vm->h, 0, 0x10, first + 17); /* four bytes at 68 */
		exec_put(vm->rig, DATA + 64, (const u32[]){ 0x00130001, EBREAK }, 2);
		exec_put(vm->rig, CODE, (const u32[]){ FETCH }, 1);
		vm->h->x[A1] = PAGES + 64;
		exec_from(vm->rig, RIG_RAM + CODE);
		assert_int_equal(vm->h->last_trap.cause, CAUSE_FETCH_ACCESS);
		assert_int_equal(vm->h->last_trap.epc, PAGES + 66);
		assert_int_equal(vm->h->last_trap.tval, PAGES + 68);
		pmp(vm->h, 0, 0x18, first | 3);
	}
	vm_free(vm);
	(void)state;
}

static void the_right_to_a_part_is_not_one_to_its_page(void **state)
{
	struct vm *vm = vm_new();
	const u64 first = (RIG_RAM + DATA) >> 2;

	map(vm, PAGES, ALL);
	pmp(vm->h, 1, 0x18, first | 0x1ff); /* nothing of the page, ... */
	pmp(vm->h, 0, 0x1f, first | 3);     /* ... but all of its first 32 bytes */
	assert_int_equal(try(vm, LD(0), PAGES), -1);
	assert_int_equal(try(vm, SD(0), PAGES), -1);
	assert_int_equal(try(vm, LD(32), PAGES), CAUSE_LOAD_ACCESS);
	assert_int_equal(try(vm, SD(32), PAGES), CAUSE_STORE_ACCESS);
	assert_int_equal(try_fetch(vm, PAGES), -1);
	assert_int_equal(try_fetch(vm, PAGES + 32), CAUSE_FETCH_ACCESS);
	vm_free(vm);
	(void)state;
}

static void cache_blocks_are_zeroed_whole_where_allowed(void **state) /* trap:23 */
{
	const u32 zero = 0x0045a00f, clean = 0x0015a00f, inval = 0x0005a00f;
	struct vm *vm = vm_new();
	u8 *bytes = vm->rig->ram + DATA;

	map(vm, PAGES, ALL);
	assert_int_equal(try(vm, zero, PAGES), CAUSE_ILLEGAL);
	assert_int_equal(try(vm, clean, PAGES), CAUSE_ILLEGAL);
	assert_int_equal(try(vm, inval, PAGES), CAUSE_ILLEGAL);
	vm->h->menvcfg |= ENVCFG_CBZE | ENVCFG_CBCFE | ENVCFG_CBIE;
	memset(bytes, 0xff, 256);
	assert_int_equal(try(vm, zero, PAGES + 64 + 37), -1);
	for (u32 i = 0; i < 256; i++)
		assert_int_equal(bytes[i], i >= 64 && i < 128 ? 0 : 0xff);
	assert_int_equal(try(vm, clean, PAGES), -1);
	assert_int_equal(try(vm, inval, PAGES), -1);
	map(vm, PAGES, V | R | A | D);
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, zero, PAGES + 5), STORE_PF);
	assert_int_equal(vm->h->last_trap.tval, PAGES + 5);
	assert_int_equal(try(vm, clean, PAGES), -1);
	map(vm, PAGES, V | X | A | D);
	mmu_fence(vm->h, 0, 0, 0);
	assert_int_equal(try(vm, clean, PAGES), STORE_PF);
	rig_priv(vm->h, PRIV_U);
	assert_int_equal(try(vm, zero, PAGES), CAUSE_ILLEGAL); /* senvcfg */
	vm_free(vm);
	(void)state;
}

static void sc_checks_the_page_before_the_reservation(void **state) /* trap:15 */
{
	struct vm *vm = vm_new();

	map(vm, PAGES, V | R | A | D);
	assert_int_equal(try(vm, 0x18c5b52f, PAGES), STORE_PF); /* sc.d, nothing reserved */
	assert_int_equal(try(vm, 0x1005b52f, PAGES), -1);       /* lr.d needs only R */
	vm_free(vm);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_translate_with_every_level_of_table),
		cmocka_unit_test(addresses_that_are_not_canonical_are_page_faults),
		cmocka_unit_test(malformed_entries_are_page_faults),
		cmocka_unit_test(svnapot_and_svpbmt_bits_count_where_they_exist),
		cmocka_unit_test(permissions_follow_privilege_sum_mxr_and_mprv),
		cmocka_unit_test(a_and_d_fault_or_are_set_as_adue_says),
		cmocka_unit_test(tables_out_of_reach_are_access_faults_of_the_kind),
		cmocka_unit_test(another_satp_means_another_translation_at_once),
		cmocka_unit_test(all_forms_of_sfence_drop_what_they_name),
		cmocka_unit_test(a_table_goes_with_each_form_of_fence),
		cmocka_unit_test(a_table_is_read_anew_for_each_page),
		cmocka_unit_test(an_entry_stays_until_a_fence_of_its_own),
		cmocka_unit_test(an_address_names_all_of_its_superpage),
		cmocka_unit_test(a_fence_drops_links_to_code_too),
		cmocka_unit_test(fences_have_their_privileges),
		cmocka_unit_test(an_instruction_over_a_page_end_faults_in_its_half),
		cmocka_unit_test(a_store_over_a_page_end_writes_both_parts_or_none),
		cmocka_unit_test(device_accesses_are_whole_aligned_and_never_cached),
		cmocka_unit_test(rom_is_read_and_run_but_not_written),
		cmocka_unit_test(pmp_changes_and_divided_pages_hold_at_once),
		cmocka_unit_test(the_right_to_a_part_is_not_one_to_its_page),
		cmocka_unit_test(cache_blocks_are_zeroed_whole_where_allowed),
		cmocka_unit_test(sc_checks_the_page_before_the_reservation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
