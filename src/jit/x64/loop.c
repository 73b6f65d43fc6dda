/* loop.c - blocks of floating point that jump to their own start
 *
 * What their entry checks is known from then on, and each f register that they use has an xmm
 * register all the way: the jump goes on behind the entry.  Memory gets them back where the loop is
 * left, or calls C; and only then, or where something else than arithmetic looks at it, does a NaN
 * become the canonical one.  At the head of the loop all are.
 */
#include "gen.h"

enum { USED_DOUBLE = 1, USED_SINGLE = 2, USED_FIRST = 4 };

/* Of f registers in a block, and what else decides whether it can be entered by the side. */
struct usage {
	u8 f[32];
	u32 written;
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
		u->written |= 1u << i->k;
		break;
	default:
		break;
	}
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

static void load_used(struct gen *g, const struct usage *u)
{
	for (u32 r = 0; r < 32; r++) {
		if (u->f[r])
			gen_f_operand(g, r);
		if (u->f[r] & USED_FIRST && u->f[r] & USED_SINGLE)
			gen_require_boxed(g, r);
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
	load_used(g, &u);
	g->written = u.written;
	g->loop_head = offset_of(&g->c);
	g->index = UINT32_MAX;
	g->xmm_busy = 0;
}

bool gen_is_loop(const struct gen *g, i64 target)
{
	return g->loop_head && target == (i64)g->b->start;
}

/* Before the jump to the head. */
void gen_end_round(struct gen *g)
{
	for (u32 r = 0; r < 32; r++)
		gen_f_canonical(g, r);
}

/* What is raw becomes canonical, all else stays. */
static void settle(struct gen *g, u32 raw)
{
	for (u32 x = XMM_FIRST; x < 16; x++)
		if (raw >> x & 1)
			gen_make_canonical(g, x, !g->boxed[g->xmm_of[x]]);
}

static void store_written(struct gen *g)
{
	for (u32 r = 0; r < 32; r++)
		if (g->written >> r & 1)
			gen_f_store(g, r);
}

void gen_leave_loop(struct gen *g)
{
	if (!g->loop_head)
		return;
	settle(g, g->raw);
	store_written(g);
}

/* For code that is out of the way, and wants to be short. */
void gen_make_loop_calls(struct gen *g)
{
	if (!g->loop_head)
		return;
	g->spill = offset_of(&g->c);
	store_written(g);
	x64_ret(&g->c);
	g->reload = offset_of(&g->c);
	for (u32 r = 0; r < 32; r++)
		if (g->fixed[r] >= 0)
			gen_f_load(g, r, (u32)g->fixed[r]);
	x64_ret(&g->c);
}

/* Memory has the f registers. */
void gen_spill(struct gen *g, const struct stub *s)
{
	if (!s->in_loop)
		return;
	settle(g, s->raw);
	x64_call_to(&g->c, g->spill);
}

/* C code keeps no xmm register. */
void gen_reload(struct gen *g, const struct stub *s)
{
	if (s->in_loop) {
		x64_call_to(&g->c, g->reload);
		return;
	}
	for (u32 x = XMM_FIRST; x < 16; x++)
		if (s->xmm_of[x] >= 0)
			gen_f_load(g, (u32)s->xmm_of[x], x);
}
