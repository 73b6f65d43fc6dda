/* Root ports: the bus behind one, through the host bridge's window. */
#include "pci_probe.h"

/* -- A function behind a port ------------------------------------------------------------- */

static const struct pci_class probe_pci = {
	.vendor = 0x1234,
	.device = 0x5678,
	.class_code = 0x0c0330,
	.intx = true,
	.bar = { [0] = { .size = 0x1000 },
		 [1] = { .size = 0x20, .io = true },
		 [2] = { .size = 0x100000, .is_64bit = true, .prefetchable = true } },
	.msix_vectors = 1,
	.msix_bar = 4,
	.read = probe_read,
};

static const struct device_class probe_class = PROBE(&probe_pci);

#define BUS     3 /* what the tests call it */
#define IO_AT   0x3000000u
#define COMMAND 0x04

/* Of the port. */
#define BUS_NUMBERS   0x18
#define IO_WINDOW     0x1c
#define MEMORY_WINDOW 0x20
#define FETCH_WINDOW  0x24
#define FETCH_UPPER   0x28
#define CONTROL       0x3e
#define CONTROL_RESET 0x40

/* A window of registers that are in units of 64 KiB: base, and limit above it. */
#define WINDOW(first, last) ((u32)(last) >> 16 << 16 | (u32)(first) >> 16)

struct rig {
	struct bench *b;
	struct device *bridge, *port, *dev;
	struct bench_values values, port_values;
};

static u32 messages; /* of the test that runs */

static void take_msi(void *ctx, u64 address, u32 data)
{
	(void)ctx;
	(void)address;
	(void)data;
	messages++;
}

static void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	messages = 0;
	r->b = bench_new();
	r->b->machine.msi = take_msi;
	r->bridge = driver_bridge(r->b);
	r->port = driver_device(r->b, device_find("pcie-root-port"), &r->port_values,
				(struct device_place){ .parent = r->bridge, .slot = SLOT });
	r->dev = driver_device(r->b, &probe_class, &r->values,
			       (struct device_place){ .parent = r->port, .slot = 0 });
}

static u32 get_port(struct rig *r, u32 off, u32 width)
{
	return (u32)hart_load(r->b, ecam(SLOT, off), width);
}

static void set_port(struct rig *r, u32 off, u32 width, u32 v)
{
	hart_store(r->b, ecam(SLOT, off), width, v);
}

static u64 behind(u32 off)
{
	return ECAM_AT + ((u64)BUS << 20) + off;
}

static void set(struct rig *r, u32 off, u32 width, u32 v)
{
	hart_store(r->b, behind(off), width, v);
}

static bool reaches(struct rig *r, u64 gpa)
{
	u64 v;

	return mem_io_read(r->b->machine.mem, NULL, gpa, 8, &v);
}

/* As software does: numbers the bus, and lets the function decode and be a master. */
static void open_port(struct rig *r)
{
	set_port(r, BUS_NUMBERS, 4, BUS << 16 | BUS << 8);
	set_port(r, COMMAND, 2, 0x7);
	set(r, COMMAND, 2, 0x7);
}

/* -- The port as a function ------------------------------------------------------------------ */

static void a_port_is_a_bridge(void **state)
{
	struct rig r;

	rig_init(&r);
	assert_int_equal(get_port(&r, 0x0e, 1), 1);
	assert_int_equal(get_port(&r, 0x08, 4) >> 8, 0x060400);
	set_port(&r, 0x10, 4, 0xffffffff);
	assert_int_equal(get_port(&r, 0x10, 4), 0); /* no BAR */
	bench_end(r.b);
	(void)state;
}

static void the_windows_keep_what_software_may_set(void **state)
{
	struct rig r;

	rig_init(&r);
	set_port(&r, IO_WINDOW, 2, 0xffff);
	assert_int_equal(get_port(&r, IO_WINDOW, 2), 0xf0f0);
	set_port(&r, MEMORY_WINDOW, 4, 0xffffffff);
	assert_int_equal(get_port(&r, MEMORY_WINDOW, 4), 0xfff0fff0);
	set_port(&r, FETCH_WINDOW, 4, 0xffffffff);
	assert_int_equal(get_port(&r, FETCH_WINDOW, 4), 0xfff1fff1); /* of 64 bits */
	bench_end(r.b);
	(void)state;
}

