/* main.c - finds the command, lets it run. */
#include "cli.h"

static int unknown_command(const char *name)
{
	struct nearest near = command_nearest(name);

	print_usage_error("no command `%s`", name);
	if (name[0] == '-')
		fprintf(stderr, "  hint: the command comes first: `vmbuild help` lists them\n");
	else if (near.word)
		fprintf(stderr, "  hint: did you mean `vmbuild %s`?\n", near.word);
	else if (text_ends(name, ".yaml"))
		fprintf(stderr, "  hint: vmbuild run %s\n", name);
	else
		fprintf(stderr, "  hint: `vmbuild help` lists them\n");
	return EXIT_USAGE;
}

/* What GNU programs understand. */
static const char *command_name(const char *word)
{
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return "help";
	return !strcmp(word, "--version") ? "version" : word;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const struct command *c;
	struct args a;
	struct err e;
	int code = EXIT_USAGE;

	if (!host_init(&e)) {
		print_err(&e);
		return EXIT_HOST;
	}
	if (argc > 1 && !strcmp(argv[1], HOST_NET_HELPER))
		return host_net_helper(argc - 2, argv + 2);
	if (argc < 2) {
		print_usage();
		return EXIT_USAGE;
	}
	c = command_find(command_name(argv[1]));
	if (!c)
		return unknown_command(argv[1]);
	if (asks_help(argc - 2, argv + 2)) {
		print_command_help(c);
		return EXIT_OK;
	}
	if (args_parse(&a, c, argc - 2, argv + 2))
		code = c->run(&a);
	args_free(&a);
	if (!print_end() && code == EXIT_OK)
		code = EXIT_HOST;
	return code;
}
