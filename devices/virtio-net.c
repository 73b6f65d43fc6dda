/* virtio-net.c - a network card: eth0
 *
 * Spec: virtio 1.2 section 5.1.  Queues 2i and 2i + 1 receive and transmit for pair i, the
 * last one takes commands.  A frame to send is copied out of its chain and the chain given
 * back at once; if the cable has no room the one frame waits here and the queues wait
 * behind it.  A frame that arrived is written into as many buffers as it needs, if the
 * driver merges buffers, and they appear in the used ring together; if there are too few
 * the cable keeps it.  Checksums and cutting of large TCP segments are left to whoever has
 * said that he does them (net.h).
 *
 * Of several pairs, a flow arrives on the one that it was last sent on.
 *
 * Not modeled: VLAN filter, announcements, RSS and hash reports, UDP segmentation,
 * notification coalescing.
 */
#include "net.h"
#include "virtio.h"

#define PAIRS      7 /* with the command queue they fill VIRTIO_QUEUES */
#define HEADER     12
#define BUFFERS    64 /* for one frame */
#define ADDRESSES  64 /* of each kind; with more all are let in */
#define FLOWS      256
#define MOST_BYTES (128u << 10) /* of a chain */

#define RECEIVE(pair)  (2 * (pair))
#define TRANSMIT(pair) (2 * (pair) + 1)

enum {
	F_CSUM = 0,
	F_GUEST_CSUM = 1,
	F_CTRL_GUEST_OFFLOADS = 2,
	F_MTU = 3,
	F_MAC = 5,
	F_GUEST_TSO4 = 7,
	F_GUEST_TSO6 = 8,
	F_GUEST_ECN = 9,
	F_HOST_TSO4 = 11,
	F_HOST_TSO6 = 12,
	F_HOST_ECN = 13,
	F_MRG_RXBUF = 15,
	F_STATUS = 16,
	F_CTRL_VQ = 17,
	F_CTRL_RX = 18,
	F_CTRL_RX_EXTRA = 20,
	F_MQ = 22,
	F_CTRL_MAC_ADDR = 23,
};

/* Section 5.1.4 */
enum {
	CONFIG_MAC = 0,
	CONFIG_STATUS = 6,
	CONFIG_PAIRS = 8,
	CONFIG_MTU = 10,
	CONFIG_BYTES = 12,
};

#define STATUS_LINK_UP 1

/* Section 5.1.6: the header before each frame. */
enum {
	AT_FLAGS = 0,
	AT_GSO = 1,
	AT_HEADERS = 2,
	AT_MSS = 4,
	AT_CSUM_START = 6,
	AT_CSUM_OFFSET = 8,
	AT_BUFFERS = 10,
};

#define NEEDS_CSUM 1
#define DATA_VALID 2

enum { GSO_NONE = 0, GSO_TCPV4 = 1, GSO_TCPV6 = 4, GSO_ECN = 0x80 };

/* Section 5.1.6.5 */
enum { CLASS_RX = 0, CLASS_MAC = 1, CLASS_MQ = 4, CLASS_OFFLOADS = 5 };
enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST, RX_MODES };
enum { MAC_TABLE_SET, MAC_ADDR_SET };

struct address {
	u8 mac[6];
};

/* Addresses that are let in. */
struct filter {
	u32 n;
	bool all; /* there were too many */
	struct address list[ADDRESSES];
};

struct nic {
	struct virtio v;

	/* properties */
	struct net *host;
	u8 mac[6];
	u32 mtu, queues;

	u8 address[6];     /* what the driver made of `mac` */
	u8 mode[RX_MODES]; /* 0 or 1 */
	struct filter unicast, multicast;
	u32 pairs;    /* in use */
	u32 offloads; /* F_GUEST_ bits in force */
	u8 flows[FLOWS];
	bool link; /* as the driver was told */

	/* The frame that waits for room: 0 bytes, none.  Lost in a snapshot, as frames may be. */
	u32 waiting;
	struct net_work work;
	u8 frame[NET_FRAME_MAX];
};

static u32 bit(u32 feature)
{
	return (u32)1 << feature;
}

/* -- Which pair ---------------------------------------------------------------------- */

