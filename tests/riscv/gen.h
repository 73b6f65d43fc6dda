/* gen.h - writes random programs: what its files share.
 *
 *   gen_asm.c     rows of rv.def to words, lines of assembly to words, labels
 *   gen_frame.c   what surrounds the random part: start, trap handlers, page tables, the end
 *   gen_items.c   random instructions and the small structures that they stand in
 *   gen.c         options, segments, the ELF file
 *
 * A program is rounds of segments.  A segment sets up a privilege mode, an address space, what
 * is delegated and what is protected, then runs items in it.  Segments and items have numbers:
 * one that is left out becomes nops, and all others stay where and what they are.
 */
#ifndef GEN_H
#define GEN_H

#include "csr.h"
#include "decoder.h"

#include <inttypes.h>

#define RAM        ((u64)0x80000000)
#define RAM_SIZE   (64 * MIB)
#define IMAGE_SIZE ((u32)MIB)

/* Offsets in RAM, which are offsets in the image. */
enum {
	FRAME = 0,
	CTX = 0x2000,    /* saved registers, the hash of all traps */
	POOL = 0x3000,   /* constants: values, and pointers to places that may fault */
	DUMP = 0x4000,   /* what the end prints */
	TABLES = 0x8000, /* of two address spaces, 4 pages each */
	DATA = 0x10000,  /* what loads and stores mean */
	DATA_PAGES = 16,
	THUNKS = 0x20000,   /* two pages of functions, which change places */
	SWITCHES = 0x22000, /* two pages of tables: where in CODE to go on */
	CODE = 0x24000,     /* the segments */
	LOG = 0x1000000     /* --log: every trap */
};

/* Where virtual memory shows RAM; the low 32 bits are the physical address. */
#define ALIAS_S  ((u64)0xffffffc000000000) /* beside the identity: a second name for S-mode */
#define ALIAS_U  ((u64)0x1000000000)
#define WINDOW   ((u64)0x2000000000) /* 4K pages of DATA and THUNKS whose entries change */
#define WINDOWS  20                  /* 16 of data, 4 of thunks */
#define NO_PLACE ((u64)0x07000000)   /* neither RAM nor a device */

/* Layout of CTX.  The handler of S-mode has registers of its own. */
enum {
	CTX_SHARED = 512,
	CTX_S = 1024,
	CTX_HASH = 0, /* in the shared part */
	CTX_FACTOR = 8,
	CTX_STATUS = 16, /* bits of xstatus that are compared */
	CTX_LEAVE = 24,  /* physical address of the ecall that ends a segment */
	CTX_CONT = 32,   /* where it goes on, in M-mode */
	CTX_ROUNDS = 40,
	CTX_BUDGET = 48, /* timer interrupts yet to come */
	CTX_INSTRET = 56,
	CTX_CYCLE = 64,
	CTX_LOG = 72 /* the next trap's entry */
};

/* Pointers of the pool: values first. */
enum {
	POOL_VALUES = 384,
	POOL_DATA = 384,
	POOL_WILD = 448,
	POOL_EDGE = 472,
	POOL_THUNKS = 480,
	POOL_END = 512
};

/* Registers that random instructions do not write: pointers to data (x2, x8, x9), to the pool
 * (x3), and loop counters.  x8 is always aligned. */
enum { X_POOL = 3, X_ALIGNED = 8, X_LOOP = 18, LOOPS = 4 };
#define RESERVED ((u32)(1 << 2 | 1 << X_POOL | 1 << 8 | 1 << 9 | 15 << X_LOOP))

/* -- Rows ---------------------------------------------------------------------- */

enum class {
	CLASS_PLAIN,
	CLASS_MEMORY,
	CLASS_ATOMIC,
	CLASS_BRANCH,
	CLASS_JUMP,
	CLASS_CSR,
	CLASS_SYSTEM
};

struct field {
	u8 shift, width; /* width 0: there is none */
};

struct form {
	const struct source *source;
	enum class class;
	u32 match;
	u32 len; /* in bytes */
	struct field d, a, b, r, m, c;
	bool f_d;   /* d is an f register */
	u32 to[32]; /* bits of the immediate that this bit of the word is, or 0 */
};

