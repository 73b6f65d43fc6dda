/* board.h - board files as data: YAML -> tree -> merged tree -> plan.
 *
 * No live object and no host: the class table is a parameter, so this folder
 * knows what a device may be told without being able to make one.  Files are read
 * through a callback.  One run reports all mistakes, each with place and code.
 */
#ifndef BOARD_H
#define BOARD_H

#include "device.h"
#include "forward.h"
#include "isa.h"

/* -- Diagnostics (diag.c) --------------------------------------------------- */

enum diag_code {
#define E(code, name, title, page) DIAG_##name,
#include "diag.def"
#undef E
	DIAG_COUNT
};

struct diag_row {
	const char *code;  /* "E0201" or "W0218" */
	const char *title; /* one line */
	const char *page;  /* what `vmbuild explain E0201` prints */
};

extern const struct diag_row diag_rows[DIAG_COUNT];

/* A place in a source: a file, or an argument like "-p ram=x" or "--set a.b=c". */
struct pos {
	const char *file; /* as shown to the person; NULL: no place */
	const char *text; /* the whole source, for the caret; owned by the board */
	u32 line;         /* from 1; 0: `text` is an argument of the command line */
	u32 col;          /* from 1; counts characters */
	u32 len;          /* characters to underline; at least 1 */
};

struct diag_note {
	struct pos at; /* the other place; without a file, just a sentence */
	char *text;
	bool shown; /* with its line: it is half of the matter, not how it came about */
};

#define DIAG_NOTES 8

struct diag {
	enum diag_code code;
	bool mild; /* a warning, though its code says error */
	struct pos at;
	char *text;
	char *hint;  /* or NULL */
	char *label; /* right of the carets, or NULL */
	struct diag_note notes[DIAG_NOTES];
	u32 nnotes;
};

struct diags {
	struct diag *list;
	size_t n, cap;
	u32 errors, warnings; /* all of them, also those beyond the limit of the list */
	bool full;            /* the last one was only counted */
	bool mild;            /* what is reported now is a warning, whatever its code */
};

/* All return false.  A hint, label or note belongs to the one reported last. */
bool diag_report(struct diags *ds, struct pos at, enum diag_code code, const char *fmt, ...)
	PRINTF(4, 5);
bool diag_hint(struct diags *ds, const char *fmt, ...) PRINTF(2, 3);
bool diag_label(struct diags *ds, const char *fmt, ...) PRINTF(2, 3);
bool diag_note(struct diags *ds, struct pos at, const char *fmt, ...) PRINTF(3, 4);
void diag_add_note(struct diag *d, struct pos at, const char *fmt, ...) PRINTF(3, 4);
/* By place, `first` before other files; what was said twice is said once. */
void diags_sort(struct diags *ds, const char *first);
void diags_free(struct diags *ds);

enum diag_style { DIAG_TEXT, DIAG_COLOR, DIAG_GCC, DIAG_JSON };
/* As a person (or an editor) reads them; at most `most` (0: all), then "and N more".
 * Valid as long as the board whose places they show. */
void diags_format(const struct diags *ds, enum diag_style style, u32 most, struct str *out);

/* -- Loading (board.c) ------------------------------------------------------ */

/* How this folder reaches files and guests.  Results are malloc'ed; the board frees them. */
struct board_host {
	void *ctx;
	/* The whole file, at most `max` bytes, or NULL with *why = a sentence. */
	char *(*read_file)(void *ctx, const char *path, size_t max, size_t *len, struct err *why);
	/* A fetched guest's "kernel", "initrd", "image", "firmware", "bootargs": text.
	 * NULL with an empty *why: this guest has no such part.  NULL with why->code
	 * "E0204": there is no such guest.  NULL with any other text: it is not fetched. */
	char *(*guest)(void *ctx, const char *guest, const char *part, struct err *why);
};

