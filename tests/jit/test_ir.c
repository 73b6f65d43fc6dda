/* test_ir.c - what guest instructions mean to compilers: rv.def read with nodes for values. */
#include "../riscv/exec.h"

#include "asm.h"
#include "ir.h"

static const char *const names[] = {
#define O(name) #name,
	IR_OPS(O)
#undef O
};

/* Values as expressions: compilers number operands as they like. */
static void add_value(struct str *s, const struct ir_block *b, u32 n)
{
	const struct ir *i = &b->ir[n];
	static const u8 unary[] = {
		IR_NOT, IR_SX8, IR_SX16, IR_SX32, IR_ZX32, IR_LOAD, IR_UNBOX32
	};

	switch (i->op) {
	case IR_K:
		str_add(s, "%lld", (long long)i->k);
		return;
	case IR_X:
		str_add(s, "x%lld", (long long)i->k);
		return;
	case IR_F:
		str_add(s, "f%lld", (long long)i->k);
		return;
	case IR_PC:
		str_add(s, "pc+%lld", (long long)i->k);
		return;
	default:
		break;
	}
	str_add(s, "%s(", names[i->op]);
	add_value(s, b, i->a);
	if (!memchr(unary, i->op, sizeof(unary))) {
		str_add(s, ",");
		add_value(s, b, i->b);
	}
	if (i->op == IR_SEL || i->op == IR_FMA32 || i->op == IR_FMA64) {
		str_add(s, ",");
		add_value(s, b, i->c);
	}
	str_add(s, ")");
}

static void add_statement(struct str *s, const struct ir_block *b, const struct ir *i)
{
	switch (i->op) {
	case IR_INSN:
		str_add(s, "%s%lld:", s->n ? " " : "", (long long)i->k);
		return;
	case IR_SET:
		str_add(s, " x%lld=", (long long)i->k);
		add_value(s, b, i->a);
		return;
	case IR_FSET32:
	case IR_FSET64:
		str_add(s, " f%lld=", (long long)i->k);
		add_value(s, b, i->a);
		return;
	case IR_STORE:
		str_add(s, " [");
		add_value(s, b, i->a);
		str_add(s, "]=");
		add_value(s, b, i->b);
		return;
	case IR_BRANCH:
		str_add(s, " BRANCH(");
		add_value(s, b, i->a);
		str_add(s, ") pc+%lld", (long long)i->k);
		return;
	case IR_JUMP:
		str_add(s, " JUMP ");
		add_value(s, b, i->a);
		return;
	default:
		if (i->op > IR_OTHER)
			str_add(s, " %s", names[i->op]);
	}
}

/* What the words at an offset in a page mean, of no more than `max` instructions. */
static void expect(const char *isa, u32 at, u32 max, const u32 *words, size_t size,
		   const char *want)
{
	static struct ir_block b;
	static u8 page[PAGE_SIZE];
	struct rig *r = exec_rig(isa);
	struct str s = { 0 };

	memset(page, 0, sizeof(page));
	memcpy(page + at, words, MIN(size, PAGE_SIZE - at));
	b.checks = false;
	ir_read(&b, r->harts[0], page, at, max);
	for (u32 i = 0; i < b.n; i++)
		add_statement(&s, &b, &b.ir[i]);
	assert_string_equal(str_text(&s), want);
	str_free(&s);
	rig_free(r);
}

#define EXPECT_OF(isa, at, max, want, ...)                                                         \
	do {                                                                                       \
		const u32 words[] = { __VA_ARGS__ };                                               \
		expect(isa, at, max, words, sizeof(words), want);                                  \
	} while (0)
#define EXPECT(at, max, want, ...) EXPECT_OF(ALL_ISA, at, max, want, __VA_ARGS__)

static void an_instruction_is_its_row_of_rv_def(void **state)
{
	EXPECT(16, 1, "16: x10=ADD(x11,x12)", ADD(A0, A1, A2));
	EXPECT(16, 1, "16: x10=LOAD(ADD(x11,-8))", LOAD_D(A0, A1, -8));
	EXPECT(16, 1, "16: [ADD(x11,4)]=x10", STORE_W(A0, A1, 4));
	EXPECT(16, 1, "16: BRANCH(LT(x10,x11)) pc+8", BLT(A0, A1, -8));
	EXPECT(16, 1, "16: JUMP pc+116 x1=pc+20", asm_jal(RA, 100));
	EXPECT(16, 1, "16: FP ROUND f10=FADD64(f11,f12)", 0x02c5f553);
	(void)state;
}

