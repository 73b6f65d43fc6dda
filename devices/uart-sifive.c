/* uart-sifive.c - SiFive serial port
 *
 * Spec: SiFive FU540-C000 Manual v1p4, chapter 13, "Universal Asynchronous
 * Receiver/Transmitter (UART)".
 *
 * Two queues of eight bytes.  What the guest sends leaves at once while txen is set, and
 * waits in its queue otherwise; what the far end sends waits there until the receiver is
 * enabled and its queue has room, so nothing is lost.  The one interrupt is the OR of two
 * watermarks: fewer than txcnt bytes to send, more than rxcnt received.
 *
 * Not modeled: the time a byte takes on the wire; the divisor and the second stop bit keep
 * what is written and change nothing.
 */
#include "chardev.h"
#include "device.h"

#define QUEUE 8

#define EMPTY_OR_FULL (1u << 31)

enum { ENABLE = 1, TXWM = 1, RXWM = 2 };
enum { TXCTRL_BITS = 0x70003, RXCTRL_BITS = 0x70001, COUNT_SHIFT = 16 };

struct queue {
	u8 bytes[QUEUE];
	u32 first, count;
};

struct uart {
	struct device dev;

	/* properties */
	struct chardev *host;
	struct wire interrupts[1];
	struct ref clocks;

	struct queue tx, rx;

	/* registers */
	u32 txdata, rxdata; /* only rows: what an access does is below */
	u32 txctrl, rxctrl, ie, ip, div;
};

static u32 watermark(u32 control)
{
	return control >> COUNT_SHIFT & 7;
}

static void uart_update(struct device *dev)
{
	struct uart *u = (struct uart *)dev;

	u->ip = (u->tx.count < watermark(u->txctrl) ? TXWM : 0) |
		(u->rx.count > watermark(u->rxctrl) ? RXWM : 0);
	wire_set(dev, &u->interrupts[0], u->ip & u->ie);
}

static void put(struct queue *q, u8 byte)
{
	if (q->count < QUEUE)
		q->bytes[(q->first + q->count++) % QUEUE] = byte;
}

static u8 take(struct queue *q)
{
	u8 byte = q->bytes[q->first % QUEUE];

	q->first = (q->first + 1) % QUEUE;
	q->count--;
	return byte;
}

/* -- Sending ---------------------------------------------------------------------- */

static void drain(struct uart *u)
{
	while (u->tx.count && u->txctrl & ENABLE) {
		u8 byte = take(&u->tx);

		chardev_write(u->host, &byte, 1);
	}
}

static u64 read_txdata(struct device *dev)
{
	return ((struct uart *)dev)->tx.count == QUEUE ? EMPTY_OR_FULL : 0;
}

/* Writing to a full queue is ignored (13.4). */
static void write_txdata(struct device *dev, u64 value)
{
	struct uart *u = (struct uart *)dev;

	put(&u->tx, (u8)value);
	drain(u);
}

static void write_txctrl(struct device *dev, u64 value)
{
	struct uart *u = (struct uart *)dev;

	u->txctrl = (u32)value & TXCTRL_BITS;
	drain(u);
}

/* -- Receiving -------------------------------------------------------------------- */

static u64 read_rxdata(struct device *dev)
{
	struct uart *u = (struct uart *)dev;
	u8 byte;

	if (!u->rx.count)
		return EMPTY_OR_FULL;
	byte = take(&u->rx);
	chardev_ready(u->host);
	uart_update(dev);
	return byte;
}

static void write_rxctrl(struct device *dev, u64 value)
{
	struct uart *u = (struct uart *)dev;

	u->rxctrl = (u32)value & RXCTRL_BITS;
	chardev_ready(u->host);
}

static u32 uart_room(struct device *dev, const struct chardev *from)
{
	const struct uart *u = (struct uart *)dev;

	(void)from;
	return u->rxctrl & ENABLE ? QUEUE - MIN(u->rx.count, QUEUE) : 0;
}

static void uart_receive(struct device *dev, const struct chardev *from, const u8 *bytes, u32 n)
{
	(void)from;
	while (n--)
		put(&((struct uart *)dev)->rx, *bytes++);
}

/* clang-format off */
#define SELF struct uart

DEVICE(uart_sifive) = {
	.name           = "uart-sifive",
	.doc            = "SiFive serial port (FU540, FU740, FE310)",
	.compatible     = { "sifive,fu540-c000-uart", "sifive,uart0" },
	.node           = "serial",
	.binding        = "serial/sifive-serial.yaml",
	.linux_driver   = "sifive-serial",
	.linux_config   = "SERIAL_SIFIVE",
	.linux_name     = "ttySIF",
	.qemu           = "riscv.sifive.uart",
	.size           = sizeof(SELF),
	.mmio_size      = 0x1000,
	.stdout_capable = true,
	.example        = "uart0: {device: uart-sifive, reg: 0x1001_0000, interrupts: 4, clocks: prci 3, host: stdio}",
	.update         = uart_update,
	.room           = uart_room,
	.receive        = uart_receive,

	.props = PROPS(
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one; without it guests poll"),
		PROP_REF(clocks, .fdt = "clocks", .wants = PROVIDES_CLOCK,
			 .doc = "of the baud rate generator; Linux has no console without it"),
		PROP_CHARDEV(host, .doc = "the other end of the line")),

	.state = STATE(
		FIELD(tx.bytes), FIELD_MAX(tx.first, QUEUE - 1), FIELD_MAX(tx.count, QUEUE),
		FIELD(rx.bytes), FIELD_MAX(rx.first, QUEUE - 1), FIELD_MAX(rx.count, QUEUE)),

	.regs = REGS(
		REG(0x00, txdata, RW, .on_read = read_txdata, .on_write = write_txdata),
		REG(0x04, rxdata, RO, .on_read = read_rxdata),
		REG(0x08, txctrl, RW, .on_write = write_txctrl),
		REG(0x0c, rxctrl, RW, .on_write = write_rxctrl),
		REG(0x10, ie,     RW, .mask = TXWM | RXWM),
		REG(0x14, ip,     RO),
		REG(0x18, div,    RW, .mask = 0xffff)),
};
