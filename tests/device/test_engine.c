/* What the engine promises a device model, shown with a model that exists only here. */
#include "bench.h"

#include <pthread.h>

/* -- A device with one of everything ------------------------------------------------ */

struct box {
	struct device dev;
	struct wire out[3];
	struct chardev *host;
	struct block *disk;
	u32 plain, part, clear_me, read_me, write_me, hooked, follow, alarm, pulse;
	u64 wide;
	u8 small;
	u32 limited;
	bool flag;

	/* what happened, which a reset does not clear */
	u32 updates, resets, fires, timers, inputs, done, received;
	bool level_seen[4];
	u8 text[64];
};

static void box_update(struct device *dev)
{
	struct box *b = (struct box *)dev;

	b->updates++;
	wire_set(dev, &b->out[0], b->follow & 1);
	wire_set(dev, &b->out[1], b->follow & 2);
	if (b->alarm)
		timer_at(dev, b->alarm);
}

static void box_reset(struct device *dev)
{
	((struct box *)dev)->resets++;
}

static void box_timer(struct device *dev)
{
	struct box *b = (struct box *)dev;

	b->fires++;
	if (b->alarm && clock_ns(dev) >= b->alarm) {
		b->timers++;
		b->alarm = 0;
	}
}

/* Line 0 only looks; line 1 is an inverter: it comes out upside down at out 0. */
static void box_input(struct device *dev, u32 line, bool level)
{
	struct box *b = (struct box *)dev;

	b->inputs++;
	b->level_seen[line] = level;
	if (line == 1)
		b->follow = !level;
}

static u64 box_on_read(struct device *dev)
{
	return ((struct box *)dev)->hooked | (u64)0xff << 32;
}

static void box_on_write(struct device *dev, u64 value)
{
	((struct box *)dev)->hooked = (u32)value + 1;
}

/* Against the rules: update() does not know of it. */
static void box_pulse(struct device *dev, u64 value)
{
	wire_set(dev, &((struct box *)dev)->out[2], value);
}

static u64 box_read(struct device *dev, u64 off, u32 width)
{
	(void)dev;
	return off << 8 | width;
}

static u32 box_room(struct device *dev, const struct chardev *from)
{
	(void)from;
	return (u32)sizeof(((struct box *)dev)->text) - ((struct box *)dev)->received;
}

static void box_receive(struct device *dev, const struct chardev *from, const u8 *bytes, u32 n)
{
	struct box *b = (struct box *)dev;

	assert_in_range(n, 0, box_room(dev, from));
	memcpy(b->text + b->received, bytes, n);
	b->received += n;
}

/* clang-format off */
#define SELF struct box

static const struct device_class box_class = {
	.name = "box", .doc = "a box", .size = sizeof(SELF), .mmio_size = 0x1000,
	.update = box_update, .reset = box_reset, .timer = box_timer, .input = box_input,
	.read = box_read, .room = box_room, .receive = box_receive,

	.props = PROPS(PROP_OUTPUTS(out, .doc = "three"), PROP_CHARDEV(host, .doc = "line"),
		       PROP_BLOCK(disk, .doc = "disk")),

	.state = STATE(FIELD_MAX(limited, 7), FIELD(flag)),

	.regs = REGS(
		REG(0x00, plain,    RW, .reset = 0x11223344),
		REG(0x04, part,     RW, .mask = 0x00ffff00),
		REG(0x08, clear_me, W1C, .reset = 0xffffffff),
		REG(0x0c, read_me,  RO, .reset = 5),
		REG(0x10, write_me, WO),
		REG(0x14, hooked,   RW, .on_read = box_on_read, .on_write = box_on_write),
		REG64(0x18, wide,   RW),
		REG8(0x20, small,   RW),
		REG(0x24, follow,   RW),
		REG(0x28, alarm,    RW),
		REG(0x2c, pulse,    WO, .on_write = box_pulse)),
};
/* clang-format on */

static struct box *box_on(struct bench *b)
{
	struct err e = { 0 };
	struct device *dev = bench_class(b, &box_class, "", &e);

