/* ps2.h - PS/2: keyboards and mice, and the port that one of them is plugged into.
 *
 * A device answers and tells by putting bytes in its queue; the port takes them from there,
 * so no byte is in two places.  What the host sends comes to the class's write().
 */
#ifndef PS2_H
#define PS2_H

#include "device.h"

#define PS2_QUEUE 32

/* A member of the model, called `queue`; PS2_STATE are its rows of .state. */
struct ps2_queue {
	u8 bytes[PS2_QUEUE];
	u32 first, n;
};

/* clang-format off */
#define PS2_STATE \
	FIELD(queue.bytes), FIELD_MAX(queue.first, PS2_QUEUE - 1), FIELD_MAX(queue.n, PS2_QUEUE)
/* clang-format on */

/* A class's .ps2; it stands on a bus of a class with `.bus = BUS_PS2`, which has one place. */
struct ps2_class {
	size_t queue; /* offsetof(SELF, queue) */
	void (*write)(struct device *dev, u8 byte);
};

enum { PS2_ACK = 0xfa, PS2_RESEND = 0xfe, PS2_PASSED = 0xaa };

u32 ps2_room(const struct ps2_queue *q);
/* What does not fit is lost: look at the room before. */
void ps2_put(struct ps2_queue *q, const u8 *bytes, u32 n);
void ps2_put_byte(struct ps2_queue *q, u8 byte);
void ps2_clear(struct ps2_queue *q);

/* -- For the port ------------------------------------------------------------------
 *
 * Its input 0 is high while bytes wait.  The lock of `port` is let go meanwhile.
 */
u32 ps2_take(struct device *port, u8 *byte); /* how many there were, with this one */
void ps2_send(struct device *port, u8 byte);

#endif
