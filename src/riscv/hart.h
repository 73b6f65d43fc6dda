/* hart.h - one hart from inside: what the files of riscv/ and jit/ share.
 *
 * A hart is run by one thread, which owns everything here but the members that say
 * `any thread`.  Code pages, contexts and TLBs are per hart: none of them has a lock.
 *
 *   decode.c disasm.c   words to struct op and to text, by the patterns of rv.def
 *   interp.c            what each row of rv.def does; runs code pages
 *   code.c              code pages: a copy of the guest's bytes, decoded
 *   mmu.c               contexts, TLBs, page tables, loads and stores that miss
 *   csr.c trap.c pmp.c  CSRs, traps and interrupts, physical memory protection
 *   aia.c               interrupt files: message-signaled interrupts
 *   sbi.c sbi_*.c       the built-in SBI
 *   hart.c inbox.c      life and waiting; what other threads ask of a hart
 */
#ifndef HART_H
#define HART_H

#include "riscv.h"
#include "tuning.h"

#include <pthread.h>
#include <stdatomic.h>

/* -- Decoded instructions ----------------------------------------------------- */

struct op;

/* The state of the interpreter in four registers; all handlers have this type and call
 * each other last.  `base` is the virtual address of the page that op's array stands for.
 * A handler that cannot go on stores h->pc and returns `left` to engine->run: at the latest
 * after a slice, so the host's stack is bounded even where a compiler makes calls. */
#define OP_ARGS const struct op *op, struct hart *h, u64 base, i64 left
#define OP_PASS op, h, base, left
typedef i64 op_fn(OP_ARGS);

#define X_SINK 32 /* rd = x0 is decoded as this register: nobody tests for x0 */

/* One decoded instruction; a code page has one per 2-byte slot. */
struct op {
	op_fn *fn;       /* what the interpreter tail-calls */
	u8 rd, rs1, rs2; /* numbers of x or f registers */
	u8 len;          /* in slots: 1 or 2 */
	i32 imm;         /* immediate, or what the row's operands say (rv.def) */
};

_Static_assert(sizeof(struct op) == 16, "four to a cache line");

/* Every instruction, in the order of rv.def; compressed forms decode to these rows. */
enum row {
#define I(name, ext, bits, opnds, sem) ROW_##name,
#include "rv.def"
	ROW_COUNT,
	ROW_ILLEGAL = ROW_COUNT
};

/* A table for one ISA: rows of absent extensions are not in it. */
struct decoder;
struct decoder *decoder_new(const struct isa *isa);
void decoder_free(struct decoder *d); /* accepts NULL */

/* Fills all of *op but fn.  `word` is the instruction; of a compressed one the high half
 * is ignored.  ROW_ILLEGAL if it is none that this ISA has; op->len is right even then. */
enum row decode(const struct decoder *d, u32 word, struct op *op);

/* The i-th pattern of the table, for tests; false after the last. */
struct pattern {
	const char *name;
	u32 mask, match, len;
};
bool decoder_pattern(const struct decoder *d, u32 i, struct pattern *out);

/* "addi a0,a0,1", as assemblers write it; `pc` is for branch targets. */
void disasm(const struct decoder *d, u32 word, u64 pc, char *text, size_t cap);

/* -- The interpreter (interp.c) ---------------------------------------------------- */

extern const struct engine engine_interp;

/* Handlers of ops that are no instruction: not yet decoded; the first two slots behind a page
 * (imm: 0 or 2); an instruction of which the page has only one half; behind a single one. */
op_fn op_decode, op_end, op_cross, op_single_end;

/* Chooses op->fn.  `slot` is its place in the page; PAGE_SLOTS: none, all jumps are far. */
void interp_bind(const struct hart *h, struct op *op, enum row row, u32 slot);
bool interp_jumps(enum row row); /* or branches */

struct code_page;

/* For other engines: from h->pc to the next jump that is taken, at most; the same in a page that is
 * in doubt, of which h->pc is; one instruction; one that was fetched.  Traps are taken.  h->left
 * counts. */
void interp_trace(struct hart *h);
void interp_in_place(struct hart *h, struct code_page *page);
void interp_step(struct hart *h);
void interp_word(struct hart *h, u32 word);

