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
	CFG_BAR = 0x10,
	CFG_SUBSYSTEM = 0x2c,
	CFG_CAPABILITY_LIST = 0x34,
	CFG_LINE = 0x3c,
	CFG_PIN = 0x3d,
	CFG_CAPABILITIES = 0x40, /* the first of them */
};

enum {
	COMMAND_IO = 1 << 0,
	COMMAND_MEMORY = 1 << 1,
	COMMAND_MASTER = 1 << 2,
	COMMAND_INTX_OFF = 1 << 10,
	STATUS_INTERRUPT = 1 << 3,
	STATUS_CAPABILITIES = 1 << 4,
};

/* -- pci.c: the function's lock is held ----------------------------------------- */

bool pci_command(const struct pci_function *f, u32 bits);
/* `off` is a multiple of `width`, which is 1, 2 or 4. */
u32 pci_config_read(struct pci_function *f, u32 off, u32 width);
void pci_config_write(struct pci_function *f, u32 off, u32 width, u32 value);
struct pci_function *pci_plug(struct device *dev, const struct pci_class *is, struct pci_bus *bus,
			      u32 slot);

/* -- pci_msix.c ------------------------------------------------------------------ */

void msix_reset(struct pci_function *f);
void msix_replay(struct pci_function *f); /* sends what is pending and may go */
u64 msix_read(struct pci_function *f, u64 off, u32 width);
void msix_write(struct pci_function *f, u64 off, u32 width, u64 value);

#endif
