/* fuzz_virtio_gpu.c - any bytes as what a driver, a window and time do to a virtio-gpu.
 *
 * Most operations are commands with small numbers, so that resources come to be, are shown,
 * and go while they are; others write anything into rings and registers.  A viewer looks at
 * all of it.  Whatever happens: no chain stays behind in the device, and the viewer's copy
 * has the size of what is shown.
 */
#include "virtio_life.h"

#include "display.h"

extern const struct device_class device_virtio_gpu;

#define QUEUES   2
#define SCANOUTS 3

struct eye {
	struct viewer v;
	struct surface s[SCANOUTS];
	struct cursor c;
};

static void nothing(void *ctx)
{
	(void)ctx;
}

static void open_eye(struct driver *d, struct eye *eye)
{
	const struct prop *p;

	eye->v.changed = nothing;
	for_each(p, device_virtio_gpu.props)
		if (p->kind == PROP_KIND_DISPLAY)
			display_watch(*(struct display **)device_member(d->dev, p->at), &eye->v);
}

static void look(struct eye *eye)
{
	struct display_frame f;

	for (u32 i = 0; i < SCANOUTS; i++) {
		const struct surface *s = &eye->s[i];

		display_look(&eye->v, i, &eye->s[i], &f);
		display_cursor(&eye->v, i, &eye->c);
		if ((size_t)s->width * s->height > s->cap || f.ndamage > DISPLAY_RECTS)
			abort();
	}
}

/* Numbers are small more often than not. */
static u32 number(struct input *in)
{
	u32 how = take(in, 1);

	return how < 0xc0 ? how % 3 : how < 0xfc ? how % 72 : take(in, 4);
}

/* A command with 12 words and perhaps backings, and room for the response. */
static void command(struct driver *d, struct input *in)
{
	static const u32 types[] = { 0x100, 0x101, 0x101, 0x102, 0x103, 0x103, 0x104, 0x104,
				     0x105, 0x105, 0x106, 0x106, 0x107, 0x10a, 0x300, 0x301 };
	u32 type = types[take(in, 1) % ARRAY_LEN(types)], q = type >= 0x300, words = 8;
	struct buffer chain[] = { { DATA_AT, 24, false }, { DATA_AT + 0x1000, 0x440, true } };

	memset(ram(d, DATA_AT), 0, 24 + 4 * 32);
	put_le32(ram(d, DATA_AT), type);
	if (type == 0x106)
		words = 2 + 4 * (take(in, 1) % 7);
	for (u32 i = 0; i < words; i++)
		put_le32(ram(d, DATA_AT + 24 + 4 * (u64)i), number(in));
	if (type == 0x101) /* mostly a format that there is */
		put_le32(ram(d, DATA_AT + 28), 1 + take(in, 1) % 5);
	if (type == 0x106) {
		put_le32(ram(d, DATA_AT + 28), (words - 2) / 4);
		for (u32 i = 2; i < words; i += 4) {
			u8 *entry = ram(d, DATA_AT + 24 + 4 * (u64)i);

			if (!get_le32(entry + 4))
				put_le32(entry, DATA_AT + 64 * get_le32(entry));
			put_le32(entry + 8, get_le32(entry + 8) * 64);
		}
	}
	chain[0].len += 4 * words;
	add_chain(d, q, chain, 2);
	driver_kick(d, q);
}

static void step(struct driver *d, struct eye *eye, struct input *in)
{
	u32 op = take(in, 1) % 16;

	if (life_step(d, QUEUES, in, op))
		return;
	if (op == 5)
		display_monitor(eye->v.display, take(in, 1) % SCANOUTS, number(in), number(in));
	else if (op == 6)
		look(eye);
	else if (op == 7 && take(in, 1) < 32)
		life_bytes(d, in);
	else
		command(d, in);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct eye *eye = xzalloc(sizeof(*eye));
	struct bench *b = bench_new();
	u32 how = take(&in, 1);
	struct driver d;

	driver_init(&d, b, &device_virtio_gpu, "scanouts=3 memory=16M", how & 1);
	open_eye(&d, eye);
	life_start(&d, QUEUES, how & 2 ? take(&in, 4) : UINT32_MAX);
	for (u32 steps = 0; in.left && steps < 300; steps++) {
		step(&d, eye, &in);
		life_look(&d);
	}
	look(eye);
	display_unwatch(&eye->v);
	for (u32 i = 0; i < SCANOUTS; i++)
		surface_free(&eye->s[i]);
	free(eye);
	bench_end(b);
	return 0;
}
