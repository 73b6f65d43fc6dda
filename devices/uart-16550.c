/* uart-16550.c - 16550A serial port
 *
 * Spec: National Semiconductor PC16550D data sheet, June 1995, chapter 8.
 *
 * Eight registers, `reg-shift` apart.  What the guest sends goes out at once, so the
 * transmitter is always empty; what the far end sends waits there until the receive
 * FIFO has room, so nothing is lost.  Interrupts are one level: the OR of four
 * sources, of which IIR reports the highest that is enabled.
 *
 * The modem is always there and ready: CTS, DSR and DCD are set.
 *
 * Not modeled: the time a byte takes on the wire, parity and framing errors, breaks,
 * DMA modes, and OUT2 as a gate of the interrupt, which is a PC's wiring.
 */
#include "chardev.h"
#include "clock.h"
#include "device.h"

#define FIFO 16

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

enum { IER_RDA = 0x01, IER_THRE = 0x02, IER_LINE = 0x04, IER_MODEM = 0x08, IER_BITS = 0x0f };
enum {
	IIR_MODEM = 0x00,
	IIR_NONE = 0x01,
	IIR_THRE = 0x02,
	IIR_RDA = 0x04,
	IIR_LINE = 0x06,
	IIR_TIMEOUT = 0x0c,
	IIR_FIFO = 0xc0
};
enum { FCR_ENABLE = 0x01, FCR_CLEAR_RX = 0x02, FCR_TRIGGER = 0xc0 };
enum { LCR_DLAB = 0x80 };
enum { MCR_LOOP = 0x10, MCR_BITS = 0x1f };
enum { LSR_DR = 0x01, LSR_OE = 0x02, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_RI_DELTA = 0x04, MSR_RI = 0x40, MODEM_READY = 0xb0 };

struct uart {
	struct device dev;

	/* properties */
	u32 clock_frequency, reg_shift, reg_io_width;
	struct chardev *host;
	struct wire interrupts[1];

	/* registers */
	u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	u8 overrun;    /* LSR_OE or 0 */
	u8 lines;      /* the upper half of MSR, when it was last looked at */
	u8 delta;      /* the lower half: what changed since it was read */
	bool thr_news; /* the transmitter became empty, and nobody has been told */

	u8 fifo[FIFO];
	u32 first, count; /* of the bytes in it */
	u64 touched_ns;   /* when the FIFO was last filled or read */
};

static bool fifo_on(const struct uart *u)
{
	return u->fcr & FCR_ENABLE;
}

static u32 capacity(const struct uart *u)
{
	return fifo_on(u) ? FIFO : 1;
}

static u32 trigger(const struct uart *u)
{
	static const u8 level[] = { 1, 4, 8, 14 };

	return fifo_on(u) ? level[u->fcr >> 6] : 1;
}

/* -- Interrupts ------------------------------------------------------------- */

/* Bytes below the trigger are reported when nothing has happened for as long as four
 * characters take (8.6.1). */
static u64 timeout_ns(const struct uart *u)
{
	u64 bits = 1 + 5 + (u->lcr & 3) + 1;
	u64 divisor = u->dll | (u64)u->dlm << 8;

	return mul_div(4 * bits * 16 * MAX(divisor, 1), 1000000000, u->clock_frequency);
}

static bool waiting(const struct uart *u)
{
	return fifo_on(u) && u->count && u->count < trigger(u);
}

static bool timed_out(const struct uart *u)
{
	return waiting(u) && clock_ns(&u->dev) - u->touched_ns >= timeout_ns(u);
}

/* The highest source that is pending and enabled: table 2 of the data sheet. */
static u8 source(const struct uart *u)
{
	if (u->ier & IER_LINE && u->overrun)
		return IIR_LINE;
	if (u->ier & IER_RDA && u->count >= trigger(u))
		return IIR_RDA;
	if (u->ier & IER_RDA && timed_out(u))
		return IIR_TIMEOUT;
	if (u->ier & IER_THRE && u->thr_news)
		return IIR_THRE;
	if (u->ier & IER_MODEM && u->delta)
		return IIR_MODEM;
	return IIR_NONE;
}

