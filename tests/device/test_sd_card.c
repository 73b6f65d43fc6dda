/* An SD card, as a driver meets it: over an SPI controller, byte by byte. */
#include "disk_bench.h"
#include "spi_bench.h"

#define BLOCKS 2048 /* two units of 512 KiB */
#define HCS    (1u << 30)

struct rig {
	struct bench *b;
	struct disk *disk;
	struct device *bus, *card;
	u8 data[512];
};

static void rig_init(struct rig *r, u32 sectors, bool read_only)
{
	memset(r, 0, sizeof(*r));
	r->disk = disk_new(sectors);
	r->disk->block.writeback = true;
	r->disk->block.read_only = read_only;
	r->b = bench_new();
	r->bus = bench_add(r->b, "spi-sifive", "");
	r->b->disk = &r->disk->block;
	r->card = bench_nest(r->bus, "sd-card", 0, "serial=0x12345678");
	wr(r->bus, SPI_CSMODE, SPI_HOLD);
}

static void rig_free(struct rig *r)
{
	bench_end(r->b);
	free(r->disk);
}

static void deselect(struct rig *r)
{
	wr(r->bus, SPI_CSMODE, SPI_AUTO);
	wr(r->bus, SPI_CSMODE, SPI_HOLD);
}

/* -- Sums, another way than the card's: bit by bit, as the figure in 4.5 shows ---------------- */

static u32 shift_in(const u8 *p, size_t n, u32 width, u32 polynomial)
{
	u32 reg = 0;

	for (size_t i = 0; i < 8 * n; i++) {
		u32 bit = (p[i / 8] >> (7 - i % 8) & 1) ^ (reg >> (width - 1) & 1);

		reg = (reg << 1 & (u32)LOW_BITS(width)) ^ (bit ? polynomial : 0);
	}
	return reg;
}

static u8 crc7(const u8 *p, size_t n)
{
	return (u8)(shift_in(p, n, 7, 0x09) << 1 | 1);
}

static u16 crc16(const u8 *p, size_t n)
{
	return (u16)shift_in(p, n, 16, 0x1021);
}

/* -- What a driver does ------------------------------------------------------------------------ */

static u8 clock_in(struct rig *r)
{
	return spi_exchange(r->bus, 0xff);
}

/* Without waiting for an answer. */
static void send_command(struct rig *r, u32 index, u32 arg)
{
	u8 c[6] = { (u8)(0x40 | index) };

	put_be32(c + 1, arg);
	c[5] = crc7(c, 5);
	for (u32 i = 0; i < 6; i++)
		spi_exchange(r->bus, c[i]);
}

/* R1 comes within eight bytes (7.5.1). */
static u8 answer(struct rig *r)
{
	u8 r1 = 0xff;

	for (u32 i = 0; i <= 8 && r1 == 0xff; i++)
		r1 = clock_in(r);
	return r1;
}

static u8 command(struct rig *r, u32 index, u32 arg)
{
	send_command(r, index, arg);
	return answer(r);
}

static u8 app_command(struct rig *r, u32 index, u32 arg)
{
	command(r, 55, 0);
	return command(r, index, arg);
}

static u32 clock_in_u32(struct rig *r)
{
	u32 v = 0;

	for (u32 i = 0; i < 4; i++)
		v = v << 8 | clock_in(r);
	return v;
}

static void make_ready(struct rig *r)
{
	assert_int_equal(command(r, 0, 0), 1);
	assert_int_equal(command(r, 8, 0x1aa), 1);
	assert_int_equal(clock_in_u32(r), 0x1aa);
	assert_int_equal(app_command(r, 41, HCS), 0);
}

/* What comes first that is not ones. */
static u8 token(struct rig *r)
{
	u8 t = 0xff;

	for (u32 i = 0; i < 20 && t == 0xff; i++)
		t = clock_in(r);
	return t;
}

static void data_in(struct rig *r, u32 n)
{
	u16 sum;

	for (u32 i = 0; i < n; i++)
		r->data[i] = clock_in(r);
	sum = (u16)(clock_in(r) << 8);
	sum |= clock_in(r);
	assert_int_equal(sum, crc16(r->data, n));
}

