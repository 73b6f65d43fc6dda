/* pci.c - PCI functions: header, command, BARs, capabilities, INTx.
 *
 * PCI Local Bus 3.0 section 6.  Configuration space is an array of bytes with an
 * array of the bits that a write changes; all else follows from the bytes, in
 * pci_update(): where BARs are mapped, what the interrupt pin shows.  So a BAR
 * that is being sized is simply a BAR somewhere else, or nowhere.
 *
 * Not modeled: expansion ROMs, extended configuration space (reads 0), errors (SERR,
 * parity).
 */
#include "pci_core.h"

#include "pci_priv.h"

u32 pci_config(const struct pci_function *f, u32 off, u32 width)
{
	u32 v = 0;

	for (u32 i = width; i-- > 0;)
		v = v << 8 | f->fixed[off + i] | (f->written[off + i] & f->writable[off + i]);
	return v;
}

bool pci_command(const struct pci_function *f, u32 bits)
{
	return pci_config(f, CFG_COMMAND, 2) & bits;
}

bool pci_is_master(const struct pci_function *f)
{
	return pci_command(f, COMMAND_MASTER) && express_awake(f) && pci_bus_masters(f->bus);
}

/* -- BARs ------------------------------------------------------------------- */

static u64 window_read(void *ctx, u64 off, u32 width)
{
	struct pci_bar_window *w = ctx;
	struct pci_function *f = w->f;
	u64 v = 0;

	device_lock(f->dev);
	if (f->msix_cap && w->bar == f->msix_bar)
		v = msix_read(f, off, width);
	else if (f->is->read)
		v = f->is->read(f->dev, w->bar, off, width);
	device_unlock(f->dev);
	return v & LOW_BITS(8 * width);
}

static void window_write(void *ctx, u64 off, u32 width, u64 value)
{
	struct pci_bar_window *w = ctx;
	struct pci_function *f = w->f;
	device_lock(f->dev);
	if (f->msix_cap && w->bar == f->msix_bar)
		msix_write(f, off, width, value);
	else if (f->is->write)
		f->is->write(f->dev, w->bar, off, width, value);
	device_changed(f->dev);
	device_unlock(f->dev);
}

static u32 bar_register(u32 bar)
{
	return CFG_BAR + 4 * bar;
}

static u64 bar_address(const struct pci_function *f, const struct pci_bar_window *w)
{
	u64 low = pci_config(f, bar_register(w->bar), 4);
	u64 high = w->is_64bit ? pci_config(f, bar_register(w->bar + 1), 4) : 0;

	return (high << 32 | low) & ~(w->size - 1);
}

/* A BAR outside the bridge's windows decodes nothing: the bridge passes nothing on. */
static bool bar_decodes(const struct pci_function *f, const struct pci_bar_window *w, u64 *gpa)
{
	const struct pci_windows *to = &f->bus->windows;
	u64 at = bar_address(f, w);

	*gpa = w->io ? to->io.base + at : at;
	if (!express_awake(f) || !pci_bus_passes(f->bus, at, w->size, w->io))
		return false;
	if (w->io)
		return pci_command(f, COMMAND_IO) && range_inside(at, w->size, 0, to->io.size);
	return pci_command(f, COMMAND_MEMORY) &&
	       (range_inside(at, w->size, to->mem32.base, to->mem32.size) ||
		range_inside(at, w->size, to->mem64.base, to->mem64.size));
}

/* Only a real move is told to mem/: each makes every hart forget its windows. */
static void bar_map(struct pci_function *f, struct pci_bar_window *w)
{
	u64 gpa, size = bar_decodes(f, w, &gpa) ? w->size : 0;

	if (size == w->mapped && (!size || gpa == w->gpa))
		return;
	w->gpa = gpa;
	w->mapped = size;
	mem_map_io(f->dev->engine->machine->mem, w->window, gpa, size);
}

