/* flash-cfi.c - NOR flash with the Intel command set, as a bank of parallel chips
 *
 * Spec: JEDEC JESD68.01, "Common Flash Interface"; Intel 28F256J3 data sheet, "Command Set" and
 * "Status Register"; Intel application note AP-646 for the extended query.
 *
 * Harts read and run the array as memory.  A command puts registers in its place: the status, an
 * identifier or the query.  A bank is bank-width bytes wide, of 16-bit chips side by side (one of 8
 * bits if it is 1 wide) that get the same commands; what one of them says stands in each lane.
 *
 * With `host:` a file is the array.  A chip is ready again when the file has on the disk what was
 * programmed or erased; what cannot be written there, or may not, is an error in the status.
 * Without a file it is blank after each reset of the machine.
 *
 * Not modeled: suspending, protection registers, block locks (there are none to set), erase and
 * program times.
 */
#include "block.h"
#include "device.h"

#include <inttypes.h>

#define SECTOR      512 /* of the file */
#define BUFFER_MOST 1024
#define ERASED      0xff

/* What the guest writes. */
enum command {
	CMD_NONE = 0,
	CMD_PROGRAM_10 = 0x10,
	CMD_ERASE = 0x20,
	CMD_PROGRAM = 0x40,
	CMD_CLEAR_STATUS = 0x50,
	CMD_LOCKS = 0x60,
	CMD_READ_STATUS = 0x70,
	CMD_READ_ID = 0x90,
	CMD_QUERY = 0x98,
	CMD_CONFIRM = 0xd0,
	CMD_BUFFER = 0xe8,
	CMD_READ_ARRAY = 0xff
};

enum {
	SR_READY = 1 << 7,
	SR_ERASE_ERROR = 1 << 5,
	SR_PROGRAM_ERROR = 1 << 4,
	SR_PROTECTED = 1 << 1,
	SR_SEQUENCE_ERROR = SR_ERASE_ERROR | SR_PROGRAM_ERROR
};

/* What a read gives. */
enum view { VIEW_ARRAY, VIEW_STATUS, VIEW_ID, VIEW_QUERY, VIEWS };

/* What the next store is: a command, or a part of the one before. */
enum phase {
	IDLE,
	PROGRAM_DATA,
	ERASE_CONFIRM,
	LOCK_CONFIRM,
	BUFFER_COUNT,
	BUFFER_DATA,
	BUFFER_CONFIRM,
	PHASES
};

struct flash {
	struct device dev;

	/* properties */
	u32 bank_width;
	u64 sector_size;
	struct block *host;

	u8 *array;
	u32 in_snapshot; /* bytes of it: none if there is a file */

	u32 view, phase, errors;

	/* A buffered program: its block, how many words are to come, and what has come. */
	u32 words_left, nbuffer;
	u64 block;
	u8 buffer[BUFFER_MOST];
	u64 buffer_at;

	/* The file: one request at a time, from a copy. */
	struct block_req request;
	u8 *copy;
	u32 failing; /* what it means for the guest if the request fails */
};

static u64 size_of(const struct flash *f)
{
	return device_window(&f->dev);
}

static bool has_file(const struct flash *f)
{
	return block_size(f->host);
}

static u32 chips(const struct flash *f)
{
	return f->bank_width > 1 ? f->bank_width / 2 : 1;
}

/* -- The file ------------------------------------------------------------------------ */

static bool is_busy(const struct flash *f)
{
	return has_file(f) && !block_idle(f->host);
}

static void saved(struct block_req *req)
{
	struct flash *f = (struct flash *)req->dev;

	if (req->status == BLOCK_OK)
		return;
	f->errors |= f->failing;
	guest_error(&f->dev, "the host's file cannot be written");
}

static void save(struct flash *f, u64 from, u64 n, u32 failing)
{
	u64 begin = align_down(from, SECTOR), length = align_up(from + n, SECTOR) - begin;

	flash_changed(&f->dev, from, n);
	if (!has_file(f))
		return;
	memcpy(f->copy, f->array + begin, length);
	f->failing = failing;
	f->request = (struct block_req){ .op = BLOCK_WRITE,
					 .durable = true,
					 .offset = begin,
					 .length = length,
					 .iov = { { f->copy, length } },
					 .niov = 1,
					 .done = saved };
	block_submit(f->host, &f->request);
}

