/* qcow2.c - the header of a qcow2 image: reading, making, changing. */
#include "qcow2_core.h"

#include <inttypes.h>

#include "config.h"

/* -- Reading ------------------------------------------------------------------------------- */

enum { I_DIRTY, I_CORRUPT, I_EXTERNAL, I_COMPRESSION, I_EXTENDED };

#define KNOWN_FEATURES LOW_BITS(I_COMPRESSION + 1)

static bool refuse_feature(const char *path, u32 bit, struct err *e)
{
	switch (bit) {
	case I_EXTERNAL:
		err_code(e, "E0620", "`%s` keeps its data in another file, which is not supported",
			 path);
		break;
	case I_EXTENDED:
		err_code(e, "E0620", "`%s` has extended L2 entries, which are not supported", path);
		break;
	default:
		err_code(e, "E0620", "`%s` needs feature bit %u, which is not known here", path,
			 bit);
	}
	return err_hint(e, "qemu-img convert -O qcow2 makes a plain image of it");
}

static bool check_features(const struct qcow2 *q, const char *path, bool writable, struct err *e)
{
	for (u32 bit = 0; bit < 64; bit++)
		if (q->incompatible & ~KNOWN_FEATURES & (u64)1 << bit ||
		    (bit == I_EXTERNAL && q->incompatible & (u64)1 << bit))
			return refuse_feature(path, bit, e);
	if (q->zstd && !HAVE_ZSTD) {
		err_code(e, "E0620", "`%s` is compressed with zstd, which this build lacks", path);
		return err_hint(e, "apt install libzstd-dev, then ./configure --with-zstd");
	}
	if (!writable)
		return true;
	if (q->incompatible & ((u64)1 << I_DIRTY | (u64)1 << I_CORRUPT)) {
		err_code(e, "E0620",
			 "`%s` is marked as not in order, so it can be read and not written", path);
		return err_hint(e, "qemu-img check -r all puts it in order");
	}
	if (q->snapshots) {
		err_code(e, "E0620",
			 "`%s` has %" PRIu32 " internal snapshots, so it can be read and not "
			 "written",
			 path, q->snapshots);
		return err_hint(e, "`vmbuild image convert` makes an image without them");
	}
	return true;
}

static bool damaged(struct err *e, const char *path, const char *what)
{
	err_code(e, "E0620", "`%s` is a damaged qcow2 image: %s", path, what);
	return err_hint(e, "qemu-img check -r all can repair some damage");
}

static bool read_at(struct store *s, void *to, size_t n, u64 offset, const char *path,
		    struct err *e)
{
	int error = s->read(s, to, n, offset);

	return !error || err_code(e, "E0604", "cannot read `%s`: %s", path, strerror(error));
}

static bool read_fields(struct qcow2 *q, const u8 *h, const char *path, struct err *e)
{
	q->version = get_be32(h + 4);
	q->cluster_bits = get_be32(h + HEADER_CLUSTER_BITS);
	if (q->version != 2 && q->version != 3) {
		err_code(e, "E0620", "`%s` is qcow2 of version %" PRIu32 "; 2 and 3 are known",
			 path, q->version);
		return err_hint(e, "qemu-img convert -O qcow2 makes one of version 3");
	}
	if (q->cluster_bits < 9 || q->cluster_bits > 21)
		return damaged(e, path, "its cluster size is not 512 bytes to 2 MiB");
	q->cluster = (u64)1 << q->cluster_bits;
	q->size = get_be64(h + HEADER_SIZE);
	q->l1_size = get_be32(h + HEADER_L1_SIZE);
	q->l1_offset = get_be64(h + HEADER_L1);
	q->reftable_offset = get_be64(h + HEADER_REFTABLE);
	q->snapshots = get_be32(h + HEADER_SNAPSHOTS);
	q->header_length = HEADER_V2_BYTES;
	q->refcount_order = 4;
	if (get_be32(h + HEADER_CRYPT)) {
		err_code(e, "E0620", "`%s` is encrypted, which is not supported", path);
		return err_hint(e, "qemu-img convert makes a plain image of it");
	}
	if (q->version == 2)
		return true;
	q->incompatible = get_be64(h + HEADER_INCOMPATIBLE);
	q->autoclear = get_be64(h + HEADER_AUTOCLEAR);
	q->refcount_order = get_be32(h + HEADER_REFCOUNT_ORDER);
	q->header_length = get_be32(h + HEADER_LENGTH);
	q->zstd = q->incompatible & (u64)1 << I_COMPRESSION;
	if (q->refcount_order > 6)
		return damaged(e, path, "its refcounts have more than 64 bits");
	if (q->header_length < HEADER_V3_BYTES || q->header_length % 8 ||
	    q->header_length > q->cluster)
		return damaged(e, path, "its header has no possible length");
	if (q->zstd && (q->header_length <= HEADER_COMPRESSION || h[HEADER_COMPRESSION] != 1)) {
		err_code(e, "E0620", "`%s` is compressed in a way that is not known here", path);
		return err_hint(e, "qemu-img convert -O qcow2 makes a plain image of it");
	}
	return true;
}

