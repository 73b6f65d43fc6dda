/* aclint-mtimer.c - the timer of M-mode
 *
 * Spec: RISC-V Advanced Core Local Interruptor 1.0-rc4, "Machine-level Timer Device (MTIMER)".
 *
 *	0x0000 + 8 * hart   mtimecmp   the interrupt is mtime >= mtimecmp, a level
 *	0x7ff8              mtime      the machine's time
 *
 * As in a CLINT there is no tick: one timer stands at the earliest mtimecmp that lies ahead.  After
 * reset mtimecmp is all ones, so no timer fires that nobody asked for, and mtime goes on.
 */
#include "clock.h"
#include "device.h"
#include "dt.h"

#define MTIME  0x7ff8
#define WINDOW 0x8000

struct mtimer {
	struct device dev;
	u32 nharts;
	u64 *mtimecmp;
	struct wire *timer;
};

static void mtimer_update(struct device *dev)
{
	struct mtimer *t = (struct mtimer *)dev;
	u64 now = clock_ticks(dev), next = UINT64_MAX;

	for (u32 h = 0; h < t->nharts; h++) {
		wire_set(dev, &t->timer[h], now >= t->mtimecmp[h]);
		if (t->mtimecmp[h] > now)
			next = MIN(next, t->mtimecmp[h]);
	}
	if (next == UINT64_MAX)
		timer_off(dev);
	else
		timer_at(dev, clock_ns_at_ticks(dev, next));
}

static bool is_register(struct device *dev, u64 off, u32 width)
{
	if (width >= 4 && (off >= MTIME || off / 8 < ((struct mtimer *)dev)->nharts))
		return true;
	guest_error(dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return false;
}

static u64 mtimer_read(struct device *dev, u64 off, u32 width)
{
	struct mtimer *t = (struct mtimer *)dev;

	if (!is_register(dev, off, width))
		return 0;
	return half_of(off >= MTIME ? clock_ticks(dev) : t->mtimecmp[off / 8], off, width);
}

static void mtimer_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct mtimer *t = (struct mtimer *)dev;

	if (!is_register(dev, off, width))
		return;
	if (off >= MTIME)
		clock_set_ticks(dev, with_half(clock_ticks(dev), off, width, value));
	else
		t->mtimecmp[off / 8] = with_half(t->mtimecmp[off / 8], off, width, value);
}

static void mtimer_reset(struct device *dev)
{
	struct mtimer *t = (struct mtimer *)dev;

	for (u32 h = 0; h < t->nharts; h++)
		t->mtimecmp[h] = UINT64_MAX;
}

static bool mtimer_init(struct device *dev, struct err *e)
{
	struct mtimer *t = (struct mtimer *)dev;

	device_harts(dev, &t->nharts);
	if (t->nharts > MTIME / 8)
		return err_set(e, "%u harts; it has registers for %u", t->nharts, MTIME / 8);
	t->mtimecmp = xcalloc(t->nharts, sizeof(t->mtimecmp[0]));
	t->timer = xcalloc(t->nharts, sizeof(t->timer[0]));
	for (u32 h = 0; h < t->nharts; h++)
		wire_to_hart(dev, &t->timer[h], h, IRQ_M_TIMER);
	return true;
}

static void mtimer_fini(struct device *dev)
{
	free(((struct mtimer *)dev)->mtimecmp);
	free(((struct mtimer *)dev)->timer);
}

/* Firmware finds the two parts by name, in any order. */
static void mtimer_fdt(struct dt_node *node)
{
	dt_add_texts(node, "reg-names", (const char *const[]){ "mtimecmp", "mtime" }, 2);
	dt_add_hart_lines(node, IRQ_M_TIMER);
}

/* clang-format off */
#define SELF struct mtimer

DEVICE(aclint_mtimer) = {
	.name       = "aclint-mtimer",
	.doc        = "the timer of M-mode",
	.compatible = { "riscv,aclint-mtimer" },
	.node       = "mtimer",
	.binding    = "timer/thead,c900-aclint-mtimer.yaml",
	.qemu       = "riscv.aclint.mtimer",
	.size       = sizeof(SELF),
	.mmio_size  = WINDOW,
	.mmio_split = MTIME,
	.mmio_align = 0x1000,
	.example    = "mtimer: {device: aclint-mtimer, reg: 0x0200_4000}",
	.init       = mtimer_init,
	.fini       = mtimer_fini,
	.reset      = mtimer_reset,
	.update     = mtimer_update,
	.read       = mtimer_read,
	.write      = mtimer_write,
	.fdt_more   = mtimer_fdt,

	.state = STATE(FIELD_N(mtimecmp, nharts)),
};
