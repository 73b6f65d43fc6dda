/* virtio-rng.c - entropy from the host
 *
 * Spec: virtio 1.2 section 5.4.  One queue; the driver offers buffers and gets them
 * back filled by getentropy().  At most 64 KiB a request: a driver that offers more
 * gets that much, as the specification allows.
 */
#include "virtio.h"

#include <unistd.h>

#define MOST_BYTES 0x10000
#define AT_ONCE    256 /* getentropy() gives no more */

struct rng {
	struct virtio v;
};

static u32 fill(struct virtio *v, const struct vchain *c)
{
	u32 want = (u32)MIN(c->in_bytes, MOST_BYTES), done = 0;
	u8 bytes[AT_ONCE];

	while (done < want) {
		u32 n = MIN(want - done, AT_ONCE);

		if (getentropy(bytes, n) || vchain_write(v, c, done, bytes, n) != n)
			break;
		done += n;
	}
	return done;
}

static void rng_kick(struct virtio *v, u32 q)
{
	struct vchain c;

	while (virtq_pop(v, q, &c))
		virtq_push(v, &c, fill(v, &c));
	virtq_notify(v, q);
}

/* clang-format off */
#define SELF struct rng

VIRTIO_DEVICE(virtio_rng) = {
	VIRTIO_ROWS,
	.name         = "virtio-rng",
	.doc          = "random numbers from the host",
	.linux_driver = "virtio_rng",
	.linux_config = "HW_RANDOM_VIRTIO",
	.qemu         = "virtio-rng-pci",
	.size         = sizeof(SELF),
	.example      = "rng0: {device: virtio-rng}",

	.props = PROPS(VIRTIO_INTERRUPT),

	.virtio = &(const struct virtio_class){
		.id        = 4,
		.queues    = 1,
		.size_max  = 64,
		.burst     = 8,
		.pci_class = 0x00ff00,
		.kick      = rng_kick,
	},
};
