/* `vmbuild run` at a pseudo-terminal, as a person has it: the whole program, a guest that
 * echoes.  What the console does with each key by itself: tests/unit/test_console.c. */
#define _GNU_SOURCE
#include "check.h"
#include "host.h"
#include "patience.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

/* A guest by polling: says ">", then echoes; Q passes, F fails with 7. */
static const u32 echo[] = {
	0x100002b7, /*       lui  t0, 0x10000      the UART */
	0x03e00313, /*       li   t1, '>'           */
	0x00628023, /*       sb   t1, 0(t0)         */
	0x05100e13, /*       li   t3, 'Q'           */
	0x04600e93, /*       li   t4, 'F'           */
	0x0052c303, /* next: lbu  t1, 5(t0)         LSR */
	0x00137313, /*       andi t1, t1, 1         */
	0xfe030ce3, /*       beqz t1, next          */
	0x0002c383, /*       lbu  t2, 0(t0)         */
	0x01c38e63, /*       beq  t2, t3, pass      */
	0x01d38663, /*       beq  t2, t4, fail      */
	0x00728023, /*       sb   t2, 0(t0)         */
	0xfe5ff06f, /*       j    next              */
	0x00073337, /* fail: lui  t1, 0x73          */
	0x3333031b, /*       addiw t1, t1, 0x333    */
	0x00c0006f, /*       j    end               */
	0x00005337, /* pass: lui  t1, 0x5           */
	0x5553031b, /*       addiw t1, t1, 0x555    */
	0x001002b7, /* end:  lui  t0, 0x100         the test finisher */
	0x0062a023, /*       sw   t1, 0(t0)         */
	0x0000006f, /* 1:    j    1b                */
};

struct person {
	pid_t pid;
	int keys, tty; /* the two ends */
	struct termios before;
	char program[64];
	char seen[64 * 1024];
	size_t n, passed; /* of `seen`: what expect() has left behind */
};

static const char *vmbuild(void)
{
	const char *path = getenv("VMBUILD");

	return path ? path : "build/dev/vmbuild";
}

/* `more`: further arguments, or NULL. */
static void become_echo(const char *program, const char *const *more)
{
	char elf[80], load[128];
	const char *argv[16] = { vmbuild(),   "run",   "boards/bare.yaml",
				 "-p",        elf,     "--set",
				 load,        "--set", "boot.entry=0x8000_0000",
				 "--timeout", "10m" };
	u32 n = 11;

	while (more && *more)
		argv[n++] = *more++;
	snprintf(elf, sizeof(elf), "elf=%s", program);
	snprintf(load, sizeof(load), "boot.load={file: %s, format: raw, at: 0x8000_0000}", program);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(99);
}

static struct person *sit_down(void)
{
	struct person *p = xzalloc(sizeof(*p));
	int fd;

	snprintf(p->program, sizeof(p->program), "/tmp/vmbuild-terminal-XXXXXX");
	fd = mkstemp(p->program);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, echo, sizeof(echo)), sizeof(echo));
	close(fd);
	assert_int_equal(openpty(&p->keys, &p->tty, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(p->tty, &p->before), 0);
	return p;
}

static struct person *start_echo(const char *const *more)
{
	struct person *p = sit_down();

	p->pid = fork();
	if (!p->pid) {
		close(p->keys);
		login_tty(p->tty);
		become_echo(p->program, more);
	}
	assert_true(p->pid > 0);
	return p;
}

/* False: nothing came for a while. */
static bool look(struct person *p)
{
	struct pollfd fd = { .fd = p->keys, .events = POLLIN };
	ssize_t got;

	if (poll(&fd, 1, 50) <= 0)
		return false;
	got = read(p->keys, p->seen + p->n, sizeof(p->seen) - 1 - p->n);
	if (got > 0)
		p->n += (size_t)got;
	p->seen[p->n] = 0;
	return got > 0;
}

static void expect(struct person *p, const char *text)
{
	u64 until = now_ns() + PATIENCE_NS;
	const char *at;

	while (!(at = strstr(p->seen + p->passed, text))) {
		if (now_ns() > until)
			fail_msg("no `%s` in what was seen: %s", text, p->seen);
		look(p);
	}
	p->passed = (size_t)(at - p->seen) + strlen(text);
}

