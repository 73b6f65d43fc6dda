/* screens.c - who shows the displays of a run. */
#include "screens.h"

/* A window where there can be one; else the machine runs without, and can be looked at. */
static struct host_viewer *open_auto(struct loop *l, const struct host_view *view, struct err *e)
{
	struct host_viewer *v = host_has_windows() ? host_sdl(l, view, e) : NULL;

	if (!v)
		log_line(LOG_INFO, "%s: %s; `--display web` or `vmbuild screenshot` shows it",
			 view->name, e->text[0] ? e->text : "no window system here");
	e->text[0] = 0;
	return v;
}

static struct host_viewer *open_none(struct loop *l, const struct host_view *view, struct err *e)
{
	(void)l, (void)view, (void)e;
	return NULL;
}

/* In the order of enum plan_viewer, as --display and `viewer:` have them.  NULL with an empty
 * *e: nobody looks. */
static const struct viewer_kind {
	const char *word;
	struct host_viewer *(*open)(struct loop *l, const struct host_view *view, struct err *e);
	u16 port; /* of servers: the first one tried */
} kinds[] = {
	[VIEWER_AUTO] = { "auto", open_auto, 0 }, [VIEWER_NONE] = { "none", open_none, 0 },
	[VIEWER_SDL] = { "sdl", host_sdl, 0 },    [VIEWER_VNC] = { "vnc", host_vnc, 5900 },
	[VIEWER_WEB] = { "web", host_web, 5700 },
};

static const struct viewer_kind *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].word, word))
			return &kinds[i];
	return NULL;
}

bool screens_kind(const char *kind)
{
	return find(kind);
}

static bool open_one(struct screens *s, u32 shown, const struct viewer_kind *kind, struct err *e)
{
	const struct plan_display *p = &s->plan->displays[shown];
	struct display *displays[SCREENS];
	struct host_view view = {
		.name = p->name,
		.title = p->title ? p->title : s->plan->name,
		.displays = displays,
		.input = s->input,
		.listen = { .address = { 127, 0, 0, 1 }, .port = kind->port, .or_next = true },
		.end = s->end,
		.ctx = s->ctx
	};
	struct host_viewer *v;

	for (u32 i = 0; i < s->n && view.ndisplays < SCREENS; i++)
		if (s->list[i].shown == shown)
			displays[view.ndisplays++] = s->list[i].display;
	if (!view.ndisplays)
		return true;
	if (!kind->open)
		return err_set(e, "this build has no viewer `%s`", kind->word);
	if (p->listen)
		view.listen = p->where;
	if (kind == &kinds[VIEWER_VNC])
		view.socket = p->socket;
	e->text[0] = 0;
	v = kind->open(s->loop, &view, e);
	if (v)
		s->viewers[s->nviewers++] = v;
	return v || !e->text[0];
}

bool screens_open(struct screens *s, const char *kind, struct err *e)
{
	for (u32 i = 0; i < s->plan->ndisplays && s->nviewers < SCREENS; i++)
		if (!open_one(s, i, kind ? find(kind) : &kinds[s->plan->displays[i].viewer], e))
			return err_in(e, "%s", s->plan->displays[i].name);
	return true;
}

bool screens_have_title(const struct screens *s)
{
	for (u32 i = 0; i < s->nviewers; i++)
		if (s->viewers[i]->status)
			return true;
	return false;
}

void screens_status(const struct screens *s, const char *text)
{
	for (u32 i = 0; i < s->nviewers; i++)
		if (s->viewers[i]->status)
			s->viewers[i]->status(s->viewers[i], text);
}

u64 screens_due(struct screens *s)
{
	u64 next = NEVER_NS;

	for (u32 i = 0; i < s->nviewers; i++)
		if (s->viewers[i]->due)
			next = MIN(next, s->viewers[i]->due(s->viewers[i]));
	return next;
}

void screens_close(struct screens *s)
{
	while (s->nviewers) {
		struct host_viewer *v = s->viewers[--s->nviewers];

		v->free(v);
	}
}

bool screens_size(const struct screens *s, u32 *width, u32 *height)
{
	return s->n && display_size(s->list[0].display, 0, width, height);
}
