/* new_file.c - a file that appears when it is complete, or not at all: it has no name until
 * then, so nothing is left of it if this program is killed.
 */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some file systems have no files without a name. */
static int open_named(struct new_file *f)
{
	f->temporary = xprintf("%s.XXXXXX", f->path);
	f->fd = mkostemp(f->temporary, O_CLOEXEC);
	return f->fd >= 0 && host_give_mode(f->fd) ? 0 : errno;
}

static int open_unnamed(struct new_file *f)
{
	char *folder = host_folder_of(f->path);
	int error;

	f->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	error = f->fd < 0 ? errno : 0;
	free(folder);
	return error;
}

static bool is_there(const char *path, struct err *e)
{
	err_code(e, "E0604", "`%s` is there already", path);
	return err_hint(e, "remove it, or choose another name");
}

bool new_file_open(struct new_file *f, const char *path, struct err *e)
{
	struct stat st;
	int error;

	*f = (struct new_file){ .fd = -1, .path = xstrdup(path) };
	if (!lstat(path, &st)) {
		new_file_drop(f);
		return is_there(path, e);
	}
	error = errno == ENOENT ? open_unnamed(f) : errno; /* a name that is too long */
	if (error == EOPNOTSUPP || error == EISDIR)
		error = open_named(f);
	if (!error)
		return true;
	new_file_drop(f);
	return host_err_file(e, "write", path, error);
}

/* link() does not replace what has come in the meantime.  File systems without links have
 * to rename. */
static int give_name(struct new_file *f)
{
	char self[40];

	if (f->temporary) {
		if (!link(f->temporary, f->path))
			return 0;
		return errno != EPERM || rename(f->temporary, f->path) ? errno : 0;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, f->path, AT_SYMLINK_FOLLOW) ? errno : 0;
}

bool new_file_keep(struct new_file *f, struct err *e)
{
	int error = fsync(f->fd) ? errno : give_name(f);

	if (!error) {
		host_sync_folder(f->path);
		return true;
	}
	if (error == EEXIST)
		return is_there(f->path, e);
	return host_err_file(e, "write", f->path, error);
}

void new_file_drop(struct new_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->temporary)
		unlink(f->temporary);
	free(f->temporary);
	free(f->path);
	*f = (struct new_file){ .fd = -1 };
}
