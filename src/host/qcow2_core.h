/* qcow2_core.h - what the files of qcow2 share: tables in memory, and counts of clusters. */
#ifndef QCOW2_CORE_H
#define QCOW2_CORE_H

#include "qcow2.h"

#include <errno.h>

#define SECTOR 512

/* Largest tables that are read: 32 MiB of L1 and 8 MiB of refcount table, as in QEMU. */
#define L1_MOST        (32 * MIB / 8)
#define REFTABLE_BYTES (8 * MIB)
#define CACHE_BYTES    (16 * MIB)

#define COPIED      ((u64)1 << 63)
#define COMPRESSED  ((u64)1 << 62)
#define READS_ZERO  ((u64)1)
#define OFFSET_MASK LOW_BITS(56)

enum {
	HEADER_BACKING = 8,
	HEADER_BACKING_SIZE = 16,
	HEADER_CLUSTER_BITS = 20,
	HEADER_SIZE = 24,
	HEADER_CRYPT = 32,
	HEADER_L1_SIZE = 36,
	HEADER_L1 = 40,
	HEADER_REFTABLE = 48,
	HEADER_REFTABLE_CLUSTERS = 56,
	HEADER_SNAPSHOTS = 60,
	HEADER_V2_BYTES = 72,
	HEADER_INCOMPATIBLE = 72,
	HEADER_COMPATIBLE = 80,
	HEADER_AUTOCLEAR = 88,
	HEADER_REFCOUNT_ORDER = 96,
	HEADER_LENGTH = 100,
	HEADER_V3_BYTES = 104,
	HEADER_COMPRESSION = 104,
	HEADER_BYTES = 112,
};

#define QCOW2_MAGIC 0x514649fbu /* "QFI\xfb" */

/* A cluster of numbers, in memory: an L2 table or a block of refcounts. */
struct table {
	u64 offset; /* in the store; 0: this place is free */
	bool counts;
	bool dirty;
	bool fresh; /* an L2 table that nothing in the store points to yet */
	u32 index;  /* L2: which of L1 points to it */
	u64 used;
	u8 *bytes;
};

struct qcow2 {
	struct store *store;
	struct qcow2_backing backing;
	bool writable;

	u32 version, cluster_bits, refcount_order;
	u64 cluster, size;
	u64 incompatible, autoclear;
	u32 header_length, snapshots;
	bool zstd;
	bool has_extras;                   /* clusters that only a header extension points to */
	char name[QCOW2_NAME], format[32]; /* of the backing image, as the header says */

	u64 *l1;
	u32 l1_size;
	u64 l1_offset;
	u64 *reftable;
	u32 reftable_entries;
	u64 reftable_offset;

	struct table *tables;
	u32 ntables;
	u64 uses;

	u64 free_hint; /* no cluster before it is free */
	/* Clusters that lost a user since the last flush: they stay as they are until nothing
	 * in the store points to them. */
	u64 *dropped;
	size_t ndropped, dropped_cap;

	u8 *unpacked; /* the last compressed cluster that was read */
	u64 unpacked_entry;
};

static inline u64 entries_of(const struct qcow2 *q)
{
	return q->cluster / 8; /* of an L2 table */
}

static inline u64 l2_span(const struct qcow2 *q)
{
	return q->cluster * entries_of(q); /* bytes of the disk */
}

/* -- Tables (qcow2_table.c) ----------------------------------------------------------- */

/* The table at `offset`, until the next call of anything here. */
int table_get(struct qcow2 *q, u64 offset, bool counts, struct table **t);
/* One that is not in the store yet; all zeros. */
int table_new(struct qcow2 *q, u64 offset, bool counts, struct table **t);
/* Frees the place of one that is not to be written any more. */
void table_forget(struct qcow2 *q, u64 offset);

/* -- Counts (qcow2_refs.c) ------------------------------------------------------------ */

int refs_get(struct qcow2 *q, u64 cluster, u64 *count);
int refs_set(struct qcow2 *q, u64 cluster, u64 count);
/* At most `want` clusters in a row that are in use from now on; *n is how many. */
int refs_take(struct qcow2 *q, u64 want, u64 *first, u64 *n);
/* Nothing in the store has pointed to them. */
void refs_give_back(struct qcow2 *q, u64 first, u64 n);
/* One user less, as soon as the store says so too. */
void refs_drop_later(struct qcow2 *q, u64 cluster);
int refs_drop_now(struct qcow2 *q);
#define DROPPED_MOST 65536 /* then it is time for a flush */
/* In a block of refcounts. */
u64 count_get(const struct qcow2 *q, const u8 *block, u64 i);
/* Lies in none of the tables whose place the header says. */
bool may_hold_data(const struct qcow2 *q, u64 offset);

/* -- L2 entries (qcow2_map.c) ----------------------------------------------------------- */

/* Where a compressed cluster lies; in bytes. */
void packed_place(const struct qcow2 *q, u64 entry, u64 *offset, u64 *length);
bool entry_is_sound(const struct qcow2 *q, u64 entry);
bool l1_is_sound(const struct qcow2 *q, u64 entry);

#endif
