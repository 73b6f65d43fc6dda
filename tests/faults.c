/* faults.c - what goes wrong in this program, as FAULTS=name,name says: faults.h has the names */
#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct faults faults = {
#define F(name, constant, value) NORMAL_##name,
	FAULTS(F)
#undef F
};

static void set_fault(const char *name)
{
#define F(name_, constant, value)                                                                  \
	if (!strcmp(name, #name_)) {                                                               \
		faults.name_ = value;                                                              \
		return;                                                                            \
	}
	FAULTS(F)
#undef F
	fprintf(stderr, "FAULTS: `%s` is none\n", name);
	exit(2);
}

/* Before any thread runs. */
__attribute__((constructor)) static void read_faults(void)
{
	const char *names = getenv("FAULTS");
	char text[256], *rest = text;

	snprintf(text, sizeof(text), "%s", names ? names : "");
	for (char *name; (name = strtok_r(rest, ",", &rest));)
		set_fault(name);
}
