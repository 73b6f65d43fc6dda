/* help.c - instructions that C does: by a call from their place, or where the block ends */
#include "gen.h"

#include "csr.h"

/* As it stands in the copy that the code is made from. */
static u32 word_here(const struct gen *g)
{
	const u8 *bytes = g->page->bytes + g->at;

	return g->len == 4 ? get_le32(bytes) : get_le16(bytes);
}

/* C goes on behind the instruction, or elsewhere. */
void gen_help(struct gen *g, help_fn *f, enum common how)
{
	decode(g->h->decoder, word_here(g), &g->ops[g->nops].op);
	x64_const(&g->c, RCX, gen_where_now(g));
	x64_lea(&g->c, W, RDX, rm_rip(0));
	g->ops[g->nops++].site = offset_of(&g->c) - 4;
	x64_const(&g->c, RAX, (u64)(uintptr_t)f);
	x64_call_to(&g->c, g->code->common[how]);
}

/* cbo.zero where it is sure to be allowed: kernels clear each page by it. */
static void zero(struct gen *g)
{
	struct op op;

	decode(g->h->decoder, word_here(g), &op);
	x64_test_imm(&g->c, 0, H(menvcfg), ENVCFG_CBZE);
	gen_redo(g, x64_jcc(&g->c, CC_E));
	if (g->least_privilege < PRIV_S) {
		x64_alu_imm(&g->c, ALU_CMP, 0, H(priv), PRIV_U); /* which senvcfg may forbid */
		gen_redo(g, x64_jcc(&g->c, CC_E));
	}
	if (op.rs1)
		x64_mov(&g->c, W, RAX, x_at(g, op.rs1));
	else
		x64_const(&g->c, RAX, 0);
	gen_zero_at_rax(g);
}

/* What no row says in nodes: by its helper, or by the interpreter. */
void gen_step(struct gen *g, help_fn *f)
{
	if (f == help_cbo_zero) {
		zero(g);
		return;
	}
	if (f) {
		gen_help(g, f, HELP);
	} else {
		x64_const(&g->c, RCX, gen_where_now(g));
		x64_call_to(&g->c, g->code->common[STEP]);
	}
	gen_forget_state(g);
}

/* The last of the block, which never comes back to it. */
void gen_end(struct gen *g, help_fn *f)
{
	if (f == help_ecall) { /* firmware may take its time: that is no place for it */
		x64_alu_imm(&g->c, ALU_CMP, 0, H(priv), PRIV_U);
		gen_leave(g, x64_jcc(&g->c, CC_NE));
	}
	gen_leave_loop(g);
	if (f) {
		gen_help(g, f, HELP);
		put1(&g->c, 0xcc);
	} else {
		gen_count(g, g->index);
		x64_const(&g->c, RAX, g->at);
		x64_jmp_to(&g->c, g->code->common[EXIT_STEP]);
	}
}
