/* p9_files.c - what messages of 9P2000.L do to the files of a folder.
 *
 * No path of the client's is ever resolved: it walks name by name, each one opened beneath
 * the folder before it by openat2(), which follows no symbolic link and goes nowhere up, nor into
 * what is mounted there: of a share of `/` the guest gets no /proc with our own memory in it.
 * What it has is the file itself, held open with O_PATH, so renaming or removing it changes
 * nothing.  Opened through /proc/self/fd, that is the file, not its name.  Only files and
 * folders are opened: pipes, sockets and devices of the host are names with attributes.
 *
 * The user who runs this program is root in the guest, all others are nobody, as in a user
 * namespace: guests create files of this user's, give them to nobody else, and may do with
 * the others' what this user may.  No file gets set-user-ID or set-group-ID, so that none
 * becomes a way to this user for others of this computer.
 */
#define _GNU_SOURCE /* O_PATH, unshare */
#include "p9.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#define NOBODY    65534u
#define NAME_CAP  256  /* a name of 255 bytes and its NUL */
#define PATH_CAP  4096 /* what a symbolic link says */
#define WALK_MOST 16

#define MODE_BITS (S_IRWXU | S_IRWXG | S_IRWXO | S_ISVTX)

/* Flags of open as the protocol has them: those of Linux on most of its hosts. */
enum {
	P9_O_ACCMODE = 3,
	P9_O_TRUNC = 01000,
	P9_O_DSYNC = 010000,
	P9_O_DIRECTORY = 0200000,
	P9_O_SYNC = 04000000,
};

/* -- Names and files ---------------------------------------------------------------------- */

static int result(int r)
{
	return r < 0 ? errno : 0;
}

/* A name in a folder, never a way out of it. */
static int get_name(struct p9_in *in, char *name)
{
	u32 n = (u32)p9_get(in, 2);

	in->bad |= in->left < n;
	if (in->bad || !n)
		return EINVAL;
	if (n >= NAME_CAP)
		return ENAMETOOLONG;
	memcpy(name, in->at, n);
	name[n] = 0;
	in->at += n;
	in->left -= n;
	if (memchr(name, 0, n) || memchr(name, '/', n) || !strcmp(name, ".") || !strcmp(name, ".."))
		return EINVAL;
	return 0;
}

static int beneath(int folder, const char *name, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (u64)(u32)(flags | O_CLOEXEC | O_NOFOLLOW),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

/* The file that `fd` is, as a name in s->self: calls that take names then mean the file. */
struct fd_name {
	char text[12];
};

static struct fd_name name_of(int fd)
{
	struct fd_name n;

	snprintf(n.text, sizeof(n.text), "%d", fd);
	return n;
}

static int reopen(const struct p9 *s, int fd, int flags)
{
	return openat(s->self, name_of(fd).text, flags | O_CLOEXEC | O_NOCTTY);
}

/* EOPNOTSUPP for what is only a name with attributes here. */
static int may_open(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? 0 : EOPNOTSUPP;
}

/* Subvolumes below the root may have its inode numbers too. */
static u64 qid_path(const struct p9 *s, u64 device, u64 inode)
{
	return inode ^ (device - s->device) * 0x9e3779b97f4a7c15u;
}

/* u8 type, le32 version, le64 path */
static void put_qid(const struct p9 *s, struct p9_out *out, const struct stat *st)
{
	p9_put(out, S_ISDIR(st->st_mode) ? 0x80 : S_ISLNK(st->st_mode) ? 0x02 : 0, 1);
	p9_put(out, (u64)st->st_mtim.tv_nsec ^ (u64)st->st_size << 8, 4);
	p9_put(out, qid_path(s, st->st_dev, st->st_ino), 8);
}

static int put_qid_of(const struct p9 *s, struct p9_out *out, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	put_qid(s, out, &st);
	return 0;
}

/* Of what has just been made there. */
static int put_qid_at(const struct p9 *s, struct p9_out *out, int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno;
	put_qid(s, out, &st);
	return 0;
}

/* The fid of a request, and a name in the folder that it is. */
static int get_place(struct p9 *s, struct p9_in *in, struct fid **f, char *name)
{
	*f = p9_fid(s, (u32)p9_get(in, 4));
	return in->bad ? EINVAL : *f ? get_name(in, name) : EBADF;
}

static struct fid *get_fid(struct p9 *s, struct p9_in *in, int *error)
{
	struct fid *f = p9_fid(s, (u32)p9_get(in, 4));

	*error = in->bad ? EINVAL : f ? 0 : EBADF;
	return f;
}

/* -- From the root to a file ------------------------------------------------------------------ */

struct p9 *p9_new(int root, bool read_only, u32 most_files)
{
	struct p9 *s = xzalloc(sizeof(*s));
	struct stat st;

	s->root = root;
	s->read_only = read_only;
	s->most_files = most_files;
	s->self = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->self < 0 || fstat(root, &st)) {
		int error = errno;

		if (s->self >= 0)
			close(s->self);
		free(s);
		errno = error;
		return NULL;
	}
	s->device = st.st_dev;
	return s;
}

