/* path.c - whole files, folders, and where this program's own are. */
#define _GNU_SOURCE /* mkostemp, readlink, F_OFD_SETLK */
#include "internal.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Reading ------------------------------------------------------------------------- */

/* O_NONBLOCK: a FIFO is to be refused, not waited for. */
static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		host_err_file(e, "open", path, errno);
	} else if (!S_ISREG(st.st_mode)) {
		err_code(e, "E0604", "cannot read `%s`: it is %s", path,
			 S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
		if (S_ISDIR(st.st_mode))
			err_hint(e, "name a file in it");
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The size that fstat() tells may change or be 0 (/proc): it is read until there is no
 * more.  One byte beyond `max` is asked for, to see that it is too long. */
static u8 *read_all(int fd, const char *path, size_t max, size_t *len, struct err *e)
{
	size_t n = 0, cap = 0;
	u8 *p = NULL;
	ssize_t got;

	do {
		GROW(&p, n + 4096, &cap);
		got = read(fd, p + n, MIN(cap - n - 1, max - n + 1));
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n <= max) || (got < 0 && errno == EINTR));
	if (got < 0)
		host_err_file(e, "read", path, errno);
	else if (n > max)
		err_set(e, "`%s` is longer than the %zu bytes that are allowed here", path, max);
	if (got < 0 || n > max) {
		free(p);
		return NULL;
	}
	p[n] = 0;
	*len = n;
	return p;
}

u8 *host_read_file(const char *path, size_t max, size_t *len, struct err *e)
{
	int fd = open_file(path, e);
	u8 *p;

	if (fd < 0)
		return NULL;
	p = read_all(fd, path, max, len, e);
	close(fd);
	return p;
}

/* -- Writing ------------------------------------------------------------------------- */

/* 0, or an errno. */
static int write_all(int fd, const u8 *bytes, size_t len)
{
	while (len) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : EIO;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

char *host_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The name is on the disk when the folder is.  Not every file system can; none needs to. */
void host_sync_folder(const char *path)
{
	char *folder = host_folder_of(path);
	int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

bool host_give_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return !fchmod(fd, 0666 & ~mask);
}

/* mkostemp() makes it for the owner alone. */
static int make_last(int fd)
{
	return host_give_mode(fd) && !fsync(fd) ? 0 : errno;
}

/* For a FIFO without a reader this is ENXIO, and no wait. */
int host_open_output(const char *path, int flags, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, mode);
	int all = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (all >= 0)
		fcntl(fd, F_SETFL, all & ~O_NONBLOCK);
	return fd;
}

/* Where a file is written: beside the old one, or beside what a link at `path` leads to.  What is
 * there and no file, a pipe or /dev/null, takes the bytes and keeps its place. */
struct writing {
	char *to, *temporary; /* NULL: into what is there */
	int fd;               /* -1: there is none */
};

/* 0, or an errno. */
static int begin(struct writing *w, const char *path)
{
	struct stat st;
	bool there = !stat(path, &st);

	*w = (struct writing){ .fd = -1 };
	if (there && S_ISDIR(st.st_mode))
		return EISDIR;
	if (there && !S_ISREG(st.st_mode)) {
		w->fd = host_open_output(path, 0, 0);
		return w->fd < 0 ? errno : 0;
	}
	w->to = realpath(path, NULL);
	if (!w->to)
		w->to = xstrdup(path);
	w->temporary = xprintf("%s.XXXXXX", w->to);
	w->fd = mkostemp(w->temporary, O_CLOEXEC);
	return w->fd < 0 ? errno : 0;
}

/* What is not kept leaves nothing behind. */
static int finish(struct writing *w, bool keep)
{
	int error = 0;

	if (w->fd >= 0 && close(w->fd))
		error = errno;
	if (keep && !error && w->temporary && rename(w->temporary, w->to))
		error = errno;
	if (keep && !error && w->to)
		host_sync_folder(w->to);
	if ((!keep || error) && w->fd >= 0 && w->temporary)
		unlink(w->temporary);
	free(w->temporary);
	free(w->to);
	return error;
}

bool host_write_file(const char *path, const void *bytes, size_t len, struct err *e)
{
	struct writing w;
	int error = begin(&w, path), ended;

	if (!error)
		error = write_all(w.fd, bytes, len);
	if (!error && w.temporary)
		error = make_last(w.fd);
	ended = finish(&w, !error);
	error = error ? error : ended;
	return !error || host_err_file(e, "write", path, error);
}

bool host_can_write_file(const char *path, struct err *e)
{
	struct writing w;
	int error = begin(&w, path);

	finish(&w, false);
	return !error || host_err_file(e, "write", path, error);
}

static bool others_use_it(int fd, const char *path, struct err *e)
{
	char holder[160];

	if (holder_of_file(fd, holder, sizeof(holder)))
		err_code(e, "E0604", "cannot write `%s`: it is open in %s", path, holder);
	else
		err_code(e, "E0604", "cannot write `%s`: it is in use", path);
	return err_hint(e, "choose another name");
}

bool host_empty_file(int fd, const char *path, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) && (errno == EAGAIN || errno == EACCES))
		return others_use_it(fd, path, e);
	return !ftruncate(fd, 0) || host_err_file(e, "write", path, errno);
}

