/* virtio-tablet.c - a pointer that says where it is
 *
 * Spec: virtio 1.2 section 5.8; src/dev/virtio_input.c.
 *
 * Its axes go over the whole picture, however large (input.h, INPUT_MAX): the guest's pointer
 * is where the host's is.  Buttons and wheels are those of a mouse.
 */
#include "virtio_input.h"

/* clang-format off */
#define SELF struct virtio_input

VIRTIO_DEVICE(virtio_tablet) = {
	VIRTIO_INPUT_ROWS,
	.name    = "virtio-tablet",
	.doc     = "a pointer: it says where it is",
	.qemu    = "virtio-tablet-pci",
	.example = "tablet0: {device: virtio-tablet}",

	.sink = &(const struct input_sink){
		VIRTIO_INPUT_SINK,
		.pointer = INPUT_ABSOLUTE | INPUT_WHEELS,
		.has     = virtio_input_has_button,
	},
	.virtio = &(const struct virtio_class){
		VIRTIO_INPUT_CLASS,
		.pci_class = 0x098000,
	},
};
