/* jit.h - an engine that compiles: what its files share.
 *
 *   read.c       instructions to nodes, by rv.def
 *   x64/         nodes to code of an x86-64 host; another host is another such folder
 *   cache.c      code by page of guest memory: found, linked, dropped
 *   jit.c        the engine: interprets what is cold, compiles what is warm
 *   lockstep.c   the engine that checks it against the interpreter, block by block
 *
 * The code of all harts is in one place.  It is found by page of *physical* memory, and knows
 * only offsets in its page, so every mapping and every process shares it.  hart.base is where
 * the page is now.
 *
 * Guest registers are in host registers (some of them, `pins`) or in struct hart, and are always
 * current where an instruction may trap.
 */
#ifndef JIT_H
#define JIT_H

#include "ir.h"

/* Why compiled code returned.  hart.pc is where to go on. */
enum jit_exit {
	JIT_AGAIN, /* no code there yet, an event, or a trap was taken */
	JIT_STEP,  /* interpret from there: at least one instruction */
	JIT_STALE, /* code that checks itself is old, or has run long enough */
};

/* Code of a page.  Other harts read `entry` while one adds to it. */
struct jit_page {
	_Atomic u32 entry[PAGE_SLOTS]; /* offset of the code for the instruction there */
	_Atomic u8 heat[PAGE_SLOTS];
	u8 bytes[PAGE_SIZE];              /* that the code was made from */
	const u8 *live;                   /* the page itself, in RAM or ROM: its key */
	const struct hart_config *config; /* the other part: which instructions there are */
	struct jit_page *_Atomic next;
	const _Atomic u8 *written; /* mem_written() */
	_Atomic u64 validated;     /* code_epoch() before it was last compared */
	struct jit_block *blocks;
	struct jit_link *links;
	size_t nblocks, nlinks, blocks_cap, links_cap;
	_Atomic u32 segments; /* bit set: where its code lies; none: it has none */
	u32 calm;             /* compared so often without a difference */
	/* sets of slots: code that begins there guesses where it goes, but these instructions guess
	 * wrong: the page; the addend too */
	u64 in_loop[BITS_WORDS(PAGE_SLOTS)], pages_wrong[BITS_WORDS(PAGE_SLOTS)],
		addends_wrong[BITS_WORDS(PAGE_SLOTS)];
	/* `entry` of code whose accesses share no lookups, in which it goes on where some that
	 * do are in two pages.  NULL: there is none. */
	_Atomic u32 *_Atomic apart;
	/* Code that checks itself: see cache.c. */
	_Atomic bool checks; /* its code does */
	i32 runs_left;       /* until it does no longer; compiled code counts */
	u32 stale;           /* blocks that were not what they had been made from */
	_Atomic u32 doubts;  /* runs where it stands, up to ... */
	u32 patience;        /* ... so many */
};

_Static_assert(offsetof(struct jit_page, entry) == 0, "compiled code indexes it");

struct jit_block {
	u16 start, end; /* offsets in the page */
	bool apart;     /* it is in jit_page.apart */
	u32 code, size; /* in the arena */
};

/* A jump within a page. */
struct jit_link {
	u32 site;   /* of its displacement, in the arena */
	u32 stub;   /* where it goes if there is no code at its target */
	u16 target; /* offset in the page */
	bool bound;
};

#define JIT_CHECKED 8               /* instructions of a block that checks itself */
#define JIT_LINKS   (JIT_INSNS + 1) /* of one block */

/* What a back end is told of the arena, and tells. */
struct jit_code {
	u8 *write;       /* all of the arena, to be written */
	u32 used, end;   /* offsets: from here on it is free, up to there */
	u32 enter, miss; /* common code: from C; where pages without code lead */
	bool smp;        /* other harts run */
	bool chains;     /* blocks jump to blocks */
	u32 common[32];  /* a back end's own */
};

/* Filled by a back end for one block. */
struct jit_made {
	u32 code, size;
	struct jit_link links[JIT_LINKS];
	u32 nlinks;
};

struct backend {
	const char *name;
	bool (*usable)(void); /* the host's CPU has what it needs */
	void (*common)(struct jit_code *c);
	/* False: no room, and nothing changed.  `entry` is the page's, for jumps to code that is.
	 */
	bool (*block)(struct jit_code *c, const struct ir_block *b, const struct hart *h,
		      const struct jit_page *page, struct jit_made *out);
	/* Lets a jump go elsewhere, while others may run it. */
	void (*patch)(struct jit_code *c, u32 site, u32 target);
};

extern const struct backend backend;

/* -- cache.c -------------------------------------------------------------------------- */

struct jit_stats {
	u64 blocks, bytes, insns; /* compiled: blocks, their code, their instructions */
	u64 links, unlinks, dropped, compares, changed, evictions;
	u64 peak; /* bytes of the arena that were ever used */
};