static void block_in(struct rig *r, u32 n)
{
	assert_int_equal(token(r), 0xfe);
	data_in(r, n);
}

static void assert_block(struct rig *r, u32 block)
{
	assert_memory_equal(r->data, r->disk->bytes + block * (size_t)SECTOR, SECTOR);
}

/* Returns the data response; the card is busy then. */
static u8 block_out(struct rig *r, u8 with, u8 fill)
{
	u16 sum;

	memset(r->data, fill, SECTOR);
	sum = crc16(r->data, SECTOR);
	spi_exchange(r->bus, 0xff);
	spi_exchange(r->bus, with);
	for (u32 i = 0; i < SECTOR; i++)
		spi_exchange(r->bus, r->data[i]);
	spi_exchange(r->bus, (u8)(sum >> 8));
	spi_exchange(r->bus, (u8)sum);
	return clock_in(r) & 0x1f;
}

static void assert_written(struct rig *r, u32 block, u8 fill)
{
	for (u32 i = 0; i < SECTOR; i++)
		assert_int_equal(r->disk->bytes[block * SECTOR + i], fill);
}

static void assert_usable(struct rig *r)
{
	deselect(r);
	make_ready(r);
	assert_int_equal(command(r, 17, 9), 0);
	finish(r->disk);
	block_in(r, SECTOR);
	assert_block(r, 9);
}

typedef void card_test(struct rig *r);

static void with(bool read_only, card_test *test)
{
	struct rig r;

	rig_init(&r, BLOCKS, read_only);
	test(&r);
	rig_free(&r);
}

/* -- Getting ready (7.2.1) ------------------------------------------------------------------------
 */

static void check_start(struct rig *r)
{
	assert_int_equal(crc7((const u8[]){ 0x40, 0, 0, 0, 0 }, 5), 0x95); /* known by all */
	assert_int_equal(command(r, 0, 0), 1);
	assert_int_equal(command(r, 8, 0x1aa), 1);
	assert_int_equal(clock_in_u32(r), 0x1aa);
	assert_int_equal(command(r, 58, 0), 1);
	assert_int_equal(clock_in_u32(r), 0x00ff8000);
	assert_int_equal(command(r, 55, 0), 1);
	assert_int_equal(command(r, 41, HCS), 0);
	assert_int_equal(command(r, 58, 0), 0);
	assert_int_equal(clock_in_u32(r), 0xc0ff8000); /* ready, and of high capacity */
	assert_int_equal(command(r, 0, 0), 1);
}

static void it_is_idle_until_it_is_told_to_initialize(void **state)
{
	with(false, check_start);
	(void)state;
}

static void check_idle(struct rig *r)
{
	command(r, 0, 0);
	for (u32 index = 0; index < 64; index++) {
		bool known = index == 0 || index == 1 || index == 8 || index == 55 || index == 58 ||
			     index == 59;

		assert_int_equal(command(r, index, 0), known ? 1 : 5);
		deselect(r);
		command(r, 0, 0);
	}
	assert_int_equal(app_command(r, 51, 0), 5);
	assert_int_equal(app_command(r, 41, 0), 1); /* a driver of small cards waits in vain */
	assert_int_equal(app_command(r, 41, 0), 1);
}

static void while_it_is_idle_most_commands_are_illegal(void **state)
{
	with(false, check_idle);
	(void)state;
}

static void check_illegal(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 5, 0), 4);
	assert_int_equal(command(r, 63, 0), 4);
	assert_int_equal(app_command(r, 5, 0), 4);
	assert_int_equal(command(r, 51, 0), 4);       /* only after 55 */
	assert_int_equal(app_command(r, 16, 512), 0); /* one of 55's that there is not */
	assert_int_equal(command(r, 16, 513), 0x40);
}

static void what_it_does_not_know_is_illegal(void **state)
{
	with(false, check_illegal);
	(void)state;
}

static void wrong_sum(struct rig *r, u32 index, u8 want)
{
	const u8 c[6] = { (u8)(0x40 | index), 0, 0, 1, 0xaa, 0x01 };

	for (u32 i = 0; i < 6; i++)
		spi_exchange(r->bus, c[i]);
	assert_int_equal(answer(r), want);
}

