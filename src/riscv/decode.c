/* decode.c - words to decoded instructions, by the patterns of rv.def.
 *
 * Patterns are text.  decoder_new() compiles those of one ISA to masks, shifts and pieces of
 * immediates, and sorts them into buckets by the bits that tell most apart: opcode and funct3.
 */
#include "decoder.h"

#include <stdlib.h>
#include <strings.h>

const struct source sources[] = {
/* clang-format off */
#define I(name, ext, bits, opnds, sem)   { #name, #ext, bits, "", "", opnds, ROW_##name, 0 },
#define I64(name, ext, bits, opnds, sem) { #name, #ext, bits, "", "", opnds, ROW_##name, 64 },
#define C(name, ext, bits, where, fixed, opnds, row)   { #name, #ext, bits, where, fixed, opnds, ROW_##row, 0 },
#define C64(name, ext, bits, where, fixed, opnds, row) { #name, #ext, bits, where, fixed, opnds, ROW_##row, 64 },
#include "rv.def"
	/* clang-format on */
};

#define SOURCES ARRAY_LEN(sources)

const u32 source_count = SOURCES;

/* Some bits of an immediate: from where in the word to where in the number. */
struct piece {
	u8 from, to, width;
};

struct reg {
	u8 shift, width; /* width 0: the register is `fixed` */
	u8 fixed;
};

struct form {
	const struct source *source;
	u32 mask, match;
	u32 nonzero; /* bits that must not all be 0; 0: no such rule */
	u32 len;     /* slots */
	struct reg rd, a, b, r;
	bool f_rd; /* rd is an f register: f0 is no sink */
	bool word; /* the immediate is the word */
	u8 rm;     /* shift of the rounding mode, or 0 */
	u8 sign;   /* bit of the immediate that is its sign, or 0 */
	u8 npieces;
	struct piece pieces[8];
	i32 imm; /* fixed part of it */
};

/* Opcode (5 bits) and funct3 of 32-bit words; quadrant and funct3 of 16-bit ones. */
#define BUCKETS32 256
#define BUCKETS   (BUCKETS32 + 32)

struct decoder {
	struct form forms[SOURCES];
	u32 nforms;
	u32 first[BUCKETS + 1]; /* into `list` */
	u16 *list;              /* numbers of forms */
};

static u32 bucket_of(u32 w)
{
	return (w & 3) == 3 ? (w >> 2 & 31) | (w >> 12 & 7) << 5
			    : BUCKETS32 + ((w & 3) | (w >> 13 & 7) << 2);
}

/* -- Which rows a hart has ------------------------------------------------------ */

static bool has_one(const struct isa *isa, const char *name, size_t n)
{
	for (u32 x = 0; x < EXT_COUNT; x++)
		if (!strncasecmp(isa_rows[x].name, name, n) && !isa_rows[x].name[n])
			return isa_has(isa, (enum isa_ext)x);
	assert(false && "rv.def names an extension that isa.def lacks");
	return false;
}

static bool has_all(const struct isa *isa, const char *names)
{
	for (;;) {
		size_t n = strcspn(names, "_");

		if (!has_one(isa, names, n))
			return false;
		if (!names[n])
			return true;
		names += n + 1;
	}
}

/* -- Patterns to masks and pieces ------------------------------------------------- */

/* Where the bits of the formats' immediates go, first letter first. */
static const char *format(char letter)
{
	switch (letter) {
	case 'i':
	case 's':
		return "-11:0";
	case 'u':
		return "-31:12";
	case 'v':
		return "-12 10:5 4:1 11";
	case 'j':
		return "-20 10:1 11 19:12";
	default:
		return NULL; /* h, n, o: a plain number */
	}
}

/* "-5 4:2 7" to { 5, 4, 3, 2, 7 }. */
static u32 expand(const char *where, u8 *to)
{
	u32 n = 0;

	while (*where) {
		char *end;
		long hi, lo;

		where += *where == ' ' || *where == '-';
		hi = lo = strtol(where, &end, 10);
		if (*end == ':')
			lo = strtol(end + 1, &end, 10);
		where = end;
		while (hi >= lo)
			to[n++] = (u8)hi--;
	}
	return n;
}

