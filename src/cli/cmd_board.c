/* cmd_board.c - commands that look at a board and start nothing. */
#include "cli.h"

#include "core.h"

#include <strings.h>
#include <unistd.h>

#define MOST_DTB (4 * MIB)

/* The tree that guests get: the generated one, or the file of `boot: {dtb:}`. */
static void *guests_fdt(const struct plan *p, size_t *len, struct err *e)
{
	const struct fdt_extra nothing = { 0 };

	if (p->boot.dtb.path)
		return host_read_file(p->boot.dtb.path, MOST_DTB, len, e);
	return plan_fdt(p, &nothing, len, e);
}

/* Of someone's own file the findings are warnings: its guest may need less. */
static int check_dt(const struct args *a, const struct plan *p)
{
	struct diags ds = { .mild = p->boot.dtb.path };
	struct err e = { 0 };
	size_t len = 0;
	void *fdt = guests_fdt(p, &len, &e);
	int code = EXIT_HOST;

	if (fdt && plan_lint(p, fdt, len, &ds, &e)) {
		diags_sort(&ds, p->file);
		if (ds.n || args_has(a, "json"))
			print_diags(&ds, a);
		code = ds.errors ? EXIT_USAGE : EXIT_OK;
	} else {
		print_err(&e);
	}
	diags_free(&ds);
	free(fdt);
	return code;
}

static int check_against(const struct args *a, const struct plan *p)
{
	const char *path = args_value(a, "against");
	struct against_count n;
	struct str s = { 0 };
	struct err e = { 0 };
	size_t len = 0;
	u8 *fdt = host_read_file(path, MOST_DTB, &len, &e);
	bool good = fdt && (plan_against(p, fdt, len, &s, &n, &e) || err_in(&e, "%s", path));

	if (good)
		printf("%s%s against %s: %u the same, %u differ, %u only here, %u only there\n",
		       str_text(&s), p->name, path, n.same, n.differ, n.here, n.there);
	else
		print_err(&e);
	str_free(&s);
	free(fdt);
	return good ? EXIT_OK : EXIT_HOST;
}

int cmd_check(const struct args *a)
{
	const struct plan *p;
	struct board *b;
	u32 machines;
	int code;

	b = load_board(a, &code);
	p = board_plan(b);
	if (code == EXIT_OK && board_is_lab(b, &machines) && !args_has(a, "json"))
		printf("%s: ok · a lab of %u machine%s\n", a->text[0], machines,
		       machines == 1 ? "" : "s");
	if (p && args_has(a, "dt"))
		code = check_dt(a, p);
	if (p && args_has(a, "against"))
		code = check_against(a, p);
	else if (p && code == EXIT_OK && !args_has(a, "json"))
		printf("%s: ok · %u devices · %u hart%s\n", a->text[0], p->ndevices, p->nharts,
		       p->nharts == 1 ? "" : "s");
	board_free(b);
	return code;
}

static void *load_fdt(const struct args *a, size_t *len, int *code)
{
	const struct fdt_extra nothing = { 0 };
	struct board *b = load_board(a, code);
	struct err e = { 0 };
	void *fdt;

	if (!b)
		return NULL;
	fdt = plan_fdt(board_plan(b), &nothing, len, &e);
	if (!fdt) {
		print_err(&e);
		*code = EXIT_USAGE;
	}
	board_free(b);
	return fdt;
}

int cmd_dtb(const struct args *a)
{
	int code = EXIT_OK;
	size_t len;
	void *fdt;

	if (!args_value(a, "out") && host_is_tty(STDOUT_FILENO)) {
		print_usage_error("a blob is nothing for a terminal");
		fprintf(stderr, "  hint: --out FILE, or `vmbuild dts %s`\n", a->text[0]);
		return EXIT_USAGE;
	}
	fdt = load_fdt(a, &len, &code);
	if (fdt && !print_bytes(a, fdt, len))
		code = EXIT_HOST;
	free(fdt);
	return code;
}

int cmd_dts(const struct args *a)
{
	struct str s = { 0 };
	int code = EXIT_OK;
	struct err e = { 0 };
	size_t len;
	void *fdt = load_fdt(a, &len, &code);

	if (!fdt)
		return code;
	if (!fdt_to_source(fdt, &s, &e)) {
		print_err(&e);
		code = EXIT_USAGE;
	} else if (!print_bytes(a, str_text(&s), s.n)) {
		code = EXIT_HOST;
	}
	str_free(&s);
	free(fdt);
	return code;
}

static int print_str(struct str *s)
{
	fputs(str_text(s), stdout);
	str_free(s);
	return EXIT_OK;
}

/* To standard output, or to --out. */
static int print_out(const struct args *a, struct str *s)
{
	bool good = print_bytes(a, str_text(s), s->n);

	str_free(s);
	return good ? EXIT_OK : EXIT_HOST;
}

int cmd_map(const struct args *a)
{
	struct str s = { 0 };
	int code;
	struct board *b = load_board(a, &code);

	if (!b)
		return code;
	if (args_has(a, "json"))
		plan_map_json(board_plan(b), &s);
	else if (args_has(a, "svg"))
		plan_svg(board_plan(b), &s);
	else
		plan_map(board_plan(b), &s);
	board_free(b);
	return print_out(a, &s);
}

