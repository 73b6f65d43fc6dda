/* Promises every device keeps.  A new file in devices/ is under test here
 * before anyone has written a test for it. */
#include "bench.h"

#include "i2c.h"
#include "pci.h"
#include "ps2.h"
#include "spi.h"

#define HISTORIES 150
#define LONGEST   60

/* -- What a guest, a wire, the far end or time might do, chosen by `seed` --------- */

/* Anywhere, but often near the start of the window or of a power of two in it. */
static u64 offset_in(u64 size, u32 *seed)
{
	u32 how = xorshift(seed) >> 5, where = xorshift(seed) >> 3;
	u64 off = where % size;

	if (how & 1)
		off = ((u64)1 << where % 27) + (where >> 8) % 0x40;
	else if (how & 2)
		off %= how & 0x20 ? 0x10 : 0x100;
	if (how & 4)
		off = align_down(off, 4);
	return off % size;
}

static void touch(struct device *dev, u32 *seed)
{
	u64 off = offset_in(MAX(dev->engine->place.size, 1), seed);
	u32 what = xorshift(seed) >> 7, usual = what & 0x100 ? 4 : 1;
	u32 width = what & 0x10 ? usual : 1u << what % 4;
	u64 value = xorshift(seed);

	if (what & 0x20)
		value &= 0xff;
	if (what & 0x40)
		value |= value << 32;
	if (what & 0x80)
		device_write(dev, off, width, value);
	else
		device_read(dev, off, width);
}

static void touch_i2c(struct device *dev, u32 what)
{
	const struct i2c_class *is = dev->class->i2c;

	if (what % 8 == 0 && is->start)
		is->start(dev, what & 0x100);
	else if (what % 8 == 1 && is->stop)
		is->stop(dev);
	else if (what & 4)
		is->write(dev, (u8)(what >> 12));
	else
		is->read(dev);
}

static void touch_spi(struct device *dev, u32 what)
{
	const struct spi_class *is = dev->class->spi;

	if (what % 16 == 0 && is->select)
		is->select(dev, what & 0x100);
	else
		is->transfer(dev, (u8)(what % 8 == 1 ? 0x40 | what >> 12 : what >> 12));
}

/* What its controller may bring, in any order. */
static void touch_chip(struct device *dev, u32 *seed)
{
	u32 what = xorshift(seed) >> 7;

	device_lock(dev);
	if (dev->class->i2c)
		touch_i2c(dev, what);
	else
		touch_spi(dev, what);
	device_changed(dev);
	device_unlock(dev);
}

/* What its port may send: often a command; and room for answers. */
static void touch_plugged(struct device *dev, u32 *seed)
{
	u32 what = xorshift(seed) >> 7;

	device_lock(dev);
	if (what & 0x300)
		dev->class->ps2->write(dev, (u8)(what & 0x400 ? what : what | 0xe0));
	else
		ps2_clear((struct ps2_queue *)device_member(dev, dev->class->ps2->queue));
	device_changed(dev);
	device_unlock(dev);
}

/* What a hart reaches through the BARs. */
static void touch_bar(struct device *dev, u32 *seed)
{
	const struct pci_class *is = dev->class->pci;
	u32 what = xorshift(seed) >> 7, bar = what % ARRAY_LEN(is->bar);
	u32 width = 1u << (what >> 4) % 4;
	u64 off;

	if (!is->bar[bar].size)
		return;
	off = align_down(offset_in(is->bar[bar].size, seed), width);
	device_lock(dev);
	if (what & 0x80 && is->write)
		is->write(dev, bar, off, width, xorshift(seed) & LOW_BITS(8 * width));
	else if (is->read)
		is->read(dev, bar, off, width);
	device_changed(dev);
	device_unlock(dev);
}

static void touch_row(struct device *dev, u32 *seed)
{
	const struct reg *regs = dev->class->regs;
	u32 n = 0, i;

	while (regs && regs[n].name)
		n++;
	if (!n)
		return;
	i = xorshift(seed) % n;
	device_write(dev, regs[i].off, regs[i].width, xorshift(seed));
}

