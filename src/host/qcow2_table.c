/* qcow2_table.c - tables of a qcow2 image in memory, and the order in which they reach the
 * store (see qcow2.h).
 */
#include "qcow2_core.h"

/* -- Writing ---------------------------------------------------------------------------- */

static bool is_early(const struct table *t)
{
	return t->counts || t->fresh;
}

static int write_tables(struct qcow2 *q, bool early)
{
	for (u32 i = 0; i < q->ntables; i++) {
		struct table *t = &q->tables[i];
		int error;

		if (!t->offset || !t->dirty || is_early(t) != early)
			continue;
		error = q->store->write(q->store, t->bytes, q->cluster, t->offset);
		if (error)
			return error;
		t->dirty = false;
	}
	return 0;
}

/* L1 points to tables that are in the store now. */
static int link_fresh(struct qcow2 *q)
{
	for (u32 i = 0; i < q->ntables; i++) {
		struct table *t = &q->tables[i];
		u8 entry[8];
		int error;

		if (!t->offset || !t->fresh)
			continue;
		put_be64(entry, q->l1[t->index]);
		error = q->store->write(q->store, entry, 8, q->l1_offset + (u64)t->index * 8);
		if (error)
			return error;
		t->fresh = false;
	}
	return 0;
}

static bool has_late(const struct qcow2 *q)
{
	for (u32 i = 0; i < q->ntables; i++) {
		const struct table *t = &q->tables[i];

		if (t->offset && (t->fresh || (t->dirty && !t->counts)))
			return true;
	}
	return false;
}

/* What lower counts wait for is then in the store. */
static int write_all(struct qcow2 *q)
{
	bool late = has_late(q);
	int error = write_tables(q, true);

	if (!error && late)
		error = q->store->sync(q->store);
	if (!error && late)
		error = link_fresh(q);
	if (!error && late)
		error = write_tables(q, false);
	return error ? error : q->store->sync(q->store);
}

int qcow2_flush(struct qcow2 *q)
{
	int error = write_all(q);

	return error ? error : refs_drop_now(q);
}

bool qcow2_is_dirty(const struct qcow2 *q)
{
	for (u32 i = 0; i < q->ntables; i++)
		if (q->tables[i].offset && (q->tables[i].dirty || q->tables[i].fresh))
			return true;
	return q->ndropped;
}

/* -- Places ----------------------------------------------------------------------------- */

static struct table *find(struct qcow2 *q, u64 offset)
{
	for (u32 i = 0; i < q->ntables; i++)
		if (q->tables[i].offset == offset)
			return &q->tables[i];
	return NULL;
}

/* The one that was not used for longest, if nothing is lost with it. */
static struct table *oldest_clean(struct qcow2 *q)
{
	struct table *best = NULL;

	for (u32 i = 0; i < q->ntables; i++) {
		struct table *t = &q->tables[i];

		if (!t->offset)
			return t;
		if (!t->dirty && !t->fresh && (!best || t->used < best->used))
			best = t;
	}
	return best;
}

static int take_place(struct qcow2 *q, u64 offset, bool counts, struct table **t)
{
	int error = 0;

	*t = oldest_clean(q);
	if (!*t) {
		error = qcow2_flush(q);
		*t = oldest_clean(q);
	}
	if (error)
		return error;
	if (!*t)
		return EIO;
	if (!(*t)->bytes)
		(*t)->bytes = xzalloc(q->cluster);
	(*t)->offset = offset;
	(*t)->counts = counts;
	(*t)->dirty = (*t)->fresh = false;
	(*t)->used = ++q->uses;
	return 0;
}

int table_get(struct qcow2 *q, u64 offset, bool counts, struct table **t)
{
	int error;

	*t = find(q, offset);
	if (*t) {
		(*t)->used = ++q->uses;
		return (*t)->counts == counts ? 0 : EUCLEAN;
	}
	if (!range_inside(offset, 1, 0, q->store->size))
		return EUCLEAN;
	error = take_place(q, offset, counts, t);
	if (!error)
		error = q->store->read(q->store, (*t)->bytes, q->cluster, offset);
	if (error && *t)
		(*t)->offset = 0;
	return error;
}

int table_new(struct qcow2 *q, u64 offset, bool counts, struct table **t)
{
	int error;

	table_forget(q, offset);
	error = take_place(q, offset, counts, t);
	if (!error)
		memset((*t)->bytes, 0, q->cluster);
	return error;
}

void table_forget(struct qcow2 *q, u64 offset)
{
	struct table *t = find(q, offset);

	if (t) {
		t->offset = 0;
		t->dirty = t->fresh = false;
	}
}
