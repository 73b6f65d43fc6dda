/* fw-cfg.c - the firmware configuration device of QEMU
 *
 * Spec: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device".
 *
 *	0x00  data      the next bytes of the chosen item, in memory order
 *	0x08  selector  16 bits, big endian: chooses an item, from its first byte
 *	0x10  DMA       64 bits, big endian: the address of a request in RAM; writing the
 *	                low half starts it, reading says that it is there
 *
 * The items are the signature, the features, the directory, the files of the board and, after
 * them, what other devices offer.  Only the last can be written, by DMA.  Reading past the end
 * of an item gives zeros; writing there is an error.
 *
 * Not modeled: the numbers that x86 firmware asks for.
 */
#include "device.h"
#include "fw_cfg.h"

enum { DATA = 0x00, SELECTOR = 0x08, DMA = 0x10 };
enum { ITEM_SIGNATURE = 0x00, ITEM_FEATURES = 0x01, ITEM_DIRECTORY = 0x19, ITEM_FIRST_FILE = 0x20 };
enum { FEATURE_ITEMS = 1, FEATURE_DMA = 2 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

#define NAME          56
#define DIRECTORY_ROW (4 + 2 + 2 + NAME)
#define MOST_FILES    256
/* What one request may fill with zeros behind the end of an item. */
#define MOST_ZEROS    (64 * KIB)

struct file {
	const char *name;
	const char *text;
};

struct fw_cfg {
	struct device dev;

	/* properties */
	struct table files;

