/* wire.c - wires, and the unlock that delivers them.
 *
 * A hook only marks wires as changed.  They are delivered one by one after the
 * device's lock is released, and the level is read at the last moment: under the
 * listener's lock, or under `delivery` where the listener is no device.  So of two
 * threads that deliver the same wire, the later one brings the newest level.
 *
 * What a listener does may change wires of its own, which follow at once.  A board
 * can join them into a loop that never settles: then delivery stops at a bound, and
 * is counted as a mistake of the guest that set it swinging.
 */
#include "core.h"

#define MOST_NESTED 32

struct delivery {
	u32 depth;
	u32 left; /* deliveries to devices, before it is called a loop */
};

#define DELIVERY ((struct delivery){ .left = 4096 })

static void queue(struct device *dev, struct wire *wire)
{
	struct device_engine *en = dev->engine;

	if (wire->queued)
		return;
	wire->queued = true;
	wire->next = NULL;
	*en->queue_end = wire;
	en->queue_end = &wire->next;
}

void wire_set(struct device *dev, struct wire *wire, bool level)
{
	if (wire->level == level)
		return;
	wire->level = level;
	queue(dev, wire);
}

void wire_pulse(struct device *dev, struct wire *wire)
{
	wire->pulse = true;
	queue(dev, wire);
}

static struct wire *take(struct device_engine *en)
{
	struct wire *wire = en->queue;

	if (!wire)
		return NULL;
	wire->queued = false;
	en->queue = wire->next;
	if (!en->queue)
		en->queue_end = &en->queue;
	return wire;
}

static void unlock(struct device *dev, struct delivery *d);

static void too_many(struct device *dev)
{
	pthread_mutex_lock(&dev->engine->lock);
	guest_error(dev, "its inputs and outputs form a loop that does not settle");
	pthread_mutex_unlock(&dev->engine->lock);
}

static void deliver_to_device(struct wire *wire, bool pulse, struct delivery *d)
{
	struct device *to = wire->to;

	if (d->depth == MOST_NESTED || !d->left) {
		too_many(to);
		return;
	}
	d->left--;
	d->depth++;
	device_lock(to);
	if (to->class->input)
		to->class->input(to, wire->line, pulse || wire->level);
	device_changed(to);
	unlock(to, d);
	d->depth--;
}

static void deliver_level(struct device *dev, struct wire *wire, bool pulse, struct delivery *d)
{
	if (wire->to) {
		deliver_to_device(wire, pulse, d);
	} else if (wire->set) {
		pthread_mutex_lock(&dev->engine->delivery);
		wire->set(wire->ctx, wire->line, pulse || wire->level);
		pthread_mutex_unlock(&dev->engine->delivery);
	}
}

static void deliver(struct device *dev, struct wire *wire, struct delivery *d)
{
	if (atomic_exchange(&wire->pulse, false))
		deliver_level(dev, wire, true, d);
	deliver_level(dev, wire, false, d);
}

static void unlock_and_deliver(struct device *dev, struct delivery *d)
{
	struct device_engine *en = dev->engine;
	struct wire *wire;
	bool more;

	for (;;) {
		wire = take(en);
		more = en->queue;
		pthread_mutex_unlock(&en->lock);
		if (wire)
			deliver(dev, wire, d);
		if (!more)
			return;
		pthread_mutex_lock(&en->lock);
	}
}

/* A request that finishes while the lock is held is left to the holder; one that comes
 * after the holder has looked is seen by the second look. */
static void unlock(struct device *dev, struct delivery *d)
{
	do {
		block_finish(dev);
		unlock_and_deliver(dev, d);
	} while (block_waiting(dev) && !pthread_mutex_trylock(&dev->engine->lock));
}

void device_unlock(struct device *dev)
{
	struct delivery d = DELIVERY;

	unlock(dev, &d);
}

void device_input(struct device *dev, u32 line, bool level)
{
	device_lock(dev);
	if (dev->class->input)
		dev->class->input(dev, line, level);
	device_changed(dev);
	device_unlock(dev);
}

/* -- Connections ------------------------------------------------------------- */

void device_add_wire(struct device *dev, struct wire *wire)
{
	struct device_engine *en = dev->engine;

	GROW(&en->wires, en->nwires, &en->wires_cap);
	en->wires[en->nwires++] = wire;
}

void wire_connect(struct wire *wire, struct device *to, u32 line)
{
	wire->to = to->engine->lines_first ? to->engine->lines_first : to;
	wire->line = line;
}

void wire_to_device(struct device *dev, struct wire *wire, struct device *to, u32 line)
{
	wire->to = to;
	wire->line = line;
	device_add_wire(dev, wire);
}

void lines_arrive_first(struct device *dev, struct device *behind)
{
	behind->engine->lines_first = dev;
}

void wire_to_gpio(struct device *dev, struct wire *wire, const struct ref *ref)
{
	device_add_wire(dev, wire);
	if (ref->dev)
		wire_connect(wire, ref->dev, ref->cell[0]);
}

/* The row of a GPIO controller's levels is its first of outputs. */
void wire_from_gpio(struct device *dev, const struct ref *ref, u32 line)
{
	const struct prop *p;
	struct wire *wire;

	if (!ref->dev)
		return;
	for_each(p, ref->dev->class->props)
		if (p->kind == PROP_KIND_OUTPUTS)
			break;
	wire = p && p->name ? device_wire(ref->dev, p->name, ref->cell[0]) : NULL;
	if (wire)
		wire_connect(wire, dev, line);
}

#define IRQ_BITS 6

static void set_hart(void *ctx, u32 line, bool level)
{
	const struct device_machine *m = ctx;

	if (m->hart_input)
		m->hart_input(m->ctx, line >> IRQ_BITS, line & LOW_BITS(IRQ_BITS), level);
}

void wire_to_hart(struct device *dev, struct wire *wire, u32 hart, u32 irq)
{
	assert(irq <= LOW_BITS(IRQ_BITS) && hart < dev->engine->machine->nharts);
	wire->set = set_hart;
	wire->ctx = (void *)(uintptr_t)dev->engine->machine;
	wire->line = hart << IRQ_BITS | irq;
	device_add_wire(dev, wire);
}

void device_settle(struct device *dev)
{
	struct device_engine *en = dev->engine;
	struct delivery d = DELIVERY;

	for (u32 i = 0; i < en->nwires; i++)
		deliver(dev, en->wires[i], &d);
}
