/* PCI Express functions: the capability, power states, and the reset of one function. */
#include "pci_probe.h"

static const struct pci_class probe_pci = {
	.vendor = 0x1234,
	.device = 0x5678,
	.class_code = 0x0c0330,
	.express = true,
	.intx = true,
	.bar = { [0] = { .size = 0x1000 } },
	.read = probe_read,
};

static const struct device_class probe_class = PROBE(&probe_pci);

#define COMMAND 0x04
#define BAR0    0x10
#define BAR     0x40100000u

#define CAP_POWER      0x01
#define CAP_EXPRESS    0x10
#define POWER_CONTROL  4
#define DEVICE_CAPS    4
#define DEVICE_CONTROL 8
#define LINK           12
#define START_RESET    0x8000

struct rig {
	struct bench *b;
	struct device *bridge, *port, *dev;
	struct bench_values values, port_values;
	u64 config; /* the function's registers */
};

static void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->b = bench_new();
	r->bridge = driver_bridge(r->b);
	r->dev = driver_device(r->b, &probe_class, &r->values,
			       (struct device_place){ .parent = r->bridge, .slot = SLOT });
	r->config = ecam(SLOT, 0);
}

static void rig_behind_a_port(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->b = bench_new();
	r->bridge = driver_bridge(r->b);
	r->port = driver_device(r->b, device_find("pcie-root-port"), &r->port_values,
				(struct device_place){ .parent = r->bridge, .slot = SLOT });
	r->dev = driver_device(r->b, &probe_class, &r->values,
			       (struct device_place){ .parent = r->port, .slot = 0 });
	hart_store(r->b, ecam(SLOT, 0x18), 4, 1 << 16 | 1 << 8);
	r->config = ECAM_AT + (1 << 20);
}

static u32 get(struct rig *r, u32 off, u32 width)
{
	return (u32)hart_load(r->b, r->config + off, width);
}

static void set(struct rig *r, u32 off, u32 width, u32 v)
{
	hart_store(r->b, r->config + off, width, v);
}

static u32 capability(struct rig *r, u8 id)
{
	u32 at = get(r, 0x34, 1);

	while (at && get(r, at, 1) != id)
		at = get(r, at + 1, 1);
	assert_true(at);
	return at;
}

static void decode(struct rig *r)
{
	set(r, BAR0, 4, BAR);
	set(r, COMMAND, 2, 0x6);
}

static bool reaches(struct rig *r)
{
	u64 v;

	return mem_io_read(r->b->machine.mem, NULL, BAR, 8, &v);
}

/* -- The capability ------------------------------------------------------------------------- */

static void a_function_of_the_root_complex_has_no_link(void **state)
{
	struct rig r;
	u32 at;

	rig_init(&r);
	at = capability(&r, CAP_EXPRESS);
	assert_int_equal(get(&r, at + 2, 2), 9 << 4 | 2);
	assert_int_equal(get(&r, at + DEVICE_CAPS, 4), 1 << 28 | 1 << 15);
	assert_int_equal(get(&r, at + LINK, 4), 0);
	bench_end(r.b);
	(void)state;
}

static void a_function_behind_a_port_has_the_link_of_the_port(void **state)
{
	struct rig r;
	u32 at;

	rig_behind_a_port(&r);
	at = capability(&r, CAP_EXPRESS);
	assert_int_equal(get(&r, at + 2, 2), 0 << 4 | 2);
	assert_int_equal(get(&r, at + DEVICE_CAPS, 4), 1 << 28 | 1 << 15);
	assert_int_equal(get(&r, at + LINK, 4), (u32)SLOT << 24 | 1 << 22 | 1 << 4 | 1);
	r.config = ecam(SLOT, 0);
	at = capability(&r, CAP_EXPRESS);
	assert_int_equal(get(&r, at + 2, 2), 4 << 4 | 2);
	assert_int_equal(get(&r, at + DEVICE_CAPS, 4), 1 << 15);
	assert_int_equal(get(&r, at + LINK, 4), (u32)SLOT << 24 | 1 << 22 | 1 << 4 | 1);
	bench_end(r.b);
	(void)state;
}

/* NVMe 1.4 section 2 wants both capabilities; so does PCI Express of each function. */
static void what_is_pci_express_can_sleep_and_be_reset(void **state)
{
	static const char *const names[] = { "nvme", "virtio-rng", "display-bochs" };

	for (u32 i = 0; i < ARRAY_LEN(names); i++) {
		const struct device_class *class = device_find(names[i]);

		assert_true(class->virtio || class->pci->express);
	}
	assert_true(virtio_pci.express);
	assert_false(device_find("net-rtl8169")->pci->express); /* it is older */
	(void)state;
}

