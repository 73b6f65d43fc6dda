/* disk_holder.c - who else has a file open and locked, as /proc tells it.
 *
 * An OFD lock has no owner's pid, but /proc/PID/fdinfo/N shows the locks of descriptor N.
 * Other users' processes stay unknown.
 */
#include "disk.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROC_PATH 64

static bool holds_lock(const char *pid, const char *fd)
{
	char path[PROC_PATH], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = text_starts(line, "lock:");
	if (f)
		fclose(f);
	return found;
}

static bool has_open(const char *pid, const struct stat *file)
{
	char path[PROC_PATH];
	bool found = false;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, entry->d_name);
		found = isdigit((u8)entry->d_name[0]) && !stat(path, &st) &&
			st.st_dev == file->st_dev && st.st_ino == file->st_ino &&
			holds_lock(pid, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* A machine is named as its board file is: the command line tells it. */
static void name_machine(const char *pid, char *out, size_t cap)
{
	char path[PROC_PATH], args[4096];
	size_t n = 0;
	FILE *f;

	*out = 0;
	snprintf(path, sizeof(path), "/proc/%.16s/cmdline", pid);
	f = fopen(path, "re");
	if (f) {
		n = fread(args, 1, sizeof(args) - 1, f);
		fclose(f);
	}
	args[n] = 0;
	for (const char *arg = args; arg < args + n; arg += strlen(arg) + 1) {
		const char *slash = strrchr(arg, '/');
		const char *base = slash ? slash + 1 : arg;
		char name[64];

		if (!text_ends(base, ".yaml"))
			continue;
		text_clean(name, sizeof(name), base, strlen(base) - strlen(".yaml"));
		snprintf(out, cap, " \"%s\"", name);
		return;
	}
}

static void describe(const char *pid, char *out, size_t cap)
{
	char path[PROC_PATH], comm[32] = "", program[64], machine[80];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(comm, sizeof(comm), f))
		comm[0] = 0;
	if (f)
		fclose(f);
	text_clean(program, sizeof(program), comm, strcspn(comm, "\n"));
	name_machine(pid, machine, sizeof(machine));
	snprintf(out, cap, "%s%s (pid %.16s)", *program ? program : "a program", machine, pid);
}

bool disk_holder(int fd, char *out, size_t cap)
{
	struct dirent *entry;
	bool found = false;
	struct stat file;
	DIR *dir;

	if (fstat(fd, &file))
		return false;
	dir = opendir("/proc");
	while (dir && !found && (entry = readdir(dir))) {
		found = isdigit((u8)entry->d_name[0]) && has_open(entry->d_name, &file);
		if (found)
			describe(entry->d_name, out, cap);
	}
	if (dir)
		closedir(dir);
	return found;
}
