/* merge.c - one tree over another: maps merge by key, scalars and lists replace.
 *
 * The tags !delete, !replace, !append and !prepend say otherwise, and must find what
 * they act on.  In `params:` a plain value is a new default; in `devices:` an entry
 * without `device:` changes a device wherever it is nested.
 */
#include "parts.h"

static const char *const tag_text[] = { "", "!delete", "!replace", "!append", "!prepend" };

/* Of what is new there is nothing inherited that a tag could act on. */
static void check_no_tag(struct merge *m, struct node *n)
{
	if (n->tag == TAG_NONE)
		return;
	diag_report(m->b->ds, n->at, DIAG_merge_tag,
		    "nothing is inherited here that `%s` could act on", tag_text[n->tag]);
	diag_hint(m->b->ds, "leave the tag out");
	if (n->tag == TAG_DELETE)
		n->absent = ABSENT_WRONG;
	n->tag = TAG_NONE;
}

static void check_no_tags(struct merge *m, struct node *n)
{
	check_no_tag(m, n);
	if (n->kind == NODE_MAP) {
		struct pair *p;

		for_pairs(p, n)
			check_no_tags(m, p->value);
	}
	for (u32 i = 0; n->kind == NODE_LIST && i < n->n; i++)
		check_no_tags(m, n->items[i]);
}

/* What stays of a pair says where it went. */
static void delete_here(struct pair *p, struct pos at)
{
	p->value = NULL;
	p->key_at = at;
}

/* -- Two bases of one file ------------------------------------------------------- */

static bool from_one_of(const struct merge *m, const char *file, u64 files)
{
	for (u32 i = 0; file && i < m->b->nfiles; i++)
		if (files >> i & 1 && !strcmp(file, m->b->files[i].name))
			return true;
	return false;
}

static bool same_value(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_SCALAR)
		return !strcmp(a->text, b->text);
	if (a->n != b->n || a->kind == NODE_MAP)
		return false;
	for (u32 i = 0; i < a->n; i++)
		if (!same_value(a->items[i], b->items[i]))
			return false;
	return true;
}

/* One base took it from a file that is also behind the other. */
static bool is_old(const struct merge *m, const struct pair *p, u64 files)
{
	return m->siblings && from_one_of(m, p->key_at.file, files);
}

/* The first place at which a base wrote what the other has not; NULL: all is old. */
static const struct pos *find_news(const struct merge *m, const struct pair *p, u64 files)
{
	const struct pos *news = NULL;

	if (!from_one_of(m, p->key_at.file, files))
		return &p->key_at;
	if (!p->value)
		return NULL;
	if (!from_one_of(m, p->value->at.file, files))
		return &p->value->at;
	for (u32 i = 0; !news && p->value->kind == NODE_MAP && i < p->value->n; i++)
		news = find_news(m, &p->value->pairs[i], files);
	return news;
}

struct clash {
	const char *does; /* what the other base does; NULL: it has another value */
	struct pos at, other;
};

/* Kept with the value, since a file that is merged later may decide: then the value goes, and this
 * with it. */
static void disagree(struct merge *m, struct node *kept, struct clash c)
{
	struct clash *clash = NEW(&m->b->arena, struct clash);

	*clash = c;
	kept->clash = clash;
}

static void report_disagreement(struct board *b, const struct node *kept, const char *key)
{
	const struct clash *c = kept->clash;

	if (c->does) {
		diag_report(b->ds, c->at, DIAG_cycle, "one base changes `%s`, another %s it", key,
			    c->does);
		diag_note(b->ds, c->other, "here it %s it", c->does);
	} else {
		diag_report(b->ds, c->at, DIAG_cycle, "two bases give `%s` different values", key);
		diag_note(b->ds, c->other, "the other value is here");
	}
	diag_hint(b->ds,
		  kept->kind == NODE_MAP
			  ? "say which one is meant: write `%s: !delete` or all of it, "
			    "`!replace {...}`, in the file that extends both"
			  : "say which one is meant: write `%s:` in the file that "
			    "extends both",
		  key);
}

