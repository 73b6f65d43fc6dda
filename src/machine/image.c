/* image.c - what is this file?  ELF, Linux Image, or something no hart can run. */
#include "image.h"

#include <inttypes.h>

enum { LINUX_HEADER = 64 };

static const u64 image_max = 2 * GIB;

static bool starts(const struct image *im, size_t at, const void *magic, size_t n)
{
	return im->len >= at + n && !memcmp(im->bytes + at, magic, n);
}

/* What people mistake for a kernel, and what to do with it instead. */
static const struct stranger {
	const char *magic;
	size_t n;
	const char *is, *hint;
} strangers[] = {
	/* clang-format off */
	{ "MZ",               2, "it is an EFI program, not a RISC-V Linux Image",
	  "a kernel is a Linux Image, a vmlinuz or an ELF file for RISC-V" },
	{ "\xd0\x0d\xfe\xed", 4, "it is a device tree",
	  "`dtb:` under `boot:` takes it" },
	{ "070701",           6, "it is a cpio archive: an initrd?",
	  "`initrd:` under `boot:` takes it" },
	{ "QFI\xfb",          4, "it is a qcow2 disk image",
	  "a disk is the `file:` of a virtio-blk, as a raw image: qemu-img convert -O raw" },
	{ "\xfd" "7zXZ",      5, "it is compressed with xz, which is not supported",
	  "unpack it first: xz -d" },
	/* clang-format on */
};
static const struct stranger nothing = { "", 0, "it is empty", "copy or build it again" };
static const struct stranger text = {
	"", 0, "it is text", "a kernel is a Linux Image, a vmlinuz or an ELF file for RISC-V"
};
static const struct stranger unknown = {
	"", 0, "no ELF, Linux Image or EFI zboot",
	"raw code goes under `load:` with `format: raw` and `at:`"
};

static bool is_text(const struct image *im)
{
	size_t n = MIN(im->len, 512);

	for (size_t i = 0; i < n; i++) {
		u8 c = im->bytes[i];

		if ((c < 0x20 || c >= 0x7f) && (c < '\t' || c > '\r'))
			return false;
	}
	return true;
}

static const struct stranger *stranger_of(const struct image *im)
{
	if (!im->len)
		return &nothing;
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		if (starts(im, 0, strangers[i].magic, strangers[i].n))
			return &strangers[i];
	return is_text(im) ? &text : &unknown;
}

static const struct {
	const char *code, *hint;
} refusals[] = {
	[IMAGE_DAMAGED] = { "E0501", "copy or build it again" },
	[IMAGE_FOREIGN] = { "E0504", "build it with a RISC-V compiler: riscv64-linux-gnu-gcc" },
};

bool image_refuse(const struct image *im, struct err *e, enum image_refusal why, const char *fmt,
		  ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	err_in(e, "`%s`", im->path);
	snprintf(e->code, sizeof(e->code), "%s", refusals[why].code);
	return err_hint(e, "%s", refusals[why].hint);
}

bool image_is_code(const struct image *im, struct err *e)
{
	const struct stranger *s = stranger_of(im);

	if (s == &unknown)
		return true;
	err_code(e, "E0501", "`%s` is nothing a hart can run: %s", im->path, s->is);
	return err_hint(e, "%s", s->hint);
}

/* Documentation/arch/riscv/boot-image-header.rst: magic2 at 56. */
static bool linux_header(struct image *im, struct err *e)
{
	u64 text_offset = get_le64(im->bytes + 8), size = get_le64(im->bytes + 16);

	if (size > image_max || text_offset > GIB)
		return image_refuse(im, e, IMAGE_DAMAGED, "its Linux Image header is damaged");
	im->kind = IMAGE_IS_LINUX;
	im->text_offset = text_offset;
	im->image_size = MAX(size, im->len);
	im->nsegments = 1;
	im->segment[0] = (struct segment){ 0, im->image_size, im->bytes, im->len };
	return true;
}

static bool take_unpacked(struct image *im, const struct image_source *src, size_t off, size_t n,
			  struct err *e)
{
	size_t len;
	u8 *bytes;

	if (!src->unpack(im->bytes + off, n, image_max, &bytes, &len, e)) {
		err_in(e, "`%s`", im->path);
		return e->hint[0] ? false : err_hint(e, "%s", refusals[IMAGE_DAMAGED].hint);
	}
	free(im->bytes);
	im->bytes = bytes;
	im->len = len;
	return true;
}

/* EFI zboot, drivers/firmware/efi/libstub/zboot-header.S: "MZ", "zimg" at 4, then
 * offset and size of the compressed payload. */
static bool unpack_zboot(struct image *im, const struct image_source *src, struct err *e)
{
	u32 off = get_le32(im->bytes + 8), n = get_le32(im->bytes + 12);

	if (!range_inside(off, n, 0, im->len))
		return image_refuse(im, e, IMAGE_DAMAGED,
				    "it is cut off: its payload is not in it");
	return take_unpacked(im, src, off, n, e);
}

static bool unpack(struct image *im, const struct image_source *src, struct err *e)
{
	if (starts(im, 0, "MZ", 2) && starts(im, 4, "zimg", 4) && im->len >= 64)
		return unpack_zboot(im, src, e);
	if (starts(im, 0, "\x1f\x8b", 2) || starts(im, 0, "\x28\xb5\x2f\xfd", 4))
		return take_unpacked(im, src, 0, im->len, e);
	return true;
}

static bool recognize(struct image *im, struct err *e)
{
	if (starts(im, 0,
		   "\x7f"
		   "ELF",
		   4)) {
		im->kind = IMAGE_IS_ELF;
		return elf_read(im, e);
	}
	if (im->len >= LINUX_HEADER && starts(im, 56, "RSC\x05", 4))
		return linux_header(im, e);
	if (!image_is_code(im, e))
		return false;
	err_code(e, "E0501", "`%s` is nothing a hart can run: %s", im->path, unknown.is);
	return err_hint(e, "%s", unknown.hint);
}

/* Whatever the host calls it: to a board it is an image that cannot be read. */
u8 *image_read(const struct image_source *src, const char *path, size_t max, size_t *len,
	       struct err *e)
{
	u8 *bytes = src->read_file(src->ctx, path, max, len, e);

	if (!bytes)
		snprintf(e->code, sizeof(e->code), "E0503");
	return bytes;
}

static bool read_in(struct image *im, const struct image_source *src, const char *path,
		    struct err *e)
{
	*im = (struct image){ .path = xstrdup(path) };
	im->bytes = image_read(src, path, image_max, &im->len, e);
	return im->bytes;
}

bool image_open(struct image *im, const struct image_source *src, const char *path, struct err *e)
{
	if (read_in(im, src, path, e) && unpack(im, src, e) && recognize(im, e))
		return true;
	image_close(im);
	return false;
}

bool image_open_raw(struct image *im, const struct image_source *src, const char *path, u64 gpa,
		    struct err *e)
{
	if (!read_in(im, src, path, e)) {
		image_close(im);
		return false;
	}
	im->kind = IMAGE_IS_RAW;
	im->nsegments = 1;
	im->segment[0] = (struct segment){ gpa, im->len, im->bytes, im->len };
	return true;
}

void image_close(struct image *im)
{
	free(im->path);
	free(im->bytes);
	*im = (struct image){ 0 };
}
