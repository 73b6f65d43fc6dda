/* lint.c - what guests need of a device tree, against the machine that they will run on.
 *
 * The tree may be the generated one with its `dt:` hatch, or any file that stands in
 * `boot: {dtb:}`.  Each rule is a mistake that some firmware or kernel was seen to die of,
 * or to lose a function by; its page in diag.def says which.
 */
#include "dt_read.h"

#include <libfdt.h>

struct lint {
	struct arena a;
	const struct plan *p;
	const void *fdt;  /* the tree that is looked at */
	const void *good; /* what the plan itself gives */
	struct dt_list nodes;
	struct dt_list good_nodes;
	struct diags *ds;
	struct pos at; /* of a node that no device stands behind */
};

/* -- Places --------------------------------------------------------------------------- */

static const struct plan_device *device_at(const struct lint *l, const struct dt_found *f)
{
	for (u32 i = 0; f->mmio && i < l->p->ndevices; i++) {
		const struct plan_device *d = &l->p->devices[i];

		if (d->parent == PLAN_NONE && d->size && d->base == f->base)
			return d;
	}
	return NULL;
}

static struct pos place_of(const struct lint *l, const struct dt_found *f)
{
	const struct plan_device *d = device_at(l, f);

	return d && !l->at.line ? d->at : l->at;
}

static struct pos harts_place(const struct lint *l, u32 hart)
{
	u32 k = 0;

	if (l->at.line)
		return l->at;
	while (k + 1 < l->p->nclusters && hart >= l->p->clusters[k].first + l->p->clusters[k].count)
		k++;
	return l->p->nclusters ? l->p->clusters[k].at : l->at;
}

static const struct plan_cluster *cluster_of(const struct lint *l, u32 id)
{
	for (u32 k = 0; k < l->p->nclusters; k++)
		if (id - l->p->clusters[k].first < l->p->clusters[k].count)
			return &l->p->clusters[k];
	return NULL;
}

/* -- Harts ------------------------------------------------------------------------------ */

static void check_extension(struct lint *l, u32 id, const char *path, const char *name)
{
	const struct plan_cluster *c = cluster_of(l, id);

	for (u32 x = 0; c && x < EXT_COUNT; x++)
		if (!strcmp(isa_rows[x].name, name) && isa_has(&c->isa, (enum isa_ext)x))
			return;
	if (!c)
		return;
	diag_report(l->ds, harts_place(l, id), DIAG_isa,
		    "%s claims `%s`, which hart %u does not have", path, name, id);
	diag_hint(l->ds, "a guest that trusts it dies before its first line");
}

/* "rv64imafdc_zba" as names, one call each. */
static void each_of_string(struct lint *l, u32 id, const char *path, const char *isa,
			   struct str *set)
{
	const char *s = isa + (text_starts(isa, "rv32") || text_starts(isa, "rv64") ? 4 : 0);

	while (*s && *s != '_') {
		char letter[2] = { *s++, 0 };

		str_add(set, "%s ", letter);
		check_extension(l, id, path, letter);
	}
	while (*s == '_') {
		size_t n = strcspn(++s, "_");
		const char *name = arena_text(&l->a, s, n);

		if (n)
			str_add(set, "%s ", name);
		if (n)
			check_extension(l, id, path, name);
		s += n;
	}
}

static void each_of_list(struct lint *l, u32 id, const char *path, int node, struct str *set)
{
	const char *s;

	for (int i = 0; (s = fdt_stringlist_get(l->fdt, node, "riscv,isa-extensions", i, NULL));
	     i++) {
		str_add(set, "%s ", s);
		check_extension(l, id, path, s);
	}
}

static void check_isa_forms(struct lint *l, u32 id, const char *path, int node)
{
	const char *isa = dt_string(l->fdt, node, "riscv,isa");
	bool list = dt_string(l->fdt, node, "riscv,isa-base") &&
		    dt_string(l->fdt, node, "riscv,isa-extensions");
	struct str one = { 0 }, two = { 0 };

	if (isa)
		each_of_string(l, id, path, isa, &one);
	if (list)
		each_of_list(l, id, path, node, &two);
	if (!isa && !list)
		diag_report(l->ds, harts_place(l, id), DIAG_dt_no_isa, "%s has no `riscv,isa`",
			    path);
	else if (!isa || !list)
		diag_report(l->ds, harts_place(l, id), DIAG_dt_one_isa, "%s has no `%s`", path,
			    isa ? "riscv,isa-extensions" : "riscv,isa");
	else if (strcmp(str_text(&one), str_text(&two)) != 0)
		diag_report(l->ds, harts_place(l, id), DIAG_dt_no_isa,
			    "%s: `riscv,isa` and `riscv,isa-extensions` differ", path);
	str_free(&one);
	str_free(&two);
}

