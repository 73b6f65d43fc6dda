/* micro.c - the micro benchmarks of `make bench`
 *
 * One source for the guest, where it is init, and for the host.  Each row of the table at
 * the end does a fixed amount of work in a process of its own, and prints
 *
 *	GO name
 *	ROW name work seconds checksum cpu-seconds
 *
 * or SKIP or DEAD, its name and why.  What is set up before GO is not measured.  The
 * checksum is of what was computed: it is the same wherever the row ran correctly.
 *
 *	micro [--rows a,b] [--harts 1|2] [--divide n]
 *	micro --list
 */
#include "micro.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE         4096
#define MIX          0x9e3779b97f4a7c15u
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

__extension__ typedef unsigned __int128 u128;

/* The first two CPUs that this process may use; -1 where there is none. */
static int cpus[2] = { -1, -1 };

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *what) __attribute__((noreturn));

/* One write, so that lines of several processes do not mix; and out, before time goes on. */
static void say(const char *format, ...)
{
	char line[200];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (write(STDOUT_FILENO, line, (size_t)n) == n)
		tcdrain(STDOUT_FILENO);
}

static void fail(const char *what)
{
	say("FAIL %s: %s\n", what, strerror(errno));
	_exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static u64 next_random(u64 *state)
{
	u64 z = *state += MIX;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Anonymous, touched, and in small pages: huge ones would be luck. */
static void *memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 0, size);
	return p;
}

static void *random_memory(u64 size)
{
	u64 random = size, *p = memory(size);

	for (u64 i = 0; i < size / 8; i++)
		p[i] = next_random(&random);
	return p;
}

static u64 hash_words(const void *mem, u64 size)
{
	const u64 *p = mem;
	u64 hash = 0;

	for (u64 i = 0; i < size / 8; i++)
		hash = hash * MIX + p[i];
	return hash;
}

static void pin(u32 nth)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpus[nth], &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

/* -- Integer --------------------------------------------------------------------------------- */

struct crc {
	u32 table[256];
	u8 data[65536];
};

static void *crc_setup(u64 size)
{
	struct crc *c = random_memory(sizeof(*c));

	for (u32 i = 0; i < 256; i++) {
		u32 v = i;

		for (u32 k = 0; k < 8; k++)
			v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
		c->table[i] = v;
	}
	(void)size;
	return c;
}

static u64 crc32(void *mem, u64 size, u64 work)
{
	const struct crc *c = mem;
	u32 crc = ~0u;

	for (u64 w = 0; w < work; w++)
		for (u32 i = 0; i < sizeof(c->data); i++)
			crc = crc >> 8 ^ c->table[(crc ^ c->data[i]) & 0xff];
	(void)size;
	return crc;
}

static u32 ror(u32 v, u32 by)
{
	return v >> by | v << (32 - by);
}

