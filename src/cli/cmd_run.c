/* cmd_run.c - `vmbuild run`: a board becomes a machine with this terminal before it.
 *
 * Order: everything is read, opened and allocated before the terminal changes, so that
 * every mistake is a message on a normal screen.
 */
#include "cables.h"
#include "typist.h"

#include "fetch.h"
#include "machine.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull

struct run {
	const struct args *args;
	const struct plan *plan;
	struct loop *loop;
	struct console *console; /* NULL: no device is on stdio */
	struct machine *machine;
	struct control *control; /* NULL: other commands cannot reach this run */
	struct cables cables;
	struct typists typists;
	struct screens screens;
	u64 picture_ns; /* when --screenshot is due; NEVER_NS: at the end, or it was */
	bool pictured;  /* it was taken, or it could not be */
	bool picture_failed;
	bool quiet;
	u64 speed_ns, speed_from; /* of the last title: when it was made, instructions then */

	u64 started_ns, deadline_ns; /* NEVER_NS: no --timeout */
	bool timed_out;
	int signal; /* that ended the run */
	bool killed;

	/* The built-in SBI's console, where no device has the terminal. */
	pthread_mutex_t input_lock;
	u8 input[256];
	u32 ninput;
	bool sbi_console;
};

/* -- What the machine asks of the host --------------------------------------------- */

/* A run that does not begin leaves what is in files: it only asks whether it could write them. */
static bool is_dry(const struct run *r, const char *path, struct err *e)
{
	bool dry = args_has(r->args, "dry-run");

	if (dry)
		host_can_write_file(path, e);
	return dry;
}

static struct chardev *open_chardev(void *ctx, const struct host_spec *spec, const char *dev,
				    struct err *e)
{
	struct run *r = ctx;

	switch (spec->kind) {
	case HOST_STDIO:
		return console_chardev(r->console);
	case HOST_PTY:
		return host_pty(r->loop, dev, e);
	case HOST_SOCKET:
		return host_socket(r->loop, spec->path, e);
	case HOST_TCP:
		return host_tcp(r->loop, dev, spec->port, e);
	case HOST_FILE_OUT:
	case HOST_LOG:
		return is_dry(r, spec->path, e)
			       ? NULL
			       : host_file_out(spec->path, spec->kind == HOST_LOG, e);
	default:
		return NULL;
	}
}

static enum host_format format_of(enum disk_format format)
{
	return format == DISK_RAW ? HOST_RAW : HOST_QCOW2;
}

/* Into `list`, which has room for all that a board may have. */
static const struct host_layer *layers_of(const struct disk_backing *b, struct host_layer *list)
{
	if (!b)
		return NULL;
	*list = (struct host_layer){ b->path, format_of(b->format),
				     layers_of(b->backing, list + 1) };
	return list;
}

static struct block *open_block(void *ctx, const struct host_spec *spec, const char *dev,
				struct err *e)
{
	static const enum host_cache caches[] = {
		[CACHE_WRITEBACK] = HOST_WRITEBACK,
		[CACHE_WRITETHROUGH] = HOST_WRITETHROUGH,
		[CACHE_NONE] = HOST_DIRECT,
		[CACHE_UNSAFE] = HOST_UNSAFE,
	};
	struct host_layer under[DISK_LAYERS];
	const struct run *r = ctx;
	struct host_disk d = {
		.path = spec->path,
		.format = format_of(spec->format),
		.backing = layers_of(spec->backing, under),
		.read_only = spec->read_only,
		.ephemeral = spec->ephemeral || args_has(r->args, "ephemeral"),
		.cache = caches[spec->cache],
	};

	(void)dev;
	return host_disk_open(&d, e);
}

static struct share *open_share(void *ctx, const struct host_spec *spec, const char *dev,
				struct err *e)
{
	(void)ctx, (void)dev;
	return host_share(spec->path, spec->read_only, e);
}

static struct vsock *open_vsock(void *ctx, const struct host_spec *spec, const char *dev,
				struct err *e)
{
	struct run *r = ctx;

