/* spi-sifive.c - SiFive SPI controller
 *
 * Spec: SiFive FU540-C000 Manual v1p0, chapter 19.  A frame that is written to txdata goes
 * out at once, so the transmit FIFO is always empty; what comes in meanwhile waits in the
 * receive FIFO, and is lost if that is full.  The interrupt is a level that follows the
 * watermarks.
 *
 * A chip is selected while its pin is low.  A pin is at its level in csdef, and at the other
 * one while the controller drives it: during a frame (AUTO), or from the first frame until
 * another mode or chip is chosen (HOLD).
 *
 * Not modeled: clock rate, phase and polarity, delays, lines in pairs and fours (they are
 * one), frames that are not of 8 bits, and flash mapped into memory.
 */
#include "device.h"
#include "spi.h"

#define FIFO  8
#define CHIPS 8

enum { AUTO = 0, HOLD = 2, OFF = 3 }; /* csmode */

#define FMT_LSB_FIRST (1u << 2)
#define FMT_SEND_ONLY (1u << 3)
#define FMT_LENGTH    (0xfu << 16)
#define FMT_8_BITS    (8u << 16)

#define EMPTY (1u << 31)

#define IP_TX 1u
#define IP_RX 2u

struct spi {
	struct device dev;

	/* properties */
	u32 num_cs;
	struct ref clocks;
	struct wire interrupts[1];

	/* registers */
	u32 sckdiv, sckmode, csid, csdef, csmode, delay0, delay1, fmt, fctrl, ffmt;
	u32 txdata, rxdata, txmark, rxmark, ie, ip;

	bool driving;  /* the pin of `csid` is not at its level in csdef */
	u32 selected;  /* what the chips were told, a bit each */
	u8 fifo[FIFO]; /* received: a ring */
	u32 first, n;
};

static struct spi *spi_of(struct device *dev)
{
	return (struct spi *)dev;
}

/* -- Chip selects ----------------------------------------------------------------------- */

static u32 low_pins(const struct spi *s)
{
	u32 driven = s->driving && s->csid < s->num_cs ? 1u << s->csid : 0;

	return ~(s->csdef ^ driven) & (u32)LOW_BITS(s->num_cs);
}

static void select_chips(struct spi *s)
{
	u32 now = low_pins(s), changed = now ^ s->selected;

	s->selected = now;
	for (u32 i = 0; i < CHIPS; i++)
		if (changed >> i & 1)
			spi_select(&s->dev, i, now >> i & 1);
}

static void drive(struct spi *s, bool on)
{
	s->driving = on;
	select_chips(s);
}

static void write_csid(struct device *dev, u64 value)
{
	struct spi *s = spi_of(dev);

	if (s->csid == value)
		return;
	drive(s, false);
	s->csid = (u32)value;
}

static void write_csdef(struct device *dev, u64 value)
{
	struct spi *s = spi_of(dev);

	s->csdef = (u32)(value & LOW_BITS(s->num_cs));
	select_chips(s);
}

static void write_csmode(struct device *dev, u64 value)
{
	struct spi *s = spi_of(dev);

	s->csmode = value & 3;
	if (s->csmode != HOLD)
		drive(s, false);
}

/* -- Frames ------------------------------------------------------------------------------- */

static u8 reversed(u8 v)
{
	u8 r = 0;

	for (u32 i = 0; i < 8; i++)
		r = (u8)(r << 1 | (v >> i & 1));
	return r;
}

/* All that are selected hear it, and any of them pulls the line low. */
static u8 exchange(struct spi *s, u8 out)
{
	u32 selected = s->selected;
	u8 in = 0xff;

	for (u32 i = 0; i < CHIPS; i++)
		if (selected >> i & 1)
			in &= spi_transfer(&s->dev, i, out);
	return in;
}

static void receive(struct spi *s, u8 in)
{
	if (s->n >= FIFO)
		return;
	s->fifo[(s->first + s->n) % FIFO] = in;
	s->n++;
}

