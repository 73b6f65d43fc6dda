/* The device tree never lies: what each shipped board's tree promises is there in the machine
 * that is made from the same board.  Each `reg` answers, each of `interrupts` arrives at that
 * line of that controller, each context and each CLINT entry is the hart that it names.
 */
#include "../board/loading.h"

#include "core.h"
#include "dt_read.h"
#include "hart.h"
#include "live.h"

#include <dirent.h>
#include <libfdt.h>

/* -- A machine without a host ---------------------------------------------------------- */

static u8 *ram_new(u64 size, const char *name, struct err *e)
{
	(void)name;
	(void)e;
	return xzalloc(size);
}

static void ram_free(u8 *bytes, u64 size)
{
	(void)size;
	free(bytes);
}

static struct chardev *no_chardev(void *ctx, const struct host_spec *spec, const char *dev,
				  struct err *e)
{
	static const struct chardev_ops ops;
	static struct chardev chardev = { .ops = &ops };

	(void)ctx;
	(void)spec;
	(void)dev;
	(void)e;
	return &chardev;
}

static struct block *no_block(void *ctx, const struct host_spec *spec, const char *dev,
			      struct err *e)
{
	(void)ctx;
	(void)spec;
	(void)dev;
	(void)e;
	return NULL;
}

static struct net *no_net(void *ctx, const struct host_spec *spec, const char *dev, struct err *e)
{
	(void)ctx;
	(void)spec;
	(void)dev;
	(void)e;
	return NULL;
}

static u8 *read_code(void *ctx, const char *path, size_t max, size_t *len, struct err *e)
{
	(void)ctx;
	(void)path;
	(void)max;
	(void)e;
	*len = 4;
	return xzalloc(4);
}

static void wake(void *ctx)
{
	(void)ctx;
}

static const struct machine_host host = {
	.ram_new = ram_new,
	.ram_free = ram_free,
	.chardev = no_chardev,
	.block = no_block,
	.net = no_net,
	.read_file = read_code,
	.wake = wake,
};

struct truth {
	struct loaded l;
	struct machine *m;
	void *fdt;
	struct arena arena;
	struct dt_list nodes;
	u32 regs, irqs; /* what has been tried */
};

/* What would run is of no matter here: four bytes at the start of RAM. */
static struct loaded load_quiet(const char *path, const char *param)
{
	static const char *const overlays[] = { "o.yaml" };
	const char *params[3] = { "ram=256M" };
	struct board_options o = {
		.overlays = overlays,
		.noverlays = 1,
		.params = params,
		.nparams = 1,
	};
	struct loaded l = load_with(path, NULL, NULL);
	u64 base = l.plan ? l.plan->memory[0].base : 0x80000000;
	char *yaml = xprintf("vmbuild: 1\nkind: overlay\nname: o\n"
			     "boot: !replace {firmware: none, entry: 0x%llx, "
			     "load: [{file: x, format: raw, at: 0x%llx}]}\n",
			     (unsigned long long)base, (unsigned long long)base);
	const struct fake_file files[] = { { "o.yaml", yaml }, { NULL, NULL } };

	if (strstr(path, "/bare.yaml"))
		params[o.nparams++] = "elf=x";
	if (param)
		params[o.nparams++] = param;
	loaded_free(&l);
	l = load_with(path, &o, files);
	if (!l.plan)
		fail_msg("%s", str_text(&l.said));
	free(yaml);
	return l;
}

static struct truth *truth_of(const char *path, const char *param)
{
	const struct machine_options options = { .engine = engine_find("interp"), .tohost = "off" };
	static const struct fdt_extra nothing = { 0 };
	struct truth *t = xzalloc(sizeof(*t));
	struct err e = { 0 };
	size_t len;

	t->l = load_quiet(path, param);
	t->fdt = plan_fdt(t->l.plan, &nothing, &len, &e);
	assert_true(t->fdt && dt_read(&t->arena, t->fdt, len, &t->nodes, &e));
	t->m = machine_new(t->l.plan, &options, &host, &t->l.ds);
	if (!t->m) {
		str_free(&t->l.said);
		diags_format(&t->l.ds, DIAG_TEXT, 0, &t->l.said);
		fail_msg("%s: %s", path, str_text(&t->l.said));
	}
	return t;
}

static void truth_free(struct truth *t)
{
	machine_free(t->m);
	free(t->fdt);
	arena_free(&t->arena);
	loaded_free(&t->l);
	free(t);
}

/* The live device at an address, or NULL. */
static struct device *device_at(const struct truth *t, u64 base)
{
	for (u32 i = 0; i < t->l.plan->ndevices; i++) {
		const struct plan_device *d = &t->l.plan->devices[i];

		if (d->parent == PLAN_NONE && d->size && d->base == base)
			return t->m->devices[i];
	}
	return NULL;
}