static void report_in(struct board *b, const struct node *map)
{
	struct pair *p;

	for_pairs(p, map)
		if (p->value->clash)
			report_disagreement(b, p->value, p->key);
		else if (p->value->kind == NODE_MAP)
			report_in(b, p->value);
}

/* Who gives a parameter another default writes its name, and not `default:`. */
static void report_defaults(struct board *b, const struct node *params)
{
	struct pair *p;

	for_pairs(p, params) {
		struct node *value =
			p->value->kind == NODE_MAP ? map_get(p->value, "default") : NULL;

		if (!value || !value->clash)
			continue;
		report_disagreement(b, value, p->key);
		value->clash = NULL;
	}
}

void report_clashes(struct board *b)
{
	const struct node *params = map_get(b->root, "params");

	if (params && params->kind == NODE_MAP)
		report_defaults(b, params);
	report_in(b, b->root);
}

/* Where a base, but none of `files`, deleted the key; NULL: it did not. */
static const struct pos *find_deletion(const struct merge *m, const struct node *map,
				       const char *key, u64 files)
{
	for (u32 i = 0; i < map->n; i++)
		if (!map->pairs[i].value && !strcmp(map->pairs[i].key, key) &&
		    !from_one_of(m, map->pairs[i].key_at.file, files))
			return &map->pairs[i].key_at;
	return NULL;
}

/* What one base, made of `files`, has and the other has not.  What is old was deleted there, or
 * went with a map that was replaced, and is deleted: the place of that.  About what was changed,
 * too, they disagree. */
static const struct pos *sibling_deleted(struct merge *m, struct pair *p, const struct node *other,
					 u64 files, u64 other_files)
{
	const struct pos *news, *gone;

	if (!m->siblings || map_pair(other, p->key))
		return NULL;
	news = find_news(m, p, other_files);
	gone = find_deletion(m, other, p->key, files);
	if (!gone && is_old(m, p, other_files) && !from_one_of(m, other->at.file, files))
		gone = &other->at;
	if (news && gone)
		disagree(m, p->value, (struct clash){ "deletes", *news, *gone });
	return news ? NULL : gone;
}

static void drop_deleted(struct merge *m, struct node *dst, const struct node *src)
{
	struct pair *p;

	for_pairs(p, dst) {
		const struct pos *gone = sibling_deleted(m, p, src, m->dst_files, m->src_files);

		if (gone)
			delete_here(p, *gone);
	}
}

/* Which of two bases' values is it?  What one of them only inherited from a file that is
 * also behind the other gives way. */
static bool sibling_wins(struct merge *m, const struct pair *dst, const struct pair *src)
{
	bool src_is_old = from_one_of(m, src->value->at.file, m->dst_files);
	bool dst_is_old = from_one_of(m, dst->value->at.file, m->src_files);

	if (src_is_old || dst_is_old || same_value(dst->value, src->value))
		return !src_is_old;
	disagree(m, src->value, (struct clash){ NULL, src->value->at, dst->value->at });
	return true;
}

/* -- Any map ---------------------------------------------------------------------- */

static void merge_map(struct merge *m, struct node *dst, struct node *src);

static void delete_pair(struct merge *m, struct node *dst, const struct pair *src)
{
	struct pair *p = map_pair(dst, src->key);
	struct nearest near = { 0 };

	if (p) {
		delete_here(p, src->key_at);
		return;
	}
	for_pairs(p, dst)
		nearest_try(&near, src->key, p->key);
	diag_report(m->b->ds, src->key_at, DIAG_merge_tag, "there is no `%s` to delete", src->key);
	if (near.word)
		diag_hint(m->b->ds, "did you mean `%s`?", near.word);
}

/* A scalar stands for a list of one where either may be written. */
static void append_items(struct arena *a, struct node *list, const struct node *from)
{
	for (u32 i = 0; from->kind == NODE_LIST && i < from->n; i++)
		list_put(a, list, from->items[i]);
	if (from->kind == NODE_SCALAR)
		list_put(a, list, node_text(a, from->text, from->at));
}

