/* rfb.h - between the files that show displays to others: the protocol of one client, and
 * the WebSocket in which a browser wraps it.
 */
#ifndef RFB_H
#define RFB_H

#include "internal.h"

/* -- RFB (rfb.c): one client of one scanout ------------------------------------------- */

struct rfb;

/* `woken` is called when there is something new to see: any thread, it only wakes. */
struct rfb *rfb_new(const struct host_view *view, void (*woken)(void *ctx), void *ctx);
void rfb_free(struct rfb *r); /* lets go of all keys */
/* What the client said.  False: it broke the protocol, and has to go. */
bool rfb_take(struct rfb *r, const u8 *bytes, size_t n);
/* Adds to `out` what the client is to get, if it has asked for it: call when all that was
 * said before is on its way.  True: nobody will say when there is more, look again soon. */
bool rfb_answer(struct rfb *r, struct str *out);

/* -- WebSocket (websocket.c), server side ------------------------------------------------ */

struct websocket {
	u8 head[14]; /* of the frame that comes in */
	u32 nhead;
	u64 left;   /* bytes of it that are still to come */
	u32 masked; /* bytes of it that have come */
	bool ended;
};

/* Takes the frames apart: what was in data frames is added to `to`, what has to be answered
 * to `out`.  False: no WebSocket, or it has ended. */
bool websocket_take(struct websocket *w, const u8 *bytes, size_t n, struct str *to,
		    struct str *out);
/* One frame of data. */
void websocket_wrap(const void *bytes, size_t n, struct str *out);
/* Sec-WebSocket-Accept of a key: 28 characters and a NUL. */
void websocket_accept(const char *key, char accept[29]);

#endif