static void add_bit(struct form *f, u8 from, u8 to)
{
	struct piece *p = f->npieces ? &f->pieces[f->npieces - 1] : NULL;

	if (p && p->from == from + 1 && p->to == to + 1) {
		p->from--, p->to--, p->width++;
		return;
	}
	assert(f->npieces < ARRAY_LEN(f->pieces));
	f->pieces[f->npieces++] = (struct piece){ from, to, 1 };
}

/* The immediate: its letters stand at `at`, n of them. */
static void immediate(struct form *f, char letter, const u8 *at, u32 n)
{
	const char *where = *f->source->where ? f->source->where : format(letter);
	u8 to[32] = { 0 };

	if (!where)
		for (u32 i = 0; i < n; i++)
			to[i] = (u8)(n - 1 - i);
	else
		n = MIN(n, expand(where, to));
	for (u32 i = 0; i < n; i++)
		add_bit(f, at[i], to[i]);
	if (where && where[0] == '-') /* the sign is the first letter */
		f->sign = to[0];
}

static void add_reg(struct reg *r, u32 bit)
{
	r->shift = (u8)bit;
	r->width++;
}

/* Capitals are fields that must not be 0: what they are otherwise, or 0. */
static char plain(char c)
{
	static const char capitals[] = "NQEXI", meaning[] = "dabxi";
	const char *at = strchr(capitals, c);

	return at ? meaning[at - capitals] : '\0';
}

/* One letter of a pattern: its bit of the word. */
static void letter(struct form *f, char c, u32 bit, u8 *at, u32 *n)
{
	u32 mask = (u32)1 << bit;

	if (plain(c)) {
		f->nonzero |= mask;
		c = plain(c);
	}
	switch (c) {
	case '0':
	case '1':
		f->mask |= mask;
		f->match |= c == '1' ? mask : 0;
		break;
	case '.':
		break;
	case 'd':
		add_reg(&f->rd, bit);
		break;
	case 'a':
		add_reg(&f->a, bit);
		break;
	case 'b':
		add_reg(&f->b, bit);
		break;
	case 'x':
		add_reg(&f->rd, bit);
		add_reg(&f->a, bit);
		break;
	case 'r':
		add_reg(&f->r, bit);
		break;
	case 'm':
		f->rm = (u8)bit;
		break;
	case 'c':
		f->word = true;
		break;
	default:
		at[(*n)++] = (u8)bit;
		break;
	}
}

/* "d=2 a=2 i=-1" */
static void fix(struct form *f, const char *fixed)
{
	for (const char *s = fixed; *s; s += strcspn(s, " "), s += *s == ' ') {
		i32 v = (i32)strtol(s + 2, NULL, 10);

		if (*s == 'd')
			f->rd.fixed = v ? (u8)v : X_SINK;
		else if (*s == 'a')
			f->a.fixed = (u8)v;
		else if (*s == 'i')
			f->imm = v;
	}
}

static struct form compile(const struct source *source)
{
	struct form f = { .source = source, .rd.fixed = X_SINK };
	const char *bits = source->bits;
	u32 width = 0, n = 0;
	char imm = 0;
	u8 at[32];

	for (const char *s = bits; *s; s++)
		width += *s != ' ';
	assert(width == 16 || width == 32);
	f.len = width / 16;
	f.f_rd = strstr(source->operands, "fd") != NULL;
	for (u32 bit = width; *bits; bits++) {
		u32 before = n;

		if (*bits == ' ')
			continue;
		letter(&f, *bits, --bit, at, &n);
		if (n > before)
			imm = *bits;
	}
	immediate(&f, imm, at, n);
	fix(&f, source->fixed);
	return f;
}

static int by_mask(const void *a, const void *b)
{
	const struct form *f = a, *g = b;

	return POPCOUNT64(g->mask) - POPCOUNT64(f->mask);
}

