/* fuzz_qcow2.c - a disk in a qcow2 image that anybody may have changed: whatever is done with
 * it, it ends in an errno.  One that nobody has changed stays sound.
 *
 * Input: a shape, how many changes, the changes (where: 2 bytes, how wide: 1, what: 8), then
 * what a guest does, 6 bytes each.  Shape 255: the rest is the image itself.
 */
#include "fuzz.h"

#include "../store.h"

#define DISK 65536

static const struct qcow2_shape shapes[] = {
	{ .size = DISK, .version = 3, .cluster_bits = 9, .refcount_order = 4 },
	{ .size = DISK, .version = 3, .cluster_bits = 9, .refcount_order = 0 },
	{ .size = DISK, .version = 2, .cluster_bits = 9, .refcount_order = 4 },
	{ .size = DISK, .version = 3, .cluster_bits = 10, .refcount_order = 6 },
	{ .size = DISK, .version = 3, .cluster_bits = 12, .refcount_order = 3, .backing = "b" },
};

struct input {
	const u8 *at;
	size_t n;
};

static u64 take(struct input *in, u32 bytes)
{
	u64 v = 0;

	for (; bytes && in->n; bytes--, in->n--)
		v = v << 8 | *in->at++;
	return v;
}

/* With something in it, so that there are tables to change. */
static void make(struct memory_store *m, const struct qcow2_shape *shape)
{
	static const u8 bytes[3000] = { 1 };
	struct err e = { 0 };
	struct qcow2 *q;

	if (qcow2_create(&m->s, shape, &e))
		abort();
	q = qcow2_open(&m->s, "x", true, &e);
	if (!q || qcow2_write(q, bytes, sizeof(bytes), 1024) ||
	    qcow2_write(q, bytes, sizeof(bytes), 40960) || qcow2_flush(q))
		abort();
	qcow2_free(q);
}

static void change(struct memory_store *m, struct input *in)
{
	u64 at = take(in, 2), width = take(in, 1), value = take(in, 8);

	if (at + 8 > m->s.size)
		return;
	if (width % 3 == 0)
		put_be64(m->bytes + at, value);
	else if (width % 3 == 1)
		put_be32(m->bytes + at, (u32)value);
	else
		m->bytes[at] = (u8)value;
}

static int read_base(void *ctx, void *to, size_t n, u64 offset)
{
	(void)ctx, (void)offset;
	memset(to, 0x5a, n);
	return 0;
}

static void act(struct qcow2 *q, struct input *in)
{
	static u8 buf[DISK];
	u64 what = take(in, 1), offset = take(in, 3) * 512 % qcow2_size(q), next;
	u64 wish = take(in, 2) % DISK + 1, n = MIN(wish, qcow2_size(q) - offset), first, end;

	switch (what % 8) {
	case 0:
		qcow2_read(q, buf, n, offset);
		break;
	case 1:
		qcow2_flush(q);
		break;
	case 2:
		qcow2_whole(q, offset, n, &first, &end);
		for (; first < end && !qcow2_zero(q, first, end, &next); first = next)
			;
		break;
	case 3:
		qcow2_resize(q, (1 + take(in, 1)) * 1024);
		break;
	default:
		qcow2_write(q, buf, n, offset);
	}
}

static void live(struct memory_store *m, struct input *in, bool sound)
{
	const struct qcow2_backing base = { read_base, NULL };
	struct err e = { 0 };
	struct qcow2_report r;
	struct qcow2 *q = qcow2_open(&m->s, "x", true, &e);

	if (!q)
		q = qcow2_open(&m->s, "x", false, &e);
	else if (qcow2_named_backing(q))
		qcow2_set_backing(q, &base);
	if (!q)
		return;
	for (u32 i = 0; in->n && i < 64; i++)
		act(q, in);
	if (sound && (qcow2_flush(q) || qcow2_flush(q)))
		abort();
	if (!qcow2_check(q, true, &r) && sound && (r.errors || r.leaks))
		abort();
	qcow2_free(q);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct memory_store m = memory_store(2 * MIB);
	struct input in = { data, size };
	u64 shape = take(&in, 1), changes;

	if (shape == 255) {
		if (in.n)
			m.s.write(&m.s, in.at, MIN(in.n, 64 * KIB), 0);
		live(&m, &in, false);
	} else {
		make(&m, &shapes[shape % ARRAY_LEN(shapes)]);
		changes = take(&in, 1) % 16;
		for (u64 i = 0; i < changes; i++)
			change(&m, &in);
		live(&m, &in, !changes);
	}
	store_free(&m);
	return 0;
}