/* -- Changing the array ----------------------------------------------------------------- */

static bool is_protected(struct flash *f, u32 error)
{
	if (!has_file(f) || !block_read_only(f->host))
		return false;
	f->errors |= error | SR_PROTECTED;
	return true;
}

/* Programming only takes bits away. */
static void program(struct flash *f, u64 at, const u8 *bytes, u64 n)
{
	if (!range_inside(at, n, 0, size_of(f)) || is_protected(f, SR_PROGRAM_ERROR))
		return;
	for (u64 i = 0; i < n; i++)
		f->array[at + i] &= bytes[i];
	save(f, at, n, SR_PROGRAM_ERROR);
}

static void erase(struct flash *f, u64 at)
{
	u64 begin = align_down(at, f->sector_size);

	if (is_protected(f, SR_ERASE_ERROR))
		return;
	memset(f->array + begin, ERASED, f->sector_size);
	save(f, begin, f->sector_size, SR_ERASE_ERROR);
}

/* -- What is read in place of the array --------------------------------------------------- */

/* Bytes of the query, by word of a chip. */
static u8 query_byte(const struct flash *f, u32 word)
{
	u64 blocks = size_of(f) / f->sector_size;
	u64 block = f->sector_size / chips(f) / 256;
	u8 device_size = (u8)CTZ64(size_of(f) / chips(f));
	u8 buffer = (u8)CTZ64(BUFFER_MOST / 4 / chips(f)) + 1;
	const u8 table[] = {
		'Q',
		'R',
		'Y',
		0x01,
		0x00, /* the Intel/Sharp command set */
		0x31,
		0x00,
		0,
		0,
		0,
		0, /* its extended query; no other command set */
		0x27,
		0x36,
		0,
		0, /* 2.7 to 3.6 V */
		8,
		8,
		10,
		0,
		2,
		2,
		2,
		0, /* 2^n us a word and a buffer, 2^n ms a block; at most */
		device_size,
		0x02,
		0x00, /* 2^n bytes; x8 or x16 */
		buffer,
		0x00, /* 2^n bytes of a buffer */
		1,
		(u8)(blocks - 1),
		(u8)((blocks - 1) >> 8),
		(u8)block,
		(u8)(block >> 8),
		'P',
		'R',
		'I',
		'1',
		'0', /* at 0x31 */
		0,
		0,
		0,
		0, /* nothing optional */
	};

	_Static_assert(sizeof(table) == 0x3a - 0x10, "the extended query is at 0x31");
	return word >= 0x10 && word - 0x10 < sizeof(table) ? table[word - 0x10] : 0;
}

static u8 id_byte(u32 word)
{
	return word == 0 ? 0x89 : word == 1 ? 0x18 : 0; /* Intel, 28F128J3; no block is locked */
}

static u8 status(const struct flash *f)
{
	return (u8)(f->errors | (is_busy(f) ? 0 : SR_READY));
}

/* What one chip says, for each of them. */
static u64 in_each_lane(const struct flash *f, u64 value, u32 width)
{
	u32 lane = f->bank_width > 1 ? 2 : 1;
	u64 v = 0;

	for (u32 i = 0; i < 8; i += lane)
		v |= value << (8 * i);
	return v & LOW_BITS(8 * width);
}

static u64 flash_read(struct device *dev, u64 off, u32 width)
{
	struct flash *f = (struct flash *)dev;
	u32 word = (u32)(off / f->bank_width) & 0xff, skip = (u32)(off % f->bank_width);
	u64 v;

	switch (f->view) {
	case VIEW_STATUS:
		v = status(f);
		break;
	case VIEW_ID:
		v = id_byte(word);
		break;
	case VIEW_QUERY:
		v = query_byte(f, word);
		break;
	default:
		for (v = 0; width; width--)
			v = v << 8 | f->array[off + width - 1];
		return v;
	}
	return in_each_lane(f, v, 8) >> (8 * skip) & LOW_BITS(8 * width);
}

