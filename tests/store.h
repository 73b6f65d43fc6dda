/* store.h - an image in memory: it has an end, may fail, and remembers what was written, so
 * that a test can see each state that a power cut could leave.
 */
#ifndef STORE_H
#define STORE_H

#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_event {
	enum store_kind { STORE_WRITE, STORE_SYNC, STORE_RESIZE, STORE_PUNCH } kind;
	u64 offset, length;
	u8 *bytes; /* WRITE */
};

struct memory_store {
	struct store s; /* first */
	u8 *bytes;
	size_t cap;
	u64 most; /* bytes: then ENOSPC */

	bool recording;
	struct store_event *events;
	size_t nevents, events_cap;
	u32 fail_at; /* the n-th write or sync from now fails; 0: none does */
	int fail_errno;
};

static inline void store_record(struct memory_store *m, enum store_kind kind, const void *from,
				u64 length, u64 offset)
{
	struct store_event *e;

	if (!m->recording)
		return;
	GROW(&m->events, m->nevents, &m->events_cap);
	e = &m->events[m->nevents++];
	*e = (struct store_event){ .kind = kind, .offset = offset, .length = length };
	if (from) {
		e->bytes = xzalloc(length + 1);
		memcpy(e->bytes, from, length);
	}
}

static inline bool store_fails(struct memory_store *m)
{
	return m->fail_at && !--m->fail_at;
}

static inline int memory_read(struct store *s, void *to, size_t n, u64 offset)
{
	struct memory_store *m = (struct memory_store *)s;
	size_t there = offset < s->size ? (size_t)MIN(n, s->size - offset) : 0;

	if (there)
		memcpy(to, m->bytes + offset, there);
	if (there < n)
		memset((u8 *)to + there, 0, n - there);
	return 0;
}

static inline int memory_reach(struct memory_store *m, u64 end)
{
	if (end > m->most)
		return ENOSPC;
	if (end > m->cap) {
		size_t cap = (size_t)MIN(m->most, MAX(end, m->cap * 2));

		m->bytes = xrealloc(m->bytes, cap);
		memset(m->bytes + m->cap, 0, cap - m->cap);
		m->cap = cap;
	}
	m->s.size = MAX(m->s.size, end);
	return 0;
}

static inline int memory_write(struct store *s, const void *from, size_t n, u64 offset)
{
	struct memory_store *m = (struct memory_store *)s;
	int error;

	if (store_fails(m))
		return m->fail_errno;
	error = memory_reach(m, offset + n);
	if (error)
		return error;
	memcpy(m->bytes + offset, from, n);
	store_record(m, STORE_WRITE, from, n, offset);
	return 0;
}

static inline int memory_sync(struct store *s)
{
	struct memory_store *m = (struct memory_store *)s;

	if (store_fails(m))
		return m->fail_errno;
	store_record(m, STORE_SYNC, NULL, 0, 0);
	return 0;
}

static inline int memory_punch(struct store *s, u64 offset, u64 length)
{
	struct memory_store *m = (struct memory_store *)s;

	if (offset < s->size)
		memset(m->bytes + offset, 0, (size_t)MIN(length, s->size - offset));
	store_record(m, STORE_PUNCH, NULL, length, offset);
	return 0;
}

static inline int memory_resize(struct store *s, u64 size)
{
	struct memory_store *m = (struct memory_store *)s;
	int error;

	if (store_fails(m))
		return m->fail_errno;
	if (size < s->size)
		memset(m->bytes + size, 0, (size_t)(s->size - size));
	error = memory_reach(m, size);
	if (error)
		return error;
	s->size = size;
	store_record(m, STORE_RESIZE, NULL, 0, size);
	return 0;
}

static inline struct memory_store memory_store(u64 most)
{
	return (struct memory_store){
		.s = { memory_read, memory_write, memory_sync, memory_punch, memory_resize, 0 },
		.most = most,
	};
}

static inline struct memory_store store_copy(const struct memory_store *m)
{
	struct memory_store copy = memory_store(m->most);

	memory_reach(&copy, m->s.size);
	if (m->s.size)
		memcpy(copy.bytes, m->bytes, (size_t)m->s.size);
	return copy;
}

/* One event of another's, or the first `part` bytes of it, after all. */
static inline void store_replay(struct memory_store *m, const struct store_event *e, u64 part)
{
	switch (e->kind) {
	case STORE_WRITE:
		m->s.write(&m->s, e->bytes, (size_t)MIN(part, e->length), e->offset);
		break;
	case STORE_RESIZE:
		m->s.resize(&m->s, e->offset);
		break;
	case STORE_PUNCH:
		m->s.punch(&m->s, e->offset, e->length);
		break;
	case STORE_SYNC:
		break;
	}
}

static inline void store_free(struct memory_store *m)
{
	for (size_t i = 0; i < m->nevents; i++)
		free(m->events[i].bytes);
	free(m->events);
	free(m->bytes);
}

#endif