static void uart_update(struct device *dev)
{
	struct uart *u = (struct uart *)dev;

	wire_set(dev, &u->interrupts[0], source(u) != IIR_NONE);
	if (u->ier & IER_RDA && waiting(u) && !timed_out(u))
		timer_at(dev, u->touched_ns + timeout_ns(u));
	else
		timer_off(dev);
}

/* -- Receiving -------------------------------------------------------------- */

static void put(struct uart *u, u8 byte)
{
	u->touched_ns = clock_ns(&u->dev);
	if (u->count >= capacity(u)) {
		u->overrun = LSR_OE;
		if (fifo_on(u))
			return; /* the FIFO keeps what it has, the lone register does not */
		u->count = 0;
	}
	u->fifo[(u->first + u->count++) % FIFO] = byte;
}

static u8 take(struct uart *u)
{
	u8 byte = u->fifo[u->first % FIFO];

	if (!u->count)
		return byte;
	u->first = (u->first + 1) % FIFO;
	u->touched_ns = clock_ns(&u->dev);
	if (!--u->count)
		chardev_ready(u->host);
	return byte;
}

static void empty(struct uart *u)
{
	u->count = 0;
	chardev_ready(u->host);
}

static u32 uart_room(struct device *dev, const struct chardev *from)
{
	const struct uart *u = (struct uart *)dev;

	(void)from;
	return u->mcr & MCR_LOOP || u->count > capacity(u) ? 0 : capacity(u) - u->count;
}

static void uart_receive(struct device *dev, const struct chardev *from, const u8 *bytes, u32 n)
{
	(void)from;
	while (n--)
		put((struct uart *)dev, *bytes++);
}

/* -- Modem lines -------------------------------------------------------------- */

/* In loopback DTR, RTS, OUT1 and OUT2 come back as DSR, CTS, RI and DCD. */
static u8 modem_lines(const struct uart *u)
{
	u8 m = u->mcr;

	if (!(m & MCR_LOOP))
		return MODEM_READY;
	return (u8)((m & 2) << 3 | (m & 1) << 5 | (m & 4) << 4 | (m & 8) << 4);
}

/* Each line reports that it changed; RI only that it fell. */
static void look_at_modem(struct uart *u)
{
	u8 now = modem_lines(u), changed = now ^ u->lines;

	if (now & MSR_RI)
		changed &= (u8)~MSR_RI;
	u->delta |= changed >> 4;
	u->lines = now;
}

/* -- Registers ---------------------------------------------------------------- */

static void send(struct uart *u, u8 byte)
{
	if (u->mcr & MCR_LOOP)
		put(u, byte);
	else
		chardev_write(u->host, &byte, 1);
	u->thr_news = true;
}

/* The transmitter is empty all the time, so enabling its interrupt raises it at once. */
static void write_ier(struct uart *u, u8 v)
{
	u8 was = u->ier;

	u->ier = v & IER_BITS;
	if ((was ^ u->ier) & IER_THRE)
		u->thr_news = u->ier & IER_THRE;
}

static void write_fcr(struct uart *u, u8 v)
{
	bool toggled = (v ^ u->fcr) & FCR_ENABLE;

	if (toggled || (v & FCR_ENABLE && v & FCR_CLEAR_RX))
		empty(u);
	u->fcr = v & FCR_ENABLE ? v & (FCR_ENABLE | FCR_TRIGGER) : 0;
}

static void write_mcr(struct uart *u, u8 v)
{
	bool was_loop = u->mcr & MCR_LOOP;

	u->mcr = v & MCR_BITS;
	look_at_modem(u);
	if (was_loop && !(u->mcr & MCR_LOOP))
		chardev_ready(u->host);
}

/* Reading tells of the transmitter only if that is what is reported (table 2). */
static u8 read_iir(struct uart *u)
{
	u8 iir = source(u);

	if (iir == IIR_THRE)
		u->thr_news = false;
	return (u8)(iir | (fifo_on(u) ? IIR_FIFO : 0));
}

static u8 read_lsr(struct uart *u)
{
	u8 lsr = (u8)(LSR_THRE | LSR_TEMT | u->overrun | (u->count ? LSR_DR : 0));

	u->overrun = 0;
	return lsr;
}

