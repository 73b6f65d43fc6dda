/* cmd_image.c - `vmbuild image`: disk images outside of a run. */
#include "cli.h"

#include "disk_image.h"

#include <inttypes.h>
#include <unistd.h>

#define LAYERS 8

static int finish(bool done, const struct err *e)
{
	if (done)
		return EXIT_OK;
	print_err(e);
	return e->code[0] ? err_exit_code(e) : EXIT_USAGE;
}

/* -- What a file is ---------------------------------------------------------------------- */

static enum host_format format_named(const char *word)
{
	return word && !strcmp(word, "qcow2") ? HOST_QCOW2 : HOST_RAW;
}

/* A name is no format, but one that says another than is meant is asked about. */
static bool read_format(const struct args *a, const char *opt, const char *path,
			enum host_format *format)
{
	const char *word = args_value(a, opt);

	*format = format_named(word);
	if (word || !text_ends(path, ".qcow2"))
		return true;
	print_usage_error("`%s`: a name is not asked what a file is, so without --%s it is raw",
			  path, opt);
	fprintf(stderr, "  hint: --%s qcow2, or --%s raw if that is meant\n", opt, opt);
	return false;
}

static const struct host_layer *backing_of(const char *const *list, size_t n,
					   struct host_layer *layers)
{
	const char *path = list[0];

	if (!n)
		return NULL;
	layers->format = HOST_RAW;
	if (text_starts(path, "qcow2:")) {
		layers->format = HOST_QCOW2;
		path += strlen("qcow2:");
	}
	layers->path = path;
	layers->backing = backing_of(list + 1, n - 1, layers + 1);
	return layers;
}

/* -- Numbers for people --------------------------------------------------------------------- */

static void add_size(struct str *s, u64 bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	u32 u = 0;

	while (u + 1 < ARRAY_LEN(units) && v >= 1024) {
		v /= 1024;
		u++;
	}
	str_add(s, "%.*f %s", u && v < 100 && v != (double)(u64)v ? 1 : 0, v, units[u]);
}

static void print_str(struct str *s)
{
	fputs(str_text(s), stdout);
	str_free(s);
}

/* -- create, overlay, resize --------------------------------------------------------------------
 */

static int create(const struct args *a)
{
	enum host_format format;
	struct err e = { 0 };
	u64 size;

	if (!read_format(a, "format", a->text[1], &format))
		return EXIT_USAGE;
	return finish(size_parse(a->text[2], &size, &e) &&
			      disk_image_create(a->text[1], format, size, &e),
		      &e);
}

static int overlay(const struct args *a)
{
	struct host_layer base = { .path = a->text[1] };
	struct disk_image_info info;
	struct err e = { 0 };
	bool deeper;

	if (!read_format(a, "format", base.path, &base.format))
		return EXIT_USAGE;
	if (!disk_image_overlay(a->text[2], &base, &e))
		return finish(false, &e);
	deeper = disk_image_info(&base, &info, &e) && info.backing[0];
	printf("in the board: host: {file: %s, format: qcow2, backing: {file: %s, format: %s%s}}\n",
	       a->text[2], base.path, base.format == HOST_RAW ? "raw" : "qcow2",
	       deeper ? ", backing: ..." : "");
	if (deeper)
		printf("where `...` is what lies under `%s`\n", base.path);
	return EXIT_OK;
}

static int resize(const struct args *a)
{
	struct host_layer image = { .path = a->text[1] };
	struct err e = { 0 };
	u64 size;

	if (!read_format(a, "format", image.path, &image.format))
		return EXIT_USAGE;
	return finish(size_parse(a->text[2], &size, &e) &&
			      disk_image_resize(&image, size, args_has(a, "shrink"), &e),
		      &e);
}

/* -- convert -------------------------------------------------------------------------------------
 */

/* At a terminal, ten times a second. */
static void show_progress(void *ctx, u64 done, u64 total)
{
	u64 *last = ctx, now = now_ns();
	struct str s = { 0 };

	if (done < total && now - *last < 100000000)
		return;
	*last = now;
	add_size(&s, done);
	str_add(&s, " of ");
	add_size(&s, total);
	fprintf(stderr, "\r\033[K%s", done < total ? str_text(&s) : "");
	str_free(&s);
}

