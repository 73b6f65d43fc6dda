#include "cpio.h"

static void pad(struct cpio *c)
{
	static const u8 zeros[4];

	str_bytes(&c->out, zeros, -c->out.n & 3);
}

static bool add(struct cpio *c, const char *name, u32 mode, const void *bytes, size_t n)
{
	if (n > UINT32_MAX)
		return false;
	/* ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
	 * namesize check.  One time for all, so that the same input gives the same bytes. */
	str_add(&c->out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++c->members,
		mode, 0, 0, 1, 0, (u32)n, 0, 0, 0, 0, (u32)strlen(name) + 1, 0);
	str_bytes(&c->out, name, strlen(name) + 1);
	pad(c);
	str_bytes(&c->out, bytes, n);
	pad(c);
	return true;
}

bool cpio_folder(struct cpio *c, const char *name)
{
	return add(c, name, 0040755, "", 0);
}

bool cpio_link(struct cpio *c, const char *name, const char *target)
{
	return add(c, name, 0120777, target, strlen(target));
}

bool cpio_file(struct cpio *c, const char *name, bool executable, const void *bytes, size_t n)
{
	return add(c, name, executable ? 0100755 : 0100644, bytes, n);
}

void cpio_end(struct cpio *c)
{
	add(c, "TRAILER!!!", 0, "", 0);
}