/* -- Power ----------------------------------------------------------------------------------- */

static void in_d3hot_a_function_decodes_nothing_and_asks_for_nothing(void **state)
{
	struct rig r;
	u32 at;

	rig_init(&r);
	at = capability(&r, CAP_POWER);
	decode(&r);
	device_lock(r.dev);
	pci_intx(r.dev, true);
	device_unlock(r.dev);
	assert_true(reaches(&r));
	assert_int_equal(get(&r, 0x06, 1) & 8, 8);
	assert_false(r.dev->engine->dma_blocked);
	set(&r, at + POWER_CONTROL, 2, 3);
	assert_int_equal(get(&r, at + POWER_CONTROL, 2), 8 | 3); /* D0 will need no reset */
	assert_false(reaches(&r));
	assert_int_equal(get(&r, 0x06, 1) & 8, 0);
	assert_true(r.dev->engine->dma_blocked);
	set(&r, at + POWER_CONTROL, 2, 0);
	assert_true(reaches(&r));
	assert_int_equal(get(&r, 0x06, 1) & 8, 8);
	assert_false(r.dev->engine->dma_blocked);
	bench_end(r.b);
	(void)state;
}

static void a_port_in_d3hot_lets_nothing_through(void **state)
{
	struct rig r;
	u64 behind;
	u32 at;

	rig_behind_a_port(&r);
	hart_store(r.b, ecam(SLOT, 0x20), 4, BAR >> 16 << 16 | BAR >> 16);
	hart_store(r.b, ecam(SLOT, COMMAND), 2, 0x6);
	decode(&r);
	assert_true(reaches(&r));
	behind = r.config;
	r.config = ecam(SLOT, 0);
	at = capability(&r, CAP_POWER);
	set(&r, at + POWER_CONTROL, 2, 3);
	assert_false(reaches(&r));
	assert_int_equal(hart_load(r.b, behind, 4), 0x56781234);
	set(&r, at + POWER_CONTROL, 2, 0);
	assert_true(reaches(&r));
	bench_end(r.b);
	(void)state;
}

static void a_state_that_is_not_there_is_not_entered(void **state)
{
	struct rig r;
	u32 at;

	rig_init(&r);
	at = capability(&r, CAP_POWER);
	for (u32 state_was = 0; state_was <= 3; state_was += 3)
		for (u32 to = 1; to <= 2; to++) {
			set(&r, at + POWER_CONTROL, 2, state_was);
			set(&r, at + POWER_CONTROL, 2, to);
			assert_int_equal(get(&r, at + POWER_CONTROL, 2) & 3, state_was);
		}
	bench_end(r.b);
	(void)state;
}

/* -- Function level reset -----------------------------------------------------------------------
 */

static void a_function_is_reset_alone(void **state)
{
	struct bench_values values = { 0 };
	struct device *other;
	struct rig r;
	u32 at, resets;

	rig_init(&r);
	other = driver_device(r.b, &probe_class, &values,
			      (struct device_place){ .parent = r.bridge, .slot = SLOT + 1 });
	decode(&r);
	at = capability(&r, CAP_EXPRESS) + DEVICE_CONTROL;
	set(&r, at, 2, 0x7000);
	resets = ((struct probe *)r.dev)->resets;
	set(&r, at, 2, START_RESET | 0x7000);
	assert_int_equal(((struct probe *)r.dev)->resets, resets + 1);
	assert_int_equal(((struct probe *)other)->resets, 1);
	assert_int_equal(get(&r, at, 2), 0);
	assert_int_equal(get(&r, BAR0, 4), 0);
	assert_int_equal(get(&r, COMMAND, 2), 0);
	assert_false(reaches(&r));
	bench_end(r.b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_of_the_root_complex_has_no_link),
		cmocka_unit_test(a_function_behind_a_port_has_the_link_of_the_port),
		cmocka_unit_test(what_is_pci_express_can_sleep_and_be_reset),
		cmocka_unit_test(in_d3hot_a_function_decodes_nothing_and_asks_for_nothing),
		cmocka_unit_test(a_port_in_d3hot_lets_nothing_through),
		cmocka_unit_test(a_state_that_is_not_there_is_not_entered),
		cmocka_unit_test(a_function_is_reset_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