	u32 selected;
	u32 at;      /* the next byte of the item; at most its size */
	u64 address; /* of the DMA request; the high half waits for the low one */
};

/* -- Items -------------------------------------------------------------------- */

/* What a number means: bytes that are here, those of another device, or the directory, whose
 * rows are made when they are read. */
struct item {
	u32 size;
	const void *bytes;
	const struct fw_cfg_item *offered;
};

static const struct file *file(const struct fw_cfg *f, u32 i)
{
	return i < f->files.n ? (const struct file *)f->files.rows + i : NULL;
}

/* The i-th of those that have names; false: there are not so many. */
static bool named_item(const struct fw_cfg *f, u32 i, struct item *item, const char **name)
{
	const struct file *here = file(f, i);
	const struct fw_cfg_item *offered = here ? NULL : fw_cfg_item(&f->dev, i - f->files.n);

	if (here) {
		*item = (struct item){ (u32)strlen(here->text), here->text, NULL };
		*name = here->name;
	} else if (offered) {
		*item = (struct item){ offered->size, NULL, offered };
		*name = offered->name;
	}
	return here || offered;
}

static u32 named_items(const struct fw_cfg *f)
{
	u32 n = f->files.n;

	while (fw_cfg_item(&f->dev, n - f->files.n))
		n++;
	return n;
}

/* False: there is no such item. */
static bool find_item(const struct fw_cfg *f, u32 which, struct item *item)
{
	static const u8 features[] = { FEATURE_ITEMS | FEATURE_DMA, 0, 0, 0 };
	const char *name;

	*item = (struct item){ 0 };
	switch (which) {
	case ITEM_SIGNATURE:
		*item = (struct item){ 4, "QEMU", NULL };
		return true;
	case ITEM_FEATURES:
		*item = (struct item){ sizeof(features), features, NULL };
		return true;
	case ITEM_DIRECTORY:
		item->size = 4 + named_items(f) * DIRECTORY_ROW;
		return true;
	}
	return which >= ITEM_FIRST_FILE && named_item(f, which - ITEM_FIRST_FILE, item, &name);
}

static void choose(struct fw_cfg *f, u32 which)
{
	struct item item;

	f->selected = which;
	f->at = 0;
	if (!find_item(f, which, &item))
		guest_error(&f->dev, "there is no item 0x%x", which);
}

/* -- The directory --------------------------------------------------------------- */

static void put_be(u8 *to, u32 v, u32 width)
{
	while (width--) {
		to[width] = (u8)v;
		v >>= 8;
	}
}

static void directory_row(const struct fw_cfg *f, u32 i, u8 *row)
{
	struct item item;
	const char *name;

	memset(row, 0, DIRECTORY_ROW);
	if (!named_item(f, i, &item, &name))
		return;
	put_be(row, item.size, 4);
	put_be(row + 4, ITEM_FIRST_FILE + i, 2);
	memcpy(row + 8, name, strlen(name));
}

/* A count, then the rows. */
static void read_directory(const struct fw_cfg *f, u32 at, u8 *to, u32 n)
{
	u8 part[DIRECTORY_ROW];

	while (n) {
		u32 off = at < 4 ? at : (at - 4) % DIRECTORY_ROW;
		u32 take = MIN(n, at < 4 ? 4 - off : DIRECTORY_ROW - off);

		if (at < 4)
			put_be(part, named_items(f), 4);
		else
			directory_row(f, (at - 4) / DIRECTORY_ROW, part);
		memcpy(to, part + off, take);
		at += take;
		to += take;
		n -= take;
	}
}

/* -- Reading ---------------------------------------------------------------------- */

/* The next bytes, and zeros behind the end: `n` of them, of which the item had as many as are
 * returned.  The place in it has moved before another device is asked. */
static u32 read_item(struct fw_cfg *f, u8 *to, u32 n)
{
	struct item item;
	u32 at = f->at, have = 0;

	if (find_item(f, f->selected, &item) && at < item.size)
		have = MIN(item.size - at, n);
	f->at += have;
	memset(to + have, 0, n - have);
	if (have && item.bytes)
		memcpy(to, (const u8 *)item.bytes + at, have);
	else if (have && item.offered)
		fw_cfg_item_read(&f->dev, item.offered, at, to, have);
	else if (have)
		read_directory(f, at, to, have);
	return have;
}

static u64 read_data(struct fw_cfg *f, u32 width)
{
	u8 bytes[8] = { 0 };

	read_item(f, bytes, width);
	return get_le64(bytes);
}

/* -- DMA ------------------------------------------------------------------------ */

struct request {
	u32 control, length;
	u64 gpa;
};

/* What is left of the item. */
static u32 left(const struct fw_cfg *f, struct item *item)
{
	return find_item(f, f->selected, item) && f->at < item->size ? item->size - f->at : 0;
}

static bool copy_out(struct fw_cfg *f, const struct request *r)
{
	struct item item;
	u32 have = MIN(left(f, &item), r->length);
	u8 *to = dma_slice(&f->dev, r->gpa, r->length);

	if (!r->length)
		return true;
	if (!to || r->length - have > MOST_ZEROS)
		return false;
	read_item(f, to, r->length);
	return true;
}

/* All of it or nothing. */
static bool copy_in(struct fw_cfg *f, const struct request *r)
{
	u8 bytes[FW_CFG_ITEM_MOST];
	struct item item;
	u32 at = f->at;

	if (left(f, &item) < r->length || !item.offered ||
	    !dma_read(&f->dev, r->gpa, bytes, r->length))
		return false;
	f->at += r->length;
	fw_cfg_item_write(&f->dev, item.offered, at, bytes, r->length);
	return true;
}

static bool skip(struct fw_cfg *f, u32 n)
{
	struct item item;

	f->at += MIN(left(f, &item), n);
	return true;
}

static bool carry_out(struct fw_cfg *f, const struct request *r)
{
	if (r->control & DMA_SELECT)
		choose(f, r->control >> 16);
	if (r->control & DMA_READ)
		return copy_out(f, r);
	if (r->control & DMA_WRITE)
		return copy_in(f, r);
	return r->control & DMA_SKIP ? skip(f, r->length) : true;
}

/* The request is read once: what it says afterwards does not count. */
static void run_dma(struct fw_cfg *f)
{
	u8 raw[16], answer[4] = { 0 };
	u64 gpa = f->address;
	struct request r;

	f->address = 0;
	if (!dma_read(&f->dev, gpa, raw, sizeof(raw))) {
		guest_error(&f->dev, "a DMA request that is not in RAM");
		return;
	}
	r = (struct request){ get_be32(raw), get_be32(raw + 4),
			      (u64)get_be32(raw + 8) << 32 | get_be32(raw + 12) };
	if (!carry_out(f, &r)) {
		guest_error(&f->dev, "a DMA request that cannot be done");
		answer[3] = DMA_ERROR;
	}
	dma_write(&f->dev, gpa, answer, sizeof(answer));
}

/* -- Registers ------------------------------------------------------------------ */

static u64 swap(u64 v, u32 width)
{
	u64 out = 0;

	while (width--) {
		out = out << 8 | (v & 0xff);
		v >>= 8;
	}
	return out;
}

static u64 refuse(struct fw_cfg *f, u64 off, u32 width)
{
	guest_error(&f->dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return 0;
}

static u64 fw_cfg_read(struct device *dev, u64 off, u32 width)
{
	static const u8 here[8] = { 'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G' };
	struct fw_cfg *f = (struct fw_cfg *)dev;

	if (off < SELECTOR)
		return read_data(f, width);
	if (off == DMA && width == 8)
		return get_le64(here);
	if (off >= DMA && width == 4)
		return get_le32(here + (off - DMA));
	return refuse(f, off, width);
}

static void fw_cfg_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct fw_cfg *f = (struct fw_cfg *)dev;
	u64 v = swap(value, width);

	if (off == SELECTOR && width == 2) {
		choose(f, (u32)v);
	} else if (off == DMA && width == 4) {
		f->address = v << 32;
	} else if (off == DMA + 4 && width == 4) {
		f->address |= v;
		run_dma(f);
	} else if (off == DMA && width == 8) {
		f->address = v;
		run_dma(f);
	} else {
		refuse(f, off, width);
	}
}

/* -- Life ------------------------------------------------------------------------ */

static bool fw_cfg_init(struct device *dev, struct err *e)
{
	const struct fw_cfg *f = (struct fw_cfg *)dev;

	if (f->files.n > MOST_FILES)
		return err_set(e, "files: more than %u", MOST_FILES);
	for (u32 i = 0; i < f->files.n; i++) {
		if (strlen(file(f, i)->name) >= NAME)
			return err_set(e, "files: `%s` is longer than %u characters",
				       file(f, i)->name, NAME - 1);
		if (!file(f, i)->text)
			return err_set(e, "files: %s has no `text`", file(f, i)->name);
	}
	return true;
}

/* clang-format off */
#define SELF struct file

static const struct prop file_props[] = {
	PROP_TEXT(text, .doc = "its content"),
	{ 0 }
};

#undef SELF
#define SELF struct fw_cfg

DEVICE(fw_cfg) = {
	.name         = "fw-cfg",
	.doc          = "firmware configuration: named pieces of text for the guest",
	.compatible   = { "qemu,fw-cfg-mmio" },
	.node         = "fw-cfg",
	.binding      = "firmware/qemu,fw-cfg-mmio.yaml",
	.linux_driver = "fw_cfg",
	.linux_config = "FW_CFG_SYSFS",
	.qemu         = "fw_cfg_mem",
	.size         = sizeof(SELF),
	.mmio_size    = 0x18,
	.mmio_align   = 8,
	.example      = "fw0: {device: fw-cfg, reg: 0x1010_0000, files: {opt/motd: {text: hello}}}",
	.init         = fw_cfg_init,
	.read         = fw_cfg_read,
	.write        = fw_cfg_write,

	.props = PROPS(
		PROP_TABLE(files, struct file, .rows = file_props,
			   .doc = "by name, as in opt/org.example/greeting")),

	.cells = { [PROVIDES_FW_CFG] = 1 },
	.fdt   = FDT(FDT_FLAG("dma-coherent")),

	.state = STATE(FIELD_MAX(selected, 0xffff), FIELD(at), FIELD(address)),
};
