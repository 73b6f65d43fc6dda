/* cmd_help.c - help, version, completion: the command table as text. */
#include "cli.h"

#include "config.h"
#include "riscv.h"

#include <yaml.h>
#include <zlib.h>

void print_usage(void)
{
	fputs("vmbuild turns a YAML board file into a running RISC-V computer.\n"
	      "\n"
	      "  vmbuild run boards/virt.yaml         Debian's Linux here (Ctrl-] ? for help)\n"
	      "  vmbuild check my.yaml                every mistake in a board file\n"
	      "  vmbuild map boards/virt.yaml         its memory map\n"
	      "\n"
	      "All commands: vmbuild help     One device: vmbuild devices uart-16550\n",
	      stderr);
}

static void print_option(const struct opt *o)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s --%s%s%s", o->letter ? "-" : " ",
		 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name, o->arg ? " " : "",
		 o->arg ? o->arg : "");
	printf("  %-34s %s\n", left, o->doc);
}

void print_command_help(const struct command *c)
{
	printf("%s\n\n  example: %s\n\nUsage: vmbuild %s%s%s%s\n", c->doc, c->example, c->name,
	       c->args[0] ? " " : "", c->args, c->opts->name ? " [options]" : "");
	if (c->opts->name)
		printf("\n");
	for (const struct opt *o = c->opts; o->name; o++)
		print_option(o);
}

int cmd_help(const struct args *a)
{
	if (a->n) {
		const struct command *c = command_find(a->text[0]);

		if (!c) {
			struct nearest near = command_nearest(a->text[0]);

			print_usage_error("no command `%s`", a->text[0]);
			if (near.word)
				fprintf(stderr, "  hint: did you mean `vmbuild help %s`?\n",
					near.word);
			else
				fprintf(stderr, "  hint: `vmbuild help` lists them\n");
			return EXIT_USAGE;
		}
		print_command_help(c);
		return EXIT_OK;
	}
	printf("vmbuild turns a YAML board file into a running RISC-V computer.\n\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  vmbuild %-10s %-14s %s\n", c->name, c->args, c->doc);
	printf("\nAll about one: vmbuild help run.  Exit codes: 0 ok or powered off, 1 mistake in\n"
	       "the board or the command, 2 the host, 3 the guest failed, 4 timeout, 130 "
	       "interrupted.\n");
	return EXIT_OK;
}

int cmd_version(const struct args *a)
{
	printf("vmbuild %s\n", VMBUILD_VERSION);
	if (!args_has(a, "verbose"))
		return EXIT_OK;
	printf("engines:");
	for (const struct engine *const *e = engines; *e; e++)
		printf(" %s", (*e)->name);
	printf("\nlibyaml %s · zlib %s · zstd %s\nsandbox: none in this version\ndata: %s\n",
	       yaml_get_version_string(), zlibVersion(), HAVE_ZSTD ? "yes" : "no", VMBUILD_DATADIR);
	return EXIT_OK;
}

/* -- Completion ------------------------------------------------------------------------ */

static void words(bool options, const struct command *c)
{
	if (!options)
		for (c = commands; c->name; c++)
			printf("%s ", c->name);
	else
		for (const struct opt *o = c->opts; o->name; o++)
			printf("--%s ", o->name);
}

static void completion_bash(void)
{
	printf("_vmbuild() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} opts=\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	words(false, NULL);
	printf("' -- \"$cur\")); return\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t%s) opts='", c->name);
		words(true, c);
		printf("' ;;\n");
	}
	printf("\tesac\n"
	       "\tcase $cur in\n"
	       "\t-*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
	       "\t*) case ${COMP_WORDS[1]} in\n"
	       "\t   devices) COMPREPLY=($(compgen -W \"$(vmbuild devices | cut -d' ' -f1)\" -- "
	       "\"$cur\")) ;;\n"
	       "\t   help) COMPREPLY=($(compgen -W '");
	words(false, NULL);
	printf("' -- \"$cur\")) ;;\n"
	       "\t   *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	       "\t   esac ;;\n"
	       "\tesac\n"
	       "}\n"
	       "complete -o filenames -F _vmbuild vmbuild\n");
}

static void completion_zsh(void)
{
	printf("autoload -U +X bashcompinit && bashcompinit\n");
	completion_bash();
}

static void completion_fish(void)
{
	for (const struct command *c = commands; c->name; c++) {
		printf("complete -c vmbuild -n __fish_use_subcommand -f -a %s -d '%s'\n", c->name,
		       c->doc);
		for (const struct opt *o = c->opts; o->name; o++)
			printf("complete -c vmbuild -n '__fish_seen_subcommand_from %s' -l %s%s\n",
			       c->name, o->name, o->arg ? " -r" : "");
	}
}

int cmd_completion(const struct args *a)
{
	if (!strcmp(a->text[0], "bash"))
		completion_bash();
	else if (!strcmp(a->text[0], "zsh"))
		completion_zsh();
	else if (!strcmp(a->text[0], "fish"))
		completion_fish();
	else {
		print_usage_error("no completion for `%s`: bash, zsh or fish", a->text[0]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}
