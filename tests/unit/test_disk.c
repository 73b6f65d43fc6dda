/* Disks of all formats.  The system calls they use are replaced below by ones that can fail, be
 * short, or wait, as a test wants; else they do what they always do. */
#define _GNU_SOURCE
#include "check.h"
#include "disk_image.h"
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- System calls ---------------------------------------------------------------------- */

static struct {
	_Atomic u32 syncs, durable_writes, writes, interrupts;
	_Atomic int sync_errno, write_errno, fallocate_errno;
	_Atomic int table_errno; /* of pwrite(), with which tables are written */
	_Atomic u32 most;        /* bytes a transfer; 0: no limit */
	_Atomic bool hold_sync;  /* fdatasync() waits until this is false */
	_Atomic bool hold_write;
	_Atomic u32 held;
	_Atomic u32 block; /* what O_DIRECT wants, at least */
} host;

static void hold_while(_Atomic bool *flag)
{
	atomic_fetch_add(&host.held, 1);
	while (atomic_load(flag))
		usleep(500);
	atomic_fetch_sub(&host.held, 1);
}

int fdatasync(int fd)
{
	int error = atomic_load(&host.sync_errno);

	atomic_fetch_add(&host.syncs, 1);
	hold_while(&host.hold_sync);
	if (error) {
		errno = error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	int error = atomic_load(&host.fallocate_errno);

	if (error) {
		errno = error;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

/* Every other call is interrupted, the rest moves at most host.most bytes. */
static bool make_short(const struct iovec *iov, int n, struct iovec *one)
{
	u32 most = atomic_load(&host.most);

	assert_true(n > 0);
	if (!most)
		return false;
	*one = iov[0];
	one->iov_len = MIN(one->iov_len, most);
	return true;
}

static bool interrupted(void)
{
	if (!atomic_load(&host.most) || atomic_fetch_add(&host.interrupts, 1) % 2)
		return false;
	errno = EINTR;
	return true;
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
	struct iovec one;

	if (interrupted())
		return -1;
	if (make_short(iov, n, &one))
		return syscall(SYS_preadv, fd, &one, 1, offset, 0);
	return syscall(SYS_preadv, fd, iov, n, offset, 0);
}

static ssize_t write_some(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	int error = atomic_load(&host.write_errno);
	struct iovec one;

	hold_while(&host.hold_write);
	if (interrupted())
		return -1;
	if (error) {
		errno = error;
		return -1;
	}
	atomic_fetch_add(&host.writes, 1);
	if (make_short(iov, n, &one))
		return syscall(SYS_pwritev2, fd, &one, 1, offset, 0, flags);
	return syscall(SYS_pwritev2, fd, iov, n, offset, 0, flags);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	return write_some(fd, iov, n, offset, 0);
}

ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	if (flags & RWF_DSYNC)
		atomic_fetch_add(&host.durable_writes, 1);
	return write_some(fd, iov, n, offset, flags);
}

ssize_t pread(int fd, void *to, size_t n, off_t offset)
{
	if (n < atomic_load(&host.block)) {
		errno = EINVAL;
		return -1;
	}
	return syscall(SYS_pread64, fd, to, n, offset);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t offset)
{
	int error = atomic_load(&host.table_errno);

	if (error) {
		errno = error;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, from, n, offset);
}

/* -- A guest ----------------------------------------------------------------------------- */

static char image[64];

struct guest {
	struct block *disk;
	pthread_mutex_t lock;
	pthread_cond_t more;
	u32 completed;
};

static void on_complete(void *ctx, struct block_req *req)
{
	struct guest *g = ctx;

	pthread_mutex_lock(&g->lock);
	g->completed++;
	req->dev = NULL; /* as a mark: completed */
	pthread_cond_broadcast(&g->more);
	pthread_mutex_unlock(&g->lock);
}

static struct device *const under_way = (struct device *)(uintptr_t)1;

static void submit(struct guest *g, struct block_req *req)
{
	req->dev = under_way;
	g->disk->ops->submit(g->disk, req);
}

static bool is_done(struct guest *g, const struct block_req *req)
{
	bool done;

	pthread_mutex_lock(&g->lock);
	done = !req->dev;
	pthread_mutex_unlock(&g->lock);
	return done;
}

static enum block_status await(struct guest *g, struct block_req *req)
{
	pthread_mutex_lock(&g->lock);
	while (req->dev)
		pthread_cond_wait(&g->more, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return req->status;
}

static enum block_status run(struct guest *g, struct block_req *req)
{
	submit(g, req);
	return await(g, req);
}

static enum block_status transfer(struct guest *g, enum block_op op, u64 offset, void *p, size_t n)
{
	struct block_req req = { .op = op, .offset = offset, .length = n, .niov = 1 };

	req.iov[0] = (struct iovec){ .iov_base = p, .iov_len = n };
	return run(g, &req);
}

static enum block_status simple(struct guest *g, enum block_op op, u64 offset, u64 length)
{
	struct block_req req = { .op = op, .offset = offset, .length = length };

	return run(g, &req);
}

static void make_image(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < size; i++) {
		u8 buf[4096];
		size_t n = MIN(size - i, sizeof(buf));

		for (size_t k = 0; k < n; k++)
			buf[k] = (u8)((i + k) * 7 + 1);
		assert_int_equal(write(fd, buf, n), n);
		i += n - 1;
	}
	close(fd);
}

static bool try_plug(struct guest *g, const struct host_disk *h, struct err *e)
{
	*g = (struct guest){ .disk = host_disk_open(h, e) };
	if (!g->disk)
		return false;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->more, NULL);
	g->disk->complete = on_complete;
	g->disk->ctx = g;
	return true;
}

static void plug(struct guest *g, enum host_cache cache)
{
	struct host_disk h = { .path = image, .cache = cache };
	struct err e = { 0 };

	if (!try_plug(g, &h, &e))
		fail_msg("%s", e.text);
	atomic_store(&host.syncs, 0);
	atomic_store(&host.writes, 0);
	atomic_store(&host.durable_writes, 0);
}

static void unplug(struct guest *g)
{
	g->disk->ops->free(g->disk);
}

/* -- Opening ------------------------------------------------------------------------------- */

static void another_process_is_told_who_has_the_disk(void **state)
{
	struct host_disk h = { .path = image };
	int ready[2], end[2], status;
	struct err e = { 0 };
	struct guest g;
	char c, text[32];
	pid_t pid;

	make_image(image, 4096);
	assert_int_equal(pipe(ready) | pipe(end), 0);
	pid = fork();
	if (!pid) {
		close(end[1]);
		if (host_disk_open(&h, &e))
			(void)!write(ready[1], "x", 1);
		(void)!read(end[0], &c, 1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_false(try_plug(&g, &h, &e));
	assert_string_equal(e.code, "E0602");
	snprintf(text, sizeof(text), "(pid %d)", pid);
	assert_non_null(strstr(e.text, text));
	assert_non_null(strstr(e.text, image));
	h.read_only = true;
	assert_false(try_plug(&g, &h, &e));
	close(end[0]);
	close(end[1]);
	waitpid(pid, &status, 0);

	assert_true(try_plug(&g, &h, &e)); /* the lock went with its process */
	unplug(&g);
	(void)state;
}

/* By a hard link, of which the board cannot know. */
static void a_disk_that_is_in_the_machine_twice_is_called_so(void **state)
{
	struct host_disk h = { .path = image };
	struct guest one, other;
	struct err e = { 0 };
	char name[80];

	make_image(image, 4096);
	assert_true(try_plug(&one, &h, &e));
	snprintf(name, sizeof(name), "%s.twice", image);
	assert_int_equal(link(image, name), 0);
	h.path = name;
	assert_false(try_plug(&other, &h, &e));
	assert_string_equal(e.code, "E0602");
	assert_non_null(strstr(e.text, "is in this machine twice"));
	unplug(&one);
	unlink(name);
	(void)state;
}

static void readers_share_a_disk_and_keep_writers_out(void **state)
{
	struct host_disk h = { .path = image, .read_only = true };
	struct err e = { 0 };
	struct guest a, b, c;
	u8 sector[512] = { 0 };

	make_image(image, 4096);
	assert_true(try_plug(&a, &h, &e));
	assert_true(try_plug(&b, &h, &e));
	assert_int_equal(transfer(&a, BLOCK_READ, 0, sector, 512), BLOCK_OK);
	assert_int_equal(transfer(&a, BLOCK_WRITE, 0, sector, 512), BLOCK_IOERR);
	assert_int_equal(simple(&a, BLOCK_DISCARD, 0, 512), BLOCK_IOERR);
	assert_int_equal(simple(&a, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	h.read_only = false;
	assert_false(try_plug(&c, &h, &e));
	assert_string_equal(e.code, "E0602");
	unplug(&a);
	unplug(&b);
	(void)state;
}

static void refuse(const char *path, const char *code, const char *words)
{
	struct host_disk h = { .path = path };
	struct err e = { 0 };
	struct guest g;

	assert_false(try_plug(&g, &h, &e));
	assert_string_equal(e.code, code);
	if (!strstr(e.text, words))
		fail_msg("`%s` does not say `%s`", e.text, words);
	assert_true(e.hint[0]);
}

static void what_is_no_disk_is_refused_with_the_reason(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse(path, "E0604", "neither a file nor a block device");
	refuse(folder, "E0604", "Is a directory");
	refuse("/dev/zero", "E0604", "neither a file nor a block device");
	snprintf(path, sizeof(path), "%s/missing", folder);
	refuse(path, "E0604", "No such file");
	snprintf(path, sizeof(path), "%s/empty", folder);
	make_image(path, 0);
	refuse(path, "", "is empty");
	(void)state;
}

static void a_link_to_an_image_is_followed(void **state)
{
	char path[64];
	struct host_disk h = { .path = path };
	struct err e = { 0 };
	struct guest g;

	make_image(image, 4096);
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink(image, path), 0);
	assert_true(try_plug(&g, &h, &e));
	unplug(&g);
	(void)state;
}

/* -- Reading and writing ------------------------------------------------------------------- */

#define DISK_BYTES 65536

/* The list of buffers that a guest's request might be: of all sizes, at odd addresses. */
static void scatter(struct block_req *req, u8 *p, size_t n, u32 seed)
{
	req->niov = 0;
	while (n) {
		size_t k = req->niov == BLOCK_SEGMENTS - 1 ? n : MIN(n, seed % 3001);

		seed = seed * 1103515245 + 12345;
		req->iov[req->niov++] = (struct iovec){ .iov_base = p, .iov_len = k };
		p += k;
		n -= k;
	}
}

/* Random reads and writes against a copy in memory. */
static void act_like_memory(struct guest *g, u32 rounds, u32 seed)
{
	static u8 copy[DISK_BYTES], buf[DISK_BYTES];

	assert_int_equal(transfer(g, BLOCK_READ, 0, copy, DISK_BYTES), BLOCK_OK);
	for (u32 i = 0; i < rounds; i++) {
		struct block_req req = { 0 };
		size_t first, n;

		seed = seed * 1664525 + 1013904223;
		first = seed >> 8 & 127;
		n = MIN(128 - first, 1 + (seed >> 16 & 31)) * 512;
		first *= 512;
		req.op = seed >> 30 ? BLOCK_WRITE : BLOCK_READ;
		req.offset = first;
		req.length = n;
		scatter(&req, buf, n, seed);
		if (req.op == BLOCK_WRITE) {
			for (size_t k = 0; k < n; k++)
				buf[k] = (u8)(seed + k * 13);
			memcpy(copy + first, buf, n);
		}
		assert_int_equal(run(g, &req), BLOCK_OK);
		assert_memory_equal(buf, copy + first, n);
	}
	assert_int_equal(transfer(g, BLOCK_READ, 0, buf, DISK_BYTES), BLOCK_OK);
	assert_memory_equal(buf, copy, DISK_BYTES);
}

static void it_keeps_what_was_written(void **state)
{
	struct guest g;

	make_image(image, DISK_BYTES);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(g.disk->size, DISK_BYTES);
	act_like_memory(&g, 300, 1);
	unplug(&g);
	(void)state;
}

static void short_and_interrupted_transfers_are_continued(void **state)
{
	struct guest g;

	make_image(image, DISK_BYTES);
	plug(&g, HOST_WRITEBACK);
	atomic_store(&host.most, 777);
	act_like_memory(&g, 100, 2);
	assert_true(host.interrupts > 100);
	unplug(&g);

	plug(&g, HOST_WRITETHROUGH);
	act_like_memory(&g, 20, 3);
	unplug(&g);
	(void)state;
}

static void direct_io_takes_any_memory_and_any_sector(void **state)
{
	struct host_disk h = { .path = image, .cache = HOST_DIRECT };
	struct err e = { 0 };
	struct guest g;

	make_image(image, DISK_BYTES);
	if (!try_plug(&g, &h, &e)) {
		print_message("%s\n", e.text);
		skip();
	}
	act_like_memory(&g, 200, 4);
	unplug(&g);
	(void)state;
}

/* Eight sectors in one block of 4096 bytes, two workers: each reads, changes and writes
 * the whole block. */
static void neighbours_in_one_block_do_not_lose_each_other(void **state)
{
	static u8 data[8][512], back[4096];
	struct host_disk h = { .path = image, .cache = HOST_DIRECT };
	struct block_req req[8];
	struct err e = { 0 };
	struct guest g;

	make_image(image, DISK_BYTES);
	atomic_store(&host.block, 4096);
	if (!try_plug(&g, &h, &e))
		skip();
	act_like_memory(&g, 100, 5);
	for (u32 round = 0; round < 50; round++) {
		for (u32 i = 0; i < 8; i++) {
			memset(data[i], (int)(round * 8 + i), 512);
			memset(&req[i], 0, sizeof(req[i]));
			req[i].op = BLOCK_WRITE;
			req[i].offset = i * 512;
			req[i].length = 512;
			req[i].niov = 1;
			req[i].iov[0] = (struct iovec){ .iov_base = data[i], .iov_len = 512 };
			submit(&g, &req[i]);
		}
		for (u32 i = 0; i < 8; i++)
			assert_int_equal(await(&g, &req[i]), BLOCK_OK);
		assert_int_equal(transfer(&g, BLOCK_READ, 0, back, 4096), BLOCK_OK);
		assert_memory_equal(back, data, 4096);
	}
	unplug(&g);
	(void)state;
}

static void an_odd_size_is_filled_up_to_a_sector(void **state)
{
	struct guest g;
	struct stat st;
	u8 buf[1024];

	make_image(image, 1000);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(g.disk->size, 1024);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, 1024), BLOCK_OK);
	assert_int_equal(buf[999], (u8)(999 * 7 + 1));
	for (u32 i = 1000; i < 1024; i++)
		assert_int_equal(buf[i], 0);
	assert_int_equal(stat(image, &st), 0);
	assert_int_equal(st.st_size, 1000);

	memset(buf, 0x5a, 512);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 512, buf, 512), BLOCK_OK);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(transfer(&g, BLOCK_READ, 512, buf, 512), BLOCK_OK);
	assert_int_equal(buf[511], 0x5a);
	assert_int_equal(transfer(&g, BLOCK_READ, 1024, buf, 512), BLOCK_IOERR);
	assert_int_equal(transfer(&g, BLOCK_WRITE, UINT64_MAX - 511, buf, 512), BLOCK_IOERR);
	unplug(&g);
	(void)state;
}

