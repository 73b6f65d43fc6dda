/* The console, at a pseudo-terminal and at pipes.  Each run is a process of its own, the
 * machine; the test is the person before it. */
#define _GNU_SOURCE
#include "check.h"
#include "host.h"
#include "patience.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#define SECOND ((u64)1000000000)

/* -- The machine: a guest that answers each byte with "<hex>" ------------------------------- */

enum guest {
	ECHOES,
	DEAF,      /* its UART never has room */
	SLOW,      /* room for one byte at a time, taken 50 us later by another thread */
	SEGFAULTS, /* at the byte '!' */
	ABORTS,
	EXITS,      /* exit(3), without console_stop() */
	TALKS,      /* says OUTPUT bytes, then "end" */
	TALKS_FIRST /* before anybody reads, and measures how long that took */
};

#define OUTPUT (3 * MIB)
#define LINE   "line %9u.\n" /* of 16 bytes */

struct machine {
	struct loop *l;
	struct console *c;
	struct chardev *chr;
	enum guest guest;
	bool orderly; /* SIGTERM ends the loop */
	bool eof_quits;
	bool no_button; /* there is nothing to ask the guest with */
	pthread_t thread;
	_Atomic u32 room;
	_Atomic bool ending;
};

static void say(struct machine *m, const char *fmt, ...) PRINTF(2, 3);

static void say(struct machine *m, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m->chr->ops->write(m->chr, (const u8 *)text, strlen(text));
}

static u32 guest_room(void *ctx)
{
	struct machine *m = ctx;

	return atomic_load(&m->room);
}

static void guest_receive(void *ctx, const u8 *bytes, u32 n)
{
	struct machine *m = ctx;

	if (n > atomic_load(&m->room))
		say(m, "MORE THAN ROOM\r\n");
	if (m->guest == SLOW)
		atomic_store(&m->room, 0);
	for (u32 i = 0; i < n; i++) {
		if (bytes[i] == '!' && m->guest == SEGFAULTS)
			raise(SIGSEGV);
		if (bytes[i] == '!' && m->guest == ABORTS)
			abort();
		if (bytes[i] == '!' && m->guest == EXITS)
			exit(3);
		say(m, "<%02x>", bytes[i]);
	}
}

static void guest_resized(void *ctx, u32 columns, u32 rows)
{
	say(ctx, "size %ux%u\r\n", columns, rows);
}

static void *take_slowly(void *ctx)
{
	struct machine *m = ctx;

	while (!atomic_load(&m->ending)) {
		usleep(50);
		if (!atomic_exchange(&m->room, 1))
			m->chr->ops->ready(m->chr);
	}
	return NULL;
}

static void *talk(void *ctx)
{
	struct machine *m = ctx;
	u64 start = now_ns();

	for (u32 i = 0; i < OUTPUT / 16; i++)
		say(m, LINE, i);
	say(m, "end");
	if (m->guest == TALKS_FIRST) {
		fprintf(stderr, "took %u ms\n", (u32)((now_ns() - start) / 1000000));
		fflush(stderr);
	}
	return NULL;
}

static void on_quit(void *ctx)
{
	struct machine *m = ctx;

	say(m, "quit\r\n");
	if (m->eof_quits)
		loop_quit(m->l);
}

static void on_kill(void *ctx)
{
	struct machine *m = ctx;

	loop_quit(m->l);
}

static void on_reset(void *ctx)
{
	say(ctx, "reset\r\n");
}

static void on_pause(void *ctx)
{
	say(ctx, "pause\r\n");
}

static void on_status(void *ctx, struct str *line)
{
	str_add(line, "all is \033[31mwell");
	(void)ctx;
}

static void on_term(void *ctx, int s)
{
	loop_quit(ctx);
	(void)s;
}