static void check_sums(struct rig *r)
{
	wrong_sum(r, 0, 9);
	make_ready(r);
	wrong_sum(r, 8, 8);
	wrong_sum(r, 16, 0);
	assert_int_equal(command(r, 59, 1), 0);
	wrong_sum(r, 16, 8);
	assert_int_equal(command(r, 59, 0), 0);
	wrong_sum(r, 16, 0);
}

static void sums_of_commands_count_if_they_are_to(void **state)
{
	with(false, check_sums);
	(void)state;
}

/* -- Registers
 * ------------------------------------------------------------------------------------- */

static void check_registers(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 9, 0), 0);
	block_in(r, 16);
	assert_int_equal(r->data[15], crc7(r->data, 15));
	assert_int_equal(r->data[0] >> 6, 1);
	assert_int_equal(r->data[5] & 0xf, 9); /* 2^9 bytes */
	assert_int_equal((r->data[7] & 0x3f) << 16 | r->data[8] << 8 | r->data[9], 2 - 1);
	assert_int_equal(r->data[14], 0);
	assert_int_equal(command(r, 10, 0), 0);
	block_in(r, 16);
	assert_int_equal(r->data[15], crc7(r->data, 15));
	assert_int_equal(get_be32(r->data + 9), 0x12345678);
	assert_int_equal(app_command(r, 51, 0), 0);
	block_in(r, 8);
	assert_int_equal(r->data[0], 2);
	assert_int_equal(app_command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 0);
	block_in(r, 64);
	assert_int_equal(command(r, 6, 0x80fffff1), 0); /* high speed? */
	block_in(r, 64);
	assert_int_equal(get_be16(r->data + 12), 0x8001);
	assert_int_equal(r->data[16], 0x0f); /* no */
	assert_int_equal(command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 0);
}

static void its_registers_say_what_it_is(void **state)
{
	with(false, check_registers);
	(void)state;
}

/* -- Reading
 * ------------------------------------------------------------------------------------------ */

static void check_read(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 17, 5), 0);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(clock_in(r), 0xff); /* the disk has time */
	finish(r->disk);
	block_in(r, SECTOR);
	assert_block(r, 5);
	assert_int_equal(clock_in(r), 0xff);
	assert_int_equal(r->disk->nlog, 1);
}

static void a_block_comes_when_the_disk_has_it(void **state)
{
	with(false, check_read);
	(void)state;
}

static void check_read_many(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 18, 7), 0);
	for (u32 i = 7; i < 20; i++) {
		finish(r->disk);
		block_in(r, SECTOR);
		assert_block(r, i);
	}
	finish(r->disk);
	assert_int_equal(token(r), 0xfe);
	for (u32 i = 0; i < 100; i++)
		clock_in(r);
	send_command(r, 12, 0); /* in the middle of one */
	assert_int_equal(answer(r), 0);
	for (u32 i = 0; i < 20; i++)
		assert_int_equal(clock_in(r), 0xff);
	assert_usable(r);
}

static void blocks_come_until_it_is_told_to_stop(void **state)
{
	with(false, check_read_many);
	(void)state;
}

static void check_stop_early(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 18, 7), 0);
	send_command(r, 12, 0); /* nothing has come yet */
	finish(r->disk);
	assert_int_equal(answer(r), 0);
	assert_int_equal(token(r), 0xff);
	assert_usable(r);
}

static void it_stops_also_before_the_first_block_has_come(void **state)
{
	with(false, check_stop_early);
	(void)state;
}

static void check_end(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 17, BLOCKS), 0x20);
	assert_int_equal(command(r, 18, 0xffffffff), 0x20);
	assert_int_equal(command(r, 24, BLOCKS), 0x20);
	assert_int_equal(r->disk->nlog, 0);
	assert_int_equal(command(r, 18, BLOCKS - 1), 0);
	finish(r->disk);
	block_in(r, SECTOR);
	assert_int_equal(token(r), 8); /* out of range */
	assert_usable(r);
}

static void nothing_comes_from_beyond_the_end(void **state)
{
	with(false, check_end);
	(void)state;
}

