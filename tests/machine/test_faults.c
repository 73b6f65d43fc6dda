/* The n-th call to the operating system fails, for n = 1, 2, ... until a run needs fewer.
 *
 * The calls that src/host makes are replaced below.  Each run is a child: it may succeed, or
 * end with a message and an exit code of cli.h; it may not crash, hang, leak (MODE=asan) or
 * fail without a word.  Memory is not among what fails: xzalloc() ends the process by design,
 * and sizes from outside are bounded before.
 */
#define _GNU_SOURCE
#include "check.h"
#include "cli.h"
#include "folder.h"
#include "patience.h"
#include "riscv.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- Calls that fail ------------------------------------------------------------------ */

/* Shared with the child. */
static struct faults {
	_Atomic u32 fails; /* the number of the call that fails, from 1; 0: none */
	_Atomic u32 calls; /* so far */
	char name[32];     /* of the call that failed */
	bool no_code;      /* no mapping can be executed */
} * faults;

/* For mmap(), too, which the thread sanitizer calls before it has begun. */
NO_TSAN static bool fails(const char *name, int error)
{
	u32 number;

	if (!faults || !atomic_load(&faults->fails))
		return false;
	number = atomic_fetch_add(&faults->calls, 1) + 1;
	if (number != atomic_load(&faults->fails))
		return false;
	snprintf(faults->name, sizeof(faults->name), "%s", name);
	errno = error;
	return true;
}

/* NAME(parameters) that fails with an errno, or is the system call. */
#define CALL(type, name, params, error, ...)                                                       \
	type name params                                                                           \
	{                                                                                          \
		return fails(#name, error) ? -1 : (type)syscall(__VA_ARGS__);                      \
	}

CALL(ssize_t, read, (int fd, void *p, size_t n), EIO, SYS_read, fd, p, n)
CALL(ssize_t, pread, (int fd, void *p, size_t n, off_t at), EIO, SYS_pread64, fd, p, n, at)
CALL(ssize_t, preadv, (int fd, const struct iovec *v, int n, off_t at), EIO, SYS_preadv, fd, v, n,
     at, 0)
CALL(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), EIO, SYS_pwritev, fd, v, n,
     at, 0)
CALL(ssize_t, pwritev2, (int fd, const struct iovec *v, int n, off_t at, int flags), ENOSPC,
     SYS_pwritev2, fd, v, n, at, 0, flags)
CALL(int, fdatasync, (int fd), EIO, SYS_fdatasync, fd)
CALL(int, fsync, (int fd), EIO, SYS_fsync, fd)
CALL(int, fallocate, (int fd, int mode, off_t at, off_t n), ENOSPC, SYS_fallocate, fd, mode, at, n)
CALL(int, ftruncate, (int fd, off_t n), ENOSPC, SYS_ftruncate, fd, n)
CALL(int, fchmod, (int fd, mode_t mode), EPERM, SYS_fchmod, fd, mode)
CALL(off_t, lseek, (int fd, off_t at, int from), ESPIPE, SYS_lseek, fd, at, from)
CALL(int, madvise, (void *p, size_t n, int advice), EINVAL, SYS_madvise, p, n, advice)
CALL(int, pipe2, (int fds[2], int flags), EMFILE, SYS_pipe2, fds, flags)
CALL(int, socket, (int domain, int type, int protocol), EMFILE, SYS_socket, domain, type, protocol)
CALL(int, listen, (int fd, int n), EADDRINUSE, SYS_listen, fd, n)
CALL(int, rename, (const char *from, const char *to), EACCES, SYS_rename, from, to)
CALL(int, posix_openpt, (int flags), EMFILE, SYS_openat, AT_FDCWD, "/dev/ptmx", flags)

/* A pipe whose reader is there takes what fits: that never fails. */
ssize_t write(int fd, const void *p, size_t n)
{
	struct stat st;

	if (!fstat(fd, &st) && !S_ISFIFO(st.st_mode) && fails("write", ENOSPC))
		return -1;
	return syscall(SYS_write, fd, p, n);
}

int __open_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return fails("open", EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
	va_end(ap);
	return fails("open", EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	return fails("fcntl", ENOLCK) ? -1 : (int)syscall(SYS_fcntl, fd, command, arg);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails("ioctl", ENOTTY) ? -1 : (int)syscall(SYS_ioctl, fd, request, arg);
}

NO_TSAN void *mmap(void *p, size_t n, int protection, int flags, int fd, off_t at)
{
	if (fails("mmap", ENOMEM))
		return MAP_FAILED;
	if (faults && faults->no_code && protection & PROT_EXEC) {
		errno = EACCES;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, p, n, protection, flags, fd, at);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec){ 0 };

	if (fails("ppoll", ENOMEM))
		return -1;
	return (int)syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, mask, (size_t)_NSIG / 8);
}

