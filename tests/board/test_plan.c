/* From a right board to a plan: values, places, interrupts. */
#include "loading.h"
#include "patience.h"

static const struct value *value_of(const struct plan_device *d, const char *name)
{
	u32 i = 0;

	for (const struct prop *p = d->class->props; p->name; p++, i++)
		if (!strcmp(p->name, name))
			return &d->values[i];
	fail_msg("no property `%s`", name);
	return NULL;
}

static const struct plan_device *must_find(const struct loaded *l, const char *name)
{
	const struct plan_device *d = find_planned(l, name);

	if (!d)
		fail_msg("no device `%s`", name);
	return d;
}

/* -- Values ------------------------------------------------------------------------ */

static void every_kind_of_property_arrives(void **state)
{
	struct loaded l =
		load_text(MACHINE "devices:\n"
				  "  osc: {device: clock-fixed, clock-frequency: 24MHz}\n"
				  "  slow: {device: clock-fixed, clock-frequency: 32768Hz}\n"
				  "  lines0: {device: test-lines, reg: 0x1006_0000}\n"
				  "  t0:\n"
				  "    device: test-everything\n"
				  "    reg: [0x1006_1000, 0x200]\n"
				  "    count: 0x10\n"
				  "    rate: 1MHz\n"
				  "    color: blue\n"
				  "    shape: {depth: 5, window: [0x1007_0000, 64K]}\n"
				  "    wide: 0xffff_ffff_ffff_ffff\n"
				  "    bytes: 2G\n"
				  "    pause: 3us\n"
				  "    on: true\n"
				  "    label: a text\n"
				  "    path: sub/file\n"
				  "    mac: \"52:54:00:aB:cd:ef\"\n"
				  "    names: [\"a,b\", c]\n"
				  "    interrupts: [50-51, 60]\n"
				  "    clocks: [osc, slow]\n"
				  "    gpio: lines0 5 active-low\n"
				  "    rows: {up: {code: 17, line: lines0 3, far: {file: up.txt}}, "
				  "down: {code: 18}}\n"
				  "    host: pty\n");
	const struct plan_device *d = must_find(&l, "t0");
	const struct value *v;

	assert_int_equal(d->base, 0x10061000);
	assert_int_equal(d->size, 0x200);
	assert_int_equal(value_of(d, "count")->num, 16);
	assert_int_equal(value_of(d, "rate")->num, 1000000);
	assert_int_equal(value_of(d, "color")->num, 2);
	assert_int_equal(value_of(d, "depth")->num, 5);
	assert_int_equal(value_of(d, "window")->num, 0x10070000);
	assert_int_equal(value_of(d, "window")->size, 0x10000);
	assert_int_equal(value_of(d, "wide")->num, UINT64_MAX);
	assert_int_equal(value_of(d, "bytes")->num, 2 * GIB);
	assert_int_equal(value_of(d, "pause")->num, 3000);
	assert_int_equal(value_of(d, "on")->num, 1);
	assert_string_equal(value_of(d, "label")->text, "a text");
	assert_string_equal(value_of(d, "path")->text, "sub/file");
	assert_memory_equal(value_of(d, "mac")->mac, "\x52\x54\x00\xab\xcd\xef", 6);

	v = value_of(d, "names");
	assert_int_equal(v->n, 2);
	assert_string_equal(v->list[0], "a,b");

	v = value_of(d, "interrupts");
	assert_int_equal(v->n, 3);
	assert_int_equal(v->irqs[1].line, 51);
	assert_int_equal(v->irqs[2].line, 60);
	assert_int_equal(v->irqs[0].controller, plan_find(l.plan, "plic"));

	v = value_of(d, "clocks");
	assert_int_equal(v->n, 2);
	assert_int_equal(v->ref[1].provider, plan_find(l.plan, "slow"));
	v = value_of(d, "gpio");
	assert_int_equal(v->ref->cell[0], 5);
	assert_int_equal(v->ref->cell[1], 1);

	v = value_of(d, "rows");
	assert_int_equal(v->n, 2);
	assert_string_equal(v->rows[0].name, "up");
	assert_int_equal(v->rows[1].values[0].num, 18);
	assert_int_equal(v->rows[0].values[1].ref->cell[0], 3);
	assert_int_equal(value_of(d, "host")->host->kind, HOST_PTY);
	assert_string_equal(value_of(d, "host")->host->name, "t0");
	assert_string_equal(value_of(d, "rows")->rows[0].values[2].host->name, "t0.up");
	loaded_free(&l);
	(void)state;
}

