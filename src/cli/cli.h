/* cli.h - the command line: one table of commands, from which help, completion and the
 * man page follow.  Only this folder prints and exits.
 */
#ifndef CLI_H
#define CLI_H

#include "board.h"
#include "host.h"

/* Exit codes. */
enum {
	EXIT_OK = 0,
	EXIT_USAGE = 1, /* usage, or a mistake in a board */
	EXIT_HOST = 2,  /* the host, or a guest that is not there */
	EXIT_GUEST = 3, /* the guest failed */
	EXIT_TIME = 4,
	EXIT_BREAK = 130
};

struct opt {
	const char *name; /* without the dashes */
	char letter;      /* or 0 */
	const char *arg;  /* what follows, or NULL */
	const char *doc;
};

struct args;

struct command {
	const char *name;
	const char *args; /* "BOARD", "[DEVICE]" */
	u32 min, max;     /* how many positional arguments */
	const char *doc;
	const char *example;
	const struct opt *opts; /* ends with a row without name */
	int (*run)(const struct args *a);
};

extern const struct command commands[]; /* ends with a row without name */
const struct command *command_find(const char *name);
struct nearest command_nearest(const char *name);

/* -- A parsed command line (args.c) ----------------------------------------------- */

struct args {
	const struct command *command;
	const char **text; /* positional */
	u32 n;
	struct given {
		const struct opt *opt;
		const char *value;
	} * given;
	u32 ngiven;
};

/* False: a message has been printed. */
bool args_parse(struct args *a, const struct command *c, int argc, char **argv);
void args_free(struct args *a);
bool args_has(const struct args *a, const char *opt);
const char *args_value(const struct args *a, const char *opt); /* the last one, or NULL */
/* All values of an option, in order; the caller frees the array. */
const char **args_values(const struct args *a, const char *opt, size_t *n);

/* 10s, 500ms, 2m. */
bool parse_time(const char *text, u64 *ns);

/* -- Printing (print.c) ------------------------------------------------------------- */

/* "error[E0602]: text", then the hint, to stderr. */
void print_err(const struct err *e);
/* What a running machine says to a request, or why it says nothing; the exit code. */
int print_answer(const char *machine, const char *request);
/* Asks again and again, until the answer is another than `still` or the time has passed. */
bool ask_while(const char *machine, const char *request, const char *still, u64 until_ns,
	       struct str *answer, struct err *e);
void print_usage_error(const char *fmt, ...) PRINTF(1, 2);
/* All of them, in the style that `--format` and the terminal ask for, to stderr; but they
 * are what `vmbuild check --json` has to say, so those go to stdout. */
void print_diags(const struct diags *ds, const struct args *a);
int diags_exit_code(const struct diags *ds);
int err_exit_code(const struct err *e);
/* Writes to standard output or to --out; false: a message has been printed. */
bool print_bytes(const struct args *a, const void *bytes, size_t n);
/* The last words on standard output have arrived; false: a message has been printed. */
bool print_end(void);

/* -- Boards (load.c) ------------------------------------------------------------------ */

/* Options of every command that takes a board. */
/* clang-format off */
#define BOARD_OPTS                                                                    \
	{ "param", 'p', "NAME=VALUE", "set a parameter; `vmbuild describe` lists them" }, \
	{ "set", 0, "PATH=VALUE", "set any value: --set devices.uart0.host=null" },       \
	{ "overlay", 'o', "FILE", "apply an overlay file" },                              \
	{ "guest", 0, "NAME", "the guest to boot: -p guest=NAME" },                       \
	{ "locked", 0, NULL, "BOARD.lock.yaml must be there and say all that is automatic" }, \
	{ "all", 0, NULL, "show all diagnostics, not just the first 20" }, \
	{ "format", 0, "gcc|json|text", "form of diagnostics" }
/* clang-format on */

/* Loads a->text[0] with those options.  NULL: diagnostics have been printed and *code is
 * the exit code.  Warnings are printed too. */
struct board *load_board(const struct args *a, int *code);
struct board *load_board_file(const struct args *a, const char *path, int *code);

/* -- Commands --------------------------------------------------------------------------- */

int cmd_run(const struct args *a);
int cmd_check(const struct args *a);
int cmd_dtb(const struct args *a);
int cmd_dts(const struct args *a);
int cmd_map(const struct args *a);
int cmd_describe(const struct args *a);
int cmd_lock(const struct args *a);
int cmd_import(const struct args *a);
int cmd_schema(const struct args *a);
int cmd_man(const struct args *a);
int cmd_new(const struct args *a);
int cmd_resolve(const struct args *a);
int cmd_diff(const struct args *a);
int cmd_graph(const struct args *a);
int cmd_devices(const struct args *a);
int cmd_explain(const struct args *a);
int cmd_fetch_main(const struct args *a);
int cmd_help(const struct args *a);
int cmd_version(const struct args *a);
int cmd_balloon(const struct args *a);
int cmd_forward(const struct args *a);
int cmd_screenshot(const struct args *a);
int cmd_type(const struct args *a);
int cmd_input(const struct args *a);
int cmd_image(const struct args *a);
int cmd_completion(const struct args *a);

/* A guest that a board names and that is not in the cache: asks at a terminal, if `yes` is
 * not the answer, and fetches it.  False: it is not there, *e says why. */
bool offer_fetch(const char *guest, bool yes, struct err *e);

void print_usage(void);
void print_command_help(const struct command *c);

#endif
