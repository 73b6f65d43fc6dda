/* qcow2_map.c - where the bytes of the disk lie in a qcow2 image, and how that changes. */
#include "qcow2_core.h"

#include <zlib.h>

#include "config.h"
#if HAVE_ZSTD
#include <zstd.h>
#endif

/* -- Entries ----------------------------------------------------------------------------- */

/* What is reserved is 0, and the place is a cluster. */
bool entry_is_sound(const struct qcow2 *q, u64 entry)
{
	u64 at = entry & OFFSET_MASK & ~READS_ZERO;

	if (entry & COMPRESSED)
		return !(entry & COPIED);
	if (entry & READS_ZERO && q->version < 3)
		return false;
	if (entry & ~(COPIED | READS_ZERO | OFFSET_MASK) || at & (q->cluster - 1))
		return false;
	return at || !(entry & COPIED);
}

bool l1_is_sound(const struct qcow2 *q, u64 entry)
{
	u64 at = entry & OFFSET_MASK;

	return !(entry & ~(COPIED | OFFSET_MASK)) && !(at & (q->cluster - 1));
}

static u64 place_of(u64 entry)
{
	return entry & OFFSET_MASK & ~READS_ZERO;
}

static enum qcow2_kind kind_of(u64 entry)
{
	if (entry & COMPRESSED)
		return QCOW2_PACKED;
	if (entry & READS_ZERO)
		return QCOW2_ZEROS;
	return place_of(entry) ? QCOW2_DATA : QCOW2_HOLE;
}

void packed_place(const struct qcow2 *q, u64 entry, u64 *offset, u64 *length)
{
	u32 x = 62 - (q->cluster_bits - 8);
	u64 sectors = ((entry & LOW_BITS(62)) >> x) + 1;

	*offset = entry & LOW_BITS(x) & OFFSET_MASK;
	*length = sectors * SECTOR - *offset % SECTOR;
}

/* The L2 table for a place of the disk; NULL: there is none, all of it is a hole. */
static int l2_of(struct qcow2 *q, u64 offset, struct table **t)
{
	u64 i = offset / l2_span(q), entry;

	*t = NULL;
	if (i >= q->l1_size)
		return EUCLEAN;
	entry = q->l1[i];
	if (!l1_is_sound(q, entry))
		return EUCLEAN;
	return entry & OFFSET_MASK ? table_get(q, entry & OFFSET_MASK, false, t) : 0;
}

static u64 index_of(const struct qcow2 *q, u64 offset)
{
	return offset / q->cluster % entries_of(q);
}

static u64 entry_at(const struct table *t, u64 i)
{
	return get_be64(t->bytes + i * 8);
}

/* -- Reading -------------------------------------------------------------------------------- */

/* The one behind it goes on where it ends. */
static bool continues(const struct qcow2 *q, const struct qcow2_run *run, u64 entry)
{
	if (!entry_is_sound(q, entry) || kind_of(entry) != run->kind)
		return false;
	return run->kind != QCOW2_DATA ||
	       (place_of(entry) == run->host + run->length && !!(entry & COPIED) == run->own);
}

/* In whole clusters, from the beginning of the first. */
static int run_at(struct qcow2 *q, u64 offset, u64 most, struct qcow2_run *run)
{
	struct table *t;
	u64 i = index_of(q, offset), entry;
	int error = l2_of(q, offset, &t);

	*run = (struct qcow2_run){ .kind = QCOW2_HOLE };
	if (error)
		return error;
	if (!t) {
		run->length = (entries_of(q) - i) * q->cluster;
		return 0;
	}
	entry = entry_at(t, i);
	if (!entry_is_sound(q, entry))
		return EUCLEAN;
	run->kind = kind_of(entry);
	run->host = place_of(entry);
	run->own = run->kind == QCOW2_DATA && entry & COPIED;
	do
		run->length += q->cluster;
	while (run->kind != QCOW2_PACKED && run->length < most && ++i < entries_of(q) &&
	       continues(q, run, entry_at(t, i)));
	return 0;
}

/* Behind the last byte of the store but in its last cluster there are zeros; what lies
 * farther behind has been cut off. */