/* Names are for people: no file is ever opened by them. */
static bool read_name(struct qcow2 *q, const u8 *h, const char *path, struct err *e)
{
	u64 at = get_be64(h + HEADER_BACKING);
	u32 n = get_be32(h + HEADER_BACKING_SIZE);

	if (!at)
		return true;
	if (!n || n >= QCOW2_NAME || !range_inside(at, n, 0, q->cluster))
		return damaged(e, path, "the name of its backing file has no possible place");
	return read_at(q->store, q->name, n, at, path, e);
}

#define EXTENSION_FORMAT   0xe2792acau
#define EXTENSION_FEATURES 0x6803f857u /* their names */

static bool read_extensions(struct qcow2 *q, const char *path, struct err *e)
{
	u8 head[8];

	for (u64 at = q->header_length; at + 8 <= q->cluster;) {
		u32 kind, n;

		if (!read_at(q->store, head, 8, at, path, e))
			return false;
		kind = get_be32(head);
		n = get_be32(head + 4);
		if (!kind)
			return true;
		if (!range_inside(at + 8, n, 0, q->cluster))
			return damaged(e, path, "a header extension has no possible length");
		q->has_extras |= kind != EXTENSION_FORMAT && kind != EXTENSION_FEATURES;
		if (kind == EXTENSION_FORMAT &&
		    !read_at(q->store, q->format, MIN(n, sizeof(q->format) - 1), at + 8, path, e))
			return false;
		at += 8 + align_up(n, 8);
	}
	return true;
}

static bool check_size(struct qcow2 *q, const char *path, struct err *e)
{
	if (!q->size) {
		err_set(e, "disk `%s` is empty: a disk has at least one sector", path);
		return err_hint(e, "vmbuild image resize FILE 4G --format qcow2");
	}
	if (q->size > LOW_BITS(56) || q->l1_size > L1_MOST ||
	    (q->size - 1) / l2_span(q) >= q->l1_size)
		return damaged(e, path, "its L1 table does not fit its size");
	q->size = align_up(q->size, SECTOR);
	return true;
}

static u64 *read_table(struct qcow2 *q, u64 offset, u64 n, const char *path, struct err *e)
{
	u64 *table = xcalloc(n, 8);

	if (!read_at(q->store, table, n * 8, offset, path, e)) {
		free(table);
		return NULL;
	}
	for (u64 i = 0; i < n; i++)
		table[i] = get_be64(&table[i]);
	return table;
}

/* As long as the clusters that the store has. */
static bool is_in_store(const struct qcow2 *q, u64 offset, u64 length)
{
	return offset >= q->cluster && !(offset & (q->cluster - 1)) &&
	       range_inside(offset, length, 0, align_up(q->store->size, q->cluster));
}