static void type(struct device *dev, u32 *seed)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog";

	if (bench_of(dev)->far.ctx == dev)
		bench_type(dev, text + xorshift(seed) % sizeof(text));
}

/* A key is up again at once: what is down is the bench's, and the twin has another. */
static void tap(struct device *dev, u32 *seed)
{
	struct input_source *hands = bench_of(dev)->hands;
	u32 what = xorshift(seed), code = 1 + what % (INPUT_CODES - 1);

	input_key(hands, code, true);
	input_key(hands, code, false);
	input_move(hands, (i32)what % 100, (i32)(what >> 8) % 100);
	input_wheel(hands, 0, (i32)what % 3);
	if (input_pointers(bench_of(dev)->machine.input) & INPUT_ABSOLUTE)
		input_place(hands, what % 640, (what >> 8) % 480, 640, 480);
}

/* A frame with any work left to do. */
static void frame(struct device *dev, u32 *seed)
{
	struct bench *b = bench_of(dev);
	u32 what = xorshift(seed), n = 60 + what % 1500;
	struct net_work w = { .csum = what & 0x100000,
			      .csum_start = (u16)(what >> 8 & 0x3f),
			      .csum_offset = (u16)(what >> 16 & 0xf) };
	u8 bytes[60 + 1500];

	memset(bytes, 0xff, n);
	if (b->cable.receive)
		bench_frame(b, bytes, n, &w);
	if (what & 0x200000 && b->cable.changed)
		b->cable.changed(b->cable.ctx);
}

static void disturb(struct device *dev, u32 seed)
{
	u32 what = xorshift(&seed) >> 9, lines = device_input_count(dev);

	switch (what % 16) {
	case 0:
	case 1:
		touch_row(dev, &seed);
		break;
	case 2:
	case 3:
		if (lines > 1)
			device_input(dev, 1 + xorshift(&seed) % (lines - 1), what & 0x100);
		break;
	case 4:
		type(dev, &seed);
		tap(dev, &seed);
		break;
	case 5:
		bench_advance(bench_of(dev), (u64)1 << xorshift(&seed) % 32);
		break;
	case 6:
		if (what & 0x100)
			device_reset(dev);
		break;
	case 7:
		frame(dev, &seed);
		break;
	default:
		if (dev->class->i2c || dev->class->spi)
			touch_chip(dev, &seed);
		else if (dev->class->ps2)
			touch_plugged(dev, &seed);
		else if (dev->class->pci && !dev->class->bus)
			touch_bar(dev, &seed);
		else
			touch(dev, &seed);
	}
}

/* -- Comparing ------------------------------------------------------------------ */

struct saved {
	u8 *bytes;
	size_t n;
};

static struct saved save(struct device *dev)
{
	struct saved s = { .n = device_save(dev, NULL, 0) };

	s.bytes = xzalloc(s.n);
	assert_int_equal(device_save(dev, s.bytes, s.n), s.n);
	return s;
}

static void assert_same(struct device *a, struct device *b)
{
	struct saved x = save(a), y = save(b);

	assert_int_equal(x.n, y.n);
	if (memcmp(x.bytes, y.bytes, x.n) != 0)
		fail_msg("%s: states differ", a->class->name);
	for (u32 i = 0; i < a->engine->nwires; i++)
		if (a->engine->wires[i]->level != b->engine->wires[i]->level)
			fail_msg("%s: wire %u differs", a->class->name, i);
	free(x.bytes);
	free(y.bytes);
}

/* The other bench as if it had lived the same life: time and memory. */
static void same_surroundings(struct device *a, struct device *b)
{
	struct bench *from = bench_of(a), *to = bench_of(b);

	to->now = from->now;
	to->wall = from->wall;
	to->skew = from->skew;
	memcpy(to->ram, from->ram, BENCH_RAM_SIZE);
}

