/* virtq.c - split virtqueues: chains in, used entries out, who is to be told.
 *
 * Section 2.7.  All that the driver writes is hostile: indices are read once and
 * atomically, a descriptor is copied once and then judged, and a walk ends after
 * VIRTIO_SEGMENTS descriptors whatever they say.  What breaks the rules makes the
 * device need a reset, and the queue is dead.
 *
 *	desc   size x { u64 gpa, u32 len, u16 flags, u16 next }
 *	avail  u16 flags, u16 index, size x u16 head, u16 used_event
 *	used   u16 flags, u16 index, size x { u32 head, u32 written }, u16 avail_event
 */
#include "virtio_core.h"

#define DESC_BYTES 16
#define DESC_NEXT  1
#define DESC_WRITE 2
#define DESC_TABLE 4 /* INDIRECT */

#define AVAIL_NO_INTERRUPT 1

struct desc {
	u64 gpa;
	u32 len;
	u16 flags, next;
};

static u64 used_event_at(const struct virtq *q)
{
	return q->avail + 4 + 2 * (u64)q->size;
}

static u64 avail_event_at(const struct virtq *q)
{
	return q->used + 4 + 8 * (u64)q->size;
}

/* RAM, whether or not the bus lets the device reach it just now. */
bool virtq_in_ram(struct virtio *v, const struct virtq *q)
{
	const struct mem *m = v->dev.engine->machine->mem;

	return mem_slice(m, q->desc, DESC_BYTES * (u64)q->size) &&
	       mem_slice(m, q->avail, 6 + 2 * (u64)q->size) &&
	       mem_slice(m, q->used, 6 + 8 * (u64)q->size);
}

/* -- Chains ---------------------------------------------------------------------- */

/* Where descriptors come from: the queue's own, or one that a descriptor points at. */
struct source {
	u64 gpa;
	u32 n;
	bool indirect;
};

static const char *read_desc(struct virtio *v, const struct source *s, u32 i, struct desc *d)
{
	u8 bytes[DESC_BYTES];

	if (i >= s->n)
		return "a descriptor's number is out of range";
	if (!dma_read(&v->dev, s->gpa + i * (u64)DESC_BYTES, bytes, sizeof(bytes)))
		return "a descriptor is not in RAM";
	*d = (struct desc){ get_le64(bytes), get_le32(bytes + 8), get_le16(bytes + 12),
			    get_le16(bytes + 14) };
	return NULL;
}

/* Section 2.7.5.3: one level, and not in the middle of a chain. */
static const char *enter_table(struct virtio *v, struct source *s, const struct desc *d)
{
	if (!virtio_has(v, VIRTIO_F_INDIRECT_DESC))
		return "an indirect descriptor was not agreed on";
	if (s->indirect)
		return "an indirect descriptor is inside an indirect table";
	if (d->flags & DESC_NEXT)
		return "an indirect descriptor has a next one";
	if (!d->len || d->len % DESC_BYTES)
		return "an indirect table's length is no multiple of 16";
	*s = (struct source){ d->gpa, d->len / DESC_BYTES, true };
	return NULL;
}

static u64 most_bytes(const struct virtio *v)
{
	u32 own = v->dev.class->virtio->most_bytes;

	return own ? own : UINT32_MAX;
}

static const char *add_segment(struct virtio *v, struct vchain *c, const struct desc *d)
{
	u32 n = c->nout + c->nin;

	if (n == VIRTIO_SEGMENTS)
		return "a chain is too long, or a loop";
	if (!d->len)
		return "a descriptor is empty";
	if (!dma_slice(&v->dev, d->gpa, d->len))
		return "a buffer is not in RAM";
	if (!(d->flags & DESC_WRITE) && c->nin)
		return "a readable buffer follows a writable one";
	c->seg[n].gpa = d->gpa;
	c->seg[n].len = d->len;
	if (d->flags & DESC_WRITE) {
		c->nin++;
		c->in_bytes += d->len;
	} else {
		c->nout++;
		c->out_bytes += d->len;
	}
	return c->out_bytes + c->in_bytes > most_bytes(v) ? "a chain has too many bytes" : NULL;
}

