/* pmp.c - physical memory protection
 *
 * Spec: privileged manual, "Physical Memory Protection".  Entries of four bytes (NA4) work,
 * so the granularity G is 0.  The entries that are on are kept as ranges, in their order:
 * the first that has a byte of an access decides, and must have all of them.
 *
 * Not modeled: Smepmp.
 */
#include "hart.h"

enum {
	CFG_LOCKED = 1 << 7,
	CFG_BITS = CFG_LOCKED | 3 << 3 | RIGHT_R | RIGHT_W | RIGHT_X,
	CFG_MATCH_SHIFT = 3,
	ADDR_BITS = 54 /* of a 56-bit address, without the two lowest */
};

enum match { MATCH_OFF, MATCH_TOR, MATCH_NA4, MATCH_NAPOT };

static enum match match_of(u8 cfg)
{
	return cfg >> CFG_MATCH_SHIFT & 3;
}

void pmp_set_cfg(struct hart *h, u32 entry, u8 cfg)
{
	if (entry >= h->config->pmp_entries || (h->pmpcfg[entry] & CFG_LOCKED))
		return;
	if (!(cfg & RIGHT_R)) /* writable but not readable is reserved */
		cfg &= (u8)~RIGHT_W;
	h->pmpcfg[entry] = cfg & CFG_BITS;
}

/* A locked TOR entry also locks the address below it, which is its other end. */
void pmp_set_addr(struct hart *h, u32 entry, u64 addr)
{
	u8 next = entry + 1 < h->config->pmp_entries ? h->pmpcfg[entry + 1] : 0;

	if (h->pmpcfg[entry] & CFG_LOCKED)
		return;
	if ((next & CFG_LOCKED) && match_of(next) == MATCH_TOR)
		return;
	h->pmpaddr[entry] = addr & LOW_BITS(ADDR_BITS);
}

/* False: it is off, or empty. */
static bool range_of(const struct hart *h, u32 entry, struct pmp_range *r)
{
	u64 addr = h->pmpaddr[entry], ones = addr ^ (addr + 1);
	u64 below = entry ? h->pmpaddr[entry - 1] : 0;

	r->cfg = h->pmpcfg[entry];
	switch (match_of(r->cfg)) {
	case MATCH_TOR:
		r->first = below << 2;
		r->last = (addr << 2) - 1;
		return below < addr;
	case MATCH_NA4:
		r->first = addr << 2;
		r->last = r->first | 3;
		return true;
	case MATCH_NAPOT: /* y...y01..1: as many ones as say the size, 8 bytes for none */
		r->first = (addr & ~ones) << 2;
		r->last = (addr | ones) << 2 | 3;
		return true;
	case MATCH_OFF:
		break;
	}
	return false;
}

void pmp_changed(struct hart *h)
{
	h->npmp = 0;
	for (u32 i = 0; i < h->config->pmp_entries; i++)
		if (range_of(h, i, &h->pmp[h->npmp]))
			h->npmp++;
	mmu_forget(h);
}

static const struct pmp_range *first_touched(const struct hart *h, u64 first, u64 last)
{
	for (u32 i = 0; i < h->npmp; i++)
		if (first <= h->pmp[i].last && last >= h->pmp[i].first)
			return &h->pmp[i];
	return NULL;
}

static u32 rights_of(const struct hart *h, const struct pmp_range *r, enum priv priv)
{
	u32 all = RIGHT_R | RIGHT_W | RIGHT_X;

	if (!r)
		return priv == PRIV_M || !h->config->pmp_entries ? all : 0;
	if (priv == PRIV_M && !(r->cfg & CFG_LOCKED))
		return all;
	return r->cfg & all;
}

static bool covers(const struct pmp_range *r, u64 first, u64 last)
{
	return !r || (r->first <= first && last <= r->last);
}

bool pmp_allows(const struct hart *h, u64 gpa, u64 len, enum access access, enum priv priv)
{
	static const u32 needs[] = {
		[ACCESS_LOAD] = RIGHT_R,
		[ACCESS_STORE] = RIGHT_W,
		[ACCESS_FETCH] = RIGHT_X,
	};
	u64 last = len - 1 > UINT64_MAX - gpa ? UINT64_MAX : gpa + len - 1;
	const struct pmp_range *r = first_touched(h, gpa, last);

	return covers(r, gpa, last) && (rights_of(h, r, priv) & needs[access]);
}

bool pmp_page(const struct hart *h, u64 gpa, enum priv priv, u32 *rights)
{
	u64 first = align_down(gpa, PAGE_SIZE), last = first + PAGE_SIZE - 1;
	const struct pmp_range *r = first_touched(h, first, last);

	*rights = rights_of(h, r, priv);
	return covers(r, first, last);
}
