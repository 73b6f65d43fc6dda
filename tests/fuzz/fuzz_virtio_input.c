/* fuzz_virtio_input.c - any bytes as what a driver and a user do to a virtio keyboard, tablet or
 * mouse.
 *
 * In some lives the driver is a good one that may be slow.  Whatever happens: configuration says
 * no more than it has room for, no chain stays behind in the device; once the user has let go, a
 * driver that was good, or begins anew, ends with no key down.
 */
#include "virtio_life.h"

#include "../device/virtio_input_bench.h"
#include "input.h"

extern const struct device_class device_virtio_keyboard, device_virtio_tablet, device_virtio_mouse;

#define QUEUES 2

static void use_hands(struct bench *b, struct input *in)
{
	u32 what = take(in, 1);

	switch (what % 8) {
	case 0:
		input_place(b->hands, take(in, 2), take(in, 2), 800, 600);
		break;
	case 1:
		input_move(b->hands, (i32)take(in, 4), (i32)take(in, 1) - 128);
		break;
	case 2:
		input_wheel(b->hands, (i32)take(in, 1) - 128, (i32)take(in, 4));
		break;
	case 3:
		if (what & 0x80)
			input_release(b->hands);
		break;
	case 4: /* more than a device keeps */
		for (u32 n = take(in, 1) % 100; n; n--)
			input_key(b->hands, what / 2 + n, what & 0x80);
		break;
	default:
		input_key(b->hands, what & 0x80 ? BTN_LEFT + (what >> 3 & 7) : take(in, 1),
			  what & 0x40);
	}
}

static void give_one(struct driver *d, u32 size)
{
	u64 at = DATA_AT + 16 * (u64)d->q[EVENTS].next_desc;

	add_chain(d, EVENTS, &(struct buffer){ at, size, true }, 1);
}

/* So many that the queue holds them, if it did nothing wrong before. */
static void give(struct driver *d, struct input *in, bool good)
{
	u32 size = take(in, 1) < 0xe0 ? 8 : 1 + take(in, 1), n = take(in, 1) % 16;
	u16 out = (u16)(d->q[EVENTS].avail_index - d->q[EVENTS].seen);

	if (good)
		n = MIN(n, (u32)QUEUE_SIZE - 1 - out);
	while (n--)
		give_one(d, size);
	driver_kick(d, EVENTS);
}

static void set_lamp(struct driver *d, struct input *in)
{
	u8 *at = ram(d, DATA_AT + 0x400);

	put_le16(at, (u16)(take(in, 1) % 0x12));
	put_le16(at + 2, (u16)(take(in, 1) % 8));
	put_le32(at + 4, take(in, 1) & 1);
	add_chain(d, STATUS, &(struct buffer){ DATA_AT + 0x400, 1 + take(in, 1) % 12, false }, 1);
	driver_kick(d, STATUS);
}

/* Byte by byte, as a driver reads what it has selected. */
static void select_config(struct driver *d, struct input *in)
{
	u32 select = take(in, 1) % 0x20, subsel = take(in, 1);

	if (look_at(d, select, subsel) > 128)
		abort();
	config_byte(d, take(in, 1) % 128);
	driver_set_config(d, take(in, 1) % 0x90, 1, take(in, 1));
}

static void step(struct driver *d, struct input *in)
{
	u32 op = take(in, 1) % 16;

	if (life_step(d, QUEUES, in, op))
		return;
	if (op == 5)
		select_config(d, in);
	else if (op == 6)
		set_lamp(d, in);
	else if (op < 9)
		give(d, in, false);
	else
		use_hands(d->b, in);
}

/* -- What a good driver hears ------------------------------------------------------------- */

struct ear {
	bool down[INPUT_CODES];
	u32 events;
};

static void hear(struct driver *d, struct ear *ear)
{
	u32 head, written;

	while (take_used(d, EVENTS, &head, &written)) {
		const u8 *at = ram(d, get_le64(ram(d, d->q[EVENTS].desc + 16 * (u64)head)));

		if (written == 8 && get_le16(at) == EV_KEY)
			ear->down[get_le16(at + 2)] = get_le32(at + 4);
		ear->events += written == 8;
	}
}

static void step_well(struct driver *d, struct input *in, struct ear *ear)
{
	switch (take(in, 1) % 16) {
	case 0:
		hear(d, ear);
		give(d, in, true);
		hear(d, ear);
		break;
	case 1:
		bench_advance(d->b, 1000);
		break;
	case 2:
		set_lamp(d, in);
		break;
	case 3:
		select_config(d, in);
		break;
	default:
		use_hands(d->b, in);
	}
}

/* One buffer after the other, until there is nothing to hear. */
static void check_no_key_is_down(struct driver *d, struct ear *ear)
{
	u32 before;

	input_release(d->b->hands);
	do {
		before = ear->events;
		hear(d, ear);
		give_one(d, 8);
		driver_kick(d, EVENTS);
		bench_advance(d->b, 1000000);
		hear(d, ear);
	} while (ear->events != before);
	for (u32 i = 0; i < INPUT_CODES; i++)
		if (ear->down[i])
			abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static const struct device_class *const classes[] = { &device_virtio_keyboard,
							      &device_virtio_tablet,
							      &device_virtio_mouse };
	struct input in = { data, size };
	struct ear ear = { .events = 0 };
	struct bench *b = bench_new();
	u32 how = take(&in, 1);
	struct driver d;

	driver_init(&d, b, classes[how / 4 % ARRAY_LEN(classes)], "", how & 1);
	life_start(&d, QUEUES, how & 2 ? UINT32_MAX : take(&in, 4));
	for (u32 steps = 0; in.left && steps < 300; steps++) {
		if (how & 2)
			step_well(&d, &in, &ear);
		else
			step(&d, &in);
		life_look(&d);
	}
	if (!(how & 2)) {
		input_release(b->hands);
		life_reset(&d);
		life_start(&d, QUEUES, UINT32_MAX);
	}
	check_no_key_is_down(&d, &ear);
	bench_end(b);
	return 0;
}