/* -- The bus behind it ------------------------------------------------------------------------- */

static void the_bus_has_the_number_that_software_gives(void **state)
{
	struct rig r;

	rig_init(&r);
	assert_int_equal(hart_load(r.b, behind(0), 4), 0xffffffff);
	set_port(&r, BUS_NUMBERS, 4, BUS << 16 | BUS << 8);
	assert_int_equal(hart_load(r.b, behind(0), 4), 0x56781234);
	set_port(&r, BUS_NUMBERS, 4, (BUS + 1) << 16 | (BUS + 1) << 8);
	assert_int_equal(hart_load(r.b, behind(0), 4), 0xffffffff);
	assert_int_equal(hart_load(r.b, behind(1 << 20), 4), 0x56781234);
	bench_end(r.b);
	(void)state;
}

static void a_link_has_one_device(void **state)
{
	struct rig r;
	struct bench_values values = { 0 };
	struct err e = { 0 };
	struct device_config config = {
		.class = &probe_class,
		.name = "second",
		.values = values.values,
		.attach = bench_attach,
	};

	rig_init(&r);
	open_port(&r);
	for (u32 slot = 1; slot < 32; slot++)
		assert_int_equal(hart_load(r.b, behind(slot << 15), 4), 0xffffffff);
	for (u32 slot = 0; slot < 2; slot++) {
		config.place = (struct device_place){ .parent = r.port, .slot = slot };
		assert_null(device_new(&r.b->machine, &config, &e));
	}
	assert_string_equal(e.text, "second: slot 1 is not in 0..0");
	bench_end(r.b);
	(void)state;
}

/* -- Windows ------------------------------------------------------------------------------------
 */

static void memory_behind_is_reached_through_the_ports_window(void **state)
{
	struct rig r;

	rig_init(&r);
	open_port(&r);
	set(&r, 0x10, 4, 0x40200000);
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40100000, 0x401fffff));
	assert_false(reaches(&r, 0x40200000));
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40100000, 0x402fffff));
	assert_true(reaches(&r, 0x40200ff8));
	set_port(&r, COMMAND, 2, 0x5);
	assert_false(reaches(&r, 0x40200000));
	set_port(&r, COMMAND, 2, 0x7);
	assert_true(reaches(&r, 0x40200000));
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40300000, 0x402fffff)); /* closed */
	assert_false(reaches(&r, 0x40200000));
	bench_end(r.b);
	(void)state;
}

static void prefetchable_memory_behind_has_64_bits(void **state)
{
	struct rig r;

	rig_init(&r);
	open_port(&r);
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40100000, 0x400fffff));
	set(&r, 0x18, 4, 0x00300000);
	set(&r, 0x1c, 4, 0x6);
	set_port(&r, FETCH_WINDOW, 4, WINDOW(0x00300000, 0x003fffff));
	set_port(&r, FETCH_UPPER, 4, 5);
	set_port(&r, FETCH_UPPER + 4, 4, 5);
	assert_false(reaches(&r, 0x600300008));
	set_port(&r, FETCH_UPPER, 4, 6);
	set_port(&r, FETCH_UPPER + 4, 4, 6);
	assert_true(reaches(&r, 0x600300008));
	bench_end(r.b);
	(void)state;
}

static void ports_of_io_behind_are_reached_by_4_kib(void **state)
{
	struct rig r;

	rig_init(&r);
	open_port(&r);
	set(&r, 0x14, 4, 0x2040);
	set_port(&r, IO_WINDOW, 2, 0x1010);
	assert_false(reaches(&r, IO_AT + 0x2040));
	set_port(&r, IO_WINDOW, 2, 0x2010);
	assert_true(reaches(&r, IO_AT + 0x2048));
	set_port(&r, COMMAND, 2, 0x6);
	assert_false(reaches(&r, IO_AT + 0x2040));
	bench_end(r.b);
	(void)state;
}