/* The same both ways, so that a flow's answers are found. */
static u32 flow_of(const u8 *frame, u32 n)
{
	u32 type = get_be16(frame + 12), h = 0, addresses = 0, words = 0;

	if (type == 0x0800 && n >= 38) {
		addresses = 26;
		words = 2;
		if ((frame[14] & 0xf) == 5 && (frame[23] == 6 || frame[23] == 17))
			h = (u32)get_be16(frame + 34) ^ get_be16(frame + 36);
	} else if (type == 0x86dd && n >= 58) {
		addresses = 22;
		words = 8;
		if (frame[20] == 6 || frame[20] == 17)
			h = (u32)get_be16(frame + 54) ^ get_be16(frame + 56);
	}
	for (u32 i = 0; i < words; i++)
		h ^= get_be32(frame + addresses + 4 * i);
	h ^= h >> 16;
	return (h ^ h >> 8) % FLOWS;
}

static u32 pair_for(const struct nic *n, const u8 *frame, u32 len)
{
	return n->pairs > 1 ? n->flows[flow_of(frame, len)] % n->pairs : 0;
}

/* -- To the cable ---------------------------------------------------------------------- */

/* What the driver may leave to us is what it has agreed to. */
static bool read_work(const struct nic *n, const u8 *h, struct net_work *w)
{
	u32 gso = h[AT_GSO] & ~(u32)GSO_ECN;

	*w = (struct net_work){ .csum = h[AT_FLAGS] & NEEDS_CSUM,
				.csum_start = get_le16(h + AT_CSUM_START),
				.csum_offset = get_le16(h + AT_CSUM_OFFSET),
				.cut = gso == GSO_TCPV4   ? NET_TSO4
				       : gso == GSO_TCPV6 ? NET_TSO6
							  : 0,
				.ecn = h[AT_GSO] & GSO_ECN,
				.mss = get_le16(h + AT_MSS) };
	return (!w->csum || virtio_has(&n->v, F_CSUM)) &&
	       (gso == GSO_NONE || (gso == GSO_TCPV4 && virtio_has(&n->v, F_HOST_TSO4)) ||
		(gso == GSO_TCPV6 && virtio_has(&n->v, F_HOST_TSO6))) &&
	       (!w->ecn || virtio_has(&n->v, F_HOST_ECN));
}

/* The frame of a chain, in n->frame; false: there is none to send. */
static bool take_frame(struct nic *n, const struct vchain *c, u32 pair)
{
	u8 header[HEADER];
	u64 len = c->out_bytes - HEADER;

	if (c->nin || c->out_bytes < HEADER + NET_FRAME_MIN || len > NET_FRAME_MAX) {
		guest_error(&n->v.dev, "a chain of %u bytes is no frame", (u32)c->out_bytes);
		return false;
	}
	if (vchain_read(&n->v, c, 0, header, HEADER) != HEADER ||
	    vchain_read(&n->v, c, HEADER, n->frame, len) != len)
		return false;
	if (!read_work(n, header, &n->work)) {
		guest_error(&n->v.dev, "a frame with an offload that was not agreed on");
		return false;
	}
	n->flows[flow_of(n->frame, (u32)len)] = (u8)pair;
	n->waiting = (u32)len;
	return true;
}

/* False: it waits. */
static bool send_waiting(struct nic *n)
{
	if (n->waiting && !net_send(n->host, n->frame, n->waiting, &n->work))
		return false;
	n->waiting = 0;
	return true;
}

static void transmit(struct nic *n, u32 pair)
{
	u32 q = TRANSMIT(pair);
	struct vchain c;

	while (send_waiting(n) && virtq_pop(&n->v, q, &c)) {
		take_frame(n, &c, pair);
		virtq_push(&n->v, &c, 0);
	}
	virtq_notify(&n->v, q);
}

/* -- From the cable --------------------------------------------------------------------- */

static bool in_filter(const struct filter *t, const u8 *mac)
{
	if (t->all)
		return true;
	for (u32 i = 0; i < t->n; i++)
		if (!memcmp(t->list[i].mac, mac, sizeof(t->list[i].mac)))
			return true;
	return false;
}

static bool is_broadcast(const u8 *mac)
{
	static const u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return !memcmp(mac, all, sizeof(all));
}

static bool is_wanted(const struct nic *n, const u8 *to)
{
	if (n->mode[RX_PROMISC])
		return true;
	if (is_broadcast(to))
		return !n->mode[RX_NOBCAST];
	if (to[0] & 1)
		return !n->mode[RX_NOMULTI] &&
		       (n->mode[RX_ALLMULTI] || in_filter(&n->multicast, to));
	return !n->mode[RX_NOUNI] &&
	       (n->mode[RX_ALLUNI] || !memcmp(to, n->address, 6) || in_filter(&n->unicast, to));
}

