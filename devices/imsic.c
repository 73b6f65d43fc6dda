/* imsic.c - incoming MSI controllers: the pages through which messages reach the harts
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, "Incoming MSI Controller (IMSIC)".
 *
 * One page for the interrupt file of each hart, at one level, in the order of the harts that have
 * it.  A store of an identity to the page's first word makes it pending.  The file itself is part
 * of its hart, which reaches it through CSRs.
 *
 * Not modeled: guest interrupt files, groups of harts, big-endian messages (seteipnum_be ignores
 * them, as it may where byte order is only little-endian).
 */
#include "device.h"
#include "dt.h"

enum { LEVEL_M, LEVEL_S };
static const u32 lines[] = { [LEVEL_M] = IRQ_M_EXT, [LEVEL_S] = IRQ_S_EXT };
enum { SETEIPNUM_LE = 0, SETEIPNUM_BE = 4 }; /* offsets in a page */

struct imsic {
	struct device dev;

	/* properties */
	u32 level, num_ids;

	u32 nfiles;
	u32 *harts; /* of each file */
};

/* -- Registers ---------------------------------------------------------------- */

static u64 imsic_read(struct device *dev, u64 off, u32 width)
{
	if (width != 4)
		guest_error(dev, "a load of %u bytes at 0x%x", width, (u32)off);
	return 0;
}

static void imsic_write(struct device *dev, u64 off, u32 width, u64 value)
{
	u32 file = (u32)(off / MSI_PAGE);

	if (width != 4 || off % MSI_PAGE != SETEIPNUM_LE) {
		if (width != 4 || off % MSI_PAGE != SETEIPNUM_BE)
			guest_error(dev, "a store of %u bytes at 0x%x", width, (u32)off);
		return;
	}
	if (!msi_post(dev, file, (u32)value))
		guest_error(dev, "file %u has no identity %u", file, (u32)value);
}

/* -- Which files there are ------------------------------------------------------- */

static bool check_files(const struct imsic *s, const struct hart_info *harts, struct err *e)
{
	if ((s->num_ids + 1) % 64)
		return err_set(e, "num-ids: %u is not one less than a multiple of 64", s->num_ids);
	if ((u64)s->nfiles * MSI_PAGE > device_window(&s->dev))
		return err_set(e, "reg: %u interrupt files need 0x%x bytes", s->nfiles,
			       s->nfiles * MSI_PAGE);
	for (u32 i = 0; i < s->nfiles; i++)
		if (!harts[s->harts[i]].aia)
			return err_set(e, "hart %u has no smaia in its `cpu:`",
				       harts[s->harts[i]].id);
	return true;
}

static bool imsic_init(struct device *dev, struct err *e)
{
	struct imsic *s = (struct imsic *)dev;
	struct msi_files files = { .irq = lines[s->level], .ids = s->num_ids };
	u32 nharts;
	const struct hart_info *harts = device_harts(dev, &nharts);

	s->nfiles = harts_with_line(harts, nharts, lines[s->level], NULL);
	s->harts = xcalloc(s->nfiles, sizeof(s->harts[0]));
	harts_with_line(harts, nharts, lines[s->level], s->harts);
	if (!check_files(s, harts, e))
		return false;
	files.hart = s->harts;
	files.n = s->nfiles;
	msi_files_init(dev, &files);
	return true;
}

static void imsic_fini(struct device *dev)
{
	free(((struct imsic *)dev)->harts);
}

/* Linux complains of files that are not its own; firmware would have disabled them as well. */
static void imsic_fdt(struct dt_node *node)
{
	u32 level = (u32)dt_value(node, "level")->num;

	dt_add_hart_lines(node, lines[level]);
	if (level == LEVEL_M && dt_is_for_s_mode(node))
		dt_add_text(node, "status", "disabled");
}

/* clang-format off */
#define SELF struct imsic

DEVICE(imsic) = {
	.name         = "imsic",
	.doc          = "incoming MSI controllers, one a hart",
	.compatible   = { "qemu,imsics", "riscv,imsics" }, /* the binding wants a maker first */
	.node         = "interrupt-controller",
	.binding      = "interrupt-controller/riscv,imsics.yaml",
	.linux_driver = "riscv-imsic",
	.linux_config = "RISCV_IMSIC",
	.qemu         = "riscv.imsic",
	.size         = sizeof(SELF),
	.mmio_max     = 64 * MSI_PAGE,
	.mmio_align   = 64 * MSI_PAGE,
	.cells        = { [PROVIDES_MSI] = 1 },
	.example      = "imsic_s: {device: imsic, level: S, reg: [0x2800_0000, 16K]}",
	.init         = imsic_init,
	.fini         = imsic_fini,
	.read         = imsic_read,
	.write        = imsic_write,
	.fdt_more     = imsic_fdt,

	.props = PROPS(
		PROP_ENUM(level, .words = WORDS("M", "S"), .required = true,
			  .doc = "the mode that it interrupts"),
		PROP_U32(num_ids, .def = 255, .min = 63, .max = 2047, .fdt = "riscv,num-ids",
			 .doc = "identities of each file: one less than a multiple of 64")),

	.fdt = FDT(
		FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 0),
		FDT_FLAG("msi-controller"), FDT_U32("#msi-cells", 0)),
};
