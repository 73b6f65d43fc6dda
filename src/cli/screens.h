/* screens.h - the displays of a run: shown, and caught in pictures. */
#ifndef SCREENS_H
#define SCREENS_H

#include "cli.h"

#include "machine.h"

#define SCREENS 16

struct screens {
	const struct plan *plan;
	struct loop *loop;
	const struct machine_display *list;
	u32 n;
	struct input *input;
	/* Who looks wants the run to end.  Any thread. */
	void (*end)(void *ctx);
	void *ctx;
	struct host_viewer *viewers[SCREENS];
	u32 nviewers;
};

/* `kind` is what --display says, or NULL: what the board says.  After the machine is made and
 * before it starts. */
bool screens_open(struct screens *s, const char *kind, struct err *e);
/* Runs what is due; the host time of the next. */
u64 screens_due(struct screens *s);
void screens_close(struct screens *s);
/* Some show a line about the run: here is what it is now. */
bool screens_have_title(const struct screens *s);
void screens_status(const struct screens *s, const char *text);
/* One of the words of --display. */
bool screens_kind(const char *kind);

/* Of the first scanout; false: it is off, or there is none. */
bool screens_size(const struct screens *s, u32 *width, u32 *height);
/* The scanout of that name, "gpu0" or "gpu0.1", or the first if it is empty, as a PNG file. */
bool screens_picture(const struct screens *s, const char *name, struct str *png, struct err *e);
/* "screenshot", and perhaps a name; the picture goes into the file that came with it. */
bool screens_request(const struct screens *s, const char *request, int file, struct err *e);

#endif
