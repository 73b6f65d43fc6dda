/* sdl_window.c - a window that shows a scanout.
 *
 * Drawn by the CPU into the window's surface, and only what is damaged: libraries of graphics
 * cards make code at run time, which a process that forbids itself such memory cannot have.
 */
#include "sdl.h"

#define WIDTH     1280u /* before the guest shows anything */
#define HEIGHT    720u
#define ZOOM_MOST 4u
#define SETTLE_NS 200000000ull /* so long a size must last */
#define LIVE_NS   33000000ull

/* -- Size ------------------------------------------------------------------------------- */

bool sdl_window_open(struct sdl_window *w, struct err *e)
{
	u32 width = WIDTH, height = HEIGHT;

	display_size(w->display, w->scanout, &width, &height);
	if (!width)
		width = WIDTH, height = HEIGHT;
	w->window = SDL_CreateWindow(w->title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
				     (int)width, (int)height,
				     SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
	if (!w->window)
		return err_set(e, "no window: %s", SDL_GetError());
	w->id = SDL_GetWindowID(w->window);
	w->zoom = 1;
	w->all = true;
	w->told_ns = NEVER_NS;
	return true;
}

void sdl_window_close(struct sdl_window *w)
{
	if (w->cursor)
		SDL_FreeCursor(w->cursor);
	if (w->window)
		SDL_DestroyWindow(w->window);
}

void sdl_window_pixels(const struct sdl_window *w, i32 *x, i32 *y)
{
	int points, lines, width, height;

	SDL_GetWindowSize(w->window, &points, &lines);
	SDL_GetWindowSizeInPixels(w->window, &width, &height);
	if (points > 0 && lines > 0) {
		*x = (i32)((i64)*x * width / points);
		*y = (i32)((i64)*y * height / lines);
	}
}

void sdl_window_resized(struct sdl_window *w, u64 now_ns)
{
	int width, height;

	SDL_GetWindowSizeInPixels(w->window, &width, &height);
	w->users |= w->picture.width && ((u32)width != w->picture.width * w->zoom ||
					 (u32)height != w->picture.height * w->zoom);
	w->told_ns = now_ns + SETTLE_NS;
	w->all = true;
}

void sdl_window_zoom(struct sdl_window *w, i32 by, u64 now_ns)
{
	w->zoom = (u32)MAX(1, MIN((i32)w->zoom + by, (i32)ZOOM_MOST));
	sdl_window_resized(w, now_ns);
}

static void tell_size(struct sdl_window *w)
{
	int width, height;

	SDL_GetWindowSizeInPixels(w->window, &width, &height);
	w->told_ns = NEVER_NS;
	if (width > 0 && height > 0)
		display_monitor(w->display, w->scanout,
				MIN(MAX((u32)width / w->zoom, 1), DISPLAY_MOST),
				MIN(MAX((u32)height / w->zoom, 1), DISPLAY_MOST));
}

/* Until a person chooses one, the window has the size that the guest chose, if the screen has
 * room for it. */
static void follow_guest(struct sdl_window *w)
{
	i32 pixels = 1000, lines = 1000; /* of so many points */
	SDL_Rect room;
	u32 width, height;

	if (w->users || !w->picture.width)
		return;
	sdl_window_pixels(w, &pixels, &lines);
	width = w->picture.width * w->zoom * 1000 / (u32)pixels;
	height = w->picture.height * w->zoom * 1000 / (u32)lines;
	if (SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(w->window), &room) ||
	    ((int)width <= room.w && (int)height <= room.h))
		SDL_SetWindowSize(w->window, (int)width, (int)height);
}

u64 sdl_window_due(struct sdl_window *w, u64 now_ns)
{
	if (now_ns >= w->told_ns)
		tell_size(w);
	return MIN(w->told_ns, w->live ? now_ns + LIVE_NS : NEVER_NS);
}

/* -- Picture ----------------------------------------------------------------------------- */

static SDL_Rect sdl_rect(struct rect r)
{
	return (SDL_Rect){ (int)r.x, (int)r.y, (int)r.width, (int)r.height };
}

static SDL_Surface *wrap(const struct surface *s)
{
	return SDL_CreateRGBSurfaceWithFormatFrom(s->pixels, (int)s->width, (int)s->height, 32,
						  (int)(s->width * 4), SDL_PIXELFORMAT_RGB888);
}

/* The part of the picture onto its part of the window; returns that. */
static SDL_Rect draw_part(struct sdl_window *w, SDL_Surface *picture, SDL_Surface *to,
			  struct rect part)
{
	struct rect shown;
	SDL_Rect from, at;

