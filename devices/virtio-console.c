/* virtio-console.c - a console that is there before any driver module, hvc0, and ports beside it
 *
 * Spec: virtio 1.2 section 5.3.  A port has two queues: one takes what is typed to the driver,
 * the other what it prints.  Typed bytes wait in a small buffer for the driver's; when that is
 * full the far end is asked to wait.
 *
 * Port 0 is the console of `host:`.  With `ports:` there are more, and two control queues: the
 * device says what each is and is called, the driver which of them somebody in the guest has
 * open.  What is still to be said is a bit of the port, so that it waits for the driver's
 * buffers without a queue of its own.  A port that nobody has open takes nothing.
 *
 * The far end's size reaches the guest as a change of configuration, or as a control message.
 *
 * Not modeled: emergency write, ports that come and go.
 */
#include "chardev.h"
#include "virtio.h"

#define PORTS           7 /* all that VIRTIO_QUEUES have room for */
#define CONTROL_RECEIVE 2
#define CONTROL_SEND    3

enum { F_SIZE = 0, F_MULTIPORT = 1 };

#define INPUT_BYTES 1024
#define AT_ONCE     4096

/* Section 5.3.6.2: le32 port, le16 event, le16 value, and what follows from the event. */
enum event {
	DEVICE_READY,
	PORT_ADD,
	PORT_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME,
	EVENTS
};
#define CONTROL_BYTES 8
#define NAME_MOST     64

#define BIT(event) ((u32)1 << (event))

/* A row of `ports:`. */
struct row {
	const char *name;
	struct chardev *host;
	bool console;
};

struct console {
	struct virtio v;

	/* properties */
	struct chardev *host;
	struct table ports;

	u32 nports;
	struct port {
		const char *name;
		struct chardev *host;
		bool console;
		u32 columns, rows; /* of the far end; 0: unknown */

		/* state */
		bool open;  /* by somebody in the guest */
		u32 to_say; /* events, one bit each, in the order of their numbers */
		u32 ninput; /* typed and not yet taken by the driver */
		u8 input[INPUT_BYTES];
	} port[PORTS];
};

static u32 receive_queue(u32 port)
{
	return port ? 2 * port + 2 : 0;
}

static u32 port_of_queue(u32 q)
{
	return q < CONTROL_RECEIVE ? 0 : q / 2 - 1;
}

static bool many(const struct console *con)
{
	return virtio_has(&con->v, F_MULTIPORT);
}

/* Without control queues nobody says what is open: port 0 always is. */
static bool is_open(const struct console *con, u32 port)
{
	return virtio_running(&con->v) && (many(con) ? con->port[port].open : port == 0);
}

static u32 find_port(const struct console *con, const struct chardev *host)
{
	u32 i = 0;

	while (i < con->nports && con->port[i].host != host)
		i++;
	assert(i < con->nports); /* only its own call it */
	return i;
}

/* -- Bytes --------------------------------------------------------------------------- */

static u32 put_input(struct console *con, struct port *p, const struct vchain *c)
{
	u32 n = (u32)vchain_write(&con->v, c, 0, p->input, p->ninput);

	p->ninput -= n;
	memmove(p->input, p->input + n, p->ninput);
	return n;
}

static void deliver_input(struct console *con, u32 port)
{
	struct port *p = &con->port[port];
	struct vchain c;

	while (p->ninput && is_open(con, port) && virtq_pop(&con->v, receive_queue(port), &c))
		virtq_push(&con->v, &c, put_input(con, p, &c));
	virtq_notify(&con->v, receive_queue(port));
}

static void receive_kick(struct console *con, u32 port)
{
	u32 before = con->port[port].ninput;

	deliver_input(con, port);
	if (con->port[port].ninput < before)
		chardev_ready(con->port[port].host);
}

static void print(struct console *con, const struct port *p, const struct vchain *c)
{
	u8 bytes[AT_ONCE];
	u64 n;

	for (u64 off = 0; (n = vchain_read(&con->v, c, off, bytes, sizeof(bytes))); off += n)
		chardev_write(p->host, bytes, n);
}

static void transmit_kick(struct console *con, u32 q)
{
	struct vchain c;

	while (virtq_pop(&con->v, q, &c)) {
		print(con, &con->port[port_of_queue(q)], &c);
		virtq_push(&con->v, &c, 0);
	}
	virtq_notify(&con->v, q);
}

/* -- Control: what the device says ------------------------------------------------------ */

