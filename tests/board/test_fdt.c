/* The device tree that follows from a plan: what guests need (device-tree.md, section 2),
 * the same bytes each time, and nothing that dtc complains of.
 */
#include "loading.h"

#include <libfdt.h>
#include <unistd.h>

struct tree {
	struct loaded l;
	void *fdt;
	size_t len;
};

static void make_fdt(struct tree *t)
{
	static const struct fdt_extra nothing = { 0 };
	struct err e = { 0 };

	if (!t->l.plan)
		fail_msg("%s", str_text(&t->l.said));
	t->fdt = plan_fdt(t->l.plan, &nothing, &t->len, &e);
	if (!t->fdt)
		fail_msg("%s", e.text);
	assert_int_equal(fdt_check_header(t->fdt), 0);
	assert_int_equal(fdt_totalsize(t->fdt), t->len);
}

static struct tree tree_of(const char *yaml)
{
	struct tree t = { .l = load_text(yaml) };

	make_fdt(&t);
	return t;
}

static struct tree tree_of_virt(void)
{
	struct tree t = { .l = load_with("boards/virt.yaml", NULL, NULL) };

	make_fdt(&t);
	return t;
}

static void tree_done(struct tree *t)
{
	free(t->fdt);
	loaded_free(&t->l);
}

static int node(const struct tree *t, const char *path)
{
	int n = fdt_path_offset(t->fdt, path);

	if (n < 0)
		fail_msg("no node %s", path);
	return n;
}

static const char *text(const struct tree *t, const char *path, const char *prop)
{
	const char *s = fdt_getprop(t->fdt, node(t, path), prop, NULL);

	if (!s)
		fail_msg("%s has no %s", path, prop);
	return s;
}

static u32 cell(const struct tree *t, const char *path, const char *prop, u32 i)
{
	int len = 0;
	const void *p = fdt_getprop(t->fdt, node(t, path), prop, &len);

	if (!p || len < (int)(4 * i + 4))
		fail_msg("%s has no cell %u of %s", path, i, prop);
	return get_be32((const u8 *)p + 4 * i);
}

static bool has(const struct tree *t, const char *path, const char *prop)
{
	return fdt_getprop(t->fdt, node(t, path), prop, NULL);
}

static u32 phandle(const struct tree *t, const char *path)
{
	return fdt_get_phandle(t->fdt, node(t, path));
}

/* -- Harts ------------------------------------------------------------------------------ */

/* The letters and names of "rv64imafdc_zba", as in the list. */
static void assert_same_set(const char *isa, const char *list, int len)
{
	struct str joined = { 0 };
	const char *name;

	str_add(&joined, "rv64");
	for (name = list; name < list + len; name += strlen(name) + 1)
		str_add(&joined, name[1] ? "_%s" : "%s", name);
	assert_string_equal(isa, str_text(&joined));
	str_free(&joined);
}

static void both_isa_forms_name_the_same_set(void **state)
{
	struct tree t = tree_of_virt();
	int len = 0;
	const char *list =
		fdt_getprop(t.fdt, node(&t, "/cpus/cpu@3"), "riscv,isa-extensions", &len);

	assert_same_set(text(&t, "/cpus/cpu@3", "riscv,isa"), list, len);
	assert_string_equal(text(&t, "/cpus/cpu@3", "riscv,isa-base"), "rv64i");
	tree_done(&t);
	(void)state;
}

static void each_hart_has_what_firmware_dies_without(void **state)
{
	struct tree t = tree_of_virt();

	assert_int_equal(cell(&t, "/cpus", "timebase-frequency", 0), 10000000);
	for (u32 i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/cpus/cpu@%u", i);
		assert_string_equal(text(&t, path, "device_type"), "cpu");
		assert_string_equal(text(&t, path, "status"), "okay");
		assert_string_equal(text(&t, path, "mmu-type"), "riscv,sv39");
		assert_int_equal(cell(&t, path, "reg", 0), i);
		assert_int_equal(cell(&t, path, "riscv,cboz-block-size", 0), 64);
		snprintf(path, sizeof(path), "/cpus/cpu@%u/interrupt-controller", i);
		assert_string_equal(text(&t, path, "compatible"), "riscv,cpu-intc");
		snprintf(path, sizeof(path), "/cpus/cpu-map/cluster0/core%u", i);
		assert_int_equal(cell(&t, path, "cpu", 0), 1 + 2 * i);
	}
	tree_done(&t);
	(void)state;
}

