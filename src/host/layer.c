/* layer.c - opening the files of a disk, and finding its bytes in them. */
#define _GNU_SOURCE /* F_OFD_SETLK, O_DIRECT, O_TMPFILE, fallocate */
#include "layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- The file ---------------------------------------------------------------------------- */

static struct layer *of_store(struct store *s)
{
	return (struct layer *)s;
}

static int file_read(struct store *s, void *to, size_t n, u64 offset)
{
	u8 *at = to;

	while (n) {
		ssize_t got = pread(of_store(s)->fd, at, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (!got) {
			memset(at, 0, n);
			return 0;
		}
		at += got;
		offset += (u64)got;
		n -= (size_t)got;
	}
	return 0;
}

static int file_write(struct store *s, const void *from, size_t n, u64 offset)
{
	const u8 *at = from;

	while (n) {
		ssize_t done = pwrite(of_store(s)->fd, at, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : ENOSPC;
		at += done;
		offset += (u64)done;
		n -= (size_t)done;
		s->size = MAX(s->size, offset);
	}
	return 0;
}

static int file_sync(struct store *s)
{
	struct layer *m = of_store(s);
	int error;

	if (m->no_sync)
		return 0;
	do
		error = fdatasync(m->fd) ? errno : 0;
	while (error == EINTR);
	if (error)
		atomic_store(&m->sync_failed, true);
	return error;
}

/* Only a hint. */
static int file_punch(struct store *s, u64 offset, u64 length)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	fallocate(of_store(s)->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
		  (off_t)length);
#endif
	return 0;
}

static int file_resize(struct store *s, u64 size)
{
	struct layer *m = of_store(s);
	int error;

	if (m->is_device)
		return size <= s->size ? 0 : ENOSPC;
	do
		error = ftruncate(m->fd, (off_t)size) ? errno : 0;
	while (error == EINTR);
	if (!error)
		s->size = size;
	return error;
}

/* -- Opening ------------------------------------------------------------------------------- */

/* Would it do to read only? */
static bool may_be_read(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type == F_UNLCK;
}

static bool in_use(int fd, const char *path, struct err *e)
{
	char holder[160];

	if (!may_be_read(fd) && holder_is_self(fd)) {
		err_code(e, "E0602", "disk `%s` is in this machine twice", path);
		return err_hint(e, "each disk has an image of its own: `vmbuild image overlay` "
				   "makes one that lies over another");
	}
	if (holder_of_file(fd, holder, sizeof(holder)))
		err_code(e, "E0602", "disk `%s` is open in %s", path, holder);
	else
		err_code(e, "E0602", "disk `%s` is in use by another program", path);
	if (may_be_read(fd))
		return err_hint(e, "`--ephemeral` leaves it as it is and forgets what is written");
	return err_hint(e, "stop that one first, or give this run a copy");
}

/* A command, which has the file alone, has no board in which something could be written. */
static bool cannot_open(const char *path, const struct layer_options *o, int error, struct err *e)
{
	if (error == EBUSY) {
		err_code(e, "E0602",
			 "disk `%s` is mounted on this host, or part of something that is", path);
		return err_hint(e, "umount it first, or `read-only: true`");
	}
	if (error == EINVAL && o->direct) {
		err_code(e, "E0604", "`%s`: its file system cannot do `cache: none`", path);
		return err_hint(e, "cache: writeback");
	}
	host_err_file(e, "open disk", path, error);
	if ((error == EACCES || error == EROFS) && !o->read_only && !o->alone &&
	    !access(path, R_OK))
		err_hint(e, "`read-only: true`, if the guest need not write");
	if (!e->hint[0])
		err_hint(e, "give a raw image or a block device");
	return false;
}

/* O_NONBLOCK: a FIFO is to be refused, not waited for.  O_EXCL: Linux then refuses a block
 * device that is mounted. */
static bool open_file(struct layer *m, const struct layer_options *o, struct err *e)
{
	int flags = (o->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
		    O_NOFOLLOW | (o->direct ? O_DIRECT : 0);
	char *real = realpath(m->path, NULL);
	struct stat st;

	if (!real)
		return cannot_open(m->path, o, errno, e);
	if (!stat(real, &st) && S_ISBLK(st.st_mode) && !o->read_only)
		flags |= O_EXCL;
	m->fd = open(real, flags);
	free(real);
	if (m->fd < 0)
		return cannot_open(m->path, o, errno, e);
	if (fstat(m->fd, &st))
		return cannot_open(m->path, o, errno, e);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		err_code(e, "E0604", "disk `%s` is neither a file nor a block device", m->path);
		return err_hint(e, "give a raw image");
	}
	m->is_device = S_ISBLK(st.st_mode);
	return true;
}

static bool lock_file(struct layer *m, struct err *e)
{
	struct flock lock = { .l_type = m->read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(m->fd, F_OFD_SETLK, &lock))
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return in_use(m->fd, m->path, e);
	log_line(LOG_WARNING, "%s: not locked against other programs: %s", m->path,
		 strerror(errno));
	return true; /* a file system without locks: some network ones */
}

static bool measure(struct layer *m, struct err *e)
{
	off_t end = lseek(m->fd, 0, SEEK_END);

	if (end < 0)
		return host_err_file(e, "measure disk", m->path, errno);
	m->store.size = (u64)end;
	return true;
}

/* The last sector of an odd image is filled up with zeros when read, and kept when written. */
static bool set_up_raw(struct layer *m, struct err *e)
{
	if (!m->store.size) {
		err_set(e, "disk `%s` is empty: a disk has at least one sector", m->path);
		return err_hint(e, "truncate -s 4G FILE");
	}
	m->raw_size = m->store.size;
	m->size = align_up(m->raw_size, SECTOR_BYTES);
	return true;
}

/* -- Layers ------------------------------------------------------------------------------------ */

static int read_backing(void *ctx, void *to, size_t n, u64 offset)
{
	return layer_read(ctx, to, n, offset);
}

static void put_over(struct layer *m, struct layer *under)
{
	const struct qcow2_backing b = { read_backing, under };

	m->backing = under;
	qcow2_set_backing(m->qcow2, &b);
}

/* An image may say what it lies over, but it is anyone's: that a guest reads a file of this
 * host is for the user to say. */
static bool names_unknown(const struct layer *m, const struct host_layer *spec, struct err *e)
{
	const char *name = qcow2_named_backing(m->qcow2);
	char clean[160];

	if (!name || spec->backing)
		return false;
	text_clean(clean, sizeof(clean), name, strlen(name));
	err_code(e, "E0621",
		 "`%s` lies over another image, by its own account `%s`; what it may read, you say",
		 m->path, clean);
	err_hint(e, "backing: {file: FILE, format: raw}");
	return true;
}

static bool set_up_qcow2(struct layer *m, const struct host_layer *spec,
			 const struct layer_options *o, struct err *e)
{
	const struct layer_options under = { .read_only = true };
	struct layer *backing;

	m->qcow2 = qcow2_open(&m->store, m->path, !m->read_only, e);
	if (!m->qcow2)
		return false;
	m->size = qcow2_size(m->qcow2);
	if (o->alone)
		return true;
	if (names_unknown(m, spec, e))
		return false;
	if (!spec->backing)
		return true;
	backing = layer_open(spec->backing, &under, e);
	if (backing)
		put_over(m, backing);
	return backing;
}

struct layer *layer_of_file(int fd, const char *path)
{
	struct layer *m = xzalloc(sizeof(*m));

	m->store = (struct store){
		.read = file_read,
		.write = file_write,
		.sync = file_sync,
		.punch = file_punch,
		.resize = file_resize,
	};
	m->fd = fd;
	m->path = xstrdup(path);
	pthread_mutex_init(&m->tables, NULL);
	return m;
}

struct layer *layer_open(const struct host_layer *spec, const struct layer_options *o,
			 struct err *e)
{
	struct layer *m = layer_of_file(-1, spec->path);
	bool good;

	m->read_only = o->read_only;
	good = open_file(m, o, e) && lock_file(m, e) && measure(m, e) &&
	       (spec->format == HOST_QCOW2 ? set_up_qcow2(m, spec, o, e) : set_up_raw(m, e));
	if (good)
		return m;
	layer_free(m);
	return NULL;
}

/* -- For one run --------------------------------------------------------------------------------
 */

/* Some file systems have no files without a name. */
static int unnamed_file(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *name;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	name = xprintf("%s/vmbuild.XXXXXX", folder);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

/* /var/tmp is on a disk, where /tmp may be memory. */
struct layer *layer_ephemeral(struct layer *under, struct err *e)
{
	const struct qcow2_shape shape = { .size = under->size,
					   .version = 3,
					   .cluster_bits = QCOW2_CLUSTER_BITS,
					   .refcount_order = 4 };
	const char *tmp = getenv("TMPDIR");
	const char *folder = tmp && *tmp ? tmp : "/var/tmp";
	char *path = xprintf("%s (what is new, in %s)", under->path, folder);
	struct layer *m = layer_of_file(unnamed_file(folder), path);
	int error;

	free(path);
	m->no_sync = true;
	m->size = under->size;
	if (m->fd < 0) {
		host_err_file(e, "make a file for what a run writes in", folder, errno);
		err_hint(e, "set TMPDIR to a folder that you may write to");
	} else {
		error = qcow2_create(&m->store, &shape, e);
		if (!error)
			m->qcow2 = qcow2_open(&m->store, m->path, true, e);
		else if (error != EINVAL)
			host_err_file(e, "write", m->path, error);
	}
	if (m->qcow2) {
		put_over(m, under);
		return m;
	}
	layer_free(m);
	layer_free(under);
	return NULL;
}

/* Twice: counts that go down wait for the first. */
void layer_free(struct layer *m)
{
	if (!m)
		return;
	if (m->qcow2 && !m->read_only && !atomic_load(&m->sync_failed))
		for (u32 i = 0; i < 2 && qcow2_is_dirty(m->qcow2); i++)
			layer_flush(m);
	qcow2_free(m->qcow2);
	layer_free(m->backing);
	if (m->fd >= 0)
		close(m->fd); /* and the lock with it */
	pthread_mutex_destroy(&m->tables);
	free(m->path);
	free(m);
}

/* -- Content -------------------------------------------------------------------------------------
 */

static int map_qcow2(struct layer *m, u64 offset, u64 length, struct layer_run *run)
{
	struct qcow2_run q;
	int error;

	pthread_mutex_lock(&m->tables);
	error = qcow2_map(m->qcow2, offset, length, &q);
	pthread_mutex_unlock(&m->tables);
	*run = (struct layer_run){ .kind = RUN_ZEROS, .image = m, .length = q.length };
	if (error || q.kind == QCOW2_ZEROS)
		return error;
	if (q.kind == QCOW2_HOLE) {
		if (!m->backing)
			return 0;
		error = layer_map(m->backing, offset, q.length, run);
		run->own = false;
		return error;
	}
	run->kind = q.kind == QCOW2_DATA ? RUN_DATA : RUN_PACKED;
	run->at = q.kind == QCOW2_DATA ? q.host : offset;
	run->own = q.own;
	return 0;
}

int layer_map(struct layer *m, u64 offset, u64 length, struct layer_run *run)
{
	*run = (struct layer_run){ .kind = RUN_ZEROS, .length = length };
	if (offset >= m->size)
		return 0; /* this layer is smaller than what lies over it */
	length = MIN(length, m->size - offset);
	if (m->qcow2)
		return map_qcow2(m, offset, length, run);
	*run = (struct layer_run){
		.kind = RUN_DATA, .image = m, .length = length, .at = offset, .own = true
	};
	return 0;
}

int layer_unpack(const struct layer_run *run, void *to, size_t n)
{
	struct layer *m = run->image;
	const u8 *bytes;
	int error;

	pthread_mutex_lock(&m->tables);
	error = qcow2_unpack(m->qcow2, run->at, &bytes);
	if (!error)
		memcpy(to, bytes + (run->at & (qcow2_cluster(m->qcow2) - 1)), n);
	pthread_mutex_unlock(&m->tables);
	return error;
}

static int read_run(const struct layer_run *run, void *to)
{
	switch (run->kind) {
	case RUN_ZEROS:
		memset(to, 0, run->length);
		return 0;
	case RUN_DATA:
		return file_read(&run->image->store, to, run->length, run->at);
	case RUN_PACKED:
		return layer_unpack(run, to, run->length);
	}
	return EIO;
}

int layer_read(struct layer *m, void *to, size_t n, u64 offset)
{
	struct layer_run run;
	int error = 0;

	for (size_t done = 0; !error && done < n; done += run.length) {
		error = layer_map(m, offset + done, n - done, &run);
		if (!error)
			error = read_run(&run, (u8 *)to + done);
	}
	return error;
}

int layer_flush(struct layer *m)
{
	if (m->qcow2 && qcow2_is_dirty(m->qcow2))
		return qcow2_flush(m->qcow2);
	return file_sync(&m->store);
}