static void stay_in_step(struct device *a, struct device *b, u32 seed)
{
	for (u32 i = 1; i <= 20; i++) {
		disturb(a, seed * 20 + i);
		disturb(b, seed * 20 + i);
		assert_same(a, b);
	}
}

static void live(struct device *dev, u32 seed, u32 steps)
{
	for (u32 i = 1; i <= steps; i++)
		disturb(dev, seed * LONGEST + i);
}

/* -- Promises --------------------------------------------------------------------- */

typedef void promise_fn(const char *class, u32 seed);

static void for_every_device(promise_fn *promise, u32 histories)
{
	for (const struct device_class *const *c = device_classes; *c; c++)
		for (u32 seed = 1; seed <= histories; seed++)
			promise((*c)->name, seed);
}

static void restore_and_go_on(const char *class, u32 seed)
{
	struct device *a = bench(class), *b = bench(class);
	struct saved s;
	struct err e;

	live(a, seed, seed % LONGEST);
	live(b, ~seed, seed % 7);
	same_surroundings(a, b);
	s = save(a);
	assert_true(device_restore(b, s.bytes, s.n, &e));
	assert_same(a, b);
	stay_in_step(a, b, seed);
	free(s.bytes);
	bench_free(a);
	bench_free(b);
}

static void a_restored_twin_stays_in_step(void **state)
{
	for_every_device(restore_and_go_on, HISTORIES);
	(void)state;
}

static void update_twice(const char *class, u32 seed)
{
	struct device *a = bench(class), *b = bench(class);

	live(a, seed, seed % LONGEST);
	live(b, seed, seed % LONGEST);
	device_update(a);
	assert_same(a, b);
	device_update(a);
	assert_same(a, b);
	bench_free(a);
	bench_free(b);
}

static void update_changes_nothing(void **state)
{
	for_every_device(update_twice, HISTORIES);
	(void)state;
}

static void reset_and_compare(const char *class, u32 seed)
{
	struct device *a = bench(class), *fresh = bench(class);

	live(a, seed, seed % LONGEST);
	same_surroundings(a, fresh);
	device_reset(fresh);
	device_reset(a);
	assert_same(a, fresh);
	device_reset(a);
	assert_same(a, fresh);
	stay_in_step(a, fresh, ~seed);
	bench_free(a);
	bench_free(fresh);
}

static void reset_leaves_nothing_behind_at_any_moment(void **state)
{
	for_every_device(reset_and_compare, HISTORIES);
	(void)state;
}

static void live_beside(const char *class, u32 seed)
{
	struct device *a = bench(class), *b = bench_add(bench_of(a), class, "");
	struct saved before, after;

	live(b, seed, 10);
	before = save(b);
	for (u32 i = 1; i <= LONGEST; i++)
		for (u32 k = 0, s = seed * LONGEST + i; k < 2; k++)
			touch(a, &s);
	after = save(b);
	assert_int_equal(before.n, after.n);
	if (memcmp(before.bytes, after.bytes, before.n) != 0)
		fail_msg("%s: two of them share state", class);
	free(before.bytes);
	free(after.bytes);
	bench_free(a);
}

static void two_of_a_class_do_not_influence_each_other(void **state)
{
	for_every_device(live_beside, HISTORIES / 4);
	(void)state;
}

static void access_all_ways(struct device *dev, u64 off)
{
	static const u64 values[] = { 0, ~(u64)0, 0x5555555555555555u };

	for (u32 width = 1; width <= 8; width *= 2) {
		u64 v = device_read(dev, off, width);

		if (v & ~LOW_BITS(8 * width))
			fail_msg("%s: a read of %u bytes gives more", dev->class->name, width);
		for (size_t i = 0; i < ARRAY_LEN(values); i++)
			device_write(dev, off, width, values[i]);
		device_read(dev, off, width);
	}
	device_read(dev, off, 3);
	device_write(dev, off, 16, 1);
}

