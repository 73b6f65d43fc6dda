#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool unix_address(struct sockaddr_un *a, const char *folder, const char *name)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s", folder, name) <
	       (int)sizeof(a->sun_path);
}

/* A run that was killed leaves its name behind: nobody answers there. */
static bool is_left_over(const struct sockaddr_un *a, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

bool unix_folder(const char *folder, struct err *e)
{
	struct stat st;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return host_err_file(e, "make the folder", folder, errno);
	if (stat(folder, &st) || !S_ISDIR(st.st_mode))
		return err_code(e, "E0604", "`%s` is no folder", folder);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_code(e, "E0604", "`%s`: others may write there", folder);
	return true;
}

/* With the folder locked. */
static i32 take_name(int fd, int type, const struct unix_names *names, struct err *e)
{
	struct sockaddr_un a;
	char name[UNIX_NAME];

	for (u32 i = 0; i < names->most; i++) {
		names->name(names, i, name);
		if (!unix_address(&a, names->folder, name)) {
			err_code(e, "E0604", "`%s`: a socket's path is at most %zu characters long",
				 names->folder, sizeof(a.sun_path) - 1);
			return -1;
		}
		if (is_left_over(&a, type))
			unlink(a.sun_path);
		if (!bind(fd, (const struct sockaddr *)&a, sizeof(a)))
			return (i32)i;
		if (errno != EADDRINUSE) {
			host_err_file(e, "bind", a.sun_path, errno);
			return -1;
		}
	}
	err_code(e, "E0604", "`%s`: all %u places there are taken", names->folder, names->most);
	return -1;
}

/* One at a time: of two that find the same name left over, one would take the other's. */
i32 unix_bind(int fd, const struct unix_names *names, struct err *e)
{
	int folder = open(names->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), type = 0;
	socklen_t n = sizeof(type);
	i32 taken = -1;

	if (folder < 0 || flock(folder, LOCK_EX) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n))
		host_err_file(e, "lock", names->folder, errno);
	else
		taken = take_name(fd, type, names, e);
	if (folder >= 0)
		close(folder);
	return taken;
}

/* -- One that listens ------------------------------------------------------------------- */

static bool fill_address(struct sockaddr_un *a, const char *path, struct err *e)
{
	size_t n = strlen(path);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof(a->sun_path)) {
		err_set(e, "socket path of %zu bytes is longer than the host's limit, %zu: `%s`", n,
			sizeof(a->sun_path) - 1, path);
		return err_hint(e, "a path relative to the current folder may be short enough");
	}
	memcpy(a->sun_path, path, n);
	return true;
}

static bool clear_stale(const struct sockaddr_un *a, struct err *e)
{
	struct stat st;

	if (lstat(a->sun_path, &st))
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		err_set(e, "`%s` is there already, and is no socket", a->sun_path);
		return err_hint(e, "give another path: vmbuild does not delete it");
	}
	if (is_left_over(a, SOCK_STREAM))
		return !unlink(a->sun_path) || host_err_file(e, "replace", a->sun_path, errno);
	err_set(e, "socket `%s` is in use by another program", a->sun_path);
	return err_hint(e, "give another path");
}

/* The mode is set before the name exists: no moment in which others could connect. */
static bool listen_at(struct unix_listener *l, const struct sockaddr_un *a, int backlog,
		      struct err *e)
{
	struct stat st;
	mode_t before = umask(0177);
	int failed = bind(l->fd, (const struct sockaddr *)a, sizeof(*a)) ? errno : 0;

	umask(before);
	if (failed)
		return host_err_file(e, "make socket", a->sun_path, failed);
	if (!lstat(a->sun_path, &st)) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return !listen(l->fd, backlog) || host_err_file(e, "listen at", a->sun_path, errno);
}

bool unix_listen(struct unix_listener *l, const char *path, int backlog, struct err *e)
{
	struct sockaddr_un a;

	*l = (struct unix_listener){ .fd = -1, .path = xstrdup(path) };
	if (!fill_address(&a, path, e) || !clear_stale(&a, e))
		return false;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set(e, "the host gives no socket: %s", strerror(errno));
	return listen_at(l, &a, backlog, e);
}

/* Somebody may have put another file there meanwhile. */
static bool is_ours(const struct unix_listener *l)
{
	struct stat st;

	return l->ino && !lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino;
}

void unix_unlisten(struct unix_listener *l)
{
	if (is_ours(l))
		unlink(l->path);
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
}
