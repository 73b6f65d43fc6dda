/* keys-gpio.c - a button on a GPIO line
 *
 * Spec: Devicetree binding input/gpio-keys.yaml; it has no registers.
 *
 * While the key is down its line has the level that the reference says.  Each level stays
 * for a while, because drivers wait until a contact has stopped to bounce.
 *
 * Not modeled: bouncing.
 */
#include "clock.h"
#include "device.h"
#include "dt.h"
#include "input.h"

#define STAYS_NS 30000000

struct button {
	struct device dev;

	/* properties */
	struct ref gpios;
	u32 key; /* row of keys.def */
	const char *label;
	bool wakeup_source;

	struct wire line;
	struct input_port port;
	bool down;
	u64 stays_ns; /* until then */
};

static const char *const names[] = {
#define KEY(name, ...) #name,
#include "keys.def"
#undef KEY
	NULL
};

static void button_update(struct device *dev)
{
	struct button *b = (struct button *)dev;
	u64 now = clock_ns(dev);
	struct input_event e;

	if (now >= b->stays_ns && input_next(&b->port, &e)) {
		b->down = e.x;
		b->stays_ns = now + STAYS_NS;
	}
	if (now < b->stays_ns)
		timer_at(dev, b->stays_ns);
	else
		timer_off(dev);
	wire_set(dev, &b->line, b->down != ref_active_low(&b->gpios));
}

static bool button_has(const struct device *dev, u32 code)
{
	return input_keys[((const struct button *)dev)->key].code == code;
}

/* Whether the guest looks at the line nobody knows: a button can always be pressed. */
static bool button_listens(const struct device *dev)
{
	(void)dev;
	return true;
}

static void button_arrived(struct device *dev)
{
	(void)dev; /* update() comes next */
}

static void button_timer(struct device *dev)
{
	(void)dev; /* the same */
}

static bool button_init(struct device *dev, struct err *e)
{
	struct button *b = (struct button *)dev;

	wire_to_gpio(dev, &b->line, &b->gpios);
	(void)e;
	return true;
}

static void button_fdt(struct dt_node *node)
{
	dt_add_u32(node, "linux,code", input_keys[dt_value(node, "key")->num].code);
}

/* clang-format off */
#define SELF struct button

DEVICE(keys_gpio) = {
	.name         = "keys-gpio",
	.doc          = "a button on a GPIO line",
	.compatible   = { "gpio-keys" },
	.node         = "gpio-keys",
	.inner_node   = "button",
	.binding      = "input/gpio-keys.yaml",
	.linux_driver = "gpio-keys",
	.linux_config = "KEYBOARD_GPIO",
	.size         = sizeof(SELF),
	.example      = "power: {device: keys-gpio, gpios: gpio0 5 active-low, key: POWER}",
	.init         = button_init,
	.update       = button_update,
	.timer        = button_timer,
	.fdt_more     = button_fdt,

	.sink = &(const struct input_sink){
		.port    = offsetof(SELF, port),
		.has     = button_has,
		.listens = button_listens,
		.arrived = button_arrived,
	},

	.props = PROPS(
		PROP_REF(gpios, .required = true, .fdt = "gpios", .wants = PROVIDES_GPIO, .doc = "its line"),
		PROP_ENUM(key, .required = true, .words = names, .doc = "which key it is, as Linux calls it"),
		PROP_TEXT(label, .fdt = "label", .doc = "what the guest calls it"),
		PROP_BOOL(wakeup_source, .fdt = "wakeup-source", .doc = "it ends a guest's sleep")),

	.state = STATE(INPUT_STATE, FIELD(down), FIELD(stays_ns)),
};
