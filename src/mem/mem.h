/* mem.h - the guest physical address space, and the only way to guest memory.
 *
 * Addresses and lengths come from the guest.  They are checked here, once, so
 * that no caller does arithmetic on them.  Hosts and guests are little-endian.
 *
 * RAM and ROM are fixed before the first hart runs, so finding them needs no
 * lock.  I/O windows may move while harts run (a PCI BAR does): each move makes
 * a new generation.  Where windows overlap, RAM and ROM win over I/O, and among
 * I/O the lower rank wins, then the older one.
 */
#ifndef MEM_H
#define MEM_H

#include "base.h"

#include <stdatomic.h>

struct mem;

struct mem *mem_new(void);
void mem_free(struct mem *m); /* accepts NULL */

/* -- Building ---------------------------------------------------------------
 *
 * `bytes` has `size` bytes, belongs to the caller and outlives `m`.  `name` too.
 * False: it overlaps other RAM or ROM, or wraps.
 */
bool mem_add_ram(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes, struct err *e);
bool mem_add_rom(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes, struct err *e);
/* ROM that is there or not, as *hidden says: while harts run, who changes it has them forget their
 * translations.  A window at the same place answers while it is hidden, and to all stores.  Who
 * changes the bytes says mem_has_written(). */
bool mem_add_flash(struct mem *m, const char *name, u64 gpa, u64 size, u8 *bytes,
		   const _Atomic bool *hidden, struct err *e);

/* Called on the hart's thread with no lock of mem/ held.  `off` + `width` stays
 * inside the window; `width` is 1, 2, 4 or 8; `off` is a multiple of it. */
struct mem_io {
	u64 (*read)(void *ctx, u64 off, u32 width);
	void (*write)(void *ctx, u64 off, u32 width, u64 value);
	void *ctx;
};

enum { MEM_RANK_FIXED, MEM_RANK_BAR };

/* A window that is not yet anywhere.  Returns its number. */
u32 mem_add_io(struct mem *m, const char *name, u32 rank, struct mem_io io);

/* Puts the window at `gpa`, or takes it away (size 0).  Any thread. */
void mem_map_io(struct mem *m, u32 window, u64 gpa, u64 size);

/* -- RAM, for loaders, devices (DMA) and page tables -------------------------
 *
 * All of it or nothing: false if one byte is not RAM.  ROM is not RAM.
 */
bool mem_read(const struct mem *m, u64 gpa, void *to, u64 n);
bool mem_write(struct mem *m, u64 gpa, const void *from, u64 n);

/* The bytes themselves, for bulk I/O in place, atomics and TLBs: valid as long as
 * `m`.  NULL if one byte is not RAM.  What is *interpreted* is copied out first:
 * other harts change it at any time. */
u8 *mem_slice(const struct mem *m, u64 gpa, u64 n);

/* The same for RAM or ROM, for fetches and loads; *rom says which. */
const u8 *mem_readable(const struct mem *m, u64 gpa, u64 n, bool *rom);

struct mem_ram {
	const char *name;
	u64 gpa, size;
	u8 *bytes;
	bool rom;
	_Atomic u8 *written;        /* a flag for each page; NULL: ROM */
	const _Atomic bool *hidden; /* of flash; NULL: all else */
};

/* -- Pages that have been written ---------------------------------------------
 *
 * A page that nobody writes need not be looked at again by those who made something of its
 * bytes.  mem_slice() and mem_write() count as writing; who writes through other addresses
 * says so before, with mem_will_write().  The flag of a page of 4096 bytes stays, but for
 * mem_forget_written(), once all is loaded and nothing runs, and mem_trust(), by those who see
 * to it that each writer says so again.  ROM is never written.
 */
void mem_will_write(const struct mem *m, u64 gpa);
/* For who has a slice for long: flags may have been cleared since. */
void mem_has_written(const struct mem *m, const u8 *bytes, u64 n);
const _Atomic u8 *mem_written(const struct mem *m, const u8 *page);
/* Counts flags that were set.  As long as that stays the same, what was not written is not. */
u64 mem_first_writes(void);
void mem_forget_written(struct mem *m);
void mem_trust(struct mem *m, const u8 *page);

/* What lies in the whole pages of a range is not needed any more: it becomes zero, and `fn`, once
 * set, gives the pages back to the host; without it they stay.  False: not all of it is RAM. */
bool mem_discard(struct mem *m, u64 gpa, u64 n);
void mem_on_discard(struct mem *m, void (*fn)(u8 *bytes, u64 n)); /* before harts run */

/* The i-th RAM or ROM in address order, or NULL after the last. */
const struct mem_ram *mem_ram(const struct mem *m, u32 i);

/* -- Everything else, for harts ----------------------------------------------
 *
 * Finds the window at `gpa` and calls it.  False: nothing there, or not all of
 * it in one window, or misaligned; the hart takes an access fault.  `cache` may
 * be NULL; else it is the caller's own, zero-filled at first, and one thread's.
 */
struct mem_cache {
	u64 generation, gpa, size;
	struct mem_io io;
};

bool mem_io_read(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width, u64 *value);
bool mem_io_write(struct mem *m, struct mem_cache *cache, u64 gpa, u32 width, u64 value);

/* RAM, ROM or a window: an access to gpa may get an answer. */
bool mem_answers(struct mem *m, u64 gpa);

/* The name and end of what lies below `gpa`, for messages; false: nothing does. */
bool mem_nearest(struct mem *m, u64 gpa, const char **name, u64 *last);

/* -- Watched RAM (the ELF symbol `tohost`) -----------------------------------
 *
 * A page that holds a watched byte is never made storable in a TLB, so each store
 * of a hart takes the slow path and ends with mem_stored().  Set up before harts
 * run.  `fn` is called on the hart's thread after the store.
 */
typedef void mem_watch_fn(void *ctx, u64 gpa, u32 width);
void mem_watch(struct mem *m, u64 gpa, u64 size, mem_watch_fn *fn, void *ctx);
bool mem_watched_page(const struct mem *m, u64 gpa);
void mem_stored(struct mem *m, u64 gpa, u32 width);

#endif