/* -- Code pages (code.c) --------------------------------------------------------
 *
 * A page of guest code: a copy of its bytes and what they decode to, filled as it is
 * reached.  Between fence.i the guest may see old or new bytes, so the copy is compared only
 * then, at the first jump to the page or a few later: what it was run for before that was
 * decoded from where it stands.
 */
#define PAGE_SHIFT 12
#define PAGE_SIZE  4096
#define PAGE_SLOTS 2048 /* of 2 bytes */

/* How often code of a page was run without a comparison: see code.c. */
struct doubt {
	u64 epoch; /* hart.code_epoch of */
	u32 runs;  /* these; */
	u32 all;   /* since the last comparison */
	u32 sure;  /* comparisons that come before it is in doubt again */
	bool changes;
};

struct code_page {
	struct op ops[PAGE_SLOTS + 2]; /* two more: where the last slots fall through to */
	u8 bytes[PAGE_SIZE];
	const u8 *live;            /* the page itself, in RAM or ROM: its key */
	const _Atomic u8 *written; /* mem_written() */
	struct code_page *next;    /* in its hash chain */
	u64 validated;             /* hart.code_epoch when it was last compared */
	u64 trusted;               /* as it was before that: see code.c */
	struct doubt doubt;
	bool used; /* since the clock hand passed */
};

/* Slot and pc follow from an op's address: arrays are aligned to their size. */
#define OPS_ALIGN ((size_t)32 * 1024)
_Static_assert(sizeof(struct op) * PAGE_SLOTS == OPS_ALIGN, "pc of op depends on it");

struct code;
struct code *code_new(void);
void code_free(struct code *c); /* accepts NULL */

/* The op at h->pc, decoded or to be decoded.  NULL: the fetch trapped and h->pc is the
 * handler. */
const struct op *code_at(struct hart *h);
/* The same for an instruction that does not lie in one page, or whose page cannot be kept:
 * good for one execution. */
const struct op *code_single(struct hart *h);
/* Likewise, if `word` is what was fetched. */
const struct op *code_word_at_pc(struct hart *h, u32 word);
/* Decodes an op of a code page in place. */
void code_decode(struct hart *h, const struct op *op);
/* Where the array is that code_single() decodes to. */
const struct op *code_singles(const struct hart *h);

/* The page at `live`, if it may have changed and is better run where it stands than compared; else
 * NULL.  Then what code_at() is otherwise. */
struct code_page *code_in_doubt(const struct hart *h, const u8 *live);
const struct op *code_in_place(struct hart *h, struct code_page *page);
/* Takes over what differs of a page at `live`: `changed` hears of each 8 bytes, by their offset.
 * Returns whether there were any. */
bool code_take_over(u8 *bytes, const u8 *live, void (*changed)(void *ctx, u32 at), void *ctx);

/* fence.i: from now on this hart runs what is in memory. */
void code_fence(struct hart *h);
/* Fences of all harts so far: a copy of memory that is made after a call is good for each
 * hart whose code_epoch is not above it. */
u64 code_epoch(void);
/* Flags of written pages are cleared in between (mem_trust()), and harts forget what they may
 * write.  Until the end flags say nothing; then all copies are compared once more. */
void code_trust_begins(void);
void code_trust_ends(void);
bool code_trust_is_under_way(void);
/* Nobody wrote to the page of this flag (mem_written()) since it was compared. */
bool code_is_unwritten(const _Atomic u8 *written);

/* The bits of the instruction at pc, for tval; 0 if they cannot be fetched now. */
u32 code_word(struct hart *h, u64 pc);

/* -- Contexts and translation (mmu.c) -------------------------------------------
 *
 * A context is a TLB and a cache of jump targets for one way to see memory: privilege of
 * loads and of fetches, SUM, MXR and satp.  A change of mode swaps h->ctx and flushes
 * nothing.
 */
enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH };

/* Tags are virtual page addresses; one that has a low bit set matches nothing. */
#define TLB_NONE UINT64_MAX

_Static_assert(JUMP_ENTRIES <= SPARSE_MAX, "sets of them are sparse");
_Static_assert(TLB_ENTRIES > 1, "the first and the last byte of an access over a page end have "
				"entries of their own");

struct tlb_entry {
	u64 r, w, x;
	u64 addend; /* host address - guest virtual address */
};

struct jit_page;

/* Where jumps to a page lead: for the interpreter, and for compiled code, which indexes the
 * array, so that the size is a power of two. */
