#include "internal.h"

#include <errno.h>

static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

bool host_err_file(struct err *e, const char *verb, const char *path, int error)
{
	if (is_full(error)) {
		err_code(e, "E0609", "no space to %s `%s`: %s", verb, path, strerror(error));
		return err_hint(e, "free some space, or use another folder");
	}
	err_code(e, "E0604", "cannot %s `%s`: %s", verb, path, strerror(error));
	if (error == ENOENT)
		err_hint(e, *path == '/' ? "is the path right?"
					 : "is the path right, seen from the current folder?");
	if (error == EACCES)
		err_hint(e, "`ls -l` shows who may");
	return false;
}
