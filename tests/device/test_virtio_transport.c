/* virtio: status, features and queue set-up, the same over MMIO and over PCI. */
#include "virtio_bench.h"

#define OWN_FEATURE 5
#define QUEUES      3

struct toy {
	struct virtio v;
	u32 starts, kicks[QUEUES], resets;
	u8 config[12];
	u32 kept; /* what a reset clears */
};

static void toy_driver_ok(struct virtio *v)
{
	((struct toy *)v)->starts++;
}

static void toy_kick(struct virtio *v, u32 q)
{
	((struct toy *)v)->kicks[q]++;
}

static void toy_config_read(struct virtio *v, u8 *config)
{
	memcpy(config, ((struct toy *)v)->config, sizeof(((struct toy *)v)->config));
}

static void toy_config_write(struct virtio *v, u32 off, u32 width, u32 value)
{
	memcpy(((struct toy *)v)->config + off, &value, width);
}

static void toy_reset(struct device *dev)
{
	((struct toy *)dev)->resets++;
}

#define SELF struct toy
static const struct device_class toy_class = {
	VIRTIO_ROWS,
	.name = "toy",
	.size = sizeof(struct toy),
	.reset = toy_reset,
	.props = PROPS(VIRTIO_INTERRUPT),
	.state = STATE(FIELD(kept)),
	.virtio =
		&(const struct virtio_class){
			.id = 42,
			.queues = QUEUES,
			.size_max = 256,
			.burst = 16,
			.features = (u64)1 << OWN_FEATURE | (u64)1 << 40,
			.pci_class = 0x00ff00,
			.config_size = 12,
			.config_read = toy_config_read,
			.config_write = toy_config_write,
			.driver_ok = toy_driver_ok,
			.kick = toy_kick,
		},
};

#define GOOD (F_VERSION_1 | (u64)1 << OWN_FEATURE)

static struct toy *toy(struct driver *d)
{
	return (struct toy *)d->dev;
}

static void on_toys(driver_test *test)
{
	on_both(&toy_class, "", test);
}

/* -- Status ------------------------------------------------------------------------------ */

/* Columns: features, status before, what is written, status after.  0xff means: any
 * features. */
enum { OK, NO_VERSION, UNKNOWN, ANY };

static const struct transition {
	u32 features, before, write, after;
} transitions[] = {
	{ ANY, 0x00, 0x01, 0x01 },     { ANY, 0x00, 0x02, 0x02 },
	{ ANY, 0x00, 0x03, 0x03 },     { ANY, 0x00, 0x04, 0x00 },
	{ OK, 0x00, 0x08, 0x08 },      { NO_VERSION, 0x00, 0x0c, 0x00 },
	{ OK, 0x00, 0x0c, 0x0c },      { OK, 0x02, 0x0a, 0x0a },
	{ ANY, 0x00, 0x40, 0x00 },     { ANY, 0x00, 0x80, 0x80 },
	{ ANY, 0x01, 0x02, 0x03 },     { UNKNOWN, 0x01, 0x09, 0x01 },
	{ ANY, 0x01, 0x05, 0x01 },     { ANY, 0x01, 0x81, 0x81 },
	{ OK, 0x03, 0x0b, 0x0b },      { NO_VERSION, 0x03, 0x0b, 0x03 },
	{ UNKNOWN, 0x03, 0x0b, 0x03 }, { ANY, 0x03, 0x07, 0x03 },
	{ OK, 0x03, 0x0f, 0x0f },      { NO_VERSION, 0x03, 0x0f, 0x03 },
	{ UNKNOWN, 0x03, 0x0f, 0x03 }, { ANY, 0x03, 0x01, 0x03 },
	{ OK, 0x0b, 0x0f, 0x0f },      { OK, 0x0b, 0x04, 0x0f },
	{ OK, 0x0b, 0x03, 0x0b },      { OK, 0x0f, 0x03, 0x0f },
	{ OK, 0x0f, 0x80, 0x8f },      { OK, 0x0f, 0x4f, 0x0f },
	{ OK, 0x0f, 0xff, 0x8f },      { OK, 0x8f, 0x0f, 0x8f },
	{ ANY, 0x80, 0x01, 0x81 },     { ANY, 0x30, 0x30, 0x00 },
};