static void a_file_cut_under_us_is_an_io_error(void **state)
{
	struct guest g;
	u8 buf[512];

	make_image(image, 8192);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(truncate(image, 4096), 0);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, 512), BLOCK_OK);
	assert_int_equal(transfer(&g, BLOCK_READ, 4096, buf, 512), BLOCK_IOERR);
	unplug(&g);
	(void)state;
}

/* -- Promises about the disk below ---------------------------------------------------------- */

static void a_flush_syncs_what_was_written_and_only_then(void **state)
{
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(host.syncs, 0); /* nothing is dirty */
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	assert_int_equal(host.syncs, 0);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(host.syncs, 1);
	assert_int_equal(simple(&g, BLOCK_DISCARD, 0, 4096), BLOCK_OK);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(host.syncs, 2);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	unplug(&g);
	assert_int_equal(host.syncs, 3); /* and when it ends */
	(void)state;
}

static void a_flush_waits_for_the_sync_that_another_began(void **state)
{
	struct block_req first = { .op = BLOCK_FLUSH }, second = { .op = BLOCK_FLUSH };
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	atomic_store(&host.hold_sync, true);
	submit(&g, &first);
	while (!atomic_load(&host.held))
		usleep(500);
	submit(&g, &second); /* finds nothing dirty, but the write is not on the disk yet */
	usleep(20000);
	assert_false(is_done(&g, &second));
	atomic_store(&host.hold_sync, false);
	assert_int_equal(await(&g, &first), BLOCK_OK);
	assert_int_equal(await(&g, &second), BLOCK_OK);
	unplug(&g);
	(void)state;
}

