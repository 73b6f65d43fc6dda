/* fuzz_virtio_snd.c - any bytes as what a driver and time do to a virtio sound card.
 *
 * Commands come in and out of order, pieces of sound of any length and shape.  Whatever happens:
 * at most the one piece that is being heard is in the device, in one step no more is heard than the
 * queue holds, and when all has been heard nothing is left.
 */
#include "virtio_life.h"

#include "audio.h"

extern const struct device_class device_virtio_snd;

#define QUEUES     4
#define MOST_BYTES (256 * (u32)KIB)

enum { CONTROL, EVENTS, TRANSMIT };

static u32 heard; /* since the last step */

static void hear(struct audio *a, const u8 *bytes, u32 n)
{
	(void)a, (void)bytes;
	heard += n;
}

static const struct audio_ops ear_ops = { .play = hear };

static void look(const struct driver *d)
{
	if (d->v->status & VIRTIO_NEEDS_RESET)
		return;
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (d->v->q[q].in_flight > (q == TRANSMIT))
			abort();
}

/* Mostly the one format that there is, for the one stream that there is. */
static void command(struct driver *d, struct input *in)
{
	static const u16 codes[] = { 1,     0x100, 0x101, 0x101, 0x102, 0x102,
				     0x103, 0x104, 0x104, 0x105, 0x200 };
	struct buffer chain[] = { { DATA_AT, 24, false }, { DATA_AT + 0x100, 64, true } };
	u32 what = take(in, 1);
	u8 *c = ram(d, DATA_AT);

	memset(c, 0, 24);
	put_le32(c, codes[what % ARRAY_LEN(codes)]);
	put_le32(c + 8, 38400);
	put_le32(c + 12, 9600);
	memcpy(c + 20, "\2\5\7", 3);
	if (get_le32(c) == 0x100) {
		put_le32(c + 8, 1);
		put_le32(c + 12, 32);
	}
	if (what >= 0xe0)
		c[take(in, 1) % 24] = (u8)take(in, 1);
	if (what >= 0xf0) {
		chain[0].len = 1 + take(in, 1) % 32;
		chain[1].len = 1 + take(in, 1) % 64;
	}
	add_chain(d, CONTROL, chain, 2);
	driver_kick(d, CONTROL);
}

static void piece(struct driver *d, struct input *in)
{
	u32 what = take(in, 1), n = 1 + take(in, 2) % (what & 0x80 ? 0x8000 : 0x400);
	struct buffer chain[] = { { DATA_AT + 0x200, 4, false },
				  { DATA_AT + 0x800, n, false },
				  { DATA_AT + 0x300, what & 0x40 ? 1 + take(in, 1) % 16 : 8,
				    true } };

	put_le32(ram(d, DATA_AT + 0x200), what < 0x10 ? what : 0);
	add_chain(d, TRANSMIT, chain, 3);
	if (what & 1)
		driver_kick(d, TRANSMIT);
}

static void step(struct driver *d, struct input *in)
{
	u32 op = take(in, 1) % 16;

	if (life_step(d, QUEUES, in, op))
		return;
	if (op < 7)
		bench_advance(d->b, take(in, 3) * (u64)100);
	else if (op < 11)
		piece(d, in);
	else
		command(d, in);
}

/* The longest piece is a second and a half; there are no more than fit in the queue. */
static void check_nothing_is_left(struct driver *d)
{
	for (u32 i = 0; i < QUEUE_SIZE + 2; i++)
		bench_advance(d->b, 2000000000);
	if (!(d->v->status & VIRTIO_NEEDS_RESET) && d->v->q[TRANSMIT].in_flight)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct audio ear = { .ops = &ear_ops };
	struct input in = { data, size };
	struct bench *b = bench_new();
	u32 how = take(&in, 1);
	struct driver d;

	b->audio = &ear;
	driver_init(&d, b, &device_virtio_snd, "", how & 1);
	life_start(&d, QUEUES, how & 2 ? take(&in, 4) : UINT32_MAX);
	for (u32 steps = 0; in.left && steps < 300; steps++) {
		heard = 0;
		step(&d, &in);
		look(&d);
		if (heard > QUEUE_SIZE * MOST_BYTES)
			abort();
	}
	check_nothing_is_left(&d);
	bench_end(b);
	return 0;
}