	(void)dev;
	return host_vsock(r->loop, spec->path, e);
}

static struct audio *open_audio(void *ctx, const struct host_spec *spec, const char *dev,
				struct err *e)
{
	struct run *r = ctx;
	struct audio *a = NULL;

	if (spec->kind == HOST_WAV)
		return is_dry(r, spec->path, e) ? NULL : host_wav(spec->path, e);
	if (spec->kind == HOST_SOUND)
		a = host_sdl_audio(r->loop, spec->record, e);
	if (a || !spec->or_nobody)
		return a;
	log_line(LOG_INFO, "%s: %s; nobody hears it", dev, e->text);
	*e = (struct err){ 0 };
	return NULL;
}

static struct net *open_net(void *ctx, const struct host_spec *spec, const char *dev, struct err *e)
{
	struct run *r = ctx;

	if (spec->net.pcap && is_dry(r, spec->net.pcap, e))
		return e->text[0] ? NULL : cables_open_bare(&r->cables, spec, dev, e);
	return cables_open(&r->cables, spec, dev, e);
}

/* What other commands ask of this run. */
static bool on_control(void *ctx, const char *request, struct str *answer, struct err *e)
{
	struct run *r = ctx;

	if (text_starts(request, "input"))
		return typists_request(&r->typists, request, control_file(r->control), answer, e);
	if (text_starts(request, "screenshot"))
		return screens_request(&r->screens, request, control_file(r->control), e);
	if (text_starts(request, "balloon"))
		return machine_ask_device(r->machine, "virtio-balloon", request + strlen("balloon"),
					  answer, e);
	return cables_request(&r->cables, request, answer, e);
}

static u8 *read_file(void *ctx, const char *path, size_t max, size_t *len, struct err *e)
{
	(void)ctx;
	return host_read_file(path, max, len, e);
}

static void wake(void *ctx)
{
	loop_wake(((struct run *)ctx)->loop);
}

static void console_out(void *ctx, const u8 *bytes, size_t n)
{
	struct run *r = ctx;

	if (r->console)
		chardev_write(console_chardev(r->console), bytes, n);
}

static size_t console_in(void *ctx, u8 *bytes, size_t n)
{
	struct run *r = ctx;
	size_t had;

	pthread_mutex_lock(&r->input_lock);
	had = MIN(n, r->ninput);
	memcpy(bytes, r->input, had);
	memmove(r->input, r->input + had, r->ninput - had);
	r->ninput -= (u32)had;
	pthread_mutex_unlock(&r->input_lock);
	if (had && r->sbi_console)
		chardev_ready(console_chardev(r->console));
	return had;
}

static u32 sbi_room(void *ctx)
{
	struct run *r = ctx;
	u32 room;

	pthread_mutex_lock(&r->input_lock);
	room = (u32)sizeof(r->input) - r->ninput;
	pthread_mutex_unlock(&r->input_lock);
	return room;
}

static void sbi_receive(void *ctx, const u8 *bytes, u32 n)
{
	struct run *r = ctx;

	pthread_mutex_lock(&r->input_lock);
	n = MIN(n, (u32)sizeof(r->input) - r->ninput);
	memcpy(r->input + r->ninput, bytes, n);
	r->ninput += n;
	pthread_mutex_unlock(&r->input_lock);
}

/* -- What the keys after the prefix ask for ------------------------------------------- */

static void on_kill(void *ctx)
{
	struct run *r = ctx;

	r->killed = true;
	loop_quit(r->loop);
}

static void on_reset(void *ctx)
{
	struct run *r = ctx;

	machine_reset(r->machine);
}

/* This is said before the guest says more. */
static void go_on(struct run *r)
{
	struct err e = { 0 };

	log_line(LOG_INFO, "%s: running", r->plan->name);
	if (!machine_start(r->machine, &e))
		log_line(LOG_ERROR, "%s", e.text);
}

