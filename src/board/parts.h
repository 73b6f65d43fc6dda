/* parts.h - what the files of this folder share; nobody else includes it.
 *
 * board_load() runs these steps; each goes on after a mistake, with something harmless
 * in place of what was wrong:
 *
 *   tree.c          YAML text -> tree with places
 *   load.c          files, extends, overlays, -p, --set      merge.c  one tree over another
 *   param.c expr.c  parameters; $(...) replaced by what it means; when:
 *   plan*.c prop.c  keys and values against the class tables -> struct plan
 */
#ifndef PARTS_H
#define PARTS_H

#include "board.h"
#include "pci.h"

#define BOARD_MAX_FILE   MIB
#define BOARD_MAX_DEPTH  64
#define BOARD_MAX_SCALAR ((size_t)64 * KIB)
#define BOARD_MAX_FILES  64
#define BOARD_MAX_HARTS  64

/* Kinds of file, as a mask. */
enum kind {
	KIND_MACHINE = 1,
	KIND_BOARD = 2,
	KIND_OVERLAY = 4,
	KIND_LAB = 8,
	KIND_LOCK = 16,
	KIND_ANY = 31
};

/* -- Memory (arena.c): all of a board goes at once ---------------------------- */

struct arena {
	struct arena_block *last;
};

void *arena_zalloc(struct arena *a, size_t size);
char *arena_text(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_free(struct arena *a);

#define NEW(a, T)      ((T *)arena_zalloc((a), sizeof(T)))
#define NEW_N(a, T, n) ((T *)arena_zalloc((a), sizeof(T) * (n)))

/* Room for one more at (*p)[n]; `p` is a T **. */
#define ARENA_GROW(a, p, n, cap) (*(p) = arena_grow((a), *(p), (n), (cap), sizeof(**(p))))
void *arena_grow(struct arena *a, void *p, u32 n, u32 *cap, size_t size);

/* -- The tree (tree.c reads it, node.c works on it) --------------------------- */

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };
enum node_tag { TAG_NONE, TAG_DELETE, TAG_REPLACE, TAG_APPEND, TAG_PREPEND };
/* In `dt:` alone: what a value becomes. */
enum node_type { TYPE_NONE, TYPE_U64, TYPE_BYTES, TYPE_PHANDLE };

/* Why a value that was written is not there. */
enum absent {
	PRESENT,
	ABSENT_UNSET, /* nothing but $(p), and p has no value */
	ABSENT_GUEST, /* the same, because the guest is not fetched */
	ABSENT_WRONG, /* its mistake has been reported */
};

struct pair {
	const char *key;
	struct pos key_at;
	struct node *value; /* NULL: deleted, at key_at */
};

struct node {
	enum node_kind kind;
	enum node_tag tag;
	enum node_type type;
	enum absent absent;
	bool quoted;
	bool is_path; /* text names a file from the current directory already */
	struct pos at;
	const char *text;    /* scalar */
	struct pair *pairs;  /* map */
	struct node **items; /* list */
	u32 n, cap;
	u32 *index, index_size;    /* of a large map: pair number + 1 by hash of its key */
	const struct node *from;   /* the parameter's value that a $(p) stands for, or NULL */
	const struct clash *clash; /* two bases disagree about it, and nobody has decided yet */
};

/* A value written where `at` says, read from `yaml`.  NULL if it is not YAML at all; what
 * else is wrong is reported and repaired.  `tree_new_file` wants one map. */
struct node *tree_new_file(struct arena *a, const char *name, const char *text, size_t len,
			   struct diags *ds);
/* `arg` is a whole argument of the command line; the value begins at byte `off` of it. */
struct node *tree_new_arg(struct arena *a, const char *arg, size_t off, struct diags *ds);

struct node *node_new(struct arena *a, enum node_kind kind, struct pos at);
struct node *node_text(struct arena *a, const char *text, struct pos at);

