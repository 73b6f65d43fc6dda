#include "report.h"

static enum diag_code code_of(const char *code)
{
	for (u32 i = 0; i < DIAG_COUNT; i++)
		if (!strcmp(diag_rows[i].code, code))
			return (enum diag_code)i;
	return DIAG_host_file;
}

bool report(struct diags *ds, struct pos at, const struct err *e)
{
	diag_report(ds, at, code_of(e->code), "%s", e->text);
	if (e->hint[0])
		diag_hint(ds, "%s", e->hint);
	return false;
}
