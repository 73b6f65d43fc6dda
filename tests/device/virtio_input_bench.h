/* virtio_input_bench.h - what Linux's driver does with a virtio input device. */
#ifndef VIRTIO_INPUT_BENCH_H
#define VIRTIO_INPUT_BENCH_H

#include "virtio_bench.h"

#define EVENTS 0
#define STATUS 1

enum {
	ID_NAME = 1,
	ID_SERIAL = 2,
	ID_DEVIDS = 3,
	PROP_BITS = 0x10,
	EV_BITS = 0x11,
	ABS_INFO = 0x12
};
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 0x11, EV_REP = 0x14 };

/* Returns the size. */
static inline u32 look_at(struct driver *d, u32 select, u32 subsel)
{
	driver_set_config(d, 0, 1, select);
	driver_set_config(d, 1, 1, subsel);
	return (u32)driver_config(d, 2, 1);
}

static inline u32 config_byte(struct driver *d, u32 i)
{
	return (u32)driver_config(d, 8 + i, 1);
}

static inline bool config_bit(struct driver *d, u32 i)
{
	return config_byte(d, i / 8) >> i % 8 & 1;
}

static inline void assert_text(struct driver *d, u32 select, const char *text)
{
	assert_int_equal(look_at(d, select, 0), strlen(text));
	for (u32 i = 0; text[i]; i++)
		assert_int_equal(config_byte(d, i), text[i]);
}

/* Exactly these bits; the list ends with -1. */
static inline void assert_bits(struct driver *d, u32 type, const i32 *bits)
{
	u32 size = look_at(d, EV_BITS, type), n = 0, seen = 0;

	for (; bits[n] >= 0; n++)
		assert_true((u32)bits[n] < 8 * size && config_bit(d, (u32)bits[n]));
	for (u32 i = 0; i < 8 * size; i++)
		seen += config_bit(d, i);
	assert_int_equal(seen, n);
}

static inline void give_buffers(struct driver *d, u32 n)
{
	while (n--) {
		u64 at = DATA_AT + 8 * (u64)(d->q[EVENTS].next_desc % 64);

		add_chain(d, EVENTS, &(struct buffer){ at, 8, true }, 1);
	}
	driver_kick(d, EVENTS);
}

/* Running, with as many buffers as Linux gives. */
static inline void start_input(struct driver *d)
{
	driver_start(d, 0, 2, 64);
	give_buffers(d, 64);
}

static inline bool next_event(struct driver *d, u8 *bytes)
{
	u32 head, written;

	if (!take_used(d, EVENTS, &head, &written))
		return false;
	assert_int_equal(written, 8);
	memcpy(bytes, ram(d, get_le64(ram(d, d->q[EVENTS].desc + 16 * (u64)head))), 8);
	return true;
}

static inline void assert_event(struct driver *d, u32 type, u32 code, i32 value)
{
	u8 bytes[8];

	assert_true(next_event(d, bytes));
	assert_int_equal(get_le16(bytes), type);
	assert_int_equal(get_le16(bytes + 2), code);
	assert_int_equal((i32)get_le32(bytes + 4), value);
}

static inline void assert_no_event(struct driver *d)
{
	u8 bytes[8];

	assert_false(next_event(d, bytes));
}

#endif
