/* import.c - a board file made of a device tree: a scaffold, not a translation.
 *
 * A device tree says what a kernel needs to know, which is less than a machine needs.  What
 * a class of ours models becomes that device; what has registers becomes a `regbank`, so
 * that a driver finds something; the rest is listed.
 */
#include "dt_read.h"

#include <inttypes.h>
#include <libfdt.h>

struct import {
	struct arena a;
	const void *fdt;
	const struct import_options *o;
	struct dt_list nodes;
	struct node *names; /* taken */
	const char **name;  /* by node: the device it became, or NULL */
	struct range *taken;
	u32 ntaken, taken_cap;
	struct str *out, devices, modeled, stubbed, missing;
	struct import_count n;
	int plic; /* node offset of the controller that became one, or -1 */
	const char *stdout_name;
	bool lines[1024]; /* of it, in use */
};

/* -- Words ---------------------------------------------------------------------------- */

/* What the tree says goes into a comment or between quotes: nothing in it ends either. */
static const char *clean(struct import *m, const char *s)
{
	char *text = arena_text(&m->a, s, strlen(s));

	for (char *c = text; *c; c++)
		if ((u8)*c < 0x20 || (u8)*c >= 0x7f || *c == '"' || *c == '\\')
			*c = '?';
	return text;
}

static const char *alias_of(const struct import *m, const char *path)
{
	int aliases = fdt_path_offset(m->fdt, "/aliases"), prop;

	if (aliases < 0)
		return NULL;
	fdt_for_each_property_offset(prop, m->fdt, aliases)
	{
		const char *name, *to = fdt_getprop_by_offset(m->fdt, prop, &name, NULL);

		if (to && !strcmp(to, path))
			return name;
	}
	return NULL;
}