static void a_hart_without_s_mode_has_no_mmu_and_keeps_its_entries(void **state)
{
	struct tree t =
		tree_of(MACHINE "params: {harts: 1}\n"
				"harts: {clusters: {mon: {cpu: rv64imac_zicsr_zifencei, mmu: none, "
				"compatible: \"sifive,e51\"}}}\n");
	int len = 0;

	assert_true(has(&t, "/cpus/cpu@0", "mmu-type"));
	assert_false(has(&t, "/cpus/cpu@1", "mmu-type"));
	assert_false(has(&t, "/cpus/cpu@1", "riscv,cboz-block-size"));
	assert_int_equal(fdt_stringlist_count(t.fdt, node(&t, "/cpus/cpu@1"), "compatible"), 2);
	/* two harts, M software and M timer each */
	fdt_getprop(t.fdt, node(&t, "/soc/clint@2000000"), "interrupts-extended", &len);
	assert_int_equal(len, 2 * 2 * 8);
	/* M and S of hart 0, M of hart 1 */
	fdt_getprop(t.fdt, node(&t, "/soc/interrupt-controller@c000000"), "interrupts-extended",
		    &len);
	assert_int_equal(len, 3 * 8);
	tree_done(&t);
	(void)state;
}

static void clint_and_plic_name_every_hart_in_order(void **state)
{
	static const u32 clint[] = { 3, 7 }, plic[] = { 11, 9 };
	struct tree t = tree_of_virt();

	for (u32 i = 0; i < 8; i++) {
		const char *c = "/soc/clint@2000000", *p = "/soc/interrupt-controller@c000000";

		assert_int_equal(cell(&t, c, "interrupts-extended", 2 * i), 2 + 2 * (i / 2));
		assert_int_equal(cell(&t, c, "interrupts-extended", 2 * i + 1), clint[i % 2]);
		assert_int_equal(cell(&t, p, "interrupts-extended", 2 * i), 2 + 2 * (i / 2));
		assert_int_equal(cell(&t, p, "interrupts-extended", 2 * i + 1), plic[i % 2]);
	}
	assert_int_equal(cell(&t, "/soc/interrupt-controller@c000000", "riscv,ndev", 0), 96);
	tree_done(&t);
	(void)state;
}

/* -- Root, chosen, memory ------------------------------------------------------------------ */

static void the_console_is_found_by_firmware_and_kernel(void **state)
{
	struct tree t = tree_of_virt();

	assert_string_equal(text(&t, "/aliases", "serial0"), "/soc/serial@10000000");
	assert_string_equal(text(&t, "/chosen", "stdout-path"), "serial0:115200n8");
	assert_string_equal(text(&t, "/chosen", "bootargs"),
			    "console=ttyS0 earlycon panic=-1 root=/dev/vda rw");
	assert_int_equal(cell(&t, "/soc/serial@10000000", "clock-frequency", 0), 3686400);
	assert_int_equal(cell(&t, "/soc/serial@10000000", "interrupts", 0), 10);
	tree_done(&t);
	(void)state;
}

static void serial0_is_stdout_whatever_stands_before_it(void **state)
{
	struct tree t =
		tree_of(MACHINE "stdout: uart1\n"
				"devices: {uart1: {device: uart-16550, reg: 0x1000_1000}}\n");

	assert_string_equal(text(&t, "/aliases", "serial0"), "/soc/serial@10001000");
	assert_string_equal(text(&t, "/aliases", "serial1"), "/soc/serial@10000000");
	tree_done(&t);
	(void)state;
}

