/* pci_port.c - root ports: a type 1 header, and the bus behind it.
 *
 * PCI Express Base 4.0 section 7.5.1.3 (header); PCI-to-PCI Bridge
 * Architecture 1.2 chapter 4 for the windows.  A link has one device, at slot 0.
 *
 * What the port lets through concerns the function behind it, whose lock is not the port's: so
 * the port's update() leaves it in the bus, and after a write to the port the host bridge has the
 * function look at it anew (pci_ecam.c).
 *
 * Not modeled: hot plug, error reporting, virtual channels.
 */
#include "pci_priv.h"

bool pci_is_port(const struct pci_function *f)
{
	return f->is->port;
}

/* -- The header ------------------------------------------------------------------------ */

/* I/O ports by 4 KiB and 16 bits, memory by 1 MiB, prefetchable memory with 64 bits. */
void pci_port_header(struct pci_function *f)
{
	f->fixed[CFG_HEADER_TYPE] = 1;
	f->writable[CFG_COMMAND] |= COMMAND_IO | COMMAND_MEMORY;
	memset(f->writable + CFG_PRIMARY, 0xff, 4);
	f->writable[CFG_IO_BASE] = f->writable[CFG_IO_BASE + 1] = 0xf0;
	put_le32(f->writable + CFG_MEMORY_BASE, 0xfff0fff0);
	put_le32(f->writable + CFG_PREFETCHABLE_BASE, 0xfff0fff0);
	put_le32(f->fixed + CFG_PREFETCHABLE_BASE, 0x00010001); /* 64 bits */
	memset(f->writable + CFG_PREFETCHABLE_UPPER, 0xff, 8);
	put_le16(f->writable + CFG_BRIDGE_CONTROL, BRIDGE_RESET);
}

/* -- What it lets through ---------------------------------------------------------------- */

static void open_window(struct pci_gate *gate, u64 first, u64 last)
{
	atomic_store(&gate->first, first);
	atomic_store(&gate->last, last);
}

void pci_port_update(struct pci_function *f)
{
	struct pci_bus *bus = f->dev->engine->pci_bus;
	u32 memory = pci_config(f, CFG_MEMORY_BASE, 4);
	u32 fetch = pci_config(f, CFG_PREFETCHABLE_BASE, 4);
	u64 high = (u64)pci_config(f, CFG_PREFETCHABLE_UPPER, 4) << 32;
	u64 high_last = (u64)pci_config(f, CFG_PREFETCHABLE_UPPER + 4, 4) << 32;

	if (!bus)
		return; /* its init() is still to come */
	open_window(&bus->io, (u64)(pci_config(f, CFG_IO_BASE, 1) & 0xf0) << 8,
		    (u64)(pci_config(f, CFG_IO_BASE + 1, 1) & 0xf0) << 8 | 0xfff);
	open_window(&bus->memory, (u64)(memory & 0xfff0) << 16, memory | (u64)0xfffff);
	open_window(&bus->prefetchable, high | (u64)(fetch & 0xfff0) << 16,
		    high_last | (fetch & 0xfff00000) | 0xfffff);
	atomic_store(&bus->command, express_awake(f) ? pci_config(f, CFG_COMMAND, 2) : 0);
	atomic_store(&bus->number, pci_config(f, CFG_PRIMARY + 1, 1));
}

static bool lets_through(const struct pci_gate *gate, u64 at, u64 size)
{
	return at >= gate->first && at <= gate->last && gate->last - at >= size - 1;
}

bool pci_bus_passes(const struct pci_bus *bus, u64 at, u64 size, bool io)
{
	if (!bus->port)
		return true;
	if (io)
		return bus->command & COMMAND_IO && lets_through(&bus->io, at, size);
	return bus->command & COMMAND_MEMORY &&
	       (lets_through(&bus->memory, at, size) || lets_through(&bus->prefetchable, at, size));
}

bool pci_bus_masters(const struct pci_bus *bus)
{
	return !bus->port || bus->command & COMMAND_MASTER;
}

/* -- The bus behind it -------------------------------------------------------------------- */

void pci_port_init(struct device *port)
{
	struct pci_function *f = pci_function(port);

	pci_bus_make(port, f ? f->bus : NULL, f);
}
