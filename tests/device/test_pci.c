/* PCI: configuration space, BARs, INTx and MSI-X, through the host bridge's window. */
#include "virtio_bench.h"

/* -- A function with one BAR of each sort --------------------------------------------- */

struct probe {
	struct device dev;
	u32 bar;
	u64 off, value;
};

/* What it reads says which BAR was reached, and where. */
static u64 probe_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	(void)dev;
	(void)width;
	return (u64)(bar + 1) << 56 | off;
}

static void probe_write(struct device *dev, u32 bar, u64 off, u32 width, u64 value)
{
	struct probe *p = (struct probe *)dev;

	(void)width;
	p->bar = bar;
	p->off = off;
	p->value = value;
}

static const struct pci_class probe_pci = {
	.vendor = 0x1234,
	.device = 0x5678,
	.subsystem_vendor = 0x9abc,
	.subsystem = 0xdef0,
	.revision = 7,
	.class_code = 0x0c0330,
	.intx = true,
	.bar = { [0] = { .size = 0x1000 },
		 [1] = { .size = 0x20, .io = true },
		 [2] = { .size = 0x100000, .is_64bit = true, .prefetchable = true } },
	.msix_vectors = 5,
	.msix_bar = 4,
	.read = probe_read,
	.write = probe_write,
};

static const struct device_class probe_class = {
	.name = "probe",
	.size = sizeof(struct probe),
	.on = BUS_PCI,
	.pci = &probe_pci,
};

#define BAR0      0x10
#define BAR_IO    0x14
#define BAR_64    0x18
#define BAR_MSIX  0x20
#define IO_AT     0x3000000u
#define MSI_TAKEN 64

struct rig {
	struct bench *b;
	struct device *bridge, *dev;
	struct bench_values values;
};

/* What an MSI controller was told. */
struct msi_log {
	u32 n;
	u64 address[MSI_TAKEN];
	u32 data[MSI_TAKEN];
};

static struct msi_log msi_log; /* of the test that runs */

static void take_msi(void *ctx, u64 address, u32 data)
{
	(void)ctx;
	assert_true(msi_log.n < MSI_TAKEN);
	msi_log.address[msi_log.n] = address;
	msi_log.data[msi_log.n++] = data;
}

static struct device *plug_probe(struct rig *r, u32 slot)
{
	return driver_device(r->b, &probe_class, &r->values,
			     (struct device_place){ .parent = r->bridge, .slot = slot });
}

static void rig_init(struct rig *r, bool msi)
{
	memset(r, 0, sizeof(*r));
	memset(&msi_log, 0, sizeof(msi_log));
	r->b = bench_new();
	r->b->machine.msi = msi ? take_msi : NULL;
	r->bridge = driver_bridge(r->b);
	r->dev = plug_probe(r, SLOT);
}

static u32 get(struct rig *r, u32 off, u32 width)
{
	return (u32)hart_load(r->b, ecam(SLOT, off), width);
}

static void set(struct rig *r, u32 off, u32 width, u32 v)
{
	hart_store(r->b, ecam(SLOT, off), width, v);
}

static bool reaches(struct rig *r, u64 gpa, u64 *v)
{
	return mem_io_read(r->b->machine.mem, NULL, gpa, 8, v);
}

static u32 capability(struct rig *r, u8 id)
{
	u32 at = get(r, 0x34, 1);

	for (u32 i = 0; at && i < 48; i++, at = get(r, at + 1, 1))
		if (get(r, at, 1) == id)
			return at;
	return 0;
}

/* -- Configuration space -------------------------------------------------------------------- */

