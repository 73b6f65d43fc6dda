/* i2c.h - I2C: chips, and the controllers that speak to them.
 *
 * NXP UM10204 chapter 3.  A chip stands at its 7-bit address on the controller that it is
 * nested in.  The controller says what happens on the two lines, byte by byte; the engine
 * brings it to the chip that is meant.
 */
#ifndef I2C_H
#define I2C_H

#include "device.h"

struct i2c_class {
	/* START, or a repeated one, with the chip's address.  False: it is busy (NACK).
	 * NULL: it always answers. */
	bool (*start)(struct device *dev, bool read);
	bool (*write)(struct device *dev, u8 byte); /* false: NACK */
	u8 (*read)(struct device *dev);
	void (*stop)(struct device *dev); /* or NULL */
};

/* For controllers, whose class has `.bus = BUS_I2C`.  The lock of `bus` is let go meanwhile:
 * other harts may have reached it when these return.  Where no chip is, nobody pulls the
 * line low: NACK, and a byte of ones. */
bool i2c_start(struct device *bus, u32 address, bool read);
bool i2c_write(struct device *bus, u32 address, u8 byte);
u8 i2c_read(struct device *bus, u32 address);
void i2c_stop(struct device *bus, u32 address);

#endif