static void on_pause(void *ctx)
{
	struct run *r = ctx;

	if (machine_paused(r->machine)) {
		go_on(r);
		return;
	}
	machine_pause(r->machine);
	log_line(LOG_INFO, "%s: paused", r->plan->name);
}

/* 9700000000 as 9.7 G. */
static void add_scaled(struct str *s, u64 n)
{
	static const struct {
		u64 unit;
		char letter;
	} scale[] = { { 1000000000, 'G' }, { 1000000, 'M' }, { 1000, 'k' } };

	for (u32 i = 0; i < ARRAY_LEN(scale); i++)
		if (n >= scale[i].unit) {
			str_add(s, "%.1f %c", (double)n / (double)scale[i].unit, scale[i].letter);
			return;
		}
	str_add(s, "%" PRIu64, n);
}

static void add_speed(struct str *s, const struct machine_stats *st)
{
	double seconds = (double)st->run_ns / 1e9;

	add_scaled(s, st->harts.instructions);
	str_add(s, " instructions · %.0f MIPS · %" PRIu64 " guest faults",
		seconds > 0 ? (double)st->harts.instructions / 1e6 / seconds : 0, st->guest_errors);
}

static void on_status(void *ctx, struct str *line)
{
	struct run *r = ctx;
	struct machine_stats st = machine_stats(r->machine);

	str_add(line, "%s: %s for %.1f s · ", r->plan->name,
		machine_paused(r->machine) ? "paused" : "running", (double)st.run_ns / 1e9);
	add_speed(line, &st);
}

/* -- Start ------------------------------------------------------------------------------ */

static void add_size(struct str *s, u64 n)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB", " TiB" };
	u32 u = 0;

	while (u + 1 < ARRAY_LEN(units) && n && n % 1024 == 0) {
		n /= 1024;
		u++;
	}
	str_add(s, "%" PRIu64 "%s", n, units[u]);
}

/* virt · 4 harts rv64gc · 1 GiB · firmware builtin */
static void say_start(const struct run *r)
{
	const struct plan *p = r->plan;
	struct str s = { 0 };
	u64 ram = 0;

	if (r->quiet)
		return;
	for (u32 i = 0; i < p->nmemory; i++)
		ram += p->memory[i].size;
	str_add(&s, "%s · %u hart%s rv%u · ", p->name, p->nharts, p->nharts == 1 ? "" : "s",
		p->clusters[0].isa.xlen);
	add_size(&s, ram);
	str_add(&s, " · firmware %s",
		p->boot.firmware == FIRMWARE_BUILTIN ? "builtin"
		: p->boot.firmware == FIRMWARE_NONE  ? "none"
						     : p->boot.firmware_file.path);
	fprintf(stderr, "%s\n", str_text(&s));
	str_free(&s);
}

static bool uses_stdio(const struct plan *p)
{
	for (u32 i = 0; i < p->ndevices; i++) {
		const struct prop *row;
		u32 k = 0;

		for_each(row, p->devices[i].class->props) {
			const struct host_spec *h = p->devices[i].values[k++].host;

			if (h && h->kind == HOST_STDIO)
				return true;
		}
	}
	return false;
}

/* ^X, or the byte itself. */
static bool parse_prefix(const char *text, u8 *prefix)
{
	int key = text[0] == '^' ? toupper((u8)text[1]) : 0;

	if (key > '@' && key <= '_' && !text[2])
		*prefix = (u8)(key & 0x1f);
	else if (text[0] && !text[1])
		*prefix = (u8)text[0];
	else
		return false;
	return true;
}

static bool make_console(struct run *r, struct err *e)
{
	const struct console_events events = {
		.kill = on_kill, .reset = on_reset, .pause = on_pause, .status = on_status, .ctx = r
	};
	struct console_options o = { .prefix = 0x1d, .eof_quits = args_has(r->args, "eof-quits") };
	const char *escape = args_value(r->args, "escape");
	struct chardev *c;

	if (escape)
		parse_prefix(escape, &o.prefix);
	r->console = console_new(r->loop, &o, &events, e);
	if (!r->console)
		return false;
	if (uses_stdio(r->plan))
		return true;
	r->sbi_console = true;
	c = console_chardev(r->console);
	c->room = sbi_room;
	c->receive = sbi_receive;
	c->ctx = r;
	return true;
}

