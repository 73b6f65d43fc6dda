/* cmd_balloon.c - `vmbuild balloon`: how much memory a running guest gives back. */
#include "cli.h"

#include <inttypes.h>

static int ask(const char *machine, const char *request)
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

int cmd_balloon(const struct args *a)
{
	struct err e = { 0 };
	char request[48];
	u64 bytes;

	if (a->n == 1)
		return ask(a->text[0], "balloon");
	if (!size_parse(a->text[1], &bytes, &e)) {
		print_err(&e);
		return EXIT_USAGE;
	}
	snprintf(request, sizeof(request), "balloon %" PRIu64, bytes);
	return ask(a->text[0], request);
}
