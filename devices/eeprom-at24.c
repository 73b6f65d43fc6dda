/* eeprom-at24.c - serial EEPROMs of the 24Cxx family
 *
 * Spec: Atmel AT24C32/64 data sheet (0336), "Device Operation" and "Write Operations"; the
 * other sizes differ in the numbers of the table below.
 *
 * A transfer begins with the address of a byte, in one or two bytes.  Reading goes on to
 * the end and around; writing stays in its page, and counts from the STOP on.
 *
 * With `host:` a file is the memory: read once, before which the chip does not answer, and
 * written after each STOP.  Drivers wait 25 ms for a chip that writes, and a host may take
 * longer, so the guest is not kept waiting.  A chip whose file fails answers no more.
 * Without a file it is as it leaves the factory, all ones, after each reset of the machine.
 *
 * Not modeled: the time of a write cycle, chips with several addresses (24C04 to 24C16).
 */
#include "block.h"
#include "device.h"
#include "dt.h"
#include "i2c.h"

#include <inttypes.h>

#define SECTOR 512

/* name, bytes, bytes of a page, bytes of an address */
#define MODELS(M)                                                                                  \
	M("24c01", 128, 8, 1)                                                                      \
	M("24c02", 256, 8, 1)                                                                      \
	M("24c32", 4096, 32, 2)                                                                    \
	M("24c64", 8192, 32, 2)                                                                    \
	M("24c128", 16384, 64, 2)                                                                  \
	M("24c256", 32768, 64, 2)                                                                  \
	M("24c512", 65536, 128, 2)

#define MOST 65536 /* bytes of the largest */

#define AS_ROW(name, ...)  { "atmel," name, __VA_ARGS__ },
#define AS_WORD(name, ...) name,

static const struct model {
	const char *compatible;
	u32 size, page, address_bytes;
} models[] = { MODELS(AS_ROW) };

/* Bytes [from, to); none if they are equal. */
struct span {
	u32 from, to;
};

struct eeprom {
	struct device dev;

	/* properties */
	u32 model;
	bool read_only;
	struct block *host;

	u8 *bytes;       /* what the chip remembers, MOST of them */
	u32 in_snapshot; /* how many of them: none if there is a file */

	/* The file: one request at a time, from a copy of the bytes. */
	struct block_req request;
	u8 *copy;
	struct span saving, unsaved; /* what is under way, and what the file does not have yet */
	bool loaded, failed;

	u32 at;              /* the byte that is read or written next */
	u32 address_left;    /* bytes of an address that are still to come */
	struct span changed; /* since the last STOP */
};

static const struct model *model_of(const struct eeprom *e)
{
	return &models[e->model];
}

static bool has_file(const struct eeprom *e)
{
	return block_size(e->host);
}

static void span_add(struct span *s, struct span more)
{
	if (s->from == s->to)
		*s = more;
	if (more.from == more.to)
		return;
	s->from = MIN(s->from, more.from);
	s->to = MAX(s->to, more.to);
}

/* -- The file ------------------------------------------------------------------------ */

/* Afterwards the engine calls update(), which looks for more. */
static void file_done(struct block_req *req)
{
	struct eeprom *e = (struct eeprom *)req->dev;

	e->failed |= req->status != BLOCK_OK;
	e->loaded |= req->op == BLOCK_READ && !e->failed;
	e->saving = (struct span){ 0 };
}

static void file_request(struct eeprom *e, enum block_op op, struct span s, u8 *bytes)
{
	u64 begin = align_down(s.from, SECTOR), length = align_up(s.to, SECTOR) - begin;

	e->request = (struct block_req){ .op = op,
					 .durable = op == BLOCK_WRITE,
					 .offset = begin,
					 .length = length,
					 .iov = { { bytes + begin, length } },
					 .niov = 1,
					 .done = file_done };
	block_submit(e->host, &e->request);
}

/* A reset ends a request without a word: then it is begun again. */
static void file_go_on(struct eeprom *e)
{
	if (!has_file(e) || e->failed || !block_idle(e->host))
		return;
	span_add(&e->unsaved, e->saving);
	e->saving = (struct span){ 0 };
	if (!e->loaded) {
		file_request(e, BLOCK_READ, (struct span){ 0, model_of(e)->size }, e->bytes);
	} else if (e->unsaved.from < e->unsaved.to) {
		e->saving = e->unsaved;
		e->unsaved = (struct span){ 0 };
		memcpy(e->copy, e->bytes, MOST);
		file_request(e, BLOCK_WRITE, e->saving, e->copy);
	}
}