static void what_is_not_written_has_its_default(void **state)
{
	struct loaded l =
		load_text(MACHINE "devices: {t0: {device: test-everything, reg: auto}}\n");
	const struct plan_device *d = must_find(&l, "t0");

	assert_false(value_of(d, "count")->given);
	assert_int_equal(value_of(d, "count")->num, 7);
	assert_int_equal(value_of(d, "interrupts")->n, 0);
	assert_null(value_of(d, "host")->host);
	assert_int_equal(d->size, 0x100);
	loaded_free(&l);
	(void)state;
}

static void a_disabled_device_blocks_no_interrupt(void **state)
{
	struct loaded l =
		load_text(MACHINE "devices:\n"
				  "  uart1: {device: uart-16550, reg: auto, interrupts: 10, "
				  "status: disabled}\n");

	assert_true(must_find(&l, "uart1")->disabled);
	loaded_free(&l);
	(void)state;
}

/* -- Harts ---------------------------------------------------------------------------- */

static void clusters_number_their_harts_one_after_the_other(void **state)
{
	struct loaded l = load_text(
		MACHINE "params: {harts: 2}\n"
			"harts: {clusters: {mon: {cpu: rv64imac_zicsr_zifencei, mmu: none}, "
			"big: {count: 2, first: 8, cpu: rv64gc, mmu: sv48}}}\n");

	assert_non_null(l.plan);
	assert_int_equal(l.plan->nclusters, 3);
	assert_int_equal(l.plan->nharts, 5);
	assert_int_equal(l.plan->harts[2].id, 2);
	assert_false(l.plan->harts[2].s_mode);
	assert_int_equal(l.plan->harts[4].id, 9);
	assert_true(l.plan->harts[4].s_mode);
	assert_string_equal(l.plan->clusters[2].mmu, "sv48");
	loaded_free(&l);
	(void)state;
}

/* -- Places ---------------------------------------------------------------------------- */

static void qemus_virt_is_met_address_by_address(void **state)
{
	static const struct {
		const char *name;
		u64 base, size;
		u32 irq;
	} t[] = {
		{ "test", 0x100000, 0x1000, 0 },         { "rtc0", 0x101000, 0x1000, 11 },
		{ "clint", 0x2000000, 0x10000, 0 },      { "plic", 0xc000000, 0x600000, 0 },
		{ "uart0", 0x10000000, 0x100, 10 },      { "fw_cfg", 0x10100000, 0x18, 0 },
		{ "pcie0", 0x30000000, 0x10000000, 32 },
	};
	struct loaded l = load_with("boards/virt.yaml", NULL, NULL);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct plan_device *d = must_find(&l, t[i].name);

		assert_int_equal(d->base, t[i].base);
		assert_int_equal(d->size, t[i].size);
		if (t[i].irq)
			assert_int_equal(value_of(d, "interrupts")->irqs[0].line, t[i].irq);
	}
	assert_int_equal(value_of(must_find(&l, "pcie0"), "io")->num, 0x3000000);
	assert_int_equal(value_of(must_find(&l, "pcie0"), "mem32")->num, 0x40000000);
	assert_int_equal(value_of(must_find(&l, "pcie0"), "mem64")->num, 0x400000000);
	assert_int_equal(value_of(must_find(&l, "pcie0"), "mem64")->size, 16 * GIB);
	assert_int_equal(value_of(must_find(&l, "plic"), "sources")->num, 96);
	assert_int_equal(l.plan->memory[0].base, 0x80000000);
	assert_int_equal(l.plan->timebase_hz, 10000000);
	loaded_free(&l);
	(void)state;
}

static void automatic_things_take_the_first_room_in_file_order(void **state)
{
	struct loaded l =
		load_text(MACHINE "devices:\n"
				  "  a: {device: virtio-rng}\n"
				  "  b: {device: uart-16550, reg: auto, interrupts: auto}\n"
				  "  c: {device: virtio-rng, reg: 0x1000_2000, interrupts: 2}\n"
				  "  d: {device: virtio-rng}\n");

	assert_int_equal(must_find(&l, "a")->base, 0x10001000);
	assert_int_equal(must_find(&l, "b")->base, 0x10001200);
	assert_int_equal(must_find(&l, "d")->base, 0x10003000);
	assert_int_equal(value_of(must_find(&l, "a"), "interrupts")->irqs[0].line, 1);
	assert_int_equal(value_of(must_find(&l, "b"), "interrupts")->irqs[0].line, 3);
	assert_int_equal(value_of(must_find(&l, "d"), "interrupts")->irqs[0].line, 4);
	loaded_free(&l);
	(void)state;
}

