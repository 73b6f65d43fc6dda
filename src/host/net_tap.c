/* net_tap.c - a tap device of Linux: the host's own network stack at the other end.
 *
 * The device is there already and belongs to the user; none is made here.  Offloads
 * pass in a virtio-net header before each frame (linux/if_tun.h, IFF_VNET_HDR).
 */
#include "netio.h"

#include <errno.h>
#include <unistd.h>

#ifdef __linux__

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define HEADER 12 /* struct virtio_net_hdr_v1 */

static u8 gso_of(const struct net_work *w)
{
	u8 type = w->cut == NET_TSO4   ? VIRTIO_NET_HDR_GSO_TCPV4
		  : w->cut == NET_TSO6 ? VIRTIO_NET_HDR_GSO_TCPV6
				       : VIRTIO_NET_HDR_GSO_NONE;

	return w->ecn ? type | VIRTIO_NET_HDR_GSO_ECN : type;
}

static struct virtio_net_hdr_v1 header_of(const u8 *frame, const struct net_work *w)
{
	struct virtio_net_hdr_v1 h = { .gso_type = gso_of(w), .num_buffers = 1 };

	if (w->csum) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = w->csum_start;
		h.csum_offset = w->csum_offset;
	}
	if (w->cut) {
		h.gso_size = w->mss;
		h.hdr_len = (u16)(w->csum_start + (frame[w->csum_start + 12] >> 4) * 4);
	}
	return h;
}

static struct net_work work_of(const struct virtio_net_hdr_v1 *h)
{
	u8 gso = h->gso_type & (u8)~VIRTIO_NET_HDR_GSO_ECN;

	return (struct net_work){ .csum = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
				  .good = h->flags & VIRTIO_NET_HDR_F_DATA_VALID,
				  .csum_start = h->csum_start,
				  .csum_offset = h->csum_offset,
				  .cut = gso == VIRTIO_NET_HDR_GSO_TCPV4   ? NET_TSO4
					 : gso == VIRTIO_NET_HDR_GSO_TCPV6 ? NET_TSO6
									   : 0,
				  .ecn = h->gso_type & VIRTIO_NET_HDR_GSO_ECN,
				  .mss = h->gso_size };
}

static bool tap_send(struct net *n, const u8 *frame, u32 len, const struct net_work *work)
{
	struct netio *io = (struct netio *)n;
	struct virtio_net_hdr_v1 h = header_of(frame, work);
	struct iovec iov[] = { { &h, HEADER }, { (void *)(uintptr_t)frame, len } };
	ssize_t put;

	do {
		put = writev(io->fd, iov, 2);
	} while (put < 0 && errno == EINTR);
	return put >= 0 || errno != EAGAIN || netio_full(io);
}

static i32 tap_read(struct netio *io, u8 *frame, u32 cap, struct net_work *work)
{
	struct virtio_net_hdr_v1 h;
	struct iovec iov[] = { { &h, HEADER }, { frame, cap } };
	ssize_t got = readv(io->fd, iov, 2);

	if (got < HEADER) {
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			netio_end(io); /* the device has been taken away */
		return -1;
	}
	*work = work_of(&h);
	return (i32)(got - HEADER);
}

static void tap_free(struct net *n)
{
	struct netio *io = (struct netio *)n;

	netio_close(io);
	if (io->fd >= 0)
		close(io->fd);
	free(io);
}

static const struct net_ops tap_ops = { tap_send, netio_ready, tap_free };

/* -- Opening ------------------------------------------------------------------------ */

static bool refused(const char *interface, int error, struct err *e)
{
	if (error == EBUSY)
		err_code(e, "E0606", "`%s` is used by another program", interface);
	else
		err_code(e, "E0606", "`%s` cannot be used: %s", interface, strerror(error));
	if (error == ENODEV)
		return err_hint(e, "ip tuntap add %s mode tap user $USER && ip link set %s up",
				interface, interface);
	if (error == EINVAL)
		return err_hint(e, "is it a tap device? `ip -d link show %s` says what it is",
				interface);
	if (error == EPERM || error == EACCES)
		return err_hint(e, "it must belong to you: ip tuntap add %s mode tap user $USER",
				interface);
	return false;
}

/* TUNSETIFF makes a device that is not there, if it may: so look first. */
static bool is_there(const char *interface)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s", interface);
	return !access(path, F_OK);
}

/* 0, or an errno. */
static int open_tap(const char *interface, int *fd)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	int header = HEADER;

	if (!is_there(interface))
		return ENODEV;
	*fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", interface);
	if (ioctl(*fd, TUNSETIFF, &r) || ioctl(*fd, TUNSETVNETHDRSZ, &header) ||
	    ioctl(*fd, TUNSETOFFLOAD, offloads))
		return errno;
	return 0;
}

struct net *host_tap(struct loop *l, const char *interface, struct err *e)
{
	struct netio *io = xzalloc(sizeof(*io));
	int fd = -1, error = open_tap(interface, &fd);

	io->net.ops = &tap_ops;
	io->net.takes = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;
	io->net.link = true;
	io->read = tap_read;
	io->fd = fd;
	if (error) {
		refused(interface, error, e);
		tap_free(&io->net);
		return NULL;
	}
	netio_open(io, l, fd);
	return &io->net;
}

#else

struct net *host_tap(struct loop *l, const char *interface, struct err *e)
{
	(void)l;
	err_code(e, "E0606", "`%s`: this host has no tap devices like Linux's", interface);
	return NULL;
}

#endif
