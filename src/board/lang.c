/* lang.c - the keys of the board language, once: what may stand where, and what it means.
 *
 * The readers check against these tables; the JSON schema, the manual and completion are
 * made from them.  Keys of a device's class are rows of its props.
 */
#include "parts.h"

const char *const words_kinds[] = { "machine", "board", "overlay", "lab", "lock", NULL };
const char *const words_status[] = { "okay", "disabled", NULL };
const char *const words_mmu[] = { "none", "sv39", "sv48", "sv57", NULL };
const char *const words_formats[] = { "elf", "raw", "image", NULL };
const char *const words_chardev[] = { "null", "stdio", "pty", NULL };
const char *const words_audio[] = { "null", "auto", "sdl", NULL };
const char *const words_disk[] = { "raw", "qcow2", NULL };
const char *const words_net[] = { "none", "slirp", "tap", "socket", NULL }; /* enum net_kind */
const char *const words_viewer[] = {
	"auto", "none", "sdl", "vnc", "web", NULL
}; /* enum plan_viewer */
const char *const words_cache[] = { "writeback", "writethrough", "none", "unsafe", NULL };

/* clang-format off */
/* The key and its kind, then what else there is to say. */
#define K(k, ...) { .key = k, .kind = __VA_ARGS__ }
#define END { .key = NULL }

const struct lang_key lang_params[] = {
	K("type",     KEY_WORD, .doc = "what kind of value it is", .words = param_types, .required = true),
	K("default",  KEY_ANY,  .doc = "its value unless another is given; may be an expression"),
	K("min",      KEY_ANY,  .doc = "the least a number may be"),
	K("max",      KEY_ANY,  .doc = "the most a number may be"),
	K("values",   KEY_CHOICES, .doc = "the possible words: a list, or a map from each to its parts"),
	K("required", KEY_BOOL, .doc = "`-p NAME=VALUE` must give it"),
	K("doc",      KEY_TEXT, .doc = "one line, shown by `vmbuild describe`"),
	END
};

static const struct lang_key clusters[] = {
	K("count",      KEY_NUMBER, .doc = "how many harts; 1 if not given"),
	K("first",      KEY_NUMBER, .doc = "id of the first; after the cluster before, if not given"),
	K("cpu",        KEY_ISA,    .doc = "what they implement: rv64gc_zicntr_sstc", .required = true),
	K("mmu",        KEY_WORD,   .doc = "largest page tables; `none` is a hart without S-mode",
	  .words = words_mmu),
	K("compatible", KEY_TEXTS,  .doc = "of its cpu nodes, before \"riscv\""),
	END
};

const struct lang_key lang_clusters[] = {
	K("*", KEY_MAP, .doc = "harts that are alike", .in = clusters),
	END
};

const struct lang_key lang_harts[] = {
	K("timebase-frequency", KEY_HZ,  .doc = "how fast `time` counts", .required = true),
	K("clusters",           KEY_MAP, .doc = "groups of harts that are alike", .in = lang_clusters,
	  .required = true),
	END
};

static const struct lang_key memory[] = {
	K("reg", KEY_SPAN, .doc = "[base, size]", .required = true),
	END
};

const struct lang_key lang_memory[] = {
	K("*", KEY_MAP, .doc = "a range of RAM", .in = memory),
	END
};

const struct lang_key lang_auto[] = {
	K("mmio", KEY_SPANS, .doc = "where `reg: auto` may go: [base, size], or a list of such"),
	K("irq",  KEY_IRQS,  .doc = "which lines `interrupts: auto` may take, of the board's "
			    "interrupt-parent or by controller"),
	END
};

const struct lang_key lang_load[] = {
	K("file",   KEY_PATH, .doc = "what to load", .required = true),
	K("format", KEY_WORD, .doc = "if not what the file says it is; `raw` needs `at`",
	  .words = words_formats),
	K("at",     KEY_SIZE, .doc = "the address"),
	END
};

const struct lang_key lang_boot[] = {
	K("firmware", KEY_PATH,  .doc = "`builtin` (if not given), `none`, or a file that runs in M-mode"),
	K("kernel",   KEY_PATH,  .doc = "a Linux Image (plain, gzip, zstd) or an ELF"),
	K("initrd",   KEY_PATH,  .doc = "the initial RAM disk"),
	K("dtb",      KEY_PATH,  .doc = "a device tree in place of the generated one"),
	K("bootargs", KEY_TEXT,  .doc = "the kernel's command line"),
	K("load",     KEY_ITEMS, .doc = "anything else: a list of files", .in = lang_load),
	K("entry",    KEY_SIZE,  .doc = "where the first hart begins, if not where the file says"),
	END
};

const struct lang_key lang_host[] = {
	K("engine", KEY_TEXT, .doc = "how guest instructions run"),
	END
};

/* What is set in a node: any name. */
static const struct lang_key dt_set[] = {
	K("*", KEY_ANY, .doc = "text, number, true, a list; !u64, !bytes, !phandle NAME"),
	END
};

