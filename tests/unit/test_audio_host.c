/* A guest's sound in a file of the host. */
#include "check.h"
#include "folder.h"

#include <sys/stat.h>

static char path[64];

static void a_wav_file_says_what_is_in_it(void **state)
{
	struct err e = { 0 };
	struct audio *a = host_wav(in_folder(path, sizeof(path), "sound.wav"), &e);
	u8 piece[4000], *file;
	size_t n;

	assert_non_null(a);
	memset(piece, 7, sizeof(piece));
	for (u32 i = 0; i < 3; i++)
		a->ops->play(a, piece, sizeof(piece));
	a->ops->free(a);
	file = host_read_file(path, MIB, &n, &e);
	assert_non_null(file);
	assert_int_equal(n, 44 + 12000);
	assert_memory_equal(file, "RIFF", 4);
	assert_int_equal(get_le32(file + 4), 36 + 12000);
	assert_memory_equal(file + 8, "WAVEfmt ", 8);
	assert_int_equal(get_le16(file + 20), 1); /* PCM */
	assert_int_equal(get_le16(file + 22), 2); /* channels */
	assert_int_equal(get_le32(file + 24), 48000);
	assert_int_equal(get_le32(file + 28), 192000); /* bytes a second */
	assert_int_equal(get_le16(file + 34), 16);     /* bits */
	assert_memory_equal(file + 36, "data", 4);
	assert_int_equal(get_le32(file + 40), 12000);
	assert_int_equal(file[44], 7);
	free(file);
	(void)state;
}

static void what_is_no_file_is_refused(void **state)
{
	struct err e = { 0 };

	assert_null(host_wav("/no/such/folder/x.wav", &e));
	assert_string_equal(e.code, "E0604");
	assert_null(host_wav("/dev/null", &e));
	assert_non_null(strstr(e.text, "not a file"));
	in_folder(path, sizeof(path), "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(host_wav(path, &e)); /* and does not wait for a reader */
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wav_file_says_what_is_in_it),
		cmocka_unit_test(what_is_no_file_is_refused),
	};
	struct err e = { 0 };

	host_init(&e);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
