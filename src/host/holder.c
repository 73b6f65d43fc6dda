/* holder.c - who else has a file or a port, as /proc tells it.
 *
 * An OFD lock has no owner's pid, but /proc/PID/fdinfo/N shows the locks of descriptor N.
 * A socket is an inode number in /proc/net and in /proc/PID/fd/N.  Other users' processes
 * stay unknown.
 */
#include "internal.h"

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

/* What is looked for among the descriptors of all processes. */
struct wanted {
	struct stat file; /* of a socket only its number is known */
	bool socket;
};

static bool is_wanted(const struct wanted *w, const char *pid, const char *fd)
{
	char path[PROC_PATH];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, fd);
	if (!isdigit((u8)fd[0]) || stat(path, &st) || st.st_ino != w->file.st_ino)
		return false;
	return w->socket ? S_ISSOCK(st.st_mode)
			 : st.st_dev == w->file.st_dev && holds_lock(pid, fd);
}

static bool has_open(const char *pid, const struct wanted *w)
{
	char path[PROC_PATH];
	bool found = false;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = is_wanted(w, pid, entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

/* The command line, each argument ended by a NUL; returns its length. */
static size_t read_args(const char *pid, char *args, size_t cap)
{
	char path[PROC_PATH];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/cmdline", pid);
	f = fopen(path, "re");
	if (f) {
		n = fread(args, 1, cap - 1, f);
		fclose(f);
	}
	args[n] = 0;
	return n;
}

/* A machine is named as its board file is: the command line tells it. */
static void name_machine(const char *pid, char *out, size_t cap)
{
	char args[4096];
	size_t n = read_args(pid, args, sizeof(args));

	*out = 0;
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

/* A helper works for the machine that started it. */
static bool is_helper(const char *pid)
{
	char args[256];
	size_t n = read_args(pid, args, sizeof(args)), first = strlen(args) + 1;

	return first < n && !strcmp(args + first, HOST_NET_HELPER);
}

static bool parent_of(const char *pid, char *parent, size_t cap)
{
	char path[PROC_PATH], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		if (text_starts(line, "PPid:")) {
			snprintf(parent, cap, "%ld", strtol(line + 5, NULL, 10));
			found = true;
		}
	if (f)
		fclose(f);
	return found;
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

/* The process, or the machine it works for. */
static void describe_holder(const char *found, char *out, size_t cap)
{
	char pid[17], parent[17];

	snprintf(pid, sizeof(pid), "%.16s", found);
	while (is_helper(pid) && parent_of(pid, parent, sizeof(parent)))
		memcpy(pid, parent, sizeof(pid));
	describe(pid, out, cap);
}

static bool find(const struct wanted *w, char *out, size_t cap)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir("/proc");
	while (dir && !found && (entry = readdir(dir))) {
		found = isdigit((u8)entry->d_name[0]) && has_open(entry->d_name, w);
		if (found)
			describe_holder(entry->d_name, out, cap);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool holder_of_file(int fd, char *out, size_t cap)
{
	struct wanted w = { .socket = false };

	return !fstat(fd, &w.file) && find(&w, out, cap);
}

bool holder_is_self(int fd)
{
	struct wanted w = { .socket = false };

	return !fstat(fd, &w.file) && has_open("self", &w);
}

/* -- Ports -------------------------------------------------------------------------- */

#define TCP_LISTENS 0x0a
#define UDP_OPEN    0x07

struct port {
	const u8 *address;
	u32 port, state;
};

/* sl local remote st tx:rx tr:when retrnsmt uid timeout inode; an address is its words in
 * hexadecimal, as this host stores them, 0 for any.  0: it is not in this row. */
static u64 inode_of_row(const char *row, const struct port *want)
{
	char local[40];
	u32 port, state;
	u64 inode;
	u8 ip[4];

	if (sscanf(row, " %*u: %39[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %" SCNu64,
		   local, &port, &state, &inode) != 4 ||
	    port != want->port || state != want->state)
		return 0;
	/* Of IPv6 the last word: it is 0, or the address that IPv4 sees. */
	put_le32(ip, (u32)strtoul(local + (strlen(local) == 32 ? 24 : 0), NULL, 16));
	return get_le32(ip) && get_le32(want->address) && memcmp(ip, want->address, 4) ? 0 : inode;
}

static u64 inode_of_port(const char *table, const struct port *want)
{
	FILE *f = fopen(table, "re");
	char row[256];
	u64 inode = 0;

	while (f && !inode && fgets(row, sizeof(row), f))
		inode = inode_of_row(row, want);
	if (f)
		fclose(f);
	return inode;
}

bool holder_of_port(const u8 *address, u32 port, bool udp, char *out, size_t cap)
{
	struct port want = { address, port, udp ? UDP_OPEN : TCP_LISTENS };
	struct wanted w = { .socket = true };

	w.file.st_ino = inode_of_port(udp ? "/proc/net/udp" : "/proc/net/tcp", &want);
	if (!w.file.st_ino)
		w.file.st_ino = inode_of_port(udp ? "/proc/net/udp6" : "/proc/net/tcp6", &want);
	return w.file.st_ino && find(&w, out, cap);
}
