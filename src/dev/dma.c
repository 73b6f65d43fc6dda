/* dma.c - guest memory for devices: RAM only, through mem/, and only while the bus
 * lets the device be a master. */
#include "core.h"

#define PAGE ((u64)4096)

static struct mem *reachable(const struct device *dev)
{
	return dev->engine->dma_blocked ? NULL : dev->engine->machine->mem;
}

bool dma_read(struct device *dev, u64 gpa, void *to, u64 n)
{
	const struct mem *m = reachable(dev);

	return m && mem_read(m, gpa, to, n);
}

bool dma_write(struct device *dev, u64 gpa, const void *from, u64 n)
{
	struct mem *m = reachable(dev);

	return m && mem_write(m, gpa, from, n);
}

u8 *dma_slice(struct device *dev, u64 gpa, u64 n)
{
	const struct mem *m = reachable(dev);

	return m ? mem_slice(m, gpa, n) : NULL;
}

bool dma_discard(struct device *dev, u64 gpa, u64 n)
{
	struct mem *m = reachable(dev);

	return m && mem_discard(m, gpa, n);
}

static _Atomic u16 *index_at(struct device *dev, u64 gpa)
{
	if (gpa % sizeof(u16))
		return NULL;
	return (_Atomic u16 *)(void *)dma_slice(dev, gpa, sizeof(u16));
}

bool dma_load16(struct device *dev, u64 gpa, u16 *v)
{
	const _Atomic u16 *index = index_at(dev, gpa);

	if (index)
		*v = atomic_load_explicit(index, memory_order_acquire);
	return index;
}

bool dma_store16(struct device *dev, u64 gpa, u16 v)
{
	_Atomic u16 *index = index_at(dev, gpa);

	if (!index)
		return false;
	atomic_store_explicit(index, v, memory_order_release);
	mem_has_written(dev->engine->machine->mem, (const u8 *)index, sizeof(*index));
	return true;
}

NO_TSAN void dma_fence(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

/* Whole pages, for page tables of engines. */
static u8 *window_memory(struct device *dev)
{
	struct device_engine *en = dev->engine;
	u8 *bytes = device_alloc(dev, align_up(en->place.size, PAGE) + PAGE);

	return en->memory = (u8 *)(uintptr_t)align_up((uintptr_t)bytes, PAGE);
}

bool device_window_is_rom(struct device *dev, struct err *e)
{
	const struct device_place *place = &dev->engine->place;

	return mem_add_rom(dev->engine->machine->mem, dev->name, place->base, place->size,
			   window_memory(dev), e);
}

u8 *device_window_is_ram(struct device *dev, struct err *e)
{
	const struct device_place *place = &dev->engine->place;
	u8 *bytes = window_memory(dev);

	return mem_add_ram(dev->engine->machine->mem, dev->name, place->base, place->size, bytes, e)
		       ? bytes
		       : NULL;
}

u8 *device_window_is_flash(struct device *dev, struct err *e)
{
	struct device_engine *en = dev->engine;
	u8 *bytes = window_memory(dev);

	en->registers_too = true;
	return mem_add_flash(en->machine->mem, dev->name, en->place.base, en->place.size, bytes,
			     &en->memory_hidden, e)
		       ? bytes
		       : NULL;
}

void flash_hide(struct device *dev, bool hidden)
{
	const struct device_machine *m = dev->engine->machine;

	if (atomic_exchange(&dev->engine->memory_hidden, hidden) != hidden && m->remapped)
		m->remapped(m->ctx);
}

void flash_changed(struct device *dev, u64 off, u64 n)
{
	mem_has_written(dev->engine->machine->mem, dev->engine->memory + off, n);
}
