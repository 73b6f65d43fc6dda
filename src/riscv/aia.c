/* aia.c - interrupt files: the part of an IMSIC that is a hart's
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, "Incoming MSI Controller".  A file has a
 * pending and an enable bit for each identity; the least that has both comes first.  Messages
 * set pending bits from any thread, without a lock; all else is the hart's own.
 *
 * Not modeled: guest interrupt files, delivery by an APLIC through eidelivery, big-endian
 * messages.
 */
#include "hart.h"

enum {
	EIDELIVERY = 0x70,
	EITHRESHOLD = 0x72,
	EIE0 = 0xc0,
};

struct imsic_file *imsic_file(struct hart *h, enum priv level)
{
	return &h->imsic[level == PRIV_S];
}

static struct imsic_file *file_behind(struct hart *h, enum irq irq)
{
	assert(irq == IRQ_MEI || irq == IRQ_SEI);
	return imsic_file(h, irq == IRQ_MEI ? PRIV_M : PRIV_S);
}

void hart_add_imsic(struct hart *h, enum irq irq, u32 ids)
{
	u32 words = (ids + 1) / 64;

	assert((ids + 1) % 64 == 0 && words && words <= IMSIC_WORDS);
	file_behind(h, irq)->words = words;
}

void imsic_reset(struct imsic_file *f)
{
	for (u32 i = 0; i < f->words; i++)
		atomic_store(&f->eip[i], 0);
	memset(f->eie, 0, sizeof(f->eie));
	f->eidelivery = f->eithreshold = 0;
}

/* -- Messages ---------------------------------------------------------------------- */

/* One whose bit is set already is one with it.  The kick comes after the bit, and the hart that
 * enables it looks at the bit afterwards: one of the two sees the other. */
bool hart_msi(struct hart *h, enum irq irq, u32 id)
{
	struct imsic_file *f = file_behind(h, irq);
	u64 bit = (u64)1 << id % 64;

	if (!id || id / 64 >= f->words)
		return false;
	if (!(atomic_fetch_or(&f->eip[id / 64], bit) & bit))
		hart_kick(h);
	return true;
}

/* -- What comes first ---------------------------------------------------------------- */

static u32 first(const struct imsic_file *f)
{
	for (u32 i = 0; i < f->words; i++) {
		u64 bits = atomic_load(&f->eip[i]) & f->eie[i];

		if (bits)
			return 64 * i + (u32)CTZ64(bits);
	}
	return 0;
}

u64 imsic_top(const struct imsic_file *f)
{
	u64 id = first(f);

	return f->eithreshold && id >= f->eithreshold ? 0 : id << 16 | id;
}

bool imsic_signals(const struct imsic_file *f)
{
	return f->eidelivery && imsic_top(f);
}

/* -- Registers behind xireg ------------------------------------------------------------ */

/* Odd ones of the two arrays exist for RV32 alone. */
bool imsic_has(const struct imsic_file *f, u64 select)
{
	return f->words && select < ISELECT_END && (select < ISELECT_EIP || !(select & 1));
}

/* The word of an array; those behind the last identity are all zero. */
static u32 word_of(u64 select)
{
	return (u32)(select & (EIE0 - ISELECT_EIP - 1)) / 2;
}

u64 imsic_read(const struct imsic_file *f, u64 select)
{
	if (select == EIDELIVERY)
		return f->eidelivery;
	if (select == EITHRESHOLD)
		return f->eithreshold;
	if (select >= EIE0)
		return f->eie[word_of(select)];
	return select >= ISELECT_EIP ? atomic_load(&f->eip[word_of(select)]) : 0;
}

/* Identity 0 is none. */
static u64 real(const struct imsic_file *f, u32 word)
{
	return word >= f->words ? 0 : word ? UINT64_MAX : ~(u64)1;
}

void imsic_change(struct imsic_file *f, u64 select, u64 clear, u64 set)
{
	u64 v = (imsic_read(f, select) & ~clear) | set;
	u32 word = word_of(select);

	if (select == EIDELIVERY) {
		f->eidelivery = v & 1;
	} else if (select == EITHRESHOLD) {
		f->eithreshold = v & (64 * IMSIC_WORDS - 1);
	} else if (select >= EIE0) {
		f->eie[word] = v & real(f, word);
	} else if (select >= ISELECT_EIP) {
		atomic_fetch_and(&f->eip[word], ~(clear & ~set));
		atomic_fetch_or(&f->eip[word], set & real(f, word));
	}
}
