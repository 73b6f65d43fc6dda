/* chardev.h - a stream of bytes to and from the host: a UART's other end.
 *
 * host/ implements it, a device uses it, the engine stands between: bytes for the
 * device come through its class's .room and .receive.  A device whose `host:` is
 * absent gets a chardev that swallows all and says nothing, never NULL.
 */
#ifndef CHARDEV_H
#define CHARDEV_H

#include "device.h"

struct chardev;

/* Never blocks for long and never fails: what cannot go out is dropped and counted. */
void chardev_write(struct chardev *c, const u8 *bytes, size_t n);

/* The device took bytes or was enabled: .room has grown, more may come. */
void chardev_ready(struct chardev *c);

/* The far end's size; false if it is no terminal. */
bool chardev_size(const struct chardev *c, u32 *columns, u32 *rows);

/* -- For host/, which implements one --------------------------------------- */

struct chardev_ops {
	void (*write)(struct chardev *c, const u8 *bytes, size_t n);
	void (*ready)(struct chardev *c);
	bool (*size)(const struct chardev *c, u32 *columns, u32 *rows);
	void (*free)(struct chardev *c);
};

struct chardev {
	const struct chardev_ops *ops;
	/* Set by the engine, NULL before; call from any thread, not under ops.  room() says how
	 * many bytes receive() may be given now. */
	u32 (*room)(void *ctx);
	void (*receive)(void *ctx, const u8 *bytes, u32 n);
	void (*resized)(void *ctx, u32 columns, u32 rows);
	void *ctx;
	/* Set by machine/: sees what the device writes.  NULL: nobody does. */
	void (*seen)(void *ctx, const u8 *bytes, size_t n);
	void *seen_ctx;
};

#endif