/* The pair of that key unless deleted; also if its value is absent. */
struct pair *map_pair(const struct node *map, const char *key);
/* The value, or NULL if there is none or it is absent. */
struct node *map_get(const struct node *map, const char *key);
/* The next pair that is there; start with NULL. */
struct pair *map_next(const struct node *map, const struct pair *p);
struct pair *map_put(struct arena *a, struct node *map, const char *key, struct pos key_at,
		     struct node *value);
void node_flow(struct str *out, const struct node *n); /* as YAML on one line */
void list_put(struct arena *a, struct node *list, struct node *item);

/* For iterating: p is a struct pair *. */
#define for_pairs(p, map) for ((p) = map_next((map), NULL); (p); (p) = map_next((map), (p)))

/* The place of bytes [off, off + len) of a scalar; the whole scalar if that is not to be
 * found in the source as it stands (escapes, several lines, $(...)). */
struct pos node_part(const struct node *n, size_t off, size_t len);

/* -- Words -------------------------------------------------------------------- */

/* The nearest of `words` (NULL-terminated) to a misspelt one, or NULL. */
const char *nearest_word(const char *wrong, const char *const *words);

/* "`a`, `b` or `c`" */
const char *words_text(struct arena *a, const char *const *words, const char *last);

bool is_name(const char *s);      /* a device: [a-z][a-z0-9_]* */
bool is_interface(const char *s); /* of a network: 1 to 15 letters, digits, - _ . */
bool is_kebab(const char *s);     /* a file, a parameter: [a-z0-9][a-z0-9-]* */

/* -- Scalars (scalar.c) --------------------------------------------------------- */

enum unit { UNIT_NONE, UNIT_SIZE, UNIT_HZ, UNIT_NS };

/* What is wrong with a scalar, and what to write instead (or empty). */
struct wrong {
	char text[128], hint[128];
};

bool scalar_number(const char *s, u64 *v, struct wrong *w); /* 10, 0x1000_0000, 0b1010 */
/* A number in the unit: 4K, 10MHz, 10ms.  For a size the letter is optional. */
bool scalar_unit(const char *s, enum unit unit, u64 *v, struct wrong *w);
bool scalar_bool(const char *s, bool *v, struct wrong *w);

/* -- The language (lang.c) -------------------------------------------------------- */

/* What a key's value is, for those who describe the language: the readers know. */
enum key_kind {
	KEY_ANY,
	KEY_VERSION,
	KEY_TEXT,
	KEY_WORD, /* one of .words */
	KEY_NUMBER,
	KEY_SIZE,
	KEY_HZ,
	KEY_BOOL,
	KEY_PATH,
	KEY_FILES, /* a path, or a list of them */
	KEY_ISA,
	KEY_NAME, /* of a device */
	KEY_TEXTS,
	KEY_SPAN, /* [base, size] */
	KEY_SPANS,
	KEY_LINES,   /* 10, 7-22, [1, 2] */
	KEY_IRQS,    /* lines, or a map of them by controller */
	KEY_CHOICES, /* words, or a map of them with the parts of each */
	KEY_REG,     /* base, [base, size], auto */
	KEY_SLOT,    /* number, auto */
	KEY_CLASS,   /* of a device */
	KEY_MAP,     /* of the keys .in */
	KEY_ITEMS,   /* a list of such maps, or one */
	KEY_DEVICES, /* devices by name */
	KEY_PARAMS,
	KEY_NODES,   /* nodes of a device tree, any depth */
	KEY_BACKING, /* lang_backing, any depth */
};

/* Tables end with a row without key.  The key "*" stands for any name. */
struct lang_key {
	const char *key;
	enum key_kind kind;
	const char *doc;
	const char *const *words;
	const struct lang_key *in;
	u32 where; /* top level: kinds of file; device: buses, network: kinds, 0 for all */
	bool required;
};