/* Bits below the size stay as they are; that is how software learns the size. */
void pci_add_bar(struct pci_function *f, u32 bar, const struct pci_bar *is)
{
	struct pci_bar_window *w = &f->bar[bar];
	u64 mask = ~(is->size - 1);
	u32 at = bar_register(bar);
	struct mem_io io = { window_read, window_write, w };

	assert(bar + is->is_64bit < PCI_BARS && !w->size);
	assert(is->size >= 16 && !(is->size & (is->size - 1)));
	*w = (struct pci_bar_window){
		.f = f, .bar = bar, .size = is->size, .is_64bit = is->is_64bit, .io = is->io
	};
	w->window = mem_add_io(f->dev->engine->machine->mem, f->dev->name, MEM_RANK_BAR, io);
	f->fixed[at] = (u8)(is->io | is->is_64bit << 2 | is->prefetchable << 3);
	f->writable[CFG_COMMAND] |= is->io ? COMMAND_IO : COMMAND_MEMORY;
	put_le32(f->writable + at, (u32)mask);
	if (is->is_64bit)
		put_le32(f->writable + at + 4, (u32)(mask >> 32));
}

/* -- The interrupt pin -------------------------------------------------------- */

static bool asserted(const struct pci_function *f)
{
	return f->pin && express_awake(f) && !pci_msix_enabled(f->dev);
}

static void update_pin(struct pci_function *f)
{
	wire_set(f->dev, &f->intx, asserted(f) && !pci_command(f, COMMAND_INTX_OFF));
}

void pci_intx(struct device *dev, bool level)
{
	struct pci_function *f = pci_function(dev);

	if (!f)
		return; /* on a bench, not on a bus */
	f->pin = level;
	update_pin(f);
}

/* -- Configuration space ------------------------------------------------------ */

static bool hooked(const struct pci_function *f, u32 off)
{
	return f->hook_at && off >= f->hook_at && off < f->hook_at + 4;
}

u32 pci_config_read(struct pci_function *f, u32 off, u32 width)
{
	u32 v;

	if (off >= PCI_CONFIG_BYTES)
		return 0;
	if (hooked(f, off))
		return f->hook_read(f->dev, off - f->hook_at, width);
	v = pci_config(f, off, width);
	if (asserted(f) && off <= CFG_STATUS && off + width > CFG_STATUS)
		v |= (u32)STATUS_INTERRUPT << 8 * (CFG_STATUS - off);
	return v;
}

void pci_config_write(struct pci_function *f, u32 off, u32 width, u32 value)
{
	u8 bytes[4];

	if (off >= PCI_CONFIG_BYTES)
		return;
	put_le32(bytes, value);
	if (hooked(f, off))
		f->hook_write(f->dev, off - f->hook_at, width, value);
	else
		express_write(f, off, bytes, width);
	device_changed(f->dev);
}

/* A capability: id, offset of the next (0 ends the list), and what is its own. */
u32 pci_add_capability(struct pci_function *f, u8 id, const void *body, u32 len)
{
	u32 at = f->next_cap;

	assert(at + 2 + len <= PCI_CONFIG_BYTES);
	f->fixed[f->last_next] = (u8)at;
	f->fixed[at] = id;
	memcpy(f->fixed + at + 2, body, len);
	f->fixed[CFG_STATUS] |= STATUS_CAPABILITIES;
	f->last_next = at + 1;
	f->next_cap = (u32)align_up(at + 2 + len, 4);
	return at;
}

void pci_add_hook(struct pci_function *f, u32 at,
		  u32 (*read)(struct device *dev, u32 off, u32 width),
		  void (*write)(struct device *dev, u32 off, u32 width, u32 value))
{
	assert(!f->hook_at && at % 4 == 0);
	f->hook_at = at;
	f->hook_read = read;
	f->hook_write = write;
}