/* What one write may change, written down as the rules of section 2.1 and 3.1.1, but that
 * ACKNOWLEDGE and DRIVER may come late or never: U-Boot's driver does that. */
static u32 expected(u32 features, u32 before, u32 write)
{
	u32 s = before;

	if (!write)
		return 0;
	if (write & 0x01)
		s |= 0x01;
	if (write & 0x02)
		s |= 0x02;
	if (write & 0x08 && (s & 0x08 || features == OK))
		s |= 0x08;
	if (write & 0x04 && s & 0x08)
		s |= 0x04;
	return s | (write & 0x80);
}

static u64 feature_set(u32 which)
{
	return which == OK ? GOOD : which == NO_VERSION ? (u64)1 << OWN_FEATURE : GOOD | 1;
}

/* Walks to `state` as a driver does; false if these features do not lead there. */
static bool walk_to(struct driver *d, u32 features, u32 state)
{
	static const u32 order[] = { 0x01, 0x02, 0x08, 0x04, 0x80 };

	driver_set_status(d, 0);
	driver_accept(d, feature_set(features));
	for (u32 i = 0; i < ARRAY_LEN(order); i++)
		if (state & order[i])
			driver_set_status(d, driver_status(d) | order[i]);
	return driver_status(d) == state;
}

static void check_table(struct driver *d)
{
	for (u32 i = 0; i < ARRAY_LEN(transitions); i++) {
		const struct transition *t = &transitions[i];

		for (u32 f = 0; f < ANY; f++) {
			if (t->features != ANY && t->features != f)
				continue;
			if (!walk_to(d, f, t->before))
				continue;
			driver_set_status(d, t->write);
			assert_int_equal(driver_status(d), t->after);
			assert_int_equal(expected(f, t->before, t->write), t->after);
		}
	}
}

static void the_table_of_status_transitions_holds(void **state)
{
	on_toys(check_table);
	(void)state;
}

static void check_every_pair(struct driver *d)
{
	static const u32 states[] = { 0x00, 0x01, 0x03, 0x0b, 0x0f, 0x80, 0x81, 0x83, 0x8b, 0x8f };
	u32 pairs = 0;

	for (u32 f = 0; f < ANY; f++)
		for (u32 i = 0; i < ARRAY_LEN(states); i++)
			for (u32 write = 0; write < 0x100; write++) {
				if (!walk_to(d, f, states[i]))
					continue;
				driver_set_status(d, write);
				assert_int_equal(driver_status(d), expected(f, states[i], write));
				pairs++;
			}
	assert_int_equal(pairs, (10 + 6 + 6) * 256);
}

static void every_write_in_every_state_does_what_the_rules_say(void **state)
{
	on_toys(check_every_pair);
	(void)state;
}

static void check_needs_reset(struct driver *d)
{
	for (u32 write = 1; write < 0x100; write++) {
		driver_start(d, 0, 1, 8);
		device_lock(d->dev);
		virtio_broken(d->v, "a test says so");
		device_unlock(d->dev);
		assert_int_equal(driver_status(d), 0x4f);
		driver_set_status(d, write);
		assert_int_equal(driver_status(d), 0x4f | (write & 0x80));
		driver_set_status(d, 0);
		assert_int_equal(driver_status(d), 0);
	}
}

static void needs_reset_stays_until_a_reset(void **state)
{
	on_toys(check_needs_reset);
	(void)state;
}

static void check_start_once(struct driver *d)
{
	driver_start(d, 0, 1, 8);
	assert_int_equal(toy(d)->starts, 1);
	driver_set_status(d, 0xf);
	assert_int_equal(toy(d)->starts, 1);
}

