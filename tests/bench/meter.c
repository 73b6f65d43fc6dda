/* meter.c - runs a program and says when its lines came, and what they cost the host
 *
 *	meter SILENCE TOTAL RAM PROGRAM [ARGUMENT]...
 *
 * Each line of the program is printed behind three figures: seconds since the start, CPU
 * seconds of the program so far, and KiB of its resident memory beyond the guest's, which
 * is the mappings of at least RAM bytes; after ROW lines only, else 0.  The last line is
 * EXIT and the status.  A program is ended, after STOPPED, that says nothing for SILENCE
 * seconds, takes TOTAL, or says INIT again: a guest that has started anew.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct meter {
	pid_t pid;
	clockid_t cpu_clock;
	int from;
	double started, heard, silence, total;
	unsigned long long ram;
	char line[1000];
	size_t length;
	unsigned inits;
};

static double clock_seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool start(struct meter *m, char **program)
{
	int fds[2];

	if (pipe(fds))
		return false;
	m->pid = fork();
	if (!m->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(program[0], program);
		perror(program[0]);
		_exit(127);
	}
	close(fds[1]);
	m->from = fds[0];
	m->started = m->heard = clock_seconds(CLOCK_MONOTONIC);
	return m->pid > 0 && !clock_getcpuclockid(m->pid, &m->cpu_clock);
}

/* "Rss:  12 kB" lines below "from-to perms ..." lines. */
static unsigned long resident_kb(const struct meter *m)
{
	unsigned long long from, to;
	unsigned long sum = 0, kb;
	char text[600];
	bool guest = false;
	FILE *f;

	snprintf(text, sizeof(text), "/proc/%d/smaps", (int)m->pid);
	f = fopen(text, "r");
	if (!f)
		return 0;
	while (fgets(text, sizeof(text), f))
		if (sscanf(text, "%llx-%llx ", &from, &to) == 2)
			guest = to - from >= m->ram;
		else if (!guest && sscanf(text, "Rss: %lu", &kb) == 1)
			sum += kb;
	fclose(f);
	return sum;
}

static void print(const struct meter *m, double cpu, const char *text)
{
	unsigned long kb = strncmp(text, "ROW ", 4) ? 0 : resident_kb(m);

	printf("%.6f %.6f %lu %s\n", clock_seconds(CLOCK_MONOTONIC) - m->started, cpu, kb, text);
}

static void hear(struct meter *m, const char *bytes, size_t n)
{
	m->heard = clock_seconds(CLOCK_MONOTONIC);
	for (size_t i = 0; i < n; i++) {
		if (isprint((unsigned char)bytes[i]) && m->length + 1 < sizeof(m->line))
			m->line[m->length++] = bytes[i];
		if (bytes[i] != '\n')
			continue;
		m->line[m->length] = 0;
		m->length = 0;
		m->inits += !strcmp(m->line, "INIT");
		if (m->inits > 1)
			return;
		print(m, clock_seconds(m->cpu_clock), m->line);
	}
}

static bool goes_well(const struct meter *m)
{
	double now = clock_seconds(CLOCK_MONOTONIC);

	return m->inits < 2 && now - m->heard < m->silence && now - m->started < m->total;
}

/* Until it closes its output; false when it must be ended. */
static bool listen_to(struct meter *m)
{
	struct pollfd p = { .fd = m->from, .events = POLLIN };
	char bytes[4096];

	while (goes_well(m)) {
		ssize_t n;

		if (poll(&p, 1, 200) <= 0)
			continue;
		n = read(m->from, bytes, sizeof(bytes));
		if (n <= 0)
			return true;
		hear(m, bytes, (size_t)n);
	}
	return false;
}

/* It has two seconds to end by itself, and two more when it is told to. */
static void end(const struct meter *m)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	siginfo_t info;

	for (int i = 0; i < 400; i++) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)m->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return;
		if (i == 200)
			kill(m->pid, SIGTERM);
		nanosleep(&pause, NULL);
	}
	kill(m->pid, SIGKILL);
}

static double cpu_of(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct meter m = { 0 };
	struct rusage usage;
	char text[40];
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 5) {
		fprintf(stderr, "usage: meter SILENCE TOTAL RAM PROGRAM [ARGUMENT]...\n");
		return 1;
	}
	m.silence = atof(argv[1]);
	m.total = atof(argv[2]);
	m.ram = strtoull(argv[3], NULL, 10);
	if (!start(&m, argv + 4)) {
		perror("meter");
		return 1;
	}
	if (!listen_to(&m)) {
		print(&m, clock_seconds(m.cpu_clock), "STOPPED");
		kill(m.pid, SIGTERM);
	}
	end(&m);
	if (wait4(m.pid, &status, 0, &usage) != m.pid)
		return 1;
	snprintf(text, sizeof(text), "EXIT %d", WIFEXITED(status) ? WEXITSTATUS(status) : 1000);
	print(&m, cpu_of(&usage), text);
	return 0;
}
