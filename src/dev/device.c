/* device.c - a live device: birth, lock, reset, layers, and its word with the machine. */
#include "core.h"

#include <inttypes.h>

#define LOG_BURST    10
#define LOG_EVERY_NS 1000000000

/* Memory that is freed with the device. */
struct owned {
	struct owned *next;
	max_align_t bytes[];
};

void *device_alloc(struct device *dev, size_t size)
{
	struct owned *o = xzalloc(sizeof(*o) + size);

	o->next = dev->engine->owned;
	dev->engine->owned = o;
	return o->bytes;
}

void *device_member(const struct device *dev, size_t at)
{
	return (u8 *)(uintptr_t)dev + at;
}

void device_lock(struct device *dev)
{
	pthread_mutex_lock(&dev->engine->lock);
}

void device_layers_changed(struct device *dev)
{
	struct device_engine *en = dev->engine;

	for (u32 i = 0; i < en->nlayers; i++)
		if (en->layers[i].layer->update)
			en->layers[i].layer->update(dev, en->layers[i].object);
}

void device_changed(struct device *dev)
{
	if (dev->class->update)
		dev->class->update(dev);
	device_layers_changed(dev);
}

bool device_ask(struct device *dev, const char *request, struct str *answer, struct err *e)
{
	bool done;

	device_lock(dev);
	done = dev->class->ask(dev, request, answer, e);
	device_changed(dev);
	device_unlock(dev);
	return done;
}

void device_update(struct device *dev)
{
	device_lock(dev);
	device_changed(dev);
	device_unlock(dev);
}

/* -- Birth and death ------------------------------------------------------- */

static struct device_engine *engine_new(const struct device_machine *m,
					const struct device_place *place, struct device *dev)
{
	struct device_engine *en = xzalloc(sizeof(*en));

	pthread_mutex_init(&en->lock, NULL);
	pthread_mutex_init(&en->delivery, NULL);
	en->machine = m;
	en->place = *place;
	if (!en->place.size && !en->place.parent)
		en->place.size = dev->class->mmio_size;
	en->queue_end = &en->queue;
	en->log = RATE(LOG_BURST, LOG_EVERY_NS);
	en->timer.dev = dev;
	timers_add(m->timers, &en->timer);
	return en;
}

struct device *device_new(const struct device_machine *m, const struct device_config *config,
			  struct err *e)
{
	struct device *dev = xzalloc(config->class->size);

	dev->class = config->class;
	dev->name = config->name;
	dev->engine = engine_new(m, &config->place, dev);
	if (!props_apply(dev, config, e) || !pci_attach(dev, e) || !virtio_attach(dev, e) ||
	    !bus_attach(dev, e) || !ps2_attach(dev, e) ||
	    (dev->class->init && !dev->class->init(dev, e))) {
		err_in(e, "%s", config->name);
		device_free(dev);
		return NULL;
	}
	regs_map(dev);
	device_reset(dev);
	input_attach(dev);
	return dev;
}

static void engine_free(struct device_engine *en)
{
	timers_remove(en->machine->timers, &en->timer);
	while (en->owned) {
		struct owned *o = en->owned;

		en->owned = o->next;
		free(o);
	}
	free(en->wires);
	pthread_mutex_destroy(&en->delivery);
	pthread_mutex_destroy(&en->lock);
	free(en);
}

void device_free(struct device *dev)
{
	struct device_engine *en;

	if (!dev)
		return;
	en = dev->engine;
	bus_detach(dev);
	input_detach(dev);
	block_detach_all(dev);
	if (dev->class->fini)
		dev->class->fini(dev);
	while (en->nlayers--)
		if (en->layers[en->nlayers].layer->fini)
			en->layers[en->nlayers].layer->fini(dev, en->layers[en->nlayers].object);
	engine_free(en);
	free(dev);
}

/* -- Layers ---------------------------------------------------------------- */

void device_add_layer(struct device *dev, const struct device_layer *layer, void *object)
{
	struct device_engine *en = dev->engine;

	assert(en->nlayers < ARRAY_LEN(en->layers));
	en->layers[en->nlayers].layer = layer;
	en->layers[en->nlayers++].object = object;
}

void *device_layer(const struct device *dev, const struct device_layer *layer)
{
	const struct device_engine *en = dev->engine;

	for (u32 i = 0; i < en->nlayers; i++)
		if (en->layers[i].layer == layer)
			return en->layers[i].object;
	return NULL;
}

/* -- Reset ----------------------------------------------------------------- */

static void clear(struct device *dev)
{
	struct device_engine *en = dev->engine;

	for (u32 i = 0; i < en->nlayers; i++)
		fields_clear(en->layers[i].object, en->layers[i].layer->state);
	fields_clear(dev, dev->class->state);
	regs_reset(dev);
}

static void reset_hooks(struct device *dev)
{
	struct device_engine *en = dev->engine;

	for (u32 i = 0; i < en->nlayers; i++)
		if (en->layers[i].layer->reset)
			en->layers[i].layer->reset(dev, en->layers[i].object);
	if (dev->class->reset)
		dev->class->reset(dev);
}

void device_reset(struct device *dev)
{
	struct device_engine *en = dev->engine;

	device_lock(dev);
	timer_off(dev);
	block_drain_all(dev);
	clear(dev);
	for (u32 i = 0; i < en->nwires; i++)
		wire_set(dev, en->wires[i], false);
	reset_hooks(dev);
	device_changed(dev);
	device_unlock(dev);
}

/* -- The machine around it --------------------------------------------------- */

u64 device_window(const struct device *dev)
{
	return dev->engine->place.size;
}

const struct hart_info *device_harts(const struct device *dev, u32 *n)
{
	*n = dev->engine->machine->nharts;
	return dev->engine->machine->harts;
}

void device_poweroff(struct device *dev)
{
	const struct device_machine *m = dev->engine->machine;

	if (m->poweroff)
		m->poweroff(m->ctx, dev);
}

void device_reboot(struct device *dev)
{
	const struct device_machine *m = dev->engine->machine;

	if (m->reboot)
		m->reboot(m->ctx, dev);
}

void device_fail(struct device *dev, u32 code)
{
	const struct device_machine *m = dev->engine->machine;

	if (m->fail)
		m->fail(m->ctx, dev, code);
}

void guest_error(struct device *dev, const char *fmt, ...)
{
	struct device_engine *en = dev->engine;
	char text[256], clean[512];
	u64 dropped = en->log.dropped;
	va_list ap;

	en->guest_errors++;
	if (!rate_pass(&en->log, now_ns()))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(clean, sizeof(clean), text, strlen(text));
	en->log.dropped = 0;
	if (dropped)
		log_line(LOG_WARNING, "%s: guest: %s (and %" PRIu64 " more before it)", dev->name,
			 clean, dropped);
	else
		log_line(LOG_WARNING, "%s: guest: %s", dev->name, clean);
}

u64 device_guest_errors(const struct device *dev)
{
	return dev->engine->guest_errors;
}
