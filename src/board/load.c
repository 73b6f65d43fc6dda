/* load.c - the files of a board: extends, overlays, and what the command line adds. */
#include "parts.h"

/* -- Paths -------------------------------------------------------------------- */

/* Takes out "." and, where something stands before it, "..": in place. */
static void tidy_path(char *path)
{
	char *parts[256], *s = path, *out = path;
	bool absolute = *path == '/';
	u32 n = 0;

	if (!*path || strlen(path) >= ARRAY_LEN(parts))
		return;
	while (*s) {
		size_t len = strcspn(s, "/");
		bool more = s[len];

		s[len] = 0;
		if (len == 2 && !strcmp(s, "..") && n && strcmp(parts[n - 1], "..") != 0)
			n--;
		else if (len && strcmp(s, ".") != 0 && !(absolute && !n && !strcmp(s, "..")))
			parts[n++] = s;
		s += len + more;
	}
	if (absolute)
		*out++ = '/';
	for (u32 i = 0; i < n; i++) {
		size_t len = strlen(parts[i]);

		if (i)
			*out++ = '/';
		memmove(out, parts[i], len);
		out += len;
	}
	if (out == path)
		*out++ = '.';
	*out = 0;
}

const char *path_from(struct arena *a, const char *by, const char *path)
{
	const char *slash = by ? strrchr(by, '/') : NULL;
	int folder = *path == '/' || !slash ? 0 : (int)(slash - by) + 1;
	char *joined = arena_printf(a, "%.*s%s", folder, folder ? by : "", path);

	tidy_path(joined);
	return joined;
}

const char *node_path(struct arena *a, struct node *n)
{
	n->text = path_from(a, n->is_path || !n->at.line ? NULL : n->at.file, n->text);
	n->is_path = true;
	return n->text;
}

/* -- One file ------------------------------------------------------------------ */

static const char *a_kind(enum kind kind)
{
	switch (kind) {
	case KIND_MACHINE:
		return "a machine";
	case KIND_OVERLAY:
		return "an overlay";
	case KIND_LAB:
		return "a lab";
	case KIND_LOCK:
		return "a lock file";
	default:
		return "a board";
	}
}

/* One file being read, and the one that asked for it. */
struct opening {
	const char *name;
	struct pos at; /* of the `extends:` */
	const struct opening *by;
};

static void check_top_key(struct board *b, struct node *root, struct pair *p, enum kind kind)
{
	const struct lang_key *row = lang_find(lang_top, p->key);
	struct nearest near = { 0 };

	if (text_starts(p->key, "x-"))
		return;
	if (row && !(row->where & (u32)kind)) {
		diag_report(b->ds, p->key_at, DIAG_kind, "`%s:` is not for %s", p->key,
			    a_kind(kind));
		diag_hint(b->ds, kind == KIND_LAB
					 ? "write it in a board that stands under `machines:`"
					 : "write it in a `kind: board` that extends this file");
		return;
	}
	if (row)
		return;
	for (const struct lang_key *k = lang_top; k->key; k++)
		if (k->where & (u32)kind)
			nearest_try(&near, p->key, k->key);
	diag_report(b->ds, p->key_at, DIAG_unknown_key, "%s has no key `%s`", a_kind(kind), p->key);
	if (near.word) {
		diag_hint(b->ds, "did you mean `%s`?", near.word);
		if (!map_pair(root, near.word))
			p->key = near.word;
	} else {
		diag_hint(b->ds, "keys of your own begin with `x-`");
	}
}