static void check_read_error(struct rig *r)
{
	make_ready(r);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(command(r, 17, 5), 0);
	finish(r->disk);
	assert_int_equal(token(r), 4);
	r->disk->fail = BLOCK_OK;
	assert_usable(r);
}

static void an_error_of_the_disk_comes_in_place_of_the_block(void **state)
{
	with(false, check_read_error);
	(void)state;
}

/* -- Writing
 * --------------------------------------------------------------------------------------------- */

static void check_write(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 24, 3), 0);
	assert_int_equal(block_out(r, 0xfe, 0x41), 5);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(clock_in(r), 0);
	send_command(r, 17, 0); /* it hears nothing now */
	assert_int_equal(r->disk->nlog, 1);
	assert_true(r->disk->pending[0]->durable);
	finish(r->disk);
	assert_int_equal(clock_in(r), 0xff);
	assert_written(r, 3, 0x41);
	assert_int_equal(command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 0);
}

static void a_block_is_on_the_disk_when_the_card_is_no_longer_busy(void **state)
{
	with(false, check_write);
	(void)state;
}

static void check_write_many(struct rig *r)
{
	make_ready(r);
	assert_int_equal(app_command(r, 23, 3), 0);
	assert_int_equal(command(r, 25, 10), 0);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(block_out(r, 0xfc, (u8)(0x50 + i)), 5);
	assert_int_equal(r->disk->nlog, 0);
	spi_exchange(r->bus, 0xfd);
	assert_int_equal(clock_in(r), 0);
	assert_int_equal(r->disk->log[0], BLOCK_WRITE);
	assert_int_equal(r->disk->pending[0]->length, 3 * SECTOR);
	finish_nth(r->disk, 0);
	assert_int_equal(clock_in(r), 0);
	assert_int_equal(r->disk->log[1], BLOCK_FLUSH);
	finish(r->disk);
	assert_int_equal(clock_in(r), 0xff);
	for (u32 i = 0; i < 3; i++)
		assert_written(r, 10 + i, (u8)(0x50 + i));
	assert_int_equal(app_command(r, 22, 0), 0);
	block_in(r, 4);
	assert_int_equal(get_be32(r->data), 3);
	assert_int_equal(r->disk->nlog, 2);
}

static void several_blocks_are_on_the_disk_when_the_end_of_them_is_no_longer_busy(void **state)
{
	with(false, check_write_many);
	(void)state;
}

static void check_long_write(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 25, 100), 0);
	for (u32 i = 0; i < 300; i++) {
		assert_int_equal(block_out(r, 0xfc, (u8)i), 5);
		finish(r->disk);
	}
	assert_int_equal(r->disk->nlog, 2);
	send_command(r, 12, 0); /* not the usual end */
	finish(r->disk);
	assert_int_equal(answer(r), 0);
	for (u32 i = 0; i < 300; i++)
		assert_written(r, 100 + i, (u8)i);
	assert_int_equal(r->disk->log[r->disk->nlog - 1], BLOCK_FLUSH);
	assert_int_equal(command(r, 18, 100), 0);
	for (u32 i = 0; i < 300; i++) {
		finish(r->disk);
		block_in(r, SECTOR);
		assert_int_equal(r->data[77], (u8)i);
	}
	assert_usable(r);
}

static void a_long_write_goes_to_the_disk_in_large_pieces(void **state)
{
	with(false, check_long_write);
	(void)state;
}

static void check_failing_piece(struct rig *r)
{
	make_ready(r);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(command(r, 25, 100), 0);
	for (u32 i = 0; i < 128; i++)
		assert_int_equal(block_out(r, 0xfc, (u8)i), 5);
	finish(r->disk);
	assert_int_equal(block_out(r, 0xfc, 1), 0xd);
	assert_int_equal(r->disk->nlog, 1);
	send_command(r, 12, 0);
	finish(r->disk);
	assert_int_equal(answer(r), 0);
	r->disk->fail = BLOCK_OK;
	assert_usable(r);
}

static void after_a_piece_that_could_not_be_written_no_block_is_taken(void **state)
{
	with(false, check_failing_piece);
	(void)state;
}