static void memory_is_what_the_board_has_and_holes_stay_holes(void **state)
{
	struct tree t = tree_of(MACHINE "memory: {ram1: {reg: [0x10_0000_0000, 1G]}}\n");

	assert_string_equal(text(&t, "/memory@80000000", "device_type"), "memory");
	assert_int_equal(cell(&t, "/memory@80000000", "reg", 3), 256 * MIB);
	assert_int_equal(cell(&t, "/memory@1000000000", "reg", 0), 0x10);
	tree_done(&t);
	(void)state;
}

static void the_bus_has_ranges_and_an_interrupt_parent(void **state)
{
	struct tree t = tree_of_virt();

	assert_string_equal(text(&t, "/soc", "compatible"), "simple-bus");
	assert_true(has(&t, "/soc", "ranges"));
	assert_int_equal(cell(&t, "/soc", "interrupt-parent", 0),
			 phandle(&t, "/soc/interrupt-controller@c000000"));
	tree_done(&t);
	(void)state;
}

static void poweroff_and_reboot_stand_at_the_root_with_regmap(void **state)
{
	struct tree t = tree_of_virt();
	u32 syscon = phandle(&t, "/soc/test@100000");

	assert_true(syscon);
	assert_int_equal(cell(&t, "/poweroff", "regmap", 0), syscon);
	assert_int_equal(cell(&t, "/poweroff", "value", 0), 0x5555);
	assert_int_equal(cell(&t, "/reboot", "regmap", 0), syscon);
	assert_int_equal(cell(&t, "/reboot", "value", 0), 0x7777);
	assert_int_equal(
		fdt_stringlist_search(t.fdt, node(&t, "/soc/test@100000"), "compatible", "syscon"),
		2);
	tree_done(&t);
	(void)state;
}

static void what_is_known_only_at_the_start_comes_then(void **state)
{
	static const u8 seed[16] = "sixteen bytes ..";
	struct fdt_extra extra = { 0x84000000, 0x84123456, seed, sizeof(seed), false };
	struct tree t = tree_of_virt();
	struct err e = { 0 };
	int len = 0;

	assert_false(has(&t, "/chosen", "rng-seed"));
	assert_false(has(&t, "/chosen", "linux,initrd-end"));
	free(t.fdt);
	t.fdt = plan_fdt(t.l.plan, &extra, &t.len, &e);
	assert_non_null(t.fdt);
	assert_int_equal(cell(&t, "/chosen", "linux,initrd-start", 1), 0x84000000);
	assert_int_equal(cell(&t, "/chosen", "linux,initrd-end", 1), 0x84123456);
	fdt_getprop(t.fdt, node(&t, "/chosen"), "rng-seed", &len);
	assert_int_equal(len, sizeof(seed));
	tree_done(&t);
	(void)state;
}

/* -- Devices ------------------------------------------------------------------------------- */

static void rows_of_each_kind_become_properties(void **state)
{
	struct tree t = tree_of(
		MACHINE
		"devices:\n"
		"  osc: {device: clock-fixed, clock-frequency: 24MHz}\n"
		"  lines0: {device: test-lines, reg: 0x1006_0000}\n"
		"  t0: {device: test-everything, reg: 0x1006_1000, rate: 1MHz, color: blue, "
		"wide: 0x1_0000_0002, on: true, label: x, mac: \"52:54:00:00:00:01\", "
		"names: [a, b], interrupts: [50, 51], clocks: osc, gpio: lines0 5 active-low, "
		"shape: {depth: 0, window: [0x1007_0000, 64K]}}\n");
	const char *p = "/soc/test@10061000";
	int len = 0;

	assert_int_equal(cell(&t, p, "count", 0), 7);
	assert_int_equal(cell(&t, p, "rate", 0), 1000000);
	assert_string_equal(text(&t, p, "color"), "blue");
	assert_int_equal(cell(&t, p, "depth", 0), 0);
	assert_int_equal(cell(&t, p, "wide", 0), 1);
	assert_int_equal(cell(&t, p, "wide", 1), 2);
	assert_false(has(&t, p, "bytes"));
	assert_true(has(&t, p, "on"));
	assert_string_equal(text(&t, p, "label"), "x");
	fdt_getprop(t.fdt, node(&t, p), "mac", &len);
	assert_int_equal(len, 6);
	assert_int_equal(cell(&t, p, "window", 3), 0x10000);
	assert_int_equal(fdt_stringlist_count(t.fdt, node(&t, p), "names"), 2);
	assert_int_equal(cell(&t, p, "interrupts", 1), 51);
	assert_false(has(&t, p, "interrupt-parent"));
	assert_int_equal(cell(&t, p, "clocks", 0), phandle(&t, "/clock-24000000"));
	assert_int_equal(cell(&t, p, "gpios", 0), phandle(&t, "/soc/gpio@10060000"));
	assert_int_equal(cell(&t, p, "gpios", 2), 1);
	tree_done(&t);
	(void)state;
}