static void driver_ok_is_told_once(void **state)
{
	on_toys(check_start_once);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 resets;

	driver_start(d, (u64)1 << OWN_FEATURE, QUEUES, 64);
	driver_put(d, VIRTIO_REG_DEVICE_FEATURES_SEL, 1);
	toy(d)->kept = 1;
	device_lock(d->dev);
	virtio_config_changed(d->v);
	device_changed(d->dev);
	device_unlock(d->dev);
	assert_true(driver_line(d));
	resets = toy(d)->resets;
	driver_set_status(d, 0);
	assert_int_equal(toy(d)->resets, resets + 1);
	assert_int_equal(toy(d)->kept, 0);
	assert_false(driver_line(d));
	assert_int_equal(driver_take_isr(d), 0);
	assert_int_equal(driver_status(d), 0);
	assert_int_equal(d->v->driver_features, 0);
	for (u32 i = 0; i < QUEUES; i++) {
		driver_put(d, VIRTIO_REG_QUEUE_SEL, i);
		assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 0);
		assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_SIZE_MAX), 256);
		assert_int_equal(d->v->q[i].desc, 0);
	}
}

static void a_reset_leaves_nothing_behind(void **state)
{
	on_toys(check_reset);
	(void)state;
}

/* -- Features ------------------------------------------------------------------------------- */

static void check_features_sel(struct driver *d)
{
	u64 all = GOOD | (u64)1 << 40 | F_INDIRECT | F_EVENT_IDX;

	assert_true(driver_offered(d) == all);
	for (u32 sel = 2; sel; sel = sel < 40 ? sel + 1 : sel * 2) {
		driver_put(d, VIRTIO_REG_DEVICE_FEATURES_SEL, sel);
		assert_int_equal(driver_get(d, VIRTIO_REG_DEVICE_FEATURES), 0);
		driver_put(d, VIRTIO_REG_DRIVER_FEATURES_SEL, sel);
		driver_put(d, VIRTIO_REG_DRIVER_FEATURES, 0xffffffff);
	}
	assert_int_equal(d->v->driver_features, 0);
}

static void feature_words_above_one_read_zero_and_take_nothing(void **state)
{
	on_toys(check_features_sel);
	(void)state;
}

static void check_features_frozen(struct driver *d)
{
	driver_negotiate(d, GOOD);
	driver_accept(d, GOOD | F_EVENT_IDX);
	assert_true(d->v->driver_features == GOOD);
}

static void features_do_not_change_after_features_ok(void **state)
{
	on_toys(check_features_frozen);
	(void)state;
}

static void check_each_unknown_feature(struct driver *d)
{
	u64 all = driver_offered(d);

	for (u32 i = 0; i < 64; i++) {
		u64 bit = (u64)1 << i;

		driver_set_status(d, 0);
		driver_set_status(d, 3);
		driver_accept(d, F_VERSION_1 | bit);
		driver_set_status(d, 0xb);
		assert_int_equal(driver_status(d), all & bit ? 0xb : 0x3);
	}
}

static void each_feature_that_was_not_offered_is_refused(void **state)
{
	on_toys(check_each_unknown_feature);
	(void)state;
}

/* -- Queues ------------------------------------------------------------------------------------ */

static bool try_queue(struct driver *d, u64 desc, u64 avail, u64 used, u32 size)
{
	driver_set_status(d, 0);
	driver_negotiate(d, F_VERSION_1);
	driver_place_queue(d, 0, desc, avail, used);
	driver_put(d, VIRTIO_REG_QUEUE_SIZE, size);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
	return driver_get(d, VIRTIO_REG_QUEUE_ENABLE);
}

static void check_sizes(struct driver *d)
{
	for (u32 size = 0; size < 0x10000; size = size < 520 ? size + 1 : size * 2)
		assert_int_equal(try_queue(d, BENCH_RAM_BASE, BENCH_RAM_BASE + 0x8000,
					   BENCH_RAM_BASE + 0x10000, size),
				 size && size <= 256 && !(size & (size - 1)));
}

static void a_queue_size_is_a_power_of_two_up_to_the_largest(void **state)
{
	on_toys(check_sizes);
	(void)state;
}