struct jump {
	u64 page; /* virtual address, or TLB_NONE */
	const struct op *ops;
	u64 native_page; /* the same */
	struct jit_page *native;
};

/* Where compiled code jumped, filled by itself from `jumps`: so what drops an entry there drops
 * those of its page here. */
struct target {
	u64 pc; /* virtual address, or TLB_NONE */
	const u8 *code;
};

/* Where a load or a store of compiled code went last, filled by itself from `tlb`: so what drops an
 * entry there drops all of these. */
struct guess {
	u64 page; /* virtual address, or TLB_NONE */
	u64 addend;
};

#define TARGET_PAGES 512 /* bits: modulo this, pages that targets are in */

struct context {
	struct tlb_entry tlb[TLB_ENTRIES];
	struct jump jumps[JUMP_ENTRIES];
	/* those that have `page`, `native_page`, one that was written; and some more */
	struct sparse jumps_used, natives_used, natives_written;
	struct target targets[TARGETS];
	u64 target_pages[TARGET_PAGES / 64];
	u64 natives_lo, natives_hi; /* targets are in pages that have been natives, so in between */
	struct guess guesses[2][JIT_GUESSES]; /* of loads, of stores */
	u32 guessed;                          /* nonzero: there are some */
	u8 order[TLB_ENTRIES];  /* log2 of the size of the leaf that filled an entry */
	u64 super_lo, super_hi; /* where leaves of more than 4K were */
	u32 mode;               /* mmu.c: a context's key is mode and satp */
	u64 satp;
	bool stale;                     /* clear it before use */
	u64 jumps_epoch;                /* hart.jumps_epoch when `jumps` was last known good */
	u64 native_epoch, first_writes; /* an engine's own */
	u64 last_used;                  /* for replacement */
	u32 nlocal;                     /* pages of S contexts that are not global ... */
	u64 local[64]; /* ... and so leave at the next satp write; more: all leave */
};

/* Where jumps to gva's page lead, if that is the entry's. */
static inline struct jump *jump_of(struct context *ctx, u64 gva)
{
	return &ctx->jumps[gva / PAGE_SIZE % JUMP_ENTRIES];
}

/* A hart that runs ahead to be compared with, and then never was: it writes to memory, and says
 * first what was there, so that this can be undone.  It reaches nothing but memory. */
struct trial {
	struct {
		u8 *at;
		u32 size;
		bool walked; /* A and D bits */
		u8 was[64];
	} writes[256];
	u32 nwrites;
	bool refused; /* the last instruction would have had other effects */
};

struct mmu;
struct mmu *mmu_new(void);
void mmu_free(struct mmu *m); /* accepts NULL */

/* Call after any change of h->priv, mstatus.MPRV, MPP, SUM, MXR or satp. */
void mmu_mode_changed(struct hart *h);

/* It was called, if there was such a change. */
bool mmu_is_current(const struct hart *h);

/* Drops every translation: PMP or menvcfg changed, memory moved, reset. */
void mmu_forget(struct hart *h);

/* The host's address of `size` bytes of code at gva, in one page.  *whole: all of its page may
 * be kept.  NULL: h->fault. */
const u8 *mmu_fetch(struct hart *h, u64 gva, u32 size, bool *whole);

/* A value, or a fault that h->fault describes: two registers. */
struct got {
	u64 value;
	u64 fault;
};

/* The host's address of the page of gva less the guest's, for loads or stores of any alignment;
 * fault: it is no page of RAM with such rights, or h->fault.  `access` is what happens there
 * first: the page is used for that. */
struct got mmu_addend(struct hart *h, u64 gva, enum access access, bool writes);
/* The same for two pages in a row, which the TLB must have already. */
struct got mmu_addend_of_both(const struct hart *h, u64 first, u64 second, bool writes);

/* Where jumps to gva's page lead from now on: the interpreter's, and those of compiled code. */
void mmu_set_jump(struct context *ctx, u64 gva, const struct op *ops);
void mmu_set_native(struct context *ctx, u64 gva, struct jit_page *native, bool written);
/* The interpreter's of one context; for engines. */
void mmu_forget_ops(struct context *ctx);
/* Empties the jump caches of all contexts: code pages went away. */
void mmu_forget_jumps(struct hart *h);
/* The targets of one context, those of a page of it, all of compiled code; for engines. */
void mmu_forget_targets(struct context *ctx);
void mmu_forget_targets_of(struct context *ctx, u64 page);
void mmu_forget_natives(struct context *ctx);

