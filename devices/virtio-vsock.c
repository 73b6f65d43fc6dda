/* virtio-vsock.c - connections between programs of the guest and of the host: AF_VSOCK
 *
 * Spec: virtio 1.2 section 5.10.  Queue 0 takes packets to the guest, queue 1 those from it,
 * queue 2 events, of which there are none.  A packet is a header and data.  A connection is
 * a pair of ports; each side says how much it can take and how much of that it has passed
 * on, in every header, and sends no more.
 *
 * A guest's port is reached and reaches out through sockets of the host (vsock.h).  What is
 * to be told to the guest is a bit of its connection until there is a buffer for it, and
 * what belongs to no connection waits in a short list: while that is full no packet of the
 * guest's is taken.
 *
 * Not modeled: sequenced packets, other guests: there is the host, number 2, and nobody else.
 */
#include "virtio.h"
#include "vsock.h"

#define RECEIVE  0
#define TRANSMIT 1

#define HOST_CID 2

#define HEADER     44
#define MOST_BYTES (64 * (u32)KIB) /* of data in one packet, as Linux has it */
#define AT_ONCE    4096
#define RESETS     16
#define FIRST_PORT 0x40000000u /* of the host's own, above those that programs choose */

/* Section 5.10.6: the header. */
enum {
	AT_SRC_CID = 0,
	AT_DST_CID = 8,
	AT_SRC_PORT = 16,
	AT_DST_PORT = 20,
	AT_LEN = 24,
	AT_TYPE = 28,
	AT_OP = 30,
	AT_FLAGS = 32,
	AT_BUF_ALLOC = 36,
	AT_FWD_CNT = 40,
};

enum { TYPE_STREAM = 1 };

enum {
	OP_REQUEST = 1,
	OP_RESPONSE = 2,
	OP_RST = 3,
	OP_SHUTDOWN = 4,
	OP_RW = 5,
	OP_CREDIT_UPDATE = 6,
	OP_CREDIT_REQUEST = 7,
};

enum { SHUTDOWN_RECEIVE = 1, SHUTDOWN_SEND = 2, SHUTDOWN_BOTH = 3 };

enum state {
	FREE,
	CALLING,   /* the guest has asked, the host's program has not answered */
	CALLED,    /* the other way round */
	CONNECTED, /* both have */
	CLOSING,   /* the guest knows that it is over, the host does not yet */
	OVER,      /* the host has closed it, the guest is to hear of it */
};

struct connection {
	enum state state;
	u32 guest_port, host_port;
	u32 tell;          /* bits of ops that the guest shall get */
	u32 guest_alloc;   /* what the guest says of itself */
	u32 guest_fwd;     /* the same */
	u32 sent;          /* to the guest */
	u32 received;      /* from the guest */
	u32 fwd, told_fwd; /* of those passed on; as the guest knows it */
	u32 shut;          /* what the guest does no more */
};

struct ports {
	u32 guest, host;
};

struct socket {
	struct virtio v;

	/* properties */
	struct vsock *host;
	u32 guest_cid;

	struct connection connections[VSOCK_SLOTS];
	u32 next_port, next_turn;

	u32 nresets; /* for what is no connection */
	struct ports resets[RESETS];
};

static struct socket *socket_of(struct device *dev)
{
	return (struct socket *)dev;
}

static u32 slot_of(const struct socket *s, const struct connection *c)
{
	return (u32)(c - s->connections);
}

static struct connection *find(struct socket *s, u32 guest_port, u32 host_port)
{
	for (u32 i = 0; i < VSOCK_SLOTS; i++) {
		struct connection *c = &s->connections[i];

		if (c->state != FREE && c->state != CLOSING && c->guest_port == guest_port &&
		    c->host_port == host_port)
			return c;
	}
	return NULL;
}

static struct connection *take_free(struct socket *s)
{
	for (u32 i = 0; i < VSOCK_SLOTS; i++)
		if (s->connections[i].state == FREE)
			return &s->connections[i];
	return NULL;
}

/* -- To the guest ------------------------------------------------------------------------ */

/* The next buffer that can hold a packet. */
static bool pop_buffer(struct socket *s, struct vchain *chain)
{
	while (virtq_pop(&s->v, RECEIVE, chain)) {
		if (chain->in_bytes >= HEADER)
			return true;
		guest_error(&s->v.dev, "a buffer is too small for a header");
		virtq_push(&s->v, chain, 0);
	}
	return false;
}

