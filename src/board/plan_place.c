/* plan_place.c - the system bus: who is where, who is in whose way, and where `auto` goes.
 *
 * First what is fixed, then what is automatic in the order of the file, first fit in the
 * ranges of `auto:`.  Free room is a list of holes, so that ten thousand devices take
 * linear time.
 */
#include "parts.h"

#include <inttypes.h>

/* -- Spans ------------------------------------------------------------------------ */

bool check_span(struct board *b, const struct node *n, const char *what, struct range *r)
{
	if (n->kind == NODE_LIST && n->n == 1 && n->items[0]->kind == NODE_LIST)
		n = n->items[0];
	if (n->kind != NODE_LIST || n->n != 2) {
		diag_report(b->ds, n->at, DIAG_wrong_form, "%s: [base, size] should be here", what);
		if (n->kind == NODE_SCALAR && n->text[0])
			diag_hint(b->ds, "write `[%s, 4K]`, with the size it has", n->text);
		else if (n->kind == NODE_LIST && n->n)
			diag_hint(b->ds, "this is %u item%s: a comma parts them", n->n,
				  n->n == 1 ? "" : "s");
		return false;
	}
	if (!check_unit(b, n->items[0], what, UNIT_SIZE, &r->base) ||
	    !check_unit(b, n->items[1], what, UNIT_SIZE, &r->size))
		return false;
	if (!r->size)
		return diag_report(b->ds, n->items[1]->at, DIAG_misfit, "%s: a size of 0", what);
	if (r->base + (r->size - 1) < r->base)
		return diag_report(b->ds, n->at, DIAG_misfit, "%s: this ends beyond 64 bits", what);
	return true;
}

static const char *span_text(struct arena *a, u64 base, u64 size)
{
	char lo[32], hi[32];

	return arena_printf(a, "%s..%s", address_text(lo, sizeof(lo), base),
			    address_text(hi, sizeof(hi), base + size - 1));
}

static const char *hex_text(struct arena *a, u64 v)
{
	char buf[32];

	return arena_printf(a, "%s", address_text(buf, sizeof(buf), v));
}

static void add_claim(struct planner *pl, struct claim c)
{
	c.order = pl->nclaims;
	ARENA_GROW(&pl->b->arena, &pl->claims, pl->nclaims, &pl->claims_cap);
	pl->claims[pl->nclaims++] = c;
}

/* -- reg: and slot: ------------------------------------------------------------------ */

static bool has_window(const struct device_class *c)
{
	return c->mmio_size || c->mmio_max;
}

/* The alignment of a window: the class's, or its size up to a page. */
static u64 window_align(const struct device_class *c, u64 size)
{
	u64 align = 1;

	if (c->mmio_align)
		return c->mmio_align;
	while (align < size && align < 4096)
		align *= 2;
	return align;
}

static void check_window(struct planner *pl, u32 i, const struct node *n, bool size_given)
{
	struct plan_device *d = &pl->p->devices[i];
	u64 most = d->class->mmio_max ? d->class->mmio_max : d->class->mmio_size;
	char buf[32], least[32];
	u32 errors = pl->b->ds->errors;

	if (size_given && most && (d->size > most || d->size < d->class->mmio_size)) {
		diag_report(pl->b->ds, n->at, DIAG_misfit, "reg: a %s has a window of %s%s%s",
			    d->class->name,
			    d->class->mmio_size
				    ? size_text(least, sizeof(least), d->class->mmio_size)
				    : "at most ",
			    d->class->mmio_size && d->class->mmio_size != most ? " to " : "",
			    d->class->mmio_size == most ? "" : size_text(buf, sizeof(buf), most));
		if (d->class->mmio_size == most)
			diag_hint(pl->b->ds, "write the base alone: `reg: %s`",
				  hex_text(&pl->b->arena, d->base));
	}
	if (d->base % pl->drafts[i].align) {
		diag_report(pl->b->ds, n->at, DIAG_misfit, "reg: a %s begins at a multiple of %s",
			    d->class->name, size_text(buf, sizeof(buf), pl->drafts[i].align));
		diag_hint(pl->b->ds, "the nearest below is %s",
			  hex_text(&pl->b->arena, align_down(d->base, pl->drafts[i].align)));
	} else if (d->base + (d->size - 1) < d->base) {
		diag_report(pl->b->ds, n->at, DIAG_misfit, "reg: this ends beyond 64 bits");
	}
	if (pl->b->ds->errors != errors)
		d->size = 0; /* whatever else it may overlap follows from this */
}