static void write_header(const struct nic *n, u8 *h, const struct net_work *w, u32 buffers)
{
	memset(h, 0, HEADER);
	if (w->csum) {
		h[AT_FLAGS] = NEEDS_CSUM;
		put_le16(h + AT_CSUM_START, w->csum_start);
		put_le16(h + AT_CSUM_OFFSET, w->csum_offset);
	} else if (w->good && n->offloads & bit(F_GUEST_CSUM)) {
		h[AT_FLAGS] = DATA_VALID;
	}
	if (w->cut) {
		h[AT_GSO] =
			(u8)((w->cut == NET_TSO4 ? GSO_TCPV4 : GSO_TCPV6) | (w->ecn ? GSO_ECN : 0));
		put_le16(h + AT_MSS, w->mss);
		put_le16(h + AT_HEADERS, (u16)(w->csum_start + 20)); /* at least: a hint */
	}
	put_le16(h + AT_BUFFERS, (u16)buffers);
}

/* Buffers for one frame, as they are filled. */
struct filling {
	struct vchain first, more;
	struct vused used[BUFFERS];
	u32 n;
};

/* Fills the next buffer with what fits from `off` on.  False: there is none. */
static bool fill(struct nic *n, u32 q, struct filling *f, const u8 *bytes, u32 len, u32 *off)
{
	struct vchain *c = f->n ? &f->more : &f->first;
	u32 skip = f->n ? 0 : HEADER, room;

	if (!virtq_pop(&n->v, q, c))
		return false;
	room = c->in_bytes > skip ? (u32)MIN(c->in_bytes - skip, len - *off) : 0;
	vchain_write(&n->v, c, skip, bytes + *off, room);
	f->used[f->n++] = (struct vused){ c->head, skip + room };
	*off += room;
	return true;
}

/* False: there are too few buffers. */
static bool deliver(struct nic *n, u32 q, const u8 *bytes, u32 len, const struct net_work *w)
{
	u32 most = virtio_has(&n->v, F_MRG_RXBUF) ? BUFFERS : 1, off = 0;
	struct filling f = { .n = 0 };
	u8 header[HEADER];

	while (off < len && f.n < most)
		if (!fill(n, q, &f, bytes, len, &off)) {
			virtq_unpop(&n->v, q, f.n);
			return false;
		}
	if (off < len || f.first.in_bytes < HEADER) {
		virtq_unpop(&n->v, q, f.n);
		guest_error(&n->v.dev, "a frame of %u bytes does not fit %u buffer%s", len, most,
			    most == 1 ? "" : "s");
		return true;
	}
	write_header(n, header, w, f.n);
	vchain_write(&n->v, &f.first, 0, header, HEADER);
	virtq_push_all(&n->v, q, f.used, f.n);
	virtq_notify(&n->v, q);
	return true;
}

/* A frame for nobody is taken and gone. */
static bool nic_frame(struct device *dev, const u8 *bytes, u32 len, const struct net_work *w)
{
	struct nic *n = (struct nic *)dev;

	if (!virtio_running(&n->v) || !is_wanted(n, bytes))
		return true;
	return deliver(n, RECEIVE(pair_for(n, bytes, len)), bytes, len, w) ||
	       !virtio_running(&n->v);
}

/* -- Commands ------------------------------------------------------------------------------ */

static u64 allowed_offloads(const struct nic *n)
{
	u32 all = bit(F_GUEST_CSUM) | bit(F_GUEST_TSO4) | bit(F_GUEST_TSO6) | bit(F_GUEST_ECN);

	return n->v.driver_features & all;
}

static bool set_mode(struct nic *n, u32 mode, const struct vchain *c)
{
	u8 on;

	if (mode >= RX_MODES || !virtio_has(&n->v, mode < RX_ALLUNI ? F_CTRL_RX : F_CTRL_RX_EXTRA))
		return false;
	if (vchain_read(&n->v, c, 2, &on, 1) != 1)
		return false;
	n->mode[mode] = on != 0;
	return true;
}

