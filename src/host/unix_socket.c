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