	assert_non_null(dev);
	return (struct box *)dev;
}

static struct box *box_new(void)
{
	return box_on(bench_new());
}

static void box_free(struct box *b)
{
	bench_free(&b->dev);
}

/* -- Registers ------------------------------------------------------------------------ */

static void a_narrow_access_reaches_its_part_of_a_register(void **state)
{
	struct box *b = box_new();

	assert_int_equal(rd8(&b->dev, 1), 0x33);
	assert_int_equal(device_read(&b->dev, 2, 2), 0x1122);
	wr8(&b->dev, 3, 0xaa);
	assert_int_equal(rd(&b->dev, 0), 0xaa223344);
	device_write(&b->dev, 0x1c, 4, 0x55667788);
	assert_true(device_read(&b->dev, 0x18, 8) == (u64)0x55667788 << 32);
	device_write(&b->dev, 0x06, 2, 0xffff); /* the mask covers one of the two */
	assert_int_equal(rd(&b->dev, 4), 0x00ff0000);
	wr8(&b->dev, 0x09, 0x0f);
	assert_int_equal(rd(&b->dev, 8), 0xfffff0ff);
	assert_int_equal(device_guest_errors(&b->dev), 0);
	box_free(b);
	(void)state;
}

static void a_wide_access_reaches_nothing(void **state)
{
	struct box *b = box_new();

	assert_int_equal(device_read(&b->dev, 0, 8), 0);
	device_write(&b->dev, 0, 8, UINT64_MAX);
	assert_int_equal(b->plain, 0x11223344);
	assert_int_equal(b->part, 0);
	assert_int_equal(device_guest_errors(&b->dev), 2);
	box_free(b);
	(void)state;
}

static void a_hook_stands_for_the_whole_register(void **state)
{
	struct box *b = box_new();

	wr(&b->dev, 0x14, 6);
	assert_int_equal(device_read(&b->dev, 0x14, 4), 7); /* and no bits above its width */
	wr8(&b->dev, 0x14, 9);
	assert_int_equal(rd8(&b->dev, 0x14), 0);
	assert_int_equal(b->hooked, 7);
	assert_int_equal(device_guest_errors(&b->dev), 2);
	box_free(b);
	(void)state;
}

static void the_access_of_a_row_is_kept(void **state)
{
	struct box *b = box_new();

	wr(&b->dev, 0x0c, 9);
	assert_int_equal(rd(&b->dev, 0x0c), 5);
	wr(&b->dev, 0x10, 9);
	assert_int_equal(b->write_me, 9);
	assert_int_equal(rd(&b->dev, 0x10), 0);
	wr(&b->dev, 8, 0x0000ff00);
	assert_int_equal(rd(&b->dev, 8), 0xffff00ff);
	box_free(b);
	(void)state;
}

static void offsets_without_a_row_go_to_the_read_hook(void **state)
{
	struct box *b = box_new();

	assert_int_equal(device_read(&b->dev, 0x100, 4), 0x10004);
	assert_int_equal(device_read(&b->dev, 0x100, 1), 0x01); /* and no bits above */
	device_write(&b->dev, 0x100, 4, 1);                     /* there is no write hook */
	assert_int_equal(device_guest_errors(&b->dev), 1);
	box_free(b);
	(void)state;
}

static void a_hart_reaches_the_window_through_memory(void **state)
{
	struct box *b = box_new();
	struct mem *m = bench_of(&b->dev)->machine.mem;
	u64 v;

	assert_true(mem_io_write(m, NULL, BENCH_BASE, 4, 77));
	assert_true(mem_io_read(m, NULL, BENCH_BASE, 4, &v));
	assert_int_equal(v, 77);
	assert_false(mem_io_read(m, NULL, BENCH_BASE + 0x1000, 4, &v));
	box_free(b);
	(void)state;
}