static void an_absent_function_reads_all_ones_and_swallows_writes(void **state)
{
	struct rig r;

	rig_init(&r, false);
	for (u32 slot = 0; slot < 32; slot++)
		for (u32 function = 0; function < 8; function++) {
			u64 at = ecam(slot, function << 12);

			if ((slot == 0 || slot == SLOT) && !function)
				continue;
			hart_store(r.b, at + 4, 4, 0xffffffff);
			assert_int_equal(hart_load(r.b, at, 1), 0xff);
			assert_int_equal(hart_load(r.b, at + 2, 2), 0xffff);
			assert_int_equal(hart_load(r.b, at + 4, 4), 0xffffffff);
			assert_true(hart_load(r.b, at + 8, 8) == UINT64_MAX);
			assert_int_equal(hart_load(r.b, at + 0xffc, 4), 0xffffffff);
		}
	assert_int_equal(hart_load(r.b, ECAM_AT + (1 << 20), 4), 0xffffffff);
	assert_int_equal(hart_load(r.b, ECAM_AT + 0xffffffc, 4), 0xffffffff);
	bench_end(r.b);
	(void)state;
}

static void the_bridge_is_function_0_of_slot_0(void **state)
{
	struct rig r;

	rig_init(&r, false);
	assert_int_equal(hart_load(r.b, ecam(0, 0), 4), 0x00081b36);
	assert_int_equal(hart_load(r.b, ecam(0, 8), 4) >> 8, 0x060000);
	hart_store(r.b, ecam(0, 4), 2, 0x7);
	assert_int_equal(hart_load(r.b, ecam(0, 4), 2), 0x4);
	bench_end(r.b);
	(void)state;
}

static void a_function_says_what_it_is(void **state)
{
	struct rig r;

	rig_init(&r, false);
	assert_int_equal(get(&r, 0x00, 4), 0x56781234);
	assert_int_equal(get(&r, 0x08, 4), 0x0c033007);
	assert_int_equal(get(&r, 0x0e, 1), 0);
	assert_int_equal(get(&r, 0x2c, 4), 0xdef09abc);
	assert_int_equal(get(&r, 0x3d, 1), 1);
	bench_end(r.b);
	(void)state;
}

static void bytes_halves_and_words_of_configuration_space_agree(void **state)
{
	struct rig r;

	rig_init(&r, true);
	for (u32 off = 0; off < 0x1000; off += 4)
		set(&r, off, 4, 0x9e3779b9u * off);
	for (u32 off = 0; off < 0x1000; off += 8) {
		u64 whole = hart_load(r.b, ecam(SLOT, off), 8);

		for (u32 i = 0; i < 8; i++)
			assert_int_equal(get(&r, off + i, 1), whole >> 8 * i & 0xff);
		for (u32 i = 0; i < 8; i += 2)
			assert_int_equal(get(&r, off + i, 2), whole >> 8 * i & 0xffff);
		for (u32 i = 0; i < 8; i += 4)
			assert_int_equal(get(&r, off + i, 4), whole >> 8 * i & 0xffffffff);
	}
	bench_end(r.b);
	(void)state;
}

static void writing_a_byte_changes_no_other(void **state)
{
	struct rig r;

	rig_init(&r, false);
	set(&r, BAR0, 4, 0x12345000);
	set(&r, BAR0 + 2, 1, 0xab);
	assert_int_equal(get(&r, BAR0, 4), 0x12ab5000);
	set(&r, BAR0 + 2, 2, 0xcdef);
	assert_int_equal(get(&r, BAR0, 4), 0xcdef5000);
	bench_end(r.b);
	(void)state;
}

static void only_what_software_may_set_changes(void **state)
{
	struct rig r;

	rig_init(&r, false);
	for (u32 off = 0; off < 0x1000; off += 4)
		set(&r, off, 4, 0xffffffff);
	assert_int_equal(get(&r, 0x00, 4), 0x56781234);
	assert_int_equal(get(&r, 0x04, 2), 0x0407); /* I/O, memory, master, INTx disable */
	assert_int_equal(get(&r, 0x06, 2), 0);      /* no capability without MSI-X */
	assert_int_equal(get(&r, 0x08, 4), 0x0c033007);
	assert_int_equal(get(&r, 0x24, 4), 0);
	assert_int_equal(get(&r, 0x2c, 4), 0xdef09abc);
	assert_int_equal(get(&r, 0x30, 4), 0);
	assert_int_equal(get(&r, 0x34, 4), 0);
	assert_int_equal(get(&r, 0x3c, 2), 0x01ff);
	for (u32 off = 0x40; off < 0x1000; off += 4)
		assert_int_equal(get(&r, off, 4), 0);
	bench_end(r.b);
	(void)state;
}