static void write_through_makes_each_write_durable(void **state)
{
	struct block_req durable = { .op = BLOCK_WRITE, .durable = true, .length = 512, .niov = 1 };
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_WRITETHROUGH);
	assert_false(g.disk->writeback);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	assert_int_equal(host.durable_writes, 1);
	assert_int_equal(simple(&g, BLOCK_ZERO, 0, 4096), BLOCK_OK);
	assert_int_equal(host.syncs, 1);
	unplug(&g);

	plug(&g, HOST_WRITEBACK);
	assert_true(g.disk->writeback);
	durable.iov[0] = (struct iovec){ .iov_base = buf, .iov_len = 512 };
	assert_int_equal(run(&g, &durable), BLOCK_OK); /* FUA */
	assert_int_equal(host.durable_writes, 1);
	g.disk->writeback = false; /* a driver without flushes */
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	assert_int_equal(host.durable_writes, 2);
	unplug(&g);
	(void)state;
}

static void unsafe_never_syncs(void **state)
{
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_UNSAFE);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	unplug(&g);
	assert_int_equal(host.syncs, 0);
	(void)state;
}

static void after_a_failed_sync_nothing_is_promised_any_more(void **state)
{
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_WRITEBACK);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	atomic_store(&host.sync_errno, EIO);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_IOERR);
	atomic_store(&host.sync_errno, 0); /* the kernel has forgotten it */
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_IOERR);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_IOERR);
	assert_int_equal(simple(&g, BLOCK_ZERO, 0, 512), BLOCK_IOERR);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, 512), BLOCK_OK);
	unplug(&g);
	(void)state;
}

