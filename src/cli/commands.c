/* commands.c - the command table: help, completion and parsing follow from it. */
#include "cli.h"

/* clang-format off */
static const struct opt run_opts[] = {
	BOARD_OPTS,
	{ "engine",   0, "NAME",     "how guest instructions run: `version -v` lists them" },
	{ "timeout",  0, "TIME",     "end the run after 10s, 500ms, 2m of host time; exit code 4" },
	{ "signature", 0, "FILE",    "write memory from begin_signature to end_signature (ELF symbols)" },
	{ "signature-granularity", 0, "4|8|16", "bytes in a line of it" },
	{ "tohost",   0, "auto|require|off", "the `tohost` protocol of bare-metal tests" },
	{ "ephemeral", 0, NULL,      "forget what the guest writes to its disks" },
	{ "dry-run",  0, NULL,       "do everything but start" },
	{ "escape",   0, "^X",       "the console's prefix key, instead of ^]" },
	{ "eof-quits", 0, NULL,      "end of standard input ends the run" },
	{ "no-doctor", 0, NULL,      "do not say when the guest is stuck, asleep for good or panics" },
	{ "display",  0, "none|sdl|vnc|web", "who shows displays, instead of what the board says" },
	{ "screenshot", 0, "FILE.png", "a picture of the first display, at the end" },
	{ "input",    0, "FILE",     "keys and pointer events to type, as for `vmbuild input`" },
	{ "screenshot-after", 0, "TIME", "take it after that time instead, and go on" },
	{ "stats",    0, NULL,       "print the engine's counters at the end" },
	{ "perf-map", 0, NULL,       "name compiled code in /tmp/perf-PID.map, for Linux's perf" },
	{ "quiet",   'q', NULL,      "print nothing but the guest's output, errors, and addresses to reach it at" },
	{ "yes",     'y', NULL,      "answer yes to questions" },
	{ 0 }
};
static const struct opt board_opts[] = {
	BOARD_OPTS,
	{ "json", 0, NULL, "print JSON" },
	{ 0 }
};
static const struct opt dtb_opts[] = {
	BOARD_OPTS,
	{ "out", 0, "FILE", "write there instead of standard output" },
	{ 0 }
};
static const struct opt check_opts[] = {
	BOARD_OPTS,
	{ "dt", 0, NULL, "also what guests need of the device tree, or of `boot: {dtb:}`" },
	{ "against", 0, "FILE.dtb", "compare with the real thing's device tree" },
	{ "json", 0, NULL, "print JSON" },
	{ 0 }
};
static const struct opt map_opts[] = {
	BOARD_OPTS,
	{ "json", 0, NULL, "print JSON" },
	{ "svg", 0, NULL, "draw it" },
	{ "out", 0, "FILE", "write there instead of standard output" },
	{ 0 }
};
static const struct opt resolve_opts[] = {
	BOARD_OPTS,
	{ "origins", 0, NULL, "say where each value came from" },
	{ "json", 0, NULL, "print JSON; every value is a text" },
	{ "out", 0, "FILE", "write there instead of standard output" },
	{ 0 }
};
static const struct opt import_opts[] = {
	{ "modules", 0, "DIR", "name Linux's drivers, as /lib/modules/VERSION lists them" },
	{ "out", 0, "FILE", "write there instead of standard output" },
	{ 0 }
};
static const struct opt new_opts[] = {
	{ "from", 0, "BOARD", "what it extends; boards/virt.yaml if not given" },
	{ 0 }
};
static const struct opt out_opts[] = {
	{ "out", 0, "FILE", "write there instead of standard output" },
	{ 0 }
};
static const struct opt devices_opts[] = {
	{ "markdown", 0, NULL, "print Markdown" },
	{ "json", 0, NULL, "print JSON" },
	{ 0 }
};
static const struct opt fetch_opts[] = {
	{ "list",       0, NULL, "what can be fetched and what is there" },
	{ "if-missing", 0, NULL, "do nothing if it is there, made by the recipe of today" },
	{ "fresh",      0, NULL, "build the disk again: changes in it are lost" },
	{ "offline",    0, NULL, "use only what is in the cache" },
	{ "mirror",     0, "URL", "of Debian; otherwise the one that this host's apt uses" },
	{ "prune",      0, NULL, "remove packages that no guest needs any more" },
	{ "json",       0, NULL, "print the list as JSON" },
	{ "yes",       'y', NULL, "answer yes to questions" },
	{ 0 }
};
static const struct opt version_opts[] = {
	{ "verbose", 'v', NULL, "with engines, libraries and limits" },
	{ 0 }
};
static const struct opt forward_opts[] = {
	{ "card", 0, "NAME", "of a machine with several: the one to change" },
	{ 0 }
};
static const struct opt screenshot_opts[] = {
	{ "display", 0, "NAME", "of a machine with several display devices: gpu0, or gpu0.1" },
	{ 0 }
};
static const struct opt image_opts[] = {
	{ "format", 0, "raw|qcow2", "of FILE, which is never guessed: raw, if not given" },
	{ "backing", 0, "[qcow2:]FILE", "convert: what lies under FILE; again for what lies under that" },
	{ "to", 0, "raw|qcow2", "convert: format of NEW; raw, if not given" },
	{ "shrink", 0, NULL, "resize: may lose what is behind the new end" },
	{ "repair", 0, NULL, "check: give back clusters that nobody uses" },
	{ "json", 0, NULL, "info, check: print JSON" },
	{ 0 }
};
static const struct opt no_opts[] = { { 0 } };

