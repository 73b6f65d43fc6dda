#define _GNU_SOURCE /* cfmakeraw, SIGWINCH, TIOCGWINSZ */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Ends of this process that leave no time for anything but tcsetattr(). */
static const struct {
	int signal;
	bool crash; /* taken from whoever has it, for he prints and ends; else only if free */
} fatal[] = {
	{ SIGSEGV, true }, { SIGBUS, true },  { SIGILL, true },   { SIGFPE, true },
	{ SIGABRT, true }, { SIGTRAP, true }, { SIGSYS, true },   { SIGTERM, false },
	{ SIGHUP, false }, { SIGINT, false }, { SIGQUIT, false },
};

/* For the handler, which is given nothing: the process's one terminal. */
static struct {
	int fd;
	_Atomic bool raw;
	bool watched;
	struct termios saved;
	struct sigaction before[ARRAY_LEN(fatal)];
} terminal;

/* A background process that sets attributes is stopped, unless SIGTTOU is blocked. */
void terminal_restore(void)
{
	sigset_t block, before;
	int saved = errno;

	if (!atomic_exchange(&terminal.raw, false))
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &block, &before);
	tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
}

/* Then what would have happened without us.  A fault happens again by itself, with its
 * address, when the handler returns; a signal that was sent is sent again. */
static void on_fatal(int s, siginfo_t *info, void *context)
{
	terminal_restore();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i].signal == s)
			sigaction(s, &terminal.before[i], NULL);
	if (info->si_code <= 0)
		raise(s);
	(void)context;
}

/* SIGTERM and the like may be somebody's already (loop_signal), or become so later:
 * that end is an orderly one. */
static void watch_fatal(void)
{
	struct sigaction sa = { .sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (terminal.watched)
		return;
	terminal.watched = true;
	atexit(terminal_restore);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
		sigaction(fatal[i].signal, NULL, &terminal.before[i]);
		if (fatal[i].crash || terminal.before[i].sa_handler == SIG_DFL)
			sigaction(fatal[i].signal, &sa, NULL);
	}
}

static bool is_background(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground >= 0 && foreground != getpgrp();
}

bool terminal_raw(int fd, struct err *e)
{
	struct termios t;

	if (is_background(fd))
		return true;
	if (!atomic_load(&terminal.raw) && tcgetattr(fd, &terminal.saved))
		return err_set(e, "cannot read the terminal's settings: %s", strerror(errno));
	terminal.fd = fd;
	watch_fatal();
	t = terminal.saved;
	cfmakeraw(&t);
	atomic_store(&terminal.raw, true);
	if (tcsetattr(fd, TCSANOW, &t)) {
		atomic_store(&terminal.raw, false);
		return err_set(e, "cannot set the terminal to raw mode: %s", strerror(errno));
	}
	return true;
}

bool terminal_is_raw(void)
{
	return atomic_load(&terminal.raw);
}

bool terminal_size(int fd, u32 *columns, u32 *rows)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) || !w.ws_col || !w.ws_row)
		return false;
	*columns = w.ws_col;
	*rows = w.ws_row;
	return true;
}
