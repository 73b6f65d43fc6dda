/* run.c - other programs, without a shell; and what there is of this computer. */
#define _GNU_SOURCE /* pipe2, sched_getaffinity */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define OUTPUT_MAX (256 * MIB)
#define TAIL_BYTES 400 /* of standard error, for a struct err */

u32 host_cpus(void)
{
	long n = 0;
#ifdef __linux__
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
#endif
	if (n <= 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (u32)n : 1;
}

bool host_is_tty(int fd)
{
	return isatty(fd);
}

/* Open descriptors 0, 1 and 2 are what a path opened later must not become; a write to
 * nobody is an error to handle, not an end. */
bool host_init(struct err *e)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return host_err_file(e, "open", "/dev/null", errno);
	} while (fd <= STDERR_FILENO);
	close(fd);
	return true;
}

struct child {
	pid_t pid;
	int out, err; /* what we read from */
};

/* Signals as any program expects to find them. */
static void plain_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0, or an errno. */
static int spawn(const char *const *argv, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	plain_signals(&attr);
	error = posix_spawnp(pid, argv[0], &files, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static bool start(const char *const *argv, struct child *child, struct err *e)
{
	int out[2], err[2], error;

	if (pipe2(out, O_CLOEXEC))
		return err_set(e, "no pipe for `%s`: %s", argv[0], strerror(errno));
	if (pipe2(err, O_CLOEXEC)) {
		err_set(e, "no pipe for `%s`: %s", argv[0], strerror(errno));
		close(out[0]);
		close(out[1]);
		return false;
	}
	error = spawn(argv, out[1], err[1], &child->pid);
	close(out[1]);
	close(err[1]);
	child->out = out[0];
	child->err = err[0];
	if (!error)
		return true;
	close(out[0]);
	close(err[0]);
	err_code(e, "E0604", "cannot run `%s`: %s", argv[0], strerror(error));
	if (error == ENOENT)
		err_hint(e, "install it, or put it into PATH");
	return false;
}

/* False at its end. */
static bool take(int fd, struct str *to)
{
	char bytes[16384];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (got > 0)
		str_bytes(to, bytes, (size_t)got);
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Both at once, or the program would wait for us to read the other. */
static bool collect(const struct child *child, struct str *out, struct str *err)
{
	struct pollfd p[] = { { .fd = child->out, .events = POLLIN },
			      { .fd = child->err, .events = POLLIN } };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0)
			continue; /* EINTR */
		if (p[0].revents && !take(child->out, out))
			p[0].fd = -1;
		if (p[1].revents && !take(child->err, err))
			p[1].fd = -1;
		if (out->n > OUTPUT_MAX)
			return false;
		if (err->n > 64 * KIB) { /* only the end is of use */
			memmove(err->p, err->p + err->n - 4 * KIB, 4 * KIB + 1);
			err->n = 4 * KIB;
		}
	}
	return true;
}

/* The last lines, from the beginning of one. */
static const char *tail(const struct str *s, char *out, size_t cap)
{
	size_t n = s->n, from;

	while (n && s->p[n - 1] == '\n')
		n--;
	from = n > TAIL_BYTES / 2 ? n - TAIL_BYTES / 2 : 0;
	while (from && from < n && s->p[from - 1] != '\n')
		from++;
	if (from >= n)
		from = n > TAIL_BYTES / 2 ? n - TAIL_BYTES / 2 : 0;
	return text_clean(out, cap, n ? s->p + from : "", n - from);
}

static bool judge(const char *program, int status, const struct str *err, struct err *e)
{
	char last[TAIL_BYTES];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	tail(err, last, sizeof(last));
	if (WIFEXITED(status))
		err_set(e, "`%s` failed (exit code %d)%s%s", program, WEXITSTATUS(status),
			*last ? ": " : "", last);
	else
		err_set(e, "`%s` was ended by signal %d%s%s", program, WTERMSIG(status),
			*last ? ": " : "", last);
	return false;
}

bool host_run(const char *const *argv, struct str *out, struct err *e)
{
	struct str ignored = { 0 }, err = { 0 };
	struct child child = { .out = -1, .err = -1 };
	bool ok, whole;
	int status = 0;

	if (!start(argv, &child, e))
		return false;
	whole = collect(&child, out ? out : &ignored, &err);
	close(child.out);
	close(child.err);
	if (!whole)
		kill(child.pid, SIGTERM);
	while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
		;
	ok = judge(argv[0], status, &err, e);
	if (!whole)
		ok = err_set(e, "`%s` writes more than %" PRIu64 " MiB", argv[0], OUTPUT_MAX / MIB);
	str_free(&ignored);
	str_free(&err);
	return ok;
}