static u32 lines;
static char last_line[512];

static void keep_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	lines++;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

static void errors_reach_the_guest_and_the_log_once_each(void **state)
{
	struct guest g;
	u8 buf[512] = { 0 };

	make_image(image, 8192);
	plug(&g, HOST_WRITEBACK);
	lines = 0;
	log_sink(keep_line, NULL);
	for (u32 i = 0; i < 3; i++) {
		atomic_store(&host.write_errno, ENOSPC);
		assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_NOSPACE);
		assert_int_equal(lines, i ? 2 : 1);
		atomic_store(&host.write_errno, EIO);
		assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_IOERR);
		assert_int_equal(lines, 2);
	}
	assert_non_null(strstr(last_line, image));
	atomic_store(&host.write_errno, 0);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	unplug(&g);
	log_sink(NULL, NULL);
	(void)state;
}

/* For real: the process may not write behind 4096.  In a child, for the limit stays. */
static void a_file_size_limit_is_no_space_and_no_signal(void **state)
{
	struct rlimit limit = { .rlim_cur = 4096, .rlim_max = 4096 };
	struct host_disk h = { .path = image };
	struct guest g;
	struct err e = { 0 };
	u8 buf[512] = { 0 };
	int status;
	pid_t pid;

	make_image(image, 8192);
	pid = fork();
	if (!pid) {
		bool ok = try_plug(&g, &h, &e) && !setrlimit(RLIMIT_FSIZE, &limit) &&
			  transfer(&g, BLOCK_WRITE, 0, buf, 512) == BLOCK_OK &&
			  transfer(&g, BLOCK_WRITE, 4096, buf, 512) == BLOCK_NOSPACE;

		_exit(ok ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	(void)state;
}

/* -- Holes and zeros ------------------------------------------------------------------------- */

static u64 blocks_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (u64)st.st_blocks;
}

static void discard_gives_the_space_back(void **state)
{
	struct block_req zero = { .op = BLOCK_ZERO, .unmap = true, .length = MIB };
	struct guest g;
	u64 before;

	make_image(image, 4 * MIB);
	plug(&g, HOST_WRITEBACK);
	before = blocks_of(image);
	assert_int_equal(simple(&g, BLOCK_DISCARD, MIB, 2 * MIB), BLOCK_OK);
	assert_true(blocks_of(image) <= before - 2 * MIB / 512);
	assert_int_equal(run(&g, &zero), BLOCK_OK);
	assert_true(blocks_of(image) <= before - 3 * MIB / 512);
	unplug(&g);
	(void)state;
}

static void zeros(struct guest *g, int error)
{
	static u8 buf[4 * 1024 * 1024];

	atomic_store(&host.fallocate_errno, error);
	assert_int_equal(simple(g, BLOCK_ZERO, 512, 3 * MIB + 1024), BLOCK_OK);
	assert_int_equal(transfer(g, BLOCK_READ, 0, buf, sizeof(buf)), BLOCK_OK);
	assert_int_equal(buf[511], (u8)(511 * 7 + 1));
	for (size_t i = 512; i < 3 * MIB + 1536; i++)
		if (buf[i])
			fail_msg("byte %zu is %u", i, buf[i]);
	assert_int_equal(buf[3 * MIB + 1536], (u8)((3 * MIB + 1536) * 7 + 1));
}

static void zeros_are_written_where_the_host_has_no_call_for_it(void **state)
{
	struct guest g;

	for (u32 i = 0; i < 2; i++) {
		make_image(image, 4 * MIB);
		plug(&g, HOST_WRITEBACK);
		zeros(&g, i ? EOPNOTSUPP : 0);
		assert_true(i ? host.writes > 0 : host.writes == 0);
		assert_int_equal(simple(&g, BLOCK_DISCARD, 0, 512), BLOCK_OK);
		unplug(&g);
	}
	(void)state;
}

/* -- Reset ------------------------------------------------------------------------------------- */

/* When what had not begun is over. */
static void *let_go(void *ctx)
{
	struct guest *g = ctx;

	pthread_mutex_lock(&g->lock);
	while (g->completed < 18)
		pthread_cond_wait(&g->more, &g->lock);
	pthread_mutex_unlock(&g->lock);
	atomic_store(&host.hold_write, false);
	return NULL;
}

static void a_drain_completes_each_request_once(void **state)
{
	static struct block_req req[20];
	static u8 buf[20][512];
	struct guest g;
	pthread_t t;
	u32 failed = 0;

	make_image(image, DISK_BYTES);
	plug(&g, HOST_WRITEBACK);
	atomic_store(&host.hold_write, true);
	for (u32 i = 0; i < 20; i++) {
		req[i] = (struct block_req){
			.op = BLOCK_WRITE, .offset = i * 512, .length = 512, .niov = 1
		};
		req[i].iov[0] = (struct iovec){ .iov_base = buf[i], .iov_len = 512 };
		submit(&g, &req[i]);
	}
	while (atomic_load(&host.held) < 2)
		usleep(500);
	pthread_create(&t, NULL, let_go, &g);
	g.disk->ops->drain(g.disk);
	assert_int_equal(g.completed, 20);
	for (u32 i = 0; i < 20; i++)
		failed += req[i].status == BLOCK_IOERR;
	assert_int_equal(failed, 18); /* what had not begun */
	pthread_join(t, NULL);
	g.disk->ops->drain(g.disk); /* of nothing */
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf[0], 512), BLOCK_OK);
	assert_int_equal(g.completed, 21);
	unplug(&g);
	(void)state;
}