static void check_mmu(struct lint *l, u32 id, const char *path, int node)
{
	const struct plan_cluster *c = cluster_of(l, id);
	const char *mmu = dt_string(l->fdt, node, "mmu-type");

	if (!c || (!c->s_mode && !mmu))
		return;
	if (c->s_mode && !mmu)
		diag_report(l->ds, harts_place(l, id), DIAG_dt_mmu,
			    "%s has no `mmu-type`, and hart %u has S-mode", path, id);
	else if (text_starts(mmu, "riscv,sv") && (!c->s_mode || strcmp(mmu + 6, c->mmu) > 0))
		diag_report(l->ds, harts_place(l, id), DIAG_dt_mmu,
			    "%s claims `%s`, and hart %u has %s", path, mmu, id, c->mmu);
}

static void check_cpu(struct lint *l, int node, const char *name)
{
	const char *path = arena_printf(&l->a, "/cpus/%s", name);
	const char *type = dt_string(l->fdt, node, "device_type");
	u32 id = dt_cell(l->fdt, node, "reg", UINT32_MAX);

	if (!type || strcmp(type, "cpu") != 0)
		diag_report(l->ds, harts_place(l, id), DIAG_dt_cpu_type,
			    "%s has no `device_type = \"cpu\"`", path);
	check_isa_forms(l, id, path, node);
	check_mmu(l, id, path, node);
	if (!fdt_getprop(l->fdt, node, "status", NULL))
		diag_report(l->ds, harts_place(l, id), DIAG_dt_unit, "%s has no `status`", path);
}

static void check_cpus(struct lint *l)
{
	int cpus = fdt_path_offset(l->fdt, "/cpus"), node;
	u32 hz = cpus < 0 ? 0 : dt_cell(l->fdt, cpus, "timebase-frequency", 0);

	if (hz != l->p->timebase_hz)
		diag_report(l->ds, harts_place(l, 0), DIAG_dt_timebase,
			    hz ? "/cpus: `timebase-frequency` is %u, and `time` counts at %u"
			       : "/cpus has no `timebase-frequency`",
			    hz, l->p->timebase_hz);
	if (cpus < 0)
		return;
	fdt_for_each_subnode(node, l->fdt, cpus)
	{
		const char *name = fdt_get_name(l->fdt, node, NULL);

		if (name && text_starts(name, "cpu@"))
			check_cpu(l, node, name);
	}
}

/* -- Memory, chosen ------------------------------------------------------------------------ */

static bool is_ram(const struct plan *p, u64 base, u64 size)
{
	for (u32 i = 0; i < p->nmemory; i++)
		if (range_inside(base, size, p->memory[i].base, p->memory[i].size))
			return true;
	return false;
}

static void check_memory(struct lint *l, const struct dt_found *f)
{
	const char *type = dt_string(l->fdt, f->node, "device_type");
	u32 n;
	const u8 *reg = dt_cells(l->fdt, f->node, "reg", &n);

	if (strcmp(f->name, "memory") != 0 || f->parent >= 0)
		return;
	if (!type || strcmp(type, "memory") != 0)
		diag_report(l->ds, l->at, DIAG_dt_memory, "%s has no `device_type = \"memory\"`",
			    f->path);
	for (u32 i = 0; i + 4 <= n; i += 4) {
		u64 base = (u64)dt_nth(reg, i) << 32 | dt_nth(reg, i + 1);
		u64 size = (u64)dt_nth(reg, i + 2) << 32 | dt_nth(reg, i + 3);

		if (!is_ram(l->p, base, size))
			diag_report(l->ds, l->at, DIAG_dt_memory,
				    "%s is more than the RAM that is there", f->path);
	}
}

