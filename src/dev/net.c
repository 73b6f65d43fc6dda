/* net.c - joins a cable of the host to a device's .frame and .net_changed. */
#include "core.h"

struct net_port {
	struct device *dev;
	struct net *net;
	u32 device_takes;
	u8 scratch[NET_FRAME_MAX];
};

static bool fits(const u8 *frame, u32 len, const struct net_work *work)
{
	return len >= NET_FRAME_MIN && len <= NET_FRAME_MAX && net_work_sound(frame, len, work);
}

/* -- From the cable ------------------------------------------------------------- */

static bool to_device(void *ctx, u8 *frame, u32 len, const struct net_work *work)
{
	struct device *dev = ctx;

	return dev->class->frame(dev, frame, len, work);
}

/* What comes from outside is as hostile as what the guest sends: it may be another's. */
static bool port_receive(void *ctx, u8 *frame, u32 len, struct net_work *work)
{
	struct net_port *port = ctx;
	struct device *dev = port->dev;
	struct net_sink sink = { .emit = to_device, .ctx = dev, .scratch = port->scratch };
	bool taken;

	if (!dev->class->frame || !fits(frame, len, work))
		return true;
	device_lock(dev);
	sink.takes = port->device_takes;
	taken = net_work_do(&sink, frame, len, work);
	device_changed(dev);
	device_unlock(dev);
	return taken;
}

static void port_changed(void *ctx)
{
	struct net_port *port = ctx;
	struct device *dev = port->dev;

	device_lock(dev);
	if (dev->class->net_changed)
		dev->class->net_changed(dev);
	device_changed(dev);
	device_unlock(dev);
}

/* -- What a model calls --------------------------------------------------------- */

static bool to_cable(void *ctx, u8 *frame, u32 len, const struct net_work *work)
{
	struct net *n = ctx;

	return n->ops->send(n, frame, len, work);
}

bool net_send(struct net *n, u8 *frame, u32 len, struct net_work *work)
{
	struct net_port *port = n->ctx;
	struct net_sink sink = { to_cable, n, n->takes, port->scratch };

	if (!fits(frame, len, work)) {
		guest_error(port->dev, "a frame of %u bytes is none, or its offload is wrong", len);
		return true;
	}
	return net_work_do(&sink, frame, len, work);
}

void net_ready(struct net *n)
{
	if (n->ops->ready)
		n->ops->ready(n);
}

void net_takes(struct net *n, u32 work)
{
	((struct net_port *)n->ctx)->device_takes = work;
}

bool net_link(const struct net *n)
{
	return n->link;
}

/* FNV-1a: the same name has the same address in every run. */
static void mac_of_name(const char *name, u8 *mac)
{
	u32 h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (u8)*name) * 16777619u;
	mac[0] = 0x52; /* locally administered, one card's */
	mac[1] = 0x54;
	mac[2] = 0x00;
	mac[3] = (u8)(h >> 16);
	mac[4] = (u8)(h >> 8);
	mac[5] = (u8)h;
}

void net_default_mac(const struct net *n, u8 *mac)
{
	static const u8 none[6];

	if (memcmp(n->mac, none, sizeof(none)) != 0)
		memcpy(mac, n->mac, sizeof(none));
	else
		mac_of_name(((const struct net_port *)n->ctx)->dev->name, mac);
}

/* -- Ports ------------------------------------------------------------------------ */

static bool null_send(struct net *n, const u8 *frame, u32 len, const struct net_work *work)
{
	(void)n, (void)frame, (void)len, (void)work;
	return true;
}

static const struct net_ops null_ops = { .send = null_send };

struct net *net_attach(struct device *dev, struct net *n)
{
	struct net_port *port = device_alloc(dev, sizeof(*port));

	if (!n) {
		n = device_alloc(dev, sizeof(*n));
		n->ops = &null_ops;
	}
	port->dev = dev;
	port->net = n;
	n->ctx = port;
	n->receive = port_receive;
	n->changed = port_changed;
	return n;
}