/* In the child.  Its exit code is 0 if it came to an orderly end. */
static NORETURN void be_machine(struct machine *m)
{
	struct console_options options = { .eof_quits = m->eof_quits };
	struct console_events events = {
		.quit = m->no_button ? NULL : on_quit,
		.kill = on_kill,
		.reset = on_reset,
		.pause = on_pause,
		.status = on_status,
		.ctx = m,
	};
	struct err e = { 0 };

	alarm(PATIENCE_S);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	for (int s = 1; s < 32; s++) /* cmocka has handlers */
		signal(s, SIG_DFL);
	host_init(&e);
	m->l = loop_new(&e);
	m->c = console_new(m->l, &options, &events, &e);
	m->chr = console_chardev(m->c);
	m->chr->room = guest_room;
	m->chr->receive = guest_receive;
	m->chr->resized = guest_resized;
	m->chr->ctx = m;
	atomic_store(&m->room, m->guest == DEAF ? 0 : m->guest == SLOW ? 1 : 100);
	if (m->orderly)
		loop_signal(m->l, SIGTERM, on_term, m->l, &e);
	console_start(m->c);
	if (m->guest != TALKS && m->guest != TALKS_FIRST)
		say(m, "ready\r\n");
	if (m->guest == SLOW)
		pthread_create(&m->thread, NULL, take_slowly, m);
	if (m->guest == TALKS || m->guest == TALKS_FIRST)
		pthread_create(&m->thread, NULL, talk, m);
	loop_run(m->l, NULL, NULL);
	atomic_store(&m->ending, true);
	if (m->thread)
		pthread_join(m->thread, NULL);
	console_stop(m->c);
	console_free(m->c);
	loop_free(m->l);
	_exit(0);
}

/* -- The person ------------------------------------------------------------------------------ */

struct person {
	pid_t pid;
	int out;   /* from the machine */
	int in;    /* to it */
	int error; /* its standard error, or -1 */
	int slave; /* kept open, to look at the terminal's settings */
	struct termios before;
	bool deaf; /* reads nothing more */
	char seen[65536];
	size_t n, looked;
};

static void sit_down(struct person *p, struct machine m)
{
	struct winsize w = { .ws_col = 80, .ws_row = 24 };
	int master;

	*p = (struct person){ .error = -1 };
	assert_int_equal(openpty(&master, &p->slave, NULL, NULL, &w), 0);
	assert_int_equal(tcgetattr(p->slave, &p->before), 0);
	p->in = p->out = master;
	p->pid = fork();
	if (!p->pid) {
		close(master);
		login_tty(p->slave);
		be_machine(&m);
	}
}

/* Everything to and from it is a pipe. */
static void connect_pipes(struct person *p, struct machine m)
{
	int in[2], out[2], error[2];

	*p = (struct person){ .slave = -1 };
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(error, O_CLOEXEC), 0);
	p->pid = fork();
	if (!p->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(error[1], 2);
		close(in[1]);
		close(out[0]);
		be_machine(&m);
	}
	close(in[0]);
	close(out[1]);
	close(error[1]);
	p->in = in[1];
	p->out = out[0];
	p->error = error[0];
}

static bool look_more(struct person *p, u64 until)
{
	struct pollfd fd = { .fd = p->out, .events = POLLIN };
	u64 now = now_ns();
	ssize_t got;

	if (now >= until || poll(&fd, 1, (int)((until - now) / 1000000) + 1) <= 0)
		return false;
	got = read(p->out, p->seen + p->n, sizeof(p->seen) - 1 - p->n);
	if (got <= 0)
		return false;
	p->n += (size_t)got;
	p->seen[p->n] = 0;
	return true;
}

/* From where the last one was found. */
static void expect(struct person *p, const char *text)
{
	u64 until = now_ns() + PATIENCE_NS;
	const char *at;

	while (!(at = strstr(p->seen + p->looked, text)))
		if (!look_more(p, until))
			fail_msg("`%s` did not come, but `%s`", text, p->seen + p->looked);
	p->looked = (size_t)(at - p->seen) + strlen(text);
}

static void never(const struct person *p, const char *text)
{
	if (strstr(p->seen, text))
		fail_msg("`%s` in `%s`", text, p->seen);
}

static void type_bytes(struct person *p, const char *keys, size_t n)
{
	assert_int_equal(write(p->in, keys, n), n);
}

static void type(struct person *p, const char *keys)
{
	type_bytes(p, keys, strlen(keys));
}

