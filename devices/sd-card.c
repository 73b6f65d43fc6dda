/* sd-card.c - an SD card (SDHC, SDXC) that is spoken to over SPI
 *
 * Spec: SD Physical Layer Simplified Specification 6.00, chapter 7 (SPI mode), 4.3 (commands)
 * and 5 (registers); numbers in brackets are its sections.
 *
 * Bytes go both ways at once.  A command is six of them, and may come while data goes out.
 * What the card has to say stands in `out`; when that is empty the line shows what it is
 * doing: ones, or zeros while it is busy.  Drivers wait for a block for a tenth of a second, and
 * a busy host can take longer; so of several blocks many are read at once, and written at once.
 * There is no command to flush: a write command ends when all of it is on the disk.
 *
 * Not modeled: time-outs, passwords, write protection of groups, high-speed and other
 * functions, cards of other sizes than whole 512 KiB (what is above is not seen), and the
 * change of a card.  Without `host:` the slot is empty.
 */
#include "block.h"
#include "dt.h"
#include "spi.h"

#define BLOCK      512
#define CSIZE_UNIT (512 * KIB)
#define BUFFER     128 /* blocks */
#define OUT        8   /* bytes of the longest answer, in a ring */

enum {
	R1_IDLE = 1,
	R1_ILLEGAL = 4,
	R1_CRC = 8,
	R1_ERASE = 0x10, /* ranges out of order */
	R1_ADDRESS = 0x20,
	R1_PARAMETER = 0x40,
};

enum {
	TOKEN = 0xfe,
	TOKEN_MANY = 0xfc, /* a block of several */
	TOKEN_STOP = 0xfd,
	ERROR_ECC = 0x04, /* in place of a token (7.3.3.3) */
	ERROR_RANGE = 0x08,
	ACCEPTED = 0xe5, /* data responses (7.3.3.1) */
	BAD_CRC = 0xeb,
	NOT_WRITTEN = 0xed,
};

enum doing {
	NOTHING,
	FETCHING,  /* a block comes from the disk */
	SENDING,   /* and goes out */
	WAITING,   /* for the token of a block */
	RECEIVING, /* the block */
	BUSY,
	DOINGS,
};

struct card {
	struct device dev;

	/* properties */
	struct block *host;
	u32 spi_max_frequency, serial;

	struct block_req request;
	u8 *buffer;
	u32 buffer_bytes;

	/* state */
	u8 command[6];
	u32 ncommand;
	u8 out[OUT];
	u32 first, nout;
	u8 data[BLOCK + 2]; /* and its CRC */
	u32 ndata;          /* of them, how far */
	u32 doing;
	u64 block;    /* the next of the command that is under way */
	u64 start;    /* of those in the buffer */
	u32 buffered; /* how many they are */
	u32 written;  /* by the last write command */
	u64 erase[2]; /* the first and the last */
	bool ready;   /* initialized: not idle any more */
	bool app;     /* the next command is one of its own */
	bool check;   /* CRCs */
	bool many;    /* blocks, until told to stop */
	bool writing; /* what is in the buffer is to be written */
	bool ending;  /* and then nothing follows */
	bool failed;  /* a block of this command was not written */
	bool erases;  /* both ends are known */
	bool first_known;
};

static struct card *card_of(struct device *dev)
{
	return (struct card *)dev;
}

static u64 blocks(const struct card *c)
{
	return block_size(c->host) / CSIZE_UNIT * (CSIZE_UNIT / BLOCK);
}

/* -- Sums (4.5) -------------------------------------------------------------------------- */

/* x^7 + x^3 + 1, and the end bit. */
static u8 crc7(const u8 *p, u32 n)
{
	u32 crc = 0;

	while (n--) {
		crc ^= *p++;
		for (u32 i = 0; i < 8; i++)
			crc = crc & 0x80 ? crc << 1 ^ 0x12 : crc << 1;
	}
	return (u8)(crc | 1);
}

