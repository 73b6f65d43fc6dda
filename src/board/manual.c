/* manual.c - the language for people: vmbuild-board(5) from the tables, and a class as
 * Markdown.
 */
#include "parts.h"

#include <inttypes.h>

/* -- roff ---------------------------------------------------------------------------- */

/* A text that means itself: no escapes, and no request at the start of a line. */
static void add_roff(struct str *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		str_add(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			str_add(out, "\\e");
		else if (*s == '-')
			str_add(out, "\\-");
		else
			str_bytes(out, s, 1);
	}
}

static void add_item(struct str *out, const char *key, const char *args, const char *doc)
{
	str_add(out, ".TP\n.B ");
	add_roff(out, key);
	if (args)
		str_add(out, "\\fR %s", args);
	str_add(out, "\n");
	add_roff(out, doc ? doc : "");
	str_add(out, "\n");
}

/* How a value of each kind is called. */
static const char *const kind_words[] = {
	[KEY_ANY] = "",
	[KEY_VERSION] = "1",
	[KEY_TEXT] = "text",
	[KEY_WORD] = "word",
	[KEY_NUMBER] = "number",
	[KEY_SIZE] = "size",
	[KEY_HZ] = "frequency",
	[KEY_BOOL] = "true|false",
	[KEY_PATH] = "file",
	[KEY_FILES] = "files",
	[KEY_ISA] = "ISA",
	[KEY_NAME] = "device",
	[KEY_TEXTS] = "list",
	[KEY_SPAN] = "[base, size]",
	[KEY_SPANS] = "[base, size], ...",
	[KEY_LINES] = "lines",
	[KEY_IRQS] = "lines, or lines by controller",
	[KEY_CHOICES] = "list, or parts by word",
	[KEY_REG] = "address",
	[KEY_SLOT] = "slot",
	[KEY_CLASS] = "class",
	[KEY_MAP] = "map",
	[KEY_ITEMS] = "list of maps",
	[KEY_DEVICES] = "devices by name",
	[KEY_PARAMS] = "parameters by name",
	[KEY_NODES] = "nodes by name",
	[KEY_BACKING] = "an image",
};

static void add_keys(struct str *out, const struct lang_key *keys, u32 depth)
{
	for (; keys->key; keys++) {
		struct str what = { 0 };

		str_add(&what, "\\fI%s\\fR", kind_words[keys->kind]);
		for (u32 i = 0; keys->words && keys->words[i]; i++)
			str_add(&what, "%s%s", i ? ", " : ": ", keys->words[i]);
		if (keys->required)
			str_add(&what, " (required)");
		add_item(out, !strcmp(keys->key, "*") ? "NAME" : keys->key, str_text(&what),
			 keys->doc);
		str_free(&what);
		if (!keys->in || depth > 3)
			continue;
		str_add(out, ".RS\n");
		add_keys(out, keys->in, depth + 1);
		str_add(out, ".RE\n");
	}
}

static void add_words(struct str *out, const char *const *words)
{
	for (; *words; words++)
		str_add(out, ".BR %s ,\n", *words);
}