static void another_controller_is_named_where_it_is_used(void **state)
{
	struct tree t = tree_of(
		MACHINE
		"devices:\n"
		"  lines0: {device: test-lines, reg: 0x1006_0000}\n"
		"  t0: {device: test-everything, reg: 0x1006_1000, interrupt-parent: lines0, "
		"interrupts: 3 edge-rising}\n");
	const char *p = "/soc/test@10061000";

	assert_int_equal(cell(&t, p, "interrupt-parent", 0), phandle(&t, "/soc/gpio@10060000"));
	assert_int_equal(cell(&t, p, "interrupts", 0), 3);
	assert_int_equal(cell(&t, p, "interrupts", 1), 1);
	tree_done(&t);
	(void)state;
}

static void what_has_no_address_stands_at_the_root_under_a_name_of_its_own(void **state)
{
	struct tree t = tree_of(MACHINE "devices:\n"
					"  a: {device: clock-fixed, clock-frequency: 24MHz}\n"
					"  b: {device: clock-fixed, clock-frequency: 24MHz}\n");

	assert_int_equal(cell(&t, "/clock-24000000", "clock-frequency", 0), 24000000);
	assert_int_equal(cell(&t, "/clock-24000000-b", "clock-frequency", 0), 24000000);
	/* nobody refers to them: no phandle */
	assert_int_equal(phandle(&t, "/clock-24000000"), 0);
	tree_done(&t);
	(void)state;
}

static void nesting_is_the_topology(void **state)
{
	struct tree t = tree_of(MACHINE "devices:\n"
					"  i2c0:\n"
					"    device: test-i2c\n"
					"    reg: 0x1006_0000\n"
					"    devices: {chip0: {device: test-chip, reg: 0x2c}}\n"
					"  uart1: {device: uart-16550, reg: auto}\n"
					"  pcie0: {devices: {rng0: {device: virtio-rng}}}\n");

	assert_int_equal(cell(&t, "/soc/i2c@10060000/chip@2c", "reg", 0), 0x2c);
	assert_true(node(&t, "/soc/serial@10001000") > 0);
	/* functions of a PCI bus are found by looking for them */
	assert_true(fdt_first_subnode(t.fdt, node(&t, "/soc/pcie@30000000")) < 0);
	tree_done(&t);
	(void)state;
}

static void a_disabled_device_says_so(void **state)
{
	struct tree t = tree_of(MACHINE "devices: {rtc0: {status: disabled}}\n");

	assert_string_equal(text(&t, "/soc/rtc@101000", "status"), "disabled");
	assert_false(has(&t, "/aliases", "rtc0"));
	tree_done(&t);
	(void)state;
}

static void compatible_is_the_boards_where_it_says_one(void **state)
{
	struct tree t =
		tree_of(MACHINE "devices: {uart0: {compatible: [\"vendor,uart\", ns16550a]}}\n");

	assert_string_equal(text(&t, "/soc/serial@10000000", "compatible"), "vendor,uart");
	tree_done(&t);
	(void)state;
}

