/* cmd_doc.c - what is made from the tables for others to read: the JSON schema, the manual
 * pages, a new board with comments.
 */
#include "cli.h"

#include "core.h"

#include <unistd.h>

int cmd_schema(const struct args *a)
{
	struct str s = { 0 };
	bool good;

	language_schema(device_classes, &s);
	good = print_bytes(a, str_text(&s), s.n);
	str_free(&s);
	return good ? EXIT_OK : EXIT_HOST;
}

/* -- Manual pages --------------------------------------------------------------------- */

static void roff(const char *s)
{
	if (*s == '.' || *s == '\'')
		printf("\\&");
	for (; *s; s++)
		if (*s == '\\')
			printf("\\e");
		else if (*s == '-')
			printf("\\-");
		else
			putchar(*s);
}

static void man_option(const struct opt *o)
{
	printf(".TP\n");
	if (o->letter)
		printf("\\fB\\-%c\\fR, ", o->letter);
	printf("\\fB\\-\\-");
	roff(o->name);
	printf("\\fR");
	if (o->arg)
		printf(" \\fI%s\\fR", o->arg);
	printf("\n");
	roff(o->doc);
	printf("\n");
}

static void man_command(const struct command *c)
{
	printf(".SS \"vmbuild %s %s\"\n", c->name, c->args);
	roff(c->doc);
	printf("\n.PP\n.RS\n.nf\n");
	roff(c->example);
	printf("\n.fi\n.RE\n");
	for (const struct opt *o = c->opts; o->name; o++)
		man_option(o);
}

static void man_program(void)
{
	printf(".TH VMBUILD 1 \"\" vmbuild \"User commands\"\n"
	       ".SH NAME\nvmbuild \\- turn a YAML file into a running RISC\\-V computer\n"
	       ".SH SYNOPSIS\n.B vmbuild\n\\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n"
	       ".SH DESCRIPTION\nOne YAML file describes a computer;\n.B vmbuild\n"
	       "checks it, makes the machine from it and the device tree that its guests read.\n"
	       ".BR vmbuild\\-board (5)\ndescribes the language of these files.\n"
	       ".SH COMMANDS\n");
	for (const struct command *c = commands; c->name; c++)
		man_command(c);
	printf(".SH EXIT STATUS\n"
	       ".TP\n.B 0\nok, or the guest powered off\n"
	       ".TP\n.B 1\nwrong usage, or a mistake in a board\n"
	       ".TP\n.B 2\nthe host: a file, a disk, memory, a download\n"
	       ".TP\n.B 3\nthe guest failed\n"
	       ".TP\n.B 4\na time limit was reached\n"
	       ".TP\n.B 130\ninterrupted\n"
	       ".SH ENVIRONMENT\n"
	       ".TP\n.B NO_COLOR\nmessages without color, also at a terminal\n"
	       ".TP\n.B XDG_CACHE_HOME\nwhere guests are kept, in its folder vmbuild\n"
	       ".SH SEE ALSO\n.BR vmbuild\\-board (5)\n");
}

int cmd_man(const struct args *a)
{
	struct str s = { 0 };

	if (!a->n || !strcmp(a->text[0], "vmbuild")) {
		man_program();
		return EXIT_OK;
	}
	if (strcmp(a->text[0], "vmbuild-board") != 0) {
		print_usage_error("no manual page `%s`: vmbuild or vmbuild-board", a->text[0]);
		return EXIT_USAGE;
	}
	language_manual(device_classes, &s);
	fputs(str_text(&s), stdout);
	str_free(&s);
	return EXIT_OK;
}

/* -- A new board ------------------------------------------------------------------------ */

/* The default board, here or where vmbuild is installed. */
static char *default_board(void)
{
	char *data, *path;

	if (!access("boards/virt.yaml", R_OK))
		return xstrdup("boards/virt.yaml");
	data = host_data_dir();
	path = xprintf("%s/boards/virt.yaml", data);
	free(data);
	return path;
}

static bool check_new(const char *name, const char *path)
{
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] || *name == '-') {
		print_usage_error("`%s` is no name for a board", name);
		fprintf(stderr, "  hint: names have small letters, digits and `-`; the file is "
				"NAME.yaml here\n");
		return false;
	}
	if (access(path, F_OK))
		return true;
	print_usage_error("there is a file `%s` already", path);
	fprintf(stderr, "  hint: choose another name, or delete it\n");
	return false;
}

static int write_new(const struct args *a, const struct board *b, const char *path,
		     const char *from)
{
	struct str s = { 0 };
	struct err e = { 0 };
	bool good;

	board_template(b, a->text[0], from, &s);
	good = host_write_file(path, str_text(&s), s.n, &e);
	str_free(&s);
	if (!good) {
		print_err(&e);
		return EXIT_HOST;
	}
	printf("%s: extends %s\nnext: edit it, then `vmbuild check %s` and `vmbuild run %s`\n",
	       path, from, path, path);
	return EXIT_OK;
}

int cmd_new(const struct args *a)
{
	char *path = xprintf("%s.yaml", a->text[0]);
	char *from = args_value(a, "from") ? xstrdup(args_value(a, "from")) : default_board();
	int code = EXIT_USAGE;
	struct board *b = check_new(a->text[0], path) ? load_board_file(a, from, &code) : NULL;

	if (b)
		code = write_new(a, b, path, from);
	board_free(b);
	free(from);
	free(path);
	return code;
}
