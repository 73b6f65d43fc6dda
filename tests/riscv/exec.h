/* exec.h - runs a few instructions on a hart of rig.h.
 *
 * The code ends with an ebreak.  Every trap goes to M-mode, whose handler stores to a watched
 * page; that stops the hart.  The handler uses t6; all else is as the code left it.
 */
#ifndef RIG_EXEC_H
#define RIG_EXEC_H

#include "rig.h"

enum { RA = 1, SP, A0 = 10, A1, A2, A3, A4, A5, T6 = 31 };

/* Offsets in RAM. */
enum { CODE = 0x2000, HANDLER = 0x1000, DATA = 0x8000, TABLES = 0x10000, WATCH = 0x3f000 };

#define ALL_ISA                                                                                    \
	"rv64imafdc_zicsr_zifencei_zicntr_zihpm_zba_zbb_zbc_zbs_zicond_zicbom_zicbop_zicboz_"      \
	"zihintpause_zawrs_zacas_zfhmin_zfa_zcb_zimop_sstc_svadu_svinval_svnapot_svpbmt"

#define EBREAK 0x00100073

static inline void exec_watched(void *ctx, u64 gpa, u32 width)
{
	struct rig *r = ctx;

	(void)gpa, (void)width;
	hart_stop(r->harts[0]);
}

static inline void exec_put(struct rig *r, u64 offset, const u32 *words, size_t n)
{
	assert_true(mem_write(r->env.mem, RIG_RAM + offset, words, n * sizeof(*words)));
}

static inline struct rig *exec_rig_on(const char *isa, const struct engine *engine)
{
	static const u32 handler[] = {
		0x0003ef97, /* auipc t6, 0x3e: WATCH */
		0x000fa023, /* sw zero, 0(t6) */
		0x0000006f, /* j . */
	};
	struct rig *r = rig_plan(isa, 1);

	r->config[0].mmu = MMU_SV57;
	mem_watch(r->env.mem, RIG_RAM + WATCH, 8, exec_watched, r);
	rig_start(r, engine);
	exec_put(r, HANDLER, handler, ARRAY_LEN(handler));
	r->harts[0]->mtvec = RIG_RAM + HANDLER;
	return r;
}

static inline struct rig *exec_rig(const char *isa)
{
	return exec_rig_on(isa, &engine_interp);
}

/* One of the engine's counters. */
static inline u64 exec_stat(const struct rig *r, const char *name)
{
	struct str s = { 0 };
	const char *at;
	u64 v;

	r->engine->stats(&r->env, &s);
	at = strstr(str_text(&s), name);
	assert_non_null(at);
	v = strtoull(at + strlen(name), NULL, 10);
	str_free(&s);
	return v;
}

/* Runs from `pc` in the privilege that the hart has, until a trap.  Restores the privilege. */
static inline void exec_run(struct rig *r, u64 pc)
{
	struct hart *h = r->harts[0];
	enum priv priv = h->priv;
	u64 status = h->mstatus;

	code_fence(h);
	h->pc = pc;
	hart_run(h);
	h->mstatus = status;
	rig_priv(h, priv);
}

/* The same, where a test wrote to RAM as it liked. */
static inline void exec_from(struct rig *r, u64 pc)
{
	mem_slice(r->env.mem, RIG_RAM, RIG_SIZE);
	exec_run(r, pc);
}

/* The cause, or -1: it came to the ebreak behind all of the code. */
static inline i64 exec_cause(struct rig *r, u64 end)
{
	struct hart_view v;

	hart_look(r->harts[0], &v);
	return v.cause == CAUSE_BREAKPOINT && v.epc == end ? -1 : (i64)v.cause;
}

/* One instruction at an offset in RAM. */
static inline i64 exec_at(struct rig *r, u64 offset, u32 word)
{
	static const u32 ebreak = EBREAK;
	u32 len = (word & 3) == 3 ? 4 : 2;

	assert_true(mem_write(r->env.mem, RIG_RAM + offset, &word, len));
	exec_put(r, offset + len, &ebreak, 1);
	exec_from(r, RIG_RAM + offset);
	return exec_cause(r, RIG_RAM + offset + len);
}

static inline i64 exec(struct rig *r, u32 word)
{
	return exec_at(r, CODE, word);
}

/* PMP: a page of RAM that nobody may write; all else is for everybody. */
static inline void exec_protect(struct rig *r, u64 page)
{
	struct hart *h = r->harts[0];

	pmp_set_addr(h, 0, (RIG_RAM + page) >> 2 | 0x1ff);
	pmp_set_cfg(h, 0, 0x80 | 3 << 3 | RIGHT_R);
	pmp_set_addr(h, 1, UINT64_MAX);
	pmp_set_cfg(h, 1, 3 << 3 | RIGHT_R | RIGHT_W | RIGHT_X);
	pmp_changed(h);
}

/* -- Encodings: a0 <- a1, a2 ------------------------------------------------------------ */

#define R_TYPE(f7, f3, opcode)                                                                     \
	((u32)(f7) << 25 | A2 << 20 | A1 << 15 | (u32)(f3) << 12 | A0 << 7 | (u32)(opcode))
#define I_TYPE(imm, f3, opcode)                                                                    \
	(((u32)(imm)&0xfff) << 20 | A1 << 15 | (u32)(f3) << 12 | A0 << 7 | (u32)(opcode))
#define S_TYPE(imm, f3, opcode)                                                                    \
	(((u32)(imm) >> 5 & 0x7f) << 25 | A2 << 20 | A1 << 15 | (u32)(f3) << 12 |                  \
	 ((u32)(imm)&31) << 7 | (u32)(opcode))
#define LD(imm)  I_TYPE(imm, 3, 0x03)
#define LW(imm)  I_TYPE(imm, 2, 0x03)
#define LBU(imm) I_TYPE(imm, 4, 0x03)
#define SD(imm)  S_TYPE(imm, 3, 0x23)
#define SW(imm)  S_TYPE(imm, 2, 0x23)
#define SB(imm)  S_TYPE(imm, 0, 0x23)
#define NOP      0x00000013

#endif