static void check_places(struct driver *d)
{
	/* Columns: for 8 descriptors, the bytes of each part and its alignment. */
	static const struct {
		u64 bytes, align;
	} part[] = { { 128, 16 }, { 22, 2 }, { 70, 4 } };
	static const u64 bad[] = { 0,       HOLE_AT,         BENCH_BASE,   ECAM_AT, BAR_AT,
				   RAM_END, UINT64_MAX - 15, (u64)1 << 63, 1 << 16, (u64)1 << 32 };
	u64 good[3] = { BENCH_RAM_BASE, BENCH_RAM_BASE + 0x1000, BENCH_RAM_BASE + 0x2000 };

	for (u32 p = 0; p < 3; p++) {
		u64 at[3] = { good[0], good[1], good[2] };
		u64 last = RAM_END - align_up(part[p].bytes, part[p].align);

		for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
			at[p] = bad[i];
			assert_false(try_queue(d, at[0], at[1], at[2], 8));
		}
		for (u64 off = 1; off < 2 * part[p].align; off++) {
			at[p] = good[p] + off;
			assert_int_equal(try_queue(d, at[0], at[1], at[2], 8),
					 off % part[p].align == 0);
		}
		at[p] = last;
		assert_true(try_queue(d, at[0], at[1], at[2], 8));
		at[p] = last + part[p].align;
		assert_false(try_queue(d, at[0], at[1], at[2], 8));
		at[p] = BENCH_RAM_BASE - part[p].align;
		assert_false(try_queue(d, at[0], at[1], at[2], 8));
	}
}

static void a_queue_must_be_aligned_and_in_ram_to_its_last_byte(void **state)
{
	on_toys(check_places);
	(void)state;
}

static void check_latched(struct driver *d)
{
	struct virtq before;

	driver_start(d, 0, 1, 64);
	before = d->v->q[0];
	driver_place_queue(d, 0, HOLE_AT, HOLE_AT, HOLE_AT);
	driver_put(d, VIRTIO_REG_QUEUE_SIZE, 256);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
	assert_memory_equal(&before, &d->v->q[0], sizeof(before));
}

static void an_enabled_queue_does_not_move(void **state)
{
	on_toys(check_latched);
	(void)state;
}

static void check_no_such_queue(struct driver *d)
{
	driver_negotiate(d, F_VERSION_1);
	for (u32 q = QUEUES; q < 0x10000; q = q * 2 + 1) {
		driver_place_queue(d, q, BENCH_RAM_BASE, BENCH_RAM_BASE, BENCH_RAM_BASE);
		assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_SIZE_MAX), 0);
		driver_put(d, VIRTIO_REG_QUEUE_SIZE, 8);
		driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
		assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 0);
		if (q < 1024)
			driver_kick(d, q);
	}
	driver_put(d, VIRTIO_REG_QUEUE_SEL, 0);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_SIZE_MAX), 256);
	assert_int_equal(toy(d)->kicks[0] + toy(d)->kicks[1] + toy(d)->kicks[2], 0);
}

static void a_queue_that_is_not_there_has_size_zero(void **state)
{
	on_toys(check_no_such_queue);
	(void)state;
}

static void check_kicks(struct driver *d)
{
	driver_negotiate(d, F_VERSION_1);
	driver_queue(d, 1, 8);
	driver_kick(d, 1);
	assert_int_equal(toy(d)->kicks[1], 0); /* not before DRIVER_OK */
	driver_set_status(d, 0xf);
	assert_int_equal(toy(d)->kicks[1], 1); /* what was made available before */
	driver_kick(d, 1);
	driver_kick(d, 0);
	assert_int_equal(toy(d)->kicks[1], 2);
	assert_int_equal(toy(d)->kicks[0], 0); /* not enabled */
	driver_set_status(d, 0x8f);
	driver_kick(d, 1);
	assert_int_equal(toy(d)->kicks[1], 2);
}

static void a_kick_is_heard_while_the_queue_runs(void **state)
{
	on_toys(check_kicks);
	(void)state;
}

