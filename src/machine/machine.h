/* machine.h - a plan made live: memory, devices, harts, boot images, run control.
 *
 * One thread owns a machine: it makes it, starts it, runs what is due, and sees it
 * end.  Harts have threads of their own.  What the machine wants of the computer
 * below comes in struct machine_host, so that this folder knows no host.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "board.h"
#include "core.h"
#include "riscv.h"

struct machine;

struct machine_host {
	void *ctx;
	u8 *(*ram_new)(u64 size, const char *name, struct err *e);
	void (*ram_free)(u8 *bytes, u64 size);
	void (*ram_discard)(u8 *bytes, u64 n); /* whole pages become zero; NULL: they stay */
	const struct exec_host *exec; /* for engines that compile; NULL: there can be none */
	u32 cpus;                     /* that the harts' threads may run on */
	/* Back ends of `host:`; `dev` is the device's name.  Freed through their ops. */
	struct chardev *(*chardev)(void *ctx, const struct host_spec *spec, const char *dev,
				   struct err *e);
	struct net *(*net)(void *ctx, const struct host_spec *spec, const char *dev, struct err *e);
	struct block *(*block)(void *ctx, const struct host_spec *spec, const char *dev,
			       struct err *e);
	struct audio *(*audio)(void *ctx, const struct host_spec *spec, const char *dev,
			       struct err *e);
	struct vsock *(*vsock)(void *ctx, const struct host_spec *spec, const char *dev,
			       struct err *e);
	struct share *(*share)(void *ctx, const struct host_spec *spec, const char *dev,
			       struct err *e);
	/* The whole file; malloc'ed. */
	u8 *(*read_file)(void *ctx, const char *path, size_t max, size_t *len, struct err *e);
	/* gzip or zstd, by what the bytes say; false with *e: damaged, or larger than `max`. */
	bool (*unpack)(const u8 *from, size_t n, size_t max, u8 **to, size_t *len, struct err *e);
	/* From any thread: machine_due() has something to do. */
	void (*wake)(void *ctx);
	/* What the doctor finds; the code is of diag.def.  From any thread. */
	void (*finding)(void *ctx, enum log_level level, const struct err *what);
	/* The console, for the built-in SBI; read never blocks. */
	void (*console_write)(void *ctx, const u8 *bytes, size_t n);
	size_t (*console_read)(void *ctx, u8 *bytes, size_t n);
};

struct machine_options {
	const struct engine *engine;
	const char *tohost; /* "auto", "require" or "off" */
	bool no_rng_seed;   /* deterministic runs */
	bool no_doctor;     /* nobody looks how the guest is */
};

/* Everything is opened, allocated and loaded here, or nothing is left behind and `ds`
 * says why.  plan, options->engine and host outlive it. */
struct machine *machine_new(const struct plan *plan, const struct machine_options *options,
			    const struct machine_host *host, struct diags *ds);
void machine_free(struct machine *m); /* accepts NULL; stops it first */

/* Where viewers type.  Their sources end before the machine is freed. */
struct input *machine_input(const struct machine *m);

/* Starts, or goes on after machine_pause(). */
bool machine_start(struct machine *m, struct err *e);
void machine_pause(struct machine *m);        /* harts have stopped when it returns */
bool machine_paused(const struct machine *m); /* or not started, or ended */

/* Runs what is due on the owner's thread: timers, a reboot the guest asked for.  Returns
 * the host time (now_ns) at which to call again at the latest. */
u64 machine_due(struct machine *m);

/* Why it has ended; MACHINE_RUNNING while it has not. */
enum machine_end {
	MACHINE_RUNNING,
	MACHINE_POWEROFF,
	MACHINE_FAIL /* *code: test-sifive's, or the number of the failed check (tohost) */
};
enum machine_end machine_ended(const struct machine *m, u64 *code);
/* Its Linux kernel has panicked since it was switched on. */
bool machine_panicked(const struct machine *m);

/* Its display devices, and which of the plan's displays shows each.  Viewers watch before it
 * starts and have ended before it is freed. */
struct machine_display {
	struct display *display;
	u32 shown; /* index in the plan's displays */
};
u32 machine_displays(const struct machine *m, const struct machine_display **list);

/* Asks the first device of the class, which has .ask. */
bool machine_ask_device(struct machine *m, const char *class, const char *request,
			struct str *answer, struct err *e);

/* Power button and reset button. */
void machine_reset(struct machine *m);

/* Memory between the ELF symbols begin_signature and end_signature, `granularity` bytes
 * a line, after the end.  False: no such symbols. */
bool machine_signature(const struct machine *m, u32 granularity, struct str *out, struct err *e);

struct machine_stats {
	struct hart_stats harts; /* the sum */
	u64 guest_errors, run_ns;
};
struct machine_stats machine_stats(const struct machine *m);
/* The engine's own, "name value" lines.  While it is paused. */
void machine_engine_stats(const struct machine *m, struct str *out);

#endif