static void update_follows_every_write_timer_and_input(void **state)
{
	struct box *b = box_new();
	u32 n = b->updates;

	wr(&b->dev, 0, 1);
	assert_int_equal(b->updates, n + 1);
	device_input(&b->dev, 0, true);
	assert_int_equal(b->updates, n + 2);
	bench_type(&b->dev, "x");
	assert_int_equal(b->updates, n + 3);
	wr(&b->dev, 0x28, 10);
	bench_advance(bench_of(&b->dev), 20);
	assert_int_equal(b->updates, n + 5);
	rd(&b->dev, 0);
	assert_int_equal(b->updates, n + 5);
	box_free(b);
	(void)state;
}

/* -- Wires ------------------------------------------------------------------------------ */

static void a_wire_carries_its_level_to_the_listener(void **state)
{
	struct box *a = box_new(), *b = box_on(bench_of(&a->dev));

	wire_connect(device_wire(&a->dev, "out", 1), &b->dev, 3);
	wr(&a->dev, 0x24, 2);
	assert_true(b->level_seen[3]);
	assert_int_equal(b->inputs, 1);
	wr(&a->dev, 0x24, 3); /* the other output: nothing new here */
	assert_int_equal(b->inputs, 1);
	wr(&a->dev, 0x24, 0);
	assert_false(b->level_seen[3]);
	assert_null(device_wire(&a->dev, "out", 3));
	assert_null(device_wire(&a->dev, "host", 0));
	box_free(a);
	(void)state;
}

static void wires_may_form_a_chain_through_devices(void **state)
{
	struct box *a = box_new(), *b = box_on(bench_of(&a->dev)), *c = box_on(bench_of(&a->dev));

	wire_connect(device_wire(&a->dev, "out", 0), &b->dev, 1);
	wire_connect(device_wire(&b->dev, "out", 0), &c->dev, 0);
	device_settle(&a->dev);
	assert_true(c->level_seen[0]); /* low, inverted */
	wr(&a->dev, 0x24, 1);
	assert_false(c->level_seen[0]);
	box_free(a);
	(void)state;
}

static void a_loop_of_wires_ends_and_is_counted(void **state)
{
	struct box *a = box_new();

	wire_connect(device_wire(&a->dev, "out", 0), &a->dev, 1); /* an inverter on itself */
	wr(&a->dev, 0x24, 1);
	assert_true(device_guest_errors(&a->dev) > 0);
	assert_in_range(a->inputs, 2, 5000);
	box_free(a);
	(void)state;
}

static void a_reset_lowers_every_wire_and_settle_repeats_every_level(void **state)
{
	struct box *a = box_new(), *b = box_on(bench_of(&a->dev));

	wire_connect(device_wire(&a->dev, "out", 0), &b->dev, 0);
	wr(&a->dev, 0x24, 1);
	b->level_seen[0] = false; /* it has forgotten */
	device_settle(&a->dev);
	assert_true(b->level_seen[0]);
	wr(&a->dev, 0x2c, 1);
	device_reset(&a->dev);
	assert_false(b->level_seen[0]);
	assert_false(device_wire(&a->dev, "out", 2)->level);
	box_free(a);
	(void)state;
}

/* -- Time --------------------------------------------------------------------------------- */

static void a_timer_fires_at_its_time_and_not_after_it_was_disarmed(void **state)
{
	struct box *b = box_new();
	struct bench *on = bench_of(&b->dev);

	wr(&b->dev, 0x28, 100);
	bench_advance(on, 99);
	assert_int_equal(b->timers, 0);
	bench_advance(on, 1);
	assert_int_equal(b->timers, 1);
	wr(&b->dev, 0x28, 200);
	wr(&b->dev, 0x28, 300); /* arming again moves it */
	bench_advance(on, 150);
	assert_int_equal(b->timers, 1);
	device_reset(&b->dev);
	bench_advance(on, 1000);
	assert_int_equal(b->fires, 1);
	box_free(b);
	(void)state;
}

static void a_clock_that_jumps_makes_every_timer_look_again(void **state)
{
	struct box *b = box_new();
	struct bench *on = bench_of(&b->dev);
	u32 updates;

	wr(&b->dev, 0x28, 1000);
	updates = b->updates;
	timers_recheck(on->machine.timers);
	timers_run_at(on->machine.timers, on->now);
	assert_int_equal(b->timers, 0); /* it looked, and waits on */
	assert_int_equal(b->updates, updates + 1);
	bench_advance(on, 1000);
	assert_int_equal(b->timers, 1);
	box_free(b);
	(void)state;
}

