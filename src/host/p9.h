/* p9.h - a server of 9P2000.L over one folder, for one client: messages in p9.c, what they
 * do to files in p9_files.c.  One thread at a time.
 *
 * Integers are little-endian, texts are le16 length and bytes.  A message:
 *
 *	le32 size of all, u8 type, le16 tag, and what the type says
 */
#ifndef P9_H
#define P9_H

#include "base.h"

#include <dirent.h>

#define P9_HEADER 7

/* `root` is the folder, open; the server owns it.  NULL with errno. */
struct p9 *p9_new(int root, bool read_only, u32 most_files);
void p9_free(struct p9 *s); /* accepts NULL */
/* Closes all that the client has open. */
void p9_forget(struct p9 *s);
/* Does what the `n` bytes ask; returns the answer's length, at most `room`.  0: they are no
 * message, or there is no room for so much as an error. */
u32 p9_answer(struct p9 *s, const u8 *in, u32 n, u8 *out, u32 room);

/* -- Between the two files ---------------------------------------------------------- */

/* What is left of a request.  Reading behind its end gives 0 and makes it bad. */
struct p9_in {
	const u8 *at;
	u32 left;
	bool bad;
};

/* An answer that grows; what does not fit makes it full. */
struct p9_out {
	u8 *at;
	u32 left;
	bool full;
};

u64 p9_get(struct p9_in *in, u32 bytes);
void p9_put(struct p9_out *out, u64 v, u32 bytes);
void p9_put_text(struct p9_out *out, const char *text, size_t n);

/* A file that the client has a number for.  `fd` is the file itself, whatever its name is by
 * now, opened for nothing (O_PATH); `io` is it opened, or -1. */
struct fid {
	struct fid *next;
	u32 number;
	int fd, io;
	DIR *folder; /* opened for reading names: it owns `io` */
	u64 folder_at;
};

#define P9_BUCKETS 1024

struct p9 {
	int root, self; /* self: /proc/self/fd */
	u64 device;     /* of the root */
	bool read_only;
	u32 msize; /* 0: no version has been agreed upon */
	u32 files, most_files;
	struct fid *bucket[P9_BUCKETS];
};

struct fid *p9_fid(struct p9 *s, u32 number); /* or NULL */
/* A new one with that number, in place of one that has it; it owns `fd`, also if NULL: there
 * are too many. */
struct fid *p9_fid_new(struct p9 *s, u32 number, int fd);
void p9_fid_close(struct p9 *s, u32 number);

/* Each takes the rest of its request and fills its answer; returns 0 or an errno. */
typedef int p9_fn(struct p9 *s, struct p9_in *in, struct p9_out *out);
p9_fn p9_statfs, p9_lopen, p9_lcreate, p9_symlink, p9_mknod, p9_readlink, p9_getattr, p9_setattr,
	p9_readdir, p9_fsync, p9_link, p9_mkdir, p9_renameat, p9_unlinkat, p9_attach, p9_walk,
	p9_read, p9_write;

#endif
