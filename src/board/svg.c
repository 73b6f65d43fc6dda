/* svg.c - the memory map and the interrupt table, drawn.
 *
 * Left the system bus from low to high addresses: a box's height grows with the logarithm
 * of its size, a dotted gap is room without anything.  Right, for each interrupt
 * controller, its lines: colored as the devices that have them.
 */
#include "parts.h"

#include <inttypes.h>

#define WIDE       1040
#define TOP        92
#define BOX_X      190
#define BOX_WIDE   300
#define TABLE_X    640
#define CELL       22
#define CELLS      16 /* in a row */
#define MOST_CELLS 512

enum color { RAM, ROM_COLOR, CONTROLLER, BUS, WINDOW, DEVICE_COLOR, OFF };

static const struct {
	const char *fill, *line, *doc;
} colors[] = {
	[RAM] = { "#dcefd8", "#6a9f5b", "RAM" },
	[ROM_COLOR] = { "#efe6d3", "#a88f5a", "ROM" },
	[CONTROLLER] = { "#f8dcdc", "#c0504d", "interrupts and timers" },
	[BUS] = { "#dbe7f7", "#4f81bd", "buses" },
	[WINDOW] = { "#edf3fb", "#9bb3d4", "windows of a bus" },
	[DEVICE_COLOR] = { "#fff6dc", "#c9a227", "devices" },
	[OFF] = { "#f2f2f2", "#b0b0b0", "disabled" },
};

struct box {
	u64 base, size;
	const char *name, *what;
	char *irqs;
	enum color color;
};

struct drawing {
	const struct plan *p;
	struct str *out;
	struct box *boxes;
	size_t n, cap;
};

/* -- Text ------------------------------------------------------------------------- */

static void add_escaped(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			str_add(out, "&lt;");
		else if (*s == '>')
			str_add(out, "&gt;");
		else if (*s == '&')
			str_add(out, "&amp;");
		else if (*s == '"')
			str_add(out, "&quot;");
		else
			str_bytes(out, s, 1);
	}
}

static void add_text(struct str *out, u32 x, u32 y, const char *class, const char *s)
{
	str_add(out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
	add_escaped(out, s);
	str_add(out, "</text>\n");
}

static void add_rect(struct str *out, u32 x, u32 y, u32 w, u32 h, enum color c)
{
	str_add(out,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"4\" fill=\"%s\" "
		"stroke=\"%s\"/>\n",
		x, y, w, h, colors[c].fill, colors[c].line);
}

/* -- Boxes ------------------------------------------------------------------------ */

static void add_box(struct drawing *d, struct box b)
{
	GROW(&d->boxes, d->n, &d->cap);
	d->boxes[d->n++] = b;
}

static enum color color_of(const struct plan_device *d)
{
	if (d->disabled)
		return OFF;
	if (d->class->irq_cells || !strcmp(d->class->node ? d->class->node : "", "clint"))
		return CONTROLLER;
	if (d->class->bus)
		return BUS;
	return !d->class->regs && !d->class->read && !d->class->virtio ? ROM_COLOR : DEVICE_COLOR;
}

static char *irqs_of(const struct plan_device *d)
{
	const struct prop *r;
	struct str s = { 0 };
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind != PROP_KIND_IRQS || !v->n)
			continue;
		str_add(&s, s.n ? ", " : "irq ");
		lines_text(&s, v);
	}
	return s.p ? s.p : xstrdup("");
}

static void find_boxes(struct drawing *d)
{
	for (u32 i = 0; i < d->p->nmemory; i++)
		add_box(d, (struct box){ d->p->memory[i].base, d->p->memory[i].size,
					 d->p->memory[i].name, "RAM", xstrdup(""), RAM });
	for (u32 i = 0; i < d->p->ndevices; i++) {
		const struct plan_device *dev = &d->p->devices[i];
		const struct prop *r;
		u32 row = 0;

		if (dev->parent == PLAN_NONE && dev->size)
			add_box(d, (struct box){ dev->base, dev->size, dev->name, dev->class->name,
						 irqs_of(dev), color_of(dev) });
		for_rows(r, dev->class->props) {
			const struct value *v = &dev->values[row++];
			const char *dot = r->key ? strrchr(r->key, '.') : NULL;

			if (r->kind == PROP_KIND_RANGE && v->size)
				add_box(d, (struct box){ v->num, v->size, dev->name,
							 dot ? dot + 1 : r->name, xstrdup(""),
							 WINDOW });
		}
	}
}

static int by_base(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base);
}

static u32 height_of(u64 size)
{
	u32 h = 26;

	for (; size > 4096 && h < 74; size /= 4)
		h += 3;
	return h;
}