static void phandles_count_from_one_in_the_order_of_the_tree(void **state)
{
	struct tree t = tree_of_virt();
	u32 next = 1;
	int depth = 0;

	for (int n = fdt_next_node(t.fdt, -1, &depth); n >= 0;
	     n = fdt_next_node(t.fdt, n, &depth)) {
		u32 p = fdt_get_phandle(t.fdt, n);

		if (p)
			assert_int_equal(p, next++);
	}
	assert_int_equal(next, 1 + 2 * 4 + 2); /* cpus and theirs, the finisher, the plic */
	tree_done(&t);
	(void)state;
}

/* -- The whole ----------------------------------------------------------------------------- */

static void the_same_plan_gives_the_same_bytes(void **state)
{
	struct tree a = tree_of_virt(), b = tree_of_virt();

	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.fdt, b.fdt, a.len);
	tree_done(&a);
	tree_done(&b);
	(void)state;
}

static void write_temp(char *path, const void *bytes, size_t n)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

/* What dtc says of a file, but for the one warning that is wrong: nothing points at a cpu's
 * interrupt controller with an interrupt-map, so it needs no #address-cells. */
static char *dtc(const char *from, const char *path, const char *to, const char *out)
{
	char *cmd = xprintf("dtc -I %s -O %s -o %s %s 2>&1 | grep -v "
			    "'interrupt_provider.*/cpu@[0-9a-f]*/interrupt-controller'",
			    from, to, out, path);
	FILE *f = popen(cmd, "r");
	char *said = xzalloc(64 * KIB);

	assert_non_null(f);
	assert_true(fread(said, 1, 64 * KIB - 1, f) < 64 * KIB);
	pclose(f);
	free(cmd);
	return said;
}

static void assert_dtc_silent(struct tree *t)
{
	char path[] = "/tmp/vmbuild-test-XXXXXX", *said;

	write_temp(path, t->fdt, t->len);
	said = dtc("dtb", path, "dts", "/dev/null");
	unlink(path);
	if (said[0])
		fail_msg("%s", said);
	free(said);
	tree_done(t);
}

static void dtc_has_nothing_to_say(void **state)
{
	static const char *const boards[] = { "virt", "minimal", "virt-mmio" };
	struct tree t;

	if (system("dtc --version >/dev/null 2>&1"))
		skip();
	for (size_t i = 0; i < ARRAY_LEN(boards); i++) {
		char *path = xprintf("boards/%s.yaml", boards[i]);

		t = (struct tree){ .l = load_with(path, NULL, NULL) };
		make_fdt(&t);
		assert_dtc_silent(&t);
		free(path);
	}
	t = tree_of(MACHINE "devices:\n"
			    "  osc: {device: clock-fixed, clock-frequency: 24MHz}\n"
			    "  bank0: {device: regbank, reg: [0x1006_0000, 4K], clocks: osc, "
			    "compatible: \"vendor,prci\", cells: {clock: 1}}\n"
			    "  rom0: {device: rom, reg: [0x1000, 32K]}\n"
			    "  i2c0: {device: test-i2c, reg: 0x1006_1000, "
			    "devices: {chip0: {device: test-chip, reg: 0x2c}}}\n");
	assert_dtc_silent(&t);
	(void)state;
}

static void assert_same_node(const void *a, int x, const void *b, int y)
{
	int pa, ca, cb;

	fdt_for_each_property_offset(pa, a, x)
	{
		int la, lb;
		const char *name;
		const void *va = fdt_getprop_by_offset(a, pa, &name, &la);
		const void *vb = fdt_getprop(b, y, name, &lb);

		if (!vb || la != lb || memcmp(va, vb, (size_t)la) != 0)
			fail_msg("%s of %s", name, fdt_get_name(a, x, NULL));
	}
	ca = fdt_first_subnode(a, x);
	cb = fdt_first_subnode(b, y);
	while (ca >= 0 && cb >= 0) {
		assert_string_equal(fdt_get_name(a, ca, NULL), fdt_get_name(b, cb, NULL));
		assert_same_node(a, ca, b, cb);
		ca = fdt_next_subnode(a, ca);
		cb = fdt_next_subnode(b, cb);
	}
	assert_true(ca < 0 && cb < 0);
}