/* -- qcow2 ------------------------------------------------------------------------------------- */

static char qcow2[64], copy[64];

static void make_qcow2(const char *path, u64 size)
{
	struct err e = { 0 };

	unlink(path);
	if (!disk_image_create(path, HOST_QCOW2, size, &e))
		fail_msg("%s", e.text);
}

static void must_plug(struct guest *g, const struct host_disk *h)
{
	struct err e = { 0 };

	if (!try_plug(g, h, &e))
		fail_msg("%s", e.text);
}

static void must_be_sound(const char *path)
{
	struct qcow2_report r;
	struct err e = { 0 };

	if (!disk_image_check(path, false, &r, &e))
		fail_msg("%s", e.text);
	if (r.errors || r.leaks)
		fail_msg("%" PRIu64 " errors, %" PRIu64 " leaks: %s", r.errors, r.leaks,
			 r.finding[0]);
}

static void it_keeps_what_was_written_in_every_kind_of_image(void **state)
{
	const struct host_layer raw = { .path = image };
	const struct host_disk kinds[] = {
		{ .path = qcow2, .format = HOST_QCOW2 },
		{ .path = qcow2, .format = HOST_QCOW2, .cache = HOST_WRITETHROUGH },
		{ .path = qcow2, .format = HOST_QCOW2, .cache = HOST_UNSAFE },
		{ .path = qcow2, .format = HOST_QCOW2, .backing = &raw },
		{ .path = image, .ephemeral = true },
		{ .path = qcow2, .format = HOST_QCOW2, .backing = &raw, .ephemeral = true },
	};

	for (u32 i = 0; i < ARRAY_LEN(kinds) * 2; i++) {
		const struct host_disk *h = &kinds[i / 2];
		struct guest g;

		make_image(image, DISK_BYTES - 1000);
		make_qcow2(qcow2, DISK_BYTES);
		must_plug(&g, h);
		atomic_store(&host.most, i % 2 ? 777 : 0);
		assert_int_equal(g.disk->size,
				 h->path == image ? align_up(DISK_BYTES - 1000, 512) : DISK_BYTES);
		if (h->path == qcow2)
			act_like_memory(&g, 60, i);
		unplug(&g);
		atomic_store(&host.most, 0);
		must_be_sound(qcow2);
	}
	(void)state;
}

