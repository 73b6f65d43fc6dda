/* test_operands.c - each row of rv.def with whatever is known of its operands while it is compiled:
 * nothing, in a host register or in memory; a constant; an address relative to its page.  Then a
 * branch asks at once what the result is.
 *
 * The engine `lockstep` compares what is compiled with the interpreter.
 */
#include "../riscv/exec.h"

#include "asm.h"

enum { PINNED_1 = 11, PINNED_2 = 12, MEMORY_1 = 5, MEMORY_2 = 6, MOST_WORDS = 16 };
enum { OPCODE_JALR = 0x67, OPCODE_JAL = 0x6f, OPCODE_BRANCH = 0x63, OPCODE_SYSTEM = 0x73 };

/* How a register gets what it has. */
enum kind { UNKNOWN, ZERO_ITSELF, SMALL, NEGATIVE, WIDE, HUGE, IN_PAGE, KINDS };

static u32 prepare(u32 *code, u32 r, enum kind kind)
{
	u32 n = 0;

	switch (kind) {
	case SMALL:
		code[n++] = ADDI(r, ZERO, 5);
		break;
	case NEGATIVE:
		code[n++] = ADDI(r, ZERO, -1);
		break;
	case WIDE:
		code[n++] = LUI(r, 0x87654);
		break;
	case HUGE:
		code[n++] = LUI(r, 0x12345);
		code[n++] = asm_i(0x13, 1, r, r, 24); /* slli */
		break;
	case IN_PAGE:
		code[n++] = AUIPC(r, 0);
		break;
	default:
		break;
	}
	return n;
}

struct operand {
	u32 r;
	enum kind kind;
};

static struct rig *rig(void)
{
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("lockstep"));
	struct hart *h = r->harts[0];

	h->mstatus |= (u64)3 << 13; /* FS */
	return r;
}

static void run(struct rig *r, const struct pattern *p, u32 rd, struct operand a, struct operand b)
{
	u32 fields = rd << 7 | a.r << 15 | b.r << 20 | 13u << 27, n = 0;
	u32 code[MOST_WORDS];
	struct hart *h = r->harts[0];

	n += prepare(code + n, a.r, a.kind);
	n += prepare(code + n, b.r, b.kind);
	code[n++] = p->match | (fields & ~p->mask);
	if ((p->match & 0x7f) != OPCODE_BRANCH) {
		static const u32 conditions[] = { 0, 1, 4, 5 }; /* eq, ne, lt, ge */

		code[n++] = asm_b(conditions[(a.kind + b.kind + rd) % 4], rd, ZERO, 8);
		code[n++] = ADDI(rd, rd, 1);
	}
	code[n++] = EBREAK;
	code[n++] = EBREAK;
	code[n++] = EBREAK;
	assert_true(n <= MOST_WORDS);
	for (u32 i = 1; i < 32; i++)
		h->x[i] = RIG_RAM + DATA + 64 * (u64)i;
	exec_put(r, CODE, code, n);
	exec_from(r, RIG_RAM + CODE);
	if (r->stops)
		fail_msg("%s x%u, x%u, x%u: not what the interpreter does", p->name, rd, a.r, b.r);
}

/* x0 is an operand of its own; a branch's rd is where it goes: 8 bytes on. */
static void run_all_of(struct rig *r, const struct pattern *p)
{
	static const u32 dests[] = { 8, 20, PINNED_1, MEMORY_2 };
	u32 ndests = (p->match & 0x7f) == OPCODE_BRANCH ? 1 : ARRAY_LEN(dests);

	for (u32 regs = 0; regs < 4; regs++)
		for (u32 kinds = 0; kinds < KINDS * KINDS; kinds++)
			for (u32 d = 0; d < ndests; d++) {
				struct operand a = { regs & 1 ? MEMORY_1 : PINNED_1,
						     kinds / KINDS };
				struct operand b = { regs & 2 ? MEMORY_2 : PINNED_2,
						     kinds % KINDS };

				a.r = a.kind == ZERO_ITSELF ? 0 : a.r;
				b.r = b.kind == ZERO_ITSELF ? 0 : b.r;
				run(r, p, dests[d], a, b);
			}
}

/* Jumps go who knows where, and what is of the system is compiled for none of its operands. */
static bool is_tried(const struct pattern *p)
{
	u32 opcode = p->match & 0x7f;

	return p->len == 2 && opcode != OPCODE_JAL && opcode != OPCODE_JALR &&
	       opcode != OPCODE_SYSTEM;
}

static void each_row_is_compiled_whatever_is_known_of_its_operands(void **state)
{
	struct rig *r = rig();
	struct pattern p;
	u32 rows = 0;

	for (u32 i = 0; decoder_pattern(r->harts[0]->decoder, i, &p); i++) {
		if (!is_tried(&p))
			continue;
		run_all_of(r, &p);
		rows++;
	}
	assert_true(rows > 150);
	assert_true(exec_stat(r, "lockstep-compared ") > rows * KINDS * KINDS);
	rig_free(r);
	(void)state;
}

static void the_lowest_bytes_are_taken_out_of_any_register(void **state)
{
	static const u32 regs[] = { PINNED_1, PINNED_2, MEMORY_1, MEMORY_2 };
	struct rig *r = rig();
	struct hart *h = r->harts[0];

	for (u32 n = 0; n < 16; n++) {
		u32 rs = regs[n / 4], rd = regs[n % 4];
		const u32 code[] = { ANDI(30, rs, 255), SLLI(rd, rs, 48), SRLI(rd, rd, 48),
				     ANDI(rd, rd, 255), EBREAK };

		h->x[rs] = 0x8182838485868788;
		exec_put(r, CODE, code, ARRAY_LEN(code));
		exec_from(r, RIG_RAM + CODE);
		assert_int_equal(r->stops, 0);
		assert_int_equal(h->x[30], 0x88);
		assert_int_equal(h->x[rd], 0x88);
	}
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_compiled_whatever_is_known_of_its_operands),
		cmocka_unit_test(the_lowest_bytes_are_taken_out_of_any_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
