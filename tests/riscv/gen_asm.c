/* gen_asm.c - an assembler out of rv.def
 *
 * Which bit of a word is which bit of the immediate is asked of the decoder, one bit at a
 * time, so a new row needs nothing here.
 */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

/* -- Rows: patterns to fields -------------------------------------------------------- */

static void widen(struct field *f, u32 bit)
{
	f->shift = (u8)bit;
	f->width++;
}

/* A letter of the pattern.  True: it is a bit of an immediate. */
static bool letter(struct form *r, char c, u32 bit)
{
	switch (c) {
	case '1':
		r->match |= (u32)1 << bit;
		return false;
	case '0':
	case '.':
		return false;
	case 'd':
	case 'N':
		widen(&r->d, bit);
		return false;
	case 'x':
	case 'X':
		widen(&r->d, bit);
		widen(&r->a, bit);
		return false;
	case 'a':
	case 'Q':
		widen(&r->a, bit);
		return false;
	case 'b':
	case 'E':
		widen(&r->b, bit);
		return false;
	case 'r':
		widen(&r->r, bit);
		return false;
	case 'm':
		widen(&r->m, bit);
		return false;
	case 'c':
		widen(&r->c, bit);
		return false;
	default:
		return true;
	}
}

const struct form *decoded(const struct gen *g, u32 word, struct op *op)
{
	const struct source *source;

	decode_source(g->decoder, word, op, &source);
	for (u32 i = 0; source && i < g->nrows; i++)
		if (g->rows[i].source == source)
			return &g->rows[i];
	return NULL;
}

/* `imm` are the immediate's bits in the word.  The registers are 8, which no row excepts. */
static void learn(struct gen *g, struct form *r, u32 imm)
{
	const struct field *fields[] = { &r->d, &r->a, &r->b };
	u32 word = r->match | imm;
	struct op all, one;

	for (u32 i = 0; i < ARRAY_LEN(fields); i++)
		word = set_field(word, fields[i], 8);
	for (u32 bit = 0; bit < 32; bit++) {
		if (!(imm >> bit & 1))
			continue;
		if (decoded(g, word, &all) != r || decoded(g, word ^ (u32)1 << bit, &one) != r)
			assert(false && "the row is not what its pattern says");
		r->to[bit] = (u32)(all.imm ^ one.imm);
	}
}

static enum class class_of(const struct form *r) {
	const char *operands = r->source->operands;

	if (strchr(operands, 'v')) return CLASS_BRANCH;
	if (strchr(operands, 'j') || r->source->row == ROW_jalr) return CLASS_JUMP;
	if (strstr(operands, "i(a)") || strstr(operands, "s(a)")) return CLASS_MEMORY;
	if (strstr(operands, "(a)")) return CLASS_ATOMIC;
	if (r->c.width && strchr(operands, 'c')) return CLASS_CSR;
	if ((r->match & 0x707f) == 0x73 || r->source->row == ROW_fence_i) return CLASS_SYSTEM;
	return CLASS_PLAIN;
}

static u32 compile(struct form *r, const struct source *source)
{
	u32 width = 0, imm = 0, bit;

	r->source = source;
	for (const char *c = source->bits; *c; c++)
		width += *c != ' ';
	bit = r->len = width;
	r->len /= 8;
	for (const char *c = source->bits; *c; c++)
		if (*c != ' ' && letter(r, *c, --bit))
			imm |= (u32)1 << bit;
	r->f_d = strstr(source->operands, "fd");
	r->class = class_of(r);
	return imm;
}

void asm_init(struct gen *g)
{
	struct isa isa = { .xlen = 64 };
	u32 *imm;

	for (u32 x = 0; x < EXT_COUNT; x++)
		if (isa_rows[x].implemented)
			isa_set(&isa, (enum isa_ext)x);
	g->decoder = decoder_new(&isa);
	g->nrows = source_count;
	g->rows = xcalloc(g->nrows, sizeof(*g->rows));
	imm = xcalloc(g->nrows, sizeof(*imm));
	for (u32 i = 0; i < g->nrows; i++)
		imm[i] = compile(&g->rows[i], &sources[i]);
	for (u32 i = 0; i < g->nrows; i++)
		learn(g, &g->rows[i], imm[i]);
	free(imm);
}

void asm_free(struct gen *g)
{
	decoder_free(g->decoder);
	free(g->rows);
	free(g->labels);
	free(g->fixups);
}

/* -- Words ------------------------------------------------------------------------------ */

/* Three bits are x8 to x15, four an even register. */
u32 set_field(u32 word, const struct field *f, u32 reg)
{
	u32 mask = (u32)LOW_BITS(f->width);

	if (f->width == 4)
		reg /= 2;
	return (word & ~(mask << f->shift)) | (reg & mask) << f->shift;
}

