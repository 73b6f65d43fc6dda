/* exec.c - memory for code that is written and run.
 *
 * One memfd, mapped twice: nothing is ever writable and executable, so no mprotect is needed and
 * none is allowed where PR_SET_MDWE is set.  Where executable mappings of memfds are forbidden
 * (SELinux), mapping fails and guests are interpreted.
 */
#define _GNU_SOURCE /* memfd_create */
#include "host.h"

#include <errno.h>
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