static void the_capability_list_ends_and_stays_inside(void **state)
{
	struct rig r;
	u32 at, n = 0;

	rig_init(&r, true);
	assert_int_equal(get(&r, 0x06, 2) & 0x10, 0x10);
	for (at = get(&r, 0x34, 1); at; at = get(&r, at + 1, 1)) {
		assert_true(at >= 0x40 && at % 4 == 0);
		assert_true(++n < 48);
	}
	assert_int_equal(n, 1);
	bench_end(r.b);
	(void)state;
}

static void a_slot_takes_one_function(void **state)
{
	struct device_config config = { .class = &probe_class, .name = "second" };
	struct rig r;
	struct err e = { .text = "" };

	rig_init(&r, false);
	config.place = (struct device_place){ .parent = r.bridge, .slot = SLOT };
	assert_null(device_new(&r.b->machine, &config, &e));
	assert_non_null(strstr(e.text, "slot 2 is taken by dut"));
	config.place.slot = 0;
	assert_null(device_new(&r.b->machine, &config, &e));
	config.place.slot = 32;
	assert_null(device_new(&r.b->machine, &config, &e));
	bench_end(r.b);
	(void)state;
}

/* -- BARs ------------------------------------------------------------------------------------ */

static void a_bar_tells_its_size_with_decode_off(void **state)
{
	struct rig r;

	rig_init(&r, true);
	for (u32 bar = 0; bar < 6; bar++)
		set(&r, BAR0 + 4 * bar, 4, 0xffffffff);
	assert_int_equal(get(&r, BAR0, 4), 0xfffff000);
	assert_int_equal(get(&r, BAR_IO, 4), 0xffffffe1);
	assert_int_equal(get(&r, BAR_64, 4), 0xfff0000c);
	assert_int_equal(get(&r, BAR_64 + 4, 4), 0xffffffff);
	assert_int_equal(get(&r, BAR_MSIX, 4), 0xfffff000);
	assert_int_equal(get(&r, 0x24, 4), 0);
	bench_end(r.b);
	(void)state;
}

static void a_bar_decodes_where_it_is_put_and_only_when_enabled(void **state)
{
	struct rig r;
	u64 v;

	rig_init(&r, false);
	set(&r, BAR0, 4, 0x40100000);
	assert_false(reaches(&r, 0x40100000, &v));
	set(&r, 0x04, 2, 0x2);
	assert_true(reaches(&r, 0x40100ff8, &v));
	assert_true(v == ((u64)1 << 56 | 0xff8));
	assert_false(reaches(&r, 0x40101000, &v));
	set(&r, BAR0, 4, 0x40200000);
	assert_false(reaches(&r, 0x40100000, &v));
	assert_true(reaches(&r, 0x40200000, &v));
	hart_store(r.b, 0x40200010, 4, 0xcafe);
	assert_int_equal(((struct probe *)r.dev)->off, 0x10);
	assert_int_equal(((struct probe *)r.dev)->value, 0xcafe);
	set(&r, 0x04, 2, 0x0);
	assert_false(reaches(&r, 0x40200000, &v));
	bench_end(r.b);
	(void)state;
}

static void a_64_bit_bar_has_an_upper_half(void **state)
{
	struct rig r;
	u64 v;

	rig_init(&r, false);
	set(&r, 0x04, 2, 0x2);
	set(&r, BAR_64, 4, 0x00300000);
	set(&r, BAR_64 + 4, 4, 0x6);
	assert_true(reaches(&r, 0x600300008, &v));
	assert_true(v == ((u64)3 << 56 | 8));
	set(&r, BAR_64 + 4, 4, 0);
	assert_false(reaches(&r, 0x600300008, &v));
	set(&r, BAR_64, 4, 0x41300000);
	assert_true(reaches(&r, 0x41300008, &v)); /* below 4 GiB it may be as well */
	bench_end(r.b);
	(void)state;
}

