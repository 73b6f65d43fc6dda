/* pcie-root-port.c - a PCI Express root port
 *
 * Spec: PCI Express Base 4.0 sections 1.3.1 and 7.5.1.3.
 *
 * A function of the host bridge's bus with a bus of its own behind it, for one device.  Software
 * numbers that bus and opens the port's windows onto it; all of that is the engine's.
 *
 * Not modeled: hot plug, error reporting; no interrupt of its own.
 */
#include "device.h"
#include "pci.h"

struct port {
	struct device dev;
};

static bool port_init(struct device *dev, struct err *e)
{
	pci_port_init(dev);
	(void)e;
	return true;
}

/* clang-format off */
#define SELF struct port

DEVICE(pcie_root_port) = {
	.name         = "pcie-root-port",
	.doc          = "PCI Express root port, with a bus for one device",
	.linux_driver = "pcieport",
	.linux_config = "PCIEPORTBUS",
	.qemu         = "pcie-root-port",
	.size         = sizeof(SELF),
	.on           = BUS_PCI,
	.bus          = BUS_PCI,
	.example      = "port0: {device: pcie-root-port, devices: {rng0: {device: virtio-rng}}}",
	.init         = port_init,
	.pci = &(const struct pci_class){
		.vendor = 0x1b36, .device = 0x000c, .class_code = 0x060400, .port = true,
	},
};