static u32 make_message(const struct console *con, u32 port, enum event event, u8 *m)
{
	const struct port *p = &con->port[port];
	u32 n = CONTROL_BYTES;

	put_le32(m, port);
	put_le32(m + 4, (u32)event | 1u << 16);
	if (event == RESIZE) {
		put_le32(m + n, MIN(p->columns, 0xffff) | MIN(p->rows, 0xffff) << 16);
		n += 4;
	} else if (event == PORT_NAME) {
		memcpy(m + n, p->name, strlen(p->name));
		n += (u32)strlen(p->name);
	}
	return n;
}

static bool say(struct console *con, u32 port, enum event event)
{
	u8 message[CONTROL_BYTES + NAME_MOST];
	struct vchain c;
	u32 n = make_message(con, port, event, message);

	if (!virtq_pop(&con->v, CONTROL_RECEIVE, &c))
		return false;
	if (c.in_bytes < n)
		guest_error(&con->v.dev, "a control message of %u bytes has no room", n);
	virtq_push(&con->v, &c, (u32)vchain_write(&con->v, &c, 0, message, n));
	return true;
}

/* False: the driver has no buffer for more. */
static bool say_of(struct console *con, u32 port)
{
	u32 *to_say = &con->port[port].to_say;

	for (u32 e = 0; *to_say >> e; e++)
		if (*to_say & BIT(e)) {
			if (!say(con, port, (enum event)e))
				return false;
			*to_say &= ~BIT(e);
		}
	return true;
}

static void say_all(struct console *con)
{
	u32 port = 0;

	while (port < con->nports && say_of(con, port))
		port++;
	virtq_notify(&con->v, CONTROL_RECEIVE);
}

/* -- Control: what the driver says ------------------------------------------------------- */

static void introduce(struct console *con, u32 port)
{
	struct port *p = &con->port[port];

	p->to_say |= BIT(PORT_OPEN);
	if (p->console)
		p->to_say |= BIT(CONSOLE_PORT);
	if (p->console && p->columns && virtio_has(&con->v, F_SIZE))
		p->to_say |= BIT(RESIZE);
	if (p->name)
		p->to_say |= BIT(PORT_NAME);
}

static void set_open(struct console *con, u32 port, bool open)
{
	con->port[port].open = open;
	if (!open)
		return;
	deliver_input(con, port);
	chardev_ready(con->port[port].host);
}

static void hear(struct console *con, u32 port, u32 event, u32 value)
{
	if (event == DEVICE_READY && value) {
		for (u32 i = 0; i < con->nports; i++)
			con->port[i].to_say = BIT(PORT_ADD);
	} else if (port >= con->nports) {
		guest_error(&con->v.dev, "there is no port %u", port);
	} else if (event == PORT_READY && value) {
		introduce(con, port);
	} else if (event == PORT_OPEN) {
		set_open(con, port, value);
	} else {
		guest_error(&con->v.dev, "port %u: control message %u, %u", port, event, value);
	}
}

static void control_kick(struct console *con)
{
	u8 m[CONTROL_BYTES];
	struct vchain c;

	while (virtq_pop(&con->v, CONTROL_SEND, &c)) {
		if (vchain_read(&con->v, &c, 0, m, sizeof(m)) == sizeof(m))
			hear(con, get_le32(m), get_le16(m + 4), get_le16(m + 6));
		else
			guest_error(&con->v.dev, "a control message is too short");
		virtq_push(&con->v, &c, 0);
	}
	virtq_notify(&con->v, CONTROL_SEND);
	say_all(con);
}

static void console_kick(struct virtio *v, u32 q)
{
	struct console *con = (struct console *)v;
	bool control = q == CONTROL_RECEIVE || q == CONTROL_SEND;

	if (q > 1 && !many(con))
		guest_error(&v->dev, "queue %u without MULTIPORT", q);
	else if (q == CONTROL_SEND)
		control_kick(con);
	else if (control)
		say_all(con);
	else if (q % 2)
		transmit_kick(con, q);
	else
		receive_kick(con, port_of_queue(q));
}

/* -- The far ends -------------------------------------------------------------------- */

static u32 console_room(struct device *dev, const struct chardev *from)
{
	const struct console *con = (struct console *)dev;
	u32 port = find_port(con, from);

	return is_open(con, port) ? INPUT_BYTES - con->port[port].ninput : 0;
}

static void console_receive(struct device *dev, const struct chardev *from, const u8 *bytes, u32 n)
{
	struct console *con = (struct console *)dev;
	u32 port = find_port(con, from);
	struct port *p = &con->port[port];

	assert(n <= INPUT_BYTES - p->ninput); /* the engine asked for the room just now */
	memcpy(p->input + p->ninput, bytes, n);
	p->ninput += n;
	deliver_input(con, port);
}

