/* guest.h - how a recipe becomes a guest; between the guest_*.c and fetch*.c files.
 *
 * boards/guests/NAME.yaml is the recipe: which Debian packages, and what becomes
 * of the files in them.  fetch_apt.c gets the packages, fetch.c unpacks them, and
 * guest_tree.c makes one tree of files each for the first root (guest_initrd) and
 * for the disk (guest_image).
 */
#ifndef GUEST_H
#define GUEST_H

#include "base.h"
#include "sha256.h"

struct words {
	char **list;
	size_t n, cap;
};

void words_add(struct words *w, const char *text, size_t n);
bool words_have(const struct words *w, const char *text);
void words_free(struct words *w);

/* -- Recipes (guest_recipe.c) ------------------------------------------------ */

struct recipe_file {
	char *path; /* in the guest, from / */
	/* One of these three: */
	char *text;
	char *copy; /* a file of a package */
	char *link;
	bool executable;
};

struct recipe_files {
	struct recipe_file *list;
	size_t n, cap;
};

struct recipe_part {
	char *name; /* "firmware": $(guest.firmware) */
	char *glob; /* a file of a package */
};

struct recipe_parts {
	struct recipe_part *list;
	size_t n, cap;
};

struct recipe {
	char *name, *description;
	char *suite, *component, *architecture, *keyring;
	struct words packages;
	struct words meta_packages; /* not they are wanted, but what they depend on */
	struct words install;       /* on the disk, with all that they depend on */
	char *setup;                /* program of the disk that its first start runs, or NULL */
	struct recipe_parts parts;
	char *bootargs;
	/* Of the kernel; what they need comes along.  The disk has both. */
	struct words initrd_modules, modules;
	struct words applets; /* links to busybox, in /bin */
	struct words folders;
	struct recipe_files files;         /* in the first root and on the disk */
	struct recipe_files initrd, image; /* only in one of them */
	u64 image_bytes;
	char hash[SHA256_HEX]; /* of the recipe's text, and of what it extends */
};

/* Finds the recipe that another extends; NULL: there is none. */
typedef struct recipe *recipe_find(void *ctx, const char *name, struct err *e);

/* `shown` is the file's name for messages.  NULL: the first mistake, with its place. */
struct recipe *recipe_read(const char *text, size_t n, const char *shown, recipe_find *find,
			   void *ctx, struct err *e);
void recipe_free(struct recipe *r);

/* -- Kernel modules (guest_ko.c, guest_modules.c) ----------------------------- */

/* The "key=value" strings of a module, each with a NUL; NULL: not a module. */
const char *ko_info(const void *ko, size_t size, size_t *n);
/* Without what only debuggers use, nine tenths of it: see the file.  False: `out` is
 * not changed, the module can be used as it is. */
bool ko_slim(const void *ko, size_t size, struct str *out);

struct module {
	char *name; /* with _ for - */
	char *path; /* "kernel/fs/ext4/ext4.ko" */
	struct str bytes;
	struct words needs, aliases;
};

/* Each after all that it needs. */
struct modules {
	char *release; /* the kernel's: uname -r */
	struct module *list;
	size_t n, cap;
};

/* Adds those of `wanted` that are not built into the kernel, and what they need. */
bool modules_read(struct modules *m, const char *unpacked, const struct words *wanted,
		  struct err *e);
void modules_free(struct modules *m);
/* What modprobe reads: modules.dep(5), and the aliases. */
void modules_dep(const struct modules *m, struct str *out);
void modules_alias(const struct modules *m, struct str *out);

/* -- The files of a guest (guest_tree.c) --------------------------------------- */

enum node_kind { NODE_FOLDER, NODE_FILE, NODE_LINK };

struct node {
	char *path; /* without a leading slash */
	enum node_kind kind;
	struct str bytes; /* of a link: its target */
	bool executable;
};

/* Folders come before what is in them; no path is there twice. */
struct tree {
	struct node *list;
	size_t n, cap;
};

bool guest_tree(struct tree *t, const struct recipe *r, const struct recipe_files *own,
		const struct modules *m, const char *unpacked, struct err *e);
/* Nothing but these files. */
bool guest_tree_files(struct tree *t, const struct recipe_files *files, const char *unpacked,
		      struct err *e);
bool guest_tree_text(struct tree *t, const char *path, const char *text, struct err *e);
void guest_tree_free(struct tree *t);

/* -- What is made of them (guest_image.c) --------------------------------------- */

bool guest_initrd(const struct tree *t, const char *path, struct err *e);
/* A sparse ext4 image; all files belong to root, whoever runs this.  `work` is a folder
 * that does not exist yet. */
bool guest_image(const struct tree *t, u64 bytes, const char *work, const char *path,
		 struct err *e);
/* The same in two steps.  In the folder `work` lies what fakeroot knows of the files; NULL: all
 * belong to whoever runs this. */
bool guest_put_tree(const struct tree *t, const char *folder, struct err *e);
bool guest_ext4(const char *folder, const char *work, u64 bytes, const char *path, struct err *e);
/* fakeroot's file; its name must not have a space, but folders may. */
#define GUEST_OWNERS "owners"