static void check_disable(struct driver *d)
{
	struct vchain c;

	driver_start(d, 0, 1, 8);
	add_chain(d, 0, &(struct buffer){ DATA_AT, 4, true }, 1);
	device_lock(d->dev);
	d->v->budget = 1;
	assert_true(virtq_pop(d->v, 0, &c));
	device_unlock(d->dev);
	driver_put(d, VIRTIO_REG_QUEUE_SEL, 0);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 0);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 1); /* one is in flight */
	device_lock(d->dev);
	virtq_push(d->v, &c, 4);
	device_unlock(d->dev);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 0);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
	driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 0);
	assert_int_equal(driver_get(d, VIRTIO_REG_QUEUE_ENABLE), 0);
}

static void a_disabled_queue_reads_zero_when_nothing_is_in_flight(void **state)
{
	on_toys(check_disable);
	(void)state;
}

/* -- Configuration and interrupts
 * ------------------------------------------------------------------ */

static void check_config(struct driver *d)
{
	for (u32 i = 0; i < 12; i++)
		toy(d)->config[i] = (u8)(0x10 + i);
	assert_int_equal(driver_config(d, 3, 1), 0x13);
	assert_int_equal(driver_config(d, 2, 2), 0x1312);
	assert_int_equal(driver_config(d, 8, 4), 0x1b1a1918);
	assert_int_equal(driver_config(d, 0, 8), 0x1716151413121110);
	assert_int_equal(driver_config(d, 12, 4), 0);
	assert_int_equal(driver_config(d, 0xf8, 8), 0);
	driver_set_config(d, 4, 2, 0xbeef);
	assert_int_equal(driver_config(d, 4, 4), 0x1716beef);
	driver_set_config(d, 12, 4, 0xffffffff);
	driver_set_config(d, 0xfc, 1, 0xff);
}

static void configuration_is_read_in_any_width_and_ends(void **state)
{
	on_toys(check_config);
	(void)state;
}

static void change(struct driver *d)
{
	device_lock(d->dev);
	virtio_config_changed(d->v);
	device_changed(d->dev);
	device_unlock(d->dev);
}

static void check_generation(struct driver *d)
{
	u32 before = driver_get(d, VIRTIO_REG_CONFIG_GENERATION);

	change(d);
	assert_int_not_equal(driver_get(d, VIRTIO_REG_CONFIG_GENERATION), before);
	assert_int_equal(driver_take_isr(d), 0); /* nobody is told before DRIVER_OK */
	driver_start(d, 0, 1, 8);
	change(d);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 2);
	assert_false(driver_line(d));
	assert_int_equal(driver_take_isr(d), 0);
}

static void a_change_of_configuration_has_a_new_generation_and_interrupts(void **state)
{
	on_toys(check_generation);
	(void)state;
}

static void check_broken(struct driver *d)
{
	driver_start(d, 0, 1, 8);
	device_lock(d->dev);
	virtio_broken(d->v, "a test says so");
	device_changed(d->dev);
	device_unlock(d->dev);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 2);
	driver_kick(d, 0);
	assert_int_equal(toy(d)->kicks[0], 1); /* the one of DRIVER_OK */
}

static void needs_reset_is_a_change_of_configuration_and_stops_queues(void **state)
{
	on_toys(check_broken);
	(void)state;
}

/* -- Wild accesses
 * ----------------------------------------------------------------------------------- */

static void check_wild(struct driver *d)
{
	u32 seed = 3;

	for (u32 i = 0; i < 100000; i++) {
		u32 width = 1u << xorshift(&seed) % 4;
		u32 off = xorshift(&seed) % (d->pci ? 0x4000 : 0x200) & ~(width - 1);
		u64 v = xorshift(&seed);
		u64 at = (d->pci ? BAR_AT : BENCH_BASE) + off;

		if (d->pci && seed & 3)
			at = BAR_AT + (off & 0x3f & ~(width - 1));
		if (seed & 8)
			v &= 0xf;
		if (seed & 16)
			hart_load(d->b, at, width);
		else
			hart_store(d->b, at, width, v);
	}
	driver_set_status(d, 0);
	driver_start(d, 0, QUEUES, 8);
}

static void a_hundred_thousand_wild_accesses_do_no_harm(void **state)
{
	on_toys(check_wild);
	(void)state;
}