const struct command commands[] = {
	{ "run", "BOARD", 1, 1, "run a board",
	  "vmbuild run boards/virt.yaml -p harts=2 -p ram=512M", run_opts, cmd_run },
	{ "check", "BOARD", 1, 1, "find every mistake in a board file",
	  "vmbuild check boards/virt.yaml --dt", check_opts, cmd_check },
	{ "dts", "BOARD", 1, 1, "the device tree that guests get, as source",
	  "vmbuild dts boards/virt.yaml", dtb_opts, cmd_dts },
	{ "dtb", "BOARD", 1, 1, "the same as a blob",
	  "vmbuild dtb boards/virt.yaml --out virt.dtb", dtb_opts, cmd_dtb },
	{ "map", "BOARD", 1, 1, "the memory map",
	  "vmbuild map boards/virt.yaml --svg --out virt.svg", map_opts, cmd_map },
	{ "graph", "BOARD", 1, 1, "its buses, interrupts and clocks, for graphviz",
	  "vmbuild graph boards/virt.yaml | dot -Tsvg -o virt.svg", dtb_opts, cmd_graph },
	{ "resolve", "BOARD", 1, 1, "the board as one file, everything put in",
	  "vmbuild resolve boards/virt.yaml --origins", resolve_opts, cmd_resolve },
	{ "diff", "BOARD BOARD", 2, 2, "what two boards differ in",
	  "vmbuild diff boards/virt.yaml boards/virt-mmio.yaml", dtb_opts, cmd_diff },
	{ "describe", "BOARD [DEVICE]", 1, 2, "parameters and devices of a board; all about one of them",
	  "vmbuild describe boards/virt.yaml uart0", board_opts, cmd_describe },
	{ "new", "NAME", 1, 1, "write a board file of your own, with comments",
	  "vmbuild new blinky --from boards/virt.yaml", new_opts, cmd_new },
	{ "lock", "BOARD", 1, 1, "pin what `auto` chose, in BOARD.lock.yaml",
	  "vmbuild lock boards/virt.yaml", dtb_opts, cmd_lock },
	{ "devices", "[DEVICE]", 0, 1, "what devices there are; all about one of them",
	  "vmbuild devices uart-16550", devices_opts, cmd_devices },
	{ "explain", "CODE", 1, 1, "what an error code means",
	  "vmbuild explain E0301", no_opts, cmd_explain },
	{ "import", "FILE.dtb|FILE.dts", 1, 1, "a board file made of a device tree, to begin with",
	  "vmbuild import board.dtb --out board.yaml", import_opts, cmd_import },
	{ "schema", "", 0, 0, "the language as a JSON schema, for editors",
	  "vmbuild schema --out board-v1.schema.json", out_opts, cmd_schema },
	{ "man", "[PAGE]", 0, 1, "the manual pages: vmbuild, vmbuild-board",
	  "vmbuild man vmbuild-board | man -l -", no_opts, cmd_man },
	{ "balloon", "MACHINE [SIZE]", 1, 2, "how much memory a running guest gives back, or shall",
	  "vmbuild balloon virt 256M", no_opts, cmd_balloon },
	{ "forward", "MACHINE [add|remove PORT:PORT]", 1, 3, "ports of this host that lead to a running guest",
	  "vmbuild forward virt add 8080:80", forward_opts, cmd_forward },
	{ "type", "MACHINE TEXT", 2, 2, "type a text on a running machine's keyboard, as a US one",
	  "vmbuild type desktop 'ls -l\\n'", no_opts, cmd_type },
	{ "input", "MACHINE FILE", 2, 2, "keys and pointer events from a file, for a running machine",
	  "vmbuild input desktop login.input", no_opts, cmd_input },
	{ "screenshot", "MACHINE FILE.png", 2, 2, "a picture of what a running machine shows",
	  "vmbuild screenshot desktop desktop.png", screenshot_opts, cmd_screenshot },
	{ "image", "VERB FILE [SIZE|NEW]", 2, 3,
	  "disk images: create, info, resize, convert, overlay, check", "vmbuild image create disk.qcow2 4G --format qcow2",
	  image_opts, cmd_image },
	{ "fetch", "[GUEST]", 0, 1, "get a guest system from Debian's packages",
	  "vmbuild fetch debian-small", fetch_opts, cmd_fetch_main },
	{ "help", "[COMMAND]", 0, 1, "this text; all about one command",
	  "vmbuild help run", no_opts, cmd_help },
	{ "version", "", 0, 0, "version and build",
	  "vmbuild version -v", version_opts, cmd_version },
	{ "completion", "bash|zsh|fish", 1, 2, "a completion script for your shell",
	  "eval \"$(vmbuild completion bash)\"", no_opts, cmd_completion },
	{ 0 }
};
/* clang-format on */

struct nearest command_nearest(const char *name)
{
	struct nearest near = { 0 };

	for (const struct command *c = commands; c->name; c++)
		nearest_try(&near, name, c->name);
	return near;
}

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}
