/* virtio-mouse.c - a mouse with five buttons and two wheels
 *
 * Spec: virtio 1.2 section 5.8; src/dev/virtio_input.c.
 *
 * It says how far it moved, so a viewer has to keep the host's pointer for itself; a
 * virtio-tablet needs no such thing.
 */
#include "virtio_input.h"

/* clang-format off */
#define SELF struct virtio_input

VIRTIO_DEVICE(virtio_mouse) = {
	VIRTIO_INPUT_ROWS,
	.name    = "virtio-mouse",
	.doc     = "a mouse: it says how far it moved",
	.qemu    = "virtio-mouse-pci",
	.example = "mouse0: {device: virtio-mouse}",

	.sink = &(const struct input_sink){
		VIRTIO_INPUT_SINK,
		.pointer = INPUT_RELATIVE | INPUT_WHEELS,
		.has     = virtio_input_has_button,
	},
	.virtio = &(const struct virtio_class){
		VIRTIO_INPUT_CLASS,
		.pci_class = 0x090200,
	},
};