static void dtc_makes_the_same_tree_of_the_source(void **state)
{
	char source[] = "/tmp/vmbuild-test-XXXXXX", blob[] = "/tmp/vmbuild-test-XXXXXX", *said,
	     *back;
	struct str dts = { 0 };
	struct err e = { 0 };
	struct tree t;
	size_t len = 0;

	if (system("dtc --version >/dev/null 2>&1"))
		skip();
	t = tree_of(MACHINE "model: \"a \\\"quoted\\\" \\\\ thing\"\n"
			    "devices:\n"
			    "  t0: {device: test-everything, reg: auto, names: [a, b], "
			    "mac: \"52:54:00:00:00:01\"}\n");
	assert_true(fdt_to_source(t.fdt, &dts, &e));
	write_temp(source, dts.p, dts.n);
	write_temp(blob, "", 0);
	said = dtc("dts", source, "dtb", blob);
	if (said[0])
		fail_msg("%s", said);
	back = load_real(blob, MIB, &len, &e);
	assert_same_node(t.fdt, 0, back, 0);
	assert_same_node(back, 0, t.fdt, 0);
	unlink(source);
	unlink(blob);
	free(said);
	free(back);
	str_free(&dts);
	tree_done(&t);
	(void)state;
}

static void a_damaged_blob_is_refused(void **state)
{
	static const u8 bytes[64] = { 1, 2, 3 };
	struct str s = { 0 };
	struct err e = { 0 };

	assert_false(fdt_to_source(bytes, &s, &e));
	assert_true(e.text[0]);
	str_free(&s);
	(void)state;
}

static void a_tree_of_thousands_of_nodes_fits(void **state)
{
	struct str s = { 0 };
	struct tree t;

	str_add(&s, MACHINE "auto: {mmio: [0x10_0000_0000, 1G]}\ndevices:\n");
	for (u32 i = 0; i < 5000; i++)
		str_add(&s, "  t%u: {device: test-everything, reg: auto}\n", i);
	t = tree_of(str_text(&s));
	assert_true(node(&t, "/soc/test@1000138700") > 0);
	tree_done(&t);
	str_free(&s);
	(void)state;
}

/* -- The hatch ----------------------------------------------------------------------------- */

static const char hatch[] = MACHINE
	"devices:\n"
	"  uart0:\n"
	"    dt:\n"
	"      node-name: uart\n"
	"      set: {\"x,n\": 115200, \"x,wide\": !u64 0x1_0000_0002, \"x,raw\": !bytes [1, "
	"0xff],\n"
	"            \"x,names\": [a, b c], \"x,on\": true, \"x,ref\": [!phandle plic, 3],\n"
	"            \"x,quoted\": \"7\"}\n"
	"      drop: [interrupts]\n"
	"  rtc0: {dt: {hide: true}}\n"
	"dt:\n"
	"  nodes:\n"
	"    leds: {compatible: gpio-leds, led-0: {label: red, \"x,dev\": !phandle test}}\n";