/* sfence.vma on this hart; flags say which of the arguments count. */
enum { FENCE_GVA = 1, FENCE_ASID = 2 };
void mmu_fence(struct hart *h, u64 gva, u64 asid, u32 flags);
/* The same for [gva, gva + size); size 0 is 1. */
void mmu_fence_range(struct hart *h, u64 gva, u64 size, u64 asid, u32 flags);

/* All of a plain load or store: any address, any alignment. */
struct got mem_load(struct hart *h, u64 gva, u32 size);
struct got mem_store(struct hart *h, u64 gva, u32 size, u64 value);

/* The host address of `size` bytes of RAM at gva, for an atomic or cbo.zero: NULL with h->fault
 * set if they are not aligned to their size, too.  After a store through it, mem_done(). */
u8 *mem_atomic(struct hart *h, u64 gva, u32 size, enum access access);
void mem_done(struct hart *h);

/* -- Traps (trap.c) -------------------------------------------------------------- */

enum cause {
	CAUSE_FETCH_MISALIGNED,
	CAUSE_FETCH_ACCESS,
	CAUSE_ILLEGAL,
	CAUSE_BREAKPOINT,
	CAUSE_LOAD_MISALIGNED,
	CAUSE_LOAD_ACCESS,
	CAUSE_STORE_MISALIGNED,
	CAUSE_STORE_ACCESS,
	CAUSE_ECALL_U,
	CAUSE_ECALL_S,
	CAUSE_ECALL_M = 11,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15
};

/* An exception of the instruction at `pc`, which does not retire: sets the trap CSRs,
 * h->priv and h->pc (the handler), ends the reservation, calls mmu_mode_changed(). */
void trap_raise(struct hart *h, u64 pc, enum cause cause, u64 tval);
/* The same for an illegal instruction, with its bits as tval.  Returns true, so that
 * helpers can `return trap_illegal(h, pc)`. */
bool trap_illegal(struct hart *h, u64 pc);

/* mip as the guest reads it: software's bits, inputs, interrupt files and the timer. */
u64 trap_pending(const struct hart *h);
/* Bits of mvip that stand in for those of mip at S-level (AIA, "Interrupt filtering and virtual
 * interrupts for supervisor level"). */
u64 trap_virtual(const struct hart *h);
/* Pending and enabled for M-mode or S-mode, whatever mstatus says: what WFI waits for. */
u64 trap_waiting(const struct hart *h, enum priv level);
/* The number of the one that comes first; 0: none. */
u32 trap_first(u64 irqs);
/* True: an interrupt comes before the next instruction.  For whoever changed mstatus, mie,
 * mip, mideleg or h->priv: leave the handler, so that hart_poll() takes it. */
bool trap_due(struct hart *h);
/* Takes the interrupt that is due, if one is: changes h->pc and h->priv. */
void trap_interrupt(struct hart *h);

/* -- Helpers: instructions that are not expressions ------------------------------
 *
 * False: done, the caller retires the instruction and goes on behind it.  True: h->pc is
 * where to go on, after a look at h->event; a helper that retired its instruction all the
 * same has called hart_retire().  It must return true if it changed the mode, a translation
 * or which interrupts are due.  h->left is current in a helper.
 *
 * op->imm of the CSR rows is the instruction's word: the CSR is (u32)imm >> 20, a uimm rs1.
 */
typedef bool help_fn(struct hart *h, const struct op *op, u64 pc);
help_fn help_csrrw, help_csrrs, help_csrrc, help_csrrwi, help_csrrsi, help_csrrci; /* csr.c */
help_fn help_ecall, help_ebreak, help_mret, help_sret;                             /* trap.c */
help_fn help_wfi, help_wrs_nto, help_wrs_sto, help_pause;                          /* hart.c */
help_fn help_fence_i;                                                              /* code.c */
help_fn help_sfence_vma, help_sfence_inval, help_amocas_q;                         /* mmu.c */
help_fn help_cbo_inval, help_cbo_clean, help_cbo_zero;                             /* mmu.c */

/* -- Physical memory protection (pmp.c) ------------------------------------------ */