/* Returns the y below. */
static u32 draw_box(struct drawing *d, const struct box *b, u32 y)
{
	u32 h = height_of(b->size), mid = y + h / 2 + 5;
	char text[64];

	add_rect(d->out, BOX_X, y, BOX_WIDE, h, b->color);
	address_text(text, sizeof(text), b->base);
	add_text(d->out, BOX_X - 10, y + 12, "addr", text);
	if (h > 40) {
		address_text(text, sizeof(text), b->base + (b->size - 1));
		add_text(d->out, BOX_X - 10, y + h - 3, "addr dim", text);
	}
	add_text(d->out, BOX_X + 12, mid, "name", b->name);
	add_text(d->out, BOX_X + 110, mid, "what", b->what);
	size_text(text, sizeof(text), b->size);
	add_text(d->out, BOX_X + BOX_WIDE - 10, mid, "size", text);
	add_text(d->out, BOX_X + BOX_WIDE + 12, mid, "irq", b->irqs);
	return y + h;
}

static u32 draw_gap(struct drawing *d, u32 y)
{
	for (u32 x = 0; x < 2; x++)
		str_add(d->out, "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" class=\"gap\"/>\n",
			BOX_X + x * BOX_WIDE, y, BOX_X + x * BOX_WIDE, y + 16);
	return y + 16;
}

static u32 draw_bus(struct drawing *d)
{
	u32 y = TOP;

	for (size_t i = 0; i < d->n; i++) {
		const struct box *before = i ? &d->boxes[i - 1] : NULL;

		if (before && before->base + before->size < d->boxes[i].base)
			y = draw_gap(d, y);
		else if (before)
			y += 2;
		y = draw_box(d, &d->boxes[i], y);
	}
	return y;
}

/* -- Interrupts --------------------------------------------------------------------- */

/* The device on each line of a controller: index + 1, or 0. */
static u32 find_owners(const struct plan *p, u32 controller, u32 *owner, u32 most)
{
	u32 highest = 0;

	for (u32 i = 0; i < p->ndevices; i++) {
		const struct prop *r;
		u32 row = 0;

		for_rows(r, p->devices[i].class->props) {
			const struct value *v = &p->devices[i].values[row++];

			for (u32 k = 0; r->kind == PROP_KIND_IRQS && k < v->n; k++) {
				if (v->irqs[k].controller != controller || v->irqs[k].line >= most)
					continue;
				owner[v->irqs[k].line] = i + 1;
				highest = MAX(highest, v->irqs[k].line);
			}
		}
	}
	return highest;
}

static u32 lines_of(const struct plan *p, u32 controller)
{
	const struct plan_device *d = &p->devices[controller];
	const struct value *v = d->class->irq_limit ? planned_value(d, d->class->irq_limit) : NULL;

	return v ? (u32)MIN(v->num, MOST_CELLS - 1) : 0;
}

static void draw_cell(struct drawing *d, u32 line, u32 owner, u32 y)
{
	u32 x = TABLE_X + line % CELLS * CELL, top = y + line / CELLS * CELL;
	const struct plan_device *dev = owner ? &d->p->devices[owner - 1] : NULL;
	enum color c = dev ? color_of(dev) : OFF;
	char text[16];

	str_add(d->out, "<g><title>%u: ", line);
	add_escaped(d->out, dev ? dev->name : line ? "free" : "none");
	str_add(d->out, "</title>");
	str_add(d->out,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"3\" fill=\"%s\" "
		"stroke=\"%s\"/>",
		x, top, CELL - 3, CELL - 3,
		dev    ? colors[c].line
		: line ? "#ffffff"
		       : "#e4e4e4",
		dev ? colors[c].line : "#d5d5d5");
	snprintf(text, sizeof(text), "%u", line);
	add_text(d->out, x + (CELL - 3) / 2, top + 13, dev ? "cell used" : "cell", text);
	str_add(d->out, "</g>\n");
}

/* "10        uart0   uart-16550", a row for each stretch of lines of one device */
static u32 draw_owners(struct drawing *d, const u32 *owner, u32 lines, u32 y)
{
	for (u32 i = 1, end; i <= lines; i = end) {
		const struct plan_device *dev;
		char text[32];

		for (end = i + 1; end <= lines && owner[end] == owner[i]; end++)
			;
		if (!owner[i])
			continue;
		dev = &d->p->devices[owner[i] - 1];
		snprintf(text, sizeof(text), end - i > 1 ? "%u-%u" : "%u", i, end - 1);
		add_text(d->out, TABLE_X + 50, y, "addr", text);
		add_text(d->out, TABLE_X + 64, y, "name", dev->name);
		add_text(d->out, TABLE_X + 160, y, "what", dev->class->name);
		y += 18;
	}
	return y;
}