int cmd_graph(const struct args *a)
{
	struct str s = { 0 };
	int code;
	struct board *b = load_board(a, &code);

	if (!b)
		return code;
	plan_graph(board_plan(b), &s);
	board_free(b);
	return print_out(a, &s);
}

int cmd_resolve(const struct args *a)
{
	struct str s = { 0 };
	int code;
	struct board *b = load_board(a, &code);

	if (!b)
		return code;
	if (args_has(a, "json"))
		board_resolve_json(b, &s);
	else
		board_resolve(b, args_has(a, "origins"), &s);
	board_free(b);
	return print_out(a, &s);
}

int cmd_diff(const struct args *a)
{
	struct str s = { 0 };
	int code;
	struct board *one = load_board(a, &code),
		     *two = one ? load_board_file(a, a->text[1], &code) : NULL;

	if (two && !board_diff(one, two, &s))
		str_add(&s, "no difference\n");
	board_free(one);
	board_free(two);
	return two ? print_out(a, &s) : code;
}

static int no_device(const struct plan *p, const char *name)
{
	struct nearest near = { 0 };

	for (u32 i = 0; i < p->ndevices; i++)
		nearest_try(&near, name, p->devices[i].name);
	print_usage_error("this board has no device `%s`", name);
	if (near.word)
		fprintf(stderr, "  hint: did you mean `%s`?\n", near.word);
	else
		fprintf(stderr, "  hint: `vmbuild map` shows them\n");
	return EXIT_USAGE;
}

int cmd_describe(const struct args *a)
{
	struct str s = { 0 };
	int code;
	struct board *b = load_board(a, &code);

	if (!b)
		return code;
	if (a->n > 1) {
		u32 i = plan_find(board_plan(b), a->text[1]);

		if (i == PLAN_NONE)
			code = no_device(board_plan(b), a->text[1]);
		else
			plan_describe_device(b, i, &s);
	} else if (args_has(a, "json"))
		plan_describe_json(b, &s);
	else
		plan_describe(b, &s);
	board_free(b);
	print_str(&s);
	return code;
}

int cmd_lock(const struct args *a)
{
	const char *path = args_value(a, "out");
	struct str s = { 0 };
	struct err e = { 0 };
	int code;
	struct board *b = load_board(a, &code);
	u32 n;

	if (!b)
		return code;
	path = path ? path : board_lock_path(b);
	n = board_lock_text(b, &s);
	if (!n) {
		printf("%s: nothing in it is automatic: there is nothing to pin\n", a->text[0]);
	} else if (!host_write_file(path, str_text(&s), s.n, &e)) {
		print_err(&e);
		code = EXIT_HOST;
	} else {
		printf("%s: %u place%s pinned\n", path, n, n == 1 ? "" : "s");
	}
	str_free(&s);
	board_free(b);
	return n && !e.text[0] ? EXIT_OK : code;
}

static int list_devices(bool json)
{
	struct str s = { 0 };

	if (json)
		str_add(&s, "[");
	for (const struct device_class *const *c = device_classes; *c; c++) {
		if (!json) {
			str_add(&s, "%-18s %s\n", (*c)->name, (*c)->doc);
			continue;
		}
		str_add(&s, c == device_classes ? "\n" : ",\n");
		class_json(*c, &s);
	}
	if (json)
		str_add(&s, "\n]\n");
	return print_str(&s);
}

int cmd_devices(const struct args *a)
{
	const struct device_class *c;
	struct str s = { 0 };
	const char *near;

	if (!a->n)
		return list_devices(args_has(a, "json"));
	if (!strcmp(a->text[0], "cpu")) {
		isa_describe(&s);
		return print_str(&s);
	}
	c = device_find(a->text[0]);
	if (!c) {
		print_usage_error("no device `%s`", a->text[0]);
		near = class_nearest(device_classes, a->text[0]);
		if (near)
			fprintf(stderr, "  hint: did you mean `%s`?\n", near);
		else
			fprintf(stderr, "  hint: `vmbuild devices` lists them\n");
		return EXIT_USAGE;
	}
	if (args_has(a, "json")) {
		class_json(c, &s);
		str_add(&s, "\n");
	} else if (args_has(a, "markdown")) {
		class_markdown(c, &s);
	} else {
		class_describe(c, &s);
	}
	return print_str(&s);
}

int cmd_explain(const struct args *a)
{
	struct nearest near = { 0 };

	for (u32 i = 0; i < DIAG_COUNT; i++) {
		if (!strcasecmp(diag_rows[i].code, a->text[0])) {
			printf("%s: %s\n\n%s\n", diag_rows[i].code, diag_rows[i].title,
			       diag_rows[i].page);
			return EXIT_OK;
		}
		nearest_try(&near, a->text[0], diag_rows[i].code);
	}
	print_usage_error("no error code `%s`", a->text[0]);
	if (near.word)
		fprintf(stderr, "  hint: did you mean `%s`?\n", near.word);
	else
		fprintf(stderr,
			"  hint: codes look like E0301; a message shows its own in brackets\n");
	return EXIT_USAGE;
}
