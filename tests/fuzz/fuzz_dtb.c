/* fuzz_dtb.c - any bytes as a device tree: it is refused, or becomes a board that loads, and
 * it can be compared and linted against one of ours.
 */
#include "fuzz.h"

static void import_it(const uint8_t *data, size_t size)
{
	const struct import_options o = { .name = "t", .classes = device_classes };
	struct import_count n;
	struct str yaml = { 0 };
	struct err e = { 0 };
	struct loaded l;

	if (board_import(data, size, &o, &yaml, &n, &e)) {
		l = load_text(str_text(&yaml));
		if (!l.plan) { /* a scaffold that does not load */
			fputs(str_text(&l.said), stderr);
			abort();
		}
		loaded_free(&l);
	}
	str_free(&yaml);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct loaded l = load_with("boards/minimal.yaml", NULL, NULL);
	struct against_count n;
	struct str s = { 0 };
	struct err e = { 0 };

	plan_against(l.plan, data, size, &s, &n, &e);
	plan_lint(l.plan, data, size, &l.ds, &e);
	diags_format(&l.ds, DIAG_TEXT, 0, &s);
	str_free(&s);
	loaded_free(&l);
	import_it(data, size);
	return 0;
}