static u8 read_msr(struct uart *u)
{
	u8 msr = u->lines | u->delta;

	u->delta = 0;
	return msr;
}

static u8 read_register(struct uart *u, u32 which)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (which) {
	case RBR_THR:
		return dlab ? u->dll : take(u);
	case IER:
		return dlab ? u->dlm : u->ier;
	case IIR_FCR:
		return read_iir(u);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return read_lsr(u);
	case MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

static void write_divisor(struct uart *u, u32 which, u8 v)
{
	if (which == RBR_THR)
		u->dll = v;
	else
		u->dlm = v;
}

static void write_register(struct uart *u, u32 which, u8 v)
{
	if (u->lcr & LCR_DLAB && which <= IER) {
		write_divisor(u, which, v);
		return;
	}
	switch (which) {
	case RBR_THR:
		send(u, v);
		break;
	case IER:
		write_ier(u, v);
		break;
	case IIR_FCR:
		write_fcr(u, v);
		break;
	case LCR:
		u->lcr = v;
		break;
	case MCR:
		write_mcr(u, v);
		break;
	case SCR:
		u->scr = v;
		break;
	default:
		break; /* LSR and MSR: writing is for factory tests */
	}
}

/* An access may be as wide as the registers are apart; only the low byte counts. */
static bool decode(struct uart *u, u64 off, u32 width, u32 *which)
{
	u32 apart = (u32)1 << u->reg_shift;

	*which = (u32)(off >> u->reg_shift);
	if (width <= apart && off % apart == 0 && *which <= SCR)
		return true;
	guest_error(&u->dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return false;
}

static u64 uart_read(struct device *dev, u64 off, u32 width)
{
	struct uart *u = (struct uart *)dev;
	u32 which;
	u8 v;

	if (!decode(u, off, width, &which))
		return 0;
	v = read_register(u, which);
	uart_update(dev);
	return v;
}

static void uart_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct uart *u = (struct uart *)dev;
	u32 which;

	if (decode(u, off, width, &which))
		write_register(u, which, (u8)value);
}

static void uart_reset(struct device *dev)
{
	struct uart *u = (struct uart *)dev;

	u->lines = modem_lines(u);
	chardev_ready(u->host);
}

/* clang-format off */
#define SELF struct uart

DEVICE(uart_16550) = {
	.name           = "uart-16550",
	.doc            = "16550A serial port",
	.compatible     = { "ns16550a" },
	.similar        = WORDS("ns16550", "snps,dw-apb-uart"),
	.node           = "serial",
	.binding        = "serial/8250.yaml",
	.linux_driver   = "of_serial",
	.linux_config   = "SERIAL_OF_PLATFORM",
	.linux_name     = "ttyS",
	.qemu           = "serial-mm",
	.size           = sizeof(SELF),
	.mmio_size      = 0x100,
	.stdout_capable = true,
	.example        = "uart0: {device: uart-16550, reg: 0x1000_0000, interrupts: 10, host: stdio}",
	.reset          = uart_reset,
	.update         = uart_update,
	.read           = uart_read,
	.write          = uart_write,
	.room           = uart_room,
	.receive        = uart_receive,

	.props = PROPS(
		PROP_HZ(clock_frequency, .def = 3686400, .min = 1, .fdt = "clock-frequency",
			.doc = "of the baud rate generator; guests have no console without it"),
		PROP_U32(reg_shift, .max = 2, .fdt = "reg-shift",
			 .doc = "registers are 1 << reg-shift bytes apart"),
		PROP_U32(reg_io_width, .def = 1, .min = 1, .max = 4, .fdt = "reg-io-width",
			 .doc = "how wide the guest should access them; 4 with reg-shift 2"),
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one; without it guests poll"),
		PROP_CHARDEV(host, .doc = "the other end of the line")),

	.state = STATE(
		FIELD(ier), FIELD(fcr), FIELD(lcr), FIELD(mcr), FIELD(scr), FIELD(dll), FIELD(dlm),
		FIELD(overrun), FIELD(lines), FIELD(delta), FIELD(thr_news),
		FIELD(fifo), FIELD_MAX(first, FIFO - 1), FIELD_MAX(count, FIFO),
		FIELD(touched_ns)),
};