/* All of a small window; of a large one its head, its tail and samples. */
static void walk(const char *class, u32 seed)
{
	struct device *dev = bench(class);
	u64 size = dev->engine->place.size, step;

	for (u64 off = 0; off < MIN(size, 0x400); off++)
		access_all_ways(dev, off);
	step = MAX(size / 1500, 1) | 1;
	for (u64 off = 0x400; off < size; off += step)
		access_all_ways(dev, off);
	for (u64 off = size > 16 ? size - 16 : 0; off < size + 16; off++)
		access_all_ways(dev, off);
	for (u32 bit = 24; bit < 64; bit++)
		access_all_ways(dev, ((u64)1 << bit) - seed);
	bench_free(dev);
}

static void any_access_answers_without_harm(void **state)
{
	for_every_device(walk, 2);
	(void)state;
}

static void read_outside(const char *class, u32 seed)
{
	struct device *dev = bench(class);
	u64 before = device_guest_errors(dev), size = dev->engine->place.size;

	assert_int_equal(device_read(dev, size, 4), 0);
	assert_int_equal(device_read(dev, 1, 4), 0);
	assert_int_equal(device_read(dev, UINT64_MAX, 1), 0);
	assert_int_equal(device_guest_errors(dev), before + 3);
	bench_free(dev);
	(void)seed;
}

static void what_is_not_there_reads_zero_and_is_counted(void **state)
{
	for_every_device(read_outside, 1);
	(void)state;
}

/* A snapshot is a file, and anyone may have changed it. */
static void damage(const char *class, u32 seed)
{
	struct device *dev = bench(class);
	struct saved s, t;
	struct err e;
	u32 flips = 1 + seed % 8;

	live(dev, seed, seed % LONGEST);
	s = save(dev);
	if (s.n)
		assert_false(device_restore(dev, s.bytes, s.n - 1, &e));
	for (u32 r = seed * 77 + 1; s.n && flips; flips--)
		s.bytes[xorshift(&r) % s.n] ^= (u8)(1u << xorshift(&r) % 8);
	t = save(dev);
	if (!device_restore(dev, s.bytes, s.n, &e)) {
		struct saved now = save(dev);

		assert_memory_equal(now.bytes, t.bytes, t.n);
		free(now.bytes);
	}
	live(dev, ~seed, LONGEST);
	device_reset(dev);
	free(s.bytes);
	free(t.bytes);
	bench_free(dev);
}

static void a_damaged_snapshot_is_refused_whole_or_does_no_harm(void **state)
{
	for_every_device(damage, HISTORIES);
	(void)state;
}

/* Every register that holds an address is aimed at the device's own window. */
static void aim_at_itself(const char *class, u32 seed)
{
	struct device *dev = bench(class);
	u64 base = dev->engine->place.base;

	for (u64 off = 0; off < MIN(dev->engine->place.size, 0x200); off += 4) {
		device_write(dev, off, 4, base);
		device_write(dev, off, 8, base);
	}
	live(dev, seed, LONGEST);
	bench_free(dev);
}

static void dma_into_a_window_reaches_nothing(void **state)
{
	for_every_device(aim_at_itself, 10);
	(void)state;
}

/* -- The same on PCI ---------------------------------------------------------------- */

#define ECAM_BASE 0x30000000u
#define BAR_BASE  0x40000000u
#define SLOT      1u

struct function {
	struct device *bridge, *dev;
	struct bench_values values;
};

static struct function *plug(const struct device_class *class)
{
	struct function *f = xzalloc(sizeof(*f));
	struct bench *b = bench_new();
	struct err e = { 0 };

	f->bridge = bench_add(b, "pcie-ecam", "reg=0x30000000:16M windows.mem32=0x40000000:16M");
	bench_parse(&f->values, class, "");
	f->dev = bench_place(b, class, f->values.values,
			     (struct device_place){ .parent = f->bridge, .slot = SLOT }, &e);
	if (!f->dev)
		fail_msg("%s on PCI: %s", class->name, e.text);
	return f;
}

