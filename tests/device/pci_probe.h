/* pci_probe.h - a PCI function of a test: reads say where they went, resets are counted. */
#ifndef PCI_PROBE_H
#define PCI_PROBE_H

#include "virtio_bench.h"

struct probe {
	struct device dev;
	u32 resets;
};

static inline void probe_reset(struct device *dev)
{
	((struct probe *)dev)->resets++;
}

static inline u64 probe_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	(void)dev;
	(void)width;
	return (u64)(bar + 1) << 56 | off;
}

/* A class of it, whose functions are as `pci_class` says. */
#define PROBE(pci_class)                                                                           \
	{                                                                                          \
		.name = "probe", .size = sizeof(struct probe), .on = BUS_PCI,                      \
		.reset = probe_reset, .pci = (pci_class),                                          \
	}

#endif