static void what_was_written_is_there_the_next_time(void **state)
{
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	struct guest g;
	u8 buf[512];

	make_qcow2(qcow2, 4 * MIB);
	must_plug(&g, &h);
	memset(buf, 0x42, 512);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 3 * MIB, buf, 512), BLOCK_OK);
	unplug(&g);
	must_plug(&g, &h);
	memset(buf, 0, 512);
	assert_int_equal(transfer(&g, BLOCK_READ, 3 * MIB, buf, 512), BLOCK_OK);
	assert_int_equal(buf[511], 0x42);
	unplug(&g);
	must_be_sound(qcow2);
	(void)state;
}

static void copy_file(const char *from, const char *to)
{
	const char *argv[] = { "cp", from, to, NULL };
	struct err e = { 0 };

	assert_true(host_run(argv, NULL, &e));
}

/* The file as a kill at this moment leaves it: the first byte of sector `n`. */
static u8 after_a_kill(u64 n)
{
	struct host_disk h = { .path = copy, .format = HOST_QCOW2, .read_only = true };
	struct guest g;
	u8 buf[512];

	copy_file(qcow2, copy);
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_READ, n * 512, buf, 512), BLOCK_OK);
	unplug(&g);
	return buf[0];
}

static void a_flush_puts_the_tables_of_qcow2_into_the_file(void **state)
{
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	struct guest g;
	u8 buf[512];

	make_qcow2(qcow2, 4 * MIB);
	must_plug(&g, &h);
	memset(buf, 1, 512);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 512, buf, 512), BLOCK_OK);
	assert_int_equal(after_a_kill(1), 0);
	atomic_store(&host.syncs, 0);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(host.syncs, 2); /* data and counts, then what points to them */
	assert_int_equal(after_a_kill(1), 1);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(host.syncs, 2);
	assert_int_equal(simple(&g, BLOCK_ZERO, 0, 65536), BLOCK_OK);
	assert_int_equal(after_a_kill(1), 1);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(after_a_kill(1), 0);
	unplug(&g);

	h.cache = HOST_WRITETHROUGH;
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 512, buf, 512), BLOCK_OK);
	assert_int_equal(after_a_kill(1), 1);
	assert_int_equal(simple(&g, BLOCK_DISCARD, 0, 65536), BLOCK_OK);
	assert_int_equal(after_a_kill(1), 0);
	unplug(&g);
	must_be_sound(qcow2);
	(void)state;
}

static void a_table_that_finds_no_room_is_written_by_the_next_flush(void **state)
{
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	struct guest g;
	static u8 cluster[65536];

	make_qcow2(qcow2, 4 * MIB);
	must_plug(&g, &h);
	memset(cluster, 7, sizeof(cluster));
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, cluster, 65536), BLOCK_OK);
	atomic_store(&host.table_errno, ENOSPC);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_NOSPACE);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_NOSPACE);
	atomic_store(&host.table_errno, 0);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(after_a_kill(0), 7);

	atomic_store(&host.write_errno, ENOSPC);
	assert_int_equal(transfer(&g, BLOCK_WRITE, MIB, cluster, 65536), BLOCK_NOSPACE);
	atomic_store(&host.write_errno, 0);
	memset(cluster, 0xff, sizeof(cluster));
	assert_int_equal(transfer(&g, BLOCK_READ, MIB, cluster, 65536), BLOCK_OK);
	assert_int_equal(cluster[0] | cluster[65535], 0);
	unplug(&g);
	must_be_sound(qcow2);
	(void)state;
}

static void after_a_failed_sync_of_qcow2_nothing_is_promised_any_more(void **state)
{
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	struct guest g;
	u8 buf[512] = { 1 };

	make_qcow2(qcow2, 4 * MIB);
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_OK);
	atomic_store(&host.sync_errno, EIO);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_IOERR);
	atomic_store(&host.sync_errno, 0);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_IOERR);
	assert_int_equal(transfer(&g, BLOCK_WRITE, 0, buf, 512), BLOCK_IOERR);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], 1);
	unplug(&g);
	assert_int_equal(after_a_kill(0), 0); /* nothing points to what may not be there */
	(void)state;
}

static void discard_gives_the_room_of_clusters_back(void **state)
{
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	static u8 buf[MIB];
	struct guest g;
	u64 before;

	make_qcow2(qcow2, 4 * MIB);
	must_plug(&g, &h);
	memset(buf, 3, sizeof(buf));
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(transfer(&g, BLOCK_WRITE, i * MIB, buf, MIB), BLOCK_OK);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	before = blocks_of(qcow2);
	assert_int_equal(simple(&g, BLOCK_DISCARD, MIB - 512, 2 * MIB + 1024), BLOCK_OK);
	assert_int_equal(simple(&g, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	/* But for what the host's file system needs to know where the holes are. */
	assert_true(blocks_of(qcow2) <= before - (2 * MIB - 65536) / 512);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, MIB), BLOCK_OK);
	assert_int_equal(buf[MIB - 512], 3); /* of a cluster that was not whole */
	assert_int_equal(simple(&g, BLOCK_ZERO, MIB - 1024, 512), BLOCK_OK);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, MIB), BLOCK_OK);
	assert_int_equal(buf[MIB - 1024], 0);
	assert_int_equal(buf[MIB - 1025], 3);
	assert_int_equal(buf[MIB - 512], 3);
	unplug(&g);
	must_be_sound(qcow2);
	(void)state;
}