static int copy_of(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* fid, afid, user, tree, number of the user: there is one tree. */
int p9_attach(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	u32 number = (u32)p9_get(in, 4);
	int fd;

	if (in->bad)
		return EINVAL;
	if (p9_fid(s, number))
		return EBADF;
	fd = copy_of(s->root);
	if (fd < 0)
		return errno;
	return p9_fid_new(s, number, fd) ? put_qid_of(s, out, s->root) : EMFILE;
}

/* As far as it goes: the qids of the names that were found.  *fd is the last one, or what it
 * began with; the caller closes it. */
static int walk(struct p9 *s, struct p9_in *in, struct p9_out *out, u32 names, u32 *found, int *fd)
{
	char name[NAME_CAP];
	int error = 0, next;

	for (*found = 0; *found < names; ++*found) {
		error = get_name(in, name);
		if (error)
			return error;
		next = beneath(*fd, name, O_PATH, 0);
		if (next < 0)
			return errno;
		close(*fd);
		*fd = next;
		error = put_qid_of(s, out, next);
		if (error)
			return error;
	}
	return 0;
}

/* fid, new fid, number of names, names */
int p9_walk(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	const struct fid *from = p9_fid(s, (u32)p9_get(in, 4));
	u32 number = (u32)p9_get(in, 4), names = (u32)p9_get(in, 2), found;
	u8 *count = out->at;
	int fd, error;

	if (in->bad || names > WALK_MOST)
		return EINVAL;
	if (!from || (from->number != number && p9_fid(s, number)))
		return EBADF;
	p9_put(out, 0, 2);
	fd = copy_of(from->fd);
	if (fd < 0)
		return errno;
	error = walk(s, in, out, names, &found, &fd);
	if (found < names || out->full) {
		close(fd);
		if (!found || in->bad || out->full)
			return error ? error : EINVAL;
	} else if (!p9_fid_new(s, number, fd)) {
		return EMFILE;
	}
	put_le16(count, (u16)found);
	return 0;
}

/* -- Opening ---------------------------------------------------------------------------------- */

static int host_flags(u32 flags)
{
	static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };

	return access[flags & P9_O_ACCMODE] | (flags & P9_O_TRUNC ? O_TRUNC : 0) |
	       (flags & P9_O_DSYNC ? O_DSYNC : 0) | (flags & P9_O_SYNC ? O_SYNC : 0) |
	       (flags & P9_O_DIRECTORY ? O_DIRECTORY : 0);
}

static int open_folder(struct fid *f)
{
	f->folder = fdopendir(f->io);
	if (f->folder)
		return 0;
	close(f->io);
	f->io = -1;
	return errno;
}

/* fid, flags.  O_APPEND is the client's: it says where it writes. */
int p9_lopen(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	struct fid *f = get_fid(s, in, &error);
	u32 flags = (u32)p9_get(in, 4);
	struct stat st;

	if (error || in->bad)
		return error ? error : EINVAL;
	if (f->io >= 0)
		return EBUSY;
	if (s->read_only && (flags & (P9_O_ACCMODE | P9_O_TRUNC)))
		return EROFS;
	error = may_open(f->fd);
	if (error)
		return error;
	f->io = reopen(s, f->fd, host_flags(flags));
	if (f->io < 0)
		return errno;
	if (fstat(f->io, &st))
		return errno;
	if (S_ISDIR(st.st_mode) && (error = open_folder(f)))
		return error;
	put_qid(s, out, &st);
	p9_put(out, 0, 4); /* as much in one message as fits */
	return 0;
}

/* fid of the folder, name, flags, mode, group: the fid becomes the new file, open.  A name
 * that is there already, whatever it is, is not opened. */
