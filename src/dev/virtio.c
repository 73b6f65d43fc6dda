/* virtio.c - the state machine of virtio 1.2 devices, under both transports.
 *
 * Sections 2.1 (status), 2.2 (features), 2.5 (configuration) and 3 (set-up).  The
 * driver walks through ACKNOWLEDGE, DRIVER, FEATURES_OK and DRIVER_OK; status bits
 * fall only by a reset.  A reset is complete when the write returns: work on guest
 * memory has ended by then.  VERSION_1 is required; rings are split.
 *
 * Not modeled: legacy drivers, packed rings, queue reset, shared memory regions.
 */
#include "virtio_core.h"

#include "pci_core.h"

#include <inttypes.h>

#define BASE_FEATURES                                                                              \
	((u64)1 << VIRTIO_F_VERSION_1 | (u64)1 << VIRTIO_F_INDIRECT_DESC |                         \
	 (u64)1 << VIRTIO_F_EVENT_IDX)

static const struct virtio_class *class_of(const struct virtio *v)
{
	return v->dev.class->virtio;
}

u32 virtio_queues(const struct virtio *v)
{
	return class_of(v)->queues_now ? class_of(v)->queues_now(v) : class_of(v)->queues;
}

bool virtio_running(const struct virtio *v)
{
	return (v->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET | VIRTIO_FAILED)) ==
	       VIRTIO_DRIVER_OK;
}

/* -- Interrupts ------------------------------------------------------------------ */

void virtio_interrupt(struct virtio *v, u32 isr, u16 vector)
{
	if (pci_function(&v->dev) && pci_msix_enabled(&v->dev))
		pci_msix_send(&v->dev, vector);
	else
		v->isr |= isr;
}

void virtio_config_changed(struct virtio *v)
{
	v->config_generation++;
	if (v->status & VIRTIO_DRIVER_OK)
		virtio_interrupt(v, VIRTIO_ISR_CONFIG, v->config_vector);
}

void virtio_broken(struct virtio *v, const char *why)
{
	guest_error(&v->dev, "%s; the device needs a reset", why);
	v->status |= VIRTIO_NEEDS_RESET;
	if (v->status & VIRTIO_DRIVER_OK)
		virtio_interrupt(v, VIRTIO_ISR_CONFIG, v->config_vector);
}

/* -- Features ---------------------------------------------------------------------- */

static u64 offered(const struct virtio *v)
{
	u64 own = class_of(v)->features_now ? class_of(v)->features_now(v) : class_of(v)->features;

	return own | BASE_FEATURES;
}

static u32 offered_word(const struct virtio *v)
{
	return v->device_features_sel > 1 ? 0 : (u32)(offered(v) >> 32 * v->device_features_sel);
}

static u32 accepted_word(const struct virtio *v)
{
	return v->driver_features_sel > 1
		       ? 0
		       : (u32)(v->driver_features >> 32 * v->driver_features_sel);
}

/* Once FEATURES_OK is set the driver may not think again (section 2.2.1). */
static void accept(struct virtio *v, u32 value)
{
	u32 shift = 32 * v->driver_features_sel;

	if (v->driver_features_sel > 1)
		return;
	if (v->status & VIRTIO_FEATURES_OK)
		guest_error(&v->dev, "features are written after FEATURES_OK");
	else
		v->driver_features =
			(v->driver_features & ~((u64)UINT32_MAX << shift)) | (u64)value << shift;
}

static bool features_fit(const struct virtio *v)
{
	return (v->driver_features >> VIRTIO_F_VERSION_1 & 1) &&
	       !(v->driver_features & ~offered(v));
}

/* -- Status ---------------------------------------------------------------------------- */

static void set_defaults(struct virtio *v)
{
	v->config_vector = VIRTIO_NO_VECTOR;
	for (u32 i = 0; i < VIRTIO_QUEUES; i++) {
		v->q[i].size = i < virtio_queues(v) ? class_of(v)->size_max : 0;
		v->q[i].vector = VIRTIO_NO_VECTOR;
	}
	v->generation++;
}