static void add_values(struct str *out)
{
	static const struct {
		const char *type, *written;
	} rows[] = {
		{ "number", "10, 0x1000_0000, 0b1010; no leading zero, no 1e3, no 1:30" },
		{ "size", "4096, 4K, 256M, 2G, 1T: powers of 1024, one letter" },
		{ "frequency", "32768Hz, 100kHz, 24MHz: the unit is always written" },
		{ "time", "100ns, 5us, 10ms, 2s" },
		{ "bool", "true or false" },
		{ "address", "base where the class knows the size, [base, size], or auto" },
		{ "lines", "10, 7-22, [1, 2, 5-7] or auto; 4 level-high where the controller has "
			   "two cells" },
		{ "reference", "NAME [CELL ...]: osc, prci 3, gpio0 5 active-low" },
		{ "list", "[a, \"b,c\"], or one value alone" },
		{ "expression", "$(ram / 2): parameters, numbers with units, + - * / << ( )" },
	};

	str_add(out, ".SH VALUES\nThe property decides how its value is read; nothing is guessed "
		     "from its looks.\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add_item(out, rows[i].type, NULL, rows[i].written);
}

static void add_tags(struct str *out)
{
	str_add(out, ".SH INHERITANCE\n"
		     "A file is laid over those it extends: maps merge by key, texts and lists "
		     "replace.\n");
	add_item(out, "!delete", NULL, "takes the inherited key away, with all that is in it");
	add_item(out, "!replace", NULL, "puts a map in place of the inherited one");
	add_item(out, "!append", NULL, "adds to the end of the inherited list");
	add_item(out, "!prepend", NULL, "adds to the start of it");
	add_item(out, "when: $(p)", NULL, "keeps or drops the map it stands in");
}

void language_manual(const struct device_class *const *classes, struct str *out)
{
	str_add(out,
		".TH VMBUILD\\-BOARD 5 \"\" vmbuild \"File formats\"\n"
		".SH NAME\nvmbuild\\-board \\- a RISC-V computer as a YAML file\n"
		".SH SYNOPSIS\n.nf\nvmbuild: 1\nkind: board\nname: mine\n"
		"extends: ../machines/riscv-virt.yaml\nboot: {kernel: Image}\n"
		"devices: {uart0: {host: stdio}}\n.fi\n"
		".SH DESCRIPTION\nA board file describes a computer.\n"
		".BR vmbuild (1)\nmakes the machine that runs and the device tree that its guests "
		"read from it. "
		"All mistakes are shown in one run, each with its place and code; \n"
		".B vmbuild explain\nCODE tells more.\n"
		".SH KEYS\n");
	add_keys(out, lang_top, 0);
	str_add(out, ".SH PARAMETERS\nAn entry of\n.B params\nis a new default of an inherited "
		     "parameter, or the declaration of one:\n");
	add_keys(out, lang_params, 0);
	str_add(out, ".SH DEVICES\nAny device may have\n");
	add_keys(out, lang_device, 0);
	str_add(out, "and the properties of its class, which\n.B vmbuild devices\nCLASS lists. "
		     "The classes are\n");
	for (; *classes; classes++)
		add_item(out, (*classes)->name, NULL, (*classes)->doc);
	str_add(out, ".SH HOST\n.B host\nof a character device is \n");
	add_words(out, words_chardev);
	str_add(out, "or one of\n");
	add_keys(out, lang_chardev, 0);
	str_add(out, ".PP\nand that of a disk\n");
	add_keys(out, lang_disk, 0);
	str_add(out, ".PP\nwhere an image that lies under another has\n");
	add_keys(out, lang_backing, 0);
	str_add(out, ".PP\nand that of a network card\n");
	add_keys(out, lang_net, 0);
	str_add(out, ".PP\nand that of a shared folder\n");
	add_keys(out, lang_share, 0);
	str_add(out, ".PP\nand that of virtio-vsock\n");
	add_keys(out, lang_vsock, 0);
	str_add(out, ".PP\nand that of a sound card is\n");
	add_words(out, words_audio);
	str_add(out, "or\n");
	add_keys(out, lang_audio, 0);
	add_values(out);
	add_tags(out);
	str_add(out, ".SH DIAGNOSTICS\n");
	for (u32 i = 0; i < DIAG_COUNT; i++)
		add_item(out, diag_rows[i].code, NULL, diag_rows[i].title);
	str_add(out, ".SH SEE ALSO\n.BR vmbuild (1)\n");
}

/* -- Markdown ------------------------------------------------------------------------------ */

static void add_cell(struct str *out, const char *s)
{
	for (; s && *s; s++)
		str_add(out, *s == '|' ? "\\|" : "%c", *s);
}

static void add_prop(struct str *out, const struct prop *p, const char *under)
{
	char buf[96];
	const struct prop *r;

	str_add(out, "| `%s%s` | ", under, prop_key(p, buf, sizeof(buf)));
	if (p->words)
		for (u32 i = 0; p->words[i]; i++)
			str_add(out, "%s`%s`", i ? " " : "", p->words[i]);
	else
		add_cell(out, prop_kind_text(p));
	str_add(out, " | %s | ", prop_default_text(p, buf, sizeof(buf)));
	add_cell(out, p->doc);
	str_add(out, " | %s |\n", p->fdt ? p->fdt : "");
	for_rows(r, p->rows) {
		char name[96];

		snprintf(name, sizeof(name), "%s.*.", prop_key(p, buf, sizeof(buf)));
		add_prop(out, r, name);
	}
}

void class_markdown(const struct device_class *c, struct str *out)
{
	const struct prop *p;
	const struct reg *r;

	str_add(out, "# %s\n\n%s.\n\n", c->name, c->doc);
	if (c->example)
		str_add(out, "```yaml\n%s\n```\n\n", c->example);
	if (c->props)
		str_add(out, "| property | value | default | meaning | device tree |\n"
			     "|---|---|---|---|---|\n");
	for_rows(p, c->props)
		add_prop(out, p, "");
	str_add(out, "%s", c->props ? "\n" : "");
	if (c->compatible[0])
		str_add(out, "- compatible:");
	for (u32 i = 0; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++)
		str_add(out, " `%s`", c->compatible[i]);
	str_add(out, "%s", c->compatible[0] ? "\n" : "");
	if (c->binding)
		str_add(out, "- binding: %s\n", c->binding);
	if (c->linux_driver)
		str_add(out, "- Linux driver: %s%s%s\n", c->linux_driver,
			c->linux_config ? ", CONFIG_" : "", c->linux_config ? c->linux_config : "");
	if (!c->regs)
		return;
	str_add(out, "\n| offset | register | access |\n|---|---|---|\n");
	for (r = c->regs; r->name; r++)
		str_add(out, "| 0x%02x | `%s` | %s |\n", r->off, r->name, reg_access_text(r));
}
