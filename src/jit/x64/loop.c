/* loop.c - blocks of floating point that jump to their own start */
#include "gen.h"

enum { USED_DOUBLE = 1, USED_SINGLE = 2, USED_FIRST = 4 };

/* Of f registers in a block, and what else decides whether it can be entered by the side. */
struct usage {
	u8 f[32];
	bool loops, steps, fp, dynamic;
};

static void note_f(struct usage *u, u32 r, bool is_double)
{
	if (!(u->f[r] & (USED_DOUBLE | USED_SINGLE)))
		u->f[r] |= USED_FIRST;
	u->f[r] |= is_double ? USED_DOUBLE : USED_SINGLE;
}

/* The operands of a value: F is a double but where UNBOX32 takes it. */
static void note_value(const struct gen *g, struct usage *u, u32 n)
{
	const struct ir *i = ir(g, n);

	if (i->op == IR_F) {
		note_f(u, (u32)i->k, true);
	} else if (i->op == IR_UNBOX32) {
		note_f(u, (u32)ir(g, i->a)->k, false);
	} else if (i->op == IR_XOR || (i->op > IR_UNBOX32 && i->op < IR_OTHER)) {
		note_value(g, u, i->a);
		note_value(g, u, i->b);
		if (i->op == IR_FMA32 || i->op == IR_FMA64)
			note_value(g, u, i->c);
	}
}

static bool to_start(const struct gen *g, const struct ir *i)
{
	if (i->op == IR_BRANCH)
		return i->k == (i64)g->b->start;
	return is_op(g, i->a, IR_PC) && ir(g, i->a)->k == (i64)g->b->start;
}

static void note_statement(const struct gen *g, struct usage *u, u32 n)
{
	const struct ir *i = ir(g, n);

	switch (i->op) {
	case IR_BRANCH:
	case IR_JUMP:
		u->loops |= to_start(g, i);
		break;
	case IR_STEP:
	case IR_CSR:
	case IR_FSET16:
		u->steps = true;
		break;
	case IR_FP:
		u->fp = true;
		break;
	case IR_ROUND:
		u->dynamic |= i->k == RM_DYNAMIC;
		u->steps |= !gen_host_rounds(g, n);
		break;
	case IR_STORE:
		if (is_op(g, i->b, IR_F) && i->k == 8)
			note_value(g, u, i->b);
		break;
	case IR_SET:
		note_value(g, u, i->a);
		break;
	case IR_FSET64:
	case IR_FSET32:
		note_value(g, u, i->a);
		u->f[i->k] |= i->op == IR_FSET64 ? USED_DOUBLE : USED_SINGLE;
		break;
	default:
		break;
	}
}

bool gen_loops(const struct gen *g)
{
	for (u32 n = 0; n < g->b->n; n++)
		if ((is_op(g, n, IR_BRANCH) || is_op(g, n, IR_JUMP)) && to_start(g, ir(g, n)))
			return true;
	return false;
}

/* Each f register that is used has an xmm register, if there are enough. */
static bool fix_registers(struct gen *g, const struct usage *u)
{
	u32 x = XMM_FIRST;

	for (u32 r = 0; r < 32; r++) {
		if (!u->f[r])
			continue;
		if (x == 16 || (u->f[r] & USED_DOUBLE && u->f[r] & USED_SINGLE)) {
			memset(g->fixed, -1, sizeof(g->fixed));
			return false;
		}
		g->fixed[r] = (i8)x++;
	}
	return true;
}

static void load_first(struct gen *g, const struct usage *u)
{
	for (u32 r = 0; r < 32; r++) {
		if (!(u->f[r] & USED_FIRST))
			continue;
		gen_f_operand(g, r);
		if (u->f[r] & USED_SINGLE)
			gen_require_boxed(g, r);
		g->full[r] = u->f[r] & USED_DOUBLE;
	}
}

/* The entry of a block of floating point that loops. */
void gen_enter_loop(struct gen *g)
{
	struct usage u = { .loops = false };

	for (u32 n = 0; n < g->b->n; n++)
		note_statement(g, &u, n);
	if (!u.loops || u.steps || !u.fp || !fix_registers(g, &u))
		return;
	g->index = 0; /* who leaves here has done nothing */
	gen_fp(g);
	if (u.dynamic)
		gen_round_dynamic(g);
	load_first(g, &u);
	g->loop_head = offset_of(&g->c);
	g->index = UINT32_MAX;
	g->xmm_busy = 0;
}
