/* pages.h - two virtual pages for programs of exec.h, each where a table says. */
#ifndef RIG_PAGES_H
#define RIG_PAGES_H

#include "exec.h"

enum {
	HERE = 0x40000000, /* a virtual page, and the next */
	BEHIND = HERE + PAGE_SIZE,
	ROOT = TABLES, /* tables of three levels, the last, and the same for another satp */
	TABLE = ROOT + 2 * PAGE_SIZE,
	OTHER_ROOT = TABLES + 3 * PAGE_SIZE
};

static inline void put_pte(struct rig *r, u64 at, u64 page, u64 bits)
{
	put_le64(r->ram + at, (RIG_RAM + page) >> 2 | bits);
}

/* HERE is a page; RAM is where it is, for code and tables. */
static inline u64 satp_of(struct rig *r, u64 root, u64 asid, u64 page)
{
	put_pte(r, root + 16, 0, 0xcf);
	put_pte(r, root + 8, root + PAGE_SIZE, 1);
	put_pte(r, root + PAGE_SIZE, root + 2 * PAGE_SIZE, 1);
	put_pte(r, root + 2 * PAGE_SIZE, page, 0xcf);
	return (u64)SATP_SV39 << 60 | asid << 44 | (RIG_RAM + root) >> 12;
}

#endif