static void on_log(void *ctx, enum log_level level, const char *line)
{
	struct run *r = ctx;
	char clean[600], text[700];

	if (level == LOG_DEBUG || (r->quiet && level == LOG_INFO))
		return;
	text_clean(clean, sizeof(clean), line, strlen(line));
	snprintf(text, sizeof(text), "%s%s", level == LOG_WARNING ? "warning: " : "", clean);
	if (r->console)
		console_message(r->console, text);
	else
		fprintf(stderr, "%s\n", text);
}

static void on_finding(void *ctx, enum log_level level, const struct err *what)
{
	struct run *r = ctx;
	char line[700];

	snprintf(line, sizeof(line), "%s[%s]: %s", level == LOG_ERROR ? "error" : "warning",
		 what->code, what->text);
	console_message(r->console, line);
	if (!what->hint[0])
		return;
	snprintf(line, sizeof(line), "  hint: %s", what->hint);
	console_message(r->console, line);
}

static void on_signal(void *ctx, int signal)
{
	struct run *r = ctx;

	r->signal = signal;
	loop_quit(r->loop);
}

/* Of the first display. */
static void take_picture(struct run *r)
{
	const char *file = args_value(r->args, "screenshot");
	struct str png = { 0 };
	struct err e = { 0 };

	r->picture_ns = NEVER_NS;
	if (!file || r->pictured)
		return;
	r->pictured = true;
	r->picture_failed = !screens_picture(&r->screens, "", &png, &e) ||
			    !host_write_file(file, png.p, png.n, &e);
	if (r->picture_failed)
		log_line(LOG_ERROR, "--screenshot: %s", e.text);
	str_free(&png);
}

/* For the titles of windows, once a second: 4 harts 640 MIPS. */
static u64 say_speed(struct run *r, u64 now)
{
	u64 ns = now - r->speed_ns, instructions;
	char text[64];

	if (ns < SECOND_NS)
		return r->speed_ns + SECOND_NS;
	instructions = machine_stats(r->machine).harts.instructions;
	snprintf(text, sizeof(text), "%u hart%s %.0f MIPS", r->plan->nharts,
		 r->plan->nharts == 1 ? "" : "s",
		 (double)(instructions - r->speed_from) * 1e3 / (double)ns);
	screens_status(&r->screens, text);
	r->speed_from = instructions;
	r->speed_ns = now;
	return now + SECOND_NS;
}

static u64 due(void *ctx)
{
	struct run *r = ctx;
	u64 next = machine_due(r->machine), code;

	if (now_ns() >= r->picture_ns)
		take_picture(r);
	next = MIN(next, typists_due(&r->typists, now_ns()));
	if (screens_have_title(&r->screens))
		next = MIN(next, say_speed(r, now_ns()));
	if (machine_ended(r->machine, &code) != MACHINE_RUNNING)
		loop_quit(r->loop);
	if (now_ns() >= r->deadline_ns) {
		r->timed_out = true;
		loop_quit(r->loop);
	}
	next = MIN(next, screens_due(&r->screens));
	return MIN(MIN(next, r->deadline_ns), r->picture_ns);
}

/* -- End ---------------------------------------------------------------------------------- */

static void say_stats(const struct run *r)
{
	struct machine_stats st = machine_stats(r->machine);
	struct str s = { 0 };

	fprintf(stderr,
		"instructions %" PRIu64 "\ntraps %" PRIu64 "\ninterrupts %" PRIu64 "\nwfi %" PRIu64
		"\ntlb-fills %" PRIu64 "\nio %" PRIu64 "\nguest-errors %" PRIu64 "\n",
		st.harts.instructions, st.harts.traps, st.harts.interrupts, st.harts.wfi,
		st.harts.tlb_fills, st.harts.io, st.guest_errors);
	machine_engine_stats(r->machine, &s);
	fputs(str_text(&s), stderr);
	str_free(&s);
}