/* le32 entries, then as many addresses; returns where the next table begins, or 0. */
static u64 read_filter(struct nic *n, const struct vchain *c, u64 off, struct filter *t)
{
	u64 bytes;
	u8 count[4];

	if (vchain_read(&n->v, c, off, count, sizeof(count)) != sizeof(count))
		return 0;
	off += sizeof(count);
	bytes = (u64)get_le32(count) * sizeof(t->list[0]);
	if (bytes > c->out_bytes - off)
		return 0;
	t->all = get_le32(count) > ADDRESSES;
	t->n = t->all ? 0 : get_le32(count);
	vchain_read(&n->v, c, off, t->list, t->n * sizeof(t->list[0]));
	return off + bytes;
}

static bool set_filters(struct nic *n, const struct vchain *c)
{
	struct filter unicast = { .n = 0 }, multicast = { .n = 0 };
	u64 next = read_filter(n, c, 2, &unicast);

	if (!next || !read_filter(n, c, next, &multicast))
		return false;
	n->unicast = unicast;
	n->multicast = multicast;
	return true;
}

static bool set_mac(struct nic *n, u32 command, const struct vchain *c)
{
	if (command == MAC_TABLE_SET && virtio_has(&n->v, F_CTRL_RX))
		return set_filters(n, c);
	if (command == MAC_ADDR_SET && virtio_has(&n->v, F_CTRL_MAC_ADDR))
		return c->out_bytes == 8 && vchain_read(&n->v, c, 2, n->address, 6) == 6;
	return false;
}

static bool set_pairs(struct nic *n, u32 command, const struct vchain *c)
{
	u8 pairs[2];

	if (command || !virtio_has(&n->v, F_MQ) || vchain_read(&n->v, c, 2, pairs, 2) != 2 ||
	    !get_le16(pairs) || get_le16(pairs) > n->queues)
		return false;
	n->pairs = get_le16(pairs);
	return true;
}

static bool set_offloads(struct nic *n, u32 command, const struct vchain *c)
{
	u8 offloads[8];

	if (command || !virtio_has(&n->v, F_CTRL_GUEST_OFFLOADS) ||
	    vchain_read(&n->v, c, 2, offloads, 8) != 8 || get_le64(offloads) & ~allowed_offloads(n))
		return false;
	n->offloads = get_le32(offloads);
	return true;
}

static bool obey(struct nic *n, const struct vchain *c)
{
	u8 head[2];

	if (vchain_read(&n->v, c, 0, head, 2) != 2)
		return false;
	switch (head[0]) {
	case CLASS_RX:
		return set_mode(n, head[1], c);
	case CLASS_MAC:
		return set_mac(n, head[1], c);
	case CLASS_MQ:
		return set_pairs(n, head[1], c);
	case CLASS_OFFLOADS:
		return set_offloads(n, head[1], c);
	default:
		return false;
	}
}

static void serve_commands(struct nic *n, u32 q)
{
	struct vchain c;

	while (virtq_pop(&n->v, q, &c)) {
		u8 refused = !obey(n, &c);

		if (!c.in_bytes) {
			virtio_broken(&n->v, "a command has no room for its answer");
			return;
		}
		vchain_write(&n->v, &c, c.in_bytes - 1, &refused, 1);
		virtq_push(&n->v, &c, (u32)c.in_bytes);
	}
	virtq_notify(&n->v, q);
}

/* -- The device -------------------------------------------------------------------------------- */

/* Without MQ the driver does not know of more than one pair (section 5.1.2). */
static u32 command_queue(const struct nic *n)
{
	return virtio_has(&n->v, F_MQ) ? 2 * n->queues : 2;
}

static void nic_kick(struct virtio *v, u32 q)
{
	struct nic *n = (struct nic *)v;

	if (q == command_queue(n))
		serve_commands(n, q);
	else if (q & 1)
		transmit(n, q / 2);
	else
		net_ready(n->host);
}

static void tell_link(struct nic *n)
{
	bool link = net_link(n->host);

	if (n->link == link)
		return;
	n->link = link;
	virtio_config_changed(&n->v);
}

static void nic_net_changed(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	tell_link(n);
	for (u32 i = 0; i < n->queues && virtio_running(&n->v) && send_waiting(n); i++)
		transmit(n, i);
}

static u32 nic_queues(const struct virtio *v)
{
	return 2 * ((const struct nic *)v)->queues + 1;
}

