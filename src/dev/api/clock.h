/* clock.h - guest time for devices, and one timer for each device.
 *
 * Guest time is in nanoseconds since the machine started and never goes back.
 * The callback is the class's .timer, with the device's lock held.  It may come
 * early: when the guest sets the time, and after a pause, all that are armed come
 * at once.  So it looks at the clock first; update(), which runs after it, arms it
 * again from the device's state.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include "device.h"

u64 clock_ns(const struct device *dev);
u64 clock_wall_ns(const struct device *dev); /* since 1970, UTC, as the host sees it */

/* One timer a device: arming it again moves it. */
void timer_at(struct device *dev, u64 ns);
void timer_off(struct device *dev);

/* The machine's `time` count (CLINT, Sstc), in ticks of timebase-frequency. */
u64 clock_ticks(const struct device *dev);
void clock_set_ticks(struct device *dev, u64 ticks);
u64 clock_ns_at_ticks(const struct device *dev, u64 ticks); /* UINT64_MAX: never */

#endif