static bool is_auto(const struct node *n)
{
	return n->kind == NODE_SCALAR && !strcmp(n->text, "auto");
}

static void report_no_size(struct planner *pl, const struct plan_device *d, const struct node *n)
{
	diag_report(pl->b->ds, n->at, DIAG_wrong_form, "reg: a %s does not know its size",
		    d->class->name);
	diag_hint(pl->b->ds, "write `reg: [%s, 4K]`, with the size it has",
		  is_auto(n) ? "0x1000_0000" : n->text);
}

/* On the system bus: base, or [base, size], or auto. */
static void read_window(struct planner *pl, u32 i)
{
	struct plan_device *d = &pl->p->devices[i];
	struct draft *draft = &pl->drafts[i];
	struct pair *reg = map_pair(draft->node, "reg");
	const struct node *n = reg && !reg->value->absent ? reg->value : NULL;
	struct range r;

	if (reg && !n)
		report_absent(pl->b, reg, "reg");
	if (!has_window(d->class)) {
		if (n)
			diag_report(pl->b->ds, reg->key_at, DIAG_unknown_key,
				    "a %s has no registers, and so no `reg:`", d->class->name);
		return;
	}
	d->reg_at = n ? n->at : d->at;
	d->size = d->class->mmio_size;
	draft->align = window_align(d->class, d->size);
	draft->automatic = !reg || (n && is_auto(n));
	if (draft->automatic && !d->size && n)
		report_no_size(pl, d, n);
	else if (draft->automatic && !d->size)
		report_missing(pl->b, d->at, arena_printf(&pl->b->arena, "`reg:` of `%s`", d->name),
			       "[base, size]");
	draft->automatic &= d->size > 0;
	if (!n || is_auto(n))
		return;
	if (n->kind == NODE_LIST) {
		bool good = check_span(pl->b, n, "reg", &r);

		d->size = good ? r.size : 0;
		d->base = good ? r.base : 0;
	} else if (!check_unit(pl->b, n, "reg", UNIT_SIZE, &d->base)) {
		d->size = 0;
	} else if (!d->size) {
		report_no_size(pl, d, n);
	}
	if (!d->size)
		return;
	if (!d->class->mmio_align)
		draft->align = window_align(d->class, d->size);
	check_window(pl, i, n, n->kind == NODE_LIST);
}

/* How many places it has, where its board says so; NULL: its kind of bus does. */
static const struct value *place_count(const struct plan_device *d)
{
	return d->class->place_count ? planned_value(d, d->class->place_count) : NULL;
}

/* Where a bus has numbered places: which there are, and what they are called. */
static void bus_places(const struct planner *pl, u32 i, u32 *first, u32 *last, const char **key)
{
	const struct plan_device *parent = &pl->p->devices[pl->p->devices[i].parent];
	const struct value *count = place_count(parent);
	enum bus bus = pl->drafts[i].bus;

	*key = bus == BUS_PCI ? "slot" : "reg";
	*first = bus == BUS_I2C ? 0x08 : 0;
	*last = bus == BUS_I2C ? 0x77 : 7;
	if (bus == BUS_PCI) {
		bool link = class_is_port(parent->class);

		*first = link ? 0 : 1; /* slot 0 is the host bridge's own */
		*last = link ? 0 : 31;
	}
	if (count)
		*last = (u32)count->num - 1;
}