/* Returns what is wrong, or NULL. */
static const char *walk(struct virtio *v, const struct virtq *q, struct vchain *c)
{
	struct source from = { q->desc, q->size, false };
	struct desc d = { .flags = DESC_NEXT, .next = c->head };
	const char *wrong = NULL;

	c->nout = c->nin = 0;
	c->out_bytes = c->in_bytes = 0;
	while (!wrong && d.flags & DESC_NEXT) {
		wrong = read_desc(v, &from, d.next, &d);
		if (!wrong && d.flags & DESC_TABLE) {
			wrong = enter_table(v, &from, &d);
			d = (struct desc){ .flags = DESC_NEXT, .next = 0 };
		} else if (!wrong) {
			wrong = add_segment(v, c, &d);
		}
	}
	return wrong;
}

/* -- The available ring ------------------------------------------------------------ */

/* How many chains wait.  Indices count modulo 2^16. */
static const char *count_waiting(struct virtio *v, const struct virtq *q, u16 *waiting)
{
	u16 index;

	if (!dma_load16(&v->dev, q->avail + 2, &index))
		return "the available ring is not in RAM";
	*waiting = (u16)(index - q->last_avail);
	return *waiting > q->size ? "the available index jumped" : NULL;
}

/* Asks to be told of the next one, and then looks again: the driver may have added it
 * before it could see the request.  Both sides put a full fence between (2.7.7.2). */
static const char *ask_and_look_again(struct virtio *v, const struct virtq *q, u16 *waiting)
{
	if (!dma_store16(&v->dev, avail_event_at(q), q->last_avail))
		return "the used ring is not in RAM";
	dma_fence();
	return count_waiting(v, q, waiting);
}

static const char *next_head(struct virtio *v, const struct virtq *q, struct vchain *c)
{
	u64 at = q->avail + 4 + 2 * (u64)(q->last_avail & (q->size - 1));
	u8 bytes[2];

	if (!dma_read(&v->dev, at, bytes, sizeof(bytes)))
		return "the available ring is not in RAM";
	c->head = get_le16(bytes);
	return walk(v, q, c);
}

/* Others get a turn; the engine's timer calls kick() again. */
static bool put_off(struct virtio *v, u32 queue)
{
	v->later |= (u32)1 << queue;
	return false;
}

static bool broken(struct virtio *v, const char *why)
{
	virtio_broken(v, why);
	return false;
}

bool virtq_pop(struct virtio *v, u32 queue, struct vchain *c)
{
	struct virtq *q = &v->q[queue];
	const char *wrong;
	u16 waiting;

	if (!virtio_running(v) || !q->enabled || q->stopping)
		return false;
	wrong = count_waiting(v, q, &waiting);
	if (!wrong && !waiting && virtio_has(v, VIRTIO_F_EVENT_IDX))
		wrong = ask_and_look_again(v, q, &waiting);
	if (wrong)
		return broken(v, wrong);
	if (!waiting)
		return false;
	if (!v->budget)
		return put_off(v, queue);
	v->budget--;
	wrong = next_head(v, q, c);
	if (wrong)
		return broken(v, wrong);
	c->queue = queue;
	c->generation = v->generation;
	q->last_avail++;
	q->in_flight++;
	return true;
}

void virtio_spend(struct virtio *v, u32 chains)
{
	v->budget -= MIN(v->budget, chains);
}

/* -- The used ring ------------------------------------------------------------------- */

static bool put_used(struct virtio *v, const struct virtq *q, u32 i, const struct vused *used)
{
	u16 index = (u16)(q->used_index + i);
	u64 at = q->used + 4 + 8 * (u64)(index & (q->size - 1));
	u8 bytes[8];

	put_le32(bytes, used->head);
	put_le32(bytes + 4, used->written);
	return dma_write(&v->dev, at, bytes, sizeof(bytes));
}