int host_output_file(const char *path, int flags, mode_t mode, struct err *e)
{
	int fd = host_open_output(path, O_CREAT | flags, mode);
	struct stat st;

	if (fd < 0 ? errno == ENXIO : !fstat(fd, &st) && !S_ISREG(st.st_mode))
		err_code(e, "E0604", "cannot write `%s`: it is not a file", path);
	else if (fd < 0)
		host_err_file(e, "write", path, errno);
	else if (host_empty_file(fd, path, e))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* -- Folders ------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool host_mkdirs(const char *path, struct err *e)
{
	char *part = xstrdup(path);
	int error = 0;

	for (char *p = part; *p && !error;) {
		char was;

		p += strspn(p, "/");
		p += strcspn(p, "/");
		was = *p;
		*p = 0;
		if (mkdir(part, 0777) && !is_folder(part))
			error = errno;
		*p = was;
	}
	free(part);
	return !error || host_err_file(e, "make folder", path, error);
}

/* XDG Base Directory Specification: a path that is not absolute is as if not given. */
static char *user_dir(const char *variable, const char *otherwise)
{
	const char *dir = getenv(variable);
	const char *home = getenv("HOME");

	if (dir && *dir == '/')
		return xprintf("%s/vmbuild", dir);
	if (!home || *home != '/') {
		const struct passwd *user = getpwuid(getuid());

		home = user && user->pw_dir ? user->pw_dir : ".";
	}
	return xprintf("%s/%s/vmbuild", home, otherwise);
}

char *host_cache_dir(void)
{
	return user_dir("XDG_CACHE_HOME", ".cache");
}

char *host_state_dir(void)
{
	return user_dir("XDG_STATE_HOME", ".local/state");
}

static bool has_boards(const char *dir)
{
	char *boards = xprintf("%s/boards", dir);
	char *machines = xprintf("%s/machines", dir);
	bool yes = is_folder(boards) && is_folder(machines);

	free(boards);
	free(machines);
	return yes;
}

/* The folder this program lies in, or NULL. */
static char *program_dir(void)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *dir = self ? host_folder_of(self) : NULL;

	free(self);
	return dir;
}

/* In a checkout the program is in the top folder or in build/MODE of it; installed, it is
 * in bin/ beside share/. */
char *host_data_dir(void)
{
	static const char *const from_program[] = { "", "/..", "/../..", "/../share/vmbuild" };
	char *program = program_dir();

	for (size_t i = 0; program && i < ARRAY_LEN(from_program); i++) {
		char *dir = xprintf("%s%s", program, from_program[i]);
		char *real = has_boards(dir) ? realpath(dir, NULL) : NULL;

		free(dir);
		if (real) {
			free(program);
			return real;
		}
	}
	free(program);
	return xstrdup(VMBUILD_DATADIR);
}