static void read_place(struct planner *pl, u32 i, u32 *taken)
{
	struct plan_device *d = &pl->p->devices[i];
	const struct plan_device *parent = &pl->p->devices[d->parent];
	const struct value *count = place_count(parent);
	struct draft *draft = &pl->drafts[i];
	const char *key;
	u32 first, last;
	const struct node *n;
	struct pair *p;
	u64 v;

	bus_places(pl, i, &first, &last, &key);
	p = map_pair(draft->node, key);
	n = p && !p->value->absent ? p->value : NULL;
	draft->automatic = !n || is_auto(n);
	if (p && !n)
		report_absent(pl->b, p, key);
	if (draft->automatic && draft->bus != BUS_PCI) {
		report_missing(
			pl->b, d->at, arena_printf(&pl->b->arena, "`%s:` of `%s`", key, d->name),
			draft->bus == BUS_I2C ? "its address on the bus" : "its chip select");
		draft->automatic = false;
	}
	if (!n || draft->automatic)
		return;
	d->reg_at = n->at;
	if (!check_number(pl->b, n, key, &v))
		return;
	if (v < first || v > last) {
		diag_report(pl->b->ds, n->at, draft->bus == BUS_PCI ? DIAG_slot : DIAG_bus_address,
			    draft->bus == BUS_I2C ? "%s: %s is not in 0x%02x..0x%02x"
						  : "%s: %s is not in %u..%u",
			    key, n->text, first, last);
		if (count)
			diag_hint(pl->b->ds, "`%s:` of `%s` says how many there are",
				  row_key(&pl->b->arena,
					  &parent->class->props[count - parent->values]),
				  parent->name);
		return;
	}
	d->slot = (u32)v;
	if (taken[v]) {
		const struct plan_device *o = &pl->p->devices[taken[v] - 1];

		diag_report(pl->b->ds, n->at, draft->bus == BUS_PCI ? DIAG_slot : DIAG_bus_address,
			    "%s %s of `%s` is taken by `%s`", key, n->text,
			    pl->p->devices[d->parent].name, o->name);
		diag_note(pl->b->ds, o->reg_at, "`%s` is here", o->name);
		if (draft->bus == BUS_PCI)
			diag_hint(pl->b->ds,
				  "leave `slot:` out: it then takes the lowest free one");
		return;
	}
	taken[v] = i + 1;
}

/* A port has one place, which nobody needs to write. */
static void plug(struct planner *pl, u32 i, u32 *taken)
{
	const struct plan_device *d = &pl->p->devices[i], *o;

	if (!taken[0]) {
		taken[0] = i + 1;
		return;
	}
	o = &pl->p->devices[taken[0] - 1];
	diag_report(pl->b->ds, d->at, DIAG_bus_address,
		    "`%s` has one place, and `%s` is plugged in", pl->p->devices[d->parent].name,
		    o->name);
	diag_note(pl->b->ds, o->at, "`%s` is here", o->name);
	diag_hint(pl->b->ds, "add another port for `%s`", d->name);
}

/* Where the lock file says, if nobody else is there. */
static void pin_place(struct planner *pl, u32 i, u32 *taken)
{
	struct plan_device *d = &pl->p->devices[i];
	const struct node *pin = lock_pin(pl->b, d->name, "slot");
	const char *key;
	u32 first, last;
	u64 v;

	if (!pl->drafts[i].automatic || !pin || !check_number(pl->b, pin, "slot", &v))
		return;
	bus_places(pl, i, &first, &last, &key);
	if (v < first || v > last || taken[v]) {
		lock_report_lost(pl->b, pin, d->name,
				 v < first || v > last
					 ? "there is no such slot"
					 : arena_printf(&pl->b->arena, "`%s` has this slot",
							pl->p->devices[taken[v] - 1].name));
		return;
	}
	d->slot = (u32)v;
	taken[v] = i + 1;
	pl->drafts[i].pinned = true;
}

static void auto_place(struct planner *pl, u32 i, u32 *taken)
{
	struct plan_device *d = &pl->p->devices[i];
	const char *key;
	u32 first, last;

	if (!pl->drafts[i].automatic || pl->drafts[i].pinned)
		return;
	bus_places(pl, i, &first, &last, &key);
	for (d->slot = first; d->slot <= last && taken[d->slot]; d->slot++)
		;
	if (d->slot <= last) {
		taken[d->slot] = i + 1;
		return;
	}
	d->slot = 0;
	diag_report(pl->b->ds, d->at, DIAG_slot, "no slot of `%s` is left for `%s`",
		    pl->p->devices[d->parent].name, d->name);
	diag_note(pl->b->ds, pl->p->devices[d->parent].at, "it has slots %u..%u", first, last);
}

#define BUS_PLACES 128

/* Not one that was reported to be on the wrong bus. */
static bool is_on_bus(const struct planner *pl, u32 i)
{
	u32 parent = pl->p->devices[i].parent;

	return parent != PLAN_NONE && pl->p->devices[parent].class->bus == pl->drafts[i].bus;
}