int p9_lcreate(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_CAP];
	struct fid *f;
	int error = get_place(s, in, &f, name), io;
	u32 flags = (u32)p9_get(in, 4), mode = (u32)p9_get(in, 4), number;

	if (error || in->bad)
		return error ? error : EINVAL;
	if (f->io >= 0)
		return EBUSY;
	io = beneath(f->fd, name, host_flags(flags) | O_CREAT | O_EXCL | O_NOCTTY,
		     (mode_t)mode & MODE_BITS);
	if (io < 0)
		return errno;
	number = f->number;
	f = p9_fid_new(s, number, io);
	if (!f)
		return EMFILE;
	f->io = io;
	error = put_qid_of(s, out, io);
	p9_put(out, 0, 4);
	return error;
}

/* fid, offset, count */
int p9_read(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	u64 offset = p9_get(in, 8), count = p9_get(in, 4);
	ssize_t got;

	if (error || in->bad || out->left < 4)
		return error ? error : EINVAL;
	if (f->io < 0)
		return EBADF;
	count = MIN(count, out->left - 4);
	got = pread(f->io, out->at + 4, count, (off_t)offset);
	if (got < 0)
		return errno;
	p9_put(out, (u64)got, 4);
	out->at += got;
	out->left -= (u32)got;
	return 0;
}

/* fid, offset, count, bytes */
int p9_write(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	u64 offset = p9_get(in, 8), count = p9_get(in, 4);
	ssize_t done;

	if (error || in->bad || count > in->left)
		return error ? error : EINVAL;
	if (f->io < 0)
		return EBADF;
	done = pwrite(f->io, in->at, count, (off_t)offset);
	if (done < 0)
		return errno;
	p9_put(out, (u64)done, 4);
	return 0;
}

/* -- Folders ---------------------------------------------------------------------------------- */

#define ENTRY_BYTES(n) (13 + 8 + 1 + 2 + (n))

/* qid, where the next one is, type, name */
static void put_entry(const struct p9 *s, struct p9_out *out, u64 device, const struct dirent *d)
{
	p9_put(out, d->d_type == DT_DIR ? 0x80 : d->d_type == DT_LNK ? 0x02 : 0, 1);
	p9_put(out, 0, 4);
	p9_put(out, qid_path(s, device, d->d_ino), 8);
	p9_put(out, (u64)d->d_off, 8);
	p9_put(out, d->d_type, 1);
	p9_put_text(out, d->d_name, strlen(d->d_name));
}

/* The host's own positions, which stay right while names come and go. */
static void seek_folder(struct fid *f, u64 offset)
{
	if (!offset)
		rewinddir(f->folder);
	else if (offset != f->folder_at)
		seekdir(f->folder, (long)offset);
	f->folder_at = offset;
}

/* One more entry: false at the end, or if it does not fit, and then it comes again. */
static bool add_entry(const struct p9 *s, struct fid *f, struct p9_out *out, u64 device)
{
	const struct dirent *d = readdir(f->folder);

	if (!d)
		return false;
	if (out->left < ENTRY_BYTES(strlen(d->d_name))) {
		seekdir(f->folder, (long)f->folder_at);
		errno = EINVAL; /* if it is the first */
		return false;
	}
	put_entry(s, out, device, d);
	f->folder_at = (u64)d->d_off;
	return true;
}

/* fid, offset, count */
int p9_readdir(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	struct fid *f = get_fid(s, in, &error);
	u64 offset = p9_get(in, 8), count = p9_get(in, 4);
	u8 *size = out->at, *first = out->at + 4;
	struct stat st;

	if (error || in->bad || out->left < 4)
		return error ? error : EINVAL;
	if (!f->folder)
		return f->io < 0 ? EBADF : ENOTDIR;
	if (fstat(f->io, &st))
		return errno;
	p9_put(out, 0, 4);
	out->left = (u32)MIN(out->left, count);
	seek_folder(f, offset);
	do
		errno = 0;
	while (add_entry(s, f, out, st.st_dev));
	error = errno;
	put_le32(size, (u32)(out->at - first));
	return out->at == first ? error : 0;
}

