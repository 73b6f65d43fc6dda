/* print.c - everything this program says that is not a guest's output. */
#include "cli.h"

#include <errno.h>
#include <time.h>
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

void print_diags(const struct diags *ds, const struct args *a)
{
	const char *format = args_value(a, "format");
	enum diag_style style = color() ? DIAG_COLOR : DIAG_TEXT;
	bool listing = args_has(a, "json") && a->command->run == cmd_check;
	struct str s = { 0 };

	if (listing || (format && !strcmp(format, "json")))
		style = DIAG_JSON;
	else if (format && !strcmp(format, "gcc"))
		style = DIAG_GCC;
	if (listing || ds->n)
		diags_format(ds, style, args_has(a, "all") ? 0 : MOST_DIAGS, &s);
	fputs(str_text(&s), listing ? stdout : stderr);
	str_free(&s);
}

int print_answer(const char *machine, const char *request)
{
	struct str answer = { 0 };
	struct err e = { 0 };
	bool done = control_ask(machine, request, &answer, &e);

	if (done)
		printf("%s", str_text(&answer));
	else
		print_err(&e);
	str_free(&answer);
	return done ? EXIT_OK : EXIT_HOST;
}

bool ask_while(const char *machine, const char *request, const char *still, u64 until_ns,
	       struct str *answer, struct err *e)
{
	const struct timespec a_little = { .tv_nsec = 20000000 };

	while (control_ask(machine, request, answer, e)) {
		if (strcmp(str_text(answer), still) != 0 || now_ns() >= until_ns)
			return true;
		str_free(answer);
		nanosleep(&a_little, NULL);
	}
	return false;
}

/* E06xx and E07xx are the host's, everything else is the board's. */
static bool is_hosts(const char *code)
{
	return code[0] == 'E' && code[1] == '0' && (code[2] == '6' || code[2] == '7');
}

int diags_exit_code(const struct diags *ds)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < ds->n; i++) {
		const char *c = diag_rows[ds->list[i].code].code;

		if (c[0] == 'W')
			continue;
		if (!is_hosts(c))
			return EXIT_USAGE;
		code = EXIT_HOST;
	}
	return code;
}

int err_exit_code(const struct err *e)
{
	return e->code[0] && !is_hosts(e->code) ? EXIT_USAGE : EXIT_HOST;
}

static bool cannot_print(int error)
{
	struct err e = { 0 };

	err_set(&e, "cannot write to standard output: %s", strerror(error));
	if (error != EPIPE) /* who closes a pipe has read enough */
		print_err(&e);
	return false;
}

bool print_end(void)
{
	bool lost = ferror(stdout);

	return (!fflush(stdout) && !lost) || cannot_print(errno);
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
	return (fwrite(bytes, 1, n, stdout) == n && !fflush(stdout)) || cannot_print(errno);
}
