/* disasm.c - instructions to text: walks the operand column of rv.def.
 *
 * Names and operands are those of binutils without aliases, so that the two can be compared.
 */
#include "decoder.h"

#include <inttypes.h>

static const char *const x_names[] = {
	"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
	"a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
	"s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "zero",
};

static const char *const f_names[] = {
	"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
	"fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
	"fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

_Static_assert(ARRAY_LEN(x_names) == X_SINK + 1, "the sink reads like x0");
_Static_assert(ARRAY_LEN(f_names) == 32, "f0 to f31");

/* fence: the sets of pred (at 24) and succ (at 20). */
static void fence_set(struct str *s, u32 set)
{
	static const char letters[] = "iorw";

	if (!set)
		str_add(s, "unknown");
	for (u32 i = 0; i < 4; i++)
		if (set & 8 >> i)
			str_add(s, "%c", letters[i]);
}

static void rounding(struct str *s, u32 rm)
{
	static const char *const names[] = { "rne", "rtz", "rdn", "rup", "rmm" };

	if (rm < ARRAY_LEN(names))
		str_add(s, "%s", names[rm]);
	else
		s->n--; /* dynamic goes without saying, and without its comma */
}

static void f_operand(struct str *s, const struct op *op, char c)
{
	u32 n = c == 'd' ? op->rd : c == 'a' ? op->rs1 : c == 'b' ? op->rs2 : (u32)op->imm;

	str_add(s, "%s", f_names[n & 31]);
}

static void operand(struct str *s, const struct op *op, u64 pc, char c)
{
	u32 imm = (u32)op->imm;

	switch (c) {
	case 'd':
	case 'x':
		str_add(s, "%s", x_names[op->rd]);
		break;
	case 'a':
		str_add(s, "%s", x_names[op->rs1]);
		break;
	case 'b':
		str_add(s, "%s", x_names[op->rs2]);
		break;
	case 'i':
	case 's':
	case 'n':
		str_add(s, "%" PRId32, op->imm);
		break;
	case 'h':
		str_add(s, "0x%" PRIx32, imm);
		break;
	case 'u':
		str_add(s, "0x%" PRIx32, imm >> 12);
		break;
	case 'v':
	case 'j':
		str_add(s, "0x%" PRIx64, pc + (u64)(i64)op->imm);
		break;
	case 'c':
		str_add(s, "0x%" PRIx32, imm >> 20);
		break;
	case 'z':
		str_add(s, "%u", op->rs1);
		break;
	case 'p':
		fence_set(s, imm >> 24 & 15);
		break;
	case 'q':
		fence_set(s, imm >> 20 & 15);
		break;
	case 'm':
		rounding(s, imm >> 8);
		break;
	default:
		str_add(s, "%c", c);
		break;
	}
}

/* "amoadd_w" and aq, rl: "amoadd.w.aqrl". */
static void mnemonic(struct str *s, const struct source *source, const struct op *op)
{
	static const char *const order[] = { "", ".rl", ".aq", ".aqrl" };

	for (const char *c = source->name; *c; c++)
		str_add(s, "%c", *c == '_' ? '.' : *c);
	if (strstr(source->bits, "oo"))
		str_add(s, "%s", order[op->imm & 3]);
}

void disasm(const struct decoder *d, u32 word, u64 pc, char *text, size_t cap)
{
	const struct source *source;
	struct str s = { 0 };
	struct op op = { 0 };

	decode_source(d, word, &op, &source);
	if (!source) {
		snprintf(text, cap, op.len == 2 ? "0x%08" PRIx32 : "0x%04" PRIx32,
			 op.len == 2 ? word : word & 0xffff);
		return;
	}
	mnemonic(&s, source, &op);
	if (*source->operands)
		str_add(&s, " ");
	for (const char *c = source->operands; *c; c++)
		if (*c == 'f')
			f_operand(&s, &op, *++c);
		else
			operand(&s, &op, pc, *c);
	snprintf(text, cap, "%.*s", (int)s.n, str_text(&s));
	str_free(&s);
}