static int convert(const struct args *a)
{
	struct host_layer from = { .path = a->text[1] }, under[LAYERS];
	u64 last = now_ns();
	struct disk_copy c = { .from = &from, .to = a->text[2], .ctx = &last };
	struct err e = { 0 };
	const char **list;
	bool done = false;
	size_t n;

	if (!read_format(a, "format", from.path, &from.format) ||
	    !read_format(a, "to", c.to, &c.format))
		return EXIT_USAGE;
	list = args_values(a, "backing", &n);
	if (host_is_tty(STDERR_FILENO))
		c.progress = show_progress;
	if (n > LAYERS) {
		err_set(&e, "more than %d images under each other", LAYERS);
	} else if (n && from.format == HOST_RAW) {
		err_set(&e, "nothing lies under a raw image");
		err_hint(&e, "--format qcow2, if `%s` is one", from.path);
	} else {
		from.backing = backing_of(list, n, under);
		done = disk_image_convert(&c, &e);
	}
	free(list);
	return finish(done, &e);
}

/* -- info
 * ------------------------------------------------------------------------------------------ */

static void add_info(struct str *s, const char *path, const struct disk_image_info *i)
{
	const struct qcow2_info *q = &i->qcow2;
	char clean[QCOW2_NAME];

	str_add(s, "file      %s\nformat    %s", path, q->version ? "qcow2" : "raw");
	if (q->version) {
		str_add(s, ", version %" PRIu32 ", clusters of ", q->version);
		add_size(s, q->cluster);
		if (q->zstd)
			str_add(s, ", zstd");
	}
	str_add(s, "\nsize      ");
	add_size(s, i->size);
	str_add(s, " (%" PRIu64 ")\n", i->size);
	if (!i->is_device) {
		str_add(s, "on disk   ");
		add_size(s, i->used);
		str_add(s, "\n");
	}
	if (i->backing[0])
		str_add(s, "lies over %s (%s), by its own account\n",
			text_clean(clean, sizeof(clean), i->backing, strlen(i->backing)),
			i->backing_format[0] ? i->backing_format : "format not said");
	if (q->snapshots)
		str_add(s, "snapshots %" PRIu32 ": it can be read and not written\n", q->snapshots);
	if (q->dirty || q->corrupt)
		str_add(s, "state     %s: it can be read and not written\n",
			q->corrupt ? "damaged" : "not in order");
}

static void add_info_json(struct str *s, const char *path, const struct disk_image_info *i)
{
	const struct qcow2_info *q = &i->qcow2;

	str_add(s, "{\"file\": ");
	str_json(s, path);
	str_add(s, ", \"format\": \"%s\", \"size\": %" PRIu64 ", \"on-disk\": %" PRIu64,
		q->version ? "qcow2" : "raw", i->size, i->used);
	if (q->version) {
		str_add(s,
			", \"version\": %" PRIu32 ", \"cluster-size\": %" PRIu64
			", \"refcount-bits\": %" PRIu32 ", \"compression\": \"%s\", "
			"\"snapshots\": %" PRIu32 ", \"dirty\": %s, \"corrupt\": %s",
			q->version, q->cluster, q->refcount_bits, q->zstd ? "zstd" : "zlib",
			q->snapshots, q->dirty ? "true" : "false", q->corrupt ? "true" : "false");
		str_add(s, ", \"backing\": ");
		str_json(s, i->backing[0] ? i->backing : NULL);
		str_add(s, ", \"backing-format\": ");
		str_json(s, i->backing_format[0] ? i->backing_format : NULL);
	}
	str_add(s, "}\n");
}

static int info(const struct args *a)
{
	struct host_layer image = { .path = a->text[1] };
	struct disk_image_info i;
	struct str s = { 0 };
	struct err e = { 0 };

	if (!read_format(a, "format", image.path, &image.format))
		return EXIT_USAGE;
	if (!disk_image_info(&image, &i, &e))
		return finish(false, &e);
	if (args_has(a, "json"))
		add_info_json(&s, image.path, &i);
	else
		add_info(&s, image.path, &i);
	print_str(&s);
	return EXIT_OK;
}

/* -- check
 * ------------------------------------------------------------------------------------------- */

