/* fuzz_board.c - any bytes as a board file, the whole way: YAML to plan to device tree, and
 * every view of it.  Whatever it is, there is an answer, soon, and nothing is left behind.
 */
#include "fuzz.h"

/* The machine that most inputs extend; read once. */
static char *machine_text(void)
{
	static char *text;
	struct err why = { 0 };
	size_t len;

	if (!text)
		text = load_real("machines/riscv-virt.yaml", MIB, &len, &why);
	return text;
}

struct input {
	const char *bytes;
	size_t len;
};

static char *copy(const char *bytes, size_t n, size_t *len)
{
	char *p = xzalloc(n + 1);

	memcpy(p, bytes, n);
	*len = n;
	return p;
}

/* t.yaml is the input, and so is its lock file, after the first NUL. */
static char *read_input(void *ctx, const char *path, size_t max, size_t *len, struct err *why)
{
	const struct input *in = ctx;
	const char *nul = memchr(in->bytes, 0, in->len);
	size_t first = nul ? (size_t)(nul - in->bytes) : in->len;

	if (!strcmp(path, "t.yaml"))
		return copy(in->bytes, MIN(first, max), len);
	if (!strcmp(path, "t.lock.yaml") && nul)
		return copy(nul + 1, MIN(in->len - first - 1, max), len);
	if (text_ends(path, "riscv-virt.yaml") && machine_text())
		return copy(machine_text(), strlen(machine_text()), len);
	err_set(why, "no such file");
	return NULL;
}

static void look_at_plan(struct board *b)
{
	static const struct fdt_extra nothing = { 0 };
	const struct plan *p = board_plan(b);
	struct str s = { 0 };
	struct diags ds = { 0 };
	struct err e = { 0 };
	size_t len;
	void *fdt = plan_fdt(p, &nothing, &len, &e);

	if (fdt) {
		if (!fdt_to_source(fdt, &s, &e) || !plan_lint(p, fdt, len, &ds, &e))
			abort();
		diags_format(&ds, DIAG_JSON, 0, &s);
	}
	plan_map(p, &s);
	plan_svg(p, &s);
	plan_graph(p, &s);
	plan_describe(b, &s);
	plan_describe_json(b, &s);
	for (u32 i = 0; i < MIN(p->ndevices, 3); i++)
		plan_describe_device(b, i, &s);
	board_lock_text(b, &s);
	board_template(b, "x", "t.yaml", &s);
	board_resolve(b, true, &s);
	diags_free(&ds);
	free(fdt);
	str_free(&s);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	const struct board_host host = { &in, read_input, load_guest };
	const struct board_options options = { .lint = true };
	const struct device_class *list[128];
	struct diags ds = { 0 };
	struct str said = { 0 };
	struct board *b =
		board_load("t.yaml", &options, all_classes(list, ARRAY_LEN(list)), &host, &ds);

	diags_format(&ds, DIAG_COLOR, 0, &said);
	if (board_plan(b))
		look_at_plan(b);
	str_free(&said);
	board_free(b);
	diags_free(&ds);
	return 0;
}
