/* machine.c - life of a machine: made from a plan, started, paused, ended, freed. */
#include "live.h"

#include "report.h"

#include <inttypes.h>

/* -- What devices and harts may ask of the machine ------------------------------- */

static void stop_harts(struct machine *m)
{
	atomic_store(&m->stopping, true);
	for (u32 i = 0; i < m->plan->nharts; i++)
		hart_stop(m->harts[i]);
}

/* The first to ask is heard; harts stop by themselves, the owner does the rest. */
void machine_ask(struct machine *m, enum stop why, u64 code)
{
	u32 nothing = 0;

	if (!atomic_compare_exchange_strong(&m->asked, &nothing, 1 + (u32)why))
		return;
	atomic_store(&m->asked_code, code);
	stop_harts(m);
	m->host->wake(m->host->ctx);
}

static void on_hart_input(void *ctx, u32 hart, u32 irq, bool level)
{
	struct machine *m = ctx;

	hart_input(m->harts[hart], (enum irq)irq, level);
}

static void on_hart_files(void *ctx, u32 hart, u32 irq, u32 ids)
{
	struct machine *m = ctx;

	hart_add_imsic(m->harts[hart], (enum irq)irq, ids);
}

static void on_remapped(void *ctx)
{
	struct machine *m = ctx;

	for (u32 i = 0; i < m->plan->nharts; i++)
		hart_remapped(m->harts[i]);
}

static bool on_hart_msi(void *ctx, u32 hart, u32 irq, u32 id)
{
	struct machine *m = ctx;

	return hart_msi(m->harts[hart], (enum irq)irq, id);
}

/* A store that reaches interrupt files and nothing else. */
static void on_msi(void *ctx, u64 address, u32 data)
{
	struct machine *m = ctx;

	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i] && msi_store(m->devices[i], address, data))
			return;
}

static bool has_interrupt_files(const struct plan *p)
{
	for (u32 i = 0; i < p->ndevices; i++)
		if (p->devices[i].class->cells[PROVIDES_MSI] && !p->devices[i].disabled)
			return true;
	return false;
}

static void on_poweroff(void *ctx, struct device *dev)
{
	(void)dev;
	machine_ask(ctx, STOP_POWEROFF, 0);
}

static void on_reboot(void *ctx, struct device *dev)
{
	(void)dev;
	machine_ask(ctx, STOP_REBOOT, 0);
}

static void on_fail(void *ctx, struct device *dev, u32 code)
{
	log_line(LOG_ERROR, "guest: FAIL %u (%s)", code, dev->name);
	machine_ask(ctx, STOP_FAIL, code);
}

static void on_stop(void *ctx, enum stop why, u32 code)
{
	if (why == STOP_FAIL)
		log_line(LOG_ERROR, "guest: system failure reported through the SBI");
	machine_ask(ctx, why, code);
}

static void on_console_write(void *ctx, const u8 *bytes, size_t n)
{
	struct machine *m = ctx;

	m->host->console_write(m->host->ctx, bytes, n);
	if (m->sbi_ear)
		ear_hear(m->sbi_ear, bytes, n);
}

static size_t on_console_read(void *ctx, u8 *bytes, size_t n)
{
	struct machine *m = ctx;

	return m->host->console_read(m->host->ctx, bytes, n);
}

static void on_deadline(void *ctx, u32 hart, u64 ns)
{
	struct machine *m = ctx;

	timers_slot_at(m->timers, hart, ns);
}

/* A hart's deadline; one slot more is tohost's. */
static void on_slot(void *ctx, u32 slot)
{
	struct machine *m = ctx;

	if (slot < m->plan->nharts)
		hart_kick(m->harts[slot]);
	else
		tohost_look(m);
}

static void on_timer_wake(void *ctx)
{
	struct machine *m = ctx;

	m->host->wake(m->host->ctx);
}

/* -- Making ----------------------------------------------------------------------- */

static bool make_memory(struct machine *m, struct diags *ds)
{
	m->mem = mem_new();
	mem_on_discard(m->mem, m->host->ram_discard);
	m->memory = xcalloc(m->plan->nmemory, sizeof(m->memory[0]));
	for (u32 i = 0; i < m->plan->nmemory; i++) {
		const struct plan_memory *pm = &m->plan->memory[i];
		struct live_memory *lm = &m->memory[i];
		struct err e = { 0 };

		lm->bytes = m->host->ram_new(pm->size, pm->name, &e);
		if (!lm->bytes)
			return report(ds, pm->at, &e);
		lm->size = pm->size;
		if (!mem_add_ram(m->mem, pm->name, pm->base, pm->size, lm->bytes, &e))
			return report(ds, pm->at, &e);
	}
	return true;
}

static enum mmu_mode mmu_of(const struct plan_cluster *c)
{
	static const char *const names[] = { "none", "sv39", "sv48", "sv57" };
	u32 i = 0;

	while (strcmp(c->mmu, names[i])) {
		i++;
		assert(i < ARRAY_LEN(names)); /* board/ checked it */
	}
	return (enum mmu_mode)i;
}