/* x^16 + x^12 + x^5 + 1 */
static u16 crc16(const u8 *p, u32 n)
{
	u32 crc = 0;

	while (n--) {
		crc ^= (u32)*p++ << 8;
		for (u32 i = 0; i < 8; i++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return (u16)crc;
}

/* -- What the card says ------------------------------------------------------------------- */

static void say(struct card *c, u8 byte)
{
	if (c->nout < OUT)
		c->out[(c->first + c->nout++) % OUT] = byte;
}

static void say_bytes(struct card *c, const u8 *bytes, u32 n)
{
	while (n--)
		say(c, *bytes++);
}

/* A byte of nothing, for a card takes its time (7.5.1), then R1. */
static void respond(struct card *c, u8 r1)
{
	c->nout = 0;
	say(c, 0xff);
	say(c, (u8)(r1 | (c->ready ? 0 : R1_IDLE)));
}

static void respond_u32(struct card *c, u32 v)
{
	u8 bytes[4];

	put_be32(bytes, v);
	respond(c, 0);
	say_bytes(c, bytes, 4);
}

/* A block that is all there: a register.  `data` holds `n` bytes of it. */
static void send_data(struct card *c, u32 n)
{
	put_be16(c->data + n, crc16(c->data, n));
	say(c, 0xff);
	say(c, TOKEN);
	c->ndata = BLOCK - n;
	memmove(c->data + c->ndata, c->data, n + 2);
	c->doing = SENDING;
}

/* -- The disk --------------------------------------------------------------------------------- */

static void disk_done(struct block_req *req);

static void submit(struct card *c, enum block_op op, u64 first, u64 many, bool durable)
{
	struct block_req *r = &c->request;

	r->op = op;
	r->offset = first * BLOCK;
	r->length = many * BLOCK;
	r->niov = op == BLOCK_READ || op == BLOCK_WRITE;
	r->iov[0] = (struct iovec){ c->buffer, many * BLOCK };
	r->durable = durable;
	r->unmap = true;
	r->done = disk_done;
	block_submit(c->host, r);
}

/* The next block, if it is there: else it is fetched, with what follows. */
static void next_block(struct card *c)
{
	u64 left = blocks(c) - MIN(c->block, blocks(c)), at = c->block - c->start;

	if (!left) {
		say(c, ERROR_RANGE);
		c->doing = NOTHING;
	} else if (at < c->buffered) {
		memcpy(c->data, c->buffer + at * BLOCK, BLOCK);
		send_data(c, BLOCK);
		c->block++;
	} else {
		c->doing = FETCHING;
		submit(c, BLOCK_READ, c->block, c->many ? MIN(left, BUFFER) : 1, false);
	}
}

static void fetched(struct card *c, const struct block_req *req)
{
	if (req->status != BLOCK_OK) {
		say(c, ERROR_ECC);
		c->doing = NOTHING;
		return;
	}
	c->start = c->block;
	c->buffered = (u32)(req->length / BLOCK);
	next_block(c);
}

static void flush(struct card *c)
{
	c->ending = false;
	submit(c, BLOCK_FLUSH, 0, 0, false);
}

/* A single block has no end that could bring it to the disk. */
static void write_buffer(struct card *c)
{
	c->doing = BUSY;
	submit(c, BLOCK_WRITE, c->start, c->buffered, !c->many && !c->ending);
}

/* Of several blocks: the end, however it is told. */
static void end_blocks(struct card *c)
{
	c->many = false;
	c->ending = true;
	c->doing = BUSY;
	if (c->buffered)
		write_buffer(c);
	else
		flush(c);
}

static void buffer_written(struct card *c, bool good)
{
	c->written += good ? c->buffered : 0;
	c->start += c->buffered;
	c->buffered = 0;
	if (c->ending)
		flush(c);
	else
		c->doing = c->many ? WAITING : NOTHING;
}

static void disk_done(struct block_req *req)
{
	struct card *c = card_of(req->dev);
	bool good = req->status == BLOCK_OK;

	if (req->op == BLOCK_READ) {
		fetched(c, req);
		return;
	}
	c->failed |= !good;
	if (req->op == BLOCK_WRITE)
		buffer_written(c, good);
	else
		c->doing = NOTHING;
}

/* -- Registers (5) ---------------------------------------------------------------------------- */

static void send_register(struct card *c, const u8 *bytes, u32 n)
{
	respond(c, 0);
	memcpy(c->data, bytes, n);
	send_data(c, n);
}

/* Version 2: 25 MHz, blocks of 512 bytes; commands for reading, writing, erasing, switching. */
static void send_csd(struct card *c, u32 arg)
{
	u64 size = blocks(c) / (CSIZE_UNIT / BLOCK) - 1;
	u8 csd[16] = { 0x40, 0x0e, 0, 0x32, 0x53, 0x59, 0, 0, 0, 0, 0x7f, 0x80, 0x0a, 0x40, 0 };

	(void)arg;
	csd[7] = (u8)(size >> 16 & 0x3f);
	csd[8] = (u8)(size >> 8);
	csd[9] = (u8)size;
	csd[14] = block_read_only(c->host) ? 1 << 4 : 0; /* for now */
	csd[15] = crc7(csd, 15);
	send_register(c, csd, sizeof(csd));
}

/* Who made it, what it is called, its revision, its number, and when: January 2025. */
static void send_cid(struct card *c, u32 arg)
{
	u8 cid[16] = { 0, 'V', 'M', 'V', 'M', 'B', 'S', 'D', 0x10, 0, 0, 0, 0, 0x01, 0x91, 0 };

	(void)arg;
	put_be32(cid + 9, c->serial);
	cid[15] = crc7(cid, 15);
	send_register(c, cid, sizeof(cid));
}

/* Version 3.0 of the specification; erased blocks read 0; one and four lines. */
static void send_scr(struct card *c, u32 arg)
{
	static const u8 scr[8] = { 0x02, 0x05, 0x80 };

	(void)arg;
	send_register(c, scr, sizeof(scr));
}

static void send_sd_status(struct card *c, u32 arg)
{
	static const u8 status[64];

	(void)arg;
	respond(c, 0);
	say(c, 0);
	memcpy(c->data, status, sizeof(status));
	send_data(c, sizeof(status));
}

static void send_written(struct card *c, u32 arg)
{
	u8 n[4];

	(void)arg;
	put_be32(n, c->written);
	send_register(c, n, sizeof(n));
}

/* Each group has the one function that it starts with. */
static void switch_function(struct card *c, u32 arg)
{
	u8 status[64] = { 0, 100 };

	for (u32 group = 0; group < 6; group++) {
		u32 wanted = arg >> 4 * group & 0xf;

		put_be16(status + 12 - 2 * group, 0x8001);
		if (wanted != 0 && wanted != 0xf)
			status[16 - group / 2] |= (u8)(0xf << 4 * (group % 2));
	}
	send_register(c, status, sizeof(status));
}

static void send_ocr(struct card *c, u32 arg)
{
	(void)arg;
	respond_u32(c, c->ready ? 0xc0ff8000 : 0x00ff8000);
}

static void send_status(struct card *c, u32 arg)
{
	(void)arg;
	respond(c, 0);
	say(c, c->failed ? 4 : 0); /* an error */
	c->failed = false;
}

/* -- Commands (7.3.1) ----------------------------------------------------------------------------
 */

static void go_idle(struct card *c, u32 arg)
{
	(void)arg;
	c->ready = c->app = c->check = false;
	c->erases = c->first_known = false;
	respond(c, 0);
}

/* It is ready at once, but a driver that cannot do large cards waits in vain. */
static void send_op_cond(struct card *c, u32 arg)
{
	c->ready |= arg >> 30 & 1;
	respond(c, 0);
}

static void send_if_cond(struct card *c, u32 arg)
{
	respond_u32(c, (arg >> 8 & 0xf) == 1 ? arg & 0xfff : 0);
}

/* Drivers wait for the end of writing, and not of reading. */
static void stop(struct card *c, u32 arg)
{
	(void)arg;
	respond(c, 0);
	if (c->writing)
		end_blocks(c);
	c->writing = false;
}

static void set_length(struct card *c, u32 arg)
{
	respond(c, arg > BLOCK ? R1_PARAMETER : 0);
}

static void begin_blocks(struct card *c, u32 first, bool write, bool many)
{
	if (first >= blocks(c)) {
		respond(c, R1_ADDRESS);
		return;
	}
	respond(c, 0);
	c->block = c->start = first;
	c->many = many;
	c->writing = write;
	c->buffered = 0;
	if (!write) {
		next_block(c);
		return;
	}
	c->failed = false;
	c->written = 0;
	c->doing = WAITING;
}

static void read_single(struct card *c, u32 arg)
{
	begin_blocks(c, arg, false, false);
}

static void read_many(struct card *c, u32 arg)
{
	begin_blocks(c, arg, false, true);
}

static void write_single(struct card *c, u32 arg)
{
	begin_blocks(c, arg, true, false);
}

static void write_many(struct card *c, u32 arg)
{
	begin_blocks(c, arg, true, true);
}

static void erase_first(struct card *c, u32 arg)
{
	c->erase[0] = arg;
	c->first_known = true;
	c->erases = false;
	respond(c, 0);
}

static void erase_last(struct card *c, u32 arg)
{
	c->erase[1] = arg;
	c->erases = c->first_known;
	respond(c, c->first_known ? 0 : R1_ERASE);
}

static void erase(struct card *c, u32 arg)
{
	bool known = c->erases;

	(void)arg;
	c->erases = c->first_known = false;
	if (!known || c->erase[0] > c->erase[1]) {
		respond(c, R1_ERASE);
	} else if (c->erase[1] >= blocks(c) || block_read_only(c->host)) {
		respond(c, R1_PARAMETER);
	} else {
		respond(c, 0);
		c->failed = false;
		c->doing = BUSY;
		submit(c, BLOCK_ZERO, c->erase[0], c->erase[1] - c->erase[0] + 1, true);
	}
}

static void app_command(struct card *c, u32 arg)
{
	(void)arg;
	c->app = true;
	respond(c, 0);
}

static void set_crc(struct card *c, u32 arg)
{
	c->check = arg & 1;
	respond(c, 0);
}

static void do_nothing(struct card *c, u32 arg)
{
	(void)arg;
	respond(c, 0);
}

#define APP     1
#define ALWAYS  2 /* also while it is idle */
#define CHECKED 4 /* its CRC always counts */

/* clang-format off */
static const struct row {
	u8 index, is;
	void (*run)(struct card *c, u32 arg);
} rows[] = {
	{ 0,  ALWAYS | CHECKED, go_idle },
	{ 1,  ALWAYS,           send_op_cond },
	{ 6,  0,                switch_function },
	{ 8,  ALWAYS | CHECKED, send_if_cond },
	{ 9,  0,                send_csd },
	{ 10, 0,                send_cid },
	{ 12, 0,                stop },
	{ 13, 0,                send_status },
	{ 16, 0,                set_length },
	{ 17, 0,                read_single },
	{ 18, 0,                read_many },
	{ 24, 0,                write_single },
	{ 25, 0,                write_many },
	{ 32, 0,                erase_first },
	{ 33, 0,                erase_last },
	{ 38, 0,                erase },
	{ 55, ALWAYS,           app_command },
	{ 58, ALWAYS,           send_ocr },
	{ 59, ALWAYS,           set_crc },
	{ 13, APP,              send_sd_status },
	{ 22, APP,              send_written },
	{ 23, APP,              do_nothing },	/* how many will be written */
	{ 41, APP | ALWAYS,     send_op_cond },
	{ 42, APP,              do_nothing },	/* the resistor for detection */
	{ 51, APP,              send_scr },
};
/* clang-format on */

static const struct row *find(u32 index, bool app)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].index == index && (rows[i].is & APP) == app)
			return &rows[i];
	return NULL;
}

