/* qcow2_refs.c - how many users each cluster of a qcow2 image has, and which are free. */
#include "qcow2_core.h"

/* Clusters behind the end of the store that are looked at for a free one: nobody has many
 * in use there, but a damaged image may say so. */
#define SCAN_MOST (1u << 20)

/* -- Numbers of 1 to 64 bits ---------------------------------------------------------------- */

static u32 count_bits(const struct qcow2 *q)
{
	return 1u << q->refcount_order;
}

static u64 counts_of(const struct qcow2 *q)
{
	u64 n = q->cluster * 8 / count_bits(q); /* of a block */

	assert(n); /* of 512 bytes, and at most 64 bits each */
	return n;
}

u64 count_get(const struct qcow2 *q, const u8 *block, u64 i)
{
	u32 bits = count_bits(q);

	switch (bits) {
	case 64:
		return get_be64(block + i * 8);
	case 32:
		return get_be32(block + i * 4);
	case 16:
		return get_be16(block + i * 2);
	default:
		return (u64)block[i * bits / 8] >> i * bits % 8 & LOW_BITS(bits);
	}
}

static void count_put(const struct qcow2 *q, u8 *block, u64 i, u64 count)
{
	u32 bits = count_bits(q), shift = (u32)(i * bits % 8);
	u8 *at = block + i * bits / 8;

	switch (bits) {
	case 64:
		put_be64(at, count);
		return;
	case 32:
		put_be32(at, (u32)count);
		return;
	case 16:
		put_be16(at, (u16)count);
		return;
	default:
		*at = (u8)((*at & ~(LOW_BITS(bits) << shift)) | count << shift);
	}
}

/* -- Blocks ------------------------------------------------------------------------------------ */

/* The block that counts a cluster; *t is NULL where there is none, and so all of its
 * clusters are free. */
static int block_of(struct qcow2 *q, u64 cluster, struct table **t)
{
	u64 i = cluster / counts_of(q);

	*t = NULL;
	if (i >= q->reftable_entries || !q->reftable[i])
		return 0;
	if (q->reftable[i] & (q->cluster - 1))
		return EUCLEAN;
	return table_get(q, q->reftable[i], true, t);
}

int refs_get(struct qcow2 *q, u64 cluster, u64 *count)
{
	struct table *t;
	int error = block_of(q, cluster, &t);

	*count = !error && t ? count_get(q, t->bytes, cluster % counts_of(q)) : 0;
	return error;
}

int refs_set(struct qcow2 *q, u64 cluster, u64 count)
{
	struct table *t;
	int error = block_of(q, cluster, &t);

	if (error)
		return error;
	if (!t || count > LOW_BITS(count_bits(q)))
		return EUCLEAN;
	count_put(q, t->bytes, cluster % counts_of(q), count);
	t->dirty = true;
	return 0;
}

/* A block that the store has, for the table of blocks points to it at once. */
static int write_block(struct qcow2 *q, u64 at, u64 counted, u64 first, u64 n)
{
	struct table *t;
	int error = table_new(q, at * q->cluster, true, &t);

	if (error)
		return error;
	for (u64 i = 0; i < counts_of(q); i++)
		if (range_inside(counted + i, 1, first, n))
			count_put(q, t->bytes, i, 1);
	return q->store->write(q->store, t->bytes, q->cluster, t->offset);
}

/* It lies in a cluster that it counts itself. */
static int add_block(struct qcow2 *q, u64 cluster)
{
	u64 i = cluster / counts_of(q);
	u8 entry[8];
	int error = write_block(q, cluster, i * counts_of(q), cluster, 1);

	if (!error)
		error = q->store->sync(q->store);
	put_be64(entry, cluster * q->cluster);
	if (!error)
		error = q->store->write(q->store, entry, 8, q->reftable_offset + i * 8);
	if (error)
		table_forget(q, cluster * q->cluster);
	else
		q->reftable[i] = cluster * q->cluster;
	return error;
}

/* -- A larger table of blocks ---------------------------------------------------------------------
 */

/* From cluster `first` on: blocks that count what is new here, then the table. */
struct larger {
	u64 first, blocks, clusters, entries;
};

static bool plan_larger(const struct qcow2 *q, u64 first, struct larger *l)
{
	l->first = first;
	l->blocks = 1;
	l->clusters = (u64)q->reftable_entries * 8 / q->cluster * 3 / 2 + 1;
	for (;;) {
		u64 end = first + l->blocks + l->clusters;
		u64 blocks = (end - 1) / counts_of(q) - first / counts_of(q) + 1;

		l->entries = l->clusters * q->cluster / 8;
		if (blocks == l->blocks && first / counts_of(q) + blocks <= l->entries)
			return l->entries * 8 <= REFTABLE_BYTES;
		if (l->clusters * q->cluster > REFTABLE_BYTES)
			return false;
		l->clusters += blocks == l->blocks;
		l->blocks = blocks;
	}
}

static int write_larger(struct qcow2 *q, const struct larger *l, const u64 *table)
{
	u8 *bytes = xzalloc(l->entries * 8);
	u64 total = l->blocks + l->clusters;
	int error = 0;

	for (u64 i = 0; !error && i < l->blocks; i++)
		error = write_block(q, l->first + i, (l->first / counts_of(q) + i) * counts_of(q),
				    l->first, total);
	for (u64 i = 0; i < l->entries; i++)
		put_be64(bytes + i * 8, table[i]);
	if (!error)
		error = q->store->write(q->store, bytes, l->entries * 8,
					(l->first + l->blocks) * q->cluster);
	free(bytes);
	return error ? error : q->store->sync(q->store);
}