struct fired {
	u32 n, slot[1000];
};

static void on_slot(void *ctx, u32 slot)
{
	struct fired *f = ctx;

	f->slot[f->n++] = slot;
}

static void deadlines_come_in_order_however_they_were_set(void **state)
{
	enum { SLOTS = 200 };
	struct timers *t = timers_new(NULL, NULL);
	struct fired f = { 0 };
	u64 at[SLOTS], last = 0;
	u32 seed = 99, armed = 0;

	timers_slots(t, SLOTS, on_slot, &f);
	for (u32 i = 0; i < 5 * SLOTS; i++) {
		u32 slot = xorshift(&seed) % SLOTS;
		bool off = xorshift(&seed) % 4 == 0;

		if (i < SLOTS)
			slot = i;
		at[slot] = off ? NEVER_NS : 1 + xorshift(&seed) % 1000;
		timers_slot_at(t, slot, at[slot]);
	}
	for (u32 i = 0; i < SLOTS; i++)
		armed += at[i] != NEVER_NS;
	while (f.n < armed) {
		u64 next = timers_run_at(t, last);
		u32 before = f.n;

		assert_true(next > last && next != NEVER_NS);
		assert_true(timers_run_at(t, next) > next);
		for (u32 i = before; i < f.n; i++)
			assert_int_equal(at[f.slot[i]], next);
		last = next;
	}
	assert_true(timers_run_at(t, 2000) == NEVER_NS);
	timers_free(t);
	(void)state;
}

static void the_waiter_wakes_only_for_an_earlier_deadline(void **state)
{
	struct box *a = box_new(), *b = box_on(bench_of(&a->dev));
	struct bench *on = bench_of(&a->dev);

	wr(&a->dev, 0x28, 1000);
	assert_int_equal(on->wakes, 1);
	wr(&b->dev, 0x28, 2000);
	assert_int_equal(on->wakes, 1);
	wr(&b->dev, 0x28, 500);
	assert_int_equal(on->wakes, 2);
	wr(&b->dev, 0, 0); /* armed again for the same time */
	assert_int_equal(on->wakes, 2);
	box_free(a);
	(void)state;
}

/* -- State ---------------------------------------------------------------------------------- */

static void a_number_above_its_limit_is_refused_and_nothing_is_taken(void **state)
{
	struct box *b = box_new();
	size_t n = device_save(&b->dev, NULL, 0);
	u8 *buf = xzalloc(n);
	struct err e;

	b->limited = 7;
	device_save(&b->dev, buf, n);
	assert_true(device_restore(&b->dev, buf, n, &e));
	buf[0] ^= 1; /* of `plain`, which comes first */
	buf[n - 5] = 8;
	assert_false(device_restore(&b->dev, buf, n, &e));
	assert_string_equal(e.text, "dut: limited is out of range");
	assert_int_equal(b->plain, 0x11223344);
	buf[n - 5] = 7;
	buf[n - 1] = 2; /* no bool */
	assert_false(device_restore(&b->dev, buf, n, &e));
	assert_false(device_restore(&b->dev, buf, n + 1, &e));
	free(buf);
	box_free(b);
	(void)state;
}

static void restoring_arms_timers_and_sets_wires(void **state)
{
	struct box *a = box_new(), *b = box_new();
	size_t n = device_save(&a->dev, NULL, 0);
	u8 *buf = xzalloc(n);
	struct err e;

	wr(&a->dev, 0x24, 1);
	wr(&a->dev, 0x28, 100);
	device_save(&a->dev, buf, n);
	assert_true(device_restore(&b->dev, buf, n, &e));
	assert_true(device_wire(&b->dev, "out", 0)->level);
	bench_advance(bench_of(&b->dev), 100);
	assert_int_equal(b->timers, 1);
	free(buf);
	box_free(a);
	box_free(b);
	(void)state;
}

