/* classes.h - device classes that exist for these tests: one with a property of each kind,
 * a bus with chips, a controller of two cells.
 */
#ifndef CLASSES_H
#define CLASSES_H

#include "core.h"

struct everything {
	struct device dev;
	u32 count, rate, color, depth;
	u64 wide, bytes, pause;
	bool on;
	const char *label, *path;
	u8 mac[6];
	struct range window;
	struct text_list names;
	struct wire interrupts[4], out[2];
	struct ref clocks[2], gpio;
	struct table rows;
	struct chardev *host;
};

struct everything_row {
	const char *name;
	u32 code;
	struct ref line;
	struct chardev *far;
};

struct lines_device {
	struct device dev;
	u32 lines;
};

/* clang-format off */
#define SELF struct everything_row
static const struct prop everything_rows[] = {
	PROP_U32(code, .required = true, .max = 255, .doc = "what it sends"),
	PROP_REF(line, .wants = PROVIDES_GPIO),
	PROP_CHARDEV(far, .doc = "whom it tells"),
	{ 0 },
};
#undef SELF

#define SELF struct everything
static const struct device_class test_everything = {
	.name = "test-everything", .doc = "a property of each kind",
	.compatible = { "vmbuild,test" }, .node = "test",
	.size = sizeof(SELF), .mmio_size = 0x100, .mmio_max = 0x1000,
	.props = PROPS(
		PROP_U32(count, .def = 7, .min = 1, .max = 16, .fdt = "count"),
		PROP_HZ(rate, .fdt = "rate"),
		PROP_ENUM(color, .words = WORDS("red", "green", "blue"), .fdt = "color"),
		PROP_U32(depth, .key = "shape.depth", .fdt = "depth"),
		PROP_U64(wide, .fdt = "wide"),
		PROP_SIZE(bytes, .fdt = "bytes"),
		PROP_TIME(pause, .doc = "a while"),
		PROP_BOOL(on, .fdt = "on"),
		PROP_TEXT(label, .fdt = "label"),
		PROP_PATH(path, .doc = "a file"),
		PROP_MAC(mac, .fdt = "mac"),
		PROP_RANGE(window, .key = "shape.window", .fdt = "window"),
		PROP_LIST(names, .fdt = "names"),
		PROP_IRQS(interrupts, .fdt = "interrupts"),
		PROP_OUTPUTS(out, .doc = "two"),
		PROP_REFS(clocks, .wants = PROVIDES_CLOCK, .fdt = "clocks"),
		PROP_REF(gpio, .wants = PROVIDES_GPIO, .fdt = "gpios"),
		PROP_TABLE(rows, struct everything_row, .rows = everything_rows),
		PROP_CHARDEV(host, .doc = "the far end")),
};
#undef SELF

#define SELF struct lines_device
static const struct device_class test_lines = {
	.name = "test-lines", .doc = "GPIO lines that are interrupts too",
	.compatible = { "vmbuild,lines" }, .node = "gpio",
	.size = sizeof(SELF), .mmio_size = 0x1000,
	.irq_cells = 2, .irq_limit = "lines", .cells = { [PROVIDES_GPIO] = 1 + 2 },
	.props = PROPS(PROP_U32(lines, .def = 16, .max = 32)),
	.fdt = FDT(FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 2),
		   FDT_U32("#gpio-cells", 2)),
};

static const struct device_class test_i2c = {
	.name = "test-i2c", .doc = "an I2C bus",
	.compatible = { "vmbuild,i2c" }, .node = "i2c",
	.size = sizeof(struct device), .mmio_size = 0x1000, .bus = BUS_I2C,
	.fdt = FDT(FDT_U32("#address-cells", 1), FDT_U32("#size-cells", 0)),
};

static const struct device_class test_chip = {
	.name = "test-chip", .doc = "an I2C chip",
	.compatible = { "vmbuild,chip" }, .node = "chip",
	.size = sizeof(struct device), .on = BUS_I2C,
};
#undef SELF
/* clang-format on */

/* The real classes, and these. */
static inline const struct device_class *const *all_classes(const struct device_class **list,
							    size_t cap)
{
	static const struct device_class *const more[] = { &test_everything, &test_lines, &test_i2c,
							   &test_chip };
	size_t n = 0;

	for (; device_classes[n]; n++)
		list[n] = device_classes[n];
	assert(n + ARRAY_LEN(more) < cap);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		list[n++] = more[i];
	list[n] = NULL;
	return list;
}

#endif
