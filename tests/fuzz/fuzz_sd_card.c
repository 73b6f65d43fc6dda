/* fuzz_sd_card.c - any bytes as what a driver sends to an SD card, through its controller.
 *
 * An operation is a byte: a command with an argument from the bytes that follow, some of them
 * with a right sum; a block of data; bytes as they are; an access to the controller; the disk
 * finishing, or failing; a reset.  Whatever happens: the disk is asked for nothing beyond its
 * end (disk_bench.h looks), one request at a time, and after a reset the card reads a block.
 */
#include "../device/disk_bench.h"
#include "../device/spi_bench.h"
#include "life.h"

#define BLOCKS 1024

struct rig {
	struct disk *disk;
	struct device *bus, *card;
};

/* The receive FIFO may hold something, if the driver likes. */
static u8 exchange(struct rig *r, u8 out)
{
	u32 in, last = 0xff;

	wr(r->bus, SPI_TXDATA, out);
	while (!((in = rd(r->bus, SPI_RXDATA)) & SPI_EMPTY))
		last = in;
	return (u8)last;
}

static u8 crc7(const u8 *p, u32 n)
{
	u32 reg = 0;

	for (u32 i = 0; i < 8 * n; i++) {
		u32 bit = (p[i / 8] >> (7 - i % 8) & 1) ^ (reg >> 6 & 1);

		reg = (reg << 1 & 0x7f) ^ (bit ? 9 : 0);
	}
	return (u8)(reg << 1 | 1);
}

static u8 command(struct rig *r, u32 index, u32 arg, bool good)
{
	u8 c[6] = { (u8)(0x40 | index) }, r1 = 0xff;

	put_be32(c + 1, arg);
	c[5] = good ? crc7(c, 5) : 0;
	for (u32 i = 0; i < 6; i++)
		exchange(r, c[i]);
	for (u32 i = 0; i < 3 && r1 == 0xff; i++)
		r1 = exchange(r, 0xff);
	return r1;
}

static void make_ready(struct rig *r)
{
	command(r, 0, 0, true);
	command(r, 55, 0, true);
	command(r, 41, 1u << 30, true);
}

static void block(struct rig *r, struct input *in)
{
	static const u8 tokens[] = { 0xfe, 0xfc, 0xfd, 0xff };
	u32 what = take(in, 1), n = what & 0x40 ? take(in, 2) % 600 : SECTOR + 2;

	exchange(r, tokens[what & 3]);
	for (u32 i = 0; i < n; i++)
		exchange(r, (u8)what);
}

static void send(struct rig *r, struct input *in)
{
	static const u8 usual[] = { 0, 8, 9, 12, 13, 17, 18, 24, 25, 32, 33, 38, 55, 58, 59, 6 };
	u32 what = take(in, 1);
	u32 index = what & 0x80 ? usual[what & 0xf] : what & 0x3f;

	u32 arg = what & 0x40 ? take(in, 4) : BLOCKS - 4 + take(in, 1) % 8;

	if (what & 0x20)
		arg = take(in, 2) % BLOCKS;
	command(r, index, arg, take(in, 1) & 7);
}

/* Several, near the end of the card. */
static void blocks(struct rig *r, struct input *in)
{
	u32 how = take(in, 1);

	command(r, how & 0x80 ? 18 : 25, BLOCKS - 1 - (how & 3), true);
	for (u32 n = how >> 3 & 7; n; n--) {
		exchange(r, 0xfc);
		for (u32 i = 0; i < SECTOR + 2; i++)
			exchange(r, how & 0x80 ? 0xff : (u8)n);
		if (how & 4)
			finish(r->disk);
	}
}

static void step(struct rig *r, struct input *in)
{
	u32 what = take(in, 1);

	switch (what % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
		send(r, in);
		break;
	case 4:
	case 5:
		block(r, in);
		break;
	case 6:
		for (u32 n = take(in, 2) % 1200; n; n--)
			exchange(r, 0xff);
		break;
	case 7:
		for (u32 n = what >> 4; n; n--)
			exchange(r, (u8)take(in, 1));
		break;
	case 8:
		wr(r->bus, SPI_CSMODE, SPI_AUTO);
		wr(r->bus, SPI_CSMODE, what >> 4 == 1 ? SPI_AUTO : SPI_HOLD);
		break;
	case 9:
		device_write(r->bus, take(in, 1) & 0x7c, 4, take(in, 4));
		wr(r->bus, SPI_FMT, 0x80000);
		break;
	case 10:
		make_ready(r);
		break;
	case 11:
		blocks(r, in);
		break;
	case 12:
		device_reset(what & 0x40 ? r->card : r->bus);
		break;
	default:
		r->disk->fail = (what >> 4) == 0xf;
		finish(r->disk);
	}
}

static void check_it_lives(struct rig *r)
{
	u8 token = 0xff;

	r->disk->fail = false;
	device_reset(r->card);
	device_reset(r->bus);
	wr(r->bus, SPI_CSMODE, SPI_HOLD);
	make_ready(r);
	if (command(r, 17, 3, true) != 0)
		abort();
	finish(r->disk);
	for (u32 i = 0; i < 4 && token == 0xff; i++)
		token = exchange(r, 0xff);
	for (u32 i = 0; i < SECTOR; i++)
		if (token != 0xfe || exchange(r, 0xff) != r->disk->bytes[3 * SECTOR + i])
			abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bench *b = bench_new();
	struct rig r = { .disk = disk_new(BLOCKS) };
	u32 how = take(&in, 1);

	r.disk->block.writeback = how & 1;
	r.disk->block.read_only = (how & 0xe) == 0xe;
	r.bus = bench_add(b, "spi-sifive", "");
	b->disk = &r.disk->block;
	r.card = bench_nest(r.bus, "sd-card", 0, "");
	wr(r.bus, SPI_CSMODE, SPI_HOLD);
	make_ready(&r);
	for (u32 steps = 0; in.left && steps < 150; steps++) {
		step(&r, &in);
		if (r.disk->npending > 1)
			abort();
	}
	check_it_lives(&r);
	bench_end(b);
	free(r.disk);
	return 0;
}
