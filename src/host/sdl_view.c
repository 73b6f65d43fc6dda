/* sdl_view.c - displays in windows of SDL2, whose keys and pointer are the guest's.
 *
 * SDL wants all calls on one thread, so the viewer has one.  It sleeps in SDL_WaitEvent():
 * what others want of it (a guest that has drawn, a new title, the end) wakes the loop, whose
 * thread pushes an event, so that no device ever waits for the window system.
 *
 * Right Ctrl is the host's.  Pressed alone it lets go of keyboard and pointer, or takes them;
 * with a letter it is a command of the table below.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "sdl.h"

#include <dlfcn.h>

#define WINDOWS     16
#define FRAME_NS    16000000ull   /* not more than 60 pictures a second */
#define HINT_NS     3000000000ull /* so long a hint is shown */
#define SECOND_NS   1000000000ull
#define HOST_KEY    SDL_SCANCODE_RCTRL
#define MOST_EVENTS 256 /* before the pictures get a turn */

struct sdl_view {
	struct host_viewer viewer;
	struct host_view view;
	char *title;

	pthread_t thread;
	bool started;
	struct loop_call *wake;
	u32 wake_event; /* SDL's number for it */

	pthread_mutex_t lock; /* guards what follows, up to the blank line */
	pthread_cond_t opened_or_failed;
	bool opened, failed, quit;
	bool lost; /* the window system is gone; the thread is, too, and touches nothing */
	struct err error;
	char status[128];

	/* The thread's own. */
	struct viewer viewers[WINDOWS]; /* one a display */
	struct sdl_window windows[WINDOWS];
	u32 ndisplays, nwindows;
	struct input_source *hands;
	char shown[256]; /* the title that stands there */
	const char *hint;
	u64 hint_ns;  /* until then */
	u64 frame_ns; /* the next picture, at the earliest */
	u64 title_ns; /* of the last look at it */
	u32 fps;
	bool host_key, host_key_used; /* it is down; something else was pressed since */
	bool grabbed, full, asked_to_end, changed;
};

/* SDL is one for the process, and so is who is told that the window system is gone. */
static struct sdl_view *_Atomic the_view;

/* -- From other threads ------------------------------------------------------------------- */

static bool is_lost(struct sdl_view *v)
{
	bool lost;

	pthread_mutex_lock(&v->lock);
	lost = v->lost;
	pthread_mutex_unlock(&v->lock);
	return lost;
}

/* On the loop's thread. */
static void push_wake(void *ctx)
{
	struct sdl_view *v = ctx;
	SDL_Event e = { .type = v->wake_event };

	if (v->wake_event && !is_lost(v))
		SDL_PushEvent(&e);
}

/* A device's lock is held. */
static void on_changed(void *ctx)
{
	loop_call(((struct sdl_view *)ctx)->wake);
}

static bool told_to_quit(struct sdl_view *v)
{
	bool quit;

	pthread_mutex_lock(&v->lock);
	quit = v->quit;
	pthread_mutex_unlock(&v->lock);
	return quit;
}

static void set_status(struct host_viewer *viewer, const char *text)
{
	struct sdl_view *v = (struct sdl_view *)viewer;
	bool news;

	pthread_mutex_lock(&v->lock);
	news = strcmp(v->status, text) != 0;
	snprintf(v->status, sizeof(v->status), "%s", text);
	pthread_mutex_unlock(&v->lock);
	if (news)
		loop_call(v->wake);
}

/* -- Windows ------------------------------------------------------------------------------- */

static struct sdl_window *window_of(struct sdl_view *v, u32 id)
{
	for (u32 i = 0; i < v->nwindows; i++)
		if (v->windows[i].window && v->windows[i].id == id)
			return &v->windows[i];
	return NULL;
}

static void get_status(struct sdl_view *v, char *status)
{
	pthread_mutex_lock(&v->lock);
	memcpy(status, v->status, sizeof(v->status));
	pthread_mutex_unlock(&v->lock);
}

