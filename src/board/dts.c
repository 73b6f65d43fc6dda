/* dts.c - a device tree as source, for people and golden files.
 *
 * dtc makes the same tree of it again.  What a property is follows from its bytes, as
 * dtc guesses it too; which numbers people read in decimal follows from its name.
 */
#include "board.h"

#include <inttypes.h>
#include <libfdt.h>

/* Text, or several, each ended by a NUL. */
static bool is_text(const char *p, int len)
{
	if (len < 2 || p[len - 1])
		return false;
	for (int i = 0; i < len; i++) {
		if (!p[i] && (i == 0 || !p[i - 1]))
			return false;
		if (p[i] && ((u8)p[i] < 0x20 || (u8)p[i] > 0x7e))
			return false;
	}
	return true;
}

static void add_texts(struct str *out, const char *p, int len)
{
	for (const char *s = p; s < p + len; s += strlen(s) + 1) {
		str_add(out, "%s\"", s == p ? "" : ", ");
		for (const char *c = s; *c; c++)
			str_add(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		str_add(out, "\"");
	}
}

static bool is_decimal(const char *name)
{
	static const char *const names[] = { "interrupts", "bus-range",	 "reg-shift", "reg-io-width",
					     "riscv,ndev", "phandle",	 "cpu",	      "interrupt-parent",
					     "regmap",	   "offset",	 NULL };

	for (u32 i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return true;
	return text_ends(name, "-frequency") || text_ends(name, "-cells") ||
	       text_ends(name, "-block-size");
}

static u32 cell(const void *p, int i)
{
	return get_be32((const u8 *)p + 4 * i);
}

/* Cells of one row of an array, so that long ones can be read: 0 is all in one. */
static int row_cells(const char *name)
{
	if (!strcmp(name, "interrupt-map"))
		return 6; /* address, pin, controller, line: a plic's */
	if (!strcmp(name, "interrupts-extended"))
		return 2;
	return 0;
}

static void add_cells(struct str *out, const char *name, const void *p, int len, u32 depth)
{
	int n = len / 4, row = row_cells(name);

	if (!row || n % row || n <= 8)
		row = n;
	for (int i = 0; i < n; i++) {
		bool first = i % row == 0;

		if (first && i) {
			str_add(out, ">,\n");
			for (u32 k = 0; k < depth + 2; k++)
				str_add(out, "\t");
		}
		str_add(out, first ? "<" : " ");
		str_add(out, is_decimal(name) ? "%" PRIu32 : "0x%" PRIx32, cell(p, i));
	}
	str_add(out, ">");
}

static void add_bytes(struct str *out, const u8 *p, int len)
{
	str_add(out, "[");
	for (int i = 0; i < len; i++)
		str_add(out, "%s%02x", i ? " " : "", p[i]);
	str_add(out, "]");
}

static void indent(struct str *out, u32 depth)
{
	while (depth--)
		str_add(out, "\t");
}

static void add_property(struct str *out, const char *name, const void *p, int len, u32 depth)
{
	indent(out, depth);
	str_add(out, "%s", name);
	if (len)
		str_add(out, " = ");
	if (is_text(p, len))
		add_texts(out, p, len);
	else if (len && len % 4 == 0)
		add_cells(out, name, p, len, depth);
	else if (len)
		add_bytes(out, p, len);
	str_add(out, ";\n");
}

static bool add_node(struct str *out, const void *fdt, int node, u32 depth, struct err *e)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	int prop, child, len;

	if (!name || depth > 64)
		return err_set(e, "the device tree is damaged");
	indent(out, depth);
	str_add(out, "%s {\n", depth ? name : "/");
	fdt_for_each_property_offset(prop, fdt, node) {
		const char *key;
		const void *p = fdt_getprop_by_offset(fdt, prop, &key, &len);

		if (!p)
			return err_set(e, "the device tree is damaged: %s", fdt_strerror(len));
		add_property(out, key, p, len, depth + 1);
	}
	fdt_for_each_subnode(child, fdt, node) {
		str_add(out, "\n");
		if (!add_node(out, fdt, child, depth + 1, e))
			return false;
	}
	indent(out, depth);
	str_add(out, "};\n");
	return true;
}

bool fdt_to_source(const void *fdt, struct str *out, struct err *e)
{
	int bad = fdt_check_header(fdt);

	if (bad)
		return err_set(e, "this is no device tree: %s", fdt_strerror(bad));
	str_add(out, "/dts-v1/;\n\n");
	return add_node(out, fdt, 0, 0, e);
}
