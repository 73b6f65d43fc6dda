/* screens.c - who shows the displays of a run. */
#include "screens.h"

/* In the order of enum plan_viewer, as --display and `viewer:` have them. */
static const struct viewer_kind {
	const char *word;
	struct host_viewer *(*open)(struct loop *l, const struct host_view *view, struct err *e);
} kinds[] = {
	[VIEWER_AUTO] = { "auto", NULL }, [VIEWER_NONE] = { "none", NULL },
	[VIEWER_SDL] = { "sdl", NULL },   [VIEWER_VNC] = { "vnc", NULL },
	[VIEWER_WEB] = { "web", NULL },
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
	struct host_view view = { .name = p->name,
				  .title = p->title ? p->title : s->plan->name,
				  .displays = displays,
				  .input = s->input };
	struct host_viewer *v;

	for (u32 i = 0; i < s->n && view.ndisplays < SCREENS; i++)
		if (s->list[i].shown == shown)
			displays[view.ndisplays++] = s->list[i].display;
	if (!view.ndisplays || kind == &kinds[VIEWER_NONE] || kind == &kinds[VIEWER_AUTO])
		return true;
	if (!kind->open)
		return err_set(e, "this build has no viewer `%s`", kind->word);
	v = kind->open(s->loop, &view, e);
	if (v)
		s->viewers[s->nviewers++] = v;
	return v;
}

bool screens_open(struct screens *s, const char *kind, struct err *e)
{
	for (u32 i = 0; i < s->plan->ndisplays && s->nviewers < SCREENS; i++)
		if (!open_one(s, i, kind ? find(kind) : &kinds[s->plan->displays[i].viewer], e))
			return err_in(e, "%s", s->plan->displays[i].name);
	return true;
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
