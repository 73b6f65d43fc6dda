/* watchdog-sunxi.c - Allwinner watchdog timer, as the D1 has it
 *
 * Spec: Allwinner D1-H User Manual V1.0, "RISCV_WDG".
 *
 * It counts down an interval of 0.5 to 16 seconds.  When nobody restarts it, it resets the machine,
 * or only raises its interrupt; which of the two, cfg says.  Writes that count carry a key.
 *
 * Not modeled: the length of the reset pulse (output_cfg keeps what is written), the choice of
 * clock.
 */
#include "clock.h"
#include "device.h"
#include "dt.h"

#define KEY           0x16aau /* high half of what is written */
#define CTRL_RESTART  (0xa57u << 1 | 1)
#define CFG_MODE      3
#define CFG_SYSTEM    1
#define MODE_ENABLE   1
#define MODE_INTERVAL 0xf0
#define SECOND_NS     ((u64)1000000000)

struct watchdog {
	struct device dev;

	/* properties */
	struct ref clocks[2];
	struct wire interrupts[1];

	u32 irq_en, irq_sta, soft_rst, ctrl, cfg, mode, output_cfg;
	u64 expires; /* ns; while it is enabled */
};

/* Half seconds, by interval value; the rest of the 16 are reserved and as long as the longest. */
static u64 interval_ns(const struct watchdog *w)
{
	static const u8 halves[16] = { 1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 32, 32, 32, 32 };

	return halves[(w->mode & MODE_INTERVAL) >> 4] * (SECOND_NS / 2);
}

static void restart(struct watchdog *w)
{
	w->expires = clock_ns(&w->dev) + interval_ns(w);
}

static void watchdog_update(struct device *dev)
{
	struct watchdog *w = (struct watchdog *)dev;

	wire_set(dev, &w->interrupts[0], w->irq_sta & w->irq_en);
	if (w->mode & MODE_ENABLE)
		timer_at(dev, w->expires);
	else
		timer_off(dev);
}

static void watchdog_timer(struct device *dev)
{
	struct watchdog *w = (struct watchdog *)dev;

	if (!(w->mode & MODE_ENABLE) || clock_ns(dev) < w->expires)
		return;
	if ((w->cfg & CFG_MODE) == CFG_SYSTEM)
		device_reboot(dev);
	else
		w->irq_sta = 1;
	restart(w);
}

static bool has_key(u64 value)
{
	return value >> 16 == KEY;
}

static void write_soft_rst(struct device *dev, u64 value)
{
	if (has_key(value) && (value & 1))
		device_reboot(dev);
}

static void write_ctrl(struct device *dev, u64 value)
{
	if (value == CTRL_RESTART)
		restart((struct watchdog *)dev);
}

static void write_cfg(struct device *dev, u64 value)
{
	if (has_key(value))
		((struct watchdog *)dev)->cfg = (u32)value & 0x103;
}

/* A new interval counts from now. */
static void write_mode(struct device *dev, u64 value)
{
	struct watchdog *w = (struct watchdog *)dev;
	u32 v = (u32)value & (MODE_INTERVAL | MODE_ENABLE);

	if (!has_key(value) || v == w->mode)
		return;
	w->mode = v;
	restart(w);
}

static void watchdog_fdt(struct dt_node *node)
{
	u32 n = dt_value(node, "clocks")->n;

	if (n)
		dt_add_texts(node, "clock-names", (const char *const[]){ "hosc", "losc" }, n);
}

/* clang-format off */
#define SELF struct watchdog

DEVICE(watchdog_sunxi) = {
	.name         = "watchdog-sunxi",
	.doc          = "Allwinner watchdog timer (D1)",
	.compatible   = { "allwinner,sun20i-d1-wdt" },
	.node         = "watchdog",
	.binding      = "watchdog/allwinner,sun4i-a10-wdt.yaml",
	.linux_driver = "sunxi-wdt",
	.linux_config = "SUNXI_WATCHDOG",
	.size         = sizeof(SELF),
	.mmio_size    = 0x20,
	.example      = "wdt: {device: watchdog-sunxi, reg: 0x0601_1000, interrupts: 147}",
	.update       = watchdog_update,
	.timer        = watchdog_timer,
	.fdt_more     = watchdog_fdt,

	.props = PROPS(
		PROP_REFS(clocks, .wants = PROVIDES_CLOCK, .fdt = "clocks",
			  .doc = "hosc, then losc"),
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "the interval has passed")),

	.state = STATE(FIELD(expires)),

	.regs = REGS(
		REG(0x00, irq_en,     RW,  .mask = 1),
		REG(0x04, irq_sta,    W1C, .mask = 1),
		REG(0x08, soft_rst,   RW,  .on_write = write_soft_rst),
		REG(0x10, ctrl,       RW,  .on_write = write_ctrl),
		REG(0x14, cfg,        RW,  .reset = CFG_SYSTEM, .on_write = write_cfg),
		REG(0x18, mode,       RW,  .on_write = write_mode),
		REG(0x1c, output_cfg, RW,  .reset = 0x1f, .mask = 0xfff)),
};
