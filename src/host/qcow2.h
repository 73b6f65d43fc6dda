/* qcow2.h - disk images in the qcow2 format, versions 2 and 3.
 *
 * Spec: "Qcow2 Image File Format", QEMU documentation, interop/qcow2.
 *
 * Only what the file says about itself: where a guest's bytes lie, and what room is free.
 * The bytes themselves are moved by the caller, who holds a lock if there are threads; here
 * are none.  An image is anyone's: whatever it holds ends in an errno, EUCLEAN if its
 * tables make no sense.
 *
 * What a power cut leaves, if the store orders nothing but by sync(), is an image whose
 * tables are sound and which has all that was there at the last qcow2_flush(); at worst some
 * clusters are counted that nobody uses.  So tables are changed in memory, and written in
 * this order: counts that go up, data, tables that nothing points to yet; then what points
 * to them; then counts that go down.
 *
 * Not done: encryption, external data files, extended L2 entries: refused.  Images with
 * internal snapshots, or with refcounts left to be repaired, can only be read.
 */
#ifndef QCOW2_H
#define QCOW2_H

#include "base.h"

/* Where the bytes of an image are: a file, or memory in a test.  0 or an errno. */
struct store {
	int (*read)(struct store *s, void *to, size_t n, u64 offset); /* zeros behind the end */
	int (*write)(struct store *s, const void *from, size_t n, u64 offset);
	int (*sync)(struct store *s);                          /* what was written before stays */
	int (*punch)(struct store *s, u64 offset, u64 length); /* its content is of no use now */
	int (*resize)(struct store *s, u64 size);              /* with zeros, if it grows */
	u64 size;
};

/* What lies under an image, where that says nothing; zeros behind its end. */
struct qcow2_backing {
	int (*read)(void *ctx, void *to, size_t n, u64 offset);
	void *ctx;
};

struct qcow2;

enum { QCOW2_CLUSTER_BITS = 16 };
#define QCOW2_NAME 1024

struct qcow2_shape {
	u64 size;
	u32 version;                          /* 2 or 3 */
	u32 cluster_bits;                     /* 9 to 21 */
	u32 refcount_order;                   /* version 3: 0 to 6; 4 is what everybody uses */
	const char *backing, *backing_format; /* to be named in it, or NULL */
};

/* In an empty store.  0, an errno of the store, or EINVAL: *e says what cannot be. */
int qcow2_create(struct store *s, const struct qcow2_shape *shape, struct err *e);
/* `path` is for messages.  The store stays the caller's. */
struct qcow2 *qcow2_open(struct store *s, const char *path, bool writable, struct err *e);
void qcow2_set_backing(struct qcow2 *q, const struct qcow2_backing *b);
/* Writes nothing: qcow2_flush() before, to keep what was done. */
void qcow2_free(struct qcow2 *q);

u64 qcow2_size(const struct qcow2 *q); /* whole sectors */
u64 qcow2_cluster(const struct qcow2 *q);
const char *qcow2_named_backing(const struct qcow2 *q); /* what the image says; or NULL */

struct qcow2_info {
	u32 version, refcount_bits, snapshots;
	u64 cluster;
	bool zstd, dirty, corrupt;
	const char *backing, *backing_format; /* or NULL; anyone's text */
};
struct qcow2_info qcow2_info(const struct qcow2 *q);

/* -- Reading ------------------------------------------------------------------------ */

struct qcow2_run {
	enum qcow2_kind {
		QCOW2_HOLE, /* what is in the backing image */
		QCOW2_ZEROS,
		QCOW2_DATA,
		QCOW2_PACKED, /* qcow2_unpack() has it */
	} kind;
	bool own;   /* DATA: may be written in place */
	u64 length; /* at least 1, and all of a kind */
	u64 host;   /* DATA: where it begins in the store */

	u64 guest, clusters; /* of a write under way */
};

/* The bytes from `offset` on, at most `length`; they lie inside the disk. */
int qcow2_map(struct qcow2 *q, u64 offset, u64 length, struct qcow2_run *run);
/* The cluster around `offset`: valid until the next call. */
int qcow2_unpack(struct qcow2 *q, u64 offset, const u8 **bytes);
int qcow2_read(struct qcow2 *q, void *to, size_t n, u64 offset);

/* -- Writing ------------------------------------------------------------------------ */

/* Makes room for bytes from `offset` on, run->length of them: the caller writes them at
 * run->host, and then says whether that is done.  Until then nothing else is called. */
int qcow2_write_begin(struct qcow2 *q, u64 offset, u64 length, struct qcow2_run *run);
int qcow2_write_end(struct qcow2 *q, const struct qcow2_run *run, bool written);
int qcow2_write(struct qcow2 *q, const void *from, size_t n, u64 offset);

/* The whole clusters of a range: *first to *end. */
void qcow2_whole(const struct qcow2 *q, u64 offset, u64 length, u64 *first, u64 *end);
/* They read as zeros from now on; *next is how far it came, which is farther than `offset`.
 * EOPNOTSUPP: this image cannot say so. */
int qcow2_zero(struct qcow2 *q, u64 offset, u64 end, u64 *next);

/* All that was done before is in the store, and synced. */
int qcow2_flush(struct qcow2 *q);
bool qcow2_is_dirty(const struct qcow2 *q); /* qcow2_flush() has more to do than a sync */

/* A smaller one loses what is behind the new end. */
int qcow2_resize(struct qcow2 *q, u64 size);

/* -- Checking ----------------------------------------------------------------------- */

enum { QCOW2_FINDINGS = 16 };

struct qcow2_report {
	u64 errors; /* what two places say differently, or what cannot be */
	u64 leaks;  /* clusters that are counted and not used */
	u64 repaired;
	u64 clusters, allocated, packed;   /* of the disk */
	char finding[QCOW2_FINDINGS][120]; /* the first of them */
	u32 nfindings;
};

/* EFBIG: there is too much of it for this; EOPNOTSUPP: it has snapshots or bitmaps, whose
 * clusters are not known here.  `repair` gives leaked clusters back. */
int qcow2_check(struct qcow2 *q, bool repair, struct qcow2_report *r);

#endif
