/* patience.h - how a test waits for what another thread or process does: until it is done, on
 * however slow and busy a computer.  Only what hangs meets the limit.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include "base.h"

#include <time.h>
#include <unistd.h>

#define PATIENCE_S  300
#define PATIENCE_NS ((u64)PATIENCE_S * 1000000000)

/* Between two looks.  At first it takes no time, for on another CPU it may be done at this very
 * moment.  Then it does: who is waited for may need this CPU, and gets it from those who sleep. */
static inline void between_looks(u32 looks)
{
	if (looks > 4000)
		usleep(50);
}

#define AWAIT(is_so)                                                                               \
	do {                                                                                       \
		u64 until_ns = now_ns() + PATIENCE_NS;                                             \
		for (u32 looks = 0; !(is_so); looks++) {                                           \
			if (now_ns() > until_ns)                                                   \
				fail_msg("it never came to this: %s", #is_so);                     \
			between_looks(looks);                                                      \
		}                                                                                  \
	} while (0)

/* Of this process, whatever else the computer does meanwhile. */
static inline u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

#endif