static void an_io_bar_is_behind_the_io_window(void **state)
{
	struct rig r;
	u64 v;

	rig_init(&r, false);
	set(&r, BAR_IO, 4, 0x1040);
	set(&r, 0x04, 2, 0x2);
	assert_false(reaches(&r, IO_AT + 0x1040, &v));
	set(&r, 0x04, 2, 0x1);
	assert_true(reaches(&r, IO_AT + 0x1048, &v));
	assert_true(v == ((u64)2 << 56 | 8));
	set(&r, BAR_IO, 4, 0x10000); /* above the window's 64 KiB */
	assert_false(reaches(&r, IO_AT + 0x10000, &v));
	bench_end(r.b);
	(void)state;
}

static void a_bar_outside_the_windows_decodes_nothing(void **state)
{
	static const u32 bad[] = { 0, 0x2ffff000, 0x50000000, 0x10000000, 0x80000000, 0xfffff000 };
	struct rig r;
	u64 v;

	rig_init(&r, false);
	set(&r, 0x04, 2, 0x2);
	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		set(&r, BAR0, 4, bad[i]);
		assert_false(reaches(&r, bad[i], &v));
	}
	set(&r, BAR0, 4, 0x4ffff000);
	assert_true(reaches(&r, 0x4ffff000, &v));
	bench_end(r.b);
	(void)state;
}

/* The map as it should be, from the registers alone. */

static u64 want(struct rig *r, u64 gpa)
{
	u32 command = get(r, 4, 2);
	u64 low = get(r, BAR0, 4) & ~0xfffu;
	u64 io = get(r, BAR_IO, 4) & ~0x1fu;
	u64 large = ((u64)get(r, BAR_64 + 4, 4) << 32) | (get(r, BAR_64, 4) & ~0xfffffu);
	bool memory = command & 2;

	if (memory && low >= 0x40000000 && low < 0x50000000 && gpa >= low && gpa < low + 0x1000)
		return (u64)1 << 56 | (gpa - low);
	if (command & 1 && io < 0x10000 && gpa >= IO_AT + io && gpa < IO_AT + io + 0x20)
		return (u64)2 << 56 | (gpa - IO_AT - io);
	if (memory && gpa >= large && gpa < large + 0x100000 &&
	    ((large >= 0x40000000 && large < 0x50000000) ||
	     (large >= 0x400000000 && large < 0x800000000)))
		return (u64)3 << 56 | (gpa - large);
	return UINT64_MAX;
}

static void check_around(struct rig *r, u64 gpa, u32 *hits)
{
	static const u64 steps[] = { 0, 8, 0x18, 0x20, 0xff8, 0x1000, 0x80000, 0xffff8, 0x100000 };

	for (u32 i = 0; i < 2 * ARRAY_LEN(steps); i++) {
		u64 at = i & 1 ? gpa - steps[i / 2] : gpa + steps[i / 2];
		u64 v = 0, should = want(r, at);
		bool is = reaches(r, at, &v);

		if (range_inside(at, 8, ECAM_AT, 256 * MIB))
			continue;
		assert_int_equal(is, should != UINT64_MAX);
		if (is)
			assert_true(v == should);
		*hits += is;
	}
}

static void random_programming_maps_what_the_registers_say(void **state)
{
	struct rig r;
	u32 seed = 7, hits = 0;

	rig_init(&r, false);
	for (u32 i = 0; i < 20000; i++) {
		u32 what = xorshift(&seed) % 8, v = xorshift(&seed);

		if (what == 0)
			set(&r, 4, 2, v);
		else if (what == 1)
			set(&r, BAR0, 4, 0x40000000 + v % 0x11000000);
		else if (what == 2)
			set(&r, BAR_IO, 4, v % 0x12000);
		else if (what == 3)
			set(&r, BAR_64 + 4, 4, v % 9);
		else if (what == 4)
			set(&r, BAR_64, 4, 0x40000000 + v % 0x11000000);
		else if (what == 5)
			set(&r, BAR0 + v % 16, 1, v >> 24);
		else if (what == 6)
			set(&r, BAR0 + v % 8 * 2, 2, v >> 16);
		else
			set(&r, BAR0 + v % 4 * 4, 4, 0xffffffff);
		check_around(&r, get(&r, BAR0, 4) & ~0xfffu, &hits);
		check_around(&r, IO_AT + (u64)(get(&r, BAR_IO, 4) & ~0x1fu), &hits);
		check_around(&r,
			     ((u64)get(&r, BAR_64 + 4, 4) << 32) | (get(&r, BAR_64, 4) & ~0xfffffu),
			     &hits);
	}
	assert_true(hits > 10000); /* else it tested nothing */
	bench_end(r.b);
	(void)state;
}

