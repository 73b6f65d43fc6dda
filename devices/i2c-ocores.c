/* i2c-ocores.c - OpenCores I2C controller
 *
 * Spec: R. Herveille, "I2C-Master Core Specification" rev. 0.9, chapters 3 and 4.
 *
 * The driver writes a byte and a command, which says what surrounds it: a START, a STOP,
 * an acknowledge of what was read.  The first byte after a START is an address.  The
 * interrupt pends when the command is done and is a level until it is acknowledged.
 *
 *	offset  read                          write
 *	0, 1    clock prescale, low, high     the same
 *	2       control: enable, interrupts   the same
 *	3       what was received             what to send
 *	4       status                        command
 *
 * Not modeled: the time that a byte takes (a command is done at once), other masters.
 */
#include "device.h"
#include "dt.h"
#include "i2c.h"

enum { PRESCALE_LOW, PRESCALE_HIGH, CONTROL, DATA, COMMAND, REGISTERS };

enum { ENABLE = 1 << 7, INTERRUPTS = 1 << 6 };

enum {
	DO_START = 1 << 7,
	DO_STOP = 1 << 6,
	DO_READ = 1 << 5,
	DO_WRITE = 1 << 4,
	DO_NACK = 1 << 3,
	DO_ACKNOWLEDGE = 1 << 0, /* the interrupt */
};

enum { NO_ACK = 1 << 7, BUSY = 1 << 6, PENDING = 1 << 0 };

struct i2c {
	struct device dev;

	/* properties */
	u32 ip_clock_frequency, reg_shift, reg_io_width;
	struct ref clocks;
	struct wire interrupts[1];

	u16 prescale;
	u8 control, send, received;
	bool nack, busy, pending;
	bool begun;    /* after a START: what is sent next is an address */
	bool answered; /* a chip did acknowledge it */
	u8 address;    /* as it went over the bus: bit 0 is the direction */
};

static void i2c_update(struct device *dev)
{
	struct i2c *c = (struct i2c *)dev;

	wire_set(dev, &c->interrupts[0], c->pending && c->control & INTERRUPTS);
}

/* -- Commands --------------------------------------------------------------------- */

static void send_address(struct i2c *c)
{
	u8 address = c->send;
	bool ack = i2c_start(&c->dev, address >> 1, address & 1);

	c->address = address;
	c->begun = false;
	c->answered = ack;
	c->nack = !ack;
}

static void send_byte(struct i2c *c)
{
	bool to_chip = c->answered && !(c->address & 1);

	c->nack = !(to_chip && i2c_write(&c->dev, c->address >> 1, c->send));
}

static void receive_byte(struct i2c *c, bool nack)
{
	bool from_chip = c->answered && c->address & 1;

	c->received = from_chip ? i2c_read(&c->dev, c->address >> 1) : 0xff;
	c->nack = nack;
}

static void stop(struct i2c *c)
{
	if (c->answered)
		i2c_stop(&c->dev, c->address >> 1);
	c->busy = c->begun = c->answered = false;
}

/* Section 4.2.6: a START goes with a byte; alone it waits for one, which we need not. */
static void command(struct i2c *c, u8 v)
{
	bool byte = v & (DO_READ | DO_WRITE);

	if (v & DO_ACKNOWLEDGE)
		c->pending = false;
	if (!(c->control & ENABLE))
		return;
	if (v & DO_START && byte)
		c->busy = c->begun = true;
	if (v & DO_WRITE && c->begun)
		send_address(c);
	else if (v & DO_WRITE)
		send_byte(c);
	else if (v & DO_READ)
		receive_byte(c, v & DO_NACK);
	if (v & DO_STOP)
		stop(c);
	c->pending |= byte || v & DO_STOP;
}

/* -- Registers -------------------------------------------------------------------- */

static u8 status(const struct i2c *c)
{
	return (u8)((c->nack ? NO_ACK : 0) | (c->busy ? BUSY : 0) | (c->pending ? PENDING : 0));
}

