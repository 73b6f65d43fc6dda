/* regs.c - what a hart's access to a device's window does.
 *
 * A row answers accesses of its own width.  A narrower one reads or writes its part
 * of the register, if the row has no hooks: a hook stands for the whole register.
 * Everything else is the guest's mistake: reads 0, changes nothing, is counted.
 */
#include "core.h"

#include <inttypes.h>

u64 load_bytes(const void *p, u32 width)
{
	u64 v = 0;

	memcpy(&v, p, width);
	return v;
}

void store_bytes(void *p, u32 width, u64 value)
{
	memcpy(p, &value, width);
}

void regs_reset(struct device *dev)
{
	const struct reg *r;

	for_each(r, dev->class->regs)
		store_bytes(device_member(dev, r->at), r->width, r->reset);
}

static const struct reg *find(const struct device *dev, u64 off)
{
	const struct reg *r;

	for_each(r, dev->class->regs)
		if (off >= r->off && off - r->off < r->width)
			return r;
	return NULL;
}

/* All of the register, or a part of one without hooks. */
static bool fits(const struct reg *r, u64 off, u32 width)
{
	if (width == r->width)
		return off == r->off;
	return !r->on_read && !r->on_write && range_inside(off, width, r->off, r->width);
}

static u64 bad_access(struct device *dev, const char *what, u64 off, u32 width)
{
	guest_error(dev, "%s of %" PRIu32 " bytes at offset 0x%" PRIx64, what, width, off);
	return 0;
}

static u64 read_row(struct device *dev, const struct reg *r, u64 off, u32 width)
{
	if (r->access == WO && !r->on_read)
		return 0;
	if (r->on_read)
		return r->on_read(dev) & LOW_BITS(8 * width);
	return load_bytes((u8 *)device_member(dev, r->at) + (off - r->off), width);
}

u64 regs_read(struct device *dev, u64 off, u32 width)
{
	const struct reg *r = find(dev, off);

	if (r && fits(r, off, width))
		return read_row(dev, r, off, width);
	if (!r && dev->class->read)
		return dev->class->read(dev, off, width) & LOW_BITS(8 * width);
	return bad_access(dev, "read", off, width);
}

/* The part that was written, as the whole register sees it. */
static void store_row(struct device *dev, const struct reg *r, u32 shift, u64 lanes, u64 value)
{
	void *at = device_member(dev, r->at);
	u64 old = load_bytes(at, r->width);
	u64 change = (r->mask ? r->mask : ~(u64)0) & (lanes << shift);

	value <<= shift;
	store_bytes(at, r->width,
		    r->access == W1C ? old & ~(value & change)
				     : (old & ~change) | (value & change));
}

static void write_row(struct device *dev, const struct reg *r, u64 off, u32 width, u64 value)
{
	value &= LOW_BITS(8 * width);
	if (r->on_write)
		r->on_write(dev, value);
	else if (r->access == RO)
		bad_access(dev, "write to a read-only register", off, width);
	else
		store_row(dev, r, (u32)(off - r->off) * 8, LOW_BITS(8 * width), value);
}

void regs_write(struct device *dev, u64 off, u32 width, u64 value)
{
	const struct reg *r = find(dev, off);

	if (r && fits(r, off, width))
		write_row(dev, r, off, width, value);
	else if (!r && dev->class->write)
		dev->class->write(dev, off, width, value & LOW_BITS(8 * width));
	else
		bad_access(dev, "write", off, width);
}

/* -- The window -------------------------------------------------------------- */

static bool sound(const struct device *dev, u64 off, u32 width)
{
	bool known = width == 1 || width == 2 || width == 4 || width == 8;

	return known && off % width == 0 && range_inside(off, width, 0, dev->engine->place.size);
}

/* The layer that owns the window, if one does. */
static const struct device_layer *front(const struct device *dev, void **object)
{
	const struct device_engine *en = dev->engine;

	for (u32 i = en->nlayers; i-- > 0;)
		if (en->layers[i].layer->read) {
			*object = en->layers[i].object;
			return en->layers[i].layer;
		}
	return NULL;
}

u64 device_read(struct device *dev, u64 off, u32 width)
{
	const struct device_layer *layer;
	void *object = NULL;
	u64 value;

	device_lock(dev);
	layer = front(dev, &object);
	if (!sound(dev, off, width))
		value = bad_access(dev, "read", off, width);
	else if (layer)
		value = layer->read(dev, object, off, width) & LOW_BITS(8 * width);
	else
		value = regs_read(dev, off, width);
	device_unlock(dev);
	return value;
}

void device_write(struct device *dev, u64 off, u32 width, u64 value)
{
	const struct device_layer *layer;
	void *object = NULL;

	device_lock(dev);
	layer = front(dev, &object);
	if (!sound(dev, off, width))
		bad_access(dev, "write", off, width);
	else if (layer)
		layer->write(dev, object, off, width, value & LOW_BITS(8 * width));
	else
		regs_write(dev, off, width, value);
	device_changed(dev);
	device_unlock(dev);
}

static u64 io_read(void *ctx, u64 off, u32 width)
{
	return device_read(ctx, off, width);
}

static void io_write(void *ctx, u64 off, u32 width, u64 value)
{
	device_write(ctx, off, width, value);
}

void regs_map(struct device *dev)
{
	const struct device_place *place = &dev->engine->place;
	struct mem *m = dev->engine->machine->mem;
	u32 window;

	if (!place->size || place->parent || (dev->engine->memory && !dev->engine->registers_too))
		return;
	window =
		mem_add_io(m, dev->name, MEM_RANK_FIXED, (struct mem_io){ io_read, io_write, dev });
	mem_map_io(m, window, place->base, place->size);
}
