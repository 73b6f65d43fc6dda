/* image.c - what is this file?  ELF, Linux Image, or something no hart can run. */
#include "image.h"

#include <inttypes.h>

enum { LINUX_HEADER = 64 };

static const u64 image_max = 2 * GIB;

static bool starts(const struct image *im, size_t at, const void *magic, size_t n)
{
	return im->len >= at + n && !memcmp(im->bytes + at, magic, n);
}

/* For E0501: what a person would call it. */
static const char *describe(const struct image *im)
{
	size_t printable = 0, n = MIN(im->len, 512);

	if (!im->len)
		return "it is empty";
	if (starts(im, 0, "MZ", 2))
		return "it is an EFI program, not a RISC-V Linux Image";
	if (starts(im, 0, "\xd0\x0d\xfe\xed", 4))
		return "it is a device tree";
	if (starts(im, 0, "070701", 6))
		return "it is a cpio archive: an initrd?";
	if (starts(im, 0, "QFI\xfb", 4))
		return "it is a qcow2 disk image";
	if (starts(im, 0,
		   "\xfd"
		   "7zXZ",
		   5))
		return "it is compressed with xz, which is not supported";
	for (size_t i = 0; i < n; i++)
		printable += (im->bytes[i] >= 0x20 && im->bytes[i] < 0x7f) ||
			     (im->bytes[i] >= '\t' && im->bytes[i] <= '\r');
	if (printable == n)
		return "it is text";
	return "no ELF, Linux Image or EFI zboot";
}

/* Documentation/arch/riscv/boot-image-header.rst: magic2 at 56. */
static bool linux_header(struct image *im, struct err *e)
{
	u64 text_offset = get_le64(im->bytes + 8), size = get_le64(im->bytes + 16);

	if (size > image_max || text_offset > GIB)
		return err_code(e, "E0501", "`%s`: its Linux Image header is damaged", im->path);
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
		return false;
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
		return err_code(e, "E0501", "`%s` is cut off: its payload is not in it", im->path);
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
	err_code(e, "E0501", "`%s` is nothing a hart can run: %s", im->path, describe(im));
	return err_hint(e, "raw code goes under `load:` with `format: raw` and `at:`");
}

static bool read_in(struct image *im, const struct image_source *src, const char *path,
		    struct err *e)
{
	*im = (struct image){ .path = xstrdup(path) };
	im->bytes = src->read_file(src->ctx, path, image_max, &im->len, e);
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