static const char *stdout_path(struct lint *l)
{
	int chosen = fdt_path_offset(l->fdt, "/chosen");
	const char *s = chosen < 0 ? NULL : dt_string(l->fdt, chosen, "stdout-path"), *alias;
	char *name;

	if (!s)
		return NULL;
	name = arena_text(&l->a, s, strcspn(s, ":"));
	alias = *name == '/' ? name : fdt_get_alias(l->fdt, name);
	return alias ? alias : "";
}

static void check_stdout(struct lint *l)
{
	const char *path = stdout_path(l);
	int node = path && *path ? fdt_path_offset(l->fdt, path) : -1;
	const char *status = node < 0 ? NULL : dt_string(l->fdt, node, "status");

	if (node >= 0 && (!status || !strcmp(status, "okay")))
		return;
	diag_report(l->ds, l->at, DIAG_dt_stdout,
		    path ? "`stdout-path` names no enabled node" : "/chosen has no `stdout-path`");
}

/* -- Interrupt controllers ------------------------------------------------------------------ */

/* The hart of a cpu-intc node, or UINT32_MAX. */
static u32 hart_of_intc(const void *fdt, int intc)
{
	int cpu = fdt_parent_offset(fdt, intc);

	return cpu < 0 ? UINT32_MAX : dt_cell(fdt, cpu, "reg", UINT32_MAX);
}

/* The i-th <&intc cause> of a list, or false. */
static bool nth_context(const void *fdt, int node, u32 i, u32 *hart, u32 *cause)
{
	u32 n;
	const u8 *p = dt_cells(fdt, node, "interrupts-extended", &n);

	if (2 * i + 1 >= n)
		return false;
	*hart = hart_of_intc(fdt, fdt_node_offset_by_phandle(fdt, dt_nth(p, 2 * i)));
	*cause = dt_nth(p, 2 * i + 1);
	return true;
}

static void check_clint(struct lint *l, const struct dt_found *f)
{
	bool seen[BOARD_MAX_HARTS * 64] = { false };
	u32 hart, cause;

	for (u32 i = 0; nth_context(l->fdt, f->node, i, &hart, &cause); i++) {
		u32 want = i % 2 ? 7 : 3; /* software, then timer (privileged manual, mip) */

		if (hart < ARRAY_LEN(seen))
			seen[hart] = true;
		if (cause == want)
			continue;
		diag_report(l->ds, place_of(l, f), DIAG_dt_clint_order,
			    "%s: entry %u is cause %u, and should be %u", f->path, i, cause, want);
		return;
	}
	for (u32 i = 0; i < l->p->nharts; i++)
		if (!seen[l->p->harts[i].id % ARRAY_LEN(seen)])
			diag_report(l->ds, place_of(l, f), DIAG_dt_clint,
				    "%s does not list hart %u", f->path, l->p->harts[i].id);
}

static const struct dt_found *good_twin(const struct lint *l, const struct dt_found *f)
{
	for (u32 i = 0; i < l->good_nodes.n; i++)
		if (l->good_nodes.p[i].mmio && l->good_nodes.p[i].base == f->base)
			return &l->good_nodes.p[i];
	return NULL;
}

/* A context is a hart and its cause; the order of the list is what numbers them. */
static void check_contexts(struct lint *l, const struct dt_found *f, const struct dt_found *good)
{
	u32 hart, cause, good_hart, good_cause, i;
	bool more;

	for (i = 0; (more = nth_context(l->good, good->node, i, &good_hart, &good_cause)); i++) {
		if (!nth_context(l->fdt, f->node, i, &hart, &cause))
			break;
		if (cause == UINT32_MAX)
			continue; /* a placeholder */
		if (hart != good_hart || cause != good_cause)
			break;
	}
	if (more || nth_context(l->fdt, f->node, i, &hart, &cause))
		diag_report(l->ds, place_of(l, f), DIAG_dt_contexts,
			    "%s: context %u is not the controller's: interrupts would go astray",
			    f->path, i);
}

