/* loading.h - boards for tests: from files, or from texts that stand in the test. */
#ifndef LOADING_H
#define LOADING_H

#include "check.h"

#include "board.h"
#include "classes.h"

#include <string.h>
#include <unistd.h>

/* A file that exists only in the test. */
struct fake_file {
	const char *path, *text;
};

struct loaded {
	struct board *board;
	const struct plan *plan;
	struct diags ds;
	struct str said; /* what a person would read */
};

static inline char *load_real(const char *path, size_t max, size_t *len, struct err *why)
{
	FILE *f = fopen(path, "rb");
	char *bytes;

	if (!f) {
		err_set(why, "cannot read `%s`: no such file", path);
		return NULL;
	}
	bytes = xzalloc(max);
	*len = fread(bytes, 1, max, f);
	fclose(f);
	return bytes;
}

static inline char *load_fake(void *ctx, const char *path, size_t max, size_t *len, struct err *why)
{
	for (const struct fake_file *f = ctx; f && f->path; f++)
		if (!strcmp(f->path, path)) {
			*len = strlen(f->text);
			return xstrdup(f->text);
		}
	return load_real(path, max, len, why);
}

static inline char *load_part(const char *part, struct err *why)
{
	if (!strcmp(part, "fw-jump") || !strcmp(part, "kernel") || !strcmp(part, "image"))
		return xprintf("/guests/tiny/%s", part);
	if (strcmp(part, "initrd") != 0)
		err_code(why, "E0204", "the guest `tiny` has no part `%s`", part);
	return NULL;
}

/* From here, or from where golden boards are. */
static inline bool is_recipe(const char *guest)
{
	static const char *const roots[] = { ".", "../../.." };
	bool is = false;

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		char *path = xprintf("%s/boards/guests/%s.yaml", roots[i], guest);

		is |= !access(path, F_OK);
		free(path);
	}
	return is;
}

/* Knows the guests that have a recipe, none of them fetched, and another, which has no initrd. */
static inline char *load_guest(void *ctx, const char *guest, const char *part, struct err *why)
{
	(void)ctx;
	if (!strcmp(guest, "tiny"))
		return load_part(part, why);
	if (is_recipe(guest))
		err_code(why, "E0702", "the guest `%s` is not fetched yet", guest);
	else
		err_code(why, "E0204", "there is no guest `%s`", guest);
	return NULL;
}

static inline struct loaded load_with(const char *path, const struct board_options *options,
				      const struct fake_file *files)
{
	const struct board_host host = { (void *)(uintptr_t)files, load_fake, load_guest };
	const struct device_class *list[128];
	struct loaded l = { 0 };

	l.board = board_load(path, options, all_classes(list, ARRAY_LEN(list)), &host, &l.ds);
	l.plan = board_plan(l.board);
	diags_format(&l.ds, DIAG_TEXT, 0, &l.said);
	return l;
}

/* `text` is the board t.yaml. */
static inline struct loaded load_text(const char *text)
{
	const struct fake_file files[] = { { "t.yaml", text }, { NULL, NULL } };

	return load_with("t.yaml", NULL, files);
}

static inline struct loaded load_options(const char *text, const struct board_options *options)
{
	const struct fake_file files[] = { { "t.yaml", text }, { NULL, NULL } };

	return load_with("t.yaml", options, files);
}

static inline void loaded_free(struct loaded *l)
{
	board_free(l->board);
	diags_free(&l->ds);
	str_free(&l->said);
}

/* With UPDATE_GOLDEN in the environment it is written anew. */
static inline void compare_golden(const char *path, const struct str *now)
{
	struct err e = { 0 };
	size_t len = 0;
	char *want;

	if (getenv("UPDATE_GOLDEN")) {
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		fputs(str_text(now), f);
		fclose(f);
	}
	want = load_real(path, MIB, &len, &e);
	if (!want || strcmp(want, str_text(now)) != 0)
		fail_msg("%s is not what the board gives now:\n%s", path, str_text(now));
	free(want);
}

#define MACHINE "vmbuild: 1\nkind: board\nname: t\nextends: machines/riscv-virt.yaml\n"

static inline const struct plan_device *find_planned(const struct loaded *l, const char *name)
{
	u32 i;

	if (!l->plan)
		fail_msg("%s", str_text(&l->said));
	i = plan_find(l->plan, name);
	return i == PLAN_NONE ? NULL : &l->plan->devices[i];
}

#endif
