/* graph.c - a board as a picture for graphviz: what is on which bus, who interrupts whom,
 * which clock drives what.
 */
#include "parts.h"

static void add_label(struct str *out, const char *name, const char *under)
{
	str_add(out, "[label=<<b>%s</b><br/><font point-size=\"9\">%s</font>>", name, under);
}

static void add_node(struct str *out, const struct plan *p, u32 i)
{
	const struct plan_device *d = &p->devices[i];
	const char *fill = d->class->irq_cells ? "#f6d5d5"
			   : d->class->bus     ? "#d9e5f6"
			   : d->disabled       ? "#eeeeee"
					       : "#ffffff";

	str_add(out, "  %s ", d->name);
	add_label(out, d->name, d->class->name);
	str_add(out, ", fillcolor=\"%s\"%s];\n", fill,
		d->disabled ? ", style=\"filled,dashed\"" : "");
}

/* A bus is a box with what is nested in it. */
static void add_bus(struct str *out, const struct plan *p, u32 bus)
{
	str_add(out,
		"  subgraph cluster_%s {\n  label=\"%s\"; color=\"#9bb3d4\"; style=rounded; "
		"fontname=\"sans-serif\";\n",
		p->devices[bus].name, p->devices[bus].name);
	add_node(out, p, bus);
	for (u32 i = 0; i < p->ndevices; i++) {
		if (p->devices[i].parent != bus)
			continue;
		if (p->devices[i].class->bus)
			add_bus(out, p, i);
		else
			add_node(out, p, i);
		str_add(out, "  %s -> %s [dir=none, color=\"#888888\"];\n", p->devices[bus].name,
			p->devices[i].name);
	}
	str_add(out, "  }\n");
}

/* Lines that follow each other are one edge: "32-35". */
static void add_irqs(struct str *out, const struct plan *p, const struct plan_device *d,
		     const struct value *v)
{
	for (u32 i = 0, end; i < v->n; i = end) {
		for (end = i + 1; end < v->n && v->irqs[end].line == v->irqs[end - 1].line + 1 &&
				  v->irqs[end].controller == v->irqs[i].controller;
		     end++)
			;
		str_add(out, "  %s -> %s [color=\"#c0504d\", fontcolor=\"#c0504d\", label=\"%u",
			d->name, p->devices[v->irqs[i].controller].name, v->irqs[i].line);
		if (end - i > 1)
			str_add(out, "-%u", v->irqs[end - 1].line);
		str_add(out, "\", constraint=false];\n");
	}
}

static void add_refs(struct str *out, const struct plan *p, const struct plan_device *d,
		     const struct prop *r, const struct value *v)
{
	char key[64];

	for (u32 i = 0; i < v->n; i++)
		str_add(out,
			"  %s -> %s [style=dashed, color=\"#77933c\", fontcolor=\"#77933c\", "
			"label=\"%s\", constraint=false];\n",
			p->devices[v->ref[i].provider].name, d->name,
			prop_key(r, key, sizeof(key)));
}

static void add_edges(struct str *out, const struct plan *p, const struct plan_device *d)
{
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind == PROP_KIND_IRQS)
			add_irqs(out, p, d, v);
		else if (r->kind == PROP_KIND_REF)
			add_refs(out, p, d, r, v);
	}
}

static void add_harts(struct str *out, const struct plan *p)
{
	for (u32 i = 0; i < p->nclusters; i++) {
		const struct plan_cluster *c = &p->clusters[i];
		char under[64];

		if (c->count == 1)
			snprintf(under, sizeof(under), "hart %u, mmu %s", c->first, c->mmu);
		else
			snprintf(under, sizeof(under), "harts %u-%u, mmu %s", c->first,
				 c->first + c->count - 1, c->mmu);
		str_add(out, "  hart_%u ", i);
		add_label(out, c->name, under);
		str_add(out,
			", shape=box3d, fillcolor=\"#fff2cc\"];\n  hart_%u -> bus [dir=none, "
			"color=\"#888888\"];\n",
			i);
	}
}

void plan_graph(const struct plan *p, struct str *out)
{
	char size[32];

	str_add(out,
		"digraph \"%s\" {\n  rankdir=TB; compound=true;\n"
		"  node [shape=box, style=filled, fillcolor=white, fontname=\"sans-serif\"];\n"
		"  edge [fontname=\"sans-serif\", fontsize=9];\n"
		"  bus [label=\"system bus\", shape=box, width=8, height=0.3, "
		"fillcolor=\"#dddddd\"];\n",
		p->name);
	add_harts(out, p);
	for (u32 i = 0; i < p->nmemory; i++) {
		str_add(out, "  %s ", p->memory[i].name);
		add_label(out, p->memory[i].name, size_text(size, sizeof(size), p->memory[i].size));
		str_add(out,
			", fillcolor=\"#e2efda\"];\n  bus -> %s [dir=none, color=\"#888888\"];\n",
			p->memory[i].name);
	}
	for (u32 i = 0; i < p->ndevices; i++) {
		if (p->devices[i].parent != PLAN_NONE)
			continue;
		if (p->devices[i].class->bus)
			add_bus(out, p, i);
		else
			add_node(out, p, i);
		if (p->devices[i].size)
			str_add(out, "  bus -> %s [dir=none, color=\"#888888\"];\n",
				p->devices[i].name);
	}
	for (u32 i = 0; i < p->ndevices; i++)
		add_edges(out, p, &p->devices[i]);
	str_add(out, "}\n");
}