/* clang-format off */
#define SELF struct virtio
static const struct field virtio_state[] = {
	FIELD(driver_features), FIELD(status), FIELD(isr), FIELD(config_generation),
	FIELD(device_features_sel), FIELD(driver_features_sel), FIELD(queue_sel),
	FIELD(config_vector), FIELD(later), FIELD(budget), FIELD(q),
	{ 0 }
};
/* clang-format on */

/* By the driver.  The machine's reset does the same through the engine. */
static void reset(struct virtio *v)
{
	struct device *dev = &v->dev;

	block_drain_all(dev);
	timer_off(dev);
	fields_clear(v, virtio_state);
	fields_clear(dev, dev->class->state);
	set_defaults(v);
	if (dev->class->reset)
		dev->class->reset(dev);
}

static void start(struct virtio *v)
{
	if (class_of(v)->driver_ok)
		class_of(v)->driver_ok(v);
	for (u32 i = 0; i < virtio_queues(v); i++)
		virtio_kick(v, i); /* buffers may have been made available before */
}

/* Columns: the bit, and the one that must have been set before it.  The driver must also set
 * the first three in order (section 3.1.1), but U-Boot's sets DRIVER alone after its reset, and
 * nothing hangs on it: only what follows from FEATURES_OK is judged. */
static const struct step {
	u32 bit, after;
	const char *name;
} steps[] = {
	{ VIRTIO_ACKNOWLEDGE, 0, "ACKNOWLEDGE" },
	{ VIRTIO_DRIVER, 0, "DRIVER" },
	{ VIRTIO_FEATURES_OK, 0, "FEATURES_OK" },
	{ VIRTIO_DRIVER_OK, VIRTIO_FEATURES_OK, "DRIVER_OK" },
	{ VIRTIO_FAILED, 0, "FAILED" },
};

static void take_step(struct virtio *v, const struct step *s)
{
	if ((v->status & s->after) != s->after) {
		guest_error(&v->dev, "status %s is set out of order", s->name);
		return;
	}
	if (s->bit == VIRTIO_FEATURES_OK && !features_fit(v)) {
		guest_error(&v->dev, "features 0x%" PRIx64 " are refused", v->driver_features);
		return;
	}
	v->status |= s->bit;
	if (s->bit == VIRTIO_DRIVER_OK)
		start(v);
}

static void set_status(struct virtio *v, u32 value)
{
	if (!value) {
		reset(v);
		return;
	}
	for (u32 i = 0; i < ARRAY_LEN(steps); i++)
		if (value & ~v->status & steps[i].bit)
			take_step(v, &steps[i]);
}

/* -- Queues ------------------------------------------------------------------------------ */

void virtio_kick(struct virtio *v, u32 queue)
{
	if (queue >= virtio_queues(v)) {
		guest_error(&v->dev, "there is no queue %u", queue);
		return;
	}
	v->budget = class_of(v)->burst;
	if (virtio_running(v) && v->q[queue].enabled)
		class_of(v)->kick(v, queue);
}

/* The rest of what a kick left: the hart that kicked is long gone. */
void virtio_timer(struct device *dev)
{
	struct virtio *v = (struct virtio *)dev;
	u32 later = v->later;

	v->later = 0;
	for (u32 i = 0; i < virtio_queues(v); i++)
		if (later >> i & 1)
			virtio_kick(v, i);
	if (class_of(v)->timer)
		class_of(v)->timer(v);
}

static struct virtq *selected(struct virtio *v)
{
	return v->queue_sel < virtio_queues(v) ? &v->q[v->queue_sel] : NULL;
}

/* What the guest wrote is checked here, and does not change while the queue runs. */
static void enable(struct virtio *v, struct virtq *q)
{
	bool sound = q->size && q->size <= class_of(v)->size_max && !(q->size & (q->size - 1)) &&
		     q->desc % 16 == 0 && q->avail % 2 == 0 && q->used % 4 == 0;

	if (!sound || !virtq_in_ram(v, q)) {
		guest_error(&v->dev, "queue %u: size or addresses are wrong", v->queue_sel);
		return;
	}
	q->enabled = 1;
	q->last_avail = q->used_index = q->signalled = 0;
}

