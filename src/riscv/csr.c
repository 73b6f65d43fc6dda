/* csr.c - control and status registers
 *
 * Spec: privileged manual, chapters "Control and Status Registers", "Machine-Level ISA"
 * and "Supervisor-Level ISA"; Sstc, Svadu, Svpbmt and CMO for their fields; AIA 1.0, "Control and
 * Status Registers (CSRs) Added to Harts".  csr.def lists the registers; here is what is more than
 * a value.  `cycle` counts instructions: an instruction takes one cycle, and a sleeping hart none.
 *
 * Not modeled: the event counters (they read 0), misa changes, big-endian modes, priorities of
 * major interrupts (iprio reads 0).
 */
#include "csr.h"

/* The manual lets any of them be delegated but ecall from M-mode; 10 and 14 are none. */
#define MEDELEG_MASK ((u64)0xb3ff)

#define BIT(n) ((u64)1 << (n))

enum {
	S_IRQS = 1 << IRQ_SSI | 1 << IRQ_STI | 1 << IRQ_SEI,
	M_IRQS = 1 << IRQ_MSI | 1 << IRQ_MTI | 1 << IRQ_MEI,
	COUNT_CY = 1 << 0, /* bits of mcounteren and mcountinhibit */
	COUNT_TM = 1 << 1,
	COUNT_IR = 1 << 2,
	FCSR_FLAGS = 0x1f,
	FCSR_FRM = 7
};

/* -- Floating point ------------------------------------------------------------ */

static u64 read_fflags(const struct hart *h, u32 num)
{
	(void)num;
	return h->fflags;
}

static bool write_fflags(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->fflags = v & FCSR_FLAGS;
	h->mstatus |= MSTATUS_FS;
	return false;
}

static u64 read_frm(const struct hart *h, u32 num)
{
	(void)num;
	return h->frm;
}

/* Reserved modes are kept: what uses them is illegal, not the write. */
static bool write_frm(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->frm = v & FCSR_FRM;
	h->mstatus |= MSTATUS_FS;
	return false;
}

static u64 read_fcsr(const struct hart *h, u32 num)
{
	(void)num;
	return h->fflags | h->frm << 5;
}

static bool write_fcsr(struct hart *h, u32 num, u64 v)
{
	write_frm(h, num, v >> 5);
	return write_fflags(h, num, v);
}

/* -- Counters ------------------------------------------------------------------ */

/* While a counter is inhibited its skew is its value. */
static u64 counter(const struct hart *h, u64 skew, u32 bit)
{
	return h->mcountinhibit & bit ? skew : hart_instret(h) + skew;
}

/* What to store so that the *next* instruction reads v: the write takes the place of this
 * instruction's increment ("Hardware Performance Monitor"). */
static u64 counter_skew(const struct hart *h, u64 v, u32 bit)
{
	return h->mcountinhibit & bit ? v : v - (hart_instret(h) + 1);
}

static u64 read_mcycle(const struct hart *h, u32 num)
{
	(void)num;
	return counter(h, h->mcycle_skew, COUNT_CY);
}

static bool write_mcycle(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->mcycle_skew = counter_skew(h, v, COUNT_CY);
	return false;
}

static u64 read_minstret(const struct hart *h, u32 num)
{
	(void)num;
	return counter(h, h->minstret_skew, COUNT_IR);
}

static bool write_minstret(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->minstret_skew = counter_skew(h, v, COUNT_IR);
	return false;
}

static bool write_mcountinhibit(struct hart *h, u32 num, u64 v)
{
	u64 cycle = read_mcycle(h, num), instret = read_minstret(h, num);
	u64 changed = (h->mcountinhibit ^ v) & (COUNT_CY | COUNT_IR);

	h->mcountinhibit ^= changed;
	if (changed & COUNT_CY)
		write_mcycle(h, num, cycle);
	if (changed & COUNT_IR)
		write_minstret(h, num, instret);
	return false;
}