/* An application command that there is not is an ordinary one (4.3.9.1). */
static void run(struct card *c)
{
	u32 index = c->command[0] & 0x3f;
	const struct row *row = c->app ? find(index, true) : NULL;

	if (!row)
		row = find(index, false);
	c->app = false;
	if (!row || (!c->ready && !(row->is & ALWAYS)))
		respond(c, R1_ILLEGAL);
	else if ((c->check || row->is & CHECKED) && crc7(c->command, 5) != c->command[5])
		respond(c, R1_CRC);
	else
		row->run(c, get_be32(c->command + 1));
}

/* While it is busy it hears nothing.  Otherwise a command ends what was going on. */
static void hear_command(struct card *c, u8 byte)
{
	if (c->doing == BUSY || (!c->ncommand && (byte & 0xc0) != 0x40))
		return;
	c->command[c->ncommand++] = byte;
	if (c->ncommand < sizeof(c->command))
		return;
	c->ncommand = 0;
	if (c->doing == FETCHING)
		block_drain(c->host);
	c->doing = NOTHING;
	c->many = false;
	run(c);
}

/* -- Blocks that come (7.2.4) ---------------------------------------------------------------------
 */

static void hear_token(struct card *c, u8 byte)
{
	if (byte == (c->many ? TOKEN_MANY : TOKEN)) {
		c->doing = RECEIVING;
		c->ndata = 0;
	} else if (c->many && byte == TOKEN_STOP) {
		end_blocks(c);
	} else {
		hear_command(c, byte);
	}
}

