/* p9.c - 9P2000.L: messages, and the numbers (fids) by which a client names files.
 *
 * Spec: Plan 9 manual section 5, and the messages that Linux's client added ("9P2000.L").
 *
 * Everything in a request is hostile.  A client that asks what is not there gets an errno;
 * what it has open is bounded, and so is each message.
 *
 * Not modeled: authentication, extended attributes, locks against the host's programs (all
 * of the guest's are granted: its own kernel has judged them), the messages that Linux has
 * newer ones for (rename, remove), a walk to `..`.
 */
#include "p9.h"

#include <errno.h>
#include <unistd.h>

#define MSIZE_MIN 4096
#define MSIZE_MAX ((u32)512 << 10)

enum {
	LERROR = 6,
	STATFS = 8,
	LOPEN = 12,
	LCREATE = 14,
	SYMLINK = 16,
	MKNOD = 18,
	READLINK = 22,
	GETATTR = 24,
	SETATTR = 26,
	READDIR = 40,
	FSYNC = 50,
	LOCK = 52,
	GETLOCK = 54,
	LINK = 70,
	MKDIR = 72,
	RENAMEAT = 74,
	UNLINKAT = 76,
	VERSION = 100,
	ATTACH = 104,
	FLUSH = 108,
	WALK = 110,
	READ = 116,
	WRITE = 118,
	CLUNK = 120,
	REMOVE = 122,
};

/* -- Bytes ---------------------------------------------------------------------------- */

u64 p9_get(struct p9_in *in, u32 bytes)
{
	u64 v = 0;

	in->bad |= in->left < bytes;
	if (in->bad)
		return 0;
	memcpy(&v, in->at, bytes);
	in->at += bytes;
	in->left -= bytes;
	return v;
}

void p9_put(struct p9_out *out, u64 v, u32 bytes)
{
	out->full |= out->left < bytes;
	if (out->full)
		return;
	memcpy(out->at, &v, bytes);
	out->at += bytes;
	out->left -= bytes;
}

void p9_put_text(struct p9_out *out, const char *text, size_t n)
{
	p9_put(out, n, 2);
	out->full |= n > UINT16_MAX || out->left < n;
	if (out->full)
		return;
	memcpy(out->at, text, n);
	out->at += n;
	out->left -= (u32)n;
}

/* -- Fids ------------------------------------------------------------------------------ */

static struct fid **place_of(struct p9 *s, u32 number)
{
	struct fid **at = &s->bucket[number % P9_BUCKETS];

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

struct fid *p9_fid(struct p9 *s, u32 number)
{
	return *place_of(s, number);
}

static void close_fid(struct fid *f)
{
	if (f->folder)
		closedir(f->folder);
	else if (f->io >= 0 && f->io != f->fd)
		close(f->io);
	close(f->fd);
	free(f);
}

void p9_fid_close(struct p9 *s, u32 number)
{
	struct fid **at = place_of(s, number), *f = *at;

	if (!f)
		return;
	*at = f->next;
	s->files--;
	close_fid(f);
}

struct fid *p9_fid_new(struct p9 *s, u32 number, int fd)
{
	struct fid *f, **at;

