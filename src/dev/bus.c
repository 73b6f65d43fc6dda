/* bus.c - devices on a bus that another device offers: I2C addresses, SPI chip selects, the
 * one place of a PS/2 port.
 *
 * The board says who stands where; a controller finds them here.  No two device locks are
 * ever held at once, so the controller's is let go while the child's is held, as on PCI:
 * other harts may reach the controller meanwhile.
 */
#include "core.h"

#define PLACES 128 /* I2C has addresses of 7 bits */

static bool has_places(enum bus bus)
{
	return bus == BUS_I2C || bus == BUS_SPI || bus == BUS_PS2;
}

bool bus_attach(struct device *dev, struct err *e)
{
	const struct device_place *place = &dev->engine->place;
	struct device *bus = place->parent;
	struct device_engine *en = bus ? bus->engine : NULL;

	if (!bus || !has_places(bus->class->bus))
		return true;
	if (!(dev->class->on & bus->class->bus))
		return err_set(e, "%s is not a bus for it", bus->name);
	if (place->slot >= PLACES)
		return err_set(e, "place %u is not in 0..%u", place->slot, PLACES - 1);
	if (!en->children)
		en->children = device_alloc(bus, PLACES * sizeof(struct device *));
	if (en->children[place->slot])
		return err_set(e, "place %u is taken by %s", place->slot,
			       en->children[place->slot]->name);
	en->children[place->slot] = dev;
	return true;
}

void bus_detach(struct device *dev)
{
	const struct device_place *place = &dev->engine->place;
	struct device **children = place->parent ? place->parent->engine->children : NULL;

	if (children && place->slot < PLACES && children[place->slot] == dev)
		children[place->slot] = NULL;
}

struct device *bus_enter(struct device *bus, u32 place)
{
	struct device **children = bus->engine->children;
	struct device *child = children && place < PLACES ? children[place] : NULL;

	if (!child)
		return NULL;
	device_unlock(bus);
	device_lock(child);
	return child;
}

void bus_leave(struct device *bus, struct device *child)
{
	device_changed(child);
	device_unlock(child);
	device_lock(bus);
}
