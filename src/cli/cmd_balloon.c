/* cmd_balloon.c - `vmbuild balloon`: how much memory a running guest gives back. */
#include "cli.h"

#include <inttypes.h>

int cmd_balloon(const struct args *a)
{
	struct err e = { 0 };
	char request[48];
	u64 bytes;

	if (a->n == 1)
		return print_answer(a->text[0], "balloon");
	if (!size_parse(a->text[1], &bytes, &e)) {
		print_err(&e);
		return EXIT_USAGE;
	}
	snprintf(request, sizeof(request), "balloon %" PRIu64, bytes);
	return print_answer(a->text[0], request);
}