static void type(struct person *p, const char *keys)
{
	assert_int_equal(write(p->keys, keys, strlen(keys)), strlen(keys));
}

/* The exit code, or 256 + the signal that ended it. */
static int wait_for(struct person *p)
{
	u64 until = now_ns() + PATIENCE_NS;
	int status;

	while (!waitpid(p->pid, &status, WNOHANG)) {
		if (now_ns() > until)
			fail_msg("it does not end; seen: %s", p->seen);
		look(p);
	}
	while (look(p))
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void assert_restored(struct person *p)
{
	struct termios now;

	assert_int_equal(tcgetattr(p->tty, &now), 0);
	assert_int_equal(now.c_lflag, p->before.c_lflag);
	assert_int_equal(now.c_iflag, p->before.c_iflag);
	assert_int_equal(now.c_oflag, p->before.c_oflag);
}

static void leave(struct person *p)
{
	close(p->keys);
	close(p->tty);
	unlink(p->program);
	free(p);
}

/* -- Starting ----------------------------------------------------------------------- */

static void the_way_out_is_shown_before_the_guest_speaks(void **state)
{
	struct person *p = start_echo(NULL);

	expect(p, "bare \302\267 1 hart rv64");
	expect(p, "console: Ctrl-] ? help \302\267 Ctrl-] q quit\r\n");
	expect(p, ">");
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

static void quiet_shows_the_guest_alone(void **state)
{
	struct person *p = start_echo((const char *[]){ "--quiet", NULL });

	expect(p, ">");
	assert_null(strstr(p->seen, "hart"));
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	assert_null(strstr(p->seen, "powered off"));
	leave(p);
	(void)state;
}

/* -- Ends: each gives the terminal back and has its exit code --------------------------- */

static void ends_with(const char *keys, int code, const char *words)
{
	struct person *p = start_echo(NULL);

	expect(p, ">");
	type(p, keys);
	assert_int_equal(wait_for(p), code);
	expect(p, words);
	assert_restored(p);
	leave(p);
}

static void the_guests_power_off_is_success(void **state)
{
	ends_with("Q", 0, "\r\nbare: powered off by the guest after ");
	(void)state;
}

static void the_guests_failure_is_3(void **state)
{
	ends_with("F", 3, "\r\nbare: the guest failed (7) after ");
	(void)state;
}

static void quit_and_kill_are_success(void **state)
{
	ends_with("\035q", 0, "no power button: as if unplugged\r\nbare: stopped after ");
	ends_with("\035x", 0, "\r\nbare: stopped after ");
	(void)state;
}

static void a_timeout_is_4(void **state)
{
	struct person *p = start_echo((const char *[]){ "--timeout", "300ms", NULL });

	assert_int_equal(wait_for(p), 4);
	expect(p, "\r\nbare: timeout after ");
	assert_true(strtod(p->seen + p->passed, NULL) >= 0.3);
	assert_restored(p);
	leave(p);
	(void)state;
}

static void a_signal_is_130(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct person *p = start_echo(NULL);

		expect(p, ">");
		kill(p->pid, signals[i]);
		assert_int_equal(wait_for(p), 130);
		expect(p, "bare: stopped after");
		assert_restored(p);
		leave(p);
	}
	(void)state;
}

static void a_crash_gives_the_terminal_back(void **state)
{
	struct person *p = start_echo(NULL);

	expect(p, ">");
	kill(p->pid, SIGSEGV);
	assert_int_not_equal(wait_for(p), 0);
	assert_restored(p);
	leave(p);
	(void)state;
}

/* -- Keys --------------------------------------------------------------------------- */

static void control_c_and_z_are_the_guests(void **state)
{
	struct person *p = start_echo(NULL);

	expect(p, ">");
	type(p, "a\003b\032c\034d");
	expect(p, "a\003b\032c\034d");
	type(p, "\035\035"); /* the prefix itself */
	expect(p, "\035");
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

static void reset_starts_the_guest_again(void **state)
{
	struct person *p = start_echo(NULL);

	expect(p, ">");
	type(p, "\035r");
	expect(p, ">");
	type(p, "x");
	expect(p, "x");
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

static void a_paused_guest_is_silent_and_goes_on(void **state)
{
	struct person *p = start_echo(NULL);
	size_t n;

	expect(p, ">");
	type(p, "\035p");
	expect(p, "bare: paused\r\n");
	type(p, "\035i");
	expect(p, "bare: paused for ");
	expect(p, "\r\n");
	n = p->n;
	type(p, "y");
	look(p);
	assert_int_equal(p->n, n);
	type(p, "\035p");
	expect(p, "bare: running\r\n");
	expect(p, "y");
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

static void reset_starts_a_paused_guest_too(void **state)
{
	struct person *p = start_echo(NULL);

	expect(p, ">");
	type(p, "\035p");
	expect(p, "bare: paused\r\n");
	type(p, "\035r");
	expect(p, ">");
	type(p, "\035p");
	expect(p, "bare: paused\r\n");
	type(p, "\035p");
	expect(p, "bare: running\r\n");
	type(p, "Q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

static void another_prefix_can_be_chosen(void **state)
{
	struct person *p = start_echo((const char *[]){ "--escape", "^a", NULL });

	expect(p, "console: Ctrl-A ? help");
	expect(p, ">");
	type(p, "\001q");
	assert_int_equal(wait_for(p), 0);
	leave(p);
	(void)state;
}

/* -- Not started ------------------------------------------------------------------------ */

/* vmbuild with these words; `environment` ("A=b") is added. */
static struct person *start(const char *const *argv, const char *const *environment)
{
	struct person *p = sit_down();

	p->pid = fork();
	if (!p->pid) {
		close(p->keys);
		login_tty(p->tty);
		while (*environment)
			putenv((char *)(uintptr_t)*environment++);
		execv(vmbuild(), (char *const *)(uintptr_t)argv);
		_exit(99);
	}
	assert_true(p->pid > 0);
	return p;
}

static void a_guest_that_is_not_fetched_is_asked_for(void **state)
{
	struct person *p = start((const char *[]){ "vmbuild", "run", "boards/virt.yaml", NULL },
				 (const char *[]){ "XDG_CACHE_HOME=/nonexistent", NULL });

	expect(p, "the guest `debian-small` is not fetched yet. Fetch it now? [Y/n] ");
	type(p, "n\n");
	assert_int_equal(wait_for(p), 2);
	expect(p, "vmbuild fetch debian-small");
	leave(p);
	(void)state;
}

static bool colors(const char *environment)
{
	struct person *p = start((const char *[]){ "vmbuild", "rnu", NULL },
				 (const char *[]){ "TERM=xterm", "NO_COLOR=", environment, NULL });
	bool escapes;

	assert_int_equal(wait_for(p), 1);
	expect(p, "did you mean `vmbuild run`?");
	escapes = strchr(p->seen, '\033');
	leave(p);
	return escapes;
}

static void colors_are_for_terminals_that_want_them(void **state)
{
	assert_true(colors("NO_COLOR="));
	assert_false(colors("NO_COLOR=1"));
	assert_false(colors("TERM=dumb"));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_out_is_shown_before_the_guest_speaks),
		cmocka_unit_test(quiet_shows_the_guest_alone),
		cmocka_unit_test(the_guests_power_off_is_success),
		cmocka_unit_test(the_guests_failure_is_3),
		cmocka_unit_test(quit_and_kill_are_success),
		cmocka_unit_test(a_timeout_is_4),
		cmocka_unit_test(a_signal_is_130),
		cmocka_unit_test(a_crash_gives_the_terminal_back),
		cmocka_unit_test(control_c_and_z_are_the_guests),
		cmocka_unit_test(reset_starts_the_guest_again),
		cmocka_unit_test(a_paused_guest_is_silent_and_goes_on),
		cmocka_unit_test(reset_starts_a_paused_guest_too),
		cmocka_unit_test(another_prefix_can_be_chosen),
		cmocka_unit_test(a_guest_that_is_not_fetched_is_asked_for),
		cmocka_unit_test(colors_are_for_terminals_that_want_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
