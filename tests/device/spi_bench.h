/* spi_bench.h - a spi-sifive with chips, driven as a driver does: a frame at a time. */
#ifndef SPI_BENCH_H
#define SPI_BENCH_H

#include "bench.h"

enum { SPI_CSID = 0x10, SPI_CSDEF = 0x14, SPI_CSMODE = 0x18, SPI_FMT = 0x40, SPI_TXDATA = 0x48 };
enum { SPI_RXDATA = 0x4c, SPI_TXMARK = 0x50, SPI_RXMARK = 0x54, SPI_IE = 0x70, SPI_IP = 0x74 };
enum { SPI_AUTO, SPI_HOLD = 2, SPI_OFF = 3 };

#define SPI_EMPTY 0x80000000u

static inline u8 spi_exchange(struct device *bus, u8 out)
{
	u32 in;

	wr(bus, SPI_TXDATA, out);
	in = rd(bus, SPI_RXDATA);
	assert_int_equal(in & SPI_EMPTY, 0);
	return (u8)in;
}

#endif