static void console_driver_ok(struct virtio *v)
{
	struct console *con = (struct console *)v;

	for (u32 i = 0; i < con->nports; i++)
		chardev_ready(con->port[i].host);
}

static void console_resized(struct device *dev, const struct chardev *from, u32 columns, u32 rows)
{
	struct console *con = (struct console *)dev;
	u32 port = find_port(con, from);
	struct port *p = &con->port[port];

	p->columns = columns;
	p->rows = rows;
	if (port == 0)
		virtio_config_changed(&con->v);
	if (!many(con) || !virtio_has(&con->v, F_SIZE) || !p->console || !p->open)
		return;
	p->to_say |= BIT(RESIZE);
	say_all(con);
}

/* Section 5.3.4: le16 columns, le16 rows, le32 ports, le32 emergency write. */
static void console_config(struct virtio *v, u8 *config)
{
	const struct console *con = (const struct console *)v;
	const struct port *p = &con->port[0];

	put_le32(config, MIN(p->columns, 0xffff) | MIN(p->rows, 0xffff) << 16);
	put_le32(config + 4, con->nports);
}

static u64 console_features(const struct virtio *v)
{
	return BIT(F_SIZE) | (((const struct console *)v)->nports > 1 ? BIT(F_MULTIPORT) : 0);
}

static u32 console_queues(const struct virtio *v)
{
	u32 n = ((const struct console *)v)->nports;

	return n > 1 ? 2 * n + 2 : 2;
}

static void add_port(struct console *con, const char *name, struct chardev *host, bool console)
{
	struct port *p = &con->port[con->nports++];

	p->name = name;
	p->host = host;
	p->console = console;
	if (!chardev_size(host, &p->columns, &p->rows))
		p->columns = p->rows = 0;
}

static bool console_init(struct device *dev, struct err *e)
{
	struct console *con = (struct console *)dev;
	const struct row *rows = con->ports.rows;

	if (con->ports.n >= PORTS)
		return err_set(e, "ports: more than %u", PORTS - 1);
	add_port(con, NULL, con->host, true);
	for (u32 i = 0; i < con->ports.n; i++) {
		if (strlen(rows[i].name) > NAME_MOST)
			return err_set(e, "ports: `%s` is longer than %u characters", rows[i].name,
				       NAME_MOST);
		add_port(con, rows[i].name, rows[i].host, rows[i].console);
	}
	return true;
}

/* clang-format off */
#define SELF struct row

static const struct prop row_props[] = {
	PROP_CHARDEV(host, .doc = "what it is connected to"),
	PROP_BOOL(console, .doc = "it is a console of the guest, hvc1 and so on; else /dev/virtio-ports/NAME"),
	{ 0 }
};

#undef SELF
#define SELF struct console

#define PORT_STATE(i) \
	FIELD(port[i].open), FIELD_MAX(port[i].to_say, BIT(EVENTS) - 1), \
	FIELD_MAX(port[i].ninput, INPUT_BYTES), FIELD(port[i].input)

VIRTIO_DEVICE(virtio_console) = {
	VIRTIO_ROWS,
	.name         = "virtio-console",
	.doc          = "console hvc0, as large as the terminal it is shown in, and other ports",
	.linux_driver = "virtio_console",
	.linux_config = "VIRTIO_CONSOLE",
	.qemu         = "virtconsole",
	.size         = sizeof(SELF),
	.example      = "con0: {device: virtio-console, host: stdio}",
	.init         = console_init,
	.room         = console_room,
	.receive      = console_receive,
	.resized      = console_resized,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_CHARDEV(host, .doc = "the terminal or stream it is connected to"),
		PROP_TABLE(ports, struct row, .rows = row_props,
			   .doc = "others, by name, up to 6: ports: {org.example.agent: {host: {socket: agent.sock}}}")),

	.state = STATE(PORT_STATE(0), PORT_STATE(1), PORT_STATE(2), PORT_STATE(3), PORT_STATE(4),
		       PORT_STATE(5), PORT_STATE(6)),

	.virtio = &(const struct virtio_class){
		.id           = 3,
		.queues       = 2 + 2 * PORTS,
		.size_max     = 128,
		.burst        = 16,
		.most_bytes   = MIB,
		.pci_class    = 0x078000,
		.config_size  = 12,
		.queues_now   = console_queues,
		.features_now = console_features,
		.config_read  = console_config,
		.driver_ok    = console_driver_ok,
		.kick         = console_kick,
	},
};
