/* virtqueues: chains that break the rules, indices, and who is told when. */
#include "patience.h"
#include "virtio_bench.h"

#include <pthread.h>

#define SIZE     8
#define BURST    16
#define TABLE_AT (DATA_AT + 0x8000u) /* indirect descriptors */

/* Takes every chain, remembers the last, gives it back. */
struct taker {
	struct virtio v;
	struct vchain last;
	u32 n;
	bool hold; /* look, but do not pop */
};

static void check_segments(struct virtio *v, const struct vchain *c)
{
	u64 out = 0, in = 0;

	for (u32 i = 0; i < c->nout + c->nin; i++) {
		assert_non_null(dma_slice(&v->dev, c->seg[i].gpa, c->seg[i].len));
		*(i < c->nout ? &out : &in) += c->seg[i].len;
	}
	assert_int_equal(out, c->out_bytes);
	assert_int_equal(in, c->in_bytes);
}

static void taker_kick(struct virtio *v, u32 q)
{
	struct taker *t = (struct taker *)v;

	while (!t->hold && virtq_pop(v, q, &t->last)) {
		check_segments(v, &t->last);
		t->n++;
		virtq_push(v, &t->last, (u32)t->last.in_bytes);
	}
	virtq_notify(v, q);
}

static const struct virtio_class taker_virtio = {
	.id = 42,
	.queues = 1,
	.size_max = 1024,
	.burst = BURST,
	.pci_class = 0x00ff00,
	.kick = taker_kick,
};

#define SELF struct taker
static const struct device_class taker_class = {
	VIRTIO_ROWS,
	.name = "taker",
	.size = sizeof(struct taker),
	.props = PROPS(VIRTIO_INTERRUPT),
	.virtio = &taker_virtio,
};

static struct taker *taker(struct driver *d)
{
	return (struct taker *)d->dev;
}

static void on_takers(driver_test *test)
{
	on_both(&taker_class, "", test);
}

static bool broken(struct driver *d)
{
	return driver_status(d) & 0x40;
}

/* -- Chains ----------------------------------------------------------------------------- */

#define GAP  (HOLE_AT)
#define D(k) (DATA_AT + 0x100u * (k))
#define N    D_NEXT
#define W    D_WRITE
#define I    D_INDIRECT

struct row {
	u64 gpa;
	u32 len, flags, next;
};

/* Columns: what it is; the features; the head; descriptors 0..3 of the queue; descriptors
 * 0..3 of an indirect table; then `out` and `in` bytes, or BAD. */
#define BAD UINT32_MAX

struct chain {
	const char *name;
	u64 features;
	u16 head;
	struct row desc[4], table[4];
	u32 out, in;
};