void pci_set_identity(struct pci_function *f, const struct pci_class *is)
{
	u8 *c = f->fixed;

	put_le32(c + CFG_VENDOR, is->vendor | (u32)is->device << 16);
	put_le32(c + CFG_REVISION, is->revision | is->class_code << 8);
	if (!is->port)
		put_le32(c + CFG_SUBSYSTEM, is->subsystem_vendor | (u32)is->subsystem << 16);
	c[CFG_PIN] = is->intx; /* 1 is INTA */
}

/* -- The layer around the model --------------------------------------------------- */

static void function_reset(struct device *dev, void *object)
{
	(void)dev;
	msix_reset(object);
}

static void function_update(struct device *dev, void *object)
{
	struct pci_function *f = object;

	if (pci_is_port(f))
		pci_port_update(f);
	atomic_store(&dev->engine->dma_blocked, !pci_is_master(f));
	for (u32 i = 0; i < PCI_BARS; i++)
		if (f->bar[i].size)
			bar_map(f, &f->bar[i]);
	update_pin(f);
	msix_replay(f);
}

static void function_fini(struct device *dev, void *object)
{
	struct pci_function *f = object;

	(void)dev;
	free(f->vectors);
	free(f->pending);
	free(f);
}

/* clang-format off */
#define SELF struct pci_function
static const struct device_layer function_layer = {
	.state  = STATE(FIELD(written), FIELD(pin),
			FIELD_N(vectors, nvectors), FIELD_N(pending, nvectors)),
	.fini   = function_fini,
	.reset  = function_reset,
	.update = function_update,
};
/* clang-format on */

struct pci_function *pci_function(const struct device *dev)
{
	return dev->engine->pci_function;
}

static void header_init(struct pci_function *f)
{
	f->next_cap = CFG_CAPABILITIES;
	f->last_next = CFG_CAPABILITY_LIST;
	f->writable[CFG_COMMAND] = COMMAND_MASTER;
	f->writable[CFG_COMMAND + 1] = COMMAND_INTX_OFF >> 8;
	f->writable[CFG_CACHE_LINE] = 0xff;
	f->writable[CFG_LINE] = 0xff;
}

static void function_init(struct pci_function *f, const struct pci_class *is)
{
	header_init(f);
	pci_set_identity(f, is);
	if (is->port)
		pci_port_header(f);
	if (is->express || is->port)
		express_init(f);
	for (u32 i = 0; i < PCI_BARS; i++)
		if (is->bar[i].size)
			pci_add_bar(f, i, &is->bar[i]);
	if (is->msix_vectors)
		pci_add_msix(f, is->msix_vectors, is->msix_bar);
}

struct pci_function *pci_plug(struct device *dev, const struct pci_class *is, struct pci_bus *bus,
			      u32 slot)
{
	struct pci_function *f = xzalloc(sizeof(*f));

	f->dev = dev;
	f->is = is;
	f->bus = bus;
	bus->function[slot] = f;
	dev->engine->pci_function = f;
	device_add_layer(dev, &function_layer, f);
	function_init(f, is);
	return f;
}

bool pci_attach(struct device *dev, struct err *e)
{
	const struct device_place *place = &dev->engine->place;
	struct pci_bus *bus = place->parent ? place->parent->engine->pci_bus : NULL;
	struct pci_function *f;

	if (!bus)
		return true;
	if (place->slot >= PCI_SLOTS || (bus->port && place->slot))
		return err_set(e, "slot %u is not in 0..%u", place->slot,
			       bus->port ? 0 : PCI_SLOTS - 1);
	if (bus->function[place->slot])
		return err_set(e, "slot %u is taken by %s", place->slot,
			       bus->function[place->slot]->dev->name);
	f = pci_plug(dev, dev->class->pci, bus, place->slot);
	device_add_wire(dev, &f->intx);
	/* Slot 0 behind a port: its pins are the port's. */
	wire_connect(&f->intx, bus->bridge,
		     PCI_LINE(bus->port ? bus->port->dev->engine->place.slot : place->slot, 0));
	return true;
}
