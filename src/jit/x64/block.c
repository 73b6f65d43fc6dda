/* block.c - a block, statement by statement; the back end for x86-64 */
#include "gen.h"

#include <cpuid.h>

/* -- Statements --------------------------------------------------------------------- */

/* x[k] op= a constant or a pinned register, where x[k] is in memory. */
static bool update_memory(struct gen *g, u32 r, u32 v)
{
	const struct ir *i = ir(g, v);
	enum alu op;

	switch (i->op) {
	case IR_ADD:
		op = ALU_ADD;
		break;
	case IR_SUB:
		op = ALU_SUB;
		break;
	case IR_AND:
		op = ALU_AND;
		break;
	case IR_OR:
		op = ALU_OR;
		break;
	case IR_XOR:
		op = ALU_XOR;
		break;
	default:
		return false;
	}
	if (!is_op(g, i->a, IR_X) || ir(g, i->a)->k != (i64)r)
		return false;
	if (is_imm(g, i->b))
		x64_alu_imm(&g->c, op, W, x_memory(r), (i32)ir(g, i->b)->k);
	else if (gen_pinned(g, i->b) != NO_REG)
		x64_alu_to(&g->c, op, W, x_memory(r), gen_pinned(g, i->b));
	else
		return false;
	return true;
}

/* d = any value. */
static void value_into(struct gen *g, u32 v, u8 d)
{
	const struct ir *i = ir(g, v);
	struct conversion c;
	enum extension e;
	u32 load = gen_extended_load(g, v, &e);

	if (load != UINT32_MAX) {
		gen_load_into(g, load, e, d);
	} else if (gen_is_atomic(g, v)) {
		gen_atomic_into_rax(g, v);
		gen_move(g, d, RAX);
	} else if (i->op == IR_SX32 && gen_is_atomic(g, i->a)) {
		gen_atomic_into_rax(g, i->a);
		x64_op(&g->c, OP_MOVSXD, d, rm_reg(RAX), 0);
	} else if (gen_to_integer((enum ir_op)i->op, &c)) {
		gen_f_to_integer(g, i, c, d);
	} else if (!gen_f_compare(g, i, d)) {
		gen_into(g, v, d);
	}
}

static void set_x(struct gen *g, u32 r, u32 v)
{
	bool flags;
	u8 d;

	if (r < 32 && pin(g, r) != NO_REG) {
		value_into(g, v, pin(g, r));
		return;
	}
	if (r < 32 && is_imm(g, v)) {
		x64_store_imm(&g->c, W, x_memory(r), (i32)ir(g, v)->k);
		return;
	}
	if (r < 32 && update_memory(g, r, v)) {
		gen_note_flags(g);
		return;
	}
	d = gen_temp(g);
	value_into(g, v, d);
	flags = gen_has_flags(g);
	if (r < 32) {
		x64_store(&g->c, W, x_memory(r), d);
		gen_note_held(g, r, d);
	}
	if (flags)
		gen_note_flags(g);
	gen_release(g, d);
}

static void set(struct gen *g, u32 n)
{
	u32 r = (u32)ir(g, n)->k;

	g->flags_end = 0;
	set_x(g, r, ir(g, n)->a);
	if (gen_has_flags(g))
		g->flags_of = r;
}

/* What is known of the guest holds no longer. */
void gen_forget_state(struct gen *g)
{
	gen_f_forget_all(g);
	g->fp_on = false;
	g->frm = 0;
	g->least_privilege = 0;
}

static void fence(struct gen *g)
{
	put1(&g->c, 0xf0);
	x64_alu_imm(&g->c, ALU_OR, 0, rm_mem(RSP, 0), 0);
}

static void next_insn(struct gen *g, const struct ir *i)
{
	gen_finish_redos(g);
	g->at = (u32)i->k;
	g->len = i->b;
	g->index++;
	g->xmm_busy = 0;
	assert(!g->busy || (g->table_load && g->busy == 1u << RAX));
}

/* The instruction from node n on, but its INSN.  Returns the next one's. */
static u32 insn(struct gen *g, u32 n)
{
	for (; n < g->b->n && !is_op(g, n, IR_INSN); n++) {
		const struct ir *i = ir(g, n);

		switch (i->op) {
		case IR_SET:
			set(g, n);
			break;
		case IR_FSET64:
		case IR_FSET32:
			gen_fset(g, n, i->op == IR_FSET64);
			break;
		case IR_FSET16:
			gen_fset16(g, n);
			break;
		case IR_STORE:
			gen_store(g, n);
			break;
		case IR_BRANCH:
			gen_branch(g, n);
			break;
		case IR_JUMP:
			gen_jump(g, n);
			break;
		case IR_FP:
			gen_fp(g);
			break;
		case IR_ROUND:
			if (gen_host_rounds(g, n)) {
				gen_round_statement(g, n);
				break;
			}
			gen_step(g, NULL);
			while (n + 1 < g->b->n && !is_op(g, n + 1, IR_INSN))
				n++;
			break;
		case IR_FENCE:
			if (i->k)
				fence(g);
			break;
		case IR_CSR:
			gen_csr(g, (u32)i->k);
			break;
		case IR_STEP:
			gen_step(g, (help_fn *)(uintptr_t)i->k);
			break;
		case IR_END:
			gen_end(g, (help_fn *)(uintptr_t)i->k);
			break;
		default:
			break; /* a value: made where it is used */
		}
	}
	return n;
}

