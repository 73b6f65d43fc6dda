/* ram.c - guest RAM from the host.
 *
 * Anonymous memory, not a memfd: shared memory gets no huge pages on a stock kernel
 * (shmem_enabled is "never"), and random reads of 512 MiB took 19 % longer with it.
 * Pages exist from their first touch on, so a check comes first: what the computer
 * never can give is refused, what it cannot give now is warned about.
 */
#define _GNU_SOURCE /* MAP_NORESERVE, madvise */
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

/* "15.6 GiB", "4 TiB": one digit after the point unless it is 0. */
static void size_text(char *out, size_t cap, u64 bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	u32 unit = 0;
	u64 tenths;

	while (unit + 1 < ARRAY_LEN(units) && bytes >> (10 * (unit + 1)))
		unit++;
	tenths = mul_div(bytes, 10, (u64)1 << 10 * unit);
	if (tenths % 10)
		snprintf(out, cap, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			 units[unit]);
	else
		snprintf(out, cap, "%" PRIu64 " %s", tenths / 10, units[unit]);
}

#ifdef __linux__
/* The number after `key` in a file of lines "key number", or `otherwise`. */
static u64 number_in(const char *path, const char *key, u64 otherwise)
{
	FILE *f = fopen(path, "re");
	char line[256];
	u64 found = otherwise;

	while (f && fgets(line, sizeof(line), f)) {
		char *end;
		u64 v;

		if (!text_starts(line, key))
			continue;
		errno = 0;
		v = strtoull(line + strlen(key), &end, 10);
		if (end != line + strlen(key) && !errno)
			found = v;
		break;
	}
	if (f)
		fclose(f);
	return found;
}

/* The smallest limit of this process's control group and those it lies in. */
static u64 group_limit(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[1024], path[1200];
	u64 limit = UINT64_MAX;

	while (f && fgets(line, sizeof(line), f)) {
		char *group = line + strlen("0::");

		if (!text_starts(line, "0::/"))
			continue;
		group[strcspn(group, "\n")] = 0;
		for (char *slash = group + strlen(group); slash; slash = strrchr(group, '/')) {
			*slash = 0;
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
			limit = MIN(limit, number_in(path, "", UINT64_MAX));
		}
	}
	if (f)
		fclose(f);
	return limit;
}

static u64 meminfo(const char *key)
{
	u64 kib = number_in("/proc/meminfo", key, UINT64_MAX);

	return kib < UINT64_MAX / KIB ? kib * KIB : UINT64_MAX;
}

static u64 host_total(void)
{
	return MIN(meminfo("MemTotal:"), group_limit());
}

static u64 host_available(void)
{
	return meminfo("MemAvailable:");
}
#else
static u64 host_total(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (u64)pages * (u64)page : UINT64_MAX;
}

static u64 host_available(void)
{
	return UINT64_MAX;
}
#endif

static void too_much(u64 size, u64 limit, struct err *e)
{
	char asked[32], had[32];
	u64 fits = 1;

	while (fits <= limit / 2 && fits <= size / 2)
		fits *= 2;
	size_text(asked, sizeof(asked), size);
	size_text(had, sizeof(had), limit);
	err_code(e, "E0603", "%s of guest memory asked, %s can be had on this host", asked, had);
	if (fits >= GIB)
		err_hint(e, "-p ram=%" PRIu64 "G", fits / GIB);
	else
		err_hint(e, "-p ram=%" PRIu64 "M", MAX(fits / MIB, 1));
}

static void warn_if_tight(u64 size, const char *name)
{
	u64 available = host_available();
	char asked[32], had[32];

	if (size <= available)
		return;
	size_text(asked, sizeof(asked), size);
	size_text(had, sizeof(had), available);
	log_line(LOG_WARNING,
		 "%s: %s of guest memory asked, %s is free now: this host may have to swap", name,
		 asked, had);
}

u8 *host_ram_new(u64 size, const char *name, struct err *e)
{
	u64 total = host_total();
	void *p;

	assert(size);
	if (size > total || size > SIZE_MAX) {
		too_much(size, total, e);
		return NULL;
	}
	warn_if_tight(size, name);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	if (p == MAP_FAILED) {
		err_code(e, "E0603", "%s: the host maps no %" PRIu64 " MiB: %s", name, size / MIB,
			 strerror(errno));
		err_hint(e, "`ulimit -v` may be too low");
		return NULL;
	}
#ifdef MADV_HUGEPAGE
	madvise(p, size, MADV_HUGEPAGE); /* where it is not possible, small pages do */
#endif
	return p;
}

void host_ram_free(u8 *p, u64 size)
{
	if (p)
		munmap(p, size);
}

/* Where the host's pages are larger than the guest's, or it cannot: they stay as they are. */
void host_ram_discard(u8 *p, u64 n)
{
#ifdef MADV_DONTNEED
	madvise(p, n, MADV_DONTNEED);
#endif
}
