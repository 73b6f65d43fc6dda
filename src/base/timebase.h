/* timebase.h - the machine's `time`: one count for CLINT, rdtime and timers.
 *
 * Privileged manual, chapter "Machine Timer Registers".  Ticks start at 0 when
 * the machine starts and follow the host's monotonic clock.  Any thread may
 * read; timebase_set() is what a guest's store to mtime does.
 */
#ifndef TIMEBASE_H
#define TIMEBASE_H

#include "base.h"

#include <stdatomic.h>

#define NEVER_NS UINT64_MAX

struct timebase {
	u64 hz;           /* 1 .. 1e9 */
	u64 epoch_ns;     /* of now_ns() */
	_Atomic u64 skew; /* ticks added, modulo 2^64 */
	u64 scale;        /* ticks per ns, in units of 2^-64 */
};

void timebase_init(struct timebase *tb, u64 hz);
u64 timebase_ticks(const struct timebase *tb);
void timebase_set(struct timebase *tb, u64 ticks);
/* The host time (now_ns) at which the count reaches `ticks`: rounded up, in the
 * past if it has, NEVER_NS if that is centuries away. */
u64 timebase_ns_at(const struct timebase *tb, u64 ticks);

#endif