static void check_plic(struct lint *l, const struct dt_found *f, const struct plan_device *d)
{
	const struct dt_found *good = good_twin(l, f);
	const struct value *sources = planned_value(d, "sources");
	u32 ndev = dt_cell(l->fdt, f->node, "riscv,ndev", 0);

	if (good)
		check_contexts(l, f, good);
	if (sources && ndev != sources->num)
		diag_report(l->ds, place_of(l, f), DIAG_dt_ndev,
			    "%s: `riscv,ndev` is %u, and there are %u sources", f->path, ndev,
			    (u32)sources->num);
}

/* -- Devices ------------------------------------------------------------------------------------
 */

/* Lines of a device in the order of its rows. */
static u32 planned_lines(const struct plan_device *d, u32 *lines, u32 most)
{
	const struct prop *r;
	u32 row = 0, n = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		for (u32 i = 0; r->fdt && r->kind == PROP_KIND_IRQS && i < v->n && n < most; i++)
			lines[n++] = v->irqs[i].line;
	}
	return n;
}

static void check_irqs(struct lint *l, const struct dt_found *f, const struct plan_device *d)
{
	u32 lines[DT_IRQS], n = planned_lines(d, lines, DT_IRQS);

	if (f->irqs_damaged || d->class->irq_cells ||
	    !fdt_getprop(l->fdt, f->node, "interrupts", NULL))
		return;
	for (u32 i = 0; i < f->nirqs; i++)
		if (i >= n || lines[i] != f->irqs[i].line) {
			diag_report(l->ds, place_of(l, f), DIAG_irq_used,
				    "%s: interrupt %u is on line %u here, and on %s in the machine",
				    f->path, i, f->irqs[i].line,
				    i < n ? arena_printf(&l->a, "%u", lines[i]) : "none");
			return;
		}
}

static bool is_uart(const struct dt_found *f)
{
	static const char *const uarts[] = { "ns16550a", "ns16550", "snps,dw-apb-uart",
					     "sifive,uart0" };

	for (size_t i = 0; i < ARRAY_LEN(uarts); i++)
		if (dt_is_compatible(f, uarts[i]))
			return true;
	return false;
}

static void check_uart(struct lint *l, const struct dt_found *f)
{
	if (!is_uart(f) || f->disabled || fdt_getprop(l->fdt, f->node, "clock-frequency", NULL) ||
	    fdt_getprop(l->fdt, f->node, "clocks", NULL))
		return;
	diag_report(l->ds, place_of(l, f), DIAG_dt_uart_clock,
		    "%s has neither `clock-frequency` nor `clocks`", f->path);
}

/* "serial@10000000" against its first address. */
static void check_unit_address(struct lint *l, const struct dt_found *f)
{
	const char *unit = strrchr(f->path, '@');
	u32 n;
	const u8 *reg = dt_cells(l->fdt, f->node, "reg", &n);
	u64 address = n > 1 ? (u64)dt_nth(reg, 0) << 32 | dt_nth(reg, 1) : n ? dt_nth(reg, 0) : 0;

	if (!n || !f->mmio || strchr(f->path, '@') != unit)
		return;
	if (!unit || strtoull(unit + 1, NULL, 16) != address)
		diag_report(l->ds, place_of(l, f), DIAG_dt_unit,
			    "%s: the address in the name is not that of `reg`", f->path);
}

/* A bus without `ranges` hides what is behind it, unless its children are no addresses. */
static void check_ranges(struct lint *l, const struct dt_found *f)
{
	if (!dt_is_compatible(f, "simple-bus") || fdt_getprop(l->fdt, f->node, "ranges", NULL))
		return;
	diag_report(l->ds, place_of(l, f), DIAG_dt_ranges,
		    "%s has no `ranges`: nothing below it can be reached", f->path);
}

static void check_live(struct lint *l, const struct dt_found *f)
{
	const struct plan_device *d = device_at(l, f);

	if (!f->mmio || !f->size || !f->compatible || f->disabled || (d && !d->disabled))
		return;
	diag_report(l->ds, place_of(l, f), DIAG_dt_ghost,
		    d ? "%s is enabled, and disabled in the machine"
		      : "%s: nothing is there in the machine",
		    f->path);
}

