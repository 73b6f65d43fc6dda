/* qcow2_check.c - are the tables of a qcow2 image sound, and do the counts agree with who
 * uses each cluster?
 *
 * Each table is walked once, however many point to it, so the work is bounded by the size
 * of the file.
 */
#include "qcow2_core.h"

#include <inttypes.h>

/* Clusters that are counted in memory: 256 MiB of counts, 4 TiB of image at the usual size. */
#define CLUSTERS_MOST ((u64)64 * 1024 * 1024)

struct check {
	struct qcow2 *q;
	struct qcow2_report *r;
	u32 *users; /* of each cluster of the file */
	u64 clusters;
};

/* -- Findings --------------------------------------------------------------------------- */

static void PRINTF(2, 3) find(struct check *c, const char *fmt, ...)
{
	struct qcow2_report *r = c->r;
	va_list ap;

	r->errors++;
	if (r->nfindings == QCOW2_FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(r->finding[r->nfindings++], sizeof(r->finding[0]), fmt, ap);
	va_end(ap);
}

/* False: it is not in the file, or `once` and somebody uses it already. */
static bool use(struct check *c, u64 offset, u64 length, bool once, const char *what)
{
	u64 first = offset >> c->q->cluster_bits;
	u64 last = (offset + length - 1) >> c->q->cluster_bits;
	bool first_time = true;

	if (last >= c->clusters || last < first) {
		find(c, "%s at 0x%" PRIx64 " lies behind the end of the file", what, offset);
		return false;
	}
	for (u64 i = first; i <= last; i++) {
		first_time = first_time && !c->users[i];
		if (c->users[i] < UINT32_MAX)
			c->users[i]++;
	}
	if (once && !first_time)
		find(c, "%s at 0x%" PRIx64 " lies where something else is", what, offset);
	return !once || first_time;
}

/* -- Who uses what ---------------------------------------------------------------------- */

static void check_copied(struct check *c, u64 entry, u64 offset, const char *what)
{
	u64 count;

	if (refs_get(c->q, offset >> c->q->cluster_bits, &count))
		return; /* said elsewhere */
	if (!!(entry & COPIED) != (count == 1))
		find(c, "%s at 0x%" PRIx64 " says that it is %s, and its count is %" PRIu64, what,
		     offset, entry & COPIED ? "alone" : "shared", count);
}

static void use_packed(struct check *c, u64 entry)
{
	u64 offset, length, end = c->q->store->size;

	packed_place(c->q, entry, &offset, &length);
	c->r->packed++;
	/* The last sector may be cut off with the file. */
	if (offset < end)
		length = MIN(length, align_up(end, c->q->cluster) - offset);
	use(c, offset, length, false, "compressed data");
}

static void check_entry(struct check *c, u64 entry, u64 guest)
{
	u64 offset = entry & OFFSET_MASK & ~READS_ZERO;

	if (!entry_is_sound(c->q, entry)) {
		find(c, "the entry of the disk's 0x%" PRIx64 " makes no sense: 0x%016" PRIx64,
		     guest, entry);
		return;
	}
	if (entry & COMPRESSED) {
		c->r->allocated++;
		use_packed(c, entry);
		return;
	}
	if (!offset)
		return;
	c->r->allocated++;
	if (use(c, offset, c->q->cluster, false, "data"))
		check_copied(c, entry, offset, "data");
}

static void check_l2(struct check *c, u64 l1_entry, u64 guest)
{
	struct qcow2 *q = c->q;
	u64 offset = l1_entry & OFFSET_MASK;
	u8 *table;
	int error;

	if (!use(c, offset, q->cluster, true, "an L2 table"))
		return;
	check_copied(c, l1_entry, offset, "an L2 table");
	table = xzalloc(q->cluster);
	error = q->store->read(q->store, table, q->cluster, offset);
	if (error)
		find(c, "an L2 table at 0x%" PRIx64 " cannot be read: %s", offset, strerror(error));
	for (u64 i = 0; !error && i < entries_of(q); i++)
		check_entry(c, get_be64(table + i * 8), guest + i * q->cluster);
	free(table);
}

static void check_l1(struct check *c)
{
	struct qcow2 *q = c->q;

	use(c, q->l1_offset, (u64)q->l1_size * 8, true, "the L1 table");
	for (u64 i = 0; i < q->l1_size; i++) {
		if (!l1_is_sound(q, q->l1[i]))
			find(c, "entry %" PRIu64 " of L1 makes no sense: 0x%016" PRIx64, i,
			     q->l1[i]);
		else if (q->l1[i] & OFFSET_MASK)
			check_l2(c, q->l1[i], i * l2_span(q));
	}
}

static void check_blocks(struct check *c)
{
	struct qcow2 *q = c->q;

	use(c, q->reftable_offset, (u64)q->reftable_entries * 8, true, "the refcount table");
	for (u64 i = 0; i < q->reftable_entries; i++) {
		if (!q->reftable[i])
			continue;
		if (q->reftable[i] & (q->cluster - 1))
			find(c,
			     "entry %" PRIu64
			     " of the refcount table makes no sense: 0x%016" PRIx64,
			     i, q->reftable[i]);
		else
			use(c, q->reftable[i], q->cluster, true, "a block of refcounts");
	}
}

/* -- Counts ------------------------------------------------------------------------------- */

static int compare(struct check *c, u64 cluster, bool repair)
{
	u64 count;
	u32 users = c->users[cluster];
	int error = refs_get(c->q, cluster, &count);

	if (error == EUCLEAN) {
		find(c, "cluster %" PRIu64 " has no count that can be read", cluster);
		return 0;
	}
	if (error || count == users)
		return error;
	if (count < users) {
		find(c, "cluster %" PRIu64 " is used %" PRIu32 " times, and its count is %" PRIu64,
		     cluster, users, count);
		return 0;
	}
	c->r->leaks++;
	if (!repair)
		return 0;
	error = refs_set(c->q, cluster, users);
	c->r->repaired += !error;
	return error;
}

static int compare_all(struct check *c, bool repair)
{
	int error = 0;

	c->r->leaks = 0;
	for (u64 i = 0; !error && i < c->clusters; i++)
		error = compare(c, i, repair);
	return error;
}

int qcow2_check(struct qcow2 *q, bool repair, struct qcow2_report *r)
{
	struct check c = { .q = q, .r = r };
	int error;

	*r = (struct qcow2_report){ .clusters = align_up(q->size, q->cluster) / q->cluster };
	c.clusters = align_up(q->store->size, q->cluster) / q->cluster;
	if (q->snapshots || q->has_extras)
		return EOPNOTSUPP;
	if (c.clusters > CLUSTERS_MOST)
		return EFBIG;
	c.users = xcalloc(c.clusters, sizeof(c.users[0]));
	use(&c, 0, q->cluster, true, "the header");
	check_blocks(&c);
	check_l1(&c);
	error = compare_all(&c, false);
	if (!error && repair && !r->errors && r->leaks)
		error = compare_all(&c, true);
	free(c.users);
	if (!error && r->repaired)
		error = qcow2_flush(q);
	return error;
}
