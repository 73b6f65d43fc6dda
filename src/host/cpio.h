/* cpio.h - writes the archive that Linux unpacks as its first root.
 *
 * The "newc" format: Linux, Documentation/driver-api/early-userspace/
 * buffer-format.rst.  Each member is a header of 110 characters, its name with a
 * NUL, and its bytes; header with name, and bytes, are padded to 4.  Linux unpacks
 * what is not compressed fastest, which counts where each instruction is emulated.
 */
#ifndef CPIO_H
#define CPIO_H

#include "base.h"

struct cpio {
	struct str out;
	u32 members;
};

/* Names have no leading slash; folders come before what is in them.  The bytes of
 * a link are its target.  False: a member is 4 GiB or more. */
bool cpio_folder(struct cpio *c, const char *name);
bool cpio_link(struct cpio *c, const char *name, const char *target);
bool cpio_file(struct cpio *c, const char *name, bool executable, const void *bytes, size_t n);
/* The last member, "TRAILER!!!". */
void cpio_end(struct cpio *c);

#endif