static void check_node(struct lint *l, const struct dt_found *f)
{
	const struct plan_device *d = device_at(l, f);

	check_memory(l, f);
	check_ranges(l, f);
	check_live(l, f);
	check_uart(l, f);
	check_unit_address(l, f);
	if (f->irqs_damaged)
		diag_report(l->ds, place_of(l, f), DIAG_dt_no_parent,
			    "%s: `interrupts` has no parent, or not its number of cells", f->path);
	if (!d)
		return;
	check_irqs(l, f, d);
	if (dt_is_compatible(f, "riscv,clint0") || dt_is_compatible(f, "sifive,clint0"))
		check_clint(l, f);
	if (dt_is_compatible(f, "riscv,plic0") || dt_is_compatible(f, "sifive,plic-1.0.0"))
		check_plic(l, f, d);
}

/* -- The whole
 * ------------------------------------------------------------------------------------- */

static const struct dt_found *find_compatible(const struct lint *l, const char *const *names)
{
	for (u32 i = 0; i < l->nodes.n; i++)
		for (u32 k = 0; names[k]; k++)
			if (!l->nodes.p[i].disabled && dt_is_compatible(&l->nodes.p[i], names[k]))
				return &l->nodes.p[i];
	return NULL;
}

static void check_ipi(struct lint *l)
{
	static const char *const senders[] = { "sifive,clint0",
					       "riscv,clint0",
					       "riscv,aclint-mswi",
					       "thead,c900-aclint-mswi",
					       "thead,c900-clint",
					       "riscv,imsics",
					       NULL };

	if (l->p->nharts < 2 || find_compatible(l, senders))
		return;
	diag_report(l->ds, harts_place(l, 0), DIAG_dt_no_ipi,
		    "%u harts, and nothing by which one could interrupt another", l->p->nharts);
}

/* OpenSBI ends and restarts a machine in just this form. */
static void check_reset(struct lint *l)
{
	static const char *const tests[] = { "sifive,test0", "sifive,test1", NULL };
	static const char *const wants[] = { "syscon-poweroff", "syscon-reboot" };
	const struct dt_found *test = find_compatible(l, tests);

	for (size_t i = 0; test && i < ARRAY_LEN(wants); i++) {
		const char *one[] = { wants[i], NULL };
		const struct dt_found *f = find_compatible(l, one);

		if (f && f->parent < 0 && fdt_getprop(l->fdt, f->node, "regmap", NULL) &&
		    dt_is_compatible(test, "syscon"))
			continue;
		diag_report(l->ds, place_of(l, test), DIAG_dt_reset,
			    f ? "%s is not below the root with a `regmap` to a `syscon`"
			      : "there is no `%s`",
			    f ? f->path : wants[i]);
	}
}

/* A device that guests are to see and do not. */
static void check_missing(struct lint *l)
{
	for (u32 i = 0; i < l->p->ndevices; i++) {
		const struct plan_device *d = &l->p->devices[i];
		bool found = false;

		/* What stands below /chosen is for who looks there, and not read here. */
		if (!d->class->node || d->class->in_chosen || d->parent != PLAN_NONE || !d->size ||
		    d->disabled || (d->hatch && d->hatch->hide))
			continue;
		for (u32 k = 0; k < l->nodes.n && !found; k++)
			found = l->nodes.p[k].mmio && l->nodes.p[k].base == d->base;
		if (!found)
			diag_report(l->ds, l->at.line ? l->at : d->at, DIAG_dt_ghost,
				    "`%s` has no node: guests will not find it", d->name);
	}
}

bool plan_lint(const struct plan *p, const void *fdt, size_t len, struct diags *ds, struct err *e)
{
	const struct fdt_extra plain = { .no_hatch = true };
	struct lint l = { .p = p, .fdt = fdt, .ds = ds };
	size_t good_len;
	void *good = plan_fdt(p, &plain, &good_len, e);
	bool whole;

	l.good = good;
	l.at = p->boot.dtb.path ? p->boot.dtb.at : (struct pos){ .file = p->file };
	whole = good && dt_read(&l.a, good, good_len, &l.good_nodes, e) &&
		dt_read(&l.a, fdt, len, &l.nodes, e);
	if (whole) {
		check_cpus(&l);
		for (u32 i = 0; i < l.nodes.n; i++)
			check_node(&l, &l.nodes.p[i]);
		check_ipi(&l);
		check_reset(&l);
		check_stdout(&l);
		check_missing(&l);
	}
	arena_free(&l.a);
	free(good);
	return whole;
}