static void extend_list(struct merge *m, struct pair *dst, const struct node *src)
{
	struct node *list = node_new(&m->b->arena, NODE_LIST, src->at);
	bool prepend = src->tag == TAG_PREPEND;

	if (src->kind != NODE_LIST || dst->value->kind == NODE_MAP) {
		diag_report(m->b->ds, src->at, DIAG_merge_tag, "`%s` is for lists",
			    tag_text[src->tag]);
		diag_hint(m->b->ds, "write `%s [a, b]`, or leave the tag out", tag_text[src->tag]);
		return;
	}
	append_items(&m->b->arena, list, prepend ? src : dst->value);
	append_items(&m->b->arena, list, prepend ? dst->value : src);
	list->clash = dst->value->clash;
	dst->value = list;
}

/* `devices:` with nothing under it is an empty map, which changes nothing. */
static bool is_nothing(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted && !n->text[0] && n->tag == TAG_NONE;
}

static void merge_value(struct merge *m, struct pair *dst, struct pair *src)
{
	struct node *v = src->value;

	switch (v->tag) {
	case TAG_APPEND:
	case TAG_PREPEND:
		extend_list(m, dst, v);
		return;
	case TAG_REPLACE:
		if (v->kind != NODE_MAP) {
			diag_report(m->b->ds, v->at, DIAG_merge_tag,
				    "`!replace` is for maps: texts and lists replace anyway");
			diag_hint(m->b->ds, "leave the tag out");
		}
		v->tag = TAG_NONE;
		check_no_tags(m, v);
		dst->value = v;
		return;
	case TAG_NONE:
	case TAG_DELETE: /* seen to by the caller */
		break;
	}
	if (dst->value->kind == NODE_MAP && is_nothing(v))
		return;
	if (dst->value->kind == NODE_MAP && v->kind == NODE_MAP) {
		merge_map(m, dst->value, v);
	} else if (!m->siblings || sibling_wins(m, dst, src)) {
		check_no_tags(m, v);
		dst->value = v;
		dst->key_at = src->key_at;
	}
}

static void merge_pair(struct merge *m, struct node *dst, struct pair *src)
{
	struct pair *there = map_pair(dst, src->key);

	if (src->value->tag == TAG_DELETE) {
		delete_pair(m, dst, src);
	} else if (there) {
		merge_value(m, there, src);
	} else if (!sibling_deleted(m, src, dst, m->src_files, m->dst_files)) {
		check_no_tags(m, src->value);
		map_put(&m->b->arena, dst, src->key, src->key_at, src->value);
	}
}

static void merge_map(struct merge *m, struct node *dst, struct node *src)
{
	struct pair *p;

	drop_deleted(m, dst, src);
	for_pairs(p, src)
		merge_pair(m, dst, p);
}

/* -- Parameters -------------------------------------------------------------------- */

static void set_default(struct merge *m, struct node *param, struct pair *src)
{
	struct pair fresh = { "default", src->key_at, src->value }, *p = map_pair(param, "default");

	if (!p)
		map_put(&m->b->arena, param, fresh.key, fresh.key_at, fresh.value);
	else
		merge_value(m, p, &fresh);
}

static void merge_params(struct merge *m, struct node *dst, struct node *src)
{
	struct pair *p, *q;

	drop_deleted(m, dst, src);
	for_pairs(p, src) {
		struct pair *there = map_pair(dst, p->key);
		struct nearest near = { 0 };

		if (p->value->kind == NODE_MAP || p->value->tag == TAG_DELETE) {
			merge_pair(m, dst, p);
			continue;
		}
		if (!there) {
			for_pairs(q, dst)
				nearest_try(&near, p->key, q->key);
			diag_report(m->b->ds, p->key_at, DIAG_unknown_param,
				    "no inherited parameter `%s` to give a new default", p->key);
			if (near.word)
				diag_hint(m->b->ds, "did you mean `%s`?", near.word);
			else
				diag_hint(m->b->ds, "declare it: `%s: {type: text, default: %s}`",
					  p->key,
					  p->value->kind == NODE_SCALAR ? p->value->text : "");
			there = near.word ? map_pair(dst, near.word) : NULL;
		}
		if (there && there->value->kind == NODE_MAP)
			set_default(m, there->value, p);
	}
}

