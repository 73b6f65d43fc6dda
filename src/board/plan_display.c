/* plan_display.c - `displays:`, and the `host:` of what is shown on one. */
#include "parts.h"

/* What a forward has before its guest's port. */
static void read_listen(struct planner *pl, const struct node *n, struct plan_display *d)
{
	const char *text = check_text(pl->b, n, "listen");
	char buf[FORWARD_TEXT];
	struct err e = { 0 };

	if (!text)
		return;
	if (strchr(text, '/') ||
	    !forward_parse(arena_printf(&pl->b->arena, "%s:1", text), &d->where, &e)) {
		diag_report(pl->b->ds, n->at, DIAG_wrong_form,
			    "listen: `%s` is no place to listen at", text);
		diag_hint(pl->b->ds, "write [ADDRESS:]PORT[+], such as 5900 or 127.0.0.1:5900+");
		return;
	}
	d->listen = text;
	if (forward_is_local(&d->where))
		return;
	diag_report(pl->b->ds, n->at, DIAG_open_port,
		    "listen: %s is open to other computers, not only to this one",
		    forward_text(buf, &d->where));
	diag_hint(pl->b->ds, "without an address it is 127.0.0.1");
}

/* For VNC alone: a browser opens no such thing. */
static void read_socket(struct planner *pl, const struct pair *p, struct plan_display *d)
{
	if (d->viewer != VIEWER_VNC || d->listen) {
		diag_report(pl->b->ds, p->key_at, DIAG_wrong_form,
			    d->listen ? "socket: it can be only one of `listen:` and `socket:`"
				      : "socket: only `viewer: vnc` listens at one");
		return;
	}
	if (!check_text(pl->b, p->value, "socket"))
		return;
	d->socket = node_path(&pl->b->arena, p->value);
	plan_claim_file(pl, d->socket, p->value->at);
}

static void read_display(struct planner *pl, const struct pair *p, struct plan_display *d)
{
	const struct node *map = check_map(pl->b, p->value, p->key), *n;
	const struct pair *socket;
	i32 word = -1;

	*d = (struct plan_display){ .name = p->key, .viewer = VIEWER_AUTO, .at = p->key_at };
	if (!map)
		return;
	check_keys(pl->b, map, "a display", lang_displays->in);
	if ((n = map_get(map, "viewer")))
		word = check_word(pl->b, n, "viewer", words_viewer);
	if (word >= 0)
		d->viewer = (enum plan_viewer)word;
	if ((n = map_get(map, "title")))
		d->title = check_text(pl->b, n, "title");
	if ((n = map_get(map, "listen")))
		read_listen(pl, n, d);
	if ((socket = map_pair(map, "socket")))
		read_socket(pl, socket, d);
}

void plan_displays(struct planner *pl)
{
	const struct node *n = map_get(pl->b->root, "displays"), *map;
	struct plan *plan = pl->p;
	const struct pair *p;

	map = n ? check_map(pl->b, n, "displays") : NULL;
	plan->displays = NEW_N(&pl->b->arena, struct plan_display, map ? map->n + 1 : 1);
	if (map)
		for_pairs(p, map)
			read_display(pl, p, &plan->displays[plan->ndisplays++]);
	if (!plan->ndisplays)
		plan->displays[plan->ndisplays++] =
			(struct plan_display){ .name = "display", .at = pl->b->root->at };
}

static bool report_no_display(struct planner *pl, const struct node *n)
{
	const struct plan *plan = pl->p;
	struct nearest near = { 0 };

	diag_report(pl->b->ds, n->at, DIAG_no_such_display, "there is no display `%s`", n->text);
	for (u32 i = 0; i < plan->ndisplays; i++)
		nearest_try(&near, n->text, plan->displays[i].name);
	if (near.word)
		return diag_hint(pl->b->ds, "did you mean `%s`?", near.word);
	return diag_hint(pl->b->ds, "write `displays: {%s: {}}` at the top", n->text);
}

bool plan_display_spec(struct planner *pl, const struct node *n, const char *device,
		       struct host_spec *host)
{
	const struct node *map = check_map(pl->b, n, "host"), *name;
	const struct plan *plan = pl->p;

	host->kind = HOST_DISPLAY;
	if (!map)
		return diag_hint(pl->b->ds, "write `%s: {host: {display: %s}}`", device,
				 plan->displays[0].name);
	check_keys(pl->b, map, "`host:` of a display", lang_display);
	name = map_get(map, "display");
	if (!name)
		return report_missing(pl->b, map->at, "`display:`", "a name in `displays:`");
	if (!check_text(pl->b, name, "display"))
		return false;
	for (u32 i = 0; i < plan->ndisplays; i++)
		if (!strcmp(plan->displays[i].name, name->text)) {
			host->display = i;
			return true;
		}
	return report_no_display(pl, name);
}