static void add_report(struct str *s, const char *path, const struct qcow2_report *r)
{
	for (u32 i = 0; i < r->nfindings; i++)
		str_add(s, "%s: %s\n", path, r->finding[i]);
	if (r->errors > r->nfindings)
		str_add(s, "%s: and %" PRIu64 " more\n", path, r->errors - r->nfindings);
	str_add(s, "%s: %" PRIu64 " error%s", path, r->errors, r->errors == 1 ? "" : "s");
	str_add(s, " · %" PRIu64 " cluster%s that nobody uses", r->leaks, r->leaks == 1 ? "" : "s");
	if (r->repaired)
		str_add(s, ", given back");
	else if (r->leaks && !r->errors)
		str_add(s, ", which is harmless (--repair gives them back)");
	str_add(s, " · %" PRIu64 " of %" PRIu64 " clusters in use", r->allocated, r->clusters);
	if (r->packed)
		str_add(s, ", %" PRIu64 " compressed", r->packed);
	str_add(s, "\n");
}

static void add_report_json(struct str *s, const char *path, const struct qcow2_report *r)
{
	str_add(s, "{\"file\": ");
	str_json(s, path);
	str_add(s,
		", \"errors\": %" PRIu64 ", \"leaks\": %" PRIu64 ", \"repaired\": %" PRIu64
		", \"clusters\": %" PRIu64 ", \"allocated\": %" PRIu64 ", \"compressed\": %" PRIu64
		", \"findings\": [",
		r->errors, r->leaks, r->repaired, r->clusters, r->allocated, r->packed);
	for (u32 i = 0; i < r->nfindings; i++) {
		str_add(s, "%s", i ? ", " : "");
		str_json(s, r->finding[i]);
	}
	str_add(s, "]}\n");
}

static int check(const struct args *a)
{
	const char *path = a->text[1], *format = args_value(a, "format");
	struct qcow2_report r;
	struct str s = { 0 };
	struct err e = { 0 };

	if (format && format_named(format) == HOST_RAW) {
		print_usage_error("a raw image has no tables that could be checked");
		fprintf(stderr, "  hint: fsck checks the file system in it\n");
		return EXIT_USAGE;
	}
	if (!disk_image_check(path, args_has(a, "repair"), &r, &e))
		return finish(false, &e);
	if (args_has(a, "json"))
		add_report_json(&s, path, &r);
	else
		add_report(&s, path, &r);
	print_str(&s);
	return r.errors ? EXIT_HOST : EXIT_OK;
}

/* -- The command
 * ---------------------------------------------------------------------------------------- */

/* Options that another verb has are no mistake to pass over in silence. */
static const struct verb {
	const char *name, *after; /* what stands behind FILE */
	int (*run)(const struct args *a);
	const char *opts;
} verbs[] = {
	{ "create", "SIZE", create, "format" },
	{ "info", NULL, info, "format json" },
	{ "resize", "SIZE", resize, "format shrink" },
	{ "convert", "NEW", convert, "format backing to" },
	{ "overlay", "NEW", overlay, "format" },
	{ "check", NULL, check, "format repair json" },
};

static const struct verb *verb_named(const char *word)
{
	struct nearest near = { 0 };

	for (u32 i = 0; i < ARRAY_LEN(verbs); i++) {
		if (!strcmp(verbs[i].name, word))
			return &verbs[i];
		nearest_try(&near, word, verbs[i].name);
	}
	print_usage_error("`vmbuild image` cannot `%s`", word);
	if (near.word)
		fprintf(stderr, "  hint: did you mean `%s`?\n", near.word);
	else
		fprintf(stderr, "  hint: `vmbuild help image` lists what it can\n");
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	const char *at = strstr(words, word);

	return at && (at[strlen(word)] == ' ' || !at[strlen(word)]);
}

static bool fits(const struct verb *v, const struct args *a)
{
	for (u32 i = 0; i < a->ngiven; i++)
		if (!has_word(v->opts, a->given[i].opt->name)) {
			print_usage_error("`vmbuild image %s` has no --%s", v->name,
					  a->given[i].opt->name);
			return false;
		}
	if (v->after && a->n < 3)
		print_usage_error("`vmbuild image %s FILE` needs %s", v->name, v->after);
	else if (!v->after && a->n > 2)
		print_usage_error("`vmbuild image %s`: one word too many: `%s`", v->name,
				  a->text[2]);
	else
		return true;
	return false;
}

int cmd_image(const struct args *a)
{
	const struct verb *v = verb_named(a->text[0]);

	return v && fits(v, a) ? v->run(a) : EXIT_USAGE;
}