static void write_title(struct sdl_view *v)
{
	char title[sizeof(v->shown)], status[sizeof(v->status)];

	get_status(v, status);
	snprintf(title, sizeof(title), "%s%s%s", v->title, *status ? " - " : "", status);
	if (v->fps)
		snprintf(title + strlen(title), sizeof(title) - strlen(title), " %u fps", v->fps);
	if (!strcmp(title, v->shown))
		return;
	snprintf(v->shown, sizeof(v->shown), "%s", title);
	for (u32 i = 0; i < v->nwindows; i++)
		if (v->windows[i].window)
			SDL_SetWindowTitle(v->windows[i].window, title);
}

static void hint(struct sdl_view *v, const char *text)
{
	v->hint = text;
	v->hint_ns = now_ns() + HINT_NS;
	v->changed = true;
}

/* A scanout's window comes when it is switched on; the first is there from the beginning. */
static void open_windows(struct sdl_view *v)
{
	for (u32 i = 0; i < v->nwindows; i++) {
		struct sdl_window *w = &v->windows[i];
		struct err e = { 0 };
		u32 width, height;

		if (w->window || !display_size(w->display, w->scanout, &width, &height))
			continue;
		if (!sdl_window_open(w, &e))
			log_line(LOG_WARNING, "%s: %s", v->view.name, e.text);
		v->shown[0] = 0;
	}
}

static void draw(struct sdl_view *v)
{
	char status[sizeof(v->status)];

	v->changed = false;
	get_status(v, status);
	open_windows(v);
	for (u32 i = 0; i < v->nwindows; i++)
		if (v->windows[i].window)
			sdl_window_draw(&v->windows[i], status, v->hint);
}

/* -- Keyboard and pointer -------------------------------------------------------------------- */

static void grab(struct sdl_view *v, SDL_Window *window, bool on)
{
	bool relative = on && input_pointers(v->view.input) == INPUT_RELATIVE;

	if (on == v->grabbed)
		return;
	v->grabbed = on;
	SDL_SetWindowKeyboardGrab(window, on);
	SDL_SetRelativeMouseMode(relative);
	if (on)
		hint(v, "Right-Ctrl lets keys go");
}

static void power_key(struct sdl_view *v)
{
	bool heard = input_key(v->hands, KEY_POWER, true);

	input_key(v->hands, KEY_POWER, false);
	hint(v, heard ? "asked the guest to end; close again to end it now"
		      : "the guest hears no power key; close again to end it now");
	v->hint_ns = NEVER_NS;
}

static void close_asked(struct sdl_view *v)
{
	if (v->asked_to_end) {
		v->view.end(v->view.ctx);
		return;
	}
	v->asked_to_end = true;
	power_key(v);
}

static void full_screen(struct sdl_view *v, struct sdl_window *w)
{
	v->full = !v->full;
	SDL_SetWindowFullscreen(w->window, v->full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
}

static void zoom_in(struct sdl_view *v, struct sdl_window *w)
{
	(void)v;
	sdl_window_zoom(w, 1, now_ns());
}

static void zoom_out(struct sdl_view *v, struct sdl_window *w)
{
	(void)v;
	sdl_window_zoom(w, -1, now_ns());
}

static void toggle_grab(struct sdl_view *v, struct sdl_window *w)
{
	grab(v, w->window, !v->grabbed);
}

static void three_keys(struct sdl_view *v, struct sdl_window *w)
{
	static const u32 keys[] = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE };

	(void)w;
	for (u32 i = 0; i < ARRAY_LEN(keys); i++)
		input_key(v->hands, keys[i], true);
	for (u32 i = ARRAY_LEN(keys); i--;)
		input_key(v->hands, keys[i], false);
}

