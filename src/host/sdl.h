/* sdl.h - what the files of the SDL2 viewer share.  All of it runs on the viewer's thread. */
#ifndef SDL_VIEWER_H
#define SDL_VIEWER_H

/* First: it includes what banned.h bans. */
#define SDL_MAIN_HANDLED
#include <SDL2/SDL.h>

#include "internal.h"
#include "layout.h"
#include "timebase.h"

struct sdl_window {
	SDL_Window *window;
	u32 id;
	const char *title;
	struct display *display;
	u32 scanout;
	struct viewer *viewer; /* of the display */

	struct surface picture;
	struct layout layout;
	bool live;   /* nobody says when the picture changes */
	bool all;    /* the whole window is to be drawn */
	bool hinted; /* there is a hint in it */
	u32 zoom;    /* pixels of the window to one of the picture, for guests that follow it */
	u64 told_ns; /* when the guest hears how large the window is; NEVER_NS: it knows */
	bool users;  /* a person has chosen the size, so it stays */
	u32 frames;  /* drawn since the title was written */

	SDL_Cursor *cursor; /* the guest's; NULL: it has none */
	bool guest_draws;   /* it has had one, so when it hides that, nothing is shown */
	u32 cursor_scale;
};

/* Sound and windows come and go by themselves: the last one ends SDL. */
void sdl_leave(u32 subsystem);

bool sdl_window_open(struct sdl_window *w, struct err *e);
void sdl_window_close(struct sdl_window *w);
/* Brings the window up to date with the guest's picture and cursor.  `status` stands where there
 * is no picture yet; `hint` above it, or NULL. */
void sdl_window_draw(struct sdl_window *w, const char *status, const char *hint);
void sdl_window_cursor(struct sdl_window *w);
/* It has another size, or another zoom: the guest hears of it when that lasts. */
void sdl_window_resized(struct sdl_window *w, u64 now_ns);
/* Returns when to call again, NEVER_NS: not before something happens. */
u64 sdl_window_due(struct sdl_window *w, u64 now_ns);
/* From places that SDL gives to pixels of the screen: they differ where it is dense. */
void sdl_window_pixels(const struct sdl_window *w, i32 *x, i32 *y);
void sdl_window_zoom(struct sdl_window *w, i32 by, u64 now_ns);

/* What is shown while the guest shows nothing, and what is shown above all for a while. */
void sdl_splash(SDL_Surface *s, const char *title, const char *status);
void sdl_hint_bar(SDL_Surface *s, const char *text);

#endif