static u8 read_register(const struct i2c *c, u32 which)
{
	switch (which) {
	case PRESCALE_LOW:
		return (u8)c->prescale;
	case PRESCALE_HIGH:
		return (u8)(c->prescale >> 8);
	case CONTROL:
		return c->control;
	case DATA:
		return c->received;
	default:
		return status(c);
	}
}

static void write_register(struct i2c *c, u32 which, u8 v)
{
	switch (which) {
	case PRESCALE_LOW:
		c->prescale = (u16)((c->prescale & 0xff00) | v);
		break;
	case PRESCALE_HIGH:
		c->prescale = (u16)((c->prescale & 0xff) | v << 8);
		break;
	case CONTROL:
		c->control = v & (ENABLE | INTERRUPTS);
		break;
	case DATA:
		c->send = v;
		break;
	default:
		command(c, v);
	}
}

/* An access may be as wide as the registers are apart; only the low byte counts. */
static bool decode(struct i2c *c, u64 off, u32 width, u32 *which)
{
	u32 apart = (u32)1 << c->reg_shift;

	*which = (u32)(off >> c->reg_shift);
	if (width <= apart && off % apart == 0 && *which < REGISTERS)
		return true;
	guest_error(&c->dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return false;
}

static u64 i2c_ocores_read(struct device *dev, u64 off, u32 width)
{
	struct i2c *c = (struct i2c *)dev;
	u32 which;

	return decode(c, off, width, &which) ? read_register(c, which) : 0;
}

static void i2c_ocores_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct i2c *c = (struct i2c *)dev;
	u32 which;

	if (decode(c, off, width, &which))
		write_register(c, which, (u8)value);
}

static void i2c_reset(struct device *dev)
{
	((struct i2c *)dev)->prescale = 0xffff; /* table 2 */
}

/* A driver asks the clock, if there is one, and believes the number otherwise. */
static void i2c_fdt(struct dt_node *node)
{
	if (!dt_value(node, "clocks")->given)
		dt_add_u32(node, "opencores,ip-clock-frequency",
			   (u32)dt_value(node, "ip_clock_frequency")->num);
}

/* clang-format off */
#define SELF struct i2c

DEVICE(i2c_ocores) = {
	.name         = "i2c-ocores",
	.doc          = "OpenCores I2C controller",
	.compatible   = { "opencores,i2c-ocores" },
	.similar      = WORDS("sifive,i2c0", "sifive,fu540-c000-i2c"),
	.node         = "i2c",
	.binding      = "i2c/opencores,i2c-ocores.yaml",
	.linux_driver = "ocores-i2c",
	.linux_config = "I2C_OCORES",
	.linux_name   = "i2c-",
	.size         = sizeof(SELF),
	.mmio_size    = 0x100,
	.mmio_max     = 0x1000,
	.bus          = BUS_I2C,
	.example      = "i2c0: {device: i2c-ocores, reg: auto, interrupts: auto, devices: "
			"{rtc1: {device: rtc-ds1307, reg: 0x68}}}",
	.reset        = i2c_reset,
	.update       = i2c_update,
	.read         = i2c_ocores_read,
	.write        = i2c_ocores_write,
	.fdt_more     = i2c_fdt,

	.props = PROPS(
		PROP_HZ(ip_clock_frequency, .def = 50000000, .min = 1000000,
			.doc = "of the controller, in the device tree unless `clocks` is given"),
		PROP_REF(clocks, .fdt = "clocks", .wants = PROVIDES_CLOCK,
			 .doc = "in place of a frequency"),
		PROP_U32(reg_shift, .max = 2, .fdt = "reg-shift",
			 .doc = "registers are 1 << reg-shift bytes apart"),
		PROP_U32(reg_io_width, .def = 1, .min = 1, .max = 4, .fdt = "reg-io-width",
			 .doc = "how wide the guest should access them; 4 with reg-shift 2"),
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one; without it guests poll")),

	.fdt = FDT(FDT_U32("#address-cells", 1), FDT_U32("#size-cells", 0)),

	.state = STATE(
		FIELD(prescale), FIELD(control), FIELD(send), FIELD(received),
		FIELD(nack), FIELD(busy), FIELD(pending),
		FIELD(begun), FIELD(answered), FIELD(address)),
};