static int point_to_larger(struct qcow2 *q, const struct larger *l)
{
	u8 header[12];
	int error;

	put_be64(header, (l->first + l->blocks) * q->cluster);
	put_be32(header + 8, (u32)l->clusters);
	error = q->store->write(q->store, header, sizeof(header), HEADER_REFTABLE);
	return error ? error : q->store->sync(q->store);
}

static void use_larger(struct qcow2 *q, const struct larger *l, u64 *table)
{
	u64 was = q->reftable_offset / q->cluster;
	u64 n = (u64)q->reftable_entries * 8 / q->cluster;

	free(q->reftable);
	q->reftable = table;
	q->reftable_entries = (u32)l->entries;
	q->reftable_offset = (l->first + l->blocks) * q->cluster;
	q->free_hint = l->first + l->blocks + l->clusters;
	while (n--)
		refs_drop_later(q, was++);
}

static int grow_reftable(struct qcow2 *q, u64 first)
{
	struct larger l;
	u64 *table;
	int error;

	if (!plan_larger(q, first, &l))
		return EFBIG;
	table = xcalloc(l.entries, 8);
	memcpy(table, q->reftable, (size_t)q->reftable_entries * 8);
	for (u64 i = 0; i < l.blocks; i++)
		table[l.first / counts_of(q) + i] = (l.first + i) * q->cluster;
	error = write_larger(q, &l, table);
	if (!error)
		error = point_to_larger(q, &l);
	if (!error) {
		use_larger(q, &l, table);
		return 0;
	}
	for (u64 i = 0; i < l.blocks; i++)
		table_forget(q, (l.first + i) * q->cluster);
	free(table);
	return error;
}

/* -- Taking
 * ------------------------------------------------------------------------------------------ */

bool may_hold_data(const struct qcow2 *q, u64 offset)
{
	return offset >= q->cluster &&
	       !ranges_overlap(offset, q->cluster, q->l1_offset, (u64)q->l1_size * 8) &&
	       !ranges_overlap(offset, q->cluster, q->reftable_offset,
			       (u64)q->reftable_entries * 8);
}

/* The first free cluster from the hint on, with a block that counts it. */
static int find_free(struct qcow2 *q, u64 *cluster, struct table **t)
{
	for (u64 c = q->free_hint;;) {
		int error = block_of(q, c, t);
		u64 end = align_up(c + 1, counts_of(q));

		if (error)
			return error;
		if (c > OFFSET_MASK >> q->cluster_bits)
			return EFBIG;
		if (c > (q->store->size >> q->cluster_bits) + SCAN_MOST)
			return EUCLEAN;
		for (; *t && c < end; c++)
			if (!count_get(q, (*t)->bytes, c % counts_of(q))) {
				*cluster = q->free_hint = c;
				return 0;
			}
		if (*t)
			continue;
		if (!may_hold_data(q, c * q->cluster))
			return EUCLEAN;
		q->free_hint = c;
		error = c / counts_of(q) < q->reftable_entries ? add_block(q, c)
							       : grow_reftable(q, c);
		if (error)
			return error;
		c = q->free_hint;
	}
}

int refs_take(struct qcow2 *q, u64 want, u64 *first, u64 *n)
{
	struct table *t;
	int error = find_free(q, first, &t);

	if (error)
		return error;
	for (*n = 0; *n < want; ++*n) {
		u64 i = *first % counts_of(q) + *n;

		if (i == counts_of(q) || count_get(q, t->bytes, i))
			break;
		if (!may_hold_data(q, (*first + *n) * q->cluster)) {
			refs_give_back(q, *first, *n);
			return EUCLEAN;
		}
		count_put(q, t->bytes, i, 1);
		t->dirty = true;
	}
	q->free_hint = *first + *n;
	return 0;
}

void refs_give_back(struct qcow2 *q, u64 first, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (refs_set(q, first + i, 0))
			return; /* it is counted for ever: a leak */
	q->free_hint = MIN(q->free_hint, first);
}

/* -- Dropping
 * ------------------------------------------------------------------------------------------ */

void refs_drop_later(struct qcow2 *q, u64 cluster)
{
	GROW(&q->dropped, q->ndropped, &q->dropped_cap);
	q->dropped[q->ndropped++] = cluster;
}

static int drop(struct qcow2 *q, u64 cluster, bool *free_now)
{
	u64 count;
	int error = refs_get(q, cluster, &count);

	if (error)
		return error;
	if (!count)
		return EUCLEAN;
	*free_now = count == 1;
	return refs_set(q, cluster, count - 1);
}

/* Runs of neighbors are given back to the host at once. */
static void punch(struct qcow2 *q, u64 *first, u64 *n, u64 cluster)
{
	if (*n && cluster == *first + *n) {
		++*n;
		return;
	}
	if (*n)
		q->store->punch(q->store, *first * q->cluster, *n * q->cluster);
	*first = cluster;
	*n = 1;
}

/* Room for a table may need a flush, which comes here again: with nothing to do. */
int refs_drop_now(struct qcow2 *q)
{
	u64 *list = q->dropped, first = 0, n = 0;
	size_t count = q->ndropped;
	int error = 0;

	q->dropped = NULL;
	q->ndropped = q->dropped_cap = 0;
	for (size_t i = 0; !error && i < count; i++) {
		bool free_now = false;

		error = drop(q, list[i], &free_now);
		if (error || !free_now)
			continue;
		table_forget(q, list[i] * q->cluster);
		q->free_hint = MIN(q->free_hint, list[i]);
		punch(q, &first, &n, list[i]);
	}
	if (n)
		punch(q, &first, &n, UINT64_MAX);
	free(list);
	return error;
}