/* A machine whose window reaches over its RAM: the hart looks for RAM first, and DMA
 * knows nothing else. */
static void ram_wins_over_a_bar(void **state)
{
	struct bench *b = bench_new();
	struct rig r = { .b = b };
	u8 byte = 0xa5, got = 0;

	r.bridge = bench_add(b, "pcie-ecam",
			     "reg=0x30000000:0x10000000 windows.mem32=0x70000000:0x20000000");
	r.dev = plug_probe(&r, SLOT);
	set(&r, BAR0, 4, BENCH_RAM_BASE);
	set(&r, 0x04, 2, 0x6);
	assert_true(mem_write(b->machine.mem, BENCH_RAM_BASE, &byte, 1));
	assert_true(dma_read(r.dev, BENCH_RAM_BASE, &got, 1));
	assert_int_equal(got, 0xa5);
	assert_ptr_equal(mem_slice(b->machine.mem, BENCH_RAM_BASE, 0x1000), b->ram);
	set(&r, BAR0, 4, 0x70000000);
	assert_false(dma_read(r.dev, 0x70000000, &got, 1)); /* no DMA into a BAR */
	bench_end(b);
	(void)state;
}

static void without_bus_mastering_there_is_no_dma(void **state)
{
	struct rig r;
	u8 byte = 1;
	u16 index;

	rig_init(&r, false);
	assert_false(dma_read(r.dev, BENCH_RAM_BASE, &byte, 1));
	assert_false(dma_write(r.dev, BENCH_RAM_BASE, &byte, 1));
	assert_null(dma_slice(r.dev, BENCH_RAM_BASE, 1));
	assert_false(dma_load16(r.dev, BENCH_RAM_BASE, &index));
	set(&r, 4, 2, 0x4);
	assert_true(dma_write(r.dev, BENCH_RAM_BASE, &byte, 1));
	set(&r, 4, 2, 0x3);
	assert_false(dma_write(r.dev, BENCH_RAM_BASE, &byte, 1));
	bench_end(r.b);
	(void)state;
}

static void a_reset_unmaps_and_forgets(void **state)
{
	struct rig r;
	u64 v;

	rig_init(&r, true);
	set(&r, BAR0, 4, 0x40100000);
	set(&r, 0x04, 2, 0x406);
	set(&r, 0x3c, 1, 0x55);
	assert_true(reaches(&r, 0x40100000, &v));
	device_reset(r.dev);
	assert_false(reaches(&r, 0x40100000, &v));
	assert_int_equal(get(&r, BAR0, 4), 0);
	assert_int_equal(get(&r, 0x04, 2), 0);
	assert_int_equal(get(&r, 0x3c, 2), 0x0100);
	assert_null(dma_slice(r.dev, BENCH_RAM_BASE, 1));
	bench_end(r.b);
	(void)state;
}

