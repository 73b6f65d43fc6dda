/* cmd_help.c - help, version, completion: the command table as text. */
#include "cli.h"

#include "config.h"
#include "core.h"
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

static void say_parts(void)
{
	const char *slirp = host_slirp_version(), *sdl = host_sdl_version();
	char *data = host_data_dir();

	printf("engines:");
	for (const struct engine *const *e = engines; *e; e++)
		printf(" %s", (*e)->name);
	printf("\nlibyaml %s · zlib %s · zstd %s · libslirp %s · SDL2 %s\n",
	       yaml_get_version_string(), zlibVersion(), HAVE_ZSTD ? "yes" : "no",
	       slirp ? slirp : "no", sdl ? sdl : "no");
	printf("sandbox: none in this version\ndata: %s\n", data);
	free(data);
}

int cmd_version(const struct args *a)
{
	printf("vmbuild %s\n", VMBUILD_VERSION);
	if (args_has(a, "verbose"))
		say_parts();
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
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} opts= "
	       "board= w\n"
	       "\tCOMPREPLY=()\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	words(false, NULL);
	printf("' -- \"$cur\")); return\n\tfi\n"
	       "\tfor w in \"${COMP_WORDS[@]:2}\"; do case $w in *.yaml) board=$w; break ;; esac; "
	       "done\n"
	       "\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t%s) opts='", c->name);
		words(true, c);
		printf("' ;;\n");
	}
	printf("\tesac\n"
	       "\tcase $prev in\n"
	       "\t-p|--param) COMPREPLY=($(compgen -W \"$(vmbuild completion params \"$board\" "
	       "2>/dev/null)\" -- \"$cur\"));\n\t\tcompopt -o nospace 2>/dev/null; return ;;\n"
	       "\t--set) COMPREPLY=($(compgen -W \"$(vmbuild completion paths \"$board\" "
	       "2>/dev/null)\" -- \"$cur\"));\n\t\tcompopt -o nospace 2>/dev/null; return ;;\n"
	       "\tesac\n"
	       "\tcase $cur in\n"
	       "\t-*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
	       "\t*) case ${COMP_WORDS[1]} in\n"
	       "\t   devices) COMPREPLY=($(compgen -W \"$(vmbuild completion devices)\" -- "
	       "\"$cur\")) ;;\n"
	       "\t   explain) COMPREPLY=($(compgen -W \"$(vmbuild completion codes)\" -- "
	       "\"$cur\")) ;;\n"
	       "\t   help) COMPREPLY=($(compgen -W '");
	words(false, NULL);
	printf("' -- \"$cur\")) ;;\n"
	       "\t   man) COMPREPLY=($(compgen -W 'vmbuild vmbuild-board' -- \"$cur\")) ;;\n"
	       "\t   image) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	       "\t   *) COMPREPLY=($(compgen -f -X '!*.yaml' -- \"$cur\") $(compgen -d -- "
	       "\"$cur\")) ;;\n"
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

/* In single quotes, for fish. */
static void fish_text(const char *s)
{
	putchar('\'');
	for (; *s; s++)
		printf(*s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
	putchar('\'');
}

static void completion_fish(void)
{
	printf("function __vmbuild_board\n"
	       "\tfor w in (commandline -opc)\n\t\tstring match -q '*.yaml' -- $w; and echo $w; "
	       "and "
	       "return\n\tend\nend\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("complete -c vmbuild -n __fish_use_subcommand -f -a %s -d ", c->name);
		fish_text(c->doc);
		printf("\n");
		for (const struct opt *o = c->opts; o->name; o++) {
			printf("complete -c vmbuild -n '__fish_seen_subcommand_from %s' -l %s",
			       c->name, o->name);
			if (o->letter)
				printf(" -s %c", o->letter);
			if (!strcmp(o->name, "param"))
				printf(" -x -a '(vmbuild completion params (__vmbuild_board))'");
			else if (!strcmp(o->name, "set"))
				printf(" -x -a '(vmbuild completion paths (__vmbuild_board))'");
			else if (o->arg)
				printf(" -r");
			printf(" -d ");
			fish_text(o->doc);
			printf("\n");
		}
	}
	printf("complete -c vmbuild -n '__fish_seen_subcommand_from devices' -f -a "
	       "'(vmbuild completion devices)'\n"
	       "complete -c vmbuild -n '__fish_seen_subcommand_from explain' -f -a "
	       "'(vmbuild completion codes)'\n");
}

/* What the scripts ask while someone types: words, one a line. */
static int completion_words(const struct args *a)
{
	struct str s = { 0 };
	struct board *b;
	int code = EXIT_OK;

	if (!strcmp(a->text[0], "devices"))
		for (const struct device_class *const *c = device_classes; *c; c++)
			str_add(&s, "%s\n", (*c)->name);
	else if (!strcmp(a->text[0], "codes"))
		for (u32 i = 0; i < DIAG_COUNT; i++)
			str_add(&s, "%s\n", diag_rows[i].code);
	else if (a->n < 2)
		return EXIT_USAGE;
	else if ((b = load_board_file(a, a->text[1], &code))) {
		if (!strcmp(a->text[0], "params"))
			board_param_words(b, &s);
		else
			board_path_words(b, &s);
		board_free(b);
	}
	fputs(str_text(&s), stdout);
	str_free(&s);
	return code;
}

static bool asks_words(const char *what)
{
	return !strcmp(what, "devices") || !strcmp(what, "codes") || !strcmp(what, "params") ||
	       !strcmp(what, "paths");
}

int cmd_completion(const struct args *a)
{
	if (!strcmp(a->text[0], "bash"))
		completion_bash();
	else if (!strcmp(a->text[0], "zsh"))
		completion_zsh();
	else if (!strcmp(a->text[0], "fish"))
		completion_fish();
	else if (asks_words(a->text[0]))
		return completion_words(a);
	else {
		print_usage_error("no completion for `%s`: bash, zsh or fish", a->text[0]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}