/* -- Guests that break rules ------------------------------------------------------------------ */

static void count_line(void *ctx, enum log_level level, const char *line)
{
	++*(u32 *)ctx;
	assert_int_equal(level, LOG_WARNING);
	assert_true(text_starts(line, "dut: guest: "));
}

static void a_flood_of_mistakes_is_counted_but_not_logged(void **state)
{
	struct box *b = box_new();
	u32 lines = 0;

	log_sink(count_line, &lines);
	for (u32 i = 0; i < 100000; i++)
		device_write(&b->dev, 0x100, 4, i);
	log_sink(NULL, NULL);
	assert_int_equal(device_guest_errors(&b->dev), 100000);
	assert_in_range(lines, 1, 40);
	box_free(b);
	(void)state;
}

static void dma_reaches_all_of_ram_and_nothing_else(void **state)
{
	struct box *b = box_new();
	struct device *dev = &b->dev;
	u64 end = BENCH_RAM_BASE + (u64)BENCH_RAM_SIZE;
	u8 bytes[16] = "0123456789abcde";
	u16 v = 0;

	assert_true(dma_write(dev, end - 16, bytes, 16));
	assert_true(dma_read(dev, end - 16, bytes, 16));
	assert_non_null(dma_slice(dev, BENCH_RAM_BASE, BENCH_RAM_SIZE));
	assert_false(dma_write(dev, end - 15, bytes, 16));
	assert_false(dma_read(dev, BENCH_RAM_BASE - 1, bytes, 16));
	assert_false(dma_read(dev, UINT64_MAX - 3, bytes, 16));
	assert_false(dma_write(dev, BENCH_BASE, bytes, 4)); /* its own window */
	assert_null(dma_slice(dev, BENCH_RAM_BASE, UINT64_MAX));
	assert_true(dma_store16(dev, BENCH_RAM_BASE + 2, 0xabcd));
	assert_true(dma_load16(dev, BENCH_RAM_BASE + 2, &v));
	assert_int_equal(v, 0xabcd);
	assert_false(dma_load16(dev, BENCH_RAM_BASE + 1, &v));
	box_free(b);
	(void)state;
}

static void a_device_that_may_not_be_master_reaches_no_memory(void **state)
{
	struct box *b = box_new();
	u8 byte = 0;
	u16 v;

	b->dev.engine->dma_blocked = true;
	assert_false(dma_read(&b->dev, BENCH_RAM_BASE, &byte, 1));
	assert_false(dma_write(&b->dev, BENCH_RAM_BASE, &byte, 1));
	assert_null(dma_slice(&b->dev, BENCH_RAM_BASE, 1));
	assert_false(dma_load16(&b->dev, BENCH_RAM_BASE, &v));
	assert_false(dma_store16(&b->dev, BENCH_RAM_BASE, 1));
	box_free(b);
	(void)state;
}

/* -- Back ends ----------------------------------------------------------------------------------
 */

static void a_device_never_gets_more_bytes_than_it_has_room_for(void **state)
{
	struct box *b = box_new();
	u8 many[200] = { 0 };

	b->host->receive(b->host->ctx, many, sizeof(many));
	assert_int_equal(b->received, sizeof(b->text));
	assert_int_equal(b->host->room(b->host->ctx), 0);
	box_free(b);
	(void)state;
}

static void box_done(struct block_req *req)
{
	struct box *b = (struct box *)req->dev;

	b->done++;
	b->follow = 1; /* the lock is held, and update() follows */
}

static void without_a_disk_every_request_fails(void **state)
{
	struct box *b = box_new();
	struct block_req req = { .op = BLOCK_READ, .done = box_done };

	assert_int_equal(block_size(b->disk), 0);
	assert_true(block_read_only(b->disk));
	device_lock(&b->dev);
	block_submit(b->disk, &req);
	assert_int_equal(b->done, 0); /* never inside a hook */
	device_unlock(&b->dev);
	assert_int_equal(b->done, 1);
	assert_int_equal(req.status, BLOCK_IOERR);
	assert_true(device_wire(&b->dev, "out", 0)->level);
	box_free(b);
	(void)state;
}