static bool read_tables(struct qcow2 *q, const u8 *h, const char *path, struct err *e)
{
	u64 bytes = get_be32(h + HEADER_REFTABLE_CLUSTERS) * q->cluster;

	if (!is_in_store(q, q->l1_offset, (u64)q->l1_size * 8))
		return damaged(e, path, "its L1 table has no possible place");
	if (!bytes || bytes > REFTABLE_BYTES || !is_in_store(q, q->reftable_offset, bytes))
		return damaged(e, path, "its refcount table has no possible place");
	q->reftable_entries = (u32)(bytes / 8);
	q->l1 = read_table(q, q->l1_offset, q->l1_size, path, e);
	q->reftable =
		q->l1 ? read_table(q, q->reftable_offset, q->reftable_entries, path, e) : NULL;
	return q->reftable;
}

/* What says something of the content that will not be true any more. */
static bool clear_autoclear(struct qcow2 *q, const char *path, struct err *e)
{
	static const u8 zeros[8];
	int error;

	if (!q->writable || !q->autoclear)
		return true;
	error = q->store->write(q->store, zeros, 8, HEADER_AUTOCLEAR);
	if (!error)
		error = q->store->sync(q->store);
	return !error || err_code(e, "E0604", "cannot write `%s`: %s", path, strerror(error));
}

static void make_places(struct qcow2 *q)
{
	q->ntables = (u32)MIN(MAX(CACHE_BYTES >> q->cluster_bits, 8), 1024);
	q->tables = xcalloc(q->ntables, sizeof(q->tables[0]));
}

static bool read_header(struct qcow2 *q, const char *path, struct err *e)
{
	u8 h[HEADER_BYTES] = { 0 };

	if (!read_at(q->store, h, sizeof(h), 0, path, e))
		return false;
	if (get_be32(h) != QCOW2_MAGIC) {
		err_code(e, "E0620", "`%s` is no qcow2 image", path);
		return err_hint(e, "`format: raw`, if it is a raw one");
	}
	return read_fields(q, h, path, e) && check_features(q, path, q->writable, e) &&
	       check_size(q, path, e) && read_name(q, h, path, e) && read_extensions(q, path, e) &&
	       read_tables(q, h, path, e) && clear_autoclear(q, path, e);
}

struct qcow2 *qcow2_open(struct store *s, const char *path, bool writable, struct err *e)
{
	struct qcow2 *q = xzalloc(sizeof(*q));

	q->store = s;
	q->writable = writable;
	if (!read_header(q, path, e)) {
		qcow2_free(q);
		return NULL;
	}
	make_places(q);
	return q;
}

void qcow2_set_backing(struct qcow2 *q, const struct qcow2_backing *b)
{
	q->backing = *b;
}

void qcow2_free(struct qcow2 *q)
{
	if (!q)
		return;
	for (u32 i = 0; i < q->ntables; i++)
		free(q->tables[i].bytes);
	free(q->tables);
	free(q->l1);
	free(q->reftable);
	free(q->dropped);
	free(q->unpacked);
	free(q);
}

u64 qcow2_size(const struct qcow2 *q)
{
	return q->size;
}

u64 qcow2_cluster(const struct qcow2 *q)
{
	return q->cluster;
}

const char *qcow2_named_backing(const struct qcow2 *q)
{
	return q->name[0] ? q->name : NULL;
}

struct qcow2_info qcow2_info(const struct qcow2 *q)
{
	return (struct qcow2_info){
		.version = q->version,
		.refcount_bits = 1u << q->refcount_order,
		.snapshots = q->snapshots,
		.cluster = q->cluster,
		.zstd = q->zstd,
		.dirty = q->incompatible & (u64)1 << I_DIRTY,
		.corrupt = q->incompatible & (u64)1 << I_CORRUPT,
		.backing = q->name[0] ? q->name : NULL,
		.backing_format = q->format[0] ? q->format : NULL,
	};
}

/* -- Making ----------------------------------------------------------------------------------- */

/* The clusters of a new image: header, refcount table, its blocks, L1. */
struct layout {
	u64 cluster, blocks, l1, l1_entries, end;
};