/* -- The bus --------------------------------------------------------------------------- */

static bool eeprom_start(struct device *dev, bool read)
{
	struct eeprom *e = (struct eeprom *)dev;

	if (has_file(e) && (e->failed || !e->loaded))
		return false;
	if (!read)
		e->address_left = model_of(e)->address_bytes;
	return true;
}

static void store(struct eeprom *e, u8 byte)
{
	const struct model *m = model_of(e);
	u32 page = e->at / m->page * m->page;

	e->bytes[e->at] = byte;
	span_add(&e->changed, (struct span){ e->at, e->at + 1 });
	e->at = page + (e->at + 1) % m->page;
}

static bool eeprom_write(struct device *dev, u8 byte)
{
	struct eeprom *e = (struct eeprom *)dev;

	if (e->address_left) {
		e->address_left--;
		e->at = ((e->at << 8) | byte) % model_of(e)->size;
		return true;
	}
	if (e->read_only)
		return false;
	store(e, byte);
	return true;
}

static u8 eeprom_read(struct device *dev)
{
	struct eeprom *e = (struct eeprom *)dev;
	u8 byte = e->bytes[e->at];

	e->at = (e->at + 1) % model_of(e)->size;
	return byte;
}

static void eeprom_stop(struct device *dev)
{
	struct eeprom *e = (struct eeprom *)dev;

	if (has_file(e))
		span_add(&e->unsaved, e->changed);
	e->changed = (struct span){ 0 };
}

/* -- Life ------------------------------------------------------------------------------ */

static bool eeprom_init(struct device *dev, struct err *err)
{
	struct eeprom *e = (struct eeprom *)dev;
	u32 size = model_of(e)->size;

	if (has_file(e) && block_size(e->host) < size)
		return err_set(err, "its file has %" PRIu64 " bytes, and the chip %u",
			       block_size(e->host), size);
	e->bytes = xzalloc(MOST);
	e->copy = xzalloc(MOST);
	e->in_snapshot = has_file(e) ? 0 : size;
	e->read_only |= has_file(e) && block_read_only(e->host);
	return true;
}

static void eeprom_fini(struct device *dev)
{
	free(((struct eeprom *)dev)->bytes);
	free(((struct eeprom *)dev)->copy);
}

/* A snapshot may be damaged, or of a larger chip. */
static void eeprom_update(struct device *dev)
{
	struct eeprom *e = (struct eeprom *)dev;
	u32 size = model_of(e)->size;

	e->at %= size;
	e->changed.to = MIN(e->changed.to, size);
	e->changed.from = MIN(e->changed.from, e->changed.to);
	file_go_on(e);
}

static void eeprom_reset(struct device *dev)
{
	struct eeprom *e = (struct eeprom *)dev;

	if (!has_file(e))
		memset(e->bytes, 0xff, model_of(e)->size);
}

static void eeprom_fdt(struct dt_node *node)
{
	dt_compatible(node, models[dt_value(node, "model")->num].compatible);
	dt_add_u32(node, "pagesize", models[dt_value(node, "model")->num].page);
}

/* clang-format off */
#define SELF struct eeprom

DEVICE(eeprom_at24) = {
	.name         = "eeprom-at24",
	.doc          = "serial EEPROM, 24C01 to 24C512",
	.node         = "eeprom",
	.binding      = "eeprom/at24.yaml",
	.linux_driver = "at24",
	.linux_config = "EEPROM_AT24",
	.qemu         = "at24c-eeprom",
	.size         = sizeof(SELF),
	.on           = BUS_I2C,
	.example      = "eeprom0: {device: eeprom-at24, reg: 0x50, model: 24c256}",
	.init         = eeprom_init,
	.fini         = eeprom_fini,
	.reset        = eeprom_reset,
	.update       = eeprom_update,
	.fdt_more     = eeprom_fdt,

	.i2c = &(const struct i2c_class){
		.start = eeprom_start, .write = eeprom_write, .read = eeprom_read, .stop = eeprom_stop,
	},

	.props = PROPS(
		PROP_ENUM(model, .words = (const char *const[]){ MODELS(AS_WORD) NULL },
			  .def = 1, .doc = "which chip; its number is its size in kilobits"),
		PROP_BOOL(read_only, .fdt = "read-only", .doc = "its pin WP is high: nothing can be written"),
		PROP_BLOCK(host, .doc = "a file that is its memory: {file: F, format: raw}")),

	.state = STATE(
		FIELD_N(bytes, in_snapshot), FIELD_MAX(at, MOST - 1), FIELD_MAX(address_left, 2),
		FIELD(changed)),
};