/* What the command line adds, in its order. */
struct board_options {
	const char *const *overlays; /* -o FILE */
	const char *const *params;   /* -p name=value, --guest is one of them */
	const char *const *sets;     /* --set path=value */
	size_t noverlays, nparams, nsets;
	bool locked; /* the lock file must be there and say all */
	bool lint;   /* warn also of what is right but deserves a word: W0219 */
};

struct board; /* tree, sources and plan: owns all text */

/* Reads, merges, checks.  Never NULL; board_plan() is NULL if there were errors. */
struct board *board_load(const char *path, const struct board_options *options,
			 const struct device_class *const *classes, const struct board_host *host,
			 struct diags *ds);
void board_free(struct board *b);

/* -- The plan (plan.c): all that is needed to build the machine and its tree - */

struct plan_cluster {
	const char *name;
	const char *const *compatible; /* of its cpu nodes, without "riscv" */
	u32 ncompatible;
	u32 first, count; /* hart ids */
	struct isa isa;
	const char *mmu; /* "none", "sv39", "sv48", "sv57" */
	bool s_mode;
	struct pos at;
};

struct plan_memory {
	const char *name;
	u64 base, size;
	struct pos at;
};

/* The hatch `dt:`: bytes as they go into the tree, but for phandles, which are known only
 * when it is written. */
struct plan_dt_ref {
	u32 at; /* offset in the bytes */
	u32 device;
	struct pos pos;
};

struct plan_dt_prop {
	const char *name;
	const u8 *bytes;
	u32 len;
	const struct plan_dt_ref *refs;
	u32 nrefs;
};

struct plan_hatch {
	const char *node_name; /* or NULL: the class's */
	struct plan_dt_prop *set;
	u32 nset;
	const char *const *drop;
	u32 ndrop;
	bool hide;
	struct pos at;
};

struct plan_dt_node {
	const char *name;
	struct pos at;
	struct plan_dt_prop *props;
	u32 nprops;
	struct plan_dt_node *nodes;
	u32 nnodes;
};

struct plan_device {
	const struct device_class *class;
	const char *name;
	struct pos at;  /* of its key */
	bool disabled;  /* a node, no device */
	u32 parent;     /* index in devices, or PLAN_NONE */
	u64 base, size; /* MMIO window; size 0: none */
	struct pos reg_at;
	u32 slot;                      /* PCI, I2C, SPI */
	const char *const *compatible; /* given in YAML, or NULL: the class's */
	u32 ncompatible;
	const struct value *values;     /* one per row of class->props */
	u32 irq_parent;                 /* its interrupt controller, or PLAN_NONE */
	const struct plan_hatch *hatch; /* or NULL */
};

#define PLAN_NONE UINT32_MAX

/* What the cable of a network card leads to. */
struct net_spec {
	enum net_kind { NET_NONE, NET_SLIRP, NET_TAP, NET_SOCKET } kind;
	const char *pcap; /* capture to this file, or NULL */
	struct forward *forwards;
	u32 nforwards;
	u32 subnet; /* counts the slirps of a board */
	bool ipv6, host_loopback;
	const char *interface; /* tap */
	const char *path;      /* socket: a folder */
};

/* An entry of `displays:`: where pictures are shown, and keys and pointer come from. */
struct plan_display {
	const char *name;
	const char *title; /* of a window; or NULL: the board's name */
	enum plan_viewer { VIEWER_AUTO, VIEWER_NONE, VIEWER_SDL, VIEWER_VNC, VIEWER_WEB } viewer;
	const char *listen; /* vnc, web: where, as it was written; or NULL */
	struct forward where;
	const char *socket; /* vnc: a path to listen at instead; or NULL */
	struct pos at;
};

#define DISK_LAYERS 8 /* under each other: as many as anybody has, and an end to hostile ones */

/* What lies under a qcow2 image. */
struct disk_backing {
	const char *path;
	enum disk_format { DISK_RAW, DISK_QCOW2 } format;
	const struct disk_backing *backing; /* or NULL */
};

