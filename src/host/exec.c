/* exec.c - memory for code that is written and run.
 *
 * One memfd, mapped twice: nothing is ever writable and executable, so no mprotect is needed and
 * none is allowed where PR_SET_MDWE is set.  Where executable mappings of memfds are forbidden
 * (SELinux), mapping fails and guests are interpreted.
 */
#define _GNU_SOURCE /* memfd_create */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __linux__
static int shared_memory(size_t size)
{
	int fd = memfd_create("vmbuild-code", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size)) {
		close(fd);
		return -1;
	}
	return fd;
}
#else
static int shared_memory(size_t size)
{
	(void)size;
	errno = ENOSYS;
	return -1;
}
#endif

static void unmap(struct exec_memory *m)
{
	if (m->write)
		munmap(m->write, m->size);
	if (m->run)
		munmap((void *)(uintptr_t)m->run, m->size);
	*m = (struct exec_memory){ 0 };
}

static bool map(struct exec_memory *out, size_t size, struct err *e)
{
	int fd = shared_memory(size);
	void *write = MAP_FAILED, *run = MAP_FAILED;
	int error;

	if (fd >= 0) {
		write = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		run = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	*out = (struct exec_memory){
		.write = write == MAP_FAILED ? NULL : write,
		.run = run == MAP_FAILED ? NULL : run,
		.size = size,
	};
	if (out->write && out->run)
		return true;
	unmap(out);
	return err_set(e, "the host gives no memory for code: %s", strerror(error));
}

const struct exec_host host_exec = { .map = map, .unmap = unmap };

/* -- The same for perf: tools/perf/Documentation/jit-interface.txt of Linux ----------------- */

static FILE *perf_map;

static void name(const u8 *run, size_t size, const char *what)
{
	fprintf(perf_map, "%" PRIxPTR " %zx %s\n", (uintptr_t)run, size, what);
}

/* The name can be guessed, and anybody may write to /tmp: it must be a new file. */
static FILE *create_anew(const char *path, struct err *e)
{
	int fd;
	FILE *f;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		err_set(e, "cannot create %s: %s", path, strerror(errno));
	if (!f && fd >= 0)
		close(fd);
	return f;
}

const struct exec_host *host_exec_perf(struct err *e)
{
	static const struct exec_host named = { .map = map, .unmap = unmap, .name = name };
	char path[64];

	assert(!perf_map);
	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", (long)getpid());
	perf_map = create_anew(path, e);
	return perf_map ? &named : NULL;
}

bool host_exec_perf_end(struct err *e)
{
	FILE *f = perf_map;
	bool bad;

	perf_map = NULL;
	if (!f)
		return true;
	bad = ferror(f);
	if (fclose(f) || bad)
		return err_set(e, "the map for perf is incomplete: %s", strerror(errno));
	return true;
}
