/* Files that claim to be kernels and programs: good ones, cut ones, hostile ones. */
#include "check.h"

#include "image.h"

/* A file system of one file. */
static const u8 *file;
static size_t file_len;

static u8 *read_file(void *ctx, const char *path, size_t max, size_t *len, struct err *e)
{
	u8 *copy = xzalloc(file_len + 1);

	(void)ctx, (void)path, (void)max, (void)e;
	if (file_len)
		memcpy(copy, file, file_len);
	*len = file_len;
	return copy;
}

/* Stands in for gzip: takes off the magic number. */
static bool unpack(const u8 *from, size_t n, size_t max, u8 **to, size_t *len, struct err *e)
{
	(void)max;
	if (n < 3)
		return err_set(e, "damaged");
	*to = xzalloc(n - 2);
	memcpy(*to, from + 2, n - 2);
	*len = n - 2;
	return true;
}

static bool open_bytes(struct image *im, const void *bytes, size_t n, struct err *e)
{
	const struct image_source src = { NULL, read_file, unpack };

	file = bytes;
	file_len = n;
	*e = (struct err){ 0 };
	return image_open(im, &src, "prog", e);
}

static void assert_refused(const void *bytes, size_t n, const char *code, const char *why)
{
	struct image im;
	struct err e;

	assert_false(open_bytes(&im, bytes, n, &e));
	assert_string_equal(e.code, code);
	if (!strstr(e.text, why))
		fail_msg("`%s` does not say `%s`", e.text, why);
}

/* -- A small ELF64: header, two program headers, 16 bytes, one symbol --------------- */

enum { EHDR = 64, PHDR = 56, SHDR = 64, BODY = EHDR + 2 * PHDR, SECTIONS = 256, ELF_LEN = 512 };

