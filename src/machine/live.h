/* live.h - a machine from inside: what the files of machine/ share. */
#ifndef LIVE_H
#define LIVE_H

#include "boot.h"
#include "machine.h"

#include <pthread.h>
#include <stdatomic.h>

struct live_memory {
	u8 *bytes;
	u64 size;
};

struct live_hart {
	struct machine *machine;
	struct hart *hart;
	pthread_t thread;
	struct hart_stats seen; /* by the doctor */
};

/* The ELF symbol `tohost`, by which a test program speaks (tohost.c). */
struct tohost {
	u64 gpa;            /* 0: none */
	_Atomic u32 halves; /* which 32-bit halves have been stored */
};

struct machine {
	const struct plan *plan;
	struct machine_options options;
	const struct machine_host *host;

	struct mem *mem;
	struct timebase time;
	struct timers *timers;
	struct input *input;
	struct live_memory *memory; /* one per plan->memory */
	struct boot *boot;

	/* By index in plan->devices; NULL: disabled. */
	struct device **devices;
	/* Back ends, in the order they were opened. */
	struct chardev **chardevs;
	struct block **blocks;
	struct net **nets;
	struct share **shares;
	struct vsock **vsocks;
	struct audio **audios;
	size_t nchardevs, chardevs_cap, nblocks, blocks_cap, nnets, nets_cap, nshares, shares_cap,
		naudios, audios_cap, nvsocks, vsocks_cap;
	struct machine_display *displays;
	size_t ndisplays, displays_cap;
	struct device_machine services;

	struct hart_env env;
	const struct engine *engine;
	struct hart_config *configs; /* one per hart */
	struct hart **harts;
	struct live_hart *live; /* beside harts */
	bool running;
	_Atomic bool stopping; /* hart threads end */
	u64 started_ns, run_ns;

	/* Any thread may ask for an end; the first one counts, the owner serves it. */
	_Atomic u32 asked; /* 0, or 1 + enum stop */
	_Atomic u64 asked_code;
	enum machine_end end;
	u64 end_code;

	struct tohost tohost;

	bool doctor_told;   /* once after each power-on */
	bool doctor_doubts; /* at the last look all harts slept for good */
	u64 doctor_ns;      /* when he looks again */

	struct ear **ears;   /* one a console */
	struct ear *sbi_ear; /* of them, the built-in SBI's */
	size_t nears, ears_cap;
	_Atomic bool panicked; /* since power-on */
};

/* Any thread: the machine ends (or starts again) soon. */
void machine_ask(struct machine *m, enum stop why, u64 code);

/* build.c: devices and their wires. */
bool build_devices(struct machine *m, struct diags *ds);
void build_free(struct machine *m);

/* doctor.c: looks now and then; the host time of the next look. */
u64 doctor_due(struct machine *m);

/* panic.c: listens on a console.  The machine owns the ear. */
struct ear *ear_new(struct machine *m);
void ear_hear(void *ctx, const u8 *bytes, size_t n); /* ctx: the ear; any thread */
void ears_free(struct machine *m);

/* tohost.c */
bool tohost_start(struct machine *m, struct diags *ds);
void tohost_look(struct machine *m); /* both halves or not, what is there counts now */

#endif