/* Without what it needs of this host, guests are interpreted, and hear of it. */
static void open_engine(struct machine *m)
{
	struct err e = { 0 };

	m->engine = m->options.engine;
	if (!m->engine->open || m->engine->open(&m->env, &e))
		return;
	log_line(LOG_WARNING, "no %s engine here: %s; instructions are interpreted",
		 m->engine->name, e.text);
	m->engine = engine_find("interp");
}

/* A slow engine would never be done with a guest's timer before it is due again. */
static void start_time(struct machine *m)
{
	u64 hz = m->plan->timebase_hz / MAX(m->engine->slowness, 1);

	timebase_init(&m->time, MAX(hz, 1));
}

static void make_harts(struct machine *m)
{
	const struct plan *p = m->plan;
	u32 n = 0;

	m->configs = xcalloc(p->nharts, sizeof(m->configs[0]));
	m->harts = xcalloc(p->nharts, sizeof(struct hart *));
	m->live = xcalloc(p->nharts, sizeof(m->live[0]));
	m->env = (struct hart_env){
		.mem = m->mem,
		.time = &m->time,
		.harts = m->harts,
		.nharts = p->nharts,
		.cpus = m->host->cpus,
		.sbi = p->boot.firmware == FIRMWARE_BUILTIN,
		.exec = m->host->exec,
		.ctx = m,
		.console_write = on_console_write,
		.console_read = on_console_read,
		.stop = on_stop,
		.deadline = on_deadline,
	};
	open_engine(m);
	start_time(m);
	for (u32 c = 0; c < p->nclusters; c++)
		for (u32 i = 0; i < p->clusters[c].count; i++, n++) {
			m->configs[n] = (struct hart_config){
				.id = p->clusters[c].first + i,
				.isa = p->clusters[c].isa,
				.s_mode = p->clusters[c].s_mode,
				.mmu = mmu_of(&p->clusters[c]),
				.pmp_entries = 16,
			};
			m->harts[n] = hart_new(&m->configs[n], &m->env, n, m->engine);
			m->live[n] = (struct live_hart){ .machine = m, .hart = m->harts[n] };
		}
}

static void make_services(struct machine *m)
{
	m->input = input_new();
	m->timers = timers_new(on_timer_wake, m);
	timers_slots(m->timers, m->plan->nharts + 1, on_slot, m);
	m->services = (struct device_machine){
		.mem = m->mem,
		.time = &m->time,
		.harts = m->plan->harts,
		.nharts = m->plan->nharts,
		.timers = m->timers,
		.input = m->input,
		.ctx = m,
		.hart_input = on_hart_input,
		.hart_files = on_hart_files,
		.hart_msi = on_hart_msi,
		.remapped = on_remapped,
		.msi = has_interrupt_files(m->plan) ? on_msi : NULL,
		.poweroff = on_poweroff,
		.reboot = on_reboot,
		.fail = on_fail,
	};
}

/* Power-on, and the reset button: everything as the plan has it. */
static void power_on(struct machine *m)
{
	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i])
			device_reset(m->devices[i]);
	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i])
			device_settle(m->devices[i]);
	boot_load(m->boot, m->mem);
	for (u32 i = 0; i < m->plan->nharts; i++) {
		struct hart_start start = boot_start(m->boot, i);

		hart_reset(m->harts[i], &start);
	}
	atomic_store(&m->asked, 0);
	atomic_store(&m->tohost.halves, 0);
	m->doctor_told = m->doctor_doubts = false;
	atomic_store(&m->panicked, false);
}

struct machine *machine_new(const struct plan *plan, const struct machine_options *options,
			    const struct machine_host *host, struct diags *ds)
{
	struct image_source files = { host->ctx, host->read_file, host->unpack };
	struct machine *m = xzalloc(sizeof(*m));

	m->plan = plan;
	m->options = *options;
	m->host = host;
	m->boot = boot_new(plan, &files, !options->no_rng_seed, ds);
	if (!m->boot || !make_memory(m, ds))
		goto bad;
	make_services(m);
	make_harts(m);
	if (!m->options.no_doctor)
		m->sbi_ear = ear_new(m);
	if (!build_devices(m, ds) || !tohost_start(m, ds))
		goto bad;
	power_on(m);
	mem_forget_written(m->mem); /* nothing runs that could still write */
	return m;
bad:
	machine_free(m);
	return NULL;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_pause(m);
	build_free(m);
	for (u32 i = 0; m->harts && i < m->plan->nharts; i++)
		hart_free(m->harts[i]);
	if (m->engine && m->engine->close)
		m->engine->close(&m->env);
	timers_free(m->timers);
	input_free(m->input);
	ears_free(m);
	boot_free(m->boot);
	mem_free(m->mem);
	for (u32 i = 0; m->memory && i < m->plan->nmemory; i++)
		if (m->memory[i].bytes)
			m->host->ram_free(m->memory[i].bytes, m->memory[i].size);
	free(m->memory);
	free(m->configs);
	free(m->harts);
	free(m->live);
	free(m);
}

struct input *machine_input(const struct machine *m)
{
	return m->input;
}

