/* fetch_run.c - the programs that fetching and building a guest need */
#include "guest.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

char *program_find(const char *name)
{
	const char *path = getenv("PATH");
	char *all = xprintf("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	char *found = NULL;

	for (const char *dir = all; !found && *dir; dir += dir[0] == ':') {
		size_t n = strcspn(dir, ":");

		found = xprintf("%.*s/%s", (int)n, dir, name);
		if (!n || access(found, X_OK)) {
			free(found);
			found = NULL;
		}
		dir += n;
	}
	free(all);
	return found;
}

bool guest_run(const char *const *argv, struct str *out, struct err *e)
{
	char *program = program_find(argv[0]);
	const char **args;
	size_t n = 0;
	bool ok;

	while (argv[n])
		n++;
	args = xcalloc(n + 1, sizeof(*args));
	memcpy(args, argv, n * sizeof(*args));
	if (program)
		args[0] = program;
	ok = host_run(args, out, e);
	if (!ok && strstr(e->text, "No space left on device"))
		err_code(e, "E0609", "no space is left on the disk");
	free(program);
	free(args);
	return ok;
}

static bool start(const char *const *argv, const char *log, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC,
					 0600);
	error = posix_spawnp(pid, argv[0], &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return !error;
}

static void read_lines(int fd, void (*on_line)(void *ctx, const char *line), void *ctx)
{
	FILE *f = fdopen(fd, "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		on_line(ctx, line);
	}
	if (f)
		fclose(f);
	else
		close(fd);
}

static void read_log(const char *log, struct str *errors)
{
	struct err ignored;
	size_t n;
	u8 *text = host_read_file(log, MIB, &n, &ignored);

	if (text)
		str_bytes(errors, text, n);
	free(text);
}

bool program_follow(const char *const *argv, const char *log,
		    void (*on_line)(void *ctx, const char *line), void *ctx, struct str *errors)
{
	int pipes[2], status = -1;
	pid_t pid;
	bool ok;

	if (pipe(pipes)) {
		str_add(errors, "E: %s", strerror(errno));
		return false;
	}
	fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
	fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
	ok = start(argv, log, pipes[1], &pid);
	close(pipes[1]);
	read_lines(pipes[0], on_line, ctx);
	if (!ok)
		str_add(errors, "E: %s cannot be run", argv[0]);
	while (ok && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ok)
		read_log(log, errors);
	return ok && WIFEXITED(status) && !WEXITSTATUS(status);
}