void gen_align(struct code_buf *c, u32 to)
{
	while (offset_of(c) % to && !c->full)
		put1(c, 0xcc);
}

static void put_ops(struct gen *g)
{
	gen_align(&g->c, 8);
	for (u32 i = 0; i < g->nops; i++) {
		const u8 *bytes = (const u8 *)&g->ops[i].op;

		x64_bind(&g->c, g->ops[i].site);
		for (u32 k = 0; k < sizeof(g->ops[i].op); k++)
			put1(&g->c, bytes[k]);
	}
}

struct code_buf gen_buffer(struct jit_code *code)
{
	return (struct code_buf){
		.start = code->write,
		.p = code->write + code->used,
		.end = code->write + code->end,
	};
}

static bool block(struct jit_code *code, const struct ir_block *b, const struct hart *h,
		  const struct jit_page *page, struct jit_made *out)
{
	struct gen g;

	g.c = gen_buffer(code);
	g.code = code;
	g.b = b;
	g.h = h;
	g.page = page;
	g.out = out;
	g.nguesses = g.paired_sc = g.busy = g.jump = g.redos = g.nstubs = g.nops = g.next_xmm =
		g.xmm_busy = 0;
	g.at = b->start;
	g.len = g.flags_end = g.flags_of = g.held_end = g.sum_end = 0;
	g.index = UINT32_MAX; /* before the first */
	memset(g.f_in, -1, sizeof(g.f_in));
	memset(g.xmm_of, -1, sizeof(g.xmm_of));
	memset(g.fixed, -1, sizeof(g.fixed));
	g.loop_head = g.raw = g.written = g.nswaps = 0;
	g.pins = usual_pins;
	memset(&g.groups[0], 0, sizeof(g.groups[0]));
	gen_forget_state(&g);
	gen_find_groups(&g);
	gen_find_table_load(&g);
	g.guesses = bits_has(page->in_loop, b->start / 2);

	gen_align(&g.c, 16);
	out->code = offset_of(&g.c);
	out->nlinks = 0;
	g.nstale = 0;
	if (b->checks)
		gen_check(&g);
	gen_enter_loop(&g);
	for (u32 n = 0; n < b->n;) {
		next_insn(&g, &b->ir[n]);
		n = insn(&g, n + 1);
	}
	gen_finish_redos(&g);
	if (g.jump)
		gen_finish_jump(&g);
	else if (b->falls)
		gen_jump_to_offset(&g, b->end, b->insns);
	gen_make_stubs(&g);
	gen_make_link_stubs(&g);
	if (b->checks)
		gen_finish_check(&g);
	put_ops(&g);
	if (g.c.full)
		return false;
	code->used = offset_of(&g.c);
	out->size = code->used - out->code;
	return true;
}

static void patch(struct jit_code *code, u32 site, u32 target)
{
	u32 *at = (u32 *)(void *)(code->write + site);

	__atomic_store_n(at, target - (site + 4), __ATOMIC_RELEASE);
}

/* -- The host's CPU ----------------------------------------------------------------- */

static bool usable(void)
{
	enum {
		PCLMUL = 1 << 1,
		FMA = 1 << 12,
		POPCNT = 1 << 23,
		OSXSAVE = 1 << 27,
		AVX = 1 << 28,
		BMI1 = 1 << 3,
		AVX2 = 1 << 5,
		BMI2 = 1 << 8,
		LZCNT = 1 << 5
	};
	const u32 first = PCLMUL | FMA | POPCNT | OSXSAVE | AVX, seventh = BMI1 | AVX2 | BMI2;
	u32 a, b, c, d, xcr0;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first)
		return false;
	__asm__("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
	if ((xcr0 & 6) != 6) /* the system keeps xmm and ymm */
		return false;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & seventh) != seventh)
		return false;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & LZCNT);
}

const struct backend backend = {
	.name = "x86-64",
	.usable = usable,
	.common = gen_common,
	.block = block,
	.patch = patch,
};