/* fid of the folder, name, text, group */
int p9_symlink(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_CAP], *text;
	struct fid *f;
	int error = get_place(s, in, &f, name);
	u32 n = (u32)p9_get(in, 2);

	in->bad |= in->left < n;
	if (error || in->bad)
		return error ? error : EINVAL;
	if (!n || n >= PATH_CAP || memchr(in->at, 0, n))
		return n >= PATH_CAP ? ENAMETOOLONG : EINVAL;
	text = strndup((const char *)in->at, n);
	if (!text)
		return ENOMEM;
	error = result(symlinkat(text, f->fd, name));
	free(text);
	return error ? error : put_qid_at(s, out, f->fd, name);
}

/* fid of the folder, name, mode, major, minor, group.  Pipes and sockets are names; devices
 * would be this computer's. */
int p9_mknod(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_CAP];
	struct fid *f;
	int error = get_place(s, in, &f, name);
	mode_t mode = (mode_t)p9_get(in, 4), kind = mode & S_IFMT;

	if (error || in->bad)
		return error ? error : EINVAL;
	if (kind != S_IFREG && kind != S_IFIFO && kind != S_IFSOCK)
		return EPERM;
	error = result(mknodat(f->fd, name, kind | (mode & MODE_BITS), 0));
	return error ? error : put_qid_at(s, out, f->fd, name);
}

/* fid of the folder, name, mode, group */
int p9_mkdir(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_CAP];
	struct fid *f;
	int error = get_place(s, in, &f, name);
	mode_t mode = (mode_t)p9_get(in, 4);

	if (error || in->bad)
		return error ? error : EINVAL;
	error = result(mkdirat(f->fd, name, mode & MODE_BITS));
	return error ? error : put_qid_at(s, out, f->fd, name);
}

/* fid of the folder, fid of the file, name */
int p9_link(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	const struct fid *folder = p9_fid(s, (u32)p9_get(in, 4));
	char name[NAME_CAP];
	struct fid *f;
	int error = get_place(s, in, &f, name);

	(void)out;
	if (error || !folder)
		return error ? error : EBADF;
	return result(linkat(s->self, name_of(f->fd).text, folder->fd, name, AT_SYMLINK_FOLLOW));
}

/* fid of the folder, name, fid of the other folder, new name */
int p9_renameat(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char from[NAME_CAP], to[NAME_CAP];
	struct fid *old, *new;
	int error = get_place(s, in, &old, from);

	(void)out;
	if (!error)
		error = get_place(s, in, &new, to);
	return error ? error : result(renameat(old->fd, from, new->fd, to));
}

/* fid of the folder, name, flags: 0x200 for a folder */
int p9_unlinkat(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	char name[NAME_CAP];
	struct fid *f;
	int error = get_place(s, in, &f, name);
	u32 flags = (u32)p9_get(in, 4);

	(void)out;
	if (error || in->bad)
		return error ? error : EINVAL;
	return result(unlinkat(f->fd, name, flags & 0x200 ? AT_REMOVEDIR : 0));
}

/* -- Attributes ---------------------------------------------------------------------------------
 */

#define GOT_BASIC 0x7ff

static u32 owner(u32 host, u32 ours)
{
	return host == ours ? 0 : NOBODY;
}

static void put_time(struct p9_out *out, const struct timespec *t)
{
	p9_put(out, (u64)t->tv_sec, 8);
	p9_put(out, (u64)t->tv_nsec, 8);
}

/* fid, wanted */
int p9_getattr(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	static const struct timespec never;
	int error;
	const struct fid *f = get_fid(s, in, &error);
	struct stat st;

	if (error)
		return error;
	if (fstat(f->fd, &st))
		return errno;
	p9_put(out, GOT_BASIC, 8);
	put_qid(s, out, &st);
	p9_put(out, st.st_mode, 4);
	p9_put(out, owner(st.st_uid, geteuid()), 4);
	p9_put(out, owner(st.st_gid, getegid()), 4);
	p9_put(out, st.st_nlink, 8);
	p9_put(out, st.st_rdev, 8);
	p9_put(out, (u64)st.st_size, 8);
	p9_put(out, (u64)st.st_blksize, 8);
	p9_put(out, (u64)st.st_blocks, 8);
	put_time(out, &st.st_atim);
	put_time(out, &st.st_mtim);
	put_time(out, &st.st_ctim);
	put_time(out, &never); /* of creation */
	p9_put(out, 0, 8);     /* generation */
	p9_put(out, 0, 8);     /* version of the data */
	return 0;
}

enum {
	SET_MODE = 1,
	SET_UID = 2,
	SET_GID = 4,
	SET_SIZE = 8,
	SET_ATIME = 0x10,
	SET_MTIME = 0x20,
	SET_ATIME_TO = 0x80, /* to what stands there, not to now */
	SET_MTIME_TO = 0x100,
};