static void keep_block(struct card *c)
{
	say(c, ACCEPTED);
	memcpy(c->buffer + c->buffered++ * (size_t)BLOCK, c->data, BLOCK);
	c->block++;
	if (!c->many || c->buffered == BUFFER)
		write_buffer(c);
}

static void take_block(struct card *c)
{
	c->doing = c->many ? WAITING : NOTHING;
	if (c->check && crc16(c->data, BLOCK) != get_be16(c->data + BLOCK)) {
		say(c, BAD_CRC);
	} else if (c->failed || block_read_only(c->host) || c->block >= blocks(c) ||
		   c->buffered >= BUFFER) {
		say(c, NOT_WRITTEN);
		c->failed = true;
	} else {
		keep_block(c);
	}
}

static void hear_data(struct card *c, u8 byte)
{
	c->data[c->ndata++] = byte;
	if (c->ndata < sizeof(c->data))
		return;
	c->ndata = 0;
	take_block(c);
}

static void hear(struct card *c, u8 byte)
{
	if (c->doing == RECEIVING)
		hear_data(c, byte);
	else if (c->doing == WAITING && !c->ncommand)
		hear_token(c, byte);
	else
		hear_command(c, byte);
}

/* -- The line
 * -------------------------------------------------------------------------------------- */

static u8 send_next(struct card *c)
{
	u8 byte = c->data[c->ndata++];

	if (c->ndata < sizeof(c->data))
		return byte;
	c->ndata = 0;
	c->doing = NOTHING;
	if (c->many)
		next_block(c);
	return byte;
}

