/* pci.h - PCI functions, for models that are one and for the host bridge.
 *
 * PCI Local Bus 3.0, PCI Express Base 4.0 chapter 7.  The engine owns
 * configuration space: header, BARs, capabilities, MSI-X table and PBA.  A model
 * says what it is in its class and never sees a configuration access.
 */
#ifndef PCI_H
#define PCI_H

#include "device.h"

struct pci_bar {
	u64 size;      /* power of two, at least 16; 0: no such BAR */
	bool is_64bit; /* takes the next BAR as well */
	bool prefetchable;
	bool io; /* an I/O port BAR; size at most 256 */
};

struct pci_class {
	u16 vendor, device, subsystem_vendor, subsystem;
	u8 revision;
	u32 class_code; /* 24 bits */
	struct pci_bar bar[6];
	u32 msix_vectors; /* 0: none.  The engine places table and PBA in BAR msix_bar */
	u32 msix_bar;     /* a BAR of its own */
	bool intx;        /* it has an interrupt pin, INTA */
	bool express;     /* PCI Express: has its capability, power management, and can be reset */
	bool port;        /* a root port: no BARs, and a bus behind it (pci_port_init) */
	/* Accesses to a BAR of the model; like .read and .write of the class. */
	u64 (*read)(struct device *dev, u32 bar, u64 off, u32 width);
	void (*write)(struct device *dev, u32 bar, u64 off, u32 width, u64 value);
};

/* The function's interrupt: an MSI-X message where the guest has enabled it (each
 * call sends one), else the INTx level, which pci_intx() sets.  MSI-X is there only
 * if the machine has a controller for it. */
bool pci_msix_enabled(const struct device *dev);
void pci_msix_send(struct device *dev, u32 vector);
void pci_intx(struct device *dev, bool level);

/* -- For the host bridge -------------------------------------------------------
 *
 * Its class offers BUS_PCI.  What its class says in .pci, if anything, is function
 * 0 of slot 0 on its own bus.  Each function's INTA is input PCI_LINE of it.
 */
#define PCI_LINES           128
#define PCI_LINE(slot, pin) ((slot)*4 + (pin)) /* pin 0 is INTA */

/* Where BARs may be, as the CPU sees it; size 0: no such window.  Memory has the same
 * address on both sides, I/O ports count from 0. */
struct pci_windows {
	struct range io, mem32, mem64;
};

/* In init(): makes the bus. */
void pci_bus_init(struct device *bridge, const struct pci_windows *windows);

/* In init() of a root port: makes the bus behind it, which has one slot, 0. */
void pci_port_init(struct device *port);

/* An access to configuration space, enhanced mechanism: bus, slot, function and
 * register are in the offset.  Lets the bridge's lock go for the function's. */
u64 pci_ecam_read(struct device *bridge, u64 off, u32 width);
void pci_ecam_write(struct device *bridge, u64 off, u32 width, u64 value);

#endif
