/* sensor-tmp102.c - Texas Instruments TMP102 temperature sensor
 *
 * Spec: TI data sheet SBOS397H, section 7.5 (registers), 7.3 (formats).
 *
 * The first byte that is written chooses one of four registers of 16 bits, high byte
 * first; what follows is written to it, and reads take it from its high byte on, over
 * and over.  A temperature has 12 bits, or 13 in extended mode, at the left:
 *
 *	15          4 3  0            1 bit is 1/16 degree Celsius
 *	| temperature | 0 |
 *
 * What it measures is what the board says.
 *
 * Not modeled: the ALERT pin itself (its bit is), interrupt mode, shutdown and one-shot
 * conversions: it always measures.
 */
#include "device.h"
#include "i2c.h"

enum { TEMPERATURE, CONFIG, LOW, HIGH, REGISTERS };

enum {
	RESOLUTION = 3 << 13, /* always 12 bits */
	POLARITY = 1 << 10,
	ALERT = 1 << 5,
	EXTENDED = 1 << 4,
};

#define CONFIG_WRITABLE 0x9fd0
#define LIMIT_WRITABLE  0xfff8
#define CONFIG_RESET    0x0080 /* four conversions a second, all else off */

struct sensor {
	struct device dev;
	u32 temperature; /* property: in thousandths of a degree */

	u16 config, low, high; /* the limits as they are written */
	bool over;             /* it was hot, and has not been cold since */
	u8 pointer, half;      /* half: 0 or 1, the byte that is next */
	bool pointer_follows;
};

static int shift(const struct sensor *s)
{
	return s->config & EXTENDED ? 3 : 4;
}

static int sixteenths(const struct sensor *s)
{
	return (int)(s->temperature * 16 / 1000);
}

/* A limit is in the format of the moment. */
static int limit(const struct sensor *s, u16 v)
{
	return (i16)v >> shift(s);
}

static u16 as_register(const struct sensor *s, int t)
{
	int most = s->config & EXTENDED ? 4095 : 2047;

	return (u16)(MIN(t, most) << shift(s) | (s->config & EXTENDED ? 1 : 0));
}

/* Section 7.4.4, comparator mode: over from the high limit on, until below the low one. */
static void sensor_update(struct device *dev)
{
	struct sensor *s = (struct sensor *)dev;
	int t = sixteenths(s);

	if (t >= limit(s, s->high))
		s->over = true;
	else if (t < limit(s, s->low))
		s->over = false;
}

/* -- Registers ------------------------------------------------------------------------ */

static u16 read_register(const struct sensor *s)
{
	bool active_high = s->config & POLARITY;

	switch (s->pointer) {
	case TEMPERATURE:
		return as_register(s, sixteenths(s));
	case CONFIG:
		return (u16)(s->config | RESOLUTION | (s->over == active_high ? ALERT : 0));
	case LOW:
		return s->low;
	default:
		return s->high;
	}
}

static void write_half(u16 *v, u32 half, u8 byte, u16 writable)
{
	u16 bits = half ? byte : (u16)(byte << 8), mask = half ? 0x00ff : 0xff00;

	*v = (u16)((*v & ~(mask & writable)) | (bits & writable));
}

static bool sensor_start(struct device *dev, bool read)
{
	struct sensor *s = (struct sensor *)dev;

	s->pointer_follows = !read;
	s->half = 0;
	return true;
}

static bool sensor_write(struct device *dev, u8 byte)
{
	struct sensor *s = (struct sensor *)dev;

	if (s->pointer_follows) {
		s->pointer = byte % REGISTERS;
		s->pointer_follows = false;
		return true;
	}
	if (s->pointer == CONFIG)
		write_half(&s->config, s->half, byte, CONFIG_WRITABLE);
	else if (s->pointer == LOW)
		write_half(&s->low, s->half, byte, LIMIT_WRITABLE);
	else if (s->pointer == HIGH)
		write_half(&s->high, s->half, byte, LIMIT_WRITABLE);
	s->half ^= 1;
	return true;
}

static u8 sensor_read(struct device *dev)
{
	struct sensor *s = (struct sensor *)dev;
	u16 v = read_register(s);
	u8 byte = (u8)(s->half ? v : v >> 8);

	s->half ^= 1;
	return byte;
}

static void sensor_reset(struct device *dev)
{
	struct sensor *s = (struct sensor *)dev;

	s->config = CONFIG_RESET;
	s->low = 75 << 8;
	s->high = 80 << 8;
}

/* clang-format off */
#define SELF struct sensor

DEVICE(sensor_tmp102) = {
	.name         = "sensor-tmp102",
	.doc          = "Texas Instruments TMP102 temperature sensor",
	.compatible   = { "ti,tmp102" },
	.node         = "sensor",
	.binding      = "hwmon/ti,tmp102.yaml",
	.linux_driver = "tmp102",
	.linux_config = "SENSORS_TMP102",
	.linux_name   = "hwmon",
	.qemu         = "tmp105",
	.size         = sizeof(SELF),
	.on           = BUS_I2C,
	.example      = "sensor0: {device: sensor-tmp102, reg: 0x48, temperature: 21500}",
	.reset        = sensor_reset,
	.update       = sensor_update,

	.i2c = &(const struct i2c_class){
		.start = sensor_start, .write = sensor_write, .read = sensor_read,
	},

	.props = PROPS(
		PROP_U32(temperature, .def = 25000, .max = 150000,
			 .doc = "what it measures, in thousandths of a degree Celsius")),

	.state = STATE(
		FIELD(config), FIELD(low), FIELD(high), FIELD(over),
		FIELD_MAX(pointer, REGISTERS - 1), FIELD_MAX(half, 1), FIELD(pointer_follows)),
};