static void unplug(struct function *f)
{
	bench_end(bench_of(f->dev));
	free(f);
}

static void configure(struct function *f, u32 *seed)
{
	static const u32 likely[] = { 0x04, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3c };
	u32 how = xorshift(seed) >> 6, width = 1u << (how >> 8) % 3;
	u32 off = how & 1 ? likely[(how >> 1) % ARRAY_LEN(likely)] : (how >> 1) % 0x100;
	u32 value = how & 0x20 ? UINT32_MAX : BAR_BASE + ((how >> 4) % 64 << 12);

	if (how & 0x40)
		value = how >> 10;
	if (off == 0x04)
		value |= 6; /* or little would be reached */
	device_write(f->bridge, (SLOT << 15) + align_down(off, width), width, value);
}

static void reach_bar(struct function *f, u32 *seed)
{
	struct mem *m = bench_of(f->dev)->machine.mem;
	u32 how = xorshift(seed) >> 6, width = 1u << (how >> 8) % 4;
	u64 gpa = BAR_BASE + ((how >> 4) % 64 << 12) + xorshift(seed) % 0x100;
	u64 v;

	gpa = align_down(gpa, width);
	if (how & 1)
		mem_io_write(m, NULL, gpa, width, xorshift(seed));
	else
		mem_io_read(m, NULL, gpa, width, &v);
}

static void disturb_function(struct function *f, u32 seed)
{
	switch ((xorshift(&seed) >> 9) % 8) {
	case 0:
	case 1:
	case 2:
		configure(f, &seed);
		break;
	case 3:
		bench_advance(bench_of(f->dev), (u64)1 << xorshift(&seed) % 32);
		break;
	case 4:
		if (seed & 0x100)
			device_reset(f->dev);
		break;
	default:
		reach_bar(f, &seed);
	}
}

static void copy_state(struct device *from, struct device *to)
{
	struct saved s = save(from);
	struct err e;

	assert_true(device_restore(to, s.bytes, s.n, &e));
	free(s.bytes);
}

static void function_history(const struct device_class *class, u32 seed)
{
	struct function *a = plug(class), *b = plug(class);

	for (u32 i = 1; i <= LONGEST; i++)
		disturb_function(a, seed * LONGEST + i);
	same_surroundings(a->dev, b->dev);
	copy_state(a->bridge, b->bridge);
	copy_state(a->dev, b->dev);
	for (u32 i = 1; i <= LONGEST; i++) {
		assert_same(a->dev, b->dev);
		assert_same(a->bridge, b->bridge);
		disturb_function(a, ~seed * LONGEST + i);
		disturb_function(b, ~seed * LONGEST + i);
	}
	device_reset(a->dev);
	unplug(b);
	b = plug(class);
	assert_same(a->dev, b->dev);
	unplug(a);
	unplug(b);
}

static void a_function_on_pci_keeps_the_same_promises(void **state)
{
	for (const struct device_class *const *c = device_classes; *c; c++)
		for (u32 seed = 1; ((*c)->virtio || (*c)->pci) && !(*c)->bus && seed <= HISTORIES;
		     seed++)
			function_history(*c, seed);
	(void)state;
}

static u64 config(struct function *f, u32 off)
{
	return device_read(f->bridge, (SLOT << 15) + off, 4);
}

static void set_config(struct function *f, u32 off, u32 value)
{
	device_write(f->bridge, (SLOT << 15) + off, 4, value);
}

/* Aligned it answers, misaligned it is nowhere. */
static void access_bar_all_ways(struct mem *m, u64 gpa, u32 seed)
{
	static const u64 values[] = { 0, ~(u64)0, 0x5555555555555555u };

	for (u32 width = 1; width <= 8; width *= 2) {
		bool there = !(gpa & (width - 1));
		u64 v = 0;

		assert_int_equal(mem_io_read(m, NULL, gpa, width, &v), there);
		assert_int_equal(v & ~LOW_BITS(8 * width), 0);
		assert_int_equal(
			mem_io_write(m, NULL, gpa, width, values[seed % ARRAY_LEN(values)]), there);
	}
}