static bool is_device(const struct dt_found *f)
{
	return f->mmio && f->size && f->compatible && !f->disabled;
}

static const struct dt_found *find_node(const struct truth *t, int node)
{
	for (u32 i = 0; i < t->nodes.n; i++)
		if (t->nodes.p[i].node == node)
			return &t->nodes.p[i];
	fail_msg("no such node");
	return NULL;
}

/* -- reg -------------------------------------------------------------------------------- */

static void try_reg(struct truth *t, const struct dt_found *f)
{
	u64 bases[2] = { f->base, f->base + (f->size - 1) };

	if (!device_at(t, f->base))
		fail_msg("%s: nothing is made of it", f->path);
	for (u32 i = 0; i < 2; i++)
		if (!mem_answers(t->m->mem, bases[i]))
			fail_msg("%s: nothing answers at 0x%llx", f->path,
				 (unsigned long long)bases[i]);
	t->regs++;
}

/* As much as the tree says, and not a page more. */
static void try_memory(struct truth *t, const struct dt_found *f)
{
	if (!mem_slice(t->m->mem, f->base, 4096) ||
	    !mem_slice(t->m->mem, f->base + f->size - 4096, 4096))
		fail_msg("%s: this is no RAM", f->path);
	if (mem_slice(t->m->mem, f->base + f->size, 1))
		fail_msg("%s: there is more RAM than it says", f->path);
	t->regs++;
}

/* -- Interrupts ------------------------------------------------------------------------- */

static void put(struct truth *t, u64 gpa, u32 v)
{
	assert_true(mem_io_write(t->m->mem, NULL, gpa, 4, v));
}

static u32 get(struct truth *t, u64 gpa)
{
	u64 v;

	assert_true(mem_io_read(t->m->mem, NULL, gpa, 4, &v));
	return (u32)v;
}

static void drive(struct device *dev, struct wire *w, bool level)
{
	device_lock(dev);
	wire_set(dev, w, level);
	device_unlock(dev);
}

/* PLIC specification: priorities at 0, pending at 0x1000, claim of a context at 0x20_0004. */
static bool plic_pending(struct truth *t, u64 plic, u32 line)
{
	return get(t, plic + 0x1000 + line / 32 * 4) >> line % 32 & 1;
}

static void plic_claim(struct truth *t, u64 plic, u32 line)
{
	put(t, plic + (u64)4 * line, 1);
	put(t, plic + 0x2000 + line / 32 * 4, (u32)1 << line % 32);
	if (get(t, plic + 0x200004) == line)
		put(t, plic + 0x200004, line);
	put(t, plic + 0x2000 + line / 32 * 4, 0);
}

/* AIA, "Memory-mapped control region for an interrupt domain": sourcecfg at 0, in_clrip at
 * 0x1d00.  A source is active while it is looked at, high and level-sensitive. */
static bool aplic_high(struct truth *t, u64 aplic, u32 line)
{
	bool high;

	put(t, aplic + (u64)4 * line, 6);
	high = get(t, aplic + 0x1d00 + line / 32 * 4) >> line % 32 & 1;
	put(t, aplic + (u64)4 * line, 0);
	return high;
}

static bool is_pending(struct truth *t, const struct dt_found *controller, u32 line)
{
	return (dt_is_compatible(controller, "riscv,aplic") ? aplic_high : plic_pending)(
		t, controller->base, line);
}

static void claim_all(struct truth *t, const struct dt_found *controller, u32 line)
{
	if (!dt_is_compatible(controller, "riscv,aplic"))
		plic_claim(t, controller->base, line);
}

/* Raised: pending at that line, where it was not before. */
static void try_line(struct truth *t, const char *path, struct device *dev, struct wire *w,
		     const struct dt_found *controller, u32 line)
{
	if (!w)
		fail_msg("%s: it has no such output", path);
	if (is_pending(t, controller, line))
		fail_msg("%s: line %u is pending before it was raised", path, line);
	drive(dev, w, true);
	if (!is_pending(t, controller, line))
		fail_msg("%s: it was raised, and line %u is not pending", path, line);
	drive(dev, w, false);
	claim_all(t, controller, line);
	t->irqs++;
}

/* The output behind the i-th of `interrupts`. */
static struct wire *nth_wire(struct device *dev, u32 i)
{
	for (const struct prop *p = dev->class->props; p && p->name; p++)
		if (p->kind == PROP_KIND_IRQS && p->fdt)
			return device_wire(dev, p->name, i);
	return NULL;
}

