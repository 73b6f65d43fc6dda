/* riscv.h - harts: what the rest of the program may know of them.
 *
 * A hart belongs to the thread that calls hart_run().  Others may only call the
 * functions of the section "from any thread".
 */
#ifndef RISCV_H
#define RISCV_H

#include "exec.h"
#include "isa.h"
#include "mem.h"
#include "timebase.h"

struct hart;
struct context;
struct jit; /* what an engine keeps for all harts of a machine */

enum priv { PRIV_U, PRIV_S, PRIV_M = 3 };
enum mmu_mode { MMU_NONE, MMU_SV39, MMU_SV48, MMU_SV57 };

/* Numbers of mip and mie bits (privileged manual, "Machine Interrupt Registers"). */
enum irq { IRQ_SSI = 1, IRQ_MSI = 3, IRQ_STI = 5, IRQ_MTI = 7, IRQ_SEI = 9, IRQ_MEI = 11 };

struct hart_config {
	u32 id;            /* mhartid */
	struct isa isa;    /* what it implements and nothing more */
	bool s_mode;       /* has S and U */
	enum mmu_mode mmu; /* the largest; NONE without S */
	u32 pmp_entries;   /* 0, 16 or 64 */
};

/* Why a machine stops, as its guest asked. */
enum stop { STOP_POWEROFF, STOP_REBOOT, STOP_FAIL };

/*
 * What harts need from their machine.  Shared by all harts of it, constant while
 * they live.  The callbacks run on a hart's thread; ctx is theirs.
 */
struct hart_env {
	struct mem *mem;
	struct timebase *time;
	struct hart *const *harts; /* by index */
	u32 nharts;
	u32 cpus;                     /* of this computer, that their threads may run on */
	bool sbi;                     /* ecall from S-mode goes to the built-in SBI */
	const struct exec_host *exec; /* NULL: no engine may write code for the host */
	struct jit *jit;              /* the engine's; see engine->open() */

	void *ctx;
	/* SBI DBCN and the legacy console; read returns how many bytes there were. */
	void (*console_write)(void *ctx, const u8 *bytes, size_t n);
	size_t (*console_read)(void *ctx, u8 *bytes, size_t n);
	/* SBI SRST.  All harts leave hart_run() soon after. */
	void (*stop)(void *ctx, enum stop why, u32 code);
	/* Call hart_kick(h) at this host time (now_ns; NEVER_NS takes it back).  The last
	 * call of each hart counts; a kick too early or too many does no harm. */
	void (*deadline)(void *ctx, u32 index, u64 ns);
};

/* One way to run guest instructions.  A row per engine, in engines.inc, which
 * the makefile writes; the first is the default. */
struct engine {
	const char *name, *doc;
	u32 slowness; /* above 1: the machine's time passes so many times more slowly */
	/* What the harts share: env->jit, before the first of them is made and after the last
	 * is gone.  False: it cannot run here.  All but run() may be NULL. */
	bool (*open)(struct hart_env *env, struct err *e);
	void (*close)(struct hart_env *env);
	void (*attach)(struct hart *h); /* in hart_new() */
	void (*detach)(struct hart *h);
	/* The hart did a fence.i, or code went away: clears the jump cache, but for what is good
	 * all the same. */
	void (*expire)(struct hart *h, struct context *ctx);
	void (*run)(struct hart *h); /* until hart_stop() */
	/* "name value" lines of its own counters, for --stats */
	void (*stats)(const struct hart_env *env, struct str *out);
};

extern const struct engine *const engines[];        /* NULL-terminated */
const struct engine *engine_find(const char *name); /* NULL if there is none */

/* `index` is its place in env->harts.  Both structures outlive it. */
struct hart *hart_new(const struct hart_config *config, const struct hart_env *env, u32 index,
		      const struct engine *engine);
void hart_free(struct hart *h); /* accepts NULL */

/* Power-on state, then pc, a0 and a1.  Stopped harts (HSM) wait for another hart to start
 * them: with the built-in SBI that is all but one. */
struct hart_start {
	u64 pc, a0, a1, a2;
	enum priv priv;
	bool stopped;
};
void hart_reset(struct hart *h, const struct hart_start *start);

/* Gives it the interrupt file behind MEI or SEI, with identities 1 to `ids`: 63, 127, ... 2047.
 * Before it runs. */
void hart_add_imsic(struct hart *h, enum irq irq, u32 ids);

/* Runs until hart_stop(), also while the guest waits for interrupts. */
void hart_run(struct hart *h);

/* -- From any thread --------------------------------------------------------- */

void hart_input(struct hart *h, enum irq irq, bool level); /* an interrupt line */
/* A message for the interrupt file behind MEI or SEI; false: it has no such identity. */
bool hart_msi(struct hart *h, enum irq irq, u32 id);
/* hart_run() returns, or the next one does at once; the one after it goes on from there. */
void hart_stop(struct hart *h);
/* Memory is somewhere else than it was (mem_add_flash()): soon it forgets where it saw it, and at
 * once if a store of its own caused this. */
void hart_remapped(struct hart *h);
void hart_kick(struct hart *h); /* look at time and interrupts again */

/* It waits (WFI, or for another hart to start it), and these bits of mie can wake it. */
bool hart_waits(const struct hart *h, u64 *irqs);

/* Counters, for --stats and the line at the end; readable at any time, exact once
 * the hart has stopped. */
struct hart_stats {
	u64 instructions, traps, interrupts, wfi, tlb_fills, io;
};
struct hart_stats hart_stats(const struct hart *h);

/* For messages and the doctor: the hart must not be running. */
struct hart_view {
	u64 pc, x[32];
	enum priv priv;
	u64 cause, epc, tval; /* of the last trap */
};
void hart_look(const struct hart *h, struct hart_view *out);

#endif