/* The index last: it makes the entries visible. */
static bool put_all(struct virtio *v, struct virtq *q, const struct vused *used, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (!put_used(v, q, i, &used[i]))
			return false;
	if (!dma_store16(&v->dev, q->used + 2, (u16)(q->used_index + n)))
		return false;
	q->used_index = (u16)(q->used_index + n);
	return true;
}

void virtq_push_all(struct virtio *v, u32 queue, const struct vused *used, u32 n)
{
	struct virtq *q = &v->q[queue];

	q->in_flight -= n;
	if (v->status & VIRTIO_NEEDS_RESET)
		return;
	if (!put_all(v, q, used, n))
		virtio_broken(v, "the used ring is not in RAM");
	if (q->stopping && !q->in_flight)
		q->enabled = q->stopping = 0;
}

void virtq_push(struct virtio *v, const struct vchain *c, u32 written)
{
	if (c->generation == v->generation)
		virtq_push_all(v, c->queue, &(struct vused){ c->head, written }, 1);
}

void virtq_unpop(struct virtio *v, u32 queue, u32 n)
{
	struct virtq *q = &v->q[queue];

	q->last_avail = (u16)(q->last_avail - n);
	q->in_flight -= n;
	v->budget += n;
}

/* With EVENT_IDX: if the entry it asked for is among those pushed since the last time.
 * Without: unless it said that it looks by itself. */
static bool driver_wants_to_know(struct virtio *v, const struct virtq *q)
{
	u16 pushed = (u16)(q->used_index - q->signalled);
	u16 event, flags;

	dma_fence();
	if (virtio_has(v, VIRTIO_F_EVENT_IDX))
		return dma_load16(&v->dev, used_event_at(q), &event) &&
		       (u16)(q->used_index - event - 1) < pushed;
	return pushed && dma_load16(&v->dev, q->avail, &flags) && !(flags & AVAIL_NO_INTERRUPT);
}

void virtq_notify(struct virtio *v, u32 queue)
{
	struct virtq *q = &v->q[queue];

	if (virtio_running(v) && driver_wants_to_know(v, q))
		virtio_interrupt(v, VIRTIO_ISR_QUEUE, q->vector);
	q->signalled = q->used_index;
}

/* -- Bytes of a chain ------------------------------------------------------------------ */

struct span {
	u32 first, count; /* of the chain's segments */
};

/* Calls for each piece of [off, off + n) of a part until one fails. */
static u64 copy(struct virtio *v, const struct vchain *c, struct span part, u64 off, u8 *bytes,
		u64 n, bool (*one)(struct device *dev, u64 gpa, u8 *bytes, u64 n))
{
	u64 done = 0;

	for (u32 i = part.first; i < part.first + part.count && done < n; i++) {
		u64 len = c->seg[i].len, take;

		if (off >= len) {
			off -= len;
			continue;
		}
		take = MIN(len - off, n - done);
		if (!one(&v->dev, c->seg[i].gpa + off, bytes + done, take))
			break;
		done += take;
		off = 0;
	}
	return done;
}

static bool copy_from(struct device *dev, u64 gpa, u8 *bytes, u64 n)
{
	return dma_read(dev, gpa, bytes, n);
}

static bool copy_to(struct device *dev, u64 gpa, u8 *bytes, u64 n)
{
	return dma_write(dev, gpa, bytes, n);
}

u64 vchain_read(struct virtio *v, const struct vchain *c, u64 off, void *to, u64 n)
{
	return copy(v, c, (struct span){ 0, c->nout }, off, to, n, copy_from);
}

u64 vchain_write(struct virtio *v, const struct vchain *c, u64 off, const void *from, u64 n)
{
	u8 *bytes = (u8 *)(uintptr_t)from;

	return copy(v, c, (struct span){ c->nout, c->nin }, off, bytes, n, copy_to);
}
