/* stub.c - code that is out of the way, behind the block */
#include "gen.h"

u32 gen_where_now(const struct gen *g)
{
	return WHERE(g->at, g->len, g->index);
}

struct stub *gen_stub(struct gen *g, enum stub_kind kind, u32 site)
{
	struct stub *s = &g->stubs[g->nstubs++];

	assert(g->nstubs <= ARRAY_LEN(g->stubs));
	memset(s, 0, sizeof(*s));
	s->kind = (u8)kind;
	s->site = site;
	s->where = gen_where_now(g);
	s->raw = g->raw;
	s->in_loop = g->loop_head;
	memcpy(s->xmm_of, g->xmm_of, sizeof(s->xmm_of));
	return s;
}

/* What a lookup does not find. */
struct stub *gen_miss(struct gen *g, enum stub_kind kind, struct lookup l)
{
	struct stub *s = gen_stub(g, kind, l.miss);

	s->lookup = l;
	return s;
}

/* The jump at `site` has the interpreter do this instruction and, if it does not go elsewhere,
 * comes back behind it: gen_finish_redos(). */
void gen_redo(struct gen *g, u32 site)
{
	gen_stub(g, STUB_REDO, site);
}

void gen_finish_redos(struct gen *g)
{
	for (; g->redos < g->nstubs; g->redos++) {
		struct stub *s = &g->stubs[g->redos];

		if (s->kind != STUB_REDO)
			continue;
		s->back = offset_of(&g->c);
		g->held_end = 0; /* only memory has what C has done */
		memcpy(s->xmm_of, g->xmm_of, sizeof(s->xmm_of));
	}
}

/* The jump at `site` leaves the block, so that what follows in it may rely on the contrary. */
void gen_leave(struct gen *g, u32 site)
{
	gen_stub(g, STUB_LEAVE, site);
}

/* -- Out of the way ----------------------------------------------------------------- */

static void load_stub(struct gen *g, const struct stub *s)
{
	gen_spill(g, s);
	gen_address_into_rax(g, gen_address_of(g, s->address));
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[LOAD + log2_of(s->size)]);
	gen_reload(g, s);
	if (s->dest_kind == DEST_XMM)
		gen_to_xmm(g, s->dest, rm_reg(RAX));
	else if (s->dest_kind == DEST_ZERO)
		gen_move(g, s->dest, RAX);
	else
		x64_op(&g->c, gen_load_op(s->size, SIGN_EXTEND), s->dest, rm_reg(RAX), 0);
}

static void store_stub(struct gen *g, const struct stub *s)
{
	gen_spill(g, s);
	gen_address_into_rax(g, gen_address_of(g, s->address));
	gen_into(g, s->value, RDX);
	x64_const(&g->c, RCX, s->where);
	x64_call_to(&g->c, g->code->common[STORE + log2_of(s->size)]);
	gen_reload(g, s);
}

static void group_stub(struct gen *g, const struct stub *s)
{
	const struct group *gr = &g->groups[s->ngroup];
	struct rm base;

	gen_spill(g, s);
	base = x_at(g, gr->base);
	x64_mov(&g->c, W, RDX, base);
	x64_lea(&g->c, W, RAX, rm_mem(RDX, gr->lo));
	if (gr->last)
		x64_alu_imm(&g->c, ALU_ADD, W, rm_reg(RDX), gr->last);
	x64_const(&g->c, RCX,
		  s->where | (gr->writes ? JIT_WRITES : 0) |
			  (gr->first_writes ? JIT_FIRST_WRITES : 0));
	x64_call_to(&g->c, g->code->common[GROUP]);
	gen_reload(g, s);
	x64_mov(&g->c, W, R13, rm_reg(RAX));
	x64_alu(&g->c, ALU_ADD, W, R13, base);
}

static void make_stub(struct gen *g, const struct stub *s)
{
	x64_bind(&g->c, s->site);
	g->at = s->where & 0xfff;
	g->busy = 0;
	g->raw = s->raw;
	gen_guess_again(g, s);
	switch ((enum stub_kind)s->kind) {
	case STUB_LOAD:
		load_stub(g, s);
		break;
	case STUB_STORE:
		store_stub(g, s);
		break;
	case STUB_GROUP:
		group_stub(g, s);
		break;
	case STUB_REDO:
		gen_spill(g, s);
		x64_const(&g->c, RCX, s->where);
		x64_call_to(&g->c, g->code->common[STEP]);
		gen_reload(g, s);
		break;
	case STUB_NAN:
		gen_nan_stub(g, s);
		break;
	case STUB_LEAVE:
		gen_spill(g, s);
		gen_count(g, s->where >> 16);
		x64_const(&g->c, RAX, g->at);
		x64_jmp_to(&g->c, g->code->common[EXIT_STEP]);
		return;
	case STUB_EXIT:
		gen_jump_in_page(g, s->target, s->count, false);
		return;
	}
	x64_jmp_to(&g->c, s->back);
}

void gen_make_stubs(struct gen *g)
{
	if (!g->loop_head)
		gen_f_forget_all(g);
	gen_make_loop_calls(g);
	g->pins = usual_pins; /* stubs spill before they look at x registers */
	for (u32 i = 0; i < g->nstubs; i++)
		make_stub(g, &g->stubs[i]);
}

/* Where jumps lead that have no code yet. */
void gen_make_link_stubs(struct gen *g)
{
	for (u32 i = 0; i < g->out->nlinks; i++) {
		struct jit_link *l = &g->out->links[i];

		l->stub = offset_of(&g->c);
		if (!l->bound)
			x64_bind_to(&g->c, l->site, l->stub);
		if (gen_is_loop(g, l->target))
			x64_call_to(&g->c, g->spill);
		x64_const(&g->c, RAX, l->target);
		x64_const(&g->c, RCX, l->site);
		x64_jmp_to(&g->c, g->code->common[EXIT_LINK]);
	}
}