static u64 nic_features(const struct virtio *v)
{
	const struct nic *n = (const struct nic *)v;
	u64 f = bit(F_CSUM) | bit(F_GUEST_CSUM) | bit(F_CTRL_GUEST_OFFLOADS) | bit(F_MAC) |
		bit(F_GUEST_TSO4) | bit(F_GUEST_TSO6) | bit(F_GUEST_ECN) | bit(F_HOST_TSO4) |
		bit(F_HOST_TSO6) | bit(F_HOST_ECN) | bit(F_MRG_RXBUF) | bit(F_STATUS) |
		bit(F_CTRL_VQ) | bit(F_CTRL_RX) | bit(F_CTRL_RX_EXTRA) | bit(F_CTRL_MAC_ADDR);

	if (n->mtu)
		f |= bit(F_MTU);
	if (n->queues > 1)
		f |= bit(F_MQ);
	return f;
}

static void nic_config(struct virtio *v, u8 *c)
{
	const struct nic *n = (const struct nic *)v;

	memcpy(c + CONFIG_MAC, n->address, sizeof(n->address));
	put_le16(c + CONFIG_STATUS, net_link(n->host) ? STATUS_LINK_UP : 0);
	put_le16(c + CONFIG_PAIRS, (u16)n->queues);
	put_le16(c + CONFIG_MTU, (u16)n->mtu);
}

/* A driver that cannot say what it wants to hear hears all. */
static void nic_driver_ok(struct virtio *v)
{
	struct nic *n = (struct nic *)v;

	n->mode[RX_PROMISC] = !virtio_has(v, F_CTRL_RX);
	n->offloads = (u32)allowed_offloads(n);
	net_ready(n->host);
}

static void nic_reset(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	memcpy(n->address, n->mac, sizeof(n->mac));
	n->pairs = 1;
	n->link = net_link(n->host);
	n->waiting = 0;
	net_ready(n->host);
}

/* Each of the TSO bits needs the checksum's (section 5.1.3.1). */
static void nic_update(struct device *dev)
{
	struct nic *n = (struct nic *)dev;
	u32 takes = 0;

	if (n->offloads & bit(F_GUEST_CSUM))
		takes = NET_CSUM | (n->offloads & bit(F_GUEST_TSO4) ? NET_TSO4 : 0) |
			(n->offloads & bit(F_GUEST_TSO6) ? NET_TSO6 : 0) |
			(n->offloads & bit(F_GUEST_ECN) ? NET_ECN : 0);
	net_takes(n->host, takes);
}

static bool nic_init(struct device *dev, struct err *e)
{
	static const u8 none[6];
	struct nic *n = (struct nic *)dev;

	(void)e;
	if (!memcmp(n->mac, none, sizeof(none)))
		net_default_mac(n->host, n->mac);
	return true;
}

/* clang-format off */
#define SELF struct nic

VIRTIO_DEVICE(virtio_net) = {
	VIRTIO_ROWS,
	.name         = "virtio-net",
	.doc          = "a network card: eth0",
	.linux_driver = "virtio_net",
	.linux_config = "VIRTIO_NET",
	.qemu         = "virtio-net-pci",
	.size         = sizeof(SELF),
	.example      = "net0: {device: virtio-net, host: {net: slirp, forward: \"2222:22\"}}",
	.init         = nic_init,
	.reset        = nic_reset,
	.update       = nic_update,
	.frame        = nic_frame,
	.net_changed  = nic_net_changed,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_NET(host, .doc = "the other end of the cable; without it none is plugged in"),
		PROP_MAC(mac, .doc = "its address; if not given, one made from its name"),
		PROP_U32(mtu, .min = 68, .max = 65535, .doc = "the largest packet, told to the driver"),
		PROP_U32(queues, .def = 1, .min = 1, .max = PAIRS, .doc = "pairs of queues")),

	.state = STATE(
		FIELD(address), FIELD(mode), FIELD_MAX(unicast.n, ADDRESSES), FIELD(unicast.all),
		FIELD(unicast.list), FIELD_MAX(multicast.n, ADDRESSES), FIELD(multicast.all),
		FIELD(multicast.list), FIELD_MAX(pairs, PAIRS), FIELD(offloads), FIELD(flows)),

	.virtio = &(const struct virtio_class){
		.id            = 1,
		.queues        = 2 * PAIRS + 1,
		.size_max      = 256,
		.burst         = 256,
		.most_bytes    = MOST_BYTES,
		.pci_class     = 0x020000,
		.config_size   = CONFIG_BYTES,
		.queues_now    = nic_queues,
		.features_now  = nic_features,
		.config_read   = nic_config,
		.driver_ok     = nic_driver_ok,
		.kick          = nic_kick,
	},
};