static u32 draw_controller(struct drawing *d, u32 controller, u32 y)
{
	u32 *owner = xcalloc(MOST_CELLS, sizeof(*owner));
	u32 highest = find_owners(d->p, controller, owner, MOST_CELLS);
	u32 lines = MAX(lines_of(d->p, controller), highest);
	struct str title = { 0 };

	str_add(&title, "%s: %u lines", d->p->devices[controller].name, lines);
	add_text(d->out, TABLE_X, y, "head", str_text(&title));
	str_free(&title);
	for (u32 i = 0; i <= lines; i++)
		draw_cell(d, i, owner[i], y + 10);
	y = draw_owners(d, owner, lines, y + 10 + (lines / CELLS + 1) * CELL + 18);
	free(owner);
	return y + 14;
}

/* -- Nested devices, harts, legend ----------------------------------------------------- */

static u32 draw_nested(struct drawing *d, u32 y)
{
	u32 bus = PLAN_NONE;

	for (u32 i = 0; i < d->p->ndevices; i++) {
		const struct plan_device *dev = &d->p->devices[i];
		char text[32];

		if (dev->parent == PLAN_NONE)
			continue;
		if (dev->parent != bus) {
			bus = dev->parent;
			add_text(d->out, TABLE_X, y, "head", d->p->devices[bus].name);
			y += 20;
		}
		snprintf(text, sizeof(text),
			 d->p->devices[bus].class->bus == BUS_I2C ? "0x%02x" : "%u", dev->slot);
		if (d->p->devices[bus].class->bus != BUS_PS2)
			add_text(d->out, TABLE_X + 50, y, "addr", text);
		add_text(d->out, TABLE_X + 64, y, "name", dev->name);
		add_text(d->out, TABLE_X + 160, y, "what", dev->class->name);
		y += 18;
	}
	return bus == PLAN_NONE ? y : y + 14;
}

static u32 draw_harts(struct drawing *d, u32 y)
{
	add_text(d->out, TABLE_X, y, "head", "harts");
	y += 20;
	for (u32 i = 0; i < d->p->nclusters; i++) {
		const struct plan_cluster *c = &d->p->clusters[i];
		char text[64];

		snprintf(text, sizeof(text), c->count > 1 ? "%u-%u" : "%u", c->first,
			 c->first + c->count - 1);
		add_text(d->out, TABLE_X + 50, y, "addr", text);
		add_text(d->out, TABLE_X + 64, y, "name", c->name);
		add_text(d->out, TABLE_X + 160, y, "what", c->mmu);
		y += 18;
	}
	return y + 14;
}

static u32 draw_legend(struct drawing *d, u32 y)
{
	for (u32 i = 0; i < ARRAY_LEN(colors); i++) {
		bool used = false;

		for (size_t k = 0; k < d->n; k++)
			used |= d->boxes[k].color == (enum color)i;
		if (!used)
			continue;
		add_rect(d->out, TABLE_X, y, 26, 14, (enum color)i);
		add_text(d->out, TABLE_X + 36, y + 12, "what", colors[i].doc);
		y += 20;
	}
	return y;
}

static const char style[] =
	"<style>\n"
	"text { font-family: 'DejaVu Sans', Helvetica, Arial, sans-serif; font-size: 13px; "
	"fill: #333 }\n"
	".title { font-size: 22px; font-weight: bold } .sub { font-size: 14px; fill: #666 }\n"
	".head { font-size: 15px; font-weight: bold } .name { font-weight: bold }\n"
	".addr { font-family: 'DejaVu Sans Mono', monospace; font-size: 12px; "
	"text-anchor: end }\n"
	".dim { fill: #aaa } .what { fill: #555 } .size { text-anchor: end; fill: #555 }\n"
	".irq { fill: #c0504d; font-size: 12px }\n"
	".cell { font-size: 10px; text-anchor: middle; fill: #aaa } .used { fill: #fff }\n"
	".gap { stroke: #bbb; stroke-dasharray: 2 3 }\n"
	"</style>\n";

void plan_svg(const struct plan *p, struct str *out)
{
	struct str body = { 0 };
	struct drawing d = { .p = p, .out = &body };
	u32 left, right = TOP + 10;

	find_boxes(&d);
	if (d.n)
		qsort(d.boxes, d.n, sizeof(d.boxes[0]), by_base);
	left = draw_bus(&d);
	for (u32 i = 0; i < p->ndevices; i++)
		if (p->devices[i].class->irq_cells && !p->devices[i].disabled)
			right = draw_controller(&d, i, right);
	right = draw_nested(&d, right);
	right = draw_harts(&d, right);
	right = draw_legend(&d, right);
	str_add(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\">\n%s<rect width=\"100%%\" height=\"100%%\" "
		"fill=\"#fff\"/>\n",
		WIDE, MAX(left, right) + 30, WIDE, MAX(left, right) + 30, style);
	add_text(out, 40, 44, "title", p->name);
	add_text(out, 40, 68, "sub", p->description ? p->description : "");
	str_bytes(out, str_text(&body), body.n);
	str_add(out, "</svg>\n");
	for (size_t i = 0; i < d.n; i++)
		free(d.boxes[i].irqs);
	free(d.boxes);
	str_free(&body);
}