/* The form can match a word of this bucket. */
static bool fits(const struct form *f, u32 bucket)
{
	u32 word, mask;

	if ((f->len == 2) != (bucket < BUCKETS32))
		return false;
	if (f->len == 2) {
		word = 3 | (bucket & 31) << 2 | bucket >> 5 << 12;
		mask = 0x707f;
	} else {
		word = (bucket & 3) | (bucket - BUCKETS32) >> 2 << 13;
		mask = 0xe003;
	}
	return !((f->match ^ word) & f->mask & mask);
}

struct decoder *decoder_new(const struct isa *isa)
{
	struct decoder *d = xzalloc(sizeof(*d));
	size_t cap = 0;
	u32 n = 0;

	for (u32 i = 0; i < SOURCES; i++)
		if (has_all(isa, sources[i].ext) &&
		    (!sources[i].xlen || sources[i].xlen == isa->xlen))
			d->forms[d->nforms++] = compile(&sources[i]);
	qsort(d->forms, d->nforms, sizeof(d->forms[0]), by_mask);
	for (u32 b = 0; b < BUCKETS; b++) {
		d->first[b] = n;
		for (u32 i = 0; i < d->nforms; i++)
			if (fits(&d->forms[i], b)) {
				GROW(&d->list, n, &cap);
				d->list[n++] = (u16)i;
			}
	}
	d->first[BUCKETS] = n;
	return d;
}

void decoder_free(struct decoder *d)
{
	if (d)
		free(d->list);
	free(d);
}

bool decoder_pattern(const struct decoder *d, u32 i, struct pattern *out)
{
	const struct form *f = &d->forms[i];

	if (i >= d->nforms)
		return false;
	*out = (struct pattern){ f->source->name, f->mask, f->match, f->len };
	return true;
}

/* -- Decoding --------------------------------------------------------------------- */

static bool matches(const struct form *f, u32 w)
{
	u32 rm = f->rm ? w >> f->rm & 7 : 0;

	return (w & f->mask) == f->match && (!f->nonzero || (w & f->nonzero)) && rm != 5 && rm != 6;
}

static const struct form *find(const struct decoder *d, u32 w)
{
	u32 bucket = bucket_of(w);

	for (u32 i = d->first[bucket]; i < d->first[bucket + 1]; i++)
		if (matches(&d->forms[d->list[i]], w))
			return &d->forms[d->list[i]];
	return NULL;
}

static u8 reg(const struct reg *r, u32 w)
{
	u32 v = w >> r->shift & (u32)LOW_BITS(r->width);

	switch (r->width) {
	case 0:
		return r->fixed;
	case 3:
		return (u8)(v + 8);
	case 4:
		return (u8)(v * 2);
	default:
		return (u8)v;
	}
}

static i32 gather(const struct form *f, u32 w)
{
	u32 v = (u32)f->imm, sign = f->sign ? (u32)1 << f->sign : 0;

	if (f->word)
		return (i32)w;
	if (f->rm)
		return reg(&f->r, w) | (i32)(w >> f->rm & 7) << 8;
	for (u32 i = 0; i < f->npieces; i++) {
		const struct piece *p = &f->pieces[i];

		v |= (w >> p->from & (u32)LOW_BITS(p->width)) << p->to;
	}
	return (i32)((v ^ sign) - sign);
}

enum row decode_source(const struct decoder *d, u32 word, struct op *op, const struct source **out)
{
	bool wide = (word & 3) == 3;
	u32 w = wide ? word : word & 0xffff;
	const struct form *f = find(d, w);

	op->len = wide ? 2 : 1;
	*out = f ? f->source : NULL;
	if (!f)
		return ROW_ILLEGAL;
	op->rd = reg(&f->rd, w);
	if (!op->rd && !f->f_rd)
		op->rd = X_SINK;
	op->rs1 = reg(&f->a, w);
	op->rs2 = reg(&f->b, w);
	op->imm = gather(f, w);
	return f->source->row;
}

enum row decode(const struct decoder *d, u32 word, struct op *op)
{
	const struct source *source;

	return decode_source(d, word, op, &source);
}
