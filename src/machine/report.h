/* report.h - host errors as diagnostics with a place in the board file. */
#ifndef REPORT_H
#define REPORT_H

#include "board.h"

/* Returns false.  The code of `e` is looked up in diag.def; without one it is E0604. */
bool report(struct diags *ds, struct pos at, const struct err *e);

#endif
