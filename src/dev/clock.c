/* clock.c - guest time and timers, as a device sees them.
 *
 * Guest time is the host's monotonic time since the machine's epoch; `time` ticks
 * are the machine's timebase.  A test puts a clock of its own under both.
 */
#include "core.h"

u64 device_now(const struct device *dev)
{
	const struct device_clock *clock = dev->engine->machine->clock;

	return clock ? clock->now(clock->ctx) : now_ns();
}

u64 clock_ns(const struct device *dev)
{
	return device_now(dev) - dev->engine->machine->time->epoch_ns;
}

u64 clock_wall_ns(const struct device *dev)
{
	const struct device_clock *clock = dev->engine->machine->clock;

	return clock ? clock->wall(clock->ctx) : wall_ns();
}

void timer_at(struct device *dev, u64 ns)
{
	const struct device_machine *m = dev->engine->machine;
	u64 host_ns;

	if (ADD_OVERFLOWS(ns, m->time->epoch_ns, &host_ns))
		host_ns = NEVER_NS;
	timers_arm(m->timers, &dev->engine->timer, host_ns);
}

void timer_off(struct device *dev)
{
	timers_arm(dev->engine->machine->timers, &dev->engine->timer, NEVER_NS);
}

u64 clock_ticks(const struct device *dev)
{
	const struct device_clock *clock = dev->engine->machine->clock;

	return clock ? clock->ticks(clock->ctx) : timebase_ticks(dev->engine->machine->time);
}

void clock_set_ticks(struct device *dev, u64 ticks)
{
	const struct device_machine *m = dev->engine->machine;

	if (m->clock)
		m->clock->set_ticks(m->clock->ctx, ticks);
	else
		timebase_set(m->time, ticks);
	timers_recheck(m->timers);
}

u64 clock_ns_at_ticks(const struct device *dev, u64 ticks)
{
	const struct device_machine *m = dev->engine->machine;
	u64 host_ns =
		m->clock ? m->clock->ns_at(m->clock->ctx, ticks) : timebase_ns_at(m->time, ticks);

	return host_ns == NEVER_NS ? NEVER_NS : host_ns - m->time->epoch_ns;
}
