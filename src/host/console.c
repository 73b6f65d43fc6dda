/* console.c - the guest's serial line on this process's standard input and output.
 *
 * Interactive means that both are terminals: then every key is the guest's, Ctrl-C and
 * Ctrl-Z too, but for the one prefix.  Else nothing is ours: pipes carry what they carry.
 * The lock guards where on its line the output stands, so that lines of ours begin on a
 * fresh one.
 */
#define _GNU_SOURCE /* SIGWINCH */
#include "internal.h"
#include "terminal.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX     0x1d /* Ctrl-] */
#define SECOND_NS  ((u64)1000000000)
#define AGAIN_NS   (3 * SECOND_NS) /* a second quit within this kills */
#define LINE_BYTES 1024

struct console {
	struct chardev chr;
	struct loop *loop;
	struct console_options options;
	struct console_events events;
	struct inlet *in;
	struct outlet *out;
	struct outlet *messages; /* NULL: standard error is where `out` goes */
	bool interactive, started;

	/* of the loop's thread */
	bool prefixed;
	u64 quit_ns; /* of the last `q`; 0: none */

	pthread_mutex_t lock;
	bool mid_line;
	bool stamps;
	u64 start_ns;
};

/* -- Output ----------------------------------------------------------------------- */

static void put_text(struct console *c, const char *s)
{
	outlet_write(c->out, (const u8 *)s, strlen(s));
}

static void put_stamp(struct console *c)
{
	u64 us = (now_ns() - c->start_ns) / 1000;
	char text[40];

	snprintf(text, sizeof(text), "[%5" PRIu64 ".%06" PRIu64 "] ", us / 1000000, us % 1000000);
	put_text(c, text);
}

/* Up to and with the end of the first line in it. */
static size_t put_line(struct console *c, const u8 *bytes, size_t n)
{
	const u8 *end = memchr(bytes, '\n', n);

	if (end)
		n = (size_t)(end - bytes) + 1;
	if (!c->mid_line)
		put_stamp(c);
	outlet_write(c->out, bytes, n);
	c->mid_line = !end;
	return n;
}

static void console_write(struct chardev *chr, const u8 *bytes, size_t n)
{
	struct console *c = (struct console *)chr;

	if (!n)
		return;
	pthread_mutex_lock(&c->lock);
	if (c->stamps) {
		for (size_t done = 0; done < n;)
			done += put_line(c, bytes + done, n - done);
	} else {
		outlet_write(c->out, bytes, n);
		c->mid_line = bytes[n - 1] != '\n';
	}
	pthread_mutex_unlock(&c->lock);
}

/* With the lock. */
static void fresh_line(struct console *c)
{
	if (c->mid_line)
		put_text(c, terminal_is_raw() ? "\r\n" : "\n");
	c->mid_line = false;
}

static void put_message(struct console *c, const char *line)
{
	pthread_mutex_lock(&c->lock);
	fresh_line(c);
	put_text(c, line);
	put_text(c, terminal_is_raw() ? "\r\n" : "\n");
	pthread_mutex_unlock(&c->lock);
}

/* What came from guests and files was cleaned by who put it into the line; this is for
 * what slipped through.  UTF-8 stays, but for U+0080..U+009F: controls to some terminals. */
static void drop_controls(char *to, size_t cap, const char *line)
{
	size_t n = 0;

	for (const u8 *p = (const u8 *)line; *p && n + 1 < cap; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		to[n++] = *p < ' ' || *p == 0x7f || c1 ? '?' : (char)*p;
		p += c1;
	}
	to[n] = 0;
}

void console_message(struct console *c, const char *line)
{
	char clean[LINE_BYTES];

	drop_controls(clean, sizeof(clean) - 1, line);
	if (!c->messages) {
		put_message(c, clean);
		return;
	}
	snprintf(clean + strlen(clean), 2, "\n");
	outlet_write(c->messages, (const u8 *)clean, strlen(clean));
}

/* -- Keys after the prefix --------------------------------------------------------- */

