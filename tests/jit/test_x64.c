/* test_x64.c - the encodings of x64.h, as objdump reads them. */
#include "check.h"

#include "x64/x64.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In the order of x64.h; where the encoding differs: registers from r8 on, bytes of sil to dil,
 * bases that take a SIB or a displacement of 0.  A line is one instruction.
 */
/* clang-format off */
#define FORMS(F)                                                                                   \
	F("je 0x2", { u32 s = x64_jcc_short(c, CC_E); x64_bind_short(c, s); })                     \
	F("jmp 0x4", { u32 s = x64_jmp_short(c); x64_bind_short(c, s); })                          \
	F("jmp 0x0", x64_jmp_to(c, 0))                                                             \
	F("call 0x0", x64_call_to(c, 0))                                                           \
	F("jg 0x0", x64_bind_to(c, x64_jcc(c, CC_G), 0))                                           \
	F("add rax,rcx", x64_alu(c, ALU_ADD, W, RAX, rm_reg(RCX)))                                 \
	F("sub r8d,DWORD PTR [rbp-0x80]", x64_alu(c, ALU_SUB, 0, R8, rm_mem(RBP, -128)))           \
	F("cmp rbx,QWORD PTR [rbp+0x80]", x64_alu(c, ALU_CMP, W, RBX, rm_mem(RBP, 128)))           \
	F("xor QWORD PTR [r12],r13", x64_alu_to(c, ALU_XOR, W, rm_mem(R12, 0), R13))               \
	F("and DWORD PTR [rsp],esi", x64_alu_to(c, ALU_AND, 0, rm_mem(RSP, 0), RSI))               \
	F("or rdi,0xffffffffffffffff", x64_alu_imm(c, ALU_OR, W, rm_reg(RDI), -1))                 \
	F("and rdx,0xfffffffffffff000", x64_alu_imm(c, ALU_AND, W, rm_reg(RDX), -4096))            \
	F("cmp DWORD PTR [rbp+0x10],0x3", x64_alu_imm(c, ALU_CMP, 0, rm_mem(RBP, 16), 3))          \
	F("sub QWORD PTR [r13+0x0],0x80", x64_alu_imm(c, ALU_SUB, W, rm_mem(R13, 0), 128))         \
	F("mov r9,QWORD PTR [rcx+rax*1]", x64_mov(c, W, R9, rm_index(RCX, RAX, 0, 0)))             \
	F("mov eax,eax", x64_mov(c, 0, RAX, rm_reg(RAX)))                                          \
	F("mov eax,DWORD PTR [rdx+r10*2+0x8]", x64_mov(c, 0, RAX, rm_index(RDX, R10, 1, 8)))       \
	F("mov QWORD PTR [r13+r12*8+0x0],r15", x64_store(c, W, rm_index(R13, R12, 3, 0), R15))     \
	F("mov DWORD PTR [rsp+0x8],ecx", x64_store(c, 0, rm_mem(RSP, 8), RCX))                     \
	F("mov QWORD PTR [rbp+0x1000],0xffffffffffffffff", x64_store_imm(c, W, rm_mem(RBP, 4096), -1)) \
	F("mov DWORD PTR [rax],0x7", x64_store_imm(c, 0, rm_mem(RAX, 0), 7))                       \
	F("mov eax,0xffffffff", x64_const(c, RAX, 0xffffffff))                                     \
	F("mov r14d,0x0", x64_const(c, R14, 0))                                                    \
	F("mov rbx,0xffffffff80000000", x64_const(c, RBX, 0xffffffff80000000))                     \
	F("movabs r11,0x123456789abcdef0", x64_const(c, R11, 0x123456789abcdef0))                  \
	F("movabs rsi,0x100000000", x64_const(c, RSI, 0x100000000))                                \
	F("lea rax,[rbx+r12*4]", x64_lea(c, W, RAX, rm_index(RBX, R12, 2, 0)))                     \
	F("lea ecx,[r8-0x1]", x64_lea(c, 0, RCX, rm_mem(R8, -1)))                                  \
	F("0x0", x64_lea(c, W, RDX, rm_rip(0)))                                                    \
	F("shl rdi,0x3f", x64_shift_imm(c, SH_SHL, W, rm_reg(RDI), 63))                            \
	F("sar r9d,0x1f", x64_shift_imm(c, SH_SAR, 0, rm_reg(R9), 31))                             \
	F("ror rax,cl", x64_shift_cl(c, SH_ROR, W, rm_reg(RAX)))                                   \
	F("shlx rax,rcx,r9", x64_shiftx(c, SH_SHL, W, RAX, rm_reg(RCX), R9))                       \
	F("shrx r10,QWORD PTR [rbp+0x8],rsi", x64_shiftx(c, SH_SHR, W, R10, rm_mem(RBP, 8), RSI))  \
	F("sarx edx,r12d,edi", x64_shiftx(c, SH_SAR, 0, RDX, rm_reg(R12), RDI))                    \
	F("rorx ecx,eax,0x7", x64_rorx(c, 0, RCX, rm_reg(RAX), 7))                                 \
	F("rorx r8,r15,0x3f", x64_rorx(c, W, R8, rm_reg(R15), 63))                                 \
	F("not rax", x64_group3(c, G3_NOT, W, rm_reg(RAX)))                                        \
	F("idiv ecx", x64_group3(c, G3_IDIV, 0, rm_reg(RCX)))                                      \
	F("mul r8", x64_group3(c, G3_MUL, W, rm_reg(R8)))                                          \
	F("test eax,0x6000", x64_test_imm(c, 0, rm_reg(RAX), 0x6000))                              \
	F("setne al", x64_setcc(c, CC_NE, RAX))                                                    \
	F("setb sil", x64_setcc(c, CC_B, RSI))                                                     \
	F("setae r11b", x64_setcc(c, CC_AE, R11))                                                  \
	F("cmovl r12,QWORD PTR [rax]", x64_cmov(c, CC_L, W, R12, rm_mem(RAX, 0)))                  \
	F("cmova eax,edx", x64_cmov(c, CC_A, 0, RAX, rm_reg(RDX)))                                 \
	F("movzx eax,al", x64_op(c, OP_MOVZX8, RAX, rm_reg(RAX), 0))                               \
	F("movzx ecx,dil", x64_op(c, OP_MOVZX8, RCX, rm_reg(RDI), 0))                              \
	F("movzx r8d,WORD PTR [rcx+rbx*1]", x64_op(c, OP_MOVZX16, R8, rm_index(RCX, RBX, 0, 0), 0)) \
	F("movsx rbx,BYTE PTR [r13+0x0]", x64_op(c, OP_MOVSX8, RBX, rm_mem(R13, 0), 0))            \
	F("movsx rax,cx", x64_op(c, OP_MOVSX16, RAX, rm_reg(RCX), 0))                              \
	F("movsxd rsi,r9d", x64_op(c, OP_MOVSXD, RSI, rm_reg(R9), 0))                              \
	F("imul r10,rdx", x64_op(c, OP_IMUL | W, R10, rm_reg(RDX), 0))                             \
	F("call rax", x64_call_reg(c, RAX))                                                        \
	F("jmp r11", x64_jmp_rm(c, rm_reg(R11)))                                                   \
	F("push rbp", x64_push(c, RBP))                                                            \
	F("push r12", x64_push(c, R12))                                                            \
	F("pop r15", x64_pop(c, R15))                                                              \
	F("vaddsd xmm2,xmm3,xmm4", x64_vex(c, SSE_ADD | MAP_0F | P_F2, 2, 3, rm_reg(4), 0))        \
	F("vdivss xmm10,xmm11,xmm5", x64_vex(c, SSE_DIV | MAP_0F | P_F3, 10, 11, rm_reg(5), 0))    \
	F("vsqrtsd xmm1,xmm15,xmm14", x64_vex(c, SSE_SQRT | MAP_0F | P_F2, 1, 15, rm_reg(14), 0))  \
	F("vmovsd xmm7,QWORD PTR [rcx+r9*1]", x64_vex(c, 0x10 | MAP_0F | P_F2, 7, 0, rm_index(RCX, R9, 0, 0), 0)) \
	F("vmovss DWORD PTR [r13+0x4],xmm9", x64_vex(c, 0x11 | MAP_0F | P_F3, 9, 0, rm_mem(R13, 4), 0)) \
	F("vmovq xmm3,r8", x64_vex(c, 0x6e | MAP_0F | P_66 | W, 3, 0, rm_reg(R8), 0))              \
	F("vucomisd xmm2,xmm12", x64_vex(c, 0x2e | MAP_0F | P_66, 2, 0, rm_reg(12), 0))            \
	F("vfmadd231sd xmm0,xmm9,xmm10", x64_vex(c, 0xb9 | MAP_0F38 | P_66 | W, 0, 9, rm_reg(10), 0)) \
	F("vfnmsub231ss xmm0,xmm2,xmm3", x64_vex(c, 0xbf | MAP_0F38 | P_66, 0, 2, rm_reg(3), 0))   \
	F("vcvttsd2si r9,xmm2", x64_vex(c, 0x2c | MAP_0F | P_F2 | W, R9, 0, rm_reg(2), 0))         \
	F("vpclmullqlqdq xmm0,xmm0,xmm1", { x64_vex(c, 0x44 | MAP_0F3A | P_66, 0, 0, rm_reg(1), 1); put1(c, 0); }) \
	F("vpextrq r10,xmm0,0x1", { x64_vex(c, 0x16 | MAP_0F3A | P_66 | W, 0, 0, rm_reg(R10), 1); put1(c, 1); })
