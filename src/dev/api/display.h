/* display.h - pictures from display devices to those who look at them.
 *
 * A device says where the pixels of a scanout are, how to read them and what has changed;
 * that is all it does, so it never waits for a viewer and does not know whether there is
 * one.  A viewer (a window, a VNC client, a screenshot) has a copy of its own and brings it
 * up to date when it can use a frame: it is woken once, then asks.  Conversion to one format
 * is done in that copying and nowhere else.  Each of several viewers has its own account of
 * what it has not seen yet.
 *
 * What a viewer's window becomes, the device hears as another monitor: hook .monitor.
 */
#ifndef DISPLAY_H
#define DISPLAY_H

#include "device.h"

#define DISPLAY_SCANOUTS 16
#define DISPLAY_MOST     4096 /* pixels, each way */
#define DISPLAY_RECTS    16   /* of damage, before they are merged */
#define CURSOR_MOST      64

/* -- Pixels (pixels.c) -----------------------------------------------------------
 *
 * The names are those of simple-framebuffer: a pixel is a little-endian number, and its
 * parts are named from the top.  Columns: bytes of a pixel, then shift and width of red,
 * green, blue and alpha.
 */
/* clang-format off */
#define PIXEL_FORMATS(P)                                \
	P(X8R8G8B8, "x8r8g8b8", 4, 16, 8,  8, 8,  0, 8,  0, 0) \
	P(A8R8G8B8, "a8r8g8b8", 4, 16, 8,  8, 8,  0, 8, 24, 8) \
	P(X8B8G8R8, "x8b8g8r8", 4,  0, 8,  8, 8, 16, 8,  0, 0) \
	P(A8B8G8R8, "a8b8g8r8", 4,  0, 8,  8, 8, 16, 8, 24, 8) \
	P(R8G8B8X8, "r8g8b8x8", 4, 24, 8, 16, 8,  8, 8,  0, 0) \
	P(R8G8B8A8, "r8g8b8a8", 4, 24, 8, 16, 8,  8, 8,  0, 8) \
	P(B8G8R8X8, "b8g8r8x8", 4,  8, 8, 16, 8, 24, 8,  0, 0) \
	P(B8G8R8A8, "b8g8r8a8", 4,  8, 8, 16, 8, 24, 8,  0, 8) \
	P(R8G8B8,   "r8g8b8",   3, 16, 8,  8, 8,  0, 8,  0, 0) \
	P(R5G6B5,   "r5g6b5",   2, 11, 5,  5, 6,  0, 5,  0, 0) \
	P(X1R5G5B5, "x1r5g5b5", 2, 10, 5,  5, 5,  0, 5,  0, 0) \
	P(A1R5G5B5, "a1r5g5b5", 2, 10, 5,  5, 5,  0, 5, 15, 1)
/* clang-format on */

#define P(id, ...) PIXEL_##id,
enum pixel_format { PIXEL_FORMATS(P) PIXEL_FORMAT_COUNT };
#undef P

struct pixel_layout {
	const char *name;
	u8 bytes;
	struct {
		u8 shift, width;
	} red, green, blue, alpha; /* width 0: there is none */
};

extern const struct pixel_layout pixel_layouts[PIXEL_FORMAT_COUNT];
extern const char *const pixel_words[PIXEL_FORMAT_COUNT + 1]; /* the names, for PROP_ENUM */

struct rect {
	u32 x, y, width, height;
};

/* Where pixels are.  What is outside of it is never read. */
struct picture {
	const u8 *pixels;          /* NULL: none */
	u32 width, height, stride; /* pixels, rows, bytes from row to row */
	enum pixel_format format;
	/* The guest draws here by itself and says nothing of it: what has changed is found out
	 * by looking. */
	bool live;
};

/* As a8r8g8b8; without alpha it is all ones.  `to` has room for rect.width * rect.height,
 * its rows `to_stride` pixels apart; the rectangle lies inside the picture. */
void picture_convert(const struct picture *p, struct rect r, u32 *to, u32 to_stride);

