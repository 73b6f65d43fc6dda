/* gpio-sifive.c - SiFive GPIO controller
 *
 * Spec: SiFive FU540-C000 Manual v1p3, chapter on GPIO.
 *
 * A pad takes its level from, in order: the wire outside, if something drives
 * it; the output register, if output is enabled; the pull-up.  Each pad has
 * its own interrupt, which is the OR of four pending bits (rise, fall, high,
 * low), each with an enable.
 *
 * Not modeled: hardware I/O functions (iof_en, iof_sel) and drive strength
 * (ds).  They keep what is written and change nothing.
 */
#include "device.h"

#define PADS 32

struct gpio {
	struct device dev;

	/* properties */
	u32 ngpios;
	struct wire interrupts[PADS], out[PADS];
	struct ref clocks;

	/* what is driven from outside: a level where `driven` is set */
	u32 level, driven;

	/* registers */
	u32 input_val, input_en, output_en, output_val, pue, ds;
	u32 rise_ie, rise_ip, fall_ie, fall_ip, high_ie, high_ip, low_ie, low_ip;
	u32 iof_en, iof_sel, out_xor;
};

/* One bit per pad throughout: all pads move at once. */
static void gpio_update(struct device *dev)
{
	struct gpio *g = (struct gpio *)dev;
	u32 pads = (u32)LOW_BITS(g->ngpios);
	u32 inside = (g->output_en & (g->output_val ^ g->out_xor)) | (~g->output_en & g->pue);
	u32 pad = (g->driven & g->level) | (~g->driven & inside);
	u32 now = pad & g->input_en & pads;
	u32 was = g->input_val;
	u32 pending;

	g->rise_ip |= now & ~was;
	g->fall_ip |= ~now & was;
	g->high_ip |= now;
	g->low_ip |= ~now & pads;
	g->input_val = now;

	pending = (g->rise_ip & g->rise_ie) | (g->fall_ip & g->fall_ie) |
		  (g->high_ip & g->high_ie) | (g->low_ip & g->low_ie);
	for (u32 i = 0; i < g->ngpios; i++) {
		wire_set(dev, &g->interrupts[i], pending >> i & 1);
		wire_set(dev, &g->out[i], pad >> i & 1);
	}
}

static void gpio_input(struct device *dev, u32 line, bool level)
{
	struct gpio *g = (struct gpio *)dev;
	u32 bit = (u32)1 << line % PADS;

	g->driven |= bit;
	g->level = level ? g->level | bit : g->level & ~bit;
}

/* clang-format off */
#define SELF struct gpio

DEVICE(gpio_sifive) = {
	.name         = "gpio-sifive",
	.doc          = "SiFive GPIO controller (FU540, FE310)",
	.compatible   = { "sifive,fu540-c000-gpio", "sifive,gpio0" },
	.node         = "gpio",
	.binding      = "gpio/sifive,gpio.yaml",
	.linux_driver = "sifive_gpio",
	.linux_config = "GPIO_SIFIVE",
	.size         = sizeof(SELF),
	.mmio_size    = 0x1000,
	.gpio_count   = "ngpios",
	.cells        = { [PROVIDES_GPIO] = 1 + 2 },
	.example      = "gpio0: {device: gpio-sifive, reg: 0x1006_0000, interrupts: 40-55, ngpios: 16}",
	.update       = gpio_update,
	.input        = gpio_input,

	.props = PROPS(
		PROP_U32(ngpios, .def = 16, .min = 1, .max = PADS, .fdt = "ngpios",
			 .doc = "number of pads"),
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one per pad"),
		PROP_OUTPUTS(out, .doc = "the level of each pad"),
		PROP_REF(clocks, .fdt = "clocks", .wants = PROVIDES_CLOCK,
			 .doc = "the bus clock, which drivers ask for")),

	.fdt = FDT(
		FDT_FLAG("gpio-controller"), FDT_U32("#gpio-cells", 2),
		FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 2)),

	.state = STATE(FIELD(level), FIELD(driven)),

	.regs = REGS(
		REG(0x00, input_val,  RO),
		REG(0x04, input_en,   RW),
		REG(0x08, output_en,  RW),
		REG(0x0c, output_val, RW),
		REG(0x10, pue,        RW),
		REG(0x14, ds,         RW),
		REG(0x18, rise_ie,    RW),
		REG(0x1c, rise_ip,    W1C),
		REG(0x20, fall_ie,    RW),
		REG(0x24, fall_ip,    W1C),
		REG(0x28, high_ie,    RW),
		REG(0x2c, high_ip,    W1C),
		REG(0x30, low_ie,     RW),
		REG(0x34, low_ip,     W1C),
		REG(0x38, iof_en,     RW),
		REG(0x3c, iof_sel,    RW),
		REG(0x40, out_xor,    RW)),
};
