/* rom.c - read-only memory
 *
 * The window holds bytes instead of registers: harts fetch and load from it like from
 * RAM, and storing there is an access fault.  It is empty until the boot loader puts
 * something at its address (`boot: {load: [{file: F, at: ADDRESS}]}`).
 *
 * It has no node in the device tree: nothing is to be found in it but the first
 * instructions.
 */
#include "device.h"

struct rom {
	struct device dev;
};

/* clang-format off */
#define SELF struct rom

DEVICE(rom) = {
	.name       = "rom",
	.doc        = "read-only memory, filled by boot: load:",
	.size       = sizeof(SELF),
	.mmio_max   = 64 * MIB,
	.mmio_align = 4096,
	.example    = "mrom: {device: rom, reg: [0x1000, 32K]}",
	.init       = device_window_is_rom,
};