	p9_fid_close(s, number);
	f = s->files < s->most_files ? calloc(1, sizeof(*f)) : NULL;
	if (!f) {
		close(fd);
		return NULL;
	}
	at = place_of(s, number);
	*f = (struct fid){ .number = number, .fd = fd, .io = -1 };
	*at = f;
	s->files++;
	return f;
}

void p9_forget(struct p9 *s)
{
	for (u32 i = 0; i < P9_BUCKETS; i++)
		while (s->bucket[i])
			p9_fid_close(s, s->bucket[i]->number);
	s->msize = 0;
}

void p9_free(struct p9 *s)
{
	if (!s)
		return;
	p9_forget(s);
	close(s->self);
	close(s->root);
	free(s);
}

/* -- Messages about no file --------------------------------------------------------------- */

/* Begins anew: all fids are gone. */
static int version(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	static const char ours[] = "9P2000.L", unknown[] = "unknown";
	u32 msize = (u32)p9_get(in, 4), n = (u32)p9_get(in, 2);
	bool same = n == strlen(ours) && in->left >= n && !memcmp(in->at, ours, n);

	p9_forget(s);
	if (in->bad || msize < MSIZE_MIN)
		return EINVAL;
	msize = MIN(msize, MSIZE_MAX);
	s->msize = same ? msize : 0;
	p9_put(out, msize, 4);
	p9_put_text(out, same ? ours : unknown, strlen(same ? ours : unknown));
	return 0;
}

/* Requests are answered in order: what it wants to stop has been. */
static int flush(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	(void)s, (void)in, (void)out;
	return 0;
}

static int clunk(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	u32 number = (u32)p9_get(in, 4);
	bool there = p9_fid(s, number);

	(void)out;
	p9_fid_close(s, number);
	return there ? 0 : EBADF;
}

/* It closes the fid even if it fails. */
static int remove_file(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error = clunk(s, in, out);

	return error ? error : EOPNOTSUPP;
}

static int lock(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	bool there = p9_fid(s, (u32)p9_get(in, 4));

	p9_put(out, 0, 1); /* P9_LOCK_SUCCESS */
	return there ? 0 : EBADF;
}

/* Nobody else has one: the question comes back with type "unlocked". */
static int getlock(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	bool there = p9_fid(s, (u32)p9_get(in, 4));
	u64 start, length, process, n;

	p9_get(in, 1);
	start = p9_get(in, 8);
	length = p9_get(in, 8);
	process = p9_get(in, 4);
	n = p9_get(in, 2);
	if (in->bad || in->left < n)
		return EINVAL;
	p9_put(out, 2, 1); /* P9_LOCK_TYPE_UNLCK */
	p9_put(out, start, 8);
	p9_put(out, length, 8);
	p9_put(out, process, 4);
	p9_put_text(out, (const char *)in->at, n);
	return there ? 0 : EBADF;
}

/* -- Requests -------------------------------------------------------------------------------- */

static const struct row {
	u8 type;
	bool writes; /* refused by a read-only server */
	p9_fn *fn;
} rows[] = {
	{ STATFS, false, p9_statfs },    { LOPEN, false, p9_lopen }, /* looks at the flags itself */
	{ LCREATE, true, p9_lcreate },   { SYMLINK, true, p9_symlink },
	{ MKNOD, true, p9_mknod },       { READLINK, false, p9_readlink },
	{ GETATTR, false, p9_getattr },  { SETATTR, true, p9_setattr },
	{ READDIR, false, p9_readdir },  { FSYNC, false, p9_fsync },
	{ LOCK, false, lock },           { GETLOCK, false, getlock },
	{ LINK, true, p9_link },         { MKDIR, true, p9_mkdir },
	{ RENAMEAT, true, p9_renameat }, { UNLINKAT, true, p9_unlinkat },
	{ VERSION, false, version },     { ATTACH, false, p9_attach },
	{ FLUSH, false, flush },         { WALK, false, p9_walk },
	{ READ, false, p9_read },        { WRITE, true, p9_write },
	{ CLUNK, false, clunk },         { REMOVE, false, remove_file },
};

static const struct row *row_of(u8 type)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static int serve(struct p9 *s, u8 type, struct p9_in *in, struct p9_out *out)
{
	const struct row *row = row_of(type);
	int error;

	if (!row)
		return EOPNOTSUPP;
	if (!s->msize && type != VERSION)
		return EPROTO;
	if (row->writes && s->read_only)
		return EROFS;
	error = row->fn(s, in, out);
	if (!error && (in->bad || out->full))
		error = EINVAL;
	return error;
}

static u32 finish(u8 *out, u32 n, u8 type, u16 tag)
{
	put_le32(out, n);
	out[4] = type;
	put_le16(out + 5, tag);
	return n;
}

u32 p9_answer(struct p9 *s, const u8 *in, u32 n, u8 *out, u32 room)
{
	struct p9_in request = { in + P9_HEADER, 0, false };
	struct p9_out answer = { out + P9_HEADER, 0, false };
	int error;

	if (n < P9_HEADER || get_le32(in) < P9_HEADER || get_le32(in) > n || room < P9_HEADER + 4)
		return 0;
	request.left = get_le32(in) - P9_HEADER;
	if (s->msize)
		room = MIN(room, s->msize);
	answer.left = room - P9_HEADER;
	error = serve(s, in[4], &request, &answer);
	if (!error)
		return finish(out, (u32)(answer.at - out), (u8)(in[4] + 1), get_le16(in + 5));
	put_le32(out + P9_HEADER, (u32)error);
	return finish(out, P9_HEADER + 4, LERROR + 1, get_le16(in + 5));
}
