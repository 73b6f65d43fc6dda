/* disk_image.h - disk images as files: `vmbuild image`.
 *
 * A new one appears complete or not at all.  All lock what they open as a run does.
 */
#ifndef DISK_IMAGE_H
#define DISK_IMAGE_H

#include "host.h"
#include "qcow2.h"

bool disk_image_create(const char *path, enum host_format format, u64 size, struct err *e);
/* What is written over `base` from now on; qcow2. */
bool disk_image_overlay(const char *path, const struct host_layer *base, struct err *e);

/* Zeros take no room in the copy. */
struct disk_copy {
	const struct host_layer *from;
	const char *to;
	enum host_format format;
	void (*progress)(void *ctx, u64 done, u64 total); /* or NULL */
	void *ctx;
};
bool disk_image_convert(const struct disk_copy *c, struct err *e);

/* `shrink` allows for a smaller one, which loses what is behind the new end. */
bool disk_image_resize(const struct host_layer *image, u64 size, bool shrink, struct err *e);

struct disk_image_info {
	u64 size, used; /* of the disk; of this host's */
	bool is_device;
	struct qcow2_info qcow2;                      /* version 0: it is raw */
	char backing[QCOW2_NAME], backing_format[32]; /* as it says itself, or empty */
};
bool disk_image_info(const struct host_layer *image, struct disk_image_info *info, struct err *e);

bool disk_image_check(const char *path, bool repair, struct qcow2_report *r, struct err *e);

#endif
