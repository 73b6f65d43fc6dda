/* i2c.c - the way from an I2C controller to its chips. */
#include "i2c.h"

#include "core.h"

bool i2c_start(struct device *bus, u32 address, bool read)
{
	struct device *chip = bus_enter(bus, address);
	bool ack = true;

	if (!chip)
		return false;
	if (chip->class->i2c->start)
		ack = chip->class->i2c->start(chip, read);
	bus_leave(bus, chip);
	return ack;
}

bool i2c_write(struct device *bus, u32 address, u8 byte)
{
	struct device *chip = bus_enter(bus, address);
	bool ack;

	if (!chip)
		return false;
	ack = chip->class->i2c->write(chip, byte);
	bus_leave(bus, chip);
	return ack;
}

u8 i2c_read(struct device *bus, u32 address)
{
	struct device *chip = bus_enter(bus, address);
	u8 byte;

	if (!chip)
		return 0xff;
	byte = chip->class->i2c->read(chip);
	bus_leave(bus, chip);
	return byte;
}

void i2c_stop(struct device *bus, u32 address)
{
	struct device *chip = bus_enter(bus, address);

	if (!chip)
		return;
	if (chip->class->i2c->stop)
		chip->class->i2c->stop(chip);
	bus_leave(bus, chip);
}