const struct lang_key lang_dt[] = {
	K("node-name", KEY_TEXT,  .doc = "of the node, without its address"),
	K("set",       KEY_MAP,   .doc = "properties to add or to replace", .in = dt_set),
	K("drop",      KEY_TEXTS, .doc = "properties to leave out"),
	K("hide",      KEY_BOOL,  .doc = "no node at all: a device that guests are not told of"),
	END
};

const struct lang_key lang_dt_top[] = {
	K("nodes", KEY_NODES, .doc = "raw nodes by name, below the root"),
	END
};

const struct lang_key lang_device[] = {
	K("device",           KEY_CLASS,   .doc = "its class: `vmbuild devices` lists them"),
	K("reg",              KEY_REG,     .doc = "its place: base, [base, size] or auto; on I2C its address, "
					   "on SPI its chip select",
	  .where = BUS_MMIO | BUS_I2C | BUS_SPI),
	K("slot",             KEY_SLOT,    .doc = "on PCI: 1 to 31 (0 behind a root port), or auto", .where = BUS_PCI),
	K("compatible",       KEY_TEXTS,   .doc = "in place of the class's"),
	K("interrupt-parent", KEY_NAME,    .doc = "its interrupt controller, if not the board's"),
	K("status",           KEY_WORD,    .doc = "`disabled`: a node in the device tree, and no device",
	  .words = words_status),
	K("dt",               KEY_MAP,     .doc = "what its node in the device tree shall have beyond this",
	  .in = lang_dt),
	K("devices",          KEY_DEVICES, .doc = "what is on the bus that it offers"),
	END
};

const struct lang_key lang_chardev[] = {
	K("file",   KEY_PATH, .doc = "what it says goes into this file"),
	K("socket", KEY_PATH, .doc = "a unix socket that listens"),
	K("log",    KEY_PATH, .doc = "what it says is added to this file"),
	K("tcp",    KEY_NUMBER, .doc = "a port of 127.0.0.1 that listens"),
	END
};

const struct lang_key lang_disk[] = {
	K("file",      KEY_PATH, .doc = "the image", .required = true),
	K("format",    KEY_WORD, .doc = "of the image; it is never guessed: raw, if not given",
	  .words = words_disk),
	K("backing",   KEY_BACKING, .doc = "qcow2: what lies under it, only to be read"),
	K("cache",     KEY_WORD, .doc = "when a write is done", .words = words_cache),
	K("read-only", KEY_BOOL, .doc = "the guest cannot write"),
	K("ephemeral", KEY_BOOL, .doc = "what the guest writes is forgotten at the end"),
	END
};

const struct lang_key lang_backing[] = {
	K("file",    KEY_PATH,    .doc = "the image", .required = true),
	K("format",  KEY_WORD,    .doc = "of it: raw, if not given", .words = words_disk),
	K("backing", KEY_BACKING, .doc = "qcow2: what lies under this one"),
	END
};

const struct lang_key lang_net[] = {
	K("net",           KEY_WORD,  .doc = "what the cable leads to", .words = words_net, .required = true),
	K("pcap",          KEY_PATH,  .doc = "a capture (pcapng) of all that passes"),
	K("forward",       KEY_TEXTS, .doc = "slirp: ports of this host that lead to the guest: "
				      "[ADDRESS:]PORT[+]:PORT[/udp]", .where = 1 << NET_SLIRP),
	K("ipv6",          KEY_BOOL,  .doc = "slirp: IPv6 too, if not given", .where = 1 << NET_SLIRP),
	K("host-loopback", KEY_BOOL,  .doc = "slirp: the guest reaches what listens on 127.0.0.1 here",
	  .where = 1 << NET_SLIRP),
	K("interface",     KEY_TEXT,  .doc = "tap: a device that is there and yours", .where = 1 << NET_TAP),
	K("path",          KEY_PATH,  .doc = "socket: the folder where machines on one wire meet",
	  .where = 1 << NET_SOCKET),
	END
};

const struct lang_key lang_display[] = {
	K("display", KEY_NAME, .doc = "where it is shown: a name in `displays:`", .required = true),
	END
};

static const struct lang_key display[] = {
	K("viewer", KEY_WORD, .doc = "who shows it; a window where there can be one, if not given",
	  .words = words_viewer),
	K("title",  KEY_TEXT, .doc = "of the window; the board's name, if not given"),
	K("listen", KEY_TEXT, .doc = "vnc, web: [ADDRESS:]PORT[+]; 5900+ and 5700+ on 127.0.0.1, if not given"),
	K("socket", KEY_PATH, .doc = "vnc: a UNIX socket instead, for this user alone"),
	END
};

const struct lang_key lang_displays[] = {
	K("*", KEY_MAP, .doc = "a window, or what stands for one", .in = display),
	END
};

const struct lang_key lang_share[] = {
	K("share",     KEY_PATH, .doc = "the folder", .required = true),
	K("read-only", KEY_BOOL, .doc = "the guest cannot write"),
	END
};

