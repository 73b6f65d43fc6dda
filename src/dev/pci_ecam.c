/* pci_ecam.c - a host bridge's side of PCI: the bus and its configuration window.
 *
 * PCI Express Base 4.0 section 7.2.2, the enhanced configuration access mechanism:
 *
 *	 27   20 19   15 14    12 11       0
 *	| bus   | slot  | function | register |
 *
 * No two device locks are ever held at once, so the bridge's is let go while the
 * function's is held.  Nothing is lost: which functions there are never changes.
 */
#include "pci_priv.h"

static void bus_fini(struct device *dev, void *object)
{
	(void)dev;
	free(object);
}

static const struct device_layer bus_layer = { .fini = bus_fini };

struct pci_bus *pci_bus_make(struct device *dev, const struct pci_bus *above,
			     struct pci_function *port)
{
	struct pci_bus *bus = xzalloc(sizeof(*bus));

	bus->bridge = above ? above->bridge : dev;
	if (above)
		bus->windows = above->windows;
	bus->port = port;
	dev->engine->pci_bus = bus;
	device_add_layer(dev, &bus_layer, bus);
	return bus;
}

void pci_bus_init(struct device *bridge, const struct pci_windows *windows)
{
	struct pci_bus *bus = pci_bus_make(bridge, NULL, NULL);

	bus->windows = *windows;
	if (bridge->class->pci)
		pci_plug(bridge, bridge->class->pci, bus, 0);
}

/* The bus behind a function, or NULL. */
static struct pci_bus *behind(const struct pci_function *f)
{
	return f && pci_is_port(f) ? f->dev->engine->pci_bus : NULL;
}

/* The bus of that number, which is not 0: what software has called it so. */
static const struct pci_bus *bus_numbered(const struct pci_bus *root, u32 number)
{
	for (u32 i = 0; i < PCI_SLOTS; i++) {
		const struct pci_bus *bus = behind(root->function[i]);

		if (bus && bus->number == number)
			return bus;
	}
	return NULL;
}

static struct pci_function *find(const struct device *bridge, u64 off)
{
	u32 number = (u32)(off >> 20), slot = off >> 15 & 31, function = off >> 12 & 7;
	const struct pci_bus *root = bridge->engine->pci_bus;
	const struct pci_bus *bus = number ? bus_numbered(root, number) : root;

	return !bus || function ? NULL : bus->function[slot];
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

static bool in_reset(const struct pci_function *f)
{
	return pci_is_port(f) && pci_config(f, CFG_BRIDGE_CONTROL, 2) & BRIDGE_RESET;
}

/* What is behind a port sees what was written there. */
static void tell_behind(struct device *bridge, const struct pci_function *port, bool reset)
{
	struct pci_bus *bus = behind(port);
	struct device *dev = bus && bus->function[0] ? bus->function[0]->dev : NULL;

	if (!dev)
		return;
	device_unlock(bridge);
	if (reset)
		device_reset(dev);
	device_lock(dev);
	device_changed(dev);
	device_unlock(dev);
	device_lock(bridge);
}

static void reset_function(struct device *bridge, struct device *dev)
{
	device_unlock(bridge);
	device_reset(dev);
	device_lock(bridge);
}

static void config_write(struct device *bridge, u64 off, u32 width, u32 value)
{
	struct pci_function *f = find(bridge, off);
	bool reset, reset_behind;

	if (!f)
		return;
	enter(bridge, f);
	reset_behind = !in_reset(f);
	pci_config_write(f, off & 0xfff, width, value);
	reset_behind &= in_reset(f);
	reset = express_wants_reset(f);
	leave(bridge, f);
	if (reset)
		reset_function(bridge, f->dev);
	tell_behind(bridge, f, reset_behind);
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