struct changes {
	u32 valid, mode, uid, gid;
	u64 size;
	struct timespec time[2];
};

static struct timespec get_time(struct p9_in *in)
{
	u64 seconds = p9_get(in, 8), ns = p9_get(in, 8);

	return (struct timespec){ .tv_sec = (time_t)seconds, .tv_nsec = (long)ns };
}

static void choose_time(struct timespec *t, bool set, bool to)
{
	if (!set)
		t->tv_nsec = UTIME_OMIT;
	else if (!to)
		t->tv_nsec = UTIME_NOW;
}

static int set_size(struct p9 *s, const struct fid *f, u64 size)
{
	int error = may_open(f->fd), fd;

	if (error)
		return error;
	fd = reopen(s, f->fd, O_WRONLY);
	if (fd < 0)
		return errno;
	error = result(ftruncate(fd, (off_t)size));
	close(fd);
	return error;
}

/* The mode of a symbolic link cannot be set, and chmod() of the file that it names must not. */
static int set_mode(struct p9 *s, const struct fid *f, u32 mode)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return errno;
	if (S_ISLNK(st.st_mode))
		return EOPNOTSUPP;
	return result(fchmodat(s->self, name_of(f->fd).text, (mode_t)mode & MODE_BITS, 0));
}

static int set_times(struct p9 *s, const struct fid *f, struct changes *c)
{
	choose_time(&c->time[0], c->valid & SET_ATIME, c->valid & SET_ATIME_TO);
	choose_time(&c->time[1], c->valid & SET_MTIME, c->valid & SET_MTIME_TO);
	return result(utimensat(s->self, name_of(f->fd).text, c->time, 0));
}

/* It can only be given to whom it belongs. */
static int set_owner(const struct fid *f, const struct changes *c)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return errno;
	if ((c->valid & SET_UID && c->uid != owner(st.st_uid, geteuid())) ||
	    (c->valid & SET_GID && c->gid != owner(st.st_gid, getegid())))
		return EPERM;
	return 0;
}

/* fid, valid, mode, uid, gid, size, time of access, of change */
int p9_setattr(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	struct changes c;

	(void)out;
	c.valid = (u32)p9_get(in, 4);
	c.mode = (u32)p9_get(in, 4);
	c.uid = (u32)p9_get(in, 4);
	c.gid = (u32)p9_get(in, 4);
	c.size = p9_get(in, 8);
	c.time[0] = get_time(in);
	c.time[1] = get_time(in);
	if (error || in->bad)
		return error ? error : EINVAL;
	error = set_owner(f, &c);
	if (!error && c.valid & SET_MODE)
		error = set_mode(s, f, c.mode);
	if (!error && c.valid & SET_SIZE)
		error = set_size(s, f, c.size);
	if (!error && c.valid & (SET_ATIME | SET_MTIME))
		error = set_times(s, f, &c);
	return error;
}

/* fid */
int p9_readlink(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	char text[PATH_CAP];
	ssize_t n;

	if (error)
		return error;
	n = readlinkat(f->fd, "", text, sizeof(text));
	if (n < 0)
		return errno;
	p9_put_text(out, text, (size_t)n);
	return 0;
}

/* fid, only the data */
int p9_fsync(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	u32 data = (u32)p9_get(in, 4);

	(void)out;
	if (error || in->bad)
		return error ? error : EINVAL;
	if (f->io < 0)
		return EBADF;
	return result(data ? fdatasync(f->io) : fsync(f->io));
}

/* fid */
int p9_statfs(struct p9 *s, struct p9_in *in, struct p9_out *out)
{
	int error;
	const struct fid *f = get_fid(s, in, &error);
	struct statfs fs;

	if (error)
		return error;
	if (fstatfs(f->fd, &fs))
		return errno;
	p9_put(out, 0x01021997, 4); /* V9FS_MAGIC */
	p9_put(out, (u64)fs.f_bsize, 4);
	p9_put(out, fs.f_blocks, 8);
	p9_put(out, fs.f_bfree, 8);
	p9_put(out, fs.f_bavail, 8);
	p9_put(out, fs.f_files, 8);
	p9_put(out, fs.f_ffree, 8);
	p9_put(out, 0, 8);
	p9_put(out, (u64)fs.f_namelen, 4);
	return 0;
}
#endif
