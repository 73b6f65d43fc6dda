/* test_jit_loops.c - loops of floating point, compiled, against the interpreter
 *
 * Code of a loop keeps f registers elsewhere than other code, and NaNs as they come.  Random loops
 * show that nobody can tell: whatever stands in them, wherever they are left, by a branch, by a
 * fault in their midst or at their end, all registers, flags and memory are the interpreter's.
 */
#include "fp_loop.h"
#include "fp_operands.h"

#include "../jit/asm.h"

#include <inttypes.h>

enum {
	TURNS = 200,
	STRIDE = 64,
	LOOPS = 5000,
	ITEMS = 12, /* most of one loop, */
	MANY = 36,  /* and of one with more f registers than a host has */
	/* x registers; those below are operands */
	NEXT = 20, /* what is loaded and stored */
	LAST,
	BRINK, /* goes towards the end of RAM, or a page that is only read */
	TURN,
	ENOUGH,
	ELSEWHERE, /* in another page each time */
	FAR_OFF
};

enum { ONLY_READ = DATA + 0x2000, LOOP_END = DATA + 0x4000 };

struct loop {
	u32 code[MANY + 10], n;
	u64 x[32], f[32];
	u32 frm;
	enum priv priv;
	u8 memory[TURNS * STRIDE];
};

static u32 of_a_size; /* f registers of the loop: 5 or 16 */

/* Mostly doubles in the first of them and floats behind: a register for both is rare in programs.
 */
static u32 f_register(bool is_double)
{
	if (!dice(20))
		is_double = !is_double;
	return (u32)dice(of_a_size) + (is_double ? 0 : of_a_size);
}

static u32 load_or_store(void)
{
	bool is_double = dice(2);
	u32 f3 = is_double ? 3 : 2, r = f_register(is_double), imm = (u32)dice(8) * 8;

	if (!dice(20)) /* flh, or fsh */
		return dice(2) ? asm_i(0x07, 1, r, NEXT, (i32)imm) : asm_s(1, r, NEXT, 0) | 4;
	switch (dice(12)) {
	case 0:
		return asm_i(0x07, f3, r, BRINK, 0);
	case 1:
		return asm_s(f3, r, BRINK, 0) | 4;
	case 2:
		return asm_i(0x07, f3, r, ELSEWHERE, (i32)(imm));
	case 3:
		return asm_i(0x03, f3, (u32)dice(12), dice(2) ? NEXT : BRINK, (i32)imm);
	case 4:
		return asm_s(f3, (u32)dice(12), dice(2) ? NEXT : BRINK, (i32)imm);
	case 5: /* amoadd */
		return asm_r(0x2f, 0, f3, (u32)dice(12), dice(2) ? NEXT : BRINK, (u32)dice(12));
	case 6:
	case 7:
		return asm_s(f3, r, NEXT, (i32)imm) | 4;
	default:
		return asm_i(0x07, f3, r, NEXT, (i32)(dice(12) ? imm : imm + 4));
	}
}

/* What compiled code does in line: one that is not keeps a loop from being one of those. */
static bool is_plain(const char *name)
{
	static const char *const others[] = { "fclass", "fround", "fli",  "fminm",
					      "fmaxm",  "fltq",   "fleq", "fcvtmod" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!strncmp(name, others[i], strlen(others[i])))
			return false;
	return true;
}

/* Comparisons, conversions to integers, moves: by opcode and funct5. */
static bool is_to_x(const struct pattern *p)
{
	u32 f5 = p->match >> 27;

	return (p->match & 0x7f) == 0x53 && (f5 == 0x14 || f5 == 0x18 || f5 == 0x1c);
}

static u32 arithmetic(const struct pattern *rows, u32 nrows)
{
	const struct pattern *p = &rows[dice(nrows)];
	bool is_double = p->match >> 25 & 1, from_double = is_double;
	u32 rm = dice(8) ? 7 : dice(8) ? 0 : (u32)dice(5), rs1;

	if (!strcmp(p->name, "fcvt_d_s") || !strcmp(p->name, "fcvt_s_d"))
		from_double = !is_double;
	rs1 = f_register(from_double);
	return fp_word(p,
		       (struct fp_registers){ (u8)(is_to_x(p) ? dice(12) : f_register(is_double)),
					      (u8)rs1, (u8)(dice(3) ? f_register(is_double) : rs1),
					      (u8)f_register(is_double) },
		       rm);
}

static void make_loop(struct loop *l, const struct pattern *rows, u32 nrows)
{
	bool many = !dice(8);
	u32 items = 1 + (u32)dice(many ? MANY : ITEMS), exit = dice(3) ? MANY : (u32)dice(items);
	u32 skip = dice(2) ? MANY : (u32)dice(items), exit_at = 0;

	of_a_size = many ? 16 : 5;
	memset(l, 0, sizeof(*l));
	l->priv = dice(2) ? PRIV_M : PRIV_U;
	for (u32 i = 0; i < items; i++) {
		if (i == exit)
			exit_at = ++l->n;
		if (i == skip) /* the next one: a loop of several blocks */
			l->code[l->n++] = BLT(TURN, ENOUGH, 8);
		l->code[l->n++] = dice(3) ? arithmetic(rows, nrows) : load_or_store();
	}
	l->code[l->n++] = ADDI(NEXT, NEXT, STRIDE);
	l->code[l->n++] = ADDI(BRINK, BRINK, 8);
	l->code[l->n++] = ADDI(TURN, TURN, 1);
	l->code[l->n++] = XOR(ELSEWHERE, ELSEWHERE, FAR_OFF);
	l->code[l->n] = BNE(NEXT, LAST, -4 * (i32)l->n);
	l->n++;
	if (exit_at)
		l->code[exit_at - 1] = BEQ(TURN, ENOUGH, 4 * (i32)(l->n - (exit_at - 1)));
	l->code[l->n++] = EBREAK;
}