static void the_hatch_adds_to_a_node_and_takes_out_of_it(void **state)
{
	struct tree t = tree_of(hatch);
	static const char path[] = "/soc/uart@10000000";
	int len;

	assert_int_equal(cell(&t, path, "x,n", 0), 115200);
	assert_int_equal(cell(&t, path, "x,wide", 0), 1);
	assert_int_equal(cell(&t, path, "x,wide", 1), 2);
	assert_memory_equal(text(&t, path, "x,raw"), "\x01\xff", 2);
	assert_memory_equal(text(&t, path, "x,names"), "a\0b c", 6);
	assert_string_equal(text(&t, path, "x,quoted"), "7");
	assert_non_null(fdt_getprop(t.fdt, node(&t, path), "x,on", &len));
	assert_int_equal(len, 0);
	assert_int_equal(cell(&t, path, "x,ref", 0),
			 phandle(&t, "/soc/interrupt-controller@c000000"));
	assert_int_equal(cell(&t, path, "x,ref", 1), 3);
	assert_false(has(&t, path, "interrupts"));
	assert_true(has(&t, path, "clock-frequency"));
	assert_string_equal(text(&t, "/aliases", "serial0"), path);
	tree_done(&t);
	(void)state;
}

static void a_hidden_device_has_no_node_and_is_there(void **state)
{
	struct tree t = tree_of(hatch);

	assert_true(fdt_path_offset(t.fdt, "/soc/rtc@101000") < 0);
	assert_false(has(&t, "/aliases", "rtc0"));
	assert_false(find_planned(&t.l, "rtc0")->disabled);
	tree_done(&t);
	(void)state;
}

static void raw_nodes_stand_as_they_are_written(void **state)
{
	struct tree t = tree_of(hatch);

	assert_string_equal(text(&t, "/leds", "compatible"), "gpio-leds");
	assert_string_equal(text(&t, "/leds/led-0", "label"), "red");
	assert_int_equal(cell(&t, "/leds/led-0", "x,dev", 0), phandle(&t, "/soc/test@100000"));
	tree_done(&t);
	(void)state;
}

/* A hook wants `poweroff` at the root, and somebody has it already. */
static void a_raw_node_keeps_its_name(void **state)
{
	struct tree t = tree_of(MACHINE "dt: {nodes: {poweroff: {compatible: mine}}}\n");

	assert_string_equal(text(&t, "/poweroff", "compatible"), "mine");
	assert_string_equal(text(&t, "/poweroff-test", "compatible"), "syscon-poweroff");
	tree_done(&t);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_isa_forms_name_the_same_set),
		cmocka_unit_test(each_hart_has_what_firmware_dies_without),
		cmocka_unit_test(a_hart_without_s_mode_has_no_mmu_and_keeps_its_entries),
		cmocka_unit_test(clint_and_plic_name_every_hart_in_order),
		cmocka_unit_test(the_console_is_found_by_firmware_and_kernel),
		cmocka_unit_test(serial0_is_stdout_whatever_stands_before_it),
		cmocka_unit_test(memory_is_what_the_board_has_and_holes_stay_holes),
		cmocka_unit_test(the_bus_has_ranges_and_an_interrupt_parent),
		cmocka_unit_test(poweroff_and_reboot_stand_at_the_root_with_regmap),
		cmocka_unit_test(what_is_known_only_at_the_start_comes_then),
		cmocka_unit_test(rows_of_each_kind_become_properties),
		cmocka_unit_test(another_controller_is_named_where_it_is_used),
		cmocka_unit_test(what_has_no_address_stands_at_the_root_under_a_name_of_its_own),
		cmocka_unit_test(nesting_is_the_topology),
		cmocka_unit_test(a_disabled_device_says_so),
		cmocka_unit_test(compatible_is_the_boards_where_it_says_one),
		cmocka_unit_test(phandles_count_from_one_in_the_order_of_the_tree),
		cmocka_unit_test(the_same_plan_gives_the_same_bytes),
		cmocka_unit_test(dtc_has_nothing_to_say),
		cmocka_unit_test(dtc_makes_the_same_tree_of_the_source),
		cmocka_unit_test(a_damaged_blob_is_refused),
		cmocka_unit_test(a_tree_of_thousands_of_nodes_fits),
		cmocka_unit_test(the_hatch_adds_to_a_node_and_takes_out_of_it),
		cmocka_unit_test(a_hidden_device_has_no_node_and_is_there),
		cmocka_unit_test(raw_nodes_stand_as_they_are_written),
		cmocka_unit_test(a_raw_node_keeps_its_name),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