const struct lang_key lang_vsock[] = {
	K("socket", KEY_PATH, .doc = "F leads to the guest's ports, F_PORT are where the guest gets to",
	  .required = true),
	END
};

const struct lang_key lang_audio[] = {
	K("wav", KEY_PATH, .doc = "what is to be heard goes into this file"),
	K("play", KEY_WORD, .words = words_audio, .doc = "where it is heard"),
	K("record", KEY_BOOL, .doc = "the guest may listen to the microphone of this computer"),
	END
};

const struct lang_key lang_lock[] = {
	K("vmbuild", KEY_VERSION, .doc = "the version of this language", .required = true),
	K("kind",    KEY_WORD,    .doc = "`lock`", .words = words_kinds, .required = true),
	K("devices", KEY_ANY,     .doc = "what `auto` chose, by device"),
	END
};

static const struct lang_key machine_of_lab[] = {
	K("board",   KEY_PATH, .doc = "its board file", .required = true),
	K("params",  KEY_ANY,  .doc = "values of the board's parameters"),
	K("overlay", KEY_ANY,  .doc = "what is different in this lab: keys of an overlay file"),
	END
};

const struct lang_key lang_machines[] = {
	K("*", KEY_MAP, .doc = "a machine of the lab", .in = machine_of_lab),
	END
};

static const char *const words_backends[] = { "slirp", "tap", "hub", "socket", "none", NULL };

static const struct lang_key network[] = {
	K("backend", KEY_WORD,  .doc = "what it is made of", .words = words_backends),
	K("hostfwd", KEY_TEXTS, .doc = "ports of this host that lead into it"),
	END
};

const struct lang_key lang_networks[] = {
	K("*", KEY_MAP, .doc = "a network", .in = network),
	END
};

#define MACHINES  (KIND_MACHINE | KIND_BOARD | KIND_OVERLAY)
#define RUNNABLES (KIND_BOARD | KIND_OVERLAY)

const struct lang_key lang_top[] = {
	K("vmbuild",          KEY_VERSION, .doc = "the version of this language", .where = KIND_ANY,
	  .required = true),
	K("kind",             KEY_WORD,    .doc = "what this file is", .words = words_kinds, .where = KIND_ANY,
	  .required = true),
	K("name",             KEY_TEXT,    .doc = "the file's name without .yaml", .where = KIND_ANY),
	K("description",      KEY_TEXT,    .doc = "one line", .where = KIND_ANY),
	K("model",            KEY_TEXT,    .doc = "what the computer calls itself", .where = MACHINES),
	K("compatible",       KEY_TEXTS,   .doc = "of the device tree's root", .where = MACHINES),
	K("extends",          KEY_FILES,   .doc = "the file, or files, that this one builds on",
	  .where = KIND_MACHINE | KIND_BOARD),
	K("params",           KEY_PARAMS,  .doc = "parameters, or new defaults of inherited ones",
	  .where = MACHINES | KIND_LAB),
	K("harts",            KEY_MAP,     .doc = "the processors", .in = lang_harts, .where = MACHINES),
	K("memory",           KEY_MAP,     .doc = "ranges of RAM, by name", .in = lang_memory, .where = MACHINES),
	K("interrupt-parent", KEY_NAME,    .doc = "the interrupt controller of all devices", .where = MACHINES),
	K("stdout",           KEY_NAME,    .doc = "the device on which firmware and kernel speak first",
	  .where = MACHINES),
	K("auto",             KEY_MAP,     .doc = "where automatic things may go", .in = lang_auto,
	  .where = MACHINES),
	K("devices",          KEY_DEVICES, .doc = "the devices, by name", .where = MACHINES),
	K("dt",               KEY_MAP,     .doc = "raw additions to the device tree", .in = lang_dt_top,
	  .where = MACHINES),
	K("boot",             KEY_MAP,     .doc = "what runs first", .in = lang_boot, .where = RUNNABLES),
	K("networks",         KEY_MAP,     .doc = "networks between the machines of a lab, by name", .in = lang_networks,
	  .where = KIND_LAB),
	K("machines",         KEY_MAP,     .doc = "the machines of a lab, by name", .in = lang_machines,
	  .where = KIND_LAB, .required = true),
	K("displays",         KEY_MAP,     .doc = "where pictures are shown and keys come from, by name",
	  .in = lang_displays, .where = RUNNABLES),
	K("host",             KEY_MAP,     .doc = "how this computer runs it; guests see nothing of it",
	  .in = lang_host, .where = RUNNABLES),
	END
};
/* clang-format on */

const struct lang_key *lang_find(const struct lang_key *keys, const char *key)
{
	for (; keys->key; keys++)
		if (!strcmp(keys->key, key) || !strcmp(keys->key, "*"))
			return keys;
	return NULL;
}

const char *const *lang_words(struct arena *a, const struct lang_key *keys)
{
	const char **words;
	u32 n = 0;

	while (keys[n].key)
		n++;
	words = NEW_N(a, const char *, n + 1);
	for (u32 i = 0; i < n; i++)
		words[i] = keys[i].key;
	return words;
}