static const char *prefix_name(const struct console *c, char *out, size_t cap)
{
	u8 prefix = c->options.prefix;
	bool control = prefix < ' ' || prefix == 0x7f;

	snprintf(out, cap, "%s%c", control ? "Ctrl-" : "", control ? prefix ^ 0x40 : prefix);
	return out;
}

static void say(struct console *c, const char *fmt, ...) PRINTF(2, 3);

static void say(struct console *c, const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put_message(c, line);
}

static void key_help(struct console *c);

static void key_kill(struct console *c)
{
	if (c->events.kill)
		c->events.kill(c->events.ctx);
}

static void key_quit(struct console *c)
{
	u64 now = now_ns();
	char prefix[16];

	if (!c->events.quit)
		say(c, "console: this board has no power button: as if unplugged");
	if (!c->events.quit || (c->quit_ns && now - c->quit_ns < AGAIN_NS)) {
		key_kill(c);
		return;
	}
	c->quit_ns = now;
	say(c, "console: quitting; %s q again within 3 s ends at once",
	    prefix_name(c, prefix, sizeof(prefix)));
	c->events.quit(c->events.ctx);
}

static void key_reset(struct console *c)
{
	if (c->events.reset)
		c->events.reset(c->events.ctx);
}

static void key_pause(struct console *c)
{
	if (c->events.pause)
		c->events.pause(c->events.ctx);
}

static void key_status(struct console *c)
{
	struct str line = { 0 };

	if (!c->events.status)
		return;
	c->events.status(c->events.ctx, &line);
	console_message(c, str_text(&line));
	str_free(&line);
}

static void key_stamps(struct console *c)
{
	bool on;

	pthread_mutex_lock(&c->lock);
	on = c->stamps = !c->stamps;
	pthread_mutex_unlock(&c->lock);
	say(c, "console: time stamps %s", on ? "on" : "off");
}

static const struct key {
	char key;
	const char *doc;
	void (*press)(struct console *c);
} keys[] = {
	/* clang-format off */
	{ '?', "help",        key_help },
	{ 'q', "quit",        key_quit },
	{ 'x', "kill now",    key_kill },
	{ 'r', "reset",       key_reset },
	{ 'p', "pause",       key_pause },
	{ 'i', "status",      key_status },
	{ 't', "time stamps", key_stamps },
	/* clang-format on */
};

static void key_help(struct console *c)
{
	struct str line = { 0 };
	char prefix[16];

	str_add(&line, "console: after %s:", prefix_name(c, prefix, sizeof(prefix)));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		str_add(&line, " %c %s ·", keys[i].key, keys[i].doc);
	str_add(&line, " %s sends itself", prefix);
	put_message(c, str_text(&line));
	str_free(&line);
}

static void command(struct console *c, u8 byte)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if ((u8)keys[i].key == byte) {
			keys[i].press(c);
			return;
		}
	}
	key_help(c);
}

/* -- Input -------------------------------------------------------------------------- */

static size_t take_keys(void *ctx, u8 *bytes, size_t n)
{
	struct console *c = ctx;
	size_t kept = 0;

	if (!c->interactive)
		return n;
	for (size_t i = 0; i < n; i++) {
		bool is_prefix = bytes[i] == c->options.prefix;

		if (c->prefixed == is_prefix) { /* a plain byte, or the prefix twice */
			bytes[kept++] = bytes[i];
			c->prefixed = false;
		} else if (is_prefix) {
			c->prefixed = true;
		} else {
			c->prefixed = false;
			command(c, bytes[i]);
		}
	}
	return kept;
}

static void end_of_input(void *ctx)
{
	struct console *c = ctx;

	if (!c->options.eof_quits)
		return;
	if (c->events.quit)
		c->events.quit(c->events.ctx);
	else
		key_kill(c);
}

static void console_ready(struct chardev *chr)
{
	inlet_ready(((struct console *)chr)->in);
}

/* -- The terminal ------------------------------------------------------------------- */

static bool console_size(const struct chardev *chr, u32 *columns, u32 *rows)
{
	(void)chr;
	return terminal_size(STDOUT_FILENO, columns, rows);
}