int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *ctx), void *ctx)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	void *found = dlsym(RTLD_NEXT, "pthread_create");

	memcpy(&real, &found, sizeof(real));
	return fails("pthread_create", EAGAIN) ? EAGAIN : real(t, attr, fn, ctx);
}

/* -- What runs ------------------------------------------------------------------------- */

/* Says "hello" on the UART and passes. */
static const u32 hello[] = {
	0x100002b7, /* lui  t0, 0x10000      */
	0x06800313, /* li   t1, 'h'          */
	0x00628023, /* sb   t1, 0(t0)        */
	0x00a00313, /* li   t1, '\n'         */
	0x00628023, /* sb   t1, 0(t0)        */
	0x00005337, /* lui  t1, 0x5          */
	0x5553031b, /* addiw t1, t1, 0x555   */
	0x001002b7, /* lui  t0, 0x100        */
	0x0062a023, /* sw   t1, 0(t0)        */
	0x0000006f, /* j    .                */
};

static int command(const char *const *words)
{
	const char *argv[24];
	struct args a;
	struct err e;
	int argc = 0, code = EXIT_USAGE;

	while (words[argc]) {
		argv[argc] = words[argc];
		argc++;
	}
	if (!host_init(&e)) {
		print_err(&e);
		return EXIT_HOST;
	}
	if (args_parse(&a, command_find(argv[0]), argc - 1, (char **)(uintptr_t)(argv + 1)))
		code = a.command->run(&a);
	args_free(&a);
	return code;
}

/* From the board to the halt, with one of each that a board can be connected to. */
static int run_a_board(void)
{
	char set[7][160];
	const char *words[] = { "run",       "boards/bare.yaml",
				"-p",        "elf=unused",
				"--timeout", "10s",
				"--set",     set[0],
				"--set",     set[1],
				"--set",     set[2],
				"--set",     set[3],
				"--set",     set[4],
				"--set",     "boot.entry=0x8000_0000",
				NULL };

	snprintf(set[0], sizeof(set[0]), "boot.load={file: %s/hello, format: raw, at: 0x8000_0000}",
		 folder);
	snprintf(set[1], sizeof(set[1]),
		 "devices.disk0={device: virtio-blk, host: {file: %s/disk}}", folder);
	snprintf(set[2], sizeof(set[2]),
		 "devices.uart1={device: uart-16550, reg: auto, interrupts: auto, host: pty}");
	snprintf(set[3], sizeof(set[3]),
		 "devices.uart2={device: uart-16550, reg: auto, interrupts: auto, "
		 "host: {socket: %s/socket}}",
		 folder);
	snprintf(set[4], sizeof(set[4]),
		 "devices.uart3={device: uart-16550, reg: auto, interrupts: auto, "
		 "host: {log: %s/log}}",
		 folder);
	return command(words);
}

static int check_a_board(void)
{
	return command((const char *[]){ "check", "boards/virt-mmio.yaml", NULL });
}

static int write_a_device_tree(void)
{
	char out[80];

	return command((const char *[]){ "dtb", "boards/minimal.yaml", "--out",
					 in_folder(out, sizeof(out), "dtb"), NULL });
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool complete;
} disk;

static void on_complete(void *ctx, struct block_req *req)
{
	pthread_mutex_lock(&disk.lock);
	disk.complete = true;
	pthread_cond_signal(&disk.more);
	pthread_mutex_unlock(&disk.lock);
	(void)ctx, (void)req;
}

