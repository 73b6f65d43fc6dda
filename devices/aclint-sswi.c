/* aclint-sswi.c - software interrupts of S-mode
 *
 * Spec: RISC-V Advanced Core Local Interruptor 1.0-rc4, "Supervisor-level Software Interrupt
 * Device (SSWI)".
 *
 *	0x0000 + 4 * hart   setssip   writing 1 sets SSIP of the hart; reads 0
 *
 * An edge: the hart's software clears SSIP, so there is no state here.  Harts are counted as they
 * are in the machine; the registers of those without S-mode do nothing.
 */
#include "device.h"
#include "dt.h"

#define WINDOW 0x4000

struct sswi {
	struct device dev;
	u32 nharts;
	u32 *harts; /* by index here */
	struct wire *soft;
};

static bool is_register(struct device *dev, u64 off, u32 width)
{
	if (width == 4 && off / 4 < ((struct sswi *)dev)->nharts)
		return true;
	guest_error(dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return false;
}

static u64 sswi_read(struct device *dev, u64 off, u32 width)
{
	is_register(dev, off, width);
	return 0;
}

static void sswi_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct sswi *s = (struct sswi *)dev;

	if (is_register(dev, off, width) && (value & 1))
		wire_pulse(dev, &s->soft[off / 4]);
}

static bool sswi_init(struct device *dev, struct err *e)
{
	struct sswi *s = (struct sswi *)dev;
	u32 nharts;
	const struct hart_info *harts = device_harts(dev, &nharts);

	s->harts = xcalloc(nharts, sizeof(s->harts[0]));
	s->nharts = harts_with_line(harts, nharts, IRQ_S_SOFT, s->harts);
	if (s->nharts > WINDOW / 4 - 1)
		return err_set(e, "%u harts; it has registers for %u", s->nharts, WINDOW / 4 - 1);
	s->soft = xcalloc(s->nharts, sizeof(s->soft[0]));
	for (u32 i = 0; i < s->nharts; i++)
		wire_to_hart(dev, &s->soft[i], s->harts[i], IRQ_S_SOFT);
	return true;
}

static void sswi_fini(struct device *dev)
{
	free(((struct sswi *)dev)->harts);
	free(((struct sswi *)dev)->soft);
}

static void sswi_fdt(struct dt_node *node)
{
	dt_add_hart_lines(node, IRQ_S_SOFT);
}

/* clang-format off */
#define SELF struct sswi

DEVICE(aclint_sswi) = {
	.name       = "aclint-sswi",
	.doc        = "software interrupts of S-mode",
	.compatible = { "riscv,aclint-sswi" },
	.node       = "sswi",
	.binding    = "interrupt-controller/thead,c900-aclint-sswi.yaml",
	.size       = sizeof(SELF),
	.mmio_size  = WINDOW,
	.example    = "sswi: {device: aclint-sswi, reg: 0x02f0_0000}",
	.init       = sswi_init,
	.fini       = sswi_fini,
	.read       = sswi_read,
	.write      = sswi_write,
	.fdt_more   = sswi_fdt,

	.fdt = FDT(FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 0)),
};