static void check_wrong_data(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 59, 1), 0);
	assert_int_equal(command(r, 24, 3), 0);
	spi_exchange(r->bus, 0xfe);
	for (u32 i = 0; i < SECTOR + 2; i++)
		spi_exchange(r->bus, 0x55);
	assert_int_equal(clock_in(r) & 0x1f, 0xb);
	assert_int_equal(r->disk->nlog, 0);
	assert_int_equal(command(r, 24, 3), 0);
	assert_int_equal(block_out(r, 0xfe, 0x55), 5);
	finish(r->disk);
	assert_written(r, 3, 0x55);
}

static void a_block_with_a_wrong_sum_is_not_written(void **state)
{
	with(false, check_wrong_data);
	(void)state;
}

static void check_write_error(struct rig *r)
{
	make_ready(r);
	r->disk->fail = BLOCK_IOERR;
	assert_int_equal(command(r, 24, 3), 0);
	assert_int_equal(block_out(r, 0xfe, 0x55), 5);
	finish(r->disk);
	assert_int_equal(command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 4);
	assert_int_equal(command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 0); /* told once */
	assert_int_equal(app_command(r, 22, 0), 0);
	block_in(r, 4);
	assert_int_equal(get_be32(r->data), 0);
}

static void a_block_that_the_disk_does_not_take_is_told_by_the_status(void **state)
{
	with(false, check_write_error);
	(void)state;
}

static void check_write_end(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 25, BLOCKS - 1), 0);
	assert_int_equal(block_out(r, 0xfc, 1), 5);
	assert_int_equal(block_out(r, 0xfc, 2), 0xd);
	spi_exchange(r->bus, 0xfd);
	finish(r->disk);
	assert_written(r, BLOCKS - 1, 1);
	assert_usable(r);
}

static void nothing_is_written_beyond_the_end(void **state)
{
	with(false, check_write_end);
	(void)state;
}

static void check_read_only(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 9, 0), 0);
	block_in(r, 16);
	assert_int_equal(r->data[14], 0x10);
	assert_int_equal(command(r, 24, 3), 0);
	assert_int_equal(block_out(r, 0xfe, 1), 0xd);
	assert_int_equal(command(r, 32, 0), 0);
	assert_int_equal(command(r, 33, 5), 0);
	assert_int_equal(command(r, 38, 0), 0x40);
	assert_int_equal(r->disk->nlog, 0);
	assert_usable(r);
}

static void a_read_only_image_is_a_protected_card(void **state)
{
	with(true, check_read_only);
	(void)state;
}

static void check_erase(struct rig *r)
{
	make_ready(r);
	assert_int_equal(command(r, 38, 0), 0x10);
	assert_int_equal(command(r, 33, 8), 0x10); /* the end before the beginning */
	assert_int_equal(command(r, 32, 4), 0);
	assert_int_equal(command(r, 38, 0), 0x10);
	assert_int_equal(command(r, 32, 4), 0);
	assert_int_equal(command(r, 33, 3), 0);
	assert_int_equal(command(r, 38, 0), 0x10);
	assert_int_equal(command(r, 32, 4), 0);
	assert_int_equal(command(r, 33, BLOCKS), 0);
	assert_int_equal(command(r, 38, 0), 0x40);
	assert_int_equal(r->disk->nlog, 0);
	assert_int_equal(command(r, 32, 4), 0);
	assert_int_equal(command(r, 33, 7), 0);
	assert_int_equal(command(r, 38, 0), 0);
	assert_int_equal(clock_in(r), 0);
	assert_int_equal(r->disk->pending[0]->op, BLOCK_ZERO);
	assert_true(r->disk->pending[0]->unmap && r->disk->pending[0]->durable);
	assert_int_equal(r->disk->pending[0]->offset, 4 * SECTOR);
	assert_int_equal(r->disk->pending[0]->length, 4 * SECTOR);
	finish(r->disk);
	assert_int_equal(clock_in(r), 0xff);
	assert_int_equal(command(r, 38, 0), 0x10);
}

static void what_is_erased_is_given_back_and_reads_zero(void **state)
{
	with(false, check_erase);
	(void)state;
}

/* -- The unexpected
 * ----------------------------------------------------------------------------------------- */

