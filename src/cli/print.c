/* print.c - everything this program says that is not a guest's output. */
#include "cli.h"

#include <errno.h>
#include <unistd.h>

enum { MOST_DIAGS = 20 };

static bool color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return host_is_tty(STDERR_FILENO) && !(no && *no) && term && strcmp(term, "dumb");
}

static const char *red(void)
{
	return color() ? "\033[1;31merror\033[0m" : "error";
}

void print_err(const struct err *e)
{
	fprintf(stderr, "%s%s%s%s: %s\n", red(), e->code[0] ? "[" : "", e->code,
		e->code[0] ? "]" : "", e->text);
	if (e->hint[0])
		fprintf(stderr, "  hint: %s\n", e->hint);
}

void print_usage_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", red());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
}

bool json_asked(const struct args *a)
{
	const char *format = args_value(a, "format");

	return args_has(a, "json") || (format && !strcmp(format, "json"));
}

void print_diags(const struct diags *ds, const struct args *a)
{
	const char *format = args_value(a, "format");
	enum diag_style style = color() ? DIAG_COLOR : DIAG_TEXT;
	struct str s = { 0 };

	if (json_asked(a))
		style = DIAG_JSON;
	else if (format && !strcmp(format, "gcc"))
		style = DIAG_GCC;
	diags_format(ds, style, MOST_DIAGS, &s);
	fputs(str_text(&s), stderr);
	str_free(&s);
}

/* E06xx and E07xx are the host's, everything else is the board's. */
int diags_exit_code(const struct diags *ds)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < ds->n; i++) {
		const char *c = diag_rows[ds->list[i].code].code;

		if (c[0] == 'W')
			continue;
		if (c[2] != '6' && c[2] != '7')
			return EXIT_USAGE;
		code = EXIT_HOST;
	}
	return code;
}

bool print_bytes(const struct args *a, const void *bytes, size_t n)
{
	const char *out = args_value(a, "out");
	struct err e = { 0 };

	if (out) {
		if (host_write_file(out, bytes, n, &e))
			return true;
		print_err(&e);
		return false;
	}
	if (fwrite(bytes, 1, n, stdout) == n && !fflush(stdout))
		return true;
	err_set(&e, "cannot write to standard output: %s", strerror(errno));
	print_err(&e);
	return false;
}