enum { RIGHT_R = 1, RIGHT_W = 2, RIGHT_X = 4 };

/* An access of `len` bytes, which may be of any length and alignment. */
bool pmp_allows(const struct hart *h, u64 gpa, u64 len, enum access access, enum priv priv);
/* The rights that all of the 4K page at gpa has for priv.  False: they differ within the
 * page, so it must not be cached and each access asks pmp_allows(). */
bool pmp_page(const struct hart *h, u64 gpa, enum priv priv, u32 *rights);

#define PMP_MAX 64

/* What the guest writes to an entry, as far as the entry takes it; then pmp_changed(). */
void pmp_set_cfg(struct hart *h, u32 entry, u8 cfg);
void pmp_set_addr(struct hart *h, u32 entry, u64 addr);
void pmp_changed(struct hart *h);

struct pmp_range {
	u64 first, last; /* inclusive */
	u8 cfg;
};

/* -- Other threads (inbox.c) -------------------------------------------------------
 *
 * A hart is asked for something by hart_kick(), after what is asked was stored.  A hart is
 * parked while it sleeps, waits for another hart or is out of hart_run(): it runs no guest
 * code then, and serves its inbox before it does again.  So nobody waits for a parked hart,
 * who waits is parked, and a circle of waiting harts cannot close.
 */
struct fence {
	u64 gva, size, asid; /* as in mmu_fence_range() */
	u32 flags;
};

#define INBOX_FENCES 8 /* more at once become one fence of everything */

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t wake;   /* the hart sleeps here */
	pthread_cond_t served; /* those who wait for it */
	_Atomic bool asleep;
	_Atomic bool filled; /* something to serve */

	/* under the lock */
	bool parked, code, forget;
	u32 nfences; /* above INBOX_FENCES: everything */
	struct fence fences[INBOX_FENCES];
	u64 posted, done; /* requests */
};

void inbox_init(struct inbox *in);
void inbox_fini(struct inbox *in);
void inbox_park(struct hart *h);
void inbox_unpark(struct hart *h); /* and serve */
void inbox_serve(struct hart *h);
/* Until h->event is set, or the host's time is `deadline_ns`. */
void inbox_sleep(struct hart *h, u64 deadline_ns);
/* Asks for an sfence.vma, or with NULL for a fence.i.  inbox_wait() waits for all that was
 * asked of `target`, on the thread of a parked hart. */
void inbox_post(struct hart *target, const struct fence *f);
/* Asks for mmu_forget(). */
void inbox_post_forget(struct hart *target);
void inbox_wait(struct hart *target);

/* -- Interrupt files (aia.c) -------------------------------------------------------
 *
 * Those of the hart's IMSIC.  Whoever sets a pending bit kicks the hart; whether the file signals
 * is not stored anywhere, so it is never stale.
 */
#define IMSIC_WORDS 32 /* of 64 identities, the most there are */

struct imsic_file {
	u32 words; /* 0: there is no such file */
	_Atomic u64 eip[IMSIC_WORDS];
	u64 eie[IMSIC_WORDS], eidelivery, eithreshold;
};

struct imsic_file *imsic_file(struct hart *h, enum priv level);
void imsic_reset(struct imsic_file *f);
/* xtopei: identity twice, or 0. */
u64 imsic_top(const struct imsic_file *f);
bool imsic_signals(const struct imsic_file *f);

/* What xiselect can select on a hart, and through xireg. */
enum { ISELECT_PRIORITIES = 0x30, ISELECT_IMSIC = 0x70, ISELECT_EIP = 0x80, ISELECT_END = 0x100 };
bool imsic_has(const struct imsic_file *f, u64 select);
u64 imsic_read(const struct imsic_file *f, u64 select);
void imsic_change(struct imsic_file *f, u64 select, u64 clear, u64 set);

/* States of the SBI's hart state management; the numbers are the SBI's. */
enum hsm { HSM_STARTED, HSM_STOPPED, HSM_START_PENDING, HSM_SUSPENDED = 4 };

/* -- The hart --------------------------------------------------------------------- */