static void save_picture(struct sdl_view *v, struct sdl_window *w)
{
	char path[64];
	struct str png = { 0 };
	struct err e = { 0 };

	snprintf(path, sizeof(path), "vmbuild-%llu.png",
		 (unsigned long long)(wall_ns() / SECOND_NS));
	if (host_screenshot(w->display, w->scanout, &png, &e) &&
	    host_write_file(path, png.p, png.n, &e)) {
		log_line(LOG_INFO, "%s: saved as %s", v->view.name, path);
		hint(v, "picture saved");
	} else {
		log_line(LOG_WARNING, "%s: no picture saved: %s", v->view.name, e.text);
		hint(v, "no picture saved");
	}
	str_free(&png);
}

static void end_asked(struct sdl_view *v, struct sdl_window *w)
{
	(void)w;
	close_asked(v);
}

static void say_commands(struct sdl_view *v, struct sdl_window *w);

/* With the host key. */
static const struct command {
	SDL_Scancode key;
	void (*run)(struct sdl_view *v, struct sdl_window *w);
	const char *doc;
} commands[] = {
	{ SDL_SCANCODE_F, full_screen, "F full screen" },
	{ SDL_SCANCODE_G, toggle_grab, "G grab" },
	{ SDL_SCANCODE_S, save_picture, "S screenshot" },
	{ SDL_SCANCODE_DELETE, three_keys, "Delete Ctrl-Alt-Delete" },
	{ SDL_SCANCODE_EQUALS, zoom_in, "= larger" },
	{ SDL_SCANCODE_MINUS, zoom_out, "- smaller" },
	{ SDL_SCANCODE_Q, end_asked, "Q power key" },
	{ SDL_SCANCODE_H, say_commands, "H help" },
};

static void say_commands(struct sdl_view *v, struct sdl_window *w)
{
	struct str s = { 0 };

	(void)w;
	for (u32 i = 0; i < ARRAY_LEN(commands); i++)
		str_add(&s, "%s%s", i ? " · " : "Right-Ctrl and ", commands[i].doc);
	log_line(LOG_INFO, "%s", str_text(&s));
	str_free(&s);
	hint(v, "Right-Ctrl and F full screen, G grab, S screenshot, = and - size, Q power key");
}

static void command(struct sdl_view *v, struct sdl_window *w, SDL_Scancode key)
{
	v->host_key_used = true;
	for (u32 i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].key == key)
			commands[i].run(v, w);
}

/* SDL's scan codes are HID's usages. */
static u32 code_of(SDL_Scancode scancode)
{
	for (const struct input_key *k = input_keys; k->name; k++)
		if (k->hid == (u32)scancode)
			return k->code;
	return 0;
}

static void on_host_key(struct sdl_view *v, struct sdl_window *w, bool down)
{
	if (!down && v->host_key && !v->host_key_used)
		toggle_grab(v, w);
	v->host_key = down;
	v->host_key_used = false;
}

static void on_key(struct sdl_view *v, const SDL_KeyboardEvent *e)
{
	struct sdl_window *w = window_of(v, e->windowID);
	bool down = e->type == SDL_KEYDOWN;
	u32 code = code_of(e->keysym.scancode);

	if (!w || e->repeat)
		return; /* the guest repeats by itself */
	if (e->keysym.scancode == HOST_KEY)
		on_host_key(v, w, down);
	else if (v->host_key && down)
		command(v, w, e->keysym.scancode);
	else if (code)
		input_key(v->hands, code, down);
}

/* Several pictures are taken to stand side by side, as virtio-gpu says of its scanouts. */
static void place(struct sdl_view *v, const struct sdl_window *at, u32 x, u32 y)
{
	u32 width = 0, height = 0;

	for (u32 i = 0; i < v->nwindows; i++) {
		const struct sdl_window *w = &v->windows[i];

		if (w == at)
			x += width;
		width += w->picture.width;
		height = MAX(height, w->picture.height);
	}
	input_place(v->hands, x, y, width, height);
}

