/* test_jit_traps.c - traps that compiled code takes, and returns from, without leaving
 *
 * A program of U-mode and its handler in S-mode run alike in both engines, to the instruction.
 */
#include "exec.h"

#include "../jit/asm.h"

enum {
	U_CODE = CODE,
	S_CODE = CODE + 0x800,
	ONLY_READ = DATA + 0x2000,
	ONLY_M = DATA + 0x3000,
	ROUNDS = 3 * JIT_HEAT
};

enum { MEPC = 0x341, MCAUSE, SSTATUS = 0x100, SIP = 0x144, SEPC = 0x141, INSTRET = 0xc02 };
enum { ECALL = 0x73, SRET = 0x10200073, MRET = 0x30200073, SFENCE = 0x12000073 };

#define CSRR(rd, csr) ((u32)(csr) << 20 | 2 << 12 | (u32)(rd) << 7 | 0x73)
#define CSRW(csr, rs) ((u32)(csr) << 20 | (u32)(rs) << 15 | 1 << 12 | 0x73)

#define CSRS(csr, rs)    (CSRW(csr, rs) ^ 3 << 12)
#define CSRC(csr, rs)    (CSRW(csr, rs) ^ 2 << 12)
#define CSRI(f3, csr, k) ((u32)(csr) << 20 | (u32)(k) << 15 | (u32)(f3) << 12 | 0x73)

/* Skips the instruction that trapped, and counts; T2 is what is done meanwhile. */
static void put_handler(struct rig *r, u32 meanwhile)
{
	const u32 code[] = { CSRR(T0, SEPC),  ADDI(T0, T0, 4), CSRW(SEPC, T0),
			     ADDI(S2, S2, 1), meanwhile,       SRET };

	exec_put(r, S_CODE, code, ARRAY_LEN(code));
}

struct outcome {
	u64 rounds, instret, traps, t1;
};

static struct outcome run(const char *engine, u32 traps, u32 meanwhile)
{
	const u32 code[] = {
		CSRR(A2, INSTRET),
		/* again: */
		traps,
		ADDI(T1, T1, 3),
		ADDI(A0, A0, -1),
		BNE(A0, ZERO, -12),
		CSRR(A3, INSTRET),
		EBREAK,
	};
	struct rig *r = exec_rig_on(ALL_ISA, engine_find(engine));
	struct hart *h = r->harts[0];
	struct outcome o;

	exec_protect(r, ONLY_READ);
	put_handler(r, meanwhile);
	exec_put(r, U_CODE, code, ARRAY_LEN(code));
	h->stvec = RIG_RAM + S_CODE;
	h->medeleg = 1 << CAUSE_ECALL_U | 1 << CAUSE_STORE_ACCESS | 1 << CAUSE_ILLEGAL;
	h->mcounteren = h->scounteren = 7;
	h->x[A0] = ROUNDS;
	h->x[S0] = RIG_RAM + ONLY_READ;
	o.traps = h->traps;
	rig_priv(h, PRIV_U);
	exec_from(r, RIG_RAM + U_CODE);
	o = (struct outcome){ h->x[S2], h->x[A3] - h->x[A2], h->traps - o.traps, h->x[T1] };
	rig_free(r);
	return o;
}

static void both_engines_trap_alike(u32 traps, u32 meanwhile)
{
	struct outcome a = run("interp", traps, meanwhile), b = run("jit", traps, meanwhile);

	assert_int_equal(b.rounds, ROUNDS);
	assert_int_equal(b.t1, 3 * ROUNDS);
	assert_int_equal(b.traps, a.traps);
	assert_int_equal(b.instret, a.instret);
}

static void a_call_of_the_system_and_its_return_stay_in_compiled_code(void **state)
{
	both_engines_trap_alike(ECALL, ADDI(ZERO, ZERO, 0));
	(void)state;
}

static void a_fault_and_its_return_stay_in_compiled_code(void **state)
{
	both_engines_trap_alike(STORE_D(T1, S0, 8), ADDI(ZERO, ZERO, 0));
	both_engines_trap_alike(0, ADDI(ZERO, ZERO, 0)); /* no instruction at all */
	both_engines_trap_alike(SRET, ADDI(ZERO, ZERO, 0));
	(void)state;
}

static void fences_of_a_handler_stay_in_compiled_code(void **state)
{
	both_engines_trap_alike(ECALL, SFENCE);
	both_engines_trap_alike(ECALL, FENCE_I);
	(void)state;
}