/* Bits that the immediate does not have are dropped. */
u32 set_imm(const struct form *r, u32 word, u64 imm)
{
	for (u32 bit = 0; bit < 32; bit++) {
		u32 lowest = r->to[bit] & -r->to[bit];

		if (!lowest)
			continue;
		word &= ~((u32)1 << bit);
		if (imm & lowest)
			word |= (u32)1 << bit;
	}
	return word;
}

void put_word(struct gen *g, u32 word, u32 len)
{
	assert(g->at + len <= IMAGE_SIZE);
	for (u32 i = 0; i < len; i++)
		g->image[g->at++] = (u8)(word >> 8 * i);
}

/* -- Labels --------------------------------------------------------------------------- */

static void define(struct gen *g, const char *name)
{
	struct label *l;

	GROW(&g->labels, g->nlabels, &g->labels_cap);
	l = &g->labels[g->nlabels++];
	snprintf(l->name, sizeof(l->name), "%s", name);
	l->at = g->at;
}

static void refer(struct gen *g, const char *name, struct fixup f)
{
	GROW(&g->fixups, g->nfixups, &g->fixups_cap);
	snprintf(f.name, sizeof(f.name), "%s", name);
	g->fixups[g->nfixups++] = f;
}

static void refer_label(struct gen *g, u32 label, struct fixup f)
{
	char name[16];

	snprintf(name, sizeof(name), "L%" PRIu32, label);
	refer(g, name, f);
}

static u32 address(const struct gen *g, const char *name)
{
	if (*name == '@')
		return (u32)strtoul(name + 1, NULL, 16);
	for (size_t i = g->nlabels; i--;)
		if (!strcmp(g->labels[i].name, name))
			return g->labels[i].at;
	assert(false && "no such label");
	return 0;
}

u32 new_label(struct gen *g)
{
	return g->unique++;
}

void place(struct gen *g, u32 label)
{
	char name[16];

	snprintf(name, sizeof(name), "L%" PRIu32, label);
	define(g, name);
}

void put_to(struct gen *g, const struct form *row, u32 word, u32 label)
{
	refer_label(g, label, (struct fixup){ .at = g->at, .row = row });
	put_word(g, word, row->len);
}

void put_offset(struct gen *g, u32 at, u32 size, u32 label, u64 more)
{
	refer_label(g, label, (struct fixup){ .at = at, .size = size, .more = more });
}

static const struct form *row_named(const struct gen *g, const char *name)
{
	for (u32 i = 0; i < g->nrows; i++)
		if (!strcmp(g->rows[i].source->name, name))
			return &g->rows[i];
	assert(false && "no such instruction");
	return NULL;
}

static void patch(const struct gen *g, u32 at, const struct form *row, i64 imm)
{
	u8 *p = (u8 *)(uintptr_t)g->image + at;
	u32 word = row->len == 2 ? get_le16(p) : get_le32(p);
	struct op op;

	word = set_imm(row, word, (u64)imm);
	decoded(g, word, &op);
	assert(op.imm == imm && "the immediate does not fit");
	for (u32 i = 0; i < row->len; i++)
		p[i] = (u8)(word >> 8 * i);
}

bool reaches(const struct gen *g, const struct form *r, u32 distance)
{
	struct op op;

	decoded(g, set_imm(r, r->match, distance), &op);
	return op.imm == (i32)distance;
}

void resolve(struct gen *g)
{
	for (size_t i = 0; i < g->nfixups; i++) {
		const struct fixup *f = &g->fixups[i];
		u32 to = address(g, f->name);
		i64 distance = (i64)to - f->at, high = (distance + 0x800) & ~(i64)0xfff;

		if (f->size == 8) {
			put_le64(g->image + f->at, to + f->more);
		} else if (f->size == 4) {
			put_le32(g->image + f->at, (u32)(to + f->more));
		} else if (f->la) {
			patch(g, f->at, row_named(g, "auipc"), high);
			patch(g, f->at + 4, row_named(g, "addi"), distance - high);
		} else {
			patch(g, f->at, f->row, distance);
		}
	}
	g->nfixups = 0;
}

void wipe_one(struct gen *g, u32 at, u32 len)
{
	static const u32 nops[] = { 0x0001, 0x00000013 };

	for (size_t i = 0; i < g->nfixups; i++)
		if (g->fixups[i].at == at)
			g->fixups[i] = g->fixups[--g->nfixups];
	for (u32 i = 0; i < len; i++)
		g->image[at + i] = (u8)(nops[len == 4] >> 8 * i);
}