static void on_motion(struct sdl_view *v, const SDL_MouseMotionEvent *e)
{
	const struct sdl_window *w = window_of(v, e->windowID);
	i32 at_x = e->x, at_y = e->y;
	u32 x, y;

	if (!w || !w->picture.width || w->all)
		return;
	if (SDL_GetRelativeMouseMode()) {
		input_move(v->hands, e->xrel, e->yrel);
		return;
	}
	sdl_window_pixels(w, &at_x, &at_y);
	layout_point(&w->layout, at_x, at_y, &x, &y);
	if (input_pointers(v->view.input) & INPUT_ABSOLUTE)
		place(v, w, x, y);
}

static void on_button(struct sdl_view *v, const SDL_MouseButtonEvent *e)
{
	static const u32 codes[] = {
		[SDL_BUTTON_LEFT] = BTN_LEFT,   [SDL_BUTTON_MIDDLE] = BTN_MIDDLE,
		[SDL_BUTTON_RIGHT] = BTN_RIGHT, [SDL_BUTTON_X1] = BTN_SIDE,
		[SDL_BUTTON_X2] = BTN_EXTRA,
	};
	struct sdl_window *w = window_of(v, e->windowID);
	bool down = e->type == SDL_MOUSEBUTTONDOWN;

	if (!w || e->button >= ARRAY_LEN(codes) || !codes[e->button])
		return;
	if (down)
		grab(v, w->window, true);
	input_key(v->hands, codes[e->button], down);
}

static void on_wheel(struct sdl_view *v, const SDL_MouseWheelEvent *e)
{
	i32 sign = e->direction == SDL_MOUSEWHEEL_FLIPPED ? -1 : 1;

	input_wheel(v->hands, sign * e->x, sign * e->y);
}

/* What the window does not see go up must not stay down. */
static void on_focus_lost(struct sdl_view *v, struct sdl_window *w)
{
	input_release(v->hands);
	v->host_key = false;
	grab(v, w->window, false);
}

static void on_window(struct sdl_view *v, const SDL_WindowEvent *e)
{
	struct sdl_window *w = window_of(v, e->windowID);

	if (!w)
		return;
	switch (e->event) {
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		sdl_window_resized(w, now_ns());
		break;
	case SDL_WINDOWEVENT_EXPOSED:
		w->all = true;
		break;
	case SDL_WINDOWEVENT_ENTER:
		sdl_window_cursor(w);
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
		on_focus_lost(v, w);
		break;
	case SDL_WINDOWEVENT_CLOSE:
		close_asked(v);
		break;
	default:
		return;
	}
	v->changed = true;
}

static void on_event(struct sdl_view *v, const SDL_Event *e)
{
	switch (e->type) {
	case SDL_KEYDOWN:
	case SDL_KEYUP:
		on_key(v, &e->key);
		break;
	case SDL_MOUSEMOTION:
		on_motion(v, &e->motion);
		break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		on_button(v, &e->button);
		break;
	case SDL_MOUSEWHEEL:
		on_wheel(v, &e->wheel);
		break;
	case SDL_WINDOWEVENT:
		on_window(v, &e->window);
		break;
	default:
		v->changed |= e->type == v->wake_event;
	}
}

/* -- The thread -------------------------------------------------------------------------------- */

/* Once a second, while anything happens. */
static void look_at_title(struct sdl_view *v, u64 now)
{
	u32 frames = 0;

	if (v->hint && now >= v->hint_ns) {
		v->hint = NULL;
		v->changed = true;
	}
	if (now - v->title_ns >= SECOND_NS) {
		for (u32 i = 0; i < v->nwindows; i++) {
			frames += v->windows[i].frames;
			v->windows[i].frames = 0;
		}
		v->fps = (u32)((frames * SECOND_NS + SECOND_NS / 2) / (now - v->title_ns));
		v->title_ns = now;
	}
	write_title(v);
}