static int look_at_end(const struct qcow2 *q, struct qcow2_run *run)
{
	u64 end = q->store->size;

	if (range_inside(run->host, run->length, 0, end))
		return 0;
	if (run->host < end) {
		run->length = end - run->host;
	} else if (run->host < align_up(end, q->cluster)) {
		run->kind = QCOW2_ZEROS;
		run->length = MIN(run->length, align_up(end, q->cluster) - run->host);
	} else {
		return EUCLEAN;
	}
	return 0;
}

int qcow2_map(struct qcow2 *q, u64 offset, u64 length, struct qcow2_run *run)
{
	u64 skip = offset & (q->cluster - 1);
	int error;

	assert(length && range_inside(offset, length, 0, q->size));
	error = run_at(q, offset, skip + length, run);
	if (error)
		return error;
	run->host += skip;
	run->length = MIN(run->length - skip, length);
	return run->kind == QCOW2_DATA ? look_at_end(q, run) : 0;
}

static bool inflate_cluster(const u8 *from, size_t n, u8 *to, size_t cluster)
{
	z_stream z = { .next_in = (z_const Bytef *)from, .avail_in = (uInt)n };
	int status = inflateInit2(&z, -15);

	if (status != Z_OK)
		return false;
	z.next_out = to;
	z.avail_out = (uInt)cluster;
	status = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return !z.avail_out && (status == Z_STREAM_END || status == Z_BUF_ERROR);
}

/* Behind the end of what was compressed there may be anything: it is asked for no more
 * than a cluster. */
static bool unzstd_cluster(const u8 *from, size_t n, u8 *to, size_t cluster)
{
#if HAVE_ZSTD
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { from, n, 0 };
	ZSTD_outBuffer out = { to, cluster, 0 };
	bool more = z;

	while (more && out.pos < cluster) {
		size_t was = in.pos + out.pos;

		more = !ZSTD_isError(ZSTD_decompressStream(z, &out, &in)) && in.pos + out.pos > was;
	}
	ZSTD_freeDStream(z);
	return out.pos == cluster;
#else
	(void)from, (void)n, (void)to, (void)cluster;
	return false;
#endif
}

static int unpack(struct qcow2 *q, u64 entry)
{
	u64 at, length;
	u8 *packed;
	int error;
	bool good;

	packed_place(q, entry, &at, &length);
	if (at >= q->store->size)
		return EUCLEAN;
	length = MIN(length, q->store->size - at);
	packed = xzalloc(length);
	error = q->store->read(q->store, packed, length, at);
	good = !error && (q->zstd ? unzstd_cluster(packed, length, q->unpacked, q->cluster)
				  : inflate_cluster(packed, length, q->unpacked, q->cluster));
	free(packed);
	return error ? error : good ? 0 : EUCLEAN;
}

int qcow2_unpack(struct qcow2 *q, u64 offset, const u8 **bytes)
{
	struct table *t;
	u64 entry;
	int error = l2_of(q, offset, &t);

	if (error)
		return error;
	entry = t ? entry_at(t, index_of(q, offset)) : 0;
	if (!(entry & COMPRESSED))
		return EUCLEAN;
	if (!q->unpacked)
		q->unpacked = xzalloc(q->cluster);
	if (q->unpacked_entry != entry) {
		q->unpacked_entry = 0;
		error = unpack(q, entry);
		if (!error)
			q->unpacked_entry = entry;
	}
	*bytes = q->unpacked;
	return error;
}

static int read_hole(struct qcow2 *q, void *to, size_t n, u64 offset)
{
	if (q->backing.read)
		return q->backing.read(q->backing.ctx, to, n, offset);
	memset(to, 0, n);
	return 0;
}

static int read_run(struct qcow2 *q, const struct qcow2_run *run, u8 *to, u64 offset)
{
	const u8 *bytes;
	int error;

	switch (run->kind) {
	case QCOW2_HOLE:
		return read_hole(q, to, run->length, offset);
	case QCOW2_ZEROS:
		memset(to, 0, run->length);
		return 0;
	case QCOW2_DATA:
		return q->store->read(q->store, to, run->length, run->host);
	case QCOW2_PACKED:
		error = qcow2_unpack(q, offset, &bytes);
		if (!error)
			memcpy(to, bytes + (offset & (q->cluster - 1)), run->length);
		return error;
	}
	return EUCLEAN;
}