static void put_packet(struct socket *s, const struct vchain *chain, const struct ports *ports,
		       u32 op, u32 flags, u32 fwd, const u8 *data, u32 n)
{
	u8 h[HEADER] = { 0 };

	put_le64(h + AT_SRC_CID, HOST_CID);
	put_le64(h + AT_DST_CID, s->guest_cid);
	put_le32(h + AT_SRC_PORT, ports->host);
	put_le32(h + AT_DST_PORT, ports->guest);
	put_le32(h + AT_LEN, n);
	put_le16(h + AT_TYPE, TYPE_STREAM);
	put_le16(h + AT_OP, (u16)op);
	put_le32(h + AT_FLAGS, flags);
	put_le32(h + AT_BUF_ALLOC, VSOCK_WINDOW);
	put_le32(h + AT_FWD_CNT, fwd);
	vchain_write(&s->v, chain, 0, h, HEADER);
	vchain_write(&s->v, chain, HEADER, data, n);
	virtq_push(&s->v, chain, HEADER + n);
}

static void put_of(struct socket *s, struct connection *c, const struct vchain *chain, u32 op,
		   const u8 *data, u32 n)
{
	const struct ports ports = { c->guest_port, c->host_port };

	put_packet(s, chain, &ports, op, op == OP_SHUTDOWN ? SHUTDOWN_SEND : 0, c->fwd, data, n);
	c->told_fwd = c->fwd;
}

static void put_reset(struct socket *s, const struct vchain *chain)
{
	put_packet(s, chain, &s->resets[0], OP_RST, 0, 0, NULL, 0);
	s->nresets--;
	memmove(s->resets, s->resets + 1, s->nresets * sizeof(s->resets[0]));
}

/* The next in turn that has something to tell. */
static struct connection *next_to_tell(struct socket *s)
{
	for (u32 i = 0; i < VSOCK_SLOTS; i++) {
		struct connection *c = &s->connections[s->next_turn++ % VSOCK_SLOTS];

		if (c->tell)
			return c;
	}
	return NULL;
}

static void set_free(struct connection *c)
{
	*c = (struct connection){ .state = FREE };
}

static u32 lowest(u32 bits)
{
	u32 i = 0;

	while (!(bits >> i & 1))
		i++;
	return i;
}

static void tell_one(struct socket *s, struct connection *c, const struct vchain *chain)
{
	u32 op = lowest(c->tell); /* what opens a connection before what ends it */

	put_of(s, c, chain, op, NULL, 0);
	c->tell &= ~((u32)1 << op);
	if (c->state == OVER)
		set_free(c);
}

/* All that the guest is to be told, as far as there are buffers. */
static void tell_all(struct socket *s)
{
	struct connection *c;
	struct vchain chain;

	while (s->nresets && pop_buffer(s, &chain))
		put_reset(s, &chain);
	while (!s->nresets && (c = next_to_tell(s)) && pop_buffer(s, &chain))
		tell_one(s, c, &chain);
	virtq_notify(&s->v, RECEIVE);
}

static void tell(struct socket *s, struct connection *c, u32 op)
{
	c->tell |= (u32)1 << op;
	tell_all(s);
}

static void reset_ports(struct socket *s, const struct ports *p)
{
	assert(s->nresets < RESETS); /* no packet is taken while the list is full */
	s->resets[s->nresets++] = *p;
	tell_all(s);
}

/* The guest hears no more of it than that. */
static void give_up(struct socket *s, struct connection *c, bool flush)
{
	c->state = CLOSING;
	c->tell = 0;
	vsock_close(s->host, slot_of(s, c), flush);
}

/* -- From the guest ----------------------------------------------------------------------- */

static u32 credit(const struct connection *c)
{
	u32 on_the_way = c->sent - c->guest_fwd;

	return on_the_way < c->guest_alloc ? c->guest_alloc - on_the_way : 0;
}

static void on_request(struct socket *s, const struct ports *p, const u8 *header)
{
	struct connection *c = take_free(s);

	if (!c) {
		reset_ports(s, p);
		return;
	}
	*c = (struct connection){ .state = CALLING,
				  .guest_port = p->guest,
				  .host_port = p->host,
				  .guest_alloc = get_le32(header + AT_BUF_ALLOC),
				  .guest_fwd = get_le32(header + AT_FWD_CNT) };
	vsock_open(s->host, slot_of(s, c), p->host);
}

static void on_response(struct socket *s, struct connection *c)
{
	c->state = CONNECTED;
	vsock_accept(s->host, slot_of(s, c), c->host_port);
}