/* Milliseconds to sleep, -1: until something happens. */
static int time_to_sleep(struct sdl_view *v, u64 now)
{
	u64 next = v->changed ? v->frame_ns : NEVER_NS;

	for (u32 i = 0; i < v->nwindows; i++)
		if (v->windows[i].window)
			next = MIN(next, sdl_window_due(&v->windows[i], now));
	if (v->hint)
		next = MIN(next, v->hint_ns);
	if (v->fps)
		next = MIN(next, v->title_ns + SECOND_NS);
	if (next == NEVER_NS)
		return -1;
	return next <= now ? 0 : (int)MIN((next - now) / 1000000 + 1, 1000);
}

static bool any_live(const struct sdl_view *v)
{
	for (u32 i = 0; i < v->nwindows; i++)
		if (v->windows[i].live)
			return true;
	return false;
}

static void show(struct sdl_view *v)
{
	while (!told_to_quit(v)) {
		int sleep = time_to_sleep(v, now_ns());
		SDL_Event e;
		u64 now;

		if (sleep ? SDL_WaitEventTimeout(&e, sleep) : SDL_PollEvent(&e))
			on_event(v, &e);
		for (u32 i = 0; i < MOST_EVENTS && SDL_PollEvent(&e); i++)
			on_event(v, &e);
		now = now_ns();
		if ((v->changed || any_live(v)) && now >= v->frame_ns) {
			v->frame_ns = now + FRAME_NS;
			draw(v);
		}
		look_at_title(v, now);
	}
}

static void set_up(struct sdl_view *v)
{
	for (u32 i = 0; i < v->view.ndisplays; i++) {
		struct display *d = v->view.displays[i];

		v->viewers[i] = (struct viewer){ .changed = on_changed, .ctx = v };
		for (u32 k = 0; k < display_scanout_count(d) && v->nwindows < WINDOWS; k++)
			v->windows[v->nwindows++] = (struct sdl_window){ .title = v->title,
									 .display = d,
									 .scanout = k,
									 .viewer = &v->viewers[i] };
		display_watch(d, &v->viewers[i]);
		v->ndisplays++;
	}
}

/* Xlib ends the process when its server is gone, unless this does not return: so the thread ends
 * instead, and the machine goes on without a window. */
static int on_server_gone(void *x_display)
{
	struct sdl_view *v = atomic_load(&the_view);

	(void)x_display;
	if (!v || !pthread_equal(pthread_self(), v->thread))
		return 0;
	log_line(LOG_WARNING, "%s: the window system is gone; the machine runs on without",
		 v->view.name);
	input_release(v->hands);
	pthread_mutex_lock(&v->lock);
	v->lost = true;
	pthread_mutex_unlock(&v->lock);
	pthread_exit(NULL);
}

/* Of the libX11 that SDL has loaded, if it has. */
static void watch_server(void)
{
	void *x11 = dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD);
	int (*(*set)(int (*handler)(void *)))(void *);

	if (!x11)
		return;
	*(void **)&set = dlsym(x11, "XSetIOErrorHandler");
	if (set)
		set(on_server_gone);
	dlclose(x11);
}

/* Those that a person may sit before; SDL would go on and take one that shows nothing. */
static bool choose_driver(struct err *e)
{
	const char *wayland = getenv("WAYLAND_DISPLAY");

	if (!host_has_windows()) {
		err_set(e, "no window: neither DISPLAY nor WAYLAND_DISPLAY says where");
		return err_hint(e, "`--display none` runs without one");
	}
	SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, wayland && *wayland ? "wayland,x11" : "x11",
				SDL_HINT_DEFAULT);
	return true;
}

