/* pcie-ecam.c - PCI Express host bridge without a controller to program
 *
 * Spec: PCI Express Base 4.0 section 7.2.2 (enhanced configuration access), PCI
 * Local Bus 3.0 section 2.2.6 (interrupt pins), IEEE 1275 PCI bus binding (node).
 *
 * Its registers are the configuration space of the functions nested in it, 1 MiB a
 * bus.  It has windows through which the CPU reaches their BARs: memory at the same
 * address on both sides, I/O ports from 0.  Firmware or the kernel places BARs; at
 * reset none is placed.  Pins INTA of the slots are spread over four interrupts.
 *
 * Not modeled: hot plug, error reporting.
 */
#include "device.h"
#include "dt.h"
#include "pci.h"

#define PINS 4

struct pcie {
	struct device dev;

	/* properties */
	struct wire interrupts[PINS];
	struct ref msi_parent;
	struct range io, mem32, mem64;

	u32 slots[PINS]; /* by interrupt: one bit for each slot that pulls it */
};

/* Which of the four interrupts a pin of a slot pulls: bridges turn by one a slot. */
static u32 swizzle(u32 slot, u32 pin)
{
	return (slot + pin) % PINS;
}

static bool pcie_init(struct device *dev, struct err *e)
{
	struct pcie *p = (struct pcie *)dev;

	pci_bus_init(dev, &(struct pci_windows){ p->io, p->mem32, p->mem64 });
	(void)e;
	return true;
}

static void pcie_input(struct device *dev, u32 line, bool level)
{
	struct pcie *p = (struct pcie *)dev;
	u32 slot = line / PINS, bit = (u32)1 << slot;
	u32 *slots = &p->slots[swizzle(slot, line % PINS)];

	assert(line < PCI_LINES); /* the builder did the wiring: ours, not the guest's */
	*slots = level ? *slots | bit : *slots & ~bit;
}

static void pcie_update(struct device *dev)
{
	struct pcie *p = (struct pcie *)dev;

	for (u32 i = 0; i < PINS; i++)
		wire_set(dev, &p->interrupts[i], p->slots[i]);
}

/* -- Device tree ---------------------------------------------------------------- */

/* A row of `ranges`: three cells of PCI address, two of CPU address, two of size. */
static u32 range_row(u32 *cells, u32 space, u64 pci, const struct value *v)
{
	if (!v->given)
		return 0;
	cells[0] = space << 24;
	cells[1] = (u32)(pci >> 32);
	cells[2] = (u32)pci;
	cells[3] = (u32)(v->num >> 32);
	cells[4] = (u32)v->num;
	cells[5] = (u32)(v->size >> 32);
	cells[6] = (u32)v->size;
	return 7;
}

static void pcie_ranges(struct dt_node *node)
{
	const struct value *io = dt_value(node, "io");
	const struct value *mem32 = dt_value(node, "mem32");
	const struct value *mem64 = dt_value(node, "mem64");
	u32 cells[21], n = 0;

	n += range_row(cells + n, 0x01, 0, io);
	n += range_row(cells + n, 0x02, mem32->num, mem32);
	n += range_row(cells + n, 0x43, mem64->num, mem64); /* prefetchable */
	dt_add_cells(node, "ranges", cells, n);
}

/* A row of `interrupt-map`: slot, pin (1 is INTA), controller, its address (of which
 * nothing is left of interest) and its line. */
static u32 map_row(const struct dt_node *node, u32 *cells, u32 slot, u32 pin)
{
	u32 i = swizzle(slot, pin), n = 0;

	cells[n++] = slot << 11;
	cells[n++] = 0;
	cells[n++] = 0;
	cells[n++] = pin + 1;
	cells[n++] = dt_irq_parent(node, "interrupts", i);
	for (u32 k = dt_irq_address_cells(node, "interrupts", i); k; k--)
		cells[n++] = 0;
	return n + dt_irq_cells(node, "interrupts", i, cells + n);
}

static void pcie_interrupt_map(struct dt_node *node)
{
	u32 cells[PINS * PINS * 12], n = 0;

	for (u32 slot = 0; slot < PINS; slot++)
		for (u32 pin = 0; pin < PINS; pin++)
			n += map_row(node, cells + n, slot, pin);
	dt_add_cells(node, "interrupt-map", cells, n);
	dt_add_cells(node, "interrupt-map-mask", (const u32[]){ (PINS - 1) << 11, 0, 0, 7 }, 4);
}

static void pcie_fdt(struct dt_node *node)
{
	u32 last_bus = (u32)(dt_reg_size(node) / MIB) - 1;

	dt_add_cells(node, "bus-range", (const u32[]){ 0, last_bus }, 2);
	pcie_ranges(node);
	pcie_interrupt_map(node);
}

/* clang-format off */
#define SELF struct pcie

DEVICE(pcie_ecam) = {
	.name         = "pcie-ecam",
	.doc          = "PCI Express host bridge",
	.compatible   = { "pci-host-ecam-generic" },
	.node         = "pcie",
	.binding      = "pci/host-generic-pci.yaml",
	.linux_driver = "pci-host-generic",
	.linux_config = "PCI_HOST_GENERIC",
	.qemu         = "gpex-pcihost",
	.size         = sizeof(SELF),
	.bus          = BUS_PCI,
	.mmio_max     = 256 * MIB,
	.mmio_align   = MIB,
	.example      = "pcie0: {device: pcie-ecam, reg: [0x3000_0000, 256M], interrupts: [32, 33, 34, 35], "
			"windows: {mem32: [0x4000_0000, 1G]}}",
	.init         = pcie_init,
	.input        = pcie_input,
	.update       = pcie_update,
	.read         = pci_ecam_read,
	.write        = pci_ecam_write,
	.fdt_more     = pcie_fdt,

	/* Function 0:0.0: the bridge as its own bus sees it. */
	.pci = &(const struct pci_class){
		.vendor = 0x1b36, .device = 0x0008, .class_code = 0x060000,
		.subsystem_vendor = 0x1af4, .subsystem = 0x1100,
	},

	.props = PROPS(
		PROP_IRQS(interrupts, .required = true, .min = PINS,
			  .doc = "INTA to INTD, spread over the slots"),
		PROP_REF(msi_parent, .wants = PROVIDES_MSI, .fdt = "msi-parent",
			 .doc = "where messages of the functions shall go: an imsic of level S"),
		PROP_RANGE(io, .key = "windows.io", .doc = "I/O ports, from port 0"),
		PROP_RANGE(mem32, .key = "windows.mem32", .required = true,
			   .doc = "memory for 32-bit BARs, below 4 GiB"),
		PROP_RANGE(mem64, .key = "windows.mem64", .doc = "memory for 64-bit BARs")),

	.fdt = FDT(
		FDT_TEXT("device_type", "pci"), FDT_U32("#address-cells", 3),
		FDT_U32("#size-cells", 2), FDT_U32("#interrupt-cells", 1),
		FDT_FLAG("dma-coherent")),

	.state = STATE(FIELD(slots)),
};