/* -- Devices ----------------------------------------------------------------------- */

/* `owners` maps each name to the `devices:` map it is in: a device is found by its name,
 * wherever it is nested. */
static void own_devices(struct merge *m, struct node *devices)
{
	struct pair *p;

	for_pairs(p, devices) {
		struct pair *known = map_pair(m->owners, p->key);
		struct node *nested;

		if (known)
			known->value = devices;
		else
			map_put(&m->b->arena, m->owners, p->key, p->key_at, devices);
		nested = p->value->kind == NODE_MAP ? map_get(p->value, "devices") : NULL;
		if (nested && nested->kind == NODE_MAP)
			own_devices(m, nested);
	}
}

static void disown_devices(struct merge *m, struct pair *device)
{
	struct pair *known = map_pair(m->owners, device->key), *p;
	struct node *nested =
		device->value->kind == NODE_MAP ? map_get(device->value, "devices") : NULL;

	if (known)
		known->value = NULL;
	if (nested && nested->kind == NODE_MAP)
		for_pairs(p, nested)
			disown_devices(m, p);
}

static struct pair *find_device(const struct merge *m, const char *name, struct node **owner)
{
	struct pair *known = map_pair(m->owners, name);

	*owner = known ? known->value : NULL;
	return known ? map_pair(known->value, name) : NULL;
}

static const char *nearest_device(const struct merge *m, const char *name)
{
	struct nearest near = { 0 };
	struct pair *p;

	for_pairs(p, m->owners)
		nearest_try(&near, name, p->key);
	return near.word;
}

static void merge_devices(struct merge *m, struct node *dst, struct node *src);

/* Keys of one device: like any map, but for its `devices:`. */
static void merge_device(struct merge *m, struct node *dst, struct node *src)
{
	struct pair *p;

	drop_deleted(m, dst, src);
	for_pairs(p, src) {
		struct pair *there = map_pair(dst, p->key);
		bool nested = !strcmp(p->key, "devices") && p->value->kind == NODE_MAP &&
			      p->value->tag == TAG_NONE;

		if (nested && !there)
			there = map_put(&m->b->arena, dst, p->key, p->key_at,
					node_new(&m->b->arena, NODE_MAP, p->value->at));
		if (nested && there->value->kind == NODE_MAP)
			merge_devices(m, there->value, p->value);
		else
			merge_pair(m, dst, p);
	}
}

static void delete_device(struct merge *m, struct pair *src)
{
	struct node *owner;
	struct pair *there = find_device(m, src->key, &owner);
	const char *near;

	if (there) {
		disown_devices(m, there);
		delete_here(there, src->key_at);
		return;
	}
	near = nearest_device(m, src->key);
	diag_report(m->b->ds, src->key_at, DIAG_merge_tag, "there is no device `%s` to delete",
		    src->key);
	if (near)
		diag_hint(m->b->ds, "did you mean `%s`?", near);
}

static struct node *new_device(struct merge *m, const struct pair *src)
{
	struct node *device = node_new(&m->b->arena, NODE_MAP, src->value->at);

	device->clash = src->value->clash;
	return device;
}

static void add_device(struct merge *m, struct node *dst, struct pair *src)
{
	struct node *value = src->value;

	check_no_tag(m, value);
	if (value->kind == NODE_MAP) {
		value = new_device(m, src);
		map_put(&m->b->arena, dst, src->key, src->key_at, value);
		merge_device(m, value, src->value);
	} else {
		check_no_tags(m, value);
		map_put(&m->b->arena, dst, src->key, src->key_at, value);
	}
	if (map_pair(m->owners, src->key))
		map_pair(m->owners, src->key)->value = dst;
	else
		map_put(&m->b->arena, m->owners, src->key, src->key_at, dst);
}

/* An entry without `device:` that hits nothing. */
static struct pair *report_stray(struct merge *m, struct pair *src, struct node **owner)
{
	const char *near = nearest_device(m, src->key);