static void on_resize(void *ctx, int s)
{
	struct console *c = ctx;
	u32 columns, rows;

	if (c->chr.resized && terminal_size(STDOUT_FILENO, &columns, &rows))
		c->chr.resized(c->chr.ctx, columns, rows);
	(void)s;
}

static void go_raw(void)
{
	struct err e = { 0 };

	if (!terminal_raw(STDIN_FILENO, &e))
		log_line(LOG_WARNING, "console: %s", e.text);
}

/* Stopped by another program: Ctrl-Z is the guest's.  Others use the terminal meanwhile. */
static void on_stop(void *ctx, int s)
{
	struct console *c = ctx;

	outlet_flush(c->out);
	terminal_restore();
	raise(SIGSTOP);
	go_raw();
	(void)s;
}

/* Also after a SIGSTOP that nobody can see coming: the shell has set the terminal anew. */
static void on_continue(void *ctx, int s)
{
	go_raw();
	on_resize(ctx, s);
}

static const struct {
	int signal;
	void (*fn)(void *ctx, int signal);
} terminal_signals[] = {
	{ SIGWINCH, on_resize },
	{ SIGTSTP, on_stop },
	{ SIGCONT, on_continue },
};

void console_start(struct console *c)
{
	struct err e = { 0 };

	if (c->started)
		return;
	c->started = true;
	c->start_ns = now_ns();
	inlet_open(c->in, STDIN_FILENO);
	if (!c->interactive)
		return;
	go_raw();
	for (size_t i = 0; i < ARRAY_LEN(terminal_signals); i++)
		if (!loop_signal(c->loop, terminal_signals[i].signal, terminal_signals[i].fn, c,
				 &e))
			log_line(LOG_WARNING, "console: %s", e.text);
	if (terminal_is_raw()) {
		char prefix[16];

		prefix_name(c, prefix, sizeof(prefix));
		say(c, "console: %s ? help · %s q quit", prefix, prefix);
	}
}

void console_stop(struct console *c)
{
	if (c->started && c->interactive) {
		for (size_t i = 0; i < ARRAY_LEN(terminal_signals); i++)
			loop_signal(c->loop, terminal_signals[i].signal, NULL, NULL, NULL);
		pthread_mutex_lock(&c->lock);
		fresh_line(c);
		pthread_mutex_unlock(&c->lock);
	}
	if (c->started)
		inlet_close(c->in);
	c->started = false;
	outlet_flush(c->out);
	if (c->messages)
		outlet_flush(c->messages);
	terminal_restore();
}

/* -- Made and freed ------------------------------------------------------------------ */

static void console_not_freed(struct chardev *chr)
{
	(void)chr; /* console_free() does */
}

static const struct chardev_ops console_ops = {
	.write = console_write,
	.ready = console_ready,
	.size = console_size,
	.free = console_not_freed,
};

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

struct console *console_new(struct loop *l, const struct console_options *o,
			    const struct console_events *events, struct err *e)
{
	struct console *c = xzalloc(sizeof(*c));
	struct inlet_options input = {
		.to = &c->chr, .filter = take_keys, .delivered = end_of_input, .ctx = c
	};
	bool same = same_file(STDOUT_FILENO, STDERR_FILENO);

	c->chr.ops = &console_ops;
	c->loop = l;
	c->options = *o;
	if (!c->options.prefix)
		c->options.prefix = PREFIX;
	c->events = *events;
	c->interactive = host_is_tty(STDIN_FILENO) && host_is_tty(STDOUT_FILENO);
	pthread_mutex_init(&c->lock, NULL);
	c->in = inlet_new(l, &input);
	c->out = outlet_new(STDOUT_FILENO, "standard output", e);
	if (c->out && !same)
		c->messages = outlet_new(STDERR_FILENO, "standard error", e);
	if (!c->out || (!same && !c->messages)) {
		console_free(c);
		return NULL;
	}
	return c;
}

struct chardev *console_chardev(struct console *c)
{
	return &c->chr;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	if (c->out)
		console_stop(c);
	inlet_free(c->in);
	outlet_free(c->out);
	outlet_free(c->messages);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