/* -- Running ------------------------------------------------------------------------ */

/* A stop that came late ends a run too many: only `stopping` ends the thread. */
static void *hart_thread(void *ctx)
{
	const struct live_hart *lh = ctx;

	while (!atomic_load(&lh->machine->stopping))
		hart_run(lh->hart);
	return NULL;
}

bool machine_start(struct machine *m, struct err *e)
{
	assert(!m->running);
	atomic_store(&m->stopping, false);
	for (u32 i = 0; i < m->plan->nharts; i++) {
		int error = pthread_create(&m->live[i].thread, NULL, hart_thread, &m->live[i]);

		if (!error)
			continue;
		stop_harts(m);
		while (i--)
			pthread_join(m->live[i].thread, NULL);
		return err_set(e, "no thread for a hart: %s", strerror(error));
	}
	m->running = true;
	m->started_ns = now_ns();
	return true;
}

void machine_pause(struct machine *m)
{
	if (!m->running)
		return;
	stop_harts(m);
	for (u32 i = 0; i < m->plan->nharts; i++)
		pthread_join(m->live[i].thread, NULL);
	m->running = false;
	m->run_ns += now_ns() - m->started_ns;
}

bool machine_paused(const struct machine *m)
{
	return !m->running;
}

static void restart(struct machine *m)
{
	struct err e;

	machine_pause(m);
	power_on(m);
	if (machine_start(m, &e))
		return;
	log_line(LOG_ERROR, "reboot: %s", e.text);
	m->end = MACHINE_FAIL;
}

static void serve_request(struct machine *m)
{
	u32 asked = atomic_load(&m->asked);

	if (!asked)
		return;
	if (asked - 1 == STOP_REBOOT && !machine_panicked(m)) {
		restart(m);
		return;
	}
	machine_pause(m);
	m->end = asked - 1 == STOP_POWEROFF ? MACHINE_POWEROFF : MACHINE_FAIL;
	m->end_code = atomic_load(&m->asked_code);
}

u64 machine_due(struct machine *m)
{
	u64 next;

	if (m->end == MACHINE_RUNNING)
		serve_request(m);
	if (m->end != MACHINE_RUNNING)
		return NEVER_NS;
	next = timers_run(m->timers);
	return MIN(next, doctor_due(m));
}

enum machine_end machine_ended(const struct machine *m, u64 *code)
{
	*code = m->end_code;
	return m->end;
}

bool machine_panicked(const struct machine *m)
{
	return atomic_load(&m->panicked);
}

/* By hand it starts again whatever the guest said. */
bool machine_ask_device(struct machine *m, const char *class, const char *request,
			struct str *answer, struct err *e)
{
	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i] && !strcmp(m->devices[i]->class->name, class))
			return device_ask(m->devices[i], request, answer, e);
	return err_set(e, "`%s` has no %s", m->plan->name, class);
}

void machine_reset(struct machine *m)
{
	atomic_store(&m->panicked, false);
	machine_ask(m, STOP_REBOOT, 0);
}

void machine_engine_stats(const struct machine *m, struct str *out)
{
	if (m->engine->stats)
		m->engine->stats(&m->env, out);
}

struct machine_stats machine_stats(const struct machine *m)
{
	struct machine_stats s = { .run_ns = m->run_ns };

	if (m->running)
		s.run_ns += now_ns() - m->started_ns;
	for (u32 i = 0; i < m->plan->nharts; i++) {
		struct hart_stats h = hart_stats(m->harts[i]);

		s.harts.instructions += h.instructions;
		s.harts.traps += h.traps;
		s.harts.interrupts += h.interrupts;
		s.harts.wfi += h.wfi;
		s.harts.tlb_fills += h.tlb_fills;
		s.harts.io += h.io;
	}
	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i])
			s.guest_errors += device_guest_errors(m->devices[i]);
	return s;
}

/* -- Signatures --------------------------------------------------------------------- */

/* One line: `n` bytes as a little-endian number, most significant digit first. */
static void signature_line(const u8 *bytes, u32 n, struct str *out)
{
	while (n--)
		str_add(out, "%02x", bytes[n]);
	str_add(out, "\n");
}

static bool no_signature(struct err *e, const char *why)
{
	err_set(e, "--signature: %s", why);
	return err_hint(e, "link the program with them, or leave out --signature");
}

bool machine_signature(const struct machine *m, u32 granularity, struct str *out, struct err *e)
{
	u64 begin, end;

	if (!boot_symbol(m->boot, "begin_signature", &begin) ||
	    !boot_symbol(m->boot, "end_signature", &end) || end < begin)
		return no_signature(e, "no image has the symbols begin_signature and "
				       "end_signature, in that order");
	if (!mem_slice(m->mem, begin, end - begin))
		return no_signature(e, "the signature, begin_signature to end_signature, does "
				       "not lie in RAM");
	for (u64 at = begin; at < end; at += granularity) {
		u8 line[16] = { 0 };

		mem_read(m->mem, at, line, MIN(granularity, end - at));
		signature_line(line, granularity, out);
	}
	return true;
}