	if (!check_map(m->b, src->value, src->key)) {
		hint_class(m->b, src);
		return NULL;
	} /* a slip of the pen inside it is mistake enough */
	if (near) {
		diag_report(m->b->ds, src->key_at, DIAG_changes_nothing,
			    "there is no device `%s` to change", src->key);
		diag_hint(m->b->ds, "did you mean `%s`? A new device begins with `device:`", near);
		return find_device(m, near, owner);
	}
	diag_report(m->b->ds, src->key_at, DIAG_changes_nothing,
		    "`%s` does not say which `device:` it is, and changes no inherited one",
		    src->key);
	diag_hint(m->b->ds, "a new device begins with its class: `%s: {device: uart-16550, ...}`",
		  src->key);
	return NULL;
}

static bool same_class(const struct pair *there, const struct pair *src)
{
	struct node *old = there->value->kind == NODE_MAP ? map_get(there->value, "device") : NULL;
	struct node *new = map_get(src->value, "device");

	return old && new && old->kind == NODE_SCALAR &&new->kind == NODE_SCALAR &&
	       !strcmp(old->text, new->text);
}

static void report_clash(struct merge *m, const struct pair *there, const struct pair *src,
			 bool same)
{
	if (there->key_at.file == src->key_at.file) {
		diag_report(m->b->ds, src->key_at, DIAG_name_twice, "there are two devices `%s`",
			    src->key);
		diag_note(m->b->ds, there->key_at, "the other is here");
		diag_hint(m->b->ds, "a name is one device's alone, on whatever bus it is");
		return;
	}
	diag_report(m->b->ds, src->key_at, DIAG_device_clash,
		    same ? "there is a device `%s` already, on another bus"
			 : "there is a device `%s` already, of another class",
		    src->key);
	diag_note(m->b->ds, there->key_at, "it was made here");
	diag_hint(m->b->ds, "give yours another name, or write `%s: !replace {...}`", src->key);
}

/* What is no map changes nothing, and leaves the inherited device as it is. */
static void change_device(struct merge *m, struct node *device, struct pair *src)
{
	const struct node *map = check_map(m->b, src->value, src->key);

	if (map == src->value)
		merge_device(m, device, src->value);
}

/* `devcie: uart-16550` in an entry that would change nothing: it was to make a device. */
static bool mend_device_key(struct merge *m, const struct pair *src)
{
	struct pair *p;

	if (src->value->kind != NODE_MAP)
		return false;
	for_pairs(p, src->value) {
		struct nearest near = { 0 };

		nearest_try(&near, p->key, "device");
		if (!near.word || !strcmp(p->key, "devices") || p->value->kind != NODE_SCALAR)
			continue;
		diag_report(m->b->ds, p->key_at, DIAG_unknown_key, "a device has no key `%s`",
			    p->key);
		diag_hint(m->b->ds, "did you mean `device`?");
		p->key = "device";
		return true;
	}
	return false;
}

static void replace_device(struct merge *m, struct node *dst, struct node *owner,
			   struct pair *there, struct pair *src)
{
	src->value->tag = TAG_NONE;
	disown_devices(m, there);
	if (owner != dst) {
		delete_here(there, src->key_at);
		add_device(m, dst, src);
		return;
	}
	there->value = new_device(m, src);
	there->key_at = src->key_at;
	map_put(&m->b->arena, m->owners, src->key, src->key_at, dst);
	merge_device(m, there->value, src->value);
}

/* What one base made anew, or elsewhere, stays; the other inherited it from `files`. */
static void sibling_replaced(struct merge *m, const struct pair *old, u64 files,
			     const struct pair *new)
{
	const struct pos *news = find_news(m, old, files);

	if (news)
		disagree(m, new->value, (struct clash){ "replaces", *news, new->key_at });
}

