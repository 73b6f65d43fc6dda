/* pci_msix.c - MSI-X: capability, vector table and pending bits.
 *
 * PCI Local Bus 3.0 section 6.8.2.  Table and pending bits fill a BAR of their
 * own, half each.  A message is handed to the machine as data: it is never a
 * store to guest memory, so no address can be aimed at something else.
 */
#include "pci_priv.h"

#define CAP_MSIX        0x11
#define CONTROL         3 /* high byte of message control, from the capability */
#define CONTROL_ENABLE  0x80
#define CONTROL_MASKED  0x40
#define VECTOR_MASKED   1
#define ENTRY_BYTES     16
#define VECTORS_AT_MOST 2048

_Static_assert(sizeof(struct msix_entry) == ENTRY_BYTES, "the guest sees this struct");

static u32 msix_control(const struct pci_function *f)
{
	return f->msix_cap ? pci_config(f, f->msix_cap + CONTROL, 1) : 0;
}

bool pci_msix_enabled(const struct device *dev)
{
	return msix_control(pci_function(dev)) & CONTROL_ENABLE;
}

/* A message is a write by the function: bus mastering gates it as well. */
static bool may_send(const struct pci_function *f, u32 vector)
{
	return (msix_control(f) & (CONTROL_ENABLE | CONTROL_MASKED)) == CONTROL_ENABLE &&
	       !(f->vectors[vector].control & VECTOR_MASKED) && pci_is_master(f);
}

static void try_to_send(struct pci_function *f, u32 vector)
{
	const struct device_machine *m = f->dev->engine->machine;

	f->pending[vector] = !may_send(f, vector);
	if (!f->pending[vector])
		m->msi(m->ctx, f->vectors[vector].address, f->vectors[vector].data);
}

void pci_msix_send(struct device *dev, u32 vector)
{
	struct pci_function *f = pci_function(dev);

	if (pci_msix_enabled(dev) && vector < f->nvectors)
		try_to_send(f, vector);
}

void msix_replay(struct pci_function *f)
{
	for (u32 i = 0; i < f->nvectors; i++)
		if (f->pending[i])
			try_to_send(f, i);
}

void msix_reset(struct pci_function *f)
{
	for (u32 i = 0; i < f->nvectors; i++)
		f->vectors[i].control = VECTOR_MASKED;
}

/* -- The BAR: the table, then from its middle the pending bits --------------------- */

static u64 pending_byte(const struct pci_function *f, u64 at)
{
	u64 bits = 0;

	for (u32 i = 0; i < 8; i++)
		if (at * 8 + i < f->nvectors)
			bits |= (u64)f->pending[at * 8 + i] << i;
	return bits;
}

static u64 pending_read(const struct pci_function *f, u64 off, u32 width)
{
	u64 v = 0;

	for (u32 i = 0; i < width; i++)
		v |= pending_byte(f, off + i) << (8 * i);
	return v;
}

u64 msix_read(struct pci_function *f, u64 off, u32 width)
{
	u64 half = f->bar[f->msix_bar].size / 2;
	u8 bytes[8] = { 0 };

	if (off >= half)
		return pending_read(f, off - half, width);
	if (off / ENTRY_BYTES < f->nvectors)
		memcpy(bytes, (u8 *)f->vectors + off, width);
	return get_le64(bytes);
}

/* Section 6.8.2: with an access of 1 or 2 bytes the result is undefined. */
void msix_write(struct pci_function *f, u64 off, u32 width, u64 value)
{
	struct msix_entry *entry = &f->vectors[off / ENTRY_BYTES];

	if (off / ENTRY_BYTES >= f->nvectors || width < 4) {
		guest_error(f->dev, "MSI-X table: a store of %u bytes at 0x%x is ignored", width,
			    (u32)off);
		return;
	}
	memcpy((u8 *)entry + off % ENTRY_BYTES, &value, width);
	entry->address &= ~(u64)3;
	entry->control &= VECTOR_MASKED;
}

/* -- The capability ------------------------------------------------------------------ */

static u64 table_room(u32 vectors)
{
	u64 half = 2 * KIB;

	while (half < vectors * (u64)ENTRY_BYTES)
		half *= 2;
	return half;
}

void pci_add_msix(struct pci_function *f, u32 vectors, u32 bar)
{
	struct pci_bar is = { .size = 2 * table_room(vectors) };
	u8 body[10] = { 0 };

	assert(vectors && vectors <= VECTORS_AT_MOST);
	if (!f->dev->engine->machine->msi)
		return;
	f->nvectors = vectors;
	f->vectors = xcalloc(vectors, sizeof(*f->vectors));
	f->pending = xcalloc(vectors, 1);
	f->msix_bar = bar;
	pci_add_bar(f, bar, &is);
	body[0] = (u8)(vectors - 1);
	body[1] = (u8)((vectors - 1) >> 8);
	put_le32(body + 2, bar);
	put_le32(body + 6, (u32)(is.size / 2) | bar);
	f->msix_cap = pci_add_capability(f, CAP_MSIX, body, sizeof(body));
	f->writable[f->msix_cap + CONTROL] = CONTROL_ENABLE | CONTROL_MASKED;
}
