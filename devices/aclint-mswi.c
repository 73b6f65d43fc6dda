/* aclint-mswi.c - software interrupts of M-mode
 *
 * Spec: RISC-V Advanced Core Local Interruptor 1.0-rc4, "Machine-level Software Interrupt Device
 * (MSWI)".
 *
 *	0x0000 + 4 * hart   msip   bit 0 is the interrupt, a level
 */
#include "device.h"
#include "dt.h"

#define WINDOW 0x4000

struct mswi {
	struct device dev;
	u32 nharts;
	u32 *msip;
	struct wire *soft;
};

static void mswi_update(struct device *dev)
{
	struct mswi *s = (struct mswi *)dev;

	for (u32 h = 0; h < s->nharts; h++)
		wire_set(dev, &s->soft[h], s->msip[h]);
}

static bool is_register(struct device *dev, u64 off, u32 width)
{
	if (width == 4 && off / 4 < ((struct mswi *)dev)->nharts)
		return true;
	guest_error(dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return false;
}

static u64 mswi_read(struct device *dev, u64 off, u32 width)
{
	return is_register(dev, off, width) ? ((struct mswi *)dev)->msip[off / 4] : 0;
}

static void mswi_write(struct device *dev, u64 off, u32 width, u64 value)
{
	if (is_register(dev, off, width))
		((struct mswi *)dev)->msip[off / 4] = value & 1;
}

static bool mswi_init(struct device *dev, struct err *e)
{
	struct mswi *s = (struct mswi *)dev;

	device_harts(dev, &s->nharts);
	if (s->nharts > WINDOW / 4 - 1)
		return err_set(e, "%u harts; it has registers for %u", s->nharts, WINDOW / 4 - 1);
	s->msip = xcalloc(s->nharts, sizeof(s->msip[0]));
	s->soft = xcalloc(s->nharts, sizeof(s->soft[0]));
	for (u32 h = 0; h < s->nharts; h++)
		wire_to_hart(dev, &s->soft[h], h, IRQ_M_SOFT);
	return true;
}

static void mswi_fini(struct device *dev)
{
	free(((struct mswi *)dev)->msip);
	free(((struct mswi *)dev)->soft);
}

static void mswi_fdt(struct dt_node *node)
{
	dt_add_hart_lines(node, IRQ_M_SOFT);
}

/* clang-format off */
#define SELF struct mswi

DEVICE(aclint_mswi) = {
	.name       = "aclint-mswi",
	.doc        = "software interrupts of M-mode",
	.compatible = { "riscv,aclint-mswi" },
	.node       = "mswi",
	.binding    = "interrupt-controller/thead,c900-aclint-mswi.yaml",
	.qemu       = "riscv.aclint.swi",
	.size       = sizeof(SELF),
	.mmio_size  = WINDOW,
	.example    = "mswi: {device: aclint-mswi, reg: 0x0200_0000}",
	.init       = mswi_init,
	.fini       = mswi_fini,
	.update     = mswi_update,
	.read       = mswi_read,
	.write      = mswi_write,
	.fdt_more   = mswi_fdt,

	.fdt = FDT(FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 0)),

	.state = STATE(FIELD_N(msip, nharts)),
};
