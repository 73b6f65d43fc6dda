/* csr.c - CSRs: in line where that is all there is to it, else by a call of C */
#include "gen.h"

#include "csr.h"

/* fflags, frm and fcsr. */
static bool is_fp_csr(u32 word)
{
	return word >> 20 >= 1 && word >> 20 <= 3;
}

/* Without enough privilege the interpreter traps. */
static void require_privilege(struct gen *g, u32 least)
{
	if (g->least_privilege >= least)
		return;
	x64_alu_imm(&g->c, ALU_CMP, 0, H(priv), (i32)least);
	gen_leave(g, x64_jcc(&g->c, CC_B));
	g->least_privilege = least;
}

enum { CSR_WRITE = 1, CSR_SET, CSR_CLEAR }; /* funct3, less 4 with an immediate */

/* Bits outside of the mask are 0 and stay so. */
static void change_member(struct gen *g, u32 how, struct rm member, u8 by, u64 mask)
{
	if (mask != UINT64_MAX && how != CSR_CLEAR)
		x64_alu_imm(&g->c, ALU_AND, W, rm_reg(by), (i32)mask);
	switch (how) {
	case CSR_WRITE:
		x64_store(&g->c, W, member, by);
		break;
	case CSR_SET:
		x64_alu_to(&g->c, ALU_OR, W, member, by);
		break;
	default:
		x64_group3(&g->c, G3_NOT, W, rm_reg(by));
		x64_alu_to(&g->c, ALU_AND, W, member, by);
	}
}

static u32 csr_how(u32 word)
{
	return word >> 12 & 3;
}

static u32 csr_rs1(u32 word)
{
	return word >> 15 & 31;
}

static bool csr_writes(u32 word)
{
	return csr_how(word) == CSR_WRITE || csr_rs1(word);
}

/* rdx = what is written, set or cleared: the register, or the number in its place. */
static void operand_into_rdx(struct gen *g, u32 word)
{
	bool immediate = word >> 14 & 1;

	if (!csr_writes(word))
		return;
	if (immediate || !csr_rs1(word))
		x64_const(&g->c, RDX, csr_rs1(word));
	else
		x64_mov(&g->c, W, RDX, x_at(g, csr_rs1(word)));
}

static bool writes_in_line(const struct gen *g, const struct csr_row *row, u32 word)
{
	bool read_only = word >> 30 == 3;

	return !read_only && (row->code || csr_mask(g->h, row) == UINT64_MAX);
}

/* A CSR whose value is a member of struct hart. */
static bool member_in_line(struct gen *g, u32 word)
{
	const struct csr_row *row = csr_member(g->h, word >> 20);
	bool writes = csr_writes(word);
	u32 rd = word >> 7 & 31;
	struct rm member;

	if (!row || (writes && !writes_in_line(g, row, word)))
		return false;
	require_privilege(g, word >> 28 & 3);
	member = rm_mem(RBP, (i32)row->member - BIAS);
	operand_into_rdx(g, word);
	if (rd)
		x64_mov(&g->c, W, RAX, member);
	if (writes)
		change_member(g, csr_how(word), member, RDX, csr_mask(g->h, row));
	if (rd)
		x64_store(&g->c, W, x_at(g, rd), RAX);
	return true;
}

/* -- sstatus ------------------------------------------------------------------------------
 *
 * It is in mstatus.  What changes how memory is seen, or lets in an interrupt that is there, is
 * the interpreter's.
 */

/* rax = the value, of mstatus in eax: SD is 1 where FS is 3, UXL is 2. */
static void status_of_rax(struct gen *g)
{
	const u32 fs = (u32)MSTATUS_FS, lowest = fs & -fs;

	x64_mov(&g->c, 0, RCX, rm_reg(RAX));
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RAX), (i32)SSTATUS_WRITABLE);
	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RCX), (i32)fs);
	x64_alu_imm(&g->c, ALU_ADD, 0, rm_reg(RCX), (i32)lowest);
	x64_shift_imm(&g->c, SH_SHR, 0, rm_reg(RCX), log2_of(lowest) + 2);
	x64_shift_imm(&g->c, SH_SHL, W, rm_reg(RCX), 63);
	x64_alu(&g->c, ALU_OR, W, RAX, rm_reg(RCX));
	x64_const(&g->c, RCX, MSTATUS_UXL_64);
	x64_alu(&g->c, ALU_OR, W, RAX, rm_reg(RCX));
}

