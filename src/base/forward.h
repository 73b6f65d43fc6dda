/* forward.h - "2222:22": a port of this host that leads to one of the guest.
 *
 *	[ADDRESS:]PORT[+]:PORT[/tcp|/udp]
 *
 * ADDRESS is IPv4, 127.0.0.1 if not given.  With a + the next free port is taken if the
 * first is in use.  board/ checks it, host/ does it.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "base.h"

#define FORWARD_TRIES 100 /* ports from a `2222+` on */

struct forward {
	u8 address[4];
	u16 port, guest_port;
	bool or_next, udp;
};

#define FORWARD_TEXT 40

bool forward_parse(const char *text, struct forward *f, struct err *e);
/* "127.0.0.1:2222", with "/udp" behind it if it is not TCP. */
const char *forward_text(char buf[FORWARD_TEXT], const struct forward *f);
/* "net0: 127.0.0.1:2222 leads to the guest's port 22" */
void forward_say(struct str *s, const char *card, const struct forward *f);
/* Only programs of this host can reach it. */
bool forward_is_local(const struct forward *f);
bool forward_same_port(const struct forward *a, const struct forward *b);

#endif