/* The `host:` of a device: what it is connected to outside. */
struct host_spec {
	const char *name; /* of what is connected: a device, or "con0.agent" for a row of one */
	enum spec_kind {
		HOST_NULL,
		HOST_STDIO,
		HOST_PTY,
		HOST_FILE_OUT, /* chardev {file: } */
		HOST_SOCKET,   /* chardev {socket: } */
		HOST_LOG,      /* chardev {log: } */
		HOST_TCP,      /* chardev {tcp: }: `port` says which */
		HOST_DISK,     /* {file:, format:, cache:, ...} */
		HOST_SHARE,    /* {share:, read-only:} */
		HOST_WAV,      /* {wav:} */
		HOST_SOUND,    /* {play:, record:} */
		HOST_VSOCK,    /* {socket:} of virtio-vsock */
		HOST_NET,      /* {net:, ...}: `net` says the rest */
		HOST_DISPLAY,  /* {display: }: `display` says which */
	} kind;
	const char *path; /* absolute or relative to the current directory */
	enum disk_format format;
	const struct disk_backing *backing; /* or NULL */
	enum disk_cache { CACHE_WRITEBACK, CACHE_WRITETHROUGH, CACHE_NONE, CACHE_UNSAFE } cache;
	bool read_only, ephemeral;
	bool record;    /* of sound: the microphone, too */
	bool or_nobody; /* of sound: where it cannot be heard, the machine runs without */
	u16 port;
	struct net_spec net;
	u32 display; /* index in the plan's displays */
	struct pos at;
};

struct plan_image {
	const char *path;
	enum { IMAGE_AUTO, IMAGE_ELF, IMAGE_RAW, IMAGE_LINUX } format;
	bool has_at;
	u64 load_at;
	struct pos at;
};

struct plan_boot {
	enum { FIRMWARE_BUILTIN, FIRMWARE_NONE, FIRMWARE_FILE } firmware;
	struct plan_image firmware_file;       /* path NULL if not FILE */
	struct plan_image kernel, initrd, dtb; /* path NULL: none */
	const char *bootargs;                  /* or NULL */
	struct plan_image *load;
	u32 nload;
	bool has_entry;
	u64 entry;
	struct pos at; /* of `boot:`, or of the file */
};

struct plan {
	const char *file; /* the board file, as given */
	const char *name, *description, *model;
	const char *const *compatible;
	u32 ncompatible;
	u32 timebase_hz;
	struct plan_cluster *clusters;
	u32 nclusters;
	struct hart_info *harts; /* all of them, in order */
	u32 nharts;
	struct plan_memory *memory; /* in address order */
	u32 nmemory;
	struct plan_device *devices; /* parents before children, resolved order */
	u32 ndevices;
	/* What has no `host: {display: }` belongs to the first; a board that says nothing of
	 * displays has one, and no board has none. */
	struct plan_display *displays;
	u32 ndisplays;
	u32 stdout_device;       /* or PLAN_NONE */
	u32 irq_parent;          /* `interrupt-parent:` of the board, or PLAN_NONE */
	struct range *auto_mmio; /* where `reg: auto` may go */
	u32 nauto_mmio;
	struct plan_boot boot;
	const char *engine;         /* host: {engine: } or NULL */
	struct plan_dt_node *nodes; /* dt: {nodes: } */
	u32 nnodes;

	/* The guest this board boots, or NULL.  While it is not fetched, what it would give
	 * is absent: the tree and the checks are complete, but nothing can run.  To run,
	 * fetch it and load again. */
	const char *guest;
	bool guest_missing;
	const char *guest_why; /* what board_host.guest() said */
};

const struct plan *board_plan(const struct board *b);

/* BOARD.lock.yaml: where it is, and what `auto` chose as its text.  Returns how many
 * places that are. */
const char *board_lock_path(struct board *b);
u32 board_lock_text(const struct board *b, struct str *out);

/* `kind: lab`: checked as a whole, and without a plan. */
bool board_is_lab(const struct board *b, u32 *machines);

/* The device of that name, wherever it is nested, or PLAN_NONE. */
u32 plan_find(const struct plan *p, const char *name);

/* -- What follows from a plan ------------------------------------------------ */