extern const struct lang_key lang_top[], lang_params[], lang_harts[], lang_clusters[],
	lang_memory[], lang_auto[], lang_device[], lang_dt[], lang_dt_top[], lang_boot[],
	lang_load[], lang_host[], lang_lock[], lang_machines[], lang_networks[], lang_chardev[],
	lang_disk[], lang_backing[], lang_net[], lang_displays[], lang_display[], lang_share[],
	lang_vsock[], lang_audio[];
extern const char *const words_kinds[], *const words_status[], *const words_mmu[];
extern const char *const words_formats[], *const words_chardev[], *const words_disk[];
extern const char *const words_cache[], *const words_net[], *const words_viewer[];
extern const char *const words_audio[];

const struct lang_key *lang_find(const struct lang_key *keys, const char *key);
const char *const *lang_words(struct arena *a, const struct lang_key *keys);

/* -- Parameters (param.c) and $(...) (expr.c) ----------------------------------- */

enum param_type {
	PARAM_INT,
	PARAM_SIZE,
	PARAM_BOOL,
	PARAM_TEXT,
	PARAM_PATH,
	PARAM_ISA,
	PARAM_GUEST,
	PARAM_ENUM,
	PARAM_FREQUENCY,
};

extern const char *const param_types[]; /* by enum param_type; NULL-terminated */

/* What an expression or a parameter means. */
struct val {
	enum absent absent;
	enum { VAL_NUMBER, VAL_TEXT } kind;
	enum unit unit;
	u64 num;
	const char *text; /* as it goes into the tree */
	bool is_path;
	const struct node *from;
};

struct param {
	const char *name, *doc;
	struct pos at;
	enum param_type type;
	bool type_known, required, used;
	u64 min, max;
	const char *const *words; /* values:, or NULL */
	const struct node *parts; /* values:, if it is a map: of each word a map of texts */
	struct node *value;       /* written; NULL: none */
	enum { PARAM_NEW, PARAM_BUSY, PARAM_DONE } state;
	struct param *by; /* whose value asked for it */
	struct val val;
};

/* -- The board ------------------------------------------------------------------ */

struct board {
	struct arena arena;
	const char *file;
	const struct board_host *host;
	const struct device_class *const *classes;
	struct diags *ds; /* only while it is loaded */

	struct source {
		const char *name;
		struct pos from; /* the `extends:` that asked for it */
	} files[BOARD_MAX_FILES];
	u32 nfiles;

	struct node *root; /* merged */
	struct param *params;
	u32 nparams;
	struct param *evaluating;
	struct node *dropped; /* names that `when:` took away: a map */

	struct plan plan;
	enum kind kind;         /* KIND_BOARD or KIND_LAB */
	struct pos asked;       /* a machine of a lab: where its file is named */
	size_t first_diag;      /* those before it are of others, with which it is checked */
	struct board *machines; /* of a lab */
	u32 nmachines;
	struct board *next;   /* of the same lab */
	struct node *claimed; /* what of the host is used, by all of a lab; or NULL */
	bool lint, locked;
	const struct node *pins; /* `devices:` of the lock file, or NULL */
	struct draft *drafts;    /* by device; how the plan was made */
	bool altered;            /* by the command line: a parameter may have lost its only use */
	bool complete;
};

/* Reads the files and the command line into b->root.  False: nothing to go on with. */
bool load_files(struct board *b, const struct board_options *options);
/* A parameter's value, and an overlay, that stand in no file of their own. */
void load_param(struct board *b, const char *name, struct pos at, struct node *value);
void load_overlay(struct board *b, struct node *overlay);

/* `path` as written in a file whose name is `by`; "." and ".." are taken out. */
const char *path_from(struct arena *a, const char *by, const char *path);
/* What a scalar that names a file means; from then on it says so itself. */
const char *node_path(struct arena *a, struct node *n);

/* src over dst.  Bit i of a set of files stands for b->files[i]. */
struct merge {
	struct board *b;
	bool siblings; /* two bases of one file: neither wins */
	u64 dst_files, src_files;
	struct node *owners; /* name of each device in dst -> the `devices:` map it is in */
	struct node *top;    /* dst's own `devices:` */
};

