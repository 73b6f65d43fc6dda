/* hid_i2c.h - HID over I2C, for models that are a keyboard, a touch screen and the like.
 *
 * HID over I2C Protocol Specification 1.0.  A model says what its reports look like and
 * makes them; the engine speaks for it on the bus, keeps the report that waits, and holds
 * the interrupt line until it is read.
 */
#ifndef HID_I2C_H
#define HID_I2C_H

#include "device.h"
#include "i2c.h"

#define HID_REPORT  16  /* bytes of one, at most */
#define HID_WRITTEN 32  /* of what the host writes in one go; more is not looked at */
#define HID_ANSWER  256 /* of what it reads */

/* A class's .hid. */
struct hid_class {
	size_t hid;           /* offsetof(SELF, hid) */
	const u8 *descriptor; /* of its reports */
	u16 descriptor_bytes, input_bytes, output_bytes, product;
	/* The next report, if something has happened since the last; or as things are. */
	bool (*next)(struct device *dev, u8 *report);
	void (*now)(struct device *dev, u8 *report);
	void (*output)(struct device *dev, const u8 *report); /* lamps; or NULL */
};

/* A member of the model, called `hid`; HID_STATE are its rows of .state. */
struct hid {
	u32 hid_descr_addr; /* property */
	struct wire interrupts[1];

	u8 written[HID_WRITTEN], answer[HID_ANSWER], report[HID_REPORT];
	u32 nwritten, nanswer, at;
	bool waits;     /* there is a report */
	bool was_reset; /* and that is to be told first */
	bool asleep;
	bool known; /* the host has a driver: it has commanded */
};

/* clang-format off */
#define HID_STATE \
	FIELD(hid.written), FIELD_MAX(hid.nwritten, HID_WRITTEN), FIELD(hid.answer), \
	FIELD_MAX(hid.nanswer, HID_ANSWER), FIELD_MAX(hid.at, HID_ANSWER), FIELD(hid.report), \
	FIELD(hid.waits), FIELD(hid.was_reset), FIELD(hid.asleep), FIELD(hid.known)

/* The rows of .props that all of them have. */
#define HID_PROPS \
	{ .name = "hid_descr_addr", .kind = PROP_KIND_U32, .at = TYPED(u32 *, hid.hid_descr_addr), \
	  .def = 1, .min = 1, .max = 0xffff, .fdt = "hid-descr-addr", \
	  .doc = "the register where the host finds its descriptor" }, \
	{ .name = "interrupts", .kind = PROP_KIND_IRQS, .at = WIRE_ARRAY(hid.interrupts), .max = 1, \
	  .fdt = "interrupts", .required = true, .doc = "one: a report waits" }
/* clang-format on */

extern const struct i2c_class hid_on_i2c; /* the class's .i2c */
void hid_update(struct device *dev);      /* its .update */
/* Of its .sink, for those that have one. */
bool hid_listens(const struct device *dev);
void hid_arrived(struct device *dev);

#endif