static void the_mmio_window_has_magic_version_and_no_shared_memory(void **state)
{
	struct bench *b = bench_new();
	struct driver d;

	driver_init(&d, b, &toy_class, "", false);
	assert_int_equal(rd(d.dev, 0x000), 0x74726976);
	assert_int_equal(rd(d.dev, 0x004), 2);
	assert_int_equal(rd(d.dev, 0x008), 42);
	for (u32 off = 0xb0; off < 0xc0; off += 4)
		assert_int_equal(rd(d.dev, off), 0xffffffff);
	assert_int_equal(rd(d.dev, 0x100 - 8), 0);
	assert_int_equal(device_read(d.dev, 0x000, 2), 0); /* words only */
	bench_end(b);
	(void)state;
}

/* -- PCI alone
 * ------------------------------------------------------------------------------------------ */

static u32 vendor_capability(struct driver *d, u32 type)
{
	for (u32 at = cfg(d, 0x34, 1); at; at = cfg(d, at + 1, 1))
		if (cfg(d, at, 1) == 9 && cfg(d, at + 3, 1) == type)
			return at;
	return 0;
}

static void the_capabilities_lead_to_the_structures(void **state)
{
	/* Columns: type, its offset, its smallest length (section 4.1.4). */
	static const u32 want[][3] = {
		{ 1, 0x0000, 0x38 }, { 2, 0x3000, QUEUES * 4 }, { 3, 0x1000, 1 }, { 4, 0x2000, 12 }
	};
	struct bench *b = bench_new();
	struct driver d;

	driver_init(&d, b, &toy_class, "", true);
	assert_int_equal(cfg(&d, 0, 4), 0x106a1af4); /* 0x1040 + 42 */
	assert_true(cfg(&d, 8, 1) >= 1);
	for (u32 i = 0; i < ARRAY_LEN(want); i++) {
		u32 at = vendor_capability(&d, want[i][0]);

		assert_true(at);
		assert_int_equal(cfg(&d, at + 4, 1), 0);
		assert_int_equal(cfg(&d, at + 8, 4), want[i][1]);
		assert_true(cfg(&d, at + 12, 4) >= want[i][2]);
		assert_true(cfg(&d, at + 2, 1) >= 16);
	}
	assert_int_equal(cfg(&d, vendor_capability(&d, 2) + 16, 4), 4);
	assert_int_equal(driver_get(&d, VIRTIO_REG_QUEUES), QUEUES);
	for (u32 q = 0; q < QUEUES; q++) {
		driver_put(&d, VIRTIO_REG_QUEUE_SEL, q);
		assert_int_equal(hart_load(b, BAR_AT + 0x1e, 2), q);
	}
	bench_end(b);
	(void)state;
}

static void the_window_in_configuration_space_reaches_the_registers(void **state)
{
	struct bench *b = bench_new();
	struct driver d;
	u32 cap;

	driver_init(&d, b, &toy_class, "", true);
	cap = vendor_capability(&d, 5);
	set_cfg(&d, 4, 2, 0x4); /* with decode off, too */
	set_cfg(&d, cap + 4, 1, 0);
	set_cfg(&d, cap + 8, 4, 0x14);
	set_cfg(&d, cap + 12, 4, 1);
	set_cfg(&d, cap + 16, 4, 0x03);
	assert_int_equal(d.v->status, 3);
	assert_int_equal(cfg(&d, cap + 16, 4), 3);
	set_cfg(&d, cap + 8, 4, 0x16);
	set_cfg(&d, cap + 12, 4, 2);
	set_cfg(&d, cap + 16, 2, 2);
	assert_int_equal(d.v->queue_sel, 2);

	memset(toy(&d)->config, 0xff, 12);
	for (u32 i = 0; i < 5; i++) { /* wrong BAR, offset, length, alignment */
		static const u32 bad[][3] = { { 1, 0x14, 1 },
					      { 0, 0x4000, 4 },
					      { 0, 0x14, 8 },
					      { 0, 0x15, 2 },
					      { 0, 0x2001, 2 } };

		set_cfg(&d, cap + 4, 1, bad[i][0]);
		set_cfg(&d, cap + 8, 4, bad[i][1]);
		set_cfg(&d, cap + 12, 4, bad[i][2]);
		set_cfg(&d, cap + 16, 4, 0xffffffff);
		assert_int_equal(cfg(&d, cap + 16, 4), 0);
		assert_int_equal(d.v->status, 3);
	}
	bench_end(b);
	(void)state;
}