static const char *how_it_ended(const struct run *r, char *buf, size_t cap)
{
	u64 code;

	if (machine_panicked(r->machine))
		return "ended by a kernel panic";
	if (r->timed_out)
		return "timeout";
	if (r->signal || r->killed)
		return "stopped";
	if (machine_ended(r->machine, &code) == MACHINE_POWEROFF)
		return "powered off by the guest";
	snprintf(buf, cap, "the guest failed (%" PRIu64 ")", code);
	return buf;
}

/* Before the terminal is given back, so that it stands on a line of its own. */
static void say_end(const struct run *r)
{
	struct machine_stats st = machine_stats(r->machine);
	struct str s = { 0 };
	char buf[64];

	if (r->quiet)
		return;
	str_add(&s, "%s: %s after %.1f s · ", r->plan->name, how_it_ended(r, buf, sizeof(buf)),
		(double)st.run_ns / 1e9);
	add_speed(&s, &st);
	console_message(r->console, str_text(&s));
	str_free(&s);
}

/* -- Signatures ------------------------------------------------------------------------- */

static bool get_signature(const struct run *r, struct str *out, struct err *e)
{
	const char *g = args_value(r->args, "signature-granularity");

	return machine_signature(r->machine, g ? (u32)strtoul(g, NULL, 10) : 4, out, e);
}

/* Better now than after the run. */
static bool check_signature(const struct run *r)
{
	struct str s = { 0 };
	struct err e = { 0 };
	bool ok = !args_has(r->args, "signature") || get_signature(r, &s, &e);

	if (!ok)
		print_err(&e);
	str_free(&s);
	return ok;
}

static bool write_signature(const struct run *r)
{
	const char *file = args_value(r->args, "signature");
	struct str s = { 0 };
	struct err e = { 0 };
	bool ok;

	if (!file || r->timed_out || r->signal || r->killed)
		return true;
	ok = get_signature(r, &s, &e) && host_write_file(file, str_text(&s), s.n, &e);
	if (!ok)
		print_err(&e);
	str_free(&s);
	return ok;
}

/* -- The run ---------------------------------------------------------------------------- */

static int exit_code(const struct run *r)
{
	u64 code;

	if (r->signal)
		return EXIT_BREAK;
	if (machine_panicked(r->machine))
		return EXIT_GUEST;
	if (r->timed_out)
		return EXIT_TIME;
	if (r->killed || machine_ended(r->machine, &code) == MACHINE_POWEROFF)
		return EXIT_OK;
	return EXIT_GUEST;
}

bool parse_time(const char *text, u64 *ns)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0) || v > 1e9)
		return false;
	if (!strcmp(end, "ms"))
		v /= 1e3;
	else if (!strcmp(end, "m"))
		v *= 60;
	else if (strcmp(end, "s"))
		return false;
	*ns = (u64)(v * 1e9);
	return true;
}

static bool check_picture(const struct args *a, u64 *after_ns)
{
	const char *after = args_value(a, "screenshot-after"), *kind = args_value(a, "display");

	*after_ns = NEVER_NS;
	if (after && !parse_time(after, after_ns))
		print_usage_error("--screenshot-after %s: write 10s, 500ms or 2m", after);
	else if (after && !args_has(a, "screenshot"))
		print_usage_error("--screenshot-after: --screenshot FILE says where it goes");
	else if (kind && !screens_kind(kind))
		print_usage_error("--display %s: it is one of none, sdl, vnc and web", kind);
	else
		return true;
	return false;
}

static bool check_options(const struct args *a, u64 *timeout_ns)
{
	const char *t = args_value(a, "timeout"), *escape = args_value(a, "escape");
	const char *engine = args_value(a, "engine");
	u8 prefix;

	*timeout_ns = NEVER_NS;
	if (t && !parse_time(t, timeout_ns))
		print_usage_error("--timeout %s: write 10s, 500ms or 2m", t);
	else if (escape && !parse_prefix(escape, &prefix))
		print_usage_error("--escape %s: write ^A for Control-A, or one character", escape);
	else if (engine && !engine_find(engine))
		print_usage_error("no engine `%s`; `vmbuild version -v` lists them", engine);
	else
		return true;
	return false;
}

