/* clock-fixed.c - a clock that never changes, for devices that name one
 *
 * Spec: device-tree binding clock/fixed-clock.yaml.
 *
 * There is nothing to it but its frequency, which guests read from the device tree.
 */
#include "device.h"

struct fixed_clock {
	struct device dev;
	u32 clock_frequency;
	const char *clock_output_names;
};

/* clang-format off */
#define SELF struct fixed_clock

DEVICE(clock_fixed) = {
	.name         = "clock-fixed",
	.doc          = "a clock of constant frequency",
	.compatible   = { "fixed-clock" },
	.node         = "clock",
	.node_number  = "clock_frequency",
	.binding      = "clock/fixed-clock.yaml",
	.linux_driver = "of_fixed_clk",
	.linux_config = "COMMON_CLK",
	.size         = sizeof(SELF),
	.cells        = { [PROVIDES_CLOCK] = 1 + 0 },
	.example      = "hfclk: {device: clock-fixed, clock-frequency: 33333333Hz}",

	.props = PROPS(
		PROP_HZ(clock_frequency, .required = true, .min = 1, .fdt = "clock-frequency",
			.doc = "what it says of itself"),
		PROP_TEXT(clock_output_names, .fdt = "clock-output-names",
			  .doc = "its name to drivers that look for one, as SiFive's PRCI does")),

	.fdt = FDT(FDT_U32("#clock-cells", 0)),
};