static void try_interrupts(struct truth *t, const struct dt_found *f)
{
	u32 n;

	if (!dt_cells(t->fdt, f->node, "interrupts", &n))
		return;
	assert_false(f->irqs_damaged);
	for (u32 i = 0; i < f->nirqs; i++) {
		struct device *dev = device_at(t, f->base);

		try_line(t, f->path, dev, nth_wire(dev, i), find_node(t, f->irqs[i].controller),
			 f->irqs[i].line);
	}
}

/* interrupt-map: device number and pin of a PCI function, then the controller's line. */
static void try_interrupt_map(struct truth *t, const struct dt_found *f)
{
	struct device *dev = device_at(t, f->base);
	u32 n, step;
	const u8 *map = dt_cells(t->fdt, f->node, "interrupt-map", &n);

	for (u32 i = 0; map && i < n; i += step) {
		u32 slot = dt_nth(map, i) >> 11 & 31, pin = dt_nth(map, i + 3);
		int plic = fdt_node_offset_by_phandle(t->fdt, dt_nth(map, i + 4));
		u32 address = dt_cell(t->fdt, plic, "#address-cells", 0);

		step = 5 + address + dt_cell(t->fdt, plic, "#interrupt-cells", 0);
		/* bridges turn the pins by one a slot (PCI-to-PCI bridges, table 9-1) */
		try_line(t, f->path, dev, device_wire(dev, "interrupts", (slot + pin - 1) % 4),
			 find_node(t, plic), dt_nth(map, i + 5 + address));
	}
}

/* -- Harts ---------------------------------------------------------------------------------- */

static struct hart *hart_of_intc(const struct truth *t, u32 phandle)
{
	int intc = fdt_node_offset_by_phandle(t->fdt, phandle);
	u32 id = dt_cell(t->fdt, fdt_parent_offset(t->fdt, intc), "reg", UINT32_MAX);

	for (u32 i = 0; i < t->l.plan->nharts; i++)
		if (t->l.plan->harts[i].id == id)
			return t->m->harts[i];
	fail_msg("no hart %u", id);
	return NULL;
}

static bool line_of(struct hart *h, u32 cause)
{
	return atomic_load(&h->lines) >> cause & 1;
}

/* Context i of a PLIC is the i-th entry: enabled there alone, a line reaches that hart. */
static void try_contexts(struct truth *t, const struct dt_found *f)
{
	u32 n, line = 1;
	const u8 *list = dt_cells(t->fdt, f->node, "interrupts-extended", &n);
	struct device *dev = device_at(t, f->base);

	put(t, f->base + 4 * line, 1);
	for (u32 i = 0; i < n / 2; i++) {
		struct hart *h = hart_of_intc(t, dt_nth(list, 2 * i));
		u64 enable = f->base + 0x2000 + 0x80 * (u64)i;
		u64 claim = f->base + 0x200004 + 0x1000 * (u64)i;

		put(t, enable, 1u << line);
		device_input(dev, line, true);
		if (!line_of(h, dt_nth(list, 2 * i + 1)))
			fail_msg("%s: context %u does not reach its hart", f->path, i);
		device_input(dev, line, false);
		assert_int_equal(get(t, claim), line);
		put(t, claim, line);
		assert_false(line_of(h, dt_nth(list, 2 * i + 1)));
		put(t, enable, 0);
		t->irqs++;
	}
}

/* Entries of a CLINT: software and timer of each hart, by the number of the hart's register. */
static void try_clint(struct truth *t, const struct dt_found *f)
{
	u32 n;
	const u8 *list = dt_cells(t->fdt, f->node, "interrupts-extended", &n);

	for (u32 i = 0; i < n / 4; i++) {
		struct hart *h = hart_of_intc(t, dt_nth(list, 4 * i));

		assert_int_equal(dt_nth(list, 4 * i + 1), IRQ_MSI);
		assert_int_equal(dt_nth(list, 4 * i + 3), IRQ_MTI);
		put(t, f->base + 4 * (u64)i, 1);
		if (!line_of(h, IRQ_MSI))
			fail_msg("%s: msip %u does not reach its hart", f->path, i);
		put(t, f->base + 4 * (u64)i, 0);
		assert_false(line_of(h, IRQ_MSI));
		put(t, f->base + 0x4000 + 8 * (u64)i, 0);
		put(t, f->base + 0x4004 + 8 * (u64)i, 0);
		if (!line_of(h, IRQ_MTI))
			fail_msg("%s: mtimecmp %u does not reach its hart", f->path, i);
		t->irqs += 2;
	}
}

/* The i-th entry of interrupts-extended: its hart and the number of its line. */
static struct hart *entry(const struct truth *t, const struct dt_found *f, u32 i, u32 *cause)
{
	u32 n;
	const u8 *list = dt_cells(t->fdt, f->node, "interrupts-extended", &n);