static void set_enable(struct virtio *v, struct virtq *q, u32 value)
{
	if (value & 1 && !q->enabled)
		enable(v, q);
	else if (!(value & 1) && q->enabled && q->in_flight)
		q->stopping = 1;
	else if (!(value & 1))
		q->enabled = 0;
}

static void set_low(u64 *address, u32 value)
{
	*address = (*address & ~(u64)UINT32_MAX) | value;
}

static void set_high(u64 *address, u32 value)
{
	*address = (u32)*address | (u64)value << 32;
}

static void queue_set_up(struct virtio *v, struct virtq *q, enum virtio_reg reg, u32 value)
{
	if (q->enabled) {
		guest_error(&v->dev, "queue %u is moved while it is enabled", v->queue_sel);
		return;
	}
	switch (reg) {
	case VIRTIO_REG_QUEUE_SIZE:
		q->size = (u16)value;
		break;
	case VIRTIO_REG_QUEUE_DESC_LOW:
		set_low(&q->desc, value);
		break;
	case VIRTIO_REG_QUEUE_DESC_HIGH:
		set_high(&q->desc, value);
		break;
	case VIRTIO_REG_QUEUE_AVAIL_LOW:
		set_low(&q->avail, value);
		break;
	case VIRTIO_REG_QUEUE_AVAIL_HIGH:
		set_high(&q->avail, value);
		break;
	case VIRTIO_REG_QUEUE_USED_LOW:
		set_low(&q->used, value);
		break;
	case VIRTIO_REG_QUEUE_USED_HIGH:
		set_high(&q->used, value);
		break;
	default:
		break;
	}
}

/* A vector that does not exist reads back as none (section 4.1.5.1.2). */
static u16 vector_or_none(const struct virtio *v, u32 value)
{
	const struct pci_function *f = pci_function(&v->dev);

	return f && value < f->nvectors ? (u16)value : VIRTIO_NO_VECTOR;
}

static void queue_write(struct virtio *v, enum virtio_reg reg, u32 value)
{
	struct virtq *q = selected(v);

	if (!q)
		guest_error(&v->dev, "there is no queue %u", v->queue_sel);
	else if (reg == VIRTIO_REG_QUEUE_ENABLE)
		set_enable(v, q, value);
	else if (reg == VIRTIO_REG_QUEUE_VECTOR)
		q->vector = vector_or_none(v, value);
	else
		queue_set_up(v, q, reg, value);
}

static u32 queue_read(struct virtio *v, enum virtio_reg reg)
{
	const struct virtq *q = selected(v);

	if (!q)
		return 0;
	switch (reg) {
	case VIRTIO_REG_QUEUE_SIZE_MAX:
		return class_of(v)->size_max;
	case VIRTIO_REG_QUEUE_SIZE:
		return q->size;
	case VIRTIO_REG_QUEUE_VECTOR:
		return q->vector;
	case VIRTIO_REG_QUEUE_ENABLE:
		return q->enabled;
	case VIRTIO_REG_QUEUE_DESC_LOW:
		return (u32)q->desc;
	case VIRTIO_REG_QUEUE_DESC_HIGH:
		return (u32)(q->desc >> 32);
	case VIRTIO_REG_QUEUE_AVAIL_LOW:
		return (u32)q->avail;
	case VIRTIO_REG_QUEUE_AVAIL_HIGH:
		return (u32)(q->avail >> 32);
	case VIRTIO_REG_QUEUE_USED_LOW:
		return (u32)q->used;
	case VIRTIO_REG_QUEUE_USED_HIGH:
		return (u32)(q->used >> 32);
	default:
		return 0;
	}
}

/* -- Registers ------------------------------------------------------------------------------ */

