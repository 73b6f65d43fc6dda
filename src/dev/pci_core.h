/* pci_core.h - PCI functions and buses behind pci.h, for src/dev and the tests.
 *
 * A function is a layer around a model (core.h), and so is a bus around a bridge.
 */
#ifndef PCI_CORE_H
#define PCI_CORE_H

#include "core.h"
#include "pci.h"

#define PCI_CONFIG_BYTES 256
#define PCI_BARS         6
#define PCI_SLOTS        32

struct pci_bar_window {
	struct pci_function *f;
	u32 bar;
	u32 window; /* of mem/ */
	u64 size;   /* 0: no such BAR */
	u64 gpa;    /* where it is mapped now; mapped 0: nowhere */
	u64 mapped;
	bool is_64bit, io;
};

struct msix_entry {
	u64 address;
	u32 data, control;
};

struct pci_function {
	struct device *dev;
	const struct pci_class *is;
	struct pci_bus *bus;

	/* Configuration space: what never changes, which bits a write changes, and what
	 * was written there. */
	u8 fixed[PCI_CONFIG_BYTES], writable[PCI_CONFIG_BYTES], written[PCI_CONFIG_BYTES];
	u32 next_cap;  /* where the next capability goes */
	u32 last_next; /* the byte that will point at it */
	struct pci_bar_window bar[PCI_BARS];

	struct wire intx;
	u8 pin; /* what the model asks for: 0 or 1 */

	u32 express, power; /* that capability, and the register of power management; 0: none */

	u32 msix_cap; /* 0: none */
	u32 msix_bar;
	u32 nvectors;
	struct msix_entry *vectors;
	u8 *pending; /* a bool each */

	/* Registers of configuration space that do something (pci_add_hook). */
	u32 hook_at;
	u32 (*hook_read)(struct device *dev, u32 off, u32 width);
	void (*hook_write)(struct device *dev, u32 off, u32 width, u32 value);
};

/* Addresses that a root port lets through: none if the last is below the first. */
struct pci_gate {
	_Atomic u64 first, last;
};

struct pci_bus {
	struct device *bridge; /* the host's */
	struct pci_windows windows;
	struct pci_function *function[PCI_SLOTS]; /* function 0 of each */

	/* Behind a root port: what its registers say, for the function there. */
	struct pci_function *port;
	struct pci_gate io, memory, prefetchable;
	_Atomic u32 command, number;
};

/* -- For device types with a PCI form of their own (virtio_pci.c) ------------------
 *
 * After pci_attach(), before the device is seen by a guest.
 */
struct pci_function *pci_function(const struct device *dev); /* or NULL */
void pci_set_identity(struct pci_function *f, const struct pci_class *is);
void pci_add_bar(struct pci_function *f, u32 bar, const struct pci_bar *is);
/* `body` follows the two bytes that every capability has.  Returns its offset. */
u32 pci_add_capability(struct pci_function *f, u8 id, const void *body, u32 len);
/* None without an MSI controller in the machine. */
void pci_add_msix(struct pci_function *f, u32 vectors, u32 bar);
/* Four bytes at `at` are not memory: accesses go to these, `off` from `at`. */
void pci_add_hook(struct pci_function *f, u32 at,
		  u32 (*read)(struct device *dev, u32 off, u32 width),
		  void (*write)(struct device *dev, u32 off, u32 width, u32 value));
/* What a driver wrote, or what is fixed there. */
u32 pci_config(const struct pci_function *f, u32 off, u32 width);

#endif
