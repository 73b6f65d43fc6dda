/* rfb.h - between the files that show displays to others: the protocol of one client, how
 * pictures are made smaller for it, and the WebSocket in which a browser wraps it.
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

/* How a client reads a pixel: a number of so many bytes, with red, green and blue in it. */
struct rfb_format {
	u8 bytes, depth; /* `depth`: bits that mean something, as the client says */
	bool big_endian;
	u32 max[3], shift[3];
};

/* Of x8r8g8b8. */
u32 rfb_pixel(const struct rfb_format *f, u32 pixel);

/* -- Fewer bytes (rfb_zrle.c): one stream a client ------------------------------------------ */

struct zrle;

struct zrle *zrle_new(void); /* NULL: there is no memory for it */
void zrle_free(struct zrle *z);

/* Pixels of x8r8g8b8, rows `stride` of them apart. */
struct zrle_part {
	const u32 *pixels;
	size_t stride;
	u32 width, height;
};
/* What follows the head of a rectangle. */
void zrle_put(struct zrle *z, const struct rfb_format *f, const struct zrle_part *part,
	      struct str *out);

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
