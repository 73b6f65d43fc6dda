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

bool host_err_port(struct err *e, const char *verb, const struct forward *f, int error)
{
	char port[FORWARD_TEXT], holder[160];

	forward_text(port, f);
	if (error == EADDRINUSE && f->or_next)
		return err_code(e, "E0601", "cannot %s %s: that port and %u after it are in use",
				verb, port, FORWARD_TRIES - 1);
	if (error == EADDRINUSE &&
	    holder_of_port(f->address, f->port, f->udp, holder, sizeof(holder)))
		return err_code(e, "E0601", "cannot %s %s: in use by %s", verb, port, holder);
	err_code(e, "E0601", "cannot %s %s: %s", verb, port,
		 error == EADDRINUSE ? "the port is in use" : strerror(error));
	if (error == EACCES)
		err_hint(e, "ports below 1024 are for root: choose a higher one");
	if (error == EADDRNOTAVAIL)
		err_hint(e, "that is no address of this computer");
	return false;
}