static void place_on_buses(struct planner *pl)
{
	u32 n = pl->p->ndevices;
	u32 **taken = NEW_N(&pl->b->arena, u32 *, n + 1); /* by bus device */

	for (u32 i = 0; i < n; i++)
		if (pl->p->devices[i].class->bus)
			taken[i] = NEW_N(&pl->b->arena, u32, BUS_PLACES);
	for (u32 i = 0; i < n; i++)
		if (is_on_bus(pl, i) && pl->drafts[i].bus == BUS_PS2)
			plug(pl, i, taken[pl->p->devices[i].parent]);
		else if (is_on_bus(pl, i))
			read_place(pl, i, taken[pl->p->devices[i].parent]);
	for (u32 i = 0; i < n; i++)
		if (is_on_bus(pl, i))
			pin_place(pl, i, taken[pl->p->devices[i].parent]);
	for (u32 i = 0; i < n; i++)
		if (is_on_bus(pl, i))
			auto_place(pl, i, taken[pl->p->devices[i].parent]);
}

/* -- Claims ---------------------------------------------------------------------------- */

/* PCI windows and the like: every range of a device on the system bus is a part of it. */
static void claim_ranges(struct planner *pl, u32 i)
{
	const struct plan_device *d = &pl->p->devices[i];
	const struct prop *r;
	u32 row = 0;

	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row];
		const struct node *n = pl->drafts[i].prop[row++];
		const char *key = row_key(&pl->b->arena, r), *dot = strrchr(key, '.');

		if (r->kind == PROP_KIND_RANGE && n && v->size)
			add_claim(pl, (struct claim){ v->num, v->size, d->name, dot ? dot + 1 : key,
						      n->at, i, 0 });
	}
}

static void claim_fixed(struct planner *pl)
{
	for (u32 i = 0; i < pl->p->nmemory; i++) {
		const struct plan_memory *m = &pl->p->memory[i];

		add_claim(pl,
			  (struct claim){ m->base, m->size, m->name, NULL, m->at, PLAN_NONE, 0 });
	}
	for (u32 i = 0; i < pl->p->ndevices; i++) {
		const struct plan_device *d = &pl->p->devices[i];

		if (d->parent != PLAN_NONE)
			continue;
		if (d->size && !pl->drafts[i].automatic)
			add_claim(pl, (struct claim){ d->base, d->size, d->name,
						      d->class->bus == BUS_PCI ? "ECAM" : NULL,
						      d->reg_at, i, 0 });
		claim_ranges(pl, i);
	}
}

static int by_base(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* -- Pins ------------------------------------------------------------------------------- */

/* Where `auto` may choose. */
static bool is_auto_room(const struct planner *pl, u64 base, u64 size)
{
	for (u32 i = 0; i < pl->p->nauto_mmio; i++)
		if (range_inside(base, size, pl->p->auto_mmio[i].base, pl->p->auto_mmio[i].size))
			return true;
	return false;
}

static bool read_pin(struct planner *pl, u32 i, struct claim *c)
{
	const struct plan_device *d = &pl->p->devices[i];
	const struct node *pin = lock_pin(pl->b, d->name, "reg");
	u64 base;

	if (!pin || !pl->drafts[i].automatic || pl->drafts[i].bus != BUS_MMIO ||
	    !check_unit(pl->b, pin, "reg", UNIT_SIZE, &base))
		return false;
	*c = (struct claim){ base, d->size, d->name, NULL, pin->at, i, i };
	if (base % pl->drafts[i].align == 0 && is_auto_room(pl, base, d->size))
		return true;
	lock_report_lost(pl->b, pin, d->name, "`auto` would not choose such a place");
	return false;
}

/* Claims are sorted: the one that covers an address of [base, base + size), or NULL.
 * far[i] is the claim among the first i + 1 that reaches farthest. */
static const struct claim *claim_in(const struct planner *pl, const u32 *far, u32 n, u64 base,
				    u64 size)
{
	u32 lo = 0, hi = n;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (pl->claims[mid].base <= base + (size - 1))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo ||
	    !ranges_overlap(pl->claims[far[lo - 1]].base, pl->claims[far[lo - 1]].size, base, size))
		return NULL;
	return &pl->claims[far[lo - 1]];
}