/* All of a small one; of a large one its head, its tail and samples. */
static void walk_bar(struct function *f, u32 bar, u64 size, u32 seed)
{
	struct mem *m = bench_of(f->dev)->machine.mem;
	u64 step = MAX(size / 1500, 1) | 1;

	set_config(f, 0x10 + 4 * bar, BAR_BASE);
	set_config(f, 0x04, 6);
	for (u64 off = 0; off < MIN(size, 0x1000); off++)
		access_bar_all_ways(m, BAR_BASE + off, seed);
	for (u64 off = 0x1000; off + 8 <= size; off += step)
		access_bar_all_ways(m, BAR_BASE + off, seed);
	for (u64 off = size - 16; off + 8 <= size; off++)
		access_bar_all_ways(m, BAR_BASE + off, seed);
	set_config(f, 0x10 + 4 * bar, 0);
}

static u32 walk_function(const struct device_class *class, u32 seed)
{
	struct function *f = plug(class);
	u32 walked = 0;

	for (u32 bar = 0; bar < 6; bar++) {
		u32 at = 0x10 + 4 * bar, mask;

		set_config(f, at, UINT32_MAX);
		mask = (u32)config(f, at);
		set_config(f, at, 0);
		if (!mask || mask & 1)
			continue;
		walk_bar(f, bar, (u64)UINT32_MAX - (mask & ~0xfu) + 1, seed);
		walked++;
		bar += mask >> 2 & 1; /* the next one is its upper half */
	}
	device_reset(f->dev);
	unplug(f);
	return walked;
}

static void any_access_to_a_bar_answers_without_harm(void **state)
{
	for (const struct device_class *const *c = device_classes; *c; c++)
		for (u32 seed = 0; ((*c)->virtio || (*c)->pci) && !(*c)->bus && seed < 3; seed++)
			assert_true(walk_function(*c, seed) > 0);
	(void)state;
}

static void every_class_documents_itself(void **state)
{
	for (const struct device_class *const *c = device_classes; *c; c++) {
		const struct prop *p;

		if (!(*c)->name || !(*c)->doc || !(*c)->example)
			fail_msg("%s: doc or example is missing", (*c)->name);
		if (!strstr((*c)->example, (*c)->name))
			fail_msg("%s: its example is of something else", (*c)->name);
		if ((*c)->compatible[0] && !(*c)->binding)
			fail_msg("%s: no binding", (*c)->name);
		for_each(p, (*c)->props)
			if (!p->doc)
				fail_msg("%s: %s has no doc", (*c)->name, p->name);
		if (((*c)->on & BUS_I2C) && (!(*c)->i2c || !(*c)->i2c->write || !(*c)->i2c->read))
			fail_msg("%s stands on I2C and cannot be spoken to", (*c)->name);
		if (((*c)->on & BUS_SPI) && (!(*c)->spi || !(*c)->spi->transfer))
			fail_msg("%s stands on SPI and cannot be spoken to", (*c)->name);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restored_twin_stays_in_step),
		cmocka_unit_test(update_changes_nothing),
		cmocka_unit_test(reset_leaves_nothing_behind_at_any_moment),
		cmocka_unit_test(two_of_a_class_do_not_influence_each_other),
		cmocka_unit_test(any_access_answers_without_harm),
		cmocka_unit_test(what_is_not_there_reads_zero_and_is_counted),
		cmocka_unit_test(a_damaged_snapshot_is_refused_whole_or_does_no_harm),
		cmocka_unit_test(dma_into_a_window_reaches_nothing),
		cmocka_unit_test(a_function_on_pci_keeps_the_same_promises),
		cmocka_unit_test(any_access_to_a_bar_answers_without_harm),
		cmocka_unit_test(every_class_documents_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