/* Code of one page runs in both privileges; PMP has a page for M-mode alone. */
static void a_return_takes_the_privilege_along(void **state)
{
	const u32 code[] = { ECALL, LOAD_D(T1, S0, 0), ADDI(A0, A0, -1), BNE(A0, ZERO, -12),
			     EBREAK };
	const u32 handler[] = {
		CSRR(T0, MCAUSE),  BEQ(T0, S4, 8),  JALR(ZERO, S3, 0),
		CSRR(T0, MEPC),    ADDI(T0, T0, 4), CSRW(MEPC, T0),
		LOAD_D(T2, S1, 0), ADDI(S2, S2, 1), MRET,
	};
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];
	struct hart_view v;

	pmp_set_addr(h, 0, (RIG_RAM + ONLY_M) >> 2 | 0x1ff);
	pmp_set_cfg(h, 0, 3 << 3);
	pmp_set_addr(h, 1, UINT64_MAX);
	pmp_set_cfg(h, 1, 3 << 3 | RIGHT_R | RIGHT_W | RIGHT_X);
	pmp_changed(h);
	exec_put(r, U_CODE, code, ARRAY_LEN(code));
	exec_put(r, S_CODE, handler, ARRAY_LEN(handler));
	h->mtvec = RIG_RAM + S_CODE;
	h->x[S1] = RIG_RAM + ONLY_M;
	h->x[S3] = RIG_RAM + HANDLER;
	h->x[S4] = CAUSE_ECALL_U;
	for (u32 i = 0; i < 2; i++) {
		h->x[A0] = ROUNDS;
		h->x[S0] = RIG_RAM + (i ? ONLY_M : DATA);
		rig_priv(h, PRIV_U);
		exec_from(r, RIG_RAM + U_CODE);
		hart_look(h, &v);
		assert_int_equal(v.cause, i ? CAUSE_LOAD_ACCESS : CAUSE_BREAKPOINT);
	}
	assert_int_equal(v.tval, RIG_RAM + ONLY_M);
	assert_int_equal(h->x[S2], ROUNDS + 1);
	rig_free(r);
	(void)state;
}

/* 3.1.6.1: at once after an xRET. */
static void an_interrupt_that_sret_lets_in_comes_before_the_next_instruction(void **state)
{
	const u32 code[] = {
		CSRI(6, SIP, 2), /* csrsi: pending, */
		CSRW(SEPC, S3),
		CSRS(SSTATUS, S0),
		SRET, /* and let in, here: */
		/* s3: */
		ADDI(S4, S4, 1),
		ADDI(A0, A0, -1),
		BNE(A0, ZERO, -24),
		EBREAK,
	};
	const u32 handler[] = {
		CSRR(T0, SEPC),  BEQ(T0, S3, 8),    EBREAK, ADDI(S2, S2, 1),
		CSRI(7, SIP, 2), CSRC(SSTATUS, S1), SRET,
	};
	struct rig *r = exec_rig_on(ALL_ISA, engine_find("jit"));
	struct hart *h = r->harts[0];

	exec_protect(r, ONLY_READ);
	exec_put(r, U_CODE, code, ARRAY_LEN(code));
	exec_put(r, S_CODE, handler, ARRAY_LEN(handler));
	h->stvec = RIG_RAM + S_CODE;
	h->mideleg = 2;
	h->mie = 2;
	h->x[A0] = ROUNDS;
	h->x[S0] = MSTATUS_SPP | MSTATUS_SPIE;
	h->x[S1] = MSTATUS_SPIE; /* the handler returns with interrupts off */
	h->x[S3] = RIG_RAM + U_CODE + 16;
	rig_priv(h, PRIV_S);
	exec_from(r, RIG_RAM + U_CODE);
	assert_int_equal(h->x[A0], 0);
	assert_int_equal(h->x[S2], ROUNDS);
	assert_int_equal(h->x[S4], ROUNDS);
	rig_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_of_the_system_and_its_return_stay_in_compiled_code),
		cmocka_unit_test(a_fault_and_its_return_stay_in_compiled_code),
		cmocka_unit_test(fences_of_a_handler_stay_in_compiled_code),
		cmocka_unit_test(a_return_takes_the_privilege_along),
		cmocka_unit_test(an_interrupt_that_sret_lets_in_comes_before_the_next_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