struct fdt_extra {
	u64 initrd_start, initrd_end; /* 0, 0: none */
	const u8 *rng_seed;
	size_t rng_seed_len; /* 0: none */
	bool no_hatch;       /* what the devices themselves say */
};

/* The device tree: same plan, same bytes.  malloc'ed; *len is its size. */
void *plan_fdt(const struct plan *p, const struct fdt_extra *extra, size_t *len, struct err *e);
/* As source, for people and golden files. */
bool fdt_to_source(const void *fdt, struct str *out, struct err *e);
bool fdt_node_to_source(const void *fdt, int node, struct str *out, struct err *e);
/* Its node, or NULL: it has none.  malloc'ed. */
char *plan_device_path(const struct plan *p, u32 device);

/* One file that extends nothing; `origins` adds where each value came from.  Writes what
 * is automatic into the tree, so it comes last. */
void board_resolve(struct board *b, bool origins, struct str *out);
void board_resolve_json(struct board *b, struct str *out);
u32 board_diff(struct board *a, struct board *b, struct str *out); /* how many lines */

void plan_svg(const struct plan *p, struct str *out);   /* the map, drawn */
void plan_graph(const struct plan *p, struct str *out); /* for graphviz */
/* A board file made of a device tree, which may be anyone's: a scaffold that loads. */
struct import_options {
	const char *name;
	const struct device_class *const *classes;
	/* Linux's driver for a `compatible`, until the next call; or NULL.  May be NULL. */
	const char *(*driver)(void *ctx, const char *compatible);
	void *ctx;
};
struct import_count {
	u32 modeled, stubbed, missing;
};
bool board_import(const void *fdt, size_t len, const struct import_options *o, struct str *out,
		  struct import_count *count, struct err *e);

/* What guests need of a tree, which may be anyone's, against the machine it is for.  False:
 * it is none, and *e says why. */
bool plan_lint(const struct plan *p, const void *fdt, size_t len, struct diags *ds, struct err *e);

/* The board's tree against another's: a line for each difference in address, interrupts
 * and kind.  `theirs` is anyone's file of `len` bytes. */
struct against_count {
	u32 same, differ, here, there;
};
bool plan_against(const struct plan *p, const void *theirs, size_t len, struct str *out,
		  struct against_count *count, struct err *e);

void plan_map(const struct plan *p, struct str *out);       /* the memory map */
void plan_describe(const struct board *b, struct str *out); /* params, devices */
/* One device on a page. */
void plan_describe_device(const struct board *b, u32 device, struct str *out);
void plan_map_json(const struct plan *p, struct str *out);
void plan_describe_json(const struct board *b, struct str *out);

/* "0x1000_0000": groups of four digits, as board files have them. */
const char *address_text(char *buf, size_t cap, u64 address);

/* As board files write it: 4G. */
bool size_parse(const char *text, u64 *size, struct err *e);
/* "4K", "1M", "256": the largest letter that leaves a whole number. */
const char *size_text(char *buf, size_t cap, u64 size);

/* A board file to begin with, that extends `from`; words for completion, one a line. */
void board_template(const struct board *b, const char *name, const char *from, struct str *out);
void board_param_words(const struct board *b, struct str *out);
void board_path_words(const struct board *b, struct str *out);

/* -- Class tables as documentation ------------------------------------------ */

const char *prop_key(const struct prop *p, char *buf, size_t cap); /* "clock-frequency" */
void class_describe(const struct device_class *c, struct str *out);
void class_json(const struct device_class *c, struct str *out);
void class_markdown(const struct device_class *c, struct str *out);
void isa_describe(struct str *out); /* what `cpu:` may have */
/* The language, from its tables: for editors, and as manual page vmbuild-board(5). */
void language_schema(const struct device_class *const *classes, struct str *out);
void language_manual(const struct device_class *const *classes, struct str *out);
/* The nearest device name to a misspelt one, a compatible or QEMU's name; or NULL. */
const char *class_nearest(const struct device_class *const *classes, const char *name);

#endif