/* The rounds of SHA-256 with constants of our own. */
static void sha_block(u32 state[8], const u32 *block, const u32 *constants)
{
	u32 w[64], s[8];

	memcpy(w, block, 64);
	for (u32 i = 16; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(s, state, sizeof(s));
	for (u32 i = 0; i < 64; i++) {
		u32 e = s[4], a = s[0];
		u32 t1 = s[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
			 constants[i] + w[i];
		u32 t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			 ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 28);
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (u32 i = 0; i < 8; i++)
		state[i] += s[i];
}

static u64 sha256(void *mem, u64 size, u64 work)
{
	const u32 *constants = mem;
	u32 state[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	u64 blocks = size / 64 - 4;

	for (u64 w = 0; w < work; w++)
		for (u64 b = 0; b < blocks; b++)
			sha_block(state, constants + 64 + b * 16, constants);
	return hash_words(state, sizeof(state));
}

static u64 sieve(void *mem, u64 size, u64 work)
{
	u8 *composite = mem;
	u64 primes = 0;

	for (u64 w = 0; w < work; w++) {
		memset(composite, 0, size);
		for (u64 i = 2; i < size; i++) {
			if (composite[i])
				continue;
			primes++;
			for (u64 k = i * i; k < size; k += i)
				composite[k] = 1;
		}
	}
	return primes;
}

struct slot {
	u64 key, value;
};

static struct slot *hash_find(struct slot *table, u64 slots, u64 key)
{
	u64 i = key * MIX >> 20;

	while (table[i & (slots - 1)].key && table[i & (slots - 1)].key != key)
		i++;
	return &table[i & (slots - 1)];
}

/* Open addressing, filled to a half: a pass counts words of a random text. */
static u64 hash(void *mem, u64 size, u64 work)
{
	u64 slots = size / sizeof(struct slot), random = 1, sum = 0;
	struct slot *table = mem;

	for (u64 w = 0; w < work; w++)
		for (u64 i = 0; i < slots; i++) {
			u64 key = next_random(&random) % (slots / 2) + 1;
			struct slot *s = hash_find(table, slots, key * 0x10001);

			s->key = key * 0x10001;
			sum += ++s->value;
		}
	return sum;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static void swap_u32(u32 *a, u32 *b)
{
	u32 t = *a;

	*a = *b;
	*b = t;
}

/* Our own, since libraries differ in their algorithm; called through a pointer as theirs. */
static void sort(u32 *v, u64 n, int (*compare)(const void *, const void *))
{
	while (n > 8) {
		u32 pivot = v[n / 2];
		u64 i = 0, k = n - 1;

		for (;;) {
			while (compare(&v[i], &pivot) < 0)
				i++;
			while (compare(&v[k], &pivot) > 0)
				k--;
			if (i >= k)
				break;
			swap_u32(&v[i++], &v[k--]);
		}
		sort(v, i, compare);
		v += i, n -= i;
	}
	for (u64 i = 1; i < n; i++)
		for (u64 k = i; k && compare(&v[k - 1], &v[k]) > 0; k--)
			swap_u32(&v[k - 1], &v[k]);
}

static u64 qsort_row(void *mem, u64 size, u64 work)
{
	int (*volatile compare)(const void *, const void *) = compare_u32;
	u64 n = size / 4, random = 1, sum = 0;
	u32 *v = mem;

	for (u64 w = 0; w < work; w++) {
		for (u64 i = 0; i < n; i++)
			v[i] = (u32)next_random(&random);
		sort(v, n, compare);
		sum = sum * MIX + hash_words(v, size);
	}
	return sum;
}

static u64 muldiv(void *mem, u64 size, u64 work)
{
	u64 a = 1, b = 12345;

	for (u64 w = 0; w < work; w++) {
		a = a * 6364136223846793005u + 1442695040888963407u;
		b ^= (u64)((u128)a * b >> 64);
		a += a / (b >> 40 | 1);
		b += (u32)a % ((u32)b >> 16 | 1);
		b ^= (u64)((int64_t)a / ((int64_t)b | 1));
	}
	(void)mem, (void)size;
	return a ^ b;
}

/* With the sum hidden, the compiler cannot make loops of the calls. */
__attribute__((noinline)) static u64 fib(u64 n)
{
	u64 sum;

	if (n < 2)
		return n;
	sum = fib(n - 1) + fib(n - 2);
	__asm__ volatile("" : "+r"(sum));
	return sum;
}

static u64 calls(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w++)
		sum += fib(size);
	(void)mem;
	return sum;
}

/* An interpreter of bytes. */
static u64 switch_row(void *mem, u64 size, u64 work)
{
	const u8 *code = mem;
	u64 a = 1, b = 2;

	for (u64 w = 0; w < work; w++)
		for (u64 i = 0; i < size; i++)
			switch (code[i] & 15) { /* clang-format off */
			case 0:  a += b; break;
			case 1:  a -= i; break;
			case 2:  b ^= a; break;
			case 3:  a <<= 1; break;
			case 4:  b >>= 1; break;
			case 5:  a = ~a; break;
			case 6:  b += 7; break;
			case 7:  a |= b >> 3; break;
			case 8:  b &= ~i; break;
			case 9:  b = a + i; break;
			case 10: a ^= b << 5; break;
			case 11: b -= a; break;
			case 12: a += code[b & (size - 1)]; break;
			case 13: i += a & 1; break;
			case 14: b = b << 8 | b >> 56; break;
			default: a ^= a >> 17; break;
			} /* clang-format on */
	return a ^ b;
}

#define TARGET(n, expression)                                                                      \
	__attribute__((noinline)) static u64 target##n(u64 a)                                      \
	{                                                                                          \
		return expression;                                                                 \
	}
TARGET(0, a + 1)
TARGET(1, a ^ a >> 5)
TARGET(2, a - 3)
TARGET(3, a << 1)
TARGET(4, ~a)
TARGET(5, a * 5)
TARGET(6, a | 1)
TARGET(7, a ^ 0x55)

static u64 indirect(void *mem, u64 size, u64 work)
{
	static u64 (*const targets[])(u64) = { target0, target1, target2, target3,
					       target4, target5, target6, target7 };
	const u8 *order = mem;
	u64 a = 1;

	for (u64 w = 0; w < work; w++)
		for (u64 i = 0; i < size; i++)
			a = targets[order[i] & 7](a) + i;
	return a;
}

/* Calls from page to page: code of any size is like this, small loops are not. */
#define FAR(n, expression)                                                                         \
	__attribute__((noinline, aligned(PAGE))) static u64 far##n(u64 a)                          \
	{                                                                                          \
		return expression;                                                                 \
	}
FAR(0, a * 3 + 1)
FAR(1, far0(a) ^ a >> 7)
FAR(2, far1(a) + 5)
FAR(3, far2(a) ^ a << 3)

static u64 far_calls(void *mem, u64 size, u64 work)
{
	u64 a = 1;

	for (u64 w = 0; w < work; w++)
		a = far3(a) + w;
	(void)mem, (void)size;
	return a;
}

/* -- Floating point ------------------------------------------------------------------------- */

#define REAL    double
#define FP(x)   x##_double
#define FP_SQRT __builtin_sqrt
#define FP_FMA  __builtin_fma
#include "fp.h"
#undef REAL
#undef FP
#undef FP_SQRT
#undef FP_FMA
#define REAL    float
#define FP(x)   x##_float
#define FP_SQRT __builtin_sqrtf
#define FP_FMA  __builtin_fmaf
#include "fp.h"

static void *matrices(u64 size)
{
	return memory(3 * size * size * sizeof(double));
}

/* -- Memory ---------------------------------------------------------------------------------- */

/* The second buffer is at no round distance: equal low bits would be a case of its own. */
#define GAP (3 * PAGE + 128)

static void *two_buffers(u64 size)
{
	return random_memory(2 * size + GAP);
}

/* Not what the compiler knows about memcpy: the library's. */
static u64 memcpy_row(void *mem, u64 size, u64 work)
{
	void *(*volatile copy)(void *, const void *, size_t) = memcpy;
	u8 *p = mem;

	for (u64 w = 0; w < work; w++)
		copy(p + size + GAP, p, size);
	return hash_words(mem, 2 * size + GAP);
}

static u64 memset_row(void *mem, u64 size, u64 work)
{
	void *(*volatile set)(void *, int, size_t) = memset;

	for (u64 w = 0; w < work; w++)
		set(mem, (int)w, size);
	return hash_words(mem, size);
}

static u64 copy(void *mem, u64 size, u64 work)
{
	u64 n = size / 8, *from = mem, *to = from + n + GAP / 8;

	for (u64 w = 0; w < work; w++) {
		for (u64 i = 0; i < n; i++)
			to[i] = from[i];
		from[w % n] = w;
	}
	return hash_words(mem, 2 * size + GAP);
}

struct node {
	struct node *next;
	u64 value[7];
};

/* One cycle through all nodes in random order: Sattolo's shuffle. */
static void *chase_setup(u64 size)
{
	u64 n = size / sizeof(struct node), random = 1;
	struct node *nodes = memory(size);
	u32 *order = memory(n * 4);

	for (u64 i = 0; i < n; i++)
		order[i] = (u32)i;
	for (u64 i = n - 1; i; i--)
		swap_u32(&order[i], &order[next_random(&random) % i]);
	for (u64 i = 0; i < n; i++) {
		nodes[i].next = &nodes[order[i]];
		nodes[i].value[0] = i;
	}
	return nodes;
}

static u64 chase(void *mem, u64 size, u64 work)
{
	const struct node *p = mem;

	for (u64 w = 0; w < work; w++)
		p = p->next;
	(void)size;
	return p->value[0];
}

/* One word of each page, each in another cache set. */
static u64 stride(void *mem, u64 size, u64 work)
{
	const u8 *p = mem;
	u64 sum = 0;

	for (u64 w = 0; w < work; w++)
		for (u64 page = 0; page < size / PAGE; page++) {
			u64 v;

			memcpy(&v, p + page * PAGE + (page * 64 + w * 8) % PAGE, 8);
			sum = sum * 3 + v;
		}
	return sum;
}

/* The compiler must not know, or it would load bytes. */
static u64 *hide(void *p)
{
	__asm__("" : "+r"(p));
	return p;
}

/* Loads and stores at odd addresses; one in 512 crosses a page. */
static u64 misaligned(void *mem, u64 size, u64 work)
{
	u64 n = size / 8 - 1, sum = 0;
	volatile u64 *p = hide((u8 *)mem + 3);

	for (u64 w = 0; w < work; w++)
		for (u64 i = 0; i < n; i++) {
			sum += p[i];
			p[i] = sum;
		}
	return sum ^ hash_words(mem, size);
}

/* -- Atomics and two harts ------------------------------------------------------------------- */

static u64 amo(void *mem, u64 size, u64 work)
{
	_Atomic u64 *v = mem;
	u64 sum = 0;

	for (u64 w = 0; w < work; w++) {
		sum += atomic_fetch_add(&v[0], w);
		sum += atomic_fetch_or(&v[1], sum & 0xff);
		sum += atomic_exchange(&v[2], sum);
	}
	(void)size;
	return sum;
}

static u64 lrsc(void *mem, u64 size, u64 work)
{
	_Atomic u64 *v = mem;

	for (u64 w = 0; w < work; w++) {
		u64 old = atomic_load_explicit(v, memory_order_relaxed);

		while (!atomic_compare_exchange_weak(v, &old, old * 3 + w))
			;
	}
	(void)size;
	return *v;
}

struct crew {
	u64 (*run)(void *mem, u64 work);
	void *mem;
	u64 work, result;
	_Atomic u32 *waiting;
	u32 cpu;
};

static void *crew_main(void *arg)
{
	struct crew *c = arg;

	pin(c->cpu);
	atomic_fetch_sub(c->waiting, 1);
	while (*c->waiting)
		sched_yield();
	c->result = c->run(c->mem, c->work);
	return NULL;
}

/* The same work on two CPUs at once, in `mem` and `mem2`; the sum of both results. */
static u64 on_two(u64 (*run)(void *mem, u64 work), void *mem, void *mem2, u64 work)
{
	_Atomic u32 waiting = 2;
	struct crew a = { run, mem, work, 0, &waiting, 0 }, b = { run, mem2, work, 0, &waiting, 1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, crew_main, &b))
		fail("pthread_create");
	crew_main(&a);
	pthread_join(thread, NULL);
	return a.result + b.result;
}

static u64 add_shared(void *mem, u64 work)
{
	for (u64 w = 0; w < work; w++)
		atomic_fetch_add((_Atomic u64 *)mem, 3);
	return 0;
}

static u64 amo_2(void *mem, u64 size, u64 work)
{
	(void)size;
	on_two(add_shared, mem, mem, work / 2);
	return *(u64 *)mem;
}

static u64 cas_shared(void *mem, u64 work)
{
	_Atomic u64 *v = mem;

	for (u64 w = 0; w < work; w++) {
		u64 old = atomic_load_explicit(v, memory_order_relaxed);

		while (!atomic_compare_exchange_weak(v, &old, old + 5))
			;
	}
	return 0;
}

static u64 lrsc_2(void *mem, u64 size, u64 work)
{
	(void)size;
	on_two(cas_shared, mem, mem, work / 2);
	return *(u64 *)mem;
}

static void *two_crcs(u64 size)
{
	void **both = memory(PAGE);

	both[0] = crc_setup(size);
	both[1] = crc_setup(size);
	return both;
}

static u64 crc_half(void *mem, u64 work)
{
	return crc32(mem, 0, work);
}

/* The work of crc32, a half on each hart: crc32 / scale-2 is how well two harts scale. */
static u64 scale_2(void *mem, u64 size, u64 work)
{
	void **both = mem;

	(void)size;
	return on_two(crc_half, both[0], both[1], work / 2);
}

/* -- The kernel ------------------------------------------------------------------------------ */

static u64 syscall_row(void *mem, u64 size, u64 work)
{
	long parent = syscall(SYS_getppid);
	u64 same = 0;

	for (u64 w = 0; w < work; w++)
		same += syscall(SYS_getppid) == parent;
	(void)mem, (void)size;
	return same;
}

static u64 clock_row(void *mem, u64 size, u64 work)
{
	double last = 0;
	u64 forward = 0;

	for (u64 w = 0; w < work; w++) {
		double now = seconds(CLOCK_MONOTONIC);

		forward += now >= last;
		last = now;
	}
	(void)mem, (void)size;
	return forward;
}

static void pass_byte(int from, int to)
{
	u8 byte;

	if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
		_exit(1);
}

/* As a shell says it: 128 and more is a signal. */
static u64 status_of(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		fail("child");
	return (u64)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A byte to another process and back.  `size` is the number of CPUs. */
static u64 pipe_row(void *mem, u64 size, u64 work)
{
	int there[2], back[2];
	u8 byte = 0;
	pid_t child;

	if (pipe(there) || pipe(back))
		fail("pipe");
	pin(0);
	child = fork();
	if (!child) {
		pin(size == 2);
		for (u64 w = 0; w < work; w++)
			pass_byte(there[0], back[1]);
		_exit(7);
	}
	for (u64 w = 0; w < work; w++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			fail("pipe");
	(void)mem;
	return work + status_of(child);
}

static void futex_wait_until(_Atomic u32 *turn, u32 mine)
{
	u32 now;

	while ((now = *turn) != mine)
		syscall(SYS_futex, turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

static void futex_give(_Atomic u32 *turn, u32 to)
{
	*turn = to;
	syscall(SYS_futex, turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

struct partner {
	_Atomic u32 turn;
	u32 cpu;
	u64 work;
};

static void *futex_partner(void *arg)
{
	struct partner *p = arg;

	pin(p->cpu);
	for (u64 w = 0; w < p->work; w++) {
		futex_wait_until(&p->turn, 1);
		futex_give(&p->turn, 0);
	}
	return NULL;
}

static u64 futex_row(void *mem, u64 size, u64 work)
{
	struct partner p = { 0, size == 2, work };
	pthread_t thread;

	pin(0);
	if (pthread_create(&thread, NULL, futex_partner, &p))
		fail("pthread_create");
	for (u64 w = 0; w < work; w++) {
		futex_give(&p.turn, 1);
		futex_wait_until(&p.turn, 0);
	}
	pthread_join(thread, NULL);
	(void)mem;
	return work;
}

static u8 *fresh_mapping(u64 size)
{
	u8 *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

/* `work` pages touched for the first time, in mappings of `size`. */
static u64 fault_row(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w += size / PAGE) {
		u8 *p = fresh_mapping(size);

		madvise(p, size, MADV_NOHUGEPAGE);
		for (u64 at = 0; at < size; at += PAGE) {
			sum += p[at] == 0;
			p[at] = 1;
		}
		munmap(p, size);
	}
	(void)mem;
	return sum;
}

static u64 mmap_row(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w++) {
		u8 *p = fresh_mapping(size);

		p[w % size] = 1;
		sum += p[w % size];
		munmap(p, size);
	}
	(void)mem;
	return sum;
}

static u64 fork_row(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w++) {
		pid_t child = fork();

		if (!child)
			_exit((int)(w & 63));
		sum += status_of(child);
	}
	(void)mem, (void)size;
	return sum;
}

static u64 exec_row(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w++) {
		pid_t child = fork();

		if (!child) {
			execl("/proc/self/exe", "micro", "--exit", (char *)NULL);
			_exit(127);
		}
		sum += status_of(child);
	}
	(void)mem, (void)size;
	return sum;
}

static void *give_back(void *arg)
{
	return arg;
}

static u64 thread_row(void *mem, u64 size, u64 work)
{
	u64 sum = 0;

	for (u64 w = 0; w < work; w++) {
		pthread_t thread;
		void *result;

		if (pthread_create(&thread, NULL, give_back, &cpus[w & 1]))
			fail("pthread_create");
		pthread_join(thread, &result);
		sum += result == &cpus[w & 1];
	}
	(void)mem, (void)size;
	return sum;
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static u64 signal_row(void *mem, u64 size, u64 work)
{
	const struct sigaction action = { .sa_handler = on_signal };

	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
	for (u64 w = 0; w < work; w++)
		raise(SIGUSR1);
	(void)mem, (void)size;
	return (u64)signals;
}

static void *executable(u64 size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		fail("mmap for code");
	return p;
}

static u64 call(const void *code, u64 x)
{
	u64 (*function)(u64);

	memcpy(&function, &code, sizeof(function));
	return function(x);
}

/* 64 functions are written, then flushed at once, then called: a compiler of methods. */
static u64 codegen_page(void *mem, u64 size, u64 work)
{
	u64 x = 1, apart = size / 64;
	u8 *p = mem;

	for (u64 w = 0; w < work; w++) {
		for (u32 i = 0; i < 64; i++)
			code_write(p + i * apart, (u32)(w + i) & 2047, (u32)x & 2047);
		__builtin___clear_cache((char *)p, (char *)p + size);
		for (u32 i = 0; i < 64; i++)
			x = call(p + i * apart, x) * 5;
	}
	return x;
}

/* One of 64 functions is written again, and called with the one written before: a compiler
 * that patches.
 */
static u64 codegen(void *mem, u64 size, u64 work)
{
	u8 *at[64], *last;
	u64 x = 1;

	for (u32 i = 0; i < 64; i++) {
		at[i] = (u8 *)mem + i * (size / 64);
		code_write(at[i], i, i);
	}
	__builtin___clear_cache(mem, (char *)mem + size);
	last = at[0];
	for (u64 w = 0; w < work; w++) {
		u8 *now = at[w * 5 % 64];

		code_write(now, (u32)w & 2047, (u32)(w >> 3) & 2047);
		__builtin___clear_cache((char *)now, (char *)now + CODE_SIZE);
		x = call(last, call(now, x)) * 5;
		last = now;
	}
	return x;
}

/* -- Time: these take as long as they should, or longer ------------------------------------- */

static u64 usleep_row(void *mem, u64 size, u64 work)
{
	for (u64 w = 0; w < work; w++)
		usleep((useconds_t)size);
	(void)mem;
	return work;
}

/* Signals of a periodic timer, seen by a program that computes. */
static u64 ticks_row(void *mem, u64 size, u64 work)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct itimerval every = { { 0, (suseconds_t)size }, { 0, (suseconds_t)size } };
	volatile u64 busy = 0;

	signals = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while ((u64)signals < work)
		busy = busy + 1;
	(void)mem;
	return work;
}

/* -- The table ------------------------------------------------------------------------------- */

struct row {
	const char *name, *group;
	u32 harts;
	u64 work; /* so that QEMU 7.2 takes half a second */
	u64 size;
	u64 (*run)(void *mem, u64 size, u64 work);
	void *(*setup)(u64 size); /* or NULL */
	bool (*has)(void);        /* whether this machine can; or NULL */
};

/* clang-format off */
#define K 1024
#define M (1024 * 1024)
static const struct row rows[] = {
	/* name            group     harts       work      size  run            setup          has */
	{ "crc32",         "int",      1,       1000,        0, crc32,         crc_setup,     NULL },
	{ "sha256",        "int",      1,        100,   64 * K, sha256,        random_memory, NULL },
	{ "sieve",         "int",      1,         40,        M, sieve,         memory,        NULL },
	{ "hash",          "int",      1,         80,        M, hash,          memory,        NULL },
	{ "qsort",         "int",      1,         16,  256 * K, qsort_row,     memory,        NULL },
	{ "muldiv",        "int",      1,   25000000,        0, muldiv,        NULL,          NULL },
	{ "calls",         "int",      1,       2000,       20, calls,         NULL,          NULL },
	{ "switch",        "int",      1,       5000,    4 * K, switch_row,    random_memory, NULL },
	{ "indirect",      "int",      1,       3600,    4 * K, indirect,      random_memory, NULL },
	{ "far-calls",     "int",      1,   10000000,        0, far_calls,     NULL,          NULL },
	{ "bits",          "int",      1,        650,   64 * K, bits_plain,    random_memory, NULL },
	{ "bits-zb",       "int",      1,       7000,   64 * K, bits_fast,     random_memory, has_bit_instructions },
	{ "nbody",         "fp",       1,     250000,        0, nbody_double,  NULL,          NULL },
	{ "nbody-f",       "fp",       1,     180000,        0, nbody_float,   NULL,          NULL },
	{ "mandel",        "fp",       1,         80,      100, mandel_double, NULL,          NULL },
	{ "mandel-f",      "fp",       1,         25,      100, mandel_float,  NULL,          NULL },
	{ "matmul",        "fp",       1,         16,      128, matmul_double, matrices,      NULL },
	{ "matmul-f",      "fp",       1,         12,      128, matmul_float,  matrices,      NULL },
	{ "fma",           "fp",       1,   18000000,        0, fma_double,    NULL,          has_fma },
	{ "fma-f",         "fp",       1,   11000000,        0, fma_float,     NULL,          has_fma },
	{ "axpy",          "fp",       1,      12000,   64 * K, axpy_double,   memory,        NULL },
	{ "axpy-f",        "fp",       1,       3500,   64 * K, axpy_float,    memory,        NULL },
	{ "memcpy-64",     "memory",   1,    7500000,       64, memcpy_row,    two_buffers,   NULL },
	{ "memcpy-4k",     "memory",   1,     700000,    4 * K, memcpy_row,    two_buffers,   NULL },
	{ "memcpy-1m",     "memory",   1,       2000,        M, memcpy_row,    two_buffers,   NULL },
	{ "memset-64",     "memory",   1,   12000000,       64, memset_row,    memory,        NULL },
	{ "memset-4k",     "memory",   1,    1500000,    4 * K, memset_row,    memory,        NULL },
	{ "memset-1m",     "memory",   1,       4400,        M, memset_row,    memory,        NULL },
	{ "copy",          "memory",   1,     170000,   16 * K, copy,          two_buffers,   NULL },
	{ "chase-16k",     "memory",   1,  140000001,   16 * K, chase,         chase_setup,   NULL },
	{ "chase-512k",    "memory",   1,   75000000,  512 * K, chase,         chase_setup,   NULL },
	{ "chase-64m",     "memory",   1,    1800000,   64 * M, chase,         chase_setup,   NULL },
	{ "stride",        "memory",   1,        400,   32 * M, stride,        random_memory, NULL },
	{ "misaligned",    "memory",   1,      36000,   64 * K, misaligned,    random_memory, NULL },
	{ "amo",           "atomic",   1,   60000000,       64, amo,           memory,        NULL },
	{ "lrsc",          "atomic",   1,   80000000,       64, lrsc,          memory,        NULL },
	{ "amo-2",         "atomic",   2,   10000000,       64, amo_2,         memory,        NULL },
	{ "lrsc-2",        "atomic",   2,   10000000,       64, lrsc_2,        memory,        NULL },
	{ "scale-2",       "atomic",   2,       1000,        0, scale_2,       two_crcs,      NULL },
	{ "syscall",       "kernel",   1,     700000,        0, syscall_row,   NULL,          NULL },
	{ "clock",         "kernel",   1,    5000000,        0, clock_row,     NULL,          NULL },
	{ "pipe",          "kernel",   1,       5000,        1, pipe_row,      NULL,          NULL },
	{ "pipe-2",        "kernel",   2,       5000,        2, pipe_row,      NULL,          NULL },
	{ "futex",         "kernel",   1,      15000,        1, futex_row,     NULL,          NULL },
	{ "futex-2",       "kernel",   2,       5000,        2, futex_row,     NULL,          NULL },
	{ "fault",         "kernel",   1,      12288,    4 * M, fault_row,     NULL,          NULL },
	{ "mmap",          "kernel",   1,       5000,   64 * K, mmap_row,      NULL,          NULL },
	{ "fork",          "kernel",   1,        500,        0, fork_row,      NULL,          NULL },
	{ "exec",          "kernel",   1,        140,        0, exec_row,      NULL,          NULL },
	{ "thread",        "kernel",   1,       1700,        0, thread_row,    NULL,          NULL },
	{ "signal",        "kernel",   1,       6500,        0, signal_row,    NULL,          NULL },
	{ "codegen",       "kernel",   1,      75000,    4 * K, codegen,       executable,    NULL },
	{ "codegen-page",  "kernel",   1,       1500,    4 * K, codegen_page,  executable,    NULL },
	{ "usleep",        "time",     1,        300,     1000, usleep_row,    NULL,          NULL },
	{ "ticks",         "time",     1,        100,     4000, ticks_row,     NULL,          NULL },
};
/* clang-format on */

/* -- Running rows ----------------------------------------------------------------------------- */

struct options {
	const char *rows; /* NULL: all */
	u32 harts;        /* 0: all */
	u64 divide;
};

static double cpu_seconds(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double cpu_used(void)
{
	return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN);
}

static void run_row(const struct row *r, u64 work)
{
	void *mem;
	double start, cpu;
	u64 sum;

	if (r->harts == 1)
		pin(0);
	mem = r->setup ? r->setup(r->size) : NULL;
	say("GO %s\n", r->name);
	cpu = cpu_used();
	start = seconds(CLOCK_MONOTONIC);
	sum = r->run(mem, r->size, work);
	start = seconds(CLOCK_MONOTONIC) - start;
	cpu = cpu_used() - cpu;
	say("ROW %s %llu %.6f %016llx %.6f\n", r->name, (unsigned long long)work, start,
	    (unsigned long long)sum, cpu);
}

static const char *why_not(const struct row *r)
{
	if (r->harts == 2 && cpus[1] < 0)
		return "needs two CPUs";
	if (r->has && !r->has())
		return "needs instructions that this machine lacks";
	return NULL;
}

/* In a process of its own: a row that dies takes no other along and leaves nothing behind. */
static void row_process(const struct row *r, u64 divide)
{
	const char *no = why_not(r);
	pid_t child;
	u64 status;

	if (no) {
		say("SKIP %s %s\n", r->name, no);
		return;
	}
	child = fork();
	if (!child) {
		run_row(r, r->work / divide ? r->work / divide : 1);
		_exit(0);
	}
	status = status_of(child);
	if (status)
		say("DEAD %s exit %llu\n", r->name, (unsigned long long)status);
}

/* Whether `name` is one of a,b,c. */
static bool in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static void run_rows(const struct options *o)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		if ((!o->rows || in_list(o->rows, r->name)) && (!o->harts || o->harts == r->harts))
			row_process(r, o->divide);
	}
}

static void find_cpus(void)
{
	cpu_set_t set;
	u32 n = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		fail("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET((size_t)i, &set))
			cpus[n++] = i;
}

static bool parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned long number = strtoul(argv[i + 1], NULL, 10);

		if (!strcmp(argv[i], "--rows"))
			o->rows = argv[i + 1];
		else if (!strcmp(argv[i], "--harts"))
			o->harts = (u32)number;
		else if (!strcmp(argv[i], "--divide") && number)
			o->divide = number;
		else
			return false;
	}
	return argc % 2;
}

/* -- As init of the guest ------------------------------------------------------------------- */

static void guest_start(void)
{
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (open("/dev/console", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	struct options o = { .divide = 1 };
	bool guest = getpid() == 1;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 7;
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			printf("%s %s %u\n", rows[i].name, rows[i].group, rows[i].harts);
		return 0;
	}
	if (guest)
		guest_start();
	if (!parse(&o, argc, argv)) {
		fprintf(stderr, "usage: micro [--rows a,b] [--harts 1|2] [--divide n] | --list\n");
		return 1;
	}
	find_cpus();
	say("INIT\n");
	if (guest)
		sleep(1); /* what a kernel puts off until init runs is no part of the first row */
	run_rows(&o);
	say("END\n");
	if (guest)
		reboot(RB_POWER_OFF);
	return 0;
}
