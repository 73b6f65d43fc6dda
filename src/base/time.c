#include "base.h"

#include <time.h>

static u64 clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

u64 now_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

u64 wall_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

u64 mul_div(u64 v, u64 num, u64 den)
{
	return (u64)((u128)v * num / den);
}