static u64 read_time(const struct hart *h, u32 num)
{
	(void)num;
	return timebase_ticks(h->env->time);
}

/* -- Status -------------------------------------------------------------------- */

static u64 status_mask(const struct hart *h)
{
	u64 mask = MSTATUS_MIE | MSTATUS_MPIE;

	if (h->config->s_mode)
		mask |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MPP | MSTATUS_MPRV |
			MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR;
	if (hart_has(h, EXT_F))
		mask |= MSTATUS_FS;
	return mask;
}

/* Privilege mode 2 does not exist: the field keeps what it had. */
static u64 legal_status(const struct hart *h, u64 v)
{
	if ((v & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT != 2)
		return v;
	return (v & ~MSTATUS_MPP) | (h->mstatus & MSTATUS_MPP);
}

static bool change_status(struct hart *h, u64 mask, u64 v)
{
	u64 was = h->mstatus;

	mask &= status_mask(h);
	h->mstatus = legal_status(h, (was & ~mask) | (v & mask));
	if ((was ^ h->mstatus) & (MSTATUS_MPRV | MSTATUS_MPP | MSTATUS_SUM | MSTATUS_MXR))
		mmu_mode_changed(h);
	return trap_due(h);
}

static u64 read_mstatus(const struct hart *h, u32 num)
{
	u64 v = h->mstatus;

	(void)num;
	if ((v & MSTATUS_FS) == MSTATUS_FS)
		v |= MSTATUS_SD;
	if (h->config->s_mode)
		v |= MSTATUS_UXL_64 | MSTATUS_SXL_64;
	return v;
}

static bool write_mstatus(struct hart *h, u32 num, u64 v)
{
	(void)num;
	return change_status(h, UINT64_MAX, v);
}

u64 csr_sstatus_mask(const struct hart *h)
{
	return status_mask(h) & SSTATUS_WRITABLE;
}

static u64 read_sstatus(const struct hart *h, u32 num)
{
	return read_mstatus(h, num) & (SSTATUS_WRITABLE | MSTATUS_UXL | MSTATUS_SD);
}

static bool write_sstatus(struct hart *h, u32 num, u64 v)
{
	(void)num;
	return change_status(h, SSTATUS_WRITABLE, v);
}

/* -- Interrupts ---------------------------------------------------------------- */

static bool write_mideleg(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->mideleg = v & S_IRQS;
	return trap_due(h);
}

static bool write_mie(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->mie = v & (h->config->s_mode ? M_IRQS | S_IRQS : M_IRQS);
	return trap_due(h);
}

/* Interrupts that M-mode takes and hands on to S-mode as virtual ones. */
static u64 filtered(const struct hart *h)
{
	return h->mvien & ~h->mideleg;
}

static u64 read_sie(const struct hart *h, u32 num)
{
	(void)num;
	return (h->mie & h->mideleg) | (h->vie & filtered(h));
}

static bool write_sie(struct hart *h, u32 num, u64 v)
{
	h->vie = (h->vie & ~filtered(h)) | (v & filtered(h));
	return write_mie(h, num, (h->mie & ~h->mideleg) | (v & h->mideleg));
}

/* Other harts set SSIP at any time, so bits that the guest does not name are not written.
 * For SEIP this is the software's bit alone, whatever the controller's line says. */
static bool change_pending(struct hart *h, u64 mask, struct csr_change c)
{
	atomic_fetch_and(&h->mip, ~(c.clear & mask & ~c.set));
	atomic_fetch_or(&h->mip, c.set & mask);
	return trap_due(h);
}

static u64 read_mip(const struct hart *h, u32 num)
{
	(void)num;
	return trap_pending(h);
}

/* With the timer in charge (Sstc) STIP cannot be written. */
static bool change_mip(struct hart *h, struct csr_change c)
{
	u64 mask = h->config->s_mode ? (u64)S_IRQS : 0;

	if (hart_timer_runs(h))
		mask &= ~BIT(IRQ_STI);
	return change_pending(h, mask & ~(h->mvien & BIT(IRQ_SEI)), c);
}

/* SSIP is a bit of mvip's own where mvien has it; all else is in mip. */
static bool change_virtual(struct hart *h, u64 mask, struct csr_change c)
{
	u64 own = mask & h->mvien & BIT(IRQ_SSI);

	h->mvip = (h->mvip & ~(c.clear & own)) | (c.set & own);
	return change_pending(h, mask & ~own, c);
}

static u64 read_sip(const struct hart *h, u32 num)
{
	(void)num;
	return (trap_pending(h) & h->mideleg) | trap_virtual(h);
}

static bool change_sip(struct hart *h, struct csr_change c)
{
	bool due = change_virtual(h, filtered(h), c);

	return change_pending(h, h->mideleg & BIT(IRQ_SSI), c) || due;
}

static bool write_mvien(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->mvien = v & (BIT(IRQ_SSI) | BIT(IRQ_SEI));
	return trap_due(h);
}

/* STIP is here while it can be written in mip. */
static u64 mvip_mask(const struct hart *h)
{
	return hart_timer_runs(h) ? S_IRQS & ~(u32)BIT(IRQ_STI) : S_IRQS;
}

static u64 read_mvip(const struct hart *h, u32 num)
{
	u64 own = h->mvien & BIT(IRQ_SSI);

	(void)num;
	return ((atomic_load(&h->mip) & ~own) | (h->mvip & own)) & mvip_mask(h);
}

static bool change_mvip(struct hart *h, struct csr_change c)
{
	return change_virtual(h, mvip_mask(h), c);
}

static bool write_stimecmp(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->stimecmp = v;
	hart_timer_changed(h);
	return trap_due(h);
}

/* -- Advanced interrupts --------------------------------------------------------------- */

/* Every iprio is 0, so the priority of what comes first may be said to be 1. */
static u64 top(u64 irqs)
{
	return irqs ? (u64)trap_first(irqs) << 16 | 1 : 0;
}

static u64 read_mtopi(const struct hart *h, u32 num)
{
	(void)num;
	return top(trap_waiting(h, PRIV_M));
}

static u64 read_stopi(const struct hart *h, u32 num)
{
	(void)num;
	return top(trap_waiting(h, PRIV_S));
}

static u64 read_mtopei(const struct hart *h, u32 num)
{
	(void)num;
	return imsic_top(&h->imsic[0]);
}

static u64 read_stopei(const struct hart *h, u32 num)
{
	(void)num;
	return imsic_top(&h->imsic[1]);
}

/* What the same instruction read, not what may have come since. */
static bool claim(struct hart *h, struct imsic_file *f, u64 was)
{
	u64 id = was >> 16;

	if (id)
		imsic_change(f, ISELECT_EIP + id / 64 * 2, BIT(id % 64), 0);
	return trap_due(h);
}

static bool change_mtopei(struct hart *h, struct csr_change c)
{
	return claim(h, &h->imsic[0], c.was);
}

static bool change_stopei(struct hart *h, struct csr_change c)
{
	return claim(h, &h->imsic[1], c.was);
}

static u64 read_mireg(const struct hart *h, u32 num)
{
	(void)num;
	return h->miselect < ISELECT_IMSIC ? 0 : imsic_read(&h->imsic[0], h->miselect);
}

static u64 read_sireg(const struct hart *h, u32 num)
{
	(void)num;
	return h->siselect < ISELECT_IMSIC ? 0 : imsic_read(&h->imsic[1], h->siselect);
}

static bool change_mireg(struct hart *h, struct csr_change c)
{
	imsic_change(&h->imsic[0], h->miselect, c.clear, c.set);
	return trap_due(h);
}

static bool change_sireg(struct hart *h, struct csr_change c)
{
	imsic_change(&h->imsic[1], h->siselect, c.clear, c.set);
	return trap_due(h);
}

/* -- Trap vectors and return addresses ------------------------------------------- */

/* MODE 0 is direct, 1 vectored; the rest is reserved and not stored. */
static u64 legal_tvec(u64 was, u64 v)
{
	return (v & ~(u64)3) | (v & 2 ? was & 3 : v & 1);
}

static bool write_mtvec(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->mtvec = legal_tvec(h->mtvec, v);
	return false;
}

static bool write_stvec(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->stvec = legal_tvec(h->stvec, v);
	return false;
}

/* -- Translation and environment -------------------------------------------------- */

static bool satp_mode_legal(const struct hart *h, u32 mode)
{
	switch (mode) {
	case SATP_BARE:
		return true;
	case SATP_SV39:
		return h->config->mmu >= MMU_SV39;
	case SATP_SV48:
		return h->config->mmu >= MMU_SV48;
	case SATP_SV57:
		return h->config->mmu >= MMU_SV57;
	default:
		return false;
	}
}

/* A MODE that is not there makes the whole write void ("Supervisor Address Translation
 * and Protection Register").  The next instruction is fetched through the new tables:
 * Linux counts on it when it turns paging on. */
static bool write_satp(struct hart *h, u32 num, u64 v)
{
	(void)num;
	if (!satp_mode_legal(h, SATP_MODE(v)))
		return false;
	h->satp = v;
	mmu_mode_changed(h);
	return true;
}

u64 csr_envcfg_mask(const struct hart *h)
{
	u64 mask = ENVCFG_FIOM; /* a fence orders I/O and memory anyway */

	if (hart_has(h, EXT_Zicbom))
		mask |= ENVCFG_CBIE | ENVCFG_CBCFE;
	if (hart_has(h, EXT_Zicboz))
		mask |= ENVCFG_CBZE;
	if (hart_has(h, EXT_Svadu))
		mask |= ENVCFG_ADUE;
	if (hart_has(h, EXT_Svpbmt))
		mask |= ENVCFG_PBMTE;
	if (hart_has(h, EXT_Sstc))
		mask |= ENVCFG_STCE;
	return mask;
}

/* CBIE 2 is reserved: the field keeps what it had. */
static u64 legal_envcfg(u64 was, u64 v)
{
	if ((v & ENVCFG_CBIE) == BIT(5))
		return (v & ~ENVCFG_CBIE) | (was & ENVCFG_CBIE);
	return v;
}

static bool write_menvcfg(struct hart *h, u32 num, u64 v)
{
	(void)num;
	h->menvcfg = legal_envcfg(h->menvcfg, v & csr_envcfg_mask(h));
	mmu_forget(h);
	hart_timer_changed(h);
	return trap_due(h);
}

static bool write_senvcfg(struct hart *h, u32 num, u64 v)
{
	u64 mask = ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE;

	(void)num;
	h->senvcfg = legal_envcfg(h->senvcfg, v & mask & csr_envcfg_mask(h));
	return false;
}

/* -- Physical memory protection ---------------------------------------------------- */

enum { PMPCFG0 = 0x3a0, PMPADDR0 = 0x3b0 };

static u64 read_pmpcfg(const struct hart *h, u32 num)
{
	return get_le64(h->pmpcfg + (num - PMPCFG0) * 4);
}

static bool write_pmpcfg(struct hart *h, u32 num, u64 v)
{
	for (u32 i = 0; i < 8; i++)
		pmp_set_cfg(h, (num - PMPCFG0) * 4 + i, (u8)(v >> 8 * i));
	pmp_changed(h);
	return true;
}

static u64 read_pmpaddr(const struct hart *h, u32 num)
{
	return h->pmpaddr[num - PMPADDR0];
}

static bool write_pmpaddr(struct hart *h, u32 num, u64 v)
{
	pmp_set_addr(h, num - PMPADDR0, v);
	pmp_changed(h);
	return true;
}

/* -- Identity ---------------------------------------------------------------------- */

static u64 read_zero(const struct hart *h, u32 num)
{
	(void)h, (void)num;
	return 0;
}

static u64 read_mhartid(const struct hart *h, u32 num)
{
	(void)num;
	return h->config->id;
}

static u64 letter(char c, bool have)
{
	return have ? BIT(c - 'A') : 0;
}

/* Writes are ignored: nothing here can be switched off. */
static u64 read_misa(const struct hart *h, u32 num)
{
	bool b = hart_has(h, EXT_Zba) && hart_has(h, EXT_Zbb) && hart_has(h, EXT_Zbs);
	bool s = h->config->s_mode;

	(void)num;
	return BIT(63) | letter('A', hart_has(h, EXT_A)) | letter('B', b) |
	       letter('C', hart_has(h, EXT_C)) | letter('D', hart_has(h, EXT_D)) |
	       letter('F', hart_has(h, EXT_F)) | letter('I', true) |
	       letter('M', hart_has(h, EXT_M)) | letter('S', s) | letter('U', s);
}

/* -- The table --------------------------------------------------------------------- */

/* clang-format off */
#define PLAIN(m, bits) .member = offsetof(struct hart, m), .mask = (bits)
#define CODE(m)        .member = offsetof(struct hart, m), .code = true
#define HELD(m)        .member = offsetof(struct hart, m), .write = write_##m
#define CALL(f)        .read = read_##f, .write = write_##f
#define CHANGE(f)      .read = read_##f, .change = change_##f
#define READ(f)        .read = read_##f
#define ZERO           .read = read_zero
/* clang-format on */

const struct csr_row csr_rows[] = {
	{ .name = "none" },
#define CSR(number, end, id, need, place)                                                          \
	{ .first = (number), .last = (end), .name = #id, .needs = CSR_NEEDS_##need, place },
#include "csr.def"
#undef CSR
};

const u32 csr_nrows = ARRAY_LEN(csr_rows);
_Static_assert(ARRAY_LEN(csr_rows) <= 256, "hart.csr_rows has a byte for each number");
_Static_assert(sizeof(struct hart) <= UINT16_MAX, "csr_row.member has 16 bits");

static bool pmp_exists(const struct hart *h, u32 num)
{
	if (num >= PMPADDR0)
		return num - PMPADDR0 < h->config->pmp_entries;
	/* RV64 has eight entries a register and no odd ones. */
	return !(num & 1) && (num - PMPCFG0) * 4 < h->config->pmp_entries;
}

/* What does not change while the hart lives; csr_allowed() has the rest. */
static bool csr_exists(const struct hart *h, const struct csr_row *row, u32 num)
{
	switch ((enum csr_needs)row->needs) {
	case CSR_NEEDS_NOTHING:
		return true;
	case CSR_NEEDS_S:
	case CSR_NEEDS_SATP:
		return h->config->s_mode;
	case CSR_NEEDS_FP:
		return hart_has(h, EXT_F);
	case CSR_NEEDS_COUNTER:
		return hart_has(h, EXT_Zicntr);
	case CSR_NEEDS_HPM:
		return hart_has(h, EXT_Zihpm);
	case CSR_NEEDS_STIMECMP:
		return h->config->s_mode && hart_has(h, EXT_Sstc);
	case CSR_NEEDS_SMAIA:
	case CSR_NEEDS_MIREG:
	case CSR_NEEDS_MTOPEI:
		return hart_has(h, EXT_Smaia);
	case CSR_NEEDS_MVIEN:
		return h->config->s_mode && hart_has(h, EXT_Smaia);
	case CSR_NEEDS_SSAIA:
	case CSR_NEEDS_SIREG:
	case CSR_NEEDS_STOPEI:
		return h->config->s_mode && (hart_has(h, EXT_Smaia) || hart_has(h, EXT_Ssaia));
	case CSR_NEEDS_PMP:
		return pmp_exists(h, num);
	}
	UNREACHABLE();
}

void csr_init(struct hart *h)
{
	for (u32 r = 1; r < csr_nrows; r++)
		for (u32 num = csr_rows[r].first; num <= csr_rows[r].last; num++)
			if (csr_exists(h, &csr_rows[r], num))
				h->csr_rows[num] = (u8)r;
}

static bool counter_enabled(const struct hart *h, u32 num)
{
	u64 bit = BIT(num & 31);

	if (h->priv < PRIV_M && !(h->mcounteren & bit))
		return false;
	return h->priv >= PRIV_S || !h->config->s_mode || (h->scounteren & bit);
}

/* Of the priorities the even ones exist, all 0. */
static bool selects(const struct imsic_file *f, u64 select)
{
	if (select >= ISELECT_IMSIC)
		return imsic_has(f, select);
	return select >= ISELECT_PRIORITIES && select < ISELECT_PRIORITIES + 16 && !(select & 1);
}

/* M-mode has taken the S-level file from S-mode. */
static bool file_hidden(const struct hart *h)
{
	return h->priv < PRIV_M && (h->mvien & BIT(IRQ_SEI));
}

static bool csr_allowed(const struct hart *h, const struct csr_row *row, u32 num)
{
	switch ((enum csr_needs)row->needs) {
	case CSR_NEEDS_NOTHING:
	case CSR_NEEDS_S:
	case CSR_NEEDS_SMAIA:
	case CSR_NEEDS_SSAIA:
	case CSR_NEEDS_MVIEN:
	case CSR_NEEDS_PMP:
		return true;
	case CSR_NEEDS_MIREG:
		return selects(&h->imsic[0], h->miselect);
	case CSR_NEEDS_SIREG:
		return selects(&h->imsic[1], h->siselect) &&
		       !(h->siselect >= ISELECT_IMSIC && file_hidden(h));
	case CSR_NEEDS_MTOPEI:
		return h->imsic[0].words;
	case CSR_NEEDS_STOPEI:
		return h->imsic[1].words && !file_hidden(h);
	case CSR_NEEDS_SATP:
		return h->priv == PRIV_M || !(h->mstatus & MSTATUS_TVM);
	case CSR_NEEDS_FP:
		return h->mstatus & MSTATUS_FS;
	case CSR_NEEDS_COUNTER:
	case CSR_NEEDS_HPM:
		return counter_enabled(h, num);
	case CSR_NEEDS_STIMECMP:
		return h->priv == PRIV_M ||
		       ((h->menvcfg & ENVCFG_STCE) && (h->mcounteren & COUNT_TM));
	}
	UNREACHABLE();
}

const struct csr_row *csr_find(struct hart *h, u32 num, bool writes)
{
	const struct csr_row *row = &csr_rows[h->csr_rows[num]];
	bool read_only = num >> 10 == 3;
	enum priv least = num >> 8 & 3;

	if (row == csr_rows || h->priv < least || (writes && read_only))
		return NULL;
	return csr_allowed(h, row, num) ? row : NULL;
}

const struct csr_row *csr_member(const struct hart *h, u32 num)
{
	const struct csr_row *row = &csr_rows[h->csr_rows[num]];
	bool always = row->needs == CSR_NEEDS_NOTHING || row->needs == CSR_NEEDS_S;

	return row != csr_rows && !row->read && always ? row : NULL;
}

static u64 *plain(const struct hart *h, const struct csr_row *row)
{
	return (u64 *)((char *)(uintptr_t)h + row->member);
}

/* Where an instruction can start: without compressed ones at multiples of 4. */
static u64 code_mask(const struct hart *h)
{
	return hart_has(h, EXT_C) || hart_has(h, EXT_Zca) ? ~(u64)1 : ~(u64)3;
}

u64 csr_mask(const struct hart *h, const struct csr_row *row)
{
	return row->code ? code_mask(h) : row->mask;
}

u64 csr_read(const struct hart *h, const struct csr_row *row, u32 num)
{
	return row->read ? row->read(h, num) : *plain(h, row);
}

bool csr_change(struct hart *h, const struct csr_row *row, u32 num, struct csr_change c)
{
	u64 v, mask;

	if (row->change)
		return row->change(h, c);
	v = (csr_read(h, row, num) & ~c.clear) | c.set;
	mask = csr_mask(h, row);
	if (!row->read)
		*plain(h, row) = (*plain(h, row) & ~mask) | (v & mask);
	return row->write && row->write(h, num, v);
}

void csr_reset(struct hart *h)
{
	h->mstatus = h->config->s_mode ? 0 : MSTATUS_MPP;
	h->fflags = h->frm = 0;
	h->satp = 0;
	h->mtvec = h->mscratch = h->mepc = h->mcause = h->mtval = 0;
	h->medeleg = h->mideleg = h->mie = 0;
	h->stvec = h->sscratch = h->sepc = h->scause = h->stval = 0;
	h->menvcfg = h->senvcfg = 0;
	h->miselect = h->siselect = 0;
	h->mvien = h->mvip = h->vie = 0;
	h->mcounteren = h->scounteren = h->mcountinhibit = 0;
	h->stimecmp = UINT64_MAX;
	h->minstret_skew = h->mcycle_skew = -hart_instret(h);
	atomic_store(&h->mip, 0);
	memset(h->pmpcfg, 0, sizeof(h->pmpcfg));
	memset(h->pmpaddr, 0, sizeof(h->pmpaddr));
}

/* -- Instructions ------------------------------------------------------------------ */

/* Without a change it only reads: csrrs and csrrc of x0 ("CSR Instructions").  That csrrw
 * to x0 does not read makes no difference, as no read has an effect. */
static bool access(struct hart *h, const struct op *op, u64 pc, const struct csr_change *c)
{
	u32 num = (u32)op->imm >> 20;
	const struct csr_row *row = csr_find(h, num, c);
	u64 was;

	if (!row)
		return trap_illegal(h, pc);
	was = csr_read(h, row, num);
	if (c && csr_change(h, row, num, (struct csr_change){ c->clear, c->set, was })) {
		h->x[op->rd] = was;
		h->pc = pc + 4;
		hart_retire(h);
		return true;
	}
	h->x[op->rd] = was;
	return false;
}

static bool set(struct hart *h, const struct op *op, u64 pc, u64 v)
{
	return access(h, op, pc, op->rs1 ? &(struct csr_change){ .set = v } : NULL);
}

static bool clear(struct hart *h, const struct op *op, u64 pc, u64 v)
{
	return access(h, op, pc, op->rs1 ? &(struct csr_change){ .clear = v } : NULL);
}

bool help_csrrw(struct hart *h, const struct op *op, u64 pc)
{
	return access(h, op, pc, &(struct csr_change){ .clear = UINT64_MAX, .set = h->x[op->rs1] });
}

bool help_csrrs(struct hart *h, const struct op *op, u64 pc)
{
	return set(h, op, pc, h->x[op->rs1]);
}

bool help_csrrc(struct hart *h, const struct op *op, u64 pc)
{
	return clear(h, op, pc, h->x[op->rs1]);
}

bool help_csrrwi(struct hart *h, const struct op *op, u64 pc)
{
	return access(h, op, pc, &(struct csr_change){ .clear = UINT64_MAX, .set = op->rs1 });
}

bool help_csrrsi(struct hart *h, const struct op *op, u64 pc)
{
	return set(h, op, pc, op->rs1);
}

bool help_csrrci(struct hart *h, const struct op *op, u64 pc)
{
	return clear(h, op, pc, op->rs1);
}
