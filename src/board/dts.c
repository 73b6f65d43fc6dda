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
	static const char *const names[] = { "interrupts", "bus-range", "reg-shift", "reg-io-width",
					     "riscv,ndev", "phandle",   "offset",    NULL };

	for (u32 i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return true;
	return text_ends(name, "-frequency") || text_ends(name, "-cells") ||
	       text_ends(name, "-block-size");
}

static u32 cell(const void *p, int i)
{
	return get_be32((const u8 *)p + (size_t)i * 4);
}

/* -- References ----------------------------------------------------------------------- */

/* "serial_10000000", or for a cpu's own controller "cpu_0_interrupt_controller". */
static void add_label(struct str *out, const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	if (!name)
		return;
	if (!strcmp(name, "interrupt-controller")) {
		add_label(out, fdt, fdt_parent_offset(fdt, node));
		str_add(out, "_");
	}
	for (; *name; name++)
		str_add(out, "%c",
			*name == '-' || *name == '@' || *name == ',' || *name == '.' ? '_' : *name);
}

static u32 cells_prop(const void *fdt, int node, const char *name)
{
	int len;
	const void *p = node < 0 ? NULL : fdt_getprop(fdt, node, name, &len);

	return p && len == 4 ? cell(p, 0) : 0;
}

/* How the cells of a property divide: where the phandle is in an entry, and which property
 * of the node it means says how many cells follow. */
static const struct shape {
	const char *prop;
	u32 before;           /* cells of an entry before its phandle */
	const char *after[2]; /* properties that count those behind it */
} shapes[] = {
	{ "interrupt-parent", 0, { NULL, NULL } },
	{ "regmap", 0, { NULL, NULL } },
	{ "cpu", 0, { NULL, NULL } },
	{ "interrupts-extended", 0, { "#interrupt-cells", NULL } },
	{ "clocks", 0, { "#clock-cells", NULL } },
	{ "resets", 0, { "#reset-cells", NULL } },
	{ "gpios", 0, { "#gpio-cells", NULL } },
	/* child's address of 3 cells and pin, then controller, its address and its line */
	{ "interrupt-map", 4, { "#address-cells", "#interrupt-cells" } },
};

static const struct shape *shape_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (!strcmp(shapes[i].prop, name))
			return &shapes[i];
	return NULL;
}

/* Cells of the entry that begins at `i`, and the node its phandle means; 0: it is none. */
static int entry_cells(const struct shape *s, const void *fdt, const void *p, int n, int i,
		       int *node)
{
	u32 cells = s->before + 1;

	if (cells > (u32)(n - i))
		return 0;
	*node = fdt_node_offset_by_phandle(fdt, cell(p, i + (int)s->before));
	if (*node < 0)
		return 0;
	for (u32 k = 0; k < 2 && s->after[k]; k++)
		cells += MIN(cells_prop(fdt, *node, s->after[k]), 16);
	return cells > (u32)(n - i) ? 0 : (int)cells;
}

static void add_number(struct str *out, const char *name, u32 v)
{
	str_add(out, is_decimal(name) ? "%" PRIu32 : "0x%" PRIx32, v);
}

static void add_entry(struct str *out, const struct shape *s, const char *name, const void *fdt,
		      const void *p, int from, int cells, int node)
{
	str_add(out, "<");
	for (int i = 0; i < cells; i++) {
		str_add(out, i ? " " : "");
		if (s && i == (int)s->before) {
			str_add(out, "&");
			add_label(out, fdt, node);
		} else {
			add_number(out, name, cell(p, from + i));
		}
	}
	str_add(out, ">");
}

/* Each entry of a list of references on a line of its own; other cells all in one. */
static void add_cells(struct str *out, const void *fdt, const char *name, const void *p, int len,
		      u32 depth)
{
	const struct shape *s = shape_of(name);
	int n = len / 4, node = -1, step;

	for (int i = 0; i < n; i += step) {
		step = s ? entry_cells(s, fdt, p, n, i, &node) : 0;
		if (i)
			str_add(out, ",\n");
		for (u32 k = 0; i && k < depth + 2; k++)
			str_add(out, "\t");
		if (!step) { /* no reference, or a damaged one: as numbers */
			add_entry(out, NULL, name, fdt, p, i, n - i, -1);
			return;
		}
		add_entry(out, s, name, fdt, p, i, step, node);
	}
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

static void add_property(struct str *out, const void *fdt, const char *name, const void *p, int len,
			 u32 depth)
{
	indent(out, depth);
	str_add(out, "%s", name);
	if (len)
		str_add(out, " = ");
	if (is_text(p, len))
		add_texts(out, p, len);
	else if (len && len % 4 == 0)
		add_cells(out, fdt, name, p, len, depth);
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
	if (fdt_get_phandle(fdt, node)) {
		add_label(out, fdt, node);
		str_add(out, ": ");
	}
	str_add(out, "%s {\n", depth ? name : "/");
	fdt_for_each_property_offset(prop, fdt, node)
	{
		const char *key;
		const void *p = fdt_getprop_by_offset(fdt, prop, &key, &len);

		if (!p)
			return err_set(e, "the device tree is damaged: %s", fdt_strerror(len));
		add_property(out, fdt, key, p, len, depth + 1);
	}
	fdt_for_each_subnode(child, fdt, node)
	{
		str_add(out, "\n");
		if (!add_node(out, fdt, child, depth + 1, e))
			return false;
	}
	indent(out, depth);
	str_add(out, "};\n");
	return true;
}

bool fdt_node_to_source(const void *fdt, int node, struct str *out, struct err *e)
{
	return add_node(out, fdt, node, 1, e);
}

bool fdt_to_source(const void *fdt, struct str *out, struct err *e)
{
	int bad = fdt_check_header(fdt);

	if (bad)
		return err_set(e, "this is no device tree: %s", fdt_strerror(bad));
	str_add(out, "/dts-v1/;\n\n");
	return add_node(out, fdt, 0, 0, e);
}