static bool request(struct block *b, enum block_op op, u64 offset, void *bytes, size_t n)
{
	struct block_req req = { .op = op, .offset = offset, .length = n, .niov = bytes ? 1 : 0 };

	req.iov[0] = (struct iovec){ .iov_base = bytes, .iov_len = n };
	disk.complete = false;
	b->ops->submit(b, &req);
	pthread_mutex_lock(&disk.lock);
	while (!disk.complete)
		pthread_cond_wait(&disk.more, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
	return req.status == BLOCK_OK;
}

/* What was flushed without an error is there. */
static int use_a_disk(void)
{
	u8 wrote[8192], seen[8192];
	char path[80];
	struct host_disk h = { .path = in_folder(path, sizeof(path), "disk") };
	struct err e = { 0 };
	struct block *b = host_disk_open(&h, &e);
	bool good;

	if (!b) {
		print_err(&e);
		return EXIT_HOST;
	}
	pthread_mutex_init(&disk.lock, NULL);
	pthread_cond_init(&disk.more, NULL);
	b->complete = on_complete;
	memset(wrote, 0x5a, sizeof(wrote));
	good = request(b, BLOCK_ZERO, 0, NULL, 65536);
	good &= request(b, BLOCK_WRITE, 4096, wrote, sizeof(wrote));
	good &= request(b, BLOCK_FLUSH, 0, NULL, 0);
	good &= request(b, BLOCK_DISCARD, 32768, NULL, 4096);
	if (good && request(b, BLOCK_READ, 4096, seen, sizeof(seen)) &&
	    memcmp(wrote, seen, sizeof(seen)) != 0)
		abort();
	b->ops->free(b);
	return EXIT_OK;
}

/* -- Running it again and again -------------------------------------------------------- */

static void make_file(const char *name, const void *bytes, size_t n)
{
	char path[80];
	struct err e;

	assert_true(host_write_file(in_folder(path, sizeof(path), name), bytes, n, &e));
}

static NORETURN void be_child(int (*scenario)(void), u32 n)
{
	char path[80];
	int out = open(in_folder(path, sizeof(path), "out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	int in = open("/dev/null", O_RDONLY);
	int code;

	for (int s = 1; s < 32; s++) /* cmocka has handlers */
		signal(s, SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	alarm(PATIENCE_S);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(in);
	close(out);
	atomic_store(&faults->fails, n);
	code = scenario();
	atomic_store(&faults->fails, 0);
	exit(code);
}

static int run_child(int (*scenario)(void), u32 n)
{
	int status;
	pid_t pid;

	atomic_store(&faults->calls, 0);
	faults->name[0] = 0;
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		be_child(scenario, n);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static char *output(void)
{
	char path[80];
	struct err e;
	size_t n;

	return (char *)host_read_file(in_folder(path, sizeof(path), "out"), MIB, &n, &e);
}

/* What a sanitizer finds ends with another code. */
static void assert_clean(int code, u32 n)
{
	char *said = output();
	bool allowed =
		code == EXIT_OK || code == EXIT_USAGE || code == EXIT_HOST || code == EXIT_GUEST;

	if (!allowed || (code && (!faults->name[0] || !strstr(said, "error"))))
		fail_msg("call %u, %s, fails: exit code %d; said: %s", n, faults->name, code, said);
	free(said);
}

static void survives(int (*scenario)(void))
{
	u32 n = 0, failures = 0;
	int code;

	do {
		code = run_child(scenario, ++n);
		assert_clean(code, n);
		failures += code != EXIT_OK;
	} while (faults->name[0]);
	assert_true(n > 5 && failures > 2);
	print_message("%u calls failed, one at a time; %u of them ended the run\n", n - 1,
		      failures);
}

/* The sanitizer would not know of a thread that pthread_create() above has made. */
static void skip_if_threads_are_watched(void)
{
	const char *mode = getenv("MODE");

	if (mode && !strcmp(mode, "tsan"))
		skip();
}

static void a_run_survives_each_failing_call(void **state)
{
	skip_if_threads_are_watched();
	survives(run_a_board);
	(void)state;
}

static void a_disk_survives_each_failing_call(void **state)
{
	skip_if_threads_are_watched();
	survives(use_a_disk);
	(void)state;
}

static void a_check_survives_each_failing_call(void **state)
{
	survives(check_a_board);
	(void)state;
}

static void a_device_tree_survives_each_failing_call(void **state)
{
	survives(write_a_device_tree);
	(void)state;
}

static void where_code_cannot_run_guests_are_interpreted(void **state)
{
	const char *jit = engine_find("jit") ? "warning: no jit engine here: the host gives no "
					       "memory for code: Permission denied; instructions "
					       "are interpreted\n"
					     : NULL;
	char *said, *at;

	skip_if_threads_are_watched();
	faults->no_code = true;
	assert_int_equal(run_child(run_a_board, 0), EXIT_OK);
	faults->no_code = false;
	said = output();
	at = jit ? strstr(said, jit) : NULL;
	if (jit && (!at || strstr(at + strlen(jit), "interpreted")))
		fail_msg("said: %s", said);
	free(said);
	(void)state;
}

static int set_up(void **state)
{
	u8 *zeros = xzalloc(MIB);

	faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (faults == MAP_FAILED || make_folder(state))
		return -1;
	make_file("hello", hello, sizeof(hello));
	make_file("disk", zeros, MIB);
	free(zeros);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_survives_each_failing_call),
		cmocka_unit_test(a_disk_survives_each_failing_call),
		cmocka_unit_test(a_check_survives_each_failing_call),
		cmocka_unit_test(a_device_tree_survives_each_failing_call),
		cmocka_unit_test(where_code_cannot_run_guests_are_interpreted),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
