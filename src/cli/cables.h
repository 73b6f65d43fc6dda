/* cables.h - the networks of a run: opened as the board says, changed while it runs. */
#ifndef CABLES_H
#define CABLES_H

#include "cli.h"

#define CABLES 32

struct cables {
	struct loop *loop;
	struct {
		const char *card; /* the plan's */
		struct net *slirp;
	} list[CABLES];
	u32 n;
};

/* NULL with an empty *e: none is plugged in. */
struct net *cables_open(struct cables *c, const struct host_spec *spec, const char *card,
			struct err *e);
/* Without the capture that it may have. */
struct net *cables_open_bare(struct cables *c, const struct host_spec *spec, const char *card,
			     struct err *e);
/* "forward", "forward add 8080:80", "forward remove 8080:80", and perhaps the card.  The last two
 * are answered with a request that is made until its answer is another than "asked". */
bool cables_request(struct cables *c, const char *request, struct str *answer, struct err *e);

#endif