static void put16(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

static void put_section(u8 *elf, u32 i, u32 type, u64 off, u64 size, u32 link)
{
	u8 *sh = elf + SECTIONS + i * SHDR;

	put_le32(sh + 4, type);
	put_le64(sh + 24, off);
	put_le64(sh + 32, size);
	put_le32(sh + 40, link);
}

static void make_elf(u8 *elf)
{
	memset(elf, 0, ELF_LEN);
	memcpy(elf,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	put16(elf + 16, 2);
	put16(elf + 18, 243);
	put_le64(elf + 24, 0xffffffff80000004);
	put_le64(elf + 32, EHDR);
	put_le64(elf + 40, SECTIONS);
	put16(elf + 54, PHDR);
	put16(elf + 56, 2);
	put16(elf + 58, SHDR);
	put16(elf + 60, 3);

	put_le32(elf + EHDR, 1);
	put_le64(elf + EHDR + 8, BODY);
	put_le64(elf + EHDR + 16, 0xffffffff80000000);
	put_le64(elf + EHDR + 24, 0x80000000);
	put_le64(elf + EHDR + 32, 16);
	put_le64(elf + EHDR + 40, 4096);

	put_section(elf, 1, 2, BODY + 16, 24, 2);
	put_section(elf, 2, 3, BODY + 40, 8, 0);
	put_le64(elf + BODY + 16 + 8, 0x80000ff8);
	memcpy(elf + BODY + 40, "tohost", 7);
}

static void segments_go_to_physical_addresses_and_the_entry_follows(void **state)
{
	u8 elf[ELF_LEN];
	struct image im;
	struct err e;

	make_elf(elf);
	assert_true(open_bytes(&im, elf, sizeof(elf), &e));
	assert_int_equal(im.kind, IMAGE_IS_ELF);
	assert_int_equal(im.nsegments, 1);
	assert_int_equal(im.segment[0].gpa, 0x80000000);
	assert_int_equal(im.segment[0].size, 4096);
	assert_int_equal(im.segment[0].nbytes, 16);
	assert_int_equal(im.entry, 0x80000004);
	image_close(&im);
	(void)state;
}

static void a_symbol_is_found_by_its_whole_name(void **state)
{
	u8 elf[ELF_LEN];
	struct image im;
	struct err e;
	u64 v;

	make_elf(elf);
	assert_true(open_bytes(&im, elf, sizeof(elf), &e));
	assert_true(elf_symbol(&im, "tohost", &v));
	assert_int_equal(v, 0x80000ff8);
	assert_false(elf_symbol(&im, "toho", &v));
	image_close(&im);
	(void)state;
}

static void a_program_that_relocates_itself_says_so(void **state)
{
	u8 elf[ELF_LEN];
	struct image im;
	struct err e;

	make_elf(elf);
	assert_true(open_bytes(&im, elf, sizeof(elf), &e));
	assert_false(im.anywhere);
	image_close(&im);
	put16(elf + 16, 3);
	assert_true(open_bytes(&im, elf, sizeof(elf), &e));
	assert_true(im.anywhere);
	image_close(&im);
	(void)state;
}

static void each_mistake_in_an_elf_is_named(void **state)
{
	u8 elf[ELF_LEN];

	make_elf(elf);
	assert_refused(elf, 40, "E0501", "truncated ELF");
	assert_refused(elf, EHDR + PHDR, "E0501", "program headers");
	assert_refused(elf, BODY + 8, "E0501", "cut off: segment 0");
	put16(elf + 18, 62);
	assert_refused(elf, sizeof(elf), "E0504", "another machine");
	make_elf(elf);
	elf[5] = 2;
	assert_refused(elf, sizeof(elf), "E0504", "big-endian");
	make_elf(elf);
	put_le64(elf + EHDR + 32, 5000);
	assert_refused(elf, sizeof(elf), "E0501", "more bytes in the file");
	make_elf(elf);
	put_le64(elf + EHDR + 8, UINT64_MAX - 3);
	assert_refused(elf, sizeof(elf), "E0501", "cut off: segment 0");
	make_elf(elf);
	put_le32(elf + EHDR, 6);
	assert_refused(elf, sizeof(elf), "E0501", "nothing to load");
	(void)state;
}

static void what_is_no_program_is_called_by_its_name(void **state)
{
	assert_refused("", 0, "E0501", "it is empty");
	assert_refused("hello\n", 6, "E0501", "it is text");
	assert_refused("070701000", 9, "E0501", "cpio");
	assert_refused("\xd0\x0d\xfe\xed....", 8, "E0501", "device tree");
	assert_refused("QFI\xfb\0\0\0\3", 8, "E0501", "qcow2");
	assert_refused("MZ\x90\0\0\0", 6, "E0501", "EFI program");
	assert_refused("\x1f\x8b"
		       "hello, text",
		       13, "E0501", "it is text");
	(void)state;
}

static void a_linux_image_takes_its_size_from_the_header(void **state)
{
	u8 image[128] = { 'M', 'Z' };
	struct image im;
	struct err e;

	put_le64(image + 8, 0x200000);
	put_le64(image + 16, 0x1000);
	memcpy(image + 56, "RSC\x05", 4);
	assert_true(open_bytes(&im, image, sizeof(image), &e));
	assert_int_equal(im.kind, IMAGE_IS_LINUX);
	assert_int_equal(im.text_offset, 0x200000);
	assert_int_equal(im.segment[0].size, 0x1000);
	assert_int_equal(im.segment[0].nbytes, 128);
	image_close(&im);
	put_le64(image + 16, UINT64_MAX);
	assert_refused(image, sizeof(image), "E0501", "header is damaged");
	(void)state;
}

static void a_zboot_payload_outside_of_the_file_is_refused(void **state)
{
	u8 image[64] = { 'M', 'Z', 0, 0, 'z', 'i', 'm', 'g' };

	put_le32(image + 8, 60);
	put_le32(image + 12, UINT32_MAX);
	assert_refused(image, sizeof(image), "E0501", "payload");
	(void)state;
}

/* Whatever is changed, and wherever the file ends: an answer, never a crash. */
static void damaged_files_get_an_answer(void **state)
{
	u8 elf[ELF_LEN];
	u32 seed = 1;

	for (u32 round = 0; round < 20000; round++) {
		struct image im;
		struct err e;
		size_t n = sizeof(elf);
		u64 v;

		make_elf(elf);
		for (u32 flips = round % 5; flips--;) {
			seed = seed * 1664525 + 1013904223;
			elf[(seed >> 8) % sizeof(elf)] = (u8)(seed >> 24);
		}
		if (round & 1)
			n = (seed >> 7) % sizeof(elf);
		if (!open_bytes(&im, elf, n, &e)) {
			assert_true(e.text[0]);
			continue;
		}
		elf_symbol(&im, "tohost", &v);
		elf_symbol(&im, "begin_signature", &v);
		image_close(&im);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_go_to_physical_addresses_and_the_entry_follows),
		cmocka_unit_test(a_symbol_is_found_by_its_whole_name),
		cmocka_unit_test(a_program_that_relocates_itself_says_so),
		cmocka_unit_test(each_mistake_in_an_elf_is_named),
		cmocka_unit_test(what_is_no_program_is_called_by_its_name),
		cmocka_unit_test(a_linux_image_takes_its_size_from_the_header),
		cmocka_unit_test(a_zboot_payload_outside_of_the_file_is_refused),
		cmocka_unit_test(damaged_files_get_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