	if (!w->layout.scale)
		part = (struct rect){ 0, 0, w->layout.width, w->layout.height };
	shown = layout_part(&w->layout, part);
	from = sdl_rect(part);
	at = sdl_rect(shown);
	if (w->layout.scale == 1)
		SDL_BlitSurface(picture, &from, to, &at);
	else if (w->layout.scale || SDL_SoftStretchLinear(picture, &from, to, &at))
		SDL_BlitScaled(picture, &from, to, &at);
	return sdl_rect(shown);
}

static void draw_whole_picture(struct sdl_window *w, SDL_Surface *to)
{
	const struct rect all = { 0, 0, w->picture.width, w->picture.height };
	SDL_Surface *picture = wrap(&w->picture);

	if (!picture)
		return;
	SDL_FillRect(to, NULL, SDL_MapRGB(to->format, 0, 0, 0));
	w->layout = layout_of(w->picture.width, w->picture.height, (u32)to->w, (u32)to->h);
	draw_part(w, picture, to, all);
	SDL_FreeSurface(picture);
}

static void draw_all(struct sdl_window *w, SDL_Surface *to, const char *status, const char *hint)
{
	if (w->picture.width)
		draw_whole_picture(w, to);
	else
		sdl_splash(to, w->title, status);
	if (hint)
		sdl_hint_bar(to, hint);
	SDL_UpdateWindowSurface(w->window);
	w->hinted = hint;
	w->all = false;
	w->frames++;
}

static void draw_damage(struct sdl_window *w, SDL_Surface *to, const struct display_frame *f)
{
	SDL_Surface *picture = wrap(&w->picture);
	SDL_Rect drawn[DISPLAY_RECTS];

	if (!picture)
		return;
	for (u32 i = 0; i < f->ndamage; i++)
		drawn[i] = draw_part(w, picture, to, f->damage[i]);
	SDL_UpdateWindowSurfaceRects(w->window, drawn, (int)f->ndamage);
	SDL_FreeSurface(picture);
	w->frames++;
}

/* -- Cursor -------------------------------------------------------------------------------- */

/* As large on the screen as it would be in the picture. */
static SDL_Cursor *make_cursor(const struct cursor *c, u32 scale)
{
	u32 width = c->width * scale, height = c->height * scale;
	u32 *pixels = xcalloc((size_t)width * height, sizeof(*pixels));
	SDL_Surface *s;
	SDL_Cursor *made = NULL;

	for (u32 y = 0; y < height; y++)
		for (u32 x = 0; x < width; x++)
			pixels[y * width + x] = c->pixels[y / scale * c->width + x / scale];
	s = SDL_CreateRGBSurfaceWithFormatFrom(pixels, (int)width, (int)height, 32,
					       (int)(width * 4), SDL_PIXELFORMAT_ARGB8888);
	if (s)
		made = SDL_CreateColorCursor(s, (int)(c->hot_x * scale), (int)(c->hot_y * scale));
	SDL_FreeSurface(s);
	free(pixels);
	return made;
}

/* The host's cursor takes the guest's shape.  It is the host that moves it: no lag. */
void sdl_window_cursor(struct sdl_window *w)
{
	SDL_Cursor *before = w->cursor;
	struct cursor c;

	display_cursor(w->viewer, w->scanout, &c);
	w->cursor_scale = MAX(w->layout.scale, 1);
	w->cursor = NULL;
	if (c.visible && c.width && c.height)
		w->cursor = make_cursor(&c, w->cursor_scale);
	if (w->cursor)
		w->guest_draws = true;
	SDL_SetCursor(w->cursor ? w->cursor : SDL_GetDefaultCursor());
	SDL_ShowCursor(w->cursor || !w->guest_draws ? SDL_ENABLE : SDL_DISABLE);
	if (before)
		SDL_FreeCursor(before);
}

/* -- Both ---------------------------------------------------------------------------------- */

void sdl_window_draw(struct sdl_window *w, const char *status, const char *hint)
{
	struct display_frame f;
	SDL_Surface *to;

	display_look(w->viewer, w->scanout, &w->picture, &f);
	w->live = f.live;
	w->all |= f.resized || hint || w->hinted || !w->picture.width;
	if (f.resized)
		follow_guest(w);
	to = SDL_GetWindowSurface(w->window);
	if (to && w->all)
		draw_all(w, to, status, hint);
	else if (to && f.ndamage)
		draw_damage(w, to, &f);
	if (f.cursor || w->cursor_scale != MAX(w->layout.scale, 1))
		sdl_window_cursor(w);
}
