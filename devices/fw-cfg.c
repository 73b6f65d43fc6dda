/* fw-cfg.c - the firmware configuration device of QEMU, read-only
 *
 * Spec: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device".
 *
 *	0x00  data      the next bytes of the chosen item, in memory order
 *	0x08  selector  16 bits, big endian: chooses an item, from its first byte
 *	0x10  DMA       64 bits, big endian: the address of a request in RAM; writing the
 *	                low half starts it, reading says that it is there
 *
 * The items are the signature, the features, the directory, and the files of the
 * board.  Reading past the end of an item gives zeros.
 *
 * Not modeled: writable items, and the numbers that x86 firmware asks for.
 */
#include "device.h"

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

	const struct file *file;
	u8 *directory;
	u32 directory_size;

	u32 selected;
	u32 at;      /* the next byte of the item; at most its size */
	u64 address; /* of the DMA request; the high half waits for the low one */
};

/* -- Items -------------------------------------------------------------------- */

static const u8 *item(const struct fw_cfg *f, u32 *size)
{
	static const u8 signature[] = { 'Q', 'E', 'M', 'U' };
	static const u8 features[] = { FEATURE_ITEMS | FEATURE_DMA, 0, 0, 0 };

	switch (f->selected) {
	case ITEM_SIGNATURE:
		*size = sizeof(signature);
		return signature;
	case ITEM_FEATURES:
		*size = sizeof(features);
		return features;
	case ITEM_DIRECTORY:
		*size = f->directory_size;
		return f->directory;
	}
	*size = 0;
	if (f->selected < ITEM_FIRST_FILE || f->selected - ITEM_FIRST_FILE >= f->files.n)
		return NULL;
	*size = (u32)strlen(f->file[f->selected - ITEM_FIRST_FILE].text);
	return (const u8 *)f->file[f->selected - ITEM_FIRST_FILE].text;
}

static void choose(struct fw_cfg *f, u32 which)
{
	u32 size;

	f->selected = which;
	f->at = 0;
	if (!item(f, &size))
		guest_error(&f->dev, "there is no item 0x%x", which);
}

/* What is left of the item, at most `n`. */
static const u8 *rest(const struct fw_cfg *f, u32 n, u32 *have)
{
	u32 size;
	const u8 *bytes = item(f, &size);

	*have = f->at < size ? MIN(size - f->at, n) : 0;
	return *have ? bytes + f->at : NULL;
}

static u64 read_data(struct fw_cfg *f, u32 width)
{
	u64 value = 0;
	u32 have;
	const u8 *bytes = rest(f, width, &have);

	for (u32 i = 0; i < have; i++)
		value |= (u64)bytes[i] << (8 * i);
	f->at += have;
	return value;
}

/* -- DMA ------------------------------------------------------------------------ */

struct request {
	u32 control, length;
	u64 gpa;
};

static bool copy_out(struct fw_cfg *f, const struct request *r)
{
	u32 have;
	const u8 *bytes = rest(f, r->length, &have);
	u8 *to = dma_slice(&f->dev, r->gpa, r->length);

	if (!r->length)
		return true;
	if (!to || r->length - have > MOST_ZEROS)
		return false;
	if (have)
		memcpy(to, bytes, have);
	memset(to + have, 0, r->length - have);
	f->at += have;
	return true;
}

static bool skip(struct fw_cfg *f, u32 n)
{
	u32 have;

	rest(f, n, &have);
	f->at += have;
	return true;
}

static bool carry_out(struct fw_cfg *f, const struct request *r)
{
	if (r->control & DMA_SELECT)
		choose(f, r->control >> 16);
	if (r->control & DMA_READ)
		return copy_out(f, r);
	if (r->control & DMA_WRITE)
		return false; /* no item takes any */
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

static void put_be(u8 *to, u32 v, u32 width)
{
	while (width--) {
		to[width] = (u8)v;
		v >>= 8;
	}
}

static bool check_files(const struct fw_cfg *f, struct err *e)
{
	if (f->files.n > MOST_FILES)
		return err_set(e, "files: more than %u", MOST_FILES);
	for (u32 i = 0; i < f->files.n; i++) {
		if (strlen(f->file[i].name) >= NAME)
			return err_set(e, "files: `%s` is longer than %u characters",
				       f->file[i].name, NAME - 1);
		if (!f->file[i].text)
			return err_set(e, "files: %s has no `text`", f->file[i].name);
	}
	return true;
}

static bool fw_cfg_init(struct device *dev, struct err *e)
{
	struct fw_cfg *f = (struct fw_cfg *)dev;

	f->file = f->files.rows;
	if (!check_files(f, e))
		return false;
	f->directory_size = 4 + f->files.n * DIRECTORY_ROW;
	f->directory = xzalloc(f->directory_size);
	put_be(f->directory, f->files.n, 4);
	for (u32 i = 0; i < f->files.n; i++) {
		u8 *row = f->directory + 4 + i * DIRECTORY_ROW;

		put_be(row, (u32)strlen(f->file[i].text), 4);
		put_be(row + 4, ITEM_FIRST_FILE + i, 2);
		memcpy(row + 8, f->file[i].name, strlen(f->file[i].name));
	}
	return true;
}

static void fw_cfg_fini(struct device *dev)
{
	free(((struct fw_cfg *)dev)->directory);
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
	.linux_driver = "qemu_fw_cfg",
	.linux_config = "FW_CFG_SYSFS",
	.qemu         = "fw_cfg_mem",
	.size         = sizeof(SELF),
	.mmio_size    = 0x18,
	.mmio_align   = 8,
	.example      = "fw0: {device: fw-cfg, reg: 0x1010_0000, files: {opt/motd: {text: hello}}}",
	.init         = fw_cfg_init,
	.fini         = fw_cfg_fini,
	.read         = fw_cfg_read,
	.write        = fw_cfg_write,

	.props = PROPS(
		PROP_TABLE(files, struct file, .rows = file_props,
			   .doc = "by name, as in opt/org.example/greeting")),

	.fdt = FDT(FDT_FLAG("dma-coherent")),

	.state = STATE(FIELD_MAX(selected, 0xffff), FIELD(at), FIELD(address)),
};
