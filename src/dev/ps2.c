/* ps2.c - the cable between a PS/2 port and what is plugged in, and the queue at its end. */
#include "ps2.h"

#include "core.h"

/* -- The queue ------------------------------------------------------------------- */

u32 ps2_room(const struct ps2_queue *q)
{
	return PS2_QUEUE - q->n;
}

void ps2_put_byte(struct ps2_queue *q, u8 byte)
{
	if (q->n < PS2_QUEUE)
		q->bytes[(q->first + q->n++) % PS2_QUEUE] = byte;
}

void ps2_put(struct ps2_queue *q, const u8 *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++)
		ps2_put_byte(q, bytes[i]);
}

void ps2_clear(struct ps2_queue *q)
{
	q->n = 0;
}

static struct ps2_queue *queue_of(const struct device *dev)
{
	return device_member(dev, dev->class->ps2->queue);
}

/* -- The cable: a layer around the device, whose wire says that bytes wait ----------- */

static void cable_update(struct device *dev, void *object)
{
	wire_set(dev, object, queue_of(dev)->n);
}

static const struct device_layer cable_layer = { .update = cable_update };

bool ps2_attach(struct device *dev, struct err *e)
{
	struct device *port = dev->engine->place.parent;
	struct wire *waiting;

	(void)e;
	if (!dev->class->ps2 || !port)
		return true;
	waiting = device_alloc(dev, sizeof(*waiting));
	device_add_layer(dev, &cable_layer, waiting);
	device_add_wire(dev, waiting);
	wire_connect(waiting, port, 0);
	return true;
}

u32 ps2_take(struct device *port, u8 *byte)
{
	struct device *dev = bus_enter(port, 0);
	struct ps2_queue *q;
	u32 n;

	*byte = 0;
	if (!dev)
		return 0;
	q = queue_of(dev);
	n = q->n;
	if (n) {
		*byte = q->bytes[q->first];
		q->first = (q->first + 1) % PS2_QUEUE;
		q->n--;
	}
	bus_leave(port, dev);
	return n;
}

void ps2_send(struct device *port, u8 byte)
{
	struct device *dev = bus_enter(port, 0);

	if (!dev)
		return;
	dev->class->ps2->write(dev, byte);
	bus_leave(port, dev);
}
