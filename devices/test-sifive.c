/* test-sifive.c - the test finisher: ends the machine, with a verdict
 *
 * Spec: none; SiFive's tests and QEMU's virt board define it.  A 32-bit write of
 * 0x5555 is "passed" and switches off, 0x7777 starts again, 0x3333 is "failed" with
 * a code in the upper half.
 *
 * Firmware knows it as a syscon with two nodes at the root that say what to write.
 * They need the old `regmap` property: OpenSBI and U-Boot do not look at the parent,
 * which is what the binding now prefers.
 */
#include "device.h"
#include "dt.h"

enum { FAIL = 0x3333, PASS = 0x5555, RESTART = 0x7777 };

struct finisher {
	struct device dev;
	u32 finish;
};

static void on_finish(struct device *dev, u64 value)
{
	switch (value & 0xffff) {
	case FAIL:
		device_fail(dev, (u32)(value >> 16));
		break;
	case PASS:
		device_poweroff(dev);
		break;
	case RESTART:
		device_reboot(dev);
		break;
	default:
		guest_error(dev, "0x%x is no verdict", (u32)value);
	}
}

static void syscon(struct dt_node *n, const char *compatible, u32 phandle, u32 value)
{
	dt_add_text(n, "compatible", compatible);
	dt_add_u32(n, "regmap", phandle);
	dt_add_u32(n, "offset", 0);
	dt_add_u32(n, "value", value);
}

static void fill_poweroff(struct dt_node *n, u32 phandle)
{
	syscon(n, "syscon-poweroff", phandle, PASS);
}

static void fill_reboot(struct dt_node *n, u32 phandle)
{
	syscon(n, "syscon-reboot", phandle, RESTART);
}

static void finisher_fdt(struct dt_node *node)
{
	dt_add_root_node(node, "poweroff", fill_poweroff);
	dt_add_root_node(node, "reboot", fill_reboot);
}

/* clang-format off */
#define SELF struct finisher

DEVICE(test_sifive) = {
	.name         = "test-sifive",
	.doc          = "test finisher: power off, restart, or end with an exit code",
	.compatible   = { "sifive,test1", "sifive,test0", "syscon" },
	.node         = "test",
	.binding      = "power/reset/syscon-poweroff.yaml",
	.linux_driver = "syscon-poweroff, syscon-reboot",
	.linux_config = "POWER_RESET_SYSCON",
	.qemu         = "riscv.sifive.test",
	.size         = sizeof(SELF),
	.mmio_size    = 0x1000,
	.example      = "test: {device: test-sifive, reg: 0x0010_0000}",
	.fdt_more     = finisher_fdt,

	.regs = REGS(REG(0x00, finish, WO, .on_write = on_finish)),
};