/* What of `r` is inside of width x height; all zero: nothing. */
struct rect rect_clip(struct rect r, u32 width, u32 height);
/* The least that holds both; an empty one adds nothing. */
struct rect rect_join(struct rect a, struct rect b);
/* Adds it to a list of at most DISPLAY_RECTS: two become one where that costs nothing; when
 * there are too many, all do. */
void rect_add(struct rect *list, u32 *n, struct rect r);
static inline bool rect_empty(struct rect r)
{
	return !r.width || !r.height;
}

/* -- For devices: the lock is held ------------------------------------------------ */

struct display;

/* In init(): how many scanouts there are, if not one. */
void display_scanouts(struct display *d, u32 n);
/* What scanout `i` shows from now on; NULL: it is off.  The pixels stay where they are until
 * this is said again, at most DISPLAY_MOST each way.  The same again changes nothing. */
void display_show(struct display *d, u32 i, const struct picture *p);
/* Pixels there are new, as far as the rectangle is in the picture.  Not for live ones. */
void display_damage(struct display *d, u32 i, struct rect r);

/* An image that is drawn above the picture, its upper left corner at (x, y), which may lie
 * outside.  Alpha is premultiplied. */
struct cursor {
	bool visible;
	i32 x, y;
	u32 hot_x, hot_y; /* the point of it that points */
	u32 width, height;
	u32 image;                             /* counts: another one is another picture */
	u32 pixels[CURSOR_MOST * CURSOR_MOST]; /* a8r8g8b8, rows of `width` */
};

/* At most CURSOR_MOST each way; NULL: none.  Where it is stays as it was. */
void display_cursor_image(struct display *d, u32 i, const struct picture *p, u32 hot_x, u32 hot_y);
void display_cursor_move(struct display *d, u32 i, i32 x, i32 y);

/* What a monitor of that size says of itself: 128 bytes, E-EDID 1.4.  The name has up to 13
 * characters. */
#define EDID_BYTES 128
void display_edid(u8 *edid, const char *name, u32 width, u32 height);

/* -- For viewers: any thread, without a device's lock -------------------------------- */

/* A copy of what a scanout shows, the viewer's own: begin with { 0 }. */
struct surface {
	u32 width, height; /* 0: the scanout is off */
	u32 *pixels;       /* x8r8g8b8, rows of `width`; the uppermost byte means nothing */
	size_t cap;        /* pixels there is room for */
};

void surface_free(struct surface *s);
/* Draws the cursor into it, for those who cannot show it otherwise. */
void surface_cursor(struct surface *s, const struct cursor *c);

/* What is new in a surface that was brought up to date. */
struct display_frame {
	bool resized; /* all of it is damage then */
	bool live;    /* nobody will say when it changes: look again */
	bool cursor;  /* its image, its place, or whether it is there */
	struct rect damage[DISPLAY_RECTS];
	u32 ndamage;
};

/* Filled in by the viewer but for the last part. */
struct viewer {
	/* Something can be seen that was not before: come and look.  Once until it does.  Any
	 * thread, with a device's lock held: it wakes somebody and returns. */
	void (*changed)(void *ctx);
	void *ctx;

	struct display *display; /* the engine's from here on */
	struct viewer *next;
	bool told;
	struct viewer_seen {
		struct rect damage[DISPLAY_RECTS];
		u32 ndamage;
		bool cursor;
	} seen[DISPLAY_SCANOUTS];
};

const char *display_name(const struct display *d); /* of the device */
u32 display_scanout_count(const struct display *d);
/* False: it is off. */
bool display_size(struct display *d, u32 i, u32 *width, u32 *height);

/* At first everything is new.  Ends before the device does. */
void display_watch(struct display *d, struct viewer *v);
void display_unwatch(struct viewer *v); /* also one that never watched */

/* Brings `s` up to date and says what was new.  The device waits while that is copied, and
 * for nothing else. */
void display_look(struct viewer *v, u32 i, struct surface *s, struct display_frame *f);
void display_cursor(struct viewer *v, u32 i, struct cursor *c);

/* The viewer's window is that large now, or gone (0, 0).  The guest may do as it likes. */
void display_monitor(struct display *d, u32 i, u32 width, u32 height);

#endif