static void a_restored_function_is_mapped_as_it_was(void **state)
{
	struct rig a, b;
	struct err e = { .text = "" };
	u8 saved[4096];
	size_t n;
	u64 v;

	rig_init(&a, true);
	set(&a, BAR0, 4, 0x40100000);
	set(&a, 0x04, 2, 0x6);
	n = device_save(a.dev, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	bench_end(a.b);

	rig_init(&b, true);
	assert_true(device_restore(b.dev, saved, n, &e));
	assert_true(reaches(&b, 0x40100000, &v));
	assert_non_null(dma_slice(b.dev, BENCH_RAM_BASE, 1));
	bench_end(b.b);

	/* A snapshot that claims to have changed what cannot change: it has not. */
	rig_init(&b, true);
	memset(saved, 0xff, 256);
	device_restore(b.dev, saved, n, &e);
	assert_int_equal(get(&b, 0x00, 4), 0x56781234);
	assert_int_equal(get(&b, 0x04, 2), 0x0407);
	bench_end(b.b);
	(void)state;
}

/* -- INTx -----------------------------------------------------------------------------------------
 */

static void pull(struct device *dev, bool level)
{
	device_lock(dev);
	pci_intx(dev, level);
	device_unlock(dev);
}

static u32 lines(struct rig *r)
{
	u32 up = 0;

	for (u32 i = 0; i < 4; i++)
		up |= (u32)device_wire(r->bridge, "interrupts", i)->level << i;
	return up;
}

static void intx_can_be_disabled_and_still_shows_in_status(void **state)
{
	struct rig r;

	rig_init(&r, false);
	pull(r.dev, true);
	assert_int_equal(lines(&r), 1 << SLOT);
	assert_int_equal(get(&r, 0x06, 2), 0x08);
	assert_int_equal(get(&r, 0x06, 1), 0x08);
	assert_int_equal(get(&r, 0x04, 4), 0x00080000);
	set(&r, 0x04, 2, 0x400);
	assert_int_equal(lines(&r), 0);
	assert_int_equal(get(&r, 0x06, 2), 0x08);
	set(&r, 0x04, 2, 0);
	assert_int_equal(lines(&r), 1 << SLOT);
	pull(r.dev, false);
	assert_int_equal(lines(&r), 0);
	assert_int_equal(get(&r, 0x06, 2), 0);
	bench_end(r.b);
	(void)state;
}

static void pins_of_the_slots_are_spread_over_four_lines(void **state)
{
	for (u32 slot = 1; slot < 32; slot++) {
		struct rig r = { .b = bench_new() };
		struct device *dev;

		r.bridge = driver_bridge(r.b);
		dev = plug_probe(&r, slot);
		pull(dev, true);
		assert_int_equal(lines(&r), 1 << slot % 4);
		pull(dev, false);
		assert_int_equal(lines(&r), 0);
		bench_end(r.b);
	}
	(void)state;
}

static void slots_share_a_line_like_a_wired_or(void **state)
{
	struct rig r;
	struct device *other;

	rig_init(&r, false);
	other = plug_probe(&r, SLOT + 4);
	pull(r.dev, true);
	pull(other, true);
	pull(r.dev, false);
	assert_int_equal(lines(&r), 1 << SLOT);
	pull(other, false);
	assert_int_equal(lines(&r), 0);
	bench_end(r.b);
	(void)state;
}

static void a_reset_of_all_lowers_the_lines(void **state)
{
	struct rig r;

	rig_init(&r, false);
	pull(r.dev, true);
	device_reset(r.bridge);
	device_reset(r.dev);
	device_settle(r.bridge);
	device_settle(r.dev);
	assert_int_equal(lines(&r), 0);
	bench_end(r.b);
	(void)state;
}

/* -- MSI-X ----------------------------------------------------------------------------------------
 */

static void send(struct device *dev, u32 vector)
{
	device_lock(dev);
	pci_msix_send(dev, vector);
	device_unlock(dev);
}

static u64 entry(u32 vector)
{
	return MSIX_AT + 16 * (u64)vector;
}

#define PBA_AT (MSIX_AT + 0x800u)

/* On, with all vectors unmasked; vector i has address 0x1000 * i, data 100 + i. */
static u32 msix_on(struct rig *r)
{
	u32 cap = capability(r, 0x11);

	set(r, BAR_MSIX, 4, MSIX_AT);
	set(r, 0x04, 2, 0x6);
	for (u32 i = 0; i < 5; i++) {
		hart_store(r->b, entry(i), 8, 0x1000 * (u64)i);
		hart_store(r->b, entry(i) + 8, 4, 100 + i);
		hart_store(r->b, entry(i) + 12, 4, 0);
	}
	set(r, cap + 2, 2, 0x8000);
	return cap;
}

static void without_a_controller_there_is_no_msix(void **state)
{
	struct rig r;

	rig_init(&r, false);
	assert_int_equal(capability(&r, 0x11), 0);
	set(&r, BAR_MSIX, 4, 0xffffffff);
	assert_int_equal(get(&r, BAR_MSIX, 4), 0);
	send(r.dev, 0);
	assert_int_equal(msi_log.n, 0);
	bench_end(r.b);
	(void)state;
}

static void the_msix_capability_says_where_the_table_is(void **state)
{
	struct rig r;
	u32 cap;

	rig_init(&r, true);
	cap = capability(&r, 0x11);
	assert_int_equal(get(&r, cap + 2, 2), 4); /* 5 vectors */
	assert_int_equal(get(&r, cap + 4, 4), 4); /* BAR 4, offset 0 */
	assert_int_equal(get(&r, cap + 8, 4), 0x804);
	set(&r, cap + 2, 2, 0xffff);
	assert_int_equal(get(&r, cap + 2, 2), 0xc004);
	bench_end(r.b);
	(void)state;
}

static void a_message_carries_address_and_data_of_its_vector(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	send(r.dev, 3);
	send(r.dev, 3);
	assert_int_equal(msi_log.n, 2);
	assert_int_equal(msi_log.address[1], 0x3000);
	assert_int_equal(msi_log.data[1], 103);
	bench_end(r.b);
	(void)state;
}

static void a_vector_out_of_range_sends_nothing(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	send(r.dev, 5);
	send(r.dev, 0xffff);
	send(r.dev, UINT32_MAX);
	assert_int_equal(msi_log.n, 0);
	bench_end(r.b);
	(void)state;
}

static void a_masked_vector_pends_and_is_sent_once_when_unmasked(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	hart_store(r.b, entry(2) + 12, 4, 1);
	send(r.dev, 2);
	send(r.dev, 2);
	assert_int_equal(msi_log.n, 0);
	assert_int_equal(hart_load(r.b, PBA_AT, 8), 1 << 2);
	assert_int_equal(hart_load(r.b, PBA_AT, 1), 1 << 2);
	hart_store(r.b, entry(2) + 12, 4, 0);
	assert_int_equal(msi_log.n, 1);
	assert_int_equal(msi_log.data[0], 102);
	assert_int_equal(hart_load(r.b, PBA_AT, 8), 0);
	bench_end(r.b);
	(void)state;
}

static void the_function_mask_holds_all_vectors(void **state)
{
	struct rig r;
	u32 cap;

	rig_init(&r, true);
	cap = msix_on(&r);
	set(&r, cap + 2, 2, 0xc000);
	send(r.dev, 0);
	send(r.dev, 4);
	assert_int_equal(msi_log.n, 0);
	assert_int_equal(hart_load(r.b, PBA_AT, 4), 0x11);
	set(&r, cap + 2, 2, 0x8000);
	assert_int_equal(msi_log.n, 2);
	bench_end(r.b);
	(void)state;
}

static void bus_mastering_gates_messages_as_well(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	set(&r, 0x04, 2, 0x2);
	send(r.dev, 1);
	assert_int_equal(msi_log.n, 0);
	set(&r, 0x04, 2, 0x6);
	assert_int_equal(msi_log.n, 1);
	bench_end(r.b);
	(void)state;
}

static void vectors_are_masked_at_reset_and_nothing_pends(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	hart_store(r.b, entry(2) + 12, 4, 1);
	send(r.dev, 2);
	device_reset(r.dev);
	set(&r, BAR_MSIX, 4, MSIX_AT);
	set(&r, 0x04, 2, 0x6);
	for (u32 i = 0; i < 5; i++) {
		assert_int_equal(hart_load(r.b, entry(i), 8), 0);
		assert_int_equal(hart_load(r.b, entry(i) + 8, 8), (u64)1 << 32);
	}
	assert_int_equal(hart_load(r.b, PBA_AT, 8), 0);
	bench_end(r.b);
	(void)state;
}

static void intx_falls_when_msix_is_enabled(void **state)
{
	struct rig r;
	u32 cap;

	rig_init(&r, true);
	pull(r.dev, true);
	assert_int_equal(lines(&r), 1 << SLOT);
	cap = msix_on(&r);
	assert_int_equal(lines(&r), 0);
	assert_int_equal(get(&r, 0x06, 2) & 0x8, 0);
	set(&r, cap + 2, 2, 0);
	assert_int_equal(lines(&r), 1 << SLOT);
	bench_end(r.b);
	(void)state;
}

static void the_msix_table_takes_words_only_and_ends(void **state)
{
	struct rig r;

	rig_init(&r, true);
	msix_on(&r);
	hart_store(r.b, entry(1), 1, 0xff);
	hart_store(r.b, entry(1) + 8, 2, 0xffff);
	assert_int_equal(hart_load(r.b, entry(1), 8), 0x1000);
	assert_int_equal(hart_load(r.b, entry(1) + 8, 4), 101);
	hart_store(r.b, entry(1) + 12, 4, 0xffffffff);
	assert_int_equal(hart_load(r.b, entry(1) + 12, 4), 1);
	hart_store(r.b, entry(1), 4, 0xffffffff);
	assert_int_equal(hart_load(r.b, entry(1), 4), 0xfffffffc);
	for (u64 at = entry(5); at < MSIX_AT + 0x1000; at += 8) {
		hart_store(r.b, at, 8, UINT64_MAX);
		assert_int_equal(hart_load(r.b, at, 8), 0);
	}
	bench_end(r.b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_absent_function_reads_all_ones_and_swallows_writes),
		cmocka_unit_test(the_bridge_is_function_0_of_slot_0),
		cmocka_unit_test(a_function_says_what_it_is),
		cmocka_unit_test(bytes_halves_and_words_of_configuration_space_agree),
		cmocka_unit_test(writing_a_byte_changes_no_other),
		cmocka_unit_test(only_what_software_may_set_changes),
		cmocka_unit_test(the_capability_list_ends_and_stays_inside),
		cmocka_unit_test(a_slot_takes_one_function),
		cmocka_unit_test(a_bar_tells_its_size_with_decode_off),
		cmocka_unit_test(a_bar_decodes_where_it_is_put_and_only_when_enabled),
		cmocka_unit_test(a_64_bit_bar_has_an_upper_half),
		cmocka_unit_test(an_io_bar_is_behind_the_io_window),
		cmocka_unit_test(a_bar_outside_the_windows_decodes_nothing),
		cmocka_unit_test(random_programming_maps_what_the_registers_say),
		cmocka_unit_test(ram_wins_over_a_bar),
		cmocka_unit_test(without_bus_mastering_there_is_no_dma),
		cmocka_unit_test(a_reset_unmaps_and_forgets),
		cmocka_unit_test(a_restored_function_is_mapped_as_it_was),
		cmocka_unit_test(intx_can_be_disabled_and_still_shows_in_status),
		cmocka_unit_test(pins_of_the_slots_are_spread_over_four_lines),
		cmocka_unit_test(slots_share_a_line_like_a_wired_or),
		cmocka_unit_test(a_reset_of_all_lowers_the_lines),
		cmocka_unit_test(without_a_controller_there_is_no_msix),
		cmocka_unit_test(the_msix_capability_says_where_the_table_is),
		cmocka_unit_test(a_message_carries_address_and_data_of_its_vector),
		cmocka_unit_test(a_vector_out_of_range_sends_nothing),
		cmocka_unit_test(a_masked_vector_pends_and_is_sent_once_when_unmasked),
		cmocka_unit_test(the_function_mask_holds_all_vectors),
		cmocka_unit_test(bus_mastering_gates_messages_as_well),
		cmocka_unit_test(vectors_are_masked_at_reset_and_nothing_pends),
		cmocka_unit_test(intx_falls_when_msix_is_enabled),
		cmocka_unit_test(the_msix_table_takes_words_only_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