static void check_version(struct board *b, const struct node *root, struct pos start)
{
	const struct pair *first = map_next(root, NULL);
	const struct node *version = map_get(root, "vmbuild");

	if (!version) {
		diag_report(b->ds, start, DIAG_version, "the first line is not `vmbuild: 1`");
		diag_hint(b->ds, "begin with `vmbuild: 1`, the version of the format");
	} else if (version->kind != NODE_SCALAR || strcmp(version->text, "1") != 0) {
		diag_report(b->ds, version->at, DIAG_version,
			    "this vmbuild reads format 1, not `%s`",
			    version->kind == NODE_SCALAR ? version->text : "this");
		diag_hint(b->ds, "write `vmbuild: 1`, or get a newer vmbuild");
	} else if (strcmp(first->key, "vmbuild") != 0) {
		diag_report(b->ds, map_pair(root, "vmbuild")->key_at, DIAG_version,
			    "`vmbuild: 1` is not the first key");
		diag_hint(b->ds, "move it to the first line");
	}
}

/* The file's kind; what cannot be known is what was wanted. */
static enum kind check_kind(struct board *b, const struct node *root, struct pos start, u32 wanted)
{
	const struct node *n = map_get(root, "kind");
	enum kind guess = wanted & KIND_BOARD ? KIND_BOARD : KIND_OVERLAY;
	const char *near;

	if (!n) {
		diag_report(b->ds, start, DIAG_kind, "`kind:` is missing");
		diag_hint(b->ds, "write `kind: %s` on the second line",
			  guess == KIND_BOARD ? "board" : "overlay");
		return guess;
	}
	for (u32 i = 0; n->kind == NODE_SCALAR && words_kinds[i]; i++) {
		enum kind kind = (enum kind)(1 << i);

		if (strcmp(n->text, words_kinds[i]) != 0)
			continue;
		if (wanted & (u32)kind)
			return kind;
		diag_report(b->ds, n->at, DIAG_kind, "this is %s, and %s is wanted here",
			    a_kind(kind), a_kind(guess));
		if (kind == KIND_MACHINE)
			diag_hint(b->ds, "a board extends it: `extends: %s`", n->at.file);
		else if (kind == KIND_OVERLAY)
			diag_hint(b->ds, "overlays go on a board: `-o %s`", n->at.file);
		return kind;
	}
	diag_report(b->ds, n->at, DIAG_kind, "no kind `%s`",
		    n->kind == NODE_SCALAR ? n->text : "(a list or map)");
	near = n->kind == NODE_SCALAR ? nearest_word(n->text, words_kinds) : NULL;
	if (near)
		diag_hint(b->ds, "did you mean `%s`?", near);
	else
		diag_hint(b->ds, "the kinds are %s", words_text(&b->arena, words_kinds, " and "));
	return guess;
}

