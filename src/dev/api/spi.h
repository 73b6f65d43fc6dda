/* spi.h - SPI: chips behind chip selects, and the controller that drives them.
 *
 * There is no specification; the shape is what controllers and chips share.  A transfer is
 * eight clocks: a byte goes out while another comes in.  Clock phase, polarity and speed are
 * not modeled: chips and drivers agree on them by other means.
 */
#ifndef SPI_H
#define SPI_H

#include "device.h"

/* What a chip does: its class's .spi; it stands on a bus of a class with `.bus = BUS_SPI`.
 * Both are hooks: the chip's lock is held, and update follows. */
struct spi_class {
	/* It is selected, or not any more: what was begun ends.  Optional. */
	void (*select)(struct device *dev, bool selected);
	/* Only while it is selected. */
	u8 (*transfer)(struct device *dev, u8 out);
};

/* For controllers, which say what the levels of their chip selects amount to.  The lock of
 * `bus` is let go meanwhile: other harts may have reached it when these return.  Where there
 * is no chip, all bits read 1. */
void spi_select(struct device *bus, u32 chip, bool selected);
u8 spi_transfer(struct device *bus, u32 chip, u8 out);

#endif
