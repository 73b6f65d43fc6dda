#include "timebase.h"

enum { NS_PER_S = 1000000000 };

void timebase_init(struct timebase *tb, u64 hz)
{
	assert(hz >= 1 && hz <= NS_PER_S);
	tb->hz = hz;
	tb->epoch_ns = now_ns();
	tb->skew = 0;
	/* Rounded up: rounded down, n * 100 ns would be n - 1 ticks of 10 MHz. */
	tb->scale = hz == NS_PER_S ? 0 : (u64)((((u128)hz << 64) + NS_PER_S - 1) / NS_PER_S);
}

/* The error of `scale` is below 2^-64 ticks a ns: one tick in 585 years. */
static u64 ticks_of(const struct timebase *tb, u64 ns)
{
	return tb->scale ? (u64)((u128)ns * tb->scale >> 64) : ns;
}

u64 timebase_ticks(const struct timebase *tb)
{
	u64 skew = atomic_load_explicit(&tb->skew, memory_order_relaxed);

	return ticks_of(tb, now_ns() - tb->epoch_ns) + skew;
}

void timebase_set(struct timebase *tb, u64 ticks)
{
	u64 own = ticks_of(tb, now_ns() - tb->epoch_ns);

	atomic_store_explicit(&tb->skew, ticks - own, memory_order_relaxed);
}

u64 timebase_ns_at(const struct timebase *tb, u64 ticks)
{
	u64 now = timebase_ticks(tb), own;
	u128 ns;

	if (ticks <= now)
		return now_ns();
	own = ticks - atomic_load_explicit(&tb->skew, memory_order_relaxed);
	ns = ((u128)own * NS_PER_S + tb->hz - 1) / tb->hz + tb->epoch_ns;
	return ns >= NEVER_NS ? NEVER_NS : (u64)ns;
}