static u32 *find_farthest(struct planner *pl)
{
	u32 *far = NEW_N(&pl->b->arena, u32, pl->nclaims + 1);

	for (u32 i = 1; i < pl->nclaims; i++) {
		const struct claim *f = &pl->claims[far[i - 1]], *c = &pl->claims[i];

		far[i] = c->base + (c->size - 1) > f->base + (f->size - 1) ? i : far[i - 1];
	}
	return far;
}

/* What the lock file pins becomes a claim like those that are written, unless one of these,
 * or another pin, is in its way. */
static void honor_pins(struct planner *pl)
{
	u32 *far = find_farthest(pl), n = 0, kept = pl->nclaims;
	struct claim *pins = NEW_N(&pl->b->arena, struct claim, pl->p->ndevices + 1);

	for (u32 i = 0; pl->b->pins && i < pl->p->ndevices; i++)
		n += read_pin(pl, i, &pins[n]);
	if (!n)
		return;
	qsort(pins, n, sizeof(pins[0]), by_base);
	for (u32 i = 0; i < n; i++) {
		const struct claim *other = claim_in(pl, far, kept, pins[i].base, pins[i].size);
		struct claim *last = pl->nclaims > kept ? &pl->claims[pl->nclaims - 1] : NULL;

		if (!other && last &&
		    ranges_overlap(last->base, last->size, pins[i].base, pins[i].size))
			other = last;
		if (other) {
			lock_report_lost(pl->b, lock_pin(pl->b, pins[i].name, "reg"), pins[i].name,
					 arena_printf(&pl->b->arena, "`%s` is there", other->name));
			continue;
		}
		pl->p->devices[pins[i].device].base = pins[i].base;
		pl->drafts[pins[i].device].pinned = true;
		add_claim(pl, pins[i]);
	}
	qsort(pl->claims, pl->nclaims, sizeof(*pl->claims), by_base);
}

/* -- Holes ----------------------------------------------------------------------------- */

static struct hole **add_hole(struct planner *pl, struct hole **end, u64 base, u64 size)
{
	if (!size)
		return end;
	*end = NEW(&pl->b->arena, struct hole);
	**end = (struct hole){ base, size, NULL };
	return &(*end)->next;
}

/* Claims are sorted: what of each automatic range no claim covers. */
static void find_holes(struct planner *pl)
{
	struct hole **end = &pl->holes;

	for (u32 k = 0; k < pl->p->nauto_mmio; k++) {
		const struct range *r = &pl->p->auto_mmio[k];
		u64 at = r->base, last = r->base + (r->size - 1);
		bool full = false;

		for (u32 i = 0; i < pl->nclaims && pl->claims[i].base <= last && !full; i++) {
			const struct claim *c = &pl->claims[i];
			u64 c_last = c->base + (c->size - 1);

			if (c_last < at)
				continue;
			if (c->base > at)
				end = add_hole(pl, end, at, c->base - at);
			full = c_last >= last;
			at = full ? last : c_last + 1;
		}
		if (!full)
			end = add_hole(pl, end, at, last - at + 1);
	}
}

static struct hole_memo *memo_for(struct planner *pl, u64 size, u64 align)
{
	struct hole_memo *m = pl->memo;

	for (; m < pl->memo + ARRAY_LEN(pl->memo) - 1 && m->size; m++)
		if (m->size == size && m->align == align)
			return m;
	*m = (struct hole_memo){ size, align, pl->holes }; /* the last is anyone's */
	return m;
}

static bool fits(const struct hole *h, u64 size, u64 align, u64 *base)
{
	*base = align_up(h->base, align);
	return range_inside(*base, size, h->base, h->size);
}

static struct hole *find_hole(struct planner *pl, u64 size, u64 align, u64 *base)
{
	struct hole_memo *m = memo_for(pl, size, align);

	while (m->from && !fits(m->from, size, align, base))
		m->from = m->from->next;
	return m->from;
}

static void take_hole(struct planner *pl, struct hole *h, u64 base, u64 size)
{
	u64 end = h->base + h->size;

	h->size = base - h->base;
	if (end - base > size) {
		struct hole *rest = NEW(&pl->b->arena, struct hole);

		*rest = (struct hole){ base + size, end - base - size, h->next };
		h->next = rest;
	}
}