/* clang-format off */
#define MSTATUS_SIE  ((u64)1 << 1)
#define MSTATUS_MIE  ((u64)1 << 3)
#define MSTATUS_SPIE ((u64)1 << 5)
#define MSTATUS_MPIE ((u64)1 << 7)
#define MSTATUS_SPP  ((u64)1 << 8)
#define MSTATUS_VS   ((u64)3 << 9)
#define MSTATUS_MPP  ((u64)3 << 11)
#define MSTATUS_FS   ((u64)3 << 13)
#define MSTATUS_MPRV ((u64)1 << 17)
#define MSTATUS_SUM  ((u64)1 << 18)
#define MSTATUS_MXR  ((u64)1 << 19)
#define MSTATUS_TVM  ((u64)1 << 20)
#define MSTATUS_TW   ((u64)1 << 21)
#define MSTATUS_TSR  ((u64)1 << 22)
#define MSTATUS_UXL  ((u64)3 << 32)
#define MSTATUS_SXL  ((u64)3 << 34)
#define MSTATUS_UXL_64 ((u64)2 << 32)
#define MSTATUS_SXL_64 ((u64)2 << 34)
#define MSTATUS_SD   ((u64)1 << 63) /* computed when read */
#define MSTATUS_MPP_SHIFT 11

/* menvcfg and senvcfg */
#define ENVCFG_FIOM  ((u64)1 << 0)
#define ENVCFG_CBIE  ((u64)3 << 4)
#define ENVCFG_CBCFE ((u64)1 << 6)
#define ENVCFG_CBZE  ((u64)1 << 7)
#define ENVCFG_ADUE  ((u64)1 << 61)
#define ENVCFG_PBMTE ((u64)1 << 62)
#define ENVCFG_STCE  ((u64)1 << 63)

/* satp, RV64 */
#define SATP_MODE(s) ((u32)((s) >> 60))
#define SATP_ASID(s) ((s) >> 44 & 0xffff)
#define SATP_PPN(s)  ((s) & LOW_BITS(44))
enum { SATP_BARE, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
/* clang-format on */

struct hart {
	/* What handlers touch, in the first cache lines. */
	u64 x[33]; /* x[0] stays 0; x[X_SINK] takes what is written to x0 */
	u64 f[32]; /* raw bits, boxed if narrower than 64 */
	struct context *ctx;
	u64 mstatus; /* FS: a write to f or fflags sets it to dirty */
	u32 fflags, frm;
	u64 pc;    /* current outside of handlers */
	i64 left;  /* instructions until the next look at `event`; current outside of handlers */
	u64 until; /* minstret, would `left` be 0: see hart_instret() */

	_Atomic u32 event; /* any thread: nonzero asks for hart_poll() */

	/* Compiled code (jit/) keeps these. */
	u64 base;             /* virtual address of the page it runs in */
	const u8 *code_start; /* all of it */
	u32 where;            /* the instruction that asks for help */
	u32 link;             /* the jump that found no code at its target; 0: none */
	u32 mxcsr;            /* the host's FP control and flags while the guest runs, ... */
	u32 fp_live;          /* ... nonzero: which may not be what C code finds and wants */
	i32 patience;         /* wrong guesses until code is made without */
	bool apart;           /* it left where accesses are in two pages */

	/* What it was made of. */
	const struct hart_config *config;
	const struct hart_env *env;
	const struct engine *engine;
	u32 index;
	struct decoder *decoder;
	struct mmu *mmu;
	struct code *code;
	u64 code_epoch;  /* of its last fence.i, counted over all harts */
	u64 jumps_epoch; /* counts what empties all jump caches */

	/* The fault that a struct got, or a NULL, announced. */
	struct {
		enum cause cause;
		u64 tval;
	} fault;

	/* lr: the bytes in RAM, what was there and how many.  sc and any trap make it NULL. */
	u8 *reserved;
	u64 reserved_value;
	u32 reserved_size;

	struct mem_cache io;       /* the window last used */
	struct trial *trial;       /* NULL: what this hart does counts */
	struct tried *tried;       /* the engine `lockstep`'s */
	struct jit_counts *counts; /* of engines that compile */

	enum priv priv;