void merge_trees(struct board *b, struct node *dst, struct node *src);
void merge_siblings(struct board *b, struct node *dst, struct node *src, u64 dst_files,
		    u64 src_files);

/* Where two bases disagree, and no file after them has said which is meant. */
void report_clashes(struct board *b);

void params_read(struct board *b);
struct param *param_find(struct board *b, const char *name);
/* Its value; reports what is wrong with it once. */
const struct val *param_val(struct board *b, struct param *p);
/* Replaces each $(...) of the tree and applies each `when:`. */
void substitute(struct board *b);
/* One scalar that may have $(...) in it. */
struct val expr_scalar(struct board *b, const struct node *n);

/* -- Checks (check.c): the words of all complaints about a value ---------------- */

/* Each reports what is wrong and returns NULL or false.  `what` is "reg" or "harts.count". */
bool check_keys(struct board *b, const struct node *map, const char *what,
		const struct lang_key *keys);
bool check_words(struct board *b, const struct node *map, const char *what,
		 const char *const *keys);
const struct node *check_map(struct board *b, const struct node *n, const char *what);
const char *check_text(struct board *b, const struct node *n, const char *what);
bool check_number(struct board *b, const struct node *n, const char *what, u64 *v);
bool check_unit(struct board *b, const struct node *n, const char *what, enum unit u, u64 *v);
bool check_bool(struct board *b, const struct node *n, const char *what, bool *v);
bool check_range(struct board *b, const struct node *n, const char *what, enum unit u, u64 v,
		 u64 min, u64 max);
/* The index of one of `words`, or -1. */
i32 check_word(struct board *b, const struct node *n, const char *what, const char *const *words);
/* One text or a list of them. */
bool check_texts(struct board *b, const struct node *n, const char *what, const char *const **list,
		 u32 *count);
bool report_missing(struct board *b, struct pos at, const char *what, const char *doc);
/* A value that the tree does not have though it was written: say why.  False. */
bool report_absent(struct board *b, const struct pair *p, const char *what);

/* -- The plan (plan.c) ---------------------------------------------------------- */

/* A device while it is planned; the same index as in plan.devices. */
struct draft {
	struct pair *pair;    /* its entry in `devices:` */
	struct node *node;    /* the map */
	struct node **prop;   /* by row of the class: what was written, or NULL */
	struct value *values; /* plan_device.values, while they are being found out */
	enum bus bus;         /* the one it stands on */
	u64 align;            /* of its window */
	bool automatic;       /* reg: auto, or slot: auto */
	bool pinned;          /* and the lock file said where */
};

/* A stretch of the system bus. */
struct claim {
	u64 base, size;
	const char *name; /* of a device or a memory */
	const char *part; /* "mem32", "ECAM", or NULL */
	struct pos at;
	u32 device; /* or PLAN_NONE */
	u32 order;  /* in the file */
};

/* Free room in the ranges of `auto:`, in their order. */
struct hole {
	u64 base, size;
	struct hole *next;
};

/* Where to begin to look for a hole of this size and alignment: those before are too
 * small, and stay so. */
struct hole_memo {
	u64 size, align;
	struct hole *from;
};

/* Lines of one interrupt controller. */
struct lines {
	u32 controller; /* device */
	u32 highest;
	u32 *owner;     /* by line: 1 + device, 0: free */
	struct pos *at; /* by line */
	bool *allowed;  /* for `auto`, by line */
	u32 next;       /* no free allowed line below */
};

struct planner {
	struct board *b;
	struct plan *p;
	struct draft *drafts;
	u32 drafts_cap, devices_cap;
	struct node *names;   /* device -> a node whose n is its index; memory -> n is PLAN_NONE */
	struct node *claimed; /* what of the host is used: file or "stdio" -> where */
	const struct node *autos; /* `auto:` or NULL */
	u32 nslirp;
	bool irq_parent_wrong; /* reported: what lacks a controller needs no mention */

