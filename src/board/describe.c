/* describe.c - what a board is, for `vmbuild describe`, and what a class is, for
 * `vmbuild devices NAME`: text and JSON from the same rows that check a board file.
 */
#include "parts.h"

#include <inttypes.h>

/* -- A board ---------------------------------------------------------------------- */

static void add_param(const struct param *p, struct str *out)
{
	char limits[96] = "";

	if (p->max != UINT64_MAX)
		snprintf(limits, sizeof(limits), " %" PRIu64 "..%" PRIu64, p->min, p->max);
	str_add(out, "  %-12s %-10s", p->name, param_types[p->type]);
	if (p->val.absent == ABSENT_GUEST)
		str_add(out, " (from the guest)    ");
	else if (p->val.absent)
		str_add(out, " %-20s", p->required ? "(required)" : "(none)");
	else
		str_add(out, " %-20s", p->val.text[0] ? p->val.text : "\"\"");
	str_add(out, " %s%s\n", p->doc ? p->doc : "", limits);
}

static void add_cluster(const struct plan_cluster *c, struct str *out)
{
	struct str isa = { 0 };

	isa_format(&c->isa, &isa);
	str_add(out, "  %-12s harts %u-%u, %s\n  %-12s %s\n", c->name, c->first,
		c->first + c->count - 1, c->mmu, "", str_text(&isa));
	str_free(&isa);
}

static void add_boot(const struct plan_boot *boot, struct str *out)
{
	static const char *const firmware[] = { "builtin", "none", "" };
	const struct {
		const char *key, *text;
	} rows[] = {
		{ "firmware", boot->firmware == FIRMWARE_FILE ? boot->firmware_file.path
							      : firmware[boot->firmware] },
		{ "kernel", boot->kernel.path },
		{ "initrd", boot->initrd.path },
		{ "dtb", boot->dtb.path },
		{ "bootargs", boot->bootargs },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].text)
			str_add(out, "  %-12s %s\n", rows[i].key, rows[i].text);
	for (u32 i = 0; i < boot->nload; i++)
		str_add(out, "  %-12s %s\n", "load", boot->load[i].path);
}

void plan_describe(const struct board *b, struct str *out)
{
	const struct plan *p = &b->plan;

	str_add(out, "%s: %s\n", p->name, p->description ? p->description : "");
	if (b->nparams)
		str_add(out, "\nparameters (-p NAME=VALUE)\n");
	for (u32 i = 0; i < b->nparams; i++)
		add_param(&b->params[i], out);
	str_add(out, "\nharts\n");
	for (u32 i = 0; i < p->nclusters; i++)
		add_cluster(&p->clusters[i], out);
	str_add(out, "\nboot\n");
	add_boot(&p->boot, out);
	if (p->guest_missing)
		str_add(out, "  guest `%s`: %s\n", p->guest,
			p->guest_why ? p->guest_why : "not fetched");
	str_add(out, "\nmap\n");
	plan_map(p, out);
}

/* -- A class: text ------------------------------------------------------------------- */

static const char *const kind_text[] = {
	[PROP_KIND_U32] = "number",         [PROP_KIND_U64] = "number",
	[PROP_KIND_SIZE] = "size",          [PROP_KIND_HZ] = "frequency",
	[PROP_KIND_TIME] = "time",          [PROP_KIND_BOOL] = "bool",
	[PROP_KIND_ENUM] = "word",          [PROP_KIND_TEXT] = "text",
	[PROP_KIND_PATH] = "file",          [PROP_KIND_MAC] = "MAC",
	[PROP_KIND_RANGE] = "[base, size]", [PROP_KIND_LIST] = "list",
	[PROP_KIND_IRQS] = "interrupts",    [PROP_KIND_OUTPUTS] = "outputs",
	[PROP_KIND_REF] = "reference",      [PROP_KIND_TABLE] = "map",
	[PROP_KIND_CHARDEV] = "console",    [PROP_KIND_BLOCK] = "disk",
	[PROP_KIND_NET] = "network",        [PROP_KIND_DISPLAY] = "display",
	[PROP_KIND_SHARE] = "folder",       [PROP_KIND_VSOCK] = "sockets",
	[PROP_KIND_AUDIO] = "sound",
};

