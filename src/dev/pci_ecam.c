/* pci_ecam.c - a host bridge's side of PCI: the bus and its configuration window.
 *
 * PCI Express Base 4.0 section 7.2.2, the enhanced configuration access mechanism:
 *
 *	 27   20 19   15 14    12 11       0
 *	| bus   | slot  | function | register |
 *
 * No two device locks are ever held at once, so the bridge's is let go while the
 * function's is held.  Nothing is lost: which functions there are never changes.
 * Only bus 0 exists until there are bridges behind it.
 */
#include "pci_priv.h"

static void bus_fini(struct device *dev, void *object)
{
	(void)dev;
	free(object);
}

static const struct device_layer bus_layer = { .fini = bus_fini };

void pci_bus_init(struct device *bridge, const struct pci_windows *windows)
{
	struct pci_bus *bus = xzalloc(sizeof(*bus));

	bus->bridge = bridge;
	bus->windows = *windows;
	bridge->engine->pci_bus = bus;
	device_add_layer(bridge, &bus_layer, bus);
	if (bridge->class->pci)
		pci_plug(bridge, bridge->class->pci, bus, 0);
}

static struct pci_function *find(const struct device *bridge, u64 off)
{
	u32 bus = (u32)(off >> 20), slot = off >> 15 & 31, function = off >> 12 & 7;

	return bus || function ? NULL : bridge->engine->pci_bus->function[slot];
}

static void enter(struct device *bridge, struct pci_function *f)
{
	if (f->dev == bridge)
		return;
	device_unlock(bridge);
	device_lock(f->dev);
}

static void leave(struct device *bridge, struct pci_function *f)
{
	if (f->dev == bridge)
		return;
	device_unlock(f->dev);
	device_lock(bridge);
}

static u32 config_read(struct device *bridge, u64 off, u32 width)
{
	struct pci_function *f = find(bridge, off);
	u32 v;

	if (!f)
		return (u32)LOW_BITS(8 * width); /* a master abort reads all ones */
	enter(bridge, f);
	v = pci_config_read(f, off & 0xfff, width);
	leave(bridge, f);
	return v;
}

static void config_write(struct device *bridge, u64 off, u32 width, u32 value)
{
	struct pci_function *f = find(bridge, off);

	if (!f)
		return;
	enter(bridge, f);
	pci_config_write(f, off & 0xfff, width, value);
	leave(bridge, f);
}

/* Eight bytes are two registers. */
u64 pci_ecam_read(struct device *bridge, u64 off, u32 width)
{
	if (width == 8)
		return config_read(bridge, off, 4) | (u64)config_read(bridge, off + 4, 4) << 32;
	return config_read(bridge, off, width);
}

void pci_ecam_write(struct device *bridge, u64 off, u32 width, u64 value)
{
	config_write(bridge, off, MIN(width, 4), (u32)value);
	if (width == 8)
		config_write(bridge, off + 4, 4, (u32)(value >> 32));
}
