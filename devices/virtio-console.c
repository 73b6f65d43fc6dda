/* virtio-console.c - a console that is there before any driver module: hvc0
 *
 * Spec: virtio 1.2 section 5.3.  Queue 0 takes what is typed to the driver, queue 1
 * what it prints.  Typed bytes wait in a small buffer for the driver's; when that is
 * full the far end is asked to wait.  The far end's size reaches the guest as a
 * change of configuration.
 *
 * Not modeled: several ports, emergency write.
 */
#include "chardev.h"
#include "virtio.h"

#define RECEIVE  0
#define TRANSMIT 1

#define F_SIZE 0

#define INPUT_BYTES 1024
#define AT_ONCE     4096

struct console {
	struct virtio v;

	/* properties */
	struct chardev *host;

	u32 columns, rows; /* of the far end; 0: unknown */

	u32 ninput; /* typed and not yet taken by the driver */
	u8 input[INPUT_BYTES];
};

static u32 put_input(struct console *con, const struct vchain *c)
{
	u32 n = (u32)vchain_write(&con->v, c, 0, con->input, con->ninput);

	con->ninput -= n;
	memmove(con->input, con->input + n, con->ninput);
	return n;
}

static void deliver_input(struct console *con)
{
	struct vchain c;

	while (con->ninput && virtq_pop(&con->v, RECEIVE, &c))
		virtq_push(&con->v, &c, put_input(con, &c));
	virtq_notify(&con->v, RECEIVE);
}

static void receive_kick(struct console *con)
{
	u32 before = con->ninput;

	deliver_input(con);
	if (con->ninput < before)
		chardev_ready(con->host);
}

static void print(struct console *con, const struct vchain *c)
{
	u8 bytes[AT_ONCE];
	u64 n;

	for (u64 off = 0; (n = vchain_read(&con->v, c, off, bytes, sizeof(bytes))); off += n)
		chardev_write(con->host, bytes, n);
}

static void transmit_kick(struct console *con)
{
	struct vchain c;

	while (virtq_pop(&con->v, TRANSMIT, &c)) {
		print(con, &c);
		virtq_push(&con->v, &c, 0);
	}
	virtq_notify(&con->v, TRANSMIT);
}

static void console_kick(struct virtio *v, u32 q)
{
	struct console *con = (struct console *)v;

	if (q == RECEIVE)
		receive_kick(con);
	else
		transmit_kick(con);
}

/* -- The far end -------------------------------------------------------------------- */

static u32 console_room(struct device *dev)
{
	struct console *con = (struct console *)dev;

	return virtio_running(&con->v) ? INPUT_BYTES - con->ninput : 0;
}

static void console_receive(struct device *dev, const u8 *bytes, u32 n)
{
	struct console *con = (struct console *)dev;

	assert(n <= INPUT_BYTES - con->ninput); /* the engine asked for the room just now */
	memcpy(con->input + con->ninput, bytes, n);
	con->ninput += n;
	deliver_input(con);
}

static void console_driver_ok(struct virtio *v)
{
	chardev_ready(((struct console *)v)->host);
}

static void console_resized(struct device *dev, u32 columns, u32 rows)
{
	struct console *con = (struct console *)dev;

	con->columns = columns;
	con->rows = rows;
	virtio_config_changed(&con->v);
}

/* Section 5.3.4: le16 columns, le16 rows, le32 ports, le32 emergency write. */
static void console_config(struct virtio *v, u8 *config)
{
	const struct console *con = (const struct console *)v;

	put_le32(config, MIN(con->columns, 0xffff) | MIN(con->rows, 0xffff) << 16);
	put_le32(config + 4, 1);
}

static bool console_init(struct device *dev, struct err *e)
{
	struct console *con = (struct console *)dev;

	(void)e;
	if (!chardev_size(con->host, &con->columns, &con->rows))
		con->columns = con->rows = 0;
	return true;
}

/* clang-format off */
#define SELF struct console

VIRTIO_DEVICE(virtio_console) = {
	VIRTIO_ROWS,
	.name         = "virtio-console",
	.doc          = "console hvc0, as large as the terminal it is shown in",
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
		PROP_CHARDEV(host, .doc = "the terminal or stream it is connected to")),

	.state = STATE(FIELD_MAX(ninput, INPUT_BYTES), FIELD(input)),

	.virtio = &(const struct virtio_class){
		.id          = 3,
		.queues      = 2,
		.size_max    = 128,
		.burst       = 16,
		.most_bytes  = MIB,
		.features    = (u64)1 << F_SIZE,
		.pci_class   = 0x078000,
		.config_size = 12,
		.config_read = console_config,
		.driver_ok   = console_driver_ok,
		.kick        = console_kick,
	},
};
