/* map.c - the system bus as text: what is where, on which line, connected to what. */
#include "parts.h"

#include <inttypes.h>

struct row {
	u64 base, size;
	char *text;
};

struct map {
	const struct plan *p;
	struct row *rows;
	size_t n, cap;
};

/* "10", "40-55", "32-35, 40" */
void lines_text(struct str *s, const struct value *v)
{
	for (u32 i = 0, end; i < v->n; i = end) {
		for (end = i + 1; end < v->n && v->irqs[end].line == v->irqs[end - 1].line + 1;
		     end++)
			;
		str_add(s, i ? ", %u" : "%u", v->irqs[i].line);
		if (end - i > 1)
			str_add(s, "-%u", v->irqs[end - 1].line);
	}
}

static void add_irqs(const struct plan *p, const struct plan_device *d, struct str *s)
{
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind != PROP_KIND_IRQS || !v->n)
			continue;
		str_add(s, "  %s ", p->devices[v->irqs[0].controller].name);
		lines_text(s, v);
	}
}

static void add_host(const struct plan *p, u32 i, struct str *s)
{
	const struct plan_device *d = &p->devices[i];
	const struct prop *r;
	u32 row = 0;

	if (p->stdout_device == i)
		str_add(s, "  <- console");
	for_rows(r, d->class->props) {
		const struct host_spec *h = d->values[row++].host;

		if (h && h->path)
			str_add(s, "  <- %s", h->path);
		if (h && h->kind == HOST_NET) {
			str_add(s, "  <- ");
			net_spec_text(&h->net, s);
		}
	}
	if (d->disabled)
		str_add(s, "  (disabled)");
}

static void add_row(struct map *m, u64 base, u64 size, const char *name, const char *what)
{
	char lo[32], bytes[32];

	GROW(&m->rows, m->n, &m->cap);
	m->rows[m->n++] =
		(struct row){ base, size,
			      xprintf("%-13s %-5s %-7s %s", address_text(lo, sizeof(lo), base),
				      size_text(bytes, sizeof(bytes), size), name, what) };
}

/* "mem32" of "windows.mem32" */
static const char *last_word(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? dot + 1 : key;
}

static void add_windows(struct map *m, u32 i)
{
	const struct plan_device *d = &m->p->devices[i];
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];
		char key[64], what[96];

		if (r->kind != PROP_KIND_RANGE || !v->size)
			continue;
		prop_key(r, key, sizeof(key));
		snprintf(what, sizeof(what), "%s of %s", last_word(key), d->class->name);
		add_row(m, v->num, v->size, d->name, what);
	}
}

static void add_device(struct map *m, u32 i)
{
	const struct plan_device *d = &m->p->devices[i];
	struct str s = { 0 };

	str_add(&s, "%s", d->class->name);
	add_irqs(m->p, d, &s);
	add_host(m->p, i, &s);
	add_row(m, d->base, d->size, d->name, str_text(&s));
	str_free(&s);
}

static int by_base(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base);
}

/* Two columns where they fit into 100 characters: the left one is the first half. */
static void add_columns(const struct map *m, struct str *out)
{
	size_t half = (m->n + 1) / 2, wide = 0, right = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t *w = i < half ? &wide : &right;

		*w = MAX(*w, strlen(m->rows[i].text));
	}
	if (wide + 3 + right > 118 || m->n < 4)
		half = m->n;
	for (size_t i = 0; i < half; i++) {
		if (half + i < m->n)
			str_add(out, "%-*s   %s\n", (int)wide, m->rows[i].text,
				m->rows[half + i].text);
		else
			str_add(out, "%s\n", m->rows[i].text);
	}
}

static void add_nested(const struct plan *p, struct str *out)
{
	for (u32 i = 0; i < p->ndevices; i++) {
		const struct plan_device *d = &p->devices[i], *bus;
		char where[32], place[96];

		if (d->parent == PLAN_NONE)
			continue;
		bus = &p->devices[d->parent];
		place_text(where, sizeof(where), bus->class->bus, d->slot);
		snprintf(place, sizeof(place), "%s %s", bus->name, where);
		str_add(out, "%-19s %-7s %s", place, d->name, d->class->name);
		add_irqs(p, d, out);
		add_host(p, i, out);
		str_add(out, "\n");
	}
}

/* Rows are sorted: one walk finds the first page that none covers. */
static void add_hole(const struct map *m, struct str *out)
{
	for (u32 k = 0; k < m->p->nauto_mmio; k++) {
		const struct range *r = &m->p->auto_mmio[k];
		u64 at = align_up(r->base, 4096);
		char buf[32];

		for (size_t i = 0; i < m->n; i++)
			if (at >= m->rows[i].base && at - m->rows[i].base < m->rows[i].size)
				at = align_up(m->rows[i].base + m->rows[i].size, 4096);
		if (at < r->base || at - r->base >= r->size)
			continue;
		str_add(out, "first free hole: %s (auto places here)\n",
			address_text(buf, sizeof(buf), at));
		return;
	}
}

void plan_map(const struct plan *p, struct str *out)
{
	struct map m = { .p = p };

	for (u32 i = 0; i < p->nmemory; i++)
		add_row(&m, p->memory[i].base, p->memory[i].size, p->memory[i].name, "RAM");
	for (u32 i = 0; i < p->ndevices; i++) {
		if (p->devices[i].parent == PLAN_NONE && p->devices[i].size)
			add_device(&m, i);
		add_windows(&m, i);
	}
	if (m.n)
		qsort(m.rows, m.n, sizeof(m.rows[0]), by_base);
	add_columns(&m, out);
	add_nested(p, out);
	add_hole(&m, out);
	for (size_t i = 0; i < m.n; i++)
		free(m.rows[i].text);
	free(m.rows);
}
