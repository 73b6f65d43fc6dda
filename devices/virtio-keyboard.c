/* virtio-keyboard.c - a keyboard
 *
 * Spec: virtio 1.2 section 5.8; src/dev/virtio_input.c.
 *
 * It has the keys of keys.def, repeats by the guest's own timer, and three lamps.  Its power
 * key is what systemd-logind and others take as the wish to shut down.
 */
#include "virtio_input.h"

/* clang-format off */
#define SELF struct virtio_input

VIRTIO_DEVICE(virtio_keyboard) = {
	VIRTIO_INPUT_ROWS,
	.name    = "virtio-keyboard",
	.doc     = "a keyboard with a power key",
	.qemu    = "virtio-keyboard-pci",
	.example = "keyboard0: {device: virtio-keyboard}",

	.sink = &(const struct input_sink){
		VIRTIO_INPUT_SINK,
		.has = virtio_input_has_key,
	},
	.virtio = &(const struct virtio_class){
		VIRTIO_INPUT_CLASS,
		.pci_class = 0x090000,
	},
};