/* -- A disk with a Debian on it (guest_install.c) --------------------------------- */

struct install {
	const struct words *debs; /* file names of packages */
	const char *unpacked;     /* where the kernel's package is */
	const char *release;      /* the kernel's */
	const char *work;         /* a folder that does not exist yet */
	/* Called for each package. */
	void (*on_deb)(void *ctx);
	void *ctx;
};

/* Unpacks them as dpkg would, and notes that in dpkg's database; with the kernel's modules
 * and the files of `t`. */
bool guest_install(const struct install *in, const struct tree *t, u64 bytes, const char *path,
		   struct err *e);

/* -- Its first start (guest_setup.c) ------------------------------------------------ */

struct setup {
	const char *folder;  /* where kernel, initrd and image are */
	const char *program; /* of the disk */
	const char *log;     /* for what the guest writes to its console */
	void (*on_step)(void *ctx, u64 done, u64 total);
	void *ctx;
};

bool guest_setup(const struct setup *s, struct err *e);

/* -- Packages (fetch_apt.c) -------------------------------------------------------- */

struct package {
	char *name, *version, *architecture, *sha256;
	struct words depends; /* names; the first of alternatives */
	u64 bytes;
};

struct packages {
	struct package *list;
	size_t n, cap;
};

void packages_free(struct packages *p);

/* What `apt-cache show` prints. */
void apt_parse_show(struct packages *out, const char *text);
/* The packages that `apt-get --simulate install` would install. */
void apt_parse_simulation(struct words *out, const char *text);
/* The file name that apt gives to a package: "x_1%3a2_all.deb". */
char *apt_file_name(const struct package *p);
/* The Debian archive's address in what `apt-get indextargets` (columns "origin|label|
 * address") and, where there was no `apt-get update` yet, `apt-get update --print-uris`
 * print; NULL if there is none. */
char *apt_parse_base(const char *targets, const char *uris);
/* What a failed apt-get wrote to standard error, as an error with a code.  False. */
bool apt_explain(const char *text, struct err *e);

struct apt {
	const struct recipe *recipe;
	char *folder; /* private state and configuration */
	char *incoming;
	char *config; /* file name */
	char *base;   /* address of the archive, or NULL: offline */
};

/* `percent` of what is being downloaded. */
typedef void apt_progress(void *ctx, u32 percent);

bool apt_init(struct apt *a, const struct recipe *r, const char *cache, const char *mirror,
	      struct err *e);
void apt_fini(struct apt *a);
bool apt_update(struct apt *a, apt_progress *progress, void *ctx, struct err *e);
/* The recipe's packages, as the index has them. */
bool apt_resolve(const struct apt *a, struct packages *out, struct err *e);
/* What is to be installed, with all that it depends on. */
bool apt_resolve_install(const struct apt *a, struct packages *out, struct err *e);
/* Into store/incoming; a file that is cut off in incoming/partial is continued. */
bool apt_download(const struct apt *a, const struct packages *want, apt_progress *progress,
		  void *ctx, struct err *e);
/* The same for what apt_resolve_install() found; what lies in store/incoming is left out. */
bool apt_download_install(const struct apt *a, apt_progress *progress, void *ctx, struct err *e);
/* The line for sources.list(5) that names the archive.  NULL: none is known. */
char *apt_sources(const struct apt *a, struct err *e);

/* -- All of it (fetch.c) ---------------------------------------------------------------- */

struct fetch_options;

bool fetch_recipe(struct recipe *r, const struct fetch_options *o, struct err *e);

/* -- The cache (guest.c) ------------------------------------------------------------- */

/* The recipe of that name; E0702, with what is meant, if there is none. */
struct recipe *guest_recipe(const char *name, struct err *e);
char *guest_folder(const char *name);
/* What the guest was made from, or NULL: it is not there. */
char *guest_manifest(const char *name);
/* Whether the guest with this manifest was made by this recipe as it is now. */
bool guest_is_of(const char *manifest, const struct recipe *r);
/* The hash of the recipe that its disk was made by; NULL without a manifest. */
char *guest_image_recipe(const char *manifest);
/* Removes a file or a folder with all that is in it; false: something is left. */
bool remove_all(const char *path);
/* Bytes of disk that a file, or a folder with all that is in it, takes. */
u64 disk_bytes(const char *path);

/* -- Programs (fetch_run.c) ---------------------------------------------------------- */

/* The file of a program, also of those that ordinary users do not have in PATH (/sbin);
 * NULL: it is not installed. */
char *program_find(const char *name);
/* host_run(), with program_find(). */
bool guest_run(const char *const *argv, struct str *out, struct err *e);
/* Gives each line of standard output to on_line as it comes.  False: `errors` has what
 * the program wrote to standard error, by way of the file `log`. */
bool program_follow(const char *const *argv, const char *log,
		    void (*on_line)(void *ctx, const char *line), void *ctx, struct str *errors);

#endif
