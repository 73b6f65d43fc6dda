#include "check.h"

#include "cpio.h"

#define HEADER 110

/* The n-th of a header's thirteen fields of eight hexadecimal digits. */
static u32 field(const struct cpio *c, size_t at, u32 n)
{
	char digits[9] = "";

	memcpy(digits, c->out.p + at + 6 + 8 * n, 8);
	return (u32)strtoul(digits, NULL, 16);
}

enum { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAMESIZE, CHECK };

static void a_member_is_a_header_a_name_and_bytes_each_padded_to_four(void **state)
{
	struct cpio c = { 0 };

	assert_true(cpio_file(&c, "init", true, "hello", 5));
	assert_memory_equal(c.out.p, "070701", 6);
	assert_int_equal(field(&c, 0, MODE), 0100755);
	assert_int_equal(field(&c, 0, FILESIZE), 5);
	assert_int_equal(field(&c, 0, NAMESIZE), 5); /* with its NUL */
	assert_string_equal(c.out.p + HEADER, "init");
	assert_memory_equal(c.out.p + 116, "hello\0\0\0", 8); /* 110 + 5, padded */
	assert_int_equal(c.out.n, 124);
	str_free(&c.out);
	(void)state;
}

static void folders_links_and_files_differ_in_their_mode(void **state)
{
	struct cpio c = { 0 };
	size_t link, file;

	cpio_folder(&c, "bin");
	link = c.out.n;
	cpio_link(&c, "bin/sh", "busybox");
	file = c.out.n;
	cpio_file(&c, "bin/data", false, "", 0);
	assert_int_equal(field(&c, 0, MODE), 0040755);
	assert_int_equal(field(&c, link, MODE), 0120777);
	assert_int_equal(field(&c, link, FILESIZE), strlen("busybox"));
	assert_int_equal(field(&c, file, MODE), 0100644);
	str_free(&c.out);
	(void)state;
}

static void members_have_different_inodes_and_belong_to_root(void **state)
{
	struct cpio c = { 0 };
	size_t second;

	cpio_folder(&c, "a");
	second = c.out.n;
	cpio_folder(&c, "b");
	assert_int_not_equal(field(&c, 0, INO), field(&c, second, INO));
	assert_int_equal(field(&c, second, UID), 0);
	assert_int_equal(field(&c, second, GID), 0);
	str_free(&c.out);
	(void)state;
}

static void the_archive_ends_with_its_trailer(void **state)
{
	struct cpio c = { 0 };

	cpio_end(&c);
	assert_string_equal(c.out.p + HEADER, "TRAILER!!!");
	assert_int_equal(c.out.n % 4, 0);
	str_free(&c.out);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_a_header_a_name_and_bytes_each_padded_to_four),
		cmocka_unit_test(folders_links_and_files_differ_in_their_mode),
		cmocka_unit_test(members_have_different_inodes_and_belong_to_root),
		cmocka_unit_test(the_archive_ends_with_its_trailer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