static bool check_display(struct run *r)
{
	r->screens.n = machine_displays(r->machine, &r->screens.list);
	r->screens.input = machine_input(r->machine);
	if (!r->screens.n && args_has(r->args, "screenshot"))
		print_usage_error("--screenshot: this board has no display device");
	return r->screens.n || !args_has(r->args, "screenshot");
}

/* --input: typed from the start. */
static bool read_input(struct run *r)
{
	const char *file = args_value(r->args, "input");
	struct script s = { 0 };
	struct err e = { 0 };
	bool done;

	r->typists.in = machine_input(r->machine);
	r->typists.screens = &r->screens;
	done = !file || (script_load(&s, file, r->args) &&
			 typists_start(&r->typists, &s, file, now_ns(), &e));
	script_free(&s);
	if (e.text[0])
		print_err(&e);
	return done;
}

/* Boards are written for other builds too: what they would like is no condition. */
static const struct engine *engine_of_board(const struct plan *p)
{
	const struct engine *engine = p->engine ? engine_find(p->engine) : engines[0];

	assert(engines[0]); /* each build has one */
	if (engine)
		return engine;
	log_line(LOG_WARNING, "no engine `%s` in this build, as the board asks for: `%s` runs it",
		 p->engine, engines[0]->name);
	return engines[0];
}

/* The exit code, or EXIT_OK. */
static int boot(struct run *r, const struct machine_host *host)
{
	const char *engine = args_value(r->args, "engine");
	struct machine_options o = { .tohost = args_value(r->args, "tohost"),
				     .no_doctor = args_has(r->args, "no-doctor") };
	struct diags ds = { 0 };
	int code;

	o.engine = engine ? engine_find(engine) : engine_of_board(r->plan);
	r->machine = machine_new(r->plan, &o, host, &ds);
	print_diags(&ds, r->args);
	code = diags_exit_code(&ds);
	diags_free(&ds);
	if (r->machine && (!check_signature(r) || !check_display(r) || !read_input(r)))
		code = EXIT_USAGE;
	return code;
}

static int go(struct run *r, u64 timeout_ns)
{
	struct err e = { 0 };
	int code;

	say_start(r);
	console_start(r->console);
	r->started_ns = now_ns();
	r->deadline_ns = timeout_ns == NEVER_NS ? NEVER_NS : r->started_ns + timeout_ns;
	if (!machine_start(r->machine, &e)) {
		console_stop(r->console);
		print_err(&e);
		return EXIT_HOST;
	}
	if (r->picture_ns != NEVER_NS)
		r->picture_ns += r->started_ns;
	loop_run(r->loop, due, r);
	machine_pause(r->machine);
	take_picture(r);
	say_end(r);
	console_stop(r->console);
	if (args_has(r->args, "stats"))
		say_stats(r);
	code = exit_code(r);
	return write_signature(r) && !r->picture_failed ? code : EXIT_HOST;
}

/* Not worth failing for: the machine runs without. */
static void open_control(struct run *r)
{
	struct err e = { 0 };

	r->control = control_new(r->loop, r->plan->name, on_control, r, &e);
	if (!r->control)
		log_line(LOG_DEBUG, "no control socket: %s", e.text);
	else if (strcmp(control_name(r->control), r->plan->name) != 0)
		log_line(LOG_INFO, "%s: called `%s` by other commands, such as `vmbuild forward`",
			 r->plan->name, control_name(r->control));
}

/* What is written at the end can be, as far as one can know. */
static bool check_outputs(const struct args *a)
{
	static const char *const options[] = { "screenshot", "signature" };
	struct err e = { 0 };

	for (u32 i = 0; i < ARRAY_LEN(options); i++) {
		const char *path = args_value(a, options[i]);

		if (path && !host_can_write_file(path, &e)) {
			err_in(&e, "--%s", options[i]);
			print_err(&e);
			return false;
		}
	}
	return true;
}