void wipe(struct gen *g, u32 at)
{
	u32 end = g->at, len;

	for (size_t i = 0; i < g->nfixups;)
		if (g->fixups[i].at >= at)
			g->fixups[i] = g->fixups[--g->nfixups];
		else
			i++;
	for (; at < end; at += len) {
		len = (end - at) % 4 ? 2 : 4;
		wipe_one(g, at, len);
	}
}

/* -- Lines ------------------------------------------------------------------------------ */

static u32 csr_number(const char *name)
{
	for (u32 i = 1; i < csr_nrows; i++)
		if (!strcmp(csr_rows[i].name, name))
			return csr_rows[i].first;
	return (u32)strtoul(name, NULL, 0);
}

/* The text of an operand, up to the next mark. */
static const char *take(const char *text, char *out, size_t cap)
{
	size_t n = strcspn(text, ",()");

	snprintf(out, cap, "%.*s", (int)n, text);
	return text + n;
}

static u32 operand(struct gen *g, const struct form *r, u32 word, char kind, const char *text)
{
	u32 reg = (u32)strtoul(text + 1, NULL, 10);

	switch (kind) {
	case 'd':
		return set_field(word, &r->d, reg);
	case 'a':
		return set_field(word, &r->a, reg);
	case 'x':
		return set_field(set_field(word, &r->d, reg), &r->a, reg);
	case 'b':
		return set_field(word, &r->b, reg);
	case 'r':
		return set_field(word, &r->r, reg);
	case 'm':
		return set_field(word, &r->m, reg);
	case 'c':
		return set_field(word, &r->c, csr_number(text));
	case 'z':
		return set_field(word, &r->a, (u32)strtoul(text, NULL, 0));
	case 'u':
		return set_imm(r, word, strtoull(text, NULL, 0) << 12);
	case 'v':
	case 'j':
		refer(g, text, (struct fixup){ .at = g->at, .row = r });
		return word;
	default:
		return set_imm(r, word, (u64)strtoll(text, NULL, 0));
	}
}

static void instruction(struct gen *g, const char *name, const char *text)
{
	const struct form *r = row_named(g, name);
	u32 word = r->match;
	char one[32];

	for (const char *k = r->source->operands; *k; k++) {
		if (strchr(",()", *k)) {
			assert(*text == *k);
			text++;
		} else if (*k != 'f') {
			text = take(text, one, sizeof(one));
			word = operand(g, r, word, *k, one);
		}
	}
	put_word(g, word, r->len);
}

static void li(struct gen *g, u32 reg, i64 value)
{
	i64 low = (value << 52) >> 52, high = (i64)((u64)value - (u64)low);

	if (value == low) {
		put(g, "addi x%u,x0,%" PRId64, reg, value);
	} else if (value == (i32)value) {
		put(g, "lui x%u,%" PRId64, reg, high >> 12 & 0xfffff);
		if (low)
			put(g, "addiw x%u,x%u,%" PRId64, reg, reg, low);
	} else {
		li(g, reg, high >> 12);
		put(g, "slli x%u,x%u,12", reg, reg);
		if (low)
			put(g, "addi x%u,x%u,%" PRId64, reg, reg, low);
	}
}

static void la(struct gen *g, u32 reg, const char *name)
{
	refer(g, name, (struct fixup){ .at = g->at, .la = true });
	put(g, "auipc x%u,0; addi x%u,x%u,0", reg, reg, reg);
}

static void line(struct gen *g, const char *text)
{
	size_t n = strcspn(text, " ");
	const char *rest = text + n + (text[n] == ' ');
	char name[32];
	u32 reg = (u32)strtoul(text + MIN(n + 2, strlen(text)), NULL, 10);

	snprintf(name, sizeof(name), "%.*s", (int)n, text);
	if (n && name[n - 1] == ':') {
		name[n - 1] = '\0';
		define(g, name);
		if (*rest)
			line(g, rest);
	} else if (!strcmp(name, "la")) {
		la(g, reg, strchr(text, ',') + 1);
	} else if (!strcmp(name, "li")) {
		li(g, reg, (i64)strtoull(strchr(text, ',') + 1, NULL, 0));
	} else {
		instruction(g, name, rest);
	}
}

void put(struct gen *g, const char *fmt, ...)
{
	struct str s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vadd(&s, fmt, ap);
	va_end(ap);
	for (char *at = s.p; *at;) {
		char *end = at + strcspn(at, ";\n");
		bool more = *end;

		*end = '\0';
		line(g, at + strspn(at, " \t"));
		at = end + more;
		at += strspn(at, " \t\n;");
	}
	str_free(&s);
}