/* Everything a driver does, cut off after `n` bytes. */
static void live(struct rig *r, u32 n)
{
	static const u8 script[] = { 0x52, 0,    0,    0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0x51,
				     0,    0,    1,    0, 1, 0x4c, 0,    0,    0,    0,    1,
				     0xff, 0xff, 0x59, 0, 0, 0,    20,   0xff, 0xff, 0xff, 0xfc };

	for (u32 i = 0; i < n; i++) {
		spi_exchange(r->bus, i < sizeof(script) ? script[i] : i == 560 ? 0xfd : (u8)i);
		if (i % 5 == 4 && r->disk->npending)
			finish_nth(r->disk, 0);
	}
}

static void check_deselection(struct rig *r)
{
	for (u32 n = 0; n < 620; n++) {
		make_ready(r);
		live(r, n);
		deselect(r);
		finish(r->disk);
		assert_usable(r);
	}
}

static void after_a_deselection_at_any_byte_it_can_be_made_ready(void **state)
{
	with(false, check_deselection);
	(void)state;
}

static void check_pauses(struct rig *r)
{
	make_ready(r);
	send_command(r, 18, 7);
	deselect(r);
	assert_int_equal(answer(r), 0);
	for (u32 i = 7; i < 10; i++) {
		deselect(r);
		finish(r->disk);
		assert_int_equal(token(r), 0xfe);
		deselect(r);
		data_in(r, SECTOR);
		assert_block(r, i);
	}
	send_command(r, 12, 0);
	deselect(r);
	finish(r->disk);
	assert_int_equal(answer(r), 0);
	assert_int_equal(command(r, 25, 4), 0);
	for (u32 i = 0; i < 3; i++) {
		deselect(r);
		assert_int_equal(block_out(r, 0xfc, (u8)(9 + i)), 5);
	}
	deselect(r);
	spi_exchange(r->bus, 0xfd);
	deselect(r);
	assert_int_equal(clock_in(r), 0);
	finish(r->disk);
	for (u32 i = 0; i < 3; i++)
		assert_written(r, 4 + i, (u8)(9 + i));
}

/* Linux's driver deselects between the messages that one command takes. */
static void what_is_under_way_goes_on_when_it_is_selected_again(void **state)
{
	with(false, check_pauses);
	(void)state;
}

static void check_halves(struct rig *r)
{
	make_ready(r);
	spi_exchange(r->bus, 0x51);
	spi_exchange(r->bus, 0);
	deselect(r);
	assert_int_equal(command(r, 13, 0), 0);
	assert_int_equal(clock_in(r), 0);
	assert_int_equal(command(r, 24, 4), 0);
	spi_exchange(r->bus, 0xfe);
	for (u32 i = 0; i < 300; i++)
		spi_exchange(r->bus, 0x77);
	deselect(r);
	assert_usable(r);
	assert_int_equal(r->disk->nlog, 1); /* a read */
}

static void half_a_command_and_half_a_block_are_lost_with_a_deselection(void **state)
{
	with(false, check_halves);
	(void)state;
}

static void check_reset(struct rig *r)
{
	for (u32 n = 0; n < 620; n += 3) {
		make_ready(r);
		live(r, n);
		device_reset(r->card);
		assert_int_equal(r->disk->npending, 0);
		assert_int_equal(command(r, 17, 0), 5); /* idle */
		assert_usable(r);
	}
}

static void a_reset_at_any_byte_makes_it_idle(void **state)
{
	with(false, check_reset);
	(void)state;
}

static void go_on_from(struct device *from, struct device *to)
{
	size_t n = device_save(from, NULL, 0);
	u8 *bytes = xzalloc(n);
	struct err e;

	assert_int_equal(device_save(from, bytes, n), n);
	assert_true(device_restore(to, bytes, n, &e));
	free(bytes);
}

/* Once each request is done, as a machine that is saved waits for it. */
static void a_restored_card_goes_on_at_any_byte(void **state)
{
	for (u32 n = 0; n < 620; n += 7) {
		struct rig a, b;

		rig_init(&a, BLOCKS, false);
		rig_init(&b, BLOCKS, false);
		make_ready(&a);
		live(&a, n);
		finish(a.disk);
		go_on_from(a.card, b.card);
		go_on_from(a.bus, b.bus);
		for (u32 i = 0; i < 800; i++) {
			assert_int_equal(clock_in(&a), clock_in(&b));
			finish(a.disk);
			finish(b.disk);
		}
		rig_free(&a);
		rig_free(&b);
	}
	(void)state;
}