static bool is_raw(const struct person *p)
{
	struct termios t;

	assert_int_equal(tcgetattr(p->slave, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST) &&
	       !(t.c_iflag & (ICRNL | IXON));
}

static void assert_restored(const struct person *p)
{
	struct termios t;

	assert_int_equal(tcgetattr(p->slave, &t), 0);
	assert_int_equal(t.c_lflag, p->before.c_lflag);
	assert_int_equal(t.c_oflag, p->before.c_oflag);
	assert_int_equal(t.c_iflag, p->before.c_iflag);
	assert_int_equal(t.c_cflag, p->before.c_cflag);
	assert_memory_equal(t.c_cc, p->before.c_cc, sizeof(t.c_cc));
}

/* Its wait status. */
static int await_end(struct person *p)
{
	u64 until = now_ns() + PATIENCE_NS;
	int status = -1;

	while (waitpid(p->pid, &status, WNOHANG) == 0 && now_ns() < until)
		if (p->deaf || !look_more(p, now_ns() + SECOND / 100))
			usleep(1000);
	if (status == -1) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &status, 0);
	}
	while (!p->deaf && p->slave < 0 && look_more(p, now_ns() + SECOND))
		; /* what is left in the pipe */
	return status;
}

static void leave(struct person *p)
{
	if (p->slave >= 0)
		close(p->slave);
	if (p->error >= 0)
		close(p->error);
	if (p->in != p->out && p->in >= 0)
		close(p->in);
	close(p->out);
}

#define PREFIX "\035"

/* -- At a terminal ---------------------------------------------------------------------------- */

static void the_hint_comes_before_the_first_guest_byte(void **state)
{
	struct person p;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	assert_string_equal(p.seen, "console: Ctrl-] ? help · Ctrl-] q quit\r\nready\r\n");
	assert_true(is_raw(&p));
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	assert_restored(&p);
	leave(&p);
	(void)state;
}

static void every_key_but_the_prefix_is_the_guests(void **state)
{
	char all[256 * 4] = "", want[256 * 4] = "";
	struct person p;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	for (u32 i = 0; i < 256; i++) {
		char text[8];

		all[i] = (char)i;
		snprintf(text, sizeof(text), "<%02x>", i);
		if (i != 0x1d)
			memcpy(want + strlen(want), text, 5);
	}
	type_bytes(&p, all, 0x1d);
	type_bytes(&p, all + 0x1e, 256 - 0x1e);
	expect(&p, want); /* Ctrl-C, Ctrl-Z, Ctrl-S, CR and NUL among them */
	type(&p, PREFIX PREFIX);
	expect(&p, "<1d>");
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	(void)state;
}

static void keys_after_the_prefix_are_ours(void **state)
{
	struct person p;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	type(&p, PREFIX "r" PREFIX "p");
	expect(&p, "reset\r\npause\r\n");
	type(&p, PREFIX "i");
	expect(&p, "all is ?[31mwell\r\n"); /* no escape sequence in our own lines */
	type(&p, PREFIX "?");
	expect(&p, "console: after Ctrl-]: ? help · q quit · x kill now · ");
	expect(&p, "\r\n");
	type(&p, PREFIX);
	type(&p, "#"); /* unknown, and in a read of its own */
	expect(&p, "console: after Ctrl-]: ");
	expect(&p, "Ctrl-] sends itself\r\n");
	type(&p, "a");
	expect(&p, "<61>");
	type(&p, PREFIX "i");
	expect(&p, "\r\nall is"); /* on a fresh line */
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	never(&p, "<23>");
	never(&p, "<72>");
	leave(&p);
	(void)state;
}

static void quit_asks_and_quit_again_kills(void **state)
{
	struct person p;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	type(&p, PREFIX "q");
	expect(&p, "Ctrl-] q again within 3 s ends at once\r\n");
	expect(&p, "quit\r\n");
	type(&p, PREFIX "q");
	assert_int_equal(await_end(&p), 0);
	assert_restored(&p);
	leave(&p);
	(void)state;
}

static void without_a_power_button_quit_says_so_and_kills(void **state)
{
	struct person p;

	sit_down(&p, (struct machine){ .no_button = true });
	expect(&p, "ready\r\n");
	type(&p, PREFIX "q");
	expect(&p, "console: this board has no power button: as if unplugged\r\n");
	assert_int_equal(await_end(&p), 0);
	assert_restored(&p);
	leave(&p);
	(void)state;
}

static void the_keys_work_when_the_guest_does_not_read(void **state)
{
	char much[3000];
	struct person p;

	sit_down(&p, (struct machine){ .guest = DEAF });
	expect(&p, "ready\r\n");
	memset(much, 'a', sizeof(much));
	for (u32 i = 0; i < 5; i++)
		type_bytes(&p, much, sizeof(much));
	type(&p, PREFIX "i");
	expect(&p, "all is");
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	never(&p, "MORE THAN ROOM");
	leave(&p);
	(void)state;
}

