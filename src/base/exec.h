/* exec.h - memory for code that an engine writes and the host runs.
 *
 * Two views of the same bytes: one can be written and not run, the other run and not written,
 * so no address is ever both (W^X).  host/ makes them.
 */
#ifndef EXEC_H
#define EXEC_H

#include "base.h"

struct exec_memory {
	u8 *write;
	const u8 *run;
	size_t size; /* bytes, a multiple of the page size */
};

struct exec_host {
	/* False with *e: this host does not allow it. */
	bool (*map)(struct exec_memory *out, size_t size, struct err *e);
	void (*unmap)(struct exec_memory *m); /* accepts what map() never filled */
	/* NULL, or for profilers: what the code there is. */
	void (*name)(const u8 *run, size_t size, const char *name);
};

#endif
