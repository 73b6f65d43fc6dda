/* args.c - one command's words, checked against its table. */
#include "cli.h"

static const struct opt *by_name(const struct command *c, const char *name, size_t len)
{
	for (const struct opt *o = c->opts; o && o->name; o++)
		if (strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct opt *by_letter(const struct command *c, char letter)
{
	for (const struct opt *o = c->opts; o && o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static bool unknown(const struct command *c, const char *word)
{
	struct nearest near = { 0 };

	for (const struct opt *o = c->opts; o && o->name; o++)
		nearest_try(&near, word + strspn(word, "-"), o->name);
	print_usage_error("`vmbuild %s` has no option `%s`", c->name, word);
	if (near.word)
		fprintf(stderr, "  hint: did you mean `--%s`?\n", near.word);
	else
		fprintf(stderr, "  hint: `vmbuild help %s` lists them\n", c->name);
	return false;
}

/* `words` is "auto|require|off": one of these.  Any other form: whatever there is. */
static bool allowed(const char *words, const char *value)
{
	size_t n = strlen(value);

	if (!words || !strchr(words, '|'))
		return true;
	while (strncmp(words, value, n) != 0 || (words[n] && words[n] != '|')) {
		words = strchr(words, '|');
		if (!words++)
			return false;
	}
	return !strchr(value, '|');
}

static bool give(struct args *a, const struct opt *o, const char *value)
{
	if (value && !allowed(o->arg, value)) {
		print_usage_error("--%s %s: it is one of %s", o->name, value, o->arg);
		return false;
	}
	a->given[a->ngiven++] = (struct given){ o, value };
	return true;
}

/* --name, --name=value, --name value, -n value, -nvalue.  *i is the word's place. */
static bool option(struct args *a, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value = NULL;
	const struct opt *o;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		o = by_name(a->command, word + 2, len);
		value = word[2 + len] ? word + 3 + len : NULL;
	} else {
		o = by_letter(a->command, word[1]);
		value = word[2] ? word + 2 : NULL;
	}
	if (!o)
		return unknown(a->command, word);
	if (!o->arg && value) {
		print_usage_error("`--%s` takes no value", o->name);
		return false;
	}
	if (o->arg && !value) {
		if (*i + 1 == argc) {
			print_usage_error("`--%s` needs a value: --%s %s", o->name, o->name,
					  o->arg);
			return false;
		}
		value = argv[++*i];
	}
	return give(a, o, value);
}

static bool count_fits(const struct args *a)
{
	const struct command *c = a->command;

	if (a->n < c->min)
		print_usage_error("`vmbuild %s` needs %s", c->name, c->args);
	else if (a->n > c->max)
		print_usage_error("`vmbuild %s`: one word too many: `%s`", c->name,
				  a->text[c->max]);
	else
		return true;
	fprintf(stderr, "  hint: %s\n", c->example);
	return false;
}

bool args_parse(struct args *a, const struct command *c, int argc, char **argv)
{
	bool only_text = false;

	*a = (struct args){ .command = c };
	a->text = xcalloc((size_t)argc + 1, sizeof(a->text[0]));
	a->given = xcalloc((size_t)argc + 1, sizeof(a->given[0]));
	for (int i = 0; i < argc; i++) {
		if (!only_text && !strcmp(argv[i], "--"))
			only_text = true;
		else if (only_text || argv[i][0] != '-' || !argv[i][1])
			a->text[a->n++] = argv[i];
		else if (!option(a, argc, argv, &i))
			return false;
	}
	return count_fits(a);
}

void args_free(struct args *a)
{
	free(a->text);
	free(a->given);
}

const char *args_value(const struct args *a, const char *opt)
{
	for (u32 i = a->ngiven; i--;)
		if (!strcmp(a->given[i].opt->name, opt))
			return a->given[i].value;
	return NULL;
}

bool args_has(const struct args *a, const char *opt)
{
	for (u32 i = 0; i < a->ngiven; i++)
		if (!strcmp(a->given[i].opt->name, opt))
			return true;
	return false;
}

const char **args_values(const struct args *a, const char *opt, size_t *n)
{
	const char **v = xcalloc(a->ngiven + 1, sizeof(v[0]));

	*n = 0;
	for (u32 i = 0; i < a->ngiven; i++)
		if (!strcmp(a->given[i].opt->name, opt))
			v[(*n)++] = a->given[i].value;
	return v;
}
