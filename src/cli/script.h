/* script.h - keys and pointer events that are written down: `vmbuild input`, `vmbuild type`,
 * `run --input`.  boards/README.md has the statements.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "cli.h"

#include "input.h"
#include "timebase.h"

#define SCRIPT_MOST 65536 /* bytes */

enum script_op {
	SCRIPT_KEY,      /* `code` down (x = 1) or up (x = 0) */
	SCRIPT_SHIFT,    /* what follows is typed with the shift key (x = 1) or without (x = 0) */
	SCRIPT_PLACE,    /* pointer to pixel x, y of the picture */
	SCRIPT_MOVE,     /* by x, y */
	SCRIPT_WHEEL,    /* x to the right, y away from the user */
	SCRIPT_WAIT,     /* ns */
	SCRIPT_PACE,     /* from now on, ns after each event */
	SCRIPT_KEYBOARD, /* wait until a guest listens to one, at most ns */
	SCRIPT_POINTER,
};

struct script_step {
	enum script_op op;
	u32 line;
	u32 code;
	i32 x, y;
	u64 ns;
	bool letter; /* SHIFT: of one, so that caps lock counts too */
};

struct script {
	struct script_step *steps;
	size_t n, cap;
};

/* False: `ds` says what is wrong with it, by line and column.  `text` outlives ds. */
bool script_read(struct script *s, const char *file, const char *text, struct diags *ds);
/* Reads it from a file; false: a message has been printed. */
bool script_load(struct script *s, const char *file, const struct args *a);
#define SCRIPT_TEXT "TEXT" /* what one that stands on the command line is called */
/* What `type "TEXT"` would be. */
bool script_type(struct script *s, const char *text, struct diags *ds);
void script_free(struct script *s);

#endif