	/* CSRs (csr.def says which bits).  Bits that follow from others are not stored. */
	u64 satp;
	u64 mtvec, mscratch, mepc, mcause, mtval, medeleg, mideleg, mie;
	u64 stvec, sscratch, sepc, scause, stval;
	u64 menvcfg, senvcfg, mcounteren, scounteren, mcountinhibit;
	u64 miselect, siselect;
	u64 mvien, mvip, vie; /* mvip: SSIP alone; SEIP is that of mip.  vie: sie where mvien is */
	u64 stimecmp;
	u64 minstret_skew, mcycle_skew; /* counter = hart_instret() + skew */
	u8 pmpcfg[PMP_MAX];
	u64 pmpaddr[PMP_MAX];
	struct pmp_range pmp[PMP_MAX]; /* the entries that are on, in their order */
	u32 npmp;
	u8 csr_rows[4096]; /* csr.c: row of each number, 0 if this hart has none */

	bool stip;       /* time >= stimecmp, at the last look */
	u64 armed_ns;    /* what env->deadline() was last told */
	u64 spin_ns;     /* how long to hope before sleeping */
	u64 spin_max_ns; /* 0: fewer CPUs than harts */
	u32 pauses;
	u32 pmu_counters; /* SBI PMU: that have an event */
	struct {
		u64 cause, epc, tval;
	} last_trap;

	/* Any thread. */
	struct inbox inbox;
	_Atomic u64 mip;       /* the bits that software wrote: SSIP, STIP, SEIP */
	_Atomic u64 lines;     /* interrupt inputs, by number of their mip bit */
	_Atomic bool remapped; /* what hart_remapped() said, for a store that caused it */
	_Atomic bool stopping;
	_Atomic u32 hsm;            /* enum hsm; under the inbox's lock where two might race */
	struct hart_start start;    /* where HSM_START_PENDING goes; under the inbox's lock */
	struct imsic_file imsic[2]; /* M-level and S-level: pending bits from any thread */

	_Atomic u64 waits_for; /* while it waits: WAITING and the interrupts that wake it */

	/* Statistics: written by the hart, read by any thread. */
	_Atomic u64 retired; /* hart_instret() at the last slice */
	_Atomic u64 fills, io_count, traps, interrupts, wfi;
};

/* The instructions retired before the current one. */
static inline u64 hart_instret(const struct hart *h)
{
	return h->until - (u64)h->left;
}

/* Instructions until the next look at `event`; for engines, whenever `left` runs out. */
static inline void hart_slice(struct hart *h, i64 n)
{
	u64 now = hart_instret(h);

	h->left = n;
	h->until = now + (u64)n;
	atomic_store_explicit(&h->retired, now, memory_order_relaxed);
}

/* For helpers that return true although their instruction retired. */
static inline void hart_retire(struct hart *h)
{
	h->left--;
}

static inline bool hart_has(const struct hart *h, enum isa_ext x)
{
	return isa_has(&h->config->isa, x);
}

/* One writer, many readers: no locked instruction. */
static inline void hart_count(_Atomic u64 *n)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* -- Running (hart.c) -------------------------------------------------------------
 *
 * engine->run() calls it, between instructions, when h->event is set: clears it, serves
 * what other threads asked for, takes an interrupt if one is due (h->pc and h->priv
 * change).  False: return from run().
 */
bool hart_poll(struct hart *h);

/* The supervisor timer: STIP follows stimecmp if it runs (Sstc, or the built-in SBI).
 * Call hart_timer_changed() after a change of stimecmp or menvcfg.STCE. */
bool hart_timer_runs(const struct hart *h);
void hart_timer_changed(struct hart *h);

/* Sleeps until an interrupt is pending and enabled, whatever mstatus says; or hart_stop(). */
void hart_wait(struct hart *h);

/* All that the guest can see of itself, but memory. */
void hart_copy(struct hart *to, const struct hart *from);
/* Back to `before`; pending bits, which other threads set, too, where that and `after` differ. */
void hart_undo(struct hart *h, const struct hart *before, const struct hart *after);
/* What is not as in `want`, or NULL.  Other threads may have set pending bits since `before`. */
const char *hart_difference(const struct hart *before, const struct hart *want,
			    const struct hart *h);

/* The state after power-on, or HSM hart start. */
void hart_power_on(struct hart *h, const struct hart_start *start);

/* -- Built-in SBI (sbi.c) ---------------------------------------------------------- */

/* An ecall from S-mode: reads and writes a0, a1 and whatever the function changes. */
void sbi_call(struct hart *h);
/* What firmware leaves behind before it enters S-mode. */
void sbi_reset(struct hart *h);

#endif