static void report_no_room(struct planner *pl, const struct plan_device *d)
{
	char buf[32];

	diag_report(pl->b->ds, d->reg_at, DIAG_no_room, "no room is left for `%s` (%s)", d->name,
		    size_text(buf, sizeof(buf), d->size));
	if (!pl->p->nauto_mmio) {
		diag_hint(pl->b->ds, "write `reg:`, or say where `auto` may go: "
				     "`auto: {mmio: [0x1000_1000, 1M]}`");
		return;
	}
	for (u32 i = 0; i < pl->p->nauto_mmio; i++)
		diag_note(pl->b->ds, (struct pos){ 0 }, "%s is full",
			  span_text(&pl->b->arena, pl->p->auto_mmio[i].base,
				    pl->p->auto_mmio[i].size));
	diag_hint(pl->b->ds, "add a range to `auto: {mmio: ...}`, or give it a `reg:`");
}

static void place_automatic(struct planner *pl)
{
	for (u32 i = 0; i < pl->p->ndevices; i++) {
		struct plan_device *d = &pl->p->devices[i];
		struct hole *h;

		if (d->parent != PLAN_NONE || !pl->drafts[i].automatic || pl->drafts[i].pinned)
			continue;
		h = find_hole(pl, d->size, pl->drafts[i].align, &d->base);
		if (!h) {
			report_no_room(pl, d);
			continue;
		}
		take_hole(pl, h, d->base, d->size);
	}
}

/* -- Overlap ---------------------------------------------------------------------------- */

static const char *claim_text(struct arena *a, const struct claim *c)
{
	return c->part ? arena_printf(a, "`%s` (%s)", c->name, c->part)
		       : arena_printf(a, "`%s`", c->name);
}

static void report_overlap(struct planner *pl, const struct claim *a, const struct claim *b)
{
	const struct claim *late = a->order > b->order ? a : b, *early = late == a ? b : a;
	struct arena *mem = &pl->b->arena;
	const struct plan_device *d =
		late->device == PLAN_NONE ? NULL : &pl->p->devices[late->device];
	char most[32];
	u64 hole;

	diag_report(pl->b->ds, late->at, DIAG_overlap, "%s overlaps %s on the system bus",
		    claim_text(mem, late), claim_text(mem, early));
	diag_label(pl->b->ds, "%s", span_text(mem, late->base, late->size));
	diag_note(pl->b->ds, early->at, "%s covers %s", claim_text(mem, early),
		  span_text(mem, early->base, early->size));
	if (early->device == PLAN_NONE && early->base < late->base) {
		diag_hint(pl->b->ds, "make `%s` at most %s", early->name,
			  size_text(most, sizeof(most), late->base - early->base));
		return;
	}
	if (!d || late->base != d->base ||
	    !find_hole(pl, late->size, pl->drafts[late->device].align, &hole))
		return;
	if (d->class->mmio_size == late->size)
		diag_hint(pl->b->ds, "write `reg: auto`; the first free hole is %s",
			  hex_text(mem, hole));
	else
		diag_hint(pl->b->ds, "the first free hole is %s", hex_text(mem, hole));
}

/* Sorted by base, each is in the way of the one that reaches farthest so far, or of none. */
static void check_overlaps(struct planner *pl)
{
	u32 far = 0;

	for (u32 i = 1; i < pl->nclaims; i++) {
		const struct claim *c = &pl->claims[i], *f = &pl->claims[far];

		if (ranges_overlap(f->base, f->size, c->base, c->size))
			report_overlap(pl, f, c);
		if (c->base + (c->size - 1) > f->base + (f->size - 1))
			far = i;
	}
}

void plan_place(struct planner *pl)
{
	for (u32 i = 0; i < pl->p->ndevices; i++)
		if (pl->drafts[i].bus == BUS_MMIO)
			read_window(pl, i);
	place_on_buses(pl);
	claim_fixed(pl);
	if (pl->nclaims)
		qsort(pl->claims, pl->nclaims, sizeof(*pl->claims), by_base);
	honor_pins(pl);
	find_holes(pl);
	place_automatic(pl);
	check_overlaps(pl);
}