/* clang-format on */

static const char *const wanted[] = {
#define F(text, code) text,
	FORMS(F)
#undef F
};

static void emit(struct code_buf *c)
{
#define F(text, code) code;
	FORMS(F)
#undef F
}

/* "  3f:\tadd    rax,rcx" is "add rax,rcx"; what is relative to rip, the address alone. */
static bool instruction_of(char *line, char *out, size_t cap)
{
	char *at = strchr(line, '\t'), *comment = strchr(line, '#');
	char name[32], rest[160] = "";

	if (!at || !strchr(line, ':'))
		return false;
	if (comment) {
		snprintf(out, cap, "%.20s", comment + 2);
		out[strcspn(out, " \n")] = 0;
		return true;
	}
	if (sscanf(at, " %31s %159[^\n]", name, rest) < 1)
		return false;
	rest[strcspn(rest, "\n")] = 0;
	for (size_t n = strlen(rest); n && rest[n - 1] == ' ';)
		rest[--n] = 0;
	snprintf(out, cap, "%s%s%s", name, rest[0] ? " " : "", rest);
	return true;
}

static void objdump_reads_each_form_as_what_it_is(void **state)
{
	u8 bytes[2048];
	struct code_buf c = { .start = bytes, .p = bytes, .end = bytes + sizeof(bytes) };
	char path[] = "/tmp/vmbuild-x64.XXXXXX", command[200], line[256], got[200];
	size_t n = 0;
	FILE *f;
	int fd;

	if (system("objdump --version >/dev/null 2>&1"))
		skip();
	emit(&c);
	assert_false(c.full);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, offset_of(&c)), offset_of(&c));
	close(fd);
	snprintf(command, sizeof(command),
		 "objdump -D -b binary -m i386:x86-64 -M intel --no-show-raw-insn '%s'", path);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (!instruction_of(line, got, sizeof(got)))
			continue;
		if (n == ARRAY_LEN(wanted))
			fail_msg("behind the last: %s", got);
		assert_string_equal(got, wanted[n++]);
	}
	pclose(f);
	unlink(path);
	assert_int_equal(n, ARRAY_LEN(wanted));
	(void)state;
}