static int run_board(struct run *r, const struct exec_host *exec, u64 timeout_ns)
{
	const struct machine_host host = {
		.ctx = r,
		.ram_new = host_ram_new,
		.ram_free = host_ram_free,
		.ram_discard = host_ram_discard,
		.exec = exec,
		.cpus = host_cpus(),
		.chardev = open_chardev,
		.block = open_block,
		.net = open_net,
		.share = open_share,
		.vsock = open_vsock,
		.audio = open_audio,
		.read_file = read_file,
		.unpack = host_unpack,
		.wake = wake,
		.finding = on_finding,
		.console_write = console_out,
		.console_read = console_in,
	};
	struct err e = { 0 };
	int code = EXIT_HOST;

	r->loop = r->cables.loop = loop_new(&e);
	if (!r->loop || !make_console(r, &e) || !loop_signal(r->loop, SIGTERM, on_signal, r, &e) ||
	    !loop_signal(r->loop, SIGINT, on_signal, r, &e) ||
	    !loop_signal(r->loop, SIGHUP, on_signal, r, &e))
		print_err(&e);
	else
		code = boot(r, &host);
	r->screens.plan = r->plan;
	r->screens.loop = r->loop;
	r->screens.end = on_kill;
	r->screens.ctx = r;
	if (code == EXIT_OK && !screens_open(&r->screens, args_value(r->args, "display"), &e)) {
		print_err(&e);
		code = EXIT_HOST;
	}
	if (code == EXIT_OK && !args_has(r->args, "dry-run")) {
		open_control(r);
		code = go(r, timeout_ns);
	}
	control_free(r->control);
	screens_close(&r->screens);
	typists_free(&r->typists);
	machine_free(r->machine);
	log_sink(NULL, NULL);
	console_free(r->console);
	loop_free(r->loop);
	return code;
}

/* The board, and its guest: fetched first where a person says yes. */
static struct board *load_with_guest(const struct args *a, int *code)
{
	struct board *b = load_board(a, code);
	const struct plan *p = b ? board_plan(b) : NULL;
	struct err e = { 0 };

	if (p && p->guest && !p->guest_missing && fetch_is_old(p->guest))
		fprintf(stderr,
			"guest %s: made by an older recipe; `vmbuild fetch %s` makes it anew and "
			"keeps "
			"its disk\n",
			p->guest, p->guest);
	if (!p || !p->guest_missing)
		return b;
	*code = EXIT_HOST;
	if (offer_fetch(p->guest, args_has(a, "yes"), &e)) {
		board_free(b);
		return load_board(a, code);
	}
	print_err(&e);
	board_free(b);
	return NULL;
}

/* What compiled code is, for perf, if that is asked for. */
static int run_named(struct run *r, u64 timeout_ns)
{
	struct err e = { 0 };
	const struct exec_host *exec = &host_exec;
	int code;

	if (args_has(r->args, "perf-map"))
		exec = host_exec_perf(&e);
	code = exec ? run_board(r, exec, timeout_ns) : EXIT_HOST;
	if (exec && host_exec_perf_end(&e))
		return code;
	print_err(&e);
	return EXIT_HOST;
}

int cmd_run(const struct args *a)
{
	struct run r = { .args = a, .quiet = args_has(a, "quiet"), .deadline_ns = NEVER_NS };
	struct board *b;
	u64 timeout_ns;
	int code;

	if (!check_options(a, &timeout_ns) || !check_picture(a, &r.picture_ns))
		return EXIT_USAGE;
	if (!check_outputs(a))
		return EXIT_HOST;
	b = load_with_guest(a, &code);
	if (!b)
		return code;
	r.plan = board_plan(b);
	pthread_mutex_init(&r.input_lock, NULL);
	log_sink(on_log, &r);
	code = run_named(&r, timeout_ns);
	pthread_mutex_destroy(&r.input_lock);
	board_free(b);
	return code;
}
