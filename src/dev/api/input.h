/* input.h - keyboards and pointers: from viewers and scripts to the devices that guests read.
 *
 * A key or button is Linux's code (input-event-codes.h); keys.def says what others call it.
 * What happens goes to the first device, in the board's order, that has the key or can move
 * that way and whose guest listens.  It waits in the device's port, where motion that follows
 * motion is added up, and is told when the device asks for it.  The port is bounded.  What does not
 * fit is not told, but where keys and pointer have got to is, once the rest is: no key stays
 * down for a guest that was slow.
 */
#ifndef INPUT_H
#define INPUT_H

#include "device.h"

enum input_code {
#define KEY(name, code, ...) KEY_##name = (code),
#include "keys.def"
#undef KEY
	BTN_LEFT = 0x110,
	BTN_RIGHT,
	BTN_MIDDLE,
	BTN_SIDE,
	BTN_EXTRA,
	INPUT_CODES = 0x120,
};

struct input_key {
	u16 code;
	char plain, shifted;
	u8 hid;
	u16 set2, xt;
	u32 keysym;
	const char *name; /* without KEY_ */
};

extern const struct input_key input_keys[]; /* keys.def; ends with one that has no name */

/* -- For devices ------------------------------------------------------------------------ */

/* A pointer's place: 0 .. INPUT_MAX from one edge of the picture to the other. */
#define INPUT_MAX 0x7fff

enum input_kind {
	INPUT_KEY,   /* `code` went down (x = 1) or up (x = 0) */
	INPUT_PLACE, /* the pointer is at x, y */
	INPUT_MOVE,  /* it moved by x to the right, y down */
	INPUT_WHEEL, /* it turned by x to the right, y away from the user */
};

struct input_event {
	u32 kind, code;
	i32 x, y;
};

#define INPUT_BACKLOG 64

/* Lamps that a keyboard's guest has lit; the bits are Linux's LED_ codes. */
enum { INPUT_NUM_LOCK = 1, INPUT_CAPS_LOCK = 2, INPUT_SCROLL_LOCK = 4 };

/* A member of the model, called `port`; INPUT_STATE are its rows of .state.  A key that is
 * down when a reset comes is told anew to who listens after it. */
struct input_port {
	struct input_event backlog[INPUT_BACKLOG];
	u32 first, n;
	struct input_event place; /* where the pointer is, if that had no room: */
	bool place_waits;
	u8 told[INPUT_CODES / 8]; /* the keys that the guest knows to be down */
	u32 leds;                 /* lamps: INPUT_CAPS_LOCK and so on */
	/* The keys that are down: no state, for it is the viewers' doing. */
	u8 down[INPUT_CODES / 8];
};

/* clang-format off */
#define INPUT_STATE \
	FIELD(port.backlog), FIELD_MAX(port.first, INPUT_BACKLOG - 1), \
	FIELD_MAX(port.n, INPUT_BACKLOG), FIELD(port.told), FIELD(port.leds), \
	FIELD(port.place), FIELD(port.place_waits)
/* clang-format on */

enum { INPUT_ABSOLUTE = 1, INPUT_RELATIVE = 2, INPUT_WHEELS = 4 };

/* A class has one as .sink; its device's lock is held around all of it. */
struct input_sink {
	size_t port; /* offsetof(SELF, port) */
	u32 pointer; /* how it moves; 0: it is none */
	bool (*has)(const struct device *dev, u32 code);
	bool (*listens)(const struct device *dev); /* its guest has a driver for it */
	/* input_next() has something, or soon will: take it, as far as there is room. */
	void (*arrived)(struct device *dev);
};

/* What is to be told next.  The caller tells it. */
bool input_next(struct input_port *port, struct input_event *e);

/* -- For viewers and scripts: any thread, no device's lock is held ------------------------- */

struct input; /* the devices of a machine */

/* One viewer.  It holds its own keys: what two of them hold is up when both have let go. */
struct input_source;

struct input_source *input_source_new(struct input *in);
void input_source_free(struct input_source *s); /* lets go of all; accepts NULL */

/* False: no guest listens for it.  What is down already does not go down again. */
bool input_key(struct input_source *s, u32 code, bool down);
/* The middle of a pixel of a picture of that size, which is all that the guest shows.  Where
 * only mice listen, they are moved by how far it is from the last place. */
bool input_place(struct input_source *s, u32 x, u32 y, u32 width, u32 height);
bool input_move(struct input_source *s, i32 x, i32 y);
bool input_wheel(struct input_source *s, i32 x, i32 y);
void input_release(struct input_source *s); /* all keys, as when the window loses them */

bool input_exists(struct input *in);          /* the machine has a device for it */
bool input_hears(struct input *in, u32 code); /* some guest listens for it */
/* Guests have been told all that they listen for: who types much waits for that. */
bool input_told(struct input *in);
/* What pointers listen: INPUT_ABSOLUTE, INPUT_RELATIVE. */
u32 input_pointers(struct input *in);
u32 input_leds(struct input *in); /* of the first keyboard that listens */

#endif
