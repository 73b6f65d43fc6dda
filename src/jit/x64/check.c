/* check.c - blocks that check themselves: what they were made from must still stand there */
#include "gen.h"

static void stale_if(struct gen *g, enum cc cc)
{
	assert(g->nstale < ARRAY_LEN(g->stale));
	g->stale[g->nstale++] = x64_jcc(&g->c, cc);
}

/* The bits of `n` bytes at `at` that may not change: all but immediates that are loaded. */
static u32 fixed_bits(const struct gen *g, u32 at, u32 n)
{
	u32 fixed = (u32)LOW_BITS(8 * n);

	for (u32 i = 0; i < g->b->n; i++) {
		i64 low = (ir(g, i)->k - at) * 8 + 20; /* where the immediate begins in `fixed` */

		if (is_op(g, i, IR_IMM) && low > -12 && low < 32)
			fixed &= ~(u32)(low < 0 ? (u64)0xfff >> -low : (u64)0xfff << low);
	}
	return fixed;
}

/* rax leads to the block's first byte. */
static void check_word(struct gen *g, u32 at, u32 n)
{
	u32 fixed = fixed_bits(g, at, n);
	struct rm live = rm_mem(RAX, (i32)(at - g->b->start));
	u32 made = n == 4 ? get_le32(g->page->bytes + at) : get_le16(g->page->bytes + at);

	if (fixed == ~(u32)0) {
		x64_alu_imm(&g->c, ALU_CMP, 0, live, (i32)made);
	} else {
		x64_op(&g->c, gen_load_op(n, ZERO_EXTEND), RCX, live, 0);
		x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RCX), (i32)fixed);
		x64_alu_imm(&g->c, ALU_CMP, 0, rm_reg(RCX), (i32)(made & fixed));
	}
	stale_if(g, CC_NE);
}

void gen_check(struct gen *g)
{
	const struct ir_block *b = g->b;

	x64_const(&g->c, RAX, (u64)(uintptr_t)&g->page->runs_left);
	x64_alu_imm(&g->c, ALU_SUB, 0, rm_mem(RAX, 0), 1);
	stale_if(g, CC_S);
	x64_const(&g->c, RAX, (u64)(uintptr_t)(g->page->live + b->start));
	for (u32 at = b->start; at < b->end; at += 4)
		check_word(g, at, MIN(4, b->end - at));
}

void gen_finish_check(struct gen *g)
{
	for (u32 i = 0; i < g->nstale; i++)
		x64_bind(&g->c, g->stale[i]);
	x64_const(&g->c, RAX, g->b->start);
	x64_jmp_to(&g->c, g->code->common[EXIT_STALE]);
}

void gen_imm_into(struct gen *g, u32 at, u8 d)
{
	x64_const(&g->c, d, (u64)(uintptr_t)(g->page->live + at));
	x64_op(&g->c, OP_MOVSXD, d, rm_mem(d, 0), 0);
	x64_shift_imm(&g->c, SH_SAR, W, rm_reg(d), 20);
}