struct jit {
	const struct exec_host *exec;
	struct exec_memory memory;
	struct jit_code code;
	u32 first;                            /* offset behind the common code */
	pthread_mutex_t lock;                 /* of all below, and of what is in the pages */
	struct jit_page *_Atomic table[1024]; /* read by anybody, as `next` is */
	struct jit_page **pages;
	u32 npages;
	struct jit_page none; /* has no code */
	_Atomic u64 epoch;    /* jump caches are good for one of these */
	u32 segment;          /* that is being filled */
	bool evicting;        /* a hart is at it, and has let go of the lock */
	u32 calm_compares;
	struct ir_block ir;
	struct jit_made made;
	struct jit_stats stats;
};

#define JIT_SEGMENTS 4

/* The page of the code at `live`, its bytes compared since h's last fence.i.  NULL: it has no code,
 * and *doubted is in doubt. */
struct jit_page *cache_page(struct jit *j, struct hart *h, const u8 *live,
			    struct code_page **doubted);
/* Compiles from offset `start` on, if there is room, for jit_page.entry or .apart.  False: there is
 * not, or there is nothing to compile. */
bool cache_compile(struct jit *j, struct hart *h, struct jit_page *page, u32 start, bool apart);
/* The jump hart.link goes straight to its target from now on. */
void cache_link(struct jit *j, struct jit_page *page, u32 site, u32 target);
/* The code at h->pc does not stand there any more, or was run so often that it should be made as
 * other code is. */
void cache_stale(struct jit *j, struct hart *h, struct jit_page *page);
/* The instruction at offset `at` of the page at gva guesses wrong: its code is made again, with
 * another guess or none. */
void cache_distrust(struct jit *j, const struct hart *h, u64 gva, u32 at);
void cache_init(struct jit *j); /* behind the common code */
void cache_fini(struct jit *j);

/* -- lockstep.c ----------------------------------------------------------------------- */

/* The page of a block that is run to be compared, if all of it is.  NULL: there is none. */
const struct jit_page *lockstep_page(const struct hart *h);

/* -- jit.c ---------------------------------------------------------------------------- */

extern const struct engine engine_jit;

/* Where h->pc is.  NULL: its page cannot be kept, or is in doubt, or the fetch trapped; whatever it
 * was, it is done.  `remember`: compiled code will find the page there. */
struct jit_page *jit_page_at_pc(struct hart *h, bool remember);
/* Runs code at an offset in the arena, which is that of h->pc. */
enum jit_exit jit_enter(struct hart *h, u32 code);

/* -- Counters, for --stats ----------------------------------------------------
 *
 * Each hart counts for itself, and only in C: compiled code counts nothing.
 */
#define JIT_COUNTS(C)                                                                              \
	C(exit_lookup) /* compiled code returned: C has to find the code to go on with */          \
	C(exit_link)   /* the same, by a jump that can lead straight there from now on */          \
	C(exit_event)  /* for an interrupt, a stop, what another hart asks */                      \
	C(exit_trap)   /* an instruction has trapped */                                            \
	C(exit_stale)  /* code that checks itself is old, or has run long enough */                \
	C(exit_step)   /* before an instruction that the interpreter does */                       \
	C(call_step)   /* in the midst of code: one instruction is interpreted, */                 \
	C(call_help)   /* one is done by its helper: CSRs, fences, returns from traps, */          \
	C(call_group)  /* a page is looked up for several accesses, */                             \
	C(call_apart)  /* which are in two: on in code where each has its own */                   \
	C(interpreted) /* instructions that were not compiled, of all */

enum jit_count {
#define C(name) JIT_##name,
	JIT_COUNTS(C)
#undef C
		JIT_COUNTED
};

struct jit_counts {
	u64 n[JIT_COUNTED];
};

static inline void jit_count(struct hart *h, enum jit_count what, u64 n)
{
	h->counts->n[what] += n;
}

/* -- Called by compiled code ---------------------------------------------------------- */

/* hart.where: 11:0 offset in the page, 14:12 length in bytes, 31:16 instructions of the block
 * that are done. */
#define WHERE(at, len, done) ((u32)(at) | (u32)(len) << 12 | (u32)(done) << 16)

/* For jit_group(): one of the accesses writes, the first of them does. */
#define JIT_WRITES       ((u32)1 << 15)
#define JIT_FIRST_WRITES ((u32)1 << 31)

/* The host address of [first, last] less the guest's, if they are in RAM that is readable, or
 * writable, and lies in one piece; else fault, and code that goes on there, or 0. */
struct got jit_group(struct hart *h, u64 first, u64 last, u32 flags);
/* The instruction faulted: h->fault. */
void jit_fault(struct hart *h);
/* Interprets it.  False: it trapped, jumped, or let an interrupt in; go back to C. */
bool jit_step(struct hart *h);
/* The instruction guesses wrong too often: its loop is made again, without that guess. */
void jit_impatient(struct hart *h);
/* By its helper; the result as of jit_step().  jit_help_fp() for CSRs of floating point. */
bool jit_help(struct hart *h, const struct op *op, help_fn *f);
bool jit_help_fp(struct hart *h, const struct op *op, help_fn *f);

#endif
