/* Images in the qcow2 format, in memory: what they keep, what a power cut at any instant
 * leaves of them, and what a damaged one can do.
 */
#include "check.h"
#include "patience.h"
#include "store.h"

#include <inttypes.h>
#include <zlib.h>

#include "config.h"
#if HAVE_ZSTD
#include <zstd.h>
#endif

#define DISK    ((u64)256 * 1024)
#define SECTORS (DISK / 512)

static u32 seed;

static u32 chance(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static struct qcow2 *must_open(struct memory_store *m, bool writable)
{
	struct err e = { 0 };
	struct qcow2 *q = qcow2_open(&m->s, "x.qcow2", writable, &e);

	if (!q)
		fail_msg("%s", e.text);
	return q;
}

static void must_create(struct memory_store *m, const struct qcow2_shape *shape)
{
	struct err e = { 0 };

	*m = memory_store(64 * MIB);
	if (qcow2_create(&m->s, shape, &e))
		fail_msg("%s", e.text);
}

static struct qcow2_report checked(struct memory_store *m)
{
	struct qcow2 *q = must_open(m, false);
	struct qcow2_report r;

	assert_int_equal(qcow2_check(q, false, &r), 0);
	qcow2_free(q);
	if (r.errors)
		fail_msg("%" PRIu64 " errors: %s", r.errors, r.finding[0]);
	return r;
}

/* Small clusters for many tables, large ones for few; all widths of counts. */
static const struct qcow2_shape shapes[] = {
	{ .size = DISK, .version = 3, .cluster_bits = 9, .refcount_order = 4 },
	{ .size = DISK, .version = 3, .cluster_bits = 9, .refcount_order = 6 },
	{ .size = DISK, .version = 3, .cluster_bits = 10, .refcount_order = 0 },
	{ .size = DISK, .version = 2, .cluster_bits = 9, .refcount_order = 4 },
	{ .size = DISK, .version = 3, .cluster_bits = 12, .refcount_order = 1 },
	{ .size = DISK, .version = 3, .cluster_bits = 16, .refcount_order = 4 },
	{ .size = DISK, .version = 2, .cluster_bits = 16, .refcount_order = 4 },
	{ .size = DISK, .version = 3, .cluster_bits = 21, .refcount_order = 5 },
};

/* -- A disk beside it, in memory ------------------------------------------------------------ */

/* Each sector says which it is and when it was written; a sector of zeros was never. */
struct model {
	u32 value[SECTORS];
	bool unsure[SECTORS]; /* a write there failed */
	bool zeroed[SECTORS]; /* since the last promise */
	u32 now;
};

static void fill(u8 *bytes, u64 sector, u64 n, u32 value)
{
	for (u64 i = 0; i < n; i++) {
		memset(bytes + i * 512, 0xa5, 512);
		put_le32(bytes + i * 512, value);
		put_le32(bytes + i * 512 + 4, (u32)(sector + i));
		put_le32(bytes + i * 512 + 508, value);
	}
}

/* The value of a sector, which is whole and at its place. */
static u32 value_of(const u8 *bytes, u64 sector)
{
	static const u8 zeros[512];
	u32 value = get_le32(bytes);

	if (!memcmp(bytes, zeros, 512))
		return 0;
	if (get_le32(bytes + 4) != sector || get_le32(bytes + 508) != value)
		fail_msg("sector %" PRIu64 " has strange bytes", sector);
	return value;
}

static int model_write(struct model *m, struct qcow2 *q, u64 sector, u64 n)
{
	u8 *bytes = xzalloc(n * 512);
	int error;

	m->now++;
	fill(bytes, sector, n, m->now);
	error = qcow2_write(q, bytes, n * 512, sector * 512);
	free(bytes);
	for (u64 i = 0; i < n; i++) {
		m->unsure[sector + i] |= error;
		m->value[sector + i] = m->now;
	}
	return error;
}

static int model_zero(struct model *m, struct qcow2 *q, u64 sector, u64 n)
{
	u64 first, end, next;
	int error = 0;

	m->now++;
	qcow2_whole(q, sector * 512, n * 512, &first, &end);
	for (u64 at = first; !error && at < end; at = next)
		error = qcow2_zero(q, at, end, &next);
	for (u64 at = first; at < end; at += 512) {
		m->unsure[at / 512] |= error;
		m->zeroed[at / 512] = true;
		m->value[at / 512] = 0;
	}
	return error;
}

static void model_compare(const struct model *m, struct qcow2 *q)
{
	u8 *bytes = xzalloc(DISK);

	assert_int_equal(qcow2_read(q, bytes, DISK, 0), 0);
	for (u64 i = 0; i < SECTORS; i++) {
		u32 value;

		if (m->unsure[i])
			continue;
		value = value_of(bytes + i * 512, i);
		if (value != m->value[i])
			fail_msg("sector %" PRIu64 " is of write %u, not %u", i, value,
				 m->value[i]);
	}
	free(bytes);
}

/* What a guest might do next. */
static int act(struct model *m, struct qcow2 *q)
{
	u64 sector = chance(SECTORS), n = 1 + chance((u32)MIN(SECTORS - sector, 70));

	switch (chance(8)) {
	case 0:
		return qcow2_flush(q);
	case 1:
		return model_zero(m, q, sector, MIN(n * 3, SECTORS - sector));
	default:
		return model_write(m, q, sector, n);
	}
}

/* -- Keeping ---------------------------------------------------------------------------------- */

static void a_new_image_is_all_zeros_and_sound(void **state)
{
	for (u32 i = 0; i < ARRAY_LEN(shapes); i++) {
		struct model model = { 0 };
		struct memory_store m;
		struct qcow2_report r;
		struct qcow2 *q;

		must_create(&m, &shapes[i]);
		r = checked(&m);
		assert_int_equal(r.leaks, 0);
		assert_int_equal(r.allocated, 0);
		q = must_open(&m, false);
		assert_int_equal(qcow2_size(q), DISK);
		model_compare(&model, q);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static void it_keeps_what_was_written(void **state)
{
	for (u32 i = 0; i < ARRAY_LEN(shapes); i++) {
		static struct model model;
		struct memory_store m;
		struct qcow2 *q;

		seed = 11 + i;
		memset(&model, 0, sizeof(model));
		must_create(&m, &shapes[i]);
		q = must_open(&m, true);
		for (u32 k = 0; k < 300; k++) {
			assert_int_equal(act(&model, q), 0);
			if (k % 10 == 0)
				model_compare(&model, q);
		}
		assert_int_equal(qcow2_flush(q), 0);
		assert_int_equal(qcow2_flush(q), 0); /* counts that went down in the first */
		assert_false(qcow2_is_dirty(q));
		qcow2_free(q);

		assert_int_equal(checked(&m).leaks, 0);
		q = must_open(&m, false);
		model_compare(&model, q);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static void rewriting_takes_no_new_room(void **state)
{
	struct model model = { 0 };
	struct memory_store m;
	struct qcow2 *q;
	u64 size;

	must_create(&m, &shapes[4]);
	q = must_open(&m, true);
	assert_int_equal(model_write(&model, q, 0, SECTORS), 0);
	assert_int_equal(qcow2_flush(q), 0);
	size = m.s.size;
	for (u32 i = 0; i < 20; i++) {
		assert_int_equal(model_zero(&model, q, 0, SECTORS), 0);
		assert_int_equal(qcow2_flush(q), 0);
		assert_int_equal(model_write(&model, q, 0, SECTORS), 0);
		assert_int_equal(model_write(&model, q, 0, SECTORS), 0);
	}
	assert_int_equal(m.s.size, size);
	qcow2_free(q);
	store_free(&m);
	(void)state;
}

/* 512 bytes of refcount table count 64 * 256 clusters of 512 bytes. */
static void the_refcount_table_grows_with_the_image(void **state)
{
	const struct qcow2_shape shape = {
		.size = 24 * MIB, .version = 3, .cluster_bits = 9, .refcount_order = 4
	};
	u8 *bytes = xzalloc(MIB), *back = xzalloc(MIB);
	struct memory_store m;
	struct qcow2 *q;

	must_create(&m, &shape);
	q = must_open(&m, true);
	for (u64 i = 0; i < 24; i++) {
		memset(bytes, (int)i + 1, MIB);
		assert_int_equal(qcow2_write(q, bytes, MIB, i * MIB), 0);
	}
	assert_int_equal(qcow2_flush(q), 0);
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
	assert_int_equal(checked(&m).leaks, 0);
	q = must_open(&m, false);
	for (u64 i = 0; i < 24; i++) {
		memset(bytes, (int)i + 1, MIB);
		assert_int_equal(qcow2_read(q, back, MIB, i * MIB), 0);
		assert_memory_equal(bytes, back, MIB);
	}
	qcow2_free(q);
	store_free(&m);
	free(bytes);
	free(back);
	(void)state;
}

/* -- Under it
 * -------------------------------------------------------------------------------------- */

static int read_base(void *ctx, void *to, size_t n, u64 offset)
{
	(void)ctx;
	for (size_t i = 0; i < n; i += 512)
		fill((u8 *)to + i, (offset + i) / 512, 1, 7);
	return 0;
}

static void what_lies_under_it_is_seen_until_it_is_written_over(void **state)
{
	for (u32 i = 0; i < ARRAY_LEN(shapes); i++) {
		const struct qcow2_backing base = { read_base, NULL };
		static struct model model;
		struct memory_store m;
		struct qcow2 *q;
		u64 next;

		seed = 5;
		memset(&model, 0, sizeof(model));
		for (u32 k = 0; k < SECTORS; k++)
			model.value[k] = 7;
		model.now = 7;
		must_create(&m, &shapes[i]);
		q = must_open(&m, true);
		qcow2_set_backing(q, &base);
		model_compare(&model, q);
		for (u32 k = 0; k < 40; k++)
			assert_int_equal(model_write(&model, q, chance(SECTORS), 1), 0);
		model_compare(&model, q);
		if (shapes[i].version == 2)
			assert_int_equal(qcow2_zero(q, 0, DISK, &next), EOPNOTSUPP);
		else
			assert_int_equal(model_zero(&model, q, 0, SECTORS), 0);
		model_compare(&model, q);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

/* -- Power cuts ----------------------------------------------------------------------------------
 */

/* What was there, for good, from an event on. */
struct promise {
	size_t events;
	u32 now, value[SECTORS];
	bool zeroed[SECTORS]; /* after it, and before the next */
};

static void keeps_promise(struct memory_store *m, const struct promise *p, const char *what,
			  size_t at)
{
	struct err e = { 0 };
	struct qcow2_report r;
	u8 *bytes = xzalloc(DISK);
	struct qcow2 *q = qcow2_open(&m->s, "x", true, &e);

	if (!q)
		fail_msg("%s at event %zu: %s", what, at, e.text);
	assert_int_equal(qcow2_check(q, true, &r), 0);
	if (r.errors)
		fail_msg("%s at event %zu: %s", what, at, r.finding[0]);
	assert_int_equal(r.repaired, r.leaks);
	assert_int_equal(qcow2_read(q, bytes, DISK, 0), 0);
	for (u64 i = 0; i < SECTORS; i++) {
		u32 value = value_of(bytes + i * 512, i);

		if (value != p->value[i] && (value ? value <= p->now : !p->zeroed[i]))
			fail_msg("%s at event %zu: sector %" PRIu64 " is of write %u, not %u", what,
				 at, i, value, p->value[i]);
	}
	qcow2_free(q);
	free(bytes);
}

/* All of what was not synced is there, or some of it, or all but the end of the last. */
static void cut_everywhere(const struct memory_store *start, const struct memory_store *m,
			   const struct promise *promises)
{
	struct memory_store synced = store_copy(start);
	size_t since = 0;

	for (size_t at = 0; at <= m->nevents; at++) {
		const struct promise *p = promises;
		struct memory_store now = store_copy(&synced), some = store_copy(&synced),
				    torn = store_copy(&synced);

		while (p[1].events <= at && p[1].events)
			p++;
		for (size_t k = since; k < at; k++) {
			bool last = k + 1 == at;

			store_replay(&now, &m->events[k], UINT64_MAX);
			store_replay(&torn, &m->events[k], last ? 512 : UINT64_MAX);
			if (chance(2))
				store_replay(&some, &m->events[k], UINT64_MAX);
		}
		keeps_promise(&now, p, "cut", at);
		keeps_promise(&some, p, "some lost", at);
		keeps_promise(&torn, p, "torn", at);
		if (at < m->nevents && m->events[at].kind == STORE_SYNC) {
			for (size_t k = since; k < at; k++)
				store_replay(&synced, &m->events[k], UINT64_MAX);
			since = at;
		}
		store_free(&now);
		store_free(&some);
		store_free(&torn);
	}
	store_free(&synced);
}

#define PROMISES 64

static void add_promise(struct promise *list, u32 *n, const struct memory_store *m,
			struct model *model)
{
	assert_true(*n + 1 < PROMISES);
	if (*n)
		memcpy(list[*n - 1].zeroed, model->zeroed, sizeof(model->zeroed));
	memset(model->zeroed, 0, sizeof(model->zeroed));
	list[*n].events = m->nevents;
	list[*n].now = model->now;
	memcpy(list[(*n)++].value, model->value, sizeof(model->value));
}

static void whenever_the_power_goes_the_image_is_sound_and_has_what_was_flushed(void **state)
{
	static struct promise promises[PROMISES];

	for (u32 i = 0; i < ARRAY_LEN(shapes) - 1; i++) {
		static struct model model;
		struct memory_store m, start;
		struct qcow2 *q;
		u32 n = 0;

		seed = 99 + i;
		memset(&model, 0, sizeof(model));
		memset(promises, 0, sizeof(promises));
		must_create(&m, &shapes[i]);
		start = store_copy(&m);
		m.recording = true;
		q = must_open(&m, true);
		add_promise(promises, &n, &m, &model);
		for (u32 k = 0; k < 100; k++) {
			assert_int_equal(act(&model, q), 0);
			if (k % 4)
				continue;
			assert_int_equal(qcow2_flush(q), 0);
			add_promise(promises, &n, &m, &model);
		}
		assert_int_equal(qcow2_flush(q), 0);
		add_promise(promises, &n, &m, &model);
		qcow2_free(q);
		assert_true(m.nevents > 80);
		cut_everywhere(&start, &m, promises);
		store_free(&start);
		store_free(&m);
	}
	(void)state;
}

/* -- Writes that fail
 * ------------------------------------------------------------------------------ */

static void a_write_that_fails_costs_no_more_than_itself(void **state)
{
	static struct model model;

	for (u32 n = 1; n < 260; n++) {
		const struct qcow2_shape *shape = &shapes[n % 3];
		struct memory_store m;
		struct qcow2 *q;

		seed = 3;
		memset(&model, 0, sizeof(model));
		must_create(&m, shape);
		q = must_open(&m, true);
		m.fail_at = n;
		m.fail_errno = n % 2 ? ENOSPC : EIO;
		for (u32 k = 0; k < 60; k++)
			act(&model, q);
		model_compare(&model, q);
		m.fail_at = 0;
		assert_int_equal(qcow2_flush(q), 0);
		assert_int_equal(qcow2_flush(q), 0);
		qcow2_free(q);
		if (checked(&m).leaks)
			fail_msg("%u: a leak", n);
		q = must_open(&m, false);
		model_compare(&model, q);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static void a_full_store_is_no_space_and_what_was_there_stays(void **state)
{
	static struct model model;
	struct memory_store m;
	struct qcow2 *q;
	u32 full = 0;

	seed = 8;
	memset(&model, 0, sizeof(model));
	must_create(&m, &shapes[0]);
	m.most = m.s.size + 40000;
	q = must_open(&m, true);
	for (u32 k = 0; k < 200; k++) {
		int error = act(&model, q);

		assert_true(!error || error == ENOSPC);
		full += error == ENOSPC;
	}
	assert_true(full > 10);
	model_compare(&model, q);
	m.most += MIB;
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
	checked(&m);
	store_free(&m);
	(void)state;
}

/* -- Compressed clusters
 * ----------------------------------------------------------------------------- */

#define CLUSTER 65536

static u64 l2_place(const struct memory_store *m)
{
	return get_be64(m->bytes + get_be64(m->bytes + 40)) & LOW_BITS(56);
}

static size_t deflated(u8 *to, size_t cap, const u8 *from)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)from, .avail_in = CLUSTER };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -12, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = to;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

static size_t packed_bytes(u8 *to, size_t cap, const u8 *from, bool zstd)
{
#if HAVE_ZSTD
	if (zstd)
		return ZSTD_compress(to, cap, from, CLUSTER, 3);
#endif
	assert_false(zstd);
	return deflated(to, cap, from);
}

/* An image whose first cluster is compressed: it takes the place of the second one. */
static void make_packed(struct memory_store *m, u8 *content, bool zstd)
{
	static u8 packed[2 * CLUSTER];
	const struct qcow2_shape shape = {
		.size = DISK, .version = 3, .cluster_bits = 16, .refcount_order = 4
	};
	struct qcow2 *q;
	u64 l2, at;
	size_t n;

	for (u32 i = 0; i < CLUSTER; i++)
		content[i] = (u8)(i / 7);
	must_create(m, &shape);
	q = must_open(m, true);
	assert_int_equal(qcow2_write(q, content, CLUSTER, CLUSTER), 0);
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
	l2 = l2_place(m);
	at = get_be64(m->bytes + l2 + 8) & LOW_BITS(56);
	n = packed_bytes(packed, sizeof(packed), content, zstd);
	assert_true(n < CLUSTER / 2);
	memcpy(m->bytes + at + 100, packed, n);
	put_be64(m->bytes + l2, (u64)1 << 62 | ((n + 100 - 1) / 512) << 54 | (at + 100));
	put_be64(m->bytes + l2 + 8, 0);
	if (zstd) {
		put_be64(m->bytes + 72, 8);
		m->bytes[104] = 1;
	}
}

static void compressed_clusters_are_read_and_moved_when_written(void **state)
{
	static u8 content[CLUSTER], back[CLUSTER];

	for (u32 zstd = 0; zstd <= HAVE_ZSTD; zstd++) {
		struct memory_store m;
		struct qcow2_report r;
		struct qcow2 *q;

		make_packed(&m, content, zstd);
		r = checked(&m);
		assert_int_equal(r.packed, 1);
		assert_int_equal(r.leaks, 0);
		q = must_open(&m, true);
		assert_int_equal(qcow2_read(q, back, CLUSTER, 0), 0);
		assert_memory_equal(back, content, CLUSTER);
		assert_int_equal(qcow2_read(q, back, 512, 5120), 0);
		assert_memory_equal(back, content + 5120, 512);

		memset(content + 1024, 0xee, 512);
		assert_int_equal(qcow2_write(q, content + 1024, 512, 1024), 0);
		assert_int_equal(qcow2_read(q, back, CLUSTER, 0), 0);
		assert_memory_equal(back, content, CLUSTER);
		assert_int_equal(qcow2_flush(q), 0);
		assert_int_equal(qcow2_flush(q), 0);
		qcow2_free(q);
		r = checked(&m);
		assert_int_equal(r.packed, 0);
		assert_int_equal(r.leaks, 0);
		store_free(&m);
	}
	(void)state;
}

static void compressed_data_that_is_none_is_damage(void **state)
{
	static u8 content[CLUSTER];

	for (u32 zstd = 0; zstd <= HAVE_ZSTD; zstd++) {
		struct memory_store m;
		struct qcow2 *q;
		u64 at;

		make_packed(&m, content, zstd);
		at = get_be64(m.bytes + l2_place(&m)) & LOW_BITS(54);
		memset(m.bytes + at, 0xff, 300);
		q = must_open(&m, false);
		assert_int_equal(qcow2_read(q, content, 512, 0), EUCLEAN);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

/* -- Shared clusters
 * ------------------------------------------------------------------------------------ */

static void a_cluster_that_two_places_share_is_copied_when_one_is_written(void **state)
{
	static u8 content[CLUSTER], back[CLUSTER];
	struct memory_store m;
	struct qcow2 *q;
	u64 l2, at, block;

	must_create(&m, &shapes[5]);
	q = must_open(&m, true);
	memset(content, 0x11, CLUSTER);
	assert_int_equal(qcow2_write(q, content, CLUSTER, 0), 0);
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
	l2 = l2_place(&m);
	at = get_be64(m.bytes + l2) & LOW_BITS(56);
	put_be64(m.bytes + l2, at);
	put_be64(m.bytes + l2 + 8, at);
	block = get_be64(m.bytes + get_be64(m.bytes + 48));
	put_be16(m.bytes + block + at / CLUSTER * 2, 2);
	assert_int_equal(checked(&m).leaks, 0);

	q = must_open(&m, true);
	memset(back, 0x22, 512);
	assert_int_equal(qcow2_write(q, back, 512, CLUSTER + 512), 0);
	assert_int_equal(qcow2_read(q, back, CLUSTER, 0), 0);
	assert_memory_equal(back, content, CLUSTER);
	memset(content + 512, 0x22, 512);
	assert_int_equal(qcow2_read(q, back, CLUSTER, CLUSTER), 0);
	assert_memory_equal(back, content, CLUSTER);
	qcow2_free(q);
	store_free(&m);
	(void)state;
}

/* -- Another size
 * ------------------------------------------------------------------------------------------ */

static void it_grows_with_zeros_and_what_is_cut_off_does_not_come_back(void **state)
{
	for (u32 i = 0; i < ARRAY_LEN(shapes); i++) {
		u8 *bytes = xzalloc(DISK), *back = xzalloc(4 * DISK);
		struct memory_store m;
		struct qcow2 *q;

		must_create(&m, &shapes[i]);
		q = must_open(&m, true);
		memset(bytes, 0x77, DISK);
		assert_int_equal(qcow2_write(q, bytes, DISK, 0), 0);
		assert_int_equal(qcow2_resize(q, 4 * DISK), 0);
		assert_int_equal(qcow2_write(q, bytes, 512, 4 * DISK - 512), 0);
		assert_int_equal(qcow2_resize(q, 1536), 0);
		assert_int_equal(qcow2_resize(q, 4 * DISK), 0);
		assert_int_equal(qcow2_flush(q), 0);
		qcow2_free(q);
		assert_int_equal(checked(&m).leaks, 0);

		q = must_open(&m, false);
		assert_int_equal(qcow2_size(q), 4 * DISK);
		assert_int_equal(qcow2_read(q, back, 4 * DISK, 0), 0);
		assert_memory_equal(back, bytes, 1536);
		for (size_t k = 1536; k < 4 * DISK; k++)
			if (back[k])
				fail_msg("byte %zu is %u", k, back[k]);
		qcow2_free(q);
		store_free(&m);
		free(bytes);
		free(back);
	}
	(void)state;
}

/* -- What is refused
 * ------------------------------------------------------------------------------------------ */

struct change {
	u32 at, width;
	u64 value;
	const char *says;
	bool readable;
};

static void change(struct memory_store *m, const struct change *c)
{
	if (c->width == 8)
		put_be64(m->bytes + c->at, c->value);
	else
		put_be32(m->bytes + c->at, (u32)c->value);
}

static void what_cannot_be_right_is_refused_with_the_reason(void **state)
{
	static const struct change changes[] = {
		{ 0, 4, 0x12345678, "no qcow2 image", false },
		{ 4, 4, 1, "version 1", false },
		{ 4, 4, 4, "version 4", false },
		{ 8, 8, 65500, "name of its backing file", false },
		{ 20, 4, 8, "cluster size", false },
		{ 20, 4, 22, "cluster size", false },
		{ 24, 8, 0, "is empty", false },
		{ 24, 8, (u64)1 << 60, "L1 table does not fit", false },
		{ 32, 4, 1, "encrypted", false },
		{ 36, 4, 0, "L1 table does not fit", false },
		{ 36, 4, 0xffffffff, "L1 table does not fit", false },
		{ 40, 8, 0, "L1 table has no possible place", false },
		{ 40, 8, 0x30001, "L1 table has no possible place", false },
		{ 40, 8, ~(u64)0xffff, "L1 table has no possible place", false },
		{ 48, 8, 512, "refcount table has no possible place", false },
		{ 56, 4, 0, "refcount table has no possible place", false },
		{ 56, 4, 0xffffffff, "refcount table has no possible place", false },
		{ 60, 4, 3, "3 internal snapshots", true },
		{ 72, 8, 1, "not in order", true },
		{ 72, 8, 2, "not in order", true },
		{ 72, 8, 4, "another file", false },
		{ 72, 8, 8, "compressed in a way", false },
		{ 72, 8, 16, "extended L2", false },
		{ 72, 8, 32, "feature bit 5", false },
		{ 72, 8, (u64)1 << 63, "feature bit 63", false },
		{ 96, 4, 7, "more than 64 bits", false },
		{ 100, 4, 100, "header", false },
		{ 100, 4, 105, "header", false },
		{ 100, 4, 0x10008, "header", false },
		{ 116, 4, 0x7fffffff, "header extension", false },
	};

	for (u32 i = 0; i < ARRAY_LEN(changes); i++) {
		struct err e = { 0 };
		struct memory_store m;
		struct qcow2 *q;

		must_create(&m, &shapes[5]);
		if (changes[i].at == 116)
			put_be32(m.bytes + 112, 0x6803f857);
		change(&m, &changes[i]);
		q = qcow2_open(&m.s, "x.qcow2", true, &e);
		if (q || !strstr(e.text, changes[i].says) || !e.hint[0])
			fail_msg("%u: `%s` is not `%s`", i, e.text, changes[i].says);
		q = qcow2_open(&m.s, "x.qcow2", false, &e);
		assert_int_equal(!!q, changes[i].readable);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static void what_other_programs_noted_of_the_content_is_cleared_before_it_changes(void **state)
{
	struct memory_store m;
	struct qcow2 *q;

	must_create(&m, &shapes[5]);
	put_be64(m.bytes + 88, 0xff);
	q = must_open(&m, false);
	qcow2_free(q);
	assert_int_equal(get_be64(m.bytes + 88), 0xff);
	q = must_open(&m, true);
	qcow2_free(q);
	assert_int_equal(get_be64(m.bytes + 88), 0);
	store_free(&m);
	(void)state;
}

static void the_name_of_a_backing_file_is_told_and_nothing_more(void **state)
{
	const struct qcow2_shape shape = { .size = DISK,
					   .version = 3,
					   .cluster_bits = 16,
					   .refcount_order = 4,
					   .backing = "/etc/passwd",
					   .backing_format = "raw" };
	struct memory_store m;
	struct qcow2 *q;

	must_create(&m, &shape);
	q = must_open(&m, false);
	assert_string_equal(qcow2_named_backing(q), "/etc/passwd");
	assert_string_equal(qcow2_info(q).backing_format, "raw");
	qcow2_free(q);
	assert_int_equal(checked(&m).leaks, 0);
	store_free(&m);
	(void)state;
}

/* -- Damage
 * ------------------------------------------------------------------------------------------------------
 */

/* One written cluster, one L2 table. */
static void make_one(struct memory_store *m)
{
	static u8 content[CLUSTER];
	struct qcow2 *q;

	must_create(m, &shapes[5]);
	q = must_open(m, true);
	memset(content, 0x33, CLUSTER);
	assert_int_equal(qcow2_write(q, content, CLUSTER, 0), 0);
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
}

static void entries_that_make_no_sense_are_errors_and_are_found(void **state)
{
	static const struct {
		bool l1;
		u64 entry;
	} bad[] = {
		{ true, (u64)1 << 63 | 0x1234 },          { true, (u64)1 << 60 | 0x40000 },
		{ true, (u64)1 << 63 | 0x7fffffff0000 },  { false, (u64)1 << 63 },
		{ false, (u64)1 << 63 | 0x50200 },        { false, (u64)1 << 58 | 0x50000 },
		{ false, (u64)1 << 63 | 0x7fffffff0000 }, { false, (u64)3 << 62 | 0x50000 },
		{ false, (u64)1 << 62 | 0x7fffffff0000 },
	};

	for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
		struct qcow2_report r;
		struct memory_store m;
		struct qcow2 *q;
		u8 sector[512];

		make_one(&m);
		put_be64(m.bytes + (bad[i].l1 ? get_be64(m.bytes + 40) : l2_place(&m)),
			 bad[i].entry);
		q = must_open(&m, true);
		assert_int_equal(qcow2_read(q, sector, 512, 0), EUCLEAN);
		assert_int_equal(qcow2_write(q, sector, 512, 0), EUCLEAN);
		assert_int_equal(qcow2_check(q, true, &r), 0);
		assert_true(r.errors > 0);
		assert_int_equal(r.repaired, 0);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static u64 count_place(const struct memory_store *m, u64 cluster)
{
	return get_be64(m->bytes + get_be64(m->bytes + 48)) + cluster * 2;
}

static void the_tables_are_no_place_for_data(void **state)
{
	static const u64 places[] = { 0x10000, 0x30000 }; /* refcount table, L1 */
	u8 sector[512] = { 0 };

	for (u32 i = 0; i < ARRAY_LEN(places); i++) {
		struct memory_store m;
		struct qcow2 *q;

		make_one(&m);
		put_be64(m.bytes + l2_place(&m), (u64)1 << 63 | places[i]);
		q = must_open(&m, true);
		assert_int_equal(qcow2_write(q, sector, 512, 0), EUCLEAN);
		qcow2_free(q);
		store_free(&m);

		make_one(&m); /* L1 and the refcount table are not counted: they look free */
		put_be16(m.bytes + count_place(&m, places[i] >> 16), 0);
		q = must_open(&m, true);
		assert_int_equal(qcow2_write(q, sector, 512, 128 * 1024), EUCLEAN);
		qcow2_free(q);
		store_free(&m);
	}
	(void)state;
}

static void counts_that_are_too_low_are_errors_and_too_high_are_leaks(void **state)
{
	struct qcow2_report r;
	struct memory_store m;
	struct qcow2 *q;

	make_one(&m);
	put_be16(m.bytes + count_place(&m, 4), 0);
	q = must_open(&m, true);
	assert_int_equal(qcow2_check(q, true, &r), 0);
	assert_true(r.errors > 0);
	assert_int_equal(r.leaks, 0);
	qcow2_free(q);
	store_free(&m);

	make_one(&m);
	m.s.resize(&m.s, m.s.size + 2 * CLUSTER);
	put_be16(m.bytes + count_place(&m, 6), 1);
	put_be16(m.bytes + count_place(&m, 7), 3);
	q = must_open(&m, true);
	assert_int_equal(qcow2_check(q, false, &r), 0);
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.leaks, 2);
	assert_int_equal(get_be16(m.bytes + count_place(&m, 6)), 1);
	assert_int_equal(qcow2_check(q, true, &r), 0);
	assert_int_equal(r.repaired, 2);
	qcow2_free(q);
	assert_int_equal(checked(&m).leaks, 0);
	store_free(&m);
	(void)state;
}

static void two_tables_in_one_place_are_found_and_walked_once(void **state)
{
	const struct qcow2_shape shape = {
		.size = 24 * MIB, .version = 3, .cluster_bits = 9, .refcount_order = 4
	};
	struct qcow2_report r;
	struct memory_store m;
	struct qcow2 *q;
	u8 sector[512] = { 1 };

	must_create(&m, &shape);
	q = must_open(&m, true);
	assert_int_equal(qcow2_write(q, sector, 512, 0), 0);
	assert_int_equal(qcow2_flush(q), 0);
	qcow2_free(q);
	for (u64 i = 1; i < 700; i++)
		memcpy(m.bytes + get_be64(m.bytes + 40) + i * 8, m.bytes + get_be64(m.bytes + 40),
		       8);
	q = must_open(&m, false);
	assert_int_equal(qcow2_check(q, false, &r), 0);
	assert_true(r.errors >= 699);
	assert_int_equal(r.allocated, 1);
	qcow2_free(q);
	store_free(&m);
	(void)state;
}

/* A million blocks that are one block, in which all is taken: no search without end. */
static void a_refcount_table_without_end_is_not_searched_to_its_end(void **state)
{
	struct memory_store m;
	struct qcow2 *q;
	u64 table, block, start = cpu_ns();
	u8 sector[512] = { 0 };

	make_one(&m);
	block = get_be64(m.bytes + get_be64(m.bytes + 48));
	table = m.s.size;
	m.s.resize(&m.s, table + 8 * MIB);
	for (u64 i = 0; i < MIB; i++)
		put_be64(m.bytes + table + i * 8, block);
	memset(m.bytes + block, 1, CLUSTER);
	put_be64(m.bytes + 48, table);
	put_be32(m.bytes + 56, 8 * MIB / CLUSTER);
	q = must_open(&m, true);
	assert_int_equal(qcow2_write(q, sector, 512, 128 * 1024), EUCLEAN);
	assert_true(cpu_ns() - start < (u64)20 * 1000000000);
	qcow2_free(q);
	store_free(&m);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_image_is_all_zeros_and_sound),
		cmocka_unit_test(it_keeps_what_was_written),
		cmocka_unit_test(rewriting_takes_no_new_room),
		cmocka_unit_test(the_refcount_table_grows_with_the_image),
		cmocka_unit_test(what_lies_under_it_is_seen_until_it_is_written_over),
		cmocka_unit_test(
			whenever_the_power_goes_the_image_is_sound_and_has_what_was_flushed),
		cmocka_unit_test(a_write_that_fails_costs_no_more_than_itself),
		cmocka_unit_test(a_full_store_is_no_space_and_what_was_there_stays),
		cmocka_unit_test(compressed_clusters_are_read_and_moved_when_written),
		cmocka_unit_test(compressed_data_that_is_none_is_damage),
		cmocka_unit_test(a_cluster_that_two_places_share_is_copied_when_one_is_written),
		cmocka_unit_test(it_grows_with_zeros_and_what_is_cut_off_does_not_come_back),
		cmocka_unit_test(what_cannot_be_right_is_refused_with_the_reason),
		cmocka_unit_test(
			what_other_programs_noted_of_the_content_is_cleared_before_it_changes),
		cmocka_unit_test(the_name_of_a_backing_file_is_told_and_nothing_more),
		cmocka_unit_test(entries_that_make_no_sense_are_errors_and_are_found),
		cmocka_unit_test(the_tables_are_no_place_for_data),
		cmocka_unit_test(counts_that_are_too_low_are_errors_and_too_high_are_leaks),
		cmocka_unit_test(two_tables_in_one_place_are_found_and_walked_once),
		cmocka_unit_test(a_refcount_table_without_end_is_not_searched_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
