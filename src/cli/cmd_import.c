/* cmd_import.c - a board file of a device tree, with the drivers that Linux has for it. */
#include "cli.h"

#include "core.h"

#define MOST_DTB     (4 * MIB)
#define MOST_ALIASES (64 * MIB)

/* Names of drivers by `compatible`: modules.alias of a kernel's folder of modules, with the
 * ends of lines made ends of texts.  What is built into a kernel is in no such list. */
struct drivers {
	char *text;
	size_t len;
	char found[128];
};

static bool drivers_read(struct drivers *d, const char *dir, struct err *e)
{
	char *path = xprintf("%s/modules.alias", dir);

	d->text = (char *)host_read_file(path, MOST_ALIASES, &d->len, e);
	free(path);
	for (size_t i = 0; i < d->len; i++)
		if (d->text[i] == '\n')
			d->text[i] = 0;
	return d->text;
}

/* "alias of:N*T*Csifive,uart0C* sifive_serial" */
static const char *driver_name(void *ctx, const char *compatible)
{
	struct drivers *d = ctx;
	char want[160];
	size_t n = (size_t)snprintf(want, sizeof(want), "alias of:N*T*C%s", compatible);

	for (const char *s = d->text; s && s < d->text + d->len; s += strlen(s) + 1) {
		const char *name = strrchr(s, ' ');

		if (strncmp(s, want, MIN(n, sizeof(want) - 1)) != 0 || !name ||
		    (s[n] != ' ' && strncmp(s + n, "C* ", 3) != 0))
			continue;
		snprintf(d->found, sizeof(d->found), "%s", name + 1);
		return d->found;
	}
	return NULL;
}

/* Source goes through dtc. */
static u8 *read_tree(const char *path, size_t *len, struct err *e)
{
	const char *const argv[] = { "dtc", "-q", "-I", "dts", "-O", "dtb", path, NULL };
	struct str out = { 0 };

	if (!text_ends(path, ".dts"))
		return host_read_file(path, MOST_DTB, len, e);
	if (!host_run(argv, &out, e)) {
		str_free(&out);
		return NULL;
	}
	*len = out.n;
	return (u8 *)out.p;
}

/* "jh7110-visionfive" of "/x/jh7110-VisionFive.dtb" */
static char *board_name(const struct args *a)
{
	const char *path = args_value(a, "out") ? args_value(a, "out") : a->text[0];
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *s = xstrndup(name, strcspn(name, "."));

	for (char *c = s; *c; c++)
		*c = *c >= 'A' && *c <= 'Z'                                 ? (char)(*c | 0x20)
		     : (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c
									    : '-';
	if (!*s || *s == '-') {
		free(s);
		s = xstrdup("imported");
	}
	return s;
}

int cmd_import(const struct args *a)
{
	struct drivers drivers = { 0 };
	char *name = board_name(a);
	struct import_options o = {
		.name = name, .classes = device_classes, .driver = driver_name, .ctx = &drivers
	};
	struct import_count n = { 0 };
	struct str s = { 0 };
	struct err e = { 0 };
	size_t len = 0;
	u8 *fdt = read_tree(a->text[0], &len, &e);
	int code = EXIT_HOST;

	if (fdt && args_has(a, "modules") &&
	    !drivers_read(&drivers, args_value(a, "modules"), &e)) {
		free(fdt);
		fdt = NULL;
	}
	if (!fdt || !(board_import(fdt, len, &o, &s, &n, &e) || err_in(&e, "%s", a->text[0]))) {
		print_err(&e);
	} else if (print_bytes(a, str_text(&s), s.n)) {
		fprintf(stderr, "%s: %u modeled, %u stubbed by regbank, %u missing\n", name,
			n.modeled, n.stubbed, n.missing);
		code = EXIT_OK;
	}
	free(drivers.text);
	str_free(&s);
	free(fdt);
	free(name);
	return code;
}
