/* spi.c - the way from an SPI controller to its chips. */
#include "spi.h"

#include "core.h"

void spi_select(struct device *bus, u32 chip, bool selected)
{
	struct device *dev = bus_enter(bus, chip);

	if (!dev)
		return;
	if (dev->class->spi->select)
		dev->class->spi->select(dev, selected);
	bus_leave(bus, dev);
}

u8 spi_transfer(struct device *bus, u32 chip, u8 out)
{
	struct device *dev = bus_enter(bus, chip);
	u8 in;

	if (!dev)
		return 0xff;
	in = dev->class->spi->transfer(dev, out);
	bus_leave(bus, dev);
	return in;
}