/* edx = mstatus with the bits of edx written, set or cleared; eax has the old one. */
static void new_status(struct gen *g, u32 how)
{
	const i32 mask = (i32)csr_sstatus_mask(g->h);

	x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RDX), mask);
	if (how == CSR_SET) {
		x64_alu(&g->c, ALU_OR, 0, RDX, rm_reg(RAX));
		return;
	}
	x64_mov(&g->c, 0, RCX, rm_reg(RAX));
	if (how == CSR_WRITE) {
		x64_alu_imm(&g->c, ALU_AND, 0, rm_reg(RCX), ~mask);
		x64_alu(&g->c, ALU_OR, 0, RDX, rm_reg(RCX));
	} else {
		x64_group3(&g->c, G3_NOT, 0, rm_reg(RDX));
		x64_alu(&g->c, ALU_AND, 0, RDX, rm_reg(RCX));
	}
}

/* SIE rises from eax to edx: is there an interrupt? */
static void redo_if_interrupts_come(struct gen *g)
{
	u32 stays;

	x64_mov(&g->c, 0, RCX, rm_reg(RAX));
	x64_group3(&g->c, G3_NOT, 0, rm_reg(RCX));
	x64_alu(&g->c, ALU_AND, 0, RCX, rm_reg(RDX));
	x64_test_imm(&g->c, 0, rm_reg(RCX), (u32)MSTATUS_SIE);
	if (hart_has(g->h, EXT_Smaia) || hart_has(g->h, EXT_Ssaia)) {
		gen_redo(g, x64_jcc(&g->c, CC_NE)); /* from more places than these */
		return;
	}
	stays = x64_jcc_short(&g->c, CC_E);
	x64_mov(&g->c, W, RCX, H(mip));
	x64_alu(&g->c, ALU_OR, W, RCX, H(lines));
	x64_alu(&g->c, ALU_AND, W, RCX, H(mie));
	gen_redo(g, x64_jcc(&g->c, CC_NE));
	x64_op(&g->c, 0x80, ALU_CMP, H(stip), 1);
	put1(&g->c, 0);
	gen_redo(g, x64_jcc(&g->c, CC_NE));
	x64_bind_short(&g->c, stays);
}

static void change_status(struct gen *g, u32 how)
{
	new_status(g, how);
	x64_mov(&g->c, 0, RCX, rm_reg(RDX));
	x64_alu(&g->c, ALU_XOR, 0, RCX, rm_reg(RAX));
	x64_test_imm(&g->c, 0, rm_reg(RCX), (u32)(MSTATUS_SUM | MSTATUS_MXR));
	gen_redo(g, x64_jcc(&g->c, CC_NE));
	if (how != CSR_CLEAR)
		redo_if_interrupts_come(g);
	x64_store(&g->c, 0, H(mstatus), RDX);
	g->fp_on = false;
}

static bool status_in_line(struct gen *g, u32 word)
{
	u32 rd = word >> 7 & 31;

	if (word >> 20 != CSR_SSTATUS || !g->h->config->s_mode)
		return false;
	require_privilege(g, PRIV_S);
	operand_into_rdx(g, word);
	x64_mov(&g->c, 0, RAX, H(mstatus));
	if (csr_writes(word))
		change_status(g, csr_how(word));
	if (rd) {
		status_of_rax(g);
		x64_store(&g->c, W, x_at(g, rd), RAX);
	}
	return true;
}

/* -- All of them ----------------------------------------------------------------------------- */

void gen_csr(struct gen *g, u32 word)
{
	static help_fn *const helpers[8] = {
		[1] = help_csrrw,  [2] = help_csrrs,  [3] = help_csrrc,
		[5] = help_csrrwi, [6] = help_csrrsi, [7] = help_csrrci,
	};
	help_fn *f = helpers[word >> 12 & 7]; /* funct3 */

	if (member_in_line(g, word) || status_in_line(g, word))
		return;
	gen_help(g, f, is_fp_csr(word) ? HELP_FP : HELP);
	gen_forget_state(g);
}