static void a_paste_into_a_slow_guest_arrives_whole(void **state)
{
	char want[16 * 64] = "", paste[200];
	struct person p;

	for (u32 i = 0; i < 200; i++)
		paste[i] = (char)('a' + i % 26);
	for (u32 i = 0; i < 200; i++)
		snprintf(want + 4 * i, 5, "<%02x>", paste[i]);
	sit_down(&p, (struct machine){ .guest = SLOW });
	expect(&p, "ready\r\n");
	type_bytes(&p, paste, sizeof(paste));
	expect(&p, want);
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	never(&p, "MORE THAN ROOM");
	leave(&p);
	(void)state;
}

static void time_stamps_begin_each_line(void **state)
{
	struct person p;
	const char *line;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	type(&p, PREFIX "t");
	expect(&p, "console: time stamps on\r\n");
	type(&p, PREFIX "r");
	expect(&p, "] reset\r\n");
	line = strstr(p.seen, "on\r\n[");
	assert_non_null(line);
	type(&p, PREFIX "t");
	expect(&p, "time stamps off\r\n");
	type(&p, PREFIX "r");
	expect(&p, "reset\r\n");
	never(&p, "off\r\n[");
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	(void)state;
}

static void a_new_window_size_reaches_the_guest(void **state)
{
	struct winsize w = { .ws_col = 100, .ws_row = 40 };
	struct person p;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	assert_int_equal(ioctl(p.in, TIOCSWINSZ, &w), 0);
	expect(&p, "size 100x40\r\n");
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	(void)state;
}

static void ends_by(enum guest guest, int signal_sent, int want)
{
	struct person p;
	int status;

	sit_down(&p, (struct machine){ .guest = guest });
	expect(&p, "ready\r\n");
	assert_true(is_raw(&p));
	if (signal_sent)
		kill(p.pid, signal_sent);
	else
		type(&p, "!");
	status = await_end(&p);
	assert_restored(&p);
	if (want == 0) {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 3);
	} else {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), want);
	}
	leave(&p);
}

static void every_end_restores_the_terminal_and_stays_what_it_was(void **state)
{
	ends_by(ECHOES, SIGTERM, SIGTERM);
	ends_by(ECHOES, SIGHUP, SIGHUP);
	ends_by(ECHOES, SIGINT, SIGINT);
	ends_by(ECHOES, SIGSEGV, SIGSEGV);
	ends_by(SEGFAULTS, 0, SIGSEGV);
	ends_by(ABORTS, 0, SIGABRT);
	ends_by(EXITS, 0, 0);
	(void)state;
}

static void a_signal_that_the_program_handles_ends_in_order(void **state)
{
	struct person p;

	sit_down(&p, (struct machine){ .orderly = true });
	expect(&p, "ready\r\n");
	type(&p, "a");
	expect(&p, "<61>");
	kill(p.pid, SIGTERM);
	assert_int_equal(await_end(&p), 0);
	assert_restored(&p);
	expect(&p, "\r\n"); /* the shell's prompt has its own line */
	assert_true(text_ends(p.seen, "<61>\r\n"));
	leave(&p);
	(void)state;
}