static void what_is_known_is_done_while_reading(void **state)
{
	EXPECT(0, 2, "0: DEAD 4: x10=74567", LUI(A0, 18), ADDI(A0, A0, 0x347));
	EXPECT(0, 2, "0: x10=4096 4: x11=4101", LUI(A0, 1), ADDI(A1, A0, 5));
	EXPECT(0, 2, "0: x10=pc+4096 4: JUMP pc+4108 x1=pc+8", AUIPC(A0, 1), JALR(RA, A0, 12));
	EXPECT(0, 2, "0: DEAD 4: JUMP pc+10 x1=pc+8", LUI(RA, 1), asm_jal(RA, 6));
	/* without C that jump traps, and what was before is seen */
	EXPECT_OF("rv64g", 0, 2, "0: x1=4096 4: JUMP pc+10 x1=pc+8", LUI(RA, 1), asm_jal(RA, 6));
	EXPECT(0, 1, "0: JUMP pc+64", BEQ(ZERO, ZERO, 64));
	EXPECT(0, 2, "0: 4: x10=x11", BNE(ZERO, ZERO, 64), ADDI(A0, A1, 0));
	(void)state;
}

static void what_is_extended_is_not_extended_again(void **state)
{
	EXPECT(0, 2, "0: x10=SX32(LOAD(x11)) 4:", LOAD_W(A0, A1, 0), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SX32(ADD(x11,x12)) 4: x13=x10", ADDW(A0, A1, A2), ADDIW(A3, A0, 0));
	EXPECT(0, 2, "0: x10=LOAD(x11) 4: x10=SX32(x10)", LOAD_D(A0, A1, 0), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=AND(x11,255) 4:", ANDI(A0, A1, 255), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=AND(x11,-256) 4: x10=SX32(x10)", ANDI(A0, A1, -256), ADDIW(A0, A0, 0));
	EXPECT(0, 3, "0: x10=SX32(LOAD(x11)) 4: x10=LOAD(x11) 8: x10=SX32(x10)", LOAD_W(A0, A1, 0),
	       LOAD_D(A0, A1, 0), ADDIW(A0, A0, 0));
	/* what has 33 bits is: from a wide mask, a shift too short, the complement of anything */
	EXPECT(0, 4, "0: DEAD 4: x15=4294967295 8: x10=AND(x11,4294967295) 12: x10=SX32(x10)",
	       ADDI(A5, ZERO, -1), SRLI(A5, A5, 32), asm_r(0x33, 0, 7, A0, A1, A5),
	       ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SHR(x11,32) 4: x10=SX32(x10)", SRLI(A0, A1, 32), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SHR(x11,33) 4:", SRLI(A0, A1, 33), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SAR(x11,31) 4: x10=SX32(x10)", SRAI(A0, A1, 31), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SAR(x11,32) 4:", SRAI(A0, A1, 32), ADDIW(A0, A0, 0));
	EXPECT(0, 2, "0: x10=NOT(XOR(x11,x12)) 4: x10=SX32(x10)", asm_r(0x33, 0x20, 4, A0, A1, A2),
	       ADDIW(A0, A0, 0));
	/* but a helper may write anything: csrr a0, mstatus */
	EXPECT(0, 3, "0: x10=AND(x11,255) 4: CSR 8: x10=SX32(x10)", ANDI(A0, A1, 255), 0x30002573,
	       ADDIW(A0, A0, 0));
	(void)state;
}

static void a_shift_that_nobody_sees_is_a_part_of_what_follows(void **state)
{
	EXPECT(0, 2, "0: DEAD 4: x10=ADD(SHL(x11,2),x12)", SLLI(A0, A1, 2), ADD(A0, A0, A2));
	EXPECT(0, 2, "0: DEAD 4: x10=ADD(SHL(x10,3),x12)", SLLI(A0, A0, 3), ADD(A0, A2, A0));
	EXPECT(0, 3, "0: DEAD 4: DEAD 8: x10=ADD(SHL(AND(x11,255),2),x12)", ANDI(A0, A1, 255),
	       SLLI(A0, A0, 2), ADD(A0, A0, A2));
	EXPECT(0, 2, "0: DEAD 4: x10=ZX32(x11)", SLLI(A0, A1, 32), SRLI(A0, A0, 32));
	EXPECT(0, 2, "0: DEAD 4: x10=SHL(ZX32(x11),2)", SLLI(A0, A1, 32), SRLI(A0, A0, 30));
	EXPECT(0, 2, "0: DEAD 4: x10=SHR(ZX32(x11),3)", SLLI(A0, A1, 32), SRLI(A0, A0, 35));
	EXPECT(0, 2, "0: DEAD 4: x10=AND(x11,65535)", SLLI(A0, A1, 48), SRLI(A0, A0, 48));
	EXPECT(0, 2, "0: DEAD 4: x10=SX16(x11)", SLLI(A0, A1, 48), SRAI(A0, A0, 48));
	EXPECT(0, 2, "0: DEAD 4: x10=SX8(x11)", SLLI(A0, A1, 56), SRAI(A0, A0, 56));
	EXPECT(0, 2, "0: DEAD 4: x10=SAR(SX32(x11),4)", SLLI(A0, A1, 32), SRAI(A0, A0, 36));
	/* what is seen stays: another register, itself twice, a load in between, too far */
	EXPECT(0, 2, "0: x10=SHL(x11,2) 4: x12=ADD(x10,x12)", SLLI(A0, A1, 2), ADD(A2, A0, A2));
	EXPECT(0, 2, "0: x10=SHL(x11,2) 4: x10=ADD(x10,x10)", SLLI(A0, A1, 2), ADD(A0, A0, A0));
	EXPECT(0, 2, "0: x10=SHL(x11,2) 4: x10=LOAD(x10)", SLLI(A0, A1, 2), LOAD_D(A0, A0, 0));
	EXPECT(0, 2, "0: x10=SHL(x11,4) 4: x10=ADD(x10,x12)", SLLI(A0, A1, 4), ADD(A0, A0, A2));
	EXPECT(0, 2, "0: x10=AND(x11,255) 4: x12=SHL(x10,2)", ANDI(A0, A1, 255), SLLI(A2, A0, 2));
	EXPECT(0, 2, "0: x10=SHL(x11,32) 4: x10=SAR(x10,30)", SLLI(A0, A1, 32), SRAI(A0, A0, 30));
	(void)state;
}

/* trap:1 */
static void x0_is_zero_and_keeps_nothing(void **state)
{
	EXPECT(0, 2, "0: 4: x10=0", ADDI(ZERO, ZERO, 5), ADDI(A0, ZERO, 0));
	EXPECT(0, 1, "0: x32=LOAD(x11)", LOAD_D(ZERO, A1, 0)); /* but it may trap */
	(void)state;
}

static void a_register_that_is_written_is_known_no_longer(void **state)
{
	EXPECT(0, 3, "0: x10=4096 4: x10=LOAD(x11) 8: x12=ADD(x10,1)", LUI(A0, 1),
	       LOAD_D(A0, A1, 0), ADDI(A2, A0, 1));
	/* csrr a0, mstatus; fclass.d a0, fa1 */
	EXPECT(0, 3, "0: x10=4096 4: CSR 8: x12=ADD(x10,1)", LUI(A0, 1), 0x30002573,
	       ADDI(A2, A0, 1));
	EXPECT(0, 3, "0: x10=4096 4: STEP 8: x12=ADD(x10,1)", LUI(A0, 1), 0xe2059553,
	       ADDI(A2, A0, 1));
	(void)state;
}

static void a_block_ends_where_nobody_knows_what_comes(void **state)
{
	EXPECT(0, 64, "0: x10=x11 4: END", ADDI(A0, A1, 0), FENCE_I, ADDI(A0, A1, 0));
	EXPECT(0, 64, "0: END", 0); /* illegal */
	EXPECT(0, 64, "0: END", EBREAK);
	EXPECT(0, 64, "0: JUMP AND(x1,-2)", RET, ADDI(A0, A1, 0));
	EXPECT(PAGE_SIZE - 2, 64, "4094: STEP", ADD(A0, A1, A2)); /* half of it */
	EXPECT(PAGE_SIZE - 4, 64, "4092: x10=x11", ADDI(A0, A1, 0));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instruction_is_its_row_of_rv_def),
		cmocka_unit_test(what_is_known_is_done_while_reading),
		cmocka_unit_test(what_is_extended_is_not_extended_again),
		cmocka_unit_test(a_shift_that_nobody_sees_is_a_part_of_what_follows),
		cmocka_unit_test(x0_is_zero_and_keeps_nothing),
		cmocka_unit_test(a_register_that_is_written_is_known_no_longer),
		cmocka_unit_test(a_block_ends_where_nobody_knows_what_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