/* Each request has clusters of its own; tables and counts they share. */
static void requests_at_once_do_not_get_in_each_others_way(void **state)
{
	enum { LANES = 8, LANE = 512 * 1024 };
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	static u8 data[LANES][LANE], back[LANE];
	static struct block_req req[LANES];
	struct guest g;
	u32 seed = 17;

	make_qcow2(qcow2, LANES * LANE);
	must_plug(&g, &h);
	memset(data, 0, sizeof(data));
	for (u32 round = 0; round < 150; round++) {
		for (u32 i = 0; i < LANES; i++) {
			u64 first, n;

			seed = seed * 1664525 + 1013904223;
			first = (seed >> 8) % 128 * 4096;
			n = MIN(LANE - first, (1 + (seed >> 20) % 40) * 4096);
			req[i] = (struct block_req){ .op = BLOCK_WRITE,
						     .offset = i * LANE + first,
						     .length = n };
			if (seed >> 29 == 0) {
				req[i].op = BLOCK_ZERO;
				memset(data[i] + first, 0, n);
			} else if (seed >> 29 == 1) {
				req[i].op = BLOCK_FLUSH;
			} else {
				memset(data[i] + first, (int)(round + i), n);
				req[i].niov = 1;
				req[i].iov[0] = (struct iovec){ data[i] + first, n };
			}
			submit(&g, &req[i]);
		}
		for (u32 i = 0; i < LANES; i++)
			assert_int_equal(await(&g, &req[i]), BLOCK_OK);
	}
	for (u32 i = 0; i < LANES; i++) {
		assert_int_equal(transfer(&g, BLOCK_READ, i * LANE, back, LANE), BLOCK_OK);
		assert_memory_equal(back, data[i], LANE);
	}
	unplug(&g);
	must_be_sound(qcow2);
	(void)state;
}

/* -- Layers ----------------------------------------------------------------------------------- */

static u64 sum_of(const char *path)
{
	size_t n;
	struct err e = { 0 };
	u8 *bytes = host_read_file(path, 64 * MIB, &n, &e);
	u64 sum = n;

	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + bytes[i];
	free(bytes);
	return sum;
}

static void two_runs_share_an_image_that_neither_of_them_changes(void **state)
{
	const struct host_disk h = { .path = image, .ephemeral = true };
	struct err e = { 0 };
	struct guest a, b, c;
	u8 buf[512];
	u64 sum;

	make_image(image, 65536);
	sum = sum_of(image);
	must_plug(&a, &h);
	must_plug(&b, &h);
	assert_false(a.disk->read_only);
	memset(buf, 0xaa, 512);
	assert_int_equal(transfer(&a, BLOCK_WRITE, 1024, buf, 512), BLOCK_OK);
	assert_int_equal(simple(&a, BLOCK_DISCARD, 0, 1024), BLOCK_OK);
	memset(buf, 0xbb, 512);
	assert_int_equal(transfer(&b, BLOCK_WRITE, 1024, buf, 512), BLOCK_OK);
	assert_int_equal(simple(&b, BLOCK_FLUSH, 0, 0), BLOCK_OK);
	assert_int_equal(transfer(&a, BLOCK_READ, 1024, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], 0xaa);
	assert_int_equal(transfer(&b, BLOCK_READ, 1024, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], 0xbb);
	assert_int_equal(transfer(&b, BLOCK_READ, 512, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], (u8)(512 * 7 + 1));
	assert_false(try_plug(&c, &(struct host_disk){ .path = image }, &e));
	assert_string_equal(e.code, "E0602");
	assert_non_null(strstr(e.hint, "--ephemeral"));
	unplug(&a);
	unplug(&b);
	assert_int_equal(sum_of(image), sum);
	(void)state;
}

static void what_lies_under_an_image_is_what_the_user_says(void **state)
{
	const struct host_layer base = { .path = image };
	struct host_disk h = { .path = qcow2, .format = HOST_QCOW2 };
	struct err e = { 0 };
	struct guest g;
	u8 buf[512];

	make_image(image, 65536);
	unlink(qcow2);
	assert_true(disk_image_overlay(qcow2, &base, &e));
	assert_false(try_plug(&g, &h, &e));
	assert_string_equal(e.code, "E0621");
	assert_non_null(strstr(e.text, "x.img"));
	assert_non_null(strstr(e.hint, "backing:"));
	h.backing = &base;
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_READ, 512, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], (u8)(512 * 7 + 1));
	unplug(&g);

	/* Of another file, whatever the image says of itself. */
	in_folder(copy, sizeof(copy), "other.img");
	make_image(copy, 512);
	h.backing = &(const struct host_layer){ .path = copy };
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_READ, 512, buf, 512), BLOCK_OK);
	assert_int_equal(buf[0], 0); /* which ends there */
	unplug(&g);
	in_folder(copy, sizeof(copy), "copy.qcow2");
	(void)state;
}

