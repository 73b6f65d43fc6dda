/* fp_loop.h - an instruction of floating point in a loop over operands in memory, long enough to
 * be compiled where an engine compiles.
 */
#ifndef FP_LOOP_H
#define FP_LOOP_H

#include "exec.h"

/* Registers of the instruction; numbers of x or f registers. */
struct fp_registers {
	u8 rd, rs1, rs2, rs3;
};

/* What the loop reads and, from x on, writes. */
struct fp_case {
	u64 a, b;       /* x11, x12 */
	u64 fa, fb, fc; /* f11, f12, f13 */
	u64 x, f;       /* rd */
	u64 flags;
	u64 moved; /* f's rd, by fmv.x.d */
	u64 kept;  /* f11 */
};

enum { FP_CASES = 1024, FP_AT = 0x20000, FP_LOOP_WORDS = 24 };

_Static_assert(FP_AT + FP_CASES * sizeof(struct fp_case) <= WATCH, "room");

/* The row's word with these registers and, where it has one, this rounding mode. */
static inline u32 fp_word(const struct pattern *p, struct fp_registers r, u32 rm)
{
	u32 fields =
		(u32)r.rd << 7 | rm << 12 | (u32)r.rs1 << 15 | (u32)r.rs2 << 20 | (u32)r.rs3 << 27;

	return p->match | (fields & ~p->mask);
}

static inline bool fp_has_mode(const struct pattern *p)
{
	return !(p->mask >> 12 & 7);
}

/* `narrow`: flw for fld, so that only halves of registers are loaded.  `frm` is written before. */
static inline void fp_loop(struct rig *r, u32 word, struct fp_registers reg, u32 frm, bool narrow)
{
	const u32 width = narrow ? 2u << 12 : 3u << 12;
	u32 code[FP_LOOP_WORDS] = { 0 }, n = 0, start;

#define AT(member)              ((u32)offsetof(struct fp_case, member))
#define S4_LOAD(member, rd, op) (AT(member) << 20 | 20 << 15 | (u32)(rd) << 7 | (op))
#define S4_STORE(member, rs, op)                                                                   \
	(AT(member) >> 5 << 25 | (u32)(rs) << 20 | 20 << 15 | (AT(member) & 31) << 7 | (op))
	code[n++] = 0x00205073 | frm << 15; /* csrwi frm */
	start = n;
	code[n++] = 0x00101073; /* csrw fflags, zero */
	code[n++] = S4_LOAD(a, 11, 0x3003);
	code[n++] = S4_LOAD(b, 12, 0x3003);
	code[n++] = S4_LOAD(fa, 11, width | 7);
	code[n++] = S4_LOAD(fb, 12, width | 7);
	code[n++] = S4_LOAD(fc, 13, width | 7);
	code[n++] = word;
	code[n++] = S4_STORE(f, reg.rd, 0x3027);
	code[n++] = S4_STORE(kept, 11, 0x3027);
	code[n++] = 0xe20002d3 | (u32)reg.rd << 15; /* fmv.x.d t0 */
	code[n++] = S4_STORE(moved, 5, 0x3023);
	code[n++] = S4_STORE(x, reg.rd, 0x3023);
	code[n++] = 0x001022f3; /* csrr t0, fflags */
	code[n++] = S4_STORE(flags, 5, 0x3023);
	code[n++] = (u32)sizeof(struct fp_case) << 20 | 0x000a0a13; /* addi s4, s4, */
	n++;
	{
		u32 back = (start - (n - 1)) * 4; /* bne s4, s5 */

		code[n - 1] = 0x015a1063 | (back >> 12 & 1) << 31 | (back >> 5 & 63) << 25 |
			      (back >> 1 & 15) << 8 | (back >> 11 & 1) << 7;
	}
	code[n++] = EBREAK;
#undef AT
#undef S4_LOAD
#undef S4_STORE
	assert_true(n <= ARRAY_LEN(code));
	exec_put(r, CODE, code, n);
}

/* Over `n` cases, in place.  f and x registers begin as zero.  The cause, or -1. */
static inline i64 fp_run(struct rig *r, struct fp_case *cases, u32 n)
{
	struct hart *h = r->harts[0];
	struct hart_view v;

	assert_true(mem_write(r->env.mem, RIG_RAM + FP_AT, cases, n * sizeof(*cases)));
	memset(h->f, 0, sizeof(h->f));
	memset(h->x, 0, sizeof(h->x));
	h->x[20] = RIG_RAM + FP_AT;
	h->x[21] = h->x[20] + n * sizeof(*cases);
	h->fflags = 0;
	h->mstatus |= MSTATUS_FS;
	exec_from(r, RIG_RAM + CODE);
	assert_true(mem_read(r->env.mem, RIG_RAM + FP_AT, cases, n * sizeof(*cases)));
	hart_look(h, &v);
	return v.cause == CAUSE_BREAKPOINT ? -1 : (i64)v.cause;
}

/* The row of that name: false if the hart has none. */
static inline bool fp_row(const struct hart *h, const char *name, struct pattern *out)
{
	for (u32 i = 0; decoder_pattern(h->decoder, i, out); i++)
		if (!strcmp(out->name, name))
			return true;
	return false;
}

#endif