static bool is_number(const struct prop *p)
{
	return p->kind == PROP_KIND_U32 || p->kind == PROP_KIND_U64 || p->kind == PROP_KIND_SIZE ||
	       p->kind == PROP_KIND_HZ || p->kind == PROP_KIND_TIME;
}

const char *prop_kind_text(const struct prop *p)
{
	return kind_text[p->kind];
}

const char *prop_default_text(const struct prop *p, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", p->required ? "required" : p->automatic ? "auto" : "");
	if (p->required || p->automatic)
		return buf;
	if (p->kind == PROP_KIND_BOOL)
		snprintf(buf, cap, "%s", p->def ? "true" : "false");
	else if (p->kind == PROP_KIND_ENUM)
		snprintf(buf, cap, "%s", p->words[p->def]);
	else if (p->kind == PROP_KIND_SIZE && p->def)
		size_text(buf, cap, p->def);
	else if (is_number(p) && p->def)
		snprintf(buf, cap, "%" PRIu64 "%s", p->def,
			 p->kind == PROP_KIND_HZ     ? "Hz"
			 : p->kind == PROP_KIND_TIME ? "ns"
						     : "");
	else if (p->def_text)
		snprintf(buf, cap, "%s", p->def_text);
	return buf;
}

static void add_prop(const struct prop *p, struct str *out, const char *indent)
{
	char key[64], def[64];
	const struct prop *r;

	str_add(out, "%s%-18s %-13s %-12s %s", indent, prop_key(p, key, sizeof(key)),
		kind_text[p->kind], prop_default_text(p, def, sizeof(def)), p->doc ? p->doc : "");
	if (is_number(p) && p->max)
		str_add(out, " (%" PRIu64 "..%" PRIu64 ")", p->min, p->max);
	for (u32 i = 0; p->words && p->words[i]; i++)
		str_add(out, "%s%s%s", i ? ", " : " (", p->words[i], p->words[i + 1] ? "" : ")");
	str_add(out, "\n");
	for_rows(r, p->rows)
		add_prop(r, out, "      ");
}

static void add_fact(struct str *out, const char *what, const char *text)
{
	if (text)
		str_add(out, "%-14s %s\n", what, text);
}

static void add_compatible(const struct device_class *c, struct str *out)
{
	for (u32 i = 0; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++)
		str_add(out, i ? ", %s" : "compatible     %s", c->compatible[i]);
	if (c->compatible[0])
		str_add(out, "\n");
}

const char *place_text(char *buf, size_t cap, enum bus bus, u32 place)
{
	buf[0] = 0;
	if (bus != BUS_PS2)
		snprintf(buf, cap,
			 bus == BUS_I2C   ? "at 0x%02x"
			 : bus == BUS_SPI ? "select %u"
					  : "slot %u",
			 place);
	return buf;
}

static void add_where(const struct device_class *c, struct str *out)
{
	static const struct {
		u32 bus;
		const char *text;
	} buses[] = { { BUS_MMIO, "the system bus" },
		      { BUS_PCI, "PCI" },
		      { BUS_I2C, "I2C" },
		      { BUS_SPI, "SPI" },
		      { BUS_PS2, "a PS/2 port" } };
	u32 on = c->on ? c->on : BUS_MMIO;
	char size[32];

	str_add(out, "stands on      ");
	for (size_t i = 0; i < ARRAY_LEN(buses); i++) {
		if (!(on & buses[i].bus))
			continue;
		str_add(out, "%s%s", on & (buses[i].bus - 1) ? ", or " : "", buses[i].text);
		if (buses[i].bus == BUS_MMIO && c->mmio_size)
			str_add(out, " (%s)", size_text(size, sizeof(size), c->mmio_size));
	}
	str_add(out, "\n");
}

const char *reg_access_text(const struct reg *r)
{
	switch (r->access) {
	case RO:
		return "read only";
	case WO:
		return "write only";
	case W1C:
		return "write 1 to clear";
	case RW:
		break;
	}
	return "";
}

/* What guests read of it, beside compatible and reg. */
static void add_node(const struct device_class *c, struct str *out)
{
	const struct fdt_prop *f;
	const struct prop *p;

	if (!c->node)
		return;
	str_add(out, "%-14s %s%s", "device tree", c->node,
		(c->on ? c->on : BUS_MMIO) & BUS_PCI ? "" : "@");
	for_rows(p, c->props)
		if (p->fdt)
			str_add(out, " %s", p->fdt);
	for (f = c->fdt; f && f->name; f++)
		str_add(out, " %s", f->name);
	str_add(out, "\n");
}

