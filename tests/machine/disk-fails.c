/* disk-fails.c - loaded before the C library: an image on a disk of the host that fails.
 *
 * In the folder $DISK_FAILS the image is the file `disk`.  While there is a file `read`, `write`
 * or `sync` beside it, such calls on it fail with EIO.  For long-faults.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *in_folder(char *path, const char *name)
{
	const char *folder = getenv("DISK_FAILS");

	snprintf(path, 4096, "%s/%s", folder ? folder : "", name);
	return path;
}

static int fails(int fd, const char *what)
{
	struct stat is, disk;
	char path[4096];

	if (access(in_folder(path, what), F_OK) || stat(in_folder(path, "disk"), &disk) ||
	    fstat(fd, &is) || is.st_ino != disk.st_ino || is.st_dev != disk.st_dev)
		return 0;
	errno = EIO;
	return 1;
}

#define CALL(type, name, what, params, ...)                                                        \
	type name params                                                                           \
	{                                                                                          \
		return fails(fd, what) ? -1 : (type)syscall(__VA_ARGS__);                          \
	}

CALL(ssize_t, pread, "read", (int fd, void *p, size_t n, off_t at), SYS_pread64, fd, p, n, at)
CALL(ssize_t, pwrite, "write", (int fd, const void *p, size_t n, off_t at), SYS_pwrite64, fd, p, n,
     at)
CALL(ssize_t, preadv, "read", (int fd, const struct iovec *v, int n, off_t at), SYS_preadv, fd, v,
     n, at, 0)
CALL(ssize_t, pwritev, "write", (int fd, const struct iovec *v, int n, off_t at), SYS_pwritev, fd,
     v, n, at, 0)
CALL(ssize_t, pwritev2, "write", (int fd, const struct iovec *v, int n, off_t at, int flags),
     SYS_pwritev2, fd, v, n, at, 0, flags)
CALL(int, fdatasync, "sync", (int fd), SYS_fdatasync, fd)