/* A device's name: the tree's alias, or the node's name, made fit and unique. */
static const char *fit_name(struct import *m, const struct dt_found *f)
{
	const char *alias = alias_of(m, f->path), *from = alias ? alias : f->name;
	char *base = arena_text(&m->a, from, strlen(from)), *c = base;
	const char *name;
	u32 n = 0;

	for (; *c; c++)
		*c = *c >= 'A' && *c <= 'Z'                                 ? (char)(*c | 0x20)
		     : (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c
									    : '_';
	name = *base >= 'a' && *base <= 'z' ? base : arena_printf(&m->a, "n%s", base);
	base = arena_text(&m->a, name, strlen(name));
	while (map_pair(m->names, name))
		name = arena_printf(&m->a, "%s_%u", base, ++n);
	map_put(&m->a, m->names, name, (struct pos){ 0 }, m->names);
	return name;
}

static const char *hex(struct import *m, u64 v)
{
	char buf[32];

	return arena_printf(&m->a, "%s", address_text(buf, sizeof(buf), v));
}

static const char *bytes(struct import *m, u64 v)
{
	char buf[32];

	return arena_printf(&m->a, "%s", size_text(buf, sizeof(buf), v));
}

static void add_compatible(struct import *m, struct str *out, const struct dt_found *f)
{
	for (const char *s = f->compatible; s < f->compatible + f->compatible_len;
	     s += strlen(s) + 1)
		str_add(out, "%s\"%s\"", s == f->compatible ? "" : ", ", clean(m, s));
}

static const char *driver_of(struct import *m, const struct dt_found *f)
{
	for (const char *s = f->compatible;
	     m->o->driver && s && s < f->compatible + f->compatible_len; s += strlen(s) + 1) {
		const char *driver = m->o->driver(m->o->ctx, s);

		if (driver)
			return driver;
	}
	return NULL;
}

static void add_note(struct import *m, struct str *to, const struct dt_found *f, const char *what)
{
	const char *driver = driver_of(m, f);

	str_add(to, "#   %s", clean(m, f->path));
	if (f->compatible)
		str_add(to, " \"%s\"", clean(m, f->compatible));
	if (what)
		str_add(to, ": %s", what);
	if (driver)
		str_add(to, " (Linux: %s)", clean(m, driver));
	str_add(to, "\n");
}

/* -- Harts ------------------------------------------------------------------------------ */

static void set_named(struct isa *isa, const char *name)
{
	for (u32 x = 0; x < EXT_COUNT; x++)
		if (!strcmp(isa_rows[x].name, name) && isa_rows[x].implemented)
			isa_set(isa, (enum isa_ext)x);
}

/* What each of them builds on, until nothing is added. */
static void add_needs(struct import *m, struct isa *isa)
{
	for (u32 x = 0; x < EXT_COUNT; x++) {
		const char *s = isa_has(isa, (enum isa_ext)x) ? isa_rows[x].needs : "";

		while (*s) {
			size_t n = strcspn(s, " ");

			set_named(isa, arena_text(&m->a, s, n));
			s += n + (s[n] == ' ');
		}
	}
}

/* Of "rv64imafdc_zba", or the newer list, what is implemented here. */
static struct isa read_isa(struct import *m, int cpu)
{
	const char *s = dt_string(m->fdt, cpu, "riscv,isa"), *name;
	struct isa isa = { .xlen = 64 };

	set_named(&isa, "i");
	for (int i = 0; (name = fdt_stringlist_get(m->fdt, cpu, "riscv,isa-extensions", i, NULL));
	     i++)
		set_named(&isa, name);
	for (s = s && strlen(s) > 4 ? s + 4 : ""; *s && *s != '_'; s++)
		set_named(&isa, (char[]){ *s, 0 });
	while (*s == '_') {
		size_t n = strcspn(++s, "_");

		set_named(&isa, arena_text(&m->a, s, n));
		s += n;
	}
	/* `i` of the old string had these in it */
	set_named(&isa, "zicsr");
	set_named(&isa, "zifencei");
	set_named(&isa, "zicntr");
	add_needs(m, &isa);
	add_needs(m, &isa);
	if (isa_has(&isa, EXT_Svade) && isa_has(&isa, EXT_Svadu))
		isa.bits[EXT_Svadu / 64] &= ~((u64)1 << EXT_Svadu % 64);
	return isa;
}

static const char *isa_text(struct import *m, const struct isa *isa)
{
	struct str s = { 0 };
	const char *text;

	isa_format(isa, &s);
	text = arena_text(&m->a, str_text(&s), s.n);
	str_free(&s);
	return text;
}

static const char *cpu_mmu(struct import *m, int cpu)
{
	const char *mmu = dt_string(m->fdt, cpu, "mmu-type");

	for (u32 i = 1; mmu && words_mmu[i]; i++)
		if (text_starts(mmu, "riscv,") && !strcmp(mmu + 6, words_mmu[i]))
			return words_mmu[i];
	return words_mmu[0];
}

static bool is_cpu(const void *fdt, int node)
{
	const char *type = dt_string(fdt, node, "device_type");

	return type && !strcmp(type, "cpu");
}

/* One cluster: neighbors that are alike. */
struct cluster {
	u32 first, count;
	const char *cpu, *mmu, *compatible;
};

static void add_cluster(struct import *m, const struct cluster *c, u32 *index)
{
	if (!c->count)
		return;
	str_add(m->out, "    cluster%u: {count: %u, first: %u, cpu: %s, mmu: %s", (*index)++,
		c->count, c->first, c->cpu, c->mmu);
	if (c->compatible && strcmp(c->compatible, "riscv") != 0)
		str_add(m->out, ", compatible: \"%s\"", clean(m, c->compatible));
	str_add(m->out, "}\n");
}

/* Ids rise; what does not fit that is counted on. */
static u32 hart_id(const struct import *m, int cpu, u32 next)
{
	u32 id = dt_cell(m->fdt, cpu, "reg", next);

	return id < next || id > 4000 ? next : id;
}

static void add_harts(struct import *m)
{
	int cpus = fdt_path_offset(m->fdt, "/cpus"), cpu;
	u32 hz = cpus < 0 ? 0 : dt_cell(m->fdt, cpus, "timebase-frequency", 0), index = 0,
	    harts = 0;
	struct cluster c = { 0 };

	if (cpus >= 0)
		fdt_for_each_subnode(cpu, m->fdt, cpus) if (!hz) hz =
			dt_cell(m->fdt, cpu, "timebase-frequency", 0);
	if (hz > 1000000000)
		hz = 0;
	str_add(m->out, "harts:\n  timebase-frequency: %uHz%s\n  clusters:\n", hz ? hz : 1000000,
		hz ? "" : "          # the tree does not say");
	if (cpus >= 0)
		fdt_for_each_subnode(cpu, m->fdt, cpus)
		{
			struct isa isa;
			struct cluster one;

			if (!is_cpu(m->fdt, cpu) || harts == BOARD_MAX_HARTS)
				continue;
			isa = read_isa(m, cpu);
			one = (struct cluster){ hart_id(m, cpu, c.first + c.count), 1, NULL,
						cpu_mmu(m, cpu),
						dt_string(m->fdt, cpu, "compatible") };
			if (!strcmp(one.mmu, "none"))
				for (u32 x = EXT_Sstc; x < EXT_COUNT; x++)
					isa.bits[x / 64] &= ~((u64)1 << x % 64);
			one.cpu = isa_text(m, &isa);
			harts++;
			if (c.count && one.first == c.first + c.count && !strcmp(c.cpu, one.cpu) &&
			    !strcmp(c.mmu, one.mmu)) {
				c.count++;
				continue;
			}
			add_cluster(m, &c, &index);
			c = one;
		}
	add_cluster(m, &c, &index);
	if (!harts)
		str_add(m->out,
			"    cluster0: {cpu: rv64gc_zicntr, mmu: sv39}  # the tree has none\n");
}

/* -- Memory ------------------------------------------------------------------------------- */

static void take(struct import *m, u64 base, u64 size)
{
	ARENA_GROW(&m->a, &m->taken, m->ntaken, &m->taken_cap);
	m->taken[m->ntaken++] = (struct range){ base, size };
}

static bool is_taken(const struct import *m, u64 base, u64 size)
{
	for (u32 i = 0; i < m->ntaken; i++)
		if (ranges_overlap(base, size, m->taken[i].base, m->taken[i].size))
			return true;
	return false;
}

static void add_memory(struct import *m)
{
	u32 n = 0;

	str_add(m->out, "memory:\n");
	for (u32 i = 0; i < m->nodes.n; i++) {
		const struct dt_found *f = &m->nodes.p[i];
		u64 base = align_up(f->base, 4096), end = align_down(f->base + f->size, 4096);

		if (strcmp(f->name, "memory") != 0 || f->parent >= 0 || end <= base ||
		    end > (u64)1 << 56 || is_taken(m, base, end - base))
			continue;
		str_add(m->out, "  ram%u: {reg: [%s, %s]}\n", n, hex(m, base),
			bytes(m, end - base));
		take(m, base, end - base);
		map_put(&m->a, m->names, arena_printf(&m->a, "ram%u", n++), (struct pos){ 0 },
			m->names);
	}
	if (n)
		return;
	str_add(m->out, "  ram0: {reg: [0x8000_0000, 1G]}   # the tree leaves it to firmware\n");
	take(m, 0x80000000, GIB);
	map_put(&m->a, m->names, "ram0", (struct pos){ 0 }, m->names);
}

/* -- Devices ---------------------------------------------------------------------------------- */

static bool class_is(const struct device_class *c, const char *compatible)
{
	for (size_t i = 0; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++)
		if (!strcmp(c->compatible[i], compatible))
			return true;
	for (u32 i = 0; c->similar && c->similar[i]; i++)
		if (!strcmp(c->similar[i], compatible))
			return true;
	return false;
}

/* The class that models it; several that share a name (virtio,mmio) tell nothing. */
static const struct device_class *class_of(const struct import *m, const struct dt_found *f)
{
	const struct device_class *found = NULL;

	for (const char *s = f->compatible; s < f->compatible + f->compatible_len && !found;
	     s += strlen(s) + 1)
		for (const struct device_class *const *c = m->o->classes; *c; c++) {
			if (!class_is(*c, s))
				continue;
			if (found)
				return NULL;
			found = *c;
		}
	return found;
}

static bool same_compatible(const struct device_class *c, const struct dt_found *f)
{
	const char *s = f->compatible;
	size_t i = 0;

	for (; i < ARRAY_LEN(c->compatible) && c->compatible[i]; i++) {
		if (s >= f->compatible + f->compatible_len || strcmp(s, c->compatible[i]) != 0)
			return false;
		s += strlen(s) + 1;
	}
	return s == f->compatible + f->compatible_len;
}

/* Lines of the one controller that became a device, if nobody has them yet. */
static void add_irqs(struct import *m, const struct device_class *c, const struct dt_found *f)
{
	const struct prop *r;

	for_rows(r, c->props) {
		u32 n = 0;
		char key[64];

		if (r->kind != PROP_KIND_IRQS || c->irq_cells)
			continue;
		while (n < f->nirqs && n < r->max && f->irqs[n].controller == m->plic &&
		       f->irqs[n].line && f->irqs[n].line < ARRAY_LEN(m->lines) &&
		       !m->lines[f->irqs[n].line])
			n++;
		if (!n || n < r->min)
			return;
		str_add(&m->devices, ", %s: ", prop_key(r, key, sizeof(key)));
		for (u32 i = 0; i < n; i++) {
			str_add(&m->devices, "%s%u", i ? ", " : n > 1 ? "[" : "", f->irqs[i].line);
			m->lines[f->irqs[i].line] = true;
		}
		str_add(&m->devices, n > 1 ? "]" : "");
		return;
	}
}

static u64 least_align(u64 size)
{
	u64 align = 1;

	while (align < size && align < 4096)
		align *= 2;
	return align;
}

/* Why its registers cannot be put where the tree says, or NULL. */
static const char *misfit(const struct import *m, const struct device_class *c,
			  const struct dt_found *f, u64 size)
{
	u64 align = c->mmio_align ? c->mmio_align : least_align(size);

	if (!f->mmio || !size)
		return "no registers on the system bus";
	if (c->mmio_max && size > c->mmio_max)
		return "its window is too large";
	if (f->base % align || f->base + (size - 1) < f->base)
		return "its registers begin at an odd address";
	return is_taken(m, f->base, size) ? "something else is there already" : NULL;
}

static void add_place(struct import *m, const struct device_class *c, const struct dt_found *f,
		      u64 size)
{
	if (c->mmio_size && size == c->mmio_size)
		str_add(&m->devices, ", reg: %s", hex(m, f->base));
	else
		str_add(&m->devices, ", reg: [%s, %s]", hex(m, f->base), bytes(m, size));
	take(m, f->base, size);
}

static u64 window_size(const struct device_class *c, const struct dt_found *f)
{
	u64 most = c->mmio_max ? c->mmio_max : c->mmio_size;

	return MIN(MAX(f->size, c->mmio_size), most);
}

static void begin_device(struct import *m, u32 i, const char *class)
{
	const struct dt_found *f = &m->nodes.p[i];

	m->name[i] = fit_name(m, f);
	str_add(&m->devices, "  %s: {device: %s", m->name[i], class);
}

static bool row_number(const struct import *m, const struct prop *r, const struct dt_found *f,
		       u32 *v)
{
	u32 n;
	const u8 *p = r->fdt ? dt_cells(m->fdt, f->node, r->fdt, &n) : NULL;

	if (!p || n != 1 || (r->kind != PROP_KIND_U32 && r->kind != PROP_KIND_HZ))
		return false;
	*v = dt_nth(p, 0);
	return *v >= r->min && (!r->max || *v <= r->max);
}

/* Values that its rows would write are read back from the node. */
static void add_rows(struct import *m, const struct device_class *c, const struct dt_found *f)
{
	const struct prop *r;
	char key[64];
	u32 v;

	for_rows(r, c->props)
		if (row_number(m, r, f, &v) && (v != r->def || r->required))
			str_add(&m->devices, ", %s: %u%s", prop_key(r, key, sizeof(key)), v,
				r->kind == PROP_KIND_HZ ? "Hz" : "");
}

/* A required row that the tree does not give: the device cannot be made of it. */
static bool lacks_required(const struct import *m, const struct device_class *c,
			   const struct dt_found *f)
{
	const struct prop *r;
	u32 v;

	for_rows(r, c->props)
		if (r->required && !row_number(m, r, f, &v))
			return true;
	return false;
}

/* -- A PCI host: what `ranges` and `interrupt-map` say of it --------------------------------- */

/* By the space code of an address (IEEE 1275 PCI binding, phys.hi): 1 I/O, 2 memory of 32
 * bits, 3 of 64.  The first of each that does not lie in anything's way. */
static void find_windows(const struct import *m, const struct dt_found *f, struct range *windows)
{
	u32 n;
	const u8 *p = dt_cells(m->fdt, f->node, "ranges", &n);

	/* child address of 3 cells, parent address and size of 2 */
	for (u32 i = 0; p && i + 7 <= n; i += 7) {
		u32 space = dt_nth(p, i) >> 24 & 3;
		u64 base = (u64)dt_nth(p, i + 3) << 32 | dt_nth(p, i + 4);
		u64 size = (u64)dt_nth(p, i + 5) << 32 | dt_nth(p, i + 6);
		bool clear = size && base + (size - 1) >= base && !is_taken(m, base, size) &&
			     !ranges_overlap(base, size, f->base, f->size);

		for (u32 k = 0; k < 4; k++)
			clear &= !ranges_overlap(base, size, windows[k].base, windows[k].size);
		if (clear && space && !windows[space].size &&
		    (space != 2 || base + (size - 1) <= UINT32_MAX))
			windows[space] = (struct range){ base, size };
	}
}

static void add_windows(struct import *m, const struct range *windows)
{
	static const char *const names[] = { NULL, "io", "mem32", "mem64" };
	const char *sep = ", windows: {";

	for (u32 k = 1; k < 4; k++) {
		if (!windows[k].size)
			continue;
		take(m, windows[k].base, windows[k].size);
		str_add(&m->devices, "%s%s: [%s, %s]", sep, names[k], hex(m, windows[k].base),
			bytes(m, windows[k].size));
		sep = ", ";
	}
	str_add(&m->devices, "}");
}

/* The lines of pins 1 to 4 of the first slot; false: there are not four that are free. */
static bool find_pins(struct import *m, const struct dt_found *f, u32 *lines)
{
	u32 n, step, found = 0;
	const u8 *p = dt_cells(m->fdt, f->node, "interrupt-map", &n);
	u32 cells = m->plic < 0 ? 0 : dt_cell(m->fdt, m->plic, "#interrupt-cells", 0);

	step = 5 + (m->plic < 0 ? 0 : dt_cell(m->fdt, m->plic, "#address-cells", 0) % 4) +
	       cells % 4;
	for (u32 i = 0; p && cells && i + step <= n && found < 4; i += step) {
		u32 line = dt_nth(p, i + step - cells % 4);

		if (dt_nth(p, i) >> 11 & 31 || dt_nth(p, i + 3) != found + 1 || !line ||
		    line >= ARRAY_LEN(m->lines) || m->lines[line] ||
		    fdt_node_offset_by_phandle(m->fdt, dt_nth(p, i + 4)) != m->plic)
			continue;
		lines[found++] = line;
	}
	for (u32 i = 0; i < found; i++)
		for (u32 k = 0; k < i; k++)
			if (lines[k] == lines[i])
				return false;
	return found == 4;
}

static bool add_pci_host(struct import *m, u32 i, const struct device_class *c)
{
	const struct dt_found *f = &m->nodes.p[i];
	u64 size = align_down(window_size(c, f), MIB);
	struct range windows[4] = { { 0 } };
	u32 lines[4];

	find_windows(m, f, windows);
	if (size < MIB || !windows[2].size || misfit(m, c, f, size) || !find_pins(m, f, lines))
		return false; /* a host cannot do without memory for 32-bit BARs */
	begin_device(m, i, c->name);
	add_place(m, c, f, size);
	str_add(&m->devices, ", interrupts: [%u, %u, %u, %u]", lines[0], lines[1], lines[2],
		lines[3]);
	for (u32 k = 0; k < 4; k++)
		m->lines[lines[k]] = true;
	add_windows(m, windows);
	str_add(&m->devices, "}\n");
	add_note(m, &m->modeled, f, c->name);
	m->n.modeled++;
	return true;
}

static bool add_modeled(struct import *m, u32 i, const struct device_class *c)
{
	const struct dt_found *f = &m->nodes.p[i];
	bool window = c->mmio_size || c->mmio_max;
	u64 size = window ? window_size(c, f) : 0;

	if (c->bus == BUS_PCI)
		return !f->disabled && add_pci_host(m, i, c);
	/* Buses and what is on them are not nested here. */
	if (c->bus || (c->on && !(c->on & BUS_MMIO)) || lacks_required(m, c, f) ||
	    (window && misfit(m, c, f, size)))
		return false;
	begin_device(m, i, c->name);
	if (window)
		add_place(m, c, f, size);
	if (!same_compatible(c, f)) {
		str_add(&m->devices, ", compatible: [");
		add_compatible(m, &m->devices, f);
		str_add(&m->devices, "]");
	}
	add_rows(m, c, f);
	add_irqs(m, c, f);
	if (c->stdout_capable && m->stdout_name && !strcmp(m->stdout_name, f->path))
		str_add(&m->devices, ", host: stdio");
	str_add(&m->devices, f->disabled ? ", status: disabled}\n" : "}\n");
	add_note(m, &m->modeled, f, c->name);
	m->n.modeled++;
	return true;
}

static const struct device_class *find_class(const struct import *m, const char *name)
{
	for (const struct device_class *const *c = m->o->classes; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static const char *add_stub(struct import *m, u32 i)
{
	const struct dt_found *f = &m->nodes.p[i];
	const struct device_class *c = find_class(m, "regbank");
	const char *why = c ? misfit(m, c, f, f->size) : "no regbank here";
	u32 clocks = dt_cell(m->fdt, f->node, "#clock-cells", 99);
	u32 resets = dt_cell(m->fdt, f->node, "#reset-cells", 99);

	if (f->disabled)
		return "disabled";
	if (why)
		return why;
	begin_device(m, i, "regbank");
	add_place(m, c, f, f->size);
	str_add(&m->devices, ", compatible: [");
	add_compatible(m, &m->devices, f);
	str_add(&m->devices, "]");
	if (clocks <= 2 || resets <= 2) {
		str_add(&m->devices, ", cells: {");
		if (clocks <= 2)
			str_add(&m->devices, "clock: %u%s", clocks, resets <= 2 ? ", " : "");
		if (resets <= 2)
			str_add(&m->devices, "reset: %u", resets);
		str_add(&m->devices, "}");
	}
	str_add(&m->devices, "}\n");
	add_note(m, &m->stubbed, f, m->name[i]);
	m->n.stubbed++;
	return NULL;
}

/* What the board's other keys say already. */
static bool is_computed(const struct dt_found *f)
{
	return dt_is_compatible(f, "simple-bus") || dt_is_compatible(f, "syscon-poweroff") ||
	       dt_is_compatible(f, "syscon-reboot") || !strcmp(f->name, "memory") ||
	       !strcmp(f->name, "reserved-memory");
}

static void add_node(struct import *m, u32 i)
{
	const struct dt_found *f = &m->nodes.p[i];
	const struct device_class *c;
	const char *why;

	if (!f->compatible || is_computed(f))
		return;
	c = class_of(m, f);
	if (c && add_modeled(m, i, c))
		return;
	why = add_stub(m, i);
	if (!why)
		return;
	add_note(m, &m->missing, f, why);
	m->n.missing++;
}

/* -- The whole -------------------------------------------------------------------------------- */

/* Controllers come first: the lines of the others are theirs. */
static void add_controllers(struct import *m)
{
	for (u32 i = 0; i < m->nodes.n; i++) {
		const struct dt_found *f = &m->nodes.p[i];
		const struct device_class *c = f->compatible ? class_of(m, f) : NULL;

		if (!c || !c->irq_cells || m->plic >= 0 ||
		    dt_cell(m->fdt, f->node, "#interrupt-cells", 0) != c->irq_cells ||
		    !add_modeled(m, i, c))
			continue;
		m->plic = f->node;
		str_add(m->out, "interrupt-parent: %s\n", m->name[i]);
		for (u32 k = dt_cell(m->fdt, f->node, "riscv,ndev", 0) + 1; k < ARRAY_LEN(m->lines);
		     k++)
			m->lines[k] = true; /* there are no such lines */
	}
}

static void find_stdout(struct import *m)
{
	int chosen = fdt_path_offset(m->fdt, "/chosen");
	const char *s = chosen < 0 ? NULL : dt_string(m->fdt, chosen, "stdout-path");

	if (!s)
		return;
	s = arena_text(&m->a, s, strcspn(s, ":"));
	m->stdout_name = *s == '/' ? s : fdt_get_alias(m->fdt, s);
}

static void add_stdout(struct import *m)
{
	for (u32 i = 0; m->stdout_name && i < m->nodes.n; i++) {
		const struct device_class *c = m->name[i] ? class_of(m, &m->nodes.p[i]) : NULL;

		if (c && c->stdout_capable && !m->nodes.p[i].disabled &&
		    !strcmp(m->nodes.p[i].path, m->stdout_name))
			str_add(m->out, "stdout: %s\n", m->name[i]);
	}
}

static void add_root(struct import *m)
{
	const char *model = dt_string(m->fdt, 0, "model"), *s;

	str_add(m->out, "vmbuild: 1\nkind: board\nname: %s\n", m->o->name);
	if (model)
		str_add(m->out, "model: \"%s\"\n", clean(m, model));
	for (int i = 0; (s = fdt_stringlist_get(m->fdt, 0, "compatible", i, NULL)); i++)
		str_add(m->out, "%s\"%s\"", i ? ", " : "compatible: [", clean(m, s));
	if (fdt_stringlist_get(m->fdt, 0, "compatible", 0, NULL))
		str_add(m->out, "]\n");
}

static void add_list(struct import *m, const char *what, u32 n, const struct str *list)
{
	if (n)
		str_add(m->out, "\n# %s: %u\n%s", what, n, str_text(list));
}

static bool has_timer(const struct import *m)
{
	return strstr(str_text(&m->devices), "{device: clint,");
}

static void write_all(struct import *m)
{
	find_stdout(m);
	add_root(m);
	add_harts(m);
	add_memory(m);
	add_controllers(m);
	for (u32 i = 0; i < m->nodes.n; i++)
		if (!m->name[i])
			add_node(m, i);
	add_stdout(m);
	str_add(m->out, "devices:\n%s", str_text(&m->devices));
	if (!has_timer(m))
		str_add(m->out,
			"\n# The tree has no CLINT, which is firmware's business on the real "
			"board.  Without\n"
			"# one no hart has a timer: clint: {device: clint, reg: 0x0200_0000}\n");
	add_list(m, "modeled", m->n.modeled, &m->modeled);
	add_list(m, "stubbed by regbank: registers that keep what is written", m->n.stubbed,
		 &m->stubbed);
	add_list(m, "missing", m->n.missing, &m->missing);
}

bool board_import(const void *fdt, size_t len, const struct import_options *o, struct str *out,
		  struct import_count *count, struct err *e)
{
	struct import m = { .fdt = fdt, .o = o, .out = out, .plic = -1 };
	bool good = dt_read(&m.a, fdt, len, &m.nodes, e);

	m.names = node_new(&m.a, NODE_MAP, (struct pos){ 0 });
	m.name = NEW_N(&m.a, const char *, m.nodes.n + 1);
	if (good)
		write_all(&m);
	*count = m.n;
	str_free(&m.devices);
	str_free(&m.modeled);
	str_free(&m.stubbed);
	str_free(&m.missing);
	arena_free(&m.a);
	return good;
}
