/* clint.c - core-local interruptor: software and timer interrupts of M-mode
 *
 * Spec: SiFive FU540-C000 Manual v1p3, chapter on the CLINT; privileged manual,
 * "Machine Timer Registers".
 *
 *	0x0000 + 4 * hart   msip       bit 0 is the software interrupt
 *	0x4000 + 8 * hart   mtimecmp   the timer interrupt is mtime >= mtimecmp
 *	0xbff8              mtime      the machine's time
 *
 * Both interrupts are levels.  There is no tick: one timer stands at the earliest
 * mtimecmp that lies ahead.  After reset mtimecmp is all ones, so no timer fires that
 * nobody asked for; mtime goes on, because it is the machine's and never goes back.
 */
#include "clock.h"
#include "device.h"
#include "dt.h"

#define MTIMECMP 0x4000
#define MTIME    0xbff8
#define WINDOW   0x10000

struct clint {
	struct device dev;
	u32 nharts;
	u32 *msip;
	u64 *mtimecmp;
	struct wire *soft, *timer;
};

static void clint_update(struct device *dev)
{
	struct clint *c = (struct clint *)dev;
	u64 now = clock_ticks(dev), next = UINT64_MAX;

	for (u32 h = 0; h < c->nharts; h++) {
		wire_set(dev, &c->soft[h], c->msip[h]);
		wire_set(dev, &c->timer[h], now >= c->mtimecmp[h]);
		if (c->mtimecmp[h] > now)
			next = MIN(next, c->mtimecmp[h]);
	}
	if (next == UINT64_MAX)
		timer_off(dev);
	else
		timer_at(dev, clock_ns_at_ticks(dev, next));
}

/* -- Registers ---------------------------------------------------------------- */

static u64 refuse(struct clint *c, u64 off, u32 width)
{
	guest_error(&c->dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return 0;
}

static u64 clint_read(struct device *dev, u64 off, u32 width)
{
	struct clint *c = (struct clint *)dev;
	u64 h = off < MTIMECMP ? off / 4 : (off - MTIMECMP) / 8;

	if (width < 4)
		return refuse(c, off, width);
	if (off >= MTIME && off < MTIME + 8)
		return half_of(clock_ticks(dev), off, width);
	if (h >= c->nharts || (off < MTIMECMP && width != 4))
		return refuse(c, off, width);
	return off < MTIMECMP ? c->msip[h] : half_of(c->mtimecmp[h], off, width);
}

static void clint_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct clint *c = (struct clint *)dev;
	u64 h = off < MTIMECMP ? off / 4 : (off - MTIMECMP) / 8;

	if (width < 4)
		refuse(c, off, width);
	else if (off >= MTIME && off < MTIME + 8)
		clock_set_ticks(dev, with_half(clock_ticks(dev), off, width, value));
	else if (h >= c->nharts || (off < MTIMECMP && width != 4))
		refuse(c, off, width);
	else if (off < MTIMECMP)
		c->msip[h] = value & 1;
	else
		c->mtimecmp[h] = with_half(c->mtimecmp[h], off, width, value);
}

/* -- Life --------------------------------------------------------------------- */

static void clint_reset(struct device *dev)
{
	struct clint *c = (struct clint *)dev;

	for (u32 h = 0; h < c->nharts; h++)
		c->mtimecmp[h] = UINT64_MAX;
}

static bool clint_init(struct device *dev, struct err *e)
{
	struct clint *c = (struct clint *)dev;
	u32 most = (MTIME - MTIMECMP) / 8, n;

	device_harts(dev, &n);
	if (n > most)
		return err_set(e, "%u harts; it has registers for %u", n, most);
	c->nharts = n;
	c->msip = xcalloc(n, sizeof(c->msip[0]));
	c->mtimecmp = xcalloc(n, sizeof(c->mtimecmp[0]));
	c->soft = xcalloc(n, sizeof(c->soft[0]));
	c->timer = xcalloc(n, sizeof(c->timer[0]));
	for (u32 h = 0; h < n; h++) {
		wire_to_hart(dev, &c->soft[h], h, IRQ_M_SOFT);
		wire_to_hart(dev, &c->timer[h], h, IRQ_M_TIMER);
	}
	return true;
}

static void clint_fini(struct device *dev)
{
	struct clint *c = (struct clint *)dev;

	free(c->msip);
	free(c->mtimecmp);
	free(c->soft);
	free(c->timer);
}

/* Every hart is listed, those without S-mode too: firmware counts on it. */
static void clint_fdt(struct dt_node *node)
{
	u32 n, *cells;

	dt_harts(node, &n);
	cells = xcalloc((size_t)n * 4, sizeof(cells[0]));
	for (u32 h = 0; h < n; h++) {
		cells[4 * h] = cells[4 * h + 2] = dt_hart_intc(node, h);
		cells[4 * h + 1] = IRQ_M_SOFT;
		cells[4 * h + 3] = IRQ_M_TIMER;
	}
	dt_add_cells(node, "interrupts-extended", cells, n * 4);
	free(cells);
}

/* clang-format off */
#define SELF struct clint

DEVICE(clint) = {
	.name       = "clint",
	.doc        = "core-local interruptor: software and timer interrupts of M-mode",
	.compatible = { "sifive,clint0", "riscv,clint0" },
	.node       = "clint",
	.binding    = "timer/sifive,clint.yaml",
	.qemu       = "riscv.aclint.mtimer",
	.size       = sizeof(SELF),
	.mmio_size  = WINDOW,
	.example    = "clint: {device: clint, reg: 0x0200_0000}",
	.init       = clint_init,
	.fini       = clint_fini,
	.reset      = clint_reset,
	.update     = clint_update,
	.read       = clint_read,
	.write      = clint_write,
	.fdt_more   = clint_fdt,

	.state = STATE(FIELD_N(msip, nharts), FIELD_N(mtimecmp, nharts)),
};
