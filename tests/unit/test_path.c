/* Whole files, folders, other programs. */
#include "check.h"
#include "folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void what_was_written_is_read_with_a_nul_behind_it(void **state)
{
	char path[64];
	struct err e = { 0 };
	size_t len = 0;
	u8 *p;

	in_folder(path, sizeof(path), "a");
	assert_true(host_write_file(path, "hello", 5, &e));
	p = host_read_file(path, 5, &len, &e);
	assert_non_null(p);
	assert_int_equal(len, 5);
	assert_string_equal((char *)p, "hello");
	free(p);
	assert_null(host_read_file(path, 4, &len, &e));
	assert_non_null(strstr(e.text, "longer than the 4 bytes"));
	(void)state;
}

static void a_file_without_a_size_is_read_to_its_end(void **state)
{
	struct err e = { 0 };
	size_t len = 0;
	u8 *p = host_read_file("/proc/self/status", 65536, &len, &e);

	assert_non_null(p);
	assert_true(len > 100);
	free(p);
	(void)state;
}

static void what_is_no_regular_file_is_refused(void **state)
{
	char path[64];
	struct err e = { 0 };
	size_t len;

	in_folder(path, sizeof(path), "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(host_read_file(path, 10, &len, &e)); /* and does not wait for a writer */
	assert_string_equal(e.code, "E0604");
	assert_null(host_read_file(folder, 10, &len, &e));
	assert_non_null(strstr(e.text, "it is a folder"));
	in_folder(path, sizeof(path), "none");
	assert_null(host_read_file(path, 10, &len, &e));
	assert_string_equal(e.code, "E0604");
	assert_non_null(strstr(e.text, path));
	assert_true(e.hint[0]);
	(void)state;
}

static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
	char path[64], dir[64];
	struct err e = { 0 };
	size_t len;
	u8 *p;

	in_folder(dir, sizeof(dir), "d");
	in_folder(path, sizeof(path), "d/file");
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_true(host_write_file(path, "old", 3, &e));
	assert_true(host_write_file(path, "new one", 7, &e));
	p = host_read_file(path, 100, &len, &e);
	assert_non_null(p);
	assert_string_equal((char *)p, "new one");
	free(p);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0); /* rename onto it fails */
	assert_false(host_write_file(path, "x", 1, &e));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0); /* fails if a temporary file were left */
	(void)state;
}

static void a_link_is_written_through(void **state)
{
	char path[64], link[64];
	struct err e = { 0 };
	struct stat st;

	in_folder(path, sizeof(path), "target");
	in_folder(link, sizeof(link), "link");
	assert_true(host_write_file(path, "1", 1, &e));
	assert_int_equal(symlink("target", link), 0);
	assert_true(host_write_file(link, "22", 2, &e));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2);
	(void)state;
}

/* /dev/null and /dev/stdout are such, and root may replace them. */
static void what_is_there_and_no_file_takes_the_bytes_and_keeps_its_place(void **state)
{
	char path[64], got[8] = "";
	struct err e = { 0 };
	struct stat st;
	int reader;

	in_folder(path, sizeof(path), "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(host_write_file(path, "x", 1, &e)); /* and does not wait for a reader */
	assert_string_equal(e.code, "E0604");
	assert_false(host_can_write_file(path, &e));
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(host_can_write_file(path, &e));
	assert_true(host_write_file(path, "hello", 5, &e));
	assert_int_equal(read(reader, got, sizeof(got)), 5);
	assert_string_equal(got, "hello");
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	close(reader);
	(void)state;
}

static void folders_are_made_with_those_above_them(void **state)
{
	char path[64];
	struct err e = { 0 };
	struct stat st;

	in_folder(path, sizeof(path), "x/y//z/");
	assert_true(host_mkdirs(path, &e));
	assert_true(host_mkdirs(path, &e));
	assert_int_equal(stat(path, &st), 0);
	in_folder(path, sizeof(path), "plain");
	assert_true(host_write_file(path, "", 0, &e));
	in_folder(path, sizeof(path), "plain/below");
	assert_false(host_mkdirs(path, &e));
	assert_string_equal(e.code, "E0604");
	(void)state;
}

static void the_cache_is_where_xdg_says(void **state)
{
	char *dir;

	setenv("HOME", "/home/someone", 1);
	setenv("XDG_CACHE_HOME", "/var/c", 1);
	dir = host_cache_dir();
	assert_string_equal(dir, "/var/c/vmbuild");
	free(dir);
	setenv("XDG_CACHE_HOME", "relative", 1);
	dir = host_cache_dir();
	assert_string_equal(dir, "/home/someone/.cache/vmbuild");
	free(dir);
	unsetenv("XDG_STATE_HOME");
	dir = host_state_dir();
	assert_string_equal(dir, "/home/someone/.local/state/vmbuild");
	free(dir);
	(void)state;
}

static void a_programs_output_is_collected(void **state)
{
	/* More than a pipe holds, on both: neither may wait for the other. */
	const char *argv[] = { "sh", "-c", "head -c 200000 /dev/zero >&2; head -c 300000 /dev/zero",
			       NULL };
	struct str out = { 0 };
	struct err e = { 0 };

	assert_true(host_run(argv, &out, &e));
	assert_int_equal(out.n, 300000);
	str_free(&out);
	(void)state;
}

static void a_failed_program_tells_why(void **state)
{
	const char *argv[] = { "sh", "-c", "echo first >&2; echo 'no such thing' >&2; exit 7",
			       NULL };
	const char *killed[] = { "sh", "-c", "kill -9 $$", NULL };
	const char *missing[] = { "no-such-program-here", NULL };
	struct err e = { 0 };

	assert_false(host_run(argv, NULL, &e));
	assert_non_null(strstr(e.text, "`sh` failed (exit code 7)"));
	assert_non_null(strstr(e.text, "no such thing"));
	assert_false(host_run(killed, NULL, &e));
	assert_non_null(strstr(e.text, "signal 9"));
	assert_false(host_run(missing, NULL, &e));
	assert_string_equal(e.code, "E0604");
	assert_non_null(strstr(e.text, "no-such-program-here"));
	(void)state;
}

static void there_is_at_least_one_cpu(void **state)
{
	assert_true(host_cpus() >= 1);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_with_a_nul_behind_it),
		cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(what_is_no_regular_file_is_refused),
		cmocka_unit_test(a_failed_write_leaves_the_old_file_and_nothing_else),
		cmocka_unit_test(a_link_is_written_through),
		cmocka_unit_test(what_is_there_and_no_file_takes_the_bytes_and_keeps_its_place),
		cmocka_unit_test(folders_are_made_with_those_above_them),
		cmocka_unit_test(the_cache_is_where_xdg_says),
		cmocka_unit_test(a_programs_output_is_collected),
		cmocka_unit_test(a_failed_program_tells_why),
		cmocka_unit_test(there_is_at_least_one_cpu),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
