/* leds-gpio.c - a lamp on a GPIO line
 *
 * Spec: Devicetree binding leds/leds-gpio.yaml; it has no registers.
 *
 * It is lit while its line has the level that the reference says.  Each change is told to
 * its far end, as a line of text.
 */
#include "chardev.h"
#include "device.h"

#include <stdio.h>

struct led {
	struct device dev;

	/* properties */
	struct ref gpios;
	const char *label, *trigger;
	u32 default_state;
	struct chardev *host;

	bool level, lit;
};

static void led_input(struct device *dev, u32 line, bool level)
{
	((struct led *)dev)->level = level;
	(void)line;
}

static void led_update(struct device *dev)
{
	struct led *l = (struct led *)dev;
	bool lit = l->level != ref_active_low(&l->gpios);
	char text[128];

	if (lit == l->lit)
		return;
	l->lit = lit;
	snprintf(text, sizeof(text), "%s %s\n", dev->name, lit ? "on" : "off");
	chardev_write(l->host, (const u8 *)text, strlen(text));
}

static bool led_init(struct device *dev, struct err *e)
{
	wire_from_gpio(dev, &((struct led *)dev)->gpios, 0);
	(void)e;
	return true;
}

/* clang-format off */
#define SELF struct led

DEVICE(leds_gpio) = {
	.name         = "leds-gpio",
	.doc          = "a lamp on a GPIO line",
	.compatible   = { "gpio-leds" },
	.node         = "leds",
	.inner_node   = "led-0",
	.binding      = "leds/leds-gpio.yaml",
	.linux_driver = "leds-gpio",
	.linux_config = "LEDS_GPIO",
	.size         = sizeof(SELF),
	.example      = "red: {device: leds-gpio, gpios: gpio0 3 active-low, host: {file: lamps.txt}}",
	.init         = led_init,
	.input        = led_input,
	.update       = led_update,

	.props = PROPS(
		PROP_REF(gpios, .required = true, .fdt = "gpios", .wants = PROVIDES_GPIO, .doc = "its line"),
		PROP_TEXT(label, .fdt = "label", .doc = "what the guest calls it"),
		PROP_TEXT(trigger, .fdt = "linux,default-trigger", .doc = "what lights it: heartbeat, disk-activity"),
		PROP_ENUM(default_state, .fdt = "default-state", .words = WORDS("off", "on", "keep"),
			  .doc = "what its driver begins with"),
		PROP_CHARDEV(host, .doc = "what is told when it changes: `red on`")),

	.state = STATE(FIELD(level), FIELD(lit)),
};
