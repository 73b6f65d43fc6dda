/* fuzz_aia.c - any bytes as what software and lines do to the two domains of an APLIC and an IMSIC.
 *
 * The S-level domain sends messages or drives lines, as the first byte says; its root drives lines.
 * Whatever happens: messages go to files and identities that there are; an enabled domain keeps
 * none that it could send; a line to a hart is what the hart's registers say; a source that is
 * not active is nothing.
 */
#include "../device/bench.h"
#include "life.h"

#define SOURCES 40u

enum {
	DOMAINCFG = 0,
	SETIP = 0x1c00,
	IN_CLRIP = 0x1d00,
	SETIE = 0x1e00,
	CLRIE = 0x1f00,
	NUMBER = 0xdc, /* of a source, behind each of those four */
	GENMSI = 0x3000,
	TARGET = 0x3000,
	IDC = 0x4000,
	DELEGATED = 1 << 10,
	IE = 1 << 8,
};
enum { SEIP = 9, MEIP = 11 };

struct rig {
	struct bench *b;
	struct device *imsic, *s, *m;
};

static void must(bool is)
{
	if (!is)
		abort();
}

static bool test(struct device *dev, u32 base, u32 source)
{
	return rd(dev, base + source / 32 * 4) >> source % 32 & 1;
}

static void look_at_sources(struct device *dev)
{
	for (u32 i = 1; i <= SOURCES; i++) {
		u32 mode = rd(dev, 4 * i);

		if (!mode || mode & DELEGATED)
			must(!test(dev, SETIP, i) && !test(dev, SETIE, i) &&
			     !rd(dev, TARGET + 4 * i));
	}
	must(!(rd(dev, SETIP) & 1) && !(rd(dev, SETIE) & 1));
	for (u32 w = SOURCES / 32 + 1; w < 32; w++)
		must(!rd(dev, SETIP + 4 * w) && !rd(dev, SETIE + 4 * w));
}

static void look_at_lines(struct bench *b, struct device *dev, u32 irq)
{
	for (u32 h = 0; h < BENCH_HARTS; h++) {
		u64 idc = IDC + 32 * (u64)h;
		bool on = rd(dev, DOMAINCFG) & IE && rd(dev, idc);

		must(b->line[h][irq] == (on && (rd(dev, idc + 4) || rd(dev, idc + 0x18))));
	}
}

static void look(struct rig *r)
{
	look_at_sources(r->s);
	look_at_sources(r->m);
	look_at_lines(r->b, r->m, MEIP);
	if (!r->imsic)
		look_at_lines(r->b, r->s, SEIP);
	else if (rd(r->s, DOMAINCFG) & IE)
		for (u32 w = 0; w <= SOURCES / 32; w++)
			must(!(rd(r->s, SETIP + 4 * w) & rd(r->s, SETIE + 4 * w)));
	for (u32 i = 0; i < r->b->nmsi; i++)
		must(r->b->msi[i].id && r->b->msi[i].id <= 63 && r->b->msi[i].hart < BENCH_HARTS);
	r->b->nmsi = 0;
}

static u32 some_source(struct input *in)
{
	u32 what = take(in, 1);

	return what < 0xf8 ? what % (SOURCES + 2) : what * 8;
}

/* A hart, mostly one that there is, and a number, which is a priority or an identity. */
static u32 some_target(struct input *in)
{
	u32 what = take(in, 1);

	return (what & 0x80 ? take(in, 2) : what % BENCH_HARTS) << 18 | (take(in, 1) & 0x7f);
}

static void write_one(struct device *dev, struct input *in)
{
	static const u32 bases[] = { SETIP, IN_CLRIP, SETIE, CLRIE };
	u32 what = take(in, 1);

	switch (what % 8) {
	case 0:
		wr(dev, DOMAINCFG, what & 0x80 ? take(in, 4) : IE);
		break;
	case 1:
	case 2:
		wr(dev, 4 * some_source(in), what & 0x80 ? take(in, 4) : what >> 4);
		break;
	case 3:
		wr(dev, TARGET + 4 * some_source(in), some_target(in));
		break;
	case 4:
		wr(dev, bases[what >> 4 & 3] + NUMBER, some_source(in));
		break;
	case 5:
		wr(dev, bases[what >> 4 & 3] + (take(in, 1) & 0x7c), take(in, 4));
		break;
	case 6:
		wr(dev, IDC + (take(in, 2) & 0x1fc), what & 0x80 ? take(in, 4) : what >> 4);
		break;
	default:
		wr(dev, GENMSI, some_target(in));
	}
}

static void step(struct rig *r, struct input *in)
{
	u32 what = take(in, 1);
	struct device *dev = what & 0x80 ? r->m : r->s;

	switch (what % 8) {
	case 0: /* a line arrives at the root */
		device_input(r->m, 1 + take(in, 1) % SOURCES, what & 0x40);
		break;
	case 1:
		device_read(dev, take(in, 2) & 0x7ffc, 4); /* a claim too */
		break;
	case 2:
		device_write(dev, take(in, 2) & 0x7ffc, 4, take(in, 4));
		break;
	case 3:
		if (r->imsic)
			device_write(r->imsic, take(in, 2) & 0xfffc, 4, take(in, 1));
		break;
	case 4:
		if (what >= 0xf0)
			device_reset(take(in, 1) & 1 ? r->m : r->s);
		break;
	default:
		write_one(dev, in);
	}
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct rig r = { .b = bench_new() };

	if (take(&in, 1) & 1)
		r.imsic = bench_add(r.b, "imsic", "level=S num-ids=63 reg=0x28000000:64K");
	r.b->ref = r.imsic;
	r.b->ref_prop = "msi-parent";
	r.s = bench_add(r.b, "aplic", "level=S sources=40");
	r.b->ref = r.s;
	r.b->ref_prop = "children";
	r.m = bench_add(r.b, "aplic", "level=M sources=40");
	for (u32 steps = 0; in.left && steps < 200; steps++) {
		step(&r, &in);
		look(&r);
	}
	bench_end(r.b);
	return 0;
}
