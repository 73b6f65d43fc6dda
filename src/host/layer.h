/* layer.h - the content of a disk, layer by layer: a raw file or block device, or a qcow2
 * image over others.
 *
 * The user says what each file is and what lies under it; nothing is asked of the files
 * themselves.  The path is the user's, so symbolic links in it are followed, once, by
 * realpath(); what that names is opened with O_NOFOLLOW.  Each file is locked as a whole (OFD
 * lock, shared if it is only read) and never mapped: a file that shrinks is an I/O error,
 * not a SIGBUS.
 */
#ifndef LAYER_H
#define LAYER_H

#include "internal.h"
#include "qcow2.h"

#define SECTOR_BYTES 512

struct layer {
	struct store store; /* first: the file */
	int fd;
	char *path; /* for messages */
	bool is_device, read_only;
	bool no_sync;             /* nobody minds what a power cut does */
	_Atomic bool sync_failed; /* what is in the file is not known any more */
	u64 size;                 /* of the content, in whole sectors */
	u64 raw_size;             /* raw: when opened */
	struct qcow2 *qcow2;      /* NULL: raw */
	struct layer *backing;    /* or NULL */
	pthread_mutex_t tables;   /* qcow2: held while they are read */
};

struct layer_options {
	bool read_only, direct;
	bool alone; /* qcow2: its tables are wanted, not what lies under it */
};

struct layer *layer_open(const struct host_layer *spec, const struct layer_options *o,
			 struct err *e);
/* An image that is not there any more when this program ends, over one that is only read;
 * owns it. */
struct layer *layer_ephemeral(struct layer *under, struct err *e);
/* Of an empty file that is open to be written; owns the descriptor. */
struct layer *layer_of_file(int fd, const char *path);
/* Writes what there is to write, if nothing has failed before; accepts NULL. */
void layer_free(struct layer *m);

struct layer_run {
	enum { RUN_ZEROS, RUN_DATA, RUN_PACKED } kind;
	struct layer *image; /* DATA, PACKED: the layer that has it */
	u64 length;          /* at least 1 */
	u64 at;              /* DATA: place in that layer's file; PACKED: in its content */
	bool own;            /* DATA of the uppermost layer, may be written in place */
};

/* The bytes from `offset` on, at most `length`.  0 or an errno. */
int layer_map(struct layer *m, u64 offset, u64 length, struct layer_run *run);
int layer_unpack(const struct layer_run *run, void *to, size_t n);
int layer_read(struct layer *m, void *to, size_t n, u64 offset);

/* Everything is in the file, and synced. */
int layer_flush(struct layer *m);

#endif