/* "virt" of "boards/virt.yaml" */
static const char *base_name(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	const char *dot = strrchr(name, '.');

	return arena_text(a, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static const char *check_name(struct board *b, const struct node *root, const char *file)
{
	const struct node *n = map_get(root, "name");
	const char *base = base_name(&b->arena, file), *name;

	if (!n)
		return base;
	name = check_text(b, n, "name");
	if (!name)
		return base;
	if (!is_kebab(name)) {
		diag_report(b->ds, n->at, DIAG_name, "`%s` is no name for a file", name);
		diag_hint(b->ds, "names have small letters, digits and `-`");
	} else if (strcmp(name, base) != 0) {
		diag_report(b->ds, n->at, DIAG_name, "the name is `%s`, but the file is `%s`", name,
			    file);
		diag_hint(b->ds, "write `name: %s`, or rename the file", base);
	}
	return name;
}

static void take(struct node *root, const char *key)
{
	struct pair *p = map_pair(root, key);

	if (p)
		p->value = NULL;
}

/* What a file says of itself is not inherited. */
static void check_head(struct board *b, struct node *root, const char *file, u32 wanted)
{
	struct pos start = { file, root->at.text, 1, 1, 1 };
	enum kind kind;
	struct pair *p;
	const char *name;

	check_version(b, root, start);
	kind = check_kind(b, root, start, wanted);
	for_pairs(p, root)
		check_top_key(b, root, p, kind);
	name = check_name(b, root, file);
	if (!strcmp(file, b->file)) {
		const struct node *doc = map_get(root, "description");

		b->kind = kind == KIND_LAB ? KIND_LAB : KIND_BOARD;
		b->plan.name = name;
		b->plan.description = doc ? check_text(b, doc, "description") : NULL;
	}
	take(root, "vmbuild");
	take(root, "kind");
	take(root, "name");
	take(root, "description");
}

/* -- extends --------------------------------------------------------------------- */

/* The file's bit in a set of files, or 0: there are too many. */
static u64 file_bit(struct board *b, const char *name, struct pos from)
{
	for (u32 i = 0; i < b->nfiles; i++)
		if (!strcmp(b->files[i].name, name))
			return (u64)1 << i;
	if (b->nfiles == BOARD_MAX_FILES) {
		diag_report(b->ds, from, DIAG_too_large, "a board of more than %d files",
			    BOARD_MAX_FILES);
		return 0;
	}
	b->files[b->nfiles] = (struct source){ name, from };
	return (u64)1 << b->nfiles++;
}

static struct node *read_tree(struct board *b, const struct opening *o)
{
	struct err why = { 0 };
	size_t len = 0;
	char *bytes = b->host->read_file(b->host->ctx, o->name, BOARD_MAX_FILE + 1, &len, &why);
	const char *text;

	if (!bytes) {
		diag_report(b->ds, o->at, DIAG_no_file, "%s", why.text);
		if (why.hint[0])
			diag_hint(b->ds, "%s", why.hint);
		return NULL;
	}
	text = arena_text(&b->arena, bytes, MIN(len, BOARD_MAX_FILE));
	free(bytes);
	if (len > BOARD_MAX_FILE) {
		diag_report(b->ds, (struct pos){ .file = o->name, .line = 1, .col = 1, .len = 1 },
			    DIAG_too_large, "a board file has at most 1 MiB");
		return NULL;
	}
	return tree_new_file(&b->arena, o->name, text, len, b->ds);
}

/* "a.yaml -> b.yaml -> a.yaml": from where `name` was opened to where it is asked for again. */
static const char *chain_text(struct board *b, const struct opening *o, const char *name)
{
	const char *text = name;

	for (; o && strcmp(o->name, name) != 0; o = o->by)
		text = arena_printf(&b->arena, "%s -> %s", o->name, text);
	return arena_printf(&b->arena, "%s -> %s", name, text);
}

static bool is_open(struct board *b, const struct opening *o, const char *name, struct pos at)
{
	const struct opening *c = o;

	while (c && strcmp(c->name, name) != 0)
		c = c->by;
	if (!c)
		return false;
	diag_report(b->ds, at, DIAG_cycle, "`%s` extends itself: %s", name, chain_text(b, o, name));
	diag_hint(b->ds, "take one of these `extends:` out");
	return true;
}

static struct node *load_file(struct board *b, const struct opening *o, u32 wanted, u64 *files);

/* Merges one base into what the bases before it, `files`, made; they are NULL before the first.
 * False: it is not to be had. */
static bool load_base(struct board *b, const struct opening *by, struct node *n,
		      struct node **bases, u64 *files)
{
	const char *path = check_text(b, n, "extends");
	struct opening o = { .at = n->at, .by = by };
	struct node *base;
	u64 more = 0;

	if (!path)
		return false;
	if (!*path)
		return diag_report(b->ds, n->at, DIAG_wrong_form, "extends: no file is named");
	o.name = node_path(&b->arena, n);
	if (is_open(b, by, o.name, n->at))
		return false;
	base = load_file(b, &o, KIND_MACHINE | KIND_BOARD, &more);
	if (!base)
		return false;
	if (*bases)
		merge_siblings(b, *bases, base, *files, more);
	else
		*bases = base; /* as it is, with the places of what it deleted */
	*files |= more;
	return true;
}

/* The whole of a file: its bases, and itself over them.  NULL: it is not to be had, or not
 * all of it, and half a board would seem to have a hundred mistakes. */
static struct node *load_file(struct board *b, const struct opening *o, u32 wanted, u64 *files)
{
	u64 bit = file_bit(b, o->name, o->at), bases = 0;
	struct node *tree, *extends, *root = NULL;
	bool whole = true;

	if (!bit)
		return NULL;
	tree = read_tree(b, o);
	if (!tree)
		return NULL;
	extends = map_get(tree, "extends");
	check_head(b, tree, o->name, wanted);
	take(tree, "extends");
	if (extends && extends->kind != NODE_LIST)
		whole = load_base(b, o, extends, &root, &bases);
	for (u32 i = 0; extends && extends->kind == NODE_LIST && i < extends->n; i++)
		whole &= load_base(b, o, extends->items[i], &root, &bases);
	if (!whole)
		return NULL;
	if (!root)
		root = node_new(&b->arena, NODE_MAP, tree->at);
	root->at = tree->at;
	merge_trees(b, root, tree);
	*files |= bases | bit;
	return root;
}

/* -- The command line -------------------------------------------------------------- */

static struct pos arg_place(const char *arg, size_t from, size_t len)
{
	return (struct pos){ arg, arg, 0, (u32)from + 1, (u32)MAX(len, 1) };
}

void load_param(struct board *b, const char *name, struct pos at, struct node *value)
{
	struct node *params = map_get(b->root, "params");
	struct nearest near = { 0 };
	struct pair *p, *old;

	p = params && params->kind == NODE_MAP ? map_pair(params, name) : NULL;
	if (!p || p->value->kind != NODE_MAP) {
		diag_report(b->ds, at, DIAG_unknown_param, "this board has no parameter `%s`",
			    name);
		if (params && params->kind == NODE_MAP)
			for_pairs(p, params)
				nearest_try(&near, name, p->key);
		if (near.word)
			diag_hint(b->ds, "did you mean `%s`?", near.word);
		else
			diag_hint(b->ds, "`vmbuild describe %s` lists them", b->file);
		return;
	}
	old = map_pair(p->value, "default");
	if (old)
		old->value = value;
	else
		map_put(&b->arena, p->value, "default", value->at, value);
}

static void apply_param(struct board *b, const char *given)
{
	char *arg = arena_printf(&b->arena, "-p %s", given);
	size_t n = strcspn(given, "=");
	struct node *value;

	if (!given[n]) {
		diag_report(b->ds, arg_place(arg, 3, n), DIAG_wrong_form, "-p wants NAME=VALUE");
		return;
	}
	value = node_text(&b->arena, arg + 3 + n + 1,
			  arg_place(arg, 3 + n + 1, strlen(given) - n - 1));
	value->quoted = true; /* as it stands: an empty text is one */
	load_param(b, arena_text(&b->arena, given, n), arg_place(arg, 3, n), value);
}

/* The first name must be a key of a board; what it may have follows later. */
static bool check_set_top(struct board *b, const char *key, struct pos at)
{
	struct nearest near = { 0 };

	if (!strcmp(key, "params")) {
		diag_report(b->ds, at, DIAG_set_path, "`--set` does not set parameters");
		return diag_hint(b->ds, "write `-p NAME=VALUE`");
	}
	if (lang_find(lang_top, key))
		return true;
	for (const struct lang_key *k = lang_top; k->key; k++)
		nearest_try(&near, key, k->key);
	diag_report(b->ds, at, DIAG_set_path, "a board has no `%s`", key);
	if (near.word)
		diag_hint(b->ds, "did you mean `%s`?", near.word);
	return false;
}

/* A name in the middle of the path must be a map that is there. */
static struct node *check_set_step(struct board *b, const struct node *map, const char *key,
				   struct pos at)
{
	struct pair *there = map_pair(map, key), *p;
	struct nearest near = { 0 };

	if (there && there->value->kind == NODE_MAP)
		return there->value;
	if (there) {
		diag_report(b->ds, at, DIAG_set_path, "`%s` is one value, with nothing in it", key);
		diag_note(b->ds, there->key_at, "it is here");
		return NULL;
	}
	diag_report(b->ds, at, DIAG_set_path, "there is no `%s` there", key);
	for_pairs(p, map)
		nearest_try(&near, key, p->key);
	if (near.word)
		diag_hint(b->ds, "did you mean `%s`?", near.word);
	return NULL;
}

/* Devices are looked up when the value is merged: they have their own words for it. */
static bool check_set_path(struct board *b, const char *arg, size_t from, size_t end)
{
	const struct node *map = b->root;
	bool under_devices = false;

	for (size_t at = from, n; at < end || at == from; at += n + 1) {
		struct pos place;
		const char *key;

		n = strcspn(arg + at, ".=");
		place = arg_place(arg, at, n);
		key = arena_text(&b->arena, arg + at, n);
		if (!n) {
			diag_report(b->ds, place, DIAG_set_path, "a name is missing in the path");
			return diag_hint(b->ds,
					 "write it like `devices.uart0.clock-frequency=1MHz`");
		}
		if (at == from && !check_set_top(b, key, place))
			return false;
		under_devices |= !strcmp(key, "devices");
		if (under_devices)
			continue;
		if (at + n >= end || (map == b->root && !map_pair(map, key)))
			return true;
		map = check_set_step(b, map, key, place);
		if (!map)
			return false;
	}
	return true;
}

/* a.b=c is the overlay {a: {b: c}}. */
static void apply_set(struct board *b, const char *given)
{
	char *arg = arena_printf(&b->arena, "--set %s", given);
	size_t at = 6, end = at + strcspn(given, "=");
	struct node *root, *map, *value;

	if (!arg[end]) {
		diag_report(b->ds, arg_place(arg, at, end - at), DIAG_wrong_form,
			    "--set wants PATH=VALUE");
		return;
	}
	if (!check_set_path(b, arg, at, end))
		return;
	value = tree_new_arg(&b->arena, arg, end + 1, b->ds);
	if (!value)
		return;
	root = map = node_new(&b->arena, NODE_MAP, arg_place(arg, at, end - at));
	for (;;) {
		size_t n = strcspn(arg + at, ".=");
		const char *key = arena_text(&b->arena, arg + at, n);
		bool last = at + n >= end;
		struct node *v =
			last ? value : node_new(&b->arena, NODE_MAP, arg_place(arg, at, n));

		map_put(&b->arena, map, key, arg_place(arg, at, n), v);
		if (last)
			break;
		map = v;
		at += n + 1;
	}
	merge_trees(b, b->root, root);
}

static void apply_overlay(struct board *b, const char *path)
{
	struct opening o = { .name = path_from(&b->arena, NULL, path) };
	char *arg = arena_printf(&b->arena, "-o %s", path);
	struct node *tree;

	o.at = arg_place(arg, 3, strlen(path));
	tree = read_tree(b, &o);
	if (!tree || !file_bit(b, o.name, o.at))
		return;
	check_head(b, tree, o.name, KIND_OVERLAY);
	merge_trees(b, b->root, tree);
}

void load_overlay(struct board *b, struct node *overlay)
{
	struct pair *p;

	for_pairs(p, overlay)
		check_top_key(b, overlay, p, KIND_OVERLAY);
	merge_trees(b, b->root, overlay);
}

bool load_files(struct board *b, const struct board_options *options)
{
	struct opening o = { .name = b->file, .at = b->asked };
	u64 files = 0;

	b->root = load_file(b, &o, KIND_BOARD | KIND_LAB, &files);
	if (!b->root)
		return false;
	for (size_t i = 0; options && i < options->noverlays; i++)
		apply_overlay(b, options->overlays[i]);
	for (size_t i = 0; options && i < options->nparams; i++)
		apply_param(b, options->params[i]);
	for (size_t i = 0; options && i < options->nsets; i++)
		apply_set(b, options->sets[i]);
	return true;
}
