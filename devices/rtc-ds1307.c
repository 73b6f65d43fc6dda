/* rtc-ds1307.c - Dallas DS1307 real-time clock with 56 bytes of RAM
 *
 * Spec: Maxim DS1307 data sheet (19-5016), "Clock and Calendar" and table 2.
 *
 *	00  CH | seconds       04  day of the month     08..3f  RAM
 *	01  minutes            05  month
 *	02  12/24 | hours      06  year, of 20xx
 *	03  day of the week    07  control
 *
 * All numbers are BCD.  A START takes the time into these bytes, so a transfer sees one
 * moment; writing one of them sets the clock to what they then say.  A date that is none
 * counts on: February 30 is March 1 or 2.  While CH is set the clock stands still.
 *
 * Not modeled: the square-wave pin, the battery: after a reset of the machine the clock
 * shows the host's time (UTC), and the RAM is empty.
 */
#include "clock.h"
#include "device.h"
#include "i2c.h"

#include <time.h>

enum { SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CONTROL, BYTES = 0x40 };
enum { HALT = 1 << 7, MODE_12 = 1 << 6, PM = 1 << 5 };

#define NS                  1000000000u
#define OUT_AND_SQUARE_WAVE 0x93 /* the bits of CONTROL that are there */
#define AT_RESET            0x03
#define CENTURY             100 /* years since 1900 of year 00 */

struct rtc {
	struct device dev;

	u8 bytes[BYTES];
	u32 at;          /* the byte that is read or written next */
	bool at_follows; /* the first byte that is written says where */
	u64 offset;      /* guest's time less the host's, in ns, modulo 2^64 */
	u64 stopped;     /* while CH is set: where the clock stands */
	u32 weekday;     /* the guest's name of the day less the calendar's */
};

static u8 to_bcd(int v)
{
	return (u8)(v / 10 % 10 << 4 | v % 10);
}

static int from_bcd(u8 v)
{
	return (v >> 4) * 10 + (v & 15);
}

static u64 time_now(const struct rtc *r)
{
	return r->bytes[SECONDS] & HALT ? r->stopped : clock_wall_ns(&r->dev) + r->offset;
}

/* -- Hours, which have two forms ---------------------------------------------------- */

static u8 hours_to(int h, bool mode_12)
{
	if (!mode_12)
		return to_bcd(h);
	return (u8)(MODE_12 | (h >= 12 ? PM : 0) | to_bcd((h + 11) % 12 + 1));
}

static int hours_from(u8 v)
{
	if (!(v & MODE_12))
		return from_bcd(v & 0x3f);
	return from_bcd(v & 0x1f) % 12 + (v & PM ? 12 : 0);
}

/* -- The clock and its bytes ---------------------------------------------------------- */

static void take_time(struct rtc *r)
{
	time_t now = (time_t)(time_now(r) / NS);
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return;
	r->bytes[SECONDS] = (u8)((r->bytes[SECONDS] & HALT) | to_bcd(tm.tm_sec));
	r->bytes[MINUTES] = to_bcd(tm.tm_min);
	r->bytes[HOURS] = hours_to(tm.tm_hour, r->bytes[HOURS] & MODE_12);
	r->bytes[WEEKDAY] = (u8)((u32)(tm.tm_wday + (int)r->weekday) % 7 + 1);
	r->bytes[DAY] = to_bcd(tm.tm_mday);
	r->bytes[MONTH] = to_bcd(tm.tm_mon + 1);
	r->bytes[YEAR] = to_bcd(tm.tm_year % 100);
}

/* What the bytes say, in ns since 1970; *weekday is the calendar's, from 0. */
static u64 said(const struct rtc *r, u32 *weekday)
{
	struct tm tm = {
		.tm_sec = from_bcd(r->bytes[SECONDS] & 0x7f),
		.tm_min = from_bcd(r->bytes[MINUTES] & 0x7f),
		.tm_hour = hours_from(r->bytes[HOURS]),
		.tm_mday = from_bcd(r->bytes[DAY] & 0x3f),
		.tm_mon = from_bcd(r->bytes[MONTH] & 0x1f) - 1,
		.tm_year = CENTURY + from_bcd(r->bytes[YEAR]),
	};
	time_t t = timegm(&tm);

	*weekday = (u32)tm.tm_wday;
	return (u64)t * NS;
}

static void set_time(struct rtc *r)
{
	u32 weekday;
	u64 then = said(r, &weekday);

	r->offset = then - clock_wall_ns(&r->dev);
	r->stopped = then;
	r->weekday = ((r->bytes[WEEKDAY] & 7u) + 13 - weekday) % 7;
}

/* -- The bus --------------------------------------------------------------------------- */

static bool rtc_start(struct device *dev, bool read)
{
	struct rtc *r = (struct rtc *)dev;

	r->at_follows = !read;
	take_time(r);
	return true;
}

static bool rtc_write(struct device *dev, u8 byte)
{
	struct rtc *r = (struct rtc *)dev;
	u32 at = r->at;

	if (r->at_follows) {
		r->at_follows = false;
		r->at = byte % BYTES;
		return true;
	}
	r->at = (at + 1) % BYTES;
	r->bytes[at] = at == CONTROL ? byte & OUT_AND_SQUARE_WAVE : byte;
	if (at < CONTROL)
		set_time(r);
	return true;
}

static u8 rtc_read(struct device *dev)
{
	struct rtc *r = (struct rtc *)dev;
	u8 byte = r->bytes[r->at];

	r->at = (r->at + 1) % BYTES;
	if (!r->at)
		take_time(r);
	return byte;
}

static void rtc_reset(struct device *dev)
{
	struct rtc *r = (struct rtc *)dev;

	r->bytes[CONTROL] = AT_RESET;
	take_time(r);
}

/* clang-format off */
#define SELF struct rtc

DEVICE(rtc_ds1307) = {
	.name         = "rtc-ds1307",
	.doc          = "Dallas DS1307 real-time clock",
	.compatible   = { "dallas,ds1307" },
	.node         = "rtc",
	.binding      = "rtc/rtc-ds1307.yaml",
	.linux_driver = "rtc-ds1307",
	.linux_config = "RTC_DRV_DS1307",
	.linux_name   = "rtc",
	.qemu         = "ds1338",
	.size         = sizeof(SELF),
	.on           = BUS_I2C,
	.example      = "rtc1: {device: rtc-ds1307, reg: 0x68}",
	.reset        = rtc_reset,

	.i2c = &(const struct i2c_class){
		.start = rtc_start, .write = rtc_write, .read = rtc_read,
	},

	.state = STATE(
		FIELD(bytes), FIELD_MAX(at, BYTES - 1), FIELD(at_follows),
		FIELD(offset), FIELD(stopped), FIELD_MAX(weekday, 6)),
};
