/* regbank.c - registers as data, for a block that is only probed
 *
 * A driver that turns a clock on, waits for a lock bit and reads an identity needs no
 * model: it needs registers that answer.  Each register of the board file keeps what
 * is written under its mask; bits of `read-set` always read as 1; writing 1 to a bit
 * of `w1c` clears it; a `sequence` is what successive reads return, and its last
 * value stays.  What has no register reads 0.
 *
 * With `cells:` it provides clocks or resets, which then do nothing.
 */
#include "device.h"

#include <errno.h>

#define CLOCKS 8

struct row {
	const char *name;
	u64 offset, reset, mask, read_set, w1c;
	u32 width;
	struct text_list sequence;
};

struct bank {
	struct device dev;

	/* properties */
	struct table registers;
	u32 clock_cells, reset_cells;
	struct ref clocks[CLOCKS];

	u32 nrows;
	const struct row *rows;
	u64 *value;  /* of each row */
	u32 *reads;  /* of each row's sequence */
	u64 **steps; /* each row's sequence, as numbers */
};

/* -- Access ------------------------------------------------------------------- */

static u64 bits_of(const struct row *r)
{
	return LOW_BITS(8 * r->width);
}

static const struct row *find(const struct bank *b, u64 off, u32 width)
{
	for (u32 i = 0; i < b->nrows; i++)
		if (b->rows[i].offset == off && b->rows[i].width == width)
			return &b->rows[i];
	return NULL;
}

static u64 next_step(struct bank *b, u32 i)
{
	u32 last = b->rows[i].sequence.n - 1;
	u32 step = MIN(b->reads[i], last);

	b->reads[i] = MIN(step + 1, last);
	return b->steps[i][step];
}

static u64 bank_read(struct device *dev, u64 off, u32 width)
{
	struct bank *b = (struct bank *)dev;
	const struct row *r = find(b, off, width);
	u32 i;

	if (!r) {
		guest_error(dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
		return 0;
	}
	i = (u32)(r - b->rows);
	return (r->sequence.n ? next_step(b, i) : b->value[i]) | (r->read_set & bits_of(r));
}

static void bank_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct bank *b = (struct bank *)dev;
	const struct row *r = find(b, off, width);
	u64 *v;

	if (!r) {
		guest_error(dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
		return;
	}
	v = &b->value[r - b->rows];
	*v &= ~(value & r->w1c);
	*v = (*v & ~(r->mask & ~r->w1c)) | (value & r->mask & ~r->w1c);
}

/* -- Life ---------------------------------------------------------------------- */

static void bank_reset(struct device *dev)
{
	struct bank *b = (struct bank *)dev;

	for (u32 i = 0; i < b->nrows; i++)
		b->value[i] = b->rows[i].reset;
}

static bool parse_number(const char *text, u64 *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool parse_sequence(struct bank *b, u32 i, struct err *e)
{
	const struct row *r = &b->rows[i];

	b->steps[i] = xcalloc(r->sequence.n, sizeof(u64));
	for (u32 k = 0; k < r->sequence.n; k++)
		if (!parse_number(r->sequence.text[k], &b->steps[i][k]) ||
		    b->steps[i][k] > bits_of(r))
			return err_set(e, "registers: %s: sequence: `%s` is no number of %u bytes",
				       r->name, r->sequence.text[k], r->width);
	return true;
}

static bool check_row(const struct bank *b, const struct row *r, struct err *e)
{
	u64 all = r->reset | r->read_set | r->w1c;

	if (r->width != 1 && r->width != 2 && r->width != 4 && r->width != 8)
		return err_set(e, "registers: %s: width: %u is not 1, 2, 4 or 8", r->name,
			       r->width);
	if (r->offset % r->width || !range_inside(r->offset, r->width, 0, device_window(&b->dev)))
		return err_set(e, "registers: %s: offset: it is misaligned or outside of `reg`",
			       r->name);
	if (all > bits_of(r))
		return err_set(e, "registers: %s: a value does not fit %u bytes", r->name,
			       r->width);
	for (const struct row *s = b->rows; s < r; s++)
		if (ranges_overlap(r->offset, r->width, s->offset, s->width))
			return err_set(e, "registers: %s overlaps %s", r->name, s->name);
	return true;
}

static bool bank_init(struct device *dev, struct err *e)
{
	struct bank *b = (struct bank *)dev;

	b->rows = b->registers.rows;
	b->nrows = b->registers.n;
	b->value = xcalloc(b->nrows, sizeof(b->value[0]));
	b->reads = xcalloc(b->nrows, sizeof(b->reads[0]));
	b->steps = xcalloc(b->nrows, sizeof(b->steps[0]));
	for (u32 i = 0; i < b->nrows; i++)
		if (!check_row(b, &b->rows[i], e) || !parse_sequence(b, i, e))
			return false;
	return true;
}

static void bank_fini(struct device *dev)
{
	struct bank *b = (struct bank *)dev;

	for (u32 i = 0; b->steps && i < b->nrows; i++)
		free(b->steps[i]);
	free(b->steps);
	free(b->reads);
	free(b->value);
}

/* clang-format off */
#define SELF struct row

static const struct prop row_props[] = {
	PROP_U64(offset, .required = true, .doc = "from the start of the window"),
	PROP_U64(reset, .doc = "the value after a reset"),
	PROP_U64(mask, .def = UINT64_MAX, .doc = "the bits that a write changes"),
	PROP_U64(read_set, .doc = "the bits that always read as 1"),
	PROP_U64(w1c, .doc = "the bits that writing 1 clears"),
	PROP_U32(width, .def = 4, .min = 1, .max = 8, .doc = "in bytes"),
	PROP_LIST(sequence, .doc = "what reads return, one after the other; the last one stays"),
	{ 0 }
};

#undef SELF
#define SELF struct bank

DEVICE(regbank) = {
	.name      = "regbank",
	.doc       = "registers as data, for a block that is only probed",
	.node      = "bank",
	.size      = sizeof(SELF),
	.mmio_max  = 64 * MIB,
	.example   = "prci: {device: regbank, reg: [0x1000_0000, 4K], "
		     "registers: {pll: {offset: 4, read-set: 0x8000_0000}}}",
	.init      = bank_init,
	.fini      = bank_fini,
	.reset     = bank_reset,
	.read      = bank_read,
	.write     = bank_write,

	.props = PROPS(
		PROP_TABLE(registers, struct row, .rows = row_props, .doc = "by name"),
		PROP_U32(clock_cells, .key = "cells.clock", .max = 2, .fdt = "#clock-cells",
			 .doc = "provides clocks, named by so many cells"),
		PROP_U32(reset_cells, .key = "cells.reset", .max = 2, .fdt = "#reset-cells",
			 .doc = "provides resets, named by so many cells"),
		PROP_REFS(clocks, .wants = PROVIDES_CLOCK, .fdt = "clocks",
			  .doc = "what it says it runs from")),

	.state = STATE(FIELD_N(value, nrows), FIELD_N(reads, nrows)),
};