static void a_format_is_never_guessed(void **state)
{
	struct host_disk h = { .path = qcow2 };
	struct err e = { 0 };
	struct guest g;
	u8 buf[512];

	make_qcow2(qcow2, MIB);
	must_plug(&g, &h);
	assert_int_equal(transfer(&g, BLOCK_READ, 0, buf, 512), BLOCK_OK);
	assert_memory_equal(buf, "QFI\xfb", 4);
	unplug(&g);
	make_image(image, 65536);
	h = (struct host_disk){ .path = image, .format = HOST_QCOW2 };
	assert_false(try_plug(&g, &h, &e));
	assert_string_equal(e.code, "E0620");
	assert_non_null(strstr(e.hint, "format: raw"));
	(void)state;
}

/* A limit of file sizes stands for a full disk. */
static void a_new_image_is_whole_or_not_there(void **state)
{
	struct rlimit limit = { .rlim_cur = 500000, .rlim_max = 500000 };
	const struct host_layer from = { .path = image };
	const struct disk_copy c = { .from = &from, .to = copy, .format = HOST_QCOW2 };
	struct err e = { 0 };
	int status;
	pid_t pid;

	make_image(image, MIB);
	unlink(copy);
	pid = fork();
	if (!pid) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(disk_image_convert(&c, &e) || strcmp(e.code, "E0609") ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(access(copy, F_OK), -1);
	assert_true(disk_image_convert(&c, &e));
	assert_false(disk_image_convert(&c, &e)); /* it is there already */
	must_be_sound(copy);
	(void)state;
}

static void must_not_begin(void *ctx, u64 done, u64 total)
{
	(void)ctx;
	fail_msg("%llu of %llu bytes are copied", (unsigned long long)done,
		 (unsigned long long)total);
}

static void a_name_that_cannot_be_is_known_before_the_work(void **state)
{
	const struct host_layer from = { .path = image };
	struct disk_copy c = { .from = &from, .progress = must_not_begin };
	char name[400];
	struct err e = { 0 };

	make_image(image, MIB);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	c.to = name;
	assert_false(disk_image_convert(&c, &e));
	assert_string_equal(e.code, "E0604");
	(void)state;
}

static int calm(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	return 0;
}

static int set_up(void **state)
{
	if (make_folder(state))
		return -1;
	in_folder(image, sizeof(image), "x.img");
	in_folder(qcow2, sizeof(qcow2), "x.qcow2");
	in_folder(copy, sizeof(copy), "copy.qcow2");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(another_process_is_told_who_has_the_disk, calm),
		cmocka_unit_test_setup(a_disk_that_is_in_the_machine_twice_is_called_so, calm),
		cmocka_unit_test_setup(readers_share_a_disk_and_keep_writers_out, calm),
		cmocka_unit_test_setup(what_is_no_disk_is_refused_with_the_reason, calm),
		cmocka_unit_test_setup(a_link_to_an_image_is_followed, calm),
		cmocka_unit_test_setup(it_keeps_what_was_written, calm),
		cmocka_unit_test_setup(short_and_interrupted_transfers_are_continued, calm),
		cmocka_unit_test_setup(direct_io_takes_any_memory_and_any_sector, calm),
		cmocka_unit_test_setup(neighbours_in_one_block_do_not_lose_each_other, calm),
		cmocka_unit_test_setup(an_odd_size_is_filled_up_to_a_sector, calm),
		cmocka_unit_test_setup(a_file_cut_under_us_is_an_io_error, calm),
		cmocka_unit_test_setup(a_flush_syncs_what_was_written_and_only_then, calm),
		cmocka_unit_test_setup(a_flush_waits_for_the_sync_that_another_began, calm),
		cmocka_unit_test_setup(write_through_makes_each_write_durable, calm),
		cmocka_unit_test_setup(unsafe_never_syncs, calm),
		cmocka_unit_test_setup(after_a_failed_sync_nothing_is_promised_any_more, calm),
		cmocka_unit_test_setup(errors_reach_the_guest_and_the_log_once_each, calm),
		cmocka_unit_test_setup(a_file_size_limit_is_no_space_and_no_signal, calm),
		cmocka_unit_test_setup(discard_gives_the_space_back, calm),
		cmocka_unit_test_setup(zeros_are_written_where_the_host_has_no_call_for_it, calm),
		cmocka_unit_test_setup(a_drain_completes_each_request_once, calm),
		cmocka_unit_test_setup(it_keeps_what_was_written_in_every_kind_of_image, calm),
		cmocka_unit_test_setup(what_was_written_is_there_the_next_time, calm),
		cmocka_unit_test_setup(a_flush_puts_the_tables_of_qcow2_into_the_file, calm),
		cmocka_unit_test_setup(a_table_that_finds_no_room_is_written_by_the_next_flush,
				       calm),
		cmocka_unit_test_setup(after_a_failed_sync_of_qcow2_nothing_is_promised_any_more,
				       calm),
		cmocka_unit_test_setup(discard_gives_the_room_of_clusters_back, calm),
		cmocka_unit_test_setup(requests_at_once_do_not_get_in_each_others_way, calm),
		cmocka_unit_test_setup(two_runs_share_an_image_that_neither_of_them_changes, calm),
		cmocka_unit_test_setup(what_lies_under_an_image_is_what_the_user_says, calm),
		cmocka_unit_test_setup(a_format_is_never_guessed, calm),
		cmocka_unit_test_setup(a_new_image_is_whole_or_not_there, calm),
		cmocka_unit_test_setup(a_name_that_cannot_be_is_known_before_the_work, calm),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