	struct claim *claims;
	u32 nclaims, claims_cap;
	struct hole *holes;
	struct hole_memo memo[8];
	struct lines *lines;
	u32 nlines, lines_cap;
};

void plan_make(struct board *b);

struct board *board_new(const char *file, const struct device_class *const *classes,
			const struct board_host *host, struct diags *ds);
/* What follows when the files are read, if they are. */
void board_make(struct board *b, bool loaded);

void lab_check(struct board *b);

/* The lock file (lock.c). */
void lock_read(struct board *b);
void lock_check(struct board *b); /* after planning: all is pinned, if it has to be */
/* What the lock file says of a key, or NULL. */
const struct node *lock_pin(const struct board *b, const char *device, const char *key);
void lock_report_lost(struct board *b, const struct node *pin, const char *device, const char *why);
/* A row of interrupts that nobody wrote: `auto`, and there is a line. */
bool planned_automatic_irqs(const struct board *b, u32 device, u32 row);

void plan_harts(struct planner *pl);
void plan_memory(struct planner *pl);
void plan_boot(struct planner *pl);
/* `uart1: uart-16550`: says that its class is meant, if it is. */
void hint_class(struct board *b, const struct pair *p);
void plan_devices(struct planner *pl); /* classes, names, nesting */
void plan_props(struct planner *pl);   /* values of properties */
void plan_place(struct planner *pl);   /* reg, slots, overlap */
void plan_irqs(struct planner *pl);    /* interrupts */
void plan_dt(struct planner *pl);      /* the hatch */

/* The device of that name, or PLAN_NONE. */
u32 planner_find(const struct planner *pl, const char *name);
/* The same for a name that stands at `off` in a value; reports what is wrong with it. */
u32 planner_ref(struct planner *pl, const struct node *n, size_t off, size_t len, const char *what);
/* Reports a name that is in use or no name. */
bool class_is_port(const struct device_class *c); /* of PCI Express: one device behind it */
bool planner_name(struct planner *pl, const char *name, struct pos at, u32 index);

/* A device that is named as an interrupt controller and is none.  False. */
bool report_no_irqs(struct planner *pl, struct pos at, const char *what, u32 i);

/* The value of the row of that member, or NULL. */
const struct value *planned_value(const struct plan_device *d, const char *name);
const struct host_spec *plan_host_spec(struct planner *pl, const struct prop *row,
				       const struct node *n, const char *device);
bool plan_net_spec(struct planner *pl, const struct node *n, const char *device,
		   struct host_spec *host);
void plan_displays(struct planner *pl);
bool plan_display_spec(struct planner *pl, const struct node *n, const char *device,
		       struct host_spec *host);
void net_spec_text(const struct net_spec *spec, struct str *out);
/* The second one to claim it is reported, with the place of the first. */
void plan_claim(struct planner *pl, enum diag_code code, const char *what, const char *sentence,
		struct pos at);
void plan_claim_file(struct planner *pl, const char *path, struct pos at);
/* [base, size]; `what` is "reg". */
bool check_span(struct board *b, const struct node *n, const char *what, struct range *r);
bool check_isa(struct board *b, const struct node *n, const char *what, struct isa *isa);

void lines_text(struct str *s, const struct value *irqs); /* "10", "40-55, 60" */
const char *prop_kind_text(const struct prop *p);
const char *prop_default_text(const struct prop *p, char *buf, size_t cap);
/* Where on a bus: "slot 1", "at 0x68"; empty where there is one place. */
const char *place_text(char *buf, size_t cap, enum bus bus, u32 place);
const char *reg_access_text(const struct reg *r);
/* A row's YAML key: "windows.mem32". */
const char *row_key(struct arena *a, const struct prop *p);
u32 rows_count(const struct prop *rows);
#define for_rows(r, rows) for ((r) = (rows); (r) && (r)->name; (r)++)

#endif