static u8 show(struct card *c)
{
	if (c->nout) {
		u8 byte = c->out[c->first];

		c->first = (c->first + 1) % OUT;
		c->nout--;
		return byte;
	}
	if (c->doing == SENDING)
		return send_next(c);
	return c->doing == BUSY ? 0 : 0xff;
}

static u8 card_transfer(struct device *dev, u8 out)
{
	struct card *c = card_of(dev);
	u8 in;

	if (!blocks(c))
		return 0xff;
	in = show(c);
	hear(c, out);
	return in;
}

/* What is only half there is lost.  All else waits: Linux deselects in between. */
static void card_select(struct device *dev, bool selected)
{
	struct card *c = card_of(dev);

	if (selected)
		return;
	c->ncommand = 0;
	if (c->doing == RECEIVING)
		c->doing = NOTHING;
}

/* -- The device
 * ------------------------------------------------------------------------------------ */

static bool card_init(struct device *dev, struct err *e)
{
	struct card *c = card_of(dev);
	u64 size = block_size(c->host);

	c->buffer_bytes = BUFFER * BLOCK;
	c->buffer = xzalloc(c->buffer_bytes);
	if (size && size < CSIZE_UNIT)
		return err_set(e, "an SD card holds at least 512 KiB, and the image has %u bytes",
			       (u32)size);
	return true;
}

static void card_fini(struct device *dev)
{
	free(card_of(dev)->buffer);
}

static void card_fdt(struct dt_node *node)
{
	static const u32 millivolts[] = { 3300, 3300 };

	dt_add_cells(node, "voltage-ranges", millivolts, 2);
}

/* clang-format off */
#define SELF struct card

DEVICE(sd_card) = {
	.name         = "sd-card",
	.doc          = "an SD card on an SPI bus: /dev/mmcblk0",
	.compatible   = { "mmc-spi-slot" },
	.node         = "mmc",
	.binding      = "mmc/mmc-spi-slot.yaml",
	.linux_driver = "mmc_spi",
	.linux_config = "MMC_SPI",
	.linux_name   = "mmcblk",
	.qemu         = "sd-card-spi",
	.size         = sizeof(SELF),
	.on           = BUS_SPI,
	.example      = "card0: {device: sd-card, reg: 0, host: {file: card.img, format: raw}}",
	.init         = card_init,
	.fini         = card_fini,
	.fdt_more     = card_fdt,

	.spi = &(const struct spi_class){ .select = card_select, .transfer = card_transfer },

	.props = PROPS(
		PROP_BLOCK(host, .doc = "the image; without one there is no card in the slot"),
		PROP_HZ(spi_max_frequency, .def = 20000000, .min = 400000, .max = 25000000,
			.fdt = "spi-max-frequency", .doc = "of the bus, which takes no time here"),
		PROP_U32(serial, .def = 1, .doc = "serial number in its CID")),

	.fdt = FDT(FDT_FLAG("disable-wp")),

	.state = STATE(
		FIELD(command), FIELD_MAX(ncommand, 5),
		FIELD(out), FIELD_MAX(first, OUT - 1), FIELD_MAX(nout, OUT),
		FIELD(data), FIELD_MAX(ndata, BLOCK + 1), FIELD_MAX(doing, DOINGS - 1),
		FIELD_N(buffer, buffer_bytes), FIELD(block), FIELD(start),
		FIELD_MAX(buffered, BUFFER), FIELD(written), FIELD(writing), FIELD(ending),
	 FIELD(erase), FIELD(ready), FIELD(app), FIELD(check), FIELD(many),
		FIELD(failed), FIELD(erases), FIELD(first_known)),
};
