/* typist.h - scripts that are being typed in a run, on the thread of its loop. */
#ifndef TYPIST_H
#define TYPIST_H

#include "script.h"

#include "screens.h"

#define TYPISTS 8

struct typist;

struct typists {
	struct input *in;
	const struct screens *screens;
	struct typist *list[TYPISTS];
	u32 number[TYPISTS], last; /* how others call them */
};

/* Takes the script.  Its number, or 0 with *e: too many are under way. */
u32 typists_start(struct typists *t, struct script *s, const char *name, u64 now_ns, struct err *e);
/* Types what is due; returns when to call again, NEVER_NS: nothing is left. */
u64 typists_due(struct typists *t, u64 now_ns);
/* Before the machine is freed. */
void typists_free(struct typists *t);

/* "input as NAME" with a file: begins, and answers a number; NAME is what it is called where it
 * goes wrong.  "input NUMBER": "done" or "typing"; false if it failed. */
bool typists_request(struct typists *t, const char *request, int file, struct str *answer,
		     struct err *e);

#endif