/* -- Commands -------------------------------------------------------------------------------- */

static void wrong_sequence(struct flash *f, u32 command)
{
	f->errors |= SR_SEQUENCE_ERROR;
	guest_error(&f->dev, "command 0x%02x in the wrong place", command);
}

static void begin(struct flash *f, enum phase phase)
{
	f->phase = phase;
	f->view = VIEW_STATUS;
}

static void start_command(struct flash *f, u64 off, u32 command)
{
	switch (command) {
	case CMD_READ_ARRAY:
		f->view = VIEW_ARRAY;
		break;
	case CMD_READ_STATUS:
		f->view = VIEW_STATUS;
		break;
	case CMD_READ_ID:
		f->view = VIEW_ID;
		break;
	case CMD_QUERY:
		f->view = VIEW_QUERY;
		break;
	case CMD_CLEAR_STATUS:
		f->errors = 0;
		break;
	case CMD_PROGRAM:
	case CMD_PROGRAM_10:
		begin(f, PROGRAM_DATA);
		break;
	case CMD_ERASE:
		begin(f, ERASE_CONFIRM);
		break;
	case CMD_LOCKS:
		begin(f, LOCK_CONFIRM);
		break;
	case CMD_BUFFER:
		begin(f, BUFFER_COUNT);
		f->block = align_down(off, f->sector_size);
		break;
	default:
		guest_error(&f->dev, "no command 0x%02x", command);
	}
}

static void buffer_count(struct flash *f, u32 count)
{
	u32 words = (count & 0xffff) + 1;

	f->phase = IDLE;
	if (words * f->bank_width > BUFFER_MOST) {
		wrong_sequence(f, CMD_BUFFER);
		return;
	}
	f->phase = BUFFER_DATA;
	f->words_left = words;
	f->nbuffer = 0;
}

/* Words come in order, from the first one's address on, all in one block. */
static void buffer_data(struct flash *f, u64 off, u32 width, u64 value)
{
	if (!f->nbuffer)
		f->buffer_at = off;
	if (off != f->buffer_at + f->nbuffer || off + width > f->block + f->sector_size ||
	    off < f->block) {
		f->phase = IDLE;
		wrong_sequence(f, CMD_BUFFER);
		return;
	}
	for (u32 i = 0; i < width; i++)
		f->buffer[f->nbuffer++] = (u8)(value >> 8 * i);
	if (!--f->words_left)
		f->phase = BUFFER_CONFIRM;
}

static void confirm(struct flash *f, u64 off, u32 command)
{
	u32 phase = f->phase;

	f->phase = IDLE;
	if (phase == LOCK_CONFIRM)
		return; /* no block can be locked */
	if (command != CMD_CONFIRM)
		wrong_sequence(f, command);
	else if (phase == ERASE_CONFIRM)
		erase(f, off);
	else
		program(f, f->buffer_at, f->buffer, f->nbuffer);
}

static void store(struct flash *f, u64 off, u32 width, u64 value)
{
	u8 bytes[8];

	switch (f->phase) {
	case PROGRAM_DATA:
		f->phase = IDLE;
		put_le64(bytes, value);
		program(f, off, bytes, width);
		break;
	case ERASE_CONFIRM:
	case LOCK_CONFIRM:
	case BUFFER_CONFIRM:
		confirm(f, off, value & 0xff);
		break;
	case BUFFER_COUNT:
		buffer_count(f, (u32)value);
		break;
	case BUFFER_DATA:
		buffer_data(f, off, width, value);
		break;
	default:
		start_command(f, off, value & 0xff);
	}
}

/* A chip that works says how it gets on, and no more; all chips of a bank hear the same. */
static void flash_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct flash *f = (struct flash *)dev;

	if (width > f->bank_width)
		guest_error(dev, "a store of %u bytes to a bank of %u", width, f->bank_width);
	else if (is_busy(f) && value % 256 == CMD_READ_STATUS)
		f->view = VIEW_STATUS;
	else if (is_busy(f))
		guest_error(dev, "command 0x%02x while it is busy", (u32)value & 0xff);
	else
		store(f, off, width, value);
}