/* Where a jump is patched while others run it, its displacement is one aligned word. */
static void a_displacement_that_is_patched_is_aligned(void **state)
{
	u8 bytes[64];

	for (u32 at = 0; at < 8; at++) {
		struct code_buf c = { .start = bytes, .p = bytes + at, .end = bytes + 64 };

		x64_align_before(&c, 5);
		assert_int_equal(x64_jmp(&c) % 4, 0);
		c.p = bytes + at;
		x64_align_before(&c, 6);
		assert_int_equal(x64_jcc(&c, CC_G) % 4, 0);
	}
	(void)state;
}

/* Nothing is written behind the end, and it is noticed. */
static void what_does_not_fit_is_not_written(void **state)
{
	for (size_t room = 0; room < 12; room++) {
		u8 bytes[16];
		struct code_buf c = { .start = bytes, .p = bytes, .end = bytes + room };

		memset(bytes, 0xaa, sizeof(bytes));
		x64_const(&c, R11, 0x123456789abcdef0);
		assert_int_equal(c.full, room < 10);
		for (size_t i = room; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xaa);
		x64_bind(&c, (u32)sizeof(bytes) - 4);
		if (c.full)
			assert_int_equal(bytes[15], 0xaa);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objdump_reads_each_form_as_what_it_is),
		cmocka_unit_test(a_displacement_that_is_patched_is_aligned),
		cmocka_unit_test(what_does_not_fit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
