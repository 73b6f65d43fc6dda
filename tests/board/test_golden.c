/* Each board of tests/golden/boards is wrong, and what is said of it stands beside it.
 *
 * A first line `# options: -p a=b --set c=d -o FILE --locked` is the command line.  With
 * UPDATE_GOLDEN=1 in the environment the texts are written anew: look at them before
 * they are committed.
 */
#include "loading.h"

#include <dirent.h>
#include <unistd.h>

#define FOLDER "tests/golden/boards"

struct golden {
	char **names; /* without .yaml, sorted */
	size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct golden list_golden(void)
{
	struct golden g = { 0 };
	struct dirent *e;
	DIR *d = opendir(".");

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (!text_ends(e->d_name, ".yaml") || text_ends(e->d_name, ".lock.yaml"))
			continue;
		GROW(&g.names, g.n, &g.cap);
		g.names[g.n++] = xstrndup(e->d_name, strlen(e->d_name) - 5);
	}
	closedir(d);
	qsort(g.names, g.n, sizeof(g.names[0]), by_name);
	return g;
}

static void golden_free(struct golden *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->names[i]);
	free(g->names);
}

struct options {
	struct board_options o;
	const char *list[3][16];
	char *text;
};

/* Words of the first line; the options point into it. */
static void read_options(struct options *o, const char *path)
{
	struct err why = { 0 };
	size_t len, n[3] = { 0 };
	char *text = load_real(path, 2 * MIB, &len, &why), *word, *next;

	o->text = text;
	if (!text_starts(text, "# options: "))
		return;
	text[strcspn(text, "\n")] = 0;
	for (word = text + 11; *word; word = next) {
		u32 kind = text_starts(word, "-p ") ? 0 : text_starts(word, "-o ") ? 1 : 2;

		if (text_starts(word, "--locked")) {
			o->o.locked = true;
			next = word + strlen("--locked");
			next += *next == ' ';
			continue;
		}
		word += strcspn(word, " ") + 1;
		next = word + strcspn(word, " ");
		if (*next)
			*next++ = 0;
		o->list[kind][n[kind]++] = word;
	}
	o->o.overlays = o->list[1];
	o->o.params = o->list[0];
	o->o.sets = o->list[2];
	o->o.noverlays = n[1];
	o->o.nparams = n[0];
	o->o.nsets = n[2];
}

static char *say(const char *name)
{
	char *path = xprintf("%s.yaml", name), *said;
	struct options o = { 0 };
	struct loaded l;

	read_options(&o, path);
	o.o.lint = true;
	l = load_with(path, &o.o, NULL);
	if (!l.ds.errors && !l.ds.warnings)
		print_message("%s: nothing is wrong with it\n", path);
	assert_true(!l.plan == (l.ds.errors > 0));
	said = xstrdup(str_text(&l.said));
	loaded_free(&l);
	free(o.text);
	free(path);
	return said;
}

static void write_golden(const char *path, const char *said)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(said, f);
	fclose(f);
}

static void every_wrong_board_is_answered_as_written_down(void **state)
{
	struct golden g = list_golden();
	u32 wrong = 0;

	for (size_t i = 0; i < g.n; i++) {
		char *path = xprintf("%s.txt", g.names[i]), *said = say(g.names[i]), *want;
		struct err why = { 0 };
		size_t len;

		if (getenv("UPDATE_GOLDEN"))
			write_golden(path, said);
		want = load_real(path, MIB, &len, &why);
		if (!want || strcmp(want, said) != 0) {
			print_error("%s.yaml is answered with\n%s\nand not with\n%s\n", g.names[i],
				    said, want ? want : "(nothing: there is no .txt)");
			wrong++;
		}
		free(path);
		free(said);
		free(want);
	}
	assert_true(g.n >= 60);
	golden_free(&g);
	assert_int_equal(wrong, 0);
	(void)state;
}

/* What machine/ and host/ report while they load and run is tested there. */
static bool is_for_boards(const char *code)
{
	if (!strncmp(code + 1, "041", 3) || !strcmp(code, "E0420"))
		return false; /* of a finished tree: test_lint.c */
	return code[0] != 'G' && code[1] == '0' &&
	       (code[2] < '5' || !strcmp(code, "E0509") || !strcmp(code, "E0610"));
}

static void every_code_for_boards_has_a_wrong_board(void **state)
{
	struct golden g = list_golden();
	struct str all = { 0 };

	for (size_t i = 0; i < g.n; i++) {
		char *said = say(g.names[i]);

		str_add(&all, "%s", said);
		free(said);
	}
	for (u32 i = 0; i < DIAG_COUNT; i++) {
		char mark[16];

		snprintf(mark, sizeof(mark), "[%s]", diag_rows[i].code);
		if (is_for_boards(diag_rows[i].code) && !strstr(str_text(&all), mark))
			fail_msg("no board in " FOLDER " shows %s", diag_rows[i].code);
	}
	str_free(&all);
	golden_free(&g);
	(void)state;
}

static int enter_folder(void **state)
{
	(void)state;
	return chdir(FOLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_board_is_answered_as_written_down),
		cmocka_unit_test(every_code_for_boards_has_a_wrong_board),
	};

	return cmocka_run_group_tests(tests, enter_folder, NULL);
}
