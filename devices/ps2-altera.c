/* ps2-altera.c - Altera University Program PS/2 port
 *
 * Spec: Altera, "PS/2 Core for Altera DE Series Boards", section 4.
 *
 * Reading the data register takes a byte: its upper half says how many there were, bit 15
 * that there was one.  Writing it sends one.  The interrupt is high while bytes wait and
 * it is enabled.
 *
 * Not modeled: errors of the line (bit CE), the time that a byte takes.
 */
#include "device.h"
#include "ps2.h"

enum { INTERRUPTS = 1 << 0, WAITING = 1 << 8, VALID = 1 << 15 };

struct port {
	struct device dev;
	struct wire interrupts[1];

	u32 data, control; /* registers */
	bool waiting;      /* bytes of what is plugged in */
};

static void port_update(struct device *dev)
{
	struct port *p = (struct port *)dev;

	wire_set(dev, &p->interrupts[0], p->waiting && p->control & INTERRUPTS);
}

static void port_input(struct device *dev, u32 line, bool level)
{
	((struct port *)dev)->waiting = level;
	(void)line;
}

static u64 read_data(struct device *dev)
{
	u8 byte;
	u32 n = ps2_take(dev, &byte);

	return n << 16 | (n ? VALID : 0) | byte;
}

static void write_data(struct device *dev, u64 value)
{
	ps2_send(dev, (u8)value);
}

static u64 read_control(struct device *dev)
{
	const struct port *p = (struct port *)dev;

	return p->control | (p->waiting ? WAITING : 0);
}

/* clang-format off */
#define SELF struct port

DEVICE(ps2_altera) = {
	.name         = "ps2-altera",
	.doc          = "Altera PS/2 port, for a keyboard or a mouse",
	.compatible   = { "altr,ps2-1.0" },
	.node         = "ps2",
	.binding      = "serio/altera_ps2.txt",
	.linux_driver = "altera_ps2",
	.linux_config = "SERIO_ALTERA_PS2",
	.size         = sizeof(SELF),
	.mmio_size    = 8,
	.bus          = BUS_PS2,
	.example      = "ps20: {device: ps2-altera, reg: auto, interrupts: auto, devices: "
			"{keyboard0: {device: ps2-keyboard}}}",
	.update       = port_update,
	.input        = port_input,

	.props = PROPS(
		PROP_IRQS(interrupts, .required = true, .fdt = "interrupts", .doc = "one: bytes wait")),

	.state = STATE(FIELD(waiting)),

	.regs = REGS(
		REG(0x0, data,    RW, .on_read = read_data, .on_write = write_data),
		REG(0x4, control, RW, .mask = INTERRUPTS, .on_read = read_control)),
};