static bool lay_out(const struct qcow2_shape *shape, struct layout *l, struct err *e)
{
	u64 counts, span;

	l->cluster = (u64)1 << shape->cluster_bits;
	counts = l->cluster * 8 >> shape->refcount_order;
	span = l->cluster * (l->cluster / 8);
	l->l1_entries = (align_up(MAX(shape->size, 1), SECTOR) - 1) / span + 1;
	if (shape->size > LOW_BITS(56) || l->l1_entries > L1_MOST) {
		err_set(e,
			"a qcow2 image with clusters of %" PRIu64 " bytes has at most %" PRIu64
			" GiB",
			l->cluster, L1_MOST * span >> 30);
		return err_hint(e, "a smaller size, or larger clusters");
	}
	for (l->blocks = 1;; l->blocks++) {
		l->l1 = 2 + l->blocks;
		l->end = l->l1 + align_up(l->l1_entries * 8, l->cluster) / l->cluster;
		if (l->end <= l->blocks * counts)
			break;
	}
	if (l->blocks * 8 > l->cluster)
		return err_set(e, "a qcow2 image of that size needs larger clusters");
	return true;
}

static void put_extension(u8 *at, u32 kind, const char *text, u32 n)
{
	put_be32(at, kind);
	put_be32(at + 4, n);
	memcpy(at + 8, text, n);
}

static bool put_backing(const struct qcow2_shape *shape, u8 *h, u64 cluster, u32 header,
			struct err *e)
{
	size_t n = shape->backing ? strlen(shape->backing) : 0;
	size_t format = shape->backing_format ? strlen(shape->backing_format) : 0;
	u64 at = header;

	if (!n)
		return true;
	if (format) {
		put_extension(h + at, EXTENSION_FORMAT, shape->backing_format, (u32)format);
		at += 8 + align_up(format, 8);
	}
	at += 8; /* the end of extensions */
	if (n >= QCOW2_NAME || at + n > cluster)
		return err_set(e, "`%s` is too long a name to be kept in an image", shape->backing);
	put_be64(h + HEADER_BACKING, at);
	put_be32(h + HEADER_BACKING_SIZE, (u32)n);
	memcpy(h + at, shape->backing, n);
	return true;
}

static void put_header(const struct qcow2_shape *shape, const struct layout *l, u8 *h)
{
	put_be32(h, QCOW2_MAGIC);
	put_be32(h + 4, shape->version);
	put_be32(h + HEADER_CLUSTER_BITS, shape->cluster_bits);
	put_be64(h + HEADER_SIZE, shape->size);
	put_be32(h + HEADER_L1_SIZE, (u32)l->l1_entries);
	put_be64(h + HEADER_L1, l->l1 * l->cluster);
	put_be64(h + HEADER_REFTABLE, l->cluster);
	put_be32(h + HEADER_REFTABLE_CLUSTERS, 1);
	if (shape->version == 2)
		return;
	put_be32(h + HEADER_REFCOUNT_ORDER, shape->refcount_order);
	put_be32(h + HEADER_LENGTH, HEADER_BYTES);
}

/* Through the code that counts when it runs. */
static int count_layout(struct store *s, const struct layout *l)
{
	struct err e = { 0 };
	struct qcow2 *q = qcow2_open(s, "", true, &e);
	int error = q ? 0 : EIO;

	for (u64 c = 0; !error && c < l->end; c++)
		error = refs_set(q, c, 1);
	if (!error)
		error = qcow2_flush(q);
	qcow2_free(q);
	return error;
}

static int write_layout(struct store *s, const struct layout *l, const u8 *header)
{
	u8 *table = xzalloc(l->cluster);
	int error;

	for (u64 i = 0; i < l->blocks; i++)
		put_be64(table + i * 8, (2 + i) * l->cluster);
	error = s->resize(s, l->end * l->cluster);
	if (!error)
		error = s->write(s, table, l->cluster, l->cluster);
	if (!error)
		error = s->write(s, header, l->cluster, 0);
	free(table);
	return error;
}

int qcow2_create(struct store *s, const struct qcow2_shape *shape, struct err *e)
{
	struct layout l = { 0 };
	int error = EINVAL;
	u8 *header;

	assert(shape->cluster_bits >= 9 && shape->cluster_bits <= 21 && shape->size);
	assert(shape->version == 3 || shape->refcount_order == 4);
	if (!lay_out(shape, &l, e))
		return EINVAL;
	header = xzalloc(l.cluster);
	put_header(shape, &l, header);
	if (put_backing(shape, header, l.cluster,
			shape->version == 2 ? HEADER_V2_BYTES : HEADER_BYTES, e))
		error = write_layout(s, &l, header);
	if (!error)
		error = count_layout(s, &l);
	free(header);
	return error;
}