static u32 messages[4];

static void count_msi(void *ctx, u64 address, u32 data)
{
	(void)ctx;
	(void)address;
	messages[data]++;
}

static void with_msix_each_queue_has_its_own_message(void **state)
{
	struct bench *b = bench_new();
	struct driver d;
	u32 cap;

	memset(messages, 0, sizeof(messages));
	b->machine.msi = count_msi;
	driver_init(&d, b, &toy_class, "", true);
	for (u32 i = 0; i < 4; i++) {
		hart_store(b, MSIX_AT + 16 * (u64)i + 8, 4, i);
		hart_store(b, MSIX_AT + 16 * (u64)i + 12, 4, 0);
	}
	for (cap = cfg(&d, 0x34, 1); cap && cfg(&d, cap, 1) != 0x11;)
		cap = cfg(&d, cap + 1, 1);
	assert_true(cap);
	set_cfg(&d, cap + 2, 2, 0x8000);

	driver_negotiate(&d, F_VERSION_1);
	driver_queue(&d, 0, 8);
	assert_int_equal(driver_get(&d, VIRTIO_REG_CONFIG_VECTOR), 0xffff);
	driver_put(&d, VIRTIO_REG_CONFIG_VECTOR, 4);
	assert_int_equal(driver_get(&d, VIRTIO_REG_CONFIG_VECTOR), 0xffff);
	driver_put(&d, VIRTIO_REG_CONFIG_VECTOR, 3);
	assert_int_equal(driver_get(&d, VIRTIO_REG_CONFIG_VECTOR), 3);
	driver_put(&d, VIRTIO_REG_QUEUE_SEL, 0);
	driver_put(&d, VIRTIO_REG_QUEUE_VECTOR, 1);
	driver_set_status(&d, 0xf);

	change(&d);
	assert_int_equal(messages[3], 1);
	device_lock(d.dev);
	virtio_interrupt(d.v, 1, d.v->q[0].vector);
	device_unlock(d.dev);
	assert_int_equal(messages[1], 1);
	assert_false(driver_line(&d));
	bench_end(b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_status_transitions_holds),
		cmocka_unit_test(every_write_in_every_state_does_what_the_rules_say),
		cmocka_unit_test(needs_reset_stays_until_a_reset),
		cmocka_unit_test(driver_ok_is_told_once),
		cmocka_unit_test(a_reset_leaves_nothing_behind),
		cmocka_unit_test(feature_words_above_one_read_zero_and_take_nothing),
		cmocka_unit_test(features_do_not_change_after_features_ok),
		cmocka_unit_test(each_feature_that_was_not_offered_is_refused),
		cmocka_unit_test(a_queue_size_is_a_power_of_two_up_to_the_largest),
		cmocka_unit_test(a_queue_must_be_aligned_and_in_ram_to_its_last_byte),
		cmocka_unit_test(an_enabled_queue_does_not_move),
		cmocka_unit_test(a_queue_that_is_not_there_has_size_zero),
		cmocka_unit_test(a_kick_is_heard_while_the_queue_runs),
		cmocka_unit_test(a_disabled_queue_reads_zero_when_nothing_is_in_flight),
		cmocka_unit_test(configuration_is_read_in_any_width_and_ends),
		cmocka_unit_test(a_change_of_configuration_has_a_new_generation_and_interrupts),
		cmocka_unit_test(needs_reset_is_a_change_of_configuration_and_stops_queues),
		cmocka_unit_test(a_hundred_thousand_wild_accesses_do_no_harm),
		cmocka_unit_test(the_mmio_window_has_magic_version_and_no_shared_memory),
		cmocka_unit_test(the_capabilities_lead_to_the_structures),
		cmocka_unit_test(the_window_in_configuration_space_reaches_the_registers),
		cmocka_unit_test(with_msix_each_queue_has_its_own_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
