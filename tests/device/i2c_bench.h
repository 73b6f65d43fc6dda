/* i2c_bench.h - an i2c-ocores with chips, spoken to as a driver does: byte by byte. */
#ifndef I2C_BENCH_H
#define I2C_BENCH_H

#include "bench.h"

enum { I2C_PRESCALE_LOW, I2C_PRESCALE_HIGH, I2C_CONTROL, I2C_DATA, I2C_COMMAND };

enum { I2C_START = 0x80, I2C_STOP = 0x40, I2C_READ = 0x20, I2C_WRITE = 0x10, I2C_NACK = 0x08 };
enum { I2C_NO_ACK = 0x80, I2C_BUSY = 0x40, I2C_PENDING = 0x01 };

static inline struct device *i2c_bench(void)
{
	struct device *bus = bench("i2c-ocores");

	wr8(bus, I2C_CONTROL, 0x80);
	return bus;
}

/* False: nobody acknowledged. */
static inline bool i2c_put(struct device *bus, u8 byte, u8 with)
{
	wr8(bus, I2C_DATA, byte);
	wr8(bus, I2C_COMMAND, (u32)(I2C_WRITE | with));
	return !(rd8(bus, I2C_COMMAND) & I2C_NO_ACK);
}

static inline bool i2c_begin(struct device *bus, u8 address, bool read)
{
	return i2c_put(bus, (u8)(address << 1 | read), I2C_START);
}

static inline u8 i2c_get(struct device *bus, bool last)
{
	wr8(bus, I2C_COMMAND, I2C_READ | (last ? I2C_NACK | I2C_STOP : 0));
	return rd8(bus, I2C_DATA);
}

static inline void i2c_end(struct device *bus)
{
	wr8(bus, I2C_COMMAND, I2C_STOP);
}

/* All of it or false; a STOP ends it in either case. */
static inline bool i2c_send(struct device *bus, u8 address, const u8 *bytes, u32 n)
{
	bool ack = i2c_begin(bus, address, false);

	for (u32 i = 0; ack && i < n; i++)
		ack = i2c_put(bus, bytes[i], 0);
	i2c_end(bus);
	return ack;
}

static inline bool i2c_receive(struct device *bus, u8 address, u8 *bytes, u32 n)
{
	if (!i2c_begin(bus, address, true)) {
		i2c_end(bus);
		return false;
	}
	for (u32 i = 0; i < n; i++)
		bytes[i] = i2c_get(bus, i + 1 == n);
	return true;
}

/* As SMBus has it: where, a repeated START, and what is there. */
static inline void i2c_read_at(struct device *bus, u8 address, u8 at, u8 *bytes, u32 n)
{
	assert_true(i2c_begin(bus, address, false));
	assert_true(i2c_put(bus, at, 0));
	assert_true(i2c_receive(bus, address, bytes, n));
}

#endif
