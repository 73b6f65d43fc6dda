/* folder.h - a test program's own folder: group set-up and tear-down of cmocka. */
#ifndef FOLDER_H
#define FOLDER_H

#include "host.h"

#include <stdlib.h>

static char folder[] = "/tmp/vmbuild-test.XXXXXX";

static inline int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	const char *argv[] = { "rm", "-rf", folder, NULL };
	struct err e = { 0 };

	(void)state;
	return host_run(argv, NULL, &e) ? 0 : -1;
}

static inline const char *in_folder(char *out, size_t cap, const char *name)
{
	snprintf(out, cap, "%s/%s", folder, name);
	return out;
}

#endif