/* A disk whose requests a thread finishes, when it is told to. */
struct slow_disk {
	struct block block;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct block_req *queue;
	bool hold, stop;
	u32 finished;
	pthread_t thread;
};

static void slow_submit(struct block *block, struct block_req *req)
{
	struct slow_disk *d = (struct slow_disk *)block;

	pthread_mutex_lock(&d->lock);
	req->next = d->queue;
	d->queue = req;
	pthread_cond_signal(&d->more);
	pthread_mutex_unlock(&d->lock);
}

static void slow_drain(struct block *block)
{
	struct slow_disk *d = (struct slow_disk *)block;

	pthread_mutex_lock(&d->lock);
	d->hold = false;
	pthread_cond_signal(&d->more);
	pthread_mutex_unlock(&d->lock);
}

static void *slow_run(void *ctx)
{
	struct slow_disk *d = ctx;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		struct block_req *req = d->hold ? NULL : d->queue;

		if (!req) {
			pthread_cond_wait(&d->more, &d->lock);
			continue;
		}
		d->queue = req->next;
		d->finished++;
		pthread_mutex_unlock(&d->lock);
		req->status = BLOCK_OK;
		d->block.complete(d->block.ctx, req);
		pthread_mutex_lock(&d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void slow_start(struct slow_disk *d)
{
	static const struct block_ops ops = { .submit = slow_submit, .drain = slow_drain };

	d->block.ops = &ops;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->more, NULL);
	assert_int_equal(pthread_create(&d->thread, NULL, slow_run, d), 0);
}

static void slow_stop(struct slow_disk *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->more);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->more);
}

static u32 done_so_far(struct box *b)
{
	u32 n;

	device_lock(&b->dev);
	n = b->done;
	device_unlock(&b->dev);
	return n;
}

static void every_request_is_done_once_while_others_hold_the_lock(void **state)
{
	enum { N = 2000 };
	struct slow_disk d = { 0 };
	struct bench *on = bench_new();
	struct block_req *req = xcalloc(N, sizeof(*req));
	struct box *b;

	slow_start(&d);
	on->disk = &d.block;
	b = box_on(on);
	for (u32 i = 0; i < N; i++) {
		req[i].done = box_done;
		device_lock(&b->dev);
		block_submit(b->disk, &req[i]);
		device_unlock(&b->dev);
	}
	while (done_so_far(b) < N)
		;
	slow_stop(&d);
	assert_int_equal(done_so_far(b), N);
	box_free(b);
	free(req);
	(void)state;
}

static void a_reset_waits_for_the_disk_and_drops_its_answers(void **state)
{
	struct slow_disk d = { .hold = true };
	struct bench *on = bench_new();
	struct block_req req[5] = { 0 };
	struct box *b;

	slow_start(&d);
	on->disk = &d.block;
	b = box_on(on);
	pthread_mutex_lock(&d.lock);
	d.hold = true; /* the first reset has let it go */
	pthread_mutex_unlock(&d.lock);
	for (u32 i = 0; i < ARRAY_LEN(req); i++) {
		req[i].done = box_done;
		device_lock(&b->dev);
		block_submit(b->disk, &req[i]);
		device_unlock(&b->dev);
	}
	device_reset(&b->dev);
	slow_stop(&d);
	assert_int_equal(d.finished, ARRAY_LEN(req)); /* all of them, before reset returned */
	assert_int_equal(b->done, 0);
	box_free(b);
	(void)state;
}

/* -- Threads --------------------------------------------------------------------------------------
 */

struct crowd {
	struct box *box;
	struct device *plic;
	_Atomic bool stop;
};

static void *toggle(void *ctx)
{
	struct crowd *c = ctx;

	for (u32 i = 0; i < 20000; i++)
		wr(&c->box->dev, 0x24, i & 3);
	return NULL;
}

static void *serve(void *ctx)
{
	struct crowd *c = ctx;

	while (!c->stop)
		wr(c->plic, 0x200004, rd(c->plic, 0x200004));
	return NULL;
}