int qcow2_read(struct qcow2 *q, void *to, size_t n, u64 offset)
{
	struct qcow2_run run;
	int error = 0;

	for (size_t done = 0; !error && done < n; done += run.length) {
		error = qcow2_map(q, offset + done, n - done, &run);
		if (!error)
			error = read_run(q, &run, (u8 *)to + done, offset + done);
	}
	return error;
}

/* -- Writing -------------------------------------------------------------------------------- */

static int add_l2(struct qcow2 *q, u64 offset, struct table **t)
{
	u64 first, n, i = offset / l2_span(q);
	int error = refs_take(q, 1, &first, &n);

	if (error)
		return error;
	error = table_new(q, first * q->cluster, false, t);
	if (error) {
		refs_give_back(q, first, 1);
		return error;
	}
	(*t)->dirty = (*t)->fresh = true;
	(*t)->index = (u32)i;
	q->l1[i] = first * q->cluster | COPIED;
	return 0;
}

/* The one to change; made if there is none. */
static int l2_to_write(struct qcow2 *q, u64 offset, struct table **t)
{
	int error = l2_of(q, offset, t);

	if (error)
		return error;
	if (!*t)
		return add_l2(q, offset, t);
	return q->l1[offset / l2_span(q)] & COPIED && may_hold_data(q, (*t)->offset) ? 0 : EUCLEAN;
}

/* It points elsewhere from now on. */
static void drop_entry(struct qcow2 *q, u64 entry)
{
	u64 at = place_of(entry), length = q->cluster;

	if (entry & COMPRESSED)
		packed_place(q, entry, &at, &length);
	else if (!at)
		return;
	for (u64 c = at >> q->cluster_bits; c <= (at + length - 1) >> q->cluster_bits; c++)
		refs_drop_later(q, c);
}

static int set_entry(struct qcow2 *q, u64 offset, u64 entry)
{
	struct table *t;
	u64 was, i = index_of(q, offset);
	int error = l2_to_write(q, offset, &t);

	if (error)
		return error;
	was = entry_at(t, i);
	if (was == entry)
		return 0;
	put_be64(t->bytes + i * 8, entry);
	t->dirty = true;
	drop_entry(q, was);
	return 0;
}