static void write_txdata(struct device *dev, u64 value)
{
	struct spi *s = spi_of(dev);
	bool lsb_first = s->fmt & FMT_LSB_FIRST;
	u8 out = (u8)value, in;

	if ((s->fmt & FMT_LENGTH) != FMT_8_BITS)
		guest_error(dev, "frames are of 8 bits");
	if (s->csmode != OFF)
		drive(s, true);
	in = exchange(s, lsb_first ? reversed(out) : out);
	if (s->csmode != HOLD)
		drive(s, false);
	if (!(s->fmt & FMT_SEND_ONLY))
		receive(s, lsb_first ? reversed(in) : in);
}

static u64 read_txdata(struct device *dev)
{
	(void)dev;
	return 0; /* there is room */
}

static void spi_update(struct device *dev)
{
	struct spi *s = spi_of(dev);

	s->ip = (s->txmark ? IP_TX : 0) | (s->n > s->rxmark ? IP_RX : 0);
	wire_set(dev, &s->interrupts[0], s->ip & s->ie);
}

static u64 read_rxdata(struct device *dev)
{
	struct spi *s = spi_of(dev);
	u8 in;

	if (!s->n)
		return EMPTY;
	in = s->fifo[s->first];
	s->first = (s->first + 1) % FIFO;
	s->n--;
	spi_update(dev);
	return in;
}

/* -- The device --------------------------------------------------------------------------- */

static void spi_reset(struct device *dev)
{
	struct spi *s = spi_of(dev);

	s->csdef = (u32)LOW_BITS(s->num_cs);
}

/* clang-format off */
#define SELF struct spi

DEVICE(spi_sifive) = {
	.name         = "spi-sifive",
	.doc          = "SiFive SPI controller (FU540)",
	.compatible   = { "sifive,fu540-c000-spi", "sifive,spi0" },
	.node         = "spi",
	.binding      = "spi/spi-sifive.yaml",
	.linux_driver = "sifive_spi",
	.linux_config = "SPI_SIFIVE",
	.qemu         = "sifive.spi",
	.size         = sizeof(SELF),
	.mmio_size    = 0x1000,
	.bus          = BUS_SPI,
	.place_count  = "num_cs",
	.example      = "spi0: {device: spi-sifive, reg: auto, interrupts: auto, clocks: osc, devices: "
			"{card0: {device: sd-card, reg: 0, host: {file: card.img, format: raw}}}}",
	.reset        = spi_reset,
	.update       = spi_update,

	.props = PROPS(
		PROP_U32(num_cs, .def = 1, .min = 1, .max = CHIPS, .doc = "chip selects"),
		PROP_REF(clocks, .fdt = "clocks", .wants = PROVIDES_CLOCK,
			 .doc = "what the bus clock is made from; Linux's driver wants it"),
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one")),

	.fdt = FDT(FDT_U32("#address-cells", 1), FDT_U32("#size-cells", 0)),

	.state = STATE(
		FIELD(driving), FIELD(selected), FIELD(fifo),
		FIELD_MAX(first, FIFO - 1), FIELD_MAX(n, FIFO)),

	.regs = REGS(
		REG(0x00, sckdiv,  RW, .mask = 0xfff, .reset = 3),
		REG(0x04, sckmode, RW, .mask = 3),
		REG(0x10, csid,    RW, .on_write = write_csid),
		REG(0x14, csdef,   RW, .on_write = write_csdef),
		REG(0x18, csmode,  RW, .on_write = write_csmode),
		REG(0x28, delay0,  RW, .mask = 0xff00ff, .reset = 0x10001),
		REG(0x2c, delay1,  RW, .mask = 0xff00ff, .reset = 1),
		REG(0x40, fmt,     RW, .mask = 0xf000f, .reset = FMT_8_BITS),
		REG(0x48, txdata,  RW, .on_read = read_txdata, .on_write = write_txdata),
		REG(0x4c, rxdata,  RO, .on_read = read_rxdata),
		REG(0x50, txmark,  RW, .mask = 7),
		REG(0x54, rxmark,  RW, .mask = 7),
		REG(0x60, fctrl,   RW, .mask = 1),
		REG(0x64, ffmt,    RW, .mask = 0xffff3fff),
		REG(0x70, ie,      RW, .mask = 3),
		REG(0x74, ip,      RO)),
};
