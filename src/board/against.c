/* against.c - a board compared with the device tree of the real thing: what is at the same
 * address, on another line, of another kind, or only in one of them.
 */
#include "dt_read.h"

#include <libfdt.h>

struct against {
	struct arena a;
	const void *ours, *theirs;
	struct dt_list here, there;
	struct str *out;
	struct against_count n;
};

static bool is_device(const struct dt_found *f)
{
	return f->mmio && f->size && f->compatible;
}

static const struct dt_found *find_base(const struct dt_list *l, u64 base)
{
	for (u32 i = 0; i < l->n; i++)
		if (is_device(&l->p[i]) && l->p[i].base == base)
			return &l->p[i];
	return NULL;
}

/* Their kinds are a superset where one name at least is ours too. */
static bool share_compatible(const struct dt_found *a, const struct dt_found *b)
{
	for (const char *s = a->compatible; s < a->compatible + a->compatible_len;
	     s += strlen(s) + 1)
		if (dt_is_compatible(b, s))
			return true;
	return false;
}

static void add_compatible(struct str *out, const struct dt_found *f)
{
	for (const char *s = f->compatible; s < f->compatible + f->compatible_len;
	     s += strlen(s) + 1)
		str_add(out, "%s\"%s\"", s == f->compatible ? "" : ", ", s);
}

static void add_irqs(struct str *out, const struct dt_found *f)
{
	for (u32 i = 0; i < f->nirqs; i++)
		str_add(out, i ? " %u" : "%u", f->irqs[i].line);
	str_add(out, f->nirqs ? "" : "none");
}

/* A list of contexts is as long as there are harts, and checked elsewhere. */
static bool same_irqs(const struct against *x, const struct dt_found *a, const struct dt_found *b)
{
	u32 n;

	if (dt_cells(x->ours, a->node, "interrupt-controller", &n) ||
	    dt_is_compatible(a, "riscv,clint0"))
		return true;
	if (a->nirqs != b->nirqs)
		return false;
	for (u32 i = 0; i < a->nirqs; i++)
		if (a->irqs[i].line != b->irqs[i].line)
			return false;
	return true;
}

static void add_head(struct against *x, char sign, const struct dt_found *f)
{
	char at[32];

	str_add(x->out, "%c %-13s %-20s ", sign, address_text(at, sizeof(at), f->base), f->name);
}

static void compare_one(struct against *x, const struct dt_found *here,
			const struct dt_found *there)
{
	char a[32], b[32];
	bool differs = false;

	if (!share_compatible(here, there)) {
		add_head(x, '~', here);
		add_compatible(x->out, here);
		str_add(x->out, " here, ");
		add_compatible(x->out, there);
		str_add(x->out, " there\n");
		differs = true;
	}
	if (here->size != there->size) {
		add_head(x, '~', here);
		str_add(x->out, "size %s here, %s there\n", size_text(a, sizeof(a), here->size),
			size_text(b, sizeof(b), there->size));
		differs = true;
	}
	if (!same_irqs(x, here, there)) {
		add_head(x, '~', here);
		str_add(x->out, "interrupts ");
		add_irqs(x->out, here);
		str_add(x->out, " here, ");
		add_irqs(x->out, there);
		str_add(x->out, " there\n");
		differs = true;
	}
	*(differs ? &x->n.differ : &x->n.same) += 1;
}

static void compare_numbers(struct against *x, const char *what, u32 here, u32 there)
{
	if (here == there)
		return;
	str_add(x->out, "~ %-34s %u here, %u there\n", what, here, there);
	x->n.differ++;
}

static u32 count_cpus(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), cpu;
	u32 n = 0;

	if (cpus < 0)
		return 0;
	fdt_for_each_subnode(cpu, fdt, cpus)
	{
		const char *type = dt_string(fdt, cpu, "device_type");

		n += type && !strcmp(type, "cpu");
	}
	return n;
}

static u32 timebase(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");

	return cpus < 0 ? 0 : dt_cell(fdt, cpus, "timebase-frequency", 0);
}

static void compare_all(struct against *x)
{
	compare_numbers(x, "/cpus/timebase-frequency", timebase(x->ours), timebase(x->theirs));
	compare_numbers(x, "harts", count_cpus(x->ours), count_cpus(x->theirs));
	for (u32 i = 0; i < x->here.n; i++) {
		const struct dt_found *f = &x->here.p[i], *other;

		if (!is_device(f))
			continue;
		other = find_base(&x->there, f->base);
		if (other) {
			compare_one(x, f, other);
			continue;
		}
		add_head(x, '+', f);
		add_compatible(x->out, f);
		str_add(x->out, " only here\n");
		x->n.here++;
	}
	for (u32 i = 0; i < x->there.n; i++) {
		const struct dt_found *f = &x->there.p[i];

		if (!is_device(f) || find_base(&x->here, f->base))
			continue;
		add_head(x, '-', f);
		add_compatible(x->out, f);
		str_add(x->out, f->disabled ? " only there, disabled\n" : " only there\n");
		x->n.there++;
	}
}

bool plan_against(const struct plan *p, const void *theirs, size_t n, struct str *out,
		  struct against_count *count, struct err *e)
{
	const struct fdt_extra nothing = { 0 };
	struct against x = { .theirs = theirs, .out = out };
	size_t len;
	void *ours = plan_fdt(p, &nothing, &len, e);
	bool good;

	x.ours = ours;
	good = ours && dt_read(&x.a, ours, len, &x.here, e) &&
	       dt_read(&x.a, theirs, n, &x.there, e);
	if (good)
		compare_all(&x);
	*count = x.n;
	arena_free(&x.a);
	free(ours);
	return good;
}