static void *disturb(void *ctx)
{
	struct crowd *c = ctx;
	u8 buf[256];

	for (u32 i = 0; !c->stop; i++) {
		device_save(&c->box->dev, buf, sizeof(buf));
		timers_run_at(bench_of(c->plic)->machine.timers, i);
		device_settle(&c->box->dev);
		bench_type(&c->box->dev, "x");
	}
	return NULL;
}

/* Whoever delivers last delivers the newest level: in the end all agree. */
static void many_threads_leave_every_listener_with_the_newest_level(void **state)
{
	void *(*const role[])(void *) = { toggle, toggle, serve, disturb };

	for (u32 round = 0; round < 10; round++) {
		struct crowd c = { .box = box_new() };
		struct box *listener = box_on(bench_of(&c.box->dev));
		pthread_t thread[ARRAY_LEN(role)];

		c.plic = bench_add(bench_of(&c.box->dev), "plic", "");
		wire_connect(device_wire(&c.box->dev, "out", 0), &listener->dev, 0);
		wire_connect(device_wire(&c.box->dev, "out", 1), c.plic, 1);
		wr(c.plic, 4, 1);
		wr(c.plic, 0x2000, 2);
		for (u32 i = 0; i < ARRAY_LEN(role); i++)
			assert_int_equal(pthread_create(&thread[i], NULL, role[i], &c), 0);
		pthread_join(thread[0], NULL);
		pthread_join(thread[1], NULL);
		c.stop = true;
		pthread_join(thread[2], NULL);
		pthread_join(thread[3], NULL);

		assert_int_equal(listener->level_seen[0], c.box->out[0].level);
		wr(c.plic, 0x200004, rd(c.plic, 0x200004)); /* forget what was pending */
		assert_int_equal(rd(c.plic, 0x1000) >> 1 & 1, c.box->out[1].level);
		assert_int_equal(bench_of(c.plic)->line[0][11], c.box->out[1].level);
		box_free(c.box);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_narrow_access_reaches_its_part_of_a_register),
		cmocka_unit_test(a_wide_access_reaches_nothing),
		cmocka_unit_test(a_hook_stands_for_the_whole_register),
		cmocka_unit_test(the_access_of_a_row_is_kept),
		cmocka_unit_test(offsets_without_a_row_go_to_the_read_hook),
		cmocka_unit_test(a_hart_reaches_the_window_through_memory),
		cmocka_unit_test(update_follows_every_write_timer_and_input),
		cmocka_unit_test(a_wire_carries_its_level_to_the_listener),
		cmocka_unit_test(wires_may_form_a_chain_through_devices),
		cmocka_unit_test(a_loop_of_wires_ends_and_is_counted),
		cmocka_unit_test(a_reset_lowers_every_wire_and_settle_repeats_every_level),
		cmocka_unit_test(a_timer_fires_at_its_time_and_not_after_it_was_disarmed),
		cmocka_unit_test(a_clock_that_jumps_makes_every_timer_look_again),
		cmocka_unit_test(deadlines_come_in_order_however_they_were_set),
		cmocka_unit_test(the_waiter_wakes_only_for_an_earlier_deadline),
		cmocka_unit_test(a_number_above_its_limit_is_refused_and_nothing_is_taken),
		cmocka_unit_test(restoring_arms_timers_and_sets_wires),
		cmocka_unit_test(a_flood_of_mistakes_is_counted_but_not_logged),
		cmocka_unit_test(dma_reaches_all_of_ram_and_nothing_else),
		cmocka_unit_test(a_device_that_may_not_be_master_reaches_no_memory),
		cmocka_unit_test(a_device_never_gets_more_bytes_than_it_has_room_for),
		cmocka_unit_test(without_a_disk_every_request_fails),
		cmocka_unit_test(every_request_is_done_once_while_others_hold_the_lock),
		cmocka_unit_test(a_reset_waits_for_the_disk_and_drops_its_answers),
		cmocka_unit_test(many_threads_leave_every_listener_with_the_newest_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
