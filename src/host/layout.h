/* layout.h - where a picture stands in a window, and what the pointer points at.
 *
 * A picture that fits is shown in the middle, as many times as large as it fits, so that all
 * its pixels are alike; a larger one is shrunk to fit.  All in pixels of the screen.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "display.h"

struct layout {
	u32 width, height; /* the picture */
	struct rect at;    /* where it stands */
	u32 scale;         /* pixels of the window to one of the picture; 0: it is shrunk */
};

/* None of the four is 0. */
struct layout layout_of(u32 width, u32 height, u32 window_width, u32 window_height);
/* The pixel of the picture under a place in the window, or the nearest to it. */
void layout_point(const struct layout *l, i32 window_x, i32 window_y, u32 *x, u32 *y);
/* The part of the window that shows a part of the picture; all of it if it is shrunk. */
struct rect layout_part(const struct layout *l, struct rect r);

#endif