void class_describe(const struct device_class *c, struct str *out)
{
	const struct prop *p;
	const struct reg *r;

	str_add(out, "%s: %s\n\n", c->name, c->doc);
	if (c->example)
		str_add(out, "  %s\n\n", c->example);
	if (c->props)
		str_add(out, "properties\n");
	for_rows(p, c->props)
		add_prop(p, out, "  ");
	str_add(out, "%s", c->props ? "\n" : "");
	add_where(c, out);
	add_compatible(c, out);
	add_node(c, out);
	add_fact(out, "binding", c->binding);
	if (c->linux_driver)
		str_add(out, "%-14s %s%s%s\n", "Linux driver", c->linux_driver,
			c->linux_config ? ", CONFIG_" : "", c->linux_config ? c->linux_config : "");
	add_fact(out, "QEMU's name", c->qemu);
	if (c->regs)
		str_add(out, "\nregisters\n");
	for (r = c->regs; r && r->name; r++)
		str_add(out, "  0x%02x  %-24s %s\n", r->off, r->name, reg_access_text(r));
}

void isa_describe(struct str *out)
{
	str_add(out, "cpu: what `cpu:` of a cluster may have, as in rv64gc_zicntr_sstc\n\n");
	for (u32 x = 0; x < EXT_COUNT; x++)
		str_add(out, "  %-12s %-10s %s%s%s\n", isa_rows[x].name,
			isa_rows[x].implemented ? "" : "not yet", isa_rows[x].doc,
			isa_rows[x].needs[0] ? "; needs " : "", isa_rows[x].needs);
	str_add(out,
		"\n`g` is imafd_zicsr_zifencei.  What is `not yet` cannot be claimed: a guest\n"
		"that uses it would die.\n");
}

/* -- A class: JSON ---------------------------------------------------------------------- */

static void json_text(struct str *out, const char *key, const char *text)
{
	str_add(out, "\"%s\":", key);
	str_json(out, text);
}

static void json_prop(struct str *out, const struct prop *p)
{
	char key[64], def[64];
	const struct prop *r;

	str_add(out, "{");
	json_text(out, "key", prop_key(p, key, sizeof(key)));
	str_add(out, ",");
	json_text(out, "type", kind_text[p->kind]);
	str_add(out, ",\"required\":%s,", p->required ? "true" : "false");
	prop_default_text(p, def, sizeof(def));
	json_text(out, "default", p->required || !def[0] ? NULL : def);
	if (is_number(p) && p->max)
		str_add(out, ",\"min\":%" PRIu64 ",\"max\":%" PRIu64, p->min, p->max);
	for (u32 i = 0; p->words && p->words[i]; i++)
		str_add(out, "%s\"%s\"%s", i ? "," : ",\"words\":[", p->words[i],
			p->words[i + 1] ? "" : "]");
	str_add(out, ",");
	json_text(out, "doc", p->doc);
	if (p->rows)
		str_add(out, ",\"rows\":[");
	for_rows(r, p->rows) {
		str_add(out, "%s", r == p->rows ? "" : ",");
		json_prop(out, r);
	}
	str_add(out, "%s}", p->rows ? "]" : "");
}

void class_json(const struct device_class *c, struct str *out)
{
	const struct prop *p;

	str_add(out, "{");
	json_text(out, "name", c->name);
	str_add(out, ",");
	json_text(out, "doc", c->doc);
	str_add(out, ",\"compatible\":[");
	for (u32 i = 0; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++)
		str_add(out, "%s\"%s\"", i ? "," : "", c->compatible[i]);
	str_add(out, "],");
	json_text(out, "binding", c->binding);
	str_add(out, ",");
	json_text(out, "linux-driver", c->linux_driver);
	str_add(out, ",");
	json_text(out, "linux-config", c->linux_config);
	str_add(out, ",");
	json_text(out, "qemu", c->qemu);
	str_add(out, ",");
	json_text(out, "example", c->example);
	str_add(out, ",\"properties\":[");
	for_rows(p, c->props) {
		str_add(out, "%s", p == c->props ? "" : ",");
		json_prop(out, p);
	}
	str_add(out, "]}");
}