/* clang-format off */
static const struct chain chains[] = {
	/* what is right */
	{ "one to read", 0, 0, { { D(0), 16, 0, 0 } }, { { 0 } }, 16, 0 },
	{ "one to write", 0, 0, { { D(0), 16, W, 0 } }, { { 0 } }, 0, 16 },
	{ "read then write", 0, 0, { { D(0), 16, N, 1 }, { D(1), 8, W, 0 } }, { { 0 } }, 16, 8 },
	{ "backwards through the table", 0, 3, { { D(0), 1, W, 9 }, { D(1), 2, N, 0 }, { D(2), 4, N, 1 }, { D(3), 8, N, 2 } }, { { 0 } }, 14, 1 },
	{ "next is ignored at the end", 0, 0, { { D(0), 4, 0, 0xffff } }, { { 0 } }, 4, 0 },
	{ "unknown flags are ignored", 0, 0, { { D(0), 4, 0xfff8, 0 } }, { { 0 } }, 4, 0 },
	{ "the last byte of RAM", 0, 0, { { RAM_END - 1, 1, W, 0 } }, { { 0 } }, 0, 1 },
	{ "all of RAM", 0, 0, { { BENCH_RAM_BASE, BENCH_RAM_SIZE, 0, 0 } }, { { 0 } }, BENCH_RAM_SIZE, 0 },
	{ "the same bytes twice", 0, 0, { { D(0), 16, N, 1 }, { D(0), 16, W, 0 } }, { { 0 } }, 16, 16 },
	{ "its own descriptor as data", 0, 0, { { BENCH_RAM_BASE, 16, W, 0 } }, { { 0 } }, 0, 16 },
	{ "indirect", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { D(0), 16, 0, 0 } }, 16, 0 },
	{ "indirect, two", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 16, N, 1 }, { D(1), 4, W, 0 } }, 16, 4 },
	{ "indirect, the table's write flag is ignored", F_INDIRECT, 0, { { TABLE_AT, 16, I | W, 0 } }, { { D(0), 16, 0, 0 } }, 16, 0 },
	{ "indirect, more entries than are used", F_INDIRECT, 0, { { TABLE_AT, 64, I, 0 } }, { { D(0), 3, W, 0 } }, 0, 3 },
	{ "indirect, a table larger than the queue", F_INDIRECT, 0, { { TABLE_AT, 16 * 100, I, 0 } }, { { D(0), 3, W, 0 } }, 0, 3 },
	{ "indirect after direct", F_INDIRECT, 0, { { D(0), 5, N, 1 }, { TABLE_AT, 16, I, 0 } }, { { D(1), 3, W, 0 } }, 5, 3 },
	{ "indirect, an unaligned table", F_INDIRECT, 0, { { TABLE_AT + 4, 16, I, 0 } }, { { 0 } }, BAD, BAD },
	/* loops */
	{ "a loop of one", 0, 0, { { D(0), 16, N, 0 } }, { { 0 } }, BAD, BAD },
	{ "a loop of two", 0, 0, { { D(0), 16, N, 1 }, { D(1), 16, N, 0 } }, { { 0 } }, BAD, BAD },
	{ "a loop of three", 0, 0, { { D(0), 16, N, 1 }, { D(1), 16, N, 2 }, { D(2), 1, N, 0 } }, { { 0 } }, BAD, BAD },
	{ "a tail that loops", 0, 0, { { D(0), 16, N, 1 }, { D(1), 16, N, 2 }, { D(2), 1, N, 2 } }, { { 0 } }, BAD, BAD },
	{ "a loop of writable ones", 0, 0, { { D(0), 16, N | W, 0 } }, { { 0 } }, BAD, BAD },
	{ "a loop in an indirect table", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 16, N, 1 }, { D(1), 4, N, 0 } }, BAD, BAD },
	{ "a loop of one in an indirect table", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { D(0), 16, N, 0 } }, BAD, BAD },
	/* numbers out of range */
	{ "head is the size", 0, 8, { { D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "head 9", 0, 9, { { D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "head 0x8000", 0, 0x8000, { { D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "head 0xffff", 0, 0xffff, { { D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "next is the size", 0, 0, { { D(0), 16, N, 8 } }, { { 0 } }, BAD, BAD },
	{ "next 0xffff", 0, 0, { { D(0), 16, N, 0xffff } }, { { 0 } }, BAD, BAD },
	{ "next 0x100", 0, 0, { { D(0), 16, N, 0x100 } }, { { 0 } }, BAD, BAD },
	{ "next out of an indirect table of one", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { D(0), 16, N, 1 }, { D(1), 4, 0, 0 } }, BAD, BAD },
	{ "next out of an indirect table of two", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 16, N, 2 } }, BAD, BAD },
	{ "next 0xffff in an indirect table", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 16, N, 0xffff } }, BAD, BAD },
	/* lengths */
	{ "empty", 0, 0, { { D(0), 0, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "empty, writable", 0, 0, { { D(0), 0, W, 0 } }, { { 0 } }, BAD, BAD },
	{ "empty in the middle", 0, 0, { { D(0), 4, N, 1 }, { D(1), 0, N, 2 }, { D(2), 4, W, 0 } }, { { 0 } }, BAD, BAD },
	{ "empty at a place that is not RAM", 0, 0, { { GAP, 0, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "empty in an indirect table", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { D(0), 0, 0, 0 } }, BAD, BAD },
	{ "4 GiB - 1", 0, 0, { { D(0), 0xffffffff, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "2 GiB", 0, 0, { { D(0), 0x80000000, W, 0 } }, { { 0 } }, BAD, BAD },
	{ "one byte more than RAM", 0, 0, { { BENCH_RAM_BASE, BENCH_RAM_SIZE + 1, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "out of the end of RAM by one", 0, 0, { { RAM_END - 15, 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "into the start of RAM", 0, 0, { { BENCH_RAM_BASE - 1, 2, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "right after RAM", 0, 0, { { RAM_END, 1, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "wraps around", 0, 0, { { UINT64_MAX, 2, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "wraps around into RAM", 0, 0, { { UINT64_MAX - 0xfff, 0x80001000, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "bit 63", 0, 0, { { (u64)1 << 63 | D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "bit 32", 0, 0, { { (u64)1 << 32 | D(0), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "second out of RAM", 0, 0, { { D(0), 16, N, 1 }, { GAP, 16, W, 0 } }, { { 0 } }, BAD, BAD },
	{ "last of four out of RAM", 0, 0, { { D(0), 1, N, 1 }, { D(1), 1, N, 2 }, { D(2), 1, N, 3 }, { GAP, 1, 0, 0 } }, { { 0 } }, BAD, BAD },
	/* order */
	{ "write then read", 0, 0, { { D(0), 16, W | N, 1 }, { D(1), 16, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "read, write, read", 0, 0, { { D(0), 16, N, 1 }, { D(1), 16, W | N, 2 }, { D(2), 4, 0, 0 } }, { { 0 } }, BAD, BAD },
	{ "write then read in an indirect table", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 16, W | N, 1 }, { D(1), 4, 0, 0 } }, BAD, BAD },
	{ "direct write, indirect read", F_INDIRECT, 0, { { D(0), 5, W | N, 1 }, { TABLE_AT, 16, I, 0 } }, { { D(1), 3, 0, 0 } }, BAD, BAD },
	/* indirect */
	{ "indirect, not agreed on", 0, 0, { { TABLE_AT, 16, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect with next", F_INDIRECT, 0, { { TABLE_AT, 16, I | N, 1 }, { D(0), 4, 0, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect in indirect", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { TABLE_AT + 32, 16, I, 0 }, { 0 }, { D(0), 4, 0, 0 } }, BAD, BAD },
	{ "indirect in indirect, itself", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { TABLE_AT, 16, I, 0 } }, BAD, BAD },
	{ "indirect in indirect, second", F_INDIRECT, 0, { { TABLE_AT, 32, I, 0 } }, { { D(0), 4, N, 1 }, { TABLE_AT + 32, 16, I, 0 }, { D(0), 4, 0, 0 } }, BAD, BAD },
	{ "indirect, length 0", F_INDIRECT, 0, { { TABLE_AT, 0, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect, length 1", F_INDIRECT, 0, { { TABLE_AT, 1, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect, length 15", F_INDIRECT, 0, { { TABLE_AT, 15, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect, length 17", F_INDIRECT, 0, { { TABLE_AT, 17, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect, length 4 GiB - 1", F_INDIRECT, 0, { { TABLE_AT, 0xffffffff, I, 0 } }, { { D(0), 16, 0, 0 } }, BAD, BAD },
	{ "indirect, length 4 GiB - 16, loops", F_INDIRECT, 0, { { TABLE_AT, 0xfffffff0, I, 0 } }, { { D(0), 16, N, 0 } }, BAD, BAD },
	{ "indirect, table in a hole", F_INDIRECT, 0, { { GAP, 16, I, 0 } }, { { 0 } }, BAD, BAD },
	{ "indirect, table across the end of RAM", F_INDIRECT, 0, { { RAM_END - 8, 16, I, 0 } }, { { 0 } }, BAD, BAD },
	{ "indirect, table that wraps", F_INDIRECT, 0, { { UINT64_MAX - 7, 16, I, 0 } }, { { 0 } }, BAD, BAD },
	{ "indirect, second entry past the end of RAM", F_INDIRECT, 0, { { RAM_END - 16, 32, I, 0 } }, { { 0 } }, BAD, BAD },
	{ "indirect, data in a hole", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { GAP, 16, 0, 0 } }, BAD, BAD },
	{ "indirect, next out after direct", F_INDIRECT, 0, { { D(0), 5, N, 1 }, { TABLE_AT, 16, I, 0 } }, { { D(1), 3, N, 5 } }, BAD, BAD },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(chains) >= 60, "there were more of them");

static void lay(struct driver *d, const struct chain *c)
{
	memset(ram(d, DATA_AT), 0, 0x10000);
	for (u32 i = 0; i < 4; i++) {
		const struct row *q = &c->desc[i], *t = &c->table[i];

		set_desc(d, 0, i, q->gpa, q->len, q->flags, q->next);
		write_desc(ram(d, TABLE_AT + 16 * i), t->gpa, t->len, t->flags, t->next);
	}
	/* "second entry past the end": the first is good and goes on */
	write_desc(ram(d, RAM_END - 16), D(0), 4, N, 1);
	offer(d, 0, c->head);
}

static void check_chain(struct driver *d, const struct chain *c)
{
	const struct taker *t = taker(d);
	u32 before = t->n, head, written;

	driver_start(d, c->features, 1, SIZE);
	lay(d, c);
	driver_kick(d, 0);
	if (c->out == BAD) {
		if (!broken(d))
			fail_msg("%s: accepted", c->name);
		assert_int_equal(t->n, before);
		assert_int_equal(used_index(d, 0), 0);
		assert_int_equal(driver_take_isr(d), 2);
		return;
	}
	if (broken(d))
		fail_msg("%s: refused", c->name);
	assert_int_equal(t->last.out_bytes, c->out);
	assert_int_equal(t->last.in_bytes, c->in);
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(head, c->head);
	assert_int_equal(written, c->in);
}

static void check_chains(struct driver *d)
{
	for (u32 i = 0; i < ARRAY_LEN(chains); i++)
		check_chain(d, &chains[i]);
}

static void each_chain_is_taken_or_refused_as_it_should_be(void **state)
{
	on_takers(check_chains);
	(void)state;
}

static void check_dead(struct driver *d)
{
	driver_start(d, 0, 1, SIZE);
	set_desc(d, 0, 0, D(0), 4, 0, 0);
	set_desc(d, 0, 1, D(0), 4, N, 1);
	offer(d, 0, 1);
	driver_kick(d, 0);
	assert_true(broken(d));
	offer(d, 0, 0);
	driver_kick(d, 0);
	assert_int_equal(used_index(d, 0), 0);
	driver_start(d, 0, 1, SIZE);
	set_desc(d, 0, 0, D(0), 4, 0, 0);
	offer(d, 0, 0);
	driver_kick(d, 0);
	assert_int_equal(used_index(d, 0), 1);
}

static void a_broken_queue_is_dead_until_a_reset(void **state)
{
	on_takers(check_dead);
	(void)state;
}

static void check_aimed(struct driver *d)
{
	static const u64 bad[] = { 0,
				   4,
				   HOLE_AT,
				   HOLE_AT + 0xffc,
				   BENCH_BASE,
				   BENCH_BASE + 0x50,
				   BENCH_BASE + 0x70,
				   ECAM_AT,
				   ECAM_AT + 0x10010,
				   BAR_AT,
				   BAR_AT + 20,
				   BAR_AT + 0x3000,
				   MSIX_AT,
				   0x400000000,
				   BENCH_RAM_BASE - 1,
				   BENCH_RAM_BASE - 8,
				   RAM_END - 1,
				   RAM_END - 15,
				   RAM_END,
				   RAM_END + 16,
				   UINT64_MAX - 15,
				   UINT64_MAX,
				   1ull << 63 };
	const struct chain direct = { "", 0, 0, { { 0, 16, W, 0 } }, { { 0 } }, BAD, BAD };
	const struct chain second = { "",        0,   0,  { { D(0), 16, N, 1 }, { 0, 16, 0, 0 } },
				      { { 0 } }, BAD, BAD };
	const struct chain table = { "", F_INDIRECT, 0, { { 0, 32, I, 0 } }, { { 0 } }, BAD, BAD };
	const struct chain inside = {
		"", F_INDIRECT, 0, { { TABLE_AT, 16, I, 0 } }, { { 0, 16, W, 0 } }, BAD, BAD
	};

	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		struct chain c = direct;

		c.desc[0].gpa = bad[i];
		check_chain(d, &c);
		c = second;
		c.desc[1].gpa = bad[i];
		check_chain(d, &c);
		c = table;
		c.desc[0].gpa = bad[i];
		check_chain(d, &c);
		c = inside;
		c.table[0].gpa = bad[i];
		check_chain(d, &c);
	}
}

static void no_pointer_reaches_anything_but_ram(void **state)
{
	on_takers(check_aimed);
	(void)state;
}

static void check_longest(struct driver *d)
{
	for (u32 n = 1; n <= 200; n++) {
		driver_start(d, F_INDIRECT, 1, SIZE);
		for (u32 i = 0; i < n; i++)
			write_desc(ram(d, TABLE_AT + 16 * i), D(0), 1, i + 1 < n ? N : 0, i + 1);
		set_desc(d, 0, 0, TABLE_AT, 16 * n, I, 0);
		offer(d, 0, 0);
		driver_kick(d, 0);
		assert_int_equal(broken(d), n > VIRTIO_SEGMENTS);
	}
}

static void a_chain_has_at_most_so_many_segments(void **state)
{
	on_takers(check_longest);
	(void)state;
}

/* -- Indices -------------------------------------------------------------------------------- */

static void check_jumps(struct driver *d)
{
	for (u32 start = 0; start < 3; start++)
		for (u32 jump = 0; jump < 0x10000; jump = jump < 40 ? jump + 1 : jump * 2 - 1) {
			driver_start(d, 0, 1, SIZE);
			for (u32 i = 0; i < SIZE; i++)
				set_desc(d, 0, i, D(i), 4, 0, 0);
			for (u32 i = 0; i < start; i++)
				offer(d, 0, 0);
			driver_kick(d, 0);
			put16(ram(d, d->q[0].avail + 2), start + jump);
			driver_kick(d, 0);
			assert_int_equal(broken(d), jump > SIZE);
			assert_int_equal(used_index(d, 0), jump > SIZE ? start : start + jump);
		}
}

static void the_available_index_may_not_jump(void **state)
{
	on_takers(check_jumps);
	(void)state;
}

static void check_wrap(struct driver *d, u64 features, u16 size)
{
	u32 head, written;

	driver_start(d, features, 1, size);
	for (u32 i = 0; i < 0x10000 + 500;) {
		u32 batch = 1 + i % size;

		for (u32 k = 0; k < batch; k++)
			add_chain(d, 0, &(struct buffer){ D(k), 1 + k, true }, 1);
		driver_kick(d, 0);
		bench_advance(d->b, 1);
		for (u32 k = 0; k < batch; k++) {
			assert_true(take_used(d, 0, &head, &written));
			assert_int_equal(head, (i + k) % size);
			assert_int_equal(written, 1 + k);
		}
		assert_false(take_used(d, 0, &head, &written));
		i += batch;
	}
	assert_false(broken(d));
}

static void check_wraps(struct driver *d)
{
	check_wrap(d, 0, 1);
	check_wrap(d, F_EVENT_IDX, 8);
	check_wrap(d, 0, 64);
}

static void indices_count_modulo_two_to_the_sixteen(void **state)
{
	on_takers(check_wraps);
	(void)state;
}

/* -- Who is told ------------------------------------------------------------------------------- */

static void set_used_event(struct driver *d, u16 event)
{
	put16(ram(d, d->q[0].avail + 4 + 2 * (u64)d->q[0].size), event);
}

static u16 avail_event(struct driver *d)
{
	return get_le16(ram(d, d->q[0].used + 4 + 8 * (u64)d->q[0].size));
}

static void offer_some(struct driver *d, u32 n)
{
	for (u32 i = 0; i < n; i++)
		add_chain(d, 0, &(struct buffer){ D(0), 1, true }, 1);
}

static void check_flags(struct driver *d)
{
	driver_start(d, 0, 1, SIZE);
	driver_kick(d, 0);
	assert_int_equal(driver_take_isr(d), 0); /* nothing was used */
	offer_some(d, 1);
	driver_kick(d, 0);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 1);
	put16(ram(d, d->q[0].avail), 1);
	offer_some(d, 1);
	driver_kick(d, 0);
	assert_false(driver_line(d));
	put16(ram(d, d->q[0].avail), 0);
	set_used_event(d, 0x1234); /* means nothing without EVENT_IDX */
	offer_some(d, 1);
	driver_kick(d, 0);
	assert_int_equal(driver_take_isr(d), 1);
}

static void without_event_idx_a_flag_holds_interrupts_back(void **state)
{
	on_takers(check_flags);
	(void)state;
}

/* The driver asks to be told when entry number `event` has been used; it must be told in
 * exactly the batch that has it. */
static void check_events(struct driver *d)
{
	u32 seed = 11, told = 0, batches = 0;
	u16 used = 0;

	driver_start(d, F_EVENT_IDX, 1, SIZE);
	for (u32 i = 0; i < 40000; i++) {
		u32 n = xorshift(&seed) % (SIZE + 1), r = xorshift(&seed);
		u16 event = (u16)(r & 0x100 ? used + r % 12 - 2 : r >> 16);
		bool inside = false;

		for (u16 k = 0; k < n; k++)
			inside |= (u16)(used + k) == event;
		set_used_event(d, event);
		offer_some(d, n);
		driver_kick(d, 0);
		used = (u16)(used + n);
		assert_int_equal(used_index(d, 0), used);
		assert_int_equal(driver_take_isr(d), inside);
		assert_false(driver_line(d));
		told += inside;
		batches++;
	}
	assert_true(told > 1000 && told < batches - 1000); /* else it tested nothing */
}

static void with_event_idx_the_driver_is_told_in_the_batch_it_named(void **state)
{
	on_takers(check_events);
	(void)state;
}

static void check_avail_event(struct driver *d)
{
	driver_start(d, F_EVENT_IDX, 1, SIZE);
	for (u32 i = 1; i < 70000; i += 3) {
		offer_some(d, 3);
		driver_kick(d, 0);
		assert_int_equal(avail_event(d), d->q[0].avail_index);
	}
}

static void an_empty_queue_asks_for_the_next_chain(void **state)
{
	on_takers(check_avail_event);
	(void)state;
}

static void check_silence(struct driver *d)
{
	taker(d)->hold = true;
	driver_start(d, F_EVENT_IDX, 1, SIZE);
	driver_kick(d, 0);
	put_le32(ram(d, d->q[0].used), 0);
	assert_int_equal(driver_take_isr(d), 0);
	assert_int_equal(get_le16(ram(d, d->q[0].used)), 0); /* used flags stay clear */
}

static void a_kick_of_an_empty_queue_interrupts_nobody(void **state)
{
	on_takers(check_silence);
	(void)state;
}

/* -- A little at a time -------------------------------------------------------------------------
 */

static void check_burst(struct driver *d)
{
	driver_start(d, 0, 1, 256);
	for (u32 i = 0; i < 100; i++)
		add_chain(d, 0, &(struct buffer){ D(0), 1, true }, 1);
	driver_kick(d, 0);
	assert_int_equal(used_index(d, 0), BURST);
	timers_run_at(d->b->machine.timers, d->b->now);
	assert_true(used_index(d, 0) >= 2 * BURST && used_index(d, 0) < 100);
	bench_advance(d->b, 1);
	assert_int_equal(used_index(d, 0), 100);
	bench_advance(d->b, 1000000);
	assert_int_equal(used_index(d, 0), 100);
}

static void work_is_done_a_burst_at_a_time(void **state)
{
	on_takers(check_burst);
	(void)state;
}

static void check_burst_reset(struct driver *d)
{
	driver_start(d, 0, 1, 256);
	for (u32 i = 0; i < 100; i++)
		add_chain(d, 0, &(struct buffer){ D(0), 1, true }, 1);
	driver_kick(d, 0);
	driver_set_status(d, 0);
	bench_advance(d->b, 1000);
	assert_int_equal(used_index(d, 0), BURST);
}

static void a_reset_forgets_what_was_put_off(void **state)
{
	on_takers(check_burst_reset);
	(void)state;
}

static void check_stale(struct driver *d)
{
	struct vchain c;

	driver_start(d, 0, 1, SIZE);
	offer_some(d, 1);
	device_lock(d->dev);
	d->v->budget = 1;
	assert_true(virtq_pop(d->v, 0, &c));
	device_unlock(d->dev);
	driver_start(d, 0, 1, SIZE);
	device_lock(d->dev);
	virtq_push(d->v, &c, 1);
	virtq_notify(d->v, 0);
	device_unlock(d->dev);
	assert_int_equal(used_index(d, 0), 0);
	assert_int_equal(driver_take_isr(d), 0);
}

static void an_answer_from_before_the_reset_is_dropped(void **state)
{
	on_takers(check_stale);
	(void)state;
}

static void without_bus_mastering_rings_are_not_touched(void **state)
{
	struct bench *b = bench_new();
	struct driver d;

	driver_init(&d, b, &taker_class, "", true);
	driver_start(&d, 0, 1, SIZE);
	offer_some(&d, 1);
	set_cfg(&d, 4, 2, 0x2);
	driver_kick(&d, 0);
	assert_int_equal(used_index(&d, 0), 0);
	assert_true(broken(&d));
	bench_end(b);
	(void)state;
}

/* -- Copies
 * ------------------------------------------------------------------------------------------ */

static void check_copies(struct driver *d)
{
	struct vchain c = { .nout = 2, .nin = 3 };
	u8 bytes[64];

	driver_start(d, 0, 1, SIZE);
	for (u32 i = 0; i < 5; i++) {
		c.seg[i].gpa = D(i);
		c.seg[i].len = 3 + i;
		for (u32 k = 0; k < 0x100; k++)
			*ram(d, D(i) + k) = (u8)(16 * i + k);
	}
	assert_int_equal(vchain_read(d->v, &c, 0, bytes, 64), 7);
	assert_memory_equal(bytes, "\x00\x01\x02\x10\x11\x12\x13", 7);
	assert_int_equal(vchain_read(d->v, &c, 2, bytes, 3), 3);
	assert_memory_equal(bytes, "\x02\x10\x11", 3);
	assert_int_equal(vchain_read(d->v, &c, 7, bytes, 1), 0);
	assert_int_equal(vchain_read(d->v, &c, UINT64_MAX, bytes, 1), 0);
	assert_int_equal(vchain_write(d->v, &c, 4, "abcdefghijklmnopqrstuvwxyz", 26), 14);
	assert_memory_equal(ram(d, D(2)),
			    "\x20\x21\x22\x23"
			    "a"
			    "\x25",
			    6);
	assert_memory_equal(ram(d, D(3)), "bcdefg\x36", 7);
	assert_memory_equal(ram(d, D(4)), "hijklmn\x47", 8);
}

static void copies_go_through_the_segments_and_stop_at_the_end(void **state)
{
	on_takers(check_copies);
	(void)state;
}

/* -- Two threads
 * ---------------------------------------------------------------------------------------- */

/* The device works on a thread of its own and falls asleep whenever the ring is empty; the
 * driver kicks only when it is asked to, and offers the next chain as soon as it sees the
 * last one used: just when the device looks for more.  If a look or a fence were missing
 * on either side, a chain would be left lying and the driver would wait for ever. */
#define STORM      30000
#define TURNS_MOST 1000 /* the first one that follows a kick should do */
#define NAP_EVERY  512  /* chains: the driver is late then, and the device asleep */

struct storm {
	struct driver d;
	_Atomic bool over, kicked;
	_Atomic u32 turns; /* of the device's thread, each of them whole */
};

static void *work(void *ctx)
{
	struct storm *s = ctx;

	for (u32 idle = 0; !s->over; idle++) {
		if (atomic_exchange(&s->kicked, false)) {
			driver_kick(&s->d, 0);
			idle = 0;
		}
		timers_run_at(s->d.b->machine.timers, s->d.b->now);
		s->turns++;
		between_looks(idle);
	}
	return NULL;
}

static _Atomic u16 *index_of(struct driver *d, u64 gpa)
{
	return (_Atomic u16 *)(void *)ram(d, gpa);
}

/* Until at most `most` chains are under way.  What shows that a kick was lost is no time, which
 * may be anybody's, but that the device had its turns and did nothing. */
static void wait_for_device(struct storm *s, u16 offered, u16 most)
{
	_Atomic u16 *used = index_of(&s->d, s->d.q[0].used + 2);
	u32 began = s->turns;

	for (u32 looks = 0; (u16)(offered - atomic_load(used)) > most; looks++) {
		if (s->turns - began > TURNS_MOST && (u16)(offered - atomic_load(used)) > most)
			fail_msg("a kick was lost");
		between_looks(looks);
	}
}

/* All chains are used: a turn that begins after that ends with the ring found empty. */
static void wait_for_sleep(struct storm *s)
{
	u32 began = s->turns;

	AWAIT(s->turns - began >= 2);
}

static void no_kick_is_lost_between_two_threads(void **state)
{
	struct bench *b = bench_new();
	struct storm s = { .over = false };
	struct driver *d = &s.d;
	pthread_t thread;
	u32 kicks = 0;

	driver_init(d, b, &taker_class, "", false);
	driver_start(d, F_EVENT_IDX, 1, SIZE);
	for (u32 i = 0; i < SIZE; i++) {
		set_desc(d, 0, i, D(i), 4, W, 0);
		put16(ram(d, d->q[0].avail + 4 + 2 * i), i);
	}
	pthread_create(&thread, NULL, work, &s);
	for (u32 i = 0; i < STORM; i++) {
		u16 next = (u16)(i + 1);

		wait_for_device(&s, (u16)i, i % NAP_EVERY < NAP_EVERY / 2 ? 0 : SIZE - 1);
		if (i % NAP_EVERY == 0)
			wait_for_sleep(&s);
		atomic_store_explicit(index_of(d, d->q[0].avail + 2), next, memory_order_release);
		atomic_thread_fence(memory_order_seq_cst);
		if (*index_of(d, d->q[0].used + 4 + 8 * SIZE) == (u16)i) {
			s.kicked = true;
			kicks++;
		}
	}
	wait_for_device(&s, (u16)STORM, 0);
	s.over = true;
	pthread_join(thread, NULL);
	assert_int_equal(taker(d)->n, STORM);
	assert_true(kicks >= STORM / NAP_EVERY);
	assert_false(broken(d));
	bench_end(b);
	(void)state;
}

/* Another hart rewrites a descriptor while the device walks: what was checked is what is
 * used (check_segments), whatever is in RAM by then. */
static void *flip(void *ctx)
{
	struct storm *s = ctx;
	u8 *p = ram(&s->d, s->d.q[0].desc);

	while (!s->over) {
		write_desc(p, D(0), 16, 0, 0);
		write_desc(p, HOLE_AT, 0xffff, N, 0xffff);
		write_desc(p, D(1), 0x10000, W, 3);
	}
	return NULL;
}

static void a_descriptor_that_changes_is_read_once(void **state)
{
	struct bench *b = bench_new();
	struct storm s = { .over = false };
	struct driver *d = &s.d;
	pthread_t thread;

	driver_init(d, b, &taker_class, "", false);
	driver_start(d, 0, 1, SIZE);
	pthread_create(&thread, NULL, flip, &s);
	for (u32 i = 0; i < 20000; i++) {
		offer(d, 0, 0);
		driver_kick(d, 0);
		if (broken(d)) {
			driver_negotiate(d, F_VERSION_1);
			put16(ram(d, d->q[0].avail + 2), 0);
			d->q[0].avail_index = 0;
			driver_place_queue(d, 0, d->q[0].desc, d->q[0].avail, d->q[0].used);
			driver_put(d, VIRTIO_REG_QUEUE_SIZE, SIZE);
			driver_put(d, VIRTIO_REG_QUEUE_ENABLE, 1);
			driver_set_status(d, 0xf);
		}
	}
	s.over = true;
	pthread_join(thread, NULL);
	assert_true(taker(d)->n > 0);
	bench_end(b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_chain_is_taken_or_refused_as_it_should_be),
		cmocka_unit_test(a_broken_queue_is_dead_until_a_reset),
		cmocka_unit_test(no_pointer_reaches_anything_but_ram),
		cmocka_unit_test(a_chain_has_at_most_so_many_segments),
		cmocka_unit_test(the_available_index_may_not_jump),
		cmocka_unit_test(indices_count_modulo_two_to_the_sixteen),
		cmocka_unit_test(without_event_idx_a_flag_holds_interrupts_back),
		cmocka_unit_test(with_event_idx_the_driver_is_told_in_the_batch_it_named),
		cmocka_unit_test(an_empty_queue_asks_for_the_next_chain),
		cmocka_unit_test(a_kick_of_an_empty_queue_interrupts_nobody),
		cmocka_unit_test(work_is_done_a_burst_at_a_time),
		cmocka_unit_test(a_reset_forgets_what_was_put_off),
		cmocka_unit_test(an_answer_from_before_the_reset_is_dropped),
		cmocka_unit_test(without_bus_mastering_rings_are_not_touched),
		cmocka_unit_test(copies_go_through_the_segments_and_stop_at_the_end),
		cmocka_unit_test(no_kick_is_lost_between_two_threads),
		cmocka_unit_test(a_descriptor_that_changes_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