static void a_stop_gives_the_terminal_back_and_a_continue_takes_it(void **state)
{
	struct person p;
	int status;

	sit_down(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	kill(p.pid, SIGTSTP);
	assert_int_equal(waitpid(p.pid, &status, WUNTRACED), p.pid);
	assert_true(WIFSTOPPED(status));
	assert_restored(&p);
	kill(p.pid, SIGCONT);
	AWAIT(is_raw(&p));
	kill(p.pid, SIGSTOP); /* which it cannot see */
	assert_int_equal(waitpid(p.pid, &status, WUNTRACED), p.pid);
	assert_int_equal(tcsetattr(p.slave, TCSANOW, &p.before), 0); /* as a shell does */
	kill(p.pid, SIGCONT);
	AWAIT(is_raw(&p));
	type(&p, PREFIX "x");
	assert_int_equal(await_end(&p), 0);
	assert_restored(&p);
	leave(&p);
	(void)state;
}

/* -- At pipes --------------------------------------------------------------------------------- */

static void pipes_carry_what_they_carry(void **state)
{
	struct person p;

	connect_pipes(&p, (struct machine){ 0 });
	expect(&p, "ready\r\n");
	assert_string_equal(p.seen, "ready\r\n"); /* no hint */
	type(&p, PREFIX "q\003");
	expect(&p, "<1d><71><03>");
	close(p.in); /* and goes on */
	p.in = -1;
	usleep(50000);
	assert_int_equal(waitpid(p.pid, NULL, WNOHANG), 0);
	kill(p.pid, SIGKILL);
	await_end(&p);
	leave(&p);
	(void)state;
}

static void end_of_input_quits_when_all_was_delivered(void **state)
{
	struct person p;

	connect_pipes(&p, (struct machine){ .guest = SLOW, .eof_quits = true });
	type(&p, "abcdefgh");
	close(p.in);
	p.in = -1;
	expect(&p, "<68>quit\r\n");
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	(void)state;
}

/* A megabyte behind, and never a second without progress. */
static void a_slow_reader_gets_all(void **state)
{
	static char all[OUTPUT + 3];
	struct person p;
	char line[32];
	size_t total = 0;
	ssize_t got = 1;

	connect_pipes(&p, (struct machine){ .guest = TALKS });
	while (total < sizeof(all) && got > 0) {
		got = read(p.out, all + total, MIN(sizeof(all) - total, 65536));
		total += got > 0 ? (size_t)got : 0;
		usleep(3000);
	}
	assert_int_equal(total, sizeof(all));
	for (u32 i = 0; i < OUTPUT / 16; i++) {
		snprintf(line, sizeof(line), LINE, i);
		assert_memory_equal(all + 16 * i, line, 16);
	}
	assert_memory_equal(all + OUTPUT, "end", 3);
	kill(p.pid, SIGKILL);
	await_end(&p);
	leave(&p);
	(void)state;
}

/* When all is said, or lost: how long it took. */
static u32 await_last_word(struct person *p)
{
	struct pollfd fd = { .fd = p->error, .events = POLLIN };
	char text[100];
	ssize_t got;
	u32 ms;

	assert_int_equal(poll(&fd, 1, PATIENCE_S * 1000), 1);
	got = read(p->error, text, sizeof(text) - 1);
	assert_true(got > 0);
	text[got] = 0;
	assert_int_equal(sscanf(text, "took %u ms", &ms), 1);
	return ms;
}

static u32 talk_to_one_that_stopped(void)
{
	struct person p;
	u32 ms;

	connect_pipes(&p, (struct machine){ .guest = TALKS_FIRST, .orderly = true });
	ms = await_last_word(&p);
	kill(p.pid, SIGTERM); /* and it still ends, with its output stuck */
	p.deaf = true;
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	return ms;
}

static void a_reader_that_stopped_blocks_the_guest_for_a_second_only(void **state)
{
	assert_true(talk_to_one_that_stopped() >= 1000);
	AWAIT(talk_to_one_that_stopped() < 2000); /* longer where others have the CPU */
	(void)state;
}

static void a_reader_that_left_ends_nothing(void **state)
{
	struct person p;

	connect_pipes(&p, (struct machine){ .guest = TALKS_FIRST, .orderly = true });
	close(p.out);
	p.out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	await_last_word(&p);
	assert_int_equal(waitpid(p.pid, NULL, WNOHANG), 0);
	kill(p.pid, SIGTERM);
	assert_int_equal(await_end(&p), 0);
	leave(&p);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hint_comes_before_the_first_guest_byte),
		cmocka_unit_test(every_key_but_the_prefix_is_the_guests),
		cmocka_unit_test(keys_after_the_prefix_are_ours),
		cmocka_unit_test(quit_asks_and_quit_again_kills),
		cmocka_unit_test(without_a_power_button_quit_says_so_and_kills),
		cmocka_unit_test(the_keys_work_when_the_guest_does_not_read),
		cmocka_unit_test(a_paste_into_a_slow_guest_arrives_whole),
		cmocka_unit_test(time_stamps_begin_each_line),
		cmocka_unit_test(a_new_window_size_reaches_the_guest),
		cmocka_unit_test(every_end_restores_the_terminal_and_stays_what_it_was),
		cmocka_unit_test(a_signal_that_the_program_handles_ends_in_order),
		cmocka_unit_test(a_stop_gives_the_terminal_back_and_a_continue_takes_it),
		cmocka_unit_test(pipes_carry_what_they_carry),
		cmocka_unit_test(end_of_input_quits_when_all_was_delivered),
		cmocka_unit_test(a_slow_reader_gets_all),
		cmocka_unit_test(a_reader_that_stopped_blocks_the_guest_for_a_second_only),
		cmocka_unit_test(a_reader_that_left_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
