/* load.c - a board from the command line's words. */
#include "cli.h"

#include "core.h"
#include "fetch.h"

static bool can_be_read(const char *path)
{
	struct err e;
	size_t len;
	u8 *bytes = host_read_file(path, MIB, &len, &e);

	free(bytes);
	return bytes;
}

/* `virt` and `boards/virt` are names that people give: of the file beside, of one of the
 * boards here, of one that came with this program. */
static void suggest_board(const char *wrong, struct err *why)
{
	const char *slash = strrchr(wrong, '/'), *name = slash ? slash + 1 : wrong;
	const char *end = text_ends(name, ".yaml") ? "" : ".yaml";
	char *data = host_data_dir();
	char *tries[] = { xprintf("%s%s", wrong, end), xprintf("boards/%s%s", name, end),
			  xprintf("%s/boards/%s%s", data, name, end) };
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		if (!found && can_be_read(tries[i])) {
			found = true;
			err_hint(why, "did you mean `%s`?", tries[i]);
		}
		free(tries[i]);
	}
	free(data);
}

/* A board file has no business being larger; board/ refuses more than this. */
static char *read_board_file(void *ctx, const char *path, size_t max, size_t *len, struct err *why)
{
	const struct args *a = ctx;
	char *bytes = (char *)host_read_file(path, max, len, why);

	if (!bytes && !strcmp(path, a->text[0]))
		suggest_board(path, why);
	return bytes;
}

static char *guest_part(void *ctx, const char *guest, const char *part, struct err *why)
{
	(void)ctx;
	return fetch_part(guest, part, why);
}

/* --guest NAME is -p guest=NAME. */
static const char **params(const struct args *a, char **guest, size_t *n)
{
	const char **v = args_values(a, "param", n);

	*guest = NULL;
	if (args_has(a, "guest")) {
		*guest = xprintf("guest=%s", args_value(a, "guest"));
		v = xrealloc(v, (*n + 1) * sizeof(v[0]));
		v[(*n)++] = *guest;
	}
	return v;
}

struct board *load_board(const struct args *a, int *code)
{
	return load_board_file(a, a->text[0], code);
}

struct board *load_board_file(const struct args *a, const char *path, int *code)
{
	const struct board_host host = { .ctx = (void *)(uintptr_t)a,
					 .read_file = read_board_file,
					 .guest = guest_part };
	struct board_options o = { 0 };
	struct diags ds = { 0 };
	struct board *b;
	char *guest;
	u32 machines;

	o.params = params(a, &guest, &o.nparams);
	o.sets = args_values(a, "set", &o.nsets);
	o.overlays = args_values(a, "overlay", &o.noverlays);
	o.locked = args_has(a, "locked");
	o.lint = a->command->run == cmd_check;
	b = board_load(path, &o, device_classes, &host, &ds);
	print_diags(&ds, a);
	*code = diags_exit_code(&ds);
	if (*code == EXIT_OK && a->command->run != cmd_check && board_is_lab(b, &machines)) {
		print_usage_error("`%s` is a lab of %u machines, and this wants one board", path,
				  machines);
		fprintf(stderr,
			"  hint: `vmbuild check` checks it; running labs is not there yet\n");
		*code = EXIT_USAGE;
	}
	if (!board_plan(b) && a->command->run != cmd_check) {
		board_free(b);
		b = NULL;
	}
	diags_free(&ds);
	free((void *)o.params);
	free((void *)o.sets);
	free((void *)o.overlays);
	free(guest);
	return b;
}
