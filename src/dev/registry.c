/* registry.c - the device classes: one per file in devices/.
 *
 * The makefile writes devices.inc from the folder, sorted.  A table rather than
 * constructors: its order is fixed and no archive drops it.
 */
#include "core.h"

#define D(id) extern const struct device_class device_##id;
#include "devices.inc"
#undef D

const struct device_class *const device_classes[] = {
#define D(id) &device_##id,
#include "devices.inc"
#undef D
	NULL,
};

const struct device_class *device_find(const char *name)
{
	for (const struct device_class *const *c = device_classes; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}