	if (!list || 2 * i >= n)
		return NULL;
	*cause = dt_nth(list, 2 * i + 1);
	return hart_of_intc(t, dt_nth(list, 2 * i));
}

static bool took(struct hart *h, u32 cause, u32 id)
{
	struct imsic_file *file = imsic_file(h, cause == IRQ_MEI ? PRIV_M : PRIV_S);

	return atomic_exchange(&file->eip[id / 64], 0) == (u64)1 << id % 64;
}

/* Page i is the file of the i-th entry, for stores of harts and for messages of devices, and the
 * last of riscv,num-ids is an identity. */
static void try_imsic(struct truth *t, const struct dt_found *f)
{
	const struct device_machine *m = &t->m->services;
	u32 ids = dt_cell(t->fdt, f->node, "riscv,num-ids", 0), cause;
	struct hart *h;

	for (u32 i = 0; (h = entry(t, f, i, &cause)); i++) {
		put(t, f->base + 4096 * (u64)i, ids);
		if (!took(h, cause, ids))
			fail_msg("%s: page %u is not the file of its hart", f->path, i);
		m->msi(m->ctx, f->base + 4096 * (u64)i, 1);
		assert_true(took(h, cause, 1));
		t->irqs += 2;
	}
	assert_true(t->irqs);
}

/* Hart index i is the i-th entry; of a domain that sends messages, of its msi-parent. */
static void try_aplic(struct truth *t, const struct dt_found *f)
{
	int files = fdt_node_offset_by_phandle(t->fdt, dt_cell(t->fdt, f->node, "msi-parent", 0));
	const struct dt_found *list = files >= 0 ? find_node(t, files) : f;
	struct device *dev = device_at(t, f->base);
	u32 line = dt_cell(t->fdt, f->node, "riscv,num-sources", 0), cause;
	struct hart *h;

	put(t, f->base, 1 << 8);
	put(t, f->base + 4 * (u64)line, 6);
	put(t, f->base + 0x1edc, line);
	for (u32 i = 0; (h = entry(t, list, i, &cause)); i++) {
		put(t, f->base + 0x3000 + 4 * (u64)line, i << 18 | 5);
		if (files < 0)
			put(t, f->base + 0x4000 + 32 * (u64)i, 1);
		device_input(dev, line, true);
		if (files < 0 ? !line_of(h, cause) : !took(h, cause, 5))
			fail_msg("%s: hart index %u is not its hart", f->path, i);
		device_input(dev, line, false);
		t->irqs++;
	}
	put(t, f->base, 0);
	/* given back to the child, if there is one */
	put(t, f->base + 4 * (u64)line, 1 << 10);
}

/* -- Boards ---------------------------------------------------------------------------------- */

static void try_node(struct truth *t, const struct dt_found *f)
{
	if (!strcmp(f->name, "memory"))
		try_memory(t, f);
	if (!is_device(f))
		return;
	try_reg(t, f);
	if (dt_is_compatible(f, "sifive,clint0"))
		try_clint(t, f);
	else if (dt_is_compatible(f, "sifive,plic-1.0.0"))
		try_contexts(t, f);
	else if (dt_is_compatible(f, "riscv,imsics"))
		try_imsic(t, f);
	else if (dt_is_compatible(f, "riscv,aplic"))
		try_aplic(t, f);
	else
		try_interrupts(t, f);
	try_interrupt_map(t, f);
}

struct tried_count {
	u32 boards, regs, irqs;
};

static void try_board(const char *path, const char *param, struct tried_count *n)
{
	struct truth *t = truth_of(path, param);

	for (u32 i = 0; i < t->nodes.n; i++)
		try_node(t, &t->nodes.p[i]);
	n->boards++;
	n->regs += t->regs;
	n->irqs += t->irqs;
	truth_free(t);
}

static void each_promise_of_every_board_is_kept(void **state)
{
	DIR *d = opendir("boards");
	struct tried_count n = { 0 };
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char *path = xprintf("boards/%s", e->d_name);

		if (text_ends(path, ".yaml"))
			try_board(path, NULL, &n);
		free(path);
	}
	closedir(d);
	print_message("%u boards: %u of reg and %u interrupts tried\n", n.boards, n.regs, n.irqs);
	assert_true(n.boards >= 8 && n.regs > 50 && n.irqs > 100);
	(void)state;
}

static void each_promise_about_advanced_interrupts_is_kept(void **state)
{
	struct tried_count direct = { 0 }, msi = { 0 };

	try_board("boards/virt.yaml", "aia=aplic", &direct);
	try_board("boards/virt.yaml", "aia=aplic-imsic", &msi);
	assert_true(direct.irqs > 25 && msi.irqs > 40);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_promise_of_every_board_is_kept),
		cmocka_unit_test(each_promise_about_advanced_interrupts_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