static void merge_device_entry(struct merge *m, struct node *dst, struct pair *src)
{
	bool makes = src->value->kind == NODE_MAP && map_pair(src->value, "device");
	bool replaces = src->value->tag == TAG_REPLACE && src->value->kind == NODE_MAP;
	struct node *owner;
	struct pair *there = find_device(m, src->key, &owner);
	bool two; /* of one name; of two bases' what is old gives way */

	if (!there && !makes)
		makes = mend_device_key(m, src);
	if (!there && map_pair(dst, src->key)) {
		there = map_pair(dst, src->key);
		owner = dst;
	}
	two = there && makes && (owner != dst || !same_class(there, src));
	if (two && is_old(m, src, m->dst_files)) {
		sibling_replaced(m, src, m->dst_files, there);
		return;
	}
	if (two && is_old(m, there, m->src_files)) {
		sibling_replaced(m, there, m->src_files, src);
		replaces = true;
	}
	if (there && replaces) {
		replace_device(m, dst, owner, there, src);
		return;
	}
	if (!there && sibling_deleted(m, src, dst, m->src_files, m->dst_files))
		return;
	if (two) {
		report_clash(m, there, src, same_class(there, src));
		return;
	}
	if (!there && !makes)
		there = report_stray(m, src, &owner);
	else if (!there)
		add_device(m, dst, src);
	if (there && owner != dst && dst != m->top) {
		diag_report(m->b->ds, src->key_at, DIAG_changes_nothing, "`%s` is not on this bus",
			    src->key);
		diag_note(m->b->ds, there->key_at, "it is here");
		diag_hint(m->b->ds, "name it under the board's own `devices:`");
	}
	if (there && there->value->kind == NODE_MAP)
		change_device(m, there->value, src);
	else if (there)
		merge_value(m, there, src);
}

static void merge_devices(struct merge *m, struct node *dst, struct node *src)
{
	struct pair *p;

	drop_deleted(m, dst, src);
	/* Deletions first: `pcie0: !delete` may stand after the new rng0. */
	for_pairs(p, src)
		if (p->value->tag == TAG_DELETE)
			delete_device(m, p);
	for_pairs(p, src)
		if (p->value->tag != TAG_DELETE)
			merge_device_entry(m, dst, p);
}

/* -- Whole files ----------------------------------------------------------------------- */

static struct node *map_under(struct merge *m, struct node *root, const char *key,
			      const struct pair *like)
{
	struct pair *p = map_pair(root, key);

	if (!p)
		p = map_put(&m->b->arena, root, key, like->key_at,
			    node_new(&m->b->arena, NODE_MAP, like->value->at));
	return p->value->kind == NODE_MAP ? p->value : NULL;
}

/* A top-level key that is a map in every file: another thing there replaces nothing. */
static bool is_structure(const char *key)
{
	const struct lang_key *k = lang_find(lang_top, key);

	return k && (k->kind == KEY_MAP || k->kind == KEY_DEVICES || k->kind == KEY_PARAMS);
}

static void merge_top(struct merge *m, struct node *dst, struct node *src)
{
	struct pair *p;

	drop_deleted(m, dst, src);
	for_pairs(p, src) {
		bool params = !strcmp(p->key, "params"), devices = !strcmp(p->key, "devices");
		struct node *under = NULL;

		/* Overlays in a lab meet their boards later, tags and all. */
		if (!strcmp(p->key, "machines") && !map_pair(dst, p->key)) {
			map_put(&m->b->arena, dst, p->key, p->key_at, p->value);
			continue;
		}
		if (is_structure(p->key) && p->value->tag == TAG_NONE && !is_nothing(p->value) &&
		    !check_map(m->b, p->value, p->key))
			continue;
		if ((params || devices) && p->value->kind == NODE_MAP && p->value->tag == TAG_NONE)
			under = map_under(m, dst, p->key, p);
		if (!under) {
			merge_pair(m, dst, p);
		} else if (params) {
			merge_params(m, under, p->value);
		} else {
			m->top = under;
			m->owners = node_new(&m->b->arena, NODE_MAP, under->at);
			own_devices(m, under);
			merge_devices(m, under, p->value);
		}
	}
}

void merge_trees(struct board *b, struct node *dst, struct node *src)
{
	struct merge m = { .b = b };

	merge_top(&m, dst, src);
}

void merge_siblings(struct board *b, struct node *dst, struct node *src, u64 dst_files,
		    u64 src_files)
{
	struct merge m = {
		.b = b, .siblings = true, .dst_files = dst_files, .src_files = src_files
	};

	merge_top(&m, dst, src);
}
