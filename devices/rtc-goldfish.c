/* rtc-goldfish.c - Goldfish real-time clock
 *
 * Spec: Android emulator, "Goldfish virtual hardware", chapter on the RTC.
 *
 * Nanoseconds since 1970 in two halves: reading the low one keeps the high one that
 * belongs to it.  The guest may set the clock, which then differs from the host's by
 * an offset.  Writing the low half of the alarm arms it; when it is due, the
 * interrupt pends, and it is a level until it is cleared.
 */
#include "clock.h"
#include "device.h"

struct rtc {
	struct device dev;
	struct wire interrupts[1];

	/* registers; some are only there to be read or written */
	u32 time_low, time_high, alarm_low, alarm_high;
	u32 irq_enabled, clear_alarm, alarm_status, clear_interrupt;

	u64 offset; /* guest's time less the host's, modulo 2^64 */
	bool pending;
};

static u64 time_now(const struct rtc *r)
{
	return clock_wall_ns(&r->dev) + r->offset;
}

static u64 alarm(const struct rtc *r)
{
	return r->alarm_low | (u64)r->alarm_high << 32;
}

static void rtc_update(struct device *dev)
{
	struct rtc *r = (struct rtc *)dev;
	u64 now = time_now(r), ns;

	if (r->alarm_status && now >= alarm(r)) {
		r->alarm_status = 0;
		r->pending = true;
	}
	if (r->alarm_status && !ADD_OVERFLOWS(clock_ns(dev), alarm(r) - now, &ns))
		timer_at(dev, ns);
	else
		timer_off(dev);
	wire_set(dev, &r->interrupts[0], r->pending && r->irq_enabled);
}

static u64 read_time_low(struct device *dev)
{
	struct rtc *r = (struct rtc *)dev;
	u64 now = time_now(r);

	r->time_high = (u32)(now >> 32);
	return now & LOW_BITS(32);
}

static void set_time(struct rtc *r, u64 now, u64 then)
{
	r->offset += then - now;
}

static void write_time_low(struct device *dev, u64 value)
{
	struct rtc *r = (struct rtc *)dev;
	u64 now = time_now(r);

	set_time(r, now, (now & ~LOW_BITS(32)) | value);
}

static void write_time_high(struct device *dev, u64 value)
{
	struct rtc *r = (struct rtc *)dev;
	u64 now = time_now(r);

	set_time(r, now, (now & LOW_BITS(32)) | value << 32);
}

static void write_alarm_low(struct device *dev, u64 value)
{
	struct rtc *r = (struct rtc *)dev;

	r->alarm_low = (u32)value;
	r->alarm_status = 1;
}

static void write_clear_alarm(struct device *dev, u64 value)
{
	((struct rtc *)dev)->alarm_status = 0;
	(void)value;
}

static void write_clear_interrupt(struct device *dev, u64 value)
{
	((struct rtc *)dev)->pending = false;
	(void)value;
}

/* clang-format off */
#define SELF struct rtc

DEVICE(rtc_goldfish) = {
	.name         = "rtc-goldfish",
	.doc          = "Goldfish real-time clock with an alarm",
	.compatible   = { "google,goldfish-rtc" },
	.node         = "rtc",
	.binding      = "rtc/trivial-rtc.yaml",
	.linux_driver = "goldfish_rtc",
	.linux_config = "RTC_DRV_GOLDFISH",
	.qemu         = "goldfish_rtc",
	.size         = sizeof(SELF),
	.mmio_size    = 0x1000,
	.example      = "rtc0: {device: rtc-goldfish, reg: 0x0010_1000, interrupts: 11}",
	.update       = rtc_update,

	.props = PROPS(
		PROP_IRQS(interrupts, .fdt = "interrupts", .doc = "one, for the alarm")),

	.state = STATE(FIELD(offset), FIELD(pending)),

	.regs = REGS(
		REG(0x00, time_low,        RO, .on_read = read_time_low, .on_write = write_time_low),
		REG(0x04, time_high,       RO, .on_write = write_time_high),
		REG(0x08, alarm_low,       RW, .on_write = write_alarm_low),
		REG(0x0c, alarm_high,      RW),
		REG(0x10, irq_enabled,     RW, .mask = 1),
		REG(0x14, clear_alarm,     WO, .on_write = write_clear_alarm),
		REG(0x18, alarm_status,    RO),
		REG(0x1c, clear_interrupt, WO, .on_write = write_clear_interrupt)),
};