static void flash_update(struct device *dev)
{
	flash_hide(dev, ((struct flash *)dev)->view != VIEW_ARRAY);
}

/* -- Life ----------------------------------------------------------------------------------------
 */

static void flash_reset(struct device *dev)
{
	struct flash *f = (struct flash *)dev;

	if (has_file(f))
		return;
	memset(f->array, ERASED, size_of(f));
	flash_changed(dev, 0, size_of(f));
}

static bool check_sizes(const struct flash *f, struct err *e)
{
	u64 size = size_of(f), sector = f->sector_size;

	if (f->bank_width != 1 && f->bank_width != 2 && f->bank_width != 4)
		return err_set(e, "bank-width: %u is not 1, 2 or 4", f->bank_width);
	if (!sector || sector & (sector - 1) || sector % (SECTOR * f->bank_width))
		return err_set(e, "sector-size: %" PRIu64 " is no power of two of %u and more",
			       sector, SECTOR * f->bank_width);
	if (size & (size - 1) || size < sector || size / sector > 65536)
		return err_set(e, "reg: a bank is a power of two of 1 to 65536 sectors");
	if (has_file(f) && block_size(f->host) != size)
		return err_set(e, "host: the file has %" PRIu64 " bytes, the bank %" PRIu64,
			       block_size(f->host), size);
	return true;
}

static bool flash_init(struct device *dev, struct err *e)
{
	struct flash *f = (struct flash *)dev;

	if (!check_sizes(f, e))
		return false;
	f->array = device_window_is_flash(dev, e);
	if (!f->array)
		return false;
	f->in_snapshot = has_file(f) ? 0 : (u32)size_of(f);
	memset(f->array, ERASED, size_of(f));
	if (!has_file(f))
		return true;
	f->copy = xzalloc(MAX(f->sector_size, BUFFER_MOST + 2 * SECTOR));
	return block_load(f->host, f->array, size_of(f)) ||
	       err_set(e, "host: the file cannot be read");
}

static void flash_fini(struct device *dev)
{
	free(((struct flash *)dev)->copy);
}

/* clang-format off */
#define SELF struct flash

DEVICE(flash_cfi) = {
	.name         = "flash-cfi",
	.doc          = "NOR flash, Intel command set",
	.compatible   = { "cfi-flash" },
	.node         = "flash",
	.binding      = "mtd/mtd-physmap.yaml",
	.linux_driver = "physmap-flash",
	.linux_config = "MTD_CFI",
	.holds_code   = true,
	.qemu         = "cfi.pflash01",
	.size         = sizeof(SELF),
	.mmio_max     = 64 * MIB,
	.mmio_align   = 0x1000,
	.example      = "flash0: {device: flash-cfi, reg: [0x2000_0000, 32M], host: {file: code.fd, format: raw, read-only: true}}",
	.init         = flash_init,
	.fini         = flash_fini,
	.reset        = flash_reset,
	.update       = flash_update,
	.read         = flash_read,
	.write        = flash_write,

	.props = PROPS(
		PROP_U32(bank_width, .def = 4, .min = 1, .max = 4, .fdt = "bank-width",
			 .doc = "bytes side by side: 1, 2 or 4"),
		PROP_SIZE(sector_size, .def = 256 * KIB, .min = 4 * KIB, .max = 4 * MIB,
			  .doc = "what is erased at once"),
		PROP_BLOCK(host, .doc = "the array; without a file it is blank after each reset")),

	.state = STATE(
		FIELD_MAX(view, VIEWS - 1), FIELD_MAX(phase, PHASES - 1), FIELD(errors),
		FIELD_MAX(words_left, BUFFER_MOST), FIELD_MAX(nbuffer, BUFFER_MOST), FIELD(block),
		FIELD(buffer), FIELD(buffer_at), FIELD_N(array, in_snapshot)),
};
