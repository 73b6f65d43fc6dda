/* virtio_input.h - virtio input devices, which differ in the keys and axes that they have.
 *
 * A device of devices/ is a struct virtio_input, its class made of these rows and of a .sink
 * that says what it has; configuration space follows from that (src/dev/virtio_input.c).
 */
#ifndef VIRTIO_INPUT_H
#define VIRTIO_INPUT_H

#include "input.h"
#include "virtio.h"

/* Linux's event, as the driver gets it: section 5.8.6. */
struct virtio_input_part {
	u16 type, code;
	u32 value;
};

struct virtio_input {
	struct virtio v;
	struct input_port port;

	u8 select, subsel; /* what of the configuration is shown */
	/* What is being told: parts[at .. n) are not yet. */
	struct virtio_input_part parts[3];
	u32 at, n;
};

bool virtio_input_has_key(const struct device *dev, u32 code);    /* keys.def */
bool virtio_input_has_button(const struct device *dev, u32 code); /* of a mouse */
bool virtio_input_listens(const struct device *dev);
void virtio_input_arrived(struct device *dev);
void virtio_input_config(struct virtio *v, u8 *config);
void virtio_input_set_config(struct virtio *v, u32 off, u32 width, u32 value);
void virtio_input_kick(struct virtio *v, u32 queue);

/* clang-format off */
#define VIRTIO_INPUT_ROWS \
	VIRTIO_ROWS, \
	.linux_driver = "virtio_input", \
	.linux_config = "VIRTIO_INPUT", \
	.size         = sizeof(struct virtio_input), \
	.props        = PROPS(VIRTIO_INTERRUPT), \
	.state        = STATE(INPUT_STATE, FIELD(select), FIELD(subsel), FIELD(parts), \
			      FIELD_MAX(at, 3), FIELD_MAX(n, 3))

#define VIRTIO_INPUT_SINK \
	.port    = offsetof(struct virtio_input, port), \
	.listens = virtio_input_listens, \
	.arrived = virtio_input_arrived

#define VIRTIO_INPUT_CLASS \
	.id           = 18, \
	.queues       = 2, \
	.size_max     = 64, \
	.burst        = 128, \
	.most_bytes   = 4096, \
	.config_size  = 136, \
	.config_read  = virtio_input_config, \
	.config_write = virtio_input_set_config, \
	.kick         = virtio_input_kick
/* clang-format on */

#endif