static bool open_all(struct sdl_view *v, struct err *e)
{
	if (!choose_driver(e))
		return false;
	/* Signals are the loop's business. */
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	SDL_SetHint(SDL_HINT_ALLOW_ALT_TAB_WHILE_GRABBED, "0");
	SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
	SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
	SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
	SDL_SetMainReady();
	if (SDL_Init(SDL_INIT_VIDEO)) {
		err_set(e, "no window: %s", SDL_GetError());
		return err_hint(e, "`--display none` runs without one");
	}
	watch_server();
	SDL_StopTextInput(); /* keys, not characters of an input method */
	set_up(v);
	return sdl_window_open(&v->windows[0], e);
}

static void report(struct sdl_view *v, bool opened, const struct err *e)
{
	pthread_mutex_lock(&v->lock);
	v->opened = opened;
	v->failed = !opened;
	v->error = *e;
	v->wake_event = opened ? SDL_RegisterEvents(1) : 0;
	pthread_cond_signal(&v->opened_or_failed);
	pthread_mutex_unlock(&v->lock);
}

static void *run(void *ctx)
{
	struct sdl_view *v = ctx;
	struct err e = { 0 };
	bool opened = open_all(v, &e);

	report(v, opened, &e);
	v->changed = true;
	if (opened)
		show(v);
	for (u32 i = 0; i < v->nwindows; i++)
		sdl_window_close(&v->windows[i]);
	sdl_leave(SDL_INIT_VIDEO);
	return NULL;
}

/* -- The viewer ---------------------------------------------------------------------------------
 */

static void view_free(struct host_viewer *viewer)
{
	struct sdl_view *v = (struct sdl_view *)viewer;

	pthread_mutex_lock(&v->lock);
	v->quit = true;
	pthread_mutex_unlock(&v->lock);
	if (v->started) {
		push_wake(v);
		pthread_join(v->thread, NULL);
	}
	for (u32 i = 0; i < v->ndisplays; i++)
		display_unwatch(&v->viewers[i]);
	for (u32 i = 0; i < v->nwindows; i++)
		surface_free(&v->windows[i].picture);
	atomic_store(&the_view, NULL);
	input_source_free(v->hands);
	loop_call_free(v->wake);
	pthread_mutex_destroy(&v->lock);
	pthread_cond_destroy(&v->opened_or_failed);
	free(v->title);
	free(v);
}

static bool opens(struct sdl_view *v, struct err *e)
{
	v->started = host_thread(&v->thread, run, v, e);
	if (!v->started)
		return false;
	pthread_mutex_lock(&v->lock);
	while (!v->opened && !v->failed)
		pthread_cond_wait(&v->opened_or_failed, &v->lock);
	pthread_mutex_unlock(&v->lock);
	if (v->failed)
		*e = v->error;
	return v->opened;
}

struct host_viewer *host_sdl(struct loop *l, const struct host_view *view, struct err *e)
{
	struct sdl_view *v = xzalloc(sizeof(*v)), *nobody = NULL;

	if (!atomic_compare_exchange_strong(&the_view, &nobody, v)) {
		free(v);
		err_set(e, "another display has windows already");
		err_hint(e,
			 "name one entry of `displays:` in `host:` of both devices: each scanout "
			 "has its own window");
		return NULL;
	}
	v->viewer.free = view_free;
	v->viewer.status = set_status;
	v->view = *view;
	v->title = xstrdup(view->title);
	v->hands = input_source_new(view->input);
	v->wake = loop_call_new(l, push_wake, v);
	pthread_mutex_init(&v->lock, NULL);
	host_cond_init(&v->opened_or_failed);
	if (opens(v, e))
		return &v->viewer;
	view_free(&v->viewer);
	return NULL;
}

const char *host_sdl_version(void)
{
	static char text[32]; /* the same for all */
	SDL_version version;

	SDL_GetVersion(&version);
	snprintf(text, sizeof(text), "%u.%u.%u", version.major, version.minor, version.patch);
	return text;
}

bool host_has_windows(void)
{
	static const char *const names[] = { "DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER" };

	for (u32 i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return true;
	}
	return false;
}