/* -- The other way -------------------------------------------------------------------------------
 */

static void a_port_that_is_no_master_blocks_dma(void **state)
{
	struct rig r;
	u8 byte = 1;

	rig_init(&r);
	open_port(&r);
	assert_true(dma_write(r.dev, BENCH_RAM_BASE, &byte, 1));
	set_port(&r, COMMAND, 2, 0x3);
	assert_false(dma_write(r.dev, BENCH_RAM_BASE, &byte, 1));
	bench_end(r.b);
	(void)state;
}

static void it_holds_messages_until_it_is_one(void **state)
{
	struct rig r;
	u32 at;

	rig_init(&r);
	open_port(&r);
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40100000, 0x402fffff));
	set(&r, 0x20, 4, 0x40200000);
	at = (u32)hart_load(r.b, behind(0x34), 1);
	set(&r, at + 2, 2, 0x8000);
	hart_store(r.b, 0x4020000c, 4, 0); /* unmasked */
	set_port(&r, COMMAND, 2, 0x3);
	device_lock(r.dev);
	pci_msix_send(r.dev, 0);
	device_unlock(r.dev);
	assert_int_equal(messages, 0);
	set_port(&r, COMMAND, 2, 0x7);
	assert_int_equal(messages, 1);
	bench_end(r.b);
	(void)state;
}

static void a_pin_behind_is_the_ports_pin(void **state)
{
	struct rig r;

	rig_init(&r);
	device_lock(r.dev);
	pci_intx(r.dev, true);
	device_unlock(r.dev);
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(device_wire(r.bridge, "interrupts", i)->level, i == SLOT % 4);
	bench_end(r.b);
	(void)state;
}

/* -- Reset
 * ------------------------------------------------------------------------------------------ */

static void a_reset_of_the_bus_resets_what_is_behind_once(void **state)
{
	struct rig r;
	u32 before;

	rig_init(&r);
	open_port(&r);
	before = ((struct probe *)r.dev)->resets;
	set_port(&r, CONTROL, 2, CONTROL_RESET);
	set_port(&r, CONTROL, 2, CONTROL_RESET);
	set_port(&r, CONTROL, 2, 0);
	assert_int_equal(((struct probe *)r.dev)->resets, before + 1);
	assert_int_equal(hart_load(r.b, behind(COMMAND), 2), 0);
	assert_int_equal(get_port(&r, BUS_NUMBERS + 1, 1), BUS); /* not the port */
	bench_end(r.b);
	(void)state;
}

static void a_reset_of_the_port_closes_it(void **state)
{
	struct rig r;

	rig_init(&r);
	open_port(&r);
	set(&r, 0x10, 4, 0x40200000);
	set_port(&r, MEMORY_WINDOW, 4, WINDOW(0x40100000, 0x402fffff));
	assert_true(reaches(&r, 0x40200000));
	device_reset(r.port);
	device_reset(r.dev);
	assert_false(reaches(&r, 0x40200000));
	assert_int_equal(hart_load(r.b, behind(0), 4), 0xffffffff);
	bench_end(r.b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_a_bridge),
		cmocka_unit_test(the_windows_keep_what_software_may_set),
		cmocka_unit_test(the_bus_has_the_number_that_software_gives),
		cmocka_unit_test(a_link_has_one_device),
		cmocka_unit_test(memory_behind_is_reached_through_the_ports_window),
		cmocka_unit_test(prefetchable_memory_behind_has_64_bits),
		cmocka_unit_test(ports_of_io_behind_are_reached_by_4_kib),
		cmocka_unit_test(a_port_that_is_no_master_blocks_dma),
		cmocka_unit_test(it_holds_messages_until_it_is_one),
		cmocka_unit_test(a_pin_behind_is_the_ports_pin),
		cmocka_unit_test(a_reset_of_the_bus_resets_what_is_behind_once),
		cmocka_unit_test(a_reset_of_the_port_closes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