static bool is_zero(const u8 *p, size_t n)
{
	return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

/* What is in a new cluster before or behind what is going to be written: what was there. */
static int pad(struct qcow2 *q, u64 guest, u64 host, u64 n, bool zeros_there)
{
	u64 inside = guest < q->size ? MIN(n, q->size - guest) : 0;
	u8 *bytes;
	int error;

	if (!n)
		return 0;
	bytes = xzalloc(n);
	error = inside ? qcow2_read(q, bytes, inside, guest) : 0;
	if (!error && !(zeros_there && is_zero(bytes, n)))
		error = q->store->write(q->store, bytes, n, host);
	free(bytes);
	return error;
}

static int pad_ends(struct qcow2 *q, u64 offset, const struct qcow2_run *run, bool zeros_there)
{
	u64 skip = offset - run->guest, end = run->clusters * q->cluster;
	u64 host = run->host - skip, behind = skip + run->length;
	int error = pad(q, run->guest, host, skip, zeros_there);

	if (error)
		return error;
	return pad(q, run->guest + behind, host + behind, end - behind, zeros_there);
}

/* How many clusters there need a new place: the first does. */
static int count_moving(struct qcow2 *q, u64 offset, u64 most, u64 *n)
{
	struct qcow2_run run;

	for (*n = 1; *n < most; *n += run.length / q->cluster) {
		u64 at = offset + *n * q->cluster;
		int error = run_at(q, at, (most - *n) * q->cluster, &run);

		if (error)
			return error;
		if (run.kind == QCOW2_DATA && run.own)
			return 0;
	}
	*n = MIN(*n, most);
	return 0;
}

static int take_room(struct qcow2 *q, u64 offset, struct qcow2_run *run, bool *zeros_there)
{
	u64 want, first, end, skip = offset - run->guest;
	u64 most = align_up(skip + run->length, q->cluster) >> q->cluster_bits;
	int error = count_moving(q, run->guest, most, &want);

	if (!error)
		error = refs_take(q, want, &first, &run->clusters);
	if (error)
		return error;
	run->host = first * q->cluster + skip;
	run->length = MIN(run->length, run->clusters * q->cluster - skip);
	end = (first + run->clusters) * q->cluster;
	*zeros_there = first * q->cluster >= q->store->size;
	if (end > q->store->size)
		error = q->store->resize(q->store, end);
	if (error)
		refs_give_back(q, first, run->clusters);
	return error;
}

int qcow2_write_begin(struct qcow2 *q, u64 offset, u64 length, struct qcow2_run *run)
{
	bool zeros_there;
	int error = qcow2_map(q, offset, length, run);

	if (error)
		return error;
	if (run->kind == QCOW2_DATA && run->own)
		return may_hold_data(q, align_down(run->host, q->cluster)) ? 0 : EUCLEAN;
	*run = (struct qcow2_run){ .kind = QCOW2_DATA,
				   .length = length,
				   .guest = align_down(offset, q->cluster) };
	error = take_room(q, offset, run, &zeros_there);
	if (error)
		return error;
	error = pad_ends(q, offset, run, zeros_there);
	if (error)
		qcow2_write_end(q, run, false);
	return error;
}

int qcow2_write_end(struct qcow2 *q, const struct qcow2_run *run, bool written)
{
	u64 host = align_down(run->host, q->cluster);
	int error = 0;

	if (!written) {
		refs_give_back(q, host >> q->cluster_bits, run->clusters);
		return 0;
	}
	for (u64 i = 0; !error && i < run->clusters; i++) {
		error = set_entry(q, run->guest + i * q->cluster, (host + i * q->cluster) | COPIED);
		if (error)
			refs_give_back(q, (host >> q->cluster_bits) + i, run->clusters - i);
	}
	return error;
}

int qcow2_write(struct qcow2 *q, const void *from, size_t n, u64 offset)
{
	struct qcow2_run run;
	int error = 0;

	for (size_t done = 0; !error && done < n; done += run.length) {
		error = qcow2_write_begin(q, offset + done, n - done, &run);
		if (error)
			break;
		error = q->store->write(q->store, (const u8 *)from + done, run.length, run.host);
		if (error)
			qcow2_write_end(q, &run, false);
		else
			error = qcow2_write_end(q, &run, true);
	}
	return error;
}

/* -- Zeros --------------------------------------------------------------------------------------
 */

static bool has_backing(const struct qcow2 *q)
{
	return q->backing.read || q->name[0];
}

static bool is_hole(struct qcow2 *q, u64 offset)
{
	struct qcow2_run run;

	return !run_at(q, offset, q->cluster, &run) && run.kind == QCOW2_HOLE;
}

/* The last cluster may be cut by the end of the disk, and is whole then. */
void qcow2_whole(const struct qcow2 *q, u64 offset, u64 length, u64 *first, u64 *end)
{
	u64 e = offset + length;

	*first = MIN(align_up(offset, q->cluster), e);
	*end = MAX(e < q->size ? align_down(e, q->cluster) : e, *first);
}

/* Version 2 can say it only where nothing lies under the image. */
int qcow2_zero(struct qcow2 *q, u64 offset, u64 end, u64 *next)
{
	u64 entry = has_backing(q) ? READS_ZERO : 0;
	int error = 0;

	if (entry && q->version < 3)
		return EOPNOTSUPP;
	if (q->ndropped > DROPPED_MOST)
		error = qcow2_flush(q);
	*next = MIN(end, align_down(offset, l2_span(q)) + l2_span(q));
	if (!entry && !q->l1[offset / l2_span(q)])
		return error;
	for (; !error && offset < *next; offset += q->cluster)
		if (entry || !is_hole(q, offset))
			error = set_entry(q, offset, entry);
	return error;
}