static void on_shutdown(struct socket *s, struct connection *c, u32 flags)
{
	bool sent = !(c->shut & SHUTDOWN_SEND) && flags & SHUTDOWN_SEND;

	c->shut |= flags & SHUTDOWN_BOTH;
	if (c->shut == SHUTDOWN_BOTH)
		vsock_close(s->host, slot_of(s, c), true); /* closed() tells the guest */
	else if (sent)
		vsock_end(s->host, slot_of(s, c));
}

/* Credit is the guest's to keep to: a connection that takes more is over. */
static bool on_data(struct socket *s, struct connection *c, const struct vchain *chain, u32 n)
{
	u8 bytes[AT_ONCE];

	if (c->shut & SHUTDOWN_SEND || n > VSOCK_WINDOW - (c->received - c->fwd))
		return false;
	c->received += n;
	for (u32 off = 0; off < n;) {
		u32 part = MIN(n - off, AT_ONCE);

		vchain_read(&s->v, chain, HEADER + off, bytes, part);
		vsock_write(s->host, slot_of(s, c), bytes, part);
		off += part;
	}
	return true;
}

/* False: it has no business there. */
static bool take_packet(struct socket *s, struct connection *c, const struct vchain *chain,
			const u8 *header)
{
	u32 op = get_le16(header + AT_OP);

	c->guest_alloc = get_le32(header + AT_BUF_ALLOC);
	c->guest_fwd = get_le32(header + AT_FWD_CNT);
	if (op == OP_RESPONSE && c->state == CALLED)
		on_response(s, c);
	else if (op == OP_SHUTDOWN && c->state == CONNECTED)
		on_shutdown(s, c, get_le32(header + AT_FLAGS));
	else if (op == OP_RW && c->state == CONNECTED)
		return on_data(s, c, chain, get_le32(header + AT_LEN));
	else if (op == OP_CREDIT_REQUEST)
		tell(s, c, OP_CREDIT_UPDATE);
	else
		return op == OP_CREDIT_UPDATE;
	return true;
}

/* From this guest to the host, a stream, and no longer than it is. */
static bool is_sound(struct socket *s, const struct vchain *chain, const u8 *header)
{
	u32 len = get_le32(header + AT_LEN);

	return get_le64(header + AT_SRC_CID) == s->guest_cid &&
	       get_le64(header + AT_DST_CID) == HOST_CID &&
	       get_le16(header + AT_TYPE) == TYPE_STREAM && len <= MOST_BYTES &&
	       len <= chain->out_bytes - HEADER;
}

static void serve(struct socket *s, const struct vchain *chain, const u8 *header)
{
	const struct ports p = { get_le32(header + AT_SRC_PORT), get_le32(header + AT_DST_PORT) };
	struct connection *c = find(s, p.guest, p.host);
	u32 op = get_le16(header + AT_OP);
	bool sound = is_sound(s, chain, header);

	if (!sound)
		guest_error(&s->v.dev, "the header of a packet is wrong");
	if (c && c->state == OVER)
		return; /* it will hear */
	if (sound && !c && op == OP_REQUEST) {
		on_request(s, &p, header);
	} else if (sound && c && op == OP_RST) {
		give_up(s, c, false);
	} else if (!sound || !c || !take_packet(s, c, chain, header)) {
		if (c)
			give_up(s, c, false);
		if (op != OP_RST)
			reset_ports(s, &p);
	}
}

static void transmit_kick(struct socket *s)
{
	struct vchain chain;
	u8 header[HEADER];

	while (s->nresets < RESETS && virtq_pop(&s->v, TRANSMIT, &chain)) {
		if (vchain_read(&s->v, &chain, 0, header, HEADER) == HEADER)
			serve(s, &chain, header);
		else
			guest_error(&s->v.dev, "a packet has no header");
		virtq_push(&s->v, &chain, 0);
	}
	virtq_notify(&s->v, TRANSMIT);
	vsock_ready(s->host); /* there may be more credit */
}

static void socket_kick(struct virtio *v, u32 q)
{
	struct socket *s = (struct socket *)v;

	if (q > TRANSMIT)
		return;
	if (q == RECEIVE)
		tell_all(s);
	transmit_kick(s); /* which may have been waiting for a buffer to answer in */
}

/* -- From the host --------------------------------------------------------------------------- */

static void socket_opened(struct device *dev, u32 slot)
{
	struct connection *c = &socket_of(dev)->connections[slot];

	if (c->state != CALLING)
		return;
	c->state = CONNECTED;
	tell(socket_of(dev), c, OP_RESPONSE);
}

static u32 new_port(struct socket *s, u32 guest_port)
{
	do
		s->next_port = MAX(s->next_port + 1, FIRST_PORT);
	while (find(s, guest_port, s->next_port));
	return s->next_port;
}

