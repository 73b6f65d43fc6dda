#include "layout.h"

struct layout layout_of(u32 width, u32 height, u32 window_width, u32 window_height)
{
	struct layout l = { .width = width, .height = height };
	u32 w, h;

	l.scale = MIN(window_width / width, window_height / height);
	if (l.scale) {
		w = width * l.scale;
		h = height * l.scale;
	} else if ((u64)window_width * height <= (u64)window_height * width) {
		w = window_width;
		h = (u32)MAX((u64)height * w / width, 1);
	} else {
		h = window_height;
		w = (u32)MAX((u64)width * h / height, 1);
	}
	l.at = (struct rect){ (window_width - w) / 2, (window_height - h) / 2, w, h };
	return l;
}

/* The middle of the window's pixel decides. */
static u32 along(i32 window, u32 from, u32 shown, u32 size)
{
	i64 v = (i64)window - from;

	if (v < 0)
		return 0;
	return (u32)MIN((2 * (u64)v + 1) * size / (2 * (u64)shown), size - 1);
}

void layout_point(const struct layout *l, i32 window_x, i32 window_y, u32 *x, u32 *y)
{
	*x = along(window_x, l->at.x, l->at.width, l->width);
	*y = along(window_y, l->at.y, l->at.height, l->height);
}

struct rect layout_part(const struct layout *l, struct rect r)
{
	if (!l->scale)
		return l->at;
	return (struct rect){ l->at.x + r.x * l->scale, l->at.y + r.y * l->scale,
			      r.width * l->scale, r.height * l->scale };
}
