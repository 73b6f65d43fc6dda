/* pci_priv.h - what the files pci*.c share: the type 0 header and the way in.
 *
 * PCI Local Bus 3.0, figure 6-1:
 *
 *	00  device id       vendor id       |  2c  subsystem id    subsystem vendor
 *	04  status          command         |  34                  capability list
 *	08  class code          revision    |  3c           pin    interrupt line
 *	0c  bist  type  latency cache line  |
 *	10  six BARs
 */
#ifndef PCI_PRIV_H
#define PCI_PRIV_H

#include "pci_core.h"

enum {
	CFG_VENDOR = 0x00,
	CFG_COMMAND = 0x04,
	CFG_STATUS = 0x06,
	CFG_REVISION = 0x08,
	CFG_CACHE_LINE = 0x0c,
	CFG_HEADER_TYPE = 0x0e,
	CFG_BAR = 0x10,
	CFG_SUBSYSTEM = 0x2c,
	CFG_CAPABILITY_LIST = 0x34,
	CFG_LINE = 0x3c,
	CFG_PIN = 0x3d,

	/* of a type 1 header: each base is followed by its limit */
	CFG_PRIMARY = 0x18, /* then secondary, subordinate, latency timer */
	CFG_IO_BASE = 0x1c,
	CFG_MEMORY_BASE = 0x20,
	CFG_PREFETCHABLE_BASE = 0x24,
	CFG_PREFETCHABLE_UPPER = 0x28,
	CFG_BRIDGE_CONTROL = 0x3e,

	CFG_CAPABILITIES = 0x40, /* the first of them */
};

enum {
	COMMAND_IO = 1 << 0,
	COMMAND_MEMORY = 1 << 1,
	COMMAND_MASTER = 1 << 2,
	COMMAND_INTX_OFF = 1 << 10,
	STATUS_INTERRUPT = 1 << 3,
	STATUS_CAPABILITIES = 1 << 4,
	BRIDGE_RESET = 1 << 6, /* of the bus behind it */
};

/* -- pci.c: the function's lock is held ----------------------------------------- */

bool pci_command(const struct pci_function *f, u32 bits);
/* `off` is a multiple of `width`, which is 1, 2 or 4. */
u32 pci_config_read(struct pci_function *f, u32 off, u32 width);
void pci_config_write(struct pci_function *f, u32 off, u32 width, u32 value);
struct pci_function *pci_plug(struct device *dev, const struct pci_class *is, struct pci_bus *bus,
			      u32 slot);

/* May it use memory, and send messages? */
bool pci_is_master(const struct pci_function *f);

/* -- pci_ecam.c ------------------------------------------------------------------ */

/* The bus of a device that offers one: of the host bridge, or behind a port of `above`. */
struct pci_bus *pci_bus_make(struct device *dev, const struct pci_bus *above,
			     struct pci_function *port);

/* -- pci_express.c --------------------------------------------------------------- */

void express_init(struct pci_function *f);
/* In D0: only then it decodes, uses memory and interrupts. */
bool express_awake(const struct pci_function *f);
void express_write(struct pci_function *f, u32 off, const u8 *bytes, u32 width);
/* True: device_reset() is due, once no lock is held. */
bool express_wants_reset(const struct pci_function *f);

/* -- pci_port.c ------------------------------------------------------------------ */

bool pci_is_port(const struct pci_function *f);
void pci_port_header(struct pci_function *f);
void pci_port_update(struct pci_function *f);
bool pci_bus_passes(const struct pci_bus *bus, u64 at, u64 size, bool io);
bool pci_bus_masters(const struct pci_bus *bus);

/* -- pci_msix.c ------------------------------------------------------------------ */

void msix_reset(struct pci_function *f);
void msix_replay(struct pci_function *f); /* sends what is pending and may go */
u64 msix_read(struct pci_function *f, u64 off, u32 width);
void msix_write(struct pci_function *f, u64 off, u32 width, u64 value);

#endif