static void check_noise(struct rig *r)
{
	u32 seed = 5;

	for (u32 i = 0; i < 200000; i++) {
		u32 what = xorshift(&seed) >> 8;

		spi_exchange(r->bus, (u8)(what & 0x300 ? what : 0x40 | what));
		if (what % 997 == 0)
			deselect(r);
		if (what % 31 == 0)
			finish(r->disk);
		if (what % 4001 == 0 && command(r, 0, 0) == 1)
			app_command(r, 41, HCS);
	}
	r->disk->fail = BLOCK_OK;
	finish(r->disk);
	deselect(r);
	finish(r->disk);
	make_ready(r);
}

static void whatever_is_sent_it_can_be_made_ready_again(void **state)
{
	with(false, check_noise);
	(void)state;
}

static void without_an_image_the_slot_is_empty(void **state)
{
	struct rig r;

	rig_init(&r, 0, false);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(command(&r, 0, 0), 0xff);
	rig_free(&r);
	(void)state;
}

static void an_image_smaller_than_a_card_can_be_is_refused(void **state)
{
	struct disk *d = disk_new(1023);
	struct bench *b = bench_new();
	struct device *bus = bench_add(b, "spi-sifive", "");
	static const struct value values[3] = { { .given = true } };
	struct err e = { 0 };

	b->disk = &d->block;
	assert_null(bench_make(b, "sd-card", values, (struct device_place){ .parent = bus }, &e));
	assert_string_equal(e.text, "dut: an SD card holds at least 512 KiB, and the image has "
				    "523776 bytes");
	bench_end(b);
	free(d);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_idle_until_it_is_told_to_initialize),
		cmocka_unit_test(while_it_is_idle_most_commands_are_illegal),
		cmocka_unit_test(what_it_does_not_know_is_illegal),
		cmocka_unit_test(sums_of_commands_count_if_they_are_to),
		cmocka_unit_test(its_registers_say_what_it_is),
		cmocka_unit_test(a_block_comes_when_the_disk_has_it),
		cmocka_unit_test(blocks_come_until_it_is_told_to_stop),
		cmocka_unit_test(it_stops_also_before_the_first_block_has_come),
		cmocka_unit_test(nothing_comes_from_beyond_the_end),
		cmocka_unit_test(an_error_of_the_disk_comes_in_place_of_the_block),
		cmocka_unit_test(a_block_is_on_the_disk_when_the_card_is_no_longer_busy),
		cmocka_unit_test(
			several_blocks_are_on_the_disk_when_the_end_of_them_is_no_longer_busy),
		cmocka_unit_test(a_long_write_goes_to_the_disk_in_large_pieces),
		cmocka_unit_test(after_a_piece_that_could_not_be_written_no_block_is_taken),
		cmocka_unit_test(a_block_with_a_wrong_sum_is_not_written),
		cmocka_unit_test(a_block_that_the_disk_does_not_take_is_told_by_the_status),
		cmocka_unit_test(nothing_is_written_beyond_the_end),
		cmocka_unit_test(a_read_only_image_is_a_protected_card),
		cmocka_unit_test(what_is_erased_is_given_back_and_reads_zero),
		cmocka_unit_test(after_a_deselection_at_any_byte_it_can_be_made_ready),
		cmocka_unit_test(what_is_under_way_goes_on_when_it_is_selected_again),
		cmocka_unit_test(half_a_command_and_half_a_block_are_lost_with_a_deselection),
		cmocka_unit_test(a_reset_at_any_byte_makes_it_idle),
		cmocka_unit_test(a_restored_card_goes_on_at_any_byte),
		cmocka_unit_test(whatever_is_sent_it_can_be_made_ready_again),
		cmocka_unit_test(without_an_image_the_slot_is_empty),
		cmocka_unit_test(an_image_smaller_than_a_card_can_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