/* -- Another size ------------------------------------------------------------------------------ */

static int write_shape(struct qcow2 *q)
{
	u8 h[HEADER_REFTABLE - HEADER_SIZE];
	int error = q->store->read(q->store, h, sizeof(h), HEADER_SIZE);

	put_be64(h, q->size);
	put_be32(h + (HEADER_L1_SIZE - HEADER_SIZE), q->l1_size);
	put_be64(h + (HEADER_L1 - HEADER_SIZE), q->l1_offset);
	if (!error)
		error = q->store->write(q->store, h, sizeof(h), HEADER_SIZE);
	return error ? error : q->store->sync(q->store);
}

/* Clusters in a row, which the first free ones may not be. */
static int take_row(struct qcow2 *q, u64 want, u64 *first)
{
	u64 got = 0, n, c;

	while (got < want) {
		int error = refs_take(q, want - got, &c, &n);

		if (error)
			return error;
		if (got && c != *first + got) {
			for (u64 i = 0; i < got; i++)
				refs_drop_later(q, *first + i);
			got = 0;
		}
		if (!got)
			*first = c;
		got += n;
	}
	return 0;
}

static int write_l1(struct qcow2 *q, const u64 *l1, u64 n, u64 offset)
{
	u64 bytes = align_up(n * 8, q->cluster);
	u8 *table = xzalloc(bytes);
	int error;

	for (u64 i = 0; i < q->l1_size; i++)
		put_be64(table + i * 8, l1[i]);
	error = q->store->write(q->store, table, bytes, offset);
	free(table);
	return error ? error : qcow2_flush(q); /* and the counts of where it lies */
}

static int grow_l1(struct qcow2 *q, u32 n)
{
	u64 was = q->l1_offset >> q->cluster_bits, first = 0;
	u64 clusters = align_up((u64)q->l1_size * 8, q->cluster) >> q->cluster_bits;
	int error = take_row(q, align_up((u64)n * 8, q->cluster) >> q->cluster_bits, &first);

	if (!error)
		error = write_l1(q, q->l1, n, first * q->cluster);
	if (error)
		return error;
	q->l1 = xrealloc(q->l1, (size_t)n * 8);
	memset(q->l1 + q->l1_size, 0, (n - q->l1_size) * 8);
	q->l1_size = n;
	q->l1_offset = first * q->cluster;
	error = write_shape(q);
	for (u64 i = 0; !error && i < clusters; i++)
		refs_drop_later(q, was + i);
	return error;
}

/* What is behind the new end is not to be seen again. */
static int cut(struct qcow2 *q, u64 size)
{
	u64 whole = MIN(align_up(size, q->cluster), q->size), next;
	u8 *bytes = xzalloc(2 * q->cluster), *zeros = bytes + q->cluster;
	int error = qcow2_read(q, bytes, whole - size, size);

	if (!error && memcmp(bytes, zeros, whole - size) != 0)
		error = qcow2_write(q, zeros, whole - size, size);
	free(bytes);
	for (u64 at = whole; !error && at < q->size; at = next)
		error = qcow2_zero(q, at, q->size, &next);
	return error == EOPNOTSUPP ? 0 : error;
}

int qcow2_resize(struct qcow2 *q, u64 size)
{
	u64 entries = (size - 1) / l2_span(q) + 1;
	int error = 0;

	assert(size && !(size % SECTOR));
	if (size > LOW_BITS(56) || entries > L1_MOST)
		return EFBIG;
	if (size < q->size)
		error = cut(q, size);
	if (!error)
		error = qcow2_flush(q);
	if (!error && entries > q->l1_size)
		error = grow_l1(q, (u32)entries);
	if (error)
		return error;
	q->size = size;
	error = write_shape(q);
	return error ? error : qcow2_flush(q);
}
