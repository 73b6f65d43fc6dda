/* loop.c - blocks that jump to their own start: the jump goes on behind the entry
 *
 * Pins that such a loop does not use are swapped for other x registers, which it does.
 *
 * With floating point, what the entry checks is known from then on, and each f register that is
 * used has an xmm register all the way.  Memory gets them back where the loop is left, or calls C;
 * and only then, or where something else than arithmetic looks at it, does a NaN become the
 * canonical one.  At the head of the loop all are.
 */
#include "gen.h"

enum { USED_DOUBLE = 1, USED_SINGLE = 2, USED_FIRST = 4 };

/* Of registers in a block, and what else decides whether it can be entered by the side. */
struct usage {
	u8 f[32];
	u32 written;
	struct {
		u16 n[ARRAY_LEN(usual_pins)]; /* reads and writes */
		u64 written;
	} x, in_loop; /* as far as the last jump to the start */
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
	case IR_X:
		u->x.n[i->k]++;
		break;
	case IR_BRANCH:
	case IR_JUMP:
		if (to_start(g, i)) {
			u->loops = true;
			u->in_loop = u->x;
		}
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
		u->x.n[i->k]++;
		u->x.written |= (u64)1 << i->k;
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

/* -- Swaps ------------------------------------------------------------------------------------- */

enum { OFTEN = 3 }; /* in a pass: a swap takes four accesses */

/* The x register that gains most by a pin, or 0: what is only read is as quick in memory. */
static u32 most_used(const struct gen *g, const struct usage *u)
{
	u32 best = 0;

	for (u32 r = 1; r < 32; r++)
		if (!g->loop_pins[r] && u->in_loop.written >> r & 1 && u->in_loop.n[r] >= OFTEN &&
		    u->in_loop.n[r] > u->in_loop.n[best])
			best = r;
	return best;
}

static void find_swaps(struct gen *g, const struct usage *u)
{
	memcpy(g->loop_pins, usual_pins, sizeof(g->loop_pins));
	for (u32 out = 1; out < 32; out++) {
		u32 in;

		if (!usual_pins[out] || u->x.n[out])
			continue;
		in = most_used(g, u);
		if (!in)
			return;
		g->loop_pins[in] = usual_pins[out];
		g->loop_pins[out] = 0;
		g->swaps[g->nswaps++] = (struct swap){ (u8)in, (u8)out };
	}
}

/* Memory keeps what goes out, as nothing in the loop knows of it. */
static void swap_in(struct gen *g)
{
	for (u32 i = 0; i < g->nswaps; i++) {
		struct swap s = g->swaps[i];

		x64_store(&g->c, W, x_memory(s.out), usual_pins[s.out]);
		x64_mov(&g->c, W, usual_pins[s.out], x_memory(s.in));
	}
	g->pins = g->loop_pins;
}

static void swap_out(struct gen *g)
{
	for (u32 i = 0; i < g->nswaps; i++) {
		struct swap s = g->swaps[i];

		x64_store(&g->c, W, x_memory(s.in), usual_pins[s.out]);
		x64_mov(&g->c, W, usual_pins[s.out], x_memory(s.out));
	}
}

/* -- In and out -------------------------------------------------------------------------------- */

static void load_used(struct gen *g, const struct usage *u)
{
	for (u32 r = 0; r < 32; r++) {
		if (u->f[r])
			gen_f_operand(g, r);
		if (u->f[r] & USED_FIRST && u->f[r] & USED_SINGLE)
			gen_require_boxed(g, r);
	}
}

static void enter_fp(struct gen *g, const struct usage *u)
{
	g->index = 0; /* who leaves here has done nothing */
	gen_fp(g);
	if (u->dynamic)
		gen_round_dynamic(g);
	load_used(g, u);
	g->written = u->written;
}

/* The entry of a block that loops, if it gains by one. */
void gen_enter_loop(struct gen *g)
{
	struct usage u = { .loops = false };

	for (u32 n = 0; n < g->b->n; n++)
		note_statement(g, &u, n);
	if (!u.loops || u.steps || (u.fp && !fix_registers(g, &u)))
		return;
	find_swaps(g, &u);
	if (!u.fp && !g->nswaps)
		return;
	if (u.fp)
		enter_fp(g, &u);
	swap_in(g);
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
	swap_out(g);
}

/* For code that is out of the way, and wants to be short. */
void gen_make_loop_calls(struct gen *g)
{
	if (!g->loop_head)
		return;
	g->spill = offset_of(&g->c);
	store_written(g);
	swap_out(g);
	x64_ret(&g->c);
	g->reload = offset_of(&g->c);
	for (u32 r = 0; r < 32; r++)
		if (g->fixed[r] >= 0)
			gen_f_load(g, r, (u32)g->fixed[r]);
	for (u32 i = 0; i < g->nswaps; i++)
		x64_mov(&g->c, W, usual_pins[g->swaps[i].out], x_memory(g->swaps[i].in));
	x64_ret(&g->c);
}

/* All is where C and other code want it. */
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