static void slots_are_the_lowest_free_ones(void **state)
{
	struct loaded l = load_text(MACHINE "devices:\n"
					    "  pcie0:\n"
					    "    devices:\n"
					    "      a: {device: virtio-rng}\n"
					    "      b: {device: virtio-rng, slot: 1}\n"
					    "      c: {device: virtio-rng, slot: auto}\n");

	assert_int_equal(must_find(&l, "a")->slot, 2);
	assert_int_equal(must_find(&l, "c")->slot, 3);
	loaded_free(&l);
	(void)state;
}

static void several_automatic_ranges_are_filled_one_after_the_other(void **state)
{
	struct loaded l =
		load_text(MACHINE "auto: {mmio: [[0x1000_1000, 8K], [0x2000_0000, 64K]]}\n"
				  "devices:\n"
				  "  r0: {device: virtio-rng}\n"
				  "  r1: {device: virtio-rng}\n"
				  "  r2: {device: virtio-rng}\n");

	assert_int_equal(must_find(&l, "r1")->base, 0x10002000);
	assert_int_equal(must_find(&l, "r2")->base, 0x20000000);
	loaded_free(&l);
	(void)state;
}

static void a_trigger_is_the_second_cell_where_there_is_one(void **state)
{
	struct loaded l = load_text(
		MACHINE "devices:\n"
			"  lines0: {device: test-lines, reg: 0x1006_0000}\n"
			"  t0: {device: test-everything, reg: auto, interrupt-parent: lines0, "
			"interrupts: [3 edge-falling, 4]}\n");
	const struct value *v = value_of(must_find(&l, "t0"), "interrupts");

	assert_int_equal(v->irqs[0].controller, plan_find(l.plan, "lines0"));
	assert_int_equal(v->irqs[0].flags, 2);
	assert_int_equal(v->irqs[1].flags, 4);
	loaded_free(&l);
	(void)state;
}

/* -- Size ------------------------------------------------------------------------------- */

static char *many_devices(u32 n)
{
	struct str s = { 0 };

	str_add(&s, MACHINE "auto: {mmio: [0x10_0000_0000, 1G]}\ndevices:\n");
	for (u32 i = 0; i < n; i++)
		str_add(&s, "  uart_%u: {device: uart-16550, reg: auto, clock-frequency: 1MHz}\n",
			i);
	return s.p;
}

static u64 load_time(u32 n)
{
	char *yaml = many_devices(n);
	u64 start = cpu_ns(), best;
	struct loaded l = load_text(yaml);

	best = cpu_ns() - start;
	assert_non_null(find_planned(&l, "uart_0"));
	assert_int_equal(l.plan->devices[l.plan->ndevices - 1].base,
			 0x1000000000 + (u64)(n - 1) * 0x100);
	loaded_free(&l);
	free(yaml);
	return best;
}

/* Of three: other programs take the caches away meanwhile. */
static u64 fastest(u32 n)
{
	u64 a = load_time(n), b = load_time(n), c = load_time(n);

	return MIN(a, MIN(b, c));
}

/* Four times as many may take four times as long; sixteen times would be quadratic. */
static void ten_thousand_devices_take_linear_time(void **state)
{
	u64 few = fastest(2500), many = fastest(10000);

	print_message("10000 devices: %u ms\n", (u32)(many / 1000000));
	assert_in_range(many, 1, 9 * MAX(few, 1000000));
	(void)state;
}

static void the_same_board_gives_the_same_plan(void **state)
{
	struct str one = { 0 }, two = { 0 };
	struct loaded a = load_with("boards/virt.yaml", NULL, NULL);
	struct loaded b = load_with("boards/virt.yaml", NULL, NULL);

	plan_describe(a.board, &one);
	plan_describe(b.board, &two);
	assert_string_equal(str_text(&one), str_text(&two));
	str_free(&one);
	str_free(&two);
	loaded_free(&a);
	loaded_free(&b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_property_arrives),
		cmocka_unit_test(what_is_not_written_has_its_default),
		cmocka_unit_test(a_disabled_device_blocks_no_interrupt),
		cmocka_unit_test(clusters_number_their_harts_one_after_the_other),
		cmocka_unit_test(qemus_virt_is_met_address_by_address),
		cmocka_unit_test(automatic_things_take_the_first_room_in_file_order),
		cmocka_unit_test(slots_are_the_lowest_free_ones),
		cmocka_unit_test(several_automatic_ranges_are_filled_one_after_the_other),
		cmocka_unit_test(a_trigger_is_the_second_cell_where_there_is_one),
		cmocka_unit_test(ten_thousand_devices_take_linear_time),
		cmocka_unit_test(the_same_board_gives_the_same_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