struct label {
	char name[16];
	u32 at;
};

/* What depends on where a label is: a word's immediate, or a number. */
struct fixup {
	char name[16];
	u32 at;
	const struct form *row;
	bool la;  /* two words: auipc and addi */
	u32 size; /* 4 or 8: of the number, which is the label's offset and so much more */
	u64 more;
};

struct gen {
	u64 random;
	struct decoder *decoder;
	struct form *rows;
	u32 nrows;
	const char *avoid; /* subjects, separated by commas */
	bool log;          /* the end prints every trap */

	u8 image[IMAGE_SIZE];
	u32 at; /* where the next word goes */
	struct label *labels;
	struct fixup *fixups;
	size_t nlabels, labels_cap, nfixups, fixups_cap;
	u32 unique; /* labels made up */

	/* The segment that is being written. */
	enum priv mode;
	bool paged;  /* satp is not 0 */
	bool mprv;   /* loads and stores have another mode than fetches */
	bool fenced; /* sfence.vma is allowed */
	bool async;  /* interrupts come when they like: nothing that shows when */
	bool inject; /* interrupts come by CSR writes */
	bool delegates;
	u32 busy;  /* x registers that may not be written now */
	u32 depth; /* of loops and branches */
	u32 loop;  /* next loop counter */
	u32 last_loop;
	struct {
		u32 label, link;
	} functions[5];
	u32 nfunctions;

	u32 switches;     /* where the next table goes */
	u32 item;         /* the next one's number */
	const char *nops; /* numbers of items that become nops */
};

/* -- gen.c ------------------------------------------------------------------------ */

u64 rnd(struct gen *g);
u32 below(struct gen *g, u32 n);
bool chance(struct gen *g, u32 percent);
bool avoids(const struct gen *g, const char *subject);
/* "3,7-9" has 8; NULL has nothing. */
bool listed(const char *ranges, u32 n);

/* -- gen_asm.c -------------------------------------------------------------------- */

void asm_init(struct gen *g);
void asm_free(struct gen *g);

/* Lines of assembly, in the syntax of the operand column of rv.def, registers as x5 and f5;
 * and `name:`, `la x5,name`, `li x5,value`.  A name that starts with @ is an offset in RAM. */
void put(struct gen *g, const char *fmt, ...) PRINTF(2, 3);
void put_word(struct gen *g, u32 word, u32 len);
/* A word whose immediate is the distance to a label. */
void put_to(struct gen *g, const struct form *row, u32 word, u32 label);
/* At an offset, in so many bytes: that of a label, and so much more. */
void put_offset(struct gen *g, u32 at, u32 size, u32 label, u64 more);
void place(struct gen *g, u32 label); /* here is L<label> */
u32 new_label(struct gen *g);
void resolve(struct gen *g); /* all fixups */
/* From `at` on there are only nops; the word at `at` becomes one. */
void wipe(struct gen *g, u32 at);
void wipe_one(struct gen *g, u32 at, u32 len);
bool reaches(const struct gen *g, const struct form *r, u32 distance);

u32 set_field(u32 word, const struct field *f, u32 reg);
u32 set_imm(const struct form *r, u32 word, u64 imm);
const struct form *decoded(const struct gen *g, u32 word, struct op *op);

/* -- gen_frame.c ------------------------------------------------------------------- */

void frame(struct gen *g, u32 rounds);
void rounds_end(struct gen *g);
void window_entry(u32 space, u32 k, u64 *gva, u32 *entry);
u64 satp_of(u32 space);
u64 corner(struct gen *g);
/* Of what loads and stores of up to 16 bytes, up to 2K before it and behind, are in DATA. */
u32 data_offset(struct gen *g);
u64 random_entry(struct gen *g, u32 k);

/* -- gen_items.c -------------------------------------------------------------------- */

void items(struct gen *g, u32 n);
void functions(struct gen *g);
void set_pointers(struct gen *g);
void edit_entry(struct gen *g);
/* A 4-byte instruction that only computes. */
u32 random_plain4(struct gen *g);

#endif