static i32 socket_incoming(struct device *dev, u32 port)
{
	struct socket *s = socket_of(dev);
	struct connection *c = virtio_running(&s->v) ? take_free(s) : NULL;

	if (!c)
		return -1;
	*c = (struct connection){ .state = CALLED,
				  .guest_port = port,
				  .host_port = new_port(s, port) };
	tell(s, c, OP_REQUEST);
	return (i32)slot_of(s, c);
}

/* What the guest does not want any more counts as taken. */
static u32 socket_receive(struct device *dev, u32 slot, const u8 *bytes, u32 n)
{
	struct socket *s = socket_of(dev);
	struct connection *c = &s->connections[slot];
	struct vchain chain;
	u32 done = 0;

	if (c->state != CONNECTED || c->shut & SHUTDOWN_RECEIVE)
		return n;
	tell_all(s); /* a response comes before data */
	while (done < n && credit(c) && !c->tell && pop_buffer(s, &chain)) {
		u32 room = (u32)MIN(chain.in_bytes - HEADER, MOST_BYTES);
		u32 part = MIN(MIN(n - done, credit(c)), room);

		put_of(s, c, &chain, OP_RW, bytes + done, part);
		c->sent += part;
		done += part;
	}
	virtq_notify(&s->v, RECEIVE);
	return done;
}

/* The guest is told when it may have been waiting for it. */
static void socket_sent(struct device *dev, u32 slot, u32 n)
{
	struct connection *c = &socket_of(dev)->connections[slot];

	c->fwd += n;
	if (c->state == CONNECTED && c->fwd - c->told_fwd >= VSOCK_WINDOW / 4)
		tell(socket_of(dev), c, OP_CREDIT_UPDATE);
}

static void socket_ended(struct device *dev, u32 slot)
{
	struct connection *c = &socket_of(dev)->connections[slot];

	if (c->state == CONNECTED)
		tell(socket_of(dev), c, OP_SHUTDOWN);
}

/* The slot is free when the guest has heard of it. */
static void socket_closed(struct device *dev, u32 slot)
{
	struct connection *c = &socket_of(dev)->connections[slot];

	if (c->state == CLOSING) {
		set_free(c);
		return;
	}
	c->state = OVER;
	c->tell = 0;
	tell(socket_of(dev), c, OP_RST);
}

static const struct vsock_events events = {
	.opened = socket_opened,
	.incoming = socket_incoming,
	.receive = socket_receive,
	.sent = socket_sent,
	.ended = socket_ended,
	.closed = socket_closed,
};

/* -- The device -------------------------------------------------------------------------------- */

static void socket_config(struct virtio *v, u8 *config)
{
	put_le64(config, ((const struct socket *)v)->guest_cid);
}

/* Connections end with the driver that had them. */
static void socket_reset(struct device *dev)
{
	struct socket *s = socket_of(dev);

	s->nresets = 0;
	for (u32 i = 0; i < VSOCK_SLOTS; i++) {
		struct connection *c = &s->connections[i];

		if (c->state == OVER)
			set_free(c);
		else if (c->state != FREE && c->state != CLOSING)
			give_up(s, c, false);
	}
}

static bool socket_init(struct device *dev, struct err *e)
{
	(void)e;
	vsock_on(socket_of(dev)->host, &events);
	return true;
}

/* clang-format off */
#define SELF struct socket

VIRTIO_DEVICE(virtio_vsock) = {
	VIRTIO_ROWS,
	.name         = "virtio-vsock",
	.doc          = "sockets between the guest and this host: AF_VSOCK",
	.linux_driver = "vmw_vsock_virtio_transport",
	.linux_config = "VIRTIO_VSOCKETS",
	.qemu         = "vhost-vsock-pci",
	.size         = sizeof(SELF),
	.example      = "vsock0: {device: virtio-vsock, guest-cid: 3, host: {socket: vm.sock}}",
	.init         = socket_init,
	.reset        = socket_reset,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_VSOCK(host, .required = true,
			   .doc = "the socket F leads into the guest, F_PORT are where it gets to"),
		PROP_U32(guest_cid, .def = 3, .min = 3, .max = 0xfffffffe,
			 .doc = "the guest's number; the host has 2")),

	.virtio = &(const struct virtio_class){
		.id          = 19,
		.queues      = 3,
		.size_max    = 256,
		.burst       = 64,
		.most_bytes  = 256 * KIB,
		.pci_class   = 0x078000,
		.config_size = 8,
		.config_read = socket_config,
		.kick        = socket_kick,
	},
};