u32 virtio_read(struct virtio *v, enum virtio_reg reg)
{
	switch (reg) {
	case VIRTIO_REG_DEVICE_ID:
		return class_of(v)->id;
	case VIRTIO_REG_DEVICE_FEATURES_SEL:
		return v->device_features_sel;
	case VIRTIO_REG_DEVICE_FEATURES:
		return offered_word(v);
	case VIRTIO_REG_DRIVER_FEATURES_SEL:
		return v->driver_features_sel;
	case VIRTIO_REG_DRIVER_FEATURES:
		return accepted_word(v);
	case VIRTIO_REG_STATUS:
		return v->status;
	case VIRTIO_REG_ISR:
		return v->isr;
	case VIRTIO_REG_CONFIG_GENERATION:
		return v->config_generation;
	case VIRTIO_REG_CONFIG_VECTOR:
		return v->config_vector;
	case VIRTIO_REG_QUEUES:
		return virtio_queues(v);
	case VIRTIO_REG_QUEUE_SEL:
		return v->queue_sel;
	default:
		return queue_read(v, reg);
	}
}

void virtio_write(struct virtio *v, enum virtio_reg reg, u32 value)
{
	switch (reg) {
	case VIRTIO_REG_DEVICE_FEATURES_SEL:
		v->device_features_sel = value;
		break;
	case VIRTIO_REG_DRIVER_FEATURES_SEL:
		v->driver_features_sel = value;
		break;
	case VIRTIO_REG_DRIVER_FEATURES:
		accept(v, value);
		break;
	case VIRTIO_REG_STATUS:
		set_status(v, value & 0xff);
		break;
	case VIRTIO_REG_ISR_ACK:
		v->isr &= ~value;
		break;
	case VIRTIO_REG_CONFIG_VECTOR:
		v->config_vector = vector_or_none(v, value);
		break;
	case VIRTIO_REG_QUEUE_SEL:
		v->queue_sel = value;
		break;
	default:
		queue_write(v, reg, value);
		break;
	}
}

/* -- Device configuration -----------------------------------------------------------------------
 */

u32 virtio_config_read(struct virtio *v, u64 off, u32 width)
{
	u8 config[VIRTIO_CONFIG_BYTES] = { 0 };
	u32 value = 0;

	if (!range_inside(off, width, 0, class_of(v)->config_size))
		return 0;
	if (class_of(v)->config_read)
		class_of(v)->config_read(v, config);
	memcpy(&value, config + off, width);
	return value;
}

void virtio_config_write(struct virtio *v, u64 off, u32 width, u32 value)
{
	if (class_of(v)->config_write && range_inside(off, width, 0, class_of(v)->config_size))
		class_of(v)->config_write(v, (u32)off, width, value);
	else
		guest_error(&v->dev, "configuration is read-only at 0x%x", (u32)off);
}

/* -- The layer around the model
 * --------------------------------------------------------------------- */

const struct virtio_row *virtio_row(const struct virtio_row *rows, u32 n, u64 off, u32 width,
				    u32 access)
{
	for (u32 i = 0; i < n; i++)
		if (rows[i].off == off && rows[i].width == width && (rows[i].access & access))
			return &rows[i];
	return NULL;
}

static void layer_reset(struct device *dev, void *object)
{
	(void)dev;
	set_defaults(object);
}

static void layer_update(struct device *dev, void *object)
{
	struct virtio *v = object;

	if (pci_function(dev))
		pci_intx(dev, v->isr);
	else
		wire_set(dev, &v->interrupts[0], v->isr);
	if (v->later)
		timer_at(dev, clock_ns(dev));
}

static const struct device_layer mmio_layer = {
	.state = virtio_state,
	.reset = layer_reset,
	.update = layer_update,
	.read = virtio_mmio_read,
	.write = virtio_mmio_write,
};

static const struct device_layer pci_layer = {
	.state = virtio_state,
	.reset = layer_reset,
	.update = layer_update,
};

bool virtio_attach(struct device *dev, struct err *e)
{
	(void)e;
	if (!dev->class->virtio)
		return true;
	assert(dev->class->virtio->queues <= VIRTIO_QUEUES);
	assert(dev->class->virtio->config_size <= VIRTIO_CONFIG_BYTES);
	device_add_layer(dev, pci_function(dev) ? &pci_layer : &mmio_layer, dev);
	if (pci_function(dev))
		virtio_pci_attach((struct virtio *)dev);
	return true;
}