static void fill_loop(struct loop *l)
{
	for (u32 i = 0; i < TURNS * STRIDE; i += 8)
		put_le64(l->memory + i, an_operand(dice(2)));
	for (u32 i = 0; i < 32; i++) {
		l->f[i] = an_operand(i < of_a_size);
		l->x[i] = i ? an_integer() : 0;
	}
	l->frm = dice(4) ? 0 : (u32)dice(5);
	l->x[NEXT] = RIG_RAM + FP_AT;
	l->x[LAST] = l->x[NEXT] + STRIDE * (1 + dice(TURNS));
	l->x[BRINK] = RIG_RAM - 8 * dice(TURNS) + 4 * dice(2) +
		      (dice(3)   ? LOOP_END
		       : dice(2) ? RIG_SIZE
				 : ONLY_READ);
	l->x[ELSEWHERE] = RIG_RAM + FP_AT;
	l->x[FAR_OFF] = dice(2) << 12;
	l->x[TURN] = 0;
	l->x[ENOUGH] = dice(TURNS);
}

static void run_loop(struct rig *r, const struct loop *l, struct hart_view *v, u8 *memory)
{
	static const u8 nothing[RIG_SIZE - DATA];
	struct hart *h = r->harts[0];

	assert_true(mem_write(r->env.mem, RIG_RAM + DATA, nothing, WATCH - DATA));
	assert_true(mem_write(r->env.mem, RIG_RAM + FP_AT, l->memory, sizeof(l->memory)));
	exec_put(r, CODE, l->code, l->n);
	memcpy(h->f, l->f, sizeof(l->f));
	memcpy(h->x, l->x, sizeof(l->x));
	h->frm = l->frm;
	h->fflags = 0;
	h->mstatus |= MSTATUS_FS;
	rig_priv(h, l->priv);
	exec_from(r, RIG_RAM + CODE);
	rig_priv(h, PRIV_M);
	hart_look(h, v);
	assert_true(mem_read(r->env.mem, RIG_RAM + DATA, memory, RIG_SIZE - DATA));
}

static void show(const struct loop *l, const struct hart *want, const struct hart *got)
{
	for (u32 i = 0; i < l->n; i++) {
		char text[80];

		disasm(want->decoder, l->code[i], RIG_RAM + CODE + 4 * i, text, sizeof(text));
		print_error("%2u  %08x  %s\n", i, l->code[i], text);
	}
	for (u32 i = 0; i < 32; i++)
		if (want->f[i] != got->f[i])
			print_error("f%u: %016" PRIx64 ", not %016" PRIx64 "\n", i, got->f[i],
				    want->f[i]);
	for (u32 i = 0; i < 31; i++)
		if (want->x[i] != got->x[i])
			print_error("x%u: %016" PRIx64 ", not %016" PRIx64 "\n", i, got->x[i],
				    want->x[i]);
	print_error("fflags %x, not %x; frm %u\n", got->fflags, want->fflags, want->frm);
}

static void compare(struct pair p, const struct loop *l, u32 number)
{
	static u8 want_memory[RIG_SIZE - DATA], got_memory[RIG_SIZE - DATA];
	const struct hart *want = p.interp->harts[0], *got = p.jit->harts[0];
	struct hart_view a, b;

	run_loop(p.interp, l, &a, want_memory);
	run_loop(p.jit, l, &b, got_memory);
	if (a.cause == b.cause && a.epc == b.epc && a.tval == b.tval &&
	    want->fflags == got->fflags && !memcmp(want->f, got->f, sizeof(want->f)) &&
	    !memcmp(want->x, got->x, 31 * sizeof(want->x[0])) &&
	    !memcmp(want_memory, got_memory, sizeof(want_memory)))
		return;
	show(l, want, got);
	fail_msg("loop %u: cause %" PRIu64 " for %" PRIu64 ", epc %" PRIx64 " for %" PRIx64, number,
		 b.cause, a.cause, b.epc, a.epc);
}

static void nobody_can_tell_a_compiled_loop_from_an_interpreted_one(void **state)
{
	struct pair p = pair_new();
	struct pattern rows[128], row;
	static struct loop l;
	u32 n = 0;

	exec_protect(p.interp, ONLY_READ);
	exec_protect(p.jit, ONLY_READ);
	for (u32 i = 0; decoder_pattern(p.interp->harts[0]->decoder, i, &row); i++)
		if (is_of_f_or_d(&row) && (is_plain(row.name) || !dice(8)) && n < ARRAY_LEN(rows))
			rows[n++] = row;
	for (u32 i = 0; i < LOOPS; i++) {
		make_loop(&l, rows, n);
		for (u32 k = 0; k < 3; k++) {
			fill_loop(&l);
			compare(p, &l, i);
		}
	}
	pair_free(p);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_can_tell_a_compiled_loop_from_an_interpreted_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
